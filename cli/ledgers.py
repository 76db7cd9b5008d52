"""What ``dunwell doctor`` finds about a seller's ledger: whether it answers and lists its invoices, how old its last import is, how
far its books are posted."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from cli.findings import Finding, Findings, Health
from cli.terminal import day, span

if TYPE_CHECKING:
    from db.engine import Database
    from settings import SellerSettings, Settings

_LISTING_SECONDS = 20.0


def examine_ledger(database: Database, settings: Settings, one: SellerSettings, now: datetime) -> Findings:
    from sqlalchemy import select

    from cli.switches import last_banking_day
    from db.installation import load_books
    from db.schema import invoices
    from integrations.accounting import OVERLAP

    with database.reading() as connection:
        books = load_books(connection, one.seller.id)
        known = select(invoices.c.ref).where(invoices.c.seller_id == one.seller.id).limit(1)
        some = connection.execute(known).scalar_one_or_none()
        with_payments = connection.execute(known.where(invoices.c.bookings.is_not(None))).scalar_one_or_none()
    posted = books.posted_through
    if one.seller.ledger == "rest":
        told = yield from _ask_ledger(one, some, books.read_at - OVERLAP if books.read_at else None)
        posted = max((each for each in (told, posted) if each), default=None)
    if one.seller.ledger == "csv":
        oldest = timedelta(hours=settings.csv_max_age_hours)
        if books.read_at is None:
            yield Finding("ledger", Health.WRONG, f"{one.seller.id}: nothing has been imported yet", "run: dunwell import FILE")
        elif now - books.read_at > oldest:
            yield Finding(
                "ledger",
                Health.WRONG,
                f"{one.seller.id}: the last import is {span(now - books.read_at)} old, so reminders wait",
                "run: dunwell import FILE",
            )
        else:
            yield Finding("ledger", Health.WELL, f"{one.seller.id}: imported {span(now - books.read_at)} ago{_payments({with_payments is not None})}")
    needed = last_banking_day(one.seller, now)
    if posted is None or posted < needed:
        said = f"posted through {day(posted)}" if posted else "nobody has said through which day they are posted"
        yield Finding(
            "books",
            Health.WRONG,
            f"{one.seller.id}: {said}, so overdue reminders wait",
            f"book the bank of {day(needed)}, then: dunwell posted-through {needed}",
        )
    else:
        yield Finding("books", Health.WELL, f"{one.seller.id}: posted through {day(posted)}")


def _ask_ledger(one: SellerSettings, known: str | None, since: datetime | None) -> Generator[Finding, None, date | None]:
    """Read an invoice that is known here as reminders do, and list what changed after ``since`` as upkeep does, for 20 seconds at most;
    how far the ledger says its books are posted. Raises UnableToReadLedger when it does not answer."""
    from integrations.accounting import UnableToReadLedger, rest

    ledger = rest.connect(one.rest_url, one.rest_token)
    reading = ledger.read((known,)) if known else None
    told = {row.bookings is not None for row in reading.invoices.values() if row} if reading else set()
    until = monotonic() + _LISTING_SECONDS
    try:
        for row in ledger.all_invoices(since):
            told.add(row.bookings is not None)
            if monotonic() > until:
                break
    except UnableToReadLedger as error:
        said = f"{one.seller.id}: it does not list its invoices: {error}"
        yield Finding("ledger", Health.WRONG, said, "until that is mended, new and changed invoices are not found, save those that webhooks tell of")
    else:
        yield Finding("ledger", Health.WELL, f"{one.seller.id}: answers and lists its invoices{_payments(told)}")
    return reading.posted_through if reading else None


def _payments(told: set[bool]) -> str:
    """What is known of single payments, by whether each invoice came with them."""
    if not told:
        return ""
    return ", and tells single payments" if any(told) else "; it tells balances and no single payments"
