"""A csv file as rows of named cells, whatever program wrote it; and what to say when it is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from integrations.accounting.csv_cells import plain

_LARGEST_FILE = 20 * 1024 * 1024
_MOST_ROWS = 200_000
_FAULTS_SHOWN = 50
_ALIKE = 3
_VALUE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file's columns may be called by what they hold, the name we suggest first; ``needed`` are those of which one each must be
    there. ``example`` is a first line that has them."""

    names: dict[str, tuple[str, ...]]
    needed: tuple[tuple[str, ...], ...]
    example: str
    fields: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", {plain(name): key for key, names in self.names.items() for name in names})


_INVOICE_COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("invoice number", "invoice no", "invoice", "invoice id", "number", "Rechnungsnr", "Rechnung", "Belegnummer", "Belegnr", "Rechnungsnummer"),
    "customer_number": ("customer number", "customer no", "customer id", "Kundennr", "Debitor", "Debitorennummer", "Debitorennr", "Kundennummer"),
    "customer_name": ("customer name", "customer", "client", "company", "Firma", "Kundenname", "Kunde"),
    "country": ("country", "country code", "Ländercode", "Land"),
    "currency": ("currency", "currency code", "Währungscode", "Währung"),
    "total": (
        "total",
        "amount",
        "total amount",
        "invoice amount",
        "invoice total",
        "gross amount",
        "Bruttobetrag",
        "Gesamtbetrag",
        "Rechnungsbetrag",
        "Betrag",
    ),
    "balance": ("balance", "open", "open balance", "open amount", "amount due", "balance due", "outstanding", "offen", "offener Betrag", "Restbetrag", "Saldo"),
    "issued": ("issued", "invoice date", "issue date", "date", "Belegdatum", "Datum", "Rechnungsdatum"),
    "due": ("due", "due date", "payment due", "fällig am", "Fälligkeit", "Fälligkeitsdatum", "Fällig"),
    "email": ("email", "email address", "mail", "E-Mail-Adresse"),
    "phone": ("phone", "phone number", "telephone", "Telefonnummer", "Telefon"),
    "contact_name": ("contact name", "contact", "contact person", "Kontakt", "Ansprechpartner"),
    "contact_role": ("contact role", "role", "Funktion", "Rolle"),
    "address": ("address", "postal address", "billing address", "Anschrift", "Rechnungsadresse"),
    "street": ("street", "address line 1", "street address", "Straße"),
    "postcode": ("postcode", "postal code", "zip", "zip code", "PLZ", "Postleitzahl"),
    "city": ("city", "town", "Ort", "Stadt"),
    "language": ("language", "Sprache"),
    "time_zone": ("time zone", "Zeitzone"),
    "status": ("status", "invoice status", "state"),
    "paid_on": ("paid on", "paid date", "date paid", "payment date", "Zahlungsdatum", "Zahldatum", "bezahlt am"),
    "pay_url": ("pay link", "payment link", "pay url", "payment url", "Bezahllink", "Zahlungslink"),
    "pdf_url": ("pdf", "pdf link", "pdf url"),
    "unapplied": ("unapplied", "unapplied amount", "unapplied credit", "on account", "nicht zugeordnet"),
    "purchase_order": ("purchase order", "po", "po number", "Bestellung", "Bestellnummer"),
}
INVOICES = Layout(
    _INVOICE_COLUMNS,
    (("number",), ("customer_number", "customer_name"), ("total",), ("due",)),
    "invoice number, customer number, currency, total, due",
)
PAYMENTS = Layout(
    {
        "number": _INVOICE_COLUMNS["number"],
        "customer_number": _INVOICE_COLUMNS["customer_number"],
        "id": ("payment id", "payment no", "payment number", "id", "transaction id", "Zahlungsnummer", "Zahlungsnr", "Buchungsnummer"),
        "day": ("day", "payment date", "date", "paid on", "date paid", "booking date", "Zahlungsdatum", "Zahldatum", "bezahlt am", "Buchungsdatum", "Datum"),
        "amount": ("amount", "payment amount", "amount paid", "paid", "Zahlbetrag", "Betrag"),
        "currency": _INVOICE_COLUMNS["currency"],
        "kind": ("kind", "type", "Buchungsart", "Art"),
        "method": ("method", "payment method", "paid by", "Zahlungsart", "Zahlungsweise"),
        "reference": ("reference", "payment reference", "remittance", "Referenz", "Verwendungszweck"),
    },
    (("number",), ("day",), ("amount",)),
    "invoice number, customer number, day, amount",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a file, for the person who exported it.

    ``line`` counts from 1 as an editor does (0: the file as a whole); ``column_name`` and ``value`` are as in the file.
    """

    file: str
    line: int
    column_name: str
    value: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = [self.file, f"line {self.line}" if self.line else "", f'column "{self.column_name}"' if self.column_name else ""]
        value = "".join(letter if letter.isprintable() else "�" for letter in self.value)
        shown = f'"{value if len(value) <= _VALUE_SHOWN else value[:_VALUE_SHOWN] + "..."}" ' if value else ""
        return ", ".join(part for part in place if part) + f": {shown}{self.problem}; {self.remedy}"


class UnableToImport(ValueError):
    """A file that cannot be believed; nothing of it may be used. The text lists the first fifty faults and counts the rest; more than
    three of one column that one option would mend are told once."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        lines = [line for alike in _gather(faults) for line in _tell(alike)]
        more = len(lines) - _FAULTS_SHOWN
        super().__init__("\n".join(lines[:_FAULTS_SHOWN] + ([f"and {more} more"] if more > 0 else [])))


def _gather(faults: tuple[Fault, ...]) -> Iterable[list[Fault]]:
    """Faults by what would mend them: those of a column together where the remedy is an option, which holds for the whole file."""
    found: dict[object, list[Fault]] = {}
    for place, fault in enumerate(faults):
        key = (fault.file, fault.column_name, fault.problem, fault.remedy) if "pass --" in fault.remedy else place
        found.setdefault(key, []).append(fault)
    return found.values()


def _tell(alike: list[Fault]) -> list[str]:
    if len(alike) <= _ALIKE:
        return [str(fault) for fault in alike]
    return [f"{alike[0]} (and {len(alike) - 1} more cells of this column, down to line {alike[-1].line})"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as rows of cells.

    ``columns`` tells where each field stands and what the file calls it; ``rows`` are line number and cells (white space
    around and doubled taken out), without the blank lines; ``width`` is how many cells a row must have; ``ignored`` names
    the columns nothing is known of.
    """

    file: str
    encoding: str
    columns: dict[str, tuple[int, str]]
    rows: tuple[tuple[int, list[str]], ...]
    width: int
    ignored: tuple[str, ...]
    layout: Layout

    def column_name(self, key: str) -> str:
        """What the file calls a field, or what we would."""
        return self.columns[key][1] if key in self.columns else self.layout.names[key][0]


def read_sheet(content: bytes, file: str, layout: Layout = INVOICES) -> Sheet:
    """The file's rows, its encoding and separator (comma, semicolon or tab) found out. Raises UnableToImport."""
    text, encoding = decode(content, file)
    delimiter = max(";,\t", key=lambda each: _recognized(text, each, layout))
    rows = tuple(split_rows(text, delimiter, file))
    if not rows or not _recognized(text, delimiter, layout):
        problem, remedy = "has no line that names the columns", f"let the first line name them: {layout.example}"
        raise UnableToImport((Fault(file, rows[0][0] if rows else 0, "", "", problem, remedy),))
    line, header = rows[0]
    columns, faults = _columns(header, line, file, layout)
    if faults:
        raise UnableToImport(tuple(faults))
    used = {index for index, _ in columns.values()}
    ignored = tuple(name for index, name in enumerate(header) if name and index not in used)
    return Sheet(file, encoding, columns, rows[1:], len(header), ignored, layout)


def decode(content: bytes, file: str) -> tuple[str, str]:
    """The file's text, and which encoding it is in. Raises UnableToImport for what is no text of a csv file."""

    def refusal(problem: str, remedy: str = 'save it as "CSV UTF-8"', line: int = 0) -> UnableToImport:
        return UnableToImport((Fault(file, line, "", "", problem, remedy),))

    if len(content) > _LARGEST_FILE:
        raise refusal(f"is larger than {_LARGEST_FILE // 1024**2} MB", "export fewer years, or fewer columns")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise refusal("is a workbook or a document, not a csv file")
    has_mark = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for codec, encoding in [("utf-16", "UTF-16")] if has_mark else [("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")]:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise refusal("holds zero bytes", line=text.count("\n", 0, text.index("\0")) + 1)
        return text, encoding
    raise refusal("is neither UTF-8, UTF-16 nor Windows-1252")


def split_rows(text: str, delimiter: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank, white space around and doubled taken out. Raises UnableToImport."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line, count = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            remedy = 'close every quotation mark, and double those inside a value: "Bau ""Nord"" GmbH"'
            raise UnableToImport((Fault(file, line, "", "", f"cannot be taken apart ({error})", remedy),)) from error
        if cells is None:
            return
        is_excel_hint = line == 1 and bool(cells) and cells[0].startswith("sep=")
        if any(cell and not cell.isspace() for cell in cells) and not is_excel_hint:
            yield line, [" ".join(cell.split()) for cell in cells]
            count += 1
        if count > _MOST_ROWS + 1:
            raise UnableToImport((Fault(file, line, "", "", f"is after {_MOST_ROWS} rows", "export fewer years"),))
        line = reader.line_num + 1


def _recognized(text: str, delimiter: str, layout: Layout) -> int:
    """How many columns of the first line have a name we know, taken apart by ``delimiter``."""
    try:
        _, header = next(split_rows(text, delimiter, ""), (0, []))
    except UnableToImport:
        return 0
    return sum(plain(name) in layout.fields for name in header)


def _columns(header: list[str], line: int, file: str, layout: Layout) -> tuple[dict[str, tuple[int, str]], list[Fault]]:
    columns: dict[str, tuple[int, str]] = {}
    faults = []
    for index, name in enumerate(header):
        key = layout.fields.get(plain(name))
        if key and key in columns:
            faults.append(Fault(file, line, name, "", f'means the same as column "{columns[key][1]}"', "rename or remove one of the two"))
        elif key:
            columns[key] = index, name
    for keys in layout.needed:
        if not any(key in columns for key in keys):
            names = [name for key in keys for name in (layout.names[key][0], layout.names[key][-1])]
            faults.append(Fault(file, line, names[0], "", "there is no such column", f"name the one that holds it {' or '.join(names)}"))
    return columns, faults
