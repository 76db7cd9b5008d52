"""What a test asks of invoices that are being mistreated: whether they still listen, and what was made of it all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHandle

from activities.assessor import Policy
from db.engine import Database
from db.schema import inbox as words
from db.schema import tasks
from domain.calendar import ContactHours
from domain.event import HoldPlaced, HoldReleased, News
from domain.facts import Envelope
from support.rig import Rig, standard_policy
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()
Handle = WorkflowHandle[InvoiceDunning, str]

# A reset ends a task as failed on purpose; a word that comes while a task ends makes the server ask for it again.
_HARMLESS = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
)


def open_all_hours() -> Policy:
    return replace(standard_policy(), envelope=Envelope(ContactHours(any_time=True)))


def watch(made: Rig, number: str, late: int = -10) -> tuple[str, Handle]:
    """An invoice of a customer of its own, so many days late, and the handle of the run that is to watch it."""
    invoice = made.record(number, TODAY - timedelta(days=late), customer=f"C-{number}")
    return invoice, made.door.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))


async def stuck(handles: Sequence[Handle]) -> list[str]:
    """What keeps these runs from going on: tasks that failed, or fail now."""
    found = []
    for handle in handles:
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                failed = event.workflow_task_failed_event_attributes
                # A machine too busy to give a task two seconds of its time is no fault of the case; it is asked again.
                if failed.cause not in _HARMLESS and "TMPRL1101" not in failed.failure.message:
                    found.append(f"{handle.id}: {failed.failure.message[:300]}")
        pending = (await handle.describe()).raw_description.pending_workflow_task
        if pending.attempt > 3:
            found.append(f"{handle.id}: its task is tried for the {pending.attempt}th time")
    return found


async def unheard(made: Rig) -> int:
    def count() -> int:
        with made.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(words).where(words.c.state.in_(["new", "passed_on"]))).scalar_one()

    return await asyncio.to_thread(count)


def said_directly(made: Rig, invoice: str, kind: str) -> int:
    """How many words of this kind were written down that reached the run past our own door."""
    with made.database.reading() as connection:
        here = (words.c.case_id == case_id(invoice), words.c.source == "temporal", words.c.kind == kind)
        return connection.execute(select(func.count()).select_from(words).where(*here)).scalar_one()


async def change(made: Rig, invoice: str, news: News) -> None:
    """A person's change by hand, which is taken; asked for again, as the same request, while a busy machine has no answer."""
    key = str(uuid4())
    for _ in range(40):
        answer = await made.door.override(case_id(invoice), news, by="Ann", why="honest", key=key)
        if not answer.pending:
            break
        await asyncio.sleep(1)
    assert (answer.taken, answer.pending) == (True, False), answer


async def still_listens(made: Rig, invoice: str) -> None:
    """The case answers, takes an honest hold and its release, and shows both."""
    await change(made, invoice, HoldPlaced(TODAY + timedelta(days=5)))
    await made.until(lambda: len(made.case(invoice).holds) >= 1, 60)
    await change(made, invoice, HoldReleased())
    shown = await made.door.ask(case_id(invoice))
    assert shown is not None
    assert shown.holds == ()


async def until_heard(made: Rig) -> None:
    for _ in range(1_200):
        await made.door.pass_on(datetime.now(UTC) + timedelta(days=1))
        if not await unheard(made):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await unheard(made)} words are still unheard")


def matters(database: Database, prefix: str) -> dict[str, str]:
    """The open tasks whose matter begins so, each with its remedy."""
    with database.reading() as connection:
        found = connection.execute(select(tasks.c.open_key, tasks.c.remedy).where(tasks.c.open_key.startswith(prefix)))
        return {matter: remedy for matter, remedy in found}  # noqa: C416  dict() takes the result for a mapping
