"""What customers write is kept once, joined to what it is about, and makes their invoices wait; nothing of it is ever lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from db import inbox, incoming, outreach, parties, replies, suppressions, tasks
from db.engine import Database
from db.incoming import Received
from db.schema import receipts
from domain.case import Outcome
from domain.event import DeliveryReported, HoldPlaced, LegalStop, News, OptedOut, PaymentReported, Replied, Spoken
from domain.incoming import Bounced, Enclosed, Incoming
from support.office import SELLER, Office

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
BILLING = "billing@c-1.example"


@pytest.fixture
def office(database: Database) -> Office:
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    return Office(database, NOW)


def mail(text: str, source_id: str = "INBOX/1/1", **fields: object) -> Incoming:
    plain = Incoming("imap:ann@brightwater.example", source_id, "email", NOW, BILLING, ("ann.lee@brightwater.example",), text, message_id=f"<{source_id}@c>")
    return replace(plain, **fields)  # type: ignore[arg-type]


def receive(office: Office, message: Incoming, **known: object) -> Received:
    with office.database.transaction() as connection:
        return incoming.receive(connection, message, NOW, **known)  # type: ignore[arg-type]


def heard(office: Office, invoice: str) -> list[News | None]:
    with office.database.reading() as connection:
        return [word.news for word in inbox.unfolded(connection, f"invoice/{invoice}")]


def shown(office: Office, found: Received) -> replies.Whole:
    with office.database.reading() as connection:
        return replies.load_message(connection, found.id)


def test_an_answer_is_joined_by_its_thread_whoever_sent_it_and_whatever_its_subject(office: Office) -> None:
    customer = office.customer()
    invoice, other = office.invoice("INV-1", customer), office.invoice("INV-2", customer)
    office.message(invoice, customer)
    found = receive(office, mail("What is this about?", sender="cfo@elsewhere.example", subject="Something else", references=("<out_1@brightwater.example>",)))
    assert found.is_new and len(found.words) == 1
    (news,) = heard(office, invoice)
    assert isinstance(news, Replied) and news.by == "the customer" and found.id in news.why
    assert heard(office, other) == []
    line = shown(office, found).line
    assert (line.joined_by, line.state, line.customer_name, [one.number for one in line.about]) == ("thread", "open", "Norden Logistics", ["INV-1"])


def test_an_answer_is_joined_by_the_token_in_the_address_it_was_sent_to(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    office.message(invoice, customer)
    found = receive(office, mail("Hello?", sender="x@elsewhere.example", to=("replies+OUT_1@brightwater.example",)))
    assert shown(office, found).line.joined_by == "token"
    assert len(heard(office, invoice)) == 1


def test_a_mail_of_its_own_is_about_the_invoices_it_names_or_else_about_all_that_are_open(office: Office) -> None:
    customer = office.customer()
    first, second, paid = office.invoice("INV-1", customer), office.invoice("INV-2", customer), office.invoice("INV-3", customer, ended=Outcome.SETTLED)
    receive(office, mail("A question about inv-2.", sender="Billing@C-1.example"))
    assert (len(heard(office, first)), len(heard(office, second))) == (0, 1)
    receive(office, mail("Who are you?", "INBOX/1/2"))
    assert (len(heard(office, first)), len(heard(office, second)), heard(office, paid)) == (1, 2, [])


def test_a_stranger_who_names_an_invoice_makes_it_wait_and_no_more(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-2041", customer)
    found = receive(office, mail("We have already paid INV-2041 yesterday.", sender="someone@else.example"))
    (news,) = heard(office, invoice)
    assert isinstance(news, Replied)
    assert shown(office, found).line.joined_by == "number"
    with office.database.reading() as connection:
        assert suppressions.list_suppressions(connection) == ()


def test_what_belongs_to_nobody_known_waits_for_a_person_who_says_what_it_is_about(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    found = receive(office, mail("Guten Tag", sender="someone@else.example"))
    line = shown(office, found).line
    assert (found.words, line.joined_by, line.state, line.about) == ((), "", "open", ())
    with office.database.transaction() as connection:
        words = incoming.assign(connection, found.id, [f"invoice/{invoice}"], NOW, by="Ann")
    assert len(words) == 1 and len(heard(office, invoice)) == 1
    assert shown(office, found).line.joined_by == "person"
    with office.database.transaction() as connection:
        assert tasks.is_open(connection, "messages/unknown")
        incoming.mark_handled(connection, found.id, "nothing", by="Ann", why="a greeting", now=NOW)
        assert not tasks.is_open(connection, "messages/unknown")


def test_a_newsletter_is_kept_and_asks_nobody_to_read_it(office: Office) -> None:
    found = receive(office, mail("Our spring offers", sender="news@shop.example", headers=(("list-unsubscribe", "<https://shop.example/u>"),)))
    assert shown(office, found).line.state == "noted"
    with office.database.reading() as connection:
        assert not tasks.is_open(connection, "messages/unknown")


def test_a_remittance_advice_is_kept_for_whoever_posts_cash(office: Office) -> None:
    office.invoice("INV-1", office.customer())
    found = receive(office, mail("Please find attached our remittance advice for INV-1.", enclosed=(Enclosed("advice.pdf", "application/pdf", b"%PDF"),)))
    assert shown(office, found).line.intent == "remittance"
    with office.database.transaction() as connection:
        assert tasks.is_open(connection, f"remittance-advice/{found.id}")
        incoming.mark_handled(connection, found.id, "paid", by="Ann", why="posted", now=NOW)
        assert not tasks.is_open(connection, f"remittance-advice/{found.id}")


def test_the_same_message_counts_once_however_often_and_by_whatever_door_it_comes(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    first = receive(office, mail("Hello?"))
    again, forwarded = receive(office, mail("Hello?")), receive(office, mail("Hello?", source="sendgrid", message_id="<INBOX/1/1@c>"))
    assert (again.id, again.is_new, again.words) == (first.id, False, ())
    assert (forwarded.id, forwarded.is_new) == (first.id, False)
    assert len(heard(office, invoice)) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We already paid this invoice last week by bank transfer.", PaymentReported),
        ("Our company has filed for insolvency.", LegalStop),
        ("Please send me a copy of the invoice.", Replied),
        ("We will pay on Friday.", Replied),
    ],
)
def test_an_answer_only_ever_makes_its_invoice_wait(office: Office, text: str, kind: type[News]) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    receive(office, mail(text))
    (news,) = heard(office, invoice)
    assert isinstance(news, kind)


def test_insolvency_silences_everything_the_customer_owes(office: Office) -> None:
    customer = office.customer()
    first, second = office.invoice("INV-1", customer), office.invoice("INV-2", customer)
    receive(office, mail("We have filed for insolvency, see INV-1."))
    assert [type(one) for invoice in (first, second) for one in heard(office, invoice)] == [LegalStop, LegalStop]


def test_stop_silences_the_address_at_once_and_people_hear_of_it(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    receive(office, mail("Stop sending me these e-mails. Unsubscribe me."))
    with office.database.reading() as connection:
        assert [one.channel for one in suppressions.list_suppressions(connection, reach=BILLING)] == ["email"]
    assert {type(one) for one in heard(office, invoice)} == {OptedOut, Replied}


def test_an_absence_is_waited_out_and_asks_nobody_to_read_it(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    text = "I am out of the office until 13 March 2026 and have no access to my e-mail."
    found = receive(office, mail(text, headers=(("auto-submitted", "auto-replied"),), subject="Automatic reply: Invoice INV-1"))
    (news,) = heard(office, invoice)
    assert isinstance(news, HoldPlaced)
    # Back on Monday the 16th, and a day to read what has come meanwhile.
    assert news.until == date(2026, 3, 17)
    assert shown(office, found).line.state == "noted"


def test_an_absence_for_longer_than_anybody_may_be_silenced_is_waited_out_that_long(office: Office) -> None:
    invoice = office.invoice("INV-1", office.customer())
    receive(office, mail("I am on parental leave and back on 1 December 2026.", headers=(("auto-submitted", "auto-replied"),), subject="Out of office"))
    (news,) = heard(office, invoice)
    assert isinstance(news, HoldPlaced) and news.until == NOW.date() + timedelta(days=90)


def test_an_automatic_acknowledgment_is_kept_and_changes_nothing(office: Office) -> None:
    invoice = office.invoice("INV-1", office.customer())
    text = "Your request has been received and assigned ticket number 4711. Do not reply to this e-mail."
    found = receive(office, mail(text, headers=(("auto-submitted", "auto-replied"),), subject="Your request 4711"))
    assert (heard(office, invoice), shown(office, found).line.state) == ([], "noted")


def test_a_mail_that_came_back_is_told_to_the_invoices_of_the_message(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    message = office.message(invoice, customer)
    with office.database.transaction() as connection:
        connection.execute(outreach.outreach.update().values(reach=BILLING))
    report = Bounced(BILLING, "5.1.1", "failed", "no such user", "<out_1@brightwater.example>")
    found = receive(office, mail("Your message could not be delivered", sender="mailer-daemon@c-1.example", bounced=(report,)))
    (news,) = heard(office, invoice)
    assert isinstance(news, DeliveryReported) and (news.outreach, news.fate, news.again) == (message, "failed", False)
    with office.database.reading() as connection:
        assert [one.channel for one in suppressions.list_suppressions(connection, reach=BILLING)] == ["email"]
    assert shown(office, found).line.state == "noted"


def test_a_report_about_a_message_that_is_none_of_ours_is_left_to_a_person(office: Office) -> None:
    invoice = office.invoice("INV-1", office.customer())
    found = receive(office, mail("failed", sender="mailer-daemon@x.example", bounced=(Bounced(BILLING, "5.1.1", "failed", "", "<made-up@x>"),)))
    assert heard(office, invoice) == []
    assert shown(office, found).line.state == "open"
    with office.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(receipts)) == 0


def test_a_mail_of_our_own_people_counts_as_a_contact_and_answers_what_it_replies_to(office: Office) -> None:
    customer = office.customer()
    invoice = office.invoice("INV-1", customer)
    asked = receive(office, mail("Which delivery was this?"))
    ours = mail("The one of May.", "Sent/1/1", sender="ann.lee@brightwater.example", to=(BILLING,), from_us=True, references=("<INBOX/1/1@c>",))
    found = receive(office, ours)
    assert {type(one) for one in heard(office, invoice)} == {Replied, Spoken}
    with office.database.reading() as connection:
        (contact,) = outreach.contacts_made(connection, [customer], [], NOW - timedelta(days=1), rehearsed=False)
    assert contact.at == NOW and contact.channel == "email"
    assert (shown(office, found).line.state, shown(office, asked).line.answered_at, shown(office, asked).line.state) == ("noted", NOW, "open")


def test_what_our_people_write_to_others_than_customers_is_not_kept(office: Office) -> None:
    office.invoice("INV-1", office.customer())
    assert receive(office, mail("See you at eight", "Sent/1/9", to=("friend@home.example",), from_us=True)) == Received("", (), False)
    with office.database.reading() as connection:
        assert replies.list_messages(connection, everything=True) == ()


def test_our_own_reminder_in_the_folder_of_sent_mail_is_no_second_contact(office: Office) -> None:
    customer = office.customer()
    office.message(office.invoice("INV-1", customer), customer)
    ours = mail("Dear all", "Sent/1/1", sender="ann.lee@brightwater.example", to=(BILLING,), from_us=True, message_id="<out_1@brightwater.example>")
    assert receive(office, ours) == Received("", (), False)
    with office.database.reading() as connection:
        assert len(outreach.contacts_made(connection, [customer], [], NOW - timedelta(days=1), rehearsed=False)) == 1


def test_files_are_kept_as_they_came_and_one_too_large_is_said(office: Office) -> None:
    office.invoice("INV-1", office.customer())
    files = (Enclosed("remittance.pdf", "application/pdf", b"%PDF-1.7 \x00", 0), Enclosed("huge.zip", "application/zip", b"", 90_000_000))
    found = receive(office, mail("See attached.\x00", enclosed=files))
    whole = shown(office, found)
    assert [(one.name, one.size, one.kept) for one in whole.files] == [("remittance.pdf", 10, True), ("huge.zip", 90_000_000, False)]
    with office.database.reading() as connection:
        assert replies.load_file(connection, found.id, 0) == b"%PDF-1.7 \x00"
        assert replies.load_file(connection, found.id, 1) == b""


def test_the_inbox_lists_what_waits_oldest_first_until_somebody_has_dealt_with_it(office: Office) -> None:
    office.invoice("INV-1", office.customer())
    newer = receive(office, mail("Hello?", "INBOX/1/2"))
    older = receive(office, mail("Hello!", "INBOX/1/1", received_at=NOW - timedelta(days=1)))
    with office.database.transaction() as connection:
        assert [line.id for line in replies.list_messages(connection)] == [older.id, newer.id]
        assert replies.count_open(connection) == (2, NOW - timedelta(days=1))
        assert incoming.mark_handled(connection, older.id, "nothing", by="Ann", why="a greeting", now=NOW)
        assert not incoming.mark_handled(connection, older.id, "paid", by="Bo", why="too late", now=NOW)
        assert [line.id for line in replies.list_messages(connection)] == [newer.id]
        assert [line.id for line in replies.list_messages(connection, everything=True, customer="norden")] == [newer.id, older.id]
    assert shown(office, older).handled_by == "Ann"


def test_whose_it_is_is_known_best_by_the_way_it_came(office: Office) -> None:
    customer, other = office.customer(), office.customer("C-2", "Harbor")
    invoice, elsewhere = office.invoice("INV-1", customer), office.invoice("INV-2", other)
    receive(office, mail("About INV-2, from the portal", channel="portal", sender=""), customer_id=customer)
    assert (len(heard(office, invoice)), heard(office, elsewhere)) == (1, [])
    receive(office, mail("And this", "p/2", channel="portal", sender=""), about=[f"invoice/{elsewhere}"])
    assert len(heard(office, elsewhere)) == 1
