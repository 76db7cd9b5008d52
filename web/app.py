"""The two listeners: a public one for what the world sends us, a private one for the page and the API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from domain.discretion import describe, keep_logs_discreet
from settings import SellerSettings, Settings, connect_speaker, load_sellers
from starter import Door, open_door
from web import answers, api, approvals, dashboard, health, pay, portal, provider_webhooks, refusals, relay, unsubscribe, voice, webhooks
from web.guard import HEADERS, Guarded
from web.listen import bind, listen

_PASS_ON_SECONDS = 2.0
_PASS_ON_PATIENCE = 30.0
_LONGEST_LULL_SECONDS = 5.0

log = structlog.get_logger("web")


def create_public(door: Door, settings: Settings, sellers: Sequence[SellerSettings], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """What the world may reach: signed webhooks, links by which people answer, a neutral front page, and whether we are well."""
    app = FastAPI(title="Dunwell", openapi_url=None, docs_url=None, redoc_url=None)
    _prepare(app, door, settings, sellers)
    app.state.clock = clock
    app.state.speaker = connect_speaker(settings)
    app.add_middleware(Guarded)
    app.include_router(webhooks.router)
    app.include_router(provider_webhooks.router)
    app.include_router(unsubscribe.router)
    app.include_router(approvals.router)
    app.include_router(answers.router)
    app.include_router(portal.router)
    app.include_router(pay.router)
    app.include_router(relay.router)
    app.include_router(voice.router)
    app.add_exception_handler(HTTPException, _answer_briefly)
    app.add_exception_handler(RequestValidationError, _answer_briefly)
    app.add_exception_handler(Exception, _answer_failure)

    @app.get("/")
    def front() -> Response:
        return PlainTextResponse("There is nothing to see here. If you were sent a link, please open it again in full.\n")

    return app


def create_private(door: Door, settings: Settings, sellers: Sequence[SellerSettings], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """The page and the API, for people of the business; answers only under loopback names and the host it was given."""
    app = FastAPI(title="Dunwell", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    _prepare(app, door, settings, sellers)
    app.state.clock = clock
    app.add_middleware(Guarded, host=settings.private_host)
    app.include_router(api.router)
    app.include_router(dashboard.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_exception_handler(HTTPException, _answer_in_kind)
    app.add_exception_handler(RequestValidationError, _answer_in_kind)
    app.add_exception_handler(Exception, _answer_failure_in_kind)
    return app


async def serve(settings: Settings) -> None:
    """Run both listeners, and pass on what could not be passed on before, until SIGTERM or SIGINT.

    Raises UnableToListen when an address is taken, UnableToConfigure when the sellers cannot be read.
    """
    keep_logs_discreet()
    sellers = load_sellers(settings)
    public = bind(settings.public_host, settings.public_port, "DUNWELL_PUBLIC")
    private = bind(settings.private_host, settings.private_port, "DUNWELL_PRIVATE")
    stop = asyncio.Event()
    async with open_door(settings) as door:
        outside, inside = create_public(door, settings, sellers), create_private(door, settings, sellers)
        passing_on = asyncio.create_task(keep_passing_on(door, stop, reports=outside.state.reports))
        log.info("listening", public=_address(public), private=_address(private))
        try:
            await listen([(outside, public), (inside, private)], stop)
        finally:
            stop.set()
            await passing_on
            await outside.state.reports.finish()


async def keep_passing_on(door: Door, stop: asyncio.Event, every: float = _PASS_ON_SECONDS, reports: webhooks.Reports | None = None) -> None:
    """Try again and again what Temporal has not heard yet, in the lulls between the requests that ``reports`` hears of.

    A failure is logged when it is a new one, and outlived.
    """
    known = ""
    while not stop.is_set():
        if reports:
            await reports.await_lull(_LONGEST_LULL_SECONDS)
        try:
            async with asyncio.timeout(_PASS_ON_PATIENCE):
                passed = await door.pass_on(datetime.now(UTC))
            if passed:
                log.info("passed on", words=passed)
            known = ""
        except Exception as error:
            if known != (known := describe(error)):
                log.error("unable to pass on", error=known)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)


def _prepare(app: FastAPI, door: Door, settings: Settings, sellers: Sequence[SellerSettings]) -> None:
    app.state.door = door
    app.state.settings = settings
    app.state.sellers = tuple(sellers)
    app.state.reports = webhooks.Reports(door)
    app.state.refusals = refusals.Refusals(door.database, settings.owner)
    app.state.trial = health.Trial(door.database)
    app.add_api_route("/healthz", health.healthz, methods=["GET"], include_in_schema=False)


def _address(bound: Any) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{host}:{port}"


async def _answer_briefly(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return JSONResponse({"error": "not found" if status == 404 else "not accepted"}, status_code=status)


async def _answer_failure(request: Request, error: Exception) -> Response:
    # The headers are added by hand: this answer is made outside of what adds them to the others.
    log.error("request failed", path=approvals.conceal(request.url.path), error=describe(error))
    return JSONResponse({"error": "something went wrong here"}, status_code=500, headers=dict(HEADERS))


async def _answer_in_kind(request: Request, error: Exception) -> Response:
    return api.explain(error) if request.url.path.startswith("/api/") else dashboard.explain(request, error)


async def _answer_failure_in_kind(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, error=describe(error))
    answer = await _answer_in_kind(request, error)
    answer.headers.update(HEADERS)
    return answer
