"""Whom we write to: a person's word outranks the ledger's, role by role, until it is given back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from db import contacts, customers, inbox, parties, suppressions
from db.contacts import UnableToSetContact, Wanted
from db.engine import Database
from db.parties import CustomerRow
from db.schema import contacts as rows
from db.schema import tasks
from domain.customer import Contact, Role
from domain.delivery import Ground
from domain.event import ContactSet, OptedIn
from domain.task import TaskKind
from domain.treatment import Treatment
from support.office import SELLER, Office

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
LEDGER = ((Role.BILLING, "Bea Ling", "bea@c.example", "+4930123"), (Role.OTHER, "Desk", "desk@c.example", ""))


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    return Office(database, NOW)


def told(*people: tuple[Role, str, str, str]) -> CustomerRow:
    return CustomerRow("C-1", "Norden Logistics", "DE", ("Europe/Berlin",), "de", people)


def take_in(office: Office, row: CustomerRow) -> str:
    """What an import does with a customer, which is nothing when everything is recorded."""
    with office.database.transaction() as connection:
        return parties.find_recorded(connection, SELLER.id, row) or parties.save_customers(connection, SELLER.id, [row])["C-1"]


def set_contact(office: Office, customer: str, role: Role = Role.BILLING, **wanted: str) -> tuple[str, ...]:
    with office.database.transaction() as connection:
        return contacts.set_contact(connection, customer, role, Wanted(**wanted), by="Ann", why="it bounced", now=NOW)


def known(office: Office, customer: str) -> list[tuple[str, str, str, str, str]]:
    with office.database.reading() as connection:
        lines = contacts.list_contacts(connection, customer)
    return [(line.contact.role.value, line.contact.name, line.contact.email, line.contact.phone, line.set_by) for line in lines]


def test_what_a_person_changes_stays_whatever_the_ledger_says(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    set_contact(office, customer, email="ap@c.example")
    mine = ("billing", "Bea Ling", "ap@c.example", "+4930123", "Ann")
    assert known(office, customer)[0] == mine
    take_in(office, told((Role.BILLING, "Bob", "bob@c.example", ""), (Role.BILLING, "Cy", "cy@c.example", "")))
    assert known(office, customer) == [mine]


def test_roles_that_nobody_changed_go_on_following_the_ledger(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    set_contact(office, customer, Role.CFO, name="Ada Nair", email="ada@c.example")
    take_in(office, told((Role.BILLING, "Bea Ling", "new@c.example", "")))
    assert known(office, customer) == [("billing", "Bea Ling", "new@c.example", "", ""), ("cfo", "Ada Nair", "ada@c.example", "", "Ann")]


def test_a_ledger_that_repeats_itself_is_still_seen_to_tell_nothing_new(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    set_contact(office, customer, email="ap@c.example")
    with office.database.reading() as connection:
        assert parties.find_recorded(connection, SELLER.id, told(*LEDGER)) == customer
        assert parties.find_recorded(connection, SELLER.id, told(LEDGER[0])) is None


def test_one_person_takes_the_place_of_several(office: Office) -> None:
    customer = take_in(office, told((Role.BILLING, "A", "a@c.example", ""), (Role.BILLING, "B", "b@c.example", "")))
    set_contact(office, customer, name="Ap Team", email="ap@c.example", phone="")
    assert known(office, customer) == [("billing", "Ap Team", "ap@c.example", "", "Ann")]


def test_a_role_given_back_is_the_ledgers_from_its_next_word(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    set_contact(office, customer, email="ap@c.example")
    with office.database.transaction() as connection:
        contacts.follow_ledger(connection, customer, Role.BILLING, by="Ann", why="mended", now=NOW)
        with pytest.raises(UnableToSetContact, match="the ledger's already"):
            contacts.follow_ledger(connection, customer, Role.BILLING, by="Ann", why="mended", now=NOW)
    assert known(office, customer)[0][2:] == ("ap@c.example", "+4930123", "")
    take_in(office, told(*LEDGER))
    assert known(office, customer)[0] == ("billing", "Bea Ling", "bea@c.example", "+4930123", "")


def test_an_address_that_was_refused_stays_refused_under_whatever_name(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    with office.database.transaction() as connection:
        connection.execute(rows.update().where(rows.c.email == "bea@c.example").values(refused=["email", "sms"]))
    set_contact(office, customer, Role.CFO, name="Bea as CFO", email="Bea@C.example")
    set_contact(office, customer, email="fresh@c.example")
    with office.database.reading() as connection:
        refused = {line.contact.role: line.contact.refused for line in contacts.list_contacts(connection, customer)}
    assert refused == {Role.CFO: {"email"}, Role.BILLING: {"sms"}, Role.OTHER: frozenset()}


def allow(office: Office, customer: str, *channels: str, role: Role = Role.BILLING, **wanted: str) -> tuple[str, ...]:
    with office.database.transaction() as connection:
        allowed = frozenset(channels)
        return contacts.set_contact(connection, customer, role, Wanted(**wanted), by="Ann", why="she called us", now=NOW, agreed=allowed)


def refused_by(office: Office, customer: str) -> dict[str, frozenset[str]]:
    with office.database.reading() as connection:
        return {line.contact.email: line.contact.refused for line in contacts.list_contacts(connection, customer)}


def test_only_a_person_who_says_that_they_agreed_lifts_an_opt_out_and_every_invoice_hears_it(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    invoice = office.invoice("1", customer)
    with office.database.transaction() as connection:
        suppressions.suppress(connection, "bea@c.example", ["email"], Ground.ASKED, by="bea@c.example", reason="unsubscribed", now=NOW)
        connection.execute(rows.update().where(rows.c.email == "bea@c.example").values(refused=["email", "sms"]))
    set_contact(office, customer, email="bea@c.example", name="Bea Ling")
    assert refused_by(office, customer)["bea@c.example"] == {"email", "sms"}
    (word,) = allow(office, customer, "email")
    assert refused_by(office, customer)["bea@c.example"] == {"sms"}
    with office.database.reading() as connection:
        told_of, silent = inbox.load_word(connection, word), suppressions.list_suppressions(connection, reach="bea@c.example")
        (lifted,) = suppressions.list_suppressions(connection, everything=True)
    assert told_of and (told_of.case, told_of.news) == (f"invoice/{invoice}", OptedIn(("email",), "Ann", "she called us"))
    assert silent == () and (lifted.lifted_by, lifted.lifted_why) == ("Ann", "she called us")
    assert allow(office, customer, "email") == ()


def test_agreeing_alone_leaves_the_contact_the_ledgers(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    with office.database.transaction() as connection:
        connection.execute(rows.update().where(rows.c.email == "bea@c.example").values(refused=["email"]))
    allow(office, customer, "email")
    assert known(office, customer)[0] == ("billing", "Bea Ling", "bea@c.example", "+4930123", "")
    assert refused_by(office, customer)["bea@c.example"] == frozenset()


def test_nobody_agrees_to_be_reached_where_there_is_nothing_to_reach_them_at(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    with pytest.raises(UnableToSetContact, match="no address or number to reach them at by sms"):
        allow(office, customer, "sms", role=Role.OTHER)


@pytest.mark.parametrize(
    "repeated", [LEDGER, ((Role.CFO, "Bea Ling", "BEA@c.example", "+4930123"), LEDGER[1]), ((Role.BILLING, "Bea L.", "bea@c.example", "+4930999"),)]
)
def test_no_import_of_the_same_address_lifts_an_opt_out(office: Office, repeated: tuple[tuple[Role, str, str, str], ...]) -> None:
    customer = take_in(office, told(*LEDGER))
    with office.database.transaction() as connection:
        suppressions.suppress(connection, "bea@c.example", ["email"], Ground.ASKED, by="bea@c.example", reason="unsubscribed", now=NOW)
        connection.execute(rows.update().where(rows.c.email == "bea@c.example").values(refused=["email"]))
    take_in(office, told(*repeated))
    assert {email.lower(): refused for email, refused in refused_by(office, customer).items()}["bea@c.example"] == {"email"}
    take_in(office, told(LEDGER[1]))
    take_in(office, told(*LEDGER))
    with office.database.reading() as connection:
        assert [one.channel for one in suppressions.list_suppressions(connection, reach="bea@c.example")] == ["email"]


def test_a_contact_nobody_can_be_reached_by_is_refused_and_nothing_lost(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    with pytest.raises(UnableToSetContact, match="give an e-mail address or a phone number"):
        set_contact(office, customer, email="", phone="")
    with pytest.raises(UnableToSetContact, match="cfo: nobody could be reached"):
        set_contact(office, customer, Role.CFO, name="Ada")
    assert [row[2] for row in known(office, customer)] == ["bea@c.example", "desk@c.example"]


def test_the_change_is_told_to_every_running_invoice_of_the_customer_and_of_those_who_pay_through_it(office: Office) -> None:
    customer, branch = take_in(office, told(*LEDGER)), office.customer("C-2")
    with office.database.transaction() as connection:
        customers.treat(connection, {branch: Treatment(pays_through="C-1")}, by="Ann", why="", now=NOW)
    mine, theirs = office.invoice("1", customer), office.invoice("2", branch)
    for one in (customer, branch):
        office.task(f"contact/{one}", TaskKind.REPAIR_CONTACT, "Nobody can be reached", "Add an address")
        office.task(f"dead-address/{one}", TaskKind.REPAIR_CONTACT, "It did not arrive", "Find a contact that works")
    office.task("other", TaskKind.REVIEW, "Something else", "Decide")
    words = set_contact(office, customer, email="ap@c.example")
    with office.database.reading() as connection:
        heard = [inbox.load_word(connection, word) for word in words]
        still_open = list(connection.scalars(select(tasks.c.open_key).where(tasks.c.open_key.is_not(None))))
    assert {word.case for word in heard if word} == {f"invoice/{mine}", f"invoice/{theirs}"}
    assert {word.news for word in heard if word} == {ContactSet("Ann", "it bounced", role="billing")}
    assert still_open == ["other"]


def test_the_same_change_once_more_changes_nothing_and_tells_nobody(office: Office) -> None:
    customer = take_in(office, told(*LEDGER))
    office.invoice("1", customer)
    assert len(set_contact(office, customer, email="ap@c.example")) == 1
    assert set_contact(office, customer, email="ap@c.example") == ()


def test_reminders_go_to_the_person_who_was_set(office: Office) -> None:
    customer = take_in(office, told((Role.OTHER, "Desk", "desk@c.example", "")))
    set_contact(office, customer, Role.CFO, name="Ada Nair", email="ada@c.example")
    with office.database.reading() as connection:
        found = parties.load_customer(connection, customer).contact_for("email")
    assert isinstance(found, Contact) and (found.name, found.email, found.language) == ("Ada Nair", "ada@c.example", "de")
