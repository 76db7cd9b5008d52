"""The JSON API of the private listener: look at invoices, and change them by hand as the person the token stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime, BaseModel, Field
from starlette.exceptions import HTTPException

from db import approvals, views
from db.approvals import ApprovalText
from db.stories import Message, OpenTask, load_story
from db.views import Filter, Line, Sort, UnableToPage
from domain.case import Case, Promise
from domain.invoice import Booking
from web import api_customers, api_inbox, api_overrides, api_plans
from web.asked import Now, Reference, Strict, TheDoor, Viewer, Word, find
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


class Wanted(Strict):
    """Which invoices to list."""

    stage: list[Word] = Field(default_factory=list)
    reason: list[Word] = Field(default_factory=list)
    customer: Word = Field("", description="Part of the customer's name or number, or of the invoice number.")
    customer_id: Word = ""
    days_past_due_min: int | None = Field(None, ge=-100_000, le=100_000)
    days_past_due_max: int | None = Field(None, ge=-100_000, le=100_000)
    next_contact_before: AwareDatetime | None = None
    ended: bool = False
    sort: Sort = Sort.DUE
    descending: bool = False
    limit: int = Field(100, ge=1, le=views.LARGEST_PAGE)
    cursor: str = Field("", max_length=1000)


@router.get("/invoices")
def list_invoices(door: TheDoor, now: Now, person: Viewer, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
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
def show_invoice(door: TheDoor, now: Now, person: Viewer, reference: Reference) -> dict[str, Any]:
    """The whole story of one invoice: facts, diary, decisions, messages, promises, holds, open tasks."""
    with door.database.reading() as connection:
        invoice = find(connection, reference)
        story, asked = load_story(connection, invoice, now), approvals.load_latest(connection, case_id(invoice))
    if story is None:
        raise HTTPException(404, "This invoice is not being watched any more.")
    return {
        **_line(story.line),
        "ledger": {"ref": story.ref, "standing": story.standing, "seen_at": _moment(story.seen_at)},
        "pay_url": story.pay_url,
        "purchase_order": story.purchase_order,
        "payments": None if (told := story.case.invoice.bookings) is None else [_booking(one) for one in told],
        "unexplained": None if (gap := story.case.invoice.unexplained) is None else str(gap.amount),
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
        "approval": _approval(asked, story.case) if asked else None,
        "unheard": story.unheard,
    }


router.include_router(api_overrides.router)
router.include_router(api_customers.router)
router.include_router(api_plans.router)
router.include_router(api_inbox.router)


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
        "next_contact": _moment(line.contact_at),
        "next_look": _moment(line.next_at),
        "next_step": line.next_step,
        "ended": line.ended,
        "updated_at": _moment(line.updated_at),
    }


def _booking(one: Booking) -> dict[str, Any]:
    amount = {"amount": str(one.amount.amount), "currency": one.amount.currency}
    return {"id": one.id, "day": one.day.isoformat(), **amount, "kind": one.kind, "method": one.method, "reference": one.reference}


def _promise(made: Promise) -> dict[str, Any]:
    amount = {"amount": str(made.amount.amount), "currency": made.amount.currency}
    return {**amount, "day": made.day.isoformat(), "made_at": _moment(made.made_at), "by": made.by, "standing": made.standing}


def _approval(asked: ApprovalText, case: Case) -> dict[str, Any]:
    """The exact text that people were asked to agree to last, and whether they are still being asked."""
    asking = case.approval(asked.step)
    text = {"step": asked.step, "text_hash": asked.text_hash, "subject": asked.subject, "text": asked.text, "asked_at": _moment(asked.asked_at)}
    return {**text, "standing": asking.standing if asking else None, "expires": _moment(asking.expires) if asking else None}


def _message(message: Message) -> dict[str, Any]:
    draft = message.draft
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
        "draft": {"model": draft.model, "verdict": draft.verdict, "reason": draft.reason, "paragraphs": list(draft.paragraphs)} if draft else None,
        "covers": [{"id": one.invoice, "number": one.number, "step": one.step, "leads": one.leads, "dropped": one.dropped} for one in message.covers],
    }


def _task(task: OpenTask) -> dict[str, Any]:
    return {"id": task.id, "kind": task.kind, "title": task.title, "remedy": task.remedy, "owner": task.owner, "due": task.due.isoformat()}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
