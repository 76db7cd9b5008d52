"""A broken ledger, file or API, is refused with a clear answer: nothing is stored, not even half of it, and nobody is told."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from cli import dunwell
from cli.running import prepare_folder
from db.engine import Database
from db.schema import metadata
from integrations.accounting import rest
from support.csv_files import row
from tests.integrations.test_csv_ledger_faults import BROKEN
from tests.integrations.test_csv_payments import FAULTY as FAULTY_PAYMENTS
from tests.integrations.test_csv_payments import HEAD as PAYMENT_HEAD
from tests.integrations.test_csv_payments import PAID_INVOICES
from tests.integrations.test_csv_payments import line as payment
from tests.support.databases import fresh_database

SELLERS = """
sellers:
  - {{id: main, name: Brightwater, legal_name: Brightwater Ltd, sender_name: Hanna Weiss, sender_email: hanna@brightwater.example,
     ledger: csv, country: GB, time_zone: Europe/London}}
  - {{id: other, name: Other, legal_name: Other Ltd, sender_name: Hanna Weiss, sender_email: hanna@other.example,
     ledger: rest, country: DE, time_zone: Europe/Berlin, rest: {{url: "{address}", token: t0ken}}}}
"""
GOOD = row(number="K-1", total="100.00") + "K-2;Acme;EUR;50.00;2026-04-01\n"


@dataclass
class Api:
    """An accounting system's API that answers as it is told."""

    address: str
    answer: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda _: (200, {}, b"")


@dataclass
class Books:
    """An installation with a little in it already, and everybody it has told to watch an invoice."""

    folder: Path
    api: Api
    url: str
    told: list[str] = field(default_factory=list)

    def run(self, *words: str) -> Result:
        result = CliRunner().invoke(dunwell, ["import", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def contents(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        database = Database(self.url)
        with database.reading() as connection:
            found = {name: sorted(map(repr, connection.execute(table.select()))) for name, table in metadata.tables.items()}
        database.close()
        return found

    def refuse(self, *words: str) -> str:
        """Import, see it refused, see that nothing at all has changed, and give back what was said."""
        self.told.clear()
        before = self.contents()
        result = self.run(*words)
        assert result.exit_code in (1, 2), result.output
        assert result.stdout == "" and "Traceback" not in result.stderr
        assert self.contents() == before, "something was stored"
        assert self.told == [], "somebody was told"
        assert not list(self.folder.glob("mail/*")), "something was sent"
        return result.stderr


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    told = Api("")

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = told.answer(self.path)
            self.send_response(status)
            for name, value in ({"content-length": str(len(body)), "content-type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    told.address = f"http://127.0.0.1:{server.server_port}/api"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, api: Api) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("books")
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    with pytest.MonkeyPatch.context() as patched, fresh_database(request.param, folder, server) as url:
        for name in [name for name in os.environ if name.startswith("DUNWELL_")]:
            patched.delenv(name)
        patched.setenv("DUNWELL_DATA_FOLDER", str(folder))
        patched.setenv("DUNWELL_DATABASE_URL", url)
        patched.setenv("DUNWELL_TEMPORAL_ADDRESS", "127.0.0.1:1")
        prepare_folder(folder, SELLERS.format(address=api.address))
        made = Books(folder, api, url)

        async def open_one(door: object, invoice: str) -> bool:
            made.told.append(invoice)
            return True

        async def yes(*_: object) -> bool:
            return True

        for name, stand_in in (("open", open_one), ("check", yes), ("nudge", yes)):
            patched.setattr(f"starter.Door.{name}", stand_in)
        file = folder / "good.csv"
        file.write_text(GOOD)
        os.utime(file, (time.time() - 60, time.time() - 60))
        api.answer = page([INVOICE])
        for words in ((str(file), "--seller", "main"), ("--seller", "other")):
            assert made.run(*words).exit_code == 0
        assert len(made.told) == 3
        made.told.clear()
        yield made
    structlog.reset_defaults()


# Files

FUTURE = (datetime.now(UTC) + timedelta(days=20)).date()
HERE: dict[str, tuple[str, int, str, str]] = {
    "paid in the future": (row(paid_on=str(FUTURE)), 2, "paid on", "lies in the future"),
    # A number without a country code is taken for one of the seller's country.
    "a phone number without a country": (row(phone="12"), 2, "phone", "country code"),
}
FILES = BROKEN | HERE


@pytest.mark.parametrize("content, line, column, remedy", FILES.values(), ids=FILES)
def test_a_broken_file_is_refused_by_line_and_column_and_changes_nothing(books: Books, content: str | bytes, line: int, column: str, remedy: str) -> None:
    file = books.folder / "ledger.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = books.refuse(str(file), "--seller", "main")
    assert said.startswith("Error: ledger.csv" + (f", line {line}" if line else "") + (f', column "{column}"' if column else "") + ": ")
    assert remedy in said
    assert said.rstrip("\n").isprintable()


PAYMENTS = FAULTY_PAYMENTS | {"a day in the future": (PAYMENT_HEAD + payment(day=str(FUTURE)), 2, "day", "lies in the future")}


@pytest.mark.parametrize("content, line, column, remedy", PAYMENTS.values(), ids=PAYMENTS)
def test_broken_payments_are_refused_by_line_and_column_and_no_invoice_is_taken_either(
    books: Books, content: str | bytes, line: int, column: str, remedy: str
) -> None:
    (books.folder / "invoices.csv").write_text(PAID_INVOICES)
    file = books.folder / "payments.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = books.refuse(str(books.folder / "invoices.csv"), "--seller", "main", "--payments", str(file))
    assert said.startswith("Error: payments.csv" + (f", line {line}" if line else "") + (f', column "{column}"' if column else "") + ": ")
    assert remedy in said and "Sudwind" not in said


MISUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "a file that is not there": (("nowhere.csv", "--seller", "main"), "File 'nowhere.csv' does not exist."),
    "a folder": ((".", "--seller", "main"), "is a directory"),
    "of which seller": (("good.csv",), "--seller: there are several; choose from main, other"),
    "a seller nobody knows": (("good.csv", "--seller", "nobody"), "'nobody' is not in sellers.yaml; choose from main, other"),
    "a file for an API": (("good.csv", "--seller", "other"), "is rest, which is asked by itself: leave FILE out"),
    "no file for a csv ledger": (("--seller", "main"), "is csv, which is told by files: name the FILE to import"),
    "an older export": (("old.csv", "--seller", "main"), "older than the last import"),
    "payments for an API": (("--seller", "other", "--payments", "good.csv"), "--payments: is for files"),
    "a full export of an API": (("--seller", "other", "--full"), "--full: is for files"),
    "a full export that is cut off": (("cut.csv", "--seller", "main", "--full", "--max-close-share", "0"), "above the limit of 0%; export all invoices again"),
    "an order of days nobody knows": (("good.csv", "--seller", "main", "--dates", "year-first"), "'year-first' is not one of"),
    "a currency that is none": (
        ("bare.csv", "--seller", "main", "--currency", "EURO"),
        "--currency: 'EURO' is not a currency; write its ISO 4217 code, such as EUR, GBP or USD",
    ),
}


@pytest.mark.parametrize("words, said", MISUSED.values(), ids=MISUSED)
def test_a_file_that_is_not_meant_is_refused_and_changes_nothing(books: Books, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    monkeypatch.chdir(books.folder)
    old = books.folder / "old.csv"
    old.write_text(GOOD)
    os.utime(old, (0, 0))
    (books.folder / "bare.csv").write_text("number;customer;total;due\nB-1;Acme;1.00;2026-04-01\n")
    (books.folder / "cut.csv").write_text(row(number="K-9"))
    if "cut.csv" in words:
        many = books.folder / "many.csv"
        many.write_text(row(number="M-0") + "".join(f"M-{n};Acme;EUR;1.00;2026-04-01\n" for n in range(1, 6)))
        assert books.run(str(many), "--seller", "main").exit_code == 0
        books.told.clear()
    assert said in " ".join(books.refuse(*words).split())


# The API

INVOICE: dict[str, Any] = {
    "ref": "A",
    "number": "INV-1",
    "customer": {"number": "7", "name": "Acme"},
    "currency": "EUR",
    "total": "100.00",
    "balance": "100.00",
    "issued": "2026-11-01",
    "due": "2026-12-01",
}
NEW = INVOICE | {"ref": "B", "number": "INV-2"}
Answer = Callable[[str], tuple[int, dict[str, str], bytes]]


def page(invoices: list[Any], **more: Any) -> Answer:
    return lambda _: (200, {}, json.dumps({"invoices": invoices, "next": None, "posted_through": None} | more).encode())


def body(content: bytes, **headers: str) -> Answer:
    return lambda _: (200, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def status(number: int, **headers: str) -> Answer:
    return lambda _: (number, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


def second_page(answer: Answer) -> Answer:
    """A first page in order, and another."""
    return lambda path: answer(path) if "cursor" in path else page([NEW], next="2")(path)


def changed(**fields: Any) -> Answer:
    return page([NEW, INVOICE | {"ref": "C", "number": "INV-3"} | fields])


def customer(**fields: Any) -> Answer:
    return changed(customer={"number": "7", "name": "Acme"} | fields)


PLACE = "invoices[1]"
WHO = "(invoice with ref C, number INV-3); see the rest ledger's reference"
ANSWERS: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "the token is refused": (status(401), ("answered 401 to GET /invoices", "set a valid one")),
    "the token may not read": (status(403), ("answered 403", "give it that right in the ledger")),
    "nothing at the address": (status(404), ("answered 404", "is the address of its API")),
    "moved elsewhere": (status(301, location="https://elsewhere.example/"), ("answered 301", "is the address of its API")),
    "asked too often": (status(429, retry_after="30"), ("answered 429", "asked again in 30 s")),
    "asked too often, until when": (status(429, retry_after="\x1b[2J"), ("answered 429", "asked again later")),
    "failing": (status(500), ("answered 500", "see its status page or log")),
    "away for maintenance": (status(503), ("answered 503", "see its status page or log")),
    "no content": (status(204), ("answered 204", "is the address of its API")),
    "cut off in the middle": (body(b'{"invoices"', content_length="5000"), ("broke off its answer", "see whether it is being restarted")),
    "compressed, but not really": (body(b"nonsense", content_encoding="gzip"), ("broke off its answer", "see whether")),
    "a page to log in": (body(b"<html>Please log in</html>"), ("is not JSON", "is the address of its API")),
    "half an answer": (body(b'{"invoices": ['), ("is not JSON",)),
    "nothing at all": (body(b""), ("is not JSON",)),
    "not UTF-8": (body(b'{"invoices": "\xff"}'), ("is not JSON",)),
    "half a letter": (page([NEW | {"number": "\ud800"}]), ("is not JSON",)),
    "brackets without end": (body(b"[" * 100_000), ("is not JSON",)),
    "a list": (body(b"[]"), ("the whole: Input should be an object",)),
    "an error in a 200": (body(b'{"error": "no such tenant"}'), ("invoices: Field required",)),
    "invoices as an object": (body(b'{"invoices": {}}'), ("invoices: Input should be a valid",)),
    "posted through yesterday": (page([NEW], posted_through="yesterday"), ('posted_through: should be a day such as "2026-11-20"',)),
    "a cursor that is a number": (page([NEW], next=2), ("next: Input should be a valid string",)),
    "an invoice that is null": (page([NEW, None]), (f"{PLACE}: Input should be an object",)),
    "no key": (page([NEW, {key: value for key, value in INVOICE.items() if key != "ref"}]), (f"{PLACE}.ref: Field required", "number INV-1")),
    "an empty key": (changed(ref=""), (f"{PLACE}.ref",)),
    "a key with a blank": (changed(ref="A B"), (f"{PLACE}.ref",)),
    "a key that is a number": (changed(ref=5), (f"{PLACE}.ref: Input should be a valid string (invoice with number INV-3)",)),
    "a blank number": (changed(number="  "), (f"{PLACE}.number: should not be empty",)),
    "a number that is a number": (changed(number=3), (f"{PLACE}.number",)),
    "an amount as a float": (changed(total=100.1), (f'{PLACE}.total: should be a string such as "1234.50"', WHO)),
    "an amount that is none": (changed(total="NaN"), (f"{PLACE}.total: should be a string", WHO)),
    "an amount in scientific notation": (changed(total="1e3"), (f"{PLACE}.total: should be a string", WHO)),
    "an amount with a comma": (changed(balance="100,00"), (f"{PLACE}.balance: should be a string", WHO)),
    "no balance": (changed(balance=None), (f"{PLACE}.balance: should be a string", WHO)),
    "finer than a cent": (changed(total="100.005"), ("invoice C has an unusable total", "more decimal places", "must be corrected there")),
    "half a yen": (changed(currency="JPY", total="100.50", balance="0"), ("invoice C has an unusable total", "more decimal places")),
    "more owed than invoiced": (changed(balance="100.01"), ("invoice C has a balance of 100.01, more than its total of 100.00", "must be corrected there")),
    "a currency in small letters": (changed(currency="eur"), (f"{PLACE}.currency: should be an ISO 4217 code such as EUR", WHO)),
    "a currency nobody uses": (changed(currency="ZZZ"), (f"{PLACE}.currency: should be an ISO 4217 code such as EUR", WHO)),
    "a German day": (changed(due="01.12.2026"), (f'{PLACE}.due: should be a day such as "2026-11-20"', WHO)),
    "a day that is not in the calendar": (changed(due="2026-02-30"), (f"{PLACE}.due: day is out of range for month", WHO)),
    "a moment for a day": (changed(issued="2026-12-01T10:00:00Z"), (f"{PLACE}.issued: should be a day", WHO)),
    "seconds for a day": (changed(due=1796083200), (f"{PLACE}.due: should be a day", WHO)),
    "due at the end of time": (changed(due="9999-12-31"), (f"{PLACE}.due: should be a day from 2000 to 2099", WHO)),
    "issued at its beginning": (changed(issued="0001-01-01"), (f"{PLACE}.issued: should be a day from 2000 to 2099", WHO)),
    "a standing nobody knows": (changed(standing="in collection"), (f"{PLACE}.standing: Input should be 'open', 'draft'", WHO)),
    "nobody owes it": (changed(customer=None), (f"{PLACE}.customer", WHO)),
    "a customer without a name": (changed(customer={"number": "7"}), (f"{PLACE}.customer.name: Field required", WHO)),
    "a name that rings": (customer(name="A\x07cme"), (f"{PLACE}.customer.name: holds a control character", WHO)),
    "a name that turns around": (customer(name="A\u202ecme"), (f"{PLACE}.customer.name: holds a control character", WHO)),
    "a name without end": (customer(name="a" * 201), (f"{PLACE}.customer.name: String should have at most 200 characters", WHO)),
    "a country in words": (customer(country="Germany"), (f"{PLACE}.customer.country: should be empty or an ISO 3166 alpha-2 code such as DE", WHO)),
    "a country that is none": (customer(country="XX"), (f"{PLACE}.customer.country: should be empty or an ISO 3166", WHO)),
    "a language in words": (customer(language="German"), (f"{PLACE}.customer.language", WHO)),
    "a zone on the moon": (customer(time_zone="Moon/Base"), (f'{PLACE}.customer.time_zone: should be empty or an IANA time zone such as "Europe/Berlin"', WHO)),
    "a zone that is a path": (customer(time_zone="../../etc/passwd"), (f"{PLACE}.customer.time_zone", WHO)),
    "a role nobody knows": (customer(contacts=[{"role": "boss"}]), (f"{PLACE}.customer.contacts[0].role: Input should be 'billing'", WHO)),
    "contacts as text": (customer(contacts="ap@acme.example"), (f"{PLACE}.customer.contacts", WHO)),
    "a link that runs code": (changed(pay_url="javascript:alert(1)"), (f"{PLACE}.pay_url: should be empty or a web address that starts with https://", WHO)),
    "a document on a disk": (changed(pdf_url="C:\\1.pdf"), (f"{PLACE}.pdf_url: should be empty or a web address", WHO)),
    "the same invoice twice": (page([NEW, NEW]), ("lists invoice B twice on one page", "report this to whoever runs its API")),
    "two invoices under one number": (
        page([NEW, NEW | {"ref": "C"}]),
        ("invoices B and C have the same customer and the same number INV-2", "must be corrected there"),
    ),
    "a second page that fails": (second_page(status(500)), ("answered 500",)),
    "a second page that is broken": (
        second_page(page([INVOICE | {"total": 1}])),
        ("invoices[0].total: should be a string", "(invoice with ref A, number INV-1)"),
    ),
    "a second page that repeats a number": (second_page(page([NEW | {"ref": "C"}])), ("have the same customer and the same number INV-2",)),
    "pages without end": (page([], next="again"), ("pages never end", "report this to whoever runs its API")),
}


@pytest.mark.parametrize("answer, said", ANSWERS.values(), ids=ANSWERS)
def test_a_broken_api_is_refused_by_field_and_changes_nothing(books: Books, answer: Answer, said: tuple[str, ...]) -> None:
    books.api.answer = answer
    refused = books.refuse("--seller", "other")
    assert refused.startswith("Error: the ledger")
    assert refused.rstrip("\n").isprintable() and refused.count("\n") == 1
    assert all(part in refused for part in said), refused
    assert "t0ken" not in refused


def test_an_answer_larger_than_any_ledgers_is_refused_and_changes_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_LARGEST_ANSWER", 100)
    books.api.answer = page([NEW])
    assert "is too large or too slow; let it use smaller pages" in books.refuse("--seller", "other")


def test_an_api_that_is_not_there_is_refused_and_changes_nothing(books: Books) -> None:
    sellers = books.folder / "sellers.yaml"
    before = sellers.read_text()
    try:
        sellers.write_text(SELLERS.format(address="http://127.0.0.1:1"))
        assert "could not be reached; see whether it runs" in books.refuse("--seller", "other")
    finally:
        sellers.write_text(before)


def test_what_was_refused_is_taken_in_once_it_is_mended(books: Books) -> None:
    books.api.answer = page([INVOICE, NEW])
    assert "2 invoices taken in: 1 new, 0 changed, 1 as before." in books.run("--seller", "other").stdout
    assert len(books.told) == 2
    books.told.clear()


def test_there_are_at_least_forty_kinds_of_each() -> None:
    assert len(FILES) + len(MISUSED) >= 40
    assert len(ANSWERS) >= 40
