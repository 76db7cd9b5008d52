"""The heart: what to do about an invoice at a moment. Pure and total; called by the worker, the preview and every test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from domain import desk, ladder
from domain.calendar import zone
from domain.case import Case, Fate, Outcome, Rung
from domain.diary import Entry, EntryKind, write_day
from domain.event import News, OutreachResolved, WordUnreadable
from domain.facts import Facts
from domain.fold import Folded, Reply, fold, mature, observe, promise_ends
from domain.invoice import Invoice, Standing
from domain.playbook import Stage
from domain.task import Task, TaskKind

_SOON = timedelta(minutes=1)
_LEDGER_RETRY = timedelta(hours=1)
_COVERED_RETRY = timedelta(minutes=1)
_REFUSED_RETRY = timedelta(minutes=15)
_REFUSED_LONGEST = timedelta(hours=4)
_MISSING = "Find out in the ledger whether it was deleted; if nothing is owed, stop it here"
_REFUSED = "Mend what the provider complains about (its account, our settings, or the customer's address); it is tried again by itself"


@dataclass(frozen=True, slots=True)
class Perform:
    """Do ``step`` by ``channel`` now."""

    step: str
    channel: str
    summary: str
    kind: Literal["perform"] = "perform"


@dataclass(frozen=True, slots=True)
class Wait:
    """Be silent until ``until`` or the next word. Every silence has a reason, an owner and an end.

    ``detail`` is what a person wrote about it; it stays in our own database.
    """

    until: datetime
    why: str
    owner: str
    kind: Literal["wait"] = "wait"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """The end, and which of the four it is."""

    outcome: Outcome
    why: str
    kind: Literal["close"] = "close"


Decision = Perform | Wait | Close


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with the name of the rule that made it, and what people must do because of it."""

    decision: Decision
    rule: str
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The case after everything said, the verdict, the diary lines and tasks made on the way, and the answers given."""

    case: Case
    verdict: Verdict
    entries: tuple[Entry, ...]
    tasks: tuple[Task, ...]
    replies: tuple[Reply, ...]


def assess(case: Case, seen: Invoice | None, news: Sequence[News], facts: Facts, now: datetime) -> Assessment:
    """Hear the ledger (``seen``; None: it could not be read), hear the news in order, let time pass, decide."""
    entries: list[Entry] = []
    tasks: list[Task] = []
    replies: list[Reply] = []
    if seen is not None:
        case, lines = observe(case, seen, facts, now)
        entries += lines
    if facts.books.problem:
        tasks.append(_unreadable_ledger(facts, now))
    for word in news:
        folded = _hear(case, word, facts, now)
        case = folded.case
        entries += folded.entries
        tasks += folded.tasks
        replies.append(folded.reply)
        if isinstance(word, OutreachResolved) and folded.reply.taken:
            facts = _without_doubt(facts, word)
    if not case.ended:
        case, lines = mature(case, facts, now)
        entries += lines
        case, lines = ladder.presume_delivered(case, facts, now)
        entries += lines
        case, lines = ladder.pass_over(case, facts, now)
        entries += lines
    verdict = decide(case, facts, now)
    if isinstance(verdict.decision, Close) and not case.ended:
        case = replace(case, ended=verdict.decision.outcome, ended_why=verdict.decision.why)
        entries.append(_line(case, facts, now, EntryKind.CLOSED, verdict.decision.why))
    return Assessment(case, verdict, tuple(entries), (*tasks, *verdict.tasks), tuple(replies))


def _hear(case: Case, word: News, facts: Facts, now: datetime) -> Folded:
    try:
        return fold(case, word, facts, now)
    except Exception as error:  # a word that nobody foresaw must not silence all that were said after it
        return fold(case, WordUnreadable(repr(word), by=word.by, why=f"{type(error).__name__}: {error}"), facts, now)


def _without_doubt(facts: Facts, found: OutreachResolved) -> Facts:
    """The facts once somebody knows what became of a message: one that never left was no contact."""
    contacts = tuple(contact for contact in facts.contacts if found.went_out or contact.outreach != found.outreach)
    return replace(facts, contacts=contacts, in_flight=tuple(flight for flight in facts.in_flight if flight.outreach != found.outreach))


def decide(case: Case, facts: Facts, now: datetime) -> Verdict:
    """What to do about ``case`` at ``now``: the first rule that applies, from the end of the case to the next step."""
    return _the_end(case, facts) or _a_reason_for_silence(case, facts, now) or _the_next_step(case, facts, now)


def _the_end(case: Case, facts: Facts) -> Verdict | None:
    invoice = case.invoice
    if case.ended:
        return Verdict(Close(case.ended, case.ended_why), "ended")
    if invoice.standing is Standing.VOID:
        return Verdict(Close(Outcome.VOIDED, "voided in the ledger"), "voided")
    if invoice.standing is Standing.WRITTEN_OFF:
        return Verdict(Close(Outcome.WRITTEN_OFF, "written off in the ledger"), "written-off")
    if invoice.standing is Standing.CLOSED:
        return Verdict(Close(Outcome.SETTLED, "closed in the ledger"), "closed")
    if invoice.is_settled(facts.tolerance):
        return Verdict(Close(Outcome.SETTLED, invoice.remainder_reason(facts.tolerance)), "settled")
    return None


def _a_reason_for_silence(case: Case, facts: Facts, now: datetime) -> Verdict | None:
    if doubtful := next((flight for flight in facts.in_flight if flight.doubtful), None):
        return _unknown_outreach(case, doubtful.outreach, facts, now)
    if facts.in_flight:
        return _wait(now + _COVERED_RETRY, "a message to this customer is on its way", facts.owner, "covered", now)
    if doubtful_rung := next((rung for rung in case.rungs if rung.fate is Fate.UNKNOWN), None):
        return _unknown_outreach(case, doubtful_rung.outreach, facts, now)
    if facts.missing:
        why = "the ledger no longer knows this invoice"
        task = _incident(facts, now, f"missing/{case.id}", f"The ledger no longer knows invoice {case.invoice.number}", _MISSING)
        return _wait(facts.opening(_tomorrow(facts, now)), why, facts.owner, "missing", now, task)
    if case.invoice.standing is Standing.DRAFT:
        return _wait(facts.opening(_tomorrow(facts, now)), "the ledger says the invoice is a draft", facts.owner, "draft", now)
    if case.invoice.standing is Standing.DISPUTED:
        return _wait(facts.opening(facts.customer_day(now) + timedelta(days=7)), "the ledger says the invoice is disputed", facts.owner, "disputed", now)
    if hold := case.active_hold(now):
        return Verdict(Wait(max(hold.until, now + _SOON), f"on hold until {write_day(facts.today(hold.until))}", hold.by, detail=hold.why), "hold")
    if promise := case.open_promise:
        return _wait(promise_ends(promise, facts), f"{promise.amount} promised by {write_day(promise.day)}", promise.by, "promise", now)
    return None


def _the_next_step(case: Case, facts: Facts, now: datetime) -> Verdict:
    due = ladder.next_due(case, facts, now)
    step = due.step
    if due.blocked:
        until = facts.opening(facts.customer_day(now) + timedelta(days=7))
        return _wait(until, due.blocked, facts.owner, "undelivered", now, _review(case, facts, now, due.blocked))
    if due.moment > now:
        return _wait(due.moment, f"{step.title} planned for {_moment(due.moment, facts)}", facts.owner, "planned", now)
    if facts.fenced:
        return _wait(facts.opening(_tomorrow(facts, now)), facts.fenced, facts.owner, "fenced", now)
    if facts.switched_off:
        return Verdict(Wait(facts.opening(_tomorrow(facts, now)), "all sending is stopped", facts.owner, detail=facts.switched_off), "switched-off")
    if blocked := _unbelievable_books(case, facts, now):
        return blocked
    channel = next((name for name in step.by if facts.customer.contact_for(name)), "")
    if not channel:
        return _unreachable(facts, now)
    if facts.refusals:
        retry = _after_refusal(case, facts, now)
        if retry.until > now:
            last = facts.refusals[-1]
            key = "mailer" if last.try_again else f"refused/{case.id}"
            task = _incident(facts, now, key, f"A message about invoice {case.invoice.number} was not taken: {last.reason}", _REFUSED)
            return _wait(retry.until, retry.why, facts.owner, "refused", now, task)
    if refusal := desk.allow(step, facts, now):
        return _wait(refusal.until, f"{step.title} is next, but {refusal.why}", facts.owner, refusal.rule, now)
    tasks = (_review(case, facts, now, "every reminder has been sent and the invoice is still open"),) if step.stage is Stage.STATEMENT else ()
    return Verdict(Perform(step.name, channel, f"{step.title} by {channel}"), "due", tasks)


def _after_refusal(case: Case, facts: Facts, now: datetime) -> desk.Refusal:
    """When to try a refused message again: soon and then ever later, or on the next day where trying is no use by itself."""
    last = facts.refusals[-1]
    soon = min(_REFUSED_RETRY * 2 ** min(len(facts.refusals) - 1, 8), _REFUSED_LONGEST)
    until = last.at + soon if last.try_again else facts.opening(facts.customer_day(last.at) + timedelta(days=1))
    return desk.Refusal(until, "refused", "the mail provider did not take the last message")


def _unbelievable_books(case: Case, facts: Facts, now: datetime) -> Verdict | None:
    """Both tests of freshness: the read is recent, and the books are posted through the last business day."""
    books, today = facts.books, facts.today(now)
    if books.problem:
        return _wait(now + _LEDGER_RETRY, "the ledger cannot be read", facts.owner, "ledger", now, _unreadable_ledger(facts, now))
    if books.read_at is None or now - books.read_at > books.max_age:
        remedy = "Import a fresh export: dunwell import FILE"
        task = _incident(facts, now, f"ledger/{books.source}", f"The last word from the ledger {books.source} is too old", remedy)
        return _wait(now + _LEDGER_RETRY, "the last word from the ledger is too old", facts.owner, "stale", now, task)
    needed = facts.bank_calendar.add(today, -1)
    overdue = case.invoice.days_past_due(today) > 0
    if overdue and (books.posted_through is None or books.posted_through < needed):
        booked = write_day(books.posted_through) if books.posted_through else "an unknown day"
        why = f"the books are posted through {booked} only; a payment of {write_day(needed)} would not be seen"
        remedy = f"Book the bank of {write_day(needed)} first; then, where the ledger does not tell: dunwell posted-through {needed}"
        return _wait(now + timedelta(hours=1), why, facts.owner, "books", now, _incident(facts, now, f"books/{books.source}", why, remedy))
    return None


def _unreadable_ledger(facts: Facts, now: datetime) -> Task:
    """One incident a ledger, however many invoices notice it."""
    return _incident(facts, now, f"ledger/{facts.books.source}", f"The ledger {facts.books.source} cannot be read: {facts.books.problem}", facts.books.remedy)


def _unreachable(facts: Facts, now: datetime) -> Verdict:
    task = Task(
        key=f"contact/{facts.customer.id}",
        kind=TaskKind.REPAIR_CONTACT,
        title=f"Nobody at customer {facts.customer.number} can be reached",
        remedy="Add a working e-mail address in the ledger; reminders go on by themselves",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 1),
    )
    return _wait(facts.opening(_tomorrow(facts, now)), "nobody at the customer can be reached", facts.owner, "unreachable", now, task)


def _unknown_outreach(case: Case, outreach: str, facts: Facts, now: datetime) -> Verdict:
    task = Task(
        key=f"outreach/{outreach}",
        kind=TaskKind.RESOLVE_OUTREACH,
        title=f"Nobody knows whether a message about invoice {case.invoice.number} went out",
        remedy=f"Look for it in the provider's log, then: dunwell case resolve {case.invoice.number} --sent (or --not-sent)",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 1),
    )
    return _wait(facts.opening(_tomorrow(facts, now)), "nobody knows yet whether the last message went out", facts.owner, "unknown", now, task)


def _review(case: Case, facts: Facts, now: datetime, why: str) -> Task:
    return Task(
        key=f"review/{case.id}/{case.round}",
        kind=TaskKind.REVIEW,
        title=f"Decide what happens to invoice {case.invoice.number}",
        remedy=f"{why[0].upper()}{why[1:]}. Call the customer, agree on a date, or stop it",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 3),
    )


def _incident(facts: Facts, now: datetime, key: str, title: str, remedy: str) -> Task:
    return Task(key, TaskKind.INCIDENT, title, remedy, facts.owner, facts.bank_calendar.on_or_after(facts.today(now)))


def record_contact(case: Case, step: str, channel: str, fate: Fate, outreach: str, facts: Facts, now: datetime) -> tuple[Case, Entry]:
    """``case`` after ``step`` was carried out (or shadowed, or left in doubt), and the diary line for it."""
    case = case.with_rung(Rung(step, fate, now, channel, outreach))
    title, by = facts.playbook.step(step).title, {"email": "e-mail"}.get(channel, channel)
    match fate:
        case Fate.SHADOWED:
            return case, _line(case, facts, now, EntryKind.CONTACT, f"{title} would have gone out by {by} (nothing leaves yet)")
        case Fate.UNKNOWN:
            return case, _line(case, facts, now, EntryKind.TROUBLE, f"{title} by {by}: nobody knows whether it went out")
        case _:
            return case, _line(case, facts, now, EntryKind.CONTACT, f"{title} sent by {by}")


def _line(case: Case, facts: Facts, now: datetime, kind: EntryKind, what: str) -> Entry:
    return Entry(now, facts.today(now), case.invoice.days_past_due(facts.today(now)), kind, what)


def _wait(until: datetime, why: str, owner: str, rule: str, now: datetime, *tasks: Task) -> Verdict:
    return Verdict(Wait(max(until, now + _SOON), why, owner), rule, tasks)


def _tomorrow(facts: Facts, now: datetime) -> date:
    return facts.customer_day(now) + timedelta(days=1)


def _moment(moment: datetime, facts: Facts) -> str:
    local = moment.astimezone(zone(facts.customer.zones[0]))
    return f"{write_day(local.date())}, {local:%H:%M} {facts.customer.zones[0]}"
