"""What a person made of a customer's message, in one word, and the news that it is to the invoices it was about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.event import DisputeRaised, HoldPlaced, LegalStop, News, PaymentReported, PromiseMade, Replied, ReplyHandled


class Resolution(StrEnum):
    """The ways to deal with a message. The set is closed."""

    PROMISE = "promise"
    PAID = "paid"
    DISPUTE = "dispute"
    PLAN = "plan"
    COPY = "copy"
    WRONG_CONTACT = "wrong-contact"
    WAIT = "wait"
    LEGAL = "legal"
    STOP = "stop"
    NOTHING = "nothing"


# Nothing more goes to the address it came from.
SILENCING = (Resolution.WRONG_CONTACT, Resolution.STOP)


class UnableToResolve(ValueError):
    """What is missing; the message names the field and the remedy."""


def news_of(resolution: Resolution, *, day: date | None = None, amount: Decimal | None = None, about: str = "") -> tuple[News, ...]:
    """What to tell each invoice, in order. Raises UnableToResolve."""
    handled = ReplyHandled()
    match resolution:
        case Resolution.PROMISE:
            if day is None:
                raise UnableToResolve("day: say when the money is to come; the message names no day")
            return PromiseMade(day, amount), handled
        case Resolution.PAID:
            return PaymentReported(), handled
        case Resolution.DISPUTE:
            return DisputeRaised(about, amount), handled
        case Resolution.WAIT | Resolution.PLAN:
            # While a plan is worked out nothing is asked for; the offer itself keeps the invoice quiet from then on.
            return HoldPlaced(day), handled
        case Resolution.COPY:
            return handled, Replied(copy=True)
        case Resolution.LEGAL:
            return LegalStop(), handled
        case Resolution.WRONG_CONTACT | Resolution.STOP | Resolution.NOTHING:
            return (handled,)
