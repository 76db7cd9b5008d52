"""What ``dunwell doctor`` finds about a seller's ledger: whether it answers, how old its last import is, and how far its books are posted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from cli.findings import Finding, Findings, Health
from cli.terminal import day, span

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.engine import Database
    from settings import SellerSettings, Settings


def examine_ledger(database: Database, settings: Settings, one: SellerSettings, now: datetime) -> Findings:
    from cli.switches import last_banking_day
    from db.installation import load_books

    with database.reading() as connection:
        books = load_books(connection, one.seller.id)
        posted = books.posted_through
        if one.seller.ledger == "rest":
            told = _ask_ledger(connection, one)
            posted = max((each for each in (told, posted) if each), default=None)
            yield Finding("ledger", Health.WELL, f"{one.seller.id}: answers")
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
            yield Finding("ledger", Health.WELL, f"{one.seller.id}: imported {span(now - books.read_at)} ago")
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


def _ask_ledger(connection: Connection, one: SellerSettings) -> date | None:
    """How far the ledger says its books are posted, if it says. Raises UnableToReadLedger when it does not answer."""
    from sqlalchemy import select

    from db.schema import invoices
    from integrations.accounting import rest

    ledger = rest.connect(one.rest_url, one.rest_token)
    known = connection.execute(select(invoices.c.ref).where(invoices.c.seller_id == one.seller.id).limit(1)).scalar_one_or_none()
    if known is None:
        next(iter(ledger.all_invoices()), None)
        return None
    return ledger.read((known,)).posted_through
