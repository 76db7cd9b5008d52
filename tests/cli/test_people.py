"""Who works here and who stands in, and what came of a task in one word, from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from db import approvals, tasks
from db.people import Access
from domain.event import ApprovalGiven, DisputeRaised, News, PromiseMade, Replied, Spoken
from domain.task import Task, TaskKind
from tests.cli.installation import Installation


def listed(installation: Installation) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in json.loads(installation.run("people", "list", "--json").stdout)}


def test_people_are_added_changed_and_listed(installation: Installation) -> None:
    installation.run("people", "add", "Tom Ray")
    installation.run("people", "add", "Vera Lind", "--email", "vera@ours.example", "--duties", "approver,ar", "--deputy", "Tom Ray")
    assert listed(installation)["Vera Lind"]["duties"] == ["ar", "approver"]
    installation.run("people", "set", "Vera Lind", "--duties", "owner", "--role", "agent")
    vera = listed(installation)["Vera Lind"]
    assert (vera["duties"], vera["role"], vera["deputy"], vera["email"]) == (["owner"], "agent", "Tom Ray", "vera@ours.example")
    assert "Vera Lind" in installation.run("people", "list").stdout


def test_what_cannot_be_is_refused_with_the_remedy(installation: Installation) -> None:
    installation.run("people", "add", "Tom Ray")
    installation.run("people", "add", "Vera Lind", "--deputy", "Tom Ray")
    for words, said in (
        (("set", "Tom Ray", "--deputy", "Vera Lind"), "goes round in a circle"),
        (("set", "Tom Ray", "--deputy", "Max"), "dunwell people add 'Max'"),
        (("set", "Max", "--role", "agent"), "dunwell people list"),
        (("add", "Tom Ray"), "dunwell people set 'Tom Ray'"),
        (("set", "Tom Ray", "--email", "tom at ours"), "--email"),
        (("set", "Tom Ray", "--duties", "aprover"), "choose from owner, ar"),
        (("away", "Tom Ray", "--through", "2020-01-01"), "--through"),
    ):
        result = installation.run("people", *words, status=2 if said in ("--email", "--through") or "choose" in said else 1)
        assert said in " ".join(result.output.split()), result.output


def test_whoever_takes_on_everyday_receivables_gets_what_nobody_owned(installation: Installation) -> None:
    with installation.database().transaction() as connection:
        for key, owner in (("loose", "accounts receivable"), ("toms", "Tom Ray")):
            tasks.open_tasks(connection, [Task(key, TaskKind.REVIEW, key, "do it", owner, installation.today())], None, datetime.now(UTC))
    assert "goes to" not in installation.run("people", "add", "Tom Ray").stdout
    assert "1 open task that nobody owned goes to Vera Lind" in installation.run("people", "add", "Vera Lind", "--duties", "ar").stdout
    owners = {one["title"]: one["owner"] for one in json.loads(installation.run("tasks", "list", "--json").stdout)}
    assert owners == {"loose": "Vera Lind", "toms": "Tom Ray"}


def test_an_absence_hands_the_open_tasks_of_these_days_over(installation: Installation) -> None:
    today = installation.today()
    installation.run("people", "add", "Tom Ray")
    installation.run("people", "add", "Vera Lind", "--deputy", "Tom Ray")
    with installation.database().transaction() as connection:
        for key, due in (("soon", today + timedelta(days=1)), ("late", today - timedelta(days=1)), ("after", today + timedelta(days=30))):
            tasks.open_tasks(connection, [Task(key, TaskKind.REVIEW, key, "do it", "Vera Lind", due)], None, datetime.now(UTC))
    said = installation.run("people", "away", "Vera Lind", "--through", str(today + timedelta(days=7))).stdout
    assert "goes to Tom Ray" in said and "2 open tasks are handed over" in said
    assert {one["title"]: one["owner"] for one in json.loads(installation.run("tasks", "list", "--json").stdout)} == {
        "soon": "Tom Ray",
        "late": "Tom Ray",
        "after": "Vera Lind",
    }
    assert listed(installation)["Vera Lind"]["acts_today"] == "Tom Ray"
    installation.run("people", "back", "Vera Lind")
    assert listed(installation)["Vera Lind"]["acts_today"] == "Vera Lind"


def test_where_nobody_stands_in_it_falls_to_the_owner_and_says_so(installation: Installation) -> None:
    installation.run("people", "add", "Olga Berg", "--duties", "owner")
    installation.run("people", "add", "Vera Lind")
    said = installation.run("people", "away", "Vera Lind", "--through", str(installation.today())).stdout
    assert "Olga Berg, for nobody stands in" in said


def a_task(installation: Installation, kind: TaskKind, key: str = "act/1") -> str:
    """One open task about a watched invoice; its id."""
    installation.run("import", str(installation.write_csv(("INV-1", "acme", 5))))
    installation.look_at_all()
    with installation.database().transaction() as connection:
        (case,) = connection.exec_driver_sql("select id from cases").scalars()
        tasks.open_tasks(connection, [Task(key, kind, "Call Acme", "Ask when the money comes", "Ann", installation.today())], case, datetime.now(UTC))
        if kind is TaskKind.APPROVE:
            approvals.keep(connection, case, 1, "first-reminder", "h" * 64, "Reminder", "Dear Bea", datetime.now(UTC), channel="email", recipient="Bea")
    found = [one for one in json.loads(installation.run("tasks", "list", "--json").stdout) if one["title"] == "Call Acme"]
    return str(found[0]["id"])


def test_a_task_shows_its_script_its_history_and_how_it_can_end(answering: Installation) -> None:
    task = a_task(answering, TaskKind.CALL)
    shown = answering.run("tasks", "show", task).stdout
    for said in ("Ask when the money comes", "INV-1", "watching begins", "--result spoke|voicemail"):
        assert said in shown, said
    told = json.loads(answering.run("tasks", "show", task, "--json").stdout)
    assert told["script"] == "Ask when the money comes" and told["history"] and "promise" in told["results"]
    assert "there is no open task task_0" in answering.run("tasks", "show", "task_0", status=1).output


def test_one_word_tells_the_invoice_and_closes_the_task(answering: Installation) -> None:
    task, token = a_task(answering, TaskKind.CALL), answering.token("Ann", Access.AGENT)
    day = str(answering.today() + timedelta(days=4))
    answering.run("tasks", "done", task, "--result", "promise", "--day", day, "--amount", "60", "--reason", "Ms. Nair", DUNWELL_TOKEN=token)
    (_, first, by, why), (_, second, _, _) = answering.told[-2:]
    assert isinstance(first, PromiseMade) and str(first.day) == day and str(first.amount) == "60" and (by, why) == ("Ann", "Ms. Nair")
    assert second == Spoken()
    assert "no open task" in answering.run("tasks", "done", task, "--result", "voicemail", status=1).output


@pytest.mark.parametrize("playbook, news, put_in", [("issue-to-payment", [Spoken()], ["hold", "offered"]), ("standard", [Replied(), Spoken()], [])])
def test_who_asks_on_the_phone_to_pay_in_parts_is_sent_the_proposal_where_the_playbook_offers_plans(
    answering: Installation, monkeypatch: pytest.MonkeyPatch, playbook: str, news: list[News], put_in: list[str]
) -> None:
    passed_on: list[str] = []

    async def report_all(door: object, words: tuple[str, ...]) -> int:
        passed_on.extend(words)
        return len(words)

    monkeypatch.setattr("starter.Door.report_all", report_all)
    monkeypatch.setenv("DUNWELL_PLAYBOOK", playbook)
    task = a_task(answering, TaskKind.CALL)
    said = answering.run("tasks", "done", task, "--result", "plan").stdout
    assert [told[1] for told in answering.told] == news
    with answering.database().reading() as connection:
        rows = connection.exec_driver_sql("select kind, id from inbox where source = 'task' order by kind").all()
    assert [kind for kind, _ in rows] == put_in and sorted(passed_on) == sorted(row for _, row in rows)
    assert ("is proposed in writing" in said) == bool(put_in)
    assert "no open task" in answering.run("tasks", "show", task, status=1).output


def test_a_result_that_does_not_fit_closes_nothing(answering: Installation) -> None:
    task = a_task(answering, TaskKind.CALL)
    assert "choose from spoke, voicemail" in answering.run("tasks", "done", task, "--result", "voicemial", status=1).output
    assert "--day" in answering.run("tasks", "done", task, "--result", "promise", status=1).output
    assert "--amount" in answering.run("tasks", "done", task, "--result", "disputed", "--amount", "many", status=2).output
    assert answering.told == [] and answering.run("tasks", "show", task)


def test_words_of_ones_own_only_close_it(answering: Installation) -> None:
    task = a_task(answering, TaskKind.CALL)
    answering.run("tasks", "done", task, "--result", "left it to Tom")
    assert answering.told == [] and "no open task" in answering.run("tasks", "show", task, status=1).output


def test_an_approval_task_shows_the_text_and_agrees_to_exactly_that(answering: Installation) -> None:
    task = a_task(answering, TaskKind.APPROVE)
    assert "Dear Bea" in answering.run("tasks", "show", task).stdout
    answering.run("tasks", "done", task, "--result", "approved")
    assert answering.told[-1][1] == ApprovalGiven("first-reminder", "h" * 64)


def test_a_dispute_ends_a_call_too(answering: Installation) -> None:
    task = a_task(answering, TaskKind.CALL)
    answering.run("tasks", "done", task, "--result", "disputed", "--about", "two boxes missing")
    assert [type(news) for _, news, _, _ in answering.told] == [DisputeRaised, Spoken]
