"""Single payments on the command line: taken in beside the invoices, shown with what they do not tell, gone when they are told no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import tasks
from domain.task import Task, TaskKind
from tests.cli.installation import OURS, Installation


def write(answering: Installation, balance: str, *lines: str) -> tuple[Path, Path]:
    day = answering.today()
    invoices, payments = answering.folder / "open.csv", answering.folder / "payments.csv"
    head = "invoice number,customer number,customer name,email,currency,total,balance,issued,due"
    invoices.write_text(
        f"{head}\nA-1,oak,oak Ltd,pay@oak.example,EUR,1200.00,{balance},{day},{day}\nA-2,oak,oak Ltd,pay@oak.example,EUR,9.00,9.00,{day},{day}\n"
    )
    payments.write_text("\n".join(["invoice number,day,amount,kind,method,reference", *lines]) + "\n")
    return invoices, payments


@pytest.fixture
def paid(answering: Installation) -> Installation:
    """A payment, a credit note, and a payment on an invoice of which nothing is known here."""
    lines = ("A-1,2026-01-09,400.00,payment,transfer,RF18", "A-1,2026-01-10,50.00,credit,,CN-5", "Z-9,2026-01-10,1.00,payment,,")
    invoices, payments = write(answering, "700.00", *lines)
    said = answering.run("import", str(invoices), "--payments", str(payments)).stdout
    assert "2 payments and credits on them; 1 on other invoices left out" in said
    answering.look_at_all()
    return answering


def test_case_show_lists_them_and_the_difference_that_the_balance_tells(paid: Installation) -> None:
    said = paid.run("case", "show", "A-1").stdout
    lines = [line.strip() for line in said.partition("Payments\n")[2].splitlines()[:3]]
    assert lines == [
        "paid €400.00 on 9 January 2026 by transfer, reference RF18",
        "credited €50.00 on 10 January 2026, reference CN-5",
        "the balance is €50.00 lower than these entries explain; the balance counts",
    ]
    assert "700.00 EUR of 1,200.00 EUR" in said
    assert not [word for word in OURS if word in said]
    told = json.loads(paid.run("case", "show", "A-1", "--json").stdout)["case"]["invoice"]["bookings"]
    assert [(one["amount"]["amount"], one["kind"]) for one in told] == [("400.00", "payment"), ("50.00", "credit")]
    assert "Payments" not in paid.run("case", "show", "A-2").stdout


def test_a_dry_run_counts_them_as_the_import_would_and_stores_none(answering: Installation) -> None:
    lines = ("A-1,2026-01-09,400.00,payment,transfer,RF18", "A-1,2026-01-10,50.00,credit,,CN-5", "Z-9,2026-01-10,1.00,payment,,")
    invoices, payments = write(answering, "700.00", *lines)
    words = ("import", str(invoices), "--payments", str(payments), "--dry-run")
    said = answering.run(*words).stdout
    assert "2 payments and credits on them; 1 on other invoices left out" in said and "Nothing was stored" in said
    assert json.loads(answering.run(*words, "--json").stdout)["payments"] == 2
    assert json.loads(answering.run("import", str(invoices), "--dry-run", "--json").stdout)["payments"] == 0
    assert json.loads(answering.run("cases", "--json").stdout) == []


def test_a_task_shows_them_above_its_history(paid: Installation) -> None:
    (invoice,) = [line["id"] for line in json.loads(paid.run("cases", "--json").stdout) if line["number"] == "A-1"]
    with paid.database().transaction() as connection:
        task = Task("call/1", TaskKind.CALL, "Call oak", "Ask for a day", "Ann", paid.today())
        tasks.open_tasks(connection, [task], f"invoice/{invoice}", datetime.now(UTC))
    (listed,) = [one for one in json.loads(paid.run("tasks", "list", "--json").stdout) if one["title"] == "Call oak"]
    said = paid.run("tasks", "show", listed["id"]).stdout
    assert "paid €400.00 on 9 January 2026 by transfer, reference RF18" in said.partition("Payments")[2].partition("What has happened")[0]
    told = json.loads(paid.run("tasks", "show", listed["id"], "--json").stdout)["payments"]
    assert [(one["day"], one["amount"], one["method"]) for one in told] == [("2026-01-09", "400.00 EUR", "transfer"), ("2026-01-10", "50.00 EUR", "")]


def test_an_import_replaces_what_was_known_and_one_without_payments_tells_of_none(paid: Installation) -> None:
    invoices, payments = write(paid, "700.00", "A-1,2026-01-09,500.00,payment,transfer,RF18")
    counted = json.loads(paid.run("import", str(invoices), "--payments", str(payments), "--json").stdout)
    assert (counted["payments"], counted["changed"]) == (1, 1)
    again = json.loads(paid.run("import", str(invoices), "--payments", str(payments), "--json").stdout)
    assert (again["payments"], again["changed"]) == (1, 0), "taking the same in again changes nothing"
    paid.look_at_all()
    said = paid.run("case", "show", "A-1").stdout
    assert "paid €500.00" in said and "paid €400.00" not in said and "off the balance" not in said
    paid.run("import", str(invoices))
    paid.look_at_all()
    assert "the ledger tells no single payments, only what is still open" in paid.run("case", "show", "A-1").stdout
