"""Text messages through Twilio's own client: one request at most, every answer sorted, and nothing that arrives at night."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.delivery import Fault, Told
from domain.texting import Keyword, count_segments, fit, read_keyword, simplify
from integrations.messaging import Accepted, Message, Refused, UnableToReadSent, Unknown
from integrations.messaging.twilio_text import TwilioTexts, UnableToConnect, connect, read_state

ACCOUNT, TOKEN = "AC" + "a" * 32, "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@dataclass
class Peer:
    """An HTTP server that answers as it is told, and remembers what it was asked."""

    status: int = 201
    body: Any = None
    delay: float = 0.0
    cut: bool = False
    asked: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length") or 0)
        self.asked.append((handler.command, handler.path, parse_qs(handler.rfile.read(length).decode(), keep_blank_values=True)))
        time.sleep(self.delay)
        if self.cut:
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        said = json.dumps(self.body if self.body is not None else {"sid": "SM" + "1" * 32, "status": "queued"}).encode()
        handler.send_response(self.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(said)))
        handler.end_headers()
        handler.wfile.write(said)


@pytest.fixture
def peer() -> Iterator[Peer]:
    told = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.answer(self)

        def do_GET(self) -> None:
            told.answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()


def texts(peer: Peer, **words: Any) -> TwilioTexts:
    return connect(ACCOUNT, TOKEN, words.pop("sender", "+4915100000001"), api=peer.url, public_url="https://pay.example", **words)


def message(text: str = "Brightwater: invoice 7 is past due. Reply STOP to stop texts.", to: str = "+4915112345678") -> Message:
    return Message("out_7", "sms", "Bea", to, "", text, "inv")


def test_a_text_leaves_in_one_request_with_our_key_and_an_end_to_its_life(peer: Peer) -> None:
    assert texts(peer).carry(message()) == Accepted("SM" + "1" * 32, receipts=True)
    ((method, path, form),) = peer.asked
    assert (method, path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert form["To"] == ["+4915112345678"]
    assert form["From"] == ["+4915100000001"]
    assert form["ValidityPeriod"] == ["3600"]
    callback = urlsplit(form["StatusCallback"][0])
    assert (callback.geturl().partition("?")[0], callback.query) == ("https://pay.example/webhooks/twilio/status", "outreach=out_7")
    assert "Bea" not in str(form), "nobody's name is given to Twilio"


def test_a_messaging_service_takes_the_place_of_a_number(peer: Peer) -> None:
    texts(peer, sender="MG" + "b" * 32).carry(message())
    form = peer.asked[0][2]
    assert form["MessagingServiceSid"] == ["MG" + "b" * 32]
    assert "From" not in form


def test_whatsapp_carries_nothing_but_an_approved_template(peer: Peer) -> None:
    texts(peer, template="HX" + "c" * 32).carry(message("Brightwater:\ninvoice 7 is past due."))
    form = peer.asked[0][2]
    assert form["To"] == ["whatsapp:+4915112345678"]
    assert form["From"] == ["whatsapp:+4915100000001"]
    assert form["ContentSid"] == ["HX" + "c" * 32]
    assert json.loads(form["ContentVariables"][0]) == {"1": "Brightwater: invoice 7 is past due."}
    assert "Body" not in form


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, (False, Fault.DEAD)),
        (400, 21614, (False, Fault.DEAD)),
        (400, 21610, (False, Fault.UNWANTED)),
        (400, 21408, (False, Fault.OURS)),
        (400, 63016, (False, Fault.OURS)),
        (401, 20003, (True, None)),
        (400, 30001, (True, Fault.LATER)),
        (429, 20429, (True, None)),
    ],
)
def test_a_refusal_says_whether_trying_again_is_any_use_and_whose_fault_it_is(peer: Peer, status: int, code: int, expected: tuple[bool, Fault | None]) -> None:
    peer.status, peer.body = status, {"code": code, "message": "no", "status": status}
    outcome = texts(peer).carry(message())
    assert isinstance(outcome, Refused)
    assert (outcome.try_again, outcome.fault) == expected
    assert str(code) in outcome.reason
    assert len(peer.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 302])
def test_an_answer_that_leaves_doubt_is_never_posted_again(peer: Peer, status: int) -> None:
    peer.status, peer.body = status, {"code": 20500, "message": "oh", "status": status}
    assert isinstance(texts(peer).carry(message()), Unknown)
    assert len(peer.asked) == 1


@pytest.mark.parametrize("trouble", ["slow", "cut", "nonsense", "no sid"])
def test_a_request_that_got_out_and_was_not_answered_clearly_is_in_doubt(peer: Peer, trouble: str) -> None:
    peer.delay, peer.cut = (10.0 if trouble == "slow" else 0.0), trouble == "cut"
    peer.body = {"nonsense": ["x"], "no sid": {"status": "queued"}}.get(trouble)
    assert isinstance(texts(peer, timeout=1).carry(message()), Unknown)
    assert len(peer.asked) == 1


def test_a_connection_that_never_came_about_carried_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = Peer(url=f"http://127.0.0.1:{free.getsockname()[1]}")
        outcome = texts(nobody).carry(message())
    assert isinstance(outcome, Refused)
    assert outcome.try_again


def test_a_text_of_more_than_four_segments_is_not_sent_and_says_what_to_do(peer: Peer) -> None:
    outcome = texts(peer).carry(message("a" * 613))
    assert isinstance(outcome, Refused)
    assert not outcome.try_again
    assert "5 segments" in outcome.reason
    assert peer.asked == []


def test_a_number_without_its_country_is_nobodys(peer: Peer) -> None:
    outcome = texts(peer).carry(message(to="030 901820"))
    assert isinstance(outcome, Refused)
    assert "country code" in outcome.reason
    assert peer.asked == []


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("\u4f60" * 70, 1),
        ("\u4f60" * 71, 2),
        ("\U0001f600" * 35, 1),
    ],
)
def test_segments_are_counted_as_the_network_counts_them(text: str, segments: int) -> None:
    assert count_segments(text) == segments


def test_typography_does_not_halve_the_room() -> None:
    assert count_segments("“" + "a" * 150 + "”") == 3
    assert count_segments(simplify("“" + "a" * 150 + "”")) == 1


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Gómez “Łódzkie” œuvre " + "a" * 150, 'Gomez "Lodzkie" oeuvre ' + "a" * 150),
        ("Gómez", "Gómez"),
        ("Ä ö ü ß é Ø, ñ " + "a" * 150, "Ä ö ü ß é Ø, ñ " + "a" * 150),
        ("ó https://pay.example/ó " + "a" * 150, "ó https://pay.example/ó " + "a" * 150),
        ("щ ó " + "a" * 150, "щ ó " + "a" * 150),
        ("₹1,240.00 " + "č" * 150, "INR 1,240.00 " + "c" * 150),
    ],
    ids=["plain where shorter", "short enough as it is", "what the alphabet has", "never in an address", "all or none", "currencies"],
)
def test_letters_that_halve_the_room_are_written_plainly_where_that_makes_a_text_shorter(peer: Peer, written: str, sent: str) -> None:
    assert fit(written) == sent
    texts(peer).carry(message(written))
    assert peer.asked[0][2]["Body"] == [sent]


def test_a_template_has_no_segments(peer: Peer) -> None:
    long = message("ó" * 700)
    assert texts(peer, template="HX" + "c" * 32).measure(long) == ""
    assert texts(peer).measure(long) != ""
    assert isinstance(texts(peer, template="HX" + "c" * 32).carry(long), Accepted)


@pytest.mark.parametrize(("code", "remedy"), [(21408, "geo permissions"), (30007, "carriers"), (30034, "A2P 10DLC"), (63041, "paused")])
def test_what_no_attempt_changes_names_its_code_and_what_to_mend(peer: Peer, code: int, remedy: str) -> None:
    peer.status, peer.body = 400, {"code": code, "message": "no", "status": 400}
    refused = texts(peer).carry(message())
    assert isinstance(refused, Refused)
    state = read_state("undelivered", str(code), "no")
    for fault, reason in ((refused.fault, refused.reason), (state.fault, state.reason)):
        assert fault is Fault.OURS
        assert f"error {code}" in reason and remedy in reason


@pytest.mark.parametrize(
    ("status", "code", "told", "fault"),
    [
        ("queued", "", Told.ACCEPTED, None),
        ("sent", "", Told.ACCEPTED, None),
        ("delivered", "", Told.DELIVERED, None),
        ("read", "", Told.DELIVERED, None),
        ("undelivered", "30003", Told.FAILED, Fault.LATER),
        ("undelivered", "30005", Told.FAILED, Fault.DEAD),
        ("undelivered", "30007", Told.FAILED, Fault.OURS),
        ("failed", "21610", Told.FAILED, Fault.UNWANTED),
        ("failed", "", Told.FAILED, Fault.LATER),
        ("a-status-of-next-year", "", Told.ACCEPTED, None),
    ],
)
def test_a_status_says_how_far_a_message_is_and_what_its_address_is_worth(status: str, code: str, told: Told, fault: Fault | None) -> None:
    state = read_state(status, code, "")
    assert (state.told, state.fault) == (told, fault)


def test_its_log_tells_number_text_and_moment_of_what_it_has_not_refused(peer: Peer) -> None:
    peer.status = 200
    line = {"direction": "outbound-api", "to": "+4915112345678", "body": "Hello", "date_sent": "Wed, 04 Mar 2026 09:30:00 +0000"}
    peer.body = {
        "messages": [
            {**line, "sid": "SM1", "status": "delivered"},
            {**line, "sid": "SM2", "status": "undelivered"},
            {**line, "sid": "SM3", "status": "received", "direction": "inbound"},
            {**line, "sid": "SM4", "status": "sent"},
        ],
        "page_size": 200,
        "next_page_uri": None,
    }
    found = list(texts(peer).sent_since(NOW - timedelta(hours=1), {"SM4"}))
    assert [(one.provider_id, one.to_address, one.text, one.at) for one in found] == [("SM1", "+4915112345678", "Hello", NOW)]
    peer.status, peer.body = 500, {"code": 20500, "message": "oh"}
    with pytest.raises(UnableToReadSent, match="try again later"):
        list(texts(peer).sent_since(NOW))


def test_what_became_of_one_message_can_be_asked(peer: Peer) -> None:
    peer.status, peer.body = 200, {"sid": "SM1", "status": "undelivered", "error_code": 30005, "error_message": "Unknown destination handset"}
    state = texts(peer).look_up("SM1")
    assert (state.told, state.fault) == (Told.FAILED, Fault.DEAD)
    assert "Unknown destination" in state.reason


@pytest.mark.parametrize(
    ("account", "token", "sender", "words", "named"),
    [
        ("XX1", TOKEN, "+49", {}, "ACCOUNT_SID"),
        (ACCOUNT, " ", "+49", {}, "AUTH_TOKEN"),
        (ACCOUNT, TOKEN, "0301", {}, "TWILIO_FROM"),
        (ACCOUNT, TOKEN, "+49", {"api": "twilio"}, "TWILIO_API"),
        (ACCOUNT, TOKEN, "+49", {"template": "hello"}, "WHATSAPP_TEMPLATE"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(account: str, token: str, sender: str, words: dict[str, str], named: str) -> None:
    with pytest.raises(UnableToConnect, match=named):
        connect(account, token, sender, **words)  # type: ignore[arg-type]


def test_the_token_stands_in_no_repr(peer: Peer) -> None:
    assert TOKEN not in repr(texts(peer))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop",
            " Stop. ",
            "STOP!!",
            "S T O P",
            "s.t.o.p",
            "StopAll",
            "STOP ALL",
            "unsubscribe",
            "Cancel",
            "END",
            "quit",
            "REVOKE",
            "OPTOUT",
            "opt-out",
        ),
        *("STOPP", "stopp!", "Abmelden", "ABMELDEN.", "keine SMS", "Keine SMS mehr!", "bitte keine SMS mehr", "Aufhören", "AUFHÖREN!", "abbestellen"),
        *("Please stop", "stop texting me", "Don't text me", "don\u2019t text", "\u200bSTOP\u200b", "STOP\n", "\uff33\uff34\uff2f\uff30", "Arrêt", "BAJA"),
    ],
)
def test_whoever_writes_stop_in_whatever_way_is_understood(text: str) -> None:
    assert read_keyword(text) is Keyword.STOP


@pytest.mark.parametrize(
    "text",
    ["", "We will stop by on Friday", "yes", "Can you stop the interest?", "end of month", "We pay at the end", "nonstop", "cancel the invoice please", "paid"],
)
def test_what_says_more_than_stop_is_for_people_to_read(text: str) -> None:
    assert read_keyword(text) is None


@pytest.mark.parametrize(("text", "keyword"), [("START", Keyword.START), ("unstop", Keyword.START), ("Help", Keyword.HELP), ("HILFE!", Keyword.HELP)])
def test_start_and_help_are_words_too(text: str, keyword: Keyword) -> None:
    assert read_keyword(text) is keyword
