"""Text messages: in which alphabet they travel, in how many segments, and what people write to get no more of them.

A text that is not in the GSM alphabet has less than half the room, for one letter alone: an accent in the seller's name. Its letters
are then written without what that alphabet lacks, where this makes it shorter and can be done to all of them.

3GPP TS 23.038 (the GSM alphabet: 160 characters alone, 153 in each of several) and UCS-2 for everything else (70, and 67).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

MOST_SEGMENTS = 4
# How the reason begins for which a text message is not sent at all.
TOO_LONG = "the text message would take"

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
# Letters and signs that no decomposition turns into those of the GSM alphabet.
_SPELLED = {
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "œ": "oe",
    "Œ": "OE",
    "ı": "i",
    "ħ": "h",
    "Ħ": "H",
    "ŋ": "n",
    "«": '"',
    "»": '"',
    "‹": "'",
    "›": "'",
    "•": "-",
    "·": "-",
    "×": "x",
    "®": "(R)",
    "©": "(C)",
    "°": " deg",
    "′": "'",
    "₹": "INR ",
    "₺": "TRY ",
    "₽": "RUB ",
    "₴": "UAH ",
    "₪": "ILS ",
    "₩": "KRW ",
    "₫": "VND ",
    "₦": "NGN ",
    "₱": "PHP ",
    "¢": "c",
}


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


def fit(text: str) -> str:
    """``text`` as it is sent: simplified, and in letters of the GSM alphabet alone where it takes fewer segments so.

    Addresses are never spelled in another way; a text with letters that have no plain form stays as it is.
    """
    plain = simplify(text)
    if _is_gsm(plain):
        return plain
    spelled = "".join(word if "://" in word or "@" in word else _spell(word) for word in re.split(r"(\s+)", plain))
    return spelled if _is_gsm(spelled) and count_segments(spelled) < count_segments(plain) else plain


def _spell(word: str) -> str:
    def spell(letter: str) -> str:
        if letter in _SPELLED or _is_gsm(letter):
            return _SPELLED.get(letter, letter)
        return "".join(_SPELLED.get(part, part) for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))

    return "".join(spell(letter) for letter in unicodedata.normalize("NFC", word))


def _is_gsm(text: str) -> bool:
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def explain_length(text: str) -> str:
    """Why ``text`` is too long for a text message, and the remedy; empty when it is not."""
    segments = count_segments(fit(text))
    return f"{TOO_LONG} {segments} segments, and {MOST_SEGMENTS} is the most; shorten its wording" if segments > MOST_SEGMENTS else ""


def count_segments(text: str) -> int:
    """How many segments a text message takes."""
    if _is_gsm(text):
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
