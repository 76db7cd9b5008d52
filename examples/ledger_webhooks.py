"""How the pretend ledger tells of changes: signed webhooks, which come twice, late, in the wrong order or never as ordered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import httpx
from pydantic import Field, model_validator
from standardwebhooks import Webhook

from examples.append_log import Log, present
from examples.faults import Order, Orders

_TRIES = 15
_LONGEST_PAUSE_SECONDS = 5.0


class WebhookOrder(Order):
    """What goes wrong in telling a change. ``reorder webhooks`` gathers ``times`` of them and tells the last first."""

    do: Literal["duplicate webhook", "drop webhook", "delay webhook", "reorder webhooks"]
    copies: int = Field(default=2, ge=2, le=100)

    @model_validator(mode="after")
    def _can_be_done(self) -> WebhookOrder:
        if self.do == "delay webhook" and self.seconds is None:
            raise ValueError("a delay needs its seconds")
        if self.do == "reorder webhooks" and (self.times < 2 or self.seconds is not None):
            raise ValueError("reordering needs two times or more, and no seconds")
        return self

    def stands_for(self) -> float | None:
        return None if self.do == "delay webhook" else self.seconds


@dataclass(frozen=True, slots=True)
class Change:
    """Something to tell; every copy and every try of it has the same ``delivery``."""

    kind: str
    ref: str
    at: str = field(default_factory=lambda: present().isoformat())
    delivery: str = field(default_factory=lambda: f"msg_{uuid4().hex}")


class Webhooks:
    """Tells one address of changes, in Standard Webhooks form, again and again until it answers 2xx or tries run out."""

    def __init__(self, url: str, secret: str, log: Log) -> None:
        self.url = url
        self.faults: Orders[WebhookOrder] = Orders()
        self._seal, self._log = Webhook(secret) if secret else None, log
        # A connection for each try: one that was kept could be dead already.
        self._client = httpx.AsyncClient(timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._held: list[Change] = []
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def can_sign(self) -> bool:
        return self._seal is not None

    def send(self, kind: str, ref: str) -> None:
        if not self._seal or not self.url:
            return
        change, order = Change(kind, ref), self.faults.take()
        if order is None:
            self._begin(self._deliver(self._seal, change))
            return
        self._log.write("webhook order", do=order.do, id=change.delivery, type=kind, ref=ref)
        if order.do == "duplicate webhook":
            for _ in range(order.copies):
                self._begin(self._deliver(self._seal, change))
        elif order.do == "delay webhook":
            self._begin(self._deliver(self._seal, change, order.seconds or 0))
        elif order.do == "reorder webhooks":
            self._held.append(change)
            if not order.times:
                self._begin(self._deliver_backward(self._seal, self._held))
                self._held = []

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver_backward(self, seal: Webhook, changes: list[Change]) -> None:
        for change in reversed(changes):
            await self._deliver(seal, change)

    async def _deliver(self, seal: Webhook, change: Change, after_seconds: float = 0) -> None:
        await asyncio.sleep(after_seconds)
        delivery, kind, ref = change.delivery, change.kind, change.ref
        body = json.dumps({"type": kind, "timestamp": change.at, "data": {"ref": ref}})
        for attempt in range(_TRIES):
            now = present()
            headers = {
                "content-type": "application/json",
                "webhook-id": delivery,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": seal.sign(delivery, now, body),
            }
            try:
                status = (await self._client.post(self.url, content=body, headers=headers)).status_code
            except httpx.HTTPError as error:
                self._log.write("webhook", id=delivery, type=kind, ref=ref, attempt=attempt + 1, failed=type(error).__name__)
            else:
                self._log.write("webhook", id=delivery, type=kind, ref=ref, attempt=attempt + 1, status=status)
                if 200 <= status < 300 or status == 410:
                    return
            await asyncio.sleep(min(0.2 * 2**attempt, _LONGEST_PAUSE_SECONDS))
        self._log.write("webhook given up", id=delivery, type=kind, ref=ref)
