"""Risk, pace and suggested tiers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customer import Behavior, Tier
from domain.segment import Risk, assess_risk, pace, stretch, suggest_tiers, top_tenth

D = Decimal
FASTER, SLOWER, AS_PLANNED = D("0.6"), D("1.5"), D(1)
AMOUNTS = st.decimals(0, 10**6, places=2)
FACTORS = st.sampled_from([D("0.3"), FASTER, D("0.9"), AS_PLANNED, D("1.2"), SLOWER, D(3)])


@pytest.mark.parametrize(
    ("days_late", "balance", "behavior", "risk"),
    [
        (61, "10", Behavior.PROMPT, Risk.HIGH),
        (60, "10", Behavior.STANDARD, Risk.NORMAL),
        (-5, "5000", Behavior.PROMPT, Risk.HIGH),
        (1, "4999.99", Behavior.PROMPT, Risk.LOW),
        (7, "10", Behavior.PROMPT, Risk.LOW),
        (8, "10", Behavior.PROMPT, Risk.NORMAL),
        (1, "10", Behavior.NEW, Risk.NORMAL),
        (1, "10", Behavior.CHRONIC_LATE, Risk.NORMAL),
    ],
)
def test_risk_follows_age_balance_and_behavior(days_late: int, balance: str, behavior: Behavior, risk: Risk) -> None:
    assert assess_risk(days_late, D(balance), D(5000), behavior) is risk


def test_without_a_top_tenth_no_balance_is_high() -> None:
    assert assess_risk(5, D(10**9), None, Behavior.STANDARD) is Risk.NORMAL


@pytest.mark.parametrize(
    ("balances", "least"),
    [
        (range(1, 10), None),
        (range(1, 11), 10),
        (range(1, 20), 19),
        (range(1, 21), 19),
        ([0, -5, *range(1, 10)], None),
        ([5] * 30, None),
        ([*range(1, 20), 19, 19], None),
        ([*range(1, 29), 28, 28, 50], 50),
    ],
)
def test_the_top_tenth_needs_ten_open_balances_and_is_never_more_than_a_tenth(balances: list[int], least: int | None) -> None:
    assert top_tenth([D(balance) for balance in balances]) == (None if least is None else D(least))


@given(st.lists(AMOUNTS, max_size=60))
def test_at_most_a_tenth_of_the_open_balances_is_in_the_top_tenth(balances: list[Decimal]) -> None:
    least = top_tenth(balances)
    positive = [balance for balance in balances if balance > 0]
    if least is not None:
        assert 0 < sum(balance >= least for balance in positive) <= len(positive) // 10


def test_high_risk_is_faster_and_low_risk_slower() -> None:
    assert [pace(risk) for risk in (Risk.HIGH, Risk.NORMAL, Risk.LOW)] == [FASTER, AS_PLANNED, SLOWER]


@pytest.mark.parametrize(
    ("planned", "done", "index", "factor", "gap", "day"),
    [
        ((3, 10, 24), (), 0, FASTER, 3, 3),
        ((3, 10, 24), ((3, 3),), 1, AS_PLANNED, 3, 10),
        ((3, 10, 24), ((3, 3),), 1, FASTER, 3, 7),
        ((3, 10, 24), ((3, 3),), 1, SLOWER, 3, 14),
        ((3, 10, 24), ((3, 3), (10, 7)), 2, FASTER, 3, 15),
        ((3, 10, 24), ((3, 3), (10, 14)), 2, SLOWER, 3, 35),
        ((3, 10, 24), ((3, 20), (10, 23)), 2, FASTER, 3, 26),
        ((1, 3, 5), ((1, 1),), 1, FASTER, 3, 4),
        ((-3, 0, 1), ((-3, -3),), 1, FASTER, 3, 0),
        ((-3, 0, 4), ((-3, -1),), 1, SLOWER, 3, 2),
        ((-14, -3), ((-14, -14),), 1, SLOWER, 3, -3),
        ((-14, -3), ((-14, -14),), 1, FASTER, 3, -3),
        ((0, 3), ((0, 0),), 1, SLOWER, 1, 5),
    ],
)
def test_remaining_intervals_are_multiplied_and_never_under_the_gap(
    planned: tuple[int, ...], done: tuple[tuple[int, int], ...], index: int, factor: Decimal, gap: int, day: int
) -> None:
    assert stretch(planned, done, index, factor, gap) == day


@st.composite
def ladders(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...], int]:
    planned = tuple(sorted(draw(st.lists(st.integers(-20, 90), min_size=1, max_size=8))))
    index = draw(st.integers(0, len(planned) - 1))
    day, done = -30, []
    for nominal in planned[:index]:
        day = max(day + draw(st.integers(0, 9)), nominal - draw(st.integers(0, 5)))
        done.append((nominal, day))
    return planned, tuple(done), index


@given(ladders(), FACTORS, FACTORS, st.integers(0, 10))
def test_a_larger_factor_never_makes_a_step_earlier(
    ladder: tuple[tuple[int, ...], tuple[tuple[int, int], ...], int], one: Decimal, other: Decimal, gap: int
) -> None:
    sooner, later = sorted((one, other))
    assert stretch(*ladder, sooner, gap) <= stretch(*ladder, later, gap)


@given(ladders(), FACTORS, st.integers(0, 10))
def test_a_step_keeps_the_gap_and_faster_never_means_later_than_planned(
    ladder: tuple[tuple[int, ...], tuple[tuple[int, int], ...], int], factor: Decimal, gap: int
) -> None:
    planned, done, index = ladder
    day = stretch(planned, done, index, factor, gap)
    if planned[index] < 0:
        assert day == planned[index]
        return
    assert day >= 0
    free = max((actual for _, actual in done), default=-1000) + gap
    assert day >= free
    if factor <= 1:
        assert day <= max(planned[index], free)
    if factor >= 1:
        assert day >= planned[index]


def test_the_top_tenth_of_revenue_is_suggested_strategic_and_the_next_vip() -> None:
    revenue = {f"c{n}": D(n) for n in range(1, 21)}
    assert suggest_tiers(revenue) == {"c20": Tier.STRATEGIC, "c19": Tier.STRATEGIC, "c18": Tier.VIP, "c17": Tier.VIP}


def test_nobody_is_suggested_below_ten_customers_or_where_all_are_alike() -> None:
    assert suggest_tiers({f"c{n}": D(n) for n in range(9)}) == {}
    assert suggest_tiers({f"c{n}": D(7) for n in range(40)}) == {}
    assert suggest_tiers({f"c{n}": D(0) for n in range(40)} | {f"d{n}": D(1) for n in range(9)}) == {}


@given(st.dictionaries(st.text("abcdef", max_size=4), AMOUNTS, max_size=60))
def test_customers_of_equal_revenue_are_suggested_alike_and_never_too_many(revenue: dict[str, Decimal]) -> None:
    tiers = suggest_tiers(revenue)
    tenth = sum(amount > 0 for amount in revenue.values()) // 10
    assert sum(tier is Tier.STRATEGIC for tier in tiers.values()) <= tenth
    assert len(tiers) <= 2 * tenth
    assert all(tiers.get(one) == tiers.get(other) for one in revenue for other in revenue if revenue[one] == revenue[other])
