"""``dunwell doctor`` asks a ledger what reminders and upkeep ask it: one invoice, and the list; and says whether it tells single payments."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.ledgers import Ledgers
from cli.findings import Finding
from cli.ledgers import examine_ledger
from db import installation as state
from db import parties
from db.engine import Database
from integrations.accounting import rest
from settings import SellerSettings, Settings
from support.office import SELLER
from tests.cli.installation import Installation

NOW = datetime.now(UTC)
INVOICE: dict[str, Any] = {
    "ref": "A",
    "number": "INV-1",
    "customer": {"number": "7", "name": "Acme"},
    "currency": "EUR",
    "total": "1200.00",
    "balance": "750.00",
    "issued": "2026-03-01",
    "due": "2026-04-01",
}
Answer = Callable[[dict[str, str]], tuple[int, dict[str, Any]]]


@pytest.fixture
def known(database: Database) -> Database:
    """A database in which one invoice is known, listed an hour ago."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
        told = rest.connect("https://books.example.com/api", "t0ken", client=replying(lambda _: (200, page(INVOICE)))).read(("A",)).invoices["A"]
        assert told
        Ledgers(database, {}).record(connection, SELLER.id, [told], NOW)
        state.note_read(connection, SELLER.id, NOW - timedelta(hours=1))
    return database


def page(*invoices: dict[str, Any]) -> dict[str, Any]:
    return {"invoices": invoices, "next": None, "posted_through": None}


def replying(answer: Answer) -> httpx.Client:
    def reply(request: httpx.Request) -> httpx.Response:
        status, body = answer(dict(request.url.params))
        return httpx.Response(status, json=body)

    return httpx.Client(transport=httpx.MockTransport(reply))


def ask(database: Database, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Finding:
    """What is found about the ledger; its books are told about whatever comes of it."""
    connect = rest.connect
    with monkeypatch.context() as patched:
        patched.setattr(rest, "connect", lambda url, token: connect(url, token, client=replying(answer)))
        one = SellerSettings(SELLER, "https://books.example.com/api", "t0ken")
        ledger, books = examine_ledger(database, Settings(), one, NOW)
    assert (ledger.what, books.what) == ("ledger", "books")
    return ledger


def test_a_ledger_that_answers_and_will_not_list_its_invoices_is_wrong(known: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(known, monkeypatch, lambda asked: (200, page(INVOICE)) if "ref" in asked else (403, {}))
    assert found.health == "wrong"
    assert "does not list its invoices" in found.said and "give it that right" in found.said and "not found" in found.remedy


def test_an_invoice_in_the_list_that_cannot_be_right_is_named(known: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = INVOICE | {"ref": "POI-1", "number": "POI-1", "total": "100.005", "balance": "100.00"}
    found = ask(known, monkeypatch, lambda asked: (200, page(INVOICE)) if "ref" in asked else (200, page(INVOICE | {"number": "INV-1"}, bad)))
    assert found.health == "wrong"
    assert "POI-1" in found.said and "corrected there" in found.said


def test_what_is_listed_is_what_upkeep_would_ask_for(known: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def answer(params: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked.append(params)
        return 200, page(INVOICE) if "ref" in params else page()

    assert ask(known, monkeypatch, answer).health == "ok"
    (since,) = [params["updated_since"] for params in asked if "ref" not in params]
    assert timedelta(hours=1) < NOW - datetime.fromisoformat(since) < timedelta(hours=2)


@pytest.mark.parametrize(
    ("payments", "said"), [({}, "no single payments"), ({"payments": None}, "no single payments"), ({"payments": []}, "and tells single payments")]
)
def test_it_says_whether_a_ledger_tells_single_payments(known: Database, monkeypatch: pytest.MonkeyPatch, payments: dict[str, Any], said: str) -> None:
    found = ask(known, monkeypatch, lambda asked: (200, page(INVOICE | payments) if "ref" in asked else page()))
    assert found.health == "ok" and said in found.said


def test_it_says_whether_imported_files_tell_single_payments(answering: Installation, tmp_path: Path) -> None:
    def said() -> str:
        found = json.loads(answering.run("doctor", "--json", status=1).stdout)
        return next(one["said"] for one in found if one["what"] == "ledger")

    file = answering.write_csv(("A-1", "oak", 4))
    answering.run("import", str(file))
    assert "no single payments" in said()
    payments = tmp_path / "payments.csv"
    payments.write_text("invoice number,day,amount,kind\nA-1,2026-01-09,40.00,payment\n")
    answering.run("import", str(file), "--payments", str(payments))
    assert "and tells single payments" in said()
