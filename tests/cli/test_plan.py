"""Payment plans on the command line: offered, shown, answered, and refused with the reason."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.assessor import Assessor
from activities.ledgers import Ledgers
from activities.plans import Plans
from cli.session import read_settings
from db import inbox, plans
from db.people import Access
from domain.plan_keeping import PlanWord
from starter import Answer
from tests.cli.installation import OURS, Installation
from worker import make_policy
from workflows.contract import plan_id
from workflows.ports import AskPlan


@pytest.fixture
def planning(answering: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Three invoices of two customers, and a worker that looks at a plan as soon as something is said to it."""
    answering.run("import", str(answering.write_csv(("A-1", "oak", 40), ("A-2", "oak", -20), ("B-1", "elm", 10))))
    answering.look_at_all()
    database = answering.database()
    keeping = Plans(database, Ledgers(database, {}), Assessor(make_policy(read_settings())))

    async def tell_plan(door: object, plan: str, word: PlanWord, *, by: str, why: str, key: str | None = None) -> Answer:
        now = datetime.now(UTC)
        with database.transaction() as connection:
            row, _ = inbox.receive(
                connection, source="person", source_id=str(now), kind=word.kind, body=plans.spell(replace(word, by=by, why=why)), now=now, case_id=plan_id(plan)
            )
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, started_time=now)
        environment.run(keeping.assess_plan, AskPlan(plan))
        with database.reading() as connection:
            heard = inbox.load_word(connection, row)
        assert heard is not None and heard.reply is not None
        return Answer(heard.reply.taken, heard.reply.said)

    monkeypatch.setattr("starter.Door.tell_plan", tell_plan)
    return answering


def day(planning: Installation, later: int) -> str:
    return (planning.today() + timedelta(days=later)).isoformat()


def test_a_plan_is_offered_countered_accepted_and_called_off(planning: Installation) -> None:
    said = planning.run("plan", "offer", "A-1", "A-2", "--first", day(planning, 5), "--every", "14", "--reason", "short of cash").stdout
    assert "3 installments of together 200.00 EUR offered; an answer is awaited until" in said
    shown = json.loads(planning.run("plan", "show", "A-2", "--json").stdout)
    assert [part["amount"] for part in shown["installments"]] == ["66.67", "66.67", "66.66"]
    assert (shown["state"], shown["reason"], {one["number"] for one in shown["invoices"]}) == ("offered", "short of cash", {"A-1", "A-2"})
    planning.run("plan", "counter", "A-1", "--pay", f"{day(planning, 9)}=150", "--pay", f"{day(planning, 5)}=50", "--reason", "they asked")
    planning.run("plan", "accept", shown["id"], "--reason", "in writing")
    lines = planning.run("plan", "show", shown["id"]).stdout
    assert next(line for line in lines.splitlines() if "next look" in line).endswith("(Europe/London)"), "the seller's own zone"
    assert "accepted" in lines and "150.00 EUR  open" in lines and "A-1: 100.00 EUR" in lines
    assert "oak Ltd" in planning.run("plan", "list").stdout
    assert "a payment plan covers it" in planning.run("case", "show", "A-1").stdout
    planning.run("plan", "decline", "A-1", "--reason", "they pay at once")
    assert "There is no payment plan under way" in planning.run("plan", "list").stdout
    assert [line["state"] for line in json.loads(planning.run("plan", "list", "--all", "--json").stdout)] == ["declined"]


def test_what_makes_no_plan_is_refused_with_the_reason(planning: Installation) -> None:
    offer = ("plan", "offer", "--reason", "x", "--first")
    for words, said in (
        ((*offer, day(planning, 5), "A-1", "B-1"), "a plan covers invoices of one customer"),
        ((*offer, day(planning, 60), "A-1"), "must fall due between"),
        ((*offer, day(planning, 5), "Z-1"), "no watched invoice has the number 'Z-1'"),
        (("plan", "accept", "A-1", "--reason", "x"), "no payment plan has the id 'A-1' or covers that invoice"),
    ):
        assert said in planning.run(*words, status=1).output
    planning.run(*offer, day(planning, 5), "A-1")
    for words, said in (
        (("plan", "counter", "A-1", "--reason", "x"), "say either --installments and --first, or --pay"),
        (("plan", "counter", "A-1", "--reason", "x", "--pay", "soon=5"), "--pay: 'soon=5' is not a day and an amount"),
        (("plan", "accept", "A-1", "--reason", " "), "--reason: say why"),
    ):
        assert said in planning.run(*words, status=2).output
    assert "they add up to 5.00 EUR" in planning.run("plan", "counter", "A-1", "--reason", "x", "--pay", f"{day(planning, 5)}=5", status=1).output


def test_only_a_person_who_may_change_invoices_changes_a_plan(planning: Installation) -> None:
    viewer = planning.token("Vera Lind", Access.VIEWER)
    said = planning.run("plan", "offer", "A-1", "--first", day(planning, 5), "--reason", "x", "--token", viewer, status=1).output
    assert "Vera Lind has the role viewer" in said


def test_the_reader_meets_no_word_of_ours(planning: Installation) -> None:
    planning.run("plan", "offer", "A-1", "--first", day(planning, 5), "--reason", "x")
    for words in (("plan", "show", "A-1"), ("plan", "list"), ("case", "diary", "A-1"), ("tasks", "list"), ("plan", "--help"), ("plan", "offer", "--help")):
        said = planning.run(*words).stdout.lower()
        assert [word for word in OURS if word in said] == [], words
