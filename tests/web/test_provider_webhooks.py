"""What providers tell us: seals made by their own libraries are taken, each thing counts once, and whatever order it comes in."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sqlalchemy import select, text
from twilio.request_validator import HMAC_SHA256, RequestValidator

from db import inbox, schema, suppressions
from db.engine import Database
from domain.delivery import Fault, Ground
from domain.event import DeliveryReported, OptedIn, OptedOut
from settings import SellerSettings, Settings
from support.office import FakeDoor, Office
from web.app import create_public

PUBLIC = "https://pay.example"
ACCOUNT, TOKEN = "AC" + "a" * 32, "an-auth-token-of-thirty-two-chars"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Providers:
    """Both providers as they speak to us, with the seals that their own libraries would make or accept."""

    outside: TestClient
    office: Office
    key: ec.EllipticCurvePrivateKey
    messages: dict[str, str]

    def twilio(self, path: str, fields: dict[str, str], *, token: str = TOKEN, algorithm: str = "", account: str = ACCOUNT, fragment: str = "") -> int:
        fields = {"AccountSid": account, **fields}
        signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}{fragment}", fields, algorithm or None)
        headers = {"X-Twilio-Signature": signature}
        if algorithm:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=webhooks_sharedkey_1,algorithm={algorithm}"
        return self.outside.post(path, data=fields, headers=headers).status_code

    def status(self, message: str, status: str, code: str = "", sid: str = "SM1", to: str = "+4915112345678") -> int:
        fields = {"MessageSid": sid, "MessageStatus": status, "To": to, "From": "+4915100000001", **({"ErrorCode": code} if code else {})}
        return self.twilio(f"/webhooks/twilio/status?outreach={message}", fields)

    def text(self, body: str, sid: str = "SM-in-1", sender: str = "+4915112345678", **more: str) -> int:
        return self.twilio("/webhooks/twilio/inbound", {"MessageSid": sid, "From": sender, "To": "+4915100000001", "Body": body, **more})

    def seal(self, body: bytes, age: timedelta = timedelta()) -> dict[str, str]:
        moment = str(int((self.office.now - age).timestamp()))
        signature = base64.b64encode(self.key.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        return {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": moment}

    def events(self, *events: dict[str, Any]) -> int:
        body = json.dumps(list(events)).encode() + b"\r\n"
        headers = self.seal(body)
        public = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        vendor = EventWebhook(base64.b64encode(public).decode())
        assert vendor.verify_signature(body.decode(), *headers.values()), "the vendor's own library does not take this seal"
        return self.outside.post("/webhooks/sendgrid/events", content=body, headers={**headers, "Content-Type": "application/json"}).status_code

    def event(self, kind: str, message: str = "", email: str = "billing@c-1.example", **more: Any) -> dict[str, Any]:
        known = {"event": kind, "email": email, "timestamp": int(self.office.now.timestamp()), "sg_event_id": f"{kind}-{message}-{email}"}
        return {**known, "sg_message_id": "abc.filter1", "dunwell_outreach": message or self.messages["email"], **more}

    def told(self) -> list[tuple[str, object]]:
        """What the invoices are told, oldest first: the case and the news."""
        with self.office.database.reading() as connection:
            ids = list(connection.scalars(select(schema.inbox.c.id).order_by(schema.inbox.c.received_at, schema.inbox.c.id)))
            words = [inbox.load_word(connection, one) for one in ids]
        return [(word.case, word.news) for word in words if word]

    def silenced(self) -> set[tuple[str, str, str]]:
        with self.office.database.reading() as connection:
            return {(one.channel, one.reach, one.ground.value) for one in suppressions.list_suppressions(connection)}

    def count(self, table: str) -> int:
        with self.office.database.reading() as connection:
            return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def key_of(private: ec.EllipticCurvePrivateKey) -> str:
    """The public key as SendGrid shows it."""
    return base64.b64encode(private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture
def providers(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[Providers]:
    private, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token = PUBLIC, ACCOUNT, TOKEN
    settings.twilio_webhook_secrets = "a-shared-key,the-next-token"
    settings.sendgrid_event_keys = f"{key_of(other)}, {key_of(private)}"
    settings.sendgrid_inbound_keys = key_of(private)
    customer = office.customer()
    invoice = office.invoice("A-1", customer)
    email, sms = office.message(invoice, customer), office.message(invoice, customer)
    with office.database.transaction() as connection:
        mark = schema.outreach.update().where(schema.outreach.c.id == email)
        connection.execute(mark.values(reach="billing@c-1.example", provider="sendgrid", provider_id="abc"))
        mark = schema.outreach.update().where(schema.outreach.c.id == sms)
        connection.execute(mark.values(channel="sms", reach="+4915112345678", to_address="+4915112345678", provider="twilio", provider_id="SM1"))
        connection.execute(schema.contacts.update().where(schema.contacts.c.customer_id == customer).values(phone="+49 151 12345678"))
    with TestClient(create_public(door, settings, sellers, lambda: office.now), base_url="http://127.0.0.1:8401", follow_redirects=False) as outside:
        yield Providers(outside, office, private, {"email": email, "sms": sms, "case": f"invoice/{invoice}", "customer": customer})


def test_a_seal_made_by_twilios_own_library_is_taken_whichever_way_it_is_made(providers: Providers) -> None:
    path = f"/webhooks/twilio/status?outreach={providers.messages['sms']}"
    for number, words in enumerate(
        (
            {},
            {"fragment": "#rc=5&rp=all"},
            {"token": "the-next-token"},
            {"token": "a-shared-key", "algorithm": HMAC_SHA256},
        )
    ):
        fields = {"MessageSid": f"SM{number}", "MessageStatus": "sent", "To": "+4915112345678", "Body": "Grüße & <\u4f60>", "From": ""}
        assert providers.twilio(path, fields, **words) == 204, words
    assert providers.count("receipts") == 4


def test_delivery_is_told_to_the_invoices_once_however_often_it_comes(providers: Providers) -> None:
    for _ in range(3):
        assert providers.status(providers.messages["sms"], "delivered") == 204
    ((case, news),) = providers.told()
    assert case == providers.messages["case"]
    assert news == DeliveryReported(providers.messages["sms"], "delivered", at=providers.office.now, by="twilio")
    assert providers.count("receipts") == 1


def test_whatever_order_the_statuses_come_in_the_weightiest_is_the_last_word(providers: Providers, database: Database) -> None:
    for number, order in enumerate(itertools.permutations([("queued", ""), ("sent", ""), ("undelivered", "30008"), ("sent", "")])):
        with database.transaction() as connection:
            for table in ("receipts", "inbox"):
                connection.execute(text(f"delete from {table}"))
        for status, code in order:
            assert providers.status(providers.messages["sms"], status, code, sid=f"SM{number}") == 204
        fates = [news.fate for _, news in providers.told() if isinstance(news, DeliveryReported)]
        assert fates == ["failed"], order


def test_a_status_nobody_asked_about_is_kept_and_told_to_nobody(providers: Providers) -> None:
    assert providers.status("out_unheard_of", "delivered", sid="SM-unheard-of") == 204
    assert providers.told() == []
    assert providers.count("receipts") == 1


def test_a_status_without_our_key_is_joined_by_the_providers_own_id(providers: Providers) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4915112345678"}
    assert providers.twilio("/webhooks/twilio/status", fields) == 204
    assert [case for case, _ in providers.told()] == [providers.messages["case"]]


def test_a_number_that_takes_no_texts_is_left_alone_by_texts_and_may_still_be_called(providers: Providers) -> None:
    assert providers.status(providers.messages["sms"], "undelivered", "30006") == 204
    assert providers.silenced() == {("sms", "+4915112345678", "dead")}
    ((_, news),) = providers.told()
    assert isinstance(news, DeliveryReported)
    assert (news.fate, news.again) == ("failed", False)
    assert "30006" in news.why


def test_a_number_whose_owner_refused_at_the_provider_hears_nothing_more_from_machines(providers: Providers) -> None:
    assert providers.status(providers.messages["sms"], "failed", "21610") == 204
    assert providers.silenced() == {("sms", "+4915112345678", "asked"), ("call", "+4915112345678", "asked")}
    assert {type(news) for _, news in providers.told()} == {OptedOut, DeliveryReported}


def test_three_soft_failures_in_two_weeks_make_a_number_one_that_takes_nothing(providers: Providers, office: Office) -> None:
    for number in range(3):
        assert providers.silenced() == set()
        message = office.message(providers.messages["case"].removeprefix("invoice/"), providers.messages["customer"])
        with office.database.transaction() as connection:
            connection.execute(schema.outreach.update().where(schema.outreach.c.id == message).values(channel="sms", reach="+4915112345678"))
        assert providers.status(message, "undelivered", "30003", sid=f"SM{number}") == 204
    assert providers.silenced() == {("sms", "+4915112345678", "dead")}


def test_events_of_sendgrid_move_the_message_they_name(providers: Providers) -> None:
    assert providers.events(providers.event("processed"), providers.event("delivered"), providers.event("open"), providers.event("click")) == 204
    at = providers.office.now.replace(microsecond=0)
    arrived = DeliveryReported(providers.messages["email"], "delivered", at=at, by="sendgrid", why="delivered")
    assert providers.told() == [(providers.messages["case"], arrived)]
    assert providers.silenced() == set()


@pytest.mark.parametrize(
    ("event", "ground", "fate"),
    [
        ({"event": "bounce", "type": "bounce", "reason": "550 no such user"}, "dead", "failed"),
        ({"event": "bounce", "type": "blocked", "reason": "421 try later"}, None, "failed"),
        ({"event": "bounce", "type": "blocked", "bounce_classification": "Technical Failure", "reason": "421 try later"}, None, "failed"),
        ({"event": "bounce", "type": "bounce", "bounce_classification": "Reputation", "reason": "550 listed"}, None, "failed"),
        ({"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address", "reason": "550 no"}, "dead", "failed"),
        ({"event": "dropped", "reason": "Bounced Address"}, "dead", "failed"),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "complained", "failed"),
        ({"event": "dropped", "reason": "something new"}, None, "failed"),
        ({"event": "spamreport"}, "complained", "delivered"),
        ({"event": "unsubscribe"}, "asked", "delivered"),
    ],
)
def test_a_bounce_or_a_complaint_silences_the_address_and_says_so(providers: Providers, event: dict[str, str], ground: str | None, fate: str) -> None:
    assert providers.events(providers.event(event["event"], **event)) == 204
    assert providers.silenced() == ({("email", "billing@c-1.example", ground)} if ground else set())
    assert [news.fate for _, news in providers.told() if isinstance(news, DeliveryReported)] == [fate]
    opted = [news for _, news in providers.told() if isinstance(news, OptedOut)]
    assert bool(opted) == (ground in ("complained", "asked"))


# As the Event Webhook Reference and the page Bounce and Block Classifications of SendGrid have them.
SORTED = [
    ({"type": "bounce", "bounce_classification": "Invalid Address", "status": "5.1.1"}, Fault.DEAD),
    ({"type": "bounce", "bounce_classification": "Unclassified"}, Fault.DEAD),
    ({"type": "bounce", "status": "5.0.0"}, Fault.DEAD),
    ({"bounce_classification": "Invalid Address"}, Fault.DEAD),
    ({"type": "bounce", "bounce_classification": "Mailbox Unavailable"}, Fault.LATER),
    ({"type": "bounce", "bounce_classification": "Technical"}, Fault.LATER),
    ({"type": "bounce", "bounce_classification": "Technical Failure"}, Fault.LATER),
    ({"type": "bounce", "bounce_classification": "Frequency/Volume"}, Fault.LATER),
    ({"type": "bounce", "bounce_classification": "Frequency or Volume Too High"}, Fault.LATER),
    ({"type": "bounce", "bounce_classification": "Content"}, Fault.OURS),
    ({"type": "bounce", "bounce_classification": "Reputation"}, Fault.OURS),
    ({"type": "blocked", "bounce_classification": "Invalid Address", "status": "5.0.0"}, Fault.LATER),
    ({"type": "blocked", "bounce_classification": "Mailbox Unavailable"}, Fault.LATER),
    ({"type": "blocked", "bounce_classification": "Technical"}, Fault.LATER),
    ({"type": "blocked", "bounce_classification": "Frequency/Volume"}, Fault.LATER),
    ({"type": "blocked", "bounce_classification": "Content", "status": "4.7.1"}, Fault.OURS),
    ({"type": "blocked", "bounce_classification": "Reputation"}, Fault.OURS),
    ({"type": "blocked", "bounce_classification": "Unclassified", "reason": "unable to get mx info"}, Fault.OURS),
    ({"type": "blocked", "bounce_classification": "Unclassified", "status": "4.2.2"}, Fault.LATER),
    ({"type": "blocked", "status": "5.7.1"}, Fault.OURS),
    ({"type": "expired"}, Fault.LATER),
    ({"type": "expired", "bounce_classification": "Invalid Address"}, Fault.LATER),
    ({"event": "dropped", "reason": "Bounced Address"}, Fault.DEAD),
    ({"event": "dropped", "reason": "Invalid"}, Fault.DEAD),
    ({"event": "dropped", "reason": "Invalid Address"}, Fault.DEAD),
    ({"event": "dropped", "reason": "Spam Reporting Address"}, Fault.COMPLAINED),
    ({"event": "dropped", "reason": "Unsubscribed Address"}, Fault.UNWANTED),
    ({"event": "dropped", "reason": "Spam Content"}, Fault.OURS),
    ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, Fault.OURS),
    ({"event": "dropped", "reason": "Recipient List over Package Quota"}, Fault.OURS),
]


@pytest.mark.parametrize(("told", "fault"), SORTED, ids=[" ".join(told.values()) for told, _ in SORTED])
def test_every_class_of_bounce_that_sendgrid_knows_says_of_the_address_what_it_means(providers: Providers, told: dict[str, str], fault: Fault) -> None:
    assert providers.events({**providers.event("bounce"), **told}) == 204
    with providers.office.database.reading() as connection:
        assert connection.execute(select(schema.receipts.c.fault)).scalars().all() == [fault]


def test_a_copy_that_bounces_says_nothing_of_the_message(providers: Providers) -> None:
    assert providers.events(providers.event("bounce", email="manager@brightwater.example", type="bounce")) == 204
    assert providers.told() == []


def test_mail_that_others_send_through_the_same_account_is_no_business_of_ours(providers: Providers) -> None:
    event = providers.event("unsubscribe")
    del event["dunwell_outreach"]
    assert providers.events(event, {"event": "bounce"}, {}, {"event": ["bounce"], "email": 7}) == 204
    assert (providers.silenced(), providers.told(), providers.count("receipts")) == (set(), [], 0)


@pytest.mark.parametrize("body", ["STOP", "stopp", "Abmelden!", "keine SMS mehr"])
def test_stop_silences_the_number_for_every_machine_whoevers_it_is(providers: Providers, office: Office, body: str) -> None:
    office.invoice("B-1", other := office.customer("C-2", "Another"))
    with office.database.transaction() as connection:
        connection.execute(schema.contacts.update().where(schema.contacts.c.customer_id == other).values(phone="+4915112345678"))
    assert providers.text(body) == 200
    assert providers.silenced() == {("sms", "+4915112345678", "asked"), ("call", "+4915112345678", "asked")}
    told = [news for _, news in providers.told()]
    assert len(told) == 2, "both customers' invoices are told"
    assert {news.channels for news in told if isinstance(news, OptedOut)} == {("sms", "call")}
    assert providers.count("incoming") == 0


def test_an_old_stop_repeated_after_a_start_changes_nothing(providers: Providers) -> None:
    assert providers.text("STOP", "SM-a") == 200
    assert providers.text("START", "SM-b") == 200
    assert providers.silenced() == {("call", "+4915112345678", "asked")}, "calls by a machine stay refused"
    assert providers.text("STOP", "SM-a") == 200
    assert providers.silenced() == {("call", "+4915112345678", "asked")}
    assert {type(news) for _, news in providers.told()} == {OptedOut, OptedIn}


def test_start_does_not_revive_a_number_that_was_found_dead(providers: Providers) -> None:
    assert providers.status(providers.messages["sms"], "undelivered", "30006") == 204
    assert providers.text("START") == 200
    assert providers.silenced() == {("sms", "+4915112345678", "dead")}


def test_what_twilio_says_was_meant_counts_more_than_the_words(providers: Providers) -> None:
    assert providers.text("nichts mehr bitte", OptOutType="STOP") == 200
    assert ("sms", "+4915112345678", "asked") in providers.silenced()


def test_every_other_text_is_kept_once_for_people_to_read(providers: Providers) -> None:
    for _ in range(2):
        assert providers.text("We pay on Friday.", "SM-c") == 200
    assert providers.count("incoming") == 1
    assert providers.silenced() == set()


def test_the_answer_to_a_text_is_an_empty_twiml_document(providers: Providers) -> None:
    path, fields = "/webhooks/twilio/inbound", {"AccountSid": ACCOUNT, "MessageSid": "SM-d", "From": "+4915112345678", "To": "+49151", "Body": "Help"}
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, fields)}
    answer = providers.outside.post(path, data=fields, headers=headers)
    assert answer.text.endswith("<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Bea <billing@c-1.example>", "ann.lee@brightwater.example", "Re: Invoice A-1"
    mail["Message-ID"] = "<reply-1@c-1.example>"
    mail.set_content("We pay on Friday. Grüße, Bea")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="remittance.pdf")
    return mail.as_bytes()


def multipart(**fields: bytes) -> tuple[bytes, str]:
    parts = [b'--xYz\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), content) for name, content in fields.items()]
    return b"".join(parts) + b"--xYz--\r\n", "multipart/form-data; boundary=xYz"


@pytest.mark.parametrize(
    "fields",
    [
        {"to": b"x", "email": a_mail(), "charsets": b"{}"},
        {
            "headers": b"Message-ID: <reply-1@c-1.example>\nFrom: x\n",
            "from": b"Bea <billing@c-1.example>",
            "to": b"ann.lee@brightwater.example",
            "subject": b"Re: Invoice A-1",
            "text": "We pay on Friday. Grüße, Bea".encode(),
        },
    ],
    ids=["raw", "taken apart"],
)
def test_a_mail_that_sendgrid_received_is_kept_once(providers: Providers, fields: dict[str, bytes]) -> None:
    body, content_type = multipart(**fields)
    for _ in range(2):
        answer = providers.outside.post("/webhooks/sendgrid/inbound", content=body, headers={**providers.seal(body), "Content-Type": content_type})
        assert answer.status_code == 200
    with providers.office.database.reading() as connection:
        (row,) = connection.execute(select(schema.incoming)).mappings().all()
    assert (row["sender"], row["subject"], row["message_id"]) == ("billing@c-1.example", "Re: Invoice A-1", "<reply-1@c-1.example>")
    assert "We pay on Friday. Grüße, Bea" in row["text"]


def test_a_mail_taken_apart_that_has_no_id_and_comes_late_and_again_is_kept_once(providers: Providers) -> None:
    text = b'--xYz\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = b'--xYz\r\nContent-Disposition: form-data; name="attachment1"; filename="advice.pdf"\r\n\r\n%PDF-1.7\r\n--xYz--\r\n'
    body = b"".join(text % one for one in ((b"from", b"billing@c-1.example"), (b"to", b"ann@b.example"), (b"subject", b"x"), (b"text", b"hello"))) + file
    for age in (timedelta(days=3), timedelta(days=1), timedelta()):
        headers = {**providers.seal(body, age=age), "Content-Type": "multipart/form-data; boundary=xYz"}
        assert providers.outside.post("/webhooks/sendgrid/inbound", content=body, headers=headers).status_code == 200
    assert providers.count("incoming") == 1


def test_events_that_sendgrid_tells_late_are_not_lost(providers: Providers) -> None:
    body = json.dumps([providers.event("delivered")]).encode()
    for age, status in ((timedelta(hours=26), 401), (timedelta(hours=23), 204), (timedelta(), 204)):
        headers = {**providers.seal(body, age=age), "Content-Type": "application/json"}
        assert providers.outside.post("/webhooks/sendgrid/events", content=body, headers=headers).status_code == status
    assert providers.count("receipts") == 1


def test_a_genuine_request_that_nobody_can_use_is_told_so(providers: Providers) -> None:
    assert providers.twilio("/webhooks/twilio/status", {"MessageSid": "SM1"}) == 400
    assert providers.twilio("/webhooks/twilio/inbound", {"MessageSid": "SM1", "From": "+49151"}) == 400
    for body in (b"{", b"[" * 50_000, b"\xff"):
        assert providers.outside.post("/webhooks/sendgrid/events", content=body, headers=providers.seal(body)).status_code == 400
    body, content_type = multipart(to=b"x")
    assert providers.outside.post("/webhooks/sendgrid/inbound", content=body, headers={**providers.seal(body), "Content-Type": content_type}).status_code == 400


def test_a_list_of_addresses_lifted_by_a_person_can_be_silenced_again(providers: Providers) -> None:
    office, reach = providers.office, "billing@c-1.example"
    assert providers.events(providers.event("bounce", type="bounce")) == 204
    with office.database.transaction() as connection:
        assert suppressions.lift(connection, reach, ("email",), by="Ann", why="it works again", now=office.now) == ("email",)
        assert suppressions.lift(connection, reach, ("email",), by="Ann", why="it works again", now=office.now) == ()
        assert suppressions.suppress(connection, reach, ("email",), Ground.BY_HAND, by="Ann", reason="asked by phone", now=office.now) == ("email",)
        kept = suppressions.list_suppressions(connection, everything=True, reach=reach)
    assert [(one.ground.value, one.lifted_by) for one in kept] in ([("by_hand", ""), ("dead", "Ann")], [("dead", "Ann"), ("by_hand", "")])
