"""``dunwell up`` under load loses its Temporal server, its web process, its database and its supervisor, and goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from cli.running import ours
from cli.supervisor import Part, supervise
from support.postgres import Postgres
from support.siege import SOAK, UNTIRING, Siege, lay, on, tell, until

ROUNDS = 5 if SOAK else 1
AWAY_SECONDS = 600 if SOAK else 12
SETTLING = 400.0 if SOAK else 150.0

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.xdist_group("siege"), pytest.mark.timeout(3000 if SOAK else 300)]


@pytest.fixture(autouse=True)
def the_installation_brings_a_server_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUNWELL_TEMPORAL_ADDRESS")


@dataclass
class Whole:
    """The installation as a person runs it, and which invoices were paid, when, on the machine's own clock."""

    siege: Siege
    paid: dict[str, float] = field(default_factory=dict)
    is_over: bool = False
    loading: asyncio.Task[None] | None = None

    def parts(self) -> list[Part]:
        siege = self.siege
        environment = siege.environment()
        environment = {name: value for name, value in environment.items() if not name.startswith(("DUNWELL_TEMPORAL", "DUNWELL_PUBLIC_URL"))}
        up = Part("up", ours("up", "--data", str(siege.folder)), self._is_up, env=environment, stop_seconds=60)
        worker = Part("second-worker", ours("worker"), self._second_worker_is_up, env=environment, stop_seconds=40)
        return [*siege.judges(), up, worker]

    async def _is_up(self) -> bool:
        return "Dunwell is up." in self._log("up") and await self._answers()

    async def _second_worker_is_up(self) -> bool:
        return "worker.ready" in self._log("second-worker")

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.siege.ports.private}/healthz")).is_success
            except httpx.HTTPError:
                return False

    def _log(self, name: str) -> str:
        return (self.siege.folder / "outer" / "logs" / f"{name}.log").read_text(errors="replace")

    def find(self, *words: str) -> int:
        """The process of this installation whose command line has these words."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if all(any(word in part for part in command) for word in words) and str(self.siege.folder) in (process / "environ").read_text(errors="replace"):
                    return int(process.name)
            except OSError:
                continue
        raise LookupError(f"no process with {words}")

    async def find_soon(self, *words: str) -> int:
        found: list[int] = []

        def look() -> bool:
            try:
                found.append(self.find(*words))
            except LookupError:
                return False
            return True

        await until(look, f"a process with {words}", 90)
        return found[0]

    async def rest(self) -> None:
        """End the load; every payment that was to come has come."""
        assert self.loading
        self.is_over = True
        await self.loading

    async def load(self) -> None:
        """Invoices come in without a pause, and a third of them is paid a little later."""
        waiting: list[tuple[float, str]] = []
        while waiting or not self.is_over:
            for number in () if self.is_over else await self.siege.add(2):
                if self.siege.chance.random() < 1 / 3:
                    waiting.append((time.monotonic() + self.siege.chance.uniform(0, 6), number))
            for one in [one for one in waiting if one[0] < time.monotonic()]:
                waiting.remove(one)
                await self.siege.pay(one[1])
                self.paid[one[1]] = time.monotonic()
            await asyncio.sleep(0.5 if not SOAK else 1.0)


@asynccontextmanager
async def running(siege: Siege) -> AsyncIterator[Whole]:
    siege.prepare()
    whole = Whole(siege)
    ready, over = asyncio.Event(), asyncio.Event()

    async def hold() -> int:
        ready.set()
        await over.wait()
        return 0

    outer = siege.folder / "outer"
    supervising = asyncio.create_task(supervise(whole.parts(), log=siege.notes.append, run_folder=outer, on_ready=hold, patience=UNTIRING))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((supervising, waiting), return_when=asyncio.FIRST_COMPLETED)
    assert not supervising.done(), "\n".join(siege.notes)
    whole.loading = asyncio.create_task(whole.load())
    try:
        yield whole
    finally:
        whole.loading.cancel()
        over.set()
        await supervising


async def _settle_and_judge(whole: Whole, what: str, started: float) -> None:
    """The load has ended: everything must come to rest as if nothing had happened."""
    siege = whole.siege
    owed = [number for number in siege.numbers if number not in whole.paid]

    def unrest() -> list[str]:
        acknowledged, words, ended = siege.acknowledged(), siege.words(), siege.ended()
        return [
            *(f"webhook {one}: {words.get(one, 'lost')}" for one in acknowledged if words.get(one) not in ("folded", "ended")),
            *(f"{number}: {ended.get(number, 'not watched')}" for number in owed if ended.get(number, "not watched") is not None),
            *(f"{number}, paid: {ended.get(number, 'not watched')}" for number in whole.paid if ended.get(number) != "settled"),
        ]

    try:
        await until(lambda: not unrest(), "everything to come to rest", SETTLING)
    except AssertionError as error:
        raise AssertionError(f"{error}: {unrest()[:10]}") from None
    verdict = await siege.settle(owed, within=SETTLING)
    told = siege.reminded()
    after_payment = [
        line["subject"] for line in siege.accepted() for number, paid in whole.paid.items() if number in line["text"] and line["monotonic"] > paid + 5.0
    ]
    acknowledged = siege.acknowledged()
    tell(
        f"{what}: {len(siege.numbers)} invoices, {len(whole.paid)} of them paid and all of these ended, {len(acknowledged)} webhooks acknowledged and "
        f"0 lost, {verdict.messages} e-mails, {len(verdict.twice)} invoices reminded of twice, {len(verdict.lost)} of none, "
        f"{len(verdict.parked)} unknown and on the task list, {len(after_payment)} after payment; {time.monotonic() - started:.0f} s"
    )
    assert (verdict.twice, verdict.lost, verdict.unresolved, after_payment) == ((), (), (), [])
    assert max(told.values()) == 1


@on("sqlite")
def test_what_dies_under_load_comes_back_by_itself(database_url: str, tmp_path: Path) -> None:
    asyncio.run(_kill_parts(lay(tmp_path, database_url), None))


@pytest.mark.skipif(not SOAK, reason="takes minutes: make faults")
def test_the_database_server_dies_under_load_and_nothing_is_lost(tmp_path: Path) -> None:
    server = Postgres(durable=True)
    try:
        asyncio.run(_kill_parts(lay(tmp_path, server.url), server))
    finally:
        server.stop()


async def _kill_parts(siege: Siege, server: Postgres | None) -> None:
    started = time.monotonic()
    async with running(siege) as whole:
        for _ in range(ROUNDS):
            await asyncio.sleep(3)
            if server:
                server.kill()
                await asyncio.sleep(siege.chance.uniform(0.1, 3))
                await asyncio.to_thread(server.start_again)
            else:
                for words in (("start-dev", "temporal"), ("-m", "cli", "web"), ("-m", "cli", "worker"), ("-m", "cli", "up")):
                    pid = await whole.find_soon(*words)
                    os.kill(pid, signal.SIGKILL)
                    await asyncio.sleep(siege.chance.uniform(3, 6))
            await until(lambda: "Dunwell is up." in whole._log("up"), "the installation", 120)
            await asyncio.sleep(5)
        await whole.rest()
        await _settle_and_judge(whole, f"kill -9 of {'PostgreSQL' if server else 'server, web, worker and supervisor'} x {ROUNDS}, {siege.kind}", started)


@on("postgres")
def test_temporal_is_away_while_webhooks_come_and_nothing_bursts_afterwards(database_url: str, tmp_path: Path) -> None:
    asyncio.run(_stand_still(lay(tmp_path, database_url)))


async def _stand_still(siege: Siege) -> None:
    started = time.monotonic()
    async with running(siege) as whole:
        await asyncio.sleep(3)
        pid = await whole.find_soon("start-dev", "temporal")
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(AWAY_SECONDS)
        finally:
            os.kill(pid, signal.SIGCONT)
        await whole.rest()
        await _settle_and_judge(whole, f"Temporal away for {AWAY_SECONDS} s, {siege.kind}", started)
