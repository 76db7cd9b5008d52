"""The outreach ledger: one row a message, one part for each invoice it covers, and the key that forbids a second.

States: claimed, sending, then accepted, refused or unknown, then delivered; a call that was placed is calling until it ends,
and then delivered or missed (it reached nobody); also released (given up before sending),
shadowed (written, and kept here) and presumed (by nobody's word: it may have been sent before this copy was restored, or
all it was about has ended before anybody found out).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, func, or_, select, union
from sqlalchemy import case as if_else

from db.ids import new_id
from db.schema import cases, installation, outreach, outreach_parts
from db.text import storable_all
from domain.customer import spell_reach
from domain.facts import Contacted, CountsAs, InFlight, Refused
from domain.playbook import Stage
from domain.texting import fit, simplify

# States that count as contact with the customer, for the gap and the caps: all that left, or may have, and did not come back.
_COUNTS = ("accepted", "calling", "unknown", "delivered", "missed", "presumed")
SENT = ("accepted", "delivered", "bounced")
_ON_THE_WAY = ("claimed", "sending", "calling")
_GIVEN_UP = ("released", "refused", "bounced", "missed", "shadowed")

# Longer than any call may last.
_LONGEST_CALL = timedelta(hours=1)

# Statements are made once: to make one takes longer than to run it.
_JOINED = outreach_parts.join(outreach)
_OF_STEP = (
    outreach_parts.c.case_id == bindparam("case"),
    outreach_parts.c.round == bindparam("round"),
    outreach_parts.c.rung == bindparam("rung"),
    outreach_parts.c.channel == bindparam("channel"),
)
_COUNT_GIVEN_UP = select(func.count()).select_from(_JOINED).where(*_OF_STEP, outreach.c.state.in_(_GIVEN_UP) | outreach_parts.c.dropped)
_ALIVE = (
    select(outreach.c.id)
    .select_from(_JOINED)
    .where(*_OF_STEP, outreach.c.state.not_in(_GIVEN_UP), outreach_parts.c.dropped.is_(False))
    .order_by(outreach.c.claimed_at.desc())
    .limit(1)
)
_INSERT = outreach.insert()
_INSERT_PARTS = outreach_parts.insert()
_MESSAGE = select(outreach).where(outreach.c.id == bindparam("message")).with_for_update()
_PARTS = (
    select(outreach_parts).where(outreach_parts.c.outreach_id == bindparam("message"), outreach_parts.c.dropped.is_(False)).order_by(outreach_parts.c.case_id)
)
_STILL_WATCHED = (
    select(outreach_parts.c.case_id)
    .join(cases, cases.c.id == outreach_parts.c.case_id)
    .where(outreach_parts.c.outreach_id == outreach.c.id, outreach_parts.c.dropped.is_(False), cases.c.ended.is_(None))
)
_PRESUME_ENDED = (
    outreach.update()
    .where(
        outreach.c.state == "unknown",
        outreach.c.id.in_(select(outreach_parts.c.outreach_id).where(outreach_parts.c.case_id == bindparam("case"))),
        ~_STILL_WATCHED.exists(),
    )
    .values(state="presumed", reason="all it was about has ended, so it counts as sent", recorded_at=bindparam("now"))
)
_MOVE = outreach.update().where(outreach.c.id == bindparam("message"), outreach.c.token == bindparam("held_by"), outreach.c.state.in_(bindparam("out_of")))
# Two searches put together: each has an index of its own, and no database uses both for one.
_IS_FAILED = and_(outreach.c.state == "refused", outreach.c.provider_id != "")
_CONTACT = select(
    outreach.c.id,
    outreach.c.stage,
    outreach.c.claimed_at,
    outreach.c.sending_at,
    outreach.c.channel,
    if_else((_IS_FAILED, CountsAs.FAILED.value), else_=outreach.c.counts_as).label("counts_as"),
).where(outreach.c.claimed_at >= bindparam("since"), or_(outreach.c.state.in_(bindparam("states")), _IS_FAILED), outreach.c.counts_as != CountsAs.ANSWER)
_CONTACTS = union(_CONTACT.where(outreach.c.customer_id.in_(bindparam("customers"))), _CONTACT.where(outreach.c.reach.in_(bindparam("reach")))).order_by(
    "claimed_at"
)
_ABOUT = (
    select(
        outreach_parts.c.round,
        outreach_parts.c.rung,
        outreach_parts.c.channel,
        outreach_parts.c.dropped,
        outreach.c.id,
        outreach.c.state,
        outreach.c.claimed_at,
        outreach.c.recorded_at,
        outreach.c.reason,
        outreach.c.try_again,
        outreach.c.reach,
        outreach.c.provider,
        outreach.c.provider_id,
    )
    .select_from(_JOINED)
    .where(outreach_parts.c.case_id == bindparam("case"), outreach.c.state.in_([*_ON_THE_WAY, "unknown", "refused", "missed"]))
    .order_by(outreach.c.recorded_at)
)
_TO_THE_SAME = select(outreach.c.id, outreach.c.step, outreach.c.claimed_at).where(
    outreach.c.customer_id.in_(bindparam("customers")) | outreach.c.reach.in_(bindparam("reach")),
    outreach.c.state.in_(_ON_THE_WAY),
    outreach.c.counts_as != CountsAs.ANSWER,
)
_LOCK_REACH = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("reach", type_=Text), 0)))
_FENCED_SINCE = select(installation.c.fenced_since).with_for_update(read=True)
_LEFT_BEHIND = select(outreach.c.id, outreach.c.state).where(
    outreach.c.customer_id.in_(bindparam("customers")),
    ((outreach.c.state == "claimed") & (outreach.c.claimed_at < bindparam("before")))
    | ((outreach.c.state == "sending") & (outreach.c.sending_at < bindparam("before")))
    | ((outreach.c.state == "calling") & (outreach.c.sending_at < bindparam("long_before"))),
)
_THREAD = (
    select(outreach.c.message_id)
    .select_from(_JOINED)
    .where(outreach_parts.c.case_id == bindparam("case"), outreach.c.state.in_(["accepted", "delivered", "unknown"]), outreach.c.message_id != "")
    .order_by(outreach.c.sending_at)
)


@dataclass(frozen=True, slots=True)
class Part:
    """One invoice's share in a message."""

    case: str
    round: int
    rung: str
    channel: str
    attempt: int
    leads: bool


@dataclass(frozen=True, slots=True)
class About:
    """The messages about one case that are not settled: those that cover it and whose fate is open, and the attempts that were
    refused, and the calls that reached nobody, by round and rung, oldest first."""

    in_flight: tuple[InFlight, ...]
    refused: Mapping[tuple[int, str], tuple[Refused, ...]]
    missed: Mapping[tuple[int, str], tuple[datetime, ...]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that has been claimed, as found in the ledger."""

    id: str
    state: str
    token: str
    claimed_by: str
    seller: str
    contact: str
    step: str
    stage: Stage
    claimed_at: datetime
    message_id: str
    parts: tuple[Part, ...]


def next_attempt(connection: Connection, case: str, round_: int, rung: str, channel: str) -> int:
    """One more than the attempts known to have come to nothing; an attempt still alive makes the key collide, as it must."""
    given_up: int = connection.execute(_COUNT_GIVEN_UP, _step(case, round_, rung, channel)).scalar_one()
    return 1 + given_up


def find_alive(connection: Connection, case: str, round_: int, rung: str, channel: str) -> Claim | None:
    """The message that already covers this step, if one was claimed and has not come to nothing."""
    found = connection.execute(_ALIVE, _step(case, round_, rung, channel)).scalar_one_or_none()
    return None if found is None else load_claim(connection, found)


def _step(case: str, round_: int, rung: str, channel: str) -> dict[str, Any]:
    return {"case": case, "round": round_, "rung": rung, "channel": channel}


def lock_reach(connection: Connection, reach: Collection[str]) -> None:
    """Until the end of the transaction nobody else may claim a message to these addresses and numbers, whoever's they are.
    SQLite has one writer at a time, so there it is so anyway."""
    if connection.dialect.name == "postgresql":
        for one in sorted(reach):
            connection.execute(_LOCK_REACH, {"reach": one})


def claim(connection: Connection, row: dict[str, Any], parts: Sequence[Part]) -> Claim:
    """Write a claim. Raises IntegrityError when any part's key is taken: somebody else is sending it, or has."""
    row = {"state": "claimed", "message_id": "", **row}
    connection.execute(_INSERT, row)
    add_parts(connection, row["id"], parts)
    return _claim(row, tuple(sorted(parts, key=lambda part: part.case)))


def add_parts(connection: Connection, outreach_id: str, parts: Sequence[Part]) -> None:
    """Write more of what a message covers. Raises IntegrityError when any part's key is taken."""
    connection.execute(
        _INSERT_PARTS,
        [
            {
                "outreach_id": outreach_id,
                "case_id": part.case,
                "round": part.round,
                "rung": part.rung,
                "channel": part.channel,
                "attempt": part.attempt,
                "leads": part.leads,
                "dropped": False,
            }
            for part in parts
        ],
    )


def load_claim(connection: Connection, outreach_id: str) -> Claim:
    row = connection.execute(_MESSAGE, {"message": outreach_id}).mappings().one()
    return _claim(row, load_parts(connection, outreach_id))


def _claim(row: Mapping[Any, Any], parts: tuple[Part, ...]) -> Claim:
    return Claim(
        id=row["id"],
        state=row["state"],
        token=row["token"],
        claimed_by=row["claimed_by"],
        seller=row["seller_id"],
        contact=row["contact_id"],
        step=row["step"],
        stage=Stage(row["stage"]),
        claimed_at=row["claimed_at"],
        message_id=row["message_id"],
        parts=parts,
    )


def load_parts(connection: Connection, outreach_id: str) -> tuple[Part, ...]:
    """What a message covers, without what dropped out of it; nothing when it is not known."""
    parts = connection.execute(_PARTS, {"message": outreach_id}).mappings()
    return tuple(Part(p["case_id"], p["round"], p["rung"], p["channel"], p["attempt"], p["leads"]) for p in parts)


def take_over(connection: Connection, outreach_id: str, old_token: str, new_token: str) -> bool:
    """Continue another run's claim that never got to sending; false when it has moved on meanwhile."""
    return _move(connection, outreach_id, old_token, "claimed", {"token": new_token})


def drop_parts(connection: Connection, outreach_id: str, case_ids: Sequence[str]) -> None:
    """Leave out invoices found settled at the fence."""
    if case_ids:
        connection.execute(
            outreach_parts.update().where(outreach_parts.c.outreach_id == outreach_id, outreach_parts.c.case_id.in_(case_ids)).values(dropped=True)
        )


def move_to_sending(connection: Connection, outreach_id: str, token: str, values: dict[str, Any]) -> bool:
    """The last commit before the request: what will be said, from which ledger read. False: it is no longer ours to send,
    or nothing may leave because the database may not know all that was sent."""
    # Locked for reading, so that no fence can be raised between this look and the commit.
    if connection.execute(_FENCED_SINCE).scalar_one_or_none():
        return False
    return _move(connection, outreach_id, token, "claimed", {"state": "sending", **values})


def release(connection: Connection, outreach_id: str, token: str, reason: str, now: datetime) -> bool:
    """Give a claim up before anything left; its step and its caps are free again."""
    return _move(connection, outreach_id, token, ("claimed", "sending"), {"state": "released", "reason": reason, "recorded_at": now})


def record(connection: Connection, outreach_id: str, token: str, state: str, now: datetime, **values: Any) -> bool:
    """What became of the request. False when another run has already settled it."""
    return _move(connection, outreach_id, token, ("claimed", "sending"), {"state": state, "recorded_at": now, **storable_all(values)})


def resolve(connection: Connection, outreach_id: str, went_out: bool, reason: str, now: datetime) -> None:
    """A person found out what became of an unknown message, or of a letter that was printed."""
    state = "accepted" if went_out else "released"
    open_ = (outreach.c.state == "unknown") | ((outreach.c.channel == "letter") & (outreach.c.state == "accepted"))
    connection.execute(outreach.update().where(outreach.c.id == outreach_id, open_).values(state=state, reason=reason, recorded_at=now))


def presume_ended(connection: Connection, case: str, now: datetime) -> None:
    """Messages of an ended case whose fate nobody knows count as sent once all they were about has ended: nobody will ask."""
    connection.execute(_PRESUME_ENDED, {"case": case, "now": now})


def end_call(connection: Connection, outreach_id: str, state: str, counts_as: CountsAs | None, reason: str, now: datetime) -> bool:
    """A call is over: ``state`` is delivered or missed. False when that was known before."""
    values = {"state": state, "reason": reason, "recorded_at": now, **({"counts_as": counts_as} if counts_as else {})}
    open_ = outreach.c.state.in_(["sending", "calling", "unknown"])
    return connection.execute(outreach.update().where(outreach.c.id == outreach_id, open_).values(**storable_all(values))).rowcount == 1


def _move(connection: Connection, outreach_id: str, token: str, state: str | tuple[str, ...], values: dict[str, Any]) -> bool:
    states = (state,) if isinstance(state, str) else state
    return connection.execute(_MOVE, {"message": outreach_id, "held_by": token, "out_of": list(states), **values}).rowcount == 1


def known_to_provider(connection: Connection, since: datetime) -> frozenset[str]:
    """The provider's ids of messages begun since then that are known to have been sent, each with all it covers."""
    sent = (outreach.c.state.in_(SENT), outreach.c.provider_id != "", outreach.c.claimed_at >= since)
    return frozenset(connection.scalars(select(outreach.c.provider_id).where(*sent)))


def oldest_doubt(connection: Connection) -> datetime | None:
    """When the oldest message that nobody knows the fate of was begun."""
    found: datetime | None = connection.execute(select(func.min(outreach.c.claimed_at)).where(outreach.c.state == "unknown")).scalar_one()
    return found


def find_by_text(connection: Connection, address: str, text: str, since: datetime) -> str:
    """The message of ours to this address, begun since then, whose text ends what a provider says it sent, and that no other of its
    messages accounts for; empty when there is none. Marks of typography may differ."""
    query = (
        select(outreach.c.id, outreach.c.text)
        .where(outreach.c.to_address == address, outreach.c.claimed_at >= since, outreach.c.provider_id == "", outreach.c.text != "")
        .order_by(outreach.c.claimed_at)
    )
    return next((found for found, written in connection.execute(query) if text.endswith((simplify(written), fit(written)))), "")


def note_sent(connection: Connection, row: dict[str, Any], state: str, now: datetime) -> None:
    """Write down a message that others know was sent; of one that is known here, only that it was, if it was not known."""
    known = connection.execute(select(outreach.c.state).where(outreach.c.id == row["id"]).with_for_update()).scalar_one_or_none()
    if known is None:
        connection.execute(outreach.insert().values(state=state, recorded_at=now, reach=spell_reach(row["to_address"]), **row))
    elif known not in SENT:
        told = {name: row[name] for name in ("message_id", "to_address", "subject", "reason", "sending_at") if row[name]}
        connection.execute(outreach.update().where(outreach.c.id == row["id"]).values(state=state, recorded_at=now, **told))


def note_provider(connection: Connection, outreach_id: str, provider: str, provider_id: str) -> None:
    """Write down which message of the provider's it is, now that all it covers is known."""
    connection.execute(outreach.update().where(outreach.c.id == outreach_id).values(provider=provider, provider_id=provider_id))


def has_part(connection: Connection, outreach_id: str, case: str) -> bool:
    query = select(outreach_parts.c.case_id).where(outreach_parts.c.outreach_id == outreach_id, outreach_parts.c.case_id == case)
    return connection.execute(query).first() is not None


def presume_sent(connection: Connection, row: dict[str, Any], parts: Sequence[Part]) -> None:
    """Write down a message that may have been sent, for gap, caps and the key that forbids another."""
    connection.execute(outreach.insert().values(state="presumed", recorded_at=row["sending_at"], **row))
    add_parts(connection, row["id"], parts)


def last_attempt(connection: Connection, case: str, round_: int, rung: str, channel: str) -> int:
    """The highest attempt ever written for this step; 0 when there is none."""
    query = select(func.coalesce(func.max(outreach_parts.c.attempt), 0)).where(*_OF_STEP)
    last: int = connection.execute(query, _step(case, round_, rung, channel)).scalar_one()
    return last


def contacts_made(connection: Connection, customers: Sequence[str], reach: Collection[str], since: datetime, *, rehearsed: bool) -> tuple[Contacted, ...]:
    """Every contact begun since then with these customers, or with anybody at one of the addresses and numbers ``reach`` (as
    ``spell_reach`` writes them), for the gap and the caps; ``rehearsed``: those in shadow mode too."""
    states = (*_COUNTS, "shadowed") if rehearsed else _COUNTS
    rows = connection.execute(_CONTACTS, {"customers": list(customers), "reach": list(reach), "since": since, "states": list(states)})
    return tuple(
        Contacted(sending_at or claimed_at, Stage(stage), found, channel, CountsAs(counts_as))
        for found, stage, claimed_at, sending_at, channel, counts_as in rows
    )


def note_talk(connection: Connection, customer: str, seller: str, case: str, by: str, now: datetime) -> None:
    """A person of ours spoke with the customer: it counts for gap and caps, and no machine calls for a week."""
    row = {"id": new_id("out"), "customer_id": customer, "seller_id": seller, "contact_id": "", "channel": "talk", "step": "", "claimed_by": case}
    more = {"stage": Stage.CALL.value, "token": "", "provider": "", "reason": f"told by {by}", "claimed_at": now, "sending_at": now, "recorded_at": now}
    connection.execute(outreach.insert().values(state="delivered", **row, **more))


def note_talk_by_phone(connection: Connection, outreach_id: str, now: datetime) -> None:
    """The voice agent spoke with the customer: no machine calls for a week. The call itself counts for gap and caps."""
    call = connection.execute(select(outreach).where(outreach.c.id == outreach_id)).mappings().one()
    row = {name: call[name] for name in ("customer_id", "seller_id", "contact_id", "step", "stage", "claimed_by", "claimed_at", "sending_at", "reach")}
    more = {"id": new_id("out"), "channel": "talk", "token": "", "provider": "", "counts_as": CountsAs.SAME, "recorded_at": now}
    connection.execute(outreach.insert().values(state="delivered", reason=f"spoken with in {outreach_id}", **row, **more))


def on_the_way(connection: Connection, customers: Sequence[str], reach: Collection[str] = ()) -> tuple[InFlight, ...]:
    """Messages on their way now to these customers, or to one of the addresses and numbers ``reach``, whatever they are about."""
    rows = connection.execute(_TO_THE_SAME, {"customers": list(customers), "reach": list(reach)})
    return tuple(InFlight(step, found, since) for found, step, since in rows)


def load_about(connection: Connection, case: str) -> About:
    flights, refused, missed = [], defaultdict(list), defaultdict(list)
    for row in connection.execute(_ABOUT, {"case": case}):
        if row.state == "refused":
            taken = bool(row.provider_id)
            refused[row.round, row.rung].append(Refused(row.recorded_at, row.reason, row.try_again, row.rung, row.channel, row.reach, row.provider, taken))
        elif row.state == "missed":
            missed[row.round, row.rung].append(row.recorded_at)
        elif not row.dropped:
            flights.append(InFlight(row.rung, row.id, row.claimed_at, row.state == "unknown", row.round, row.channel))
    return About(
        tuple(flights),
        {step: tuple(attempts) for step, attempts in refused.items()},
        {step: tuple(moments) for step, moments in missed.items()},
    )


def meant_for(connection: Connection, messages: Sequence[str]) -> tuple[str, ...]:
    """The customers that these messages are for."""
    return tuple(connection.scalars(select(outreach.c.customer_id).where(outreach.c.id.in_(messages)).distinct()))


def tidy(connection: Connection, customers: Sequence[str], before: datetime, now: datetime) -> tuple[str, ...]:
    """What a dead worker left: a claim older than ``before`` is released; the ids of what has been sending since then,
    now unknown, and of calls whose end nobody told us."""
    left = connection.execute(_LEFT_BEHIND, {"customers": list(customers), "before": before, "long_before": before - _LONGEST_CALL}).all()
    never_sent, lost, endless = (tuple(found for found, state in left if state == wanted) for wanted in ("claimed", "sending", "calling"))
    _settle(connection, never_sent, "claimed", {"state": "released", "reason": "its worker died before sending", "recorded_at": now})
    _settle(connection, lost, "sending", {"state": "unknown", "reason": "its worker died while sending", "recorded_at": now})
    _settle(connection, endless, "calling", {"state": "unknown", "reason": "nobody told how the call ended", "recorded_at": now})
    return (*lost, *endless)


def _settle(connection: Connection, ids: Sequence[str], state: str, values: dict[str, Any]) -> None:
    if ids:
        connection.execute(outreach.update().where(outreach.c.id.in_(ids), outreach.c.state == state).values(values))


def was_sending_after(connection: Connection, case: str, moment: datetime) -> bool:
    """Whether a message about this case was on its way when ``moment`` came, or left later."""
    query = (
        select(outreach.c.id)
        .select_from(outreach_parts.join(outreach))
        .where(
            outreach_parts.c.case_id == case,
            outreach_parts.c.dropped.is_(False),
            outreach.c.sending_at.is_not(None),
            outreach.c.state.in_(["sending", "accepted", "unknown", "delivered"]),
            (outreach.c.recorded_at.is_(None)) | (outreach.c.recorded_at >= moment),
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def is_sending(connection: Connection, case: str) -> bool:
    """Whether a message about this case may be on the wire at this moment."""
    query = (
        select(outreach.c.id)
        .select_from(outreach_parts.join(outreach))
        .where(outreach_parts.c.case_id == case, outreach_parts.c.dropped.is_(False), outreach.c.state == "sending")
        .limit(1)
    )
    return connection.execute(query).first() is not None


def earlier_message_ids(connection: Connection, case: str) -> tuple[str, ...]:
    """The Message-IDs of what this case has heard so far, oldest first: the thread."""
    return tuple(connection.scalars(_THREAD, {"case": case}))


RECENT = timedelta(days=31)
