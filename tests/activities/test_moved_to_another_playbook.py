"""An invoice that is moved to another playbook goes on by it from the same breath, and remembers what it has heard."""

from __future__ import annotations

from datetime import UTC, datetime

import playbooks
from db.engine import Database
from db.playbooks import store_version
from domain.case import Fate
from domain.event import PlaybookSwapped
from domain.migration import BEHIND, count_taken, counts_as_done
from support.by_hand import DELIVERED, ByHand


def test_the_next_step_is_the_new_ones_and_nothing_heard_comes_again(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = DELIVERED
    invoice = hand.add("INV-1", 4)
    hand.until(lambda: "first-reminder" in hand.fates(invoice), invoice)
    new = playbooks.load("b2b-three-weeks")
    with database.transaction() as connection:
        store_version(connection, new.hash, new.name, playbooks.resolve(new), datetime.now(UTC))
    case = hand.case(invoice)
    done = counts_as_done(case, playbooks.load("standard"), new)
    hand.say(invoice, PlaybookSwapped(new.hash, new.name, done, by="Ann", taken=count_taken(case)))
    hand.work(invoice)
    moved = hand.case(invoice)
    assert moved.playbook == new.hash
    assert [(next_step,) for (next_step,) in hand.rows("select next_step from cases")] == [("balance-reminder",)]
    hand.until(lambda: "balance-reminder" in hand.fates(invoice), invoice)
    assert len(hand.mailer.accepted) == 2
    assert [(rung.step, rung.title, rung.stage) for rung in moved.rungs if rung.is_contact] == [("first-reminder", "first reminder", "reminder")]
    summary = moved.rung("account-summary")
    assert summary is not None and (summary.fate, summary.why) == (Fate.PASSED_OVER, BEHIND)
