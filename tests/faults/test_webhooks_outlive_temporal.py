"""What was answered with 2xx is never lost: not while Temporal is away, not when it comes back."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import select
from standardwebhooks import Webhook
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.ledgers import Ledgers
from cli.supervisor import free_port
from db import cases, installation, parties
from db.engine import Database
from db.schema import inbox as words
from domain.facts import Mode
from settings import SellerSettings, Settings
from starter import Door
from support.ledger import ScriptedLedger
from support.rig import ATTRIBUTES, SELLER, rig, temporal_program
from web.app import create_public

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()


def test_an_acknowledged_webhook_is_heard_when_temporal_comes_back(database: Database, tmp_path: Path) -> None:
    asyncio.run(_story(database, tmp_path))


async def _story(database: Database, folder: Path) -> None:
    port = free_port(24_000 + os.getpid() % 8_000)  # another test process must not answer in its place
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        installation.set_mode(connection, Mode.LIVE, "test", datetime.now(UTC))
    ledger = ScriptedLedger()
    today = datetime.now(UTC).date()
    for number in range(12):
        ledger.add(f"INV-{number}", today + timedelta(days=30), today, customer=f"C-{number}")
    lazy = await Client.connect(f"127.0.0.1:{port}", data_converter=pydantic_data_converter, lazy=True)
    door = Door(database, lazy, Ledgers(database, {SELLER.id: ledger}))
    app = create_public(door, Settings(data_folder=folder), (SellerSettings(SELLER, "http://unused.example", "t", (SECRET,)),))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://public.example") as client:
        for number in range(12):
            for _ in range(3):  # every delivery comes three times
                assert (await client.post(f"/webhooks/rest/{SELLER.id}", **_signed(f"INV-{number}", f"evt-{number}"))).status_code == 202
    await asyncio.sleep(0.5)
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=pydantic_data_converter,
            search_attributes=ATTRIBUTES,
            dev_server_existing_path=temporal_program(),
            port=port,
            dev_server_log_level="error",
        ) as environment,
        rig(environment.client, database, folder) as made,
    ):
        made.ledger.rows.update(ledger.rows)
        for _ in range(120):
            await door.pass_on(datetime.now(UTC) + timedelta(hours=1))
            with database.reading() as connection:
                if len(cases.running(connection)) == 12:
                    break
            await asyncio.sleep(0.5)
        with database.reading() as connection:
            waiting = [(word.ref, word.attempts, word.last_error) for word in connection.execute(select(words).where(words.c.state != "folded"))]
            assert len(cases.running(connection)) == 12, waiting


def _signed(ref: str, delivery: str) -> dict[str, object]:
    now = datetime.now(UTC)
    body = json.dumps({"type": "invoice.changed", "timestamp": now.isoformat(), "data": {"ref": ref}})
    signature = Webhook(SECRET).sign(delivery, now, body)
    headers = {"webhook-id": delivery, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature, "content-type": "application/json"}
    return {"content": body, "headers": headers}
