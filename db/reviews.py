"""The owner's weekly reviews: what they are made from, the reviews themselves, and the mails about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Text, cast, func, select

from db.ids import new_id
from db.invoices import from_minor
from db.schema import cases, customers, inbox, invoices, review_mails, reviews, tasks
from db.tasks import close_tasks
from db.text import storable, storable_all
from db.upsert import insert_once
from domain.case import Case
from domain.money import Money
from domain.playbook import Playbook
from domain.review import Digest, Mailed, MailState, Review, Shown, Watched, add_up, task_of
from domain.task import TaskKind

_CASE = TypeAdapter(Case)
_DIGEST = TypeAdapter(Digest)
_CHUNK = 500

# Words that tell of the customer: it answered, promised, paid, disagreed, or was spoken with.
_ANSWERS = ("replied", "promise", "paid", "dispute", "spoke", "plan")


@dataclass(frozen=True, slots=True)
class Kept:
    """A review, with who reviewed it, when, and what they noted."""

    review: Review
    reviewed_at: datetime | None
    reviewed_by: str
    note: str


@dataclass(frozen=True, slots=True)
class ReviewMail:
    """A mail about a review as it was written, and what became of it."""

    level: str
    state: MailState
    to_address: str
    subject: str
    text: str
    html: str
    at: datetime
    reason: str


def overdue(connection: Connection, seller: str, today: date, playbooks: Mapping[str, Playbook]) -> Iterator[Watched]:
    """The open overdue invoices of a seller, each with what stands outside its case. ``playbooks`` by content hash."""
    answers = (
        select(inbox.c.case_id, func.max(inbox.c.received_at).label("answered_at"))
        .where(inbox.c.kind.in_(_ANSWERS), inbox.c.reply_taken.is_(True))
        .group_by(inbox.c.case_id)
        .subquery()
    )
    # An incident is about the ledger or the mails, whichever invoice met it first.
    work = (
        select(
            tasks.c.case_id,
            func.max(func.coalesce(tasks.c.closed_at, tasks.c.opened_at)).label("task_at"),
            func.max(tasks.c.due).filter(tasks.c.closed_at.is_(None)).label("task_due"),
        )
        .where(tasks.c.kind != TaskKind.INCIDENT)
        .group_by(tasks.c.case_id)
        .subquery()
    )
    query = (
        select(cast(cases.c.body, Text).label("body"), cases.c.playbook_hash, answers.c.answered_at, work.c.task_at, work.c.task_due)
        .select_from(cases.join(invoices, invoices.c.id == cases.c.invoice_id))
        .outerjoin(answers, answers.c.case_id == cases.c.id)
        .outerjoin(work, work.c.case_id == cases.c.id)
        .where(cases.c.seller_id == seller, cases.c.ended.is_(None), invoices.c.due < today, invoices.c.balance_minor > 0)
        .order_by(cases.c.id)
    )
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield Watched(_CASE.validate_json(row.body), playbooks[row.playbook_hash], row.answered_at, row.task_at, row.task_due)


def followed_playbooks(connection: Connection, seller: str) -> tuple[str, ...]:
    """The content hashes of the playbooks that a seller's running cases follow."""
    return tuple(connection.scalars(select(cases.c.playbook_hash).where(cases.c.seller_id == seller, cases.c.ended.is_(None)).distinct()))


def save(connection: Connection, review: Review) -> bool:
    """Store a new review, which takes the place of any before it that nobody has reviewed. False: this week's is there already."""
    row = {"id": review.id, "seller_id": review.seller, "week": review.week, "since": review.since, "opened_at": review.opened_at}
    row |= {"body": _DIGEST.dump_python(review.digest, mode="json"), "reviewed_by": "", "note": ""}
    if not insert_once(connection, reviews, row):
        return False
    earlier = (reviews.c.seller_id == review.seller, reviews.c.id != review.id, reviews.c.replaced_by.is_(None))
    connection.execute(reviews.update().where(*earlier).values(replaced_by=review.id))
    return True


def unread_since(connection: Connection, seller: str) -> date | None:
    """From which day the reviews of a seller have gone unread without a break; None: the last one was read, or nothing of
    what it showed is open any more."""
    last = next((kept.review for kept in load_latest(connection, seller, 1)), None)
    return last.since if last and last.at_stake and not last.is_reviewed else None


def unread(connection: Connection) -> tuple[str, ...]:
    """The ids of the reviews that nobody has reviewed, and no later one has taken the place of."""
    return tuple(connection.scalars(select(reviews.c.id).where(reviews.c.reviewed_at.is_(None), reviews.c.replaced_by.is_(None)).order_by(reviews.c.id)))


def load(connection: Connection, review: str) -> Kept | None:
    row = connection.execute(select(reviews).where(reviews.c.id == review)).mappings().one_or_none()
    return None if row is None else _keep(connection, row)


def load_latest(connection: Connection, seller: str, limit: int) -> tuple[Kept, ...]:
    """The reviews of a seller, the newest first."""
    return tuple(_keep(connection, row) for row in connection.execute(_of(seller).limit(limit)).mappings().all())


def note_reviewed(connection: Connection, review: Review, by: str, note: str, now: datetime) -> bool:
    """Somebody has reviewed it; the task that asked for it is done. False: it was reviewed before."""
    this = reviews.update().where(reviews.c.id == review.id, reviews.c.reviewed_at.is_(None))
    if connection.execute(this.values(reviewed_at=now, reviewed_by=storable(by), note=storable(note))).rowcount == 0:
        return False
    if not review.is_replaced:  # else the task is the next one's
        close_tasks(connection, [task_of(review.seller)], f"reviewed by {by}", now)
    return True


def claim_mail(connection: Connection, review: str, level: str, to_address: str, subject: str, text: str, html: str, now: datetime) -> str:
    """Write down, before it leaves, that the mail of this level is being sent; the token that may say what became of it.
    Empty: another run has it, or it has left, or may have."""
    token = new_id("tok")
    written = {"to_address": to_address, "subject": storable(subject), "text": storable(text), "html": storable(html), "claimed_at": now}
    row = {"review_id": review, "level": level, "state": MailState.SENDING.value, "token": token, "provider": "", "provider_id": "", **written}
    if insert_once(connection, review_mails, {**row, "reason": "", "try_again": False}):
        return token
    refused = (review_mails.c.state == MailState.REFUSED, review_mails.c.try_again.is_(True))
    again = review_mails.update().where(_mail(review, level), *refused).values(state=MailState.SENDING.value, token=token, **written)
    return token if connection.execute(again).rowcount == 1 else ""


def record_mail(connection: Connection, review: str, level: str, token: str, state: MailState, now: datetime, **known: Any) -> None:
    """What became of a mail that was claimed with ``token``; ``known`` are further columns."""
    update = review_mails.update().where(_mail(review, level), review_mails.c.token == token)
    connection.execute(update.values(state=state.value, recorded_at=now, **storable_all(known)))


def give_up_lost(connection: Connection, review: str, before: datetime) -> None:
    """A mail whose worker died while sending may have left: nobody knows, and it is never sent again."""
    lost = (review_mails.c.review_id == review, review_mails.c.state == MailState.SENDING, review_mails.c.claimed_at < before)
    connection.execute(review_mails.update().where(*lost).values(state=MailState.UNKNOWN.value, reason="its worker died while sending"))


def note_sent(connection: Connection, review: str, level: str, at: datetime) -> None:
    """Write down a mail that the provider's log tells of and this database has forgotten."""
    if connection.execute(select(reviews.c.id).where(reviews.c.id == review)).first() is None:
        return
    row = {"review_id": review, "level": level, "state": MailState.ACCEPTED.value, "token": "", "to_address": "", "subject": "", "text": "", "html": ""}
    more = {"provider": "", "provider_id": "", "reason": "found in the mail provider's log", "try_again": False, "claimed_at": at}
    insert_once(connection, review_mails, {**row, **more})


def load_mails(connection: Connection, review: str) -> tuple[ReviewMail, ...]:
    """The mails about a review, the oldest first."""
    rows = connection.execute(select(review_mails).where(review_mails.c.review_id == review).order_by(review_mails.c.claimed_at, review_mails.c.level))
    return tuple(
        ReviewMail(row.level, MailState(row.state), row.to_address, row.subject, row.text, row.html, row.recorded_at or row.claimed_at, row.reason)
        for row in rows
    )


def show(connection: Connection, digest: Digest, today: date) -> tuple[Shown, ...]:
    """What ``digest`` shows and is still open and watched, in its order, with what is owed and how late it is today."""
    found: dict[str, Shown] = {}
    items = {item.invoice: item for item in digest.items}
    for row in _still_open(connection, list(items)):
        item = items[row.id]
        balance = from_minor(row.balance_minor, row.currency)
        found[row.id] = Shown(row.number, row.name, row.due, (today - row.due).days, balance, item.reasons, item.tiers, item.touched_on)
    return tuple(found[item] for item in items if item in found)


def _mail(review: str, level: str) -> ColumnElement[bool]:
    return (review_mails.c.review_id == review) & (review_mails.c.level == level)


def _of(seller: str) -> Select[Any]:
    return select(reviews).where(reviews.c.seller_id == seller).order_by(reviews.c.opened_at.desc(), reviews.c.id.desc())


def _keep(connection: Connection, row: RowMapping) -> Kept:
    mails = connection.execute(select(review_mails).where(review_mails.c.review_id == row["id"]).order_by(review_mails.c.level)).mappings()
    digest = _DIGEST.validate_python(row["body"])
    review = Review(
        id=row["id"],
        seller=row["seller_id"],
        week=row["week"],
        since=row["since"],
        opened_at=row["opened_at"],
        digest=digest,
        at_stake=_at_stake(connection, [item.invoice for item in digest.items]),
        is_reviewed=row["reviewed_at"] is not None,
        is_replaced=row["replaced_by"] is not None,
        mailed=tuple(Mailed(one["level"], MailState(one["state"]), one["recorded_at"] or one["claimed_at"], one["try_again"]) for one in mails),
    )
    return Kept(review, row["reviewed_at"], row["reviewed_by"], row["note"])


def _at_stake(connection: Connection, shown: Sequence[str]) -> tuple[Money, ...]:
    """What is still open today of the invoices with these ids, and still watched."""
    return add_up(from_minor(row.balance_minor, row.currency) for row in _still_open(connection, shown))


def _still_open(connection: Connection, wanted: Sequence[str]) -> Iterator[Any]:
    joined = invoices.join(cases, cases.c.invoice_id == invoices.c.id).join(customers, customers.c.id == invoices.c.customer_id)
    columns = select(invoices.c.id, invoices.c.number, invoices.c.due, invoices.c.balance_minor, invoices.c.currency, customers.c.name)
    open_still = columns.select_from(joined).where(cases.c.ended.is_(None), invoices.c.balance_minor > 0)
    for start in range(0, len(wanted), _CHUNK):
        yield from connection.execute(open_still.where(invoices.c.id.in_(wanted[start : start + _CHUNK])))
