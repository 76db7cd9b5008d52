"""What goes wrong with one invoice for good is told once, by a task that ends with the trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment

from activities.overdue import wake_overdue
from activities.trouble import MOST, PATIENCE
from db.engine import Database
from db.schema import inbox, tasks
from starter import Door
from support.by_hand import ByHand
from workflows.contract import case_id
from workflows.ports import Ask


def attempt(hand: ByHand, number: int, activity: Callable[..., Any], argument: object) -> None:
    """Run an activity as the server's n-th attempt at it."""
    hand.now += timedelta(seconds=1)
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=hand.now, attempt=number)
    environment.run(activity, argument)


def fail(error: Exception) -> Callable[[], None]:
    def harm() -> None:
        raise error

    return harm


def titles(hand: ByHand) -> list[str]:
    with hand.database.reading() as connection:
        return sorted(connection.scalars(select(tasks.c.title).where(tasks.c.closed_at.is_(None))))


def test_what_fails_again_and_again_is_a_task_that_ends_when_it_works(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", late=-20)
    hand.ledger.after_read = fail(TypeError("nobody foresaw this"))
    for number in range(1, PATIENCE + 3):
        with pytest.raises(TypeError):
            attempt(hand, number, hand.cases.assess, Ask(invoice))
        assert titles(hand) == (["Invoice INV-1 cannot be looked at"] if number >= PATIENCE else [])
    hand.ledger.after_read = lambda: None
    attempt(hand, PATIENCE + 3, hand.cases.assess, Ask(invoice))
    assert titles(hand) == []


@pytest.mark.parametrize("error", [OperationalError("select", {}, Exception("the server closed the connection")), CancelledError("canceled")])
def test_trouble_of_the_database_or_of_nobody_is_no_task_of_an_invoice(database: Database, error: Exception) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", late=-20)
    hand.ledger.after_read = fail(error)
    with pytest.raises(type(error)):
        attempt(hand, 9, hand.cases.assess, Ask(invoice))
    assert titles(hand) == []


def test_what_is_certain_at_once_and_what_the_database_refuses_to_keep_are_told(database: Database) -> None:
    hand = ByHand(database)
    first, second = hand.add("INV-1", late=-20), hand.add("INV-2", late=-20)
    hand.ledger.after_read = fail(ApplicationError("for good", non_retryable=True))
    with pytest.raises(ApplicationError):
        attempt(hand, 1, hand.cases.assess, Ask(first))
    hand.ledger.after_read = fail(DataError("insert", {}, Exception("it holds a zero byte")))
    with pytest.raises(DataError):
        attempt(hand, PATIENCE, hand.cases.assess, Ask(second))
    assert titles(hand) == ["Invoice INV-1 cannot be looked at", "Invoice INV-2 cannot be looked at"]


def test_a_fault_that_hits_every_invoice_is_a_handful_of_tasks_and_they_all_end(database: Database) -> None:
    hand = ByHand(database)
    ids = [hand.add(f"INV-{number}", late=-20) for number in range(MOST + 15)]
    hand.ledger.after_read = fail(TypeError("nobody foresaw this"))
    for invoice in ids:
        with pytest.raises(TypeError):
            attempt(hand, PATIENCE, hand.cases.assess, Ask(invoice))
    assert len(titles(hand)) == MOST + 1
    assert sum(title.startswith(f"More than {MOST} invoices cannot be looked at") for title in titles(hand)) == 1
    hand.ledger.after_read = lambda: None
    for invoice in ids:
        attempt(hand, 4, hand.cases.assess, Ask(invoice))
    assert titles(hand) == []


class Reporting(Door):
    """Remembers what it was asked to pass on."""

    __slots__ = ()
    passed: list[str] = []  # noqa: RUF012

    async def report(self, word: str) -> bool:
        self.passed.append(word)
        return True


def test_an_invoice_nobody_looks_at_is_woken_first_and_then_told_of(database: Database) -> None:
    hand = ByHand(database)
    overdue, in_time, troubled = hand.add("INV-1", late=-20), hand.add("INV-2", late=-20), hand.add("INV-3", late=-20)
    for invoice in (overdue, in_time, troubled):
        hand.assess(invoice)
    door = Reporting(database, None, hand.ledgers)  # type: ignore[arg-type]
    door.passed.clear()
    with database.transaction() as connection:
        connection.exec_driver_sql(f"update cases set next_at = '{hand.now - timedelta(hours=3)}' where id in ('{case_id(overdue)}', '{case_id(troubled)}')")
    hand.ledger.after_read = fail(TypeError("nobody foresaw this"))
    with pytest.raises(TypeError):
        attempt(hand, PATIENCE, hand.cases.assess, Ask(troubled))
    hand.ledger.after_read = lambda: None

    def wake(minutes: int) -> int:
        return asyncio.run(wake_overdue(door, hand.now + timedelta(minutes=minutes)))

    assert wake(0) == 2
    assert (wake(5), len(door.passed)) == (0, 2)
    assert titles(hand) == ["Invoice INV-3 cannot be looked at"]
    assert wake(40) == 0
    assert titles(hand) == ["1 invoices are not looked at when they should be, INV-1 among them", "Invoice INV-3 cannot be looked at"]
    hand.assess(overdue)  # it hears the word that was to wake it
    assert wake(45) == 0
    assert titles(hand) == ["Invoice INV-3 cannot be looked at"]
    with database.reading() as connection:
        states = {case: state for case, state in connection.execute(select(inbox.c.case_id, inbox.c.state).where(inbox.c.source == "upkeep"))}  # noqa: C416
    assert states == {case_id(overdue): "folded", case_id(troubled): "new"}
