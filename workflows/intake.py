"""On a schedule: what customers answered by mail, and what our people wrote to them, is read where it is."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import contract, ports
    from workflows.ports import MailRead


@workflow.defn(name=contract.INTAKE)
class Intake:
    """One round through all mailboxes."""

    @workflow.run
    async def run(self) -> MailRead:
        return await workflow.execute_activity_method(ports.Intake.read_mail, **ports.to_read_mail())
