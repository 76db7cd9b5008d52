"""How the pretend ledger answers wrongly as ordered: late, with failures, broken off, damaged, or about another invoice."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

from pydantic import Field, model_validator
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.append_log import Log
from examples.faults import BrokenOff, Halved, Order, Orders

_ABOUT_INVOICES = {"wrong invoice", "missing invoice"}


class AnswerOrder(Order):
    """What goes wrong with one answer about invoices, or with one PDF.

    ``truncate``: the connection ends halfway; ``cut``: the answer is whole by its length, and its JSON ends halfway.
    ``wrong invoice``: another instead of the first one asked for; ``missing invoice``: without the first one asked for.
    """

    do: Literal["delay", "fail", "drop", "truncate", "cut", "wrong invoice", "missing invoice"]
    status: int = Field(default=500, ge=400, le=599)
    retry_after: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _can_be_done(self) -> AnswerOrder:
        if self.do == "delay" and self.seconds is None:
            raise ValueError("a delay needs its seconds")
        return self

    def stands_for(self) -> float | None:
        return None if self.do == "delay" else self.seconds


class Misbehaving:
    """Carries out orders on what is asked about invoices; what the bookkeeper does is left alone."""

    def __init__(self, app: ASGIApp, orders: Orders[AnswerOrder], log: Log, invoices: dict[str, dict[str, Any]]) -> None:
        self._app, self._orders, self._log, self._invoices = app, orders, log, invoices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "GET" and f"{scope['path']}/".startswith("/invoices/")
        order = self._orders.take() if asked else None
        if order is None:
            await self._app(scope, receive, send)
            return
        self._log.write("order", do=order.do, path=scope["path"], query=scope["query_string"].decode("latin-1"))
        if order.do == "drop":
            await BrokenOff()(scope, receive, send)
            return
        if order.do == "fail":
            headers = {"Retry-After": str(order.retry_after)} if order.status in (429, 503) else {}
            await JSONResponse({"detail": "as ordered"}, order.status, headers)(scope, receive, send)
            return
        if order.do == "delay":
            await asyncio.sleep(order.seconds or 0)
        answer = await _ask(self._app, scope, receive)
        if order.do == "truncate":
            answer = Halved(answer.body, answer.status_code, media_type=answer.media_type)
        elif order.do == "cut":
            answer = Response(bytes(answer.body)[: len(answer.body) // 2], answer.status_code, media_type=answer.media_type)
        elif order.do in _ABOUT_INVOICES and answer.status_code == 200 and answer.media_type == "application/json":
            answer = JSONResponse(self._about_another(json.loads(bytes(answer.body)), order.do == "wrong invoice"))
        await answer(scope, receive, send)

    def _about_another(self, told: dict[str, Any], is_replaced: bool) -> dict[str, Any]:
        asked = {invoice["ref"] for invoice in told["invoices"]}
        others = [invoice for invoice in self._invoices.values() if invoice["ref"] not in asked]
        return told | {"invoices": [*(others[:1] if is_replaced else []), *told["invoices"][1:]]}


async def _ask(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    parts: list[Message] = []

    async def keep(part: Message) -> None:
        parts.append(part)

    await app(scope, receive, keep)
    kinds = [value.decode() for name, value in parts[0]["headers"] if name == b"content-type"]
    return Response(b"".join(part.get("body", b"") for part in parts[1:]), parts[0]["status"], media_type=kinds[0] if kinds else None)
