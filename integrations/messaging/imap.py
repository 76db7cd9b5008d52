"""IMAP: reads what arrived in a mailbox, and what was sent from it. It only looks: nothing there is marked, moved or deleted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError
from pydantic import BaseModel, ConfigDict, Field

from domain.incoming import Incoming
from integrations.messaging.mime_in import read_mail
from integrations.messaging.oauth import TokenSource, UnableToGetToken

LARGEST_MAIL = 30 * 1024 * 1024
_AT_ONCE = 50
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_EXAMPLE = "write it as imaps://user:password@mail.example:993 or imap://user:password@mail.example:143?starttls=1"
_SENT_NAMES = ("Sent", "Sent Items", "Sent Messages", "Gesendet", "INBOX.Sent", "Gesendete Objekte", "Gesendete Elemente")
# Where each service keeps its mail and gives out its tokens: server, token address, scope.
_SERVICES = {
    "microsoft": ("outlook.office365.com", "https://login.microsoftonline.com/common/oauth2/v2.0/token", "https://outlook.office.com/IMAP.AccessAsUser.All"),
    "google": ("imap.gmail.com", "https://oauth2.googleapis.com/token", ""),
}


class UnableToReadMailbox(Exception):
    """A mailbox that cannot be read now, or not as it is set up; the message tells why and the remedy."""


class MailboxForm(BaseModel):
    """A mailbox as it is written in sellers.yaml. Secrets may be written as env:NAME."""

    model_config = ConfigDict(extra="forbid")

    user: str = Field(min_length=1)
    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    password: str = Field(default="", repr=False)
    folder: str = "INBOX"
    sent: str = ""
    service: Literal["", "microsoft", "google"] = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    scope: str = ""
    token_command: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail, with how far its folder has been read once it is kept."""

    uid_validity: int
    uid: int
    message: Incoming


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that can be read. ``sent`` is the folder of sent mail; empty: the one the server says it is.

    ``timeout`` in seconds applies to every exchange with the server.
    """

    user: str
    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    sent: str = ""
    tokens: TokenSource | None = field(default=None, repr=False)
    timeout: float = 30

    @property
    def source(self) -> str:
        """What it is called where its mails are kept."""
        return f"imap:{self.user}@{self.host}"[:200]

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A session with the server. Raises UnableToReadMailbox, also for what goes wrong inside."""
        where = f"{self.user} at {self.host}:{self.port}"
        try:
            client = self._connect()
        except (OSError, IMAPClientError) as error:
            raise UnableToReadMailbox(f"{where}: the server could not be reached: {_say(error)}; check host, port and security of the mailbox") from None
        try:
            self._log_in(client, where)
            yield Session(self, client)
        except (OSError, IMAPClientError) as error:
            raise UnableToReadMailbox(f"{where}: {_say(error)}") from None
        finally:
            with suppress(Exception):  # whatever is wrong with a connection that is over
                client.logout()

    def _connect(self) -> IMAPClient:
        context = ssl.create_default_context() if self.security != "none" else None
        patience = SocketTimeout(connect=min(self.timeout, 15), read=self.timeout)
        client = IMAPClient(self.host, self.port, use_uid=True, ssl=self.security == "tls", ssl_context=context, timeout=patience)
        client.normalise_times = False
        if self.security == "starttls":
            client.starttls(context)
        return client

    def _log_in(self, client: IMAPClient, where: str) -> None:
        try:
            if self.tokens:
                client.oauth2_login(self.user, self.tokens.get())
            else:
                client.login(self.user, self.password)
        except UnableToGetToken as error:
            raise UnableToReadMailbox(f"{where}: {error}") from None
        except IMAPClientError as error:
            what = "the access token" if self.tokens else "the user name or password"
            raise UnableToReadMailbox(f"{where}: the server refused {what} ({_say(error)}); correct it in the mailbox's settings") from None


@dataclass(frozen=True, slots=True)
class Session:
    """An open mailbox."""

    mailbox: Mailbox
    client: Any

    def check(self, folder: str) -> None:
        """Returns when ``folder`` can be read. Raises UnableToReadMailbox, as the session does."""
        self.client.select_folder(folder, readonly=True)

    def find_sent(self) -> str:
        """The folder in which sent mail is kept; empty when there is none that can be told."""
        if self.mailbox.sent:
            return self.mailbox.sent
        folders = self.client.list_folders()
        marked = next((name for flags, _, name in folders if any(flag.lower() == b"\\sent" for flag in flags)), "")
        names = {name.casefold(): name for _, _, name in folders}
        return str(marked or next((names[one.casefold()] for one in _SENT_NAMES if one.casefold() in names), ""))

    def read(self, folder: str, uid_validity: int, high_water: int, since: date, *, from_us: bool = False) -> Iterator[Fetched]:
        """What is in ``folder`` beyond ``high_water``, oldest first. Where that is not known, or not valid any more, what came
        since that day."""
        there = self.client.select_folder(folder, readonly=True)
        valid = int(there.get(b"UIDVALIDITY", 0))
        goes_on = valid == uid_validity and high_water > 0
        found = self.client.search(["UID", f"{high_water + 1}:*"] if goes_on else ["SINCE", since])
        # A range up to * always holds the last mail, also when that has been read.
        uids = sorted(uid for uid in found if not goes_on or uid > high_water)
        for start in range(0, len(uids), _AT_ONCE):
            part = uids[start : start + _AT_ONCE]
            sizes = self.client.fetch(part, ["RFC822.SIZE", "INTERNALDATE"])
            for uid in part:
                if uid in sizes:  # else somebody has deleted it since
                    yield from self._fetch(folder, valid, uid, sizes[uid], from_us)

    def _fetch(self, folder: str, valid: int, uid: int, known: dict[bytes, Any], from_us: bool) -> Iterator[Fetched]:
        size = int(known.get(b"RFC822.SIZE", 0))
        what = "BODY.PEEK[]" if size <= LARGEST_MAIL else "BODY.PEEK[HEADER]"
        answer = self.client.fetch([uid], [what]).get(uid)
        if answer is None:
            return
        raw = answer.get(what.replace(".PEEK", "").encode()) or b""
        if size > LARGEST_MAIL:
            raw = b"%s\r\n(This mail of %d bytes is too large to be kept here; read it in the mailbox.)\r\n" % (_plain(raw), size)
        at = known.get(b"INTERNALDATE")
        received_at = at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else datetime.fromtimestamp(0, UTC)
        source_id = f"{folder}/{valid}/{uid}"
        yield Fetched(valid, uid, read_mail(raw, source=self.mailbox.source, source_id=source_id, received_at=received_at, from_us=from_us))


def connect(form: MailboxForm, *, timeout: float = 30) -> Mailbox:
    """The mailbox that ``form`` describes, its secrets already read. Raises UnableToReadMailbox naming the field and the remedy."""
    host, token_url, scope = _SERVICES.get(form.service, ("", "", ""))
    host, token_url, scope = form.host or host, form.token_url or token_url, form.scope or scope
    if not host:
        raise UnableToReadMailbox("host: is empty; write the name of the IMAP server, or service: microsoft or google")
    if form.security == "none" and host not in _LOOPBACK:
        raise UnableToReadMailbox("security: none would send the password in the clear; write tls or starttls")
    tokens = None
    if form.token_command or form.refresh_token or form.client_id:
        if not form.token_command and not (token_url and form.client_id):
            raise UnableToReadMailbox("client_id: OAuth needs client_id, token_url (or service) and refresh_token, or token_command")
        tokens = TokenSource(token_url, form.client_id, form.client_secret, form.refresh_token, scope, form.token_command)
    elif not form.password:
        raise UnableToReadMailbox("password: is empty; write env:NAME to read it from the environment, or set up OAuth")
    port = form.port or (993 if form.security == "tls" else 143)
    return Mailbox(form.user, host, port, form.security, form.password, form.folder, form.sent, tokens, timeout)


def read_url(url: str) -> MailboxForm:
    """The mailbox in ``imaps://user:password@host:993/FOLDER?sent=NAME``. Raises UnableToReadMailbox."""
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        raise UnableToReadMailbox(f"is not an address; {_EXAMPLE}") from None
    options = parse_qs(parts.query)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise UnableToReadMailbox(f"is not the address of a mailbox; {_EXAMPLE}")
    if unknown := sorted(set(options) - {"starttls", "sent"}):
        raise UnableToReadMailbox(f"has an unknown option {unknown[0]!r}; there are starttls and sent")
    starttls = options.get("starttls", ["0"])[0] not in ("0", "")
    return MailboxForm(
        user=unquote(parts.username),
        host=parts.hostname,
        port=port,
        security="tls" if parts.scheme == "imaps" else "starttls" if starttls else "none",
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        sent=options.get("sent", [""])[0],
    )


def _plain(head: bytes) -> bytes:
    """Headers for a body that says in plain text what is missing."""
    kept, skipping = [], False
    for line in head.rstrip(b"\r\n").split(b"\r\n"):
        if not line[:1].isspace():
            skipping = line.lower().startswith((b"content-", b"mime-version"))
        if not skipping:
            kept.append(line)
    return b"\r\n".join(kept) + b"\r\n"


def _say(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said[:300] or type(error).__name__
