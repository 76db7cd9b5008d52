"""What became of text messages is asked where their provider's callback was lost, and nothing is concluded too soon."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.reconciling import Reconciler
from activities.tracing import trace_mails, trace_texts
from db.engine import Database
from db.schema import contacts, outreach
from domain.delivery import Fault, Told
from integrations.messaging import Findable, Sent, UnableToReadSent, Unknown
from integrations.messaging.capture import CaptureMailer
from integrations.messaging.twilio_text import State, TwilioTexts
from support.by_hand import ByHand, ScriptedMailer

NUMBER = "+4915112345678"


@dataclass
class Log:
    """Twilio as it is asked: what it says of each SID, and what stands in its log."""

    states: dict[str, State] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: bool = False


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()

    def look_up(self: Any, sid: str) -> State:
        log.asked.append(sid)
        if log.broken:
            raise UnableToReadSent("away")
        return log.states.get(sid, State(Told.ACCEPTED))

    def sent_to(self: Any, address: str, moment: Any) -> tuple[Sent, ...]:
        log.asked.append(address)
        if log.broken:
            raise UnableToReadSent("away")
        return tuple(one for one in log.sent if one.to_address == address and one.at >= moment)

    monkeypatch.setattr(TwilioTexts, "look_up", look_up)
    monkeypatch.setattr(TwilioTexts, "sent_to", sent_to)
    return log


TEXTS = TwilioTexts("AC" + "a" * 32, "token", "+49151", "https://api.twilio.example", "https://pay.example/webhooks/twilio/status")


def begin(database: Database, *, doubtful: bool = False) -> tuple[ByHand, str, str]:
    """An invoice whose last message went by text; its step."""
    hand = ByHand(database)
    hand.mailer.script = [Unknown("time-out")] if doubtful else []
    if not doubtful:
        hand.mailer.usual = replace(hand.mailer.usual, provider_id="SM1", delivered=False)  # type: ignore[arg-type]
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(phone=NUMBER, set_by="Ann"))
        values = {
            "channel": "sms",
            "provider": "twilio",
            "to_address": NUMBER,
            "reach": NUMBER,
            "text": "Hello “you”",
            "provider_id": "" if doubtful else "SM1",
        }
        connection.execute(outreach.update().values(values | {"provider_id": "" if doubtful else "SM1"}))
    return hand, invoice, act.step


def trace(hand: ByHand, later: timedelta) -> int:
    return len(trace_texts(hand.database, TEXTS, hand.now + later))


def sent(hand: ByHand, text: str = 'Hello "you"', sid: str = "SM9") -> Sent:
    return Sent(hand.now, "", "", NUMBER, "", sid, text=text)


def test_a_delivery_whose_callback_was_lost_is_found_once(database: Database, log: Log) -> None:
    hand, invoice, step = begin(database)
    assert trace(hand, timedelta(minutes=5)) == 0
    assert log.asked == [], "a callback may still come"
    log.states["SM1"] = State(Told.DELIVERED)
    assert trace(hand, timedelta(minutes=20)) == 1
    hand.assess(invoice)
    assert hand.fates(invoice) == {step: "delivered"}
    assert trace(hand, timedelta(minutes=40)) == 0
    assert log.asked == ["SM1"], "what is settled is not asked after"


def test_a_failure_whose_callback_was_lost_silences_the_number(database: Database, log: Log) -> None:
    hand, invoice, _step = begin(database)
    log.states["SM1"] = State(Told.FAILED, Fault.DEAD, "Twilio error 30006: landline")
    assert trace(hand, timedelta(minutes=20)) == 1
    hand.assess(invoice)
    assert hand.states()[0] == "bounced"
    assert hand.rows("select channel, reach from suppressions") == [("sms", NUMBER)]


def test_a_message_in_doubt_is_known_again_by_number_and_text(database: Database, log: Log) -> None:
    hand, invoice, step = begin(database, doubtful=True)
    log.sent = [sent(hand, "something else", "SM8"), sent(hand, 'Sent from your Twilio trial account - Hello "you"')]
    assert trace(hand, timedelta(minutes=20)) == 1
    hand.assess(invoice)
    assert hand.fates(invoice) == {step: "accepted"}
    assert hand.rows("select state, provider_id from outreach") == [("accepted", "SM9")]


def test_what_the_log_does_not_have_may_still_wait_there_for_an_hour(database: Database, log: Log) -> None:
    hand, invoice, step = begin(database, doubtful=True)
    assert trace(hand, timedelta(minutes=60)) == 0
    hand.assess(invoice)
    assert hand.fates(invoice) == {step: "unknown"}
    assert trace(hand, timedelta(minutes=80)) == 1
    hand.assess(invoice)
    assert hand.fates(invoice) == {}, "it never left, so its step is still to be taken"
    assert hand.rows("select count(*) from suppressions") == [(0,)]


def test_a_message_that_another_one_accounts_for_is_not_taken_for_it(database: Database, log: Log) -> None:
    hand, _invoice, _step = begin(database, doubtful=True)
    with database.transaction() as connection:
        row = dict(connection.execute(outreach.select()).mappings().one())
        connection.execute(outreach.insert().values({**row, "id": "out_other", "state": "delivered", "provider_id": "SM9"}))
    log.sent = [sent(hand)]
    assert trace(hand, timedelta(minutes=20)) == 0


def test_while_the_log_cannot_be_read_nothing_is_concluded(database: Database, log: Log) -> None:
    hand, invoice, step = begin(database, doubtful=True)
    log.broken = True
    assert trace(hand, timedelta(hours=20)) == 0
    hand.assess(invoice)
    assert hand.fates(invoice) == {step: "unknown"}


def test_of_whatsapp_templates_absence_says_nothing(database: Database, log: Log) -> None:
    hand, _, _ = begin(database, doubtful=True)
    assert trace_texts(database, replace(TEXTS, template="HX1"), hand.now + timedelta(hours=5)) == ()


def test_a_whatsapp_message_is_known_again_by_our_words_within_its_template(database: Database, log: Log) -> None:
    hand, invoice, step = begin(database, doubtful=True)
    log.sent = [sent(hand, "Your code is 1234", "SM8"), sent(hand, 'Good day.\nHello "you"\nYours, Brightwater')]
    assert len(trace_texts(database, replace(TEXTS, template="HX1"), hand.now + timedelta(minutes=20))) == 1
    hand.assess(invoice)
    assert hand.fates(invoice) == {step: "accepted"}


@dataclass
class MailLog(ScriptedMailer):
    """A mailer whose log can be asked: ``held`` are the keys of the messages in it."""

    held: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def find_sent(self, key: str, since: datetime) -> Sent | None:
        self.asked.append(key)
        if self.broken:
            raise UnableToReadSent("it was not bought")
        return Sent(since, key, "", "a@c.example", "", self.held[key]) if key in self.held else None


def test_an_email_in_doubt_is_found_in_its_log_and_nothing_is_concluded_while_it_is_not_there(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer = log = MailLog(script=[Unknown("time-out")])
    hand.employ(hand.policy)
    assert isinstance(log, Findable)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    assert hand.fates(invoice) == {act.step: "unknown"}

    def look(days: int) -> int:
        return len(trace_mails(database, log, hand.now + timedelta(days=days)))

    log.broken = True
    assert look(0) == 0
    log.broken = False
    assert look(2) == 0, "that the log does not have it proves nothing"
    hand.assess(invoice)
    assert hand.fates(invoice) == {act.step: "unknown"}
    ((task,),) = hand.rows("select remedy from tasks where kind = 'resolve_outreach' and closed_at is null")
    assert "dunwell reconcile" in task and "dunwell case resolve INV-1" in task
    log.held[log.asked[0]] = "sg-1"
    assert look(2) == 1
    hand.assess(invoice)
    assert hand.fates(invoice) == {act.step: "accepted"}
    assert hand.rows("select provider_id from outreach") == [("sg-1",)]
    assert hand.rows("select kind from tasks where kind = 'resolve_outreach' and closed_at is null") == []
    count = len(log.asked)
    assert (look(2), len(log.asked)) == (0, count), "what is known is not asked after"
    assert len(log.accepted) == 1


def test_after_a_restore_a_text_in_twilios_log_is_joined_to_the_message_it_was(database: Database, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    hand, invoice, step = begin(database, doubtful=True)
    others = [Sent(hand.now, "", "", "+4930000000", "", "SM7", text="from another house"), sent(hand, "written by hand", "SM8")]
    monkeypatch.setattr(TwilioTexts, "sent_since", lambda self, moment, known=(): iter([*others, sent(hand)]))
    reconciler = Reconciler(database, hand.ledgers, hand.cases.assessor, CaptureMailer(Path("/nowhere")), TEXTS)
    compared = reconciler.compare(hand.now)
    assert compared is not None
    assert [taken.step for learned in compared.learned for taken in learned.steps] == [step]
    assert [(one.to_address, one.subject) for one in compared.unmatched] == [(NUMBER, "written by hand")]
    assert hand.fates(invoice) == {step: "accepted"}
    assert hand.rows("select provider, provider_id from outreach") == [("twilio", "SM9")]
