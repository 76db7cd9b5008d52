"""Playbook versions: the resolved text, stored once under its hash and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from db.schema import playbook_versions
from db.upsert import insert_once

_RESOLVED = select(playbook_versions.c.resolved).where(playbook_versions.c.hash == bindparam("hash"))


class UnableToFindVersion(LookupError):
    """A playbook that a case has pinned is gone."""


def store_version(connection: Connection, hash_: str, name: str, resolved: str, now: datetime) -> None:
    insert_once(connection, playbook_versions, {"hash": hash_, "name": name, "resolved": resolved, "stored_at": now})


def load_version(connection: Connection, hash_: str) -> str:
    """Raises UnableToFindVersion."""
    resolved: str | None = connection.execute(_RESOLVED, {"hash": hash_}).scalar_one_or_none()
    if resolved is None:
        raise UnableToFindVersion(f"version {hash_[:12]} of its playbook is not in the database; restore it from a backup")
    return resolved
