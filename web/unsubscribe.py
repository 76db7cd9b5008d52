"""The page behind the one-click way out of further e-mail (RFC 8058): opened by anybody it changes nothing, asked by POST it counts.

Whoever unsubscribes gets no more automated e-mail at that address, from any seller of this installation. A person calls, and
what the law wants in writing goes by letter.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from db import suppressions, unsubscribe_links
from db.unsubscribe_links import UnsubscribeLink
from domain.delivery import Ground, silenced_by
from starter import Door
from web.speech import speak, speak_as_asked

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_HERE = Path(__file__).parent
_BY, _WHY = "the customer", "unsubscribed by the link in a mail"

router = APIRouter(include_in_schema=False)
_templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@router.get("/unsubscribe/{token}")
def show_button(request: Request, token: str) -> Response:
    """One button. Mail scanners open links by themselves, so opening this one changes nothing, however often."""
    link = _find(request.app.state.door, token)
    return _page(request, link, token)


@router.post("/unsubscribe/{token}")
async def unsubscribe(request: Request, token: str) -> Response:
    """Counts whatever the body says: mail programs post ``List-Unsubscribe=One-Click``, the page an empty form. Once more is the same."""
    link, words = await run_in_threadpool(_stop, request.app.state.door, token, request.app.state.clock())
    for word in words:
        request.app.state.reports.begin(word)
    return _page(request, link, token, done=True)


def _find(door: Door, token: str) -> UnsubscribeLink | None:
    if not _TOKEN.fullmatch(token):
        return None
    with door.database.reading() as connection:
        return unsubscribe_links.find_link(connection, token)


def _stop(door: Door, token: str, now: datetime) -> tuple[UnsubscribeLink | None, tuple[str, ...]]:
    link = _find(door, token)
    if link is None or not link.reach:
        return link, ()
    with door.database.transaction() as connection:
        fresh = suppressions.suppress(connection, link.reach, silenced_by("email"), Ground.ASKED, by=_BY, reason=_WHY, now=now)
        return link, suppressions.tell_out(connection, link.reach, fresh, by=_BY, why=_WHY, now=now) if fresh else ()


def _page(request: Request, link: UnsubscribeLink | None, token: str, *, done: bool = False) -> Response:
    speech = speak(link.locale) if link else speak_as_asked(request)
    values = {"speech": speech, "w": speech.words, "language": speech.language, "seller": link.seller if link else None, "token": token, "done": done}
    return HTMLResponse(
        _templates.get_template("unsubscribe.html").render(values), status_code=200 if link else 404, headers={"X-Robots-Tag": "noindex, nofollow"}
    )
