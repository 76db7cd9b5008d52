"""The ears of a case, and of a payment plan: every way to say something to it. Handlers only append; meaning is found where it is heard.

Nothing said from outside, however malformed or repeated, can fail a workflow task: signals take anything at all, and
an update is refused for its form before it leaves a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.case import Case
    from workflows import contract
    from workflows.contract import Said
    from workflows.ports import Known, Replied


class Ears:
    """What has been said and not yet heard (``unread``), and the answers owed."""

    def __init__(self, words_heard: int) -> None:
        self.words_heard = words_heard
        self.unread: list[Said] = []
        self.replies: dict[str, Replied] = {}
        self.cancel_heard = False

    def has_unread(self, beyond: int = 0) -> bool:
        """Whether more than ``beyond`` words wait to be heard; the cancel button of the Temporal UI is one, and means stop."""
        reason = workflow.cancellation_reason()
        if reason is not None and not self.cancel_heard:
            self.cancel_heard = True
            self.hear("cancel", (reason,))
        return len(self.unread) > beyond

    def next_unread(self) -> tuple[Said, ...]:
        """The oldest words that wait to be heard, as many as fit into one message."""
        return tuple(self.unread[: contract.MOST_AT_ONCE])

    def hear(self, name: str, words: Sequence[object]) -> str:
        self.words_heard += 1
        key = f"{workflow.info().first_execution_run_id}/{self.words_heard}"
        self.unread.append(Said(key, name[:200], contract.spell(words)))
        return key

    @workflow.signal(name=contract.REPORT, description="Something may have changed: look at the ledger again.")
    def report(self, *words: Any) -> None:
        self.hear("report", words)

    @workflow.signal(dynamic=True)
    def hear_anything(self, name: str, words: Sequence[RawValue]) -> None:
        self.hear(name, [bytes(word.payload.data[:2000]).decode(errors="replace") for word in words])


class Listening(Ears):
    """The ears of a case, with what its run remembers of it."""

    def __init__(self, words_heard: int) -> None:
        super().__init__(words_heard)
        self.case: Case | None = None
        self.known: Known | None = None
        self.knows_more = False
        self.noted = words_heard

    def has_unnoted(self) -> bool:
        """Whether something was said that is not even written down yet."""
        return self.has_unread() and self.noted < self.words_heard

    def next_unnoted(self) -> tuple[tuple[Said, ...], int]:
        """The oldest words not even written down, as many as fit into one message, and what ``noted`` is once they are."""
        heard_before = self.words_heard - len(self.unread)
        known = max(self.noted - heard_before, 0)
        said = tuple(self.unread[known : known + contract.MOST_AT_ONCE])
        return said, heard_before + known + len(said)

    @workflow.query(name=contract.CASE, description="Everything that is remembered about this invoice.")
    def show_case(self) -> Case | None:
        return self.case

    @workflow.update(
        name=contract.OVERRIDE, description='Change by hand, and be answered: {"kind": "hold|release|promise|skip|stop", "by": "...", "why": "..."}'
    )
    async def override(self, *words: Any) -> Replied:
        key = self.hear(contract.OVERRIDE, words)
        await workflow.wait_condition(lambda: key in self.replies)
        return self.replies.pop(key)

    @override.validator
    def check_form(self, *words: Any) -> None:
        if problem := contract.find_fault(words):
            raise ApplicationError(problem, non_retryable=True)

    @workflow.signal(name="paid", description="The money is on its way: quiet for three business days, or until the ledger shows it.")
    def paid(self, *words: Any) -> None:
        self.hear("paid", words)

    @workflow.signal(name="promise", description='The customer will pay: {"day": "2026-12-01", "amount": "100.00"}')
    def promise(self, *words: Any) -> None:
        self.hear("promise", words)

    @workflow.signal(name="hold", description='Be silent: {"until": "2026-12-01", "why": "..."}; without a date, two weeks.')
    def hold(self, *words: Any) -> None:
        self.hear("hold", words)

    @workflow.signal(name="release", description="Lift every hold and open promise.")
    def release(self, *words: Any) -> None:
        self.hear("release", words)

    @workflow.signal(name="stop", description="End it: nothing more is sent for this invoice.")
    def stop(self, *words: Any) -> None:
        self.hear("stop", words)
