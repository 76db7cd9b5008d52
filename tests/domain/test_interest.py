"""Statutory interest agrees to the cent with a clerk who writes down every single day, and never names more than is owed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.installment import Payment
from domain.interest import STATUTES, Debt, Interest, InterestLaw, Rate, UnableToAccrue, debt_on, find_missing, reckon
from domain.invoice import Booking, BookingKind, Invoice
from domain.money import Money

DE, EU, UK = InterestLaw.DE, InterestLaw.EU, InterestLaw.UK
HALF_YEARS = [date(year, month, 1) for year in range(2023, 2030) for month in (1, 7)]
POINTS = {EU: Decimal(8), DE: Decimal(9), UK: Decimal(8)}
amounts = st.integers(1, 5_000_000).map(lambda cents: Decimal(cents) / 100)
days = st.dates(date(2023, 1, 1), date(2029, 6, 1))


def money(amount: Decimal | str, law: InterestLaw = EU) -> Money:
    return Money(Decimal(amount), STATUTES[law].currency)


def table(law: InterestLaw, percents: list[Decimal]) -> tuple[Rate, ...]:
    return tuple(Rate(law, since, percent) for since, percent in zip(HALF_YEARS, percents, strict=True))


def by_hand(law: InterestLaw, debt: Debt, until: date, rates: tuple[Rate, ...]) -> Decimal:
    """The clerk: one line a day, in decimals, rounded to the cent at the foot of the page."""
    percents = {rate.since: rate.percent + POINTS[law] for rate in rates}

    def of(day: date) -> Decimal:
        return percents[day.replace(month=1 if day.month <= 6 else 7, day=1)]

    with localcontext() as context:
        context.prec = 60
        begun, sum_ = of(debt.due + timedelta(days=1)), Decimal(0)
        day = debt.due
        while day < until:
            day += timedelta(days=1)
            owed = debt.principal.amount - sum(paid.amount.amount for paid in debt.payments if paid.day <= day)
            leap = (day.year % 4 == 0 and day.year % 100 != 0) or day.year % 400 == 0
            sum_ += max(owed, Decimal(0)) * (begun if law is UK else of(day)) / 100 / (366 if leap else 365)
        # A sum of thirds that lies a hair below a whole cent is that cent.
        return (sum_ + Decimal("1e-40")).quantize(Decimal("0.01"), ROUND_FLOOR)


@settings(max_examples=150, deadline=None)
@given(
    law=st.sampled_from(InterestLaw),
    principal=amounts,
    due=days,
    late=st.integers(1, 900),
    percents=st.lists(st.integers(-88, 600).map(lambda one: Decimal(one) / 100), min_size=len(HALF_YEARS), max_size=len(HALF_YEARS)),
    paid=st.lists(st.tuples(st.integers(-30, 950), amounts), max_size=4),
)
def test_every_cent_agrees_with_a_day_by_day_account(
    law: InterestLaw, principal: Decimal, due: date, late: int, percents: list[Decimal], paid: list[tuple[int, Decimal]]
) -> None:
    until = min(due + timedelta(days=late), date(2029, 12, 31))
    payments = tuple(Payment(due + timedelta(days=after), money(amount, law)) for after, amount in paid)
    debt = Debt(money(principal, law), due, payments)
    rates = table(law, percents)
    expected = by_hand(law, debt, until, rates)
    found = reckon(law, (debt,), until, rates)
    assert (found.accrued.amount if found else Decimal(0)) == expected


@settings(max_examples=100, deadline=None)
@given(
    law=st.sampled_from(InterestLaw), principal=amounts, due=days, late=st.integers(1, 700), paid=st.lists(st.tuples(st.integers(1, 700), amounts), max_size=3)
)
def test_reckoning_with_what_is_open_now_alone_never_gives_more_than_the_days_of_the_payments_would(
    law: InterestLaw, principal: Decimal, due: date, late: int, paid: list[tuple[int, Decimal]]
) -> None:
    until, rates = min(due + timedelta(days=late), date(2029, 12, 31)), table(law, [Decimal(2)] * len(HALF_YEARS))
    payments = tuple(Payment(due + timedelta(days=min(after, late)), money(amount, law)) for after, amount in paid)
    open_now = max(principal - sum(one.amount.amount for one in payments if one.day <= until), Decimal(0))
    exact, known = (reckon(law, (debt,), until, rates) for debt in (Debt(money(principal, law), due, payments), Debt(money(open_now, law), due)))
    assert known is None or (exact is not None and known.accrued <= exact.accrued and known.fixed <= exact.fixed and known.total <= exact.total)


def from_the_books(law: InterestLaw, invoice: Invoice, asked: Decimal, until: date, rates: tuple[Rate, ...]) -> Decimal:
    """A second clerk, who knows no debts: each day bears interest on what is asked for today and on all that was paid after the due date and had
    not come on that day."""
    percents = {rate.since: rate.percent + POINTS[law] for rate in rates}
    with localcontext() as context:
        context.prec = 60
        sum_, day = Decimal(0), invoice.due
        begun = percents[(day + timedelta(days=1)).replace(month=1 if (day + timedelta(days=1)).month <= 6 else 7, day=1)]
        while (day := day + timedelta(days=1)) <= until:
            late = [one.amount.amount for one in invoice.bookings or () if one.kind == "payment" and day < one.day <= until and one.day > invoice.due]
            percent = begun if law is UK else percents[day.replace(month=1 if day.month <= 6 else 7, day=1)]
            leap = (day.year % 4 == 0 and day.year % 100 != 0) or day.year % 400 == 0
            sum_ += (asked + sum(late)) * percent / 100 / (366 if leap else 365)
        return (sum_ + Decimal("1e-40")).quantize(Decimal("0.01"), ROUND_FLOOR)


@settings(max_examples=150, deadline=None)
@given(
    law=st.sampled_from(InterestLaw),
    balance=amounts,
    due=days,
    late=st.integers(1, 700),
    disputed=st.integers(0, 99),
    booked=st.lists(st.tuples(st.integers(-30, 750), amounts, st.sampled_from(BookingKind)), max_size=5),
    apart=st.sampled_from((Decimal(0), Decimal(0), Decimal("0.01"), Decimal("-5.00"))),
)
def test_the_days_of_payments_bear_interest_up_to_each_where_the_books_add_up_and_else_what_is_open_now_does_alone(
    law: InterestLaw, balance: Decimal, due: date, late: int, disputed: int, booked: list[tuple[int, Decimal, BookingKind]], apart: Decimal
) -> None:
    until, rates = min(due + timedelta(days=late), date(2029, 12, 31)), table(law, [Decimal(2)] * len(HALF_YEARS))
    told = tuple(Booking(str(n), due + timedelta(days=after), money(amount, law), kind) for n, (after, amount, kind) in enumerate(booked))
    whole = balance + sum(one.amount.amount for one in told) + apart
    invoice = Invoice("i", "s", "c", "INV-1", money(whole, law), money(balance, law), due, due, bookings=told)
    asked = balance - (balance * disputed / 100).quantize(Decimal("0.01"))
    found = reckon(law, (debt_on(invoice, money(asked, law), due, until),), until, rates)
    known = reckon(law, (Debt(money(asked, law), due),), until, rates)
    if apart:
        assert found == known, "what does not add up is not reckoned with"
        return
    assert (found.accrued.amount if found else Decimal(0)) == from_the_books(law, invoice, asked, until, rates)
    assert found is None or found.principal.amount == asked, "only what is open is asked for"
    assert known is None or (found is not None and known.accrued <= found.accrued)


def test_a_credit_note_lowers_the_debt_from_the_beginning_and_a_payment_from_its_day() -> None:
    rates = (Rate(EU, date(2025, 7, 1), Decimal("2.15")),)
    until, cases = date(2025, 8, 20), {}
    for kind in BookingKind:
        told = (Booking("1", date(2025, 8, 11), money("18250.00"), kind),)
        invoice = Invoice("i", "s", "c", "1", money("36500.00"), money("18250.00"), date(2025, 7, 1), date(2025, 7, 31), bookings=told)
        found = reckon(EU, (debt_on(invoice, invoice.balance, invoice.due, until),), until, rates)
        cases[kind] = str(found.accrued.amount) if found else ""
    # 36,500 x 10.15 % over 365: 10.15 a day for ten days, then half of it for ten; and half of it for all twenty
    assert cases == {BookingKind.PAYMENT: "152.25", BookingKind.CREDIT: "101.50"}


@pytest.mark.parametrize("part", ["36500.00", "18250.00"])
def test_a_payment_that_was_returned_has_never_been_made(part: str) -> None:
    rates, until = (Rate(EU, date(2025, 7, 1), Decimal("2.15")),), date(2025, 8, 20)
    told = (Booking("1", date(2025, 7, 31), money(part)), Booking("2", date(2025, 8, 5), money(f"-{part}")))
    invoice = Invoice("i", "s", "c", "1", money("36500.00"), money("36500.00"), date(2025, 7, 1), date(2025, 7, 31), bookings=told)
    found = reckon(EU, (debt_on(invoice, invoice.balance, invoice.due, until),), until, rates)
    # 36,500 x 10.15 % over 365: 10.15 a day for twenty days
    assert found is not None and (str(found.accrued.amount), str(found.fixed.amount)) == ("203.00", "40.00")


@pytest.mark.parametrize(
    ("law", "debt", "until", "accrued", "fixed"),
    [
        # 10,000 x 11.27 % x 31 / 365, from 1 to 31 August 2025
        (DE, Debt(money("10000.00"), date(2025, 7, 31)), date(2025, 8, 31), "95.71", "40.00"),
        # half-years change: 1,000 x (11.15 % x 10 + 10.15 % x 10) / 365
        (EU, Debt(money("1000.00"), date(2025, 6, 20)), date(2025, 7, 10), "5.83", "40.00"),
        # a leap year has 366 days, from 1 January on: 3,660 x 12.50 % x 5 / 366
        (EU, Debt(money("3660.00"), date(2023, 12, 31)), date(2024, 1, 5), "6.25", "40.00"),
        # half came in on the tenth day, which bears interest on the other half alone
        (EU, Debt(money("36500.00"), date(2025, 7, 31), (Payment(date(2025, 8, 10), money("18250.00")),)), date(2025, 8, 20), "147.17", "40.00"),
        # in the UK the rate of the day on which interest began stays: 5,000 x 12.75 % x 60 / 365
        (UK, Debt(money("5000.00", UK), date(2025, 5, 31)), date(2025, 7, 30), "104.79", "70.00"),
        (UK, Debt(money("999.99", UK), date(2025, 5, 31)), date(2025, 7, 30), "20.95", "40.00"),
        (UK, Debt(money("10000.00", UK), date(2025, 5, 31)), date(2025, 7, 30), "209.58", "100.00"),
    ],
)
def test_worked_examples(law: InterestLaw, debt: Debt, until: date, accrued: str, fixed: str) -> None:
    rates = (
        Rate(DE, date(2025, 7, 1), Decimal("2.27")),
        *(Rate(EU, since, Decimal(percent)) for since, percent in ((date(2025, 1, 1), "3.15"), (date(2025, 7, 1), "2.15"), (date(2024, 1, 1), "4.50"))),
        Rate(UK, date(2025, 1, 1), Decimal("4.75")),
        Rate(UK, date(2025, 7, 1), Decimal("4.25")),
    )
    found = reckon(law, (debt,), until, rates)
    assert found and (str(found.accrued.amount), str(found.fixed.amount)) == (accrued, fixed)


def test_each_invoice_has_its_own_cents_and_its_own_fixed_sum() -> None:
    rates = table(EU, [Decimal(2)] * len(HALF_YEARS))
    debts = (Debt(money("100.00"), date(2025, 1, 10)), Debt(money("33.33"), date(2025, 2, 10)), Debt(money("50.00"), date(2025, 3, 1)))
    whole = reckon(EU, debts, date(2025, 3, 1), rates)
    parts = [found for debt in debts if (found := reckon(EU, (debt,), date(2025, 3, 1), rates))]
    assert whole and len(parts) == 2, "the third falls due on that day and is not late"
    assert whole.accrued.amount == sum(one.accrued.amount for one in parts)
    assert whole == Interest(EU, date(2025, 3, 1), money("183.33"), whole.accrued, money("80.00"))
    assert whole.total.amount == whole.principal.amount + whole.accrued.amount + whole.fixed.amount


def test_without_every_rate_of_the_period_there_is_no_sum_at_all() -> None:
    rates = (Rate(EU, date(2025, 1, 1), Decimal(3)), Rate(EU, date(2026, 1, 1), Decimal(2)), Rate(DE, date(2025, 7, 1), Decimal(2)))
    with pytest.raises(UnableToAccrue, match=r"eu has no rate for the half-year from 2025-07-01; add .* to interest-rates\.csv"):
        reckon(EU, (Debt(money("100.00"), date(2025, 6, 1)),), date(2026, 2, 1), rates)
    assert find_missing(EU, date(2025, 6, 1), date(2026, 8, 1), rates) == (date(2025, 7, 1), date(2026, 7, 1))
    assert find_missing(UK, date(2025, 6, 29), date(2026, 8, 1), rates) == (date(2025, 1, 1),), "one rate holds to the end there"
    assert find_missing(UK, date(2025, 6, 30), date(2026, 8, 1), rates) == (date(2025, 7, 1),), "interest begins on the day after"
    assert find_missing(EU, date(2026, 9, 1), date(2026, 9, 1), rates) == (), "nothing is late"


def test_another_currency_than_the_laws_own_bears_none() -> None:
    rates = table(EU, [Decimal(2)] * len(HALF_YEARS))
    assert reckon(EU, (Debt(money("100.00", UK), date(2025, 1, 10)),), date(2025, 3, 1), rates) is None
    assert reckon(EU, (), date(2025, 3, 1), rates) is None


def test_of_two_rates_for_one_half_year_the_first_counts() -> None:
    debt = Debt(money("36500.00"), date(2025, 7, 31))
    found = reckon(EU, (debt,), date(2025, 8, 1), (Rate(EU, date(2025, 7, 1), Decimal(2)), Rate(EU, date(2025, 7, 1), Decimal(3))))
    assert found and found.accrued == money("10.00")
