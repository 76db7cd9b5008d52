"""Running invoices are moved to another playbook only after a look at each, and moving them twice moves them once."""

from __future__ import annotations

import json

import pytest

import playbooks
from domain.event import PlaybookSwapped
from tests.cli.installation import Installation


@pytest.fixture
def watching(answering: Installation) -> Installation:
    """Three invoices of two customers that follow the standard playbook."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 40), ("A-2", "oak", -20), ("B-1", "elm", 10))))
    answering.look_at_all()
    return answering


def test_the_preview_tells_for_every_invoice_where_it_stands_and_what_comes_and_changes_nothing(watching: Installation) -> None:
    told = json.loads(watching.run("playbook", "migrate", "--from", "standard", "--to", "b2b-three-weeks", "--json").stdout)
    assert told["to"] == "b2b-three-weeks" and told["hash"] == playbooks.load("b2b-three-weeks").hash
    first, second, third = told["invoices"]
    assert [one["number"] for one in told["invoices"]] == ["A-1", "A-2", "B-1"]
    assert (first["stands"], first["step_before"], first["step_after"], first["done"]) == ("nothing yet", "third reminder", "first reminder", [])
    assert (second["step_before"], second["step_after"]) == ("upcoming", "first reminder")
    assert third["day_before"] and third["day_after"] and not third["problem"]
    said = watching.run("playbook", "migrate", "--from", "standard", "--to", "b2b-three-weeks").stdout
    assert "A-1" in said and "3 invoices" in said and "add --yes --reason WHY" in said
    assert watching.told == []


def test_with_yes_each_invoice_is_told_once_in_the_name_of_the_person(watching: Installation) -> None:
    words = ("playbook", "migrate", "--from", "standard", "--to", "b2b-three-weeks", "--yes", "--reason", "signed off", "--by", "Ms. Nair")
    assert watching.run(*words).stdout == "3 invoices moved.\n"
    new = playbooks.load("b2b-three-weeks")
    assert [told[1:] for told in watching.told] == [(PlaybookSwapped(new.hash, new.name, (), taken=0), "local owner for Ms. Nair", "signed off")] * 3
    assert len({told[0] for told in watching.told}) == 3


def test_one_that_is_not_taken_keeps_no_other_from_moving(watching: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    from starter import Answer

    answers = iter([Answer(True, "moved"), Answer(False, "a message to this customer is on its way"), Answer(True, "moved")])

    async def override(*_: object, **__: object) -> Answer:
        return next(answers)

    monkeypatch.setattr("starter.Door.override", override)
    ended = watching.run("playbook", "migrate", "--from", "standard", "--to", "b2b-three-weeks", "--yes", "--reason", "x", status=1)
    assert ended.stdout == "2 invoices moved.\n  A-2 was left: a message to this customer is on its way\n"
    assert "1 invoice of 3 could not be moved now; run it again for the rest" in ended.stderr


def test_what_follows_that_edition_already_is_not_moved_again(watching: Installation) -> None:
    said = watching.run("playbook", "migrate", "--from", "standard", "--to", "standard").stdout
    assert said.startswith("No running invoice needs to move")


def test_an_edition_is_named_by_the_beginning_of_its_hash(watching: Installation) -> None:
    edition = playbooks.load("standard").hash
    told = json.loads(watching.run("playbook", "migrate", "--from", f"standard@{edition[:8]}", "--to", "owner-voice", "--json").stdout)
    assert len(told["invoices"]) == 3
    refused = watching.run("playbook", "migrate", "--from", "standard@0000", "--to", "owner-voice", status=1).stderr
    assert f"standard@0000: no such edition is stored; there are standard@{edition[:12]} (3 running invoices)" in refused
    assert watching.run("playbook", "diff", f"standard@{edition[:8]}", "standard").stdout == "Nothing differs.\n"


@pytest.mark.parametrize(
    "words, status, said",
    [
        (("--from", "nothing", "--to", "standard"), 1, "--from: no invoice has ever followed a playbook called 'nothing'"),
        (("--from", "standard", "--to", "nothing"), 1, "does not exist; choose from"),
        (("--from", "standard", "--to", "owner-voice", "--yes"), 2, "--reason: say why"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(watching: Installation, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in watching.run("playbook", "migrate", *words, status=status).stderr
    assert watching.told == []


def test_a_single_invoice_is_moved_the_same_way(watching: Installation) -> None:
    watching.run("case", "swap", "A-1", "--to", "owner-voice", "--reason", "the owner takes care of them")
    new = playbooks.load("owner-voice")
    assert watching.told[0][1] == PlaybookSwapped(new.hash, new.name, (), taken=0)
