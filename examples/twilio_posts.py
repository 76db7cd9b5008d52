"""How the pretend Twilio speaks to its customer's web address: signed forms, told once, twice, late, the last first, or never."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field

from examples.append_log import Log
from examples.faults import Order

_PATIENCE_SECONDS = 15.0
_BETWEEN_COPIES_SECONDS = 0.05


class Signing(BaseModel):
    """How requests are signed. ``key`` and ``secret``: with this shared key by SHA-256, instead of the auth token by SHA-1.

    ``fragment``: with what follows "#" in the address, which Twilio's documentation leaves open.
    """

    model_config = ConfigDict(extra="forbid")
    key: str = ""
    secret: str = ""
    fragment: bool = False


def sign(secret: str, url: str, form: dict[str, str], algorithm: str = "sha1") -> str:
    """X-Twilio-Signature as its documentation describes it: the URL and each name and value of the form, sorted by name, in one string."""
    written = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(secret.encode(), written.encode(), algorithm).digest()).decode()


class Telling(Order):
    """What becomes of one message or call and how that is told. ``lost``: happens, and is never told.

    ``statuses`` and ``error_code`` are a message's; a call takes its course by its phone's script. ``seconds``: each is told so much later.
    """

    statuses: tuple[str, ...] = ("queued", "sent", "delivered")
    error_code: int | None = None
    lost: tuple[str, ...] = ()
    copies: int = Field(default=1, ge=1, le=100)
    reversed: bool = False

    def stands_for(self) -> float | None:
        return None


class Poster:
    """Sends forms with the signature of one account."""

    def __init__(self, token: str, log: Log) -> None:
        self.token, self.signing = token, Signing()
        self._log = log
        self._under_way: set[asyncio.Task[Any]] = set()
        self._client = httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have ``work`` done beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def post(self, url: str, form: dict[str, str], method: str = "POST") -> httpx.Response | None:
        """The answer to one request; None when there was none. What ``url`` has after "#" says how often to try again, and is not sent."""
        address, _, overrides = url.partition("#")
        wanted = dict(parse_qsl(overrides))
        policies = set(wanted.get("rp", "ct").split(","))
        if method.upper() == "GET" and form:
            address, form = address + ("&" if "?" in address else "?") + urlencode(form), {}
        signed = f"{address}#{overrides}" if overrides and self.signing.fragment else address
        headers = {"I-Twilio-Idempotency-Token": str(uuid4()), "User-Agent": "TwilioProxy/1.1", **self.seal(signed, form)}
        for attempt in range(1 + int(wanted.get("rc", "1"))):
            answer = None
            try:
                answer = said = await self._client.request(method.upper(), address, data=form or None, headers=headers)
            except httpx.HTTPError as error:
                self._log.write("told", url=address, form=form, attempt=attempt + 1, failed=type(error).__name__)
                again = "ct" if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else "rt"
            else:
                self._log.write("told", url=address, form=form, attempt=attempt + 1, status=said.status_code)
                if said.is_success:
                    return said
                again = f"{said.status_code // 100}xx"
            if not policies & {again, "all"}:
                break
        return answer

    def seal(self, url: str, form: dict[str, str] | None = None) -> dict[str, str]:
        """The headers that show who asks for ``url``."""
        form = form or {}
        if not self.signing.key:
            return {"X-Twilio-Signature": sign(self.token, url, form)}
        settings = f"key={self.signing.key},algorithm=HMAC_SHA256"
        return {"X-Twilio-Signature": sign(self.signing.secret, url, form, "sha256"), "X-Twilio-Webhooks-Signature-Settings": settings}


class Teller:
    """Tells one message's or call's statuses to one address, each after the one before it, as planned."""

    def __init__(self, poster: Poster, url: str, method: str, plan: Telling) -> None:
        self._poster, self._url, self._method, self._plan = poster, url, method, plan
        self._held: list[dict[str, str]] = []
        self._last: asyncio.Task[None] | None = None

    def tell(self, status: str, form: dict[str, str]) -> None:
        if not self._url or status in self._plan.lost:
            return
        if self._plan.reversed:
            self._held.insert(0, form)
        else:
            self._last = self._poster.begin(self._deliver(self._last, [form]))

    def end(self) -> None:
        """There will be no more: what was to be told in reverse is told now."""
        if self._held:
            self._last = self._poster.begin(self._deliver(self._last, self._held))
            self._held = []

    async def _deliver(self, before: asyncio.Task[None] | None, forms: list[dict[str, str]]) -> None:
        if before:
            await before
        await asyncio.sleep(self._plan.seconds or 0)
        for form in forms:
            for copy in range(self._plan.copies):
                await asyncio.sleep(_BETWEEN_COPIES_SECONDS if copy else 0)
                await self._poster.post(self._url, form, self._method)
