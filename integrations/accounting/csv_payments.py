"""Single payments and credits from a csv file, beside the invoices that were read from another: believed whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.invoice import Booking, BookingKind
from domain.money import Money
from integrations.accounting import LedgerInvoice
from integrations.accounting.csv_cells import DateOrder, DecimalMark, UnableToReadCell, currency, plain
from integrations.accounting.csv_rows import Declared, Row, proven_mark
from integrations.accounting.csv_sheet import PAYMENTS, Fault, UnableToImport, read_sheet

_KINDS = {
    BookingKind.PAYMENT: ("payment", "payment received", "receipt", "Zahlung", "Zahlungseingang"),
    BookingKind.CREDIT: ("credit", "credit note", "credit memo", "Gutschrift"),
}
_KIND_WORDS = {plain(word): kind for kind, words in _KINDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class PaymentsRead:
    """The ``invoices``, each with its bookings, none where the file has none of it. ``left_out`` counts lines about invoices that are
    not among them; ``ignored`` names the columns nothing is known of."""

    invoices: tuple[LedgerInvoice, ...]
    taken: int
    left_out: int
    ignored: tuple[str, ...]


def read_payments(
    content: bytes, invoices: Sequence[LedgerInvoice], *, file: str, dates: DateOrder, today: date, decimal: DecimalMark | None = None
) -> PaymentsRead:
    """What a file tells of payments on ``invoices``. A line needs an invoice number, a day and an amount, which is below zero where
    money went back; the customer's number where two have an invoice of one number. It is a payment unless it says that it is a credit.

    Raises UnableToImport with every fault there is; then nothing of the file may be used.
    """
    sheet = read_sheet(content, file, PAYMENTS)
    faults: list[Fault] = []
    declared = Declared(dates, decimal or proven_mark(sheet, ("amount",)), today, "", "", "")
    by_number: dict[str, list[LedgerInvoice]] = defaultdict(list)
    for invoice in invoices:
        by_number[invoice.number].append(invoice)
    told: dict[str, dict[str, tuple[int, Booking]]] = {invoice.ref: {} for invoice in invoices}
    left_out = 0
    for line, row_cells in sheet.rows:
        row = _PaymentRow(sheet, line, row_cells, declared, faults)
        if not row.is_whole():
            continue
        before = len(faults)
        invoice_of = row.invoice(by_number)
        if invoice_of is None:
            left_out += len(faults) == before
        elif booking := row.booking(invoice_of, told[invoice_of.ref]):
            told[invoice_of.ref][booking.id] = (line, booking)
    if faults:
        raise UnableToImport(tuple(sorted(faults, key=lambda fault: fault.line)))
    whole = tuple(replace(invoice, bookings=tuple(booking for _, booking in told[invoice.ref].values())) for invoice in invoices)
    return PaymentsRead(whole, sum(map(len, told.values())), left_out, sheet.ignored)


class _PaymentRow(Row):
    """A line that tells a payment, or a credit note that was set against an invoice."""

    def invoice(self, by_number: Mapping[str, Sequence[LedgerInvoice]]) -> LedgerInvoice | None:
        """Whose payment it is. None: the line is at fault, or about an invoice that is not there."""
        if not self.text("number"):
            self.fault("number", "is empty", "name the invoice that was paid")
            return None
        namesakes = by_number.get(self.text("number"), ())
        if customer := self.text("customer_number"):
            found = [invoice for invoice in namesakes if invoice.customer.number == customer]
            if namesakes and not found:
                self.fault("customer_number", f"has no invoice {self.text('number')}: it is somebody else's", "correct one of the two")
        else:
            found = list(namesakes)
            if len(found) > 1:
                self.fault("number", "is the number of invoices of several customers", 'add a column "customer number"')
        return found[0] if len(found) == 1 else None

    def booking(self, invoice: LedgerInvoice, told: Mapping[str, tuple[int, Booking]]) -> Booking | None:
        """The line as a booking on ``invoice``, of which the others were ``told``; None where it is at fault."""
        before = len(self.faults)
        self.declared = replace(self.declared, currency=invoice.currency)
        if (written := self.value("currency", currency, "")) and written != invoice.currency:
            self.fault("currency", f"is not that of the invoice, {invoice.currency}", "tell the amount as it was set against the invoice")
            return None
        day, amount, kind = self.day("day"), self.amount("amount"), self.value("kind", _kind, BookingKind.PAYMENT)
        for key in ("day", "amount"):
            if not self.text(key):
                self.fault(key, "is empty", "every payment needs one")
        if day and day > self.declared.today + timedelta(days=1):  # a day ahead may be today, further east
            self.fault("day", "lies in the future", "correct the day, or the order of day and month")
        if amount is not None and not amount:
            self.fault("amount", "is nothing", "remove the line, or correct the amount")
        if named := told.get(self.text("id")):
            self.fault("id", f"of invoice {invoice.number} stands on line {named[0]} already", "remove one of the two lines")
        if len(self.faults) > before or day is None or amount is None:
            return None
        id_ = self.text("id") or f"{day}/{amount}/{sum((one.day, one.amount.amount) == (day, amount) for _, one in told.values())}"
        return Booking(id_, day, Money(amount, invoice.currency), kind, self.text("method"), self.text("reference"))


def _kind(text: str) -> BookingKind:
    found = _KIND_WORDS.get(plain(text))
    if found is None:
        raise UnableToReadCell("is neither a payment nor a credit note", f"write {' or '.join(BookingKind)}; money that went back is an amount below zero")
    return found
