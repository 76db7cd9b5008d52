"""Remittance advice on its way to whoever posts cash: asked for where it is kept, claimed before it leaves, recorded after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from db.ids import new_id
from db.schema import forwards, incoming_files
from db.text import storable
from db.upsert import insert_once
from domain.incoming import Enclosed

_AT_ONCE = 50
# As ``activities.asking`` marks what goes to people of ours.
_OWN = re.compile(r"<ask_(in_[0-9a-z]{1,60})@")


@dataclass(frozen=True, slots=True)
class Claim:
    """One advice that nobody else will mail on. ``token`` is what may say what became of it."""

    incoming: str
    to_address: str
    token: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One that may have left: its worker died, or nobody answered."""

    incoming: str
    claimed_at: datetime


def ask(connection: Connection, found: str, to_address: str, now: datetime) -> None:
    """Have the message ``found`` mailed on to ``to_address``, once."""
    row = {"incoming_id": found, "to_address": storable(to_address), "state": "waiting", "token": "", "attempts": 0, "not_before": now}
    insert_once(connection, forwards, {**row, "provider": "", "provider_id": "", "reason": ""})


def key_of(found: str) -> str:
    """What the mail about the message ``found`` is known by, in its Message-ID and in a mailer's log."""
    return f"ask_{found}"


def is_own(connection: Connection, message_id: str) -> bool:
    """Whether a mail with this Message-ID is one that mailed something on: it came back to where answers are read."""
    found = _OWN.match(message_id)
    return found is not None and load_state(connection, found[1]) != ""


def find_waiting(connection: Connection, now: datetime) -> tuple[str, ...]:
    query = select(forwards.c.incoming_id).where(forwards.c.state == "waiting", forwards.c.not_before <= now).order_by(forwards.c.not_before).limit(_AT_ONCE)
    return tuple(connection.scalars(query))


def claim(connection: Connection, found: str, now: datetime) -> Claim | None:
    """Take one that waits, from the end of this transaction; None: another run has."""
    token = new_id("tok")
    waits = (forwards.c.incoming_id == found, forwards.c.state == "waiting")
    taken = forwards.update().where(*waits).values(state="sending", token=token, attempts=forwards.c.attempts + 1, claimed_at=now)
    if connection.execute(taken).rowcount == 0:
        return None
    row = connection.execute(select(forwards.c.to_address, forwards.c.attempts).where(forwards.c.incoming_id == found)).one()
    return Claim(found, row.to_address, token, row.attempts)


def record(connection: Connection, claim: Claim, state: str, now: datetime, *, provider: str = "", provider_id: str = "", reason: str = "") -> None:
    """What became of it; whoever has lost the claim says nothing."""
    known = {"provider": provider, "provider_id": storable(provider_id), "reason": storable(reason)[:1000]}
    this = (forwards.c.incoming_id == claim.incoming, forwards.c.token == claim.token)
    connection.execute(forwards.update().where(*this).values(state=state, recorded_at=now, **known))


def put_back(connection: Connection, found: str, not_before: datetime, reason: str) -> None:
    """It certainly did not leave: it waits again."""
    change = forwards.update().where(forwards.c.incoming_id == found, forwards.c.state.in_(["sending", "unknown"]))
    connection.execute(change.values(state="waiting", token="", not_before=not_before, reason=storable(reason)[:1000]))


def settle(connection: Connection, found: str, state: str, now: datetime, reason: str) -> None:
    """One in doubt, resolved."""
    change = forwards.update().where(forwards.c.incoming_id == found, forwards.c.state.in_(["sending", "unknown"]))
    connection.execute(change.values(state=state, token="", recorded_at=now, reason=storable(reason)[:1000]))


def find_doubtful(connection: Connection, now: datetime, life: timedelta, window: timedelta) -> tuple[Doubtful, ...]:
    """Those whose worker died more than ``life`` ago, and those nobody answered for, claimed within ``window``."""
    lost = (forwards.c.state == "sending") & (forwards.c.claimed_at < now - life)
    unanswered = (forwards.c.state == "unknown") & (forwards.c.claimed_at.between(now - window, now - life))
    query = select(forwards.c.incoming_id, forwards.c.claimed_at).where(or_(lost, unanswered)).order_by(forwards.c.claimed_at).limit(_AT_ONCE)
    return tuple(Doubtful(row.incoming_id, row.claimed_at) for row in connection.execute(query))


def load_state(connection: Connection, found: str) -> str:
    """How far the message ``found`` is; empty: it is not to be mailed on."""
    return connection.scalar(select(forwards.c.state).where(forwards.c.incoming_id == found)) or ""


def load_files(connection: Connection, found: str) -> tuple[Enclosed, ...]:
    """The files that came with it; of those too large to be kept only the name."""
    columns = (incoming_files.c.name, incoming_files.c.media_type, incoming_files.c.content, incoming_files.c.size)
    query = select(*columns).where(incoming_files.c.incoming_id == found).order_by(incoming_files.c.place)
    return tuple(Enclosed(row.name, row.media_type, row.content or b"", row.size) for row in connection.execute(query))
