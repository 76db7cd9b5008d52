"""Whether a request really comes from the provider it says it comes from: judged on what arrived, before anything of it is used.

SendGrid signs its timestamp and the raw body (ECDSA P-256, SHA-256). Twilio signs the full address it called and the form's
fields, sorted (HMAC-SHA1 under the auth token, or HMAC-SHA256 under a shared key), and no time: what it repeats must be known
again by its ids.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

SENDGRID_SIGNATURE = "x-twilio-email-event-webhook-signature"
SENDGRID_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
TWILIO_SIGNATURE = "x-twilio-signature"
TWILIO_SETTINGS = "x-twilio-webhooks-signature-settings"
# How far the moment in a seal may lie ahead of ours.
TOLERANCE = timedelta(minutes=5)
MOST_FIELDS = 200

_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,99}")


class UnableToTrust(Exception):
    """The request is not genuine, or nobody can say so. The message says why, for our own log only."""


class UnableToReadKey(ValueError):
    """A public key that cannot be used; the message says how it should look."""


def read_public_key(written: str) -> ec.EllipticCurvePublicKey:
    """A verification key as SendGrid shows it: base64 without the lines around it, or with them. Raises UnableToReadKey."""
    bare = "".join(line for line in written.split("\n") if "-----" not in line)
    try:
        key = load_der_public_key(base64.b64decode("".join(bare.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UnableToReadKey("is no verification key of SendGrid's; copy it whole from Settings, Mail Settings, Signed Event Webhook (it begins with MFkw)")
    return key


def verify_sendgrid(headers: Mapping[str, str], raw: bytes, keys: Sequence[ec.EllipticCurvePublicKey], now: datetime, oldest: timedelta = TOLERANCE) -> None:
    """Returns when one of ``keys`` sealed ``raw`` at most ``oldest`` before ``now``. Raises UnableToTrust.

    Whoever allows for deliveries that are tried again for longer must know each thing told again by its own id.
    """
    signature, moment = headers.get(SENDGRID_SIGNATURE, ""), headers.get(SENDGRID_TIMESTAMP, "")
    if not signature or not moment:
        raise UnableToTrust("it carries no seal")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise UnableToTrust("the moment in its seal is no number")
    if not -TOLERANCE.total_seconds() <= now.timestamp() - int(moment) <= oldest.total_seconds():
        raise UnableToTrust(f"its seal was not made in the last {oldest.total_seconds() / 60:.0f} minutes")
    try:
        sealed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise UnableToTrust("its seal is not base64") from None
    for key in keys:
        try:
            key.verify(sealed, moment.encode() + raw, ec.ECDSA(hashes.SHA256()))
            return
        except InvalidSignature:
            continue
    raise UnableToTrust("no key of ours made its seal" if keys else "no key is set")


def read_form(raw: bytes) -> dict[str, str]:
    """The fields of a form. Raises UnableToTrust for whatever Twilio never sends: a field twice, a strange name, no UTF-8."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnableToTrust("its body is no form") from None
    fields = dict(pairs)
    # The signature runs names and values together: what is told apart by nothing in it must be told apart here.
    if len(fields) != len(pairs) or not all(_FIELD_NAME.fullmatch(name) for name in fields):
        raise UnableToTrust("its form has a field twice, or one with a strange name")
    return fields


def verify_twilio(headers: Mapping[str, str], url: str, fields: Mapping[str, str], secrets: Sequence[str], *, fragment: str = "") -> None:
    """Returns when one of ``secrets`` signed a call of ``url``, as Twilio knows it, with these fields. Raises UnableToTrust.

    Twilio may or may not sign the default port, and the ``fragment`` of its own that the address was given with.
    """
    given = headers.get(TWILIO_SIGNATURE, "")
    if not given:
        raise UnableToTrust("it carries no signature")
    algorithm = _algorithm(headers.get(TWILIO_SETTINGS, ""))
    told = "".join(f"{name}{fields[name]}" for name in sorted(fields))
    for address in _spellings(url, fragment):
        for secret in secrets:
            digest = hmac.new(secret.encode(), f"{address}{told}".encode(), _HASHES[algorithm]).digest()
            if hmac.compare_digest(base64.b64encode(digest), given.encode("latin-1", "replace")):
                return
    raise UnableToTrust("no secret of ours made its signature" if secrets else "no secret is set")


def _algorithm(settings: str) -> str:
    """Raises UnableToTrust for an algorithm that is not known."""
    for part in settings.split(","):
        name, separator, value = part.partition("=")
        if separator and name.strip() == "algorithm" and value.strip():
            if (algorithm := value.strip().upper()) not in _HASHES:
                raise UnableToTrust("it is signed in a way that is not known")
            return algorithm
    return "HMAC_SHA1"


def _spellings(url: str, fragment: str) -> Iterable[str]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    default = 443 if parts.scheme in ("https", "wss") else 80
    hosts = (host, f"{host}:{port or default}")
    for one in hosts:
        bare = urlunsplit(parts._replace(netloc=one, fragment=""))
        yield bare
        if fragment:
            yield f"{bare}#{fragment}"


def moment_of(seconds: object, now: datetime) -> datetime:
    """A moment that a provider tells as seconds since 1970; ``now`` where it tells none that could be meant."""
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 10**11:
        return min(datetime.fromtimestamp(seconds, UTC), now)
    return now
