"""What a rung costs when nothing is done in it: the measure that the product is held against."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.contract import CASES_QUEUE, DELIVER_QUEUE

NAMESPACE = "bare"
_PATIENCE = timedelta(seconds=60)
_RETRY = RetryPolicy(maximum_attempts=10)


@workflow.defn(name="Bare")
class Bare:
    """One activity at the start, then again and again one timer and two activities; the last answer is the next sleep."""

    def __init__(self) -> None:
        self.told = 0

    @workflow.run
    async def run(self, name: str) -> None:
        pause = await self.do("look", CASES_QUEUE)
        while True:
            await asyncio.sleep(pause)
            await self.do("look", CASES_QUEUE)
            pause = await self.do("act", DELIVER_QUEUE)

    async def do(self, name: str, queue: str) -> float:
        pause: float = await workflow.execute_activity(name, task_queue=queue, result_type=float, start_to_close_timeout=_PATIENCE, retry_policy=_RETRY)
        return pause

    @workflow.signal
    def report(self, word: dict[str, str]) -> None:
        self.told += 1


class Nothing:
    """The two activities: synchronous and empty. What they answer is the length of the next sleep in seconds."""

    @activity.defn(name="look")
    def look(self) -> float:
        return 0.0

    @activity.defn(name="act")
    def act(self) -> float:
        return 0.0
