"""Installments: a total split exactly, laid out over days, and what payments make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from itertools import pairwise

from domain.money import Money, Tolerance, UnableToReckon, minor_units
from domain.money import total as add_up

MOST_INSTALLMENTS = 36
LONGEST_INTERVAL_DAYS = 366
# An installment still missing so many days after it was missed ends the plan, and so does the second miss.
LONGEST_MISS_DAYS = 10
MISSES_TO_DEFAULT = 2
TOO_LONG = timedelta(days=1 + LONGEST_MISS_DAYS)
NEVER = date.max

Grace = Callable[[date], date]
"""The last day on which money due on that day still comes in time (three business days later, in the seller's calendar)."""


class UnableToPlan(ValueError):
    """Terms that make no plan: the message names the field and the remedy."""


class InstallmentStanding(StrEnum):
    OPEN = "open"
    PAID = "paid"
    MISSED = "missed"  # not paid in full within its grace


@dataclass(frozen=True, slots=True)
class Installment:
    due: date
    amount: Money
    standing: InstallmentStanding = InstallmentStanding.OPEN


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that counts toward a plan; negative when a payment was taken back."""

    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Funded:
    """Since when an installment is paid for good, and the days on which a payment for it was taken back."""

    on: date
    lost: tuple[date, ...]


def split(total: Money, count: int, unit: Decimal | None = None) -> tuple[Money, ...]:
    """``total`` in ``count`` positive parts of whole ``unit`` (default: the currency's minor unit) that add up exactly.

    Larger parts come first; what is finer than ``unit`` goes into the last. Raises UnableToPlan when there is no such split.
    """
    minor = Decimal(1).scaleb(-minor_units(total.currency))
    unit = minor if unit is None else unit
    if not 1 <= count <= MOST_INSTALLMENTS:
        raise UnableToPlan(f"count: {count} installments; give from 1 to {MOST_INSTALLMENTS}")
    if not unit.is_finite() or unit <= 0 or (unit <= total.amount and unit % minor):
        raise UnableToPlan(f"unit: {unit} is no multiple of {minor} {total.currency}")
    units = int((total.amount / unit).to_integral_value(ROUND_FLOOR))
    if units < count:
        raise UnableToPlan(f"count: {total} does not give {count} installments of at least {unit} {total.currency}; ask for fewer")
    each, odd = divmod(units, count)
    parts = [(each + (1 if n < odd else 0)) * unit for n in range(count)]
    parts[-1] += total.amount - units * unit
    return tuple(Money(part, total.currency) for part in parts)


def usual_unit(total: Money, count: int) -> Decimal | None:
    """Whole units where an installment comes to a hundred of them or more, for people remember round sums; else None, the minor unit."""
    return Decimal(1) if count > 0 and total.amount >= 100 * count else None


def lay_out(total: Money, count: int, first: date, every_days: int = 30, unit: Decimal | None = None) -> tuple[Installment, ...]:
    """``count`` installments of ``total``, the first due on ``first`` and one every ``every_days`` days. Raises UnableToPlan."""
    if not 1 <= every_days <= LONGEST_INTERVAL_DAYS:
        raise UnableToPlan(f"every_days: {every_days}; installments are from 1 to {LONGEST_INTERVAL_DAYS} days apart")
    return tuple(Installment(first + timedelta(days=n * every_days), amount) for n, amount in enumerate(split(total, count, unit)))


def check_terms(installments: tuple[Installment, ...], owed: Money) -> None:
    """Raises UnableToPlan unless ``installments`` are positive, add up to ``owed``, and fall due one after the other."""
    if not installments:
        raise UnableToPlan("installments: there is none; give at least one")
    if any(installment.amount.amount <= 0 for installment in installments):
        raise UnableToPlan("installments: every amount is above zero")
    planned = sum_of((installment.amount for installment in installments), "installments")
    if planned != owed:
        raise UnableToPlan(f"installments: they add up to {planned}, and {owed} is covered; make both the same")
    if any(after.due <= before.due for before, after in pairwise(installments)):
        raise UnableToPlan("installments: each falls due after the one before it")


def sum_of(amounts: Iterable[Money], where: str) -> Money:
    """The sum of one or more amounts; raises UnableToPlan, naming ``where``, when they cannot be added."""
    try:
        return add_up(tuple(amounts))
    except UnableToReckon as error:
        raise UnableToPlan(f"{where}: {error}") from error


def fund(installments: tuple[Installment, ...], payments: tuple[Payment, ...], today: date, tolerance: Tolerance) -> tuple[Funded, ...]:
    """How each installment was paid for by the payments up to ``today``, poured into the oldest first."""
    funds = []
    needed = nothing = Money(Decimal(0), installments[0].amount.currency)
    for part in installments:
        needed += part.amount
        received, paid, on, lost = nothing, False, NEVER, []
        for payment in payments:
            if payment.day > today:
                break
            received += payment.amount
            missing = needed - received
            was_paid, paid = paid, missing < part.amount and tolerance.covers(missing)
            if paid and not was_paid:
                on = payment.day
            elif was_paid and not paid:
                on = NEVER
                lost.append(payment.day)
        funds.append(Funded(on, tuple(lost)))
    return tuple(funds)


def last_days(installments: tuple[Installment, ...], funds: tuple[Funded, ...], grace: Grace) -> tuple[date, ...]:
    """For each installment the last day on which it still comes in time: a payment taken back is waited for anew."""
    return tuple(grace(max((part.due, *funded.lost))) for part, funded in zip(installments, funds, strict=True))


def find_default(installments: tuple[Installment, ...], funds: tuple[Funded, ...], deadlines: tuple[date, ...], today: date) -> date | None:
    """The day, up to ``today``, of the second miss, or on which one installment had been missing for too long.

    A payment taken back after its installment fell due is a miss of its own, or it could be taken back for ever.
    """
    taken_back: set[date] = set()
    missed, too_long = [], []
    for part, funded, last_day in zip(installments, funds, deadlines, strict=True):
        taken_back |= {day for day in funded.lost if day >= part.due}
        if last_day < min(funded.on, today):
            missed.append(last_day + timedelta(days=1))
        if last_day + TOO_LONG <= min(funded.on, today):
            too_long.append(last_day + TOO_LONG)
    return min([*sorted([*taken_back, *missed])[MISSES_TO_DEFAULT - 1 :], *too_long], default=None)


def stand(funded: Funded, last_day: date, today: date) -> InstallmentStanding:
    if funded.on <= today:
        return InstallmentStanding.PAID
    return InstallmentStanding.OPEN if today <= last_day else InstallmentStanding.MISSED
