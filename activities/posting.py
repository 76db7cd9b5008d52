"""Letters that lie in the folder to be printed: somebody of ours must put them into the post."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from activities.assessor import Assessor
from db import cases, tasks
from db.outreach import Claim
from domain.facts import Books
from domain.task import Task, TaskKind


def have_it_posted(connection: Connection, assessor: Assessor, claim: Claim, file: str, now: datetime) -> None:
    """Open the task to print and post the letter ``file``; its first invoice's owner has it on the same business day."""
    case = cases.load_case(connection, next(part.case for part in claim.parts if part.leads))
    if case is None:
        return
    facts = assessor.gather(connection, case, Books(case.invoice.seller), now)
    unknown = "" if facts.customer.address else " The ledger tells no address: write it onto the letter."
    task = Task(
        key=f"post/{claim.id}",
        kind=TaskKind.POST_LETTER,
        title=f"Print and post the {facts.playbook.step(claim.step).title} to {facts.customer.name} (invoice {case.invoice.number})",
        remedy=f"Print {file} from the folder letters, put it into a window envelope and post it today.{unknown}",
        owner=facts.owner,
        due=facts.bank_calendar.add(facts.today(now), 0),
    )
    tasks.open_tasks(connection, [task], case.id, now)
