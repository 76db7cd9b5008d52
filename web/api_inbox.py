"""The API's answers of customers: listed, looked at one by one, and dealt with by the person whose token it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from db import replies, resolving
from domain.resolving import Resolution, UnableToResolve
from playbooks import from_resolved
from starter import Door
from web.asked import Agent, Amount, Day, Name, Now, Strict, TheDoor, Viewer, Why, Word, find
from workflows.contract import case_id

router = APIRouter(prefix="/inbox")
_MESSAGE = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_]+$", description="Our id of the message, or how it begins.")]


class Resolve(Strict):
    """What a person makes of a message."""

    handled_as: Resolution = Field(description="What it comes to.")
    why: Why
    day: Day | None = Field(None, description="For promise: when the money is to come; the day in the message when left out. For wait and plan: until when.")
    amount: Amount | None = Field(None, description="The part that is promised or disputed; all of it when left out.")
    about: Word = Field("", description="What is wrong, for dispute.")
    invoices: list[Name] = Field(
        default_factory=list, max_length=100, description="Only for these invoices, by number or id, or for ones that the message was not known to be about."
    )


@router.get("")
def list_messages(
    door: TheDoor,
    person: Viewer,
    everything: Annotated[bool, Query(description="Also what has been dealt with, newest first.")] = False,
    customer: Annotated[Word, Query(description="A part of the customer's name or number, or of the sender's address.")] = "",
) -> dict[str, Any]:
    """The answers of customers that wait for a person, longest waiting first; 200 at most."""
    with door.database.reading() as connection:
        return {"messages": [replies.describe(line) for line in replies.list_messages(connection, everything=everything, customer=customer)]}


@router.get("/{message}")
def show_message(door: TheDoor, person: Viewer, message: _MESSAGE) -> dict[str, Any]:
    """One message whole, with what it was understood as and by which words."""
    try:
        with door.database.reading() as connection:
            return replies.describe_whole(replies.load_message(connection, message))
    except replies.UnableToFindMessage as error:
        raise HTTPException(404, f"{error}") from None


@router.post("/{message}/resolve")
async def resolve(door: TheDoor, now: Now, person: Agent, message: _MESSAGE, order: Resolve) -> Response:
    """Say what becomes of a message: its invoices are told, and reminders go on when nothing else speaks against it.

    200 when every invoice took it, 202 when that is recorded but not yet confirmed, 409 when somebody has dealt with the message
    already or an invoice does not take it; then the message stays open.
    """
    decided = await run_in_threadpool(_decide, door, message, order, person.name)
    try:
        told = await resolving.carry_out(door.database, door, decided, from_resolved, lambda: now)
    except resolving.UnableToFinish as error:
        raise HTTPException(409, f"{error}") from None
    said = {"message": decided.found.line.id, "handled_as": order.handled_as.value, "said": told.said, "pending": told.pending}
    return JSONResponse(said, status_code=202 if told.pending else 200)


def _decide(door: Door, message: str, order: Resolve, by: str) -> resolving.Decided:
    """Raises HTTPException for a message or an invoice that is not there, RequestValidationError naming the field that is missing."""
    with door.database.reading() as connection:
        try:
            found = replies.load_message(connection, message)
        except replies.UnableToFindMessage as error:
            raise HTTPException(404, f"{error}") from None
        wanted = [case_id(find(connection, number)) for number in order.invoices]
    try:
        return resolving.decide(found, order.handled_as, day=order.day, amount=order.amount, about=order.about, wanted=wanted, by=by, why=order.why)
    except resolving.UnableToFinish as error:
        raise HTTPException(409, f"{error}") from None
    except UnableToResolve as error:
        field, _, said = str(error).partition(": ")
        raise RequestValidationError([{"type": "value_error", "loc": ("body", field), "msg": said, "input": None}]) from None
