"""A worker as production runs it, except that it dies where the order in its file says.

``worker_under_fire.py ORDER_FILE [SECONDS]``: the file holds a site and how many passes by it to survive, such as
``sending 3``. SECONDS is the patience with one delivery, so that a short test need not wait out the real one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from temporalio.workflow import ActivityConfig

from activities.outreach import Site
from settings import Settings
from workflows import ports


@dataclass
class Fuse:
    """Ends this process by kill -9 at the ordered site."""

    file: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    passed: int = 0

    def __call__(self, site: Site) -> None:
        with self.lock:
            try:
                where, survived = self.file.read_text().split()
            except (OSError, ValueError):
                return
            if site.value != where:
                return
            self.passed += 1
            if self.passed > int(survived):
                self.file.rename(self.file.with_suffix(".done"))
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    order = Path(sys.argv[1])
    new = order.with_suffix(".newpid")
    new.write_text(str(os.getpid()))
    new.rename(order.with_suffix(".pid"))  # never read half written
    # The provider kills by the process that the key names.
    os.environ["DUNWELL_SENDGRID_API_KEY"] = f"SG.fire.{os.getpid()}"
    if len(sys.argv) > 2:
        patient, seconds = ports.to_deliver, float(sys.argv[2])

        def hasty(turn: int, summary: str) -> ActivityConfig:
            return {**patient(turn, summary), "start_to_close_timeout": timedelta(seconds=seconds)}

        ports.to_deliver = hasty
    import worker

    asyncio.run(worker.run(Settings(), at=Fuse(order)))


if __name__ == "__main__":
    main()
