"""A bare FastAPI route with one insert: what the webhook listener is held against. ``python -m bench.route URL PORT``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from fastapi import Body, FastAPI
from sqlalchemy import Column, DateTime, MetaData, String, Table, Text

from db.engine import Database

_TABLES = MetaData()
_WORDS = Table(
    "bare_words",
    _TABLES,
    Column("id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)


def create(database: Database) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/", status_code=202)
    def accept(word: Annotated[dict[str, Any], Body()]) -> dict[str, bool]:
        with database.transaction() as connection:
            connection.execute(_WORDS.insert(), {"id": uuid4().hex, "body": str(word), "received_at": datetime.now(UTC)})
        return {"received": True}

    return app


if __name__ == "__main__":
    opened = Database(sys.argv[1])
    with opened.transaction() as connection:
        _TABLES.create_all(connection)
    uvicorn.run(create(opened), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
