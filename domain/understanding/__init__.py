"""What somebody meant who answered us, read by fixed rules that can only pause, suppress or route.

English and German. Nothing here can make Dunwell chase: in doubt a message pauses the reminders and waits for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.calendar import BusinessCalendar
from domain.incoming import Incoming
from domain.plain_words import plain
from domain.promise_day import named_days
from domain.promised import VOW, Promised, find_promise
from domain.tense import STRONG_PAST, clauses, sentences
from domain.understanding.claims import APPROVAL, CHECK, PAID, REMITTANCE, RUN, is_asked
from domain.understanding.hints import take_hint
from domain.understanding.intent import Intent
from domain.understanding.machine import is_acknowledgment, is_automatic, is_bounce
from domain.understanding.requests import AWAY, COPY, NEVER_RECEIVED, PLAN, PO_MISSING, QUESTION, WRONG_CONTACT, WRONG_ENTITY
from domain.understanding.signs import DISPUTE, LEGAL, STOP, STOP_ALONE, Sign

__all__ = ["Intent", "Understood", "understand"]

# More than anybody writes about an invoice; what lies beyond is not read by rules.
_LONGEST = 12_000
_LONGEST_SENTENCE = 700
_ALL = (
    *LEGAL,
    *STOP,
    *DISPUTE,
    *PAID,
    *CHECK,
    *REMITTANCE,
    *RUN,
    *APPROVAL,
    *NEVER_RECEIVED,
    *COPY,
    *PO_MISSING,
    *WRONG_ENTITY,
    *WRONG_CONTACT,
    *AWAY,
    *PLAN,
    *QUESTION,
)
_ADDRESS = re.compile(r"\S+@\S+")
_UNLESS_SEEN = re.compile(
    r"\b(?:let (?:me|us) know |please tell (?:me|us) )?(?:if|should|in case) you (?:still )?(?:do not|have not|did not"
    r"|can not|should not|not) (?:see|receiv\w*|get|got|find|have|had)\b[^.!?]*|\b(?:falls|wenn"
    r"|sollten) sie\b[^.!?,]*\bnicht (?:sehen|erhalten|bekommen|finden|haben)\b"
)
_HARSH = re.compile(r"stop|quit|enough|leave|keine? weitere|hoer|lass|schluss|harass|belaestig")
_REST = re.compile(
    r"\b(?:rest|remainder|remaining|balance|other half|second half|restbetrag|restliche\w*|uebrige\w*|the other"
    r"|second (?:payment|part)|andere haelfte|zweite haelfte|zweite rate)\b"
)
_HAS_LEFT = re.compile(
    r"\b(?:no longer (?:work|with|employed|at)|(?:left|leaving|leave) (?:the|our) (?:company|firm|business)"
    r"|nicht mehr (?:bei|fuer|im unternehmen|in unserem)|ausgeschieden|verlassen|in (?:rente|pension)|retired)"
)
_SOMEBODY_ELSE = re.compile(r"\S@\S|\b(?:no longer|not any more|nicht mehr zustaendig|wrong (?:person|contact|number))\b")
_BEFORE_THAT = re.compile(r"\b(?:not|never|nicht|keine?) (?:\w+ ){0,4}?(?:pay|zahlen)\w*|\bunless\b|\bsolange\b")


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


@dataclass(frozen=True, slots=True)
class _Heard:
    """Which signs were found: for each meaning the words, and whether they stand on their own."""

    words: dict[Intent, str]
    firm: frozenset[Intent]

    def has(self, *intents: Intent) -> bool:
        return any(intent in self.words for intent in intents)

    def is_firm(self, intent: Intent) -> bool:
        return intent in self.firm


def understand(incoming: Incoming, language: str, today: date, calendar: BusinessCalendar) -> Understood:
    """``incoming.text`` must hold the sender's own words only, quotes stripped; ``language`` such as ``en-US`` or ``de``;
    ``today`` is the day it was received, where the sender is; ``calendar`` counts the business days of the seller."""
    written = plain(incoming.text[:_LONGEST])
    subject = plain(incoming.subject[:400])
    heard = _hear(written, subject)
    if is_bounce(incoming):
        return _answer(Intent.OTHER, "a report that a message could not be delivered", pauses=True)
    if STOP_ALONE.fullmatch(re.sub(r"[^a-z ,-]+", "", written.split("\n", 1)[0]).strip(" ,-")) or STOP_ALONE.fullmatch(
        re.sub(r"[^a-z ,-]+", "", written.replace("\n", " ")).strip(" ,-")
    ):
        return _answer(Intent.STOP, f"the word {written.split(chr(10), 1)[0].strip()!r}", sure=True)
    promised = find_promise(incoming.text[:_LONGEST], language, today, calendar)
    intent = _choose(heard, written, promised, is_automatic(incoming, subject))
    if intent is Intent.OUT_OF_OFFICE:
        day = _find_return(written, language, today, calendar)
        return Understood(intent, None, None, day, True, f"the words {heard.words.get(intent, subject)!r}", day is not None)
    if intent is Intent.QUESTION and (hint := take_hint(" ".join(part for part in sentences(written) if not part.endswith("?")))):
        return _answer(hint[0], f"perhaps, for the words {hint[1]!r}")
    if intent is Intent.OTHER and (hint := take_hint(written)):
        return _answer(hint[0], f"perhaps, for the words {hint[1]!r}")
    if intent is Intent.OTHER and is_acknowledgment(incoming, written, subject):
        return _answer(Intent.OTHER, "an automatic acknowledgment", pauses=False)
    if intent in (Intent.PROMISE, Intent.NEXT_PAYMENT_RUN) and promised:
        why = f"the words {promised.said!r}" if intent is Intent.PROMISE else f"the words {heard.words[intent]!r}"
        return Understood(intent, promised.day, promised.amount, None, True, why, promised.sure and not promised.is_bare)
    return _answer(intent, f"the words {heard.words[intent]!r}" if intent in heard.words else "no rule knows these words", sure=heard.is_firm(intent))


def _answer(intent: Intent, why: str, *, pauses: bool = True, sure: bool = False) -> Understood:
    return Understood(intent, None, None, None, pauses, why, sure)


def _hear(written: str, subject: str) -> _Heard:
    words: dict[Intent, str] = {}
    firm: set[Intent] = set()
    for sentence in sentences(_UNLESS_SEEN.sub(" ", _ADDRESS.sub("x@y.zz", written))):
        for sign in _ALL:
            if found := _find(sign, sentence[:_LONGEST_SENTENCE]):
                words.setdefault(sign.intent, found)
                if sign.firm:
                    firm.add(sign.intent)
    for sign in (*AWAY, *LEGAL):
        if found := _find(sign, re.sub(r"^(?:re|aw|fwd?|wg)[:\s]+", "", subject)):
            words.setdefault(sign.intent, found)
            firm.add(sign.intent)
    return _Heard(words, frozenset(firm))


def _find(sign: Sign, sentence: str) -> str:
    found = sign.pattern.search(sentence)
    if not found or (sign.unless and sign.unless.search(sentence)):
        return ""
    if sign.intent is Intent.PAID_ALREADY and is_asked(sentence):
        return ""
    return found[0].strip()[:80]


def _choose(heard: _Heard, written: str, promised: Promised | None, automatic: bool) -> Intent:
    """What matters most of all that was heard: first what forbids us to go on, then what happened, then what is needed."""
    has, is_firm = heard.has, heard.is_firm
    is_away = (
        has(Intent.OUT_OF_OFFICE)
        and not has(Intent.DISPUTE)
        and (automatic or not promised or promised.is_bare or not VOW.search(written))
        and (automatic or not has(Intent.PAID_ALREADY))
    )
    if has(Intent.LEGAL):
        return Intent.LEGAL
    if (
        is_firm(Intent.STOP)
        and not (has(Intent.WRONG_CONTACT) and _SOMEBODY_ELSE.search(written) and not is_away and "number" not in heard.words[Intent.STOP])
        and not (has(Intent.PAID_ALREADY, Intent.CHECK_SENT) and _HARSH.match(heard.words[Intent.STOP]))
    ):
        return Intent.STOP
    if _HAS_LEFT.search(written) and has(Intent.WRONG_CONTACT):
        return Intent.WRONG_CONTACT
    if is_away:
        return Intent.OUT_OF_OFFICE
    if is_firm(Intent.DISPUTE) and not has(Intent.REMITTANCE) and not (has(Intent.PAID_ALREADY) and "owe" in heard.words[Intent.DISPUTE]):
        return Intent.DISPUTE
    if paid := _how_paid(heard, written, promised):
        return paid
    if has(Intent.STOP) and not promised:
        return Intent.STOP
    for needed in (Intent.WRONG_ENTITY, Intent.PO_MISSING, Intent.WRONG_CONTACT, Intent.NEVER_RECEIVED):
        if has(needed) and not (promised and not promised.on_condition and not promised.is_bare):
            return needed
    if is_firm(Intent.PLAN_REQUEST) and not (has(Intent.NEXT_PAYMENT_RUN) and re.match("weekly|monthly", heard.words[Intent.PLAN_REQUEST])):
        return Intent.PLAN_REQUEST
    return _choose_plan_of_payment(heard, written, promised)


def _how_paid(heard: _Heard, written: str, promised: Promised | None) -> Intent | None:
    is_about_the_rest = promised is not None and _REST.search(written) is not None
    for paid in (Intent.REMITTANCE, Intent.CHECK_SENT, Intent.PAID_ALREADY):
        if not heard.has(paid) or is_about_the_rest:
            continue
        if (
            paid is not Intent.PAID_ALREADY
            or promised is None
            or STRONG_PAST.search(promised.clause)
            or any(_find(sign, part) for part in clauses(written) if part != promised.clause for sign in PAID)
        ):
            return paid
    return None


def _choose_plan_of_payment(heard: _Heard, written: str, promised: Promised | None) -> Intent:
    has = heard.has
    if has(Intent.NEXT_PAYMENT_RUN) and not (has(Intent.COPY_PLEASE) and not promised and heard.words[Intent.NEXT_PAYMENT_RUN] == ""):
        return Intent.NEXT_PAYMENT_RUN
    if promised and not promised.on_condition and not (promised.is_bare and has(Intent.COPY_PLEASE, Intent.IN_APPROVAL, Intent.QUESTION)):
        return Intent.PROMISE
    for needed in (Intent.COPY_PLEASE,):
        if has(needed):
            return needed
    if heard.is_firm(Intent.IN_APPROVAL):
        return Intent.IN_APPROVAL
    if promised:
        return Intent.PROMISE
    if has(Intent.PLAN_REQUEST):
        return Intent.PLAN_REQUEST
    if has(Intent.DISPUTE):
        return Intent.DISPUTE
    if has(Intent.IN_APPROVAL):
        return Intent.IN_APPROVAL
    if any(VOW.search(sentence) and not sentence.endswith("?") and not _BEFORE_THAT.search(sentence) for sentence in sentences(written)):
        return Intent.PROMISE
    return Intent.QUESTION if has(Intent.QUESTION) else Intent.OTHER


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
