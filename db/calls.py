"""Calls by the voice agent: what each may say, how far its dialogue has come, and how it ended.

Each step of a dialogue is taken once: a request that comes again is answered with what was said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select

from db import inbox
from db.schema import calls, outreach, outreach_parts
from db.text import storable
from db.upsert import insert_once
from domain.concluding import conclude
from domain.conversation import Sheet, State
from domain.event import CallEnded

# How a call ended that nobody answered, by the provider's word for it.
UNANSWERED = {
    "busy": "the line was busy",
    "no-answer": "nobody answered",
    "failed": "the call could not be put through",
    "canceled": "the call was canceled",
}

_SHEET, _STATE = TypeAdapter(Sheet), TypeAdapter(State)
_CALL = select(calls).where(calls.c.outreach_id == bindparam("key")).with_for_update()
_MESSAGE = select(outreach).where(outreach.c.id == bindparam("key"))
_CLAIMED = (
    select(outreach_parts.c.case_id, outreach_parts.c.round)
    .where(outreach_parts.c.outreach_id == bindparam("key"), outreach_parts.c.leads.is_(True), outreach_parts.c.dropped.is_(False))
    .order_by(outreach_parts.c.case_id)
)


@dataclass(frozen=True, slots=True)
class Call:
    """``sid`` is the provider's number for it, empty while nobody told; ``step`` counts what was said, ``said`` is the last of it
    as it was sent to the provider. Nothing may be begun from ``speak_until`` on. ``answered_by`` is human, machine or stopped
    (by ourselves, and ``why``). ``status`` is how it ended, empty while it lasts. ``lines`` are all that was said.

    ``about`` are the cases it speaks of, each with the round it belongs to; ``asked_by`` is the one whose step it is. ``reach``,
    ``contact`` and ``fenced_at`` are those of its message, ``message_state`` how that stands in the outreach ledger.
    """

    key: str
    sheet: Sheet
    speak_until: datetime
    sid: str
    state: State | None
    step: int
    said: str
    answered_by: str
    why: str
    status: str
    lines: tuple[str, ...]
    about: tuple[tuple[str, int], ...]
    asked_by: str
    seller: str
    customer: str
    contact: str
    reach: str
    fenced_at: datetime | None
    message_state: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A call that may have been placed, and whose number at the provider nobody knows."""

    key: str
    to_address: str
    sending_at: datetime


def prepare(connection: Connection, key: str, sheet: Sheet, speak_until: datetime, now: datetime) -> None:
    """Write down a call before it is placed; one that is there already is left as it is."""
    row = {"outreach_id": key, "sheet": _SHEET.dump_python(sheet, mode="json"), "speak_until": speak_until, "prepared_at": now, "lines": []}
    insert_once(connection, calls, {**row, "sid": "", "step": 0, "said": "", "answered_by": "", "why": "", "status": ""})


def load(connection: Connection, key: str) -> Call | None:
    """The call with this key, locked until the end of the transaction."""
    row = connection.execute(_CALL, {"key": key}).mappings().one_or_none()
    if row is None:
        return None
    message = connection.execute(_MESSAGE, {"key": key}).mappings().one()
    return Call(
        key=key,
        sheet=_SHEET.validate_python(row["sheet"]),
        speak_until=row["speak_until"],
        sid=row["sid"],
        state=None if row["state"] is None else _STATE.validate_python(row["state"]),
        step=row["step"],
        said=row["said"],
        answered_by=row["answered_by"],
        why=row["why"],
        status=row["status"],
        lines=tuple(row["lines"]),
        about=tuple((case, round_) for case, round_ in connection.execute(_CLAIMED, {"key": key})),
        asked_by=message["claimed_by"],
        seller=message["seller_id"],
        customer=message["customer_id"],
        contact=message["contact_id"],
        reach=message["reach"],
        fenced_at=message["fenced_at"],
        message_state=message["state"],
    )


def answer(connection: Connection, key: str, sid: str, answered_by: str, why: str = "") -> None:
    """Somebody answered the provider's call ``sid``, which from now on is the one with this key."""
    values = {"sid": storable(sid)[:64], "answered_by": answered_by, "why": storable(why)[:500]}
    connection.execute(calls.update().where(calls.c.outreach_id == key).values(**values))


def take_step(connection: Connection, call: Call, state: State, said: str, heard: str, texts: Sequence[str]) -> None:
    """Write down one step of the dialogue: what was heard, where it stands, and the ``texts`` that are said to that, as ``said``
    puts them to the provider."""
    heard = storable(" ".join(heard.split()))[:2000]
    lines = [*call.lines, *([f"Customer: {heard}"] if heard else []), *(f"Assistant: {text}" for text in texts)]
    values = {"state": _STATE.dump_python(state, mode="json"), "step": call.step + 1, "said": said, "lines": lines}
    connection.execute(calls.update().where(calls.c.outreach_id == call.key).values(**values))


def put(connection: Connection, call: Call, said: str) -> None:
    """What the provider is told from now on when it asks again."""
    connection.execute(calls.update().where(calls.c.outreach_id == call.key).values(said=said))


def reword(connection: Connection, key: str, texts: Sequence[str], words: str) -> None:
    """What was said last, these ``texts``, was said in other words."""
    call = load(connection, key)
    ours = [f"Assistant: {text}" for text in texts]
    if call is not None and list(call.lines[-len(ours) :]) == ours:
        lines = [*call.lines[: -len(ours)], f"Assistant: {words}"]
        connection.execute(calls.update().where(calls.c.outreach_id == key).values(lines=lines))


def end(connection: Connection, call: Call, status: str, now: datetime) -> str:
    """The call is over, and its provider calls that ``status``: the inbox row that tells it to the invoice whose step it was. What was
    said stands in the message from now on."""
    connection.execute(calls.update().where(calls.c.outreach_id == call.key).values(status=storable(status)[:40], ended_at=now))
    if call.lines:
        connection.execute(outreach.update().where(outreach.c.id == call.key).values(text="\n".join(call.lines)))
    told = _how_it_ended(call, status)
    about = {"source": "voice", "source_id": f"{call.key}/end", "kind": told.kind, "case_id": call.asked_by, "by": told.by}
    word, _ = inbox.receive(connection, **about, body=status, news=told, now=now)
    return word


def unended(connection: Connection, before: datetime) -> tuple[tuple[str, str], ...]:
    """Key and provider's number of the calls placed before then whose end nobody has told."""
    query = (
        select(calls.c.outreach_id, calls.c.sid, outreach.c.provider_id)
        .join(outreach, outreach.c.id == calls.c.outreach_id)
        .where(calls.c.status == "", outreach.c.sending_at < before, outreach.c.state.in_(["calling", "unknown"]))
        .order_by(outreach.c.sending_at)
    )
    return tuple((key, sid or provider_id) for key, sid, provider_id in connection.execute(query) if sid or provider_id)


def lost(connection: Connection, since: datetime) -> tuple[Lost, ...]:
    """The calls sent since then of which nobody knows whether they were placed."""
    query = (
        select(outreach.c.id, outreach.c.to_address, outreach.c.sending_at)
        .join(calls, outreach.c.id == calls.c.outreach_id)
        .where(calls.c.status == "", calls.c.sid == "", outreach.c.provider_id == "", outreach.c.state == "unknown", outreach.c.sending_at >= since)
        .order_by(outreach.c.sending_at)
    )
    return tuple(Lost(*row) for row in connection.execute(query))


def known_sids(connection: Connection, since: datetime) -> frozenset[str]:
    """The provider's numbers of the calls sent since then that are known to be ours."""
    query = select(calls.c.sid, outreach.c.provider_id).join(outreach, outreach.c.id == calls.c.outreach_id).where(outreach.c.sending_at >= since)
    return frozenset(sid for row in connection.execute(query) for sid in row if sid)


def _how_it_ended(call: Call, status: str) -> CallEnded:
    ended = CallEnded(call.key, "nobody", by="the voice agent")
    if call.answered_by == "human" and call.state is not None:
        came_to = conclude(call.state)
        return replace(ended, result=came_to.result, why=came_to.why)
    if call.answered_by == "stopped":
        return replace(ended, result="stopped", why=call.why)
    if call.answered_by == "machine":
        return replace(ended, result="voicemail")
    return replace(ended, why="a fax machine answered" if call.answered_by == "fax" else UNANSWERED.get(status, "it ended before a word was said"))
