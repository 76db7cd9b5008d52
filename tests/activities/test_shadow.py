"""Shadow mode: everything runs and nothing leaves; what it rehearsed binds nobody, and what people said in it stays said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.outreach import Site
from db.engine import Database
from domain.decision import Wait
from domain.event import StepSkipped
from domain.facts import Mode
from support.by_hand import ByHand


@pytest.mark.parametrize("site", [Site.SENDING, Site.ANSWERED, Site.RECORDED])
def test_a_worker_killed_in_shadow_mode_leaves_no_doubt(database: Database, site: Site) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    assert hand.kill_at(site, invoice, act)
    assert isinstance(hand.deliver(invoice, act).decision, Wait)
    hand.until(lambda: hand.fates(invoice).get(act.step) == "shadowed", invoice)
    assert set(hand.states()) == {"shadowed"}
    assert hand.tasks() == []
    assert hand.mailer.posted == []


def test_shadow_mode_obeys_the_gap_among_a_customers_invoices(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    first = hand.add("INV-1", 20)
    hand.work(first)
    second = hand.add("INV-2", 20)
    assert hand.work(second).why == "second reminder is next, but the customer heard from us less than 3 days ago"
    assert hand.until(lambda: hand.fates(second), second) > timedelta(days=2)
    assert hand.states() == ["shadowed", "shadowed"]
    assert hand.mailer.posted == []


@pytest.mark.parametrize("site", [Site.DECIDED, Site.CLAIMED, Site.FENCED])
def test_going_live_in_the_middle_of_a_rehearsed_delivery_loses_and_repeats_nothing(database: Database, site: Site) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", 24)
    hand.work(invoice)
    hand.now += timedelta(days=7)
    act = hand.due(invoice)
    assert hand.fates(invoice) == {"second-reminder": "shadowed"}
    hand.on = {site: lambda: hand.switch(Mode.LIVE)}
    hand.deliver(invoice, act)
    hand.on = {}
    hand.until(hand.heard, invoice, days=1)
    hand.work(invoice)
    assert len(hand.heard()) == 1
    assert hand.case(invoice).round == 2
    assert hand.fates(invoice) == {act.step: "delivered"}
    hand.nothing_unrecorded(invoice)
    hand.until(lambda: len(hand.fates(invoice)) == 2, invoice)
    hand.nothing_unrecorded(invoice)


@pytest.mark.parametrize("site", [Site.DECIDED, Site.CLAIMED, Site.FENCED])
def test_going_back_to_shadow_mode_before_the_fence_keeps_the_message_here(database: Database, site: Site) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on = {site: lambda: hand.switch(Mode.SHADOW)}
    hand.deliver(invoice, act)
    assert hand.mailer.posted == []
    assert hand.states() == ["shadowed"]
    assert hand.fates(invoice) == {act.step: "shadowed"}


def test_a_step_a_person_left_out_in_shadow_mode_stays_left_out_when_live(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", 20)
    hand.work(invoice)
    hand.say(invoice, StepSkipped("third-reminder", by="Ann", why="they asked for it"))
    hand.work(invoice)
    hand.switch(Mode.LIVE)
    hand.until(lambda: len(hand.heard()) == 2, invoice)
    assert hand.fates(invoice) == {"second-reminder": "delivered", "third-reminder": "skipped", "final-notice": "delivered"}


def test_what_was_only_rehearsed_counts_for_no_gap_once_live(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", 20)
    hand.work(invoice)
    hand.switch(Mode.LIVE)
    hand.work(invoice)
    assert len(hand.heard()) == 1
    assert hand.states() == ["shadowed", "delivered"]


def test_the_first_message_after_going_live_covers_all_that_the_customer_owes(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    first, second = hand.add("INV-1", 24), hand.add("INV-2", 24)
    hand.work(first)
    hand.work(second)
    assert hand.mailer.posted == []
    hand.switch(Mode.LIVE)
    hand.now += timedelta(minutes=1)
    hand.work(first)
    hand.work(second)
    assert len(hand.heard()) == 1
    assert hand.fates(first) == hand.fates(second) == {"second-reminder": "delivered"}
    assert [hand.case(invoice).round for invoice in (first, second)] == [2, 2]
