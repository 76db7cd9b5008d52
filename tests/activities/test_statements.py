"""What a look and a delivery ask of the database: so much, and little more where a customer owes more invoices."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event

from db.engine import Database
from support.by_hand import ByHand
from workflows.ports import Answer

# Enough for all that must be asked, and too few for asking anything twice.
MOST = 80
# What is the same for all invoices of a customer is not asked again for each: what is left is its own story, and writing it.
MOST_FOR_ANOTHER = 11
# Which of the others have been looked at while the message was leaving.
ONCE_FOR_OTHERS = 1


def count(database: Database, act: Callable[[], Answer]) -> int:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return len(asked)


def work(database: Database, owed: int) -> tuple[int, int]:
    """The statements of a look, and of the delivery of one message about this many invoices."""
    hand = ByHand(database)
    first, *_ = [hand.add(f"INV-{number}", 20) for number in range(owed)]
    due = hand.due(first)
    looked = count(database, lambda: hand.assess(first))
    delivered = count(database, lambda: hand.deliver(first, due))
    assert len(hand.mailer.accepted) == 1 and hand.rows("select count(*) from outreach_parts") == [(owed,)]
    return looked, delivered


def test_a_look_and_a_delivery_together_ask_the_database_at_most_so_much(database: Database) -> None:
    looked, delivered = work(database, 1)
    assert looked + delivered <= MOST, (looked, delivered)


def test_each_further_invoice_in_a_message_costs_its_own_story_only(database: Database) -> None:
    looked, delivered = work(database, 4)
    assert looked + delivered <= MOST + ONCE_FOR_OTHERS + 3 * MOST_FOR_ANOTHER, (looked, delivered)
