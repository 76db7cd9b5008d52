"""People leave customers alone on some days, and take it back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from db import parties
from db.people import Access
from tests.cli.installation import OURS, Installation


@pytest.fixture
def quiet(answering: Installation) -> Installation:
    """With two customers, oak and elm."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 4), ("A-2", "elm", 4))))
    answering.nudged.clear()
    return answering


def days(quiet: Installation, first: int, last: int) -> tuple[str, ...]:
    return "--from", str(quiet.today() + timedelta(days=first)), "--through", str(quiet.today() + timedelta(days=last))


def listed(quiet: Installation) -> list[dict[str, Any]]:
    return list(json.loads(quiet.run("quiet", "list", "--json").stdout))


def test_a_customer_is_left_alone_and_sending_waits(quiet: Installation) -> None:
    said = quiet.run("quiet", "add", "--customer", "oak", *days(quiet, 0, 3), "--reason", "stocktaking").stdout
    assert "what falls due waits until it is over" in said and quiet.nudged == []
    (one,) = listed(quiet)
    assert (one["scope"], one["why"], one["stops_clock"], one["first_day"]) == ("customer", "stocktaking", False, str(quiet.today()))
    assert one["name"] == "oak", "people know it by its number"
    shown = quiet.run("quiet", "list").stdout
    assert "customer oak" in shown and "runs on" in shown and "stocktaking" in shown


def test_where_the_clock_stops_everything_planned_is_looked_at_again(quiet: Installation) -> None:
    said = quiet.run("quiet", "add", "--country", "se", *days(quiet, 5, 9), "--reason", "summer", "--stop-clock").stdout
    assert said.endswith("3 invoices are looked at again now.\n")
    assert quiet.nudged == [("planned", "quiet")]
    assert [(one["scope"], one["whom"]) for one in listed(quiet)] == [("country", "SE")]
    assert "stops" in quiet.run("quiet", "list").stdout


def test_ending_a_period_makes_what_waited_for_it_look_again(quiet: Installation) -> None:
    quiet.run("quiet", "add", "--seller", "main", *days(quiet, 0, 9), "--reason", "moving")
    (one,) = listed(quiet)
    said = quiet.run("quiet", "end", one["id"], "--reason", "moved").stdout
    assert "is over. 3 invoices are looked at again now." in said and quiet.nudged == [("quiet",)]
    assert listed(quiet) == []
    assert "no quiet period has the id" in quiet.run("quiet", "end", one["id"], "--reason", "again", status=1).stderr
    assert "There is no quiet period" in quiet.run("quiet", "list").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name exactly one of --seller, --country and --customer"),
        (("--seller", "main", "--country", "DE"), "name exactly one of"),
        (("--seller", "nobody"), "--seller: 'nobody' is not in sellers.yaml"),
        (("--country", "Sweden"), "--country: 'Sweden' is not a country; write its ISO 3166 code, such as SE"),
        (("--customer", "ash"), "--customer: no customer has the number 'ash'"),
    ],
)
def test_whose_quiet_it_is_must_be_clear(quiet: Installation, words: tuple[str, ...], said: str) -> None:
    assert said in quiet.run("quiet", "add", *words, *days(quiet, 0, 1), "--reason", "x", status=1).stderr
    assert listed(quiet) == []


def test_days_must_come_in_order_and_not_be_over(quiet: Installation) -> None:
    add = ("quiet", "add", "--country", "DE", "--reason", "x")
    assert "--through: " in quiet.run(*add, *days(quiet, 5, 4), status=1).stderr
    assert "has gone; a quiet period ends today or later" in quiet.run(*add, *days(quiet, -9, -2), status=1).stderr
    assert "say why in a few words" in quiet.run(*add[:-1], " ", *days(quiet, 0, 1), status=2).stderr


def test_only_who_may_change_things_may_set_quiet(quiet: Installation) -> None:
    viewer = quiet.token("Vera", Access.VIEWER)
    refused = quiet.run("quiet", "add", "--country", "DE", *days(quiet, 0, 1), "--reason", "x", "--token", viewer, status=1).stderr
    assert "needs the role agent" in refused and listed(quiet) == []


def test_it_speaks_the_reader_s_words(quiet: Installation) -> None:
    quiet.run("quiet", "add", "--country", "DE", *days(quiet, 0, 1), "--reason", "x")
    assert not [word for word in OURS if word in quiet.run("quiet", "list").stdout.lower()]


def test_doctor_says_whether_the_limits_on_contact_are_lawful(quiet: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def law() -> list[dict[str, Any]]:
        return [one for one in json.loads(quiet.run("doctor", "--json", status=1).stdout) if one["what"] == "law"]

    assert [one["health"] for one in law()] == ["ok"]
    with quiet.database().transaction() as connection:
        connection.exec_driver_sql("update customers set country = 'AU' where number = 'oak'")
        assert {place for places, _ in parties.list_parties(connection) for place in places} == {"AU", "GB"}
    assert [one["health"] for one in law()] == ["ok"], "what is shipped is lawful in Australia"
    monkeypatch.setenv("DUNWELL_CONTACTS_PER_WEEK", "5")
    (wrong,) = law()
    assert wrong["health"] == "wrong" and "(au-frequency)" in wrong["said"]
    assert wrong["remedy"].startswith("cap them at 3 in 7 days or less: ") and "DUNWELL_CONTACTS_PER_WEEK" in wrong["remedy"]
    refused = quiet.run("up", "--data", str(quiet.folder), status=1, DUNWELL_TEMPORAL_ADDRESS=None)  # type: ignore[arg-type]
    assert "the limits on contact go beyond the law" in refused.stderr and "au-frequency" in refused.stderr
