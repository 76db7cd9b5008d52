"""Words that find no run, or a delivery that has not begun: they are heard all the same, and stop what has not left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

import worker
from activities.assessor import Assessor, Policy
from activities.cases import Cases
from activities.outreach import Outreach, Site
from db import inbox
from db.engine import Database
from db.schema import inbox as inbox_rows
from domain.calendar import ContactHours
from domain.case import Outcome
from domain.event import ChasingStopped, HoldPlaced
from domain.facts import Envelope
from support.by_hand import ScriptedMailer
from support.rig import Rig, real_server, rig, standard_policy
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE, case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()
Handle = WorkflowHandle[InvoiceDunning, str]


def open_all_hours() -> Policy:
    return replace(standard_policy(), envelope=Envelope(ContactHours(any_time=True)))


def watch(made: Rig, number: str, late: int) -> tuple[str, Handle]:
    """An invoice of a customer of its own, so many days late, and the handle of the run that is to watch it."""
    invoice = made.record(number, TODAY - timedelta(days=late), customer=f"C-{number}")
    return invoice, made.door.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))


def words_stored(made: Rig, invoice: str) -> int:
    """How many words to this invoice, other than bare hints, have been written down."""
    with made.database.reading() as connection:
        here = (inbox_rows.c.case_id == case_id(invoice), inbox_rows.c.kind != "changed")
        return connection.execute(select(func.count()).select_from(inbox_rows).where(*here)).scalar_one()


async def faults(handle: Handle) -> list[str]:
    """Why workflow tasks of this run failed, other than that a busy machine did not give one two seconds of its time."""
    found = [event.workflow_task_failed_event_attributes for event in (await handle.fetch_history()).events]
    return [f"{fault.cause}: {fault.failure.message}" for fault in found if fault.cause and "TMPRL1101" not in fault.failure.message]


def test_a_stop_that_finds_its_run_lost_starts_one_that_hears_it(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=open_all_hours()) as made:
            invoice, handle = watch(made, "INV-1", -20)
            assert await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            await handle.terminate()
            answer = await made.door.override(case_id(invoice), ChasingStopped(), by="Ann", why="a lawyer has it")
            assert (answer.taken, answer.pending) == (True, True)
            await made.until(lambda: made.case(invoice).ended is Outcome.STOPPED)
            assert await handle.result() == "stopped"
            answer = await made.door.override(case_id(invoice), HoldPlaced(), by="Ann", why="too late")
            assert (answer.taken, answer.pending) == (False, False)
            assert await made.door.pass_on(datetime.now(UTC) + timedelta(hours=1)) == 0
            assert (await handle.describe()).status is not None
            assert (await handle.describe()).status.name == "COMPLETED", "a word to an invoice that is no longer watched started a run"

    asyncio.run(story())


def test_a_stored_word_passed_on_to_a_lost_run_starts_one_that_hears_it(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        mailer = ScriptedMailer()
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=open_all_hours(), mailer=mailer) as made:
            invoice, handle = watch(made, "INV-1", -20)
            assert await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            await handle.terminate()
            made.ledger.change("INV-1", due=TODAY - timedelta(days=20))
            with database.transaction() as connection:
                word = HoldPlaced(by="Ann", why="wait for the credit note")
                inbox.receive(
                    connection,
                    source="person",
                    source_id="1",
                    kind=word.kind,
                    body="",
                    now=datetime.now(UTC),
                    case_id=case_id(invoice),
                    news=word,
                    by="Ann",
                )
            await made.door.pass_on(datetime.now(UTC) + timedelta(hours=1))
            await made.until(lambda: len(made.case(invoice).holds) == 1)
            assert mailer.posted == []
            assert (await handle.describe()).status.name == "RUNNING"

    asyncio.run(story())


async def say_hold(handle: Handle) -> None:
    await handle.signal("hold", {"why": "on the phone with them"})


async def say_stop(handle: Handle) -> None:
    await handle.signal("stop")


async def press_cancel(handle: Handle) -> None:
    await handle.cancel(reason="they went out of business")


async def say_hold_and_press_cancel(handle: Handle) -> None:
    await asyncio.gather(say_hold(handle), press_cancel(handle))


WAYS: dict[str, Callable[[Handle], Awaitable[None]]] = {
    "hold": say_hold,
    "stop": say_stop,
    "cancel": press_cancel,
    "both": say_hold_and_press_cancel,
}


@dataclass
class Gate:
    """Keeps one delivery at its site until it is opened."""

    site: Site
    reached: Event = field(default_factory=Event)
    opened: Event = field(default_factory=Event)


def test_what_is_said_in_the_temporal_ui_before_the_fence_stops_a_delivery_under_way(database: Database, tmp_path: Path) -> None:
    gates: dict[str, Gate] = {}

    def at(site: Site) -> None:
        gate = gates.get(activity.info().workflow_id or "")
        if gate and gate.site is site:
            gate.reached.set()
            assert gate.opened.wait(30)

    async def story() -> None:
        mailer = ScriptedMailer()
        async with real_server() as environment, rig(environment.client, database, tmp_path, at=at, policy=open_all_hours(), mailer=mailer) as made:

            async def tell(way: str, site: Site) -> None:
                invoice, handle = watch(made, f"{site}-{way}", 20)
                gate = gates[case_id(invoice)] = Gate(site)
                assert await made.door.open(invoice)
                await made.until(gate.reached.is_set)
                await WAYS[way](handle)
                await made.until(lambda: words_stored(made, invoice) > 0)
                gate.opened.set()
                if way == "hold":
                    await made.until(lambda: len(made.case(invoice).holds) == 1)
                else:
                    assert await handle.result() == "stopped"
                    assert made.case(invoice).ended is Outcome.STOPPED
                sent = [email for email in mailer.posted if email.to_address == f"c-{site}-{way}@customer.example"]
                assert len(sent) == (1 if site is Site.SENDING else 0), f"{way} at {site}: {len(sent)} messages"
                contacts = [rung for rung in made.case(invoice).rungs if rung.is_contact]
                assert len(contacts) == len(sent), f"{way} at {site}"
                assert await faults(handle) == []

            sites = (Site.DECIDED, Site.CLAIMED, Site.FENCED, Site.SENDING)
            for site in sites:
                await asyncio.gather(*(tell(way, site) for way in WAYS))

    asyncio.run(story())


def test_what_is_said_in_the_temporal_ui_stops_a_delivery_that_still_waits_for_a_worker(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        mailer = ScriptedMailer()
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=open_all_hours(), mailer=mailer, work=False) as made:
            cases_worker, deliver_worker = worker.make_workers(environment.client, database, made.ledgers, made.policy, mailer, cached=0)
            stories = {way: watch(made, way, 20) for way in WAYS}
            async with cases_worker:
                for way, (invoice, handle) in stories.items():
                    assert await made.door.open(invoice)
                    await _until_queued(handle)
                    await WAYS[way](handle)
                await made.until(lambda: all(words_stored(made, invoice) for invoice, _ in stories.values()))
                async with deliver_worker:
                    for way, (invoice, handle) in stories.items():
                        if way != "hold":
                            assert await handle.result() == "stopped"
                        await made.until(lambda invoice=invoice: bool(made.case(invoice).holds or made.case(invoice).ended))
                        assert await faults(handle) == []
            assert mailer.posted == []

    asyncio.run(story())


async def _until_queued(handle: Handle) -> None:
    """Wait until the delivery stands in its queue."""
    for _ in range(400):
        pending = (await handle.describe()).raw_description.pending_activities
        if any(one.activity_type.name == "deliver" for one in pending):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("no delivery was ever queued")


@pytest.mark.parametrize("kind", ["assess", "deliver"])
def test_the_cancel_button_pressed_in_the_instant_an_answer_comes_is_an_orderly_stop(database: Database, tmp_path: Path, kind: str) -> None:
    """Both reach the run in one activation, since no workflow worker is up between them."""
    gate = Gate(Site.DECIDED)

    def stand_at_the_gate() -> None:
        if activity.info().activity_type == kind:
            gate.reached.set()
            assert gate.opened.wait(30)

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=open_all_hours(), work=False) as made:
            made.ledger.after_read = stand_at_the_gate
            assessor, client = Assessor(made.policy), environment.client
            asking, sending = Cases(database, made.ledgers, assessor), Outreach(database, made.ledgers, assessor, ScriptedMailer())

            def deciders() -> Worker:
                return Worker(client, task_queue=CASES_QUEUE, workflows=[InvoiceDunning], workflow_runner=worker.sandbox())

            with ThreadPoolExecutor(8) as pool:
                askers = Worker(client, task_queue=CASES_QUEUE, activities=[asking.assess, asking.receive], activity_executor=pool)
                senders = Worker(client, task_queue=DELIVER_QUEUE, activities=[sending.deliver], activity_executor=pool)
                async with askers, senders:
                    invoice, handle = watch(made, "INV-1", 20)
                    async with deciders():
                        assert await made.door.open(invoice)
                        await made.until(gate.reached.is_set)
                    gate.opened.set()
                    await _until_nothing_is_pending(handle)
                    await handle.cancel(reason="they went out of business")
                    async with deciders():
                        assert await handle.result() == "stopped"
            assert made.case(invoice).ended_why == "stopped by Temporal UI: they went out of business"
            assert await faults(handle) == []

    asyncio.run(story())


async def _until_nothing_is_pending(handle: Handle) -> None:
    for _ in range(400):
        if not (await handle.describe()).raw_description.pending_activities:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the activity never ended")
