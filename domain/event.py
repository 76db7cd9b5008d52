"""News: what happened to an invoice, in the past tense. Every word from outside becomes one of these.

Each carries who said it (``by``, a person or a source) and why. ``kind`` tells the members of the union apart in
JSON; kinds and field names are never removed or reused, and new fields have defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from domain.owed import AgreedPart, AnswerKind
from domain.plan_news import InstallmentMissed, PlanAgreed, PlanEnded, PlanOffered


@dataclass(frozen=True, slots=True)
class InvoiceChanged:
    """The ledger may say something new. A hint only: what is owed is read from the ledger, never from here."""

    by: str = ""
    why: str = ""
    kind: Literal["changed"] = "changed"


@dataclass(frozen=True, slots=True)
class PaymentReported:
    """Somebody says the money is on its way or has come; the ledger has yet to agree.

    ``confirmed_for`` are the numbers of the invoices for all of which this one confirms in writing that it was said; empty: it does not.
    """

    by: str = ""
    why: str = ""
    kind: Literal["paid"] = "paid"
    method: Literal["transfer", "check", "abroad"] = "transfer"
    confirmed_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromiseMade:
    """The customer will pay ``amount`` (None: all that is open, in the invoice's currency) by ``day``."""

    day: date
    amount: Decimal | None = None
    by: str = ""
    why: str = ""
    kind: Literal["promise"] = "promise"
    method: str = ""
    decided: bool = False  # a person of ours agreed to more than a customer may promise by itself
    scheduled: bool = False  # it says no more than when the payment will be made: up to the due date that is no promise


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """Silence until ``until`` (contact may resume on that day; None: two weeks).

    ``at_least``: a longer hold that stands already stays as it is, as when an absence is heard of; else the newest counts.
    """

    until: date | None = None
    by: str = ""
    why: str = ""
    kind: Literal["hold"] = "hold"
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """Every hold, and every promise still open, is lifted; a legal stop only when it is named."""

    by: str = ""
    why: str = ""
    kind: Literal["release"] = "release"
    legal: bool = False


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
    """Somebody found out whether a message whose fate was unknown had gone out, or says whether a printed letter was posted.

    ``day`` is the day of posting, today when left out.
    """

    outreach: str
    went_out: bool
    by: str = ""
    why: str = ""
    kind: Literal["resolved"] = "resolved"
    day: date | None = None


@dataclass(frozen=True, slots=True)
class WordUnreadable:
    """Something was said that nobody could parse; ``text`` is the start of it."""

    text: str
    by: str = ""
    why: str = ""
    kind: Literal["unreadable"] = "unreadable"


@dataclass(frozen=True, slots=True)
class DisputeRaised:
    """The customer does not agree with ``amount`` (None: all of it). ``owner`` of ours clears it up by ``due``.

    ``credit_note``: we have promised one for that part. The rest is chased on; we are the ones who are reminded.
    ``confirmed_for`` are the numbers of the invoices for all of which this one confirms in writing that it was said; empty: it does not.
    """

    reason: str = ""
    amount: Decimal | None = None
    owner: str = ""
    due: date | None = None
    credit_note: bool = False
    by: str = ""
    why: str = ""
    kind: Literal["dispute"] = "dispute"
    confirmed_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeResolved:
    """The dispute is over, one way or the other; what is owed stands in the ledger."""

    by: str = ""
    why: str = ""
    kind: Literal["dispute_resolved"] = "dispute_resolved"


@dataclass(frozen=True, slots=True)
class LegalStop:
    """Insolvency, a lawyer, a death: silence on every channel until a person releases it by name."""

    ground: Literal["insolvency", "lawyer", "deceased", "other"] = "other"
    by: str = ""
    why: str = ""
    kind: Literal["legal"] = "legal"


@dataclass(frozen=True, slots=True)
class WaitAsked:
    """A colleague, such as the account manager, asks for a pause until ``until`` (None: a week, which is the longest)."""

    until: date | None = None
    by: str = ""
    why: str = ""
    kind: Literal["please_wait"] = "please_wait"


@dataclass(frozen=True, slots=True)
class Replied:
    """The customer answered, and nobody has dealt with it yet. ``copy``: it asks for the invoice to be sent again.

    ``confirmed_for`` are the numbers of the invoices for all of which this one confirms in writing that it is called back, at the number
    that ends in ``ending``, or else that what is wrong is looked into; empty: it does not.
    """

    by: str = ""
    why: str = ""
    kind: Literal["replied"] = "replied"
    copy: bool = False
    call_back: bool = False  # it wants a person to call it
    confirmed_for: tuple[str, ...] = ()
    ending: str = ""


@dataclass(frozen=True, slots=True)
class ReplyHandled:
    """A person has dealt with the customer's answer."""

    by: str = ""
    why: str = ""
    kind: Literal["reply_handled"] = "reply_handled"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A person of ours spoke with the customer, or tried to (``reached`` False), or ``wrote`` to it: it counts as a contact.
    ``counted``: as one it stands among the messages already."""

    reached: bool = True
    by: str = ""
    why: str = ""
    kind: Literal["spoke"] = "spoke"
    wrote: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call that our voice agent made is over. ``talked``: with whom it was for; ``nobody``: no answer, a busy line, or
    hung up before; ``stopped``: by ourselves, before anything was said about the matter."""

    outreach: str
    result: Literal["talked", "voicemail", "nobody", "wrong_number", "stopped"]
    by: str = ""
    why: str = ""
    kind: Literal["call_ended"] = "call_ended"


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """People are asked to agree to ``step`` in exactly the text with this SHA-256, by the end of ``expires``.

    ``covers`` are the ids of all cases that the text is about, first the one that words it; empty: this one alone.
    """

    step: str
    text_hash: str
    expires: date
    by: str = ""
    why: str = ""
    kind: Literal["approval_asked"] = "approval_asked"
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalGiven:
    step: str
    text_hash: str
    by: str = ""
    why: str = ""
    kind: Literal["approved"] = "approved"


@dataclass(frozen=True, slots=True)
class ApprovalLapsed:
    """What was agreed to is not true any more."""

    step: str
    by: str = ""
    why: str = ""
    kind: Literal["approval_lapsed"] = "approval_lapsed"


@dataclass(frozen=True, slots=True)
class ApprovalRefused:
    step: str
    text_hash: str
    by: str = ""
    why: str = ""
    kind: Literal["refused_approval"] = "refused_approval"


@dataclass(frozen=True, slots=True)
class Escalated:
    """Go straight to ``step``: what lies before it is left out. A severe step keeps its notice period."""

    step: str
    by: str = ""
    why: str = ""
    kind: Literal["escalate"] = "escalate"


@dataclass(frozen=True, slots=True)
class PlaybookSwapped:
    """Follow the playbook with this content hash from now on. ``done`` are its steps that count as behind the invoice,
    worked out when it had ``taken`` so many steps (None: nobody counted)."""

    playbook: str
    name: str = ""
    done: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    kind: Literal["swap"] = "swap"
    taken: int | None = None


@dataclass(frozen=True, slots=True)
class PaidOutside:
    """A person vouches that the money came by a way the ledger will not show."""

    by: str = ""
    why: str = ""
    kind: Literal["paid_outside"] = "paid_outside"


@dataclass(frozen=True, slots=True)
class WrittenOff:
    by: str = ""
    why: str = ""
    kind: Literal["write_off"] = "write_off"


@dataclass(frozen=True, slots=True)
class Reopened:
    """A person has an ended invoice watched again: a new round."""

    by: str = ""
    why: str = ""
    kind: Literal["reopen"] = "reopen"


@dataclass(frozen=True, slots=True)
class ContactSet:
    """A person changed whom we write to: the contact of ``role``, such as billing (empty: nobody said which)."""

    by: str = ""
    why: str = ""
    kind: Literal["contact"] = "contact"
    role: str = ""


@dataclass(frozen=True, slots=True)
class CustomerSet:
    """A person changed how we treat the customer; ``what`` says it in the words of the diary."""

    what: str = ""
    by: str = ""
    why: str = ""
    kind: Literal["customer"] = "customer"


@dataclass(frozen=True, slots=True)
class DiscountGranted:
    """Paid by ``last_day`` less ``percent``, this invoice counts as paid; ``by`` authorized it."""

    percent: Decimal
    last_day: date
    by: str = ""
    why: str = ""
    kind: Literal["discount"] = "discount"


@dataclass(frozen=True, slots=True)
class AgencyAuthorized:
    """This invoice may be placed with the agency or lawyer ``name`` through the day ``until``, as long as no more than
    ``limit`` is open."""

    name: str
    limit: Decimal
    until: date
    by: str = ""
    why: str = ""
    kind: Literal["agency"] = "agency"


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Collections, the agency or the lawyer who had the invoice gave it back unpaid: it is ours to ask for again."""

    by: str = ""
    why: str = ""
    kind: Literal["given_back"] = "given_back"


@dataclass(frozen=True, slots=True)
class Reissued:
    """The invoice was replaced: ``successor`` is the id of the one that carries on its history, or ``predecessor`` of the one before.

    Without either, it was not replaced after all.
    """

    successor: str = ""
    predecessor: str = ""
    by: str = ""
    why: str = ""
    kind: Literal["reissued"] = "reissued"


@dataclass(frozen=True, slots=True)
class AnswerOwed:
    """The customer is to have ``what`` in writing now: the pay link or a copy of the invoice it asked for, or what was agreed.

    A promise confirms itself (``PromiseMade``). ``parts`` are the installments it names, of the plan for the invoices with the
    numbers ``about``.
    """

    what: AnswerKind
    parts: tuple[AgreedPart, ...] = ()
    about: str = ""
    by: str = ""
    why: str = ""
    kind: Literal["answer_owed"] = "answer_owed"


@dataclass(frozen=True, slots=True)
class DeliveryReported:
    """A provider tells what became of the message ``outreach`` at ``at``. ``again``: it failed, and the same way may work later."""

    outreach: str
    fate: Literal["accepted", "delivered", "failed"]
    again: bool = False
    at: datetime | None = None
    by: str = ""
    why: str = ""
    kind: Literal["delivery"] = "delivery"


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Somebody at the customer wants nothing more by ``channels`` at an address of theirs."""

    channels: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    kind: Literal["opted_out"] = "opted_out"


@dataclass(frozen=True, slots=True)
class OptedIn:
    """By ``channels``, an address of the customer's may be written to again."""

    channels: tuple[str, ...] = ()
    by: str = ""
    why: str = ""
    kind: Literal["opted_in"] = "opted_in"


News = (
    InvoiceChanged
    | PaymentReported
    | PromiseMade
    | HoldPlaced
    | HoldReleased
    | StepSkipped
    | ChasingStopped
    | OutreachResolved
    | WordUnreadable
    | DisputeRaised
    | DisputeResolved
    | LegalStop
    | WaitAsked
    | Replied
    | ReplyHandled
    | Spoken
    | ApprovalAsked
    | ApprovalGiven
    | ApprovalLapsed
    | ApprovalRefused
    | Escalated
    | PlaybookSwapped
    | PaidOutside
    | WrittenOff
    | Reopened
    | ContactSet
    | CustomerSet
    | PlanOffered
    | PlanAgreed
    | InstallmentMissed
    | PlanEnded
    | DiscountGranted
    | AgencyAuthorized
    | Reissued
    | GivenBack
    | DeliveryReported
    | OptedOut
    | OptedIn
    | AnswerOwed
    | CallEnded
)
