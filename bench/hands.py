"""The worker processes that are measured: the product's, composed as ``worker.py`` composes it, and the bare one.

Between them and the driver lies a ``Board``, memory that both see: the driver writes how long a sleep shall last, the
workers write what they did and how long it took.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import temporalio.client
import temporalio.worker
from sqlalchemy import Connection, event
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ActivityOutboundInterceptor, ExecuteActivityInput, Worker

import worker
from activities.ledgers import Ledgers
from bench import bare
from bench.paper import SELLER, PaperLedger, PaperMailer
from bench.processes import UnableToMeasure, end_with_parent
from db.engine import Database
from domain.decision import Wait
from settings import Settings
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE
from workflows.payloads import data_converter
from workflows.ports import Answer

PRODUCT, BARE = "dunwell", bare.NAMESPACE
# A sleep in seconds that outlasts every measurement.
PARKED = 30 * 86400.0
_START_PATIENCE = 120.0
_STOP_PATIENCE = 40.0

_FIELDS = (
    "ready",
    "pause",
    "rungs",
    "looks",
    "acts",
    "look_cpu",
    "act_cpu",
    "look_wall",
    "act_wall",
    "transactions",
    "queueing",
    "committing",
    "statements",
    "executing",
)


class Board:
    """Named numbers in a file that several processes see. Times are in seconds.

    ``looks`` and ``acts`` count finished activities of the two queues, ``*_cpu`` and ``*_wall`` add up their time.
    ``queueing`` is what transactions waited to begin, ``committing`` what they took to end, ``executing`` is for their
    ``statements``. The driver sets ``pause``, the length of every sleep from now on (0: as the product decides), and
    ``rungs``, how many of them a run goes through before it sleeps for good.
    """

    def __init__(self, file: Path | None = None) -> None:
        """``file`` holds zeros at first; without one only this process sees the board."""
        size = len(_FIELDS) * 8
        if file is None:
            self._numbers = memoryview(bytearray(size)).cast("d")
        else:
            with file.open("r+b") as opened:
                self._numbers = memoryview(mmap.mmap(opened.fileno(), size)).cast("d")
        self._lock = Lock()

    @classmethod
    def make(cls, file: Path) -> Board:
        file.write_bytes(bytes(len(_FIELDS) * 8))
        return cls(file)

    def __getitem__(self, name: str) -> float:
        return self._numbers[_FIELDS.index(name)]

    def __setitem__(self, name: str, value: float) -> None:
        self._numbers[_FIELDS.index(name)] = value

    def add(self, **more: float) -> None:
        with self._lock:
            for name, value in more.items():
                self._numbers[_FIELDS.index(name)] += value

    def read(self) -> dict[str, float]:
        return dict(zip(_FIELDS, self._numbers, strict=True))


@dataclass(frozen=True, slots=True)
class Errand:
    """What a worker process is to do. ``database`` is needed for the product, ``due`` is when its invoices are."""

    kind: str
    address: str
    database: str
    due: date
    board: Path


@asynccontextmanager
async def hire(errand: Errand) -> AsyncIterator[tuple[Board, int]]:
    """A worker process until the end of the block: its board, and its process id. Raises UnableToMeasure."""
    board = Board.make(errand.board)
    words = [errand.kind, errand.address, errand.database, errand.due.isoformat(), str(errand.board)]
    process = subprocess.Popen([sys.executable, "-m", "bench.hands", *words], stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)
    try:
        deadline = time.monotonic() + _START_PATIENCE
        while not board["ready"]:
            if process.poll() is not None or time.monotonic() > deadline:
                raise UnableToMeasure(f"the {errand.kind} worker did not get ready; its last words stand above")
            await asyncio.sleep(0.05)
        yield board, process.pid
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, _STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _poll(errand: Errand, board: Board) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await temporalio.client.Client.connect(errand.address, namespace=errand.kind, data_converter=data_converter, interceptors=[_Timekeeper(board)])
    first, second = _hire_product(errand, client, board) if errand.kind == PRODUCT else _hire_bare(client)
    async with first, second:
        board["ready"] = 1
        await stop.wait()


def _hire_product(errand: Errand, client: temporalio.client.Client, board: Board) -> tuple[Worker, Worker]:
    database = TimedDatabase(errand.database, board)
    ledgers = Ledgers(database, {SELLER.id: PaperLedger(errand.due)})
    return worker.make_workers(client, database, ledgers, worker.make_policy(Settings()), PaperMailer())


def _hire_bare(client: temporalio.client.Client) -> tuple[Worker, Worker]:
    nothing = bare.Nothing()
    return (
        worker.make_worker(client, CASES_QUEUE, [nothing.look], [bare.Bare]),
        worker.make_worker(client, DELIVER_QUEUE, [nothing.act]),
    )


class TimedDatabase(Database):
    """The product's database, with its transactions and statements counted."""

    def __init__(self, url: str, board: Board) -> None:
        super().__init__(url)
        self._board = board
        event.listen(self.engine, "before_cursor_execute", self._begin_statement)
        event.listen(self.engine, "after_cursor_execute", self._end_statement)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        asked = time.perf_counter()
        opened = super().transaction()
        with opened as connection:
            begun = time.perf_counter()
            yield connection
            ending = time.perf_counter()
        self._board.add(transactions=1, queueing=begun - asked, committing=time.perf_counter() - ending)

    def _begin_statement(self, connection: Connection, *_: Any) -> None:
        connection.info["began"] = time.perf_counter()

    def _end_statement(self, connection: Connection, *_: Any) -> None:
        self._board.add(statements=1, executing=time.perf_counter() - connection.info["began"])


class _Timekeeper(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """Times activities, and lets time jump over sleeps.

    Rungs are days apart. So each case has a clock of its own: where the rules say "wait until Thursday", the workflow is
    told to wait for ``pause`` seconds, and from then on the case's activities are told that it is Thursday. Server,
    timers, rules and database do what they always do, and a rung has the events it always has.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.ahead: dict[str, timedelta] = {}
        self._gone: Counter[str] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next, self)

    def shorten(self, case: str, kind: str, answer: object) -> object:
        """``answer`` with its sleep, if it tells of one, as short as the driver wants it."""
        self._gone[case] += kind == "act"
        pause = self.board["pause"] if self._gone[case] < self.board["rungs"] else 0.0
        if isinstance(answer, float):
            return pause or PARKED
        if not pause or not isinstance(answer, Answer) or not isinstance(answer.decision, Wait):
            return answer
        until = datetime.now(UTC) + timedelta(seconds=pause)
        self.ahead[case] = answer.decision.until - until
        return replace(answer, decision=replace(answer.decision, until=until))


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, keeper: _Timekeeper) -> None:
        super().__init__(next)
        self._keeper = keeper

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, self._keeper))

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        kind = "act" if info.task_queue == DELIVER_QUEUE else "look"
        input.fn = _timed(input.fn, kind, self._keeper.board)
        return self._keeper.shorten(str(info.workflow_id), kind, await super().execute_activity(input))


class _Outbound(ActivityOutboundInterceptor):
    def __init__(self, next: ActivityOutboundInterceptor, keeper: _Timekeeper) -> None:
        super().__init__(next)
        self._keeper = keeper

    def info(self) -> activity.Info:
        info = super().info()
        ahead = self._keeper.ahead.get(str(info.workflow_id))
        return replace(info, started_time=info.started_time + ahead) if ahead else info


def _timed(function: Callable[..., Any], kind: str, board: Board) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments)
        finally:
            board.add(**{f"{kind}s": 1, f"{kind}_wall": time.perf_counter() - wall, f"{kind}_cpu": time.thread_time() - cpu})

    return run


if __name__ == "__main__":
    kind, address, database, due, file = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver says when it is over
    asyncio.run(_poll(Errand(kind, address, database, date.fromisoformat(due), Path(file)), Board(Path(file))))
    os._exit(0)  # the Temporal core may crash at interpreter exit
