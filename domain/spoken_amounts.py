"""Amounts of money in words, as people say them on the phone: "twelve hundred pounds", "fünfhundert Euro", "three grand"."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.named_days import NUMBERS

_TENS_EN = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_TENS_DE = {"dreissig": 30, "vierzig": 40, "fuenfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90}
_SMALL_EN = {word: n for word, n in NUMBERS["en"].items() if word.isalpha() and word not in ("an", "few", "couple")} | _TENS_EN
_ONES_DE = {word: n for word, n in NUMBERS["de"].items() if n < 10 and word not in ("paar", "zweier", "dreier")}
_SMALL_DE = {word: n for word, n in NUMBERS["de"].items() if word in _ONES_DE or (word.isalpha() and n >= 10)} | _TENS_DE
_SMALL_DE |= {f"{one}und{ten}": m + n for one, n in _ONES_DE.items() for ten, m in _TENS_DE.items()}
_SMALL_WORDS_DE = "|".join(sorted(_SMALL_DE, key=len, reverse=True))
_GREAT = {"hundred": 100, "hundert": 100, "thousand": 1000, "grand": 1000, "tausend": 1000}
_CURRENCY = r"(?:€|\$|£|eur(?:os?)?|usd|gbp|chf|dollars?|pounds?|bucks|quid|franken|pfund)(?![a-z])"
_ENGLISH = re.compile(rf"\b(?!grand)(?P<words>(?:(?:{'|'.join(_SMALL_EN)}|hundred|thousand|grand)(?: and |[ -])?){{1,9}}?)(?:(?<=[b-z] grand)| ?{_CURRENCY})")
_GERMAN = re.compile(rf"\b(?P<words>(?:(?:{_SMALL_WORDS_DE}|hundert|tausend)(?:und(?=[a-z])| und |[ -])?){{1,9}}?) ?{_CURRENCY}")
# Without a currency: a round number that no thing is counted by, such as "I will send twelve hundred on Friday".
_NOTHING_COUNTED = (
    r"(?=[,.;!]|$|(?:on|by|at|in|for|and|then|now|today|tonight|tomorrow|this|next|first|right|ok|okay|over|out|from|am|bis|zum|heute|morgen|uebermorgen|und|per"
    r"|ueberweis\w*|zahl\w*|bezahl\w*|schick\w*|send\w*|kommen|kommt|[a-z]+day|[a-z]+tag|mittwoch)\b)"
)
_ENGLISH_ALONE = re.compile(rf"\b(?P<words>(?:(?:{'|'.join(_SMALL_EN)}|hundred|thousand)\b(?: and |[ -])?){{2,9}}){_NOTHING_COUNTED}")
_GERMAN_ALONE = re.compile(rf"\b(?P<words>(?:{_SMALL_WORDS_DE})(?:hundert|tausend)(?:und)?(?:{_SMALL_WORDS_DE}|hundert|tausend|und)*) ?{_NOTHING_COUNTED}")
_PIECE = re.compile("|".join(sorted({*_SMALL_EN, *_SMALL_DE, *_GREAT}, key=len, reverse=True)))


def find_spoken_amount(clause: str, *, is_named: bool = False) -> Decimal | None:
    """The first amount in words that stands before a currency in ``clause`` (plain words). With ``is_named`` the clause is known to
    speak of paying: a round number needs no currency then."""
    found = _ENGLISH.search(clause) or _GERMAN.search(clause)
    if not found and is_named:
        found = next((one for one in (*_ENGLISH_ALONE.finditer(clause), *_GERMAN_ALONE.finditer(clause)) if re.search("hund|thous|taus", one["words"])), None)
    amount = _count(found["words"]) if found else 0
    return Decimal(amount) if amount > 0 else None


def _count(words: str) -> int:
    """``twelve hundred`` is 1200, ``zweitausenddreihundert`` 2300."""
    total = part = 0
    for piece in _PIECE.findall(re.sub(r"\b(?:and|und)\b", " ", words)):
        if piece not in _GREAT:
            part += _SMALL_EN.get(piece) or _SMALL_DE.get(piece) or 0
        elif _GREAT[piece] == 100:
            part = (part or 1) * 100
        else:
            total, part = total + (part or 1) * 1000, 0
    return total + part
