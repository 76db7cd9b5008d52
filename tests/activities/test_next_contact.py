"""What lists say of the next contact: its own moment, also where something else is looked at before."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from db import views
from db.engine import Database
from db.views import Filter, Line
from domain.event import DisputeRaised
from support.by_hand import ByHand


def line_of(hand: ByHand, which: Filter | None = None) -> list[Line]:
    with hand.database.reading() as connection:
        return list(views.list_invoices(connection, which or Filter(), hand.now).lines)


def test_a_task_that_falls_due_before_the_next_reminder_does_not_make_it_look_earlier(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 8)
    hand.work(invoice)
    (before,) = line_of(hand)
    assert before.rule == "planned" and before.next_at == before.contact_at is not None
    due = (before.contact_at - timedelta(days=2)).date()
    hand.say(invoice, DisputeRaised("two boxes missing", Decimal("100.00"), "Tom", due, by="Ann"))
    decided = hand.work(invoice)
    (after,) = line_of(hand)
    assert after.contact_at == before.contact_at and after.next_at == decided.until < before.contact_at
    assert line_of(hand, Filter(next_before=before.contact_at)) == [], "nothing leaves before then"
    assert [one.invoice for one in line_of(hand, Filter(next_before=before.contact_at + timedelta(minutes=1)))] == [invoice]
