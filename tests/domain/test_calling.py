"""What an invoice takes from a call by the voice agent, and when the next one is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

import pytest

import playbooks
from domain import desk
from domain.case import Fate, Rung
from domain.customer import Contact, Role
from domain.decision import Assessment, Perform, Wait, assess
from domain.event import CallEnded, News, PromiseMade, Replied
from domain.facts import Contacted, CountsAs, Envelope, InFlight
from domain.playbook import Stage
from support.worlds import MONDAY, a_case, a_customer, facts

PLAYBOOK = playbooks.load("b2b-three-weeks")
CALL = PLAYBOOK.step("decision-maker-call")
SKIPPED = tuple(Rung(step.name, Fate.SKIPPED, MONDAY) for step in PLAYBOOK.steps[: PLAYBOOK.steps.index(CALL)])
REMINDED = Rung("balance-reminder", Fate.DELIVERED, MONDAY - timedelta(days=7))
CASE = replace(a_case(date(2026, 2, 16)), entered=True, rungs=(*(rung for rung in SKIPPED if rung.step != REMINDED.step), REMINDED))
CUSTOMER = replace(a_customer(), contacts=(Contact("k", Role.CFO, "Clara", "clara@customer.example", "+49301234567"),), consents=frozenset({"ai_voice"}))
RUNG_UP = Contacted(MONDAY, Stage.CALL, "o-1", "call")
WORLD = replace(
    facts(),
    playbook=PLAYBOOK,
    customer=CUSTOMER,
    envelope=Envelope(channels=frozenset({"email", "call", "task"})),
    contacts=(RUNG_UP,),
    in_flight=(InFlight(CALL.name, "o-1", MONDAY, round=1, channel="call"),),
)
LATER = MONDAY + timedelta(minutes=3)


def hear(*news: News) -> Assessment:
    return assess(CASE, CASE.invoice, news, WORLD, LATER)


def ended(result: Literal["talked", "voicemail", "nobody", "wrong_number", "stopped"]) -> CallEnded:
    return CallEnded("o-1", result, by="the voice agent", why="somebody told")


def test_until_it_has_ended_nothing_else_is_done() -> None:
    assert hear().verdict.rule == "covered"


def test_a_conversation_takes_the_step_and_what_follows_goes_out_together_with_it() -> None:
    heard = hear(ended("talked"))
    assert heard.case.rung(CALL.name) == Rung(CALL.name, Fate.DELIVERED, LATER, "call", "o-1")
    assert heard.verdict.decision == Perform("final-demand", "email", "final demand by email")


def test_a_day_that_was_agreed_on_keeps_what_follows_from_going_out() -> None:
    heard = hear(PromiseMade(MONDAY.date() + timedelta(days=4), by="Clara"), ended("talked"))
    assert heard.case.open_promise is not None
    assert isinstance(heard.verdict.decision, (Wait, Perform))
    assert "final" not in getattr(heard.verdict.decision, "step", "")


@pytest.mark.parametrize("result", ["voicemail", "nobody", "wrong_number", "stopped"])
def test_a_call_that_reached_nobody_takes_no_step_and_is_tried_again_on_another_day(result: Literal["voicemail", "nobody", "wrong_number", "stopped"]) -> None:
    heard = hear(ended(result))
    assert heard.case.rung(CALL.name) is None
    assert heard.verdict.rule == "missed"
    assert isinstance(heard.verdict.decision, Wait)
    assert heard.verdict.decision.until.date() > MONDAY.date()
    assert bool(heard.tasks) == (result == "wrong_number")


def test_after_two_calls_that_reached_nobody_the_step_takes_its_next_channel() -> None:
    once = replace(WORLD, missed=(MONDAY - timedelta(days=1),))
    heard = assess(CASE, CASE.invoice, (ended("nobody"),), once, LATER)
    assert heard.verdict.decision == Perform(CALL.name, "task", "call to the decision-maker by task")


def test_an_attempt_counts_among_the_calls_and_for_nothing_else() -> None:
    quiet = replace(WORLD, in_flight=(), contacts=(replace(RUNG_UP, counts_as=CountsAs.ATTEMPT),))
    assert desk.allow(PLAYBOOK.step("balance-reminder"), "email", quiet, LATER) is None
    twice = replace(quiet, contacts=(*quiet.contacts, replace(RUNG_UP, outreach="o-2", counts_as=CountsAs.ATTEMPT)))
    refusal = desk.allow(CALL, "call", twice, LATER)
    assert refusal is not None
    assert refusal.rule == "calls"


def test_the_end_of_a_call_that_nobody_knows_changes_nothing() -> None:
    heard = hear(CallEnded("o-unheard-of", "talked"))
    assert not heard.replies[0].taken
    assert heard.case.rung(CALL.name) is None
    again = assess(hear(ended("talked")).case, CASE.invoice, (ended("talked"),), replace(WORLD, in_flight=()), LATER)
    assert not again.replies[0].taken


def test_a_doubt_about_a_call_is_over_once_its_end_is_told() -> None:
    doubtful = CASE.with_rung(Rung(CALL.name, Fate.UNKNOWN, MONDAY, "call", "o-1"))
    heard = assess(doubtful, CASE.invoice, (ended("nobody"),), replace(WORLD, in_flight=()), LATER)
    assert heard.case.rung(CALL.name) is None
    assert heard.verdict.rule == "missed"


def test_who_wants_to_be_called_back_is_called_by_a_person_on_the_next_business_day() -> None:
    heard = hear(Replied(by="Clara", why="on the phone", call_back=True), ended("talked"))
    (task,) = (task for task in heard.tasks if task.key.startswith("call-back/"))
    assert (task.owner, task.due) == (WORLD.owner, MONDAY.date() + timedelta(days=1))
    assert heard.verdict.rule == "reply"
