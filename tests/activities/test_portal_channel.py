"""Every mail brings its reader a link to a page of their own; a message can wait there; only the reader's word proves it arrived."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import playbooks
from activities import linking
from activities.unread import give_up_unread
from db import pay_links, portal, receipts
from db.engine import Database
from db.schema import contacts, customers, outreach
from domain.delivery import Receipt, Told
from domain.facts import Envelope, Mode
from integrations.messaging import Message
from integrations.messaging.portal import Portal
from support.by_hand import ByHand
from support.rig import standard_policy

WORLD = "https://pay.brightwater.example"
_PAGE = re.compile(rf"{WORLD}/portal/([A-Za-z0-9_-]{{43}})")
_PAY = re.compile(rf"{WORLD}/pay/([A-Za-z0-9_-]{{43}})")


def chasing(database: Database, *, links: str = WORLD, clicks: bool = False, channels: tuple[str, ...] = (), mode: Mode = Mode.LIVE) -> ByHand:
    playbook = playbooks.load("issue-to-payment")
    resolved = playbooks.resolve(playbook)
    policy = replace(
        standard_policy(),
        playbook=playbooks.from_resolved(resolved),
        resolved=resolved,
        public_url=links,
        clicks=clicks,
        envelope=Envelope(channels=frozenset({"email", "task", *channels})),
    )
    hand = ByHand(database, mode=mode, policy=policy)
    hand.outreach = replace(hand.outreach, messengers={"portal": Portal()})
    return hand


def use_portal(hand: ByHand) -> None:
    """The customer has pressed a button on its page, and likes to be written to there."""
    with hand.database.transaction() as connection:
        connection.execute(customers.update().values(preferred_channel="portal"))
        connection.execute(contacts.update().values(portal_reach=contacts.c.email))


def add_payable(hand: ByHand, number: str, pay_url: str) -> str:
    """An invoice due in a week that can be paid online, with a document to look at."""
    hand.add(number, -7)
    hand.ledger.change(number, pay_url=pay_url, pdf_url=f"{pay_url}/pdf")
    return hand.take_in(number)


def note_waiting(database: Database) -> tuple[ByHand, str, str]:
    """A note of the due day that waits in the portal: the hand, the invoice, the message."""
    hand = chasing(database, channels=("portal",))
    invoice = hand.add("INV-1", 0)
    use_portal(hand)
    hand.until(lambda: hand.rows("select 1 from outreach where channel = 'portal'"), invoice)
    ((message, state, text),) = hand.rows("select id, state, text from outreach where channel = 'portal'")
    assert state == "accepted" and "INV-1" in text and hand.mailer.posted == []
    return hand, invoice, message


def test_a_mail_of_which_somebody_else_gets_a_copy_has_no_link_of_its_readers_own(database: Database) -> None:
    hand = chasing(database, clicks=True)
    invoice = add_payable(hand, "INV-1", "https://pay.seller.example/1")
    with database.transaction() as connection:
        named = {"account_manager": "Tom Reyes", "account_manager_email": "tom@seller.example"}
        connection.execute(customers.update().values(tier="strategic", tier_set_by="Ann", **named))
    hand.work(invoice)
    (mail,) = hand.mailer.accepted
    assert mail.cc == ("tom@seller.example",)
    assert WORLD not in mail.text + mail.html and "https://pay.seller.example/1" in mail.text
    assert "List-Unsubscribe-Post" not in mail.headers and mail.headers["List-Unsubscribe"].startswith("<mailto:")
    assert hand.rows("select 1 from unsubscribe_links") == []


def test_a_mail_brings_a_link_to_the_readers_page_and_what_is_kept_does_not(database: Database) -> None:
    hand = chasing(database)
    invoice = hand.add("INV-1", -7)
    hand.work(invoice)
    (mail,) = hand.mailer.accepted
    (token,) = set(_PAGE.findall(mail.text)) | set(_PAGE.findall(mail.html))
    assert f"All your invoices and messages: {WORLD}/portal/{token}" in mail.text
    assert "for-the-reader-only" not in mail.text + mail.html
    kept = str(hand.rows("select * from outreach")) + str(hand.rows("select * from portal_links"))
    assert token not in kept and "/portal/for-the-reader-only" in kept
    with database.reading() as connection:
        reader = portal.find_reader(connection, token, hand.now)
        assert reader and reader.contact.email == mail.to_address
        assert [one.invoice.number for one in portal.list_open(connection, reader)] == ["INV-1"]
        assert [one.subject for one in portal.list_messages(connection, reader)] == [mail.subject]


def test_without_an_address_that_customers_can_reach_there_is_no_link(database: Database) -> None:
    hand = chasing(database, links="http://127.0.0.1:8401", clicks=True)
    hand.work(add_payable(hand, "INV-1", "https://books.example/pay/1"))
    (mail,) = hand.mailer.accepted
    assert "/portal/" not in mail.text + mail.html and "https://books.example/pay/1" in mail.text
    assert hand.rows("select * from portal_links") == hand.rows("select * from pay_links") == []


def test_links_to_pay_lead_through_us_only_where_that_is_switched_on(database: Database) -> None:
    hand = chasing(database)
    hand.work(add_payable(hand, "INV-1", "https://books.example/pay/1?a=b&c=d"))
    (mail,) = hand.mailer.accepted
    assert "https://books.example/pay/1?a=b&c=d" in mail.text and not _PAY.findall(mail.text)


def test_each_link_to_pay_leads_to_its_own_invoice_and_the_ledgers_stands_in_what_is_kept(database: Database) -> None:
    hand = chasing(database, clicks=True)
    urls = {"INV-1": "https://books.example/pay/1", "INV-2": "https://books.example/pay/10", "INV-3": "https://books.example/pay/1?a=b&c=d"}
    found = [add_payable(hand, number, url) for number, url in urls.items()]
    for invoice in found:
        hand.work(invoice)
    (mail,) = hand.mailer.accepted
    tokens = set(_PAY.findall(mail.text)) | set(_PAY.findall(mail.html))
    with database.reading() as connection:
        led = {link.invoice.number: link.invoice.pay_url for token in tokens if (link := pay_links.find_link(connection, token))}
    assert led == urls
    for url in urls.values():
        assert f'"{url}"' not in mail.html.replace("&amp;", "&") and not re.search(re.escape(url) + r"\s", mail.text)
    assert mail.html.count("/pdf") == 3, "links to documents are left alone"
    ((text,),) = hand.rows("select text from outreach")
    assert all(url in text for url in urls.values()) and "/pay/" + tokens.pop() not in text


def test_a_dot_that_ends_a_sentence_belongs_to_no_link() -> None:
    pattern = re.compile(re.escape("https://b.example/1") + linking._GOES_ON)
    for whole in ("see https://b.example/1.", "(https://b.example/1)", "https://b.example/1\n", '"https://b.example/1"', "https://b.example/1, or"):
        assert pattern.search(whole), whole
    for longer in ("https://b.example/10", "https://b.example/1/pdf", "https://b.example/1.pdf", "https://b.example/1?x", "https://b.example/1&amp;y"):
        assert not pattern.search(longer), longer


def test_who_has_never_used_the_page_is_not_written_to_there(database: Database) -> None:
    hand = chasing(database, channels=("portal",))
    invoice = hand.add("INV-1", 0)
    with database.transaction() as connection:
        connection.execute(customers.update().values(preferred_channel="portal"))
    hand.until(lambda: hand.mailer.accepted, invoice)
    assert hand.rows("select distinct channel from outreach") == [("email",)]


def test_the_messenger_has_the_message_at_once_and_it_has_not_arrived() -> None:
    accepted = Portal().carry(Message("out_1", "portal", "Ada", "ada@x.example", "Due", "text"))
    assert (accepted.kind, getattr(accepted, "delivered", None)) == ("accepted", False)


def test_a_message_that_is_read_has_arrived(database: Database) -> None:
    hand, invoice, message = note_waiting(database)
    with database.transaction() as connection:
        told = Receipt("portal", f"{message}/read", message, message, "portal", "c-1@customer.example", Told.DELIVERED, hand.now)
        assert len(receipts.note(connection, told, hand.now).words) == 1
    hand.work(invoice)
    assert hand.fates(invoice)["due-day"] == "delivered"
    assert give_up_unread(database, hand.now + timedelta(days=9)) == ()


def test_a_message_that_nobody_reads_has_not_arrived_and_goes_another_way(database: Database) -> None:
    hand, invoice, message = note_waiting(database)
    began = hand.now
    assert give_up_unread(database, began + timedelta(days=1)) == ()
    hand.now = began + timedelta(days=2)
    hand.work(invoice)
    assert hand.fates(invoice)["due-day"] == "accepted", "it is never presumed"
    assert len(give_up_unread(database, hand.now)) == 1
    assert give_up_unread(database, hand.now) == (), "once"
    hand.until(lambda: hand.mailer.accepted, invoice)
    assert hand.rows("select channel, state from outreach order by claimed_at") == [("portal", "refused"), ("email", "delivered")]
    assert "nobody has read it in the portal for 2 business days" in hand.diary(invoice)
    with database.reading() as connection:
        assert portal.find_unread(connection, hand.now) == (), message


def test_a_weekend_is_no_time_to_read(database: Database) -> None:
    _, _, message = note_waiting(database)
    friday = datetime(2026, 3, 6, 10, tzinfo=UTC)
    with database.transaction() as connection:
        connection.execute(outreach.update().values(sending_at=friday))
    assert give_up_unread(database, friday + timedelta(days=3)) == (), message
    assert len(give_up_unread(database, friday + timedelta(days=4))) == 1


def test_each_invoice_of_who_wants_it_uploaded_is_a_task_once(database: Database) -> None:
    hand = chasing(database)
    invoice = hand.add("INV-1", -20)
    with database.transaction() as connection:
        connection.execute(customers.update().values(procurement_portal="Ariba"))
    hand.work(invoice)
    ((title, kind, remedy),) = hand.rows("select title, kind, remedy from tasks where kind = 'upload'")
    assert (title, kind) == ("Upload invoice INV-1 to Ariba", "upload") and "then close this task" in remedy
    with database.transaction() as connection:
        connection.exec_driver_sql("update tasks set open_key = null, closed_at = opened_at where kind = 'upload'")
    hand.now += timedelta(days=1)
    hand.work(invoice)
    assert hand.rows("select count(*) from tasks where kind = 'upload'") == [(1,)], "whoever closed it is not asked again"


def test_nothing_is_uploaded_while_nothing_may_leave(database: Database) -> None:
    hand = chasing(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", -20)
    with database.transaction() as connection:
        connection.execute(customers.update().values(procurement_portal="Ariba"))
    hand.work(invoice)
    assert hand.rows("select * from tasks where kind = 'upload'") == []


def test_a_step_without_words_for_the_page_says_there_what_its_e_mail_says(database: Database) -> None:
    hand = chasing(database, channels=("portal",))
    playbook = hand.outreach.assessor.policy.playbook
    steps = tuple(replace(step, by=("portal", "task")) if step.name == "first-overdue" else step for step in playbook.steps)
    resolved = playbooks.resolve(replace(playbook, steps=steps))
    hand = ByHand(database, policy=replace(hand.outreach.assessor.policy, playbook=playbooks.from_resolved(resolved), resolved=resolved))
    hand.outreach = replace(hand.outreach, messengers={"portal": Portal()})
    invoice = hand.add("INV-1", 0)
    hand.ledger.change("INV-1", pdf_url="https://books.example/INV-1.pdf")
    use_portal(hand)
    hand.until(lambda: hand.rows("select 1 from outreach where step = 'first-overdue'"), invoice)
    ((channel, text),) = hand.rows("select channel, text from outreach where step = 'first-overdue'")
    assert channel == "portal" and "INV-1" in text and "attached" not in text and "this e-mail" not in text
    assert hand.mailer.posted == []
