"""Leave to say something in an exact text: when it is needed, who may give it, and what people must do about it."""

from __future__ import annotations

from datetime import date, datetime

from domain.calendar import start_of_day
from domain.case import MOST_LAPSES, Approval, ApprovalStanding, Case
from domain.diary import write_day
from domain.facts import Facts
from domain.person import find_deputy
from domain.playbook import Step, UnableToFollow
from domain.task import Task, TaskKind

# Whoever wants to be asked first, and has not answered for so long, finds it among their tasks.
REMINDED_BUSINESS_DAYS = 2


def needed(case: Case, step: Step, facts: Facts, now: datetime) -> int:
    """How many people must agree to the exact text of ``step`` before it is used: as many as the step says, or the owner,
    who has asked to read first what this customer would be told. What it asked for, or agreed to, it is told at once."""
    if step.approve or step.do.is_internal or step.answers_customer or facts.channel_for(step, now) in ("", "task"):
        return step.approve
    first = facts.playbook.ask_first
    return int(first is not None and first.applies(case.invoice.balance.amount, facts.customer.tier))


def who_may_agree(step: Step, facts: Facts) -> tuple[str, ...]:
    """Who may agree to ``step``, those who are there today first; empty: whoever may change invoices by hand."""
    if step.approve or not facts.owners:
        return facts.approvers
    return tuple(dict.fromkeys((*facts.owners, *facts.approvers)))


def whom_to_ask(step: Step, facts: Facts) -> tuple[str, ...]:
    """Who of those is written to: approvers about steps that need it, the owner about what the owner wants to read first."""
    return facts.approvers if step.approve else facts.owners or facts.approvers


def why_not(by: str, step: Step, facts: Facts) -> str:
    """Why ``by`` may not agree to ``step``; empty when they may."""
    may = who_may_agree(step, facts)
    if not may or by in may:
        return ""
    return f"{by or 'somebody'} may not decide about the {step.title}; {' or '.join(may)} may (dunwell people set NAME --duties approver changes that)"


def reminded(approval: Approval, facts: Facts) -> datetime:
    """When what the owner was asked first becomes a task."""
    return start_of_day(facts.bank_calendar.add(facts.today(approval.asked_at), REMINDED_BUSINESS_DAYS), (facts.seller_zone,))


def is_spokesman(case: Case, approval: Approval) -> bool:
    """Whether people are asked about ``approval`` under this case's name: of several in one text, only under the first's."""
    return not approval.covers or approval.covers[0] == case.id


def along_with(approval: Approval) -> str:
    """How many other invoices stand in the text, as it follows the name of one."""
    others = len(approval.covers) - 1
    return f" and {others} more in the same message" if others > 0 else ""


def undecided(case: Case, about: Approval) -> Approval | None:
    """The leave of ``case`` for the same text as ``about`` that is asked for or given, and has not been used."""
    alive = (ApprovalStanding.OPEN, ApprovalStanding.GIVEN)
    same = (one for one in case.approvals if one.text_hash == about.text_hash and one.standing in alive)
    return next((one for one in same if case.rung(one.step) is None), None)


def left_by(before: Case, after: Case, now: datetime) -> tuple[Approval, ...]:
    """The leave for messages about several invoices that ``case`` drops out of, or of which the text is not true any more: it is
    over, or silent now, owes something else, or has taken that step otherwise."""
    shared = [one for one in before.approvals if len(one.covers) > 1 and undecided(before, one)]
    silent = after.ended is not None or after.active_hold(now) is not None or after.open_promise is not None
    changed = (before.round, before.chased, before.invoice.due) != (after.round, after.chased, after.invoice.due)
    return tuple(one for one in shared if silent or changed or after.rung(one.step))


def who_decides(step: Step, facts: Facts, now: datetime) -> str:
    """Who decides what becomes of ``step`` once whoever was asked has not answered: their deputy, else the owner."""
    may = who_may_agree(step, facts)
    asked = may[0] if may else facts.owner
    return find_deputy(asked, facts.people, facts.today(now)) or next(iter(facts.owners), facts.owner)


def left_lying(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What somebody else decides, because the question was asked as often as it is and nobody answered."""
    found = []
    for approval in case.approvals:
        if not _is_lying(approval, case) or not is_spokesman(case, approval):
            continue
        try:
            step = facts.playbook.step(approval.step)
        except UnableToFollow:
            continue
        number, due = case.invoice.number, facts.bank_calendar.on_or_after(facts.today(now))
        title = f"Nobody answers whether the {step.title} for invoice {number} may be done: {case.invoice.balance}"
        way = f"have it asked once more (dunwell case escalate {number} {step.name})" if step.approve else f"answer (dunwell case approve {number})"
        meanwhile = "What is not severe goes on meanwhile" if step.approve else "Nothing is said before"
        remedy = f"It was asked {MOST_LAPSES} times or more. Decide: {way}, or leave it out (dunwell case skip {number}). {meanwhile}"
        found.append(Task(lying_key(case, approval.step), TaskKind.INCIDENT, title, remedy, who_decides(step, facts, now), due))
    return tuple(found)


def over(case: Case) -> list[str]:
    """The matters of questions that nobody need answer any more, or not those who were asked."""
    lying = [one for one in case.approvals if _is_lying(one, case)]
    alive = [one for one in case.approvals if one.standing in (ApprovalStanding.OPEN, ApprovalStanding.EXPIRED) and case.rung(one.step) is None]
    passed_on = [one for one in lying if one.standing is ApprovalStanding.EXPIRED]
    answered = [f"approval/{case.id}/{one.step}" for one in case.approvals if one not in alive or one in passed_on]
    return [*answered, *(lying_key(case, one.step) for one in case.approvals if one not in lying)]


def _is_lying(approval: Approval, case: Case) -> bool:
    """Whether nobody has answered often enough. What the owner wants to read first is asked again all the same."""
    waits = approval.standing in (ApprovalStanding.OPEN, ApprovalStanding.EXPIRED)
    return approval.lapses >= MOST_LAPSES and waits and case.rung(approval.step) is None


def lying_key(case: Case, step: str) -> str:
    """The matter of the question about ``step`` that nobody has answered."""
    return f"unanswered/{case.id}/{step}"


def key(case: Case, step: Step) -> str:
    """The matter of the question whether ``step`` may be done."""
    return f"approval/{case.id}/{step.name}"


def ask(case: Case, step: Step, expires: date, facts: Facts, approval: Approval) -> Task:
    """What whoever may agree must do by the end of ``expires``."""
    number, may = case.invoice.number, who_may_agree(step, facts)
    remedy = f"Read the exact text, then: dunwell case approve {number} (or --refuse); until {write_day(expires)}"
    if may and len(may) < step.approve:
        remedy += f". Two people must agree and only {may[0]} may: give somebody else the duty approver first"
    title = f"Approve the {step.title} for invoice {number}{along_with(approval)}: {case.invoice.balance}"
    return Task(key(case, step), TaskKind.APPROVE, title, remedy, may[0] if may else facts.owner, expires)
