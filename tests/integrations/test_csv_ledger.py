"""The csv ledger believes a file whole, however it was exported, or says line by line why it does not."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customer import Behavior, Role, behavior
from domain.invoice import Standing
from domain.money import Money, Tolerance
from integrations.accounting import LedgerContact, LedgerInvoice
from integrations.accounting.csv_ledger import DateOrder, DecimalMark, UnableToImport, missing_from_export
from support.csv_files import TODAY, faults, only, read, row

EXAMPLE = Path(__file__).parents[2] / "examples" / "ledger.csv"


def owed_on(invoice: LedgerInvoice) -> Money:
    return Money(invoice.balance, invoice.currency)


def test_a_german_export_is_read_as_its_owner_means_it() -> None:
    text = (
        "Rechnungs-Nr.;Kunden-Nr.;Kunde;Land;Währung;Betrag;Offen;Rechnungsdatum;Fällig;E-Mail;Telefon;Ansprechpartner;Rolle;Sprache;Status;Bestellnummer;Zahlungslink\r\n"
        'RE-2026-001;10012;"Köhler & Söhne; Brauhaus";Österreich;EUR;"1.234,50 €";1.000,00;01.02.2026;03.03.2026;kasse@koehler.example;'
        "+49 30 23125 114;Thomas Köhler;Inhaber;Deutsch;teilbezahlt;B-77;https://pay.example/i/1\r\n"
    )
    found = read(text.encode("cp1252"), DateOrder.DAY_FIRST)
    assert (found.encoding, found.decimal, found.ignored, found.credit_notes) == ("Windows-1252", DecimalMark.COMMA, (), 0)
    (invoice,) = found.invoices
    assert invoice.customer.name == "Köhler & Söhne; Brauhaus"
    assert (invoice.customer.number, invoice.customer.country, invoice.customer.language) == ("10012", "AT", "de")
    assert invoice.customer.contacts == (LedgerContact("Thomas Köhler", "kasse@koehler.example", "+493023125114", Role.OWNER),)
    assert (invoice.total, invoice.balance, invoice.currency) == (Decimal("1234.50"), Decimal("1000.00"), "EUR")
    assert (invoice.issued, invoice.due, invoice.standing) == (date(2026, 2, 1), date(2026, 3, 3), Standing.OPEN)
    assert (invoice.pay_url, invoice.purchase_order) == ("https://pay.example/i/1", "B-77")


def test_an_american_export_is_read_as_its_owner_means_it() -> None:
    text = (
        "Invoice Number,Customer,Country,Currency,Total,Open Balance,Invoice Date,Due Date,Time Zone\n"
        'INV-7,"Bluestem Partners, LLC",USA,USD,"$1,234.50","1,234.50",02/13/2026,03/04/2026,America/Chicago\n'
    )
    invoice = only(text, DateOrder.MONTH_FIRST)
    assert (invoice.customer.number, invoice.customer.name, invoice.customer.country) == ("Bluestem Partners, LLC", "Bluestem Partners, LLC", "US")
    assert (invoice.total, invoice.issued, invoice.due) == (Decimal("1234.50"), date(2026, 2, 13), date(2026, 3, 4))
    assert invoice.customer.time_zone == "America/Chicago"


@pytest.mark.parametrize(
    "written, meant",
    [
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("1234,5", "1234.50"),
        ("1234.5", "1234.50"),
        ("1.234.567", "1234567.00"),
        ("1,234,567", "1234567.00"),
        ("1.234.567,89", "1234567.89"),
        ("12 345 678.90", "12345678.90"),
        ("100", "100.00"),
        ("1 234", "1234.00"),
        (".50", "0.50"),
        (",50", "0.50"),
        ("+99.90", "99.90"),
        ("€ 1.234,50", "1234.50"),
        ("1.234,50 EUR", "1234.50"),
        ("EUR 99", "99.00"),
        ("0", "0.00"),
    ],
)
def test_an_amount_that_can_be_read_one_way_only_needs_nothing_declared(written: str, meant: str) -> None:
    assert only(row(total=written)).total == Decimal(meant)


@pytest.mark.parametrize("evidence, meant", [("99,50", "1234.00"), ("99.50", "1.23")])
def test_one_clear_amount_tells_how_the_whole_file_is_meant(evidence: str, meant: str) -> None:
    text = f"number;customer;currency;total;due\nR-1;Acme;EUR;{evidence};2026-04-01\nR-2;Acme;EUR;1.234;2026-04-01\n"
    if meant == "1234.00":
        assert read(text).invoices[1].total == Decimal("1234.00")
    else:
        assert [(fault.line, fault.column_name) for fault in faults(text)] == [(3, "total")]


@pytest.mark.parametrize("mark, currency, meant", [(DecimalMark.COMMA, "EUR", "1234"), (DecimalMark.POINT, "KWD", "1.234")])
def test_a_declared_decimal_mark_settles_what_the_file_cannot(mark: DecimalMark, currency: str, meant: str) -> None:
    assert only(row(total="1.234", currency=currency), decimal=mark).total == Decimal(meant)


@pytest.mark.parametrize("written", ["-50.00", "(50.00)", "50,00-", "−50.00", "€ -50.00", "-€50.00"])
def test_a_credit_note_is_counted_and_not_chased(written: str) -> None:
    found = read(row(total=written, due=""))
    assert (found.invoices, found.credit_notes) == ((), 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_usual_encoding_separator_and_line_end_reads_alike(encoding: str, separator: str, line_end: str) -> None:
    text = "\n\nNumber;Customer;Currency;Total;Due;;\nR-1;Müller;EUR;10,50;2026-04-01;;\n;;;;;;\n\nR-2;Weiß;EUR;7,00;2026-04-02;;\n\n"
    written = text.replace(";", separator).replace("10,50", '"10,50"').replace("7,00", '"7,00"').replace("\n", line_end)
    found = read(written.encode(encoding))
    assert [(invoice.customer.name, invoice.total) for invoice in found.invoices] == [("Müller", Decimal("10.50")), ("Weiß", Decimal("7.00"))]
    assert found.encoding == {"utf-16": "UTF-16", "cp1252": "Windows-1252"}.get(encoding, "UTF-8")


def test_utf_16_big_endian_is_read_too() -> None:
    assert only(("\ufeff" + row(customer="Žižkov")).encode("utf-16-be")).customer.name == "Žižkov"


def test_a_spreadsheets_separator_hint_is_not_a_header() -> None:
    assert only("sep=;\r\n" + row()).number == "R-1"


def test_line_breaks_inside_quotes_are_white_space_and_lines_are_still_counted_right() -> None:
    text = 'number;customer;currency;total;due\nR-1;"Acme\r\n  Holding\nLtd";EUR;10.00;2026-04-01\nR-2;Acme;EUR;oops;2026-04-01\n'
    assert [(fault.line, fault.column_name, fault.value) for fault in faults(text)] == [(5, "total", "oops")]
    assert only(text.replace("oops", "1.00").replace("R-2;Acme;EUR;1.00;2026-04-01\n", "")).customer.name == "Acme Holding Ltd"


def test_a_name_that_looks_like_a_formula_is_a_name() -> None:
    assert only(row(customer='"=HYPERLINK(""http://x.example"")"')).customer.name == '=HYPERLINK("http://x.example")'


@pytest.mark.parametrize(
    "header",
    [
        "invoice number;customer number;currency;total;due",
        "INVOICE_NUMBER;CustomerNumber;CURRENCY;Amount;Due Date",
        "Rechnungsnummer;Kundennummer;Währung;Betrag;Fällig",
        "rechnungsnr.;DEBITOR;waehrung;Gesamtbetrag;Faelligkeit",
        "Belegnummer;Debitoren-Nr.;Currency Code;Rechnungsbetrag;fällig am",
        "Invoice No;Client;Währungscode;gross amount;payment due",
        '"Invoice\nNumber";Customer;currency;Invoice Total;DUE-DATE',
    ],
)
def test_columns_go_by_many_names_in_english_and_german(header: str) -> None:
    assert only(f"{header}\nR-1;K-9;EUR;100.00;2026-04-01\n").customer.number == "K-9"


@pytest.mark.parametrize(
    "dates, written",
    [
        (DateOrder.ISO, "2026-03-04"),
        (DateOrder.DAY_FIRST, "2026-03-04"),
        (DateOrder.MONTH_FIRST, "2026-03-04"),
        (DateOrder.ISO, "2026/03/04"),
        (DateOrder.ISO, "20260304"),
        (DateOrder.ISO, "2026-03-04 00:00:00"),
        (DateOrder.ISO, "2026-03-04T00:00:00.000"),
        (DateOrder.DAY_FIRST, "04.03.2026"),
        (DateOrder.DAY_FIRST, "4.3.2026"),
        (DateOrder.DAY_FIRST, "04/03/2026"),
        (DateOrder.DAY_FIRST, "04-03-2026"),
        (DateOrder.DAY_FIRST, "04.03.26"),
        (DateOrder.MONTH_FIRST, "03/04/2026"),
        (DateOrder.MONTH_FIRST, "3/4/2026 0:00"),
        (DateOrder.MONTH_FIRST, "3/4/26"),
    ],
)
def test_a_day_is_read_in_the_order_declared(dates: DateOrder, written: str) -> None:
    assert only(row(due=written), dates).due == date(2026, 3, 4)


@given(
    day=st.dates(date(2016, 1, 1), date(2035, 12, 31)), order=st.sampled_from([DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST]), separator=st.sampled_from("./-")
)
def test_every_day_written_in_the_declared_order_comes_back(day: date, order: DateOrder, separator: str) -> None:
    parts = [f"{day.day:02}", f"{day.month:02}"] if order is DateOrder.DAY_FIRST else [f"{day.month:02}", f"{day.day:02}"]
    assert only(row(due=separator.join([*parts, str(day.year)])), order).due == day


@given(
    cents=st.integers(0, 10**12),
    style=st.sampled_from([(".", ","), (",", "."), (" ", ","), (" ", "."), ("'", "."), ("", ","), ("", ".")]),
)
def test_every_amount_written_in_any_usual_style_comes_back(cents: int, style: tuple[str, str]) -> None:
    grouping, mark = style
    written = f"{cents // 100:,}".replace(",", grouping) + mark + f"{cents % 100:02}"
    assert only(row(total=written)).total == Decimal(cents) / 100


@pytest.mark.parametrize(
    "cells, balance, standing",
    [
        ({}, "100.00", Standing.OPEN),
        ({"balance": "40.00"}, "40.00", Standing.OPEN),
        ({"balance": "-5.00"}, "-5.00", Standing.OPEN),
        ({"paid_on": "2026-03-01"}, "0", Standing.OPEN),
        ({"paid_on": "2026-03-01", "balance": "30.00"}, "30.00", Standing.OPEN),
        ({"status": "Bezahlt"}, "0", Standing.OPEN),
        ({"status": "überfällig"}, "100.00", Standing.OPEN),
        ({"status": "partially paid", "balance": "60.00"}, "60.00", Standing.OPEN),
        ({"status": "Draft"}, "100.00", Standing.DRAFT),
        ({"status": "storniert"}, "0", Standing.VOID),
        ({"status": "In dispute"}, "100.00", Standing.DISPUTED),
        ({"status": "written-off"}, "100.00", Standing.WRITTEN_OFF),
        ({"status": "geschlossen"}, "0", Standing.CLOSED),
    ],
)
def test_what_is_owed_is_told_by_the_balance_else_by_payment_and_status(cells: dict[str, str], balance: str, standing: Standing) -> None:
    invoice = only(row(**cells))
    assert (invoice.balance, invoice.standing) == (Decimal(balance), standing)


def test_paid_invoices_are_kept_as_history() -> None:
    invoice = only(row(paid_on="2026-02-14"))
    assert (invoice.paid_on, invoice.balance) == (date(2026, 2, 14), Decimal(0))


@pytest.mark.parametrize(
    "written, code",
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("Deutschland", "DE"),
        ("Germany", "DE"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Großbritannien", "GB"),
        ("U.S.A.", "US"),
        ("Vereinigte Staaten", "US"),
        ("Niederlande", "NL"),
        ("Holland", "NL"),
        ("Schweiz", "CH"),
        ("Czech Republic", "CZ"),
        ("Côte d'Ivoire", "CI"),
    ],
)
def test_countries_go_by_code_or_name_in_english_and_german(written: str, code: str) -> None:
    assert only(row(country=written)).customer.country == code


def test_what_a_row_does_not_tell_is_taken_from_what_was_declared() -> None:
    text = "number;customer;total;due\nR-1;Acme;10.00;2026-04-01\n"
    invoice = only(text, currency="CHF", country="CH", language="de")
    assert (invoice.currency, invoice.customer.country, invoice.customer.language) == ("CHF", "CH", "de")
    assert only(row()).customer.country == ""


def test_an_issue_day_that_is_not_told_is_the_due_day() -> None:
    assert only(row()).issued == date(2026, 4, 1)


def test_several_addresses_in_one_cell_are_several_contacts() -> None:
    contacts = only(row(email='"ap@acme.example, cfo@acme.example"', contact_name="Jo", contact_role="Treasury wizard")).customer.contacts
    assert contacts == (LedgerContact("Jo", "ap@acme.example", "", Role.OTHER), LedgerContact("", "cfo@acme.example", "", Role.OTHER))


def test_a_customer_is_the_same_on_all_its_invoices_as_the_latest_tells_it() -> None:
    text = (
        "number;customer number;customer name;country;currency;total;balance;issued;due;email\n"
        "R-1;7;Acme Old;DE;EUR;10;0;2024-01-01;2024-02-01;left@acme.example\n"
        "R-3;7;Acme New;AT;EUR;10;10;2026-02-01;2026-03-01;ap@acme.example\n"
        "R-2;7;Acme Old;DE;EUR;10;10;2025-01-01;2025-02-01;boss@acme.example\n"
    )
    customers = {invoice.customer for invoice in read(text).invoices}
    (customer,) = customers
    assert (customer.name, customer.country) == ("Acme New", "AT")
    assert [contact.email for contact in customer.contacts] == ["ap@acme.example", "boss@acme.example"]


def test_a_number_two_customers_share_is_two_invoices_with_keys_of_their_own() -> None:
    text = "number;customer;currency;total;due\n1/2;A;EUR;10;2026-04-01\n1/2;B C;EUR;10;2026-04-01\n2;A/1;EUR;10;2026-04-01\n"
    found = read(text)
    assert [invoice.ref for invoice in found.invoices] == ["A/1%2F2", "B%20C/1%2F2", "A%2F1/2"]
    assert found.seen == {("A", "1/2"), ("B C", "1/2"), ("A/1", "2")}


def test_columns_nobody_knows_are_named() -> None:
    assert read(row(balanse="50", Filiale="Nord")).ignored == ("balanse", "Filiale")


KNOWN = tuple(("7", f"R-{n}") for n in range(20))


def test_what_a_full_export_no_longer_has_is_told_in_order() -> None:
    assert missing_from_export(KNOWN, KNOWN[2:]) == (("7", "R-0"), ("7", "R-1"))
    assert missing_from_export(KNOWN, [*KNOWN, ("8", "R-99")]) == ()
    assert missing_from_export((), KNOWN) == ()


def test_an_export_that_would_close_too_much_is_refused() -> None:
    assert len(missing_from_export(KNOWN, KNOWN[4:])) == 4
    with pytest.raises(UnableToImport, match=r"would close 5 of 20 open invoices .* above the limit of 20%; export all invoices again"):
        missing_from_export(KNOWN, KNOWN[5:])
    assert len(missing_from_export(KNOWN, KNOWN[5:], share_limit=Decimal("0.25"))) == 5


def test_a_few_invoices_may_always_close_at_once() -> None:
    assert len(missing_from_export(KNOWN[:3], ())) == 3
    with pytest.raises(UnableToImport):
        missing_from_export(KNOWN[:4], ())


def test_the_example_has_all_a_demonstration_needs() -> None:
    found = read(EXAMPLE.read_bytes())
    owed = [invoice for invoice in found.invoices if not Tolerance().covers(owed_on(invoice))]
    days_late = [(TODAY - invoice.due).days for invoice in owed]
    assert found.ignored == () and found.credit_notes == 0
    assert len(owed) >= 64
    assert len({invoice.customer.number for invoice in owed}) >= 22
    assert {invoice.currency for invoice in owed} == {"EUR", "GBP", "USD"}
    assert (min(days_late), max(days_late)) == (-25, 90)
    assert {invoice.customer.country for invoice in owed} == {"DE", "GB", "US", "FR", "AT", "NL", "ES"}
    assert all(invoice.customer.time_zone for invoice in owed)
    assert 0.4 < sum(bool(invoice.pay_url) for invoice in owed) / len(owed) < 0.6
    assert sum(sum(invoice.customer.number == number for invoice in owed) >= 3 for number in {invoice.customer.number for invoice in owed}) >= 5
    addresses = {contact.email for invoice in found.invoices for contact in invoice.customer.contacts if contact.email}
    assert all(address.endswith(".example") for address in addresses)


def test_the_examples_customers_pay_in_every_manner() -> None:
    late: dict[str, list[int]] = {}
    for invoice in read(EXAMPLE.read_bytes()).invoices:
        days = late.setdefault(invoice.customer.number, [])
        if invoice.paid_on and Tolerance().covers(owed_on(invoice)):
            days.append((invoice.paid_on - invoice.due) // timedelta(days=1))
    manners = [behavior(days) for days in late.values()]
    assert all(manners.count(manner) >= 2 for manner in Behavior)
