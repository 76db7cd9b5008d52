"""Our own links to pay: each leads on to the page of the ledger for its invoice, and to nothing else.

That one was followed is written down where DUNWELL_CLICKS is on, once a message. What is settled or in dispute is not asked for.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from db import cases, pay_links
from db.pay_links import PayLink
from domain.invoice import Standing
from playbooks.phrases import web_address
from settings import Settings
from starter import Door
from web.speech import Speech, speak, speak_as_asked
from workflows.contract import case_id

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# What mail scanners, previews and programs call themselves; a browser calls itself none of this.
_MACHINE = re.compile(
    r"bot\b|bot[/-]|crawl|spider|scan|preview|monitor|headless|validator|barracuda|proofpoint|mimecast|safelinks|symantec|sophos|fireeye|forcepoint"
    r"|trend ?micro|python|curl|wget|go-http|java/|okhttp|libwww|axios|node|ruby|perl|facebookexternalhit|slack|whatsapp|telegram|skype|bingpreview",
    re.IGNORECASE,
)
_SETTLED = (Standing.VOID, Standing.WRITTEN_OFF, Standing.CLOSED)

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@router.api_route("/pay/{token}", methods=["GET", "HEAD"])
def follow(request: Request, token: str) -> Response:
    """On to where the invoice is paid; or the page that says why not."""
    door: Door = request.app.state.door
    settings: Settings = request.app.state.settings
    now: datetime = request.app.state.clock()
    link, said = _find(door, token) if _TOKEN.fullmatch(token) else (None, "")
    if link is None:
        stranger = speak_as_asked(request)
        return _say(stranger, "", stranger.words["unknown"], 404)
    if settings.clicks:
        with door.database.transaction() as connection:
            pay_links.note_followed(connection, link, now, by_machine=_is_machine(request))
    address = web_address(link.invoice.pay_url)
    if said or not address:
        speech = speak(link.locale)
        return _say(speech, link.seller.name, speech.say(said or "pay_offline", number=link.invoice.number))
    return RedirectResponse(address, status_code=302)


def _find(door: Door, token: str) -> tuple[PayLink | None, str]:
    """The link, and the name of the words that say why nothing is asked for by it; empty when something is."""
    with door.database.reading() as connection:
        link = pay_links.find_link(connection, token)
        case = cases.load_case(connection, case_id(link.invoice.id)) if link else None
    if link is None:
        return None, ""
    invoice = link.invoice
    if invoice.balance.amount <= 0 or invoice.standing in _SETTLED:
        return link, "pay_settled"
    if invoice.standing is Standing.DISPUTED or (case and case.chased.amount <= 0):
        return link, "pay_disputed"
    return link, ""


def _is_machine(request: Request) -> bool:
    agent = request.headers.get("user-agent", "")
    ahead = "prefetch" in f"{request.headers.get('purpose', '')} {request.headers.get('sec-purpose', '')}".lower()
    return request.method == "HEAD" or ahead or not agent or bool(_MACHINE.search(agent))


def _say(speech: Speech, seller: str, said: str, status: int = 200) -> Response:
    page = _templates.get_template("pay.html").render(speech=speech, w=speech.words, language=speech.language, seller=seller, said=said)
    return HTMLResponse(page, status_code=status, headers={"X-Robots-Tag": "noindex, nofollow"})
