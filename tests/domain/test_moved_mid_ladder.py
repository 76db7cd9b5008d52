"""Moved from any playbook to any other at any moment, an invoice repeats nothing, misses nothing, and never hears softer words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import playbooks
from domain import ladder, migration
from domain.calendar import local_day
from domain.case import Case, Fate, Rung
from domain.customer import Tier
from domain.decision import Perform, Wait, assess, record_contact
from domain.event import PlaybookSwapped, StepSkipped
from domain.facts import Contacted, Facts, InFlight, Mode
from domain.playbook import Afterwards, Playbook, Stage, Step, Verb
from support.worlds import MONDAY, a_case, facts

FIRMNESS = list(Stage)
LADDER = (Stage.REMINDER, Stage.CALL, Stage.ALERT, Stage.FINAL, Stage.HOLD, Stage.DEMAND)
NOTICES = (Stage.REMINDER, Stage.FINAL, Stage.HOLD, Stage.DEMAND)
VERBS = {
    Stage.CALL: (Verb.CALL, Verb.REQUEST_CALL),
    Stage.ALERT: (Verb.ALERT_ACCOUNT_MANAGER, Verb.REMIND),
    Stage.HOLD: (Verb.PLACE_CREDIT_HOLD, Verb.REMIND),
}
DUE = date(2026, 3, 6)
NAMES = tuple("abcdefghi")


@st.composite
def a_playbook(draw: st.DrawFn, name: str) -> Playbook:
    """A ladder of up to seven steps that begins with a reminder; its steps' names come from a pool that all playbooks share."""
    stages = [Stage.REMINDER, *sorted(draw(st.lists(st.sampled_from(LADDER), max_size=6)), key=FIRMNESS.index)]
    names = draw(st.permutations(NAMES))
    steps, day = [], 1
    for number, stage in enumerate(stages):
        verb = draw(st.sampled_from(VERBS.get(stage, (Verb.REMIND,))))
        by_hand = verb.is_internal or verb is Verb.CALL
        severe = number > 0 and stage in (Stage.FINAL, Stage.HOLD, Stage.DEMAND)
        spared = (Tier.VIP,) if number and draw(st.booleans()) else ()
        steps.append(
            Step(names[number], verb, ("task",) if by_hand else ("email",), "x", stage, day, severe=severe, notice_days=7 * severe, not_for_tiers=spared)
        )
        day += draw(st.integers(0, 9))
    return Playbook(name, name, "en", tuple(steps), Afterwards(400, ("email",), "x"), draw(st.integers(1, 4)), hash=name)


class Walk:
    """An invoice on its way through the days, with all it did as (playbook, step, moment)."""

    def __init__(self, policy: Playbook, tier: Tier) -> None:
        world = facts(playbook=policy)
        self.world: Facts = replace(world, customer=replace(world.customer, tier=tier))
        self.case: Case = replace(a_case(DUE), playbook=policy.hash)
        self.now: datetime = MONDAY
        self.acts: list[tuple[str, Step, datetime]] = []

    def go(self, until: datetime) -> None:
        while self.now < until:
            heard = assess(self.case, None, (), self.world, self.now)
            self.case = heard.case
            match heard.verdict.decision:
                case Perform(step=name, channel=channel):
                    step = self.world.playbook.step(name)
                    fate = Fate.DONE if channel == "task" else Fate.DELIVERED
                    self.case, _ = record_contact(self.case, name, channel, fate, "", self.world, self.now)
                    self.acts.append((self.world.playbook.name, step, self.now))
                    if channel != "task":
                        self.world = replace(self.world, contacts=(*self.world.contacts, Contacted(self.now, step.stage, channel=channel)))
                case Wait(until=then):
                    self.now = min(then, until)

    def move(self, new: Playbook) -> migration.Move:
        plan = migration.plan_move(self.case, new, self.world, self.now)
        heard = assess(self.case, None, (replace(plan.news, by="Ann"),), self.world, self.now)
        assert heard.replies[0].taken and heard.verdict.rule == "swapped"
        self.case, self.world = heard.case, replace(self.world, playbook=new)
        return plan


def is_heard(step: Step) -> bool:
    return not step.do.is_internal or step.do is Verb.REQUEST_CALL


def level(step: Step) -> int:
    return FIRMNESS.index(step.stage)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(a_playbook("old"), a_playbook("new"), st.integers(0, 70), st.booleans(), st.sampled_from(Tier))
def test_no_step_is_repeated_none_is_skipped_and_the_tone_never_falls_back(old: Playbook, new: Playbook, days: int, skips: bool, tier: Tier) -> None:
    walk = Walk(old, tier)
    walk.go(MONDAY + timedelta(days=days // 2))
    if skips:
        walk.case = assess(walk.case, None, (StepSkipped(by="Ann"),), walk.world, walk.now).case
    walk.go(MONDAY + timedelta(days=days))
    taken = {step.name: step for _, step, _ in walk.acts}
    heard = [step for step in taken.values() if is_heard(step)]
    reached = max(map(level, heard), default=-1)
    skipped = {rung.step for rung in walk.case.rungs if rung.fate is Fate.SKIPPED}

    plan = walk.move(new)
    walk.go(MONDAY + timedelta(days=300))
    after = [(step, at) for name, step, at in walk.acts if name == "new"]
    done = [new.step(name) for name in plan.news.done]

    assert not taken.keys() & {step.name for step, _ in after}, "a step came twice"
    assert not [step for step, _ in after if is_heard(step) and level(step) < reached], "softer words followed firmer ones"
    for step in done:
        alike = step.do in {one.do for one in taken.values()}
        assert step.name in taken or level(step) <= reached or (not is_heard(step) and alike), "something firmer than was heard counts as done"
    furthest = max((place for place, step in enumerate(new.steps) if step.name in taken), default=-1)
    matched = [step for step in done if is_heard(step) and level(step) == reached and step.name not in taken and new.steps.index(step) > furthest]
    assert not [step for step in matched if tier in step.not_for_tiers], "a word counts for a step that would never have come"
    assert not [step for step, _ in after if is_heard(step) and level(step) == reached and new.steps.index(step) < furthest], "an earlier step came later"
    assert len(matched) <= len([step for step in heard if level(step) == reached]), "one word counts for two"
    spared = {step.name for step in new.steps if tier in step.not_for_tiers}
    missing = {step.name for step in new.steps} - {step.name for step in done} - {step.name for step, _ in after} - spared - skipped
    due = ladder.next_due(walk.case, walk.world, walk.now)
    # Where a person skipped the only notice, a person is asked what becomes of the severe steps.
    blocked = {step.name for step in new.steps[new.steps.index(due.step) :]} if due.blocked and skipped else set()
    assert not missing - blocked, "a step went missing"
    assert [step for step, _ in after if step.stage is not Stage.STATEMENT] == [step for step in new.steps if step in {one for one, _ in after}]
    contacts = [(step, at) for _, step, at in walk.acts if step.by == ("email",)]
    for (_, one), (later, two) in pairwise(contacts):
        gap = (old if (later, two) not in after else new).gap_days
        assert (local_day(two, ("Europe/Berlin",)) - local_day(one, ("Europe/Berlin",))).days >= gap, "too soon after the last contact"
    for step, at in after:
        if step.severe:
            told = [when for _, one, when in walk.acts if one.stage in NOTICES and one.by == ("email",) and when < at]
            assert told and at - max(told) > timedelta(days=step.notice_days - 1), "a severe step came without its notice"


@settings(max_examples=50, deadline=None)
@given(a_playbook("old"), a_playbook("new"), st.integers(0, 70))
def test_the_preview_names_the_step_and_the_moment_that_then_come(old: Playbook, new: Playbook, days: int) -> None:
    walk = Walk(old, Tier.STANDARD)
    walk.go(MONDAY + timedelta(days=days))
    plan = walk.move(new)
    before = len(walk.acts)
    walk.go(MONDAY + timedelta(days=1000))
    if not plan.after.step.name.startswith("statement-"):
        _, step, at = walk.acts[before]
        assert step == plan.after.step
        assert at >= plan.after.moment


def test_moved_there_and_back_nothing_comes_twice() -> None:
    standard, weeks = playbooks.load("standard"), playbooks.load("b2b-three-weeks")
    walk = Walk(standard, Tier.STANDARD)
    walk.go(MONDAY + timedelta(days=10))
    assert [step.name for _, step, _ in walk.acts] == ["upcoming", "due-today", "first-reminder"]
    assert walk.move(weeks).news.done == ("account-summary",)
    walk.go(MONDAY + timedelta(days=15))
    assert [step.name for _, step, _ in walk.acts][3:] == ["balance-reminder"]
    assert walk.move(standard).news.done == ("early-note", "upcoming", "near-note", "due-today", "first-reminder", "second-reminder")
    walk.go(MONDAY + timedelta(days=60))
    assert [step.name for _, step, _ in walk.acts][4:] == ["third-reminder", "final-notice"]


def test_an_invoice_that_heard_nothing_enters_where_a_new_one_would() -> None:
    walk = Walk(playbooks.load("b2b-three-weeks"), Tier.STANDARD)
    walk.now = MONDAY + timedelta(days=40)
    walk.case = assess(walk.case, None, (), replace(walk.world, switched_off="a test"), walk.now).case
    walk.move(playbooks.load("standard"))
    walk.go(MONDAY + timedelta(days=45))
    assert [step.name for _, step, _ in walk.acts] == ["third-reminder"]


def test_statements_are_no_step_upward() -> None:
    standard = playbooks.load("standard")
    rungs = (Rung("first-reminder", Fate.DELIVERED, MONDAY, "email"), Rung("statement-1", Fate.DELIVERED, MONDAY, "email"))
    done = migration.counts_as_done(replace(a_case(DUE), rungs=rungs), standard, playbooks.load("issue-to-payment"))
    assert done[-1] == "first-overdue"


def test_what_may_have_been_sent_before_a_restore_is_not_said_again() -> None:
    standard = playbooks.load("standard")
    rungs = (Rung("first-reminder", Fate.PASSED_OVER, MONDAY, why=migration.MAY_HAVE_BEEN_SENT),)
    assert migration.counts_as_done(replace(a_case(DUE), rungs=rungs), standard, playbooks.load("b2b-three-weeks")) == ("account-summary",)


def test_what_was_left_out_because_of_who_they_are_is_judged_anew() -> None:
    weeks, stages = playbooks.load("b2b-three-weeks"), playbooks.load("issue-to-payment")
    rungs = (
        Rung("account-summary", Fate.DELIVERED, MONDAY, "email"),
        Rung("account-manager", Fate.PASSED_OVER, MONDAY, why="only for strategic customers"),
    )
    world = facts(playbook=weeks)
    case = replace(a_case(DUE), playbook=weeks.hash, rungs=rungs, entered=True)
    moved = migration.carry_over(case, migration.plan_move(case, stages, world, MONDAY).news, weeks, MONDAY)
    assert moved.rung("account-manager") is None


def test_a_plan_made_before_another_step_was_taken_is_refused() -> None:
    standard, weeks = playbooks.load("standard"), playbooks.load("b2b-three-weeks")
    case = replace(a_case(DUE), rungs=(Rung("first-reminder", Fate.DELIVERED, MONDAY, "email"),))
    plan = migration.plan_move(case, weeks, facts(playbook=standard), MONDAY)
    later = case.with_rung(Rung("second-reminder", Fate.DELIVERED, MONDAY, "email"))
    heard = assess(later, None, (plan.news,), facts(playbook=standard), MONDAY)
    assert not heard.replies[0].taken and heard.case.playbook == standard.hash
    assert heard.replies[0].said == "it has taken another step since the change was worked out; look at it again"


def test_while_a_message_is_on_its_way_the_playbook_stays() -> None:
    world = facts(in_flight=(InFlight("first-reminder", "out-1", MONDAY),))
    heard = assess(a_case(DUE), None, (PlaybookSwapped("another", "another"),), world, MONDAY)
    assert not heard.replies[0].taken and "is on its way" in heard.replies[0].said


def test_what_was_only_rehearsed_counts_while_rehearsing() -> None:
    standard, weeks = playbooks.load("standard"), playbooks.load("b2b-three-weeks")
    case = replace(a_case(DUE), rungs=(Rung("first-reminder", Fate.SHADOWED, MONDAY, "email"),), mode=Mode.SHADOW.value, entered=True)
    assert migration.plan_move(case, weeks, facts(playbook=standard, mode=Mode.SHADOW), MONDAY).news.done == ("account-summary",)
