"""Promises to pay: taken within limits, else decided by a person; each ends, and the customer hears how."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar
from domain.case import Promise, PromiseStanding
from domain.money import Money
from domain.promise import Allowed, Impossible, Judgment, Limits, NeedsPerson, judge, silent_until, standing_after

CALENDAR = BusinessCalendar()
MONDAY = date(2026, 3, 2)
THURSDAY = date(2026, 3, 5)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def grace(day: date) -> date:
    return CALENDAR.add(day, 2)


A_PROMISE = Promise(euros("1000"), THURSDAY, datetime(2026, 3, 2, 9, tzinfo=UTC), euros("1200"), "Bea")


LIMITS = Limits()


def judged(amount: str = "1000", days: int = 3, earlier: tuple[Promise, ...] = (), limits: Limits = LIMITS) -> Judgment:
    return judge(euros(amount), MONDAY + timedelta(days=days), euros("1200"), earlier, limits, MONDAY)


def test_a_promise_within_the_limits_is_taken() -> None:
    assert judged() == judged("600", 14) == judged("1200", 0) == judged(earlier=(A_PROMISE,)) == Allowed()


@pytest.mark.parametrize(
    ("amount", "days", "earlier", "why"),
    [
        ("1000", 15, 0, "Tue 17 Mar 2026 is later than Mon 16 Mar 2026, 14 days from today"),
        ("599.99", 3, 0, "599.99 EUR is less than 50% of the open 1,200.00 EUR"),
        ("1000", 3, 2, "2 promises were made on this invoice already"),
        ("10", 60, 3, "Fri 1 May 2026 is later"),
    ],
)
def test_beyond_the_limits_a_person_decides_and_is_told_why(amount: str, days: int, earlier: int, why: str) -> None:
    judgment = judged(amount, days, (A_PROMISE,) * earlier)
    assert isinstance(judgment, NeedsPerson) and judgment.why.startswith(why)


def test_every_limit_passed_is_named() -> None:
    judgment = judged("10", 60, (A_PROMISE,) * 3)
    assert isinstance(judgment, NeedsPerson) and judgment.why.count(";") == 2


def test_a_replaced_promise_counts_and_a_released_one_does_not() -> None:
    replaced, released = replace(A_PROMISE, standing=PromiseStanding.REPLACED), replace(A_PROMISE, standing=PromiseStanding.RELEASED)
    assert isinstance(judged(earlier=(replaced, replaced)), NeedsPerson)
    assert judged(earlier=(released, released, replaced)) == Allowed()


@pytest.mark.parametrize(
    ("amount", "days", "field"), [("0", 3, "amount"), ("-5", 3, "amount"), ("1200.01", 3, "amount"), ("1000", -1, "day"), ("1000", 61, "day")]
)
def test_what_is_no_promise_is_refused_whoever_agrees(amount: str, days: int, field: str) -> None:
    judgment = judged(amount, days)
    assert isinstance(judgment, Impossible) and judgment.why.startswith(field)


def test_a_promise_in_another_currency_is_none() -> None:
    assert isinstance(judge(Money(Decimal(5), "USD"), THURSDAY, euros("1200"), (), LIMITS, MONDAY), Impossible)


def test_limits_are_the_playbook_s_to_choose() -> None:
    assert judged("120", 30, (A_PROMISE,) * 4, Limits(30, 10, 5)) == Allowed()


@pytest.mark.parametrize(
    ("paid", "on", "standing", "said"),
    [
        ("0", 2, PromiseStanding.OPEN, "We look forward to your payment of 1,000.00 EUR by Thu 5 Mar 2026."),
        ("960", 2, PromiseStanding.OPEN, "We look forward to your payment of 40.00 EUR by Thu 5 Mar 2026."),
        ("999", 2, PromiseStanding.KEPT, "Thank you for keeping your promise of 1,000.00 EUR by Thu 5 Mar 2026."),
        ("0", 9, PromiseStanding.OPEN, "We look forward to your payment of 1,000.00 EUR by Thu 5 Mar 2026."),
        ("0", 10, PromiseStanding.BROKEN, "You promised 1,000.00 EUR by Thu 5 Mar 2026, and it has not reached us."),
        ("-50", 10, PromiseStanding.BROKEN, "You promised 1,000.00 EUR by Thu 5 Mar 2026, and it has not reached us."),
        ("400", 10, PromiseStanding.PARTLY_KEPT, "Thank you for 400.00 EUR; of the 1,000.00 EUR you promised by Thu 5 Mar 2026, 600.00 EUR is still missing."),
        ("949.99", 10, PromiseStanding.PARTLY_KEPT, "Thank you for 949.99 EUR"),
        ("950", 10, PromiseStanding.KEPT, "Thank you for keeping your promise"),
        ("1100", 30, PromiseStanding.KEPT, "Thank you for keeping your promise"),
    ],
)
def test_a_promise_stands_by_what_has_come_and_the_customer_hears_it(paid: str, on: int, standing: PromiseStanding, said: str) -> None:
    stands = standing_after(A_PROMISE, euros(paid), date(2026, 3, on), grace)
    assert stands.standing is standing
    assert stands.said.startswith(said)


def test_the_weekend_belongs_to_the_grace() -> None:
    assert silent_until(A_PROMISE, grace) == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("paid", "line"),
    [
        ("1000", "promise kept: 1,000.00 EUR by Thu 5 Mar 2026"),
        ("500", "promise partly kept: 1,000.00 EUR was promised by Thu 5 Mar 2026"),
        ("0", "promise broken: 1,000.00 EUR by Thu 5 Mar 2026 did not come"),
    ],
)
def test_the_diary_tells_the_end_in_the_words_it_always_had(paid: str, line: str) -> None:
    assert standing_after(A_PROMISE, euros(paid), date(2026, 3, 20), grace).line == line


def test_a_promise_in_a_currency_the_invoice_left_is_released() -> None:
    stands = standing_after(A_PROMISE, Money(Decimal(1000), "USD"), MONDAY, grace)
    assert (stands.standing, stands.said) == (PromiseStanding.RELEASED, "")


@given(st.decimals(-2000, 2000, places=2), st.decimals(-2000, 2000, places=2), st.integers(0, 40), st.integers(0, 40))
def test_every_promise_ends_and_more_money_never_makes_it_worse(paid: Decimal, more: Decimal, day: int, later: int) -> None:
    worst_first = [PromiseStanding.BROKEN, PromiseStanding.PARTLY_KEPT, PromiseStanding.KEPT]
    less, most = sorted((paid, more))
    on = max(MONDAY + timedelta(days=day), silent_until(A_PROMISE, grace))
    ends = [standing_after(A_PROMISE, Money(amount, "EUR"), on, grace).standing for amount in (less, most)]
    assert [worst_first.index(end) for end in ends] == sorted(worst_first.index(end) for end in ends)
    assert standing_after(A_PROMISE, Money(less, "EUR"), on + timedelta(days=later), grace).standing is ends[0]
