"""A backup is one whole file made while everything runs, every day by itself on one machine."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from activities.upkeep import Upkeep
from db import backup as backups
from db import tasks
from db.backup import Backups, UnableToBackUp, UnableToReadBackup
from db.engine import Database
from db.schema import tasks as task_rows
from domain.task import Task, TaskKind
from support.postgres import postgres_binaries
from tests.support.databases import fresh_database

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are those of the server that the tests use: of another version they might refuse it."""
    if folder := postgres_binaries():
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("cli.repair._PATIENCE_SECONDS", 1)  # no run answers here


def plan(database: Database, folder: Path, **files: Path) -> Backups:
    return Backups(database, folder / "backups", 3, "0.1.0", files)


def a_task(key: str) -> Task:
    return Task(key, TaskKind.REVIEW, "title", "remedy", "Ann", NOW.date())


@contextmanager
def busy(database: Database) -> Iterator[Callable[[], int]]:
    """Writers that write two rows at a time, without a pause; how many pairs there are by now."""
    stop, written = threading.Event(), [0, 0]

    def write(which: int) -> None:
        while not stop.is_set():
            with database.transaction() as connection:
                tasks.open_tasks(connection, [a_task(f"{which}/{written[which]}/a"), a_task(f"{which}/{written[which]}/b")], None, NOW)
            written[which] += 1

    writers = [threading.Thread(target=write, args=(which,)) for which in range(2)]
    for writer in writers:
        writer.start()
    try:
        yield lambda: sum(written)
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_a_backup_made_while_others_write_holds_one_moment_and_all_that_was_committed_before_it(database: Database, tmp_path: Path) -> None:
    with busy(database) as pairs:
        while pairs() < 5:
            pass
        before = pairs()
        file, manifest = plan(database, tmp_path).make(NOW)
    assert manifest.counts["tasks"] % 2 == 0, "half a transaction is in it"
    assert manifest.counts["tasks"] >= 2 * before
    assert backups.read(file) == manifest
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name], "something was left lying about"


def test_a_backup_holds_the_files_beside_the_database_as_they_were(database: Database, tmp_path: Path) -> None:
    (tmp_path / "sellers").write_text("sellers: []")
    file, manifest = plan(database, tmp_path, **{"sellers.yaml": tmp_path / "sellers", "mail/accepted.jsonl": tmp_path / "missing"}).make(NOW)
    assert set(manifest.files) == {manifest.database_file, "sellers.yaml"}
    backups.read(file, into=tmp_path / "out")
    assert (tmp_path / "out/sellers.yaml").read_text() == "sellers: []"


@pytest.mark.parametrize("harm", ["a byte", "the end", "a member", "one too many", "no manifest", "no archive", "a later version"])
def test_a_damaged_backup_is_refused_with_a_remedy(tmp_path: Path, harm: str) -> None:
    with fresh_database("sqlite", tmp_path, None) as url:
        file, _ = plan(Database(url), tmp_path).make(NOW)
    content = file.read_bytes()
    if harm == "a byte":
        file.write_bytes(content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + content[len(content) // 2 + 1 :])
    elif harm == "the end":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "no archive":
        file.write_bytes(b"hello")
    else:
        rewrite(file, tmp_path / "rewritten", harm)
    with pytest.raises(UnableToReadBackup, match=r"another backup|of another version|later one|not a backup"):
        backups.read(file, into=tmp_path / "out")


def rewrite(file: Path, folder: Path, harm: str) -> None:
    with tarfile.open(file) as archive:
        archive.extractall(folder)  # made by this very test; older Pythons 3.11 know no filter
    manifest = json.loads((folder / "manifest.json").read_text())
    if harm == "a later version":
        manifest["revision"] = "9999"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(file, "w:gz") as archive:
        for name in {"a member": ["manifest.json"], "no manifest": ["database.sqlite"]}.get(harm, ["manifest.json", "database.sqlite"]):
            archive.add(folder / name, name)
        if harm == "one too many":
            archive.add(folder / "manifest.json", "more.json")


def test_a_damaged_database_makes_no_backup_and_spares_those_there_are(tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path, None) as url:
        database = Database(url)
        kept, _ = plan(database, tmp_path).make(NOW)
        with database.transaction() as connection:
            tasks.open_tasks(connection, [a_task(f"task {number}") for number in range(500)], None, NOW)
        file = Path(database.engine.url.database or "")
        database.close()
        with sqlite3.connect(file) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with file.open("r+b") as out:
            out.seek(file.stat().st_size - 3 * 4096)
            out.write(b"\xff" * 4096)
        with pytest.raises(UnableToBackUp):
            plan(Database(url), tmp_path).make(NOW + timedelta(days=1))
        assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_the_password_of_the_database_stands_on_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "bin/pg_dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {seen}; cat "$PGSERVICEFILE" > {seen}.service; stat -c %a "$PGSERVICEFILE" > {seen}.mode; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with fresh_database("postgres", tmp_path, postgres_url) as url:
        database = Database(url.replace("://dunwell@", "://dunwell:s3cret@"))
        with pytest.raises(UnableToBackUp, match="pg_dump failed"):
            plan(database, tmp_path).make(NOW)
        database.close()
    assert "s3cret" not in seen.read_text()
    assert "password=s3cret" in Path(f"{seen}.service").read_text()
    assert Path(f"{seen}.mode").read_text() == "600\n"
    assert not list((tmp_path / "backups").iterdir())


def test_a_missing_program_of_postgresql_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with fresh_database("postgres", tmp_path, postgres_url) as url, pytest.raises(UnableToBackUp, match=r"pg_dump is missing; install .*postgresql-client"):
        plan(Database(url), tmp_path).make(NOW)


# Every day by itself


def test_one_machine_makes_a_backup_a_day_keeps_the_newest_and_says_when_it_fails(tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path, None) as url:
        database = Database(url)
        made = plan(database, tmp_path)
        upkeep = Upkeep(None, "Ann", made)  # type: ignore[arg-type]
        object.__setattr__(upkeep, "door", type("Door", (), {"database": database}))
        moment = [NOW]

        def back_up() -> bool:
            return asyncio.run(upkeep._back_up(lambda: moment[0]))

        assert back_up() is True
        moment[0] += timedelta(hours=19)
        assert back_up() is False, "one a day is enough"
        for _ in range(5):
            moment[0] += timedelta(hours=21)
            assert back_up() is True
        assert [at for at, _ in made.find()] == [moment[0].replace(microsecond=0) - timedelta(hours=21) * n for n in range(3)]
        shutil.rmtree(made.folder)
        made.folder.write_text("in the way")
        assert back_up() is False
        assert open_keys(database) == ["backup"]
        made.folder.unlink()
        assert back_up() is True
        assert open_keys(database) == []


def open_keys(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(task_rows.c.open_key).where(task_rows.c.open_key.is_not(None))))
