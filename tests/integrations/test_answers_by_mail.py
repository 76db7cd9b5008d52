"""From our reminder to the answer and back: it leaves by a real SMTP server, and what comes in is read from a real IMAP server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import update

from activities.intake import Intake
from db import mailboxes, parties, replies, schema
from db.engine import Database
from domain.case import HoldKind
from domain.decision import Wait
from domain.event import ReplyHandled
from integrations.messaging import smtp
from integrations.messaging.imap import Mailbox, MailboxForm, connect
from support.by_hand import ByHand
from support.customer_mail import returned, written
from support.imap_server import ImapServer, imap_server
from support.office import FakeDoor
from support.rig import SELLER
from tests.integrations.mail_servers import pretend_mail_server
from tests.support.ports import nobody


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture
def mailbox(server: ImapServer) -> Mailbox:
    return server.emptied()


class Post:
    """A seller whose reminders leave by a real SMTP server, and whose mailbox is a real IMAP server's."""

    def __init__(self, database: Database, server: ImapServer, mailbox: Mailbox, outbox: list[bytes]) -> None:
        self.hand, self.server, self.mailbox, self.outbox = ByHand(database), server, mailbox, outbox
        self.door = FakeDoor(database)
        self.intake = Intake(self.door, (mailbox,), "ar")  # type: ignore[arg-type]

    def arrives(self, mail: EmailMessage | bytes, folder: str = "INBOX") -> None:
        self.server.put(mail, folder, self.hand.now)

    def read(self) -> int:
        found = asyncio.run(self.intake.read(self.mailbox, lambda: self.hand.now))
        assert found.failed == 0
        return found.kept

    def answer(self, text: str, *, subject: str = "", sender: str = "", **headers: str) -> EmailMessage:
        """What the customer's mail program makes of the answer to our last reminder."""
        ours = message_from_bytes(self.outbox[-1], policy=policy.default)
        thread = f"{ours['References'] or ''} {ours['Message-ID']}".strip()
        quoted = "".join(f"> {line}\n" for line in ours.get_body(("plain",)).get_content().splitlines())
        full = f"{text}\n\nOn Mon, 2 Mar 2026 at 10:00, {ours['From']} wrote:\n{quoted}"
        told = {"In_Reply_To": str(ours["Message-ID"]), "References": thread, "Message_ID": f"<{len(text)}.{len(self.outbox)}@c.example>", **headers}
        return written(full, sender=sender or str(ours["To"]), to=str(ours["Reply-To"]), subject=subject or f"Re: {ours['Subject']}", **told)

    def holds(self, invoice: str) -> set[HoldKind]:
        decision = self.hand.assess(invoice).decision
        assert isinstance(decision, Wait)
        return {hold.kind for hold in self.hand.case(invoice).holds}


@pytest.fixture
def post(database: Database, server: ImapServer, mailbox: Mailbox) -> Iterator[Post]:
    with pretend_mail_server() as carrier:
        post = Post(database, server, mailbox, carrier.contents)
        mailer = smtp.connect(f"smtp://127.0.0.1:{carrier.port}")
        object.__setattr__(post.hand.outreach, "mailer", mailer)
        yield post


def test_an_answer_makes_its_invoice_wait_whatever_its_subject_and_no_other(post: Post) -> None:
    hand = post.hand
    invoice, other = hand.add("INV-1", 8), hand.add("INV-2", -30, customer="C-2")
    hand.work(invoice)
    post.arrives(post.answer("Could you tell me which delivery this was for?", subject="Totally different", sender="boss@elsewhere.example"))
    assert post.read() == 1 and len(post.door.reported) == 1
    assert post.holds(invoice) == {HoldKind.REPLY}
    assert post.holds(other) == set()
    assert post.read() == 0
    hand.now += timedelta(days=1)
    assert len(post.outbox) == 1


def test_an_answer_to_an_address_of_its_own_needs_no_thread_and_no_known_sender(post: Post) -> None:
    with post.hand.database.transaction() as connection:
        parties.save_seller(connection, replace(SELLER, reply_tokens=True))
    invoice = post.hand.add("INV-1", 8)
    post.hand.work(invoice)
    to = str(message_from_bytes(post.outbox[-1], policy=policy.default)["Reply-To"])
    assert to.startswith("ann.lee+out_")
    post.arrives(written("What is this?", sender="who@elsewhere.example", to=to, subject="?", Message_ID="<new@e>"))
    post.read()
    assert post.holds(invoice) == {HoldKind.REPLY}


def test_an_answer_dealt_with_at_the_invoice_itself_waits_for_nobody_any_more(post: Post) -> None:
    invoice = post.hand.add("INV-1", 8)
    post.hand.work(invoice)
    post.arrives(post.answer("Could you tell me which delivery this was for?"))
    post.read()
    assert post.holds(invoice) == {HoldKind.REPLY}
    post.hand.say(invoice, ReplyHandled(by="Ann", why="told them"))
    assert post.holds(invoice) == set()
    with post.hand.database.reading() as connection:
        assert [(line.state, line.answered_at) for line in replies.list_messages(connection, everything=True)] == [("handled", None)]
        assert replies.list_messages(connection) == ()


def test_a_reminder_that_comes_back_is_not_used_up_and_asks_for_a_better_address(post: Post) -> None:
    invoice = post.hand.add("INV-1", 8)
    post.hand.work(invoice)
    post.arrives(returned(post.outbox[-1]))
    assert post.read() == 1
    post.hand.assess(invoice)
    assert post.hand.states() == ["bounced"]
    assert any(key.startswith("dead-address/") for key in post.hand.tasks())


def test_an_absence_is_waited_out_until_the_day_after_it_ends(post: Post) -> None:
    invoice = post.hand.add("INV-1", 8)
    post.hand.work(invoice)
    text = "Thank you for your message. I am out of the office and will be back on 16 March 2026."
    post.arrives(post.answer(text, subject="Automatic reply: your invoice", Auto_Submitted="auto-replied"))
    post.read()
    assert post.holds(invoice) == {HoldKind.MANUAL}
    (hold,) = post.hand.case(invoice).holds
    assert hold.until.date() in (date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 17))
    with post.hand.database.reading() as connection:
        assert replies.list_messages(connection) == ()


def test_a_mail_one_of_us_wrote_by_hand_counts_for_the_gap_and_our_own_reminder_does_not_twice(post: Post) -> None:
    hand = post.hand
    invoice = hand.add("INV-1", 8)
    hand.assess(invoice)
    (customer, address), *_ = hand.rows("select customer_id, email from contacts where email <> ''")
    post.arrives(written("I just wanted to ask how it is going.", sender=SELLER.sender_email, to=address, subject="Hi", Message_ID="<hand@b>"), "Sent")
    assert post.read() == 1
    decision = hand.assess(invoice).decision
    assert isinstance(decision, Wait) and decision.until > hand.now + timedelta(days=1), "a reminder would have followed at once"
    assert f"{SELLER.sender_email} wrote to the customer: Hi" in hand.diary(invoice)
    hand.until(lambda: post.outbox, invoice)
    post.arrives(post.outbox[-1], "Sent")
    assert post.read() == 0
    assert hand.rows("select count(*) from outreach") == [(2,)]
    assert customer


def test_a_copy_sent_to_the_mailbox_counts_as_the_mail_to_the_customer_it_is(post: Post) -> None:
    hand = post.hand
    invoice = hand.add("INV-1", 8)
    hand.assess(invoice)
    (address,), *_ = hand.rows("select email from contacts where email <> ''")
    post.arrives(written("As discussed.", sender=SELLER.sender_email, to=address, subject="Hi", Message_ID="<bcc@b>"))
    assert post.read() == 1
    assert isinstance(hand.assess(invoice).decision, Wait)
    with hand.database.reading() as connection:
        assert replies.list_messages(connection) == ()
        assert [line.from_us for line in replies.list_messages(connection, everything=True)] == [True]


def test_a_mailbox_that_cannot_be_read_is_told_of_until_it_can(post: Post) -> None:
    with nobody() as port:
        away = connect(MailboxForm(user="ann", password="x", host="127.0.0.1", port=port, security="none"), timeout=2)
        for _ in range(5):
            assert asyncio.run(post.intake.read(away, lambda: post.hand.now)).failed == 1
    assert f"mailbox/{away.source}" in post.hand.tasks()
    with post.hand.database.transaction() as connection:
        assert mailboxes.load(connection, away.source, "INBOX").failures == 5
        connection.execute(update(schema.tasks).values(key=f"mailbox/{post.mailbox.source}", open_key=f"mailbox/{post.mailbox.source}"))
    post.read()
    assert post.hand.tasks() == []
