"""What a person has set for the whole installation: shadow or live, all sending stopped, how far the books are posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from db.schema import books, installation
from db.upsert import upsert
from domain.facts import Mode


@dataclass(frozen=True, slots=True)
class Installation:
    mode: Mode
    switched_off: str


@dataclass(frozen=True, slots=True)
class BooksRow:
    read_at: datetime | None = None
    posted_through: date | None = None


def load_installation(connection: Connection) -> Installation:
    """A new installation is in shadow mode: everything runs, nothing leaves."""
    row = connection.execute(select(installation.c.mode, installation.c.switched_off).where(installation.c.id == 1)).one_or_none()
    return Installation(Mode.SHADOW, "") if row is None else Installation(Mode(row.mode), row.switched_off)


def set_mode(connection: Connection, mode: Mode, by: str, now: datetime) -> None:
    upsert(
        connection,
        installation,
        ["id"],
        [{"id": 1, "mode": mode.value, "switched_off": "", "changed_by": by, "changed_at": now}],
        update=["mode", "changed_by", "changed_at"],
    )


def switch_off(connection: Connection, reason: str, by: str, now: datetime) -> None:
    """Stop all sending for ``reason``; an empty reason lets it go on."""
    row = {"id": 1, "mode": load_installation(connection).mode.value, "switched_off": reason, "changed_by": by, "changed_at": now}
    upsert(connection, installation, ["id"], [row], update=["switched_off", "changed_by", "changed_at"])


def load_books(connection: Connection, seller: str) -> BooksRow:
    row = connection.execute(select(books.c.read_at, books.c.posted_through).where(books.c.seller_id == seller)).one_or_none()
    return BooksRow() if row is None else BooksRow(row.read_at, row.posted_through)


def note_read(connection: Connection, seller: str, at: datetime) -> None:
    upsert(connection, books, ["seller_id"], [{"seller_id": seller, "read_at": at, "posted_by": ""}], update=["read_at"])


def note_posted(connection: Connection, seller: str, through: date, by: str) -> None:
    upsert(connection, books, ["seller_id"], [{"seller_id": seller, "posted_through": through, "posted_by": by}], update=["posted_through", "posted_by"])
