"""Messages that will not go: the same way is tried within bounds, another takes the step, people learn what to mend, and no step is
stuck for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from activities.assessor import Policy
from db import receipts
from db.engine import Database
from db.schema import contacts
from domain.decision import Perform
from domain.delivery import Fault, Receipt, Told
from domain.facts import Envelope
from domain.texting import explain_length
from integrations.messaging import Accepted, Message, Outcome, Refused
from playbooks import load, resolve
from support.by_hand import ByHand
from workflows.contract import case_id

TAKEN = Accepted("provider-1", receipts=True)
AWAY = Refused("Twilio could not be reached: no route", try_again=True)
BLOCKED = "550 5.7.1 blocked"
UNREGISTERED = "Twilio error 30034: unregistered number; register the number for A2P 10DLC in the Twilio console"


@dataclass
class Texts:
    """A carrier of text messages that answers ``usual``."""

    usual: Outcome = TAKEN
    posted: list[Message] = field(default_factory=list)
    name: str = "twilio"
    measures: bool = True

    def carry(self, message: Message) -> Outcome:
        self.posted.append(message)
        return self.usual

    def measure(self, message: Message) -> str:
        return explain_length(message.text) if self.measures else ""


def with_texts(database: Database, texts: Texts, *, named: str = "INV-1") -> tuple[ByHand, str]:
    """An invoice of the week with a text message in it, one day late."""
    week = load("multi-channel-week")
    hand = ByHand(database, policy=Policy(week, resolve(week), Envelope(channels=frozenset({"email", "sms", "task"}))))
    hand.outreach = replace(hand.outreach, messengers={"sms": texts})
    invoice = hand.add(named, 1)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(phone="+4915112345678", set_by="Ann"))
    return hand, invoice


def fail(hand: ByHand, fault: Fault, reason: str, provider: str = "sendgrid") -> None:
    """The provider tells that what it took last did not arrive."""
    ((key, reach, channel),) = hand.rows("select id, reach, channel from outreach order by claimed_at desc, id desc limit 1")
    with hand.database.transaction() as connection:
        receipt = Receipt(provider, f"{key}/failed", key, "provider-1", channel, reach, Told.FAILED, hand.now, fault, reason)
        receipts.note(connection, receipt, hand.now)


def go_on(hand: ByHand, invoice: str, *, days: int, after: Callable[[], None] = lambda: None) -> None:
    """Let the invoice work for so many days; ``after`` follows each message that was tried."""
    end = hand.now + timedelta(days=days)
    while hand.now < end:
        decision = hand.assess(invoice).decision
        if isinstance(decision, Perform):
            hand.deliver(invoice, decision)
            after()
        else:
            hand.now = max(hand.now, decision.until)  # type: ignore[union-attr]


def steps_tried(hand: ByHand) -> list[tuple[str, str]]:
    return [(str(step), str(channel)) for step, channel in hand.rows("select step, channel from outreach order by claimed_at, id")]


def incidents(hand: ByHand) -> list[tuple[str, bool]]:
    return [(str(key), closed is None) for key, closed in hand.rows("select key, closed_at from tasks where kind = 'incident' order by opened_at")]


def test_a_mail_that_is_always_blocked_is_tried_three_times_a_step_and_the_ladder_goes_on(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = TAKEN
    invoice = hand.add("INV-1", 5)
    go_on(hand, invoice, days=34, after=lambda: fail(hand, Fault.OURS, BLOCKED))
    tried = [step for step, _ in steps_tried(hand)]
    assert {step: tried.count(step) for step in tried} == {"first-reminder": 3, "second-reminder": 3, "third-reminder": 3}
    assert incidents(hand) == [(f"refused/{case_id(invoice)}", True)], "one incident, neither closed nor opened anew"
    assert f"undelivered/{case_id(invoice)}" in hand.tasks()
    assert hand.diary(invoice).count(f"reminder left out: it could not be delivered: {BLOCKED}") == 3
    assert "tried another way" not in hand.diary(invoice)
    assert "final-notice" not in tried, "a severe step needs a reminder that arrived"


def test_what_is_blocked_at_one_address_goes_to_another_at_once(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = TAKEN
    invoice = hand.add("INV-1", 5)
    with database.transaction() as connection:
        ((customer,),) = hand.rows("select id from customers")
        row = {"id": "con_cfo", "customer_id": customer, "role": "cfo", "name": "Cleo", "email": "cfo@customer.example", "phone": "", "language": "en"}
        connection.execute(contacts.insert().values(**row, refused=[], set_by="Ann"))
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    fail(hand, Fault.OURS, BLOCKED)
    again = hand.due(invoice)
    hand.deliver(invoice, again)
    assert again.step == act.step
    assert [email.to_address for email in hand.mailer.accepted] == ["c-1@customer.example", "cfo@customer.example"]


def test_what_a_provider_took_and_could_not_deliver_counts_for_the_caps_of_week_and_month_and_not_for_the_gap(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = TAKEN
    hand.employ(replace(hand.policy, envelope=replace(hand.policy.envelope, per_week=2)))
    invoice = hand.add("INV-1", 5)
    tried: list[date] = []

    def block() -> None:
        tried.append(hand.day())
        fail(hand, Fault.OURS, BLOCKED)

    go_on(hand, invoice, days=20, after=block)
    assert tried[1] - tried[0] == timedelta(days=1), "the gap is kept after what the customer has heard"
    assert all(third - first >= timedelta(days=7) for first, third in zip(tried, tried[2:], strict=False)), tried
    assert len(tried) > 4


def test_a_text_that_no_attempt_will_bring_there_goes_by_mail_at_once_and_says_what_to_mend(database: Database) -> None:
    texts = Texts()
    hand, invoice = with_texts(database, texts)
    hand.until(lambda: texts.posted, invoice)
    fail(hand, Fault.OURS, UNREGISTERED, "twilio")
    heard, today = len(hand.heard()), hand.day()
    hand.until(lambda: len(hand.heard()) > heard, invoice)
    assert (len(texts.posted), hand.day()) == (1, today), "it went by e-mail on the same day"
    assert hand.fates(invoice)["quick-nudge"] == "delivered"
    go_on(hand, invoice, days=10)
    assert incidents(hand) == [("refused/twilio/30034", True)]
    ((remedy,),) = hand.rows("select remedy from tasks where kind = 'incident'")
    assert "A2P 10DLC" in remedy
    assert f"text message sent by e-mail (not as a text message: {UNREGISTERED[:60]}" in hand.diary(invoice)


def test_a_text_that_did_not_arrive_and_may_later_is_tried_three_times_and_then_goes_by_mail(database: Database) -> None:
    texts = Texts()
    hand, invoice = with_texts(database, texts)

    def fail_text() -> None:
        if hand.states()[-1] == "accepted" and len(texts.posted):
            fail(hand, Fault.LATER, "Twilio error 30003: unreachable handset", "twilio")

    go_on(hand, invoice, days=14, after=fail_text)
    assert len(texts.posted) == 3
    assert [channel for step, channel in steps_tried(hand) if step == "quick-nudge"] == ["sms", "sms", "sms", "email"]
    assert hand.fates(invoice)["quick-nudge"] == "delivered"
    assert incidents(hand) == [], "a phone that is off is nothing of ours to mend"


def test_a_text_of_too_many_segments_goes_by_mail_and_whatsapp_is_not_measured(database: Database) -> None:
    texts = Texts()
    hand, invoice = with_texts(database, texts, named="INV-" + "щ" * 280)
    hand.until(lambda: "quick-nudge" in hand.fates(invoice), invoice)
    assert texts.posted == []
    assert [channel for step, channel in steps_tried(hand) if step == "quick-nudge"] == ["sms", "email"]
    assert "(not as a text message: the text message would take" in hand.diary(invoice)
    assert incidents(hand) == []
    texts.measures = False
    other = hand.add("INV-" + "ж" * 280, 1, customer="C-2")
    with database.transaction() as connection:
        connection.execute(contacts.update().values(phone="+4915112345679", set_by="Ann"))
    hand.until(lambda: "quick-nudge" in hand.fates(other), other)
    assert len(texts.posted) == 1


def test_a_carrier_that_is_away_for_a_week_lets_its_step_go_by_mail_after_two_business_days(database: Database) -> None:
    texts = Texts(usual=AWAY)
    hand, invoice = with_texts(database, texts)
    hand.until(lambda: texts.posted, invoice)
    began = hand.day()
    wait = hand.work(invoice)
    assert wait.why == "the last text message did not go out (Twilio)"
    hand.until(lambda: "quick-nudge" in hand.fates(invoice), invoice)
    assert 2 <= (hand.day() - began).days <= 4
    assert steps_tried(hand)[-1] == ("quick-nudge", "email")
    assert incidents(hand) == [("provider/twilio", True)], "mails that go out do not mend the carrier of texts"
    hand.until(lambda: "friendly-call" in hand.fates(invoice), invoice)


def test_a_severe_step_that_cannot_be_delivered_is_never_left_out_and_waits_for_a_person(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.until(lambda: "third-reminder" in hand.fates(invoice), invoice)
    hand.mailer.usual = TAKEN

    def block() -> None:
        if steps_tried(hand)[-1][0] == "final-notice":
            fail(hand, Fault.OURS, BLOCKED)

    go_on(hand, invoice, days=24, after=block)
    assert steps_tried(hand).count(("final-notice", "email")) == 3
    assert "final-notice" not in [rung.step for rung in hand.case(invoice).rungs]
    assert any(task.startswith("review/") for task in hand.tasks())


@pytest.mark.parametrize("fault", [Fault.OURS, Fault.LATER])
def test_where_people_have_corrected_the_address_it_is_tried_there_at_once(database: Database, fault: Fault) -> None:
    hand = ByHand(database)
    hand.mailer.usual = TAKEN
    invoice = hand.add("INV-1", 5)
    hand.deliver(invoice, hand.due(invoice))
    fail(hand, fault, BLOCKED)
    hand.work(invoice)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(email="new@customer.example", set_by="Ann"))
    hand.work(invoice)
    assert hand.heard("new@customer.example")
