"""Words that silence an invoice, each with an owner and an end: disputes, legal stops, answers not dealt with, colleagues, plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import assert_never

from domain import confirming, copies, patience
from domain.answers import Folded, Reply, because, entry, refused, taken, who, with_hold, without_holds
from domain.calendar import start_of_day
from domain.case import Case, Dispute, Hold, HoldKind, PromiseStanding
from domain.diary import Entry, EntryKind, write_day
from domain.event import (
    AnswerOwed,
    DisputeRaised,
    DisputeResolved,
    LegalStop,
    PromiseMade,
    Replied,
    ReplyHandled,
    Spoken,
    WaitAsked,
)
from domain.facts import Facts
from domain.ladder import COPY_BUSINESS_DAYS
from domain.money import Money, UnableToReckon
from domain.owed import AnswerKind
from domain.plan_news import InstallmentMissed, PlanAgreed, PlanEnded, PlanOffered
from domain.task import Task, TaskKind

# An answer of the customer that nobody deals with goes to the deputy after so many business days.
REPLY_BUSINESS_DAYS = 2
# A customer who wants to be called is called within so many business days.
CALL_BACK_BUSINESS_DAYS = 1
LONGEST_WAIT = timedelta(days=7)
DISPUTE_BUSINESS_DAYS = 5
LONGEST_DISPUTE = timedelta(days=60)
# A legal stop has no end of its own; somebody looks at it again this often.
LEGAL_LOOK = timedelta(days=28)
_UNTIL_RELEASED = timedelta(days=3650)

Silencing = DisputeRaised | DisputeResolved | LegalStop | WaitAsked | Replied | ReplyHandled | Spoken | PlanOffered | PlanAgreed | InstallmentMissed | PlanEnded

# How a plan that was not kept ended, in the reader's words.
_UNKEPT = {"declined": "the payment plan is off", "expired": "nobody answered the offer of a payment plan in time"}


def fold(case: Case, news: Silencing, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of these words."""
    today = facts.today(now)
    match news:
        case DisputeRaised():
            return _dispute(case, news, facts, now)
        case DisputeResolved():
            if case.open_dispute is None:
                return refused(case, "no dispute is open on this invoice")
            case = patience.cut_short(replace(case, disputes=tuple(replace(one, is_open=False) for one in case.disputes)), now, patience.DISPUTE)
            return taken(case, f"dispute resolved by {who(news)}{because(news)}", news, facts, now)
        case LegalStop():
            until = _day(today + _UNTIL_RELEASED, facts)
            case = with_hold(case, Hold(HoldKind.LEGAL, until, news.ground, who(news), now))
            said = f"legal stop by {who(news)}: {news.ground}{because(news)}; only a person releases it"
            return taken(case, said, news, facts, now, legal_task(case, news.ground, facts, now))
        case WaitAsked():
            last = facts.today(patience.last_moment(case, HoldKind.PLEASE_WAIT.value, now))
            day = news.until or min(today + LONGEST_WAIT, max(last, today + timedelta(days=1)))
            if not today < day <= today + LONGEST_WAIT:
                return refused(case, f"until: {day} must lie between tomorrow and {today + LONGEST_WAIT}; a colleague may ask for a week at most")
            if day > last:
                return refused(case, f"until: {patience.why_not(case, HoldKind.PLEASE_WAIT.value, facts, now)}")
            case = with_hold(case, Hold(HoldKind.PLEASE_WAIT, _day(day, facts), news.why or "a colleague asked to wait", who(news), now))
            return taken(case, f"{who(news)} asks to wait until {write_day(day)}{because(news)}", news, facts, now)
        case Replied(copy=True) if confirming.may_say(AnswerKind.COPY_SENT, facts):
            return owe_copy(case, news, facts, now)
        case Replied():
            day = facts.bank_calendar.add(today, REPLY_BUSINESS_DAYS)
            # The deputy has as long again before chasing goes on.
            until = _day(facts.bank_calendar.add(day, REPLY_BUSINESS_DAYS) + timedelta(days=1), facts)
            until = min(until, patience.last_moment(case, HoldKind.REPLY.value, now))
            # One that waits already keeps its day: by answering again nobody puts off the deputy, or chasing.
            if until > now and not any(hold.kind is HoldKind.REPLY and hold.until > now for hold in case.holds):
                case = with_hold(case, Hold(HoldKind.REPLY, until, "the customer answered, and nobody has dealt with it yet", facts.owner, now))
            case = copies.want(case, now) if news.copy else case
            said = f"the customer {'asks for the invoice once more' if news.copy else 'answered'}{because(news)}"
            said = f"the customer wants to be called by a person{because(news)}" if news.call_back else said
            by_day = facts.bank_calendar.add(today, CALL_BACK_BUSINESS_DAYS) if news.call_back else day
            what = AnswerKind.CALL_BACK_CONFIRMED if news.call_back else AnswerKind.DISPUTE_CONFIRMED
            case, told = confirming.confirm(case, what, news.confirmed_for, facts, now, day=by_day if news.call_back else None, ending=news.ending)
            return taken(case, said, news, facts, now, _reply_task(case, news, facts, by_day), *told)
        case ReplyHandled():
            answered = (HoldKind.REPLY.value, HoldKind.COPY.value)
            if not any(hold.kind.value in answered for hold in case.holds) and not copies.is_awaited(case):
                return refused(case, "no answer of the customer is waiting")
            case = confirming.drop(copies.note_sent(case, facts, now), AnswerKind.COPY_SENT)
            case = confirming.drop(case, AnswerKind.CALL_BACK_CONFIRMED)
            case = patience.cut_short(without_holds(case, *answered), now, *answered)
            return taken(case, f"the customer's answer was dealt with by {who(news)}{because(news)}", news, facts, now)
        case Spoken():
            said = f"{who(news)} {'wrote to' if news.wrote else 'spoke with' if news.reached else 'tried to reach'} the customer{because(news)}"
            case = confirming.drop(case, AnswerKind.CALL_BACK_CONFIRMED) if news.reached and not news.wrote else case
            return taken(replace(case, spoken_at=now), said, news, facts, now)
        case PlanOffered():
            quiet = _day(news.answer_by + timedelta(days=1), facts)
            case = with_hold(without_holds(case, HoldKind.REPLY.value), Hold(HoldKind.PLAN, quiet, "a payment plan is offered", who(news), now))
            terms = f" of {news.terms}" if news.terms else ""
            return taken(case, f"offer{terms}: quiet until {write_day(news.answer_by)} for an answer{because(news)}", news, facts, now)
        case PlanAgreed():
            quiet = _day(news.quiet_until + timedelta(days=1), facts)
            # What was promised about it before, the plan's installments take the place of.
            promises = tuple(replace(one, standing=PromiseStanding.REPLACED) if one.standing is PromiseStanding.OPEN else one for one in case.promises)
            case = patience.cut_short(replace(case, promises=promises), now, patience.PROMISE)
            case = without_holds(case, HoldKind.REPLY.value, HoldKind.PROMISE_TO_DECIDE.value)
            case = with_hold(case, Hold(HoldKind.PLAN, quiet, "a payment plan is agreed", who(news), now))
            said = f"a payment plan covers this invoice: quiet while it is kept, until {write_day(news.quiet_until)} at the latest{because(news)}"
            return taken(case, said, news, facts, now)
        case InstallmentMissed():
            try:
                amount = Money(news.amount, case.invoice.balance.currency)
            except UnableToReckon as error:
                return refused(case, f"amount: {error}")
            return taken(case, f"installment of {amount}, due {write_day(news.day)}, was missed{because(news)}", news, facts, now)
        case PlanEnded():
            how = _UNKEPT.get(news.ended_as, "the payment plan has failed")
            said = "the payment plan was kept" if news.kept else f"{how}{because(news)}: chasing goes on where it stood"
            return taken(without_holds(case, HoldKind.PLAN.value), said, news, facts, now)
        case other:
            assert_never(other)


def owe_copy(case: Case, news: Replied | AnswerOwed, facts: Facts, now: datetime) -> Folded:
    """The invoice goes out once more, and whoever gets it has time to look at it before chasing goes on."""
    quiet = min(_day(facts.bank_calendar.add(facts.today(now), COPY_BUSINESS_DAYS), facts), patience.last_moment(case, HoldKind.COPY.value, now))
    said = f"the customer asks for the invoice once more{because(news)}"
    if confirming.went_today(case, AnswerKind.COPY_SENT, facts, now):
        return taken(case, f"{said}; it went out today already", news, facts, now)
    case = copies.want(confirming.owe(case, AnswerKind.COPY_SENT, now), now)
    if quiet > now:
        case = with_hold(case, Hold(HoldKind.COPY, quiet, "the customer asked for the invoice once more", facts.owner, now))
    return taken(case, said, news, facts, now)


def _reply_task(case: Case, news: Replied, facts: Facts, due: date) -> Task:
    number = case.invoice.number
    if news.copy:
        return copies.to_send(case, facts, due)
    if news.call_back:
        title, remedy = (
            f"Call the customer back about invoice {number}",
            f"It asked to speak to a person. When that is done: dunwell case handled {number} --reason ...",
        )
        return Task(f"call-back/{case.id}", TaskKind.CALL, title, remedy, facts.owner, due)
    title, remedy = f"The customer answered about invoice {number}", f"Read it, do what it asks, then: dunwell case handled {number} --reason ..."
    return Task(f"reply/{case.id}", TaskKind.READ_REPLY, title, remedy, facts.owner, due)


def ask_about_promise(case: Case, news: PromiseMade, amount: Money, why: str, facts: Facts, now: datetime) -> Folded:
    """A promise beyond the limits: quiet while a person decides, for two business days at most."""
    day = facts.bank_calendar.add(facts.today(now), REPLY_BUSINESS_DAYS)
    hold = Hold(HoldKind.PROMISE_TO_DECIDE, _day(day + timedelta(days=1), facts), f"a promise of {amount} waits for a decision", facts.owner, now)
    hold = replace(hold, until=min(hold.until, patience.last_moment(case, hold.kind.value, now)))
    case = with_hold(case, hold) if hold.until > now else case
    number = case.invoice.number
    task = Task(
        f"promise/{case.id}",
        TaskKind.DECIDE,
        f"Decide on a promise: {amount} for invoice {number} by {write_day(news.day)}",
        f"It is beyond the limits: {why}. To agree: dunwell case promise {number} --day {news.day} --beyond-limits --reason ...; else call the customer",
        facts.owner,
        day,
    )
    said = f"{amount} by {write_day(news.day)} was offered (told by {who(news)}{because(news)}); a person decides, because {why}"
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
    # Raised again and again it is to be cleared up no later than the first time: at once when no patience is left.
    due = min(due, facts.today(patience.last_moment(case, patience.DISPUTE, now)))
    owner, whole = news.owner or facts.owner, amount == balance
    dispute = Dispute(amount, news.reason or news.why, owner, due, now, who(news), whole, news.credit_note)
    earlier = tuple(replace(one, is_open=False) for one in case.disputes)
    case = without_holds(replace(case, disputes=(*earlier, dispute)), HoldKind.REPLY.value)
    case = patience.note(case, patience.DISPUTE, _day(due, facts), now)
    what = "a credit note is promised for" if news.credit_note else "in dispute:"
    said = f"{what} {'all of it' if whole else amount}{f' ({dispute.reason})' if dispute.reason else ''}; {owner} clears it up by {write_day(due)}"
    said += because(news) if news.why != dispute.reason else ""
    case, told = confirming.confirm(case, AnswerKind.DISPUTE_CONFIRMED, news.confirmed_for, facts, now)
    return taken(case, said, news, facts, now, dispute_task(case, dispute, facts, now), *told)


def dispute_task(case: Case, dispute: Dispute, facts: Facts, now: datetime) -> Task:
    """What whoever owns a dispute must do; reminded of from its due day on."""
    number = case.invoice.number
    if dispute.credit_note:
        remedy = f"Book the credit note of {dispute.amount}; the ledger then shows it. Or: dunwell case dispute {number} --resolved --reason ..."
    else:
        remedy = f"Clear up with the customer what is wrong with {dispute.amount}, then: dunwell case dispute {number} --resolved --reason ..."
    about = f": {dispute.reason}" if dispute.reason else ""
    return Task(f"dispute/{case.id}", TaskKind.CLEAR_DISPUTE, f"Invoice {number} is in dispute{about}", remedy, dispute.owner, dispute.due)


def legal_task(case: Case, ground: str, facts: Facts, now: datetime) -> Task:
    """A legal stop has no end of its own, so somebody looks at it again and again."""
    number = case.invoice.number
    remedy = f"Nothing is sent. When it is over: dunwell case release {number} --legal --reason ..."
    due = facts.bank_calendar.add(facts.today(now), 1)
    return Task(f"legal/{case.id}", TaskKind.REVIEW, f"Legal stop on invoice {number}: {ground}", remedy, facts.owner, due)


def ledger_dispute_task(case: Case, facts: Facts, now: datetime) -> Task:
    """What to do about an invoice that only the ledger calls disputed."""
    number, due = case.invoice.number, facts.bank_calendar.add(facts.today(now), DISPUTE_BUSINESS_DAYS)
    remedy = "Clear it up with the customer, then change it in the ledger; nothing is sent while it stands there"
    return Task(f"dispute/{case.id}", TaskKind.CLEAR_DISPUTE, f"The ledger says that invoice {number} is in dispute", remedy, facts.owner, due)


def remittance_task(case: Case, facts: Facts, now: datetime) -> Task:
    """What to do about a payment that was reported and did not come."""
    number, due = case.invoice.number, facts.bank_calendar.add(facts.today(now), 1)
    remedy = "Ask the customer for the remittance advice (day, amount, reference and account), and have the bank look for the money"
    return Task(f"remittance/{case.id}", TaskKind.CALL, f"Invoice {number} was reported as paid, and the ledger shows nothing", remedy, facts.owner, due)


def lapse(case: Case, facts: Facts, now: datetime) -> tuple[tuple[Entry, ...], tuple[Task, ...]]:
    """What follows from a reported payment whose time has run out: the diary line, and the task to ask for remittance advice."""
    claim = next((hold for hold in case.holds if hold.kind is HoldKind.PAYMENT_REPORTED and hold.until <= now), None)
    if claim is None or facts.tolerance.covers(case.invoice.balance):
        return (), ()
    said = f"the payment that {claim.by} reported does not show in the ledger: remittance advice is asked for"
    return (entry(case, facts, now, EntryKind.LEDGER, said),), (remittance_task(case, facts, now),)


def handover(hold: Hold, facts: Facts) -> datetime:
    """When an answer that nobody dealt with passes to the deputy."""
    last = facts.bank_calendar.add(facts.today(hold.since), REPLY_BUSINESS_DAYS)
    return _day(last + timedelta(days=1), facts)


def left_to_us(case: Case) -> tuple[Hold, ...]:
    """The holds that end once a person of ours has done something, which passes to the deputy when it is left lying."""
    by_hand = case.copy is not None and case.copy.by_hand and copies.is_awaited(case)
    return tuple(hold for hold in case.holds if hold.kind is HoldKind.REPLY or (hold.kind is HoldKind.COPY and by_hand))


def deputy_task(case: Case, hold: Hold, facts: Facts, now: datetime) -> Task:
    """What the deputy of whoever left an answer lying must do."""
    number = case.invoice.number
    remedy = f"{hold.by} has not dealt with it in {REPLY_BUSINESS_DAYS} business days. Do it, then: dunwell case handled {number} --reason ..."
    due = facts.bank_calendar.on_or_after(facts.today(now))
    return Task(
        f"reply/{case.id}/deputy", TaskKind.READ_REPLY, f"The customer's answer about invoice {number} still waits", remedy, facts.deputy or hold.by, due
    )


def _day(day: date, facts: Facts) -> datetime:
    return start_of_day(day, (facts.seller_zone,))
