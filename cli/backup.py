"""``dunwell backup`` and ``dunwell restore``: one file out, one file in, and a fence around what was restored."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count as numbers_from
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.session import open_database, read_settings
from cli.terminal import as_json, count, print_json, say

if TYPE_CHECKING:
    from datetime import datetime

    from db.backup import Manifest
    from db.engine import Database
    from settings import Settings

_LOCKS = ("lock", "parts.lock")  # those of ``cli.supervisor``
_SCRATCH = ".restore-"


class UnableToRestore(Exception):
    """What stands in the way of a restore; nothing has been changed."""


@click.command(short_help="Make a backup while everything runs.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="A folder, for a file with a dated name. [default: backups]")
@click.option("--keep", type=click.IntRange(min=1), help="Leave only so many of the newest in that folder.")
@as_json
def backup(file: Path | None, folder: Path | None, keep: int | None, as_json: bool) -> None:
    """Make one file that holds the database, sellers.yaml, the playbooks and capture's log of what was sent.

    Nothing needs to be stopped. The file is read back before it counts. It holds personal data and may hold passwords: keep
    it as safe as the database itself, and not on the same disk. On one machine a backup is made daily by itself, into the
    folder backups of the data folder.

    \b
    Examples:
      dunwell backup
      dunwell backup --to /mnt/elsewhere --keep 30
      dunwell backup before-the-move.tar.gz
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from db import tasks
    from worker import plan_backups

    if file and (folder or keep):
        raise click.UsageError("FILE: name a file, or a folder with --to and --keep, and not both")
    settings, now = read_settings(), datetime.now(UTC)
    with open_database(settings) as database:
        plan = plan_backups(settings, database)
        if folder:
            plan = replace(plan, folder=folder)
        made, manifest = plan.make(now, file, (lambda line: None) if as_json else say)
        if keep:
            plan.prune(keep)
        with database.transaction() as connection:
            tasks.close_tasks(connection, ["backup"], "a backup was made", now)
    size = made.stat().st_size
    if as_json:
        print_json({"file": str(made), "bytes": size, "made_at": manifest.made_at, "revision": manifest.revision, "counts": manifest.counts})
    else:
        say(f"Backed up: {_counted(manifest.counts)}, {size / 1e6:.1f} MB, in {made}")


@click.command(short_help="Put a backup back; nothing goes out until it was compared.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before putting the present database aside.")
@click.option("--new-temporal", is_flag=True, help="Put Temporal's files aside as well, so that every watch begins anew.")
@as_json
def restore(file: Path, yes: bool, new_temporal: bool, as_json: bool) -> None:
    """Put the database of a backup in place. Stop Dunwell first.

    A backup does not know what was sent after it was made. So the restored copy is fenced: it watches, hears and decides,
    and nothing goes out until dunwell reconcile has compared it with what was really sent, and a person has said dunwell
    unfence. On one machine the present database is put aside under a dated name; with PostgreSQL name an empty database.

    Temporal's own files are left as they are, because the running watches may remember what the backup does not. Pass
    --new-temporal when they are damaged or belong to something else.

    \b
    Example:
      dunwell restore .dunwell/backups/dunwell-20261121T030000Z.tar.gz
    """
    from datetime import UTC, datetime

    from db import backup

    settings, now = read_settings(), datetime.now(UTC)
    data = settings.data_folder.absolute()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _hold(data), _scratch(data) as folder, open_database(settings) as database:
        aside = _unused(data / f"before-restore-{now:%Y%m%dT%H%M%SZ}")
        manifest = backup.read(file, into=folder)
        _check_kind(manifest, database)
        if database.is_sqlite:
            counts = _put_sqlite(database, folder / manifest.database_file, aside, manifest, settings, now, yes)
        else:
            counts = _put_postgres(database, folder, manifest, settings, now)
        if new_temporal and (data / "temporal").exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            (data / "temporal").rename(aside / "temporal")
        differing = _put_files(folder, manifest, settings, _unused(data / f"from-backup-{now:%Y%m%dT%H%M%SZ}"))
    kept = str(aside) if aside.exists() else None
    if as_json:
        print_json({"made_at": manifest.made_at, "counts": counts, "fenced": True, "put_aside": kept, "differing_files": differing})
        return
    say(f"Restored from the backup of {manifest.made_at:%d %b %Y, %H:%M} UTC: {_counted(counts)}.")
    if kept:
        say(f"What was here before is kept in {kept}")
    for name in differing:
        say(f"Not replaced, because it differs from the one here: {name}")
    say(_NEXT)


_NEXT = """
Nothing goes out until this copy has been compared with what was really sent. Next:

  1. dunwell up                        or start your worker and web
  2. dunwell rebuild                   every watch begins anew
  3. dunwell import FILE               the newest export, where the ledger is a csv file
  4. dunwell reconcile                 learn from the mail provider's log what was sent since
  5. dunwell unfence --reason "..."    let reminders go out again
"""


def _counted(counts: dict[str, int]) -> str:
    return f"{count(counts['cases'], 'invoice')} watched, {count(counts['outreach'], 'message')}"


def _check_kind(manifest: Manifest, database: Database) -> None:
    kind = "sqlite" if database.is_sqlite else "postgresql"
    if manifest.database != kind:
        raise UnableToRestore(
            f"the backup is of a {manifest.database} database, and DUNWELL_DATABASE_URL names a {kind} one; set it to a {manifest.database} one"
        )


@contextmanager
def _hold(data: Path) -> Iterator[None]:
    """Keep ``dunwell up`` from starting meanwhile. Raises UnableToRestore when it runs."""
    with ExitStack() as stack:
        for name in _LOCKS:
            lock = stack.enter_context((data / name).open("a+"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnableToRestore(f"Dunwell is running in {data}; stop it first (Ctrl-C where dunwell up runs)") from None
        yield


@contextmanager
def _scratch(data: Path) -> Iterator[Path]:
    """A folder for what a backup holds. Those of a restore that was killed go first: each is a whole copy of a database."""
    for left in data.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=data) as folder:
        yield Path(folder)


def _unused(folder: Path) -> Path:
    """``folder``, or the first of ``folder-2``, ``folder-3``, … that does not exist: two restores may fall into one second."""
    return next(one for one in (folder if n == 1 else folder.with_name(f"{folder.name}-{n}") for n in numbers_from(1)) if not one.exists())


def _make_ready(database: Database, manifest: Manifest, settings: Settings, now: datetime) -> dict[str, int]:
    """Bring what was restored up to date, and let nothing leave from it; the rows that are in it."""
    from db import backup, installation, migrate

    backup.refuse_foreign(database, manifest)
    migrate.upgrade(database)
    with database.transaction() as connection:
        counts = backup.count_rows(connection)
        installation.raise_fence(connection, installation.RESTORED, manifest.made_at, settings.owner, now)
    return counts


def _put_sqlite(database: Database, copy: Path, aside: Path, manifest: Manifest, settings: Settings, now: datetime, yes: bool) -> dict[str, int]:
    """Make the copy ready beside the present database, and put it in its place only then."""
    from db.engine import Database

    target = Path(database.engine.url.database or "")
    if target.exists() and not _is_empty(database) and not yes:
        click.confirm(
            f"The present database goes to {aside}, and that of {manifest.made_at:%d %b %Y, %H:%M} UTC takes its place. Restore?", abort=True, err=True
        )
    restored = Database(f"sqlite:///{copy}")
    counts = _make_ready(restored, manifest, settings, now)
    restored.close()
    _leave_one_file(copy)
    database.close()
    if target.exists():
        _leave_one_file(target)
        aside.mkdir(mode=0o700)
        for suffix in ("-wal", "-shm", ""):
            if (part := target.with_name(target.name + suffix)).exists():
                part.rename(aside / part.name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(copy, target)
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return counts


def _leave_one_file(file: Path) -> None:
    """Bring what stands in the files beside it into the database itself, which nobody else may be using."""
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise UnableToRestore(f"something is using {file}; stop every worker and web that does") from None
    except sqlite3.DatabaseError:
        return  # a damaged one is put aside as it is, with the files beside it


def _put_postgres(database: Database, folder: Path, manifest: Manifest, settings: Settings, now: datetime) -> dict[str, int]:
    from sqlalchemy import text

    from db import installation, migrate, postgres

    with database.reading() as connection:
        has_tables = postgres.has_tables(connection)
        others = postgres.others(connection)
    if has_tables and not _is_empty(database):
        raise UnableToRestore("the database is not empty; make a new one (createdb NAME) and set DUNWELL_DATABASE_URL to it. The present one stays as it is")
    if others:
        raise UnableToRestore(f"the database is in use by {count(others, 'other connection')}; stop every worker and web that uses it")
    if has_tables:
        migrate.downgrade(database, "base")
        with database.transaction() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
    # Fenced from its first moment: whoever dies before the rest is done leaves nothing behind that sends.
    postgres.load(database, folder / manifest.database_file, folder, installation.fence_in_sql(installation.RESTORED, manifest.made_at, now))
    return _make_ready(database, manifest, settings, now)


def _is_empty(database: Database) -> bool:
    """Whether nothing has been taken in; a database that cannot be read, or is another program's, is not empty."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import DBAPIError

    from db import backup

    try:
        with database.reading() as connection:
            return not inspect(connection).get_table_names() or backup.is_empty(connection)
    except DBAPIError:
        return False


def _put_files(folder: Path, manifest: Manifest, settings: Settings, other: Path) -> list[str]:
    """Put the files of the backup where there are none; those that differ go into a folder of their own, which is named."""
    from worker import plan_backups

    with open_database(settings) as database:
        places = plan_backups(settings, database).files
    differing = []
    for name in manifest.files:
        if name == manifest.database_file:
            continue
        own = name.removeprefix("own-playbooks/")
        place = settings.own_playbooks / own if own != name and ".." not in own else places.get(name)
        if place and not place.exists() and not name.startswith("playbooks/"):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(folder / name, place)
        elif not place or not place.exists() or place.read_bytes() != (folder / name).read_bytes():
            if name.startswith("mail/"):
                continue  # the log here is the longer one
            (other / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(folder / name, other / name)
            differing.append(str(other / name))
    return differing
