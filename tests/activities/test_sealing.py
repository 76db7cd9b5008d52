"""Every night the diaries are sealed once; a seal that cannot be kept outside becomes a task until it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from activities import upkeep
from activities.sealing import Sealing
from db import audit, seals
from db.backup import Backups
from db.engine import Database
from db.schema import seals as table
from support.by_hand import ByHand


def numbers(database: Database) -> list[int]:
    with database.reading() as connection:
        return [seal.number for seal in seals.load_seals(connection)]


def test_the_first_look_seals_and_then_once_a_night(database: Database) -> None:
    hand = ByHand(database)
    hand.work(hand.add("INV-1", late=-20))
    sealing = Sealing(database, None, "operations")
    made = []
    for hours in range(72):
        sealing.seal(hand.now + timedelta(hours=hours))
        made.append(len(numbers(database)))
    assert (made[0], made[19], made[21], made[-1]) == (1, 1, 2, 4)
    with audit.holding_still(database) as connection:
        assert list(audit.check(connection)) == []


def test_a_seal_that_cannot_be_kept_outside_is_a_task_until_it_is(database: Database, tmp_path: Path) -> None:
    hand = ByHand(database)
    hand.work(hand.add("INV-1", late=-20))
    file = tmp_path / "away" / "seals.jsonl"
    sealing = Sealing(database, file, "operations")
    sealing.seal(hand.now)
    assert numbers(database) == [1] and hand.tasks() == ["seal"]
    ((remedy,),) = hand.rows("select remedy from tasks")
    assert "DUNWELL_SEALS_FILE" in remedy and "make the folder" in remedy
    file.parent.mkdir()
    sealing.seal(hand.now + timedelta(hours=1))
    assert hand.tasks() == []
    assert [seal.number for seal in seals.read_outside(file)] == [1]


def test_a_seal_that_fails_for_any_reason_lets_the_rest_of_the_round_go_on(database: Database) -> None:
    hand = ByHand(database)
    with database.transaction() as connection:
        table.drop(connection)
    Sealing(database, None, "operations").seal(hand.now)
    assert hand.tasks() == ["seal"]


def test_the_log_of_what_fails_at_night_quotes_nobody(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> NoReturn:
        raise ValueError("Pat Payer <pat@oak.example>")

    monkeypatch.setattr(seals, "is_due", fail)
    monkeypatch.setattr(Backups, "make", fail)
    hand = ByHand(database)
    Sealing(database, None, "operations").seal(hand.now)
    assert upkeep._make(Backups(database, tmp_path, 3, "0.1.0"), lambda: hand.now)
    said = "".join(capsys.readouterr())
    assert "upkeep.seal_failed" in said and "upkeep.backup_failed" in said and "ValueError" in said
    assert "Pat" not in said and "oak" not in said
