"""The mail server of the pretend mail provider. It needs aiosmtpd, which only the development requirements bring."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from examples.mail_events import Mail
from examples.misfortunes import LONGEST_DYING_SECONDS, Verdict

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Entrance:
    """Hands every mail on, and gives its verdict the shape of an answer to the closing dot.

    A 5xx of SendGrid and its 429 become 451 (later, perhaps), another refusal 550 (never). A mail server that refuses has
    the mail not, by the protocol; so "accept and fail" becomes an answer that is neither yes nor no.
    """

    def __init__(self, take: Callable[[Mail, str], Awaitable[Verdict]]) -> None:
        self._take = take
        self._under_way: set[asyncio.Task[str]] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        task = asyncio.get_running_loop().create_task(self._treat(server, session, envelope))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        # A sender that hangs up cancels this; the mail, which was read, is treated all the same.
        return await asyncio.shield(task)

    async def _treat(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = _read(envelope.content, envelope.rcpt_tos)
        verdict = await self._take(mail, str(session.auth_data or ""))
        if verdict.answer == "yes":
            return f"250 2.0.0 Ok: queued as {mail.message_id}"
        if verdict.answer == "no":
            return "451 4.3.0 as ordered" if verdict.status >= 500 or verdict.status == 429 else "550 5.7.1 as ordered"
        if verdict.answer == "error":
            return "399 as ordered"
        if verdict.answer == "killed":
            await _left(server)
        if isinstance(server.transport, asyncio.Transport):
            if verdict.answer == "half":
                server.transport.write(b"25")
                server.transport.close()
            else:
                server.transport.abort()
        return "250 never heard"


async def _left(server: SMTP) -> None:
    for _ in range(int(LONGEST_DYING_SECONDS / 0.01)):
        if not server.transport or server.transport.is_closing():
            return
        await asyncio.sleep(0.01)


def _read(content: bytes, recipients: list[str]) -> Mail:
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    origin = str(message["Message-ID"] or "").strip()
    return Mail(
        via="smtp",
        key=origin.strip("<>").rpartition("@")[0],
        to=recipients[0] if recipients else "",
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        text=body.get_content().replace("\r\n", "\n") if body else "",
        origin=origin,
        reply_to=str(message["Reply-To"] or ""),
    )


async def serve_mail(listener: socket.socket, take: Callable[[Mail, str], Awaitable[Verdict]]) -> asyncio.Server:
    """A mail server on ``listener`` that hands every mail, and its sender's user name, to ``take``. Any password will do, and none."""
    from aiosmtpd.smtp import SMTP, AuthResult

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=True, auth_data=given.login.decode(errors="replace"))

    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of its own ways at every login
    loop = asyncio.get_running_loop()
    entrance = Entrance(take)

    def connection() -> Any:
        return SMTP(entrance, hostname="mail.example", authenticator=authenticate, auth_require_tls=False, loop=loop)

    return await loop.create_server(connection, sock=listener)
