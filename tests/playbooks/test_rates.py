"""The table of reference rates: shipped as far as they are published, added to by the business, and refused by line where it is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.interest import InterestLaw, Rate
from playbooks.rates import FILE, load_rates
from playbooks.reading import UnableToLoad

HEAD = "law,from,percent\n"


def test_the_shipped_rates_have_no_hole_and_agree_with_one_another() -> None:
    rates = {(rate.law, rate.since): rate.percent for rate in load_rates()}
    for law in InterestLaw:
        days = sorted(since for of, since in rates if of is law)
        assert days == [date(2019 + number // 2, 1 + 6 * (number % 2), 1) for number in range(len(days))], law
        assert days[-1] >= date(2025, 7, 1)
    # Since mid-2016 the German base rate moves with the rate of the European Central Bank, point by point (section 247 BGB).
    for (law, since), percent in rates.items():
        if law is InterestLaw.DE:
            assert percent - rates[InterestLaw.EU, since] == Decimal("-0.88"), since


def test_lines_of_ones_own_go_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"# ours\n{HEAD}eu,2031-07-01,1.75\nde, 2025-07-01 ,-0.5\n", encoding="utf-8-sig")
    rates = load_rates(tmp_path)
    assert rates[:2] == (Rate(InterestLaw.EU, date(2031, 7, 1), Decimal("1.75")), Rate(InterestLaw.DE, date(2025, 7, 1), Decimal("-0.5")))
    assert rates[2:] == load_rates()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("eu,2026-07-01,2.15\n", ":1: does not begin with the line law,from,percent"),
        ("", ":1: does not begin with the line law,from,percent"),
        (f"{HEAD}ch,2026-07-01,2.15\n", ":2: law 'ch' is unknown; choose from eu, de, uk"),
        (f"{HEAD}eu,2026-06-30,2.15\n", ":2: from '2026-06-30' begins no half-year; write 1 January or 1 July"),
        (f"{HEAD}eu,01.07.2026,2.15\n", ":2: from '01.07.2026' begins no half-year"),
        (f"{HEAD}eu,2026-07-01,2.15%\n", ":2: percent '2.15%' is no reference rate"),
        (f"{HEAD}eu,2026-07-01,215\n", ":2: percent '215' is no reference rate"),
        (f"{HEAD}eu,2026-07-01,2,15\n", ":2: has 4 cells; write law, from and percent, the latter with a point"),
        (f"{HEAD}\n# twice\neu,2026-07-01,2.15\neu,2026-07-01,2.25\n", ":5: names eu from 2026-07-01 once more"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line_with_the_remedy(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UnableToLoad) as refused:
        load_rates(tmp_path)
    assert f"{tmp_path / FILE}{fault}" in str(refused.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"law,from,percent\n\xff\xfe")
    with pytest.raises(UnableToLoad, match="UTF-8"):
        load_rates(tmp_path)
