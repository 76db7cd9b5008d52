"""Everything from outside, kept before it is acted on: stored once, passed on, folded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Text, bindparam, cast, func, select

from db.ids import new_id
from db.schema import inbox, invoices
from db.text import storable, storable_all
from db.upsert import insert_once
from domain.answers import Reply
from domain.event import News

MOST_ATTEMPTS = 10

_NEWS: TypeAdapter[News] = TypeAdapter(News)

# Statements are made once: to make one takes longer than to run it.
_UNHEARD = ("new", "passed_on")
_KNOWN = select(inbox.c.id).where(inbox.c.source == bindparam("source"), inbox.c.source_id == bindparam("source_id"))
# Found while it is stored, a case costs a hint no statement of its own.
_CASE_OF_HINT = (
    (
        "case_id",
        select(bindparam("cases", type_=Text) + invoices.c.id)
        .where(invoices.c.seller_id == bindparam("hinted_seller"), invoices.c.ref == bindparam("hinted_ref"))
        .scalar_subquery(),
    ),
)
# News is fetched as the text it is stored as, so that one row nobody can read spoils no list of rows.
_WORDS = select(*(column for column in inbox.c if column is not inbox.c.news), cast(inbox.c.news, Text).label("news"))
_WORD = _WORDS.where(inbox.c.id == bindparam("word"))
_UNFOLDED = _WORDS.where(inbox.c.case_id == bindparam("case"), inbox.c.state.in_(_UNHEARD)).order_by(inbox.c.received_at, inbox.c.id)
_RESTRAINED = select(inbox.c.case_id).where(inbox.c.case_id.in_(bindparam("cases")), inbox.c.state.in_(_UNHEARD), inbox.c.kind != "changed").distinct()


@dataclass(frozen=True, slots=True)
class Word:
    """One row of the inbox as the fold needs it. ``reply`` is there once it has been folded."""

    id: str
    source: str
    ref: str
    seller: str
    case: str
    kind: str
    news: News | None
    received_at: datetime
    state: str
    reply: Reply | None
    attempts: int = 0


def receive(
    connection: Connection,
    *,
    source: str,
    source_id: str,
    kind: str,
    body: str,
    now: datetime,
    seller_id: str | None = None,
    ref: str = "",
    case_id: str | None = None,
    cases: str = "",
    news: News | None = None,
    by: str = "",
) -> tuple[str, bool]:
    """Store a word once by (source, source_id); its id, and whether it is new.

    Instead of ``case_id``, ``cases`` may tell what stands before an invoice's id in the id of its case: the word then belongs to
    the case of the seller's invoice ``ref``, if that is known here.
    """
    source_id = storable(source_id)[:200]
    row = {
        "id": new_id("word"),
        "source": source,
        "source_id": source_id,
        "seller_id": seller_id,
        "ref": storable(ref)[:200],
        "case_id": case_id,
        "kind": kind,
        "body": storable(body),
        "news": None if news is None else storable_all(_NEWS.dump_python(news, mode="json")),
        "by": storable(by)[:200],
        "received_at": now,
        "state": "new",
    }
    if cases:
        del row["case_id"]
        row |= {"cases": cases, "hinted_seller": seller_id, "hinted_ref": row["ref"]}
    if insert_once(connection, inbox, row, *(_CASE_OF_HINT if cases else ())):
        return str(row["id"]), True
    known = connection.execute(_KNOWN, {"source": source, "source_id": source_id}).scalar_one()
    return known, False


def load_word(connection: Connection, word: str) -> Word | None:
    row = connection.execute(_WORD, {"word": word}).mappings().one_or_none()
    return None if row is None else _word(row)


def unfolded(connection: Connection, case: str) -> tuple[Word, ...]:
    """What has been said about a case and not yet been folded into it, oldest first."""
    return tuple(_word(row) for row in connection.execute(_UNFOLDED, {"case": case}).mappings())


def restrained(connection: Connection, case_ids: Sequence[str]) -> frozenset[str]:
    """Those of these cases for which anything but a bare hint waits unheard: a person's word voids what has not heard it."""
    return frozenset(connection.scalars(_RESTRAINED, {"cases": list(case_ids)}))


def mark_folded(connection: Connection, word: str, seq: int, reply: Reply, now: datetime) -> None:
    connection.execute(
        inbox.update().where(inbox.c.id == word).values(state="folded", folded_seq=seq, folded_at=now, reply_taken=reply.taken, reply=reply.said)
    )


def mark_passed_on(connection: Connection, word: str) -> None:
    connection.execute(inbox.update().where(inbox.c.id == word, inbox.c.state == "new").values(state="passed_on"))


def mark_ended(connection: Connection, word: str, why: str) -> None:
    """Close a row whose case has ended."""
    connection.execute(inbox.update().where(inbox.c.id == word, inbox.c.state != "folded").values(state="ended", reply_taken=False, reply=why))


def mark_failed(connection: Connection, word: str, error: str) -> bool:
    """Count a failed attempt to pass a row on. After ten it is dead, and true is answered: a person must look."""
    connection.execute(inbox.update().where(inbox.c.id == word).values(attempts=inbox.c.attempts + 1, last_error=storable(error)[:1000]))
    dead = inbox.update().where(inbox.c.id == word, inbox.c.state == "new", inbox.c.attempts >= MOST_ATTEMPTS).values(state="dead")
    return connection.execute(dead).rowcount == 1


def revive_dead(connection: Connection) -> int:
    """Let dead rows be tried again; how many there were."""
    return connection.execute(inbox.update().where(inbox.c.state == "dead").values(state="new", attempts=0)).rowcount


def assign(connection: Connection, word: str, case: str) -> None:
    """Tie a row that named only the ledger's key to the case it turned out to be about."""
    connection.execute(inbox.update().where(inbox.c.id == word).values(case_id=case))


def waiting(connection: Connection, limit: int = 200) -> tuple[Word, ...]:
    """Rows not yet passed on, those that failed least first, so that one bad row blocks no other."""
    rows = connection.execute(_WORDS.where(inbox.c.state == "new").order_by(inbox.c.attempts, inbox.c.received_at).limit(limit)).mappings()
    return tuple(_word(row) for row in rows)


def oldest_waiting(connection: Connection, now: datetime) -> timedelta:
    oldest = connection.execute(select(func.min(inbox.c.received_at)).where(inbox.c.state == "new")).scalar_one()
    return timedelta() if oldest is None else now - oldest


def _read(stored: str | None) -> News | None:
    """The news in a row; what another version of Dunwell wrote may be beyond this one."""
    try:
        return None if stored is None else _NEWS.validate_json(stored)
    except ValidationError:
        return None


def _word(row: Any) -> Word:
    return Word(
        id=row["id"],
        source=row["source"],
        ref=row["ref"],
        seller=row["seller_id"] or "",
        case=row["case_id"] or "",
        kind=row["kind"],
        news=_read(row["news"]),
        received_at=row["received_at"],
        state=row["state"],
        reply=None if row["reply_taken"] is None else Reply(row["reply_taken"], row["reply"]),
        attempts=row["attempts"],
    )
