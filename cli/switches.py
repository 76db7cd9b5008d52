"""What a person sets for the whole installation: how far the books are posted, sending stopped or going on, going live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.session import identify, knock, open_database, read_settings, token_option
from cli.terminal import as_json, count, day, print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.people import Access, Person
    from domain.seller import Seller
    from settings import Settings

# Names under which nobody receives mail (RFC 2606).
_RESERVED = (".example", ".invalid", ".test", "@example.com", "@example.net", "@example.org")


class UnableToSwitch(Exception):
    """What stands in the way of a change to the whole installation."""


@click.command("posted-through", short_help="Say through which day the bank is booked.")
@click.argument("day_", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--seller", default="", help="Whose books; needed when there are several sellers.")
@token_option
@as_json
def posted_through(day_: datetime, seller: str, token: str, as_json: bool) -> None:
    """Say that all bank statements through DATE are in the books.

    Overdue reminders wait until the books are posted through the last business day, because a payment of that day would
    not be seen otherwise. Where your accounting system tells this by itself, it need not be said.

    \b
    Example:
      dunwell posted-through 2026-11-20
    """
    from datetime import UTC

    from db import installation
    from db.people import Access
    from domain.calendar import local_day

    settings = read_settings()
    chosen = choose_seller(settings, seller)
    through = day_.date()
    today = local_day(datetime.now(UTC), (chosen.time_zone,))
    if through > today:
        raise UnableToSwitch(f"DATE: {through} has not come yet; books can be posted through today, {today}, at most")

    def change(connection: Connection, person: Person) -> None:
        installation.note_posted(connection, chosen.id, through, person.name)

    nudged = _change(settings, token, Access.AGENT, change, ("books",))
    _report(f"The books of {chosen.name} are posted through {day(through)}.", nudged, {"seller": chosen.id, "posted_through": through}, as_json)


@click.command(short_help="Stop all sending at once.")
@click.option("--reason", required=True, help="Why; everybody sees it.")
@token_option
@as_json
def pause(reason: str, token: str, as_json: bool) -> None:
    """Stop all sending. Invoices stay watched and payments are still seen; nothing goes out until dunwell resume.

    \b
    Example:
      dunwell pause --reason "wrong bank details in the footer"
    """
    from datetime import UTC

    from db import installation
    from db.people import Access

    why = _words(reason)

    def change(connection: Connection, person: Person) -> None:
        installation.switch_off(connection, why, person.name, datetime.now(UTC))

    _change(read_settings(), token, Access.AGENT, change, None)
    _report("All sending is stopped. A message that was being handed to the mail provider at this moment may still arrive.", None, {"switched_off": why}, as_json)


@click.command(short_help="Let sending go on.")
@token_option
@as_json
def resume(token: str, as_json: bool) -> None:
    """Let sending go on after dunwell pause. What became due meanwhile goes out one reminder at a time, never in a burst.

    \b
    Example:
      dunwell resume
    """
    from datetime import UTC

    from db import installation
    from db.people import Access

    def change(connection: Connection, person: Person) -> None:
        if not installation.load_installation(connection).switched_off:
            raise UnableToSwitch("sending is not stopped; there is nothing to resume")
        installation.switch_off(connection, "", person.name, datetime.now(UTC))

    _report("Sending goes on.", _change(read_settings(), token, Access.ADMIN, change, ("switched-off",)), {"switched_off": ""}, as_json)


@click.command(short_help="Leave shadow mode: reminders go to customers from now on.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--yes-capture", is_flag=True, help="Go live although the mailer is capture, which keeps every e-mail here.")
@token_option
@as_json
def live(yes: bool, yes_capture: bool, token: str, as_json: bool) -> None:
    """Leave shadow mode: from now on reminders go to customers.

    What was only written in shadow mode counts for nothing: each invoice enters the playbook where its age fits, below the
    severe steps. Look at what would have gone out first: dunwell cases, and the page.

    \b
    Example:
      dunwell live
    """
    from datetime import UTC

    from db import installation
    from db.people import Access
    from domain.facts import Mode

    settings = read_settings()
    _refuse_examples(settings)
    if settings.mailer == "capture" and not yes_capture:
        raise UnableToSwitch("DUNWELL_MAILER is capture, which keeps every e-mail here; set it to smtp or sendgrid, or pass --yes-capture to go live without sending")
    if not yes:
        click.confirm("From now on reminders go to your customers. Go live?", abort=True, err=True)

    def change(connection: Connection, person: Person) -> None:
        if installation.load_installation(connection).mode is Mode.LIVE:
            raise UnableToSwitch("this installation is live already; dunwell pause stops all sending")
        installation.set_mode(connection, Mode.LIVE, person.name, datetime.now(UTC))

    _report("Live: reminders go to customers from now on.", _change(settings, token, Access.ADMIN, change, ()), {"mode": "live"}, as_json)


def choose_seller(settings: Settings, wanted: str) -> Seller:
    """The seller ``wanted``, or the only one. Raises UnableToSwitch when there are several to choose from."""
    from settings import load_sellers

    sellers = {one.seller.id: one.seller for one in load_sellers(settings)}
    if wanted in sellers:
        return sellers[wanted]
    if wanted or len(sellers) > 1:
        raise UnableToSwitch(f"--seller: {f'{wanted!r} is not in sellers.yaml' if wanted else 'there are several'}; choose from {', '.join(sellers)}")
    return next(iter(sellers.values()))


def _refuse_examples(settings: Settings) -> None:
    from settings import load_sellers

    for one in load_sellers(settings):
        for field in ("sender_email", "reply_to"):
            if (value := str(getattr(one.seller, field))).lower().endswith(_RESERVED):
                raise UnableToSwitch(f"sellers.yaml, seller {one.seller.id}, {field}: {value} is an example; write the address of the person who answers customers")


def _change(settings: Settings, token: str, needed: Access, change: Callable[[Connection, Person], None], waiting: tuple[str, ...] | None) -> int | None:
    """Make the change in the name of the token's person, then make the invoices concerned look again.

    ``waiting`` are the reasons they wait for (empty: all of them; None: nobody needs to). How many, or None when Temporal is away.
    """
    import asyncio

    with open_database(settings) as database:
        person = identify(database, settings, token, needed)
        with database.transaction() as connection:
            change(connection, person)
    return None if waiting is None else asyncio.run(_nudge(settings, waiting))


async def _nudge(settings: Settings, waiting: tuple[str, ...]) -> int:
    async with knock(settings) as door:
        return await door.nudge(waiting) if await door.check() else -1


def _report(said: str, nudged: int | None, facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json({**facts, "looking_again": nudged if nudged != -1 else None})
        return
    say(said)
    if nudged == -1:
        say("Temporal is away, so invoices notice at their next look.")
    elif nudged is not None:
        say(f"{count(nudged, 'invoice is', 'invoices are')} looked at again now.")


def _words(reason: str) -> str:
    why = " ".join(reason.split())
    if not why:
        raise click.UsageError("--reason: say why in a few words")
    return why
