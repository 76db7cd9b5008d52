"""Calls that a machine makes: what an invoice takes from one that has ended, and when the next one is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain import ladder
from domain.answers import Folded, Reply, because, entry
from domain.case import Case, Fate, Rung
from domain.diary import EntryKind
from domain.event import CallEnded
from domain.facts import CountsAs, Facts
from domain.task import Task, TaskKind

# How a call that did not reach whom it was for ended, in the reader's words.
_MISSED = {
    "nobody": "nobody was reached",
    "voicemail": "a machine answered, and was asked to have us called back",
    "wrong_number": "it was the wrong number",
    "stopped": "it was answered, and ended before a word about the matter, because something had changed",
}


def fold(case: Case, news: CallEnded, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of its calls: only a conversation with whom it was for counts as the step."""
    flight = next((one for one in facts.in_flight if one.outreach == news.outreach), None)
    rung = next((one for one in case.rungs if one.outreach == news.outreach and one.fate is Fate.UNKNOWN), None)
    if rung is None and flight is not None:
        rung = Rung(flight.step, Fate.UNKNOWN, flight.since, "call", flight.outreach)
    if rung is None:
        return Folded(case, Reply(False, "no call under that number is under way"))
    step = facts.playbook.step_of(rung)
    if news.result != "talked":
        case = replace(case, rungs=tuple(one for one in case.rungs if one.outreach != news.outreach))
        said = f"{step.title}: {_MISSED[news.result]}{because(news)}"
        asked = (_number_to_mend(news, facts, now),) if news.result == "wrong_number" else ()
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.CONTACT, said),), asked)
    said = f"{step.title} made by phone{ladder.why_moved(step, case, facts, now)}{because(news)}"
    if flight is None or flight.round in (0, case.round):
        case = case.with_rung(replace(rung, fate=Fate.DELIVERED, at=now))
        # What was said during the call came after it began.
        case = replace(case, delayed="", silences=tuple(one for one in case.silences if one.since >= rung.at))
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.CONTACT, said),))


def hear_end(facts: Facts, news: CallEnded, now: datetime) -> Facts:
    """The facts once a call has ended: nothing of it is under way, and one that reached nobody was an attempt."""
    facts = replace(facts, in_flight=tuple(flight for flight in facts.in_flight if flight.outreach != news.outreach))
    if news.result == "talked":
        return facts
    counts = counts_as(news)
    contacts = tuple(replace(one, counts_as=counts) if one.outreach == news.outreach and counts else one for one in facts.contacts)
    return replace(facts, contacts=contacts, missed=(*facts.missed, now))


def counts_as(news: CallEnded) -> CountsAs | None:
    """What a call that ended so counts as from then on; None: as what it was begun."""
    return None if news.result in ("talked", "voicemail") else CountsAs.ATTEMPT


def next_attempt(facts: Facts) -> datetime:
    """When a step whose calls reached nobody is tried again: on the next business day."""
    last = facts.customer_day(max(facts.missed))
    return facts.opening(facts.calendar.add(last, 1), "call")


def _number_to_mend(news: CallEnded, facts: Facts, now: datetime) -> Task:
    number = facts.customer.number
    remedy = f"Nobody calls it any more. Find out the right one, then: dunwell contact set {number} --role billing --phone NUMBER --reason WHY"
    due = facts.bank_calendar.add(facts.today(now), 1)
    return Task(f"wrong-number/{facts.customer.id}", TaskKind.REPAIR_CONTACT, f"A phone number of customer {number} is wrong", remedy, facts.owner, due)
