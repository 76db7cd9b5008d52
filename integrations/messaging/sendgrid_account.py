"""How a SendGrid account is set up: asked for people who set it up, and never on the way of a message.

Paths and answers are those of SendGrid's own OpenAPI descriptions (twilio/sendgrid-oai: Scopes API, Webhook Configuration API), the
same at https://api.sendgrid.com and, for subusers kept in the EU, at https://api.eu.sendgrid.com.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

_TIMEOUT = httpx.Timeout(10.0)


class UnableToLook(Exception):
    """SendGrid does not answer, or not to us; the message names the setting and the remedy."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that SendGrid tells what happens. ``hostname`` is that of the mail it takes in, where it takes any; ``raw``: it posts
    the mail as it came."""

    url: str
    enabled: bool = True
    hostname: str = ""
    raw: bool = False


def may_send(key: str, host: str) -> bool:
    """Whether the API key may send mail. Raises UnableToLook."""
    status, told = _get(key, host, "/v3/scopes")
    if status in (401, 403):
        raise UnableToLook("DUNWELL_SENDGRID_API_KEY: SendGrid refuses it; make a new one with the right to send mail")
    if status != 200 or not isinstance(told, dict):
        raise UnableToLook(f"SendGrid does not tell what the API key may do ({status}); try again, or see status.sendgrid.com")
    return "mail.send" in told.get("scopes", ())


def find_event_hooks(key: str, host: str) -> tuple[Hook, ...] | None:
    """Where it tells of deliveries and bounces; None: the API key may not look. Raises UnableToLook."""
    status, told = _get(key, host, "/v3/user/webhooks/event/settings/all")
    if status != 200 or not isinstance(told, dict):
        return None
    return tuple(Hook(str(one.get("url", "")), bool(one.get("enabled"))) for one in told.get("webhooks") or () if isinstance(one, dict))


def find_inbound_hooks(key: str, host: str) -> tuple[Hook, ...] | None:
    """Where it posts mail that comes in; None: the API key may not look. Raises UnableToLook."""
    status, told = _get(key, host, "/v3/user/webhooks/parse/settings")
    if status != 200 or not isinstance(told, dict):
        return None
    found = [one for one in told.get("result") or () if isinstance(one, dict)]
    return tuple(Hook(str(one.get("url", "")), True, str(one.get("hostname", "")), bool(one.get("send_raw"))) for one in found)


def _get(key: str, host: str, path: str) -> tuple[int, Any]:
    try:
        answer = httpx.get(f"{host.rstrip('/')}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise UnableToLook(f"DUNWELL_SENDGRID_HOST: {host} does not answer ({type(error).__name__}); check the network and the address") from None
    try:
        return answer.status_code, answer.json()
    except ValueError:
        return answer.status_code, None
