"""Things people must do: one open task a matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from db.ids import new_id
from db.schema import tasks
from db.upsert import insert_once
from domain.task import Task


def open_tasks(connection: Connection, wanted: Sequence[Task], case: str | None, now: datetime) -> None:
    """Open these tasks; a matter already open stays as it is."""
    for task in wanted:
        insert_once(
            connection,
            tasks,
            {
                "id": new_id("task"),
                "key": task.key[:300],
                "open_key": task.key[:300],
                "kind": task.kind.value,
                "title": task.title,
                "remedy": task.remedy,
                "owner": task.owner,
                "due": task.due,
                "case_id": case,
                "opened_at": now,
            },
        )


def close_tasks(connection: Connection, keys: Sequence[str], result: str, now: datetime) -> None:
    """Close the open tasks of these matters: what they asked for has come about."""
    connection.execute(tasks.update().where(tasks.c.open_key.in_([key[:300] for key in keys])).values(open_key=None, closed_at=now, result=result))


def close_task(connection: Connection, task: str, result: str, now: datetime) -> bool:
    """Close one task by its id; false when it is not open."""
    done = tasks.update().where(tasks.c.id == task, tasks.c.closed_at.is_(None)).values(open_key=None, closed_at=now, result=result)
    return connection.execute(done).rowcount == 1
