"""``dunwell review``: what the owner reads, and says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from temporalio.testing import ActivityEnvironment

from activities.review import Reviews
from db.people import Access
from support.by_hand import ScriptedMailer
from tests.cli.installation import OURS, Installation


def hold_review(installation: Installation) -> str:
    """An invoice 40 days late that nobody looks after, and this week's review of it."""
    installation.run("import", str(installation.write_csv(("A-1", "oak", 40))))
    installation.look_at_all()
    database = installation.database()
    made = Reviews(database, ScriptedMailer())
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=datetime.now(UTC))
    with database.transaction() as connection:
        connection.exec_driver_sql("delete from tasks")
    review = environment.run(made.open_review, "main")
    environment.run(made.follow_review, review)
    return review.rpartition("/")[2]


def test_it_shows_what_nobody_has_touched_and_the_mail_word_for_word(answering: Installation) -> None:
    week = hold_review(answering)
    said = answering.run("review", "show", "--mails").stdout
    assert f"Review of {week}: not reviewed" in said
    assert "Nobody had touched 100.00 EUR. Still open of what it shows: 100.00 EUR." in said
    assert "Nobody has touched these." in said
    assert "A-1" in said
    assert "digest to hanna@brightwater.example: kept here, for nothing leaves yet" in said
    assert not [word for word in OURS if f" {word}" in said.lower()]


def test_it_tells_programs_the_same(answering: Installation) -> None:
    week = hold_review(answering)
    told = json.loads(answering.run("review", "show", week, "--json").stdout)
    assert (told["week"], told["untouched"], told["shown"]) == (week, [{"amount": "100.00", "currency": "EUR"}], 1)
    assert [(line["number"], line["reasons"]) for line in told["invoices"]] == [("A-1", ["untouched"])]
    assert [mail["state"] for mail in told["mails"]] == ["shadowed"]
    assert [one["week"] for one in json.loads(answering.run("review", "list", "--json").stdout)] == [week]


def test_it_is_reviewed_once_by_name_and_with_a_note(answering: Installation) -> None:
    week = hold_review(answering)
    said = answering.run("review", "done", "--by", "Hanna Weiss", "--note", "called oak").stdout
    assert said == f"The review of {week} is settled: reviewed by Hanna Weiss.\n"
    assert "Noted: called oak" in answering.run("review", "show").stdout
    assert "reviewed by Hanna Weiss" in answering.run("review", "list").stdout
    assert "looked through already: reviewed by Hanna Weiss" in answering.run("review", "done", "--by", "x", "--note", "y", status=1).stderr
    assert "Review of" not in answering.run("tasks", "list").stdout


def test_who_has_reviewed_it_and_what_was_decided_must_be_said_by_somebody_who_may(answering: Installation) -> None:
    hold_review(answering)
    assert "--note" in answering.run("review", "done", "--by", "Ann", status=2).stderr
    assert "--note: write one line" in answering.run("review", "done", "--by", "Ann", "--note", "  ", status=2).stderr
    viewer = answering.token("Vic", Access.VIEWER)
    assert "needs the role agent" in answering.run("review", "done", "--by", "Vic", "--note", "x", status=1, DUNWELL_TOKEN=viewer).stderr
    assert "not reviewed" in answering.run("review", "list").stdout


def test_a_week_without_a_review_is_named_with_those_there_are(answering: Installation) -> None:
    assert "there is no review for main yet" in answering.run("review", "show", status=1).stderr
    assert "There is no review yet" in answering.run("review", "list").stdout
    week = hold_review(answering)
    assert f"there is no review of '2020-W01' for main; the latest are {week}" in answering.run("review", "show", "2020-W01", status=1).stderr
