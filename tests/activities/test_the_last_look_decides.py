"""What was right when a step was planned is judged again at the last moment, for every invoice and over all of a customer's."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Event, local
from typing import Any

import pytest

from activities.assessor import Policy
from activities.outreach import Site
from db import journal
from db.engine import Database
from domain.decision import Wait
from domain.event import HoldPlaced
from integrations.messaging import Refused, Unknown
from playbooks import from_resolved
from support.by_hand import ByHand
from support.rig import standard_policy

# A Monday, in Berlin: an hour before contact hours end, and half an hour after.
BEFORE_SIX, AFTER_SIX = datetime(2026, 3, 2, 16, 59, 55, tzinfo=UTC), datetime(2026, 3, 2, 17, 30, tzinfo=UTC)


def test_a_delivery_that_comes_to_its_turn_after_contact_hours_waits_for_the_morning(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.now = AFTER_SIX  # the queue was long
    waiting = hand.deliver(invoice, act).decision
    assert hand.mailer.posted == []
    assert isinstance(waiting, Wait)
    assert waiting.why == "second reminder is next, but it is outside contact hours where the customer is"
    assert waiting.until.date() > AFTER_SIX.date()


@dataclass
class Elapsed:
    """The time that passes inside an activity."""

    seconds: float = 0.0

    def clock_gettime(self, clock: int) -> float:
        return self.seconds


def test_a_message_claimed_in_the_last_seconds_of_contact_hours_does_not_leave_after_them(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    elapsed = Elapsed()
    monkeypatch.setattr("activities.clock.time", elapsed)
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.now = BEFORE_SIX
    act = hand.due(invoice)
    hand.on = {Site.CLAIMED: lambda: setattr(elapsed, "seconds", 10.0)}
    assert isinstance(hand.deliver(invoice, act).decision, Wait)
    assert hand.mailer.posted == []
    assert hand.states() == ["released"]


def test_a_message_that_may_have_reached_the_customer_counts_for_the_gap_of_all_its_invoices(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Unknown("the connection broke after the last byte")]
    doubtful, other = hand.add("INV-1", 20), hand.add("INV-2", 20, currency="USD")
    hand.deliver(doubtful, hand.due(doubtful))
    waiting = hand.work(other)
    assert waiting.why == "second reminder is next, but the customer heard from us less than 3 days ago"
    assert len(hand.mailer.posted) == 1
    assert waiting.until - hand.now > timedelta(days=2)


def test_a_message_nobody_took_leaves_every_invoice_it_covered_where_it_was(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Refused("452 mailbox full", try_again=True)]
    first, covered = hand.add("INV-1", 20), hand.add("INV-2", 16)
    hand.deliver(first, hand.due(first))
    assert hand.fates(first) == hand.fates(covered) == {}
    assert "INV-2" in hand.mailer.posted[0].text, "the message was to cover both"
    hand.until(hand.heard, first, covered)
    assert hand.fates(first) == hand.fates(covered) == {"second-reminder": "delivered"}
    hand.nothing_unrecorded(first, covered)


@pytest.mark.parametrize("lost", ["write", "record_decision"])
def test_a_look_whose_diary_or_decision_cannot_be_written_down_has_not_happened(database: Database, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    told = "select body, seq from cases", "select count(*) from journal", "select count(*) from decision_records", "select state from outreach"
    before = [hand.rows(query) for query in told]

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(journal, lost, fail)
        hand.ledger.change("INV-1", pay_url="https://pay.example/1")
        for work in (lambda: hand.assess(invoice), lambda: hand.deliver(invoice, act)):
            _fails(work)
            assert [hand.rows(query) for query in told[:3]] == before[:3], "a part of it was kept"
    assert len(hand.mailer.posted) == 1
    assert hand.states() == ["sending"], "what was sent and could not be recorded is in doubt, not forgotten"
    hand.deliver(invoice, act)
    assert hand.fates(invoice) == {act.step: "unknown"}


def _fails(work: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="no space"):
        work()


def edited(policy: Policy, **fields: Any) -> Policy:
    """The policy after somebody has changed these fields of its playbook."""
    document = json.loads(policy.resolved)
    document["playbook"] |= fields
    resolved = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return replace(policy, playbook=from_resolved(resolved), resolved=resolved)


def test_an_outage_over_several_due_dates_is_followed_by_one_message_at_a_time(database: Database) -> None:
    hand = ByHand(database, policy=edited(standard_policy(), catch_up="spaced"))
    invoice = hand.add("INV-1", 40)
    hand.until(lambda: "third-reminder" in hand.fates(invoice), invoice)
    sent = sorted(rung.at for rung in hand.case(invoice).rungs if rung.is_contact)
    assert [rung.step for rung in hand.case(invoice).rungs if rung.is_contact] == ["first-reminder", "second-reminder", "third-reminder"]
    assert all((later.date() - earlier.date()).days >= 3 for earlier, later in pairwise(sent))


def test_a_run_that_was_overtaken_gives_up_nothing_that_another_one_is_sending(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    run, at_fence, sending, overtaken = local(), Event(), Event(), Event()

    def at_the_fence() -> None:
        if run.number == 1:
            at_fence.set()
            assert sending.wait(60)

    def while_sending() -> None:
        hand.say(invoice, HoldPlaced(by="Ann", why="too late for this one"))
        sending.set()
        assert overtaken.wait(60)

    def deliver(number: int) -> None:
        run.number = number
        hand.deliver(invoice, act)
        if number == 1:
            overtaken.set()

    hand.on = {Site.FENCED: at_the_fence, Site.SENDING: while_sending}
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(deliver, 1)
        assert at_fence.wait(60)
        quick = pool.submit(deliver, 2)
        slow.result(30), quick.result(30)
    assert hand.states() == ["delivered"], "what the provider has taken was given up"
    assert hand.fates(invoice) == {act.step: "delivered"}
    assert len(hand.mailer.posted) == 1


def test_a_playbook_edited_meanwhile_changes_no_invoice_that_is_watched_already(database: Database) -> None:
    hand = ByHand(database)
    before = hand.add("INV-1", 20, customer="C-1")
    hand.work(before)
    hand.employ(edited(hand.policy, gap_days=15))
    after = hand.add("INV-2", 20, customer="C-2")
    hand.work(after)
    assert hand.fates(before) == hand.fates(after) == {"second-reminder": "delivered"}
    assert hand.case(before).playbook != hand.case(after).playbook
    began = hand.now
    assert hand.until(lambda: "third-reminder" in hand.fates(before), before) < timedelta(days=10)
    hand.until(lambda: "third-reminder" in hand.fates(after), after)
    assert hand.now - began > timedelta(days=14)
