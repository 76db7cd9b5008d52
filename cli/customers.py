"""``dunwell customers``: who owes, who deserves more care, and how each is treated; one by one or as a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.changing import by_option, name_both, read_reason, reason_option
from cli.session import UnableToChoose, knock, open_database, read_settings, token_option
from cli.terminal import as_json, count, print_json, print_table, say
from domain.customer import Behavior, Tier
from domain.statute import Technology

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from cli.customer_sheet import Changes
    from db.customers import CustomerLine, Which
    from domain.treatment import Treatment
    from settings import Settings

seller_option = click.option("--seller", default="", help="Whose customer; needed where several sellers use the number.")


@click.group(short_help="Who owes, and how each customer is treated.")
def customers() -> None:
    """Look at customers, and set how each is treated: by tier, by account manager, by the way they like to be reached.

    A tier is given by a person and by nobody else; what a year's invoices suggest is only shown. NUMBER is the customer's
    number in your books, or our id of it.

    \b
    Examples:
      dunwell customers list --suggested
      dunwell customers set C-1042 --tier strategic --account-manager "Tom Bell" --reason "our largest contract"
      dunwell customers list --csv customers.csv
      dunwell customers import customers.csv --reason "yearly review" --dry-run
    """


@customers.command("list")
@click.option("--tier", "tiers", type=click.Choice([one.value for one in Tier]), multiple=True, help="Only this tier; may be repeated.")
@click.option("--behavior", "behaviors", type=click.Choice([one.value for one in Behavior]), multiple=True, help="Only those who pay so; may be repeated.")
@click.option("--text", default="", help="Only those whose name or number has this in it.")
@click.option("--suggested", is_flag=True, help="Only those for whom another tier is suggested.")
@click.option("--seller", default="", help="Only this seller's.")
@click.option("--csv", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write them to a file that dunwell customers import reads again.")
@as_json
def list_(tiers: tuple[str, ...], behaviors: tuple[str, ...], text: str, suggested: bool, seller: str, file: Path | None, as_json: bool) -> None:
    """List customers: tier and who set it, what a year's invoices suggest, how they pay, what they owe.

    \b
    Examples:
      dunwell customers list --behavior chronic-late
      dunwell customers list --tier strategic --tier vip --json
      dunwell customers list --csv customers.csv
    """
    from db.customers import Which

    which = Which(tuple(map(Tier, tiers)), tuple(map(Behavior, behaviors)), text, seller, suggested)
    found = _load(which)
    if file:
        from cli.customer_sheet import write_sheet

        file.write_bytes(write_sheet(found))
    if as_json:
        print_json([describe(line) for line in found])
    elif file:
        say(f"{count(len(found), 'customer')} written to {file}. Change it, then: dunwell customers import {file} --reason WHY --dry-run")
    elif found:
        columns = ("Number", "Name", "Tier", "Suggested", "Pays", "Late", "Open", "Account manager")
        print_table(columns, [_row(line) for line in found], right=("Late",))
        say(f"\n{count(len(found), 'customer')}. To treat one differently: dunwell customers set {found[0].number} --tier TIER --reason WHY")
    else:
        say("No customer is like that. Without options all are listed; dunwell import takes them in with their invoices.")


@customers.command("set")
@click.argument("number")
@seller_option
@click.option("--tier", type=click.Choice([one.value for one in Tier]), help="Strategic and VIP customers are treated with more care.")
@click.option("--account-manager", help="Who of ours knows them; an empty name takes it away.")
@click.option("--account-manager-email", help="Where to reach that person.")
@click.option("--pays-through", metavar="NUMBER", help="The customer who is written to in its place; empty for none.")
@click.option("--prefers", metavar="CHANNEL", help="The way they asked to be reached: email, sms, call, portal or letter; empty for none.")
@click.option("--procurement-portal", metavar="PORTAL", help="Where they want invoices to be uploaded by you, as name or address; empty for nowhere.")
@click.option("--region", help="What follows the hyphen in ISO 3166-2, such as CA: the rules of law there hold.")
@click.option("--consent", type=click.Choice([one.value for one in Technology]), multiple=True, help="They consented to this; may be repeated.")
@click.option("--withdraw", type=click.Choice([one.value for one in Technology]), multiple=True, help="They took back their consent to this; may be repeated.")
@click.option("--natural-person/--company", default=None, help="Whether a human being owes, or a company.")
@click.option("--guarantor/--no-guarantor", default=None, help="Whether a human being answers for what it owes.")
@by_option
@reason_option
@token_option
@as_json
def set_(
    number: str,
    seller: str,
    tier: str | None,
    account_manager: str | None,
    account_manager_email: str | None,
    pays_through: str | None,
    prefers: str | None,
    procurement_portal: str | None,
    region: str | None,
    consent: tuple[str, ...],
    withdraw: tuple[str, ...],
    natural_person: bool | None,
    guarantor: bool | None,
    by: str,
    reason: str,
    token: str,
    as_json: bool,
) -> None:
    """Set how a customer is treated; what is not named stays. Running invoices of theirs are looked at again.

    \b
    Examples:
      dunwell customers set C-1042 --tier vip --reason "the owner's friend"
      dunwell customers set C-1042 --pays-through C-1000 --reason "their parent pays for all branches"
      dunwell customers set C-1042 --prefers sms --consent text --reason "asked for it on the phone"
    """
    from dataclasses import replace

    from db.customers import load_treatments, treat
    from domain.treatment import read, tell_difference

    told = {"tier": tier, "account_manager": account_manager, "account_manager_email": account_manager_email}
    told |= {"pays_through": pays_through, "preferred_channel": prefers, "region": region, "procurement_portal": procurement_portal}
    values: dict[str, Any] = {field: read(field, text) for field, text in told.items() if text is not None}
    values |= {field: given for field, given in (("natural_person", natural_person), ("guarantor", guarantor)) if given is not None}
    if not (values or consent or withdraw):
        raise click.UsageError("say what to change, such as --tier vip; dunwell customers set --help lists it all")
    why, settings = read_reason(reason), read_settings()
    with open_database(settings) as database:
        person = name_both(database, settings, token, by)
        with database.transaction() as connection:
            customer = find_customer(connection, number, seller)
            before = load_treatments(connection, [customer])[customer]
            wanted = replace(before, **values, consents=(before.consents | set(consent)) - set(withdraw))
            words = treat(connection, {customer: wanted}, by=person, why=why, now=_now())
    report(number, tell_difference(before, wanted), words, settings, as_json)


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@by_option
@reason_option
@token_option
@as_json
def import_(file: Path, dry_run: bool, by: str, reason: str, token: str, as_json: bool) -> None:
    """Take back in what dunwell customers list --csv wrote, changed in a spreadsheet: all of it, or nothing.

    Rows as before change nothing, and neither do columns you take out. What is worked out from your books (name, behavior,
    what is open, what is suggested) is not read.

    \b
    Examples:
      dunwell customers import customers.csv --reason "yearly review" --dry-run
      dunwell customers import customers.csv --reason "yearly review"
    """
    from cli.customer_sheet import read_sheet
    from db.customers import UnableToTreat, Which, treat
    from domain.treatment import tell_difference
    from integrations.accounting.csv_sheet import Fault, UnableToImport

    why, settings = read_reason(reason), read_settings()
    known = _load(Which())
    changes = read_sheet(file.read_bytes(), file.name, known)
    before = {line.id: line for line in known}
    told = [(before[one], tell_difference(before[one].treatment, wanted)) for one, wanted in changes.wanted.items()]
    words: Sequence[str] = ()
    if not dry_run:
        with open_database(settings) as database:
            person = name_both(database, settings, token, by)
            try:
                with database.transaction() as connection:
                    words = treat(connection, changes.wanted, by=person, why=why, now=_now())
            except UnableToTreat as error:  # somebody else changed it meanwhile
                fault = Fault(file.name, changes.lines[error.customer], error.field.replace("_", " "), "", error.problem, error.remedy)
                raise UnableToImport((fault,)) from None
    _report_import(told, changes, words, settings, dry_run, as_json)


def find_customer(connection: Connection, number: str, seller: str) -> str:
    """The id of the one customer that ``number`` names. Raises UnableToChoose."""
    from db.customers import find_customers

    found = find_customers(connection, number, seller)
    if not found:
        raise UnableToChoose(f"no customer has the number {number!r}; dunwell customers list shows all")
    if len(found) > 1:
        raise UnableToChoose(f"several sellers have a customer {number!r}; pass --seller, or name one by its id: {', '.join(found)}")
    return found[0]


def report(number: str, what: str, words: Sequence[str], settings: Settings, as_json: bool) -> None:
    """Have the invoices concerned look again, and say what was done."""
    looking = look_again(settings, words)
    if as_json:
        print_json({"customer": number, "changed": what, "looking_again": looking})
    elif not what:
        say(f"Customer {number} is as before.")
    else:
        say(f"Customer {number}: {what}. {say_looking(words, looking)}")


def look_again(settings: Settings, words: Sequence[str]) -> int | None:
    """Pass these words on to the invoices concerned; how many heard, or None when Temporal is away: then they hear later."""
    import asyncio

    async def pass_on() -> int | None:
        async with knock(settings) as door:
            return await door.report_all(words) if await door.check() else None

    return asyncio.run(pass_on()) if words else 0


def say_looking(words: Sequence[str], looking: int | None) -> str:
    if not words:
        return "No invoice of theirs is running."
    if looking is None:
        return f"Temporal is away, so {count(len(words), 'invoice looks', 'invoices look')} again once it is back."
    return f"{count(looking, 'invoice is', 'invoices are')} looked at again now."


def describe(line: CustomerLine) -> dict[str, Any]:
    """A customer for programs, as the API tells it too."""
    return {
        "id": line.id,
        "number": line.number,
        "seller": line.seller,
        "name": line.name,
        "country": line.country,
        **describe_treatment(line.treatment),
        "tier_set_by": line.tier_set_by or None,
        "suggested": {"tier": line.suggested.tier, "why": line.suggested.why} if line.suggested else None,
        "behavior": line.behavior,
        "usual_days_late": line.usual_days_late,
        "open": [{"amount": money.amount, "currency": money.currency} for money in line.open],
    }


def describe_treatment(treatment: Treatment) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(treatment), "consents": sorted(treatment.consents)}


def _load(which: Which) -> tuple[CustomerLine, ...]:
    from db.customers import list_customers

    with open_database(read_settings()) as database, database.reading() as connection:
        return list_customers(connection, which, _now().date())


def _row(line: CustomerLine) -> tuple[str, ...]:
    suggested = f"{line.suggested.tier}: {line.suggested.why}" if line.suggested and line.is_suggested_another else ""
    tier = f"{line.treatment.tier} (set by {line.tier_set_by})" if line.tier_set_by else line.treatment.tier.value
    usual = count(line.usual_days_late, "day") if line.usual_days_late else ""
    return (line.number, line.name, tier, suggested, line.behavior, usual, "\n".join(map(str, line.open)), line.treatment.account_manager)


def _report_import(told: Sequence[tuple[CustomerLine, str]], changes: Changes, words: Sequence[str], settings: Settings, dry_run: bool, as_json: bool) -> None:
    looking = look_again(settings, words)
    if as_json:
        changed = [{"id": line.id, "number": line.number, "seller": line.seller, "changed": what} for line, what in told]
        print_json({"changed": changed, "unchanged": changes.unchanged, "looking_again": looking, "stored": not dry_run})
        return
    verb = "would change" if dry_run else "changed"
    say(f"{count(len(told), 'customer')} {verb}, {changes.unchanged} as before.{' Nothing was stored.' if dry_run else ''}")
    for line, what in told:
        say(f"  {line.number} {line.name}: {what}{f' (set by {line.tier_set_by})' if line.tier_set_by and what.startswith('tier ') else ''}")
    if told and not dry_run:
        say(say_looking(words, looking))


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
