"""SMTP: any mail server. It gives no receipts, so what it accepts is presumed delivered by rule, not known to be."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from integrations.messaging import Accepted, Email, Outcome, Refused, Unknown
from integrations.messaging.mime import UnableToWrite, build, copied, mailbox

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_EXAMPLE = "write it as smtps://user:password@mail.example:465 or smtp://user:password@mail.example:587?starttls=1"
_QUEUED_AS = re.compile(rb"queued as <?([^\s>]+)", re.IGNORECASE)

_log = logging.getLogger(__name__)


class UnableToConnect(ValueError):
    """A mail server address that cannot be used; the message tells how to write it."""


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """One connection per message; ``timeout`` in seconds applies to every exchange on it."""

    host: str
    port: int
    encryption: Literal["tls", "starttls", "none"]
    user: str
    password: str = field(repr=False)
    timeout: float
    name: str = "smtp"

    def send(self, email: Email) -> Outcome:
        try:
            content = bytes(build(email))
        except UnableToWrite as error:
            return Refused(str(error), try_again=False)
        try:
            with closing(self._open(email)) as server:
                self._offer(server, email, len(content))
                server.send(re.sub(rb"(?m)^\.", b"..", content))
                # Until the closing dot the server must throw away what it has; from here on nobody can say.
                return _close_message(server, email)
        except smtplib.SMTPAuthenticationError as error:
            return Refused(f"the mail server refused the user name or password ({_reply(error)}); correct them in the SMTP setting", try_again=True)
        except smtplib.SMTPNotSupportedError as error:
            return Refused(f"the mail server cannot do what the SMTP setting asks: {error}; check port, starttls and user", try_again=True)
        except smtplib.SMTPResponseException as error:
            return Refused(f"the mail server refused: {_reply(error)}", try_again=not 500 <= error.smtp_code < 600)
        except (smtplib.SMTPException, OSError) as error:
            return Refused(f"the mail server {self.host}:{self.port} could not be used: {error or type(error).__name__}", try_again=True)

    def _open(self, email: Email) -> smtplib.SMTP:
        # The sender's domain as our name: asking the machine for its own may hang for minutes on a broken resolver.
        hello = mailbox("from_address", "", email.from_address).domain
        if self.encryption == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, hello, timeout=self.timeout, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, hello, timeout=self.timeout)

    def _offer(self, server: smtplib.SMTP, email: Email, size: int) -> None:
        """Everything up to the server's "go ahead"; raises an SMTPException or OSError when it does not come."""
        if self.encryption == "starttls":
            server.starttls(context=ssl.create_default_context())
        server.ehlo_or_helo_if_needed()
        if self.user:
            server.login(self.user, self.password)
        sender = mailbox("from_address", "", email.from_address).addr_spec
        _expect(2, server.mail(sender, [f"SIZE={size}"] if server.has_extn("size") else []))
        _expect(2, server.rcpt(mailbox("to_address", "", email.to_address).addr_spec))
        for copy in copied(email):
            code, _ = server.rcpt(copy.addr_spec)
            if code // 100 != 2:
                # A copy that cannot be delivered must not keep the customer from hearing.
                _log.warning("mail %s goes without one of its copies: the mail server answered %s", email.key, code)
        _expect(3, server.docmd("DATA"))


def connect(url: str, *, timeout: float = 10.0) -> SmtpMailer:
    """A mailer for ``smtp://user:password@host:port?starttls=1`` or ``smtps://…``; no connection is made yet.

    Special characters in user and password are percent-encoded. Raises UnableToConnect.
    """
    parts = urlsplit(url)
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise UnableToConnect(f"the SMTP setting has no smtp:// or smtps:// with a host; {_EXAMPLE}")
    if options.keys() - {"starttls"} or options.get("starttls", ["1"]) not in (["1"], ["0"]) or parts.path not in {"", "/"}:
        raise UnableToConnect(f"the SMTP setting holds more than starttls=1 after the host; {_EXAMPLE}")
    try:
        port = parts.port
    except ValueError:
        raise UnableToConnect(f"the port of the SMTP setting is not a number up to 65535; {_EXAMPLE}") from None
    encryption: Literal["tls", "starttls", "none"] = "none"
    if parts.scheme == "smtps":
        encryption = "tls"
    elif options.get("starttls") == ["1"]:
        encryption = "starttls"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise UnableToConnect("user and password of the SMTP setting must be ASCII; set others at the mail server")
    if user and encryption == "none" and parts.hostname not in _LOOPBACK:
        raise UnableToConnect(f"the SMTP setting would send the password unencrypted; {_EXAMPLE}")
    return SmtpMailer(parts.hostname, port or {"tls": 465, "starttls": 587, "none": 25}[encryption], encryption, user, password, timeout)


def _close_message(server: smtplib.SMTP, email: Email) -> Outcome:
    try:
        server.send(b".\r\n")
        code, answer = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Unknown(f"the mail server had the whole message but did not answer: {error or type(error).__name__}")
    said = answer.decode(errors="replace")[:300]
    if code // 100 == 2:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        queued = _QUEUED_AS.search(answer)
        return Accepted(provider_id=queued[1].decode(errors="replace") if queued else email.message_id)
    if code // 100 in (4, 5):
        return Refused(f"the mail server refused the message: {code} {said}", try_again=code < 500)
    return Unknown(f"the mail server had the whole message and answered with neither yes nor no: {code} {said}")


def _expect(kind: int, answer: tuple[int, bytes]) -> None:
    code, said = answer
    if code // 100 != kind:
        raise smtplib.SMTPResponseException(code, said)


def _reply(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return f"{error.smtp_code} {said}"[:300]
