"""Both listeners before a small business on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from db import parties
from db.engine import Database
from settings import SellerSettings, Settings
from support.calling_scene import Scene, set_up, wait_for_the_call
from support.office import SECRET, SELLER, FakeDoor, Office
from web.app import create_private, create_public


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_folder=tmp_path,
        temporal_ui_url="http://temporal.example:8233/",
        temporal_namespace="dunwell",
        mailer="capture",
        private_host="127.0.0.1",
        open_all_hours=False,
    )


@pytest.fixture
def sellers() -> tuple[SellerSettings, ...]:
    return (SellerSettings(SELLER, "http://ledger.example", "token", (SECRET,)),)


@pytest.fixture
def office(database: Database) -> Office:
    """An empty business, on the morning of a Wednesday."""
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    return Office(database, datetime(2026, 3, 4, 9, 30, tzinfo=UTC))


@pytest.fixture
def door(database: Database) -> FakeDoor:
    return FakeDoor(database)


@pytest.fixture
def inside(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    """The private listener."""
    with TestClient(create_private(door, settings, sellers, lambda: office.now), base_url="http://127.0.0.1:8400", follow_redirects=False) as client:
        yield client


@pytest.fixture
def outside(door: FakeDoor, settings: Settings, sellers: tuple[SellerSettings, ...], office: Office) -> Iterator[TestClient]:
    """The public listener."""
    with TestClient(create_public(door, settings, sellers, lambda: office.now), base_url="http://127.0.0.1:8401", follow_redirects=False) as client:
        yield client


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Iterator[Scene]:
    """The morning on which a call is due, both reminders behind it."""
    hand, door, client, caller, invoice = set_up(database, tmp_path, transfer="+49309999999")
    with client:
        wait_for_the_call(hand, invoice)
        yield Scene(hand, client, caller, door, invoice)
