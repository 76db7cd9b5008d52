"""Forged, replayed, rewritten, truncated and oversized requests to every signed route: none counts, none breaks anything.

The judge is the database: whatever is answered, nothing may stand in it that was not there before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from fastapi.testclient import TestClient
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from settings import Settings
from support.office import Office
from web.provider_webhooks import refused
from web.voice import refused as refused_calls

PUBLIC = "https://pay.example"
ACCOUNT, TOKEN = "AC" + "a" * 32, "an-auth-token-of-thirty-two-chars"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"
TABLES = ("receipts", "suppressions", "incoming", "inbox", "outreach", "calls")
SENDGRID = ("/webhooks/sendgrid/events", "/webhooks/sendgrid/inbound")
TEXTS = ("/webhooks/twilio/status?outreach=out_1", "/webhooks/twilio/inbound")
VOICE = ("/voice/out_1", "/voice/out_1/status", "/voice/out_1/1", "/voice/out_1/1/colleague", "/voice/out_1/relayed")


@dataclass
class Request:
    """One forged request. ``twin`` is the genuine one it was made from."""

    what: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    age: timedelta = timedelta()


@dataclass
class Forger:
    """Knows every genuine request and no secret but those it is given."""

    office: Office
    key: ec.EllipticCurvePrivateKey
    stranger: ec.EllipticCurvePrivateKey

    # -- genuine ---------------------------------------------------------------------------------------------------------------

    def seal(self, body: bytes, key: ec.EllipticCurvePrivateKey | None = None, shift: int = 0) -> dict[str, str]:
        moment = str(int(self.office.now.timestamp()) + shift)
        return {SIGNATURE: base64.b64encode((key or self.key).sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))).decode(), TIMESTAMP: moment}

    def sendgrid(self, path: str) -> tuple[bytes, dict[str, str]]:
        if path.endswith("events"):
            event = {"event": "bounce", "type": "bounce", "email": "billing@c-1.example", "sg_event_id": "e1", "dunwell_outreach": "out_1", "timestamp": 1}
            return json.dumps([event]).encode() + b"\r\n", {"Content-Type": "application/json"}
        mail = b"From: billing@c-1.example\r\nMessage-ID: <m@c-1.example>\r\nSubject: Re: 1\r\n\r\nplease stop"
        body = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + mail + b"\r\n--b--\r\n"
        return body, {"Content-Type": "multipart/form-data; boundary=b"}

    def twilio(self, path: str) -> dict[str, str]:
        if path in VOICE:
            call = {"AccountSid": ACCOUNT, "CallSid": "CA1", "From": "+4915100000001", "To": "+4915112345678"}
            more = {
                "/voice/out_1": {"AnsweredBy": "human"},
                "/voice/out_1/1": {"Digits": "1", "SpeechResult": "yes"},
                "/voice/out_1/1/colleague": {"DialCallStatus": "completed"},
            }
            return call | {"CallStatus": "no-answer" if path.endswith("status") else "in-progress"} | more.get(path, {})
        sent = {"AccountSid": ACCOUNT, "MessageSid": "SM1", "From": "+4915112345678", "To": "+4915100000001"}
        return {**sent, "Body": "STOP"} if path.endswith("inbound") else {**sent, "To": "+4915112345678", "MessageStatus": "undelivered", "ErrorCode": "30006"}

    def sign(self, path: str, fields: dict[str, str], token: str = TOKEN, base: str = PUBLIC) -> str:
        return str(RequestValidator(token).compute_signature(f"{base}{path}", fields))

    # -- forged ----------------------------------------------------------------------------------------------------------------

    def forge(self) -> Iterator[Request]:
        for path in SENDGRID:
            yield from self.forge_sendgrid(path)
        for path in (*TEXTS, *VOICE):
            yield from self.forge_twilio(path)

    def forge_sendgrid(self, path: str) -> Iterator[Request]:
        body, kind = self.sendgrid(path)
        genuine = self.seal(body)
        moment = genuine[TIMESTAMP]

        def made(what: str, raw: bytes = body, **headers: str | None) -> Request:
            chosen = {**genuine, **kind, **{name.replace("_", "-"): value for name, value in headers.items() if value is not None}}
            gone = {name.replace("_", "-") for name, value in headers.items() if value is None}
            return Request(what, path, raw, {name: value for name, value in chosen.items() if name not in gone})

        signature, timestamp = SIGNATURE.replace("-", "_"), TIMESTAMP.replace("-", "_")
        for gone in ((signature,), (timestamp,), (signature, timestamp)):
            yield made(f"without {gone}", **dict.fromkeys(gone))
        for value in (
            "",
            " ",
            "AAAA",
            "=",
            "!",
            "MEUCIQ==",
            "null",
            "\u00e9",
            "A" * 8000,
            base64.b64encode(b"\x30" * 70).decode(),
            genuine[SIGNATURE][:-4],
            genuine[SIGNATURE] + "AAAA",
        ):
            yield made(f"signature {value[:9]!r}", **{signature: value.encode("ascii", "replace").decode()})
        for r, s in ((0, 0), (0, 1), (1, 0), (1, 1), (ORDER, 1), (1, ORDER), (ORDER, ORDER), (ORDER + 1, 1), (2**300, 5)):
            yield made(f"r={r % 999} s={s % 999}", **{signature: base64.b64encode(encode_dss_signature(r, s)).decode()})
        sealed = bytearray(base64.b64decode(genuine[SIGNATURE]))
        for place in range(0, len(sealed), 3):
            yield made(f"bit {place}", **{signature: base64.b64encode(bytes(one ^ (1 if at == place else 0) for at, one in enumerate(sealed))).decode()})
        for value in ("", "0", "-1", "1e9", moment + "0", moment + ".0", "٣", " " + moment, "9" * 400, str(int(moment) + 1), str(int(moment) - 1), "now"):
            yield made(f"moment {value[:9]!r}", **{timestamp: value.encode("ascii", "replace").decode()})
        for seconds in (-4 * 86_400, -30 * 86_400, 301, 3600, 10**9):
            yield Request(f"sealed {seconds} s away", path, body, {**self.seal(body, shift=seconds), **kind})
        yield Request("a stranger's key", path, body, {**self.seal(body, self.stranger), **kind})
        yield Request("the seal of another body", path, body, {**self.seal(b"[]"), **kind})
        for cut in range(0, len(body), max(1, len(body) // 25)):
            yield made(f"cut at {cut}", body[:cut])
        rewritten = [
            body.strip(),
            body + b" ",
            b" " + body,
            body.replace(b"\r\n", b"\n"),
            body * 2,
            body.upper(),
            body[::-1],
            b"\xef\xbb\xbf" + body,
            b"",
            b"[]",
            b"[" * 100_000,
        ]
        if path.endswith("events"):
            told = json.loads(body)
            rewritten += [json.dumps(told, indent=indent, sort_keys=True).encode() for indent in (None, 1, 2)]
            rewritten += [json.dumps(told * n).encode() for n in (1, 2, 50)]
            rewritten += [body.replace(b"bounce", b"spamreport"), body.replace(b"c-1", b"c-2"), body.replace(b'"e1"', b'"e2"')]
        for number, raw in enumerate(rewritten):
            if raw != body:
                yield made(f"rewritten {number}", raw)
        yield made("too large", b"[" + b" " * (31 * 1024 * 1024) + b"]")
        yield made("a length that lies", body, Content_Length="99999999999")
        yield made("packed", body, Content_Encoding="gzip")
        yield made("a seal of Twilio's", X_Twilio_Signature="x", **{signature: None})

    def forge_twilio(self, path: str) -> Iterator[Request]:
        fields = self.twilio(path)
        genuine, body = self.sign(path, fields), urlencode(fields).encode()

        def made(what: str, raw: bytes = body, given: str | None = genuine, at: str = path, **headers: str) -> Request:
            seal = {} if given is None else {"X-Twilio-Signature": given}
            return Request(what, at, raw, {**FORM, **seal, **{name.replace("_", "-"): value for name, value in headers.items()}})

        yield made("without a signature", given=None)
        for value in (
            "",
            " ",
            "=",
            "AAAA",
            "null",
            genuine[:-1],
            genuine + "=",
            genuine.swapcase(),
            "?" * 28,
            "A" * 8000,
            base64.b64encode(b"\0" * 20).decode(),
        ):
            yield made(f"signature {value[:9]!r}", given=value)
        for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), ACCOUNT):
            yield made(f"another's token {token[:5]!r}", given=self.sign(path, fields, token))
        for base in (
            "http://pay.example",
            "https://pay.example:8443",
            "http://127.0.0.1:8401",
            "https://evil.example",
            "https://pay.example.",
            "https://user@pay.example",
        ):
            yield made(f"for {base}", given=self.sign(path, fields, base=base))
        for at in ("/", "/webhooks/twilio", "/webhooks/rest/x", path + "/", path + "&x=1", path.upper()):
            yield made(f"for {at}", given=self.sign(at, fields))
        of_its_kind = VOICE if path in VOICE else TEXTS
        other = of_its_kind[(of_its_kind.index(path) + 1) % len(of_its_kind)]
        yield made("sent to the other route", at=other)
        yield made("with a query of its own", at=path + ("&" if "?" in path else "?") + "bodySHA256=" + hashlib.sha256(body).hexdigest())
        for name, after in itertools.pairwise(sorted(fields)):
            if name not in ("From", "SpeechResult"):  # whose values are anybody's words
                swallowed = {one: value + (after + fields[after] if one == name else "") for one, value in fields.items() if one != after}
                yield made(f"{name} swallows {after}", urlencode(swallowed).encode())
        if path in VOICE:
            yield made("about another call", at=path.replace("out_1", "out_2"))
        if "?" in path:
            yield made("about another message", at=path.replace("out_1", "out_2"))
            yield made("about no message", at=path.partition("?")[0])
        for name in fields:
            yield made(f"without {name}", urlencode({one: value for one, value in fields.items() if one != name}).encode())
            yield made(f"another {name}", urlencode({**fields, name: fields[name] + "1"}).encode())
            yield made(f"{name} twice", body + b"&" + urlencode({name: fields[name]}).encode())
            for cut in range(1, min(len(fields[name]), 6)):
                shifted = {(one + value[:cut] if one == name else one): (value[cut:] if one == name else value) for one, value in fields.items()}
                yield made(f"{name} cut {cut} later", urlencode(shifted).encode())
            for cut in (1, 2) if name != "To" else (1,):
                shifted = {(one[:-cut] if one == name else one): (name[-cut:] + value if one == name else value) for one, value in fields.items()}
                yield made(f"{name} cut {cut} earlier", urlencode(shifted).encode())
        yield made("one more field", body + b"&Z=1")
        yield made("an empty field more", body + b"&Z=")
        for extra in (b"%ff=1", b"a=%ff", b"&&", b"=", b"%00=1", b"x", b"[]=1", b";a=1"):
            yield made(f"with {extra!r}", body + b"&" + extra)
        yield made("300 fields", body + b"".join(b"&f%d=1" % number for number in range(300)))
        for cut in range(0, len(body), max(1, len(body) // 12)):
            yield made(f"cut at {cut}", body[:cut])
        yield made("as JSON", json.dumps(fields).encode(), Content_Type="application/json")
        yield made("as multipart", body, Content_Type="multipart/form-data; boundary=x")
        yield made("too large", body + b"&Z=" + b"a" * 300_000)
        yield made("packed", body, Content_Encoding="deflate")
        for algorithm in ("HMAC_MD5", "none", "HMAC_SHA256", "hmac_sha256", "HMAC_SHA1 ", ",,,"):
            if algorithm.strip().upper() != "HMAC_SHA1" and algorithm != ",,,":
                yield made(f"signed by {algorithm}", X_Twilio_Webhooks_Signature_Settings=f"key=k,algorithm={algorithm}")
        told = f"{PUBLIC}{path}" + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        for secret in (b"", b"0", TOKEN.encode()[::-1]):
            yield made(f"SHA-256 under {secret[:3]!r}", given=base64.b64encode(hmac.new(secret, told.encode(), hashlib.sha256).digest()).decode())
        stranger = {**fields, "AccountSid": "AC" + "b" * 32}
        yield made("of another account under our token", urlencode(stranger).encode(), given=self.sign(path, stranger))


@pytest.fixture
def forger(office: Office, settings: Settings) -> Forger:
    made = Forger(office, ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
    public = made.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token = PUBLIC, ACCOUNT, TOKEN
    settings.sendgrid_event_keys = settings.sendgrid_inbound_keys = base64.b64encode(public).decode()
    office.message(office.invoice("A-1", customer := office.customer()), customer)
    return made


def standing(office: Office) -> dict[str, int]:
    with office.database.reading() as connection:
        return {table: int(connection.execute(text(f"select count(*) from {table}")).scalar_one()) for table in TABLES}


def post(outside: TestClient, request: Request) -> int:
    return outside.post(request.path, content=request.body, headers=request.headers).status_code


def test_of_hundreds_of_forged_requests_none_is_accepted_and_none_breaks_anything(outside: TestClient, forger: Forger) -> None:
    before, counted = standing(forger.office), refused.total() + refused_calls.total()
    answers = [(request, post(outside, request)) for request in forger.forge()]
    assert len(answers) >= 400, f"only {len(answers)} were made up"
    assert {request.path for request, _ in answers} >= {*SENDGRID, *TEXTS, *VOICE}
    accepted = [(request.what, request.path) for request, status in answers if status < 400]
    crashed = [(request.what, request.path) for request, status in answers if status >= 500]
    assert (accepted, crashed) == ([], [])
    assert standing(forger.office) == before
    with forger.office.database.reading() as connection:
        told = set(connection.execute(text("select key from tasks")).scalars())
    assert told == {f"webhooks-refused/{sender}" for sender in ("twilio", "sendgrid/events", "sendgrid/inbound")}, "one alarm for each, and no more"
    assert refused.total() + refused_calls.total() - counted >= len(answers) * 0.9, "what is refused is counted"


def test_the_genuine_twin_of_every_forgery_is_taken(outside: TestClient, forger: Forger) -> None:
    for path in SENDGRID:
        body, kind = forger.sendgrid(path)
        assert post(outside, Request("genuine", path, body, {**forger.seal(body), **kind})) in (200, 204), path
    for path in (*TEXTS, *VOICE):
        fields = forger.twilio(path)
        body = urlencode(fields).encode()
        assert post(outside, Request("genuine", path, body, {**FORM, "X-Twilio-Signature": forger.sign(path, fields)})) in (200, 204), path
    assert standing(forger.office)["receipts"] >= 3


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=10), timedelta(hours=23), timedelta(days=4)])
def test_replayed_a_thousand_times_a_genuine_request_counts_once(outside: TestClient, forger: Forger, later: timedelta) -> None:
    requests = []
    for path in SENDGRID:
        body, kind = forger.sendgrid(path)
        requests.append(Request("genuine", path, body, {**forger.seal(body), **kind}))
    for path in (*TEXTS, *VOICE):
        fields = forger.twilio(path)
        requests.append(Request("genuine", path, urlencode(fields).encode(), {**FORM, "X-Twilio-Signature": forger.sign(path, fields)}))
    assert all(post(outside, request) < 300 for request in requests)
    before = standing(forger.office)
    forger.office.now += later
    statuses: Counter[int] = Counter()
    dice = random.Random(7)
    for _ in range(60):
        dice.shuffle(requests)
        statuses.update(post(outside, request) for request in requests)
    assert standing(forger.office) == before
    assert all(status < 500 for status in statuses)
    assert (401 in statuses) == (later > timedelta(days=3)), "an old seal is refused"


@pytest.mark.parametrize("set_up", ["nothing", "another account"])
def test_where_a_provider_is_not_set_up_nothing_of_it_is_believed(outside: TestClient, forger: Forger, settings: Settings, set_up: str) -> None:
    requests: list[Callable[[], Request]] = []
    path = "/webhooks/twilio/inbound"
    fields = forger.twilio(path)
    for token in (TOKEN, ""):
        headers = {**FORM, "X-Twilio-Signature": forger.sign(path, fields, token)}
        requests.append(lambda headers=headers: Request("genuine once", path, urlencode(fields).encode(), headers))  # type: ignore[misc]
    settings.sendgrid_event_keys = settings.sendgrid_inbound_keys = "" if set_up == "nothing" else "not a key"
    settings.twilio_auth_token, settings.twilio_account_sid = ("", "") if set_up == "nothing" else ("other", "AC" + "c" * 32)
    for where in ("/webhooks/sendgrid/events", "/webhooks/sendgrid/inbound"):
        body, kind = forger.sendgrid(where)
        requests.append(lambda where=where, body=body, kind=kind: Request("genuine once", where, body, {**forger.seal(body), **kind}))  # type: ignore[misc]
    before = standing(forger.office)
    assert {post(outside, make()) for make in requests} == {401}
    assert standing(forger.office) == before
