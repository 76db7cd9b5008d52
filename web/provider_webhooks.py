"""What providers of mail and text messages tell us: verified on what arrived, kept once, answered, then passed on.

A status moves a message forward only, whatever order and number of copies it comes in. Who writes STOP is left alone from the
end of the transaction that hears it; every other text and mail is kept for the inbox.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from hashlib import sha256
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from db import incoming, receipts, suppressions
from domain.customer import spell_reach
from domain.delivery import Fault, Ground, Receipt, Told, silenced_by
from domain.incoming import Incoming
from domain.texting import Keyword, read_keyword
from integrations.messaging import mime_in, seals, twilio_text
from integrations.messaging.seals import UnableToTrust
from integrations.reference.holidays import calendar_for
from settings import Settings
from starter import Door
from web.genuine import read_genuine
from web.helping import answer_help
from web.refusals import SENDGRID_EVENTS, SENDGRID_INBOUND, TWILIO, Sender
from web.webhooks import LARGEST_BODY, UnableToAccept, read_body

# SendGrid puts up to 768 KB of events into one request, and whole mails with their attachments into another.
LARGEST_EVENTS = 1024 * 1024
LARGEST_MAIL = 30 * 1024 * 1024
# So old a seal may be: SendGrid tries again for a day with events, for three with mails, and does not promise to seal them anew. What
# is replayed in that time changes nothing: events are known by their ids, mails by what stands in them.
OLDEST_EVENTS = timedelta(hours=25)
OLDEST_MAIL = timedelta(days=3, hours=1)
_AT_ONCE = 100
_SAID_BY = "the customer"
_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

Words = tuple[str, ...]

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("web.provider_webhooks")
refused: Counter[str] = Counter()


class UnableToUse(Exception):
    """A genuine request in a form that nobody can use. The message says what is wrong with it."""


@router.post(twilio_text.STATUS_PATH)
async def take_status(request: Request) -> Response:
    """204 once the status is kept, also when it was before; 401 for what is not Twilio's, 400 and 413 for bad form."""
    return await _take(request, "twilio/status", TWILIO, LARGEST_BODY, _verify_twilio, _keep_status, lambda: Response(status_code=204))


@router.post("/webhooks/twilio/inbound")
async def take_text(request: Request) -> Response:
    """200 and a TwiML document once the text is kept. It is empty but for HELP: whatever else is to be answered, people answer."""

    def answer() -> Response:
        return Response(getattr(request.state, "answer", "") or _NOTHING, media_type="text/xml")

    return await _take(request, "twilio/inbound", TWILIO, LARGEST_BODY, _verify_twilio, _keep_text, answer)


@router.post("/webhooks/sendgrid/events")
async def take_events(request: Request) -> Response:
    """204 once every event is kept."""
    verify = _verify_sendgrid(request.app.state.settings.sendgrid_event_keys, OLDEST_EVENTS)
    return await _take(request, "sendgrid/events", SENDGRID_EVENTS, LARGEST_EVENTS, verify, _keep_events, lambda: Response(status_code=204))


@router.post("/webhooks/sendgrid/inbound")
async def take_mail(request: Request) -> Response:
    """200 once the mail is kept, as SendGrid's Inbound Parse asks for it ("Create a parse setting")."""
    verify = _verify_sendgrid(request.app.state.settings.sendgrid_inbound_keys, OLDEST_MAIL)
    return await _take(request, "sendgrid/inbound", SENDGRID_INBOUND, LARGEST_MAIL, verify, _keep_mail, lambda: Response(status_code=200))


Verify = Callable[[Request, bytes, datetime], dict[str, str]]
Keep = Callable[[Door, Settings, Mapping[str, str], Request, bytes, datetime], Words]


async def _take(request: Request, route: str, sender: Sender, largest: int, verify: Verify, keep: Keep, answer: Callable[[], Response]) -> Response:
    try:
        raw = await read_body(request, largest)
    except UnableToAccept as error:
        _count(route, str(error))
        return JSONResponse({"error": str(error)}, status_code=error.status, headers={"Connection": "close"})
    except ClientDisconnect:
        return Response(status_code=400)
    now: datetime = request.app.state.clock()
    try:
        fields = await run_in_threadpool(verify, request, raw, now)
    except UnableToTrust as error:
        _count(route, str(error))
        await run_in_threadpool(request.app.state.refusals.refuse, sender, now)
        return JSONResponse({"error": "not accepted"}, status_code=401)
    await run_in_threadpool(request.app.state.refusals.accept, sender, now)
    try:
        words = await run_in_threadpool(keep, request.app.state.door, request.app.state.settings, fields, request, raw, now)
    except UnableToUse as error:
        _count(route, str(error))
        return JSONResponse({"error": str(error)}, status_code=400)
    for word in words:
        request.app.state.reports.begin(word)
    return answer()


def _count(route: str, why: str) -> None:
    refused[route] += 1
    log.warning("webhook refused", route=route, why=why, refused_so_far=refused[route])


def _verify_twilio(request: Request, raw: bytes, now: datetime) -> dict[str, str]:
    return read_genuine(request, raw, request.app.state.settings, twilio_text.STATUS_FRAGMENT)


def _verify_sendgrid(keys: str, oldest: timedelta) -> Verify:
    def verify(request: Request, raw: bytes, now: datetime) -> dict[str, str]:
        try:
            known = [seals.read_public_key(one) for one in _listed(keys)]
        except seals.UnableToReadKey as error:
            raise UnableToTrust(f"a key of ours {error}") from None
        seals.verify_sendgrid(request.headers, raw, known, now, oldest)
        return {}

    return verify


def _listed(written: str) -> Sequence[str]:
    return [one.strip() for one in written.split(",") if one.strip()]


# -- Twilio --------------------------------------------------------------------------------------------------------------------


def _keep_status(door: Door, settings: Settings, fields: Mapping[str, str], request: Request, raw: bytes, now: datetime) -> Words:
    sid, status = fields.get("MessageSid", ""), fields.get("MessageStatus", "")
    if not sid or not status or not fields.get("To"):
        raise UnableToUse("MessageSid, MessageStatus and To are needed")
    state = twilio_text.read_state(status, fields.get("ErrorCode", ""), fields.get("ErrorMessage", ""))
    told = Receipt(
        source=twilio_text.NAME,
        source_id=f"{sid}/{status}",
        outreach=request.query_params.get("outreach", "")[:64],
        provider_id=sid,
        channel="sms",
        reach=_number(fields["To"]),
        told=state.told,
        at=now,
        fault=state.fault,
        reason=state.reason,
    )
    return _note(door, [told], now)


def _keep_text(door: Door, settings: Settings, fields: Mapping[str, str], request: Request, raw: bytes, now: datetime) -> Words:
    sid, sender, body = fields.get("MessageSid", ""), fields.get("From", ""), fields.get("Body")
    if not sid or not sender or body is None:
        raise UnableToUse("MessageSid, From and Body are needed")
    keyword = _keyword(fields.get("OptOutType", ""), body)
    with door.database.transaction() as connection:
        if keyword in (Keyword.STOP, Keyword.START):
            reach = _number(sender)
            # Only the first copy counts: an old one must not undo what was said since.
            if not receipts.note_text(connection, twilio_text.NAME, sid, reach, body, now):
                return ()
            return _stop(connection, reach, body, now) if keyword is Keyword.STOP else _start(connection, reach, body, now)
        message = Incoming(twilio_text.NAME, sid, "sms", now, _number(sender), (_number(fields.get("To", "")),), body)
        received = incoming.receive(connection, message, now, calendar_for)
        if keyword is Keyword.HELP and received.id:
            by_twilio = bool(fields.get("OptOutType"))
            request.state.answer = answer_help(connection, settings, received.id, sid, _number(sender), body, by_twilio=by_twilio, now=now)
        return received.words


def _keyword(opt_out_type: str, body: str) -> Keyword | None:
    """What Twilio says that its customer meant, or what we read."""
    return next((one for one in Keyword if one.value == opt_out_type.strip().lower()), None) or read_keyword(body)


def _stop(connection: Connection, reach: str, body: str, now: datetime) -> Words:
    why = f"wrote {body.strip()[:40]!r} by text message"
    fresh = suppressions.suppress(connection, reach, silenced_by("sms"), Ground.ASKED, by=_SAID_BY, reason=why, now=now)
    return suppressions.tell_out(connection, reach, fresh, by=_SAID_BY, why=why, now=now) if fresh else ()


def _start(connection: Connection, reach: str, body: str, now: datetime) -> Words:
    """Text messages only: calls by a machine need a person's leave once they were refused. What was found dead stays."""
    why = f"wrote {body.strip()[:40]!r} by text message"
    fresh = suppressions.lift(connection, reach, ("sms",), by=_SAID_BY, why=why, now=now, ground=Ground.ASKED)
    return suppressions.tell_in(connection, reach, fresh, by=_SAID_BY, why=why, now=now) if fresh else ()


def _number(address: str) -> str:
    return spell_reach(address.removeprefix("whatsapp:"))


# -- SendGrid ------------------------------------------------------------------------------------------------------------------

_OUTREACH = "dunwell_outreach"
# Why SendGrid did not even try, as its Event Webhook Reference ("Dropped events") and the description of its Webhook Configuration API
# spell it. Whatever else there is (a header it cannot read, content that it takes for spam, a plan that is used up) is ours to mend.
_DROPPED = {
    "bounced address": Fault.DEAD,
    "invalid": Fault.DEAD,
    "invalid address": Fault.DEAD,
    "spam reporting address": Fault.COMPLAINED,
    "unsubscribed address": Fault.UNWANTED,
}


def _keep_events(door: Door, settings: Settings, fields: Mapping[str, str], request: Request, raw: bytes, now: datetime) -> Words:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        raise UnableToUse("the body is not JSON") from None
    events = told if isinstance(told, list) else [told]
    found = [receipt for event in events if isinstance(event, dict) and (receipt := _read_event(event, now))]
    return tuple(word for start in range(0, len(found), _AT_ONCE) for word in _note(door, found[start : start + _AT_ONCE], now))


def _read_event(event: Mapping[str, Any], now: datetime) -> Receipt | None:
    """What an event tells of a message of ours; None for everything else, such as opens and clicks, and mail that others sent."""
    meaning = _meaning(event)
    key, address, unique = (event.get(name) for name in (_OUTREACH, "email", "sg_event_id"))
    if meaning is None or not all(isinstance(one, str) and one for one in (key, address, unique)):
        return None
    told, fault = meaning
    reason = " ".join(str(event[name]) for name in ("status", "reason") if isinstance(event.get(name), str | int))
    at = seals.moment_of(event.get("timestamp"), now)
    provider_id = str(event.get("sg_message_id", "")).partition(".")[0]
    return Receipt("sendgrid", str(unique), str(key)[:64], provider_id, "email", spell_reach(str(address)), told, at, fault, reason or str(event["event"]))


def _meaning(event: Mapping[str, Any]) -> tuple[Told, Fault | None] | None:
    match event.get("event"):
        case "processed" | "deferred":
            return Told.ACCEPTED, None
        case "delivered":
            return Told.DELIVERED, None
        case "bounce":
            return Told.FAILED, _sort_bounce(event)
        case "dropped":
            return Told.FAILED, _DROPPED.get(str(event.get("reason", "")).strip().lower(), Fault.OURS)
        case "spamreport":
            return Told.DELIVERED, Fault.COMPLAINED
        case "unsubscribe" | "group_unsubscribe":
            return Told.DELIVERED, Fault.UNWANTED
        case _:
            return None


# SendGrid's classes of bounces and blocks, as its page Bounce and Block Classifications describes them. The Event Webhook Reference and
# the Bounces API spell two of them differently. A mailbox that is full or suspended is no invalid address, and SendGrid goes on trying.
_BOUNCED = {
    "invalid address": Fault.DEAD,
    "mailbox unavailable": Fault.LATER,
    "technical": Fault.LATER,
    "technical failure": Fault.LATER,
    "frequency/volume": Fault.LATER,
    "frequency or volume too high": Fault.LATER,
    "content": Fault.OURS,
    "reputation": Fault.OURS,
}


def _sort_bounce(event: Mapping[str, Any]) -> Fault:
    """What a bounce says of its address, by the Event Webhook Reference of SendGrid ("Bounce and blocked events").

    The type ``bounce`` is a refusal for good, and SendGrid drops what follows. Any other passes, and what follows is tried: ``blocked``,
    and ``expired`` of older days, after 72 hours. It may be about us (content, reputation, policy: 5.7.1), so it never condemns an
    address by itself.
    """
    known = _BOUNCED.get(str(event.get("bounce_classification", "")).strip().lower())
    if event.get("type", "bounce") == "bounce":
        return known or Fault.DEAD
    if known is None:
        return Fault.LATER if event.get("type") == "expired" or str(event.get("status", "")).startswith("4") else Fault.OURS
    return Fault.LATER if known is Fault.DEAD else known


def _keep_mail(door: Door, settings: Settings, fields: Mapping[str, str], request: Request, raw: bytes, now: datetime) -> Words:
    mail = _mail_of(request.headers.get("content-type", ""), raw)
    message = mime_in.read_mail(mail, source="sendgrid", source_id=sha256(mail).hexdigest(), received_at=now)
    with door.database.transaction() as connection:
        return incoming.receive(connection, message, now, calendar_for).words


def _mail_of(content_type: str, raw: bytes) -> bytes:
    """The mail as it was sent; put together again where SendGrid was not told to post it raw. Raises UnableToUse."""
    if not content_type.lower().startswith("multipart/form-data") or "\n" in content_type:
        raise UnableToUse("the body is no multipart form")
    form = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + raw)
    parts = dict(_named(form))
    if "email" in parts:
        return _content(parts["email"])
    if "from" not in parts or not parts.keys() & {"text", "html"}:
        raise UnableToUse("the form holds no mail; have SendGrid post the raw, full MIME message")
    return _put_together(parts)


def _named(form: Message) -> Iterator[tuple[str, Message]]:
    for part in form.get_payload() if form.is_multipart() else ():
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        if isinstance(part, Message) and isinstance(name, str):
            yield name, part


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


# What tells a mail's thread, and machines from people.
_KEPT_HEADERS = ("message-id", "in-reply-to", "references", "auto-submitted", "precedence", "x-autoreply", "x-auto-response-suppress", "list-id", "return-path")


def _put_together(parts: Mapping[str, Message]) -> bytes:
    told = message_from_bytes(_content(parts["headers"]) + b"\r\n\r\n") if "headers" in parts else Message()
    mail = EmailMessage(policy=SMTP)
    for name in ("from", "to", "subject"):
        if name in parts:
            mail[name] = " ".join(_content(parts[name]).decode("utf-8", "replace").split())
    for name in _KEPT_HEADERS:
        if value := told.get(name):
            mail[name] = " ".join(str(value).split())
    body = "text" if "text" in parts else "html"
    mail.set_content(_content(parts[body]).decode("utf-8", "replace"), subtype="plain" if body == "text" else "html")
    for name, part in parts.items():
        if name.startswith("attachment") and (file := part.get_filename()):
            mail.add_attachment(_content(part), maintype="application", subtype="octet-stream", filename=" ".join(file.split())[:200])
    if mail.is_multipart():
        mail.set_boundary(sha256(_content(parts[body])).hexdigest())  # the same each time it comes
    return mail.as_bytes()


# -- both ----------------------------------------------------------------------------------------------------------------------


def _note(door: Door, told: Sequence[Receipt], now: datetime) -> Words:
    with door.database.transaction() as connection:
        return tuple(word for one in told for word in receipts.note(connection, one, now).words)
