"""Rules change any day while invoices sleep: what is new counts from the next waking, and no history is broken by it."""

from __future__ import annotations

import asyncio
import re
import shutil
import zoneinfo
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import holidays
import pytest
from sqlalchemy import select
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

import playbooks
import worker
from activities.assessor import Assessor, Policy
from db.engine import Database
from db.schema import cases, decision_records
from domain import calendar, decision
from domain.calendar import ContactHours
from domain.case import Case
from domain.decision import Verdict, Wait
from domain.diary import Entry, write_diary
from domain.facts import Books, Envelope, Facts
from domain.timeline import timeline
from examples.append_log import read_log
from integrations.reference import countries
from integrations.reference import holidays as holiday_tables
from support.mistreated import stuck
from support.rig import SELLER, Rig, rig, standard_policy, virtual_server
from tests.replay.replaying import replay
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()
Handle = WorkflowHandle[InvoiceDunning, str]


@dataclass
class Office:
    """Workers come and go; the server, the database and the ledger stay."""

    environment: WorkflowEnvironment
    made: Rig

    @asynccontextmanager
    async def working(self, policy: Policy | None = None, *, delivering: bool = True) -> AsyncIterator[None]:
        """A new worker for as long as this lasts, every time with no memory of any run."""
        made, server = self.made, self.environment.client
        client = await Client.connect(server.service_client.config.target_host, namespace=server.namespace, data_converter=server.data_converter)
        deciding, sending = worker.make_workers(client, made.database, made.ledgers, policy or made.policy, made.mailer, cached=0)
        async with deciding:
            if not delivering:
                yield
                return
            async with sending:
                yield

    async def watch(self, number: str, due_in: int) -> tuple[str, Handle]:
        """An invoice of a customer of its own, whose clock stands until it is moved."""
        invoice = self.made.record(number, TODAY + timedelta(days=due_in), customer=f"C-{number}")
        with self.environment.with_time_skipping_disabled():
            assert await self.made.door.open(invoice)
        await self.made.until(lambda: bool(self.made.diary(invoice)))
        return invoice, self.environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))

    async def days(self, handle: Handle, days: float) -> None:
        await self.environment.fast_forward(handle, timedelta(days=days))

    def next_look(self, invoice: str) -> datetime:
        with self.made.database.reading() as connection:
            moment: datetime = connection.execute(select(cases.c.next_at).where(cases.c.id == case_id(invoice))).scalar_one()
        return moment

    def looks(self, invoice: str) -> list[datetime]:
        with self.made.database.reading() as connection:
            return list(connection.scalars(select(decision_records.c.at).where(decision_records.c.case_id == case_id(invoice)).order_by(decision_records.c.id)))

    def foretell(self, case: Case, wakes: datetime, days: int) -> list[Entry]:
        """What the rules of this moment, asked without any server, say a sleeping case will do from its next waking."""
        books = Books(SELLER.id, posted_through=self.made.ledger.posted_through)
        with self.made.database.transaction() as connection:
            facts = Assessor(self.made.policy).gather(connection, case, books, wakes)
        contacts = tuple(contact for contact in facts.contacts if contact.at < wakes)
        return list(timeline(case, replace(facts, contacts=contacts), (), wakes, wakes + timedelta(days=days))[1:])

    async def prove_it_replays(self, *handles: Handle) -> None:
        for handle in handles:
            assert await stuck([handle]) == []
            await replay(await handle.fetch_history(), handle.id)


@asynccontextmanager
async def opened(database: Database, folder: Path, policy: Policy | None = None) -> AsyncIterator[Office]:
    async with virtual_server() as environment, rig(environment.client, database, folder, policy=policy, work=False) as made:
        yield Office(environment, made)


@contextmanager
def a_longer_gap(monkeypatch: pytest.MonkeyPatch, _: Path) -> Iterator[None]:
    """Another rule: nobody hears from us within twenty days."""
    before = decision.decide

    def decide(case: Case, facts: Facts, now: datetime) -> Verdict:
        return before(case, replace(facts, playbook=replace(facts.playbook, gap_days=20)), now)

    with monkeypatch.context() as patched:
        patched.setattr(decision, "decide", decide)
        yield


@contextmanager
def more_holidays(monkeypatch: pytest.MonkeyPatch, _: Path) -> Iterator[None]:
    """Another holiday table: the days on which a second reminder would go out have become holidays."""
    before = holidays.country_holidays

    def country_holidays(country: str, **options: Any) -> Any:
        table = before(country, **options)
        for day in range(20, 32):
            table.append({TODAY + timedelta(days=day): "a new holiday"})
        return table

    with monkeypatch.context() as patched:
        patched.setattr(holidays, "country_holidays", country_holidays)
        holiday_tables._calendar.cache_clear()
        yield
    holiday_tables._calendar.cache_clear()


@contextmanager
def other_places(monkeypatch: pytest.MonkeyPatch, _: Path) -> Iterator[None]:
    """Another table of the zones of countries."""
    with monkeypatch.context() as patched:
        patched.setattr(countries, "zones_by_country", lambda: {"DE": ("Pacific/Honolulu",)})
        yield


@contextmanager
def other_clocks(_: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """Another time zone database: Berlin keeps the time of Auckland."""
    (folder / "zones" / "Europe").mkdir(parents=True)
    (folder / "zones" / "Europe" / "Berlin").write_bytes(files("tzdata").joinpath("zoneinfo/Pacific/Auckland").read_bytes())

    def forget() -> None:
        zoneinfo.ZoneInfo.clear_cache()
        calendar.zone.cache_clear()

    zoneinfo.reset_tzpath(to=[str(folder / "zones")])
    forget()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath()
        forget()


CHANGES = {"another decide": a_longer_gap, "another holiday table": more_holidays, "another zone table": other_places, "other clocks": other_clocks}


def agree(written: Sequence[Entry], foretold: Sequence[Entry]) -> bool:
    """Whether the same happened at the same moments, but for the seconds that a server takes."""
    return len(written) <= len(foretold) and all(
        one.what == other.what and abs(one.at - other.at) < timedelta(minutes=5) for one, other in zip(written, foretold, strict=False)
    )


@pytest.mark.server
def test_a_changed_rule_counts_from_the_next_waking_and_every_history_replays(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with opened(database, tmp_path) as office:
            made = office.made
            sleeping: dict[str, tuple[str, Handle]] = {}
            async with office.working():
                for change in CHANGES:
                    invoice, handle = sleeping[change] = await office.watch(change.replace(" ", "-"), 10)
                    await office.days(handle, 17)
                    assert "first reminder sent" in write_diary(made.diary(invoice))
            for change, (invoice, handle) in sleeping.items():
                case, wakes, said, seen = made.case(invoice), office.next_look(invoice), made.diary(invoice), len(office.looks(invoice))
                as_before = office.foretell(case, wakes, 30)
                assert any("second reminder sent" in entry.what for entry in as_before)
                with CHANGES[change](monkeypatch, tmp_path):
                    async with office.working():
                        assert office.next_look(invoice) == wakes, f"{change} woke a sleeping invoice"
                        await office.days(handle, 20)
                    await office.prove_it_replays(handle)
                    foretold = office.foretell(case, wakes, 60)
                assert abs(office.looks(invoice)[seen] - wakes) < timedelta(minutes=5), f"{change}: it woke at another moment than it had set"
                told = made.diary(invoice)
                assert told[: len(said)] == said
                since = told[len(said) :]
                assert any("second reminder sent" in entry.what for entry in since), f"{change}: {write_diary(since)}"
                assert agree(since, foretold), f"{change}: {write_diary(since)}\nand not\n{write_diary(foretold)}"
                assert not agree(since, as_before), f"{change} made no difference"

    asyncio.run(story())


@pytest.mark.server
def test_an_edited_playbook_changes_no_running_invoice_and_new_ones_follow_it(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited = tmp_path / "playbooks"
    shutil.copytree(Path(playbooks.__file__).parent, edited, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    policy, wording = edited / "standard.yaml", edited / "wording" / "en" / "second-reminder.email.md"
    policy.write_text(policy.read_text().replace("day: 14\n", "day: 19\n"))
    wording.write_text(re.sub("(?m)^subject: .*$", "subject: Quite another subject", wording.read_text()))
    with monkeypatch.context() as patched:
        patched.setattr(playbooks, "SHIPPED", edited)
        later = standard_policy.__wrapped__()  # as files read anew say it
    assert later.playbook.name == "standard" and later.playbook.hash != standard_policy().playbook.hash

    async def story() -> None:
        async with opened(database, tmp_path) as office:
            made = office.made
            async with office.working():
                asleep, handle = await office.watch("OLD", 10)
                await office.days(handle, 17)
            case, said = made.case(asleep), made.diary(asleep)
            foretold = office.foretell(case, office.next_look(asleep), 60)
            async with office.working(later):
                begun, fresh = await office.watch("NEW", 10)
                await office.days(handle, 20)
                await office.days(fresh, 37)
            await office.prove_it_replays(handle, fresh)
            assert (made.case(asleep).playbook, made.case(begun).playbook) == (case.playbook, later.playbook.hash)
            since = made.diary(asleep)[len(said) :]
            assert since and agree(since, foretold), write_diary(made.diary(asleep))
            old, new = (next(entry.day for entry in made.diary(one) if "second reminder sent" in entry.what) for one in (asleep, begun))
            assert 14 <= old < 19 <= new < 24
            subjects = list(read_log(made.mail / "accepted.jsonl"))
            assert {mail["to"] for mail in subjects if mail["subject"] == "Quite another subject"} == {"c-new@customer.example"}

    asyncio.run(story())


@pytest.mark.server
def test_a_worker_with_other_rules_takes_over_what_an_earlier_one_had_begun(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision to send was made by the one, the delivery is done by the other: its own rules hold, and nothing leaves twice."""
    at_any_hour = replace(standard_policy(), envelope=Envelope(ContactHours(any_time=True)))
    before = decision.decide

    async def story() -> None:
        async with opened(database, tmp_path, at_any_hour) as office:
            made = office.made
            async with office.working(delivering=False):
                (late, handle), (spared, other) = await office.watch("LATE", -20), await office.watch("SPARED", -20)
                for one in (handle, other):
                    while not any(each.activity_type.name == "deliver" for each in (await one.describe()).raw_description.pending_activities):
                        await asyncio.sleep(0.05)

            def decide(case: Case, facts: Facts, now: datetime) -> Verdict:
                if case.id == case_id(spared):
                    return Verdict(Wait(now + timedelta(days=5), "a new rule", "Ann"), "new")
                return before(case, facts, now)

            monkeypatch.setattr(decision, "decide", decide)
            async with office.working():
                await made.until(lambda: "reminder sent" in write_diary(made.diary(late)))
                await made.until(lambda: len(office.looks(spared)) > 1)
            assert not any(rung.is_contact for rung in made.case(spared).rungs)
            assert [line["to"] for line in read_log(made.mail / "accepted.jsonl")] == ["c-late@customer.example"]
            await office.prove_it_replays(handle, other)

    asyncio.run(story())
