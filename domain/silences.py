"""Words that silence an invoice, each with an owner and an end: disputes, legal stops, answers not dealt with, colleagues, plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import assert_never

from domain.answers import Folded, Reply, because, entry, refused, taken, who, with_hold, without_holds
from domain.calendar import start_of_day
from domain.case import Case, Dispute, Hold, HoldKind
from domain.diary import EntryKind, write_day
from domain.event import (
    DisputeRaised,
    DisputeResolved,
    LegalStop,
    PlanAgreed,
    PlanEnded,
    PromiseMade,
    Replied,
    ReplyHandled,
    Spoken,
    WaitAsked,
)
from domain.facts import Facts
from domain.money import Money, UnableToReckon
from domain.task import Task, TaskKind

# An answer of the customer that nobody deals with goes to the deputy after so many business days.
REPLY_BUSINESS_DAYS = 2
LONGEST_WAIT = timedelta(days=7)
DISPUTE_BUSINESS_DAYS = 5
LONGEST_DISPUTE = timedelta(days=60)
# A legal stop has no end of its own; somebody looks at it again this often.
LEGAL_LOOK = timedelta(days=28)
_UNTIL_RELEASED = timedelta(days=3650)

Silencing = DisputeRaised | DisputeResolved | LegalStop | WaitAsked | Replied | ReplyHandled | Spoken | PlanAgreed | PlanEnded


def fold(case: Case, news: Silencing, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of these words."""
    today = facts.today(now)
    match news:
        case DisputeRaised():
            return _dispute(case, news, facts, now)
        case DisputeResolved():
            if case.open_dispute is None:
                return refused(case, "no dispute is open on this invoice")
            case = replace(case, disputes=tuple(replace(one, is_open=False) for one in case.disputes))
            return taken(case, f"dispute resolved by {who(news)}{because(news)}", news, facts, now)
        case LegalStop():
            until = _day(today + _UNTIL_RELEASED, facts)
            case = with_hold(case, Hold(HoldKind.LEGAL, until, news.ground, who(news), now))
            said = f"legal stop by {who(news)}: {news.ground}{because(news)}; only a person releases it"
            task = Task(
                f"legal/{case.id}",
                TaskKind.REVIEW,
                f"Legal stop on invoice {case.invoice.number}: {news.ground}",
                f"Nothing is sent. When it is over: dunwell case release {case.invoice.number} --legal --reason ...",
                facts.owner,
                facts.bank_calendar.add(today, 1),
            )
            return taken(case, said, news, facts, now, task)
        case WaitAsked():
            day = news.until or today + LONGEST_WAIT
            if not today < day <= today + LONGEST_WAIT:
                return refused(case, f"until: {day} must lie between tomorrow and {today + LONGEST_WAIT}; a colleague may ask for a week at most")
            case = with_hold(case, Hold(HoldKind.PLEASE_WAIT, _day(day, facts), news.why or "a colleague asked to wait", who(news), now))
            return taken(case, f"{who(news)} asks to wait until {write_day(day)}{because(news)}", news, facts, now)
        case Replied():
            day = facts.bank_calendar.add(today, REPLY_BUSINESS_DAYS)
            # The deputy has as long again before chasing goes on.
            until = _day(facts.bank_calendar.add(day, REPLY_BUSINESS_DAYS) + timedelta(days=1), facts)
            case = with_hold(case, Hold(HoldKind.REPLY, until, "the customer answered, and nobody has dealt with it yet", facts.owner, now))
            task = Task(
                f"reply/{case.id}",
                TaskKind.READ_REPLY,
                f"The customer answered about invoice {case.invoice.number}",
                f"Read it, do what it asks, then: dunwell case handled {case.invoice.number}",
                facts.owner,
                day,
            )
            return taken(case, f"the customer answered{because(news)}", news, facts, now, task)
        case ReplyHandled():
            if not any(hold.kind is HoldKind.REPLY for hold in case.holds):
                return refused(case, "no answer of the customer is waiting")
            return taken(without_holds(case, HoldKind.REPLY.value), f"the customer's answer was dealt with by {who(news)}{because(news)}", news, facts, now)
        case Spoken():
            said = f"{who(news)} {'spoke with the customer' if news.reached else 'tried to reach the customer'}{because(news)}"
            return taken(replace(case, spoken_at=now), said, news, facts, now)
        case PlanAgreed():
            quiet = _day(news.quiet_until + timedelta(days=1), facts)
            case = with_hold(without_holds(case, HoldKind.REPLY.value), Hold(HoldKind.PLAN, quiet, "a payment plan is agreed", who(news), now))
            return taken(case, f"a payment plan covers this invoice: quiet until {write_day(news.quiet_until)}{because(news)}", news, facts, now)
        case PlanEnded():
            said = "the payment plan was kept" if news.kept else f"the payment plan has failed{because(news)}: chasing goes on where it stood"
            return taken(without_holds(case, HoldKind.PLAN.value), said, news, facts, now)
        case other:
            assert_never(other)


def ask_about_promise(case: Case, news: PromiseMade, amount: Money, why: str, facts: Facts, now: datetime) -> Folded:
    """A promise beyond the limits: quiet while a person decides, for two business days at most."""
    day = facts.bank_calendar.add(facts.today(now), REPLY_BUSINESS_DAYS)
    hold = Hold(HoldKind.PROMISE_TO_DECIDE, _day(day + timedelta(days=1), facts), f"a promise of {amount} waits for a decision", facts.owner, now)
    case = with_hold(case, hold)
    number = case.invoice.number
    task = Task(
        f"promise/{case.id}",
        TaskKind.DECIDE,
        f"Decide on a promise: {amount} for invoice {number} by {write_day(news.day)}",
        f"It is beyond the limits: {why}. To agree: dunwell case promise {number} --day {news.day} --beyond-limits; else call the customer",
        facts.owner,
        day,
    )
    said = f"{amount} by {write_day(news.day)} was offered (told by {who(news)}); a person decides, because {why}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PROMISE, said, news.by),), (task,))


def _dispute(case: Case, news: DisputeRaised, facts: Facts, now: datetime) -> Folded:
    balance, today = case.invoice.balance, facts.today(now)
    try:
        amount = balance if news.amount is None else Money(news.amount, balance.currency)
    except UnableToReckon as error:
        return refused(case, f"amount: {error}")
    if not 0 < amount.amount <= balance.amount:
        return refused(case, f"amount: {amount} is not between zero and the open balance of {balance}; leave it out to dispute all of it")
    due = news.due or facts.bank_calendar.add(today, DISPUTE_BUSINESS_DAYS)
    if not today < due <= today + LONGEST_DISPUTE:
        return refused(case, f"due: {due} must lie between tomorrow and {today + LONGEST_DISPUTE}; nobody can leave a dispute for ever")
    owner, whole = news.owner or facts.owner, amount == balance
    dispute = Dispute(amount, news.reason or news.why, owner, due, now, who(news), whole, news.credit_note)
    earlier = tuple(replace(one, is_open=False) for one in case.disputes)
    case = without_holds(replace(case, disputes=(*earlier, dispute)), HoldKind.REPLY.value)
    what = "a credit note is promised for" if news.credit_note else "in dispute:"
    said = f"{what} {'all of it' if whole else amount}{f' ({dispute.reason})' if dispute.reason else ''}; {owner} clears it up by {write_day(due)}"
    return taken(case, said, news, facts, now, dispute_task(case, dispute, facts, now))


def dispute_task(case: Case, dispute: Dispute, facts: Facts, now: datetime) -> Task:
    """What whoever owns a dispute must do; reminded of from its due day on."""
    number = case.invoice.number
    if dispute.credit_note:
        remedy = f"Book the credit note of {dispute.amount}; the ledger then shows it. Or: dunwell case dispute {number} --resolved --reason ..."
    else:
        remedy = f"Clear up with the customer what is wrong with {dispute.amount}, then: dunwell case dispute {number} --resolved --reason ..."
    about = f": {dispute.reason}" if dispute.reason else ""
    return Task(f"dispute/{case.id}", TaskKind.CLEAR_DISPUTE, f"Invoice {number} is in dispute{about}", remedy, dispute.owner, dispute.due)


def handover(hold: Hold, facts: Facts) -> datetime:
    """When an answer that nobody dealt with passes to the deputy."""
    last = facts.bank_calendar.add(facts.today(hold.since), REPLY_BUSINESS_DAYS)
    return _day(last + timedelta(days=1), facts)


def deputy_task(case: Case, hold: Hold, facts: Facts, now: datetime) -> Task:
    """What the deputy of whoever left an answer lying must do."""
    number = case.invoice.number
    remedy = f"{hold.by} has not dealt with it in {REPLY_BUSINESS_DAYS} business days. Do it, then: dunwell case handled {number}"
    due = facts.bank_calendar.on_or_after(facts.today(now))
    return Task(
        f"reply/{case.id}/deputy", TaskKind.READ_REPLY, f"The customer's answer about invoice {number} still waits", remedy, facts.deputy or hold.by, due
    )


def _day(day: date, facts: Facts) -> datetime:
    return start_of_day(day, (facts.seller_zone,))
