"""One word about a task says everything that follows from it, and no word says what does not fit."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from domain.event import ApprovalGiven, DisputeRaised, GivenBack, LegalStop, OutreachResolved, PaymentReported, PromiseMade, Replied, Spoken, WaitAsked
from domain.fold import fold
from domain.results import Told, UnableToTake, news_of, results_for
from domain.task import TaskKind
from playbooks import SHIPPED
from support.worlds import MONDAY, a_case, facts

FRIDAY = date(2026, 3, 6)


def test_every_result_of_every_task_says_something_an_invoice_understands() -> None:
    for kind in TaskKind:
        for result in results_for(kind):
            for news in news_of(result, Told(kind, "outreach/out_1", FRIDAY, step="final-notice", text_hash="h")):
                said = fold(a_case(date(2026, 2, 20)), replace(news, by="Ann"), facts(), MONDAY).reply.said
                assert "not understood" not in said


def test_a_call_ends_with_one_word() -> None:
    call = Told(TaskKind.CALL, day=FRIDAY, about="two boxes missing")
    assert news_of("voicemail", call) == (Spoken(reached=False),)
    assert news_of("promise", call) == (PromiseMade(FRIDAY), Spoken())
    assert news_of("disputed", call) == (DisputeRaised("two boxes missing"), Spoken())
    assert news_of("not-received", call) == (Replied(copy=True), Spoken())
    assert news_of("paid", call) == (PaymentReported(), Spoken())


def test_the_account_manager_may_speak_promise_ask_to_wait_or_let_it_go_on() -> None:
    alert = Told(TaskKind.ALERT, day=FRIDAY)
    assert news_of("please-wait", alert) == (WaitAsked(FRIDAY),)
    assert news_of("go-on", alert) == ()
    assert news_of("spoke", alert) == (Spoken(),)


def test_a_promise_beyond_the_limits_is_agreed_to_by_whoever_decides() -> None:
    assert news_of("promise", Told(TaskKind.DECIDE, day=FRIDAY)) == (PromiseMade(FRIDAY, decided=True),)


def test_an_approval_is_for_the_text_that_was_shown() -> None:
    assert news_of("approved", Told(TaskKind.APPROVE, step="credit-hold", text_hash="abc")) == (ApprovalGiven("credit-hold", "abc"),)
    assert news_of("not-sent", Told(TaskKind.RESOLVE_OUTREACH, "outreach/out_7")) == (OutreachResolved("out_7", False),)


def test_a_result_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with pytest.raises(UnableToTake, match="choose from handled, promise"):
        news_of("voicemail", Told(TaskKind.READ_REPLY))
    with pytest.raises(UnableToTake, match="--day"):
        news_of("promise", Told(TaskKind.CALL))


# What each choice of a call's script is as a result of its task.
_AS_RESULT = {
    "payment promised": "promise",
    "paid already": "paid",
    "not received, send again": "not-received",
    "waiting for approval": "in-approval",
    "something is wrong with it": "disputed",
    "wrong person": "wrong-person",
    "asked for a plan": "plan",
    "left a voicemail": "voicemail",
    "nobody reached": "not-reached",
    "no date given": "spoke",
    "new address": "new-address",
    "records differ": "disputed",
    "leave it to me until": "please-wait",
    "insolvency or lawyer named": "legal",
    "give back": "given-back",
    "plan agreed": "plan",
}
_OWN_WORDS = ("propose an agency", "propose a write-off")  # they only close the task, and say why


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        *((name, TaskKind.CALL) for name in ("friendly-call", "live-agent-call", "decision-maker-call", "receivables-call", "owner-call")),
        *((name, TaskKind.CALL) for name in ("first-overdue", "balance-reminder", "account-summary")),
        ("collections-handoff", TaskKind.HAND_OFF),
    ],
)
def test_whatever_the_script_of_a_call_offers_is_a_result_of_its_task(script: str, kind: TaskKind) -> None:
    body = (SHIPPED / "wording" / "en" / f"{script}.task.md").read_text("utf-8")
    offered = " ".join(body.partition("**Then choose one:**")[2].split("\n\n")[0].split())
    choices = [re.sub(r" \(.*?\)", "", choice).strip() for choice in offered.split("·")]
    assert len(choices) > 3
    for choice in choices:
        assert choice in _OWN_WORDS or _AS_RESULT[choice] in results_for(kind), choice


def test_whoever_must_approve_it_gets_time_and_a_wrong_person_a_colleague() -> None:
    call = Told(TaskKind.CALL, day=FRIDAY)
    assert news_of("in-approval", call) == (WaitAsked(FRIDAY), Spoken())
    assert news_of("wrong-person", call) == (Replied(), Spoken())
    assert news_of("given-back", Told(TaskKind.HAND_OFF)) == (GivenBack(),)
    assert news_of("legal", call) == (LegalStop(),)
