"""The day that somebody names for a payment, worked out from the words, in English and German.

A stretch of time ("next week", "within ten days", "in December") stands for its last day, since that is when a promise is
broken; "Friday" is the coming one, "next Friday" that of the week after this one. A day that has passed is no promise, nor is one
that hangs on something else or was only meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from domain.calendar import BusinessCalendar
from domain.counted_days import COUNTED_FROM, count_on, find_counted
from domain.day_readers import When
from domain.day_rules import RULES
from domain.named_days import MONTH, WEEKDAY
from domain.plain_words import plain
from domain.tense import clauses, hangs_on_news, is_about_another_day, is_condition, is_past, is_told_of, is_unreal, part_with

# Where in a clause, the day, and the words that name it.
_Days = tuple[tuple[int, date, str], ...]
_FARTHEST_DAYS = 400
_OR = re.compile(
    r"[.,]? ?(?:or|oder|and|-|/|bzw\.?)(?: (?:possibly|maybe|perhaps|by|on|latest|the latest|at the latest|else|vielleicht|spaetestens|allenfalls|am|erst))* ?"
)
_LASTS = re.compile(r"(?:within|in|innerhalb|binnen|innert)\b.*(?:days?|weeks?|hours?|tage?n?|wochen?|stunden?)$")
_FROM = re.compile(r"\b(?:between|zwischen|from|vom|von)(?: the| dem| den)? ?$")
_TO = re.compile(r",? ?(?:and|und|to|until|till|through|bis|-)(?: the| dem| den| zum)? ?")
_SPAN = re.compile(r" ?(?:to|bis)(?: the| dem| den| zum)? ?")
_WEEKDAY = {language: re.compile(day) for language, day in WEEKDAY.items()}
_NOT_BEFORE = re.compile(
    r"\b(?:not|nicht|nich)(?: be| do| make| manage| going to be| happen\w*| possible| moeglich)? (?:by |on |this |am |bis |mehr |schon )?$"
)
_NOT_BEHIND = re.compile(
    r"^(?: |,? ?(?:(?:leider|noch|ist|is|geht|klappt|wird|schaff\w*|kann|koennen|hat|das|es|da|ich|wir|will|it|did|does) ){1,4})"
    r"(?:(?:nicht|nichts|nix)\b(?! (?:frueher|vorher|eher|die|der|den|diese[nr]?))|not\b(?! (?:before|earlier|sooner|this|next|the|a|later|to(?:day"
    r"|morrow)|[a-z]+day)))"
)
_NO_EARLIER = re.compile(r"\b(?:frueher als|eher als|vor|before|earlier than|sooner than)(?: the| dem| den)? ?$")
# "I am back on Monday and will pay then": where no other day is named.
_THEN_PAYS = re.compile(
    r"\b(?:and|und|then|dann) (?:(?:i|we|will|can|shall|then|ich|wir|wird|werde[n]?|kann|dann|sofort|gleich|direkt|es|sie|das|die|den|diese|betrag"
    r"|rechnung|offene) )*"
    r"(?:pay|settle|transfer|wire|remit|(?:do|make|send|release|arrange) (?:the|a|your|you the) (?:\w+ )?(?:payment|transfer|money|wire)"
    r"|gezahlt|ueberwiesen|zahl\w*|bezahl\w*|ueberweis\w*|begleich\w*|(?:mach\w*|veranlass\w*|erledig\w*) (?:die |dann )*(?:ueberweisung|zahlung))\b"
    r"|^,? ?(?:(?:wieder|back|again|zurueck|im buero|in the office|at my desk|from [a-z]+|aus dem urlaub|bin|sind|am platz),? ?)*(?:(?:i"
    r"|we) (?:will|can) (?:\w+ )?"
    r"(?:pay|settle|sort|transfer|wire|remit|send|do|make|get|take care)|(?:mach\w*|zahl\w*|bezahl\w*|ueberweis\w*|erledig\w*|kuemmer\w*) (?:ich|wir))\b"
)
_LED_IN = re.compile(r"(?:on|by|from|before|until|am|bis|vom|zum) (?=the\b|de[nm]\b)")
_EACH_MONTH = re.compile(r"\bof (?:the|each|every) month\b|\b(?:des|jeden|jedes) monats\b|\bletzten\b|\bultimo\b")
_MONTH_ALONE = re.compile(rf"(?:in|im|for|fuer) (?:{MONTH['en']}|{MONTH['de']})")
# Of what was done: "paid the tax on the 15th and the rent on the 24th".
_ON_ORDINAL = re.compile(r"(?:am|on the) [0-9]{1,2}(?:st|nd|rd|th|\.)")
_EXPLICIT = re.compile(rf"[0-9]{{1,2}}[./-] ?[0-9]|20[0-9]{{2}}|{MONTH['en']}|{MONTH['de']}")


# Two numbers with a slash between them, of which one can be no month.
_DAY_FIRST = re.compile(r"(?<![0-9./,-])(?:1[3-9]|2[0-9]|3[01])/(?:0?[1-9]|1[0-2])(?![0-9])")
_MONTH_FIRST = re.compile(r"(?<![0-9./,-])(?:0?[1-9]|1[0-2])/(?:1[3-9]|2[0-9]|3[01])(?![0-9])")
_DAY_FIRST_IN_WORDS = re.compile(rf"\b[0-9]{{1,2}}(?:st|nd|rd|th)? (?:of )?(?!may (?:be|not|have)){MONTH['en']}")
_MONTH_FIRST_IN_WORDS = re.compile(rf"\b{MONTH['en']} [0-9]{{1,2}}(?:st|nd|rd|th)?\b(?!:)")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A day somebody named, in the words ``said``; ``sure`` is false where they can mean another day, too; ``is_counted``: from one
    named before ("two days later")."""

    day: date
    said: str
    sure: bool = True
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A day where it ``start``s in its clause; ``stands``: nothing there says that it is no day of payment; ``is_to_come``: neither gone
    by nor too far ahead; ``hangs``: it is part of what must happen first."""

    start: int
    resolved: Resolved
    stands: bool
    is_to_come: bool
    hangs: bool = False


def with_order_shown(language: str, written: str) -> str:
    """``language``, or the tag of the order in which the sender of ``written`` (plain words) is seen to put month and day."""
    day_first, month_first = bool(_DAY_FIRST.search(written)), bool(_MONTH_FIRST.search(written))
    if not (day_first or month_first) and language.lower() == "en":
        day_first, month_first = bool(_DAY_FIRST_IN_WORDS.search(written)), bool(_MONTH_FIRST_IN_WORDS.search(written))
    if day_first == month_first or not language.lower().startswith("en"):
        return language
    return "en-us" if month_first else "en-gb"


def resolve_day(text: str, language: str, today: date, calendar: BusinessCalendar) -> Resolved | None:
    """The first day from ``today`` on that ``text`` names for what is to come; None when there is none.

    ``language`` is a tag such as ``en-US`` (which has the month first), ``en-GB`` or ``de``; the other language is tried
    where the one says nothing. Days of invoices, letters and deliveries, and days in the past tense, are passed over.
    """
    return next(iter(resolve_days(text, language, today, calendar)), None)


def resolve_days(text: str, language: str, today: date, calendar: BusinessCalendar, before: date | None = None) -> tuple[Resolved, ...]:
    """All such days, in the order of the text; ``before`` is the last day that was named in front of it."""
    written = plain(text)
    language = with_order_shown(language, written)
    return resolve_plain(written, language, language_of_days(written, language, today, calendar), today, calendar, before)


def resolve_plain(written: str, language: str, spoken: str, today: date, calendar: BusinessCalendar, before: date | None) -> tuple[Resolved, ...]:
    """As ``resolve_days``, of plain words whose days are ``spoken`` in ``en`` or ``de``."""
    return tuple(_resolve(written, _read_by(language, spoken, today, calendar), before))


def _read_by(language: str, spoken: str, today: date, calendar: BusinessCalendar) -> When:
    month_first = {"en-us": True, "en-gb": False, "en-au": False, "en-ie": False, "en-nz": False}.get(language.lower().replace("_", "-"))
    return When(spoken, False if language.lower().startswith("de") else month_first, today, calendar)


def language_of_days(written: str, language: str, today: date, calendar: BusinessCalendar) -> str:
    """``en`` or ``de``: that of ``language``, or the other one where ``written`` (plain words) names days only in that."""
    own, other = ("de", "en") if language.lower().startswith("de") else ("en", "de")
    if any(_days_in(clause, When(own, None, today, calendar)) for clause in clauses(written)):
        return own
    foreign = [said for clause in clauses(written) for _, _, said in _days_in(clause, When(other, None, today, calendar))]
    return other if any(len(said) > 3 for said in foreign) else own  # "will do" is no Donnerstag


def _resolve(written: str, when: When, before: date | None) -> Iterator[Resolved]:
    for clause in clauses(written):
        named = _name_days(clause, when, before)
        before = count_from(named, before)
        yield from (one.resolved for one in named if one.stands and one.is_to_come)


def name_days(clause: str, language: str, spoken: str, today: date, calendar: BusinessCalendar, before: date | None) -> tuple[Named, ...]:
    """Every day in ``clause``, a single one; the rest as for ``resolve_plain``."""
    return _name_days(clause, _read_by(language, spoken, today, calendar), before)


def count_from(named: tuple[Named, ...], before: date | None) -> date | None:
    """The day from which those behind a clause are counted that has ``named`` some; ``before``: in front of it. None: nobody knows it."""
    if not named:
        return before
    return None if named[-1].hangs else named[-1].resolved.day


def _name_days(clause: str, when: When, before: date | None) -> tuple[Named, ...]:
    named = _in_month(_days_in(clause, when), when)
    days = _with_counted(clause, when, named, before)
    conditions = {start for start, _, said in named if is_condition(clause, start, start + len(said))}
    found: list[Named] = []
    for start, day, said in days:
        is_counted = (start, day, said) not in named
        stands = not (conditions and is_counted) and _stands(clause, start, day, said, len(days) == 1, when.today)
        is_to_come = when.today <= day <= when.today + timedelta(days=_FARTHEST_DAYS)
        is_to_come = is_to_come and not (_ON_ORDINAL.fullmatch(said) and is_past(part_with(clause, start)))
        found.append(Named(start, Resolved(day, said, (day - when.today).days <= 60, is_counted), stands, is_to_come, start in conditions))
    return tuple(found)


def _in_month(named: _Days, when: When) -> _Days:
    """``named`` with "in May" read as that day of May which stands before it: "we pay on the last business day of the month, so in May"."""
    read: list[tuple[int, date, str]] = []
    for start, day, said in named:
        usual = [one for _, _, one in read if _EACH_MONTH.search(one)]
        if usual and _MONTH_ALONE.fullmatch(said):
            month = replace(when, today=max(when.today, day.replace(day=1)))
            day = next((other for _, other, _ in _days_in(usual[-1], month) if (other.year, other.month) == (day.year, day.month)), day)
        read.append((start, day, said))
    return tuple(read)


def _stands(clause: str, start: int, day: date, said: str, is_alone: bool, today: date) -> bool:
    """Whether the day that is ``said`` there can be one on which somebody is to pay."""
    front, behind = clause[:start], clause[start + len(said) :]
    if _LASTS.match(said) and hangs_on_news(clause, start, start + len(said)):
        return False  # "within two days of your reply": nobody knows when
    if is_unreal(clause, start) or is_condition(clause, start, start + len(said)):
        return False
    is_told = is_told_of(clause, start, said)
    led = _LED_IN.match(said)
    if is_about_another_day(front + (led[0] if led else ""), behind) and not (is_alone and _THEN_PAYS.search(behind)):
        return False
    if is_told and (day <= today or not _EXPLICIT.search(said)):
        return False  # "we paid on Friday"
    return not (_NOT_BEFORE.search(front) or (_NOT_BEHIND.match(behind) and not _NO_EARLIER.search(front)))  # "not today", "heute nicht"


def _with_counted(clause: str, when: When, named: _Days, before: date | None) -> _Days:
    """``named`` and the days in ``clause`` that are counted from another."""
    counted = [
        one
        for one in find_counted(clause, when, tuple((start, day) for start, day, _ in named), before)
        if not any(start <= one[0] and one[0] + len(one[2]) <= start + len(said) and said != one[2] for start, _, said in named)
    ]
    return tuple(
        sorted((*counted, *(one for one in named if not any(start < one[0] + len(one[2]) and one[0] < start + len(said) for start, _, said in counted))))
    )


def named_days(text: str, language: str, today: date, calendar: BusinessCalendar) -> tuple[date, ...]:
    """Every day named in ``text`` that is not before ``today``, whatever it is named for, in the order of the text."""
    own = "de" if language.lower().startswith("de") else "en"
    written = plain(text)
    for spoken in (own, "en" if own == "de" else "de"):
        days = tuple(day for _, day, _ in _days_in(written, When(spoken, None, today, calendar)) if day >= today)
        if days:
            return days
    return ()


def mark_days(clause: str, language: str, today: date, calendar: BusinessCalendar) -> str:
    """``clause`` (plain words) with each day in it replaced by whether it is to come or gone by: what was said, whatever the day."""
    own, other = ("de", "en") if language.lower().startswith("de") else ("en", "de")
    days = _days_in(clause, When(own, None, today, calendar)) or _days_in(clause, When(other, None, today, calendar))
    for start, day, said in reversed(days):
        is_told = is_told_of(clause, start, said)
        clause = f"{clause[:start]} {'daytoday' if day == today else 'daygone' if is_told or day < today else 'dayahead'} {clause[start + len(said) :]}"
    return clause


@lru_cache(maxsize=512)
def _days_in(clause: str, when: When) -> _Days:
    found: list[tuple[int, date, str]] = []
    taken: list[tuple[int, int]] = []
    for pattern, read in RULES[when.language]:
        for match in pattern.finditer(clause):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            try:
                day = read(match, when)
            except (ValueError, KeyError, StopIteration, OverflowError):
                continue  # no such day: 31 February, week 60
            if re.search(r"\b(?:last|past|previous|letzte[nrms]?|vergangene[nrms]?|vorige[nrms]?)(?: the)? $", clause[: match.start()]):
                taken.append(match.span())
            elif day is not None:
                taken.append(match.span())
                counted = COUNTED_FROM[when.language].search(clause[: match.start()])
                if counted and not counted["n"] and counted["unit"].startswith("w"):
                    counted = None  # "in the week from 30 November"
                start = counted.start() if counted else match.start()
                shifted = count_on(day, counted.groupdict(), when) if counted else _shift(clause[:start], match[0], clause[match.end() :], day, when)
                found.append((start, shifted, clause[start : match.end()]))
    return tuple(_joined(clause, sorted(found), _WEEKDAY[when.language]))


def _joined(clause: str, found: list[tuple[int, date, str]], weekday: re.Pattern[str]) -> list[tuple[int, date, str]]:
    """``Thursday or Friday`` and ``between Thursday and Friday`` are kept by Friday, the one behind that Thursday."""
    kept: list[tuple[int, date, str]] = []
    for start, day, said in found:
        between = clause[kept[-1][0] + len(kept[-1][2]) : start] if kept else ""
        is_span = kept and _TO.fullmatch(between) and _FROM.search(clause[: kept[-1][0]])
        if is_span and day < kept[-1][1] and weekday.fullmatch(said):
            day += timedelta(days=-((day - kept[-1][1]).days // 7) * 7)
        if kept and day > kept[-1][1] and (is_span or _OR.fullmatch(between) or _SPAN.fullmatch(between)):
            kept.pop()
        kept.append((start, day, said))
    return kept


def _shift(before: str, said: str, behind: str, day: date, when: When) -> date:
    """``not before Friday`` is Friday, ``before Friday`` ends the business day before, ``after the 15th`` begins the one after."""
    if re.match(r" (?:geht|klappt|ist|sind|schaff\w*|kann|koennen|wird|werden|i|we|wir|ich) (?:\w+ ){0,4}?(?:nichts?|keine?|not)\b", behind):
        return day
    if re.search(r"\b(?:not|nicht|nothing|nichts) (?:\w+ ){0,5}(?:before|vor|prior to)(?: the| dem| den)? ?$", before):
        return day
    if re.search(r"\b(?:week (?:of|commencing|beginning|starting)|w/?c|woche (?:vom|ab|um|beginnend|des))(?: on| am| mit)?(?: the| dem| den)? $", before):
        return day + timedelta(days=(4 - day.weekday()) % 7)
    if re.search(
        r"(?:(?<!on or )(?<!by or )\bbefore|\bprior to|\bahead of|\bvor|\bvor dem)(?: the| next| kommende[nm]| naechste[nm])? ?$", before
    ) and not re.match(r" ?(?:the )?(?:end|ende|month|monat|quart|ultimo|next w|year|jahr|week|woche)|.*(?:haelfte|half)", said):
        return when.calendar.on_or_before(day - timedelta(days=1))
    if re.search(r"(?<!day )(?:\bafter|\bnach|\bnach dem)(?: the)? $", before):
        return when.calendar.add(day, 1)
    return day
