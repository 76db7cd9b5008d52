"""``dunwell quiet``: days on which customers are left alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.session import choose_seller, identify, open_database, read_settings, token_option
from cli.switches import look_again, read_reason, report
from cli.terminal import DAY, as_json, day, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.quiet_periods import KeptQuiet
    from domain.quiet import Scope
    from settings import Settings


class UnableToSetQuiet(Exception):
    """What is wrong with a quiet period that was asked for; the message names the option and the remedy."""


@click.group(short_help="Leave customers alone on some days.")
def quiet() -> None:
    """Days on which nothing is sent: to all customers of a seller, to all in a country, or to one.

    By default only sending waits: what falls due meanwhile goes out afterwards, one reminder at a time. With --stop-clock these
    days do not count at all: every step planned for later comes later by as many days.

    \b
    Examples:
      dunwell quiet add --country SE --from 2026-07-06 --through 2026-07-31 --reason "summer holidays" --stop-clock
      dunwell quiet list
      dunwell quiet end qui_01j
    """


@quiet.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List all quiet periods, the latest first.

    \b
    Example:
      dunwell quiet list --json
    """
    from db.quiet_periods import list_quiet

    with open_database(read_settings()) as database, database.reading() as connection:
        kept = [(one, _name(connection, one)) for one in list_quiet(connection)]
    if as_json:
        print_json([_plain(one, name) for one, name in kept])
    elif kept:
        rows = [
            (
                one.id,
                f"{one.scope} {name}",
                day(one.period.first_day),
                day(one.period.last_day),
                "stops" if one.period.stops_clock else "runs on",
                one.period.why,
                one.set_by,
            )
            for one, name in kept
        ]
        print_table(("Id", "For", "From", "Through", "Clock", "Why", "Set by"), rows)
    else:
        say("There is no quiet period; add one by dunwell quiet add --help")


@quiet.command()
@click.option("--seller", default="", help="For all customers of the seller with this id.")
@click.option("--country", default="", help="For all customers in this country: its two-letter ISO code.")
@click.option("--customer", default="", help="For one customer: its number, or our own id where several sellers use that number.")
@click.option("--from", "first", type=DAY, required=True, help="The first quiet day.")
@click.option("--through", "last", type=DAY, required=True, help="The last quiet day.")
@click.option("--stop-clock", is_flag=True, help="These days do not count: later steps come later by as many days.")
@click.option("--reason", required=True, help="Why; it stands beside every reminder that waits for it.")
@token_option
@as_json
def add(seller: str, country: str, customer: str, first: datetime, last: datetime, stop_clock: bool, reason: str, token: str, as_json: bool) -> None:
    """Add a quiet period for exactly one of --seller, --country and --customer.

    \b
    Examples:
      dunwell quiet add --customer 10052 --from 2026-12-21 --through 2027-01-03 --reason "they close over the holidays"
      dunwell quiet add --seller brightwater --from 2026-11-27 --through 2026-11-30 --reason "moving the books" --stop-clock
    """
    from datetime import UTC

    from db.people import Access
    from db.quiet_periods import add_quiet
    from domain.quiet import QuietPeriod

    if sum(map(bool, (seller, country, customer))) != 1:
        raise UnableToSetQuiet("name exactly one of --seller, --country and --customer")
    settings, why, now = read_settings(), read_reason(reason), datetime.now(UTC)
    if last.date() < first.date():
        raise UnableToSetQuiet(f"--through: {last.date()} comes before --from {first.date()}")
    if last.date() < now.date():
        raise UnableToSetQuiet(f"--through: {last.date()} has gone; a quiet period ends today or later")
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            scope, whom = _find(connection, settings, seller, country, customer)
            kept = add_quiet(connection, scope, whom, QuietPeriod(first.date(), last.date(), why, stop_clock), person.name, now)
            name = _name(connection, kept)
    nudged = look_again(settings, ("planned", "quiet")) if stop_clock else None
    if stop_clock or as_json:
        report(f"Quiet from {day(first.date())} through {day(last.date())} ({kept.id}).", nudged, _plain(kept, name), as_json)
    else:
        say(f"Quiet from {day(first.date())} through {day(last.date())} ({kept.id}): what falls due waits until it is over.")


@quiet.command()
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept with the period.")
@token_option
@as_json
def end(id_: str, reason: str, token: str, as_json: bool) -> None:
    """End the quiet period ID: yesterday was its last day. One that has not begun is taken away.

    \b
    Example:
      dunwell quiet end qui_01j --reason "they are back already"
    """
    from datetime import UTC

    from db.people import Access
    from db.quiet_periods import end_quiet

    settings, why, today = read_settings(), read_reason(reason), datetime.now(UTC).date()
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            kept = end_quiet(connection, id_, today, person.name, why)
            name = _name(connection, kept)
    nudged = look_again(settings, ("quiet", "planned") if kept.period.stops_clock else ("quiet",))
    report(f"The quiet period {id_} is over.", nudged, _plain(kept, name), as_json)


def _find(connection: Connection, settings: Settings, seller: str, country: str, customer: str) -> tuple[Scope, str]:
    """Whose quiet it is to be. Raises UnableToSetQuiet, and UnableToChoose for a seller that is not there."""
    from db import parties
    from db.customers import find_customers
    from domain.quiet import Scope

    if seller:
        chosen = choose_seller(settings, seller).seller
        parties.save_seller(connection, chosen)  # it may be new in the file
        return Scope.SELLER, chosen.id
    if country:
        return Scope.COUNTRY, _read_country(country)
    found = find_customers(connection, customer)
    if not found:
        raise UnableToSetQuiet(f"--customer: no customer has the number {customer!r}; dunwell customers list shows them")
    if len(found) > 1:
        raise UnableToSetQuiet(f"--customer: several customers have the number {customer!r}; name one by its id: {', '.join(found)}")
    return Scope.CUSTOMER, found[0]


def _read_country(written: str) -> str:
    from babel import Locale

    code = written.strip().upper()
    if len(code) != 2 or code not in Locale("en").territories:
        raise UnableToSetQuiet(f"--country: {written!r} is not a country; write its ISO 3166 code, such as SE")
    return code


def _name(connection: Connection, kept: KeptQuiet) -> str:
    """A customer by the number people know it by; others are what they are called."""
    from db.parties import load_customer
    from domain.quiet import Scope

    return load_customer(connection, kept.whom).number if kept.scope is Scope.CUSTOMER else kept.whom


def _plain(kept: KeptQuiet, name: str) -> dict[str, object]:
    """``name`` is the number of a customer, and what people call it otherwise."""
    return {
        "id": kept.id,
        "scope": kept.scope,
        "whom": kept.whom,
        "name": name,
        "first_day": kept.period.first_day,
        "last_day": kept.period.last_day,
        "why": kept.period.why,
        "stops_clock": kept.period.stops_clock,
        "set_by": kept.set_by,
    }
