"""The rest ledger: a generic pull API for any accounting system, and the signed hints it may send.

The API is described, with examples, in docs/reference/rest-ledger.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from integrations.accounting import Hint, LedgerInvoice, Reading, UnableToReadLedger
from integrations.accounting.rest_forms import Answer, Name, Page, Ref, invoice_of, place_of

_TIMEOUT = httpx.Timeout(10, connect=3)
_WHOLE_ANSWER_SECONDS = 30
_LARGEST_ANSWER = 20 * 1024 * 1024
_REFS_AT_ONCE = 50
_MOST_PAGES = 10_000

_TOLERANCE = timedelta(minutes=5)
_LARGEST_HINT = 64 * 1024
_SHORTEST_KEY = 24


class UnableToTrust(Exception):
    """A webhook that is forged, stale or malformed. ``reason`` says which, without any secret, and is for our own log.

    ``told`` is what its sender may be answered: what anybody can see of it, and nothing of secrets or sellers.
    """

    def __init__(self, reason: str, told: str = "the signature could not be verified") -> None:
        super().__init__(reason)
        self.reason = reason
        self.told = told


class UnableToUnderstand(UnableToTrust):
    """A webhook with a genuine seal on a body that is not in the agreed form: its sender is ours, and is told."""


def connect(base_url: str, token: str, *, client: httpx.Client | None = None) -> RestLedger:
    """The ledger that answers at ``base_url`` (the address before /invoices), asked with the Bearer ``token``.

    Makes no call yet. Raises UnableToReadLedger when one of the two cannot be right.
    """
    return RestLedger(check_address(base_url, token), token, client or httpx.Client())


def check_address(base_url: str, token: str) -> str:
    """The address as it is used. Raises UnableToReadLedger when it or the ``token`` cannot be right."""
    try:
        address = httpx.URL(base_url.strip().rstrip("/"))
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host or address.query or address.userinfo:
        raise UnableToReadLedger("the ledger's address is not usable; write it like https://books.example.com/api, without user, password or query")
    if not re.fullmatch("[!-~]+", token):
        raise UnableToReadLedger("the ledger's token is empty or holds spaces or line breaks; copy it again from the ledger")
    return str(address)


class RestLedger:
    """A ledger behind the rest API; safe to share between threads. Every call raises UnableToReadLedger when in doubt.

    A call waits 3 s for a connection, 10 s for each part of an answer and 30 s for all of it. Only a connection that could
    not be made is tried again, once.
    """

    def __init__(self, address: str, token: str, client: httpx.Client) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, application/pdf"}
        self._client = client

    def read(self, refs: tuple[str, ...]) -> Reading:
        """The present state of these invoices. ``read_at`` is when we began to ask, ``posted_through`` the earliest told."""
        read_at = datetime.now(UTC)
        asked = tuple(dict.fromkeys(refs))
        found: dict[str, LedgerInvoice | None] = dict.fromkeys(asked)
        posted: list[date | None] = []
        for start in range(0, len(asked), _REFS_AT_ONCE):
            for page in self._pages([("ref", ref) for ref in asked[start : start + _REFS_AT_ONCE]]):
                posted.append(page.posted_through)
                for invoice in page.invoices:
                    if invoice.ref not in found or found[invoice.ref]:
                        raise UnableToReadLedger(f"the ledger answered with invoice {invoice.ref} unasked or twice; report this to whoever runs its API")
                    found[invoice.ref] = invoice.as_told()
        told = [day for day in posted if day]
        return Reading(found, read_at, min(told) if told and len(told) == len(posted) else None)

    def all_invoices(self, updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
        """Every invoice, or (``updated_since``, aware) those that changed from then on, page by page.

        One that changes while it is being listed may come twice.
        """
        params = [("updated_since", updated_since.astimezone(UTC).isoformat())] if updated_since else []
        numbers: dict[tuple[str, str], str] = {}
        for page in self._pages(params):
            if again := [ref for ref, times in Counter(invoice.ref for invoice in page.invoices).items() if times > 1]:
                raise UnableToReadLedger(f"the ledger lists invoice {again[0]} twice on one page; report this to whoever runs its API")
            for invoice in page.invoices:
                other = numbers.setdefault((invoice.customer.number, invoice.number), invoice.ref)
                if other != invoice.ref:
                    raise UnableToReadLedger(
                        f"the ledger's invoices {other} and {invoice.ref} have the same customer and the same number {invoice.number}; "
                        "one of the two must be corrected there"
                    )
                yield invoice.as_told()

    def pdf(self, ref: str) -> bytes | None:
        status, body = self._get(f"/invoices/{quote(ref, safe='')}/pdf", [], may_be_missing=True)
        if status in (204, 404):
            return None
        if not body.startswith(b"%PDF-"):
            raise UnableToReadLedger(f"the ledger answered with something that is not a PDF for invoice {ref}; see what its address {self._address} serves")
        return body

    def _pages(self, params: list[tuple[str, str]]) -> Iterator[Page]:
        cursors: set[str] = set()
        while len(cursors) < _MOST_PAGES:
            page = self._page(params)
            yield page
            if not page.next:
                return
            if page.next in cursors:
                break
            cursors.add(page.next)
            params = [*(param for param in params if param[0] != "cursor"), ("cursor", page.next)]
        raise UnableToReadLedger("the ledger's pages never end: its cursor repeats or there are too many; report this to whoever runs its API")

    def _page(self, params: list[tuple[str, str]]) -> Page:
        _, body = self._get("/invoices", params)
        try:
            return Page.model_validate_json(body)
        except ValidationError as error:
            if error.errors()[0]["type"] == "json_invalid":
                raise UnableToReadLedger(f"the ledger's answer is not JSON; see whether {self._address} is the address of its API") from None
            fault = f"{place_of(error)}{invoice_of(error, body)}"
            raise UnableToReadLedger(f"the ledger's answer is not in the agreed form: {fault}; see the rest ledger's reference") from None

    def _get(self, path: str, params: list[tuple[str, str]], *, may_be_missing: bool = False) -> tuple[int, bytes]:
        try:
            try:
                status, retry_after, body = self._ask(path, params)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                status, retry_after, body = self._ask(path, params)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise UnableToReadLedger(
                f"the ledger at {self._address} could not be reached; see whether it runs and whether this machine may connect to it"
            ) from error
        except httpx.TimeoutException as error:
            raise UnableToReadLedger(f"the ledger at {self._address} did not answer in time; see whether it is overloaded") from error
        except httpx.HTTPError as error:
            raise UnableToReadLedger(
                f"the ledger at {self._address} broke off its answer ({type(error).__name__}); see whether it is being restarted"
            ) from error
        if status == 200 or (may_be_missing and status in (204, 404)):
            return status, body
        wait = f" in {retry_after} s" if re.fullmatch("[0-9]{1,6}", retry_after) else " later"
        remedy = {
            401: "it refuses the token: set a valid one",
            403: "the token may not read invoices: give it that right in the ledger",
            404: f"it has nothing there: see whether {self._address} is the address of its API",
            429: f"it is asked too often: it will be asked again{wait}",
        }.get(
            status, "it is failing on its own side: see its status page or log" if status >= 500 else f"see whether {self._address} is the address of its API"
        )
        raise UnableToReadLedger(f"the ledger answered {status} to GET {path}; {remedy}")

    def _ask(self, path: str, params: list[tuple[str, str]]) -> tuple[int, str, bytes]:
        deadline = time.monotonic() + _WHOLE_ANSWER_SECONDS
        body = bytearray()
        url = self._address + path
        with self._client.stream("GET", url, params=tuple(params), headers=self._headers, timeout=_TIMEOUT, follow_redirects=False) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _LARGEST_ANSWER or time.monotonic() > deadline:
                    raise UnableToReadLedger(f"the ledger's answer to GET {path} is too large or too slow; let it use smaller pages")
        return response.status_code, response.headers.get("retry-after", ""), bytes(body)


# The hints


class _HintedInvoice(Answer):
    ref: Ref


class _Event(Answer):
    type: Name
    data: _HintedInvoice


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Hint:
    """What a webhook in Standard Webhooks form hints at, once its seal on the raw ``body`` has been found genuine.

    ``secrets`` ("whsec_" and base64 of 24 bytes or more) are all valid at once, so that one can replace another. The
    seal must be within five minutes of ``now`` (aware), before or after. Raises UnableToTrust, and
    UnableToUnderstand where the seal is genuine and only the body is not in the agreed form.
    """
    given = {name.lower(): value for name, value in headers.items()}
    delivery, timestamp, seals = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not re.fullmatch("[!-~]{1,200}", delivery) or not seals:
        raise _malformed("webhook-id or webhook-signature is missing or malformed; see Standard Webhooks")
    if not re.fullmatch("[0-9]{1,11}", timestamp):
        raise _malformed("webhook-timestamp is missing or not a number of seconds")
    if abs(now.timestamp() - int(timestamp)) > _TOLERANCE.total_seconds():
        raise _malformed("webhook-timestamp is more than five minutes away from now; see the clocks of both machines")
    if len(body) > _LARGEST_HINT:
        raise _malformed(f"the body is larger than any hint needs to be ({_LARGEST_HINT} bytes)")
    content = b".".join((delivery.encode(), timestamp.encode(), body))
    expected = [hmac.new(read_secret(secret), content, hashlib.sha256).digest() for secret in secrets]
    genuine = False
    for seal in _seals(seals):
        for digest in expected:
            genuine |= hmac.compare_digest(digest, seal)
    if not genuine:
        raise UnableToTrust("no signature is ours" if expected else "no webhook secret is set for this ledger")
    try:
        event = _Event.model_validate_json(body)
    except ValidationError as error:
        said = f"the body is signed but not in the agreed form: {place_of(error)}"
        raise UnableToUnderstand(said, said) from None
    return Hint(delivery, event.data.ref, event.type)


def _malformed(said: str) -> UnableToTrust:
    return UnableToTrust(said, said)


def read_secret(secret: str) -> bytes:
    """The key in a webhook secret. Raises UnableToTrust when it is too weak to seal anything."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_") + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or len(key) < _SHORTEST_KEY:
        raise UnableToTrust(f"a webhook secret set here is unusable; it must be whsec_ and the base64 of {_SHORTEST_KEY} random bytes or more")
    return key


def _seals(header: str) -> Iterator[bytes]:
    """The v1 signatures in a header; malformed and unknown ones are as good as none."""
    for part in header.split(" ", maxsplit=20)[:20]:
        version, _, encoded = part.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                continue
