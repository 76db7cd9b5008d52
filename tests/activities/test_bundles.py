"""One message for several invoices: each drops out, or is freed, for itself, and none is forgotten."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Event, local

import pytest

from activities.assessor import Policy
from activities.outreach import Site
from db.engine import Database
from domain.decision import Close, Perform, Wait
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, OutreachResolved
from domain.facts import Mode
from integrations.messaging import Unknown
from playbooks import from_resolved
from support.by_hand import ByHand
from workflows.contract import case_id


def test_going_live_with_several_invoices_records_every_message_and_never_loops(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    first, second = hand.add("INV-1", 20), hand.add("INV-2", 16)
    hand.work(first)
    hand.work(second)
    assert hand.fates(first) == hand.fates(second) == {"second-reminder": "shadowed"}
    hand.now += timedelta(days=1)
    hand.switch(Mode.LIVE)
    for invoice in (first, second):
        hand.work(invoice)
        hand.nothing_unrecorded(first, second)
    hand.until(lambda: len(hand.fates(first)) == len(hand.fates(second)) == 2, first, second)
    hand.nothing_unrecorded(first, second)
    assert hand.case(first).round == hand.case(second).round == 2
    assert {fate for invoice in (first, second) for fate in hand.fates(invoice).values()} == {"delivered"}


def test_what_an_invoice_has_seen_for_itself_while_a_message_left_is_not_overwritten_by_what_was_seen_before(database: Database) -> None:
    hand = ByHand(database)
    first, second = hand.add("INV-1", 20), hand.add("INV-2", 20)
    act = hand.due(first)
    hand.due(second)

    def pay_a_part() -> None:
        hand.ledger.change("INV-2", balance=Decimal("700.00"))
        hand.assess(second)

    hand.on[Site.SENDING] = pay_a_part
    hand.deliver(first, act)
    assert hand.fates(first) == hand.fates(second) == {"second-reminder": "delivered"}
    assert "500.00 EUR paid or credited, 700.00 EUR left" in hand.diary(second)
    assert "balance rose" not in hand.diary(second)


def test_an_invoice_the_ledger_lost_drops_out_and_silences_nobody_else(database: Database) -> None:
    hand = ByHand(database)
    first, lost = hand.add("INV-1", 20), hand.add("INV-2", 16)
    hand.assess(lost)
    row = hand.ledger.rows.pop("INV-2")
    hand.work(first)
    (email,) = hand.mailer.accepted
    assert "INV-1" in email.text
    assert "INV-2" not in email.text
    assert hand.work(lost).why == "the ledger no longer knows this invoice"
    assert hand.tasks() == [f"missing/{case_id(lost)}"]
    hand.until(lambda: "third-reminder" in hand.fates(first), first, lost)
    hand.nothing_unrecorded(first, lost)
    assert hand.fates(lost) == {}
    hand.ledger.rows["INV-2"] = row
    hand.work(lost)
    assert hand.tasks() == [], "the ledger knows it again, and somebody is still asked to look for it"


def test_the_search_for_a_lost_invoice_ends_when_a_person_stops_it(database: Database) -> None:
    hand = ByHand(database)
    lost = hand.add("INV-1", 20)
    hand.assess(lost)
    del hand.ledger.rows["INV-1"]
    hand.work(lost)
    hand.say(lost, ChasingStopped(by="Ann", why="deleted in the ledger: a duplicate"))
    assert isinstance(hand.assess(lost).decision, Close)
    assert hand.tasks() == []


@pytest.mark.parametrize("number", ["INV-1", "INV-2"])
def test_an_invoice_whose_due_date_moved_meanwhile_drops_out_and_the_other_goes(database: Database, number: str) -> None:
    hand = ByHand(database)
    firm, soft = hand.add("INV-1", 30), hand.add("INV-2", 16)
    invoices = {"INV-1": firm, "INV-2": soft}
    act = hand.due(soft)
    hand.on = {Site.CLAIMED: lambda: hand.ledger.change(number, due=hand.day(40))}
    hand.deliver(soft, act)
    hand.on = {}
    if number == "INV-2":  # the one whose run was sending
        assert hand.mailer.posted == []
        hand.work(firm)
    (email,) = hand.mailer.accepted
    stayed = "INV-2" if number == "INV-1" else "INV-1"
    assert stayed in email.text
    assert number not in email.text
    for invoice in (firm, soft):
        hand.work(invoice)
    assert len(hand.heard()) == 1
    hand.nothing_unrecorded(firm, soft)
    assert hand.fates(invoices[number]) == {}
    assert len(hand.fates(invoices[stayed])) == 1


def test_an_invoice_that_came_to_another_step_meanwhile_drops_out_and_takes_that_step_by_itself(database: Database) -> None:
    hand = ByHand(database)
    first, rider = hand.add("INV-1", 20), hand.add("INV-2", -9)
    act = hand.due(first)
    hand.on = {Site.CLAIMED: lambda: hand.ledger.change("INV-2", due=hand.day(-16))}
    assert isinstance(hand.deliver(first, act).decision, Wait)
    hand.on = {}
    (email,) = hand.mailer.accepted
    assert "INV-2" not in email.text
    hand.until(lambda: hand.fates(rider), rider)
    assert hand.fates(rider) == {"first-reminder": "delivered"}
    assert {bool(dropped) for (dropped,) in hand.rows("select dropped from outreach_parts where rung = 'upcoming'")} == {True}
    hand.nothing_unrecorded(first, rider)


def test_a_sibling_paid_between_claim_and_fence_is_not_mentioned_and_closes(database: Database) -> None:
    hand = ByHand(database)
    first, paid = hand.add("INV-1", 20), hand.add("INV-2", 16)
    act = hand.due(first)
    hand.on = {Site.CLAIMED: lambda: hand.ledger.change("INV-2", balance=Decimal("0.00"))}
    hand.deliver(first, act)
    hand.on = {}
    (email,) = hand.mailer.accepted
    assert "INV-2" not in email.text
    assert isinstance(hand.assess(paid).decision, Close)
    hand.nothing_unrecorded(first, paid)


@pytest.mark.parametrize("site", [Site.SENDING, Site.ANSWERED])
def test_an_invoice_settled_while_its_message_is_on_its_way_stays_settled(database: Database, site: Site) -> None:
    hand = ByHand(database)
    first, paid = hand.add("INV-1", 20), hand.add("INV-2", 16)
    act = hand.due(first)

    def settle() -> None:
        hand.ledger.change("INV-2", balance=Decimal("0.00"))
        assert isinstance(hand.assess(paid).decision, Close)

    hand.on = {site: settle}
    hand.deliver(first, act)
    assert len(hand.heard()) == 1
    case = hand.case(paid)
    assert (case.ended, case.round) == ("settled", 1), "the end was undone by a look at the ledger from before it"
    assert "owed again" not in hand.diary(paid)
    assert hand.fates(paid) == {"second-reminder": "delivered"}


def test_a_severe_step_never_rides_early_in_anothers_message(database: Database) -> None:
    hand = ByHand(database)
    older = hand.add("INV-1", 45)
    hand.work(older)
    hand.now += timedelta(days=3)
    younger = hand.add("INV-2", 45)
    hand.work(younger)
    assert hand.fates(older) == hand.fates(younger) == {"third-reminder": "delivered"}
    sent = {invoice: hand.case(invoice).rungs[-1].at for invoice in (older, younger)}
    hand.until(lambda: all("final-notice" in hand.fates(invoice) for invoice in sent), older, younger)
    for invoice, reminded in sent.items():
        noticed = next(rung.at for rung in hand.case(invoice).rungs if rung.step == "final-notice")
        assert (noticed.date() - reminded.date()).days >= 7, "the notice period was cut short"
    assert len(hand.heard()) == 4
    hand.nothing_unrecorded(older, younger)


def test_a_message_lost_with_its_worker_is_seen_by_any_look_and_can_be_resolved(database: Database) -> None:
    for went_out in (False, True):
        hand = ByHand(database)
        customer = f"C-{went_out}"
        lost, other = hand.add(f"A-{went_out}", 20, customer=customer), hand.add(f"B-{went_out}", -40, customer=customer)
        act = hand.due(lost)
        assert hand.kill_at(Site.SENDING, lost, act)
        hand.now += timedelta(minutes=20)  # the machine was off
        hand.assess(other)
        ((message, claimed_by),) = hand.rows("select id, claimed_by from outreach where state = 'unknown'")
        assert claimed_by == case_id(lost)
        assert hand.tasks() == [f"outreach/{message}"]
        assert isinstance(hand.deliver(lost, act).decision, Wait)
        assert hand.fates(lost) == {act.step: "unknown"}
        hand.say(lost, OutreachResolved(message, went_out, by="Ann", why="looked into the provider's log"))
        hand.work(lost)
        assert hand.tasks() == []
        assert len(hand.mailer.posted) == (0 if went_out else 1)
        assert hand.fates(lost) == {act.step: "accepted" if went_out else "delivered"}


@pytest.mark.parametrize("went_out", [True, False])
@pytest.mark.parametrize("asked", [0, 1])
def test_finding_out_about_one_message_frees_every_invoice_it_covered_at_once(database: Database, went_out: bool, asked: int) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Unknown("no answer")]
    invoices = [hand.add("INV-1", 20), hand.add("INV-2", 16)]
    hand.work(invoices[0])
    for invoice in invoices:
        assert hand.work(invoice).why == "nobody knows yet whether the last message went out"
    ((message,),) = hand.rows("select id from outreach")
    assert hand.tasks() == [f"outreach/{message}"]
    hand.say(invoices[asked], OutreachResolved(message, went_out, by="Ann", why="looked into the provider's log"))
    decision = hand.assess(invoices[asked]).decision
    assert hand.tasks() == []
    assert "unknown" not in {rule for (rule,) in hand.rows("select rule from cases")}, "one of them still waits for an answer that has been given"
    assert isinstance(decision, Wait if went_out else Perform)
    for invoice in invoices:
        hand.work(invoice)
    assert len(hand.mailer.posted) == (1 if went_out else 2)
    assert [hand.fates(invoice) for invoice in invoices] == [{"second-reminder": "accepted" if went_out else "delivered"}] * 2
    assert hand.tasks() == []


def test_a_doubtful_message_can_be_resolved_for_the_others_after_its_first_invoice_was_paid(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Unknown("no answer")]
    paid, open_ = hand.add("INV-1", 20), hand.add("INV-2", 16)
    hand.work(paid)
    hand.ledger.change("INV-1", balance=Decimal("0.00"))
    assert isinstance(hand.assess(paid).decision, Close)
    hand.now += timedelta(days=1)
    hand.work(open_)
    ((message,),) = hand.rows("select id from outreach")
    ((remedy,),) = hand.rows("select remedy from tasks where closed_at is null")
    assert "INV-2" in remedy, "the remedy names an invoice that is no longer watched"
    hand.say(open_, OutreachResolved(message, went_out=False, by="Ann", why="not in the provider's log"))
    hand.work(open_)
    assert hand.fates(open_) == {"second-reminder": "delivered"}
    assert hand.tasks() == []


def test_a_run_that_was_overtaken_takes_nothing_out_of_the_message_that_is_being_sent(database: Database) -> None:
    hand = ByHand(database)
    first, second = hand.add("INV-1", 20), hand.add("INV-2", 16)
    act = hand.due(first)
    run = local()
    at_fence, sending, overtaken = Event(), Event(), Event()

    def at_the_fence() -> None:
        if run.number == 1:
            at_fence.set()
            assert sending.wait(60)

    def while_sending() -> None:
        assert run.number == 2, "the overtaken run sent"
        hand.say(second, HoldPlaced(by="Ann", why="wait"))
        hand.assess(second)
        sending.set()
        assert overtaken.wait(60)

    def deliver(number: int) -> None:
        run.number = number
        hand.deliver(first, act)
        if number == 1:
            overtaken.set()

    hand.on = {Site.FENCED: at_the_fence, Site.SENDING: while_sending}
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(deliver, 1)
        assert at_fence.wait(60)
        quick = pool.submit(deliver, 2)
        slow.result(30), quick.result(30)
    (email,) = hand.mailer.accepted
    assert "INV-2" in email.text
    hand.nothing_unrecorded(first, second)
    assert hand.fates(second) == {"second-reminder": "delivered"}
    hand.on = {}
    hand.say(second, HoldReleased(by="Ann", why="go on"))
    hand.now += timedelta(days=4)
    hand.work(second)
    hand.nothing_unrecorded(first, second)


def test_a_claim_given_up_again_leaves_no_silence_and_others_wait_two_minutes(database: Database) -> None:
    hand = ByHand(database)
    paid, other = hand.add("INV-1", 20), hand.add("INV-2", 20, currency="USD")
    act = hand.due(paid)
    meanwhile: list[Wait] = []

    def look_and_pay() -> None:
        decision = hand.assess(other).decision
        assert isinstance(decision, Wait)
        meanwhile.append(decision)
        hand.ledger.change("INV-1", balance=Decimal("0.00"))

    hand.on = {Site.CLAIMED: look_and_pay}
    assert isinstance(hand.deliver(paid, act).decision, Close)
    hand.on = {}
    (waiting,) = meanwhile
    assert waiting.why == "a message to this customer is on its way"
    assert waiting.until - hand.now <= timedelta(minutes=2, seconds=1)
    assert hand.mailer.posted == []
    hand.now = waiting.until
    hand.work(other)
    assert len(hand.heard()) == 1
    assert hand.states() == ["released", "delivered"]


def test_each_message_is_worded_by_the_playbook_of_the_invoice_that_carries_it(database: Database) -> None:
    hand = ByHand(database)
    older = hand.add("INV-1", 22)
    hand.work(older)
    hand.employ(_reworded(hand.policy))
    hand.now += timedelta(days=4)
    younger = hand.add("INV-2", 18)
    hand.work(younger)
    assert hand.case(older).playbook != hand.case(younger).playbook
    assert (list(hand.fates(older)), list(hand.fates(younger))) == (["second-reminder", "third-reminder"], ["second-reminder"])
    _, both = hand.mailer.accepted
    assert "INV-1" in both.text
    assert "INV-2" in both.text
    hand.until(lambda: "third-reminder" in hand.fates(younger), older, younger)
    hand.nothing_unrecorded(older, younger)


def _reworded(policy: Policy) -> Policy:
    """The same ladder, where the second reminder's wording goes by another name."""
    document = json.loads(policy.resolved)
    for step in document["playbook"]["steps"]:
        if step["name"] == "second-reminder":
            step["say"] = "second-nudge"
    document["wording"]["second-nudge.email"] = document["wording"].pop("second-reminder.email")
    resolved = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return replace(policy, playbook=from_resolved(resolved), resolved=resolved)
