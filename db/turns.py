"""What only one process may be doing to a database at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from db.engine import Database


class UnableToTakeTurn(Exception):
    """Another process is doing the same at this moment; nothing was changed."""


@contextmanager
def take_turn(database: Database, doing: str) -> Iterator[None]:
    """Be the only one that is ``doing`` this, a short word, to this database until the block is left or the process dies.

    Raises UnableToTakeTurn at once where another is, on whatever machine.
    """
    if database.is_sqlite:
        file = Path(database.engine.url.database or "")
        with file.with_name(f"{file.name}-{doing}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnableToTakeTurn(doing) from None
            yield
        return
    key = func.hashtext(f"dunwell/{doing}")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one():
            raise UnableToTakeTurn(doing)
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(key)))
