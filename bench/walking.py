"""Cases opened and rungs gone through, by the product and by the bare workflow in turn, and the events in their histories."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Protocol

from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.ledgers import Ledgers
from bench.bare import Bare
from bench.hands import BARE, PRODUCT, Board, Errand, hire
from bench.machine import Machine
from bench.paper import SELLER, PaperLedger
from bench.processes import UnableToMeasure, cpu_seconds
from db.engine import Database
from db.schema import invoices
from starter import Door
from workflows.contract import CASES_QUEUE, REPORT, case_id
from workflows.payloads import data_converter

# As many starts of bare workflows under way at once.
_STARTS = 8
# Of the rungs of a round, the part that is timed: not while the last runs are still being opened, nor while the first
# have finished.
_FROM, _TO = 0.25, 0.95
_PATIENCE_SECONDS = 600.0

Say = Callable[[str], None]


class Side(Protocol):
    """One of the two that are compared."""

    name: str
    board: Board
    process: int
    client: Client

    async def open(self, count: int) -> list[str]:
        """Open so many runs; their workflow ids."""
        ...


@dataclass
class Product:
    """Invoices taken in through the door, as an import or a listing takes them in."""

    client: Client
    board: Board
    process: int
    door: Door
    ledger: PaperLedger
    name: str = PRODUCT
    opened: int = 0

    async def open(self, count: int) -> list[str]:
        refs = [f"R-{number}" for number in range(self.opened, self.opened + count)]
        self.opened += count
        await self.door.take_in(SELLER.id, [self.ledger.tell(ref) for ref in refs], datetime.now(UTC))
        return await asyncio.to_thread(self._ids, refs)

    def _ids(self, refs: list[str]) -> list[str]:
        with self.door.database.reading() as connection:
            return [case_id(one) for (one,) in connection.execute(select(invoices.c.id).where(invoices.c.ref.in_(refs)))]


@dataclass
class Nothing:
    """Bare workflows, started with the same request: a signal, a memo and a summary."""

    client: Client
    board: Board
    process: int
    name: str = BARE
    opened: int = 0

    async def open(self, count: int) -> list[str]:
        ids = [f"bare/{number}" for number in range(self.opened, self.opened + count)]
        self.opened += count
        turns = asyncio.Semaphore(_STARTS)

        async def start(one: str) -> None:
            async with turns:
                await self.client.start_workflow(
                    Bare.run,
                    one,
                    id=one,
                    task_queue=CASES_QUEUE,
                    start_signal=REPORT,
                    start_signal_args=[{"by": "ledger"}],
                    memo={"invoice": one},
                    static_summary=f"invoice {one}",
                )

        await asyncio.gather(*(start(one) for one in ids))
        return ids


@asynccontextmanager
async def product_side(machine: Machine) -> AsyncIterator[Product]:
    """The product's worker process, and the door to it. Raises UnableToMeasure."""
    due = datetime.now(UTC).date() + timedelta(days=10)
    database, ledger = Database(machine.database), PaperLedger(due)
    try:
        async with hire(Errand(PRODUCT, machine.address, machine.database, due, machine.folder / "product.board")) as (board, process):
            client = await _connect(machine, PRODUCT)
            yield Product(client, board, process, Door(database, client, Ledgers(database, {SELLER.id: ledger})), ledger)
    finally:
        database.close()


@asynccontextmanager
async def bare_side(machine: Machine) -> AsyncIterator[Nothing]:
    """The bare workflow's worker process. Raises UnableToMeasure."""
    async with hire(Errand(BARE, machine.address, "", datetime.now(UTC).date(), machine.folder / "bare.board")) as (board, process):
        yield Nothing(await _connect(machine, BARE), board, process)


async def _connect(machine: Machine, namespace: str) -> Client:
    return await Client.connect(machine.address, namespace=namespace, data_converter=data_converter)


@dataclass(frozen=True, slots=True)
class Lap:
    """So many runs or rungs in so many seconds, and what each took of the processors, in seconds by process."""

    count: int
    seconds: float
    server: float
    worker: float
    driver: float
    board: dict[str, float]

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Milliseconds of processor time for each run or rung."""
        parts = {"server": self.server, "worker": self.worker, "driver": self.driver}
        return {name: used / self.count * 1000 for name, used in parts.items()}


class Watch:
    """From its making on, what has been used."""

    def __init__(self, machine: Machine, side: Side) -> None:
        self._machine, self._side = machine, side
        self._then = self._now()

    def stop(self, count: int) -> Lap:
        (seconds, server, worker, driver, board), (seconds_then, server_then, worker_then, driver_then, board_then) = self._now(), self._then
        used = {name: board[name] - board_then[name] for name in board}
        return Lap(count, seconds - seconds_then, server - server_then, worker - worker_then, driver - driver_then, used)

    def _now(self) -> tuple[float, float, float, float, dict[str, float]]:
        return time.perf_counter(), cpu_seconds(self._machine.server), cpu_seconds(self._side.process), time.process_time(), self._side.board.read()


async def open_cases(machine: Machine, side: Side, count: int) -> tuple[Lap, list[str]]:
    """Open so many runs, until each of them has had its first look and sleeps."""
    side.board["pause"] = 0
    looked = side.board["looks"]
    watch = Watch(machine, side)
    ids = await side.open(count)
    await reach(side.board, "looks", looked + count)
    return watch.stop(count), ids


async def walk(machine: Machine, side: Side, count: int, rungs: int, pause: float) -> tuple[Lap, list[str]]:
    """Let ``count`` new runs go through ``rungs`` rungs each, all at the same time, ``pause`` seconds of sleep before each."""
    side.board["pause"], side.board["rungs"] = pause, rungs
    done, total = side.board["acts"], count * rungs
    opening = asyncio.create_task(side.open(count))
    await reach(side.board, "acts", done + total * _FROM)
    watch, first = Watch(machine, side), side.board["acts"]
    await reach(side.board, "acts", done + total * _TO)
    lap = watch.stop(int(side.board["acts"] - first))
    await reach(side.board, "acts", done + total)
    return lap, await opening


async def reach(board: Board, name: str, value: float) -> None:
    """Wait until a number on the board is at least that. Raises UnableToMeasure when it takes too long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while board[name] < value:
        if time.monotonic() > deadline:
            raise UnableToMeasure(f"only {board[name]:.0f} {name} of {value:.0f} after {_PATIENCE_SECONDS:.0f} s; the workers' words above may say why")
        await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Traces:
    """What histories tell of rungs: events from one timer to the next, for each activity on the second queue, and how many
    timers such a rung had: less than one where a workflow was so late that the moment it was to wait for had passed."""

    events: float
    timers: float


async def read_traces(client: Client, ids: list[str]) -> Traces:
    events = rungs = timers = 0
    for one in ids:
        history = await client.get_workflow_handle(one).fetch_history()
        started = [place for place, event in enumerate(history.events) if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
        between = history.events[started[0] : started[-1]]
        events += len(between)
        timers += len(started) - 1
        rungs += sum(
            event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED and event.activity_task_scheduled_event_attributes.task_queue.name != CASES_QUEUE
            for event in between
        )
    return Traces(events / rungs, timers / rungs)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing done by both sides, once."""

    product: Lap
    bare: Lap


def compare(pairs: list[Pair], aim: float) -> dict[str, Any]:
    """Both rates with their spread, and the ratio: the median of those of each pair."""
    ratios = [pair.product.rate / pair.bare.rate for pair in pairs]
    return {
        "dunwell_per_second": spread([pair.product.rate for pair in pairs]),
        "bare_per_second": spread([pair.bare.rate for pair in pairs]),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "aim": aim,
        "cpu_ms": {"dunwell": _typical([pair.product for pair in pairs]), "bare": _typical([pair.bare for pair in pairs])},
    }


def spread(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "low": round(min(values), 2), "high": round(max(values), 2)}


def _typical(laps: list[Lap]) -> dict[str, float]:
    return {name: round(median(lap.cpu_ms[name] for lap in laps), 1) for name in ("server", "worker", "driver")}


async def measure(machine: Machine, say: Say, *, rounds: int, opened: int, walkers: int, rungs: int, pause: float) -> dict[str, Any]:
    """Opening, rungs and events, product and bare in turn. Events are counted while nothing else goes on."""
    openings, walks = [], []
    async with AsyncExitStack() as stack:
        sides: tuple[Side, Side] = await asyncio.gather(stack.enter_async_context(product_side(machine)), stack.enter_async_context(bare_side(machine)))
        # The first of everything is loading and compiling: nothing is timed here.
        walked = await asyncio.gather(*(walk(machine, side, 3, 3, 0.5) for side in sides))
        traces = [await read_traces(side.client, ids) for side, (_, ids) in zip(sides, walked, strict=True)]
        timers = []
        for number in range(rounds):
            turn = sides if number % 2 == 0 else sides[::-1]
            laps = {}
            for side in turn:
                laps[side.name], _ = await open_cases(machine, side, opened)
                say(f"round {number + 1} of {rounds}: {side.name} opened {laps[side.name].rate:.1f} a second")
            openings.append(Pair(laps[PRODUCT], laps[BARE]))
            laps = {}
            for side in turn:
                laps[side.name], ids = await walk(machine, side, walkers, rungs, pause)
                say(f"round {number + 1} of {rounds}: {side.name} went through {laps[side.name].rate:.1f} rungs a second")
                if side.name == PRODUCT:
                    timers.append((await read_traces(side.client, ids[:20])).timers)
            walks.append(Pair(laps[PRODUCT], laps[BARE]))
    ours, theirs = (one.events for one in traces)
    return {
        "opening": {**compare(openings, 0.7), "where": _where([pair.product for pair in openings])},
        "rungs": {**compare(walks, 0.7), "timers_a_rung": round(median(timers), 3), "where": _where([pair.product for pair in walks])},
        "events": {"dunwell": round(ours, 2), "bare": round(theirs, 2), "ratio": round(ours / theirs, 3), "aim": 1.06},
    }


def _where(laps: list[Lap]) -> dict[str, float]:
    """Where the time of one run or rung goes: medians, processor milliseconds unless the name says otherwise."""
    parts = [_parts(lap) for lap in laps]
    return {name: round(median(one[name] for one in parts), 2) for name in parts[0]}


def _parts(lap: Lap) -> dict[str, float]:
    each = {name: value / lap.count for name, value in lap.board.items()}
    return {
        "temporal server": lap.cpu_ms["server"],
        "worker: assess": each["look_cpu"] * 1000,
        "worker: deliver": each["act_cpu"] * 1000,
        "worker: workflow, payloads, core": lap.cpu_ms["worker"] - (each["look_cpu"] + each["act_cpu"]) * 1000,
        "transactions": each["transactions"],
        "statements": each["statements"],
        "executing statements (wall ms)": each["executing"] * 1000,
        "committing (wall ms)": each["committing"] * 1000,
        "queueing to write (wall ms)": each["queueing"] * 1000,
    }
