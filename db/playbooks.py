"""Playbook versions: the resolved text, stored once under its hash and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, func, select

from db.schema import cases, invoices, playbook_versions
from db.upsert import insert_once

_RESOLVED = select(playbook_versions.c.resolved).where(playbook_versions.c.hash == bindparam("hash"))


@dataclass(frozen=True, slots=True)
class Version:
    """An edition that is stored, and how many running cases follow it."""

    hash: str
    name: str
    stored_at: datetime
    running: int


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


def find_versions(connection: Connection, name: str, hash_: str = "") -> tuple[Version, ...]:
    """The stored editions of the playbook ``name`` whose hash begins with ``hash_``, the newest first."""
    table = playbook_versions.c
    running = select(func.count()).where(cases.c.playbook_hash == table.hash, cases.c.ended.is_(None)).scalar_subquery()
    query = select(table.hash, table.name, table.stored_at, running).where(table.name == name, table.hash.startswith(hash_, autoescape=True))
    return tuple(Version(*row) for row in connection.execute(query.order_by(table.stored_at.desc(), table.hash)))


def list_followed(connection: Connection) -> tuple[tuple[str, date], ...]:
    """Every edition that running cases follow: its resolved text, and the earliest due date of their invoices."""
    query = (
        select(playbook_versions.c.resolved, func.min(invoices.c.due))
        .select_from(playbook_versions)
        .join(cases, cases.c.playbook_hash == playbook_versions.c.hash)
    )
    query = query.join(invoices, invoices.c.id == cases.c.invoice_id).where(cases.c.ended.is_(None)).group_by(playbook_versions.c.hash)
    return tuple((resolved, due) for resolved, due in connection.execute(query))


def following(connection: Connection, hashes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The running cases that follow one of these editions, by invoice number: the case's id, and the number."""
    query = select(cases.c.id, invoices.c.number).join(invoices, invoices.c.id == cases.c.invoice_id)
    query = query.where(cases.c.ended.is_(None), cases.c.playbook_hash.in_(hashes)).order_by(invoices.c.number, cases.c.id)
    return tuple((case, number) for case, number in connection.execute(query))
