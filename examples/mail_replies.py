"""Mails that customers write to us, brought as SendGrid's Inbound Parse does: the raw mail in a form, sealed, again until it is taken."""

from __future__ import annotations

import asyncio
import base64
import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, make_msgid

import httpx
from pydantic import BaseModel, ConfigDict, Field

from examples.append_log import Log, present
from examples.mail_events import Mail, Teller

_TRIES = 15
_LONGEST_PAUSE_SECONDS = 5.0


class Enclosure(BaseModel):
    """A file in a mail; ``content`` is base64."""

    model_config = ConfigDict(extra="forbid")
    name: str
    media_type: str = "application/pdf"
    content: str


class Reply(BaseModel):
    """What somebody writes to us. ``key``: it answers that accepted mail, and takes from it what is not given here.

    ``raw``: a whole mail, as it is.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    key: str = ""
    sender: str = Field(default="", alias="from")
    to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    quote: bool = True
    headers: dict[str, str] = {}
    enclosed: tuple[Enclosure, ...] = ()
    raw: str = ""
    copies: int = Field(default=1, ge=1, le=100)


class UnableToReply(ValueError):
    """There is nothing to answer, or nobody to write to; the message says which."""


class Postman:
    """Brings mails to one address, with the seal of ``teller``'s key."""

    def __init__(self, teller: Teller, log: Log) -> None:
        self.url = ""
        self._teller, self._log = teller, log
        self._client = httpx.AsyncClient(timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def bring(self, reply: Reply, accepted: list[Mail]) -> str:
        """Write it and have it brought; its Message-ID. Raises UnableToReply."""
        written = reply.raw.encode() if reply.raw else _write(reply, _answered(reply, accepted))
        headers = message_from_bytes(written)
        form = {name: str(headers[name] or "") for name in ("from", "to", "subject")}
        origin = str(headers["Message-ID"] or "")
        self._log.write_to_disk("incoming", sender=form["from"], to=form["to"], message_id=origin, size=len(written))
        for _ in range(reply.copies if self.url else 0):
            self._teller.begin(self._deliver(form, written, origin))
        return origin

    async def _deliver(self, headers: dict[str, str], written: bytes, origin: str) -> None:
        form = {
            **headers,
            "sender_ip": "192.0.2.26",
            "envelope": json.dumps({"to": [_address(headers["to"])], "from": _address(headers["from"])}),
            "charsets": json.dumps({"to": "UTF-8", "from": "UTF-8", "subject": "UTF-8"}),
            "dkim": "{@customer.example : pass}",
            "SPF": "pass",
            "spam_score": "0.1",
        }
        for attempt in range(_TRIES):
            request = self._client.build_request("POST", self.url, data=form, files={"email": (None, written)})
            request.headers.update(self._teller.seal(request.read()))
            try:
                status = (await self._client.send(request)).status_code
            except httpx.HTTPError as error:
                self._log.write("brought", attempt=attempt + 1, failed=type(error).__name__, message_id=origin)
            else:
                self._log.write("brought", attempt=attempt + 1, status=status, message_id=origin)
                if status < 500:
                    return
            await asyncio.sleep(min(0.2 * 2**attempt, _LONGEST_PAUSE_SECONDS))
        self._log.write("incoming given up", message_id=origin)


def _answered(reply: Reply, accepted: list[Mail]) -> Mail | None:
    if not reply.key:
        return None
    for mail in reversed(accepted):
        if mail.key == reply.key:
            return mail
    raise UnableToReply(f"key: no mail {reply.key!r} was accepted")


def _write(reply: Reply, answered: Mail | None) -> bytes:
    if not answered and not (reply.sender and reply.to):
        raise UnableToReply("from and to: say who writes to whom, or which mail is answered with key")
    message, text = EmailMessage(policy=SMTP), reply.text
    message["From"] = reply.sender or _address(answered.to if answered else "")
    message["To"] = reply.to or _address((answered.reply_to or answered.sender) if answered else "")
    message["Subject"] = reply.subject or (f"Re: {answered.subject.removeprefix('Re: ')}" if answered else "")
    message["Message-ID"], message["Date"] = make_msgid(domain="customer.example"), format_datetime(present())
    if answered:
        message["In-Reply-To"] = message["References"] = answered.origin
        if reply.quote:
            quoted = "\n".join(f"> {line}" for line in answered.text.splitlines())
            text = f"{text}\n\nOn {present():%a, %d %b %Y at %H:%M}, {answered.sender} wrote:\n\n{quoted}\n"
    for name, value in reply.headers.items():
        message[name] = value
    message.set_content(text)
    if reply.html:
        message.add_alternative(reply.html, subtype="html")
    for file in reply.enclosed:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(base64.b64decode(file.content), maintype=main, subtype=sub, filename=file.name)
    return bytes(message)


def _address(written: str) -> str:
    return next((address for _, address in getaddresses([written]) if address), "")
