"""News: what happened to an invoice, in the past tense. Every word from outside becomes one of these.

Each carries who said it (``by``, a person or a source) and why. ``kind`` tells the members of the union apart in
JSON; kinds and field names are never removed or reused, and new fields have defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class InvoiceChanged:
    """The ledger may say something new. A hint only: what is owed is read from the ledger, never from here."""

    by: str = ""
    why: str = ""
    kind: Literal["changed"] = "changed"


@dataclass(frozen=True, slots=True)
class PaymentReported:
    """Somebody says the money is on its way or has come; the ledger has yet to agree."""

    by: str = ""
    why: str = ""
    kind: Literal["paid"] = "paid"


@dataclass(frozen=True, slots=True)
class PromiseMade:
    """The customer will pay ``amount`` (None: all that is open, in the invoice's currency) by ``day``."""

    day: date
    amount: Decimal | None = None
    by: str = ""
    why: str = ""
    kind: Literal["promise"] = "promise"


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """Silence until ``until`` (contact may resume on that day; None: two weeks)."""

    until: date | None = None
    by: str = ""
    why: str = ""
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """Every hold, and every promise still open, is lifted."""

    by: str = ""
    why: str = ""
    kind: Literal["release"] = "release"


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The next step, which must be ``step`` when named, is left out for good."""

    step: str = ""
    by: str = ""
    why: str = ""
    kind: Literal["skip"] = "skip"


@dataclass(frozen=True, slots=True)
class ChasingStopped:
    """A person ends it: nothing is sent for this invoice until a person reopens it."""

    by: str = ""
    why: str = ""
    kind: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True)
class OutreachResolved:
    """Somebody found out whether a message whose fate was unknown had gone out."""

    outreach: str
    went_out: bool
    by: str = ""
    why: str = ""
    kind: Literal["resolved"] = "resolved"


@dataclass(frozen=True, slots=True)
class WordUnreadable:
    """Something was said that nobody could parse; ``text`` is the start of it."""

    text: str
    by: str = ""
    why: str = ""
    kind: Literal["unreadable"] = "unreadable"


News = InvoiceChanged | PaymentReported | PromiseMade | HoldPlaced | HoldReleased | StepSkipped | ChasingStopped | OutreachResolved | WordUnreadable
