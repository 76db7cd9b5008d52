"""Stories played on a real server with a virtual clock: real runs, activities, database and captured mail."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

import playbooks
import worker
from activities.assessor import Assessor, Policy
from activities.ledgers import Ledgers
from activities.outreach import Site
from db import approvals, inbox, installation, journal, parties, people
from db import cases as stored
from db import playbooks as versions
from db.engine import Database
from db.schema import cases, customers, outreach, tasks
from db.schema import inbox as words
from domain.event import ApprovalGiven, ApprovalRefused, InvoiceChanged, News
from domain.facts import Books, Envelope, Mode
from domain.migration import plan_move
from domain.timeline import During
from examples.append_log import read_log
from integrations.accounting import LedgerContact, LedgerCustomer, LedgerInvoice
from integrations.messaging import capture
from starter import Door
from support.ledger import ScriptedLedger
from support.rig import SELLER, virtual_server
from support.telling import CONSENTS, START, Owed, Story, Turn, write_account
from workflows import contract
from workflows.contract import Start, case_id
from workflows.dunning import InvoiceDunning

# How far beyond a moment a run's clock is brought. The server may skip on to the next timer, however far away, when the end of the
# way passes in real time while the work of that moment is still being done.
_MOMENT = timedelta(minutes=1)
# How far a run's clock may get by itself while its story is played.
_IN_REAL_TIME = timedelta(hours=1)
_AT_ONCE = 4
_SITES = {Site.CLAIMED: During.FENCE, Site.SENDING: During.SENDING}


@dataclass
class Message:
    """A message as it left: to whom, with whom in CC, about what, and every word of it."""

    to: str
    copied: str
    subject: str
    text: str


class ClockRanAhead(Exception):
    """The server brought a run further forward than it was asked to, as it now and then does on a busy machine: nothing played from
    then on tells of the product. The clock of each run is an experiment of the server's."""


class Stage:
    """A server, its workers and a database for any number of stories that follow one playbook."""

    def __init__(self, environment: WorkflowEnvironment, database: Database, assessor: Assessor, mail: Path, names: Iterable[str]) -> None:
        self.environment, self.database, self.assessor, self.mail = environment, database, assessor, mail
        self.ledger = {name: ScriptedLedger() for name in names}
        self.ledgers = Ledgers(database, {seller_of(name): ledger for name, ledger in self.ledger.items()})
        self.door = Door(database, environment.client, self.ledgers)
        self.playing: dict[str, Performance] = {}
        self.loop = asyncio.get_running_loop()
        self.lock = threading.Lock()
        self.at_once = asyncio.Semaphore(_AT_ONCE)

    def at(self, site: Site) -> None:
        """What happens in the middle of a delivery."""
        if site in _SITES and (performance := self.playing.get(activity.info().workflow_id or "")):
            with self.lock:
                ready = performance.landing(_SITES[site], activity.info().workflow_id or "", activity.info().started_time)
            for turn in ready:
                asyncio.run_coroutine_threadsafe(performance.say(turn), self.loop).result(timeout=30)

    async def play(self, story: Story) -> Performance:
        performance = Performance(self, story)
        async with self.at_once:
            await performance.play()
        return performance


def seller_of(name: str) -> str:
    return name.replace(" ", "-")[:40]


class Performance:
    """One story on the stage. Its runs are brought forward one after the other, in the order of the invoices, so that what
    happens in one moment happens in an order that can be told beforehand."""

    def __init__(self, stage: Stage, story: Story) -> None:
        self.stage, self.story = stage, story
        self.seller, self.ledger = seller_of(story.name), stage.ledger[story.name]
        self.ids: dict[str, str] = {}
        self.handles: dict[str, WorkflowHandle[Any, Any]] = {}
        self.waiting = sorted(story.turns, key=lambda turn: turn.at)
        self.furthest = story.start

    async def play(self) -> None:
        with self.stage.database.transaction() as connection:
            parties.save_seller(connection, replace(SELLER, id=self.seller))
        moments = sorted({owed.seen or self.story.start for owed in self.story.owes} | {turn.at for turn in self.waiting if turn.during is During.REST})
        for moment in moments:
            await self.go_to(moment)
            await self.open([owed for owed in self.story.owes if (owed.seen or self.story.start) == moment], moment)
            await self.hear_all(moment + _MOMENT)
            for turn in [turn for turn in self.waiting if turn.during is During.REST and turn.at == moment]:
                self.waiting.remove(turn)
                await self.bring(self.number(turn), moment)
                await self.say(turn)
                await self.hear_all(moment)
        await self.go_to(self.story.until)
        for handle in self.handles.values():
            if (await handle.describe()).close_time is None:
                await handle.terminate()

    async def open(self, owed: list[Owed], moment: datetime) -> None:
        """Have the ledger tell of these invoices, and begin a run for each that wakes at ``moment``."""
        if not owed:
            return
        for one in owed:
            self.ledger.rows[one.number] = self._row(one)
        with self.stage.database.transaction() as connection:
            found = self.stage.ledgers.record(connection, self.seller, [self.ledger.rows[one.number] for one in owed], moment)
            self.ids |= {number: invoice.id for number, invoice in found.items()}
            if not self.handles:
                self._introduce(connection, next(iter(found.values())).customer)
        if not self.handles:
            self._pay_late(self.story.paid_late)
        for one in owed:
            case, client = case_id(self.ids[one.number]), self.stage.environment.client
            self.stage.playing[case] = self
            delay, self.furthest = moment - datetime.now(UTC), max(self.furthest, moment)
            with self.stage.environment.with_time_skipping_disabled():
                self.handles[one.number] = await client.start_workflow(
                    InvoiceDunning.run, Start(self.ids[one.number]), id=case, task_queue=contract.CASES_QUEUE, start_delay=delay
                )
            await self.stage.environment.fast_forward(self.handles[one.number], delay + _MOMENT)
            await self.settle(one.number)

    def _introduce(self, connection: Connection, customer: str) -> None:
        """Set what no ledger tells of a customer, and who of ours is known by name."""
        for person in sorted(self.story.ours, key=lambda one: bool(one.deputy)):  # a deputy must be known first
            people.add(connection, person, START)
        parties.save_reach(connection, replace(parties.load_customer(connection, customer), consents=CONSENTS))
        manager = self.story.account_manager
        about = {"account_manager": manager, "account_manager_email": f"{manager.split()[0].lower()}@us.example"} if manager else {}
        values = {"tier": self.story.tier.value, "behavior": self.story.behavior.value, **about}
        connection.execute(customers.update().where(customers.c.id == customer).values(values))

    def _row(self, owed: Owed) -> LedgerInvoice:
        people = tuple(LedgerContact(name, email, phone, role) for role, name, email, phone in self.story.reached())
        customer = LedgerCustomer("C-1", self.story.name, self.story.country, time_zone=self.story.time_zone, contacts=people)
        amount = Decimal(owed.balance)
        return LedgerInvoice(owed.number, owed.number, customer, owed.currency, amount, amount, owed.due - timedelta(days=30), owed.due)

    def _pay_late(self, days: tuple[int, ...]) -> None:
        """Let the ledger tell of more paid invoices, and the customer be judged by them."""
        if not days:
            return
        first = self._row(self.story.owes[0])
        known = sum(number.startswith("PAID-") for number in self.ledger.rows)
        paid = []
        for place, late in enumerate(days, known):
            due = START.date() - timedelta(days=1000 - place)
            paid.append(replace(first, ref=f"PAID-{place}", number=f"PAID-{place}", balance=Decimal(0), due=due, paid_on=due + timedelta(days=late)))
        self.ledger.rows |= {row.ref: row for row in paid}
        with self.stage.database.transaction() as connection:
            found = self.stage.ledgers.record(connection, self.seller, paid, START)
            parties.judge_behavior(connection, sorted({invoice.customer for invoice in found.values()}))

    def number(self, turn: Turn) -> str:
        return turn.number or self.story.owes[0].number

    def landing(self, during: During, case: str, now: datetime) -> list[Turn]:
        ready = [turn for turn in self.waiting if turn.during is during and turn.at <= now and case_id(self.ids[self.number(turn)]) == case]
        self.waiting = [turn for turn in self.waiting if turn not in ready]
        return ready

    async def say(self, turn: Turn) -> None:
        """What a turn says is said at the door; what it does to the ledger is told by a hint."""
        number = self.number(turn)
        if turn.ledger:
            fields: dict[str, Any] = {name: Decimal(value) if name == "balance" else value for name, value in turn.ledger.items()}
            self.ledger.change(number, **fields)
        if turn.broken is not None:
            self.ledger.broken = turn.broken
        await asyncio.to_thread(self._pay_late, turn.paid_late)
        if turn.during is not During.REST and not turn.news:
            return await self._hint(number)
        if turn.ledger and not turn.news:
            await self._hint(number)
        case = case_id(self.ids[number])
        for news in (await asyncio.to_thread(self._move, case, turn.move_to),) if turn.move_to else turn.news:
            answer = await self.stage.door.override(case, await asyncio.to_thread(self._bound, case, news), by=news.by, why=news.why)
            assert not answer.pending, f"{news} was not answered"
        return None

    def _move(self, case: str, playbook: str) -> News:
        """The word that moves an invoice to another playbook, as it stands now."""
        new = playbooks.load(playbook)
        with self.stage.database.transaction() as connection:
            versions.store_version(connection, new.hash, new.name, playbooks.resolve(new), datetime.now(UTC))
            found = stored.load_case(connection, case)
            assert found is not None
            now = stored.saved_at(connection, case)
            facts = self.stage.assessor.gather(connection, found, Books(self.seller, now), now)
        return replace(plan_move(found, new, facts, now).news, by="Ann")

    def _bound(self, case: str, news: News) -> News:
        """Leave is given for the exact text that was asked about."""
        if not isinstance(news, ApprovalGiven | ApprovalRefused):
            return news
        with self.stage.database.reading() as connection:
            asked = approvals.load_latest(connection, case)
        return replace(news, text_hash=asked.text_hash if asked else "")

    async def _hint(self, number: str) -> None:
        with self.stage.database.transaction() as connection:
            word, _ = inbox.receive(
                connection,
                source="rest",
                source_id=f"{self.seller}/{number}/{len(self.waiting)}",
                kind="changed",
                body="{}",
                now=datetime.now(UTC),
                seller_id=self.seller,
                ref=number,
                news=InvoiceChanged(by="ledger"),
            )
        assert await self.stage.door.report(word)

    async def bring(self, number: str, moment: datetime) -> None:
        """Bring one run's clock forward to ``moment``, and wait until what is due then is done."""
        if await self._has_ended(number):
            return
        handle, self.furthest = self.handles[number], max(self.furthest, moment)
        ahead = moment - await self.stage.environment.get_current_time(handle)
        if ahead > timedelta():
            await self.stage.environment.fast_forward(handle, ahead)
        await self.settle(number)

    async def settle(self, number: str) -> None:
        """Wait until this run does nothing but wait. Its clock comes to a moment by itself, too: on a busy machine before the work
        of that moment is done, and whoever is brought forward then speaks first."""
        for _ in range(6_000):
            about = (await self.handles[number].describe()).raw_description
            if not about.pending_activities and not about.HasField("pending_workflow_task"):
                clock = about.workflow_extended_info.time_skipping_info.current_time.ToDatetime(UTC)
                if clock - self.furthest > _IN_REAL_TIME:
                    raise ClockRanAhead(f"{number} is at {clock}, and the story at {self.furthest}")
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{number} works without end")

    async def go_to(self, moment: datetime) -> None:
        """Let all runs work whenever they wake, up to ``moment``."""
        if len(self.handles) == 1:
            await self.bring(next(iter(self.handles)), moment)
            return
        while wakes := {number: wake for number, wake in self._wakes().items() if wake <= moment}:
            now = min(wakes.values())
            for number in [number for number in self.handles if wakes.get(number, moment + _MOMENT) <= now]:
                await self.bring(number, now + _MOMENT)
            await self.hear_all(now + _MOMENT)

    async def hear_all(self, moment: datetime) -> None:
        """Pass on what one run has told the others, until everybody has heard everything."""
        for _ in range(200):
            for number in self.handles:
                await self.settle(number)
            rows = self._unheard()
            if not rows:
                return
            for row, number, state in rows:
                await self.bring(number, moment)
                if state == "new":
                    await self.stage.door.report(row)
            await asyncio.sleep(0.02)
        raise AssertionError(f"nobody heard {rows}")

    def _unheard(self) -> list[tuple[str, str, str]]:
        """Inbox row, invoice and state of every word to a running case that has not been folded in."""
        numbers = {case_id(one): number for number, one in self.ids.items()}
        query = (
            select(words.c.id, words.c.case_id, words.c.state)
            .join(cases, cases.c.id == words.c.case_id)
            .where(words.c.case_id.in_(numbers), words.c.state.in_(["new", "passed_on"]), cases.c.ended.is_(None))
        )
        with self.stage.database.reading() as connection:
            return [(row, numbers[case], state) for row, case, state in connection.execute(query)]

    def _wakes(self) -> dict[str, datetime]:
        numbers = {case_id(self.ids[number]): number for number in self.handles}
        with self.stage.database.reading() as connection:
            found = connection.execute(select(cases.c.id, cases.c.next_at).where(cases.c.id.in_(numbers), cases.c.ended.is_(None)))
            return {numbers[case]: next_at or self.story.start for case, next_at in found}

    async def _has_ended(self, number: str) -> bool:
        return (await self.handles[number].describe()).close_time is not None

    @property
    def diary(self) -> str:
        with self.stage.database.reading() as connection:
            return write_account(self.story, {number: journal.read(connection, case_id(one)) for number, one in self.ids.items()})

    @property
    def tasks(self) -> list[str]:
        """Everything people were asked to do about these invoices, done or not, each as ``OWNER: TITLE``."""
        with self.stage.database.reading() as connection:
            found = connection.execute(select(tasks.c.owner, tasks.c.title).where(tasks.c.case_id.in_([case_id(one) for one in self.ids.values()])))
            return [f"{owner}: {title}" for owner, title in found]

    @property
    def messages(self) -> list[Message]:
        """What left for this customer, oldest first."""
        query = select(outreach).where(outreach.c.seller_id == self.seller, outreach.c.state.in_(["accepted", "delivered"]), outreach.c.provider != "")
        with self.stage.database.reading() as connection:
            rows = list(connection.execute(query.order_by(outreach.c.claimed_at)).mappings())
        return [Message(row["to_address"], self._copied(row["id"]), row["subject"], row["text"]) for row in rows]

    def _copied(self, key: str) -> str:
        file = self.stage.mail / f"{key}.eml"
        return str(BytesParser().parsebytes(file.read_bytes())["Cc"] or "") if file.exists() else ""


@asynccontextmanager
async def a_stage(database: Database, folder: Path, stories: Iterable[Story]) -> AsyncIterator[Stage]:
    """A server and its workers for stories that share their playbook and channels."""
    stories = list(stories)
    (name,), (channels,) = {story.playbook for story in stories}, {story.channels for story in stories}
    playbook = playbooks.load(name)
    policy = Policy(playbook, playbooks.resolve(playbook), Envelope(channels=channels))
    with database.transaction() as connection:
        installation.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    mailer = capture.connect(folder / "mail")
    async with virtual_server() as environment:
        stage = Stage(environment, database, Assessor(policy), folder / "mail", [story.name for story in stories])
        messengers = dict.fromkeys(channels - {"email", "task"}, mailer)
        deciding, sending = worker.make_workers(environment.client, database, stage.ledgers, policy, mailer, messengers=messengers, at=stage.at, cached=100)
        async with deciding, sending:
            yield stage


def accepted(mail: Path) -> list[str]:
    """The key of each message that the capture mailer took, in the order it took them."""
    return [line["key"] for line in read_log(mail / capture.ACCEPT_LOG)]
