"""What is said of a failure where strangers read it names its kind and its place, and quotes nobody."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.discreet import Discreet
from domain.discretion import DiscreetFormatter, describe
from domain.money import Money, UnableToReckon
from integrations.accounting import UnableToReadLedger

NAME = "Marguerite Delacroix"


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as found:
        return found


@pytest.mark.parametrize(
    "error, said",
    [
        (KeyError(NAME), "KeyError"),
        (ValueError(f"{NAME!r} is not a valid Behavior"), "ValueError"),
        (UnicodeEncodeError("ascii", NAME, 0, 1, "no"), "UnicodeEncodeError"),
        (FileNotFoundError(2, "No such file or directory", NAME), "FileNotFoundError: No such file or directory"),
        (OSError(NAME), "OSError"),
        (UnableToReadLedger("the ledger does not answer\nand more"), "the ledger does not answer"),
        (IntegrityError("INSERT", {"name": NAME}, ValueError("UNIQUE constraint failed: people.name"), hide_parameters=True), "(builtins.ValueError) UNIQUE"),
        (UnableToReckon(""), "UnableToReckon"),
    ],
)
def test_an_error_is_named_and_quoted_only_where_the_words_are_ours(error: Exception, said: str) -> None:
    told = describe(raised(error))
    assert told.startswith(said)
    assert "Marguerite" not in told and "\n" not in told


def test_the_place_is_the_last_one_in_our_own_code() -> None:
    with pytest.raises(AttributeError) as caught:
        Money(Decimal(1), "EUR") + NAME  # type: ignore[operator]
    assert describe(caught.value).startswith("AttributeError in domain.money._same, line ")


def test_a_log_shows_where_and_not_whom() -> None:
    error = raised(KeyError(NAME), raised(ValueError(NAME)))
    record = logging.LogRecord(
        "asyncio", logging.ERROR, "", 0, "Task exception was never retrieved\nfuture: %r", (error,), (type(error), error, error.__traceback__)
    )
    written = DiscreetFormatter("%(levelname)s %(message)s").format(record)
    assert written.startswith("ERROR Task exception was never retrieved\nTraceback (most recent call last):\n")
    assert "test_discretion.py" in written and "\nKeyError\nwhich came of this:\n" in written and written.endswith("ValueError")
    assert "Marguerite" not in written


class Failing(ActivityInboundInterceptor):
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        raise self.error


def failed(error: Exception) -> BaseException:
    chain = Discreet().intercept_activity(Failing(error))
    given = ExecuteActivityInput(fn=lambda: None, args=(), executor=None, headers={})
    with pytest.raises(Exception) as caught:
        ActivityEnvironment().run(lambda: asyncio.run(chain.execute_activity(given)))
    return caught.value


def test_temporal_learns_the_kind_of_a_failed_activity_and_tries_it_again() -> None:
    found = failed(KeyError(NAME))
    assert isinstance(found, ApplicationError)
    assert (found.type, found.non_retryable, found.__cause__, found.__suppress_context__) == ("KeyError", False, None, True)
    assert "Marguerite" not in str(found)


def test_what_is_meant_for_temporal_goes_there_as_it_is() -> None:
    meant = ApplicationError("the disk is full", non_retryable=True)
    assert failed(meant) is meant
