"""The rest ledger, asked for real, and the hints that are believed or not."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.customer import Role
from domain.invoice import Standing
from domain.money import Money
from examples.append_log import read_log
from integrations.accounting import LedgerContact, LedgerInvoice, UnableToReadLedger, rest
from integrations.accounting.csv_ledger import DateOrder, read_csv
from integrations.accounting.rest import RestLedger, connect, verify

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ledger.csv"
ANCHOR = date(2026, 3, 2)
TODAY = date(2027, 1, 4)  # a Monday
TOKEN = "t0ken"
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()


@dataclass
class Pretend:
    """A pretend ledger in a process of its own."""

    address: str
    log: Path
    said: str

    def asked(self) -> RestLedger:
        return connect(self.address, TOKEN)

    def told(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.request(method, self.address + path, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
        answer.raise_for_status()
        return dict(answer.json())

    def journal(self) -> list[dict[str, Any]]:
        return list(read_log(self.log))


def started(folder: Path, *more: str) -> tuple[subprocess.Popen[str], Pretend]:
    port, log = folder / "port", folder / "log.jsonl"
    command = [sys.executable, "examples/pretend_ledger.py", "--port-file", str(port), "--token", TOKEN, "--today", str(TODAY), "--log", str(log), *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not port.exists():
        assert process.poll() is None and time.monotonic() < deadline, "the pretend ledger did not come up"
        time.sleep(0.05)
    assert process.stdout
    return process, Pretend(f"http://127.0.0.1:{port.read_text()}", log, process.stdout.readline())


def stopped(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def pretend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pretend]:
    """For questions only."""
    process, ledger = started(tmp_path_factory.mktemp("ledger"))
    yield ledger
    stopped(process)


@dataclass
class Receiver:
    """Who is told of changes; answers with ``statuses`` in turn, then 204."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def after(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + 120
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"only {len(self.received)} of {count} hints came"
            time.sleep(0.05)
        return list(self.received)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver("")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.received.append((dict(self.headers.items()), body))
            self.send_response(found.statuses.pop(0) if found.statuses else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def bookkeeping(tmp_path: Path, receiver: Receiver) -> Iterator[Pretend]:
    """To be changed, with the receiver told of it."""
    process, ledger = started(tmp_path, "--webhook-url", receiver.url, "--webhook-secret", SECRET)
    yield ledger
    stopped(process)


def from_csv() -> list[LedgerInvoice]:
    return list(read_csv(EXAMPLE.read_bytes(), file="ledger.csv", dates=DateOrder.ISO, today=ANCHOR).invoices)


# Any ledger


@pytest.fixture(params=["csv", "rest"])
def told(request: pytest.FixtureRequest) -> list[LedgerInvoice]:
    """Every invoice, as each kind of ledger tells it."""
    if request.param == "csv":
        return from_csv()
    pretend: Pretend = request.getfixturevalue("pretend")
    return list(pretend.asked().all_invoices())


def test_every_ledger_tells_each_invoice_once_with_a_key_of_its_own(told: list[LedgerInvoice]) -> None:
    assert len(told) == 114
    assert len({invoice.ref for invoice in told}) == len({(invoice.customer.number, invoice.number) for invoice in told}) == 114


def test_every_ledger_tells_amounts_that_are_money_and_days_that_are_days(told: list[LedgerInvoice]) -> None:
    for invoice in told:
        assert Money(invoice.total, invoice.currency).amount.as_tuple() == invoice.total.as_tuple()
        assert Money(invoice.balance, invoice.currency).amount <= invoice.total
        assert type(invoice.issued) is type(invoice.due) is date
        assert invoice.issued <= invoice.due


def test_every_ledger_tells_history_as_paid_invoices_with_their_day(told: list[LedgerInvoice]) -> None:
    paid = [invoice for invoice in told if invoice.balance == 0]
    assert len(paid) >= 40
    assert all(invoice.paid_on and invoice.standing is Standing.OPEN for invoice in paid)


def test_every_ledger_tells_a_customer_alike_on_all_its_invoices(told: list[LedgerInvoice]) -> None:
    assert len({invoice.customer.number for invoice in told}) == len({invoice.customer for invoice in told}) == 24


def test_the_pretend_ledger_tells_what_the_file_does_with_its_days_moved(pretend: Pretend) -> None:
    shift = TODAY - ANCHOR

    def comparable(invoice: LedgerInvoice, by: timedelta) -> LedgerInvoice:
        contacts = tuple(sorted(invoice.customer.contacts, key=lambda contact: contact.name))
        paid_on = invoice.paid_on + by if invoice.paid_on else None
        return replace(
            invoice,
            ref="",
            bookings=None,
            issued=invoice.issued + by,
            due=invoice.due + by,
            paid_on=paid_on,
            customer=replace(invoice.customer, contacts=contacts),
        )

    assert [comparable(invoice, timedelta()) for invoice in pretend.asked().all_invoices()] == [comparable(invoice, shift) for invoice in from_csv()]
    assert f"moved by {shift.days:+d} days" in pretend.said
    assert f"moved by {shift.days:+d} days" in httpx.get(pretend.address, timeout=60).json()["dates"]


# Asking


def test_an_invoice_is_read_as_it_is_now(pretend: Pretend) -> None:
    before = datetime.now(UTC)
    reading = pretend.asked().read(("INV-4108", "INV-9999", "INV-4108"))
    assert before <= reading.read_at <= datetime.now(UTC)
    assert set(reading.invoices) == {"INV-4108", "INV-9999"}
    assert reading.invoices["INV-9999"] is None
    invoice = reading.invoices["INV-4108"]
    assert invoice and (invoice.total, invoice.balance, invoice.currency) == (Decimal("801.57"), Decimal("0.00"), "EUR")
    assert invoice.customer.contacts == (LedgerContact("Sanne de Wit", "facturen@vandermeerbloemen.example", "", Role.BILLING),)


def test_the_books_are_posted_through_the_business_day_before(pretend: Pretend) -> None:
    friday, monday = date(2027, 1, 1), date(2027, 1, 4)  # Monday, should midnight pass meanwhile
    assert pretend.asked().read(("INV-4108",)).posted_through in (friday, monday)


def test_more_invoices_than_fit_one_question_are_read_all_the_same(pretend: Pretend) -> None:
    refs = tuple(invoice.ref for invoice in pretend.asked().all_invoices())
    assert all(pretend.asked().read(refs).invoices.values())


def test_reading_nothing_asks_nothing() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing was to be asked")

    assert mocked(refuse).read(()).invoices == {}


def test_only_what_changed_from_a_moment_on_can_be_asked_for(pretend: Pretend) -> None:
    since = datetime(2026, 12, 31, tzinfo=UTC)
    found = {invoice.ref for invoice in pretend.asked().all_invoices(since)}
    assert found == {invoice.ref for invoice in pretend.asked().all_invoices() if (invoice.paid_on or invoice.issued) >= since.date()}
    assert 0 < len(found) < 114


def test_a_document_is_a_pdf_or_nothing(pretend: Pretend) -> None:
    document = pretend.asked().pdf("INV-4108")
    assert document and document.startswith(b"%PDF-1.4") and document.endswith(b"%%EOF\n")
    assert b"Invoice INV-4108" in document and b"801.57 EUR" in document
    assert pretend.asked().pdf("INV-9999") is None


def test_every_request_and_answer_is_in_the_log_before_it_counts(pretend: Pretend) -> None:
    started_at = time.monotonic()
    pretend.asked().read(("INV-4108",))
    request, answer = pretend.journal()[-2:]
    assert (request["what"], request["query"], answer["what"], answer["request"]) == ("request", "ref=INV-4108", "answer", request["request"])
    assert started_at <= request["monotonic"] <= answer["monotonic"] <= time.monotonic()
    assert answer["body"]["invoices"][0]["balance"] == "0.00"


# Changing


def test_a_payment_is_booked_and_told_by_a_hint_that_verifies(bookkeeping: Pretend, receiver: Receiver) -> None:
    left = bookkeeping.told("POST", "/invoices/INV-4273/payments", {"amount": "167.90"})
    assert left["balance"] == "500.00" and left["paid_on"] in (str(TODAY), str(TODAY + timedelta(days=1)))
    bookkeeping.told("POST", "/invoices/INV-4273/payments", {"amount": "500.00"})
    hints = [verify(headers, body, [SECRET], datetime.now(UTC)) for headers, body in receiver.after(2)]
    assert {(hint.ref, hint.happened) for hint in hints} == {("INV-4273", "invoice.changed"), ("INV-4273", "invoice.paid")}
    assert len({hint.delivery for hint in hints}) == 2
    invoice = bookkeeping.asked().read(("INV-4273",)).invoices["INV-4273"]
    assert invoice and invoice.balance == 0


def test_a_hint_is_repeated_under_the_same_id_until_it_is_taken(bookkeeping: Pretend, receiver: Receiver) -> None:
    receiver.statuses = [503, 500]
    bookkeeping.told("POST", "/invoices/INV-4273", {"standing": "disputed", "due": "2027-02-01"})
    hints = {verify(headers, body, [SECRET], datetime.now(UTC)) for headers, body in receiver.after(3)}
    assert len(receiver.received) == 3
    assert {(hint.ref, hint.happened) for hint in hints} == {("INV-4273", "invoice.changed")} and len(hints) == 1
    invoice = bookkeeping.asked().read(("INV-4273",)).invoices["INV-4273"]
    assert invoice and (invoice.standing, invoice.due) == (Standing.DISPUTED, date(2027, 2, 1))


def test_the_books_can_be_set_behind(bookkeeping: Pretend) -> None:
    for posted in (date(2026, 12, 30), None):
        bookkeeping.told("PUT", "/books", {"posted_through": posted and str(posted)})
        assert bookkeeping.asked().read(("INV-4108",)).posted_through == posted


def test_the_pretend_ledger_refuses_what_no_bookkeeper_means(pretend: Pretend) -> None:
    for path, body in (("/payments", {"amount": "0.00"}), ("/payments", {"amount": "1.005"}), ("/payments", {"amount": 5}), ("", {"du": "2027-01-01"})):
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            pretend.told("POST", "/invoices/INV-4273" + path, body)


# Answers that cannot be believed

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


def mocked(answer: Callable[[httpx.Request], httpx.Response]) -> RestLedger:
    return connect("https://books.example.com/api/", TOKEN, client=httpx.Client(transport=httpx.MockTransport(answer)))


def page(*invoices: dict[str, Any], **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"invoices": list(invoices), "next": None, "posted_through": None} | more)


def test_the_question_is_as_agreed() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return page(INVOICE, unheard_of=1, posted_through="2026-11-20")

    reading = mocked(answer).read(("A",))
    assert reading.posted_through == date(2026, 11, 20)
    assert str(asked[0].url) == "https://books.example.com/api/invoices?ref=A"
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert (asked[0].extensions["timeout"]["connect"], asked[0].extensions["timeout"]["read"]) == (3, 10)


@pytest.mark.parametrize(
    "status, remedy",
    [
        (401, "set a valid one"),
        (403, "give it that right"),
        (404, "address of its API"),
        (301, "address of its API"),
        (204, "address of its API"),
        (418, "address of its API"),
        (429, "asked again in 30 s"),
        (500, "status page or log"),
        (503, "status page or log"),
    ],
)
def test_any_status_but_200_is_refused_with_a_remedy(status: int, remedy: str) -> None:
    ledger = mocked(lambda request: httpx.Response(status, headers={"retry-after": "30", "location": "https://evil.example/"}))
    for call in (lambda: ledger.read(("A",)), lambda: list(ledger.all_invoices())):
        with pytest.raises(UnableToReadLedger, match=rf"answered {status} to GET /invoices; .*{remedy}"):
            call()


def test_the_pretend_ledger_refuses_a_wrong_token(pretend: Pretend) -> None:
    with pytest.raises(UnableToReadLedger, match="401"):
        connect(pretend.address, "wrong").read(("INV-4108",))


@pytest.mark.parametrize(
    "failure, calls, remedy",
    [
        (httpx.ConnectError("refused"), 2, "could not be reached"),
        (httpx.ConnectTimeout("slow"), 2, "could not be reached"),
        (httpx.ReadTimeout("slow"), 1, "did not answer in time"),
        (httpx.ReadError("reset"), 1, "broke off its answer"),
        (httpx.RemoteProtocolError("nonsense"), 1, "broke off its answer"),
    ],
)
def test_a_failing_line_is_tried_again_once_and_only_before_it_connected(failure: httpx.HTTPError, calls: int, remedy: str) -> None:
    count = 0

    def fail(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        raise failure

    with pytest.raises(UnableToReadLedger, match=remedy):
        mocked(fail).read(("A",))
    assert count == calls


def test_a_second_attempt_to_connect_may_succeed() -> None:
    answers: list[httpx.Response | Exception] = [httpx.ConnectError("refused"), page(INVOICE)]

    def answer(request: httpx.Request) -> httpx.Response:
        if isinstance(found := answers.pop(0), Exception):
            raise found
        return found

    assert mocked(answer).read(("A",)).invoices["A"]


def test_a_ledger_that_is_not_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UnableToReadLedger, match="could not be reached"):
        connect(f"http://127.0.0.1:{port}", TOKEN).read(("A",))


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"total": 100.0}, r"invoices\[0\].total: should be a string"),
        ({"total": "NaN"}, r"invoices\[0\].total: should be a string"),
        ({"total": "1e3"}, r"invoices\[0\].total: should be a string"),
        ({"balance": "1,234.50"}, r"invoices\[0\].balance: should be a string"),
        ({"balance": None}, r"invoices\[0\].balance"),
        ({"total": "100.005"}, "unusable total: .* more decimal places"),
        ({"currency": "eur"}, r"invoices\[0\].currency"),
        ({"due": "01.12.2026"}, r"invoices\[0\].due: should be a day"),
        ({"due": "2026-02-30"}, r"invoices\[0\].due"),
        ({"due": 1796083200}, r"invoices\[0\].due: should be a day"),
        ({"due": "1796083200"}, r"invoices\[0\].due: should be a day"),
        ({"paid_on": "2026-12-01T10:00:00Z"}, r"invoices\[0\].paid_on"),
        ({"standing": "in collection"}, r"invoices\[0\].standing"),
        ({"ref": ""}, r"invoices\[0\].ref"),
        ({"ref": 5}, r"invoices\[0\].ref"),
        ({"number": "  "}, r"invoices\[0\].number: should not be empty"),
        ({"customer": None}, r"invoices\[0\].customer"),
        ({"customer": {"number": "7"}}, r"invoices\[0\].customer.name"),
        ({"customer": {"number": "7", "name": "A\x07cme"}}, r"invoices\[0\].customer.name: holds a control character"),
        ({"customer": {"number": "7", "name": "Acme", "time_zone": "Moon/Base"}}, r"customer.time_zone: should be empty or an IANA"),
        ({"customer": {"number": "7", "name": "Acme", "country": "Germany"}}, r"customer.country"),
        ({"customer": {"number": "7", "name": "Acme", "contacts": [{"role": "boss"}]}}, r"customer.contacts\[0\].role"),
        ({"pay_url": "javascript:alert(1)"}, r"invoices\[0\].pay_url: should be empty or a web address"),
    ],
)
def test_a_field_of_another_form_is_refused_by_its_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(UnableToReadLedger, match=named):
        mocked(lambda request: page(INVOICE | changes)).read(("A",))


@pytest.mark.parametrize(
    "body, named",
    [
        (b"<html>Please log in</html>", "is not JSON"),
        (b'{"invoices": [', "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"", "is not JSON"),
        (b"[]", "the whole"),
        (b"{}", "invoices: Field required"),
        (b'{"invoices": [], "posted_through": "yesterday"}', "posted_through: should be a day"),
        (b'{"invoices": [], "next": 2}', "next: "),
    ],
)
def test_an_answer_of_another_form_is_refused(body: bytes, named: str) -> None:
    with pytest.raises(UnableToReadLedger, match=named):
        list(mocked(lambda request: httpx.Response(200, content=body)).all_invoices())


@pytest.mark.parametrize("answer", [[INVOICE | {"ref": "B"}], [INVOICE, INVOICE]])
def test_an_invoice_that_was_not_asked_for_or_comes_twice_is_refused(answer: list[dict[str, Any]]) -> None:
    with pytest.raises(UnableToReadLedger, match="unasked or twice"):
        mocked(lambda request: page(*answer)).read(("A",))


def test_pages_that_never_end_are_refused() -> None:
    with pytest.raises(UnableToReadLedger, match="never end"):
        list(mocked(lambda request: page(INVOICE, next="again")).all_invoices())


def test_the_next_page_is_asked_for_with_the_same_question() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params.get_list("ref") == ["A", "B"]
        if request.url.params.get("cursor") == "2":
            return page(INVOICE | {"ref": "B"}, posted_through="2026-11-19")
        return page(INVOICE, next="2", posted_through="2026-11-20")

    reading = mocked(answer).read(("A", "B"))
    assert all(reading.invoices.values())
    assert reading.posted_through == date(2026, 11, 19)


def test_an_answer_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_LARGEST_ANSWER", 100)
    with pytest.raises(UnableToReadLedger, match="too large or too slow"):
        mocked(lambda request: page(INVOICE)).read(("A",))


def test_a_document_that_is_no_pdf_is_refused() -> None:
    ledger = mocked(lambda request: httpx.Response(200, html="<p>log in"))
    with pytest.raises(UnableToReadLedger, match="not a PDF"):
        ledger.pdf("A")


def test_a_key_is_kept_whole_in_the_address_of_a_document() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(404)

    assert mocked(answer).pdf("../7/INV 1?x") is None
    assert asked == ["/api/invoices/..%2F7%2FINV%201%3Fx/pdf"]


@pytest.mark.parametrize(
    "address", ["", "books.example.com", "ftp://books.example.com", "https://", "https://u:p@books.example.com", "https://b.example/?a=1", "http://[::1"]
)
def test_an_address_that_cannot_be_right_is_refused_before_any_call(address: str) -> None:
    with pytest.raises(UnableToReadLedger, match="write it like https://"):
        connect(address, TOKEN)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_that_cannot_be_right_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(UnableToReadLedger, match="copy it again") as refused:
        connect("https://books.example.com", token)
    assert not token or token not in str(refused.value)
