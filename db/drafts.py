"""What a writing model was asked to write for a step: once a round, kept with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from db.schema import drafts, incoming, incoming_cases
from db.text import storable
from db.upsert import insert_once

PASSED, REFUSED, FAILED = "passed", "refused", "failed"

_DRAFT = select(drafts).where(drafts.c.case_id == bindparam("case"), drafts.c.round == bindparam("round"), drafts.c.step == bindparam("step"))
_OF_MESSAGES = select(drafts).where(drafts.c.outreach_id.in_(bindparam("messages", expanding=True)))
_SAID = (
    select(incoming.c.text)
    .join(incoming_cases, incoming_cases.c.incoming_id == incoming.c.id)
    .where(incoming_cases.c.case_id == bindparam("case"), incoming.c.from_us.is_(False))
    .order_by(incoming.c.received_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Draft:
    """``verdict`` is passed, refused (by the guard) or failed (there was none); ``reason`` why it did not go out, empty when it may."""

    case: str
    round: int
    step: str
    model: str
    paragraphs: tuple[str, ...]
    verdict: str
    reason: str
    drafted_at: datetime


def keep(connection: Connection, draft: Draft) -> None:
    """Keep a draft, unless there is one for the same step and round already."""
    insert_once(
        connection,
        drafts,
        {
            "case_id": draft.case,
            "round": draft.round,
            "step": draft.step,
            "model": storable(draft.model)[:200],
            "paragraphs": [storable(one) for one in draft.paragraphs],
            "verdict": draft.verdict,
            "reason": storable(draft.reason),
            "drafted_at": draft.drafted_at,
        },
    )


def find(connection: Connection, case: str, round_: int, step: str) -> Draft | None:
    row = connection.execute(_DRAFT, {"case": case, "round": round_, "step": step}).mappings().first()
    return None if row is None else _draft(row)


def note(connection: Connection, draft: Draft, message: str, why_not: str) -> None:
    """That ``draft`` was looked at for the message with this id; ``why_not``: why our own text went out in its place."""
    chosen = (drafts.c.case_id == draft.case) & (drafts.c.round == draft.round) & (drafts.c.step == draft.step)
    values = {"outreach_id": message, **({"verdict": REFUSED, "reason": storable(why_not)} if why_not and draft.verdict == PASSED else {})}
    connection.execute(drafts.update().where(chosen).values(values))


def of_messages(connection: Connection, messages: Sequence[str]) -> dict[str, Draft]:
    """The drafts that were looked at for these messages, by the message's id."""
    return {str(row["outreach_id"]): _draft(row) for row in connection.execute(_OF_MESSAGES, {"messages": list(messages)}).mappings()}


def count_since(connection: Connection, since: datetime) -> dict[str, int]:
    """How many drafts there have been since then, by verdict."""
    query = select(drafts.c.verdict, func.count()).where(drafts.c.drafted_at >= since).group_by(drafts.c.verdict)
    return {str(verdict): int(number) for verdict, number in connection.execute(query)}


def last_words(connection: Connection, case: str) -> str:
    """What the customer wrote last about an invoice; empty when it has not written."""
    return str(connection.scalar(_SAID, {"case": case}) or "")


def _draft(row: RowMapping) -> Draft:
    return Draft(row["case_id"], row["round"], row["step"], row["model"], tuple(row["paragraphs"]), row["verdict"], row["reason"], row["drafted_at"])
