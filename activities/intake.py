"""``read_mail`` made real: what arrived in the mailboxes, and what our people sent from them, is kept once and told to the invoices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from activities.clock import Clock, start_clock
from activities.forwarding import forward_advice
from activities.second_reading import read_again
from db import incoming, mailboxes, people, tasks
from domain.discretion import describe
from domain.task import Task, TaskKind
from integrations.messaging import Mailer
from integrations.messaging.imap import Fetched, Mailbox, Session, UnableToReadMailbox
from integrations.reading.chat import ChatReader
from integrations.reference.holidays import calendar_for
from starter import Door
from workflows import contract
from workflows.ports import READ_MAIL_EVERY, MailRead

T = TypeVar("T")

log = structlog.get_logger()

Tell = Callable[[tuple[str, ...]], None]

# How far back a mailbox is read that has not been read before, or whose ids have all changed since.
_FIRST_LOOK = timedelta(days=7)
_OVERLAP = timedelta(days=2)
# A server that is away for a moment is nobody's task.
_FAILURES_TOLD = 5
_HEARTBEAT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Intake:
    """Implements ``workflows.ports.Intake``. ``owner`` is told when a mailbox cannot be read. ``reader`` is a model that is
    asked about answers the rules do not know. ``mailer`` mails remittance advice on."""

    door: Door
    mailboxes: Sequence[Mailbox]
    owner: str
    reader: ChatReader | None = None
    mailer: Mailer | None = None

    @activity.defn(name="read_mail")
    async def read_mail(self) -> MailRead:
        """One mailbox that cannot be read keeps no other from being read."""
        clock = start_clock()
        total = MailRead()
        for mailbox in self.mailboxes:
            read = await _alive(self.read(mailbox, clock))
            total = MailRead(total.kept + read.kept, total.failed + read.failed)
        if self.reader:
            await _alive(asyncio.to_thread(read_again, self.door.database, self.reader, clock()))
        if self.mailer:
            await _alive(asyncio.to_thread(forward_advice, self.door.database, self.mailer, clock))
        return total

    async def read(self, mailbox: Mailbox, clock: Clock) -> MailRead:
        """Read one mailbox to its end; each mail is told to its invoices as soon as it is kept."""
        loop = asyncio.get_running_loop()

        def tell(words: tuple[str, ...]) -> None:
            asyncio.run_coroutine_threadsafe(self.door.report_all(words), loop).result()

        return await asyncio.to_thread(self._read, mailbox, clock, tell)

    def _read(self, mailbox: Mailbox, clock: Clock, tell: Tell) -> MailRead:
        kept, folder = 0, mailbox.folder
        try:
            with mailbox.open() as session:
                for folder, from_us in ((mailbox.folder, False), (session.find_sent(), True)):
                    if folder:
                        kept += self._read_folder(mailbox, session, folder, from_us, clock, tell)
        except UnableToReadMailbox as error:
            self._note_failure(mailbox, folder, str(error), clock())
            return MailRead(kept, 1)
        except Exception as error:  # whatever it is, the next mailbox must have its turn, and somebody must hear of it
            log.error("mail.not_read", error=describe(error))
            self._note_failure(mailbox, folder, describe(error), clock())
            return MailRead(kept, 1)
        return MailRead(kept)

    def _read_folder(self, mailbox: Mailbox, session: Session, folder: str, from_us: bool, clock: Clock, tell: Tell) -> int:
        database = self.door.database
        with database.reading() as connection:
            so_far = mailboxes.load(connection, mailbox.source, folder)
        now = clock()
        since = so_far.read_at - _OVERLAP if so_far.read_at else now - _FIRST_LOOK
        kept = 0
        for fetched in session.read(folder, so_far.uid_validity, so_far.high_water, since.date(), from_us=from_us):
            words, is_new = self._keep(mailbox, folder, fetched, clock())
            if words:
                tell(words)
            kept += is_new
        with database.transaction() as connection:
            mailboxes.note_read(connection, mailbox.source, folder, clock())
            tasks.close_tasks(connection, [_task_key(mailbox)], "the mailbox can be read", clock())
        return kept

    def _keep(self, mailbox: Mailbox, folder: str, fetched: Fetched, now: datetime) -> tuple[tuple[str, ...], bool]:
        """The mail, and how far the folder has been read with it, in one transaction: whoever dies, each mail is read once."""
        with self.door.database.transaction() as connection:
            received = incoming.receive(connection, fetched.message, now, calendar_for, owner=self.owner)
            mailboxes.note_mark(connection, mailbox.source, folder, fetched.uid_validity, fetched.uid)
        return received.words, received.is_new

    def _note_failure(self, mailbox: Mailbox, folder: str, problem: str, now: datetime) -> None:
        log.warning("mailbox.unreadable", problem=problem)
        with self.door.database.transaction() as connection:
            failures = mailboxes.note_failure(connection, mailbox.source, folder, problem, now)
            if failures >= _FAILURES_TOLD:
                title = f"The mailbox {mailbox.user} cannot be read: answers of customers are not seen"
                remedy = f"{problem[:500]}. It is tried again every {READ_MAIL_EVERY.seconds // 60} minutes; dunwell doctor shows how it stands"
                owner = people.find_acting_owner(connection, self.owner, now.date())
                tasks.open_tasks(connection, [Task(_task_key(mailbox), TaskKind.INCIDENT, title, remedy, owner, now.date())], None, now)


async def _alive(doing: Coroutine[Any, Any, T]) -> T:
    """What ``doing`` returns; Temporal is told meanwhile that we are alive."""
    task = asyncio.create_task(doing)
    while not (await asyncio.wait({task}, timeout=_HEARTBEAT_SECONDS))[0]:
        activity.heartbeat()
    return task.result()


async def keep_intake(client: Client) -> None:
    """Put the reading of mailboxes on Temporal's calendar; safe to repeat by every worker at its start."""
    action = ScheduleActionStartWorkflow(contract.INTAKE, id="intake", task_queue=contract.CASES_QUEUE, static_summary="read what customers answered")
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=READ_MAIL_EVERY)])
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=READ_MAIL_EVERY)
    with suppress(ScheduleAlreadyRunningError):
        await client.create_schedule("intake", Schedule(action=action, spec=spec, policy=policy))


def _task_key(mailbox: Mailbox) -> str:
    return f"mailbox/{mailbox.source}"
