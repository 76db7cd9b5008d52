"""``dunwell audit``: whether the diaries are what was written, told to people and to programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from activities.sealing import Sealing
from tests.cli.installation import OURS, Installation


@pytest.fixture
def watching(installation: Installation) -> Installation:
    """Two watched invoices, sealed last night."""
    installation.run("import", str(installation.write_csv(("A-1", "oak", 40), ("B-1", "elm", 10))))
    installation.look_at_all()
    seal(installation)
    return installation


def seal(installation: Installation, file: Path | None = None, days: int = 0) -> None:
    database = installation.database()
    Sealing(database, file, "operations").seal(datetime.now(UTC) + timedelta(days=days))
    database.close()


def tamper(installation: Installation, statement: str) -> None:
    database = installation.database()
    with database.transaction() as connection:
        connection.execute(text(statement))
    database.close()


def lines_of(installation: Installation, number: str) -> int:
    return len(json.loads(installation.run("case", "diary", number, "--json").stdout))


def test_diaries_nobody_changed_are_whole(watching: Installation) -> None:
    said = watching.run("audit", "verify").stdout
    lines = lines_of(watching, "A-1") + lines_of(watching, "B-1")
    assert said.startswith(f"{lines} lines of the diaries and 1 seal checked.\nLast sealed ") and said.endswith("Nothing was changed.\n")
    told = json.loads(watching.run("audit", "verify", "--json").stdout)
    assert (told["whole"], told["lines"], told["seals"], told["damages"]) == (True, lines, 1, [])
    assert told["last_seal"]["digest"] in said


def test_a_new_installation_has_nothing_to_check_and_says_so(installation: Installation) -> None:
    assert "Nothing is sealed yet" in installation.run("audit", "verify").stdout


def test_a_changed_line_is_named_and_ends_with_1(watching: Installation) -> None:
    of_b = "select c.id from cases c join invoices i on i.id = c.invoice_id where i.number = 'B-1'"
    tamper(watching, f"update journal set what = 'paid in full' where place = 1 and case_id in ({of_b})")
    said = watching.run("audit", "verify", status=1).stdout
    assert "invoice B-1, line 1: ALTERED: it is not what was written" in said and "Something was changed" in said
    (damage,) = json.loads(watching.run("audit", "verify", "--json", status=1).stdout)["damages"]
    assert (damage["invoice"], damage["row"], damage["harm"]) == ("B-1", 1, "altered")
    assert not [word for word in OURS if word in said.lower()]


def test_a_seal_that_is_gone_is_named(watching: Installation) -> None:
    seal(watching, days=2)
    tamper(watching, "delete from seals where number = 1")
    assert "seal 1: SEAL MISSING: it is gone" in watching.run("audit", "verify", status=1).stdout


def test_only_what_is_new_is_checked_since_a_day(watching: Installation) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    told = json.loads(watching.run("audit", "verify", "--since", tomorrow, "--json").stdout)
    assert (told["lines"], told["since_seal"]) == (0, 1)
    assert json.loads(watching.run("audit", "verify", "--since", "2020-01-01", "--json").stdout)["since_seal"] is None
    assert "Invalid value for '--since'" in watching.run("audit", "verify", "--since", "yesterday", status=2).stderr


def test_what_only_the_file_outside_knows_is_damage(watching: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    file = watching.folder / "seals.jsonl"
    monkeypatch.setenv("DUNWELL_SEALS_FILE", str(file))
    assert "DUNWELL_SEALS_FILE" in watching.run("audit", "verify", status=1).stderr, "a file that is not there cannot vouch for anything"
    seal(watching, file, days=1)
    assert "Nothing was changed." in watching.run("audit", "verify").stdout
    tamper(watching, "delete from seals where number = 2")
    assert "the file outside has it, this database has not" in watching.run("audit", "verify", status=1).stdout
    file.write_text("{}\n")
    assert "seals.jsonl:1: number" in watching.run("audit", "verify", status=1).stderr


def test_a_restored_backup_is_whole_and_what_it_forgot_is_told(watching: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    file = watching.folder.parent / "seals.jsonl"
    monkeypatch.setenv("DUNWELL_SEALS_FILE", str(file))
    seal(watching, file)
    backup = watching.folder.parent / "backup.tar.gz"
    watching.run("backup", str(backup))
    tamper(watching, "update seals set at = datetime(at, '-2 days')")  # so that the next one is due before the restore
    seal(watching, file)
    watching.run("restore", str(backup), "--yes")
    told = json.loads(watching.run("audit", "verify", "--json").stdout)
    assert told["whole"] and told["seals"] == 1 and told["put_back_at"]
    assert {seal["number"] for seal in told["seals_only_outside"]} == {2}
    said = watching.run("audit", "verify").stdout
    assert "only the file outside knows: this database was put back to an earlier state" in said and "If nobody restored a backup then" in said


def test_one_diary_is_printed_with_its_hashes(watching: Installation) -> None:
    lines = [json.loads(line) for line in watching.run("audit", "export", "A-1").stdout.splitlines()]
    assert [line["row"] for line in lines] == list(range(1, lines_of(watching, "A-1") + 1))
    assert all(line["hash"] == sha256(f"{line['before']}\n{line['text']}".encode()).hexdigest() for line in lines)
    assert "no watched invoice has the number 'A-9'" in watching.run("audit", "export", "A-9", status=1).stderr
