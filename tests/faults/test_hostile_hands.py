"""Buttons pressed at the wrong moment, activities that fail for good, stored words nobody can read: told of, and outlived."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from activities.outreach import Site
from db import inbox
from db.engine import Database
from domain.case import Outcome
from domain.diary import write_diary
from domain.event import HoldPlaced
from support.by_hand import ScriptedMailer
from support.mistreated import TODAY, Handle, change, matters, open_all_hours, said_directly, still_listens, stuck, unheard, watch
from support.rig import Rig, real_server, rig
from workflows.contract import case_id


async def reset(made: Rig, handle: Handle, *, to_the_last: bool) -> None:
    """Take the run back to its first or its last task that ended, as the Temporal UI does."""
    ended = [event.event_id async for event in handle.fetch_history_events() if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    client = made.door.client
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="somebody pressed reset",
            workflow_task_finish_event_id=ended[-1 if to_the_last else 0],
            request_id=str(uuid4()),
        )
    )


@pytest.mark.server
def test_resets_and_terminations_in_the_middle_of_a_delivery_send_nothing_twice_and_lose_nothing(database: Database, tmp_path: Path) -> None:
    mailer, gates = ScriptedMailer(), dict[str, tuple[Site, Event, Event]]()

    def at(site: Site) -> None:
        where, reached, opened = gates.get(activity.info().workflow_id or "", (None, None, None))
        if where is site and reached and opened and not reached.is_set():
            reached.set()
            assert opened.wait(60)

    async def harm(made: Rig, number: str, site: Site, how: str) -> None:
        invoice, handle = watch(made, number, 20)
        _, reached, opened = gates[handle.id] = (site, Event(), Event())
        assert await made.door.open(invoice)
        await made.until(reached.is_set, 90)
        await handle.signal("hold", "not a date")
        await made.until(lambda: said_directly(made, invoice, "hold") == 1, 60)
        if how == "terminate":
            await handle.terminate("somebody pressed terminate")
        else:
            await reset(made, handle, to_the_last=how == "last")
        opened.set()
        if how == "terminate":
            for _ in range(600):
                await made.door.revive(datetime.now(UTC) + timedelta(minutes=3))
                if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:  # or another of these stories revived it
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError("the lost run was never found")
        await until_settled(made, invoice)
        await still_listens(made, invoice)
        # Held before it left, the message goes out now; once it had left it does not go out again.
        await made.until(lambda: any(number.lower() in email.to_address for email in mailer.accepted), 90)
        assert said_directly(made, invoice, "hold") == 1, "the reset wrote a word down a second time"
        assert await stuck([handle]) == []

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, at=at, policy=open_all_hours(), mailer=mailer) as made:
            ways = [(site, how) for site in (Site.CLAIMED, Site.SENDING, Site.ANSWERED) for how in ("first", "last", "terminate")]
            await asyncio.gather(*(harm(made, f"INV-{site.value}-{how}", site, how) for site, how in ways))
            addresses = Counter(email.to_address for email in mailer.accepted)
            assert set(addresses.values()) == {1}, addresses
            assert len(addresses) == len(ways)

    asyncio.run(story())


async def until_settled(made: Rig, invoice: str) -> None:
    """Until no message about this invoice is under way any more."""

    def is_settled() -> bool:
        with made.database.reading() as connection:
            query = "select count(*) from outreach join outreach_parts on outreach_id = outreach.id where case_id = :case and state in ('claimed', 'sending')"
            return connection.execute(text(query), {"case": case_id(invoice)}).scalar_one() == 0

    await made.until(is_settled, 90)


@pytest.mark.server
def test_the_cancel_button_pressed_again_and_again_at_any_moment_is_one_orderly_stop(database: Database, tmp_path: Path) -> None:
    async def press(made: Rig, number: int) -> None:
        invoice, handle = watch(made, f"INV-{number}")
        assert await made.door.open(invoice)
        if number % 2:
            await handle.signal("no such word", [number])
        await asyncio.sleep(number * 0.02)
        for _ in range(3):
            await handle.cancel(reason=f"press {number}")
        assert await asyncio.wait_for(handle.result(), 90) == "stopped"
        assert made.case(invoice).ended is Outcome.STOPPED
        assert write_diary(made.diary(invoice)).count("stopped by Temporal UI") == 1
        assert await stuck([handle]) == []

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path) as made:
            await asyncio.gather(*(press(made, number) for number in range(10)))

    asyncio.run(story())


@pytest.mark.server
def test_an_activity_that_fails_for_good_is_a_task_that_ends_when_it_works_again(database: Database, tmp_path: Path) -> None:
    mailer, poisoned = ScriptedMailer(), dict[str, Exception]()

    def harm() -> None:
        if activity.in_activity() and (error := poisoned.get(activity.info().workflow_id or "")):
            raise error

    def at(site: Site) -> None:
        if site is Site.DECIDED:
            harm()

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, at=at, policy=open_all_hours(), mailer=mailer) as made:
            made.ledger.after_read = lambda: harm() if activity.info().activity_type == "assess" else None
            body, playbook, error, final, sending = (watch(made, f"INV-{name}") for name in ("body", "playbook", "error", "final", "sending"))
            troubled = [body, playbook, error, final, sending]
            for invoice, _ in troubled:
                assert await made.door.open(invoice)
            await made.until(lambda: all(made.diary(invoice) for invoice, _ in troubled), 60)
            stored = {column: read_body(database, invoice) for column, (invoice, _) in (("body", body), ("playbook", playbook))}
            write_body(database, body[0], '{"nonsense": 1}')
            write_body(database, playbook[0], stored["playbook"].replace(made.case(playbook[0]).playbook, "f" * 64))
            poisoned[error[1].id] = TypeError("nobody foresaw this")
            poisoned[final[1].id] = ApplicationError("nobody foresaw this either", non_retryable=True)
            made.ledger.change("INV-sending", due=TODAY - timedelta(days=20))
            poisoned[sending[1].id] = ApplicationError("the letter cannot be written", non_retryable=True)
            await asyncio.gather(*(handle.signal("report") for _, handle in troubled[:4]))
            # This one may look, and not send.
            made.ledger.after_read = lambda: harm() if activity.info().activity_type == "assess" and activity.info().workflow_id != sending[1].id else None
            await sending[1].signal("report")
            await made.until(lambda: len(matters(database, "trouble/")) == 5, 90)
            said = {matter.rpartition("/")[2]: remedy for matter, remedy in matters(database, "trouble/").items()}
            assert "what is stored of it cannot be read" in said[body[0]]
            assert f"version {'f' * 12} of its playbook is not in the database" in said[playbook[0]]
            assert "TypeError: nobody foresaw this" in said[error[0]]
            assert "nobody foresaw this either" in said[final[0]]
            assert "the letter cannot be written" in said[sending[0]]
            assert mailer.posted == []
            poisoned.clear()
            write_body(database, body[0], stored["body"])
            write_body(database, playbook[0], stored["playbook"])
            for _, handle in troubled:
                await handle.signal("report")
            await made.until(lambda: not matters(database, "trouble"), 90)
            await made.until(lambda: len(mailer.accepted) == 1, 60)
            for invoice, _ in troubled[:4]:
                await still_listens(made, invoice)
            assert await stuck([handle for _, handle in troubled]) == []

    asyncio.run(story())


def read_body(database: Database, invoice: str) -> str:
    with database.reading() as connection:
        return str(connection.execute(text("select cast(body as text) from cases where id = :id"), {"id": case_id(invoice)}).scalar_one())


def write_body(database: Database, invoice: str, body: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("update cases set body = :body where id = :id"), {"body": body, "id": case_id(invoice)})


@pytest.mark.server
def test_stored_words_that_nobody_can_read_any_more_are_tasks_and_hold_up_no_word_after_them(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, _ = watch(made, "INV-1")
            assert await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)), 60)
            for number, stored in enumerate(('{"kind": "said by a later version"}', "42", "null", '{"kind": "promise", "day": "0000-00-00"}')):
                poison(made, invoice, f"poison-{number}", stored)
            await change(made, invoice, HoldPlaced(TODAY + timedelta(days=5)))
            assert len(matters(database, "unreadable/")) == 4
            assert await unheard(made) == 0
            await still_listens(made, invoice)

    asyncio.run(story())


def poison(made: Rig, invoice: str, source_id: str, stored: str) -> None:
    with made.database.transaction() as connection:
        word, _ = inbox.receive(connection, source="person", source_id=source_id, kind="hold", body="", now=datetime.now(UTC), case_id=case_id(invoice))
        connection.execute(text("update inbox set news = :news, state = 'passed_on' where id = :id"), {"news": stored, "id": word})
