"""Insert-or-update that means the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Insert, ScalarSelect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]], *, update: Sequence[str] | None = None) -> None:
    """Insert ``rows``; where ``key`` is taken, overwrite the columns of ``update`` (None: all others; empty: nothing)."""
    if not rows:
        return
    columns = [name for name in rows[0] if name not in key and name != "id"] if update is None else update
    connection.execute(_upsert(connection.dialect.name, table, tuple(key), tuple(columns)), list(rows))


def insert_once(connection: Connection, table: Table, row: dict[str, Any], *found: tuple[str, ScalarSelect[Any]]) -> bool:
    """Insert ``row`` unless one of its unique keys is taken; whether it was inserted.

    What is ``found`` fills the columns named with it; its parameters stand in ``row`` beside the other columns.
    """
    # Not rowcount: the PostgreSQL driver does not tell it for this statement.
    return connection.execute(_insert_once(connection.dialect.name, table, *found), row).first() is not None


# Statements are made once: to make one takes longer than to run it.


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: Table, key: tuple[str, ...], columns: tuple[str, ...]) -> Insert:
    insert: sqlite.Insert | postgresql.Insert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    if not columns:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in columns})


@lru_cache(maxsize=64)
def _insert_once(dialect: str, table: Table, *found: tuple[str, ScalarSelect[Any]]) -> ReturningInsert[Any]:
    insert: sqlite.Insert | postgresql.Insert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    if found:
        insert = insert.values(dict(found))
    return insert.on_conflict_do_nothing().returning(*table.primary_key.columns)
