"""Workers are killed while they send. The mail provider's own log says what left: nothing twice, nothing lost in silence."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support.siege import ROOT, SOAK, Siege, Verdict, besieged, lay, on, tell

# "request": the provider has read the whole request and does not take it; "accepted": it has taken it and says nothing.
SITES = ("decided", "claimed", "fenced", "sending", "request", "accepted", "answered", "recorded", "random")
ROUNDS, INVOICES_A_KILL = (7, 20) if SOAK else (1, 4)
# A short run does not wait 90 seconds for the delivery of a dead worker to be given to another.
HURRY = None if SOAK else 15.0
SETTLING = 400.0 if SOAK else 90.0

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.timeout(3000 if SOAK else 240)]


@on("sqlite")
@pytest.mark.xdist_group("siege")
def test_workers_killed_anywhere_send_nothing_twice_and_lose_nothing(database_url: str, tmp_path: Path) -> None:
    verdict, kills = asyncio.run(_kill(lay(tmp_path, database_url, hurry=HURRY)))
    _tell(f"kill -9, {database_url.partition(':')[0]}", verdict, kills)
    assert sum(kills.values()) == ROUNDS * len(SITES)
    assert verdict.twice == ()
    assert verdict.lost == ()
    assert verdict.unresolved == ()
    if SOAK:
        assert sum(kills.values()) >= 60 and verdict.invoices >= 1200


@on("postgres")
@pytest.mark.xdist_group("siege")
def test_workers_stopped_in_good_order_send_everything_once_and_know_it(database_url: str, tmp_path: Path) -> None:
    verdict, stops = asyncio.run(_terminate(lay(tmp_path, database_url, hurry=HURRY)))
    _tell(f"SIGTERM, {database_url.partition(':')[0]}", verdict, stops)
    assert (verdict.twice, verdict.lost, verdict.parked, verdict.unresolved) == ((), (), (), ())


@pytest.mark.skipif(not SOAK, reason="takes minutes: make faults")
@pytest.mark.xdist_group("siege")
def test_the_same_judges_catch_a_product_without_its_claim(tmp_path: Path) -> None:
    tree = tmp_path / "naive"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".venv", ".git", ".*_cache", "__pycache__"))
    subprocess.run(["patch", "-p1", "--quiet", "-i", str(ROOT / "tests/mutants/patches/claim-removed.patch")], cwd=tree, check=True, timeout=30)
    folder = tmp_path / "installation"
    folder.mkdir()
    verdict, kills = asyncio.run(_kill(lay(folder, f"sqlite:///{folder / 'dunwell.db'}", tree=tree, hurry=15.0), rounds=2, sites=("accepted", "answered")))
    _tell("naive copy, kill -9", verdict, kills)
    assert verdict.twice != ()


async def _kill(siege: Siege, rounds: int = ROUNDS, sites: tuple[str, ...] = SITES) -> tuple[Verdict, Counter[str]]:
    kills: Counter[str] = Counter()
    async with besieged(siege):
        for _ in range(rounds):
            for site in random.Random(len(kills)).sample(sites, len(sites)):
                killing = asyncio.create_task(siege.kill_worker(site))
                await asyncio.sleep(0.1)
                await siege.add(INVOICES_A_KILL)
                while not killing.done():
                    await asyncio.wait((killing,), timeout=5)
                    if not killing.done() and site != "random":
                        await siege.add(2)  # the ordered pass has not come about yet
                await killing
                kills[site] += 1
                print(f"{sum(kills.values())}. {site}", flush=True)
        return await siege.settle(within=SETTLING), kills


async def _terminate(siege: Siege) -> tuple[Verdict, Counter[str]]:
    stops: Counter[str] = Counter()
    async with besieged(siege):
        for _ in range(20 if SOAK else 3):
            await siege.add(INVOICES_A_KILL * 2)
            await asyncio.sleep(siege.chance.uniform(0.2, 1.5))
            await siege.terminate_worker()
            stops["SIGTERM"] += 1
            await asyncio.sleep(siege.chance.uniform(1.0, 3.0))
        return await siege.settle(within=SETTLING), stops


def _tell(what: str, verdict: Verdict, harms: Counter[str]) -> None:
    tell(
        f"{what}: {sum(harms.values())} times, {verdict.invoices} invoices, {verdict.messages} e-mails accepted, "
        f"{len(verdict.twice)} sent twice, {len(verdict.lost)} lost, {len(verdict.parked)} unknown and on the task list "
        f"({verdict.parked_sent} of them had been accepted), {len(verdict.unresolved)} unknown and on no list"
    )
