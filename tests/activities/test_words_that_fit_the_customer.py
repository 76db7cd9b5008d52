"""What a message takes for granted of its reader is known: that an invoice is the only one, that parts are offered, a discount."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import playbooks
from db.engine import Database
from db.schema import customers
from domain.event import DiscountGranted
from support.by_hand import ByHand
from support.rig import standard_policy

ASKS = "right address for our invoices"
PARTS = "We can agree on paying it in parts."


def following(database: Database, playbook: str) -> ByHand:
    resolved = playbooks.resolve(playbooks.load(playbook))
    return ByHand(database, policy=replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved))


def texts_of(hand: ByHand, invoice: str, count: int) -> list[str]:
    hand.until(lambda: len(hand.mailer.accepted) >= count, invoice)
    return [" ".join(mail.text.split()) for mail in hand.mailer.accepted]


def become(database: Database, **fields: object) -> None:
    with database.transaction() as connection:
        connection.execute(customers.update().values(**fields))


def test_a_new_customer_is_asked_for_address_and_rules_in_our_first_word_alone(database: Database) -> None:
    hand = ByHand(database)
    first, *others = texts_of(hand, hand.add("INV-7", 0), 3)
    assert ASKS in first and "first" not in first.lower()
    assert not [text for text in others if ASKS in text]


def test_nobody_of_whom_more_is_known_is_asked_as_if_they_were_new(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 0)
    hand.add("INV-8", -40)
    assert not [text for text in texts_of(hand, invoice, 2) if ASKS in text]


@pytest.mark.parametrize("tier, offered", [("strategic", True), ("standard", False)])
def test_parts_are_offered_to_whom_matters_most(database: Database, tier: str, offered: bool) -> None:
    hand = following(database, "b2b-three-weeks")
    invoice = hand.add("INV-7", 2)
    become(database, tier=tier)
    second = texts_of(hand, invoice, 2)[1]
    assert (PARTS in second) is offered


def test_parts_are_offered_where_much_is_at_risk(database: Database) -> None:
    hand = following(database, "b2b-three-weeks")
    assert PARTS in texts_of(hand, hand.add("INV-7", 70), 2)[1]


def test_a_discount_is_told_when_it_is_granted_and_asks_for_the_lower_amount(database: Database) -> None:
    hand = following(database, "b2b-three-weeks")
    invoice = hand.add("INV-7", 2)
    texts_of(hand, invoice, 2)
    hand.say(invoice, DiscountGranted(Decimal(2), hand.day() + timedelta(days=14), by="Ann"))
    hand.work(invoice)
    said = texts_of(hand, invoice, 3)[2]
    assert "you may deduct 2%, that is 24,00" in said and "Amount: 1.176,00" in said
    assert "word of the discount sent by e-mail" in hand.diary(invoice)
