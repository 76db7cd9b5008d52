"""What the law leaves of the ways to contact a customer: the strictest of every rule that may apply where it may be.

Pure: the day is handed in, rules are dated data (``domain/law_packs.py``). A gap in what is known never widens anything:
an unknown place is every place, a country named without its region is any of its regions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from domain.law_packs import EU_MEMBERS, RULES
from domain.statute import MONDAY_TO_FRIDAY, Cap, Disclosure, Rule, Technology

_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_WHOLE_WEEK = ((time.min, time.max),) * 7
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Party:
    """Who owes, as far as the law asks: a human being trading alone, a business a human being guarantees, and what it consented to."""

    natural_person: bool = False
    guarantor: bool = False
    consents: frozenset[Technology] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left: from ``opens`` until before ``closes`` (local; equal: nothing) on the day asked about, only on ``weekdays``.

    ``caps`` all hold at once. ``silence_days`` after a conversation count from its own day. ``needs_consent`` are the
    technologies that must not be used because the customer has not consented. ``rules`` are the ids of all that applied.
    ``windows`` are the hours of each weekday, Monday first, under the same rules.
    """

    opens: time = time.min
    closes: time = time.max
    weekdays: frozenset[int] = frozenset(range(7))
    on_holidays: bool = True
    caps: tuple[Cap, ...] = ()
    silence_days: int = 0
    needs_consent: frozenset[Technology] = frozenset()
    disclosures: frozenset[Disclosure] = frozenset()
    rules: tuple[str, ...] = ()
    windows: tuple[tuple[time, time], ...] = _WHOLE_WEEK


@dataclass(frozen=True, slots=True)
class Opening:
    """When a channel may be used in a chosen envelope. A channel without one is not used at all."""

    channel: str
    opens: time
    closes: time
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    on_holidays: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """An envelope as somebody chose it: the hours of each channel, the caps, and the days of silence after a conversation."""

    hours: tuple[Opening, ...]
    caps: tuple[Cap, ...]
    silence_days: int = 0


@dataclass(frozen=True, slots=True)
class Excess:
    """Where a chosen envelope goes further than a rule of law allows, and how to mend it."""

    rule: str
    what: str
    remedy: str


SHIPPED = Chosen(
    hours=(Opening("email", time(8), time(18)), Opening("sms", time(9), time(17)), Opening("call", time(9), time(17))),
    caps=(Cap(1, 1), Cap(3, 7), Cap(10, 30), Cap(2, 7, frozenset({"call"}))),
    silence_days=7,
)


def packs_for(country: str, region: str = "") -> frozenset[str]:
    """The packs of rules that may apply in ``country`` (ISO alpha-2) and its ``region`` (the part of ISO 3166-2 after the hyphen)."""
    place = f"{country}-{region}" if region else country
    return frozenset(rule.pack for rule in RULES if _reaches(rule, frozenset({place})))


def limits(
    places: frozenset[str],
    channel: str,
    facts: Party,
    day: date,
    *,
    using: frozenset[Technology] | None = None,
    offers: bool = False,
    rules: Iterable[Rule] = RULES,
) -> Limits:
    """The strictest of all rules in force on ``day`` in any of ``places``, the customer's possible ones.

    ``places`` are ISO codes such as ``DE`` or ``US-CA``; name the region, where known, *instead of* its country. ``using``
    are the technologies meant to be used (None: any may be; empty: a person writes or speaks). ``offers``: the message
    offers something besides asking for what is owed, such as a discount.
    """
    applying = [rule for rule in rules if _applies(rule, places, channel, facts, day, using, offers)]
    windows = {weekday: _window(applying, weekday) for weekday in range(7)}
    consents = frozenset().union(*(rule.consents for rule in applying)) - facts.consents
    opens, closes = windows[day.weekday()]
    return Limits(
        opens=opens,
        closes=closes,
        weekdays=frozenset(weekday for weekday, (start, end) in windows.items() if start < end),
        on_holidays=not any(rule.closed_on_holidays for rule in applying),
        caps=_strictest(cap for rule in applying for cap in rule.caps if cap.concerns(channel)),
        silence_days=max((rule.silence_days for rule in applying), default=0),
        needs_consent=consents if using is None else consents & using,
        disclosures=frozenset().union(*(rule.disclosures for rule in applying)),
        rules=tuple(sorted(rule.id for rule in applying)),
        windows=tuple(windows[weekday] for weekday in range(7)),
    )


# What our own channels are made of, as far as the law asks. People write, print and speak what is not named.
USES = {"sms": frozenset({Technology.TEXT}), "call": frozenset({Technology.AI_VOICE})}


@lru_cache(maxsize=4096)
def find_limits(places: frozenset[str], channel: str, party: Party, day: date, offers: bool = False) -> Limits:
    """``limits`` for one of our own channels, worked out once: every look at every invoice asks."""
    return limits(places, channel, party, day, using=USES.get(channel, frozenset()), offers=offers)


@lru_cache(maxsize=1024)
def party_of(natural_person: bool, guarantor: bool, consents: frozenset[str]) -> Party:
    """A customer as the law sees it. A consent to what no law knows of is none."""
    return Party(natural_person, guarantor, frozenset(Technology(one) for one in consents if one in set(Technology)))


def name_rules(limits: Limits, about: Callable[[Rule], object]) -> str:
    """What those rules of ``limits`` say that ``about`` picks, each with its id."""
    return "; ".join(f"{rule.what} ({rule.id})" for rule in RULES if rule.id in limits.rules and about(rule))


def find_excess(
    chosen: Chosen,
    places: frozenset[str],
    facts: Party,
    day: date,
    *,
    using: frozenset[Technology] | None = None,
    offers: bool = False,
    rules: Iterable[Rule] = RULES,
) -> tuple[Excess, ...]:
    """What in ``chosen`` goes beyond a rule that may apply to customers like ``facts`` in ``places``; empty when it may be used.

    The arguments mean what they mean in ``limits``. One excess for each rule and thing to change, in the order of the rules.
    """
    found: dict[Excess, None] = {}
    for rule in rules:
        for opening in chosen.hours:
            if _applies(rule, places, opening.channel, facts, day, using, offers):
                found.update(dict.fromkeys(_excess_of(rule, opening, chosen)))
    return tuple(found)


def _applies(rule: Rule, places: frozenset[str], channel: str, facts: Party, day: date, using: frozenset[Technology] | None, offers: bool) -> bool:
    return (
        rule.is_in_force(day)
        and _reaches(rule, places)
        and (not rule.channels or channel in rule.channels)
        and (not rule.technologies or using is None or bool(rule.technologies & using))
        and (not rule.natural_persons_only or facts.natural_person or facts.guarantor)
        and (not rule.offers_only or offers)
    )


def _reaches(rule: Rule, places: frozenset[str]) -> bool:
    return _may_lie_in(places, rule.places)


@lru_cache(maxsize=4096)
def _may_lie_in(places: frozenset[str], lawful: frozenset[str]) -> bool:
    """Whether one of ``places`` may be in one of ``lawful``, where a law holds."""
    if not places or not all(_PLACE.fullmatch(place) for place in places):
        return True
    return any(within in _surroundings(place) or place in _surroundings(within) for place in map(_usual, places) for within in lawful)


def _surroundings(place: str) -> frozenset[str]:
    """``place`` and everything it lies in."""
    country = place.partition("-")[0]
    return frozenset({place, country, *(("EU",) if country in EU_MEMBERS else ())})


def _usual(place: str) -> str:
    return "UK" + place[2:] if place.startswith("GB") else place


def _window(rules: Iterable[Rule], weekday: int) -> tuple[time, time]:
    """The hours that all of ``rules`` leave on ``weekday``; two equal times when they leave none."""
    opens, closes = time.min, time.max
    for rule in rules:
        window = rule.window(weekday)
        if window is None:
            return time.min, time.min
        opens, closes = max(opens, window[0]), min(closes, window[1])
    return (opens, closes) if opens < closes else (time.min, time.min)


def _strictest(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    """``caps`` without those that another one implies, the shortest window first."""
    kept: list[Cap] = []
    for cap in sorted(set(caps), key=lambda cap: (cap.days, cap.count, cap.per, sorted(cap.channels))):
        if not any(other.implies(cap) for other in kept):
            kept = [*(other for other in kept if not cap.implies(other)), cap]
    return tuple(kept)


def _excess_of(rule: Rule, opening: Opening, chosen: Chosen) -> Iterable[Excess]:
    beyond: dict[tuple[time, time] | None, list[int]] = {}
    for weekday in sorted(opening.weekdays):
        window = rule.window(weekday)
        if window is None or opening.opens < window[0] or window[1] < opening.closes:
            beyond.setdefault(window, []).append(weekday)
    for window, weekdays in beyond.items():
        days = ", ".join(_WEEKDAYS[weekday] for weekday in weekdays)
        what = f"{opening.channel} hours {opening.opens:%H:%M} to {opening.closes:%H:%M} on {days}: {rule.what}"
        remedy = f"take {days} out of the weekdays of {opening.channel}"
        if window:
            remedy = f"keep {opening.channel} on {days} within {window[0]:%H:%M} to {window[1]:%H:%M}"
        yield Excess(rule.id, what, remedy)
    if rule.closed_on_holidays and opening.on_holidays:
        yield Excess(rule.id, f"{opening.channel} on public holidays: {rule.what}", f"switch holidays off for {opening.channel}")
    for cap in rule.caps:
        if cap.concerns(opening.channel) and not any(own.implies(cap) for own in chosen.caps):
            counted = f"{' and '.join(sorted(cap.channels)) or 'all channels'}, for each {cap.per}"
            yield Excess(
                rule.id,
                f"no cap keeps contacts to {cap.count} in {cap.days} days ({counted}): {rule.what}",
                f"cap them at {cap.count} in {cap.days} days or less",
            )
    if rule.silence_days > chosen.silence_days:
        what = f"{chosen.silence_days} days of silence after a conversation: {rule.what}"
        yield Excess(rule.id, what, f"set the silence after a conversation to {rule.silence_days} days or more")
