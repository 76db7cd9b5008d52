"""What a person sets for the whole installation: how far the books are posted, sending stopped or going on, going live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from cli.session import choose_seller, identify, knock, open_database, read_settings, token_option
from cli.terminal import DAY, as_json, count, day, print_json, say

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
@click.argument("day_", metavar="DATE", type=DAY)
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

    from db import installation, parties, tasks
    from db.people import Access
    from domain.calendar import local_day

    settings = read_settings()
    chosen = choose_seller(settings, seller).seller
    through, now = day_.date(), datetime.now(UTC)
    today = local_day(now, (chosen.time_zone,))
    if through > today:
        raise UnableToSwitch(f"DATE: {through} has not come yet; books can be posted through today, {today}, at most")

    def change(connection: Connection, person: Person) -> None:
        parties.save_seller(connection, chosen)  # it may be new in the file
        installation.note_posted(connection, chosen.id, through, person.name)
        if through >= last_banking_day(chosen, now):
            tasks.close_tasks(connection, [f"books/{chosen.id}"], f"posted through {through}, says {person.name}", now)

    _change(settings, token, Access.AGENT, change)
    report(
        f"The books of {chosen.name} are posted through {day(through)}.",
        look_again(settings, ("books",)),
        {"seller": chosen.id, "posted_through": through},
        as_json,
    )


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

    why = read_reason(reason)

    def change(connection: Connection, person: Person) -> None:
        installation.switch_off(connection, why, person.name, datetime.now(UTC))

    _change(read_settings(), token, Access.AGENT, change)
    if as_json:
        print_json({"switched_off": why})
    else:
        say("All sending is stopped. A message that was being handed to the mail provider at this very moment may still arrive.")


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

    settings = read_settings()

    def change(connection: Connection, person: Person) -> None:
        if not installation.load_installation(connection).switched_off:
            raise UnableToSwitch("sending is not stopped; there is nothing to resume")
        installation.switch_off(connection, "", person.name, datetime.now(UTC))

    _change(settings, token, Access.ADMIN, change)
    report("Sending goes on.", look_again(settings, ("switched-off",)), {"switched_off": ""}, as_json)


@click.command(short_help="Leave shadow mode: reminders go to customers from now on.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--yes-capture", is_flag=True, help="Go live although the mailer is capture, which keeps every e-mail here.")
@click.option("--replies-are-read-by", "reader", default="", help="Who reads what customers answer, where no mailbox is connected.")
@token_option
@as_json
def live(yes: bool, yes_capture: bool, reader: str, token: str, as_json: bool) -> None:
    """Leave shadow mode: from now on reminders go to customers.

    What was only written in shadow mode counts for nothing: each invoice enters the playbook where its age fits, below the
    severe steps. Look at what would have gone out first: dunwell cases, and the page.

    Answers must be read by somebody, or a customer who has paid is chased on: connect the mailbox in which they arrive
    (mailbox in sellers.yaml, or DUNWELL_IMAP_URL), SendGrid's inbound mail, or name the person who reads them, which can be
    done later too. While nobody would, nothing leaves by mail, text or phone.

    \b
    Examples:
      dunwell live
      dunwell live --replies-are-read-by "Ann Lee"
    """
    from datetime import UTC

    from db import installation
    from db.people import Access
    from domain.facts import Mode
    from settings import NOBODY_READS, carries_for_real, load_sellers, reads_replies

    settings = read_settings()
    _refuse_examples(settings)
    if settings.mailer == "capture" and not yes_capture:
        raise UnableToSwitch(
            "DUNWELL_MAILER is capture, which keeps every e-mail here; set it to smtp or sendgrid, or pass --yes-capture to go live without sending"
        )
    reader = " ".join(reader.split())
    if not reader and carries_for_real(settings) and not reads_replies(settings, load_sellers(settings)):
        raise UnableToSwitch(NOBODY_READS)
    if reader and _is_live(settings):
        _change(settings, token, Access.ADMIN, lambda connection, person: _name_reader(connection, reader))
        return report(f"{reader} reads what customers answer.", look_again(settings, ("unread",)), {"mode": "live", "replies_read_by": reader}, as_json)
    if not yes:
        click.confirm("From now on reminders go to your customers. Go live?", abort=True, err=True)

    def change(connection: Connection, person: Person) -> None:
        if installation.load_installation(connection).mode is Mode.LIVE:
            raise UnableToSwitch("this installation is live already; dunwell pause stops all sending")
        installation.set_mode(connection, Mode.LIVE, person.name, datetime.now(UTC))
        _name_reader(connection, reader)

    _change(settings, token, Access.ADMIN, change)
    report("Live: reminders go to customers from now on.", look_again(settings), {"mode": "live"}, as_json)


@click.command(short_help="Let nothing out of a database that other tools put back.")
@click.option("--known-until", required=True, type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]), help="The moment it was put back to, in UTC.")
@token_option
@as_json
def fence(known_until: datetime, token: str, as_json: bool) -> None:
    """Let nothing go out until it has been compared with what was really sent. dunwell restore does it by itself.

    For a database that was put back by its own tools, such as PostgreSQL's to a point in time: say it before worker and web
    start again. Running watches that know more than the database raise the same fence when they notice.

    \b
    Example:
      dunwell fence --known-until 2026-11-21T03:00
    """
    from datetime import UTC

    from db import installation
    from db.people import Access

    settings, moment, now = read_settings(), known_until.replace(tzinfo=UTC), datetime.now(UTC)
    if moment > now:
        raise UnableToSwitch(f"--known-until: {known_until} has not come yet; it is {now:%Y-%m-%d %H:%M} in UTC")

    def change(connection: Connection, person: Person) -> None:
        installation.raise_fence(connection, installation.PUT_BACK, moment, settings.owner, now)

    _change(settings, token, Access.ADMIN, change)
    if as_json:
        print_json({"fenced": True})
    else:
        say("Nothing goes out until dunwell reconcile and dunwell unfence.")


@click.command(short_help="Let reminders go out of a restored copy again.")
@click.option("--reason", required=True, help="Why it is safe; it is kept.")
@click.option("--not-sent", is_flag=True, help="You have looked: what no log could tell was not sent.")
@click.option("--leave-unmatched", is_flag=True, help="Leave messages about invoices that are not known here.")
@token_option
@as_json
def unfence(reason: str, not_sent: bool, leave_unmatched: bool, token: str, as_json: bool) -> None:
    """Let reminders go out again, after dunwell reconcile. What fell due meanwhile goes out one at a time, never in a burst.

    What no log could tell is presumed sent: those reminders are left out, and a task lists them. Pass --not-sent to have
    them sent instead.

    \b
    Example:
      dunwell unfence --reason "compared with SendGrid, 14 reminders found"
    """
    from datetime import UTC

    from db import installation
    from db.people import Access
    from worker import make_reconciler

    why, settings, now = read_reason(reason), read_settings(), datetime.now(UTC)
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.ADMIN)
        with database.reading() as connection:
            standing = installation.load_installation(connection).fence
        if standing is None:
            raise UnableToSwitch("there is no fence; what may go out does")
        if standing.reconciled_at is None:
            raise UnableToSwitch("this copy has not been compared with what was really sent yet; run: dunwell reconcile")
        if standing.unmatched and not leave_unmatched:
            raise UnableToSwitch(
                f"{count(standing.unmatched, 'message')} in the provider's log {'is' if standing.unmatched == 1 else 'are'} about invoices not known here; "
                "bring the ledger up to date (dunwell import FILE), run dunwell reconcile again, or pass --leave-unmatched"
            )
        left_out = () if standing.log_read or not_sent else make_reconciler(settings, database).presume_sent(now)
        with database.transaction() as connection:
            installation.lift_fence(connection, why, person.name, now)
    said = f"Reminders go out again. {count(len(left_out), 'reminder was', 'reminders were')} left out, because nobody can tell whether they were sent."
    report(said if left_out else "Reminders go out again.", look_again(settings, ("fenced",)), {"fenced": False, "left_out": len(left_out)}, as_json)


def last_banking_day(seller: Seller, now: datetime) -> date:
    """The business day before today, through which the books must be posted before overdue reminders go out."""
    from domain.calendar import local_day
    from integrations.reference.holidays import calendar_for

    today = local_day(now, (seller.time_zone,))
    return calendar_for((seller.country,), today).add(today, -1)


def _is_live(settings: Settings) -> bool:
    from db import installation
    from domain.facts import Mode

    with open_database(settings) as database, database.reading() as connection:
        return installation.load_installation(connection).mode is Mode.LIVE


def _name_reader(connection: Connection, reader: str) -> None:
    from datetime import UTC

    from db import mailboxes, tasks
    from domain.matters import UNREAD_ANSWERS

    mailboxes.note_reader(connection, reader)
    if reader:
        tasks.close_tasks(connection, [UNREAD_ANSWERS], f"{reader} reads them", datetime.now(UTC))


def find_example(seller: Seller) -> str:
    """The address of a seller under which nobody can be reached, with its field's name; empty when there is none."""
    fields = {"sender_email": seller.sender_email, "reply_to": seller.reply_to}
    return next((f"{name} {value}" for name, value in fields.items() if value.lower().endswith(_RESERVED)), "")


def _refuse_examples(settings: Settings) -> None:
    from settings import load_sellers

    for one in load_sellers(settings):
        if example := find_example(one.seller):
            raise UnableToSwitch(f"sellers.yaml, seller {one.seller.id}: {example} is an example; write the address of the person who answers customers")


def _change(settings: Settings, token: str, needed: Access, change: Callable[[Connection, Person], None]) -> None:
    """Make the change in the name of the token's person."""
    with open_database(settings) as database:
        person = identify(database, settings, token, needed)
        with database.transaction() as connection:
            change(connection, person)


def look_again(settings: Settings, reasons: tuple[str, ...] = ()) -> int | None:
    """Make the invoices that wait for one of ``reasons`` (none: all of them) look again; how many, or None when Temporal is away."""
    import asyncio

    async def nudge() -> int | None:
        async with knock(settings) as door:
            return await door.nudge(reasons) if await door.check() else None

    return asyncio.run(nudge())


def report(said: str, nudged: int | None, facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json({**facts, "looking_again": nudged})
    elif nudged is None:
        say(f"{said} Temporal is away, so invoices notice at their next look.")
    else:
        say(f"{said} {count(nudged, 'invoice is', 'invoices are')} looked at again now.")


def read_reason(reason: str) -> str:
    why = " ".join(reason.split())
    if not why:
        raise click.UsageError("--reason: say why in a few words")
    return why
