"""Where an invoice stands on its playbook: which step is next, when, and which ones its time has passed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.calendar import local_day
from domain.case import Authorization, Case, Fate, Rung
from domain.customer import Behavior
from domain.diary import Entry, EntryKind
from domain.facts import Facts, Mode
from domain.playbook import CatchUp, Stage, Step, Verb
from domain.quiet import count_running, move
from domain.segment import pace, stretch

# What a severe step builds on: the customer was told in writing, and it arrived.
_NOTICES = (Stage.REMINDER, Stage.FINAL, Stage.HOLD, Stage.DEMAND)
NO_AGENCY = "no agency is authorized to take it"
# Where a provider gives no receipts, a message that did not bounce for this long counts as delivered (presumed).
PRESUMED_AFTER_BUSINESS_DAYS = 2
# What kept a step waiting beyond its day, by rule, as the diary tells it.
DELAYS = {
    "hours": "contact hours",
    "gap": "the gap after the last contact",
    "caps": "as many contacts as are allowed",
    "quiet": "a quiet period",
    "unapplied": "money that was not applied",
    "calls": "as many calls as are allowed",
    "courtesy": "one note a week before the due date",
    "hold": "on hold",
    "reply": "the customer's answer",
    "copy": "a copy that was asked for",
    "plan": "a payment plan",
    "please-wait": "a colleague asked to wait",
    "promise": "a promise",
    "promise-to-decide": "a promise",
    "disputed": "a dispute",
    "replaced": "another invoice had replaced it",
    "legal": "a legal stop",
    "approval": "approval",
    "ledger": "the ledger could not be read",
    "stale": "the ledger was out of date",
    "books": "the books were not posted",
    "unreachable": "nobody could be reached",
    "undelivered": "no notice had been delivered",
    "refused": "the message was not taken",
    "missed": "nobody was reached by phone",
    "switched-off": "all sending was stopped",
    "fenced": "restored from a backup",
}
_PAYING = {Behavior.PROMPT: "promptly", Behavior.CHRONIC_LATE: "late by habit"}


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


def why_spared(step: Step, case: Case, facts: Facts, now: datetime | None = None) -> str:
    """Why ``step`` is not for this invoice, judged as things will stand on its planned day; empty when it is."""
    customer, balance = facts.customer, case.invoice.balance.amount
    if balance < facts.envelope.least_balance:
        return f"{case.invoice.balance} is so little that only statements are sent"
    if customer.behavior in step.not_for:
        return f"not needed for a customer who pays {_PAYING.get(customer.behavior, customer.behavior.value)}"
    if customer.tier in step.not_for_tiers:
        return f"not done to {customer.tier.value} customers"
    late = (planned_day(step, case, facts) - case.invoice.due).days
    risk = facts.risk(balance, late)
    if step.only_for and not any(one.holds(balance, late, customer.tier, customer.behavior, risk) for one in step.only_for):
        return f"only for {'; or for '.join(map(str, step.only_for))}"
    # What is in dispute may come back: nothing is left out for good because of it.
    if case.invoice.balance.amount < step.least_amount:
        return f"{case.invoice.balance} is too little for it"
    if case.invoice.balance.amount < step.least_share * case.invoice.total.amount:
        return "most of the invoice has been paid"
    if step.do is Verb.REFER_TO_AGENCY and not step.approve and not find_authorization(case, facts, now):
        return NO_AGENCY
    return ""


def find_authorization(case: Case, facts: Facts, now: datetime | None = None) -> Authorization | None:
    """The leave to place this invoice with an agency that holds now, or on the due date when no moment is given: its own,
    or the one that stands in its playbook."""
    day = facts.today(now) if now else case.invoice.due
    return next((leave for leave in (case.agency, facts.playbook.agency) if leave and leave.covers(case.invoice.balance.amount, day)), None)


def next_step(case: Case, facts: Facts) -> Step:
    """The first step not yet behind the invoice and not spared this customer; after the last one, a statement."""
    for step in facts.playbook.steps:
        if not is_done(case, step.name, facts.mode) and not why_spared(step, case, facts):
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
        # Also one that was left out, or that a person of ours was asked to send, was the last one.
        earlier = [rung.at for rung in case.rungs if rung.step.startswith("statement-")]
        since = max([previous.at if previous else case.opened_at, case.given_back_at or case.opened_at, *earlier])
        begun = max(local_day(since, facts.customer.zones), case.invoice.due)
        return Due(step, facts.opening(begun + timedelta(days=facts.playbook.afterwards.every_days)))
    day = paced_day(step, case, facts, now)
    if previous and not step.do.is_internal and not step.together:
        day = max(day, local_day(previous.at, facts.customer.zones) + timedelta(days=facts.playbook.gap_days))
    if not step.do.is_internal and (handed := _call_handed_over(case, facts)):
        day = max(day, facts.calendar.add(local_day(handed.at, facts.customer.zones), 1))
    if step.severe:
        notice = _last_step_taken(replace(case, rungs=tuple(rung for rung in case.rungs if not is_unread(rung))), facts, _NOTICES)
        if notice is None:
            return Due(step, now, blocked=f"the {step.title} needs a reminder delivered before it, and none has been")
        delivered = delivered_on(notice, facts)
        day = max(day, move(delivered + timedelta(days=step.notice_days), delivered, facts.quiet))
    return Due(step, facts.opening(day, facts.channel_for(step, now) or "email"))


def handed_over(case: Case, facts: Facts) -> Rung | None:
    """The handover after which others speak to the customer: to collections, an agency or a lawyer. None: they gave it back."""
    away = (Verb.HAND_OFF, Verb.REFER_TO_AGENCY)
    handed = (rung for rung in reversed(case.rungs) if rung.fate is Fate.DONE and facts.playbook.step_of(rung).do in away)
    return next((rung for rung in handed if case.given_back_at is None or rung.at > case.given_back_at), None)


def _call_handed_over(case: Case, facts: Facts) -> Rung | None:
    """The last call that was given to a person of ours: nobody is written to before there was time to make it."""
    calls = (Verb.CALL, Verb.REQUEST_CALL)
    handed = (rung for rung in case.rungs if rung.fate is Fate.DONE and facts.playbook.step_of(rung).do in calls)
    return max(handed, key=lambda rung: rung.at, default=None)


def planned_day(step: Step, case: Case, facts: Facts) -> date:
    """The business day the playbook names for ``step``, later by the days on which the clock stood still for the customer."""
    due = case.invoice.due
    named = step.planned_day(due, facts.calendar) if step.day is None else due + timedelta(days=step.day)
    return facts.calendar.on_or_after(move(named, due, facts.quiet))


def paced_day(step: Step, case: Case, facts: Facts, now: datetime) -> date:
    """The day ``step`` is meant for: its planned day, sooner where the risk is high, later where it is low."""
    due = case.invoice.due
    factor = pace(facts.risk(case.invoice.balance.amount, case.invoice.days_past_due(facts.today(now))))
    if factor == 1 or step.do is Verb.WRITE_OFF or step not in facts.playbook.steps:
        return planned_day(step, case, facts)
    steps = facts.playbook.steps
    planned = tuple((one.planned_day(due, facts.calendar) - due).days for one in steps)
    done = tuple(
        (planned[number], count_running(due, local_day(rung.at, facts.customer.zones), facts.quiet))
        for number, one in enumerate(steps)
        if (rung := case.rung(one.name)) and (rung.is_contact or rung.fate is Fate.DONE)
    )
    gap = 0 if step.do.is_internal else facts.playbook.gap_days
    paced = due + timedelta(days=stretch(planned, done, steps.index(step), factor, gap))
    return facts.calendar.on_or_after(move(paced, due, facts.quiet))


def why_moved(step: Step, case: Case, facts: Facts, now: datetime) -> str:
    """Why ``step`` happens on another day than the playbook says, as the diary tells it; empty when it does not."""
    if step not in facts.playbook.steps or facts.mode is Mode.SHADOW:
        return ""
    today, due = facts.customer_day(now), case.invoice.due
    meant = step.planned_day(due, facts.calendar) if step.day is None else due + timedelta(days=step.day)
    if today == meant or (step.do.is_internal and today < meant):
        return ""
    factor = pace(facts.risk(case.invoice.balance.amount, case.invoice.days_past_due(facts.today(now))))
    if today < meant:
        why = "sooner, for the risk is high"
    elif today <= facts.calendar.on_or_after(meant):
        why = "no business day"
    elif today <= facts.calendar.on_or_after(move(meant, due, facts.quiet)):
        why = "a quiet period"
    elif case.delayed:
        why = case.delayed
    elif step.together and (before := _before(step, case, facts)):
        why = f"with the {before.title}"
    elif (handed := _call_handed_over(case, facts)) and facts.calendar.add(local_day(handed.at, facts.customer.zones), 1) == today:
        why = "a colleague calls first"
    elif step.severe and step.notice_days:
        why = f"{step.notice_days} days' notice"
    elif factor > 1:
        why = "later, for the risk is low"
    elif local_day(case.opened_at, facts.customer.zones) > meant and not _is_after_gap(case, facts, today):
        why = "already late when first seen"
    else:
        why = f"{facts.playbook.gap_days} days after the last contact"
    return f" (planned for day {(meant - due).days:+}: {why})"


def _is_after_gap(case: Case, facts: Facts, today: date) -> bool:
    """Whether there was a contact, and the gap after it has gone by."""
    last = _last_step_taken(case, facts)
    return last is not None and today >= local_day(last.at, facts.customer.zones) + timedelta(days=facts.playbook.gap_days)


def _before(step: Step, case: Case, facts: Facts) -> Step | None:
    """The step that ``step`` goes out together with, when that has gone out."""
    place = facts.playbook.steps.index(step)
    before = facts.playbook.steps[place - 1]
    rung = case.rung(before.name)
    return before if rung and rung.is_contact else None


def delivered_on(rung: Rung, facts: Facts) -> date:
    """The day a message reached the customer, or is presumed to have (RFC 5321 bounces come within days, not weeks)."""
    day = local_day(rung.at, facts.customer.zones)
    return day if rung.fate not in (Fate.ACCEPTED, Fate.PRESUMED) else facts.calendar.add(day, PRESUMED_AFTER_BUSINESS_DAYS)


def is_unread(rung: Rung) -> bool:
    """Whether it waits for its reader in the portal: only the reader's own word proves that it arrived."""
    return rung.channel == "portal" and rung.fate in (Fate.ACCEPTED, Fate.PRESUMED, Fate.UNKNOWN)


def presume_delivered(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """Mark what was accepted and has not bounced for long enough: presumed delivered, and said so."""
    entries = []
    today = facts.today(now)
    for rung in case.rungs:
        if rung.fate is Fate.ACCEPTED and not is_unread(rung) and delivered_on(rung, facts) <= facts.customer_day(now):
            case = case.with_rung(replace(rung, fate=Fate.PRESUMED))
            what = f"{facts.playbook.step_of(rung).title} presumed delivered: no bounce in {PRESUMED_AFTER_BUSINESS_DAYS} business days"
            entries.append(Entry(now, today, case.invoice.days_past_due(today), EntryKind.CONTACT, what))
    return case, tuple(entries)


def _last_step_taken(case: Case, facts: Facts, stages: tuple[Stage, ...] = tuple(Stage)) -> Rung | None:
    taken = (
        rung
        for rung in case.rungs
        if (rung.is_contact or (rung.fate is Fate.SHADOWED and facts.mode is Mode.SHADOW)) and facts.playbook.step_of(rung).stage in stages
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
    running = case.invoice.due + timedelta(days=count_running(case.invoice.due, today, facts.quiet))
    furthest = max((number for number, step in enumerate(facts.playbook.steps) if is_done(case, step.name, facts.mode)), default=0)
    overtaken = {step.name for step in facts.playbook.steps[:furthest]}
    for step in facts.playbook.steps:
        if step == entry:
            entry = None  # what lies behind it is judged as on every later look
        if is_done(case, step.name, facts.mode):
            continue
        if entry is not None:
            passed.append((step, f"already {late} days late when first seen" if late > 0 else "its day had gone when first seen"))
        elif (spared := why_spared(step, case, facts, now)) and (planned_day(step, case, facts) <= today or step.name in overtaken):
            passed.append((step, spared))
        elif step.has_expired(case.invoice.due, running):
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
        and not step.do.is_internal
        and not why_spared(step, case, facts)
        and not step.has_expired(case.invoice.due, case.invoice.due + timedelta(days=count_running(case.invoice.due, today, facts.quiet)))
        and planned_day(step, case, facts) <= today
    ]
    if not timely:
        return None
    return timely[-1] if facts.playbook.catch_up is CatchUp.FIT_AGE else timely[0]
