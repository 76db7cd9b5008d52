"""Words that wait in the inbox because they could not be passed on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from db import inbox, tasks
from domain.event import InvoiceChanged
from domain.invoice import Invoice
from domain.task import Task, TaskKind
from workflows.contract import case_id


def note_failure(connection: Connection, word: str, source: str, problem: str, now: datetime) -> None:
    """Count it, and after ten failures make it a person's task: one a source, however many messages of it fail."""
    if inbox.mark_failed(connection, word, problem):
        title = f"A message from {source} could not be acted on after {inbox.MOST_ATTEMPTS} attempts"
        remedy = f"The last problem was: {problem[:500]}. Mend it, then: dunwell rebuild"
        tasks.open_tasks(connection, [Task(f"inbox/{source}", TaskKind.INCIDENT, title, remedy, "operations", now.date())], None, now)


def keep_for_later(connection: Connection, late: Sequence[Invoice], now: datetime) -> None:
    """What Temporal could not be told waits in the inbox, from where it is passed on."""
    for invoice in late:
        case, news = case_id(invoice.id), InvoiceChanged(by="import", why="listed while Temporal was away")
        inbox.receive(connection, source="import", source_id=f"{case}/{now.isoformat()}", kind=news.kind, body="", now=now, case_id=case, news=news, by=news.by)
