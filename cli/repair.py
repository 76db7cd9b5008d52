"""Putting things right by hand: watches begun anew after Temporal's store was lost, and tasks that are done."""

from __future__ import annotations

import click

from cli.session import identify, knock, open_database, read_settings, token_option
from cli.terminal import as_json, count, day, print_json, print_table, say


class UnableToRepair(Exception):
    """What stands in the way, and what to do first."""


@click.command(short_help="Begin every lost watch anew, without repeating a reminder.")
@as_json
def rebuild(as_json: bool) -> None:
    """Begin anew every watch that Temporal has no run of, and let every other look again now.

    For when Temporal's store was lost, or put back from an older copy. Each watch begins from what the database remembers,
    so no reminder is repeated and none is left out. Messages that could not be acted on before are tried once more.
    Running it twice does no harm.

    \b
    Example:
      dunwell rebuild
    """
    import asyncio
    from datetime import UTC, datetime, timedelta

    from db import inbox

    settings = read_settings()

    async def put_right() -> dict[str, int]:
        async with knock(settings) as door:
            if not await door.check():
                raise UnableToRepair("Temporal does not answer; start it first (dunwell up), then run dunwell rebuild again")
            with door.database.transaction() as connection:
                words = inbox.revive_dead(connection)
            now = datetime.now(UTC)
            revived = await door.revive(now + timedelta(hours=1))
            await door.pass_on(now + timedelta(hours=1))
            return {"begun_anew": revived, "looking_again": await door.nudge(), "messages_tried_again": words}

    done = asyncio.run(put_right())
    if as_json:
        print_json(done)
        return
    say(f"{count(done['begun_anew'], 'invoice is', 'invoices are')} watched anew, {done['looking_again']} in all look again now.")
    if done["messages_tried_again"]:
        say(f"{count(done['messages_tried_again'], 'message is', 'messages are')} tried once more.")


@click.group(short_help="What a person must do, and that it is done.")
def tasks() -> None:
    """What a person must do: repair an address, look for a lost message, decide about an old invoice.

    \b
    Example:
      dunwell tasks list
    """


@tasks.command("list", short_help="The open tasks, most urgent first.")
@as_json
def list_(as_json: bool) -> None:
    """The open tasks with what to do about each.

    \b
    Example:
      dunwell tasks list
    """
    from db.stories import open_tasks

    with open_database(read_settings()) as database, database.reading() as connection:
        found = open_tasks(connection)
    if as_json:
        print_json(found)
        return
    if not found:
        say("Nothing waits for a person.")
        return
    print_table(["Task", "Due", "Owner", "What", "What to do"], [[one.id, day(one.due), one.owner, one.title, one.remedy] for one in found])


@tasks.command(short_help="Say that a task is done.")
@click.argument("task")
@click.option("--result", required=True, help="What came of it; it is kept.")
@token_option
def done(task: str, result: str, token: str) -> None:
    """Say that TASK (its id, from the list) is done, and what came of it. What is still wrong opens a task again by itself.

    \b
    Example:
      dunwell tasks done task_1f2e3d --result "called them, they pay on Friday"
    """
    from datetime import UTC, datetime

    from db import tasks as kept
    from db.people import Access

    settings = read_settings()
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            if not kept.close_task(connection, task, f"{' '.join(result.split())} ({person.name})", datetime.now(UTC)):
                raise UnableToRepair(f"TASK: there is no open task {task}; dunwell tasks list shows them")
    say("Done.")
