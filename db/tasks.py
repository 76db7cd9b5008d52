"""Things people must do: one open task a matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, bindparam, select

from db.ids import new_id
from db.schema import tasks
from db.text import storable
from db.upsert import insert_once
from domain.task import Task, TaskKind

# Statements are made once: to make one takes longer than to run it.
_OPEN = select(tasks.c.id).where(tasks.c.open_key == bindparam("key"))
_EVER = select(tasks.c.id).where(tasks.c.case_id == bindparam("case"), tasks.c.key == bindparam("key"))
_OPENED_BY = select(tasks.c.open_key).where(tasks.c.open_key.in_(bindparam("keys")), tasks.c.case_id == bindparam("case"))
_CLOSE = tasks.update().where(tasks.c.open_key.in_(bindparam("keys"))).values(open_key=None, closed_at=bindparam("now"), result=bindparam("what"))


@dataclass(frozen=True, slots=True)
class Due:
    """An open task by its id, and the day it is due."""

    id: str
    due: date


def open_tasks(connection: Connection, wanted: Sequence[Task], case: str | None, now: datetime) -> None:
    """Open these tasks; a matter already open stays as it is, and so does one of this case that is to be asked about only once."""
    for task in wanted:
        if task.once and connection.execute(_EVER, {"case": case, "key": storable(task.key)[:300]}).first():
            continue
        insert_once(
            connection,
            tasks,
            {
                "id": new_id("task"),
                "key": (key := storable(task.key)[:300]),
                "open_key": key,
                "kind": task.kind.value,
                "title": storable(task.title),
                "remedy": storable(task.remedy),
                "owner": task.owner,
                "due": task.due,
                "case_id": case,
                "opened_at": now,
            },
        )


def is_open(connection: Connection, key: str) -> bool:
    """Whether there is an open task for this matter."""
    return find_open(connection, key) != ""


def find_open(connection: Connection, key: str) -> str:
    """The id of the open task for this matter; empty when there is none."""
    return connection.execute(_OPEN, {"key": storable(key)[:300]}).scalar_one_or_none() or ""


def opened_by(connection: Connection, keys: Sequence[str], case: str) -> tuple[str, ...]:
    """Those of these matters for which there is an open task that this case has opened."""
    return tuple(connection.scalars(_OPENED_BY, {"keys": list(keys), "case": case}))


def open_among(connection: Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of these matters for which there is an open task."""
    found = frozenset(connection.scalars(select(tasks.c.open_key).where(tasks.c.open_key.in_([storable(key)[:300] for key in keys]))))
    return frozenset(key for key in keys if storable(key)[:300] in found)


def opened_since(connection: Connection, key: str, since: datetime) -> Task | None:
    """The task of this matter if it has been opened at ``since`` or later."""
    row = connection.execute(select(tasks).where(tasks.c.open_key == storable(key)[:300], tasks.c.opened_at >= since)).mappings().first()
    return Task(row["key"], TaskKind(row["kind"]), row["title"], row["remedy"], row["owner"], row["due"]) if row else None


def open_matters(connection: Connection, prefix: str) -> tuple[str, ...]:
    """The matters of the open tasks that begin with ``prefix``."""
    return tuple(connection.scalars(select(tasks.c.open_key).where(tasks.c.open_key.startswith(prefix, autoescape=True))))


def close_tasks(connection: Connection, keys: Sequence[str], result: str, now: datetime) -> None:
    """Close the open tasks of these matters: what they asked for has come about."""
    if keys:
        connection.execute(_CLOSE, {"keys": [key[:300] for key in keys], "now": now, "what": result})


def close_task(connection: Connection, task: str, result: str, now: datetime) -> bool:
    """Close one task by its id; false when it is not open."""
    done = tasks.update().where(tasks.c.id == task, tasks.c.closed_at.is_(None)).values(open_key=None, closed_at=now, result=result)
    return connection.execute(done).rowcount == 1


def open_of(connection: Connection, owner: str) -> tuple[Due, ...]:
    """The open tasks of one person."""
    rows = connection.execute(select(tasks.c.id, tasks.c.due).where(tasks.c.owner == owner, tasks.c.closed_at.is_(None)).order_by(tasks.c.id))
    return tuple(Due(row.id, row.due) for row in rows)


def give(connection: Connection, task: str, owner: str) -> None:
    """Put an open task into other hands."""
    connection.execute(tasks.update().where(tasks.c.id == task, tasks.c.closed_at.is_(None)).values(owner=owner))
