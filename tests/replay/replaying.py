"""A history replayed against a workflow, and what to say to whoever changed it so that it no longer replays."""

from __future__ import annotations

import json
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowRunner

import worker
from workflows.dunning import InvoiceDunning
from workflows.payloads import data_converter
from workflows.plan import PaymentPlan
from workflows.review import OwnerReview, WeeklyReview
from workflows.upkeep import Upkeep

HISTORIES = Path(__file__).parent / "histories"
TEACH = """
{name} no longer replays: {problem}

An invoice that sleeps with this history would be stuck the moment it wakes. The order of timers, activities and search
attribute writes in workflows/ may not change for runs that have begun. Either put the order back, or keep the old path
beside the new one:

    if workflow.patched("name-of-the-step-that-changed"): ...

What is decided inside activities (domain/, activities/) may change freely; it never breaks a history.
"""


class UnableToReplay(AssertionError):
    """The workflow would do something else than it did; the message says where, and what to do about it."""


def recorded() -> list[Path]:
    """Every history that was ever recorded."""
    return sorted(HISTORIES.glob("*.json"))


def load(file: Path) -> WorkflowHistory:
    events = json.loads(file.read_text(encoding="utf-8"))["events"]
    started = next(event["workflowExecutionStartedEventAttributes"] for event in events if "workflowExecutionStartedEventAttributes" in event)
    return WorkflowHistory.from_json(started.get("workflowId") or file.stem, file.read_text(encoding="utf-8"))


async def replay(history: WorkflowHistory, name: str, shell: type = InvoiceDunning, runner: WorkflowRunner | None = None) -> None:
    """Replay a history against today's workflows, ``shell`` in place of the one of its name. Raises UnableToReplay."""
    workflows: dict[str, type] = {one.__name__: one for one in (InvoiceDunning, PaymentPlan, Upkeep, WeeklyReview, OwnerReview)}
    workflows[shell.__name__] = shell
    replayer = Replayer(workflows=list(workflows.values()), data_converter=data_converter, workflow_runner=runner or worker.sandbox())
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    if result.replay_failure:
        raise UnableToReplay(TEACH.format(name=name, problem=result.replay_failure))
