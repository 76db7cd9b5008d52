"""Promises to pay: which are taken as given, which a person decides on, and how each one ends.

The business-day calendar comes in as ``grace``: the last day on which money promised for a day still comes in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from domain.case import Promise, PromiseStanding
from domain.diary import write_day
from domain.money import Money, Tolerance

# Whoever agrees to it: a day further away is no promise.
LONGEST_PROMISE_DAYS = 60
# Bank charges and small deductions do not break a promise.
KEPT_PERCENT = 95
_USUAL_TOLERANCE = Tolerance()

Grace = Callable[[date], date]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken without asking: at most so many days ahead, at least such a part of the balance, so many on one invoice."""

    latest_days: int = 14
    least_percent: int = 50
    per_invoice: int = 2


@dataclass(frozen=True, slots=True)
class Allowed:
    kind: Literal["allowed"] = "allowed"


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """The promise is beyond the limits; ``why`` says which, for the person who decides."""

    why: str
    kind: Literal["needs_person"] = "needs_person"


@dataclass(frozen=True, slots=True)
class Impossible:
    """No promise at all, whoever agrees: ``why`` names the field and the remedy."""

    why: str
    kind: Literal["impossible"] = "impossible"


Judgment = Allowed | NeedsPerson | Impossible


@dataclass(frozen=True, slots=True)
class PromiseStands:
    """How a promise stands, what of it is missing, the diary's line (empty while open), and a sentence for the next message."""

    standing: PromiseStanding
    missing: Money
    line: str
    said: str


def judge(amount: Money, day: date, balance: Money, earlier: Sequence[Promise], limits: Limits, today: date) -> Judgment:
    """Whether ``amount`` by ``day`` may be taken as promised on an open ``balance`` (of the same currency).

    Every ``earlier`` promise on the invoice counts, also one replaced by a newer, except those a person released.
    """
    longest = today + timedelta(days=LONGEST_PROMISE_DAYS)
    if amount.currency != balance.currency or not 0 < amount.amount <= balance.amount:
        return Impossible(f"amount: {amount} is not between zero and the open balance of {balance}; leave it out to promise all of it")
    if not today <= day <= longest:
        return Impossible(f"day: {day} must lie between today ({today}) and {longest}")
    latest = today + timedelta(days=limits.latest_days)
    made = sum(promise.standing is not PromiseStanding.RELEASED for promise in earlier)
    reasons = []
    if day > latest:
        reasons.append(f"{write_day(day)} is later than {write_day(latest)}, {limits.latest_days} days from today")
    if amount.amount * 100 < balance.amount * limits.least_percent:
        reasons.append(f"{amount} is less than {limits.least_percent}% of the open {balance}")
    if made >= limits.per_invoice:
        reasons.append(f"{made} promises were made on this invoice already")
    return NeedsPerson("; ".join(reasons)) if reasons else Allowed()


def silent_until(promise: Promise, grace: Grace) -> date:
    """The day on which an open promise stops silencing its invoice."""
    return grace(promise.day) + timedelta(days=1)


def standing_after(promise: Promise, paid_since: Money, today: date, grace: Grace, tolerance: Tolerance = _USUAL_TOLERANCE) -> PromiseStands:
    """How ``promise`` stands on ``today`` when ``paid_since`` it was made has come (negative: the balance rose).

    Kept as soon as all of it but ``tolerance`` has come. When its grace is over, kept from 95 percent on, partly kept from
    anything above zero, else broken. Released when the invoice changed its currency.
    """
    amount, day = promise.amount, write_day(promise.day)
    if paid_since.currency != amount.currency:
        return PromiseStands(PromiseStanding.RELEASED, amount, "promise released: the invoice is in another currency now", "")
    missing = amount - paid_since
    if tolerance.covers(missing):
        return _kept(promise, missing)
    if today < silent_until(promise, grace):
        return PromiseStands(PromiseStanding.OPEN, missing, "", f"We look forward to your payment of {missing} by {day}.")
    if paid_since.amount * 100 >= amount.amount * KEPT_PERCENT:
        return _kept(promise, missing)
    if paid_since.amount > 0:
        said = f"Thank you for {paid_since}; of the {amount} you promised by {day}, {missing} is still missing."
        return PromiseStands(PromiseStanding.PARTLY_KEPT, missing, f"promise partly kept: {amount} was promised by {day}", said)
    said = f"You promised {amount} by {day}, and it has not reached us."
    return PromiseStands(PromiseStanding.BROKEN, amount, f"promise broken: {amount} by {day} did not come", said)


def _kept(promise: Promise, missing: Money) -> PromiseStands:
    day = write_day(promise.day)
    left = Money(max(missing.amount, Decimal(0)), missing.currency)
    return PromiseStands(
        PromiseStanding.KEPT, left, f"promise kept: {promise.amount} by {day}", f"Thank you for keeping your promise of {promise.amount} by {day}."
    )
