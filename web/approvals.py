"""The page behind a link in a mail: one person reads the exact text that waits for them, and agrees or refuses, once.

Mail programs and their scanners open links by themselves, so opening one changes nothing; only its two buttons do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

import playbooks
from db import approvals
from db.approvals import Link
from db.stories import Story, load_story
from domain.case import ApprovalStanding
from domain.event import ApprovalGiven, ApprovalRefused
from starter import Door
from web import words

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_UNKNOWN = "This link leads nowhere. Please open it again in full, as it stands in the mail."
_AGAIN = "If an answer is still needed, a new link comes by mail."
_HERE = Path(__file__).parent

router = APIRouter(include_in_schema=False)
_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_templates.globals.update({"moment": words.moment, "CHANNELS": words.CHANNELS})
_templates.filters.update(day=words.day, plain=words.plain, lateness=words.lateness, sentence=words.sentence)


@router.get("/approve/page.css")
def show_style() -> Response:
    return FileResponse(_HERE / "static" / "dunwell.css", media_type="text/css")


@router.get("/approve/{token}")
def show_question(request: Request, token: str) -> Response:
    """What would be said, to whom and why. Changes nothing, however often and by whomever it is opened."""
    door: Door = request.app.state.door
    now: datetime = request.app.state.clock()
    found = _look(door, token, now)
    if isinstance(found, str):
        return _say(found)
    link, story, void = found
    if void:
        return _say(void, status=410)
    playbook = playbooks.from_resolved(story.playbook)
    step = playbook.step(link.asked.step)
    asked: dict[str, Any] = {"link": link, "approval": story.case.approval(step.name), "step": step, "when": words.step_day(step)}
    return _page("approval.html", token=token, story=story, line=story.line, playbook=playbook, **asked)


@router.post("/approve/{token}/agree")
async def agree(request: Request, token: str) -> Response:
    return await _answer(request, token, "approve")


@router.post("/approve/{token}/refuse")
async def refuse(request: Request, token: str) -> Response:
    return await _answer(request, token, "refuse")


def conceal(path: str) -> str:
    """``path`` as a log may keep it: what stands in a link is as good as a signature."""
    return next((f"{place}..." for place in ("/approve/", "/answer/", "/portal/", "/pay/", "/unsubscribe/") if path.startswith(place)), path)


async def _answer(request: Request, token: str, answer: Literal["approve", "refuse"]) -> Response:
    door: Door = request.app.state.door
    clock: Callable[[], datetime] = request.app.state.clock
    found = await run_in_threadpool(_look, door, token, clock())
    if isinstance(found, str):
        return _say(found)
    link, story, void = found
    if void or not await run_in_threadpool(_use, door, link, answer, clock()):
        return _say(void or f"This link has been used already. {_AGAIN}", status=410)
    news = (ApprovalGiven if answer == "approve" else ApprovalRefused)(link.asked.step, link.asked.text_hash)
    try:
        told = await door.override(link.asked.case, news, by=link.person, why="by the link in the mail", key=f"link/{link.id}")
    except Exception:
        await run_in_threadpool(_give_back, door, link)
        raise
    if not told.taken:
        return _say(f"This did not count: {told.said}.", status=409)
    return _say(f"Thank you, {link.person}. Invoice {story.line.number}: {told.said}.", status=200)


def _look(door: Door, token: str, now: datetime) -> tuple[Link, Story, str] | str:
    """The link, the invoice it is about, and why it does not count any more, if so; a sentence when there is no such link."""
    if not _TOKEN.fullmatch(token):
        return _UNKNOWN
    with door.database.reading() as connection:
        link = approvals.find_link(connection, token)
        story = load_story(connection, link.asked.case.removeprefix("invoice/"), now, decisions=1) if link else None
    if link is None or story is None:
        return _UNKNOWN
    return link, story, _why_void(link, story, now)


def _why_void(link: Link, story: Story, now: datetime) -> str:
    case = story.case
    if link.used_at:
        return f"You have answered already: you {'agreed' if link.answer == 'approve' else 'refused'}. Nothing more is needed."
    if link.expires <= now:
        return f"This link has expired. {_AGAIN}"
    if case.ended:
        return f"Nothing is asked any more: {case.ended_why}."
    approval = case.approval(link.asked.step)
    if case.round != link.asked.round or approval is None or approval.text_hash != link.asked.text_hash:
        return f"The text has changed since this link was sent, so it does not count any more. {_AGAIN}"
    if approval.standing is not ApprovalStanding.OPEN:
        return f"This has been decided already, by others or for another reason. {_AGAIN}"
    return ""


def _use(door: Door, link: Link, answer: str, now: datetime) -> bool:
    with door.database.transaction() as connection:
        return approvals.use_link(connection, link.id, answer, now)


def _give_back(door: Door, link: Link) -> None:
    with door.database.transaction() as connection:
        approvals.give_back(connection, link.id)


def _say(said: str, status: int = 404) -> Response:
    return _page("answered.html", status=status, said=said)


def _page(template: str, status: int = 200, **values: Any) -> Response:
    # The server's own limit on what a page may load or send to stands in web.guard; nobody may keep or index this one.
    return HTMLResponse(_templates.get_template(template).render(**values), status_code=status, headers={"X-Robots-Tag": "noindex, nofollow"})
