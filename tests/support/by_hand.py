"""The activities run by hand: each as a worker would run it, at a moment the test chooses, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from temporalio.testing import ActivityEnvironment

from activities.assessor import Assessor, Policy
from activities.cases import Cases
from activities.ledgers import Ledgers
from activities.outreach import Outreach, Site
from db import cases, inbox, installation, journal, parties
from db.engine import Database
from db.ids import new_id
from db.outreach import load_claim
from db.schema import tasks
from domain.case import Case
from domain.decision import Decision, Perform, Wait
from domain.diary import write_diary
from domain.event import News
from domain.facts import Mode
from integrations.messaging import Accepted, Email, Outcome, Refused
from support.ledger import ScriptedLedger
from support.rig import SELLER, standard_policy
from workflows.contract import Said, case_id
from workflows.ports import Answer, Ask, Delivery

# Ten in the morning in Berlin.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DELIVERED = Accepted("provider-1", delivered=True)
UNCONFIRMED = Accepted("provider-1")


class Killed(BaseException):
    """The worker is gone: nothing after this line happened."""


def kill() -> None:
    raise Killed


@dataclass
class ScriptedMailer:
    """Answers what is in ``script``, one a message, then ``usual``. ``accepted`` is what the provider took: the judge here."""

    script: list[Outcome | Exception] = field(default_factory=list)
    usual: Outcome = DELIVERED
    posted: list[Email] = field(default_factory=list)
    accepted: list[Email] = field(default_factory=list)
    name: str = "scripted"

    def send(self, email: Email) -> Outcome:
        self.posted.append(email)
        answer = self.script.pop(0) if self.script else self.usual
        if not isinstance(answer, Refused):
            self.accepted.append(email)  # a provider that gives no clear answer may well have taken it
        if isinstance(answer, Exception):
            raise answer
        return answer


class ByHand:
    """Ledger, mailer and activities around one database. Each run of an activity begins a second after the one before.

    ``on`` holds what happens at each site of a delivery.
    """

    def __init__(self, database: Database, *, mode: Mode = Mode.LIVE, policy: Policy | None = None) -> None:
        self.database, self.now = database, MONDAY
        self.ledger, self.mailer = ScriptedLedger(), ScriptedMailer()
        self.on: dict[Site, Callable[[], None]] = {}
        self.employ(policy or standard_policy())
        with database.transaction() as connection:
            parties.save_seller(connection, SELLER)
        self.switch(mode)

    def employ(self, policy: Policy, *, connected: bool = True) -> None:
        """The worker that runs from now on: its policy, and whether it has a connection to the ledger."""
        self.policy, self.ledgers = policy, Ledgers(self.database, {SELLER.id: self.ledger} if connected else {})
        assessor = Assessor(policy)
        self.cases = Cases(self.database, self.ledgers, assessor, self.mailer)
        self.outreach = Outreach(self.database, self.ledgers, assessor, self.mailer, lambda site: self.on.get(site, lambda: None)())

    def switch(self, mode: Mode) -> None:
        with self.database.transaction() as connection:
            installation.set_mode(connection, mode, "test", self.now)

    def add(self, number: str, late: int, **fields: Any) -> str:
        """Put an invoice so many days late (negative: not yet due) into ledger and database; our id for it."""
        due = self.day(-late)
        self.ledger.add(number, due, due - timedelta(days=30), **fields)
        return self.take_in(number)

    def take_in(self, ref: str) -> str:
        """Record what the ledger says of an invoice, as an import does; our id for it."""
        with self.database.transaction() as connection:
            return self.ledgers.record(connection, SELLER.id, [self.ledger.rows[ref]], self.now)[ref].id

    def day(self, later: int = 0) -> date:
        return self.now.date() + timedelta(days=later)

    def run(self, activity: Callable[..., Answer], argument: Ask | Delivery) -> Answer:
        self.now += timedelta(seconds=1)
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, started_time=self.now)
        return environment.run(activity, argument)

    def assess(self, invoice: str, *said: Said) -> Answer:
        return self.run(self.cases.assess, Ask(invoice, said))

    def deliver(self, invoice: str, act: Decision) -> Answer:
        assert isinstance(act, Perform), act
        return self.run(self.outreach.deliver, Delivery(invoice, act.step, act.channel))

    def due(self, invoice: str) -> Perform:
        """The step that a look finds due now."""
        decision = self.assess(invoice).decision
        assert isinstance(decision, Perform), decision
        return decision

    def kill_at(self, site: Site, invoice: str, act: Decision) -> bool:
        """Deliver, and lose the worker at ``site``; whether it came that far."""
        self.on[site] = kill
        try:
            self.deliver(invoice, act)
        except Killed:
            return True
        finally:
            del self.on[site]
        return False

    def work(self, invoice: str) -> Wait:
        """What a run does between two sleeps: look, and carry out what is due until it must wait."""
        answer, turns = self.assess(invoice), 0
        while isinstance(act := answer.decision, Perform):
            turns += 1
            assert turns < 5, f"a hot loop: {act} again and again"
            answer = self.deliver(invoice, act)
        assert isinstance(answer.decision, Wait), answer.decision
        assert answer.decision.until >= self.now + timedelta(seconds=50)
        return answer.decision

    def until(self, happened: Callable[[], object], *invoices: str, days: float = 60) -> timedelta:
        """Let these invoices work whenever they wake, until something has happened; how long that took."""
        began = self.now
        wake = dict.fromkeys(invoices, began)
        while True:
            first = min(invoices, key=lambda invoice: wake[invoice])
            self.now = max(self.now, wake[first])
            assert self.now - began <= timedelta(days=days), f"did not happen within {days} days"
            wake[first] = self.work(first).until
            if happened():
                return self.now - began

    def say(self, invoice: str, news: News) -> None:
        """A person's word, stored and not yet heard."""
        with self.database.transaction() as connection:
            inbox.receive(
                connection,
                source="person",
                source_id=new_id("key"),
                kind=news.kind,
                body="",
                now=self.now,
                case_id=case_id(invoice),
                news=news,
                by=news.by,
            )

    def case(self, invoice: str) -> Case:
        with self.database.transaction() as connection:
            found = cases.load_case(connection, case_id(invoice))
        assert found is not None
        return found

    def fates(self, invoice: str) -> dict[str, str]:
        """What became of each step of an invoice, those left out at the entry excepted."""
        return {rung.step: rung.fate.value for rung in self.case(invoice).rungs if rung.fate != "passed_over"}

    def diary(self, invoice: str) -> str:
        with self.database.reading() as connection:
            return write_diary(journal.read(connection, case_id(invoice)))

    def tasks(self) -> list[str]:
        """The matters of the open tasks."""
        with self.database.reading() as connection:
            return sorted(connection.scalars(select(tasks.c.key).where(tasks.c.closed_at.is_(None))))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def states(self) -> list[str]:
        """The state of each message, in the order they were claimed."""
        return [state for (state,) in self.rows("select state from outreach order by claimed_at, id")]

    def heard(self, address: str = "c-1@customer.example") -> list[str]:
        """The subjects of what the provider took for this address."""
        return [email.subject for email in self.mailer.accepted if email.to_address == address]

    def accepted_for(self, invoice: str) -> list[tuple[int, str]]:
        """The round and step of this invoice that each message taken by the provider stood for."""
        found = []
        with self.database.transaction() as connection:
            for email in self.mailer.accepted:
                found += [(part.round, part.rung) for part in load_claim(connection, email.key).parts if part.case == case_id(invoice)]
        return found

    def nothing_unrecorded(self, *invoices: str) -> None:
        """Every message the provider took stands in every case it covered, and none took a step twice."""
        for invoice in invoices:
            steps = self.accepted_for(invoice)
            assert len(set(steps)) == len(steps), f"a step went out twice: {steps}"
            case = self.case(invoice)
            taken = [rung.step for rung in case.rungs if rung.is_contact] + [answer.step for answer in case.answers if answer.outreach]
            assert sorted(step for _, step in steps) == sorted(taken)
