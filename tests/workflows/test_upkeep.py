"""Nothing falls through: what webhooks missed, what was lost with Temporal's store, what could not be passed on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio.client import Client

from activities import upkeep
from activities.upkeep import keep_schedules
from db import inbox, installation
from db.engine import Database
from db.schema import tasks
from domain.diary import write_diary
from integrations.accounting import LedgerInvoice, UnableToReadLedger
from support.rig import SELLER, rig, virtual_server
from workflows import contract
from workflows.contract import case_id

TODAY = datetime.now(UTC).date()


async def tend(client: Client, name: str) -> None:
    await client.execute_workflow(contract.UPKEEP, True, id=name, task_queue=contract.CASES_QUEUE)


def test_an_invoice_no_webhook_told_of_is_found_and_watched(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            made.ledger.add("INV-1", TODAY + timedelta(days=20), TODAY)
            with environment.with_time_skipping_disabled():
                await tend(environment.client, "round-1")
            invoice = await made.door.find("INV-1")
            await made.until(lambda: bool(made.diary(invoice.id)))

    asyncio.run(story())


def test_a_lost_run_is_begun_anew_without_repeating_a_step(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice = made.record("INV-1", TODAY + timedelta(days=3))
            with environment.with_time_skipping_disabled():
                await made.door.open(invoice)
            handle = environment.client.get_workflow_handle(case_id(invoice))
            await environment.fast_forward(handle, timedelta(days=12))
            before = write_diary(made.diary(invoice))
            assert "sent by e-mail" in before
            await handle.terminate("the store was lost")
            later = datetime.now(UTC) + timedelta(days=13)
            for _ in range(240):
                with environment.with_time_skipping_disabled():
                    if await made.door.revive(later):
                        break
                await asyncio.sleep(0.25)
            else:
                raise AssertionError("the lost run was never found")
            again = environment.client.get_workflow_handle(case_id(invoice))
            await environment.fast_forward(again, timedelta(days=30))
            lines = [line.split("  ")[-1] for line in write_diary(made.diary(invoice)).splitlines() if "sent by" in line]
            assert len(lines) == len(set(lines)) >= 2

    asyncio.run(story())


def test_a_row_that_fails_ten_times_becomes_a_task_and_lives_again_when_asked(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            word = made.hint("NO-SUCH-INVOICE", "evt-1")
            for _ in range(12):
                await made.door.report(word)
            assert [title for title in made.tasks() if "could not be acted on" in title] == ["A message from rest could not be acted on after 10 attempts"]
            with database.transaction() as connection:
                assert inbox.waiting(connection) == ()
                assert inbox.revive_dead(connection) == 1
            made.ledger.add("NO-SUCH-INVOICE", TODAY + timedelta(days=20), TODAY)
            assert await made.door.report(word)

    asyncio.run(story())


def test_upkeep_is_on_temporals_calendar_once_however_many_workers_start(tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        async with virtual_server() as environment:
            for _ in range(3):
                await keep_schedules(environment.client)
            names: list[str] = []
            for _ in range(240):
                names = [entry.id async for entry in await environment.client.list_schedules()]
                if len(names) == 2:
                    break
                await asyncio.sleep(0.25)
            assert sorted(names) == ["upkeep", "upkeep-thorough"]

    asyncio.run(story())


def test_a_ledger_whose_list_cannot_be_read_for_an_hour_is_a_task_although_no_invoice_needs_it_until_it_lists_again(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:

            def list_badly(updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
                raise UnableToReadLedger("the ledger's invoice POI-1 has an unusable total; it must be corrected there")

            def remember_listing(ago: timedelta) -> None:
                with database.transaction() as connection:
                    installation.note_read(connection, SELLER.id, datetime.now(UTC) - ago)

            lists, made.ledger.all_invoices = made.ledger.all_invoices, list_badly  # type: ignore[method-assign]
            made.ledger.add("INV-1", TODAY + timedelta(days=20), TODAY)
            with environment.with_time_skipping_disabled():
                remember_listing(timedelta(minutes=20))
                await tend(environment.client, "round-1")
                assert made.tasks() == [], "a ledger that is away for a moment is nobody's task"
                remember_listing(timedelta(minutes=70))
                await tend(environment.client, "round-2")
                await tend(environment.client, "round-3")
                assert made.tasks() == [f"New and changed invoices of {SELLER.id} are not found: its ledger does not list them"]
                with database.reading() as connection:
                    assert "POI-1 has an unusable total" in connection.execute(select(tasks.c.remedy)).scalar_one()
                made.ledger.all_invoices = lists  # type: ignore[method-assign]
                await tend(environment.client, "round-4")
            assert made.tasks() == []
            assert (await made.door.find("INV-1")).number == "INV-1"

    asyncio.run(story())


def fail(*_: object) -> tuple[str, ...]:
    raise ZeroDivisionError("Pat Payer, pay@example.com")


async def fail_later(*_: object) -> None:
    fail()


@pytest.mark.parametrize(
    "where, name, failing, part",
    [
        (upkeep, "give_up_unread", fail, "giving up what nobody reads in the portal"),
        (upkeep.Upkeep, "_back_up", fail_later, "making the daily backup"),
    ],
)
def test_a_part_of_upkeep_that_fails_keeps_no_other_from_its_turn_and_is_a_task_until_it_works_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, name: str, failing: object, part: str
) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            made.ledger.add("INV-1", TODAY + timedelta(days=20), TODAY)
            with monkeypatch.context() as broken, environment.with_time_skipping_disabled():
                broken.setattr(where, name, failing)
                await tend(environment.client, "round-1")
                await tend(environment.client, "round-2")
            assert (await made.door.find("INV-1")).number == "INV-1", "what came after it had no turn"
            assert made.tasks() == [f"This fails: {part}"]
            with database.reading() as connection:
                remedy = connection.execute(select(tasks.c.remedy)).scalar_one()
            assert "ZeroDivisionError" in remedy and "Pat" not in remedy
            with environment.with_time_skipping_disabled():
                await tend(environment.client, "round-3")
            assert made.tasks() == []

    asyncio.run(story())
