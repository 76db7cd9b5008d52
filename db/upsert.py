"""Insert-or-update that means the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[dict[str, Any]], *, update: Sequence[str] | None = None) -> None:
    """Insert ``rows``; where ``key`` is taken, overwrite the columns of ``update`` (None: all others; empty: nothing)."""
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    columns = [name for name in rows[0] if name not in key and name != "id"] if update is None else list(update)
    if columns:
        statement = insert.on_conflict_do_update(index_elements=list(key), set_={name: insert.excluded[name] for name in columns})
    else:
        statement = insert.on_conflict_do_nothing(index_elements=list(key))
    connection.execute(statement, list(rows))


def insert_once(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert ``row`` unless one of its unique keys is taken; whether it was inserted."""
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    # Not rowcount: the PostgreSQL driver does not tell it for this statement.
    return connection.execute(insert.values(row).on_conflict_do_nothing().returning(*table.primary_key.columns)).first() is not None
