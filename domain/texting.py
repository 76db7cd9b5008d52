"""Text messages: in which alphabet they travel, in how many segments, and what people write to get no more of them.

3GPP TS 23.038 (the GSM alphabet: 160 characters alone, 153 in each of several) and UCS-2 for everything else (70, and 67).
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

MOST_SEGMENTS = 4

_BASIC = frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes the room of two
# What typography puts in place of plain marks would turn a whole text into UCS-2, at less than half the room.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009\u2007", " "),
        "\u2026": "...",
        "\u00ad": "",
        "\u200b": "",
    }
)


class Keyword(StrEnum):
    """What a text message says to the machine that reads it first."""

    STOP = "stop"
    START = "start"
    HELP = "help"


# Those that carriers and Twilio know, those that 47 CFR 64.1200(a)(10) names, and what people write in German, French and Spanish.
_STOPS = frozenset(
    (
        *("stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "opt-out"),
        *("stop texts", "stop texting", "stop texting me", "stop messages", "no more texts", "please stop", "stop please", "remove me", "unsubscribe me"),
        *("stop it", "stop now", "stop this", "stop sms", "no sms", "do not text", "dont text", "dont text me", "do not text me"),
        *("stopp", "abmelden", "abbestellen", "austragen", "keine sms", "keine sms mehr", "bitte keine sms", "bitte keine sms mehr", "stopp bitte"),
        *("bitte stopp", "bitte stop", "sms stopp", "sms stop", "keine nachrichten", "keine nachrichten mehr", "aufhoren", "aufhoeren", "bitte aufhoren"),
        *("arret", "arreter", "arretez", "desabonner", "desinscrire", "plus de sms", "parar", "baja", "alto", "no mas", "no mas sms", "cancelar"),
    )
)
_STARTS = frozenset(("start", "unstop", "optin", "opt in", "opt-in", "anmelden", "sms start"))
_HELPS = frozenset(("help", "info", "hilfe", "aide", "ayuda"))


def simplify(text: str) -> str:
    """``text`` with plain marks in place of typographic ones, so that more of it fits into a segment."""
    return text.translate(_PLAIN)


def count_segments(text: str) -> int:
    """How many segments a text message takes."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        room = sum(2 if letter in _EXTENDED else 1 for letter in text)
        return 1 if room <= 160 else -(-room // 153)
    room = len(text.encode("utf-16-be")) // 2
    return 1 if room <= 70 else -(-room // 67)


def read_keyword(text: str) -> Keyword | None:
    """The keyword that ``text`` is, in whatever case, with whatever accents and marks around it; None: it is something else.

    Only a text that says nothing besides counts as one. "YES" is no START here: it may well answer a question.
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(letter if letter.isalnum() or letter == "-" else "" if letter in "'\u2019" or unicodedata.combining(letter) else " " for letter in plain)
    word = " ".join(letters.split()).strip("-")
    joined = word.replace(" ", "")
    if word in _STOPS or joined in ("stop", "stopp", "stopall"):
        return Keyword.STOP
    if word in _STARTS:
        return Keyword.START
    return Keyword.HELP if word in _HELPS else None
