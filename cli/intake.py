"""``dunwell import``: invoices from a file, or from an accounting system's API; all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.session import choose_seller, knock, read_settings
from cli.terminal import as_json, count, moment, print_json, say

if TYPE_CHECKING:
    from domain.invoice import Invoice
    from domain.seller import Seller
    from integrations.accounting import LedgerInvoice
    from integrations.accounting.csv_ledger import CsvRead
    from integrations.accounting.csv_payments import PaymentsRead
    from settings import Settings
    from starter import Door, TakenIn

_PAGE = 500


class UnableToTakeIn(Exception):
    """Invoices cannot be read from where the command was told to."""


@click.command("import", short_help="Take in invoices from a file or an API.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--seller", default="", help="Whose invoices; needed when there are several sellers.")
@click.option(
    "--dates",
    type=click.Choice(["iso", "day-first", "month-first"]),
    default="iso",
    show_default=True,
    help="How the file writes days: 2026-03-04, 04/03/2026 or 03/04/2026.",
)
@click.option("--decimal", type=click.Choice(["comma", "point"]), help="How the file writes cents, where its amounts do not show it.")
@click.option("--currency", default="", help="The currency of rows that tell none, such as EUR.")
@click.option(
    "--payments",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A second file, of all payments and credits on these invoices: invoice number, day, amount, and more if it has them.",
)
@click.option("--full", is_flag=True, help="The file lists every open invoice: one that it no longer has is closed.")
@click.option(
    "--max-close-share",
    type=click.IntRange(0, 100),
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="With --full: refuse a file that would close more of the open invoices.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and store nothing.")
@as_json
def import_(
    file: Path | None,
    seller: str,
    dates: str,
    decimal: str | None,
    currency: str,
    payments: Path | None,
    full: bool,
    max_close_share: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take in invoices, and watch every open one.

    FILE is a csv file as accounting programs export it: comma or semicolon, 1.234,50 or 1,234.50. It is taken in whole, or
    not at all with one list of what is wrong where. Importing it again changes nothing. Paid invoices are welcome: they
    show how each customer pays. Without FILE, a seller whose ledger is rest is asked for everything.

    \b
    Examples:
      dunwell import open-items.csv
      dunwell import offene-posten.csv --dates day-first --currency EUR --full
      dunwell import open-items.csv --payments payments.csv
      dunwell import --seller main
    """
    import asyncio

    settings = read_settings()
    chosen = choose_seller(settings, seller).seller
    if (file is None) != (chosen.ledger == "rest"):
        wanted = "asked by itself: leave FILE out" if file else "told by files: name the FILE to import"
        raise UnableToTakeIn(f"the ledger of seller {chosen.id} is {chosen.ledger}, which is {wanted}")
    for option, given in (("--full", full), ("--payments", payments)):
        if given and file is None:
            raise click.UsageError(f"{option}: is for files; an API is always read whole")
    now = datetime.now(UTC)
    read = None if file is None else _read(file, chosen, dates, decimal, currency, now)
    paid = _read_payments(payments, read, chosen, dates, decimal, now) if payments and read else None
    if read and paid:
        read = replace(read, invoices=paid.invoices)
    share = Decimal(max_close_share) / 100 if full else None
    asyncio.run(_take_in(settings, chosen, file, read, paid, share, dry_run, as_json, now))


async def _take_in(
    settings: Settings,
    seller: Seller,
    file: Path | None,
    read: CsvRead | None,
    paid: PaymentsRead | None,
    share: Decimal | None,
    dry_run: bool,
    as_json: bool,
    now: datetime,
) -> None:
    import asyncio

    async with knock(settings) as door:
        told = read.invoices if read else await asyncio.to_thread(lambda: tuple(door.ledgers.connections[seller.id].all_invoices()))
        gone = () if read is None or share is None else await asyncio.to_thread(find_gone, door, seller.id, read, share)
        if dry_run:
            _report_plan(told, paid, gone, as_json)
            return
        read_at = now if file is None else min(now, datetime.fromtimestamp(file.stat().st_mtime, UTC))
        _refuse_older(door, seller, read_at, file)
        taken = await take_in(door, seller.id, told, now, read_at, gone)
        away = not await door.check()
        if not away:
            await door.nudge(("stale",))
    if as_json:
        counted = {"credit_notes": read.credit_notes if read else 0, "payments": paid.taken if paid else 0}
        print_json({**_figures(taken), **counted, "as_of": read_at, "temporal": "away" if away else "answers"})
        return
    _report(taken, read, paid, away)
    if read and now - read_at > timedelta(hours=settings.csv_max_age_hours):
        say(f"The file is of {moment(read_at, seller.time_zone)}: reminders wait for a fresher one, since payments after that are not in it.")


def _refuse_older(door: Door, seller: Seller, read_at: datetime, file: Path | None) -> None:
    """An older export would put back balances that have been paid since. Raises UnableToTakeIn."""
    from db import installation

    with door.database.reading() as connection:
        last = installation.load_books(connection, seller.id).read_at
    if file is not None and last is not None and read_at < last:
        zone = seller.time_zone
        raise UnableToTakeIn(
            f"{file.name} is of {moment(read_at, zone)}, older than the last import of {moment(last, zone)}; export again, or touch the file if it is newer"
        )


async def take_in(door: Door, seller: str, told: Sequence[LedgerInvoice], now: datetime, read_at: datetime, gone: Sequence[Invoice] = ()) -> TakenIn:
    """Record and watch, with a progress bar where somebody looks on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("watching invoices", total=None)
        return await door.take_in(seller, told, now, read_at=read_at, gone=gone, progress=lambda done, of: shown.update(task, completed=done, total=of))


def find_gone(door: Door, seller: str, read: CsvRead, share: Decimal) -> tuple[Invoice, ...]:
    """Open invoices that a full export no longer has. Raises UnableToImport when that is more than ``share`` of them."""
    from db import invoices, parties
    from integrations.accounting.csv_ledger import missing_from_export

    with door.database.reading() as connection:
        open_ones = [invoice for invoice in invoices.load_open(connection, seller) if invoice.balance.amount > 0]
        numbers = {customer: parties.load_customer(connection, customer).number for customer in {invoice.customer for invoice in open_ones}}
    known = {(numbers[invoice.customer], invoice.number): invoice for invoice in open_ones}
    return tuple(known[pair] for pair in missing_from_export(known, read.seen, share_limit=share))


def _read(file: Path, seller: Seller, dates: str, decimal: str | None, currency: str, now: datetime) -> CsvRead:
    from domain.calendar import local_day
    from integrations.accounting import csv_cells
    from integrations.accounting.csv_ledger import DateOrder, DecimalMark, read_csv

    try:
        meant = csv_cells.currency(currency) if currency else ""
    except csv_cells.UnableToReadCell as error:
        raise UnableToTakeIn(f"--currency: {currency!r} {error}") from None
    return read_csv(
        file.read_bytes(),
        file=file.name,
        dates=DateOrder(dates.replace("-", "_")),
        today=local_day(now, (seller.time_zone,)),
        decimal=DecimalMark(decimal) if decimal else None,
        currency=meant,
        country=seller.country,
        language=seller.language,
    )


def _read_payments(file: Path, read: CsvRead, seller: Seller, dates: str, decimal: str | None, now: datetime) -> PaymentsRead:
    from domain.calendar import local_day
    from integrations.accounting.csv_cells import DateOrder, DecimalMark
    from integrations.accounting.csv_payments import read_payments

    return read_payments(
        file.read_bytes(),
        read.invoices,
        file=file.name,
        dates=DateOrder(dates.replace("-", "_")),
        today=local_day(now, (seller.time_zone,)),
        decimal=DecimalMark(decimal) if decimal else None,
    )


def _figures(taken: TakenIn) -> dict[str, int]:
    from dataclasses import asdict

    return asdict(taken)


def _report_plan(told: Sequence[LedgerInvoice], paid: PaymentsRead | None, gone: Sequence[Invoice], as_json: bool) -> None:
    owed = sum(invoice.balance > 0 for invoice in told)
    if as_json:
        counted = {"listed": len(told), "open": owed, "history": len(told) - owed, "payments": paid.taken if paid else 0}
        print_json({**counted, "gone": [invoice.number for invoice in gone]})
        return
    say(f"{count(len(told), 'invoice')} can be read: {owed} open, {len(told) - owed} paid or closed. Nothing was stored.")
    if paid:
        _report_payments(paid)
    if gone:
        say(f"{count(len(gone), 'open invoice')} would be closed: {', '.join(invoice.number for invoice in gone)}")


def _report(taken: TakenIn, read: CsvRead | None, paid: PaymentsRead | None, away: bool) -> None:
    parts = [f"{taken.new} new", f"{taken.changed} changed", f"{taken.listed - taken.new - taken.changed} as before"]
    if taken.gone:
        parts.append(f"{taken.gone} closed, no longer listed")
    say(f"{count(taken.listed, 'invoice')} taken in: {', '.join(parts)}.")
    say(f"  {taken.history} paid or closed, kept as history")
    if read and read.credit_notes:
        say(f"  {count(read.credit_notes, 'credit note')} left out: nobody is asked to pay those")
    if read and read.ignored:
        say(f"  columns not used: {', '.join(read.ignored)}")
    if paid:
        _report_payments(paid)
    say(f"  {taken.watched} watched now")
    if away or taken.waiting:
        say(f"  {taken.waiting} wait: Temporal is away. They are watched as soon as dunwell up (or dunwell web) runs again.")


def _report_payments(paid: PaymentsRead) -> None:
    elsewhere = f"; {paid.left_out} on other invoices left out" if paid.left_out else ""
    say(f"  {count(paid.taken, 'payment or credit', 'payments and credits')} on them{elsewhere}")
    if paid.ignored:
        say(f"  columns of payments not used: {', '.join(paid.ignored)}")
