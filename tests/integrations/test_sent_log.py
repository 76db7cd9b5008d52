"""What providers remember of what they accepted: read whole, without gaps, and with what each message covered."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integrations.messaging import Accepted, Email, Findable, SentLog, UnableToReadSent, capture, sendgrid, smtp
from tests.integrations.mail_servers import pretend_mail_server, read_mail
from tests.integrations.test_messaging import EMAIL

ROOT = Path(__file__).parents[2]
COVERS = " ".join(f"inv_{n:020x}:1:second-reminder:email:1" for n in range(9))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def mail(key: str, **fields: Any) -> Email:
    return replace(EMAIL, key=key, message_id=f"<{key}@mail.example>", covers=COVERS, cc=(), **fields)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_those_that_can_tell_what_they_sent_say_so(tmp_path: Path) -> None:
    assert isinstance(capture.connect(tmp_path), SentLog)
    assert isinstance(sendgrid.connect("SG.key"), SentLog)
    assert not isinstance(smtp.connect("smtp://127.0.0.1:25"), SentLog)


def test_a_mail_names_in_opaque_ids_what_it_covers_whoever_carries_it(tmp_path: Path) -> None:
    with pretend_mail_server() as server:
        smtp.connect(f"smtp://127.0.0.1:{server.port}").send(mail("o-1"))
        assert read_mail(server.contents[0]).headers["x-dunwell-covers"] == COVERS
    capture.connect(tmp_path).send(mail("o-1"))
    assert read_mail((tmp_path / "o-1.eml").read_bytes()).headers["x-dunwell-covers"] == COVERS
    assert sendgrid.request_body(mail("o-1"))["custom_args"] == {"dunwell_outreach": "o-1", "dunwell_covers": COVERS}
    assert sendgrid.request_body(EMAIL)["custom_args"] == {"dunwell_outreach": EMAIL.key}


# Capture


def test_capture_reads_back_what_it_took_since_a_moment_save_what_is_known(tmp_path: Path) -> None:
    mailer = capture.connect(tmp_path)
    for key in ("o-1", "o-2", "o-3"):
        mailer.send(mail(key))
    sent = list(mailer.sent_since(LONG_AGO))
    assert [(one.key, one.covers, one.to_address, one.subject, one.message_id) for one in sent] == [
        (key, COVERS, EMAIL.to_address, EMAIL.subject, f"<{key}@mail.example>") for key in ("o-1", "o-2", "o-3")
    ]
    assert [one.key for one in mailer.sent_since(sent[1].at)] == ["o-2", "o-3"]
    assert [one.key for one in mailer.sent_since(LONG_AGO, {sent[0].provider_id})] == ["o-2", "o-3"]
    outcome = mailer.send(mail("o-4"))
    assert isinstance(outcome, Accepted) and [one.key for one in mailer.sent_since(LONG_AGO)][-1:] == ["o-4"]
    assert outcome.provider_id == [one.provider_id for one in mailer.sent_since(LONG_AGO)][-1]


def test_captures_log_of_an_earlier_version_and_no_log_at_all_tell_nothing(tmp_path: Path) -> None:
    assert list(capture.connect(tmp_path).sent_since(LONG_AGO)) == []
    (tmp_path / "accepted.jsonl").write_text('{"key": "o-1", "to": "a@b.example", "subject": "x", "message_id": "<m@b.example>"}\n')
    assert list(capture.connect(tmp_path).sent_since(LONG_AGO)) == []


@pytest.mark.parametrize("line", ["{", "[]", '{"key": "o-1"}', '{"at": "yesterday"}'])
def test_a_damaged_log_of_capture_is_told_by_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "accepted.jsonl").write_text(f"{line}\n")
    with pytest.raises(UnableToReadSent, match=r"accepted\.jsonl, line 1: "):
        list(capture.connect(tmp_path).sent_since(LONG_AGO))


def test_captures_log_is_read_while_another_process_writes_to_it(tmp_path: Path) -> None:
    mailer = capture.connect(tmp_path)
    mailer.send(replace(mail("o-1"), subject="Überfällig"))
    log = tmp_path / "accepted.jsonl"
    whole = log.read_bytes()
    half_a_letter = whole.index("Ü".encode()) + 1
    log.write_bytes(whole + whole[:half_a_letter])
    assert [(one.key, one.subject) for one in mailer.sent_since(LONG_AGO)] == [("o-1", "Überfällig")]


# SendGrid


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pretend provider, as a process of its own."""
    folder = tmp_path_factory.mktemp("provider")
    port = folder / "port"
    command = [sys.executable, "examples/pretend_mail.py", "--port-file", str(port), "--log", str(folder / "accepted.jsonl")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not port.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the pretend provider did not come up"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port.read_text()}"
    process.terminate()
    process.wait(60)


def tell(provider: str, path: str, body: Any) -> None:
    httpx.put(provider + path, json=body, timeout=60, trust_env=False).raise_for_status()


def test_sendgrid_tells_each_message_once_with_what_it_covered_and_not_what_is_known(provider: str) -> None:
    mailer = sendgrid.connect("SG.key", host=provider)
    moment = datetime.now(UTC)
    took = [mailer.send(mail(key)) for key in ("s-1", "s-2")]
    sent = {one.key: one for one in mailer.sent_since(moment)}
    assert set(sent) == {"s-1", "s-2"}
    assert all((one.covers, one.to_address, one.subject) == (COVERS, EMAIL.to_address, EMAIL.subject) for one in sent.values())
    assert abs(sent["s-1"].at - moment) < timedelta(seconds=60)
    assert isinstance(took[0], Accepted) and sent["s-1"].provider_id == took[0].provider_id
    assert [one.key for one in mailer.sent_since(moment, {took[0].provider_id})] == ["s-2"]
    assert not list(mailer.sent_since(datetime.now(UTC) + timedelta(hours=1)))


def test_one_message_is_found_by_its_key_or_not_at_all(provider: str, tmp_path: Path) -> None:
    moment = datetime.now(UTC)
    for mailer in (sendgrid.connect("SG.key", host=provider), capture.connect(tmp_path)):
        assert isinstance(mailer, Findable)
        took = [mailer.send(mail(key)) for key in ("f-1", "f-2")][1]
        found = mailer.find_sent("f-2", moment - timedelta(minutes=2))
        assert isinstance(took, Accepted) and found is not None
        assert (found.key, found.provider_id) == ("f-2", took.provider_id)
        assert mailer.find_sent("f-3", moment) is None
        assert mailer.find_sent("f-2", moment + timedelta(hours=1)) is None


def test_a_log_that_was_not_bought_says_what_to_do(provider: str) -> None:
    tell(provider, "/activity", {"bought": False})
    try:
        with pytest.raises(UnableToReadSent, match=r"buy additional email activity history"):
            list(sendgrid.connect("SG.key", host=provider).sent_since(LONG_AGO))
    finally:
        tell(provider, "/activity", {})


@dataclass
class Slow:
    """A log of many messages that answers only so many questions before it asks for patience."""

    messages: list[datetime]
    patience: int = 2
    refusals: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if len(self.asked) % (self.patience + 1) == 0:
            self.refusals += 1
            return 429, {"errors": [{"message": "too many requests"}]}
        found = urlsplit(path)
        if found.path != "/v3/messages":
            number = int(found.path.removeprefix("/v3/messages/m-").partition(".")[0])
            args = json.dumps({"dunwell_outreach": f"o-{number}", "dunwell_covers": COVERS})
            events = [{"event_name": "processed", "processed": self.messages[number].isoformat()}]
            return 200, {"msg_id": f"m-{number}.recvd-1", "to_email": "a@b.example", "subject": "x", "unique_args": args, "events": events}
        query = parse_qs(found.query)
        _, begin, _, end, _ = query["query"][0].split('"')
        begin_at, end_at = datetime.fromisoformat(begin), datetime.fromisoformat(end)
        fits = [number for number, at in enumerate(self.messages) if begin_at <= at <= end_at][: int(query["limit"][0])]
        return 200, {"messages": [{"msg_id": f"m-{number}.recvd-{copy}"} for number in fits for copy in (1, 2)][: int(query["limit"][0])]}


@pytest.fixture
def slow() -> Iterator[Slow]:
    world = Slow([datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=7 * n) for n in range(30)])

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = world.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.url = f"http://127.0.0.1:{server.server_port}"
        yield world
        server.shutdown()


def test_a_log_without_pages_is_read_in_halves_and_with_patience(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendgrid, "_MOST_LISTED", 16)
    waited: list[float] = []
    mailer = replace(sendgrid.connect("SG.key", host=slow.url), pause=waited.append)
    assert {one.key for one in mailer.sent_since(LONG_AGO)} == {f"o-{n}" for n in range(30)}
    details = [path for path in slow.asked if "?" not in path]
    assert len(set(details)) == 30, "the copy for another recipient was asked for as well"
    assert waited == [10.0] * slow.refusals


def test_a_log_that_has_no_patience_at_all_is_given_up(slow: Slow) -> None:
    slow.patience = 0
    hurried = replace(sendgrid.connect("SG.key", host=slow.url), pause=lambda seconds: pytest.fail("it waited"))
    with pytest.raises(UnableToReadSent, match="429"):
        hurried.find_sent("o-1", LONG_AGO)
    assert len(slow.asked) == 1
    with pytest.raises(UnableToReadSent, match="429"):
        list(replace(sendgrid.connect("SG.key", host=slow.url), pause=lambda seconds: None).sent_since(LONG_AGO))


def test_a_log_that_does_not_answer_is_told_as_one() -> None:
    with pytest.raises(UnableToReadSent, match="could not be read"):
        list(replace(sendgrid.connect("SG.key", host="http://127.0.0.1:9"), pause=lambda seconds: None).sent_since(LONG_AGO))
