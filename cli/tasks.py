"""``dunwell tasks``: what a person must do, with its history and script, and what came of it in one word."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from cli.session import identify, knock, open_database, read_settings, token_option
from cli.terminal import DAY, as_json, day, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.approvals import ApprovalText
    from db.engine import Database
    from db.stories import OpenTask, Story
    from domain.event import News
    from settings import Settings

_LAST_LINES = 12


class UnableToFinish(Exception):
    """A task that is not there, or whose result was not taken; the message says what to do."""


@click.group(short_help="What a person must do, and what came of it.")
def tasks() -> None:
    """What a person must do: call somebody, agree to a text, repair an address, look for a lost message.

    \b
    Examples:
      dunwell tasks list --for "Vera Lind"
      dunwell tasks show task_1f2e3d
      dunwell tasks done task_1f2e3d --result promise --day 2026-12-04
    """


@tasks.command("list", short_help="The open tasks, most urgent first.")
@click.option("--for", "name", default="", help="Only those of this person.")
@as_json
def list_(name: str, as_json: bool) -> None:
    """The open tasks with what to do about each.

    \b
    Example:
      dunwell tasks list
    """
    from dataclasses import asdict

    from db.stories import open_tasks

    with open_database(read_settings()) as database, database.reading() as connection:
        found = [one for one in open_tasks(connection) if name in ("", one.owner)]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        say(f"Nothing waits for {name or 'a person'}.")
        return
    print_table(["Task", "Due", "Owner", "What", "What to do"], [[one.id, day(one.due), one.owner, one.title, _first_lines(one.remedy)] for one in found])
    say("\nThe whole of one, with its history and its possible results: dunwell tasks show TASK")


@tasks.command(short_help="One task whole: script, history, possible results.")
@click.argument("task")
@as_json
def show(task: str, as_json: bool) -> None:
    """Show everything about TASK: what to say or do, how the invoice stands, what has happened, and how it can end.

    \b
    Example:
      dunwell tasks show task_1f2e3d
    """
    from domain.results import results_for
    from domain.task import TaskKind
    from playbooks.booked import list_ours

    with open_database(read_settings()) as database:
        found, story, asked = _load(database, task)
    results = results_for(TaskKind(found.kind))
    if as_json:
        print_json(_describe(found, story, asked, results))
        return
    say(f"{found.title}\n  {found.owner}, by {day(found.due)}")
    if story:
        say(f"  invoice {story.line.number} of {story.line.customer_name}: {story.line.balance} open, due {day(story.line.due)}")
    say(f"\n{found.remedy}")
    if asked:
        say(f"\nThe exact text{f', to {asked.recipient}' if asked.recipient else ''}:\n\n{asked.subject}\n\n{asked.text}")
    if story:
        if paid := list_ours(story.case.invoice):
            say("\nPayments")
        for one in paid:
            say(f"  {one}")
        say("\nWhat has happened")
        for entry in story.diary[-_LAST_LINES:]:
            say(f"  {day(entry.on)}  {entry.what}")
    say(f"\nIt ends with: dunwell tasks done {found.id} --result {'|'.join(results)}")


@tasks.command(short_help="Say what came of a task.")
@click.argument("task")
@click.option("--result", required=True, help="One word, such as voicemail or promise (tasks show lists them); or words of your own, which only close it.")
@click.option("--day", "on", type=DAY, help="Of a promise: when the money is to come. Of a wait: until when. Of a letter: when it was posted.")
@click.option("--amount", help="The part that is promised or disputed; all of it when left out.")
@click.option("--about", default="", help="What is wrong, for a dispute.")
@click.option("--reason", default="", help="More about it; it stands in the diary under your name.")
@token_option
@as_json
def done(task: str, result: str, on: datetime | None, amount: str | None, about: str, reason: str, token: str, as_json: bool) -> None:
    """Say that TASK (its id, from the list) is done, and what came of it. What is still wrong opens a task again by itself.

    A result of one word also tells the invoice: a promise silences it until its day, somebody spoken to counts as a contact.

    \b
    Examples:
      dunwell tasks done task_1f2e3d --result voicemail
      dunwell tasks done task_1f2e3d --result promise --day 2026-12-04 --reason "Ms. Nair, on the phone"
      dunwell tasks done task_1f2e3d --result disputed --amount 300 --about "two boxes missing"
      dunwell tasks done task_1f2e3d --result "wrote the address into the ledger"
    """
    from datetime import UTC
    from decimal import Decimal, InvalidOperation

    from db import tasks as kept
    from db.people import Access
    from db.resolving import PROPOSED
    from domain.results import REASONS, Told, news_of
    from domain.task import TaskKind

    try:
        part = Decimal(amount) if amount else None
    except InvalidOperation:
        raise click.UsageError(f"--amount: {amount!r} is no amount; write it like 1234.50, in the invoice's currency") from None
    result, why, now = " ".join(result.split()), " ".join(reason.split()), datetime.now(UTC)
    settings = read_settings()
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        found, story, asked = _load(database, task)
        kind, day_, text = TaskKind(found.kind), on.date() if on else None, (asked.step, asked.text_hash) if asked else ("", "")
        proposes = result == "plan" and story is not None and _proposes_plan(database, story, now)
        news = () if " " in result else news_of(result, Told(kind, found.key, day_, part, about, *text, proposes_plan=proposes))
        because = why or ("asks to pay in parts" if proposes else REASONS.get(result, result))
        said = _tell(settings, story.case.id, news, person.name, because, found.id) if story and news else []
        with database.transaction() as connection:
            asked_for = _propose_plan(connection, story, found.id, person.name, because, now) if proposes and story else ()
            kept.close_task(connection, found.id, f"{result}{f': {why}' if why else ''} ({person.name})", now)
        if asked_for:
            _pass_on(settings, asked_for)
            said.append(PROPOSED)
    if as_json:
        print_json({"task": found.id, "result": result, "said": said})
        return
    for line in said:
        say(f"Invoice {story.line.number if story else ''}: {line}.")
    say("Done.")


def _tell(settings: Settings, case: str, news: tuple[News, ...], by: str, why: str, task: str) -> list[str]:
    """Tell the invoice each of ``news``; its answers. Raises UnableToFinish at the first that is not taken: the task stays open."""
    import asyncio

    async def tell() -> list[str]:
        said = []
        async with knock(settings) as door:
            for one in news:
                answer = await door.override(case, one, by=by, why=why)
                if not answer.taken:
                    raise UnableToFinish(f"{answer.said}; task {task} stays open")
                said.append(answer.said)
        return said

    return asyncio.run(tell())


def _proposes_plan(database: Database, story: Story, now: datetime) -> bool:
    """Whether who asks about this invoice to pay in parts is sent the proposal of its playbook by ourselves."""
    from db.plan_requests import are_offered, find_to_cover
    from playbooks import from_resolved

    with database.reading() as connection:
        about = [story.case.id]
        return are_offered(connection, about, from_resolved) and bool(find_to_cover(connection, about, _today(story, now)))


def _propose_plan(connection: Connection, story: Story, task: str, by: str, why: str, now: datetime) -> tuple[str, ...]:
    from db.plan_requests import propose_as_asked

    return propose_as_asked(connection, task, [story.case.id], _today(story, now), by=by, why=why, now=now, source="task")


def _today(story: Story, now: datetime) -> date:
    from domain.calendar import local_day

    return local_day(now, (story.seller.time_zone,))


def _pass_on(settings: Settings, words: tuple[str, ...]) -> None:
    import asyncio

    async def pass_on() -> None:
        async with knock(settings) as door:
            await door.report_all(words)

    asyncio.run(pass_on())


def _load(database: Database, task: str) -> tuple[OpenTask, Story | None, ApprovalText | None]:
    """The open task, the invoice it is about, and the text it asks about. Raises UnableToFinish when there is no such task."""
    from datetime import UTC

    from db.approvals import load_latest
    from db.stories import load_story, open_task

    with database.reading() as connection:
        found = open_task(connection, task)
        if found is None:
            raise UnableToFinish(f"TASK: there is no open task {task}; dunwell tasks list shows them")
        story = load_story(connection, found.invoice, datetime.now(UTC), decisions=1) if found.invoice else None
        asked = load_latest(connection, story.case.id) if story and found.kind == "approve" else None
    return found, story, asked


def _describe(found: OpenTask, story: Story | None, asked: ApprovalText | None, results: tuple[str, ...]) -> dict[str, Any]:
    history = [{"on": entry.on, "what": entry.what, "by": entry.by} for entry in story.diary] if story else []
    text = {"subject": asked.subject, "text": asked.text, "to": asked.recipient} if asked else None
    return {
        "id": found.id,
        "kind": found.kind,
        "title": found.title,
        "script": found.remedy,
        "owner": found.owner,
        "due": found.due,
        "invoice": found.number,
        "balance": str(story.line.balance) if story else "",
        "asked": text,
        "payments": _payments(story) if story else None,
        "history": history,
        "results": results,
    }


def _payments(story: Story) -> list[dict[str, Any]] | None:
    """As the ledger tells them; None where it tells no single ones."""
    from dataclasses import asdict

    told = story.case.invoice.bookings
    return None if told is None else [asdict(one) | {"amount": str(one.amount)} for one in told]


def _first_lines(remedy: str) -> str:
    lines = remedy.split("\n")
    return remedy if len(lines) < 4 else "\n".join([*lines[:3], "..."])
