"""Comparing what the database knows with what was really sent, after it was put back to an earlier state.

Whatever the provider's log has and the database has not is written down as sent, with all it covered, so that no step is
ever repeated. What no log can tell is worked out, and passed over as presumed sent. All of it is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from sqlalchemy import Connection

from activities import forgotten, review
from activities.asking import AMONG_US
from activities.assessor import Assessor
from activities.ledgers import Ledgers
from db import cases, installation, invoices, outreach, parties, people, suppressions, tasks
from db.engine import Database
from db.ids import new_id
from db.outreach import Part
from domain import covers
from domain.case import Case, Fate, Rung
from domain.catching_up import Compared, FellDue, Learned, Taken, Uncertain, Unmatched, adopt_sent, fell_due, presume_sent
from domain.covers import Cover, Covers
from domain.customer import spell_reach
from domain.decision import assess
from domain.diary import Entry
from domain.facts import Books, Facts
from domain.task import Task, TaskKind
from domain.timeline import watching_begins
from integrations.messaging import Mailer, Sent, SentLog, UnableToReadSent
from integrations.messaging.twilio_text import TwilioTexts
from workflows.contract import case_id

# Clocks of ours and the provider's may differ.
_OVERLAP = timedelta(hours=1)
_FOUND = "found in the mail provider's log"
_PRESUMED = "it may have been sent before this copy was restored"
_MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Writes into cases, as the activities do. ``texts``: text messages leave through Twilio, and stand in its log."""

    database: Database
    ledgers: Ledgers
    assessor: Assessor
    mailer: Mailer
    texts: TwilioTexts | None = None

    def compare(self, now: datetime, progress: Callable[[int], None] = lambda messages: None) -> Compared | None:
        """Learn from the provider's log. None: there is no fence and no message in doubt, so there is nothing to learn.

        ``progress`` hears after each message how many there were.
        """
        with self.database.reading() as connection:
            fence = installation.load_installation(connection).fence
            since = fence.known_until if fence else outreach.oldest_doubt(connection)
            if since is None:
                return None
            known = outreach.known_to_provider(connection, since - _OVERLAP)
        learned: list[Learned] = []
        unmatched: list[Unmatched] = []
        looked_at, problem = 0, ""
        try:
            for looked_at, sent in enumerate(self._read_log(since - _OVERLAP, known), 1):
                if self._is_internal(sent):
                    continue
                told = self._covers(sent)
                news, is_whole = self._take(sent, told, now) if told else (None, False)
                learned += [news] if news else []
                unmatched += [] if is_whole else [Unmatched(sent.key, sent.at, sent.subject, sent.to_address)]
                problem = problem or (f"{sent.subject!r} covers {told.untold} invoices more than it could tell" if told and told.untold else "")
                progress(looked_at)
        except UnableToReadSent as error:
            problem = str(error)
        if not problem and fence and isinstance(self.mailer, SentLog) and now < fence.since + self.mailer.lag:
            problem = f"what was sent just before may not show in the log until {fence.since + self.mailer.lag:%H:%M} UTC; run it again then"
        if fence:
            with self.database.transaction() as connection:
                installation.note_reconciled(connection, not problem, len(unmatched), now)
        return Compared(since, looked_at, tuple(learned), tuple(unmatched), problem, self.find_uncertain(now) if problem and fence else ())

    def find_uncertain(self, now: datetime) -> tuple[Uncertain, ...]:
        """Every step that may have been taken between what the database knows and the fence; none without a fence."""
        with self.database.reading() as connection:
            fence = installation.load_installation(connection).fence
            running = cases.running(connection) if fence else ()
        found: dict[str, list[tuple[Case, FellDue]]] = {}
        for one in running:
            with self.database.transaction() as connection:
                case = cases.load_case(connection, one)
                if case and fence:
                    facts = self._gather(connection, case, now)
                    found.setdefault(case.invoice.customer, []).extend((case, due) for due in fell_due(case, facts, fence.known_until, fence.since))
        return tuple(_describe(case, due) for dues in found.values() if not all(due.rode_along for _, due in dues) for case, due in dues)

    def presume_sent(self, now: datetime) -> tuple[Uncertain, ...]:
        """Pass over every uncertain step, so that none is repeated; one task lists them all. The steps passed over."""
        uncertain = self.find_uncertain(now)
        by_customer: dict[str, list[Uncertain]] = {}
        for one in uncertain:
            by_customer.setdefault(one.customer, []).append(one)
        for customer, theirs in by_customer.items():
            with self.database.transaction() as connection:
                parties.lock_customer(connection, customer)
                by_case: dict[str, list[Uncertain]] = {}
                for one in theirs:
                    by_case.setdefault(one.case, []).append(one)
                # The first steps of all its invoices could have gone out in one message, then the second ones in another.
                for together in zip_longest(*by_case.values()):
                    self._presume(connection, customer, [one for one in together if one], now)
        if uncertain:
            with self.database.transaction() as connection:
                owner = people.find_acting_owner(connection, self.assessor.policy.owner, now.date())
                tasks.open_tasks(connection, [_task_for(uncertain, owner, now)], None, now)
        return uncertain

    def _read_log(self, since: datetime, known: frozenset[str]) -> Iterator[Sent]:
        yield from self._read_texts(since, known)
        if not isinstance(self.mailer, SentLog):
            raise UnableToReadSent(f"the mailer {self.mailer.name} keeps no log that could be read")
        yield from (sent for sent in self.mailer.sent_since(since, known) if not sent.key.startswith(AMONG_US))

    def _read_texts(self, since: datetime, known: frozenset[str]) -> Iterator[Sent]:
        """Every text message to somebody we write to, with our key where number and text tell which of ours it is."""
        for sent in self.texts.sent_since(since, known) if self.texts else ():
            with self.database.reading() as connection:
                is_ours = suppressions.owners(connection, spell_reach(sent.to_address))
                key = outreach.find_by_text(connection, sent.to_address, sent.text, sent.at - _OVERLAP) if is_ours else ""
            if is_ours:
                yield replace(sent, key=key, subject=sent.text[:60])

    def _is_internal(self, sent: Sent) -> bool:
        """Whether the message went to people of ours; then it is written down where it belongs, and covers no invoice."""
        if not sent.covers.startswith(review.MARK):
            return False
        with self.database.transaction() as connection:
            review.learn(connection, sent.covers, sent.at)
        return True

    def _covers(self, sent: Sent) -> Covers | None:
        """What the message says it covers; of one that does not say, what is known here. None: nobody knows."""
        try:
            return covers.read(sent.covers)
        except covers.UnableToReadCovers:
            pass
        with self.database.transaction() as connection:
            parts = outreach.load_parts(connection, sent.key)
        told = tuple(Cover(part.case.removeprefix("invoice/"), part.round, part.rung, part.channel, part.leads) for part in parts)
        return Covers(told) if told else None

    def _take(self, sent: Sent, told: Covers, now: datetime) -> tuple[Learned | None, bool]:
        """Write a message down as sent, and fold it into each case it covers; whether all of these are known here."""
        steps = []
        with self.database.transaction() as connection:
            found = {one.invoice: invoices.load_invoice(connection, one.invoice) for one in told.told}
            known = [(one, invoice) for one in told.told if (invoice := found[one.invoice])]
            for customer in sorted({invoice.customer for _, invoice in known}):
                parties.lock_customer(connection, customer)
            for one, invoice in known:
                case, is_new = self.assessor.find(connection, invoice, now)
                if is_new:
                    facts = self._gather(connection, case, now)
                    case = self._write(connection, case, (watching_begins(case, facts, now),), now)
                rung = Rung(one.step, Fate.ACCEPTED, sent.at, one.channel, sent.key)
                facts = self._gather(connection, case, now)
                forgotten.write_share(connection, case, rung, facts.playbook, now, reason=_FOUND, round_=one.round, leads=one.leads, sent=sent)
                adopted, lines = adopt_sent(case, rung, one.round, facts, now)
                if adopted != case:
                    self._write(connection, adopted, lines, now)
                    self.assessor.tell(connection, case.id, f"{sent.key}/found", now)
                    steps.append(Taken(invoice.id, invoice.number, one.step))
            if known and not told.untold:
                covered = {case_id(one.invoice) for one in told.told}
                outreach.drop_parts(connection, sent.key, [part.case for part in outreach.load_parts(connection, sent.key) if part.case not in covered])
            is_whole = len(known) == len(told.told)
            if is_whole:
                outreach.note_provider(connection, sent.key, self.texts.name if self.texts and sent.text else self.mailer.name, sent.provider_id)
            tasks.close_tasks(connection, [f"outreach/{sent.key}"], _FOUND, now)
        return (Learned(sent.key, sent.at, sent.subject, tuple(steps)) if steps else None), is_whole

    def _presume(self, connection: Connection, customer: str, together: list[Uncertain], now: datetime) -> None:
        """Write down one message that may have been sent, and pass its steps over."""
        parts = []
        for one in together:
            case = cases.load_case(connection, one.case)
            if case is None or case.ended or case.rung(one.step):
                continue
            facts = self._gather(connection, case, now)
            step = facts.playbook.step(one.step)
            passed, lines = presume_sent(case, [step], facts, now)
            self._write(connection, passed, lines, now)
            self.assessor.tell(connection, case.id, f"presumed/{one.step}/{case.round}", now)
            attempt = 1 + outreach.last_attempt(connection, case.id, case.round, one.step, step.by[0])
            parts.append((Part(case.id, case.round, one.step, step.by[0], attempt, leads=True), step.stage, case.invoice.seller))
        if parts:
            (first, stage, seller), at = parts[0], max(one.at for one in together)
            row = {
                "id": new_id("out"),
                "customer_id": customer,
                "seller_id": seller,
                "contact_id": "",
                "channel": first.channel,
                "step": first.rung,
                "stage": stage.value,
                "token": "",
                "claimed_by": first.case,
                "reason": _PRESUMED,
                "claimed_at": at,
                "sending_at": at,
            }
            outreach.presume_sent(connection, row, [part for part, _, _ in parts])

    def _gather(self, connection: Connection, case: Case, now: datetime) -> Facts:
        return self.assessor.gather(connection, case, Books(case.invoice.seller, now), now)

    def _write(self, connection: Connection, case: Case, lines: tuple[Entry, ...], now: datetime) -> Case:
        facts = self._gather(connection, case, now)
        heard = assess(case, None, (), facts, now)
        self.assessor.write(connection, heard, (*lines, *heard.entries), facts, now)
        return replace(heard.case, seq=heard.case.seq + 1)


def _describe(case: Case, due: FellDue) -> Uncertain:
    return Uncertain(case.id, case.invoice.customer, case.invoice.number, due.step.name, due.step.title, due.at)


def _task_for(uncertain: tuple[Uncertain, ...], owner: str, now: datetime) -> Task:
    named = "; ".join(f"{one.number}: {one.title}" for one in uncertain[:_MOST_NAMED])
    more = f"; and {len(uncertain) - _MOST_NAMED} more" if len(uncertain) > _MOST_NAMED else ""
    title = f"{len(uncertain)} reminders were left out, because they may have been sent before this copy was restored"
    remedy = f"Look in the mail server's log, and write by hand to whom it matters. {named}{more}"
    return Task(f"presumed/{now.isoformat()}", TaskKind.REVIEW, title, remedy, owner, now.date())
