"""A formal demand goes along as a letter, a letter into the folder to be posted, and both are kept as they left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import playbooks
from db import letters
from db.engine import Database
from db.schema import customers
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


def test_a_letter_lies_in_the_folder_and_somebody_is_told_to_post_it(database: Database, tmp_path: Path) -> None:
    hand = b2b(database, "letter")
    hand.outreach = replace(hand.outreach, messengers={"letter": print_folder.connect(tmp_path / "letters")})
    invoice = hand.add("INV-8", 2)
    with database.transaction() as connection:
        connection.execute(customers.update().values(preferred_channel="letter"))
    hand.until(lambda: list((tmp_path / "letters").glob("*.pdf")), invoice)
    (file,) = (tmp_path / "letters").glob("*.pdf")
    assert kept(database) == [file.read_bytes()]
    ((title, remedy),) = hand.rows("select title, remedy from tasks where kind = 'post_letter'")
    assert title == "Print and post the final demand to Customer C-1 (invoice INV-8)"
    assert file.name in remedy and "The ledger tells no address" in remedy


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
