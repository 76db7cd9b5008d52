"""The composition root: settings to connections to activities, then poll. ``python worker.py`` or ``dunwell worker``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import playbooks
from activities.assessor import Assessor, Policy
from activities.cases import Cases
from activities.ledgers import Ledgers
from activities.outreach import Outreach, Site, pass_by
from activities.upkeep import Upkeep
from db import parties
from db.engine import Database
from domain.calendar import ContactHours
from domain.facts import Envelope
from integrations.messaging import Mailer, capture, sendgrid, smtp
from settings import Settings, UnableToConfigure, load_sellers
from starter import Door, connect_ledgers, connect_temporal, keep_schedules
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE
from workflows.dunning import InvoiceDunning
from workflows.upkeep import Upkeep as RoundOfUpkeep

log = structlog.get_logger()

# Longer than any request to a provider, so that a send under way is always recorded before the process ends.
GRACE = timedelta(seconds=30)
_THREADS = 16


def sandbox() -> SandboxedWorkflowRunner:
    """The domain and the two vocabularies pass through the sandbox; the workflows themselves stay inside and policed."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows.ports", "workflows.contract"))


def make_policy(settings: Settings) -> Policy:
    """What the installation sets for every case, with the playbook that new cases will pin."""
    playbook = playbooks.load(settings.playbook)
    hours = ContactHours(any_time=settings.open_all_hours)
    return Policy(playbook, playbooks.resolve(playbook), Envelope(hours), settings.settlement_tolerance, settings.owner)


def connect_mailer(settings: Settings) -> Mailer:
    """Whoever carries e-mail. Raises UnableToConfigure when what the choice needs is missing."""
    if settings.mailer == "sendgrid":
        if not settings.sendgrid_api_key:
            raise UnableToConfigure("DUNWELL_SENDGRID_API_KEY: needed with DUNWELL_MAILER=sendgrid")
        return sendgrid.connect(settings.sendgrid_api_key, host=settings.sendgrid_host)
    if settings.mailer == "smtp":
        if not settings.smtp_url:
            raise UnableToConfigure("DUNWELL_SMTP_URL: needed with DUNWELL_MAILER=smtp, for example smtp://user:password@host:587?starttls=1")
        return smtp.connect(settings.smtp_url)
    return capture.connect(settings.data_folder / "mail")


def make_workers(
    client: Client, database: Database, ledgers: Ledgers, policy: Policy, mailer: Mailer, *, at: Callable[[Site], None] = pass_by, cached: int = 500
) -> tuple[Worker, Worker]:
    """A worker for each queue, polling through ``client``. ``at`` and ``cached`` are for tests."""
    assessor = Assessor(policy)
    cases, outreach = Cases(database, ledgers, assessor), Outreach(database, ledgers, assessor, mailer, at)
    upkeep = Upkeep(Door(database, client, ledgers))
    on_cases: list[Callable[..., Any]] = [cases.assess, cases.receive, upkeep.tend]
    workers = []
    for queue, activities, workflows in ((CASES_QUEUE, on_cases, [InvoiceDunning, RoundOfUpkeep]), (DELIVER_QUEUE, [outreach.deliver], [])):
        workers.append(
            Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=activities,
                activity_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix=queue),
                max_concurrent_activities=_THREADS,
                max_concurrent_workflow_tasks=10,
                max_cached_workflows=cached,
                workflow_runner=sandbox(),
                graceful_shutdown_timeout=GRACE,
            )
        )
    return workers[0], workers[1]


async def run(settings: Settings, *, at: Callable[[Site], None] = pass_by) -> None:
    """Poll until SIGTERM or SIGINT, then finish what is under way. ``at`` is for tests: no setting reaches it."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings.database)
    sellers = load_sellers(settings)
    with database.transaction() as connection:
        for one in sellers:
            parties.save_seller(connection, one.seller)
    client = await connect_temporal(settings)
    workers = make_workers(client, database, connect_ledgers(database, sellers, settings), make_policy(settings), connect_mailer(settings), at=at)
    await keep_schedules(client)
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        log.info("worker.ready", queues=[CASES_QUEUE, DELIVER_QUEUE], at=datetime.now(UTC).isoformat())
        await stop.wait()
        log.info("worker.stopping")
    database.close()


if __name__ == "__main__":
    asyncio.run(run(Settings()))
