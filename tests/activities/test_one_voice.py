"""People hear one voice: over customers that share an address, over those that pay through another, and within every limit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from activities.outreach import Site
from db import parties, quiet_periods
from db.engine import Database
from domain.customer import Customer
from domain.decision import Perform, Wait
from domain.event import HoldPlaced, HoldReleased, LegalStop, News, PaymentReported, Replied
from domain.facts import Envelope
from domain.plan_news import PlanAgreed
from domain.quiet import QuietPeriod, Scope
from support.by_hand import MONDAY, ByHand
from support.rig import standard_policy

SHARED = "office@shared.example"


def treat(hand: ByHand, number: str, change: Callable[[Customer], Customer]) -> str:
    """Change how the customer with that number is reached; its id."""
    ((customer,),) = hand.rows(f"select id from customers where number = '{number}'")
    with hand.database.transaction() as connection:
        parties.save_reach(connection, change(parties.load_customer(connection, customer)))
    return str(customer)


def test_two_customers_at_one_address_are_heard_as_one(database: Database) -> None:
    hand = ByHand(database)
    first, second = hand.add("INV-1", 20, customer="C-1", email=SHARED), hand.add("INV-2", 20, customer="C-2", email=SHARED.upper())
    hand.work(first)
    waiting = hand.work(second)
    assert waiting.why == "second reminder is next, but the customer heard from us less than 3 days ago"
    assert len(hand.mailer.posted) == 1
    hand.until(lambda: len(hand.mailer.posted) == 2, second)
    assert [email.to_address.lower() for email in hand.mailer.posted] == [SHARED, SHARED]


def test_two_workers_never_write_to_one_address_at_once(database: Database) -> None:
    hand = ByHand(database)
    both = [hand.add(f"INV-{n}", 20, customer=f"C-{n}", email=SHARED) for n in (1, 2)]
    acts = [hand.due(invoice) for invoice in both]
    start = Barrier(2)

    def deliver(invoice: str, act: Perform) -> None:
        start.wait(60)
        hand.deliver(invoice, act)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(deliver, invoice, act) for invoice, act in zip(both, acts, strict=True)]:
            done.result(60)
    assert len(hand.mailer.posted) == 1


def test_what_somebody_is_about_to_send_to_the_address_is_waited_for(database: Database) -> None:
    hand = ByHand(database)
    first, second = hand.add("INV-1", 20, customer="C-1", email=SHARED), hand.add("INV-2", 20, customer="C-2", email=SHARED)
    act, said = hand.due(first), []
    hand.on = {Site.SENDING: lambda: said.append(hand.assess(second).decision)}
    hand.deliver(first, act)
    (meanwhile,) = said
    assert isinstance(meanwhile, Wait) and meanwhile.why == "a message to this customer is on its way"


def test_branches_that_pay_through_their_head_office_are_written_to_there_in_one_message(database: Database) -> None:
    hand = ByHand(database)
    north, south, own = (hand.add(f"INV-{n}", 20, customer=customer) for n, customer in enumerate(("NORTH", "SOUTH", "HEAD")))
    head = treat(hand, "HEAD", lambda customer: customer)
    for branch in ("NORTH", "SOUTH"):
        treat(hand, branch, lambda customer: replace(customer, pays_through=head))
    hand.assess(south)
    hand.assess(own)
    hand.work(north)
    (email,) = hand.mailer.posted
    assert email.to_address == "head@customer.example"
    assert all(f"INV-{n}" in email.text for n in range(3))
    assert [hand.fates(one) for one in (north, south, own)] == [{"second-reminder": "delivered"}] * 3
    assert hand.work(south).until - hand.now > timedelta(days=2)


def test_the_gap_holds_over_all_that_pay_through_one(database: Database) -> None:
    hand = ByHand(database)
    north, south = hand.add("INV-1", 20, customer="NORTH"), hand.add("INV-2", 20, customer="SOUTH", currency="USD")
    hand.add("INV-3", -60, customer="HEAD")
    head = treat(hand, "HEAD", lambda customer: customer)
    for branch in ("NORTH", "SOUTH"):
        treat(hand, branch, lambda customer: replace(customer, pays_through=head))
    hand.work(north)
    assert "the customer heard from us less than 3 days ago" in hand.work(south).why
    assert len(hand.mailer.posted) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (LegalStop("insolvency", by="Ann"), "there is a legal stop for whom this customer pays through"),
        (Replied(by="Bea", why="who ordered this?"), "whom this customer pays through has answered, and nobody has dealt with it yet: quiet"),
        (HoldPlaced(by="Ann", why="their office burned down"), "whom this customer pays through is on hold"),
        (PlanAgreed("pln_1", MONDAY.date() + timedelta(days=60)), "a payment plan of whom this customer pays through is offered or agreed: quiet"),
    ],
)
def test_what_silences_the_head_office_silences_all_that_pay_through_it(database: Database, said: News, why: str) -> None:
    hand = ByHand(database)
    north, own, alone = hand.add("INV-1", 20, customer="NORTH"), hand.add("INV-2", 20, customer="HEAD"), hand.add("INV-3", 20, customer="ALONE")
    head = treat(hand, "HEAD", lambda customer: customer)
    treat(hand, "NORTH", lambda customer: replace(customer, pays_through=head))
    hand.assess(own)
    hand.say(own, said)
    hand.work(own)
    assert hand.work(north).why == why
    assert hand.mailer.posted == []
    hand.work(alone)
    assert len(hand.mailer.posted) == 1


def test_branches_are_written_to_again_once_the_head_office_is_released(database: Database) -> None:
    hand = ByHand(database)
    north, own = hand.add("INV-1", 20, customer="NORTH"), hand.add("INV-2", 20, customer="HEAD")
    head = treat(hand, "HEAD", lambda customer: customer)
    treat(hand, "NORTH", lambda customer: replace(customer, pays_through=head))
    hand.say(own, HoldPlaced(by="Ann", why="their office burned down"))
    hand.work(own)
    waiting = hand.work(north)
    hand.say(own, HoldReleased(by="Ann", why="they moved"))
    hand.assess(own)
    hand.now = waiting.until
    hand.work(north)
    assert len(hand.mailer.posted) == 1


def test_one_payment_that_the_head_office_reports_silences_no_branch(database: Database) -> None:
    hand = ByHand(database)
    north, own = hand.add("INV-1", 20, customer="NORTH"), hand.add("INV-2", 20, customer="HEAD")
    head = treat(hand, "HEAD", lambda customer: customer)
    treat(hand, "NORTH", lambda customer: replace(customer, pays_through=head))
    hand.say(own, PaymentReported(by="Bea"))
    hand.work(own)
    hand.work(north)
    (email,) = hand.mailer.posted
    assert "INV-1" in email.text and "INV-2" not in email.text


def test_a_quiet_period_set_after_a_step_was_planned_holds_it_back_and_its_reason_stays_here(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    with database.transaction() as connection:
        period = QuietPeriod(hand.day(), hand.day(4), "their mother has died")
        quiet_periods.add_quiet(connection, Scope.COUNTRY, "DE", period, "Ann", hand.now)
    waiting = hand.deliver(invoice, act).decision
    assert isinstance(waiting, Wait) and hand.mailer.posted == []
    assert waiting.why == "second reminder is next, but it is a quiet period for this customer"
    assert waiting.detail == "" and waiting.until.date() == hand.day(7), "the period ends on a Friday"
    assert any("their mother has died" in str(row) for row in hand.rows("select why from decision_records"))


def test_a_seller_s_quiet_period_is_no_other_seller_s(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    with database.transaction() as connection:
        parties.save_seller(connection, replace(parties.load_sellers(connection)[0], id="other"))
        quiet_periods.add_quiet(connection, Scope.SELLER, "other", QuietPeriod(hand.day(), hand.day(9), "x"), "Ann", hand.now)
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1


def test_money_that_is_not_applied_yet_waits_for_a_person_and_the_task_closes_when_it_is(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    told = hand.ledger.rows["INV-1"].customer

    def unapplied(amount: str) -> None:
        hand.ledger.change("INV-1", customer=replace(told, unapplied=(("EUR", Decimal(amount)),)))

    unapplied("300.00")
    waiting = hand.work(invoice)
    ((customer,),) = hand.rows("select id from customers")
    assert waiting.why == "300.00 EUR of the customer's money is not applied yet"
    assert hand.mailer.posted == [] and hand.tasks() == [f"unapplied/{customer}/EUR"]
    unapplied("60.00")
    hand.now = waiting.until
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1 and hand.tasks() == []


def test_a_channel_the_law_does_not_leave_without_consent_gives_way_to_the_next(database: Database) -> None:
    policy = standard_policy()
    steps = tuple(replace(step, by=("sms", *step.by)) for step in policy.playbook.steps)
    texting = Envelope(channels=frozenset({"email", "sms", "task"}))
    hand = ByHand(database, policy=replace(policy, playbook=replace(policy.playbook, steps=steps), envelope=texting))
    invoice = hand.add("INV-1", 20, country="US", zone="Europe/Berlin")
    with database.transaction() as connection:
        connection.exec_driver_sql("update contacts set phone = '+12125550123'")
    assert hand.due(invoice).channel == "email"
    treat(hand, "C-1", lambda customer: replace(customer, consents=frozenset({"text"})))
    with database.transaction() as connection:
        connection.exec_driver_sql("update contacts set phone = '+12125550123', set_by = 'Ann'")
    assert hand.due(invoice).channel == "sms"


def test_each_decision_keeps_the_version_of_the_law_and_where_the_customer_may_be(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    with database.transaction() as connection:
        connection.exec_driver_sql("update contacts set phone = '+61255501234', set_by = 'Ann'")
    hand.work(invoice)
    kept = [str(row) for row in hand.rows("select facts from decision_records")]
    assert all('"places": ["AU", "DE"]' in one or "'places': ['AU', 'DE']" in one for one in kept[-1:])
    assert '"law"' in kept[-1] or "'law'" in kept[-1]
