"""A file of single payments beside a file of invoices: each finds its invoice, and one fault anywhere means that none is taken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoice import Booking, BookingKind
from domain.money import Money
from integrations.accounting.csv_ledger import DateOrder, UnableToImport
from integrations.accounting.csv_payments import PaymentsRead, read_payments
from support.csv_files import TODAY, read

PAID_INVOICES = (
    "number;customer number;customer;currency;total;balance;due\n"
    "R-1;7;Acme;EUR;1200.00;750.00;2026-02-01\n"
    "R-2;7;Acme;EUR;90.00;90.00;2026-02-01\n"
    "R-3;7;Acme;EUR;5.00;5.00;2026-02-01\n"
    "R-3;8;Sudwind Secret Ltd;USD;6.00;6.00;2026-02-01\n"
)
INVOICES = read(PAID_INVOICES).invoices
HEAD = "invoice number;customer number;day;amount;currency;kind;method;reference;payment id\n"


def paid(content: str | bytes, dates: DateOrder = DateOrder.ISO) -> PaymentsRead:
    return read_payments(content.encode() if isinstance(content, str) else content, INVOICES, file="payments.csv", dates=dates, today=TODAY)


def line(**cells: str) -> str:
    """A file of one payment of 400.00, with these cells changed."""
    whole = {"number": "R-1", "customer_number": "7", "day": "2026-02-10", "amount": "400.00", "currency": "EUR", "kind": "payment"} | cells
    whole = {"method": "transfer", "reference": "thanks", "id": "p-1"} | whole
    order = ("number", "customer_number", "day", "amount", "currency", "kind", "method", "reference", "id")
    return ";".join(whole[name] for name in order) + "\n"


def test_each_line_becomes_a_booking_on_its_invoice_and_the_others_have_none() -> None:
    found = paid(HEAD + line() + line(number="R-1", amount="50.00", kind="Gutschrift", method="", reference="CN-5", id="cn-5") + line(number="R-9"))
    assert found.invoices[0].bookings == (
        Booking("p-1", date(2026, 2, 10), Money(Decimal("400.00"), "EUR"), BookingKind.PAYMENT, "transfer", "thanks"),
        Booking("cn-5", date(2026, 2, 10), Money(Decimal("50.00"), "EUR"), BookingKind.CREDIT, "", "CN-5"),
    )
    assert [one.bookings for one in found.invoices[1:]] == [(), (), ()]
    assert (found.taken, found.left_out, found.ignored) == (2, 1, ())
    assert [one.ref for one in found.invoices] == [one.ref for one in INVOICES]


def test_three_columns_are_enough_and_two_alike_payments_stay_two() -> None:
    content = "Rechnungsnummer;Zahlungsdatum;Betrag;Memo\n" + "R-1;10.02.2026;1.400,50;x\n" * 2 + "R-1;11.02.2026;-1.400,50;back\n"
    found = paid(content, DateOrder.DAY_FIRST)
    told = found.invoices[0].bookings
    assert told and [str(one.amount.amount) for one in told] == ["1400.50", "1400.50", "-1400.50"]
    assert len({one.id for one in told}) == 3 and found.ignored == ("Memo",)
    assert told == paid(content, DateOrder.DAY_FIRST).invoices[0].bookings, "read again it is the same"


def test_an_invoice_number_of_two_customers_is_told_apart_by_the_customers_number() -> None:
    found = paid(HEAD + line(number="R-3", customer_number="8", amount="6.00", currency="USD"))
    assert [bool(one.bookings) for one in found.invoices] == [False, False, False, True]


def test_a_file_without_lines_tells_that_nothing_was_paid() -> None:
    assert [one.bookings for one in paid(HEAD).invoices] == [(), (), (), ()]


SHORT = "number;day;amount\n"
FAULTY: dict[str, tuple[str | bytes, int, str, str]] = {
    "empty file": ("", 0, "", "first line"),
    "only blank lines": ("\n;;\n", 0, "", "first line"),
    "no header": (line(), 1, "", "invoice number, customer number, day, amount"),
    "a workbook": (b"PK\x03\x04\x14\x00" + bytes(40), 0, "", "CSV UTF-8"),
    "an unknown encoding": (SHORT.encode() + b"R-1;\x81\x8d;1\n", 0, "", "CSV UTF-8"),
    "a zero byte": ((SHORT + "R-1;2026-02-01;1\0\n").encode(), 2, "", "CSV UTF-8"),
    "no invoice column": ("day;amount\n2026-02-01;1\n", 1, "invoice number", "Rechnungsnummer"),
    "no day column": ("number;amount\nR-1;1\n", 1, "day", "name the one that holds it"),
    "no amount column": ("number;day\nR-1;2026-02-01\n", 1, "amount", "Betrag"),
    "two columns for one thing": ("number;day;amount;paid\nR-1;2026-02-01;1;1\n", 1, "paid", "rename or remove"),
    "a row that is too short": (SHORT + "R-1;2026-02-01;1\nR-2;2026-02-01\n", 3, "", "complete the line"),
    "a row that is too long": (SHORT + "R-1;2026-02-01;1;2\n", 2, "", '"quotes"'),
    "a quotation mark never closed": (SHORT + 'R-1;"2026-02-01;1\n', 2, "", "close every quotation mark"),
    "a row of totals": (SHORT + "Summe;;400.00\n", 2, "number", "row of totals"),
    "no invoice number": (HEAD + line(number=""), 2, "invoice number", "name the invoice"),
    "no day": (HEAD + line(day=""), 2, "day", "every payment needs one"),
    "no amount": (HEAD + line(amount=""), 2, "amount", "every payment needs one"),
    "an amount of nothing": (HEAD + line(amount="0.00"), 2, "amount", "remove the line"),
    "an amount in words": (HEAD + line(amount="hundred"), 2, "amount", "is not an amount"),
    "an amount finer than a cent": (HEAD + line(amount="1.005,001"), 2, "amount", "more decimal places"),
    "an amount that reads two ways": (SHORT + "R-1;2026-02-01;1.234\n", 2, "amount", "--decimal comma or --decimal point"),
    "an absurd amount": (HEAD + line(amount="9" * 16), 2, "amount", "larger than any invoice"),
    "another currency beside it": (HEAD + line(amount="USD 400.00"), 2, "amount", "row's currency is EUR"),
    "another currency": (HEAD + line(currency="USD"), 2, "currency", "as it was set against the invoice"),
    "a currency that is none": (HEAD + line(currency="EURO"), 2, "currency", "ISO 4217"),
    "a day whose order nobody declared": (HEAD + line(day="03/02/2026"), 2, "day", "--dates day-first or --dates month-first"),
    "a day that is none": (HEAD + line(day="2026-02-30"), 2, "day", "correct it"),
    "a day in the future": (HEAD + line(day="2026-03-20"), 2, "day", "lies in the future"),
    "a day long past": (HEAD + line(day="1926-02-01"), 2, "day", "correct the year"),
    "a kind that is none": (HEAD + line(kind="gift"), 2, "kind", "write payment or credit"),
    "the same payment twice": (HEAD + line() + "\n" + line(day="2026-02-11"), 4, "payment id", "on line 2 already"),
    "an invoice of another customer": (HEAD + line(customer_number="8"), 2, "customer number", "somebody else's"),
    "an invoice of two customers": (SHORT + "R-3;2026-02-01;1.00\n", 2, "number", 'add a column "customer number"'),
    "a control character": (HEAD + line(method="tran\x07sfer"), 2, "method", "control character"),
    "a reference without an end": (HEAD + line(reference="x" * 201), 2, "reference", "quotation mark before it"),
}


@pytest.mark.parametrize("content, at, column, remedy", FAULTY.values(), ids=FAULTY)
def test_what_is_wrong_is_named_by_line_and_column_with_a_remedy(content: str | bytes, at: int, column: str, remedy: str) -> None:
    with pytest.raises(UnableToImport) as refused:
        paid(content)
    fault = refused.value.faults[0]
    assert (fault.file, fault.line, fault.column_name) == ("payments.csv", at, column)
    assert remedy in str(fault)
    assert "Sudwind" not in str(refused.value), "nobody learns from it whose invoice it is"


def test_every_fault_of_a_file_is_told_at_once_in_its_order() -> None:
    with pytest.raises(UnableToImport) as refused:
        paid(HEAD + line(day="soon", amount="much") + line(id="p-2") + line(number="", id="p-3"))
    assert [(fault.line, fault.column_name) for fault in refused.value.faults] == [(2, "day"), (2, "amount"), (4, "invoice number")]


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused(content: str | bytes) -> None:
    try:
        found = paid(content if isinstance(content, bytes) else content.encode(errors="replace"))
    except UnableToImport:
        return
    assert all(one.bookings is not None for one in found.invoices)
