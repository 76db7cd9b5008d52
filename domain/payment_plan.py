"""A payment plan: what is owed on one or more invoices, split into installments on agreed days.

How a plan stands is recomputed from its terms, the payments and the day: payments that arrive late or in another order
end in the same plan. The day, and how long a late payment is waited for, are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal, assert_never

from domain.diary import write_day
from domain.installment import (
    NEVER,
    TOO_LONG,
    Grace,
    Installment,
    InstallmentStanding,
    Payment,
    UnableToPlan,
    check_terms,
    find_default,
    fund,
    last_days,
    lay_out,
    stand,
    sum_of,
    usual_unit,
)
from domain.money import Money, Tolerance, UnableToReckon, total

REMINDER_DAYS_BEFORE = 3
ANSWER_WITHIN_DAYS = 7
# What is proposed unasked: so many installments, the first in so many days.
PROPOSED_INSTALLMENTS = 3
PROPOSED_FIRST_DAYS = 14
# Two words back and forth; after that a person talks with the customer.
MOST_COUNTERS = 2


class PlanState(StrEnum):
    """OFFERED and COUNTERED wait for an answer, ACCEPTED for money; the others are ends."""

    OFFERED = "offered"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    KEPT = "kept"
    DEFAULTED = "defaulted"
    DECLINED = "declined"
    EXPIRED = "expired"


_ENDS = frozenset({PlanState.KEPT, PlanState.DEFAULTED, PlanState.DECLINED, PlanState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Covered:
    """An invoice (our id) and how much of it the plan covers."""

    invoice: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """The first installment within so many days of the offer, or of the counter-offer; the last within so many of the first offer.

    ``tolerance`` is what may be missing of an installment that counts as paid (bank charges).
    """

    first_within: int = 14
    last_within: int = 90
    tolerance: Tolerance = Tolerance()


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """One plan. ``by`` spoke last and ``reason`` is why; ``answer_by`` is the last day on which it may be accepted.

    Raises UnableToPlan unless the installments add up to what is covered, are positive, and fall due one after the other.
    """

    id: str
    covers: tuple[Covered, ...]
    installments: tuple[Installment, ...]
    offered_on: date
    answer_by: date
    by: str = ""
    reason: str = ""
    state: PlanState = PlanState.OFFERED
    counters: int = 0
    payments: tuple[Payment, ...] = ()

    def __post_init__(self) -> None:
        if not self.covers or len({covered.invoice for covered in self.covers}) < len(self.covers):
            raise UnableToPlan("covers: name each invoice of the plan once, and at least one")
        check_terms(self.installments, self.total)

    @property
    def total(self) -> Money:
        return sum_of((covered.amount for covered in self.covers), "covers")

    @property
    def received(self) -> Money:
        return total((_nothing(self), *(payment.amount for payment in self.payments)))

    @property
    def has_ended(self) -> bool:
        return self.state in _ENDS


@dataclass(frozen=True, slots=True)
class Countered:
    """Other installments are proposed for the same total."""

    installments: tuple[Installment, ...]
    by: str = ""
    why: str = ""
    kind: Literal["countered"] = "countered"


@dataclass(frozen=True, slots=True)
class Accepted:
    by: str = ""
    why: str = ""
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class Declined:
    """No to an offer; said of an agreed plan, a person calls it off."""

    by: str = ""
    why: str = ""
    kind: Literal["declined"] = "declined"


@dataclass(frozen=True, slots=True)
class InstallmentPaid:
    """Money came on ``day`` (negative: was taken back). It pays the oldest installment first and is carried on."""

    amount: Money
    day: date
    by: str = ""
    why: str = ""
    kind: Literal["installment_paid"] = "installment_paid"


@dataclass(frozen=True, slots=True)
class TimePassed:
    by: str = ""
    why: str = ""
    kind: Literal["time_passed"] = "time_passed"


PlanNews = Countered | Accepted | Declined | InstallmentPaid | TimePassed


@dataclass(frozen=True, slots=True)
class FoldedPlan:
    """The plan after the news, whether the news was taken, and a sentence that says what follows."""

    plan: PaymentPlan
    taken: bool
    said: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a ledger's payments mean for a plan.

    ``to_installments`` is what each installment has got, oldest first. ``unheard`` is the money the plan has not been told
    of yet (negative: taken back). ``beyond`` was paid on its invoices above what the plan covers.
    """

    to_installments: tuple[Money, ...]
    unheard: Money
    beyond: Money


def offer(
    plan_id: str,
    covers: tuple[Covered, ...],
    installments: tuple[Installment, ...],
    today: date,
    by: str = "",
    reason: str = "",
    limits: PlanLimits = PlanLimits(),
) -> PaymentPlan:
    """A plan offered today. Raises UnableToPlan when it does not add up or lies outside ``limits``."""
    plan = PaymentPlan(plan_id, covers, _fresh(installments), today, _answer_by(installments, today), by, reason)
    _check_days(plan.installments, today, today, limits)
    return plan


def propose(owed: Money, today: date) -> tuple[Installment, ...]:
    """What a playbook's offer names: three installments, the first in two weeks and one every 30 days; none when it is too little to split."""
    try:
        count = PROPOSED_INSTALLMENTS
        return lay_out(owed, count, today + timedelta(days=PROPOSED_FIRST_DAYS), unit=usual_unit(owed, count))
    except UnableToPlan:
        return ()


def fold(plan: PaymentPlan, news: PlanNews, today: date, grace: Grace, limits: PlanLimits = PlanLimits()) -> FoldedPlan:
    """``plan`` after time has passed to ``today`` and ``news`` was heard. Total: whatever is said gives a plan and an answer."""
    if isinstance(news, InstallmentPaid):
        return _pay(plan, news, today, grace, limits.tolerance)
    plan = _pass_time(plan, today, grace, limits.tolerance)
    if isinstance(news, TimePassed):
        return FoldedPlan(plan, True, _describe(plan))
    if plan.has_ended:
        return FoldedPlan(plan, False, f"this plan has ended: {_describe(plan)}")
    match news:
        case Countered():
            return _counter(plan, news, today, limits)
        case Accepted():
            return _accept(plan, news, today, grace, limits.tolerance)
        case Declined():
            ended = replace(plan, state=PlanState.DECLINED, by=news.by or plan.by, reason=news.why or plan.reason)
            return FoldedPlan(
                ended, True, f"the plan is {'declined' if plan.state is not PlanState.ACCEPTED else 'called off'}; its invoices are reminded again"
            )
        case other:
            assert_never(other)


def next_look(plan: PaymentPlan, today: date, grace: Grace, limits: PlanLimits = PlanLimits()) -> date | None:
    """The first day after ``today`` on which time alone changes the plan or a reminder is due; None once it has ended."""
    if plan.has_ended:
        return None
    if plan.state is not PlanState.ACCEPTED:
        return max(plan.answer_by, today) + timedelta(days=1)
    days = []
    for installment, last_day in zip(
        plan.installments, last_days(plan.installments, fund(plan.installments, plan.payments, today, limits.tolerance), grace), strict=True
    ):
        if installment.standing is not InstallmentStanding.PAID:
            days += [installment.due - timedelta(days=REMINDER_DAYS_BEFORE), last_day + timedelta(days=1), last_day + TOO_LONG]
    return min((day for day in days if day > today), default=today + timedelta(days=1))


def stands_until(plan: PaymentPlan, today: date, grace: Grace, limits: PlanLimits = PlanLimits()) -> date:
    """The last day on which a plan that has not ended may still stand, or an offer be accepted, if nothing more is heard."""
    if plan.state is not PlanState.ACCEPTED:
        return plan.answer_by
    return max(last_days(plan.installments, fund(plan.installments, plan.payments, today, limits.tolerance), grace)) + TOO_LONG


def reminders(plan: PaymentPlan, today: date) -> tuple[Installment, ...]:
    """The open installments of an agreed plan that are due within three days; whoever sends remembers which it has reminded of."""
    if plan.state is not PlanState.ACCEPTED:
        return ()
    return tuple(
        installment
        for installment in plan.installments
        if installment.standing is InstallmentStanding.OPEN and installment.due - timedelta(days=REMINDER_DAYS_BEFORE) <= today <= installment.due
    )


def allocate(plan: PaymentPlan, paid_by_invoice: Mapping[str, Money]) -> Allocation:
    """What the ledger's payments since the plan was offered, by invoice, mean for it.

    Invoices the plan does not cover do not count, nor does what was paid on one above its covered amount: no invoice pays
    for another. Raises UnableToPlan when an amount is of another currency.
    """
    counted = beyond = _nothing(plan)
    for covered in plan.covers:
        if (paid := paid_by_invoice.get(covered.invoice)) is None:
            continue
        if paid.currency != covered.amount.currency:
            raise UnableToPlan(f"paid_by_invoice: invoice {covered.invoice} was paid in {paid.currency}; the plan is in {covered.amount.currency}")
        counts = min(paid, covered.amount, key=lambda money: money.amount)
        counted, beyond = counted + counts, beyond + (paid - counts)
    return Allocation(_pour(plan, counted), counted - plan.received, beyond)


def _counter(plan: PaymentPlan, news: Countered, today: date, limits: PlanLimits) -> FoldedPlan:
    if plan.state is PlanState.ACCEPTED:
        return FoldedPlan(plan, False, "the plan is agreed; call it off before other installments are proposed")
    if plan.counters >= MOST_COUNTERS:
        return FoldedPlan(plan, False, "other installments were proposed twice already; a person has to speak with the customer")
    try:
        check_terms(news.installments, plan.total)
        _check_days(news.installments, today, plan.offered_on, limits)
    except UnableToPlan as error:
        return FoldedPlan(plan, False, str(error))
    countered = replace(
        plan,
        state=PlanState.COUNTERED,
        installments=_fresh(news.installments),
        answer_by=_answer_by(news.installments, today),
        counters=plan.counters + 1,
        by=news.by or plan.by,
        reason=news.why or plan.reason,
    )
    return FoldedPlan(countered, True, _describe(countered))


def _accept(plan: PaymentPlan, news: Accepted, today: date, grace: Grace, tolerance: Tolerance) -> FoldedPlan:
    if plan.state is not PlanState.ACCEPTED:
        plan = replace(plan, state=PlanState.ACCEPTED, by=news.by or plan.by, reason=news.why or plan.reason)
        plan = _pass_time(plan, today, grace, tolerance)
    return FoldedPlan(plan, True, _describe(plan))


def _pay(plan: PaymentPlan, news: InstallmentPaid, today: date, grace: Grace, tolerance: Tolerance) -> FoldedPlan:
    """Money is heard before time passes: it counts from its own day, however late the books told of it."""
    now = _pass_time(plan, today, grace, tolerance)
    if news.amount.currency != plan.total.currency:
        return FoldedPlan(now, False, f"amount: {news.amount} is not in the plan's currency, {plan.total.currency}")
    if news.day > today:
        return FoldedPlan(now, False, f"day: {news.day} lies in the future")
    if _pass_time(plan, news.day, grace, tolerance).has_ended:
        return FoldedPlan(now, False, f"this plan has ended: {_describe(now)}")
    try:
        received = plan.received + news.amount
    except UnableToReckon as error:
        return FoldedPlan(now, False, f"amount: {error}")
    if received.amount < 0:
        return FoldedPlan(now, False, f"amount: more would be taken back than the {plan.received} received")
    plan = replace(plan, payments=tuple(sorted((*plan.payments, Payment(news.day, news.amount)), key=lambda payment: payment.day)))
    plan = _pass_time(plan, today, grace, tolerance)
    over = received - plan.total
    return FoldedPlan(plan, True, _describe(plan) if over.amount <= 0 else f"{_describe(plan)}; {over} more than planned has come")


def _pass_time(plan: PaymentPlan, today: date, grace: Grace, tolerance: Tolerance) -> PaymentPlan:
    """``plan`` as it stands on ``today``, from its terms and payments; an end stays an end."""
    if plan.has_ended:
        return plan
    funds = fund(plan.installments, plan.payments, today, tolerance)
    all_paid_on = max(funded.on for funded in funds) if all(funded.on < NEVER for funded in funds) else NEVER
    if plan.state is not PlanState.ACCEPTED:
        if all_paid_on <= plan.answer_by:
            return replace(plan, state=PlanState.KEPT, installments=tuple(replace(part, standing=InstallmentStanding.PAID) for part in plan.installments))
        return replace(plan, state=PlanState.EXPIRED) if today > plan.answer_by else plan
    deadlines = last_days(plan.installments, funds, grace)
    ended_on = find_default(plan.installments, funds, deadlines, today)
    day = ended_on or today
    standings = [stand(funded, last_day, day) for funded, last_day in zip(funds, deadlines, strict=True)]
    state = PlanState.DEFAULTED if ended_on else PlanState.KEPT if all_paid_on <= today else PlanState.ACCEPTED
    return replace(plan, state=state, installments=tuple(replace(part, standing=to) for part, to in zip(plan.installments, standings, strict=True)))


def _pour(plan: PaymentPlan, received: Money) -> tuple[Money, ...]:
    """``received`` poured into the installments, the oldest first."""
    left, parts = max(received.amount, Decimal(0)), []
    for installment in plan.installments:
        part = min(left, installment.amount.amount)
        left -= part
        parts.append(Money(part, received.currency))
    return tuple(parts)


def _check_days(installments: tuple[Installment, ...], today: date, offered_on: date, limits: PlanLimits) -> None:
    first, last = installments[0].due, installments[-1].due
    if not today <= first <= today + timedelta(days=limits.first_within):
        raise UnableToPlan(f"installments: the first, on {first}, must fall due between {today} and {today + timedelta(days=limits.first_within)}")
    if last > offered_on + timedelta(days=limits.last_within):
        raise UnableToPlan(f"installments: the last, on {last}, must fall due by {offered_on + timedelta(days=limits.last_within)}")


def _answer_by(installments: tuple[Installment, ...], today: date) -> date:
    return min([today + timedelta(days=ANSWER_WITHIN_DAYS), *(installment.due for installment in installments)])


def _fresh(installments: tuple[Installment, ...]) -> tuple[Installment, ...]:
    return tuple(replace(installment, standing=InstallmentStanding.OPEN) for installment in installments)


def _nothing(plan: PaymentPlan) -> Money:
    return Money(Decimal(0), plan.covers[0].amount.currency)


def _describe(plan: PaymentPlan) -> str:
    match plan.state:
        case PlanState.OFFERED | PlanState.COUNTERED:
            return f"{len(plan.installments)} installments of together {plan.total} {plan.state}; an answer is awaited until {write_day(plan.answer_by)}"
        case PlanState.ACCEPTED:
            due = next(part for part in plan.installments if part.standing is not InstallmentStanding.PAID)
            late = "missed, was due" if due.standing is InstallmentStanding.MISSED else "due"
            return f"plan agreed; {plan.received} of {plan.total} received; {due.amount} {late} {write_day(due.due)}"
        case PlanState.KEPT:
            return f"plan kept: {plan.total} paid"
        case PlanState.DEFAULTED:
            return f"plan not kept: {plan.received} of {plan.total} received"
        case PlanState.DECLINED:
            return "plan declined"
        case PlanState.EXPIRED:
            return f"plan expired: no answer by {write_day(plan.answer_by)}"
        case other:
            assert_never(other)
