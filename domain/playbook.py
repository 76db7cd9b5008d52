"""The policy: which step comes when, how firm it is, and what follows the last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.calendar import BusinessCalendar
from domain.customer import Behavior


class Verb(StrEnum):
    """What a step does. The set is closed: a new member is a design decision."""

    REMIND = "remind"


class Stage(StrEnum):
    """A named band of the ladder, in rising firmness."""

    COURTESY = "courtesy"
    DUE = "due"
    REMINDER = "reminder"
    FINAL = "final"
    STATEMENT = "statement"


class CatchUp(StrEnum):
    """Where an invoice enters the ladder when it is already late on the day it is first seen."""

    FIT_AGE = "fit_age"  # at the highest step below the severe ones that fits its age
    SPACED = "spaced"  # at the first overdue step


class UnableToFollow(ValueError):
    """A playbook that contradicts itself; the message names the step and the remedy."""


@dataclass(frozen=True, slots=True)
class Step:
    """One planned act. Exactly one of ``day`` (calendar days from due) and ``business_day`` is set.

    ``until_day`` is the last calendar day from due on which the step still makes sense. ``severe`` steps need the
    step before them delivered, and ``notice_days`` gone since. ``not_for`` names behaviors the step is spared.
    """

    name: str
    do: Verb
    by: tuple[str, ...]
    say: str
    stage: Stage
    day: int | None = None
    business_day: int | None = None
    until_day: int | None = None
    severe: bool = False
    notice_days: int = 0
    not_for: tuple[Behavior, ...] = ()

    @property
    def title(self) -> str:
        """The step's name as people read it."""
        return self.name.replace("-", " ")

    def planned_day(self, due: date, calendar: BusinessCalendar) -> date:
        """The business day this step is meant for, given the due date."""
        if self.business_day is not None:
            return calendar.add(due, self.business_day)
        return calendar.on_or_after(due + timedelta(days=self.day or 0))

    def has_expired(self, due: date, today: date) -> bool:
        return self.until_day is not None and today > due + timedelta(days=self.until_day)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What goes on when the ladder is finished: a statement every ``every_days`` days, and a review for a person."""

    every_days: int
    by: tuple[str, ...]
    say: str

    def step(self, number: int) -> Step:
        return Step(name=f"statement-{number}", do=Verb.REMIND, by=self.by, say=self.say, stage=Stage.STATEMENT, day=0)


@dataclass(frozen=True, slots=True)
class Playbook:
    """One policy, whole. ``hash`` is the SHA-256 of its resolved text, by which a case pins it for life.

    ``gap_days`` is the least number of days from one contact with a customer to the next; what falls due within
    ``bundle_days`` rides along in one message. ``courtesy_gap_days`` is the least time between pre-due notes to a
    customer who pays promptly.

    Raises UnableToFollow when two steps share a name, a step has no day or two, or a severe step opens the ladder.
    """

    name: str
    title: str
    language: str
    steps: tuple[Step, ...]
    afterwards: Afterwards
    gap_days: int = 3
    bundle_days: int = 3
    courtesy_gap_days: int = 7
    catch_up: CatchUp = CatchUp.FIT_AGE
    hash: str = ""

    def __post_init__(self) -> None:
        if not self.steps:
            raise UnableToFollow(f"playbook {self.name}: steps is empty; give it at least one step")
        seen: set[str] = set()
        for step in self.steps:
            where = f"playbook {self.name}, step {step.name}"
            if step.name in seen or step.name.startswith("statement-"):
                raise UnableToFollow(f"{where}: the name is taken; every step needs a name of its own")
            if (step.day is None) == (step.business_day is None):
                raise UnableToFollow(f"{where}: give exactly one of day and business_day")
            if not step.by:
                raise UnableToFollow(f"{where}: by names no channel; give at least one, for example email")
            if step.severe and step is self.steps[0]:
                raise UnableToFollow(f"{where}: a severe step cannot open the ladder; put a reminder before it")
            seen.add(step.name)
        firmness = list(Stage)
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if firmness.index(after.stage) < firmness.index(before.stage):
                raise UnableToFollow(
                    f"playbook {self.name}, step {after.name}: stage {after.stage} is softer than {before.stage} of the step before it; a ladder only rises"
                )
        for what, value in (("gap_days", self.gap_days), ("bundle_days", self.bundle_days), ("afterwards.every_days", self.afterwards.every_days - 7)):
            if value < 0:
                raise UnableToFollow(f"playbook {self.name}: {what} is too small (gaps from 0 days, statements at most weekly)")

    def step(self, name: str) -> Step:
        """The step of that name, statements after the ladder included. Raises UnableToFollow when there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        prefix, _, number = name.rpartition("-")
        if prefix == "statement" and number.isdigit():
            return self.afterwards.step(int(number))
        raise UnableToFollow(f"playbook {self.name} has no step {name!r}; its steps are {', '.join(step.name for step in self.steps)}")
