"""Putting things right by hand: watches begun anew after Temporal's store was lost, and what was really sent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.session import knock, open_database, read_settings
from cli.terminal import as_json, count, print_json, print_table, say

if TYPE_CHECKING:
    from domain.catching_up import Compared
    from settings import Settings
    from starter import Door

# How long the last watch that has not answered is waited for.
_PATIENCE_SECONDS = 20


class UnableToRepair(Exception):
    """What stands in the way, and what to do first."""


@click.command(short_help="Begin every lost watch anew, without repeating a reminder.")
@as_json
def rebuild(as_json: bool) -> None:
    """Begin anew every watch that Temporal has no run of, and let every other look again now.

    Payment plans and the weekly reviews that nobody has read yet are watched like invoices.

    For when Temporal's store was lost, or put back from an older copy. Each watch begins from what the database remembers,
    so no reminder is repeated and none is left out. Messages that could not be acted on before are tried once more.
    Running it twice does no harm; at the same time, the second is refused.

    \b
    Example:
      dunwell rebuild
    """
    import asyncio
    from datetime import UTC, datetime, timedelta

    from db import inbox
    from db.turns import UnableToTakeTurn, take_turn

    settings = read_settings()

    async def put_right() -> dict[str, int]:
        async with knock(settings) as door:
            if not await door.check():
                raise UnableToRepair("Temporal does not answer; start it first (dunwell up), then run dunwell rebuild again")
            with take_turn(door.database, "rebuild"):
                return await begin_anew(door)

    async def begin_anew(door: Door) -> dict[str, int]:
        with door.database.transaction() as connection:
            words = inbox.revive_dead(connection)
        now = datetime.now(UTC)
        revived = await door.revive(now + timedelta(hours=1))
        await door.pass_on(now + timedelta(hours=1))
        looking = {"looking_again": await door.nudge(), "plans_looking_again": await door.nudge_plans()}
        return {"begun_anew": revived, **looking, "messages_tried_again": words}

    try:
        done = asyncio.run(put_right())
    except UnableToTakeTurn:
        raise UnableToRepair("dunwell rebuild is running already, here or on another machine; it does all that this one would, so wait for it") from None
    if as_json:
        print_json(done)
        return
    plans = f" and {count(done['plans_looking_again'], 'payment plan')}" if done["plans_looking_again"] else ""
    say(f"{count(done['begun_anew'], 'watch is', 'watches are')} begun anew; {count(done['looking_again'], 'invoice')}{plans} in all look again now.")
    if done["messages_tried_again"]:
        say(f"{count(done['messages_tried_again'], 'message is', 'messages are')} tried once more.")


@click.command(short_help="Compare with what was really sent.")
@click.option("--assume-sent", is_flag=True, help="Leave out the reminders of which no log can tell, as dunwell unfence does.")
@as_json
def reconcile(assume_sent: bool, as_json: bool) -> None:
    """Learn what was sent and is not known here: after a restore, or when nobody knows whether a message left.

    The running watches are asked what they remember, and the mail provider's log what it accepted. Each message found there
    is written down as sent, and none of its reminders is repeated. Where there is no log to read, the reminders that fell
    due in the time that is missing are listed. Running it twice does no harm; SendGrid's log gives six answers a minute.

    \b
    Example:
      dunwell reconcile
    """
    import asyncio
    from dataclasses import asdict
    from datetime import UTC, datetime

    from worker import make_reconciler

    settings = read_settings()
    is_seen = not as_json and sys.stderr.isatty()
    with open_database(settings) as database:
        reconciler = make_reconciler(settings, database)
        asked = asyncio.run(_ask_watches(settings))
        found = reconciler.compare(datetime.now(UTC), lambda n: click.echo(f"\r{count(n, 'message')} looked at", err=True, nl=False) if is_seen else None)
        left_out = reconciler.presume_sent(datetime.now(UTC)) if assume_sent else ()
    if is_seen:
        click.echo(err=True)
    if as_json:
        print_json({"watches": asked, "compared": asdict(found) if found else None, "left_out": len(left_out)})
    else:
        _tell(found, asked, len(left_out))


async def _ask_watches(settings: Settings) -> dict[str, int] | None:
    """Have every running watch look again, so that it tells what it remembers; how many were asked and have not looked
    within their time. None: Temporal is away."""
    import asyncio
    from datetime import UTC, datetime

    from db import cases

    async with knock(settings) as door:
        if not await door.check():
            return None
        began = datetime.now(UTC)
        asked, silent, patience = await door.nudge(), 0, _PATIENCE_SECONDS
        while patience > 0:
            with door.database.reading() as connection:
                before, silent = silent, len(cases.running_since(connection, began))
            if not silent:
                break
            patience = _PATIENCE_SECONDS if silent < before else patience - 1
            await asyncio.sleep(1)
        return {"asked": asked, "silent": silent}


def _tell(found: Compared | None, asked: dict[str, int] | None, left_out: int) -> None:
    if asked is None:
        say("Temporal is away, so running watches could not be asked what they remember.")
    elif asked["silent"]:
        say(f"{count(asked['silent'], 'running watch has', 'running watches have')} not answered; see that a worker is up, and run this again.")
    if found is None:
        say("Nothing is in doubt here, and there is no fence.")
        return
    steps = sum(len(one.steps) for one in found.learned)
    say(f"{count(found.looked_at, 'message')} looked at since {found.since:%d %b %Y, %H:%M} UTC; {len(found.learned)} of them were not known here as sent.")
    if found.learned:
        print_table(["Sent", "Invoice", "Reminder"], [[f"{one.at:%Y-%m-%d %H:%M}", step.number, step.step] for one in found.learned for step in one.steps])
        say(f"{count(steps, 'reminder is', 'reminders are')} written down as sent, and will not be repeated.")
    for one in found.unmatched:
        say(f"About an invoice not known here: {one.subject!r} to {one.to_address}, {one.at:%Y-%m-%d %H:%M}")
    if found.unmatched:
        say("Bring the ledger up to date (dunwell import FILE), then run dunwell reconcile again.")
    if found.problem:
        say(f"The log does not tell everything: {found.problem}.")
    if found.problem and not found.uncertain:
        say("No reminder fell due in the time that is missing.")
    elif found.problem:
        say(f"{count(len(found.uncertain), 'reminder')} may have been sent, and nobody can tell:")
        print_table(["About", "Invoice", "Reminder"], [[f"{one.at:%Y-%m-%d %H:%M}", one.number, one.title] for one in found.uncertain])
        if left_out:
            say(f"{count(left_out, 'reminder is', 'reminders are')} left out; a task lists them.")
        else:
            say("dunwell unfence leaves them out; look in the mail server's log first if you want them sent.")
