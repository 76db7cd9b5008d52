"""The messages that customers sent us, as people read and deal with them: who wrote, about what, and what it was understood as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, RowMapping, Select, func, select

from db.schema import cases, customers, incoming, incoming_cases, incoming_files, invoices
from domain.understanding import Understood

LARGEST_LIST = 200

_UNDERSTOOD = TypeAdapter(Understood)


class UnableToFindMessage(LookupError):
    """No message, or more than one, goes by that id; the message says how to find it."""


@dataclass(frozen=True, slots=True)
class About:
    """An invoice that a message is about. ``ended``: it is not watched any more."""

    case: str
    number: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One message in a list. ``joined_by`` says how it was found what it is about; empty: nobody knows who wrote it.

    ``state`` is open, handled, or noted: nothing in it waits for a person. ``answered_at``: one of us wrote back by hand.
    """

    id: str
    received_at: datetime
    channel: str
    sender: str
    sender_name: str
    subject: str
    customer: str
    customer_number: str
    customer_name: str
    seller: str
    joined_by: str
    intent: str
    state: str
    from_us: bool
    answered_at: datetime | None
    about: tuple[About, ...]

    @property
    def who(self) -> str:
        return self.customer_name or self.sender_name or self.sender or "somebody unknown"


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a message; ``kept`` is false for one that was too large."""

    place: int
    name: str
    media_type: str
    size: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """One message, whole. ``understood`` is None for what no rule has read, such as a report of a mail server."""

    line: Line
    to: tuple[str, ...]
    text: str
    understood: Understood | None
    files: tuple[File, ...]
    handled_as: str
    handled_by: str
    handled_why: str
    handled_at: datetime | None


def list_messages(connection: Connection, *, everything: bool = False, customer: str = "", limit: int = LARGEST_LIST) -> tuple[Line, ...]:
    """The messages that wait for a person, longest waiting first; with ``everything`` all of them, newest first.

    ``customer`` is a part of the customer's name or number, or of the sender's address.
    """
    query = _lines()
    if customer:
        wanted = f"%{customer.lower()}%"
        columns = (customers.c.name, customers.c.number, incoming.c.sender)
        query = query.where(func.lower(columns[0]).like(wanted) | func.lower(columns[1]).like(wanted) | func.lower(columns[2]).like(wanted))
    query = query.order_by(incoming.c.received_at.desc()) if everything else query.where(incoming.c.state == "open").order_by(incoming.c.received_at)
    rows = connection.execute(query.limit(limit)).mappings().all()
    return _read(connection, rows)


def count_open(connection: Connection) -> tuple[int, datetime | None]:
    """How many messages wait for a person, and since when the oldest has."""
    found = connection.execute(select(func.count(), func.min(incoming.c.received_at)).where(incoming.c.state == "open")).one()
    return found[0], found[1]


def load_message(connection: Connection, name: str) -> Whole:
    """The message with this id, or whose id begins so. Raises UnableToFindMessage."""
    wanted = name if name.startswith("in_") else f"in_{name}"
    rows = connection.execute(_lines().where(incoming.c.id.startswith(wanted, autoescape=True)).limit(2)).mappings().all()
    if len(rows) != 1:
        raise UnableToFindMessage(f"{'several messages have' if rows else 'no message has'} the id {name!r}; dunwell inbox list shows them")
    (row,) = rows
    (line,) = _read(connection, rows)
    files = connection.execute(
        select(incoming_files.c.place, incoming_files.c.name, incoming_files.c.media_type, incoming_files.c.size, incoming_files.c.content.is_not(None))
        .where(incoming_files.c.incoming_id == line.id)
        .order_by(incoming_files.c.place)
    ).all()
    return Whole(
        line=line,
        to=tuple(row["recipients"]),
        text=row["text"],
        understood=_understood(row["understood"]),
        files=tuple(File(*one) for one in files),
        handled_as=row["handled_as"],
        handled_by=row["handled_by"],
        handled_why=row["handled_why"],
        handled_at=row["handled_at"],
    )


def load_file(connection: Connection, message: str, place: int) -> bytes:
    """What is in a file that came with a message; nothing when it was too large to be kept."""
    query = select(incoming_files.c.content).where(incoming_files.c.incoming_id == message, incoming_files.c.place == place)
    return connection.execute(query).scalar_one_or_none() or b""


def still_waiting(connection: Connection, case: str, but: str) -> bool:
    """Whether a message about this case other than ``but`` waits for a person."""
    query = (
        select(incoming.c.id)
        .join(incoming_cases, incoming_cases.c.incoming_id == incoming.c.id)
        .where(incoming_cases.c.case_id == case, incoming.c.state == "open", incoming.c.id != but)
    )
    return connection.execute(query.limit(1)).first() is not None


def describe(line: Line) -> dict[str, Any]:
    """A message for programs."""
    return {
        "id": line.id,
        "received_at": line.received_at,
        "channel": line.channel,
        "sender": line.sender,
        "sender_name": line.sender_name,
        "customer": {"id": line.customer, "number": line.customer_number, "name": line.customer_name},
        "invoices": [{"number": one.number, "case": one.case, "watched": not one.ended} for one in line.about],
        "subject": line.subject,
        "understood_as": line.intent,
        "joined_by": line.joined_by,
        "state": line.state,
        "from_us": line.from_us,
        "answered_by_hand_at": line.answered_at,
    }


def describe_whole(found: Whole) -> dict[str, Any]:
    """A message whole, for programs."""
    return {
        **describe(found.line),
        "to": list(found.to),
        "text": found.text,
        "understood": asdict(found.understood) if found.understood else None,
        "files": [asdict(one) for one in found.files],
        "handled_as": found.handled_as,
        "handled_by": found.handled_by,
        "handled_why": found.handled_why,
        "handled_at": found.handled_at,
    }


def _lines() -> Select[Any]:
    columns = (customers.c.number.label("customer_number"), customers.c.name.label("customer_name"))
    return select(incoming, *columns).select_from(incoming.outerjoin(customers, customers.c.id == incoming.c.customer_id))


def _read(connection: Connection, rows: Sequence[RowMapping]) -> tuple[Line, ...]:
    about: dict[str, list[About]] = defaultdict(list)
    query = (
        select(incoming_cases.c.incoming_id, cases.c.id, invoices.c.number, cases.c.ended)
        .join(cases, cases.c.id == incoming_cases.c.case_id)
        .join(invoices, invoices.c.id == cases.c.invoice_id)
        .where(incoming_cases.c.incoming_id.in_([row["id"] for row in rows]))
        .order_by(invoices.c.due, invoices.c.number)
    )
    for found, case, number, ended in connection.execute(query):
        about[found].append(About(case, number, ended is not None))
    return tuple(
        Line(
            id=row["id"],
            received_at=row["received_at"],
            channel=row["channel"],
            sender=row["sender"],
            sender_name=row["sender_name"],
            subject=row["subject"],
            customer=row["customer_id"] or "",
            customer_number=row["customer_number"] or "",
            customer_name=row["customer_name"] or "",
            seller=row["seller_id"] or "",
            joined_by=row["joined_by"],
            intent=row["intent"],
            state=row["state"],
            from_us=row["from_us"],
            answered_at=row["answered_at"],
            about=tuple(about[row["id"]]),
        )
        for row in rows
    )


def _understood(stored: object) -> Understood | None:
    """What another version of Dunwell understood may be beyond this one."""
    try:
        return None if stored is None else _UNDERSTOOD.validate_python(stored)
    except ValidationError:
        return None
