"""Keeping a payment plan: what the ledger shows and people say becomes the plan's next state, tasks, and words for its invoices.

Pure and total. A miss is only called one when the books could have told of the payment; until then the plan stands as on
the last day they could.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from domain import matters
from domain.answers import Reply
from domain.calendar import start_of_day
from domain.case import Case, HoldKind, Outcome
from domain.diary import write_day
from domain.event import AnswerOwed, News
from domain.facts import Facts
from domain.installment import Grace, Installment, InstallmentStanding, UnableToPlan, lay_out, sum_of, usual_unit
from domain.invoice import Invoice, Standing
from domain.money import Money
from domain.owed import AgreedPart, AnswerKind
from domain.payment_plan import (
    Covered,
    InstallmentPaid,
    PaymentPlan,
    PlanLimits,
    PlanNews,
    PlanState,
    TimePassed,
    allocate,
    fold,
    next_look,
    offer,
    reminders,
    stands_until,
)
from domain.plan_news import InstallmentMissed, PlanAgreed, PlanEnded, PlanOffered
from domain.task import Task, TaskKind

GRACE_BUSINESS_DAYS = 3
# Late enough in the seller's day that the bank of the day before is booked.
_HOUR = timedelta(hours=10)
_BOOKS_RETRY = timedelta(hours=1)
_UNTOLD = date.min


@dataclass(frozen=True, slots=True)
class Offered:
    """``invoices`` (our ids) are to be paid in ``count`` installments, the first due on ``first`` and one every ``every_days`` days.
    ``in_writing``: the customer asked for it, and is sent it by ourselves."""

    invoices: tuple[str, ...]
    count: int
    first: date
    every_days: int = 30
    by: str = ""
    why: str = ""
    kind: Literal["offered"] = "offered"
    in_writing: bool = False


PlanWord = Offered | PlanNews


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan with what must be remembered to keep it. ``seq`` grows by one with every change that is stored.

    ``known_on`` is the last day up to which the books could tell of payments. ``reminded`` and ``missed`` hold the due days
    of the installments that the customer is reminded of, and whose miss was told; ``noted`` what else is told now.
    """

    plan: PaymentPlan
    seller: str
    customer: str
    known_on: date
    seq: int = 0
    reminded: tuple[date, ...] = ()
    missed: tuple[date, ...] = ()
    noted: tuple[str, ...] = ()
    in_writing: bool = False  # its offer is sent by ourselves


@dataclass(frozen=True, slots=True)
class Look:
    """A plan after a look at it: the answers given, what people must do, and the matters whose tasks are over.

    ``until`` is when to look again if nothing is heard, None once the plan has ended; ``why`` is how it stands.
    """

    kept: KeptPlan
    replies: tuple[Reply, ...]
    tasks: tuple[Task, ...]
    over: tuple[str, ...]
    until: datetime | None
    why: str


def begin(plan_id: str, word: Offered, cases: Sequence[Case], seen: Mapping[str, Invoice], facts: Facts, now: datetime) -> KeptPlan:
    """The plan that ``word`` offers over all that is open on the invoices of ``cases``, as the ledger tells it now.

    Raises UnableToPlan, naming what stands in the way and the remedy.
    """
    owed = {case.invoice.id: seen.get(case.invoice.id, case.invoice) for case in cases}
    if not cases or len({(invoice.seller, invoice.customer) for invoice in owed.values()}) != 1:
        raise UnableToPlan("invoices: a plan covers invoices of one customer; make one plan for each")
    for case in cases:
        if problem := _why_not(case, owed[case.invoice.id], facts):
            raise UnableToPlan(f"invoice {case.invoice.number}: {problem}")
    covers = tuple(Covered(invoice.id, invoice.balance) for invoice in owed.values())
    total = sum_of((part.amount for part in covers), "invoices")
    installments = lay_out(total, word.count, word.first, word.every_days, usual_unit(total, word.count))
    today = facts.today(now)
    plan = offer(plan_id, covers, installments, today, word.by, word.why, PlanLimits(tolerance=facts.tolerance))
    first = cases[0].invoice
    return KeptPlan(plan, first.seller, first.customer, today, in_writing=word.in_writing)


def _why_not(case: Case, invoice: Invoice, facts: Facts) -> str:
    if case.ended:
        return f"it is no longer watched ({case.ended_why})"
    if any(hold.kind is HoldKind.LEGAL for hold in case.holds):
        return f"a legal stop lies on it; release it first: dunwell case release {invoice.number} --legal"
    if case.open_dispute or invoice.standing is Standing.DISPUTED:
        return f"it is in dispute; settle that first: dunwell case dispute {invoice.number} --resolved"
    if invoice.standing is not Standing.OPEN:
        return f"the ledger says: {invoice.standing.replace('_', ' ')}"
    return "nothing is open on it" if invoice.is_settled(facts.tolerance) else ""


def look(
    kept: KeptPlan,
    news: Sequence[PlanNews | None],
    cases: Mapping[str, Case],
    seen: Mapping[str, Invoice],
    facts: Facts,
    now: datetime,
    *,
    opening: bool = False,
) -> Look:
    """Count what has been paid since the offer, hear ``news`` in order (None: a bare hint), let time pass.

    ``cases`` are the covered invoices' by invoice id. ``opening``: the plan was offered just now.
    """
    today, limits, grace = facts.today(now), PlanLimits(tolerance=facts.tolerance), grace_of(facts)
    known_on = max(kept.known_on, _books_known_on(facts, now))
    owed = {part.invoice: seen.get(part.invoice, cases[part.invoice].invoice) for part in kept.plan.covers}
    plan = kept.plan if kept.plan.has_ended else _hear_money(kept.plan, cases, owed, known_on, grace, limits)
    replies = []
    for word in news:
        if word is None:
            replies.append(Reply(True, "the ledger was read again"))
            continue
        folded = fold(plan, word, known_on, grace, limits)
        plan = folded.plan
        replies.append(Reply(folded.taken, folded.said))
    passed = fold(plan, TimePassed(), known_on, grace, limits)
    plan = passed.plan
    matter = _Matters(plan.id, kept, plan, cases, owed, facts, now)
    tasks, over = matter.tasks(opening), matter.over()
    until, why = _next(plan, today, facts), passed.said
    if known_on < today and fold(plan, TimePassed(), today, grace, limits).plan != plan:
        problem, task = _untold(facts, now)
        until, why, tasks = now + _BOOKS_RETRY, f"{why}; {problem}", (*tasks, task)
    elif known_on == today:
        over = (*over, f"books/{facts.books.source}", f"ledger/{facts.books.source}")
    after = replace(
        kept,
        plan=plan,
        known_on=known_on,
        reminded=tuple(dict.fromkeys((*kept.reminded, *(part.due for part in reminders(plan, today))))),
        missed=tuple(dict.fromkeys((*kept.missed, *(part.due for part in _missed(plan))))),
        noted=matter.noted(),
    )
    return Look(after, tuple(replies), tasks, over, until, why)


def words_for(case: Case, before: KeptPlan | None, after: KeptPlan, facts: Facts, now: datetime, speaks_for: tuple[str, ...] = ()) -> tuple[News, ...]:
    """What the watch of a covered invoice must hear of the plan's new state, so that it is silent or goes on where it stood.

    The one that speaks to the customer for all of them, whose numbers are ``speaks_for``, owes it what is to be said of the plan.
    """
    plan, was = after.plan, before.plan if before else None
    if case.ended:
        return ()
    words: list[News] = []
    newly = [part for part in _missed(plan) if before is None or part.due not in before.missed]
    if not plan.has_ended:
        day = stands_until(plan, after.known_on, grace_of(facts), PlanLimits(tolerance=facts.tolerance))
        hold = next((hold for hold in case.holds if hold.kind is HoldKind.PLAN), None)
        until = start_of_day(day + timedelta(days=1), (facts.seller_zone,))
        is_news = was is None or (was.state, was.counters) != (plan.state, plan.counters) or hold is None or hold.until != until
        if is_news and until > now:
            if plan.state is PlanState.ACCEPTED:
                words.append(PlanAgreed(plan.id, day, plan.by, plan.reason))
            else:
                words.append(PlanOffered(plan.id, day, terms_of(plan), plan.by, plan.reason))
    words += [InstallmentMissed(plan.id, part.amount.amount, part.due, by="Dunwell") for part in newly]
    if plan.has_ended and (was is None or not was.has_ended):
        by_hand = plan.state is PlanState.DECLINED
        by, why = (plan.by, plan.reason) if by_hand else ("Dunwell", f"{plan.received} of {plan.total} received" if plan.state is PlanState.DEFAULTED else "")
        words.append(PlanEnded(plan.id, plan.state is PlanState.KEPT, by, why, ended_as=plan.state.value))
    return (*words, *_to_say(before, after, facts, now, ", ".join(speaks_for))) if speaks_for else tuple(words)


def _to_say(before: KeptPlan | None, after: KeptPlan, facts: Facts, now: datetime, about: str) -> tuple[News, ...]:
    """What the customer must have in writing: the plan that it asked for, the plan once it is agreed, and each installment shortly
    before its day."""
    plan = after.plan
    parts = tuple(AgreedPart(part.due, part.amount) for part in plan.installments)
    if plan.state is not PlanState.ACCEPTED:
        is_asked_for = before is None and after.in_writing and plan.state is PlanState.OFFERED
        return (AnswerOwed(AnswerKind.PLAN_PROPOSED, parts, about, by="Dunwell"),) if is_asked_for else ()
    words = []
    if before is None or before.plan.state is not PlanState.ACCEPTED:
        words.append(AnswerOwed(AnswerKind.PLAN_CONFIRMED, parts, about, by="Dunwell"))
    reminded = before.reminded if before else ()
    for part in reminders(plan, facts.today(now)):
        if part.due not in reminded:
            words.append(AnswerOwed(AnswerKind.INSTALLMENT_REMINDER, (AgreedPart(part.due, part.amount),), about, by="Dunwell"))
    return tuple(words)


def terms_of(plan: PaymentPlan) -> str:
    """``3 installments of together 84,200.00 EUR (28,067.00 EUR on Tue 1 Dec 2026, ...)``."""
    parts = ", ".join(f"{part.amount} on {write_day(part.due)}" for part in plan.installments)
    return f"{len(plan.installments)} installments of together {plan.total} ({parts})"


def grace_of(facts: Facts) -> Grace:
    """Money for a day still comes in time three business days later, in the seller's calendar."""
    return lambda day: facts.bank_calendar.add(day, GRACE_BUSINESS_DAYS)


def _hear_money(plan: PaymentPlan, cases: Mapping[str, Case], owed: Mapping[str, Invoice], known_on: date, grace: Grace, limits: PlanLimits) -> PaymentPlan:
    paid = {part.invoice: _paid(part, cases[part.invoice], owed[part.invoice]) for part in plan.covers}
    unheard = allocate(plan, paid).unheard
    if unheard.amount == 0:
        return plan
    days = [owed[invoice].paid_on or known_on for invoice, amount in paid.items() if amount.amount > 0]
    day = max(days) if days and unheard.amount > 0 else known_on
    return fold(plan, InstallmentPaid(unheard, min(max(day, plan.offered_on), known_on), by="ledger"), known_on, grace, limits).plan


def _paid(part: Covered, case: Case, invoice: Invoice) -> Money:
    """What has been paid or credited on a covered invoice since the offer."""
    gone = (Standing.CLOSED, Standing.VOID)
    if case.ended in (Outcome.SETTLED, Outcome.VOIDED) or invoice.standing in gone:
        return part.amount
    if invoice.balance.currency != part.amount.currency:
        return Money(Decimal(0), part.amount.currency)
    return Money(min(max(part.amount.amount - invoice.balance.amount, Decimal(0)), part.amount.amount), part.amount.currency)


def _books_known_on(facts: Facts, now: datetime) -> date:
    """The last day up to which the books can be believed to tell of payments."""
    books, today = facts.books, facts.today(now)
    if books.problem or books.read_at is None or now - books.read_at > books.max_age or books.posted_through is None:
        return _UNTOLD
    return today if books.posted_through >= facts.bank_calendar.add(today, -1) else books.posted_through + timedelta(days=1)


def _untold(facts: Facts, now: datetime) -> tuple[str, Task]:
    """Why nobody can say yet whether an installment has come, and what to do about it."""
    books = facts.books
    if books.problem:
        return "the ledger cannot be read", matters.unreadable_ledger(facts, now)
    needed = facts.bank_calendar.add(facts.today(now), -1)
    why = "the books do not tell yet whether an installment has come"
    remedy = f"Import a fresh export (dunwell import FILE), and book the bank of {write_day(needed)}: dunwell posted-through {needed}"
    return why, matters.incident(facts, now, f"books/{books.source}", f"{why[0].upper()}{why[1:]}", remedy)


def _missed(plan: PaymentPlan) -> tuple[Installment, ...]:
    return tuple(part for part in plan.installments if part.standing is InstallmentStanding.MISSED)


def _next(plan: PaymentPlan, today: date, facts: Facts) -> datetime | None:
    day = next_look(plan, today, grace_of(facts), PlanLimits(tolerance=facts.tolerance))
    return None if day is None else start_of_day(day, (facts.seller_zone,)) + _HOUR


@dataclass(frozen=True, slots=True)
class _Matters:
    """What people must do about a plan, and what they need do no longer."""

    id: str
    before: KeptPlan
    plan: PaymentPlan
    cases: Mapping[str, Case]
    owed: Mapping[str, Invoice]
    facts: Facts
    now: datetime

    def tasks(self, opening: bool) -> tuple[Task, ...]:
        plan, was, today, customer = self.plan, self.before.plan, self.facts.today(self.now), self.facts.customer.number
        wanted = []
        if (opening or plan.counters > was.counters) and plan.state in (PlanState.OFFERED, PlanState.COUNTERED):
            wanted.append(self._get_an_answer())
        for part in _missed(plan):
            if part.due not in self.before.missed and not plan.has_ended:
                remedy = "Call the customer. The plan fails ten days from now, or with the next miss, and then reminders go on where they stood"
                title = f"Customer {customer} missed an installment: {part.amount}, due {write_day(part.due)}"
                wanted.append(self._task(f"missed/{part.due}", TaskKind.REVIEW, title, remedy, today))
        for matter, what in self._troubles():
            if matter not in self.before.noted:
                remedy = f"Agree with the customer whether it stands. To call it off: dunwell plan decline {self.id} --reason ...; else it goes on"
                wanted.append(self._task(f"cover/{matter}", TaskKind.REVIEW, f"The payment plan of customer {customer}: {what}", remedy, today))
        if plan.state is PlanState.DEFAULTED and not was.has_ended:
            remedy = f"{plan.received} of {plan.total} came. Reminders for {self._invoices()} go on where they stood; call the customer if that is not meant"
            wanted.append(self._task("default", TaskKind.REVIEW, f"The payment plan of customer {customer} has failed", remedy, today))
        if plan.state is PlanState.KEPT and was.state is PlanState.ACCEPTED:
            remedy = "They needed a payment plan and kept it. Decide whether their limit stays as it is"
            day = self.facts.bank_calendar.add(today, 5)
            wanted.append(self._task("limit", TaskKind.REVIEW, f"Look at the credit limit of customer {customer}", remedy, day))
        return tuple(wanted)

    def over(self) -> tuple[str, ...]:
        plan = self.plan
        answered = range(plan.counters if not plan.has_ended and plan.state is not PlanState.ACCEPTED else plan.counters + 1)
        gone = [f"offer/{number}" for number in answered]
        gone += [f"cover/{matter}" for matter in self.before.noted if matter not in self.noted()]
        for part in plan.installments:
            if plan.has_ended or part.standing is InstallmentStanding.PAID:
                gone += [f"remind/{part.due}", f"missed/{part.due}"]
        if plan.has_ended:
            gone += ["confirm"] if plan.state is not PlanState.KEPT else []
        return tuple(f"plan/{self.id}/{one}" for one in gone)

    def noted(self) -> tuple[str, ...]:
        return tuple(matter for matter, _ in self._troubles())

    def _get_an_answer(self) -> Task:
        plan, facts = self.plan, self.facts
        through = f"best through {facts.account_manager}, " if facts.account_manager else ""
        tell = "they get it in writing; ask them" if self.before.in_writing else "tell them"
        remedy = f"{terms_of(plan)}, for {self._invoices()}: {tell}, {through}and record the answer"
        remedy += f": dunwell plan accept {self.id} (or counter, or decline). Without one by {write_day(plan.answer_by)} reminders go on where they stood"
        who = facts.account_manager or facts.owner
        title = f"Get an answer of customer {facts.customer.number} to a payment plan for {plan.total}"
        return Task(f"plan/{self.id}/offer/{plan.counters}", TaskKind.CALL, title, remedy, who, plan.answer_by)

    def _troubles(self) -> tuple[tuple[str, str], ...]:
        """What is wrong with a covered invoice, by a short name of the matter."""
        if self.plan.has_ended:
            return ()
        found = []
        for part in self.plan.covers:
            case, invoice = self.cases[part.invoice], self.owed[part.invoice]
            for name, is_so, what in (
                ("voided", case.ended is Outcome.VOIDED or invoice.standing is Standing.VOID, "was voided; its part counts as paid"),
                ("disputed", bool(case.open_dispute) or invoice.standing is Standing.DISPUTED, "is in dispute"),
                ("stopped", case.ended in (Outcome.STOPPED, Outcome.WRITTEN_OFF), "is not watched any more"),
                ("currency", invoice.balance.currency != part.amount.currency, f"is in {invoice.balance.currency} now"),
            ):
                if is_so:
                    found.append((f"{part.invoice}/{name}", f"invoice {invoice.number} {what}"))
        return tuple(found)

    def _invoices(self) -> str:
        return ", ".join(f"invoice {self.owed[part.invoice].number}" for part in self.plan.covers)

    def _task(self, matter: str, kind: TaskKind, title: str, remedy: str, day: date) -> Task:
        due = self.facts.bank_calendar.on_or_after(day)
        return Task(f"plan/{self.id}/{matter}", kind, title, remedy, self.facts.owner, due)
