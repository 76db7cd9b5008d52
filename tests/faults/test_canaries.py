"""Names, addresses and people's words stay in the owner's database: none of them is found in Temporal's store, in logs, ids,
metrics or command lines, whatever goes wrong.

A whole installation runs on a ledger in which every field holds a word found nowhere else, through reminders, refusals,
errors, changes by hand and a payment. Then every byte of what strangers may see is searched for these words.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text
from standardwebhooks import Webhook
from temporalio.client import Client

from cli import dunwell
from db.engine import Database
from db.schema import cases, inbox, invoices, journal, outreach
from tests.integrations.mail_servers import PretendMailServer, pretend_mail_server

# What starts "dunwell up" runs one after another: each takes the first ports that are free, and listens a moment later.
pytestmark = [pytest.mark.server, pytest.mark.xdist_group("siege"), pytest.mark.timeout(300)]

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
SELLERS = """
sellers:
  - {{id: main, name: Brightwater, legal_name: Brightwater Ltd, sender_name: Hanna Weiss, sender_email: hanna@brightwater-tools.co.uk,
     ledger: rest, country: DE, time_zone: Europe/Berlin, rest: {{url: "{address}", token: t0ken-zqtoken, webhook_secrets: ["{secret}"]}}}}
"""
TODAY = datetime.now(UTC).date()
INVOICES = ("SENT", "REFUSED", "PROMISED", "HELD", "PAID", "UNREADABLE", "BROKEN")


@dataclass
class Canaries:
    """Every private word of this test, by where it was planted."""

    words: dict[str, str] = field(default_factory=dict)

    def plant(self, where: str, shape: str = "Zq{}") -> str:
        """A text around a word that stands nowhere else in the world."""
        word = f"{re.sub('[^a-z]', '', where.lower())}{os.urandom(6).hex()}"
        self.words[where] = word
        return shape.format(word)

    def plant_phone(self, where: str) -> str:
        digits = f"1511{int.from_bytes(os.urandom(4), 'big') % 10**7:07}"
        self.words[where] = digits
        return f"+49{digits}"


@dataclass
class Ledger:
    """An accounting system of which every field is private; for the invoices in ``failing`` it answers badly, and quotes them."""

    canaries: Canaries
    address: str = ""
    paid: set[str] = field(default_factory=set)
    failing: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fill(self) -> None:
        for number in INVOICES:
            plant = self.canaries.plant
            people = [
                {
                    "name": plant(f"{number} contact name {n}", "Ms. {}"),
                    "email": plant(f"{number} email {n}", "{}@customer.example"),
                    "phone": self.canaries.plant_phone(f"{number} phone {n}"),
                    "role": role,
                }
                for n, role in enumerate(("billing", "cfo"))
            ]
            self.rows[number] = {
                "ref": f"ref-{number}",
                "number": number,
                "customer": {
                    "number": plant(f"{number} customer number"),
                    "name": plant(f"{number} customer name", "{} & Co"),
                    "contacts": people,
                    "address": [plant(f"{number} street", "1 {} Street"), plant(f"{number} town")],
                    "vat": plant(f"{number} vat number"),
                },
                "currency": "EUR",
                "total": "100.00",
                "balance": "100.00",
                "issued": str(TODAY - timedelta(days=50)),
                "due": str(TODAY - timedelta(days=20)),
                "pay_url": plant(f"{number} pay link", "https://pay.example/{}"),
                "pdf_url": plant(f"{number} pdf link", "https://pdf.example/{}"),
                "purchase_order": plant(f"{number} purchase order"),
                "memo": plant(f"{number} memo"),
            }

    def answer(self, asked: httpx.QueryParams) -> tuple[int, str, dict[str, str], bytes]:
        refs = asked.get_list("ref")
        found = [row | ({"balance": "0.00"} if row["number"] in self.paid else {}) for row in self.rows.values() if not refs or row["ref"] in refs]
        for row in found:
            if refs and (way := self.failing.get(row["number"])):
                quoted = json.dumps(row).encode()
                if way == "500":
                    return 500, f"no {row['customer']['name']}", {"retry-after": row["customer"]["name"]}, quoted
                if way == "redirect":
                    return 302, "Found", {"location": f"https://{row['customer']['contacts'][0]['email']}/"}, quoted
                if way == "not JSON":
                    return 200, "OK", {}, b"<p>" + quoted
                row["customer"] = row["customer"] | {"contacts": [{"role": row["customer"]["name"]}], "time_zone": row["customer"]["name"]}
        return 200, "OK", {}, json.dumps({"invoices": found, "next": None, "posted_through": str(TODAY)}).encode()


@contextmanager
def serving(ledger: Ledger) -> Iterator[None]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            status, reason, headers, body = (404, "no", {}, b"") if path.endswith("pdf") else ledger.answer(httpx.QueryParams(query))
            self.send_response(status, reason)
            for name, value in ({"content-length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    ledger.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Installation:
    """``dunwell up`` in a folder of its own, as its owner sees it."""

    folder: Path
    process: subprocess.Popen[bytes]
    database: Database

    def run(self, *words: str, status: int = 0) -> str:
        result = CliRunner().invoke(dunwell, list(words))
        assert result.exit_code == status, f"{words}: {result.output}"
        return str(result.output)

    def settings(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.folder / "running.env").read_text().splitlines())

    def count(self, query: Any) -> int:
        with self.database.reading() as connection:
            found: int = connection.execute(query).scalar_one()
        return found

    def until(self, query: Any, least: int = 1, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while self.count(query) < least:
            assert time.monotonic() < deadline, f"did not happen: {query}\n{self.logs()}"
            assert self.process.poll() is None, self.logs()
            time.sleep(0.1)

    def case(self, number: str) -> str:
        with self.database.reading() as connection:
            invoice: str = connection.execute(select(invoices.c.id).where(invoices.c.number == number)).scalar_one()
        return f"invoice/{invoice}"

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-3000:] for file in sorted((self.folder / "logs").glob("*.log")))


@contextmanager
def installed(folder: Path, ledger: Ledger, mail: PretendMailServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    for name in [name for name in os.environ if name.startswith("DUNWELL_")]:
        monkeypatch.delenv(name)
    folder.mkdir()
    (folder / "sellers.yaml").write_text(SELLERS.format(address=ledger.address, secret=SECRET))
    for name, value in (("MAILER", "smtp"), ("SMTP_URL", f"smtp://127.0.0.1:{mail.port}"), ("OPEN_ALL_HOURS", "true"), ("DATA_FOLDER", str(folder))):
        monkeypatch.setenv(f"DUNWELL_{name}", value)
    with (folder / "up.log").open("wb") as said:
        process = subprocess.Popen([sys.executable, "-u", "-P", "-m", "cli", "up"], stdout=said, stderr=said, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while "Shadow mode" not in (folder / "up.log").read_text():
            assert time.monotonic() < deadline and process.poll() is None, (folder / "up.log").read_text()
            time.sleep(0.1)
        database = Database(f"sqlite:///{folder / 'dunwell.db'}")
        yield Installation(folder, process, database)
        database.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def sent(number: str) -> Any:
    """How often a case has something to show for a message that was taken by the mail server."""
    here = cases.join(invoices).join(journal)
    return select(func.count()).select_from(here).where(invoices.c.number == number, journal.c.what.like("%reminder sent%"))


def live_through(made: Installation, ledger: Ledger, mail: PretendMailServer, canaries: Canaries) -> None:
    """Reminders, refusals, errors, changes by hand and a payment."""
    billing = {number: row["customer"]["contacts"][0] for number, row in ledger.rows.items()}
    mail.at_rcpt[billing["REFUSED"]["email"]] = f"550 5.1.1 <{billing['REFUSED']['email']}>: {billing['REFUSED']['name']} does not work here"
    made.run("live", "--yes", "--replies-are-read-by", "Ann")
    made.run("import", "--seller", "main")
    for number in ("SENT", "PROMISED", "HELD", "PAID", "UNREADABLE", "BROKEN"):
        made.until(sent(number))
    made.until(select(func.count()).select_from(outreach).where(outreach.c.state == "refused"))

    token = json.loads(made.run("token", "issue", canaries.plant("person", "Vera {}"), "--role", "admin", "--json"))["token"]
    words = ("--token", token, "--reason")
    made.run("case", "promise", "PROMISED", "--day", str(TODAY + timedelta(days=9)), *words, canaries.plant("promise reason", "on the phone with {}"))
    made.run("case", "hold", "HELD", *words, canaries.plant("hold reason", "asked by {}"))
    made.run("case", "release", "HELD", *words, canaries.plant("release reason", "{} called"))
    made.run("case", "skip", "HELD", *words, canaries.plant("skip reason", "{} called"))
    made.run("pause", *words, canaries.plant("pause reason", "because of {}"))
    made.run("resume", "--token", token)

    port = made.settings()["DUNWELL_PUBLIC_PORT"]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:

        def post(number: str, **headers: str) -> int:
            now = datetime.now(UTC)
            body = json.dumps({"type": canaries.plant(f"{number} event", "paid by {}"), "data": {"ref": f"ref-{number}"}, "row": ledger.rows[number]})
            sealed = {"webhook-id": canaries.plant(f"{number} delivery"), "webhook-timestamp": str(int(now.timestamp()))}
            sealed["webhook-signature"] = Webhook(SECRET).sign(sealed["webhook-id"], now, body)
            return client.post("/webhooks/rest/main", content=body, headers=sealed | headers).status_code

        ledger.paid.add("PAID")
        assert post("PAID") == 202
        made.until(select(func.count()).select_from(cases).where(cases.c.ended == "settled"))
        assert post("HELD", **{"webhook-signature": canaries.plant("forged seal", "v1,{}"), "user-agent": canaries.plant("agent")}) == 401
        assert client.post(f"/webhooks/rest/{canaries.plant('forged path')}", content=canaries.plant("forged body")).status_code == 401
        for way in ("500", "redirect", "not JSON", "malformed"):
            ledger.failing["UNREADABLE"] = way
            before = made.count(select(func.count()).select_from(inbox).where(inbox.c.state == "folded"))
            assert post("UNREADABLE") == 202
            made.until(select(func.count()).select_from(inbox).where(inbox.c.state == "folded"), before + 1)

        # What nobody expects: an error that quotes the value it stumbles over, in the worker and on the page.
        quoted = canaries.plant("what an error quotes", "{} does not pay")
        case = made.case("BROKEN")
        with made.database.transaction() as connection:
            connection.execute(
                text("UPDATE customers SET behavior = :quoted WHERE id = (SELECT customer_id FROM cases WHERE id = :id)"), {"quoted": quoted, "id": case}
            )
        assert post("BROKEN") == 202
        inside = f"http://127.0.0.1:{made.settings()['DUNWELL_PRIVATE_PORT']}"
        for page, status in ((case.removeprefix("invoice/"), 500), (canaries.plant("unknown page"), 404), (f"?search={canaries.plant('search')}", 404)):
            assert httpx.get(f"{inside}/invoices/{page}", timeout=60, trust_env=False).status_code == status
        asyncio.run(failure_seen(made, case))


async def temporal(made: Installation) -> Client:
    return await Client.connect(made.settings()["DUNWELL_TEMPORAL_ADDRESS"], namespace="dunwell")


async def failure_seen(made: Installation, case: str) -> None:
    """Wait until an activity has failed over the broken customer more than once."""
    client = await temporal(made)
    for _ in range(600):
        pending = (await client.get_workflow_handle(case).describe()).raw_description.pending_activities
        if pending and pending[0].attempt > 2 and pending[0].last_failure.message:
            assert pending[0].last_failure.application_failure_info.type == "ValueError"
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the worker never stumbled")


async def plant_in_temporal(made: Installation, memo: str, words: str) -> None:
    """What a careless product would do; nobody works on this run."""
    client = await temporal(made)
    await client.start_workflow("Careless", words, id="careless", task_queue="nobody", memo={"customer": memo})


async def tell_all(made: Installation) -> bytes:
    """Everything Temporal tells of itself: every run with its history and memo, schedules, queues, and its metrics."""
    client = await temporal(made)
    told: list[str] = []
    async for run in client.list_workflows():
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        told += [str(run.raw_info), str((await handle.describe()).raw_description), (await handle.fetch_history()).to_json()]
    told += [str(entry) async for entry in await client.list_schedules()]
    told += [base64.b64decode(data).decode(errors="replace") for text_ in tuple(told) for data in re.findall(r'"data": "([^"]*)"', text_)]
    found = re.search(r"http://\S+/metrics", (made.folder / "logs" / "temporal.log").read_text())
    if found:
        told.append(httpx.get(found[0], trust_env=False).text)
    return "\n".join(told).encode()


def command_lines(mark: str) -> bytes:
    """The command lines of every process of the installation in the folder ``mark``."""
    told = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_text(errors="replace"):
                told.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    assert len(told) >= 4
    return b"\n".join(told)


def visible_to_strangers(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte of Temporal's store and of the logs, and what can be unpacked from it."""
    for file in [*(folder / "temporal").rglob("*"), *(folder / "logs").rglob("*"), folder / "up.log"]:
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes()
    for store in (folder / "temporal").glob("*.db"):
        with closing(sqlite3.connect(store)) as connection:
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    for cell in row:
                        if unpacked := unpack(cell):
                            yield f"{store.name}, {table}, unpacked", unpacked


def unpack(cell: object) -> bytes:
    for way in (gzip.decompress, zlib.decompress):
        try:
            return way(cell) if isinstance(cell, bytes) else b""
        except (OSError, EOFError, zlib.error):
            continue
    return b""


def spellings(word: str) -> Iterator[bytes]:
    """A word as it may stand in bytes: plain, in UTF-16, in hexadecimal, and in base64 wherever it begins."""
    yield word.encode()
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield word.encode().hex().encode()
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + word.encode())[4 if shift else 0 : -4].lower()


def search(places: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]], words: dict[str, str]) -> list[str]:
    """Where which word was found."""
    wanted = {where: tuple(spellings(word)) for where, word in words.items()}
    found = []
    for place, content in places:
        lowered = content.lower()
        found += [f"{where} in {place}" for where, spelt in wanted.items() if any(each in lowered for each in spelt)]
    return found


def test_no_name_address_or_word_of_a_person_leaves_the_owners_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries, folder = Canaries(), tmp_path / "data"
    ledger = Ledger(canaries)
    ledger.fill()
    planted = Canaries()
    memo, words = planted.plant("a memo"), planted.plant("an argument")
    with serving(ledger), pretend_mail_server() as mail, installed(folder, ledger, mail, monkeypatch) as made:
        live_through(made, ledger, mail, canaries)
        asyncio.run(plant_in_temporal(made, memo, words))
        seen = [("what Temporal tells", asyncio.run(tell_all(made))), ("command lines", command_lines(str(folder)))]
        ours = (folder / "dunwell.db").read_bytes() + (folder / "dunwell.db-wal").read_bytes()
    seen += visible_to_strangers(folder)
    assert len(canaries.words) >= 7 * 13
    assert search(seen, canaries.words | {"the ledger's token": "t0ken-zqtoken"}) == []
    # The search can find: what was planted in Temporal on purpose, and everything in the owner's own database.
    assert {line.partition(" in ")[0] for line in search(seen, planted.words)} == set(planted.words)
    assert any("server.db" in line for line in search(seen, planted.words))
    kept = {line.partition(" in ")[0] for line in search([("our database", ours)], canaries.words)}
    assert {where for where in canaries.words if re.search("contact name|email|phone|customer n|pay link|purchase order|reason", where)} <= kept


@pytest.mark.parametrize(
    "spelt", [str.encode, lambda word: word.encode("utf-16-le"), lambda word: base64.b64encode(f"..{word}..".encode()), lambda word: word.upper().encode()]
)
def test_a_word_is_found_however_it_is_spelt(spelt: Callable[[str], bytes]) -> None:
    assert search([("here", b"\x00\xff" + spelt("email0a1b2c3d4e5f") + b"\x08")], {"an address": "email0a1b2c3d4e5f"}) == ["an address in here"]
    assert unpack(gzip.compress(b"email")) == unpack(zlib.compress(b"email")) == b"email"
