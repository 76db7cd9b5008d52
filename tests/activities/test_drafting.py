"""A writing model words a message: what it says goes out only where it cannot be wrong, and it never delays a message for long.

The model is a service of its own behind HTTP, and does whatever the test, or an attacker, wants of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import playbooks
from activities.assessor import Policy
from activities.outreach import Site
from db import drafts
from db.engine import Database
from db.schema import drafts as drafts_table
from domain.decision import Perform
from domain.event import ApprovalGiven
from domain.facts import Mode
from integrations.writing.openai_compatible import connect
from support.by_hand import ByHand
from support.model_server import Model, a_model

CORPUS = Path(__file__).parents[1] / "playbooks"
# As an English customer in Germany reads it.
AMOUNT = "1.200,00 €"
HONEST = f"I hope you are well. Invoice INV-1 for {AMOUNT} is still open."
OTHER = f"Our invoice INV-1 for {AMOUNT} remains unpaid. I would be glad to hear from you."
TEXTS = frozenset({"first-reminder", "second-reminder", "third-reminder"})


@pytest.fixture
def model() -> Iterator[Model]:
    with a_model() as started:
        yield started


def installed(database: Database, model: Model, *, seconds: float = 20, mode: Mode = Mode.LIVE, policy: Policy | None = None) -> ByHand:
    by_hand = ByHand(database, mode=mode, policy=policy)
    employ(by_hand, model, seconds)
    return by_hand


def employ(by_hand: ByHand, model: Model, seconds: float = 20) -> None:
    by_hand.outreach = replace(by_hand.outreach, writer=connect(model.url, "a-model", "", TEXTS, seconds))


def add(by_hand: ByHand, number: str, late: int = 16) -> str:
    return by_hand.add(number, late, customer=f"C-{number}", email=f"{number.lower()}@customer.example")


def sent(by_hand: ByHand, invoice: str) -> str:
    """What leaves for an invoice, as text."""
    before = len(by_hand.mailer.accepted)
    by_hand.deliver(invoice, by_hand.due(invoice))
    assert len(by_hand.mailer.accepted) == before + 1
    return by_hand.mailer.accepted[-1].text


def fill(text: str, by_hand: ByHand, number: str) -> str:
    """A text of the corpus about an invoice that is sixteen days late, in English."""
    facts = {
        "number": number,
        "amount": AMOUNT,
        "due": "14 February 2026",
        "due_short": "14 Feb 2026",
        "days": "16 days",
        "customer": f"Customer C-{number}",
        "contact": "Bea Ling",
        "sender": "Ann Lee",
        "seller": "Brightwater Tools",
        "phone": "+49 40 1234",
    }
    for name, value in facts.items():
        text = text.replace(f"<{name}>", value)
    return text


def corpus(name: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in (CORPUS / name).read_text("utf-8").splitlines()]


def test_an_honest_draft_leaves_between_our_greeting_and_our_closing(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    invoice = add(by_hand, "INV-1")
    first, second = HONEST, "When can we expect your payment?"
    model.draft(first, second)
    said = sent(by_hand, invoice)
    assert first in said
    assert second in said
    assert said.startswith("Dear Bea Ling,")
    assert "DE89 3704 0044 0532 0130 00" in said
    assert "Ann Lee" in said
    with database.reading() as connection:
        kept = drafts.of_messages(connection, [by_hand.mailer.accepted[-1].key])[by_hand.mailer.accepted[-1].key]
    assert (kept.verdict, kept.reason, kept.model, kept.paragraphs) == ("passed", "", "a-model", (first, second))


def test_every_attack_of_the_corpus_has_our_own_text_leave_in_its_place(database: Database, model: Model) -> None:
    """The oracle is what left: letter by letter the message of an installation that has no model."""
    by_hand = installed(database, model)
    plain = replace(by_hand.outreach, writer=None)
    with_model, by_hand.outreach = by_hand.outreach, plain
    ours = sent(by_hand, add(by_hand, "INV-0")).replace("INV-0", "INV")
    by_hand.outreach = with_model
    # Each attack is sent once, one half of them on either database.
    attacks = corpus("attacks_on_writing.jsonl")[int(database.is_sqlite) :: 2]
    for place, attack in enumerate(attacks, 1):
        number = f"INV-{place}"
        invoice = add(by_hand, number)
        if "raw" in attack:
            model.say(fill(attack["raw"], by_hand, number))
        else:
            model.draft(*(fill(one, by_hand, number) for one in attack["paragraphs"]))
        assert sent(by_hand, invoice).replace(number, "INV") == ours, attack
    assert len(attacks) >= 150
    assert len(model.asked) == len(attacks)
    with database.reading() as connection:
        told = list(connection.execute(select(drafts_table.c.verdict, drafts_table.c.reason)))
        assert drafts.count_since(connection, by_hand.now - timedelta(days=1)).get("passed", 0) == 0
    assert all(verdict in ("refused", "failed") and reason for verdict, reason in told)


def test_a_model_that_takes_too_long_delays_a_message_by_no_more_than_its_time(database: Database, model: Model) -> None:
    by_hand = installed(database, model, seconds=0.2)
    model.wait = 3
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    act, began = by_hand.due(invoice), time.monotonic()
    by_hand.deliver(invoice, act)
    assert time.monotonic() - began < 2.5
    assert len(by_hand.mailer.accepted) == 1
    assert "I hope you are well" not in by_hand.mailer.accepted[0].text
    assert by_hand.rows("select verdict, reason from drafts") == [("failed", "the model gave no answer within 0.2 seconds")]


@pytest.mark.parametrize("status", [500, 302, 401])
def test_a_model_that_is_broken_has_our_own_text_leave(database: Database, model: Model, status: int) -> None:
    by_hand = installed(database, model)
    model.status = status
    assert "INV-1" in sent(by_hand, add(by_hand, "INV-1"))
    assert by_hand.rows("select verdict, reason from drafts") == [("failed", f"the model answered with status {status}")]


def test_a_model_that_is_not_there_has_our_own_text_leave(database: Database) -> None:
    with a_model() as gone:
        by_hand = installed(database, gone)
    assert "INV-1" in sent(by_hand, add(by_hand, "INV-1"))
    assert by_hand.rows("select verdict from drafts") == [("failed",)]


def test_a_model_is_asked_once_for_a_step_however_often_the_message_is_tried(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    act = by_hand.due(invoice)
    assert by_hand.kill_at(Site.CLAIMED, invoice, act)
    model.draft(OTHER)
    by_hand.deliver(invoice, act)
    assert len(model.asked) == 1
    assert "I hope you are well" in by_hand.mailer.accepted[0].text


def test_a_draft_that_is_no_longer_true_behind_the_fence_does_not_leave(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    act = by_hand.due(invoice)
    by_hand.on[Site.CLAIMED] = lambda: by_hand.ledger.change("INV-1", balance=Decimal("700.00"))
    by_hand.deliver(invoice, act)
    assert "I hope you are well" not in by_hand.mailer.accepted[0].text
    assert "700,00\u00a0€" in by_hand.mailer.accepted[0].text
    assert by_hand.rows("select verdict, reason from drafts") == [("refused", "a part of the invoice is paid or in dispute")]


def test_no_transaction_is_open_while_the_model_thinks(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    invoice = add(by_hand, "INV-1")
    other: list[int] = []

    def write_meanwhile(wanted: object) -> tuple[str, ...]:
        with database.transaction() as connection:  # would wait for ever, or fail, beside an open one
            other.append(len(connection.execute(select(drafts_table)).all()))
        return (HONEST,)

    class Busy:
        name, texts = "busy", TEXTS
        write = staticmethod(write_meanwhile)

    by_hand.outreach = replace(by_hand.outreach, writer=Busy())
    assert "I hope you are well" in sent(by_hand, invoice)
    assert other == [0]


def approving() -> Policy:
    """The standard playbook, with a first reminder that somebody must agree to."""
    playbook = playbooks.load("standard")
    steps = tuple(replace(step, approve=1) if step.say in TEXTS else step for step in playbook.steps)
    changed = replace(playbook, steps=steps)
    resolved = playbooks.resolve(changed)
    return Policy(playbooks.from_resolved(resolved), resolved)


def test_what_people_agree_to_is_the_stored_draft_word_for_word(database: Database, model: Model) -> None:
    by_hand = installed(database, model, policy=approving())
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    act = by_hand.due(invoice)
    assert act.channel == "approval"
    by_hand.deliver(invoice, act)
    [(asked, hash_)] = by_hand.rows("select text, text_hash from approvals")
    assert "I hope you are well" in asked
    model.draft(OTHER)
    by_hand.now += timedelta(hours=2)
    by_hand.say(invoice, ApprovalGiven(act.step, hash_, by="Ann"))
    by_hand.work(invoice)
    [left] = by_hand.mailer.accepted
    assert left.text == asked
    assert len(model.asked) == 1


def test_what_was_agreed_to_lapses_once_the_draft_may_not_leave_any_more(database: Database, model: Model) -> None:
    by_hand = installed(database, model, policy=approving())
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    act = by_hand.due(invoice)
    by_hand.deliver(invoice, act)
    [(hash_,)] = by_hand.rows("select text_hash from approvals")
    by_hand.say(invoice, ApprovalGiven(act.step, hash_, by="Ann"))
    by_hand.outreach = replace(by_hand.outreach, writer=None)
    by_hand.work(invoice)
    assert by_hand.mailer.accepted == []
    assert "lapsed" in by_hand.diary(invoice)


def test_the_model_gets_no_address_no_bank_account_and_the_customers_words_only_as_material(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    model.draft(HONEST)
    sent(by_hand, add(by_hand, "INV-1"))
    [asked] = model.asked
    whole = json.dumps(asked)
    assert "customer.example" not in whole
    assert "3704 0044" not in whole
    assert asked["temperature"] == 0
    sheet = json.loads(asked["messages"][1]["content"])
    assert sheet["facts"]["amount"] == [AMOUNT]
    assert sheet["customer_wrote"] == ""


def test_in_shadow_mode_a_draft_is_kept_with_the_message_that_does_not_leave(database: Database, model: Model) -> None:
    by_hand = installed(database, model, mode=Mode.SHADOW)
    model.draft(HONEST)
    invoice = add(by_hand, "INV-1")
    by_hand.deliver(invoice, by_hand.due(invoice))
    assert by_hand.mailer.accepted == []
    [(text,)] = by_hand.rows("select text from outreach")
    assert "I hope you are well" in text


def test_a_text_that_is_not_named_is_never_left_to_the_model(database: Database, model: Model) -> None:
    by_hand = installed(database, model)
    by_hand.outreach = replace(by_hand.outreach, writer=connect(model.url, "a-model", "", frozenset({"personal-note"})))
    act = by_hand.due(invoice := add(by_hand, "INV-1"))
    assert isinstance(act, Perform)
    by_hand.deliver(invoice, act)
    assert model.asked == []
