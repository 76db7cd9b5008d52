"""The pretend providers in processes of their own, our mailers and our listener: what is sent is followed to its end, whatever way it is told.

The providers share no code with us and seal by the public descriptions: what one side holds the seal to be, the other must have found out too.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import select, text

from db import inbox, installation, parties, schema, suppressions
from domain.event import DeliveryReported, Replied
from domain.facts import Mode
from examples.append_log import read_log
from examples.ports import listen
from integrations.messaging import Accepted, Email, Message, sendgrid, twilio_text
from settings import SellerSettings, Settings
from support.office import SELLER, FakeDoor, Office
from web.app import create_public

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN = "AC" + "8" * 32, "a1b2c3"
_numbers = count(100, 100)
US, THEM = "+4915100000001", "+4915112345678"


@dataclass
class Provider:
    """A program of somebody else's."""

    address: str
    log: Path
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def put(self, path: str, body: Any) -> None:
        self.http.put(self.address + path, json=body).raise_for_status()

    def post(self, path: str, body: Any) -> None:
        self.http.post(self.address + path, json=body).raise_for_status()

    def answers(self, what: str, number: int) -> list[int]:
        """What our listener answered to ``number`` requests of this kind, or about as many events, once these are there."""

        def of_it() -> list[int]:
            lines = [line for line in read_log(self.log) if line["what"] == what]
            return [line.get("status", 0) for line in lines for _ in line.get("events", "1")]

        until(lambda: len(of_it()) >= number)
        return of_it()


@contextmanager
def provider(program: str, folder: Path, *options: str) -> Iterator[Provider]:
    command = [sys.executable, f"examples/{program}.py", "--port-file", str(folder / "port"), "--log", str(folder / "log.jsonl"), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until(lambda: (folder / "port").exists() or process.poll() is not None)
        yield Provider(f"http://127.0.0.1:{(folder / 'port').read_text()}", folder / "log.jsonl")
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def running_twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider("pretend_twilio", tmp_path_factory.mktemp("twilio"), "--account", ACCOUNT, "--token", TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def running_sendgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder = tmp_path_factory.mktemp("sendgrid")
    with provider("pretend_mail", folder, "--events-key-file", str(folder / "key.pem")) as running:
        yield running


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {is_so}"
        time.sleep(0.01)


@dataclass
class World:
    """Both providers, our listener at ``url``, and one invoice with a mail and a text about to go out."""

    twilio: Provider
    sendgrid: Provider
    office: Office
    url: str
    email: str
    sms: str

    def fates(self, message: str) -> list[str]:
        """What the invoice was told of this message, oldest first."""
        with self.office.database.reading() as connection:
            ids = list(connection.scalars(select(schema.inbox.c.id).order_by(schema.inbox.c.received_at, schema.inbox.c.id)))
            words = [inbox.load_word(connection, one) for one in ids]
        return [word.news.fate for word in words if word and isinstance(word.news, DeliveryReported) and word.news.outreach == message]

    def silenced(self) -> set[tuple[str, str]]:
        with self.office.database.reading() as connection:
            return {(one.reach, one.ground.value) for one in suppressions.list_suppressions(connection)}

    def count(self, table: str) -> int:
        with self.office.database.reading() as connection:
            return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())

    def send_text(self) -> Accepted:
        texts = twilio_text.connect(ACCOUNT, TOKEN, US, api=self.twilio.address, public_url=self.url)
        outcome = texts.carry(Message(self.sms, "sms", "Dana", THEM, "", "Invoice A-1 is open."))
        assert isinstance(outcome, Accepted)
        return outcome

    def send_mail(self) -> Accepted:
        mail = Email(
            self.email,
            "Dana",
            "billing@c-1.example",
            "Hanna",
            "hanna@brightwater.example",
            "reply@in.example",
            "Invoice A-1",
            "Dear Dana\n",
            "",
            "<a@b.example>",
        )
        outcome = sendgrid.connect("SG.any", host=self.sendgrid.address).send(mail)
        assert isinstance(outcome, Accepted)
        return outcome


@pytest.fixture
def world(
    running_twilio: Provider,
    running_sendgrid: Provider,
    door: FakeDoor,
    settings: Settings,
    sellers: tuple[SellerSettings, ...],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setenv("no_proxy", "*")
    listener = listen(0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token = url, ACCOUNT, TOKEN
    key = running_sendgrid.http.get(running_sendgrid.address).json()["events_public_key"]
    settings.sendgrid_event_keys = settings.sendgrid_inbound_keys = key
    office.count = next(_numbers)  # the providers outlive a test, and know its messages by their ids
    customer = office.customer()
    invoice = office.invoice("A-1", customer)
    email, sms = office.message(invoice, customer), office.message(invoice, customer)
    with office.database.transaction() as connection:
        mark = schema.outreach.update().where(schema.outreach.c.id == email)
        connection.execute(mark.values(reach="billing@c-1.example", provider="sendgrid"))
        mark = schema.outreach.update().where(schema.outreach.c.id == sms)
        connection.execute(mark.values(channel="sms", reach=THEM, to_address=THEM, provider="twilio"))
    for each in (running_twilio, running_sendgrid):
        each.log.write_text("")
    running_twilio.put("/webhooks", {"sms_url": f"{url}/webhooks/twilio/inbound"})
    running_sendgrid.put("/webhooks", {"url": f"{url}/webhooks/sendgrid/events", "inbound_url": f"{url}/webhooks/sendgrid/inbound"})
    # A seal holds for minutes by the clock on the wall, which is the only one that both sides know.
    app = create_public(door, settings, sellers, lambda: datetime.now(UTC))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield World(running_twilio, running_sendgrid, office, url, email, sms)
    server.should_exit = True
    thread.join(20)
    for running in (running_twilio, running_sendgrid):
        running.put("/events", [])
    running_twilio.put("/signing", {})


TELLINGS = ({}, {"copies": 3}, {"reversed": True}, {"reversed": True, "copies": 2, "seconds": 0.1}, {"lost": ["queued", "sent"]})


@pytest.mark.parametrize("telling", TELLINGS, ids=str)
def test_a_text_is_followed_to_its_delivery_however_that_is_told(world: World, telling: dict[str, Any]) -> None:
    world.twilio.put("/events", [telling])
    world.send_text()
    number = (3 - len(telling.get("lost", ()))) * telling.get("copies", 1)
    assert world.twilio.answers("told", number) == [204] * number
    assert world.fates(world.sms) == ["delivered"]


def test_a_status_is_believed_also_when_its_whole_address_was_signed(world: World) -> None:
    world.twilio.put("/signing", {"fragment": True})
    world.send_text()
    assert world.twilio.answers("told", 3) == [204] * 3 and world.fates(world.sms) == ["delivered"]


def test_a_status_under_another_secret_is_believed_by_nobody(world: World) -> None:
    world.twilio.put("/signing", {"key": "webhooks_sharedkey_1", "secret": "not ours"})
    world.send_text()
    assert set(world.twilio.answers("told", 6)) == {401}
    assert world.fates(world.sms) == [] and world.count("receipts") == 0


def test_a_text_to_a_dead_number_fails_and_the_number_is_left_alone(world: World) -> None:
    world.twilio.put("/numbers", {THEM: 30006})
    world.send_text()
    assert world.twilio.answers("told", 3) == [204] * 3
    world.twilio.put("/numbers", {})
    assert world.fates(world.sms) == ["failed"] and THEM in {reach for reach, _ in world.silenced()}


def test_stop_by_text_silences_the_number_once_however_often_it_is_brought(world: World) -> None:
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "STOP", "copies": 3})
    assert world.twilio.answers("told", 3) == [200] * 3
    assert {reach for reach, _ in world.silenced()} == {THEM}
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "START"})
    assert world.twilio.answers("told", 4) == [200] * 4


def texted(world: World) -> list[str]:
    """What the customer's phone has got from us, oldest first."""
    return [line["body"] for line in read_log(world.twilio.log) if line["what"] == "accepted" and line["to"] == THEM]


def go_live(world: World) -> None:
    with world.office.database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, phone="+49 30 123456"))
        connection.execute(schema.contacts.update().values(phone=THEM))
        installation.set_mode(connection, Mode.LIVE, "Ann", datetime.now(UTC))
    world.office.invoice("B-1", world.office.customer("C-2", "Another"))


def test_help_by_text_is_answered_once_and_only_waits_for_a_person_as_every_answer_does(world: World) -> None:
    go_live(world)
    sent = world.count("outreach")
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "HELP", "copies": 3})
    assert world.twilio.answers("told", 3) == [200] * 3
    until(lambda: bool(texted(world)))
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "HELP"})
    assert world.twilio.answers("told", 4) == [200] * 4
    [answer] = texted(world)
    assert "Brightwater Tools" in answer and "+49 30 123456" in answer and "STOP" in answer
    with world.office.database.reading() as connection:
        told = [inbox.load_word(connection, one) for one in connection.scalars(select(schema.inbox.c.id))]
        theirs = connection.scalar(select(schema.outreach_parts.c.case_id).where(schema.outreach_parts.c.outreach_id == world.sms))
    assert [(word.case, type(word.news)) for word in told if word] == [(theirs, Replied)] * 2, "people read each, and nobody else's invoice hears of it"
    assert (world.silenced(), world.fates(world.sms), world.count("outreach")) == (set(), [], sent)


def test_help_after_stop_gets_no_text_and_starts_nothing_again(world: World) -> None:
    go_live(world)
    for number, body in enumerate(("STOP", "HELP"), start=1):
        world.twilio.post("/incoming", {"from": THEM, "to": US, "body": body})
        assert world.twilio.answers("told", number) == [200] * number
    assert world.silenced() == {(THEM, "asked")}
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "START"})
    assert world.twilio.answers("told", 3) == [200] * 3
    world.twilio.post("/incoming", {"from": THEM, "to": US, "body": "INFO"})
    until(lambda: bool(texted(world)))
    assert len(texted(world)) == 1
    assert not [line for line in read_log(world.twilio.log) if line["what"] == "reply kept back"], "it was not even tried"


ENDS = (
    ({"copies": 3, "reversed": True}, 6, "delivered", set()),
    ({"events": ["processed", "deferred", "bounce"]}, 3, "failed", {("billing@c-1.example", "dead")}),
    ({"events": ["processed", "dropped"], "seconds": 0.1}, 2, "failed", {("billing@c-1.example", "dead")}),
)


@pytest.mark.parametrize("plan, number, fate, silenced", ENDS, ids=["delivered", "bounced", "dropped"])
def test_a_mail_is_followed_to_its_end(world: World, plan: dict[str, Any], number: int, fate: str, silenced: set[tuple[str, str]]) -> None:
    world.sendgrid.put("/events", [plan])
    world.send_mail()
    assert world.sendgrid.answers("events", number) == [204] * number
    assert world.fates(world.email) == [fate] and world.silenced() == silenced


def test_a_complaint_after_the_delivery_is_heard_once_however_often_it_is_told(world: World) -> None:
    world.send_mail()
    assert world.sendgrid.answers("events", 2) == [204] * 2
    world.sendgrid.post("/events", {"key": world.email, "event": "spamreport", "copies": 3})
    assert world.sendgrid.answers("events", 5) == [204] * 5
    assert world.silenced() == {("billing@c-1.example", "complained")}


def test_a_reply_by_mail_is_kept_once_however_often_it_is_brought(world: World) -> None:
    world.send_mail()
    assert world.sendgrid.answers("events", 2) == [204] * 2
    world.sendgrid.post("/incoming", {"key": world.email, "text": "We pay on Friday.", "copies": 3})
    assert world.sendgrid.answers("brought", 3) == [200] * 3
    assert world.count("incoming") == 1
