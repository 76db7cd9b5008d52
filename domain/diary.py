"""The diary of a case: dated lines that anyone in finance can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class EntryKind(StrEnum):
    OPENED = "opened"
    LEDGER = "ledger"
    CONTACT = "contact"
    PASSED = "passed"
    PERSON = "person"
    PROMISE = "promise"
    CLOSED = "closed"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: ``on`` is the seller's calendar day, ``day`` counts from the due date as it then stood."""

    at: datetime
    on: date
    day: int
    kind: EntryKind
    what: str
    by: str = ""


def write_day(day: date) -> str:
    """A date as people read it, in English and independent of the machine's locale: ``Thu 5 Mar 2026``."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def write_diary(entries: Iterable[Entry]) -> str:
    """The whole diary, one line an entry."""
    return "\n".join(f"day {entry.day:>+4}  {_in_column(entry.on)}  {entry.what}" for entry in entries)


def _in_column(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day:>2} {_MONTHS[day.month - 1]} {day.year}"
