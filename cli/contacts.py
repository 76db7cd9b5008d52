"""``dunwell contact``: the people we write to, role by role, and whom a person of ours set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.changing import by_option, name_both, read_reason, reason_option
from cli.customers import find_customer, look_again, say_looking, seller_option
from cli.session import open_database, read_settings, token_option
from cli.terminal import as_json, print_json, print_table, say
from domain.customer import Role

if TYPE_CHECKING:
    from db.contacts import ContactLine, Wanted


@click.group(short_help="Whom we write to at a customer.")
def contact() -> None:
    """Look at the people we write to at a customer, or change them.

    What you set outranks your books for that role, until you give it back with --as-ledger.

    \b
    Examples:
      dunwell contact list C-1042
      dunwell contact set C-1042 --role cfo --name "Ada Nair" --email ada.nair@harbour.example --reason "she asked for it"
    """


@contact.command("list")
@click.argument("number")
@seller_option
@as_json
def list_(number: str, seller: str, as_json: bool) -> None:
    """List the people we write to at a customer, in the order in which reminders try them.

    \b
    Example:
      dunwell contact list C-1042 --json
    """
    from db.contacts import list_contacts

    with open_database(read_settings()) as database, database.reading() as connection:
        found = list_contacts(connection, find_customer(connection, number, seller))
    if as_json:
        print_json([describe(line) for line in found])
    elif found:
        columns = ("Role", "Name", "E-mail", "Phone", "Refused", "Set by")
        print_table(columns, [_row(line) for line in found])
    else:
        say(f"Nobody at customer {number} is known; add somebody: dunwell contact set {number} --role billing --email ADDRESS --reason WHY")


@contact.command("set")
@click.argument("number")
@seller_option
@click.option("--role", type=click.Choice([one.value for one in Role]), required=True, help="What this person does there; reminders go to billing first.")
@click.option("--name", help="Their name; what is left out stays as it is.")
@click.option("--email", help="Their e-mail address; empty takes it away.")
@click.option("--phone", help="Their phone number, as +44 20 7946 0123; empty takes it away.")
@click.option(
    "--agreed",
    type=click.Choice(["email", "sms", "call"]),
    multiple=True,
    help="They said that they may be reached by this again: lifts an opt-out. May be given twice.",
)
@click.option("--as-ledger", is_flag=True, help="Give the role back: your books say again who it is, from their next word.")
@by_option
@reason_option
@token_option
@as_json
def set_(
    number: str,
    seller: str,
    role: str,
    name: str | None,
    email: str | None,
    phone: str | None,
    agreed: tuple[str, ...],
    as_ledger: bool,
    by: str,
    reason: str,
    token: str,
    as_json: bool,
) -> None:
    """Change whom we write to: this one person is the customer's contact of that role, whatever your books say.

    The task that asked for a working address is closed, and the customer's running invoices are looked at again. Whoever opted
    out stays so, also at an address set again, until --agreed says that they allow it; no import ever does.

    \b
    Examples:
      dunwell contact set C-1042 --role billing --email ap@harbour.example --reason "the old one bounced"
      dunwell contact set C-1042 --role billing --agreed email --reason "Ms. Nair wants our mails after all, by phone"
      dunwell contact set C-1042 --role billing --as-ledger --reason "mended in the books"
    """
    from datetime import UTC, datetime

    from db.contacts import Wanted, follow_ledger, set_contact

    wanted = read_wanted(name, email, phone)
    if as_ledger == (wanted != Wanted() or bool(agreed)):
        raise click.UsageError("say what to change (--name, --email, --phone, --agreed), or --as-ledger alone")
    why, settings, chosen, now = read_reason(reason), read_settings(), Role(role), datetime.now(UTC)
    with open_database(settings) as database:
        person = name_both(database, settings, token, by)
        with database.transaction() as connection:
            customer = find_customer(connection, number, seller)
            if as_ledger:
                words = follow_ledger(connection, customer, chosen, by=person, why=why, now=now)
            else:
                words = set_contact(connection, customer, chosen, wanted, by=person, why=why, now=now, agreed=frozenset(agreed))
    looking = look_again(settings, words)
    if as_json:
        print_json({"customer": number, "role": role, "looking_again": looking})
    else:
        said = "is the ledger's to say again" if as_ledger else "is as you said"
        say(f"The {role} contact of customer {number} {said}. {say_looking(words, looking)}")


def read_wanted(name: str | None, email: str | None, phone: str | None) -> Wanted:
    """What to set, checked as the csv import checks it. Raises UnableToReadTreatment or UnableToReadCell."""
    from db.contacts import Wanted
    from domain.treatment import read_email, read_name
    from integrations.accounting.csv_cells import phone as read_phone

    return Wanted(
        None if name is None else read_name(" ".join(name.split())),
        None if email is None else read_email(email.strip()),
        None if phone is None else phone and read_phone(phone, ""),
    )


def describe(line: ContactLine) -> dict[str, Any]:
    person = line.contact
    told = {"id": person.id, "role": person.role, "name": person.name, "email": person.email, "phone": person.phone}
    return {**told, "refused": sorted(person.refused), "set_by": line.set_by or None}


def _row(line: ContactLine) -> tuple[str, ...]:
    person = line.contact
    return (person.role, person.name, person.email, person.phone, ", ".join(sorted(person.refused)), line.set_by or "ledger")
