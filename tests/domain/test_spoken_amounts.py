"""Amounts that were said and written down in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.plain_words import plain
from domain.spoken_amounts import find_spoken_amount


@pytest.mark.parametrize(
    "said,amount",
    [
        ("i can do six hundred dollars on friday", 600),
        ("the twelve hundred pounds will be with you", 1200),
        ("two thousand three hundred and fifty euros", 2350),
        ("one hundred and twenty-five pounds", 125),
        ("three grand by the end of the month", 3000),
        ("a thousand bucks", 1000),
        ("ich würde fünfhundert Euro überweisen", 500),
        ("achthundert Franken", 800),
        ("zweitausenddreihundertfünfzig Euro", 2350),
        ("einhundertzwanzig Euro", 120),
        ("fünfundzwanzig Euro", 25),
        ("zwölfhundert Pfund", 1200),
    ],
)
def test_an_amount_in_words_is_worth_what_it_says(said: str, amount: int) -> None:
    assert find_spoken_amount(plain(said)) == Decimal(amount)


@pytest.mark.parametrize("said", ["the grand total", "a grand piano", "two invoices", "in zwei Wochen", "one of a hundred", "und Euro", "wir zahlen alles"])
def test_words_that_count_something_else_are_no_amount(said: str) -> None:
    assert find_spoken_amount(plain(said)) is None
