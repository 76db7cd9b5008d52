"""An installation in a folder of its own, with Temporal away, as most commands must bear it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from cli.running import keep_owner_token, prepare_folder
from cli.session import read_settings
from domain.event import News
from starter import Answer
from tests.cli.installation import SELLERS, Installation
from tests.support.databases import migrated_file


@pytest.fixture
def unreachable() -> Iterator[str]:
    """An address on which nothing listens, and nothing will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreachable: str) -> Iterator[Installation]:
    """New, with its tables, one seller and the owner's token; Temporal is away."""
    for name in [name for name in os.environ if name.startswith("DUNWELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUNWELL_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("DUNWELL_TEMPORAL_ADDRESS", unreachable)
    monkeypatch.setenv("COLUMNS", "200")
    prepare_folder(tmp_path / "data", SELLERS)
    (tmp_path / "data" / "dunwell.db").write_bytes(migrated_file())
    keep_owner_token(read_settings())
    yield Installation(tmp_path / "data")
    structlog.reset_defaults()


@pytest.fixture
def answering(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The same with Temporal there: what is told to invoices is kept in ``told`` and taken, save for a skip."""

    async def check(door: object) -> bool:
        return True

    async def nudge(door: object, reasons: tuple[str, ...] = ()) -> int:
        installation.nudged.append(reasons)
        return 3

    async def override(door: object, case: str, news: News, *, by: str, why: str, key: str | None = None) -> Answer:
        installation.told.append((case, news, by, why))
        return Answer(news.kind != "skip", f"{news.kind} was heard")

    async def open_one(door: object, invoice: str) -> bool:
        return True

    for name, stand_in in (("check", check), ("nudge", nudge), ("override", override), ("open", open_one)):
        monkeypatch.setattr(f"starter.Door.{name}", stand_in)
    return installation
