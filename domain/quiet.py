"""Quiet periods: days on which nothing is sent to some customers, and whether the days between steps stand still meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


class Scope(StrEnum):
    """Whose customers keep a quiet period: those of a seller, those in a country, or one alone."""

    SELLER = "seller"
    COUNTRY = "country"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class QuietPeriod:
    """From ``first_day`` through ``last_day`` nothing is sent. With ``stops_clock`` these days are not counted either: what is
    planned for after its first day comes later by as many days as it lasts. ``why`` is what a person wrote about it.

    Raises ValueError when the last day comes before the first.
    """

    first_day: date
    last_day: date
    why: str
    stops_clock: bool = False

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError(f"last_day: {self.last_day} comes before the first day {self.first_day}")

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def find_quiet(periods: Iterable[QuietPeriod], day: date) -> QuietPeriod | None:
    """The period that ``day`` lies in; of several the one that ends last."""
    return max((period for period in periods if period.covers(day)), key=lambda period: period.last_day, default=None)


def move(day: date, since: date, periods: Iterable[QuietPeriod]) -> date:
    """``day``, counted from ``since``, later by the days after ``since`` on which the clock stood still. A day not after ``since``
    stays: what comes before the due date hangs on the due date."""
    if day <= since:
        return day
    for first, last in _still(since, periods):
        if first > day:
            break
        day += last - first + _DAY
    return day


def count_running(since: date, day: date, periods: Iterable[QuietPeriod]) -> int:
    """How many days lie after ``since`` up to and with ``day``, without those on which the clock stood still."""
    still = sum((min(last, day) - first).days + 1 for first, last in _still(since, periods) if first <= day)
    return (day - since).days - still


def _still(since: date, periods: Iterable[QuietPeriod]) -> Iterable[tuple[date, date]]:
    """The stretches after ``since`` on which the clock stands still, in order, none touching a day twice."""
    for period in sorted((one for one in periods if one.stops_clock), key=lambda one: one.first_day):
        first = max(period.first_day, since + _DAY)
        if first <= period.last_day:
            yield first, period.last_day
            since = period.last_day
