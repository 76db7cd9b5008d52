"""One invoice from issue to end: assess, act, wait.

``assess`` asks the accounting system what is owed, hears what people said, and decides (``domain.decision``).
``perform`` carries out one step, such as a reminder, at most once. ``wait`` sleeps, for minutes or months, until the
decided moment or the next word, whichever comes first. A word that arrives voids an answer that has not heard it.
No rule of the trade stands here, so rules may change any day while a hundred thousand invoices sleep.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain.decision import Close, Perform, Wait
    from workflows import contract, ports
    from workflows.contract import Start
    from workflows.ports import Answer, Ask, Delivery

from workflows.listening import Listening


@workflow.defn(name=contract.WORKFLOW)
class InvoiceDunning(Listening):
    """Watches one invoice until it is settled, voided, written off, or a person stops it."""

    @workflow.init
    def __init__(self, start: Start) -> None:
        super().__init__(start.words_heard)
        self.invoice = start.invoice
        self.turns = 0
        self.shown: dict[str, object] = {}

    @workflow.run
    async def run(self, start: Start) -> str:
        """Returns the outcome: settled, voided, written_off or stopped."""
        answer = await self.assess()
        while True:
            if self.has_unread() or self.knows_more:
                answer = await self.assess()
                continue
            match answer.decision:
                case Wait(until=until, why=why):
                    await self.wait(until, why)
                    answer = await self.assess()
                case Perform() as act:
                    answer = await self.perform(act)
                case Close(outcome=outcome):
                    with suppress(asyncio.CancelledError):
                        await workflow.wait_condition(workflow.all_handlers_finished)
                    if not self.has_unread():
                        return outcome.value

    async def assess(self) -> Answer:
        """Ask the ledger, hear everything unread, decide. However long the world is broken, the case outlasts it."""
        while True:
            said, known = self.next_unread(), len(self.unread)
            memory = self.case if self.knows_more else None
            self.turns += 1
            try:
                asked = workflow.execute_activity_method(ports.Cases.assess, Ask(self.invoice, said, self.known, memory), **ports.to_assess(self.turns))
                answer = await asked
            except asyncio.CancelledError:
                self.has_unread()  # it came together with the answer, which has not heard it
                continue
            except ActivityError as error:
                await self.rest(error, known)
                continue
            if not answer.forgot:
                del self.unread[: len(said)]
            return self.take(answer)

    async def perform(self, act: Perform) -> Answer:
        """Carry out one step; its answer already holds the next decision. What is said meanwhile is written down at once,
        so that it stops a message that is not yet on its way."""
        self.turns += 1
        delivery = Delivery(self.invoice, act.step, act.channel, self.known)
        delivering = workflow.start_activity_method(ports.Outreach.deliver, delivery, **ports.to_deliver(self.turns, act.summary))
        try:
            while not delivering.done():
                # Neither a cancellation nor a word that cannot be written down yet may leave a delivery to itself.
                with suppress(ActivityError, asyncio.CancelledError):
                    await workflow.wait_condition(lambda: delivering.done() or self.has_unnoted())
                    if not delivering.done():
                        await self.note()
            return self.take(await delivering)
        except ActivityError as error:
            await self.rest(error)
            return await self.assess()

    async def note(self) -> None:
        """Have what is unread written down."""
        self.turns += 1
        said, noted = self.next_unnoted()
        await workflow.execute_activity_method(ports.Cases.receive, Ask(self.invoice, said), **ports.to_receive(self.turns))
        self.noted = noted

    async def wait(self, until: datetime, why: str, known: int = 0) -> None:
        """Sleep until then, or until somebody says something that is not among the ``known`` words that wait already.

        A long history is shed here, where nothing is unread.
        """
        if workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished() and not self.has_unread():
            workflow.continue_as_new(Start(self.invoice, self.words_heard))
        patience = until - workflow.now()
        if patience.total_seconds() > 0 and not self.has_unread(known):
            # Either means: time to look again. A cancellation is heard as a word.
            with suppress(TimeoutError, asyncio.CancelledError):
                await workflow.wait_condition(lambda: self.has_unread(known), timeout=patience, timeout_summary=why)

    async def rest(self, error: ActivityError, known: int = 0) -> None:
        """An activity failed for good: the case waits instead of failing, and says so in the Temporal UI.

        It may have failed over the first ``known`` unread words, so these do not cut the rest short.
        """
        workflow.set_current_details(f"**Trouble, trying again by itself:** {error.cause or error}")
        await self.wait(workflow.now() + ports.AFTER_TROUBLE, "trouble: trying again", known)

    def take(self, answer: Answer) -> Answer:
        """Remember an answer and show it; search attributes are written only when they changed.

        A database that was put back to an earlier state knows less than this run: then the run remembers, and tells.
        """
        self.knows_more = answer.forgot
        if not answer.forgot:
            self.case, self.known = answer.case, answer.known
        self.replies.update((reply.key, reply) for reply in answer.replies)
        shown = contract.attributes(answer.labels)
        if changed := [update for name, update in shown.items() if self.shown.get(name) != update.value]:
            workflow.upsert_search_attributes(changed)
            self.shown = {name: update.value for name, update in shown.items()}
        workflow.set_current_details(answer.labels.details)
        return answer
