"""People hold messages to an address back, see why it is so, and let them go again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.installation import Installation


@pytest.fixture
def house(answering: Installation) -> Installation:
    """With one customer, oak."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 4))))
    answering.nudged.clear()
    return answering


def listed(house: Installation, *more: str) -> list[dict[str, Any]]:
    return list(json.loads(house.run("suppressions", "list", "--json", *more).stdout))


def test_an_address_is_held_back_and_freed_again_with_who_and_why(house: Installation) -> None:
    assert "every address and number may be written to" in house.run("suppressions", "list").stdout
    said = house.run("suppressions", "add", " AP@Oak.example ", "--reason", "asked on the phone").stdout
    assert said == "Nothing more is sent to ap@oak.example by email.\n"
    assert house.run("suppressions", "add", "ap@oak.example", "--reason", "again").stdout == "Nothing is sent to ap@oak.example already.\n"
    (one,) = listed(house)
    assert (one["address"], one["channel"], one["ground"], one["reason"]) == ("ap@oak.example", "email", "by_hand", "asked on the phone")
    shown = house.run("suppressions", "list").stdout
    assert "ap@oak.example" in shown and "set by hand" in shown
    assert "go again by email" in house.run("suppressions", "remove", "ap@oak.example", "--reason", "they wrote so").stdout
    assert house.nudged == [("unreachable",)]
    assert listed(house) == []
    (kept,) = listed(house, "--all")
    assert (kept["lifted_why"], bool(kept["lifted_by"])) == ("they wrote so", True)


def test_a_number_is_held_back_from_texts_and_machines_calls_unless_one_is_named(house: Installation) -> None:
    house.run("suppressions", "add", "+49 151 12345678", "--reason", "asked")
    assert {one["channel"] for one in listed(house)} == {"sms", "call"}
    house.run("suppressions", "remove", "+4915112345678", "--channel", "sms", "--reason", "texts are fine")
    assert {one["channel"] for one in listed(house)} == {"call"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "oak", "--reason", "x"), "neither an e-mail address nor a number"),
        (("add", "030 1234", "--reason", "x"), "country code"),
        (("add", "ap@oak.example", "--channel", "sms", "--reason", "x"), "--channel: sms does not go to ap@oak.example"),
        (("remove", "ap@oak.example", "--reason", "x"), "is not on the list for email"),
    ],
)
def test_what_cannot_be_meant_is_told_with_a_remedy(house: Installation, words: tuple[str, ...], said: str) -> None:
    assert said in house.run("suppressions", *words, status=1).stderr
