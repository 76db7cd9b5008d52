"""Orders to misbehave, which the pretend programs take: what is done, to how many, and how a connection is broken off."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Order(BaseModel):
    """Something to do wrong: ``times`` times, once ``after`` others have passed unharmed.

    An order with ``seconds`` stands that long from the first it meets, however many those are.
    """

    model_config = ConfigDict(extra="forbid")
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float | None = Field(default=None, ge=0)

    def stands_for(self) -> float | None:
        """How many seconds it stands; None: it is counted."""
        return self.seconds


O = TypeVar("O", bound=Order)  # noqa: E741  an order


class Orders(Generic[O]):
    """Orders that are carried out one after another; what meets none is treated well."""

    def __init__(self) -> None:
        self._open: list[O] = []
        self._until: float | None = None

    def replace(self, orders: list[O]) -> None:
        self._open, self._until = list(orders), None

    def take(self) -> O | None:
        """The order for whatever has just come, or None. ``times`` of what is returned is what remains of it."""
        while self._open:
            order = self._open[0]
            if order.after:
                order.after -= 1
                return None
            stands = order.stands_for()
            if stands is None:
                order.times -= 1
                if not order.times:
                    self._open.pop(0)
                return order
            if self._until is None:
                self._until = time.monotonic() + stands
            if time.monotonic() < self._until:
                return order
            self._open.pop(0)
            self._until = None
        return None

    def remaining(self) -> list[dict[str, Any]]:
        """What is still open, as it was ordered."""
        return [order.model_dump(exclude_none=True) for order in self._open]


class Breakable(H11Protocol):
    """HTTP whose connection the program itself can break off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class BrokenOff(Response):
    """No answer: the connection ends. ``patience``: seconds in which the other side may end it first."""

    def __init__(self, patience: float = 0) -> None:
        super().__init__()
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(_gone(receive), self._patience)
        scope["state"]["transport"].abort()
        await _gone(receive)


class Halved(Response):
    """The first half of an answer, then the end of the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = f"HTTP/1.1 {self.status_code} {HTTPStatus(self.status_code).phrase}\r\n".encode()
        whole = head + b"".join(b"%s: %s\r\n" % header for header in self.raw_headers) + b"\r\n" + bytes(self.body)
        transport = scope["state"]["transport"]
        transport.write(whole[: len(whole) // 2])
        transport.close()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
