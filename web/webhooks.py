"""What ledgers tell us: verified on the raw body, kept once, answered at once; Temporal hears of it afterwards."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import Counter, deque
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import ClientDisconnect

from db import inbox
from domain.discretion import describe
from domain.event import InvoiceChanged
from integrations.accounting import Hint
from integrations.accounting.rest import UnableToTrust, UnableToUnderstand, verify
from starter import Door
from web.refusals import ledger_of
from workflows.contract import case_id

LARGEST_BODY = 256 * 1024
_BODY_SECONDS = 15
_REPORT_SECONDS = 10
_MOST_WAITING = 1_000
# Words are passed on once no request has come for so long, and a few of them after the longer time in any case.
_LULL_SECONDS, _LONGEST_LULL_SECONDS = 0.03, 0.5
_A_FEW = 8

# Stands in for the secret of a seller we do not have, so that nobody learns from the answer, or its time, which ones exist.
_NOBODYS_SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

router = APIRouter()
log = structlog.get_logger("web.webhooks")


class UnableToAccept(Exception):
    """A request that is not read to its end. ``status`` is the HTTP status to answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Reports:
    """Passes stored words on, one after another, in the lulls between requests: passing on costs more than accepting, and
    who calls waits for the one and not for the other. What fails or is too much stays stored for the next round."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._waiting: deque[str] = deque()
        self._last_request = 0.0
        self._passing_on: asyncio.Task[None] | None = None

    def begin(self, word: str) -> None:
        self._last_request = asyncio.get_running_loop().time()
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(word)
        if self._passing_on is None or self._passing_on.done():
            self._passing_on = asyncio.create_task(self._pass_on())

    async def finish(self) -> None:
        """Wait for the report under way, which ends within its time-out; the others stay stored."""
        self._waiting.clear()
        if self._passing_on:
            await self._passing_on

    async def await_lull(self, patience: float) -> None:
        """Return once no request has come for a moment, and after ``patience`` seconds in any case."""
        clock = asyncio.get_running_loop().time
        since = clock()
        while clock() - self._last_request < _LULL_SECONDS and clock() - since < patience:
            await asyncio.sleep(_LULL_SECONDS)

    async def _pass_on(self) -> None:
        while self._waiting:
            await self.await_lull(_LONGEST_LULL_SECONDS)
            for word in [self._waiting.popleft() for _ in range(min(_A_FEW, len(self._waiting)))]:
                await self._report(word)

    async def _report(self, word: str) -> None:
        try:
            async with asyncio.timeout(_REPORT_SECONDS):
                await self._door.report(word)
        except Exception as error:
            log.warning("unable to report yet", word=word, error=describe(error))


refused: Counter[str] = Counter()


@router.post("/webhooks/rest/{seller}")
async def receive(request: Request, seller: str) -> Response:
    """202 once the word is safely stored (again for a repetition), 401 for whatever is not genuine, 400 and 413 for bad form."""
    try:
        raw = await read_body(request)
    except UnableToAccept as error:
        return JSONResponse({"error": str(error)}, status_code=error.status, headers={"Connection": "close"})
    except ClientDisconnect:
        return Response(status_code=400)
    now = datetime.now(UTC)
    known = {entry.seller.id: entry.webhook_secrets for entry in request.app.state.sellers}
    try:
        hint = verify(request.headers, raw, known.get(seller) or (_NOBODYS_SECRET,), now)
    except UnableToTrust as error:
        # Counted by seller only where there is one: the counter must not grow with what strangers make up.
        counted = seller if seller in known else "unknown"
        refused[counted] += 1
        log.warning("webhook refused", seller=counted, why=error.reason, refused_so_far=refused[counted])
        if seller in known and not isinstance(error, UnableToUnderstand):
            await run_in_threadpool(request.app.state.refusals.refuse, ledger_of(seller), now)
        return JSONResponse({"error": error.told}, status_code=400 if isinstance(error, UnableToUnderstand) else 401)
    word, is_new = await run_in_threadpool(_store, request.app.state, seller, hint, raw.decode(), now)
    if is_new:
        request.app.state.reports.begin(word)
    return JSONResponse({"received": True}, status_code=202)


def _store(state: State, seller: str, hint: Hint, body: str, now: datetime) -> tuple[str, bool]:
    source = f"rest:{seller}"
    state.refusals.accept(ledger_of(seller), now)
    with state.door.database.transaction() as connection:
        return inbox.receive(
            connection,
            source=source,
            source_id=hint.delivery,
            seller_id=seller,
            ref=hint.ref,
            cases=case_id(""),
            kind="changed",
            body=body,
            news=InvoiceChanged(by=source, why=hint.happened),
            by=source,
            now=now,
        )


async def read_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """The raw body. Raises UnableToAccept when it is empty, larger than ``largest`` bytes, or too slow to arrive."""
    too_large = UnableToAccept(413, f"the body is larger than {largest} bytes")
    declared = request.headers.get("content-length")
    if declared is not None:
        if not (declared.isascii() and declared.isdigit()):
            raise UnableToAccept(400, "content-length is not a number")
        if len(declared) > 12 or int(declared) > largest:
            raise too_large
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnableToAccept(400, "send the body as it was signed, without content-encoding")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise too_large
    except TimeoutError:
        raise UnableToAccept(408, "the body took too long to arrive") from None
    if not body:
        raise UnableToAccept(400, "the body is empty")
    return bytes(body)
