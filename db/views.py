"""Lists of watched invoices and the money in them: read-only questions, answered in plain values."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, Select, String, and_, false, func, literal, or_, select, tuple_

from db import parties, schema
from db.invoices import from_minor
from domain.calendar import local_day, start_of_day
from domain.case import Case
from domain.decision import CONTACT_RULES
from domain.invoice import AgingBucket, Invoice
from domain.money import Money
from domain.seller import Seller
from domain.task import TaskKind

# Reasons whose next moment is a message, not another look.
LEAVING_RULES = (*CONTACT_RULES, "due", "answer", "covered")
# Reasons that do not pass until somebody does something.
PERSON_RULES = ("fenced", "switched-off", "ledger", "missing", "stale", "books", "refused", "unreachable", "unknown", "undelivered", "disputed", "draft")

LARGEST_PAGE = 500
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_CASE = TypeAdapter(Case)
K = TypeVar("K")


class UnableToPage(ValueError):
    """The place to go on from was not given out by this list in this order."""


class Sort(StrEnum):
    NUMBER = "number"
    CUSTOMER = "customer"
    BALANCE = "balance"
    DUE = "due"
    STAGE = "stage"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which invoices to list; what is empty or None does not restrict. Only those still watched, unless ``ended``.

    ``text`` is looked for in the customer's name and number and in the invoice's number. Days past due are whole days,
    negative before the due date, on the calendar of the seller.
    """

    stages: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    text: str = ""
    customer: str = ""
    currency: str = ""
    days_past_due_min: int | None = None
    days_past_due_max: int | None = None
    next_before: datetime | None = None
    leaving_today: bool = False
    waiting_for_person: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One watched invoice in a list. ``zone`` is the first time zone of the customer; ``ended`` names the end, if any."""

    case: str
    invoice: str
    number: str
    seller: str
    customer: str
    customer_number: str
    customer_name: str
    zone: str
    total: Money
    balance: Money
    issued: date
    due: date
    days_past_due: int
    stage: str
    rule: str
    waiting_because: str
    owner: str
    next_at: datetime | None
    contact_at: datetime | None
    next_step: str
    ended: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of ``total`` invoices; ``cursor`` asks for the next page and is empty on the last one."""

    lines: tuple[Line, ...]
    total: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Sum:
    """So much money in so many invoices."""

    amount: Money
    count: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Money in watched invoices, one Sum per currency and heading; ``aging`` by bucket, then currency."""

    open: tuple[Sum, ...]
    overdue: tuple[Sum, ...]
    promised: tuple[Sum, ...]
    leaving_today: tuple[Sum, ...]
    waiting_for_person: tuple[Sum, ...]
    aging: tuple[tuple[AgingBucket, tuple[Sum, ...]], ...]
    stages: tuple[tuple[str, int], ...]
    rules: tuple[tuple[str, int], ...]


def list_invoices(
    connection: Connection, which: Filter, now: datetime, *, sort: Sort = Sort.DUE, descending: bool = False, limit: int = 100, cursor: str = ""
) -> Listing:
    """One page of the invoices that ``which`` describes. ``limit`` is cut to 1..LARGEST_PAGE.

    Raises UnableToPage when ``cursor`` did not come from a list in the same order.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    sellers = sellers_by_id(connection)
    conditions = _conditions(which, sellers, now)
    keys = _sort_keys(sort)
    query = lines().where(*conditions)
    if cursor:
        place = tuple_(*(literal(value, key.type) for key, value in zip(keys, _read_cursor(cursor, keys), strict=True)))
        query = query.where(tuple_(*keys) < place if descending else tuple_(*keys) > place)
    query = query.add_columns(*(key.label(f"key_{n}") for n, key in enumerate(keys)))
    rows = connection.execute(query.order_by(*(key.desc() if descending else key for key in keys)).limit(limit + 1)).mappings().all()
    total = connection.execute(select(func.count()).select_from(_watched()).where(*conditions)).scalar_one()
    onward = _write_cursor(rows[limit - 1], len(keys)) if len(rows) > limit else ""
    return Listing(tuple(read_line(row, sellers, now) for row in rows[:limit]), total, onward)


def overview(connection: Connection, now: datetime) -> Overview:
    """The money in all watched invoices, added up per currency and never across."""
    sellers = sellers_by_id(connection)
    due, currency = schema.invoices.c.due, schema.invoices.c.currency
    grouped = connection.execute(
        select(schema.cases.c.seller_id, due, currency, func.sum(schema.invoices.c.balance_minor).label("minor"), func.count().label("number"))
        .select_from(_watched())
        .where(schema.cases.c.ended.is_(None))
        .group_by(schema.cases.c.seller_id, due, currency)
    ).all()
    aged = [(_aged(row.due, _today(sellers[row.seller_id], now)), Sum(from_minor(int(row.minor), row.currency), row.number)) for row in grouped]
    return Overview(
        open=_add_up(part for _, part in aged),
        overdue=_add_up(part for bucket, part in aged if bucket is not AgingBucket.CURRENT),
        promised=_promised(connection),
        leaving_today=_sums(connection, _leaving_today(sellers, now)),
        waiting_for_person=_sums(connection, _waiting_for_person()),
        aging=tuple((bucket, _add_up(part for other, part in aged if other is bucket)) for bucket in AgingBucket),
        stages=_counts(connection, schema.cases.c.stage),
        rules=_counts(connection, schema.cases.c.rule),
    )


def find(connection: Connection, reference: str) -> tuple[str, ...]:
    """The ids of the watched invoices that ``reference`` names: our own id, or else the number printed on them."""
    exact = select(schema.cases.c.invoice_id).where(or_(schema.cases.c.invoice_id == reference, schema.cases.c.id == reference))
    named = select(schema.cases.c.invoice_id).select_from(_watched()).where(schema.invoices.c.number == reference).order_by(schema.cases.c.invoice_id)
    return tuple(connection.scalars(exact)) or tuple(connection.scalars(named))


def sellers_by_id(connection: Connection) -> dict[str, Seller]:
    return {seller.id: seller for seller in parties.load_sellers(connection)}


def lines() -> Select[Any]:
    """What ``read_line`` reads, of every watched invoice."""
    cases, invoices, customers = schema.cases.c, schema.invoices.c, schema.customers.c
    return select(
        cases.id.label("case"),
        cases.invoice_id,
        cases.seller_id,
        cases.customer_id,
        cases.stage,
        cases.rule,
        cases.waiting_because,
        cases.owner,
        cases.next_at,
        cases.contact_at,
        cases.next_step,
        cases.ended,
        cases.updated_at,
        invoices.number,
        invoices.currency,
        invoices.total_minor,
        invoices.balance_minor,
        invoices.issued,
        invoices.due,
        customers.name.label("customer_name"),
        customers.number.label("customer_number"),
        customers.zones,
    ).select_from(_watched())


def read_line(row: RowMapping, sellers: dict[str, Seller], now: datetime) -> Line:
    seller = sellers[row["seller_id"]]
    return Line(
        case=row["case"],
        invoice=row["invoice_id"],
        number=row["number"],
        seller=row["seller_id"],
        customer=row["customer_id"],
        customer_number=row["customer_number"],
        customer_name=row["customer_name"],
        zone=row["zones"][0] if row["zones"] else seller.time_zone,
        total=from_minor(row["total_minor"], row["currency"]),
        balance=from_minor(row["balance_minor"], row["currency"]),
        issued=row["issued"],
        due=row["due"],
        days_past_due=(_today(seller, now) - row["due"]).days,
        stage=row["stage"],
        rule=row["rule"],
        waiting_because=row["waiting_because"],
        owner=row["owner"],
        next_at=row["next_at"],
        contact_at=(row["contact_at"] or row["next_at"]) if row["rule"] in LEAVING_RULES else None,
        next_step=row["next_step"],
        ended=row["ended"],
        updated_at=row["updated_at"],
    )


def _watched() -> FromClause:
    return schema.cases.join(schema.invoices, schema.invoices.c.id == schema.cases.c.invoice_id).join(
        schema.customers, schema.customers.c.id == schema.cases.c.customer_id
    )


def _conditions(which: Filter, sellers: dict[str, Seller], now: datetime) -> list[ColumnElement[bool]]:
    cases, invoices, customers = schema.cases.c, schema.invoices.c, schema.customers.c
    found: list[ColumnElement[bool]] = [cases.ended.is_not(None) if which.ended else cases.ended.is_(None)]
    if which.stages:
        found.append(cases.stage.in_(which.stages))
    if which.rules:
        found.append(cases.rule.in_(which.rules))
    if which.customer:
        found.append(cases.customer_id == which.customer)
    if which.currency:
        found.append(invoices.currency == which.currency)
    if which.text:
        found.append(or_(*(column.icontains(which.text, autoescape=True) for column in (customers.name, customers.number, invoices.number))))
    if (least := which.days_past_due_min) is not None:
        found.append(_by_today(sellers, now, lambda today: invoices.due <= _shift(today, -least)))
    if (most := which.days_past_due_max) is not None:
        found.append(_by_today(sellers, now, lambda today: invoices.due >= _shift(today, -most)))
    if which.next_before:
        found.append(and_(cases.rule.in_(LEAVING_RULES), func.coalesce(cases.contact_at, cases.next_at) < which.next_before))
    if which.leaving_today:
        found.append(_leaving_today(sellers, now))
    if which.waiting_for_person:
        found.append(_waiting_for_person())
    return found


def _leaving_today(sellers: dict[str, Seller], now: datetime) -> ColumnElement[bool]:
    cases = schema.cases.c
    before_midnight = (
        and_(cases.seller_id.in_(ids), func.coalesce(cases.contact_at, cases.next_at) < start_of_day(_shift(local_day(now, (zone,)), 1), (zone,)))
        for zone, ids in _sellers_by(sellers, lambda seller: seller.time_zone).items()
    )
    return and_(cases.rule.in_(LEAVING_RULES), or_(cases.rule.in_(("due", "answer", "covered")), false(), *before_midnight))


def _waiting_for_person() -> ColumnElement[bool]:
    tasks = schema.tasks.c
    asked = select(tasks.case_id).where(tasks.closed_at.is_(None), tasks.case_id.is_not(None), tasks.kind != TaskKind.INCIDENT)
    return or_(schema.cases.c.rule.in_(PERSON_RULES), schema.cases.c.id.in_(asked))


def _by_today(sellers: dict[str, Seller], now: datetime, condition: Callable[[date], ColumnElement[bool]]) -> ColumnElement[bool]:
    """``condition`` of each seller's own calendar day: it is not the same day everywhere."""
    days = _sellers_by(sellers, lambda seller: _today(seller, now))
    return or_(false(), *(and_(schema.cases.c.seller_id.in_(ids), condition(today)) for today, ids in days.items()))


def _sellers_by(sellers: dict[str, Seller], key: Callable[[Seller], K]) -> dict[K, list[str]]:
    found: dict[K, list[str]] = {}
    for seller in sellers.values():
        found.setdefault(key(seller), []).append(seller.id)
    return found


def _shift(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _sort_keys(sort: Sort) -> list[ColumnElement[Any]]:
    cases, invoices = schema.cases.c, schema.invoices.c
    keys: dict[Sort, list[ColumnElement[Any]]] = {
        Sort.NUMBER: [invoices.number],
        Sort.CUSTOMER: [func.lower(schema.customers.c.name, type_=String), invoices.due],
        Sort.BALANCE: [invoices.currency, invoices.balance_minor],
        Sort.DUE: [invoices.due],
        Sort.STAGE: [cases.stage, invoices.due],
        Sort.NEXT: [func.coalesce(cases.contact_at, cases.next_at, literal(_FAR, schema.Moment()))],
    }
    return [*keys[sort], cases.id]


def _write_cursor(row: RowMapping, keys: int) -> str:
    values = [row[f"key_{n}"] for n in range(keys)]
    text = json.dumps([value.isoformat() if isinstance(value, date) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, keys: Sequence[ColumnElement[Any]]) -> list[Any]:
    readers = {datetime: datetime.fromisoformat, date: date.fromisoformat}
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kinds = [datetime if isinstance(key.type, schema.Moment) else key.type.python_type for key in keys]
        found: list[Any] = [readers[kind](value) if kind in readers else value for kind, value in zip(kinds, values, strict=True)]
        if all(_fits(value, kind) for kind, value in zip(kinds, found, strict=True)):
            return found
    except (ValueError, TypeError, binascii.Error):
        pass
    raise UnableToPage("cursor: this is not a place in this list; leave it out to begin with the first page")


def _fits(value: Any, kind: type) -> bool:
    """Whether a value from outside can be compared with a column of that type in every database."""
    if type(value) is not kind:
        return False
    match value:
        case int():
            return abs(value) < 2**63
        case str():
            return "\x00" not in value
        case datetime():
            return value.tzinfo is not None
    return True


def _promised(connection: Connection) -> tuple[Sum, ...]:
    """What open promises say will come; a hold on top of a promise does not unmake it."""
    cases = schema.cases.c
    bodies = connection.scalars(select(cases.body).where(cases.ended.is_(None), cases.rule.in_(("promise", "answer", "hold", "disputed", "covered"))))
    promises = (_CASE.validate_python(body).open_promise for body in bodies)
    return _add_up(Sum(promise.amount, 1) for promise in promises if promise)


def _sums(connection: Connection, condition: ColumnElement[bool]) -> tuple[Sum, ...]:
    currency = schema.invoices.c.currency
    query = select(currency, func.sum(schema.invoices.c.balance_minor).label("minor"), func.count().label("number")).select_from(_watched())
    rows = connection.execute(query.where(schema.cases.c.ended.is_(None), condition).group_by(currency).order_by(currency))
    return tuple(Sum(from_minor(int(row.minor), row.currency), row.number) for row in rows)


def _add_up(parts: Iterable[Sum]) -> tuple[Sum, ...]:
    found: dict[str, Sum] = {}
    for part in parts:
        before = found.get(part.amount.currency)
        found[part.amount.currency] = Sum(before.amount + part.amount, before.count + part.count) if before else part
    return tuple(found[currency] for currency in sorted(found))


def _counts(connection: Connection, column: ColumnElement[str]) -> tuple[tuple[str, int], ...]:
    rows = connection.execute(select(column, func.count()).where(schema.cases.c.ended.is_(None)).group_by(column).order_by(column))
    return tuple((name, count) for name, count in rows)


def _today(seller: Seller, now: datetime) -> date:
    return local_day(now, (seller.time_zone,))


def _aged(due: date, today: date) -> AgingBucket:
    nothing = Money(Decimal(0), "EUR")
    return Invoice(id="", seller="", customer="", number="", total=nothing, balance=nothing, issued=due, due=due).bucket(today)
