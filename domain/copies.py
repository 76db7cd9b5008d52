"""The invoice once more, for a customer to whom nothing came: until the copy has arrived nothing firm follows, and then a reminder first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from domain import patience
from domain.answers import with_hold
from domain.calendar import local_day, start_of_day
from domain.case import Case, CopyWanted, Fate, Hold, HoldKind
from domain.facts import Facts, Mode
from domain.ladder import PRESUMED_AFTER_BUSINESS_DAYS
from domain.owed import AnswerKind, Owed
from domain.task import Task, TaskKind

# Whoever says it again and again gets a copy each time; after so many, what was told since the last of them stands.
MOST_FRESH_STARTS = 2
# So long a copy that a person of ours has to send keeps everything waiting; then a reminder goes out without it.
BY_HAND_BUSINESS_DAYS = 10


def want(case: Case, now: datetime) -> Case:
    """``case`` once its customer asked for the invoice again: what was told before proves nothing any more."""
    before = case.copy
    if before and (before.arrived is None or before.times >= MOST_FRESH_STARTS):
        return case
    return replace(case, copy=CopyWanted(now, before.times + 1 if before else 1))


def note_sent(case: Case, facts: Facts, now: datetime) -> Case:
    """``case`` once a person of ours has sent the copy that was still owed."""
    if case.copy is None or case.copy.arrived or _left(_sent(case)):
        return case
    return replace(case, copy=replace(case.copy, arrived=facts.customer_day(now)))


def is_awaited(case: Case) -> bool:
    """Whether a copy is wanted and has not arrived."""
    return case.copy is not None and case.copy.arrived is None


def look(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Task, ...]]:
    """``case`` once it is known that the copy arrived, or that a person of ours must send it: then everything waits for that person
    for a time, and the task stays open until it is done, whatever else was said about it."""
    wanted, sent = case.copy, _sent(case)
    if wanted is None or wanted.arrived or (sent and sent.is_open):
        return case, ()
    if sent and (day := _arrival(sent, facts)):
        arrived = replace(wanted, arrived=day) if day <= facts.customer_day(now) else wanted
        return replace(case, copy=arrived), ()
    if sent and sent.fate == Fate.UNKNOWN:
        return case, ()
    if not wanted.by_hand:
        case = replace(case, copy=replace(wanted, by_hand=True))
        day = facts.bank_calendar.add(facts.today(now), BY_HAND_BUSINESS_DAYS)
        until = min(start_of_day(day, (facts.seller_zone,)), patience.last_moment(case, HoldKind.COPY.value, now))
        if until > now:
            case = with_hold(case, Hold(HoldKind.COPY, until, "a person of ours has to send the copy of the invoice", facts.owner, now))
    return case, (to_send(case, facts, facts.bank_calendar.on_or_after(facts.today(now))),)


def to_send(case: Case, facts: Facts, due: date) -> Task:
    """What a person of ours does who has to send the copy."""
    number = case.invoice.number
    remedy = f"Send a copy to whoever asked for it, then: dunwell case handled {number} --reason ... Nothing firm is sent before that is done"
    return Task(f"copy/{case.id}", TaskKind.READ_REPLY, f"The customer asks for invoice {number} once more", remedy, facts.owner, due)


def _sent(case: Case) -> Owed | None:
    """The message that brings the copy, if there is one."""
    asked = case.copy.since if case.copy else None
    copies = (one for one in case.answers if one.what is AnswerKind.COPY_SENT and asked and (one.is_open or one.since >= asked))
    return next(copies, None)


def _left(sent: Owed | None) -> bool:
    return sent is not None and sent.fate in (Fate.ACCEPTED, Fate.PRESUMED, Fate.DELIVERED, Fate.UNKNOWN)


def _arrival(sent: Owed, facts: Facts) -> date | None:
    """The day the message reached the customer, or is presumed to; None: it did not leave. A rehearsal's reaches nobody and counts in
    the rehearsal."""
    if sent.at is None:
        return None
    day = local_day(sent.at, facts.customer.zones)
    match sent.fate:
        case Fate.DELIVERED:
            return day
        case Fate.ACCEPTED | Fate.PRESUMED:
            return facts.calendar.add(day, PRESUMED_AFTER_BUSINESS_DAYS)
        case Fate.SHADOWED if facts.mode is Mode.SHADOW:
            return day
        case _:
            return None
