"""Mailboxes are read where they are, by password or access token, and stay as they were: against a real IMAP server."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import parse_qs

import pytest

from domain.incoming import Incoming
from integrations.messaging.imap import Mailbox, MailboxForm, UnableToReadMailbox, connect, read_url
from support.customer_mail import written
from support.imap_server import ImapServer, imap_server
from tests.support.ports import nobody

AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def mailbox(server: ImapServer) -> Mailbox:
    return server.emptied()


def read(mailbox: Mailbox, uid_validity: int = 0, high_water: int = 0, *, folder: str = "INBOX") -> tuple[list[Incoming], int, int]:
    with mailbox.open() as session:
        found = list(session.read(folder, uid_validity, high_water, LONG_AGO))
    last = found[-1] if found else None
    return [one.message for one in found], last.uid_validity if last else uid_validity, last.uid if last else high_water


# The mailbox


def test_only_what_is_new_is_read_and_the_mailbox_stays_as_it_was(server: ImapServer, mailbox: Mailbox) -> None:
    server.put(written("First", Message_ID="<1@c>"))
    server.put(written("Second", Message_ID="<2@c>"))
    found, valid, high = read(mailbox)
    assert [one.text for one in found] == ["First", "Second"]
    assert read(mailbox, valid, high) == ([], valid, high)
    server.put(written("Third", Message_ID="<3@c>"))
    assert [one.text for one in read(mailbox, valid, high)[0]] == ["Third"]
    assert server.flags() == [(), (), ()]


def test_a_mail_without_an_id_is_known_again_when_the_ids_of_its_folder_have_changed(server: ImapServer, mailbox: Mailbox) -> None:
    bare = b"From: ann@c.example\r\nSubject: x\r\n\r\nPaid."
    known = []
    for others in (0, 3):
        server.emptied()
        for number in range(others):
            server.put(written(f"{number}"), at=AT)
        server.put(bare, at=AT)
        known.append(read(mailbox)[0][-1].message_id)
    assert known[0] == known[1] != ""
    server.put(bare + b"!", at=AT)
    assert read(mailbox)[0][-1].message_id != known[0]


def test_when_the_ids_of_a_folder_have_changed_it_is_read_again_from_a_day_on(server: ImapServer, mailbox: Mailbox) -> None:
    server.put(written("Old"), at=datetime(2019, 5, 1, tzinfo=UTC))
    server.put(written("New"), at=AT)
    assert [one.text for one in read(mailbox, 7, 4_000_000)[0]] == ["New"]


def test_a_mail_too_large_to_be_kept_is_told_of_by_its_headers(server: ImapServer, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.messaging.imap.LARGEST_MAIL", 2_000)
    server.put(written("x" * 3_000, subject="Huge", In_Reply_To="<out_1@b>"))
    ((found,), _, _) = read(mailbox)
    assert (found.subject, found.references) == ("Huge", ("<out_1@b>",))
    assert "too large to be kept" in found.text


def test_a_wrong_password_is_named_as_what_it_is(server: ImapServer) -> None:
    with pytest.raises(UnableToReadMailbox, match="the server refused the user name or password"), server.mailbox(password="wrong").open():
        pass


def test_a_server_that_is_away_is_named_as_what_it_is() -> None:
    with nobody() as port:
        form = MailboxForm(user="ann", password="x", host="127.0.0.1", port=port, security="none")
        with pytest.raises(UnableToReadMailbox, match="could not be reached"), connect(form, timeout=2).open():
            pass


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"user": "ann", "password": "x"}, "host: is empty"),
        ({"user": "ann", "host": "mail.example"}, "password: is empty"),
        ({"user": "ann", "host": "mail.example", "password": "x", "security": "none"}, "security: none would send the password in the clear"),
        ({"user": "ann", "service": "microsoft", "refresh_token": "r"}, "client_id: OAuth needs"),
    ],
)
def test_a_mailbox_that_could_not_work_is_refused_before_anything_is_sent(form: dict[str, str], said: str) -> None:
    with pytest.raises(UnableToReadMailbox, match=said):
        connect(MailboxForm.model_validate(form))


def test_a_mailbox_may_be_written_as_one_address() -> None:
    found = connect(read_url("imaps://ann%40b.example:p%2Fw@mail.example/Answers?sent=Gesendet"))
    assert (found.user, found.password, found.port, found.folder, found.sent) == ("ann@b.example", "p/w", 993, "Answers", "Gesendet")
    assert "p/w" not in repr(found)
    with pytest.raises(UnableToReadMailbox, match="write it as imaps://"):
        read_url("https://mail.example")


# Access tokens


@contextmanager
def token_service(answers: list[tuple[int, dict[str, object]]]) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    asked: list[dict[str, list[str]]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            status, body = answers[min(len(asked), len(answers)) - 1]
            said = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            pass

    service = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{service.server_address[1]}/token", asked
    finally:
        service.shutdown()
        service.server_close()


@contextmanager
def imap_that_takes_tokens(token: str) -> Iterator[int]:
    """A server that knows only how to log in by XOAUTH2."""

    class Talking(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n")
            while line := self.rfile.readline():
                tag, _, rest = line.strip().partition(b" ")
                verb = rest.split()[0].upper() if rest else b""
                if verb == b"CAPABILITY":
                    self.wfile.write(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n" + tag + b" OK done\r\n")
                elif verb == b"AUTHENTICATE":
                    given = rest.split()[2] if len(rest.split()) > 2 else b""
                    if not given:
                        self.wfile.write(b"+ \r\n")
                        given = self.rfile.readline().strip()
                    right = f"user=ann@b.example\1auth=Bearer {token}\1\1".encode()
                    self.wfile.write(tag + (b" OK welcome\r\n" if base64.b64decode(given) == right else b" NO [AUTHENTICATIONFAILED] no\r\n"))
                elif verb == b"LOGOUT":
                    self.wfile.write(b"* BYE\r\n" + tag + b" OK bye\r\n")
                    return
                else:
                    self.wfile.write(tag + b" BAD what?\r\n")

    service = ThreadingTCPServer(("127.0.0.1", 0), Talking)
    service.daemon_threads = True
    threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield service.server_address[1]
    finally:
        service.shutdown()
        service.server_close()


def by_token(port: int, token_url: str) -> Mailbox:
    fields = {"user": "ann@b.example", "host": "127.0.0.1", "port": port, "security": "none", "service": "microsoft", "token_url": token_url}
    return connect(MailboxForm.model_validate({**fields, "client_id": "app", "client_secret": "s3", "refresh_token": "r1"}), timeout=10)


def test_an_access_token_is_fetched_once_used_until_it_ends_and_renewed_by_the_newest_refresh_token() -> None:
    answers: list[tuple[int, dict[str, object]]] = [(200, {"access_token": "a1", "expires_in": 3600, "refresh_token": "r2"})]
    with token_service(answers) as (url, asked), imap_that_takes_tokens("a1") as port:
        mailbox = by_token(port, url)
        for _ in range(2):
            with mailbox.open():
                pass
        assert [(one["grant_type"], one["refresh_token"], one["client_id"]) for one in asked] == [(["refresh_token"], ["r1"], ["app"])]
        assert mailbox.tokens is not None
        mailbox.tokens._until = 0.0
        mailbox.tokens.get()
        assert asked[-1]["refresh_token"] == ["r2"]


def test_a_refused_token_says_what_to_renew_and_no_secret() -> None:
    with token_service([(400, {"error": "invalid_grant", "error_description": "AADSTS70008: expired"})]) as (url, _), imap_that_takes_tokens("a1") as port:
        with pytest.raises(UnableToReadMailbox, match=r"AADSTS70008: expired.*renew refresh_token") as refused, by_token(port, url).open():
            pass
        assert "s3" not in str(refused.value) and "r1" not in str(refused.value)
