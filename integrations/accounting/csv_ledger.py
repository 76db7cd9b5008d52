"""The csv ledger: invoices from a file exported by any accounting program, believed whole or not at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import quote

from domain.customer import Role
from integrations.accounting import LedgerContact, LedgerCustomer, LedgerInvoice
from integrations.accounting import csv_cells as cells
from integrations.accounting.csv_cells import DateOrder, DecimalMark, Status, UnableToReadCell
from integrations.accounting.csv_rows import Declared, Row, proven_mark
from integrations.accounting.csv_sheet import Fault, Sheet, UnableToImport, read_sheet

__all__ = ["CsvRead", "DateOrder", "DecimalMark", "Fault", "UnableToImport", "missing_from_export", "read_csv"]

_FEW = 3
_CITY_FIRST = frozenset({"US", "CA", "GB", "AU", "NZ", "IE", "IN"})  # "Leeds LS1 4AP", not "04109 Leipzig"


@dataclass(frozen=True, slots=True)
class CsvRead:
    """A file, read whole and without fault.

    ``credit_notes`` counts the rows with a negative total, which nobody is asked to pay; they are not among ``invoices``.
    ``encoding`` and ``decimal`` (None where no amount shows any) say how the file was understood; ``ignored`` names the
    columns that were not. A customer's ``country`` is "" where neither the file nor the caller tells it.
    """

    invoices: tuple[LedgerInvoice, ...]
    credit_notes: int
    encoding: str
    decimal: DecimalMark | None
    ignored: tuple[str, ...]

    @property
    def seen(self) -> frozenset[tuple[str, str]]:
        """Customer number and invoice number of every invoice in the file."""
        return frozenset((invoice.customer.number, invoice.number) for invoice in self.invoices)


def read_csv(
    content: bytes,
    *,
    file: str,
    dates: DateOrder,
    today: date,
    decimal: DecimalMark | None = None,
    currency: str = "",
    country: str = "",
    language: str = "en",
) -> CsvRead:
    """The invoices of a file. ``file`` is its name in messages.

    ``dates`` and ``decimal`` declare how it writes days and amounts (``decimal`` None: as the amounts that can only be read
    one way show). ``currency``, ``country`` and ``language`` stand in where a row does not tell. A row needs an invoice
    number, a customer number or name, a currency, a total and a due day. The balance is the total unless told, or zero where
    the row has a day of payment or says paid. ``issued`` is the due day unless told. A customer is as its latest invoice
    tells it, with the contacts of all its unpaid ones.

    Raises UnableToImport with every fault there is; then nothing of the file may be used.
    """
    sheet = read_sheet(content, file)
    faults: list[Fault] = []
    mark = decimal or proven_mark(sheet, ("total", "balance"))
    declared = Declared(dates, mark, today, currency, country, language)
    credit_notes = 0
    told: list[tuple[int, LedgerInvoice]] = []
    for line, row_cells in sheet.rows:
        row = _InvoiceRow(sheet, line, row_cells, declared, faults)
        if not row.is_whole():
            continue
        total = row.amount("total")
        if total is not None and total < 0:
            credit_notes += 1
        elif invoice := row.invoice(total):
            told.append((line, invoice))
    faults += _doubles(sheet, told)
    if not sheet.rows:
        faults.append(Fault(file, 0, "", "", "holds no invoices", "export the rows too, not only the column names"))
    if faults:
        raise UnableToImport(tuple(sorted(faults, key=lambda fault: fault.line)))
    return CsvRead(_with_whole_customers([invoice for _, invoice in told]), credit_notes, sheet.encoding, mark, sheet.ignored)


def missing_from_export(
    known_open: Collection[tuple[str, str]],
    seen: Collection[tuple[str, str]],
    *,
    share_limit: Decimal = Decimal("0.20"),
) -> tuple[tuple[str, str], ...]:
    """The (customer number, invoice number) pairs a full export no longer has: closed there, by whatever means.

    Raises UnableToImport when these are more than three and more than ``share_limit`` of all that were open: such an export
    is more likely cut off than a business paid overnight.
    """
    known = set(known_open)
    missing = tuple(sorted(known - set(seen)))
    if len(missing) > _FEW and len(missing) > share_limit * len(known):
        named = ", ".join(number for _, number in missing[:_FEW])
        problem = f"would close {len(missing)} of {len(known)} open invoices ({named} and others) by leaving them out, above the limit of {share_limit:.0%}"
        raise UnableToImport((Fault("the export", 0, "", "", problem, "export all invoices again, or raise the limit if they are truly closed"),))
    return missing


@dataclass(slots=True)
class _InvoiceRow(Row):
    """A line that tells an invoice and its customer."""

    def invoice(self, total: Decimal | None) -> LedgerInvoice | None:
        """The invoice, or None where the row is at fault. ``total`` is zero or more."""
        before = len(self.faults)
        try:
            currency = self.currency()
        except UnableToReadCell as error:
            currency = ""
            self.fault("currency", error.problem, error.remedy)
        due, paid_on, status = self.day("due"), self.day("paid_on"), self.value("status", cells.status, Status.OPEN)
        issued, balance = self.day("issued"), self.amount("balance")
        for key in ("number", "total", "due"):
            if not self.text(key):
                self.fault(key, "is empty", "every invoice needs one")
        if not self.text("customer_number") and not self.text("customer_name"):
            self.fault("customer_number" if "customer_number" in self.sheet.columns else "customer_name", "is empty", "tell the customer's number or name")
        if paid_on and paid_on > self.declared.today + timedelta(days=1):  # a day ahead may be today, further east
            self.fault("paid_on", "lies in the future", "correct the day, or the order of day and month")
        if not self.text("balance"):
            if status is Status.PARTLY_PAID:
                self.fault("balance", "is empty, though the status says partly paid", "tell what is still open")
            balance = Decimal(0) if paid_on or status in (Status.PAID, Status.CLOSED, Status.VOID) else total
        elif balance is not None and total is not None and balance > total:
            self.fault("balance", f"is more than the total of {total}", "see whether the two columns are swapped")
        elif balance is not None and balance > 0 and status is Status.PAID:
            self.fault("balance", "is still open, though the status says paid", "correct one of the two")
        customer = self.customer()
        pay_url, pdf_url = self.value("pay_url", cells.link, ""), self.value("pdf_url", cells.link, "")
        if len(self.faults) > before or total is None or balance is None or due is None:
            return None
        number = self.text("number")
        return LedgerInvoice(
            ref=f"{quote(customer.number, safe='')}/{quote(number, safe='')}",
            number=number,
            customer=customer,
            currency=currency,
            total=total,
            balance=balance,
            issued=issued or due,
            due=due,
            standing=status.standing,
            pay_url=pay_url,
            pdf_url=pdf_url,
            purchase_order=self.text("purchase_order"),
            paid_on=paid_on,
        )

    def customer(self) -> LedgerCustomer:
        number, name = self.text("customer_number"), self.text("customer_name")
        country = self.value("country", cells.country, self.declared.country)
        return LedgerCustomer(
            number=number or name,
            name=name or number,
            country=country,
            language=self.value("language", cells.language, self.declared.language),
            time_zone=self.value("time_zone", cells.time_zone, ""),
            contacts=self.contacts(country),
            unapplied=self.unapplied(),
            address=self.address(country),
        )

    def address(self, country: str) -> tuple[str, ...]:
        """The lines of the customer's address: as one column has them, or put together as its country writes them."""
        if written := self.text("address"):
            return tuple(line for part in re.split(r"[\n;,]", written) if (line := part.strip()))
        postcode, city = self.text("postcode"), self.text("city")
        town = f"{city} {postcode}" if country in _CITY_FIRST else f"{postcode} {city}"
        return tuple(line for line in (self.text("street"), town.strip()) if line)

    def unapplied(self) -> tuple[tuple[str, Decimal], ...] | None:
        """What the customer has paid in the row's currency that is not set against an invoice; None where the file has no such column."""
        if "unapplied" not in self.sheet.columns:
            return None
        amount = self.amount("unapplied")
        if amount is not None and amount < 0:
            self.fault("unapplied", "is below zero", "tell what waits to be set against invoices as a positive amount")
        return ((self.currency(), amount),) if amount and amount > 0 else ()

    def contacts(self, country: str) -> tuple[LedgerContact, ...]:
        """The row's people: one for each e-mail address, of whom the first has the name and the phone."""
        name, role = self.text("contact_name"), self.value("contact_role", cells.role, Role.BILLING)
        phone = self.value("phone", lambda text: cells.phone(text, country), "")
        nobody: tuple[str, ...] = ("",)
        first, *others = self.value("email", cells.emails, nobody)
        if not (name or first or phone):
            return ()
        return LedgerContact(name, first, phone, role), *(LedgerContact("", email, "", role) for email in others)


def _doubles(sheet: Sheet, told: Sequence[tuple[int, LedgerInvoice]]) -> Iterator[Fault]:
    first: dict[tuple[str, str], int] = {}
    for line, invoice in told:
        before = first.setdefault((invoice.customer.number, invoice.number), line)
        if before != line:
            problem = f"of customer {invoice.customer.number} stands on line {before} already"
            yield Fault(sheet.file, line, sheet.column_name("number"), invoice.number, problem, "remove one of the two lines")


def _with_whole_customers(invoices: Sequence[LedgerInvoice]) -> tuple[LedgerInvoice, ...]:
    """The same invoices, each customer told alike on all of its own."""
    by_customer: dict[str, list[LedgerInvoice]] = defaultdict(list)
    for invoice in sorted(invoices, key=lambda invoice: invoice.issued, reverse=True):
        by_customer[invoice.customer.number].append(invoice)
    whole = {number: _whole_customer(newest_first) for number, newest_first in by_customer.items()}
    return tuple(replace(invoice, customer=whole[invoice.customer.number]) for invoice in invoices)


def _whole_customer(newest_first: Sequence[LedgerInvoice]) -> LedgerCustomer:
    # People named on paid invoices only may have left long ago.
    telling = [invoice for invoice in newest_first if invoice.balance > 0] or newest_first[:1]
    contacts: dict[str, LedgerContact] = {}
    for contact in (contact for invoice in telling for contact in invoice.customer.contacts):
        contacts.setdefault((contact.email or contact.phone or contact.name).casefold(), contact)
    unapplied: dict[str, Decimal] = {}
    for currency, amount in (told for invoice in newest_first for told in invoice.customer.unapplied or ()):
        unapplied.setdefault(currency, amount)
    newest = newest_first[0].customer
    address = next((invoice.customer.address for invoice in newest_first if invoice.customer.address), ())
    return replace(newest, address=address, contacts=tuple(contacts.values()), unapplied=None if newest.unapplied is None else tuple(sorted(unapplied.items())))
