"""On a schedule: what webhooks missed is found, what could not be passed on is passed on, and no open invoice goes unwatched."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import contract, ports
    from workflows.ports import Tended


@workflow.defn(name=contract.UPKEEP)
class Upkeep:
    """One round of upkeep. A ``thorough`` one reads whole ledgers and compares every case with Temporal's runs."""

    @workflow.run
    async def run(self, thorough: bool) -> Tended:
        before = workflow.get_last_completion_result(Tended) if workflow.has_last_completion_result() else None
        mark = before.mark if before else ""
        return await workflow.execute_activity_method(ports.Upkeep.tend, args=[thorough, mark], **ports.to_tend(thorough))
