"""Where an invoice stands on its playbook: which step is next, when, and which ones its time has passed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.calendar import local_day
from domain.case import MOST_LAPSES, ApprovalStanding, Authorization, Case, Fate, PromiseStanding, Rung
from domain.customer import Behavior
from domain.diary import Entry, EntryKind
from domain.facts import Facts, Mode
from domain.playbook import CatchUp, Response, Stage, Step, Verb, again, taken_again
from domain.quiet import count_running, move
from domain.segment import pace, stretch

# What a severe step builds on: the customer was told in writing, and it arrived.
_NOTICES = (Stage.REMINDER, Stage.FINAL, Stage.HOLD, Stage.DEMAND)
_WRITTEN = ("email", "letter", "portal")
NO_AGENCY = "no agency is authorized to take it"
# Where a provider gives no receipts, a message that did not bounce for this long counts as delivered (presumed).
PRESUMED_AFTER_BUSINESS_DAYS = 2
# A letter is presumed to have arrived so long after somebody of ours put it into the post.
PRESUMED_BY_POST_BUSINESS_DAYS = 4
# Whoever asked for the invoice once more has so long to look at it before the reminder that follows.
COPY_BUSINESS_DAYS = 3
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
    "unread": "nobody read what was answered",
}
_PAYING = {Behavior.PROMPT: "promptly", Behavior.CHRONIC_LATE: "late by habit"}
# A step that nobody takes, for it counts as taken: by another playbook's word for it, or for all that anybody can tell.
BEHIND = "behind it when the playbook changed"
MAY_HAVE_BEEN_SENT = "it may have been sent before this copy was restored"
NOBODY_AGREED = "nobody has agreed to it"
# How the reasons begin for which a step is not for a customer, as things stand: it comes back where they change in time.
_NOT_FOR_THEM = ("not needed for a customer who ", "not done to ", "only for ")


@dataclass(frozen=True, slots=True)
class Due:
    """The next step and the first moment it may happen; ``blocked`` says why no moment exists yet, ``asked`` that a person of ours
    has been asked for what it waits for."""

    step: Step
    moment: datetime
    blocked: str = ""
    asked: bool = False


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
    # What is first seen later than that is as late as it was then.
    late = (max(planned_day(step, case, facts), local_day(case.opened_at, customer.zones)) - case.invoice.due).days
    risk, response = facts.risk(balance, late), find_response(case)
    if step.only_for and not any(one.holds(balance, late, customer.tier, customer.behavior, risk, response) for one in step.only_for):
        return f"only for {'; or for '.join(map(str, step.only_for))}"
    # What is in dispute may come back: nothing is left out for good because of it.
    if case.invoice.balance.amount < step.least_amount:
        return f"{case.invoice.balance} is too little for it"
    if case.invoice.balance.amount < step.least_share * case.invoice.total.amount:
        return "most of the invoice has been paid"
    if step.do is Verb.OFFER_DISCOUNT and case.discount is None:
        return "nobody has granted a discount"
    if step.do is Verb.REFER_TO_AGENCY and not step.approve and not find_authorization(case, facts, now):
        return NO_AGENCY
    return ""


def find_response(case: Case) -> Response:
    """How the customer has responded so far: a broken promise counts whatever else it said."""
    if any(promise.standing is PromiseStanding.BROKEN for promise in case.promises):
        return Response.BROKEN_PROMISE
    return Response.ANSWERED if case.answered_at or case.promises or case.disputes else Response.NONE


def find_authorization(case: Case, facts: Facts, now: datetime | None = None) -> Authorization | None:
    """The leave to place this invoice with an agency that holds now, or on the due date when no moment is given: its own,
    or the one that stands in its playbook."""
    day = facts.today(now) if now else case.invoice.due
    return next((leave for leave in (case.agency, facts.playbook.agency) if leave and leave.covers(case.invoice.balance.amount, day)), None)


def next_step(case: Case, facts: Facts) -> Step:
    """The first step not yet behind the invoice and not spared this customer; after the last one, a statement. Whoever asked for
    the invoice once more is first told again."""
    if once_more := _once_more(case, facts):
        return facts.playbook.step(once_more)
    for step in facts.playbook.steps:
        if not is_done(case, step.name, facts.mode) and not why_spared(step, case, facts):
            return step
    return _next_statement(case, facts)


def _next_statement(case: Case, facts: Facts) -> Step:
    number = 1
    while is_done(case, f"statement-{number}", facts.mode):
        number += 1
    return facts.playbook.afterwards.step(number)


def next_due(case: Case, facts: Facts, now: datetime) -> Due:
    """When the next step may happen: not before its day, nor within the gap after the last one, and for a severe
    step not before the step ahead of it was delivered and its notice period has gone by. While nobody answers whether a step
    may be done at all, what is not severe goes on without it."""
    step = next_step(case, facts)
    return _meanwhile(step, case, facts, now) if is_unanswered(step, case) else _due(step, case, facts, now)


def is_unanswered(step: Step, case: Case) -> bool:
    """Whether those who had to agree to ``step`` have let the question lapse so often that it is not asked again by itself."""
    approval = case.approval(step.name)
    return bool(step.approve) and approval is not None and approval.standing is ApprovalStanding.EXPIRED and approval.lapses >= MOST_LAPSES


def _meanwhile(unanswered: Step, case: Case, facts: Facts, now: datetime) -> Due:
    """The next step that is not severe, or until its day has come a statement."""
    steps = facts.playbook.steps
    behind = steps[steps.index(unanswered) + 1 :] if unanswered in steps else ()
    going_on = (one for one in behind if not one.severe and not one.together and not is_unanswered(one, case))
    step = next((one for one in going_on if not is_done(case, one.name, facts.mode) and not why_spared(one, case, facts)), None)
    statement = _due(_next_statement(case, facts), case, facts, now)
    due = _due(step, case, facts, now) if step else statement
    return due if due.moment <= max(now, statement.moment) else statement


def _due(step: Step, case: Case, facts: Facts, now: datetime) -> Due:
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
    if spaced := _spaced(step, case, facts):
        day = max(day, spaced[1])
    if not step.do.is_internal and (handed := _call_handed_over(case, facts)):
        day = max(day, facts.calendar.add(local_day(handed.at, facts.customer.zones), 1))
    if (wanted := case.copy) and not step.do.is_internal and not _is_told_again(case):
        arrived = wanted.arrived or local_day(wanted.since, facts.customer.zones)
        day = max(day, facts.bank_calendar.add(arrived, COPY_BUSINESS_DAYS))
    if step.severe:
        if wanted and wanted.arrived is None:
            return Due(step, now, f"the {step.title} waits for the copy of the invoice that the customer asked for", asked=wanted.by_hand)
        last = _last_step_taken(case, facts, _NOTICES)
        if last and last.is_to_be_posted:
            title = facts.playbook.step_of(last).title
            return Due(step, now, f"the {step.title} needs the {title} posted before it, and nobody has said that it was", asked=True)
        notice = _last_step_taken(replace(case, rungs=tuple(rung for rung in case.rungs if not is_unread(rung))), facts, _NOTICES)
        if notice is None:
            return Due(step, now, blocked=f"the {step.title} needs a reminder delivered before it, and none has been")
        delivered = _told_on(notice, case, facts)
        day = max(day, move(delivered + timedelta(days=step.notice_days), delivered, facts.quiet))
    return Due(step, facts.opening(day, facts.channel_for(step, now) or "email"))


def _spaced(step: Step, case: Case, facts: Facts) -> tuple[Rung, date] | None:
    """What was last done, also among ourselves, and the first day on which ``step`` may follow. What has fallen behind is caught
    up one step at a time: no two come on one day, save those that were planned for one. None: it need not wait."""
    fates = (Fate.DONE, Fate.SHADOWED) if facts.mode is Mode.SHADOW else (Fate.DONE,)
    last = max((rung for rung in case.rungs if rung.is_contact or rung.fate in fates), key=lambda rung: rung.at, default=None)
    if last is None or step.together:
        return None
    before = facts.playbook.step_of(last)
    is_one_day = not last.stage and (before.day, before.business_day) == (step.day, step.business_day)
    return None if is_one_day else (last, facts.calendar.add(local_day(last.at, facts.customer.zones), 1))


def _once_more(case: Case, facts: Facts) -> str:
    """The name of the step by which whoever asked for the invoice once more is told again; empty: by none, or by none any more.

    First comes the last soft step that was told, in writing if any was; then, where a firmer step is still to come, each formal
    notice that it builds on. Nobody meets with anything firm that stands on what may never have arrived.
    """
    wanted, steps = case.copy, facts.playbook.steps
    if wanted is None:
        return ""
    told = {rung.step: rung for rung in case.rungs if rung.is_contact}
    if not _is_told_again(case):
        soft = (step for step in steps if step.name in told and step.stage in (Stage.REMINDER, Stage.CALL) and not (step.severe or step.do.is_internal))
        if last := max(soft, key=lambda step: (told[step.name].channel != "call", told[step.name].at), default=None):
            return again(last.name, wanted.times)
    if not any(step.severe and not is_done(case, step.name, facts.mode) and not why_spared(step, case, facts) for step in steps):
        return ""
    formal = (step.name for step in steps if step.severe and step.stage in _NOTICES and step.name in told)
    again_due = (again(name, wanted.times) for name in formal if told[name].channel in _WRITTEN and told[name].at <= wanted.since)
    return next((name for name in again_due if not is_done(case, name, facts.mode)), "")


def _is_told_again(case: Case) -> bool:
    return case.copy is not None and any(taken_again(rung.step) == case.copy.times for rung in case.rungs)


def _told_on(notice: Rung, case: Case, facts: Facts) -> date:
    """From which day a severe step's notice period counts: of whoever asked for the invoice once more, not before the copy arrived
    and what follows it was told."""
    wanted, days = case.copy, []
    if wanted is None or wanted.arrived is None or notice.at > wanted.since:
        days.append(delivered_on(notice, facts))
    if wanted and wanted.arrived:
        days += [wanted.arrived, *(local_day(rung.at, facts.customer.zones) for rung in case.rungs if taken_again(rung.step) == wanted.times)]
    return max(days)


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
    elif step.together and (before := _before(step, case, facts, today)):
        why = f"with the {before.title}"
    elif (handed := _call_handed_over(case, facts)) and facts.calendar.add(local_day(handed.at, facts.customer.zones), 1) == today:
        why = "a colleague calls first"
    elif step.severe and step.notice_days:
        why = f"{step.notice_days} days' notice"
    elif (spaced := _spaced(step, case, facts)) and today == spaced[1] and (step.do.is_internal or today != _free_from(case, facts)):
        why = f"a business day after the {facts.playbook.step_of(spaced[0]).title}"
    elif factor > 1:
        why = "later, for the risk is low"
    elif local_day(case.opened_at, facts.customer.zones) > meant and not _is_after_gap(case, facts, today):
        why = "already late when first seen"
    else:
        why = f"{facts.playbook.gap_days} days after the last contact"
    return f" (planned for day {(meant - due).days:+}: {why})"


def _is_after_gap(case: Case, facts: Facts, today: date) -> bool:
    """Whether there was a contact, and the gap after it has gone by."""
    free = _free_from(case, facts)
    return free is not None and today >= free


def _free_from(case: Case, facts: Facts) -> date | None:
    """The business day on which the gap after the last contact is over."""
    last = _last_step_taken(case, facts)
    return facts.calendar.on_or_after(local_day(last.at, facts.customer.zones) + timedelta(days=facts.playbook.gap_days)) if last else None


def _before(step: Step, case: Case, facts: Facts, today: date) -> Step | None:
    """The step that ``step`` goes out together with, when that has gone out today."""
    place = facts.playbook.steps.index(step)
    before = facts.playbook.steps[place - 1]
    rung = case.rung(before.name)
    return before if rung and rung.is_contact and local_day(rung.at, facts.customer.zones) == today else None


def delivered_on(rung: Rung, facts: Facts) -> date:
    """The day a message reached the customer, or is presumed to have (RFC 5321 bounces come within days, not weeks)."""
    if rung.posted and rung.fate in (Fate.ACCEPTED, Fate.PRESUMED):
        return facts.calendar.add(rung.posted, PRESUMED_BY_POST_BUSINESS_DAYS)
    day = local_day(rung.at, facts.customer.zones)
    return day if rung.fate not in (Fate.ACCEPTED, Fate.PRESUMED) else facts.calendar.add(day, PRESUMED_AFTER_BUSINESS_DAYS)


def is_unread(rung: Rung) -> bool:
    """Whether it waits for its reader in the portal, where only the reader's own word proves that it arrived, or to be posted."""
    return rung.is_to_be_posted or (rung.channel == "portal" and rung.fate in (Fate.ACCEPTED, Fate.PRESUMED, Fate.UNKNOWN))


def presume_delivered(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """Mark what was accepted and has not bounced for long enough: presumed delivered, and said so."""
    entries = []
    today = facts.today(now)
    for rung in case.rungs:
        if rung.fate is Fate.ACCEPTED and not is_unread(rung) and delivered_on(rung, facts) <= facts.customer_day(now):
            case = case.with_rung(replace(rung, fate=Fate.PRESUMED))
            why = f"no bounce in {PRESUMED_AFTER_BUSINESS_DAYS} business days"
            why = f"posted {PRESUMED_BY_POST_BUSINESS_DAYS} business days ago" if rung.posted else why
            what = f"{facts.playbook.step_of(rung).title} presumed delivered: {why}"
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
    only steps that no longer make sense (a note before the due date, after it) or that this customer is spared. What it was
    spared comes back where it is not any more.
    """
    case, _ = reconsider(case, facts, now)
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
        elif is_unanswered(step, case) and step.name in overtaken and _is_overtaken(step, case, facts):
            passed.append((step, NOBODY_AGREED))
    if not case.entered:
        case = replace(case, entered=True)
    entries = []
    for step, why in passed:
        case = case.with_rung(Rung(step.name, Fate.PASSED_OVER, now, why=why))
        entries.append(Entry(now, facts.today(now), late, EntryKind.PASSED, f"{step.title} left out: {why}"))
    return case, tuple(entries)


def _is_overtaken(step: Step, case: Case, facts: Facts) -> bool:
    """Whether the customer has heard a later step."""
    steps = facts.playbook.steps
    return any((rung := case.rung(later.name)) and rung.is_contact for later in steps[steps.index(step) + 1 :])


def reconsider(case: Case, facts: Facts, now: datetime, same_day: bool = False) -> tuple[Case, tuple[Step, ...]]:
    """``case`` without the pass-overs of steps that were not for this customer and are now, and those steps: what lies ahead of
    the last step that it came to. ``same_day``: also what is planned for the day of that step, and no softer."""
    steps = facts.playbook.steps
    if any(rung.step.startswith("statement-") for rung in case.rungs):
        return case, ()
    come_to = [rung.step for rung in case.rungs if rung.fate is not Fate.PASSED_OVER or rung.why in (BEHIND, MAY_HAVE_BEEN_SENT)]
    reached = max((number for number, step in enumerate(steps) if step.name in come_to), default=-1)
    at = steps[reached] if reached >= 0 else None
    running = case.invoice.due + timedelta(days=count_running(case.invoice.due, facts.customer_day(now), facts.quiet))

    def is_ahead(number: int, step: Step) -> bool:
        level = at is not None and (step.day, step.business_day, step.stage) == (at.day, at.business_day, at.stage)
        return number > reached or (same_day and level)

    back = tuple(
        step
        for number, step in enumerate(steps)
        if (rung := case.rung(step.name))
        and rung.fate is Fate.PASSED_OVER
        and rung.why.startswith(_NOT_FOR_THEM)
        and is_ahead(number, step)
        and not why_spared(step, case, facts, now)
        and not step.has_expired(case.invoice.due, running)
    )
    return replace(case, rungs=tuple(rung for rung in case.rungs if rung.step not in {step.name for step in back})), back


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
