"""Whether a call by the voice agent says a word at all: its late gate, its seals, its one-time link, and its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from activities.calling import trace_calls
from db import installation, schema
from db.engine import Database
from domain.decision import Perform, Wait
from domain.event import HoldPlaced
from integrations.messaging import Refused, UnableToReadSent, Unknown
from integrations.messaging.twilio_call import Placed
from support.calling_scene import STEP, Scene, set_up, wait_for_the_call
from support.switchboard import Phone


def test_nobody_answers_twice_and_a_colleague_calls(scene: Scene) -> None:
    began = scene.hand.now
    scene.place().hang_up("no-answer")
    assert "nobody was reached by phone" in scene.look()
    assert scene.hand.fates(scene.invoice).get(STEP) is None, "the step was used up"
    wait_for_the_call(scene.hand, scene.invoice)
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


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_call_placed_without_a_number_of_its_own_is_looked_for_and_never_placed_again(scene: Scene, others: int) -> None:
    scene.caller.answers.append(Unknown("Twilio took the call and gave no SID"))
    scene.hand.deliver(scene.invoice, scene.hand.due(scene.invoice))
    assert scene.hand.states()[-1] == "unknown"
    began = scene.hand.now + timedelta(seconds=20)

    @dataclass
    class Finding(Log):
        placed: tuple[Placed, ...] = ()
        name: str = "twilio-calls"

        def find_placed(self, address: str, since: datetime) -> tuple[Placed, ...]:
            assert address == scene.caller.placed[-1].to_address and since < began
            return self.placed

    def trace(*placed: Placed) -> int:
        scene.hand.now += timedelta(minutes=11)
        log = Finding("no-answer", placed=placed)
        return len(trace_calls(scene.hand.database, log, scene.hand.now))  # type: ignore[arg-type]

    assert trace() == 0, "that the log does not have it proves nothing"
    assert trace(Placed("CA0", began + timedelta(hours=2))) == 0, "a much later call was taken for it"
    found = trace(*(Placed(f"CA{n}", began) for n in range(1, others + 1)))
    assert found == (others == 1), "of two calls nobody can say which is ours"
    assert ("nobody was reached by phone" if others == 1 else "nobody knows") in scene.look()
    assert len(scene.caller.placed) == 1


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


def test_a_machine_calls_nobody_where_the_law_asks_for_consent_and_there_is_none(database: Database, tmp_path: Path) -> None:
    hand, _, client, caller, invoice = set_up(database, tmp_path, consents=False, country="US")
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


def test_while_it_rings_and_while_they_talk_nothing_else_is_sent(scene: Scene) -> None:
    phone = scene.place()
    assert "on its way" in scene.look()
    phone.pick_up()
    scene.hand.now += timedelta(minutes=5)
    assert "on its way" in scene.look()
