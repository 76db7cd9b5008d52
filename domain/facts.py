"""What a decision is made from, besides the case itself: gathered by the edges, handed in as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from zlib import crc32

from domain.calendar import BusinessCalendar, ContactHours, local_day
from domain.case import HoldKind
from domain.customer import Contact, Customer
from domain.interest import Rate
from domain.law import Limits, find_limits, party_of
from domain.money import Money, Tolerance
from domain.person import Duty, Person, find_bearers, find_deputy, find_owner, stand_in
from domain.playbook import Playbook, Stage, Step
from domain.quiet import QuietPeriod
from domain.segment import Risk, assess_risk
from domain.voice import Voice

# A step is tried by phone so often; then it takes its next channel.
MOST_CALLS = 2
# So often a step is tried by one channel at one address that takes it and does not deliver, or will not take it, within
# ``ATTEMPTS_WINDOW``; then never again.
MOST_ATTEMPTS = 3
ATTEMPTS_WINDOW = timedelta(days=30)
# A provider that cannot be used for so long lets the step go another way.
AWAY_BUSINESS_DAYS = 2


class Mode(StrEnum):
    """SHADOW: everything runs and nothing leaves. LIVE: messages leave."""

    SHADOW = "shadow"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The limits on contact with one customer that hold whatever a playbook says: hours, and contacts in N days.

    An invoice with less than ``least_balance`` open, in its own currency, is worth no reminder: it gets statements only.
    """

    hours: ContactHours = ContactHours()
    spoken_hours: ContactHours = ContactHours(time(9), time(17))  # text messages and calls
    per_day: int = 1
    per_week: int = 3
    per_month: int = 10
    calls_per_week: int = 2
    quiet_after_talk_days: int = 7
    channels: frozenset[str] = frozenset({"email", "task"})
    least_balance: Decimal = Decimal(25)

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


class CountsAs(StrEnum):
    """What a message counts as for gap and caps: a contact; the same contact once more, by another channel; or, since it
    answers the customer (a copy asked for, a confirmation, a receipt), none. A call that reached nobody is an attempt: it
    counts among the calls alone. What a provider took and could not deliver is failed: its day counts for the caps of longer
    than a day, since others have had to carry it."""

    CONTACT = "contact"
    SAME = "same"
    ANSWER = "answer"
    ATTEMPT = "attempt"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Contacted:
    """A contact that we began with a customer, or with others at the same address or number: one message, however many
    invoices it covered."""

    at: datetime
    stage: Stage
    outreach: str = ""
    channel: str = "email"
    counts_as: CountsAs = CountsAs.CONTACT


@dataclass(frozen=True, slots=True)
class InFlight:
    """A message covering this invoice, or on its way to the same customer, whose fate is not yet known.

    ``doubtful``: nobody will learn it without help. ``round`` is the invoice's round it was sent in, by
    ``channel`` (0 and empty: it is about other invoices).
    """

    step: str
    outreach: str
    since: datetime
    doubtful: bool = False
    round: int = 0
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt at ``step`` that a provider certainly did not take, or took (``taken``) and certainly did not deliver.

    ``try_again``: the same may work later. ``reach`` is the address or number, as ``Contact.reach_by`` writes it.
    """

    at: datetime
    reason: str
    try_again: bool
    step: str = ""
    channel: str = ""
    reach: str = ""
    provider: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything ``decide`` may look at. ``calendar`` is the customer's (and the seller's), ``bank_calendar`` the seller's.

    ``switched_off`` holds the reason while a person has stopped all sending, else it is empty; ``fenced`` the reason while
    the database may not know all that was sent; ``unread``: nobody would read what customers answer.
    ``missing``: the ledger answers, and does not know this invoice, or tells something of it that cannot be true.
    ``elsewhere`` are further places whose law may hold for the customer, besides its own
    address (ISO codes: the countries of its phones, and of whom it pays through). ``open_balances`` are what its open
    invoices owe, known only where it has unapplied money; ``payer_waits`` what holds keep invoices of whom it pays through silent.
    ``owner``, ``approvers``, ``deputy`` (of ``owner``) and ``owners`` (who are asked first) are whoever of ``people`` really
    acts today; approvers and owners who are away stand last. ``missed`` is when calls of the present step reached nobody.
    ``refused_answers`` are attempts at the message that answers next.
    ``voice`` is how the owner writes, for texts in the owner's voice, and ``voice_unapproved`` what of those the owner has not agreed to.
    ``only_invoice``: of a customer that is new, no other invoice is known.
    ``under_plan``: a payment plan that has not ended covers it, known only of what is not watched any more.
    ``interest_rates`` are the reference rates by which statutory interest is reckoned. ``asked`` are the steps of this round that
    people of ours have been asked to take and have not said they took (None: all of which nobody has said so).
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
    refused_answers: tuple[Refused, ...] = ()
    owner: str = "accounts receivable"
    missing: bool = False
    fenced: str = ""
    unread: bool = False
    top_tenth: Decimal | None = None
    account_manager: str = ""
    approvers: tuple[str, ...] = ()
    deputy: str = ""
    owners: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    quiet: tuple[QuietPeriod, ...] = ()
    open_balances: tuple[Money, ...] = ()
    payer_waits: frozenset[HoldKind] = frozenset()
    missed: tuple[datetime, ...] = ()
    voice: Voice | None = None
    voice_unapproved: str = ""
    interest_rates: tuple[Rate, ...] = ()
    only_invoice: bool = False
    asked: frozenset[str] | None = None
    under_plan: bool = False

    def with_people(self, people: tuple[Person, ...], now: datetime) -> Facts:
        """These facts with ``people`` of ours in their places as of ``now``: each name is that of whoever really acts that day."""
        today = self.today(now)
        owner = find_owner(self.owner, people, today)
        owners = find_bearers(Duty.OWNER, people, today) or tuple(person.name for person in people if person.name == owner == self.owner)
        manager = self.customer.account_manager
        return replace(
            self,
            people=people,
            owner=owner,
            owners=owners,
            deputy=find_deputy(owner, people, today),
            approvers=find_bearers(Duty.APPROVER, people, today),
            account_manager=(stand_in(manager, people, today) or owner) if manager else "",
        )

    def channel_for(self, step: Step, now: datetime) -> str:
        """The first channel of a step, the one the customer prefers before all others, that is switched on, reaches somebody,
        that the law leaves us at all and that has not failed the step; empty when none does."""
        return self.way_for(step, now)[0]

    def contact_for(self, step: Step, channel: str, now: datetime) -> Contact | None:
        """Whom ``step`` reaches by ``channel``."""
        found, contact = self.way_for(step, now)
        return contact if found == channel and contact else self.customer.contact_for(channel, step.to)

    def way_for(self, step: Step, now: datetime) -> tuple[str, Contact | None]:
        """The channel and the contact that ``step`` takes: the first channel that has not failed it, else a contact who has not
        been tried, else a person of ours, else what may be tried once more. Empty when no way is left."""
        if not self.refusals:
            return next(self.ways(step, now), ("", None))
        ways = tuple(self.ways(step, now))
        failed = {channel for channel, contact in ways if contact and self.has_failed(self.attempts(step, channel, contact, now))}

        def worth(way: tuple[str, Contact | None]) -> int:
            channel, contact = way
            if channel not in failed:
                return 2 if failed and not contact else 0
            return 3 if contact and self.attempts(step, channel, contact, now) else 1

        return min((way for way in ways if not self._is_spent(step, *way, now)), key=worth, default=("", None))

    def ways(self, step: Step, now: datetime) -> Iterator[tuple[str, Contact | None]]:
        """Every channel and contact by which ``step`` may go at all, best first, whatever has been tried; a task has no contact."""
        for channel in sorted(step.by, key=lambda one: one != self.customer.preferred_channel):
            if channel == "task":
                yield channel, None
            elif channel in self.envelope.channels and not (channel == "call" and len(self.missed) >= MOST_CALLS) and self._is_left_by_law(channel, now):
                yield from ((channel, contact) for contact in self.customer.contacts_for(channel, step.to))

    def attempts(self, step: Step, channel: str, contact: Contact, now: datetime) -> tuple[Refused, ...]:
        """What has failed of ``step`` by ``channel`` at the contact's present address lately, oldest first."""
        place = (step.name, channel, contact.reach_by(channel))
        return tuple(one for one in self.refusals if (one.step, one.channel, one.reach) == place and one.at > now - ATTEMPTS_WINDOW)

    def has_failed(self, attempts: tuple[Refused, ...]) -> bool:
        """Whether the same way is no use for now: something must be mended first, or the provider has been away for long."""
        if not attempts or not attempts[-1].try_again:
            return bool(attempts)
        away = [self.today(one.at) for one in attempts if not one.taken]
        return bool(away) and away[-1] >= self.bank_calendar.add(away[0], AWAY_BUSINESS_DAYS)

    def _is_spent(self, step: Step, channel: str, contact: Contact | None, now: datetime) -> bool:
        tried = self.attempts(step, channel, contact, now) if contact else ()
        return sum(one.taken or not one.try_again for one in tried) >= MOST_ATTEMPTS

    def _is_left_by_law(self, channel: str, now: datetime) -> bool:
        left = self.limits(channel, self.customer_day(now))
        return bool(left.weekdays) and not left.needs_consent

    @property
    def places(self) -> frozenset[str]:
        """Every place whose law may hold for the customer, as ISO codes."""
        customer = self.customer
        return self.elsewhere | {f"{customer.country}-{customer.region}" if customer.region else customer.country}

    def limits(self, channel: str, day: date, offers: bool = False) -> Limits:
        """What the law leaves of ``channel`` on ``day``; ``offers``: for a message that also offers something."""
        customer = self.customer
        return find_limits(self.places, channel, party_of(customer.natural_person, customer.guarantor, customer.consents), day, offers)

    def hours_for(self, channel: str, day: date, offers: bool = False) -> ContactHours:
        """The strictest of our own hours and those the law leaves as of ``day``."""
        left = self.limits(channel, day, offers)
        return _narrow(self.envelope.hours_for(channel), left.windows, left.on_holidays)

    def risk(self, balance: Decimal, days_late: int) -> Risk:
        return assess_risk(days_late, balance, self.top_tenth, self.customer.behavior)

    @property
    def slot(self) -> timedelta:
        """The own minute of the first hour of whoever is written to, so that all its invoices meet and others do not crowd them."""
        return timedelta(minutes=crc32((self.customer.pays_through or self.customer.id).encode()) % 50)

    def today(self, now: datetime) -> date:
        """The seller's calendar day."""
        return local_day(now, (self.seller_zone,))

    def customer_day(self, now: datetime) -> date:
        return local_day(now, self.customer.zones)

    def opening(self, day: date, channel: str = "email") -> datetime:
        """The customer's slot on ``day`` or the next day it may be contacted by ``channel``."""
        return self.hours_for(channel, day).opening(day, self.customer.zones, self.calendar, self.slot)


@lru_cache(maxsize=256)
def _narrow(own: ContactHours, windows: tuple[tuple[time, time], ...], on_holidays: bool) -> ContactHours:
    if on_holidays and all(window == (time.min, time.max) for window in windows):
        return own
    return replace(own, lawful=windows, lawful_holidays=on_holidays)
