"""What somebody said or keyed in on the phone, as what it means for the question that is open. English and German.

What is heard can pause and route, and a day that was named is repeated before it counts; so a word taken for another does no harm.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from domain.calendar import BusinessCalendar
from domain.conversation import Ask, Heard, Meaning
from domain.plain_words import plain
from domain.promise_day import resolve_day

_KEYS = {
    "1": Meaning.YES,
    "2": Meaning.NO,
    "3": Meaning.DISPUTE,
    "4": Meaning.PAID,
    "5": Meaning.PAY,
    "6": Meaning.PLAN,
    "7": Meaning.WRONG_NUMBER,
    "8": Meaning.STOP,
    "9": Meaning.REPEAT,
    "0": Meaning.HELP,
}
# A day keyed in that lies this far behind is meant for the next year.
_LONG_GONE = timedelta(days=180)

# The first that is found decides. Words as ``plain`` writes them: small letters, umlauts spelled out.
_PHRASES: tuple[tuple[Meaning, str], ...] = (
    (
        Meaning.STOP,
        r"(stop|never|don'?t|do not|quit) (call|phon|ring)|no more calls|remove (me|us|my|this|our) |nicht mehr an(ruf)?|"
        r"(keine|weitere) (weiteren )?anrufe|hoeren sie auf|rufen sie (mich|uns|hier)? ?(bitte )?nicht",
    ),
    (Meaning.LEGAL, r"\b(insolven|bankrupt|lawyer|attorney|solicitor|anwalt|rechtsanwae|insolvenz|passed away|deceased|verstorben)"),
    (Meaning.WRONG_NUMBER, r"wrong (number|person|company)|nobody (here )?(by|with|of) that name|falsche? (nummer|firma)|falsch verbunden|verwaehlt"),
    (
        Meaning.HELP,
        r"\b(human|(a|real) person|operator|agent|representative|colleague|somebody|someone|help)\b|speak (to|with) a|call (me|us) back|"
        r"\b(mensch\w*|mitarbeiter\w*|kolleg\w*|jemand\w*|hilfe)\b|zurueckrufen|rueckruf",
    ),
    (
        Meaning.PAID,
        r"\b(already|has been|have|was|is|we) (been )?(paid|transferred|settled|wired)\b|paid (it|that|this) |"
        r"(schon|bereits|laengst) (\w+ )?(be|ge)?(zahlt|ueberwiesen)|"
        r"(ist|haben\b.*|wurde|habe\b.*) (bezahlt|beglichen|ueberwiesen)|zahlung ist raus",
    ),
    (
        Meaning.COPY,
        r"(not|never|n't|nothing) (\w+ )?(receiv|arriv|got|get|seen|see|reach)\w*|send (it|them|me|us|that) (\w+ )?(again|once more)|\bcop(y|ies)\b|"
        r"(nicht|nie|nichts) (\w+ )?(erhalten|bekommen|angekommen|gesehen)|noch ?mal(s)? (zu)?(schicken|senden)|\bkopie",
    ),
    (
        Meaning.PLAN,
        r"install?ments?|in (several |two |three )?parts|payment plan|bit by bit|\brat(en|enzahlung)\b|ratenzahlung|teilzahlung|in teilen",
    ),
    (Meaning.PAY, r"pay (it )?(right )?now|\blink\b|by card|jetzt (gleich )?(be)?zahlen|sofort (be)?zahlen|mit karte"),
    (
        Meaning.DISPUTE,
        r"\b(disput|incorrect|not correct|damaged|defect|broken|complain|never ordered|did not order|didn't order|overcharg|missing|faulty)|"
        r"\bwrong\b|\bfalsch|fehlerhaft|widerspruch|reklam|maengel|mangel\b|beschaedigt|defekt|kaputt|"
        r"nie bestellt|nicht bestellt|stimmt (so |etwas |was )?nicht",
    ),
    (
        Meaning.REPEAT,
        r"\b(repeat|pardon|sorry|once more|say (that )?again|what did you|who (is|are)|hold on|one moment|just a (moment|second|minute))\b|"
        r"wiederhol|wie bitte|nochmal|noch einmal|wer (ist|sind|spricht)|(einen |ein )?moment|augenblick|ich verbinde",
    ),
)
_COMPILED = tuple((meaning, re.compile(pattern)) for meaning, pattern in _PHRASES)
_NO_PROBLEM = re.compile(r"\b(no problem|no worries|kein(e)? (problem|thema|frage))\b")
_NO = re.compile(
    r"\b(no|nope|nah|not|never|cannot|can'?t|won'?t|don'?t|doesn'?t|didn'?t|haven'?t|isn'?t|impossible|unfortunately|nein|nee|noe|nicht|nichts|nie|kein\w*|leider|"
    r"unmoeglich)\b"
)
_YES = re.compile(
    r"\b(yes|yeah|yep|yup|sure|correct|right|exactly|certainly|absolutely|of course|okay|ok|fine|agreed|i can|we can|i will|we will|speaking|this is|"
    r"it is|that'?s me|go ahead|think so|ja|jawohl|jo|genau|richtig|stimmt|klar|gerne?|natuerlich|sicher|in ordnung|einverstanden|passt|kann ich|koennen wir|"
    r"glaube schon|denke schon|am apparat|bin ich|ich bin)\b"
)
_UNSURE = re.compile(r"\b(don'?t know|do not know|not sure|no idea|can'?t say|weiss (ich )?(es )?nicht|keine ahnung|nicht sicher|kann ich nicht sagen)\b")
# Questions that a day answers.
_DAYS = frozenset({Ask.NOTICES, Ask.CAN_PAY, Ask.WHEN, Ask.CONFIRM, Ask.LATEST, Ask.PART, Ask.PLAN})
# To these, that something is wrong means no.
_WRONG_IS_NO = frozenset({Ask.PERSON, Ask.COMPANY, Ask.CONFIRM, Ask.LATEST, Ask.PART})
# What counts while somebody says what is wrong: the rest is the answer.
_BESIDE_A_DISPUTE = frozenset({Meaning.HELP, Meaning.STOP, Meaning.REPEAT, Meaning.LEGAL})


def hear(ask: Ask, keyed: str, said: str, language: str, today: date, calendar: BusinessCalendar) -> Heard:
    """What was ``keyed`` in, else ``said``, means as an answer to ``ask``; ``language`` such as ``en-US`` or ``de``. Total."""
    if keys := "".join(key for key in keyed if key in "0123456789"):
        return _hear_keys(ask, keys, language, today)
    words = " ".join(said.split())
    if not words:
        return Heard(Meaning.SILENCE)
    spoken = plain(words)
    meaning = next((one for one, pattern in _COMPILED if pattern.search(spoken)), None)
    if ask is Ask.DISPUTE:
        # "Somebody", "wrong" and "once more" belong to what is told; only a short wish is a wish.
        is_wish = meaning is Meaning.LEGAL or (meaning in _BESIDE_A_DISPUTE and len(spoken.split()) <= 4)
        wish = meaning if meaning and is_wish else Meaning.UNCLEAR
        return Heard(wish, words=words)
    if meaning in (Meaning.LEGAL, Meaning.STOP, Meaning.WRONG_NUMBER, Meaning.HELP, Meaning.PAID, Meaning.COPY):
        return Heard(meaning, words=words)
    if ask in _DAYS and (found := resolve_day(words, language, today, calendar)):
        return Heard(Meaning.DAY, found.day, words)
    if meaning is Meaning.DISPUTE and ask in _WRONG_IS_NO:
        return Heard(Meaning.NO, words=words)
    return Heard(meaning or _yes_or_no(ask, spoken), words=words)


def _yes_or_no(ask: Ask, spoken: str) -> Meaning:
    if _UNSURE.search(spoken):
        return Meaning.NO if ask is Ask.WHEN else Meaning.UNCLEAR
    spoken = _NO_PROBLEM.sub("yes", spoken)
    if _NO.search(spoken):
        return Meaning.NO
    return Meaning.YES if _YES.search(spoken) else Meaning.UNCLEAR


def _hear_keys(ask: Ask, keys: str, language: str, today: date) -> Heard:
    if ask is Ask.WHEN and len(keys) == 4:
        day = _day_of(keys, language.lower() == "en-us", today)
        return Heard(Meaning.DAY, day) if day else Heard(Meaning.UNCLEAR)
    if len(keys) != 1 or (ask is Ask.WHEN and keys == "1"):
        return Heard(Meaning.UNCLEAR)
    return Heard(_KEYS[keys])


def _day_of(keys: str, month_first: bool, today: date) -> date | None:
    first, second = int(keys[:2]), int(keys[2:])
    month, day = (first, second) if month_first else (second, first)
    try:
        found = date(today.year, month, day)
        return found if found >= today - _LONG_GONE else date(today.year + 1, month, day)
    except ValueError:
        return None
