"""One payment plan from its offer to its end: assess, wait, and tell the invoices it covers.

``assess`` asks the accounting system what has been paid, hears what people said, and keeps the plan
(``domain.plan_keeping``). No rule of the trade stands here: when to look again is the activity's answer.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from domain.plan_keeping import KeptPlan
    from workflows import contract, ports
    from workflows.contract import StartPlan
    from workflows.ports import AskPlan, PlanAnswer, Replied

from workflows.listening import Ears


@workflow.defn(name=contract.PLAN)
class PaymentPlan(Ears):
    """Keeps one payment plan until it is kept, not kept, declined, or its offer runs out."""

    @workflow.init
    def __init__(self, start: StartPlan) -> None:
        super().__init__(start.words_heard)
        self.plan = start.plan
        self.turns = 0
        self.kept: KeptPlan | None = None
        self.shown: dict[str, object] = {}

    @workflow.run
    async def run(self, start: StartPlan) -> str:
        """Returns how it ended: kept, defaulted, declined, expired, or refused when it never came about."""
        while True:
            answer = await self.assess()
            await self.tell_invoices(answer)
            if self.has_unread():
                continue
            if answer.until is not None:
                await self.wait(answer.until, answer.why)
                continue
            with suppress(asyncio.CancelledError):
                await workflow.wait_condition(workflow.all_handlers_finished)
            if not self.has_unread():
                return answer.ended

    async def assess(self) -> PlanAnswer:
        """Ask the ledger and hear everything unread. However long the world is broken, the plan outlasts it."""
        while True:
            said, known = self.next_unread(), len(self.unread)
            self.turns += 1
            try:
                asked = workflow.execute_activity_method(ports.Plans.assess_plan, AskPlan(self.plan, said, self.kept), **ports.to_assess_plan(self.turns))
                answer = await asked
            except asyncio.CancelledError:
                self.has_unread()  # it came together with the answer, which has not heard it
                continue
            except ActivityError as error:
                workflow.set_current_details(f"**Trouble, trying again by itself:** {error.cause or error}")
                await self.wait(workflow.now() + ports.AFTER_TROUBLE, "trouble: trying again", known)
                continue
            del self.unread[: len(said)]
            return self.take(answer)

    async def tell_invoices(self, answer: PlanAnswer) -> None:
        """Have the watches of the covered invoices look now; what does not reach one is passed on from its inbox row."""
        for passed in answer.passed:
            with suppress(FailureError, asyncio.CancelledError):
                await workflow.get_external_workflow_handle(passed.case).signal(contract.REPORT, {"inbox": passed.word})

    async def wait(self, until: datetime, why: str, known: int = 0) -> None:
        """Sleep until then, or until somebody says something that is not among the ``known`` words that wait already.

        A long history is shed here, where nothing is unread.
        """
        if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished() and not self.has_unread():
            workflow.continue_as_new(StartPlan(self.plan, self.words_heard))
        patience = until - workflow.now()
        if patience.total_seconds() > 0 and not self.has_unread(known):
            # Either means: time to look again. A cancellation is heard as a word.
            with suppress(TimeoutError, asyncio.CancelledError):
                await workflow.wait_condition(lambda: self.has_unread(known), timeout=patience, timeout_summary=why)

    def take(self, answer: PlanAnswer) -> PlanAnswer:
        """Remember an answer and show it; search attributes are written only when they changed."""
        self.kept = answer.kept or self.kept
        self.replies.update((reply.key, reply) for reply in answer.replies)
        if answer.labels is not None:
            shown = contract.attributes(answer.labels)
            if changed := [update for name, update in shown.items() if self.shown.get(name) != update.value]:
                workflow.upsert_search_attributes(changed)
                self.shown = {name: update.value for name, update in shown.items()}
            workflow.set_current_details(answer.labels.details)
        return answer

    @workflow.query(name="plan", description="Everything that is remembered about this payment plan.")
    def show_plan(self) -> KeptPlan | None:
        return self.kept

    @workflow.update(name=contract.OVERRIDE, description='Change by hand, and be answered: {"kind": "accepted|declined", "by": "...", "why": "..."}')
    async def override(self, *words: Any) -> Replied:
        key = self.hear(contract.OVERRIDE, words)
        await workflow.wait_condition(lambda: key in self.replies)
        return self.replies.pop(key)

    @override.validator
    def check_form(self, *words: Any) -> None:
        if problem := contract.find_fault(words, contract.PLAN_CHANGES):
            raise ApplicationError(problem, non_retryable=True)
