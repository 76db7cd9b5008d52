"""What every change by hand shares: finding the invoice, saying who and why, and printing the invoice's own answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.session import UnableToChoose, identify, knock, open_database, read_settings
from cli.terminal import print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.stories import Story
    from domain.event import News
    from settings import Settings
    from starter import Answer

DAY = click.DateTime(["%Y-%m-%d"])
_LONGEST_REASON = 500

reason_option = click.option("--reason", required=True, help="Why; it stands in the diary under your name.")


class UnableToChange(Exception):
    """The change was not taken; the message is the invoice's own answer."""


def load(invoice: str, decisions: int = 200) -> Story:
    """The story of the invoice by that number or id. Raises UnableToChoose when there is none, or more than one."""
    from datetime import UTC, datetime

    from db.stories import load_story

    with open_database(read_settings()) as database, database.reading() as connection:
        story = load_story(connection, find_invoice(connection, invoice), datetime.now(UTC), decisions=decisions)
    if story is None:
        raise UnableToChoose(f"invoice {invoice} is not watched any more")
    return story


def find_invoice(connection: Connection, invoice: str) -> str:
    from db import views

    found = views.find(connection, invoice)
    if not found:
        raise UnableToChoose(f"no watched invoice has the number {invoice!r}; dunwell cases lists them")
    if len(found) > 1:
        raise UnableToChoose(f"several invoices have the number {invoice!r}; name one by its id: {', '.join(found)}")
    return found[0]


def read_reason(reason: str) -> str:
    """``reason`` on one line. Raises click.UsageError when it says nothing, or too much."""
    why = " ".join(reason.split())
    if not why or len(why) > _LONGEST_REASON or not why.isprintable():
        raise click.UsageError(f"--reason: say why, in up to {_LONGEST_REASON} letters")
    return why


def tell(invoice: str, news: News, reason: str, token: str) -> Answer:
    """Say it to the invoice in the name of the token's person, and give its answer."""
    import asyncio

    from db.people import Access

    why = read_reason(reason)
    settings = read_settings()
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.reading() as connection:
            found = find_invoice(connection, invoice)
    return asyncio.run(_tell_case(settings, found, news, person.name, why))


def change(invoice: str, news: News, reason: str, token: str, as_json: bool) -> None:
    """Change by hand, in the name of the token's person, and print the invoice's answer. Raises UnableToChange."""
    answer = tell(invoice, news, reason, token)
    if as_json:
        print_json({"taken": answer.taken, "said": answer.said, "in_flight": answer.in_flight, "pending": answer.pending})
    if not answer.taken:
        raise UnableToChange(answer.said)
    if not as_json:
        say(f"Invoice {invoice}: {answer.said}.")
        if answer.in_flight:
            say("A message about it was already on its way at that moment.")


async def _tell_case(settings: Settings, invoice: str, news: News, by: str, why: str) -> Answer:
    from workflows.contract import case_id

    async with knock(settings) as door:
        return await door.override(case_id(invoice), news, by=by, why=why)
