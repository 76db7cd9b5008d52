"""What a decision is made from, besides the case itself: gathered by the edges, handed in as one value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zlib import crc32

from domain.calendar import BusinessCalendar, ContactHours, local_day
from domain.customer import Customer
from domain.money import Tolerance
from domain.playbook import Playbook, Stage, Step
from domain.segment import Risk, assess_risk


class Mode(StrEnum):
    """SHADOW: everything runs and nothing leaves. LIVE: messages leave."""

    SHADOW = "shadow"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The limits on contact with one customer that hold whatever a playbook says: hours, and contacts in N days."""

    hours: ContactHours = ContactHours()
    spoken_hours: ContactHours = ContactHours(time(9), time(17))  # text messages and calls
    per_day: int = 1
    per_week: int = 3
    per_month: int = 10
    calls_per_week: int = 2
    quiet_after_talk_days: int = 7
    channels: frozenset[str] = frozenset({"email", "task"})

    def hours_for(self, channel: str) -> ContactHours:
        return self.spoken_hours if channel in ("sms", "call") else self.hours


@dataclass(frozen=True, slots=True)
class Books:
    """How far the ledger can be believed: when it was read, how old a read may be, how far the books are posted.

    ``problem`` says why it could not be read at all, with ``remedy``. ``posted_through`` None: nobody has said.
    """

    source: str
    read_at: datetime | None = None
    max_age: timedelta = timedelta(seconds=60)
    posted_through: date | None = None
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Contacted:
    """A contact that we began with a customer: one message, however many invoices it covered."""

    at: datetime
    stage: Stage
    outreach: str = ""
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class InFlight:
    """A message covering this invoice, or on its way to the same customer, whose fate is not yet known.

    ``doubtful``: nobody will learn it without help.
    """

    step: str
    outreach: str
    since: datetime
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt at the present step that a provider certainly did not take; ``try_again``: the same may work later."""

    at: datetime
    reason: str
    try_again: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything ``decide`` may look at. ``calendar`` is the customer's (and the seller's), ``bank_calendar`` the seller's.

    ``switched_off`` holds the reason while a person has stopped all sending, else it is empty; ``fenced`` the reason while
    the database may not know all that was sent. ``missing``: the ledger answers, and does not know this invoice, or tells
    something of it that cannot be true.
    """

    playbook: Playbook
    customer: Customer
    books: Books
    seller_zone: str = "UTC"
    calendar: BusinessCalendar = BusinessCalendar()
    bank_calendar: BusinessCalendar = BusinessCalendar()
    envelope: Envelope = Envelope()
    tolerance: Tolerance = Tolerance()
    mode: Mode = Mode.LIVE
    switched_off: str = ""
    contacts: tuple[Contacted, ...] = ()
    in_flight: tuple[InFlight, ...] = ()
    refusals: tuple[Refused, ...] = ()
    owner: str = "accounts receivable"
    missing: bool = False
    fenced: str = ""
    top_tenth: Decimal | None = None
    account_manager: str = ""
    approvers: tuple[str, ...] = ()
    deputy: str = ""

    def channel_for(self, step: Step) -> str:
        """The first channel of a step that is switched on and reaches somebody; empty when none does."""
        for channel in step.by:
            if channel == "task" or (channel in self.envelope.channels and self.customer.contact_for(channel)):
                return channel
        return ""

    def risk(self, balance: Decimal, days_late: int) -> Risk:
        return assess_risk(days_late, balance, self.top_tenth, self.customer.behavior)

    @property
    def slot(self) -> timedelta:
        """The customer's own minute of the first hour, so that its invoices meet and others do not crowd them."""
        return timedelta(minutes=crc32(self.customer.id.encode()) % 50)

    def today(self, now: datetime) -> date:
        """The seller's calendar day."""
        return local_day(now, (self.seller_zone,))

    def customer_day(self, now: datetime) -> date:
        return local_day(now, self.customer.zones)

    def opening(self, day: date, channel: str = "email") -> datetime:
        """The customer's slot on ``day`` or the next day it may be contacted by ``channel``."""
        return self.envelope.hours_for(channel).opening(day, self.customer.zones, self.calendar, self.slot)
