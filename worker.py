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
from sqlalchemy import Connection
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import playbooks
from activities.agreement import sign
from activities.alerting import Chat
from activities.assessor import Assessor, Policy, find_unread
from activities.cases import Cases
from activities.discreet import Discreet
from activities.intake import Intake, keep_intake
from activities.ledgers import Ledgers
from activities.outreach import Outreach, Site, pass_by
from activities.plans import Plans
from activities.reconciling import Reconciler
from activities.review import Reviews, keep_reviews
from activities.upkeep import Upkeep, compare_at_start, keep_schedules
from db import installation, parties
from db.backup import Backups
from db.engine import Database
from db.renewed_tokens import RenewedToken
from domain.discretion import keep_logs_discreet
from domain.facts import Mode
from integrations import chat_server
from integrations.messaging import Findable, Mailer, Messenger, capture, portal, print_folder, sendgrid, smtp, twilio_call, twilio_text
from integrations.messaging.imap import Mailbox
from integrations.messaging.team_chat import TeamChat
from integrations.reading import chat as reading
from integrations.reading.chat import ChatReader
from integrations.writing import Writer, openai_compatible
from playbooks.phrases import is_for_the_world
from playbooks.rates import load_rates
from playbooks.voice import Edition, editions
from settings import NOBODY_READS, Settings, UnableToConfigure, carries_for_real, connect_mailboxes, load_sellers, reads_replies, refuse_unlawful
from starter import Door, connect_ledgers, connect_temporal
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE
from workflows.dunning import InvoiceDunning
from workflows.intake import Intake as RoundOfMail
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
    return Policy(
        playbook,
        playbooks.resolve(playbook, own),
        settings.envelope,
        settings.settlement_tolerance,
        settings.owner,
        settings.public_url,
        _private_url(settings),
        settings.clicks,
        find_voices(settings),
        load_rates(own),
        _leaves_unread(settings),
    )


def _leaves_unread(settings: Settings) -> bool:
    """Whether messages would really leave, and no program reads what is answered."""
    try:
        return carries_for_real(settings) and not reads_replies(settings, load_sellers(settings))
    except UnableToConfigure:
        return False  # whatever needs the sellers says so itself


def find_voices(settings: Settings) -> dict[str, Edition]:
    """How the owner of each seller writes, by the seller's id. Raises UnableToLoad for a voice at fault."""
    try:
        sellers = [one.seller for one in load_sellers(settings)]
    except UnableToConfigure:
        sellers = []  # whatever needs the sellers says so itself
    return editions(settings.data_folder, sellers, settings.own_playbooks)


def _private_url(settings: Settings) -> str:
    return f"http://{settings.private_host}:{settings.private_port}"


def make_assessor(settings: Settings) -> Assessor:
    """Whoever gathers the facts of a case and lets the rules decide."""
    return Assessor(make_policy(settings))


def connect_mailer(settings: Settings) -> Mailer:
    """Whoever carries e-mail. Raises UnableToConfigure when what the choice needs is missing."""
    if settings.mailer == "sendgrid":
        if not settings.sendgrid_api_key:
            raise UnableToConfigure("DUNWELL_SENDGRID_API_KEY: needed with DUNWELL_MAILER=sendgrid")
        return sendgrid.connect(settings.sendgrid_api_key, host=settings.sendgrid_host, receipts=bool(settings.sendgrid_event_keys))
    if settings.mailer == "smtp":
        if not settings.smtp_url:
            raise UnableToConfigure("DUNWELL_SMTP_URL: needed with DUNWELL_MAILER=smtp, for example smtp://user:password@host:587?starttls=1")
        return smtp.connect(settings.smtp_url)
    return capture.connect(_mail(settings))


def connect_writer(settings: Settings) -> Writer | None:
    """The model that may word messages; none unless it is configured. Raises UnableToConfigure."""
    if not settings.writing_model_url:
        return None
    texts = frozenset(name.strip() for name in settings.writing_for.split(",") if name.strip())
    try:
        return openai_compatible.connect(
            settings.writing_model_url, settings.writing_model_name, settings.writing_model_key, texts, settings.writing_model_seconds
        )
    except chat_server.UnableToConnect as error:
        raise UnableToConfigure(str(error)) from None


def connect_reader(settings: Settings) -> ChatReader | None:
    """The model that is asked what an answer means where the rules do not know; none unless it is configured. Raises UnableToConfigure."""
    if not settings.reading_model_url:
        return None
    try:
        return reading.connect(settings.reading_model_url, settings.reading_model_name, settings.reading_model_key)
    except chat_server.UnableToConnect as error:
        raise UnableToConfigure(str(error)) from None


def connect_messengers(settings: Settings) -> dict[str, Messenger]:
    """Whoever carries what goes another way than by e-mail, by channel. What no provider is set for is captured."""
    kept = capture.connect(_mail(settings))
    messengers: dict[str, Messenger] = dict.fromkeys(settings.switched_on - {"email", "task"}, kept)
    if settings.twilio_account_sid and "call" in messengers:
        messengers["call"] = _connect_calls(settings)
    if settings.twilio_account_sid and "sms" in messengers:
        messengers["sms"] = _connect_texts(settings)
    if "portal" in messengers:
        messengers["portal"] = portal.Portal()
    if settings.letters == "print" and "letter" in messengers:
        messengers["letter"] = print_folder.connect(settings.data_folder / "letters")
    return messengers


def _connect_calls(settings: Settings) -> Messenger:
    """Calls through Twilio. Raises UnableToConnect, and UnableToConfigure where it could not ask us what to say."""
    if is_for_the_world(settings.twilio_api) and not is_for_the_world(settings.public_url):
        raise UnableToConfigure(
            "DUNWELL_PUBLIC_URL: Twilio asks it what to say; write how the world reaches the public listener, or take call out of DUNWELL_CHANNELS"
        )
    return twilio_call.connect(
        settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_from, public_url=settings.public_url, api=settings.twilio_api
    )


def _connect_texts(settings: Settings) -> Messenger:
    """Text messages through Twilio, by WhatsApp where a number for that is set. Raises UnableToConnect."""
    sender = settings.whatsapp_from or settings.twilio_messaging_service_sid or settings.twilio_from
    # Twilio refuses to call back an address that it cannot reach; a test peer on this machine can.
    reachable = is_for_the_world(settings.public_url) or not is_for_the_world(settings.twilio_api)
    return twilio_text.connect(
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        sender,
        api=settings.twilio_api,
        public_url=settings.public_url if reachable else "",
        template=settings.whatsapp_template if settings.whatsapp_from else "",
    )


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
    files |= {f"voice/{path.name}": path for path in sorted((settings.data_folder / "voice").glob("*.yaml"))}
    files |= {
        "sellers.yaml": settings.sellers_file or settings.data_folder / "sellers.yaml",
        f"mail/{capture.ACCEPT_LOG}": _mail(settings) / capture.ACCEPT_LOG,
    }
    return Backups(database, settings.data_folder.absolute() / "backups", settings.backup_keep, version("dunwell"), files)


def keep_tokens(mailboxes: Sequence[Mailbox], database: Database) -> None:
    """Have the refresh tokens that mail services renew outlive this process."""
    for mailbox in mailboxes:
        if mailbox.tokens:
            mailbox.tokens.keeper = RenewedToken(database, mailbox.source, lambda: datetime.now(UTC))


def make_reconciler(settings: Settings, database: Database) -> Reconciler:
    """Compares the database with what was really sent. Raises UnableToConfigure."""
    ledgers = connect_ledgers(database, load_sellers(settings), settings)
    texts = connect_messengers(settings).get("sms")
    told = texts if isinstance(texts, twilio_text.TwilioTexts) else None
    return Reconciler(database, ledgers, Assessor(make_policy(settings)), connect_mailer(settings), told)


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
    mailboxes: Sequence[Mailbox] = (),
    chat: Chat | None = None,
    writer: Writer | None = None,
    reader: ChatReader | None = None,
    name: str | None = None,
    at: Callable[[Site], None] = pass_by,
    cached: int = 500,
) -> tuple[Worker, Worker]:
    """A worker for each queue, polling through ``client``; daily backups are made by themselves if ``backups`` says where.
    ``seals`` is the file outside the database in which nightly seals are kept, ``name`` what ``sign`` answers.
    ``at`` and ``cached`` are for tests."""
    assessor = Assessor(policy)
    cases, outreach = Cases(database, ledgers, assessor, mailer, chat), Outreach(database, ledgers, assessor, mailer, at, messengers, chat, writer)
    texts = messengers.get("sms")
    asked = texts if isinstance(texts, twilio_text.TwilioTexts) else None
    calls = messengers.get("call")
    phoned = calls if isinstance(calls, twilio_call.TwilioCalls) else None
    logged = mailer if isinstance(mailer, Findable) else None
    upkeep, plans = Upkeep(Door(database, client, ledgers), policy.owner, backups, seals, asked, phoned, logged), Plans(database, ledgers, assessor)
    intake = Intake(Door(database, client, ledgers), mailboxes, policy.owner, reader, mailer)
    reviews = Reviews(database, mailer, policy.tolerance, policy.owner, review_hour)
    return (
        make_worker(
            client,
            CASES_QUEUE,
            [cases.assess, cases.receive, plans.assess_plan, upkeep.tend, reviews.open_review, intake.read_mail],
            [InvoiceDunning, PaymentPlan, RoundOfUpkeep, RoundOfMail, WeeklyReview, OwnerReview],
            name=name,
            cached=cached,
        ),
        make_worker(client, DELIVER_QUEUE, [outreach.deliver, reviews.follow_review], name=name, cached=cached),
    )


def make_worker(
    client: Client,
    queue: str,
    activities: Sequence[Callable[..., Any]],
    workflows: Sequence[type] = (),
    *,
    name: str | None = None,
    cached: int = 500,
) -> Worker:
    """A worker for one queue, with the limits and the sandbox that every one of ours has."""
    return Worker(
        client,
        task_queue=queue,
        identity=name,
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


def refuse_capture(settings: Settings, connection: Connection) -> None:
    """Raises UnableToConfigure where e-mails have been leaving and would now be kept here unseen, counted as delivered."""
    state = installation.load_installation(connection)
    if settings.mailer == "capture" and state.mode is Mode.LIVE and (carrier := installation.find_carrier(connection)):
        raise UnableToConfigure(
            f"DUNWELL_MAILER is capture, and e-mails have been leaving by {carrier}: what this worker keeps here would count as delivered, and reach nobody. "
            "Start it with the settings of the others; to stop all sending: dunwell pause"
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
        refuse_capture(settings, connection)
    client = await connect_temporal(settings)
    await compare_at_start(client, database, settings.owner, datetime.now(UTC))
    ledgers, policy, mailer = connect_ledgers(database, sellers, settings), make_policy(settings), connect_mailer(settings)
    with database.reading() as connection:
        if find_unread(connection, policy):
            log.error("worker.nothing_leaves", why=NOBODY_READS)
    backups = plan_backups(settings, database) if database.is_sqlite else None
    messengers = connect_messengers(settings)
    mailboxes = connect_mailboxes(settings, sellers)
    keep_tokens(mailboxes, database)
    workers = make_workers(
        client,
        database,
        ledgers,
        policy,
        mailer,
        backups=backups,
        seals=settings.seals_file,
        review_hour=settings.review_hour,
        messengers=messengers,
        mailboxes=mailboxes,
        chat=TeamChat(settings.team_chat_url) if settings.team_chat_url else None,
        writer=connect_writer(settings),
        reader=connect_reader(settings),
        name=(name := sign(settings, sellers, policy)),
        at=at,
    )
    await keep_schedules(client)
    await keep_intake(client)
    await keep_reviews(client, [one.seller for one in sellers], settings.review_weekday, settings.review_hour)
    async with AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(worker)
        log.info("worker.ready", name=name, queues=[CASES_QUEUE, DELIVER_QUEUE], at=datetime.now(UTC).isoformat())
        await stop.wait()
        log.info("worker.stopping")
    database.close()


if __name__ == "__main__":
    asyncio.run(run(Settings()))
