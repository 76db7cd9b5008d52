"""A csv file that cannot be believed whole is refused whole, with line, column and remedy for each fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.accounting.csv_ledger import CsvRead, DateOrder, DecimalMark, Fault, UnableToImport
from support.csv_files import faults, read, row

NEEDED = "number;customer;currency;total;due\n"
GOOD = "R-1;Acme;EUR;100.00;2026-04-01\n"

BROKEN: dict[str, tuple[str | bytes, int, str, str]] = {
    "empty file": ("", 0, "", "first line"),
    "only blank lines": ("\n\n;;\n", 0, "", "first line"),
    "no header": (GOOD, 1, "", "let the first line name them"),
    "a title above the header": ("Open items 2026\n" + NEEDED + GOOD, 1, "", "let the first line name them"),
    "only a header": (NEEDED, 0, "", "export the rows too"),
    "a workbook": (b"PK\x03\x04\x14\x00" + bytes(40), 0, "", "CSV UTF-8"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(40), 0, "", "CSV UTF-8"),
    "a zero byte": ((NEEDED + "R-1;Ac\0me;EUR;1;2026-04-01\n").encode(), 2, "", "CSV UTF-8"),
    "utf-16 without its mark": (row().encode("utf-16-le"), 1, "", "CSV UTF-8"),
    "cut inside a utf-16 letter": (("\ufeff" + row()).encode("utf-16-le")[:-1], 0, "", "CSV UTF-8"),
    "an unknown encoding": (NEEDED.encode() + b"R-1;\x81\x8d;EUR;1;2026-04-01\n", 0, "", "CSV UTF-8"),
    "too large": (b"a" * (20 * 1024 * 1024 + 1), 0, "", "fewer years"),
    "no number column": ("customer;currency;total;due\nAcme;EUR;1;2026-04-01\n", 1, "invoice number", "Rechnungsnummer"),
    "no customer column": ("number;currency;total;due\nR-1;EUR;1;2026-04-01\n", 1, "customer number", "customer name"),
    "no total column": ("number;customer;currency;due\nR-1;Acme;EUR;2026-04-01\n", 1, "total", "Betrag"),
    "no due column": ("number;customer;currency;total\nR-1;Acme;EUR;1\n", 1, "due", "Fällig"),
    "no currency anywhere": ("number;customer;total;due\nR-1;Acme;1;2026-04-01\n", 2, "currency", "--currency EUR"),
    "two columns for one thing": ("number;customer;currency;total;Betrag;due\nR-1;Acme;EUR;1;1;2026-04-01\n", 1, "Betrag", "rename or remove"),
    "a row that is too short": (NEEDED + GOOD + "R-2;Acme;EUR\n", 3, "", "complete the line"),
    "a row cut off at the end": (NEEDED + GOOD + "R-2;Acme;EUR;10", 3, "", "complete the line"),
    "a row that is too long": (NEEDED + "R-1;Acme;Ltd;EUR;1;2026-04-01\n", 2, "", '"quotes"'),
    "a decimal comma that parts cells": ("number,customer,currency,total,due\nR-1,Acme,EUR,10,50,2026-04-01\n", 2, "", '"quotes"'),
    "a quotation mark never closed": (NEEDED + 'R-1;"Acme;EUR;1;2026-04-01\n' + GOOD, 2, "", "close every quotation mark"),
    "a quotation mark inside quotes": (NEEDED + GOOD + 'R-2;"Bau "Nord" GmbH";EUR;1;2026-04-01\n', 3, "", "double those inside"),
    "a row of totals": (NEEDED + GOOD + "Summe;;;100.00;\n", 3, "number", "row of totals"),
    "a row of totals further right": (NEEDED + GOOD + ";;Total;100.00;\n", 3, "number", "row of totals"),
    "no number": (NEEDED + ";Acme;EUR;1;2026-04-01\n", 2, "number", "every invoice needs one"),
    "no customer": (NEEDED + "R-1;;EUR;1;2026-04-01\n", 2, "customer", "number or name"),
    "no total": (NEEDED + "R-1;Acme;EUR;;2026-04-01\n", 2, "total", "every invoice needs one"),
    "no due day": (NEEDED + "R-1;Acme;EUR;1;\n", 2, "due", "every invoice needs one"),
    "the same invoice twice": (NEEDED + GOOD + "\n" + GOOD, 4, "number", "on line 2 already"),
    "a currency that is none": (row(currency="EURO"), 2, "currency", "ISO 4217"),
    "a dollar of which country": (row(currency="$"), 2, "currency", "ISO 4217"),
    "no currency code": (row(currency="XXX"), 2, "currency", "ISO 4217"),
    "an amount in words": (row(total="hundred"), 2, "total", "is not an amount"),
    "an amount with a formula error": (row(total="#REF!"), 2, "total", "is not an amount"),
    "an amount in scientific notation": (row(total="1.2E+5"), 2, "total", "is not an amount"),
    "not a number": (row(total="NaN"), 2, "total", "is not an amount"),
    "infinity": (row(total="Infinity"), 2, "total", "is not an amount"),
    "digits of another script": (row(total="١٢٣"), 2, "total", "is not an amount"),
    "an amount that reads two ways": (row(total="1.234"), 2, "total", "--decimal comma or --decimal point"),
    "an amount grouped wrongly": (row(total="12.34.567,00"), 2, "total", "is not an amount"),
    "an amount with two signs": (row(total="(-5.00)"), 2, "total", "one sign"),
    "an amount with an open bracket": (row(total="(5.00"), 2, "total", "one sign"),
    "an amount finer than a cent": (row(total="10.005,001"), 2, "total", "more decimal places"),
    "half a yen": (row(total="10.5", currency="JPY"), 2, "total", "more decimal places"),
    "an absurd amount": (row(total="9" * 16), 2, "total", "larger than any invoice"),
    "an endless amount": (row(total="9" * 199), 2, "total", "is not an amount"),
    "an amount in another currency": (row(total="GBP 5.00"), 2, "total", "row's currency is EUR"),
    "both decimal marks": (NEEDED + GOOD + "R-2;A;EUR;1.50;2026-04-01\nR-3;A;EUR;1,50;2026-04-01\n", 4, "total", "--decimal comma"),
    "a balance above the total": (row(balance="100.01"), 2, "balance", "swapped"),
    "a balance that is no amount": (row(balance="ten"), 2, "balance", "is not an amount"),
    "paid, with something open": (row(balance="1.00", status="paid"), 2, "balance", "says paid"),
    "partly paid, of how much": (row(status="partly paid", balance=""), 2, "balance", "still open"),
    "a date whose order nobody declared": (row(due="03/04/2026"), 2, "due", "--dates day-first or --dates month-first"),
    "a date in words": (row(due="4 March 2026"), 2, "due", "is not a date"),
    "a day number of a spreadsheet": (row(due="46085"), 2, "due", "format the column as a date"),
    "a day that is not in the calendar": (row(due="2026-02-29"), 2, "due", "correct it"),
    "a moment with a zone": (row(due="2026-03-04T23:00:00Z"), 2, "due", "is not a date"),
    "a year long past": (row(due="1926-03-04"), 2, "due", "correct the year"),
    "a year far ahead": (row(due="2062-03-04"), 2, "due", "correct the year"),
    "an issue day that is none": (row(issued="soon"), 2, "issued", "is not a date"),
    "paid in the future": (row(paid_on="2026-03-20"), 2, "paid on", "lies in the future"),
    "a country that is none": (row(country="Atlantis"), 2, "country", "ISO 3166"),
    "a union of countries": (row(country="EU"), 2, "country", "ISO 3166"),
    "a language that is none": (row(language="Klingonisch"), 2, "language", "two-letter code"),
    "a time zone that is none": (row(time_zone="W. Europe Standard Time"), 2, "time zone", "Europe/Berlin"),
    "a time zone that is a path": (row(time_zone="../../etc/passwd"), 2, "time zone", "Europe/Berlin"),
    "a status nobody knows": (row(status="pondering"), 2, "status", "disputed"),
    "an e-mail address without a domain": (row(email="accounts@"), 2, "email", "name@domain"),
    "one bad address of two": (row(email="a@acme.example b@@acme.example"), 2, "email", "b@@acme.example"),
    "separators without addresses": (row(email=","), 2, "email", "name@domain"),
    "a phone number of a spreadsheet": (row(phone="4.93E+13"), 2, "phone", "country code"),
    "a phone number without a country": (row(phone="030 23125114"), 2, "phone", "country code"),
    "a phone number that is too short": (row(phone="+1 2"), 2, "phone", "country code"),
    "a pay link that runs code": (row(pay_link="javascript:alert(1)"), 2, "pay link", "https://"),
    "a pay link with a blank": (row(pay_link="https://pay.example/a b"), 2, "pay link", "https://"),
    "a pdf that is a file": (row(pdf="C:\\invoices\\1.pdf"), 2, "pdf", "https://"),
    "a control character": (row(customer="Ac\x1bme"), 2, "customer", "control character"),
    "a name that never ends": (row(customer="a" * 201), 2, "customer", "missing quotation mark"),
    "a cell too large for any file": (row(customer="a" * 200_000), 2, "", "taken apart"),
}


def outcome(content: bytes) -> CsvRead | tuple[Fault, ...]:
    try:
        return read(content)
    except UnableToImport as refused:
        return refused.faults


@pytest.mark.parametrize("content, line, column, remedy", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_line_column_and_remedy(content: str | bytes, line: int, column: str, remedy: str) -> None:
    (fault,) = faults(content)
    assert (fault.file, fault.line, fault.column_name) == ("ledger.csv", line, column)
    assert remedy in str(fault)
    assert str(fault).startswith("ledger.csv" + (f", line {line}" if line else "") + (f', column "{column}"' if column else "") + ": ")
    assert str(fault).isprintable()


@pytest.mark.parametrize(
    "dates, written, said",
    [
        (DateOrder.DAY_FIRST, "03/13/2026", "read as day, month, year"),
        (DateOrder.MONTH_FIRST, "13/03/2026", "read as month, day, year"),
        (DateOrder.DAY_FIRST, "31.04.2026", "declare the other order"),
        (DateOrder.DAY_FIRST, "01.03/2026", "is not a date"),
        (DateOrder.DAY_FIRST, "26-04-03", "year 2003"),
    ],
)
def test_a_day_that_contradicts_the_declared_order_is_refused(dates: DateOrder, written: str, said: str) -> None:
    (fault,) = faults(row(due=written), dates)
    assert (fault.line, fault.column_name, fault.value) == (2, "due", written)
    assert said in str(fault)


def test_an_amount_that_contradicts_the_declared_decimal_mark_is_refused() -> None:
    (fault,) = faults(row(total="1,234.50"), decimal=DecimalMark.COMMA)
    assert "--decimal point" in str(fault)


def test_every_fault_of_a_file_is_in_one_list_in_the_order_of_its_lines() -> None:
    text = NEEDED + "R-1;Acme;EUR;x;01.04.2026\nR-2;Acme;EUR;1.00;2026-04-01\nR-3;;EURO;1.00;2026-13-01\n;\n"
    found = [(fault.line, fault.column_name) for fault in faults(text)]
    assert sorted(found) == [(2, "due"), (2, "total"), (4, "currency"), (4, "customer"), (4, "due")]
    assert [line for line, _ in found] == sorted(line for line, _ in found)


def test_a_long_list_of_faults_shows_fifty_and_counts_the_rest() -> None:
    text = NEEDED + "".join(f"R-{n};Acme;EUR;x;2026-04-01\n" for n in range(120))
    with pytest.raises(UnableToImport) as refused:
        read(text)
    lines = str(refused.value).splitlines()
    assert len(refused.value.faults) == 120
    assert len(lines) == 51
    assert lines[-1] == "and 70 more"


def test_a_file_of_too_many_rows_is_refused() -> None:
    (fault,) = faults(NEEDED + ";".join("abcde") + ("\n" + ";".join("abcde")) * 200_000)
    assert "200000" in str(fault)


@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: (NEEDED + text).encode())))
def test_no_file_is_answered_with_anything_but_invoices_or_faults(content: bytes) -> None:
    assert outcome(content)


@given(
    cell=st.text(max_size=60),
    column=st.sampled_from(["number", "customer", "currency", "total", "due", "balance", "country", "phone", "email", "language", "status"]),
)
def test_no_cell_is_answered_with_anything_but_an_invoice_or_faults_on_its_line(cell: str, column: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    found = outcome(row(**{column: quoted}).encode())
    assert isinstance(found, CsvRead) or {fault.line for fault in found} == {2}


def test_what_one_option_would_mend_is_told_once_for_each_column() -> None:
    rows = "".join(f"R-{number};Acme;EUR;10.00;{number:02}.04.2026\n" for number in range(1, 21))
    with pytest.raises(UnableToImport) as refused:
        read(NEEDED + rows)
    (line,) = str(refused.value).splitlines()
    assert 'line 2, column "due": "01.04.2026" may start with the day or with the month; declare which: pass --dates day-first' in line
    assert line.endswith("(and 19 more cells of this column, down to line 21)")
    assert len(refused.value.faults) == 20, "a program is still told of each"
