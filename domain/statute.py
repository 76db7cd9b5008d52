"""The vocabulary of rules of law: what one rule says about contacting a customer, where, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

EVERY_DAY = frozenset(range(7))  # date.weekday() numbers
MONDAY_TO_FRIDAY = frozenset(range(5))


class Technology(StrEnum):
    """A way of contacting that some law ties to the customer's own consent."""

    TEXT = "text"  # a text to a mobile; a number of unknown kind counts as one
    AI_VOICE = "ai_voice"
    PRERECORDED_VOICE = "prerecorded_voice"
    RECORDING = "recording"  # of a call
    OPEN_TRACKING = "open_tracking"  # pixels that tell when a message is opened


class Disclosure(StrEnum):
    """What a message or call must say."""

    AI_VOICE = "ai_voice"  # first words: an artificial voice speaks
    RECORDING = "recording"  # first words: the call is recorded
    CALLER = "caller"  # who calls, in the legal name, and a number to call back
    OPT_OUT = "opt_out"  # a simple way to refuse this kind of contact
    POSTAL_ADDRESS = "postal_address"


class Per(StrEnum):
    """Whose contacts a cap counts: those about one invoice, or all with one customer."""

    INVOICE = "invoice"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Hours:
    """On ``weekdays``, contact from ``opens`` until before ``closes``, local time where the customer is."""

    weekdays: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``count`` contacts in any ``days`` calendar days, over all of ``channels`` together (none named: every channel)."""

    count: int
    days: int
    channels: frozenset[str] = frozenset()
    per: Per = Per.CUSTOMER

    def concerns(self, channel: str) -> bool:
        return not self.channels or channel in self.channels

    def implies(self, other: Cap) -> bool:
        """Whether nobody who keeps this cap can break ``other``."""
        counts_at_least_as_much = not self.channels or (bool(other.channels) and other.channels <= self.channels)
        if not counts_at_least_as_much or (self.per is Per.INVOICE and other.per is Per.CUSTOMER):
            return False
        windows = -(-other.days // self.days)
        return self.count * windows <= other.count


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of law as data.

    ``places`` are ISO codes: a country (``US``), a part of it (``US-CA``), or ``EU`` and ``UK``. ``effective_from`` None
    means it held before Dunwell first shipped; ``effective_to`` is its last day, None while no end is known. ``source``
    says where it stands written.

    It applies to ``channels`` (none named: all), only where one of ``technologies`` is used (none named: always), with
    ``natural_persons_only`` only if a human being owes or guarantees, with ``offers_only`` only if the message offers
    something. ``hours`` name every moment that is allowed (none: all); ``silence_days`` counts from, and with, the day of
    a conversation.
    """

    id: str
    pack: str
    what: str
    places: frozenset[str]
    source: str
    effective_from: date | None = None
    effective_to: date | None = None
    channels: frozenset[str] = frozenset()
    technologies: frozenset[Technology] = frozenset()
    natural_persons_only: bool = False
    offers_only: bool = False
    hours: tuple[Hours, ...] = ()
    closed_on_holidays: bool = False
    caps: tuple[Cap, ...] = ()
    silence_days: int = 0
    consents: frozenset[Technology] = frozenset()
    disclosures: frozenset[Disclosure] = frozenset()

    def is_in_force(self, day: date) -> bool:
        return (self.effective_from is None or self.effective_from <= day) and (self.effective_to is None or day <= self.effective_to)

    def window(self, weekday: int) -> tuple[time, time] | None:
        """The hours this rule leaves on ``weekday``; None when it leaves none."""
        if not self.hours:
            return time.min, time.max
        return next(((hours.opens, hours.closes) for hours in self.hours if weekday in hours.weekdays), None)
