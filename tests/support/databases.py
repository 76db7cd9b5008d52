"""Databases for tests: each new, empty and migrated."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from db import migrate
from db.engine import Database

_made = iter(range(1_000_000))


@contextlib.contextmanager
def fresh_database(kind: str, folder: Path, postgres_url: str | None) -> Iterator[str]:
    """The URL of a new, migrated database of that kind."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / f'dunwell-{next(_made)}.db'}"
    else:
        assert postgres_url is not None
        name = f"dw_{os.getpid()}_{next(_made)}"
        admin = Database(postgres_url)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        admin.close()
        url = f"{postgres_url.rpartition('/')[0]}/{name}"
    database = Database(url)
    migrate.upgrade(database)
    database.close()
    yield url
