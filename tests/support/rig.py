"""Real parts, wired for a test: database, ledger, worker, door, on a real Temporal server with a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import which
from sys import executable
from typing import Any

from sqlalchemy import select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import playbooks
import worker
from activities.assessor import Assessor, Policy
from activities.ledgers import Ledgers
from activities.outreach import Site, pass_by
from db import cases, inbox, installation, journal, parties
from db.engine import Database
from db.schema import tasks
from domain.case import Case
from domain.diary import Entry
from domain.event import InvoiceChanged
from domain.facts import Books, Facts, Mode
from domain.seller import BankDetails, Seller
from integrations.messaging import Mailer, capture
from integrations.messaging.imap import Mailbox
from starter import Door
from support.ledger import ScriptedLedger
from workflows import contract
from workflows.contract import case_id
from workflows.payloads import data_converter

SELLER = Seller(
    id="brightwater",
    name="Brightwater Tools",
    legal_name="Brightwater Tools Ltd",
    sender_name="Ann Lee",
    sender_email="ann.lee@brightwater.example",
    ledger="rest",
    country="DE",
    time_zone="Europe/Berlin",
    address=("1 Wharf Road", "20457 Hamburg"),
    bank=BankDetails("Brightwater Tools Ltd", "DE89370400440532013000", "COBADEFFXXX", "Commerzbank"),
)
ATTRIBUTES = [contract.STAGE, contract.WAITING, contract.CUSTOMER, contract.SELLER, contract.CURRENCY, contract.DUE_ON, contract.NEXT_CONTACT, contract.BALANCE]


def temporal_program() -> str:
    """The Temporal server and CLI that the wheel installed beside this Python."""
    found = which("temporal", path=str(Path(executable).parent))
    assert found, "the temporal program is missing: run make setup"
    return found


@asynccontextmanager
async def virtual_server(*flags_too: str) -> AsyncIterator[WorkflowEnvironment]:
    """The real dev server, with a virtual clock for each workflow; ``flags_too`` are dynamic configuration, NAME=JSON."""
    flags = ["frontend.WorkflowTimeSkippingEnabled=true", 'history.timerProcessorMaxTimeShift="0s"', *flags_too]
    extra = [word for flag in flags for word in ("--dynamic-config-value", flag)]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=data_converter,
        search_attributes=ATTRIBUTES,
        dev_server_existing_path=temporal_program(),
        dev_server_extra_args=[*extra, "--log-level", "error"],
        dev_server_log_level="error",
    ) as environment:
        yield environment


@asynccontextmanager
async def real_server() -> AsyncIterator[WorkflowEnvironment]:
    """The real dev server on the real clock."""
    async with await WorkflowEnvironment.start_local(
        data_converter=data_converter, search_attributes=ATTRIBUTES, dev_server_existing_path=temporal_program(), dev_server_log_level="error"
    ) as environment:
        yield environment


@cache
def standard_policy() -> Policy:
    playbook = playbooks.load("standard")
    return Policy(playbook, playbooks.resolve(playbook))


@dataclass
class Rig:
    """Everything a test speaks to. ``mail`` is the folder of the capture mailer."""

    database: Database
    ledger: ScriptedLedger
    ledgers: Ledgers
    policy: Policy
    mailer: Mailer
    mail: Path
    door: Door

    def case(self, invoice: str) -> Case:
        with self.database.transaction() as connection:
            found = cases.load_case(connection, case_id(invoice))
        assert found is not None
        return found

    def diary(self, invoice: str) -> tuple[Entry, ...]:
        with self.database.reading() as connection:
            return journal.read(connection, case_id(invoice))

    def facts(self, invoice: str, now: datetime) -> Facts:
        """The facts of a case as the worker would gather them, with a ledger that is always readable."""
        case = self.case(invoice)
        with self.database.transaction() as connection:
            gathered = Assessor(self.policy).gather(connection, case, Books(SELLER.id, posted_through=self.ledger.posted_through), now)
        return replace(gathered, contacts=(), in_flight=(), refusals=())

    def record(self, number: str, due: date, **fields: Any) -> str:
        """Put an invoice into the ledger and the database; our id for it."""
        row = self.ledger.add(number, due, due - timedelta(days=30), **fields)
        with self.database.transaction() as connection:
            return self.ledgers.record(connection, SELLER.id, [row], datetime.now(UTC))[number].id

    async def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something has happened on the running server."""
        for _ in range(int(seconds / 0.05)):
            if await asyncio.to_thread(happened):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"did not happen within {seconds} s: {happened}")

    def tasks(self) -> list[str]:
        """The titles of the open tasks."""
        with self.database.reading() as connection:
            return list(connection.scalars(select(tasks.c.title).where(tasks.c.closed_at.is_(None))))

    def hint(self, number: str, delivery: str) -> str:
        """Store a webhook's hint; the inbox row's id."""
        with self.database.transaction() as connection:
            word, _ = inbox.receive(
                connection,
                source="rest",
                source_id=delivery,
                kind="changed",
                body="{}",
                now=datetime.now(UTC),
                seller_id=SELLER.id,
                ref=number,
                news=InvoiceChanged(by="ledger"),
            )
        return word


@asynccontextmanager
async def rig(
    client: Client,
    database: Database,
    folder: Path,
    *,
    at: Callable[[Site], None] = pass_by,
    mode: Mode = Mode.LIVE,
    policy: Policy | None = None,
    mailer: Mailer | None = None,
    work: bool = True,
    cached: int = 0,
    mailboxes: Sequence[Mailbox] = (),
    name: str | None = None,
) -> AsyncIterator[Rig]:
    """Workers on ``client`` and everything behind them; every workflow task replays its whole history, unless it is ``cached``."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        installation.set_mode(connection, mode, "test", datetime.now(UTC))
    ledger = ScriptedLedger()
    ledgers = Ledgers(database, {SELLER.id: ledger})
    policy = policy or standard_policy()
    mail = folder / "mail"
    made = Rig(database, ledger, ledgers, policy, mailer or capture.connect(mail), mail, Door(database, client, ledgers))
    if not work:
        yield made
        return
    cases_worker, deliver_worker = worker.make_workers(client, database, ledgers, policy, made.mailer, at=at, cached=cached, mailboxes=mailboxes, name=name)
    async with cases_worker, deliver_worker:
        yield made
