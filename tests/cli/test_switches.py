"""What a person sets for the whole installation, and who may."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from db import installation as state
from db import stories
from db.people import Access
from tests.cli.installation import SELLERS, Installation


def load(installation: Installation) -> state.Installation:
    with installation.database().reading() as connection:
        return state.load_installation(connection)


def test_the_books_are_noted_and_what_waited_for_them_looks_again(answering: Installation) -> None:
    said = answering.run("posted-through", "2026-01-05").stdout
    assert said == "The books of Brightwater are posted through Mon 5 Jan 2026. 3 invoices are looked at again now.\n"
    with answering.database().reading() as connection:
        assert state.load_books(connection, "main").posted_through == date(2026, 1, 5)
    assert answering.nudged == [("books",)]


def test_books_posted_far_enough_close_what_people_were_asked_to_do(answering: Installation) -> None:
    answering.run("import", str(answering.write_csv(("A-1", "oak", 40))))
    answering.look_at_all()

    def asked() -> list[str]:
        with answering.database().reading() as connection:
            return [task.title for task in stories.open_tasks(connection) if "booked" in task.title or "posted" in task.title]

    assert len(asked()) == 1
    answering.run("posted-through", str(answering.today()))
    assert asked() == []


def test_the_books_cannot_be_posted_through_a_day_to_come(installation: Installation) -> None:
    ahead = str(installation.today() + timedelta(days=2))
    assert f"DATE: {ahead} has not come yet" in installation.run("posted-through", ahead, status=1).stderr


def test_all_sending_can_be_stopped_and_go_on(answering: Installation) -> None:
    answering.run("pause", "--reason", "wrong footer")
    assert load(answering).switched_off == "wrong footer"
    assert "all sending is stopped: wrong footer" in answering.run("doctor", status=1).stdout
    assert answering.run("resume").stdout == "Sending goes on. 3 invoices are looked at again now.\n"
    assert load(answering).switched_off == ""
    assert answering.nudged == [("switched-off",)]
    assert "there is nothing to resume" in answering.run("resume", status=1).stderr


def test_with_temporal_away_the_change_is_made_and_noticed_later(installation: Installation) -> None:
    installation.run("pause", "--reason", "x")
    assert installation.run("resume").stdout == "Sending goes on. Temporal is away, so invoices notice at their next look.\n"
    assert json.loads(installation.run("posted-through", "2026-01-05", "--json").stdout)["looking_again"] is None


def test_a_new_installation_is_in_shadow_mode_and_goes_live_only_with_a_real_sender_and_mailer(answering: Installation) -> None:
    assert load(answering).mode == "shadow"
    assert "sender_email hanna@brightwater.example is an example" in answering.run("live", "--yes", status=1).stderr
    (answering.folder / "sellers.yaml").write_text(SELLERS.replace("brightwater.example", "brightwater.co.uk"))
    assert "DUNWELL_MAILER is capture" in answering.run("live", "--yes", status=1).stderr
    answering.run("live", "--replies-are-read-by", "Ann Lee", status=1, DUNWELL_MAILER="smtp")  # nobody said yes
    assert load(answering).mode == "shadow"
    assert "nobody would read what customers answer" in answering.run("live", "--yes", status=1, DUNWELL_MAILER="smtp").stderr
    named = ("--replies-are-read-by", "Ann Lee")
    assert (
        answering.run("live", "--yes", *named, DUNWELL_MAILER="smtp").stdout
        == "Live: reminders go to customers from now on. 3 invoices are looked at again now.\n"
    )
    assert load(answering).mode == "live"
    assert answering.nudged == [()]
    assert "is live already" in answering.run("live", "--yes", "--yes-capture", status=1).stderr
    renamed = answering.run("live", "--replies-are-read-by", "Bea Ling", DUNWELL_MAILER="smtp")
    assert renamed.stdout == "Bea Ling reads what customers answer. 3 invoices are looked at again now.\n"


def test_an_installation_that_is_live_with_nobody_reading_is_told_so_by_doctor(answering: Installation) -> None:
    (answering.folder / "sellers.yaml").write_text(SELLERS.replace("brightwater.example", "brightwater.co.uk"))
    answering.run("live", "--yes", "--yes-capture")

    def found() -> list[tuple[str, str]]:
        told = json.loads(answering.run("doctor", "--json", status=1, DUNWELL_MAILER="smtp", DUNWELL_SMTP_URL="smtp://127.0.0.1:9").stdout)
        return [(one["health"], one["said"]) for one in told if one["what"] == "replies"]

    assert found() == [("wrong", "no program reads what customers answer, so nothing is sent by mail, text or phone")]
    answering.run("live", "--yes-capture", "--replies-are-read-by", "Ann Lee")
    assert found() == [("look", "Ann Lee reads what customers answer")]


@pytest.mark.parametrize(
    "words, role, needed",
    [
        (("posted-through", "2026-01-05"), Access.VIEWER, "agent"),
        (("pause", "--reason", "x"), Access.VIEWER, "agent"),
        (("resume",), Access.AGENT, "admin"),
        (("live", "--yes", "--yes-capture"), Access.AGENT, "admin"),
    ],
)
def test_each_needs_its_role(installation: Installation, words: tuple[str, ...], role: Access, needed: str) -> None:
    (installation.folder / "sellers.yaml").write_text(SELLERS.replace("brightwater.example", "brightwater.co.uk"))
    token = installation.token("Kim", role)
    assert f"Kim has the role {role}, and this needs the role {needed}" in installation.run(*words, status=1, DUNWELL_TOKEN=token).stderr
    assert load(installation) == state.Installation(state.Mode.SHADOW, "")


def test_a_token_is_shown_once_and_stands_for_one_person(installation: Installation) -> None:
    first = json.loads(installation.run("token", "issue", "Vera  Lind", "--role", "agent", "--json").stdout)
    assert first["name"] == "Vera Lind" and first["token"].startswith("dw_")
    second = installation.run("token", "issue", "Vera Lind", "--role", "admin").stdout
    assert first["token"] not in second
    listed = json.loads(installation.run("token", "list", "--json").stdout)
    assert {"name": "Vera Lind", "role": "admin", "has_token": True} in listed
    installation.run("token", "revoke", "Vera Lind")
    assert "nobody named 'Kim' has ever had a token" in installation.run("token", "revoke", "Kim", status=1).stderr
    assert {"name": "Vera Lind", "role": "admin", "has_token": False} in json.loads(installation.run("token", "list", "--json").stdout)


def test_the_owners_token_is_for_the_owners_eyes(installation: Installation) -> None:
    assert (installation.folder / "token").stat().st_mode & 0o077 == 0
    assert (installation.folder / "sellers.yaml").stat().st_mode & 0o077 == 0
    assert installation.folder.stat().st_mode & 0o077 == 0


def test_the_database_is_migrated_and_checked(installation: Installation) -> None:
    assert installation.run("migrate").stdout == "The database is up to date.\n"
    installation.run("migrate", "--check")
    (installation.folder / "dunwell.db").unlink()
    assert "run: dunwell migrate" in installation.run("migrate", "--check", status=1).stderr
    assert "the database is empty or older than this version; run: dunwell migrate" in installation.run("cases", status=1).stderr


def test_without_an_installation_every_command_says_what_to_do(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNWELL_DATA_FOLDER", str(installation.folder / "nowhere"))
    assert "run dunwell up" in installation.run("cases", status=1).stderr
    assert not (installation.folder / "nowhere").exists()


def test_a_setting_that_cannot_be_read_is_named(installation: Installation) -> None:
    said = installation.run("cases", status=1, DUNWELL_PUBLIC_PORT="many").stderr
    assert said.startswith("Error: DUNWELL_PUBLIC_PORT: ") and "'many'" in said


def test_doctor_finds_what_is_wrong_and_says_the_remedy(installation: Installation) -> None:
    found = {(one["what"], one["health"]): one for one in json.loads(installation.run("doctor", "--json", status=1).stdout)}
    assert ("database", "ok") in found
    assert found["ledger", "wrong"]["remedy"] == "run: dunwell import FILE"
    assert found["temporal", "wrong"]["remedy"].startswith("start it by dunwell up")
    assert found["books", "wrong"]["remedy"].startswith("book the bank of ")
    (installation.folder / "sellers.yaml").write_text("sellers: []")
    assert "write a list named sellers" in installation.run("doctor", status=1).stdout


def test_doctor_is_content_with_books_that_are_posted_and_a_fresh_import(installation: Installation) -> None:
    installation.run("import", str(installation.write_csv(("A-1", "oak", 4))))
    installation.run("posted-through", str(installation.today()))
    found = json.loads(installation.run("doctor", "--json", status=1).stdout)
    assert [one["what"] for one in found if one["health"] == "wrong"] == ["temporal"]


def test_doctor_changes_nothing(installation: Installation) -> None:
    before = sorted(file.name for file in installation.folder.rglob("*") if not file.name.startswith("dunwell.db-"))
    installation.run("doctor", status=1)
    assert sorted(file.name for file in installation.folder.rglob("*") if not file.name.startswith("dunwell.db-")) == before


def test_old_words_in_the_inbox_are_found(installation: Installation) -> None:
    from db import inbox

    with installation.database().transaction() as connection:
        inbox.receive(connection, source="test", source_id="1", kind="changed", body="", now=datetime.now(UTC) - timedelta(hours=3))
    assert "something that arrived 3 hours ago has not been passed on" in installation.run("doctor", status=1).stdout
