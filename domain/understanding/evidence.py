"""What there is to go by in a message: the signs the rules find in it, a promise with a day, and the marks that are weighed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from domain.calendar import BusinessCalendar
from domain.incoming import Incoming
from domain.plain_words import plain
from domain.promised import Promised, find_promise
from domain.tense import sentences
from domain.understanding.claims import APPROVAL, CHECK, PAID, REMITTANCE, RUN, is_asked
from domain.understanding.intent import Intent
from domain.understanding.machine import is_automatic
from domain.understanding.requests import AWAY, COPY, NEVER_RECEIVED, PLAN, PO_MISSING, QUESTION, WRONG_CONTACT, WRONG_ENTITY
from domain.understanding.signature import cut_frame
from domain.understanding.signs import DISPUTE, LEGAL, STOP, Sign
from domain.understanding.weighing import find_marks

# More than anybody writes about an invoice; what lies beyond is not read by rules.
_LONGEST = 12_000
_LONGEST_SENTENCE = 700
SIGNS = (
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
_ASKS = re.compile(
    r"\?$|\b(?:could|can|would|may|might) (?:we|i|you|it|there)\b|\b(?:koennt\w*|kann|koennen|darf|duerf\w*|waere\w*|wuerd\w*) (?:ich|wir|man|sie|es|ihr|du)\b"
    r"|\b(?:request\w*|hoping|wondering|kindly|please|bitte|vorschlagen)\b"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """``text`` is what the sender wrote, without greeting and signature, ``written`` and ``subject`` the same in plain words; ``words``
    are those that each found sign rests on, ``firm`` the classes whose signs stand on their own; ``marks`` what is weighed."""

    text: str
    written: str
    subject: str
    words: dict[Intent, str]
    firm: frozenset[Intent]
    promised: Promised | None
    marks: dict[str, float]


def gather(incoming: Incoming, language: str, today: date, calendar: BusinessCalendar) -> Evidence:
    """As for ``understand``."""
    text = cut_frame(incoming.text[:_LONGEST])
    written, subject = plain(text), plain(incoming.subject[:400])
    words, firm, asked = _hear(written, subject)
    promised = find_promise(text, language, today, calendar)
    signs = [f"{intent}{'!' if intent in firm else ''}" for intent in words]
    signs.append("no-day" if promised is None else "bare-day" if promised.is_bare else "day-if" if promised.on_condition else "day")
    signs += [f"{sign}+{signs[-1]}" for sign in signs[:-1]]
    signs += [f"{intent}+asked" for intent in words if intent in asked or written.endswith("?")]
    if is_automatic(incoming, subject):
        signs.append("automatic")
    return Evidence(text, written, subject, words, firm, promised, find_marks(written, subject, incoming.channel, signs, language, today, calendar))


def _hear(written: str, subject: str) -> tuple[dict[Intent, str], frozenset[Intent], frozenset[Intent]]:
    """The words of each sign found, which of them are firm, and which stand in a sentence that asks for something."""
    words: dict[Intent, str] = {}
    firm: set[Intent] = set()
    asked: set[Intent] = set()
    for sentence in sentences(_UNLESS_SEEN.sub(" ", _ADDRESS.sub("x@y.zz", written))):
        for sign in SIGNS:
            if found := _find(sign, sentence[:_LONGEST_SENTENCE]):
                words.setdefault(sign.intent, found)
                if sign.firm:
                    firm.add(sign.intent)
                if _ASKS.search(sentence):
                    asked.add(sign.intent)
    for sign in (*AWAY, *LEGAL):
        if found := _find(sign, re.sub(r"^(?:re|aw|fwd?|wg)[:\s]+", "", subject)):
            words.setdefault(sign.intent, found)
            firm.add(sign.intent)
    return words, frozenset(firm), frozenset(asked)


def _find(sign: Sign, sentence: str) -> str:
    found = sign.pattern.search(sentence)
    if not found or (sign.unless and sign.unless.search(sentence)):
        return ""
    if sign.intent is Intent.PAID_ALREADY and is_asked(sentence):
        return ""
    return found[0].strip()[:80]
