"""The page behind the one-tap answers in a mail: the customer says when it pays, asks for a copy, or tells what is wrong.

Mail programs and their scanners open links by themselves, so opening one changes nothing; only a button does. Each answer
counts once for each invoice of the message; once something is wrong, people answer, and the page takes nothing more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from db import answer_links
from db.answer_links import AnswerLink, Covered, OneTap
from domain.calendar import local_day
from domain.case import Case, Outcome
from domain.event import DisputeRaised, PromiseMade, Replied
from domain.promise import LONGEST_PROMISE_DAYS
from playbooks.language import phrases
from starter import Door
from web import words
from web.speech import Speech, speak, speak_as_asked
from web.webhooks import UnableToAccept, read_body

# What the form takes in words; more is written in a reply to the mail.
LONGEST_WORDS = 1_500

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_FIELDS = 200
_CUSTOMER, _WAY = "the customer", "by the link in the mail"
_ENDS = {Outcome.SETTLED: "ended_settled", Outcome.VOIDED: "ended_voided"}
_HERE = Path(__file__).parent

router = APIRouter(include_in_schema=False)
_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class UnableToAnswer(ValueError):
    """The answer lacks something, or does not fit; the message says what to write instead, in the reader's language."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An invoice on the page. ``place`` is its place in the message; ``said`` how it stands, when nothing is asked any more."""

    place: int
    covered: Covered
    said: str

    @property
    def case(self) -> Case:
        return self.covered.case

    def may(self, answer: OneTap) -> bool:
        return not self.said and answer not in self.covered.given and OneTap.WRONG not in self.covered.given


@dataclass(frozen=True, slots=True)
class _Form:
    """What was filled in: the places of the invoices, the day and the words as they were written."""

    places: frozenset[str]
    day: str = ""
    words: str = ""


@router.get("/answer/{token}")
def show_answers(request: Request, token: str, a: str = "") -> Response:
    """The invoices of the message, and three ways to answer. Changes nothing, however often and by whomever it is opened."""
    now: datetime = request.app.state.clock()
    link = _look(request, token, now)
    return link if isinstance(link, Response) else _show(token, link, now, chosen=a)


@router.post("/answer/{token}/{answer}")
async def take_answer(request: Request, token: str, answer: OneTap) -> Response:
    door: Door = request.app.state.door
    clock: Callable[[], datetime] = request.app.state.clock
    link = await run_in_threadpool(_look, request, token, clock())
    if isinstance(link, Response):
        return link
    speech = speak(link.locale)
    try:
        form = _read(await read_body(request))
    except UnableToAccept as error:
        return _say(speech, "failed", error.status)
    except ClientDisconnect:
        return Response(status_code=400)
    rows = [row for row in _rows(link) if str(row.place) in form.places and row.may(answer)]
    if not any(row.may(answer) for row in _rows(link)):
        return _show(token, link, clock(), told=speech.words["none_left"], status=410)
    try:
        if not rows:
            raise UnableToAnswer(speech.words["choose"])
        day = _read_day(speech, form.day, local_day(clock(), (link.seller.time_zone,))) if answer is OneTap.SCHEDULED else None
        text = _read_words(speech, form.words) if answer is OneTap.WRONG else ""
    except UnableToAnswer as error:
        return _show(token, link, clock(), chosen=answer, form=form, trouble=str(error), status=422)
    await asyncio.gather(*(tell(door, answer_links.key_of(link.message, answer), row.case, answer, day, text, _WAY) for row in rows))
    link = await run_in_threadpool(_look, request, token, clock())
    if isinstance(link, Response):
        return link
    answered = [row.place for row in rows]
    return _show(token, link, clock(), told=_what_follows(speech, answer, day, [row for row in _rows(link) if row.place in answered]))


def _look(request: Request, token: str, now: datetime) -> AnswerLink | Response:
    """The link, or the page that says why there is none."""
    door: Door = request.app.state.door
    link = None
    if _TOKEN.fullmatch(token):
        with door.database.reading() as connection:
            link = answer_links.find_link(connection, token)
    if link is None:
        return _say(speak_as_asked(request), "unknown")
    return _say(speak(link.locale), "expired", 410) if link.expires <= now else link


def _rows(link: AnswerLink) -> list[_Row]:
    return [_Row(place, covered, _how_it_ended(speak(link.locale), covered)) for place, covered in enumerate(link.covered)]


def _how_it_ended(speech: Speech, covered: Covered) -> str:
    if covered.case.ended:
        return speech.words[_ENDS.get(covered.case.ended, "ended")]
    return speech.words["outdated"] if covered.case.round != covered.round else ""


def _read(raw: bytes) -> _Form:
    """Raises UnableToAccept when there are too many fields."""
    try:
        fields = parse_qs(raw.decode(errors="replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UnableToAccept(400, "too many fields") from None
    return _Form(frozenset(fields.get("invoice", ())), clean(fields.get("day", [""])[0]), clean(fields.get("words", [""])[0]))


def clean(written: str) -> str:
    """What was written, on one line, without characters that cannot be seen."""
    return " ".join("".join(one for one in written if one.isprintable() or one.isspace()).split())


def _read_day(speech: Speech, written: str, today: date) -> date:
    last = today + timedelta(days=LONGEST_PROMISE_DAYS)
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise UnableToAnswer(speech.say("day_missing", day=speech.day(today))) from None
    if not today <= day <= last:
        raise UnableToAnswer(speech.say("day_wrong", last=speech.day(last)))
    return day


def _read_words(speech: Speech, written: str) -> str:
    if len(written) > LONGEST_WORDS:
        raise UnableToAnswer(speech.say("too_long", most=LONGEST_WORDS))
    return written


async def tell(door: Door, key: str, case: Case, answer: OneTap, day: date | None, text: str, way: str) -> None:
    """Tell an invoice what was answered about it ``way``, once under this ``key``; what it cannot take by itself, a person reads."""
    news: PromiseMade | Replied | DisputeRaised
    why = way
    if day is not None:
        news = PromiseMade(day, scheduled=True)
    elif answer is OneTap.AGAIN:
        news = Replied(copy=True)
    elif case.open_dispute:
        # What people are clearing up already keeps its amount and its day.
        news, why = Replied(), f"something is wrong{f': {text}' if text else ''} ({way})"
    else:
        news = DisputeRaised(text or "something is wrong; it does not say what")
    told = await door.override(case.id, news, by=_CUSTOMER, why=why, key=key)
    if not told.taken and not isinstance(news, Replied):
        said = f"will pay on {words.day(day)}" if day else f"something is wrong: {text}"
        await door.override(case.id, Replied(), by=_CUSTOMER, why=f"{said} ({way})", key=f"{key}/read")


def _what_follows(speech: Speech, answer: OneTap, day: date | None, rows: Sequence[_Row]) -> str:
    if all(row.said for row in rows):
        return speech.words["thanks_nothing"]
    if day is not None:
        agreed = all(day <= row.case.invoice.due or ((made := row.case.open_promise) and made.day == day) for row in rows if not row.said)
        return speech.say("thanks_day" if agreed else "thanks_day_maybe", day=speech.day(day))
    if answer is OneTap.AGAIN:
        return speech.words["thanks_again_one" if len(rows) == 1 else "thanks_again_many"]
    return speech.words["thanks_wrong"]


def _show(
    token: str,
    link: AnswerLink,
    now: datetime,
    *,
    chosen: str = "",
    form: _Form | None = None,
    told: str = "",
    trouble: str = "",
    status: int = 200,
) -> Response:
    rows, today = _rows(link), local_day(now, (link.seller.time_zone,))
    open_to: Mapping[str, list[_Row]] = {answer.value: [row for row in rows if row.may(answer)] for answer in OneTap}
    due = max((row.case.invoice.due for row in open_to[OneTap.SCHEDULED]), default=today)
    speech = speak(link.locale)
    page: dict[str, Any] = {
        "token": token,
        "seller": link.seller,
        "rows": rows,
        "table": phrases(speech.language).table,
        "open_to": open_to,
        "chosen": chosen if chosen in open_to else "",
        "places": form.places if form else frozenset(str(row.place) for row in rows),
        "day": form.day if form else max(due, today).isoformat(),
        "words": (form.words if form else "")[: LONGEST_WORDS * 2],
        "today": today.isoformat(),
        "last": (today + timedelta(days=LONGEST_PROMISE_DAYS)).isoformat(),
        "longest": LONGEST_WORDS,
        "told": told,
        "trouble": trouble,
    }
    return _page(speech, status, **page)


def _say(speech: Speech, name: str, status: int = 404) -> Response:
    return _page(speech, status, told=speech.words[name], seller=None)


def _page(speech: Speech, status: int, **values: Any) -> Response:
    page = _templates.get_template("answer.html").render(speech=speech, w=speech.words, language=speech.language, **values)
    return HTMLResponse(page, status_code=status, headers={"X-Robots-Tag": "noindex, nofollow"})
