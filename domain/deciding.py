"""What people decide about an invoice: its end, its place on the ladder, its policy, and leave for a step's exact text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from domain import confirming, leave, matters, migration
from domain.answers import Folded, because, entry, refused, taken, who
from domain.calendar import start_of_day
from domain.case import MOST_LAPSES, Approval, ApprovalStanding, Authorization, Case, Discount, Fate, Outcome, Rung
from domain.diary import Entry, EntryKind, write_day
from domain.event import (
    AgencyAuthorized,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalLapsed,
    ApprovalRefused,
    ChasingStopped,
    ContactSet,
    CustomerSet,
    DiscountGranted,
    Escalated,
    GivenBack,
    PaidOutside,
    PlaybookSwapped,
    Reissued,
    Reopened,
    WrittenOff,
)
from domain.facts import Facts
from domain.ladder import NO_AGENCY, handed_over, is_done, next_due, reconsider
from domain.owed import AnswerKind, Owed
from domain.playbook import Step, UnableToFollow, Verb
from domain.task import Task, TaskKind

# Leave to send an exact text lasts so long; what it says would be stale after that.
APPROVAL_BUSINESS_DAYS = 3
MOST_DISCOUNT = Decimal(10)
LONGEST_DISCOUNT = timedelta(days=30)
LONGEST_AUTHORIZATION = timedelta(days=365)

Deciding = (
    ChasingStopped
    | PaidOutside
    | WrittenOff
    | Reopened
    | Escalated
    | PlaybookSwapped
    | DiscountGranted
    | Reissued
    | ContactSet
    | CustomerSet
    | AgencyAuthorized
    | GivenBack
)
OnApproval = ApprovalAsked | ApprovalGiven | ApprovalLapsed | ApprovalRefused


def fold(case: Case, news: Deciding, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of these decisions."""
    match news:
        case ChasingStopped():
            return _end(case, Outcome.STOPPED, f"stopped by {who(news)}{because(news)}", news, facts, now)
        case PaidOutside():
            return _end(case, Outcome.SETTLED, f"paid outside the ledger, says {who(news)}{because(news)}", news, facts, now)
        case WrittenOff():
            if why := _why_not_write_off(case, news, facts):
                return refused(case, why)
            number, balance = case.invoice.number, case.invoice.balance
            task = Task(
                f"write-off/{case.id}/{case.round}",
                TaskKind.BOOK,
                f"Write off invoice {number}: {balance}",
                f"Book the write-off of {balance} in the ledger",
                facts.owner,
                facts.bank_calendar.add(facts.today(now), 3),
            )
            return _end(case, Outcome.WRITTEN_OFF, f"written off by {who(news)}{because(news)}", news, facts, now, task)
        case Reopened():
            if not case.ended:
                return refused(case, "this invoice is being watched already")
            return taken(matters.begin_round(case, facts), f"watched again: reopened by {who(news)}{because(news)}", news, facts, now)
        case Escalated():
            return _escalate(case, news, facts, now)
        case PlaybookSwapped():
            if news.playbook == case.playbook:
                return refused(case, "this invoice follows that playbook already")
            if facts.in_flight:
                return refused(case, "a message to this customer is on its way; change the playbook once that is known to have arrived or failed")
            if news.taken not in (None, migration.count_taken(case)):
                return refused(case, "it has taken another step since the change was worked out; look at it again")
            case = migration.carry_over(case, news, facts.playbook, now)
            return taken(case, f"follows the playbook {news.name} from now on, says {who(news)}{because(news)}", news, facts, now)
        case DiscountGranted():
            return _discount(case, news, facts, now)
        case AgencyAuthorized():
            return _authorize(case, news, facts, now)
        case GivenBack():
            return _take_back(case, news, facts, now)
        case Reissued():
            if news.predecessor:
                return taken(
                    replace(case, predecessor=news.predecessor), f"replaces another invoice, whose history it carries on{because(news)}", news, facts, now
                )
            if not news.successor and not case.successor:
                return refused(case, "no other invoice has replaced this one")
            said = "replaced by another invoice" if news.successor else f"not replaced after all, says {who(news)}"
            return taken(replace(case, successor=news.successor), f"{said}{because(news)}", news, facts, now)
        case ContactSet():
            whom = f"whom we write to ({news.role})" if news.role else "whom we write to"
            return taken(case, f"{whom} was changed by {who(news)}{because(news)}", news, facts, now)
        case CustomerSet():
            case, back = reconsider(case, facts, now, same_day=True)
            for_them = f"; not left out any more: {', '.join(step.title for step in back)}" if back else ""
            return taken(case, f"customer changed by {who(news)}: {news.what or 'how they are treated'}{because(news)}{for_them}", news, facts, now)
        case other:
            assert_never(other)


def fold_approval(case: Case, news: OnApproval, facts: Facts, now: datetime) -> Folded:
    """Leave asked, given or refused, by those who may: that they are who they say is made sure where the person is known."""
    try:
        step = facts.playbook.step(news.step)
    except UnableToFollow as error:
        return refused(case, f"step: {error}")
    if isinstance(news, ApprovalAsked):
        expires = start_of_day(news.expires + timedelta(days=1), (facts.seller_zone,))
        before = case.approval(step.name)
        asked = Approval(step.name, news.text_hash, max(1, step.approve), now, expires, covers=news.covers, lapses=before.lapses if before else 0)
        others = tuple(one for one in case.approvals if one.step != step.name)
        # Whoever wants to be asked first is written to; only what stays unanswered becomes a task.
        tasks = (leave.ask(case, step, news.expires, facts, asked),) if step.approve and leave.is_spokesman(case, asked) else ()
        said = f"approval asked for the {step.title}{leave.along_with(asked)}"
        return taken(replace(case, approvals=(*others, asked)), said, news, facts, now, *tasks)
    approval = case.approval(news.step)
    if isinstance(news, ApprovalLapsed):
        if approval is None:
            return refused(case, f"no approval for the {step.title} has been asked for")
        case = _with_approval(case, replace(approval, standing=ApprovalStanding.EXPIRED))
        return taken(case, f"the approval of the {step.title} has lapsed{because(news)}", news, facts, now)
    if approval is None or approval.standing is not ApprovalStanding.OPEN or approval.expires <= now:
        return refused(case, f"no approval for the {step.title} is being asked for now")
    if is_done(case, step.name, facts.mode):
        return refused(case, f"{step.title} is behind this invoice already")
    if why := leave.why_not(news.by, step, facts):
        return refused(case, why)
    if approval.text_hash != news.text_hash:
        return refused(case, f"the text of the {step.title} has changed since; read it again")
    if isinstance(news, ApprovalRefused):
        refused_now = replace(approval, standing=ApprovalStanding.REFUSED)
        case = _with_approval(case, refused_now).with_rung(Rung(step.name, Fate.SKIPPED, now, why=f"refused by {who(news)}"))
        return taken(case, f"{step.title} refused by {who(news)}{because(news)}: it is left out", news, facts, now)
    if news.by in approval.given_by:
        return refused(case, f"{who(news)} has approved it already; another person must")
    given = (*approval.given_by, news.by)
    enough = len(given) >= approval.needed
    approval = replace(approval, given_by=given, standing=ApprovalStanding.GIVEN if enough else ApprovalStanding.OPEN)
    said = f"{step.title} approved by {who(news)}{because(news)}{'' if enough else '; one more person must agree'}"
    return taken(_with_approval(case, approval), said, news, facts, now)


def let_lapse(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` without leave whose time is over; a line for each question that somebody else decides from now on."""
    entries = []
    for approval in case.approvals:
        if approval.expires > now or approval.standing not in (ApprovalStanding.OPEN, ApprovalStanding.GIVEN):
            continue
        nobody = approval.standing is ApprovalStanding.OPEN and case.rung(approval.step) is None
        over = replace(approval, standing=ApprovalStanding.EXPIRED, lapses=approval.lapses + nobody)
        case = _with_approval(case, over)
        if nobody and over.lapses == MOST_LAPSES:
            step = _step_asked_about(over, facts)
            said = f"nobody has answered twice whether the {step.title} may be done: {leave.who_decides(step, facts, now)} decides" if step else ""
            entries += [entry(case, facts, now, EntryKind.TROUBLE, said)] if said else []
    return case, tuple(entries)


def _step_asked_about(approval: Approval, facts: Facts) -> Step | None:
    try:
        return facts.playbook.step(approval.step)
    except UnableToFollow:
        return None


def _with_approval(case: Case, approval: Approval) -> Case:
    return replace(case, approvals=(*(one for one in case.approvals if one.step != approval.step), approval))


def _why_not_write_off(case: Case, news: WrittenOff, facts: Facts) -> str:
    """Why ``news`` is not enough to write the invoice off: where the playbook asks for leave first, whoever may give it says so."""
    step = next((step for step in facts.playbook.steps if step.do is Verb.WRITE_OFF and step.approve), None)
    if step is None or ((asked := case.approval(step.name)) and asked.standing is ApprovalStanding.GIVEN):
        return ""
    if why := leave.why_not(news.by, step, facts):
        return why
    return f"two people must agree to the {step.title} first: dunwell case approve {case.invoice.number}" if step.approve > 1 and facts.approvers else ""


def _end(case: Case, outcome: Outcome, why: str, news: Deciding, facts: Facts, now: datetime, *tasks: Task) -> Folded:
    folded = taken(replace(case, ended=outcome, ended_why=why), why, news, facts, now, *tasks)
    said = "stopped: nothing more will be sent for this invoice" if outcome is Outcome.STOPPED else why
    return replace(folded, reply=replace(folded.reply, said=said))


def _escalate(case: Case, news: Escalated, facts: Facts, now: datetime) -> Folded:
    names = [step.name for step in facts.playbook.steps]
    if news.step not in names:
        return refused(case, f"step: the playbook has no step {news.step!r}; its steps are {', '.join(names)}")
    step = facts.playbook.step(news.step)
    if is_done(case, step.name, facts.mode):
        return refused(case, f"{step.title} is behind this invoice already")
    # Whoever says so has it asked about anew, if nobody answered before.
    there = replace(case, entered=True, approvals=tuple(replace(one, lapses=0) if one.step == step.name else one for one in case.approvals))
    for before in facts.playbook.steps[: names.index(news.step)]:
        if not is_done(case, before.name, facts.mode):
            there = there.with_rung(Rung(before.name, Fate.SKIPPED, now, why=f"escalated by {who(news)}"))
    if step.severe and (blocked := next_due(there, facts, now).blocked):
        return refused(case, f"step: {blocked}; escalate to a step ahead of it first")
    return taken(there, f"straight to the {step.title}, says {who(news)}{because(news)}", news, facts, now)


def _take_back(case: Case, news: GivenBack, facts: Facts, now: datetime) -> Folded:
    """What is next goes on; nobody outside works on it any more who would have to be recalled once it is paid."""
    handed = handed_over(case, facts)
    if handed is None:
        return refused(case, "nobody outside has it: it was not handed over, or has been given back already")
    title = facts.playbook.step_of(handed).title
    case = replace(case, given_back_at=now, acts=tuple(act for act in case.acts if act not in (Verb.HAND_OFF, Verb.REFER_TO_AGENCY)))
    task = matters.review(case, facts, now, f"it was given back unpaid after the {title}")
    return taken(case, f"given back after the {title} of {write_day(facts.today(handed.at))}, says {who(news)}{because(news)}", news, facts, now, task)


def _discount(case: Case, news: DiscountGranted, facts: Facts, now: datetime) -> Folded:
    today = facts.today(now)
    if not 0 < news.percent <= MOST_DISCOUNT:
        return refused(case, f"percent: {news.percent} must lie above 0 and be at most {MOST_DISCOUNT}")
    if not today <= news.last_day <= today + LONGEST_DISCOUNT:
        return refused(case, f"last_day: {news.last_day} must lie between today and {today + LONGEST_DISCOUNT}")
    case = confirming.drop(replace(case, discount=Discount(news.percent, news.last_day, who(news))), AnswerKind.DISCOUNT_GRANTED)
    said = f"{news.percent}% discount until {write_day(news.last_day)}, authorized by {who(news)}{because(news)}"
    # What the customer does not know of it cannot take.
    if confirming.may_say(AnswerKind.DISCOUNT_GRANTED, facts):
        return taken(confirming.owe(case, AnswerKind.DISCOUNT_GRANTED, now), said, news, facts, now)
    told = confirming.by_hand(case, Owed(0, AnswerKind.DISCOUNT_GRANTED, now), facts, now)
    return taken(case, said, news, facts, now, replace(told, remedy=f"{told.remedy}: {news.percent}% off if it is paid by {write_day(news.last_day)}"))


def _authorize(case: Case, news: AgencyAuthorized, facts: Facts, now: datetime) -> Folded:
    """A referral that was left out for want of this leave comes back."""
    name, today = " ".join(news.name.split()), facts.today(now)
    if not name:
        return refused(case, "name: say which agency or lawyer")
    if news.limit <= 0:
        return refused(case, f"limit: {news.limit} is not an amount above zero")
    if not today <= news.until <= today + LONGEST_AUTHORIZATION:
        return refused(case, f"until: {news.until} must lie between today and {today + LONGEST_AUTHORIZATION}")
    rungs = tuple(rung for rung in case.rungs if not (rung.fate is Fate.PASSED_OVER and rung.why == NO_AGENCY))
    case = replace(case, agency=Authorization(name, news.limit, news.until, who(news)), rungs=rungs)
    limit = f"{news.limit:,} {case.invoice.balance.currency}"
    said = f"may be placed with {name} up to {limit} through {write_day(news.until)}, says {who(news)}{because(news)}"
    return taken(case, said, news, facts, now)
