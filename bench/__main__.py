"""``python -m bench``: one command, one table, one JSON file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import machine, profiling, sleeping, table, walking, webhooks
from bench.machine import Machine
from bench.processes import UnableToMeasure
from bench.walking import Say

NAMES = ("rungs", "webhooks", "sleeping", "profile")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    opened: int
    walkers: int
    rungs: int
    pause: float
    requests: int
    hinted: int
    levels: tuple[int, ...]
    sample: int
    profiled: int


FULL = Size(rounds=5, opened=200, walkers=150, rungs=5, pause=4.0, requests=1500, hinted=100, levels=(1_000, 10_000, 50_000), sample=300, profiled=60)
QUICK = Size(rounds=2, opened=60, walkers=50, rungs=3, pause=3.0, requests=300, hinted=50, levels=(100, 300), sample=50, profiled=20)
SMALLEST = Size(rounds=1, opened=4, walkers=3, rungs=2, pause=0.5, requests=20, hinted=3, levels=(25, 35, 45), sample=5, profiled=2)
_SIZES = {"full": FULL, "quick": QUICK, "smallest": SMALLEST}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results there, too.")
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="Measure only this; may be given several times.")
@click.option("--quick", "size", flag_value="quick", help="Less of everything: about a minute and a half.")
@click.option("--smallest", "size", flag_value="smallest", help="Just enough to see that it works; the numbers mean nothing.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True, help="The product's database.")
def main(file: Path | None, only: tuple[str, ...], size: str | None, database: str) -> None:
    """How fast Dunwell is, beside bare Temporal and a bare web route on the same machine in the same minute.

    \b
    rungs     cases opened and rungs gone through a second, and events a rung, beside a bare workflow with one
              timer and two empty activities a rung: the same server, queues, sandbox, cache and converter
    webhooks  signed webhooks accepted a second, beside a FastAPI route that inserts one row
    sleeping  what one more case costs while 1,000, 10,000 and 50,000 sleep, and their memory
    profile   where the time of the two activities goes

    Both sides take turns, and each round's ratio counts, so other work on the machine disturbs both. Ratios
    mean something anywhere; the numbers a second are this machine's. Without an option it takes about 20 minutes.

    \b
    Examples:
      python -m bench --quick
      python -m bench --json results.json
      python -m bench --only rungs --only profile --database postgresql
    """
    chosen = _SIZES[size or "full"]
    console, begun = Console(), time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{int(time.monotonic() - begun):5d} s  {line}[/dim]", highlight=False)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in good order: what was started is stopped
    results: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "size": size or "full", "machine": machine.describe(database)}
    # The sandbox imports a workflow's modules anew for each run: from compiled files, as where the package is installed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        with tempfile.TemporaryDirectory(prefix="dunwell-bench-", ignore_cleanup_errors=True) as made:
            os.environ["PYTHONPYCACHEPREFIX"] = str(Path(made, "compiled"))
            for name in dict.fromkeys(only or NAMES):
                say(f"measuring {name}")
                folder = Path(made, name)
                folder.mkdir()
                results |= _measure(name, chosen, database, folder, say)
    except UnableToMeasure as error:
        raise click.ClickException(str(error)) from None
    table.show(results, console)
    if file:
        file.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        console.print(f"Written: {file}")
    sys.stdout.flush()
    os._exit(0)  # the Temporal core may crash at interpreter exit


def _measure(name: str, size: Size, database: str, folder: Path, say: Say) -> dict[str, Any]:
    """One kind of measurement, on a server and a database of its own."""

    async def rungs(on: Machine) -> dict[str, Any]:
        return await walking.measure(on, say, rounds=size.rounds, opened=size.opened, walkers=size.walkers, rungs=size.rungs, pause=size.pause)

    async def hooks(on: Machine) -> dict[str, Any]:
        return {"webhooks": await webhooks.measure(on, say, rounds=size.rounds, requests=size.requests, cases=size.hinted)}

    async def sleepers(on: Machine) -> dict[str, Any]:
        return {"sleeping": await sleeping.measure(on, say, levels=size.levels, sample=size.sample)}

    with machine.make_database(database, folder) as url:
        if name == "profile":
            return {"profile": profiling.measure(url, size.profiled)}
        kinds: dict[str, Callable[[Machine], Awaitable[dict[str, Any]]]] = {"rungs": rungs, "webhooks": hooks, "sleeping": sleepers}

        async def run() -> dict[str, Any]:
            async with machine.start(folder, url) as on:
                return await kinds[name](on)

        return asyncio.run(run())


if __name__ == "__main__":
    main()
