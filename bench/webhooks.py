"""Webhooks accepted: the real public listener against a bare route, driven in turn by the same client.

Both are processes of their own on the same kind of database, as durable. Temporal and a worker run beside them and do
what the webhooks are about, as in production; between two rounds everything that was begun is waited for.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import yaml
from pydantic import TypeAdapter
from sqlalchemy import func, select
from standardwebhooks import Webhook

from bench.machine import Machine
from bench.paper import SECRET, SELLER
from bench.processes import UnableToMeasure, cpu_seconds, end_with_parent
from bench.walking import Product, Say, open_cases, product_side, spread
from cli.supervisor import free_port
from db.engine import Database
from db.schema import inbox
from domain.seller import Seller

_FIRST_PORT = 21500
_START_PATIENCE = 120.0
_STOP_PATIENCE = 20.0
_DRAIN_PATIENCE = 120.0
_AT_ONCE = 32

_deliveries = count()


async def measure(machine: Machine, say: Say, *, rounds: int, requests: int, cases: int) -> dict[str, Any]:
    """Both rates and latencies, round by round; the ratio is the median of the rounds'.

    What is hinted at are the invoices of ``cases`` sleeping cases, in turn.
    """
    rates: dict[str, list[float]] = {"dunwell": [], "bare": []}
    waits: dict[str, list[float]] = {"dunwell": [], "bare": []}
    used: dict[str, list[float]] = {"dunwell": [], "bare": []}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        product, ours, theirs = await asyncio.gather(enter(product_side(machine)), enter(_listener(machine)), enter(_bare_route(machine)))
        await open_cases(machine, product, cases)
        targets = {"dunwell": (ours, f"/webhooks/rest/{SELLER.id}"), "bare": (theirs, "/")}
        for listening, path in targets.values():  # the first requests wait for what is loaded late
            await knock(listening.port, _write_requests(path, 50, cases), _AT_ONCE)
        for number in range(rounds):
            for name in ("dunwell", "bare") if number % 2 == 0 else ("bare", "dunwell"):
                await _drain(product)
                listening, path = targets[name]
                words = _write_requests(path, requests, cases)
                begun, cpu = time.perf_counter(), cpu_seconds(listening.process)
                took = await knock(listening.port, words, _AT_ONCE)
                rates[name].append(requests / (time.perf_counter() - begun))
                used[name].append((cpu_seconds(listening.process) - cpu) / requests * 1000)
                waits[name] += took
                say(f"round {number + 1} of {rounds}: {name} accepted {rates[name][-1]:.0f} a second, the slowest after {max(took) * 1000:.0f} ms")
        await _drain(product)
    ratios = [ours / theirs for ours, theirs in zip(rates["dunwell"], rates["bare"], strict=True)]
    return {
        "dunwell_per_second": spread(rates["dunwell"]),
        "bare_per_second": spread(rates["bare"]),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "aim": 0.8,
        "at_once": _AT_ONCE,
        "cpu_ms": {name: round(median(found), 2) for name, found in used.items()},
        "latency_ms": {name: _percentiles(found) for name, found in waits.items()},
        "p99_aim_ms": 250,
    }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}


def _write_requests(path: str, number: int, cases: int) -> list[bytes]:
    """Signed hints, each a delivery of its own, as bytes on the wire."""
    seal, now = Webhook(SECRET), datetime.now(UTC)
    requests = []
    for _ in range(number):
        place = next(_deliveries)
        delivery = f"msg_bench_{place}"
        body = json.dumps({"type": "invoice.changed", "timestamp": now.isoformat(), "data": {"ref": f"R-{place % cases}"}})
        head = {
            "Host": "127.0.0.1",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": seal.sign(delivery, now, body),
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        requests.append("\r\n".join([*lines, "", body]).encode())
    return requests


async def knock(port: int, requests: list[bytes], at_once: int) -> list[float]:
    """Send every request, ``at_once`` at a time over as many connections; how many seconds each took to be accepted.

    Raises UnableToMeasure at the first that is not accepted.
    """
    waiting = iter(requests)
    took: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            answer = await reader.readexactly(length)
            took.append(time.perf_counter() - begun)
            if not head.startswith(b"HTTP/1.1 202"):
                raise UnableToMeasure(f"a webhook was not accepted: {head.splitlines()[0].decode()} {answer[:200].decode()}")
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(at_once)))
    return took


async def _drain(product: Product) -> None:
    """Wait until every word has been passed on and heard."""

    def left() -> int:
        with product.door.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(inbox).where(inbox.c.state.in_(["new", "passed_on"]))).scalar_one()

    deadline = time.monotonic() + _DRAIN_PATIENCE
    while words := await asyncio.to_thread(left):
        if time.monotonic() > deadline:
            raise UnableToMeasure(f"{words} webhooks were not acted on within {_DRAIN_PATIENCE:.0f} s")
        await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Listening:
    """A process that accepts requests on a port of 127.0.0.1."""

    port: int
    process: int


@asynccontextmanager
async def _listener(machine: Machine) -> AsyncIterator[Listening]:
    """``dunwell web`` beside the machine."""
    port = free_port(_FIRST_PORT)
    seller = TypeAdapter(Seller).dump_python(SELLER, mode="json")
    seller["rest"] = {"url": "http://127.0.0.1:9/api", "token": "nobody-asks", "webhook_secrets": [SECRET]}
    sellers = machine.folder / "sellers.yaml"
    sellers.write_text(yaml.safe_dump({"sellers": [seller]}), encoding="utf-8")
    environment = {
        "DUNWELL_DATA_FOLDER": str(machine.folder),
        "DUNWELL_SELLERS_FILE": str(sellers),
        "DUNWELL_DATABASE_URL": machine.database,
        "DUNWELL_TEMPORAL_ADDRESS": machine.address,
        "DUNWELL_PUBLIC_PORT": str(port),
        "DUNWELL_PRIVATE_PORT": str(free_port(port + 1)),
    }
    async with _serve(machine.folder, ["-m", "cli", "web"], environment, port) as listening:
        yield listening


@asynccontextmanager
async def _bare_route(machine: Machine) -> AsyncIterator[Listening]:
    port = free_port(_FIRST_PORT + 50)
    database = f"sqlite:///{machine.folder / 'bare.db'}" if Database(machine.database).is_sqlite else machine.database
    async with _serve(machine.folder, ["-m", "bench.route", database, str(port)], {}, port) as listening:
        yield listening


@asynccontextmanager
async def _serve(folder: Path, words: list[str], environment: dict[str, str], port: int) -> AsyncIterator[Listening]:
    log = folder / f"{words[1]}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent,
        )
    try:
        deadline = time.monotonic() + _START_PATIENCE
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise UnableToMeasure(f"{' '.join(words)} does not listen: {log.read_text(errors='replace')[-2000:]}") from None
                await asyncio.sleep(0.05)
        yield Listening(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
