"""``dunwell rebuild`` is done by one at a time."""

from __future__ import annotations

import json

import pytest

from db.turns import take_turn
from tests.cli.installation import Installation


@pytest.fixture
def rebuilding(answering: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation whose Temporal knows no runs: each watch is begun anew by whoever looks."""

    async def revive(*_: object) -> int:
        return 7

    async def nothing(*_: object) -> int:
        return 0

    for name, stand_in in (("revive", revive), ("pass_on", nothing), ("nudge_plans", nothing)):
        monkeypatch.setattr(f"starter.Door.{name}", stand_in)
    return answering


def test_a_second_one_says_that_one_is_running_and_claims_no_watch(rebuilding: Installation) -> None:
    with take_turn(rebuilding.database(), "rebuild"):
        result = rebuilding.run("rebuild", status=1)
    assert "running already" in result.stderr and "begun anew" not in result.output
    assert json.loads(rebuilding.run("rebuild", "--json").stdout)["begun_anew"] == 7
