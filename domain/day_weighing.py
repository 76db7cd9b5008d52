"""Which of the days in a message is the promised one, or that none is: weighed by figures learned from labeled answers (``day_weights.json``).

A linear model of what stands around each day and of what the rules make of it. ``python -m tests.answers.learn`` makes the figures anew.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from domain.calendar import BusinessCalendar
from domain.chosen_day import CORRECTED, FIRM, NUMBERED, PAY, REST_OF_IT, SO_THEN, WEEKDAY_ALONE, is_for_another, is_only_for_others
from domain.paying_words import HABIT, HANGS, OTHER_BUSINESS, UNNAMED, VOW, is_bare, is_claimed, is_denied, is_told_aside
from domain.promise_day import Named, Resolved, count_from, name_days
from domain.tense import FUTURE, hangs_on_news, is_about_another_day, is_condition, is_past, is_told_of, is_unreal, part_with, stretch_with

_WORD = re.compile(r"[a-z]+|[?!]|[,.;:]|[0-9]+")
_WORDS_BEFORE, _WORDS_BEHIND, _NEAR = 7, 6, 70
_WORD_MARK, _NEXT_MARK, _MESSAGE_MARK = 0.3, 0.5, 0.1
_CONDITION = re.compile(
    r"\b(?:if|unless|provided|assuming|once|until|till|when|as soon as|the (?:minute|moment|day)|sobald|wenn|falls|bis|nachdem|sofern|depends|regardless)\b"
)
_OTHERS = re.compile(
    r"\b(?:they|he|she|customers?|clients?|bank|council|state|insur\w+|kunden?|mann|frau|er|land|versicherung|contractor|boss|chef|grant|told|said|says|claim"
    r"|sagt|sagte|meint|hoping|hope|supposed|meeting|termin|return\w*|back|zurueck)\b"
)
# What leans on a day that is named beside it.
_THEN = re.compile(
    r"\b(?:then|that(?: i|')s (?:when|the day)|that day|which|so|until|till|first thing|at the same time|dann|da|dahin|daher|also|an dem tag|neue[nrs]?"
    r"|new)\b"
)
# What makes the day beside it one on which something is to be done.
_LEADING = re.compile(
    r"[€$£]|\b(?:when|once|after|wenn|sobald|nachdem|figure on|count on|latest|spaetestens|let us say|ausfuehrung|execution|posting|valuta)\b"
)
# Any verb that tells what was; whether it speaks of paying or not.
_TOLD = re.compile(
    r"\b(?:was|were|did|had|been|went|came|got|told|said|thought|meant|spoke|wrote|rang|(?!need|speed|feed|indeed)[a-z]{2,}ed)\b"
    r"|\b(?:habe|haben|hat|hab|hast|ist|sind|bin|war|waren|wurde|wurden)\b(?: \S+){0,9}? (?:[a-z]{0,8}ge[a-z]{2,}(?:t|en)|(?:be|ver|er|ent)[a-z]{3,}t"
    r"|[a-z]+iert)\b"
    r"|\b(?:war|waren|hatte|hatten|wollte|wollten|sollte|sollten|kam|kamen|ging|gab|sagte|meinte|wurde|wurden)\b"
)
_OWN = re.compile(r"\b(?:i|we|ich|wir)\b")
_YOURS = re.compile(r"\b(?:you|your|yours|sie|ihnen|ihre?s?|euch|dir|du)\b")
_MOVED = re.compile(
    r"\b(?:pull\w*|push\w*|mov\w+|brought|bring\w*|slip\w*|delay\w*|postpone\w*|shift\w*|forget|ignore|change\w*|verschieb\w*|verschob\w*|vorgezogen"
    r"|vergessen"
    r"|hinfaellig|geaendert|aendert|instead|statt\w*)\b"
)
_FAR_FROM_PAYING = 999
_ASIDE = "aside, paying elsewhere"
_TRUST_IN_RULES = 0.6
_RULED_OUT = frozenset({"denied", "told aside", "another", "only for others", "condition", "unreal", "hangs"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A day to come in the part ``position`` of a message; ``front`` and ``behind`` are where the days beside it end and begin."""

    position: int
    clause: str
    named: Named
    front: int
    behind: int

    @property
    def resolved(self) -> Resolved:
        return self.named.resolved

    @property
    def end(self) -> int:
        return self.named.start + len(self.resolved.said)


# A candidate, or None for "no day is promised", with what is weighed of it.
Marked = tuple[Candidate | None, dict[str, float]]


def find_candidates(parts: tuple[str, ...], language: str, spoken: str, today: date, calendar: BusinessCalendar) -> tuple[Candidate, ...]:
    """The days in ``parts`` (clauses in plain words) that may be meant; the rest as for ``resolve_plain``."""
    found: list[Candidate] = []
    before: date | None = None
    for position, clause in enumerate(parts):
        named = name_days(clause, language, spoken, today, calendar, before)
        ends = [0, *(one.start + len(one.resolved.said) for one in named)]
        starts = [*(one.start for one in named[1:]), len(clause)]
        found += [Candidate(position, clause, one, end, start) for one, end, start in zip(named, ends, starts, strict=False) if one.is_to_come]
        before = count_from(named, before)
    return tuple(found)


def mark(candidates: tuple[Candidate, ...], parts: tuple[str, ...]) -> tuple[Marked, ...]:
    """What is weighed of each of the ``candidates`` (not empty) in ``parts``, and of "none", which comes last."""
    vows_elsewhere = _pays_without_day(candidates, parts)
    distances = [_distance_to_paying(one) for one in candidates]
    marked: list[Marked] = []
    for place, one in enumerate(candidates):
        signs = [*_signs_of_words(one), *_signs_around(one, parts, vows_elsewhere), *_signs_of_order(candidates, place), _sign_of_distance(distances[place])]
        if distances[place] == min(distances) < _FAR_FROM_PAYING:
            signs.append("nearest to paying")
        marked.append((one, _words_around(one) | dict.fromkeys(signs, 1.0)))
    return (*marked, (None, _mark_none(candidates, parts)))


def _mark_none(candidates: tuple[Candidate, ...], parts: tuple[str, ...]) -> dict[str, float]:
    written = " ".join(parts)
    marks = {f"none: {word}": _MESSAGE_MARK for word in _WORD.findall(written)}
    marks |= {"none": 1.0, f"none of {min(3, len({one.resolved.day for one in candidates}))}": 1.0}
    if UNNAMED.search(written):
        marks["none, unnamed"] = 1.0
    if any(HANGS.search(part) for part in parts):
        marks["none, hangs"] = 1.0
    if _pays_without_day(candidates, parts):
        marks["none, paying elsewhere"] = 1.0
        if all(_is_aside(one) for one in candidates):
            marks["none, all aside"] = 1.0
    if not any(PAY.search(part_with(one.clause, one.named.start)) or VOW.search(part_with(one.clause, one.named.start)) for one in candidates):
        marks["none, no day near paying"] = 1.0
    if not any(one.named.stands and not is_for_another(one.resolved, one.clause) for one in candidates):
        marks["none, none stands"] = 1.0
    return marks


def _pays_without_day(candidates: tuple[Candidate, ...], parts: tuple[str, ...]) -> bool:
    """Whether a payment is announced in one of the ``parts``, but not in the words around a day."""
    rest = list(parts)
    for one in candidates:
        rest[one.position] = rest[one.position].replace(_stretch_with(one), " ")
    return any(_announces(part) for part in rest)


def _is_aside(one: Candidate) -> bool:
    """Whether the words around the day tell something, and nothing of paying."""
    stretch = _stretch_with(one)
    return not (PAY.search(stretch) or VOW.search(stretch) or _THEN.search(stretch) or _LEADING.search(stretch) or is_bare(stretch, (one.resolved,)))


def _announces(part: str) -> bool:
    """Whether ``part`` of a message says that somebody will pay, but not "then", which leans on a day named beside it."""
    return bool(VOW.search(part) or (PAY.search(part) and FUTURE.search(part) and not is_past(part))) and not _THEN.search(part)


def _words_around(one: Candidate) -> dict[str, float]:
    start = one.named.start
    before = _WORD.findall(one.clause[max(one.front, start - _NEAR) : start])[::-1] or ["<"]
    behind = _WORD.findall(one.clause[one.end : min(one.behind, one.end + _NEAR)]) or [">"]
    return (
        {f"before {word}": _WORD_MARK for word in before[:_WORDS_BEFORE]}
        | {f"behind {word}": _WORD_MARK for word in behind[:_WORDS_BEHIND]}
        | {f"just before {before[0]}": _NEXT_MARK, f"just behind {behind[0]}": _NEXT_MARK}
    )


def _signs_of_words(one: Candidate) -> Iterable[str]:
    """What the rules make of the day and of the words between the commas around it."""
    clause, start, day = one.clause, one.named.start, one.resolved
    part, front, behind = min(part_with(clause, start), _stretch_with(one), key=len), clause[:start], clause[one.end :]
    found = {
        "stands": one.named.stands,
        "condition": is_condition(clause, start, one.end),
        "unreal": is_unreal(clause, start),
        "hangs": not one.named.stands and hangs_on_news(clause, start, one.end),
        "told": is_told_of(clause, start, day.said),
        "another": is_about_another_day(front, behind),
        "for another": is_for_another(day, clause),
        "only for others": is_only_for_others(day, clause),
        "denied": is_denied(day, clause),
        "told aside": is_told_aside(day, clause),
        "claimed": is_claimed(day, clause),
        "bare": is_bare(clause, (day,)),
        "firm": bool(FIRM.search(front)),
        "rest": bool(REST_OF_IT.search(front[one.front :])),
        "rest behind": bool(REST_OF_IT.search(behind[: one.behind - one.end])),
        "after if": bool(_CONDITION.search(front)),
        "so then": bool(SO_THEN.search(front)),
        "moved": bool(_MOVED.search(clause[one.front : start])),
        "counted": day.is_counted,
        "number": bool(NUMBERED.search(day.said)),
        "weekday": bool(WEEKDAY_ALONE.search(day.said)),
    }
    near = {
        "pay": PAY.search(part),
        "vow": VOW.search(part),
        "business": OTHER_BUSINESS.search(part),
        "future": FUTURE.search(part),
        "past": is_past(part),
        "told": _TOLD.search(part),
        "if": _CONDITION.search(part),
        "others": _OTHERS.search(part),
        "own": _OWN.search(part),
        "yours": _YOURS.search(part),
        "unnamed": UNNAMED.search(part),
    }
    return [name for name, holds in found.items() if holds] + [f"near {name}" for name, holds in near.items() if holds]


def _stretch_with(one: Candidate) -> str:
    return stretch_with(one.clause, one.named.start, one.end)


def _signs_around(one: Candidate, parts: tuple[str, ...], vows_elsewhere: bool) -> Iterable[str]:
    clause, position = one.clause, one.position
    whole = {"pay": PAY.search(clause), "vow": VOW.search(clause), "business": OTHER_BUSINESS.search(clause), "habit": HABIT.search(clause)}
    yield from (f"clause {name}" for name, holds in whole.items() if holds)
    if clause.endswith("?"):
        yield "asks"
    if _THEN.search(clause[one.end :]) or (position + 1 < len(parts) and _THEN.search(parts[position + 1])):
        yield "then"
    if _is_aside(one):
        yield "aside"
        if vows_elsewhere:
            yield _ASIDE
    if not (whole["pay"] or whole["vow"]):
        if position and VOW.search(parts[position - 1]):
            yield "vow before"
        if position + 1 < len(parts) and VOW.search(parts[position + 1]):
            yield "vow behind"


def _signs_of_order(candidates: tuple[Candidate, ...], place: int) -> Iterable[str]:
    one, days = candidates[place], sorted({candidate.resolved.day for candidate in candidates})
    day, last = one.resolved.day, len(candidates) - 1
    yield "only" if not last else "first" if not place else "last" if place == last else "middle"
    if len(days) > 1:
        yield "earliest" if day == days[0] else "latest" if day == days[-1] else "between"
    if sum(candidate.resolved.day == day for candidate in candidates) > 1:
        yield "said twice"
    if place:
        same = candidates[place - 1].position == one.position
        if CORRECTED.search(one.clause[one.front if same else 0 : one.named.start]):
            yield "corrects"
    if place < last:
        after = candidates[place + 1]
        if after.position == one.position and CORRECTED.search(one.clause[one.end : after.named.start]):
            yield "corrected"
        if after.position == one.position + 1 and CORRECTED.search(after.clause[: after.named.start]):
            yield "corrected behind"


def _distance_to_paying(one: Candidate) -> int:
    places = [min(abs(found.end() - one.named.start), abs(found.start() - one.end)) for found in PAY.finditer(one.clause)]
    return min(places, default=_FAR_FROM_PAYING)


def _sign_of_distance(distance: int) -> str:
    return f"paying within {next(limit for limit in (12, 30, 80, _FAR_FROM_PAYING) if distance <= limit)}"


def choose(marked: tuple[Marked, ...], weights: Mapping[str, float], ruled: date | None) -> tuple[Candidate | None, float]:
    """The candidate whose day is the likeliest (None: that none is promised) and how likely it is, of 1. The day that the rules have
    ``ruled`` (None: none) has something in its favor, and only that one may be denied or hang on something else."""
    marked = tuple((one, marks) for one, marks in marked if not one or one.resolved.day == ruled or not _RULED_OUT & marks.keys())
    days = [one.resolved.day if one else None for one, _ in marked]
    scores = [sum(weights.get(name, 0.0) * value for name, value in marks.items()) for _, marks in marked]
    scores = [score + _TRUST_IN_RULES * (day == ruled) for score, day in zip(scores, days, strict=True)]
    powers = [math.exp(score - max(scores)) for score in scores]
    chances: dict[date | None, float] = {}
    for day, power in zip(days, powers, strict=True):
        chances[day] = chances.get(day, 0.0) + power / sum(powers)
    likeliest = max(chances, key=lambda day: chances[day])
    place = max((place for place, day in enumerate(days) if day == likeliest), key=lambda place: powers[place])
    return marked[place][0], chances[likeliest]


@lru_cache(maxsize=1)
def load_weights() -> dict[str, float]:
    stored: dict[str, float] = json.loads(Path(__file__).with_name("day_weights.json").read_text(encoding="ascii"))
    return stored
