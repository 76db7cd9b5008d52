"""A small business on paper: rows written as a worker would write them, and a door that only remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import playbooks as policy
from db import cases, installation, invoices, journal, parties, people, schema, tasks
from db import playbooks as stored
from db.cases import Showing
from db.engine import Database
from db.parties import CustomerRow
from db.people import Access
from domain.calendar import local_day
from domain.case import Case, Dispute, Hold, HoldKind, Outcome, Promise, Rung
from domain.customer import Role
from domain.diary import Entry, EntryKind
from domain.event import News
from domain.facts import Mode
from domain.invoice import Invoice
from domain.money import Money
from domain.plan_keeping import PlanWord
from domain.seller import Seller
from domain.task import Task, TaskKind
from starter import Answer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjU"
SELLER = Seller(
    id="brightwater",
    name="Brightwater Tools",
    legal_name="Brightwater Tools Ltd",
    sender_name="Ann Lee",
    sender_email="ann.lee@brightwater.example",
    ledger="rest",
    country="DE",
    time_zone="Europe/Berlin",
)


@dataclass
class Temporal:
    """What the health check asks, answering or not."""

    is_up: bool = True

    async def check_health(self, timeout: timedelta) -> bool:
        if not self.is_up:
            raise ConnectionError("no server")
        return True


@dataclass
class FakeDoor:
    """The door as pages and webhooks know it; remembers what was asked of it, and answers as told."""

    database: Database
    temporal: Temporal = field(default_factory=Temporal)
    reported: list[str] = field(default_factory=list)
    overrides: list[tuple[str, News, str, str, str | None]] = field(default_factory=list)
    plans: list[tuple[str, PlanWord, str, str, str | None]] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(True, "held until Tue  1 Dec 2026 by Mara"))
    trouble: Exception | None = None

    @property
    def client(self) -> Any:
        return SimpleNamespace(service_client=self.temporal)

    async def report(self, word: str) -> bool:
        if self.trouble:
            raise self.trouble
        self.reported.append(word)
        return True

    async def report_all(self, words: Sequence[str]) -> int:
        return sum([await self.report(word) for word in words])

    async def pass_on(self, now: datetime) -> int:
        if self.trouble:
            raise self.trouble
        return 0

    async def override(self, case: str, news: News, *, by: str, why: str, key: str | None = None) -> Answer:
        self.overrides.append((case, news, by, why, key))
        return self.answer

    async def tell_plan(self, plan: str, word: PlanWord, *, by: str, why: str, key: str | None = None) -> Answer:
        self.plans.append((plan, word, by, why, key))
        return self.answer


@dataclass
class Office:
    """Writes rows. Days are counted from ``today``, the seller's calendar day."""

    database: Database
    now: datetime
    count: int = 0

    @property
    def today(self) -> date:
        return local_day(self.now, (SELLER.time_zone,))

    def customer(self, number: str = "C-1", name: str = "Norden Logistics", zone: str = "Europe/Berlin") -> str:
        row = CustomerRow(number, name, "DE", (zone,), "en", ((Role.BILLING, f"Billing of {number}", f"billing@{number.lower()}.example", ""),))
        with self.database.transaction() as connection:
            return parties.save_customers(connection, SELLER.id, [row])[number]

    def invoice(
        self,
        number: str,
        customer: str,
        *,
        balance: str = "1200.00",
        currency: str = "EUR",
        late: int = 5,
        stage: str = "reminder",
        rule: str = "planned",
        because: str = "second reminder planned for Mon 30 Nov 2026, 09:14 Europe/Berlin",
        next_in: timedelta | None = timedelta(days=2),
        next_step: str = "second-reminder",
        rungs: tuple[Rung, ...] = (),
        holds: tuple[Hold, ...] = (),
        promises: tuple[Promise, ...] = (),
        disputes: tuple[Dispute, ...] = (),
        ended: Outcome | None = None,
        playbook: str = "standard",
    ) -> str:
        due = self.today - timedelta(days=late)
        money = Money(Decimal(balance), currency)
        drawn = Invoice("", SELLER.id, customer, number, money, money, due - timedelta(days=30), due)
        followed = policy.load(playbook)
        with self.database.transaction() as connection:
            stored.store_version(connection, followed.hash, followed.name, policy.resolve(followed), self.now)
            invoices.save_invoices(connection, [(drawn, f"{customer}/{number}")], self.now)
            found = next(one for one in invoices.find_by_number(connection, number) if one.customer == customer)
            case = Case(
                f"invoice/{found.id}",
                found,
                followed.hash,
                self.now,
                rungs=rungs,
                holds=holds,
                promises=promises,
                disputes=disputes,
                ended=ended,
                ended_why="paid in full" if ended else "",
            )
            showing = Showing(stage, rule, because, "accounts receivable", None if next_in is None else self.now + next_in, next_step)
            cases.save_case(connection, case, showing, self.now)
            journal.write(connection, case.id, 1, [Entry(self.now, self.today, late, EntryKind.OPENED, f"watching begins: {money} open")])
        return found.id

    def decide(self, invoice: str, why: str, *, rule: str = "planned", times: int = 1) -> None:
        with self.database.transaction() as connection:
            for n in range(times):
                at = self.now + timedelta(minutes=n)
                journal.record_decision(
                    connection,
                    f"invoice/{invoice}",
                    n,
                    at,
                    rule=rule,
                    verdict="wait",
                    why=why,
                    until=at + timedelta(hours=1),
                    facts={"balance": "1,200.00 EUR"},
                )

    def message(
        self,
        invoice: str,
        customer: str,
        *,
        subject: str = "Invoice 7 is overdue",
        text: str = "Dear all",
        html: str = "<p>Dear all</p>",
        state: str = "accepted",
    ) -> str:
        self.count += 1
        id_ = f"out_{self.count}"
        written = bool(html or text)
        row = {
            "id": id_,
            "customer_id": customer,
            "seller_id": SELLER.id,
            "contact_id": "con_1",
            "channel": "email",
            "step": "first-reminder",
            "stage": "reminder",
            "state": state,
            "token": "t",
            "claimed_by": f"invoice/{invoice}",
            "claimed_at": self.now,
            "sending_at": self.now if written else None,
            "subject": subject,
            "text": text,
            "html": html,
            "to_address": "billing@c-1.example" if written else "",
            "provider": "capture",
            "message_id": f"<{id_}@brightwater.example>",
        }
        part = {
            "outreach_id": id_,
            "case_id": f"invoice/{invoice}",
            "round": 1,
            "rung": "first-reminder",
            "channel": "email",
            "attempt": self.count,
            "leads": True,
        }
        with self.database.transaction() as connection:
            connection.execute(schema.outreach.insert().values(row))
            connection.execute(schema.outreach_parts.insert().values(part))
        return id_

    def task(self, key: str, kind: TaskKind, title: str, remedy: str, invoice: str | None = None) -> None:
        task = Task(key, kind, title, remedy, "accounts receivable", self.today)
        with self.database.transaction() as connection:
            tasks.open_tasks(connection, [task], f"invoice/{invoice}" if invoice else None, self.now)

    def go_live(self) -> None:
        with self.database.transaction() as connection:
            installation.set_mode(connection, Mode.LIVE, "test", self.now)

    def stop_everything(self, reason: str) -> None:
        with self.database.transaction() as connection:
            installation.switch_off(connection, reason, "test", self.now)

    def token(self, name: str, role: Access) -> str:
        with self.database.transaction() as connection:
            return people.issue_token(connection, name, role, self.now)

    def promise(self, amount: str, currency: str = "EUR", in_days: int = 3) -> Promise:
        money = Money(Decimal(amount), currency)
        return Promise(money, self.today + timedelta(days=in_days), self.now, money, "Mara")

    def hold(self, days: int = 7) -> Hold:
        return Hold(HoldKind.MANUAL, self.now + timedelta(days=days), "asked for a copy", "Mara", self.now)
