"""Every history ever recorded replays against today's workflows, whatever the order of hashes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import worker
from workflows.dunning import InvoiceDunning
from workflows.upkeep import Upkeep

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
TEACH = """
{name} no longer replays: {problem}

An invoice that sleeps with this history would be stuck the moment it wakes. The order of timers, activities and search
attribute writes in workflows/ may not change for runs that have begun. Either put the order back, or keep the old path
beside the new one:

    if workflow.patched("name-of-the-step-that-changed"): ...

What is decided inside activities (domain/, activities/) may change freely; it never breaks a history.
"""


async def replay(file: Path) -> None:
    replayer = Replayer(workflows=[InvoiceDunning, Upkeep], data_converter=pydantic_data_converter, workflow_runner=worker.sandbox())
    events = json.loads(file.read_text())["events"]
    started = next(event["workflowExecutionStartedEventAttributes"] for event in events if "workflowExecutionStartedEventAttributes" in event)
    history = WorkflowHistory.from_json(started.get("workflowId") or file.stem, file.read_text())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure:
        raise AssertionError(TEACH.format(name=file.name, problem=result.replay_failure))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_recorded_history_replays(file: Path) -> None:
    asyncio.run(replay(file))


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_histories_replay_whatever_the_order_of_hashes(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


def test_a_changed_order_of_commands_is_refused_with_a_message_that_teaches(tmp_path: Path) -> None:
    text = (Path(__file__).parent / "histories" / "the_whole_ladder-1.json").read_text()
    swapped = tmp_path / "swapped.json"
    swapped.write_text(text.replace('"3-assess"', '"3-something-else"').replace('"2-assess"', '"3-assess"'))
    assert swapped.read_text() != text
    with pytest.raises(AssertionError, match=r"workflow\.patched"):
        asyncio.run(replay(swapped))


def test_every_path_has_a_history() -> None:
    stems = {file.stem.rpartition("-")[0] for file in HISTORIES}
    assert {"the_whole_ladder", "settled", "changed_by_hand", "signals_and_nonsense", "canceled", "upkeep"} <= stems


if __name__ == "__main__":
    for found in HISTORIES:
        asyncio.run(replay(found))
    sys.stdout.flush()
    os._exit(0)
