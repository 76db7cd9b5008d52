"""Backups: one file that holds what an installation cannot make anew, made while it runs and read back before it counts.

Inside is a tar archive: ``manifest.json`` first, with the checksum of everything that follows, then the database and the
files beside it. Temporal's store is not in it: every watch is begun anew from the database.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Literal

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError

from db import migrate, postgres, schema
from db.engine import Database

MANIFEST = "manifest.json"
DAILY = timedelta(hours=20)
OLD = timedelta(hours=26)
_NAME = re.compile(r"dunwell-(\d{8}T\d{6})Z\.tar\.gz")
_MEMBER = re.compile(r"(?!.*\.\.)[\w-][\w.-]*(/[\w-][\w.-]*)*")
# Unmistakable: a backup is put into any folder, and what others keep there under a hidden name is theirs.
_SCRATCH = ".dunwell-backup-"
_LARGEST_MANIFEST = 1_000_000
_PIECE = 1 << 20
_TELLING = (schema.customers, schema.invoices, schema.cases, schema.outreach, schema.inbox, schema.tasks)

Say = Callable[[str], None]


class UnableToBackUp(Exception):
    """No backup was made, and none was touched; the message says why and what to do."""


class UnableToReadBackup(Exception):
    """A file is not a whole backup of Dunwell's, or one of a later version."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a file in a backup must be: ``size`` in bytes, ``sha256`` in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: all that was known at ``made_at``. ``revision`` is the schema's, ``counts`` are rows by table."""

    version: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    made_at: datetime
    counts: dict[str, int]
    files: dict[str, Sum]
    format: Literal[1] = 1

    @property
    def database_file(self) -> str:
        return f"database.{self.database}"


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Backups:
    """Where an installation keeps its backups and how many, and which files go into each, by their name in it."""

    database: Database
    folder: Path
    keep: int
    version: str
    files: Mapping[str, Path] = field(default_factory=dict)

    def find(self) -> list[tuple[datetime, Path]]:
        """The backups in the folder, newest first, with the moments their names tell."""
        found = ((match, path) for path in self.folder.glob("dunwell-*.tar.gz") if (match := _NAME.fullmatch(path.name)))
        return sorted(((datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC), path) for match, path in found), reverse=True)

    def is_due(self, now: datetime) -> bool:
        """Whether a daily backup is wanted: the newest one is older than 20 hours."""
        newest = next(iter(self.find()), None)
        return self.keep > 0 and (newest is None or now - newest[0] > DAILY)

    def prune(self, keep: int) -> None:
        """Leave only the newest ``keep`` backups in the folder."""
        for _, path in self.find()[keep:]:
            path.unlink(missing_ok=True)

    def make(self, now: datetime, target: Path | None = None, say: Say = lambda line: None) -> tuple[Path, Manifest]:
        """Make a backup as ``target``, or under a dated name in the folder. It appears there at once and whole.

        Everything committed before ``now`` is in it. Raises UnableToBackUp.
        """
        target = target or self.folder / f"dunwell-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.gz"
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(target.parent, now)
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=target.parent) as folder:
                return target, self._make(Path(folder), target, now, say)
        except OSError as error:
            raise UnableToBackUp(f"{error.filename or target}: {error.strerror or error}; free space, or name another file") from None
        except (sqlite3.Error, postgres.UnableToRun, UnableToReadBackup) as error:
            raise UnableToBackUp(f"no backup was made: {error}") from None

    def _make(self, folder: Path, target: Path, now: datetime, say: Say) -> Manifest:
        say("Copying the database ...")
        kind: Literal["sqlite", "postgresql"] = "sqlite" if self.database.is_sqlite else "postgresql"
        copy = folder / "database"
        counts = _copy_sqlite(self.database, copy) if self.database.is_sqlite else postgres.dump(self.database, copy, folder, count_rows)
        inside = {f"database.{kind}": copy, **{name: path for name, path in self.files.items() if path.is_file()}}
        manifest = Manifest(self.version, kind, migrate.revision(self.database), now, counts, {name: _sum(path) for name, path in inside.items()})
        say("Writing the file ...")
        part = folder / "part"
        _write(part, manifest, inside)
        say("Reading it back ...")
        read(part)
        part.replace(target)
        return manifest


def read(file: Path, into: Path | None = None) -> Manifest:
    """Check a backup byte for byte; with ``into``, its files are put there under their names. Raises UnableToReadBackup."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
            text = archive.extractfile(first) if first and first.name == MANIFEST and first.size <= _LARGEST_MANIFEST else None
            if text is None:
                raise UnableToReadBackup(f"{file} is not a backup of Dunwell's: it does not begin with {MANIFEST}")
            manifest = _read_manifest(file, text.read())
            missing = dict(manifest.files)
            while member := archive.next():
                expected, content = missing.pop(member.name, None), archive.extractfile(member)
                if expected is None or content is None or not _MEMBER.fullmatch(member.name):
                    raise UnableToReadBackup(f"{file} holds {member.name!r}, which its manifest does not list; use another backup")
                if _copy(content, into / member.name if into else None) != expected:
                    raise UnableToReadBackup(f"{file}: {member.name} is not what was backed up (wrong checksum); use another backup")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise UnableToReadBackup(f"{file} cannot be read as a backup: {error}; use another backup") from None
    if missing:
        raise UnableToReadBackup(f"{file} lacks {', '.join(sorted(missing))}; use another backup")
    return manifest


def _read_manifest(file: Path, text: bytes) -> Manifest:
    try:
        manifest = _MANIFEST.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise UnableToReadBackup(f"{file}: {MANIFEST}: {where}: {fault['msg']}; it may be of another version of Dunwell") from None
    if not migrate.knows(manifest.revision):
        raise UnableToReadBackup(f"{file} was made by Dunwell {manifest.version}, whose tables this version does not know; install that version or a later one")
    if manifest.database_file not in manifest.files:
        raise UnableToReadBackup(f"{file}: {MANIFEST} lists no database; use another backup")
    return manifest


def is_empty(connection: Connection) -> bool:
    """Whether nothing has been taken in yet."""
    return all(connection.execute(select(table.c.id).limit(1)).first() is None for table in (schema.invoices, schema.outreach))


def count_rows(connection: Connection) -> dict[str, int]:
    """The rows of the tables that tell how much there is, by their names."""
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _TELLING}


def refuse_foreign(database: Database, manifest: Manifest) -> None:
    """Raises UnableToReadBackup where what came out of a backup is no database of ours, or not the one that its manifest tells of."""
    with suppress(DBAPIError):  # a file that is no database at all
        with database.reading() as connection:
            tables = set(inspect(connection).get_table_names())
        if tables.issuperset(table.name for table in _TELLING) and migrate.revision(database) == manifest.revision:
            return
    raise UnableToReadBackup(f"{manifest.database_file} in the backup is not a database of Dunwell's as its manifest tells; use another backup")


def _sweep(folder: Path, now: datetime) -> None:
    """Remove what a backup that was killed has left: whole copies of the database, which nobody would miss or guard."""
    for left in folder.glob(f"{_SCRATCH}*"):
        with suppress(FileNotFoundError):  # one that was at work is done
            if left.stat().st_mtime < (now - DAILY).timestamp():
                shutil.rmtree(left, ignore_errors=True)


def _copy_sqlite(database: Database, target: Path) -> dict[str, int]:
    """A copy of one moment, taken while others write, and found sound."""
    target.touch(mode=0o600)
    source = database.engine.url.database or ""
    if not Path(source).is_file():
        raise UnableToBackUp(f"there is no database in {source}; run dunwell up first, or set DUNWELL_DATA_FOLDER to the folder of your installation")
    with closing(sqlite3.connect(source, timeout=30)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")  # one file, without another beside it
        found = there.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise UnableToBackUp(f"the database is damaged ({found}); restore the newest backup made before: dunwell restore FILE")
    copied = Database(f"sqlite:///{target}")
    try:
        with copied.reading() as connection:
            return count_rows(connection)
    finally:
        copied.close()


def _sum(path: Path) -> Sum:
    with path.open("rb") as content:
        return _copy(content, None)


def _copy(content: IO[bytes], target: Path | None) -> Sum:
    """Read to the end, into ``target`` if there is one, for its owner alone; what it was."""
    digest, size = hashlib.sha256(), 0
    if target:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    out = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") if target else io.BytesIO()
    with out:
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            if target:
                out.write(piece)
        if target:
            out.flush()
            os.fsync(out.fileno())
    return Sum(size, digest.hexdigest())


def _write(part: Path, manifest: Manifest, inside: Mapping[str, Path]) -> None:
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as archive:
            text = json.dumps(_MANIFEST.dump_python(manifest, mode="json"), indent=1).encode()
            archive.addfile(_member(MANIFEST, len(text), manifest.made_at), io.BytesIO(text))
            for name, path in inside.items():
                with path.open("rb") as content:
                    archive.addfile(_member(name, manifest.files[name].size, manifest.made_at), content)
        out.flush()
        os.fsync(out.fileno())


def _member(name: str, size: int, at: datetime) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode, made.mtime = size, 0o600, int(at.timestamp())
    return made
