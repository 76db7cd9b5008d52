from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, Tolerance, UnableToReckon, minor_units, total

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD"])


@given(CURRENCIES, st.integers(0, 10**12), st.integers(1, 60))
def test_parts_always_add_up_to_the_whole_and_differ_by_one_minor_unit_at_most(currency: str, units: int, parts: int) -> None:
    whole = Money(Decimal(units).scaleb(-minor_units(currency)), currency)
    split = whole.split(parts)
    assert total(split) == whole
    assert max(split, key=lambda part: part.amount).amount - min(split, key=lambda part: part.amount).amount <= Decimal(1).scaleb(-minor_units(currency))


def test_84200_in_three_gives_the_odd_unit_to_the_first_parts() -> None:
    parts = Money(Decimal("84200.00"), "EUR").split(3)
    assert [str(part.amount) for part in parts] == ["28066.67", "28066.67", "28066.66"]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.001", "1e16"])
def test_what_is_no_money_is_refused(amount: str) -> None:
    with pytest.raises(UnableToReckon):
        Money(Decimal(amount), "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "€", "E1R "])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnableToReckon):
        Money(Decimal(1), currency)


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(UnableToReckon, match="EUR cannot be reckoned with USD"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_yen_have_no_minor_unit_and_dinars_have_three() -> None:
    assert Money(Decimal("100"), "JPY").split(3)[0].amount == Decimal("34")
    assert str(Money(Decimal("1.5"), "KWD").amount) == "1.500"
    with pytest.raises(UnableToReckon):
        Money(Decimal("1.5"), "JPY")


@pytest.mark.parametrize(("left", "settled"), [("1.00", True), ("1.01", False), ("-50.00", True), ("0.00", True)])
def test_what_remains_after_bank_charges_is_no_debt_to_chase(left: str, settled: bool) -> None:
    assert Tolerance().covers(Money(Decimal(left), "EUR")) is settled


def test_the_tolerance_of_a_currency_outranks_the_default() -> None:
    tolerance = Tolerance(by_currency=(("JPY", Decimal(100)),))
    assert tolerance.covers(Money(Decimal(100), "JPY"))
    assert not tolerance.covers(Money(Decimal(100), "USD"))
