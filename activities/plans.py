"""``assess_plan`` made real: one look at the ledger, then one transaction that moves a payment plan and every invoice it covers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from temporalio import activity

from activities import words
from activities.assessor import Assessor
from activities.clock import Clock, start_clock
from activities.ledgers import Ledgers, Sight
from activities.trouble import Doing, watching_for_trouble
from db import cases, inbox, incoming, invoices, parties, plan_requests, plans, tasks
from db.engine import Database
from db.plans import Unheard
from domain.answers import Reply
from domain.calendar import start_of_day
from domain.case import Case
from domain.decision import assess
from domain.diary import write_day
from domain.event import InvoiceChanged
from domain.facts import Facts
from domain.fold import NOT_UNDERSTOOD
from domain.installment import InstallmentStanding, UnableToPlan
from domain.invoice import Invoice
from domain.money import Money
from domain.payment_plan import Declined, PlanNews
from domain.person import route
from domain.plan_keeping import KeptPlan, Look, Offered, begin, look, words_for
from domain.task import Task, TaskKind
from workflows.contract import OVERRIDE, PLAN_CHANGES, REPORT, Labels, Said, case_id, plan_id
from workflows.ports import AskPlan, Passed, PlanAnswer, Replied

_REFUSED = "refused"
_BREATH = timedelta(minutes=1)
_FROM_THE_UI = "Temporal UI"
_OURSELVES = "Dunwell"


@dataclass(frozen=True, slots=True)
class Plans:
    """Implements ``workflows.ports.Plans``."""

    database: Database
    ledgers: Ledgers
    assessor: Assessor

    @activity.defn(name="assess_plan")
    def assess_plan(self, ask: AskPlan) -> PlanAnswer:
        """Safe to repeat. Raises LookupError when an invoice that a plan covers is not in the database any more."""
        clock = start_clock()
        with self.database.reading() as connection:
            covered = self._covered(connection, ask)
            stored = [invoice for one in covered if (invoice := invoices.load_invoice(connection, one))]
        with watching_for_trouble(self.database, stored[0].id, Doing.PLAN, clock) if stored else nullcontext():
            sight = self.ledgers.read([one.id for one in stored], clock()) if stored else None
            with self.database.transaction() as connection:
                if stored:
                    parties.lock_customer(connection, stored[0].customer)
                return self._assess(connection, ask, sight, stored, clock)

    def _covered(self, connection: Connection, ask: AskPlan) -> tuple[str, ...]:
        """The invoices a plan covers, or would cover as it is offered."""
        if found := plans.covered_by(connection, ask.plan):
            return found
        if ask.remembered:
            return tuple(part.invoice for part in ask.remembered.plan.covers)
        offers = (said.word for said in plans.unheard(connection, plan_id(ask.plan)))
        return next((tuple(dict.fromkeys(word.invoices)) for word in offers if isinstance(word, Offered)), ())

    def _assess(self, connection: Connection, ask: AskPlan, sight: Sight | None, stored: Sequence[Invoice], clock: Clock) -> PlanAnswer:
        now, key = clock(), plan_id(ask.plan)
        rows = self._receive(connection, key, ask.said, now)
        unheard = plans.unheard(connection, key)
        before = plans.load_plan(connection, ask.plan)
        if ask.remembered and (before is None or before.seq < ask.remembered.seq):
            before = ask.remembered  # the database was put back to an earlier state
        covering = {one.id: cases.load_case(connection, case_id(one.id)) for one in stored}
        watched = {one: case for one, case in covering.items() if case is not None}
        if before is None:
            kept, refusal = self._begin(connection, ask.plan, unheard, stored, watched, sight, now)
        else:
            kept, refusal = before, ""
        if kept is None or sight is None:
            for said in unheard:
                inbox.mark_folded(connection, said.id, 0, Reply(False, refusal), now)
            self._have_answered(connection, key, unheard, watched, sight, refusal, now)
            return PlanAnswer(None, "it never came about", _REFUSED, replies=self._replies(connection, key, rows))
        if missing := [part.invoice for part in kept.plan.covers if part.invoice not in watched]:
            raise LookupError(f"invoice {missing[0]} of plan {ask.plan} is not in the database")
        facts = self.assessor.gather(connection, next(iter(watched.values())), sight.books, now)
        seen = look(kept, [_news(said) for said in unheard], watched, sight.invoices, facts, now, opening=before is None)
        return self._write(connection, key, before, seen, unheard, rows, watched, sight, facts, now)

    def _have_answered(
        self, connection: Connection, key: str, unheard: Sequence[Unheard], watched: dict[str, Case], sight: Sight | None, refusal: str, now: datetime
    ) -> None:
        """A plan that the customer asked for, and that cannot be offered, is a matter for a person."""
        if sight is None or not watched or not any(isinstance(said.word, Offered) and said.word.in_writing for said in unheard):
            return
        case = next(iter(watched.values()))
        facts = self.assessor.gather(connection, case, sight.books, now)
        title = f"Customer {facts.customer.number} would like to pay invoice {case.invoice.number} in parts"
        remedy = f"No plan could be offered ({refusal}), and they wait for an answer: agree with them on what is possible"
        task = Task(f"{key}/refused", TaskKind.CALL, title, remedy, facts.owner, facts.bank_calendar.add(facts.today(now), 1))
        tasks.open_tasks(connection, [route(task, facts.people, facts.owner)], case.id, now)

    def _begin(
        self,
        connection: Connection,
        plan: str,
        unheard: Sequence[Unheard],
        stored: Sequence[Invoice],
        watched: dict[str, Case],
        sight: Sight | None,
        now: datetime,
    ) -> tuple[KeptPlan | None, str]:
        """The plan as it is offered, or why there is none."""
        word = next((said.word for said in unheard if isinstance(said.word, Offered)), None)
        if word is None:
            return None, "there is no such payment plan; dunwell plan list shows those there are"
        if unwatched := [one for one in dict.fromkeys(word.invoices) if one not in watched]:
            return None, f"invoice {next((one.number for one in stored if one.id == unwatched[0]), unwatched[0])} is not watched"
        if sight is None or not watched:
            return None, "invoices: name at least one"
        if others := plans.covering(connection, list(watched)):
            return None, f"payment plan {others[0]} covers one of these invoices already; call that off first: dunwell plan decline {others[0]}"
        facts = self.assessor.gather(connection, next(iter(watched.values())), sight.books, now)
        if word.in_writing and not facts.playbook.proposes_plans:
            return None, f"playbook {facts.playbook.name} offers no payment plans"
        try:
            return begin(plan, word, tuple(watched.values()), sight.invoices, facts, now), ""
        except UnableToPlan as error:
            return None, str(error)

    def _write(
        self,
        connection: Connection,
        key: str,
        before: KeptPlan | None,
        seen: Look,
        unheard: Sequence[Unheard],
        rows: dict[str, str],
        watched: dict[str, Case],
        sight: Sight,
        facts: Facts,
        now: datetime,
    ) -> PlanAnswer:
        """Store the plan and what it means for each covered invoice, answer every word, open and close tasks."""
        kept, until = replace(seen.kept, seq=seen.kept.seq + 1), seen.until and max(seen.until, now + _BREATH)
        plans.save_plan(connection, kept, until, now)
        first = next(iter(watched.values()))
        # One of its invoices speaks for all: the first that is still watched.
        spokesman = next((part.invoice for part in kept.plan.covers if not watched[part.invoice].ended), "")
        numbers = tuple(watched[part.invoice].invoice.number for part in kept.plan.covers)
        passed = [
            told for one, case in watched.items() if (told := self._tell(connection, case, before, kept, sight, now, numbers if one == spokesman else ()))
        ]
        for said, reply in zip(unheard, seen.replies, strict=True):
            inbox.mark_folded(connection, said.id, kept.seq, _reply(said, reply, is_first=before is None, why=seen.why), now)
        unreadable = [_unreadable(said, first, facts, now) for said in unheard if said.fault]
        tasks.open_tasks(connection, [route(task, facts.people, facts.owner) for task in (*seen.tasks, *unreadable)], first.id, now)
        for said in unheard if before is None else ():
            if message := plan_requests.message_behind(connection, said.id):
                incoming.mark_handled(connection, message, "plan", by=_OURSELVES, why="a payment plan was proposed in writing", now=now)
        tasks.close_tasks(connection, seen.over, "came right by itself", now)
        ended = kept.plan.state.value if kept.plan.has_ended else ""
        labels = _label(kept, until, seen.why, facts)
        return PlanAnswer(until, seen.why, ended, _without_private_words(kept), labels, self._replies(connection, key, rows), tuple(passed))

    def _tell(
        self, connection: Connection, case: Case, before: KeptPlan | None, kept: KeptPlan, sight: Sight, now: datetime, speaks_for: tuple[str, ...]
    ) -> Passed | None:
        """Write the plan's news into a covered invoice's own story, and leave word for its watch to look again."""
        facts = self.assessor.gather(connection, case, sight.books, now)
        news = words_for(case, before, kept, facts, now, speaks_for)
        if not news:
            return None
        heard = assess(case, None, news, facts, now)
        self.assessor.write(connection, heard, heard.entries, facts, now)
        hint, source_id = InvoiceChanged(by="plan"), f"{case.id}/{kept.plan.id}/{kept.seq}"
        word, _ = inbox.receive(connection, source="plan", source_id=source_id, kind=hint.kind, body="", now=now, case_id=case.id, news=hint, by=hint.by)
        return Passed(case.id, word)

    def _receive(self, connection: Connection, key: str, said: Sequence[Said], now: datetime) -> dict[str, str]:
        """The inbox row of each word, by its key; a word said to the workflow directly gets its row here."""
        rows = {}
        for place, one in enumerate(said):
            row = words.inbox_row(one)
            if not row:
                kind, body = _own_words(one)
                row, _ = inbox.receive(
                    connection,
                    source="temporal",
                    source_id=words.own_id(one),
                    kind=kind,
                    body=body,
                    now=now + timedelta(microseconds=place),
                    case_id=key,
                    by=_FROM_THE_UI,
                )
            rows[one.key] = row
        return rows

    def _replies(self, connection: Connection, key: str, rows: dict[str, str]) -> tuple[Replied, ...]:
        replies = []
        for one, row in rows.items():
            word = inbox.load_word(connection, row)
            if word is None or word.case != key or word.reply is None:
                replies.append(Replied(one, False, "no such word is recorded for this payment plan"))
            else:
                # What came through our own door is answered from the inbox row: people's words need not stand in Temporal.
                replies.append(Replied(one, word.reply.taken, word.reply.said if word.source == "temporal" else ""))
        return tuple(replies)


def _own_words(said: Said) -> tuple[str, str]:
    """The kind and the body of the row for a word that came without one: from the Temporal UI."""
    if said.name == REPORT:
        return "changed", ""
    try:
        first = (json.loads(said.words or "[]") or [None])[0]
    except (ValueError, RecursionError, TypeError, KeyError):
        first = None
    if said.name == "cancel":
        return "declined", plans.spell(Declined(_FROM_THE_UI, str(first or "canceled")[:2000]))
    kind = first.get("kind") if isinstance(first, dict) and said.name == OVERRIDE else said.name
    if kind not in PLAN_CHANGES:
        return "unreadable", said.words
    fields = dict(first) if isinstance(first, dict) else {}
    return kind, json.dumps({"by": _FROM_THE_UI, **fields, "kind": kind})


def _news(said: Unheard) -> PlanNews | None:
    return None if isinstance(said.word, Offered) else said.word


def _reply(said: Unheard, reply: Reply, *, is_first: bool, why: str) -> Reply:
    if said.fault:
        return Reply(False, f"{NOT_UNDERSTOOD}: {said.fault}")
    if isinstance(said.word, Offered):
        return Reply(is_first, why if is_first else f"this payment plan was offered before: {why}")
    return reply


def _unreadable(said: Unheard, case: Case, facts: Facts, now: datetime) -> Task:
    title = f"Somebody said something about the payment plan for invoice {case.invoice.number} that could not be understood"
    remedy = f"{said.fault}. Say it again: dunwell plan accept (or counter, or decline)"
    return Task(f"unreadable/{said.id}", TaskKind.READ_WORD, title, remedy, facts.owner, facts.bank_calendar.add(facts.today(now), 1))


def _without_private_words(kept: KeptPlan) -> KeptPlan:
    return replace(kept, plan=replace(kept.plan, by="", reason=""))


def _label(kept: KeptPlan, until: datetime | None, why: str, facts: Facts) -> Labels:
    """The search attributes and the story on the plan's page. No name, no address and no word a person wrote."""
    plan = kept.plan
    left = Money(max(plan.total.amount - plan.received.amount, plan.total.amount * 0), plan.total.currency)
    due = next((part.due for part in plan.installments if part.standing is not InstallmentStanding.PAID), plan.installments[-1].due)
    lines = [
        f"**Payment plan** of {plan.total} over {len(plan.covers)} invoice{'s' if len(plan.covers) > 1 else ''}: {why}.",
        f"**Ended:** {plan.state.value}." if until is None else f"**Next look:** {write_day(facts.today(until))}.",
        "\n".join(f"- {part.amount} due {write_day(part.due)}: {part.standing.value}" for part in plan.installments),
    ]
    return Labels(
        stage=plan.state.value,
        waiting="ended" if until is None else "plan",
        customer=kept.customer,
        seller=kept.seller,
        currency=left.currency,
        balance=float(left.amount),
        due_on=start_of_day(due, ("UTC",)),
        next_contact=until,
        details="\n\n".join(lines),
    )
