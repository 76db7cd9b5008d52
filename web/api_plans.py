"""The API's payment plans: looked at, offered, and answered in the name of the token's person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from db import plans
from db.ids import lasting_id, new_id
from db.people import Person
from db.plans import PlanLine
from domain.installment import Installment
from domain.money import Money, UnableToReckon
from domain.payment_plan import Accepted, Countered, Declined
from domain.plan_keeping import Offered, PlanWord
from starter import Door
from web.asked import Agent, Amount, Day, Key, Name, Strict, TheDoor, Viewer, Why, Word, find

router = APIRouter(prefix="/plans")
_PLAN = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Our id of the plan.")]


class PlanOffer(Strict):
    """All that is open on ``invoices``, numbers or ids, in so many installments."""

    why: Why
    invoices: list[Name] = Field(min_length=1, max_length=100)
    first: Day = Field(description="The day the first one is due: two weeks from now at most.")
    installments: int = Field(3, ge=1, le=36)
    every: int = Field(30, ge=1, le=366, description="Days from one installment to the next.")


class PlanAnswered(Strict):
    why: Why


class Part(Strict):
    due: Day
    amount: Amount


class PlanCounter(Strict):
    """Other installments for the same sum."""

    why: Why
    installments: list[Part] = Field(min_length=1, max_length=36)


@router.get("")
def list_plans(
    door: TheDoor, person: Viewer, ended: Annotated[bool, Query(description="Those that have ended, too.")] = False, invoice: Annotated[Word, Query()] = ""
) -> dict[str, Any]:
    """Payment plans, the newest change first."""
    with door.database.reading() as connection:
        found = plans.list_plans(connection, ended=ended, invoice=find(connection, invoice) if invoice else "")
    return {"plans": [plans.describe(line) for line in found]}


@router.get("/{plan}")
def show_plan(door: TheDoor, person: Viewer, plan: _PLAN) -> dict[str, Any]:
    """One payment plan: its installments, what has come, and when it is looked at next."""
    return plans.describe(_load(door, plan))


@router.post("")
async def offer(door: TheDoor, person: Agent, order: PlanOffer, key: Key = None) -> Response:
    """Offer to take all that is open on these invoices of one customer in installments."""

    def find_all() -> tuple[str, ...]:
        with door.database.reading() as connection:
            return tuple(dict.fromkeys(find(connection, invoice) for invoice in order.invoices))

    ids = await run_in_threadpool(find_all)
    plan = lasting_id("plan", person.id, key) if key else new_id("plan")
    return await _tell(door, person, plan, Offered(ids, order.installments, order.first, order.every, person.name, order.why), key)


@router.post("/{plan}/accept")
async def accept(door: TheDoor, person: Agent, plan: _PLAN, order: PlanAnswered, key: Key = None) -> Response:
    """Both sides agree: the invoices are quiet while the plan is kept."""
    await run_in_threadpool(_load, door, plan)
    return await _tell(door, person, plan, Accepted(person.name, order.why), key)


@router.post("/{plan}/decline")
async def decline(door: TheDoor, person: Agent, plan: _PLAN, order: PlanAnswered, key: Key = None) -> Response:
    """A no to an offer; an agreed plan is called off."""
    await run_in_threadpool(_load, door, plan)
    return await _tell(door, person, plan, Declined(person.name, order.why), key)


@router.post("/{plan}/counter")
async def counter(door: TheDoor, person: Agent, plan: _PLAN, order: PlanCounter, key: Key = None) -> Response:
    """Other installments are proposed for the same sum; twice at most."""
    currency = (await run_in_threadpool(_load, door, plan)).kept.plan.total.currency
    try:
        parts = tuple(Installment(part.due, Money(part.amount, currency)) for part in order.installments)
    except UnableToReckon as error:
        fault = {"type": "value_error", "loc": ("body", "installments"), "msg": str(error), "input": None}
        raise RequestValidationError([fault]) from None
    return await _tell(door, person, plan, Countered(parts, person.name, order.why), key)


def _load(door: Door, plan: str) -> PlanLine:
    with door.database.reading() as connection:
        found = plans.list_plans(connection, plan=plan)
    if not found:
        raise HTTPException(404, "No payment plan has this id. GET /api/plans lists them.")
    return found[0]


async def _tell(door: Door, person: Person, plan: str, word: PlanWord, key: str | None) -> Response:
    """200 when taken, 202 when recorded but not yet confirmed, 409 when refused; ``said`` says what follows."""
    own_key = f"{person.id}/{key}" if key else None
    if own_key and (before := await run_in_threadpool(_said_before, door, plan, own_key)) and before != plans.spell(word):
        raise HTTPException(409, "This Idempotency-Key was used for another request about this payment plan. Use a new one.")
    answer = await door.tell_plan(plan, word, by=person.name, why=word.why, key=own_key)
    said = {"plan": plan, "taken": answer.taken, "said": answer.said, "pending": answer.pending}
    return JSONResponse(said, status_code=202 if answer.pending else 200 if answer.taken else 409)


def _said_before(door: Door, plan: str, key: str) -> str | None:
    with door.database.reading() as connection:
        return plans.said_before(connection, plan, key)
