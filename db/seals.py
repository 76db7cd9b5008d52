"""Seals over the journals: one a night vouches for the last rows of all that have grown since the one before."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, and_, collate, func, literal, or_, select

from db.schema import journal, sealed_heads, seals

NIGHTLY = timedelta(hours=20)
AT_ONCE = 2_000


class UnableToKeepSeals(Exception):
    """The file of seals cannot be read or written; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Vouches for the last rows of ``cases`` journals as they stood at ``at``, and for the seal before it."""

    number: int
    at: datetime
    cases: int
    previous: str
    digest: str


_SEAL: TypeAdapter[Seal] = TypeAdapter(Seal)


def load_seals(connection: Connection) -> tuple[Seal, ...]:
    """Every seal, in the order of their numbers."""
    return tuple(Seal(*row) for row in connection.execute(select(seals).order_by(seals.c.number)))


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether a nightly seal is wanted: the last one is older than 20 hours."""
    last = connection.execute(select(seals.c.at).order_by(seals.c.number.desc()).limit(1)).scalar_one_or_none()
    return last is None or now - last > NIGHTLY


def make(connection: Connection, now: datetime) -> Seal:
    """Seal every journal that has grown since it was last sealed. One whose end was taken away is left as it was sealed."""
    last = connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).one_or_none()
    # What a seal that is missing now vouched for must not become part of the next one.
    used = connection.execute(select(func.coalesce(func.max(sealed_heads.c.seal), 0))).scalar_one()
    number, previous = max(used, last.number if last else 0) + 1, last.digest if last else ""
    heads = select(journal.c.case_id, func.max(journal.c.place).label("place")).group_by(journal.c.case_id).subquery()
    known = select(sealed_heads.c.case_id, func.max(sealed_heads.c.place).label("place")).group_by(sealed_heads.c.case_id).subquery()
    grown = (
        select(journal.c.case_id, journal.c.place, journal.c.hash, literal(number))
        .join(heads, and_(heads.c.case_id == journal.c.case_id, heads.c.place == journal.c.place))
        .outerjoin(known, known.c.case_id == journal.c.case_id)
        .where(or_(known.c.place.is_(None), known.c.place < journal.c.place))
    )
    connection.execute(sealed_heads.insert().from_select(["case_id", "place", "hash", "seal"], grown))
    cases, digest = reckon(connection, number, now, previous)
    seal = Seal(number, now, cases, previous, digest)
    connection.execute(seals.insert(), {"number": number, "at": now, "cases": cases, "previous": previous, "digest": digest})
    return seal


def reckon(connection: Connection, number: int, at: datetime, previous: str) -> tuple[int, str]:
    """How many journals seal ``number`` covers, and its digest: over the seal before, its number and moment, and each last row."""
    digest, count = sha256(f"{previous}\n{_spell(number, at.astimezone(UTC).isoformat(timespec='microseconds'))}".encode()), 0
    case = sealed_heads.c.case_id
    # By bytes on both databases: the order of a language may change with the next version of the machine's system.
    order = case if connection.dialect.name == "sqlite" else collate(case, "C")
    heads = select(case, sealed_heads.c.place, sealed_heads.c.hash).where(sealed_heads.c.seal == number).order_by(order, sealed_heads.c.place)
    for head in connection.execute(heads, execution_options={"yield_per": AT_ONCE}):
        digest.update(f"\n{_spell(*head)}".encode())
        count += 1
    return count, digest.hexdigest()


def keep_outside(file: Path, known: tuple[Seal, ...]) -> int:
    """Append every seal that ``file`` lacks, each a line of JSON; how many. Raises UnableToKeepSeals."""
    there = {(seal.number, seal.digest) for seal in read_outside(file)} if file.exists() else set()
    lacking = [seal for seal in known if (seal.number, seal.digest) not in there]
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640), "w", encoding="utf-8") as out:
            out.writelines(f"{_SEAL.dump_json(seal).decode()}\n" for seal in lacking)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise UnableToKeepSeals(f"DUNWELL_SEALS_FILE: {file}: {error.strerror or error}; make the folder, or let Dunwell append to the file") from None
    return len(lacking)


def read_outside(file: Path) -> tuple[Seal, ...]:
    """The seals kept in ``file``, in the order they were made. Raises UnableToKeepSeals."""
    try:
        with file.open(encoding="utf-8") as lines:
            return tuple(_read(file, number, line) for number, line in enumerate(lines, 1))
    except (OSError, UnicodeDecodeError) as error:
        raise UnableToKeepSeals(f"DUNWELL_SEALS_FILE: {file} cannot be read: {error}") from None


def _read(file: Path, number: int, line: str) -> Seal:
    try:
        return _SEAL.validate_json(line, extra="forbid")
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the line"
        raise UnableToKeepSeals(f"{file}:{number}: {where}: {fault['msg']}; it is not what Dunwell wrote there") from None


def _spell(*values: Any) -> str:
    return json.dumps(values, separators=(",", ":"))
