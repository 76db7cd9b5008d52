"""The pretend mail provider, our mailers against every way it can misbehave: what they say agrees with what it wrote down."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.inbound.parse import Parse

from examples import pretend_mail
from examples.append_log import read_log
from integrations.messaging import Accepted, Email, Mailer, Refused, Unknown, sendgrid, smtp

ROOT = Path(__file__).parents[2]
WAYS = ("sendgrid", "smtp")
_numbers = count(1)


@dataclass
class World:
    """The provider in a process of its own, and who it tells of events: ``statuses`` are answered in turn, then 204."""

    address: str = ""
    smtp_port: str = ""
    log: Path = Path()
    url: str = ""
    statuses: list[int] = field(default_factory=list)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    mails: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def mailer(self, way: str, name: str = "SG.test.none", timeout: float = 60) -> Mailer:
        if way == "sendgrid":
            return sendgrid.connect(name, host=self.address, timeout=timeout)
        return smtp.connect(f"smtp://{name}:any@127.0.0.1:{self.smtp_port}", timeout=timeout)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.http.put(self.address + path, json=body)

    def get(self, path: str, bearer: str = "any", **params: str) -> httpx.Response:
        return self.http.get(self.address + path, params=params, headers={"Authorization": f"Bearer {bearer}"})

    def lines(self, what: str, key: str) -> list[dict[str, Any]]:
        return [line for line in read_log(self.log) if line["what"] == what and line["key"] == key]

    def batches(self, events: set[str]) -> list[dict[str, Any]]:
        """What was written down of posts that told of any of these."""
        return [line for line in read_log(self.log) if line["what"] == "events" and events & {event["id"] for event in line["events"]}]

    def events(self, key: str, number: int) -> list[dict[str, Any]]:
        """What was told about one mail, once that is at least ``number`` events."""

        def told() -> list[dict[str, Any]]:
            return [event for _, body in self.posts for event in json.loads(body) if event["dunwell_outreach"] == key]

        until(lambda: len(told()) >= number)
        return told()


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {is_so}"
        time.sleep(0.01)


def an_email() -> Email:
    key = f"o-{next(_numbers)}"
    return Email(
        key, "Dana", "dana@customer.example", "Hanna", "hanna@brightwater.example", "", "Invoice INV-1", "Dear Dana\n", "<p>Dear Dana</p>", f"<{key}@mail.test>"
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world, folder = World(), tmp_path_factory.mktemp("mail")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = world.statuses.pop(0) if world.statuses else 204
            if status == 204:
                (world.mails if self.path == "/inbound" else world.posts).append((dict(self.headers.items()), body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.url, world.log = f"http://127.0.0.1:{server.server_port}/events", folder / "accepted.jsonl"
    command = [sys.executable, "examples/pretend_mail.py", "--port-file", str(folder / "port"), "--smtp-port-file", str(folder / "smtp")]
    command += ["--log", str(world.log), "--events-url", world.url, "--events-key-file", str(folder / "key.pem")]
    command += ["--inbound-url", world.url.replace("/events", "/inbound")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    until(lambda: (folder / "port").exists() or process.poll() is not None)
    world.address, world.smtp_port = f"http://127.0.0.1:{(folder / 'port').read_text()}", (folder / "smtp").read_text()
    yield world
    process.terminate()
    process.wait(60)
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(running: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("no_proxy", "*")
    yield running
    for path in ("/faults", "/events"):
        running.http.delete(running.address + path).raise_for_status()
    running.put("/activity", {}).raise_for_status()
    running.put("/webhooks", {"url": running.url, "inbound_url": running.url.replace("/events", "/inbound")}).raise_for_status()


LATER = {"sendgrid": (Unknown, None), "smtp": (Refused, True)}
ORDERS: tuple[tuple[dict[str, Any], bool, dict[str, tuple[type, bool | None]]], ...] = (
    # The order, whether the mail is accepted, and what the sender may say by the way it came: the outcome and whether to try again.
    ({"do": "fail", "status": 500}, False, LATER),
    ({"do": "fail", "status": 503}, False, LATER),
    ({"do": "fail", "status": 429}, False, dict.fromkeys(WAYS, (Refused, True))),
    ({"do": "fail", "status": 401}, False, {"sendgrid": (Refused, True), "smtp": (Refused, False)}),
    ({"do": "fail", "status": 413}, False, dict.fromkeys(WAYS, (Refused, False))),
    ({"do": "accept and fail"}, True, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "accept and fail", "status": 503}, True, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "drop", "when": "request"}, False, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "drop", "when": "accepted"}, True, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "truncate"}, True, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "delay", "seconds": 0.1, "when": "request"}, True, dict.fromkeys(WAYS, (Accepted, None))),
    ({"do": "delay", "seconds": 0.1, "when": "accepted"}, True, dict.fromkeys(WAYS, (Accepted, None))),
    ({"do": "delay", "seconds": 3, "when": "request"}, True, dict.fromkeys(WAYS, (Unknown, None))),
    ({"do": "delay", "seconds": 3, "when": "accepted"}, True, dict.fromkeys(WAYS, (Unknown, None))),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order, is_accepted, expected", ORDERS, ids=["-".join(map(str, order.values())) for order, _, _ in ORDERS])
def test_what_a_mailer_says_of_a_misbehaving_provider_agrees_with_what_was_accepted(
    world: World, way: str, order: dict[str, Any], is_accepted: bool, expected: dict[str, tuple[type, bool | None]]
) -> None:
    world.put("/faults", [order]).raise_for_status()
    email = an_email()
    outcome = world.mailer(way, timeout=1.5 if order.get("seconds", 0) > 1.5 else 60).send(email)

    until(lambda: bool(world.lines("answer", email.key)))
    accepted = world.lines("accepted", email.key)
    kind, try_again = expected[way]
    assert isinstance(outcome, kind) and getattr(outcome, "try_again", None) is try_again
    assert len(accepted) == is_accepted
    assert not (accepted and isinstance(outcome, Refused))
    assert accepted or not isinstance(outcome, Accepted)
    assert world.get("/faults").json() == []


@pytest.mark.parametrize("way", WAYS)
def test_an_accepted_mail_is_written_down_whole_before_it_is_answered(world: World, way: str) -> None:
    email = an_email()
    outcome = world.mailer(way).send(email)

    (accepted,) = world.lines("accepted", email.key)
    assert isinstance(outcome, Accepted) and outcome.provider_id == accepted["message_id"]
    told = {name: accepted[name] for name in ("via", "to", "subject", "bearer")}
    assert told == {"via": way, "to": "dana@customer.example", "subject": "Invoice INV-1", "bearer": "SG.test.none"}
    assert accepted["text"].strip() == "Dear Dana"
    assert accepted["custom_args"] == ({"dunwell_outreach": email.key} if way == "sendgrid" else {})
    moments = [world.lines(what, email.key)[0]["monotonic"] for what in ("request", "accepted", "answer")]
    assert moments == sorted(moments)


_SENDER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from integrations.messaging import Email, sendgrid, smtp
name = f"SG.test.{os.getpid()}"
mailer = sendgrid.connect(name, host=sys.argv[3]) if sys.argv[2] == "sendgrid" else smtp.connect(f"smtp://{name}:any@127.0.0.1:{sys.argv[3]}")
key = sys.argv[4]
print(mailer.send(Email(key, "", "dana@customer.example", "", "hanna@brightwater.example", "", "Invoice", "Dear Dana", "", f"<{key}@mail.test>")))
"""


@pytest.mark.parametrize("when", ["request", "accepted"])
def test_a_sender_is_killed_before_or_after_its_mail_was_accepted(world: World, when: str) -> None:
    world.put("/faults", [{"do": "kill", "when": when, "times": 2}]).raise_for_status()
    keys = {way: an_email().key for way in WAYS}
    places = {"sendgrid": world.address, "smtp": world.smtp_port}
    senders = {
        way: subprocess.Popen([sys.executable, "-c", _SENDER, str(ROOT), way, places[way], keys[way]], stdout=subprocess.PIPE, text=True) for way in WAYS
    }
    for way, sender in senders.items():
        said, _ = sender.communicate(timeout=120)
        assert (sender.returncode, said) == (-9, "")
        until(lambda key=keys[way]: bool(world.lines("answer", key)))
        assert len(world.lines("accepted", keys[way])) == (when == "accepted")
        assert [line["answer"] for line in world.lines("answer", keys[way])] == ["killed"]


def test_a_sender_that_does_not_say_its_process_is_not_killed_and_its_mail_goes_its_way(world: World) -> None:
    world.put("/faults", [{"do": "kill", "when": "request"}]).raise_for_status()
    email = an_email()
    assert isinstance(world.mailer("sendgrid", "SG.test.pid").send(email), Accepted)
    assert world.lines("accepted", email.key) and '"unable to kill"' in world.log.read_text()


def test_orders_are_taken_one_after_another_whichever_way_the_mails_come(world: World) -> None:
    orders = [{"do": "fail", "status": 429, "after": 1, "times": 2}, {"do": "drop", "when": "accepted"}]
    assert [order["do"] for order in world.put("/faults", orders).json()] == ["fail", "drop"]
    said = [world.mailer(WAYS[number % 2]).send(an_email()).kind for number in range(5)]
    assert said == ["accepted", "refused", "refused", "unknown", "accepted"]
    assert world.get("/faults").json() == []


def test_an_order_with_seconds_stands_that_long(world: World) -> None:
    world.put("/faults", [{"do": "fail", "status": 429, "seconds": 600}]).raise_for_status()
    assert [world.mailer("sendgrid").send(an_email()).kind for _ in range(3)] == ["refused"] * 3
    world.put("/faults", [{"do": "fail", "status": 429, "seconds": 0.6}]).raise_for_status()
    mails = [an_email()]
    while isinstance(world.mailer("sendgrid").send(mails[-1]), Refused):
        mails.append(an_email())
    (met,), (passed,) = world.lines("request", mails[0].key), world.lines("accepted", mails[-1].key)
    assert len(mails) > 1 and passed["monotonic"] - met["monotonic"] >= 0.6


def test_an_order_that_cannot_be_carried_out_is_refused(world: World) -> None:
    for order in ({"do": "explode"}, {"do": "delay"}, {"do": "accept and fail", "status": 429}, {"do": "drop", "whenn": "request"}, {"do": "drop", "times": 0}):
        assert world.put("/faults", [order]).status_code == 422
    assert world.get("/faults").json() == []


GOOD = {
    "from": {"email": "hanna@brightwater.example"},
    "personalizations": [{"to": [{"email": "dana@customer.example"}]}],
    "subject": "Invoice",
    "content": [{"type": "text/plain", "value": "Dear Dana"}],
}


@pytest.mark.parametrize("missing, field", [("from", "from.email"), ("personalizations", "personalizations"), ("subject", "subject"), ("content", "content")])
def test_a_request_that_lacks_something_is_answered_as_sendgrid_does_and_takes_no_order(world: World, missing: str, field: str) -> None:
    world.put("/faults", [{"do": "drop"}]).raise_for_status()
    body = {name: value for name, value in GOOD.items() if name != missing}
    answer = world.http.post(f"{world.address}/v3/mail/send", json=body, headers={"Authorization": "Bearer any"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, field) and error["message"]
    assert len(world.get("/faults").json()) == 1


def test_nobody_sends_or_searches_without_a_bearer_token(world: World) -> None:
    assert world.http.post(f"{world.address}/v3/mail/send", json=GOOD).status_code == 401
    assert world.http.get(f"{world.address}/v3/messages").status_code == 401


# What becomes of a mail


def test_what_becomes_of_a_mail_is_told_with_a_signature_that_sendgrids_own_library_finds_genuine(world: World) -> None:
    email = an_email()
    outcome = world.mailer("sendgrid").send(email)
    told = world.events(email.key, 2)

    assert isinstance(outcome, Accepted)
    assert [event["event"] for event in told] == ["processed", "delivered"]
    assert all(event["sg_message_id"].startswith(f"{outcome.provider_id}.") and event["email"] == "dana@customer.example" for event in told)
    assert told[0]["smtp-id"] == email.message_id and abs(told[0]["timestamp"] - time.time()) < 60
    headers, body = world.posts[-1]
    verifier = EventWebhook(world.http.get(world.address).json()["events_public_key"])
    seal, moment = (headers[f"X-Twilio-Email-Event-Webhook-{name}"] for name in ("Signature", "Timestamp"))
    assert verifier.verify_signature(body.decode(), seal, moment)
    assert not verifier.verify_signature(body.decode().strip(), seal, moment)
    assert not verifier.verify_signature(body.decode(), seal, str(int(moment) + 1))


def test_events_come_twice_reversed_late_or_never_as_planned(world: World) -> None:
    plans = [
        {"copies": 3},
        {"events": ["processed", "deferred", "bounce"], "reversed": True},
        {"events": ["processed", "delivered"], "seconds": 0.4},
        {"events": ["processed", "delivered"], "lost": ["processed", "delivered"]},
    ]
    world.put("/events", plans).raise_for_status()
    mails = [an_email() for _ in plans]
    for email in mails:
        world.mailer("sendgrid").send(email)
    late = world.events(mails[2].key, 2)
    assert [event["event"] for event in late] == ["processed", "delivered"]
    ids = {event["sg_event_id"] for event in late}
    until(lambda: bool(world.batches(ids)))
    assert world.batches(ids)[0]["monotonic"] - world.lines("accepted", mails[2].key)[0]["monotonic"] >= 0.4
    copies = world.events(mails[0].key, 6)
    assert (len(copies), len({event["sg_event_id"] for event in copies})) == (6, 2)
    assert [(event["event"], event.get("type")) for event in world.events(mails[1].key, 3)] == [("bounce", "bounce"), ("deferred", None), ("processed", None)]
    assert world.events(mails[3].key, 0) == []


def test_events_are_told_again_until_they_are_taken(world: World) -> None:
    world.statuses += [500, 503]
    email = an_email()
    world.mailer("sendgrid").send(email)
    assert [event["event"] for event in world.events(email.key, 2)] == ["processed", "delivered"]


def test_something_more_can_become_of_a_mail_later(world: World) -> None:
    email = an_email()
    world.mailer("sendgrid").send(email)
    world.events(email.key, 2)
    answer = world.http.post(f"{world.address}/events", json={"key": email.key, "event": "spamreport", "copies": 2})
    assert answer.json() == {"mails": 1}
    assert [event["event"] for event in world.events(email.key, 4)][2:] == ["spamreport", "spamreport"]


def test_nothing_is_told_once_nobody_is_to_be_told(world: World) -> None:
    world.put("/webhooks", {"url": ""}).raise_for_status()
    email = an_email()
    world.mailer("sendgrid").send(email)
    until(lambda: world.get("/v3/messages", query=by_key(email)).json()["messages"][0]["status"] == "delivered")
    assert world.events(email.key, 0) == []


# The Email Activity API


def by_key(email: Email) -> str:
    return f"unique_args['dunwell_outreach']=\"{email.key}\""


def test_what_was_accepted_is_found_by_its_key_though_the_sender_never_heard(world: World) -> None:
    world.put("/faults", [{"do": "drop", "when": "request"}, {"do": "drop", "when": "accepted"}]).raise_for_status()
    world.put("/events", [{"events": ["processed", "bounce"], "lost": ["processed", "bounce"]}]).raise_for_status()
    never, sent = an_email(), an_email()
    assert [world.mailer("sendgrid").send(email).kind for email in (never, sent)] == ["unknown", "unknown"]

    until(lambda: world.get("/v3/messages", query=by_key(sent)).json()["messages"][0]["status"] == "not_delivered")
    assert world.get("/v3/messages", query=by_key(never)).json() == {"messages": []}
    (found,) = world.get("/v3/messages", query=f"({by_key(sent)})", limit="5").json()["messages"]
    assert (found["to_email"], found["subject"], found["status"]) == ("dana@customer.example", "Invoice INV-1", "not_delivered")
    whole = world.get(f"/v3/messages/{found['msg_id']}").json()
    assert [event["event_name"] for event in whole["events"]] == ["processed", "bounce"]
    assert json.loads(whole["unique_args"]) == {"dunwell_outreach": sent.key}


def test_messages_are_listed_by_time_and_by_the_id_that_was_answered(world: World) -> None:
    email = an_email()
    outcome = world.mailer("sendgrid").send(email)
    assert isinstance(outcome, Accepted)
    (found,) = world.get("/v3/messages", query=f"msg_id LIKE '{outcome.provider_id}%'").json()["messages"]
    moment = found["last_event_time"]
    now = f'last_event_time BETWEEN TIMESTAMP "{moment}" AND TIMESTAMP "2100-01-01T00:00:00Z"'
    long_ago = 'last_event_time BETWEEN TIMESTAMP "2001-01-01T00:00:00Z" AND TIMESTAMP "2001-01-02T00:00:00Z"'
    assert found["msg_id"] in {each["msg_id"] for each in world.get("/v3/messages", query=now, limit="1000").json()["messages"]}
    assert world.get("/v3/messages", query=long_ago).json() == {"messages": []}
    assert len(world.get("/v3/messages", query=f'{now} AND {by_key(email)} AND to_email="dana@customer.example"').json()["messages"]) == 1


def test_a_question_that_cannot_be_understood_is_not_answered_with_all_or_nothing(world: World) -> None:
    for query in ('bad_field="x"', 'last_event_time BETWEEN TIMESTAMP "soon" AND TIMESTAMP "later"', 'last_event_time BETWEEN TIMESTAMP "2026-01-01T00:00:00"'):
        answer = world.get("/v3/messages", query=query)
        assert answer.status_code == 400 and answer.json()["errors"][0]["message"]
    assert world.get("/v3/messages", limit="1001").status_code == 400
    assert world.get("/v3/messages/nothing").status_code == 404


def test_the_activity_api_refuses_whoever_has_not_bought_it_and_shows_mails_late(world: World) -> None:
    email = an_email()
    world.mailer("sendgrid").send(email)
    world.put("/activity", {"bought": False}).raise_for_status()
    assert world.get("/v3/messages", query=by_key(email)).status_code == 403
    assert world.get("/v3/messages/any").status_code == 403
    world.put("/activity", {"lag_seconds": 3600}).raise_for_status()
    assert world.get("/v3/messages", query=by_key(an_email())).json() == {"messages": []}
    later = an_email()
    world.mailer("sendgrid").send(later)
    assert world.get("/v3/messages", query=by_key(later)).json() == {"messages": []}
    world.put("/activity", {"lag_seconds": 0.5}).raise_for_status()
    until(lambda: bool(world.get("/v3/messages", query=by_key(later)).json()["messages"]))
    assert len(world.get("/v3/messages", query=by_key(later)).json()["messages"]) == 1


def test_a_mail_server_without_its_library_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretend_mail, "find_spec", lambda name: None)
    said = CliRunner().invoke(pretend_mail.main, ["--log", str(tmp_path / "log"), "--smtp-port-file", str(tmp_path / "smtp")])
    assert said.exit_code == 2 and "aiosmtpd" in said.output and "requirements-dev.txt" in said.output


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("nothing")
    said = CliRunner().invoke(pretend_mail.main, ["--log", str(tmp_path / "log"), "--events-key-file", str(tmp_path / "key.pem")])
    assert said.exit_code == 2 and "--events-key-file" in said.output


# What customers write to us


class FormRequest:
    """A request as SendGrid's own reader of inbound mail takes it from a web framework."""

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        written = b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body
        parts = message_from_bytes(written).get_payload()
        assert isinstance(parts, list)
        self.form = {str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode() for part in parts}
        self.files: dict[str, str] = {}
        self.data = ""

    def get_data(self, as_text: bool) -> None:
        """It has been read already."""


def bring(world: World, number: int = 1, /, **reply: Any) -> list[tuple[dict[str, str], bytes]]:
    """The posts that bring one mail."""
    before = len(world.mails)
    world.http.post(f"{world.address}/incoming", json=reply).raise_for_status()
    until(lambda: len(world.mails) >= before + number)
    return world.mails[before:]


@pytest.mark.parametrize("way", WAYS)
def test_a_reply_is_brought_whole_and_sendgrids_own_libraries_find_it_genuine_and_read_it(world: World, way: str) -> None:
    email = replace(an_email(), reply_to="hanna+r7@brightwater.example")
    world.mailer(way).send(email)
    enclosed = [{"name": "remittance.pdf", "content": b64encode(b"%PDF").decode()}]
    ((headers, body),) = bring(world, key=email.key, text="Wir zahlen am Freitag, Grüße", html="<p>Wir zahlen</p>", enclosed=enclosed)

    verifier = EventWebhook(world.http.get(world.address).json()["events_public_key"])
    seal, moment = (headers[f"X-Twilio-Email-Event-Webhook-{name}"] for name in ("Signature", "Timestamp"))
    assert verifier.verify_signature(body.decode(), seal, moment)
    assert not verifier.verify_signature(body.decode().replace("Freitag", "Montag"), seal, moment)
    parsed = Parse(SimpleNamespace(keys=["from", "to", "subject", "envelope", "email"]), FormRequest(headers, body))
    assert json.loads(parsed.key_values()["envelope"]) == {"to": ["hanna+r7@brightwater.example"], "from": "dana@customer.example"}
    mail = message_from_bytes(parsed.payload["email"].encode(), policy=policy.default)
    assert (mail["In-Reply-To"], mail["References"], mail["Subject"]) == (email.message_id, email.message_id, "Re: Invoice INV-1")
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert plain.startswith("Wir zahlen am Freitag, Grüße\n") and "wrote:\n\n> Dear Dana\n" in plain
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("remittance.pdf", b"%PDF")


def test_a_mail_out_of_the_blue_a_raw_one_and_copies_are_brought_too(world: World) -> None:
    posts = bring(world, 2, **{"from": "eve@elsewhere.example"}, to="hanna@brightwater.example", subject="Invoice?", text="Which one?", copies=2)
    assert len(posts) == 2 and len({FormRequest(*post).form["email"] for post in posts}) == 1
    raw = "From: a@b.example\r\nTo: hanna@brightwater.example\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n"
    ((headers, body),) = bring(world, raw=raw)
    assert FormRequest(headers, body).form["email"] == raw and FormRequest(headers, body).form["from"] == "a@b.example"


def test_a_reply_is_brought_again_until_it_is_taken(world: World) -> None:
    world.statuses += [500, 503]
    assert len(bring(world, **{"from": "a@b.example"}, to="c@d.example", text="hello")) == 1
    assert world.statuses == []


def test_a_reply_to_nothing_is_refused(world: World) -> None:
    for reply in ({"text": "hello"}, {"key": "never sent", "text": "hello"}, {"txt": "hello"}):
        assert world.http.post(f"{world.address}/incoming", json=reply).status_code == 422
