"""The races that matter most: money that lands, or a person who says stop, while a message is on its way out.

The judges stand outside the product: the ledger's own log of what it answered when, and the log of the mail provider.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from statistics import quantiles

import pytest
from sqlalchemy import select
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from activities.assessor import Assessor, Policy
from activities.cases import Cases
from activities.ledgers import Ledgers
from activities.outreach import Outreach, Site
from db import installation, parties
from db.engine import Database
from db.schema import outreach_parts
from domain.calendar import ContactHours
from domain.decision import Perform
from domain.event import HoldPlaced
from domain.facts import Envelope, Mode
from integrations.messaging import Accepted, Email, Outcome
from starter import Answer as HoldAnswer
from support.ledger import ScriptedLedger
from support.rig import SELLER, real_server, rig, standard_policy
from workflows.contract import case_id
from workflows.ports import Answer, Ask, Delivery

TRIALS = 500
AT_ONCE = 7


@dataclass
class LoggingMailer:
    """Accepts everything, and remembers when the first byte of each message came."""

    accepted: dict[str, float] = field(default_factory=dict)
    name: str = "logging"

    def send(self, email: Email) -> Outcome:
        assert email.key not in self.accepted, "the same message came twice"
        self.accepted[email.key] = time.monotonic()
        return Accepted(provider_id=email.key, delivered=True)


def open_hours_policy() -> Policy:
    policy = standard_policy()
    return Policy(policy.playbook, policy.resolved, Envelope(ContactHours(any_time=True), per_day=10_000, per_week=10_000, per_month=10_000))


def prepare(database: Database) -> tuple[ScriptedLedger, Ledgers]:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        installation.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    ledger = ScriptedLedger()
    return ledger, Ledgers(database, {SELLER.id: ledger})


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_payment_landing_anywhere_before_the_last_look_is_never_followed_by_a_reminder(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    ledger, ledgers = prepare(database)
    assessor, mailer, random = Assessor(open_hours_policy()), LoggingMailer(), Random(7)
    settled_at: dict[str, float] = {}
    fenced_at: dict[str, float] = {}
    number, chosen = "", Site.DECIDED

    def at(site: Site) -> None:
        if site is Site.FENCED:
            fenced_at[number] = time.monotonic()
        if site is chosen:
            ledger.change(number, balance=Decimal("0.00"))
            settled_at[number] = time.monotonic()

    # Stopping at FENCED means: after the ledger has answered. Between CLAIMED and that answer lies the read itself.
    sites = [Site.DECIDED, Site.CLAIMED, Site.FENCED, Site.SENDING, Site.ANSWERED]
    cases, outreach = Cases(database, ledgers, assessor), Outreach(database, ledgers, assessor, mailer, at)
    today = datetime.now(UTC).date()
    sent_before: set[str] = set()
    wrong, windows, sent = [], [], dict.fromkeys(sites, 0)
    trials = TRIALS if "sqlite" in str(database.engine.url) or os.environ.get("DUNWELL_SOAK") else TRIALS // 5
    for trial in range(trials):
        number, chosen = f"INV-{trial}", sites[trial % len(sites)]
        ledger.add(number, today - timedelta(days=random.randint(20, 40)), today - timedelta(days=70), customer=f"C-{trial}")
        with database.transaction() as connection:
            invoice = ledgers.record(connection, SELLER.id, [ledger.rows[number]], datetime.now(UTC))[number].id
        answer = run(cases.assess, Ask(invoice))
        assert isinstance(answer.decision, Perform)
        run(outreach.deliver, Delivery(invoice, answer.decision.step, answer.decision.channel))
        new = set(mailer.accepted) - sent_before
        sent_before |= new
        for key in new:
            sent[chosen] += 1
            windows.append(mailer.accepted[key] - fenced_at[number])
            if number in settled_at and settled_at[number] < fenced_at[number]:
                wrong.append((number, chosen))
    assert wrong == []
    assert sent[Site.DECIDED] == sent[Site.CLAIMED] == 0, "a payment before the last look was not seen"
    assert sent[Site.SENDING] == sent[Site.ANSWERED] == trials // 5, "the race was not run: messages that could leave did not"
    cuts = [1000 * cut for cut in quantiles(windows, n=100)]
    with capsys.disabled():
        print(f"\npaid race: {trials} trials, {len(windows)} sent, none after its ledger was settled;")
        print(f"from the fence's answer to the first byte: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, max {1000 * max(windows):.1f} ms")


def run(activity: Callable[..., Answer], argument: Ask | Delivery) -> Answer:
    """Run an activity as a worker would, now."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=datetime.now(UTC))
    return environment.run(activity, argument)


@pytest.mark.timeout(600)
def test_nothing_follows_an_acknowledged_hold_unless_its_answer_said_so(database: Database, tmp_path: Path) -> None:
    sites = [*Site, None]
    trials = len(sites) * (8 if "sqlite" in str(database.engine.url) else 4)
    after, in_flight = asyncio.run(_hold_race(database, tmp_path, sites, trials))
    assert after == []
    assert in_flight > 0, "no hold ever met a message on its way: the race was not run"


async def _hold_race(database: Database, folder: Path, sites: list[Site | None], trials: int) -> tuple[list[str], int]:
    """Hold each invoice at its site (None: while it is assessed); which heard from us after an answer that spoke of no message."""
    loop, mailer = asyncio.get_running_loop(), LoggingMailer()
    site_of: dict[str, Site | None] = {}
    answers: dict[str, Future[HoldAnswer]] = {}
    acknowledged: dict[str, float] = {}

    async def hold(case: str) -> HoldAnswer:
        answer = await made.door.override(case, HoldPlaced(), by="Ann", why="on the phone with them")
        acknowledged[case] = time.monotonic()
        return answer

    def say_hold(case: str) -> None:
        if case not in answers:
            answers[case] = asyncio.run_coroutine_threadsafe(hold(case), loop)
            time.sleep(0.15)

    def at(site: Site) -> None:
        case = activity.info().workflow_id or ""
        if site_of.get(case, Site.RECORDED) is site:
            say_hold(case)

    def after_read() -> None:
        if activity.in_activity() and activity.info().activity_type == "assess" and site_of.get(activity.info().workflow_id or "", Site.DECIDED) is None:
            say_hold(activity.info().workflow_id or "")

    async with real_server() as environment, rig(environment.client, database, folder, at=at, mailer=mailer, policy=open_hours_policy()) as made:
        made.ledger.after_read = after_read
        today = datetime.now(UTC).date()
        for trial in range(trials):
            made.ledger.add(f"INV-{trial}", today - timedelta(days=20), today - timedelta(days=50), customer=f"C-{trial}")
        with database.transaction() as connection:
            recorded = made.ledgers.record(connection, SELLER.id, made.ledger.rows.values(), datetime.now(UTC))
        for trial, invoice in enumerate(recorded.values()):
            site_of[case_id(invoice.id)] = sites[trial % len(sites)]
        opened = list(recorded.values())
        for first in range(0, trials, AT_ONCE):
            await asyncio.gather(*(made.door.open(invoice.id) for invoice in opened[first : first + AT_ONCE]))
            for _ in range(1_200):
                if len(answers) >= min(first + AT_ONCE, trials) and all(future.done() for future in answers.values()):
                    break
                await asyncio.sleep(0.1)
            else:
                raise AssertionError(f"only {sum(future.done() for future in answers.values())} of {first + AT_ONCE} holds were placed and answered")
        await asyncio.sleep(1)
        sent_at: dict[str, float] = {}
        with database.reading() as connection:
            covered = connection.execute(select(outreach_parts.c.case_id, outreach_parts.c.outreach_id))
            for case, key in covered:
                if key in mailer.accepted:
                    sent_at[case] = mailer.accepted[key]
    told = {case: future.result() for case, future in answers.items()}
    after = [f"{site_of[case]} {case}" for case, moment in sent_at.items() if moment > acknowledged[case] and not told[case].in_flight]
    refused = [f"{site_of[case]} {case}: {answer}" for case, answer in told.items() if not answer.taken or answer.pending]
    return after + refused, sum(answer.in_flight for answer in told.values())
