"""What every test may ask for: a database of each kind, and PostgreSQL started from whatever this machine has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from db import migrate
from db.engine import Database
from support.postgres import Postgres

# No test asserts how fast this machine is.
settings.register_profile("dunwell", deadline=None)
settings.load_profile("dunwell")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Where tests may make databases of their own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    server = Postgres()
    yield server.url
    server.stop()


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


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database; every test that asks runs on both kinds."""
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with fresh_database(request.param, tmp_path, server) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()
