"""What pages draw, worked out before the templates see it: aging bars, the steps of an invoice, decisions in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from db.stories import Decided, Story
from db.views import Overview
from domain.calendar import local_day
from domain.money import Money
from domain.playbook import Playbook, taken_again
from web import words


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``width`` in percent of the longest of its chart."""

    bucket: str
    label: str
    amount: Money | None
    count: int
    width: float


@dataclass(frozen=True, slots=True)
class Chart:
    """How old the money of one currency is."""

    currency: str
    total: Money
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One step on the way. ``state`` is done, kept, doubtful, left, next or later."""

    title: str
    state: str
    said: str
    on: date | None
    planned: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The same decision made ``times`` in a row, ``until`` as it was last."""

    first: datetime
    last: datetime
    verdict: str
    rule: str
    why: str
    until: datetime | None
    times: int


_MARKS = {
    "accepted": "done",
    "presumed_delivered": "done",
    "delivered": "done",
    "shadowed": "kept",
    "unknown": "doubtful",
    "skipped": "left",
    "passed_over": "left",
}


def aging(overview: Overview) -> tuple[Chart, ...]:
    """One chart per currency: amounts of different currencies share no scale."""
    charts = []
    for total in overview.open:
        currency = total.amount.currency
        found = [(bucket, next((part for part in sums if part.amount.currency == currency), None)) for bucket, sums in overview.aging]
        longest = max((part.amount.amount for _, part in found if part), default=0)
        bars = tuple(
            Bar(bucket, words.BUCKETS[bucket], part.amount if part else None, part.count if part else 0, _percent(part.amount.amount, longest) if part else 0)
            for bucket, part in found
        )
        charts.append(Chart(currency, total.amount, bars))
    return tuple(charts)


def _percent(part: object, whole: object) -> float:
    return round(max(0.0, float(str(part)) / float(str(whole)) * 100), 1) if whole else 0.0


def ladder(story: Story, playbook: Playbook) -> tuple[Mark, ...]:
    """The steps of an invoice in their order: what became of each, which is next, what comes later."""
    case, upcoming = story.case, "" if story.line.ended else story.line.next_step
    marks = []
    statements = sorted((rung for rung in case.rungs if rung.step.startswith("statement-") or taken_again(rung.step)), key=lambda rung: rung.at)
    names = [step.name for step in playbook.steps] + [rung.step for rung in statements]
    if (upcoming.startswith("statement-") or taken_again(upcoming)) and upcoming not in names:
        names.append(upcoming)
    for name in names:
        step, rung = playbook.step(name), case.rung(name)
        planned = words.step_day(step) if not name.startswith("statement-") else f"every {playbook.afterwards.every_days} days"
        if name == upcoming:
            marks.append(Mark(words.step_title(name), "next", "next", None, planned))
        elif rung:
            said = words.FATES[rung.fate] + (f": {rung.why}" if rung.why else "")
            marks.append(Mark(words.step_title(name), _MARKS[rung.fate], said, local_day(rung.at, (story.seller.time_zone,)), planned))
        elif story.customer.behavior in step.not_for:
            marks.append(Mark(words.step_title(name), "left", f"not needed: pays {story.customer.behavior.replace('-', ' ')}", None, planned))
        else:
            marks.append(Mark(words.step_title(name), "later", "not needed any more" if story.line.ended else "later", None, planned))
    return tuple(marks)


def stretches(decisions: Sequence[Decided]) -> tuple[Stretch, ...]:
    """Decisions, newest first, with repetitions folded into one line."""
    found: list[Stretch] = []
    for one in decisions:
        if found and (found[-1].rule, found[-1].why, found[-1].verdict) == (one.rule, one.why, one.verdict):
            found[-1] = replace(found[-1], first=one.at, times=found[-1].times + 1)
        else:
            found.append(Stretch(one.at, one.at, one.verdict, one.rule, one.why, one.until, 1))
    return tuple(found)
