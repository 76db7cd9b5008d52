"""The moment as an activity knows it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.clock import Clock, start_clock

STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has one clock that never stands still, and it is the usual one")
def test_the_time_for_which_the_machine_slept_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = {"seconds": 0.0}
    awake = time.monotonic

    def read(which: int) -> float:
        return awake() + (slept["seconds"] if which == time.CLOCK_BOOTTIME else 0)

    monkeypatch.setattr(time, "clock_gettime", read)
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=STARTED)
    clock: Clock = environment.run(start_clock)
    assert timedelta() <= clock() - STARTED < timedelta(minutes=10)
    slept["seconds"] = 8 * 3600
    assert timedelta(hours=8) <= clock() - STARTED < timedelta(hours=9)
