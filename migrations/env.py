"""Alembic's entry: runs on a connection handed over by ``db.migrate``, or on DUNWELL_DATABASE_URL from the alembic command."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from db.engine import Database
from db.schema import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    database = Database(os.environ.get("DUNWELL_DATABASE_URL", "sqlite:///.dunwell/dunwell.db"))
    with database.transaction() as connection:
        _run(connection)
