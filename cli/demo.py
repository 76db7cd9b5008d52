"""``dunwell demo``: the whole of it on invented invoices, from a ledger to a paid invoice, and nothing leaves the machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cli.running import Ports, answers, ours, parts, prepare_folder, tell_others
from cli.session import knock, read_settings
from cli.terminal import count, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.engine import Database
    from db.views import Line
    from starter import Door

T = TypeVar("T")

SELLER = "brightwater"
_ZONE = "Europe/London"
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
# Far from the ports of an installation, and apart from those of another demonstration on this machine.
_FIRST_PORT, _PORTS, _APART = 20_000, 12_000, 8
_PATIENCE_SECONDS = 60.0
_PROMISED_IN = timedelta(days=10)


_REASONS = {
    "planned": "its next reminder has its day",
    "gap": "the customer has just heard from us about something else",
    "covered": "a message to the same customer has just gone out",
    "disputed": "the ledger says it is disputed",
    "unreachable": "nobody at the customer has an e-mail address",
}


class UnableToShow(Exception):
    """The demonstration did not come as far as it should have."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a demonstration plays: its folder, the pretend ledger's address and token, and the day its invoices are moved to."""

    folder: Path
    ports: Ports
    ledger_port: int
    ledger_token: str
    webhook_secret: str
    today: date

    @property
    def ledger(self) -> str:
        return f"http://127.0.0.1:{self.ledger_port}"

    @property
    def public(self) -> str:
        return f"http://127.0.0.1:{self.ports.public}"

    def environment(self) -> dict[str, str]:
        return {
            "DUNWELL_DATA_FOLDER": str(self.folder),
            **self.ports.environment(),
            "DUNWELL_PUBLIC_URL": self.public,
            "DUNWELL_MAILER": "capture",
            "DUNWELL_OPEN_ALL_HOURS": "true",
            "NO_PROXY": "127.0.0.1,localhost",
        }


@click.command(short_help="Watch it work on invented invoices; nothing leaves this machine.")
@click.option("--once", is_flag=True, help="Stop by itself after the tour, and leave nothing running.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep everything in this new folder; a temporary one when left out.")
def demo(once: bool, data: Path | None) -> None:
    """Watch Dunwell work on the invoices of an invented seller, from the accounting system to a paid invoice.

    It starts a small accounting system of its own, a real Temporal server, a worker and the page, each on a free port;
    takes in all invoices and writes every reminder that is due; then one invoice is paid and another promised. E-mails are
    captured on this machine, and an installation of yours is not touched.

    \b
    Examples:
      dunwell demo             stays up until Ctrl-C
      dunwell demo --once      shows the same, then stops
    """
    for name in [name for name in os.environ if name.startswith("DUNWELL_")]:
        del os.environ[name]  # the demonstration must not reach a real mailbox or database
    if data and data.exists() and any(data.iterdir()):
        raise UnableToShow(f"--data: {data} is not empty; name a new folder, the demonstration begins from nothing")
    folder = data.absolute() if data else Path(tempfile.mkdtemp(prefix="dunwell-demo-"))
    try:
        status = asyncio.run(_play(_set(folder), once))
    finally:
        if not data:
            shutil.rmtree(folder, ignore_errors=True)
    if data:
        say(f"Everything is kept in {folder}.")
    sys.exit(status)


def _set(folder: Path) -> Scene:
    import base64
    import secrets

    from cli.supervisor import free_port
    from domain.calendar import local_day

    found: list[int] = []
    for _ in range(5):
        found.append(free_port(_FIRST_PORT + os.getpid() * _APART % _PORTS, besides=found))
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    scene = Scene(folder, Ports(*found[:4]), found[4], secrets.token_urlsafe(24), secret, local_day(datetime.now(UTC), (_ZONE,)))
    prepare_folder(folder, _sellers(scene))
    os.environ.update(scene.environment())
    return scene


def _sellers(scene: Scene) -> str:
    import yaml

    seller = {
        "id": SELLER,
        "name": "Brightwater Tools",
        "legal_name": "Brightwater Tools Ltd",
        "sender_name": "Hanna Weiss",
        "sender_title": "Accounts Receivable",
        "sender_email": "hanna.weiss@brightwater.example",
        "phone": "+44 113 496 0182",
        "country": "GB",
        "time_zone": _ZONE,
        "address": ["12 Mill Lane", "Leeds LS1 4AP", "United Kingdom"],
        "brand_color": "#0f5c6e",
        "bank": {"holder": "Brightwater Tools Ltd", "iban": "GB29NWBK60161331926819", "bic": "NWBKGB2L", "bank": "NatWest"},
        "ledger": "rest",
        "rest": {"url": scene.ledger, "token": scene.ledger_token, "webhook_secrets": [scene.webhook_secret]},
    }
    return yaml.safe_dump({"sellers": [seller]}, sort_keys=False, allow_unicode=True)


async def _play(scene: Scene, once: bool) -> int:
    from cli.supervisor import Part, supervise

    say("Dunwell on the invoices of an invented seller, Brightwater Tools.")
    say("Nothing leaves this machine: it is live, but e-mails are captured. Contact hours are opened for this demonstration.\n")
    settings = read_settings()
    environment = scene.environment()
    command = [sys.executable, "-u", str(_EXAMPLES / "pretend_ledger.py"), "--csv", str(_EXAMPLES / "ledger.csv"), "--port", str(scene.ledger_port)]
    command += ["--token", scene.ledger_token, "--today", scene.today.isoformat()]
    command += ["--webhook-url", f"{scene.public}/webhooks/rest/{SELLER}", "--webhook-secret", scene.webhook_secret]
    ledger = Part("ledger", tuple(command), answers(f"{scene.ledger}/"))
    begun = time.monotonic()

    def go_live() -> None:
        from cli.session import open_database
        from db.installation import set_mode
        from domain.facts import Mode

        with open_database(settings) as database, database.transaction() as connection:
            set_mode(connection, Mode.LIVE, "demonstration", datetime.now(UTC))

    async def tour() -> int | None:
        tell_others(scene.folder, environment)
        async with knock(settings) as door:
            await _show(scene, door)
        say(f"\nThat took {time.monotonic() - begun:.0f} seconds.")
        if once:
            return 0
        _say_where(scene)
        return None

    return await supervise([ledger, *parts(settings, scene.folder, scene.ports, environment, go_live)], log=say, run_folder=scene.folder, on_ready=tour)


async def _show(scene: Scene, door: Door) -> None:
    await _take_in(scene, door)
    watched = await _look(door.database, _load_lines)
    _summarize(scene, watched)
    overdue = [line for line in watched if line.stage == "reminder" and line.days_past_due > 0]
    paid = overdue[0]
    promised = next(line for line in overdue if line.customer != paid.customer)
    await _pay(scene, door, paid)
    await _promise(scene, promised)
    for line in (paid, promised):
        await _run("case", "diary", line.number)


async def _take_in(scene: Scene, door: Door) -> None:
    import httpx

    from cli.intake import take_in

    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        about = (await client.get(f"{scene.ledger}/")).raise_for_status().json()
    say(f"\nThe pretend ledger holds {about['invoices']} invoices, its dates {about['dates']}.")
    told = await asyncio.to_thread(lambda: tuple(door.ledgers.connections[SELLER].all_invoices()))
    now = datetime.now(UTC)
    taken = await take_in(door, SELLER, told, now, now)
    say(f"{count(taken.listed, 'invoice')} taken in: {taken.watched} open ones are watched, {taken.history} paid ones tell how each customer pays.")
    begun = time.monotonic()
    await _until(door.database, lambda connection: _is_at_rest(connection, taken.watched), "every invoice to be looked at")
    say(f"Every one was looked at, and what is due was written, within {time.monotonic() - begun:.0f} seconds.")


def _is_at_rest(connection: Connection, watched: int) -> bool:
    """Whether every invoice has been looked at, and no message is about to leave."""
    from sqlalchemy import func, select

    from db.schema import cases, outreach

    known = connection.execute(select(func.count()).select_from(cases)).scalar_one()
    moving = connection.execute(select(func.count()).where(cases.c.ended.is_(None), cases.c.rule == "due")).scalar_one()
    leaving = connection.execute(select(func.count()).where(outreach.c.state.in_(("claimed", "sending")))).scalar_one()
    return bool(known >= watched and not moving and not leaving)


def _load_lines(connection: Connection) -> tuple[Line, ...]:
    from db.views import Filter, list_invoices

    return list_invoices(connection, Filter(), datetime.now(UTC), limit=500).lines


def _summarize(scene: Scene, watched: tuple[Line, ...]) -> None:
    from domain.money import total

    stages = list(dict.fromkeys(line.stage for line in sorted(watched, key=lambda line: line.days_past_due)))
    currencies = sorted({line.balance.currency for line in watched})
    rows = []
    for stage in stages:
        here = [line for line in watched if line.stage == stage]
        sums = [[line.balance for line in here if line.balance.currency == currency] for currency in currencies]
        rows.append((stage, str(len(here)), *(f"{total(tuple(amounts)).amount:,f}" if amounts else "" for amounts in sums)))
    say("\nWhere they stand:")
    print_table(("Stage", "Invoices", *currencies), rows, right=("Invoices", *currencies))
    say(f"\n{_count_mails(scene)} captured. What each invoice waits for now:")
    for rule, number in Counter(line.rule for line in watched).most_common():
        say(f"  {number:>3}  {_REASONS.get(rule, rule.replace('-', ' '))}")


def _count_mails(scene: Scene) -> str:
    log = scene.folder / "mail" / "accepted.jsonl"
    return count(len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0, "e-mail")


async def _pay(scene: Scene, door: Door, line: Line) -> None:
    import httpx

    say(f"\n{line.customer_name} pays {line.balance} for {line.number}, {line.days_past_due} days late. The ledger books it and sends its signed webhook.")
    async with httpx.AsyncClient(timeout=10, trust_env=False, headers={"Authorization": f"Bearer {scene.ledger_token}"}) as client:
        (await client.post(f"{scene.ledger}/invoices/{line.number}/payments", json={"amount": str(line.balance.amount)})).raise_for_status()

    def has_ended(connection: Connection) -> bool:
        from db.cases import ended_as

        return ended_as(connection, line.case) == "settled"

    begun = time.monotonic()
    await _until(door.database, has_ended, f"invoice {line.number} to end")
    say(f"Its watch ended {time.monotonic() - begun:.1f} seconds later.")


async def _promise(scene: Scene, line: Line) -> None:
    say(f"\n{line.customer_name} promises on the phone to pay {line.number}:")
    await _run("case", "promise", line.number, "--day", (scene.today + _PROMISED_IN).isoformat(), "--reason", "on the phone")


async def _run(*words: str) -> None:
    """Run one of our own commands as a person would, and show what it says."""
    import shlex

    say(f"\n$ dunwell {shlex.join(words)}")
    child = await asyncio.create_subprocess_exec(*ours(*words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        output, _ = await asyncio.wait_for(child.communicate(), _PATIENCE_SECONDS)
    finally:
        if child.returncode is None:
            child.kill()
    say(output.decode().rstrip())
    if child.returncode:
        raise UnableToShow(f"dunwell {words[0]} {words[1]} ended with status {child.returncode}")


async def _until(database: Database, is_so: Callable[[Connection], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not await _look(database, is_so):
        if time.monotonic() > deadline:
            raise UnableToShow(f"waited {_PATIENCE_SECONDS:.0f} seconds in vain for {what}; the logs of the parts may say why")
        await asyncio.sleep(0.2)


async def _look(database: Database, question: Callable[[Connection], T]) -> T:
    def look() -> T:
        with database.reading() as connection:
            return question(connection)

    return await asyncio.to_thread(look)


def _say_where(scene: Scene) -> None:
    settings = read_settings()
    for line in (
        "",
        "It stays up until Ctrl-C:",
        "",
        f"  Page             http://127.0.0.1:{scene.ports.private}",
        f"  Temporal         {settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows",
        f"  Captured e-mails {scene.folder / 'mail'}",
        f"  Ledger           {scene.ledger} (Bearer {scene.ledger_token})",
        "",
        f"To try commands in another terminal: export DUNWELL_DATA_FOLDER={scene.folder}",
    ):
        say(line)
