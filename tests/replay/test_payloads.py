"""What earlier versions wrote into Temporal and into the database, this one can read, and loses nothing of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from google.protobuf.json_format import Parse
from sqlalchemy import JSON
from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import History

from db.schema import metadata
from tests.replay.replaying import recorded
from tests.replay.shapes import NEVER_READ, STORED, WRITE, Difference, compare, product, read_recorded, shapes_of
from workflows.payloads import data_converter

ROOT = Path(__file__).parents[2]
TEACH = """
{damage}

Invoices sleep for months on values that an earlier version wrote, in Temporal's histories and in the database. A field or
word that is gone, renamed, retyped or without a default makes them unreadable, or is lost without a sound.
Only ever add: new fields have defaults, old fields and words stay.
"""


def test_the_types_of_payloads_have_only_grown() -> None:
    difference = compare(read_recorded(), shapes_of(product()))
    assert not difference.damage, TEACH.format(damage="\n".join(difference.damage))
    assert not difference.growth, "\n".join((*difference.growth, f"That is fine, as long as it stays for good. Record it: {WRITE}"))


def test_every_json_column_of_the_database_is_among_them() -> None:
    columns = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns if isinstance(column.type, JSON)}
    told = {place.removeprefix("database: ").partition(",")[0] for place in STORED}
    assert columns - told - NEVER_READ == set(), "name the type of this column in STORED (tests/replay/shapes.py), or in NEVER_READ when nobody reads it back"


# The gate itself: planted damage is refused.


@dataclass(frozen=True)
class Leg:
    miles: int
    kind: Literal["leg"] = "leg"


@dataclass(frozen=True)
class Rest:
    hours: int
    kind: Literal["rest"] = "rest"


class Pace(StrEnum):
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True)
class Journey:
    start: str
    next: Leg | Rest
    pace: Pace = Pace.SLOW
    stops: tuple[str, ...] = ()


def altered(**fields: Any) -> Any:
    """Journey with other fields: (type,) or (type, default); what is left out stays, None takes away."""
    now: dict[str, Any] = {"start": (str,), "next": (Leg | Rest,), "pace": (Pace, Pace.SLOW), "stops": (tuple[str, ...], ())} | fields
    there = {name: how for name, how in now.items() if how is not None}
    ordered = sorted(there.items(), key=lambda each: len(each[1]))
    namespace = {"__annotations__": {name: how[0] for name, how in ordered}, "__module__": __name__} | {name: how[1] for name, how in ordered if len(how) > 1}
    return dataclass(frozen=True)(type("Journey", (), namespace))


def difference_to(after: Any) -> Difference:
    return compare(shapes_of({"workflow Travel takes 1": Journey}), shapes_of({"workflow Travel takes 1": after}))


@dataclass(frozen=True)
class Leg2:
    miles: int
    kind: Literal["walk"] = "walk"


Leg2.__name__ = "Leg"
SlowOnly = StrEnum("Pace", {"SLOW": "slow"})
Renamed = StrEnum("Pace", {"SLOW": "slow", "FAST": "quick"})
Quicker = StrEnum("Pace", {"SLOW": "slow", "FAST": "fast", "FLYING": "flying"})

DAMAGE: dict[str, tuple[Any, str]] = {
    "a lost field": (altered(stops=None), "Journey.stops is gone or was renamed. Bring it back"),
    "a renamed field": (altered(stops=None, halts=(tuple[str, ...], ())), "Journey.stops is gone or was renamed. Bring it back"),
    "a new field without a default": (altered(end=(str,)), "Journey.end is new and has no default. Give it one"),
    "a lost default": (altered(stops=(tuple[str, ...],)), "Journey.stops has lost its default. Give it back"),
    "another type": (altered(start=(int,)), "Journey.start was str and is int now. Take str as before"),
    "another type inside": (
        altered(stops=(tuple[int, ...], ())),
        "Journey.stops was tuple[str, ...] and is tuple[int, ...] now. Take tuple[str, ...] as before",
    ),
    "a member lost from a union": (altered(next=(Leg,)), "Journey.next was Leg or Rest and is Leg now. Take Rest as before"),
    "another kind": (altered(next=(Leg2 | Rest,)), "Leg.kind was the word leg and is the word walk now. Take the word leg as before"),
    "a lost word": (altered(pace=(SlowOnly, "slow")), "Pace has lost the word 'fast'. Bring it back"),
    "a renamed word": (altered(pace=(Renamed, "slow")), "Pace has lost the word 'fast'. Bring it back"),
    "a lost type": (altered(next=(Leg | None,)), "Rest is gone or was renamed. Bring it back"),
    "another argument": (Leg, "workflow Travel takes 1 was Journey and is Leg now. Take Journey as before"),
}


@pytest.mark.parametrize("after, said", DAMAGE.values(), ids=DAMAGE)
def test_planted_damage_is_refused_by_name_and_with_a_remedy(after: Any, said: str) -> None:
    assert any(said in line for line in difference_to(after).damage), difference_to(after)


GROWTH: dict[str, tuple[Any, str]] = {
    "a new field with a default": (altered(end=(str, "")), "Journey.end is new."),
    "a value that may be missing": (altered(start=(str | None,)), "Journey.start may now be nothing too."),
    "a new word": (altered(pace=(Quicker, "slow")), "Pace has a new word 'flying'."),
    "a default for what had none": (altered(start=(str, "home")), ""),
}


@pytest.mark.parametrize("after, said", GROWTH.values(), ids=GROWTH)
def test_growth_is_let_through_and_wants_to_be_recorded(after: Any, said: str) -> None:
    difference = difference_to(after)
    assert difference.damage == ()
    assert difference.growth == ((said,) if said else ())


def test_a_place_that_is_gone_is_refused() -> None:
    (said,) = compare(shapes_of({"activity assess gives": str}), shapes_of({})).damage
    assert said.startswith("activity assess gives is gone or was renamed. Bring it back")


# The same damage done to the product's own text.

PLANTED: dict[str, tuple[str, str, str, str, str]] = {
    "a renamed field of the case": (
        "domain/case.py",
        "    rungs: tuple[Rung, ...] = ()",
        "    steps: tuple[Rung, ...] = ()",
        "Case",
        "Case.rungs is gone or was renamed",
    ),
    "a lost fate": ("domain/case.py", '    SHADOWED = "shadowed"\n', "", "Case", "Fate has lost the word 'shadowed'"),
    "a promise that must say why": (
        "domain/case.py",
        "    by: str\n    standing",
        "    by: str\n    why: str\n    standing",
        "Case",
        "Promise.why is new and has no default",
    ),
    "a news kind under another name": (
        "domain/event.py",
        'kind: Literal["stop"] = "stop"',
        'kind: Literal["halt"] = "halt"',
        "News",
        "ChasingStopped.kind was the word stop and is the word halt now",
    ),
    "an amount as a float": (
        "domain/event.py",
        "    day: date\n    amount: Decimal | None",
        "    day: date\n    amount: float | None",
        "News",
        "PromiseMade.amount was Decimal or nothing and is float or nothing now",
    ),
    "a wait without its end": (
        "domain/decision.py",
        "    until: datetime\n    why: str\n    owner",
        "    why: str\n    owner",
        "Decision",
        "Wait.until is gone or was renamed",
    ),
    "a lost standing": ("domain/invoice.py", '    CLOSED = "closed"', '    GONE = "gone"', "Invoice", "Standing has lost the word 'closed'"),
    "a seller without its bank": ("domain/seller.py", "    bank: BankDetails = BankDetails()\n", "", "Seller", "Seller.bank is gone or was renamed"),
    "a step that is never late": ("domain/playbook.py", "    until_day: int | None = None\n", "", "Playbook", "Step.until_day is gone or was renamed"),
    "a question without its words": (
        "workflows/ports.py",
        "    invoice: str\n    said: tuple[Said, ...] = ()",
        "    invoice: str\n    words: tuple[Said, ...] = ()",
        "Ask",
        "Ask.said is gone or was renamed",
    ),
    "a start that forgets": (
        "workflows/contract.py",
        "    invoice: str\n    words_heard: int = 0",
        "    invoice: str\n    words_heard: int",
        "Start",
        "Start.words_heard has lost its default",
    ),
}


@pytest.mark.parametrize("file, before, after, root, said", PLANTED.values(), ids=PLANTED)
def test_damage_to_the_product_is_refused(file: str, before: str, after: str, root: str, said: str) -> None:
    text = (ROOT / file).read_text()
    assert text.count(before) == 1, f"this damage no longer fits {file}; plant another for: {before}"
    module = ModuleType("damaged")
    sys.modules[module.__name__] = module
    exec(compile(text.replace(before, after), file, "exec"), module.__dict__)
    whole = shapes_of(product())
    whole["types"] |= shapes_of({root: getattr(module, root)})["types"]
    assert any(line.startswith(said) for line in compare(read_recorded(), whole).damage)


def test_nothing_is_recorded_while_something_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.replay import shapes

    file = tmp_path / "payloads.json"
    monkeypatch.setattr(shapes, "RECORDED", file)
    monkeypatch.setattr(shapes, "product", lambda: {"query case gives": Journey})
    assert shapes.main(["--write"]) == 0
    before = file.read_text()
    monkeypatch.setattr(shapes, "product", lambda: {"query case gives": altered(stops=None, end=(str, ""))})
    assert shapes.main(["--write"]) == 1
    assert file.read_text() == before
    monkeypatch.setattr(shapes, "product", lambda: {"query case gives": altered(end=(str, ""))})
    assert (shapes.main([]), file.read_text()) == (1, before)
    assert shapes.main(["--write"]) == 0
    assert "end" in json.loads(file.read_text())["types"]["Journey"]["fields"]


# What stands in the recorded histories.


def payloads(file: Path) -> Iterator[tuple[str, Payloads]]:
    """Every value of ours in a recorded run, with the place it was written at."""
    activities: dict[int, str] = {}
    for event in Parse(file.read_text(), History()).events:
        if event.HasField("workflow_execution_started_event_attributes"):
            name = event.workflow_execution_started_event_attributes.workflow_type.name
            yield f"workflow {name} takes 1", event.workflow_execution_started_event_attributes.input
        elif event.HasField("workflow_execution_continued_as_new_event_attributes"):
            name = event.workflow_execution_continued_as_new_event_attributes.workflow_type.name
            yield f"workflow {name} takes 1", event.workflow_execution_continued_as_new_event_attributes.input
        elif event.HasField("workflow_execution_completed_event_attributes"):
            yield f"workflow {name} gives", event.workflow_execution_completed_event_attributes.result
        elif event.HasField("activity_task_scheduled_event_attributes"):
            activities[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
            yield f"activity {activities[event.event_id]} takes 1", event.activity_task_scheduled_event_attributes.input
        elif event.HasField("activity_task_completed_event_attributes"):
            done = event.activity_task_completed_event_attributes
            yield f"activity {activities[done.scheduled_event_id]} gives", done.result
        elif event.HasField("workflow_execution_update_completed_event_attributes"):
            yield "update override gives", event.workflow_execution_update_completed_event_attributes.outcome.success


def lost(before: Any, after: Any, where: str = "") -> list[str]:
    """What of a JSON value is missing, or different, in another that may have more."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [fault for key, value in before.items() for fault in (lost(value, after[key], f"{where}.{key}") if key in after else [f"{where}.{key}"])]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [fault for number, pair in enumerate(zip(before, after, strict=True)) for fault in lost(*pair, f"{where}[{number}]")]
    return [] if before == after else [where]


@pytest.mark.parametrize("file", recorded(), ids=lambda file: file.stem)
def test_todays_types_read_every_recorded_payload_whole(file: Path) -> None:
    places, converter = product(), data_converter.payload_converter
    found = 0
    for place, written in payloads(file):
        for payload in written.payloads:
            value = converter.from_payload(payload, places[place])
            if payload.data:
                assert lost(json.loads(payload.data), json.loads(converter.to_payload(value).data)) == [], f"{place} would be read with a part missing"
            found += 1
    assert found


def test_a_part_that_would_be_missing_is_noticed() -> None:
    before = {"a": 1, "b": [{"c": 2}]}
    assert lost(before, {"a": 1, "b": [{"c": 2, "new": 3}], "new": ""}) == []
    assert lost(before, {"a": 1, "b": [{"renamed": 2}]}) == [".b[0].c"]
    assert lost(before, {"b": []}) == [".a", ".b"]
