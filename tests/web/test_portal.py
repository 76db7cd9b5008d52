"""The customer's own page: whoever has the link reads it, opening it changes nothing, and each button tells us once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql
from structlog.testing import capture_logs

from db import cases, inbox, invoices, parties, portal, schema
from db.cases import Showing
from domain.case import Dispute
from domain.event import DeliveryReported, DisputeRaised, PaymentReported, PromiseMade, Replied
from domain.invoice import Booking, BookingKind
from domain.money import Money
from domain.seller import BankDetails
from support.office import SELLER, FakeDoor, Office
from web.answers import LONGEST_WORDS
from web.portal import OFTEN

REACH = "billing@c-1.example"
BANK = BankDetails("Brightwater Tools Ltd", "DE89370400440532013000", "COBADEFFXXX")
BUTTONS = ("paid", "promise", "wrong", "copy", "plan", "person", "read", "here", "renew")


@dataclass
class Desk:
    """A contact with two invoices, a mail, a letter and a message in the portal, and what stands in the contact's link."""

    office: Office
    token: str
    contact: str
    found: dict[str, str]
    messages: dict[str, str]

    @property
    def path(self) -> str:
        return f"/portal/{self.token}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.office.database.reading() as connection:
            return [tuple(row) for row in connection.execute(sql(query))]

    def state(self) -> dict[str, list[str]]:
        tables = ("portal_links", "contacts", "outreach", "inbox", "incoming", "cases", "tasks", "receipts", "journal")
        return {table: sorted(map(str, self.rows(f"select * from {table}"))) for table in tables}

    def change(self, number: str, **fields: Any) -> None:
        with self.office.database.transaction() as connection:
            case = cases.load_case(connection, f"invoice/{self.found[number]}")
            assert case
            saved = replace(case, seq=case.seq + 1, **fields)
            cases.save_case(connection, saved, Showing("courtesy", "planned", "", "Ann", None, ""), self.office.now)

    def set(self, query: str) -> None:
        with self.office.database.transaction() as connection:
            connection.execute(sql(query))


@pytest.fixture
def desk(office: Office) -> Desk:
    with office.database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, bank=BANK))
    customer = office.customer()
    found = {number: office.invoice(number, customer, late=late, balance=balance) for number, late, balance in (("A-1", 12, "1200.00"), ("A-2", -9, "99.50"))}
    other = office.customer("C-2", "Sudwind")
    office.invoice("OTHERS-1", other, balance="7765.00")
    messages = {
        "email": office.message(found["A-1"], customer, subject="A mail of ours"),
        "letter": office.message(found["A-1"], customer, subject="A letter of ours"),
        "portal": office.message(found["A-1"], customer, subject="A note of ours", text="All of the note.", html=""),
        "theirs": office.message(found["A-1"], customer, subject="To their chief"),
    }
    with office.database.transaction() as connection:
        contact = parties.load_customer(connection, customer).contacts[0].id
        table = schema.outreach
        connection.execute(table.update().where(table.c.id != messages["theirs"]).values(contact_id=contact, reach=REACH))
        for channel in ("letter", "portal"):
            connection.execute(table.update().where(table.c.id == messages[channel]).values(channel=channel, provider=channel))
        connection.execute(schema.letters.insert().values(outreach_id=messages["letter"], pdf=b"%PDF-1.7 as it left"))
        invoices = schema.invoices
        connection.execute(invoices.update().where(invoices.c.id == found["A-1"]).values(pay_url="https://books.example/pay/1", pdf_url="javascript:alert(1)"))
        token = portal.make_link(connection, contact, REACH, office.now)
    return Desk(office, token, contact, found, messages)


def words_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def test_the_page_shows_what_is_open_what_was_written_and_nothing_of_anybody_else(outside: TestClient, desk: Desk) -> None:
    answer = outside.get(desk.path)
    page = words_of(answer)
    assert answer.status_code == 200
    for said in ("Your invoices from Brightwater Tools", "A-1", "12 days overdue", "A-2", "due in 9 days", "1.299,50 €", "4 March 2026, 10:30"):
        assert said in page, said
    for said in ("A mail of ours", "A letter of ours", "A note of ours", "All of the note."):
        assert said in page, said
    assert 'href="https://books.example/pay/1"' in answer.text
    assert "DE89 3704 0044 0532 0130 00" in page and answer.text.count("data:image/svg+xml") == 2, "each has its payment code"
    for strange in ("OTHERS-1", "7.765", "7,765", "7765.00", "Sudwind", "To their chief", "javascript:", "Dunwell", "reminder", desk.contact, desk.token + "="):
        assert strange not in answer.text, strange
    assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer" and "<script" not in answer.text


@pytest.mark.parametrize(("language", "said"), [("de", "Ihre Rechnungen von"), ("fr", "Vos factures de"), ("pl", "Your invoices from")])
def test_it_speaks_the_contacts_language_where_it_can(outside: TestClient, desk: Desk, language: str, said: str) -> None:
    desk.set(f"update contacts set language = '{language}'")
    assert said in outside.get(desk.path).text


def test_opening_it_changes_nothing_however_it_is_opened(outside: TestClient, desk: Desk) -> None:
    before = desk.state()
    for path in ("", "/statement.pdf", f"/letters/{desk.messages['letter']}.pdf", "?a=%00"):
        for headers in ({}, {"Sec-Purpose": "prefetch;prerender"}):
            assert outside.get(desk.path + path, headers=headers).status_code == 200
    for button in BUTTONS:
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            assert outside.request(method, f"{desk.path}/{button}").status_code == 405
    assert desk.state() == before


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("", "en", "does not work, or no longer does"),
        ("de-AT,de;q=0.9,en;q=0.5", "de", "funktioniert nicht oder nicht mehr"),
        ("fr", "fr", "ne fonctionne pas, ou ne fonctionne plus"),
        ("pl, es;q=0.8, en;q=0.7", "es", "no funciona, o ha dejado de funcionar"),
        ("zz, ;;;q=9", "en", "This link does not work"),
    ],
)
def test_a_link_that_leads_nowhere_says_so_in_the_language_that_the_browser_asks_for(outside: TestClient, asked: str, language: str, said: str) -> None:
    headers = {"Accept-Language": asked} if asked else {}
    for answer in (
        outside.get(f"/portal/{'x' * 43}", headers=headers),
        outside.get(f"/portal/{'x' * 43}/statement.pdf", headers=headers),
        outside.post(f"/portal/{'x' * 43}/here", data={"yes": "1"}, headers=headers),
    ):
        assert answer.status_code == 404
        assert f'<html lang="{language}">' in answer.text and said in answer.text


def test_a_link_that_is_made_up_expired_taken_back_or_of_somebody_gone_tells_nothing_apart(outside: TestClient, desk: Desk) -> None:
    made_up = outside.get(f"/portal/{'x' * 43}")
    assert made_up.status_code == 404 and "This link does not work" in made_up.text
    for odd in ("short", "x" * 4000, "..%2f..%2fetc", "%00" * 43):
        assert outside.get(f"/portal/{odd}").status_code == 404

    def shut() -> list[Any]:
        tries = [outside.get(desk.path), outside.get(f"{desk.path}/statement.pdf"), outside.post(f"{desk.path}/here", data={"yes": "1"})]
        return [(one.status_code, one.text) for one in tries]

    nowhere = [(404, made_up.text)] * 3
    desk.set("update contacts set email = 'next@c-1.example'")
    assert shut() == nowhere, "somebody else reads there now"
    desk.set(f"update contacts set email = '{REACH}'")
    assert outside.get(desk.path).status_code == 200
    began = desk.office.now
    desk.office.now = began + portal.LIFE
    assert shut() == nowhere
    desk.office.now = began
    with desk.office.database.transaction() as connection:
        assert portal.revoke(connection, desk.contact, desk.office.now) == 1
    assert shut() == nowhere
    desk.set("delete from contacts where customer_id = (select customer_id from invoices where number = 'A-1')")
    assert shut() == nowhere


def test_a_link_can_be_kept_for_longer(outside: TestClient, desk: Desk) -> None:
    began = desk.office.now
    desk.office.now = began + portal.LIFE - timedelta(days=1)
    assert "leads here until 1 July 2026 now" in words_of(outside.post(f"{desk.path}/renew", data={"yes": "1"}))
    desk.office.now = began + portal.LIFE + timedelta(days=30)
    assert outside.get(desk.path).status_code == 200


def test_only_a_hash_of_the_link_is_kept_and_no_log_holds_it(outside: TestClient, desk: Desk) -> None:
    with capture_logs() as logs:
        outside.get(desk.path)
        outside.post(f"{desk.path}/here", data={"yes": "1"})
    assert desk.token not in str(desk.state()) and desk.token not in str(logs)


def test_it_is_paid_silences_the_invoice_and_people_read_day_and_reference(outside: TestClient, desk: Desk) -> None:
    day = desk.office.today - timedelta(days=2)
    data = {"invoice": desk.found["A-1"], "day": str(day), "words": "STOP, lawyer <b>77</b>"}
    for _ in range(2):
        answer = outside.post(f"{desk.path}/paid", data=data)
        assert answer.status_code == 200 and "We compare it with our account" in words_of(answer)
    ((channel, intent, said, customer),) = desk.rows("select channel, intent, text, customer_id from incoming")
    assert (channel, intent) == ("portal", "paid_already"), "what stands beside it is not taken for what is meant"
    assert said == "Paid on 2 March 2026: A-1. Reference: STOP, lawyer <b>77</b>" and customer
    with desk.office.database.reading() as connection:
        heard = {one.case: one.news for number in desk.found for one in inbox.unfolded(connection, f"invoice/{desk.found[number]}")}
    assert [type(news) for news in heard.values()] == [PaymentReported] and list(heard) == [f"invoice/{desk.found['A-1']}"]
    assert "Reference: STOP" in words_of(outside.get(desk.path)) and "<b>77" not in outside.get(desk.path).text


def test_a_day_to_pay_a_fault_and_a_copy_are_told_to_the_invoices_that_were_chosen(outside: TestClient, desk: Desk, door: FakeDoor) -> None:
    day = desk.office.today + timedelta(days=3)
    assert "7 March 2026" in words_of(outside.post(f"{desk.path}/promise", data={"invoice": desk.found["A-1"], "day": str(day)}))
    assert "A colleague looks into it" in words_of(outside.post(f"{desk.path}/wrong", data={"invoice": desk.found["A-2"], "words": "no order number"}))
    assert "We send it again" in words_of(outside.post(f"{desk.path}/copy", data={"invoice": list(desk.found.values())}))
    told = [(case.removeprefix("invoice/"), news) for case, news, *_ in door.overrides]
    first, second = desk.found["A-1"], desk.found["A-2"]
    assert told[:2] == [(first, PromiseMade(day, scheduled=True)), (second, DisputeRaised("no order number"))]
    assert sorted(told[2:], key=str) == sorted([(first, Replied(copy=True)), (second, Replied(copy=True))], key=str)
    assert {(by, why) for _, _, by, why, _ in door.overrides} == {("the customer", "on the customer's page")}
    assert all(key and desk.token not in key for *_, key in door.overrides)


def test_the_wrong_person_stops_everything_and_says_who_is_right(outside: TestClient, desk: Desk) -> None:
    answer = outside.post(f"{desk.path}/person", data={"invoice": desk.found["A-1"], "words": "Please ask Bea Holm"})
    assert "write to the right person" in words_of(answer)
    ((intent, said),) = desk.rows("select intent, text from incoming")
    assert intent == "wrong_contact" and said.endswith("Please ask Bea Holm")
    assert len(desk.rows("select * from inbox where kind = 'replied'")) == 2


def test_who_would_like_to_pay_in_parts_is_proposed_a_plan_over_what_was_chosen(outside: TestClient, desk: Desk) -> None:
    for _ in range(2):
        answer = outside.post(f"{desk.path}/plan", data={"invoice": desk.found["A-1"], "words": "From March, if we may"})
        assert "You get our answer in writing" in words_of(answer)
    ((intent, said),) = desk.rows("select intent, text from incoming")
    assert intent == "plan_request" and said.endswith("From March, if we may")
    (((body,),), ((held,),)) = (desk.rows(f"select {what} from inbox where kind = '{kind}'") for what, kind in (("body", "offered"), ("case_id", "hold")))
    assert desk.found["A-1"] in body and desk.found["A-2"] not in body and held == f"invoice/{desk.found['A-1']}"


def test_what_does_not_fit_is_given_back_and_tells_nobody(outside: TestClient, desk: Desk, door: FakeDoor) -> None:
    one = desk.found["A-1"]
    strange = desk.rows("select id from invoices where number = 'OTHERS-1'")[0][0]
    for button, data in (
        ("paid", {"invoice": one, "day": str(desk.office.today + timedelta(days=1))}),
        ("paid", {"invoice": one, "day": ""}),
        ("paid", {"invoice": one, "day": str(desk.office.today), "words": "x" * 141}),
        ("promise", {"invoice": one, "day": str(desk.office.today - timedelta(days=1))}),
        ("promise", {"invoice": one, "day": "2026-02-30"}),
        ("promise", {"invoice": one, "day": "9999-12-31"}),
        ("wrong", {"invoice": one, "words": "w" * (LONGEST_WORDS + 1)}),
        ("copy", {"invoice": strange}),
        ("copy", {"day": "2026-03-11"}),
    ):
        answer = outside.post(f"{desk.path}/{button}", data=data)
        assert answer.status_code == 422 and 'role="alert"' in answer.text, (button, data)
    assert outside.post(f"{desk.path}/approve", data={"yes": "1"}).status_code == 400
    assert outside.post(f"{desk.path}/wrong", data={"words": "x" * 200_000}).status_code == 413
    assert door.overrides == [] and desk.rows("select * from incoming") == []


def test_a_flood_of_buttons_is_refused_for_an_hour(outside: TestClient, desk: Desk) -> None:
    for _ in range(OFTEN):
        assert outside.post(f"{desk.path}/here", data={"yes": "1"}).status_code == 200
    assert outside.post(f"{desk.path}/here", data={"yes": "1"}).status_code == 429
    assert outside.get(desk.path).status_code == 200
    desk.office.now += timedelta(hours=1)
    assert outside.post(f"{desk.path}/here", data={"yes": "1"}).status_code == 200


def test_what_is_in_dispute_is_shown_and_not_asked_for(outside: TestClient, desk: Desk) -> None:
    office = desk.office
    with office.database.reading() as connection:
        case = cases.load_case(connection, f"invoice/{desk.found['A-1']}")
    assert case
    desk.change("A-1", disputes=(Dispute(case.invoice.balance, "broken", "Ann", office.today, office.now, "Bea", is_whole=True),))
    page = outside.get(desk.path).text
    assert "A colleague is looking into this one" in page and "books.example" not in page
    assert page.count("data:image/svg+xml") == 1


def test_the_readers_word_is_the_receipt_of_a_message_in_the_portal(outside: TestClient, desk: Desk, door: FakeDoor) -> None:
    note = desk.messages["portal"]
    for strange in ("out_0", desk.messages["email"], "\x00"):
        assert outside.post(f"{desk.path}/read", data={"message": strange}).status_code == 200
    assert desk.rows("select * from receipts") == []
    for _ in range(2):
        answer = outside.post(f"{desk.path}/read", data={"message": note})
    assert f'value="{note}"' not in answer.text and "On this page, read" in words_of(answer)
    with desk.office.database.reading() as connection:
        (word,) = inbox.unfolded(connection, f"invoice/{desk.found['A-1']}")
    assert isinstance(word.news, DeliveryReported) and (word.news.outreach, word.news.fate) == (note, "delivered")
    assert desk.rows("select count(*) from receipts") == [(1,)]


def test_messages_wait_there_only_for_whoever_has_pressed_a_button(outside: TestClient, desk: Desk) -> None:
    def reachable() -> bool:
        with desk.office.database.reading() as connection:
            customer = parties.load_customer(connection, desk.rows("select customer_id from invoices where number = 'A-1'")[0][0])
        return customer.contact_for("portal") is not None

    outside.get(desk.path)
    assert not reachable()
    assert "Yes, write to me here" in outside.get(desk.path).text
    assert "Yes, write to me here" not in outside.post(f"{desk.path}/here", data={"yes": "1"}).text
    assert reachable()
    desk.set("update contacts set email = 'next@c-1.example'")
    assert not reachable(), "it was somebody else"


def test_documents_can_be_taken_along(outside: TestClient, desk: Desk) -> None:
    statement = outside.get(f"{desk.path}/statement.pdf")
    assert statement.headers["Content-Type"] == "application/pdf" and statement.content.startswith(b"%PDF-")
    letter = outside.get(f"{desk.path}/letters/{desk.messages['letter']}.pdf")
    assert letter.content == b"%PDF-1.7 as it left"
    for other in (desk.messages["email"], "out_99", "x" * 500):
        assert outside.get(f"{desk.path}/letters/{other}.pdf").status_code == 404


def test_whoever_pays_for_others_sees_theirs_too_and_nothing_open_is_said_so(outside: TestClient, desk: Desk) -> None:
    payer = desk.rows("select customer_id from invoices where number = 'A-1'")[0][0]
    desk.set(f"update customers set pays_through = '{payer}' where number = 'C-2'")
    page = words_of(outside.get(desk.path))
    assert "OTHERS-1" in page and "Sudwind" in page
    desk.set("update invoices set balance_minor = 0")
    page = words_of(outside.get(desk.path))
    assert "There is nothing to pay" in page and "Tell us how it stands" not in page
    assert outside.get(f"{desk.path}/statement.pdf").content.startswith(b"%PDF-")
    assert outside.post(f"{desk.path}/copy", data={"invoice": desk.found["A-1"]}).status_code == 422


def test_the_page_lists_what_was_paid_by_day_and_amount_and_names_nobody(outside: TestClient, inside: TestClient, desk: Desk) -> None:
    told = tuple(
        Booking(str(n), date(2026, 2, day), Money(Decimal(amount), "EUR"), kind, "transfer", "Sudwind Ltd, Ms. Canary")
        for n, (day, amount, kind) in enumerate(((3, "400.00", BookingKind.PAYMENT), (9, "50.00", BookingKind.CREDIT)))
    )

    def book(balance: str) -> None:
        with desk.office.database.transaction() as connection:
            (known,) = invoices.find_by_number(connection, "A-1")
            seen = replace(known, balance=Money(Decimal(balance), "EUR"), bookings=told)
            invoices.save_invoices(connection, [(seen, f"{known.customer}/A-1")], desk.office.now)
        desk.change("A-1", invoice=seen)

    book("750.00")
    page = words_of(outside.get(desk.path))
    assert "paid 400,00 € on 3 February 2026" in page.replace("\xa0", " ") and "credited 50,00 € on 9 February 2026" in page.replace("\xa0", " ")
    ours = words_of(inside.get(f"/invoices/{desk.found['A-1']}")).replace("\xa0", " ")
    assert "paid €400.00 on 3 February 2026 by transfer, reference Sudwind Ltd, Ms. Canary" in ours
    book("700.00")
    apart = words_of(outside.get(desk.path))
    assert "paid 400,00" not in apart.replace("\xa0", " ") and "Sudwind" not in page + apart and "transfer, " not in page
    assert "the balance is €50.00 lower" in words_of(inside.get(f"/invoices/{desk.found['A-1']}")).replace("\xa0", " ")
    assert outside.get(f"{desk.path}/statement.pdf").content.startswith(b"%PDF-")
