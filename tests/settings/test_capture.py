"""A worker that would keep e-mails unseen, where others send them, does not start."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db import installation
from db.engine import Database
from db.schema import outreach
from domain.facts import Mode
from settings import Settings, UnableToConfigure
from support.by_hand import ByHand
from worker import refuse_capture

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def send_one(database: Database, provider: str) -> None:
    """One reminder that left by ``provider``."""
    hand = ByHand(database)
    hand.work(hand.add("INV-1", 20))
    with database.transaction() as connection:
        assert connection.execute(outreach.update().values(provider=provider)).rowcount == 1


def check(database: Database, mailer: str, mode: Mode = Mode.LIVE) -> None:
    with database.transaction() as connection:
        installation.set_mode(connection, mode, "Ann", NOW)
        refuse_capture(Settings(mailer=mailer), connection)  # type: ignore[arg-type]


def test_where_reminders_leave_by_a_provider_a_worker_that_would_only_keep_them_is_refused_with_a_remedy(database: Database) -> None:
    send_one(database, "sendgrid")
    with pytest.raises(UnableToConfigure, match=r"have been leaving by sendgrid: .* reach nobody.* the settings of the others; .*dunwell pause"):
        check(database, "capture")
    check(database, "sendgrid")
    check(database, "smtp")
    check(database, "capture", Mode.SHADOW)


def test_where_nothing_ever_left_reminders_may_be_kept(database: Database) -> None:
    check(database, "capture")
    send_one(database, "capture")
    check(database, "capture")


def test_what_was_only_rehearsed_with_a_provider_has_not_left_by_it(database: Database) -> None:
    hand = ByHand(database, mode=Mode.SHADOW)
    hand.work(hand.add("INV-1", 20))
    assert hand.states() == ["shadowed"] and hand.rows("select provider from outreach") == [("scripted",)]
    check(database, "capture")
