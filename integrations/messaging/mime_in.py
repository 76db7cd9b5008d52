"""A received mail (RFC 5322 and MIME) as a message to us. Reads whatever it is given: nothing that was sent to us is lost to bad form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.header import Header, decode_header
from email.message import Message
from email.utils import getaddresses

from domain.incoming import Bounced, Enclosed, Incoming
from integrations.messaging.html_text import read_html
from integrations.messaging.quotes import own_words

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_TOGETHER = 20 * 1024 * 1024
_MOST_PARTS = 200
_LONGEST_TEXT = 500_000
# What tells machines from people, and what tells where an answer should go.
_TELLING = (
    *("auto-submitted", "x-autoreply", "x-autorespond", "x-auto-response-suppress", "precedence", "list-id", "list-unsubscribe"),
    *("return-path", "reply-to", "x-failed-recipients", "authentication-results", "content-type", "importance"),
)
_MESSAGE_ID = re.compile(r"<[^\s<>]{1,900}>")
_QUOTED_ID = re.compile(r"^[>\s]*message-id:\s*(<[^\s<>]{1,900}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_RETURNED = re.compile(r"undeliver|delivery (status|failure)|returned mail|mail delivery failed|failure notice|unzustellbar|nicht zugestellt", re.IGNORECASE)
_DAEMON = re.compile(r"(mailer-daemon|postmaster)(@|$)", re.IGNORECASE)
_UNREADABLE = "(This mail could not be read here. It is in the mailbox, where a mail program shows it.)"


def read_mail(raw: bytes, *, source: str, source_id: str, received_at: datetime, from_us: bool = False) -> Incoming:
    """The mail as a message. Never raises: of one that cannot be read a message says so, for a person to look at."""
    try:
        return _read(message_from_bytes(raw, policy=policy.compat32), raw, source, source_id, received_at, from_us)
    except Exception:  # whatever is wrong with this mail, it is no reason to lose it or to read no other
        return _outline(raw, source, source_id, received_at, from_us)


def _outline(raw: bytes, source: str, source_id: str, received_at: datetime, from_us: bool) -> Incoming:
    """A mail of which no more than a few headers can be read."""
    head = raw[:20_000].decode("utf-8", "replace").partition("\r\n\r\n")[0]
    sender = re.search(r"^from:.*?([^\s<>\"]+@[^\s<>\"]+)", head, re.IGNORECASE | re.MULTILINE)
    subject = re.search(r"^subject:(.*)$", head, re.IGNORECASE | re.MULTILINE)
    ids = _MESSAGE_ID.findall(" ".join(re.findall(r"^(?:in-reply-to|references):(.*)$", head, re.IGNORECASE | re.MULTILINE)))
    return Incoming(
        source=source,
        source_id=source_id,
        channel="email",
        received_at=received_at,
        sender=sender.group(1) if sender else "",
        to=(),
        text=_UNREADABLE,
        subject=subject.group(1).strip() if subject else "",
        message_id=_made_up_id(raw),
        references=tuple(ids),
        from_us=from_us,
    )


def _read(mail: Message, raw: bytes, source: str, source_id: str, received_at: datetime, from_us: bool) -> Incoming:
    text, enclosed = _contents(mail)
    sender_name, sender = next(iter(_addresses(mail, "From")), ("", ""))
    ids = _MESSAGE_ID.findall(_header(mail, "Message-ID"))
    thread = dict.fromkeys(_MESSAGE_ID.findall(f"{_header(mail, 'References')} {_header(mail, 'In-Reply-To')}"))
    return Incoming(
        source=source,
        source_id=source_id,
        channel="email",
        received_at=received_at,
        sender=sender,
        to=tuple(dict.fromkeys(address for name in ("To", "Cc", "Delivered-To", "X-Original-To") for _, address in _addresses(mail, name))),
        text=text,
        subject=_header(mail, "Subject"),
        sender_name=sender_name,
        message_id=ids[0] if ids else _made_up_id(raw),
        references=tuple(thread),
        headers=tuple((name, value) for name in _TELLING if (value := _header(mail, name))),
        enclosed=enclosed,
        from_us=from_us,
        bounced=_bounced(mail, sender, text),
        own_words=own_words(text),
    )


def _contents(mail: Message) -> tuple[str, tuple[Enclosed, ...]]:
    """The words of the mail, and the files that came with it. Of two forms of the same words the plain one counts."""
    plain: list[str] = []
    rich: list[str] = []
    files: list[Enclosed] = []
    room = LARGEST_TOGETHER
    for part in _leaves(mail):
        kind, name = part.get_content_type(), part.get_filename()
        is_file = part.get_content_disposition() == "attachment" or bool(name)
        if kind in ("text/plain", "text/html") and not is_file:
            (plain if kind == "text/plain" else rich).append(_text(part))
        elif is_file or kind == "message/rfc822" or part.get_content_maintype() not in ("text", "message"):
            content = part.get_payload(decode=True)
            content = content if isinstance(content, bytes) else part.as_bytes()
            fits = len(content) <= min(room, LARGEST_FILE)
            room -= len(content) if fits else 0
            files.append(Enclosed(_decoded(name or f"file.{kind.rpartition('/')[2]}"), kind, content if fits else b"", len(content)))
    written = "\n\n".join(one.strip() for one in plain if one.strip())
    return (written or "\n\n".join(read_html(one) for one in rich).strip())[:_LONGEST_TEXT], tuple(files)


def _leaves(mail: Message) -> Iterator[Message]:
    """The parts that hold something, outermost first; a mail enclosed in a mail is one of them."""
    waiting, seen = [mail], 0
    while waiting and seen < _MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [one for one in payload if isinstance(one, Message)]
        else:
            yield part


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset() or "utf-8")
    return _guess(raw, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")


def _guess(raw: bytes, charset: str) -> str:
    """Text in the encoding it claims to be in; else in the one it looks like."""
    for name in (charset, "utf-8", "cp1252"):
        try:
            return raw.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", "replace")


def _header(mail: Message, name: str) -> str:
    value = mail.get(name)
    return _decoded(value) if value is not None else ""


def _decoded(value: object) -> str:
    """A header's words on one line. Encoded words in an encoding that does not exist are shown as they can be."""
    try:
        pieces = decode_header(value if isinstance(value, (str, Header)) else str(value))
    except (ValueError, LookupError):
        pieces = [(str(value), None)]
    text = "".join(
        piece if isinstance(piece, str) else _guess(piece, charset if charset and charset != "unknown-8bit" else "utf-8") for piece, charset in pieces
    )
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _addresses(mail: Message, name: str) -> list[tuple[str, str]]:
    """Name and address of everybody in a header. The address is taken from the raw header, so that no name can pose as one."""
    raw = [value if isinstance(value, str) else str(value) for value in mail.get_all(name, [])]
    return [(_decoded(shown), address.strip()) for shown, address in getaddresses(raw) if "@" in address]


def _bounced(mail: Message, sender: str, text: str) -> tuple[Bounced, ...]:
    """What a mail server reports of messages of ours, if that is what it is."""
    quoted = _quoted_id(mail)
    reports = [part for part in _walk(mail) if part.get_content_type() == "message/delivery-status"]
    if reports:
        blocks = [
            block for report in reports for block in (report.get_payload() if isinstance(report.get_payload(), list) else []) if isinstance(block, Message)
        ]
        told = [block for block in blocks if block.get("Action") or block.get("Status")]
        return tuple(
            Bounced(
                recipient=_after_type(_header(block, "Final-Recipient") or _header(block, "Original-Recipient")),
                status="".join(_STATUS.findall(_header(block, "Status"))[:1]),
                action=_header(block, "Action").lower(),
                said=_after_type(_header(block, "Diagnostic-Code"))[:500],
                message_id=quoted,
            )
            for block in told[:50]
        )
    failed = _header(mail, "X-Failed-Recipients")
    if failed or (_DAEMON.match(sender) and _RETURNED.search(f"{_header(mail, 'Subject')}\n{text[:2000]}")):
        found = _QUOTED_ID.search(text)
        status = "".join(_STATUS.findall(text)[:1])
        return (Bounced(failed.partition(",")[0].strip(), status, "failed", text.strip()[:300], quoted or (found.group(1) if found else "")),)
    return ()


def _quoted_id(mail: Message) -> str:
    """The id of the message that a report brings back, whole or its headers only."""
    for part in _walk(mail):
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message) and (found := _MESSAGE_ID.findall(_header(inner[0], "Message-ID"))):
                return str(found[0])
        elif part.get_content_type() == "text/rfc822-headers" and (quoted := _QUOTED_ID.search(_text(part))):
            return quoted.group(1)
    return ""


def _walk(mail: Message) -> Iterator[Message]:
    yield mail
    payload = mail.get_payload()
    if mail.get_content_maintype() == "multipart" and isinstance(payload, list):
        yield from (part for part in payload if isinstance(part, Message))


def _after_type(value: str) -> str:
    """``rfc822; ann@c.example`` without what kind of address it is."""
    return value.partition(";")[2].strip() if ";" in value else value


def _made_up_id(raw: bytes) -> str:
    """An id for a mail that has none, the same whenever and wherever it is read."""
    return f"<{hashlib.sha256(raw).hexdigest()[:32]}@no-message-id.invalid>"
