"""An invoice is known by its ledger's key, whatever its number is today."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from activities.ledgers import Ledgers
from db import parties
from db.engine import Database
from db.invoices import load_by_refs
from integrations.accounting import LedgerCustomer, LedgerInvoice
from support.rig import SELLER

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def told(ref: str, number: str, customer: str = "7") -> LedgerInvoice:
    amount = Decimal("100.00")
    return LedgerInvoice(ref, number, LedgerCustomer(customer, customer, "DE"), "EUR", amount, amount, date(2026, 2, 1), date(2026, 3, 1))


def listed(database: Database, *rows: LedgerInvoice) -> dict[str, tuple[str, str]]:
    """Record what a ledger tells; our id and the number of each invoice that was ever told, by the ledger's key."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        Ledgers(database, {}).record(connection, SELLER.id, rows, NOW)
        found = load_by_refs(connection, SELLER.id, ["A", "B", "C", "D"])
    return {ref: (invoice.id, invoice.number) for ref, invoice in found.items()}


@pytest.mark.parametrize(
    "later",
    [
        {"A": "2", "B": "1", "C": "3"},
        {"A": "2", "B": "3", "C": "1"},
        {"C": "2", "B": "1", "A": "3"},
        {"A": "9", "B": "1", "C": "2"},
    ],
)
def test_invoices_that_swap_their_numbers_stay_themselves(database: Database, later: dict[str, str]) -> None:
    before = listed(database, told("A", "1"), told("B", "2"), told("C", "3"))
    after = listed(database, *(told(ref, number) for ref, number in later.items()))
    assert {ref: number for ref, (_, number) in after.items()} == later
    assert {ref: id_ for ref, (id_, _) in after.items()} == {ref: id_ for ref, (id_, _) in before.items()}


def test_a_number_that_went_to_another_invoice_is_taken_from_one_not_yet_read_again(database: Database) -> None:
    before = listed(database, told("A", "1"), told("B", "2"))
    assert listed(database, told("A", "2")) == {"A": (before["A"][0], "2"), "B": (before["B"][0], "2 (B)")}
    assert listed(database, told("B", "1")) == {"A": (before["A"][0], "2"), "B": (before["B"][0], "1")}


def test_an_invoice_may_move_to_a_customer_who_has_its_number_already(database: Database) -> None:
    before = listed(database, told("A", "1", "7"), told("B", "1", "8"))
    after = listed(database, told("A", "1", "8"), told("B", "1", "7"))
    assert after == before
    after = listed(database, told("A", "1", "7"), told("C", "1", "9"))
    assert {ref: number for ref, (_, number) in after.items()} == {"A": "1", "B": "1 (B)", "C": "1"}


def test_of_two_words_on_one_key_the_later_counts(database: Database) -> None:
    assert listed(database, told("A", "1"), told("B", "5"), told("A", "2"))["A"][1] == "2"


def test_an_invoice_under_a_new_key_is_still_the_same_debt(database: Database) -> None:
    before = listed(database, told("A", "1"))
    assert listed(database, told("D", "1")) == {"D": before["A"]}
