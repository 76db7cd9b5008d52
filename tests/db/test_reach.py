"""Whom a message reaches: by address or number whoever's it is, and through whom a customer pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from db import invoices, outreach, parties, quiet_periods
from db.engine import Database
from db.parties import CustomerRow, UnableToPayThrough
from db.schema import outreach as messages
from domain.customer import Role
from domain.facts import Contacted, CountsAs
from domain.law import Party
from domain.money import Money
from domain.playbook import Stage
from domain.quiet import QuietPeriod, Scope
from support.office import SELLER
from support.worlds import MONDAY, an_invoice, euros

OTHER = replace(SELLER, id="other", country="SE")


def a_row(number: str, email: str = "", phone: str = "", country: str = "DE", unapplied: tuple[Money, ...] | None = None) -> CustomerRow:
    people = ((Role.BILLING, "Bea", email or f"{number}@customer.example", phone),)
    return CustomerRow(number, f"Customer {number}", country, ("Europe/Berlin",), "en", people, unapplied)


@pytest.fixture
def known(database: Database) -> Callable[..., str]:
    """Makes a customer known; its id."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        parties.save_seller(connection, OTHER)

    def know(number: str, seller: str = SELLER.id, **fields: Any) -> str:
        with database.transaction() as connection:
            return parties.save_customers(connection, seller, [a_row(number, **fields)])[number]

    return know


def send(database: Database, customer: str, id_: str, reach: str, counts_as: CountsAs = CountsAs.CONTACT, state: str = "delivered", days_ago: int = 1) -> None:
    at = MONDAY - timedelta(days=days_ago)
    row = {"customer_id": customer, "seller_id": SELLER.id, "contact_id": "k", "channel": "email", "step": "s", "stage": "reminder", "token": ""}
    more = {"claimed_by": "c", "claimed_at": at, "reach": reach, "counts_as": counts_as}
    with database.transaction() as connection:
        connection.execute(messages.insert().values(id=id_, state=state, **row, **more))


def made(database: Database, customers: list[str], reach: set[str]) -> list[Contacted]:
    with database.reading() as connection:
        return list(outreach.contacts_made(connection, customers, reach, MONDAY - outreach.RECENT, rehearsed=False))


def test_a_message_to_the_same_address_counts_whichever_customer_of_whichever_seller_it_was_for(database: Database, known: Callable[..., str]) -> None:
    ours, theirs, far = known("1", email="Office@shared.example"), known("2", OTHER.id, email="office@shared.example"), known("3")
    send(database, theirs, "m-1", "office@shared.example")
    send(database, far, "m-2", "3@customer.example")
    with database.reading() as connection:
        reached = parties.load_reached(connection, ours)
    found = made(database, [ours], set(reached.customer.reach))
    assert [one.outreach for one in found] == ["m-1"]
    assert found[0].at == MONDAY - timedelta(days=1) and found[0].stage is Stage.REMINDER


def test_a_message_is_counted_once_though_customer_and_address_both_find_it(database: Database, known: Callable[..., str]) -> None:
    customer = known("1")
    send(database, customer, "m-1", "1@customer.example")
    assert [one.outreach for one in made(database, [customer], {"1@customer.example"})] == ["m-1"]


def test_what_answers_the_customer_counts_as_no_contact(database: Database, known: Callable[..., str]) -> None:
    customer = known("1")
    send(database, customer, "asked-for", "1@customer.example", CountsAs.ANSWER)
    send(database, customer, "second", "1@customer.example", CountsAs.SAME)
    assert [(one.outreach, one.counts_as) for one in made(database, [customer], {"1@customer.example"})] == [("second", CountsAs.SAME)]


def test_what_is_on_its_way_to_the_same_address_holds_everybody_else_s_back(database: Database, known: Callable[..., str]) -> None:
    ours, theirs = known("1"), known("2", OTHER.id)
    send(database, theirs, "m-1", "1@customer.example", state="sending")
    with database.reading() as connection:
        assert [flight.outreach for flight in outreach.on_the_way(connection, [ours], {"1@customer.example"})] == ["m-1"]
        assert outreach.on_the_way(connection, [ours], ()) == ()


def test_the_search_for_contacts_goes_by_an_index(database: Database, known: Callable[..., str]) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL reads small tables whole whatever indexes there are")
    query = "EXPLAIN QUERY PLAN SELECT id FROM outreach WHERE claimed_at >= 1 AND state IN ('a', 'b') AND counts_as != 'answer' AND {} IN ('x', 'y')"
    with database.reading() as connection:
        for column, index in (("reach", "ix_outreach_reach_claimed"), ("customer_id", "ix_outreach_customer_claimed")):
            plan = " ".join(str(row) for row in connection.execute(text(query.format(column))))
            assert index in plan, plan


def test_who_pays_through_another_is_reached_at_that_one_s_people(database: Database, known: Callable[..., str]) -> None:
    head, branch, sister, alone = known("head", phone="+61255501234", country="AU"), known("branch"), known("sister"), known("alone")
    with database.transaction() as connection:
        payer = replace(parties.load_customer(connection, head), preferred_channel="sms", consents=frozenset({"text"}), guarantor=True)
        parties.save_reach(connection, payer)
        for child in (branch, sister):
            parties.save_reach(connection, replace(parties.load_customer(connection, child), pays_through=head, natural_person=True))
    with database.reading() as connection:
        through, itself, other = (parties.load_reached(connection, one) for one in (branch, head, alone))
        own = parties.load_customer(connection, branch)
    assert (through.customer.id, through.customer.number, through.customer.country) == (branch, "branch", "DE")
    assert [contact.email for contact in through.customer.contacts] == ["head@customer.example"]
    assert (through.customer.preferred_channel, through.customer.consents) == ("sms", {"text"})
    assert through.customer.natural_person and through.customer.guarantor
    assert set(through.family) == set(itself.family) == {head, branch, sister}
    assert through.payer is not None and through.payer.id == head
    assert other.family == (alone,) and other.payer is None and itself.payer is None
    assert [contact.email for contact in own.contacts] == ["branch@customer.example"], "its own people are kept"


def test_only_one_step_leads_from_a_customer_to_whom_it_pays_through(database: Database, known: Callable[..., str]) -> None:
    head, branch, leaf = known("head"), known("branch"), known("leaf")

    def through(child: str, parent: str) -> None:
        with database.transaction() as connection:
            parties.save_reach(connection, replace(parties.load_customer(connection, child), pays_through=parent))

    through(branch, head)
    for child, parent, said in (
        (leaf, branch, "branch, who pays through another; name that one"),
        (head, leaf, "leaf: others pay through it; have them pay through leaf first"),
        (leaf, leaf, "itself; leave it empty"),
        (leaf, "nobody", "nobody: no such customer is known; import it first"),
    ):
        with pytest.raises(UnableToPayThrough, match=said):
            through(child, parent)
    through(branch, "")
    with database.reading() as connection:
        assert parties.load_reached(connection, branch).payer is None


def test_a_customer_s_region_and_consents_are_kept_as_set(database: Database, known: Callable[..., str]) -> None:
    customer = known("1", country="US")
    with database.transaction() as connection:
        wanted = replace(parties.load_customer(connection, customer), region="CA", consents=frozenset({"text", "ai_voice"}), natural_person=True)
        parties.save_reach(connection, wanted)
    with database.reading() as connection:
        assert parties.load_customer(connection, customer) == wanted
        kinds = parties.list_parties(connection)
    assert (frozenset({"US-CA"}), Party(natural_person=True)) in kinds
    assert {place for places, _ in kinds for place in places} == {"US-CA", SELLER.country, "SE"}


def test_unapplied_money_is_what_the_ledger_told_last_and_stays_where_it_does_not_tell(database: Database, known: Callable[..., str]) -> None:
    customer = known("1", unapplied=(euros("500.00"), Money(euros("7.00").amount, "USD")))

    def now() -> tuple[Money, ...]:
        with database.reading() as connection:
            return parties.load_customer(connection, customer).unapplied

    def is_recorded(unapplied: tuple[Money, ...] | None) -> bool:
        with database.reading() as connection:
            return parties.find_recorded(connection, SELLER.id, a_row("1", unapplied=unapplied)) is not None

    assert now() == (euros("500.00"), Money(euros("7.00").amount, "USD"))
    assert is_recorded(None) and not is_recorded(()) and not is_recorded((euros("500.00"),))
    known("1")
    assert now() == (euros("500.00"), Money(euros("7.00").amount, "USD")), "a file without the column says nothing"
    known("1", unapplied=())
    assert now() == () and is_recorded(())


@pytest.mark.parametrize("by_invoice", [False, True], ids=["by_customer", "by_invoice"])
def test_everybody_who_pays_through_one_waits_for_the_same_lock(database: Database, known: Callable[..., str], by_invoice: bool) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    head, branch = known("head"), known("branch")
    owed = replace(an_invoice(MONDAY.date()), seller=SELLER.id, customer=branch)
    with database.transaction() as connection:
        parties.save_reach(connection, replace(parties.load_customer(connection, branch), pays_through=head))
        invoices.save_invoices(connection, [(owed, "R-1")], MONDAY)
        found = invoices.find_by_ref(connection, SELLER.id, "R-1")
    stored = found.id if found else ""
    order: list[str] = []

    def take() -> None:
        with database.transaction() as connection:
            if by_invoice:
                parties.lock_customer_of(connection, stored)
            else:
                parties.lock_customer(connection, branch)
            order.append("branch")

    with database.transaction() as connection:
        parties.lock_customer(connection, head)
        waiting = Thread(target=take)
        waiting.start()
        waiting.join(0.5)
        order.append("head")
    waiting.join(10)
    assert order == ["head", "branch"]


def test_two_customers_at_one_address_are_claimed_one_after_the_other(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    order: list[str] = []

    def take() -> None:
        with database.transaction() as connection:
            outreach.lock_reach(connection, ["shared@x.example", "+49301"])
            order.append("second")

    with database.transaction() as connection:
        outreach.lock_reach(connection, ["shared@x.example"])
        waiting = Thread(target=take)
        waiting.start()
        waiting.join(0.5)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_quiet_periods_are_found_for_seller_country_and_customer(database: Database, known: Callable[..., str]) -> None:
    customer = known("1")

    def a_period(day: int, why: str) -> QuietPeriod:
        return QuietPeriod(date(2026, 3, day), date(2026, 3, day + 1), why, stops_clock=day % 2 == 0)

    with database.transaction() as connection:
        kept = [
            quiet_periods.add_quiet(connection, scope, whom, a_period(day, why), "Ann", MONDAY)
            for scope, whom, day, why in (
                (Scope.CUSTOMER, customer, 6, "c"),
                (Scope.SELLER, SELLER.id, 4, "s"),
                (Scope.COUNTRY, "DE", 2, "d"),
                (Scope.COUNTRY, "SE", 1, "e"),
            )
        ]
    with database.reading() as connection:
        assert quiet_periods.load_quiet(connection, (customer, SELLER.id, "DE")) == (a_period(2, "d"), a_period(4, "s"), a_period(6, "c"))
        assert quiet_periods.list_quiet(connection) == tuple(kept)
    for scope in (Scope.SELLER, Scope.CUSTOMER):
        with pytest.raises(quiet_periods.UnableToKeepQuiet, match=f"{scope}: no {scope} with the id 'nobody' is known"), database.transaction() as connection:
            quiet_periods.add_quiet(connection, scope, "nobody", a_period(2, "x"), "Ann", MONDAY)


def test_a_quiet_period_ended_early_keeps_who_ended_it_and_one_not_begun_is_taken_away(database: Database, known: Callable[..., str]) -> None:
    known("1")
    with database.transaction() as connection:
        begun = quiet_periods.add_quiet(connection, Scope.SELLER, SELLER.id, QuietPeriod(date(2026, 3, 1), date(2026, 3, 9), "move"), "Ann", MONDAY)
        ahead = quiet_periods.add_quiet(connection, Scope.SELLER, SELLER.id, QuietPeriod(date(2026, 4, 1), date(2026, 4, 9), "fair"), "Ann", MONDAY)
        today = date(2026, 3, 5)
        assert quiet_periods.end_quiet(connection, begun.id, today, "Tom", "done").period.last_day == date(2026, 3, 4)
        assert quiet_periods.end_quiet(connection, ahead.id, today, "Tom", "no fair").period == ahead.period
    with database.reading() as connection:
        (left,) = quiet_periods.list_quiet(connection)
    assert left.period == QuietPeriod(date(2026, 3, 1), date(2026, 3, 4), "move; ended early by Tom: done")
    for id_, said in ((begun.id, "was over on 2026-03-04 already"), (ahead.id, "no quiet period has the id")):
        with pytest.raises(quiet_periods.UnableToKeepQuiet, match=said), database.transaction() as connection:
            quiet_periods.end_quiet(connection, id_, today, "Tom", "x")
