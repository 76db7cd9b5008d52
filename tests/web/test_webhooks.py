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


FORGED: dict[str, tuple[Any, int]] = {
    "no signature": (with_headers(webhook_signature=None), 401),
    "no id": (with_headers(webhook_id=None), 401),
    "no timestamp": (with_headers(webhook_timestamp=None), 401),
    "no headers at all": (with_headers(webhook_id=None, webhook_timestamp=None, webhook_signature=None), 401),
    "an empty signature": (with_headers(webhook_signature=""), 401),
    "an empty id": (signed_with(id=""), 401),
    "a blank signature": (with_headers(webhook_signature=" "), 401),
    "a bare version": (with_headers(webhook_signature="v1,"), 401),
    "a signature without its version": (with_headers(webhook_signature="AAAA"), 401),
    "the right seal under another version": (lambda g: replace(g, headers={"webhook-signature": "v2$SEAL"}), 401),
    "version v1a": (lambda g: replace(g, headers={"webhook-signature": "v1a,$SEAL"}), 401),
    "a seal that is not base64": (with_headers(webhook_signature="v1,!!!!"), 401),
    "a seal cut short": (with_headers(webhook_signature="v1,AAAA"), 401),
    "a seal of zeros": (with_headers(webhook_signature="v1," + base64.b64encode(bytes(32)).decode()), 401),
    "a seal with something after it": (with_headers(webhook_signature="$SEALx"), 401),
    "a hundred wrong seals": (with_headers(webhook_signature=" ".join(["v1," + base64.b64encode(bytes(32)).decode()] * 100)), 401),
    "the right seal behind a hundred wrong ones": (with_headers(webhook_signature=" ".join(["v1,AAAA"] * 100) + " $SEAL"), 401),
    "another secret": (signed_with(secret=OTHER_SECRET), 401),
    "an all-zero secret": (signed_with(secret="whsec_" + base64.b64encode(bytes(32)).decode()), 401),
    "an empty secret": (signed_with(secret="whsec_"), 401),
    "a changed amount": (lambda g: replace(g, sent=g.body.replace(b"R-1", b"R-2")), 401),
    "one more space": (lambda g: replace(g, sent=g.body + b" "), 401),
    "one byte less": (lambda g: replace(g, sent=g.body[:-1]), 401),
    "the same JSON written otherwise": (lambda g: replace(g, sent=json.dumps(json.loads(g.body), indent=1).encode()), 401),
    "another body altogether": (lambda g: replace(g, sent=b"{}"), 401),
    "the id of another delivery": (with_headers(webhook_id="msg_2"), 401),
    "a timestamp it was not sealed with": (lambda g: replace(g, headers={"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) + 1)}), 401),
    "six minutes old": (signed_with(skew=-360), 401),
    "six minutes ahead": (signed_with(skew=360), 401),
    "a year old": (signed_with(skew=-31_536_000), 401),
    "a timestamp in milliseconds": (with_headers(webhook_timestamp="$TIME000"), 401),
    "a timestamp with a sign": (with_headers(webhook_timestamp="+$TIME"), 401),
    "a timestamp with a fraction": (with_headers(webhook_timestamp="$TIME.0"), 401),
    "a timestamp in words": (with_headers(webhook_timestamp="now"), 401),
    "a negative timestamp": (with_headers(webhook_timestamp="-1"), 401),
    "no number": (with_headers(webhook_timestamp="NaN"), 401),
    "an endless timestamp": (with_headers(webhook_timestamp="9" * 400), 401),
    "an id with a space": (signed_with(id="msg 1"), 401),
    "an endless id": (signed_with(id="m" * 5000), 401),
    "a seller we do not have": (signed_with(path="/webhooks/rest/nobody"), 401),
    "a seller in other letters": (signed_with(path="/webhooks/rest/Brightwater"), 401),
    "a seller with a trailing space": (signed_with(path="/webhooks/rest/brightwater%20"), 401),
    "a seller with a zero byte": (signed_with(path="/webhooks/rest/brightwater%00"), 401),
    "a seller that climbs": (signed_with(path="/webhooks/rest/%2e%2e"), 401),
    "a seller without webhook secrets": (signed_with(path="/webhooks/rest/secretless"), 401),
    "sealed, but not JSON": (signed_with(body=b"paid!"), 401),
    "sealed, but not an event": (signed_with(body=b'{"paid": true}'), 401),
    "sealed, but naming no invoice": (signed_with(body=b'{"type": "invoice.paid", "data": {}}'), 401),
    "sealed, but a list": (signed_with(body=b"[1]"), 401),
    "sealed, but not UTF-8": (signed_with(body=b'{"type": "paid", "data": {"ref": "\xff"}}'), 401),
    "an empty body": (signed_with(body=b""), 400),
    "a compressed body": (with_headers(content_encoding="gzip"), 400),
    "a length that is no number": (with_headers(content_length="ten"), 400),
    "a negative length": (with_headers(content_length="-1"), 400),
    "a body that is too large": (signed_with(body=b" " * (LARGEST_BODY + 1)), 413),
    "a length that is too large": (with_headers(content_length=str(10**18)), 413),
}


@dataclass
class Stranger:
    """The outside world, the listener it speaks to, and what is to be seen behind it."""

    client: TestClient
    door: FakeDoor

    def stored(self) -> int:
        with self.door.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(schema.inbox)).scalar_one()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """One listener for everything that must leave no trace."""
    folder = tmp_path_factory.mktemp("stranger")
    database = Database(f"sqlite:///{folder / 'dunwell.db'}")
    schema.metadata.create_all(database.engine)
    sellers = (SellerSettings(SELLER, webhook_secrets=(SECRET,)), SellerSettings(replace(SELLER, id="secretless")))
    door = FakeDoor(database)
    with TestClient(create_public(door, Settings(data_folder=folder), sellers), base_url="http://127.0.0.1:8401") as client:
        yield Stranger(client, door)
    database.close()


@pytest.mark.parametrize("forge, status", FORGED.values(), ids=FORGED)
def test_what_is_not_genuine_is_refused_and_leaves_nothing_behind(stranger: Stranger, forge: Any, status: int) -> None:
    answer = forge(Delivery(SECRET)).post(stranger.client)
    assert answer.status_code == status
    assert stranger.stored() == 0 and stranger.door.reported == []
    assert "whsec" not in answer.text and "R-1" not in answer.text
    if status == 401:
        assert answer.json() == {"error": "the signature could not be verified"}


def test_a_body_of_unknown_length_is_cut_off_where_a_declared_one_is(stranger: Stranger) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 1000 + 2):
            yield b" " * 1000

    answer = stranger.client.post(
        "/webhooks/rest/brightwater", content=drip(), headers={"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    )
    assert answer.status_code == 413 and stranger.stored() == 0


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


def test_the_same_word_again_is_welcomed_and_kept_once(outside: TestClient, door: FakeDoor) -> None:
    answers = [Delivery(SECRET, skew=skew).post(outside) for skew in (0, 0, 5, -200)]
    assert {answer.status_code for answer in answers} == {202}
    assert len(kept(door.database)) == 1
    wait_for(lambda: len(door.reported) == 1)


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
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
