"""Letters that lie in the folder to be printed: somebody of ours must put them into the post."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from activities.assessor import Assessor
from db import cases, tasks
from db.outreach import Claim
from domain import matters
from domain.facts import Books


def have_it_posted(connection: Connection, assessor: Assessor, claim: Claim, file: str, now: datetime) -> None:
    """Open the task to print and post the letter ``file``; its first invoice's owner has it on the same business day."""
    case = cases.load_case(connection, next(part.case for part in claim.parts if part.leads))
    if case is None:
        return
    facts = assessor.gather(connection, case, Books(case.invoice.seller), now)
    task = matters.to_post(case, facts.playbook.step(claim.step).title, claim.id, file, facts, now)
    tasks.open_tasks(connection, [task], case.id, now)
