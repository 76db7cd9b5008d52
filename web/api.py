"""The JSON API of the private listener: look at invoices, and change them by hand as the person the token stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from db import people, views
from db.people import Access, Person
from db.stories import Message, OpenTask, load_story, said_before
from db.views import Filter, Line, Sort, UnableToPage
from domain.case import Promise
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, News, PromiseMade, StepSkipped
from starter import Door
from workflows.contract import case_id


class Refusal(BaseModel):
    """How every error is answered: one sentence, and for each field at fault what is wrong and what to write instead."""

    error: str
    problems: list[dict[str, str]] = []


router = APIRouter(
    prefix="/api",
    responses={
        status: {"model": Refusal, "description": said}
        for status, said in ((401, "No valid token"), (403, "Not allowed"), (404, "No such invoice"), (409, "Not possible now"), (422, "A field is wrong"))
    },
)
_bearer = HTTPBearer(auto_error=False, description="A token bound to a person, made by: dunwell token issue NAME --role ROLE")


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _now(request: Request) -> datetime:
    now: datetime = request.app.state.clock()
    return now


_Door = Annotated[Door, Depends(_door)]
_Now = Annotated[datetime, Depends(_now)]


def _needs(role: Access) -> Callable[..., Person]:
    """The person behind the token, who must hold at least ``role``."""

    def identify(door: _Door, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Person:
        if given is None:
            raise HTTPException(401, "Send the header Authorization: Bearer TOKEN.", headers={"WWW-Authenticate": "Bearer"})
        with door.database.reading() as connection:
            person = people.person_for_token(connection, given.credentials)
        if person is None:
            raise HTTPException(
                401,
                "This token is not valid, or no longer. An admin makes a new one: dunwell token issue NAME --role ROLE.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        if not person.role.covers(role):
            raise HTTPException(
                403, f"{person.name} has the role {person.role}; this needs the role {role}. An admin can raise it: dunwell token issue NAME --role ROLE."
            )
        return person

    return identify


_Viewer = Annotated[Person, Depends(_needs(Access.VIEWER))]
_Agent = Annotated[Person, Depends(_needs(Access.AGENT))]

_Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
_Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$"), Field(description="Stands in the diary.")]


def _exact(value: object) -> object:
    if isinstance(value, (float, bool)):
        raise ValueError('write it as a string such as "120.00"')
    return value


def _calendar_day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write a day such as "2026-11-30"')
    return value


_Amount = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=18)]
_Day = Annotated[date, BeforeValidator(_calendar_day)]
_Reference = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="The invoice's number, or our id of it.")]
_Key = Annotated[
    str | None, Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,100}$", description="The same key again gives the same answer and changes nothing.")
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wanted(_Strict):
    """Which invoices to list."""

    stage: list[_Word] = []
    reason: list[_Word] = []
    customer: _Word = Field("", description="Part of the customer's name or number, or of the invoice number.")
    customer_id: _Word = ""
    days_past_due_min: int | None = Field(None, ge=-100_000, le=100_000)
    days_past_due_max: int | None = Field(None, ge=-100_000, le=100_000)
    next_contact_before: AwareDatetime | None = None
    ended: bool = False
    sort: Sort = Sort.DUE
    descending: bool = False
    limit: int = Field(100, ge=1, le=views.LARGEST_PAGE)
    cursor: str = Field("", max_length=1000)


class HoldOrder(_Strict):
    why: _Why
    until: _Day | None = Field(None, description="The day contact may resume; two weeks from now when left out.")


class ReleaseOrder(_Strict):
    why: _Why


class PromiseOrder(_Strict):
    why: _Why
    day: _Day
    amount: _Amount | None = Field(None, description="All that is open when left out.")


class SkipOrder(_Strict):
    why: _Why
    step: _Word = Field("", description="The next step's name; refused when another is next.")


class StopOrder(_Strict):
    why: _Why


@router.get("/invoices")
def list_invoices(door: _Door, now: _Now, person: _Viewer, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
    """Watched invoices, a page at a time; ``next`` is the cursor of the page after this one, or null."""
    which = Filter(
        stages=tuple(wanted.stage),
        rules=tuple(wanted.reason),
        text=wanted.customer,
        customer=wanted.customer_id,
        days_past_due_min=wanted.days_past_due_min,
        days_past_due_max=wanted.days_past_due_max,
        next_before=wanted.next_contact_before,
        ended=wanted.ended,
    )
    with door.database.reading() as connection:
        try:
            found = views.list_invoices(connection, which, now, sort=wanted.sort, descending=wanted.descending, limit=wanted.limit, cursor=wanted.cursor)
        except UnableToPage as error:
            raise HTTPException(422, str(error)) from None
    return {"invoices": [_line(line) for line in found.lines], "total": found.total, "next": found.cursor or None}


@router.get("/invoices/{reference:path}")
def show_invoice(door: _Door, now: _Now, person: _Viewer, reference: _Reference) -> dict[str, Any]:
    """The whole story of one invoice: facts, diary, decisions, messages, promises, holds, open tasks."""
    with door.database.reading() as connection:
        story = load_story(connection, _find(connection, reference), now)
    if story is None:
        raise HTTPException(404, "This invoice is not being watched any more.")
    return {
        **_line(story.line),
        "ledger": {"ref": story.ref, "standing": story.standing, "seen_at": _moment(story.seen_at)},
        "pay_url": story.pay_url,
        "purchase_order": story.purchase_order,
        "promises": [_promise(promise) for promise in story.case.promises],
        "holds": [{"until": _moment(hold.until), "why": hold.why, "by": hold.by, "since": _moment(hold.since)} for hold in story.case.holds],
        "steps": [
            {"step": rung.step, "became": rung.fate, "at": _moment(rung.at), "channel": rung.channel, "message": rung.outreach or None, "why": rung.why}
            for rung in story.case.rungs
        ],
        "diary": [{"at": _moment(e.at), "on": e.on.isoformat(), "day": e.day, "kind": e.kind, "what": e.what, "by": e.by} for e in story.diary],
        "decisions": [
            {"at": _moment(d.at), "reason": d.rule, "verdict": d.verdict, "why": d.why, "until": _moment(d.until), "facts": d.facts} for d in story.decisions
        ],
        "messages": [_message(message) for message in story.messages],
        "tasks": [_task(task) for task in story.tasks],
        "unheard": story.unheard,
    }


@router.post("/invoices/{reference:path}/hold")
async def hold(door: _Door, person: _Agent, reference: _Reference, order: HoldOrder, key: _Key = None) -> Response:
    """Silence until ``until``."""
    return await _carry_out(door, person, reference, HoldPlaced(order.until, person.name, order.why), key)


@router.post("/invoices/{reference:path}/release")
async def release(door: _Door, person: _Agent, reference: _Reference, order: ReleaseOrder, key: _Key = None) -> Response:
    """Lift every hold and every open promise."""
    return await _carry_out(door, person, reference, HoldReleased(person.name, order.why), key)


@router.post("/invoices/{reference:path}/promise")
async def promise(door: _Door, person: _Agent, reference: _Reference, order: PromiseOrder, key: _Key = None) -> Response:
    """Record that the customer will pay ``amount`` by ``day``."""
    return await _carry_out(door, person, reference, PromiseMade(order.day, order.amount, person.name, order.why), key)


@router.post("/invoices/{reference:path}/skip")
async def skip(door: _Door, person: _Agent, reference: _Reference, order: SkipOrder, key: _Key = None) -> Response:
    """Leave the next step out for good."""
    return await _carry_out(door, person, reference, StepSkipped(order.step, person.name, order.why), key)


@router.post("/invoices/{reference:path}/stop")
async def stop(door: _Door, person: _Agent, reference: _Reference, order: StopOrder, key: _Key = None) -> Response:
    """Send nothing more for this invoice."""
    return await _carry_out(door, person, reference, ChasingStopped(person.name, order.why), key)


async def _carry_out(door: Door, person: Person, reference: str, news: News, key: str | None) -> Response:
    """200 when taken, 202 when recorded but not yet confirmed, 409 when refused; ``said`` says what follows."""
    case = await run_in_threadpool(_case_of, door, reference)
    # A key belongs to the person who made it up: nobody gets the answer to somebody else's request.
    own_key = f"{person.id}/{key}" if key else None
    if own_key:
        before = await run_in_threadpool(_said_before, door, case, own_key)
        if before not in (None, news):
            raise HTTPException(409, "This Idempotency-Key was used for another request about this invoice. Use a new one.")
    answer = await door.override(case, news, by=person.name, why=news.why, key=own_key)
    said = {"taken": answer.taken, "said": answer.said, "in_flight": answer.in_flight, "pending": answer.pending}
    return JSONResponse(said, status_code=202 if answer.pending else 200 if answer.taken else 409)


def _find(connection: Connection, reference: str) -> str:
    """The id of the one watched invoice that ``reference`` names; raises HTTPException 404 or 409."""
    found = views.find(connection, reference)
    if not found:
        raise HTTPException(404, "No invoice with this number or id is being watched. GET /api/invoices lists them.")
    if len(found) > 1:
        raise HTTPException(409, f"Several invoices have this number. Name one by its id: {', '.join(found)}.")
    return found[0]


def _case_of(door: Door, reference: str) -> str:
    with door.database.reading() as connection:
        return case_id(_find(connection, reference))


def _said_before(door: Door, case: str, key: str) -> News | None:
    with door.database.reading() as connection:
        return said_before(connection, case, key)


def explain(error: Exception) -> Response:
    """Every error in one form, a Refusal; what was sent is never repeated in it."""
    if isinstance(error, RequestValidationError):
        problems = [_problem(fault) for fault in error.errors()]
        return _refuse(422, f"{problems[0]['field']}: {problems[0]['problem']}", problems)
    if isinstance(error, HTTPException):
        return _refuse(error.status_code, error.detail, [], error.headers)
    return _refuse(500, "something went wrong here; the log of the web process says what", [])


def _refuse(status: int, said: str, problems: list[dict[str, str]], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(Refusal(error=said, problems=problems).model_dump(), status_code=status, headers=headers)


_REMEDIES = {
    "extra_forbidden": "remove it, or check how it is spelt",
    "missing": "add it",
    "json_invalid": "send one JSON object",
    "string_too_short": "write at least one word",
    "date_from_datetime_parsing": 'write a day such as "2026-11-30"',
    "date_parsing": 'write a day such as "2026-11-30"',
    "decimal_parsing": 'write an amount such as "120.00"',
    "timezone_aware": "add the time zone, as in 2026-11-30T00:00:00Z",
}


def _problem(fault: dict[str, Any]) -> dict[str, str]:
    place = [str(part) for part in fault["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(place) if place and fault["type"] != "json_invalid" else "body"
    said = str(fault["msg"]).removeprefix("Value error, ")
    return {"field": field, "problem": said, "remedy": _REMEDIES.get(fault["type"], said)}


def _line(line: Line) -> dict[str, Any]:
    leaving = line.rule in views.LEAVING_RULES
    return {
        "id": line.invoice,
        "number": line.number,
        "seller": line.seller,
        "customer": {"id": line.customer, "number": line.customer_number, "name": line.customer_name},
        "currency": line.balance.currency,
        "total": str(line.total.amount),
        "balance": str(line.balance.amount),
        "issued": line.issued.isoformat(),
        "due": line.due.isoformat(),
        "days_past_due": line.days_past_due,
        "stage": line.stage,
        "reason": line.rule,
        "waiting_because": line.waiting_because,
        "owner": line.owner,
        "next_contact": _moment(line.next_at) if leaving else None,
        "next_look": _moment(line.next_at),
        "next_step": line.next_step,
        "ended": line.ended,
        "updated_at": _moment(line.updated_at),
    }


def _promise(made: Promise) -> dict[str, Any]:
    amount = {"amount": str(made.amount.amount), "currency": made.amount.currency}
    return {**amount, "day": made.day.isoformat(), "made_at": _moment(made.made_at), "by": made.by, "standing": made.standing}


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": _moment(message.at),
        "channel": message.channel,
        "step": message.step,
        "state": message.state,
        "from": message.sender,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "message_id": message.message_id,
        "reason": message.reason,
        "covers": [{"id": one.invoice, "number": one.number, "step": one.step, "leads": one.leads, "dropped": one.dropped} for one in message.covers],
    }


def _task(task: OpenTask) -> dict[str, Any]:
    return {"id": task.id, "kind": task.kind, "title": task.title, "remedy": task.remedy, "owner": task.owner, "due": task.due.isoformat()}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
