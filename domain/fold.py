"""What news does to a case. Total: whatever is said, in whatever order, gives a case and an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from domain import calling, confirming, copies, deciding, delivery, matters, patience, promise, silences
from domain.answers import Folded, Reply, because, entry, who, with_hold
from domain.calendar import start_of_day
from domain.case import Case, Fate, Hold, HoldKind, Outcome, Promise, PromiseStanding, Rung
from domain.diary import Entry, EntryKind, write_day
from domain.event import (
    AgencyAuthorized,
    AnswerOwed,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalLapsed,
    ApprovalRefused,
    CallEnded,
    ChasingStopped,
    ContactSet,
    CustomerSet,
    DeliveryReported,
    DiscountGranted,
    DisputeRaised,
    DisputeResolved,
    Escalated,
    GivenBack,
    HoldPlaced,
    HoldReleased,
    InvoiceChanged,
    LegalStop,
    News,
    OptedIn,
    OptedOut,
    OutreachResolved,
    PaidOutside,
    PaymentReported,
    PlaybookSwapped,
    PromiseMade,
    Reissued,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
    StepSkipped,
    WaitAsked,
    WordUnreadable,
    WrittenOff,
)
from domain.facts import Facts
from domain.invoice import Invoice, Standing
from domain.ladder import next_step
from domain.money import Money, UnableToReckon
from domain.owed import TITLES, AnswerKind, Owed
from domain.plan_news import InstallmentMissed, PlanAgreed, PlanEnded, PlanOffered
from domain.task import Task, TaskKind

NOT_UNDERSTOOD = "not understood"
LONGEST_HOLD = timedelta(days=90)
DEFAULT_HOLD = timedelta(days=14)
# How many business days a reported payment may take to show in the ledger, by how it was sent.
PAYMENT_BUSINESS_DAYS = {"transfer": 3, "check": 7, "abroad": 5}
# Money promised for a day may reach the books two business days later.
PROMISE_GRACE_BUSINESS_DAYS = 2


def fold(case: Case, news: News, facts: Facts, now: datetime) -> Folded:
    """``case`` after ``news``, with the answer to give, the diary lines it makes and what people must do about it."""
    if case.ended and not isinstance(news, (InvoiceChanged, Reopened, Reissued)):
        return Folded(case, Reply(False, f"this invoice is no longer watched: {case.ended_why}"))
    match news:
        case InvoiceChanged():
            return Folded(case, Reply(True, "the ledger will be read again"))
        case PaymentReported():
            return _report_payment(case, news, facts, now)
        case PromiseMade():
            return _promise(case, news, facts, now)
        case HoldPlaced():
            return _hold(case, news, facts, now)
        case HoldReleased():
            return _release(case, news, facts, now)
        case StepSkipped():
            return _skip(case, news, facts, now)
        case ChasingStopped() | PaidOutside() | WrittenOff() | Reopened() | Escalated() | PlaybookSwapped() | DiscountGranted() | Reissued():
            return deciding.fold(case, news, facts, now)
        case AgencyAuthorized() | ContactSet() | CustomerSet() | GivenBack():
            return deciding.fold(case, news, facts, now)
        case ApprovalAsked() | ApprovalGiven() | ApprovalLapsed() | ApprovalRefused():
            return deciding.fold_approval(case, news, facts, now)
        case DisputeRaised() | DisputeResolved() | LegalStop() | WaitAsked() | Replied() | ReplyHandled() | Spoken():
            return silences.fold(case, news, facts, now)
        case PlanOffered() | PlanAgreed() | InstallmentMissed() | PlanEnded():
            return silences.fold(case, news, facts, now)
        case AnswerOwed():
            return _answer(case, news, facts, now)
        case OutreachResolved():
            return _resolve(case, news, facts, now)
        case CallEnded():
            return calling.fold(case, news, facts, now)
        case DeliveryReported() | OptedOut() | OptedIn():
            return delivery.fold(case, news, facts, now)
        case WordUnreadable():
            return _unreadable(case, news, facts, now)
        case other:
            assert_never(other)


def observe(case: Case, seen: Invoice, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` after the ledger was read: the new snapshot, and a line for each thing that moved.

    What moves on an invoice no longer watched is nobody's concern, unless it is owed again: that begins a new round.
    """
    before = case.invoice
    lines = []
    owes_again = _owes_again(case, seen, facts)
    if case.ended and not owes_again:
        return replace(case, invoice=seen), ()
    if seen.balance.currency != before.balance.currency:
        lines.append(f"currency changed from {before.balance.currency} to {seen.balance.currency}")
    elif seen.balance < before.balance:
        lines.append(f"{before.balance - seen.balance} paid or credited, {seen.balance} left")
    elif before.balance < seen.balance:
        lines.append(f"balance rose from {before.balance} to {seen.balance}")
    if seen.customer != before.customer:
        lines.append("the ledger bills another customer for it now")
    if seen.due != before.due:
        lines.append(f"due date moved from {write_day(before.due)} to {write_day(seen.due)}")
    if seen.standing is not before.standing:
        lines.append(f"the ledger now says: {seen.standing.replace('_', ' ')}")
    case = replace(case, invoice=seen)
    entries = tuple(entry(case, facts, now, EntryKind.LEDGER, line) for line in lines)
    if owes_again:
        case = replace(matters.begin_round(case, facts), silences=())
        entries = (*entries, entry(case, facts, now, EntryKind.OPENED, f"owed again: {seen.balance}"))
    return case, entries


def _owes_again(case: Case, seen: Invoice, facts: Facts) -> bool:
    """Whether an invoice that was settled or voided is to be paid once more.

    One that ended while the ledger still showed a balance (paid outside, less a discount) owes again only when that grows.
    """
    if case.ended not in (Outcome.SETTLED, Outcome.VOIDED) or seen.standing is not Standing.OPEN or seen.is_settled(facts.tolerance):
        return False
    before = case.invoice
    was_clear = before.standing is not Standing.OPEN or before.is_settled(facts.tolerance)
    return was_clear or seen.balance.currency != before.balance.currency or before.balance < seen.balance


def mature(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` after time has passed: a promise is kept, partly kept or broken; going live begins a new round."""
    entries: tuple[Entry, ...] = ()
    if case.mode == "shadow" and facts.mode == "live":
        kept = tuple(rung for rung in case.rungs if rung.is_contact or rung.fate is Fate.SKIPPED)
        if any(rung.fate is Fate.SHADOWED for rung in case.rungs):
            case = replace(case, round=case.round + 1, went_live=case.went_live + 1, entered=False, rungs=kept, copy=None)
    holds = tuple(hold for hold in case.holds if hold.until > now)
    case, lapsed = deciding.let_lapse(replace(case, mode=facts.mode.value, holds=holds), facts, now)
    entries += lapsed
    if made := case.open_promise:
        stands = promise.standing_after(made, _paid_since(made, case), facts.today(now), _grace(facts), facts.tolerance)
        if stands.standing is not PromiseStanding.OPEN:
            case = replace(case, promises=tuple(replace(p, standing=stands.standing) if p == made else p for p in case.promises))
            entries = (entry(case, facts, now, EntryKind.PROMISE, stands.line),)
    return case, entries


def promise_ends(made: Promise, facts: Facts) -> datetime:
    """When an open promise stops silencing its invoice: the start of the day after its grace."""
    return start_of_day(promise.silent_until(made, _grace(facts)), (facts.seller_zone,))


def _grace(facts: Facts) -> promise.Grace:
    return lambda day: facts.bank_calendar.add(day, PROMISE_GRACE_BUSINESS_DAYS)


def _paid_since(made: Promise, case: Case) -> Money:
    balance = case.invoice.balance
    return made.balance_then - balance if balance.currency == made.balance_then.currency else balance


def _report_payment(case: Case, news: PaymentReported, facts: Facts, now: datetime) -> Folded:
    until = start_of_day(facts.bank_calendar.add(facts.today(now), PAYMENT_BUSINESS_DAYS[news.method]) + timedelta(days=1), (facts.seller_zone,))
    until = min(until, patience.last_moment(case, HoldKind.PAYMENT_REPORTED.value, now))
    if until <= now:
        task = silences.remittance_task(case, facts, now)
        said = f"payment reported by {who(news)} once more: remittance advice is asked for, and chasing goes on{because(news)}"
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),), (task,))
    case = with_hold(case, Hold(HoldKind.PAYMENT_REPORTED, until, "a payment was reported and the ledger does not show it yet", who(news), now))
    case, tasks = confirming.confirm(case, AnswerKind.PAYMENT_NOTED, news.confirmed_for, facts, now, day=facts.today(until))
    by = {"transfer": "", "check": " (by check)", "abroad": " (from abroad)"}[news.method]
    because_of = f" ({news.why})" if news.why else ""
    said = f"payment reported by {who(news)}{by}: quiet until {write_day(facts.today(until))} unless the ledger shows it sooner{because_of}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),), tasks)


def _promise(case: Case, news: PromiseMade, facts: Facts, now: datetime) -> Folded:
    balance, today = case.invoice.balance, facts.today(now)
    if news.scheduled and today <= news.day <= case.invoice.due:
        said = f"payment is scheduled for {write_day(news.day)}"
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, f"{said} (told by {who(news)}){because(news)}", news.by),))
    try:
        amount = balance if news.amount is None else Money(news.amount, balance.currency)
    except UnableToReckon as error:
        return Folded(case, Reply(False, f"amount: {error}"))
    match promise.judge(amount, news.day, balance, case.promises, facts.playbook.promise, today):
        case promise.Impossible(why=why):
            return Folded(case, Reply(False, why))
        case promise.NeedsPerson(why=why) if not news.decided:
            return silences.ask_about_promise(case, news, amount, why, facts, now)
    made = Promise(amount, news.day, now, balance, who(news), method=news.method)
    ends = promise_ends(made, facts)
    if ends > patience.last_moment(case, patience.PROMISE, now):
        return Folded(case, Reply(False, f"day: {patience.why_not(case, patience.PROMISE, facts, now)}; agree on a payment plan instead"))
    case = patience.note(case, patience.PROMISE, ends, now)
    earlier = tuple(replace(p, standing=PromiseStanding.REPLACED) if p.standing is PromiseStanding.OPEN else p for p in case.promises)
    holds = tuple(hold for hold in case.holds if hold.kind is not HoldKind.PROMISE_TO_DECIDE)
    case = replace(case, promises=(*earlier, made), holds=holds)
    case, tasks = confirming.confirm_promise(case, made, facts, now)
    said = f"promise recorded: {amount} by {write_day(news.day)}"
    quiet = write_day(facts.today(promise_ends(made, facts)))
    line = entry(case, facts, now, EntryKind.PROMISE, f"{said} (told by {who(news)}){because(news)}", news.by)
    return Folded(case, Reply(True, f"{said}; quiet until {quiet}"), (line,), tasks)


def _answer(case: Case, news: AnswerOwed, facts: Facts, now: datetime) -> Folded:
    if news.what is AnswerKind.PROMISE_CONFIRMED:
        return Folded(case, Reply(False, "what: a promise is confirmed by itself once it is recorded: dunwell case promise"))
    if news.what is AnswerKind.SETTLED:
        return Folded(case, Reply(False, "what: whoever is to be told that it is paid is told by itself, once the ledger shows the money"))
    if news.what is AnswerKind.DISCOUNT_GRANTED:
        return Folded(case, Reply(False, "what: a discount is told by itself once it is granted: dunwell case discount"))
    if news.what in confirming.SAID_ON_THE_PHONE:
        return Folded(case, Reply(False, "what: it is confirmed by itself once it was said to the voice agent"))
    if news.what in (AnswerKind.PLAN_CONFIRMED, AnswerKind.INSTALLMENT_REMINDER, AnswerKind.PLAN_PROPOSED) and not news.parts:
        return Folded(case, Reply(False, "parts: name the installments, with day and amount"))
    if any(part.amount.currency != case.invoice.balance.currency for part in news.parts):
        return Folded(case, Reply(False, f"parts: the invoice is in {case.invoice.balance.currency}"))
    if not confirming.may_say(news.what, facts):
        task = confirming.by_hand(case, Owed(0, news.what, now, news.parts, news.about), facts, now)
        case = copies.want(case, now) if news.what is AnswerKind.COPY_SENT else case
        said = f"{TITLES[news.what]}: given to a person of ours{because(news)}"
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),), (task,))
    if news.what is AnswerKind.COPY_SENT:
        return silences.owe_copy(case, news, facts, now)
    if news.what is AnswerKind.PAY_LINK and confirming.went_today(case, news.what, facts, now):
        return Folded(case, Reply(True, f"the {TITLES[news.what]} went out today already"))
    case = confirming.owe(case, news.what, now, news.parts, news.about)
    said = f"the {TITLES[news.what]} is due to the customer{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _hold(case: Case, news: HoldPlaced, facts: Facts, now: datetime) -> Folded:
    today = facts.today(now)
    last = facts.today(patience.last_moment(case, HoldKind.MANUAL.value, now))
    day = news.until or min(today + DEFAULT_HOLD, max(last, today + timedelta(days=1)))
    if not today < day <= today + LONGEST_HOLD:
        return Folded(case, Reply(False, f"until: {day} must lie between tomorrow and {today + LONGEST_HOLD}; nobody can silence an invoice for ever"))
    if day > last:
        return Folded(case, Reply(False, f"until: {patience.why_not(case, HoldKind.MANUAL.value, facts, now)}"))
    until = start_of_day(day, (facts.seller_zone,))
    longer = next((hold for hold in case.holds if hold.kind is HoldKind.MANUAL and hold.until > until), None)
    if news.at_least and longer:
        said = f"held until {write_day(facts.today(longer.until))} already{because(news)}"
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))
    case = with_hold(case, Hold(HoldKind.MANUAL, until, news.why or "held by hand", who(news), now))
    said = f"held until {write_day(day)} by {who(news)}{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _release(case: Case, news: HoldReleased, facts: Facts, now: datetime) -> Folded:
    legal = next((hold for hold in case.holds if hold.kind is HoldKind.LEGAL), None)
    if legal and not news.legal:
        return Folded(case, Reply(False, f"this is a legal stop ({legal.why}); release it by name: dunwell case release {case.invoice.number} --legal"))
    if case.active_hold(now) is None and case.open_promise is None:
        return Folded(case, Reply(False, "there is no hold and no open promise to release"))
    plan = tuple(hold for hold in case.holds if hold.kind is HoldKind.PLAN)
    if plan and case.open_promise is None and len(plan) == len(case.holds):
        return Folded(case, Reply(False, "a payment plan keeps this invoice quiet; call that off instead: dunwell plan list, dunwell plan decline"))
    promises = tuple(replace(p, standing=PromiseStanding.RELEASED) if p.standing is PromiseStanding.OPEN else p for p in case.promises)
    case = patience.cut_short(replace(case, holds=plan, promises=promises), now)
    said = f"{'legal stop ' if legal else ''}released by {who(news)}{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _skip(case: Case, news: StepSkipped, facts: Facts, now: datetime) -> Folded:
    step = next_step(case, facts)
    if news.step and news.step != step.name:
        return Folded(case, Reply(False, f"step: {news.step} is not the next one; the next is {step.name}"))
    case = case.with_rung(Rung(step.name, Fate.SKIPPED, now, why=news.why))
    said = f"{step.title} skipped by {who(news)}{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _resolve(case: Case, news: OutreachResolved, facts: Facts, now: datetime) -> Folded:
    """The doubtful message may stand in the case already, or only in the outreach ledger when its worker died."""
    rung = next((rung for rung in case.rungs if rung.outreach == news.outreach and (rung.fate is Fate.UNKNOWN or rung.is_to_be_posted)), None)
    if rung is not None and rung.is_to_be_posted:
        return delivery.fold_posted(case, rung, news, facts, now)
    flight = next((flight for flight in facts.in_flight if flight.outreach == news.outreach and flight.doubtful), None)
    if rung is None and flight is not None:
        rung = Rung(flight.step, Fate.UNKNOWN, flight.since, flight.channel, flight.outreach)
    if (answer := confirming.find_sent(case, news.outreach, facts)) and answer.fate in ("", Fate.UNKNOWN):
        return _resolve_answer(case, answer, news, facts, now)
    if rung is None:
        return Folded(case, Reply(False, "no message with an unknown fate is recorded under that number"))
    step = facts.playbook.step_of(rung)
    if flight is not None and flight.round < case.round:
        pass  # it belongs to an earlier round, and is no step of this one
    elif news.went_out:
        case = case.with_rung(replace(rung, fate=Fate.ACCEPTED))
    else:
        case = replace(case, rungs=tuple(other for other in case.rungs if other.outreach != news.outreach))
    said = f"{step.title}: {who(news)} found that it {'went out' if news.went_out else 'did not go out'}{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _resolve_answer(case: Case, answer: Owed, news: OutreachResolved, facts: Facts, now: datetime) -> Folded:
    """An answer that did not go out after all is owed again."""
    if news.went_out:
        case = confirming.record(case, answer, Fate.ACCEPTED.value, answer.channel, news.outreach, answer.at or now)
    else:
        case = case.with_answer(confirming.as_open(answer))
    said = f"{TITLES[answer.what]}: {who(news)} found that it {'went out' if news.went_out else 'did not go out'}{because(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.PERSON, said, news.by),))


def _unreadable(case: Case, news: WordUnreadable, facts: Facts, now: datetime) -> Folded:
    task = Task(
        key=f"unreadable/{case.id}/{news.text[:80]}",
        kind=TaskKind.READ_WORD,
        title=f"Somebody said something about invoice {case.invoice.number} that could not be understood",
        remedy=f"Read it and do what was meant by hand: {news.text[:400]}{f' ({news.why})' if news.why else ''}",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 1),
    )
    return Folded(
        case,
        Reply(False, f"{NOT_UNDERSTOOD}: {news.why or news.text[:200]}"),
        (entry(case, facts, now, EntryKind.TROUBLE, "something was said that could not be understood"),),
        (task,),
    )
