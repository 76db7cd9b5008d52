"""What has fallen behind is caught up one step at a time; what was not for a customer comes back when it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

import playbooks
from domain import ladder
from domain.calendar import local_day
from domain.case import Case, Fate, Promise, PromiseStanding, Rung
from domain.customer import Behavior, Tier
from domain.decision import Perform, Wait, assess, record_contact
from domain.event import CustomerSet, News, Replied, ReplyHandled
from domain.facts import Contacted, Envelope, Facts
from domain.migration import counts_as_done
from support.worlds import MONDAY, a_case, a_customer, euros, facts

ZONES = ("Europe/Berlin",)
EVERY = frozenset({"email", "sms", "call", "letter", "portal", "task"})


class Walk:
    """An invoice that is first seen on a Monday, ``late`` days late, and every step it takes."""

    def __init__(self, playbook: str, late: int, balance: str = "6200.00", tier: Tier = Tier.STANDARD, channels: Iterable[str] = ("email", "task")) -> None:
        policy = playbooks.load(playbook)
        world = facts(playbook=policy, customer=replace(a_customer(), tier=tier), envelope=Envelope(channels=frozenset(channels)))
        self.world: Facts = world
        self.now: datetime = MONDAY
        self.case: Case = replace(a_case(MONDAY.date() - timedelta(days=late), balance=balance), playbook=policy.hash)
        self.steps: list[tuple[str, date]] = []

    def say(self, *news: News) -> str:
        heard = assess(self.case, None, news, self.world, self.now)
        self.case = heard.case
        return heard.replies[0].said

    def become(self, tier: Tier) -> str:
        self.world = replace(self.world, customer=replace(self.world.customer, tier=tier))
        return self.say(CustomerSet(f"tier {tier.value}", by="Ann"))

    def go(self, days: int) -> list[str]:
        until = self.now + timedelta(days=days)
        while self.now < until:
            heard = assess(self.case, None, (), self.world, self.now)
            self.case = heard.case
            match heard.verdict.decision:
                case Perform(step=name, channel=channel):
                    step = self.world.playbook.step(name)
                    fate = Fate.DONE if channel == "task" else Fate.DELIVERED
                    self.case, _ = record_contact(self.case, name, channel, fate, "", self.world, self.now)
                    self.steps.append((name, local_day(self.now, ZONES)))
                    if channel != "task":
                        self.world = replace(self.world, contacts=(*self.world.contacts, Contacted(self.now, step.stage, channel=channel)))
                case Wait(until=then):
                    self.now = min(then, until)
        return [name for name, _ in self.steps]


@pytest.mark.parametrize("playbook", playbooks.names())
@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("channels", [EVERY, ("email", "task"), ("task",)], ids=["every channel", "e-mail and people", "people alone"])
def test_no_two_steps_come_on_one_day_unless_they_were_planned_for_one(playbook: str, tier: Tier, channels: Iterable[str]) -> None:
    walk = Walk(playbook, late=40, tier=tier, channels=channels)
    walk.go(30)
    taken = [(walk.world.playbook.step(name), day) for name, day in walk.steps]
    assert len(taken) > 1 or not any(way in step.by for step in walk.world.playbook.steps for way in channels)
    for (before, earlier), (step, day) in pairwise(taken):
        assert step.together or step.day == before.day or day >= walk.world.calendar.add(earlier, 1), f"{step.name} in one burst with {before.name}"


def test_mail_call_and_word_to_the_account_manager_come_on_three_business_days() -> None:
    walk = Walk("issue-to-payment", late=40)
    walk.go(4)
    assert walk.steps == [("first-overdue", date(2026, 3, 2)), ("call-request", date(2026, 3, 3)), ("account-manager", date(2026, 3, 4))]


def test_on_its_planned_pace_nothing_waits_for_anything_else() -> None:
    walk = Walk("issue-to-payment", late=-10)
    walk.go(40)
    due = walk.case.invoice.due
    planned = {step.name: step.planned_day(due, walk.world.calendar) for step in walk.world.playbook.steps}
    assert {name: day for name, day in walk.steps if name in ("call-request", "account-manager")} == {
        name: planned[name] for name in ("call-request", "account-manager")
    }


def test_two_calls_are_never_asked_for_on_one_day() -> None:
    for weekday in range(7):
        walk = Walk("multi-channel-week", late=-4 - weekday)
        walk.go(40)
        calls = [day for name, day in walk.steps if name in ("friendly-call", "live-agent-call")]
        assert len(set(calls)) == len(calls) == 2


def test_whoever_becomes_strategic_before_anything_firmer_was_said_is_offered_a_plan() -> None:
    walk = Walk("b2b-three-weeks", late=12)
    before = walk.go(1)
    assert before[0] == "account-summary"
    while "decision-maker-call" not in before:
        before = walk.go(1)
    rung = walk.case.rung("plan-offer")
    assert rung and rung.fate is Fate.PASSED_OVER
    assert "not left out any more: offer of a payment plan" in walk.become(Tier.STRATEGIC)
    after = walk.go(20)[len(before) :]
    assert after[0] == "plan-offer" and "account-manager" not in after and "final-demand" not in after
    assert len(set(walk.go(60))) == len(walk.steps)


def test_whoever_becomes_strategic_after_the_final_demand_hears_nothing_softer() -> None:
    walk = Walk("b2b-three-weeks", late=12)
    while "final-demand-text" not in walk.go(1):
        pass
    assert "not left out any more" not in walk.become(Tier.STRATEGIC)
    assert "plan-offer" not in walk.go(60)


def test_whoever_is_strategic_no_more_meets_what_still_lies_ahead() -> None:
    walk = Walk("b2b-three-weeks", late=40, tier=Tier.STRATEGIC)
    walk.go(1)
    assert walk.case.rung("final-demand")
    walk.become(Tier.STANDARD)
    assert walk.go(40) == ["account-summary", "balance-reminder", "decision-maker-call", "final-demand", "final-demand-text", "collections-handoff"]


def test_what_was_left_out_for_its_age_stays_left_out() -> None:
    walk = Walk("standard", late=40)
    walk.go(1)
    passed = [rung.step for rung in walk.case.rungs if rung.fate is Fate.PASSED_OVER]
    walk.become(Tier.VIP)
    assert [rung.step for rung in walk.case.rungs if rung.fate is Fate.PASSED_OVER] == passed


def test_a_call_by_receivables_does_not_count_for_the_offer_of_a_plan() -> None:
    stages, weeks = playbooks.load("issue-to-payment"), playbooks.load("b2b-three-weeks")
    rungs = tuple(Rung(name, Fate.DONE if name == "call-request" else Fate.DELIVERED, MONDAY, "email") for name in ("due-day", "first-overdue", "call-request"))
    done = counts_as_done(replace(a_case(date(2026, 2, 2)), rungs=rungs), stages, weeks)
    assert "plan-offer" not in done and "decision-maker-call" in done


def _on_day_seven(walk: Walk) -> set[str]:
    return {"personal-note", "live-agent-call"} & set(walk.go(21))


def test_on_day_seven_silence_is_answered_by_a_call_and_an_answer_by_a_letter() -> None:
    assert _on_day_seven(Walk("multi-channel-week", late=-3)) == {"live-agent-call"}
    walk = Walk("multi-channel-week", late=-3)
    walk.go(5)
    walk.say(Replied(by="Bea", why="will look"))
    walk.say(ReplyHandled(by="Ann"))
    assert _on_day_seven(walk) == {"personal-note"}


def test_on_day_seven_a_broken_promise_is_answered_by_a_call_also_where_little_is_at_risk() -> None:
    made = Promise(euros("6200"), date(2026, 3, 3), MONDAY, euros("6200"), "Bea", PromiseStanding.BROKEN)
    for behavior, wanted in ((Behavior.PROMPT, "personal-note"), (Behavior.STANDARD, "live-agent-call")):
        walk = Walk("multi-channel-week", late=-3)
        walk.world = replace(walk.world, customer=replace(walk.world.customer, behavior=behavior))
        assert _on_day_seven(walk) == {wanted}
        broken = Walk("multi-channel-week", late=-3)
        broken.world = replace(walk.world, contacts=())
        broken.case = replace(broken.case, promises=(made,))
        assert _on_day_seven(broken) == {"live-agent-call"}


def test_a_promise_that_breaks_after_day_seven_brings_back_the_call_that_was_left_out() -> None:
    walk = Walk("multi-channel-week", late=8)
    walk.case = replace(walk.case, answered_at=MONDAY)
    walk.go(1)
    assert (left_out := walk.case.rung("live-agent-call")) and left_out.fate is Fate.PASSED_OVER
    walk.case = replace(walk.case, promises=(Promise(euros("6200"), date(2026, 3, 3), MONDAY, euros("6200"), "Bea", PromiseStanding.BROKEN),))
    assert _on_day_seven(walk) == {"live-agent-call"}


def test_an_invoice_that_was_long_overdue_when_first_seen_counts_as_long_overdue() -> None:
    step = playbooks.load("multi-channel-week").step("live-agent-call")
    world = facts(playbook=playbooks.load("multi-channel-week"))
    old, young = (a_case(MONDAY.date() - timedelta(days=late), balance="1200.00") for late in (45, 5))
    assert not ladder.why_spared(step, old, world)
    assert ladder.why_spared(step, young, world)
