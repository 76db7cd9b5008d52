"""A database that may not know all that was sent lets nothing leave: not what was decided before, and not what was claimed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, select

from activities.outreach import Site
from db import installation
from db.engine import Database
from db.schema import metadata
from domain.decision import Wait
from support.by_hand import ByHand
from workflows.ports import Ask, Delivery


def raise_fence(hand: ByHand) -> None:
    with hand.database.transaction() as connection:
        installation.raise_fence(connection, installation.RESTORED, hand.now, "accounts receivable", hand.now)


def lift_fence(hand: ByHand) -> None:
    with hand.database.transaction() as connection:
        installation.lift_fence(connection, "compared by hand", "Ann", hand.now)


@pytest.mark.parametrize("site", [Site.DECIDED, Site.CLAIMED, Site.FENCED])
def test_a_fence_raised_before_a_message_leaves_keeps_it_here(database: Database, site: Site) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on = {site: lambda: raise_fence(hand)}
    waiting = hand.deliver(invoice, act).decision
    hand.on = {}
    assert isinstance(waiting, Wait)
    assert hand.mailer.posted == []
    assert "sending" not in hand.states()
    hand.work(invoice)
    assert hand.mailer.posted == []
    lift_fence(hand)
    hand.until(hand.heard, invoice)
    assert len(hand.heard()) == 1


def all_rows(database: Database) -> dict[Table, list[dict[str, Any]]]:
    with database.reading() as connection:
        return {table: [dict(row) for row in connection.execute(select(table)).mappings()] for table in metadata.sorted_tables}


def put_back(database: Database, rows: dict[Table, list[dict[str, Any]]]) -> None:
    with database.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table, kept in rows.items():
            if kept:
                connection.execute(table.insert(), kept)


def test_a_database_that_was_put_back_sends_nothing_again_to_a_run_that_knows_better(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    earlier = all_rows(database)
    sent = hand.deliver(invoice, act)
    assert len(hand.heard()) == 1
    put_back(database, earlier)
    hand.run(hand.outreach.deliver, Delivery(invoice, act.step, act.channel, sent.known))
    looked = hand.run(hand.cases.assess, Ask(invoice, known=sent.known))
    assert len(hand.mailer.posted) == 1, "the customer heard the same again"
    assert looked.forgot
    assert isinstance(looked.decision, Wait)
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1
    assert hand.tasks() == ["fence"]
