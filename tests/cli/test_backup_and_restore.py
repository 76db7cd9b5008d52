"""What is restored from a backup is fenced, and what was there is kept: the commands, through whole disasters."""

from __future__ import annotations

import fcntl
import gc
import hashlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from temporalio.testing import ActivityEnvironment

from activities.assessor import Assessor
from activities.cases import Cases
from activities.ledgers import Ledgers
from activities.outreach import Outreach
from cli.session import read_settings
from db import installation as state
from db import invoices, migrate
from db.engine import Database
from db.people import Access
from db.schema import outreach
from db.schema import tasks as task_rows
from domain.decision import Perform
from domain.facts import Mode
from support.postgres import postgres_binaries
from tests.cli.installation import Installation
from tests.support.databases import fresh_database
from worker import connect_mailer, make_policy, plan_backups
from workflows.ports import Ask, Delivery

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's programs are those of the server that the tests use: of another version they might refuse it."""
    if folder := postgres_binaries():
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("cli.repair._PATIENCE_SECONDS", 1)  # no run answers here


def forge(file: Path, folder: Path, change: Callable[[Path], None]) -> None:
    """Put what ``change`` makes of the database into a backup, under checksums that are right."""
    with tarfile.open(file) as archive:
        archive.extractall(folder)  # made by this very test; older Pythons 3.11 know no filter
    change(folder / "database.sqlite")
    manifest = json.loads((folder / "manifest.json").read_text())
    content = (folder / "database.sqlite").read_bytes()
    manifest["files"]["database.sqlite"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with tarfile.open(file, "w:gz") as archive:
        for name in ("manifest.json", *manifest["files"]):
            archive.add(folder / name, name)


def make_foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE songs (id INTEGER)")


def make_no_database(file: Path) -> None:
    file.write_text("This is a letter and no database. " * 200)


def make_older(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()


def make_emptier(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM outreach_parts")
        connection.execute("DELETE FROM outreach")
        connection.commit()


@pytest.fixture
def at_home(answering: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation with Temporal there and contact hours open, that has sent one reminder."""
    monkeypatch.setenv("DUNWELL_OPEN_ALL_HOURS", "true")
    take_in(answering)
    assert send_what_is_due() == 1
    return answering


def take_in(installation: Installation) -> None:
    """A late invoice and one that is not due, live."""
    installation.run("import", str(installation.write_csv(("A-1", "oak", 20), ("A-2", "elm", -30))))
    with opened() as database, database.transaction() as connection:
        state.set_mode(connection, Mode.LIVE, "test", NOW)
        state.note_posted(connection, "main", installation.today(), "test")


@contextmanager
def opened() -> Iterator[Database]:
    database = Database(read_settings().database)
    try:
        yield database
    finally:
        database.close()
        gc.collect()  # what other helpers left open


def send_what_is_due() -> int:
    """What a worker does with every open invoice now; how many messages the mailer has taken in all."""
    settings = read_settings()
    with opened() as database:
        ledgers, assessor = Ledgers(database, {}), Assessor(make_policy(settings))
        looking, sending = Cases(database, ledgers, assessor), Outreach(database, ledgers, assessor, connect_mailer(settings))
        with database.reading() as connection:
            owed = [one.id for one in invoices.load_open(connection, "main")]
        for invoice in owed:
            answer = at_present().run(looking.assess, Ask(invoice))
            if isinstance(act := answer.decision, Perform):
                at_present().run(sending.deliver, Delivery(invoice, act.step, act.channel, answer.known))
    log = settings.data_folder / "mail/accepted.jsonl"
    return len(log.read_text().splitlines()) if log.exists() else 0


def at_present() -> ActivityEnvironment:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=datetime.now(UTC))
    return environment


@pytest.fixture(params=["sqlite", "postgres"])
def at_work(request: pytest.FixtureRequest, answering: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Installation]:
    """An installation on each database, with Temporal there and contact hours open."""
    monkeypatch.setenv("DUNWELL_OPEN_ALL_HOURS", "true")
    if request.param == "postgres":
        with fresh_database("postgres", tmp_path, request.getfixturevalue("postgres_url")) as url:
            monkeypatch.setenv("DUNWELL_DATABASE_URL", url)
            yield answering
    else:
        yield answering


def make_room(at_work: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """PostgreSQL is restored into a database that is new; here with the tables that a migration has made."""
    if "postgres" in read_settings().database:
        made = fresh_database("postgres", tmp_path, request.getfixturevalue("postgres_url"))
        monkeypatch.setenv("DUNWELL_DATABASE_URL", made.__enter__())


def test_a_whole_disaster_ends_without_a_message_sent_twice(
    at_work: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    take_in(at_work)
    token = at_work.token("Ann", Access.ADMIN)
    kept = tmp_path / "kept.tar.gz"
    assert "Backed up: 0 invoices watched, 0 messages" in at_work.run("backup", str(kept)).stdout
    assert send_what_is_due() == 1
    gc.collect()

    make_room(at_work, monkeypatch, tmp_path, request)
    said = at_work.run("restore", str(kept), "--yes").stdout
    assert "Nothing goes out until this copy has been compared" in said
    gc.collect()
    assert send_what_is_due() == 1, "something left a copy that nobody has compared"
    if "sqlite" in read_settings().database:  # the PostgreSQL of tests is not durable, and doctor looks no further then
        said = at_work.run("doctor", status=1).stdout
        assert "nothing goes out: this copy was restored from a backup and has not been compared with what was really sent" in said
    assert "this copy was restored from a backup" in at_work.run("cases").stdout.replace("\n", " ")
    assert "run: dunwell reconcile" in at_work.run("unfence", "--reason", "x", status=1, DUNWELL_TOKEN=token).output
    told = at_work.run("reconcile").stdout
    assert "1 message looked at" in told and "A-1" in told and "will not be repeated" in told
    assert "0 of them were not known here" in at_work.run("reconcile").stdout
    assert "there is no fence" not in at_work.run("unfence", "--reason", "compared", DUNWELL_TOKEN=token).output
    assert at_work.nudged[-1] == ("fenced",)
    assert "there is no fence" in at_work.run("unfence", "--reason", "compared", status=1, DUNWELL_TOKEN=token).output
    assert send_what_is_due() == 1, "the reminder was repeated"
    with opened() as database, database.reading() as connection:
        assert connection.execute(select(outreach.c.state)).scalars().all() == ["accepted"]


def test_where_no_log_can_be_read_what_may_have_been_sent_is_left_out_unless_somebody_has_looked(
    at_home: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNWELL_MAILER", "smtp")
    monkeypatch.setenv("DUNWELL_SMTP_URL", "smtp://127.0.0.1:9")
    with opened() as database, database.transaction() as connection:
        connection.execute(task_rows.delete())
    at_home.run("fence", "--known-until", f"{NOW - timedelta(hours=2):%Y-%m-%dT%H:%M}")
    said = at_home.run("reconcile").stdout
    assert "the mailer smtp keeps no log that could be read" in said
    assert "No reminder fell due in the time that is missing." in said or "A-" in said
    assert json.loads(at_home.run("reconcile", "--json").stdout)["compared"]["problem"]
    at_home.run("unfence", "--reason", "looked into the server's log", "--not-sent")
    with opened() as database, database.reading() as connection:
        assert state.load_installation(connection).fence is None


def test_a_fence_is_lifted_only_after_a_comparison_that_left_nothing_open(at_home: Installation) -> None:
    at_home.run("fence", "--known-until", f"{NOW - timedelta(hours=2):%Y-%m-%dT%H:%M}")
    assert "has not come yet" in at_home.run("fence", "--known-until", "2999-01-01 00:00", status=1).output
    assert "has not been compared" in at_home.run("unfence", "--reason", "x", status=1).output
    with opened() as database, database.transaction() as connection:
        state.note_reconciled(connection, True, 2, NOW)
    assert "2 messages in the provider's log are about invoices not known here" in at_home.run("unfence", "--reason", "x", status=1).output
    assert "role admin" in at_home.run("unfence", "--reason", "x", status=1, DUNWELL_TOKEN=at_home.token("Vera", Access.AGENT)).output
    assert "go out again" in at_home.run("unfence", "--reason", "they are of a test", "--leave-unmatched").stdout
    assert "they are of a test (local owner)" in str(results())


def results() -> list[str]:
    with opened() as database, database.reading() as connection:
        return list(connection.scalars(select(task_rows.c.result).where(task_rows.c.closed_at.is_not(None))))


def test_what_was_here_before_a_restore_is_kept_and_files_that_differ_are_not_replaced(at_home: Installation, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(kept))
    sellers = at_home.folder / "sellers.yaml"
    sellers.write_text(sellers.read_text().replace("Brightwater Ltd", "Brightwater plc"))
    (at_home.folder / "temporal").mkdir()
    said = json.loads(at_home.run("restore", str(kept), "--yes", "--new-temporal", "--json").stdout)
    aside = Path(said["put_aside"])
    assert sorted(path.name for path in aside.iterdir()) == ["dunwell.db", "temporal"]
    with sqlite3.connect(aside / "dunwell.db") as before:
        assert before.execute("SELECT count(*) FROM cases").fetchone() == (2,)
    (differing,) = said["differing_files"]
    assert "Brightwater Ltd" in Path(differing).read_text()
    assert "Brightwater plc" in sellers.read_text()
    assert migrate.is_current(Database(read_settings().database))


def test_a_restore_onto_a_bare_machine_brings_the_sellers_along(at_home: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(kept))
    monkeypatch.setenv("DUNWELL_DATA_FOLDER", str(tmp_path / "new"))
    at_home.run("restore", str(kept))
    assert "Brightwater" in (tmp_path / "new/sellers.yaml").read_text()
    assert (tmp_path / "new/mail/accepted.jsonl").exists()
    assert "A-1" in at_home.run("cases").stdout


def test_a_restore_is_refused_while_dunwell_runs_or_something_uses_the_database_and_changes_nothing(at_home: Installation, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(kept))
    with (at_home.folder / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Dunwell is running" in at_home.run("restore", str(kept), "--yes", status=1).output
    gc.collect()
    held = sqlite3.connect(at_home.folder / "dunwell.db")
    held.execute("SELECT * FROM cases").fetchone()
    assert "something is using" in at_home.run("restore", str(kept), "--yes", status=1).output
    held.close()
    assert not [path for path in at_home.folder.iterdir() if path.name.startswith((".restore", "before"))]
    with opened() as database, database.reading() as connection:
        assert state.load_installation(connection).fence is None
        assert connection.execute(select(func.count()).select_from(outreach)).scalar_one() == 1
    assert "Aborted" in at_home.run("restore", str(kept), status=1).output, "nobody was asked before the database was put aside"


@pytest.mark.parametrize("change", [make_foreign, make_no_database, make_older])
def test_a_backup_whose_database_is_not_the_one_its_manifest_tells_of_is_refused_and_the_present_one_stays(
    at_home: Installation, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    kept = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(kept))
    forge(kept, tmp_path / "forged", change)
    assert "is not a database of Dunwell's" in at_home.run("restore", str(kept), "--yes", status=1).output
    assert not [path for path in at_home.folder.iterdir() if path.name.startswith((".restore", "before"))]
    assert "A-1" in at_home.run("cases").stdout


def test_what_was_restored_is_counted_and_not_what_the_manifest_says(at_home: Installation, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar.gz"
    said = json.loads(at_home.run("backup", str(kept), "--json").stdout)
    assert json.loads(at_home.run("restore", str(kept), "--yes", "--json").stdout)["counts"] == said["counts"]
    forge(kept, tmp_path / "forged", make_emptier)
    assert said["counts"]["outreach"] == 1
    assert "2 invoices watched, 0 messages" in at_home.run("restore", str(kept), "--yes").stdout


def test_a_second_restore_within_one_second_puts_what_was_there_beside_the_first(at_home: Installation, tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(kept))
    now = datetime.now(UTC)
    taken = [at_home.folder / f"before-restore-{now + timedelta(seconds=n):%Y%m%dT%H%M%SZ}" for n in range(120)]
    for folder in taken:
        folder.mkdir()
    aside = Path(json.loads(at_home.run("restore", str(kept), "--yes", "--json").stdout)["put_aside"])
    assert aside.name.endswith("Z-2") and aside.with_name(aside.name.removesuffix("-2")) in taken and list(aside.iterdir())
    assert not any(list(folder.iterdir()) for folder in taken)


def test_postgresql_is_restored_into_an_empty_database_only(
    at_home: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    sqlite_backup = tmp_path / "kept.tar.gz"
    at_home.run("backup", str(sqlite_backup))
    with fresh_database("postgres", tmp_path, request.getfixturevalue("postgres_url")) as url:
        monkeypatch.setenv("DUNWELL_DATABASE_URL", url)
        assert "names a postgresql one" in at_home.run("restore", str(sqlite_backup), status=1).output
        at_home.run("import", str(at_home.write_csv(("A-1", "oak", 20))))
        at_home.run("backup", str(tmp_path / "other.tar.gz"))
        gc.collect()
        assert "createdb" in at_home.run("restore", str(tmp_path / "other.tar.gz"), status=1).output


def test_a_restore_that_dies_before_its_end_leaves_nothing_behind_that_sends(
    at_work: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    take_in(at_work)
    kept = tmp_path / "kept.tar.gz"
    at_work.run("backup", str(kept))
    assert send_what_is_due() == 1
    gc.collect()
    make_room(at_work, monkeypatch, tmp_path, request)

    def die(*_: object) -> None:
        raise migrate.UnableToMigrate("the power went")

    with monkeypatch.context() as dying:
        dying.setattr(migrate, "upgrade", die)
        assert "the power went" in at_work.run("restore", str(kept), "--yes", status=1).output
    gc.collect()
    if "postgres" in read_settings().database:
        with opened() as database, database.reading() as connection:
            fence = state.load_installation(connection).fence
        assert fence is not None and fence.why == state.RESTORED and fence.known_until < fence.since
    assert send_what_is_due() == 1, "the reminder was repeated"


def test_copies_that_a_killed_backup_or_restore_has_left_are_removed_by_the_next_one(at_home: Installation, tmp_path: Path) -> None:
    data, kept = read_settings().data_folder, tmp_path / "kept.tar.gz"
    dead, at_work, killed = tmp_path / ".dunwell-backup-dead", tmp_path / ".dunwell-backup-at-work", data / ".restore-killed"
    photos = tmp_path / ".backup-photos"
    for folder in (dead, at_work, killed, photos):
        folder.mkdir()
        (folder / "database").write_text("Pat Payer")
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for folder in (dead, photos):
        os.utime(folder, (long_ago, long_ago))
    at_home.run("backup", str(kept))
    assert (dead.exists(), at_work.exists()) == (False, True)
    assert (photos / "database").exists(), "what others keep in that folder was removed"
    at_home.run("restore", str(kept), "--yes")
    assert not killed.exists()


def test_backups_go_into_a_folder_with_dated_names_and_only_the_newest_are_kept(answering: Installation, tmp_path: Path) -> None:
    old = tmp_path / "elsewhere/dunwell-20200101T000000Z.tar.gz"
    old.parent.mkdir()
    old.write_text("old")
    (tmp_path / "elsewhere/notes.txt").write_text("not ours")
    answering.run("backup", "--to", str(tmp_path / "elsewhere"), "--keep", "1")
    assert not old.exists()
    assert len(list((tmp_path / "elsewhere").glob("dunwell-*.tar.gz"))) == 1
    assert (tmp_path / "elsewhere/notes.txt").exists()
    assert "not both" in answering.run("backup", "x.tar.gz", "--keep", "1", status=2).output


def test_doctor_tells_how_old_the_newest_backup_is(answering: Installation) -> None:
    def said() -> str:
        answer = answering.run("doctor", "--json", status=1)
        return next(one["health"] + " " + one["said"] for one in json.loads(answer.stdout) if one["what"] == "backup")

    assert said().startswith("look none in")
    with opened() as database:
        made = plan_backups(read_settings(), database)
        made.make(datetime.now(UTC) - timedelta(hours=30))
        assert said().startswith("look the newest is 30 hours old")
        made.make(datetime.now(UTC))
        assert said().startswith("ok the newest is 0 minutes old")
