"""A reading model is asked about open answers that the rules do not know, once each, and proposes a class and nothing more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from activities.second_reading import read_again
from db import incoming, parties, replies
from db.engine import Database
from domain.incoming import Incoming
from integrations.reading.chat import ChatReader
from support.office import SELLER

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def kept(database: Database) -> str:
    """The id of an open answer that the rules do not know."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        message = Incoming("imap:ar@seller.example", "1", "email", NOW, "a@customer.example", ("ar@seller.example",), "The moon was full that night")
        return incoming.receive(connection, message, NOW).id


def reader(answer: str, asked: list[str] | None = None) -> ChatReader:
    def respond(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request.url.path)
        return httpx.Response(200, json={"choices": [{"message": {"content": answer}}]})

    return ChatReader("http://model.example/v1", "tiny", client=httpx.Client(transport=httpx.MockTransport(respond)))


def intent_of(database: Database, found: str) -> tuple[str, str]:
    with database.reading() as connection:
        line = replies.load_message(connection, found).line
        return line.intent, line.state


def test_what_it_suggests_becomes_the_proposed_class_and_a_person_still_has_to_read_it(database: Database, kept: str) -> None:
    assert intent_of(database, kept) == ("other", "open")
    assert read_again(database, reader(json.dumps({"intent": "dispute"})), NOW) == 1
    assert intent_of(database, kept) == ("dispute", "open")


def test_it_is_asked_about_an_answer_once_even_where_it_knows_no_more(database: Database, kept: str) -> None:
    asked: list[str] = []
    for _ in range(3):
        read_again(database, reader(json.dumps({"intent": "other"}), asked), NOW)
    assert asked == ["/v1/chat/completions"]
    assert intent_of(database, kept) == ("other", "open")


def test_one_that_does_not_answer_is_asked_again_and_changes_nothing(database: Database, kept: str) -> None:
    assert read_again(database, reader("I would rather not say"), NOW) == 0
    assert intent_of(database, kept) == ("other", "open")
    assert read_again(database, reader(json.dumps({"intent": "question"})), NOW) == 1


def test_what_a_person_has_dealt_with_or_has_waited_for_long_is_left_alone(database: Database, kept: str) -> None:
    assert read_again(database, reader(json.dumps({"intent": "dispute"})), NOW + timedelta(days=2)) == 0
    with database.transaction() as connection:
        incoming.mark_handled(connection, kept, "nothing", by="ann", why="small talk", now=NOW)
    assert read_again(database, reader(json.dumps({"intent": "dispute"})), NOW) == 0
