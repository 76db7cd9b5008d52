"""The diary as a chain: each row carries a hash over itself and over the hash of the row before it in the same diary.

Nothing in it can be changed, taken out, put in or moved without breaking the chain from there on, or writing all of it
anew. The formula is one for good: every stored hash was made by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256

# So many rows may be missing for their loss to be told from a change, where those after them were numbered anew.
_MOST_REMOVED = 100


class Harm(StrEnum):
    """What was done to a diary, or to the seals that vouch for it."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TAIL_REMOVED = "tail removed"
    REWRITTEN = "rewritten"
    SEAL_ALTERED = "seal altered"
    SEAL_MISSING = "seal missing"


@dataclass(frozen=True, slots=True)
class Link:
    """One row of a diary as it is stored, whatever that is: ``place`` should count from 1, ``hash`` is in hexadecimal."""

    place: object
    seq: object
    at: object
    on: object
    day: object
    kind: object
    what: object
    by: object
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a diary is not what was written: ``row`` counts from 1."""

    harm: Harm
    row: int
    said: str


def spell(case: str, place: int, seq: object, at: object, on: object, day: object, kind: object, what: object, by: object) -> str:
    """The canonical text of a row: a JSON list in ASCII, moments in UTC to the microsecond."""
    return json.dumps([case, place, seq, at, on, day, kind, what, by], separators=(",", ":"), default=_plain)


def hash_after(before: str, text: str) -> str:
    """The hash of the row with this canonical text, which follows the row with the hash ``before`` (empty: it is the first)."""
    return sha256(f"{before}\n{text}".encode()).hexdigest()


def find_break(case: str, rows: Sequence[Link], *, before: str = "", place: int = 1) -> Break | None:
    """What is wrong first with these rows of a diary, in the order of their places; None when they are a whole chain.

    They begin at ``place``, after the row with the hash ``before``.
    """
    for index, row in enumerate(rows):
        if row.place != place or not _fits(case, row, place, before):
            return _explain(case, rows[index:], before, place)
        before, place = row.hash, place + 1
    return None


def _explain(case: str, rows: Sequence[Link], before: str, place: int) -> Break:
    """What was done at ``place``, where the first of ``rows`` does not belong."""
    first, later = rows[0], rows[1:]
    if not isinstance(first.place, int):
        return Break(Harm.ALTERED, place, "its place is no number any more")
    if first.place > place:
        return _removed(place, first.place - place)
    if first.place < place:
        return Break(Harm.INSERTED, first.place, f"row {first.place} stands there twice")
    belongs = next((row for row in later if _fits(case, row, place, before)), None)
    if belongs is not None:
        if _stands_in(case, first, [row for row in later if row is not belongs], belongs.hash, place + 1):
            return Break(Harm.REORDERED, place, f"what belongs there stands as row {belongs.place}")
        return Break(Harm.INSERTED, place, "it was never written there; the row that belongs there comes after it")
    if later and not _fits(case, later[0], place + 1, first.hash):
        for gone in range(1, _MOST_REMOVED):
            if _fits(case, later[0], place + 1 + gone, first.hash):
                return _removed(place, gone)
    put_in = "" if later else ", or it was put in"
    return Break(Harm.ALTERED, place, f"it is not what was written: its words, its name, its moment or its hash was changed{put_in}")


def _stands_in(case: str, wanted: Link, rows: Sequence[Link], before: str, place: int) -> bool:
    """Whether ``wanted`` is a row of the true chain that goes on at ``place`` after ``before`` and is made of ``rows`` and itself."""
    left = [wanted, *rows]
    while found := next((row for row in left if _fits(case, row, place, before)), None):
        if found is wanted:
            return True
        left.remove(found)
        before, place = found.hash, place + 1
    return False


def _fits(case: str, row: Link, place: int, before: str) -> bool:
    return row.hash == hash_after(before, spell(case, place, row.seq, row.at, row.on, row.day, row.kind, row.what, row.by))


def _removed(place: int, gone: int) -> Break:
    return Break(Harm.REMOVED, place, "it was taken out" if gone == 1 else f"rows {place} to {place + gone - 1} were taken out")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        # As SQLite keeps it, so that what is read from there needs no reading.
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else repr(value)
