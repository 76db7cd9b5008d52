"""What people must do because of how an invoice stands: the tasks that a decision makes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from domain import silences
from domain.calendar import start_of_day
from domain.case import Case, Fate, Outcome
from domain.facts import Facts
from domain.playbook import Verb
from domain.task import Task, TaskKind

# So many days before an invoice counts as lost its owner is warned.
WRITE_OFF_WARNINGS = (30, 14)


def milestones(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What people must know in time whatever the ladder does: a write-off is near, a dispute should be over."""
    if case.ended:
        return ()
    tasks = []
    today, number = facts.today(now), case.invoice.number
    late, limit = case.invoice.days_past_due(today), facts.playbook.write_off_days
    if limit and limit - WRITE_OFF_WARNINGS[0] <= late < limit and not facts.tolerance.covers(case.invoice.balance):
        near = next(days for days in reversed(WRITE_OFF_WARNINGS) if late >= limit - days)
        title = f"Invoice {number} nears its write-off: {case.invoice.balance}, {late} days late"
        remedy = f"In {limit - late} days it counts as lost. Call the customer, offer a plan, or write it off"
        tasks.append(Task(f"write-off/{case.id}/{near}", TaskKind.REVIEW, title, remedy, facts.owner, facts.bank_calendar.add(today, 3)))
    if (dispute := case.open_dispute) and today >= dispute.due:
        tasks.append(silences.dispute_task(case, dispute, facts, now))
    return tuple(tasks)


def next_milestone(case: Case, facts: Facts, now: datetime) -> datetime | None:
    """When the next of ``milestones`` comes, if one does."""
    today, limit = facts.today(now), facts.playbook.write_off_days
    days = [case.invoice.due + timedelta(days=limit - before) for before in WRITE_OFF_WARNINGS if limit]
    days += [case.open_dispute.due] if case.open_dispute else []
    return min((morning(day, facts) for day in days if day > today), default=None)


def compensate(case: Case, outcome: Outcome, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What was done because the money did not come is undone now that it has."""
    if outcome not in (Outcome.SETTLED, Outcome.VOIDED):
        return ()
    number, customer = case.invoice.number, facts.customer.number
    undo = {
        Verb.PLACE_CREDIT_HOLD: (f"Release the credit hold on customer {customer}", f"Invoice {number} is paid: let new orders pass again"),
        Verb.REFER_TO_AGENCY: (f"Recall invoice {number} from the agency", "It is paid: tell the agency to stop at once, and the customer that it is over"),
        Verb.HAND_OFF: (f"Tell collections that invoice {number} is paid", "They work on it: have them stop at once"),
        Verb.ALERT_ACCOUNT_MANAGER: (f"Invoice {number} is paid", f"{facts.account_manager or 'The account manager'} was asked to help: say that it is over"),
    }
    done = {facts.playbook.step(rung.step).do for rung in case.rungs if rung.fate is Fate.DONE}
    due = facts.bank_calendar.on_or_after(facts.today(now))
    return tuple(Task(f"compensate/{case.id}/{case.round}/{verb}", TaskKind.COMPENSATE, *undo[verb], facts.owner, due) for verb in undo if verb in done)


def unreadable_ledger(facts: Facts, now: datetime) -> Task:
    """One incident a ledger, however many invoices notice it."""
    return incident(facts, now, f"ledger/{facts.books.source}", f"The ledger {facts.books.source} cannot be read: {facts.books.problem}", facts.books.remedy)


def review(case: Case, facts: Facts, now: datetime, why: str) -> Task:
    """Nothing more happens by itself: a person decides."""
    return Task(
        key=f"review/{case.id}/{case.round}",
        kind=TaskKind.REVIEW,
        title=f"Decide what happens to invoice {case.invoice.number}",
        remedy=f"{why[0].upper()}{why[1:]}. Call the customer, agree on a date, or stop it",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 3),
    )


def incident(facts: Facts, now: datetime, key: str, title: str, remedy: str) -> Task:
    """Something outside is broken, and must be mended today."""
    return Task(key, TaskKind.INCIDENT, title, remedy, facts.owner, facts.bank_calendar.on_or_after(facts.today(now)))


def morning(day: date, facts: Facts) -> datetime:
    """When ``day`` begins at the seller's."""
    return start_of_day(day, (facts.seller_zone,))
