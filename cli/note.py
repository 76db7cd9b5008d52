"""``dunwell note``: what one of us wrote or said to a customer where Dunwell does not see it."""

from __future__ import annotations

import click

from cli.changing import read_reason
from cli.session import UnableToChoose, identify, knock, open_database, read_settings, token_option
from cli.terminal import as_json, count, print_json, say

_CHANNELS = {"mail": "email", "talk": "talk"}


@click.command(short_help="Note what you wrote or said to a customer.")
@click.argument("customer")
@click.argument("text")
@click.option("--how", type=click.Choice(list(_CHANNELS)), default="mail", show_default=True, help="Whether you wrote, or spoke with them.")
@token_option
@as_json
def note(customer: str, text: str, how: str, token: str, as_json: bool) -> None:
    """Note that you wrote to CUSTOMER (its number or name) or spoke with them. It counts as a contact: no reminder follows too soon.

    Mails that are sent from a mailbox Dunwell reads, or with a copy to one, need no note.

    \b
    Examples:
      dunwell note C-1042 "sent them the delivery notes from my own mail"
      dunwell note C-1042 "met Ms. Nair at the fair, she looks into it" --how talk
    """
    import asyncio
    from datetime import UTC, datetime
    from uuid import uuid4

    from db import customers, incoming
    from db.people import Access
    from domain.incoming import Incoming

    said, settings, now = read_reason(text), read_settings(), datetime.now(UTC)
    with open_database(settings) as database:
        person = identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            found = customers.find_customers(connection, customer)
            if len(found) != 1:
                raise UnableToChoose(f"{'several customers go' if found else 'no customer goes'} by {customer!r}; dunwell customers list shows them")
            message = Incoming("note", uuid4().hex, _CHANNELS[how], now, person.email, (), said, sender_name=person.name, from_us=True)
            received = incoming.receive(connection, message, now, customer_id=found[0])

    async def pass_on() -> int:
        async with knock(settings) as door:
            return await door.report_all(received.words)

    asyncio.run(pass_on())
    if as_json:
        print_json({"note": received.id, "invoices": len(received.words)})
    else:
        say(f"Noted; {count(len(received.words), 'invoice takes', 'invoices take')} it into account.")
