"""``dunwell doctor`` says how the language models that are set up do: with what to look at, and without their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.models import examine_models
from db import drafts, parties
from db.drafts import FAILED, PASSED, Draft
from db.engine import Database
from settings import Settings
from support.model_server import Model, a_model
from support.office import SELLER, Office
from workflows.contract import case_id

KEY = "sk-that-nobody-sees"
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture
def model() -> Iterator[Model]:
    with a_model() as started:
        yield started


def said(database: Database, folder: Path, **fields: Any) -> list[tuple[str, str, str, str]]:
    known = {"public_url": "https://pay.example", "channels": "email,sms,call", **fields}
    found = [(one.what, one.health.value, one.said, one.remedy) for one in examine_models(Settings(data_folder=folder, **known), database, NOW)]
    assert KEY not in repr(found)
    return found


def named(kind: str, model: Model, **fields: Any) -> dict[str, Any]:
    return {f"{kind}_model_url": model.url, f"{kind}_model_name": "tiny", f"{kind}_model_key": KEY, **fields}


def test_what_is_not_set_up_is_not_spoken_of(database: Database, tmp_path: Path) -> None:
    assert said(database, tmp_path) == []


@pytest.mark.parametrize(("kind", "answer"), [("speaking", {"meaning": "promise"}), ("reading", {"intent": "promise"})])
def test_one_that_answers_is_well_and_was_asked_with_nobodys_words(database: Database, tmp_path: Path, model: Model, kind: str, answer: object) -> None:
    model.say(answer)
    ((what, health, told, _),) = said(database, tmp_path, **named(kind, model))
    assert (what, health) == (f"{kind} model", "ok") and told.startswith("tiny answers, in ")
    assert len(model.asked) == 1 and model.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("kind", "remedy"), [("speaking", "DUNWELL_SPEAKING_MODEL_URL"), ("reading", "DUNWELL_READING_MODEL_URL")])
def test_one_that_does_not_answer_is_worth_a_look_with_the_reason_and_what_happens_meanwhile(
    database: Database, tmp_path: Path, model: Model, kind: str, remedy: str
) -> None:
    model.status = 401
    ((what, health, told, how),) = said(database, tmp_path, **named(kind, model))
    assert (what, health) == (f"{kind} model", "look") and "status 401" in told
    assert remedy in how and "meanwhile" in how


def test_a_speaking_model_that_is_slower_than_a_caller_waits_is_worth_a_look(database: Database, tmp_path: Path, model: Model) -> None:
    model.wait = 20
    ((_, health, told, how),) = said(database, tmp_path, **named("speaking", model, speaking_model_seconds=0.3))
    assert health == "look" and "within 0.3 seconds" in told and "_SECONDS" in how


@pytest.mark.parametrize(
    ("fields", "needed"),
    [({"channels": "email"}, "calls are not switched on"), ({"public_url": "http://127.0.0.1:8401"}, "Twilio opens no line to http://127")],
)
def test_a_speaking_model_that_no_call_can_reach_is_pointed_out(database: Database, tmp_path: Path, model: Model, fields: dict[str, str], needed: str) -> None:
    model.say({"meaning": "none"})
    found = said(database, tmp_path, **named("speaking", model, **fields))
    assert [health for _, health, _, _ in found] == ["look", "ok"]
    assert needed in found[0][2] and found[0][3]


@pytest.mark.parametrize("kind", ["writing", "reading", "speaking"])
def test_a_setting_that_cannot_be_used_is_wrong_and_named(database: Database, tmp_path: Path, kind: str) -> None:
    ((what, health, told, _),) = said(database, tmp_path, **{f"{kind}_model_url": "nowhere", f"{kind}_model_name": "tiny"})
    assert (what, health) == (f"{kind} model", "wrong") and f"DUNWELL_{kind.upper()}_MODEL_URL" in told


def test_how_a_writing_model_has_done_is_read_from_its_drafts(database: Database, tmp_path: Path, model: Model) -> None:
    office = Office(database, NOW)
    with database.transaction() as connection:
        parties.save_seller(connection, SELLER)
    case = case_id(office.invoice("A-1", office.customer()))
    settings = named("writing", model)
    for step, verdict, health in (("first", FAILED, "look"), ("second", PASSED, "ok")):
        with database.transaction() as connection:
            drafts.keep(connection, Draft(case, 0, step, "tiny", ("Hello.",), verdict, "", NOW))
        ((_, found, told, _),) = said(database, tmp_path, **settings)
        assert found == health, told
    assert "of 2 drafts in 30 days 1 passed" in told and model.asked == []
