"""Steps that people of ours carry out, or must agree to: each once, in exactly the text that was agreed to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import playbooks
from activities.outreach import Site
from db import approvals
from db.approvals import ApprovalText
from db.engine import Database
from domain.case import ApprovalStanding
from domain.event import ApprovalGiven
from support.by_hand import DELIVERED, ByHand
from support.rig import standard_policy
from workflows.contract import case_id


def at_work(database: Database) -> tuple[ByHand, str]:
    """An invoice on the way to its credit hold, at a customer who reads what is sent."""
    playbook = playbooks.load("issue-to-payment")
    hand = ByHand(database, policy=replace(standard_policy(), playbook=playbook, resolved=playbooks.resolve(playbook)))
    hand.mailer.usual = DELIVERED
    return hand, hand.add("INV-1", 4)


def asked(hand: ByHand, invoice: str) -> ApprovalText:
    hand.until(lambda: hand.case(invoice).approval("credit-hold"), invoice)
    with hand.database.reading() as connection:
        text = approvals.load_latest(connection, case_id(invoice))
    assert text is not None
    return text


def agree(hand: ByHand, invoice: str, text: ApprovalText) -> None:
    hand.say(invoice, ApprovalGiven(text.step, text.text_hash, by="Ann", why="six weeks of silence"))
    hand.work(invoice)


def test_a_call_for_a_colleague_becomes_one_task_with_its_script(database: Database) -> None:
    hand, invoice = at_work(database)
    hand.until(lambda: "call-request" in hand.fates(invoice), invoice)
    key = f"act/{case_id(invoice)}/1/call-request"
    assert hand.fates(invoice)["call-request"] == "done" and hand.tasks().count(key) == 1
    ((title, script),) = hand.rows(f"select title, remedy from tasks where key = '{key}'")
    assert "INV-1" in title + script and len(script) > 200


def test_a_credit_hold_waits_for_leave_and_is_then_placed_once(database: Database) -> None:
    hand, invoice = at_work(database)
    text = asked(hand, invoice)
    assert "credit-hold" not in hand.fates(invoice)
    agree(hand, invoice, text)
    assert hand.fates(invoice)["credit-hold"] == "done"
    hand.work(invoice)
    assert hand.tasks().count(f"act/{case_id(invoice)}/1/credit-hold") == 1


def test_leave_for_a_text_that_is_not_true_any_more_is_no_leave(database: Database) -> None:
    hand, invoice = at_work(database)
    text = asked(hand, invoice)
    hand.ledger.change("INV-1", balance=Decimal("700.00"))
    agree(hand, invoice, text)
    approval = hand.case(invoice).approval("credit-hold")
    assert approval and approval.standing is ApprovalStanding.OPEN and not approval.given_by and approval.text_hash != text.text_hash
    assert "credit-hold" not in hand.fates(invoice) and "has lapsed" in hand.diary(invoice)
    again = asked(hand, invoice)
    assert again.text_hash != text.text_hash and "700" in again.text
    agree(hand, invoice, again)
    assert hand.fates(invoice)["credit-hold"] == "done"


def test_a_worker_that_dies_before_handing_over_leaves_nothing_half_done(database: Database) -> None:
    hand, invoice = at_work(database)
    agree_to = asked(hand, invoice)
    hand.say(invoice, ApprovalGiven(agree_to.step, agree_to.text_hash, by="Ann", why="yes"))
    act = hand.due(invoice)
    assert hand.kill_at(Site.DECIDED, invoice, act)
    assert not [key for key in hand.tasks() if key.endswith("/credit-hold") and key.startswith("act/")]
    hand.deliver(invoice, act)
    hand.deliver(invoice, act)
    assert hand.tasks().count(f"act/{case_id(invoice)}/1/credit-hold") == 1
