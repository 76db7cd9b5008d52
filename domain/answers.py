"""What hearing a word gives: the case after it, the answer, the diary lines, and what people must do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain import patience
from domain.case import Case, Hold
from domain.diary import Entry, EntryKind
from domain.event import News
from domain.facts import Facts
from domain.task import Task


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to whoever said something: whether it was taken, and a sentence that says what follows."""

    taken: bool
    said: str


@dataclass(frozen=True, slots=True)
class Folded:
    case: Case
    reply: Reply
    entries: tuple[Entry, ...] = ()
    tasks: tuple[Task, ...] = ()


def entry(case: Case, facts: Facts, now: datetime, kind: EntryKind, what: str, by: str = "") -> Entry:
    """A diary line about ``case`` at ``now``."""
    today = facts.today(now)
    return Entry(now, today, case.invoice.days_past_due(today), kind, what, by)


def taken(case: Case, said: str, news: News, facts: Facts, now: datetime, *tasks: Task, kind: EntryKind = EntryKind.PERSON) -> Folded:
    """The word was taken: its sentence is both the answer and the diary line."""
    return Folded(case, Reply(True, said), (entry(case, facts, now, kind, said, news.by),), tasks)


def refused(case: Case, why: str) -> Folded:
    return Folded(case, Reply(False, why))


def with_hold(case: Case, hold: Hold) -> Case:
    """One hold of a kind at a time: the newest word counts. Those that can be said again and again leave their stretch."""
    case = patience.note(case, hold.kind.value, hold.until, hold.since) if hold.kind.value in patience.SHARES else case
    return replace(case, holds=(*(other for other in case.holds if other.kind is not hold.kind), hold))


def without_holds(case: Case, *kinds: str) -> Case:
    return replace(case, holds=tuple(hold for hold in case.holds if hold.kind.value not in kinds))


def who(news: News) -> str:
    return news.by or "somebody"


def because(news: News) -> str:
    return f": {news.why}" if news.why else ""
