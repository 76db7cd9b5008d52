"""Accounting systems: one file each, named as in a seller's ``ledger`` setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from domain.customer import Role
from domain.invoice import Booking, Standing

# Changes that a ledger dates a little before it lists them are still caught by whoever asks for so much more.
OVERLAP = timedelta(minutes=10)


class UnableToReadLedger(Exception):
    """The accounting system did not answer, or not in a form that can be believed. Nothing may be sent on its word."""


@dataclass(frozen=True, slots=True)
class LedgerContact:
    """A person at the customer, as the ledger tells."""

    name: str
    email: str = ""
    phone: str = ""
    role: Role = Role.BILLING


@dataclass(frozen=True, slots=True)
class LedgerCustomer:
    """A customer as the ledger tells: ``number`` is the ledger's key. ``country`` and ``time_zone`` are "" where it does not tell.

    ``unapplied`` is what the customer has paid that is not yet set against an invoice, as currency and amount; None: it does not tell.
    ``address`` are the lines of a letter below the name.
    """

    number: str
    name: str
    country: str
    language: str = "en"
    time_zone: str = ""
    contacts: tuple[LedgerContact, ...] = ()
    unapplied: tuple[tuple[str, Decimal], ...] | None = None
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    """An invoice as the ledger tells.

    ``ref`` is the ledger's key for reading it again: one invoice each, whatever the ledger's numbers (in a csv: customer
    number and invoice number, percent-encoded, joined by a slash). Amounts are exact in the currency's minor units.
    ``bookings`` are all payments and credits set against it, in its own currency, each under an id of its own; None: it does not tell them.
    They explain the balance and never stand in for it.
    """

    ref: str
    number: str
    customer: LedgerCustomer
    currency: str
    total: Decimal
    balance: Decimal
    issued: date
    due: date
    standing: Standing = Standing.OPEN
    pay_url: str = ""
    pdf_url: str = ""
    purchase_order: str = ""
    paid_on: date | None = None
    bookings: tuple[Booking, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a ledger: the invoices asked for (missing: None), when read, and how far its books are posted."""

    invoices: dict[str, LedgerInvoice | None]
    read_at: datetime
    posted_through: date | None


@dataclass(frozen=True, slots=True)
class Hint:
    """A webhook's content: something about this invoice may have changed. ``delivery`` is the provider's unique id."""

    delivery: str
    ref: str
    happened: str = field(default="changed")


class Ledger(Protocol):
    """An accounting system that answers. Every call raises UnableToReadLedger when it cannot be believed."""

    def read(self, refs: tuple[str, ...]) -> Reading:
        """The present state of these invoices, read now."""
        ...

    def all_invoices(self, updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
        """Every invoice the ledger has, paid ones (history) included, page by page; or only those changed since then."""
        ...

    def pdf(self, ref: str) -> bytes | None:
        """The invoice document, where the ledger keeps one."""
        ...
