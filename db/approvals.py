"""The exact texts that people were asked to agree to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from db.ids import new_id
from db.schema import approvals
from db.text import storable


@dataclass(frozen=True, slots=True)
class ApprovalText:
    """What would be said in ``step`` of a case, word for word."""

    step: str
    text_hash: str
    subject: str
    text: str
    asked_at: datetime


def keep(connection: Connection, case: str, round_: int, step: str, text_hash: str, subject: str, text: str, now: datetime) -> None:
    """Keep a text as it was shown for approval."""
    row = {"id": new_id("apr"), "case_id": case, "round": round_, "step": step, "text_hash": text_hash, "asked_at": now}
    connection.execute(approvals.insert().values(subject=storable(subject), text=storable(text), **row))


def load_latest(connection: Connection, case: str) -> ApprovalText | None:
    """The text a case asked for last; None: it never did."""
    query = select(approvals).where(approvals.c.case_id == case).order_by(approvals.c.asked_at.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else ApprovalText(row["step"], row["text_hash"], row["subject"], row["text"], row["asked_at"])
