"""What people and programs may say to a running case, and that nothing they say can wedge it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

from db import installation
from db.engine import Database
from domain.case import Outcome
from domain.diary import write_diary
from domain.event import HoldPlaced, HoldReleased, PromiseMade
from domain.facts import Mode
from support.mistreated import stuck
from support.rig import Rig, rig, virtual_server
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()


async def start(environment: WorkflowEnvironment, made: Rig, number: str = "INV-1", due_in: int = 10) -> tuple[str, WorkflowHandle[InvoiceDunning, str]]:
    """A watched invoice whose clock stands until it is moved."""
    invoice = made.record(number, TODAY + timedelta(days=due_in))
    with environment.with_time_skipping_disabled():
        assert await made.door.open(invoice)
    await made.until(lambda: bool(made.diary(invoice)))
    return invoice, environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))


def told(made: Rig, invoice: str) -> str:
    return write_diary(made.diary(invoice))


def test_plain_signals_from_the_temporal_ui_hold_and_release(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made)
            await handle.signal("hold", {"until": (TODAY + timedelta(days=30)).isoformat(), "why": "new ERP"})
            await made.until(lambda: "held until" in told(made, invoice))
            await environment.fast_forward(handle, timedelta(days=25))
            assert "sent" not in told(made, invoice)
            await handle.signal("release")
            await made.until(lambda: "released by Temporal UI" in told(made, invoice))
            await environment.fast_forward(handle, timedelta(days=10))
            assert "first reminder sent" in told(made, invoice)

    asyncio.run(story())


def test_the_cancel_button_is_an_orderly_stop(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made)
            await handle.cancel(reason="customer went out of business")
            assert await handle.result() == "stopped"
            assert told(made, invoice).endswith("stopped by Temporal UI: customer went out of business")
            assert made.case(invoice).ended is Outcome.STOPPED
            word = made.hint("INV-1", "late-webhook")
            assert await made.door.report(word)
            assert made.case(invoice).ended is Outcome.STOPPED, "a webhook reopened what a person had stopped"

    asyncio.run(story())


NONSENSE: list[tuple[str, list[object]]] = [
    ("hold", [{"until": "the twelfth of never"}]),
    ("hold", [[[["deep"]]]]),
    ("promise", []),
    ("promise", [{"day": "2026-13-45", "amount": "lots"}]),
    ("promise", ["tomorrow", "1000", "EUR"]),
    ("stop it", []),
    ("release", [None, None]),
    ("paid", [{"kind": "hold", "unexpected": True}]),
    ("report", [{"inbox": "word_that_does_not_exist"}]),
    ("report", [42]),
    ("override", [{}]),
    ("no such word", ["x" * 200_000]),
    ("paid", [{"by": "\u0000\ud7ff", "why": "' OR 1=1 --"}]),
]


def test_nothing_that_is_said_can_wedge_a_case(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made)
            for name, words in NONSENSE:
                await handle.signal(name, args=words)
            await handle.execute_update("override", {"kind": "hold", "by": "Ann", "why": "x", "until": (TODAY + timedelta(days=20)).isoformat()})
            case = made.case(invoice)
            assert case.ended is None
            assert case.active_hold(datetime.now(UTC)) is not None
            assert any("could not be understood" in title for title in made.tasks())
            assert await stuck([handle]) == []

    asyncio.run(story())


BAD_FORMS: list[object] = [None, "hold", {}, {"kind": "hold"}, {"kind": "hold", "by": "Ann"}, {"kind": "explode", "by": "Ann", "why": "x"}, [1, 2]]


def test_a_change_of_bad_form_is_refused_and_leaves_no_trace(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            _, handle = await start(environment, made)
            for word in BAD_FORMS:
                with pytest.raises(WorkflowUpdateFailedError):
                    await handle.execute_update("override", word)
            history = await handle.fetch_history()
            assert not any(event.HasField("workflow_execution_update_accepted_event_attributes") for event in history.events)

    asyncio.run(story())


def test_a_change_by_hand_is_answered_with_what_it_did(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, _ = await start(environment, made)
            case = case_id(invoice)
            refused = await made.door.override(case, HoldReleased(), by="Ann", why="x")
            assert (refused.taken, refused.said) == (False, "there is no hold and no open promise to release")
            taken = await made.door.override(case, PromiseMade(TODAY + timedelta(days=5), Decimal("700.00")), by="Ann", why="on the phone", key="k1")
            again = await made.door.override(case, PromiseMade(TODAY + timedelta(days=5), Decimal("700.00")), by="Ann", why="on the phone", key="k1")
            assert taken.taken
            assert again == taken
            assert told(made, invoice).count("promise recorded") == 1
            assert "(told by Ann)" in told(made, invoice)

    asyncio.run(story())


def test_an_invoice_owed_again_begins_a_new_round(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made, due_in=-20)
            made.ledger.change("INV-1", balance=Decimal("0.00"))
            assert await made.door.report(made.hint("INV-1", "paid"))
            assert await handle.result() == "settled"
            made.ledger.change("INV-1", balance=Decimal("1200.00"))
            assert await made.door.report(made.hint("INV-1", "bounced"))
            await made.until(lambda: "owed again: 1,200.00 EUR" in told(made, invoice))
            assert made.case(invoice).round == 2
            assert await made.door.report(made.hint("INV-1", "nudge"))

    asyncio.run(story())


def test_going_live_starts_over_and_shadow_messages_count_for_nothing(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path, mode=Mode.SHADOW) as made:
            invoice, handle = await start(environment, made, due_in=-4)
            await environment.fast_forward(handle, timedelta(days=14))
            assert "would have been sent" in told(made, invoice)
            assert not (made.mail / "accepted.jsonl").exists(), "something left in shadow mode"
            with database.transaction() as connection:
                installation.set_mode(connection, Mode.LIVE, "Ann", datetime.now(UTC))
            await made.door.nudge()
            await made.until(lambda: made.case(invoice).round == 2)
            await environment.fast_forward(handle, timedelta(days=10))
            assert "reminder sent by e-mail" in told(made, invoice)
            assert (made.mail / "accepted.jsonl").read_text().count("\n") >= 1

    asyncio.run(story())


def test_a_broken_ledger_is_one_incident_and_the_case_goes_on_when_it_mends(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            stories = [await start(environment, made, f"INV-{number}", due_in=1) for number in range(2)]
            for _, handle in stories:
                await environment.fast_forward(handle, timedelta(days=20))
            made.ledger.broken = "it does not answer"
            for _, handle in stories:
                await handle.signal("report")
                await environment.fast_forward(handle, timedelta(days=8, hours=12))
            assert [title for title in made.tasks() if "cannot be read" in title] == ["The ledger brightwater cannot be read: it does not answer"]
            silent = [told(made, invoice) for invoice, _ in stories]
            made.ledger.broken = ""
            for _, handle in stories:
                await environment.fast_forward(handle, timedelta(days=20))
            for (invoice, _), before in zip(stories, silent, strict=True):
                assert told(made, invoice).startswith(before)
                assert "third reminder sent" in told(made, invoice)
            assert not any("cannot be read" in title for title in made.tasks())

    asyncio.run(story())


def test_a_long_history_is_shed_while_waiting_and_nothing_is_forgotten(tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        async with virtual_server("limit.historyCount.suggestContinueAsNew=60") as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made)
            first_run = (await handle.describe()).run_id
            for _ in range(4):
                await environment.fast_forward(handle, timedelta(days=12))
            answer = await made.door.override(case_id(invoice), HoldPlaced(), by="Ann", why="x")
            assert answer.taken
            described = await environment.client.get_workflow_handle(case_id(invoice)).describe()
            assert described.run_id != first_run, "the run never continued as new"
            sent = [line for line in told(made, invoice).splitlines() if "sent by" in line]
            assert len(sent) == len({line.split("  ")[-1] for line in sent}) >= 4

    asyncio.run(story())


def test_no_name_or_address_stands_in_temporal(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice, handle = await start(environment, made, due_in=-20)
            await environment.fast_forward(handle, timedelta(days=30))
            assert "sent by e-mail" in told(made, invoice)
            text = (await handle.fetch_history()).to_json()
            details = await handle.describe()
            for canary in ("Bea Ling", "customer.example", "Customer C-1", "Ann Lee"):
                assert canary not in text
                assert canary not in str(details.raw_description)

    asyncio.run(story())
