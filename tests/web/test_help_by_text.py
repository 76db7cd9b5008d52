"""HELP by text message gets one automatic answer that names the seller, a person and the way out, and starts no conversation of machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from db import installation, parties, schema
from domain.facts import Mode
from domain.texting import MOST_SEGMENTS, count_segments
from settings import SellerSettings, Settings
from support.office import SELLER, FakeDoor, Office
from web.app import create_public

PUBLIC = "https://pay.example"
ACCOUNT, TOKEN = "AC" + "a" * 32, "an-auth-token-of-thirty-two-chars"
NUMBER = "+4915112345678"


@dataclass
class Phone:
    """A customer's phone, as Twilio speaks for it."""

    outside: TestClient
    office: Office
    count: int = 0

    def write(self, body: str, *, sid: str = "", sender: str = NUMBER, **more: str) -> list[str]:
        """What is answered to ``body``."""
        self.count += 1
        fields = {"AccountSid": ACCOUNT, "MessageSid": sid or f"SM-in-{self.count}", "From": sender, "To": "+4915100000001", "Body": body, **more}
        path = "/webhooks/twilio/inbound"
        signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}{path}", fields)
        answer = self.outside.post(path, data=fields, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/xml")
        return [message.text or "" for message in ElementTree.fromstring(answer.text)]


@pytest.fixture
def phone(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[Phone]:
    settings.public_url, settings.twilio_account_sid, settings.twilio_auth_token = PUBLIC, ACCOUNT, TOKEN
    customer = office.customer()
    office.invoice("A-1", customer)
    with office.database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, phone="+49 30 123456"))
        connection.execute(schema.contacts.update().where(schema.contacts.c.customer_id == customer).values(phone="+49 151 12345678"))
        installation.set_mode(connection, Mode.LIVE, "Ann", office.now)
    with TestClient(create_public(door, settings, sellers, lambda: office.now), base_url=PUBLIC, follow_redirects=False) as outside:
        yield Phone(outside, office)


@pytest.mark.parametrize("word", ["HELP", "help", " Info ", "Hilfe!", "AIDE", "ayuda"])
def test_whoever_asks_for_help_is_told_who_writes_how_to_reach_a_person_and_how_to_stop(phone: Phone, word: str) -> None:
    (said,) = phone.write(word)
    for needed in ("Brightwater Tools", "+49 30 123456", "ann.lee@brightwater.example", "STOP"):
        assert needed in said, said
    assert count_segments(said) <= MOST_SEGMENTS


def test_the_answer_is_in_the_language_of_the_word_or_of_the_customer(phone: Phone) -> None:
    assert "Mit einem Menschen" in phone.write("HILFE")[0]
    phone.office.now += timedelta(days=1)
    assert "For a person" in phone.write("HELP")[0]


def test_a_robot_that_answers_help_with_help_gets_one_answer_a_day(phone: Phone) -> None:
    heard = ["HELP"]
    for _ in range(20):
        heard = [answer for _ in heard for answer in phone.write("HELP")] or ["HELP"]
        phone.office.now += timedelta(minutes=1)
    assert heard == ["HELP"]
    with phone.office.database.reading() as connection:
        answered = select(func.count()).select_from(schema.receipts).where(schema.receipts.c.source_id.startswith("help/"))
        assert connection.scalar(answered) == 1
    assert len(phone.write("HELP", sender="+4915199999999")) == 1, "another number has a day of its own"
    phone.office.now += timedelta(days=1)
    assert len(phone.write("HELP")) == 1


def test_a_request_that_comes_again_is_answered_alike_so_that_a_lost_answer_is_not_missing(phone: Phone) -> None:
    first = phone.write("HELP", sid="SM-1")
    assert phone.write("HELP", sid="SM-2") == []
    assert phone.write("HELP", sid="SM-1") == first != []


def test_after_stop_nothing_is_answered_until_they_start_again(phone: Phone) -> None:
    assert phone.write("STOP") == []
    assert phone.write("HELP") == []
    assert phone.write("START") == []
    assert len(phone.write("HELP")) == 1


def test_help_is_kept_for_people_and_is_no_contact_of_ours(phone: Phone) -> None:
    phone.write("HELP")
    with phone.office.database.reading() as connection:
        (kept,) = connection.execute(select(schema.incoming.c.text, schema.incoming.c.channel)).all()
        assert tuple(kept) == ("HELP", "sms")
        assert connection.scalar(select(func.count()).select_from(schema.outreach)) == 0


def test_where_twilio_answers_by_itself_nobody_hears_it_twice(phone: Phone, settings: Settings) -> None:
    assert phone.write("HELP", OptOutType="HELP") == []
    settings.sms_help = "twilio"
    assert phone.write("INFO") == []
    assert len(phone.write("Hilfe")) == 1, "a word that Twilio does not know"


@pytest.mark.parametrize("state", ["shadow", "stopped"])
def test_while_nothing_may_leave_help_is_not_answered_either(phone: Phone, state: str) -> None:
    with phone.office.database.transaction() as connection:
        if state == "shadow":
            installation.set_mode(connection, Mode.SHADOW, "Ann", phone.office.now)
        else:
            installation.switch_off(connection, "wrong bank details", "Ann", phone.office.now)
    assert phone.write("HELP") == []


def test_a_text_of_many_words_with_help_in_it_is_not_answered_by_a_machine(phone: Phone) -> None:
    assert phone.write("Can you help me with the invoice?") == []
