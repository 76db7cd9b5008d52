"""Addresses and numbers that nothing goes to, whoever's they are: written before anything else happens, lifted by people only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, func, or_, select

from db import outreach
from db.customers import lock_customers, tell, with_payers
from db.ids import new_id
from db.schema import contacts, suppressions
from db.schema import outreach as messages
from db.text import storable
from db.upsert import insert_once
from domain.customer import spell_reach
from domain.delivery import Ground
from domain.event import OptedIn, OptedOut

# Statements are made once: to make one takes longer than to run it.
_ALL = select(suppressions).order_by(suppressions.c.since.desc(), suppressions.c.id)
_LIFT = (
    suppressions.update()
    .where(suppressions.c.open_key == bindparam("key"))
    .values(open_key=None, lifted_at=bindparam("now"), lifted_by=bindparam("who"), lifted_why=bindparam("why"))
)
# A number is kept as the ledger writes it; how it is spaced does not make it another.
_PHONE: ColumnElement[str] = contacts.c.phone
for _mark in " -()/.":
    _PHONE = func.replace(_PHONE, _mark, "")
_OWNERS = select(contacts.c.customer_id).where(or_(func.lower(contacts.c.email) == bindparam("reach"), bindparam("reach") == _PHONE)).distinct()
_WRITTEN_TO = select(messages.c.customer_id).where(messages.c.reach == bindparam("reach")).distinct()


class UnableToSuppress(Exception):
    """What cannot be kept silent, or lifted; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """``reach`` takes nothing by ``channel`` since ``since``; ``lifted_at`` None: it stands."""

    id: str
    channel: str
    reach: str
    ground: Ground
    reason: str
    by: str
    since: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lifted_why: str = ""


def suppress(connection: Connection, reach: str, channels: Sequence[str], ground: Ground, *, by: str, reason: str, now: datetime) -> tuple[str, ...]:
    """Let nothing more go to ``reach``, as ``spell_reach`` writes it, by ``channels``; those of them by which something still went.

    From the end of this transaction no message to it begins to leave.
    """
    lock_customers(connection, owners(connection, reach))  # the fence of every message to them stands behind this lock
    outreach.lock_reach(connection, [reach])
    return tuple(
        channel
        for channel in channels
        if insert_once(
            connection,
            suppressions,
            {
                "id": new_id("sup"),
                "open_key": _key(channel, reach),
                "channel": channel,
                "reach": reach,
                "ground": ground.value,
                "reason": storable(reason)[:500],
                "by": storable(by)[:200],
                "since": now,
                "lifted_by": "",
                "lifted_why": "",
            },
        )
    )


def lift(connection: Connection, reach: str, channels: Sequence[str], *, by: str, why: str, now: datetime, ground: Ground | None = None) -> tuple[str, ...]:
    """Let messages to ``reach`` go again; the channels by which none went before. ``ground``: only what it silenced."""
    outreach.lock_reach(connection, [reach])
    told = {"who": storable(by)[:200], "why": storable(why)[:500], "now": now}
    query = _LIFT.where(suppressions.c.ground == ground.value) if ground else _LIFT
    return tuple(channel for channel in channels if connection.execute(query, {"key": _key(channel, reach), **told}).rowcount)


def list_suppressions(connection: Connection, *, everything: bool = False, reach: str = "") -> tuple[Suppression, ...]:
    """What stands, newest first; with ``everything`` also what was lifted. ``reach``: of this address or number alone."""
    query = _ALL if everything else _ALL.where(suppressions.c.open_key.is_not(None))
    return tuple(_read(row) for row in connection.execute(query.where(suppressions.c.reach == reach) if reach else query).mappings())


def owners(connection: Connection, reach: str) -> tuple[str, ...]:
    """The customers who are, or were, written to at this address or number."""
    found = {*connection.scalars(_OWNERS, {"reach": reach}), *connection.scalars(_WRITTEN_TO, {"reach": reach})}
    return tuple(sorted(found))


def tell_out(connection: Connection, reach: str, channels: tuple[str, ...], *, by: str, why: str, now: datetime) -> tuple[str, ...]:
    """Tell every running invoice of whoever has this address that it takes nothing more; the ids of the inbox rows."""
    return tell(connection, _concerned(connection, reach), OptedOut(channels, by=by, why=why), now)


def tell_in(connection: Connection, reach: str, channels: tuple[str, ...], *, by: str, why: str, now: datetime) -> tuple[str, ...]:
    """Tell every running invoice of whoever has this address that it takes messages again; the ids of the inbox rows."""
    return tell(connection, _concerned(connection, reach), OptedIn(channels, by=by, why=why), now)


def read_reach(written: str) -> str:
    """An address or number as a person wrote it, as ``spell_reach`` writes it. Raises UnableToSuppress."""
    reach = spell_reach(written)
    if "@" in reach or (reach.startswith("+") and len(reach) > 6):
        return reach
    raise UnableToSuppress(f"{written!r} is neither an e-mail address nor a number with its country code, such as +4930901820")


def _concerned(connection: Connection, reach: str) -> tuple[str, ...]:
    return tuple(sorted({one for owner in owners(connection, reach) for one in with_payers(connection, owner)}))


def _key(channel: str, reach: str) -> str:
    return f"{channel}/{reach}"[:400]


def _read(row: RowMapping) -> Suppression:
    return Suppression(
        row["id"],
        row["channel"],
        row["reach"],
        Ground(row["ground"]),
        row["reason"],
        row["by"],
        row["since"],
        row["lifted_at"],
        row["lifted_by"],
        row["lifted_why"],
    )
