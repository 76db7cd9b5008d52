"""``tend`` made real: the backstop behind every webhook, signal and run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError

from activities import forgotten
from activities.agreement import compare_workers
from activities.calling import trace_calls
from activities.clock import Clock, start_clock
from activities.overdue import wake_overdue
from activities.sealing import Sealing
from activities.tracing import trace_mails, trace_texts
from activities.unread import give_up_unread
from db import installation, journal, people, tasks
from db.backup import Backups
from db.engine import Database
from domain.discretion import describe
from domain.task import Task, TaskKind
from integrations.accounting import OVERLAP, LedgerInvoice, UnableToReadLedger
from integrations.messaging import Findable
from integrations.messaging.twilio_call import TwilioCalls
from integrations.messaging.twilio_text import TwilioTexts
from starter import Door
from workflows import contract
from workflows.ports import Tended

T = TypeVar("T")

log = structlog.get_logger()

_HEARTBEAT_SECONDS = 60
_PATIENCE = timedelta(seconds=10)
# A ledger that is away for a moment is nobody's task.
_UNLISTED = timedelta(hours=1)
_FREQUENT = "upkeep"  # the schedule of the rounds that come most often


@dataclass(frozen=True, slots=True)
class _Round:
    """What came of each part of one round: what went wrong, or nothing. A part that fails keeps no other from its turn."""

    parts: dict[str, str] = field(default_factory=dict)

    async def do(self, part: str, doing: Awaitable[T], otherwise: T) -> T:
        """What ``doing`` answers, or ``otherwise`` when it fails; ``part`` says what it does, as in "sealing the diaries"."""
        try:
            done = await doing
        except Exception as error:  # whatever it is, somebody hears of it at the end of the round
            self.parts[part] = describe(error)
            log.error("upkeep.part_failed", part=part, error=self.parts[part])
            return otherwise
        self.parts[part] = ""
        return done


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Implements ``workflows.ports.Upkeep``. ``backups`` is there where they are made daily by themselves.

    ``seals`` is the file outside the database in which nightly seals are kept, if any. ``texts`` and ``calls`` are asked what became of
    messages and calls whose end they have not told, ``mails`` for those that may have been sent.
    """

    door: Door
    owner: str = "accounts receivable"
    backups: Backups | None = None
    seals: Path | None = None
    texts: TwilioTexts | None = None
    calls: TwilioCalls | None = None
    mails: Findable | None = None

    @activity.defn(name="tend")
    async def tend(self, thorough: bool, mark: str = "") -> Tended:
        """A ledger that cannot be read is left for the next round; each case that needs it raises the incident itself, and where
        none does it becomes a task after an hour. Whatever else fails is a task at once, and keeps nothing else from its turn."""
        clock = start_clock()
        if mark:
            await asyncio.to_thread(_compare, self.door.database, mark, self.owner, clock())
        database, door, done = self.door.database, self.door, _Round()
        if thorough:
            await done.do("sealing the diaries", asyncio.to_thread(Sealing(database, self.seals, self.owner).seal, clock()), None)
        backed_up = thorough and await done.do("making the daily backup", self._back_up(clock), False)
        if self.texts is not None:
            await done.do("asking what became of text messages", self._trace(partial(trace_texts, database, self.texts, clock())), None)
        if self.mails is not None:
            await done.do("looking for e-mails that may have been sent", self._trace(partial(trace_mails, database, self.mails, clock())), None)
        if self.calls is not None:
            await done.do("asking what became of calls", self._trace(partial(trace_calls, database, self.calls, clock())), None)
        await done.do("giving up what nobody reads in the portal", self._trace(partial(give_up_unread, database, clock())), None)
        passed_on = await done.do("passing on what arrived", door.pass_on(clock()), 0)
        listed = 0
        for seller in door.ledgers.connections:
            listed += await done.do(f"listing the invoices of {seller}", self._list(seller, thorough, clock()), 0)
            activity.heartbeat(seller)
        revived = await done.do("looking for lost watches", door.revive(clock()), 0) if thorough else 0
        await done.do("waking invoices that should have been looked at", wake_overdue(door, clock()), 0)
        await done.do("asking which workers run", compare_workers(door.client, database, self.owner, clock()), None)
        await asyncio.to_thread(self._tell, done.parts, clock())
        return Tended(passed_on, listed, revived, backed_up, await asyncio.to_thread(self._mark))

    async def _trace(self, look: Callable[[], tuple[str, ...]]) -> None:
        await self.door.report_all(await asyncio.to_thread(look))

    def _tell(self, parts: dict[str, str], now: datetime) -> None:
        """Each part that failed is a task, until a round in which it does not."""
        with self.door.database.reading() as connection:
            opened = tasks.open_among(connection, [f"upkeep/{part}" for part in parts])
        over = [key for key in opened if not parts[key.removeprefix("upkeep/")]]
        failed = {part: problem for part, problem in parts.items() if problem and f"upkeep/{part}" not in opened}
        if not over and not failed:
            return
        with self.door.database.transaction() as connection:
            tasks.close_tasks(connection, over, "it works again", now)
            owner = people.find_acting_owner(connection, self.owner, now.date())
            for part, problem in failed.items():
                remedy = f"What happened: {problem}. It is tried again in every round; see dunwell doctor and the log of the worker"
                tasks.open_tasks(connection, [Task(f"upkeep/{part}", TaskKind.INCIDENT, f"This fails: {part}", remedy, owner, now.date())], None, now)

    def _mark(self) -> str:
        with self.door.database.reading() as connection:
            return journal.last_mark(connection)

    async def _back_up(self, clock: Clock) -> bool:
        """Make the daily backup when it is due. A failure is a task, which the next success closes."""
        if self.backups is None or not self.backups.is_due(clock()):
            return False
        making = asyncio.create_task(asyncio.to_thread(_make, self.backups, clock))
        while not (await asyncio.wait({making}, timeout=_HEARTBEAT_SECONDS))[0]:
            activity.heartbeat("backup")
        with self.door.database.transaction() as connection:
            if problem := making.result():
                remedy = f"{problem[:500]}. It is tried again every hour; dunwell backup tries it now"
                owner = people.find_acting_owner(connection, self.owner, clock().date())
                task = Task("backup", TaskKind.INCIDENT, "The daily backup failed", remedy, owner, clock().date())
                tasks.open_tasks(connection, [task], None, clock())
            else:
                tasks.close_tasks(connection, ["backup"], "a backup was made", clock())
        return not problem

    async def _list(self, seller: str, thorough: bool, now: datetime) -> int:
        door = self.door

        def read() -> list[LedgerInvoice]:
            with door.database.reading() as connection:
                known = installation.load_books(connection, seller).read_at
            since = None if thorough or known is None else known - OVERLAP
            return list(door.ledgers.connections[seller].all_invoices(since))

        try:
            told = await asyncio.to_thread(read)
        except UnableToReadLedger as error:
            log.warning("upkeep.ledger_unreadable", seller=seller, error=str(error))
            await asyncio.to_thread(self._tell_unlisted, seller, str(error), now)
            return 0
        await door.take_in(seller, told, now)
        await asyncio.to_thread(self._tell_listed, seller, now)
        return len(told)

    def _tell_unlisted(self, seller: str, problem: str, now: datetime) -> None:
        """A ledger that has not listed its invoices for an hour is a task, unless one about that ledger is open already."""
        with self.door.database.transaction() as connection:
            listed = installation.load_books(connection, seller).read_at
            if (listed and now - listed < _UNLISTED) or tasks.is_open(connection, f"ledger/{seller}"):
                return
            title = f"New and changed invoices of {seller} are not found: its ledger does not list them"
            remedy = f"{problem[:500]}. Mend it there; it is tried again by itself. Until then only what webhooks tell of is known here"
            owner = people.find_acting_owner(connection, self.owner, now.date())
            tasks.open_tasks(connection, [Task(_unlisted(seller), TaskKind.INCIDENT, title, remedy, owner, now.date())], None, now)

    def _tell_listed(self, seller: str, now: datetime) -> None:
        with self.door.database.reading() as connection:
            is_open = tasks.is_open(connection, _unlisted(seller))
        if is_open:
            with self.door.database.transaction() as connection:
                tasks.close_tasks(connection, [_unlisted(seller)], "its invoices were listed", now)


def _unlisted(seller: str) -> str:
    return f"listing/{seller}"


def _make(backups: Backups, clock: Clock) -> str:
    """What went wrong; empty when a backup was made."""
    try:
        file, _ = backups.make(clock())
        backups.prune(backups.keep)
    except Exception as error:  # whatever it is, the rest of the round must go on
        log.error("upkeep.backup_failed", error=describe(error))
        return str(error) or type(error).__name__
    log.info("upkeep.backup_made", file=str(file))
    return ""


async def keep_schedules(client: Client) -> None:
    """Make sure the rounds of upkeep are on Temporal's calendar; safe to repeat by every worker at its start."""
    for name, thorough, every in ((_FREQUENT, False, timedelta(minutes=5)), ("upkeep-thorough", True, timedelta(hours=1))):
        action = ScheduleActionStartWorkflow(contract.UPKEEP, thorough, id=name, task_queue=contract.CASES_QUEUE, static_summary="find what was missed")
        spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)], jitter=every / 10)
        # After an outage one round is enough: it finds everything that the missed ones would have.
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every)
        with suppress(ScheduleAlreadyRunningError):
            await client.create_schedule(name, Schedule(action=action, spec=spec, policy=policy))


async def compare_at_start(client: Client, database: Database, owner: str, now: datetime) -> None:
    """Before a worker begins: let nothing leave when the database has forgotten what the last round of upkeep saw in it.

    A Temporal that cannot tell is asked again by the next round.
    """
    try:
        recent = (await client.get_schedule_handle(_FREQUENT).describe(rpc_timeout=_PATIENCE)).info.recent_actions
        for one in reversed(recent):
            assert isinstance(one.action, ScheduleActionExecutionStartWorkflow)
            run = client.get_workflow_handle(one.action.workflow_id, run_id=one.action.first_execution_run_id, result_type=Tended)
            if (await run.describe(rpc_timeout=_PATIENCE)).status is WorkflowExecutionStatus.COMPLETED:
                if mark := (await run.result(rpc_timeout=_PATIENCE)).mark:
                    await asyncio.to_thread(_compare, database, mark, owner, now)
                return
    except RPCError as error:
        log.info("upkeep.no_round_to_compare_with", why=str(error))


def _compare(database: Database, mark: str, owner: str, now: datetime) -> None:
    """Let nothing leave when the decision with this mark is not there any more."""
    with database.transaction() as connection:
        if forgotten.compare(connection, mark, owner, now):
            log.error("database.put_back", last_known=mark)
