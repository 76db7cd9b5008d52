"""A mail service that hands out a new refresh token with each answer is asked with the newest one, also by the next process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from db import schema
from db.engine import Database
from db.renewed_tokens import RenewedToken
from integrations.messaging.oauth import TokenSource, UnableToGetToken

SOURCE = "imap:ann@b.example@mail.example"
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@dataclass
class Service:
    """A token service that takes each refresh token once and gives another for it."""

    url: str = ""
    valid: set[str] = field(default_factory=lambda: {"renewed-1"})
    asked: list[str] = field(default_factory=list)

    def answer(self, refresh_token: str) -> tuple[int, dict[str, object]]:
        self.asked.append(refresh_token)
        if refresh_token not in self.valid:
            return 400, {"error": "invalid_grant", "error_description": "it was used before"}
        self.valid = {f"renewed-{len(self.asked) + 1}"}
        return 200, {"access_token": f"a{len(self.asked)}", "expires_in": 3600, "refresh_token": next(iter(self.valid))}


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, said = told.answer(form["refresh_token"][0])
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}/token"
        Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()


def source(service: Service, database: Database, configured: str = "renewed-1") -> TokenSource:
    """As a process has it that has just been started."""
    return TokenSource(service.url, "app", "s3cret", configured, keeper=RenewedToken(database, SOURCE, lambda: NOW))


_PROCESS = """
import sys
from datetime import UTC, datetime
from db.engine import Database
from db.renewed_tokens import RenewedToken
from integrations.messaging.oauth import TokenSource
url, database = sys.argv[1:]
keeper = RenewedToken(Database(database), "imap:ann@b.example@mail.example", lambda: datetime.now(UTC))
print(TokenSource(url, "app", "s3cret", "renewed-1", keeper=keeper).get())
"""


def test_processes_one_after_the_other_go_on_with_the_token_of_the_one_before(service: Service, database: Database, database_url: str) -> None:
    said = [
        subprocess.run([sys.executable, "-c", _PROCESS, service.url, database_url], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout
        for _ in range(3)
    ]
    assert said == ["a1\n", "a2\n", "a3\n"]
    assert service.asked == ["renewed-1", "renewed-2", "renewed-3"]


def test_what_is_kept_cannot_be_read_by_who_has_only_the_database(service: Service, database: Database) -> None:
    source(service, database).get()
    with database.reading() as connection:
        (row,) = connection.execute(select(schema.renewed_tokens)).all()
    assert row.source == SOURCE and "renewed-2" not in row.sealed and "s3cret" not in row.sealed and len(row.sealed) > 80
    other = source(service, database, configured="r-of-somebody-else")
    with pytest.raises(UnableToGetToken):
        other.get()
    assert service.asked[-1] == "r-of-somebody-else", "what another token sealed is not used"


def test_a_new_token_in_the_settings_goes_before_the_one_that_was_kept(service: Service, database: Database) -> None:
    source(service, database).get()
    service.valid = {"by-hand"}
    assert source(service, database, configured="by-hand").get() == "a2"
    assert service.asked == ["renewed-1", "by-hand"]


def test_of_two_processes_at_once_the_later_goes_on_with_what_the_other_kept(service: Service, database: Database) -> None:
    one, other = source(service, database), source(service, database)
    assert (one.get(), other.get()) == ("a1", "a2")
    one._until = 0.0
    assert one.get() == "a3"
    assert service.asked == ["renewed-1", "renewed-2", "renewed-3"]


def test_a_kept_token_that_has_ended_gives_way_to_the_one_in_the_settings(service: Service, database: Database) -> None:
    source(service, database).get()
    service.valid = {"renewed-1"}
    assert source(service, database).get() == "a3"
    assert service.asked == ["renewed-1", "renewed-2", "renewed-1"]


def test_a_database_that_was_away_keeps_it_the_next_time(service: Service, database: Database) -> None:
    class Away(RenewedToken):
        def save(self, sealed: str) -> None:
            raise OSError("the disk is full")

    mine = source(service, database)
    mine.keeper = Away(database, SOURCE, lambda: NOW)
    with pytest.raises(OSError, match="disk"):
        mine.get()
    mine.keeper = RenewedToken(database, SOURCE, lambda: NOW)
    assert mine.get() == "a1" and service.asked == ["renewed-1"]
    assert source(service, database).get() == "a2" and service.asked == ["renewed-1", "renewed-2"]
