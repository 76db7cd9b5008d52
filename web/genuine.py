"""Whether a request really is Twilio's own, about our account, and whole: the same for text messages, calls and their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from fastapi import Request
from starlette.requests import HTTPConnection

from integrations.messaging.seals import UnableToTrust, read_form, verify_twilio
from settings import Settings

# What Twilio fills in with ids and words of its own; then what people chose, said or wrote.
_FILLED_IN = ("AccountSid", "AnsweredBy", "CallSid", "CallStatus", "DialCallStatus", "Digits", "ErrorCode", "MessageSid", "MessageStatus", "OptOutType")
_FIELDS = (*_FILLED_IN, "Body", "From", "SpeechResult", "To")


def read_genuine(request: Request, raw: bytes, settings: Settings, fragment: str) -> dict[str, str]:
    """The fields of a form that Twilio posted to us about our account. Raises UnableToTrust.

    ``fragment`` stands behind the address as we gave it to Twilio, which may sign it with that or without.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise UnableToTrust("it is no form")
    fields = read_form(raw)
    verify_signature(request.headers, (called(request, settings),), fields, settings, fragment)
    if fields.get("AccountSid") != settings.twilio_account_sid:
        raise UnableToTrust("it is about another account")
    _refuse_shifted(fields)
    return fields


def called(request: HTTPConnection, settings: Settings) -> str:
    """The address that was called, as the world knows it: the one we gave to Twilio, whatever the request says of it."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{settings.public_url.rstrip('/')}{request.url.path}{f'?{query}' if query else ''}"


def verify_signature(headers: Mapping[str, str], urls: Sequence[str], fields: Mapping[str, str], settings: Settings, fragment: str) -> None:
    """Returns when Twilio signed a request of ours to one of ``urls`` with these fields. Raises UnableToTrust."""
    secrets = [one.strip() for one in (settings.twilio_auth_token, *settings.twilio_webhook_secrets.split(",")) if one.strip()]
    for url in urls[:-1]:
        with suppress(UnableToTrust):
            return verify_twilio(headers, url, fields, secrets, fragment=fragment)
    verify_twilio(headers, urls[-1], fields, secrets, fragment=fragment)


def _refuse_shifted(fields: Mapping[str, str]) -> None:
    """The signature runs names and values together, so one of ours that begins or ends in another place was cut there by a forger.

    Names that Twilio makes from ours go on in a capital letter, such as FromCity.
    """
    for name, value in fields.items():
        for one in _FIELDS:
            if name != one and f"{name}{value}".startswith(one) and not name[len(one) :][:1].isupper():
                raise UnableToTrust("a field of its form has been cut in another place")
        if name in _FILLED_IN and any(other in value for other in _FIELDS):
            raise UnableToTrust("a field of its form has swallowed another")
