"""Messages that answer: what we owe the customer to say because of what it said or agreed to. They belong to no step of the ladder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.money import Money


class AnswerKind(StrEnum):
    """What a message that answers is. The set is closed; the value is the name of its wording."""

    PROMISE_CONFIRMED = "promise-confirmed"
    COPY_SENT = "copy-sent"
    PAY_LINK = "pay-link"
    PLAN_CONFIRMED = "plan-confirmed"
    INSTALLMENT_REMINDER = "installment-reminder"
    PLAN_PROPOSED = "plan-proposed"
    SETTLED = "settled"
    DISCOUNT_GRANTED = "discount-granted"
    DISPUTE_CONFIRMED = "dispute-confirmed"
    CALL_BACK_CONFIRMED = "call-back-confirmed"
    PAYMENT_NOTED = "payment-noted"


# How people read of each in diaries and lists.
TITLES = {
    AnswerKind.PROMISE_CONFIRMED: "confirmation of the promise",
    AnswerKind.COPY_SENT: "copy of the invoice",
    AnswerKind.PAY_LINK: "payment link",
    AnswerKind.PLAN_CONFIRMED: "confirmation of the payment plan",
    AnswerKind.INSTALLMENT_REMINDER: "reminder of the installment",
    AnswerKind.PLAN_PROPOSED: "proposal of a payment plan",
    AnswerKind.SETTLED: "word that it is settled",
    AnswerKind.DISCOUNT_GRANTED: "word of the discount",
    AnswerKind.DISPUTE_CONFIRMED: "confirmation of the dispute",
    AnswerKind.CALL_BACK_CONFIRMED: "confirmation of the call back",
    AnswerKind.PAYMENT_NOTED: "confirmation of the reported payment",
}
# By what each may go, in order of preference. Whoever asks for the link has the phone in hand.
WAYS = {
    AnswerKind.PROMISE_CONFIRMED: ("email", "sms", "task"),
    AnswerKind.COPY_SENT: ("email", "task"),
    AnswerKind.PAY_LINK: ("sms", "email", "task"),
    AnswerKind.PLAN_CONFIRMED: ("email", "task"),
    AnswerKind.INSTALLMENT_REMINDER: ("email", "sms", "task"),
    AnswerKind.PLAN_PROPOSED: ("email", "task"),
    AnswerKind.SETTLED: ("email", "task"),
    AnswerKind.DISCOUNT_GRANTED: ("email", "task"),
    AnswerKind.DISPUTE_CONFIRMED: ("email", "sms", "task"),
    AnswerKind.CALL_BACK_CONFIRMED: ("email", "sms", "task"),
    AnswerKind.PAYMENT_NOTED: ("email", "sms", "task"),
}


class OwedStanding(StrEnum):
    """DROPPED: what it answers is over before it was sent, so it is not sent any more."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class AgreedPart:
    """``amount`` that is to be paid by ``day``."""

    day: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Owed:
    """One message that answers. ``number`` counts those of an invoice, over all its rounds, so that each has a key of its own
    in the outreach ledger and none can be sent twice.

    ``parts`` are the installments it names, ``about`` the numbers of the invoices it speaks for where these may be several, ``day`` the
    day it names, ``ending`` the last digits of the number that is to be called. ``fate`` (a ``domain.case.Fate``), ``at``, ``channel`` and
    ``outreach`` say what became of it.
    """

    number: int
    what: AnswerKind
    since: datetime
    parts: tuple[AgreedPart, ...] = ()
    about: str = ""
    standing: OwedStanding = OwedStanding.OPEN
    fate: str = ""
    at: datetime | None = None
    channel: str = ""
    outreach: str = ""
    day: date | None = None
    ending: str = ""

    @property
    def step(self) -> str:
        """The name under which it is sent: ``promise-confirmed-3``."""
        return f"{self.what.value}-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.standing is OwedStanding.OPEN


def answer_of(step: str) -> AnswerKind | None:
    """What the step of that name answers; None: it is no answer."""
    what, _, number = step.rpartition("-")
    return next((kind for kind in AnswerKind if kind.value == what and number.isdecimal()), None)
