"""Whoever asks a language model is answered in time, in the form that was asked for or not at all, and tells nobody what was asked."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from integrations.chat_server import Answer, ChatServer, Question, UnableToAsk, UnableToConnect, connect
from support.model_server import Model, a_model

KEY, SAID = "sk-that-nobody-sees", "what a customer wrote in confidence"


class Meant(Answer):
    meaning: str


QUESTION = Question("meant", "Say what is meant.", SAID, {"meaning": {"type": "string"}}, Meant, 50)
LONG = 5.0


@pytest.fixture
def model() -> Iterator[Model]:
    with a_model() as started:
        started.say({"meaning": "yes"})
        yield started


def server(model: Model, seconds: float = LONG) -> ChatServer:
    return connect("DUNWELL_TEST_MODEL", model.url, "tiny", KEY, seconds)


def refusal(asked: ChatServer) -> str:
    with pytest.raises(UnableToAsk) as found:
        asked.ask_and_wait(QUESTION)
    assert KEY not in str(found.value) and SAID not in str(found.value)
    return str(found.value)


def test_it_is_asked_once_in_the_agreed_form_with_its_key(model: Model) -> None:
    assert server(model).ask_and_wait(QUESTION) == Meant(meaning="yes")
    assert asyncio.run(server(model).ask(QUESTION)) == Meant(meaning="yes")
    first, second = model.asked
    assert first == second
    assert (first["model"], first["temperature"], first["max_tokens"]) == ("tiny", 0, 50)
    assert [one["content"] for one in first["messages"]] == ["Say what is meant.", SAID]
    wanted = {"type": "object", "properties": {"meaning": {"type": "string"}}, "required": ["meaning"], "additionalProperties": False}
    assert first["response_format"] == {"type": "json_schema", "json_schema": {"name": "meant", "strict": True, "schema": wanted}}
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"
    assert model.paths[0] == "/v1/chat/completions"


def test_without_a_key_none_is_sent_and_letters_that_are_no_text_do_no_harm(model: Model) -> None:
    asked = Question("meant", "task", "half a letter: \ud83d", {"meaning": {"type": "string"}}, Meant, 50)
    assert connect("DUNWELL_TEST_MODEL", f" {model.url}/ ", " tiny ", " ", LONG).ask_and_wait(asked).meaning == "yes"
    assert "authorization" not in model.headers[0]


UNREADABLE: list[object] = [
    "",
    "yes",
    '{"meaning": "yes"} and more',
    '{"meaning": "yes", "meaning": "no"}',
    "{" * 5000,
    "[" * 15_000,
    {"meaning": 7},
    {"meaning": "yes", "more": 1},
    [{"meaning": "yes"}],
    None,
    {},
]


@pytest.mark.parametrize("said", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_not_exactly_in_the_agreed_form_is_no_answer(model: Model, said: object) -> None:
    model.say(said)
    assert refusal(server(model)) == "the model's answer is not the JSON it was asked for"


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 15_000, b"\xff", b'{"choices": []}', b'{"choices": {}}', b'{"choices": [{"message": "yes"}]}', b"null"])
def test_nor_is_an_answer_of_another_kind_of_service(model: Model, body: bytes) -> None:
    model.answer = body
    assert refusal(server(model)) == "the model's answer is not the JSON it was asked for"


@pytest.mark.parametrize("status", [201, 204, 400, 401, 429, 500])
def test_a_service_that_is_unwell_is_named_by_its_status_alone(model: Model, status: int) -> None:
    model.status, model.answer = status, SAID.encode()
    assert refusal(server(model)) == f"the model answered with status {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_the_key_nor_the_question_goes_where_an_answer_points(model: Model, status: int) -> None:
    with a_model() as elsewhere:
        model.status, model.more = status, {"Location": f"{elsewhere.url}/chat/completions"}
        assert refusal(server(model)) == f"the model answered with status {status}"
        assert (len(model.asked), elsewhere.asked) == (1, [])


def test_an_answer_without_end_is_left_at_its_limit_also_where_it_comes_packed(model: Model) -> None:
    model.answer = b"x" * 1_000_000
    assert refusal(server(model)) == "the model answered with more than 65,536 bytes"
    model.answer, model.more = gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}
    assert refusal(server(model)) == "the model's answer is not the JSON it was asked for"
    assert model.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("how", ["says nothing", "says a letter at a time"])
def test_the_time_is_that_of_the_whole_answer_however_busy_it_looks(model: Model, how: str) -> None:
    if how == "says nothing":
        model.wait = 20
    else:
        model.drip = 0.1
    began = time.monotonic()
    assert refusal(server(model, 0.5)) == "the model gave no answer within 0.5 seconds"
    assert time.monotonic() - began < LONG


def test_a_name_that_nobody_looks_up_takes_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = threading.Event()

    def look_up(*about: object, **more: object) -> list[object]:
        found.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    began = time.monotonic()
    try:
        assert refusal(connect("DUNWELL_TEST_MODEL", "http://model.example/v1", "tiny", KEY, 0.2)).startswith("the model gave no answer")
        assert time.monotonic() - began < LONG
    finally:
        found.set()


def test_one_that_is_not_there_is_said_to_be_away() -> None:
    with a_model() as gone:
        asked = server(gone)
    assert refusal(asked) == "the model cannot be reached: ConnectError"


def test_nothing_that_was_asked_or_said_and_no_secret_stands_in_a_log(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    asked = connect("DUNWELL_TEST_MODEL", model.url.replace("//", "//us:pass-word@"), "tiny", KEY, LONG)
    with caplog.at_level(logging.INFO):
        asked.ask_and_wait(QUESTION)
        model.answer = b"{}"
        refusal(asked)
    for secret in (KEY, SAID, "pass-word"):
        assert secret not in caplog.text
        assert secret not in repr(asked) and secret not in repr(QUESTION)


@pytest.mark.parametrize(
    ("url", "name", "key", "said"),
    [
        ("nowhere", "m", "", "DUNWELL_TEST_MODEL_URL: is no web address"),
        ("ftp://us:pass-word@host/v1", "m", "", "DUNWELL_TEST_MODEL_URL: is no web address"),
        ("http://", "m", "", "DUNWELL_TEST_MODEL_URL: is no web address"),
        ("http://host:port/v1", "m", "", "DUNWELL_TEST_MODEL_URL: is no web address"),
        ("http://host/v1", " ", "", "DUNWELL_TEST_MODEL_NAME: needed with DUNWELL_TEST_MODEL_URL"),
        ("http://host/v1", "m", "sk-\n-key", "DUNWELL_TEST_MODEL_KEY: is damaged"),
        ("http://host/v1", "m", "sk-ключ", "DUNWELL_TEST_MODEL_KEY: is damaged"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_not_quoted(url: str, name: str, key: str, said: str) -> None:
    with pytest.raises(UnableToConnect, match=said) as found:
        connect("DUNWELL_TEST_MODEL", url, name, key, LONG)
    assert "pass-word" not in str(found.value) and "sk-" not in str(found.value)


def test_questions_from_several_threads_are_answered_each(model: Model) -> None:
    asked, heard = server(model), list[str]()
    threads = [threading.Thread(target=lambda: heard.append(asked.ask_and_wait(QUESTION).meaning)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert heard == ["yes"] * 8
