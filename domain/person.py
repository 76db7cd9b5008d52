"""The people of ours: what each may do and answers for, and who stands in while somebody is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.diary import write_day
from domain.task import Task


class Access(StrEnum):
    """What a person may do: look, change invoices by hand, change the installation."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def covers(self, needed: Access) -> bool:
        order = list(Access)
        return order.index(self) >= order.index(needed)


class Duty(StrEnum):
    """What a person answers for: the business, everyday receivables, their own customers, what needs approval."""

    OWNER = "owner"
    AR = "ar"
    ACCOUNT_MANAGER = "account_manager"
    APPROVER = "approver"


class UnableToStandIn(ValueError):
    """A deputy who could never stand in; the message says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Person:
    """``deputy`` is the name of another person; ``away_from`` and ``away_through`` are the first and last day of an absence."""

    id: str
    name: str
    role: Access
    email: str = ""
    duties: tuple[Duty, ...] = ()
    deputy: str = ""
    away_from: date | None = None
    away_through: date | None = None

    def is_away(self, day: date) -> bool:
        return self.away_from is not None and self.away_through is not None and self.away_from <= day <= self.away_through


def stand_in(name: str, people: Sequence[Person], day: date) -> str:
    """Who acts for ``name`` on ``day``: themselves, or the first along the line of deputies who is there; empty when nobody is.

    A name that no person bears, such as that of a team, is never away.
    """
    known = {person.name: person for person in people}
    asked: set[str] = set()
    while (person := known.get(name)) and person.is_away(day):
        asked.add(name)
        name = person.deputy
        if not name or name in asked:
            return ""
    return name


def find_owner(installed: str, people: Sequence[Person], day: date) -> str:
    """Who answers on ``day`` for what nobody else owns: the person ``installed`` names, else whoever has the duty ``ar``, and
    where none of them is there the owner; ``installed`` itself when nobody is."""
    everyday = [installed] if any(person.name == installed for person in people) else _bearers(Duty.AR, people)
    acting = (stand_in(name, people, day) for name in (*everyday, *_bearers(Duty.OWNER, people)))
    return next((name for name in acting if name), installed)


def find_bearers(duty: Duty, people: Sequence[Person], day: date) -> tuple[str, ...]:
    """Who may act under ``duty`` on ``day``, those who are there (or stand in) first; empty when nobody has that duty.

    Where every one of them is away and nobody stands in, the owner comes first.
    """
    bearers = _bearers(duty, people)
    there = [name for one in bearers if (name := stand_in(one, people, day))]
    if bearers and not there:
        there = [name for one in _bearers(Duty.OWNER, people) if (name := stand_in(one, people, day))]
    return tuple(dict.fromkeys((*there, *bearers)))


def find_deputy(name: str, people: Sequence[Person], day: date) -> str:
    """Who takes over on ``day`` what ``name`` has left lying, although they are there; empty when nobody is named for it."""
    person = next((one for one in people if one.name == name), None)
    deputy = stand_in(person.deputy, people, day) if person and person.deputy else ""
    return deputy if deputy != name else ""


def route(task: Task, people: Sequence[Person], owner: str) -> Task:
    """``task`` in the hands of whoever is there on the day it is due; what falls to ``owner`` for want of a deputy says so."""
    person = next((one for one in people if one.name == task.owner), None)
    if person is None or not person.is_away(task.due) or person.away_through is None:
        return task
    acting = stand_in(person.name, people, task.due)
    away = f"{person.name} is away through {write_day(person.away_through)}{'' if acting else ', and nobody stands in'}"
    return replace(task, owner=acting or owner, remedy=f"{task.remedy} ({away})")


def check_deputy(person: Person, people: Sequence[Person]) -> None:
    """Raises UnableToStandIn when the deputy of ``person`` does not exist, or the line of deputies leads back to them."""
    known = {one.name: one for one in people} | {person.name: person}
    line = [person.name]
    while name := known[line[-1]].deputy:
        if name not in known:
            raise UnableToStandIn(f"deputy: nobody is named {name!r}; add them first, by dunwell people add {name!r}")
        line.append(name)
        if name in line[:-1]:
            raise UnableToStandIn(f"deputy: {' -> '.join(line)} goes round in a circle, so nobody would be left; name somebody outside of it")


def _bearers(duty: Duty, people: Sequence[Person]) -> list[str]:
    return [person.name for person in people if duty in person.duties]
