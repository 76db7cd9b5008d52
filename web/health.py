"""Whether a listener can do its work: the database answers, and takes what is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from db.engine import Database
from domain.discretion import describe
from starter import Door

_PATIENCE = 3.0
_TRIAL_PATIENCE = 1.5  # with the other still less than the five seconds that those who ask us have
_EVERY_SECONDS = 15.0
# A row that every database of ours has, written as it stands: what is full or read-only refuses it.
_NOTHING_NEW = text("UPDATE alembic_version SET version_num = version_num")
_BUSY = ("55P03", "57014")  # PostgreSQL: waited too long for a lock, or for the statement

log = structlog.get_logger("web")


class Trial:
    """Writes to the database once in a while, and remembers whether it was taken. A database that is busy is not one that refuses."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes = True
        self._due = 0.0

    async def ask(self) -> bool:
        """Whether the last trial was taken; a new one is made when the last is 15 seconds old, and waited for 1.5 seconds."""
        if monotonic() >= self._due:
            self._due = monotonic() + _EVERY_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(_TRIAL_PATIENCE):
                    await asyncio.to_thread(self._try)
        return self._writes

    def _try(self) -> None:
        try:
            with self._database.transaction() as connection:
                connection.execute(_NOTHING_NEW)
            self._writes = True
        except SQLAlchemyError as error:
            refused = getattr(error, "orig", None)
            if refused is None or "locked" in str(refused) or getattr(refused, "sqlstate", "") in _BUSY:
                return
            if self._writes:
                log.error("unable to write", error=describe(error))
            self._writes = False


async def healthz(request: Request) -> Response:
    """Well as long as the database answers and can be written: without Temporal the page still shows, and what arrives is kept."""
    door: Door = request.app.state.door

    def read() -> None:
        with door.database.reading() as connection:
            connection.execute(text("SELECT 1"))

    async def ask_database() -> str:
        if not await _answers(asyncio.to_thread(read)):
            return "away"
        return "answers" if await request.app.state.trial.ask() else "cannot write"

    database, temporal = await asyncio.gather(ask_database(), _answers(door.client.service_client.check_health(timeout=timedelta(seconds=_PATIENCE))))
    healthy = database == "answers"
    said = {"healthy": healthy, "database": database, "temporal": "answers" if temporal else "away"}
    return JSONResponse(said, status_code=200 if healthy else 503)


async def _answers(asked: Awaitable[Any]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await asked is not False
    except Exception:
        return False
