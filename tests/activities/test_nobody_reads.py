"""While nobody would read what customers answer nothing leaves, whichever way the installation came to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from db import installation, mailboxes
from db.engine import Database
from domain.decision import Perform, Wait
from domain.facts import Mode
from settings import Settings
from support.by_hand import ByHand, standard_policy
from worker import make_policy

SELLERS = """
sellers:
  - {id: s, name: S, legal_name: S Ltd, sender_name: Ann, sender_email: ann@s.co.uk, ledger: csv, country: GB, time_zone: Europe/London%s}
"""
MAILBOX = ", mailbox: {user: ann, host: mail.s.co.uk, password: x}"
TWILIO = {"twilio_account_sid": "AC" + "1" * 32}


def name_reader(hand: ByHand, name: str) -> None:
    with hand.database.transaction() as connection:
        mailboxes.note_reader(connection, name)


def test_nothing_leaves_until_somebody_is_named(database: Database) -> None:
    hand = ByHand(database, policy=replace(standard_policy(), leaves_unread=True))
    invoice = hand.add("INV-1", 20)
    waits = hand.assess(invoice).decision
    assert isinstance(waits, Wait) and waits.why == "nobody would read what the customer answers"
    ((title, remedy),) = hand.rows("select title, remedy from tasks where kind = 'incident' and closed_at is null")
    assert title == "Nothing is sent, because nobody would read what customers answer"
    assert "dunwell live --replies-are-read-by NAME" in remedy
    name_reader(hand, "Ann Lee")
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    assert len(hand.mailer.accepted) == 1
    hand.assess(invoice)
    assert hand.rows("select 1 from tasks where kind = 'incident' and closed_at is null") == []


def test_what_was_decided_before_is_stopped_at_the_claim(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.employ(replace(hand.policy, leaves_unread=True))
    answer = hand.deliver(invoice, act)
    assert isinstance(answer.decision, Wait) and "nobody would read" in answer.decision.why
    assert hand.mailer.posted == []
    assert hand.states() == []


def test_in_shadow_mode_everything_runs_as_it_does(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW, policy=replace(standard_policy(), leaves_unread=True))
    assert isinstance(hand.assess(hand.add("INV-1", 20)).decision, Perform)
    with database.reading() as connection:
        assert installation.load_installation(connection).mode is Mode.SHADOW


@pytest.mark.parametrize(
    ("mailbox", "more", "unread"),
    [
        ("", {}, False),
        ("", {"letters": "print", "channels": "email"}, False),
        ("", {**TWILIO, "channels": "email"}, False),
        ("", {"mailer": "smtp"}, True),
        ("", {"mailer": "sendgrid"}, True),
        ("", {**TWILIO, "channels": "email,sms"}, True),
        ("", {**TWILIO, "channels": "email,call"}, True),
        ("", {"letters": "print", "channels": "email,letter"}, True),
        ("", {"mailer": "sendgrid", "sendgrid_inbound_keys": "x"}, False),
        ("", {"mailer": "smtp", "imap_url": "imaps://ann:x@mail.s.co.uk"}, False),
        (MAILBOX, {"mailer": "smtp"}, False),
        (MAILBOX, {**TWILIO, "channels": "email,sms,call"}, False),
    ],
)
def test_a_worker_knows_from_its_settings_whether_answers_would_go_unread(
    tmp_path: Path, mailbox: str, more: dict[str, str], unread: bool, unset: Callable[[], None]
) -> None:
    (tmp_path / "sellers.yaml").write_text(SELLERS % mailbox)
    assert make_policy(Settings(data_folder=tmp_path, **more)).leaves_unread is unread  # type: ignore[arg-type]


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No setting comes from the environment."""
    for name in ("MAILER", "CHANNELS", "IMAP_URL", "TWILIO_ACCOUNT_SID", "SENDGRID_INBOUND_KEYS", "LETTERS"):
        monkeypatch.delenv(f"DUNWELL_{name}", raising=False)
    return lambda: None
