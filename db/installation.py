"""What holds for the whole installation: shadow or live, all sending stopped, fenced, how far the books are posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, select

from db import tasks
from db.outreach import SENT
from db.schema import books, installation, outreach
from db.upsert import upsert
from domain.facts import Mode
from domain.task import Task, TaskKind

RESTORED = "this copy was restored from a backup and has not been compared with what was really sent"
PUT_BACK = "the database was put back to an earlier state and has not been compared with what was really sent"
_FENCE = "fence"

# Statements are made once: to make one takes longer than to run it.
_STATE = select(installation).where(installation.c.id == 1)
_BOOKS = select(books.c.read_at, books.c.posted_through).where(books.c.seller_id == bindparam("seller"))


@dataclass(frozen=True, slots=True)
class Fence:
    """Nothing leaves since ``since``: what was sent after ``known_until`` may not stand in this database.

    ``reconciled_at``: when that was last looked up, None if never since the fence stands. ``log_read``: the provider's log
    told everything then; ``unmatched`` of its messages were about invoices not known here.
    """

    since: datetime
    why: str
    known_until: datetime
    reconciled_at: datetime | None = None
    log_read: bool = False
    unmatched: int = 0


@dataclass(frozen=True, slots=True)
class Installation:
    """``put_back_at``: what was written before that moment and is missing here was accounted for when a fence was lifted."""

    mode: Mode
    switched_off: str
    fence: Fence | None = None
    put_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BooksRow:
    read_at: datetime | None = None
    posted_through: date | None = None


def load_installation(connection: Connection) -> Installation:
    """A new installation is in shadow mode: everything runs, nothing leaves."""
    row = connection.execute(_STATE).one_or_none()
    if row is None:
        return Installation(Mode.SHADOW, "")
    fence = None
    if row.fenced_since:
        fence = Fence(row.fenced_since, row.fenced_why, row.known_until, row.reconciled_at, row.log_read, row.unmatched)
    return Installation(Mode(row.mode), row.switched_off, fence, row.put_back_at)


def set_mode(connection: Connection, mode: Mode, by: str, now: datetime) -> None:
    upsert(
        connection,
        installation,
        ["id"],
        [{"id": 1, "mode": mode.value, "switched_off": "", "changed_by": by, "changed_at": now}],
        update=["mode", "changed_by", "changed_at"],
    )


def switch_off(connection: Connection, reason: str, by: str, now: datetime) -> None:
    """Stop all sending for ``reason``; an empty reason lets it go on."""
    row = {"id": 1, "mode": load_installation(connection).mode.value, "switched_off": reason, "changed_by": by, "changed_at": now}
    upsert(connection, installation, ["id"], [row], update=["switched_off", "changed_by", "changed_at"])


def raise_fence(connection: Connection, why: str, known_until: datetime, owner: str, now: datetime) -> None:
    """Let nothing leave until what was sent after ``known_until`` has been looked up; a task asks ``owner`` to. Behind a
    fence that stands already less is known, and all of it has to be looked up anew."""
    state = load_installation(connection)
    row = {
        "id": 1,
        "mode": state.mode.value,
        "switched_off": state.switched_off,
        "fenced_since": now,
        "fenced_why": why,
        "known_until": state.fence.known_until if state.fence else known_until,
        "reconciled_at": None,
        "log_read": False,
        "unmatched": 0,
    }
    columns = ["fenced_since", "fenced_why", "known_until", "reconciled_at", "log_read", "unmatched"]
    upsert(connection, installation, ["id"], [row], update=columns)
    remedy = "Run dunwell reconcile, which compares it with the mail provider's log; then let it go on with dunwell unfence"
    tasks.open_tasks(connection, [Task(_FENCE, TaskKind.REVIEW, f"Nothing goes out: {why}", remedy, owner, now.date())], None, now)


def find_carrier(connection: Connection) -> str:
    """Some mailer by which e-mails have really left this installation; empty when they never left the machine."""
    # A message that was only rehearsed, or claimed, has the name of its provider as well.
    left = (outreach.c.channel == "email", outreach.c.provider.not_in(("", "capture")), outreach.c.state.in_(SENT))
    carried = select(outreach.c.provider).where(*left).limit(1)
    return connection.execute(carried).scalar_one_or_none() or ""


def fence_in_sql(why: str, known_until: datetime, now: datetime) -> str:
    """The least of ``raise_fence``, for a PostgreSQL database that is just being loaded: one statement, which knows nothing of tables
    that a later migration makes. What is in shadow mode has no row, and needs none."""
    values = f"fenced_since = '{now.isoformat()}', fenced_why = '{why}', known_until = COALESCE(known_until, '{known_until.isoformat()}')"
    return f"UPDATE {installation.name} SET {values}"


def note_reconciled(connection: Connection, log_read: bool, unmatched: int, now: datetime) -> None:
    connection.execute(installation.update().values(reconciled_at=now, log_read=log_read, unmatched=unmatched))


def lift_fence(connection: Connection, reason: str, by: str, now: datetime) -> None:
    fence = load_installation(connection).fence
    nothing = {"fenced_since": None, "fenced_why": "", "known_until": None, "reconciled_at": None, "log_read": False, "unmatched": 0}
    connection.execute(installation.update().values(put_back_at=fence.since if fence else None, changed_by=by, changed_at=now, **nothing))
    tasks.close_tasks(connection, [_FENCE], f"{reason} ({by})", now)


def load_books(connection: Connection, seller: str) -> BooksRow:
    row = connection.execute(_BOOKS, {"seller": seller}).one_or_none()
    return BooksRow() if row is None else BooksRow(row.read_at, row.posted_through)


def note_read(connection: Connection, seller: str, at: datetime) -> None:
    upsert(connection, books, ["seller_id"], [{"seller_id": seller, "read_at": at, "posted_by": ""}], update=["read_at"])


def note_posted(connection: Connection, seller: str, through: date, by: str) -> None:
    upsert(connection, books, ["seller_id"], [{"seller_id": seller, "posted_through": through, "posted_by": by}], update=["posted_through", "posted_by"])
