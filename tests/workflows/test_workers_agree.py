"""Workers of one database that decide by different settings are a task, and doctor names the difference, until they agree again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse
from temporalio.client import Client

import worker
from activities import agreement
from activities.agreement import compare_workers, sign
from cli.findings import Finding, Health
from cli.temporal import _ask_temporal
from db.engine import Database
from settings import SellerSettings, Settings
from support.rig import SELLER, Rig, real_server, rig
from workflows import pollers
from workflows.payloads import data_converter

SETTINGS = Settings(contact_hours="08:00-18:00")
SELLERS = (SellerSettings(SELLER, "https://books.example/api", "token"),)


def name(settings: Settings = SETTINGS, sellers: tuple[SellerSettings, ...] = SELLERS) -> str:
    """The name of a worker that is started with these, as if on a host of its own."""
    return sign(settings, sellers, worker.make_policy(settings))


@asynccontextmanager
async def second_worker(made: Rig, named: str) -> AsyncIterator[None]:
    """Another worker on the same queues, in a process of its own as far as Temporal can see."""
    client = made.door.client
    own = await Client.connect(client.service_client.config.target_host, namespace=client.namespace, data_converter=data_converter)
    cases_worker, deliver_worker = worker.make_workers(own, made.database, made.ledgers, made.policy, made.mailer, name=f"other-{named}", cached=0)
    async with cases_worker, deliver_worker:
        yield


async def ask_doctor(client: Client) -> list[Finding]:
    settings = Settings(temporal_address=client.service_client.config.target_host, temporal_namespace=client.namespace)
    return [one for one in await _ask_temporal(settings) if one.what == "worker"]


async def until(looked: Any) -> None:
    for _ in range(240):
        if await looked():
            return
        await asyncio.sleep(0.25)
    raise AssertionError("it never came about")


def test_a_worker_with_other_settings_is_a_task_and_a_finding_until_it_is_gone(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, name=name()) as made:
            client = environment.client

            async def look() -> list[str]:
                await compare_workers(client, database, "Ann", datetime.now(UTC))
                return made.tasks()

            async with second_worker(made, name()):
                await until(lambda: has(client, 2))
                assert await look() == []
                assert [one.health for one in await ask_doctor(client)] == [Health.WELL]
            async with second_worker(made, name(Settings(contact_hours="07:00-22:00", twilio_account_sid="AC1"))):
                await until(lambda: has(client, 3))
                assert len(await look()) == len(await look()) == 1
                found = next(one for one in await ask_doctor(client) if one.health is Health.WRONG)
                assert "DUNWELL_CONTACT_HOURS" in found.said and "DUNWELL_TWILIO_ACCOUNT_SID" in found.said and "DUNWELL_TOLERANCE" not in found.said
                assert "same settings" in found.remedy
            monkeypatch.setattr(agreement, "list_workers", left)  # Temporal tells for a while of the one that is gone
            assert await look() == []

    async def has(client: Client, workers: int) -> bool:
        return len(set(await pollers.list_workers(client, "cases")) | set(await pollers.list_workers(client, "deliver"))) >= workers

    async def left(client: Client, queue: str) -> tuple[str, ...]:
        return (name(),)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("settings", "sellers"),
    [
        (Settings(contacts_per_week=2), SELLERS),
        (Settings(tolerance=5), SELLERS),  # type: ignore[arg-type]
        (Settings(playbook="b2b-three-weeks"), SELLERS),
        (Settings(mailer="smtp", smtp_url="smtp://one"), SELLERS),
        (Settings(twilio_account_sid="AC1"), SELLERS),
        (Settings(public_url="https://pay.example"), SELLERS),
        (Settings(owner="Bob"), SELLERS),
        (SETTINGS, (replace(SELLERS[0], seller=replace(SELLER, sender_name="Somebody Else")),)),
        (SETTINGS, (replace(SELLERS[0], rest_url="https://test.example/api"),)),
        (SETTINGS, (*SELLERS, replace(SELLERS[0], seller=replace(SELLER, id="another")))),
    ],
    ids=range(10),
)
def test_what_decides_is_in_the_name_of_a_worker(settings: Settings, sellers: tuple[SellerSettings, ...]) -> None:
    assert name(settings, sellers) != name()


def test_no_secret_and_nothing_of_one_machine_is_in_the_name_of_a_worker(tmp_path: Path) -> None:
    private = Settings(sendgrid_api_key="SG.secret", twilio_auth_token="hush", data_folder=tmp_path, private_port=9999)
    assert name(private, (replace(SELLERS[0], rest_token="another"),)) == name()


def test_a_worker_that_has_not_asked_for_work_for_two_minutes_is_not_running() -> None:
    """Temporal tells of it for five."""

    class Tells:
        async def describe_task_queue(self, request: Any, timeout: timedelta) -> Any:
            told = []
            for identity, ago in (("gone", timedelta(minutes=2)), ("idle", timedelta(seconds=65)), ("busy", timedelta(0))):
                poller = PollerInfo(identity=identity)
                poller.last_access_time.FromDatetime(datetime(2026, 3, 1, tzinfo=UTC) - ago)
                told.append(poller)
            return DescribeTaskQueueResponse(pollers=told)

    client: Any = SimpleNamespace(namespace="dunwell", workflow_service=Tells())
    assert asyncio.run(pollers.list_workers(client, "cases")) == ("idle", "busy")
