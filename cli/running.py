"""``dunwell up`` and the parts it keeps running, each of which can also be run alone: worker, web, migrate."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.session import RUNNING_FILE, TOKEN_FILE, open_database, read_settings
from cli.terminal import say

if TYPE_CHECKING:
    from cli.supervisor import Log, Part
    from settings import Settings

OWNER = "local owner"
_EXAMPLE = Path(__file__).with_name("sellers.example.yaml")
# Longer than the worker's own grace, in which a message under way is sent and recorded.
_WORKER_STOP_SECONDS = 40.0


class UnableToStart(Exception):
    """Something in the way of starting here."""


@dataclass(frozen=True, slots=True)
class Ports:
    """On 127.0.0.1: the Temporal server, its UI, the page and API, and what the world may reach."""

    temporal: int
    ui: int
    private: int
    public: int

    def environment(self) -> dict[str, str]:
        """The settings that tell every part of one installation where the others are."""
        return {
            "DUNWELL_TEMPORAL_ADDRESS": f"127.0.0.1:{self.temporal}",
            "DUNWELL_TEMPORAL_UI_URL": f"http://127.0.0.1:{self.ui}",
            "DUNWELL_PRIVATE_HOST": "127.0.0.1",
            "DUNWELL_PRIVATE_PORT": str(self.private),
            "DUNWELL_PUBLIC_PORT": str(self.public),
        }


@click.command(short_help="Run everything on this machine, and keep it running.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="DUNWELL_DATA_FOLDER",
    default=Path(".dunwell"),
    show_default=True,
    help="Where everything is kept.",
)
@click.option("--port", type=click.IntRange(1, 65534), help="Port of the page; the public listener takes the next one. [default: 8400]")
def up(data: Path, port: int | None) -> None:
    """Run everything on this machine: Temporal with its UI, the worker, the page and the listener for webhooks.

    What dies is started again; Ctrl-C stops all of it in order. All data stays in one folder, and a port that is taken
    is replaced by the next free one. A new installation is in shadow mode: it watches, plans and writes, and sends nothing.

    \b
    Examples:
      dunwell up
      dunwell up --data /srv/dunwell --port 8400
    """
    import asyncio

    if "DUNWELL_TEMPORAL_ADDRESS" in os.environ:
        raise UnableToStart(
            "DUNWELL_TEMPORAL_ADDRESS is set, and dunwell up starts a Temporal server of its own; unset it, or run dunwell worker and dunwell web beside yours"
        )
    data = data.absolute()
    is_new = prepare_folder(data)
    os.environ["DUNWELL_DATA_FOLDER"] = str(data)
    settings = read_settings()
    if is_new:
        say(f"Written: {data / 'sellers.yaml'}. It holds examples only: edit it, then start again; without that nothing can go live.")
    _read_sellers(settings)
    from cli.supervisor import supervise

    ports = _choose_ports(port or settings.private_port, settings.public_port if port is None else port + 1)
    environment = {"DUNWELL_DATA_FOLDER": str(data), **ports.environment()}
    if "DUNWELL_PUBLIC_URL" not in os.environ:
        environment["DUNWELL_PUBLIC_URL"] = f"http://{settings.public_host}:{ports.public}"

    async def greet() -> None:
        tell_others(data, environment)
        for line in _greeting(read_settings()):
            say(line)

    sys.exit(asyncio.run(supervise(parts(settings, data, ports, environment), log=say, run_folder=data, on_ready=greet)))


@click.command(short_help="Run one worker in the foreground.")
def worker() -> None:
    """Run a worker: it decides about invoices and sends what is due. Run as many as you like, on any machine.

    \b
    Example:
      DUNWELL_TEMPORAL_ADDRESS=temporal:7233 DUNWELL_DATABASE_URL=postgresql://... dunwell worker
    """
    import asyncio

    from worker import run

    asyncio.run(run(read_settings()))


@click.command(short_help="Run the page, the API and the webhook listener.")
def web() -> None:
    """Run both listeners in the foreground: the private one (page and API) and the public one (webhooks).

    \b
    Example:
      DUNWELL_PRIVATE_PORT=8400 DUNWELL_PUBLIC_PORT=8401 dunwell web
    """
    import asyncio

    from web.app import serve

    asyncio.run(serve(read_settings()))


@click.command(short_help="Bring the database up to date.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when the database is not up to date.")
def migrate(check: bool) -> None:
    """Bring the database to this version's tables. dunwell up does it by itself.

    \b
    Examples:
      dunwell migrate
      dunwell migrate --check
    """
    settings = read_settings()
    if check:
        _check(settings)
        return
    upgrade(settings)
    say("The database is up to date.")


def _check(settings: Settings) -> None:
    from db.migrate import is_current

    with open_database(settings) as database:
        if not is_current(database):
            raise click.ClickException("the database is not up to date; run: dunwell migrate")
    say("The database is up to date.")


def upgrade(settings: Settings) -> None:
    """Run every migration; a SQLite file and its folder are made when missing."""
    from db import migrate as migrations

    if settings.database.startswith("sqlite:"):
        settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_database(settings) as database:
        migrations.upgrade(database)


def prepare_folder(folder: Path, sellers: str = "") -> bool:
    """Make the data folder; whether sellers.yaml was missing and has been written (``sellers``, or else the example)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "sellers.yaml"
    if file.exists() or "DUNWELL_SELLERS_FILE" in os.environ:
        return False
    write_private(file, sellers or _EXAMPLE.read_text(encoding="utf-8"))
    return True


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    part = file.with_name(f".{file.name}.new")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def tell_others(data: Path, environment: Mapping[str, str]) -> None:
    """Write down where this copy's parts are, for commands in other terminals and for the same addresses next time."""
    write_private(data / RUNNING_FILE, "".join(f"{name}={value}\n" for name, value in environment.items()))


def keep_owner_token(settings: Settings) -> None:
    """See to it that the data folder holds a valid token of the local owner, an admin."""
    from datetime import UTC, datetime

    from db.people import Access, issue_token, person_for_token

    file = settings.data_folder / TOKEN_FILE
    with open_database(settings) as database, database.transaction() as connection:
        if file.exists() and person_for_token(connection, file.read_text(encoding="utf-8").strip()):
            return
        token = issue_token(connection, OWNER, Access.ADMIN, datetime.now(UTC))
        write_private(file, f"{token}\n")


def parts(settings: Settings, data: Path, ports: Ports, environment: Mapping[str, str], then: Callable[[], None] = lambda: None) -> list[Part]:
    """What an installation on one machine consists of, in the order in which it starts; ``then`` runs once the database is ready."""
    from cli.supervisor import Part, temporal_part
    from workflows.contract import CASES_QUEUE, DELIVER_QUEUE, SEARCH_ATTRIBUTES

    namespace = settings.temporal_namespace
    queues = f"http://127.0.0.1:{ports.ui}/api/v1/namespaces/{namespace}/task-queues"
    polls = [f"{queues}/{CASES_QUEUE}?taskQueueType=TASK_QUEUE_TYPE_WORKFLOW", f"{queues}/{DELIVER_QUEUE}?taskQueueType=TASK_QUEUE_TYPE_ACTIVITY"]

    def prepare(log: Log) -> None:
        upgrade(settings)
        keep_owner_token(settings)
        then()

    return [
        temporal_part(data, ports.temporal, ports.ui, SEARCH_ATTRIBUTES, namespace),
        Part("worker", ours("worker"), _has_pollers(polls), env=environment, stop_seconds=_WORKER_STOP_SECONDS, prepare=prepare),
        Part("web", ours("web"), answers(f"http://127.0.0.1:{ports.private}/healthz"), env=environment),
    ]


def ours(*words: str) -> tuple[str, ...]:
    """The command line of one of our own commands, whatever folder it is run in."""
    return (sys.executable, "-u", "-P", "-m", "cli", *words)


def answers(address: str) -> Callable[[], Awaitable[bool]]:
    """Ready when this address answers with 2xx."""

    async def ready() -> bool:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                return (await client.get(address)).is_success
        except httpx.HTTPError:
            return False

    return ready


def _has_pollers(queues: list[str]) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        import httpx

        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                answers = [(await client.get(queue)).raise_for_status().json() for queue in queues]
        except httpx.HTTPError:
            return False
        return all(answer.get("pollers") for answer in answers)

    return ready


def _choose_ports(private: int, public: int) -> Ports:
    from cli.supervisor import free_port

    taken: list[int] = []
    for preferred in (private, public, 7233, 8233):
        taken.append(free_port(preferred, besides=taken))
    return Ports(private=taken[0], public=taken[1], temporal=taken[2], ui=taken[3])


def _read_sellers(settings: Settings) -> None:
    """Have what nobody could start with be said at once, and not by a worker that is started again and again."""
    from datetime import UTC, datetime

    from db import parties
    from db.migrate import is_current
    from settings import load_sellers, refuse_unlawful
    from worker import refuse_capture

    load_sellers(settings)
    if not settings.database_url and (settings.data_folder / "dunwell.db").exists():
        with open_database(settings) as database:
            if is_current(database):
                with database.reading() as connection:
                    refuse_unlawful(settings.envelope, parties.list_parties(connection), datetime.now(UTC).date())
                    refuse_capture(settings, connection)


def _greeting(settings: Settings) -> list[str]:
    from db.installation import load_installation

    with open_database(settings) as database, database.reading() as connection:
        state = load_installation(connection)
    mode = {
        "shadow": "Shadow mode: everything runs and nothing leaves. When you are content with what you see: dunwell live",
        "live": "Live: reminders leave."
        if settings.mailer != "capture"
        else "Live, but the mailer is capture: e-mails are kept here and nothing leaves (DUNWELL_MAILER).",
    }[state.mode]
    return [
        "",
        "Dunwell is up. Ctrl-C stops it; what it knows stays in the data folder.",
        "",
        f"  Page         http://{settings.private_host}:{settings.private_port}",
        f"  Temporal     {settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows",
        f"  Webhooks     {settings.public_url}/webhooks/rest/SELLER",
        f"  Data         {settings.data_folder}",
        "",
        *([f"  {mode}"] if state.mode == "shadow" or not (state.fence or state.switched_off) else []),
        *([f"  All sending is stopped: {state.switched_off}. Go on with: dunwell resume"] if state.switched_off else []),
        *([f"  Nothing goes out: {state.fence.why}. Next: dunwell reconcile"] if state.fence else []),
        "",
    ]
