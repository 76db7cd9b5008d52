"""The two listeners in one process: sockets, limits, and an orderly stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEADER_SECONDS = 10.0
_IDLE_SECONDS = 15
_STOP_SECONDS = 10
_MOST_CONNECTIONS = 500
_LARGEST_HEADERS = 32 * 1024
_LARGEST_FRAME = 64 * 1024


class UnableToListen(Exception):
    """An address cannot be bound; the message names it, the reason and the setting to change."""


class _Impatient(H11Protocol):
    """Closes a connection that takes too long to say what it wants."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(_HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        is_socket = self.transport.get_protocol() is not self
        if self._deadline and (is_socket or (self.cycle and not self.cycle.response_complete)):
            self._deadline.cancel()
            self._deadline = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._deadline is None and self.cycle.response_complete and not self.transport.is_closing():
            self._deadline = self.loop.call_later(_IDLE_SECONDS + _HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """One of several in a process: signals are taken once, for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises UnableToListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server((address[0], address[1]), family=family, backlog=512)
    except OSError as error:
        raise UnableToListen(f"{host} port {port}: {error.strerror or error}; choose another with {setting}_HOST and {setting}_PORT") from None
    # asyncio sets it only on sockets it made itself; without it each answer on a kept connection waits for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def listen(listeners: Sequence[tuple[ASGIApp, socket.socket]], stop: asyncio.Event) -> None:
    """Serve every app on its socket until ``stop`` is set or SIGTERM or SIGINT comes; requests under way may finish."""
    servers = [_Server(_configure(app)) for app, _ in listeners]
    # What these loggers say in passing, structlog says better; their errors go on to the root logger.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        running = [asyncio.create_task(server.serve(sockets=[bound])) for server, (_, bound) in zip(servers, listeners, strict=True)]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        for server in servers:
            server.should_exit = True
        stopping.cancel()
        await asyncio.gather(*running)
    finally:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        for _, bound in listeners:
            bound.close()


def _configure(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="websockets-sansio",
        ws_max_size=_LARGEST_FRAME,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=_LARGEST_HEADERS,
    )
