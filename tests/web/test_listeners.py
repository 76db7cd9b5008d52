"""Two listeners in one process: what each answers, to whom, and how they start and stop."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from db import migrate
from db.engine import Database
from settings import SellerSettings, Settings
from support.office import FakeDoor, Office
from web import api, api_overrides, dashboard, health, listen
from web.app import create_private, keep_passing_on
from web.webhooks import Reports

ROOT = Path(__file__).parents[2]

OURS = ("127.0.0.1:8400", "127.0.0.1", "localhost", "LocalHost:8400", "localhost.", "[::1]:8400", "127.8.9.10:1")
FOREIGN = (
    "evil.example",
    "evil.example:8400",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil.example.localhost.example",
    "192.168.1.5:8400",
    "10.0.0.1",
    "0.0.0.0:8400",
    "[::]:8400",
    "[fe80::1]:8400",
    "2130706433",
    "0x7f.1",
    "",
    "@127.0.0.1",
    "127.0.0.1@evil.example",
    "[127.0.0.1]evil",
)


def test_the_private_listener_answers_under_its_own_names_only(inside: TestClient, office: Office) -> None:
    """A page in the reader's browser that points its own name at this machine reads nothing here."""
    assert {name: inside.get("/", headers={"Host": name}).status_code for name in OURS} == dict.fromkeys(OURS, 200)
    office.invoice("A-1", office.customer())
    for name in FOREIGN:
        for path in ("/", "/api/invoices", "/healthz", "/static/dunwell.css", "/temporal/all"):
            answer = inside.get(path, headers={"Host": name})
            assert answer.status_code == 421 and "A-1" not in answer.text, name


def test_the_name_it_was_given_is_one_of_them(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...]) -> None:
    with TestClient(create_private(door, settings.model_copy(update={"private_host": "Books.Example"}), sellers)) as client:
        assert client.get("/healthz", headers={"Host": "books.example:8400"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "other.example"}).status_code == 421


def test_the_public_listener_has_nothing_else(outside: TestClient) -> None:
    private = {
        re.sub(r"\{.*?\}", "x", route.path)
        for route in (*api.router.routes, *api_overrides.router.routes, *dashboard.router.routes)
        if isinstance(route, APIRoute)
    } - {"/"}
    assert len(private) > 10
    for path in (*sorted(private), "/api/openapi.json", "/openapi.json", "/docs", "/redoc", "/static/dunwell.css", "/webhooks", "/webhooks/rest", "/.env"):
        answer = outside.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "not found"}), path


def test_the_public_front_page_says_nothing(outside: TestClient) -> None:
    answer = outside.get("/")
    assert answer.status_code == 200 and "dunwell" not in answer.text.lower()
    assert answer.headers["x-frame-options"] == "DENY" and "server" not in answer.headers


@pytest.mark.parametrize("side", ["inside", "outside"])
def test_both_say_whether_they_are_well(request: pytest.FixtureRequest, door: FakeDoor, side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client: TestClient = request.getfixturevalue(side)
    assert client.get("/healthz").json() == {"healthy": True, "database": "answers", "temporal": "answers"}
    door.temporal.is_up = False
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "database": "answers", "temporal": "away"})
    monkeypatch.setattr(Database, "reading", _broken)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"healthy": False, "database": "away", "temporal": "away"})


@pytest.mark.parametrize("side", ["inside", "outside"])
def test_a_database_that_cannot_be_written_is_not_well_until_it_can(
    request: pytest.FixtureRequest, door: FakeDoor, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: TestClient = request.getfixturevalue(side)
    moment = [1000.0]
    monkeypatch.setattr(health, "monotonic", lambda: moment[0])

    def ask() -> tuple[int, str]:
        moment[0] += 20
        answer = client.get("/healthz")
        return answer.status_code, answer.json()["database"]

    assert ask() == (200, "answers")
    with refusing(door.database):
        assert ask() == (503, "cannot write")
        assert ask() == (503, "cannot write")
    assert ask() == (200, "answers")


@contextmanager
def refusing(database: Database) -> Iterator[None]:
    """Have the database itself refuse what is written, as when its disk is full or it is a copy for reading."""
    statement = "PRAGMA query_only=ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(database.engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", refuse)
        database.engine.dispose()


def test_whether_it_can_be_written_is_not_tried_at_every_question_and_a_busy_one_is_well(
    outside: TestClient, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = [0]
    writing = Database.transaction

    def count(self: Database) -> AbstractContextManager[Connection]:
        trials[0] += 1
        return writing(self)

    monkeypatch.setattr(Database, "transaction", count)
    assert [outside.get("/healthz").status_code for _ in range(20)] == [200] * 20
    assert trials == [1]
    monkeypatch.setattr(health, "monotonic", lambda: time.monotonic() + 60)
    monkeypatch.setattr(health, "_TRIAL_PATIENCE", 0.2)
    released = threading.Event()

    def hold(self: Database) -> AbstractContextManager[Connection]:
        released.wait(60)
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(Database, "transaction", hold)
    threading.Timer(1, released.set).start()
    assert outside.get("/healthz").status_code == 200


def _broken(self: Database) -> Any:
    raise OSError("disk gone: secret path")


def test_a_failure_is_answered_without_its_reason(inside: TestClient, outside: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "reading", _broken)
    client = TestClient(inside.app, base_url="http://127.0.0.1:8400", raise_server_exceptions=False)
    for path in ("/", "/tasks", "/api/invoices"):
        answer = client.get(path, headers={"Authorization": "Bearer x"})
        assert answer.status_code == 500 and "secret" not in answer.text and "default-src 'none'" in answer.headers["content-security-policy"]


def test_passing_on_outlives_every_failure(door: FakeDoor) -> None:
    calls: list[int] = []

    async def fail_twice(now: object) -> int:
        calls.append(len(calls))
        if len(calls) < 3:
            raise ConnectionError("no server")
        return 1

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(keep_passing_on(door, stop, every=0.001))
        while len(calls) < 4:
            await asyncio.sleep(0.001)
        stop.set()
        await asyncio.wait_for(running, 60)

    door.pass_on = fail_twice  # type: ignore[method-assign]
    asyncio.run(asyncio.wait_for(run(), 120))


def test_what_waits_to_be_passed_on_waits_for_a_lull_and_not_for_ever(door: FakeDoor) -> None:
    order: list[str] = []

    class Listened(Reports):
        async def await_lull(self, patience: float) -> None:
            order.append("lull")

    async def pass_on(now: object) -> int:
        order.append("passed on")
        return 0

    async def run() -> None:
        reports, clock, stop = Reports(door), asyncio.get_running_loop().time, asyncio.Event()
        begun = clock()
        reports.begin("word_1")
        await reports.await_lull(60)
        assert clock() - begun >= 0.03
        reports.begin("word_2")
        await reports.await_lull(0)
        passing_on = asyncio.create_task(keep_passing_on(door, stop, every=0.001, reports=Listened(door)))
        while len(order) < 4:
            await asyncio.sleep(0.001)
        stop.set()
        await asyncio.wait_for(passing_on, 60)
        await reports.finish()

    door.pass_on = pass_on  # type: ignore[method-assign]
    asyncio.run(asyncio.wait_for(run(), 120))
    assert order[:4] == ["lull", "passed on", "lull", "passed on"]


def serving(test: Callable[[int, asyncio.Event], Awaitable[None]], app: Starlette | None = None) -> None:
    """Run ``test`` in a thread's reach of a listener on a free port, then stop it in order."""

    async def run() -> None:
        async def say(_: object) -> PlainTextResponse:
            return PlainTextResponse("here")

        bound, stop = listen.bind("127.0.0.1", 0, "X"), asyncio.Event()
        listening = asyncio.create_task(listen.listen([(app or Starlette(routes=[Route("/", say)]), bound)], stop))
        await test(bound.getsockname()[1], stop)
        stop.set()
        await asyncio.wait_for(listening, 60)

    asyncio.run(asyncio.wait_for(run(), 120))


def test_who_says_nothing_is_shown_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_HEADER_SECONDS", 0.2)

    async def test(port: int, stop: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert await reader.read() == b""
        writer.close()

    serving(test)


def test_who_speaks_in_time_is_heard_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "_HEADER_SECONDS", 2.0)

    async def test(port: int, stop: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for pause in (1.5, 1.5, 0):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"here")
            assert head.startswith(b"HTTP/1.1 200") and b"server:" not in head.lower()
            await asyncio.sleep(pause)
        writer.close()

    serving(test)


def test_headers_without_end_are_refused() -> None:
    async def test(port: int, stop: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 100_000)
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()

    serving(test)


def test_an_answer_under_way_is_finished_before_the_stop() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(_: object) -> PlainTextResponse:
        begun.set()
        await may_end.wait()
        return PlainTextResponse("here")

    async def test(port: int, stop: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await begun.wait()
        stop.set()
        await asyncio.sleep(0.3)  # the stop is noticed at the server's next tick
        may_end.set()
        assert (await reader.read()).endswith(b"here")
        writer.close()

    serving(test, Starlette(routes=[Route("/", slowly)]))


def test_an_address_that_is_taken_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        try:
            listen.bind("127.0.0.1", port, "DUNWELL_PRIVATE")
        except listen.UnableToListen as error:
            said = str(error)
    assert f"127.0.0.1 port {port}: " in said and "DUNWELL_PRIVATE_PORT" in said


SELLERS = """
sellers:
  - {id: brightwater, name: Brightwater, legal_name: Brightwater Ltd, sender_name: Ann Lee, sender_email: ann@brightwater.example,
     ledger: csv, country: DE, time_zone: Europe/Berlin}
"""


# The Temporal client's core may crash when the interpreter ends by itself.
PROGRAM = """
import asyncio, os
from settings import Settings
from web.app import serve
asyncio.run(serve(Settings()))
print("stopped", flush=True)
os._exit(0)
"""


def test_the_web_runs_without_temporal_and_stops_when_told(tmp_path: Path) -> None:
    (tmp_path / "sellers.yaml").write_text(SELLERS, encoding="utf-8")
    settings = Settings(data_folder=tmp_path)
    database = Database(settings.database)
    migrate.upgrade(database)
    database.close()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        environment = {**os.environ, "DUNWELL_DATA_FOLDER": str(tmp_path), "DUNWELL_PUBLIC_PORT": "0", "DUNWELL_PRIVATE_PORT": "0"}
        environment["DUNWELL_TEMPORAL_ADDRESS"] = f"127.0.0.1:{nobody.getsockname()[1]}"
        process = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            ports = _ports(process)
            for port in ports:
                asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                asked.request("GET", "/healthz")
                answer = asked.getresponse()
                assert answer.status == 200 and b'"temporal":"away"' in answer.read() and answer.getheader("server") is None
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
            assert process.returncode == 0 and "stopped" in said
        finally:
            process.kill()
            process.wait(60)


def _ports(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        line = re.sub(r"\x1b\[[0-9;]*m", "", process.stdout.readline())
        if "listening" in line:
            return [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", line)]
        assert line or process.poll() is None, "it ended before it listened"
    raise AssertionError("it did not listen in time")
