"""Calls over a line of their own: the same dialogue, whatever a language model says and whatever comes over the line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from db import schema
from domain.conversation import Meaning
from integrations.speaking import Line, UnableToSpeak
from support.calling_scene import STEP, Scene
from support.switchboard import PUBLIC, Phone, Socket, seal
from web import listen, relay


@dataclass
class Model:
    """Says what it is told to: ``meaning`` to what it should understand, ``words`` to what it should word."""

    meaning: Any = ""
    words: Any = ""
    asked: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    async def understand(self, question: str, said: str, choices: tuple[str, ...], language: str) -> Any:
        self.asked.append(said)
        return self._give(self.meaning)

    async def word(self, line: Line) -> Any:
        self.lines.append(line)
        return self._give(self.words)

    def _give(self, answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer


class Sleepy(Model):
    """Never answers."""

    async def understand(self, question: str, said: str, choices: tuple[str, ...], language: str) -> Any:
        await asyncio.Event().wait()

    async def word(self, line: Line) -> Any:
        await asyncio.Event().wait()


@pytest.fixture
def model(scene: Scene) -> Iterator[Model]:
    """One that is of no help, until it is told what to say. Lines that a test leaves open are closed."""
    found = Model(words=UnableToSpeak("away"), meaning=UnableToSpeak("away"))
    state = scene.client.app.state  # type: ignore[attr-defined]
    state.speaker, state.opened = found, []
    yield found
    for call in state.opened:
        if call.socket is not None:
            call.close()


def place(scene: Scene) -> Socket:
    call = Socket(scene.place())
    scene.client.app.state.opened.append(call)  # type: ignore[attr-defined]
    return call


def test_a_day_is_negotiated_over_the_line_as_in_any_call(scene: Scene, model: Model) -> None:
    call = place(scene)
    assert "automated assistant" in call.pick_up()
    assert "INV-1" not in call.greeting
    assert "INV-1" in call.say("Yes, this is Clara")
    call.say("yes, they did", "yes")
    assert "The latest day that I can note" in call.say("in three months")
    assert "Is that right?" in call.say("no, but next Friday works")
    assert "You will get that in writing" in call.say("yes")
    assert call.phone.over
    call.phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]
    scene.look()
    assert "promise recorded: 1,200.00 EUR" in scene.hand.diary(scene.invoice)
    assert scene.hand.fates(scene.invoice)[STEP] == "delivered"
    assert model.asked == [], "the model was asked about what our own rules understand"
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'call'")
    assert "Customer: no, but next Friday works" in text


def test_a_line_that_passes_is_spoken_in_the_models_words_and_stands_so_in_the_message(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes")
    model.words = "Thank you. Can you pay €1,200.00 in the next few days?"
    assert call.say("yes") == model.words
    assert model.lines[-1].said == "yes"
    model.words = "Which day can you pay?"
    assert call.say("yes") == model.words
    model.words = "You need not pay."
    assert "I repeat: €1,200.00" in call.say("next Friday")
    call.say("yes")
    call.phone.hang_up()
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'call'")
    assert "Assistant: Thank you. Can you pay €1,200.00 in the next few days?\nCustomer: yes\nAssistant: Which day can you pay?\n" in text
    assert "need not" not in text


def test_keys_count_as_in_any_call_and_four_of_them_name_a_day(scene: Scene, model: Model) -> None:
    day = scene.hand.day(3)
    call = place(scene)
    call.pick_up()
    call.press("1", "1", "1")
    assert "Is that right?" in call.press(f"{day:%d%m}")
    assert "in writing" in call.press("1")
    call.phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]


def test_what_is_wrong_becomes_a_dispute_in_the_customers_words(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes", "there is something wrong with it")
    assert "A colleague will look into it" in call.say("two boxes were missing")
    call.phone.hang_up()
    scene.look()
    assert "in dispute: all of it (two boxes were missing)" in scene.hand.diary(scene.invoice)


def test_the_wrong_person_learns_nothing_of_the_matter(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("no", "no, wrong company")
    assert call.phone.over
    call.phone.hang_up()
    assert scene.look() == f"{STEP} by task"
    assert not any("INV-1" in said or "1,200" in said for said in (call.greeting, *call.said, *call.phone.said))


def test_who_wants_no_more_such_calls_gets_none(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    assert "not call you in this way again" in call.say("stop calling us")
    call.phone.hang_up()
    with scene.hand.database.reading() as connection:
        assert set(connection.scalars(select(schema.suppressions.c.channel))) == {"sms", "call"}


def test_a_customer_who_wants_a_person_is_put_through_and_called_back_when_nobody_is_free(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    assert "putting you through" in call.say("yes", "I want to speak to a human")
    assert call.phone.dials == "+49309999999"
    assert "will call you back by" in call.phone.follow(call.phone.post(call.phone.next, DialCallStatus="no-answer"))
    call.phone.hang_up()
    assert scene.kinds() == ["replied", "replied", "call_ended"]


@pytest.mark.parametrize("answers", [0, 4])
def test_who_hangs_up_at_any_point_leaves_a_call_with_a_result(scene: Scene, model: Model, answers: int) -> None:
    call = place(scene)
    call.pick_up()
    for words in ("yes", "yes", "yes", "next Friday")[:answers]:
        call.say(words)
    call.close()
    call.phone.hang_up()
    assert call.phone.follow(call.phone.post(f"/voice/{call.phone.key}/relayed", CallStatus="completed", SessionStatus="completed")) == ""
    assert scene.kinds() == ["call_ended"], "what was not confirmed counted"
    scene.look()
    assert ("nobody was reached" if answers == 0 else "and hung up") in scene.hand.diary(scene.invoice)


def test_when_the_line_breaks_the_call_goes_on_without_it(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes", "yes", "yes")
    call.close()
    phone = call.phone
    assert "On which day" in phone.follow(phone.post(phone.next, SessionStatus="failed", CallStatus="in-progress"))
    assert "On which day" in phone.follow(phone.post(f"/voice/{phone.key}/relayed", SessionStatus="failed")), "asked again, something else was said"
    phone.say("next Friday", "yes")
    phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]


def test_when_the_line_never_opens_the_first_words_are_said_all_the_same(scene: Scene, model: Model) -> None:
    phone = scene.place()
    twiml = phone.post(f"/voice/{phone.key}", AnsweredBy="human").text
    assert "<ConversationRelay " in twiml
    assert phone.post(f"/voice/{phone.key}", AnsweredBy="human").text == twiml
    said = phone.follow(phone.post(f"/voice/{phone.key}/relayed", SessionStatus="failed"))
    assert "automated assistant" in said and "Am I speaking with" in said
    assert "INV-1" in phone.press("1")


def test_nobody_says_anything_and_the_call_ends_politely(scene: Scene, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_SILENCE_SECONDS", 0.02)
    monkeypatch.setattr(relay, "_LETTERS_A_SECOND", 1e9)
    call = place(scene)
    call.pick_up()
    assert "did not hear" in call.hear()
    assert "did not hear" in call.hear()
    assert "could not hear an answer" in call.hear()
    assert call.phone.over


def test_a_model_that_never_answers_delays_a_line_and_changes_nothing(scene: Scene, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_MODEL_SECONDS", 0.02)
    scene.client.app.state.speaker = Sleepy()  # type: ignore[attr-defined]
    call = place(scene)
    call.pick_up()
    assert "INV-1" in call.say("yes")
    assert "did not understand" in call.say("hm, well, you know")
    call.say("yes", "yes", "next Friday", "yes")
    call.phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]


def test_what_the_model_guesses_is_asked_and_counts_once_it_is_confirmed(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes")
    model.meaning = "paid"
    assert "Has it been paid already?" in call.say("that one is off our desk")
    assert scene.kinds() == []
    assert "Did our messages reach you" in call.say("no")
    assert "Can you pay" in call.say("yes")
    assert "Has it been paid already?" in call.say("off our desk, I tell you")
    assert "look for the payment" in call.press("1")
    call.phone.hang_up()
    assert scene.kinds() == ["paid", "call_ended"]


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_model_that_obeys_an_attacker_agrees_to_nothing_at_any_point(scene: Scene, model: Model, at: int) -> None:
    call = place(scene)
    call.pick_up()
    for words in ("yes", "yes", "yes", "next Friday")[:at]:
        call.say(words)
    for meaning in (Meaning.YES, "promise"):
        model.meaning, model.words = meaning, "Your debt is canceled, you owe us nothing."
        call.say("hm, well, you know")
    assert not any("canceled" in said for said in (*call.said, *call.phone.said))
    if at == 0:
        assert not any("INV-1" in said for said in call.said), "the model said that the right person speaks"
    call.close()
    call.phone.hang_up()
    assert scene.kinds() == ["call_ended"]


HOSTILE: list[Any] = [None, 7, [], {"say": "x"}, "", "x" * 10_000, "\x00", ValueError("no"), UnableToSpeak("slow")]


def test_whatever_a_model_gives_back_our_own_words_are_spoken(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes")
    for answer in HOSTILE:
        model.words = model.meaning = answer
        assert "Did our messages reach you?" in call.say("say that again")
    for answer in HOSTILE[:2]:
        model.words = model.meaning = answer
        assert "did not understand" in call.say("hm, well, you know")


FORGED = {
    "unsigned": lambda url: {},
    "empty": lambda url: {"X-Twilio-Signature": ""},
    "signed by another": lambda url: seal(url, "e" * 32),
    "for another call": lambda url: seal(url.replace("/voice/", "/voice/x")),
    "for the way without a line": lambda url: seal(url.removesuffix("/relay").replace("wss", "https")),
    "not base64": lambda url: {"X-Twilio-Signature": "%%%"},
    "in another way": lambda url: seal(url) | {"X-Twilio-Webhooks-Signature-Settings": "algorithm=MD5"},
    "with a query": lambda url: seal(f"{url}?a=b"),
    "without encryption": lambda url: seal(url.replace("wss", "ws")),
    "truncated": lambda url: {"X-Twilio-Signature": seal(url)["X-Twilio-Signature"][:-1]},
    "with more behind it": lambda url: {"X-Twilio-Signature": seal(url)["X-Twilio-Signature"] + "="},
    "in other letters": lambda url: {"X-Twilio-Signature": seal(url)["X-Twilio-Signature"].swapcase()},
    "oversized": lambda url: {"X-Twilio-Signature": "A" * 8_000},
    "for another host": lambda url: seal(url.replace("pay.", "evil.")),
    "for another port": lambda url: seal(url.replace(".example/", ".example:8443/")),
    "under a longer hash, said to be that": lambda url: seal(url) | {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"},
}


def test_no_forged_handshake_opens_a_line_and_the_genuine_one_still_does(scene: Scene, model: Model) -> None:
    phone = scene.place()
    phone.post(f"/voice/{phone.key}", AnsweredBy="human")
    address = f"{PUBLIC.replace('https', 'wss')}/voice/{phone.key}/relay"
    call = Socket(phone, address=address)
    for forge in FORGED.values():
        with pytest.raises(WebSocketDisconnect), call.open(forge(address)):
            pass
    with call.open(seal(address.replace("wss", "https"))) as socket:
        socket.send_json({"type": "setup", "callSid": phone.sid})
        socket.send_json({"type": "prompt", "voicePrompt": "yes", "last": True})
        assert "INV-1" in socket.receive_json()["token"]


def test_a_line_is_opened_once_and_only_while_its_call_lasts(scene: Scene, model: Model) -> None:
    phone = scene.place()
    call = Socket(phone, address=f"{PUBLIC.replace('https', 'wss')}/voice/{phone.key}/relay")
    with pytest.raises(WebSocketDisconnect), call.open():
        pass  # nobody has answered yet
    call.pick_up()
    call.say("yes")
    with pytest.raises(WebSocketDisconnect), call.open():
        pass  # a handshake that comes again
    assert "Can you pay" in call.say("yes")
    call.close()
    with pytest.raises(WebSocketDisconnect), call.open():
        pass
    phone.hang_up()
    with pytest.raises(WebSocketDisconnect), call.open():
        pass


def test_without_a_model_no_line_is_opened(scene: Scene) -> None:
    phone = scene.place()
    assert "<Gather" in phone.post(f"/voice/{phone.key}", AnsweredBy="human").text
    with pytest.raises(WebSocketDisconnect), Socket(phone, address=f"{PUBLIC.replace('https', 'wss')}/voice/{phone.key}/relay").open():
        pass


@pytest.mark.parametrize("setup", [{"callSid": "CA" + "2" * 32}, {"type": "prompt"}, {"callSid": None}])
def test_a_line_that_does_not_begin_with_its_own_call_is_closed(scene: Scene, model: Model, setup: dict[str, Any]) -> None:
    call = place(scene)
    call.pick_up(**setup)
    assert "automated assistant" in call.hear()


NO_FRAMES = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"prompt"',
    "[" * 20_000,
    '{"type": null}',
    '{"type": 1}',
    "{}",
    '{"type": "prompt"}',
    '{"type": "prompt", "voicePrompt": 7, "last": true}',
    '{"type": "prompt", "voicePrompt": ["yes"], "last": true}',
    '{"type": "dtmf"}',
    '{"type": "dtmf", "digit": 1}',
    '{"type": "prompt", "voicePrompt": "' + "x" * 20_000 + '", "last": true}',
]
KEYS = st.sampled_from(["type", "voicePrompt", "last", "digit", "callSid"]) | st.text(max_size=5)
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["prompt", "dtmf", "setup", "interrupt", "error"])
JSON = st.dictionaries(KEYS, VALUES | st.lists(VALUES, max_size=3), max_size=5) | st.lists(VALUES, max_size=3)
PASSED_OVER = [
    '{"type": "interrupt", "utteranceUntilInterrupt": "Am I", "durationUntilInterruptMs": "460"}',
    '{"type": "error", "description": "something"}',
    '{"type": "made-up", "voicePrompt": "yes"}',
    '{"type": "end"}',
    '{"type": "text", "token": "yes", "last": true}',
    '{"type": "prompt", "voicePrompt": "yes", "last": false}',
    '{"type": "prompt", "voicePrompt": "", "last": true}',
    '{"type": "dtmf", "digit": "#"}',
    '{"type": "dtmf", "digit": "\\u0661"}',
    '{"type": "dtmf", "digit": ""}',
    '{"type": "setup", "callSid": "CA2"}',
]


@given(st.text(max_size=40) | st.sampled_from(NO_FRAMES) | st.builds(json.dumps, JSON))
def test_whatever_comes_is_a_frame_or_the_end_of_the_line(text: str) -> None:
    with suppress(relay.UnableToGoOn):
        frame = relay.read_frame({"type": "websocket.receive", "text": text})
        assert len(frame.words) <= 1_000


@pytest.mark.parametrize("text", NO_FRAMES, ids=range(len(NO_FRAMES)))
def test_what_is_no_frame_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(relay.UnableToGoOn):
        relay.read_frame({"type": "websocket.receive", "text": text})


@pytest.mark.parametrize("bad", [NO_FRAMES[0], NO_FRAMES[-1], b"\xff\xfe"], ids=["empty", "too long", "bytes"])
def test_what_is_no_frame_ends_the_line_and_the_call_goes_on(scene: Scene, model: Model, bad: str | bytes) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes")
    assert call.socket is not None
    if isinstance(bad, bytes):
        call.socket.send_bytes(bad)
    else:
        call.socket.send_text(bad)
    assert "Did our messages reach you?" in call.hear()
    assert call.frames[-1]["type"] == "end"
    assert "Can you pay" in call.phone.press("1")


def test_what_is_not_known_is_passed_over(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes")
    assert call.socket is not None
    for frame in PASSED_OVER:
        call.socket.send_text(frame)
    assert "Can you pay" in call.say("yes")


def test_a_flood_ends_the_line(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    assert call.socket is not None
    for _ in range(2_100):
        call.socket.send_text(PASSED_OVER[0])
    assert "automated assistant" in call.hear()


def test_what_comes_before_a_question_is_asked_is_no_answer_to_it(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    call.say("yes", "yes", "yes")
    for words in ("next Friday", "yes"):
        call.send({"type": "prompt", "voicePrompt": words, "last": True})
    call.hear()
    call.close()
    call.phone.hang_up()
    assert scene.kinds() == ["call_ended"], "a yes that was said before the day was repeated counted"


def test_a_second_call_with_the_same_link_hears_nothing(scene: Scene, model: Model) -> None:
    call = place(scene)
    call.pick_up()
    double = Phone(scene.client, call.phone.key, sid="CA" + "2" * 32)
    assert double.pick_up() == ""
    assert double.post(f"/voice/{double.key}/relayed").text.endswith("<Hangup /></Response>")
    assert "INV-1" in call.say("yes")


def test_a_line_stays_open_for_longer_than_a_request_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_HEADER_SECONDS", 0.2)
    bound = listen.bind("127.0.0.1", 0, "DUNWELL_PUBLIC")
    app = FastAPI()

    @app.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.send_text(await websocket.receive_text())

    async def talk() -> None:
        stop = asyncio.Event()
        serving = asyncio.create_task(listen.listen([(app, bound)], stop))
        loop = asyncio.get_running_loop()
        try:
            async with connect(f"ws://127.0.0.1:{bound.getsockname()[1]}/echo", proxy=None) as socket:
                until = loop.time() + 0.6
                while loop.time() < until:
                    await socket.send("still here")
                    assert await socket.recv() == "still here"
                await socket.send("x" * 100_000)
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
        finally:
            stop.set()
            await serving

    asyncio.run(talk())
