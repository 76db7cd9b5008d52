"""What every test may ask for: a database of each kind, and PostgreSQL started from whatever this machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from db.engine import Database
from support.postgres import Postgres
from tests.support.databases import fresh_database

# A test that forgets to name a Temporal server must not reach one that somebody runs on this machine.
os.environ["DUNWELL_TEMPORAL_ADDRESS"] = "127.0.0.1:9"

# No test asserts how fast this machine is, and the same tree is judged by the same examples; a soak tries new ones.
settings.register_profile("dunwell", deadline=None, derandomize=not os.environ.get("DUNWELL_SOAK"), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dunwell")


@pytest.fixture(autouse=True)
def each_test_hears_every_log_line() -> Iterator[None]:
    """A command that silences the log of its process silences no test after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Where tests may make databases of their own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    server = Postgres()
    yield server.url
    server.stop()


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
