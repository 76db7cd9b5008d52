"""A playbook or a wording that cannot be used any more, such as a file of ours replaced under a running worker: one task says so at once,
with file, line and remedy, and whatever invoice needs it waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from activities import forgotten
from activities.assessor import Assessor
from activities.clock import Clock
from activities.trouble import Doing
from db import cases, outreach, parties
from db.engine import Database
from domain.decision import Assessment, Close
from domain.facts import Books
from domain.unreadable import WHY, wait_for_playbook
from playbooks import UnableToLoad
from playbooks.wording import UnableToRender
from workflows.contract import Said, case_id
from workflows.ports import Answer, Delivery, Known, Replied

UNREADABLE = (UnableToLoad, UnableToRender)


def matter(doing: Doing) -> str:
    return f"playbook/{doing}"


def wait_for_it(
    database: Database,
    assessor: Assessor,
    invoice: str,
    error: Exception,
    clock: Clock,
    *,
    said: Sequence[Said] = (),
    known: Known | None = None,
    delivery: Delivery | None = None,
) -> Answer:
    """Have this invoice wait, and say why; what was ``said`` is kept and heard later, and a message claimed for the ``delivery`` is given up.

    Raises ``error`` where there is nothing that could wait.
    """
    with database.transaction() as connection:
        now = clock()
        parties.lock_customer_of(connection, invoice)
        case = cases.load_case(connection, case_id(invoice))
        if case is None or forgotten.has_lost(connection, case, known, assessor.policy.owner, now):
            raise error
        rows = assessor.receive(connection, case.id, said, now)
        if delivery:
            _give_up(connection, case.id, case.round, delivery, clock)
        # Its own playbook may be what cannot be read: the one of new invoices stands in, and no step of it is taken.
        stand_in = replace(case, playbook=assessor.policy.playbook.hash)
        facts = assessor.gather(connection, stand_in, Books(case.invoice.seller, problem=WHY), now)
        verdict = wait_for_playbook(_fault(error), matter(Doing.SEND if delivery else Doing.LOOK), facts, now)
        answer = assessor.write(connection, Assessment(case, verdict, (), verdict.tasks, ()), (), facts, now)
        return replace(answer, replies=tuple(Replied(key, False, f"{WHY}; what you said is kept, and heard once it can be") for key in rows))


def over(doing: Doing, answer: Answer) -> list[str]:
    """The matters of tasks that are done if this invoice opened them: what it needs can be read again, or it needs it no more."""
    return [matter(one) for one in ((Doing.LOOK, Doing.SEND) if isinstance(answer.decision, Close) else (doing,))]


def _give_up(connection: Connection, case: str, round_: int, delivery: Delivery, clock: Clock) -> None:
    alive = outreach.find_alive(connection, case, round_, delivery.step, delivery.channel)
    if alive and alive.state == "claimed" and alive.claimed_by == case:
        outreach.release(connection, alive.id, alive.token, WHY, clock())


def _fault(error: Exception) -> str:
    """The first fault, as file, line and remedy."""
    return str(error.faults[0]) if isinstance(error, UnableToLoad) and error.faults else str(error)
