"""A case on a real server with a virtual clock writes, line for line, the diary of the pure timeline."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from activities.outreach import Site
from db.engine import Database
from db.schema import inbox
from domain.diary import write_diary
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, News, PaymentReported, PromiseMade, StepSkipped
from domain.invoice import Invoice, Standing
from domain.money import Money
from domain.timeline import Arrival, During, timeline
from examples.append_log import read_log
from integrations.accounting import LedgerInvoice
from support.rig import Rig, rig, virtual_server
from workflows.contract import case_id

DAYS = 90
AT_ONCE = 5

# Where in a delivery word may arrive: before the last look at the ledger (whatever it is), or after it (a person's word).
_SITES = {During.FENCE: (Site.DECIDED, Site.CLAIMED), During.SENDING: (Site.SENDING,)}


@dataclass
class Twist:
    """One thing that happens, told to the pure timeline and to the running server alike."""

    at: datetime
    during: During
    site: Site | None
    news: tuple[News, ...] = ()
    balance: Decimal | None = None
    due: date | None = None
    standing: Standing | None = None
    done: bool = False

    def arrival(self) -> Arrival:
        changes = self.balance is not None or self.due is not None or self.standing is not None
        return Arrival(self.at, self.news, self._apply if changes else None, self.during)

    def _apply(self, invoice: Invoice) -> Invoice:
        balance = invoice.balance if self.balance is None else Money(self.balance, invoice.balance.currency)
        return replace(invoice, balance=balance, due=self.due or invoice.due, standing=self.standing or invoice.standing)

    def apply_to(self, row: LedgerInvoice) -> LedgerInvoice:
        balance = row.balance if self.balance is None else self.balance
        return replace(row, balance=balance, due=self.due or row.due, standing=self.standing or row.standing)


@dataclass
class Story:
    """One invoice's ninety days: when it is due, and what happens to it."""

    seed: int
    number: str
    due: date
    twists: list[Twist]
    invoice: str = ""
    errors: list[str] = field(default_factory=list)


def tell(seed: int, today: date) -> Story:
    """A generated story. Twists come at noon UTC on days of their own, so that no two fall on one moment."""
    random = Random(seed)
    due = today + timedelta(days=random.randint(-70, 30))
    balance = Decimal("1200.00")
    twists = []
    for day in sorted(random.sample(range(1, DAYS), random.randint(0, 8))):
        when = datetime.combine(today + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=12, minutes=random.randint(0, 40))
        kind = random.choice(["part", "due", "promise", "promise", "hold", "release", "skip", "paid", "rise", "settle", "stop", "void"])
        if kind in ("settle", "stop", "void") and random.random() < 0.6:
            kind = "hold"
        during = random.choice([During.REST, During.REST, During.ASSESS, During.FENCE, During.SENDING])
        site = random.choice(_SITES[during]) if during in _SITES else None
        day_of = when.date()
        twist = Twist(when, during, site)
        match kind:
            case "part":
                balance = max(balance - random.choice([Decimal("100.00"), Decimal("333.33"), Decimal("700.00")]), Decimal("5.00"))
                twist.balance = balance
            case "rise":
                balance += Decimal("50.00")
                twist.balance = balance
            case "settle":
                balance = random.choice([Decimal("0.00"), Decimal("0.40"), Decimal("-10.00")])
                twist.balance = balance
            case "due":
                twist.due = due + timedelta(days=random.choice([-10, 5, 14, 30]))
            case "void":
                twist.standing = Standing.VOID
            case "promise":
                amount = random.choice([None, Decimal("200.00"), Decimal("5000.00")])
                twist.news = (PromiseMade(day_of + timedelta(days=random.randint(-1, 20)), amount, by="Ann", why="told on the phone"),)
            case "hold":
                twist.news = (HoldPlaced(day_of + timedelta(days=random.randint(0, 30)), by="Ann", why="asked to wait"),)
            case "release":
                twist.news = (HoldReleased(by="Ann", why="goes on"),)
            case "skip":
                twist.news = (StepSkipped(random.choice(["", "", "final-notice"]), by="Ann", why="already spoke"),)
            case "paid":
                twist.news = (PaymentReported(by="Ann", why="they say so"),)
            case "stop":
                twist.news = (ChasingStopped(by="Ann", why="lawyer took over"),)
        if twist.news and twist.during is During.FENCE:
            twist.site = random.choice([Site.DECIDED, Site.CLAIMED, Site.FENCED])
        twists.append(twist)
    return Story(seed, f"INV-{seed}", due, twists)


class Stage:
    """Plays stories on the server: what happens at rest from outside, the rest from inside the running activity."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.stories: dict[str, Story] = {}
        self.rig: Rig | None = None
        self.pending: list[Future[object]] = []
        self.lock = threading.Lock()

    def at(self, site: Site) -> None:
        self._interfere(lambda twist: twist.site is site)

    def after_read(self) -> None:
        if activity.in_activity() and activity.info().activity_type == "assess":
            self._interfere(lambda twist: twist.during is During.ASSESS)

    def _interfere(self, meant: Callable[[Twist], bool]) -> None:
        story = self.stories.get(activity.info().workflow_id or "")
        if story is None:
            return
        with self.lock:
            ready = [twist for twist in story.twists if not twist.done and meant(twist) and twist.at <= activity.info().started_time]
            # The timeline lets everything land that waits for the same activity; a fence has several sites.
            if ready and ready[0].during is During.FENCE:
                ready = [twist for twist in story.twists if not twist.done and twist.during is During.FENCE and twist.at <= activity.info().started_time]
            for twist in ready:
                twist.done = True
        for twist in ready:
            self.pending += self.tell(story, twist)

    def tell(self, story: Story, twist: Twist) -> list[Future[object]]:
        assert self.rig is not None
        door, ledger = self.rig.door, self.rig.ledger
        ledger.rows[story.number] = twist.apply_to(ledger.rows[story.number])
        before = self._rows(story)
        if twist.news:
            calls = [door.override(case_id(story.invoice), news, by=news.by, why=news.why) for news in twist.news]
        else:
            calls = [door.report(self.rig.hint(story.number, f"{story.seed}/{twist.at}"))]
        futures: list[Future[object]] = [asyncio.run_coroutine_threadsafe(call, self.loop) for call in calls]
        if not twist.news:
            assert futures[0].result(timeout=60), "the hint did not reach the server"
            return futures
        deadline = time.monotonic() + 60
        while self._rows(story) < before + len(calls) and not all(future.done() for future in futures):
            assert time.monotonic() < deadline, "what was said was never written down"
            time.sleep(0.01)
        return futures

    def _rows(self, story: Story) -> int:
        assert self.rig is not None
        with self.rig.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(inbox).where(inbox.c.case_id == case_id(story.invoice))).scalar_one()


async def play(environment: WorkflowEnvironment, made: Rig, stage: Stage, story: Story) -> None:
    """Run one story on the server, from its start to ninety days later."""
    started = time.monotonic()
    skipped = timedelta()
    begins = datetime.now(UTC)
    made.ledger.add(story.number, story.due, story.due - timedelta(days=30), customer=f"C-{story.seed}")
    told = [made.ledger.rows[story.number]]
    with made.database.transaction() as connection:
        recorded = made.ledgers.record(connection, "brightwater", told, begins)
    story.invoice = recorded[story.number].id
    stage.stories[case_id(story.invoice)] = story
    with environment.with_time_skipping_disabled():
        assert await made.door.open(story.invoice)
    handle = environment.client.get_workflow_handle(case_id(story.invoice))

    def virtual_now() -> datetime:
        return begins + timedelta(seconds=time.monotonic() - started) + skipped

    for moment, twist in [*((twist.at, twist) for twist in story.twists if twist.during is During.REST), (begins + timedelta(days=DAYS), None)]:
        if (await handle.describe()).close_time is not None:
            break
        ahead = moment - virtual_now()
        await environment.fast_forward(handle, ahead)
        skipped += ahead
        if (await handle.describe()).close_time is not None:
            break
        if twist is not None:
            twist.done = True
            for future in await asyncio.to_thread(stage.tell, story, twist):
                await asyncio.wrap_future(future)
            await _all_folded(made, story)
    await _all_folded(made, story)


async def _all_folded(made: Rig, story: Story) -> None:
    """Until nothing said about this invoice waits unheard."""
    query = select(func.count()).select_from(inbox).where(inbox.c.case_id == case_id(story.invoice), inbox.c.state.in_(["new", "passed_on"]))
    for _ in range(3_000):
        with made.database.reading() as connection:
            if connection.execute(query).scalar_one() == 0:
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{story.number} never heard what was said")


def expected(made: Rig, story: Story) -> str:
    """The pure timeline's diary of the same story."""
    entries = made.diary(story.invoice)
    start = entries[0].at
    case = made.case(story.invoice)
    facts = made.facts(story.invoice, start)
    first = replace(case.invoice, balance=Money(Decimal("1200.00"), "EUR"), due=story.due, standing=Standing.OPEN)
    fresh = type(case)(case.id, first, case.playbook, start)
    return write_diary(timeline(fresh, facts, [twist.arrival() for twist in story.twists], start, start + timedelta(days=DAYS)))


async def run_stories(database: Database, folder: Path, seeds: list[int]) -> list[str]:
    """Play all stories, a few at once; a report for each whose diaries differ."""
    stage = Stage(asyncio.get_running_loop())
    reports = []
    async with virtual_server() as environment, rig(environment.client, database, folder, at=stage.at) as made:
        stage.rig = made
        made.ledger.after_read = stage.after_read
        today = datetime.now(UTC).date()
        stories = [tell(seed, today) for seed in seeds]
        for first in range(0, len(stories), AT_ONCE):
            await asyncio.gather(*(play(environment, made, stage, story) for story in stories[first : first + AT_ONCE]))
        for future in stage.pending:
            await asyncio.wait_for(asyncio.wrap_future(future), 60)
        sent = 0
        for story in stories:
            written, wanted = write_diary(made.diary(story.invoice)), expected(made, story)
            sent += sum("sent by e-mail" in line for line in written.splitlines())
            if written != wanted:
                reports.append(f"seed {story.seed}\n--- timeline\n{wanted}\n--- server\n{written}\n--- twists\n" + "\n".join(map(str, story.twists)))
    accepted = [line["key"] for line in read_log(folder / "mail" / "accepted.jsonl")]
    if len(accepted) != len(set(accepted)) or len(accepted) != sent:
        reports.append(f"the mailer accepted {len(accepted)} messages ({len(set(accepted))} distinct), the diaries tell of {sent}")
    return reports


def _seeds(soak: bool) -> list[int]:
    """25 stories, or 200 in a soak; DUNWELL_SEEDS=79,140 tells some again."""
    if chosen := os.environ.get("DUNWELL_SEEDS"):
        return [int(seed) for seed in chosen.split(",")]
    return list(range(200 if soak else 25))


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(3600 if os.environ.get("DUNWELL_SOAK") else 600)
def test_a_case_on_a_server_writes_the_diary_of_the_pure_timeline(database: Database, tmp_path: Path) -> None:
    soak = bool(os.environ.get("DUNWELL_SOAK"))
    reports = asyncio.run(run_stories(database, tmp_path, _seeds(soak)))
    assert not reports, "\n\n".join(reports)
