"""What providers told of messages after they took them: each thing once, in whatever order it came, and then to the invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from db import inbox, suppressions
from db.ids import new_id
from db.outreach import load_parts
from db.schema import outreach, receipts
from db.text import storable, storable_all
from db.upsert import insert_once
from domain.delivery import MOST_SOFT_FAILURES, SOFT_FAILURE_WINDOW, Fault, Ground, Receipt, Told, ground_of, silenced_by
from domain.event import DeliveryReported

# Statements are made once: to make one takes longer than to run it.
# To whom it was for: what is told of those who only got a copy says nothing of the message.
_OF = (
    select(receipts)
    .join(outreach, outreach.c.id == receipts.c.outreach_id)
    .where(receipts.c.outreach_id == bindparam("message"), receipts.c.reach == outreach.c.reach)
    .order_by(receipts.c.at, receipts.c.id)
)
_MESSAGE = select(outreach.c.id, outreach.c.reach, outreach.c.channel, outreach.c.state, outreach.c.provider).where(outreach.c.id == bindparam("message"))
_BY_PROVIDER = select(outreach.c.id).where(outreach.c.provider == bindparam("provider"), outreach.c.provider_id == bindparam("provider_id"))
_SOFT_FAILURES = select(func.count(receipts.c.outreach_id.distinct())).where(
    receipts.c.reach == bindparam("reach"), receipts.c.fault == Fault.LATER, receipts.c.told == Told.FAILED, receipts.c.at > bindparam("since")
)
_OPEN = (
    select(outreach.c.id, outreach.c.provider_id, outreach.c.to_address, outreach.c.reach, outreach.c.text, outreach.c.sending_at, outreach.c.state)
    .where(
        outreach.c.provider == bindparam("provider"),
        outreach.c.state.in_(["accepted", "unknown"]),
        outreach.c.sending_at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(outreach.c.sending_at)
    .limit(bindparam("most"))
)
_IN_DOUBT = (
    select(outreach.c.id, outreach.c.provider_id, outreach.c.to_address, outreach.c.reach, outreach.c.text, outreach.c.sending_at)
    .where(
        outreach.c.provider == bindparam("provider"),
        outreach.c.channel == "email",
        outreach.c.state == "unknown",
        outreach.c.sending_at >= bindparam("since"),
    )
    .order_by(outreach.c.sending_at)
    .limit(bindparam("most"))
)
# What a message's state may become, by what is told of it: forward only.
_OUT_OF = {
    Told.ACCEPTED: ("unknown", "presumed"),
    Told.DELIVERED: ("unknown", "presumed", "accepted"),
    Told.FAILED: ("unknown", "presumed", "accepted", "delivered"),
}


@dataclass(frozen=True, slots=True)
class Noted:
    """What came of noting receipts: how many were new, and the ids of the inbox rows that tell the invoices."""

    new: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message whose provider has not told its end. ``provider_id`` is empty while nobody knows whether it was taken."""

    outreach: str
    provider_id: str
    to_address: str
    reach: str
    text: str
    sending_at: datetime
    is_doubtful: bool


def note(connection: Connection, told: Receipt, now: datetime) -> Noted:
    """Keep a receipt, once; silence its address where it says so, and tell every invoice of the message what it changes."""
    message = connection.execute(_MESSAGE, {"message": told.outreach}).mappings().one_or_none()
    if message is None and told.provider_id:
        found = connection.execute(_BY_PROVIDER, {"provider": told.source, "provider_id": told.provider_id}).scalar()
        message = connection.execute(_MESSAGE, {"message": found}).mappings().one_or_none() if found else None
    row = {
        "id": new_id("rec"),
        "source": told.source,
        "source_id": told.source_id[:200],
        "outreach_id": message["id"] if message else "",
        "provider_id": told.provider_id[:200],
        "reach": told.reach,
        "told": told.told.value,
        "fault": told.fault.value if told.fault else "",
        "reason": told.reason[:500],
        "at": min(told.at, now),
        "received_at": now,
    }
    if not insert_once(connection, receipts, storable_all(row)):
        return Noted(0, ())
    words = _silence(connection, told, now)
    if message is None or message["reach"] != told.reach:
        return Noted(1, words)  # it is none of ours, or about somebody who only got a copy
    if told.told is Told.ACCEPTED and message["state"] not in ("unknown", "presumed"):
        return Noted(1, words)  # nobody doubted it
    return Noted(1, (*words, *tell_cases(connection, message["id"], now)))


def note_refusal(connection: Connection, message: str, fault: Fault | None, reason: str, now: datetime) -> bool:
    """Silence the address of a message that its provider refused at once, where that is the address's fault; whether it is."""
    row = connection.execute(_MESSAGE, {"message": message}).mappings().one()
    if ground_of(fault) is None or not row["reach"]:
        return False
    refusal = Receipt(row["provider"], f"{message}/refused", "", "", row["channel"], row["reach"], Told.FAILED, now, fault, reason)
    note(connection, refusal, now)
    return True


def note_text(connection: Connection, source: str, source_id: str, reach: str, text: str, now: datetime) -> bool:
    """Keep that a text with a keyword came; false when it has been kept before."""
    row = {
        "id": new_id("rec"),
        "source": source,
        "source_id": f"text/{source_id}"[:200],
        "outreach_id": "",
        "provider_id": source_id[:200],
        "reach": reach,
        "told": Told.DELIVERED.value,
        "fault": "",
        "reason": text[:500],
        "at": now,
        "received_at": now,
    }
    return insert_once(connection, receipts, storable_all(row))


def note_help(connection: Connection, source: str, source_id: str, reach: str, text: str, now: datetime) -> bool:
    """Whether a text that asks for help gets the automatic answer: the first of a day (UTC) from its number does, however often it comes."""
    place = f"help/{reach}/{now.date()}"[:200]
    row: dict[str, Any] = {"id": new_id("rec"), "source": source, "source_id": place, "outreach_id": "", "provider_id": source_id[:200], "reach": reach}
    row |= {"told": Told.DELIVERED.value, "fault": "", "reason": f"answered {text[:100]!r}", "at": now, "received_at": now}
    if insert_once(connection, receipts, storable_all(row)):
        return True
    before = select(receipts.c.provider_id).where(receipts.c.source == source, receipts.c.source_id == storable(place))
    return connection.scalar(before) == storable(source_id[:200])


def tell_cases(connection: Connection, message: str, now: datetime, again: str = "") -> tuple[str, ...]:
    """Tell every invoice the message covers the weightiest thing that was told of it; the ids of the new inbox rows.

    The same is told once; ``again`` is a mark under which it is told once more.
    """
    if (news := find_fate(connection, message)) is None:
        return ()
    words: list[str] = []
    for part in load_parts(connection, message):
        source_id = f"{part.case}/{message}/{news.fate}{again}"
        word, is_new = inbox.receive(
            connection, source="delivery", source_id=source_id, kind=news.kind, body="", now=now, case_id=part.case, news=news, by=news.by
        )
        words += [word] if is_new else []
    return tuple(words)


def find_fate(connection: Connection, message: str) -> DeliveryReported | None:
    """The weightiest thing told of a message to whom it was for; None when nothing was."""
    if (last := _find_weightiest(connection, message)) is None:
        return None
    again = last["fault"] in (Fault.LATER, Fault.OURS)
    return DeliveryReported(message, Told(last["told"]).value, again=again, at=last["at"], by=last["source"], why=last["reason"])


def settle(connection: Connection, told: DeliveryReported) -> None:
    """Write into the outreach ledger what became of a message; what is further on already stays."""
    values: dict[str, Any] = {"state": told.fate}
    if told.fate == "failed":
        last = _find_weightiest(connection, told.outreach)
        # A refusal is tried again with the same contact: soon, or on the next day where something of ours must be mended first.
        soon = last is not None and last["fault"] == Fault.LATER
        values = {"state": "refused" if told.again else "bounced", "try_again": soon, "reason": storable(told.why)[:500]}
        values["recorded_at"] = told.at or outreach.c.recorded_at
        values["provider_id"] = last["provider_id"] if last is not None and last["provider_id"] else outreach.c.provider_id
    connection.execute(outreach.update().where(outreach.c.id == told.outreach, outreach.c.state.in_(_OUT_OF[Told(told.fate)])).values(values))


def _find_weightiest(connection: Connection, message: str) -> RowMapping | None:
    order = list(Told)
    rows = connection.execute(_OF, {"message": message}).mappings().all()
    return max(rows, key=lambda row: order.index(Told(row["told"])), default=None)


def find_unsettled(connection: Connection, provider: str, since: datetime, until: datetime, most: int = 200) -> tuple[Unsettled, ...]:
    """Messages sent between these moments whose end the provider has not told, oldest first."""
    rows = connection.execute(_OPEN, {"provider": provider, "since": since, "until": until, "most": most})
    return tuple(
        Unsettled(row.id, row.provider_id, row.to_address, row.reach, row.text, row.sending_at, row.state == "unknown" and not row.provider_id) for row in rows
    )


def find_doubtful(connection: Connection, provider: str, since: datetime, most: int) -> tuple[Unsettled, ...]:
    """E-mails sent since then of which nobody knows whether the provider took them, oldest first."""
    rows = connection.execute(_IN_DOUBT, {"provider": provider, "since": since, "most": most})
    return tuple(Unsettled(row.id, row.provider_id, row.to_address, row.reach, row.text, row.sending_at, is_doubtful=True) for row in rows)


def _silence(connection: Connection, told: Receipt, now: datetime) -> tuple[str, ...]:
    """Silence the address for what the receipt says of it, and tell whoever has it when its owner wanted that."""
    ground, reason = ground_of(told.fault), told.reason
    if told.fault is Fault.LATER and told.told is Told.FAILED and told.reach:
        since = now - SOFT_FAILURE_WINDOW
        if connection.execute(_SOFT_FAILURES, {"reach": told.reach, "since": since}).scalar_one() >= MOST_SOFT_FAILURES:
            ground, reason = Ground.DEAD, f"{MOST_SOFT_FAILURES} messages in {SOFT_FAILURE_WINDOW / timedelta(days=1):.0f} days did not arrive: {reason}"
    if ground is None or not told.reach:
        return ()
    channels = (told.channel,) if ground is Ground.DEAD else silenced_by(told.channel)
    fresh = suppressions.suppress(connection, told.reach, channels, ground, by=told.source, reason=reason, now=now)
    if not fresh or ground is Ground.DEAD:
        return ()
    return suppressions.tell_out(connection, told.reach, fresh, by="the customer", why=reason, now=now)
