"""Text messages and WhatsApp through Twilio's official client.

Twilio takes no idempotency key, so one call makes at most one request, and every answer is sorted by whether Twilio can have
the message. What becomes of it Twilio tells the address in ``StatusCallback``, which carries our opaque key: nothing else of
ours is kept there besides the text itself. Its log knows no keys; a message is known again in it by number and text.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from requests import exceptions
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError, SSLError

from domain.delivery import Fault, Told
from domain.texting import explain_length, fit, simplify
from integrations.messaging import Accepted, Message, Outcome, Refused, Sent, UnableToReadSent, Unknown

NAME = "twilio"
STATUS_PATH = "/webhooks/twilio/status"
# Tells Twilio to call five times instead of once when we do not answer (its connection overrides).
STATUS_FRAGMENT = "rc=5&rp=all"
# A text that could not be handed over for so long is given up by Twilio: it must not arrive at night.
VALIDITY = timedelta(hours=1)

_LATER = frozenset({30001, 30003, 30008, 30017, 30022, 30036, 20429, 20500, 63018})
# What no other attempt changes until somebody has mended something, with the remedy. Codes in none of these tables count as such too.
_NEVER = {
    21408: "allow the country in Twilio's geo permissions (Messaging, Settings)",
    21606: "set DUNWELL_TWILIO_FROM to a number of this account that can send texts",
    21612: "this sender cannot reach that number; use another sender for its country",
    30002: "the account is suspended; settle that with Twilio",
    30007: "carriers filter it as unwanted; check sender, registration and wording",
    30032: "have the toll-free number verified in the Twilio console",
    30034: "register the number for A2P 10DLC in the Twilio console",
    63016: "outside a conversation WhatsApp takes approved templates only; set DUNWELL_WHATSAPP_TEMPLATE",
    63027: "the template does not exist in this language; check DUNWELL_WHATSAPP_TEMPLATE",
    63041: "WhatsApp has paused the template; mend it, or set another",
    63042: "WhatsApp has disabled the template; set another",
}
_DEAD = frozenset({21211, 21214, 21217, 21614, 21635, 30004, 30005, 30006, 63003, 63024})
_UNWANTED = frozenset({21610, 63032})
_NEVER_CONNECTED = (NewConnectionError, ConnectTimeoutError, NameResolutionError, ProxyError, SSLError)
_STATUSES = {
    **dict.fromkeys(("queued", "sending", "sent", "accepted", "scheduled", "partially_delivered"), Told.ACCEPTED),
    **dict.fromkeys(("delivered", "read"), Told.DELIVERED),
    **dict.fromkeys(("failed", "undelivered", "canceled"), Told.FAILED),
}
_PAGE = 200
# What the client raises for answers that it cannot read, besides what it says it raises.
_UNCLEAR = (TwilioException, exceptions.RequestException, OSError, ValueError, AttributeError, TypeError, LookupError)


class UnableToConnect(ValueError):
    """A Twilio setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class State:
    """What Twilio says of a message of its own. ``reason`` is in its words."""

    told: Told
    fault: Fault | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TwilioTexts:
    """``timeout`` in seconds applies to connecting and to every read. ``sender`` is a number, or a messaging service (MG...).

    ``status_url`` is where Twilio tells what becomes of a message; empty: it tells nobody. ``template``: everything goes by
    WhatsApp, as the one variable of this approved template.
    """

    account: str
    token: str = field(repr=False)
    sender: str
    api: str
    status_url: str = ""
    template: str = ""
    timeout: float = 10.0
    name: str = NAME
    lag: timedelta = timedelta(minutes=5)

    def carry(self, message: Message) -> Outcome:
        if too_long := self.measure(message):
            return Refused(too_long, try_again=False)
        if not message.to_address.startswith("+"):
            return Refused(f"{message.to_address!r} is no number with its country code, such as +4915112345678; correct the contact", try_again=False)
        try:
            sent = self._client().messages.create(**self._fields(message))
        except TwilioRestException as error:
            return sort_answer(error)
        except exceptions.ConnectionError as error:
            return sort_connection(error)
        except _UNCLEAR as error:
            return Unknown(f"Twilio gave no clear answer: {error or type(error).__name__}")
        if not sent.sid:
            return Unknown("Twilio took the message and gave no SID")
        return Accepted(sent.sid, receipts=bool(self.status_url))

    def measure(self, message: Message) -> str:
        """WhatsApp knows no segments."""
        return "" if self.template else explain_length(message.text)

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        """As its log knows no keys, ``key`` and ``covers`` are empty and ``text`` tells what stood in the message."""
        yield from self._read_log(known, date_sent_after=moment)

    def sent_to(self, address: str, moment: datetime) -> tuple[Sent, ...]:
        """What was sent to this number since ``moment``. Raises UnableToReadSent."""
        return tuple(self._read_log((), to=self._to(address), date_sent_after=moment))

    def look_up(self, provider_id: str) -> State:
        """What has become of the message with this SID by now. Raises UnableToReadSent."""
        try:
            found = self._client().messages(provider_id).fetch()
        except _UNCLEAR as error:
            raise UnableToReadSent(f"Twilio does not tell of {provider_id}: {error}") from None
        return read_state(str(found.status), str(found.error_code or ""), str(found.error_message or ""))

    def _read_log(self, known: Collection[str], **words: Any) -> Iterator[Sent]:
        try:
            for one in self._client().messages.stream(page_size=_PAGE, **words):
                if str(one.direction).startswith("outbound") and one.sid not in known and read_state(str(one.status), "", "").told is not Told.FAILED:
                    at = one.date_sent or one.date_created or datetime.now(UTC)
                    yield Sent(at, "", "", str(one.to).removeprefix("whatsapp:"), "", str(one.sid), text=str(one.body or ""))
        except _UNCLEAR as error:
            raise UnableToReadSent(f"Twilio's log could not be read: {error}; try again later, or mend the account's settings") from None

    def _fields(self, message: Message) -> dict[str, Any]:
        fields: dict[str, Any] = {"to": self._to(message.to_address), "validity_period": int(VALIDITY.total_seconds())}
        fields |= {"messaging_service_sid": self.sender} if self.sender.startswith("MG") else {"from_": self._to(self.sender)}
        if self.template:
            # WhatsApp takes no line breaks in a variable.
            fields |= {"content_sid": self.template, "content_variables": json.dumps({"1": " ".join(simplify(message.text).split())}, ensure_ascii=False)}
        else:
            fields["body"] = fit(message.text)
        if self.status_url:
            fields["status_callback"] = f"{self.status_url}?{urlencode({'outreach': message.key})}#{STATUS_FRAGMENT}"
        return fields

    def _to(self, number: str) -> str:
        return f"whatsapp:{number}" if self.template else number

    def _client(self) -> Client:
        # A client for each request: a kept connection that has died makes it doubtful whether the request got out.
        return Client(self.account, self.token, http_client=Peer(self.api, self.timeout))


class Peer(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's client at another base URL: it knows no setting for that itself."""

    def __init__(self, api: str, timeout: float) -> None:
        super().__init__(pool_connections=False, timeout=timeout)
        self._api = urlsplit(api)

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        path = urlsplit(url)._replace(scheme=self._api.scheme, netloc=self._place(urlsplit(url).netloc))
        return super().request(method, urlunsplit(path), params, data, headers, auth, timeout, allow_redirects)

    def _place(self, asked: str) -> str:
        """Each product of Twilio's has a host of its own; a test peer has one for all of them."""
        product, region = asked.partition(".")[0], self._api.netloc.partition(".")[2]
        return f"{product}.{region}" if self._api.netloc.startswith("api.") and region.endswith("twilio.com") else self._api.netloc


def connect(
    account: str, token: str, sender: str, *, api: str = "https://api.twilio.com", public_url: str = "", template: str = "", timeout: float = 10.0
) -> TwilioTexts:
    """A messenger for one Twilio account. ``public_url`` is where Twilio reaches us, empty where it cannot.

    No request is made yet. Raises UnableToConnect.
    """
    check_account(account, token, api)
    if not sender.startswith(("+", "MG")):
        raise UnableToConnect("DUNWELL_TWILIO_FROM: write a number with its country code, such as +4915112345678, or set the messaging service")
    if template and not template.startswith("HX"):
        raise UnableToConnect("DUNWELL_WHATSAPP_TEMPLATE: write the SID of an approved template (HX...); WhatsApp takes nothing else")
    status_url = f"{public_url.rstrip('/')}{STATUS_PATH}" if public_url else ""
    return TwilioTexts(account, token.strip(), sender, api.rstrip("/"), status_url, template, timeout)


def check_account(account: str, token: str, api: str) -> None:
    """Raises UnableToConnect when no account can be meant. From here on its client writes no numbers and texts to the log."""
    if not (account.startswith("AC") and len(account) == 34 and account.isalnum()):
        raise UnableToConnect("DUNWELL_TWILIO_ACCOUNT_SID: write the SID as Twilio shows it: AC and 32 letters and digits")
    if not token.strip() or not token.isascii() or not token.isprintable():
        raise UnableToConnect("DUNWELL_TWILIO_AUTH_TOKEN: is empty or damaged; copy it again from the Twilio console")
    parts = urlsplit(api)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise UnableToConnect(f"DUNWELL_TWILIO_API: {api!r} is not an address such as https://api.twilio.com")
    logging.getLogger("twilio.http_client").setLevel(logging.WARNING)


def read_state(status: str, code: str, message: str) -> State:
    """What a status and an error code of Twilio's mean. A status that is not known tells only that Twilio has the message."""
    told = _STATUSES.get(status, Told.ACCEPTED)
    if told is not Told.FAILED:
        return State(told)
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0
    reason = " ".join(part for part in (f"Twilio error {number}:" if number else "Twilio:", message or status) if part)
    return State(told, Fault.LATER if status == "canceled" or number == 0 else sort_code(number), f"{reason}{_remedy(number)}")


def _remedy(code: int) -> str:
    return f"; {_NEVER[code]}" if code in _NEVER else ""


def sort_code(code: int) -> Fault:
    """What an error code of Twilio's asks for (https://www.twilio.com/docs/api/errors)."""
    if code in _UNWANTED:
        return Fault.UNWANTED
    if code in _DEAD:
        return Fault.DEAD
    return Fault.LATER if code in _LATER else Fault.OURS


def sort_answer(error: TwilioRestException) -> Outcome:
    code, status = error.code or 0, int(error.status)
    reason = f"Twilio error {code}: {error.msg}{_remedy(code)}" if code else f"Twilio refused the message ({status}): {error.msg}"
    if status == 401 or (status == 403 and code < 21000):
        return Refused(f"{reason}; correct the account's SID and token, or settle it with Twilio", try_again=True)
    if status == 429:
        return Refused(reason, try_again=True)
    if status >= 500 or status < 400:
        return Unknown(f"Twilio answered {status}: {error.msg}")
    fault = sort_code(code)
    return Refused(reason, try_again=fault is Fault.LATER, fault=fault)


def sort_connection(error: exceptions.ConnectionError) -> Outcome:
    """A connection that never came about carried nothing."""
    cause: object = error.args[0] if error.args else None
    cause = getattr(cause, "reason", cause)
    if isinstance(error, exceptions.ConnectTimeout | exceptions.SSLError | exceptions.ProxyError) or isinstance(cause, _NEVER_CONNECTED):
        return Refused(f"Twilio could not be reached: {cause or error}", try_again=True)
    return Unknown(f"the connection to Twilio broke: {cause or error}")
