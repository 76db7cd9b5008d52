"""Invoices that are not looked at when they should be: first woken, and when that does not help, told of."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Connection

from activities.trouble import Doing, matter
from db import cases, inbox, invoices, tasks
from domain.event import InvoiceChanged
from domain.task import Task, TaskKind
from starter import Door

# Longer than any pause after trouble, and than a ledger that cannot be read is left alone.
_LATE = timedelta(hours=2)
# How long a word that wakes may go unheard.
_DEAF = timedelta(minutes=30)
_MATTER = "overdue"
_REMEDY = (
    "They have been told to look and did not. See dunwell doctor, the log of the worker, and in the Temporal UI the workflows "
    "found by TemporalReportedProblems IS NOT NULL. Nothing is sent for them meanwhile; this ends by itself"
)


async def wake_overdue(door: Door, now: datetime) -> int:
    """Have each overdue invoice looked at now, a hundred at most; how many were woken for the first time.

    Those that slept on after an earlier call are one task, however many they are.
    """

    def note() -> list[str]:
        with door.database.transaction() as connection:
            return _note(connection, now)

    fresh = await asyncio.to_thread(note)
    for word in fresh:
        await door.report(word)
    return len(fresh)


def _note(connection: Connection, now: datetime) -> list[str]:
    fresh, deaf = [], []
    for case, seq in cases.overdue(connection, now - _LATE):
        news = InvoiceChanged(by="upkeep", why="it should have been looked at")
        word, is_new = inbox.receive(
            connection, source="upkeep", source_id=f"{case}/{seq}", kind=news.kind, body="", now=now, case_id=case, news=news, by=news.by
        )
        known = None if is_new else inbox.load_word(connection, word)
        if known is None:
            fresh.append(word)
        elif known.received_at < now - _DEAF and not tasks.is_open(connection, matter(Doing.LOOK, case)):
            deaf.append(case)
    if deaf:
        first = invoices.number_of(connection, deaf[0].removeprefix("invoice/"))
        title = f"{len(deaf)} invoices are not looked at when they should be, {first[:100]} among them"
        tasks.open_tasks(connection, [Task(_MATTER, TaskKind.INCIDENT, title, _REMEDY, "operations", now.date())], None, now)
    elif tasks.is_open(connection, _MATTER):
        tasks.close_tasks(connection, [_MATTER], "they are looked at again", now)
    return fresh
