"""Records the histories that every later release must be able to replay: ``python tests/replay/record.py``.

Run it only to add a path that has no history yet. A recorded history is a promise to the invoices asleep in the field;
one that no longer replays is mended in the workflow (``workflow.patched`` with an id that names the step), never here.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from temporalio.client import WorkflowHandle, WorkflowHistory  # noqa: E402
from temporalio.exceptions import ApplicationError  # noqa: E402
from temporalio.testing import WorkflowEnvironment  # noqa: E402

from activities.assessor import Policy  # noqa: E402
from activities.outreach import Site  # noqa: E402
from db import installation, migrate, reviews, schema  # noqa: E402
from db.engine import Database  # noqa: E402
from db.outreach import load_about  # noqa: E402
from domain import payment_plan  # noqa: E402
from domain.calendar import ContactHours  # noqa: E402
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, OutreachResolved, PromiseMade, StepSkipped  # noqa: E402
from domain.facts import Envelope, Mode  # noqa: E402
from domain.invoice import Standing  # noqa: E402
from domain.plan_keeping import Offered, PlanWord  # noqa: E402
from integrations.messaging import Accepted, Refused, Unknown  # noqa: E402
from support.by_hand import ScriptedMailer  # noqa: E402
from support.rig import SELLER, Rig, rig, standard_policy, virtual_server  # noqa: E402
from workflows import contract  # noqa: E402
from workflows.contract import case_id, plan_id  # noqa: E402
from workflows.dunning import InvoiceDunning  # noqa: E402
from workflows.plan import PaymentPlan  # noqa: E402

TODAY = datetime.now(UTC).date()
Handle = WorkflowHandle[InvoiceDunning, str]


@dataclass
class Scene:
    """What a story is told with. A delivery that comes to the site ``gate`` stays there until it is opened."""

    environment: WorkflowEnvironment
    mailer: ScriptedMailer = field(default_factory=lambda: ScriptedMailer(usual=Accepted("provider-1", delivered=True)))
    gate: Site | None = None
    reached: Event = field(default_factory=Event)
    opened: Event = field(default_factory=Event)
    rig: Rig | None = None

    @property
    def made(self) -> Rig:
        assert self.rig is not None
        return self.rig

    def at(self, site: Site) -> None:
        if site is self.gate:
            self.reached.set()
            assert self.opened.wait(30)

    async def watch(self, number: str = "INV-1", due_in: int = 10, **fields: Any) -> tuple[str, Handle]:
        """A watched invoice whose clock stands until it is moved."""
        invoice = self.made.record(number, TODAY + timedelta(days=due_in), **fields)
        with self.environment.with_time_skipping_disabled():
            assert await self.made.door.open(invoice)
        await self.made.until(lambda: bool(self.made.diary(invoice)))
        return invoice, self.environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))

    async def days(self, handle: Handle, days: float) -> None:
        await self.environment.fast_forward(handle, timedelta(days=days))

    async def tell(self, **fields: Any) -> None:
        """The ledger changes the invoice and sends a hint."""
        self.made.ledger.change("INV-1", **fields)
        with self.environment.with_time_skipping_disabled():
            assert await self.made.door.report(self.made.hint("INV-1", repr(fields)))

    async def change(self, invoice: str, news: Any) -> None:
        """A change by hand, with its answer."""
        assert not (await self.made.door.override(case_id(invoice), news, by="Ann", why="x")).pending


Story = Callable[[Scene], Awaitable[None]]


async def the_whole_ladder(scene: Scene) -> None:
    _, handle = await scene.watch()
    await scene.days(handle, 100)


async def settled(scene: Scene) -> None:
    _, handle = await scene.watch()
    await scene.days(handle, 20)
    await scene.tell(balance=Decimal("0.00"))
    await handle.result()
    with scene.environment.with_time_skipping_disabled():
        await scene.environment.client.execute_workflow(contract.UPKEEP, True, id="round", task_queue=contract.CASES_QUEUE)


async def voided(scene: Scene) -> None:
    _, handle = await scene.watch()
    await scene.tell(standing=Standing.VOID)
    await handle.result()


async def written_off(scene: Scene) -> None:
    _, handle = await scene.watch(due_in=-20)
    await scene.tell(standing=Standing.WRITTEN_OFF)
    await handle.result()


async def stopped(scene: Scene) -> None:
    invoice, handle = await scene.watch()
    await scene.change(invoice, ChasingStopped())
    await handle.result()


async def owed_again(scene: Scene) -> None:
    invoice, handle = await scene.watch(due_in=-20)
    await scene.tell(balance=Decimal("0.00"))
    await handle.result()
    await scene.tell(balance=Decimal("1200.00"))
    await scene.made.until(lambda: scene.made.case(invoice).round == 2)
    await scene.days(handle, 10)


async def changed_by_hand(scene: Scene) -> None:
    invoice, handle = await scene.watch()
    await scene.change(invoice, PromiseMade(TODAY + timedelta(days=9)))
    await scene.change(invoice, HoldPlaced())
    await scene.days(handle, 40)


async def held_and_released(scene: Scene) -> None:
    invoice, handle = await scene.watch(due_in=12)
    await scene.change(invoice, HoldPlaced(TODAY + timedelta(days=30)))
    await scene.days(handle, 6)
    await scene.change(invoice, HoldReleased())
    await scene.change(invoice, HoldReleased())
    await scene.change(invoice, StepSkipped())
    await scene.days(handle, 10)


async def promise_kept(scene: Scene) -> None:
    invoice, handle = await scene.watch(due_in=-2)
    await scene.change(invoice, PromiseMade(TODAY + timedelta(days=9), Decimal("500.00")))
    await scene.days(handle, 4)
    await scene.tell(balance=Decimal("700.00"))
    await scene.days(handle, 8)


async def promise_broken(scene: Scene) -> None:
    invoice, handle = await scene.watch(due_in=-2)
    await scene.change(invoice, PromiseMade(TODAY + timedelta(days=5)))
    await scene.days(handle, 12)


async def signals_and_nonsense(scene: Scene) -> None:
    _, handle = await scene.watch()
    for name, words in (("hold", [{}]), ("release", []), ("promise", []), ("paid", [{"by": "Ann"}]), ("no such word", [1, 2]), ("report", [])):
        await handle.signal(name, args=words)
    await scene.days(handle, 30)


async def canceled(scene: Scene) -> None:
    _, handle = await scene.watch()
    await handle.cancel(reason="x")
    await handle.result()


async def ledger_down(scene: Scene) -> None:
    _, handle = await scene.watch(due_in=-1)
    scene.made.ledger.broken = "it does not answer"
    await scene.days(handle, 1.3)
    scene.made.ledger.broken = ""
    await scene.days(handle, 2)


async def assessing_failed_for_good(scene: Scene) -> None:
    failures = iter([True, True])

    def fail() -> None:
        if next(failures, False):
            raise ApplicationError("the disk is full", non_retryable=True)

    invoice = scene.made.record("INV-1", TODAY - timedelta(days=3))
    scene.made.ledger.after_read = fail
    with scene.environment.with_time_skipping_disabled():
        assert await scene.made.door.open(invoice)
    handle = scene.environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))
    await scene.days(handle, 3)


async def delivery_failed_for_good(scene: Scene) -> None:
    scene.mailer.script = [ApplicationError("the disk is full", non_retryable=True)]
    _, handle = await scene.watch(due_in=-2)
    await scene.days(handle, 5)


async def refused_and_taken_later(scene: Scene) -> None:
    scene.mailer.script = [Refused("busy", try_again=True), Refused("no such address", try_again=False)]
    _, handle = await scene.watch(due_in=-2)
    await scene.days(handle, 8)


async def in_doubt_and_resolved(scene: Scene) -> None:
    scene.mailer.script = [Unknown("no answer")]
    invoice, handle = await scene.watch(due_in=-2)
    await scene.days(handle, 4)
    case = scene.made.case(invoice)
    with scene.made.database.reading() as connection:
        doubtful = next(flight.outreach for flight in load_about(connection, case.id).in_flight)
    await scene.change(invoice, OutreachResolved(doubtful, went_out=False))
    await scene.days(handle, 4)


async def _told_at(scene: Scene, site: Site, say: Callable[[Handle, str], Awaitable[None]]) -> Handle:
    scene.gate = site
    invoice, handle = await scene.watch(due_in=5)
    moving = asyncio.create_task(scene.days(handle, 12))
    await scene.made.until(scene.reached.is_set)
    await say(handle, invoice)
    scene.gate = None
    scene.opened.set()
    await moving
    return handle


async def told_before_the_last_look(scene: Scene) -> None:
    async def say(handle: Handle, invoice: str) -> None:
        await handle.signal("hold", {"why": "x"})
        await asyncio.sleep(1)

    await _told_at(scene, Site.CLAIMED, say)


async def changed_while_sending(scene: Scene) -> None:
    async def say(handle: Handle, invoice: str) -> None:
        changing = asyncio.create_task(scene.made.door.override(case_id(invoice), PromiseMade(TODAY + timedelta(days=20)), by="Ann", why="x"))
        await asyncio.sleep(1)
        scene.opened.set()
        assert (await changing).taken

    await _told_at(scene, Site.SENDING, say)


async def canceled_while_sending(scene: Scene) -> None:
    async def say(handle: Handle, invoice: str) -> None:
        await handle.cancel(reason="x")
        await asyncio.sleep(1)

    await (await _told_at(scene, Site.SENDING, say)).result()


async def covered_by_another(scene: Scene) -> None:
    """Two invoices of one customer go out in one message; the second is told by way of the inbox."""
    _, first = await scene.watch("INV-1", due_in=8)
    _, second = await scene.watch("INV-2", due_in=9)
    await scene.days(first, 3)
    with scene.environment.with_time_skipping_disabled():
        await scene.made.door.pass_on(datetime.now(UTC) + timedelta(days=4))
    await scene.days(second, 6)


async def gone_live(scene: Scene) -> None:
    with scene.made.database.transaction() as connection:
        installation.set_mode(connection, Mode.SHADOW, "test", datetime.now(UTC))
    invoice, handle = await scene.watch(due_in=-4)
    await scene.days(handle, 5)
    with scene.made.database.transaction() as connection:
        installation.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    await scene.made.door.nudge()
    await scene.made.until(lambda: scene.made.case(invoice).round == 2)
    await scene.days(handle, 5)


async def not_in_the_ledger_any_more(scene: Scene) -> None:
    _, handle = await scene.watch()
    row = scene.made.ledger.rows.pop("INV-1")
    await handle.signal("report")
    await scene.days(handle, 3)
    scene.made.ledger.rows["INV-1"] = row
    await scene.days(handle, 3)


PLAN = "plan_recorded"


async def _plan(scene: Scene, *, first: int = 5, due_in: int = -20) -> tuple[str, WorkflowHandle[Any, str]]:
    """An offered plan of two installments over one invoice, and its run."""
    invoice, _ = await scene.watch(due_in=due_in)
    await _say(scene, Offered((invoice,), 2, TODAY + timedelta(days=first), 10))
    return invoice, scene.environment.client.get_workflow_handle_for(PaymentPlan.run, plan_id(PLAN))


async def _say(scene: Scene, word: PlanWord) -> None:
    with scene.environment.with_time_skipping_disabled():
        assert not (await scene.made.door.tell_plan(PLAN, word, by="Ann", why="x")).pending


async def plan_kept(scene: Scene) -> None:
    _, plan = await _plan(scene)
    await _say(scene, payment_plan.Accepted())
    for left in ("600.00", "0.00"):
        await scene.days(plan, 4)
        scene.made.ledger.change("INV-1", balance=Decimal(left))
        await plan.signal("report")
        await scene.days(plan, 4)
    await plan.result()


async def plan_not_kept(scene: Scene) -> None:
    _, plan = await _plan(scene)
    await _say(scene, payment_plan.Accepted())
    await scene.days(plan, 60)
    await plan.result()


async def plan_expired(scene: Scene) -> None:
    _, plan = await _plan(scene)
    await scene.days(plan, 10)
    await plan.result()


async def plan_refused(scene: Scene) -> None:
    _, plan = await _plan(scene, first=60)
    await plan.result()


async def plan_canceled(scene: Scene) -> None:
    _, plan = await _plan(scene)
    await scene.days(plan, 1)
    await plan.cancel(reason="x")
    await plan.result()


async def plan_in_trouble(scene: Scene) -> None:
    _, plan = await _plan(scene)
    failures = iter([True, True])

    def fail() -> None:
        if next(failures, False):
            raise ApplicationError("the disk is full", non_retryable=True)

    scene.made.ledger.after_read = fail
    await plan.signal("no such word", args=[1, 2])
    await scene.days(plan, 1)
    await plan.execute_update(contract.OVERRIDE, {"kind": "declined", "by": "Ann", "why": "x"})
    await plan.result()


async def _review(scene: Scene) -> WorkflowHandle[Any, str]:
    """This week's review of an invoice that nobody has looked at for weeks, and the run that follows it."""
    await scene.watch(due_in=-20, email="")
    with scene.made.database.transaction() as connection:
        connection.execute(schema.tasks.update().values(opened_at=datetime.now(UTC) - timedelta(days=60), due=TODAY - timedelta(days=50)))
    with scene.environment.with_time_skipping_disabled():
        client = scene.environment.client
        review = await client.execute_workflow(contract.WEEKLY_REVIEW, SELLER.id, id="review-recorded", task_queue=contract.CASES_QUEUE, result_type=str)
    return client.get_workflow_handle(review, result_type=str)


async def review_read(scene: Scene) -> None:
    following = await _review(scene)
    await scene.days(following, 6)
    with scene.made.database.transaction() as connection:
        kept = reviews.load(connection, following.id)
        assert kept is not None and reviews.note_reviewed(connection, kept.review, "Olga", "x", datetime.now(UTC))
    await following.signal(contract.REPORT)
    await following.result()


async def review_left_unread(scene: Scene) -> None:
    """Opened twice in a week, and reminded of until its history is shed."""
    following = await _review(scene)
    with scene.environment.with_time_skipping_disabled():
        await scene.environment.client.execute_workflow(contract.WEEKLY_REVIEW, SELLER.id, id="review-again", task_queue=contract.CASES_QUEUE)
    await scene.days(following, 21)


async def review_stopped_in_trouble(scene: Scene) -> None:
    scene.mailer.script = [ApplicationError("the disk is full", non_retryable=True)]
    following = await _review(scene)
    await scene.days(following, 2)
    await following.signal("no such word", args=[1, 2])
    await following.cancel()
    await following.result()


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        the_whole_ladder,
        settled,
        voided,
        written_off,
        stopped,
        owed_again,
        changed_by_hand,
        held_and_released,
        promise_kept,
        promise_broken,
        signals_and_nonsense,
        canceled,
        ledger_down,
        assessing_failed_for_good,
        delivery_failed_for_good,
        refused_and_taken_later,
        in_doubt_and_resolved,
        told_before_the_last_look,
        changed_while_sending,
        canceled_while_sending,
        covered_by_another,
        gone_live,
        not_in_the_ledger_any_more,
        plan_kept,
        plan_not_kept,
        plan_expired,
        plan_refused,
        plan_canceled,
        plan_in_trouble,
        review_read,
        review_left_unread,
        review_stopped_in_trouble,
    )
}


# Of which workflows the histories of a story are kept, by the first word of its name; of an invoice's, where none is named.
TOLD_OF = {"plan": (contract.PLAN,), "review": (contract.WEEKLY_REVIEW, contract.REVIEW)}


def save(name: str, history: WorkflowHistory) -> None:
    """Write a history without the name of the machine that made it, and without the folders on it."""
    text = re.sub(r'"identity": "[^"]*"', '"identity": "recorder"', history.to_json())
    (HERE / "histories" / f"{name}.json").write_text(re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', text))


def open_all_hours() -> Policy:
    return replace(standard_policy(), envelope=Envelope(ContactHours(any_time=True)))


@asynccontextmanager
async def staged() -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/dunwell.db")
        migrate.upgrade(database)
        async with virtual_server("limit.historyCount.suggestContinueAsNew=90") as environment:
            scene = Scene(environment)
            async with rig(environment.client, database, Path(folder), at=scene.at, mailer=scene.mailer, policy=open_all_hours()) as scene.rig:
                yield scene
        database.close()


async def record(name: str, story: Story) -> None:
    async with staged() as scene:
        await story(scene)
        client = scene.environment.client
        await asyncio.sleep(1)  # the server's lists lag
        runs = sorted([run async for run in client.list_workflows()], key=lambda run: run.start_time)
        number, told_of = 0, TOLD_OF.get(name.partition("_")[0], (contract.WORKFLOW,))
        for run in runs:
            if run.workflow_type in told_of:
                number += 1
                save(f"{name}-{number}", await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history())
            elif run.workflow_type == contract.UPKEEP:
                save("upkeep-1", await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history())


async def main() -> None:
    for name, story in STORIES.items():
        if not list((HERE / "histories").glob(f"{name}-*.json")):
            print(f"recording {name}", flush=True)
            await record(name, story)


if __name__ == "__main__":
    asyncio.run(main())
