"""What people must do because of how an invoice stands: the tasks that a decision makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from domain import leave, parking, silences
from domain.answers import entry
from domain.calendar import start_of_day
from domain.case import Case, Discount, Fate, HoldKind, Outcome
from domain.diary import Entry, EntryKind
from domain.event import DisputeRaised, DisputeResolved, GivenBack, HoldReleased, LegalStop, News, PaymentReported, PromiseMade, ReplyHandled
from domain.facts import Facts
from domain.invoice import Invoice, Standing
from domain.money import Money
from domain.owed import AnswerKind
from domain.plan_news import PlanAgreed
from domain.playbook import Verb
from domain.task import Task, TaskKind

# So many days before an invoice counts as lost its owner is warned.
WRITE_OFF_WARNINGS = (30, 14)


def milestones(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What people must know in time whatever else keeps it silent: a write-off is near, a dispute should be over, an answer lies."""
    if case.ended or facts.tolerance.covers(case.invoice.balance):
        return ()
    tasks = []
    today, number = facts.today(now), case.invoice.number
    late, limit = case.invoice.days_past_due(today), facts.playbook.write_off_days
    in_installments = any(hold.kind is HoldKind.PLAN for hold in case.holds)
    if limit and limit - WRITE_OFF_WARNINGS[0] <= late < limit and not in_installments:
        near = next(days for days in reversed(WRITE_OFF_WARNINGS) if late >= limit - days)
        title = f"Invoice {number} nears its write-off: {case.invoice.balance}, {late} days late"
        remedy = f"In {limit - late} days it counts as lost. Call the customer, offer a plan, or write it off"
        key = _warning(case, near)
        tasks.append(Task(key, TaskKind.REVIEW, title, remedy, facts.owner, facts.bank_calendar.add(today, 3), once=True))
    if (dispute := case.open_dispute) and today >= dispute.due:
        tasks.append(silences.dispute_task(case, dispute, facts, now))
    tasks += [silences.deputy_task(case, hold, facts, now) for hold in silences.left_to_us(case) if now >= silences.handover(hold, facts)]
    return tuple(tasks)


def _warning(case: Case, near: int) -> str:
    """The matter of the warning so many days before the write-off: going live, which begins a new round too, repeats none."""
    return f"write-off/{case.id}/{case.round - case.went_live}/{near}"


def next_milestone(case: Case, facts: Facts, now: datetime) -> datetime | None:
    """When the next of ``milestones`` comes, or a payment that was reported should be there, if one does."""
    today, limit = facts.today(now), facts.playbook.write_off_days
    days = [case.invoice.due + timedelta(days=limit - before) for before in WRITE_OFF_WARNINGS if limit]
    days += [case.open_dispute.due] if case.open_dispute else []
    moments = [morning(day, facts) for day in days if day > today]
    moments += [silences.handover(hold, facts) for hold in silences.left_to_us(case)]
    moments += [hold.until for hold in case.holds if hold.kind is HoldKind.PAYMENT_REPORTED]
    return min((moment for moment in moments if moment > now), default=None)


# What is undone once the money has come: the title and the remedy of its task.
_UNDO = {
    Verb.PLACE_CREDIT_HOLD: ("Release the credit hold on customer {customer}", "{number} is paid: let new orders pass, unless another invoice holds them"),
    Verb.REFER_TO_AGENCY: ("Recall {number} from the agency", "It is paid: tell the agency to stop at once, and the customer that it is over"),
    Verb.HAND_OFF: ("Tell collections that {number} is paid", "They work on it: have them stop at once"),
    Verb.ALERT_ACCOUNT_MANAGER: ("{number} of {name} is paid", "Nothing more is to be done about it. Say that it is over, if you spoke with them"),
}
# After any of these the customer is told itself that all is well again, and whoever looks after it.
_FELT = (Verb.PLACE_CREDIT_HOLD, Verb.HAND_OFF, Verb.REFER_TO_AGENCY)
_TOLD = "told"


def compensate(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """What was done because the money did not come is undone now that it has, and everybody concerned is told: the account manager
    by a task of their own, the customer by a person where it is not owed a message, or by nobody during a legal stop."""
    words = {"number": f"invoice {case.invoice.number}", "customer": facts.customer.number, "name": facts.customer.name}
    done = {Verb(act) for act in acts_done(case, facts)}
    due = facts.bank_calendar.on_or_after(facts.today(now))
    felt = has_felt(case, facts)
    if felt and facts.account_manager:
        done.add(Verb.ALERT_ACCOUNT_MANAGER)
    wanted = {verb.value: _UNDO[verb] for verb in _UNDO if verb in done}
    is_written = any(one.is_open and one.what is AnswerKind.SETTLED for one in case.answers)
    if felt and not is_written and not any(hold.kind is HoldKind.LEGAL for hold in case.holds):
        wanted[_TOLD] = ("Tell customer {customer} that {number} is settled", "Thank them, and say what ends with it: orders pass, nobody else writes to them")
    owner = {Verb.ALERT_ACCOUNT_MANAGER.value: facts.account_manager or facts.owner}
    return tuple(
        Task(
            _compensation(case, what, case.round),
            TaskKind.COMPENSATE,
            _sentence(title.format(**words)),
            _sentence(remedy.format(**words)),
            owner.get(what, facts.owner),
            due,
        )
        for what, (title, remedy) in wanted.items()
    )


def has_felt(case: Case, facts: Facts) -> bool:
    """Whether measures were taken that the customer felt, and that may still stand."""
    return any(verb.value in acts_done(case, facts) for verb in _FELT)


def word_to_manager(case: Case) -> str:
    """The matter of telling the account manager that the invoice is paid."""
    return _compensation(case, Verb.ALERT_ACCOUNT_MANAGER.value, case.round)


def acts_done(case: Case, facts: Facts) -> tuple[str, ...]:
    """What was done among ourselves about ``case``, in this round or before, that money would undo."""
    back = case.given_back_at
    left = (Verb.HAND_OFF, Verb.REFER_TO_AGENCY)
    verbs = [(rung.at, facts.playbook.step_of(rung).do) for rung in case.rungs if rung.fate is Fate.DONE]
    done = {verb for at, verb in verbs if verb not in left or back is None or at > back}
    return tuple(verb.value for verb in _UNDO if verb in done or verb.value in case.acts)


def begin_round(case: Case, facts: Facts) -> Case:
    """``case`` before the first step of its ladder once more. A legal stop stays: only a person releases it. So does the silence of
    a payment plan that has not ended: it hears for itself what this means."""
    lasting = (HoldKind.LEGAL, HoldKind.PLAN) if facts.under_plan else (HoldKind.LEGAL,)
    stops = tuple(hold for hold in case.holds if hold.kind in lasting)
    case = replace(case, acts=acts_done(case, facts), ended=None, ended_why="", round=case.round + 1)
    return replace(case, entered=False, rungs=(), holds=stops, approvals=(), delayed="", copy=None, parked=(), settled_at=None)


def overtaken(case: Case) -> list[str]:
    """The matters that are over because an invoice owes again: what was to be undone must stand."""
    if case.ended or case.settled_at:
        return []
    rounds = (case.round - 1, case.round) if any(one.what is AnswerKind.SETTLED for one in case.answers) else (case.round - 1,)
    return [_compensation(case, what, round_) for round_ in rounds if round_ for what in (*(verb.value for verb in _UNDO), _TOLD)]


def _compensation(case: Case, what: str, round_: int) -> str:
    return f"compensate/{case.id}/{round_}/{what}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def has_late_money(ended: Outcome | None, before: Invoice, seen: Invoice) -> bool:
    """Whether the ledger shows money for an invoice that a person stopped, or that was written off, since it was last looked at.

    A balance that goes after a write-off is the write-off itself being booked; only a day of payment tells of money then.
    """
    if ended not in (Outcome.STOPPED, Outcome.WRITTEN_OFF) or seen.balance.currency != before.balance.currency:
        return False
    if seen.paid_on is not None and (before.paid_on is None or seen.paid_on > before.paid_on):
        return True
    fell = seen.standing in (Standing.OPEN, Standing.DISPUTED) and seen.balance < before.balance
    return ended is Outcome.STOPPED and (fell or (seen.standing is Standing.CLOSED and before.standing is not Standing.CLOSED))


def late_money(case: Case, seen: Invoice, facts: Facts, now: datetime) -> tuple[tuple[Entry, ...], tuple[Task, ...]]:
    """Money for an invoice that is not watched any more: the diary line, and the tasks to undo what was done, once all has come."""
    if not has_late_money(case.ended, case.invoice, seen):
        return (), ()
    how = "was stopped" if case.ended is Outcome.STOPPED else "was written off"
    line = entry(case, facts, now, EntryKind.LEDGER, f"money came after it {how}: {seen.balance} left")
    tasks = compensate(case, facts, now) if seen.is_settled(facts.tolerance) or seen.standing is Standing.CLOSED else ()
    if case.ended is Outcome.WRITTEN_OFF:
        title, remedy = f"Money came for invoice {case.invoice.number}, which was written off", "Book it as recovered, and take the write-off back"
        tasks += (Task(f"recovered/{case.id}", TaskKind.BOOK, title, remedy, facts.owner, facts.bank_calendar.add(facts.today(now), 3)),)
    return (line,), tasks


def answered_by(news: News, case: Case, facts: Facts) -> list[str]:
    """The matters that are over once ``news`` was taken: what their tasks asked for has been done."""
    match news:
        case ReplyHandled():
            return [f"reply/{case.id}", f"reply/{case.id}/deputy", f"copy/{case.id}", f"call-back/{case.id}"]
        case DisputeResolved():
            return [f"dispute/{case.id}"]
        case PromiseMade() if case.open_promise:
            return [f"promise/{case.id}", f"remittance/{case.id}"]
        case LegalStop():
            return [f"remittance/{case.id}", f"call-back/{case.id}"]
        case DisputeRaised() | PlanAgreed():
            return [f"remittance/{case.id}"]
        case PaymentReported() if any(hold.kind is HoldKind.PAYMENT_REPORTED for hold in case.holds):
            return [f"remittance/{case.id}"]
        case HoldReleased():
            return [f"legal/{case.id}"] if news.legal else []
        case GivenBack():
            away = (Verb.HAND_OFF, Verb.REFER_TO_AGENCY)
            return [f"act/{case.id}/{case.round}/{rung.step}" for rung in case.rungs if facts.playbook.step_of(rung).do in away]
        case _:
            return []


def moot_at_the_end(case: Case, facts: Facts) -> list[str]:
    """The matters that nobody need see to once the watch of ``case`` has ended: calls not made, questions not answered."""
    asked = [matter for one in case.approvals for matter in (f"approval/{case.id}/{one.step}", leave.lying_key(case, one.step))]
    return [
        f"undelivered/{case.id}",
        f"review/{case.id}/{case.round}",
        f"dispute/{case.id}",
        f"promise/{case.id}",
        f"legal/{case.id}",
        f"remittance/{case.id}",
        *(_warning(case, days) for days in WRITE_OFF_WARNINGS),
        *asked,
        *(parking.key(case, rung.step) for rung in parking.calls_of(case, facts)),
    ]


def letters_to_post(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """Letters that lie printed: nothing firm follows one before somebody of ours says that it was posted."""
    lying = (rung for rung in case.rungs if rung.is_to_be_posted)
    return tuple(to_post(case, facts.playbook.step_of(rung).title, rung.outreach, "", facts, now) for rung in lying)


def to_post(case: Case, title: str, message: str, file: str, facts: Facts, now: datetime) -> Task:
    """Print and post the letter ``message`` with this title, which lies in ``file``, today."""
    return Task(
        key=f"post/{message}",
        kind=TaskKind.POST_LETTER,
        title=f"Print and post the {title} to {facts.customer.name} (invoice {case.invoice.number})",
        remedy=f"Print {file or f'the letter {message}'} from the folder letters, put it into a window envelope, post it today, and then say so with "
        "the result posted; it counts from that day on. If anything is wrong with it, the result not-posted has it written anew",
        owner=facts.owner,
        due=facts.bank_calendar.on_or_after(facts.today(now)),
    )


def void_task(case: Case, facts: Facts, now: datetime) -> Task:
    """A replaced invoice is nobody's debt any more, and the books must say so."""
    number = case.invoice.number
    remedy = f"Void it there, or credit it in full. If it was not replaced: dunwell case replaced {number} --not-after-all"
    due = facts.bank_calendar.add(facts.today(now), 3)
    return Task(f"replaced/{case.id}", TaskKind.BOOK, f"Invoice {number} was replaced, and is still open in the ledger", remedy, facts.owner, due)


def credit_note(case: Case, discount: Discount, facts: Facts, now: datetime) -> Task:
    """The books must show what was granted for paying early."""
    number, left = case.invoice.number, case.invoice.balance
    remedy = f"Book a credit note of {left} for invoice {number}: {discount.percent}% were granted by {discount.by}"
    due = facts.bank_calendar.add(facts.today(now), 3)
    return Task(f"credit-note/{case.id}", TaskKind.BOOK, f"Credit note for the discount on invoice {number}: {left}", remedy, facts.owner, due)


def money_to_apply(unapplied: Money, facts: Facts, now: datetime) -> Task:
    """One task a customer and currency, however many invoices wait for it."""
    number, due = facts.customer.number, facts.bank_calendar.add(facts.today(now), 1)
    remedy = f"Customer {number} has paid {unapplied} that no invoice shows yet: set it against its invoices in the ledger; reminders wait for it"
    key = f"unapplied/{facts.customer.id}/{unapplied.currency}"
    return Task(key, TaskKind.BOOK, f"Apply {unapplied} of customer {number}", remedy, facts.owner, due)


def contact_to_repair(facts: Facts, now: datetime) -> Task:
    """One task a customer, however many invoices nobody can be reached about."""
    number, due = facts.customer.number, facts.bank_calendar.add(facts.today(now), 1)
    remedy = f"Add a working e-mail address in the ledger (for letters: the postal address), or: dunwell contact set {number} --role billing --email "
    remedy += "ADDRESS --reason WHY"
    return Task(f"contact/{facts.customer.id}", TaskKind.REPAIR_CONTACT, f"Nobody at customer {number} can be reached", remedy, facts.owner, due)


def outreach_to_resolve(case: Case, outreach: str, facts: Facts, now: datetime) -> Task:
    """One task a message whose fate nobody knows, whichever of its invoices notices."""
    number, due = case.invoice.number, facts.bank_calendar.add(facts.today(now), 1)
    title = f"Nobody knows whether a message about invoice {number} went out"
    remedy = (
        "It is looked for by itself where the provider's log can be read; dunwell reconcile looks at once. "
        f"Else look there yourself, then: dunwell case resolve {number} --sent (or --not-sent)"
    )
    return Task(f"outreach/{outreach}", TaskKind.RESOLVE_OUTREACH, title, remedy, facts.owner, due)


UNREAD_ANSWERS = "answers-unread"


def unread_answers(facts: Facts, now: datetime) -> Task:
    """One incident, however many invoices wait for somebody to read what is answered."""
    remedy = (
        "Connect the mailbox in which answers arrive (docs/how-to/replies.md) and start the worker anew, or name who reads them: "
        "dunwell live --replies-are-read-by NAME"
    )
    return incident(facts, now, UNREAD_ANSWERS, "Nothing is sent, because nobody would read what customers answer", remedy)


def unreadable_ledger(facts: Facts, now: datetime) -> Task:
    """One incident a ledger, however many invoices notice it."""
    return incident(facts, now, f"ledger/{facts.books.source}", f"The ledger {facts.books.source} cannot be read: {facts.books.problem}", facts.books.remedy)


def review(case: Case, facts: Facts, now: datetime, why: str) -> Task:
    """Nothing more happens by itself: a person decides."""
    return Task(
        key=f"review/{case.id}/{case.round}",
        kind=TaskKind.REVIEW,
        title=f"Decide what happens to invoice {case.invoice.number}",
        remedy=f"{why[0].upper()}{why[1:]}. Call the customer, agree on a date, or stop it",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 3),
    )


def incident(facts: Facts, now: datetime, key: str, title: str, remedy: str) -> Task:
    """Something outside is broken, and must be mended today."""
    return Task(key, TaskKind.INCIDENT, title, remedy, facts.owner, facts.bank_calendar.on_or_after(facts.today(now)))


def unapproved_voice(case: Case, facts: Facts, now: datetime) -> Task:
    """Nothing is said in the owner's voice before the owner has read how that sounds."""
    due, seller = facts.bank_calendar.on_or_after(facts.today(now)), case.invoice.seller
    remedy = f"Read the drafts and approve one of each tier: dunwell voice calibrate --seller {seller}, then: dunwell voice approve DRAFT --by NAME"
    return Task(f"voice/{seller}", TaskKind.APPROVE, f"Approve how {seller} writes: {facts.voice_unapproved}", remedy, facts.owner, due)


def morning(day: date, facts: Facts) -> datetime:
    """When ``day`` begins at the seller's."""
    return start_of_day(day, (facts.seller_zone,))
