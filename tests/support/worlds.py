"""Small worlds made of plain values, for tests of the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import playbooks
from domain.calendar import BusinessCalendar
from domain.case import Case
from domain.customer import Behavior, Contact, Customer, Role
from domain.facts import Books, Facts
from domain.invoice import Invoice
from domain.money import Money
from integrations.reference.holidays import calendar_for

STANDARD = playbooks.load("standard")
# A Monday, ten in the morning in Berlin.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LONG_AGO = date(2100, 1, 1)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def an_invoice(due: date, balance: str = "1200.00", number: str = "INV-1", **fields: Any) -> Invoice:
    money = euros(balance) if fields.get("currency") is None else Money(Decimal(balance), fields.pop("currency"))
    return Invoice(id=number.lower(), seller="s", customer="c", number=number, total=money, balance=money, issued=due - timedelta(days=30), due=due, **fields)


def a_case(due: date, opened: datetime = MONDAY, **fields: Any) -> Case:
    invoice = an_invoice(due, **fields)
    return Case(f"invoice/{invoice.id}", invoice, STANDARD.hash, opened)


def a_customer(behavior: Behavior = Behavior.STANDARD, zones: tuple[str, ...] = ("Europe/Berlin",), country: str = "DE") -> Customer:
    return Customer("c", "s", "C-1", "Customer", country, zones, behavior=behavior, contacts=(Contact("k", Role.BILLING, "Bea", "bea@customer.example"),))


def facts(**fields: Any) -> Facts:
    """A world where everything is in order: books posted, ledger just read, live, German holidays."""
    calendar: BusinessCalendar = calendar_for(("DE",), date(2026, 6, 1))
    customer = fields.pop("customer", a_customer())
    made = Facts(
        playbook=STANDARD,
        customer=customer,
        books=Books("s", read_at=MONDAY, max_age=timedelta(days=20_000), posted_through=LONG_AGO),
        seller_zone="Europe/Berlin",
        calendar=calendar,
        bank_calendar=calendar,
    )
    return replace(made, **fields)
