"""How far each folder of each mailbox has been read. What was read and how far are written in one transaction, so every mail is read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from db.schema import installation, mailboxes
from db.text import storable
from db.upsert import upsert


@dataclass(frozen=True, slots=True)
class Reading:
    """A folder as far as it has been read: everything up to ``high_water`` while its ids stay valid (``uid_validity``).

    ``read_at`` is when it was last read to its end, ``failures`` how often reading it has failed since, ``problem`` why.
    """

    source: str
    folder: str
    uid_validity: int = 0
    high_water: int = 0
    read_at: datetime | None = None
    failures: int = 0
    problem: str = ""


def load(connection: Connection, source: str, folder: str) -> Reading:
    """How far it has been read; nothing at all when it has not been looked at."""
    query = select(mailboxes).where(mailboxes.c.source == source, mailboxes.c.folder == folder)
    row = connection.execute(query).mappings().one_or_none()
    return Reading(source, folder) if row is None else _reading(row)


def load_all(connection: Connection) -> tuple[Reading, ...]:
    query = select(mailboxes).order_by(mailboxes.c.source, mailboxes.c.folder)
    return tuple(_reading(row) for row in connection.execute(query).mappings())


def note_mark(connection: Connection, source: str, folder: str, uid_validity: int, high_water: int) -> None:
    """Everything up to ``high_water`` is kept: to be written in the transaction that keeps it."""
    row = {"source": source, "folder": folder, "uid_validity": uid_validity, "high_water": high_water, "failures": 0, "problem": ""}
    upsert(connection, mailboxes, ["source", "folder"], [row], update=["uid_validity", "high_water"])


def note_read(connection: Connection, source: str, folder: str, now: datetime) -> None:
    """It has been read to its end."""
    row = {"source": source, "folder": folder, "read_at": now, "tried_at": now, "failures": 0, "problem": ""}
    upsert(connection, mailboxes, ["source", "folder"], [row], update=["read_at", "tried_at", "failures", "problem"])


def note_failure(connection: Connection, source: str, folder: str, problem: str, now: datetime) -> int:
    """It could not be read; how often that has been so in a row."""
    failures = load(connection, source, folder).failures + 1
    row = {"source": source, "folder": folder, "tried_at": now, "failures": failures, "problem": storable(problem)[:1000]}
    upsert(connection, mailboxes, ["source", "folder"], [row], update=["tried_at", "failures", "problem"])
    return failures


def note_reader(connection: Connection, name: str) -> None:
    """The person who reads what customers answer, where no program does; empty: nobody is named."""
    connection.execute(installation.update().values(replies_read_by=storable(name)[:200]))


def load_reader(connection: Connection) -> str:
    return connection.execute(select(installation.c.replies_read_by)).scalar_one_or_none() or ""


def _reading(row: RowMapping) -> Reading:
    return Reading(row["source"], row["folder"], row["uid_validity"], row["high_water"], row["read_at"], row["failures"], row["problem"])
