"""A question that nobody answers goes to somebody else, and what is not severe goes on without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain import leave
from domain.answers import Reply
from domain.case import Approval, ApprovalStanding, Case, Fate, Rung
from domain.diary import Entry
from domain.event import ApprovalGiven, ApprovalRefused, Escalated, News, StepSkipped
from domain.facts import Facts
from domain.fold import fold
from domain.person import Access, Duty, Person
from domain.timeline import Arrival, timeline
from support.telling import START, Owed, Story, on

OURS = (
    Person("p1", "Ann", Access.AGENT, duties=(Duty.APPROVER,), deputy="Ben"),
    Person("p2", "Ben", Access.AGENT),
    Person("p3", "Olga", Access.ADMIN, duties=(Duty.OWNER,)),
)
UNTIL = datetime(2037, 8, 1, tzinfo=UTC)


def run(*arrivals: Arrival, ours: tuple[Person, ...] = ()) -> tuple[Entry, ...]:
    world = Story("silence", "issue-to-payment", (), "").facts()
    world = replace(world, books=replace(world.books, max_age=timedelta(days=400)))
    world = world.with_people(ours, START) if ours else world
    return timeline(Case("invoice/1", Owed().invoice(), world.playbook.hash, START), world, arrivals, START, UNTIL)


def said(entries: tuple[Entry, ...], *words: str) -> list[tuple[int, str]]:
    return [(entry.day, entry.what) for entry in entries if any(word in entry.what for word in words)]


def arrival(day: int, news: News) -> Arrival:
    return Arrival(on(day).at, (news,))


def test_it_is_asked_twice_and_then_somebody_else_decides() -> None:
    told = said(run(ours=OURS), "credit hold")
    assert told == [
        (32, "approval asked for the credit hold"),
        (38, "approval asked for the credit hold"),
        (42, "nobody has answered twice whether the credit hold may be done: Ben decides"),
    ]


def test_nobody_is_asked_on_a_weekend_or_holiday() -> None:
    world = Story("silence", "issue-to-payment", (), "").facts()
    asked = [entry for entry in run() if entry.what.startswith("approval asked")]
    assert len(asked) == 4 and all(world.bank_calendar.is_business_day(entry.on) for entry in asked)


def test_statements_go_on_and_the_write_off_is_asked_on_its_own_day() -> None:
    told = said(run(), "statement", "asked for the write-off")
    assert [what for _, what in told[:2]] == ["statement 1 sent by e-mail", "statement 2 sent by e-mail"]
    assert (90, "approval asked for the write-off") in told
    assert not said(run(), "formal demand sent", "given to a person of ours (planned for day +31"), "nothing severe happens that nobody agreed to"


def test_whoever_decides_may_have_it_asked_again_and_it_is_done() -> None:
    told = said(run(arrival(45, Escalated("credit-hold", by="Ben")), arrival(46, ApprovalGiven("credit-hold", "", by="Ann"))), "credit hold")
    assert [what for _, what in told][-4:] == [
        "straight to the credit hold, says Ben",
        "approval asked for the credit hold",
        "credit hold approved by Ann",
        "credit hold: given to a person of ours (planned for day +31: approval)",
    ]


def test_whoever_decides_may_leave_it_out_and_the_next_question_is_asked() -> None:
    told = said(run(arrival(46, StepSkipped(by="Ben"))), "skipped", "formal demand")
    assert told[:2] == [(46, "credit hold skipped by Ben"), (46, "approval asked for the formal demand")]


def _asked_often(lapses: int = 2, standing: ApprovalStanding = ApprovalStanding.EXPIRED) -> tuple[Case, Facts]:
    world = Story("silence", "issue-to-payment", (), "").facts().with_people(OURS, START)
    case = Case("invoice/1", Owed().invoice(), world.playbook.hash, START)
    asked = Approval("credit-hold", "", 1, START, START, standing=standing, lapses=lapses)
    return replace(case, approvals=(asked,)), world


def test_the_task_names_both_ways_out_and_whoever_was_asked_has_none_any_more() -> None:
    case, world = _asked_often()
    (task,) = leave.left_lying(case, world, START)
    assert task.owner == "Ben" and "dunwell case escalate INV-1 credit-hold" in task.remedy and "dunwell case skip INV-1" in task.remedy
    assert leave.over(case) == ["approval/invoice/1/credit-hold"]


def test_what_was_done_without_waiting_for_an_answer_is_not_undone_by_one() -> None:
    case, world = _asked_often(0, ApprovalStanding.OPEN)
    asked = replace(case.approvals[0], expires=START + timedelta(days=3))
    done = replace(case, approvals=(asked,)).with_rung(Rung(asked.step, Fate.DONE, START, "task"))
    for word in (ApprovalRefused(asked.step, "", by="Ann"), ApprovalGiven(asked.step, "", by="Ann")):
        heard = fold(done, word, world, START)
        assert (heard.case, heard.reply) == (done, Reply(False, "credit hold is behind this invoice already"))


def test_the_task_is_over_once_it_is_asked_again_or_left_out() -> None:
    case, world = _asked_often()
    left_out = fold(case, StepSkipped("early-note", by="Ben"), world, START).case
    assert leave.left_lying(left_out, world, START)
    asked_again, _ = _asked_often(0, ApprovalStanding.OPEN)
    assert not leave.left_lying(asked_again, world, START)
    assert leave.over(asked_again) == ["unanswered/invoice/1/credit-hold"]


def test_leave_that_was_given_and_ran_out_is_no_question_that_nobody_answered() -> None:
    told = run(arrival(32, ApprovalGiven("credit-hold", "", by="Ann")))
    assert not said(told, "nobody has answered twice whether the credit hold")
