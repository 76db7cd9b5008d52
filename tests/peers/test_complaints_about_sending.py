"""What users of other systems complain about, as promises: what leaves, how often, and what it says. Each names the complaint it answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import playbooks
from activities.outreach import Site
from db import cases
from db.engine import Database
from domain.decision import Close, Wait
from domain.event import ChasingStopped, DisputeRaised, PlaybookSwapped, Replied, ReplyHandled, Spoken
from integrations.accounting import LedgerContact
from integrations.messaging import Refused
from support.by_hand import UNCONFIRMED, ByHand
from support.rig import standard_policy
from workflows.contract import case_id


@pytest.fixture
def hand(database: Database) -> ByHand:
    return ByHand(database)


def test_however_often_everything_runs_a_reminder_leaves_once(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#553
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    for _ in range(40):
        hand.assess(invoice)
        hand.deliver(invoice, act)
    assert len(hand.mailer.posted) == 1
    hand.nothing_unrecorded(invoice)


def test_nobody_hears_from_us_twice_in_a_day_however_many_invoices_they_owe(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#1693, #1447
    invoices = [hand.add(f"INV-{number}", 6 + 3 * number) for number in range(8)]
    for hour in range(6):
        for invoice in invoices:
            hand.work(invoice)
        hand.now += timedelta(hours=1)
        invoices.append(hand.add(f"INV-1{hour}", 6 + hour))
    assert len(hand.heard()) == 1
    hand.nothing_unrecorded(*invoices[:8])


def test_an_open_invoice_that_nobody_watches_is_found(hand: ByHand) -> None:
    # PicPeak/picpeak#750
    paid, open_ = hand.add("INV-1", 20, balance="0.00"), hand.add("INV-2", 20, customer="C-2")

    def unwatched() -> list[str]:
        with hand.database.reading() as connection:
            return list(cases.unwatched(connection))

    assert unwatched() == [open_]
    hand.assess(open_)
    assert unwatched() == [] and paid not in unwatched()


def test_paying_the_oldest_invoice_neither_skips_nor_hastens_a_step_of_the_others(hand: ByHand) -> None:
    # killbill/killbill#2297
    oldest, younger = hand.add("INV-1", 40), hand.add("INV-2", 6)
    hand.work(oldest)
    hand.work(younger)
    assert hand.fates(oldest) == {"third-reminder": "delivered"} and hand.fates(younger) == {"first-reminder": "delivered"}
    hand.ledger.change("INV-1", balance=Decimal("0.00"))
    assert isinstance(hand.assess(oldest).decision, Close)
    took = hand.until(lambda: len(hand.fates(younger)) == 2, younger)
    assert list(hand.fates(younger)) == ["first-reminder", "second-reminder"]
    assert took >= timedelta(days=7), "the younger invoice was hurried along the older one's ladder"


@pytest.mark.parametrize("site", [Site.DECIDED, Site.CLAIMED, Site.FENCED])
def test_a_stop_beats_every_message_that_has_not_left_yet(hand: ByHand, site: Site) -> None:
    # polarsource/polar#13077
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on[site] = lambda: hand.say(invoice, ChasingStopped(by="Ann", why="their lawyer wrote"))
    answer = hand.deliver(invoice, act)
    assert hand.mailer.posted == []
    assert isinstance(answer.decision, Close) and hand.diary(invoice).endswith("stopped by Ann: their lawyer wrote")


def test_one_invoice_in_trouble_keeps_no_other_waiting(hand: ByHand) -> None:
    # Dolibarr/dolibarr#34656
    strange, gone, well = hand.add("INV-1", 20), hand.add("INV-2", 20), hand.add("INV-3", 20)
    hand.work(hand.add("INV-4", 20, customer="C-2"))
    hand.ledger.change("INV-1", balance=Decimal("NaN"))
    del hand.ledger.rows["INV-2"]
    for invoice in (strange, gone, well):
        hand.work(invoice)
    assert hand.fates(well) == {"second-reminder": "delivered"}
    assert hand.fates(strange) == hand.fates(gone) == {}
    assert sorted(hand.tasks()) == sorted(f"missing/{case_id(invoice)}" for invoice in (strange, gone))


def test_a_changed_policy_counts_for_new_invoices_and_for_running_ones_once_they_are_moved(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#7466, #5458
    running = hand.add("INV-1", 20)
    hand.work(running)
    changed = playbooks.load("b2b-three-weeks")
    hand.employ(replace(standard_policy(), playbook=changed, resolved=playbooks.resolve(changed)))
    new = hand.add("INV-2", 4, customer="C-2")
    hand.work(new)
    assert (hand.case(new).playbook, hand.case(running).playbook) == (changed.hash, playbooks.load("standard").hash)
    hand.say(running, PlaybookSwapped(changed.hash, changed.title, ("account-summary",), by="Ann", why="one policy for all"))
    hand.work(running)
    assert hand.case(running).playbook == changed.hash and "follows the playbook" in hand.diary(running)
    hand.until(lambda: "balance-reminder" in hand.fates(running), running)
    assert "account-summary" not in hand.fates(running), "a step behind it was repeated"


def test_a_payment_seen_by_the_last_look_stops_the_reminder(hand: ByHand) -> None:
    # akaunting/akaunting#259
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: hand.ledger.change("INV-1", balance=Decimal("0.00"))
    assert isinstance(hand.deliver(invoice, act).decision, Close)
    assert hand.mailer.posted == []


def test_what_was_prepared_before_a_payment_is_never_sent_after_it(hand: ByHand) -> None:
    # masslight/ottehr#8548
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    assert hand.kill_at(Site.CLAIMED, invoice, act)
    hand.ledger.change("INV-1", balance=Decimal("700.00"))
    hand.now += timedelta(minutes=3)
    hand.deliver(invoice, act)
    (email,) = hand.mailer.accepted
    assert "and 700,00" in email.text and "and 1.200,00" not in email.text
    other = hand.add("INV-2", 20, customer="C-2")
    act = hand.due(other)
    assert hand.kill_at(Site.CLAIMED, other, act)
    hand.ledger.change("INV-2", balance=Decimal("0.00"))
    hand.deliver(other, act)
    assert len(hand.mailer.posted) == 1


def test_one_invoice_can_be_left_alone_while_the_others_are_chased(hand: ByHand) -> None:
    # radekhulan/myinvoice#91
    left, chased = hand.add("INV-1", 20), hand.add("INV-2", 20)
    hand.assess(left)
    hand.say(left, ChasingStopped(by="Ann", why="a favor"))
    assert isinstance(hand.assess(left).decision, Close)
    hand.work(chased)
    (email,) = hand.mailer.accepted
    assert "INV-2" in email.text and "INV-1" not in email.text


def test_a_word_a_colleague_had_with_the_customer_counts_as_a_contact(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#9312, #9162
    invoice = hand.add("INV-1", 13)
    hand.work(invoice)
    spoken_on = hand.now = hand.now + timedelta(days=7)
    heard = len(hand.heard())
    hand.say(invoice, Spoken(by="Ann", why="met them at the fair"))
    hand.work(invoice)
    hand.until(lambda: len(hand.heard()) > heard, invoice)
    assert (hand.now.date() - spoken_on.date()).days >= standard_policy().playbook.gap_days


def test_one_message_covers_everything_a_customer_owes_with_its_documents(hand: ByHand) -> None:
    # frappe/erpnext#12429
    hand.ledger.pdf = lambda ref: f"%PDF {ref}".encode()  # type: ignore[method-assign]
    invoices = [hand.add(f"INV-{number}", 20) for number in (1, 2, 3)]
    for invoice in invoices:
        hand.work(invoice)
    (email,) = hand.mailer.accepted
    assert all(f"INV-{number}" in email.text for number in (1, 2, 3)) and "3.600,00" in email.text
    assert sorted(attached.content for attached in email.attachments) == [b"%PDF INV-1", b"%PDF INV-2", b"%PDF INV-3"]


def test_an_invoice_covered_by_anothers_message_keeps_its_own_place_and_says_so(hand: ByHand) -> None:
    # OCA/credit-control#460
    first, second = hand.add("INV-1", 20), hand.add("INV-2", 6)
    for invoice in (first, second):
        hand.work(invoice)
    assert len(hand.heard()) == 1
    assert "second reminder sent by e-mail" in hand.diary(first) and "first reminder sent by e-mail" in hand.diary(second)
    hand.until(lambda: "second-reminder" in hand.fates(second), first, second)
    hand.nothing_unrecorded(first, second)


def test_a_disputed_invoice_is_neither_mentioned_nor_summed(hand: ByHand) -> None:
    # OCA/credit-control#170
    first, disputed, third = (hand.add(f"INV-{number}", 20) for number in (1, 2, 3))
    hand.assess(disputed)
    hand.say(disputed, DisputeRaised("never arrived", by="Bea"))
    for invoice in (disputed, first, third):
        hand.work(invoice)
    (email,) = hand.mailer.accepted
    assert "INV-2" not in email.text and "2.400,00" in email.text, email.text
    assert hand.fates(disputed) == {}
    assert f"dispute/{case_id(disputed)}" in hand.tasks()


def test_what_is_in_dispute_is_not_asked_for_and_the_rest_is(hand: ByHand) -> None:
    # OCA/credit-control#170
    invoice = hand.add("INV-1", 20)
    hand.assess(invoice)
    hand.say(invoice, DisputeRaised("two boxes missing", Decimal("200.00"), by="Bea"))
    hand.work(invoice)
    (email,) = hand.mailer.accepted
    assert "and 1.000,00" in email.text and "and 1.200,00" not in email.text


def test_what_a_server_refused_is_not_sent_and_what_it_took_is_not_yet_delivered(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#9311, odoo/odoo#195327
    invoice = hand.add("INV-1", 20)
    hand.mailer.script = [Refused("550 no such domain", try_again=False)]
    hand.mailer.usual = UNCONFIRMED
    hand.work(invoice)
    assert hand.fates(invoice) == {} and "sent" not in hand.diary(invoice)
    assert hand.tasks() == [f"refused/{case_id(invoice)}"]
    hand.until(lambda: hand.fates(invoice), invoice)
    assert hand.fates(invoice) == {"second-reminder": "accepted"}
    hand.until(lambda: hand.fates(invoice)["second-reminder"] == "presumed_delivered", invoice)


def test_a_customer_nobody_can_reach_is_a_task_and_reminders_go_on_once_there_is_an_address(hand: ByHand) -> None:
    # invoiceninja/invoiceninja#11917
    invoice = hand.add("INV-1", 20, email="")
    wait = hand.work(invoice)
    assert wait.why == "nobody at the customer can be reached" and hand.fates(invoice) == {}
    assert hand.tasks() == [f"contact/{hand.case(invoice).invoice.customer}"]
    row = hand.ledger.rows["INV-1"]
    hand.ledger.change("INV-1", customer=replace(row.customer, contacts=(LedgerContact("Bea Ling", "bea@c-1.example"),)))
    hand.until(lambda: hand.heard("bea@c-1.example"), invoice)
    assert hand.tasks() == []


def test_an_answer_reaches_somebody_of_ours_and_stops_the_ladder_until_it_is_dealt_with(hand: ByHand) -> None:
    # frappe/erpnext#50110, OCA/credit-control#551
    invoice = hand.add("INV-1", 13)
    hand.work(invoice)
    hand.now += timedelta(days=4)
    hand.say(invoice, Replied(by="Bea", why="asks for the order number"))
    wait = hand.work(invoice)
    assert wait.why.startswith("the customer answered")
    ((title, owner, due),) = hand.rows("select title, owner, due from tasks where kind = 'read_reply'")
    assert title == "The customer answered about invoice INV-1" and owner == "accounts receivable" and due
    heard = len(hand.heard())
    hand.now += timedelta(days=1)
    assert isinstance(hand.assess(invoice).decision, Wait) and len(hand.heard()) == heard
    hand.say(invoice, ReplyHandled(by="Ann", why="sent it"))
    hand.until(lambda: len(hand.heard()) > heard, invoice)


def test_amounts_and_days_are_written_as_the_reader_writes_them(hand: ByHand) -> None:
    # OCA/credit-control#571
    german, american = hand.add("INV-1", 20), hand.add("INV-2", 20, customer="C-2", country="US", zone="America/New_York")
    hand.until(lambda: len(hand.mailer.accepted) == 2, german, american)
    texts = {email.to_address: email.text for email in hand.mailer.accepted}
    assert "1.200,00" in texts["c-1@customer.example"] and "10 February 2026" in texts["c-1@customer.example"]
    assert "1,200.00" in texts["c-2@customer.example"] and "February 10, 2026" in texts["c-2@customer.example"]
