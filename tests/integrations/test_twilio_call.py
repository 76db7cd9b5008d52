"""Calls through Twilio's client, against a peer that notes what was asked and answers as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.messaging import Accepted, Message, Refused, UnableToReadSent, Unknown
from integrations.messaging.twilio_call import LONGEST_SECONDS, RING_SECONDS, Placed, TwilioCalls, connect
from integrations.messaging.twilio_text import UnableToConnect

ACCOUNT, TOKEN, OURS, PUBLIC = "AC" + "1" * 32, "token", "+4930111111", "https://pay.example.com"
CALL = Message("out_1", "call", "Clara Vogt", "+4930222222", "Call about INV-1", "a script for people", "in opaque ids")


@dataclass
class Peer:
    address: str = ""
    status: int = 201
    body: bytes = json.dumps({"sid": "CA" + "7" * 32, "status": "queued"}).encode()
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def a_peer() -> Iterator[Peer]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            peer.paths.append(self.path)
            peer.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if not peer.body:
                self.close_connection = True
                return
            self.send_response(peer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(peer.body)))
            self.end_headers()
            self.wfile.write(peer.body)

        def do_GET(self) -> None:
            peer.paths.append(self.path)
            self.send_response(peer.status)
            self.send_header("Content-Length", str(len(peer.body)))
            self.end_headers()
            self.wfile.write(peer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    peer.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with a_peer() as running:
        yield running


def calls(peer: Peer) -> TwilioCalls:
    return connect(ACCOUNT, TOKEN, OURS, public_url=f"{PUBLIC}/", api=peer.address)


def test_a_call_is_placed_with_one_request_that_holds_our_key_and_nothing_that_is_said(peer: Peer) -> None:
    assert calls(peer).carry(CALL) == Accepted("CA" + "7" * 32, receipts=True, calling=True)
    (asked,) = peer.asked
    assert peer.paths == [f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"]
    assert asked["To"] == ["+4930222222"]
    assert asked["From"] == [OURS]
    assert asked["Url"] == [f"{PUBLIC}/voice/out_1#rc=5&rp=all"]
    assert asked["StatusCallback"] == [f"{PUBLIC}/voice/out_1/status#rc=5&rp=all"]
    assert asked["MachineDetection"] == ["DetectMessageEnd"]
    assert (asked["Timeout"], asked["TimeLimit"]) == ([str(RING_SECONDS)], [str(LONGEST_SECONDS)])
    assert "INV-1" not in str(asked)
    assert "Record" not in asked, "nobody agreed to be recorded"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [(400, 21211, Refused), (400, 21215, Refused), (429, 20429, Refused), (401, 20003, Refused), (500, 20500, Unknown), (503, 0, Unknown)],
)
def test_every_answer_is_sorted_by_whether_a_phone_can_be_ringing(peer: Peer, status: int, code: int, outcome: type) -> None:
    peer.status, peer.body = status, json.dumps({"code": code, "message": "no", "status": status}).encode()
    assert isinstance(calls(peer).carry(CALL), outcome)
    assert len(peer.asked) == 1


def test_a_request_that_nobody_answers_is_in_doubt_and_is_not_made_again(peer: Peer) -> None:
    peer.body = b""
    assert isinstance(calls(peer).carry(CALL), Unknown)
    assert len(peer.asked) == 1


def test_a_peer_that_is_not_there_has_placed_no_call() -> None:
    with a_peer() as peer:
        gone = calls(peer)
    assert isinstance(gone.carry(CALL), Refused)


def test_a_number_without_its_country_is_not_called(peer: Peer) -> None:
    refused = calls(peer).carry(Message("out_1", "call", "Clara", "030 222", "", ""))
    assert isinstance(refused, Refused)
    assert not refused.try_again
    assert peer.asked == []


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"sender": "MG1"}, "DUNWELL_TWILIO_FROM"),
        ({"public_url": ""}, "DUNWELL_PUBLIC_URL"),
        ({"account": "x"}, "DUNWELL_TWILIO_ACCOUNT_SID"),
        ({"token": ""}, "DUNWELL_TWILIO_AUTH_TOKEN"),
        ({"api": "twilio"}, "DUNWELL_TWILIO_API"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(words: dict[str, str], named: str) -> None:
    good = {"account": ACCOUNT, "token": TOKEN, "sender": OURS, "public_url": PUBLIC, "api": "https://api.twilio.com"}
    with pytest.raises(UnableToConnect, match=named):
        connect(**{**good, **words})


def test_the_token_stands_in_no_repr(peer: Peer) -> None:
    assert f"'{TOKEN}'" not in repr(calls(peer))


def test_calls_to_a_number_are_told_with_the_moment_they_began(peer: Peer) -> None:
    listed = [{"sid": "CA1", "start_time": "Mon, 02 Mar 2026 09:00:30 +0000"}, {"sid": "CA2", "start_time": "Sun, 01 Mar 2026 09:00:00 +0000"}, {"sid": "CA3"}]
    peer.status, peer.body = 200, json.dumps({"calls": listed, "page_size": 50, "next_page_uri": None}).encode()
    since = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert calls(peer).find_placed("+4930222222", since) == (Placed("CA1", since + timedelta(seconds=30)),)
    asked = parse_qs(urlsplit(peer.paths[-1]).query)
    assert (asked["To"], asked["From"]) == (["+4930222222"], [OURS])
    assert asked["StartTime>"][0].startswith("2026-03-02T09:00:00")
    peer.status, peer.body = 503, b"{}"
    with pytest.raises(UnableToReadSent, match="does not tell of calls"):
        calls(peer).find_placed("+4930222222", since)
