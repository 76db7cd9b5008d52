"""The heart: what to do about an invoice at a moment. Pure and total; called by the worker, the preview and every test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from domain import calling, confirming, copies, desk, failing, ladder, leave, matters, parking, silences, thanking
from domain.answers import Folded, Reply, entry
from domain.calendar import zone
from domain.case import ApprovalStanding, Case, Discount, Dispute, Fate, Hold, HoldKind, Outcome, Rung
from domain.diary import Entry, EntryKind, write_day
from domain.event import (
    CallEnded,
    DeliveryReported,
    DisputeRaised,
    News,
    OutreachResolved,
    PromiseMade,
    Replied,
    Spoken,
    WordUnreadable,
)
from domain.facts import Facts, Mode
from domain.fold import fold, mature, observe, promise_ends
from domain.invoice import Invoice, Standing
from domain.money import Money
from domain.person import stand_in
from domain.plan_news import PlanAgreed
from domain.playbook import Stage, Step
from domain.task import Task

# In place of a channel: the step's exact text is written, and people are asked to agree to it.
APPROVAL = "approval"
# The rules by which a wait ends with a contact.
CONTACT_RULES = ("planned", "hours", "gap", "caps", "courtesy")
_SOON = timedelta(minutes=1)
_LEDGER_RETRY = timedelta(hours=1)
_COVERED_RETRY = timedelta(minutes=1)
_MISSING = "Find out in the ledger whether it was deleted; if nothing is owed, stop it here"


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
    """A decision with the name of the rule that made it, and what people must do because of it. ``contact`` is the moment of the
    contact that it waits for, where something else is looked at before; None: there is none, or the wait ends with it."""

    decision: Decision
    rule: str
    tasks: tuple[Task, ...] = ()
    contact: datetime | None = None


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
    followed, had_ended = case.playbook, case.ended
    if seen is not None:
        late, asked = matters.late_money(case, seen, facts, now)
        entries += late
        tasks += asked
        case, lines = observe(case, seen, facts, now)
        entries += lines
    if facts.books.problem:
        tasks.append(matters.unreadable_ledger(facts, now))
    for word in news:
        folded = _hear(case, word, facts, now)
        case = folded.case
        entries += folded.entries
        tasks += folded.tasks
        replies.append(folded.reply)
        if isinstance(word, OutreachResolved | DeliveryReported) and folded.reply.taken:
            facts = _without_doubt(facts, word)
        if isinstance(word, CallEnded) and folded.reply.taken:
            facts = calling.hear_end(facts, word, now)
    if case.playbook != followed:
        # These facts hold the playbook it followed until now, by which nothing may be decided any more.
        return Assessment(case, _wait(now, "its playbook has changed", facts.owner, "swapped", now), tuple(entries), tuple(tasks), tuple(replies))
    if not case.ended:
        lines, asked = silences.lapse(case, facts, now)
        entries += lines
        tasks += asked
        case, lines = mature(case, facts, now)
        entries += lines
        case, lines = ladder.presume_delivered(case, facts, now)
        entries += lines
        if _the_end(case, facts, now) is None:
            # Money that went back before its customer was told takes that word along, and what waited goes on.
            case = parking.resume(replace(case, settled_at=None), facts, now)
            case, lines, asked = failing.give_up(case, facts, now)
            entries += lines
            tasks += asked
            case, lines = ladder.pass_over(case, facts, now)
            entries += lines
    end = _the_end(case, facts, now)
    if end and not had_ended and not case.settled_at and isinstance(end.decision, Close) and end.decision.outcome in (Outcome.SETTLED, Outcome.VOIDED):
        case = thanking.owe_thanks(case, facts, now) if end.rule == "settled" else case
        tasks += matters.compensate(case, facts, now)
        entries += [entry(case, facts, now, EntryKind.CLOSED, end.decision.why)] if case.settled_at else []
    case, lines, asked = confirming.lapse(case, facts, now, is_over=end is not None)
    entries += lines
    tasks += asked
    if end is None:
        case, asked = copies.look(case, facts, now)
        tasks += leave.left_lying(case, facts, now) if not parking.is_silent(case, facts, now) else ()
        tasks += (*asked, *matters.letters_to_post(case, facts, now))
    case = parking.set_aside(case, facts, now)
    tasks += matters.milestones(case, facts, now)
    verdict = decide(case, facts, now)
    delay = ladder.DELAYS.get(verdict.rule)
    if delay and not (verdict.rule == "hours" and (case.delayed or _is_over_today(verdict, facts, now))):  # the hour is only the last of several reasons
        case = replace(case, delayed=delay)
    if isinstance(verdict.decision, Close) and not case.ended:
        case = replace(case, ended=verdict.decision.outcome, ended_why=verdict.decision.why)
        entries += [] if case.settled_at else [entry(case, facts, now, EntryKind.CLOSED, verdict.decision.why)]
    return Assessment(case, verdict, tuple(entries), (*tasks, *verdict.tasks), tuple(replies))


def _hear(case: Case, word: News, facts: Facts, now: datetime) -> Folded:
    try:
        folded = fold(case, word, facts, now)
        return replace(folded, case=replace(folded.case, answered_at=now)) if folded.reply.taken and _is_answer(word) else folded
    except Exception as error:  # a word that nobody foresaw must not silence all that were said after it
        return fold(case, WordUnreadable(repr(word), by=word.by, why=f"{type(error).__name__}: {error}"), facts, now)


def _is_answer(word: News) -> bool:
    """Whether with ``word`` the customer has answered what it heard."""
    match word:
        case Spoken(reached=True, wrote=False) | CallEnded(result="talked"):
            return True
        case _:
            return isinstance(word, Replied | PromiseMade | DisputeRaised | PlanAgreed)


def _without_doubt(facts: Facts, found: OutreachResolved | DeliveryReported) -> Facts:
    """The facts once somebody knows what became of a message: one that never left, or did not arrive, was no contact."""
    went_out = found.went_out if isinstance(found, OutreachResolved) else found.fate != "failed"
    contacts = tuple(contact for contact in facts.contacts if went_out or contact.outreach != found.outreach)
    return replace(facts, contacts=contacts, in_flight=tuple(flight for flight in facts.in_flight if flight.outreach != found.outreach))


def decide(case: Case, facts: Facts, now: datetime) -> Verdict:
    """What to do about ``case`` at ``now``: the first rule that applies, from the end of the case to the next step."""
    answer = confirming.find_next(case, facts, now)
    end = _the_end(case, facts, now)
    verdict = (_thanking(case, answer, facts, now) or end) if end else None
    verdict = verdict or _answering(answer, now) or _a_reason_for_silence(case, facts, now) or _the_next_step(case, facts, now)
    # A promise is kept or broken on its day, however long something else keeps the invoice silent.
    promised = promise_ends(case.open_promise, facts) if case.open_promise else None
    looks = [moment for moment in (matters.next_milestone(case, facts, now), answer and answer.moment, promised) if moment]
    if isinstance(verdict.decision, Wait) and looks and min(looks) < verdict.decision.until:
        contact = verdict.decision.until if verdict.rule in CONTACT_RULES else None
        verdict = replace(verdict, decision=replace(verdict.decision, until=max(min(looks), now + _SOON)), contact=contact)
    if isinstance(verdict.decision, Wait) and facts.people:
        acting = stand_in(verdict.decision.owner, facts.people, facts.today(now)) or facts.owner
        return replace(verdict, decision=replace(verdict.decision, owner=acting))
    return verdict


def _the_end(case: Case, facts: Facts, now: datetime) -> Verdict | None:
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
    if case.discount and _is_paid_net(case, case.discount, facts):
        why = f"paid in time less {case.discount.percent}% discount"
        return Verdict(Close(Outcome.SETTLED, why), "settled", (matters.credit_note(case, case.discount, facts, now),))
    return None


def _answering(answer: confirming.Next | None, now: datetime) -> Verdict | None:
    """The customer is answered before anything else is weighed; None: there is nothing to answer, or not now."""
    if answer is None or answer.moment > now:
        return None
    return Verdict(Perform(answer.step.name, answer.channel, f"{answer.step.title} by {answer.channel}"), "answer")


def _thanking(case: Case, answer: confirming.Next | None, facts: Facts, now: datetime) -> Verdict | None:
    """What is paid is watched on until its customer has been told so; None: it need not be told."""
    if case.ended or not case.settled_at or thanking.find_thanks(case, facts) is None:
        return None
    until = answer.moment if answer else now + _LEDGER_RETRY
    return _answering(answer, now) or _wait(until, "it is paid, and the customer is to be told that it is over", facts.owner, "thanks", now)


def _is_paid_net(case: Case, discount: Discount, facts: Facts) -> bool:
    """Whether all but the discount was paid by its last day."""
    invoice = case.invoice
    return facts.tolerance.covers(invoice.balance - discount.off(invoice.total)) and invoice.paid_on is not None and invoice.paid_on <= discount.last_day


def _a_reason_for_silence(case: Case, facts: Facts, now: datetime) -> Verdict | None:
    if doubtful := next((flight for flight in facts.in_flight if flight.doubtful), None):
        return _unknown_outreach(case, doubtful.outreach, facts, now)
    if facts.in_flight:
        return _wait(now + _COVERED_RETRY, "a message to this customer is on its way", facts.owner, "covered", now)
    if doubtful_rung := next((rung for rung in case.rungs if rung.fate is Fate.UNKNOWN), None):
        return _unknown_outreach(case, doubtful_rung.outreach, facts, now)
    if facts.missing:
        why = "the ledger no longer knows this invoice"
        task = matters.incident(facts, now, f"missing/{case.id}", f"The ledger no longer knows invoice {case.invoice.number}", _MISSING)
        return _wait(facts.opening(_tomorrow(facts, now)), why, facts.owner, "missing", now, task)
    hold = case.active_hold(now)
    if hold and hold.kind is HoldKind.LEGAL:
        return _legally_stopped(case, hold, facts, now)
    if case.invoice.standing is Standing.DRAFT:
        return _wait(facts.opening(_tomorrow(facts, now)), "the ledger says the invoice is a draft", facts.owner, "draft", now)
    if case.successor:
        until, task = facts.opening(facts.customer_day(now) + timedelta(days=7)), matters.void_task(case, facts, now)
        return _wait(until, "another invoice has replaced it, and the ledger still shows it open", facts.owner, "replaced", now, task)
    if case.invoice.standing is Standing.DISPUTED:
        until, task = facts.opening(facts.customer_day(now) + timedelta(days=7)), silences.ledger_dispute_task(case, facts, now)
        return _wait(until, "the ledger says the invoice is disputed", facts.owner, "disputed", now, task)
    if (dispute := case.open_dispute) and facts.tolerance.covers(case.chased):
        return _in_dispute(dispute, facts, now)
    if hold:
        return _held(hold, facts, now)
    if promise := case.open_promise:
        return _wait(promise_ends(promise, facts), f"{promise.amount} promised by {write_day(promise.day)}", promise.by, "promise", now)
    for kind, quiet in _PAYER_WAITS.items():
        if kind in facts.payer_waits:
            return _wait(facts.opening(_tomorrow(facts, now)), quiet.why, facts.owner, quiet.rule, now)
    return None


def _in_dispute(dispute: Dispute, facts: Facts, now: datetime) -> Verdict:
    """Nothing is left to ask for. We are the ones who are reminded, from the day its owner was to have cleared it up."""
    why = f"a credit note of {dispute.amount} is promised" if dispute.credit_note else f"{dispute.amount} in dispute"
    until = max(dispute.due, facts.bank_calendar.add(facts.today(now), 1))
    return _wait(matters.morning(until, facts), f"{why}, to be cleared up by {write_day(dispute.due)}", dispute.owner, "disputed", now)


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A kind of hold in the reader's words, and the name of its rule."""

    rule: str
    why: str


_QUIET = {
    HoldKind.MANUAL: _Quiet("hold", "on hold"),
    HoldKind.PAYMENT_REPORTED: _Quiet("hold", "on hold"),
    HoldKind.REPLY: _Quiet("reply", "the customer answered, and nobody has dealt with it yet: quiet"),
    HoldKind.PLAN: _Quiet("plan", "a payment plan covers it: quiet"),
    HoldKind.PLEASE_WAIT: _Quiet("please-wait", "a colleague asked to wait: quiet"),
    HoldKind.PROMISE_TO_DECIDE: _Quiet("promise-to-decide", "a promise waits for a decision: quiet"),
    HoldKind.COPY: _Quiet("copy", "the customer asked for the invoice once more, and gets time to look at it: quiet"),
}
# Why nobody is written to at whom a customer pays through, by what keeps an invoice of theirs silent.
_PAYER_WAITS = {
    HoldKind.LEGAL: _Quiet("legal", "there is a legal stop for whom this customer pays through"),
    HoldKind.MANUAL: _Quiet("hold", "whom this customer pays through is on hold"),
    HoldKind.PLAN: _Quiet("plan", "a payment plan of whom this customer pays through is offered or agreed: quiet"),
    HoldKind.REPLY: _Quiet("reply", "whom this customer pays through has answered, and nobody has dealt with it yet: quiet"),
}


def _legally_stopped(case: Case, hold: Hold, facts: Facts, now: datetime) -> Verdict:
    look = matters.morning(facts.today(now) + silences.LEGAL_LOOK, facts)
    tasks = (silences.legal_task(case, hold.why, facts, now),) if now >= hold.since + silences.LEGAL_LOOK else ()
    return Verdict(Wait(look, f"legal stop ({hold.why}): only a person releases it", hold.by), "legal", tasks)


def _held(hold: Hold, facts: Facts, now: datetime) -> Verdict:
    quiet = _QUIET[hold.kind]
    rule, why = quiet.rule, quiet.why
    until = max(hold.until, now + _SOON)
    if hold.kind is HoldKind.REPLY:
        return _wait(until, why, hold.by if now < silences.handover(hold, facts) else facts.deputy or hold.by, rule, now)
    return Verdict(Wait(until, f"{why} until {write_day(facts.today(hold.until))}", hold.by, detail=hold.why), rule)


def _the_next_step(case: Case, facts: Facts, now: datetime) -> Verdict:
    due = ladder.next_due(case, facts, now)
    step = due.step
    if due.blocked:
        until = facts.opening(facts.customer_day(now) + timedelta(days=7))
        tasks = () if due.asked else (matters.review(case, facts, now, due.blocked),)
        return _wait(until, due.blocked, facts.owner, "undelivered", now, *tasks)
    if not step.do.is_internal and (handed := ladder.handed_over(case, facts)):
        until = facts.opening(facts.customer_day(now) + timedelta(days=facts.playbook.afterwards.every_days))
        since = write_day(facts.today(handed.at))
        return _wait(until, f"others have spoken to the customer since the {facts.playbook.step_of(handed).title} of {since}", facts.owner, "handed-over", now)
    if due.moment > now:
        return _wait(due.moment, f"{step.title} planned for {_moment(due.moment, facts)}", facts.owner, "planned", now)
    if facts.fenced:
        return _wait(facts.opening(_tomorrow(facts, now)), facts.fenced, facts.owner, "fenced", now)
    if facts.switched_off:
        return Verdict(Wait(facts.opening(_tomorrow(facts, now)), "all sending is stopped", facts.owner, detail=facts.switched_off), "switched-off")
    if facts.unread:
        why = "nobody would read what the customer answers"
        return _wait(facts.opening(_tomorrow(facts, now)), why, facts.owner, "unread", now, matters.unread_answers(facts, now))
    if blocked := _unbelievable_books(case, facts, now):
        return blocked
    if unapplied := desk.find_unapplied(facts, case.invoice.balance.currency):
        return _with_money_to_apply(unapplied, facts, now)
    channel = facts.channel_for(step, now)
    if not channel:
        return _undeliverable(case, step, facts, now) if failing.is_spent(step, facts, now) else _unreachable(facts, now)
    if facts.voice_unapproved and facts.mode is Mode.LIVE and not step.do.is_internal and channel != "task":
        return _wait(_next_try(facts, now), facts.voice_unapproved, facts.owner, "voice", now, matters.unapproved_voice(case, facts, now))
    if facts.mode is Mode.LIVE and leave.needed(case, step, facts, now) and (asked := _without_leave(case, step, facts, now)):
        return asked
    to_mend = failing.to_mend(case, step, channel, facts, now)
    if (retry := failing.next_try(step, facts, now)) and retry.until > now:
        return _wait(retry.until, retry.why, facts.owner, "refused", now, *to_mend)
    if channel == "call" and facts.missed and now < (again := calling.next_attempt(facts)):
        return _wait(again, "nobody was reached by phone; another call is made then", facts.owner, "missed", now)
    if refusal := desk.allow(step, channel, facts, now):
        waiting = Wait(max(refusal.until, now + _SOON), f"{step.title} is next, but {refusal.why}", facts.owner, detail=refusal.detail)
        return Verdict(waiting, refusal.rule)
    lying = ladder.is_unanswered(ladder.next_step(case, facts), case)
    finished = step.stage is Stage.STATEMENT and not lying and case.invoice.balance.amount >= facts.envelope.least_balance
    tasks = (matters.review(case, facts, now, "every reminder has been sent and the invoice is still open"),) if finished else ()
    return Verdict(Perform(step.name, channel, f"{step.title} by {channel}"), "due", (*tasks, *to_mend))


def _without_leave(case: Case, step: Step, facts: Facts, now: datetime) -> Verdict | None:
    """None once enough people agreed to the step's exact text."""
    approval = case.approval(step.name)
    if approval and approval.standing is ApprovalStanding.GIVEN:
        return None
    if approval is None or approval.standing is not ApprovalStanding.OPEN:
        asking = facts.bank_calendar.on_or_after(facts.today(now))
        if asking > facts.today(now) and not facts.envelope.hours.any_time:
            return _wait(facts.opening(asking), f"the {step.title} waits for approval", facts.owner, "approval", now)
        return Verdict(Perform(step.name, APPROVAL, f"ask for approval of the {step.title}"), "due")
    why = f"the {step.title} waits for approval"
    task = leave.ask(case, step, facts.today(approval.expires) - timedelta(days=1), facts, approval)
    if not step.approve and now < (reminded := leave.reminded(approval, facts)):
        return _wait(min(reminded, approval.expires), why, task.owner, "approval", now)
    is_task = not step.approve and leave.is_spokesman(case, approval)
    return _wait(approval.expires, why, task.owner, "approval", now, *((task,) if is_task else ()))


def _unbelievable_books(case: Case, facts: Facts, now: datetime) -> Verdict | None:
    """Both tests of freshness: the read is recent, and the books are posted through the last business day."""
    books, today = facts.books, facts.today(now)
    if books.problem:
        return _wait(_next_try(facts, now), "the ledger cannot be read", facts.owner, "ledger", now, matters.unreadable_ledger(facts, now))
    if books.read_at is None or now - books.read_at > books.max_age:
        remedy = "Import a fresh export: dunwell import FILE"
        task = matters.incident(facts, now, f"ledger/{books.source}", f"The last word from the ledger {books.source} is too old", remedy)
        return _wait(_next_try(facts, now), "the last word from the ledger is too old", facts.owner, "stale", now, task)
    needed = facts.bank_calendar.add(today, -1)
    overdue = case.invoice.days_past_due(today) > 0
    if overdue and (books.posted_through is None or books.posted_through < needed):
        known = f"the books are posted through {write_day(books.posted_through)} only" if books.posted_through else "nobody has said how far the bank is booked"
        why = f"{known}; a payment of {write_day(needed)} would not be seen"
        remedy = f"Book the bank of {write_day(needed)} first; then, where the ledger does not tell: dunwell posted-through {needed}"
        return _wait(_next_try(facts, now), why, facts.owner, "books", now, matters.incident(facts, now, f"books/{books.source}", why, remedy))
    return None


def _next_try(facts: Facts, now: datetime) -> datetime:
    """In an hour, or when contact hours open again: until then nothing could leave anyway."""
    return facts.envelope.hours.next_allowed(now + _LEDGER_RETRY, facts.customer.zones, facts.calendar, facts.slot)


def _with_money_to_apply(unapplied: Money, facts: Facts, now: datetime) -> Verdict:
    task = matters.money_to_apply(unapplied, facts, now)
    return _wait(facts.opening(_tomorrow(facts, now)), f"{unapplied} of the customer's money is not applied yet", facts.owner, "unapplied", now, task)


def _unreachable(facts: Facts, now: datetime) -> Verdict:
    task = matters.contact_to_repair(facts, now)
    return _wait(facts.opening(_tomorrow(facts, now)), "nobody at the customer can be reached", facts.owner, "unreachable", now, task)


def _undeliverable(case: Case, step: Step, facts: Facts, now: datetime) -> Verdict:
    """What follows a severe step builds on it, so a person decides."""
    why = f"the {step.title} has failed as often as it is tried"
    task = matters.review(case, facts, now, f"the {step.title}: {failing.why_spent(step, facts)}")
    return _wait(facts.opening(facts.customer_day(now) + timedelta(days=7)), why, facts.owner, "undelivered", now, task)


def _unknown_outreach(case: Case, outreach: str, facts: Facts, now: datetime) -> Verdict:
    task = matters.outreach_to_resolve(case, outreach, facts, now)
    return _wait(facts.opening(_tomorrow(facts, now)), "nobody knows yet whether the last message went out", facts.owner, "unknown", now, task)


# How a step reached whom it was meant for, by channel.
_CARRIED = {
    "email": "sent by e-mail",
    "sms": "sent as a text message",
    "call": "made by phone",
    "letter": "sent by letter",
    "portal": "put into the portal",
    "task": "given to a person of ours",
}


def _is_over_today(verdict: Verdict, facts: Facts, now: datetime) -> bool:
    """Whether the wait ends on the day it begins: then no step comes on another day for it."""
    decision = verdict.decision
    return isinstance(decision, Wait) and facts.customer_day(decision.until) == facts.customer_day(now)


def record_contact(case: Case, step: str, channel: str, fate: Fate, outreach: str, facts: Facts, now: datetime) -> tuple[Case, Entry]:
    """``case`` after ``step`` was carried out (or shadowed, or left in doubt), and the diary line for it."""
    moved = ""
    if owed := case.owed(step):
        case = confirming.record(case, owed, fate.value, channel, outreach, now)
    else:
        moved = ladder.why_moved(facts.playbook.step(step), case, facts, now) + failing.why_another_way(facts.playbook.step(step), channel, facts)
        case = replace(case.with_rung(Rung(step, fate, now, channel, outreach)), delayed="", silences=())
    title, carried = facts.playbook.step(step).title, _CARRIED.get(channel, f"sent by {channel}")
    match fate:
        case Fate.DONE:
            return case, entry(case, facts, now, EntryKind.CONTACT, f"{title}: {_CARRIED['task']}{moved}")
        case Fate.SHADOWED:
            return case, entry(case, facts, now, EntryKind.CONTACT, f"{title} would have been {carried} (nothing leaves yet)")
        case Fate.UNKNOWN:
            return case, entry(case, facts, now, EntryKind.TROUBLE, f"{title}: nobody knows whether it was {carried}")
        case Fate.ACCEPTED if channel == "letter":
            return case, entry(case, facts, now, EntryKind.CONTACT, f"{title} printed, to be posted by a person of ours{moved}")
        case _:
            return case, entry(case, facts, now, EntryKind.CONTACT, f"{title} {carried}{moved}")


def _wait(until: datetime, why: str, owner: str, rule: str, now: datetime, *tasks: Task) -> Verdict:
    return Verdict(Wait(max(until, now + _SOON), why, owner), rule, tasks)


def _tomorrow(facts: Facts, now: datetime) -> date:
    return facts.customer_day(now) + timedelta(days=1)


def _moment(moment: datetime, facts: Facts) -> str:
    local = moment.astimezone(zone(facts.customer.zones[0]))
    return f"{write_day(local.date())}, {local:%H:%M} {facts.customer.zones[0]}"
