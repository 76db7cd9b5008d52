"""Which customers and invoices deserve more care or more haste: risk, pace, and the tiers a person may want to give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from domain.customer import Behavior, Tier

HIGH_RISK_AFTER_DAYS = 60
LOW_RISK_UNTIL_DAYS = 7
# A tenth of fewer than ten says nothing.
LEAST_FOR_A_TENTH = 10


class Risk(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


_PACES = {Risk.HIGH: Decimal("0.6"), Risk.NORMAL: Decimal(1), Risk.LOW: Decimal("1.5")}


def assess_risk(days_late: int, balance: Decimal, top_tenth: Decimal | None, behavior: Behavior) -> Risk:
    """How much stands at risk with an open invoice.

    High: more than 60 days late, or ``balance`` reaches ``top_tenth`` (from the function of that name, over the open
    balances of the same seller and currency). Low: a prompt payer at most 7 days late. Else normal.
    """
    if days_late > HIGH_RISK_AFTER_DAYS or (top_tenth is not None and balance >= top_tenth):
        return Risk.HIGH
    return Risk.LOW if behavior is Behavior.PROMPT and days_late <= LOW_RISK_UNTIL_DAYS else Risk.NORMAL


def top_tenth(balances: Sequence[Decimal]) -> Decimal | None:
    """The least balance that belongs to the top tenth of the open (positive) ones; at most a tenth ever does.

    None with fewer than ten open, or when so many share the highest balance that none stands out.
    """
    return _least_of_the_top(sorted(balance for balance in balances if balance > 0), 1)


def _least_of_the_top(ascending: Sequence[Decimal], tenths: int) -> Decimal | None:
    """The least amount at or above which stand at most ``tenths`` tenths of the amounts; None when there is no such amount."""
    if len(ascending) < LEAST_FOR_A_TENTH:
        return None
    first = len(ascending) - len(ascending) // 10 * tenths
    if ascending[first] == ascending[first - 1]:
        first = next((n for n in range(first, len(ascending)) if ascending[n] > ascending[first]), len(ascending))
    return ascending[first] if first < len(ascending) else None


def pace(risk: Risk) -> Decimal:
    """The factor by which the days between steps are multiplied: below one is faster."""
    return _PACES[risk]


def stretch(planned_days: tuple[int, ...], done: tuple[tuple[int, int], ...], index: int, factor: Decimal, gap: int) -> int:
    """The day, counted from the due date, on which the step at ``index`` of ``planned_days`` is to come.

    ``done`` holds, for each step taken, the day it was planned for and the day it came. The interval since the last one
    is multiplied by ``factor``: a faster pace never makes a step later than planned, a slower one never earlier, and none
    comes within ``gap`` days of the last. A step planned before the due date is never moved. Intervals begin at the first
    step taken on or after the due date: haste must not turn a first reminder into a note before it.
    """
    nominal = planned_days[index]
    if nominal < 0 or not done:
        return nominal
    free = max(actual for _, actual in done) + gap
    overdue = [(actual, planned) for planned, actual in done if planned >= 0]
    if not overdue:
        return max(nominal, free)
    last_actual, last_planned = max(overdue)
    interval = (max(0, nominal - last_planned) * factor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    paced = max(last_actual + int(interval), 0)
    return max(min(nominal, paced) if factor < 1 else max(nominal, paced) if factor > 1 else nominal, free)


def suggest_tiers(revenue_by_customer: Mapping[str, Decimal]) -> dict[str, Tier]:
    """Tiers a person may want to give, by customer id, from the revenue of the trailing twelve months.

    The top tenth of the customers with revenue is suggested as strategic, the next tenth as VIP; the others are not
    named. Customers of equal revenue are suggested alike, so fewer may be named, never more. Empty below ten customers.
    """
    ascending = sorted(revenue for revenue in revenue_by_customer.values() if revenue > 0)
    strategic, vip = _least_of_the_top(ascending, 1), _least_of_the_top(ascending, 2)
    found = {}
    for customer, revenue in revenue_by_customer.items():
        if strategic is not None and revenue >= strategic:
            found[customer] = Tier.STRATEGIC
        elif vip is not None and revenue >= vip:
            found[customer] = Tier.VIP
    return found
