"""A business whose database is put back to an earlier state, with a provider whose log remembers, and runs that do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from activities.reconciling import Reconciler
from db import installation
from db.engine import Database
from db.schema import metadata
from domain import covers
from domain.case import Case
from domain.decision import Close, Decision, Perform, Wait
from integrations.messaging import Email, Outcome, Refused, Sent, UnableToReadSent
from support.by_hand import MONDAY, ByHand, ScriptedMailer
from workflows.contract import Said
from workflows.ports import Answer, Ask, Delivery, Known

Rows = dict[str, list[dict[str, Any]]]


def copy(database: Database) -> Rows:
    """Everything in the database now."""
    with database.reading() as connection:
        return {table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in metadata.sorted_tables}


def write(database: Database, rows: Rows) -> None:
    """Put ``rows`` in the place of everything in the database."""
    with database.transaction() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer anyway; here a worker that lives on must wait
            names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
            connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows.get(table.name):
                connection.execute(table.insert(), rows[table.name])


@dataclass
class RememberingMailer(ScriptedMailer):
    """A provider with a log of all that it took: the judge. ``mute``: its log cannot be read."""

    hand: ByHand | None = None
    log: list[Sent] = field(default_factory=list)
    lag: timedelta = timedelta()
    mute: bool = False

    def send(self, email: Email) -> Outcome:
        before = len(self.accepted)
        try:
            answer = super().send(email)
        finally:
            if len(self.accepted) > before:
                assert self.hand
                self.log.append(Sent(self.hand.now, email.key, email.covers, email.to_address, email.subject, f"request-{email.key}", email.message_id))
        assert not isinstance(answer, Refused)
        return answer

    def sent_since(self, moment: datetime, known: Collection[str] = ()) -> Iterator[Sent]:
        if self.mute:
            raise UnableToReadSent("it was not bought")
        return (sent for sent in self.log if sent.at >= moment and sent.provider_id not in known)


class Living(ByHand):
    """Everything by hand, with runs that remember their cases and wake when they said they would, as workflows do."""

    def __init__(self, database: Database, **more: Any) -> None:
        super().__init__(database, **more)
        self.judge = RememberingMailer(hand=self)
        self.mailer = self.judge
        self.employ(self.policy)
        self.memory: dict[str, tuple[Known, Case]] = {}
        self.wakes: dict[str, datetime] = {}

    def open(self, number: str, late: int, customer: str) -> str:
        invoice = self.add(number, late, customer=customer)
        self.wakes[invoice] = self.now
        return invoice

    def assess(self, invoice: str, *said: Said) -> Answer:
        known, case = self.memory.get(invoice, (None, None))
        answer = self.run(self.cases.assess, Ask(invoice, said, known))
        if answer.forgot:
            answer = self.run(self.cases.assess, Ask(invoice, said, known, case))
        assert answer.known
        self.memory[invoice] = answer.known, answer.case
        return answer

    def deliver(self, invoice: str, act: Decision) -> Answer:
        assert isinstance(act, Perform)
        answer = self.run(self.outreach.deliver, Delivery(invoice, act.step, act.channel, self.memory[invoice][0]))
        if answer.forgot:
            return self.assess(invoice)
        assert answer.known
        self.memory[invoice] = answer.known, answer.case
        return answer

    def live_until(self, moment: datetime) -> None:
        """Let every run wake when it wants to, until ``moment``."""
        while self.wakes:
            first = min(self.wakes, key=lambda invoice: self.wakes[invoice])
            if self.wakes[first] > moment:
                break
            self.now = max(self.now, self.wakes[first])
            self.wake(first)
        self.now = max(self.now, moment)

    def wake(self, invoice: str) -> None:
        answer, turns = self.assess(invoice), 0
        while isinstance(answer.decision, Perform):
            turns += 1
            assert turns < 5, f"a hot loop: {answer.decision} again and again"
            answer = self.deliver(invoice, answer.decision)
        match answer.decision:
            case Wait(until=until):
                self.wakes[invoice] = until
            case Close():
                self.wakes.pop(invoice, None)

    def look_again(self) -> None:
        """What a nudge does to every run."""
        for invoice in list(self.wakes):
            self.wake(invoice)

    # ---- the database, put back

    def put_back(self, rows: Rows, *, fenced: datetime | None, runs_live: bool) -> None:
        """The database as it was; ``fenced`` as ``dunwell restore`` does it. Without live runs each begins anew from its row."""
        write(self.database, rows)
        with self.database.transaction() as connection:
            if fenced:
                installation.raise_fence(connection, installation.RESTORED, fenced, "Ann", self.now)
        known = {row["id"] for row in rows["invoices"]}
        # What the backup has never heard of is listed by the ledger, as upkeep finds it.
        for number in list(self.ledger.rows):
            invoice = self.take_in(number)
            if invoice not in known or not runs_live:
                self.wakes.setdefault(invoice, self.now)
        if not runs_live:
            self.memory.clear()
            self.wakes = dict.fromkeys(self.wakes, self.now)

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(self.database, self.ledgers, self.cases.assessor, self.judge)

    def is_fenced(self) -> bool:
        with self.database.reading() as connection:
            return installation.load_installation(connection).fence is not None

    def unfence(self) -> None:
        with self.database.transaction() as connection:
            installation.lift_fence(connection, "compared", "Ann", self.now)
        self.look_again()

    # ---- what the judge says

    def taken(self) -> Counter[tuple[str, int, str]]:
        """How often the provider took each step of each invoice and round."""
        found: Counter[tuple[str, int, str]] = Counter()
        for sent in self.judge.log:
            found.update({(one.invoice, one.round, one.step) for one in covers.read(sent.covers).told})
        return found

    def twice(self) -> list[tuple[str, int, str]]:
        return [step for step, times in self.taken().items() if times > 1]


def a_business(database: Database, random: Random, **more: Any) -> Living:
    """Some customers with some invoices each, in some weeks of their lives."""
    hand = Living(database, **more)
    for customer in range(random.randint(2, 4)):
        for number in range(random.randint(1, 3)):
            hand.open(f"INV-{customer}{number}", random.randint(-12, 30), f"C-{customer}")
    hand.live_until(MONDAY + timedelta(days=random.randint(1, 12), minutes=random.randint(0, 600)))
    return hand
