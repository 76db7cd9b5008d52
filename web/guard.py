"""What every answer carries, and under which names the private listener may be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No script runs on any page, and no answer is kept by a cache or framed by a stranger.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

# A stored message was written for mail programs: it brings its own styles, and may do and load nothing.
MESSAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}

_RAW = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
_HOST = re.compile(r"(?:\[(?P<literal>[0-9A-Fa-f:]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
_WILDCARDS = ("0.0.0.0", "::", "*", "")


class Guarded:
    """Adds HEADERS to every answer that does not set its own.

    With ``host``, a request under any name but that one or a loopback one is answered 421: a page in the reader's
    browser that points its own name at this machine must not read what is here.
    """

    def __init__(self, app: ASGIApp, host: str | None = None) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in _RAW if header[0] not in given)]
            await send(message)

        app = self._app
        if self._host is not None and not _is_ours(Headers(scope=scope).get("host", ""), self._host):
            app = PlainTextResponse("This address is not served here. Ask for localhost, or for the name set as DUNWELL_PRIVATE_HOST.\n", status_code=421)
        await app(scope, receive, send_sealed)


def _is_ours(header: str, host: str) -> bool:
    found = _HOST.fullmatch(header)
    name = (found["literal"] or found["name"]).rstrip(".").lower() if found else ""
    if name == "localhost" or (host not in _WILDCARDS and name == host.lower()):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
