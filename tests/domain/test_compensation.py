"""What was done because the money did not come is undone when it comes, however late, and stands again when it goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

import playbooks
from domain.case import Case, Fate, Outcome, Rung
from domain.decision import Close, Perform, Wait, assess, record_contact
from domain.event import ChasingStopped, LegalStop, PaidOutside, Reopened, WrittenOff
from domain.facts import Facts
from domain.invoice import Invoice, Standing
from domain.matters import overtaken
from domain.playbook import Verb
from domain.task import TaskKind
from support.worlds import MONDAY, a_case, euros, facts

STAGES = playbooks.load("issue-to-payment")
WORLD = facts(playbook=STAGES, account_manager="Mara Voss")
WEEKS = playbooks.load("b2b-three-weeks")
LATE = MONDAY.date() - timedelta(days=70)
TODAY = MONDAY.date()


def escalated(world: Facts = WORLD) -> Case:
    """An invoice for which everything among ourselves was done."""
    done = tuple(
        Rung(step.name, Fate.DONE if step.do.is_internal else Fate.DELIVERED, MONDAY - timedelta(days=5), "task" if step.do.is_internal else "email")
        for step in world.playbook.steps
    )
    return replace(a_case(LATE, MONDAY - timedelta(days=80)), playbook=world.playbook.hash, rungs=done, entered=True)


def paid(invoice: Invoice, **fields: object) -> Invoice:
    return replace(invoice, **{"balance": euros("0.00"), "paid_on": TODAY, **fields})  # type: ignore[arg-type]


def titles(case: Case, seen: Invoice, world: Facts = WORLD) -> list[str]:
    return [task.title for task in assess(case, seen, (), world, MONDAY).tasks if task.kind is TaskKind.COMPENSATE]


def thanked(settled: Case, world: Facts = WORLD, now: datetime = MONDAY) -> Case:
    """``settled`` once its customer has been told that it is over."""
    (owed,) = [one for one in settled.answers if one.is_open]
    told, _ = record_contact(settled, owed.step, "email", Fate.DELIVERED, "out-thanks", world, now)
    return assess(told, None, (), world, now).case


# What people are asked; the customer itself is told by a message, or by a person where none is owed.
US = ["Release the credit hold on customer C-1", "Recall invoice INV-1 from the agency", "Invoice INV-1 of Customer is paid"]
EVERYBODY = [*US, "Tell customer C-1 that invoice INV-1 is settled"]


def test_late_money_releases_the_credit_hold_recalls_the_agency_and_tells_account_manager_and_customer() -> None:
    case = escalated()
    heard = assess(case, paid(case.invoice), (), WORLD, MONDAY)
    assert [task.title for task in heard.tasks if task.kind is TaskKind.COMPENSATE] == US
    assert [task.owner for task in heard.tasks if task.kind is TaskKind.COMPENSATE] == ["accounts receivable", "accounts receivable", "Mara Voss"]
    assert [one.step for one in heard.case.answers if one.is_open] == ["settled-1"]


def test_an_account_manager_who_was_not_asked_to_help_hears_it_too_where_the_customer_felt_something() -> None:
    case = escalated()
    held = replace(case, rungs=tuple(rung for rung in case.rungs if WORLD.playbook.step_of(rung).do is Verb.PLACE_CREDIT_HOLD))
    assert titles(held, paid(case.invoice)) == [US[0], US[2]]
    assert titles(held, paid(case.invoice), replace(WORLD, account_manager="")) == [US[0]]


def test_during_a_legal_stop_the_customer_is_told_by_nobody() -> None:
    stopped = assess(escalated(), None, (LegalStop("lawyer", by="Ann"),), WORLD, MONDAY).case
    heard = assess(stopped, paid(stopped.invoice), (), WORLD, MONDAY)
    assert isinstance(heard.verdict.decision, Close)
    assert [task.title for task in heard.tasks if task.kind is TaskKind.COMPENSATE] == US
    assert heard.case.answers == ()


def test_money_that_comes_before_anything_was_done_asks_nobody_for_anything() -> None:
    assert titles(a_case(LATE), paid(a_case(LATE).invoice)) == []


def test_collections_hear_that_they_may_stop() -> None:
    world = facts(playbook=WEEKS)
    case = escalated(world)
    assert "Tell collections that invoice INV-1 is paid" in titles(case, paid(case.invoice), world)


@pytest.mark.parametrize("word", [PaidOutside(by="Ann"), None])
def test_it_is_undone_once_and_not_again_at_every_later_look(word: PaidOutside | None) -> None:
    case = escalated()
    seen = case.invoice if word else paid(case.invoice)
    first = assess(case, seen, (word,) if word else (), WORLD, MONDAY)
    assert [task.title for task in first.tasks if task.kind is TaskKind.COMPENSATE] == (EVERYBODY if word else US)
    assert titles(first.case, seen) == []


def test_after_a_referral_nobody_writes_and_the_money_is_watched_for() -> None:
    case = escalated()
    heard = assess(case, case.invoice, (), WORLD, MONDAY)
    assert isinstance(heard.verdict.decision, Wait)
    assert heard.verdict.rule == "handed-over"
    assert titles(heard.case, paid(case.invoice)) == US


@pytest.mark.parametrize("word", [ChasingStopped(by="Ann"), WrittenOff(by="Ann")])
def test_money_that_comes_after_it_was_stopped_or_written_off_undoes_what_was_done(word: ChasingStopped | WrittenOff) -> None:
    ended = assess(escalated(), None, (word,), WORLD, MONDAY).case
    assert titles(ended, ended.invoice) == []
    heard = assess(ended, paid(ended.invoice), (), WORLD, MONDAY)
    assert [task.title for task in heard.tasks if task.kind is TaskKind.COMPENSATE] == EVERYBODY
    assert any("money came after it was" in entry.what for entry in heard.entries)
    assert heard.case.ended is ended.ended
    assert isinstance(heard.verdict.decision, Close)
    again = assess(heard.case, paid(ended.invoice), (), WORLD, MONDAY)
    assert (again.tasks, again.entries) == ((), ())


def test_money_on_a_write_off_is_booked_as_recovered() -> None:
    ended = assess(escalated(), None, (WrittenOff(by="Ann"),), WORLD, MONDAY).case
    assert "Money came for invoice INV-1, which was written off" in [task.title for task in assess(ended, paid(ended.invoice), (), WORLD, MONDAY).tasks]


def test_the_booking_of_a_write_off_is_not_taken_for_money() -> None:
    ended = assess(escalated(), None, (WrittenOff(by="Ann"),), WORLD, MONDAY).case
    for booked in (
        replace(ended.invoice, balance=euros("0.00")),
        replace(ended.invoice, balance=euros("0.00"), standing=Standing.WRITTEN_OFF),
        replace(ended.invoice, standing=Standing.CLOSED),
    ):
        assert assess(ended, booked, (), WORLD, MONDAY).tasks == ()


def test_a_part_of_the_money_on_a_stopped_invoice_is_told_and_undoes_nothing_yet() -> None:
    ended = assess(escalated(), None, (ChasingStopped(by="Ann"),), WORLD, MONDAY).case
    heard = assess(ended, replace(ended.invoice, balance=euros("500.00"), paid_on=TODAY), (), WORLD, MONDAY)
    assert [entry.what for entry in heard.entries] == ["money came after it was stopped: 500.00 EUR left"]
    assert heard.tasks == ()
    assert titles(heard.case, replace(heard.case.invoice, balance=euros("0.00"))) == EVERYBODY


def test_a_payment_that_bounces_begins_a_new_round_in_which_nothing_of_the_old_one_counts() -> None:
    case = escalated()
    settled = assess(case, paid(case.invoice), (), WORLD, MONDAY)
    ended = thanked(settled.case)
    assert ended.ended is Outcome.SETTLED
    bounced = assess(ended, replace(case.invoice, paid_on=None), (), WORLD, MONDAY + timedelta(days=6))
    assert (bounced.case.round, bounced.case.ended, bounced.case.approvals, bounced.case.silences) == (2, None, (), ())
    assert "owed again: 1,200.00 EUR" in [entry.what for entry in bounced.entries]
    assert isinstance(bounced.verdict.decision, Perform | Wait)
    assert not any(rung.fate is Fate.DONE for rung in bounced.case.rungs)
    undone = {task.key for task in settled.tasks if task.kind is TaskKind.COMPENSATE}
    assert undone <= set(overtaken(bounced.case)), "what had only been asked for must not be done any more"


def test_settled_again_it_undoes_what_may_still_stand_from_before() -> None:
    case = escalated()
    ended = thanked(assess(case, paid(case.invoice), (), WORLD, MONDAY).case)
    bounced = assess(ended, replace(case.invoice, paid_on=None), (), WORLD, MONDAY + timedelta(days=6))
    again = assess(bounced.case, paid(case.invoice), (), WORLD, MONDAY + timedelta(days=8))
    assert again.case.ended is Outcome.SETTLED
    assert [task.title for task in again.tasks if task.kind is TaskKind.COMPENSATE] == EVERYBODY


def test_what_stood_when_a_person_had_it_watched_again_is_undone_too() -> None:
    stopped = assess(escalated(), None, (ChasingStopped(by="Ann"),), WORLD, MONDAY).case
    reopened = assess(stopped, None, (Reopened(by="Ann"),), WORLD, MONDAY).case
    assert reopened.round == 2
    assert titles(reopened, paid(reopened.invoice)) == US
