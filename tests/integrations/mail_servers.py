"""Servers that take e-mail and can misbehave, on loopback: what a mailer is tested against."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Arrived:
    """One e-mail as its recipient's side sees it, whichever way it came. ``headers`` has lower-case names."""

    to: str
    cc: tuple[str, ...]
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    attachments: tuple[tuple[str, str, bytes], ...]


def read_mail(content: bytes) -> Arrived:
    message = message_from_bytes(content, policy=policy.default)
    return Arrived(
        to=str(message["To"]),
        cc=tuple(address.addr_spec for address in message["Cc"].addresses) if message["Cc"] else (),
        sender=str(message["From"]),
        reply_to=str(message["Reply-To"] or ""),
        subject=str(message["Subject"]),
        text=message.get_body(("plain",)).get_content().replace("\r\n", "\n"),
        html=message.get_body(("html",)).get_content().replace("\r\n", "\n"),
        headers={name.lower(): " ".join(str(value).split()) for name, value in message.items()},
        attachments=tuple((part.get_filename() or "", part.get_content_type(), part.get_content()) for part in message.iter_attachments()),
    )


def read_post(body: dict[str, Any]) -> Arrived:
    def shown(party: dict[str, str]) -> str:
        return f"{party['name']} <{party['email']}>" if "name" in party else party["email"]

    (personal,) = body["personalizations"]
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    return Arrived(
        to=shown(personal["to"][0]),
        cc=tuple(copy["email"] for copy in personal.get("cc", ())),
        sender=shown(body["from"]),
        reply_to=shown(body["reply_to"]) if "reply_to" in body else "",
        subject=body["subject"],
        text=body["content"][0]["value"],
        html=body["content"][1]["value"],
        headers={name.lower(): value for name, value in body["headers"].items()},
        attachments=tuple((part["filename"], part["type"], base64.b64decode(part["content"])) for part in body.get("attachments", ())),
    )


def reset(connection: socket.socket) -> None:
    """Close the hard way: the other side sees "connection reset"."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@dataclass
class PretendSendGrid:
    """Answers ``/v3/mail/send`` as ``answer`` says: a status, ``no id``, ``hang``, ``reset``, ``drop`` or ``garbage``."""

    url: str = ""
    answer: str = "202"
    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def pretend_sendgrid() -> Iterator[PretendSendGrid]:
    world = PretendSendGrid()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v3/mail/send"
            world.headers.append({name.lower(): value for name, value in self.headers.items()})
            world.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if world.answer == "hang":
                world.released.wait(120)
            elif world.answer == "reset":
                reset(self.connection)
            elif world.answer == "garbage":
                self.wfile.write(b"\x00\x01 what?\r\n\r\n")
            elif world.answer != "drop":
                status = 202 if world.answer == "no id" else int(world.answer)
                self.send_response(status)
                if world.answer == "202":
                    self.send_header("X-Message-Id", f"sg-{len(world.posts)}")
                said = b"" if status == 202 else json.dumps({"errors": [{"message": "the reason given", "field": "from"}]}).encode()
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    server.block_on_close = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        world.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class PretendMailServer:
    """Takes mail; ``at_rcpt``, ``at_data`` are answers to give instead, ``at_data`` also ``abort`` and ``hang``."""

    port: int = 0
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: str = ""
    contents: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.at_data == "abort":
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        if self.at_data == "hang":
            await asyncio.sleep(120)
        if self.at_data:
            return self.at_data
        assert isinstance(envelope.content, bytes)
        self.contents.append(envelope.content)
        self.recipients.append(list(envelope.rcpt_tos))
        return f"250 2.0.0 Ok: queued as Q{len(self.contents)}"


@contextmanager
def pretend_mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> Iterator[PretendMailServer]:
    world = PretendMailServer()

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        assert login is not None and isinstance(given, LoginPassword)
        return AuthResult(success=(given.login, given.password) == tuple(part.encode() for part in login), handled=False)

    def connection() -> SMTP:
        return SMTP(
            world,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=authenticate,
            auth_required=login is not None,
            auth_require_tls=False,
            loop=loop,
        )

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(loop.create_server(connection, "127.0.0.1", 0, ssl=tls), loop).result(10)
    world.port = server.sockets[0].getsockname()[1]
    try:
        yield world
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


@contextmanager
def mail_server_that_dies(at: str) -> Iterator[int]:
    """A mail server on the yielded port that resets the connection instead of answering ``at`` (``banner``, ``EHLO``, …, ``body``)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            lines = connection.makefile("rb")
            if at != "banner":
                connection.sendall(b"220 mail.test\r\n")
                while word := lines.readline().split(b" ")[0].strip().split(b":")[0].decode():
                    if word == at:
                        break
                    connection.sendall(b"354 go on\r\n" if word == "DATA" else b"250 fine\r\n")
                    if word == "DATA" and at == "body":
                        lines.read(1000)
                        break
            lines.detach()
            reset(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(5)
