"""People are kept as they were said to be, and nobody stands in for themselves, however long the way round."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from db import people
from db.engine import Database
from domain.person import Access, Duty, Person, UnableToStandIn

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
VERA = Person("", "Vera Lind", Access.AGENT, "vera@ours.example", (Duty.OWNER, Duty.APPROVER), "", date(2026, 3, 2), date(2026, 3, 6))


def test_a_person_comes_back_as_they_were_written(database: Database) -> None:
    with database.transaction() as connection:
        people.add(connection, VERA, NOW)
        found = people.find(connection, "Vera Lind")
        assert found and replace(found, id="") == VERA
        people.save(connection, replace(found, away_from=None, away_through=None, duties=(Duty.AR,)))
        assert people.load_all(connection) == (replace(found, away_from=None, away_through=None, duties=(Duty.AR,)),)


def test_a_token_given_to_a_known_person_leaves_their_duties_alone(database: Database) -> None:
    with database.transaction() as connection:
        people.add(connection, VERA, NOW)
        token = people.issue_token(connection, "Vera Lind", Access.ADMIN, NOW)
        found = people.person_for_token(connection, token)
    assert found and (found.role, found.duties, found.email) == (Access.ADMIN, VERA.duties, VERA.email)


def test_a_name_is_taken_once(database: Database) -> None:
    with database.transaction() as connection:
        people.add(connection, VERA, NOW)
        with pytest.raises(people.UnableToAdd, match="dunwell people set 'Vera Lind'"):
            people.add(connection, VERA, NOW)


def test_a_circle_of_deputies_is_never_written(database: Database) -> None:
    with database.transaction() as connection:
        people.add(connection, Person("", "Tom", Access.AGENT), NOW)
        people.add(connection, Person("", "Vera", Access.AGENT, deputy="Tom"), NOW)
        tom = people.find(connection, "Tom")
        assert tom
        for deputy in ("Vera", "Tom", "Nobody"):
            with pytest.raises(UnableToStandIn):
                people.save(connection, replace(tom, deputy=deputy))
        assert people.find(connection, "Tom") == tom
