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

from sqlalchemy import Connection

from db import cases, incoming, parties, plan_requests, suppressions
from db.engine import Database
from db.replies import Whole, still_waiting
from domain.calendar import local_day
from domain.customer import spell_reach
from domain.delivery import Ground, silenced_by
from domain.event import HoldPlaced, News, ReplyHandled
from domain.playbook import Playbook
from domain.resolving import SILENCING, Resolution, UnableToResolve, news_of

# What is answered where the proposal of a plan goes out by itself.
PROPOSED = "the payment plan that its playbook offers is proposed in writing"


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


async def carry_out(database: Database, door: Tells, decided: Decided, read: Callable[[str], Playbook], clock: Callable[[], datetime]) -> Told:
    """Tell each invoice, and note that the message was dealt with. Safe to repeat: the same decision counts once.

    Who wants to pay in parts is sent the proposal of its playbook, which ``read`` makes of its stored text, if that offers plans.
    Raises UnableToFinish when one does not take it: the message stays open.
    """
    found, by, why = decided.found.line.id, decided.by, decided.why
    await door.report_all(await asyncio.to_thread(_note_first, database, decided, clock()))
    proposed = await asyncio.to_thread(_find_proposed, database, decided, read, clock())
    # What is proposed brings a silence of its own.
    news = tuple(one for one in decided.news if not (proposed and one == HoldPlaced()))
    first = tuple(takewhile(lambda one: not isinstance(one, ReplyHandled), news))
    said: dict[str, str] = {}
    pending = False
    for case in decided.concerned:
        for one in first:
            answer = await door.override(case, one, by=by, why=why, key=f"{found}/{hash_of(one)}")
            if not answer.taken:
                raise UnableToFinish(f"{answer.said}; the message stays open")
            said[case], pending = answer.said, pending or answer.pending
    await door.report_all(await asyncio.to_thread(_note_handled, database, decided, proposed, clock()))
    said |= dict.fromkeys(proposed, PROPOSED)
    for case in decided.concerned:
        for one in news[len(first) :]:
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


def _find_proposed(database: Database, decided: Decided, read: Callable[[str], Playbook], now: datetime) -> tuple[str, ...]:
    """The cases over which a plan is proposed by ourselves."""
    if decided.resolution is not Resolution.PLAN:
        return ()
    with database.reading() as connection:
        if not plan_requests.are_offered(connection, decided.concerned, read):
            return ()
        return tuple(case.id for case in plan_requests.find_to_cover(connection, decided.concerned, _today(connection, decided.concerned, now)))


def _note_handled(database: Database, decided: Decided, proposed: tuple[str, ...], now: datetime) -> tuple[str, ...]:
    """The inbox rows that propose a plan over ``proposed``, where it is."""
    found, by, why = decided.found.line.id, decided.by, decided.why
    with database.transaction() as connection:
        incoming.mark_handled(connection, found, decided.resolution.value, by=by, why=why, now=now)
        if not proposed:
            return ()
        return plan_requests.propose_as_asked(connection, found, proposed, _today(connection, proposed, now), by=by, why=why, now=now)


def _today(connection: Connection, about: Sequence[str], now: datetime) -> date:
    """The day of ``now`` where the seller of these cases is."""
    case = next(iter(cases.load_cases(connection, about[:1]).values()))
    return local_day(now, (parties.load_seller(connection, case.invoice.seller).time_zone,))


def _still_waits(database: Database, case: str, but: str) -> bool:
    with database.reading() as connection:
        return still_waiting(connection, case, but)
