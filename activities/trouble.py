"""Trouble with one invoice that does not pass by itself becomes a task that says what happened, and ends with the trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError

from activities.clock import Clock
from db import invoices, tasks
from db.engine import Database
from domain.task import Task, TaskKind
from workflows.contract import case_id

# What fails so often in a row does not pass by itself.
PATIENCE = 3
# More than so many at once are one matter: something is wrong with all of them.
MOST = 10
_ALL = "trouble"


class Doing(StrEnum):
    """What was being done for an invoice when the trouble came."""

    LOOK = "look"
    SEND = "send"
    PLAN = "plan"


_TITLES = {Doing.LOOK: "cannot be looked at", Doing.SEND: "cannot be reminded of", Doing.PLAN: "stands in a payment plan that cannot be looked at"}


def matter(doing: Doing, case: str) -> str:
    """The matter of the task that tells of trouble with a case."""
    return f"{_ALL}/{doing}/{case}"


@contextmanager
def watching_for_trouble(database: Database, invoice: str, doing: Doing, clock: Clock) -> Iterator[list[str]]:
    """Raises what is raised within, and opens a task first when that will not pass by itself; closes it when nothing is, and with
    it those that this invoice opened for the matters put into the list: what they are about can be read again.

    Trouble of the database itself opens none: it is not this invoice's, and could not be written down.
    """
    case = case_id(invoice)
    key, over = matter(doing, case), list[str]()
    try:
        yield over
    except Exception as error:
        if _stays(error):
            with suppress(SQLAlchemyError):
                _open(database, invoice, doing, key, error, clock)
        raise
    with database.reading() as connection:
        opened = tasks.opened_by(connection, [key, *over], case)
    if opened:
        _close(database, key, opened, clock)


def _stays(error: Exception) -> bool:
    if isinstance(error, CancelledError | OperationalError | InterfaceError | NoConnectionFree):
        return False
    return activity.info().attempt >= PATIENCE or (isinstance(error, ApplicationError) and error.non_retryable)


def _open(database: Database, invoice: str, doing: Doing, key: str, error: Exception, clock: Clock) -> None:
    now = clock()
    with database.transaction() as connection:
        others = [other for other in tasks.open_matters(connection, f"{_ALL}/") if other != key]
        number, what = invoices.number_of(connection, invoice) or invoice, _TITLES[doing]
        title = f"Invoice {number[:100]} {what}"
        if len(others) >= MOST:
            key, title = _ALL, f"More than {MOST} invoices {what}, {number[:100]} among them"
        remedy = f"What happened: {type(error).__name__}: {str(error)[:500]}. It is tried again by itself, and nothing is sent meanwhile"
        remedy += "; the log of the worker has the whole of it"
        tasks.open_tasks(connection, [Task(key, TaskKind.INCIDENT, title, remedy, "operations", now.date())], case_id(invoice), now)


def _close(database: Database, key: str, opened: Sequence[str], clock: Clock) -> None:
    now = clock()
    with database.transaction() as connection:
        if key in opened:
            others = [other for other in tasks.open_matters(connection, f"{_ALL}/") if other != key]
            tasks.close_tasks(connection, [key] if others else [key, _ALL], "it works again", now)
        tasks.close_tasks(connection, [one for one in opened if one != key], "it can be read again", now)
