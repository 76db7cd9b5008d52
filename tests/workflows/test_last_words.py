"""Whoever speaks to a case while it makes its last look is heard and answered before it ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event

from temporalio.client import WorkflowHandle

from db.engine import Database
from domain.event import HoldPlaced
from support.rig import real_server, rig
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()


def test_a_word_that_comes_during_the_last_look_is_answered_before_the_end(database: Database, tmp_path: Path) -> None:
    reached, opened = Event(), Event()

    def stand_at_the_gate() -> None:
        reached.set()
        assert opened.wait(30)

    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice = made.record("INV-1", TODAY + timedelta(days=30))
            handle = environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))
            assert await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            made.ledger.change("INV-1", balance=Decimal("0.00"))
            made.ledger.after_read = stand_at_the_gate
            assert await made.door.open(invoice)
            await made.until(reached.is_set)
            asking = asyncio.create_task(made.door.override(case_id(invoice), HoldPlaced(), by="Ann", why="on the phone with them"))
            await _until_accepted(handle)
            opened.set()
            answer = await asking
            assert (answer.taken, answer.pending) == (True, False), answer.said
            assert answer.said.startswith("held until")
            assert await handle.result() == "settled"

    asyncio.run(story())


async def _until_accepted(handle: WorkflowHandle[InvoiceDunning, str]) -> None:
    """Wait until a change by hand stands in the history."""
    for _ in range(400):
        if any(event.HasField("workflow_execution_update_accepted_event_attributes") for event in (await handle.fetch_history()).events):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the change by hand was never accepted")
