"""A ledger in the test's own process: says what it is told to, and can be interfered with while it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from integrations.accounting import LedgerContact, LedgerCustomer, LedgerInvoice, Reading, UnableToReadLedger


@dataclass
class ScriptedLedger:
    """``after_read`` runs when an answer is made and before it is given: what changes then is not in that answer."""

    rows: dict[str, LedgerInvoice] = field(default_factory=dict)
    reads: list[tuple[float, dict[str, LedgerInvoice | None]]] = field(default_factory=list)
    posted_through: date | None = date(2100, 1, 1)
    broken: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)
    after_read: Callable[[], None] = lambda: None

    def read(self, refs: tuple[str, ...]) -> Reading:
        if self.broken:
            raise UnableToReadLedger(self.broken)
        answer = {ref: self.rows.get(ref) for ref in refs}
        self.after_read()
        return Reading(answer, datetime.now(UTC), self.posted_through)

    def all_invoices(self, updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
        return iter(list(self.rows.values()))

    def pdf(self, ref: str) -> bytes | None:
        return self.documents.get(ref)

    def change(self, ref: str, **fields: Any) -> None:
        self.rows[ref] = replace(self.rows[ref], **fields)

    def add(
        self,
        number: str,
        due: date,
        issued: date,
        *,
        customer: str = "C-1",
        country: str = "DE",
        balance: str = "1200.00",
        currency: str = "EUR",
        email: str | None = None,
        zone: str = "",
    ) -> LedgerInvoice:
        contacts = (LedgerContact("Bea Ling", f"{customer.lower()}@customer.example" if email is None else email),)
        invoice = LedgerInvoice(
            number,
            number,
            LedgerCustomer(customer, f"Customer {customer}", country, time_zone=zone, contacts=contacts),
            currency,
            Decimal("1200.00"),
            Decimal(balance),
            issued,
            due,
        )
        self.rows[number] = invoice
        return invoice
