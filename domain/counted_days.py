"""Days counted from another day that was named before: "and two days later", "am Tag darauf", "the same day"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from domain.day_readers import When
from domain.named_days import NUMBER, WEEKDAY, number_of, weekday_of

_UNIT = {
    "en": r"(?P<business>(?:business|working|banking|bank) )?(?P<unit>days?|weeks?)",
    "de": r"(?P<business>werk|(?:bank)?arbeits|bank)?(?P<unit>tage?n?|wochen?)",
}
_PATTERNS = {
    "en": (
        rf"\b(?P<n>{NUMBER['en']}) {_UNIT['en']} (?:later|after(?:wards?)?|thereafter|on|behind)\b(?: (?:that|then|this))?(?! (?:tomorrow|the|we|i|you|our)\b)",
        r"\bthe (?:next|following)(?P<n>) (?P<business>(?:business|working|banking|bank) )?(?P<unit>day)\b(?! (?:after|of|or))",
        r"\bthe following(?P<n>)(?P<business>) (?P<unit>week)\b(?! (?:on|[a-z]+day))",
        r"\b(?:the )?(?P<business>)(?P<n>)(?P<unit>day|morning|week) (?:after(?:wards?)?|following)(?! (?:tomorrow|next|christmas|easter|thanksgiving|new)\b)"
        r"(?: (?:that\b|(?:i|we|he|she) (?:\w+ ){0,3}(?:back|return\w*)|my return|[a-z]+(?<!day)\b)|(?=$|[,.!;]))",
        r"\b(?:on )?(?:the (?:same|very)|that|that (?:same|very)) (?P<same>day|morning|afternoon|evening)\b",
        rf"\b(?:the )?(?P<weekday>{WEEKDAY['en']}) (?:after that|following|thereafter|afterwards|right after|after(?= is"
        rf"| will))\b(?! [a-z]+ ?day)",
        rf"\b(?:the )?(?P<in_week>{WEEKDAY['en']}) (?:of|in) (?:that|that same|the same) week\b",
        rf"\b(?:on |by )?(?:that|that same|that very|the said|said) (?P<again>{WEEKDAY['en']})",
    ),
    "de": (
        rf"\b(?P<n>{NUMBER['de']}) {_UNIT['de']} (?:spaeter|darauf|danach|drauf)\b",
        r"\bam (?:naechst|folgend|darauffolgend)en(?P<n>) (?P<business>werk|(?:bank)?arbeits|bank)?(?P<unit>tag)\b(?! (?:nach|vor))",
        r"\bdarauffolgenden(?P<n>)(?P<business>) (?P<unit>woche)\b",
        rf"\b(?:am |den )?(?<!ein )(?<!einen )(?<!tage )(?P<n>){_UNIT['de']}s? (?:darauf|danach|drauf|spaeter)\b",
        r"\bam folge(?P<business>werk|bankarbeits|arbeits)?(?P<unit>tag)(?P<n>)\b",
        r"\b(?P<business>)(?P<n>)(?P<unit>tag) nach (?:meiner|der|dem|seiner|ihrer|unserer) (?!weihnacht|oster|pfingst)[a-z]+\b",
        r"\b(?:am|noch am|gleich am|an)(?: noch)? (?:selben|gleichen|selbigen|dem|diesem) (?P<same>tag|abend|nachmittag|vormittag)\b",
        rf"\b(?:am )?(?:tags |am )?(?P<weekday>{WEEKDAY['de']}) (?:darauf|drauf|danach)\b",
        rf"\b(?P<in_week>{WEEKDAY['de']}) (?:jener|derselben|der(?: (?:gleichen|selben|besagten|genannten|betreffenden))?) woche\b",
        rf"\b(?:(?:an|bis|bis zu|zu) (?:genau )?)?(?:diesem|jenem|besagtem|demselben|ebendiesem) (?P<again>{WEEKDAY['de']})",
    ),
}
_COMPILED = {language: tuple(re.compile(pattern) for pattern in patterns) for language, patterns in _PATTERNS.items()}


def find_counted(clause: str, when: When, named: tuple[tuple[int, date], ...], before: date | None) -> list[tuple[int, date, str]]:
    """Such days in ``clause`` (plain words) with their places; ``named`` are its other days with theirs, ``before`` the last one
    named in front of the clause. Where nothing was named before, ``the next business day`` is counted from today."""
    found: list[tuple[int, date, str]] = []
    for pattern in _COMPILED[when.language]:
        for match in pattern.finditer(clause):
            if any(start < match.end() and match.start() < start + len(said) for start, _, said in found):
                continue
            named_before = [day for place, day in named if place < match.start()]
            start_day = named_before[-1] if named_before else before
            if start_day is None and match.groupdict().get("business") and not match["n"]:
                start_day = when.today
            if start_day is not None and (day := _count_on(match, start_day, when)):
                found.append((match.start(), day, match[0]))
    return found


def _count_on(match: re.Match[str], start: date, when: When) -> date | None:
    """None where ``that Tuesday`` means no day that was named before."""
    groups = match.groupdict()
    if groups.get("same"):
        return start
    if again := groups.get("again"):
        return start if start >= when.today and weekday_of(again, when.language) == start.weekday() else None
    if in_week := groups.get("in_week"):
        return start + timedelta(days=weekday_of(in_week, when.language) - start.weekday())
    if weekday := groups.get("weekday"):
        return start + timedelta(days=(weekday_of(weekday, when.language) - start.weekday()) % 7 or 7)
    return count_on(start, groups, when)


def count_on(start: date, counted: dict[str, str | None], when: When) -> date:
    """``start`` and the ``n`` (none: one) ``business`` or other days or weeks of ``unit`` that a pattern of this module found."""
    n, unit = number_of(counted["n"], when.language) if counted["n"] else 1, counted["unit"] or ""
    if counted.get("ahead"):
        n = -n
    if counted["business"]:
        return when.calendar.add(start, n)
    if unit.startswith("w"):
        return start + timedelta(weeks=n) if counted["n"] else start + timedelta(days=11 - start.weekday())
    return start + timedelta(days=n)


# Before a day: "two days after the 25th", "14 Tage ab heute".
COUNTED_FROM = {
    "en": re.compile(
        rf"\b(?:the )?(?:(?P<n>{NUMBER['en']}) (?:\([0-9]+\) )?)?{_UNIT['en']} (?:after|from|following|(?P<ahead>before|prior to"
        rf"|ahead of))(?: the)? ?$"
    ),
    "de": re.compile(rf"\b(?:(?P<n>{NUMBER['de']}) )?{_UNIT['de']} (?:nach|ab|von|(?P<ahead>vor))(?: dem| den)? ?$"),
}
