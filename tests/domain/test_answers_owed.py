"""When a message that answers is owed, when it may leave, and when it is not true any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.case import Case, Fate, HoldKind
from domain.catching_up import adopt_memory, adopt_sent
from domain.decision import Assessment, Close, Perform, Wait, assess, record_contact
from domain.event import (
    AnswerOwed,
    ChasingStopped,
    DisputeRaised,
    DisputeResolved,
    HoldReleased,
    LegalStop,
    News,
    PaymentReported,
    PromiseMade,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
)
from domain.facts import Facts, InFlight, Refused
from domain.money import Money
from domain.owed import AgreedPart, AnswerKind, OwedStanding
from domain.plan_news import PlanAgreed, PlanEnded
from domain.task import TaskKind
from support.worlds import MONDAY, a_case, facts

LATE = date(2026, 2, 20)
PROMISE = PromiseMade(date(2026, 3, 9), by="Bea")
PART = AgreedPart(date(2026, 3, 9), Money(Decimal("400.00"), "EUR"))


def hear(case: Case, *news: News, **around: object) -> Assessment:
    return assess(case, None, news, replace(facts(), **around), MONDAY)  # type: ignore[arg-type]


def reminded() -> Case:
    """Written to this very morning, so that no reminder may follow for days."""
    case, _ = record_contact(hear(a_case(LATE)).case, "first-reminder", "email", Fate.DELIVERED, "out-1", facts(), MONDAY)
    return case


def test_a_promise_is_answered_before_its_silence_begins_and_by_no_step_of_the_ladder() -> None:
    heard = hear(reminded(), PROMISE)
    assert heard.verdict.rule == "answer"
    assert heard.verdict.decision == Perform("promise-confirmed-1", "email", "confirmation of the promise by email")
    said, line = record_contact(heard.case, "promise-confirmed-1", "email", Fate.DELIVERED, "out-2", facts(), MONDAY)
    assert line.what == "confirmation of the promise sent by e-mail"
    assert [rung.step for rung in said.rungs] == [rung.step for rung in reminded().rungs], "it is no step"
    assert said.silences == heard.case.silences, "saying it gives nobody more time"
    then = hear(said)
    assert then.verdict.rule == "promise"


@pytest.mark.parametrize(
    "unfit", [{"switched_off": "moving house"}, {"fenced": "restored"}, {"missing": True}, {"in_flight": (InFlight("first-reminder", "out-1", MONDAY),)}]
)
def test_it_waits_while_nothing_may_leave_and_leaves_afterwards(unfit: dict[str, object]) -> None:
    heard = hear(reminded(), PROMISE, **unfit)
    assert isinstance(heard.verdict.decision, Wait) and heard.verdict.decision.until <= MONDAY + timedelta(days=1)
    assert isinstance(hear(heard.case).verdict.decision, Perform)


def test_it_does_not_wait_for_the_end_of_a_call_since_whoever_asks_for_the_link_wants_it_now() -> None:
    call = InFlight("friendly-call", "out-9", MONDAY, channel="call", round=1)
    wanted = AnswerOwed(AnswerKind.PAY_LINK, by="Bea")
    assert isinstance(hear(reminded(), wanted, in_flight=(call,)).verdict.decision, Perform)
    assert isinstance(hear(reminded(), wanted, in_flight=(replace(call, doubtful=True),)).verdict.decision, Wait)


def test_an_invoice_that_is_disputed_as_a_whole_is_promised_by_nobody() -> None:
    heard = hear(reminded(), PROMISE, DisputeRaised("never ordered", by="Bea"))
    assert heard.verdict.rule == "disputed"


def test_what_was_owed_when_an_invoice_ended_is_not_said_when_it_is_watched_again() -> None:
    ended = hear(reminded(), PROMISE, ChasingStopped(by="Ann"))
    assert isinstance(ended.verdict.decision, Close)
    assert [one.standing for one in ended.case.answers] == [OwedStanding.DROPPED]
    again = hear(ended.case, Reopened(by="Ann"), AnswerOwed(AnswerKind.PAY_LINK, by="Bea"))
    assert isinstance(act := again.verdict.decision, Perform) and act.step == "pay-link-2", "a number is never used twice"


def test_refused_for_good_or_too_often_it_is_left_to_a_person() -> None:
    case = hear(reminded(), PROMISE).case

    def by(*refused: Refused) -> object:
        return hear(case, refused_answers=refused).verdict.decision

    soon = Refused(MONDAY - timedelta(minutes=5), "busy", try_again=True)
    assert isinstance(waiting := by(soon), Wait) and waiting.until == MONDAY + timedelta(minutes=10)
    assert isinstance(act := by(replace(soon, try_again=False)), Perform) and act.channel == "task"
    assert isinstance(act := by(*[soon] * 4), Perform) and act.channel == "task"


def test_a_copy_asked_for_is_owed_once_however_often_and_a_person_who_has_dealt_with_it_ends_it() -> None:
    heard = hear(reminded(), Replied(by="Bea", copy=True), Replied(by="Bea", copy=True), AnswerOwed(AnswerKind.COPY_SENT, by="Bea"))
    assert [one.step for one in heard.case.answers] == ["copy-sent-1"] and heard.case.holds[0].kind is HoldKind.COPY
    dealt = hear(heard.case, ReplyHandled(by="Ann"))
    assert dealt.case.holds == () and not any(one.is_open for one in dealt.case.answers)


def test_a_plan_and_its_installments_are_spoken_of_only_while_it_stands() -> None:
    owed = AnswerOwed(AnswerKind.INSTALLMENT_REMINDER, (PART,), "INV-1", by="Dunwell")
    assert isinstance(hear(reminded(), PlanAgreed("p", date(2026, 4, 9), by="Ann"), owed).verdict.decision, Perform)
    over = hear(reminded(), PlanAgreed("p", date(2026, 4, 9), by="Ann"), owed, PlanEnded("p", kept=False, by="Ann"))
    assert over.verdict.rule != "answer" and "reminder of the installment not sent: the payment plan has ended" in [one.what for one in over.entries]


SPOKEN = {
    "dispute-confirmed-1": DisputeRaised("two boxes missing", by="Bea", why="on the phone", confirmed_for=("INV-1", "INV-2")),
    "call-back-confirmed-1": Replied("Bea", "on the phone", call_back=True, confirmed_for=("INV-1", "INV-2"), ending="567"),
    "payment-noted-1": PaymentReported("Bea", "on the phone", confirmed_for=("INV-1", "INV-2")),
}


@pytest.mark.parametrize("step", SPOKEN)
def test_what_was_said_on_the_phone_is_confirmed_once_for_all_it_was_about(step: str) -> None:
    heard = hear(reminded(), SPOKEN[step])
    assert isinstance(act := heard.verdict.decision, Perform) and (act.step, act.channel) == (step, "email")
    (owed,) = heard.case.answers
    assert owed.about == "INV-1, INV-2"
    said, _ = record_contact(heard.case, step, "email", Fate.DELIVERED, "out-2", facts(), MONDAY)
    assert len(hear(said, SPOKEN[step]).case.answers) == 1, "said twice on one day, it is confirmed once"
    assert said.silences == heard.case.silences


@pytest.mark.parametrize("news", [replace(word, confirmed_for=()) for word in SPOKEN.values()])
def test_what_the_customer_wrote_needs_no_confirmation(news: News) -> None:
    assert hear(reminded(), news).case.answers == ()


def test_a_call_back_names_the_day_and_the_number_and_a_payment_until_when_we_wait() -> None:
    (call,) = hear(reminded(), SPOKEN["call-back-confirmed-1"]).case.answers
    assert (call.day, call.ending) == (date(2026, 3, 3), "567")
    heard = hear(reminded(), SPOKEN["payment-noted-1"])
    (hold,), (payment,) = heard.case.holds, heard.case.answers
    assert payment.day == facts().today(hold.until)


def test_a_matter_that_is_in_dispute_already_is_confirmed_when_it_is_named_again() -> None:
    known = hear(reminded(), DisputeRaised("never ordered", by="Ann")).case
    again = hear(known, Replied("Bea", "something is wrong", confirmed_for=("INV-1",)))
    assert isinstance(act := again.verdict.decision, Perform) and act.step == "dispute-confirmed-1"


@pytest.mark.parametrize(
    "step, ending, line",
    [
        ("dispute-confirmed-1", DisputeResolved(by="Ann"), "confirmation of the dispute not sent: the dispute is over"),
        ("payment-noted-1", HoldReleased(by="Ann"), "confirmation of the reported payment not sent: its time is over"),
        ("call-back-confirmed-1", ReplyHandled(by="Ann"), ""),
        ("call-back-confirmed-1", Spoken(by="Ann"), ""),
        ("call-back-confirmed-1", LegalStop(by="Ann"), "confirmation of the call back not sent: a legal stop"),
    ],
)
def test_what_is_over_before_it_was_confirmed_is_not_confirmed(step: str, ending: News, line: str) -> None:
    heard = hear(reminded(), SPOKEN[step], ending)
    assert [one.standing for one in heard.case.answers] == [OwedStanding.DROPPED]
    assert not line or line in [one.what for one in heard.entries]


@pytest.mark.parametrize("step", SPOKEN)
def test_money_for_the_invoice_that_speaks_for_others_leaves_their_confirmation_to_a_person(step: str) -> None:
    heard = hear(reminded(), SPOKEN[step], switched_off="moving house").case
    paid = replace(heard.invoice, balance=Money(Decimal(0), "EUR"))
    over = assess(heard, paid, (), facts(), MONDAY + timedelta(hours=1))
    assert [one.standing for one in over.case.answers if one.step == step] == [OwedStanding.DROPPED]
    (task,) = [one for one in over.tasks if one.key.startswith("answer/")]
    assert "for invoice INV-2" in task.remedy and "INV-1" not in task.remedy
    alone = hear(reminded(), replace(SPOKEN[step], confirmed_for=("INV-1",)), switched_off="moving house").case
    assert not [one for one in assess(alone, paid, (), facts(), MONDAY + timedelta(hours=1)).tasks if one.key.startswith("answer/")]


def test_a_dispute_that_ends_before_it_was_confirmed_leaves_those_of_the_other_invoices_to_a_person() -> None:
    over = hear(reminded(), SPOKEN["dispute-confirmed-1"], DisputeResolved(by="Ann"))
    assert [one.remedy for one in over.tasks if one.key.startswith("answer/")] == ["Write to customer C-1 today, for invoice INV-2"]
    legal = hear(reminded(), SPOKEN["dispute-confirmed-1"], LegalStop(by="Ann"), DisputeResolved(by="Ann"))
    assert not [one for one in legal.tasks if one.key.startswith("answer/")]


def test_a_call_back_whose_day_has_gone_is_not_announced() -> None:
    case = hear(reminded(), SPOKEN["call-back-confirmed-1"], switched_off="moving house").case
    later = assess(case, None, (), facts(), MONDAY + timedelta(days=2))
    assert "confirmation of the call back not sent: its day has gone" in [one.what for one in later.entries]


def test_by_a_playbook_without_words_for_it_a_person_writes() -> None:
    old = replace(facts().playbook, says=("promise-confirmed.email",))
    heard = hear(reminded(), SPOKEN["dispute-confirmed-1"], playbook=old)
    assert heard.case.answers == ()
    assert any(task.kind is TaskKind.CALL and "confirmation of the dispute" in task.title and "INV-1, INV-2" in task.remedy for task in heard.tasks)


@pytest.mark.parametrize(
    "news, why",
    [
        (AnswerOwed(AnswerKind.CALL_BACK_CONFIRMED, by="Ann"), "confirmed by itself"),
        (AnswerOwed(AnswerKind.PROMISE_CONFIRMED, by="Ann"), "a promise is confirmed by itself"),
        (AnswerOwed(AnswerKind.PLAN_CONFIRMED, by="Ann"), "parts: name the installments"),
        (AnswerOwed(AnswerKind.PLAN_CONFIRMED, (replace(PART, amount=Money(Decimal(1), "USD")),), by="Ann"), "parts: the invoice is in EUR"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_reason(news: AnswerOwed, why: str) -> None:
    (reply,) = hear(reminded(), news).replies
    assert not reply.taken and why in reply.said


def test_a_database_put_back_learns_what_was_answered_and_answers_nothing_twice() -> None:
    world: Facts = facts()
    before = reminded()
    remembered, _ = record_contact(hear(before, PROMISE).case, "promise-confirmed-1", "email", Fate.DELIVERED, "out-2", world, MONDAY)
    learned, _ = adopt_memory(before, remembered, world, MONDAY)
    assert hear(learned).verdict.rule == "promise"
    sent = replace(remembered.rungs[-1], step="promise-confirmed-1", outreach="out-2", fate=Fate.ACCEPTED)
    from_the_log, lines = adopt_sent(before, sent, 1, world, MONDAY)
    assert lines and [rung.step for rung in from_the_log.rungs] == [rung.step for rung in before.rungs]
    assert hear(from_the_log, PROMISE).verdict.decision == Perform("promise-confirmed-2", "email", "confirmation of the promise by email")
    later = replace(hear(before, PROMISE).case, seq=1)
    later = later.with_answer(replace(later.answers[0], since=MONDAY + timedelta(hours=1)))
    merged, _ = adopt_memory(later, remembered, world, MONDAY)
    assert [one.step for one in merged.answers] == ["promise-confirmed-1", "promise-confirmed-2"]
