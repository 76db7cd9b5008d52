"""What the pretend Twilio is asked and how it answers: its messages, its refusals with their codes, its JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi.responses import JSONResponse
from starlette.datastructures import FormData, QueryParams

from examples.append_log import present
from examples.phone_script import Call

_E164 = re.compile(r"(whatsapp:)?\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"(whatsapp:)?\+?[0-9]{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_LONGEST_BODY = 1600

# Numbers that Twilio itself keeps for tests, and what it answers to them.
_KEPT_FOR_TESTS = {"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408, "+15005550004": 21610, "+15005550009": 21614}

_SAYS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    21201: "No 'To' number is specified",
    21205: "Url parameter is required.",
    21211: "The 'To' number is not a valid phone number.",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21213: "'From' phone number is required",
    21214: "'To' phone number cannot be reached",
    21217: "Phone number does not appear to be valid",
    21220: "Call is not in-progress. Cannot redirect.",
    21266: "'To' and 'From' number cannot be the same",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "The 'To' phone number is not currently reachable using the 'From' phone number.",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21635: "'To' number cannot be a landline",
}


class Refusal(Exception):
    """An answer that begins with 4 or 5, with Twilio's code for the reason."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status

    def answer(self) -> JSONResponse:
        return refused(self.status, self.code)


def refused(status: int, code: int) -> JSONResponse:
    said = {"code": code, "message": _SAYS.get(code, "as ordered"), "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return JSONResponse(said, status, {"Retry-After": "1"} if status == 429 else {})


@dataclass(slots=True)
class Message:
    """A text message, out or in."""

    account: str
    to: str
    sender: str
    body: str
    asked: dict[str, str]
    direction: str = "outbound-api"
    service: str | None = None
    sid: str = field(default_factory=lambda: "SM" + uuid4().hex)
    status: str = "accepted"
    error_code: int | None = None
    created: datetime = field(default_factory=present)
    sent: datetime | None = None

    def becomes(self, status: str, error_code: int | None = None) -> dict[str, str]:
        """Make it so; returns the form that tells of it."""
        self.status = status
        if status in ("sent", "delivered", "undelivered", "read") and not self.sent:
            self.sent = present()
        self.error_code = error_code if status in ("failed", "undelivered") else None
        told = {
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "From": self.sender,
            "To": self.to,
            "MessageSid": self.sid,
            "MessageStatus": status,
            "SmsSid": self.sid,
            "SmsStatus": status,
        }
        if self.service:
            told["MessagingServiceSid"] = self.service
        if self.error_code:
            told["ErrorCode"] = str(self.error_code)
        if status in ("delivered", "undelivered"):
            told["RawDlrDoneDate"] = present().strftime("%y%m%d%H%M")
        return told

    def inbound(self, **more: str) -> dict[str, str]:
        """The form that brings it to the customer."""
        told = {
            "AccountSid": self.account,
            "ApiVersion": "2010-04-01",
            "Body": self.body,
            "From": self.sender,
            "To": self.to,
            "MessageSid": self.sid,
            "SmsMessageSid": self.sid,
            "SmsSid": self.sid,
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": str(segments(self.body)),
        }
        return told | more

    def json(self) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account,
            "messaging_service_sid": self.service,
            "to": self.to,
            "from": self.sender or None,
            "body": self.body,
            "status": self.status,
            "direction": self.direction,
            "num_segments": str(segments(self.body)),
            "num_media": "0",
            "error_code": self.error_code,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "date_created": _written(self.created),
            "date_updated": _written(self.created),
            "date_sent": _written(self.sent),
            "api_version": "2010-04-01",
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


def call_json(call: Call) -> dict[str, Any]:
    over = call.status in ("completed", "busy", "no-answer", "failed", "canceled")
    return {
        "sid": call.sid,
        "account_sid": call.account,
        "parent_call_sid": call.parent,
        "to": call.to,
        "from": call.sender,
        "status": call.status,
        "answered_by": call.answered_by or None,
        "direction": "outbound-api",
        "duration": str(round(call.seconds)) if over else None,
        "start_time": _written(call.created),
        "end_time": _written(call.created) if over else None,
        "date_created": _written(call.created),
        "date_updated": _written(call.created),
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{call.account}/Calls/{call.sid}.json",
        "subresource_uris": {},
    }


def segments(body: str) -> int:
    """How many parts a text goes in: 160 plain characters or 70 others alone, 153 or 67 when there are more."""
    plain = body.isascii()
    alone, several = (160, 153) if plain else (70, 67)
    return 1 if len(body) <= alone else -(-len(body) // several)


def read_message(account: str, form: FormData, arranged: dict[str, int]) -> Message:
    """The message that is asked for. Raises Refusal. ``arranged``: numbers that answer with a code."""
    asked = {name: str(value) for name, value in form.items()}
    to, sender, service = asked.get("To", ""), asked.get("From", ""), asked.get("MessagingServiceSid", "")
    if not to:
        raise Refusal(21604)
    if not sender and not service:
        raise Refusal(21603)
    if not asked.get("Body") and not asked.get("ContentSid"):
        raise Refusal(21602)
    if not _E164.fullmatch(to):
        raise Refusal(21211)
    if sender and not _SENDER.fullmatch(sender):
        raise Refusal(21212)
    if to == sender:
        raise Refusal(21266)
    if len(asked.get("Body", "")) > _LONGEST_BODY:
        raise Refusal(21617)
    if (code := arranged.get(to, _KEPT_FOR_TESTS.get(to, 0))) and code < 30000:
        raise Refusal(code)
    return Message(account, to, sender, asked.get("Body", ""), asked, service=service or None)


def read_call(account: str, form: FormData, arranged: dict[str, int]) -> Call:
    """The call that is asked for. Raises Refusal."""
    asked = {name: str(value) for name, value in form.items()}
    if not asked.get("To"):
        raise Refusal(21201)
    if not asked.get("From"):
        raise Refusal(21213)
    if not asked.get("Url") and not asked.get("Twiml"):
        raise Refusal(21205)
    if not _E164.fullmatch(asked["To"]):
        raise Refusal(21211)
    if code := arranged.get(asked["To"], _KEPT_FOR_TESTS.get(asked["To"], 0)):
        raise Refusal(code)
    events = [str(event) for event in form.getlist("StatusCallbackEvent")] or ["completed"]
    return Call(account, asked["To"], asked["From"], asked, events)


def listed(kind: str, rows: list[dict[str, Any]], query: QueryParams, path: str) -> dict[str, Any]:
    """One page of ``rows``, which are newest first, that fit ``query`` as Twilio's lists understand it."""
    for name, key in (("To", "to"), ("From", "from"), ("Status", "status")):
        if name in query:
            rows = [row for row in rows if row[key] == query[name]]
    dated = "date_sent" if kind == "messages" else "start_time"
    for name in ("DateSent", "StartTime"):
        for sign in ("", "<", ">"):
            if asked := query.get(name + sign):
                rows = [row for row in rows if row[dated] and _fits(_read(row[dated]), sign, asked)]
    size, page = min(int(query.get("PageSize", "50")), 1000), int(query.get("Page", "0"))
    shown = rows[page * size : (page + 1) * size]
    more = [(name, value) for name, value in query.multi_items() if name not in ("Page", "PageSize", "PageToken")]

    def uri(number: int) -> str:
        return f"{path}?{urlencode([*more, ('PageSize', size), ('Page', number)])}"

    return {
        kind: shown,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if len(rows) > (page + 1) * size else None,
    }


def _fits(moment: datetime, sign: str, asked: str) -> bool:
    limit = datetime.fromisoformat(asked)
    if len(asked) == 10 or not sign:
        day, other = moment.date(), limit.date()
        return day <= other if sign == "<" else day >= other if sign == ">" else day == other
    limit = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    return moment <= limit if sign == "<" else moment >= limit


def _written(moment: datetime | None) -> str | None:
    return moment.strftime("%a, %d %b %Y %H:%M:%S +0000") if moment else None


def _read(written: str) -> datetime:
    return datetime.strptime(written, "%a, %d %b %Y %H:%M:%S %z")
