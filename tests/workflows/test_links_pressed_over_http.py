"""Links pressed over HTTP, in the real web process's listener, while a real worker runs: the invoice hears it, and acts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

import playbooks
from activities.assessor import Policy
from db import people
from db.engine import Database
from domain.calendar import ContactHours
from domain.facts import Envelope
from domain.person import Access, Duty, Person
from domain.playbook import AskFirst
from integrations.messaging import Accepted
from settings import SellerSettings, Settings
from support.by_hand import ScriptedMailer
from support.rig import SELLER, Rig, real_server, rig
from web.app import create_public
from web.listen import bind, listen

TODAY = datetime.now(UTC).date()
LINKS = "https://pay.brightwater.example"


def policy() -> Policy:
    """The owner reads what is said about more than a thousand; contact hours never close."""
    resolved = playbooks.resolve(replace(playbooks.load("issue-to-payment"), ask_first=AskFirst(above=Decimal(1000))))
    return Policy(playbooks.from_resolved(resolved), resolved, envelope=Envelope(ContactHours(any_time=True)), public_url=LINKS)


@asynccontextmanager
async def visiting(made: Rig, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the public listener, which serves on a free port of its own."""
    stop, bound = asyncio.Event(), bind("127.0.0.1", 0, "DUNWELL_PUBLIC")
    app = create_public(made.door, Settings(data_folder=folder, public_url=LINKS), (SellerSettings(SELLER),))
    serving = asyncio.create_task(listen([(app, bound)], stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=30) as visitor:
        yield visitor
    stop.set()
    await serving


def links(mailer: ScriptedMailer, kind: str, address: str) -> list[str]:
    """The paths of the links of one kind in the mails that this address got."""
    return [path for mail in mailer.accepted if mail.to_address == address for path in re.findall(rf"{LINKS}(/{kind}/[\w-]{{43}})", mail.text)[:1]]


def told(made: Rig, invoice: str) -> str:
    return "\n".join(entry.what for entry in made.diary(invoice))


@pytest.mark.parametrize(
    ("answer", "form", "heard"),
    [
        ("scheduled", {"invoice": "0", "day": str(TODAY + timedelta(days=1))}, "payment is scheduled for"),
        ("again", {"invoice": "0"}, "the customer asks for the invoice once more"),
        ("wrong", {"invoice": "0", "words": "two boxes are missing"}, "two boxes are missing"),
    ],
)
def test_a_one_tap_answer_is_heard_by_its_invoice(database: Database, tmp_path: Path, answer: str, form: dict[str, str], heard: str) -> None:
    async def story() -> None:
        mailer = ScriptedMailer(usual=Accepted("provider-1", delivered=True))
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=policy(), mailer=mailer) as made:
            invoice = made.record("INV-1", TODAY + timedelta(days=2), balance="600.00")
            assert await made.door.open(invoice)
            await made.until(lambda: bool(links(mailer, "answer", "c-1@customer.example")))
            await made.until(lambda: len(made.case(invoice).rungs) > 0)
            (link,) = links(mailer, "answer", "c-1@customer.example")
            async with visiting(made, tmp_path) as visitor:
                before = told(made, invoice)
                assert (await visitor.get(link)).status_code == 200 and told(made, invoice) == before
                page = await visitor.post(f"{link}/{answer}", data=form)
            assert page.status_code == 200 and "Thank you" in page.text
            await made.until(lambda: heard in told(made, invoice))

    asyncio.run(story())


@pytest.mark.parametrize("answer", ["agree", "refuse"])
def test_an_approval_by_link_lets_one_message_about_both_invoices_go_or_none(database: Database, tmp_path: Path, answer: str) -> None:
    async def story() -> None:
        mailer = ScriptedMailer(usual=Accepted("provider-1", delivered=True))
        async with real_server() as environment, rig(environment.client, database, tmp_path, policy=policy(), mailer=mailer) as made:
            with database.transaction() as connection:
                people.add(connection, Person("", "Olga", Access.AGENT, "olga@ours.example", (Duty.OWNER,)), datetime.now(UTC))
            both = [made.record(number, TODAY - timedelta(days=12)) for number in ("INV-1", "INV-2")]
            assert await made.door.open(both[0])
            await made.until(lambda: bool(links(mailer, "approve", "olga@ours.example")))
            (link,) = links(mailer, "approve", "olga@ours.example")
            for invoice in both:
                assert await made.door.open(invoice)
            async with visiting(made, tmp_path) as visitor:
                page = await visitor.get(link)
                assert page.status_code == 200 and "INV-1" in page.text and "INV-2" in page.text
                assert "Thank you, Olga" in (await visitor.post(f"{link}/{answer}")).text
                assert (await visitor.post(f"{link}/{answer}")).status_code == 410
            await made.door.pass_on(datetime.now(UTC) + timedelta(hours=1))
            if answer == "refuse":
                await made.until(lambda: all("refused by Olga" in told(made, invoice) for invoice in both))
                assert [mail for mail in mailer.accepted if mail.to_address == "c-1@customer.example"] == []
                return
            await made.until(lambda: all("first overdue reminder sent by e-mail" in told(made, invoice) for invoice in both))
            (mail,) = [mail for mail in mailer.accepted if mail.to_address == "c-1@customer.example"]
            assert "INV-1" in mail.text and "INV-2" in mail.text

    asyncio.run(story())
