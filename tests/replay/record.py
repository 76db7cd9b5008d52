"""Records the histories that every later release must be able to replay: ``python tests/replay/record.py``.

Run it only to add a path that has no history yet. A recorded history is a promise to the invoices asleep in the field;
one that no longer replays is mended in the workflow (``workflow.patched`` with an id that names the step), never here.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from temporalio.client import WorkflowHistory  # noqa: E402
from temporalio.testing import WorkflowEnvironment  # noqa: E402

from db import migrate  # noqa: E402
from db.engine import Database  # noqa: E402
from domain.event import HoldPlaced, PromiseMade  # noqa: E402
from support.rig import Rig, rig, virtual_server  # noqa: E402
from workflows import contract  # noqa: E402
from workflows.contract import case_id  # noqa: E402

Story = Callable[[WorkflowEnvironment, Rig, str], Awaitable[None]]
TODAY = datetime.now(UTC).date()


async def the_whole_ladder(environment: WorkflowEnvironment, made: Rig, invoice: str) -> None:
    await environment.fast_forward(environment.client.get_workflow_handle(case_id(invoice)), timedelta(days=100))


async def settled(environment: WorkflowEnvironment, made: Rig, invoice: str) -> None:
    await environment.fast_forward(environment.client.get_workflow_handle(case_id(invoice)), timedelta(days=20))
    made.ledger.change("INV-1", balance=Decimal("0.00"))
    await made.door.report(made.hint("INV-1", "paid"))
    await environment.client.get_workflow_handle(case_id(invoice)).result()


async def changed_by_hand(environment: WorkflowEnvironment, made: Rig, invoice: str) -> None:
    await made.door.override(case_id(invoice), PromiseMade(TODAY + timedelta(days=9)), by="Ann", why="x")
    await made.door.override(case_id(invoice), HoldPlaced(), by="Ann", why="x")
    await environment.fast_forward(environment.client.get_workflow_handle(case_id(invoice)), timedelta(days=40))


async def signals_and_nonsense(environment: WorkflowEnvironment, made: Rig, invoice: str) -> None:
    handle = environment.client.get_workflow_handle(case_id(invoice))
    for name, words in (("hold", [{}]), ("release", []), ("promise", []), ("paid", [{"by": "Ann"}]), ("no such word", [1, 2]), ("report", [])):
        await handle.signal(name, args=words)
    await environment.fast_forward(handle, timedelta(days=30))


async def canceled(environment: WorkflowEnvironment, made: Rig, invoice: str) -> None:
    handle = environment.client.get_workflow_handle(case_id(invoice))
    await handle.cancel(reason="x")
    await handle.result()


STORIES: dict[str, Story] = {story.__name__: story for story in (the_whole_ladder, settled, changed_by_hand, signals_and_nonsense, canceled)}


def save(name: str, history: WorkflowHistory) -> None:
    """Write a history without the name of the machine that made it."""
    (HERE / "histories" / f"{name}.json").write_text(re.sub(r'"identity": "[^"]*"', '"identity": "recorder"', history.to_json()))


async def record(name: str, story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/dunwell.db")
        migrate.upgrade(database)
        async with virtual_server("limit.historyCount.suggestContinueAsNew=90") as environment, rig(environment.client, database, Path(folder)) as made:
            invoice = made.record("INV-1", TODAY + timedelta(days=10))
            with environment.with_time_skipping_disabled():
                await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            await story(environment, made, invoice)
            query = f"WorkflowId = '{case_id(invoice)}'"
            await asyncio.sleep(1)
            runs = [run async for run in environment.client.list_workflows(query)]
            for number, run in enumerate(sorted(runs, key=lambda run: run.start_time), 1):
                history = await environment.client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
                save(f"{name}-{number}", history)
            if name == "settled":
                with environment.with_time_skipping_disabled():
                    await environment.client.execute_workflow(contract.UPKEEP, True, id="round", task_queue=contract.CASES_QUEUE)
                history = await environment.client.get_workflow_handle("round").fetch_history()
                save("upkeep-1", history)
        database.close()


async def main() -> None:
    for name, story in STORIES.items():
        if not list((HERE / "histories").glob(f"{name}-*.json")):
            print(f"recording {name}")
            await record(name, story)


if __name__ == "__main__":
    asyncio.run(main())
