"""People make links to a customer's page by hand, and take them all back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from db import portal
from tests.cli.installation import Installation


@pytest.fixture
def house(answering: Installation) -> Installation:
    """With one customer, oak."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 4))))
    return answering


def reads(house: Installation, link: str) -> bool:
    with house.database().reading() as connection:
        return portal.find_reader(connection, link.rpartition("/")[2], datetime.now(UTC)) is not None


def test_a_link_is_made_and_taken_back(house: Installation) -> None:
    made = json.loads(house.run("portal", "link", "oak", "--json").stdout)
    assert "/portal/" in made["link"] and made["days"] == 60 and reads(house, made["link"])
    assert "1 link" in house.run("portal", "revoke", "oak", "--role", made["role"]).stdout
    assert not reads(house, made["link"])
    assert "0 links" in house.run("portal", "revoke", "oak").stdout
    assert "good for 60 days" in house.run("portal", "link", "oak").stdout


def test_nobody_to_give_a_link_to_is_told_with_a_remedy(house: Installation) -> None:
    assert "dunwell contact list oak" in house.run("portal", "link", "oak", "--role", "cfo", status=1).stderr
