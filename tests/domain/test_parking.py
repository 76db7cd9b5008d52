"""Calls that people of ours were asked to make wait with an invoice that falls silent, and are asked for anew where they still stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

import playbooks
from domain import matters, parking
from domain.case import Case, Fate, Promise, PromiseStanding, Rung
from domain.customer import Tier
from domain.decision import Assessment, Perform, assess
from domain.event import (
    DisputeRaised,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    LegalStop,
    News,
    PaymentReported,
    PromiseMade,
    Replied,
    ReplyHandled,
    Spoken,
    WaitAsked,
)
from domain.facts import Facts
from domain.invoice import Standing
from domain.plan_news import PlanAgreed, PlanEnded
from support.worlds import MONDAY, a_case, a_customer, euros, facts

WORLD = facts(playbook=playbooks.load("issue-to-payment"), account_manager="Mara Voss")
CALL, ALERT = "call-request", "account-manager"
LATE = MONDAY.date() - timedelta(days=18)


def asked_for(*steps: str) -> Case:
    """An invoice of which everything up to the last of ``steps`` was done, these by people of ours a week ago."""
    names = [step.name for step in WORLD.playbook.steps]
    before = names[: names.index(steps[0])]
    at = MONDAY - timedelta(days=7)
    rungs = tuple(Rung(name, Fate.DELIVERED, at - timedelta(days=7), "email") for name in before if not WORLD.playbook.step(name).do.is_internal)
    done = tuple(Rung(name, Fate.DONE, at, "task") for name in steps)
    return replace(a_case(LATE, MONDAY - timedelta(days=40)), playbook=WORLD.playbook.hash, rungs=(*rungs, *done), entered=True)


def hear(case: Case, *news: News, world: Facts = WORLD, days: int = 0) -> Assessment:
    return assess(case, None, news, world, MONDAY + timedelta(days=days))


def steps(case: Case) -> set[str]:
    return {rung.step for rung in case.rungs}


PROMISE = PromiseMade(date(2026, 3, 6), by="Bea")
SILENCES: dict[str, tuple[News, News | None]] = {
    "a legal stop": (LegalStop("lawyer", by="Ann"), HoldReleased(by="Ann", legal=True)),
    "a promise": (PROMISE, HoldReleased(by="Ann")),
    "a dispute": (DisputeRaised("never ordered", by="Ann"), DisputeResolved(by="Ann")),
    "a hold": (HoldPlaced(by="Ann"), HoldReleased(by="Ann")),
    "a payment that is reported": (PaymentReported(by="Bea"), HoldReleased(by="Ann")),
    "a payment plan": (PlanAgreed("p", date(2026, 4, 2), by="Ann"), PlanEnded("p", kept=False, by="Ann")),
    "an answer": (Replied(by="Bea"), ReplyHandled(by="Ann")),
}


@pytest.mark.parametrize("word, end", SILENCES.values(), ids=SILENCES)
def test_every_silence_closes_the_calls_that_nobody_made_and_its_end_asks_for_them_anew(word: News, end: News) -> None:
    silent = hear(asked_for(CALL, ALERT), word)
    assert silent.case.parked == (CALL, ALERT)
    assert parking.waiting(silent.case) == [f"act/invoice/inv-1/1/{CALL}", f"act/invoice/inv-1/1/{ALERT}"]
    then = hear(silent.case, end, days=1)
    assert then.case.parked == () and steps(then.case).isdisjoint({CALL, ALERT})
    assert isinstance(act := then.verdict.decision, Perform) and act.step == CALL


def test_what_the_ledger_calls_disputed_is_called_about_by_nobody() -> None:
    case = asked_for(CALL)
    assert assess(case, replace(case.invoice, standing=Standing.DISPUTED), (), WORLD, MONDAY).case.parked == (CALL,)


def test_a_part_in_dispute_keeps_nobody_from_calling_about_the_rest() -> None:
    assert hear(asked_for(CALL), DisputeRaised("two boxes", amount=euros("300.00").amount, by="Ann")).case.parked == ()


def test_a_call_that_was_made_is_not_asked_for_again_whichever_is_heard_first() -> None:
    for news in ((PROMISE, Spoken(by="Ann")), (Spoken(by="Ann"), PROMISE)):
        case = asked_for(CALL)
        for word in news:
            case = hear(case, word).case
        broken = hear(case, HoldReleased(by="Ann"), days=1)
        assert CALL in steps(broken.case) and broken.case.parked == ()


def test_a_task_that_is_done_is_not_asked_for_again() -> None:
    silent = hear(asked_for(CALL, ALERT), PROMISE, world=replace(WORLD, asked=frozenset({ALERT})))
    assert silent.case.parked == (ALERT,)
    then = hear(silent.case, HoldReleased(by="Ann"), world=replace(WORLD, asked=frozenset()), days=1)
    assert CALL in steps(then.case) and ALERT not in steps(then.case)


def test_a_call_that_a_later_step_has_overtaken_is_closed_for_good() -> None:
    case = asked_for(CALL)
    case = case.with_rung(Rung("final-notice", Fate.DELIVERED, MONDAY - timedelta(days=1), "email"))
    then = hear(hear(case, PROMISE).case, HoldReleased(by="Ann"), days=1)
    assert CALL in steps(then.case) and then.case.parked == ()


def test_an_account_manager_who_asks_to_wait_has_answered_and_is_not_alerted_again() -> None:
    silent = hear(asked_for(CALL, ALERT), WaitAsked(by="Mara Voss"))
    assert silent.case.parked == (CALL,)
    assert ALERT in steps(hear(silent.case, HoldReleased(by="Ann"), days=1).case)


def test_whoever_need_not_be_alerted_when_the_silence_ends_is_alerted_once_the_customer_is_one_for_it_again() -> None:
    week, names = playbooks.load("multi-channel-week"), ("just-overdue", "quick-nudge")
    ordinary = facts(playbook=week, account_manager="Mara Voss")
    strategic = facts(playbook=week, account_manager="Mara Voss", customer=replace(a_customer(), tier=Tier.STRATEGIC))
    rungs = (*(Rung(name, Fate.DELIVERED, MONDAY - timedelta(days=9), "email") for name in names), Rung(ALERT, Fate.DONE, MONDAY - timedelta(days=5), "task"))
    case = replace(a_case(LATE, MONDAY - timedelta(days=40)), playbook=week.hash, rungs=rungs, entered=True)
    silent = hear(case, HoldPlaced(by="Ann"), world=strategic).case
    assert silent.parked == (ALERT,)
    spared = hear(silent, HoldReleased(by="Ann"), world=ordinary, days=1).case
    assert (left_out := spared.rung(ALERT)) and left_out.fate is Fate.PASSED_OVER
    then = hear(spared, world=strategic, days=1).verdict.decision
    assert isinstance(then, Perform) and then.step == ALERT


def test_whoever_was_alerted_hears_that_it_is_paid_also_where_they_would_be_asked_anew() -> None:
    resumed = hear(hear(asked_for(ALERT), PROMISE).case, HoldReleased(by="Ann"), days=1).case
    paid = assess(resumed, replace(resumed.invoice, balance=euros("0.00")), (), WORLD, MONDAY + timedelta(days=1))
    assert [(task.owner, task.title) for task in paid.tasks] == [("Mara Voss", "Invoice INV-1 of Customer is paid")]


def test_a_call_that_the_money_made_needless_is_asked_for_anew_when_the_money_goes_back_before_the_watch_has_ended() -> None:
    firm = Promise(euros("1200.00"), LATE, MONDAY - timedelta(days=20), euros("1200.00"), "Bea", PromiseStanding.BROKEN)
    case = replace(asked_for(CALL), promises=(firm,))
    paid = assess(case, replace(case.invoice, balance=euros("0.00")), (), WORLD, MONDAY).case
    assert paid.settled_at and paid.parked == (CALL,)
    assert assess(paid, paid.invoice, (), replace(WORLD, asked=frozenset()), MONDAY + timedelta(hours=1)).case.parked == (CALL,)
    back = assess(paid, case.invoice, (), replace(WORLD, asked=frozenset()), MONDAY + timedelta(days=1))
    assert back.case.parked == () and isinstance(back.verdict.decision, Perform) and back.verdict.decision.step == CALL


def test_a_legal_stop_ends_with_its_invoice_and_so_does_what_was_asked_about_it() -> None:
    case = hear(asked_for(CALL), LegalStop("lawyer", by="Ann")).case
    over = matters.moot_at_the_end(case, WORLD)
    assert {"legal/invoice/inv-1", "remittance/invoice/inv-1", f"act/invoice/inv-1/1/{CALL}"} <= set(over)


def test_nobody_asks_for_remittance_advice_or_calls_back_once_a_lawyer_speaks_for_the_customer() -> None:
    case = hear(asked_for(CALL), LegalStop("lawyer", by="Ann")).case
    assert matters.answered_by(LegalStop("lawyer"), case, WORLD) == ["remittance/invoice/inv-1", "call-back/invoice/inv-1"]
