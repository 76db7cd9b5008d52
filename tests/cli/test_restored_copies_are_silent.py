"""Putting back a backup repeats nothing: the copy is fenced before anything can be sent from it."""

from __future__ import annotations

from datetime import UTC, datetime

from db import installation as state
from domain.facts import Mode
from tests.cli.installation import Installation


def test_a_restored_copy_is_fenced_from_its_first_moment_and_a_person_is_asked_to_compare_it(answering: Installation) -> None:
    answering.run("import", str(answering.write_csv(("A-1", "oak", 20))))
    database = answering.database()
    with database.transaction() as connection:
        state.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    database.close()  # as every part of Dunwell is before a restore
    kept = answering.folder / "kept.tar.gz"
    answering.run("backup", str(kept))
    answering.run("restore", str(kept), "--yes")
    with answering.database().reading() as connection:
        found = state.load_installation(connection)
    assert found.mode is Mode.LIVE
    assert found.fence is not None, "it would send again whatever was sent after the backup"
    assert found.fence.reconciled_at is None
    assert "Nothing goes out" in answering.run("tasks", "list").stdout.replace("\n", " ")
