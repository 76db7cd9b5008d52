"""The mark of a worker tells whether two decide by the same, and nothing of what that is."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import time

import pytest

from domain.calendar import ContactHours
from domain.facts import Envelope
from domain.fingerprint import PARTS, find_difference, mark
from domain.money import Tolerance

VALUES: dict[str, object] = {part: f"value of {part}" for part in PARTS} | {"limits": Envelope(channels=frozenset(("email", "sms", "task", "letter")))}


def test_workers_that_decide_by_the_same_agree_whatever_they_are_called() -> None:
    assert find_difference([mark("1@a", VALUES), mark("1@a", VALUES), mark("2@b", dict(VALUES))]) is None
    assert find_difference([]) is None


@pytest.mark.parametrize("part", PARTS)
def test_each_thing_that_differs_is_named_with_where_it_is_set_and_who_has_it(part: str) -> None:
    found = find_difference([mark("1@a", VALUES), mark("3@c", VALUES), mark("2@b", VALUES | {part: "another"})])
    assert found is not None
    assert found.parts == (part,)
    assert sorted(found.workers) == [("1@a", "3@c"), ("2@b",)]
    assert "2@b" in found.say() and PARTS[part] in found.say()


@pytest.mark.parametrize("other", [Envelope(ContactHours(time(7), time(18))), Envelope(per_week=2), Tolerance()], ids=["hours", "per_week", "tolerance"])
def test_every_field_of_a_limit_counts(other: object) -> None:
    assert find_difference([mark("1@a", VALUES | {"limits": Envelope()}), mark("2@b", VALUES | {"limits": other})]) is not None
    assert find_difference([mark("1@a", VALUES | {"limits": Envelope()}), mark("2@b", VALUES | {"limits": replace(Envelope())})]) is None


def test_a_worker_without_a_mark_or_with_a_shorter_one_is_of_another_version() -> None:
    found = find_difference([mark("1@a", VALUES), "2@b"])
    assert found is not None and found.parts == ("version",)
    found = find_difference([mark("1@a", VALUES), mark("2@b", VALUES).rpartition("-")[0]])
    assert found is not None and found.parts == ("version",)
    assert find_difference(["1@a", "2@b"]) is None


def test_a_mark_is_the_same_in_every_process_and_holds_no_value() -> None:
    code = (
        "from domain.facts import Envelope; from domain.fingerprint import PARTS, mark; "
        "limits = Envelope(channels=frozenset(('letter', 'task', 'sms', 'email'))); "
        "print(mark('1@a', {part: f'value of {part}' for part in PARTS} | {'limits': limits}))"
    )
    for seed in ("1", "2", "3"):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == mark("1@a", VALUES)
    assert "value" not in mark("1@a", VALUES)


def test_what_has_no_form_of_its_own_is_refused_rather_than_compared_by_chance() -> None:
    with pytest.raises(TypeError):
        mark("1@a", VALUES | {"links": object()})
