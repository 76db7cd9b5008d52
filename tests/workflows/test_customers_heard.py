"""A change to a customer reaches the runs of its invoices on a real server, and no name or address travels with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db import contacts, customers
from db.contacts import Wanted
from db.engine import Database
from domain.customer import Role, Tier
from domain.diary import write_diary
from domain.treatment import Treatment
from support.rig import Rig, rig, virtual_server
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()


def told(made: Rig, invoice: str) -> str:
    return write_diary(made.diary(invoice))


def test_every_running_invoice_of_the_customer_hears_it_and_temporal_learns_nobodys_name(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoices = [made.record(f"INV-{n}", TODAY + timedelta(days=10), customer="C-1") for n in (1, 2)]
            with environment.with_time_skipping_disabled():
                for invoice in invoices:
                    assert await made.door.open(invoice)
            await made.until(lambda: all(made.diary(invoice) for invoice in invoices))
            customer, now = made.case(invoices[0]).invoice.customer, datetime.now(UTC)
            with database.transaction() as connection:
                words = customers.treat(connection, {customer: Treatment(Tier.VIP, "Tom Bell")}, by="Ann", why="an old friend", now=now)
                wanted = Wanted("Ada Nair", "ada@c-1.example")
                words += contacts.set_contact(connection, customer, Role.CFO, wanted, by="Ann", why="she asked", now=now)
            assert await made.door.report_all(words) == 4
            await made.until(lambda: all("whom we write to (cfo) was changed by Ann: she asked" in told(made, invoice) for invoice in invoices))
            assert all("customer changed by Ann: tier vip instead of standard" in told(made, invoice) for invoice in invoices)
            for invoice in invoices:
                handle = environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))
                history = b"".join(happened.SerializeToString() for happened in (await handle.fetch_history()).events)
                assert invoice.encode() in history, "a history that cannot be read proves nothing"
                assert not [secret for secret in (b"Tom Bell", b"Ada", b"ada@", b"old friend") if secret in history]

    asyncio.run(story())
