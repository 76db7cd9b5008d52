"""One watched invoice, whole: its diary, its messages, what was decided and why, and what people must do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, and_, func, select

from db import cases, drafts, journal, parties, pay_links, schema
from db.drafts import Draft
from db.views import Line, lines, read_line, sellers_by_id
from domain.case import Case
from domain.customer import Customer
from domain.diary import Entry
from domain.event import News
from domain.seller import Seller
from domain.task import TaskKind

_CASE = TypeAdapter(Case)
_NEWS: TypeAdapter[News] = TypeAdapter(News)


@dataclass(frozen=True, slots=True)
class Covered:
    """An invoice a message was about. ``leads``: the wording is for its step; ``dropped``: paid before it left."""

    invoice: str
    number: str
    step: str
    leads: bool
    dropped: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a customer, with its fate; ``at`` is when it was sent, or else when it was begun. ``draft`` is what a writing
    model drafted for it, whether or not that is what it says."""

    id: str
    customer: str
    customer_name: str
    at: datetime
    zone: str
    channel: str
    step: str
    stage: str
    state: str
    sender: str
    to: str
    subject: str
    text: str
    html: str
    provider: str
    provider_id: str
    message_id: str
    reason: str
    covers: tuple[Covered, ...]
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision record: what was decided, by which rule, why, and what it was decided from."""

    at: datetime
    seq: int
    rule: str
    verdict: str
    why: str
    until: datetime | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something a person must do. ``invoice`` and ``number`` are empty when it concerns no single invoice."""

    id: str
    kind: str
    title: str
    remedy: str
    owner: str
    due: date
    opened_at: datetime
    invoice: str
    number: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An invoice that another one has replaced: our id of it, its number and its diary."""

    invoice: str
    number: str
    diary: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything known about one watched invoice. ``playbook`` is the resolved text it follows, ``earlier`` the invoices that
    it has replaced, the latest first. ``pay_link_opened`` is when a person followed the link to pay in a message, if that is counted.

    Messages and decisions come newest first; ``unheard`` counts words that have arrived and not been acted on yet.
    """

    line: Line
    case: Case
    seller: Seller
    customer: Customer
    ref: str
    standing: str
    pay_url: str
    purchase_order: str
    seen_at: datetime
    playbook: str
    diary: tuple[Entry, ...]
    messages: tuple[Message, ...]
    decisions: tuple[Decided, ...]
    tasks: tuple[OpenTask, ...]
    unheard: int
    earlier: tuple[Earlier, ...] = ()
    pay_link_opened: datetime | None = None


def load_story(connection: Connection, invoice: str, now: datetime, *, decisions: int = 200) -> Story | None:
    """The whole story of the invoice with our id ``invoice``, at most ``decisions`` records long; None when it is not watched."""
    sellers = sellers_by_id(connection)
    cases, invoices, parts, words = schema.cases.c, schema.invoices.c, schema.outreach_parts.c, schema.inbox.c
    query = lines().add_columns(
        cases.body, invoices.ref, invoices.standing, invoices.pay_url, invoices.purchase_order, invoices.seen_at, schema.playbook_versions.c.resolved
    )
    query = query.join(schema.playbook_versions, schema.playbook_versions.c.hash == cases.playbook_hash)
    row = connection.execute(query.where(cases.invoice_id == invoice)).mappings().one_or_none()
    if row is None:
        return None
    case, watched = row["case"], _CASE.validate_python(row["body"])
    return Story(
        line=read_line(row, sellers, now),
        case=watched,
        seller=sellers[row["seller_id"]],
        customer=parties.load_customer(connection, row["customer_id"]),
        ref=row["ref"],
        standing=row["standing"],
        pay_url=row["pay_url"],
        purchase_order=row["purchase_order"],
        seen_at=row["seen_at"],
        playbook=row["resolved"],
        diary=journal.read(connection, case),
        messages=_messages(connection, schema.outreach.c.id.in_(select(parts.outreach_id).where(parts.case_id == case)), sellers),
        decisions=_decisions(connection, case, decisions),
        tasks=_tasks(connection, and_(schema.tasks.c.case_id == case, schema.tasks.c.kind != TaskKind.INCIDENT)),
        unheard=connection.execute(select(func.count()).where(words.case_id == case, words.state.in_(("new", "passed_on")))).scalar_one(),
        earlier=tuple(_earlier(connection, watched)),
        pay_link_opened=pay_links.last_opened(connection, invoice),
    )


def _earlier(connection: Connection, case: Case) -> Iterator[Earlier]:
    """What ``case`` has replaced, and what that had replaced; a circle is left at its beginning."""
    seen = {case.invoice.id}
    while case.predecessor and case.predecessor not in seen:
        seen.add(case.predecessor)
        before = cases.load_case(connection, f"invoice/{case.predecessor}")
        if before is None:
            return
        yield Earlier(before.invoice.id, before.invoice.number, journal.read(connection, before.id))
        case = before


def load_message(connection: Connection, message: str) -> Message | None:
    return next(iter(_messages(connection, schema.outreach.c.id == message, sellers_by_id(connection))), None)


def open_tasks(connection: Connection, *, limit: int = 500) -> tuple[OpenTask, ...]:
    """What people must do: incidents first, then by the day it is due."""
    return _tasks(connection, limit=limit)


def open_task(connection: Connection, task: str) -> OpenTask | None:
    return next(iter(_tasks(connection, schema.tasks.c.id == task)), None)


def said_before(connection: Connection, case: str, key: str) -> News | None:
    """What a person said about ``case`` under this key already."""
    words = schema.inbox.c
    told = connection.execute(select(words.news).where(words.source == "person", words.source_id == f"{case}/{key}")).scalar_one_or_none()
    return None if told is None else _NEWS.validate_python(told)


def _messages(connection: Connection, condition: ColumnElement[bool], sellers: dict[str, Seller]) -> tuple[Message, ...]:
    outreach = schema.outreach
    query = select(outreach, schema.customers.c.name.label("customer_name"), schema.customers.c.zones).join(
        schema.customers, schema.customers.c.id == outreach.c.customer_id
    )
    rows = connection.execute(query.where(condition).order_by(outreach.c.claimed_at.desc(), outreach.c.id)).mappings().all()
    covers = _covers(connection, [row["id"] for row in rows])
    drafted = drafts.of_messages(connection, [row["id"] for row in rows])
    return tuple(
        Message(
            draft=drafted.get(row["id"]),
            id=row["id"],
            customer=row["customer_id"],
            customer_name=row["customer_name"],
            at=row["sending_at"] or row["claimed_at"],
            zone=row["zones"][0] if row["zones"] else sellers[row["seller_id"]].time_zone,
            channel=row["channel"],
            step=row["step"],
            stage=row["stage"],
            state=row["state"],
            sender=f"{sellers[row['seller_id']].sender_name} <{sellers[row['seller_id']].sender_email}>",
            to=row["to_address"],
            subject=row["subject"],
            text=row["text"],
            html=row["html"],
            provider=row["provider"],
            provider_id=row["provider_id"],
            message_id=row["message_id"],
            reason=row["reason"],
            covers=tuple(covers[row["id"]]),
        )
        for row in rows
    )


def _covers(connection: Connection, messages: Sequence[str]) -> dict[str, list[Covered]]:
    parts, invoices = schema.outreach_parts, schema.invoices
    found: dict[str, list[Covered]] = {message: [] for message in messages}
    joined = parts.join(schema.cases, schema.cases.c.id == parts.c.case_id).join(invoices, invoices.c.id == schema.cases.c.invoice_id)
    query = select(parts, invoices.c.id.label("invoice"), invoices.c.number).select_from(joined).where(parts.c.outreach_id.in_(messages))
    for row in connection.execute(query.order_by(parts.c.leads.desc(), invoices.c.number)):
        found[row.outreach_id].append(Covered(row.invoice, row.number, row.rung, row.leads, row.dropped))
    return found


def _decisions(connection: Connection, case: str, limit: int) -> tuple[Decided, ...]:
    records = schema.decision_records
    rows = connection.execute(select(records).where(records.c.case_id == case).order_by(records.c.id.desc()).limit(limit))
    return tuple(Decided(row.at, row.seq, row.rule, row.verdict, row.why, row.until, row.facts) for row in rows)


def _tasks(connection: Connection, condition: ColumnElement[bool] | None = None, limit: int = 500) -> tuple[OpenTask, ...]:
    tasks, invoices = schema.tasks, schema.invoices
    joined = tasks.outerjoin(schema.cases, schema.cases.c.id == tasks.c.case_id).outerjoin(invoices, invoices.c.id == schema.cases.c.invoice_id)
    query = select(tasks, invoices.c.id.label("invoice"), invoices.c.number).select_from(joined).where(tasks.c.closed_at.is_(None))
    if condition is not None:
        query = query.where(condition)
    rows = connection.execute(query.order_by(tasks.c.kind != TaskKind.INCIDENT, tasks.c.due, tasks.c.opened_at, tasks.c.id).limit(limit)).all()
    # An incident concerns everything; the invoice that met it first is not what it is about.
    about = [("", "") if row.kind == TaskKind.INCIDENT else (row.invoice or "", row.number or "") for row in rows]
    told = zip(rows, about, strict=True)
    return tuple(OpenTask(row.id, row.kind, row.title, row.remedy, row.owner, row.due, row.opened_at, *which, row.key) for row, which in told)
