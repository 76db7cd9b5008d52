"""The ears of a case only take down: nothing that can be said makes them fail, and nothing is lost or cut unmarked."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from workflows.listening import Listening

ODD: list[tuple[object, ...]] = [
    (),
    (None,),
    ("tomorrow", "1000", "EUR"),
    ({"until": "the twelfth of never"},),
    ({"day": "2026-13-45", "amount": "lots"},),
    ([[["deep"]]],),
    ({"by": "\u0000\ud7ff", "why": "' OR 1=1 --"},),
    (42, float("nan")),
    (b"\xff\xfe",),
    ("x" * 200_000,),
]


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Listening:
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(first_execution_run_id="run-1"))
    return Listening(7)


@pytest.mark.parametrize("name", ["report", "paid", "promise", "hold", "release", "stop"])
def test_a_signal_of_any_form_is_taken_down_as_it_was_said(ears: Listening, name: str) -> None:
    for words in ODD:
        getattr(ears, name)(*words)
    assert [(said.key, said.name) for said in ears.unread] == [(f"run-1/{8 + number}", name) for number in range(len(ODD))]
    assert json.loads(ears.unread[3].words) == [{"until": "the twelfth of never"}]
    assert all(len(said.words) <= 8_100 for said in ears.unread)


def test_a_signal_nobody_has_heard_of_is_taken_down_too(ears: Listening) -> None:
    ears.hear_anything("stop it", [RawValue(Payload(data=b'"now"')), RawValue(Payload(data=b"\xff" * 500))])
    assert [said.name for said in ears.unread] == ["stop it"]
    assert json.loads(ears.unread[0].words)[0] == '"now"'
