"""Statutory interest on late payment between businesses: what the law adds to an invoice, reckoned day by day.

Interest is simple. It runs from the day after the last day to pay up to and with the day it is asked for; money that came in bears none
from the day it came. A day bears the yearly rate over the days of its own calendar year (365 or 366), and what is left of a cent
after the last day is let go, so that no sum named is ever more than is owed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from domain.installment import Payment
from domain.invoice import BookingKind, Invoice
from domain.money import Money, minor_unit, total

_DAY = timedelta(days=1)


class InterestLaw(StrEnum):
    """Whose law gives the interest: that of the contract, as a rule the seller's."""

    EU = "eu"
    DE = "de"
    UK = "uk"


@dataclass(frozen=True, slots=True)
class Statute:
    """What one law gives. ``points`` are percentage points above its reference rate, ``sums`` the fixed sum for each invoice by what is
    open of it: from (an amount), the sum.

    ``changes``: the rate changes with the half-year; else the rate of the half-year in which interest begins stays to the end.
    """

    currency: str
    points: Decimal
    sums: tuple[tuple[Decimal, Decimal], ...]
    changes: bool
    reference: str
    source: str

    def fixed_sum(self, principal: Decimal) -> Decimal:
        return max(amount for least, amount in self.sums if principal >= least)


_FORTY_EUROS = ((Decimal(0), Decimal(40)),)
STATUTES = {
    InterestLaw.EU: Statute(
        "EUR",
        Decimal(8),
        _FORTY_EUROS,
        changes=True,
        reference="the European Central Bank's rate for main refinancing operations on the first day of the half-year",
        source="Directive 2011/7/EU, Articles 2(6), 2(7), 3 and 6",
    ),
    InterestLaw.DE: Statute(
        "EUR",
        Decimal(9),
        _FORTY_EUROS,
        changes=True,
        reference="the base rate (Basiszinssatz) that the Deutsche Bundesbank announces for the half-year",
        source="Sections 247, 288(2) and 288(5) BGB",
    ),
    InterestLaw.UK: Statute(
        "GBP",
        Decimal(8),
        ((Decimal(0), Decimal(40)), (Decimal(1000), Decimal(70)), (Decimal(10_000), Decimal(100))),
        changes=False,
        reference="the Bank of England's base rate on the last day before the half-year",
        source="Late Payment of Commercial Debts (Interest) Act 1998, sections 1, 5A and 6; SI 2002/1675",
    ),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A reference rate in percent, for the half-year that begins on ``since`` (1 January or 1 July). It may be negative."""

    law: InterestLaw
    since: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Debt:
    """What was open of one invoice on ``due``, the last day on which it could be paid in time, and what was paid on it later."""

    principal: Money
    due: date
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class Interest:
    """What a law adds to ``principal``, up to and with the day ``until``: ``accrued`` interest, and ``fixed`` sums."""

    law: InterestLaw
    until: date
    principal: Money
    accrued: Money
    fixed: Money

    @property
    def total(self) -> Money:
        return total((self.principal, self.accrued, self.fixed))


def debt_on(invoice: Invoice, asked: Money, last_day: date, until: date) -> Debt:
    """What is ``asked`` for of ``invoice`` as a debt since ``last_day``, on which it could last be paid in time.

    Where the ledger's payments add up, the debt was higher until the day of each that came later. A credit note lowers it from the
    beginning: nobody owed that part. Where payments are not told, or do not add up, or one was returned and so never made, what is asked for
    now counts alone.
    """
    paid = [one for one in invoice.account if one.kind is BookingKind.PAYMENT]
    returned = any(one.amount.amount < 0 for one in paid)
    came = tuple(Payment(one.day, one.amount) for one in paid if not returned and last_day < one.day <= until)
    return Debt(total((asked, *(payment.amount for payment in came))), last_day, came)


class UnableToAccrue(LookupError):
    """A reference rate is not known. ``law`` and ``since`` tell which; the message says what to add."""

    def __init__(self, law: InterestLaw, since: date) -> None:
        super().__init__(f"{law} has no rate for the half-year from {since.isoformat()}; add {STATUTES[law].reference} to interest-rates.csv")
        self.law = law
        self.since = since


def reckon(law: InterestLaw, debts: tuple[Debt, ...], until: date, rates: tuple[Rate, ...]) -> Interest | None:
    """What ``law`` adds to ``debts`` up to and with ``until``, each debt rounded by itself; of two rates for one half-year the first counts.

    None: the law adds nothing, since nothing is late, or an amount is in another currency than its own. Raises UnableToAccrue.
    """
    statute = STATUTES[law]
    if not debts or any(debt.principal.currency != statute.currency for debt in debts):
        return None
    late = [debt for debt in debts if debt.due < until and debt.principal.amount > 0]
    accrued = sum((_accrue(law, debt, until, rates) for debt in late), Decimal(0))
    if accrued <= 0:
        return None
    open_now = sum((_open_on(debt, until) for debt in debts), Decimal(0))
    fixed = sum((statute.fixed_sum(debt.principal.amount) for debt in late), Decimal(0))
    principal, interest, sums = (Money(amount, statute.currency) for amount in (open_now, accrued, fixed))
    return Interest(law, until, principal, interest, sums)


def find_missing(law: InterestLaw, due: date, until: date, rates: tuple[Rate, ...]) -> tuple[date, ...]:
    """The half-years, by their first day, whose rate is needed for an invoice due on ``due`` and asked for on ``until``, and not known."""
    known = {rate.since for rate in rates if rate.law is law}
    needed = tuple(_half_years(due, until)) if STATUTES[law].changes else (half_year_of(due + _DAY),)
    return tuple(since for since in needed if due < until and since not in known)


def half_year_of(day: date) -> date:
    """The first day of the half-year in which ``day`` lies."""
    return date(day.year, 1 if day.month < 7 else 7, 1)


def _half_years(due: date, until: date) -> Iterator[date]:
    since = half_year_of(due + _DAY)
    while since <= until:
        yield since
        since = half_year_of(since + timedelta(days=190))


def _accrue(law: InterestLaw, debt: Debt, until: date, rates: tuple[Rate, ...]) -> Decimal:
    """The interest on one debt: stretches of days over which neither the rate, nor the year, nor what is open changes."""
    first = debt.due + _DAY
    changes = {first, *(since for since in _half_years(debt.due, until) if since > first), *(paid.day for paid in debt.payments if first < paid.day <= until)}
    days = sorted(changes)
    exact = Fraction(0)
    for start, end in zip(days, [*days[1:], until + _DAY], strict=True):
        percent = _percent(law, half_year_of(start if STATUTES[law].changes else first), rates)
        in_year = (date(start.year + 1, 1, 1) - date(start.year, 1, 1)).days
        exact += Fraction(_open_on(debt, start)) * Fraction(percent) * (end - start).days / (100 * in_year)
    unit = minor_unit(debt.principal.currency)
    return (exact // Fraction(unit)) * unit


def _percent(law: InterestLaw, since: date, rates: tuple[Rate, ...]) -> Decimal:
    for rate in rates:
        if (rate.law, rate.since) == (law, since):
            return rate.percent + STATUTES[law].points
    raise UnableToAccrue(law, since)


def _open_on(debt: Debt, day: date) -> Decimal:
    paid = sum((paid.amount.amount for paid in debt.payments if paid.day <= day), Decimal(0))
    return max(debt.principal.amount - paid, Decimal(0))
