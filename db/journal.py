"""What happened to a case, and why it was decided: the diary and the decision records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from db.schema import decision_records, journal
from db.text import storable
from domain.chain import hash_after, spell
from domain.diary import Entry, EntryKind

# Longer than any provider's log goes back.
_LONG = timedelta(days=90)

# Statements are made once: to make one takes longer than to run it.
_WRITE = journal.insert()
_HEAD = select(journal.c.place, journal.c.hash).where(journal.c.case_id == bindparam("case")).order_by(journal.c.place.desc()).limit(1)
_RECORD = decision_records.insert()
_DECIDED_AT = select(decision_records.c.at).where(decision_records.c.case_id == bindparam("case"), decision_records.c.seq == bindparam("seq"))


def write(connection: Connection, case: str, seq: int, entries: Sequence[Entry]) -> None:
    """Append to the diary of a case; each row is chained to the one before it."""
    if not entries:
        return
    head = connection.execute(_HEAD, {"case": case}).first()
    place, hash_ = (head.place, head.hash) if head else (0, "")
    rows = []
    for e in entries:
        place += 1
        what, by = storable(e.what), storable(e.by)
        hash_ = hash_after(hash_, spell(case, place, seq, e.at, e.on, e.day, e.kind.value, what, by))
        rows.append(
            {"case_id": case, "place": place, "seq": seq, "at": e.at, "on": e.on, "day": e.day, "kind": e.kind.value, "what": what, "by": by, "hash": hash_}
        )
    connection.execute(_WRITE, rows)


def read(connection: Connection, case: str) -> tuple[Entry, ...]:
    """The diary of a case, in the order it was written."""
    rows = connection.execute(select(journal).where(journal.c.case_id == case).order_by(journal.c.place)).mappings()
    return tuple(Entry(row["at"], row["on"], row["day"], EntryKind(row["kind"]), row["what"], row["by"]) for row in rows)


def record_decision(
    connection: Connection, case: str, seq: int, at: datetime, *, rule: str, verdict: str, why: str, until: datetime | None, facts: dict[str, Any]
) -> None:
    connection.execute(_RECORD, {"case_id": case, "seq": seq, "at": at, "rule": rule, "verdict": verdict, "why": why, "until": until, "facts": facts})


def last_mark(connection: Connection) -> str:
    """A mark for the last decision written, to be kept elsewhere; empty when there is none."""
    row = connection.execute(select(decision_records.c.id, decision_records.c.at).order_by(decision_records.c.id.desc()).limit(1)).one_or_none()
    return "" if row is None else f"{row.id} {row.at.isoformat()}"


def read_mark(mark: str) -> datetime:
    """When the decision with this mark was written."""
    return datetime.fromisoformat(mark.partition(" ")[2])


def lost_since_mark(connection: Connection, mark: str) -> datetime | None:
    """None while the decision with this mark stands here; else as ``lost_since``."""
    number, at = int(mark.partition(" ")[0]), read_mark(mark)
    found = connection.execute(select(decision_records.c.at).where(decision_records.c.id == number)).scalar_one_or_none()
    return None if found == at else _last_before(connection, at)


def lost_since(connection: Connection, case: str, seq: int, at: datetime) -> datetime | None:
    """None while the decision written for a case under ``seq`` and ``at`` stands here, as it does for ever.

    Else the database was put back to an earlier state: the moment of the last decision it still has from before.
    """
    found = connection.scalars(_DECIDED_AT, {"case": case, "seq": seq})
    return None if at in found.all() else _last_before(connection, at)


def _last_before(connection: Connection, at: datetime) -> datetime:
    """Nothing written before ``at`` can have been written since the database was put back, because that came later."""
    # A database without any decision from before says nothing about how old it is.
    query = select(decision_records.c.at).where(decision_records.c.at < at).order_by(decision_records.c.id.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none() or at - _LONG
