"""An invoice that its ledger comes to bill to another customer: nobody else hears of it any more."""

from __future__ import annotations

from dataclasses import replace

import playbooks
from activities.outreach import Site
from db.engine import Database
from domain.decision import Perform, Wait
from integrations.accounting import LedgerContact, LedgerCustomer
from support.by_hand import ByHand
from support.rig import standard_policy

OTHER = LedgerCustomer("C-2", "Customer C-2", "DE", contacts=(LedgerContact("Zoe Adler", "c-2@customer.example"),))


def bill_to_other(hand: ByHand, number: str) -> None:
    hand.ledger.change(number, customer=OTHER)


def test_what_is_billed_to_another_customer_behind_the_claim_reaches_nobody_it_was_meant_for(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 1)
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: bill_to_other(hand, "INV-1")
    hand.deliver(invoice, act)
    assert hand.mailer.posted == []
    assert hand.states() == ["released"]
    del hand.on[Site.CLAIMED]
    hand.until(lambda: hand.mailer.accepted, invoice, days=7)
    assert [(mail.to_address, mail.to_name) for mail in hand.mailer.accepted] == [("c-2@customer.example", "Zoe Adler")]
    assert "the ledger bills another customer for it now" in hand.diary(invoice)


def test_the_other_invoices_of_a_message_leave_without_the_one_that_is_billed_to_another_customer(database: Database) -> None:
    hand = ByHand(database)
    kept, moved = hand.add("INV-1", 1), hand.add("INV-2", 1)
    act = hand.due(kept)
    hand.due(moved)
    hand.on[Site.CLAIMED] = lambda: bill_to_other(hand, "INV-2")
    hand.deliver(kept, act)
    (mail,) = hand.mailer.accepted
    assert mail.to_address == "c-1@customer.example"
    assert "INV-1" in mail.text and "INV-2" not in mail.text
    assert hand.fates(moved) == {}


def test_a_look_that_finds_another_customer_judges_by_that_one(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 1, email="")
    bill_to_other(hand, "INV-1")
    assert isinstance(hand.assess(invoice).decision, Perform), "whom it was billed to before has no address, and does not matter any more"
    assert hand.tasks() == []


def test_no_person_of_ours_is_asked_to_call_whom_an_invoice_is_not_billed_to_any_more(database: Database) -> None:
    playbook = playbooks.load("issue-to-payment")
    hand = ByHand(database, policy=replace(standard_policy(), playbook=playbook, resolved=playbooks.resolve(playbook)))
    invoice = hand.add("INV-1", 4)
    answer = hand.assess(invoice)
    for _ in range(60):
        match answer.decision:
            case Perform(step="call-request") as call:
                break
            case Perform() as act:
                answer = hand.deliver(invoice, act)
            case Wait(until=until):
                hand.now = until
                answer = hand.assess(invoice)
    hand.on[Site.DECIDED] = lambda: bill_to_other(hand, "INV-1")
    hand.deliver(invoice, call)
    assert "call-request" not in hand.fates(invoice)
    assert hand.tasks() == []
