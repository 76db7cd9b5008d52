"""What the door does with a stored word when Temporal, or the ledger, is not what it was a moment ago."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.service import RPCError, RPCStatusCode

from activities.ledgers import Ledgers
from db import cases, inbox
from db.engine import Database
from db.schema import inbox as words
from db.schema import tasks
from domain.event import ChasingStopped, HoldPlaced, InvoiceChanged, PaidOutside, Reopened
from starter import Door
from support.by_hand import ByHand
from support.rig import SELLER
from workflows.contract import case_id


class Temporal:
    """Knows no run of any workflow; starts one only while it ``is_up``."""

    def __init__(self) -> None:
        self.is_up = True
        self.started: list[str] = []

    def get_workflow_handle_for(self, run: object, workflow: str) -> Any:
        async def find_none(*words: object, **options: object) -> None:
            raise RPCError("no such run", RPCStatusCode.NOT_FOUND, b"")

        return SimpleNamespace(signal=find_none, execute_update=find_none)

    async def start_workflow(self, *words: object, id: str, **options: object) -> None:
        if not self.is_up:
            raise RPCError("nobody there", RPCStatusCode.UNAVAILABLE, b"")
        self.started.append(id)


def state_of(database: Database, word: str) -> str:
    with database.reading() as connection:
        return str(connection.execute(select(words.c.state).where(words.c.id == word)).scalar_one())


def say(hand: ByHand, invoice: str) -> str:
    hand.say(invoice, HoldPlaced(by="Ann", why="on the phone"))
    with hand.database.reading() as connection:
        return str(connection.execute(select(words.c.id).where(words.c.source == "person")).scalar_one())


def test_a_word_whose_run_was_lost_stays_stored_while_no_new_run_can_be_started(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    door = Door(database, temporal, hand.ledgers)  # type: ignore[arg-type]
    invoice = hand.add("INV-1", late=-20)
    hand.assess(invoice)
    word = say(hand, invoice)
    temporal.is_up = False  # it went away between the answer that there is no run and the start of a new one
    assert not asyncio.run(door.report(word))
    assert state_of(database, word) == "new"
    temporal.is_up = True
    assert asyncio.run(door.report(word))
    assert state_of(database, word) == "passed_on"
    assert temporal.started == [case_id(invoice)]


def test_a_word_about_an_invoice_that_is_not_watched_any_more_ends_with_it(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    door = Door(database, temporal, hand.ledgers)  # type: ignore[arg-type]
    invoice = hand.add("INV-1", late=-20)
    hand.ledger.change("INV-1", balance=hand.ledger.rows["INV-1"].balance * 0)
    hand.assess(invoice)
    word = say(hand, invoice)
    assert asyncio.run(door.report(word))
    assert state_of(database, word) == "ended"
    assert temporal.started == []


def test_a_word_about_an_invoice_whose_watch_has_yet_to_begin_begins_it(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    door = Door(database, temporal, hand.ledgers)  # type: ignore[arg-type]
    invoice = hand.add("INV-1", late=5)
    word = say(hand, invoice)  # while a long list of invoices is being taken in, say
    assert asyncio.run(door.report(word))
    assert state_of(database, word) == "passed_on"
    assert temporal.started == [case_id(invoice)]
    hand.work(invoice)
    assert hand.mailer.posted == []


@pytest.mark.parametrize("end", [ChasingStopped(by="Ann", why="a mistake"), PaidOutside(by="Ann", why="in cash")])
def test_an_invoice_reopened_while_temporal_is_away_is_watched_again_as_was_answered(database: Database, end: ChasingStopped | PaidOutside) -> None:
    hand, temporal = ByHand(database), Temporal()
    door = Door(database, temporal, hand.ledgers)  # type: ignore[arg-type]
    invoice = hand.add("INV-1", late=5)
    hand.say(invoice, end)
    hand.assess(invoice)
    temporal.is_up = False
    answer = asyncio.run(door.override(case_id(invoice), Reopened(), by="Ann", why="it was not"))
    assert answer.taken and answer.pending
    temporal.is_up = True
    asyncio.run(door.pass_on(datetime.now(UTC) + timedelta(minutes=5)))
    assert temporal.started == [case_id(invoice)]
    hand.assess(invoice)
    assert hand.case(invoice).ended is None
    assert "reopened by Ann: it was not" in hand.diary(invoice)


def test_an_invoice_that_no_run_can_be_started_for_keeps_no_other_from_being_revived(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    first, second = hand.add("INV-1", late=-20), hand.add("INV-2", late=-20)
    started = temporal.start_workflow

    async def refuse_the_first(*words: object, id: str, **options: object) -> None:
        if id == case_id(first):
            raise RPCError("its memo is too large", RPCStatusCode.INVALID_ARGUMENT, b"")
        await started(*words, id=id, **options)

    temporal.start_workflow = refuse_the_first  # type: ignore[method-assign]
    door = Door(database, temporal, hand.ledgers)  # type: ignore[arg-type]
    assert asyncio.run(door.revive(hand.now)) == 1
    assert temporal.started == [case_id(second)]


def test_a_ledger_that_is_away_overnight_costs_no_word_and_one_that_knows_nothing_is_one_task(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    door = Door(database, temporal, Ledgers(database, {SELLER.id: hand.ledger}))  # type: ignore[arg-type]
    began = datetime.now(UTC)
    with database.transaction() as connection:
        for number in range(3):
            inbox.receive(
                connection,
                source="rest:brightwater",
                source_id=f"evt-{number}",
                kind="changed",
                body="{}",
                now=began,
                seller_id=SELLER.id,
                ref=f"INV-{number}",
                news=InvoiceChanged(),
            )
    hand.ledger.broken = "it does not answer"
    for minutes in range(0, 6 * 60, 5):
        asyncio.run(door.pass_on(began + timedelta(minutes=minutes)))
    hand.ledger.broken = ""
    hand.ledger.add("INV-0", hand.day(20), hand.day())
    for hours in range(7, 40):
        asyncio.run(door.pass_on(began + timedelta(hours=hours)))
    with database.reading() as connection:
        states = {row.source_id: row.state for row in connection.execute(select(words.c.source_id, words.c.state))}
        titles = connection.scalars(select(tasks.c.title)).all()
    assert states == {"evt-0": "passed_on", "evt-1": "dead", "evt-2": "dead"}
    assert titles == ["A message from rest:brightwater could not be acted on after 10 attempts"]


def test_what_cannot_be_read_in_one_row_of_the_inbox_spoils_no_other(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", late=-20)
    hand.assess(invoice)
    hand.say(invoice, HoldPlaced(by="Ann", why="on the phone"))
    with database.transaction() as connection:
        bad, _ = inbox.receive(connection, source="person", source_id="bad\x00" * 100, kind="hold", body="", now=hand.now, case_id=case_id(invoice))
        assert inbox.receive(connection, source="person", source_id="bad\x00" * 100, kind="hold", body="", now=hand.now) == (bad, False)
        if database.is_sqlite:  # PostgreSQL keeps no such thing as JSON
            connection.exec_driver_sql(f"update inbox set news = 'not JSON at all' where id = '{bad}'")
    with database.reading() as connection:
        found = inbox.unfolded(connection, case_id(invoice))
    assert {type(word.news) for word in found} == {HoldPlaced, type(None)}
    hand.assess(invoice)
    assert len(hand.case(invoice).holds) == 1
    assert any(matter.startswith(f"unreadable/{case_id(invoice)}/") for matter in hand.tasks())
    with database.reading() as connection:
        assert cases.is_running(connection, case_id(invoice))
