"""Against what others have made: Twilio's and SendGrid's official clients and descriptions, Prism which answers and judges by these, and a mail server.

Our pretend providers are judged the same way as we are: Prism stands between them and the official clients.
"""

from __future__ import annotations

import mailbox
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Attachment as SendGridAttachment
from sendgrid.helpers.mail import CustomArg, Header, Mail
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from domain.delivery import Told
from integrations.messaging import Accepted, Attachment, Email, Message, sendgrid, smtp, twilio_call, twilio_text
from tests.examples.pretend_twilio_world import ACCOUNT, ROOT, TOKEN, Elsewhere, TwilioWorld, twilio_world
from tests.support import third_party
from tests.support.ports import port_to_come

pytestmark = [pytest.mark.xdist_group("third-parties"), pytest.mark.timeout(900)]  # the first run installs

US, THEM = "+15550100123", "+15550100777"

EMAIL = Email(
    key="o-7f3a",
    to_name="Dana Whitfield",
    to_address="dana@customer.example",
    from_name="Hanna Weiß",
    from_address="hanna@brightwater.example",
    reply_to="hanna+r7@brightwater.example",
    subject="Invoice INV-104 from Größenwahn & Söhne, €1,240.00",
    text="Dear Dana,\n\n.a line that begins with a dot\n€1,240.00 is open.\n",
    html="<p>Dear Dana,</p>\n<p>€1,240.00 is open.</p>\n",
    message_id="<o-7f3a@mail.brightwater.example>",
    references=("<first@mail.brightwater.example>", "<second@mail.brightwater.example>"),
    cc=("anton@brightwater.example",),
    attachments=(Attachment("Rechnung März.pdf", "application/pdf", bytes(range(256)) * 8),),
    headers={"List-Unsubscribe": "<https://brightwater.example/contact/x>"},
    covers="i-1 1 r2",
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


# Twilio


def twilio_description() -> dict[str, Any]:
    """Of Twilio's own description what concerns messages and calls, mended in two places where it contradicts Twilio's own clients and examples:
    a list in a form is the same name several times, and the addresses of a list's pages are relative."""
    document = third_party.description(third_party.TWILIO)
    ours = ("/Accounts/{AccountSid}/Messages.json", "/Messages/{Sid}.json", "/Accounts/{AccountSid}/Calls.json", "/Calls/{Sid}.json")
    document["paths"] = {path: item for path, item in document["paths"].items() if path.endswith(ours)}
    assert len(document["paths"]) == 4
    for item in document["paths"].values():
        for operation in (each for each in item.values() if "responses" in each):
            form = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded")
            if form:
                lists = [name for name, kind in form["schema"].get("properties", {}).items() if kind.get("type") == "array"]
                form["encoding"] = {name: {"style": "form", "explode": True} for name in lists}
            for answer in operation["responses"].values():
                properties = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})
                for name in properties.keys() & {"uri", "first_page_uri", "next_page_uri", "previous_page_uri"}:
                    properties[name].pop("format", None)
    return document


@pytest.fixture(scope="module")
def twilio_by_prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with third_party.prism(twilio_description(), tmp_path_factory.mktemp("prism")) as address:
        yield address


@pytest.fixture(scope="module")
def pretend_twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioWorld]:
    with twilio_world(tmp_path_factory.mktemp("twilio")) as world:
        yield world


@pytest.fixture(scope="module")
def judged_twilio(pretend_twilio: TwilioWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with third_party.prism(twilio_description(), tmp_path_factory.mktemp("judge"), pretend_twilio.address) as address:
        yield address


@pytest.fixture(params=["twilio_by_prism", "judged_twilio"])
def twilio_client(request: pytest.FixtureRequest) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=Elsewhere(request.getfixturevalue(request.param), timeout=30))


def test_the_official_client_sends_texts_at_once_and_later(twilio_client: Client) -> None:
    message = twilio_client.messages.create(
        to=THEM, from_=US, body="INV-1 is open", status_callback="https://brightwater.example/twilio/o-1", validity_period=3600
    )
    assert message.status == "queued" and message.sid.startswith("SM")
    later = twilio_client.messages.create(
        to=THEM, messaging_service_sid="MG" + "1" * 32, body="b", schedule_type="fixed", send_at=datetime.now(UTC) + timedelta(hours=1)
    )
    assert later.sid.startswith("SM")
    assert twilio_client.messages(message.sid).fetch().sid.startswith("SM")
    assert twilio_client.messages.list(to=THEM, date_sent_after=datetime.now(UTC) - timedelta(days=1), limit=20)


def test_the_official_client_calls_with_recognition_of_machines_and_follows_the_call(twilio_client: Client) -> None:
    call = twilio_client.calls.create(
        to=THEM,
        from_=US,
        url="http://127.0.0.1:9/voice",
        status_callback="http://127.0.0.1:9/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        machine_detection="DetectMessageEnd",
        timeout=25,
        time_limit=600,
    )
    assert call.sid.startswith("CA")
    assert twilio_client.calls(call.sid).fetch().sid.startswith("CA")
    assert twilio_client.calls.list(to=THEM, limit=1)


def test_what_lacks_its_number_or_its_account_gets_nowhere(twilio_by_prism: str) -> None:
    client = Client(ACCOUNT, TOKEN, http_client=Elsewhere(twilio_by_prism, timeout=30))
    with pytest.raises(TwilioRestException) as met:
        client.api.v2010.create("POST", f"/Accounts/{ACCOUNT}/Messages.json", data={"From": US, "Body": "b"})
    assert met.value.status == 422


@pytest.fixture(params=["twilio_by_prism", "judged_twilio"])
def twilio_address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.mark.parametrize("sender", [US, "MG" + "1" * 32])
def test_our_texts_keep_to_twilios_description(twilio_address: str, sender: str) -> None:
    texts = twilio_text.connect(ACCOUNT, TOKEN, sender, api=twilio_address, public_url="https://pay.brightwater.example", timeout=30)
    outcome = texts.carry(Message("o-7f3a", "sms", "Dana", THEM, "", "Invoice INV-104, €1,240.00, is open. Größe: https://pay.brightwater.example/p/x"))
    assert isinstance(outcome, Accepted) and outcome.provider_id.startswith("SM") and outcome.receipts


def test_our_whatsapp_messages_keep_to_twilios_description(twilio_address: str) -> None:
    texts = twilio_text.connect(ACCOUNT, TOKEN, US, api=twilio_address, public_url="https://pay.brightwater.example", template="HX" + "1" * 32, timeout=30)
    assert isinstance(texts.carry(Message("o-7f3b", "whatsapp", "Dana", THEM, "", "Invoice INV-104 is open.")), Accepted)


def test_our_calls_keep_to_twilios_description(twilio_address: str) -> None:
    calls = twilio_call.connect(ACCOUNT, TOKEN, US, api=twilio_address, public_url="http://127.0.0.1:9", timeout=30)
    outcome = calls.carry(Message("o-7f3c", "voice", "Dana", THEM, "", "Good day."))
    assert isinstance(outcome, Accepted) and outcome.provider_id.startswith("CA")


def test_our_texts_are_found_again_in_twilios_log(judged_twilio: str) -> None:
    begun, number = datetime.now(UTC) - timedelta(minutes=1), "+15550100779"
    texts = twilio_text.connect(ACCOUNT, TOKEN, US, api=judged_twilio, timeout=30)
    outcomes = [texts.carry(Message(f"o-{each}", "sms", "Dana", number, "", f"Invoice INV-{each} is open.")) for each in range(3)]
    sent = texts.sent_to(number, begun)
    assert [(one.provider_id, one.text) for one in sent] == [(outcomes[each].provider_id, f"Invoice INV-{each} is open.") for each in (2, 1, 0)]
    assert texts.look_up(sent[0].provider_id).told is Told.DELIVERED


# SendGrid


def sendgrid_description() -> dict[str, Any]:
    """Of SendGrid's own description what concerns sending, mended where SendGrid does otherwise: custom arguments are an object, and
    the answer to an accepted mail carries its id."""
    document = third_party.description(third_party.SENDGRID)
    document["paths"] = {f"/v3{path}": item for path, item in document["paths"].items() if path in ("/mail/send", "/messages", "/messages/{msg_id}")}
    assert len(document["paths"]) == 3
    document["servers"] = [{"url": "/"}]
    send = document["paths"]["/v3/mail/send"]["post"]
    send["requestBody"]["content"]["application/json"]["schema"]["properties"]["custom_args"]["type"] = "object"
    send["responses"]["202"]["headers"] = {"X-Message-Id": {"schema": {"type": "string", "example": "14c5d75ce93.dfd.64b469"}}}
    return document


@pytest.fixture(scope="module")
def sendgrid_by_prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with third_party.prism(sendgrid_description(), tmp_path_factory.mktemp("prism")) as address:
        yield address


@pytest.fixture(scope="module")
def judged_sendgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mail")
    command = [sys.executable, "examples/pretend_mail.py", "--port-file", str(folder / "port"), "--log", str(folder / "accepted.jsonl")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (folder / "port").exists())
        upstream = f"http://127.0.0.1:{(folder / 'port').read_text()}"
        with third_party.prism(sendgrid_description(), tmp_path_factory.mktemp("judge"), upstream) as address:
            yield address
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(params=["sendgrid_by_prism", "judged_sendgrid"])
def sendgrid_address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def wait_for(is_so: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def an_official_mail(**more: Any) -> Mail:
    mail = Mail(
        **({"from_email": "hanna@brightwater.example", "to_emails": "dana@customer.example", "subject": "Invoice", "plain_text_content": "Dear Dana"} | more)
    )
    mail.custom_arg = CustomArg("dunwell_outreach", "o-1")
    mail.header = Header("In-Reply-To", "<first@mail.brightwater.example>")
    return mail


def test_sendgrids_official_client_sends_a_mail(sendgrid_address: str) -> None:
    client = SendGridAPIClient("SG.any", host=sendgrid_address)
    client.client.timeout = 30
    mail = an_official_mail(html_content="<p>Dear Dana</p>")
    mail.attachment = SendGridAttachment("UERG", "invoice.pdf", "application/pdf", "attachment")
    assert client.send(mail).status_code == 202
    with pytest.raises(HTTPError) as met:
        client.send(an_official_mail(from_email=None))
    assert met.value.status_code in (400, 422)


def test_nobody_sends_a_mail_without_a_key(judged_sendgrid: str) -> None:
    client = SendGridAPIClient("SG.any", host=judged_sendgrid)
    client.client.timeout = 30
    del client.client.request_headers["Authorization"]
    with pytest.raises(HTTPError) as met:
        client.send(an_official_mail())
    assert met.value.status_code == 401


def test_our_mailer_keeps_to_sendgrids_description(sendgrid_address: str) -> None:
    outcome = sendgrid.connect("SG.any", host=sendgrid_address, timeout=30).send(EMAIL)
    assert isinstance(outcome, Accepted) and outcome.provider_id


# A mail server


@dataclass(frozen=True)
class Sink:
    """A mail server that nobody here wrote, and the folder where it puts what it took."""

    port: int
    folder: Path

    def mails(self) -> list[EmailMessage]:
        box = mailbox.Maildir(self.folder, create=False)
        arrived = [message_from_bytes(box.get_bytes(key), policy=policy.default) for key in box.iterkeys()]
        return sorted(arrived, key=lambda mail: str(mail["Message-ID"]))  # type: ignore[arg-type,return-value]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    port = port_to_come()
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox", str(tmp_path / "box")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONWARNINGS": "ignore"})

    def is_up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(is_up)
        yield Sink(port, tmp_path / "box")
    finally:
        process.terminate()
        process.wait(60)


def test_a_thread_of_mails_arrives_at_a_real_mail_server_with_headers_both_bodies_and_attachment(sink: Sink) -> None:
    mailer = smtp.connect(f"smtp://127.0.0.1:{sink.port}", timeout=30)
    first = replace(EMAIL, key="o-1", message_id="<1@mail.brightwater.example>", references=(), attachments=())
    second = replace(EMAIL, key="o-2", message_id="<2@mail.brightwater.example>", references=(first.message_id,))
    third = replace(EMAIL, key="o-3", message_id="<3@mail.brightwater.example>", references=(first.message_id, second.message_id))
    assert [mailer.send(each).kind for each in (first, second, third)] == ["accepted"] * 3

    wait_for(lambda: len(sink.mails()) == 3)
    mails = sink.mails()
    assert [mail["Message-ID"] for mail in mails] == [first.message_id, second.message_id, third.message_id]
    assert [mail["In-Reply-To"] for mail in mails] == [None, first.message_id, second.message_id]
    assert [(mail["References"] or "").split() for mail in mails] == [[], [first.message_id], [first.message_id, second.message_id]]
    for mail in mails:
        assert (mail["Subject"], str(mail["To"])) == (EMAIL.subject, "Dana Whitfield <dana@customer.example>")
        assert (str(mail["From"]), str(mail["Reply-To"])) == ("Hanna Weiß <hanna@brightwater.example>", "hanna+r7@brightwater.example")
        assert str(mail["Cc"]) == "anton@brightwater.example" and mail["Date"].datetime.tzinfo is not None
        assert (mail["Auto-Submitted"], mail["List-Unsubscribe"]) == ("auto-generated", EMAIL.headers["List-Unsubscribe"])
        plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
        assert plain is not None and plain.get_content().replace("\r\n", "\n") == EMAIL.text
        assert rich is not None and rich.get_content().replace("\r\n", "\n") == EMAIL.html
        assert not mail.defects
    (attached,) = mails[2].iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("Rechnung März.pdf", "application/pdf")
    assert attached.get_content() == EMAIL.attachments[0].content
    assert list(mails[0].iter_attachments()) == []
