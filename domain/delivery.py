"""What becomes of a message after a provider took it, what that means for its address, and who wants no more of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain import confirming
from domain.answers import Folded, Reply, because, entry, taken, who
from domain.case import Case, Fate, Rung
from domain.diary import EntryKind, write_day
from domain.event import DeliveryReported, OptedIn, OptedOut, OutreachResolved
from domain.facts import Facts
from domain.owed import TITLES, Owed
from domain.task import Task, TaskKind

# So many soft failures of an address within the window make it one that takes nothing.
MOST_SOFT_FAILURES = 3
SOFT_FAILURE_WINDOW = timedelta(days=14)


class Told(StrEnum):
    """What a provider tells of a message, in rising weight: the last word in this order counts, whatever came first."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"


class Fault(StrEnum):
    """Why a message did not arrive, or was not welcome.

    LATER: the same may arrive later. OURS: something of ours is to be mended. DEAD: the address takes nothing by this
    channel. UNWANTED: its owner wants nothing by it. COMPLAINED: it arrived, and its reader called it spam.
    """

    LATER = "later"
    OURS = "ours"
    DEAD = "dead"
    UNWANTED = "unwanted"
    COMPLAINED = "complained"


class Ground(StrEnum):
    """Why nothing goes to an address or number by a channel."""

    ASKED = "asked"  # its owner said stop, or unsubscribed
    COMPLAINED = "complained"
    DEAD = "dead"
    BY_HAND = "by_hand"


_GROUNDS = {Fault.DEAD: Ground.DEAD, Fault.UNWANTED: Ground.ASKED, Fault.COMPLAINED: Ground.COMPLAINED}


def ground_of(fault: Fault | None) -> Ground | None:
    """Why nothing may go to the address any more after this fault; None when more may."""
    return _GROUNDS.get(fault) if fault else None


def silenced_by(channel: str) -> tuple[str, ...]:
    """Every channel to the same address that falls silent with ``channel`` when its owner says stop: whoever wants no text
    messages gets no machine's calls either (47 CFR 64.1200(a)(10), as if revoking one revoked all)."""
    return ("sms", "call") if channel in ("sms", "call") else (channel,)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One thing a provider told of one message. ``source`` and ``source_id`` make it one, however often it comes.

    ``outreach`` is our opaque id, empty where the provider did not give it back. ``reach`` is the address or number it went to,
    as ``domain.customer.spell_reach`` writes it.
    """

    source: str
    source_id: str
    outreach: str
    provider_id: str
    channel: str
    reach: str
    told: Told
    at: datetime
    fault: Fault | None = None
    reason: str = ""


def fold(case: Case, news: DeliveryReported | OptedOut | OptedIn, facts: Facts, now: datetime) -> Folded:
    """``case`` after one of these words."""
    match news:
        case DeliveryReported() if answer := confirming.find_sent(case, news.outreach, facts):
            return _fold_answer(case, answer, news, facts, now)
        case DeliveryReported():
            return _fold_delivery(case, news, facts, now)
        case OptedOut():
            said = f"{who(news)} wants nothing more {_by(news.channels)}{because(news)}"
            return taken(case, said, news, facts, now, *_task_to_call(case, news, facts, now))
        case OptedIn():
            return taken(case, f"{who(news)}: {_by(news.channels)} again{because(news)}", news, facts, now)


_CHANNELS = {"email": "by e-mail", "sms": "by text message", "call": "by phone from a machine", "portal": "in the portal", "letter": "by letter"}


def _by(channels: tuple[str, ...]) -> str:
    return " or ".join(_CHANNELS.get(channel, channel) for channel in channels) or "by this channel"


def _fold_delivery(case: Case, news: DeliveryReported, facts: Facts, now: datetime) -> Folded:
    rung = next((rung for rung in case.rungs if rung.outreach == news.outreach and rung.is_contact), None)
    flight = next((flight for flight in facts.in_flight if flight.outreach == news.outreach and flight.doubtful), None)
    if rung is None and flight is not None and flight.round == case.round:
        rung = Rung(flight.step, Fate.UNKNOWN, flight.since, flight.channel, flight.outreach)
    if rung is None:
        # Told again by whoever writes down that it left, if it is only just leaving.
        return Folded(case, Reply(flight is not None, "it belongs to no step of this round"))
    title = facts.playbook.step_of(rung).title
    if news.fate == "failed":
        return _fold_failure(case, rung, title, news, facts, now)
    if news.fate == "accepted":
        if rung.fate is not Fate.UNKNOWN:
            return Folded(case, Reply(True, "known already"))
        case, said = case.with_rung(replace(rung, fate=Fate.ACCEPTED)), f"{title}: it did go out, says {who(news)}"
    else:
        if rung.fate is Fate.DELIVERED:
            return Folded(case, Reply(True, "known already"))
        arrived = max(rung.at, min(news.at or now, now))
        case, said = case.with_rung(replace(rung, fate=Fate.DELIVERED, at=arrived)), f"{title} arrived, says {who(news)}"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.CONTACT, said, news.by),))


def fold_posted(case: Case, rung: Rung, news: OutreachResolved, facts: Facts, now: datetime) -> Folded:
    """A printed letter was put into the post, or it was not and is written anew."""
    title, today = facts.playbook.step_of(rung).title, facts.today(now)
    if not news.went_out:
        case = replace(case, rungs=tuple(other for other in case.rungs if other is not rung))
        return taken(case, f"{title} was not posted, says {who(news)}{because(news)}: it is written anew", news, facts, now)
    day, printed = news.day or today, facts.today(rung.at)
    if not printed <= day <= today:
        return Folded(case, Reply(False, f"day: {day} is not between the day it was printed, {printed}, and today"))
    return taken(case.with_rung(replace(rung, posted=day)), f"{title} posted on {write_day(day)}, says {who(news)}{because(news)}", news, facts, now)


def _fold_answer(case: Case, answer: Owed, news: DeliveryReported, facts: Facts, now: datetime) -> Folded:
    """What answers the customer and did not arrive, a person of ours says."""
    title = TITLES[answer.what]
    if news.fate != "failed":
        if answer.fate == Fate.DELIVERED or answer.fate == news.fate:
            return Folded(case, Reply(True, "known already"))
        case = confirming.record(case, answer, news.fate, answer.channel, news.outreach, answer.at or now)
        said = f"{title} {'arrived' if news.fate == 'delivered' else 'did go out'}, says {who(news)}"
        return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.CONTACT, said, news.by),))
    case = confirming.record(case, answer, Fate.PASSED_OVER.value, answer.channel, news.outreach, answer.at or now)
    said = f"{title} did not arrive{because(news)}: given to a person of ours"
    return Folded(case, Reply(True, said), (entry(case, facts, now, EntryKind.TROUBLE, said, news.by),), (confirming.by_hand(case, answer, facts, now),))


def _fold_failure(case: Case, rung: Rung, title: str, news: DeliveryReported, facts: Facts, now: datetime) -> Folded:
    """The step is not used up: another contact or channel takes it, or the same later. Once a later step has been taken it is left."""
    others = tuple(other for other in case.rungs if other is not rung and other.outreach != rung.outreach)
    names = [step.name for step in facts.playbook.steps]
    place = names.index(rung.step) if rung.step in names else len(names)
    overtaken = any(other.is_contact and other.step in names[place + 1 :] for other in others)
    what = f"{title} did not arrive{because(news)}"
    if overtaken:
        case = replace(case, rungs=(*others, replace(rung, fate=Fate.PASSED_OVER, why="it did not arrive, and a later step has been taken")))
    else:
        case = replace(case, rungs=others)
        if not news.again:  # else what has been tried before decides, and the lines that follow tell
            what = f"{what}; {'it is tried another way' if facts.channel_for(facts.playbook.step_of(rung), now) else 'no other way is known'}"
    tasks = () if news.again else (_task_to_repair(case, rung, title, news, facts, now),)
    return Folded(case, Reply(True, what), (entry(case, facts, now, EntryKind.TROUBLE, what, news.by),), tasks)


def undelivered(case: str) -> str:
    """The matter of a message about ``case`` that did not arrive."""
    return f"undelivered/{case}"


def dead_address(customer: str) -> str:
    """The matter of an address of ``customer`` that takes nothing: open until somebody has corrected it, whatever else arrives."""
    return f"dead-address/{customer}"


def _task_to_repair(case: Case, rung: Rung, title: str, news: DeliveryReported, facts: Facts, now: datetime) -> Task:
    number, due = case.invoice.number, facts.bank_calendar.add(facts.today(now), 1)
    how = f"dunwell contact list {facts.customer.number} shows whom we write to, dunwell contact set corrects it"
    remedy = f"{news.why or 'The address takes no messages'}. Find a contact that works: {how}. What is still due is tried another way meanwhile, if any. "
    remedy += "Where the ledger is corrected instead, close this task then"
    name = f"The {title} for invoice {number} did not arrive {_by((rung.channel,))}"
    return Task(dead_address(facts.customer.id), TaskKind.REPAIR_CONTACT, name, remedy, facts.owner, due)


def _task_to_call(case: Case, news: OptedOut, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """Whoever wants no more messages is called, once a customer: formal notices go on by letter only."""
    if case.invoice.days_past_due(facts.today(now)) <= 0 or facts.tolerance.covers(case.invoice.balance):
        return ()
    title = f"Call customer {facts.customer.number}: nothing more may be sent {_by(news.channels)}"
    remedy = f"They asked for that{because(news)}. Agree by phone how invoice {case.invoice.number} is paid; what must be in writing goes by letter"
    return (Task(f"opted-out/{facts.customer.id}", TaskKind.CALL, title, remedy, facts.owner, facts.bank_calendar.add(facts.today(now), 1)),)
