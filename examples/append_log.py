"""What the pretend programs write down: one JSON object a line, in the order in which things happened."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Log:
    """An append-only file; every line is flushed before the next thing happens, and survives the program that wrote it.

    ``monotonic`` is the machine's clock since boot in seconds, the same for every process on it.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, what: str, **more: Any) -> None:
        if self._file:
            line = {"what": what, "monotonic": time.monotonic(), "at": present().isoformat(), **more}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def write_to_disk(self, what: str, **more: Any) -> None:
        """As ``write``; returns only when the line would survive the machine, too."""
        self.write(what, **more)
        if self._file:
            os.fsync(self._file.fileno())


def read_log(file: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of an append-only log, oldest first; a line still being written is left for the next reading."""
    if not file.exists():
        return
    for line in file.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


class Logged:
    """Writes each request down as it comes, and its answer before it goes."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = uuid4().hex
        held: list[Message] = []
        self._log.write("request", request=request, method=scope["method"], path=scope["path"], query=scope["query_string"].decode("latin-1"))

        async def hold(message: Message) -> None:
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                body = b"".join(part.get("body", b"") for part in held)
                self._log.write("answer", request=request, status=held[0]["status"], body=_readable(body))
                for part in held:
                    await send(part)

        await self._app(scope, receive, hold)


def present() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a program of its own, at the edge of the world


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return f"{len(body)} bytes"
