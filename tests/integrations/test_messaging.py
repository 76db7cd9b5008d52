"""Every provider of e-mail keeps the same promises; what each alone must do with a bad answer stands below."""

from __future__ import annotations

import datetime
import importlib
import ipaddress
import json
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_type_hints

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.messaging import Accepted, Attachment, Email, Mailer, Refused, Unknown, capture, mime, sendgrid, smtp
from tests.integrations.mail_servers import (
    Arrived,
    PretendMailServer,
    PretendSendGrid,
    mail_server_that_dies,
    pretend_mail_server,
    pretend_sendgrid,
    read_mail,
    read_post,
)
from tests.support.ports import nobody

FOLDER = Path(mime.__file__).parent
MODULES = {path.stem: importlib.import_module(f"integrations.messaging.{path.stem}") for path in FOLDER.glob("*.py") if path.stem != "__init__"}
# Those that carry e-mail: what they connect to sends it.
PROVIDERS = sorted(name for name, one in MODULES.items() if hasattr(one, "connect") and hasattr(get_type_hints(one.connect)["return"], "send"))

EMAIL = Email(
    key="o-7f3a",
    to_name="Dana Whitfield",
    to_address="dana@customer.example",
    from_name="Hanna Weiß",
    from_address="hanna@brightwater.example",
    reply_to="hanna+r7@brightwater.example",
    subject="Invoice INV-104 from Größenwahn & Söhne Maschinenbau Gesellschaft mit beschränkter Haftung, €1,240.00",
    text="Dear Dana,\n\n.a line that begins with a dot\n€1,240.00 is open.\n",
    html="<p>Dear Dana,</p>\n<p>€1,240.00 is open.</p>\n",
    message_id=f"<{'a' * 70}@mail.brightwater.example>",
    references=(f"<{'b' * 70}@mail.brightwater.example>", f"<{'c' * 70}@mail.brightwater.example>"),
    cc=("anton@brightwater.example", "Anton@brightwater.example", "dana@customer.example"),
    attachments=(Attachment("Rechnung März.pdf", "application/pdf", bytes(range(256)) * 8),),
    headers={"List-Unsubscribe": f"<https://brightwater.example/contact/{'x' * 90}>", "Date": "Mon, 02 Mar 2026 09:00:00 +0000"},
)


@dataclass(frozen=True)
class Provider:
    mailer: Mailer
    arrived: Callable[[], list[Arrived]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with ExitStack() as stack:
        if request.param == "capture":
            yield Provider(capture.connect(tmp_path), lambda: [read_mail(path.read_bytes()) for path in sorted(tmp_path.glob("*.eml"))])
        elif request.param == "smtp":
            server = stack.enter_context(pretend_mail_server())
            yield Provider(smtp.connect(f"smtp://127.0.0.1:{server.port}"), lambda: [read_mail(content) for content in server.contents])
        elif request.param == "sendgrid":
            web = stack.enter_context(pretend_sendgrid())
            yield Provider(sendgrid.connect("SG.key", host=web.url), lambda: [read_post(post) for post in web.posts])
        else:
            pytest.fail(f"integrations/messaging/{request.param}.py is new: say here how its world is pretended")


@pytest.fixture
def web() -> Iterator[PretendSendGrid]:
    with pretend_sendgrid() as world:
        yield world


@pytest.fixture
def mail_server() -> Iterator[PretendMailServer]:
    with pretend_mail_server() as world:
        yield world


def test_a_provider_accepts_a_message_and_it_arrives_whole_and_once(provider: Provider) -> None:
    outcome = provider.mailer.send(EMAIL)

    assert isinstance(outcome, Accepted) and outcome.provider_id
    (mail,) = provider.arrived()
    assert (mail.to, mail.cc) == ("Dana Whitfield <dana@customer.example>", ("anton@brightwater.example",))
    assert (mail.sender, mail.reply_to) == ("Hanna Weiß <hanna@brightwater.example>", "hanna+r7@brightwater.example")
    assert (mail.subject, mail.text, mail.html) == (EMAIL.subject, EMAIL.text, EMAIL.html)
    assert mail.attachments == (("Rechnung März.pdf", "application/pdf", EMAIL.attachments[0].content),)
    wanted = {
        "message-id": EMAIL.message_id,
        "in-reply-to": EMAIL.references[-1],
        "references": " ".join(EMAIL.references),
        "auto-submitted": "auto-generated",
        "x-auto-response-suppress": "All",
        "list-unsubscribe": EMAIL.headers["List-Unsubscribe"],
    }
    assert {name: value for name, value in mail.headers.items() if name in wanted} == wanted


def test_a_first_message_of_a_thread_refers_to_nothing(provider: Provider) -> None:
    provider.mailer.send(replace(EMAIL, references=()))
    assert not {"in-reply-to", "references"} & provider.arrived()[0].headers.keys()


@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\x85", "\u2028"])
@pytest.mark.parametrize("field", ["to_name", "to_address", "from_name", "from_address", "reply_to", "subject", "message_id", "references", "cc", "headers"])
def test_a_line_break_in_any_header_field_is_refused_by_name_and_nothing_leaves(provider: Provider, field: str, character: str) -> None:
    hostile = f"x@customer.example{character}Bcc: everyone@customer.example"
    broken = {"references": (hostile,), "cc": (hostile,), "headers": {"X-Note": hostile}}.get(field, hostile)

    outcome = provider.mailer.send(replace(EMAIL, **{field: broken}))  # type: ignore[arg-type]

    assert isinstance(outcome, Refused) and not outcome.try_again
    assert outcome.reason.startswith(("header X-Note" if field == "headers" else field).replace("to_name", "to_address").replace("from_name", "from_address"))
    assert provider.arrived() == []


@pytest.mark.parametrize(
    "address", ["", "dana", "dana@", "@customer.example", "dana@customer", "a b@c.example", "<a@b.example>", "a..b@c.example", "a@b.example,c@d.example"]
)
def test_what_is_not_an_address_is_refused_for_good(provider: Provider, address: str) -> None:
    outcome = provider.mailer.send(replace(EMAIL, to_address=address))
    assert isinstance(outcome, Refused) and not outcome.try_again and "to_address" in outcome.reason
    assert provider.arrived() == []


def test_a_caller_cannot_add_a_recipient_or_replace_a_header_of_ours(provider: Provider) -> None:
    for name in ("Bcc", "to", "Message-Id", "Auto-Submitted", "Content-Type", "X Bad", "X:Bad"):
        assert isinstance(provider.mailer.send(replace(EMAIL, headers={name: "x@y.example"})), Refused)
    assert provider.arrived() == []


def test_a_domain_in_its_own_script_is_written_as_mail_servers_know_it(provider: Provider) -> None:
    provider.mailer.send(replace(EMAIL, to_address="dana@bücher.example"))
    assert provider.arrived()[0].to == "Dana Whitfield <dana@xn--bcher-kva.example>"


def test_one_mailer_serves_many_threads_without_mixing_messages(provider: Provider) -> None:
    emails = [replace(EMAIL, key=f"o-{n}", subject=f"Invoice {n}", message_id=f"<{n}@b.example>", text=f"text {n}\n", attachments=()) for n in range(24)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(provider.mailer.send, emails))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len({outcome.provider_id for outcome in outcomes if isinstance(outcome, Accepted)}) == 24
    assert {(mail.subject, mail.headers["message-id"], mail.text) for mail in provider.arrived()} == {
        (email.subject, email.message_id, email.text) for email in emails
    }


# The message itself


def test_the_same_message_has_the_same_bytes_and_they_are_seven_bit_with_full_line_ends() -> None:
    first, second = bytes(mime.build(EMAIL)), bytes(mime.build(EMAIL))
    assert first == second
    assert first.isascii() and b"\n" not in first.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in first.split(b"\r\n"))


def test_a_message_is_text_first_then_html_with_the_attachments_beside_both() -> None:
    message = mime.build(EMAIL)
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"),
    ]
    assert [part.get_content_type() for part in mime.build(replace(EMAIL, attachments=())).walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_message_without_a_date_of_its_own_carries_the_present_moment() -> None:
    written = mime.build(replace(EMAIL, headers={}))["Date"].datetime
    assert abs(datetime.datetime.now(datetime.UTC) - written) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    "attachment", [Attachment("a\nb.pdf", "application/pdf", b""), Attachment("a.pdf", "pdf", b""), Attachment("a.eml", "message/rfc822", b"")]
)
def test_an_attachment_that_cannot_be_carried_is_refused_by_name(attachment: Attachment) -> None:
    with pytest.raises(mime.UnableToWrite, match="attachment"):
        mime.build(replace(EMAIL, attachments=(attachment,)))


def test_an_attached_text_is_read_as_it_was_written_whatever_letters_are_in_it() -> None:
    date = Attachment("call.ics", "text/calendar", "SUMMARY:Call Jörg Weiß\r\n".encode())
    *_, attached = mime.build(replace(EMAIL, attachments=(date,))).walk()
    assert attached.get_content() == "SUMMARY:Call Jörg Weiß\r\n"


# Capture


def test_what_capture_keeps_is_byte_for_byte_what_smtp_sends(tmp_path: Path, mail_server: PretendMailServer) -> None:
    capture.connect(tmp_path).send(EMAIL)
    smtp.connect(f"smtp://127.0.0.1:{mail_server.port}").send(EMAIL)
    assert (tmp_path / "o-7f3a.eml").read_bytes() == mail_server.contents[0]


def test_a_message_captured_twice_shows_as_two_accepted_sends(tmp_path: Path) -> None:
    mailer = capture.connect(tmp_path / "mail")
    assert mailer.send(EMAIL) == mailer.send(EMAIL) == Accepted(provider_id="o-7f3a.eml", delivered=True)

    log = (tmp_path / "mail" / capture.ACCEPT_LOG).read_text("utf-8").splitlines()
    lines = [json.loads(line) for line in log]
    assert lines[0].pop("at") <= lines[1].pop("at")
    assert (
        lines
        == [
            {"key": "o-7f3a", "to": "dana@customer.example", "subject": EMAIL.subject, "message_id": EMAIL.message_id, "covers": ""},
        ]
        * 2
    )
    assert sorted(path.name for path in (tmp_path / "mail").iterdir()) == ["accepted.jsonl", "o-7f3a.eml"]


def test_a_captured_message_stays_in_its_folder_whatever_its_key(tmp_path: Path) -> None:
    outcome = capture.connect(tmp_path / "mail").send(replace(EMAIL, key="../../etc/x"))
    assert outcome == Accepted(provider_id="..%2F..%2Fetc%2Fx.eml", delivered=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]


def test_a_folder_that_cannot_be_written_refuses_and_accepts_nothing(tmp_path: Path) -> None:
    (tmp_path / "o-7f3a.eml").mkdir()
    outcome = capture.connect(tmp_path).send(EMAIL)
    assert isinstance(outcome, Refused) and outcome.try_again
    assert [path.name for path in tmp_path.iterdir()] == ["o-7f3a.eml"]


def test_an_accept_log_that_cannot_be_written_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    (tmp_path / capture.ACCEPT_LOG).mkdir()
    assert isinstance(capture.connect(tmp_path).send(EMAIL), Unknown)


# SendGrid


@pytest.mark.parametrize(
    "answer, outcome, try_again, told",
    [
        ("429", Refused, True, "too many"),
        ("400", Refused, False, "the reason given"),
        ("413", Refused, False, "413"),
        ("401", Refused, True, "API key must be fixed"),
        ("403", Refused, True, "API key must be fixed"),
        ("500", Unknown, None, "500"),
        ("503", Unknown, None, "503"),
        ("no id", Unknown, None, "without a message id"),
        ("reset", Unknown, None, "reset"),
        ("drop", Unknown, None, ""),
        ("garbage", Unknown, None, ""),
    ],
)
def test_sendgrid_answers_are_sorted_by_whether_it_can_have_the_message(
    web: PretendSendGrid, answer: str, outcome: type, try_again: bool | None, told: str
) -> None:
    web.answer = answer
    given = sendgrid.connect("SG.key", host=web.url).send(EMAIL)
    assert type(given) is outcome
    assert getattr(given, "try_again", None) is try_again
    assert told in given.reason  # type: ignore[union-attr]
    assert len(web.posts) == 1


def test_a_sendgrid_that_never_answers_is_left_at_the_time_out_and_the_outcome_is_unknown(web: PretendSendGrid) -> None:
    web.answer = "hang"
    begun = time.monotonic()
    assert isinstance(sendgrid.connect("SG.key", host=web.url, timeout=1).send(EMAIL), Unknown)
    assert time.monotonic() - begun < 60
    assert len(web.posts) == 1


def test_a_sendgrid_that_cannot_be_reached_refuses_and_may_be_tried_again(mail_server: PretendMailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # A server that speaks no TLS, a closed port, and a name nobody knows.
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with nobody() as port:
        for host in (f"https://127.0.0.1:{mail_server.port}", f"http://127.0.0.1:{port}", "http://nobody.invalid"):
            if host.endswith("invalid"):
                monkeypatch.setattr(socket, "getaddrinfo", unknown)
            outcome = sendgrid.connect("SG.key", host=host, timeout=10).send(EMAIL)
            assert isinstance(outcome, Refused) and outcome.try_again, host


def test_sendgrid_is_told_to_keep_the_opaque_key_alone_and_to_track_nothing(web: PretendSendGrid) -> None:
    sendgrid.connect("SG.key", host=web.url).send(EMAIL)
    (post,) = web.posts
    assert post["custom_args"] == {"dunwell_outreach": "o-7f3a"}
    assert "categories" not in post
    assert post["tracking_settings"].keys() == {"click_tracking", "open_tracking", "subscription_tracking", "ganalytics"}
    assert not any(setting["enable"] for setting in post["tracking_settings"].values())
    assert post["tracking_settings"]["click_tracking"]["enable_text"] is False


def test_one_mail_leaves_nothing_behind_in_the_request_of_the_next(web: PretendSendGrid) -> None:
    mailer = sendgrid.connect("SG.key", host=web.url)
    mailer.send(EMAIL)
    mailer.send(replace(EMAIL, key="o-2", cc=(), references=(), attachments=(), headers={}))

    first, second = ({name: value for name, value in headers.items() if name != "content-length"} for headers in web.headers)
    assert first == second and first["authorization"] == "Bearer SG.key"
    assert web.posts[1]["headers"].keys() == {"Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"}
    assert "attachments" not in web.posts[1] and "cc" not in web.posts[1]["personalizations"][0]


def test_neither_the_api_key_nor_the_mail_ever_reaches_the_log(web: PretendSendGrid, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mailer = sendgrid.connect("SG.secret", host=web.url)
    for answer in ("202", "400", "500"):
        web.answer = answer
        mailer.send(EMAIL)
    assert "SG.secret" not in caplog.text + repr(mailer) and "Dana" not in caplog.text


@pytest.mark.parametrize(
    "key, host", [("", "https://api.sendgrid.com"), ("SG.a\nb", "https://api.sendgrid.com"), ("SG.key", "api.sendgrid.com"), ("SG.key", "https://")]
)
def test_a_sendgrid_setting_that_cannot_work_is_refused_at_once(key: str, host: str) -> None:
    with pytest.raises(sendgrid.UnableToConnect):
        sendgrid.connect(key, host=host)


# SMTP


@pytest.mark.parametrize("answer, try_again", [("550 5.1.1 no such user", False), ("451 4.7.1 greylisted", True)])
def test_a_recipient_refused_by_the_mail_server_is_refused_for_good_or_for_now(mail_server: PretendMailServer, answer: str, try_again: bool) -> None:
    mail_server.at_rcpt = {EMAIL.to_address: answer}
    outcome = smtp.connect(f"smtp://127.0.0.1:{mail_server.port}").send(EMAIL)
    assert outcome == Refused(f"the mail server refused: {answer}", try_again)
    assert mail_server.contents == []


@pytest.mark.parametrize("answer, try_again", [("552 5.3.4 too big", False), ("452 4.3.1 disk full", True)])
def test_a_message_refused_after_its_last_line_certainly_was_not_taken(mail_server: PretendMailServer, answer: str, try_again: bool) -> None:
    mail_server.at_data = answer
    outcome = smtp.connect(f"smtp://127.0.0.1:{mail_server.port}").send(EMAIL)
    assert outcome == Refused(f"the mail server refused the message: {answer}", try_again)


@pytest.mark.parametrize("fate", ["abort", "hang"])
def test_a_mail_server_that_goes_silent_after_the_last_line_leaves_the_outcome_unknown(mail_server: PretendMailServer, fate: str) -> None:
    mail_server.at_data = fate
    assert isinstance(smtp.connect(f"smtp://127.0.0.1:{mail_server.port}", timeout=2).send(EMAIL), Unknown)


@pytest.mark.parametrize("at", ["banner", "EHLO", "MAIL", "RCPT", "DATA", "body"])
def test_a_mail_server_that_dies_before_the_last_line_certainly_has_nothing(at: str) -> None:
    # Large enough that the end of the message cannot already lie in the sending machine's buffers.
    email = replace(EMAIL, cc=(), attachments=(Attachment("big.pdf", "application/pdf", bytes(12_000_000)),))
    with mail_server_that_dies(at) as port:
        outcome = smtp.connect(f"smtp://127.0.0.1:{port}", timeout=3).send(email)
    assert isinstance(outcome, Refused) and outcome.try_again


def test_a_mail_server_that_is_not_there_refuses_and_may_be_tried_again() -> None:
    with nobody() as port:
        outcome = smtp.connect(f"smtp://127.0.0.1:{port}", timeout=10).send(EMAIL)
    assert isinstance(outcome, Refused) and outcome.try_again


def test_a_copy_that_cannot_be_delivered_does_not_keep_the_customer_from_hearing(mail_server: PretendMailServer, caplog: pytest.LogCaptureFixture) -> None:
    mail_server.at_rcpt = {"anton@brightwater.example": "550 gone"}
    outcome = smtp.connect(f"smtp://127.0.0.1:{mail_server.port}").send(EMAIL)
    assert outcome == Accepted(provider_id="Q1")
    assert mail_server.recipients == [["dana@customer.example"]]
    assert "without one of its copies" in caplog.text


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_is_refused_with_the_remedy_and_the_right_one_accepted() -> None:
    with pretend_mail_server(login=("dunwell", "p@ss:w/rd")) as server:
        wrong = smtp.connect(f"smtp://dunwell:nope@127.0.0.1:{server.port}").send(EMAIL)
        right = smtp.connect(f"smtp://dunwell:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}").send(EMAIL)
    assert isinstance(wrong, Refused) and wrong.try_again and "correct them in the SMTP setting" in wrong.reason
    assert right == Accepted(provider_id="Q1")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(1), now + datetime.timedelta(1))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "localhost.pem").write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return tmp_path / "localhost.pem"


@pytest.mark.parametrize("how", ["smtps", "starttls"])
def test_an_encrypted_connection_is_used_only_with_a_server_that_proves_its_name(how: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with pretend_mail_server(tls=context if how == "smtps" else None, starttls=context if how == "starttls" else None) as server:
        url = f"smtps://localhost:{server.port}" if how == "smtps" else f"smtp://localhost:{server.port}?starttls=1"
        stranger = smtp.connect(url).send(EMAIL)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        known = smtp.connect(url).send(EMAIL)
    assert isinstance(stranger, Refused) and stranger.try_again
    assert known == Accepted(provider_id="Q1")
    assert len(server.contents) == 1


def test_a_mail_server_without_the_encryption_asked_for_gets_nothing(mail_server: PretendMailServer) -> None:
    outcome = smtp.connect(f"smtp://127.0.0.1:{mail_server.port}?starttls=1").send(EMAIL)
    assert isinstance(outcome, Refused) and outcome.try_again and "starttls" in outcome.reason.lower()
    assert mail_server.contents == []


@pytest.mark.parametrize(
    "url",
    [
        *("", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:99999", "smtp://mail.example?tls=1", "smtp://mail.example?starttls=yes"),
        *("smtp://mail.example/inbox", "smtp://user:secret@mail.example", "smtps://user:gehe%C3%AFm@mail.example"),
    ],
)
def test_an_smtp_setting_that_cannot_work_or_bares_its_password_is_refused_at_once(url: str) -> None:
    with pytest.raises(smtp.UnableToConnect) as refusal:
        smtp.connect(url)
    assert "secret" not in str(refusal.value)
