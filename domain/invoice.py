"""The invoice as the ledger tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.money import Money, Tolerance, total


class Standing(StrEnum):
    """What the ledger says an invoice is. Whether it is paid is told by the balance, never by this."""

    OPEN = "open"
    DRAFT = "draft"
    DISPUTED = "disputed"
    VOID = "void"
    WRITTEN_OFF = "written_off"
    CLOSED = "closed"  # gone from a full export: closed there, by whatever means


class BookingKind(StrEnum):
    PAYMENT = "payment"
    CREDIT = "credit"  # a credit note set against the invoice: nobody paid


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of the ledger's account of an invoice: what lowered the balance, or, below zero, was taken back. In the invoice's currency.

    ``id`` is the ledger's key; ``method`` and ``reference`` are in the ledger's own words. A reference may be that of somebody else, whose
    money was booked here by mistake: it is for colleagues, and no customer is shown it.
    """

    id: str
    day: date
    amount: Money
    kind: BookingKind = BookingKind.PAYMENT
    method: str = ""
    reference: str = ""


class AgingBucket(StrEnum):
    CURRENT = "current"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "90+"


@dataclass(frozen=True, slots=True)
class Invoice:
    """One sales invoice. ``id`` is ours and opaque; ``number`` is the seller's, as printed.

    ``due`` and ``issued`` are calendar days, not instants. ``paid_on`` is the day of the last payment, if told. ``bookings`` are what the
    ledger tells of single payments and credits, by day; None where it tells of none of them. ``balance`` alone says what is owed.
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
    bookings: tuple[Booking, ...] | None = None

    @property
    def unexplained(self) -> Money | None:
        """What of the total is no longer open, and stands in no booking (below zero: the bookings tell more than that). None: none are told."""
        return None if self.bookings is None else self.total - total((self.balance, *(one.amount for one in self.bookings)))

    @property
    def account(self) -> tuple[Booking, ...]:
        """The bookings where they add up to what is no longer open; else none, as nothing may be said or reckoned from a part of them."""
        return self.bookings or () if (gap := self.unexplained) is not None and not gap.amount else ()

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
