"""What one look at an invoice promises: the same debt stays the same, nothing private travels, nothing odd stops the rest."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from temporalio.contrib.pydantic import pydantic_data_converter

from db import inbox, installation, tasks
from db.engine import Database
from db.schema import contacts
from db.schema import inbox as inbox_rows
from domain.decision import Close, Perform, Wait
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, InvoiceChanged, News, PaymentReported, PromiseMade, StepSkipped
from domain.facts import Mode
from integrations.accounting import LedgerContact
from integrations.messaging import Refused
from starter import Door
from support.by_hand import ByHand
from support.rig import SELLER
from workflows.contract import Said, case_id
from workflows.ports import Answer, Ask


def test_a_renumbered_invoice_is_the_same_debt(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.work(invoice)
    hand.ledger.change("INV-1", number="2026/0001")
    hand.now += timedelta(days=1)
    assert hand.take_in("INV-1") == invoice
    hand.work(invoice)
    assert hand.rows("select id, number from invoices") == [(invoice, "2026/0001")]
    assert hand.case(invoice).invoice.number == "2026/0001"
    hand.until(lambda: "third-reminder" in hand.fates(invoice), invoice)
    hand.nothing_unrecorded(invoice)
    assert "2026/0001" in hand.mailer.accepted[-1].text


def test_an_invoice_renumbered_while_it_is_watched_is_found_by_its_own_look(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.work(invoice)
    hand.ledger.change("INV-1", number="2026/0001")
    hand.until(lambda: "third-reminder" in hand.fates(invoice), invoice)
    assert hand.rows("select id, invoice_id from cases") == [(case_id(invoice), invoice)]
    hand.nothing_unrecorded(invoice)


def test_a_renumbered_customers_invoice_is_the_same_debt(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.work(invoice)
    row = hand.ledger.rows["INV-1"]
    hand.ledger.change("INV-1", customer=replace(row.customer, number="C-900"))
    hand.now += timedelta(days=1)
    assert hand.take_in("INV-1") == invoice
    waiting = hand.work(invoice)
    assert "third reminder planned" in waiting.why, "the new customer number made the customer hear the same again"
    ((of_case, of_invoice),) = hand.rows("select c.customer_id, i.customer_id from cases c join invoices i on i.id = c.invoice_id")
    assert of_case == of_invoice
    hand.until(lambda: "third-reminder" in hand.fates(invoice), invoice)
    hand.nothing_unrecorded(invoice)


CANARIES = ("Bea Ling", "customer.example", "Ann Lee", "in hospital", "SECRET", "PO-77", "mailbox")
PRIVATE: list[News] = [
    HoldPlaced(by="Ann Lee", why="Bea Ling is in hospital"),
    HoldReleased(by="Ann Lee", why="Bea Ling is back"),
    PaymentReported(by="Ann Lee", why="Bea Ling said so"),
    PromiseMade(date(2026, 3, 20), by="Ann Lee", why="Bea Ling is in hospital"),
    StepSkipped(by="Ann Lee", why="Bea Ling is in hospital"),
    ChasingStopped(by="Ann Lee", why="Bea Ling is in hospital"),
]


def private_in(answer: Answer) -> list[str]:
    """What must not stand in Temporal and would, were this answer given."""
    (payload,) = asyncio.run(pydantic_data_converter.encode([answer]))
    return [canary for canary in CANARIES if canary.encode() in payload.data]


def test_nothing_people_wrote_and_no_link_travels_to_temporal(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", -20)
    hand.ledger.change("INV-1", pay_url="https://pay.example/SECRET", pdf_url="https://pdf.example/SECRET", purchase_order="PO-77 for Bea Ling")
    for word in PRIVATE:
        hand.say(invoice, word)
        assert private_in(hand.assess(invoice)) == [], word.kind
    assert isinstance(hand.assess(invoice).decision, Close)
    for kept in ("stopped by Ann Lee: Bea Ling is in hospital", "skipped by Ann Lee: Bea Ling is in hospital"):
        assert kept in hand.diary(invoice), "our own diary has lost what people said"


def test_what_a_provider_says_of_an_address_stays_in_our_own_database(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Refused("550 <c-1@customer.example>: mailbox full", try_again=False)]
    invoice = hand.add("INV-1", 20)
    answer = hand.deliver(invoice, hand.due(invoice))
    assert isinstance(answer.decision, Wait)
    assert private_in(answer) == []
    ((title,),) = hand.rows("select title from tasks where closed_at is null")
    assert "mailbox full" in title


def test_the_text_of_a_database_error_tells_nobodys_name(database: Database) -> None:
    hand = ByHand(database)
    hand.add("INV-1", 20)
    ((contact, customer),) = hand.rows("select id, customer_id from contacts")
    row = {
        "id": contact,
        "customer_id": customer,
        "role": "billing",
        "name": "Bea Ling",
        "email": "b@customer.example",
        "phone": "",
        "language": "",
        "refused": [],
    }
    with pytest.raises(DBAPIError) as raised, database.transaction() as connection:
        connection.execute(contacts.insert().values(row))
    assert [canary for canary in CANARIES if canary in str(raised.value)] == []


def test_long_values_of_a_ledger_and_of_people_fit_every_database(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    row = hand.ledger.rows["INV-1"]
    contact = LedgerContact("B" * 300, f"{'b' * 64}@{'c' * 180}.example", "+49 40 1234567 (" + "extension " * 28 + ")")
    customer = replace(row.customer, name="N" * 200, contacts=(contact,))
    hand.ledger.change("INV-1", number="I" * 200, customer=customer, purchase_order="P" * 300, pay_url=f"https://pay.example/{'p' * 1900}")
    hand.say(invoice, HoldPlaced(by="A" * 200, why="w" * 2000))
    hand.work(invoice)
    hand.say(invoice, HoldReleased(by="A" * 200, why="w" * 2000))
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 1
    renumbered = replace(hand.ledger.rows["INV-1"], ref="R" * 200, customer=replace(customer, number="C" * 200))
    hand.ledger.rows["R" * 200] = renumbered
    hand.take_in("R" * 200)
    hand.assess(invoice, Said("k" * 300, "hold", '[{"by": "' + "x" * 300 + '"}]'), Said("k2", "z" * 3000, "[" + "9" * 7000 + "]"))


def test_a_look_that_was_overtaken_does_not_reopen_a_settled_invoice(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.assess(invoice)
    overtaking: list[Answer] = []

    def pay_and_overtake() -> None:
        hand.ledger.after_read = lambda: None
        hand.ledger.change("INV-1", balance=Decimal("0.00"))
        overtaking.append(hand.assess(invoice))

    hand.ledger.after_read = pay_and_overtake
    late = hand.assess(invoice)
    assert isinstance(overtaking[0].decision, Close)
    assert isinstance(late.decision, Close)
    case = hand.case(invoice)
    assert (case.ended, case.round) == ("settled", 1)
    hand.ledger.change("INV-1", balance=Decimal("1200.00"))
    hand.now += timedelta(days=1)
    assert isinstance(hand.assess(invoice).decision, Perform), "an invoice that truly owes again must be watched again"
    assert hand.case(invoice).round == 2


def test_a_worker_without_a_connection_to_a_rest_ledger_sends_nothing_on_an_old_copys_word(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    with database.transaction() as connection:
        installation.note_read(connection, SELLER.id, hand.now)
        installation.note_posted(connection, SELLER.id, hand.day(), "Ann")
    hand.ledger.change("INV-1", balance=Decimal("0.00"))
    hand.employ(hand.policy, connected=False)
    answer = hand.deliver(invoice, act)
    assert isinstance(answer.decision, Wait)
    assert answer.decision.why == hand.work(invoice).why == "the ledger cannot be read"
    assert hand.mailer.posted == []
    assert hand.tasks() == [f"ledger/{SELLER.id}"]
    hand.employ(hand.policy)
    hand.now = answer.decision.until
    assert isinstance(hand.assess(invoice).decision, Close)
    assert hand.tasks() == []


def test_a_bad_inbox_row_keeps_no_other_from_being_passed_on(database: Database) -> None:
    hand = ByHand(database)
    hand.add("GOOD", 20)
    hand.ledger.rows["BAD"] = replace(hand.ledger.rows["GOOD"], ref="BAD", number="BAD", balance=Decimal("NaN"))
    started: list[str] = []

    async def start_workflow(*_: Any, id: str, **__: Any) -> None:
        started.append(id)

    door = Door(database, SimpleNamespace(start_workflow=start_workflow), hand.ledgers)  # type: ignore[arg-type]
    with database.transaction() as connection:
        for second, ref in enumerate(("BAD", "ODD", "GOOD")):
            moment = hand.now + timedelta(seconds=second)
            inbox.receive(
                connection, source="rest", source_id=ref, kind="changed", body="{}", now=moment, seller_id=SELLER.id, ref=ref, news=InvoiceChanged(by="ledger")
            )
        connection.execute(inbox_rows.update().where(inbox_rows.c.ref == "ODD").values(news={"kind": "from a later version"}, ref="GOOD"))
    assert asyncio.run(door.pass_on(hand.now + timedelta(hours=1))) == 2
    assert hand.rows("select source_id, state, attempts from inbox order by received_at") == [
        ("BAD", "new", 1),
        ("ODD", "passed_on", 0),
        ("GOOD", "passed_on", 0),
    ]
    assert asyncio.run(door.pass_on(hand.now + timedelta(hours=2))) == 0
    assert len(started) == 2


def test_a_stored_word_nobody_can_read_becomes_a_task_and_the_invoice_goes_on(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    hand.say(invoice, HoldPlaced(by="Ann", why="x"))
    with database.transaction() as connection:
        connection.execute(inbox_rows.update().values(news={"kind": "from a later version"}))
    hand.work(invoice)
    assert len(hand.heard()) == 1
    assert [key.partition("/")[0] for key in hand.tasks()] == ["unreadable"]


def test_a_word_is_written_down_once_however_often_receive_and_assess_meet_it(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    word = Said("run-1/1", "hold", '[{"why": "on the phone"}]')
    for _ in range(2):
        hand.run(hand.cases.receive, Ask(invoice, (word,)))
    hand.deliver(invoice, act)
    assert hand.mailer.posted == [], "a word that was written down did not stop the message"
    answer = hand.assess(invoice, word)
    assert [reply.taken for reply in answer.replies] == [True]
    assert [reply.taken for reply in hand.assess(invoice, word).replies] == [True]
    assert hand.diary(invoice).count("held until") == 1


def test_leaving_out_one_statement_does_not_bring_the_next_one_at_once(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 60)
    hand.until(lambda: "final-notice" in hand.fates(invoice), invoice)
    hand.until(lambda: "statement-1" in hand.fates(invoice), invoice)
    hand.say(invoice, StepSkipped("statement-2", by="Ann", why="we spoke"))
    hand.now += timedelta(days=31)
    waiting = hand.work(invoice)
    assert hand.fates(invoice)["statement-2"] == "skipped"
    assert waiting.until - hand.now > timedelta(days=28)
    hand.nothing_unrecorded(invoice)


def test_who_has_closed_a_warning_of_a_write_off_is_not_warned_of_it_again(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 62)
    hand.assess(invoice)
    warning = f"write-off/{case_id(invoice)}/1/30"
    assert warning in hand.tasks()
    with database.transaction() as connection:
        tasks.close_tasks(connection, [warning], "I know", hand.now)
    hand.assess(invoice)
    assert warning not in hand.tasks()
    hand.now += timedelta(days=15)
    hand.assess(invoice)
    assert f"write-off/{case_id(invoice)}/1/14" in hand.tasks()


def test_a_warning_of_a_write_off_from_before_going_live_is_not_given_again(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    invoice = hand.add("INV-1", 62)
    hand.work(invoice)
    hand.switch(Mode.LIVE)
    hand.assess(invoice)
    assert hand.case(invoice).round == 2
    assert [key for key in hand.tasks() if key.startswith("write-off/")] == [f"write-off/{case_id(invoice)}/1/30"]
