"""The public listener: what is genuine is kept once, what is not leaves no trace."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from db import inbox, schema
from db.engine import Database
from domain.event import InvoiceChanged
from settings import SellerSettings, Settings
from support.office import SECRET, SELLER, FakeDoor
from tests.support.databases import fresh_database
from web.app import create_public
from web.webhooks import LARGEST_BODY

BODY = json.dumps({"type": "invoice.paid", "timestamp": "2026-11-21T10:00:00Z", "data": {"ref": "R-1"}}).encode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of thirty-two byte").decode()


def seal(secret: str, id_: str, timestamp: str, body: bytes, digest: Any = hashlib.sha256) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    return "v1," + base64.b64encode(hmac.new(key, f"{id_}.{timestamp}.".encode() + body, digest).digest()).decode()


@dataclass(frozen=True)
class Delivery:
    """A webhook as it arrives. ``skew`` is how far its clock is off, in seconds; ``signature`` "" leaves it genuine."""

    secret: str
    id: str = "msg_1"
    skew: int = 0
    body: bytes = BODY
    path: str = "/webhooks/rest/brightwater"
    headers: dict[str, str | None] = field(default_factory=dict)
    sent: bytes | None = None

    def post(self, client: TestClient) -> Any:
        timestamp = str(int(datetime.now(UTC).timestamp()) + self.skew)
        headers: dict[str, str | None] = {
            "webhook-id": self.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": seal(self.secret, self.id, timestamp, self.body),
        }
        headers |= {
            name: value.replace("$SEAL", headers["webhook-signature"] or "").replace("$TIME", timestamp) if value else value
            for name, value in self.headers.items()
        }
        given = {name: value for name, value in headers.items() if value is not None}
        return client.post(self.path, content=self.body if self.sent is None else self.sent, headers=given)


def signed_with(**changes: Any) -> Any:
    return lambda genuine: replace(genuine, **changes)


def with_headers(**headers: str | None) -> Any:
    return lambda genuine: replace(genuine, headers={name.replace("_", "-"): value for name, value in headers.items()})


UNVERIFIED = "the signature could not be verified"
NO_SEAL = "webhook-id or webhook-signature is missing or malformed; see Standard Webhooks"
NO_TIME = "webhook-timestamp is missing or not a number of seconds"
STALE = "webhook-timestamp is more than five minutes away from now; see the clocks of both machines"
FORM = "the body is signed but not in the agreed form: "

# What arrives, how it is answered, and with which words. What depends on a secret or on who our sellers are is always answered alike.
FORGED: dict[str, tuple[Any, int, str]] = {
    "no signature": (with_headers(webhook_signature=None), 401, NO_SEAL),
    "no id": (with_headers(webhook_id=None), 401, NO_SEAL),
    "no timestamp": (with_headers(webhook_timestamp=None), 401, NO_TIME),
    "no headers at all": (with_headers(webhook_id=None, webhook_timestamp=None, webhook_signature=None), 401, NO_SEAL),
    "an empty signature": (with_headers(webhook_signature=""), 401, NO_SEAL),
    "an empty id": (signed_with(id=""), 401, NO_SEAL),
    "a blank signature": (with_headers(webhook_signature=" "), 401, UNVERIFIED),
    "a bare version": (with_headers(webhook_signature="v1,"), 401, UNVERIFIED),
    "a signature without its version": (with_headers(webhook_signature="AAAA"), 401, UNVERIFIED),
    "the right seal under another version": (lambda g: replace(g, headers={"webhook-signature": "v2$SEAL"}), 401, UNVERIFIED),
    "version v1a": (lambda g: replace(g, headers={"webhook-signature": "v1a,$SEAL"}), 401, UNVERIFIED),
    "a seal that is not base64": (with_headers(webhook_signature="v1,!!!!"), 401, UNVERIFIED),
    "a seal cut short": (with_headers(webhook_signature="v1,AAAA"), 401, UNVERIFIED),
    "a seal of zeros": (with_headers(webhook_signature="v1," + base64.b64encode(bytes(32)).decode()), 401, UNVERIFIED),
    "a seal with something after it": (with_headers(webhook_signature="$SEALx"), 401, UNVERIFIED),
    "a hundred wrong seals": (with_headers(webhook_signature=" ".join(["v1," + base64.b64encode(bytes(32)).decode()] * 100)), 401, UNVERIFIED),
    "the right seal behind a hundred wrong ones": (with_headers(webhook_signature=" ".join(["v1,AAAA"] * 100) + " $SEAL"), 401, UNVERIFIED),
    "another secret": (signed_with(secret=OTHER_SECRET), 401, UNVERIFIED),
    "the secret of another seller": (signed_with(path="/webhooks/rest/elsewhere"), 401, UNVERIFIED),
    "an all-zero secret": (signed_with(secret="whsec_" + base64.b64encode(bytes(32)).decode()), 401, UNVERIFIED),
    "an empty secret": (signed_with(secret="whsec_"), 401, UNVERIFIED),
    "a changed amount": (lambda g: replace(g, sent=g.body.replace(b"R-1", b"R-2")), 401, UNVERIFIED),
    "one more space": (lambda g: replace(g, sent=g.body + b" "), 401, UNVERIFIED),
    "one byte less": (lambda g: replace(g, sent=g.body[:-1]), 401, UNVERIFIED),
    "the same JSON written otherwise": (lambda g: replace(g, sent=json.dumps(json.loads(g.body), indent=1).encode()), 401, UNVERIFIED),
    "another body altogether": (lambda g: replace(g, sent=b"{}"), 401, UNVERIFIED),
    "the id of another delivery": (with_headers(webhook_id="msg_2"), 401, UNVERIFIED),
    "a timestamp it was not sealed with": (
        lambda g: replace(g, headers={"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) + 1)}),
        401,
        UNVERIFIED,
    ),
    "replayed after six minutes": (signed_with(skew=-360), 401, STALE),
    "replayed after a year": (signed_with(skew=-31_536_000), 401, STALE),
    "six minutes ahead": (signed_with(skew=360), 401, STALE),
    "replayed with a fresh timestamp": (
        lambda g: replace(g, skew=-360, headers={"webhook-timestamp": str(int(datetime.now(UTC).timestamp()))}),
        401,
        UNVERIFIED,
    ),
    "a timestamp in milliseconds": (with_headers(webhook_timestamp="$TIME000"), 401, NO_TIME),
    "a timestamp with a sign": (with_headers(webhook_timestamp="+$TIME"), 401, NO_TIME),
    "a timestamp with a fraction": (with_headers(webhook_timestamp="$TIME.0"), 401, NO_TIME),
    "a timestamp in words": (with_headers(webhook_timestamp="now"), 401, NO_TIME),
    "a negative timestamp": (with_headers(webhook_timestamp="-1"), 401, NO_TIME),
    "no number": (with_headers(webhook_timestamp="NaN"), 401, NO_TIME),
    "an endless timestamp": (with_headers(webhook_timestamp="9" * 400), 401, NO_TIME),
    "an id with a space": (signed_with(id="msg 1"), 401, NO_SEAL),
    "an endless id": (signed_with(id="m" * 5000), 401, NO_SEAL),
    "a seller we do not have": (signed_with(path="/webhooks/rest/nobody"), 401, UNVERIFIED),
    "a seller in other letters": (signed_with(path="/webhooks/rest/Brightwater"), 401, UNVERIFIED),
    "a seller with a trailing space": (signed_with(path="/webhooks/rest/brightwater%20"), 401, UNVERIFIED),
    "a seller with a zero byte": (signed_with(path="/webhooks/rest/brightwater%00"), 401, UNVERIFIED),
    "a seller that climbs": (signed_with(path="/webhooks/rest/%2e%2e"), 401, UNVERIFIED),
    "a seller without webhook secrets": (signed_with(path="/webhooks/rest/secretless"), 401, UNVERIFIED),
    "a seller whose secret is unusable": (signed_with(path="/webhooks/rest/careless"), 401, UNVERIFIED),
    "no seller": (signed_with(path="/webhooks/rest/"), 404, "not found"),
    "a provider we do not have": (signed_with(path="/webhooks/stripe/brightwater"), 404, "not found"),
    "sealed, but not JSON": (signed_with(body=b"paid!"), 400, FORM + "the whole: Invalid JSON"),
    "sealed, but cut off": (signed_with(body=BODY[:-3]), 400, FORM + "the whole: Invalid JSON"),
    "sealed, but a list": (signed_with(body=b"[1]"), 400, FORM + "the whole: Input should be an object"),
    "sealed, but not an event": (signed_with(body=b'{"paid": true}'), 400, FORM + "type: Field required"),
    "sealed, but naming no invoice": (signed_with(body=b'{"type": "invoice.paid", "data": {}}'), 400, FORM + "data.ref: Field required"),
    "sealed, but of a numbered invoice": (
        signed_with(body=b'{"type": "invoice.paid", "data": {"ref": 7}}'),
        400,
        FORM + "data.ref: Input should be a valid string",
    ),
    "sealed, but of an invoice with a blank": (signed_with(body=b'{"type": "paid", "data": {"ref": "R 1"}}'), 400, FORM + "data.ref: String should match"),
    "sealed, but of half a letter": (signed_with(body=b'{"type": "paid", "data": {"ref": "\\ud800"}}'), 400, FORM + "the whole: Invalid JSON"),
    "sealed, but with a type that rings": (signed_with(body=b'{"type": "pa\\u0007id", "data": {"ref": "R-1"}}'), 400, FORM + "type: holds a control character"),
    "sealed, but not UTF-8": (signed_with(body=b'{"type": "paid", "data": {"ref": "\xff"}}'), 400, FORM + "the whole: Invalid JSON"),
    "sealed, but in brackets without end": (signed_with(body=b"[" * 60_000), 400, FORM + "the whole: Invalid JSON"),
    "sealed, but larger than any hint": (signed_with(body=BODY + b" " * 70_000), 401, "the body is larger than any hint needs to be (65536 bytes)"),
    "an empty body": (signed_with(body=b""), 400, "the body is empty"),
    "a compressed body": (with_headers(content_encoding="gzip"), 400, "send the body as it was signed, without content-encoding"),
    "a length that is no number": (with_headers(content_length="ten"), 400, "content-length is not a number"),
    "a negative length": (with_headers(content_length="-1"), 400, "content-length is not a number"),
    "a body that is too large": (signed_with(body=b" " * (LARGEST_BODY + 1)), 413, "the body is larger than 262144 bytes"),
    "a length that is too large": (with_headers(content_length=str(10**18)), 413, "the body is larger than 262144 bytes"),
}


@dataclass
class Stranger:
    """The outside world, the listener it speaks to, and what is to be seen behind it."""

    client: TestClient
    door: FakeDoor

    def stored(self) -> dict[str, int]:
        """How many rows each table has, the empty ones left out."""
        with self.door.database.reading() as connection:
            counts = {name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in schema.metadata.tables.items()}
            alarms = schema.tasks.c.key == "webhooks-refused/rest:brightwater"
            counts["tasks"] -= connection.execute(select(func.count()).where(alarms)).scalar_one()
        return {name: count for name, count in counts.items() if count}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stranger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """One listener for everything that must leave no trace."""
    folder = tmp_path_factory.mktemp("stranger")
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with fresh_database(request.param, folder, server) as url:
        database = Database(url)
        others = (("elsewhere", (OTHER_SECRET,)), ("secretless", ()), ("careless", ("whsec_short",)))
        sellers = (
            SellerSettings(SELLER, webhook_secrets=(SECRET,)),
            *(SellerSettings(replace(SELLER, id=name), webhook_secrets=kept) for name, kept in others),
        )
        door = FakeDoor(database)
        with TestClient(create_public(door, Settings(data_folder=folder), sellers), base_url="http://127.0.0.1:8401") as client:
            yield Stranger(client, door)
        database.close()


@pytest.mark.parametrize("forge, status, said", FORGED.values(), ids=FORGED)
def test_what_is_not_genuine_is_refused_says_why_and_leaves_nothing_behind(stranger: Stranger, forge: Any, status: int, said: str) -> None:
    before = stranger.stored()
    answer = forge(Delivery(SECRET)).post(stranger.client)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"] and answer.json()["error"].startswith(said)
    assert stranger.stored() == before and stranger.door.reported == []
    assert "whsec" not in answer.text and "R-1" not in answer.text and "brightwater" not in answer.text


def test_there_are_at_least_forty_kinds() -> None:
    assert len(FORGED) >= 40


REPLAYS: dict[str, list[Any]] = {
    "the same again": [signed_with(), signed_with()],
    "forty-six times": [signed_with()] * 46,
    "again with a later timestamp": [signed_with(), signed_with(skew=5)],
    "again with an earlier timestamp": [signed_with(), signed_with(skew=-200)],
    "again after its time": [signed_with(), signed_with(skew=-301)],
    "again with another seal beside": [signed_with(), with_headers(webhook_signature="v1,AAAA $SEAL")],
    "again with its headers written otherwise": [signed_with(), lambda g: replace(g, headers={"Webhook-ID": g.id, "webhook-id": None})],
    "again to another seller": [signed_with(), signed_with(path="/webhooks/rest/nobody")],
    "again with another body": [signed_with(), signed_with(body=BODY.replace(b"invoice.paid", b"invoice.changed"))],
}


@pytest.mark.parametrize("deliveries", REPLAYS.values(), ids=REPLAYS)
def test_a_replayed_word_is_kept_once_as_it_came_first_and_reported_once(outside: TestClient, door: FakeDoor, deliveries: list[Any]) -> None:
    answers = [forge(Delivery(SECRET)).post(outside).status_code for forge in deliveries]
    assert set(answers) <= {202, 401} and answers[0] == 202
    (row,) = kept(door.database)
    assert row.body == BODY.decode()
    wait_for(lambda: door.reported == [row.id])


def test_a_body_of_unknown_length_is_cut_off_where_a_declared_one_is(stranger: Stranger) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 1000 + 2):
            yield b" " * 1000

    answer = stranger.client.post(
        "/webhooks/rest/brightwater", content=drip(), headers={"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    )
    assert answer.status_code == 413 and stranger.stored().get("inbox", 0) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_posts_are_webhooks(stranger: Stranger, method: str) -> None:
    assert stranger.client.request(method, "/webhooks/rest/brightwater").status_code == 405


def kept(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(schema.inbox)))


def test_a_genuine_word_is_kept_as_it_came_and_reported(outside: TestClient, door: FakeDoor) -> None:
    answer = Delivery(SECRET).post(outside)
    assert (answer.status_code, answer.json()) == (202, {"received": True})
    (row,) = kept(door.database)
    assert row.body == BODY.decode() and (row.source, row.source_id, row.seller_id, row.ref) == ("rest:brightwater", "msg_1", "brightwater", "R-1")
    with door.database.reading() as connection:
        word = inbox.load_word(connection, row.id)
    assert word and word.state == "new" and word.news == InvoiceChanged(by="rest:brightwater", why="invoice.paid")
    wait_for(lambda: door.reported == [row.id])


def test_several_seals_are_fine_while_a_secret_is_being_replaced(outside: TestClient, door: FakeDoor) -> None:
    answer = Delivery(SECRET, headers={"webhook-signature": "v1,AAAA v2,xyz $SEAL"}).post(outside)
    assert answer.status_code == 202 and len(kept(door.database)) == 1


def test_what_was_acknowledged_is_kept_also_while_temporal_is_away(outside: TestClient, door: FakeDoor) -> None:
    door.trouble = ConnectionError("no server")
    assert Delivery(SECRET).post(outside).status_code == 202
    (row,) = kept(door.database)
    assert row.state == "new"


def test_nobody_is_thanked_for_what_could_not_be_kept(outside: TestClient, door: FakeDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(inbox, "receive", fail)
    client = TestClient(outside.app, base_url="http://127.0.0.1:8401", raise_server_exceptions=False)
    answer = Delivery(SECRET).post(client)
    assert answer.status_code == 500 and "disk" not in answer.text
    assert kept(door.database) == []


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
