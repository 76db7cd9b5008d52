from __future__ import annotations

from db import migrate
from db.engine import Database


def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    migrate.check(database)
    assert migrate.is_current(database)


def test_every_step_can_be_taken_back_and_forth(database: Database) -> None:
    migrate.downgrade(database, "base")
    assert not migrate.is_current(database)
    migrate.upgrade(database)
    migrate.check(database)
