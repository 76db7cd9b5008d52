"""The owner's weekly review: on a schedule one is opened, and followed until it is reviewed or the next one takes its place."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from workflows import contract, ports


@workflow.defn(name=contract.WEEKLY_REVIEW)
class WeeklyReview:
    """Opens the review of a seller's week, and leaves it to a workflow of its own, named after seller and week."""

    @workflow.run
    async def run(self, seller: str) -> str:
        """Returns the review's id."""
        review = await workflow.execute_activity_method(ports.Reviews.open_review, seller, **ports.to_open_review())
        with suppress(WorkflowAlreadyStartedError):  # it was opened twice in a week, by hand or by a schedule that caught up
            await workflow.start_child_workflow(
                OwnerReview.run, review, id=review, parent_close_policy=workflow.ParentClosePolicy.ABANDON, static_summary="the owner's weekly review"
            )
        return review


@workflow.defn(name=contract.REVIEW)
class OwnerReview:
    """Follows one review: asks what is to be done, and waits until then or until somebody says that it has changed."""

    @workflow.init
    def __init__(self, review: str) -> None:
        self.review = review
        self.heard = 0

    @workflow.run
    async def run(self, review: str) -> str:
        """Returns how it ended: reviewed, replaced, nothing to review, or stopped from the Temporal UI."""
        while workflow.cancellation_reason() is None:
            heard = self.heard
            with suppress(asyncio.CancelledError):
                followed = await self.follow()
                if followed.outcome:
                    return followed.outcome
                await self.wait(followed.until, heard)
        return "stopped"

    async def follow(self) -> ports.Followed:
        """However long the world is broken, the review outlasts it."""
        try:
            return await workflow.execute_activity_method(ports.Reviews.follow_review, self.review, **ports.to_follow_review())
        except ActivityError as error:
            workflow.set_current_details(f"**Trouble, trying again by itself:** {error.cause or error}")
            return ports.Followed(workflow.now() + ports.AFTER_TROUBLE)

    async def wait(self, until: datetime | None, heard: int) -> None:
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self.review)
        patience = until - workflow.now() if until else ports.AFTER_TROUBLE
        if patience.total_seconds() > 0 and workflow.cancellation_reason() is None:
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self.heard > heard, timeout=patience, timeout_summary="the owner has not reviewed it yet")

    @workflow.signal(name=contract.REPORT, description="Look again: somebody has reviewed it, say.")
    def report(self, *said: Any) -> None:
        self.heard += 1
