"""Where an invoice stands on its playbook: which step is next, when, and which ones its time has passed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.calendar import local_day
from domain.case import Case, Fate, Rung
from domain.customer import Behavior
from domain.diary import Entry, EntryKind
from domain.facts import Facts, Mode
from domain.playbook import CatchUp, Stage, Step

# Where a provider gives no receipts, a message that did not bounce for this long counts as delivered (presumed).
PRESUMED_AFTER_BUSINESS_DAYS = 2


@dataclass(frozen=True, slots=True)
class Due:
    """The next step and the first moment it may happen; ``blocked`` says why no moment exists yet."""

    step: Step
    moment: datetime
    blocked: str = ""


def is_done(case: Case, step: str, mode: Mode) -> bool:
    """Whether ``step`` is behind this invoice. What only happened in shadow mode satisfies nothing once live."""
    rung = case.rung(step)
    return rung is not None and (rung.fate is not Fate.SHADOWED or mode is Mode.SHADOW)


def next_step(case: Case, facts: Facts) -> Step:
    """The first step not yet behind the invoice and not spared this customer; after the last one, a statement."""
    for step in facts.playbook.steps:
        if not is_done(case, step.name, facts.mode) and facts.customer.behavior not in step.not_for:
            return step
    number = 1
    while is_done(case, f"statement-{number}", facts.mode):
        number += 1
    return facts.playbook.afterwards.step(number)


def next_due(case: Case, facts: Facts, now: datetime) -> Due:
    """When the next step may happen: not before its day, nor within the gap after the last one, and for a severe
    step not before the step ahead of it was delivered and its notice period has gone by."""
    step = next_step(case, facts)
    previous = _last_step_taken(case, facts)
    if step.name.startswith("statement-"):
        skipped = [rung.at for rung in case.rungs if rung.fate is Fate.SKIPPED and rung.step.startswith("statement-")]
        since = max([previous.at if previous else case.opened_at, *skipped])
        return Due(step, facts.opening(local_day(since, facts.customer.zones) + timedelta(days=facts.playbook.afterwards.every_days)))
    day = step.planned_day(case.invoice.due, facts.calendar)
    if previous:
        day = max(day, local_day(previous.at, facts.customer.zones) + timedelta(days=facts.playbook.gap_days))
    if step.severe:
        notice = _last_step_taken(case, facts, (Stage.REMINDER, Stage.FINAL))
        if notice is None:
            return Due(step, now, blocked=f"the {step.title} needs a reminder delivered before it, and none has been")
        day = max(day, delivered_on(notice, facts) + timedelta(days=step.notice_days))
    return Due(step, facts.opening(day))


def delivered_on(rung: Rung, facts: Facts) -> date:
    """The day a message reached the customer, or is presumed to have (RFC 5321 bounces come within days, not weeks)."""
    day = local_day(rung.at, facts.customer.zones)
    return day if rung.fate not in (Fate.ACCEPTED, Fate.PRESUMED) else facts.calendar.add(day, PRESUMED_AFTER_BUSINESS_DAYS)


def presume_delivered(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """Mark what was accepted and has not bounced for long enough: presumed delivered, and said so."""
    entries = []
    today = facts.today(now)
    for rung in case.rungs:
        if rung.fate is Fate.ACCEPTED and delivered_on(rung, facts) <= facts.customer_day(now):
            case = case.with_rung(replace(rung, fate=Fate.PRESUMED))
            what = f"{facts.playbook.step(rung.step).title} presumed delivered: no bounce in {PRESUMED_AFTER_BUSINESS_DAYS} business days"
            entries.append(Entry(now, today, case.invoice.days_past_due(today), EntryKind.CONTACT, what))
    return case, tuple(entries)


def _last_step_taken(case: Case, facts: Facts, stages: tuple[Stage, ...] = tuple(Stage)) -> Rung | None:
    taken = (
        rung
        for rung in case.rungs
        if (rung.is_contact or (rung.fate is Fate.SHADOWED and facts.mode is Mode.SHADOW)) and facts.playbook.step(rung.step).stage in stages
    )
    return max(taken, key=lambda rung: rung.at, default=None)


def pass_over(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """Mark the steps whose time has gone: never silently, each with its reason.

    On the first look at an invoice that is already late, everything below the entry step is passed over; later on,
    only steps that no longer make sense (a note before the due date, after it) or that this customer is spared.
    """
    passed: list[tuple[Step, str]] = []
    today = facts.customer_day(now)
    entry = None if case.entered else _entry_step(case, facts, today)
    late = case.invoice.days_past_due(facts.today(now))
    for step in facts.playbook.steps:
        if step == entry:
            break
        if is_done(case, step.name, facts.mode):
            continue
        if entry is not None:
            passed.append((step, f"already {late} days late when first seen" if late > 0 else "its day had gone when first seen"))
        elif facts.customer.behavior in step.not_for and step.planned_day(case.invoice.due, facts.calendar) <= today:
            passed.append(
                (step, f"not needed for a customer who pays {'promptly' if facts.customer.behavior is Behavior.PROMPT else facts.customer.behavior.value}")
            )
        elif step.has_expired(case.invoice.due, today):
            passed.append((step, "its day has gone"))
    if not case.entered:
        case = replace(case, entered=True)
    entries = []
    for step, why in passed:
        case = case.with_rung(Rung(step.name, Fate.PASSED_OVER, now, why=why))
        entries.append(Entry(now, facts.today(now), late, EntryKind.PASSED, f"{step.title} left out: {why}"))
    return case, tuple(entries)


def _entry_step(case: Case, facts: Facts, today: date) -> Step | None:
    """The step at which an invoice first seen today enters the ladder; None when nothing lies behind it."""
    timely = [
        step
        for step in facts.playbook.steps
        if not step.severe
        and facts.customer.behavior not in step.not_for
        and not step.has_expired(case.invoice.due, today)
        and step.planned_day(case.invoice.due, facts.calendar) <= today
    ]
    if not timely:
        return None
    return timely[-1] if facts.playbook.catch_up is CatchUp.FIT_AGE else timely[0]
