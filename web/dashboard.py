"""The pages of the private listener: what is open, why each invoice waits, and what has been said to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

import playbooks
from db import stories, views
from db.installation import load_installation
from db.views import Filter, Sort, UnableToPage
from domain.calendar import local_day
from domain.invoice import AgingBucket
from integrations.messaging.invitation import write_invitation
from playbooks.booked import list_ours
from settings import Settings
from starter import Door
from web import pictures, saved_links, words
from web.guard import MESSAGE_HEADERS

_PAGE = 100
_DAYS: Mapping[str, tuple[int | None, int | None]] = {
    AgingBucket.CURRENT: (None, 0),
    AgingBucket.TO_30: (1, 30),
    AgingBucket.TO_60: (31, 60),
    AgingBucket.TO_90: (61, 90),
    AgingBucket.OVER_90: (91, None),
}

router = APIRouter(include_in_schema=False)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_templates.globals.update(
    {
        "moment": words.moment,
        "soon": words.soon,
        "fate": words.fate,
        "STAGES": words.STAGES,
        "REASONS": words.REASONS,
        "TASKS": words.TASKS,
        "BUCKETS": words.BUCKETS,
        "CHANNELS": words.CHANNELS,
        "needs_person": lambda line: line.rule in views.PERSON_RULES,
    }
)
_templates.filters.update(day=words.day, amount=words.amount, plain=words.plain, lateness=words.lateness, sentence=words.sentence, step_title=words.step_title)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list says, as given: enough to build the next address from."""

    stage: str = ""
    waiting: str = ""
    q: str = ""
    bucket: str = ""
    currency: str = ""
    overdue: str = ""
    today: str = ""
    person: str = ""
    ended: str = ""
    sort: str = "due"
    desc: str = ""
    cursor: str = ""

    def with_(self, **changes: str) -> str:
        """The address with these changes, on its first page unless a cursor is among them."""
        given = {name: getattr(self, name) for name in self.__dataclass_fields__} | {"cursor": ""} | changes
        text = urlencode({name: value for name, value in given.items() if value and not (name == "sort" and value == "due")})
        return f"/?{text}" if text else "/"

    def sorted_by(self, column: str) -> str:
        return self.with_(sort=column, desc="" if self.desc or self.sort != column else "1")

    @property
    def is_narrowed(self) -> bool:
        return any((self.stage, self.waiting, self.q, self.bucket, self.currency, self.overdue, self.today, self.person, self.ended))

    def filter(self) -> Filter:
        least, most = _DAYS.get(self.bucket, (1 if self.overdue else None, None))
        return Filter(
            stages=(self.stage,) if self.stage else (),
            rules=(self.waiting,) if self.waiting else (),
            text=self.q,
            currency=self.currency,
            days_past_due_min=least,
            days_past_due_max=most,
            leaving_today=bool(self.today),
            waiting_for_person=bool(self.person),
            ended=bool(self.ended),
        )


@router.get("/")
def show_invoices(request: Request) -> Response:
    """The list, narrowed and sorted as the address says; anything the address says wrongly is passed over."""
    asked = _read_address(request)
    now: datetime = request.app.state.clock()
    door: Door = request.app.state.door
    with door.database.reading() as connection:
        overview = views.overview(connection, now)
        sort = Sort(asked.sort) if asked.sort in list(Sort) else Sort.DUE
        try:
            listing = views.list_invoices(connection, asked.filter(), now, sort=sort, descending=bool(asked.desc), limit=_PAGE, cursor=asked.cursor)
        except UnableToPage:
            return RedirectResponse(asked.with_(), status_code=303)
    return _page(request, "invoices.html", now, asked=asked, overview=overview, charts=pictures.aging(overview), listing=listing)


@router.get("/invoices/{invoice}")
def show_invoice(request: Request, invoice: str) -> Response:
    now: datetime = request.app.state.clock()
    door: Door = request.app.state.door
    with door.database.reading() as connection:
        story = stories.load_story(connection, invoice, now) if "\x00" not in invoice else None
    if story is None:
        raise HTTPException(404, "No such invoice is being watched.")
    playbook = playbooks.from_resolved(story.playbook)
    settings: Settings = request.app.state.settings
    return _page(
        request,
        "invoice.html",
        now,
        story=story,
        line=story.line,
        playbook=playbook,
        marks=pictures.ladder(story, playbook),
        stretches=pictures.stretches(story.decisions)[:20],
        payments=list_ours(story.case.invoice),
        watch_url=saved_links.watch_url(settings.temporal_ui_url, settings.temporal_namespace, story.line.case),
    )


@router.get("/tasks")
def show_tasks(request: Request) -> Response:
    return _page(request, "tasks.html", request.app.state.clock())


@router.get("/tasks/{task}.ics")
def show_appointment(request: Request, task: str) -> Response:
    """The task as an appointment, for a calendar."""
    with request.app.state.door.database.reading() as connection:
        found = next((one for one in stories.open_tasks(connection) if one.id == task), None)
    if found is None:
        raise HTTPException(404)
    zone_name = request.app.state.sellers[0].seller.time_zone
    written = write_invitation(found.id, found.title, found.remedy, found.due, zone_name, made_at=found.opened_at)
    return Response(written, media_type="text/calendar", headers={"Content-Disposition": 'attachment; filename="call.ics"'})


@router.get("/messages/{message}")
def show_message(request: Request, message: str) -> Response:
    return _page(request, "message.html", request.app.state.clock(), message=_find_message(request, message))


@router.get("/messages/{message}/body")
def show_body(request: Request, message: str) -> Response:
    """What the customer's mail program shows, for a frame of ours: nothing in it can run, load or lead anywhere."""
    return HTMLResponse(_find_message(request, message).html, headers=dict(MESSAGE_HEADERS))


@router.get("/temporal/{view:path}")
def open_temporal(request: Request, view: str) -> Response:
    """On to the Temporal UI's own list, with the dates of today."""
    settings: Settings = request.app.state.settings
    zone, today = _clock(request, request.app.state.clock())
    try:
        filter_ = saved_links.query(view, today, zone)
    except saved_links.UnableToFind:
        raise HTTPException(404, "There is no saved view of this name.") from None
    return RedirectResponse(saved_links.list_url(settings.temporal_ui_url, settings.temporal_namespace, filter_), status_code=302)


def explain(request: Request, error: Exception) -> Response:
    """An error as a page: what went wrong and the way back."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) and error.detail.endswith(".") else _ERRORS.get(status, "This did not work.")
    return HTMLResponse(_templates.get_template("problem.html").render(status=status, said=said), status_code=status)


_ERRORS = {404: "There is no such page.", 405: "This page can only be looked at.", 500: "Something went wrong here. The log of the web process says what."}


def _page(request: Request, template: str, now: datetime, **values: Any) -> Response:
    door: Door = request.app.state.door
    settings: Settings = request.app.state.settings
    with door.database.reading() as connection:
        state = load_installation(connection)
        tasks = stories.open_tasks(connection)
    zone, today = _clock(request, now)
    page = _templates.get_template(template)
    return HTMLResponse(
        page.render(**values, now=now, zone=zone, state=state, mailer=settings.mailer, open_hours=settings.open_all_hours, tasks=tasks, today=today)
    )


def _clock(request: Request, now: datetime) -> tuple[str, date]:
    """The time zone this business works in, and its calendar day: those of its first seller."""
    sellers = request.app.state.sellers
    zone = sellers[0].seller.time_zone if sellers else "UTC"
    return zone, local_day(now, (zone,))


def _find_message(request: Request, message: str) -> stories.Message:
    door: Door = request.app.state.door
    with door.database.reading() as connection:
        found = stories.load_message(connection, message) if "\x00" not in message else None
    if found is None:
        raise HTTPException(404, "No such message is kept here.")
    return found


def _read_address(request: Request) -> Asked:
    given = {name: value.strip() for name, value in request.query_params.items() if name in Asked.__dataclass_fields__}
    return Asked(**{name: value for name, value in given.items() if len(value) <= 1000 and value.isprintable()})
