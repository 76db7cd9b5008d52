"""Messages that answer the customer: when one is owed, whether it is still true, and when it may leave.

They belong to no step of the ladder: no gap and no cap counts them, and what keeps an invoice silent does not hold them back,
since the customer waits for them. Hours, quiet periods and the law hold for them as for everything that leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain import copies, desk
from domain.answers import entry
from domain.case import Case, HoldKind, Promise
from domain.diary import Entry, EntryKind, write_day
from domain.facts import Facts
from domain.invoice import Standing
from domain.owed import TITLES, AgreedPart, AnswerKind, Owed, OwedStanding
from domain.playbook import Step
from domain.task import Task, TaskKind

# After so many refused attempts, or one that is final, a person of ours says it.
MOST_ATTEMPTS = 4
# Whoever is to be told that an invoice is paid is told within so many business days, or by a person of ours.
THANKS_BUSINESS_DAYS = 5
# Invoices that are paid together are thanked for in one message, for which each waits so long.
TOGETHER = timedelta(minutes=15)
_ANOTHER_TRY = timedelta(minutes=15)
_LEDGER_RETRY = timedelta(hours=1)
_MOST_REMEMBERED = 20
_BY_HAND = "a person of ours sees to it"
# What is confirmed where it was only spoken: whoever writes it has it in writing.
SAID_ON_THE_PHONE = (AnswerKind.DISPUTE_CONFIRMED, AnswerKind.CALL_BACK_CONFIRMED, AnswerKind.PAYMENT_NOTED)


@dataclass(frozen=True, slots=True)
class Next:
    """The message that answers next: by which channel, and from which moment on."""

    step: Step
    channel: str
    moment: datetime


def may_say(what: AnswerKind, facts: Facts) -> bool:
    """Whether the playbook has words for it; those pinned before there were any have none."""
    return facts.playbook.has_words_for(what)


def owe(case: Case, what: AnswerKind, now: datetime, parts: tuple[AgreedPart, ...] = (), about: str = "", *, day: date | None = None, ending: str = "") -> Case:
    """``case`` owing one more answer; of what names no installments, one that is owed already is enough."""
    if not parts and any(one.is_open and one.what is what for one in case.answers):
        return case
    number = 1 + max((one.number for one in case.answers), default=0)
    closed = [one for one in case.answers if not one.is_open]
    forgotten = {one.number for one in closed[:-_MOST_REMEMBERED]}
    kept = tuple(one for one in case.answers if one.number not in forgotten)
    return replace(case, answers=(*kept, Owed(number, what, now, parts, about, day=day, ending=ending)))


def confirm_promise(case: Case, made: Promise, facts: Facts, now: datetime) -> tuple[Case, tuple[Task, ...]]:
    """``case`` owing the confirmation of ``made``, the promise that counts now; where there are no words for it, a person writes."""
    case = drop(case, AnswerKind.PROMISE_CONFIRMED)
    if may_say(AnswerKind.PROMISE_CONFIRMED, facts):
        return owe(case, AnswerKind.PROMISE_CONFIRMED, now), ()
    return case, (by_hand(case, Owed(len(case.promises), AnswerKind.PROMISE_CONFIRMED, now, (AgreedPart(made.day, made.amount),)), facts, now),)


def confirm(
    case: Case, what: AnswerKind, numbers: tuple[str, ...], facts: Facts, now: datetime, *, day: date | None = None, ending: str = ""
) -> tuple[Case, tuple[Task, ...]]:
    """``case`` owing the confirmation, for the invoices with these numbers, of what was said; where there are no words for it, a person
    writes. Once a day is enough, and no number asks for none."""
    if not numbers or went_today(case, what, facts, now):
        return case, ()
    about = ", ".join(numbers)
    if may_say(what, facts):
        return owe(case, what, now, about=about, day=day, ending=ending), ()
    return case, (by_hand(case, Owed(0, what, now, about=about), facts, now),)


def drop(case: Case, what: AnswerKind) -> Case:
    """``case`` without what it owed of this kind."""
    return replace(case, answers=tuple(_dropped(one) if one.is_open and one.what is what else one for one in case.answers))


def went_today(case: Case, what: AnswerKind, facts: Facts, now: datetime) -> bool:
    """Whether the customer got one today: nobody is sent the same thing again and again, however often somebody asks."""
    return any(one.what is what and one.at and facts.customer_day(one.at) == facts.customer_day(now) for one in case.answers)


def record(case: Case, owed: Owed, fate: str, channel: str, outreach: str, now: datetime) -> Case:
    """``case`` once ``owed`` has been said, or may have been."""
    return case.with_answer(replace(owed, standing=OwedStanding.DONE, fate=fate, at=now, channel=channel, outreach=outreach))


def find_sent(case: Case, outreach: str, facts: Facts) -> Owed | None:
    """The answer that went, or may have gone, in the message ``outreach``; its worker may have died before it could say so."""
    lost = next((flight.step for flight in facts.in_flight if flight.outreach == outreach and flight.doubtful), "")
    return next((one for one in case.answers if one.outreach == outreach), None) or case.owed(lost)


def as_open(owed: Owed) -> Owed:
    """``owed`` once more: it never went out."""
    return Owed(owed.number, owed.what, owed.since, owed.parts, owed.about, day=owed.day, ending=owed.ending)


def lapse(case: Case, facts: Facts, now: datetime, *, is_over: bool) -> tuple[Case, tuple[Entry, ...], tuple[Task, ...]]:
    """``case`` without the answers that are not true any more, each with its line, and with a task for what no way is left for.

    ``is_over``: nothing is owed on the invoice any more, so that nothing need be said either, save just that.
    """
    entries: list[Entry] = []
    tasks: list[Task] = []
    first = find_open(case)
    for owed in case.answers:
        if not owed.is_open:
            continue
        title = TITLES[owed.what]
        if is_over and (case.ended or owed.what is not AnswerKind.SETTLED):
            case = case.with_answer(_dropped(owed))
            tasks += _for_the_others(owed, case, facts, now)
        elif why := _why_over(owed, case, facts, now):
            case = case.with_answer(_dropped(owed))
            entries.append(entry(case, facts, now, EntryKind.PASSED, f"{title} not sent: {why}"))
            tasks += _for_the_others(owed, case, facts, now) if owed.what is AnswerKind.DISPUTE_CONFIRMED else ()
        elif not _channel(facts.playbook.step(owed.step), facts if owed is first else replace(facts, refused_answers=()), now):
            case = case.with_answer(_dropped(owed))
            entries.append(entry(case, facts, now, EntryKind.PASSED, f"{title} not sent, for no way is left: {_BY_HAND}"))
            tasks.append(by_hand(case, owed, facts, now))
        elif case.settled_at and facts.today(now) > facts.bank_calendar.add(facts.today(case.settled_at), THANKS_BUSINESS_DAYS):
            case = case.with_answer(_dropped(owed))
            entries.append(entry(case, facts, now, EntryKind.PASSED, f"{title} not sent in {THANKS_BUSINESS_DAYS} business days: {_BY_HAND}"))
            tasks.append(by_hand(case, owed, facts, now))
    return case, tuple(entries), tuple(tasks)


def find_next(case: Case, facts: Facts, now: datetime) -> Next | None:
    """What answers the customer next, once it may leave; None: nothing is owed, or not while things stand as they do.

    It waits for a message that is on its way, and not for the end of a call: who asks for the link then wants it now.
    """
    owed = find_open(case)
    if owed is None or facts.missing or case.successor or case.invoice.standing is not Standing.OPEN:
        return None
    if any(flight.channel != "call" or flight.doubtful for flight in facts.in_flight):
        return None
    if owed.what is AnswerKind.PROMISE_CONFIRMED and facts.tolerance.covers(case.chased):
        return None  # nothing that was promised is undisputed
    step = facts.playbook.step(owed.step)
    channel = _channel(step, facts, now)
    moment = max(now, owed.since + TOGETHER) if owed.what is AnswerKind.SETTLED else now
    if refused := facts.refused_answers:
        moment = max(moment, refused[-1].at + (timedelta() if channel == "task" else _ANOTHER_TRY * 2 ** (len(refused) - 1)))
    if facts.fenced or facts.switched_off or facts.unread:
        moment = max(moment, facts.opening(facts.customer_day(now) + timedelta(days=1)))
    if facts.books.problem or facts.books.read_at is None or now - facts.books.read_at > facts.books.max_age:
        moment = max(moment, now + _LEDGER_RETRY)
    if channel and (refusal := desk.allow(step, channel, facts, now)):
        moment = max(moment, refusal.until)
    return Next(step, channel, moment) if channel else None


def find_open(case: Case) -> Owed | None:
    """The answer that has been owed for longest."""
    return next((one for one in case.answers if one.is_open), None)


def by_hand(case: Case, owed: Owed, facts: Facts, now: datetime) -> Task:
    """What a person of ours says to the customer in place of the message."""
    if owed.what is AnswerKind.COPY_SENT:
        return copies.to_send(case, facts, facts.bank_calendar.on_or_after(facts.today(now)))
    number, title = case.invoice.number, TITLES[owed.what]
    terms = ", ".join(f"{part.amount} by {write_day(part.day)}" for part in owed.parts)
    remedy = f"Write to customer {facts.customer.number} today{f': {terms}' if terms else ''}"
    remedy += f", for invoice {owed.about}" if owed.about else ""
    key = f"answer/{case.id}/{owed.what.value}/{owed.parts[0].day if owed.parts else owed.number}"
    return Task(key, TaskKind.CALL, f"Invoice {number}: {title}", remedy, facts.owner, facts.bank_calendar.on_or_after(facts.today(now)))


def _for_the_others(owed: Owed, case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """A call was about several invoices, and nothing is to be said any more of the one that speaks for them: a person speaks for the rest."""
    others = [number for number in owed.about.split(", ") if number and number != case.invoice.number]
    over = any(hold.kind is HoldKind.LEGAL for hold in case.holds) or (owed.day and owed.day < facts.today(now))
    if owed.what not in SAID_ON_THE_PHONE or not others or over:
        return ()
    return (by_hand(case, replace(owed, about=", ".join(others)), facts, now),)


def _why_over(owed: Owed, case: Case, facts: Facts, now: datetime) -> str:
    """Why an answer is not true any more; empty while it is."""
    if any(hold.kind is HoldKind.LEGAL for hold in case.holds):
        return "a legal stop"
    match owed.what:
        case AnswerKind.PROMISE_CONFIRMED:
            promise = case.open_promise
            return "" if promise and promise.made_at == owed.since else "the promise stands no more"
        case AnswerKind.PLAN_CONFIRMED | AnswerKind.INSTALLMENT_REMINDER | AnswerKind.PLAN_PROPOSED:
            if not any(hold.kind is HoldKind.PLAN for hold in case.holds):
                return "the payment plan has ended"
            past = owed.what is AnswerKind.INSTALLMENT_REMINDER and owed.parts and owed.parts[0].day < facts.today(now)
            return "its day has gone" if past else ""
        case AnswerKind.COPY_SENT | AnswerKind.PAY_LINK:
            return ""
        case AnswerKind.DISCOUNT_GRANTED:
            return "" if case.discount and case.discount.last_day >= facts.today(now) else "its day has gone"
        case AnswerKind.SETTLED:
            return "" if case.settled_at else "it is owed again"
        case AnswerKind.DISPUTE_CONFIRMED:
            return "" if case.open_dispute else "the dispute is over"
        case AnswerKind.CALL_BACK_CONFIRMED:
            return "its day has gone" if owed.day and owed.day < facts.today(now) else ""
        case AnswerKind.PAYMENT_NOTED:
            return "" if any(hold.kind is HoldKind.PAYMENT_REPORTED and hold.until > now for hold in case.holds) else "its time is over"


def _channel(step: Step, facts: Facts, now: datetime) -> str:
    refused = facts.refused_answers
    if refused and (len(refused) >= MOST_ATTEMPTS or not refused[-1].try_again):
        return "task" if "task" in step.by else ""
    return facts.channel_for(step, now)


def _dropped(owed: Owed) -> Owed:
    return replace(owed, standing=OwedStanding.DROPPED)
