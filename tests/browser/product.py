"""The demonstration as a person meets it: its pages, its API, the Temporal UI and Temporal's own command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

NAMESPACE = "dunwell"
# What "temporal" answers to programs when it should list everything.
_EVERYTHING = "1000"


@dataclass(frozen=True, slots=True)
class Product:
    """A demonstration that stays up: its data folder, and where its parts are; ``outside`` is what customers reach."""

    folder: Path
    page: str
    outside: str
    server: str
    token: str

    def ask(self, path: str, **query: str | int) -> Any:
        """What the API answers."""
        answer = httpx.get(
            f"{self.page}/api/{path}", params=query, headers={"Authorization": f"Bearer {self.token}"}, timeout=20, trust_env=False, follow_redirects=True
        )
        return answer.raise_for_status().json()

    def invoices(self, **wanted: str | int) -> list[dict[str, Any]]:
        """The watched invoices of which that is so."""
        found: list[dict[str, Any]] = self.ask("invoices", limit=500, **wanted)["invoices"]
        return found

    def dunwell(self, *words: str) -> Any:
        """What ``dunwell ... --json`` says, typed beside it."""
        environment = os.environ | {"DUNWELL_DATA_FOLDER": str(self.folder)}
        command = [sys.executable, "-P", "-m", "cli", *words, "--json"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def temporal(self, *words: str) -> Any:
        """What ``temporal workflow ...`` says, as JSON."""
        program = Path(sys.executable).with_name("temporal")
        command = [str(program), "workflow", *words, "--address", self.server, "--namespace", NAMESPACE, "-o", "json"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def list_workflows(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.temporal("list", "--query", query, "--limit", _EVERYTHING)
        return found

    def count_workflows(self, query: str) -> int:
        return int(self.temporal("count", "--query", query).get("count", 0))


@contextmanager
def running_demonstration(folder: Path) -> Iterator[Product]:
    """``dunwell demo`` in ``folder``, up and past its tour; stopped as by Ctrl-C at the end, with nothing left running."""
    log = folder.with_name("demo.log")
    with log.open("w") as output:
        command = [sys.executable, "-u", "-P", "-m", "cli", "demo", "--data", str(folder)]
        demo = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until(lambda: "It stays up until Ctrl-C" in log.read_text() or demo.poll() is not None, 150, lambda: log.read_text())
        if demo.poll() is not None:
            pytest.fail(f"the demonstration ended by itself:\n{log.read_text()}")
        told = dict(line.split("=", 1) for line in (folder / "running.env").read_text().splitlines())
        page = f"http://127.0.0.1:{told['DUNWELL_PRIVATE_PORT']}"
        yield Product(folder, page, told["DUNWELL_PUBLIC_URL"], told["DUNWELL_TEMPORAL_ADDRESS"], (folder / "token").read_text().strip())
    finally:
        demo.send_signal(signal.SIGINT)
        try:
            demo.wait(60)
        except subprocess.TimeoutExpired:
            demo.kill()
    assert demo.returncode in (0, 130), log.read_text()
    assert still_running(str(folder)) == []


def still_running(mark: str) -> list[str]:
    """The command lines of processes with ``mark`` in them or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if process.name != str(os.getpid()) and mark in command + (process / "environ").read_text(errors="replace"):
                found.append(command)
        except OSError:
            continue
    return found


def until(is_so: Callable[[], bool], seconds: float, otherwise: Callable[[], object] = lambda: "") -> None:
    """Wait until that is so; after ``seconds`` in vain the test fails with what ``otherwise`` says."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds} seconds in vain\n{otherwise()}")
        time.sleep(0.1)
