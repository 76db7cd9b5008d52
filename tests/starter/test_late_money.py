"""Money for an invoice that was stopped or written off: the door has it looked at once more, and respects the end otherwise."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from db import inbox
from db.engine import Database
from db.schema import inbox as words
from db.schema import tasks
from domain.event import ChasingStopped, InvoiceChanged, WrittenOff
from starter import Door
from support.by_hand import ByHand
from support.rig import SELLER
from workflows.contract import case_id


class Temporal:
    """Starts every workflow it is asked for, and remembers which."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def get_workflow_handle_for(self, run: object, workflow: str) -> Any:
        return SimpleNamespace()

    async def start_workflow(self, *said: object, id: str, **options: object) -> None:
        self.started.append(id)


class Ended:
    """An invoice whose watch has ended, and the door before it."""

    def __init__(self, database: Database, word: ChasingStopped | WrittenOff) -> None:
        self.hand, self.temporal = ByHand(database), Temporal()
        self.door = Door(database, self.temporal, self.hand.ledgers)  # type: ignore[arg-type]
        self.invoice = self.hand.add("INV-1", late=20)
        self.hand.assess(self.invoice)
        self.hand.say(self.invoice, word)
        self.hand.assess(self.invoice)

    def hint(self, delivery: str) -> str:
        """What became of a webhook's hint: passed on, or ended with its case."""
        with self.hand.database.transaction() as connection:
            word, _ = inbox.receive(
                connection,
                source="rest",
                source_id=delivery,
                kind="changed",
                body="{}",
                now=self.hand.now,
                seller_id=SELLER.id,
                ref="INV-1",
                news=InvoiceChanged(by="ledger"),
            )
        asyncio.run(self.door.report(word))
        with self.hand.database.reading() as connection:
            return str(connection.scalar(select(words.c.state).where(words.c.id == word)))

    def pay(self) -> None:
        paid_on = self.hand.day()
        self.hand.ledger.change("INV-1", balance=Decimal(0), paid_on=paid_on)

    def titles(self) -> list[str]:
        with self.hand.database.reading() as connection:
            return list(connection.scalars(select(tasks.c.title).where(tasks.c.closed_at.is_(None))))


WORDS = pytest.mark.parametrize("word", [ChasingStopped(by="Ann", why="x"), WrittenOff(by="Ann", why="x")], ids=["stopped", "written off"])


@WORDS
def test_a_hint_of_late_money_has_it_looked_at_once_and_no_more(database: Database, word: ChasingStopped | WrittenOff) -> None:
    ended = Ended(database, word)
    assert ended.hint("evt-1") == "ended"
    assert ended.temporal.started == []
    ended.pay()
    assert ended.hint("evt-2") == "passed_on"
    assert ended.temporal.started == [case_id(ended.invoice)]
    ended.hand.now += timedelta(minutes=1)
    ended.hand.assess(ended.invoice)
    if isinstance(word, WrittenOff):
        assert "Money came for invoice INV-1, which was written off" in ended.titles()
    assert any("money came after it was" in line for line in ended.hand.diary(ended.invoice).splitlines())
    assert ended.hint("evt-3") == "ended"


@WORDS
def test_a_round_of_intake_finds_late_money_that_no_webhook_told_of(database: Database, word: ChasingStopped | WrittenOff) -> None:
    ended = Ended(database, word)

    def list_all() -> None:
        asyncio.run(ended.door.take_in(SELLER.id, list(ended.hand.ledger.rows.values()), datetime.now(UTC)))

    list_all()
    assert ended.temporal.started == []
    ended.pay()
    list_all()
    assert ended.temporal.started == [case_id(ended.invoice)]
