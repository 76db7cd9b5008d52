"""Payment plans: the whole value, with the columns that lists are made from; and what has been said about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import Connection, RowMapping, Text, bindparam, cast, select

from db.schema import customers, inbox, invoices, plan_invoices, plans, sellers
from db.upsert import upsert
from domain.plan_keeping import KeptPlan, PlanWord

_PLAN = TypeAdapter(KeptPlan)
_WORD: TypeAdapter[PlanWord] = TypeAdapter(Annotated[PlanWord, Field(discriminator="kind")])
_OPEN = ("offered", "countered", "accepted")
_HINT = "changed"

# Statements are made once: to make one takes longer than to run it.
_BODY = select(cast(plans.c.body, Text)).where(plans.c.id == bindparam("plan")).with_for_update()
_COVERING = (
    select(plans.c.id)
    .distinct()
    .join(plan_invoices, plan_invoices.c.plan_id == plans.c.id)
    .where(plan_invoices.c.invoice_id.in_(bindparam("invoices")), plans.c.state.in_(_OPEN))
    .order_by(plans.c.id)
)
_UNHEARD = (
    select(inbox.c.id, inbox.c.kind, inbox.c.body)
    .where(inbox.c.case_id == bindparam("key"), inbox.c.state.in_(("new", "passed_on")))
    .order_by(inbox.c.received_at, inbox.c.id)
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """Something said about a plan that has not been folded into it. ``word`` None: a bare hint, unless ``fault`` says why it cannot be read."""

    id: str
    word: PlanWord | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan as lists show it, with the names that people know its customer and invoices by."""

    kept: KeptPlan
    customer_number: str
    customer_name: str
    numbers: dict[str, str]  # invoice number by our id
    next_at: datetime | None
    updated_at: datetime
    zone: str  # the seller's


def spell(word: PlanWord) -> str:
    """``word`` as the inbox keeps it."""
    return _WORD.dump_json(word).decode()


def read_word(kind: str, text: str) -> PlanWord:
    """What ``spell`` has written, or a person in its form. Raises ValueError, without what stands there."""
    try:
        word = _WORD.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(str(part) for part in fault['loc'][1:]) or kind}: {fault['msg']}") from None
    return word


def load_plan(connection: Connection, plan: str) -> KeptPlan | None:
    """The plan, locked in a transaction that writes; None: there is none."""
    body = connection.execute(_BODY, {"plan": plan}).scalar_one_or_none()
    return None if body is None else _PLAN.validate_json(body)


def covered_by(connection: Connection, plan: str) -> tuple[str, ...]:
    """The invoices that a plan covers; none when there is no such plan."""
    return tuple(connection.scalars(select(plan_invoices.c.invoice_id).where(plan_invoices.c.plan_id == plan).order_by(plan_invoices.c.invoice_id)))


def save_plan(connection: Connection, kept: KeptPlan, next_at: datetime | None, now: datetime) -> None:
    plan = kept.plan
    row = {
        "id": plan.id,
        "customer_id": kept.customer,
        "seller_id": kept.seller,
        "state": plan.state.value,
        "next_at": next_at,
        "seq": kept.seq,
        "body": _PLAN.dump_python(kept, mode="json"),
        "updated_at": now,
    }
    upsert(connection, plans, ["id"], [row])
    upsert(connection, plan_invoices, ["plan_id", "invoice_id"], [{"plan_id": plan.id, "invoice_id": part.invoice} for part in plan.covers], update=[])


def covering(connection: Connection, ids: Sequence[str]) -> tuple[str, ...]:
    """The plans, offered or agreed and not ended, that cover any of these invoices."""
    return tuple(connection.scalars(_COVERING, {"invoices": list(ids)}))


def open_since(connection: Connection, before: datetime) -> tuple[str, ...]:
    """The plans not ended that have not changed since ``before``."""
    return tuple(connection.scalars(select(plans.c.id).where(plans.c.state.in_(_OPEN), plans.c.updated_at < before).order_by(plans.c.id)))


def unheard(connection: Connection, key: str) -> tuple[Unheard, ...]:
    """What was said to the plan whose workflow has the id ``key`` and has not been folded yet, oldest first."""
    return tuple(_read(row) for row in connection.execute(_UNHEARD, {"key": key}).mappings())


def list_plans(connection: Connection, *, ended: bool = False, invoice: str = "", plan: str = "") -> tuple[PlanLine, ...]:
    """Plans, the newest change first: those not ended or (``ended``) all; of one invoice, or one by its id, whatever its state."""
    columns = (plans, customers.c.number, customers.c.name, sellers.c.body.label("seller"))
    query = select(*columns).join(customers, customers.c.id == plans.c.customer_id).join(sellers, sellers.c.id == plans.c.seller_id)
    query = query.order_by(plans.c.updated_at.desc())
    if plan:
        query = query.where(plans.c.id == plan)
    elif not ended:
        query = query.where(plans.c.state.in_(_OPEN))
    if invoice:
        query = query.where(plans.c.id.in_(select(plan_invoices.c.plan_id).where(plan_invoices.c.invoice_id == invoice)))
    rows = connection.execute(query).mappings().all()
    numbers = _numbers(connection, [row["id"] for row in rows])
    return tuple(_line(row, numbers.get(row["id"], {})) for row in rows)


def _line(row: RowMapping, numbers: dict[str, str]) -> PlanLine:
    kept, zone = _PLAN.validate_python(row["body"]), str(row["seller"]["time_zone"])
    return PlanLine(kept, row["number"], row["name"], numbers, row["next_at"], row["updated_at"], zone)


def said_before(connection: Connection, plan: str, key: str) -> str | None:
    """What a person has said about a plan under this key of theirs, as ``spell`` writes it; None: nothing."""
    query = select(inbox.c.body).where(inbox.c.source == "person", inbox.c.source_id == f"plan/{plan}/{key}"[:200])
    return connection.execute(query).scalar_one_or_none()


def describe(line: PlanLine) -> dict[str, Any]:
    """A plan for programs: amounts as exact text, days and moments in ISO 8601."""
    kept, plan = line.kept, line.kept.plan
    return {
        "id": plan.id,
        "state": plan.state.value,
        "seller": kept.seller,
        "customer": {"id": kept.customer, "number": line.customer_number, "name": line.customer_name},
        "currency": plan.total.currency,
        "total": str(plan.total.amount),
        "received": str(plan.received.amount),
        "invoices": [{"id": part.invoice, "number": line.numbers.get(part.invoice, ""), "amount": str(part.amount.amount)} for part in plan.covers],
        "installments": [{"due": part.due.isoformat(), "amount": str(part.amount.amount), "standing": part.standing.value} for part in plan.installments],
        "payments": [{"day": part.day.isoformat(), "amount": str(part.amount.amount)} for part in plan.payments],
        "offered_on": plan.offered_on.isoformat(),
        "answer_by": plan.answer_by.isoformat(),
        "by": plan.by,
        "reason": plan.reason,
        "next_look": _moment(line.next_at),
        "updated_at": _moment(line.updated_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _numbers(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    query = select(plan_invoices.c.plan_id, invoices.c.id, invoices.c.number).join(invoices, invoices.c.id == plan_invoices.c.invoice_id)
    found: dict[str, dict[str, str]] = {}
    for plan, invoice, number in connection.execute(query.where(plan_invoices.c.plan_id.in_(ids))):
        found.setdefault(plan, {})[invoice] = number
    return found


def _read(row: Any) -> Unheard:
    if row["kind"] == _HINT:
        return Unheard(row["id"], None)
    try:
        return Unheard(row["id"], read_word(row["kind"], row["body"]))
    except ValueError as error:
        return Unheard(row["id"], None, str(error))
