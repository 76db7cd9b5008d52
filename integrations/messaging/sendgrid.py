"""SendGrid, through its official client.

SendGrid takes no idempotency key, so one call makes at most one request, and every answer is sorted by whether
SendGrid can have the message. The only thing of ours it is told to keep is the opaque outreach key.
"""

from __future__ import annotations

import base64
import errno
import http.client
import json
import logging
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from integrations.messaging import Accepted, Email, Outcome, Refused, Unknown
from integrations.messaging.mime import UnableToWrite, build, copied, extra_headers, mailbox

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH}


class UnableToConnect(ValueError):
    """A SendGrid setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class SendGridMailer:
    """``timeout`` in seconds applies to connecting and to every read."""

    api_key: str = field(repr=False)
    host: str
    timeout: float
    name: str = "sendgrid"

    def send(self, email: Email) -> Outcome:
        try:
            body = request_body(email)
        except UnableToWrite as error:
            return Refused(str(error), try_again=False)
        # A client for each mail: it keeps the headers of earlier calls, and it is not made for threads.
        client = SendGridAPIClient(self.api_key, host=self.host).client
        client.timeout = self.timeout
        try:
            response = client.mail.send.post(request_body=body)
        except HTTPError as error:
            return _sort_answer(int(error.status_code), error.body)
        except URLError as error:
            return _sort_connection(error)
        except (OSError, http.client.HTTPException) as error:
            return Unknown(f"SendGrid did not answer: {error or type(error).__name__}")
        provider_id = response.headers.get("X-Message-Id")
        if response.status_code // 100 == 2 and provider_id:
            return Accepted(provider_id=provider_id)
        return Unknown(f"SendGrid answered {response.status_code} without a message id")


def connect(api_key: str, *, host: str = "https://api.sendgrid.com", timeout: float = 10.0) -> SendGridMailer:
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
    return SendGridMailer(api_key.strip(), host.rstrip("/"), timeout)


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
        "custom_args": {"dunwell_outreach": email.key},
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
