"""A formal demand goes along as a letter, a letter into the folder to be posted, and both are kept as they left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import playbooks
from db import letters
from db.engine import Database
from db.schema import customers
from domain.event import OutreachResolved
from domain.facts import Envelope
from integrations.messaging import Attachment, Message, Refused, capture, print_folder
from support.by_hand import ByHand
from support.rig import standard_policy

PAPER = Attachment("final-demand.pdf", "application/pdf", b"%PDF-1.7")


def b2b(database: Database, *channels: str) -> ByHand:
    playbook = playbooks.load("b2b-three-weeks")
    policy = replace(
        standard_policy(), playbook=playbook, resolved=playbooks.resolve(playbook), envelope=Envelope(channels=frozenset({"email", "task", *channels}))
    )
    return ByHand(database, policy=policy)


def kept(database: Database) -> list[bytes]:
    with database.reading() as connection:
        found = [letters.load(connection, outreach) for (outreach,) in connection.exec_driver_sql("select outreach_id from letters")]
    return [one for one in found if one]


def test_a_formal_demand_by_email_carries_its_letter_and_the_letter_is_kept(database: Database) -> None:
    hand = b2b(database)
    invoice = hand.add("INV-7", 2)
    hand.until(lambda: any("Final demand" in mail.subject for mail in hand.mailer.accepted), invoice)
    demand = next(mail for mail in hand.mailer.accepted if "Final demand" in mail.subject)
    (paper,) = [one for one in demand.attachments if one.name == "final-demand-INV-7.pdf"]
    assert paper.content.startswith(b"%PDF-")
    assert kept(database) == [paper.content]
    assert not [mail for mail in hand.mailer.accepted if mail is not demand and any("demand" in one.name for one in mail.attachments)]


def by_post(database: Database, tmp_path: Path, *numbers: str, address: tuple[str, ...] = ("1 Main Street", "Springfield")) -> tuple[ByHand, str]:
    """A customer who wants letters, which lie in the folder until somebody has posted them; the last of its invoices, by default INV-8."""
    hand, invoice = b2b(database, "letter"), ""
    hand.outreach = replace(hand.outreach, messengers={"letter": print_folder.connect(tmp_path / "letters")})
    for number in numbers or ("INV-8",):
        due = hand.day(-2)
        hand.ledger.add(number, due, due - timedelta(days=30))
        hand.ledger.rows[number] = replace(hand.ledger.rows[number], customer=replace(hand.ledger.rows[number].customer, address=address))
        invoice = hand.take_in(number)
    with database.transaction() as connection:
        connection.execute(customers.update().values(preferred_channel="letter"))
    return hand, invoice


def test_a_letter_lies_in_the_folder_and_somebody_is_told_to_post_it(database: Database, tmp_path: Path) -> None:
    hand, invoice = by_post(database, tmp_path)
    hand.until(lambda: list((tmp_path / "letters").glob("*.pdf")), invoice)
    (file,) = (tmp_path / "letters").glob("*.pdf")
    assert kept(database) == [file.read_bytes()]
    ((title, remedy),) = hand.rows("select title, remedy from tasks where kind = 'post_letter'")
    assert title == "Print and post the final demand to Customer C-1 (invoice INV-8)"
    assert file.name in remedy and "the result posted" in remedy
    assert "final demand printed, to be posted by a person of ours" in hand.diary(invoice) and hand.fates(invoice)["final-demand"] == "accepted"


def test_one_letter_about_two_invoices_counts_for_both_once_somebody_says_that_it_was_posted(database: Database, tmp_path: Path) -> None:
    hand, second = by_post(database, tmp_path, "INV-8", "INV-9")
    first = next(id_ for (id_,) in hand.rows("select id from invoices where number = 'INV-8'"))
    hand.until(lambda: list((tmp_path / "letters").glob("*.pdf")), first, second)
    letter = next(id_ for (id_,) in hand.rows("select id from outreach where channel = 'letter'"))
    assert f"post/{letter}" in hand.tasks()
    asked = hand.now
    with pytest.raises(AssertionError, match="did not happen"):
        hand.until(lambda: "presumed delivered" in hand.diary(first) or "handover" in hand.diary(first), first, second, days=40)
    assert hand.now > asked + timedelta(days=39) and f"post/{letter}" in hand.tasks()
    hand.say(first, OutreachResolved(letter, went_out=True, by="Ann", why="posted"))
    hand.assess(first)
    assert f"post/{letter}" not in hand.tasks()
    assert all("final demand posted on" in hand.diary(one) for one in (first, second))
    hand.until(lambda: "handover to collections" in hand.diary(first), first, second)
    assert "final demand presumed delivered: posted 4 business days ago" in hand.diary(first)


def test_a_letter_that_was_not_posted_is_written_anew_as_things_stand_then(database: Database, tmp_path: Path) -> None:
    hand, invoice = by_post(database, tmp_path)
    hand.until(lambda: list((tmp_path / "letters").glob("*.pdf")), invoice)
    letter = next(id_ for (id_,) in hand.rows("select id from outreach where channel = 'letter'"))
    hand.say(invoice, OutreachResolved(letter, went_out=False, by="Ann", why="the address is wrong"))
    hand.until(lambda: len(list((tmp_path / "letters").glob("*.pdf"))) == 2, invoice)
    assert hand.rows(f"select state from outreach where id = '{letter}'") == [("released",)]
    assert [key for key in hand.tasks() if key.startswith("post/")] != [f"post/{letter}"]


def test_a_letter_that_nobody_posted_need_not_be_once_the_invoice_is_paid(database: Database, tmp_path: Path) -> None:
    hand, invoice = by_post(database, tmp_path)
    hand.until(lambda: list((tmp_path / "letters").glob("*.pdf")), invoice)
    hand.ledger.change("INV-8", balance=Decimal(0))
    hand.assess(invoice)
    assert not [key for key in hand.tasks() if key.startswith("post/")]


def test_a_customer_without_a_postal_address_gets_its_demand_another_way(database: Database, tmp_path: Path) -> None:
    hand, invoice = by_post(database, tmp_path, address=())
    hand.until(lambda: "final-demand" in hand.fates(invoice), invoice)
    assert not list((tmp_path / "letters").glob("*.pdf")) and "final demand sent by e-mail" in hand.diary(invoice)


def test_a_letter_without_paper_is_refused_and_a_folder_that_is_gone_can_be_tried_again(tmp_path: Path) -> None:
    messenger = print_folder.connect(tmp_path / "letters")
    message = Message("out_1", "letter", "Ada", "Ada", "Final demand", "text")
    assert messenger.carry(message) == Refused("there is no letter to print", try_again=False)
    (tmp_path / "letters").rmdir()
    refused = messenger.carry(replace(message, attachments=(PAPER,)))
    assert isinstance(refused, Refused) and refused.try_again and "free space" in refused.reason


def test_capture_keeps_the_letter_beside_its_text(tmp_path: Path) -> None:
    message = Message("out_1", "letter", "Ada", "Ada", "Final demand", "text", attachments=(PAPER,))
    capture.connect(tmp_path).carry(message)
    assert (tmp_path / "out_1.letter.pdf").read_bytes() == b"%PDF-1.7"
