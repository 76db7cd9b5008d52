"""The phones behind the pretend Twilio: they follow TwiML as Twilio does, answer by their script, and remember every word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from tests.examples.pretend_twilio_world import TOKEN, Post, TwilioWorld, twilio_world, until

US = "+15550100123"
EVERYTHING = ["initiated", "ringing", "answered", "completed"]
_numbers = count(1000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioWorld]:
    with twilio_world(tmp_path_factory.mktemp("twilio")) as world:
        yield world


@pytest.fixture
def world(running: TwilioWorld) -> Iterator[TwilioWorld]:
    running.posts.clear()
    yield running
    for path in ("/phones", "/events", "/faults"):
        running.put(path, [])
    running.put("/numbers", {})
    running.pages.clear()


def dial(world: TwilioWorld, script: dict[str, Any] | None = None, /, **more: Any) -> Any:
    """Call a number whose phone follows ``script``."""
    number = f"+1555030{next(_numbers)}"
    if script is not None:
        world.put("/phones", [script | {"number": number}])
    asked = {"url": f"{world.url}/voice", "status_callback": f"{world.url}/status", "status_callback_event": EVERYTHING} | more
    return world.client().calls.create(to=number, from_=US, **asked)


def pages(world: TwilioWorld, **made: Callable[[Post], VoiceResponse]) -> None:
    world.pages.update({f"/{name}": lambda post, make=make: str(make(post)) for name, make in made.items()})


def aloud(words: list[dict[str, Any]]) -> list[str]:
    """A call as one would hear it."""
    return [f"{word['who']}: {next(str(value) for name, value in word.items() if name != 'who')}" for word in words]


def asks(post: Post, **gather: Any) -> VoiceResponse:
    page, wanted = VoiceResponse(), {"input": "dtmf speech", "action": "/answer?turn=1", "timeout": 4, "language": "en-US"} | gather
    question = Gather(**wanted)
    question.say("This is an automated call from Brightwater. Can you pay this week?", language="en-US")
    page.append(question)
    page.say("We did not hear you.")
    page.hangup()
    return page


def thanks(post: Post) -> VoiceResponse:
    page = VoiceResponse()
    page.say(f"You said {post.form.get('SpeechResult') or post.form.get('Digits') or 'nothing'}.")
    page.hangup()
    return page


def test_a_person_who_answers_hears_every_sentence_and_is_understood_by_speech_or_by_key(world: TwilioWorld) -> None:
    pages(world, voice=asks, answer=thanks)
    spoken = dial(world, {"turns": [{"say": "next Friday", "confidence": 0.7}]})
    assert aloud(world.heard(spoken.sid)) == [
        "voice: This is an automated call from Brightwater. Can you pay this week?",
        "phone: next Friday",
        "voice: You said next Friday.",
        "line: True",
    ]
    pressed = dial(world, {"turns": [{"press": "12#"}]})
    assert aloud(world.heard(pressed.sid))[2] == "voice: You said 12."
    answers = [post.form for post in world.posts if post.url == f"{world.url}/answer?turn=1"]
    assert (answers[0]["SpeechResult"], answers[0]["Confidence"]) == ("next Friday", "0.7")
    assert (answers[1]["Digits"], answers[1]["FinishedOnKey"], answers[1]["CallStatus"]) == ("12", "#", "in-progress")
    call = world.client().calls(spoken.sid).fetch()
    assert (call.status, int(call.duration) > 3) == ("completed", True)


def test_every_request_about_a_call_is_signed_so_that_twilios_own_library_finds_it_genuine(world: TwilioWorld) -> None:
    pages(world, voice=asks, answer=thanks)
    call = dial(world, {"turns": [{"say": "ja, nächste Woche"}]}, machine_detection="Enable")
    told = world.told(call.sid, 4)
    assert [post.form["CallStatus"] for post in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [post.form["SequenceNumber"] for post in told] == ["0", "1", "2", "3"]
    assert told[3].form["AnsweredBy"] == "human" and int(told[3].form["CallDuration"]) > 3
    ours = [post for post in world.posts if post.form["CallSid"] == call.sid]  # the call before may just be told to be over
    assert len(ours) == 6
    assert all(RequestValidator(TOKEN).validate(post.url, post.form, post.signature) for post in ours)


def test_silence_falls_through_a_gather_or_is_told_when_that_is_asked_for(world: TwilioWorld) -> None:
    pages(world, voice=asks, answer=thanks)
    assert aloud(world.heard(dial(world).sid))[1:] == ["phone: True", "voice: We did not hear you.", "line: True"]
    pages(world, voice=lambda post: asks(post, action_on_empty_result=True))
    assert aloud(world.heard(dial(world, {"turns": [{"silent": True}]}).sid))[1:3] == ["phone: True", "voice: You said nothing."]
    assert [post.form["Digits"] for post in world.posts if "/answer" in post.url] == [""]


def test_a_gather_hears_only_what_it_listens_for(world: TwilioWorld) -> None:
    pages(world, voice=lambda post: asks(post, input="dtmf", num_digits=1), answer=thanks)
    assert aloud(world.heard(dial(world, {"turns": [{"say": "yes"}]}).sid))[-2] == "voice: We did not hear you."
    assert aloud(world.heard(dial(world, {"turns": [{"press": "123"}]}).sid))[-2] == "voice: You said 1."


def test_an_answer_waits_for_the_words_it_belongs_to(world: TwilioWorld) -> None:
    def first(post: Post) -> VoiceResponse:
        page = asks(post, action="/second")
        return page

    pages(world, voice=first, second=lambda post: asks(post, action="/answer"), answer=thanks)
    heard = {"turns": [{"press": "9", "heard": "which day"}, {"press": "1", "heard": "BRIGHTWATER"}, {"press": "2"}]}
    assert aloud(world.heard(dial(world, heard).sid))[-2] == "voice: You said 2."


@pytest.mark.parametrize("script", [{"turns": [{"hang_up": True}]}, {"hangs_up_after": 0}, {"hangs_up_after": 1}, {"hangs_up_after": 2}], ids=str)
def test_somebody_hangs_up_at_any_point_and_the_call_is_over(world: TwilioWorld, script: dict[str, Any]) -> None:
    pages(world, voice=asks, answer=thanks)
    call = dial(world, script)
    words = world.heard(call.sid)
    assert words[-1] == {"who": "phone", "hung_up": True} and len(words) == (1 if script.get("hangs_up_after") == 0 else 2)
    assert not [post for post in world.posts if "/answer" in post.url]
    assert world.told(call.sid, 4)[-1].form["CallStatus"] == "completed"


@pytest.mark.parametrize("by, status", [("busy", "busy"), ("nobody", "no-answer"), ("failed", "failed")])
def test_a_call_that_nobody_takes_fetches_nothing_and_says_how_it_ended(world: TwilioWorld, by: str, status: str) -> None:
    call = dial(world, {"picked_up_by": by})
    assert world.heard(call.sid) == []
    until(lambda: world.told(call.sid, 1)[-1].form["CallStatus"] == status)
    assert world.client().calls(call.sid).fetch().status == status
    assert not [post for post in world.posts if post.url.endswith("/voice")]
    assert world.told(call.sid, 2)[-1].form["CallDuration"] == "0"


MACHINES = (
    ({"machine_detection": "DetectMessageEnd"}, True, "machine_end_beep"),
    ({"machine_detection": "DetectMessageEnd"}, False, "machine_end_silence"),
    ({"machine_detection": "Enable"}, True, "machine_start"),
    ({}, True, None),
)


@pytest.mark.parametrize("asked, beep, answered_by", MACHINES, ids=[f"{by}-{beep}" for _, beep, by in MACHINES])
def test_a_machine_is_recognised_when_asked_and_hears_all_after_the_beep_only_if_we_waited(
    world: TwilioWorld, asked: dict[str, Any], beep: bool, answered_by: str | None
) -> None:
    pages(world, voice=asks)
    call = dial(world, {"picked_up_by": "machine", "beep": beep, "turns": [{"press": "1"}]}, **asked)
    said = aloud(world.heard(call.sid))
    (fetched,) = (post for post in world.posts if post.url.endswith("/voice"))
    assert fetched.form.get("AnsweredBy") == answered_by and world.client().calls(call.sid).fetch().answered_by == answered_by
    assert said[0].startswith("phone: You have reached") and not [post for post in world.posts if "/answer" in post.url]
    ours = said.index("voice: This is an automated call from Brightwater. Can you pay this week?")
    assert ("phone: *beep*" in said[:ours]) == (answered_by == "machine_end_beep")


def test_a_machine_recognised_beside_the_call_is_told_to_its_own_address(world: TwilioWorld) -> None:
    pages(world, voice=asks)
    beside = {"machine_detection": "DetectMessageEnd", "async_amd": "true", "async_amd_status_callback": f"{world.url}/amd"}
    call = dial(world, {"picked_up_by": "machine"}, **beside)
    world.heard(call.sid)
    until(lambda: any(post.url.endswith("/amd") for post in world.posts))
    (told,) = (post for post in world.posts if post.url.endswith("/amd"))
    assert (told.form["CallSid"], told.form["AnsweredBy"]) == (call.sid, "machine_end_beep")
    assert RequestValidator(TOKEN).validate(told.url, told.form, told.signature)


@pytest.mark.parametrize("transfer", ["completed", "busy", "no-answer"])
def test_a_call_is_put_through_to_a_colleague_who_hears_first_what_it_is_about(world: TwilioWorld, transfer: str) -> None:
    def through(post: Post) -> VoiceResponse:
        page = VoiceResponse()
        page.say("I connect you.")
        put = Dial(action="/after", timeout=20, caller_id=US)
        put.number("+15550100777", url="/whisper")
        page.append(put)
        return page

    def whisper(post: Post) -> VoiceResponse:
        page = VoiceResponse()
        page.say("Invoice 4711 is 30 days late.")
        return page

    def after(post: Post) -> VoiceResponse:
        page = VoiceResponse()
        page.say(f"It was {post.form['DialCallStatus']}.")
        return page

    pages(world, voice=through, whisper=whisper, after=after)
    said = aloud(world.heard(dial(world, {"transfer": transfer}).sid))
    put_through = ["voice: Invoice 4711 is 30 days late.", "line: +15550100777"] if transfer == "completed" else []
    assert said == ["voice: I connect you.", "line: +15550100777", *put_through, f"voice: It was {transfer}."]


def test_redirects_and_pauses_are_followed_and_a_circle_of_them_ends(world: TwilioWorld) -> None:
    def onward(post: Post) -> VoiceResponse:
        page = VoiceResponse()
        page.pause(length=30)
        page.redirect("second?with=query")
        return page

    pages(world, voice=onward, second=thanks)
    call = dial(world)
    assert aloud(world.heard(call.sid)) == ["voice: You said nothing.", "line: True"]
    assert int(world.client().calls(call.sid).fetch().duration) >= 30
    world.pages["/second"] = lambda post: "<Response><Redirect>/second</Redirect></Response>"
    assert world.heard(dial(world).sid)[-1]["error"] == 11200


BAD = (
    ("nothing to see", 12100),
    ("<Reply><Say>hello</Say></Reply>", 12100),
    ("<Response><Shout>hello</Shout></Response>", 12200),
    ("", 12300),
)


@pytest.mark.parametrize("page, code", BAD, ids=[str(code) + page[:10] for page, code in BAD])
def test_twiml_that_cannot_be_followed_ends_the_call_with_twilios_apology_and_code(world: TwilioWorld, page: str, code: int) -> None:
    world.pages["/voice"] = lambda post: page
    call = dial(world)
    (apology,) = world.heard(call.sid)
    assert "application error" in apology["said"] and apology["error"] == code


def test_a_web_address_that_fails_ends_the_call_the_same_way(world: TwilioWorld) -> None:
    (apology,) = world.heard(dial(world, url="http://127.0.0.1:9/voice").sid)
    assert apology["error"] == 11200


def test_twiml_can_come_with_the_call_itself(world: TwilioWorld) -> None:
    call = world.client().calls.create(to="+15550109998", from_=US, twiml="<Response><Say>Good day.</Say></Response>")
    assert aloud(world.heard(call.sid)) == ["voice: Good day."]


def test_a_call_can_be_taken_back_while_it_rings_and_not_after_its_end(world: TwilioWorld) -> None:
    call = dial(world, {"seconds": 4})
    assert world.client().calls(call.sid).update(status="canceled").status == "canceled"
    assert world.heard(call.sid) == [] and world.told(call.sid, 2)[-1].form["CallStatus"] == "canceled"
    with pytest.raises(TwilioRestException) as met:
        world.client().calls(call.sid).update(status="completed")
    assert met.value.code == 21220


def test_what_becomes_of_a_call_is_told_twice_reversed_or_never_as_planned(world: TwilioWorld) -> None:
    pages(world, voice=thanks)
    world.put("/events", [{"reversed": True}, {"copies": 2, "lost": ["initiated", "ringing", "answered"]}])
    backwards, lost = dial(world), dial(world)
    assert [post.form["CallStatus"] for post in world.told(backwards.sid, 4)] == ["completed", "in-progress", "ringing", "initiated"]
    assert [post.form["CallStatus"] for post in world.told(lost.sid, 2)] == ["completed", "completed"]


WRONG = (({"to": "12"}, 21211), ({"url": None}, 21205), ({"to": "+15005550002"}, 21612))


@pytest.mark.parametrize("change, code", WRONG, ids=[str(code) for _, code in WRONG])
def test_a_call_that_cannot_be_is_refused_with_twilios_code(world: TwilioWorld, change: dict[str, Any], code: int) -> None:
    asked = {"to": "+15550109997", "from_": US, "url": f"{world.url}/voice"} | change
    with pytest.raises(TwilioRestException) as met:
        world.client().calls.create(**{name: value for name, value in asked.items() if value})
    assert met.value.code == code


def test_a_phone_must_do_exactly_one_thing_at_a_time(world: TwilioWorld) -> None:
    for turn in ({}, {"press": "1", "say": "one"}, {"press": "one"}, {"shout": "hello"}):
        answer = world.http.put(f"{world.address}/phones", json=[{"turns": [turn]}])
        assert answer.status_code == 422
