"""Webhooks come as webhooks do: many times, in any order, late, too early, not at all. Every invoice ends as if each had come once, in order.

Two sellers with the same invoices live through the same changes at the same time. One hears of each change once and in
order; the other is in the storm. What counts is compared at the end: each invoice, what was done about it, and the mail.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import func, select, text
from standardwebhooks import Webhook

from db import cases, installation, journal, parties
from db.engine import Database
from db.schema import cases as case_rows
from db.schema import inbox as words
from db.schema import invoices, outreach, tasks
from domain.calendar import ContactHours
from domain.case import Case
from domain.diary import EntryKind
from domain.facts import Envelope
from domain.invoice import Standing
from integrations.accounting import LedgerInvoice
from settings import SellerSettings, Settings
from support.by_hand import ScriptedMailer
from support.ledger import ScriptedLedger
from support.rig import SELLER, Rig, real_server, rig, standard_policy
from web.app import create_public, keep_passing_on
from workflows import contract

SOAK = bool(os.environ.get("DUNWELL_SOAK"))
DELIVERIES = 5_000 if SOAK else 400
AT_ONCE = 12
PHASES = 3
NEW, OLD, STRANGE = ("whsec_" + base64.b64encode(secret.encode() * 2).decode() for secret in ("the new secret..", "the old secret..", "nobody's secret."))
# What must come out the same; lines about the ledger tell when something was seen, which a storm changes.
ESSENTIAL = (EntryKind.OPENED, EntryKind.CONTACT, EntryKind.PASSED, EntryKind.CLOSED, EntryKind.TROUBLE)
_CASE = TypeAdapter(Case)


@dataclass(frozen=True)
class Change:
    """One thing that happens to an invoice in its ledger; the first is that it comes into being, and some change nothing."""

    ref: str
    number: int
    fields: dict[str, Any]

    @property
    def delivery(self) -> str:
        return f"evt-{self.ref}-{self.number}"


@dataclass
class Life:
    """What happens to one invoice, phase by phase."""

    ref: str
    customer: str
    due: date
    changes: list[list[Change]] = field(default_factory=lambda: [[] for _ in range(PHASES)])

    def change(self, phase: int, **fields: Any) -> None:
        self.changes[phase].append(Change(self.ref, sum(map(len, self.changes)), fields))


def tell(random: Random, number: int, today: date) -> Life:
    """An invoice that is due in weeks, or weeks late; how it goes on does not depend on who noticed which change when."""
    late, ended, balance = random.random() < 0.5, "", Decimal("1200.00")

    def some_day() -> date:
        return today - timedelta(days=random.randint(16, 24)) if late else today + timedelta(days=random.randint(20, 40))

    life, born = Life(f"INV-{number}", f"C-{number * 2 // 3}", some_day()), random.choice((0, 0, 0, 1, 2))
    life.change(born)
    for phase in range(born + 1, PHASES):
        if ended in ("paid", "void") and random.random() < 0.5:
            ended, balance = "", Decimal("700.00")
            life.change(phase, balance=balance, standing=Standing.OPEN)
            continue  # what was only owed again in between, nobody needs to have seen
        if ended:
            continue
        for _ in range(random.choice((0, 1, 2, 3))):
            match random.choice(("part", "part", "due", "due", "dispute", "nothing")):
                case "part":
                    balance = max(balance - random.choice((Decimal("100.00"), Decimal("333.33"))), Decimal("25.00"))
                    life.change(phase, balance=balance)
                case "due":
                    life.change(phase, due=some_day())
                case "dispute":
                    life.change(phase, standing=Standing.DISPUTED)
                    if random.random() < 0.6:
                        life.change(phase, standing=Standing.OPEN)
                case "nothing":
                    life.change(phase)
        last = random.random()
        if last < 0.25:  # now and then by a credit note for more than was owed
            ended = "paid"
            life.change(phase, balance=Decimal(random.choice(("0.00", "0.00", "0.00", "-40.00"))), standing=Standing.OPEN)
        elif last < 0.32:
            ended = "void"
            life.change(phase, standing=Standing.VOID)
        elif last < 0.36:
            ended = "written off"
            life.change(phase, standing=Standing.WRITTEN_OFF)
        elif last < 0.5 and not late:
            late = True
            life.change(phase, due=some_day())
    return life


@dataclass
class ListingLedger(ScriptedLedger):
    """Lists to upkeep only what no webhook was sent for: whatever else is found, webhooks alone have told."""

    listed: set[str] = field(default_factory=set)

    def all_invoices(self, updated_since: datetime | None = None) -> Iterator[LedgerInvoice]:
        return iter([row for ref, row in self.rows.items() if ref in self.listed])


@dataclass
class House:
    """One of the two sellers, its ledger, and what its sender of webhooks was answered."""

    seller: str
    ledger: ListingLedger
    client: httpx.AsyncClient
    answers: Counter[int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)

    def apply(self, life: Life, change: Change) -> None:
        if change.number == 0:
            # Addresses of their own: the same one would hear from one of the two houses only.
            email = f"{life.customer.lower()}@{self.seller}.example"
            self.ledger.add(life.ref, life.due, life.due - timedelta(days=30), customer=life.customer, email=email)
        elif change.fields:
            self.ledger.change(life.ref, **change.fields)

    async def post(self, ref: str, delivery: str, *, secret: str = NEW, late: timedelta = timedelta()) -> int:
        """Send one webhook, signed as of ``late`` ago; the status it is answered with."""
        now = datetime.now(UTC) - late
        body = json.dumps({"type": "invoice.changed", "timestamp": "2020-02-29T00:00:00Z", "data": {"ref": ref, "updated_at": "2020-02-29", "balance": "9.99"}})
        signature = Webhook(secret).sign(delivery, now, body)
        headers = {"webhook-id": delivery, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": f"v1,bm9ib2R5 {signature}"}
        status = (await self.client.post(f"/webhooks/rest/{self.seller}", content=body, headers=headers)).status_code
        self.answers[status] += 1
        if status == 202:
            self.acknowledged.add(delivery)
        return status


def copies(random: Random) -> int:
    """How often one event is delivered: three times on average, 46 times at worst, as senders' users report."""
    return random.choice((1, 1, 1, 1, 2, 2, 2, 3, 3, 5)) if random.random() < 0.97 else random.randint(6, 46)


@dataclass(order=True)
class Deed:
    """Something that happens at a moment of a phase: a change in the ledger, or a delivery about it."""

    moment: float
    life: Life = field(compare=False)
    change: Change = field(compare=False)
    is_delivery: bool = field(compare=False, default=True)


def brew(random: Random, lives: Sequence[Life]) -> tuple[list[list[Deed]], list[set[str]]]:
    """The storm: the deeds of each phase (and of the time after the last), and what only upkeep can find in it."""
    deeds: list[list[Deed]] = [[] for _ in range(PHASES + 1)]
    unsent: list[set[str]] = [set() for _ in range(PHASES)]
    for life in lives:
        for phase, changes in enumerate(life.changes):
            for change, moment in zip(changes, sorted(random.random() for _ in changes), strict=True):
                deeds[phase].append(Deed(moment, life, change, is_delivery=False))
                kind = random.random()
                if kind < 0.15:
                    unsent[phase].add(life.ref)
                for copy in range(copies(random) if kind > 0.1 else 0):
                    # Between a tenth and a twentieth of all events come only after upkeep has found what they tell.
                    is_late = kind < 0.15 or (copy > 0 and random.random() < 0.15)
                    is_early = change.number == 0 and random.random() < 0.1
                    when = random.randint(phase + 1, PHASES) if is_late else phase
                    deeds[when].append(Deed(moment - 0.1 if is_early else moment + random.random() / 2, life, change))
    for one in deeds:
        one.sort()
    return deeds, unsent


async def live(made: Rig, house: House, life: Life, phase: int) -> None:
    """One invoice's phase in fair weather: each change is heard before the next one comes."""
    for change in life.changes[phase]:
        house.apply(life, change)
        assert await house.post(life.ref, change.delivery) == 202
        await made.until(lambda change=change: not unheard(made, house.seller, change.delivery), 60)  # type: ignore[misc]


async def rage(house: House, deeds: Sequence[Deed], random: Random) -> None:
    """One phase of the storm."""
    limit, under_way = asyncio.Semaphore(AT_ONCE), []

    async def deliver(deed: Deed) -> None:
        async with limit:
            chance = random.random()
            if chance < 0.05:  # what a retry queue sent again unchanged after three days; then it signs it anew
                assert await house.post(deed.life.ref, deed.change.delivery, late=timedelta(days=3)) == 401
            elif chance < 0.08:
                assert await house.post(deed.life.ref, f"{deed.change.delivery}-forged", secret=STRANGE) == 401
            elif chance < 0.1:
                assert await house.post(f"NOBODY-{deed.life.ref}", f"{deed.change.delivery}-nobody") == 202
            assert await house.post(deed.life.ref, deed.change.delivery, secret=random.choice((NEW, OLD))) == 202

    for deed in deeds:
        if deed.is_delivery:
            under_way.append(asyncio.create_task(deliver(deed)))
            await asyncio.sleep(0)
        else:
            house.apply(deed.life, deed.change)
    await asyncio.gather(*under_way)


def unheard(made: Rig, seller: str, delivery: str | None = None) -> int:
    """How many words (of this delivery) about this seller's invoices wait to be heard, or to be passed on."""
    with made.database.reading() as connection:
        query = select(func.count()).select_from(words).where(words.c.state.in_(["new", "passed_on"]), words.c.source == f"rest:{seller}")
        return connection.execute(query.where(words.c.source_id == delivery) if delivery else query).scalar_one()


async def calm_down(made: Rig) -> None:
    """Until everything said has been heard, everything due has gone out, and everybody knows of it."""
    restless = text(
        "select (select count(*) from inbox where state in ('new', 'passed_on')) + (select count(*) from outreach where state in ('claimed', 'sending'))"
        " + (select count(*) from cases where ended is null and rule in ('due', 'covered'))"
    )

    def count() -> int:
        with made.database.reading() as connection:
            return connection.execute(restless).scalar_one()

    for _ in range(3_000):
        await made.door.pass_on(datetime.now(UTC) + timedelta(days=1))
        if not await asyncio.to_thread(count):
            return
        await made.door.nudge(("covered",))
        await asyncio.sleep(0.1)
    raise AssertionError(f"{await asyncio.to_thread(count)} things never came to rest")


def switch(made: Rig, reason: str) -> None:
    with made.database.transaction() as connection:
        installation.switch_off(connection, reason, "test", datetime.now(UTC))


async def end_phase(made: Rig, houses: Sequence[House], phase: int) -> None:
    """Upkeep finds what no webhook told of; then what is due goes out, from a ledger that stands still."""
    await calm_down(made)
    await made.door.client.execute_workflow(contract.UPKEEP, False, id=f"round-{phase}", task_queue=contract.CASES_QUEUE)
    await calm_down(made)
    switch(made, "")
    for _ in range(600):  # one that was just being looked at may not have seen it yet
        if not await made.door.nudge(("switched-off",)):
            break
        await asyncio.sleep(0.1)
    await calm_down(made)
    if phase < PHASES - 1:
        switch(made, "the ledger is moving")


def essence(made: Rig, house: House, ref: str) -> dict[str, Any]:
    """What an invoice came to, without ids, numbers of changes and moments of hearing."""
    with made.database.transaction() as connection:
        row = connection.execute(select(invoices).where(invoices.c.seller_id == house.seller, invoices.c.ref == ref)).mappings().one()
        shown = connection.execute(select(case_rows).where(case_rows.c.invoice_id == row["id"])).mappings().one()
        case = cases.load_case(connection, shown["id"])
        diary = journal.read(connection, shown["id"])
        open_tasks = connection.scalars(select(tasks.c.title).where(tasks.c.case_id == shown["id"], tasks.c.closed_at.is_(None))).all()
    assert case is not None
    told = house.ledger.rows[ref]
    assert (Decimal(row["balance_minor"]) / 100, row["due"], row["standing"]) == (told.balance, told.due, told.standing), ref
    body = _CASE.dump_python(case, mode="json", exclude={"id": True, "seq": True, "opened_at": True, "delayed": True, "invoice": {"id", "seller", "customer"}})
    for rung in body["rungs"]:
        del rung["at"], rung["outreach"]
    body["diary"] = [f"{entry.day} {entry.what}" for entry in diary if entry.kind in ESSENTIAL]
    return {**body, "tasks": sorted(open_tasks), **{name: shown[name] for name in ("stage", "waiting_because", "next_step", "ended")}}


def mails(made: Rig, mailer: ScriptedMailer, house: House) -> Counter[tuple[str, str, str]]:
    with made.database.reading() as connection:
        mine = set(connection.scalars(select(outreach.c.id).where(outreach.c.seller_id == house.seller)))
    return Counter((email.to_address.partition("@")[0], email.subject, email.text) for email in mailer.accepted if email.key in mine)


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(3600 if SOAK else 300)
def test_every_invoice_ends_in_a_storm_of_webhooks_as_it_does_in_fair_weather(database: Database, tmp_path: Path) -> None:
    asyncio.run(_story(database, tmp_path))


async def _story(database: Database, folder: Path) -> None:
    random, today, mailer = Random(20261122), datetime.now(UTC).date(), ScriptedMailer()
    lives: list[Life] = []
    deeds: list[list[Deed]] = []
    while sum(deed.is_delivery for phase in deeds for deed in phase) < DELIVERIES:
        lives.append(tell(random, len(lives), today))
        deeds, unsent = brew(Random(1), lives)
    policy = replace(standard_policy(), envelope=Envelope(ContactHours(any_time=True)))
    async with (
        real_server() as environment,
        rig(environment.client, database, folder, policy=policy, mailer=mailer, cached=2 * len(lives)) as made,
    ):
        sellers = tuple(replace(SELLER, id=name) for name in ("fair", "stormy"))
        with database.transaction() as connection:
            for seller in sellers:
                parties.save_seller(connection, seller)
        app = create_public(made.door, Settings(data_folder=folder), tuple(SellerSettings(one, "http://unused.example", "t", (NEW, OLD)) for one in sellers))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://public.example") as client:
            fair, stormy = (House(seller.id, ListingLedger(), client) for seller in sellers)
            connections = made.ledgers.connections
            assert isinstance(connections, dict)
            connections |= {house.seller: house.ledger for house in (fair, stormy)}
            stop = asyncio.Event()
            passing_on = asyncio.create_task(keep_passing_on(made.door, stop, 0.2))
            switch(made, "the ledger is moving")
            limit = asyncio.Semaphore(AT_ONCE)

            async def one_by_one(life: Life, phase: int) -> None:
                async with limit:
                    await live(made, fair, life, phase)

            for phase in range(PHASES):
                stormy.ledger.listed = unsent[phase]
                await asyncio.gather(rage(stormy, deeds[phase], random), *(one_by_one(life, phase) for life in lives))
                await end_phase(made, (fair, stormy), phase)
            await rage(stormy, deeds[PHASES], random)
            await calm_down(made)
            stop.set()
            await passing_on
            await app.state.reports.finish()
        judge(made, mailer, fair, stormy, lives, database.engine.dialect.name)


def judge(made: Rig, mailer: ScriptedMailer, fair: House, stormy: House, lives: Sequence[Life], kind: str) -> None:
    different = [ref for ref in (life.ref for life in lives) if essence(made, fair, ref) != essence(made, stormy, ref)]
    assert not different, "\n".join(f"{ref}\nfair   {essence(made, fair, ref)}\nstormy {essence(made, stormy, ref)}" for ref in different[:5])
    quiet, loud = mails(made, mailer, fair), mails(made, mailer, stormy)
    assert quiet == loud
    assert set(loud.values()) == {1}
    with made.database.reading() as connection:
        mine = words.c.source == f"rest:{stormy.seller}"
        rows = connection.execute(select(words.c.source_id, words.c.state).where(mine)).all()
        about = connection.scalars(select(tasks.c.title).where(tasks.c.key == f"inbox/rest:{stormy.seller}")).all()
    assert sorted(row.source_id for row in rows) == sorted(stormy.acknowledged), "not one row for each delivery that was acknowledged"
    known = Counter(row.state for row in rows if not row.source_id.endswith("-nobody"))
    assert set(known) <= {"folded", "ended"}, known
    assert {row.state for row in rows if row.source_id.endswith("-nobody")} <= {"dead"}
    assert len(about) == (1 if any(row.state == "dead" for row in rows) else 0)
    ends = Counter(essence(made, stormy, life.ref)["ended"] or "open" for life in lives)
    print(
        f"\nwebhook storm, {kind}: {stormy.answers[202]} deliveries acknowledged ({len(rows)} distinct, {known['folded']} heard, "
        f"{known['ended']} after the end, {len(rows) - known.total()} about invoices nobody knows), "
        f"{stormy.answers[401]} refused; {len(lives)} invoices: {dict(ends)}; 0 lost, 0 different, {loud.total()} reminders, none twice"
    )
