"""The worker reads the mailbox by itself, and the running watch of an invoice hears what its customer answered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.intake import keep_intake
from db.engine import Database
from domain.case import HoldKind
from support.customer_mail import written
from support.imap_server import ImapServer, imap_server
from support.rig import real_server, rig
from workflows import contract
from workflows.ports import MailRead

TODAY = datetime.now(UTC).date()

pytestmark = pytest.mark.server


def test_an_answer_in_the_mailbox_makes_the_running_watch_wait(database: Database, tmp_path: Path) -> None:
    async def story(server: ImapServer) -> None:
        async with real_server() as environment, rig(environment.client, database, tmp_path, mailboxes=(server.mailbox(),)) as made:
            invoice = made.record("INV-2041", TODAY - timedelta(days=3))
            await made.door.open(invoice)
            await made.until(lambda: bool(made.diary(invoice)))
            with database.reading() as connection:
                address = connection.exec_driver_sql("select email from contacts where email <> ''").scalar()
            server.put(written("What is INV-2041 about?", sender=str(address)))
            await keep_intake(environment.client)
            await keep_intake(environment.client)
            read = await environment.client.execute_workflow(contract.INTAKE, id="once", task_queue=contract.CASES_QUEUE, result_type=MailRead)
            assert read == MailRead(kept=1)
            await made.until(lambda: {hold.kind for hold in made.case(invoice).holds} == {HoldKind.REPLY})

    with imap_server() as server:
        asyncio.run(story(server))
