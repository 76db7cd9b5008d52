"""What people change about a customer counts for its running invoices at once, and stands in their diaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import event

import playbooks
from activities.assessor import Assessor
from db import contacts, customers
from db.contacts import Wanted
from db.engine import Database
from domain.customer import Role, Tier
from domain.facts import Books, Facts
from domain.segment import Risk
from support.by_hand import ByHand
from support.rig import SELLER, standard_policy


def customer_of(hand: ByHand, invoice: str) -> str:
    return hand.case(invoice).invoice.customer


def test_a_contact_set_by_a_person_ends_the_search_for_one_and_the_reminder_goes_there(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 4, email="")
    hand.until(hand.tasks, invoice)
    customer = customer_of(hand, invoice)
    assert hand.tasks() == [f"contact/{customer}"]
    with database.transaction() as connection:
        contacts.set_contact(connection, customer, Role.BILLING, Wanted("Ada Nair", "ada@c-1.example"), by="Ann", why="she called", now=hand.now)
    assert hand.tasks() == []
    hand.work(invoice)
    assert len(hand.heard("ada@c-1.example")) == 1
    assert "whom we write to (billing) was changed by Ann: she called" in hand.diary(invoice)


def test_a_customer_given_another_tier_is_treated_by_it_from_the_next_look(database: Database) -> None:
    playbook = playbooks.load("owner-voice")
    hand = ByHand(database, policy=replace(standard_policy(), playbook=playbook, resolved=playbooks.resolve(playbook)))
    invoice = hand.add("INV-1", -1)
    hand.work(invoice)
    customer = customer_of(hand, invoice)
    with database.transaction() as connection:
        wanted = replace(customers.load_treatments(connection, [customer])[customer], tier=Tier.VIP)
        assert len(customers.treat(connection, {customer: wanted}, by="Ann", why="the owner's friend", now=hand.now)) == 1
    hand.until(lambda: any(fate == "delivered" for fate in hand.fates(invoice).values()), invoice)
    assert "customer changed by Ann: tier vip instead of standard: the owner's friend" in hand.diary(invoice)
    assert "vip-note" in hand.fates(invoice)


def facts_of(hand: ByHand, invoice: str) -> Facts:
    case = hand.case(invoice)
    with hand.database.transaction() as connection:
        return Assessor(hand.policy).gather(connection, case, Books(SELLER.id, hand.now), hand.now)


def twelve_open(hand: ByHand) -> list[str]:
    return [hand.add(f"INV-{n}", 4, customer=f"C-{n}", balance=f"{n}00.00") for n in range(1, 13)]


def test_an_invoice_in_the_top_tenth_of_what_is_open_is_at_high_risk(database: Database) -> None:
    hand = ByHand(database)
    *_, least, most = twelve_open(hand)
    hand.work(least)
    hand.work(most)
    found = [facts_of(hand, invoice) for invoice in (least, most)]
    assert {facts.top_tenth for facts in found} == {Decimal(1200)}
    assert [facts.risk(Decimal(balance), 4) for facts, balance in zip(found, (1100, 1200), strict=True)] == [Risk.NORMAL, Risk.HIGH]


def test_balances_in_another_currency_make_nothing_stand_out(database: Database) -> None:
    hand = ByHand(database)
    invoices = twelve_open(hand)
    dollars = hand.add("USD-1", 4, customer="C-1", balance="90000.00", currency="USD")
    hand.work(invoices[0])
    hand.assess(dollars)
    assert facts_of(hand, invoices[0]).top_tenth == Decimal(1200)
    assert facts_of(hand, dollars).top_tenth is None


def test_the_top_tenth_is_reckoned_once_an_hour_and_costs_other_looks_no_statement(database: Database) -> None:
    hand = ByHand(database)
    invoices = twelve_open(hand)
    hand.work(invoices[0])
    case, assessor, asked = hand.case(invoices[0]), Assessor(hand.policy), []
    event.listen(database.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))

    def statements_of_a_look(after: timedelta) -> int:
        asked.clear()
        with database.transaction() as connection:
            assessor.gather(connection, case, Books(SELLER.id, hand.now), hand.now + after)
        return len(asked)

    first = statements_of_a_look(timedelta(0))
    assert statements_of_a_look(timedelta(minutes=59)) == first - 1
    assert statements_of_a_look(timedelta(minutes=61)) == first
