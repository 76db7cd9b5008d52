"""What every change by hand shares: finding the invoice, saying who and why, and printing the invoice's own answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from cli.session import UnableToChoose, identify, knock, open_database, read_settings, token_option
from cli.terminal import print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.engine import Database
    from db.people import Person
    from db.stories import Story
    from domain.event import News
    from settings import Settings
    from starter import Answer

_LONGEST_REASON = 500

reason_option = click.option("--reason", required=True, help="Why; it stands in the diary under your name.")
by_option = click.option("--by", default="", help="Who decided it, when that is not you; both names are kept.")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What every change by hand is said with. The token proves whose word it is; ``by`` names who decided it, and proves nothing."""

    reason: str
    by: str
    token: str

    @property
    def why(self) -> str:
        """The reason on one line, with who decided it. Raises click.UsageError when either cannot be read."""
        why, by = read_reason(self.reason), read_by(self.by)
        return f"{why} (decided by {by})" if by else why

    def identify(self, database: Database, settings: Settings) -> Person:
        """Whom the token belongs to, who may change invoices by hand. Raises UnableToIdentify."""
        from db.people import Access

        return identify(database, settings, self.token, Access.AGENT)


def said_options(command: Callable[..., None]) -> Callable[..., None]:
    """``--by``, ``--reason`` and ``--token``, which the command is given as one ``said``."""

    @by_option
    @reason_option
    @token_option
    @wraps(command)
    def with_said(*rest: object, by: str, reason: str, token: str, **more: object) -> None:
        command(*rest, said=Said(reason, by, token), **more)

    return with_said


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


def read_by(by: str) -> str:
    """``by`` on one line. Raises click.UsageError when it is no name."""
    name = " ".join(by.split())
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise click.UsageError(f"--by: give a person's name, up to {_LONGEST_NAME} letters")
    return name


def name_both(database: Database, settings: Settings, token: str, by: str) -> str:
    """The token's person, who may change invoices by hand, and whom they do it for. Raises UnableToIdentify."""
    from db.people import Access

    person, other = identify(database, settings, token, Access.AGENT), read_by(by)
    return person.name if other in ("", person.name) else f"{person.name} for {other}"


def tell(invoice: str, news: News, said: Said) -> Answer:
    """Say it to the invoice in the name of the token's person, and give its answer."""
    import asyncio

    why, settings = said.why, read_settings()
    with open_database(settings) as database:
        person = said.identify(database, settings)
        with database.reading() as connection:
            found = find_invoice(connection, invoice)
    return asyncio.run(_tell_case(settings, found, news, person.name, why))


def change(invoice: str, news: News, said: Said, as_json: bool) -> None:
    """Change by hand, in the name of the token's person, and print the invoice's answer. Raises UnableToChange."""
    answer = tell(invoice, news, said)
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
