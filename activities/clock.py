"""The moment as an activity knows it: when the server says it started, plus what has passed since.

The machine's own calendar clock is never asked, so a server with a virtual clock moves the whole product.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import activity

Clock = Callable[[], datetime]

# A clock that stands still while the machine sleeps would take what the ledger said last night for an answer of this moment.
_NEVER_STILL = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def start_clock() -> Clock:
    """A clock for the running activity."""
    started, begun = activity.info().started_time, time.clock_gettime(_NEVER_STILL)
    return lambda: started + timedelta(seconds=time.clock_gettime(_NEVER_STILL) - begun)
