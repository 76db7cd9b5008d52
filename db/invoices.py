"""Invoices as last seen in their ledgers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, select

from db.ids import lasting_id, new_id
from db.schema import cases, invoices
from db.upsert import upsert
from domain.invoice import Booking, Invoice, Standing
from domain.money import Money, minor_units

# Fewer than the parameters one SQLite statement may carry.
_CHUNK = 500
T = TypeVar("T")
_BOOKINGS = TypeAdapter(tuple[Booking, ...] | None)

# Statements are made once: to make one takes longer than to run it.
_INVOICE = select(invoices).where(invoices.c.id == bindparam("invoice"))
_INVOICES = select(invoices).where(invoices.c.id.in_(bindparam("invoices")))
_REFS = select(invoices.c.id, invoices.c.ref).where(invoices.c.id.in_(bindparam("invoices")))
_BY_REFS = select(invoices).where(invoices.c.seller_id == bindparam("seller"), invoices.c.ref.in_(bindparam("refs")))
_KNOWN = select(invoices.c.seller_id, invoices.c.ref).where(invoices.c.ref.in_(bindparam("refs")))
_SEEN = invoices.update().where(invoices.c.id.in_(bindparam("invoices"))).values(seen_at=bindparam("at"))
_TAKEN = select(invoices.c.id).where(invoices.c.id.in_(bindparam("invoices")))
_BY_REF = select(invoices).where(invoices.c.seller_id == bindparam("seller"), invoices.c.ref == bindparam("ref"))
_OPEN_BALANCES = select(invoices.c.balance_minor).where(
    invoices.c.seller_id == bindparam("seller"),
    invoices.c.currency == bindparam("currency"),
    invoices.c.balance_minor > 0,
    invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED]),
)
_OWED = select(invoices.c.balance_minor, invoices.c.currency).where(
    invoices.c.customer_id == bindparam("customer"),
    invoices.c.balance_minor > 0,
    invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED]),
)
_NUMBER = select(invoices.c.number).where(invoices.c.id == bindparam("invoice"))
_UNWATCHED = (
    select(invoices)
    .outerjoin(cases, cases.c.invoice_id == invoices.c.id)
    .where(
        invoices.c.customer_id == bindparam("customer"),
        invoices.c.balance_minor > 0,
        invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED]),
        cases.c.id.is_(None),
    )
)


def to_minor(money: Money) -> int:
    return int(money.amount.scaleb(minor_units(money.currency)))


def from_minor(amount: int, currency: str) -> Money:
    return Money(Decimal(amount).scaleb(-minor_units(currency)), currency)


def save_invoices(connection: Connection, seen: Sequence[tuple[Invoice, str]], at: datetime) -> None:
    """Record invoices with their ledger keys. One known by its ledger key, else by customer and number, keeps its id:
    a renumbered invoice or customer is still the same debt. Of two words on one ledger key the later counts."""
    rows = {(invoice.seller, ref): _row(invoice, ref, at) for invoice, ref in seen}
    known: set[tuple[str, str]] = set()
    for part in _parts(list(rows.values())):
        found = connection.execute(_KNOWN, {"refs": [row["ref"] for row in part]})
        known |= {(seller, ref) for seller, ref in found}
    again = [row for key, row in rows.items() if key in known]
    _free_numbers(connection, again)
    upsert(connection, invoices, ["seller_id", "ref"], again)
    new = [row for key, row in rows.items() if key not in known]
    _name(connection, new)
    upsert(connection, invoices, ["customer_id", "number"], new)


def _name(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Give invoices an id that comes of their ledger key: one that was lost with the database is found again by messages and
    watches that know it. The id that an invoice with another key now has stays its own."""
    wanted = {lasting_id("inv", row["seller_id"], row["ref"]): row for row in rows}
    for part in _parts(list(wanted)):
        for taken in connection.scalars(_TAKEN, {"invoices": part}):
            del wanted[taken]
    for id_, row in wanted.items():
        row["id"] = id_


def _free_numbers(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Take the number of each of these invoices away from any other that has it: their ledger may have swapped them.

    The other one is told apart by its ledger key until it is read again itself, in this same transaction or later.
    """
    for part in _parts(rows):
        wanted = {(row["customer_id"], row["number"]): row["ref"] for row in part}
        held = connection.execute(
            select(invoices.c.id, invoices.c.ref, invoices.c.customer_id, invoices.c.number).where(
                invoices.c.customer_id.in_({customer for customer, _ in wanted}), invoices.c.number.in_({number for _, number in wanted})
            )
        ).all()
        for invoice, ref, customer, number in held:
            if wanted.get((customer, number), ref) != ref:
                connection.execute(invoices.update().where(invoices.c.id == invoice).values(number=f"{number} ({ref})"))


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _row(invoice: Invoice, ref: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id("inv"),
        "seller_id": invoice.seller,
        "customer_id": invoice.customer,
        "number": invoice.number,
        "ref": ref,
        "currency": invoice.total.currency,
        "total_minor": to_minor(invoice.total),
        "balance_minor": to_minor(invoice.balance),
        "issued": invoice.issued,
        "due": invoice.due,
        "standing": invoice.standing.value,
        "pay_url": invoice.pay_url,
        "pdf_url": invoice.pdf_url,
        "purchase_order": invoice.purchase_order,
        "paid_on": invoice.paid_on,
        "seen_at": at,
        "bookings": _BOOKINGS.dump_python(invoice.bookings, mode="json"),
    }


def load_invoice(connection: Connection, invoice: str) -> Invoice | None:
    row = connection.execute(_INVOICE, {"invoice": invoice}).mappings().one_or_none()
    return None if row is None else read_row(row)


def load_with_refs(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Invoice, str]]:
    """Those of these invoices that are known, each with the ledger's key, by our id and in the order asked for."""
    rows = {row["id"]: row for row in connection.execute(_INVOICES, {"invoices": list(ids)}).mappings()}
    return {one: (read_row(row), row["ref"]) for one in ids if (row := rows.get(one))}


def refs_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The ledger's key of each invoice, by our id."""
    found = connection.execute(_REFS, {"invoices": list(ids)})
    return {invoice: ref for invoice, ref in found}  # noqa: C416  dict() takes the result for a mapping


def find_by_ref(connection: Connection, seller: str, ref: str) -> Invoice | None:
    row = connection.execute(_BY_REF, {"seller": seller, "ref": ref}).mappings().first()
    return None if row is None else read_row(row)


def find_by_number(connection: Connection, number: str) -> tuple[Invoice, ...]:
    """Every invoice with that number (customers and sellers may repeat it), or with that opaque id."""
    rows = connection.execute(select(invoices).where((invoices.c.number == number) | (invoices.c.id == number))).mappings()
    return tuple(read_row(row) for row in rows)


def load_open(connection: Connection, seller: str) -> tuple[Invoice, ...]:
    rows = connection.execute(
        select(invoices).where(invoices.c.seller_id == seller, invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED, Standing.DRAFT]))
    ).mappings()
    return tuple(read_row(row) for row in rows)


def open_balances(connection: Connection, seller: str, currency: str) -> list[int]:
    """What each open invoice of a seller in that currency owes, in minor units and no order."""
    return list(connection.scalars(_OPEN_BALANCES, {"seller": seller, "currency": currency}))


def balances_of(connection: Connection, customer: str) -> tuple[Money, ...]:
    """What each open invoice of a customer owes."""
    return tuple(from_minor(minor, currency) for minor, currency in connection.execute(_OWED, {"customer": customer}))


def read_row(row: RowMapping) -> Invoice:
    return Invoice(
        id=row["id"],
        seller=row["seller_id"],
        customer=row["customer_id"],
        number=row["number"],
        total=from_minor(row["total_minor"], row["currency"]),
        balance=from_minor(row["balance_minor"], row["currency"]),
        issued=row["issued"],
        due=row["due"],
        standing=Standing(row["standing"]),
        pay_url=row["pay_url"],
        pdf_url=row["pdf_url"],
        purchase_order=row["purchase_order"],
        paid_on=row["paid_on"],
        bookings=None if row["bookings"] is None else _BOOKINGS.validate_python(row["bookings"]),
    )


def load_by_refs(connection: Connection, seller: str, refs: Sequence[str]) -> dict[str, Invoice]:
    """Invoices of a seller by the ledger's key."""
    rows = connection.execute(_BY_REFS, {"seller": seller, "refs": list(refs)}).mappings()
    return {row["ref"]: read_row(row) for row in rows}


def note_seen(connection: Connection, ids: Sequence[str], at: datetime) -> None:
    """Write down that a ledger has told of these invoices again at that moment, and told nothing new."""
    connection.execute(_SEEN, {"invoices": list(ids), "at": at})


def number_of(connection: Connection, invoice: str) -> str:
    """The seller's number of an invoice; empty when it is not known."""
    return connection.execute(_NUMBER, {"invoice": invoice}).scalar_one_or_none() or ""


def load_unwatched(connection: Connection, customer: str) -> tuple[Invoice, ...]:
    """A customer's open invoices that no case has ever watched."""
    return tuple(read_row(row) for row in connection.execute(_UNWATCHED, {"customer": customer}).mappings())
