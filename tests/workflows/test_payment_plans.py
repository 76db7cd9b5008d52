"""Payment plans on a real server: the plan's own workflow, the invoices it covers, and nothing that can wedge it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from db import plans
from db.engine import Database
from domain.case import HoldKind, Outcome
from domain.diary import write_diary
from domain.payment_plan import Accepted, Declined, PlanState
from domain.plan_keeping import KeptPlan, Offered
from starter import Answer
from support.rig import Rig, rig, virtual_server
from workflows.contract import case_id, plan_id
from workflows.dunning import InvoiceDunning
from workflows.plan import PaymentPlan

TODAY = datetime.now(UTC).date()
PLAN = "plan_1"


class Office:
    """A plan over some invoices, their runs, and one clock for all of them."""

    def __init__(self, environment: WorkflowEnvironment, made: Rig) -> None:
        self.environment, self.made = environment, made
        self.invoices: list[str] = []

    @property
    def plan(self) -> WorkflowHandle[PaymentPlan, str]:
        return self.environment.client.get_workflow_handle_for(PaymentPlan.run, plan_id(PLAN))

    def run(self, invoice: str) -> WorkflowHandle[InvoiceDunning, str]:
        return self.environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))

    async def watch(self, number: str, late: int = 20) -> str:
        invoice = self.made.record(number, TODAY - timedelta(days=late))
        with self.environment.with_time_skipping_disabled():
            assert await self.made.door.open(invoice)
        await self.made.until(lambda: bool(self.made.diary(invoice)))
        self.invoices.append(invoice)
        return invoice

    async def offer(self, *, first: int = 5, count: int = 3, every: int = 10) -> Answer:
        word = Offered(tuple(self.invoices), count, TODAY + timedelta(days=first), every)
        with self.environment.with_time_skipping_disabled():
            return await self.made.door.tell_plan(PLAN, word, by="Ann", why="asked for it")

    async def accept(self) -> Answer:
        with self.environment.with_time_skipping_disabled():
            return await self.made.door.tell_plan(PLAN, Accepted(), by="Ann", why="in writing")

    async def days(self, days: float) -> None:
        """Move every clock, the plan's first; what one tells the others is passed on."""
        for handle in (self.plan, *(self.run(invoice) for invoice in self.invoices)):
            if (await handle.describe()).close_time is None:
                await self.environment.fast_forward(handle, timedelta(days=days))
        await self.pass_on()

    async def pass_on(self) -> None:
        with self.environment.with_time_skipping_disabled():
            await self.made.door.pass_on(datetime.now(UTC) + timedelta(days=400))

    def kept(self) -> KeptPlan:
        with self.made.database.transaction() as connection:
            found = plans.load_plan(connection, PLAN)
        assert found is not None
        return found

    def has_plan_hold(self, invoice: str) -> bool:
        return any(hold.kind is HoldKind.PLAN for hold in self.made.case(invoice).holds)

    def sent(self, invoice: str) -> list[str]:
        return [rung.step for rung in self.made.case(invoice).rungs if rung.is_contact]

    def told(self, invoice: str) -> str:
        return write_diary(self.made.diary(invoice))


def test_a_plan_over_two_invoices_is_agreed_paid_and_kept_and_the_invoices_settle_by_themselves(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            one, two = await office.watch("INV-1"), await office.watch("INV-2")
            answer = await office.offer()
            assert answer.taken, answer.said
            assert "3 installments of together 2,400.00 EUR" in answer.said
            assert office.has_plan_hold(one) and office.has_plan_hold(two)
            assert (await office.accept()).taken
            before = office.sent(one), office.sent(two)
            for first, second in (("400.00", "1200.00"), ("0.00", "800.00"), ("0.00", "0.00")):
                await office.days(5)
                made.ledger.change("INV-1", balance=Decimal(first))
                made.ledger.change("INV-2", balance=Decimal(second))
                with environment.with_time_skipping_disabled():
                    for number in ("INV-1", "INV-2"):
                        assert await made.door.report(made.hint(number, f"{number}/{first}/{second}"))
                await made.until(
                    lambda first=first, second=second: all(
                        str(made.case(invoice).invoice.balance.amount) == left for invoice, left in ((one, first), (two, second))
                    )
                )
                await office.pass_on()
                await office.days(5)
            assert await office.plan.result() == "kept"
            assert [await office.run(invoice).result() for invoice in (one, two)] == ["settled", "settled"]
            assert (office.sent(one), office.sent(two)) == before, "a customer who kept the plan was written to"
            assert made.case(one).ended is made.case(two).ended is Outcome.SETTLED

    asyncio.run(story())


def test_a_plan_that_is_not_kept_ends_in_default_and_the_invoice_goes_on_at_the_exact_step(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            invoice = await office.watch("INV-1")
            await environment.fast_forward(office.run(invoice), timedelta(days=4))
            before = office.sent(invoice)
            assert before, "nothing had been sent before the plan"
            assert (await office.offer(first=9)).taken
            assert (await office.accept()).taken
            for _ in range(10):
                await office.days(4)
            assert await office.plan.result() == "defaulted"
            told = office.told(invoice)
            assert "was missed" in told and "the payment plan has failed" in told
            await office.pass_on()
            await environment.fast_forward(office.run(invoice), timedelta(days=10))
            steps = [step.name for step in made.policy.playbook.steps]
            after = office.sent(invoice)
            assert after[: len(before)] == before and len(after) == len(set(after)) > len(before)
            assert steps.index(after[len(before)]) == steps.index(before[-1]) + 1, f"{before} went on as {after}"
            between = told[told.index("a payment plan covers this invoice") : told.index("the payment plan has failed")]
            said = {line.rpartition("  ")[2] for line in between.splitlines() if "sent by" in line}
            assert said == {"confirmation of the payment plan sent by e-mail", "reminder of the installment sent by e-mail"}, "it was chased"

    asyncio.run(story())


def test_nothing_that_is_said_to_a_plan_wedges_it_and_an_update_is_answered(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            await office.watch("INV-1")
            assert (await office.offer()).taken
            for name, words in (("report", [{"inbox": "no_such_row"}]), ("report", [1, 2]), ("sing", ["la"]), ("declined", [7])):
                await office.plan.signal(name, args=words)
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await office.plan.execute_update("override", {"kind": "kept", "by": "Bo", "why": "x"})
            assert "kind: 'kept' is not one of accepted, declined, countered" in str(refused.value.cause)
            replied = await office.plan.execute_update("override", {"kind": "accepted", "by": "Bo", "why": "by phone"})
            assert "has ended" in str(replied["said"]), "the signal declined had been heard before"
            assert await office.plan.result() == "declined"

    asyncio.run(story())


def test_the_cancel_button_calls_a_plan_off_in_order(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            invoice = await office.watch("INV-1")
            await office.offer()
            await office.accept()
            await office.plan.cancel(reason="agreed otherwise")
            assert await office.plan.result() == "declined"
            assert not office.has_plan_hold(invoice)
            assert "the payment plan is off: agreed otherwise" in office.told(invoice)

    asyncio.run(story())


def test_a_plan_whose_run_was_lost_is_begun_anew_from_the_database(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            await office.watch("INV-1")
            await office.offer()
            await office.accept()
            await office.plan.terminate("the store was lost")
            later = datetime.now(UTC) + timedelta(hours=1)
            for _ in range(240):
                with environment.with_time_skipping_disabled():
                    if await made.door.revive(later):
                        break
                await asyncio.sleep(0.25)
            else:
                raise AssertionError("the lost run was never found")
            assert (await office.plan.describe()).status.name == "RUNNING"
            with environment.with_time_skipping_disabled():
                answer = await made.door.tell_plan(PLAN, Declined(), by="Ann", why="x")
            assert answer.taken and office.kept().plan.state is PlanState.DECLINED

    asyncio.run(story())


def test_a_rebuild_has_running_plans_look_again(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            await office.watch("INV-1")
            await office.offer()
            await office.accept()
            with environment.with_time_skipping_disabled():
                made.ledger.change("INV-1", balance=Decimal(0))
                assert await made.door.nudge_plans() == 1
                await made.until(lambda: office.kept().plan.state is PlanState.KEPT)

    asyncio.run(story())


def test_a_plan_outlasts_a_ledger_and_a_database_that_fail(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            await office.watch("INV-1")
            await office.offer()
            await office.accept()
            failures = iter(range(12))

            def fail() -> None:
                if next(failures, None) is not None:
                    raise OSError("the disk is full")

            made.ledger.after_read = fail
            await environment.fast_forward(office.plan, timedelta(days=3))
            assert list(office.kept().reminded) == [TODAY + timedelta(days=5)]
            assert (await office.plan.describe()).status.name == "RUNNING"

    asyncio.run(story())


def test_a_refused_offer_ends_at_once_with_its_reason_and_leaves_the_invoice_as_it_was(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            office = Office(environment, made)
            invoice = await office.watch("INV-1")
            answer = await office.offer(first=60)
            assert not answer.taken and "must fall due between" in answer.said
            assert await office.plan.result() == "refused"
            assert not office.has_plan_hold(invoice)

    asyncio.run(story())
