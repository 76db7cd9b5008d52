"""The supervisor with tiny children, and once with the real Temporal server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from cli.supervisor import Log, Part, Patience, UnableToFindPort, free_port, supervise, temporal_part
from tests.support.ports import port_to_come

ROOT = Path(__file__).parents[2]
IMPATIENT = Patience(ready=120.0, first_pause=0.01, longest_pause=0.02, quick_death=600.0, quick_deaths=4, orphans=120.0)

# Writes its process id, then waits; on SIGTERM notes its name, so that the order of the endings can be read.
CHILD = """
import os, pathlib, signal, sys, time
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
def end(*_):
    with (folder / "endings").open("a") as endings:
        endings.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(folder / f"{name}.new").write_text(str(os.getpid()))
(folder / f"{name}.new").rename(folder / f"{name}.pid")
while True:
    time.sleep(0.05)
"""

SUPERVISOR = """
import asyncio, json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from cli.supervisor import Part, Patience, supervise
folder, children = pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
def exists(path):
    async def ready():
        return path.exists()
    return ready
parts = [Part(name, (sys.executable, "-c", code, name, str(folder)), exists(folder / f"{name}.pid")) for name, code in children.items()]
def log(line):
    print(line, flush=True)
async def on_ready():
    log("all are ready")
sys.exit(asyncio.run(supervise(parts, log=log, run_folder=folder, on_ready=on_ready, patience=Patience(ready=120, orphans=120))))
"""


def part(name: str, folder: Path, code: str = CHILD, *, stop_seconds: float = 60.0) -> Part:
    async def ready() -> bool:
        return (folder / f"{name}.pid").exists()

    return Part(name, (sys.executable, "-c", code, name, str(folder)), ready, stop_seconds=stop_seconds)


def pid(name: str, folder: Path) -> int:
    return int((folder / f"{name}.pid").read_text())


def is_alive(process: int) -> bool:
    """Whether it runs; one that has ended and only waits to be collected does not."""
    try:
        os.kill(process, 0)
        return sys.platform != "linux" or Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


async def until_so(is_so: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, is_so)


def run(parts: list[Part], folder: Path, on_ready: Callable[[], Awaitable[int | None]], log: Log = print) -> int:
    return asyncio.run(supervise(parts, log=log, run_folder=folder, on_ready=on_ready, patience=IMPATIENT))


def start_supervisor(folder: Path, **children: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISOR, str(ROOT), str(folder), json.dumps(children)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def read_until(supervisor: subprocess.Popen[str], words: str) -> None:
    assert supervisor.stdout is not None
    lines = []
    for line in supervisor.stdout:
        lines.append(line)
        if words in line:
            return
    pytest.fail(f"never said {words!r}, but:\n{''.join(lines)}")


def test_a_part_killed_with_kill_9_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []

    async def kill_one() -> int:
        first = pid("worker", tmp_path)
        os.kill(first, signal.SIGKILL)
        await until_so(lambda: pid("worker", tmp_path) != first)
        return 0 if is_alive(pid("web", tmp_path)) else 1

    assert run([part("worker", tmp_path), part("web", tmp_path)], tmp_path, kill_one, said.append) == 0
    assert "worker was ended by SIGKILL; starting it again in 0.01 s" in said
    assert not is_alive(pid("worker", tmp_path))


def test_parts_are_stopped_in_the_reverse_of_their_starting_order(tmp_path: Path) -> None:
    supervisor = start_supervisor(tmp_path, temporal=CHILD, worker=CHILD, web=CHILD)
    read_until(supervisor, "all are ready")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert (tmp_path / "endings").read_text().split() == ["web", "worker", "temporal"]


def test_ctrl_c_while_still_starting_stops_what_was_started(tmp_path: Path) -> None:
    never_ready = "import time\nwhile True: time.sleep(0.1)"
    supervisor = start_supervisor(tmp_path, temporal=CHILD, worker=never_ready)
    read_until(supervisor, "temporal is ready")
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == 0
    assert (tmp_path / "endings").read_text().split() == ["temporal"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed parent")
def test_no_part_outlives_a_supervisor_killed_with_kill_9_and_the_next_one_waits_for_the_last_of_them(tmp_path: Path) -> None:
    slow = CHILD.replace(
        "sys.exit(0)",
        """
    while not (folder / "let-go").exists():
        time.sleep(0.02)
    sys.exit(0)""",
    )
    first = start_supervisor(tmp_path, temporal=slow, web=CHILD)
    read_until(first, "all are ready")
    orphans = [pid("temporal", tmp_path), pid("web", tmp_path)]
    first.kill()
    first.wait(60)
    second = start_supervisor(tmp_path, temporal=CHILD)
    read_until(second, "waiting for its parts to end")
    (tmp_path / "let-go").touch()
    read_until(second, "temporal is ready")
    until(lambda: not any(is_alive(orphan) for orphan in orphans))  # a process lets go of its files a moment before it has ended
    second.terminate()
    assert second.wait(60) == 0


def test_a_second_copy_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    first = start_supervisor(tmp_path, temporal=CHILD)
    read_until(first, "all are ready")
    second = start_supervisor(tmp_path, temporal=CHILD)
    answer, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"Another copy of Dunwell (process {first.pid}) is using the folder {tmp_path}." in answer
    assert "DUNWELL_DATA_FOLDER" in answer
    first.terminate()
    assert first.wait(60) == 0


def test_a_part_that_keeps_dying_ends_the_run_and_the_end_of_its_log_is_shown(tmp_path: Path) -> None:
    said: list[str] = []

    async def never() -> int:
        raise AssertionError("not ready at all")

    failing = part("worker", tmp_path, "print('no such table: invoices', flush=True); raise SystemExit(3)")
    assert run([part("temporal", tmp_path), failing], tmp_path, never, said.append) == 1
    assert "worker died 4 times in a row; the last time it ended with status 3." in said[-1]
    assert str(tmp_path / "logs" / "worker.log") in said[-1]
    assert said[-1].endswith("\n    no such table: invoices" * 4)
    assert (tmp_path / "endings").read_text().split() == ["temporal"]


def test_a_part_that_never_gets_ready_ends_the_run_and_the_end_of_its_log_is_shown(tmp_path: Path) -> None:
    said: list[str] = []

    async def not_ready() -> bool:
        until(lambda: "waiting" in (tmp_path / "logs" / "worker.log").read_text())
        return False

    waiting = Part("worker", (sys.executable, "-c", "import time\nprint('waiting for Temporal', flush=True)\ntime.sleep(600)"), not_ready)
    assert asyncio.run(supervise([waiting], log=said.append, run_folder=tmp_path, patience=Patience(ready=1.0))) == 1
    assert "worker was not ready after 1 s." in said[-1]
    assert said[-1].endswith("\n    waiting for Temporal")


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    said: list[str] = []

    async def ready() -> bool:
        return True

    missing = Part("worker", ("/no/such/program",), ready)
    assert asyncio.run(supervise([missing], log=said.append, run_folder=tmp_path, patience=IMPATIENT)) == 1
    assert "/no/such/program" in said[-1]


def test_a_part_that_will_not_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    stubborn = """
import os, pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
folder = pathlib.Path(sys.argv[2])
(folder / "child.pid").write_text(str(child.pid))
(folder / "worker.pid").write_text(str(os.getpid()))
while True:
    time.sleep(0.1)
"""
    said: list[str] = []

    async def at_once() -> int:
        return 7

    assert run([part("worker", tmp_path, stubborn, stop_seconds=0.2)], tmp_path, at_once, said.append) == 7
    assert "worker did not stop within 0.2 s and is killed" in said
    until(lambda: not is_alive(pid("child", tmp_path)))


def test_a_part_that_ends_by_the_very_signal_it_was_sent_has_stopped_in_good_order(tmp_path: Path) -> None:
    like_uvicorn = CHILD.replace("sys.exit(0)", "signal.signal(signal.SIGTERM, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGTERM)")
    said: list[str] = []

    async def at_once() -> int:
        return 0

    assert run([part("web", tmp_path, like_uvicorn)], tmp_path, at_once, said.append) == 0
    assert [line for line in said if "ready" not in line] == []


def test_a_failure_after_all_are_ready_stops_the_parts_and_is_passed_on(tmp_path: Path) -> None:
    async def fail() -> int:
        raise ValueError("no such ledger")

    with pytest.raises(ValueError, match="no such ledger"):
        run([part("web", tmp_path)], tmp_path, fail)
    assert (tmp_path / "endings").read_text().split() == ["web"]


def test_a_part_is_prepared_once_before_its_first_start(tmp_path: Path) -> None:
    prepared: list[bool] = []
    plain = part("web", tmp_path)
    careful = Part(plain.name, plain.command, plain.ready, prepare=lambda log: prepared.append((tmp_path / "web.pid").exists()))

    async def kill_it() -> int:
        first = pid("web", tmp_path)
        os.kill(first, signal.SIGKILL)
        await until_so(lambda: pid("web", tmp_path) != first)
        return 0

    assert run([careful], tmp_path, kill_it) == 0
    assert prepared == [False]


def test_a_log_that_has_grown_large_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_bytes(b"x" * 5_000_001)

    async def at_once() -> int:
        return 0

    assert run([part("web", tmp_path)], tmp_path, at_once) == 0
    assert (tmp_path / "logs" / "web.log").stat().st_size == 0
    assert (tmp_path / "logs" / "web.log.1").stat().st_size == 5_000_001


def test_a_taken_port_gives_way_to_the_next_free_one() -> None:
    with socket.socket() as taken:
        start = port_to_come()
        taken.bind(("127.0.0.1", start))
        taken.listen()
        second = free_port(start)
        assert start < second < 32768
        assert free_port(start, besides={second}) > second


def test_no_free_port_is_an_error_that_says_so() -> None:
    with pytest.raises(UnableToFindPort, match="No port from 32767 to 32767 is free"):
        free_port(32767, besides={32767})


@pytest.mark.server
def test_the_temporal_server_comes_up_with_its_namespace_and_search_attributes(tmp_path: Path) -> None:
    port = port_to_come()
    ui_port = free_port(port + 1)

    async def look() -> int:
        asked = f"http://127.0.0.1:{ui_port}/api/v1/namespaces/dunwell"
        described = httpx.get(asked, timeout=60, trust_env=False).json()
        known = httpx.get(f"{asked}/search-attributes", timeout=60, trust_env=False).json()["customAttributes"]
        assert described["config"]["workflowExecutionRetentionTtl"] == f"{30 * 86400}s"
        assert known == {"Stage": "INDEXED_VALUE_TYPE_KEYWORD", "Balance": "INDEXED_VALUE_TYPE_DOUBLE"}
        return 0

    def start(search_attributes: dict[str, str]) -> Part:
        return temporal_part(tmp_path, port, ui_port, search_attributes, "dunwell")

    async def at_once() -> int:
        return 0

    assert run([start({"Stage": "Keyword"})], tmp_path, at_once) == 0
    # A release that adds a search attribute must find it on the file of the release before.
    assert run([start({"Stage": "Keyword", "Balance": "Double"})], tmp_path, look) == 0


def test_the_files_of_another_temporal_version_are_put_aside_and_kept(tmp_path: Path) -> None:
    said: list[str] = []
    prepare = temporal_part(tmp_path, 7233, 8233, {}, "dunwell").prepare
    assert prepare is not None
    prepare(said.append)
    version = (tmp_path / "temporal" / "version").read_text()
    (tmp_path / "temporal" / "server.db").write_text("mine")
    prepare(said.append)
    assert said == []
    for _ in range(2):
        (tmp_path / "temporal" / "version").write_text("1.5.1\n")
        (tmp_path / "temporal" / "server.db").write_text("old")
        prepare(said.append)
        assert (tmp_path / "temporal" / "version").read_text() == version
        assert not (tmp_path / "temporal" / "server.db").exists()
    assert (tmp_path / "temporal-1.5.1" / "server.db").read_text() == "old"
    assert (tmp_path / "temporal-1.5.1-older" / "server.db").read_text() == "old"
    assert "made by version 1.5.1" in said[0]
    assert str(tmp_path / "temporal-1.5.1") in said[0]
