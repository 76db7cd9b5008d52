"""``tend`` made real: the backstop behind every webhook, signal and run."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

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
from activities.calling import trace_calls
from activities.clock import Clock, start_clock
from activities.overdue import wake_overdue
from activities.sealing import Sealing
from activities.tracing import trace_mails, trace_texts
from activities.unread import give_up_unread
from db import installation, journal, people, tasks
from db.backup import Backups
from db.engine import Database
from domain.task import Task, TaskKind
from integrations.accounting import LedgerInvoice, UnableToReadLedger
from integrations.messaging import Findable
from integrations.messaging.twilio_call import TwilioCalls
from integrations.messaging.twilio_text import TwilioTexts
from starter import Door
from workflows import contract
from workflows.ports import Tended

log = structlog.get_logger()

# Changes a ledger dates a little before it lists them are still caught.
_OVERLAP = timedelta(minutes=10)
_HEARTBEAT_SECONDS = 60
_PATIENCE = timedelta(seconds=10)
_FREQUENT = "upkeep"  # the schedule of the rounds that come most often


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
        """A ledger that cannot be read is left for the next round; each case that needs it raises the incident itself."""
        clock = start_clock()
        if mark:
            await asyncio.to_thread(_compare, self.door.database, mark, self.owner, clock())
        if thorough:
            await asyncio.to_thread(Sealing(self.door.database, self.seals, self.owner).seal, clock())
        backed_up = thorough and await self._back_up(clock)
        if self.texts is not None:
            await self.door.report_all(await asyncio.to_thread(trace_texts, self.door.database, self.texts, clock()))
        if self.mails is not None:
            await self.door.report_all(await asyncio.to_thread(trace_mails, self.door.database, self.mails, clock()))
        if self.calls is not None:
            await self.door.report_all(await asyncio.to_thread(trace_calls, self.door.database, self.calls, clock()))
        await self.door.report_all(await asyncio.to_thread(give_up_unread, self.door.database, clock()))
        passed_on = await self.door.pass_on(clock())
        listed = 0
        for seller in self.door.ledgers.connections:
            listed += await self._list(seller, thorough, clock())
            activity.heartbeat(seller)
        revived = await self.door.revive(clock()) if thorough else 0
        await wake_overdue(self.door, clock())
        return Tended(passed_on, listed, revived, backed_up, await asyncio.to_thread(self._mark))

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
            since = None if thorough or known is None else known - _OVERLAP
            return list(door.ledgers.connections[seller].all_invoices(since))

        try:
            told = await asyncio.to_thread(read)
        except UnableToReadLedger as error:
            log.warning("upkeep.ledger_unreadable", seller=seller, error=str(error))
            return 0
        await door.take_in(seller, told, now)
        return len(told)


def _make(backups: Backups, clock: Clock) -> str:
    """What went wrong; empty when a backup was made."""
    try:
        file, _ = backups.make(clock())
        backups.prune(backups.keep)
    except Exception as error:  # whatever it is, the rest of the round must go on
        log.exception("upkeep.backup_failed")
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
