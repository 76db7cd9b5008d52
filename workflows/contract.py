"""How to reach a case: queues, ids, message names, search attributes, the start message. Everyone imports them from here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

# Two queues: the first asks and decides, the second talks to providers, so that a slow provider delays no decision.
CASES_QUEUE = "cases"
DELIVER_QUEUE = "deliver"

WORKFLOW = "InvoiceDunning"
PLAN = "PaymentPlan"
UPKEEP = "Upkeep"
INTAKE = "Intake"
WEEKLY_REVIEW = "WeeklyReview"
REVIEW = "OwnerReview"
REPORT = "report"
OVERRIDE = "override"
CASE = "case"

STAGE = SearchAttributeKey.for_keyword("Stage")
WAITING = SearchAttributeKey.for_keyword("Waiting")
CUSTOMER = SearchAttributeKey.for_keyword("Customer")
SELLER = SearchAttributeKey.for_keyword("Seller")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
DUE_ON = SearchAttributeKey.for_datetime("DueOn")
NEXT_CONTACT = SearchAttributeKey.for_datetime("NextContact")
BALANCE = SearchAttributeKey.for_float("Balance")

# Name to type as the server's tools spell it.
SEARCH_ATTRIBUTES = {
    "Stage": "Keyword",
    "Waiting": "Keyword",
    "Customer": "Keyword",
    "Seller": "Keyword",
    "Currency": "Keyword",
    "DueOn": "Datetime",
    "NextContact": "Datetime",
    "Balance": "Double",
}


def case_id(invoice: str) -> str:
    """The workflow id of the case that watches the invoice with this opaque id."""
    return f"invoice/{invoice}"


def plan_id(plan: str) -> str:
    """The workflow id of the payment plan with this opaque id."""
    return f"plan/{plan}"


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person sees of a case in the Temporal UI without opening a payload. No name or address stands here."""

    stage: str
    waiting: str
    customer: str
    seller: str
    currency: str
    balance: float
    due_on: datetime
    next_contact: datetime | None
    details: str


def attributes(labels: Labels) -> dict[str, SearchAttributeUpdate[Any]]:
    """The search attributes that show ``labels``, by name. No next contact: the attribute is taken away."""
    return {
        "Stage": STAGE.value_set(labels.stage),
        "Waiting": WAITING.value_set(labels.waiting),
        "Customer": CUSTOMER.value_set(labels.customer),
        "Seller": SELLER.value_set(labels.seller),
        "Currency": CURRENCY.value_set(labels.currency),
        "Balance": BALANCE.value_set(labels.balance),
        "DueOn": DUE_ON.value_set(labels.due_on),
        "NextContact": NEXT_CONTACT.value_set(labels.next_contact) if labels.next_contact else NEXT_CONTACT.value_unset(),
    }


@dataclass(frozen=True, slots=True)
class Said:
    """One word that reached a running case: the inbox row it stands in, or (from the Temporal UI) what was said itself.

    ``words`` is JSON text, cut to a bounded length. ``key`` is unique within the case and stays the same on replay.
    """

    key: str
    name: str
    words: str = ""
    inbox: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The start message, and what a continued run takes along."""

    invoice: str
    words_heard: int = 0


@dataclass(frozen=True, slots=True)
class StartPlan:
    """The start message of a payment plan, and what a continued run takes along."""

    plan: str
    words_heard: int = 0


_LONGEST_WORD = 8_000
# So many words go to an activity at once, so that however much has been said, it is far below what one payload may hold.
MOST_AT_ONCE = 50
OVERRIDES = (
    *("hold", "release", "promise", "skip", "stop", "paid", "resolved", "dispute", "dispute_resolved", "legal", "please_wait", "replied", "reply_handled"),
    *("spoke", "escalate", "paid_outside", "write_off", "discount", "given_back"),
)


# What may be said to a payment plan.
PLAN_CHANGES = ("accepted", "declined", "countered")


def spell(words: Sequence[object]) -> str:
    """What was said as JSON text of bounded length, ASCII; what is cut says so. Never raises, whatever it is."""
    try:
        said = json.dumps(list(words), default=_describe)
    except (TypeError, ValueError, RecursionError):
        said = json.dumps([_describe(words)])
    return said if len(said) <= _LONGEST_WORD else f"{said[:_LONGEST_WORD]} (cut: it was {len(said)} characters long)"


def _describe(thing: object) -> str:
    try:
        return repr(thing)[:_LONGEST_WORD]
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        return f"a {type(thing).__name__} that cannot be written out"


def find_fault(words: Sequence[object], kinds: Sequence[str] = OVERRIDES) -> str:
    """What is wrong with the form of an override, or nothing. Its meaning is judged where it is heard."""
    if len(words) != 1 or not isinstance(words[0], dict):
        return 'say one thing, as an object such as {"kind": "hold", "by": "Ann", "why": "on the phone with them"}'
    word = words[0]
    if isinstance(word.get("inbox"), str):
        return ""
    if word.get("kind") not in kinds:
        return f"kind: {_describe(word.get('kind'))[:100]} is not one of {', '.join(kinds)}"
    for field in ("by", "why"):
        if not isinstance(word.get(field), str) or not word[field].strip():
            return f"{field}: say {'who asks for this' if field == 'by' else 'why'}"
    return ""
