"""A reading model is asked about open answers that the rules do not know, once each, and proposes a class and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from activities import second_reading
from db import incoming, parties, replies
from db.engine import Database
from domain.incoming import Incoming
from integrations.reading.chat import connect
from support.model_server import Model, a_model
from support.office import SELLER

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def kept(database: Database) -> str:
    """The id of an open answer that the rules do not know."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        message = Incoming("imap:ar@seller.example", "1", "email", NOW, "a@customer.example", ("ar@seller.example",), "The moon was full that night")
        return incoming.receive(connection, message, NOW).id


@pytest.fixture
def model() -> Iterator[Model]:
    with a_model() as started:
        yield started


def read_again(database: Database, model: Model, answer: object, now: datetime = NOW) -> int:
    model.say(answer)
    return second_reading.read_again(database, connect(model.url, "tiny", ""), now)


def intent_of(database: Database, found: str) -> tuple[str, str]:
    with database.reading() as connection:
        line = replies.load_message(connection, found).line
        return line.intent, line.state


def test_what_it_suggests_becomes_the_proposed_class_and_a_person_still_has_to_read_it(database: Database, model: Model, kept: str) -> None:
    assert intent_of(database, kept) == ("other", "open")
    assert read_again(database, model, {"intent": "dispute"}) == 1
    assert intent_of(database, kept) == ("dispute", "open")


def test_it_is_asked_about_an_answer_once_even_where_it_knows_no_more(database: Database, model: Model, kept: str) -> None:
    for _ in range(3):
        read_again(database, model, {"intent": "other"})
    assert len(model.asked) == 1
    assert intent_of(database, kept) == ("other", "open")


def test_one_that_does_not_answer_is_asked_again_and_changes_nothing(database: Database, model: Model, kept: str) -> None:
    assert read_again(database, model, "I would rather not say") == 0
    assert intent_of(database, kept) == ("other", "open")
    assert read_again(database, model, {"intent": "question"}) == 1


def test_what_a_person_has_dealt_with_or_has_waited_for_long_is_left_alone(database: Database, model: Model, kept: str) -> None:
    assert read_again(database, model, {"intent": "dispute"}, NOW + timedelta(days=2)) == 0
    with database.transaction() as connection:
        incoming.mark_handled(connection, kept, "nothing", by="ann", why="small talk", now=NOW)
    assert read_again(database, model, {"intent": "dispute"}) == 0
