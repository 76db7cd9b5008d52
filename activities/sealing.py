"""The nightly seal over the journals, and its copy outside the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from db import people, seals, tasks
from db.engine import Database
from domain.discretion import describe
from domain.task import Task, TaskKind

log = structlog.get_logger()

_MATTER = "seal"


@dataclass(frozen=True, slots=True)
class Sealing:
    """``file`` is where each seal is kept a second time, None when nowhere. ``owner`` answers for what goes wrong."""

    database: Database
    file: Path | None
    owner: str

    def seal(self, now: datetime) -> None:
        """Make the nightly seal when it is due. A failure is a task, which the next success closes; safe to repeat."""
        problem = self._seal(now)
        with self.database.transaction() as connection:
            if problem:
                remedy = f"{problem[:500]}. It is tried again every hour"
                owner = people.find_acting_owner(connection, self.owner, now.date())
                task = Task(_MATTER, TaskKind.INCIDENT, "The nightly seal of the diaries failed", remedy, owner, now.date())
                tasks.open_tasks(connection, [task], None, now)
            else:
                tasks.close_tasks(connection, [_MATTER], "the diaries were sealed", now)

    def _seal(self, now: datetime) -> str:
        """What went wrong; empty when nothing did."""
        try:
            with self.database.transaction() as connection:
                if seals.is_due(connection, now):
                    made = seals.make(connection, now)
                    log.info("upkeep.sealed", seal=made.number, cases=made.cases, digest=made.digest)
            if self.file:
                with self.database.reading() as connection:
                    known = seals.load_seals(connection)
                seals.keep_outside(self.file, known)
        except Exception as error:  # whatever it is, the rest of the round must go on
            log.error("upkeep.seal_failed", error=describe(error))
            return str(error) or type(error).__name__
        return ""
