"""What was paid or credited on an invoice, in a reader's words: briefly in a message, day by day in an account, in full among colleagues.

A customer reads amounts and days alone, and those only where they add up: a payment that was booked on the wrong invoice names nobody.
"""

from __future__ import annotations

from babel import Locale

from domain.invoice import Booking, BookingKind, Invoice
from domain.money import Money, total
from playbooks.language import Phrases, phrases
from playbooks.phrases import clean, long_day, money

_OURS = Locale("en", "GB")  # as our own pages and commands write


def thank(invoice: Invoice, words: Phrases, locale: Locale) -> str:
    """What came in so far, and when, in one sentence; empty where nothing did, something went back, or it does not add up."""
    came = [one for one in invoice.account if one.kind is BookingKind.PAYMENT]
    if not came or any(one.amount.amount < 0 for one in came):
        return ""
    last = max(one.day for one in came)
    return words.booked.received.of(len(came), amount=money(total(tuple(one.amount for one in came)), locale), day=long_day(last, locale))


def list_account(invoice: Invoice, words: Phrases, locale: Locale) -> tuple[str, ...]:
    """Each payment and credit by day, for the customer; nothing where they do not add up to what is no longer open."""
    return tuple(_line(one, words, locale) for one in invoice.account)


def list_all(invoice: Invoice, words: Phrases, locale: Locale) -> tuple[str, ...]:
    """All that the ledger tells, for colleagues: how each was paid, with its reference, and by how much it differs from the balance."""
    lines = []
    for one in invoice.bookings or ():
        how = f" {words.booked.by.format(method=clean(one.method))}" if one.method else ""
        reference = f", {words.booked.reference.format(reference=clean(one.reference))}" if one.reference else ""
        lines.append(f"{_line(one, words, locale)}{how}{reference}")
    if (gap := invoice.unexplained) is not None and gap.amount:
        said = words.booked.missing if gap.amount > 0 else words.booked.surplus
        lines.append(said.format(amount=money(_positive(gap), locale)))
    return tuple(lines)


def list_ours(invoice: Invoice) -> tuple[str, ...]:
    """``list_all`` as our own pages and commands write it."""
    return list_all(invoice, phrases("en"), _OURS)


def _line(one: Booking, words: Phrases, locale: Locale) -> str:
    said = words.booked.taken_back if one.amount.amount < 0 else words.booked.credit if one.kind is BookingKind.CREDIT else words.booked.payment
    return said.format(amount=money(_positive(one.amount), locale), day=long_day(one.day, locale))


def _positive(amount: Money) -> Money:
    return Money(abs(amount.amount), amount.currency)
