"""What a Twilio account has: asked for people who set it up, and never on the way of a message."""

from __future__ import annotations

from dataclasses import dataclass

from requests import exceptions
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from integrations.messaging.twilio_text import Peer, check_account


class UnableToLook(Exception):
    """Twilio does not answer, or not to us; the message names the setting and the remedy."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the account: what it can do, and which address Twilio tells of the texts that come in."""

    texts: bool
    calls: bool
    inbound_url: str


def read_status(account: str, token: str, api: str, timeout: float = 10.0) -> str:
    """Such as ``active`` or ``suspended``. Raises UnableToLook, UnableToConnect for settings that cannot be meant."""
    client = _client(account, token, api, timeout)
    try:
        return str(client.api.accounts(account).fetch().status)
    except TwilioRestException as error:
        if int(error.status) in (401, 403):
            raise UnableToLook(
                f"DUNWELL_TWILIO_ACCOUNT_SID, DUNWELL_TWILIO_AUTH_TOKEN: Twilio refuses them ({error.status}); copy both again from the console"
            ) from None
        raise UnableToLook(f"Twilio does not tell of the account ({error.status}); try again, or see status.twilio.com") from None
    except (TwilioException, exceptions.RequestException, OSError, ValueError) as error:
        raise UnableToLook(f"DUNWELL_TWILIO_API: {api} does not answer ({type(error).__name__}); check the network and the address") from None


def find_number(account: str, token: str, api: str, number: str, timeout: float = 10.0) -> Number | None:
    """The number as the account has it; None: it is not the account's. Raises UnableToLook."""
    client = _client(account, token, api, timeout)
    try:
        found = client.incoming_phone_numbers.list(phone_number=number, limit=1)
    except (TwilioException, exceptions.RequestException, OSError, ValueError) as error:
        raise UnableToLook(f"DUNWELL_TWILIO_FROM: Twilio does not tell of its numbers ({type(error).__name__}); try again") from None
    if not found or found[0].phone_number != number:
        return None
    able = found[0].capabilities or {}
    able = able if isinstance(able, dict) else vars(able)
    return Number(bool(able.get("sms")), bool(able.get("voice")), str(found[0].sms_url or ""))


def has_service(account: str, token: str, api: str, service: str, timeout: float = 10.0) -> bool:
    """Whether the account has this messaging service (MG...). Raises UnableToLook."""
    client = _client(account, token, api, timeout)
    try:
        return bool(client.messaging.v1.services(service).fetch().sid == service)
    except TwilioRestException as error:
        if int(error.status) == 404:
            return False
        raise UnableToLook(f"DUNWELL_TWILIO_MESSAGING_SERVICE_SID: Twilio does not tell of it ({error.status}); try again") from None
    except (TwilioException, exceptions.RequestException, OSError, ValueError) as error:
        raise UnableToLook(f"DUNWELL_TWILIO_MESSAGING_SERVICE_SID: Twilio does not tell of it ({type(error).__name__}); try again") from None


def _client(account: str, token: str, api: str, timeout: float) -> Client:
    check_account(account, token, api)
    return Client(account, token.strip(), http_client=Peer(api.rstrip("/"), timeout))
