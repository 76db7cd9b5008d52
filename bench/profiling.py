"""Where the product's own time goes: its activities run one after another in this process, under Python's profiler."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from temporalio.testing import ActivityEnvironment

import worker
from activities.assessor import Assessor
from activities.cases import Cases
from activities.ledgers import Ledgers
from activities.outreach import Outreach
from bench.hands import Board, TimedDatabase
from bench.paper import SELLER, PaperLedger, PaperMailer
from bench.processes import UnableToMeasure
from domain.decision import Perform, Wait
from settings import Settings
from workflows.ports import Answer, Ask, Delivery

_ROOT = Path(__file__).resolve().parent.parent
_RUNGS = 3
_OURS = {"domain": "rules", "db": "our tables", "activities": "activities", "playbooks": "wording", "integrations": "providers", "bench": "the bench itself"}
_FOREIGN = {
    "sqlalchemy": "SQLAlchemy",
    "sqlite3": "SQLite",
    "psycopg": "psycopg",
    "pydantic": "pydantic",
    "jinja2": "wording",
    "markdown_it": "wording",
    "babel": "wording",
}


def measure(database: str, cases: int) -> dict[str, Any]:
    """Processor milliseconds of each activity without the profiler, then its shares by part with it."""
    walk = _Walk(database, cases)
    for one in walk.invoices:
        walk.look("open", one)
    for _ in range(_RUNGS):
        walk.rung()
    plain = {name: round(median(times) * 1000, 2) for name, times in walk.times.items()}
    statements = {name: round(median(counts)) for name, counts in walk.statements.items()}
    profiles = {name: cProfile.Profile() for name in ("assess", "deliver")}
    walk.profiles = profiles
    walk.rung()
    return {"cpu_ms": plain, "statements": statements, "shares": {name: _shares(profile) for name, profile in profiles.items()}}


class _Walk:
    """Invoices that go up the ladder by hand, each with its own clock."""

    def __init__(self, database: str, cases: int) -> None:
        self.board = Board()
        opened = TimedDatabase(database, self.board)
        ledger = PaperLedger(datetime.now(UTC).date() + timedelta(days=10))
        ledgers, assessor = Ledgers(opened, {SELLER.id: ledger}), Assessor(worker.make_policy(Settings()))
        self.cases, self.outreach = Cases(opened, ledgers, assessor), Outreach(opened, ledgers, assessor, PaperMailer())
        with opened.transaction() as connection:
            told = [ledger.tell(f"R-{number}") for number in range(cases)]
            self.invoices = [invoice.id for invoice in ledgers.record(connection, SELLER.id, told, datetime.now(UTC)).values()]
        self.now = dict.fromkeys(self.invoices, datetime.now(UTC))
        self.times: dict[str, list[float]] = {}
        self.statements: dict[str, list[float]] = {}
        self.profiles: dict[str, cProfile.Profile] = {}

    def rung(self) -> None:
        for one in self.invoices:
            decision = self.look("assess", one).decision
            if not isinstance(decision, Perform):
                raise UnableToMeasure(f"nothing was due: {decision}")
            self.now[one] += timedelta(seconds=1)
            self._slept(one, self._run("deliver", self.outreach.deliver, Delivery(one, decision.step, decision.channel), one))

    def look(self, name: str, one: str) -> Answer:
        answer = self._run(name, self.cases.assess, Ask(one), one)
        self._slept(one, answer)
        return answer

    def _slept(self, one: str, answer: Answer) -> None:
        if isinstance(answer.decision, Wait):
            self.now[one] = answer.decision.until

    def _run(self, name: str, activity: Callable[..., Answer], argument: Ask | Delivery, one: str) -> Answer:
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, started_time=self.now[one])
        profile, asked, begun = self.profiles.get(name), self.board["statements"], time.thread_time()
        answer = profile.runcall(environment.run, activity, argument) if profile else environment.run(activity, argument)
        self.times.setdefault(name, []).append(time.thread_time() - begun)
        self.statements.setdefault(name, []).append(self.board["statements"] - asked)
        return answer


def _shares(profile: cProfile.Profile) -> dict[str, float]:
    """What part of the time was spent in whose code, largest first."""
    spent: Counter[str] = Counter()
    for (file, _, function), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_owner(file, function)] += own
    whole = sum(spent.values())
    return {name: round(own / whole, 3) for name, own in spent.most_common()}


def _owner(file: str, function: str) -> str:
    if file == "~":
        return next((name for part, name in _FOREIGN.items() if part in function), "Python")
    path = Path(file)
    if "site-packages" in path.parts:
        package = path.parts[path.parts.index("site-packages") + 1]
        return _FOREIGN.get(package, "other packages")
    if path.is_relative_to(_ROOT):
        return _OURS.get(path.relative_to(_ROOT).parts[0], "activities")
    return "Python"
