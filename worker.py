"""The composition root: settings to connections to activities, then poll. ``python worker.py`` or ``dunwell worker``."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import playbooks
from activities.assessor import Assessor, Policy
from activities.cases import Cases
from activities.discreet import Discreet
from activities.ledgers import Ledgers
from activities.outreach import Outreach, Site, pass_by
from activities.plans import Plans
from activities.reconciling import Reconciler
from activities.review import Reviews, keep_reviews
from activities.upkeep import Upkeep, compare_at_start
from db import parties
from db.backup import Backups
from db.engine import Database
from domain.discretion import keep_logs_discreet
from integrations.messaging import Mailer, Messenger, capture, sendgrid, smtp
from settings import Settings, UnableToConfigure, load_sellers, refuse_unlawful
from starter import Door, connect_ledgers, connect_temporal, keep_schedules
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE
from workflows.dunning import InvoiceDunning
from workflows.plan import PaymentPlan
from workflows.review import OwnerReview, WeeklyReview
from workflows.upkeep import Upkeep as RoundOfUpkeep

log = structlog.get_logger()

# Longer than any request to a provider, so that a send under way is always recorded before the process ends.
GRACE = timedelta(seconds=30)
_THREADS = 16
NO_MESSENGERS: Mapping[str, Messenger] = MappingProxyType({})


def sandbox() -> SandboxedWorkflowRunner:
    """The domain and the two vocabularies pass through the sandbox; the workflows themselves stay inside and policed."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "workflows.ports", "workflows.contract"))


def make_policy(settings: Settings) -> Policy:
    """What the installation sets for every case, with the playbook that new cases will pin."""
    own = settings.own_playbooks
    playbook = playbooks.load(settings.playbook, own)
    return Policy(playbook, playbooks.resolve(playbook, own), settings.envelope, settings.settlement_tolerance, settings.owner, settings.public_url)


def make_assessor(settings: Settings) -> Assessor:
    """Whoever gathers the facts of a case and lets the rules decide."""
    return Assessor(make_policy(settings))


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
    return capture.connect(_mail(settings))


def connect_messengers(settings: Settings) -> dict[str, Messenger]:
    """Whoever carries what goes another way than by e-mail, by channel. None has a provider yet: all of it is captured."""
    kept = capture.connect(_mail(settings))
    return dict.fromkeys(settings.switched_on - {"email", "task"}, kept)


def _mail(settings: Settings) -> Path:
    return settings.data_folder / "mail"


def plan_backups(settings: Settings, database: Database) -> Backups:
    """Where backups go and what goes into each: the sellers, capture's log of what was sent, and the playbooks in use."""
    folders = {"playbooks": Path(playbooks.__file__).parent, "own-playbooks": settings.own_playbooks}
    files = {
        f"{name}/{path.relative_to(folder)}": path
        for name, folder in folders.items()
        for kind in ("*.yaml", "*.md", "*.mjml")
        for path in sorted(folder.rglob(kind))
    }
    files |= {
        "sellers.yaml": settings.sellers_file or settings.data_folder / "sellers.yaml",
        f"mail/{capture.ACCEPT_LOG}": _mail(settings) / capture.ACCEPT_LOG,
    }
    return Backups(database, settings.data_folder.absolute() / "backups", settings.backup_keep, version("dunwell"), files)


def make_reconciler(settings: Settings, database: Database) -> Reconciler:
    """Compares the database with what was really sent. Raises UnableToConfigure."""
    ledgers = connect_ledgers(database, load_sellers(settings), settings)
    return Reconciler(database, ledgers, Assessor(make_policy(settings)), connect_mailer(settings))


def make_workers(
    client: Client,
    database: Database,
    ledgers: Ledgers,
    policy: Policy,
    mailer: Mailer,
    *,
    backups: Backups | None = None,
    seals: Path | None = None,
    review_hour: int = 8,
    messengers: Mapping[str, Messenger] = NO_MESSENGERS,
    at: Callable[[Site], None] = pass_by,
    cached: int = 500,
) -> tuple[Worker, Worker]:
    """A worker for each queue, polling through ``client``; daily backups are made by themselves if ``backups`` says where.
    ``seals`` is the file outside the database in which nightly seals are kept.
    ``at`` and ``cached`` are for tests."""
    assessor = Assessor(policy)
    cases, outreach = Cases(database, ledgers, assessor), Outreach(database, ledgers, assessor, mailer, at, messengers)
    upkeep, plans = Upkeep(Door(database, client, ledgers), policy.owner, backups, seals), Plans(database, ledgers, assessor)
    reviews = Reviews(database, mailer, policy.tolerance, policy.owner, review_hour)
    return (
        make_worker(
            client,
            CASES_QUEUE,
            [cases.assess, cases.receive, plans.assess_plan, upkeep.tend, reviews.open_review],
            [InvoiceDunning, PaymentPlan, RoundOfUpkeep, WeeklyReview, OwnerReview],
            cached=cached,
        ),
        make_worker(client, DELIVER_QUEUE, [outreach.deliver, reviews.follow_review], cached=cached),
    )


def make_worker(client: Client, queue: str, activities: Sequence[Callable[..., Any]], workflows: Sequence[type] = (), *, cached: int = 500) -> Worker:
    """A worker for one queue, with the limits and the sandbox that every one of ours has."""
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=activities,
        activity_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix=queue),
        max_concurrent_activities=_THREADS,
        max_concurrent_workflow_tasks=10,
        max_cached_workflows=cached,
        workflow_runner=sandbox(),
        interceptors=[Discreet()],
        graceful_shutdown_timeout=GRACE,
    )


async def run(settings: Settings, *, at: Callable[[Site], None] = pass_by) -> None:
    """Poll until SIGTERM or SIGINT, then finish what is under way. ``at`` is for tests: no setting reaches it."""
    keep_logs_discreet()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = Database(settings.database)
    sellers = load_sellers(settings)
    with database.transaction() as connection:
        for one in sellers:
            parties.save_seller(connection, one.seller)
        refuse_unlawful(settings.envelope, parties.list_parties(connection), datetime.now(UTC).date())
    client = await connect_temporal(settings)
    await compare_at_start(client, database, settings.owner, datetime.now(UTC))
    ledgers, policy, mailer = connect_ledgers(database, sellers, settings), make_policy(settings), connect_mailer(settings)
    backups = plan_backups(settings, database) if database.is_sqlite else None
    messengers = connect_messengers(settings)
    hour, seals = settings.review_hour, settings.seals_file
    workers = make_workers(client, database, ledgers, policy, mailer, backups=backups, seals=seals, review_hour=hour, messengers=messengers, at=at)
    await keep_schedules(client)
    await keep_reviews(client, [one.seller for one in sellers], settings.review_weekday, settings.review_hour)
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        log.info("worker.ready", queues=[CASES_QUEUE, DELIVER_QUEUE], at=datetime.now(UTC).isoformat())
        await stop.wait()
        log.info("worker.stopping")
    database.close()


if __name__ == "__main__":
    asyncio.run(run(Settings()))
