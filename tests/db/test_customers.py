"""Customers as people see and change them, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from db import customers, inbox, parties
from db.customers import CustomerLine, UnableToTreat, Which
from db.engine import Database
from db.schema import customers as rows
from db.schema import inbox as words
from domain.case import Outcome
from domain.customer import Behavior, Role, Tier
from domain.event import CustomerSet
from domain.money import Money
from domain.treatment import Treatment
from support.office import SELLER, Office

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    return Office(database, NOW)


def listed(office: Office, which: Which | None = None) -> dict[str, CustomerLine]:
    with office.database.reading() as connection:
        return {line.number: line for line in customers.list_customers(connection, which or Which(), office.today)}


def treat(office: Office, customer: str, **fields: object) -> tuple[str, ...]:
    with office.database.transaction() as connection:
        before = customers.load_treatments(connection, [customer])[customer]
        return customers.treat(connection, {customer: replace(before, **fields)}, by="Ann", why="she said so", now=NOW)  # type: ignore[arg-type]


def test_what_a_customer_owes_is_told_for_each_currency_and_never_added_across(office: Office) -> None:
    customer = office.customer()
    office.invoice("1", customer, balance="100.00")
    office.invoice("2", customer, balance="20.50")
    office.invoice("3", customer, balance="7000", currency="JPY")
    assert listed(office)["C-1"].open == (Money(Decimal("120.50"), "EUR"), Money(Decimal(7000), "JPY"))


def test_customers_are_found_by_tier_behavior_and_a_part_of_their_name_or_number(office: Office) -> None:
    norden, _, bau = office.customer("C-1", "Norden Logistics"), office.customer("C-2", "100%_Bau"), office.customer("X-3", "Hafenbau")
    treat(office, norden, tier=Tier.VIP)
    with office.database.transaction() as connection:
        connection.execute(rows.update().where(rows.c.id == bau).values(behavior="chronic-late"))
    assert list(listed(office, Which(tiers=(Tier.VIP, Tier.STRATEGIC)))) == ["C-1"]
    assert list(listed(office, Which(behaviors=(Behavior.CHRONIC_LATE,)))) == ["X-3"]
    assert list(listed(office, Which(text="BAU"))) == ["C-2", "X-3"]
    assert list(listed(office, Which(text="c-"))) == ["C-1", "C-2"]
    assert list(listed(office, Which(text="%_"))) == ["C-2"]
    assert listed(office, Which(seller="nobody")) == {}


def twelve(office: Office, currency: str = "EUR") -> None:
    for n in range(1, 13):
        office.invoice(f"{currency}-{n}", office.customer(f"C-{n}"), balance=f"{n}000.00", currency=currency, late=10)


def test_a_year_of_invoices_suggests_tiers_and_sets_none(office: Office) -> None:
    twelve(office)
    found = listed(office)
    assert {number: line.suggested.tier for number, line in found.items() if line.suggested} == {"C-12": Tier.STRATEGIC, "C-11": Tier.VIP}
    told = found["C-12"].suggested
    assert told is not None and told.why == "12,000.00 EUR invoiced in twelve months, in the top tenth of 12 customers invoiced in EUR"
    assert {line.treatment.tier for line in found.values()} == {Tier.STANDARD}
    assert {line.tier_set_by for line in found.values()} == {""}


def test_only_those_for_whom_another_tier_is_suggested_are_listed_when_asked_for(office: Office) -> None:
    twelve(office)
    treat(office, listed(office)["C-12"].id, tier=Tier.STRATEGIC)
    treat(office, listed(office)["C-1"].id, tier=Tier.VIP)
    assert list(listed(office, Which(suggested=True))) == ["C-11"]


def test_what_was_invoiced_more_than_a_year_ago_suggests_nothing(office: Office) -> None:
    twelve(office)
    office.invoice("old", office.customer("C-1"), balance="900000.00", late=400)
    suggested = listed(office)["C-1"].suggested
    assert suggested is None


def test_of_two_currencies_the_one_that_speaks_for_more_care_counts(office: Office) -> None:
    twelve(office)
    twelve(office, "USD")
    office.invoice("big", office.customer("C-11"), balance="90000.00", currency="USD")
    suggested = listed(office)["C-11"].suggested
    assert suggested is not None and suggested.tier is Tier.STRATEGIC and "USD" in suggested.why


def test_a_tier_is_kept_with_who_set_it_and_other_changes_leave_that_alone(office: Office) -> None:
    customer = office.customer()
    treat(office, customer, tier=Tier.STRATEGIC)
    assert listed(office)["C-1"].tier_set_by == "Ann"
    with office.database.transaction() as connection:
        wanted = replace(listed(office)["C-1"].treatment, account_manager="Tom Bell", account_manager_email="tom@us.example")
        customers.treat(connection, {customer: wanted}, by="Kim", why="", now=NOW)
    line = listed(office)["C-1"]
    assert (line.tier_set_by, line.treatment.tier, line.treatment.account_manager) == ("Ann", Tier.STRATEGIC, "Tom Bell")


def test_every_field_that_is_set_reaches_the_customer_that_decisions_are_made_from(office: Office) -> None:
    parent, child = office.customer("C-1"), office.customer("C-2")
    wanted = Treatment(Tier.VIP, "Tom Bell", "tom@us.example", "C-1", "sms", "CA", frozenset({"text", "recording"}), natural_person=True, guarantor=True)
    with office.database.transaction() as connection:
        customers.treat(connection, {child: wanted}, by="Ann", why="", now=NOW)
        known = parties.load_customer(connection, child)
    assert (known.tier, known.account_manager, known.account_manager_email, known.pays_through) == (Tier.VIP, "Tom Bell", "tom@us.example", parent)
    assert (known.preferred_channel, known.region, known.consents) == ("sms", "CA", {"text", "recording"})
    assert known.natural_person and known.guarantor
    assert listed(office)["C-2"].treatment == wanted


def test_an_import_of_the_ledger_leaves_what_people_set_alone(office: Office) -> None:
    customer = office.customer()
    treat(office, customer, tier=Tier.VIP, account_manager="Tom Bell", region="BY")
    before = listed(office)["C-1"]
    assert office.customer(name="Norden Logistics SE") == customer
    assert listed(office)["C-1"] == replace(before, name="Norden Logistics SE")


def test_running_invoices_of_the_customer_are_told_and_nobody_elses(office: Office) -> None:
    customer, other = office.customer("C-1"), office.customer("C-2")
    first, second = office.invoice("1", customer), office.invoice("2", customer)
    office.invoice("3", customer, ended=Outcome.SETTLED)
    office.invoice("4", other)
    told = treat(office, customer, tier=Tier.STRATEGIC)
    with office.database.reading() as connection:
        heard = [inbox.load_word(connection, word) for word in told]
    assert {word.case for word in heard if word} == {f"invoice/{first}", f"invoice/{second}"}
    assert {word.news for word in heard if word} == {CustomerSet("tier strategic instead of standard", "Ann", "she said so")}


def test_how_a_payer_is_reached_is_told_to_the_invoices_of_those_who_pay_through_it_and_its_tier_is_not(office: Office) -> None:
    payer, branch = office.customer("C-1"), office.customer("C-2")
    treat(office, branch, pays_through="C-1")
    office.invoice("1", payer)
    office.invoice("2", branch)
    assert len(treat(office, payer, preferred_channel="sms")) == 2
    assert len(treat(office, payer, tier=Tier.VIP)) == 1


def test_what_is_as_before_changes_nothing_and_tells_nobody(office: Office) -> None:
    customer = office.customer()
    office.invoice("1", customer)
    treat(office, customer, tier=Tier.VIP)
    with office.database.transaction() as connection:
        assert customers.treat(connection, {customer: listed(office)["C-1"].treatment}, by="Kim", why="", now=NOW) == ()
        assert len(connection.execute(select(words)).all()) == 1
    assert listed(office)["C-1"].tier_set_by == "Ann"


@pytest.mark.parametrize(
    "payer, problem",
    [("C-9", "has the number 'C-9'"), ("C-1", "cannot pay through itself"), ("C-3", "who pays through another")],
)
def test_a_customer_pays_through_one_that_is_there_in_one_step(office: Office, payer: str, problem: str) -> None:
    first, _, third = (office.customer(f"C-{n}") for n in (1, 2, 3))
    treat(office, third, pays_through="C-2")
    with pytest.raises(UnableToTreat) as caught:
        treat(office, first, pays_through=payer)
    assert problem in str(caught.value) and (caught.value.customer, caught.value.field) == (first, "pays_through")
    assert listed(office)["C-1"].treatment == Treatment()


def test_parent_and_branch_may_change_places_in_one_breath(office: Office) -> None:
    first, second = office.customer("C-1"), office.customer("C-2")
    treat(office, first, pays_through="C-2")
    with office.database.transaction() as connection:
        customers.treat(connection, {first: Treatment(), second: Treatment(pays_through="C-1")}, by="Ann", why="", now=NOW)
    found = listed(office)
    assert (found["C-1"].treatment.pays_through, found["C-2"].treatment.pays_through) == ("", "C-1")


def test_a_customer_is_named_by_number_or_id_and_numbers_that_two_sellers_use_are_told_apart(office: Office) -> None:
    customer = office.customer("C-1")
    with office.database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, id="second"))
        other = parties.save_customers(connection, "second", [parties.CustomerRow("C-1", "Same", "DE", ("Europe/Berlin",), "en", ())])["C-1"]
        assert customers.find_customers(connection, customer) == (customer,)
        assert customers.find_customers(connection, "C-1") == (customer, other)
        assert customers.find_customers(connection, "C-1", "second") == (other,)
        assert customers.find_customers(connection, "C-2") == ()


def test_more_customers_than_a_statement_takes_are_treated_at_once(office: Office) -> None:
    people = [parties.CustomerRow(f"C-{n}", f"No {n}", "DE", ("Europe/Berlin",), "en", ((Role.BILLING, "", f"c{n}@x.example", ""),)) for n in range(520)]
    with office.database.transaction() as connection:
        ids = parties.save_customers(connection, SELLER.id, people)
        customers.treat(connection, dict.fromkeys(ids.values(), Treatment(Tier.VIP)), by="Ann", why="", now=NOW)
    assert {line.treatment.tier for line in listed(office).values()} == {Tier.VIP}
