"""What one more case costs while others sleep: opening it, waking it, and the memory of a sleeping one.

Cases up to the second level are opened as production opens them. To come to the highest in reasonable time the rest are
made cheaper: their first look is the product's own, taken in this process, and their run in Temporal begins with a
delay, so that it sleeps as one event instead of a dozen. What is measured, at every level, is done to real ones.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import worker
from activities.assessor import Assessor
from activities.ledgers import Sight
from bench.hands import PARKED
from bench.machine import Machine
from bench.paper import SELLER
from bench.processes import memory_bytes
from bench.walking import Lap, Product, Say, Watch, open_cases, product_side, reach
from db.engine import Database
from domain.facts import Books
from settings import Settings
from workflows.contract import CASES_QUEUE, REPORT, WORKFLOW, Start, case_id

_BATCH = 250
_AT_ONCE = 8
_ALIKE = 1.15
# In this many batches each sample is taken, so that one disturbance does not decide.
_PARTS = 5


async def measure(machine: Machine, say: Say, *, levels: tuple[int, ...], sample: int) -> dict[str, Any]:
    """At each level: processor and wall time for one more case and for waking one; memory and disk at its end."""
    found: list[dict[str, float]] = []
    real: list[str] = []
    async with product_side(machine) as product:
        product.board["rungs"] = 0
        await open_cases(machine, product, 20)
        sleeping = 20
        for number, level in enumerate(levels):
            if number >= 2:
                await _fill_up(product, sleeping, level, say)
                sleeping = level
            while sleeping < level:
                lap, ids = await open_cases(machine, product, min(_BATCH, level - sleeping))
                sleeping += len(ids)
                real += ids
                say(f"{sleeping} of {level} sleep; opened {lap.rate:.1f} a second")
            one = await _sample(machine, product, real, sample)
            sleeping += sample
            found.append({"cases": level, **one, **_sizes(machine, product)})
            say(f"at {level} sleeping: {one['open_cpu_ms']:.1f} ms of processor to open one more, {one['wake_cpu_ms']:.1f} to wake one")
    first, last = found[0], found[-1]
    flat = {name: round(last[name] / first[name], 3) for name in ("open_cpu_ms", "wake_cpu_ms", "open_ms", "wake_ms")}
    return {"levels": found, "flat": {**flat, "aim": _ALIKE}, "bytes_a_case": _growth(found)}


async def _sample(machine: Machine, product: Product, real: list[str], sample: int) -> dict[str, float]:
    """Open and wake so many, in parts; the medians. Who is woken has slept longest and is in no worker's cache."""
    opened, woken = [], []
    for _ in range(_PARTS):
        lap, ids = await open_cases(machine, product, sample // _PARTS)
        opened.append(lap)
        woken.append(await _wake(machine, product, real[: sample // _PARTS]))
        real[:] = [*real[sample // _PARTS :], *real[: sample // _PARTS], *ids]
    return {f"{name}_{what}": value for name, laps in (("open", opened), ("wake", woken)) for what, value in _medians(laps).items()}


def _medians(laps: list[Lap]) -> dict[str, float]:
    middle = len(laps) // 2
    return {
        "cpu_ms": round(sorted(sum(lap.cpu_ms.values()) for lap in laps)[middle], 2),
        "ms": round(sorted(1000 / lap.rate for lap in laps)[middle], 2),
    }


async def _wake(machine: Machine, product: Product, ids: list[str]) -> Lap:
    """Signal, assess, sleep again."""
    looked, turns = product.board["looks"], asyncio.Semaphore(_AT_ONCE)

    async def tell(one: str) -> None:
        async with turns:
            await product.client.get_workflow_handle(one).signal(REPORT, {"by": "bench"})

    watch = Watch(machine, product)
    await asyncio.gather(*(tell(one) for one in ids))
    await reach(product.board, "looks", looked + len(ids))
    return watch.stop(len(ids))


async def _fill_up(product: Product, sleeping: int, level: int, say: Say) -> None:
    """More sleeping cases, made the cheaper way: while some are started in Temporal the next have their first look."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def start(one: str) -> None:
        async with turns:
            await product.client.start_workflow(
                WORKFLOW, Start(one), id=case_id(one), task_queue=CASES_QUEUE, start_delay=timedelta(seconds=PARKED), memo={"invoice": one}, static_summary=one
            )

    async def start_all(ids: list[str]) -> None:
        await asyncio.gather(*(start(one) for one in ids))

    ready: list[str] = []
    while sleeping < level or ready:
        begun, count = time.perf_counter(), min(_BATCH, level - sleeping)
        refs = [f"R-{number}" for number in range(product.opened, product.opened + count)]
        product.opened += count
        ready, _ = await asyncio.gather(asyncio.to_thread(_look_here, product, refs), start_all(ready))
        sleeping += count
        if count:
            say(f"{sleeping} of {level} sleep; filled up {count / (time.perf_counter() - begun):.1f} a second")


def _look_here(product: Product, refs: list[str]) -> list[str]:
    if not refs:
        return []
    assessor, now = Assessor(worker.make_policy(Settings())), datetime.now(UTC)
    with product.door.database.transaction() as connection:
        recorded = product.door.ledgers.record(connection, SELLER.id, [product.ledger.tell(ref) for ref in refs], now)
        for invoice in recorded.values():
            books = Books(SELLER.id, now, posted_through=now.date())
            assessor.look(connection, invoice.id, Sight({invoice.id: invoice}, books, now), (), now)
    return [invoice.id for invoice in recorded.values()]


def _sizes(machine: Machine, product: Product) -> dict[str, float]:
    return {
        "server_memory": memory_bytes(machine.server),
        "worker_memory": memory_bytes(product.process),
        "server_disk": _disk(machine.folder / "temporal" / "server.db"),
        "our_disk": _disk(machine.folder / "dunwell.db") if Database(machine.database).is_sqlite else 0,
    }


def _disk(file: Path) -> int:
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def _growth(found: list[dict[str, float]]) -> dict[str, float]:
    """Bytes for each sleeping case between the first two levels, which hold real cases only."""
    if len(found) < 2:
        return {}
    first, second = found[0], found[1]
    more = second["cases"] - first["cases"]
    return {name: round((second[name] - first[name]) / more) for name in ("server_memory", "worker_memory", "server_disk", "our_disk")}
