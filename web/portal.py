"""The customer's own page: what is open, what we wrote, and forms to tell us how it stands. Whoever has the link may read it.

Mail programs and their scanners open links by themselves, so opening the page changes nothing; only a button does. The link is the
only key, and stands in every form's address, so nobody can have a reader press a button here unknowingly.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

from babel import Locale
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from db import incoming, portal, receipts
from db.answer_links import OneTap
from db.portal import OpenInvoice, Reader
from domain.calendar import local_day, zone
from domain.delivery import Receipt, Told
from domain.incoming import Incoming
from domain.promise import LONGEST_PROMISE_DAYS
from integrations.reference.holidays import calendar_for
from playbooks.booked import list_account
from playbooks.language import phrases
from playbooks.page import FactSheet, Line, Page
from playbooks.paper import payment_code
from playbooks.phrases import clean, long_day, money, web_address
from playbooks.statement import Statement, page_words, reader_locale, say_moment, set_statement, sums
from settings import Settings
from starter import Door
from web import answers
from web.patience import Patience
from web.speech import speak_as_asked
from web.webhooks import UnableToAccept, read_body

LONGEST_WORDS = answers.LONGEST_WORDS
OFTEN, READS_OFTEN = 20, 60  # an hour and link: buttons pressed, documents made

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_REFERENCE = 140
_MOST_FIELDS = 2_000
_LARGEST_FORM = 128 * 1024
_OLDEST_PAYMENT = timedelta(days=90)
_WAY = "on the customer's page"
_HERE = Path(__file__).parent
_presses, _documents = Patience(OFTEN, timedelta(hours=1)), Patience(READS_OFTEN, timedelta(hours=1))
T = TypeVar("T")

router = APIRouter(include_in_schema=False)
_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class Act(StrEnum):
    """What a reader may do; the value stands in the address of its form."""

    PAID = "paid"
    PROMISE = "promise"
    WRONG = "wrong"
    COPY = "copy"
    PLAN = "plan"
    PERSON = "person"
    READ = "read"
    HERE = "here"
    RENEW = "renew"


_ONE_TAP = {Act.PROMISE: OneTap.SCHEDULED, Act.WRONG: OneTap.WRONG, Act.COPY: OneTap.AGAIN}
# What each says for the rules that read messages; what the reader wrote beside it, people read.
_OWN_WORDS = {
    Act.PAID: "We have paid this invoice already.",
    Act.PLAN: "Could we please pay this invoice in three monthly installments?",
    Act.PERSON: "I am the wrong person for this. Please write to somebody else.",
}


class UnableToTell(ValueError):
    """Something is missing in a form, or does not fit; the message says what to write instead, in the reader's language."""


@dataclass(frozen=True, slots=True)
class _Form:
    invoices: frozenset[str] = frozenset()
    day: str = ""
    words: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """Everything of one reader's page, read at one moment."""

    reader: Reader
    rows: tuple[OpenInvoice, ...]
    today: date
    locale: Locale

    @property
    def words(self) -> Mapping[str, str]:
        return page_words(self.locale.language)

    def day(self, day: date) -> str:
        return long_day(day, self.locale)


@router.get("/portal/page.css")
def show_style() -> Response:
    return FileResponse(_HERE / "static" / "dunwell.css", media_type="text/css")


@router.get("/favicon.ico")
def show_icon() -> Response:
    """Every browser asks for it, on whatever page it stands."""
    return FileResponse(_HERE / "static" / "icon.svg", media_type="image/svg+xml")


@router.get("/portal/{token}")
def show_portal(request: Request, token: str) -> Response:
    """The page. Changes nothing, however often and by whomever it is opened."""
    with _door(request).database.reading() as connection:
        shown = _look(connection, token, _now(request))
        return _refuse(request) if shown is None else _show(connection, shown, token)


@router.get("/portal/{token}/statement.pdf")
def show_statement(request: Request, token: str) -> Response:
    """Every open invoice, with totals and aging, as PDF."""
    with _door(request).database.reading() as connection:
        shown = _look(connection, token, _now(request))
        if shown is None:
            return _refuse(request)
        if not _documents.allows(_digest(token), _now(request)):
            return _show(connection, shown, token, trouble=shown.words["too_often"], status=429)
        as_of = portal.read_at(connection, shown.reader, shown.rows) or _now(request)
    reader = shown.reader
    told = Statement(
        seller=reader.seller,
        customer_name=reader.customer.name,
        customer_number=reader.customer.number,
        address=reader.customer.address,
        invoices=tuple(row.invoice for row in shown.rows),
        as_of=as_of.astimezone(zone(reader.seller.time_zone)),
        locale=_code(reader),
    )
    return _pdf(set_statement(told), f"statement-{as_of.date().isoformat()}")


@router.get("/portal/{token}/letters/{message}.pdf")
def show_letter(request: Request, token: str, message: str) -> Response:
    """A letter as it left."""
    with _door(request).database.reading() as connection:
        shown = _look(connection, token, _now(request))
        found = portal.load_letter(connection, shown.reader, message) if shown and "\x00" not in message else None
    return _refuse(request) if found is None else _pdf(found, message)


@router.post("/portal/{token}/{act}")
async def take(request: Request, token: str, act: Act) -> Response:
    """A button was pressed. Pressing it once more is the same."""
    door, now = _door(request), _now(request)
    shown = await run_in_threadpool(_read, door, lambda connection: _look(connection, token, now))
    if shown is None:
        return _refuse(request)
    again = partial(_again, request, token, now)
    if not _presses.allows(_digest(token), now):
        return await run_in_threadpool(again, trouble=shown.words["too_often"], status=429)
    try:
        form = _read_form(await read_body(request, _LARGEST_FORM))
    except UnableToAccept as error:
        return await run_in_threadpool(again, trouble=shown.words["failed"], status=error.status)
    except ClientDisconnect:
        return Response(status_code=400)
    try:
        told = await _do(request, shown, token, act, form, now)
    except UnableToTell as error:
        return await run_in_threadpool(again, trouble=str(error), status=422, chosen=act, form=form)
    return await run_in_threadpool(again, told=told)


async def _do(request: Request, shown: _Shown, token: str, act: Act, form: _Form, now: datetime) -> str:
    """Do what was asked for; what to say to the reader. Raises UnableToTell."""
    door, words, reader = _door(request), shown.words, shown.reader
    if act in (Act.READ, Act.HERE, Act.RENEW):
        told = await run_in_threadpool(_write, door, lambda connection: _note(connection, reader, token, act, form, now))
        for word in told:
            request.app.state.reports.begin(word)
        return words[f"thanks_{act}"].format(day=shown.day(local_day(now + portal.LIFE, (reader.seller.time_zone,))))
    rows = _chosen(shown, act, form)
    if act in _ONE_TAP:
        day = _read_day(shown, form.day, shown.today, shown.today + timedelta(days=LONGEST_PROMISE_DAYS)) if act is Act.PROMISE else None
        text = _limit(shown, form.words, LONGEST_WORDS) if act is Act.WRONG else ""
        key = f"portal/{reader.contact.id}/{act}/{_digest(f'{day or shown.today}/{text}')}"
        await asyncio.gather(*(answers.tell(door, key, row.case, _ONE_TAP[act], day, text, _WAY) for row in rows if row.case))
        await run_in_threadpool(_write, door, lambda connection: portal.note_used(connection, reader))
        return await run_in_threadpool(_read, door, lambda connection: _thank(connection, shown, act, day, rows, token, now))
    message = _message(shown, act, form, rows, now)
    received = await run_in_threadpool(_write, door, lambda connection: _receive(connection, reader, message, rows, now, _settings(request).owner))
    for word in received:
        request.app.state.reports.begin(word)
    return words[f"thanks_{act}"]


def _message(shown: _Shown, act: Act, form: _Form, rows: Sequence[OpenInvoice], now: datetime) -> Incoming:
    """What a form says in words, as a message to us. Raises UnableToTell."""
    numbers = ", ".join(row.invoice.number for row in rows)
    if act is Act.PAID:
        day = _read_day(shown, form.day, shown.today - _OLDEST_PAYMENT, shown.today)
        reference = _limit(shown, form.words, _LONGEST_REFERENCE)
        text = shown.words["said_paid"].format(day=shown.day(day), numbers=numbers, reference=reference or "–")
    else:
        text = shown.words[f"said_{act}"].format(numbers=numbers, words=_limit(shown, form.words, LONGEST_WORDS)).strip()
    contact = shown.reader.contact
    return Incoming(
        source="portal",
        source_id=f"{contact.id}/{act}/{shown.today.isoformat()}/{_digest(text)}",
        channel="portal",
        received_at=now,
        sender=contact.email,
        sender_name=contact.name,
        to=(),
        text=text,
        own_words=_OWN_WORDS[act],
    )


def _receive(connection: Connection, reader: Reader, message: Incoming, rows: Sequence[OpenInvoice], now: datetime, owner: str) -> tuple[str, ...]:
    about = [row.case.id for row in rows if row.case]
    received = incoming.receive(connection, message, now, calendar_for, about=about, customer_id=reader.customer.id, owner=owner)
    portal.note_used(connection, reader)
    return received.words


def _note(connection: Connection, reader: Reader, token: str, act: Act, form: _Form, now: datetime) -> tuple[str, ...]:
    """What concerns the page itself; the inbox rows that tell of a message that was read."""
    if act is Act.RENEW:
        portal.renew(connection, token, now)
        return ()
    portal.note_used(connection, reader)
    if act is Act.HERE or not any(one.id == form.message and one.channel == "portal" for one in portal.list_messages(connection, reader)):
        return ()
    receipt = Receipt("portal", f"{form.message}/read", form.message, form.message, "portal", reader.reach, Told.DELIVERED, now, reason="its reader said so")
    return receipts.note(connection, receipt, now).words


def _thank(connection: Connection, before: _Shown, act: Act, day: date | None, rows: Sequence[OpenInvoice], token: str, now: datetime) -> str:
    words = before.words
    if day is None:
        return words[f"thanks_{act}"]
    shown = _look(connection, token, now) or before
    cases = [row.case for row in shown.rows if row.case and row.invoice.id in {one.invoice.id for one in rows}]
    agreed = all(day <= case.invoice.due or ((made := case.open_promise) is not None and made.day == day) for case in cases)
    return words["thanks_promise" if agreed else "thanks_promise_maybe"].format(day=before.day(day))


def _chosen(shown: _Shown, act: Act, form: _Form) -> list[OpenInvoice]:
    """The invoices that a form is about. Raises UnableToTell."""
    open_to = _open_to(shown, act)
    if not open_to:
        raise UnableToTell(shown.words["none_left"])
    rows = [row for row in open_to if row.invoice.id in form.invoices]
    if not rows:
        raise UnableToTell(shown.words["choose"])
    return rows


def _open_to(shown: _Shown, act: Act) -> list[OpenInvoice]:
    """The invoices about which that may be said: what is in dispute people are clearing up already."""
    return [row for row in shown.rows if row.case and not (row.is_disputed and act in (Act.WRONG, Act.PROMISE, Act.PLAN))]


def _read_form(raw: bytes) -> _Form:
    """Raises UnableToAccept when there are too many fields."""
    try:
        fields = parse_qs(raw.decode(errors="replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UnableToAccept(400, "too many fields") from None
    one = {name: answers.clean(values[0]) for name, values in fields.items()}
    return _Form(frozenset(fields.get("invoice", ())), one.get("day", ""), one.get("words", ""), one.get("message", ""))


def _read_day(shown: _Shown, written: str, first: date, last: date) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is None or not first <= day <= last:
        raise UnableToTell(shown.words["day_wrong"].format(first=shown.day(first), last=shown.day(last)))
    return day


def _limit(shown: _Shown, written: str, most: int) -> str:
    if len(written) > most:
        raise UnableToTell(shown.words["too_long"].format(most=most))
    return written


def _look(connection: Connection, token: str, now: datetime) -> _Shown | None:
    """The page of whose link it is; None where it leads nowhere, or not any more."""
    reader = portal.find_reader(connection, token, now) if _TOKEN.fullmatch(token) else None
    if reader is None:
        return None
    today = local_day(now, (reader.seller.time_zone,))
    return _Shown(reader, portal.list_open(connection, reader), today, reader_locale(reader.language, reader.customer.country))


def _again(request: Request, token: str, now: datetime, **said: Any) -> Response:
    """The page anew, with what there is to say."""
    with _door(request).database.reading() as connection:
        shown = _look(connection, token, now)
        return _refuse(request) if shown is None else _show(connection, shown, token, **said)


def _show(
    connection: Connection,
    shown: _Shown,
    token: str,
    *,
    told: str = "",
    trouble: str = "",
    status: int = 200,
    chosen: Act | None = None,
    form: _Form | None = None,
) -> Response:
    reader, locale = shown.reader, shown.locale
    read_at = portal.read_at(connection, reader, shown.rows)
    messages = portal.list_messages(connection, reader)
    filled = form or _Form(frozenset(row.invoice.id for row in shown.rows))
    page: dict[str, Any] = {
        "token": token,
        "language": locale.language,
        "w": shown.words,
        "seller": clean(reader.seller.name),
        "imprint": [line for line in (clean(reader.seller.legal_name), *map(clean, reader.seller.address), clean(reader.seller.phone)) if line],
        "customer": clean(reader.customer.name),
        "several": len({row.customer_name for row in shown.rows}) > 1,
        "title": shown.words["title"].format(seller=clean(reader.seller.name)),
        "as_of": shown.words["as_of"].format(moment=say_moment(read_at.astimezone(zone(reader.seller.time_zone)), locale)) if read_at else "",
        "sums": [(money(whole, locale), money(late, locale) if late.amount else "") for whole, late in sums([row.invoice for row in shown.rows], shown.today)],
        "bills": [_bill(shown, row) for row in shown.rows],
        "table": phrases(locale.language).table,
        "pay": phrases(locale.language).pay,
        "open_to": {act.value: _open_to(shown, act) for act in (Act.PAID, Act.PROMISE, Act.WRONG, Act.COPY, Act.PLAN, Act.PERSON)},
        "chosen": chosen.value if chosen else "",
        "filled": filled,
        "today": shown.today.isoformat(),
        "oldest": (shown.today - _OLDEST_PAYMENT).isoformat(),
        "last": (shown.today + timedelta(days=LONGEST_PROMISE_DAYS)).isoformat(),
        "longest": LONGEST_WORDS,
        "longest_reference": _LONGEST_REFERENCE,
        "waiting": [one for one in messages if one.channel == "portal" and not one.is_read],
        "messages": messages,
        "said": portal.list_told(connection, reader),
        "day": shown.day,
        "uses": reader.contact.portal_seen,
        "expires": shown.words["expires"].format(day=shown.day(local_day(reader.expires, (reader.seller.time_zone,)))),
        "told": told,
        "trouble": trouble,
    }
    return _page(status, **page)


def _bill(shown: _Shown, row: OpenInvoice) -> dict[str, Any]:
    """One open invoice as the page shows it."""
    reader, invoice = shown.reader, row.invoice
    line = Line(invoice, invoice.days_past_due(shown.today))
    facts = FactSheet(
        seller=reader.seller,
        customer_name=reader.customer.name,
        contact_name=reader.contact.name,
        locale=_code(reader),
        today=shown.today,
        step_title="",
        claimed=(line,),
        pay_url=invoice.pay_url,
        payment_reference=invoice.number,
    )
    page = Page(facts, shown.locale)
    code = "" if row.is_disputed else payment_code(facts, page.reference)
    promise = row.case.open_promise if row.case else None
    return {
        "row": page.rows((line,))[0],
        "account": list_account(invoice, page.words, shown.locale),
        "whole": phrases(shown.locale.language).whole,
        "customer": clean(row.customer_name),
        "pay_url": "" if row.is_disputed else page.button,
        "pdf_url": web_address(invoice.pdf_url),
        "transfer": [] if row.is_disputed else page.transfer(),
        "code": f"data:image/svg+xml;base64,{base64.b64encode(code.encode()).decode()}" if code else "",
        "disputed": row.is_disputed,
        "promised": shown.words["promised"].format(day=shown.day(promise.day)) if promise else "",
    }


def _code(reader: Reader) -> str:
    """The reader's locale as a code, such as ``de_AT``."""
    code = reader.language.replace("-", "_")
    return code if "_" in code else f"{code}_{reader.customer.country}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]


def _read(door: Door, do: Callable[[Connection], T]) -> T:
    with door.database.reading() as connection:
        return do(connection)


def _write(door: Door, do: Callable[[Connection], T]) -> T:
    with door.database.transaction() as connection:
        return do(connection)


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _now(request: Request) -> datetime:
    clock: Callable[[], datetime] = request.app.state.clock
    return clock()


def _pdf(content: bytes, name: str) -> Response:
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}.pdf"', "X-Robots-Tag": "noindex"})


def _refuse(request: Request) -> Response:
    """In the language that the browser asks for: nobody knows whose link it was."""
    stranger = speak_as_asked(request)
    return _page(404, language=stranger.language, title=stranger.words["portal_title_unknown"], refused=stranger.words["portal_unknown"])


def _page(status: int, **values: Any) -> Response:
    template = "portal_nowhere.html" if "refused" in values else "portal.html"
    return HTMLResponse(_templates.get_template(template).render(**values), status_code=status, headers={"X-Robots-Tag": "noindex, nofollow"})
