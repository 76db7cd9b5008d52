"""Our rest ledger client against every way the pretend ledger can misbehave: it reads right, or it says that it cannot."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.append_log import read_log
from integrations.accounting import UnableToReadLedger, rest

ROOT = Path(__file__).parents[2]
TODAY = date(2027, 1, 4)
TOKEN = "t0ken"
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
KNOWN = "INV-4108"
_numbers = count(1)


@dataclass
class World:
    """The ledger in a process of its own, and who it tells of changes."""

    address: str = ""
    log: Path = Path()
    url: str = ""
    hints: list[rest.Hint] = field(default_factory=list)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False))

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        return self.http.request(method, self.address + path, json=body, params=params, headers={"Authorization": f"Bearer {TOKEN}"})

    def orders(self, *orders: dict[str, Any]) -> None:
        self.ask("PUT", "/faults", list(orders)).raise_for_status()

    def client(self) -> rest.RestLedger:
        return rest.connect(self.address, TOKEN, client=self.http)

    def hinted(self, number: int) -> list[str]:
        """Which invoices we were told of, once that is at least ``number`` times."""
        until(lambda: len(self.hints) >= number)
        return [hint.ref for hint in self.hints]


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s: {is_so}"
        time.sleep(0.01)


def an_invoice(**more: Any) -> dict[str, Any]:
    number = f"NEW-{next(_numbers)}"
    customer = {"number": f"C-{number}", "name": "Newcomer Ltd", "country": "GB", "contacts": [{"name": "Nora", "email": "nora@newcomer.example"}]}
    return {
        "number": number,
        "customer": customer,
        "currency": "EUR",
        "total": "100.00",
        "balance": "100.00",
        "issued": "2026-12-01",
        "due": "2026-12-31",
        **more,
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world, folder = World(), tmp_path_factory.mktemp("ledger")

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            world.hints.append(rest.verify(dict(self.headers.items()), body, [SECRET], datetime.now(UTC)))
            self.send_response(204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    world.url, world.log = f"http://127.0.0.1:{server.server_port}/hook", folder / "log.jsonl"
    command = [sys.executable, "examples/pretend_ledger.py", "--port-file", str(folder / "port"), "--token", TOKEN, "--today", str(TODAY)]
    command += ["--log", str(world.log), "--webhook-url", world.url, "--webhook-secret", SECRET]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    until(lambda: (folder / "port").exists() or process.poll() is not None)
    world.address = f"http://127.0.0.1:{(folder / 'port').read_text()}"
    yield world
    process.terminate()
    process.wait(60)
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(running: World) -> Iterator[World]:
    running.hints.clear()
    yield running
    running.ask("DELETE", "/faults").raise_for_status()
    running.ask("PUT", "/webhooks", {"url": running.url}).raise_for_status()


READS: dict[str, Callable[[rest.RestLedger], Any]] = {
    "read": lambda ledger: ledger.read((KNOWN, "INV-4109")),
    "list": lambda ledger: list(ledger.all_invoices()),
    "pdf": lambda ledger: ledger.pdf(KNOWN),
}
BAD: tuple[dict[str, Any], ...] = (
    {"do": "fail", "status": 401},
    {"do": "fail", "status": 403},
    {"do": "fail", "status": 429, "retry_after": 7},
    {"do": "fail", "status": 500},
    {"do": "fail", "status": 503},
    {"do": "drop"},
    {"do": "truncate"},
)


@pytest.mark.parametrize("order", BAD, ids=lambda order: "-".join(map(str, order.values())))
@pytest.mark.parametrize("how", READS)
def test_a_bad_answer_is_an_inability_to_read_and_the_next_good_one_is_right(world: World, how: str, order: dict[str, Any]) -> None:
    ledger = world.client()
    world.orders(order)
    with pytest.raises(UnableToReadLedger):
        READS[how](ledger)
    if how == "read":
        assert ledger.read((KNOWN,)).invoices[KNOWN] is not None
    else:
        assert READS[how](ledger)


@pytest.mark.parametrize("how", ["read", "list"])
def test_json_that_ends_halfway_in_an_answer_of_the_right_length_is_not_read(world: World, how: str) -> None:
    world.orders({"do": "cut"})
    with pytest.raises(UnableToReadLedger, match="not JSON"):
        READS[how](world.client())


@pytest.mark.parametrize("how", READS)
def test_an_answer_slower_than_our_patience_is_not_waited_for(world: World, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_TIMEOUT", httpx.Timeout(0.3))
    world.orders({"do": "delay", "seconds": 5})
    with pytest.raises(UnableToReadLedger, match="did not answer in time"):
        READS[how](world.client())


def test_a_late_answer_within_our_patience_is_right(world: World) -> None:
    world.orders({"do": "delay", "seconds": 0.3})
    begun = time.monotonic()
    assert world.client().read((KNOWN,)).invoices[KNOWN] is not None
    assert time.monotonic() - begun >= 0.3


def test_an_invoice_nobody_asked_for_is_not_taken_for_the_one_asked_for(world: World) -> None:
    world.orders({"do": "wrong invoice"})
    with pytest.raises(UnableToReadLedger, match="unasked"):
        world.client().read((KNOWN,))


def test_an_invoice_that_is_missing_from_an_answer_is_told_as_missing_and_the_other_one_is_right(world: World) -> None:
    world.orders({"do": "missing invoice"})
    found = world.client().read((KNOWN, "INV-4109")).invoices
    assert found[KNOWN] is None
    assert found["INV-4109"] is not None and found["INV-4109"].ref == "INV-4109"


def test_a_request_to_wait_is_passed_on(world: World) -> None:
    world.orders({"do": "fail", "status": 429, "retry_after": 7})
    with pytest.raises(UnableToReadLedger, match="in 7 s"):
        world.client().read((KNOWN,))


def test_an_outage_lasts_as_long_as_ordered_and_the_bookkeeper_works_on(world: World) -> None:
    world.orders({"do": "fail", "status": 503, "after": 1, "seconds": 600})
    ledger = world.client()
    assert ledger.read((KNOWN,)).invoices[KNOWN] is not None
    for _ in range(3):
        with pytest.raises(UnableToReadLedger):
            ledger.read((KNOWN,))
    assert world.ask("POST", f"/invoices/{KNOWN}", {"due": "2027-02-01"}).status_code == 200
    assert world.hinted(1) == [KNOWN]
    world.orders({"do": "fail", "status": 503, "seconds": 0.6})
    with pytest.raises(UnableToReadLedger):
        ledger.read((KNOWN,))
    asked = [line["monotonic"] for line in read_log(world.log) if line["what"] == "request"][-1]
    until(lambda: is_read(ledger))
    assert time.monotonic() - asked >= 0.6
    changed = ledger.read((KNOWN,)).invoices[KNOWN]
    assert changed is not None and changed.due == date(2027, 2, 1)
    assert world.ask("GET", "/faults").json() == []


def is_read(ledger: rest.RestLedger) -> bool:
    with suppress(UnableToReadLedger):
        return bool(ledger.read((KNOWN,)).invoices)
    return False


def test_orders_are_for_those_who_know_the_token_and_must_make_sense(world: World) -> None:
    assert world.http.put(f"{world.address}/faults", json=[]).status_code == 401
    for order in ({"do": "explode"}, {"do": "delay"}, {"do": "reorder webhooks"}, {"do": "drop", "copies": 2}):
        assert world.ask("PUT", "/faults", [order]).status_code == 422
    orders = [{"do": "drop", "times": 3}, {"do": "drop webhook", "after": 1}]
    assert [order["do"] for order in world.ask("PUT", "/faults", orders).json()] == ["drop", "drop webhook"]
    world.ask("DELETE", "/faults").raise_for_status()
    assert world.ask("GET", "/faults").json() == []


def test_invoices_that_are_added_can_be_read_and_are_told_only_when_asked_for(world: World) -> None:
    quiet, told = [an_invoice(), an_invoice()], [an_invoice(balance="40.00"), an_invoice(ref="r-7", standing="disputed")]
    assert world.ask("POST", "/invoices", quiet).json() == {"created": 2, "changed": 0}
    assert world.ask("POST", "/invoices", told, tell="true").json() == {"created": 2, "changed": 0}
    assert world.ask("POST", "/invoices", told[:1], tell="true").json() == {"created": 0, "changed": 1}

    refs = (quiet[0]["number"], told[0]["number"], "r-7")
    found = world.client().read(refs).invoices
    assert [invoice and invoice.balance for invoice in found.values()] == [Decimal("100.00"), Decimal("40.00"), Decimal("100.00")]
    assert found["r-7"] is not None and found["r-7"].standing == "disputed" and found["r-7"].customer.contacts[0].email == "nora@newcomer.example"
    assert sorted(world.hinted(3)) == sorted([refs[1], refs[1], "r-7"])
    assert {hint.happened for hint in world.hints} == {"invoice.created", "invoice.changed"}
    assert world.ask("POST", "/invoices", [{"number": "X"}]).status_code == 422


def test_a_webhook_comes_again_and_again_under_the_same_id(world: World) -> None:
    world.orders({"do": "duplicate webhook", "copies": 46})
    invoice = an_invoice()
    world.ask("POST", "/invoices", [invoice], tell="true").raise_for_status()
    assert world.hinted(46) == [invoice["number"]] * 46
    assert len({hint.delivery for hint in world.hints}) == 1


def test_webhooks_come_in_the_wrong_order_late_or_never(world: World) -> None:
    world.orders({"do": "drop webhook"}, {"do": "reorder webhooks", "times": 3}, {"do": "delay webhook", "seconds": 2})
    dropped, *rest_of_them = [an_invoice() for _ in range(6)]
    numbers = [invoice["number"] for invoice in rest_of_them]
    world.ask("POST", "/invoices", [dropped, *rest_of_them], tell="true").raise_for_status()
    told = world.hinted(5)
    assert [number for number in told if number in numbers[:3]] == numbers[2::-1]
    assert told[-1] == numbers[3] and sorted(told) == sorted(numbers)
    written = list(read_log(world.log))
    assert [line["ref"] for line in written if line["what"] == "webhook order" and line["do"] == "drop webhook"] == [dropped["number"]]


def test_webhooks_go_where_they_are_redirected_and_nowhere_when_nobody_is_to_be_told(world: World) -> None:
    world.ask("PUT", "/webhooks", {"url": ""}).raise_for_status()
    world.ask("POST", "/invoices", [an_invoice()], tell="true").raise_for_status()
    world.ask("PUT", "/webhooks", {"url": world.url}).raise_for_status()
    told = an_invoice()
    world.ask("POST", "/invoices", [told], tell="true").raise_for_status()
    assert world.hinted(1) == [told["number"]]
