"""The day that somebody names for a payment, worked out from the words, in English and German.

A stretch of time ("next week", "within ten days", "in December") stands for its last day, since that is when a promise is
broken; where a day can be read in two ways, the earliest that is still to come is taken. A day that has passed is no promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from domain.calendar import BusinessCalendar
from domain.day_readers import When
from domain.day_rules import RULES
from domain.named_days import MONTH
from domain.plain_words import plain
from domain.tense import clauses, is_about_another_day, is_past

_FARTHEST_DAYS = 400
_OR = re.compile(
    r",? ?(?:or|oder|and|-|/|bzw\.?)(?: (?:possibly|maybe|perhaps|by|on|latest|the latest|at the latest|else|vielleicht|spaetestens|allenfalls|am|erst))* ?"
)
_NOT_BEFORE = re.compile(
    r"\b(?:not|nicht|nich)(?: be| do| make| manage| going to be| happen\w*| possible| moeglich)? (?:by |on |this |am |bis |mehr |schon )?$"
)
_NOT_BEHIND = re.compile(
    r"^,? ?(?:(?:leider|noch|ist|is|geht|klappt|wird|schaff\w*|kann|koennen|hat|das|es|da|ich|wir|will|it|did|does) ){0,4}"
    r"(?:(?:nicht|nichts|nix)\b(?! (?:frueher|vorher|eher))|not\b(?! (?:before|earlier|sooner)))"
)
_NO_EARLIER = re.compile(r"\b(?:frueher als|eher als|vor|before|earlier than|sooner than)(?: the| dem| den)? ?$")
# "I am back on Monday and will pay then": where no other day is named.
_THEN_PAYS = re.compile(
    r"\b(?:and|und|then|dann) (?:(?:i|we|will|can|shall|then|ich|wir|wird|werde[n]?|kann|dann|sofort|gleich|direkt|es|sie|das|die|den|diese|betrag"
    r"|rechnung|offene) )*"
    r"(?:pay|settle|transfer|wire|remit|(?:do|make|send|release|arrange) (?:the|a|your|you the) (?:\w+ )?(?:payment|transfer|money|wire)"
    r"|gezahlt|ueberwiesen|zahl\w*|bezahl\w*|ueberweis\w*|begleich\w*|(?:mach\w*|veranlass\w*|erledig\w*) (?:die |dann )*(?:ueberweisung|zahlung))\b"
)
_EXPLICIT = re.compile(rf"[0-9]{{1,2}}[./-] ?[0-9]|20[0-9]{{2}}|{MONTH['en']}|{MONTH['de']}")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A day somebody named, in the words ``said``; ``sure`` is false where they can mean another day, too."""

    day: date
    said: str
    sure: bool = True


def resolve_day(text: str, language: str, today: date, calendar: BusinessCalendar) -> Resolved | None:
    """The first day from ``today`` on that ``text`` names for what is to come; None when there is none.

    ``language`` is a tag such as ``en-US`` (which has the month first), ``en-GB`` or ``de``; the other language is tried
    where the one says nothing. Days of invoices, letters and deliveries, and days in the past tense, are passed over.
    """
    return next(iter(resolve_days(text, language, today, calendar)), None)


def resolve_days(text: str, language: str, today: date, calendar: BusinessCalendar) -> tuple[Resolved, ...]:
    """All such days, in the order of the text."""
    own, other = ("de", "en") if language.lower().startswith("de") else ("en", "de")
    month_first = {"en-us": True, "en-gb": False, "en-au": False, "en-ie": False, "en-nz": False}.get(language.lower().replace("_", "-"))
    written = plain(text)
    for spoken in (own, other):
        when = When(spoken, False if own == "de" else month_first, today, calendar)
        if found := tuple(_resolve(written, when)):
            return found
    return ()


def _resolve(written: str, when: When) -> Iterator[Resolved]:
    for clause in clauses(written):
        days = _days_in(clause, when)
        for start, day, said in days:
            is_told = is_past(_around(clause, start, len(said)))
            if (is_told and day <= when.today) or (
                is_about_another_day(clause[:start], clause[start + len(said) :]) and not (len(days) == 1 and _THEN_PAYS.search(clause[start + len(said) :]))
            ):
                continue
            if (
                (is_told and not _EXPLICIT.search(said))
                or _NOT_BEFORE.search(clause[:start])
                or (_NOT_BEHIND.match(clause[start + len(said) :]) and not _NO_EARLIER.search(clause[:start]))
            ):
                continue  # "we paid on Friday", "not today", "heute nicht"
            if when.today <= day <= when.today + timedelta(days=_FARTHEST_DAYS):
                yield Resolved(day, said, (day - when.today).days <= 60)


def _around(clause: str, start: int, length: int) -> str:
    """What is said about a day: of a clause that runs on, as on the phone, the words near to it."""
    return clause if len(clause) <= 120 else clause[max(0, start - 50) : start + length + 30]


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
        is_told = is_past(_around(clause, start, len(said)))
        clause = f"{clause[:start]} {'daytoday' if day == today else 'daygone' if is_told or day < today else 'dayahead'} {clause[start + len(said) :]}"
    return clause


def _days_in(clause: str, when: When) -> list[tuple[int, date, str]]:
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
                found.append((match.start(), _shift(clause[: match.start()], match[0], clause[match.end() :], day, when), match[0]))
    return _joined(clause, sorted(found))


def _joined(clause: str, found: list[tuple[int, date, str]]) -> list[tuple[int, date, str]]:
    """``Thursday or Friday`` is kept by Friday."""
    kept: list[tuple[int, date, str]] = []
    for start, day, said in found:
        if kept and _OR.fullmatch(clause[kept[-1][0] + len(kept[-1][2]) : start]) and day > kept[-1][1]:
            kept.pop()
        kept.append((start, day, said))
    return kept


def _shift(before: str, said: str, behind: str, day: date, when: When) -> date:
    """``not before Friday`` is Friday, ``before Friday`` ends the business day before, ``after the 15th`` begins the one after."""
    if re.match(r" (?:geht|klappt|ist|sind|schaff\w*|kann|koennen|wird|werden|i|we|wir|ich) (?:\w+ ){0,4}?(?:nichts?|keine?|not)\b", behind):
        return day
    if re.search(r"\b(?:not|nicht|nothing|nichts) (?:\w+ ){0,5}(?:before|vor|prior to)(?: the| dem| den)? ?$", before):
        return day
    if re.search(r"\b(?:week (?:of|commencing|beginning|starting)|w/?c)(?: on)?(?: the)? $", before):
        return day + timedelta(days=(4 - day.weekday()) % 7)
    if re.search(
        r"(?:(?<!on or )(?<!by or )\bbefore|\bprior to|\bahead of|\bvor|\bvor dem)(?: the| next| kommende[nm]| naechste[nm])? ?$", before
    ) and not re.match(r" ?(?:the )?(?:end|ende|month|next w|year|jahr|week)", said):
        return when.calendar.on_or_before(day - timedelta(days=1))
    if re.search(r"(?<!day )(?:\bafter|\bnach|\bnach dem)(?: the)? $", before):
        return when.calendar.add(day, 1)
    return day
