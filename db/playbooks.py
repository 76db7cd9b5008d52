"""Playbook versions: the resolved text, stored once under its hash and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from db.schema import playbook_versions
from db.upsert import insert_once


def store_version(connection: Connection, hash_: str, name: str, resolved: str, now: datetime) -> None:
    insert_once(connection, playbook_versions, {"hash": hash_, "name": name, "resolved": resolved, "stored_at": now})


def load_version(connection: Connection, hash_: str) -> str:
    resolved: str = connection.execute(select(playbook_versions.c.resolved).where(playbook_versions.c.hash == hash_)).scalar_one()
    return resolved
