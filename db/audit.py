"""The check of every journal and every seal. Rows are streamed, so that a million of them need little memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, String, Subquery, and_, func, select, type_coerce

from db.engine import Database
from db.schema import cases, invoices, journal, sealed_heads
from db.seals import AT_ONCE, Seal, load_seals, reckon
from domain.chain import Break, Harm, Link, find_break, spell

# What stands in the columns, unread: whatever somebody wrote there must not stop the check that is to find it.
_LINK = (
    journal.c.place,
    journal.c.seq,
    type_coerce(journal.c.at, String).label("at"),
    type_coerce(journal.c.on, String).label("on"),
    journal.c.day,
    journal.c.kind,
    journal.c.what,
    journal.c.by,
    journal.c.hash,
)
_FIELDS = ("case", "row", "seq", "at", "on", "day", "kind", "what", "by")


@dataclass(frozen=True, slots=True)
class Damage:
    """A place where what stands here is not what was written: in a journal (``case``, ``invoice`` by number, ``row`` from 1) or a seal."""

    harm: Harm
    said: str
    case: str = ""
    invoice: str = ""
    row: int = 0
    seal: int = 0


@contextmanager
def holding_still(database: Database) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it looks and whatever is written meanwhile."""
    if database.is_sqlite:
        with database.reading() as connection:
            yield connection
        return
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        yield connection


def find_seal_before(connection: Connection, moment: datetime) -> Seal | None:
    """The last seal made before ``moment``."""
    return next((seal for seal in reversed(load_seals(connection)) if seal.at < moment), None)


def count_rows(connection: Connection, since: Seal | None = None) -> int:
    """How many rows ``check`` will look at."""
    found: int = connection.execute(_after(select(func.count()).select_from(journal), since)).scalar_one()
    return found


def check(connection: Connection, since: Seal | None = None, progress: Callable[[int], None] = lambda rows: None) -> Iterator[Damage]:
    """The first damage of each journal and each seal. ``connection`` is one that holds still.

    ``since``: only what was written after that seal; what it and the seals before it vouch for is taken as it stands.
    ``progress`` hears how many rows have been looked at.
    """
    broken: set[int] = set()
    for damage in _check_seals(connection, since):
        if damage.harm is Harm.SEAL_ALTERED:
            broken.add(damage.seal)  # what it says of a journal says nothing any more
        yield damage
    harmed: set[str] = set()
    for damage in (*_check_journals(connection, since, broken, progress), *_check_ends(connection, broken)):
        if damage.case not in harmed:
            harmed.add(damage.case)
            yield damage


def compare(here: Sequence[Seal], outside: Sequence[Seal]) -> tuple[Seal, ...]:
    """The seals kept outside that the database lacks, or has otherwise."""
    known = {(seal.number, seal.digest) for seal in here}
    return tuple(seal for seal in outside if (seal.number, seal.digest) not in known)


def export(connection: Connection, case: str) -> Iterator[dict[str, Any]]:
    """The journal of a case row by row: its fields, the canonical ``text`` of them, the hash ``before``, and the ``hash`` over both."""
    before = ""
    for row in connection.execute(select(*_LINK).where(journal.c.case_id == case).order_by(journal.c.place)):
        text = spell(case, *row[:8])
        yield {**dict(zip(_FIELDS, json.loads(text), strict=True)), "text": text, "before": before, "hash": row.hash}
        before = row.hash


def _check_seals(connection: Connection, since: Seal | None) -> Iterator[Damage]:
    number, previous = (since.number, since.digest) if since else (0, "")
    for seal in load_seals(connection):
        if seal.number <= number:
            continue
        if seal.number > number + 1:
            yield _missing(number + 1, seal.number - 1)
        elif seal.previous != previous:
            yield Damage(Harm.SEAL_ALTERED, f"it does not follow from seal {number}: one of the two was changed", seal=seal.number)
        if (seal.cases, seal.digest) != reckon(connection, seal.number, seal.at, seal.previous):
            yield Damage(Harm.SEAL_ALTERED, "it is not the one that was made: it, or what it covers, was changed", seal=seal.number)
        number, previous = seal.number, seal.digest
    left = connection.execute(select(func.max(sealed_heads.c.seal)).where(sealed_heads.c.seal > number)).scalar_one()
    if left is not None:
        yield _missing(number + 1, left)


def _missing(first: int, last: int) -> Damage:
    return Damage(Harm.SEAL_MISSING, "it is gone" if first == last else f"it is gone, and all up to seal {last}", seal=first)


def _vouched_for(since: Seal) -> Subquery:
    """The last row of each journal that the seals up to ``since`` vouch for."""
    heads = select(sealed_heads.c.case_id, func.max(sealed_heads.c.place).label("place")).where(sealed_heads.c.seal <= since.number)
    return heads.group_by(sealed_heads.c.case_id).subquery()


def _after(query: Select[Any], since: Seal | None) -> Select[Any]:
    """``query`` over the journal, without the rows that ``since`` vouches for."""
    if since is None:
        return query
    base = _vouched_for(since)
    return query.outerjoin(base, base.c.case_id == journal.c.case_id).where(journal.c.place > func.coalesce(base.c.place, 0))


def _check_journals(connection: Connection, since: Seal | None, broken: set[int], progress: Callable[[int], None]) -> Iterator[Damage]:
    head = sealed_heads.alias()
    rows = journal.outerjoin(head, and_(head.c.case_id == journal.c.case_id, head.c.place == journal.c.place))
    query = select(journal.c.case_id, *_LINK, head.c.hash.label("sealed"), head.c.seal).select_from(rows)
    query = _after(query, since).order_by(journal.c.case_id, journal.c.place)
    looked_at = 0
    for case, group in groupby(connection.execute(query, execution_options={"yield_per": AT_ONCE}), key=lambda row: str(row.case_id)):
        found = list(group)
        place, before = _begin(connection, case, since)
        harm = find_break(case, [Link(*row[1:10]) for row in found], before=before, place=place + 1) or _find_rewritten(found, broken, place)
        if harm:
            yield _tell(connection, case, harm)
        looked_at += len(found)
        progress(looked_at)


def _begin(connection: Connection, case: str, since: Seal | None) -> tuple[int, str]:
    """The last row of a journal that ``since`` vouches for, and its hash."""
    if since is None:
        return 0, ""
    query = select(sealed_heads.c.place, sealed_heads.c.hash).where(sealed_heads.c.case_id == case, sealed_heads.c.seal <= since.number)
    row = connection.execute(query.order_by(sealed_heads.c.place.desc()).limit(1)).one_or_none()
    return (0, "") if row is None else (row.place, row.hash)


def _find_rewritten(rows: Sequence[Row[Any]], broken: set[int], good: int) -> Break | None:
    """Where a whole chain is not the one that was sealed. ``good`` is the last row known to be."""
    for row in rows:
        if row.sealed is None or row.seal in broken:
            continue
        if row.sealed != row.hash:
            which = "it" if row.place == good + 1 else f"it or one of the rows up to {row.place}"
            return Break(Harm.REWRITTEN, good + 1, f"{which} was changed after seal {row.seal} had been made, and all after it was chained anew")
        good = row.place
    return None


def _check_ends(connection: Connection, broken: set[int]) -> Iterator[Damage]:
    """Journals whose last rows are gone, so that the chain of what is left is whole."""
    last = select(journal.c.case_id, func.max(journal.c.place).label("place")).group_by(journal.c.case_id).subquery()
    sealed = select(sealed_heads.c.case_id, func.max(sealed_heads.c.place).label("place"), func.max(sealed_heads.c.seal).label("seal"))
    end = sealed.where(sealed_heads.c.seal.not_in(sorted(broken))).group_by(sealed_heads.c.case_id).subquery()
    left = func.coalesce(last.c.place, 0)
    query = select(end.c.case_id, end.c.place, end.c.seal, left.label("left")).outerjoin(last, last.c.case_id == end.c.case_id)
    for row in connection.execute(query.where(end.c.place > left).order_by(end.c.case_id)):
        which = "it" if row.place == row.left + 1 else f"it and all up to row {row.place}"
        yield _tell(connection, row.case_id, Break(Harm.TAIL_REMOVED, row.left + 1, f"{which} had been sealed by seal {row.seal}, and nothing is left of it"))
    written, vouched = select(journal.c.id).where(journal.c.case_id == cases.c.id), select(sealed_heads.c.seal).where(sealed_heads.c.case_id == cases.c.id)
    for case in connection.scalars(select(cases.c.id).where(~written.exists(), ~vouched.exists()).order_by(cases.c.id)):
        yield _tell(connection, case, Break(Harm.TAIL_REMOVED, 1, "nothing is left of what was written"))


def _tell(connection: Connection, case: str, harm: Break) -> Damage:
    number = connection.execute(select(invoices.c.number).join(cases, cases.c.invoice_id == invoices.c.id).where(cases.c.id == case)).scalar_one_or_none()
    return Damage(harm.harm, harm.said, case, number or "", harm.row)
