"""Invoices from a file: all of them or none, and again without harm."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db import inbox
from db import installation as state
from db.schema import customers, invoices
from tests.cli.installation import Installation


def standings(installation: Installation) -> dict[str, str]:
    with installation.database().reading() as connection:
        return {row.number: row.standing for row in connection.execute(select(invoices.c.number, invoices.c.standing))}


def test_a_file_is_taken_in_and_its_open_invoices_are_watched(answering: Installation) -> None:
    file = answering.write_csv(("A-1", "oak", 10), ("A-2", "oak", -10), ("A-3", "elm", 40), ("P-1", "elm", 80), paid=("P-1",))
    assert answering.run("import", str(file)).stdout == (
        "4 invoices taken in: 4 new, 0 changed, 0 as before.\n  1 paid or closed, kept as history\n  3 watched now\n"
    )
    with answering.database().reading() as connection:
        books = state.load_books(connection, "main")
    assert books.read_at == datetime.fromtimestamp(file.stat().st_mtime, UTC)


def test_the_same_file_again_changes_nothing(answering: Installation) -> None:
    file = answering.write_csv(("A-1", "oak", 10), ("A-2", "oak", -10))
    answering.run("import", str(file))
    told = json.loads(answering.run("import", str(file), "--json").stdout)
    assert (told["listed"], told["new"], told["changed"], told["watched"]) == (2, 0, 0, 2)
    assert len(standings(answering)) == 2


def test_the_example_ledger_can_be_imported(answering: Installation) -> None:
    told = json.loads(answering.run("import", "examples/ledger.csv", "--json").stdout)
    assert (told["listed"], told["history"], told["watched"]) == (114, 46, 68)


def test_a_faulty_file_is_refused_whole_with_one_list_of_its_faults(installation: Installation) -> None:
    file = installation.write_csv(("A-1", "oak", 10), ("A-2", "oak", 5))
    file.write_text(file.read_text().replace("A-2,oak,oak Ltd,pay@oak.example,EUR", "A-2,oak,oak Ltd,pay@oak.example,EURO") + "A-3,oak\n")
    result = installation.run("import", str(file), status=1)
    assert 'open.csv, line 3, column "currency": "EURO" is not a currency' in result.stderr
    assert "open.csv, line 4" in result.stderr
    assert standings(installation) == {}


def test_a_full_export_closes_what_it_no_longer_lists(answering: Installation) -> None:
    answering.run("import", str(answering.write_csv(*((f"A-{n}", "oak", n) for n in range(10)))))
    file = answering.write_csv(*((f"A-{n}", "oak", n) for n in range(9)), name="full.csv")
    assert "0 new, 0 changed, 9 as before, 1 closed, no longer listed." in answering.run("import", str(file), "--full").stdout
    assert standings(answering)["A-9"] == "closed"
    assert standings(answering)["A-8"] == "open"


def test_a_full_export_that_would_close_too_much_is_refused(answering: Installation) -> None:
    answering.run("import", str(answering.write_csv(*((f"A-{n}", "oak", n) for n in range(10)))))
    file = answering.write_csv(*((f"A-{n}", "oak", n) for n in range(4)), name="full.csv")
    assert "would close 6 of 10 open invoices" in answering.run("import", str(file), "--full", status=1).stderr
    assert set(standings(answering).values()) == {"open"}
    answering.run("import", str(file), "--full", "--max-close-share", "60")
    assert standings(answering)["A-4"] == "closed"


def test_a_dry_run_stores_nothing(installation: Installation) -> None:
    file = installation.write_csv(("A-1", "oak", 10))
    assert installation.run("import", str(file), "--dry-run").stdout == "1 invoice can be read: 1 open, 0 paid or closed. Nothing was stored.\n"
    assert standings(installation) == {}


def test_with_temporal_away_it_is_stored_and_waits_in_the_inbox(installation: Installation) -> None:
    file = installation.write_csv(("A-1", "oak", 10), ("A-2", "oak", 5))
    said = installation.run("import", str(file)).stdout
    assert "  0 watched now\n  2 wait: Temporal is away. They are watched as soon as dunwell up (or dunwell web) runs again.\n" in said
    with installation.database().reading() as connection:
        assert [word.kind for word in inbox.waiting(connection)] == ["changed", "changed"]


def test_an_old_file_is_said_to_be_old(answering: Installation) -> None:
    file = answering.write_csv(("A-1", "oak", 10))
    old = time.time() - timedelta(days=3).total_seconds()
    os.utime(file, (old, old))
    assert "reminders wait for a fresher one" in answering.run("import", str(file)).stdout


def test_days_and_amounts_are_read_as_declared(answering: Installation) -> None:
    file = answering.folder / "german.csv"
    file.write_bytes("\ufeffRechnungsnr;Kundennr;Firma;Betrag;Fällig am\nR-1;7;Eiche GmbH;1.234,50;03.04.2026\n".encode())
    answering.run("import", str(file), "--dates", "day-first", "--currency", "eur")
    with answering.database().reading() as connection:
        row = connection.execute(select(invoices.c.total_minor, invoices.c.due, customers.c.country).join(customers)).one()
    assert (row.total_minor, row.due.isoformat(), row.country) == (123450, "2026-04-03", "GB")


@pytest.mark.parametrize(
    "words, status, said",
    [
        ((), 1, "the ledger of seller main is csv, which is told by files: name the FILE to import"),
        (("nowhere.csv",), 2, "File 'nowhere.csv' does not exist."),
        (("--seller", "other"), 1, "--seller: 'other' is not in sellers.yaml; choose from main"),
    ],
)
def test_a_mistake_in_use_is_named_with_its_remedy(installation: Installation, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in installation.run("import", *words, status=status).stderr
