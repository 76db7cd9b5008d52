"""A whole installation under fire: real server, two workers, web, database, and judges in processes of their own.

The judges are the pretend mail provider and the pretend ledger; what they wrote down is the truth, never our tables.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import re
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import select

from cli.running import Ports, answers, ours
from cli.supervisor import Part, Patience, free_port, supervise, temporal_part
from db import installation, mailboxes, migrate
from db.engine import Database
from db.schema import cases, inbox, invoices, outreach, outreach_parts, tasks
from domain.facts import Mode
from examples.append_log import read_log
from workflows.contract import SEARCH_ATTRIBUTES

SOAK = bool(os.environ.get("DUNWELL_SOAK"))
ROOT = Path(__file__).resolve().parent.parent.parent
SELLER = "brightwater"
_NUMBER = re.compile(r"\bF-\d{5}\b")
# Whatever is killed comes back at once and as often as it takes.
UNTIRING = Patience(first_pause=0.1, longest_pause=0.3, quick_deaths=10_000)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the provider's log says of the invoices that were to be reminded of, and what our task list says of the rest.

    ``twice`` had more than one e-mail accepted; ``parked`` are unknown to us and on the task list, of which
    ``parked_sent`` had in truth been accepted; ``lost`` were neither reminded of nor are on the task list.
    """

    invoices: int
    messages: int
    twice: tuple[str, ...]
    parked: tuple[str, ...]
    parked_sent: int
    lost: tuple[str, ...]
    unresolved: tuple[str, ...]


@dataclass
class Siege:
    """One installation, and the hands that harm it."""

    folder: Path
    database_url: str
    ports: Ports
    ledger_port: int
    mail_port: int
    tree: Path = ROOT
    hurry: float | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(20261122))
    numbers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    secret: str = field(default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())

    @property
    def kind(self) -> str:
        return self.database_url.partition(":")[0]

    @property
    def ledger(self) -> str:
        return f"http://127.0.0.1:{self.ledger_port}"

    @property
    def mail(self) -> str:
        return f"http://127.0.0.1:{self.mail_port}"

    @property
    def public(self) -> str:
        return f"http://127.0.0.1:{self.ports.public}"

    def environment(self) -> dict[str, str]:
        return {
            "DUNWELL_DATA_FOLDER": str(self.folder),
            "DUNWELL_DATABASE_URL": self.database_url,
            **self.ports.environment(),
            "DUNWELL_PUBLIC_URL": self.public,
            "DUNWELL_MAILER": "sendgrid",
            "DUNWELL_SENDGRID_API_KEY": "SG.nobody",
            "DUNWELL_SENDGRID_HOST": self.mail,
            "DUNWELL_OPEN_ALL_HOURS": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def judges(self) -> list[Part]:
        """The ledger and the mail provider, which tell their truth in ``ledger.jsonl`` and ``mail.jsonl``."""
        examples = ROOT / "examples"
        empty = self.folder / "empty.csv"
        empty.write_text((examples / "ledger.csv").read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
        ledger = [sys.executable, "-u", str(examples / "pretend_ledger.py"), "--csv", str(empty), "--port", str(self.ledger_port), "--token", self.token]
        ledger += ["--log", str(self.folder / "ledger.jsonl"), "--webhook-url", f"{self.public}/webhooks/rest/{SELLER}", "--webhook-secret", self.secret]
        mail = [sys.executable, "-u", str(examples / "pretend_mail.py"), "--port", str(self.mail_port), "--log", str(self.folder / "mail.jsonl")]
        return [Part("ledger", tuple(ledger), answers(f"{self.ledger}/")), Part("mail", tuple(mail), answers(f"{self.mail}/"))]

    def product(self) -> list[Part]:
        """Temporal, two workers that die on order, and both listeners."""
        environment = {**self.environment(), "PYTHONPATH": str(self.tree)}
        hurry = (str(self.hurry),) if self.hurry else ()
        script = str(ROOT / "tests" / "support" / "worker_under_fire.py")
        workers = []
        for name in ("worker-1", "worker-2"):
            command = (sys.executable, "-u", "-P", script, str(self.folder / f"{name}.order"), *hurry)
            workers.append(Part(name, command, self._says_ready(name), env=environment, stop_seconds=40))
        temporal = temporal_part(self.folder, self.ports.temporal, self.ports.ui, SEARCH_ATTRIBUTES, "dunwell")
        return [temporal, *workers, Part("web", ours("web"), answers(f"http://127.0.0.1:{self.ports.private}/healthz"), env=environment)]

    def _says_ready(self, name: str) -> Callable[[], Awaitable[bool]]:
        async def ready() -> bool:
            return "worker.ready" in (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

        return ready

    def prepare(self) -> None:
        """Sellers, a migrated database, and leave to send."""
        seller = {
            "id": SELLER,
            "name": "Brightwater Tools",
            "legal_name": "Brightwater Tools Ltd",
            "sender_name": "Hanna Weiss",
            "sender_email": "hanna.weiss@brightwater.example",
            "country": "GB",
            "time_zone": "Europe/London",
            "ledger": "rest",
            "rest": {"url": self.ledger, "token": self.token, "webhook_secrets": [self.secret]},
        }
        (self.folder / "sellers.yaml").write_text(yaml.safe_dump({"sellers": [seller]}), encoding="utf-8")
        database = Database(self.database_url)
        migrate.upgrade(database)
        with database.transaction() as connection:
            installation.set_mode(connection, Mode.LIVE, "siege", datetime.now(UTC))
            mailboxes.note_reader(connection, "siege")
        database.close()

    # ---- what is done to it

    async def add(self, how_many: int) -> list[str]:
        """Put overdue invoices, each of another customer, into the ledger, which tells of each by webhook."""
        today = date.today()
        added = []
        for _ in range(how_many):
            number = f"F-{len(self.numbers):05}"
            self.numbers.append(number)
            added.append(_invoice(number, number.replace("F", "K"), today - timedelta(days=self.chance.randint(6, 13))))
        async with httpx.AsyncClient(timeout=30, trust_env=False, headers={"Authorization": f"Bearer {self.token}"}) as client:
            (await client.post(f"{self.ledger}/invoices", params={"tell": "true"}, json=added)).raise_for_status()
        return [invoice["number"] for invoice in added]

    async def pay(self, number: str) -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False, headers={"Authorization": f"Bearer {self.token}"}) as client:
            (await client.post(f"{self.ledger}/invoices/{number}/payments", json={"amount": "100.00"})).raise_for_status()

    async def harm_mail(self, *orders: dict[str, Any]) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            (await client.put(f"{self.mail}/faults", json=list(orders))).raise_for_status()

    async def kill_worker(self, site: str) -> None:
        """Have one of the two workers die at ``site`` while it delivers, and wait until that has happened."""
        name = self.chance.choice(("worker-1", "worker-2"))
        before = self._pids()
        if site in ("request", "accepted"):
            await self.harm_mail({"do": "kill", "when": site, "after": self.chance.randint(0, 3)})
        elif site == "random":
            await asyncio.sleep(self.chance.uniform(0.1, 2.5))
            os.kill(before[name], signal.SIGKILL)
        else:
            order = self.folder / f"{name}.order"
            new = order.with_suffix(".new")
            new.write_text(f"{site} {self.chance.randint(0, 2)}")
            new.rename(order)
        await until(lambda: any(not _is_alive(pid) for pid in before.values()), f"a worker to die at {site}", 60)
        await until(lambda: all(_is_alive(pid) for pid in self._pids().values()), "it to come back", 60)

    async def terminate_worker(self) -> int:
        """Ask one worker to stop in good order; the supervisor starts another."""
        await until(lambda: all(_is_alive(pid) for pid in self._pids().values()), "the last one to be replaced", 90)
        pid = self._pids()[self.chance.choice(("worker-1", "worker-2"))]
        os.kill(pid, signal.SIGTERM)
        return pid

    def _pids(self) -> dict[str, int]:
        return {name: int((self.folder / f"{name}.pid").read_text()) for name in ("worker-1", "worker-2")}

    # ---- what became of it

    def accepted(self) -> list[dict[str, Any]]:
        return [line for line in read_log(self.folder / "mail.jsonl") if line["what"] == "accepted"]

    def reminded(self) -> Counter[str]:
        """How many accepted e-mails speak of each invoice."""
        return Counter(number for line in self.accepted() for number in set(_NUMBER.findall(line["subject"] + line["text"])))

    def judge(self, numbers: Sequence[str] | None = None) -> Verdict:
        wanted = self.numbers if numbers is None else numbers
        told = self.reminded()
        parked, unresolved = self._parked()
        return Verdict(
            invoices=len(wanted),
            messages=len(self.accepted()),
            twice=tuple(number for number in wanted if told[number] > 1),
            parked=tuple(sorted(parked)),
            parked_sent=sum(told[number] > 0 for number in parked),
            lost=tuple(number for number in wanted if not told[number] and number not in parked),
            unresolved=tuple(sorted(unresolved)),
        )

    def _parked(self) -> tuple[set[str], set[str]]:
        """Invoices whose message is unknown: on the task list, and not on it."""
        database = Database(self.database_url)
        unknown = (
            select(invoices.c.number, cases.c.id)
            .join(cases, cases.c.invoice_id == invoices.c.id)
            .join(outreach_parts, outreach_parts.c.case_id == cases.c.id)
            .join(outreach)
            .where(outreach.c.state.in_(("unknown", "sending", "claimed")), outreach_parts.c.dropped.is_(False))
        )
        with database.reading() as connection:
            rows = connection.execute(unknown).all()
            listed = set(connection.execute(select(tasks.c.case_id).where(tasks.c.closed_at.is_(None))).scalars())
            keys = " ".join(connection.execute(select(tasks.c.key).where(tasks.c.closed_at.is_(None))).scalars())
        database.close()
        on_list = {number for number, case in rows if case in listed or case in keys}
        return on_list, {number for number, _ in rows} - on_list

    async def settle(self, numbers: Sequence[str] | None = None, *, within: float) -> Verdict:
        """Wait until every invoice has been reminded of, or is on the task list; answers what is true then."""
        deadline = time.monotonic() + within
        while True:
            verdict = await asyncio.to_thread(self.judge, numbers)
            if not (verdict.lost or verdict.unresolved) or time.monotonic() > deadline:
                return verdict
            await asyncio.sleep(1)

    def words(self) -> dict[str, str]:
        """The state of every inbox row, by the delivery's own id."""
        database = Database(self.database_url)
        with database.reading() as connection:
            found = {row.source_id: row.state for row in connection.execute(select(inbox.c.source_id, inbox.c.state))}
        database.close()
        return found

    def acknowledged(self) -> set[str]:
        """The deliveries that were answered with 2xx, as the sender saw it."""
        return {line["id"] for line in read_log(self.folder / "ledger.jsonl") if line["what"] == "webhook" and 200 <= line.get("status", 0) < 300}

    def ended(self) -> dict[str, str | None]:
        """How each invoice's watch ended, by number; None: it goes on."""
        database = Database(self.database_url)
        with database.reading() as connection:
            query = select(invoices.c.number, cases.c.ended).join(cases, cases.c.invoice_id == invoices.c.id)
            found = {row.number: row.ended for row in connection.execute(query)}
        database.close()
        return found


@asynccontextmanager
async def besieged(siege: Siege) -> AsyncIterator[Siege]:
    """The installation running under a supervisor of this process, until the end of the block."""
    siege.prepare()
    ready, over = asyncio.Event(), asyncio.Event()

    async def hold() -> int:
        ready.set()
        await over.wait()
        return 0

    running = asyncio.create_task(
        supervise([*siege.judges(), *siege.product()], log=siege.notes.append, run_folder=siege.folder, on_ready=hold, patience=UNTIRING)
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    assert not running.done(), "\n".join(siege.notes)
    try:
        yield siege
    finally:
        over.set()
        await running


def on(kind: str) -> pytest.MarkDecorator:
    """Run on that kind of database; in a long run on both."""
    return pytest.mark.parametrize("database_url", ["sqlite", "postgres"] if SOAK else [kind], indirect=True)


def lay(folder: Path, database_url: str, **more: Any) -> Siege:
    """Choose free ports for a siege in ``folder``."""
    first = 20_000 + os.getpid() * 8 % 12_000
    found: list[int] = []
    for _ in range(6):
        found.append(free_port(first, besides=found))
    return Siege(folder, database_url, Ports(*found[:4]), found[4], found[5], **more)


def tell(line: str) -> None:
    """Say what came out; also into the file DUNWELL_EVIDENCE when it is set, because pytest hides what passes."""
    print(line, flush=True)
    if file := os.environ.get("DUNWELL_EVIDENCE"):
        with Path(file).open("a", encoding="utf-8") as evidence:
            evidence.write(f"{time.strftime('%H:%M:%S')} {line}\n")


async def until(is_so: Callable[[], bool], what: str, within: float) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"waited {within:.0f} s in vain for {what}"
        await asyncio.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _invoice(number: str, customer: str, due: date) -> dict[str, Any]:
    return {
        "ref": number,
        "number": number,
        "customer": {
            "number": customer,
            "name": f"{customer} Ltd",
            "country": "GB",
            "language": "en",
            "time_zone": "Europe/London",
            "contacts": [{"name": "Pat Payer", "email": f"pay@{customer.lower()}.example", "phone": "", "role": "billing"}],
        },
        "currency": "EUR",
        "total": "100.00",
        "balance": "100.00",
        "issued": (due - timedelta(days=30)).isoformat(),
        "due": due.isoformat(),
        "standing": "open",
        "pay_url": "",
        "pdf_url": "",
        "purchase_order": "",
        "paid_on": None,
    }
