"""Days that are named by a feast: "before Christmas", "nach Pfingsten", "the Monday after Thanksgiving", "an Silvester"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from domain.day_readers import When
from domain.named_days import NUMBER, ORDINAL, WEEKDAY, number_of, weekday_of

# The first and the last day of a feast in a year; a feast around New Year belongs to the year that ends.
Feast = Callable[[int], tuple[date, date]]

_DAY = timedelta(days=1)
_YEAR = 366
_SATURDAY = 5


def _easter(year: int) -> date:
    """Easter Sunday (Gauss, as corrected by Lichtenberg)."""
    k = year // 100
    m = 15 + (3 * k + 3) // 4 - (8 * k + 13) // 25
    s = 2 - (3 * k + 3) // 4
    a = year % 19
    d = (19 * a + m) % 30
    full_moon = 21 + d - (d // 29 + (d // 28 - d // 29) * (a // 11))
    first_sunday = 7 - (year + year // 4 + s) % 7
    return date(year, 3, 1) + timedelta(days=full_moon + 7 - (full_moon - first_sunday) % 7 - 1)


def _fixed(month: int, day: int) -> Feast:
    return lambda year: (date(year, month, day), date(year, month, day))


def _around_easter(first: int, last: int) -> Feast:
    return lambda year: (_easter(year) + first * _DAY, _easter(year) + last * _DAY)


def _nth(n: int, weekday: int, month: int, later: int = 0) -> Feast:
    """The ``n``-th such weekday of a month (0: the last), and so many days ``later``."""

    def find(year: int) -> tuple[date, date]:
        first = date(year, month, 1) if n else date(year, month + 1, 1) - 7 * _DAY
        day = first + timedelta(days=(weekday - first.weekday()) % 7, weeks=max(0, n - 1)) + later * _DAY
        return day, day

    return find


def _bettag(year: int) -> tuple[date, date]:
    eve = date(year, 11, 22)
    day = eve - ((eve.weekday() - 2) % 7 or 7) * _DAY
    return day, day


def _turn(month: int, day: int) -> Feast:
    return lambda year: (date(year, month, day), date(year + 1, 1, 1))


_BOTH: tuple[tuple[str, Feast], ...] = (
    (r"halloween", _fixed(10, 31)),
    (r"(?:st\.?|saint|sankt) (?:patrick|paddy)'?s?(?: day)?", _fixed(3, 17)),
    (r"maundy thursday|gruendonnerstag", _around_easter(-3, -3)),
    (r"good friday|karfreitag", _around_easter(-2, -2)),
    (r"easter monday|ostermontag", _around_easter(1, 1)),
    (r"easter(?: sunday| weekend| holidays?| break)?|ostern|oster(?:sonntag|(?:feier)?tagen?|wochenende)", _around_easter(-2, 1)),
)
FEASTS: dict[str, tuple[tuple[str, Feast], ...]] = {
    "en": (
        *_BOTH,
        (r"(?:christmas|xmas) eve", _fixed(12, 24)),
        (r"boxing day", _fixed(12, 26)),
        (r"new year(?:'?s)? eve|nye", _fixed(12, 31)),
        (r"(?:the )?4th of july|fourth of july", _fixed(7, 4)),
        (r"cyber monday", _nth(4, 3, 11, 4)),
        (r"black friday", _nth(4, 3, 11, 1)),
        (r"thanksgiving (?:weekend|break|holidays?)", lambda year: (_nth(4, 3, 11)(year)[0], _nth(4, 3, 11, 3)(year)[0])),
        (r"thanksgiving", _nth(4, 3, 11)),
        (r"tax day", _fixed(4, 15)),
        (r"leap day", _fixed(2, 29)),
        (r"memorial day", _nth(0, 0, 5)),
        (r"juneteenth", _fixed(6, 19)),
        (r"independence day", _fixed(7, 4)),
        (r"labou?r day", _nth(1, 0, 9)),
        (r"veterans'? day", _fixed(11, 11)),
        (r"columbus day", _nth(2, 0, 10)),
        (r"presidents'? day", _nth(3, 0, 2)),
        (r"(?:mlk|martin luther king)(?: jr\.?)? day", _nth(3, 0, 1)),
        (r"valentine'?s?(?: day)?", _fixed(2, 14)),
        (r"(?:early )?may (?:day|bank holiday)", _nth(1, 0, 5)),
        (r"(?:spring|late may|whitsun) bank holiday", _nth(0, 0, 5)),
        (r"(?:august|summer) bank holiday", _nth(0, 0, 8)),
        (r"(?:the )?new year'?s?(?: day)?", lambda year: (date(year + 1, 1, 1), date(year + 1, 1, 1))),
        (r"(?:christmas|xmas)(?: day)?(?! (?:holiday|break|period|season))", lambda year: (date(year, 12, 25), date(year, 12, 26))),
        (r"(?:christmas |xmas |festive )?(?:holidays|break|season|period|holiday season)", _turn(12, 25)),
    ),
    "de": (
        *_BOTH,
        (r"heilig(?:en |er |)abend", _fixed(12, 24)),
        (r"(?:silvester|sylvester)", _fixed(12, 31)),
        (r"(?:1\.|ersten?) weihnachts(?:feier)?tag", _fixed(12, 25)),
        (r"(?:2\.|zweiten?) weihnachts(?:feier)?tag", _fixed(12, 26)),
        (r"nikolaus(?:tag)?", _fixed(12, 6)),
        (r"(?:heilige )?drei ?koenige?(?:stag)?", _fixed(1, 6)),
        (r"rosenmontag", _around_easter(-48, -48)),
        (r"aschermittwoch", _around_easter(-46, -46)),
        (r"(?:karneval|fasching|fasnacht)", _around_easter(-52, -46)),
        (r"(?:christi )?himmelfahrt|vatertag", _around_easter(39, 39)),
        (r"pfingstmontag", _around_easter(50, 50)),
        (r"pfingsten|pfingst(?:sonntag|(?:feier)?tagen?|wochenende)", _around_easter(49, 50)),
        (r"fronleichnam", _around_easter(60, 60)),
        (r"(?:tag der )?deutschen einheit", _fixed(10, 3)),
        (r"(?:maifeiertag|tag der arbeit)", _fixed(5, 1)),
        (r"mariae? himmelfahrt", _fixed(8, 15)),
        (r"allerheiligen", _fixed(11, 1)),
        (r"reformationstag", _fixed(10, 31)),
        (r"(?:sankt |st\.? )?martin(?:stag|i)?", _fixed(11, 11)),
        (r"buss- und bettag", _bettag),
        (r"(?:neujahr(?:stag)?|jahreswechsel)", lambda year: (date(year + 1, 1, 1), date(year + 1, 1, 1))),
        (r"weihnacht(?:en|stagen?|szeit)|(?:weihnachts)(?:feiertagen?)|fest", lambda year: (date(year, 12, 24), date(year, 12, 26))),
        (r"weihnachtsferien|ferien", _turn(12, 24)),
    ),
}
# Whichever is the next one.
_BANK_HOLIDAY = "bank holiday"
_HOLIDAYS = {
    "en": r"(?:bank|public) holidays|(?:bank holiday|holiday|long) weekend|(?:public )?holiday",
    "de": r"(?:lang|verlaengert)en wochenende|feiertag",
}
_GREAT_FEASTS = {"en": "(?!)", "de": "feiertagen?"}
_WITHOUT_NAME = {language: rf"{names}|{_BANK_HOLIDAY}|{_GREAT_FEASTS[language]}" for language, names in _HOLIDAYS.items()}
_NAME = {language: "|".join((_WITHOUT_NAME[language], *(f"(?:{pattern})" for pattern, _ in feasts))) for language, feasts in FEASTS.items()}
_SIDE = {
    "en": r"(?:after|before|by|over|on|until|till|at|around|for|past|following|prior to|ahead of|come|this side of|(?:the )?other side of)",
    "de": r"(?:nach|vor|bis|ueber|zum?|an|am|um|gegen)",
}
# "Over Christmas" in January is the last one.
_AT = ("over", "at", "ueber", "an")
_JUST_GONE = timedelta(days=31)
_BEHIND = re.compile("after|past|following|(?:the )?other|nach")
_AHEAD = re.compile("before|prior|ahead|this side|vor")

# A day that nothing else is called needs no word before it.
_ALONE = {
    "en": r"(?:christmas|xmas|new year(?:'?s)?) eve|nye|black friday|cyber monday|tax day|leap day|good friday|maundy thursday|easter monday|boxing day"
    r"|(?:st\.?|saint) patrick'?s day|(?:labou?r|memorial|independence|valentine'?s|new year'?s|christmas) day",
    "de": r"heilig(?:en |er |)abend|silvester|karfreitag|gruendonnerstag|ostermontag|pfingstmontag|nikolaustag|martinstag",
}
FEAST = {
    "en": (
        rf"\b(?:(?:on )?(?:the )?(?:very )?(?:(?P<n>{NUMBER['en']}|{ORDINAL['en']}|last|next) )?"
        rf"(?P<business>(?:business|working|work|banking|bank) )?(?P<unit>days?|weeks?|{WEEKDAY['en']}) )?(?:right |just |straight )?(?P<side>{_SIDE['en']})"
        rf" (?:(?:both|all) )?(?:the |this )?(?P<name>{_NAME['en']})(?![a-z])|\b(?P<alone>{_ALONE['en']})\b"
    ),
    "de": (
        rf"\b(?:(?:(?P<n>{NUMBER['de']}|{ORDINAL['de']}|letzte[nrms]?|naechste[nrms]?) )?(?P<business>werk|(?:bank)?arbeits|bank)?"
        rf"(?P<unit>tage?n?|wochen?|{WEEKDAY['de']}) )?(?P<side>{_SIDE['de']})"
        rf"(?: den| dem| die| das)? (?P<name>{_NAME['de']})(?![a-z])|\b(?P<alone>{_ALONE['de']})\b"
    ),
}


def read_feast(m: re.Match[str], when: When) -> date:
    """``by`` a feast of several days means before it; business days only, unless the day itself is named."""
    if m["alone"]:
        return _find(m["alone"], when)[0]
    first, last = _find(m["name"], _seen_from(m["side"], when))
    unit, is_behind, is_ahead = m["unit"] or "", bool(_BEHIND.match(m["side"])), bool(_AHEAD.match(m["side"]))
    if unit and (is_behind or is_ahead):
        n = number_of(m["n"], when.language) if m["n"] and not re.match("last|next|letzt|naechst", m["n"]) else 1
        if m["business"]:
            return when.calendar.add(last, n) if is_behind else when.calendar.add(first, -n)
        return _beside(unit, n, first, last, is_behind, when)
    if is_behind:
        return when.calendar.on_or_after(last + _DAY)
    is_eve = re.search("eve|nye|abend|silvester|sylvester", m["name"])
    if is_ahead or (not is_eve and m["side"] in ("by", "bis", "over", "ueber") and (last > first or not when.calendar.is_business_day(first))):
        return when.calendar.on_or_before(first - _DAY)
    return first


def _seen_from(side: str, when: When) -> When:
    return replace(when, today=when.today - _JUST_GONE) if side in _AT else when


def _find(name: str, when: When) -> tuple[date, date]:
    if name == _BANK_HOLIDAY:
        return (min(day for day in _bank_holidays(when) if day >= when.today),) * 2
    if re.fullmatch(_HOLIDAYS[when.language], name):
        return _find_holidays(name, when)
    if re.fullmatch(_GREAT_FEASTS[when.language], name):
        return min((_next_of(feast, when) for feast in (_around_easter(-2, 1), _around_easter(49, 50), _turn(12, 24))), key=lambda span: span[0])
    return _next_of(next(find for pattern, find in FEASTS[when.language] if re.fullmatch(pattern, name)), when)


def _next_of(feast: Feast, when: When) -> tuple[date, date]:
    for year in range(when.today.year - 1, when.today.year + 2):
        try:
            span = feast(year)
        except ValueError:
            continue  # no leap day in this year
        if span[1] >= when.today:
            return span
    raise ValueError(when.today)


def _find_holidays(name: str, when: When) -> tuple[date, date]:
    """The next days in a row that are off for a holiday; a long weekend takes in the bridge from a Thursday or to a Tuesday."""
    days = [when.today + n * _DAY for n in range(-_JUST_GONE.days, _YEAR)]
    off = {day for day in days if not when.calendar.is_business_day(day)} | (_bank_holidays(when) if "bank" in name else set())
    first = last = next(day for day in days if day >= when.today and day in off and day.weekday() < _SATURDAY)
    while first - _DAY in off:
        first -= _DAY
    while last + _DAY in off:
        last += _DAY
    if name.endswith(("weekend", "wochenende")):
        return first - 3 * _DAY * (first.weekday() == 1), last + 3 * _DAY * (last.weekday() == _SATURDAY - 2)
    return first, last


def _bank_holidays(when: When) -> set[date]:
    """Those on which British banks are closed, of this year and the next."""
    feasts = (_around_easter(-2, -2), _around_easter(1, 1), _nth(1, 0, 5), _nth(0, 0, 5), _nth(0, 0, 8), _fixed(12, 25), _fixed(12, 26), _fixed(1, 1))
    return {feast(year)[0] for year in (when.today.year, when.today.year + 1) for feast in feasts}


def _beside(unit: str, n: int, first: date, last: date, is_behind: bool, when: When) -> date:
    if re.match("day|tag", unit):
        return last + n * _DAY if is_behind else first - n * _DAY
    if re.match("week|woche", unit):
        if is_behind:
            sunday = last - _DAY if last > first and last.weekday() == 0 else last  # the week after Easter begins with Easter Monday
            return sunday + (7 * n + 4 - sunday.weekday()) * _DAY
        return first - ((first.weekday() - 4) % 7 or 7) * _DAY - 7 * (n - 1) * _DAY
    weekday, more = weekday_of(unit, when.language), 7 * (n - 1) * _DAY
    return last + ((weekday - last.weekday()) % 7 or 7) * _DAY + more if is_behind else first - ((first.weekday() - weekday) % 7 or 7) * _DAY - more


def read_new_year(_: re.Match[str], when: When) -> date:
    """``in the new year``: its first business day."""
    return when.calendar.on_or_after(date(when.today.year + (when.today > date(when.today.year, 1, 6)), 1, 2))
