"""Calls through Twilio's official client.

Twilio places the call and asks us what to say when somebody, or a machine, has answered: the address it asks holds our opaque
key, and nothing else of ours is told. One call of ``carry`` makes at most one request, as Twilio takes no idempotency key; a
second call of the same key would find its link used, and hang up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from requests import exceptions
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from integrations.messaging import Accepted, Message, Outcome, Refused, UnableToReadSent, Unknown
from integrations.messaging.twilio_text import Peer, UnableToConnect, check_account, sort_answer, sort_connection

NAME = "twilio-calls"
CALL_PATH = "/voice"
# Twilio asks again when we do not answer: five times, also after a broken connection or a time-out (its connection overrides).
RETRY_FRAGMENT = "rc=5&rp=all"
# Seconds: how long it may ring, and how long a call may last, a colleague's part in it included.
RING_SECONDS = 30
LONGEST_SECONDS = 45 * 60
_MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Placed:
    """A call that Twilio's log tells of, by its SID there."""

    sid: str
    began: datetime


@dataclass(frozen=True, slots=True)
class TwilioCalls:
    """``timeout`` in seconds applies to connecting and to every read. ``sender`` is the number that calls; Twilio reaches us at
    ``public_url``."""

    account: str
    token: str = field(repr=False)
    sender: str
    api: str
    public_url: str
    timeout: float = 10.0
    name: str = NAME

    def carry(self, message: Message) -> Outcome:
        if not message.to_address.startswith("+"):
            return Refused(f"{message.to_address!r} is no number with its country code, such as +4915112345678; correct the contact", try_again=False)
        try:
            placed = self._client().calls.create(**self._fields(message))
        except TwilioRestException as error:
            return sort_answer(error)
        except exceptions.ConnectionError as error:
            return sort_connection(error)
        except (TwilioException, exceptions.RequestException, OSError, ValueError) as error:
            return Unknown(f"Twilio gave no clear answer: {error or type(error).__name__}")
        if not placed.sid:
            return Unknown("Twilio took the call and gave no SID")
        return Accepted(placed.sid, receipts=True, calling=True)

    def look_up(self, provider_id: str) -> str:
        """Where the call with this SID stands, in Twilio's word. Raises UnableToReadSent."""
        try:
            return str(self._client().calls(provider_id).fetch().status)
        except (TwilioException, exceptions.RequestException, OSError, ValueError) as error:
            raise UnableToReadSent(f"Twilio does not tell of {provider_id}: {error}") from None

    def find_placed(self, address: str, since: datetime) -> tuple[Placed, ...]:
        """The calls to this number, from ours, that began since then. Raises UnableToReadSent."""
        try:
            found = self._client().calls.list(to=address, from_=self.sender, start_time_after=since, limit=_MOST_LISTED)
            return tuple(Placed(str(one.sid), one.start_time) for one in found if one.start_time and one.start_time >= since)
        except (TwilioException, exceptions.RequestException, OSError, ValueError, TypeError, AttributeError) as error:
            raise UnableToReadSent(f"Twilio does not tell of calls to a number: {error}") from None

    def _fields(self, message: Message) -> dict[str, Any]:
        ours = f"{self.public_url}{CALL_PATH}/{message.key}"
        return {
            "to": message.to_address,
            "from_": self.sender,
            "url": f"{ours}#{RETRY_FRAGMENT}",
            "method": "POST",
            "status_callback": f"{ours}/status#{RETRY_FRAGMENT}",
            "status_callback_method": "POST",
            "status_callback_event": ["completed"],
            # Twilio asks us what to say only once it knows who answered; to a machine, once its beep is over.
            "machine_detection": "DetectMessageEnd",
            "timeout": RING_SECONDS,
            "time_limit": LONGEST_SECONDS,
        }

    def _client(self) -> Client:
        # A client for each request: a kept connection that has died makes it doubtful whether the request got out.
        return Client(self.account, self.token, http_client=Peer(self.api, self.timeout))


def connect(account: str, token: str, sender: str, *, public_url: str, api: str = "https://api.twilio.com", timeout: float = 10.0) -> TwilioCalls:
    """A messenger for calls from the number ``sender``. No request is made yet. Raises UnableToConnect."""
    check_account(account, token, api)
    if not sender.startswith("+"):
        raise UnableToConnect("DUNWELL_TWILIO_FROM: calls come from a number; write it with its country code, such as +4915112345678")
    if not public_url.startswith(("https://", "http://")):
        raise UnableToConnect(
            "DUNWELL_PUBLIC_URL: Twilio asks it what to say; write how the world reaches the public listener, such as https://pay.example.com"
        )
    return TwilioCalls(account, token.strip(), sender, api.rstrip("/"), public_url.rstrip("/"), timeout)
