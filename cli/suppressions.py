"""``dunwell suppressions``: addresses and numbers that nothing is sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.session import identify, open_database, read_settings, token_option
from cli.switches import look_again, read_reason, report
from cli.terminal import as_json, day, print_json, print_table, say

if TYPE_CHECKING:
    from db.suppressions import Suppression

_CHANNELS = ("email", "sms", "call")
_GROUNDS = {"asked": "they asked for it", "complained": "called it spam", "dead": "takes no messages", "by_hand": "set by hand"}


class UnableToName(Exception):
    """Channels and addresses that do not fit together; the message says what to write."""


@click.group(short_help="Addresses and numbers that nothing is sent to.")
def suppressions() -> None:
    """Addresses and numbers that nothing automatic is sent to, whoever's they are.

    They come here by themselves: when somebody writes STOP, unsubscribes, or calls a mail spam, and when an address turns out to
    take no messages. They stay until a person takes them off the list.

    \b
    Examples:
      dunwell suppressions list
      dunwell suppressions add ap@harbour.example --reason "asked on the phone"
      dunwell suppressions remove ap@harbour.example --reason "they mended their mail server"
    """


@suppressions.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what was taken off the list, with who did it and why.")
@as_json
def list_(everything: bool, as_json: bool) -> None:
    """List the addresses and numbers that nothing is sent to, the latest first.

    \b
    Example:
      dunwell suppressions list --all --json
    """
    from db.suppressions import list_suppressions

    with open_database(read_settings()) as database, database.reading() as connection:
        kept = list_suppressions(connection, everything=everything)
    if as_json:
        print_json([_plain(one) for one in kept])
    elif kept:
        rows = [(one.reach, one.channel, day(one.since.date()), _GROUNDS[one.ground], one.reason, _until(one)) for one in kept]
        print_table(("Address", "Channel", "Since", "Why", "In their words", "Taken off"), rows)
    else:
        say("Nothing is held back: every address and number may be written to")


@suppressions.command()
@click.argument("address")
@click.option("--channel", "channels", multiple=True, type=click.Choice(_CHANNELS), help="Only this channel; may be given again. Default: all that fit.")
@click.option("--reason", required=True, help="Why; it stands beside the address and in the diary of every invoice concerned.")
@token_option
@as_json
def add(address: str, channels: tuple[str, ...], reason: str, token: str, as_json: bool) -> None:
    """Send nothing automatic to ADDRESS (an e-mail address, or a number with its country code) from now on.

    \b
    Examples:
      dunwell suppressions add +4915112345678 --reason "asked on the phone"
      dunwell suppressions add +4915112345678 --channel call --reason "texts are fine, calls are not"
    """
    from datetime import UTC, datetime

    from db.people import Access
    from db.suppressions import read_reach, suppress, tell_out
    from domain.delivery import Ground

    settings, why, now, reach = read_settings(), read_reason(reason), datetime.now(UTC), read_reach(address)
    wanted = _fit(reach, channels)
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            fresh = suppress(connection, reach, wanted, Ground.BY_HAND, by=person.name, reason=why, now=now)
            if fresh:
                tell_out(connection, reach, fresh, by=person.name, why=why, now=now)
    if not fresh:
        said = f"Nothing is sent to {reach} already."
    else:
        said = f"Nothing more is sent to {reach} by {' or '.join(fresh)}."
    if as_json:
        print_json({"address": reach, "channels": list(fresh)})
    else:
        say(said)


@suppressions.command()
@click.argument("address")
@click.option("--channel", "channels", multiple=True, type=click.Choice(_CHANNELS), help="Only this channel; may be given again. Default: all that fit.")
@click.option("--reason", required=True, help="Why it may be written to again; it is kept with the address.")
@token_option
@as_json
def remove(address: str, channels: tuple[str, ...], reason: str, token: str, as_json: bool) -> None:
    """Let messages to ADDRESS go again.

    Whoever said stop must have asked for it: the law counts that as their wish, not as ours.

    \b
    Example:
      dunwell suppressions remove ap@harbour.example --reason "Bea Ling wrote that it works again"
    """
    from datetime import UTC, datetime

    from db.people import Access
    from db.suppressions import UnableToSuppress, lift, read_reach, tell_in

    settings, why, now, reach = read_settings(), read_reason(reason), datetime.now(UTC), read_reach(address)
    wanted = _fit(reach, channels)
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            freed = lift(connection, reach, wanted, by=person.name, why=why, now=now)
            if not freed:
                raise UnableToSuppress(f"{reach} is not on the list for {' or '.join(wanted)}; dunwell suppressions list shows what is")
            tell_in(connection, reach, freed, by=person.name, why=why, now=now)
    nudged = look_again(settings, ("unreachable",))
    report(f"Messages to {reach} go again by {' or '.join(freed)}.", nudged, {"address": reach, "channels": list(freed)}, as_json)


def _fit(reach: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    """The channels that can be meant of this address. Raises UnableToName."""
    fitting = ("email",) if "@" in reach else ("sms", "call")
    if strange := [one for one in channels if one not in fitting]:
        raise UnableToName(f"--channel: {strange[0]} does not go to {reach}; choose from {', '.join(fitting)}")
    return channels or fitting


def _until(one: Suppression) -> str:
    return f"{day(one.lifted_at.date())} by {one.lifted_by}: {one.lifted_why}" if one.lifted_at else ""


def _plain(one: Suppression) -> dict[str, object]:
    return {
        "address": one.reach,
        "channel": one.channel,
        "ground": one.ground,
        "reason": one.reason,
        "by": one.by,
        "since": one.since,
        "lifted_at": one.lifted_at,
        "lifted_by": one.lifted_by or None,
        "lifted_why": one.lifted_why or None,
    }
