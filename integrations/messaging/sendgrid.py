"""SendGrid, through its official client.

SendGrid takes no idempotency key, so one call makes at most one request, and every answer is sorted by whether
SendGrid can have the message. The only things of ours it is told to keep are the opaque outreach key and what the message
covers, in opaque ids. Its log is the Email Activity API, which must be bought, tells of each message in a request of its
own, and answers six requests a minute.
"""

from __future__ import annotations

import base64
import errno
import http.client
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from integrations.messaging import Accepted, Email, Outcome, Refused, Sent, UnableToReadSent, Unknown
from integrations.messaging.mime import UnableToWrite, build, copied, extra_headers, mailbox

_OUTREACH, _COVERS = "dunwell_outreach", "dunwell_covers"
_MOST_LISTED = 1000
_MOST_WAITS = 20
_MOST_FAILURES = 3
_LONGEST_WAIT_SECONDS = 60.0
_NOT_BOUGHT = (
    "SendGrid does not show its log (403): buy additional email activity history and give the API key access to Email Activity; "
    "else look at the reminders that may have been sent, and pass them over"
)
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH}


class UnableToConnect(ValueError):
    """A SendGrid setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class SendGridMailer:
    """``timeout`` in seconds applies to connecting and to every read. ``receipts``: its event webhook tells us of deliveries and bounces."""

    api_key: str = field(repr=False)
    host: str
    timeout: float
    name: str = "sendgrid"
    lag: timedelta = timedelta(minutes=15)
    pause: Callable[[float], None] = time.sleep
    receipts: bool = False

    def send(self, email: Email) -> Outcome:
        try:
            body = request_body(email)
        except UnableToWrite as error:
            return Refused(str(error), try_again=False)
        try:
            response = self._client().mail.send.post(request_body=body)
        except HTTPError as error:
            return _sort_answer(int(error.status_code), error.body)
        except URLError as error:
            return _sort_connection(error)
        except (OSError, http.client.HTTPException) as error:
            return Unknown(f"SendGrid did not answer: {error or type(error).__name__}")
        provider_id = response.headers.get("X-Message-Id")
        if response.status_code // 100 == 2 and provider_id:
            return Accepted(provider_id=provider_id, receipts=self.receipts)
        return Unknown(f"SendGrid answered {response.status_code} without a message id")

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        seen, moment = set(known), moment.replace(microsecond=0)  # the log counts in whole seconds
        for row in self._list(moment, datetime.now(UTC) + timedelta(days=1)):
            request = _request_of(row["msg_id"])
            if request in seen:
                continue  # recorded, or the copy for another recipient
            seen.add(request)
            sent = _read_sent(self._ask(self._client().messages._(row["msg_id"]).get))
            if sent.key and sent.at >= moment:
                yield sent

    def find_sent(self, key: str, since: datetime) -> Sent | None:
        query = f'unique_args["{_OUTREACH}"]="{key}" AND {_between(since, datetime.now(UTC) + timedelta(days=1))}'
        rows = self._ask(self._client().messages.get, patient=False, query_params={"query": query, "limit": 10}).get("messages", [])
        found = (_read_sent(self._ask(self._client().messages._(row["msg_id"]).get, patient=False)) for row in rows)
        return next((sent for sent in found if sent.key == key), None)

    def _list(self, begin: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Every message that something happened to between these moments. The log has no pages: a full answer is asked for in halves."""
        rows = self._ask(self._client().messages.get, query_params={"query": _between(begin, end), "limit": _MOST_LISTED}).get("messages", [])
        if len(rows) < _MOST_LISTED:
            yield from rows
        elif end - begin < timedelta(seconds=2):
            raise UnableToReadSent(f"SendGrid's log has {_MOST_LISTED} messages or more within a second of {begin}; it cannot tell them all")
        else:
            middle = (begin + (end - begin) / 2).replace(microsecond=0)
            yield from self._list(begin, middle)
            yield from self._list(middle, end)

    def _ask(self, request: Callable[..., Any], *, patient: bool = True, **words: Any) -> dict[str, Any]:
        """What the log answers, however long it takes; unless ``patient``, at once or not at all. Raises UnableToReadSent."""
        waits, failures = (0, 0) if patient else (_MOST_WAITS, _MOST_FAILURES - 1)
        while True:
            try:
                answer: dict[str, Any] = json.loads(request(**words).body)
                return answer
            except HTTPError as error:
                status, problem = int(error.status_code), f"SendGrid's log answered {error.status_code}{_complaint(error.body)}"
                if status == 403:
                    raise UnableToReadSent(_NOT_BOUGHT) from None
                if status == 429 and waits < _MOST_WAITS:
                    waits += 1
                    self.pause(_wait_for(error.headers))
                    continue
                if 400 <= status < 500:
                    raise UnableToReadSent(f"{problem}; mend the API key, or try again later") from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = f"SendGrid's log could not be read: {error or type(error).__name__}"
            failures += 1
            if failures == _MOST_FAILURES:
                raise UnableToReadSent(f"{problem}; try again later")
            self.pause(failures)

    def _client(self) -> Any:
        # A client for each request: it keeps the headers of earlier calls, and it is not made for threads.
        client = SendGridAPIClient(self.api_key, host=self.host).client
        client.timeout = self.timeout
        return client


def connect(api_key: str, *, host: str = "https://api.sendgrid.com", timeout: float = 10.0, receipts: bool = False) -> SendGridMailer:
    """A mailer for one SendGrid account; ``host`` is https://api.eu.sendgrid.com for accounts kept in the EU.

    No request is made yet. Raises UnableToConnect.
    """
    if not api_key.strip() or not api_key.isascii() or not api_key.isprintable():
        raise UnableToConnect("the SendGrid API key is empty or damaged; copy it again from SendGrid, Settings, API Keys")
    parts = urlsplit(host)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise UnableToConnect(f"the SendGrid host {host!r} is not an address such as https://api.sendgrid.com")
    # At debug level the client writes the API key and the whole mail to the log.
    logging.getLogger("python_http_client").setLevel(logging.INFO)
    return SendGridMailer(api_key.strip(), host.rstrip("/"), timeout, receipts=receipts)


def request_body(email: Email) -> dict[str, Any]:
    """What is posted to ``/v3/mail/send``. Raises UnableToWrite for whatever no provider could carry."""
    build(email)
    to: dict[str, Any] = {"to": [_address("to_address", email.to_name, email.to_address)]}
    if copies := copied(email):
        to["cc"] = [{"email": copy.addr_spec} for copy in copies]
    content = [{"type": "text/plain", "value": email.text}]
    if email.html:
        content.append({"type": "text/html", "value": email.html})
    body: dict[str, Any] = {
        "personalizations": [to],
        "from": _address("from_address", email.from_name, email.from_address),
        "subject": email.subject,
        "content": content,
        # SendGrid writes the Date itself.
        "headers": {name: value for name, value in extra_headers(email).items() if name.lower() != "date"},
        "custom_args": {_OUTREACH: email.key, **({_COVERS: email.covers} if email.covers else {})},
        # Rewritten pay links look like phishing, open pixels need consent, and the subscription footer is for newsletters.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
            "ganalytics": {"enable": False},
        },
    }
    if email.reply_to:
        body["reply_to"] = _address("reply_to", "", email.reply_to)
    if email.attachments:
        body["attachments"] = [
            {"content": base64.b64encode(part.content).decode(), "type": part.media_type, "filename": part.name, "disposition": "attachment"}
            for part in email.attachments
        ]
    return body


def _address(where: str, name: str, address: str) -> dict[str, str]:
    parsed = mailbox(where, name, address)
    return {"email": parsed.addr_spec, "name": parsed.display_name} if parsed.display_name else {"email": parsed.addr_spec}


def _between(begin: datetime, end: datetime) -> str:
    return f'last_event_time BETWEEN TIMESTAMP "{begin:%Y-%m-%dT%H:%M:%SZ}" AND TIMESTAMP "{end:%Y-%m-%dT%H:%M:%SZ}"'


def _request_of(message: str) -> str:
    """The X-Message-Id of the request that a message in the log belongs to, which begins its id there."""
    for mark in (".recvd-", ".filter"):
        message = message.partition(mark)[0]
    return message


def _read_sent(told: dict[str, Any]) -> Sent:
    try:
        ours = told.get("unique_args") or {}
        ours = json.loads(ours) if isinstance(ours, str) else ours
        moments = [datetime.fromisoformat(event["processed"]) for event in told.get("events", ()) if event.get("processed")]
        # A message nothing is told of yet was accepted a moment ago.
        at = min(moments, default=datetime.now(UTC))
        return Sent(at, str(ours.get(_OUTREACH, "")), str(ours.get(_COVERS, "")), told["to_email"], told["subject"], _request_of(told["msg_id"]))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnableToReadSent(f"SendGrid's log tells of a message in a form that cannot be read: {error!r}") from None


def _wait_for(headers: Any) -> float:
    try:
        return min(max(float(headers["Retry-After"]), 1.0), _LONGEST_WAIT_SECONDS)
    except (KeyError, TypeError, ValueError):
        return 10.0  # six requests a minute


def _sort_answer(status: int, body: bytes) -> Outcome:
    said = f"SendGrid answered {status}{_complaint(body)}"
    if status in (401, 403):
        return Refused(f"{said}; the API key must be fixed: it needs the right to send mail, from a verified sender", try_again=True)
    if status == 429:
        return Refused(f"{said}; too many requests at once", try_again=True)
    if 400 <= status < 500:
        return Refused(said, try_again=False)
    return Unknown(said)


def _complaint(body: bytes) -> str:
    try:
        complaints = [str(error["message"]) for error in json.loads(body)["errors"]]
    except (ValueError, LookupError, TypeError):
        return ""
    return ": " + "; ".join(complaints)[:300]


def _sort_connection(error: URLError) -> Outcome:
    # The client wraps what fails while connecting, but also while the request is written. Only these prove that it never was.
    reason = error.reason
    if isinstance(reason, (ConnectionRefusedError, socket.gaierror)) or (isinstance(reason, OSError) and reason.errno in _NO_ROUTE):
        return Refused(f"SendGrid could not be reached: {reason}", try_again=True)
    if isinstance(reason, ssl.SSLError) and not isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
        return Refused(f"no secure connection to SendGrid: {reason}", try_again=True)
    return Unknown(f"the connection to SendGrid broke: {reason}")
