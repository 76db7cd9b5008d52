"""What a ledger tells of money that is not yet set against an invoice."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.accounting import UnableToReadLedger
from integrations.accounting.rest_forms import Page
from support.csv_files import faults, read

HEADER = "invoice number,customer number,currency,total,issued,due,unapplied\n"


def unapplied_of(*rows: str) -> dict[str, object]:
    found = read(HEADER + "\n".join(rows) + "\n")
    return {invoice.customer.number: invoice.customer.unapplied for invoice in found.invoices}


def test_a_csv_tells_it_for_each_customer_and_currency_by_its_latest_invoice() -> None:
    assert unapplied_of(
        "A-1,oak,EUR,100.00,2026-02-01,2026-03-01,50.00",
        "A-2,oak,EUR,100.00,2026-02-02,2026-03-02,70.00",
        "A-3,oak,USD,100.00,2026-01-02,2026-03-02,7.50",
        "A-4,elm,EUR,100.00,2026-02-02,2026-03-02,",
        "A-5,ash,EUR,100.00,2026-02-02,2026-03-02,0.00",
    ) == {"oak": (("EUR", Decimal("70.00")), ("USD", Decimal("7.50"))), "elm": (), "ash": ()}


def test_a_csv_without_the_column_tells_nothing() -> None:
    found = read("invoice number,customer number,currency,total,due\nA-1,oak,EUR,100.00,2026-03-01\n")
    assert [invoice.customer.unapplied for invoice in found.invoices] == [None]


@pytest.mark.parametrize(("cell", "said"), [("-5.00", "is below zero"), ("some", "unapplied")])
def test_a_cell_that_is_no_such_amount_is_refused_with_its_line(cell: str, said: str) -> None:
    told = faults(HEADER + f"A-1,oak,EUR,100.00,2026-02-01,2026-03-01,{cell}\n")
    assert any(said in str(fault) and "line 2" in str(fault) for fault in told)


def answer(**customer: Any) -> Page:
    one = {
        "ref": "r-1", "number": "A-1", "customer": {"number": "oak", "name": "Oak", **customer}, "currency": "EUR",
        "total": "100.00", "balance": "100.00", "issued": "2026-02-01", "due": "2026-03-01",
    }  # fmt: skip
    return Page.model_validate_json(json.dumps({"invoices": [one]}))


def test_an_api_tells_it_by_currency_or_not_at_all() -> None:
    assert answer().invoices[0].as_told().customer.unapplied is None
    assert answer(unapplied={}).invoices[0].as_told().customer.unapplied == ()
    told = answer(unapplied={"USD": "7.50", "EUR": "70.00", "GBP": "0.00"}).invoices[0].as_told()
    assert told.customer.unapplied == (("EUR", Decimal("70.00")), ("USD", Decimal("7.50")))


@pytest.mark.parametrize("wrong", [{"EUR": 70}, {"EUR": "lots"}, {"euro": "70.00"}, ["EUR"], "70.00"])
def test_an_api_that_tells_it_in_another_form_is_not_believed(wrong: object) -> None:
    with pytest.raises(ValidationError):
        answer(unapplied=wrong)


@pytest.mark.parametrize(("wrong", "said"), [({"EUR": "-1.00"}, "less than nothing"), ({"JPY": "1.50"}, r"unusable customer\.unapplied")])
def test_an_amount_that_cannot_be_is_refused_with_the_invoice_that_names_it(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(UnableToReadLedger, match=f"invoice r-1 has .*{said}"):
        answer(unapplied=wrong).invoices[0].as_told()
