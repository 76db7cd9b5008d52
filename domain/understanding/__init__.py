"""What somebody meant who answered us. What is read from it can only pause, suppress or route.

English and German. Rules find signs and days, learned weights tell which class they speak for. Nothing here can make Dunwell
chase: in doubt a message pauses the reminders and waits for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.calendar import BusinessCalendar
from domain.incoming import Incoming
from domain.promise_day import named_days
from domain.promised import find_promise, find_promised_amount
from domain.tense import sentences
from domain.understanding.evidence import Evidence, gather
from domain.understanding.hints import take_hint
from domain.understanding.intent import Intent
from domain.understanding.machine import is_acknowledgment, is_bounce
from domain.understanding.signs import STOP_ALONE
from domain.understanding.weighing import Weighed, weigh

__all__ = ["Intent", "Understood", "understand"]

_SURE = 0.9
# What must not be taken for something lighter: where it is as likely as this, a person looks first.
_GRAVE = (Intent.LEGAL, Intent.STOP, Intent.DISPUTE)
_GRAVE_CHANCE = 0.1
_LIGHTER = frozenset({Intent.PROMISE, Intent.NEXT_PAYMENT_RUN, Intent.OTHER, Intent.QUESTION, Intent.IN_APPROVAL})
# What a rule has found goes before something lighter where it is as likely as this.
_FOUND_CHANCE = 0.25
# What says more than a day beside it: "the wire left this morning, you have it by Friday" promises nothing.
_MORE_THAN_PROMISE = (
    Intent.PAID_ALREADY,
    Intent.REMITTANCE,
    Intent.CHECK_SENT,
    Intent.WRONG_ENTITY,
    Intent.PO_MISSING,
    Intent.NEVER_RECEIVED,
    Intent.PLAN_REQUEST,
    Intent.IN_APPROVAL,
)
_MONEY_MOVED = frozenset({Intent.PAID_ALREADY, Intent.REMITTANCE, Intent.CHECK_SENT})
_LEAST_GRAVE_CHANCE = 0.45
_LEAST_CHANCE = 0.3


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message says. ``promise_day`` and ``promise_amount`` (in the invoice's currency; None: all of it, or no figure)
    stand in its text; ``return_day`` is when somebody is back. ``pauses``: reminders wait until it has been handled.

    ``why`` names the words that said so, for the person who reads it; ``sure`` is false where a person should look first.
    """

    intent: Intent
    promise_day: date | None
    promise_amount: Decimal | None
    return_day: date | None
    pauses: bool
    why: str
    sure: bool


def understand(incoming: Incoming, language: str, today: date, calendar: BusinessCalendar) -> Understood:
    """``incoming.text`` must hold the sender's own words only, quotes stripped; ``language`` such as ``en-US`` or ``de``;
    ``today`` is the day it was received, where the sender is; ``calendar`` counts the business days of the seller."""
    if is_bounce(incoming):
        return _answer(Intent.OTHER, "a report that a message could not be delivered")
    evidence = gather(incoming, language, today, calendar)
    first_line = evidence.written.split("\n", 1)[0]
    if _is_stop(first_line) or _is_stop(evidence.written.replace("\n", " ")):
        return _answer(Intent.STOP, f"the word {first_line.strip()!r}", sure=True)
    weighed = weigh(evidence.marks)
    intent = _choose(evidence, weighed)
    if intent is Intent.OTHER and not evidence.words and is_acknowledgment(incoming, evidence.written, evidence.subject) and not take_hint(evidence.written):
        return _answer(Intent.OTHER, "an automatic acknowledgment", pauses=False)
    sure, why = _is_sure(intent, evidence, weighed), _explain(intent, evidence, weighed)
    if intent is Intent.OUT_OF_OFFICE:
        day = _find_return(evidence.written, language, today, calendar)
        return Understood(intent, None, None, day, True, why, sure and day is not None)
    if intent in (Intent.PROMISE, Intent.NEXT_PAYMENT_RUN):
        promised = find_promise(evidence.text, language, today, calendar, is_expected=True)
        if promised:
            if intent is Intent.PROMISE:
                why = f"the words {promised.said.strip()!r}"
            return Understood(intent, promised.day, promised.amount, None, True, why, sure and promised.sure and not promised.is_bare)
        return Understood(intent, None, find_promised_amount(evidence.text), None, True, why, sure)
    return _answer(intent, why, sure=sure)


def _answer(intent: Intent, why: str, *, pauses: bool = True, sure: bool = False) -> Understood:
    return Understood(intent, None, None, None, pauses, why, sure)


def _is_stop(written: str) -> bool:
    return bool(STOP_ALONE.fullmatch(re.sub(r"[^a-z ,-]+", "", written).strip(" ,-")))


def _choose(evidence: Evidence, weighed: Weighed) -> Intent:
    """The likeliest class; but what a rule finds that forbids going on counts sooner, and where little is known nothing is claimed."""
    chances = dict(weighed.chances)
    likeliest, chance = weighed.chances[0]
    graver = [grave for grave in _GRAVE if grave in evidence.words] if likeliest in _LIGHTER else []
    more = [said for said in _MORE_THAN_PROMISE if said in evidence.firm] if likeliest is Intent.PROMISE else []
    for found in (*graver, *more):
        if chances[found] >= _FOUND_CHANCE:
            return found
    needed = _LEAST_GRAVE_CHANCE if likeliest in _GRAVE else _LEAST_CHANCE
    return likeliest if evidence.words or chance >= needed else Intent.OTHER


def _is_sure(intent: Intent, evidence: Evidence, weighed: Weighed) -> bool:
    chances = dict(weighed.chances)
    is_graver = any(grave in evidence.words or chances[grave] >= _GRAVE_CHANCE for grave in _GRAVE if grave is not intent)
    may_be_paid = intent in (Intent.PROMISE, Intent.NEXT_PAYMENT_RUN) and bool(_MONEY_MOVED & evidence.firm)
    return chances[intent] >= _SURE and not may_be_paid and (intent in _GRAVE or not is_graver)


def _explain(intent: Intent, evidence: Evidence, weighed: Weighed) -> str:
    if intent in evidence.words:
        return f"the words {evidence.words[intent]!r}"
    return f"words like {', '.join(repr(word) for word in weighed.words)}" if weighed.words else "no rule knows these words"


def _find_return(written: str, language: str, today: date, calendar: BusinessCalendar) -> date | None:
    """The first day on which somebody who is away can be expected to read again."""
    for sentence in sentences(written):
        back = re.search(r"\b(?:back|return\w*|wieder|zurueck|reopen\w*|ab dem|ab)\b(?:(?!until|bis).)*", sentence)
        if back and (days := named_days(sentence[max(0, back.start() - 60) :], language, today, calendar)):
            until = re.search(r"\b(?:until|till|through|bis|einschliesslich)\b", sentence)
            return max(days) if not until else days[-1]
    for sentence in sentences(written):
        until = re.search(r"\b(?:until|till|through|thru|to|bis|-|and|und)\b", sentence)
        if until and (days := named_days(sentence[until.start() :], language, today, calendar)):
            return calendar.add(days[-1], 1)
    return None
