"""One e-mail as an RFC 5322 message: built the same way, with the same headers, whoever carries it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

from integrations.messaging import Email

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])|localhost")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_MEDIA_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_OURS = {
    *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "message-id", "in-reply-to", "references"),
    *("x-dunwell-covers", "auto-submitted", "x-auto-response-suppress", "mime-version", "received", "return-path", "dkim-signature"),
}
_LINE = 78
COVERS_HEADER = "X-Dunwell-Covers"


class UnableToWrite(ValueError):
    """A field that cannot stand in an e-mail; ``field`` names it and the message tells the remedy."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class _Verbatim:
    """A header whose words are ids and URLs: broken between words only, since an encoded id matches nothing."""

    max_count = 1
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["decoded"], kwds["parse_tree"] = value, None

    def fold(self, *, policy: EmailPolicy) -> str:
        lines = [f"{self.name}:"]
        for word in str(self).split():
            if len(lines[-1]) + 1 + len(word) > _LINE and not lines[-1].endswith(":"):
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry(default_class=_Verbatim)  # type: ignore[arg-type]
    registry.map_to_type("message-id", _Verbatim)  # type: ignore[arg-type]
    return registry


_WIRE = SMTP.clone(header_factory=_registry())


def build(email: Email) -> EmailMessage:
    """The message as it goes over the wire: ``bytes(message)`` is 7-bit clean with CRLF line ends.

    The same e-mail always gives the same bytes, its Date apart, which is the present moment unless ``email.headers``
    brings one. Raises UnableToWrite naming the field.
    """
    message = EmailMessage(policy=_WIRE)
    message["From"] = mailbox("from_address", email.from_name, email.from_address)
    message["To"] = mailbox("to_address", email.to_name, email.to_address)
    if copies := copied(email):
        message["Cc"] = copies
    if email.reply_to:
        message["Reply-To"] = mailbox("reply_to", "", email.reply_to)
    message["Subject"] = one_line("subject", email.subject)
    for name, value in extra_headers(email).items():
        message[name] = value
    if email.covers:
        message[COVERS_HEADER] = one_line("covers", email.covers)
    if "Date" not in message:
        message["Date"] = format_datetime(datetime.now(UTC))

    message.set_content(_body("text", email.text), cte="quoted-printable")
    if email.html:
        message.add_alternative(_body("html", email.html), subtype="html", cte="quoted-printable")
    for attachment in email.attachments:
        name = one_line("attachment name", attachment.name)
        if not _MEDIA_TYPE.fullmatch(attachment.media_type):
            raise UnableToWrite(f"attachment {name}", f"{attachment.media_type!r} is not a media type such as application/pdf")
        maintype, _, subtype = attachment.media_type.partition("/")
        params = {"charset": "utf-8"} if maintype == "text" else {}
        message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=name, params=params)

    digest = hashlib.sha256(f"{email.key} {email.message_id}".encode()).hexdigest()[:24]
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        # "=_" never occurs in quoted-printable or base64 text, so no content can end a part early.
        part.set_boundary(f"=_{digest}_{number}")
    return message


def mailbox(field: str, name: str, address: str) -> Address:
    """A validated address, its domain in ASCII. Raises UnableToWrite naming ``field``."""
    name = one_line(field, name) if name else ""
    local, _, domain = one_line(field, address).rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise UnableToWrite(field, f"{address!r} is not an e-mail address such as dana@customer.example; correct it at the contact")
    return Address(display_name=name, username=local, domain=domain)


def copied(email: Email) -> tuple[Address, ...]:
    """Who gets a copy, each once, and never the recipient: providers refuse an address that stands twice."""
    copies: dict[str, Address] = {}
    for address in email.cc:
        copy = mailbox("cc", "", address)
        copies.setdefault(copy.addr_spec.casefold(), copy)
    copies.pop(mailbox("to_address", "", email.to_address).addr_spec.casefold(), None)
    return tuple(copies.values())


def extra_headers(email: Email) -> dict[str, str]:
    """The headers beside sender, recipients and subject: thread, automatic origin, and ``email.headers``.

    Raises UnableToWrite when one is not printable ASCII on one line, or is not the caller's to set.
    """
    headers = {"Message-ID": email.message_id}
    if email.references:
        headers |= {"In-Reply-To": email.references[-1], "References": " ".join(email.references)}
    for field, value in (("message_id", email.message_id), *(("references", each) for each in email.references)):
        if not _MESSAGE_ID.fullmatch(value) or len(value) > 900:
            raise UnableToWrite(field, f"{value!r} is not a message id such as <a1b2@mail.example>")
    headers |= {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    for name, value in email.headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("content-"):
            raise UnableToWrite(f"header {name!r}", "is set by Dunwell or is no header name; leave it out")
        headers[name] = value
    for name, value in headers.items():
        one_line(f"header {name}", value)
        if not value.isascii():
            raise UnableToWrite(f"header {name}", f"{value!r} holds more than ASCII; write it in plain ASCII")
    return headers


def one_line(field: str, value: str) -> str:
    """``value`` itself, when it is one non-empty line of printable characters; else raises UnableToWrite."""
    if not value.strip():
        raise UnableToWrite(field, "is empty; fill it in")
    for character in value:
        # Line ends would start a header of the writer's own choosing; the other controls are never meant either.
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise UnableToWrite(field, f"holds a line break or control character (U+{ord(character):04X}); remove it")
    return value


def _body(field: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnableToWrite(field, f"holds half a character at position {error.start}; remove it") from None
    return value
