"""What happened to a case, and why it was decided: the diary and the decision records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from db.schema import decision_records, journal
from domain.diary import Entry, EntryKind


def write(connection: Connection, case: str, seq: int, entries: Sequence[Entry]) -> None:
    if entries:
        connection.execute(
            journal.insert(),
            [{"case_id": case, "seq": seq, "at": e.at, "on": e.on, "day": e.day, "kind": e.kind.value, "what": e.what, "by": e.by} for e in entries],
        )


def read(connection: Connection, case: str) -> tuple[Entry, ...]:
    """The diary of a case, in the order it was written."""
    rows = connection.execute(select(journal).where(journal.c.case_id == case).order_by(journal.c.id)).mappings()
    return tuple(Entry(row["at"], row["on"], row["day"], EntryKind(row["kind"]), row["what"], row["by"]) for row in rows)


def record_decision(
    connection: Connection, case: str, seq: int, at: datetime, *, rule: str, verdict: str, why: str, until: datetime | None, facts: dict[str, Any]
) -> None:
    connection.execute(decision_records.insert().values(case_id=case, seq=seq, at=at, rule=rule, verdict=verdict, why=why, until=until, facts=facts))
