"""The voice agent on the phone: our own endpoints, signed requests, a real database, and the activities that follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

import playbooks
from activities.assessor import Policy
from activities.calling import trace_calls
from db import installation, parties, schema
from db.engine import Database
from domain.customer import Role
from domain.decision import Perform, Wait
from domain.event import HoldPlaced
from domain.facts import Envelope
from domain.statute import Technology
from integrations.accounting import LedgerContact
from integrations.messaging import Refused, UnableToReadSent, Unknown
from settings import Settings
from support.by_hand import ByHand
from support.office import FakeDoor
from support.switchboard import PUBLIC, TOKEN, Caller, Phone
from web.app import create_public

STEP = "decision-maker-call"
NUMBER = "+49301234567"


@dataclass
class Scene:
    """An invoice for which the call to the decision-maker is due, the listener, and whoever places calls."""

    hand: ByHand
    client: TestClient
    caller: Caller
    door: FakeDoor
    invoice: str

    def place(self) -> Phone:
        """Place the call that is due; it rings."""
        act = self.hand.due(self.invoice)
        assert (act.step, act.channel) == (STEP, "call")
        answer = self.hand.deliver(self.invoice, act)
        assert isinstance(answer.decision, Wait), answer.decision
        assert self.hand.states()[-1] == "calling"
        return Phone(self.client, self.caller.placed[-1].key)

    def look(self) -> str:
        """What the invoice does next, once it has heard everything."""
        decision = self.hand.assess(self.invoice).decision
        return f"{decision.step} by {decision.channel}" if isinstance(decision, Perform) else getattr(decision, "why", "")

    def kinds(self) -> list[str]:
        """What was told to the invoice by the voice agent, in order."""
        with self.hand.database.reading() as connection:
            return list(
                connection.scalars(select(schema.inbox.c.kind).where(schema.inbox.c.source == "voice").order_by(schema.inbox.c.received_at, schema.inbox.c.id))
            )


def begin(database: Database, folder: Path, *, consents: bool = True, country: str = "DE", **more: object) -> tuple[ByHand, FakeDoor, TestClient, Caller, str]:
    playbook = playbooks.load("b2b-three-weeks")
    channels = frozenset({"email", "call", "task"})
    hand = ByHand(database, policy=Policy(playbook, playbooks.resolve(playbook), Envelope(channels=channels), public_url=PUBLIC))
    caller = Caller()
    hand.outreach = replace(hand.outreach, messengers={"call": caller})
    hand.ledger.add("INV-1", hand.day(-14), hand.day(-44), country=country)
    row = hand.ledger.rows["INV-1"]
    people = (LedgerContact("Bea Ling", "bea@customer.example"), LedgerContact("Clara Vogt", "clara@customer.example", NUMBER, Role.CFO))
    hand.ledger.rows["INV-1"] = replace(row, customer=replace(row.customer, contacts=people))
    invoice = hand.take_in("INV-1")
    if consents:
        with database.transaction() as connection:
            customer = parties.load_customer(connection, connection.execute(select(schema.customers.c.id)).scalar_one())
            parties.save_reach(connection, replace(customer, consents=frozenset(one.value for one in Technology)))
    door = FakeDoor(database)
    door.ledgers = hand.ledgers  # type: ignore[attr-defined]
    settings = Settings(
        data_folder=folder, public_url=PUBLIC, twilio_auth_token=TOKEN, channels="email,call", call_transfer_to=str(more.get("transfer", "")), mailer="capture"
    )

    def clock() -> datetime:
        hand.now += timedelta(milliseconds=1)
        return hand.now

    client = TestClient(create_public(door, settings, (), clock), base_url=PUBLIC)
    return hand, door, client, caller, invoice


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Iterator[Scene]:
    """The morning on which the call is due, both reminders behind it."""
    hand, door, client, caller, invoice = begin(database, tmp_path, transfer="+49309999999")
    with client:
        ready = Scene(hand, client, caller, door, invoice)
        _wait_for_the_call(hand, invoice)
        yield ready


def _wait_for_the_call(hand: ByHand, invoice: str) -> None:
    for _ in range(40):
        decision = hand.assess(invoice).decision
        if isinstance(decision, Perform) and decision.channel == "call":
            return
        if isinstance(decision, Perform):
            hand.deliver(invoice, decision)
        else:
            assert isinstance(decision, Wait)
            hand.now = max(hand.now, decision.until)
    raise AssertionError("no call is ever due")


def test_a_day_agreed_on_the_phone_is_a_promise_and_silences_the_invoice(scene: Scene) -> None:
    phone = scene.place()
    assert "a call" in scene.look() or "on its way" in scene.look()
    first = phone.pick_up()
    assert "automated assistant" in first
    assert "INV-1" not in first
    assert "INV-1" in phone.press("1")
    phone.say("yes, they did")
    phone.say("I think so")
    assert "on Friday" in phone.said[-1] or "which day" in phone.said[-1]
    assert "Is that right?" in phone.say("next Friday")
    assert "in writing" in phone.say("yes")
    assert phone.over
    phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]
    scene.look()
    assert "promise recorded: 1,200.00 EUR" in scene.hand.diary(scene.invoice)
    assert "call to the decision-maker made by phone" in scene.hand.diary(scene.invoice)
    assert scene.hand.fates(scene.invoice)[STEP] == "delivered"
    assert scene.hand.case(scene.invoice).open_promise is not None
    assert "delivered" in scene.hand.states()


def test_a_call_that_brings_no_day_leads_to_the_final_demand_on_the_same_day(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "1", "2", "2")
    assert phone.over
    phone.hang_up()
    assert scene.look() == "final-demand by email"
    assert "no day was named" in scene.hand.diary(scene.invoice)


def test_while_it_rings_and_while_they_talk_nothing_else_is_sent(scene: Scene) -> None:
    phone = scene.place()
    assert "on its way" in scene.look()
    phone.pick_up()
    scene.hand.now += timedelta(minutes=5)
    assert "on its way" in scene.look()


def test_nobody_answers_twice_and_a_colleague_calls(scene: Scene) -> None:
    began = scene.hand.now
    scene.place().hang_up("no-answer")
    assert "nobody was reached by phone" in scene.look()
    assert scene.hand.fates(scene.invoice).get(STEP) is None, "the step was used up"
    _wait_for_the_call(scene.hand, scene.invoice)
    assert scene.hand.now.date() > began.date()
    scene.place().hang_up("busy")
    assert scene.look() == f"{STEP} by task"
    diary = scene.hand.diary(scene.invoice)
    assert "call to the decision-maker: nobody was reached: nobody answered" in diary
    assert "call to the decision-maker: nobody was reached: the line was busy" in diary


def test_a_machine_hears_who_called_and_nothing_more_and_once_only(scene: Scene) -> None:
    phone = scene.place()
    said = phone.pick_up("machine_end_beep")
    assert phone.over
    assert "automated message for Clara Vogt" in said
    assert not any(word in said for word in ("invoice", "1,200", "INV-1", "pay"))
    phone.hang_up()
    scene.look()
    assert "a machine answered" in scene.hand.diary(scene.invoice)
    assert scene.hand.states()[-1] == "missed"


@pytest.mark.parametrize("what", ["paid", "told", "held", "stopped", "opted out", "late", "channel off", "no consent"])
def test_what_has_changed_since_it_was_placed_makes_the_call_a_short_apology(scene: Scene, what: str) -> None:
    phone = scene.place()
    hand = scene.hand
    with hand.database.transaction() as connection:
        if what == "paid":
            pass
        elif what == "stopped":
            installation.switch_off(connection, "audit", "Ann", hand.now)
        elif what == "opted out":
            connection.execute(schema.contacts.update().values(refused=["call"]))
        elif what == "no consent":
            connection.execute(schema.customers.update().values(consents=[], country="US"))
            sheet = connection.execute(select(schema.calls.c.sheet)).scalar_one()
            connection.execute(schema.calls.update().values(sheet={**sheet, "places": ["US"]}))
    if what == "paid":
        hand.ledger.change("INV-1", balance=hand.ledger.rows["INV-1"].balance * 0)
    if what == "told":
        hand.say(scene.invoice, HoldPlaced(by="Ann"))
    if what == "held":
        hand.say(scene.invoice, HoldPlaced(by="Ann"))
        hand.assess(scene.invoice)
    if what == "late":
        hand.now += timedelta(minutes=11)
    if what == "channel off":
        scene.client.app.state.settings = scene.client.app.state.settings.model_copy(update={"channels": "email"})  # type: ignore[attr-defined]
    said = phone.pick_up()
    assert phone.over
    assert "excuse the call" in said
    assert "INV-1" not in said
    phone.hang_up()
    assert scene.kinds() == ["call_ended"]


def test_twilio_asks_again_and_hears_the_same_and_every_answer_counts_once(scene: Scene) -> None:
    phone = scene.place()
    first = phone.pick_up()
    assert phone.pick_up() == first
    step = phone.next
    second = phone.press("1")
    phone.next, later = step, phone.next
    assert phone.press("1") == second
    phone.next = later
    phone.press("1", "1")
    phone.say("next Friday")
    step = phone.next
    phone.press("1")
    phone.next = step
    phone.press("1")
    phone.hang_up()
    phone.hang_up()
    phone.hang_up("no-answer")
    assert scene.kinds() == ["promise", "call_ended"]


def test_what_comes_after_the_end_of_a_call_counts_no_more(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "1", "1")
    phone.say("next Friday")
    phone.hang_up()
    assert phone.press("1") == ""
    assert scene.kinds() == ["call_ended"]


def test_a_second_call_with_the_same_link_says_nothing(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1")
    double = Phone(scene.client, phone.key, sid="CA" + "2" * 32)
    assert double.pick_up() == ""
    assert double.over
    double.hang_up()
    assert scene.kinds() == [], "the end of the double was taken for the end of the call"
    phone.press("1")
    assert not phone.over


def test_a_call_link_that_was_used_up_says_nothing_more(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1")
    assert phone.pick_up() == ""
    assert phone.over


def test_our_messages_that_had_not_arrived_are_sent_once_more_at_once(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "once more today" in phone.press("1", "2")
    phone.hang_up()
    assert scene.kinds() == ["answer_owed", "call_ended"]
    assert scene.look() == "copy-sent-1 by email"


def test_the_link_goes_out_while_they_still_talk(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "on its way" in phone.press("1", "1", "5")
    assert scene.look().startswith("pay-link-1 by ")


def test_a_customer_who_wants_a_person_is_put_through_in_office_hours(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "0")
    assert phone.dials == "+49309999999"
    phone.follow(phone.post(phone.next, DialCallStatus="completed"))
    assert phone.over
    phone.hang_up()
    assert scene.kinds() == ["replied", "call_ended"]
    scene.look()
    assert "put through to a colleague" in scene.hand.diary(scene.invoice)


def test_when_no_colleague_is_free_one_calls_back_by_a_day_that_is_named(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "0")
    said = phone.follow(phone.post(phone.next, DialCallStatus="no-answer"))
    assert "will call you back by" in said
    phone.hang_up()
    scene.look()
    with scene.hand.database.reading() as connection:
        tasks = connection.execute(select(schema.tasks.c.title, schema.tasks.c.owner, schema.tasks.c.due)).all()
    assert any(title.startswith("Call the customer back about invoice INV-1") and owner and due > scene.hand.day() for title, owner, due in tasks)


def test_the_wrong_number_is_called_no_more_and_a_person_finds_the_right_one(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("2", "2")
    assert phone.over
    phone.hang_up()
    assert scene.look() == f"{STEP} by task"
    assert "it was the wrong number" in scene.hand.diary(scene.invoice)
    assert any(key.startswith("wrong-number/") for key in scene.hand.tasks())


def test_who_wants_no_more_such_calls_gets_none(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "not call you in this way again" in phone.press("8")
    phone.hang_up()
    scene.look()
    with scene.hand.database.reading() as connection:
        assert set(connection.scalars(select(schema.suppressions.c.channel))) == {"sms", "call"}


def test_what_is_wrong_becomes_a_dispute_in_the_customers_words(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "3")
    phone.say("two boxes were missing")
    phone.hang_up()
    scene.look()
    assert "in dispute: all of it (two boxes were missing)" in scene.hand.diary(scene.invoice)


@pytest.mark.parametrize("kind", ["unsigned", "signed by another", "changed", "for another call", "too much"])
def test_what_is_not_twilios_own_is_answered_nothing(scene: Scene, kind: str) -> None:
    phone = scene.place()
    path = f"/voice/{phone.key}"
    if kind == "unsigned":
        response = scene.client.post(path, data={"CallSid": phone.sid})
    elif kind == "too much":
        response = scene.client.post(path, content=b"a=" + b"x" * 400_000, headers={"content-type": "application/x-www-form-urlencoded"})
    else:
        genuine = phone.post(f"{path}x").request
        body = genuine.read() + (b"&Digits=1" if kind == "changed" else b"")
        headers = dict(genuine.headers) | ({"x-twilio-signature": "A" * 28} if kind == "signed by another" else {})
        headers.pop("content-length", None)
        response = scene.client.post(path if kind != "changed" else f"{path}x", content=body, headers=headers)
    assert response.status_code in (403, 413)
    assert not response.text.startswith("<?xml")
    assert scene.kinds() == []


def test_a_key_that_nobody_gave_out_hangs_up(scene: Scene) -> None:
    made_up = Phone(scene.client, "out_made_up")
    assert made_up.pick_up() == ""
    assert made_up.over
    made_up.hang_up()
    assert scene.kinds() == []


def test_a_call_whose_end_nobody_tells_is_in_doubt_after_an_hour_and_is_not_placed_again(scene: Scene) -> None:
    scene.place()
    scene.hand.now += timedelta(minutes=75)
    assert "nobody knows" in scene.look()
    assert len(scene.caller.placed) == 1


@dataclass
class Log:
    """What the provider tells of a call when it is asked."""

    status: str
    asked: list[str] = field(default_factory=list)

    def look_up(self, provider_id: str) -> str:
        self.asked.append(provider_id)
        if not self.status:
            raise UnableToReadSent("the log is away")
        return self.status


def test_the_end_of_a_call_that_nobody_told_is_asked_for(scene: Scene) -> None:
    scene.place()
    database = scene.hand.database

    def trace(status: str, minutes: int) -> tuple[int, list[str]]:
        scene.hand.now += timedelta(minutes=minutes)
        log = Log(status)
        return len(trace_calls(database, log, scene.hand.now)), log.asked  # type: ignore[arg-type]

    assert trace("no-answer", 5) == (0, []), "it was asked before it could have been told"
    assert trace("", 10) == (0, ["CA1"])
    assert trace("in-progress", 1) == (0, ["CA1"])
    assert trace("no-answer", 1) == (1, ["CA1"])
    assert trace("no-answer", 1) == (0, [])
    assert "nobody was reached by phone" in scene.look()


def test_what_was_said_on_the_phone_stands_in_the_message(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.say("Yes, this is Clara")
    phone.hang_up()
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'call'")
    first, second, third, *_ = text.splitlines()
    assert first.startswith("Assistant: Good day. This is an automated assistant")
    assert (second[:9], third) == ("Assistant", "Customer: Yes, this is Clara")


def test_the_end_of_a_call_resolves_the_doubt_about_it(scene: Scene) -> None:
    scene.caller.answers.append(Unknown("Twilio did not answer"))
    act = scene.hand.due(scene.invoice)
    scene.hand.deliver(scene.invoice, act)
    assert scene.hand.states()[-1] == "unknown"
    Phone(scene.client, scene.caller.placed[-1].key).hang_up("no-answer")
    assert "nobody was reached by phone" in scene.look()
    assert scene.hand.states()[-1] == "missed"


def test_a_call_that_the_provider_refuses_is_no_attempt(scene: Scene) -> None:
    scene.caller.answers.append(Refused("the number is not allowed", try_again=True))
    scene.hand.deliver(scene.invoice, scene.hand.due(scene.invoice))
    assert scene.hand.states()[-1] == "refused"


def test_a_call_about_several_invoices_is_told_to_each_of_them(database: Database, tmp_path: Path) -> None:
    hand, door, client, caller, first = begin(database, tmp_path)
    row = hand.ledger.rows["INV-1"]
    hand.ledger.rows["INV-2"] = replace(row, ref="INV-2", number="INV-2", balance=row.balance / 2, total=row.total)
    second = hand.take_in("INV-2")
    with client:
        _wait_for_the_call(hand, first)
        scene = Scene(hand, client, caller, door, first)
        phone = scene.place()
        phone.pick_up()
        said = phone.press("1")
        assert "2 invoices" in said
        assert "1,800.00" in said
        phone.press("1", "1")
        phone.say("next Friday")
        phone.press("1")
        phone.hang_up()
    assert sorted(scene.kinds()) == ["call_ended", "promise", "promise"]
    hand.assess(first)
    hand.assess(second)
    for invoice in (first, second):
        assert hand.fates(invoice)[STEP] == "delivered"
        assert hand.case(invoice).open_promise is not None
    assert len(hand.rows("select id from outreach where channel = 'talk'")) == 1
    assert hand.case(second).open_promise.amount.amount == row.balance / 2  # type: ignore[union-attr]


def test_half_of_each_invoice_is_promised_when_no_more_can_be_paid(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "1", "1")
    phone.say("in two months", "no", "yes")
    phone.hang_up()
    scene.look()
    assert "promise recorded: 600.00 EUR" in scene.hand.diary(scene.invoice)


def test_a_machine_calls_nobody_where_the_law_asks_for_consent_and_there_is_none(database: Database, tmp_path: Path) -> None:
    hand, _, client, caller, invoice = begin(database, tmp_path, consents=False, country="US")
    with client:
        for _ in range(40):
            decision = hand.assess(invoice).decision
            if isinstance(decision, Perform):
                assert decision.channel != "call"
                hand.deliver(invoice, decision)
                if decision.step == STEP:
                    break
            else:
                assert isinstance(decision, Wait)
                hand.now = max(hand.now, decision.until)
        else:
            raise AssertionError("the call was never due")
    assert caller.placed == []


def test_a_german_customer_is_spoken_to_in_german(scene: Scene) -> None:
    with scene.hand.database.transaction() as connection:
        connection.execute(schema.contacts.update().values(language="de"))
    phone = scene.place()
    assert "automatischer Assistent" in phone.pick_up()
    assert "1.200,00" in phone.say("Ja, am Apparat")
    phone.say("ja", "ja")
    assert "Ist das richtig?" in phone.say("nächsten Freitag")
    phone.say("genau")
    phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]


def test_what_is_spoken_names_its_language_and_listens_for_words_and_keys(scene: Scene) -> None:
    phone = scene.place()
    root = ElementTree.fromstring(phone.post(f"/voice/{phone.key}", AnsweredBy="human").text)
    gather = root.find("Gather")
    assert gather is not None
    assert (gather.get("input"), gather.get("actionOnEmptyResult"), gather.get("numDigits"), gather.get("language")) == ("dtmf speech", "true", "1", "en-GB")
    assert {say.get("language") for say in root.iter("Say")} == {"en-GB"}
