"""What a ledger said earlier never replaces what it said later: a payment that is known stays known."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta

from sqlalchemy import select

from db.schema import invoices
from tests.cli.installation import Installation


def balances(installation: Installation) -> dict[str, int]:
    with installation.database().reading() as connection:
        return {number: balance for number, balance in connection.execute(select(invoices.c.number, invoices.c.balance_minor))}  # noqa: C416  a result is no mapping


def test_an_export_older_than_the_last_one_is_refused_and_brings_no_debt_back(answering: Installation) -> None:
    open_ = answering.write_csv(("A-1", "oak", 10), ("A-2", "oak", 5))
    yesterday = time.time() - timedelta(days=1).total_seconds()
    os.utime(open_, (yesterday, yesterday))
    older = answering.folder / "older.csv"
    shutil.copy2(open_, older)
    answering.run("import", str(open_))
    paid = answering.write_csv(("A-1", "oak", 10), ("A-2", "oak", 5), name="paid.csv", paid=("A-1",))
    answering.run("import", str(paid))
    assert balances(answering) == {"A-1": 0, "A-2": 10_000}
    refused = answering.run("import", str(older), status=1)
    assert "older.csv is of" in refused.stderr
    assert "older than the last import" in refused.stderr
    assert balances(answering) == {"A-1": 0, "A-2": 10_000}
