"""Every history ever recorded replays against today's workflows, whatever the order of hashes."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from temporalio.worker import UnsandboxedWorkflowRunner

from tests.replay.replaying import HISTORIES, UnableToReplay, load, recorded, replay

ROOT = Path(__file__).parents[2]

# What must stand in the recorded runs of a path, in this order; other things may stand between.
PATHS: dict[str, tuple[str, ...]] = {
    "the_whole_ladder": ("assess", "deliver", "deliver", "deliver", "deliver", "continued", "assess", "deliver", "deliver"),
    "settled": ("deliver", "signal report", "timer canceled", "assess", "ended settled"),
    "voided": ("timer", "signal report", "timer canceled", "assess", "ended voided"),
    "written_off": ("deliver", "signal report", "ended written_off"),
    "stopped": ("timer", "update", "timer canceled", "assess", "ended stopped"),
    "owed_again": ("ended settled", "signal report", "assess", "deliver", "timer"),
    "changed_by_hand": ("update", "timer canceled", "assess", "update", "timer canceled", "assess", "deliver", "continued"),
    "held_and_released": ("update", "timer canceled", "assess", "timer", "update", "timer canceled", "assess", "update", "update", "timer"),
    "promise_kept": ("deliver", "update", "timer", "signal report", "timer canceled", "assess", "deliver"),
    "promise_broken": ("deliver", "update", "assess", "timer", "assess", "deliver"),
    "signals_and_nonsense": ("signal hold", "signal release", "signal promise", "signal paid", "signal no such word", "signal report", "assess", "deliver"),
    "canceled": ("timer", "cancel", "timer canceled", "assess", "ended stopped"),
    "canceled_while_sending": ("deliver", "cancel", "receive", "assess", "ended stopped"),
    "changed_while_sending": ("deliver", "update", "receive", "assess", "timer"),
    "told_before_the_last_look": ("deliver", "signal hold", "receive", "assess", "timer"),
    "ledger_down": ("timer", "assess", "timer", "assess", "timer", "continued", "assess", "deliver"),
    "assessing_failed_for_good": ("assess", "failed", "assess", "failed", "timer", "assess", "deliver"),
    "delivery_failed_for_good": ("deliver", "failed", "timer", "assess", "continued"),
    "refused_and_taken_later": ("deliver", "timer", "assess", "deliver", "timer", "assess", "deliver"),
    "in_doubt_and_resolved": ("deliver", "timer", "update", "timer canceled", "assess", "deliver"),
    "covered_by_another": ("deliver", "timer", "assess", "timer", "signal report", "timer canceled", "assess", "timer"),
    "gone_live": ("deliver", "timer", "signal report", "timer canceled", "assess", "deliver"),
    "not_in_the_ledger_any_more": ("signal report", "timer canceled", "assess", "timer", "assess", "deliver"),
    "upkeep": ("tend", "ended"),
    "plan_kept": ("assess_plan", "tells", "assess_plan", "tells", "timer", "signal report", "timer canceled", "assess_plan", "timer", "tells", "ended kept"),
    "plan_not_kept": ("assess_plan", "tells", "assess_plan", "tells", "timer", "assess_plan", "timer", "assess_plan", "tells", "ended defaulted"),
    "plan_expired": ("assess_plan", "tells", "timer", "assess_plan", "tells", "ended expired"),
    "plan_refused": ("assess_plan", "ended refused"),
    "plan_canceled": ("timer", "cancel", "timer canceled", "assess_plan", "tells", "ended declined"),
    "review_read": ("open_review", "follow_review", "timer", "follow_review", "signal report", "timer canceled", "follow_review", "ended reviewed"),
    "review_left_unread": ("open_review", "follow_review", "timer", "follow_review", "timer", "continued", "open_review", "follow_review", "timer"),
    "review_stopped_in_trouble": ("follow_review", "failed", "timer", "signal no such word", "cancel", "timer canceled", "ended stopped"),
    "plan_in_trouble": ("signal no such word", "failed", "timer", "assess_plan", "update", "assess_plan", "ended declined"),
}

# Changes to the workflow's text that no sleeping invoice would survive.
FATAL: dict[str, tuple[str, str]] = {
    "one more look at the start": (
        "answer = await self.assess()\n        while True:",
        "await self.assess()\n        answer = await self.assess()\n        while True:",
    ),
    "a pause before a message": (
        "delivering = workflow.start_activity_method",
        "await workflow.sleep(60)\n        delivering = workflow.start_activity_method",
    ),
    "no look after the wait": (
        "await self.wait(until, why)\n                    answer = await self.assess()",
        "await self.wait(until, why)\n                    await asyncio.sleep(1)",
    ),
    "other ids": ("self.turns += 1\n            try:", "self.turns += 2\n            try:"),
    "nothing is shown any more": ("workflow.upsert_search_attributes(changed)", "pass"),
    "shown before it changed": ("if self.shown.get(name) != update.value", "if True"),
    "words are not written down during a message": ("self.has_unnoted()", "False"),
    "no rest after trouble": ('await self.wait(workflow.now() + ports.AFTER_TROUBLE, "trouble: trying again", known)', "pass"),
    "history is never shed": ("workflow.info().is_continue_as_new_suggested()", "False"),
    "another activity in its place": ("ports.Cases.assess, Ask", "ports.Cases.receive, Ask"),
}
# Changes to the text of another workflow that none of its sleeping runs would survive: its file and its name, then as above.
FATAL_ELSEWHERE: dict[str, tuple[str, str, str, str]] = {
    "a plan that looks twice": ("plan", "PaymentPlan", "answer = await self.assess()", "await self.assess()\n            answer = await self.assess()"),
    "a plan that tells nobody": ("plan", "PaymentPlan", "await self.tell_invoices(answer)", "pass"),
    "a plan with other ids": ("plan", "PaymentPlan", "self.turns += 1", "self.turns += 2"),
    "a plan that never rests": ("plan", "PaymentPlan", "await self.wait(answer.until, answer.why)", "pass"),
    "a review that rests first": ("review", "OwnerReview", "followed = await self.follow()", "await asyncio.sleep(60), (followed := await self.follow())"),
    "a review whose history is never shed": ("review", "OwnerReview", "workflow.info().is_continue_as_new_suggested()", "False"),
    "a review that nobody follows": ("review", "WeeklyReview", "with suppress(WorkflowAlreadyStartedError):", "if False:"),
}
# Changes that every sleeping invoice survives.
HARMLESS: dict[str, tuple[str, str]] = {
    "other words beside the timer": ("timeout_summary=why", 'timeout_summary=f"sleeping: {why}"'),
    "twice the sleep": ("timeout=patience", "timeout=patience * 2"),
    "other words on the page": ("**Trouble, trying again by itself:**", "**Trouble:**"),
    "a longer rest": ("ports.AFTER_TROUBLE", "ports.AFTER_TROUBLE * 3"),
}


def events(file: Path) -> Iterator[str]:
    """What happened in a recorded run, one word or two for each thing that matters here."""
    for event in json.loads(file.read_text())["events"]:
        match event["eventType"].removeprefix("EVENT_TYPE_"):
            case "ACTIVITY_TASK_SCHEDULED":
                yield event["activityTaskScheduledEventAttributes"]["activityType"]["name"]
            case "ACTIVITY_TASK_FAILED":
                yield "failed"
            case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
                yield "tells"
            case "TIMER_STARTED":
                yield "timer"
            case "TIMER_CANCELED":
                yield "timer canceled"
            case "WORKFLOW_EXECUTION_SIGNALED":
                yield f"signal {event['workflowExecutionSignaledEventAttributes']['signalName']}"
            case "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
                yield "update"
            case "WORKFLOW_EXECUTION_CANCEL_REQUESTED":
                yield "cancel"
            case "WORKFLOW_EXECUTION_CONTINUED_AS_NEW":
                yield "continued"
            case "WORKFLOW_EXECUTION_COMPLETED":
                (result,) = event["workflowExecutionCompletedEventAttributes"]["result"]["payloads"]
                outcome = json.loads(base64.b64decode(result["data"]))
                yield f"ended {outcome}" if isinstance(outcome, str) else "ended"


def changed_shell(*changes: tuple[str, str], file: str = "dunning", name: str = "InvoiceDunning") -> type:
    """The workflow as it would be with these changes to its text."""
    text = (ROOT / "workflows" / f"{file}.py").read_text()
    for before, after in changes:
        assert text.count(before) == 1, f"this change no longer fits workflows/{file}.py; write another for: {before}"
        text = text.replace(before, after)
    module = ModuleType(f"changed_{file}")
    sys.modules[module.__name__] = module
    exec(compile(text, f"changed_{file}.py", "exec"), module.__dict__)
    shell: type = getattr(module, name)
    return shell


async def replay_all(shell: type) -> None:
    for file in recorded():
        await replay(load(file), file.name, shell, UnsandboxedWorkflowRunner())


@pytest.mark.parametrize("file", recorded(), ids=lambda file: file.stem)
def test_a_recorded_history_replays(file: Path) -> None:
    asyncio.run(replay(load(file), file.name))


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_histories_replay_whatever_the_order_of_hashes(seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-m", "tests.replay.test_replay"], env=environment, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("before, after", FATAL.values(), ids=FATAL)
def test_a_changed_order_of_commands_is_refused_with_a_message_that_teaches(before: str, after: str) -> None:
    with pytest.raises(UnableToReplay) as refused:
        asyncio.run(replay_all(changed_shell((before, after))))
    said = str(refused.value)
    assert ".json no longer replays: " in said and "TMPRL1100" in said
    assert 'if workflow.patched("name-of-the-step-that-changed"): ...' in said


@pytest.mark.parametrize("file, name, before, after", FATAL_ELSEWHERE.values(), ids=FATAL_ELSEWHERE)
def test_a_changed_order_in_any_other_workflow_is_refused_too(file: str, name: str, before: str, after: str) -> None:
    with pytest.raises(UnableToReplay, match="no longer replays"):
        asyncio.run(replay_all(changed_shell((before, after), file=file, name=name)))


def test_changes_that_break_no_history_are_let_through() -> None:
    asyncio.run(replay_all(changed_shell(*HARMLESS.values())))


@pytest.mark.parametrize("path", PATHS)
def test_every_path_has_a_history(path: str) -> None:
    files = sorted(HISTORIES.glob(f"{path}-*.json"))
    assert files, f"no history of {path}: tell its story in tests/replay/record.py and run that"
    happened = iter([event for file in files for event in events(file)])
    for wanted in PATHS[path]:
        assert any(event == wanted for event in happened), f"{path}: nothing of {wanted!r} where it should be"


def test_every_recorded_history_is_of_a_path_that_is_described() -> None:
    assert {file.stem.rpartition("-")[0] for file in recorded()} == set(PATHS)


if __name__ == "__main__":
    for found in recorded():
        asyncio.run(replay(load(found), found.name))
    sys.stdout.flush()
    os._exit(0)
