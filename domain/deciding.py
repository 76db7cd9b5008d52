"""What people decide about an invoice: its end, its place on the ladder, its policy, and leave for a step's exact text."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from domain.answers import Folded, because, refused, taken, who
from domain.calendar import start_of_day
from domain.case import Approval, ApprovalStanding, Case, Discount, Fate, Outcome, Rung
from domain.diary import write_day
from domain.event import (
    ApprovalAsked,
    ApprovalGiven,
    ApprovalLapsed,
    ApprovalRefused,
    ChasingStopped,
    ContactSet,
    DiscountGranted,
    Escalated,
    PaidOutside,
    PlaybookSwapped,
    Reissued,
    Reopened,
    WrittenOff,
)
from domain.facts import Facts
from domain.ladder import is_done
from domain.task import Task, TaskKind

# Leave to send an exact text lasts so long; what it says would be stale after that.
APPROVAL_BUSINESS_DAYS = 3
MOST_DISCOUNT = Decimal(10)
LONGEST_DISCOUNT = timedelta(days=30)

Deciding = ChasingStopped | PaidOutside | WrittenOff | Reopened | Escalated | PlaybookSwapped | DiscountGranted | Reissued | ContactSet
OnApproval = ApprovalAsked | ApprovalGiven | ApprovalLapsed | ApprovalRefused


def fold(case: Case, news: Deciding, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of these decisions."""
    match news:
        case ChasingStopped():
            return _end(case, Outcome.STOPPED, f"stopped by {who(news)}{because(news)}", news, facts, now)
        case PaidOutside():
            return _end(case, Outcome.SETTLED, f"paid outside the ledger, says {who(news)}{because(news)}", news, facts, now)
        case WrittenOff():
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
            case = replace(case, ended=None, ended_why="", round=case.round + 1, entered=False, rungs=(), holds=(), approvals=())
            return taken(case, f"watched again: reopened by {who(news)}{because(news)}", news, facts, now)
        case Escalated():
            return _escalate(case, news, facts, now)
        case PlaybookSwapped():
            if news.playbook == case.playbook:
                return refused(case, "this invoice follows that playbook already")
            rungs = tuple(Rung(step, Fate.PASSED_OVER, now, why="behind it when the playbook changed") for step in news.done)
            case = replace(case, playbook=news.playbook, rungs=(*case.rungs, *(rung for rung in rungs if case.rung(rung.step) is None)), approvals=())
            return taken(case, f"follows the playbook {news.name} from now on, says {who(news)}{because(news)}", news, facts, now)
        case DiscountGranted():
            return _discount(case, news, facts, now)
        case Reissued():
            if news.predecessor:
                return taken(
                    replace(case, predecessor=news.predecessor), f"replaces another invoice, whose history it carries on{because(news)}", news, facts, now
                )
            case = replace(case, successor=news.successor)
            return taken(case, f"replaced by another invoice{because(news)}", news, facts, now)
        case ContactSet():
            return taken(case, f"whom we write to was changed by {who(news)}{because(news)}", news, facts, now)
        case other:
            assert_never(other)


def fold_approval(case: Case, news: OnApproval, facts: Facts, now: datetime) -> Folded:
    """Leave asked, given or refused. Who may give it is checked where the person is known."""
    step = next((one for one in facts.playbook.steps if one.name == news.step), None)
    if step is None:
        return refused(case, f"step: the playbook has no step {news.step!r}")
    if isinstance(news, ApprovalAsked):
        expires = start_of_day(news.expires + timedelta(days=1), (facts.seller_zone,))
        asked = Approval(step.name, news.text_hash, max(1, step.approve), now, expires)
        others = tuple(one for one in case.approvals if one.step != step.name)
        task = Task(
            f"approval/{case.id}/{step.name}",
            TaskKind.APPROVE,
            f"Approve the {step.title} for invoice {case.invoice.number}: {case.invoice.balance}",
            f"Read the exact text, then: dunwell case approve {case.invoice.number} (or --refuse); until {write_day(news.expires)}",
            facts.approvers[0] if facts.approvers else facts.owner,
            news.expires,
        )
        return taken(replace(case, approvals=(*others, asked)), f"approval asked for the {step.title}", news, facts, now, task)
    approval = case.approval(news.step)
    if isinstance(news, ApprovalLapsed):
        if approval is None:
            return refused(case, f"no approval for the {step.title} has been asked for")
        case = _with_approval(case, replace(approval, standing=ApprovalStanding.EXPIRED))
        return taken(case, f"the approval of the {step.title} has lapsed{because(news)}", news, facts, now)
    if approval is None or approval.standing is not ApprovalStanding.OPEN or approval.expires <= now:
        return refused(case, f"no approval for the {step.title} is being asked for now")
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


def after_time(approval: Approval, now: datetime) -> Approval:
    if approval.standing in (ApprovalStanding.OPEN, ApprovalStanding.GIVEN) and approval.expires <= now:
        return replace(approval, standing=ApprovalStanding.EXPIRED)
    return approval


def _with_approval(case: Case, approval: Approval) -> Case:
    return replace(case, approvals=(*(one for one in case.approvals if one.step != approval.step), approval))


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
    for before in facts.playbook.steps[: names.index(news.step)]:
        if not is_done(case, before.name, facts.mode):
            case = case.with_rung(Rung(before.name, Fate.SKIPPED, now, why=f"escalated by {who(news)}"))
    return taken(replace(case, entered=True), f"straight to the {step.title}, says {who(news)}{because(news)}", news, facts, now)


def _discount(case: Case, news: DiscountGranted, facts: Facts, now: datetime) -> Folded:
    today = facts.today(now)
    if not 0 < news.percent <= MOST_DISCOUNT:
        return refused(case, f"percent: {news.percent} must lie above 0 and be at most {MOST_DISCOUNT}")
    if not today <= news.last_day <= today + LONGEST_DISCOUNT:
        return refused(case, f"last_day: {news.last_day} must lie between today and {today + LONGEST_DISCOUNT}")
    case = replace(case, discount=Discount(news.percent, news.last_day, who(news)))
    return taken(case, f"{news.percent}% discount until {write_day(news.last_day)}, authorized by {who(news)}{because(news)}", news, facts, now)
