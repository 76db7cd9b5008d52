"""Files as a person might export them, and what the csv ledger makes of them on a Monday."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.accounting import LedgerInvoice
from integrations.accounting.csv_ledger import CsvRead, DateOrder, Fault, UnableToImport, read_csv

TODAY = date(2026, 3, 2)


def read(content: str | bytes, dates: DateOrder = DateOrder.ISO, **declared: Any) -> CsvRead:
    return read_csv(content.encode() if isinstance(content, str) else content, file="ledger.csv", dates=dates, today=TODAY, **declared)


def only(content: str | bytes, dates: DateOrder = DateOrder.ISO, **declared: Any) -> LedgerInvoice:
    (invoice,) = read(content, dates, **declared).invoices
    return invoice


def faults(content: str | bytes, dates: DateOrder = DateOrder.ISO, **declared: Any) -> tuple[Fault, ...]:
    with pytest.raises(UnableToImport) as refused:
        read(content, dates, **declared)
    return refused.value.faults


def row(**cells: str) -> str:
    """A file of one invoice, with these cells added or changed."""
    whole = {"number": "R-1", "customer": "Acme", "currency": "EUR", "total": "100.00", "due": "2026-04-01"} | {
        name.replace("_", " "): cell for name, cell in cells.items()
    }
    return ";".join(whole) + "\n" + ";".join(whole.values()) + "\n"
