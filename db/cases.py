"""Cases: the whole value, with the columns that lists are made from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Text, bindparam, cast, func, select

from db.schema import cases, invoices
from db.upsert import upsert
from domain.case import Case, Hold, HoldKind
from domain.invoice import Standing

_CASE = TypeAdapter(Case)
_HELD = TypeAdapter(tuple[Hold, ...])

# Statements are made once: to make one takes longer than to run it.
_BODY = select(cast(cases.c.body, Text)).where(cases.c.id == bindparam("case")).with_for_update()
_BODIES = select(cast(cases.c.body, Text)).where(cases.c.id.in_(bindparam("cases"))).order_by(cases.c.id).with_for_update()
_OPEN_BODIES = (
    select(cast(cases.c.body, Text)).where(cases.c.customer_id.in_(bindparam("customers")), cases.c.ended.is_(None)).order_by(cases.c.id).with_for_update()
)
_HOLDS = select(cast(cases.c.body["holds"], Text)).where(cases.c.customer_id == bindparam("customer"), cases.c.ended.is_(None))
_UPDATED_AT = select(cases.c.updated_at).where(cases.c.id == bindparam("case"))
_SAVED_SINCE = select(cases.c.id).where(cases.c.id.in_(bindparam("cases", expanding=True)), cases.c.updated_at >= bindparam("moment"))
_ENDED = select(cases.c.ended).where(cases.c.id == bindparam("case"))
_RUNNING = select(cases.c.id).where(cases.c.id == bindparam("case"), cases.c.ended.is_(None))
_UNWATCHED = (
    select(invoices.c.id)
    .outerjoin(cases, cases.c.invoice_id == invoices.c.id)
    .where(invoices.c.balance_minor > 0, invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED, Standing.DRAFT]), cases.c.id.is_(None))
)


@dataclass(frozen=True, slots=True)
class Showing:
    """How a case is shown in lists: its stage, why it waits, who answers for that, and what comes next. It is looked at again ``next_at``;
    where that is before the contact it waits for, this comes ``contact_at``."""

    stage: str
    rule: str
    waiting_because: str
    owner: str
    next_at: datetime | None
    next_step: str
    contact_at: datetime | None = None


class UnableToReadCase(ValueError):
    """What is stored of a case is not a case, or one of a newer version; the message says where, without what stands there."""


def load_case(connection: Connection, case: str) -> Case | None:
    """Raises UnableToReadCase."""
    body = connection.execute(_BODY, {"case": case}).scalar_one_or_none()
    return None if body is None else _read(body)


def load_cases(connection: Connection, ids: Collection[str]) -> dict[str, Case]:
    """Those of these cases that are stored, by id, locked in a fixed order. Raises UnableToReadCase."""
    found = (_read(body) for body in connection.scalars(_BODIES, {"cases": list(ids)}))
    return {case.id: case for case in found}


def load_open_cases(connection: Connection, customers: Sequence[str]) -> tuple[Case, ...]:
    """The running cases of these customers, locked, in a fixed order. One that cannot be read keeps no other from being reminded of."""
    found = []
    for body in connection.scalars(_OPEN_BODIES, {"customers": list(customers)}):
        with suppress(UnableToReadCase):
            found.append(_read(body))
    return tuple(found)


def holds_of(connection: Connection, customer: str, now: datetime) -> frozenset[HoldKind]:
    """The kinds of hold that keep any running case of a customer silent at ``now``; what cannot be read tells of none."""
    found: set[HoldKind] = set()
    for holds in connection.scalars(_HOLDS, {"customer": customer}):
        with suppress(ValidationError):
            found |= {hold.kind for hold in _HELD.validate_json(holds or "[]") if hold.until > now}
    return frozenset(found)


def _read(body: str) -> Case:
    try:
        return _CASE.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the whole"
        raise UnableToReadCase(f"what is stored of it cannot be read: {where}: {fault['msg']}") from None


def save_case(connection: Connection, case: Case, showing: Showing, at: datetime) -> None:
    upsert(
        connection,
        cases,
        ["id"],
        [
            {
                "id": case.id,
                "invoice_id": case.invoice.id,
                "customer_id": case.invoice.customer,
                "seller_id": case.invoice.seller,
                "playbook_hash": case.playbook,
                "round": case.round,
                "seq": case.seq,
                "stage": showing.stage,
                "rule": showing.rule,
                "waiting_because": showing.waiting_because,
                "owner": showing.owner,
                "next_at": showing.next_at,
                "next_step": showing.next_step,
                "contact_at": showing.contact_at,
                "ended": case.ended.value if case.ended else None,
                "body": _CASE.dump_python(case, mode="json"),
                "updated_at": at,
            }
        ],
    )


def running(connection: Connection, rules: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The ids of cases still running, all or those that wait for one of ``rules``."""
    query = select(cases.c.id).where(cases.c.ended.is_(None)).order_by(cases.c.id)
    return tuple(connection.scalars(query.where(cases.c.rule.in_(rules)) if rules else query))


def saved_at(connection: Connection, case: str) -> datetime:
    """When a stored case last changed."""
    moment: datetime = connection.execute(_UPDATED_AT, {"case": case}).scalar_one()
    return moment


def saved_since(connection: Connection, ids: Collection[str], moment: datetime) -> frozenset[str]:
    """Which of these cases have changed at ``moment`` or later."""
    return frozenset(connection.scalars(_SAVED_SINCE, {"cases": list(ids), "moment": moment}))


def unwatched(connection: Connection) -> tuple[str, ...]:
    """The ids of open invoices, by our books, that no case has ever watched."""
    return tuple(connection.scalars(_UNWATCHED))


def is_unwatched(connection: Connection, invoice: str) -> bool:
    """Whether this is an open invoice, by our books, that no case has ever watched."""
    return connection.execute(_UNWATCHED.where(invoices.c.id == invoice)).first() is not None


def running_since(connection: Connection, before: datetime) -> tuple[str, ...]:
    """The ids of running cases that have not changed since ``before``."""
    return tuple(connection.scalars(select(cases.c.id).where(cases.c.ended.is_(None), cases.c.updated_at < before).order_by(cases.c.id)))


def overdue(connection: Connection, before: datetime, limit: int = 100) -> tuple[tuple[str, int], ...]:
    """Running cases that should have been looked at before then and were not, those that wait longest first: their ids and ``seq``."""
    meant = func.coalesce(cases.c.next_at, cases.c.updated_at)
    query = select(cases.c.id, cases.c.seq).where(cases.c.ended.is_(None), meant < before).order_by(meant).limit(limit)
    return tuple((case, seq) for case, seq in connection.execute(query))


def ended_as(connection: Connection, case: str) -> str | None:
    return connection.execute(_ENDED, {"case": case}).scalar_one_or_none()


def is_running(connection: Connection, case: str) -> bool:
    """Whether a case is stored and has not ended."""
    return connection.execute(_RUNNING, {"case": case}).first() is not None
