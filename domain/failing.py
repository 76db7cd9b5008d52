"""A step whose message did not go, or did not arrive: when the same way is tried again, what is to be mended, when it is given up.

A refused attempt is known not to have been sent, so it may be repeated; what is in doubt never comes here. ``Facts.way_for`` says
which way is next, and that every way that fails has an end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import ladder, matters
from domain.answers import entry
from domain.case import Case, Fate, Rung
from domain.delivery import undelivered
from domain.diary import Entry, EntryKind
from domain.facts import Facts, Refused
from domain.playbook import Step
from domain.task import Task, TaskKind
from domain.texting import TOO_LONG

_RETRY = timedelta(minutes=15)
_LONGEST = timedelta(hours=4)
_NAMES = {"twilio": "Twilio", "twilio-calls": "Twilio", "sendgrid": "SendGrid", "smtp": "the mail server", "capture": "the folder for messages"}
_WORDS = {"email": "e-mail", "sms": "text message", "call": "call", "letter": "letter", "portal": "note in the portal"}
_AS = {"email": "by e-mail", "sms": "as a text message", "call": "by phone", "letter": "by letter", "portal": "in the portal"}
_CODE = re.compile(r"\berror (\d{5})\b")
_MEND = "Mend what the provider complains about (its account, our settings, or the customer's address); it is tried again by itself"
_MEND_ALL = "Mend it, then close this task. Messages that it concerns go another way, where their step has one, and are tried at most three times"


@dataclass(frozen=True, slots=True)
class Retry:
    """The same way is tried again at ``until``; ``why`` it did not go, in a reader's words."""

    until: datetime
    why: str


def next_try(step: Step, facts: Facts, now: datetime) -> Retry | None:
    """When the way that ``step`` takes next may be tried again: soon and then ever later while a provider cannot take it, else
    on the next day. None: that way has not failed."""
    channel, contact = facts.way_for(step, now)
    tried = facts.attempts(step, channel, contact, now) if contact else ()
    if not tried:
        return None
    last, word = tried[-1], _WORDS.get(channel, channel)
    why = f"the last {word} did not arrive" if last.taken else f"the last {word} did not go out ({name_provider(last.provider)})"
    if last.try_again and not last.taken and not facts.has_failed(tried):
        return Retry(last.at + min(_RETRY * 2 ** min(len(tried) - 1, 8), _LONGEST), why)
    return Retry(facts.opening(facts.customer_day(last.at) + timedelta(days=1)), why)


def name_provider(provider: str) -> str:
    """A provider as people call it."""
    return _NAMES.get(provider, provider or "its provider")


def to_mend(case: Case, step: Step, channel: str, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What people of ours must mend because of the last failure of ``step``, which now goes by ``channel``: one incident a
    provider that cannot be used, and one an error code of its, however many invoices notice."""
    last = _last(step, facts)
    if last is None or (last.taken and last.try_again) or (last.reason.startswith(TOO_LONG) and last.channel != channel):
        return ()
    who, word = name_provider(last.provider), _WORDS.get(last.channel, last.channel)
    if last.try_again:
        return (matters.incident(facts, now, f"provider/{last.provider}", f"No {word} goes out ({who}): {last.reason}", _MEND),)
    if code := _CODE.search(last.reason):
        key, title = f"refused/{last.provider}/{code[1]}", f"{who} error {code[1]}: a {word} was refused"
        return (matters.incident(facts, now, key, title, f"{last.reason}. {_MEND_ALL}"),)
    title = f"A message about invoice {case.invoice.number} {'did not arrive' if last.taken else 'was not taken'}: {last.reason}"
    return (matters.incident(facts, now, f"refused/{case.id}", title, _MEND),)


def why_another_way(step: Step, channel: str, facts: Facts) -> str:
    """Why ``step`` goes by ``channel`` and not as it was to, as the diary tells it; empty when it does."""
    last = next((one for one in reversed(facts.refusals) if one.step == step.name and one.channel != channel), None)
    return f" (not {_AS.get(last.channel, last.channel)}: {last.reason[:200]})" if last else ""


def is_spent(step: Step, facts: Facts, now: datetime) -> bool:
    """Whether every way of ``step`` has failed it so often that none is tried any more; not so where nobody could be reached at all."""
    return not facts.channel_for(step, now) and next(facts.ways(step, now), None) is not None


def why_spent(step: Step, facts: Facts) -> str:
    last = _last(step, facts)
    return f"it could not be delivered{f': {last.reason[:200]}' if last else ''}"


def give_up(case: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...], tuple[Task, ...]]:
    """``case`` past a step that no way is left for, with its line and what a person does in its place. A severe step is never
    left out so: what follows builds on it."""
    step = ladder.next_step(case, facts)
    if not facts.refusals or step.severe or not is_spent(step, facts, now):
        return case, (), ()
    why, number = why_spent(step, facts), case.invoice.number
    remedy = f"Write to customer {facts.customer.number} yourself, or call: {why}. dunwell contact list {facts.customer.number} shows whom we write to"
    title, due = f"The {step.title} for invoice {number} could not be delivered", facts.bank_calendar.add(facts.today(now), 1)
    task = Task(undelivered(case.id), TaskKind.REPAIR_CONTACT, title, remedy, facts.owner, due)
    line = entry(case, facts, now, EntryKind.PASSED, f"{step.title} left out: {why}")
    return case.with_rung(Rung(step.name, Fate.PASSED_OVER, now, why=why)), (line,), (task,)


def _last(step: Step, facts: Facts) -> Refused | None:
    return next((one for one in reversed(facts.refusals) if one.step == step.name), None)
