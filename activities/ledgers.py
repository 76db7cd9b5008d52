"""Ledgers made real: one look at what is owed, recorded as it was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from db import installation, invoices, parties
from db.engine import Database
from db.parties import CustomerRow
from domain.facts import Books
from domain.invoice import Invoice, Standing
from domain.money import Money, UnableToReckon
from integrations.accounting import Ledger, LedgerCustomer, LedgerInvoice, UnableToReadLedger
from integrations.reference.zones import possible_zones

API_MAX_AGE = timedelta(seconds=60)
_RECORD_AT_ONCE = 2_000
_REMEDY = "Look at the accounting system and its address and token in sellers.yaml; reminders go on by themselves"


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at a ledger: the invoices by our id (none when it could not be read), and how far it can be believed.

    ``missing`` holds the ids of those the ledger does not know, or tells what cannot be true of. ``begun`` is when the
    look began.
    """

    invoices: Mapping[str, Invoice]
    books: Books
    begun: datetime
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing:
    """The invoices a ledger listed and those it lists no longer, as recorded; how many of the first were new, and changed."""

    invoices: tuple[Invoice, ...]
    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The ledger of each seller. A seller without a connection lives on imported files."""

    database: Database
    connections: Mapping[str, Ledger]
    csv_max_age: timedelta = timedelta(hours=24)

    def read(self, ids: Sequence[str], now: datetime) -> Sight:
        """Look at these invoices of one seller now. What cannot be read comes back as a problem, never as an error.

        Raises LookupError when none of them is in the database.
        """
        with self.database.reading() as connection:
            stored = invoices.load_with_refs(connection, ids)
            seller = next((invoice.seller for invoice, _ in stored.values()), None)
            if seller is None:
                raise LookupError(f"invoice {', '.join(ids)} is not in the database")
            ledger, known = self.connections.get(seller), installation.load_books(connection, seller)
            if ledger is None and parties.load_seller(connection, seller).ledger != "csv":
                problem = "this worker has no connection to it"
                return Sight({}, Books(seller, None, API_MAX_AGE, known.posted_through, problem, "Give every worker the same sellers.yaml and restart it"), now)
        if ledger is None:
            found = {one: invoice for one, (invoice, _) in stored.items()}
            return Sight(found, Books(seller, known.read_at, self.csv_max_age, known.posted_through), now)
        refs = {one: ref for one, (_, ref) in stored.items()}
        try:
            reading = ledger.read(tuple(refs.values()))
        except UnableToReadLedger as error:
            return Sight({}, Books(seller, None, API_MAX_AGE, known.posted_through, problem=str(error), remedy=_REMEDY), now)
        seen = {one: told for one, ref in refs.items() if (told := reading.invoices.get(ref)) and _is_money(told)}
        with self.database.reading() as connection:
            recorded = self._find_recorded(connection, seller, seen.values())
        if recorded is None:
            with self.database.transaction() as connection:
                recorded = self.record(connection, seller, seen.values(), now)
        posted = max((day for day in (reading.posted_through, known.posted_through) if day), default=None)
        found = {one: recorded[told.ref] for one, told in seen.items()}
        return Sight(found, Books(seller, now, API_MAX_AGE, posted), now, frozenset(refs) - frozenset(found))

    def record(self, connection: Connection, seller: str, seen: Iterable[LedgerInvoice], now: datetime) -> dict[str, Invoice]:
        """Write down what a ledger tells: customers, contacts, invoices. The invoices by the ledger's key.

        Raises UnableToReckon when an amount is no money.
        """
        rows = list(seen)
        country = parties.load_seller(connection, seller).country
        customers = parties.save_customers(
            connection, seller, [_customer(customer, country) for customer in {row.customer.number: row.customer for row in rows}.values()]
        )
        told = [(_invoice(row, seller, customers[row.customer.number]), row.ref) for row in rows]
        invoices.save_invoices(connection, told, now)
        return invoices.load_by_refs(connection, seller, [row.ref for row in rows])

    def record_listing(
        self, connection: Connection, seller: str, told: Sequence[LedgerInvoice], gone: Sequence[Invoice], read_at: datetime, now: datetime
    ) -> Listing:
        """Write down all that a ledger listed as of ``read_at``; ``gone`` are invoices it lists no longer: closed there.

        Raises UnableToReckon when an amount is no money.
        """
        recorded: list[Invoice] = []
        new = changed = 0
        for start in range(0, len(told), _RECORD_AT_ONCE):
            part = told[start : start + _RECORD_AT_ONCE]
            before = invoices.load_by_refs(connection, seller, [one.ref for one in part])
            after = self.record(connection, seller, part, now)
            new += len(after.keys() - before.keys())
            changed += sum(after[ref] != invoice for ref, invoice in before.items())
            recorded += after.values()
        refs = invoices.refs_of(connection, [one.id for one in gone])
        closed = [replace(one, standing=Standing.CLOSED) for one in gone]
        invoices.save_invoices(connection, [(one, refs[one.id]) for one in closed], now)
        parties.judge_behavior(connection, sorted({invoice.customer for invoice in recorded}))
        installation.note_read(connection, seller, read_at)
        return Listing((*recorded, *closed), new, changed)

    def _find_recorded(self, connection: Connection, seller: str, seen: Collection[LedgerInvoice]) -> dict[str, Invoice] | None:
        """The invoices by the ledger's key if it tells nothing that is not recorded already: the common case, which takes
        no turn among the writers."""
        country = "" if all(told.customer.country for told in seen) else parties.load_seller(connection, seller).country
        recorded = invoices.load_by_refs(connection, seller, [told.ref for told in seen])
        for told in seen:
            known, customer = recorded.get(told.ref), parties.find_recorded(connection, seller, _customer(told.customer, country))
            if known is None or customer is None or known != replace(_invoice(told, seller, customer), id=known.id):
                return None
        return recorded

    def pdf(self, seller: str, ref: str) -> bytes | None:
        """The invoice document, where the ledger has one and gives it now."""
        ledger = self.connections.get(seller)
        try:
            return ledger.pdf(ref) if ledger else None
        except UnableToReadLedger:
            return None  # the mail carries the link, or the figures alone; it is not worth holding back


def _is_money(told: LedgerInvoice) -> bool:
    try:
        Money(told.total, told.currency), Money(told.balance, told.currency)
    except UnableToReckon:
        return False
    return all(one.amount.currency == told.currency for one in told.bookings or ())


def _customer(told: LedgerCustomer, seller_country: str) -> CustomerRow:
    """A customer whose country nobody tells is taken to be in the seller's."""
    country = told.country or seller_country
    zones = possible_zones(country, told.time_zone, tuple(contact.phone for contact in told.contacts if contact.phone))
    people = tuple((contact.role, contact.name, contact.email, contact.phone) for contact in told.contacts)
    unapplied = None if told.unapplied is None else tuple(Money(amount, currency) for currency, amount in told.unapplied)
    return CustomerRow(told.number, told.name, country, zones, told.language, people, unapplied, told.address)


def _invoice(told: LedgerInvoice, seller: str, customer: str) -> Invoice:
    return Invoice(
        id="",
        seller=seller,
        customer=customer,
        number=told.number,
        total=Money(told.total, told.currency),
        balance=Money(told.balance, told.currency),
        issued=told.issued,
        due=told.due,
        standing=told.standing,
        pay_url=told.pay_url,
        pdf_url=told.pdf_url,
        purchase_order=told.purchase_order,
        paid_on=told.paid_on,
        bookings=None if told.bookings is None else tuple(sorted(told.bookings, key=lambda one: (one.day, one.id))),
    )
