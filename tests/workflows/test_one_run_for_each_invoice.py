"""The door and Temporal: whoever knocks reaches the one run of an invoice, and no word is ticked off before it got there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from db import inbox
from db.engine import Database
from domain.event import HoldPlaced, InvoiceChanged, News
from starter import Door
from support.by_hand import ByHand
from support.rig import SELLER
from workflows.contract import case_id


@dataclass
class Temporal:
    """Remembers which ids it was asked for. ``trouble`` is raised instead of an answer."""

    trouble: BaseException | None = None
    asked: list[str] = field(default_factory=list)

    async def start_workflow(self, *_: Any, id: str, id_conflict_policy: WorkflowIDConflictPolicy, **__: Any) -> None:
        assert id_conflict_policy is WorkflowIDConflictPolicy.USE_EXISTING
        self._note(id)

    def get_workflow_handle_for(self, _: Any, id: str) -> Any:
        async def signal(*_: Any, **__: Any) -> None:
            self._note(id)

        return SimpleNamespace(signal=signal)

    def _note(self, id: str) -> None:
        if self.trouble:
            raise self.trouble
        self.asked.append(id)


def knock(hand: ByHand, temporal: Temporal) -> Door:
    return Door(hand.database, temporal, hand.ledgers)  # type: ignore[arg-type]


def store(hand: ByHand, delivery: str, invoice: str, news: News) -> str:
    with hand.database.transaction() as connection:
        return inbox.receive(
            connection,
            source="rest",
            source_id=delivery,
            kind=news.kind,
            body="{}",
            now=hand.now,
            seller_id=SELLER.id,
            case_id=case_id(invoice),
            news=news,
            by="x",
        )[0]


def test_whoever_knocks_reaches_the_same_run(database: Database) -> None:
    hand, temporal = ByHand(database), Temporal()
    invoice = hand.add("INV-1", 20)
    hand.assess(invoice)
    door = knock(hand, temporal)

    async def knock_in_every_way() -> None:
        assert await door.open(invoice)
        assert await door.open(invoice)
        assert await door.report(store(hand, "1", invoice, InvoiceChanged(by="ledger")))
        assert await door.report(store(hand, "2", invoice, HoldPlaced(by="Ann", why="x")))
        assert await door.nudge() == 1

    asyncio.run(knock_in_every_way())
    assert temporal.asked == [case_id(invoice)] * 5


def gone(*_: Any) -> BaseException:
    return RPCError("no server", RPCStatusCode.UNAVAILABLE, b"")


def killed(*_: Any) -> BaseException:
    return KeyboardInterrupt("the process ends here")


@pytest.mark.parametrize("trouble", [gone, killed])
@pytest.mark.parametrize("news", [InvoiceChanged(by="ledger"), HoldPlaced(by="Ann", why="x")], ids=["hint", "word"])
def test_a_word_is_ticked_off_only_after_it_has_reached_its_run(database: Database, trouble: Callable[[], BaseException], news: News) -> None:
    hand, temporal = ByHand(database), Temporal(trouble())
    invoice = hand.add("INV-1", 20)
    hand.assess(invoice)
    word = store(hand, "1", invoice, news)
    try:
        assert not asyncio.run(knock(hand, temporal).report(word))
    except KeyboardInterrupt:
        assert trouble is killed
    assert hand.rows("select state from inbox") == [("new",)], "nobody would ever pass it on again"
    temporal.trouble = None
    assert asyncio.run(knock(hand, temporal).pass_on(hand.now + timedelta(hours=1))) == 1
    assert temporal.asked == [case_id(invoice)]
    assert hand.rows("select state from inbox") == [("passed_on",)]
