"""A ledger on paper: every invoice follows from its key, so that asking it costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.customer import Role
from domain.seller import BankDetails, Seller
from integrations.accounting import LedgerContact, LedgerCustomer, LedgerInvoice, Reading
from integrations.messaging import Accepted, Email, Outcome

# Of the webhooks that are sent to the listener.
SECRET = "whsec_" + "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g="

SELLER = Seller(
    id="brightwater",
    name="Brightwater Tools",
    legal_name="Brightwater Tools Ltd",
    sender_name="Ann Lee",
    sender_email="ann.lee@brightwater.example",
    ledger="rest",
    country="DE",
    time_zone="Europe/Berlin",
    address=("1 Wharf Road", "20457 Hamburg"),
    bank=BankDetails("Brightwater Tools Ltd", "DE89370400440532013000", "COBADEFFXXX", "Commerzbank"),
)


@dataclass(frozen=True, slots=True)
class PaperLedger:
    """Implements ``integrations.accounting.Ledger``. Every invoice is open, due on ``due``, and its customer's only one."""

    due: date

    def tell(self, ref: str) -> LedgerInvoice:
        """The invoice with this key, such as R-17."""
        number = ref.removeprefix("R-")
        contact = LedgerContact(f"Bea Ling {number}", f"billing-{number}@customer.example", role=Role.BILLING)
        customer = LedgerCustomer(f"C-{number}", f"Customer {number} GmbH", "DE", "en", "Europe/Berlin", (contact,))
        return LedgerInvoice(ref, f"INV-{number}", customer, "EUR", Decimal("1200.00"), Decimal("1200.00"), self.due - timedelta(days=30), self.due)

    def read(self, refs: tuple[str, ...]) -> Reading:
        return Reading({ref: self.tell(ref) for ref in refs}, datetime.now(UTC), date(2100, 1, 1))

    def all_invoices(self, updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
        return iter(())

    def pdf(self, ref: str) -> bytes | None:
        return None


@dataclass(frozen=True, slots=True)
class PaperMailer:
    """Takes every message at once and keeps none: what a provider costs is not ours."""

    name: str = "paper"

    def send(self, email: Email) -> Outcome:
        return Accepted(email.key, delivered=True)
