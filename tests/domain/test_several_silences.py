"""What two words said about one invoice do to each other: none keeps another from counting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from domain.case import Case, Fate, HoldKind, Outcome, PromiseStanding, Rung
from domain.decision import Assessment, Close, Wait, assess
from domain.event import DiscountGranted, DisputeRaised, HoldPlaced, LegalStop, News, PaymentReported, PromiseMade, Replied
from domain.ladder import next_due
from domain.money import Money
from domain.plan_news import PlanAgreed
from domain.quiet import QuietPeriod
from domain.task import TaskKind
from support.worlds import MONDAY, a_case, euros, facts

DUE = date(2026, 2, 26)
WORLD = replace(facts(), deputy="Dora", owner="Ann")


def hear(*news: News, case: Case | None = None, days: int = 0) -> Assessment:
    case = case or a_case(DUE)
    return assess(case, case.invoice, news, WORLD, MONDAY + timedelta(days=days))


def test_an_answer_goes_to_the_deputy_on_its_day_though_a_longer_hold_keeps_the_invoice_silent() -> None:
    heard = hear(HoldPlaced(date(2026, 4, 10), by="Ann"), Replied(by="customer"))
    assert isinstance(heard.verdict.decision, Wait) and heard.verdict.rule == "hold"
    handed = assess(heard.case, heard.case.invoice, (), WORLD, heard.verdict.decision.until)
    assert [(task.owner, task.kind) for task in handed.tasks] == [("Dora", TaskKind.READ_REPLY)]
    assert handed.verdict.rule == "hold"


def test_a_reported_payment_is_missed_on_its_day_though_a_longer_hold_keeps_the_invoice_silent() -> None:
    heard = hear(HoldPlaced(date(2026, 4, 10), by="Ann"), PaymentReported(by="customer"))
    assert isinstance(heard.verdict.decision, Wait)
    missed = assess(heard.case, heard.case.invoice, (), WORLD, heard.verdict.decision.until)
    assert [task.key for task in missed.tasks] == [f"remittance/{heard.case.id}"]


def test_a_promise_is_broken_on_its_day_though_a_longer_hold_keeps_the_invoice_silent() -> None:
    case = replace(hear(PromiseMade(date(2026, 3, 6), by="customer"), HoldPlaced(date(2026, 4, 10), by="Ann")).case, answers=())  # it is confirmed
    heard = hear(case=case)
    assert isinstance(heard.verdict.decision, Wait) and heard.verdict.rule == "hold"
    broken = assess(heard.case, heard.case.invoice, (), WORLD, heard.verdict.decision.until)
    assert [made.standing for made in broken.case.promises] == [PromiseStanding.BROKEN] and broken.verdict.rule == "hold"


def test_an_invoice_in_dispute_as_a_whole_stays_silent_whatever_its_balance_becomes() -> None:
    part_paid = a_case(DUE)
    part_paid = replace(part_paid, invoice=replace(part_paid.invoice, balance=euros("1000")))
    disputed = hear(DisputeRaised(by="customer"), case=part_paid).case
    bounced = assess(disputed, replace(disputed.invoice, balance=disputed.invoice.total), (), WORLD, MONDAY + timedelta(days=1))
    assert (bounced.verdict.rule, bounced.case.chased) == ("disputed", euros("0"))


def test_a_dispute_about_a_part_leaves_nothing_to_ask_for_once_the_invoice_is_in_another_currency() -> None:
    disputed = hear(DisputeRaised(amount=Decimal(200), by="customer"), case=a_case(DUE)).case
    assert disputed.chased.amount == disputed.invoice.balance.amount - 200
    dollars = replace(disputed.invoice, balance=Money(Decimal(1300), "USD"), total=Money(Decimal(1300), "USD"))
    assert assess(disputed, dollars, (), WORLD, MONDAY + timedelta(days=1)).verdict.rule == "disputed"


def test_a_legal_stop_is_named_before_a_dispute() -> None:
    assert hear(DisputeRaised(by="customer"), LegalStop("insolvency", by="Ann")).verdict.rule == "legal"


def test_a_payment_that_bounces_leaves_a_legal_stop_where_it_was() -> None:
    stopped = hear(LegalStop("insolvency", by="Ann"), HoldPlaced(date(2026, 4, 10), by="Ann")).case
    paid = assess(stopped, replace(stopped.invoice, balance=euros("0")), (), WORLD, MONDAY).case
    assert paid.ended is Outcome.SETTLED
    bounced = assess(paid, stopped.invoice, (), WORLD, MONDAY + timedelta(days=9))
    assert (bounced.case.round, bounced.verdict.rule) == (2, "legal")
    assert [hold.kind for hold in bounced.case.holds] == [HoldKind.LEGAL]


def test_a_payment_plan_takes_the_place_of_what_was_promised_before() -> None:
    promised = hear(PromiseMade(date(2026, 3, 9), by="customer")).case
    agreed = hear(PlanAgreed("plan_1", date(2026, 5, 4), by="Ann"), case=promised).case
    assert [one.standing for one in agreed.promises] == [PromiseStanding.REPLACED]


def test_a_discount_that_is_no_whole_cent_is_rounded_to_one() -> None:
    odd = a_case(DUE, balance="1234.56")
    granted = hear(DiscountGranted(Decimal("2.5"), date(2026, 3, 10), by="Ann"), case=odd)
    assert granted.replies[0].taken
    paid = replace(odd.invoice, balance=euros("30.86"), paid_on=date(2026, 3, 2))
    ended = assess(granted.case, paid, (), WORLD, MONDAY)
    assert ended.verdict.decision == Close(Outcome.SETTLED, "paid in time less 2.5% discount")


def test_days_on_which_the_clock_stands_still_are_no_days_of_a_notice_period() -> None:
    steps = [step.name for step in WORLD.playbook.steps if not step.severe]
    heard = tuple(Rung(step, Fate.DELIVERED, MONDAY, "email") for step in steps)
    late = replace(a_case(date(2026, 1, 2)), entered=True, rungs=heard)
    still = QuietPeriod(date(2026, 3, 4), date(2026, 3, 13), "moving house", stops_clock=True)
    without, within = (next_due(late, replace(WORLD, quiet=quiet), MONDAY).moment for quiet in ((), (still,)))
    assert within.date() - without.date() >= timedelta(days=10)
