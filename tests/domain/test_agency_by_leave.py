"""Nobody is placed with an agency unless somebody said so, by name, up to a sum and until a day; and then we are silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

import playbooks
from domain import ladder
from domain.case import Authorization, Fate, Rung
from domain.decision import Wait, assess
from domain.diary import write_diary
from domain.event import AgencyAuthorized, GivenBack
from domain.fold import fold
from domain.matters import compensate
from domain.playbook import Playbook, Verb
from domain.task import TaskKind
from domain.timeline import Arrival, timeline
from support.worlds import MONDAY, a_case, facts

DUE = date(2026, 3, 13)
WEEKS = playbooks.load("b2b-three-weeks")
STANDING = Authorization("Harbor Collections", Decimal(10_000), date(2026, 12, 31), "Ann")


def diary(*arrivals: Arrival, policy: Playbook = WEEKS, balance: str = "6200.00", until: datetime = MONDAY + timedelta(days=150)) -> str:
    case = replace(a_case(DUE, balance=balance), playbook=policy.hash)
    return write_diary(timeline(case, facts(playbook=policy), arrivals, MONDAY, until))


def leave(day: int) -> Arrival:
    news = AgencyAuthorized("Harbor Collections", Decimal(10_000), date(2026, 6, 30), by="Ann")
    return Arrival(datetime(2026, 3, 13, 11, tzinfo=UTC) + timedelta(days=day), (news,))


def test_without_leave_the_placement_is_left_out_and_collections_keeps_it() -> None:
    said = diary()
    assert "placement with an agency left out: no agency is authorized to take it" in said
    assert "handover to collections: given to a person of ours" in said


def test_after_the_handover_no_statement_is_sent_and_the_silence_has_an_end() -> None:
    assert "statement" not in diary()
    case = replace(a_case(DUE), playbook=WEEKS.hash)
    world = facts(playbook=WEEKS)
    case = replace(case, entered=True, rungs=tuple(Rung(step.name, Fate.DONE, MONDAY, "task") for step in WEEKS.steps))
    verdict = assess(case, None, (), world, MONDAY + timedelta(days=60)).verdict
    assert verdict.rule == "handed-over" and isinstance(verdict.decision, Wait)
    assert verdict.decision.owner and timedelta(0) < verdict.decision.until - MONDAY - timedelta(days=60) <= timedelta(days=35)


def test_standing_leave_in_the_playbook_is_enough() -> None:
    assert "placement with an agency: given to a person of ours" in diary(policy=replace(WEEKS, agency=STANDING))


@pytest.mark.parametrize("standing", [replace(STANDING, limit=Decimal(6_199)), replace(STANDING, until=date(2026, 3, 20))])
def test_leave_beyond_its_limit_or_its_day_is_none(standing: Authorization) -> None:
    assert "placement with an agency left out" in diary(policy=replace(WEEKS, agency=standing))


def test_leave_for_one_invoice_brings_a_placement_back_that_was_left_out() -> None:
    said = diary(leave(40)).splitlines()
    left, given = (next(number for number, line in enumerate(said) if f"placement with an agency{what}" in line) for what in (" left out", ": given"))
    assert left < given
    assert "may be placed with Harbor Collections up to 10,000 EUR through Tue 30 Jun 2026, says Ann" in "\n".join(said)


@pytest.mark.parametrize(
    "word, field",
    [
        (AgencyAuthorized(" ", Decimal(1), date(2026, 6, 30)), "name: "),
        (AgencyAuthorized("A", Decimal(0), date(2026, 6, 30)), "limit: "),
        (AgencyAuthorized("A", Decimal(1), date(2026, 3, 1)), "until: "),
        (AgencyAuthorized("A", Decimal(1), date(2030, 3, 1)), "until: "),
    ],
)
def test_leave_that_cannot_be_meant_is_refused_by_its_field(word: AgencyAuthorized, field: str) -> None:
    reply = assess(a_case(DUE), None, (word,), facts(), MONDAY).replies[0]
    assert not reply.taken and reply.said.startswith(field)


def test_where_the_exact_text_is_approved_that_is_the_leave() -> None:
    stages = playbooks.load("issue-to-payment")
    assert next(step for step in stages.steps if step.do == "refer_to_agency").approve == 1
    assert "referral to an agency or lawyer left out: no agency" not in diary(policy=stages)


def given_back(day: int) -> Arrival:
    return Arrival(datetime(2026, 3, 13, 11, tzinfo=UTC) + timedelta(days=day), (GivenBack(by="Ann", why="nobody at the address"),))


def test_what_was_given_back_is_asked_for_again_after_a_statements_time() -> None:
    said = diary(given_back(60))
    before, _, later = said.partition("given back after the handover to collections of ")
    assert "statement" not in before and "says Ann: nobody at the address" in later
    assert "day  +90  Thu 11 Jun 2026  statement 1 sent by e-mail" in later


def test_what_nobody_has_cannot_be_given_back_nor_twice() -> None:
    assert "given back" not in diary(given_back(5))
    assert diary(given_back(60), given_back(61)).count("given back after") == 1


def test_whoever_gave_it_back_need_not_be_recalled_once_it_is_paid() -> None:
    case = replace(a_case(DUE), playbook=WEEKS.hash)
    world, (handed,) = facts(playbook=WEEKS), [step for step in WEEKS.steps if step.do is Verb.HAND_OFF]
    case = replace(case, entered=True, rungs=(Rung(handed.name, Fate.DONE, MONDAY, "task"),))
    assert compensate(case, world, MONDAY)
    folded = fold(case, GivenBack(by="Ann"), world, MONDAY + timedelta(days=9))
    assert compensate(folded.case, world, MONDAY + timedelta(days=10)) == ()
    assert [task.kind for task in folded.tasks] == [TaskKind.REVIEW]
    handed_again = folded.case.with_rung(Rung(handed.name, Fate.DONE, MONDAY + timedelta(days=20), "task"))
    assert ladder.handed_over(handed_again, world) is not None
