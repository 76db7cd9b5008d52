"""Which class the words of a message speak for, weighed by figures learned from labeled answers (``weights.json``).

A linear model of words, pairs of words, pieces of words and the signs of the rules. It knows no message, only weights, and says
the same of the same words always. ``python -m tests.answers.learn`` makes the weights anew.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from domain.calendar import BusinessCalendar
from domain.plain_words import plain
from domain.promise_day import mark_days
from domain.tense import FUTURE, clauses, is_past
from domain.understanding.intent import Intent

INTENTS = tuple(sorted(Intent))
# One letter for each class, one for each step of weight: the file stays small.
CLASS_LETTERS = "abcdefghijklmnopqrstuvwxyz"
STEPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"
MIDDLE = len(STEPS) // 2
STEP = 0.1
_PIECES = (4, 5)
_MOST_WORDS = 400
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|[?!]")
_MAIL = re.compile(r"\S+@\S+")
_MONEY = re.compile(r"[€$£] ?[0-9][0-9.,']*|\b(?:chf|eur|usd|gbp) ?[0-9][0-9.,']*|[0-9][0-9.,']* ?(?:€|eur\w*|usd|chf|gbp|pounds?|dollars?|quid|bucks|franken)")
_NUMBER = re.compile(r"[0-9][0-9./:-]*")
_REPLY = re.compile(r"^(?:(?:re|aw|fwd?|wg|antwort)[: ]+)+")


@dataclass(frozen=True, slots=True)
class Weighed:
    """The classes by how much speaks for them (they sum to 1), and the words that spoke loudest for the first."""

    chances: tuple[tuple[Intent, float], ...]
    words: tuple[str, ...]


def find_marks(written: str, subject: str, channel: str, signs: Iterable[str], language: str, today: date, calendar: BusinessCalendar) -> dict[str, float]:
    """What is weighed of a message (``written`` and ``subject`` in plain words), and how much of each; ``signs`` are the rules' finds."""
    marks: dict[str, float] = {}
    count = 0
    for clause in clauses(written):
        marked = mark_days(clause[:600], language, today, calendar)
        tense = "past" if is_past(clause) else "to come" if FUTURE.search(clause) else "none"
        marks[f"k:tense {tense}{' with a day' if marked != clause else ''}"] = 0.7
        told = _NUMBER.sub(" num ", _MONEY.sub(" amountmoney ", _MAIL.sub(" mailaddress ", marked)))
        words = _WORD.findall(told)[: _MOST_WORDS - count]
        count += len(words)
        around = ["<", *words, ">"]
        for word in words:
            marks[f"w:{word}"] = 1.0
            if len(word) > 3:
                for size in _PIECES:
                    for start in range(len(word) + 3 - size):
                        marks[f"c:{f'_{word}_'[start : start + size]}"] = 0.4
        for first, second in pairwise(around):
            marks[f"b:{first} {second}"] = 1.0
        for first, second in zip(around, around[2:], strict=False):
            marks[f"k:{first} {second}"] = 0.5
    for word in _WORD.findall(_REPLY.sub("", plain(subject)))[:30]:
        marks[f"s:{word}"] = 0.5
    length = math.sqrt(sum(value * value for value in marks.values())) or 1.0
    marks = {mark: 3.0 * value / length for mark, value in marks.items()}
    marks |= {f"r:{sign}": 1.0 for sign in signs} or {"r:none": 1.0}
    marks |= {f"ch:{channel}": 0.3, f"n:{min(8, count // 6)}": 0.3, "bias": 1.0}
    return marks


def weigh(marks: Mapping[str, float]) -> Weighed:
    weights = load_weights()
    scores = [0.0] * len(INTENTS)
    spoke: list[list[tuple[float, str]]] = [[] for _ in INTENTS]
    for mark, value in marks.items():
        for place, weight in weights.get(mark, ()):
            scores[place] += weight * value
            if mark[:2] in ("w:", "b:"):
                spoke[place].append((weight * value, mark[2:]))
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    chances = sorted(((intent, power / sum(powers)) for intent, power in zip(INTENTS, powers, strict=True)), key=lambda chance: -chance[1])
    loudest = sorted(spoke[INTENTS.index(chances[0][0])], reverse=True)[:3]
    return Weighed(tuple(chances), tuple(word.strip("<> ") for value, word in loudest if value > 0))


@lru_cache(maxsize=1)
def load_weights() -> dict[str, tuple[tuple[int, float], ...]]:
    """For each mark the places of classes in ``INTENTS`` and how much it speaks for or against them."""
    stored: dict[str, str] = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="ascii"))
    return {
        mark: tuple((CLASS_LETTERS.index(a), (STEPS.index(b) - MIDDLE) * STEP) for a, b in zip(packed[::2], packed[1::2], strict=True))
        for mark, packed in stored.items()
    }
