"""People and their tokens. Only a token's hash is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, select

from db.ids import new_id
from db.schema import people


class Access(StrEnum):
    """What a person may do: look, change invoices by hand, change the installation."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def covers(self, needed: Access) -> bool:
        order = list(Access)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: Access


def issue_token(connection: Connection, name: str, role: Access, now: datetime) -> str:
    """A new token for this person, replacing an earlier one. It is shown once and cannot be read again."""
    token = f"dw_{token_urlsafe(32)}"
    digest = sha256(token.encode()).digest()
    changed = connection.execute(people.update().where(people.c.name == name).values(role=role.value, token_hash=digest))
    if changed.rowcount == 0:
        connection.execute(people.insert().values(id=new_id("per"), name=name, role=role.value, token_hash=digest, created_at=now))
    return token


def revoke_token(connection: Connection, name: str) -> bool:
    return connection.execute(people.update().where(people.c.name == name).values(token_hash=None)).rowcount == 1


def person_for_token(connection: Connection, token: str) -> Person | None:
    row = connection.execute(select(people).where(people.c.token_hash == sha256(token.encode()).digest())).mappings().one_or_none()
    return None if row is None else Person(row["id"], row["name"], Access(row["role"]))


def list_people(connection: Connection) -> tuple[tuple[Person, bool], ...]:
    """Everyone, and whether they hold a token."""
    rows = connection.execute(select(people).order_by(people.c.name)).mappings()
    return tuple((Person(row["id"], row["name"], Access(row["role"])), row["token_hash"] is not None) for row in rows)
