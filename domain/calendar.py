"""Business days, holidays and contact hours, in every time zone a customer may be in.

Holiday tables and zones are handed in as values; nothing here reads a clock. All arithmetic across zones goes
through UTC, because subtracting two moments of one zone ignores a clock change between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SEARCH_DAYS = 60


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises ZoneInfoNotFoundError (a KeyError) when there is none."""
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days count as business days: not a weekend day and not in ``holidays`` (several places: the union)."""

    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})  # date.weekday() numbers

    def is_business_day(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in self.holidays

    def on_or_after(self, day: date) -> date:
        """The first business day from ``day`` on."""
        for _ in range(_SEARCH_DAYS):
            if self.is_business_day(day):
                return day
            day += _DAY
        return day

    def on_or_before(self, day: date) -> date:
        for _ in range(_SEARCH_DAYS):
            if self.is_business_day(day):
                return day
            day -= _DAY
        return day

    def add(self, day: date, business_days: int) -> date:
        """The day ``business_days`` business days after (or, negative, before) ``day``; zero rolls forward."""
        if business_days == 0:
            return self.on_or_after(day)
        step = _DAY if business_days > 0 else -_DAY
        for _ in range(abs(business_days)):
            day += step
            day = self.on_or_after(day) if business_days > 0 else self.on_or_before(day)
        return day

    def between(self, start: date, end: date) -> int:
        """How many business days lie after ``start``, up to and with ``end``; zero when ``end`` is not later."""
        days = (end - start).days
        return sum(self.is_business_day(start + n * _DAY) for n in range(1, days + 1))


@dataclass(frozen=True, slots=True)
class ContactHours:
    """When people may be written to: from ``opens`` until before ``closes`` local time, on business days only.

    With ``any_time`` every moment is allowed (used by demonstrations, which say so). Either way nothing is allowed outside
    ``lawful``, the hours that the law leaves of each weekday (Monday first; two equal times: nothing; None: no rule of law),
    nor on holidays with ``lawful_holidays`` false; these hold in every zone, also where no common hour is left.
    """

    opens: time = time(8)
    closes: time = time(18)
    any_time: bool = False
    lawful: tuple[tuple[time, time], ...] | None = None
    lawful_holidays: bool = True

    def allows(self, moment: datetime, zones: tuple[str, ...], calendar: BusinessCalendar) -> bool:
        """Whether ``moment`` (aware) is inside the hours in all of ``zones`` at once."""
        if not self.is_lawful(moment, zones, calendar):
            return False
        if self.any_time:
            return True
        return all(
            self.opens <= local.time().replace(tzinfo=None) < self.closes and calendar.is_business_day(local.date())
            for local in (moment.astimezone(zone(name)) for name in self._reconcilable(zones, local_day(moment, zones)))
        )

    def is_lawful(self, moment: datetime, zones: tuple[str, ...], calendar: BusinessCalendar) -> bool:
        """Whether the law leaves ``moment`` in every one of ``zones``."""
        if self.lawful is None:
            return True
        for local in (moment.astimezone(zone(name)) for name in zones):
            opens, closes = self.lawful[local.weekday()]
            if not opens <= local.time().replace(tzinfo=None) < closes or (not self.lawful_holidays and local.date() in calendar.holidays):
                return False
        return True

    def opening(self, day: date, zones: tuple[str, ...], calendar: BusinessCalendar, offset: timedelta = timedelta()) -> datetime:
        """The first allowed moment (UTC) on ``day`` or later, plus ``offset`` where the hours still allow it.

        ``day`` is a calendar day in the first zone.
        """
        if self.any_time and self.lawful is None:
            return start_of_day(day, zones)
        for n in range(_SEARCH_DAYS):
            start, end = self._common_hours(self._reconcilable(zones, day + n * _DAY), day + n * _DAY)
            if self.allows(start, zones, calendar):
                return start + offset if start + offset < end else start
        return start

    def _common_hours(self, zones: tuple[str, ...], day: date) -> tuple[datetime, datetime]:
        return _in_common(*self._hours_on(day), zones, day)

    def _hours_on(self, day: date) -> tuple[time, time]:
        opens, closes = (time.min, time.max) if self.any_time else (self.opens, self.closes)
        if self.lawful is None:
            return opens, closes
        lawful_from, lawful_until = self.lawful[day.weekday()]
        return max(opens, lawful_from), min(closes, lawful_until)

    def _reconcilable(self, zones: tuple[str, ...], day: date) -> tuple[str, ...]:
        """``zones``, or only the first where no hour suits all of them: better one zone's hours than never."""
        start, end = self._common_hours(zones, day)
        return zones if start < end else zones[:1]

    def next_allowed(self, moment: datetime, zones: tuple[str, ...], calendar: BusinessCalendar, offset: timedelta = timedelta()) -> datetime:
        """``moment`` itself when allowed, else the next opening after it."""
        if self.allows(moment, zones, calendar):
            return moment
        today = local_day(moment, zones)
        opening = self.opening(today, zones, calendar, offset)
        return opening if opening > moment else self.opening(today + _DAY, zones, calendar, offset)


@lru_cache(maxsize=4096)  # every look at every invoice asks about the same few days
def _in_common(opens: time, closes: time, zones: tuple[str, ...], day: date) -> tuple[datetime, datetime]:
    """From when until when it is between these hours in all of ``zones`` at once, as UTC."""
    starts = [datetime.combine(day, opens, zone(name)).astimezone(UTC) for name in zones]
    ends = [datetime.combine(day, closes, zone(name)).astimezone(UTC) for name in zones]
    return max(starts), min(ends)


def local_day(moment: datetime, zones: tuple[str, ...]) -> date:
    """The calendar day of ``moment`` in the first of ``zones``."""
    return moment.astimezone(zone(zones[0])).date()


def start_of_day(day: date, zones: tuple[str, ...]) -> datetime:
    """Midnight at the start of ``day`` in the first of ``zones``, as UTC."""
    return datetime.combine(day, time(0), zone(zones[0])).astimezone(UTC)
