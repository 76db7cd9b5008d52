"""PostgreSQL's own programs, which copy a database out and in. The password reaches them by a file, never by a command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from db.engine import Database

_LONGEST_SECONDS = 4 * 3600


class UnableToRun(Exception):
    """A program of PostgreSQL's is missing, or did not do its work; the message has what it said."""


def dump(database: Database, target: Path, folder: Path, count: Callable[[Connection], dict[str, int]]) -> dict[str, int]:
    """Copy one moment of the database into ``target``, in PostgreSQL's custom format; ``folder`` is for files in between.

    Answers what ``count`` counts at that very moment. Raises UnableToRun.
    """
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        counted = count(connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        target.touch(mode=0o600)
        _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}"], database, folder)
        return counted


def load(database: Database, source: Path, folder: Path, then: str) -> None:
    """Bring what ``dump`` copied into an empty database and run the SQL statement ``then`` in it, all of it or nothing; ``folder``
    is for files in between. Raises UnableToRun."""
    script = folder / "load.sql"
    script.touch(mode=0o600)
    _run("pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", f"--file={script}", str(source)], database, folder)
    with script.open("a", encoding="utf-8") as file:
        file.write(f"\nRESET search_path;\n{then};\n")  # the script has emptied it
    _run("psql", ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={script}"], database, folder)
    script.unlink()


def has_tables(connection: Connection) -> bool:
    return bool(inspect(connection).get_table_names())


def others(connection: Connection) -> int:
    """How many other connections to this database there are."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    found: int = connection.execute(text(query)).scalar_one()
    return found


def _run(program: str, options: list[str], database: Database, folder: Path) -> None:
    path = shutil.which(program)
    if path is None:
        raise UnableToRun(
            f"the program {program} is missing; install PostgreSQL's client programs (package postgresql-client), of the server's version or newer"
        )
    _, words = database.engine.dialect.create_connect_args(database.engine.url)
    words.pop("context", None)
    service = folder / "service"
    with os.fdopen(os.open(service, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("[dunwell]\n" + "".join(f"{name}={value}\n" for name, value in words.items()))
    environment = {**os.environ, "PGSERVICEFILE": str(service), "PGSERVICE": "dunwell", "PGCONNECT_TIMEOUT": "10"}
    try:
        done = subprocess.run([path, "--no-password", *options], env=environment, capture_output=True, text=True, timeout=_LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        raise UnableToRun(f"{program} did not end within {_LONGEST_SECONDS // 3600} hours") from None
    finally:
        service.unlink(missing_ok=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise UnableToRun(f"{program} failed: {' '.join(said[:2])[:500]}")
