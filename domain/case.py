"""One invoice's dunning as a small frozen value: what has been done, promised and held since it was first seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.invoice import Invoice
from domain.money import Money, minor_unit
from domain.owed import Owed


class Outcome(StrEnum):
    """The four ends of a case."""

    SETTLED = "settled"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"
    STOPPED = "stopped"


class Fate(StrEnum):
    """What became of a step. ACCEPTED, PRESUMED and DELIVERED reached somebody; UNKNOWN counts as one that may have."""

    ACCEPTED = "accepted"
    PRESUMED = "presumed_delivered"  # accepted, and not bounced for long enough, where nobody tells of delivery
    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    SHADOWED = "shadowed"
    SKIPPED = "skipped"
    PASSED_OVER = "passed_over"
    DONE = "done"  # an act among ourselves: a task was made, a credit hold was placed


_CONTACTS = frozenset({Fate.ACCEPTED, Fate.PRESUMED, Fate.DELIVERED, Fate.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Rung:
    """A step's place in the past: what became of it, when, and through which outreach.

    ``title``, ``stage`` and ``do`` are those of the step where it belongs to a playbook followed before, else empty. ``posted``
    is the day people of ours put a letter into the post.
    """

    step: str
    fate: Fate
    at: datetime
    channel: str = ""
    outreach: str = ""
    why: str = ""
    title: str = ""
    stage: str = ""
    do: str = ""
    posted: date | None = None

    @property
    def is_contact(self) -> bool:
        return self.fate in _CONTACTS

    @property
    def is_to_be_posted(self) -> bool:
        """Whether it is a letter that was printed, and nobody has said that it was posted."""
        return self.channel == "letter" and self.fate is Fate.ACCEPTED and self.posted is None


class HoldKind(StrEnum):
    MANUAL = "manual"
    PAYMENT_REPORTED = "payment_reported"
    PLEASE_WAIT = "please_wait"
    REPLY = "reply"
    LEGAL = "legal"
    PLAN = "plan"
    PROMISE_TO_DECIDE = "promise_to_decide"
    COPY = "copy"  # it asked for the invoice once more, and gets time to look at it


@dataclass(frozen=True, slots=True)
class Hold:
    """The reason an invoice is silent, who answers for it, and until when."""

    kind: HoldKind
    until: datetime
    why: str
    by: str
    since: datetime


class PromiseStanding(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    BROKEN = "broken"
    REPLACED = "replaced"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Promise:
    """``amount`` by ``day``, measured against the balance when it was made."""

    amount: Money
    day: date
    made_at: datetime
    balance_then: Money
    by: str
    standing: PromiseStanding = PromiseStanding.OPEN
    method: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """What the customer does not agree with: ``amount`` of the balance. ``owner`` of ours is reminded from ``due`` on."""

    amount: Money
    reason: str
    owner: str
    due: date
    raised_at: datetime
    by: str
    is_whole: bool = True
    credit_note: bool = False
    is_open: bool = True


# Whoever does not answer so often is not asked again by itself: somebody else decides what becomes of the step.
MOST_LAPSES = 2


class ApprovalStanding(StrEnum):
    OPEN = "open"
    GIVEN = "given"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """Leave for one step in one exact text. ``given_by`` grows until ``needed`` people have agreed.

    ``covers`` are the ids of all cases that the text is about, first the one that words it; empty: this one alone.
    ``lapses`` counts how often nobody has answered the question, this time and before.
    """

    step: str
    text_hash: str
    needed: int
    asked_at: datetime
    expires: datetime
    given_by: tuple[str, ...] = ()
    standing: ApprovalStanding = ApprovalStanding.OPEN
    covers: tuple[str, ...] = ()
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Discount:
    """``percent`` off when the rest is paid by ``last_day``; ``by`` authorized it."""

    percent: Decimal
    last_day: date
    by: str

    def off(self, total: Money) -> Money:
        """What it takes off ``total``, to the smallest unit of its currency."""
        return Money((total.amount * self.percent / 100).quantize(minor_unit(total.currency)), total.currency)


@dataclass(frozen=True, slots=True)
class Authorization:
    """Leave to place invoices of up to ``limit`` (in their own currency) with the agency or lawyer ``name`` through the day
    ``until``; ``by`` gave it."""

    name: str
    limit: Decimal
    until: date
    by: str

    def covers(self, balance: Decimal, day: date) -> bool:
        return balance <= self.limit and day <= self.until


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch for which words of a kind (a HoldKind, or a promise or dispute) keep the invoice silent."""

    kind: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """The customer asked for the invoice once more, for the ``times``-th time in this round: what was told before ``since`` may
    never have reached it.

    ``arrived`` is the day the copy did: by a receipt, presumed, or by the word of a person of ours who sent it. None: not yet.
    ``by_hand``: a person of ours has to send it.
    """

    since: datetime
    times: int = 1
    arrived: date | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a case remembers. ``id`` is the workflow's id, ``playbook`` a content hash pinned for life.

    ``round`` counts how often the ladder began: it grows when a settled or voided invoice owes again, and when an
    installation goes live. ``entered`` is whether the place to enter the ladder has been chosen in this round.
    ``seq`` grows by one with every change that is stored. ``mode`` is the mode of the last assessment.
    """

    id: str
    invoice: Invoice
    playbook: str
    opened_at: datetime
    round: int = 1
    entered: bool = False
    rungs: tuple[Rung, ...] = ()
    holds: tuple[Hold, ...] = ()
    promises: tuple[Promise, ...] = ()
    ended: Outcome | None = None
    ended_why: str = ""
    seq: int = 0
    mode: str = ""
    disputes: tuple[Dispute, ...] = ()
    approvals: tuple[Approval, ...] = ()
    discount: Discount | None = None
    spoken_at: datetime | None = None
    delayed: str = ""  # the rule that last kept the next step waiting beyond its day
    successor: str = ""
    predecessor: str = ""
    agency: Authorization | None = None
    silences: tuple[Silence, ...] = ()  # by words, since we last did something about it
    given_back_at: datetime | None = None  # when whoever had been handed it last gave it back unpaid
    acts: tuple[str, ...] = ()  # the verbs of earlier rounds that may still stand: a credit hold, an agency that works on it
    answers: tuple[Owed, ...] = ()  # messages that answer: those owed, and the last ones that were
    answered_at: datetime | None = None  # when the customer last answered anything that it heard
    copy: CopyWanted | None = None
    parked: tuple[str, ...] = ()  # steps that people of ours were asked to take and had not when it fell silent
    settled_at: datetime | None = None  # when it was found to be paid; it is watched on until its customer has been told
    went_live: int = 0  # how many of its rounds began because an installation went live

    def rung(self, step: str) -> Rung | None:
        for rung in self.rungs:
            if rung.step == step:
                return rung
        return None

    def with_rung(self, rung: Rung) -> Case:
        """This case with ``rung`` in place of any earlier word on the same step."""
        return replace(self, rungs=(*(r for r in self.rungs if r.step != rung.step), rung))

    def owed(self, step: str) -> Owed | None:
        """The message that answers under this name."""
        return next((one for one in self.answers if one.step == step), None)

    def with_answer(self, answer: Owed) -> Case:
        """This case with ``answer`` in place of what it remembers under its number."""
        return replace(self, answers=tuple(answer if one.number == answer.number else one for one in self.answers))

    def fate_of(self, step: str) -> Fate | None:
        """What became of a step of the ladder, or of a message that answers; None: nothing yet."""
        if rung := self.rung(step):
            return rung.fate
        owed = self.owed(step)
        return Fate(owed.fate) if owed and owed.fate else None

    @property
    def open_promise(self) -> Promise | None:
        return next((promise for promise in self.promises if promise.standing is PromiseStanding.OPEN), None)

    @property
    def open_dispute(self) -> Dispute | None:
        return next((dispute for dispute in self.disputes if dispute.is_open), None)

    @property
    def chased(self) -> Money:
        """What may be asked for: the balance without what is in dispute. Of an invoice that is in dispute as a whole it is nothing, whatever its
        balance becomes; nor is anything known to be undisputed once the ledger has it in another currency."""
        dispute, balance = self.open_dispute, self.invoice.balance
        if dispute is None:
            return balance
        if dispute.is_whole or dispute.amount.currency != balance.currency:
            return Money(Decimal(0), balance.currency)
        return Money(max(balance.amount - dispute.amount.amount, Decimal(0)), balance.currency)

    def approval(self, step: str) -> Approval | None:
        """The last word on leave for ``step``."""
        return next((approval for approval in reversed(self.approvals) if approval.step == step), None)

    def active_hold(self, now: datetime) -> Hold | None:
        """The hold that lasts longest among those that still silence the invoice."""
        return max((hold for hold in self.holds if hold.until > now), key=lambda hold: hold.until, default=None)
