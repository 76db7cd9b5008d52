"""The invoice as the ledger tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.money import Money, Tolerance


class Standing(StrEnum):
    """What the ledger says an invoice is. Whether it is paid is told by the balance, never by this."""

    OPEN = "open"
    DRAFT = "draft"
    DISPUTED = "disputed"
    VOID = "void"
    WRITTEN_OFF = "written_off"
    CLOSED = "closed"  # gone from a full export: closed there, by whatever means


class AgingBucket(StrEnum):
    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "90+"


@dataclass(frozen=True, slots=True)
class Invoice:
    """One sales invoice. ``id`` is ours and opaque; ``number`` is the seller's, as printed.

    ``due`` and ``issued`` are calendar days, not instants. ``paid_on`` is the day of the last payment, if told.
    """

    id: str
    seller: str
    customer: str
    number: str
    total: Money
    balance: Money
    issued: date
    due: date
    standing: Standing = Standing.OPEN
    pay_url: str = ""
    pdf_url: str = ""
    purchase_order: str = ""
    paid_on: date | None = None

    def days_past_due(self, on: date) -> int:
        """Whole days since the due date; negative before it."""
        return (on - self.due).days

    def bucket(self, on: date) -> AgingBucket:
        days = self.days_past_due(on)
        for limit, bucket in ((0, AgingBucket.CURRENT), (30, AgingBucket.TO_30), (60, AgingBucket.TO_60), (90, AgingBucket.TO_90)):
            if days <= limit:
                return bucket
        return AgingBucket.OVER_90

    def is_settled(self, tolerance: Tolerance) -> bool:
        """Nothing worth chasing is left: told by the balance alone."""
        return tolerance.covers(self.balance)

    def remainder_reason(self, tolerance: Tolerance) -> str:
        """Why a settled invoice's books may still show a little, in a reader's words."""
        if not self.is_settled(tolerance):
            return ""
        if self.balance.amount > 0:
            return f"{self.balance} left over, within tolerance (bank charges or a discount taken)"
        if self.balance.amount < 0:
            return f"overpaid by {Money(-self.balance.amount, self.balance.currency)}"
        return "paid in full" if self.standing is not Standing.VOID else "voided"
