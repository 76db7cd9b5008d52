"""Connections: one set of rules for SQLite (WAL, synchronous FULL, writers queue at once) and PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError


class UnableToConnect(Exception):
    """The database URL cannot be used; the message says what to write instead."""


class Database:
    """A database and its two ways in. ``url`` is sqlite:///FILE or postgresql://user:password@host/name."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UnableToConnect(f"DUNWELL_DATABASE_URL: {error}; write sqlite:///path/to/dunwell.db or postgresql://user:password@host/name") from None
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        # SQLite has one writer at a time, and lets those who wait poll; within a process they queue here instead.
        self._writers: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            self.engine: Engine = create_engine(parsed, pool_size=pool_size, hide_parameters=True, connect_args={"timeout": 30, "check_same_thread": False})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        elif parsed.drivername == "postgresql+psycopg":
            self.engine = create_engine(
                parsed,
                pool_size=pool_size,
                pool_pre_ping=True,
                hide_parameters=True,  # an error's text travels into logs and Temporal; the values in it are people's
                connect_args={"connect_timeout": 10, "options": "-c lock_timeout=20s -c statement_timeout=60s"},
            )
            event.listen(self.engine, "handle_error", _leave_out_values)
        else:
            raise UnableToConnect(f"DUNWELL_DATABASE_URL: {parsed.drivername} is not supported; use sqlite:///FILE or postgresql://...")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are committed at the end, or rolled back when an error leaves the block."""
        with self._writers, self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for looking only; on SQLite it does not wait for writers."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # The driver's own transaction handling begins too late to queue writers; _begin_sqlite does it instead.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another has written meanwhile.
    begin = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN"
    try:
        # The driver's own connection: as a statement of SQLAlchemy's it takes longer to prepare than to run.
        connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise OperationalError(begin, None, error) from error


def _leave_out_values(context: ExceptionContext) -> None:
    """Keep what PostgreSQL says of an error, without the row or the value that it quotes: they are people's."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    diagnosis = getattr(error, "diag", None)
    if diagnosis is None or not diagnosis.message_primary:
        return
    said = diagnosis.message_primary
    if (diagnosis.sqlstate or "").startswith("22"):  # data exceptions quote the value itself
        said = re.sub('".*"', '"..."', said, flags=re.DOTALL)
    error.args = (said,)
    if wrapped is not None:
        wrapped.args = (f"({type(error).__module__}.{type(error).__name__}) {said}",)
