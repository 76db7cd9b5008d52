"""What becomes of a customer's message once a person has said so: the same whether they said it at the terminal or by the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import takewhile
from typing import Protocol

from db import incoming, suppressions
from db.engine import Database
from db.replies import Whole, still_waiting
from domain.customer import spell_reach
from domain.delivery import Ground, silenced_by
from domain.event import News, ReplyHandled
from domain.resolving import SILENCING, Resolution, UnableToResolve, news_of


class UnableToFinish(Exception):
    """A message that could not be dealt with so, and stays as it is; the message says what to do."""


class Answered(Protocol):
    """What a running case answers to a change by hand."""

    @property
    def taken(self) -> bool: ...
    @property
    def said(self) -> str: ...
    @property
    def pending(self) -> bool: ...


class Tells(Protocol):
    """The door to running cases."""

    async def report_all(self, words: Sequence[str]) -> int: ...
    async def override(self, case: str, news: News, *, by: str, why: str, key: str | None = None) -> Answered: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What each case said, by its id. ``pending``: recorded for at least one, and confirmed as soon as a worker is up."""

    said: dict[str, str]
    pending: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person made of ``found``: the cases that are told, those of them that it was not known to be about, and what they are told."""

    found: Whole
    resolution: Resolution
    concerned: tuple[str, ...]
    added: tuple[str, ...]
    news: tuple[News, ...]
    by: str
    why: str


def decide(
    found: Whole,
    resolution: Resolution,
    *,
    day: date | None = None,
    amount: Decimal | None = None,
    about: str = "",
    wanted: Sequence[str] = (),
    by: str,
    why: str,
) -> Decided:
    """What follows for which cases. ``wanted`` are those a person named; else all that the message is about.

    Raises UnableToResolve naming the field, UnableToFinish when somebody has dealt with it already.
    """
    if found.handled_at:
        raise UnableToFinish(f"{found.handled_by} has dealt with it already: {found.handled_as}; change an invoice by hand with dunwell case")
    read = found.understood if resolution is Resolution.PROMISE else None
    promised = amount or (read.promise_amount if read and not day else None)
    known = {one.case for one in found.line.about}
    concerned = tuple(wanted) or tuple(one.case for one in found.line.about if not one.ended)
    if promised and len(concerned) > 1:
        raise UnableToResolve("amount: the message is about several invoices; name the one it is for as invoice")
    news = news_of(resolution, day=day or (read.promise_day if read else None), amount=promised, about=about)
    return Decided(found, resolution, concerned, tuple(case for case in wanted if case not in known), news, by, why)


async def carry_out(database: Database, door: Tells, decided: Decided, clock: Callable[[], datetime]) -> Told:
    """Tell each invoice, and note that the message was dealt with. Safe to repeat: the same decision counts once.

    Raises UnableToFinish when one does not take it: the message stays open.
    """
    found, by, why = decided.found.line.id, decided.by, decided.why
    await door.report_all(await asyncio.to_thread(_note_first, database, decided, clock()))
    first = tuple(takewhile(lambda one: not isinstance(one, ReplyHandled), decided.news))
    said: dict[str, str] = {}
    pending = False
    for case in decided.concerned:
        for one in first:
            answer = await door.override(case, one, by=by, why=why, key=f"{found}/{hash_of(one)}")
            if not answer.taken:
                raise UnableToFinish(f"{answer.said}; the message stays open")
            said[case], pending = answer.said, pending or answer.pending
    await asyncio.to_thread(_note_handled, database, decided, clock())
    for case in decided.concerned:
        for one in decided.news[len(first) :]:
            if isinstance(one, ReplyHandled) and await asyncio.to_thread(_still_waits, database, case, found):
                continue  # another answer about it still waits, and so does the invoice
            answer = await door.override(case, one, by=by, why=why, key=f"{found}/{hash_of(one)}")
            pending = pending or answer.pending
            if answer.taken:
                said.setdefault(case, answer.said)
    return Told(said, pending)


def hash_of(news: News) -> str:
    """What tells one decision from another, so that the same one said twice counts once."""
    return sha256(repr(news).encode()).hexdigest()[:16]


def _note_first(database: Database, decided: Decided, now: datetime) -> tuple[str, ...]:
    """What is written before any invoice is told: which it is about, and that nothing more goes to an address."""
    line = decided.found.line
    words: tuple[str, ...] = ()
    with database.transaction() as connection:
        if decided.added:
            words += incoming.assign(connection, line.id, decided.added, now, by=decided.by)
        if decided.resolution in SILENCING:
            reach, channels = spell_reach(line.sender), silenced_by(line.channel)
            ground = Ground.ASKED if decided.resolution is Resolution.STOP else Ground.BY_HAND
            fresh = suppressions.suppress(connection, reach, channels, ground, by=decided.by, reason=decided.why, now=now)
            words += suppressions.tell_out(connection, reach, fresh, by=decided.by, why=decided.why, now=now) if fresh else ()
    return words


def _note_handled(database: Database, decided: Decided, now: datetime) -> None:
    with database.transaction() as connection:
        incoming.mark_handled(connection, decided.found.line.id, decided.resolution.value, by=decided.by, why=decided.why, now=now)


def _still_waits(database: Database, case: str, but: str) -> bool:
    with database.reading() as connection:
        return still_waiting(connection, case, but)
