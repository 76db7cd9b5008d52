"""People: their tokens, of which only the hash is kept, what they answer for, and who stands in for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, RowMapping, bindparam, select

from db.ids import new_id
from db.schema import people
from domain.person import Access, Duty, Person, check_deputy, find_owner

__all__ = [
    "Access",
    "Person",
    "UnableToAdd",
    "add",
    "find",
    "find_acting_owner",
    "issue_token",
    "list_people",
    "load_all",
    "person_for_token",
    "revoke_token",
    "save",
]

# Statements are made once: to make one takes longer than to run it.
_ALL = select(people).order_by(people.c.name)
_BY_TOKEN = select(people).where(people.c.token_hash == bindparam("digest"))
_BY_NAME = select(people).where(people.c.name == bindparam("name"))


class UnableToAdd(ValueError):
    """There is a person of that name already; the message says how to change them."""


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
    row = connection.execute(_BY_TOKEN, {"digest": sha256(token.encode()).digest()}).mappings().one_or_none()
    return None if row is None else _person(row)


def list_people(connection: Connection) -> tuple[tuple[Person, bool], ...]:
    """Everyone, and whether they hold a token."""
    return tuple((_person(row), row["token_hash"] is not None) for row in connection.execute(_ALL).mappings())


def load_all(connection: Connection) -> tuple[Person, ...]:
    """Everyone, by name."""
    return tuple(_person(row) for row in connection.execute(_ALL).mappings())


def find_acting_owner(connection: Connection, installed: str, day: date) -> str:
    """Who answers on ``day`` for what nobody else owns; ``installed`` is whoever the settings name for it, a person or a team."""
    return find_owner(installed, load_all(connection), day)


def find(connection: Connection, name: str) -> Person | None:
    row = connection.execute(_BY_NAME, {"name": name}).mappings().one_or_none()
    return None if row is None else _person(row)


def add(connection: Connection, person: Person, now: datetime) -> None:
    """Record a new person, who gets an id. Raises UnableToAdd for a name that is taken, UnableToStandIn for a faulty deputy."""
    if find(connection, person.name):
        raise UnableToAdd(f"there is a person named {person.name!r} already; change them by dunwell people set {person.name!r}")
    check_deputy(person, load_all(connection))
    connection.execute(people.insert().values(id=new_id("per"), name=person.name, created_at=now, **_columns(person)))


def save(connection: Connection, person: Person) -> None:
    """Record everything about a known person. Raises UnableToStandIn for a deputy who could never stand in."""
    # Two changes at once could close a circle between them, of which neither would see the other's half.
    others: Sequence[RowMapping] = connection.execute(_ALL.with_for_update()).mappings().all()
    check_deputy(person, [_person(row) for row in others])
    connection.execute(people.update().where(people.c.id == person.id).values(_columns(person)))


def _columns(person: Person) -> dict[str, object]:
    return {
        "role": person.role.value,
        "email": person.email,
        "duties": [duty.value for duty in person.duties],
        "deputy": person.deputy,
        "away_from": person.away_from,
        "away_through": person.away_through,
    }


def _person(row: RowMapping) -> Person:
    return Person(
        id=row["id"],
        name=row["name"],
        role=Access(row["role"]),
        email=row["email"],
        duties=tuple(Duty(one) for one in row["duties"]),
        deputy=row["deputy"],
        away_from=row["away_from"],
        away_through=row["away_through"],
    )
