"""Open answers of which the rules do not know what they mean, for a second reading; what it suggests changes the proposed class only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, select

from db.schema import customers, incoming
from db.text import storable_all
from domain.incoming import Incoming
from domain.understanding import Understood
from domain.understanding.refining import OPEN_TO_DOUBT, was_read_again

_UNDERSTOOD = TypeAdapter(Understood)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """``message`` has its text as it came, quotes and all; ``language`` is the customer's."""

    id: str
    message: Incoming
    language: str
    read: Understood


def load_doubtful(connection: Connection, since: datetime, most: int) -> tuple[Doubtful, ...]:
    """At most ``most`` open answers stored after ``since`` that were not read twice yet, the oldest first."""
    query = (
        select(incoming, customers.c.language)
        .join(customers, customers.c.id == incoming.c.customer_id, isouter=True)
        .where(incoming.c.state == "open", incoming.c.stored_at > since, incoming.c.intent.in_(sorted(OPEN_TO_DOUBT)), incoming.c.from_us.is_(False))
        .order_by(incoming.c.stored_at)
    )
    found: list[Doubtful] = []
    for row in connection.execute(query).mappings():
        try:
            read = _UNDERSTOOD.validate_python(row["understood"])
        except ValidationError:
            continue
        if read.pauses and not was_read_again(read) and len(found) < most:
            message = Incoming(row["source"], row["source_id"], row["channel"], row["received_at"], row["sender"], (), row["text"], row["subject"])
            found.append(Doubtful(row["id"], message, row["language"] or "en", read))
    return tuple(found)


def note_reading(connection: Connection, doubtful: Doubtful, read: Understood) -> bool:
    """Keep what the second reading suggests. False when somebody has dealt with the answer meanwhile: that stands."""
    change = incoming.update().where(incoming.c.id == doubtful.id, incoming.c.state == "open", incoming.c.intent == doubtful.read.intent.value)
    told = storable_all(_UNDERSTOOD.dump_python(read, mode="json"))
    return connection.execute(change.values(intent=read.intent.value, understood=told)).rowcount == 1
