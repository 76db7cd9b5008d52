"""Invoices as last seen in their ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from db.ids import new_id
from db.schema import cases, invoices
from db.upsert import upsert
from domain.invoice import Invoice, Standing
from domain.money import Money, minor_units

# Fewer than the parameters one SQLite statement may carry.
_CHUNK = 500


def to_minor(money: Money) -> int:
    return int(money.amount.scaleb(minor_units(money.currency)))


def from_minor(amount: int, currency: str) -> Money:
    return Money(Decimal(amount).scaleb(-minor_units(currency)), currency)


def save_invoices(connection: Connection, seen: Sequence[tuple[Invoice, str]], at: datetime) -> None:
    """Record invoices with their ledger keys. One known by its ledger key, else by customer and number, keeps its id:
    a renumbered invoice or customer is still the same debt."""
    rows = [_row(invoice, ref, at) for invoice, ref in seen]
    known = set()
    for start in range(0, len(rows), _CHUNK):
        refs = [row["ref"] for row in rows[start : start + _CHUNK]]
        found = connection.execute(select(invoices.c.seller_id, invoices.c.ref).where(invoices.c.ref.in_(refs)))
        known |= {(seller, ref) for seller, ref in found}
    again = [row for row in rows if (row["seller_id"], row["ref"]) in known]
    upsert(connection, invoices, ["seller_id", "ref"], again)
    upsert(connection, invoices, ["customer_id", "number"], [row for row in rows if (row["seller_id"], row["ref"]) not in known])


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
    }


def load_invoice(connection: Connection, invoice: str) -> Invoice | None:
    row = connection.execute(select(invoices).where(invoices.c.id == invoice)).mappings().one_or_none()
    return None if row is None else read_row(row)


def refs_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The ledger's key of each invoice, by our id."""
    found = connection.execute(select(invoices.c.id, invoices.c.ref).where(invoices.c.id.in_(ids)))
    return {invoice: ref for invoice, ref in found}  # noqa: C416  dict() takes the result for a mapping


def find_by_ref(connection: Connection, seller: str, ref: str) -> Invoice | None:
    row = connection.execute(select(invoices).where(invoices.c.seller_id == seller, invoices.c.ref == ref)).mappings().first()
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
    )


def load_by_refs(connection: Connection, seller: str, refs: Sequence[str]) -> dict[str, Invoice]:
    """Invoices of a seller by the ledger's key."""
    rows = connection.execute(select(invoices).where(invoices.c.seller_id == seller, invoices.c.ref.in_(refs))).mappings()
    return {row["ref"]: read_row(row) for row in rows}


def number_of(connection: Connection, invoice: str) -> str:
    """The seller's number of an invoice; empty when it is not known."""
    return connection.execute(select(invoices.c.number).where(invoices.c.id == invoice)).scalar_one_or_none() or ""


def load_unwatched(connection: Connection, customer: str) -> tuple[Invoice, ...]:
    """A customer's open invoices that no case has ever watched."""
    rows = connection.execute(
        select(invoices)
        .outerjoin(cases, cases.c.invoice_id == invoices.c.id)
        .where(
            invoices.c.customer_id == customer, invoices.c.balance_minor > 0, invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED]), cases.c.id.is_(None)
        )
    ).mappings()
    return tuple(read_row(row) for row in rows)
