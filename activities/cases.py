"""``assess`` made real: one look at the ledger, then one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities import unreadable, words
from activities.alerting import Chat, find_alert, send_alert
from activities.assessor import Assessor
from activities.clock import Clock, start_clock
from activities.ledgers import Ledgers
from activities.trouble import Doing, watching_for_trouble
from db import invoices, parties, people, tasks
from db.engine import Database
from integrations.messaging import Mailer
from workflows.contract import case_id
from workflows.ports import Answer, Ask


@dataclass(frozen=True, slots=True)
class Cases:
    """Implements ``workflows.ports.Cases``."""

    database: Database
    ledgers: Ledgers
    assessor: Assessor
    mailer: Mailer | None = None
    chat: Chat | None = None

    @activity.defn(name="assess")
    def assess(self, ask: Ask) -> Answer:
        """Raises LookupError when the invoice is not in the database at all."""
        clock = start_clock()
        with watching_for_trouble(self.database, ask.invoice, Doing.LOOK, clock) as over:
            try:
                answer = self._assess(ask, clock)
                over += unreadable.over(Doing.LOOK, answer)
                return answer
            except unreadable.UNREADABLE as error:
                return unreadable.wait_for_it(self.database, self.assessor, ask.invoice, error, clock, said=ask.said, known=ask.known)

    def _assess(self, ask: Ask, clock: Clock) -> Answer:
        sight = self.ledgers.read((ask.invoice,), clock())
        with self.database.transaction() as connection:
            looked_at = clock()
            answer = self.assessor.look(connection, ask.invoice, sight, ask.said, looked_at, known=ask.known, remembered=ask.remembered)
            now = clock()
            owner = people.find_acting_owner(connection, self.assessor.policy.owner, now.date()) if ask.said else ""
            tasks.open_tasks(connection, words.undone(ask.said, answer, owner, now.date()), answer.case.id, now)
            if sight.books.read_at == sight.begun:  # what came in a file was noted when it was imported
                invoices.note_seen(connection, tuple(sight.invoices), sight.begun)
            alert = find_alert(connection, self.assessor, answer.case, looked_at)
        if alert and self.mailer:
            send_alert(alert, self.mailer, self.chat, f"{self.assessor.policy.private_url}/tasks")
        return answer

    @activity.defn(name="receive")
    def receive(self, ask: Ask) -> None:
        """Safe to repeat: a word is stored once by its key."""
        clock = start_clock()
        with self.database.transaction() as connection:
            stored = invoices.load_invoice(connection, ask.invoice)
            if stored is not None:
                parties.lock_customer(connection, stored.customer)
                self.assessor.receive(connection, case_id(ask.invoice), ask.said, clock())
