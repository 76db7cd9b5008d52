"""Databases for tests: each new, empty and migrated."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from db import migrate
from db.engine import Database

_made = iter(range(1_000_000))


@contextlib.contextmanager
def fresh_database(kind: str, folder: Path, postgres_url: str | None) -> Iterator[str]:
    """The URL of a new, migrated database of that kind: a copy of one that this process has migrated from nothing."""
    if kind == "sqlite":
        file = folder / f"dunwell-{next(_made)}.db"
        file.write_bytes(migrated_file())
        yield f"sqlite:///{file}"
    else:
        assert postgres_url is not None
        yield _create(postgres_url, template=_migrated_template(postgres_url))


@cache
def migrated_file() -> bytes:
    """What stands in the file of a new SQLite database."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dunwell.db"
        _migrate(f"sqlite:///{file}")
        return file.read_bytes()


@cache
def _migrated_template(postgres_url: str) -> str:
    url = _create(postgres_url, template="template1")
    _migrate(url)
    return url.rpartition("/")[2]


def _create(postgres_url: str, template: str) -> str:
    name = f"dw_{os.getpid()}_{next(_made)}"
    admin = Database(postgres_url)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    admin.close()
    return f"{postgres_url.rpartition('/')[0]}/{name}"


def _migrate(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()
