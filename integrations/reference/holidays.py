"""Public holidays and weekends by country, from the holidays package."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

from domain.calendar import BusinessCalendar


def calendar_for(countries: tuple[str, ...], around: date) -> BusinessCalendar:
    """Business days for everybody in ``countries`` (ISO alpha-2) at once, from the year before ``around`` to two after.

    A country the tables do not know has its weekends only.
    """
    return _calendar(tuple(sorted(set(countries))), around.year)


@lru_cache(maxsize=256)
def _calendar(countries: tuple[str, ...], year: int) -> BusinessCalendar:
    days: set[date] = set()
    weekend: set[int] = set()
    for country in countries:
        try:
            table = holidays.country_holidays(country, years=range(year - 1, year + 3))
        except NotImplementedError:
            weekend |= {5, 6}
            continue
        days |= set(table)
        weekend |= set(table.weekend)
    return BusinessCalendar(frozenset(days), frozenset(weekend or {5, 6}))
