"""``dunwell portal``: links to a customer's own page, made by hand and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.customers import find_customer, seller_option
from cli.session import UnableToChoose, identify, open_database, read_settings, token_option
from cli.terminal import as_json, count, print_json, say
from domain.customer import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from domain.customer import Contact

role_option = click.option("--role", type=click.Choice([one.value for one in Role]), help="Whose page; without it the one reminders go to first.")


@click.group(short_help="Links to a customer's own page.")
def portal() -> None:
    """Give a contact of a customer a link to their own page, or take all their links back.

    The page shows what is open and what you wrote, and lets them answer. Every e-mail brings its reader a link by itself
    once DUNWELL_PUBLIC_URL is an address that customers can reach.

    \b
    Examples:
      dunwell portal link C-1042
      dunwell portal revoke C-1042 --role billing
    """


@portal.command("link")
@click.argument("number")
@seller_option
@role_option
@token_option
@as_json
def link(number: str, seller: str, role: str | None, token: str, as_json: bool) -> None:
    """Make a link for one contact of a customer; whoever has it may read the page. It is shown once, and kept nowhere.

    \b
    Example:
      dunwell portal link C-1042 --role cfo
    """
    from datetime import UTC, datetime

    from db import portal as pages
    from db.people import Access
    from domain.customer import spell_reach

    settings = read_settings()
    with open_database(settings) as database:
        identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            contact = _find_contact(connection, number, seller, role)
            made = pages.make_link(connection, contact.id, spell_reach(contact.email), datetime.now(UTC))
    address = f"{settings.public_url.rstrip('/')}/portal/{made}"
    if as_json:
        print_json({"customer": number, "contact": contact.name, "role": contact.role, "link": address, "days": pages.LIFE.days})
    else:
        say(
            f"{address}\nFor {contact.name or contact.email}, good for {pages.LIFE.days} days. "
            f"To take it back: dunwell portal revoke {number} --role {contact.role}"
        )


@portal.command("revoke")
@click.argument("number")
@seller_option
@role_option
@token_option
@as_json
def revoke(number: str, seller: str, role: str | None, token: str, as_json: bool) -> None:
    """Let every link of one contact lead nowhere from now on, also those in mails that have left.

    \b
    Example:
      dunwell portal revoke C-1042 --role billing
    """
    from datetime import UTC, datetime

    from db import portal as pages
    from db.people import Access

    settings = read_settings()
    with open_database(settings) as database:
        identify(database, settings, token, Access.AGENT)
        with database.transaction() as connection:
            contact = _find_contact(connection, number, seller, role)
            revoked = pages.revoke(connection, contact.id, datetime.now(UTC))
    if as_json:
        print_json({"customer": number, "contact": contact.name, "role": contact.role, "revoked": revoked})
    else:
        say(f"{count(revoked, 'link')} of {contact.name or contact.email} taken back. The next e-mail brings them a new one.")


def _find_contact(connection: Connection, number: str, seller: str, role: str | None) -> Contact:
    """Whose page it is. Raises UnableToChoose."""
    from db.contacts import list_contacts

    known = [line.contact for line in list_contacts(connection, find_customer(connection, number, seller))]
    found = next((one for one in known if one.email and (role is None or one.role == role)), None)
    if found is None:
        raise UnableToChoose(f"customer {number} has no {role or 'contact'} with an e-mail address; dunwell contact list {number} shows whom there is")
    return found
