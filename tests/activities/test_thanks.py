"""When late money ends what was done about an invoice, its customer and its account manager are told in writing: by the activities."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import playbooks
from activities.outreach import Site
from db.engine import Database
from db.schema import contacts, customers
from domain.case import Outcome
from domain.decision import Close, Wait
from domain.event import ApprovalGiven, LegalStop, PromiseMade
from support.by_hand import ByHand
from support.rig import standard_policy
from workflows.ports import Answer


def firmly_told(database: Database, playbook: str = "standard", step: str = "final-notice") -> tuple[ByHand, str]:
    """An invoice that has come as far as ``step``, whose customer is looked after by Mara Voss."""
    found = playbooks.load(playbook)
    hand = ByHand(database, policy=replace(standard_policy(), playbook=found, resolved=playbooks.resolve(found)))
    invoice = hand.add("INV-1", 3)
    with database.transaction() as connection:
        connection.execute(customers.update().values(account_manager="Mara Voss", account_manager_email="mara@brightwater.example"))

    def there() -> bool:
        for approval in hand.case(invoice).approvals:
            hand.say(invoice, ApprovalGiven(approval.step, approval.text_hash, by="Ann"))
            hand.work(invoice)
        return hand.case(invoice).fate_of(step) is not None

    hand.until(there, invoice)
    return hand, invoice


def pay(hand: ByHand, left: str = "0") -> None:
    hand.ledger.change("INV-1", balance=Decimal(left), paid_on=hand.day())


def go_on(hand: ByHand, invoice: str) -> Answer:
    """What its run does until it ends."""
    answer = hand.assess(invoice)
    for _ in range(9):
        match answer.decision:
            case Close():
                return answer
            case Wait(until=until):
                hand.now = max(hand.now, until)
                answer = hand.assess(invoice)
            case act:
                answer = hand.deliver(invoice, act)
    raise AssertionError(f"it does not end: {answer.decision}")


def test_late_money_after_a_credit_hold_is_told_to_the_customer_and_to_the_account_manager_once(database: Database) -> None:
    hand, invoice = firmly_told(database, "issue-to-payment", "credit-hold")
    before = len(hand.mailer.accepted)
    pay(hand)
    go_on(hand, invoice)
    manager, customer = hand.mailer.accepted[before:]
    assert manager.to_address == "mara@brightwater.example" and manager.subject == "Invoice INV-1 of Customer C-1 is paid"
    assert manager.attachments == (), "nothing is left to put into the calendar"
    assert customer.subject == "Invoice INV-1 from Brightwater Tools: settled, thank you" and customer.attachments == ()
    text = " ".join(customer.text.split())
    assert "Invoice INV-1 is settled, and nothing is left open on it" in text and "New orders are no longer held back" in text
    assert "asked to see to it for us" not in text, "nobody else was"
    assert hand.case(invoice).ended is Outcome.SETTLED
    assert hand.rows("select counts_as from outreach order by claimed_at desc limit 1") == [("answer",)]
    assert hand.rows("select owner, title from tasks where kind = 'compensate' order by owner") == [
        ("Mara Voss", "Invoice INV-1 of Customer C-1 is paid"),
        ("accounts receivable", "Release the credit hold on customer C-1"),
    ]
    assert isinstance(hand.assess(invoice).decision, Close)
    assert len(hand.mailer.accepted) == before + 2


def test_what_is_paid_after_plain_reminders_ends_at_once_and_without_a_word(database: Database) -> None:
    hand, invoice = firmly_told(database, step="second-reminder")
    before = len(hand.mailer.accepted)
    pay(hand)
    assert isinstance(hand.assess(invoice).decision, Close) and len(hand.mailer.accepted) == before


@pytest.mark.parametrize("site", list(Site))
def test_a_worker_that_dies_never_thanks_twice_and_the_watch_ends_all_the_same(database: Database, site: Site) -> None:
    hand, invoice = firmly_told(database)
    before = len(hand.mailer.posted)
    pay(hand)
    wait = hand.work(invoice)
    hand.now = wait.until
    act = hand.due(invoice)
    assert act.step == "settled-1" and hand.kill_at(site, invoice, act)
    answer = hand.deliver(invoice, act)
    if not isinstance(answer.decision, Close):
        answer = go_on(hand, invoice)
    assert len(hand.mailer.posted) == before + (site is not Site.SENDING)
    assert hand.case(invoice).ended is Outcome.SETTLED


def test_money_that_goes_back_while_the_thanks_are_written_stops_them(database: Database) -> None:
    hand, invoice = firmly_told(database)
    before = len(hand.mailer.posted)
    pay(hand)
    hand.now = hand.work(invoice).until
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: hand.ledger.change("INV-1", balance=Decimal(1200), paid_on=None)
    answer = hand.deliver(invoice, act)
    assert len(hand.mailer.posted) == before and isinstance(answer.decision, Wait)
    assert "word that it is settled not sent: it is owed again" in hand.diary(invoice)


def test_a_legal_stop_said_while_the_thanks_are_written_stops_them(database: Database) -> None:
    hand, invoice = firmly_told(database)
    before = len(hand.mailer.posted)
    pay(hand)
    hand.now = hand.work(invoice).until
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: hand.say(invoice, LegalStop("insolvency", by="Ann"))
    hand.deliver(invoice, act)
    hand.on.clear()
    go_on(hand, invoice)
    assert len(hand.mailer.posted) == before
    assert not [task for task in hand.tasks() if task.startswith("legal/")], "it ends with its invoice"


def test_whoever_opted_out_is_not_written_to(database: Database) -> None:
    hand, invoice = firmly_told(database)
    before = len(hand.mailer.posted)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(refused=["email"]))
    pay(hand)
    assert isinstance(hand.assess(invoice).decision, Close) and len(hand.mailer.posted) == before


def test_invoices_paid_by_one_transfer_are_thanked_for_in_one_mail(database: Database) -> None:
    hand, first = firmly_told(database)
    second = hand.add("INV-2", 40)
    hand.work(second)
    hand.until(lambda: hand.case(second).fate_of("final-notice"), first, second, days=60)
    before = len(hand.mailer.accepted)
    for number in ("INV-1", "INV-2"):
        hand.ledger.change(number, balance=Decimal(0), paid_on=hand.day())
    waits = [hand.work(invoice).until for invoice in (first, second)]
    hand.now = max(hand.now, *waits)
    for invoice in (first, second):
        go_on(hand, invoice)
    (mail,) = [mail for mail in hand.mailer.accepted[before:] if mail.to_address != "mara@brightwater.example"]
    assert "Your payment arrived on" in " ".join(mail.text.split())
    assert "Invoices INV-1, INV-2 are settled" in " ".join(mail.text.split()) or "Invoices INV-2, INV-1 are settled" in " ".join(mail.text.split())


def test_calls_that_nobody_made_leave_the_task_list_with_the_silence_and_come_back_after_it(database: Database) -> None:
    hand, invoice = firmly_told(database, "issue-to-payment", "call-request")
    call = f"act/invoice/{invoice}/1/call-request"
    assert call in hand.tasks()
    hand.say(invoice, PromiseMade(hand.day(2), by="Bea"))
    hand.work(invoice)
    assert call not in hand.tasks()
    assert hand.rows("select result from tasks where closed_at is not null and kind = 'call'") == [("not now: nobody is to call while the invoice is silent",)]
    hand.until(lambda: call in hand.tasks(), invoice)
    assert "promise broken" in hand.diary(invoice)
    hand.say(invoice, LegalStop("lawyer", by="Ann"))
    hand.now += timedelta(minutes=1)
    hand.work(invoice)
    assert [task for task in hand.tasks() if task.startswith("act/")] == []
