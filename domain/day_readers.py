"""How each form in which a day is named turns into a day, given the words that matched and the day they were said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.calendar import BusinessCalendar
from domain.named_days import month_of, number_of, weekday_of

# A day of this month or the last that has gone by is meant as such; one longer past is meant for next year.
_LOOK_BACK_DAYS = 120
_LOOK_AHEAD_DAYS = 120


@dataclass(frozen=True, slots=True)
class When:
    """What the words are read against: ``language`` is ``en`` or ``de``; ``month_first``: 12/3 is in December (None: either)."""

    language: str
    month_first: bool | None
    today: date
    calendar: BusinessCalendar


# Answers None where the words name no day after all; raises ValueError or KeyError for a day that does not exist.
Reader = Callable[[re.Match[str], When], date | None]


def last_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _dated(day: int, month: int, year: int | None, today: date) -> date:
    if year is not None:
        return date(year + 2000 if year < 100 else year, month, day)
    this = date(today.year, month, day) if (month, day) != (2, 29) else date(today.year + (-today.year % 4), 2, 29)
    if this >= today or (today - this).days <= _LOOK_BACK_DAYS:
        return this
    return date(today.year + 1, month, day)


def _ordinal(day: int, today: date) -> date:
    """The next day with that number; raises ValueError for a number no month has."""
    year, month = today.year, today.month
    for _ in range(12):
        if 1 <= day <= last_of_month(year, month).day and date(year, month, day) > today:
            return date(year, month, day)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    raise ValueError(day)


def _month_on(month: int, today: date) -> tuple[int, int]:
    """The year and month of the next (or present) month with that number."""
    return (today.year if month >= today.month else today.year + 1), month


def _part_of_month(part: str, year: int, month: int, today: date) -> date:
    if part == "begin":
        return max(date(year, month, 1), min(today, date(year, month, 5)))
    if part == "days":
        return date(year, month, 5)
    if part == "middle":
        return date(year, month, 15)
    return last_of_month(year, month)


def _part_of_week(part: str, monday: date) -> date:
    return monday + timedelta(days={"begin": 0, "days": 0, "middle": 2}.get(part, 4))


_PARTS = {
    "begin": r"first thing|(?:the )?very (?:beginning|start)|beginning|begin|start|early|first part|anfang|beginn|anfangs|wechsel",
    "days": r"first (?:few |couple of )?days|a few days into|erste[nr]? tage[n]?",
    "middle": r"middle|mid|first half|mitte|mitten|erste[rn]? haelfte",
    "end": r"(?:back |tail |very )?end|late|later|last (?:few )?days?|close|latter (?:part|half)|second half|ende|letzte[rn]? tag|letzten tag"
    r"|zweite[rn]? haelfte|schluss|letzte[nr]? tagen?",
}
PART = "|".join(_PARTS.values())


def _part(word: str | None) -> str:
    return next((part for part, pattern in _PARTS.items() if word and re.fullmatch(pattern, word)), "end")


def _monday(today: date, weeks: int) -> date:
    return today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)


def _which(word: str | None) -> int:
    """How many weeks or months ahead ``next`` and its like are."""
    if word and re.search(r"after next|uebernaechst", word):
        return 2
    return 1 if word and re.search(r"next|naechst|kommend|coming|following|folge|neue", word) else 0


# ---- readers


def read_iso(m: re.Match[str], _: When) -> date:
    return date(int(m["y"]), int(m["m"]), int(m["d"]))


def read_numeric(m: re.Match[str], when: When) -> date | None:
    first, second, year = int(m["a"]), int(m["b"]), int(m["y"]) if m["y"] else None
    if m["s"] in ".-" and not year and not m["dot"] and when.language == "en":
        return None  # 12.5 is as likely a figure
    readings = []
    for month_first in (True, False):
        month, day = (first, second) if month_first else (second, first)
        if 1 <= month <= 12 and 1 <= day <= 31:
            readings.append((month_first, _dated(day, month, year, when.today)))
    if m["s"] == "." or when.language == "de":
        readings = [reading for reading in readings if not reading[0]]
    elif when.month_first is not None and len(readings) > 1:
        readings = [reading for reading in readings if reading[0] == when.month_first]
    days = [day for _, day in readings]
    ahead = min((day for day in days if day >= when.today), default=days[0] if days else None)
    behind = max((day for day in days if day < when.today), default=None)
    if ahead and behind and (ahead - when.today).days > _LOOK_AHEAD_DAYS and (when.today - behind).days <= _LOOK_BACK_DAYS:
        return behind  # read the one way it has just gone by, the other way it is months off
    return ahead


def read_month_day(m: re.Match[str], when: When) -> date:
    year = int(m["y"]) if m["y"] else None
    return _dated(number_of(m["d"], when.language), month_of(m["m"], when.language), year, when.today)


def read_ordinal(m: re.Match[str], when: When) -> date:
    day = number_of(m["d"], when.language)
    which = m["which"] if "which" in m.re.groupindex else None
    if which is not None:
        months = when.today.month - 1 + _which(which)
        meant = date(when.today.year + months // 12, months % 12 + 1, day)
        return meant if meant >= when.today or which not in ("the", "des") else _ordinal(day, when.today)
    weekday = m.groupdict().get("day")
    is_today = weekday and (when.today.day, when.today.weekday()) == (day, weekday_of(weekday, when.language))
    return when.today if is_today else _ordinal(day, when.today)


def read_spoken_numbers(m: re.Match[str], when: When) -> date:
    return _dated(number_of(m["d"], when.language), number_of(m["m"], when.language), int(m["y"]) if m["y"] else None, when.today)


def read_weekday(m: re.Match[str], when: When) -> date:
    weekday = weekday_of(m["day"], when.language)
    groups = m.groupdict()
    if week := (groups.get("week") or groups.get("week2")):
        return _monday(when.today, _which(week)) + timedelta(days=weekday)
    ahead = (weekday - when.today.weekday()) % 7
    before = groups.get("which") or ""
    if re.search("uebernaechst|after next", before):
        return when.today + timedelta(days=(ahead or 7) + 7)
    if ahead == 0 and not re.search("this|diese|heute|today", before):
        ahead = 7
    if re.search("next|naechst", before) and ahead == 1:
        ahead += 7  # tomorrow is called tomorrow
    later = groups.get("later") and weekday != when.today.weekday()
    return when.today + timedelta(days=ahead + (7 if later else 0))


def read_weekday_weeks_ahead(m: re.Match[str], when: When) -> date:
    """``Friday in two weeks``: the Friday of the week after next."""
    return _monday(when.today, number_of(m["n"], when.language)) + timedelta(days=weekday_of(m["day"], when.language))


def read_weekday_number(m: re.Match[str], when: When) -> date | None:
    """``Friday 27``: only where that is a Friday."""
    day = _ordinal(int(m["d"]), when.today)
    return day if day.weekday() == weekday_of(m["day"], when.language) else None


def read_weekday_of_calendar_week(m: re.Match[str], when: When) -> date:
    groups = m.groupdict()
    n, day = m["n"] or groups.get("n2"), m["day"] or groups.get("day2")
    return _monday_of_calendar_week(number_of(n or "", when.language), when.today) + timedelta(days=weekday_of(day or "", when.language))


def read_weeks_on(m: re.Match[str], when: When) -> date:
    """``a week on Friday``, ``heute in 14 Tagen``: so many weeks or days after a day; a German week has eight days."""
    n, anchor = number_of(m["n"], when.language) if m["n"] else 1, m["anchor"]
    days = n if re.match("day|tag", m.groupdict().get("unit") or "week") else 7 * n
    if re.match("today|heute?|this", anchor):
        start = when.today
    elif re.match("tomorrow|morgen", anchor):
        start = when.today + timedelta(days=1)
    else:
        start = when.today + timedelta(days=(weekday_of(anchor, when.language) - when.today.weekday()) % 7)
    return start + timedelta(days=7 if days == 8 else days)


def read_edge_of_month(m: re.Match[str], when: When) -> date:
    """``the last working day of March``, ``am ersten Werktag des Monats``: the first such day still to come."""
    year, month = _month_meant(m, when)
    day = _edge(m["edge"], bool(m["business"]), year, month, when)
    return day if day >= when.today else _edge(m["edge"], bool(m["business"]), year + month // 12, month % 12 + 1, when)


def _edge(edge: str, business: bool, year: int, month: int, when: When) -> date:
    if re.match("last|final|letzte|ultimo", edge):
        return when.calendar.on_or_before(last_of_month(year, month)) if business else last_of_month(year, month)
    n = number_of(edge, when.language)
    return when.calendar.add(date(year, month, 1) - timedelta(days=1), n) if business else date(year, month, n)


def read_quarter(m: re.Match[str], when: When) -> date:
    """The last day of the quarter with that number."""
    n = int(m["q"] or m["q2"])
    end = last_of_month(when.today.year, 3 * n)
    return end if end >= when.today else last_of_month(when.today.year + 1, 3 * n)


def read_part(m: re.Match[str], when: When) -> date:
    part, which = _part(m["part"]), m["which"] or ""
    unit = m["unit"]
    if re.match("week|woche", unit):
        day = _part_of_week(part, _monday(when.today, _which(which)))
        return day if day >= when.today else day + timedelta(weeks=1)
    if re.match("month|monat", unit):
        months = when.today.month - 1 + _which(which)
        day = _part_of_month(part, when.today.year + months // 12, months % 12 + 1, when.today)
        return day if day >= when.today else _part_of_month(part, when.today.year + (months + 1) // 12, (months + 1) % 12 + 1, when.today)
    if re.match("quart", unit):
        end = (when.today.month - 1) // 3 * 3 + 3 + 3 * _which(which)
        return last_of_month(when.today.year + (end - 1) // 12, (end - 1) % 12 + 1)
    if re.match("year|jahr", unit):
        year = when.today.year + _which(which)
        return {"begin": date(year if _which(which) else year + 1, 1, 2), "middle": date(year, 6, 30)}.get(part, date(year, 12, 31))
    year, month = _month_on(month_of(unit, when.language), when.today)
    return _part_of_month(part, year, month, when.today)


def read_stretch(m: re.Match[str], when: When) -> date:
    """``next week``, ``this month``: their last day; a week has five."""
    if re.match("week|woche", m["unit"]):
        day = _part_of_week("end", _monday(when.today, _which(m["which"])))
        return day if day >= when.today else when.today
    months = when.today.month - 1 + _which(m["which"])
    if re.match("year|jahr", m["unit"]):
        return date(when.today.year + _which(m["which"]), *((12, 31) if not _which(m["which"]) else (1, 31)))
    return last_of_month(when.today.year + months // 12, months % 12 + 1)


def read_month(m: re.Match[str], when: When) -> date:
    year, month = _month_on(month_of(m["m"], when.language), when.today)
    if (date(year, month, 1) - when.today).days > _LOOK_AHEAD_DAYS:
        raise ValueError(month)  # a month that far ahead is one that has gone by
    return date(year, month, 1) if m["till"] else last_of_month(year, month)


def _month_meant(m: re.Match[str], when: When) -> tuple[int, int]:
    """The year and month of a match that names a month, ``y``, the new year, or says which month from this."""
    if m.groupdict().get("y"):
        return when.today.year + 1, 1
    if m["m"]:
        return _month_on(month_of(m["m"], when.language), when.today)
    months = when.today.month - 1 + _which(m["which"])
    return when.today.year + months // 12, months % 12 + 1


def read_week_of_month(m: re.Match[str], when: When) -> date:
    year, month = _month_meant(m, when)
    if re.match("last|letzt", m["n"]):
        return when.calendar.on_or_before(last_of_month(year, month))
    first = date(year, month, 1)
    friday = first + timedelta(days=(4 - first.weekday()) % 7)
    return friday + timedelta(weeks=number_of(m["n"], when.language) - 1)


def read_weekday_of_month(m: re.Match[str], when: When) -> date:
    year, month = _month_meant(m, when)
    weekday = weekday_of(m["day"], when.language)
    if re.match("last|letzt", m["n"]):
        last = last_of_month(year, month)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7, weeks=number_of(m["n"], when.language) - 1)


def read_number_of(m: re.Match[str], when: When) -> date | None:
    n = number_of(m["n3"] or m["n2"] or m["n"], when.language)
    unit, start = m["unit"], when.today
    if re.search(r"\bnext (?:very )?few ", m[0]):
        return None  # no more than "soon"
    if m.groupdict().get("from"):
        weekday = weekday_of(m["from"], when.language)
        start = when.today + timedelta(days=(weekday - when.today.weekday()) % 7 or 7)
    if re.match("hour|stunde|hrs|h$|std", unit):
        return start + timedelta(days=max(1, n // 24)) if n >= 24 else start
    if m["business"] or re.match("werk|arbeits|bank|geschaefts|at$|bat$", unit):
        return when.calendar.add(start, n) if re.search("day|tag|at$", unit) else start + timedelta(weeks=n)
    if re.match("week|woche", unit):
        return start + timedelta(weeks=n)
    if re.match("month|monat", unit):
        months = start.month - 1 + n
        year, month = start.year + months // 12, months % 12 + 1
        return date(year, month, min(start.day, last_of_month(year, month).day))
    return start + timedelta(days=7 if n == 8 and m[0].startswith("in acht") else n)


def read_calendar_week(m: re.Match[str], when: When) -> date:
    last = number_of(m.groupdict().get("n2") or m["n"], when.language)
    return _part_of_week(_part(m["part"]), _monday_of_calendar_week(last, when.today))


def _monday_of_calendar_week(n: int, today: date) -> date:
    monday = date.fromisocalendar(today.year, n, 1)
    return monday if monday + timedelta(days=6) >= today else date.fromisocalendar(today.year + 1, n, 1)


def read_weekend(weekday: int, when: When) -> date:
    """That many days after this week's Monday, or next week's where that has passed."""
    day = _monday(when.today, 0) + timedelta(days=weekday)
    return day if day >= when.today else day + timedelta(weeks=1)


def read_between_years(when: When) -> date:
    return when.calendar.on_or_before(date(when.today.year, 12, 30))


def read_ordinal_to_come(m: re.Match[str], when: When) -> date:
    """``zum nächsten Ersten``: the next day with that number after today."""
    return _ordinal(number_of(m["d"], when.language), when.today + timedelta(days=1))


def after(days: int) -> Reader:
    return lambda _, when: when.today + timedelta(days=days)
