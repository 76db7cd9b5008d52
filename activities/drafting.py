"""Messages that a writing model may word: asked before the fence and outside of any transaction, once for each step, and kept.

Nothing depends on it. A model that is slow, broken or lies costs its time-out once, and our own text goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from activities.assessor import Assessor
from activities.clock import Clock
from activities.composing import fact_sheet, language_of
from db import drafts, parties
from db.drafts import FAILED, PASSED, REFUSED, Draft
from db.engine import Database
from domain.bundle import Bundle
from domain.case import Case
from domain.diary import write_day
from domain.facts import Facts
from integrations.writing import UnableToDraft, Wanted, Writer
from playbooks import Wording, guard, wording_key, wording_of
from playbooks.language import phrases
from playbooks.page import FactSheet

log = structlog.get_logger()

_LONGEST_ANSWER = 800
_MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be worded, and how our own text words it."""

    case: Case
    step: str
    sheet: FactSheet
    wording: Wording
    wanted: Wanted


def prepare(database: Database, assessor: Assessor, writer: Writer | None, find: Callable[[Connection], tuple[Bundle, Facts] | None], clock: Clock) -> None:
    """Have ``writer`` word the message that ``find`` composes, where it may and has not been asked before; keep what it said."""
    if writer is None:
        return
    with database.transaction() as connection:
        found = find(connection)
        job = _choose(connection, assessor, writer, *found, clock) if found else None
    if job is None:
        return
    paragraphs: tuple[str, ...] = ()
    try:
        paragraphs = writer.write(job.wanted)
        reason = guard.judge(paragraphs, job.sheet, job.wording)
        verdict = REFUSED if reason else PASSED
    except UnableToDraft as error:
        verdict, reason = FAILED, str(error)
    log.info("draft.written", case=job.case.id, step=job.step, verdict=verdict)
    with database.transaction() as connection:
        drafts.keep(connection, Draft(job.case.id, job.case.round, job.step, writer.name, paragraphs, verdict, reason, clock()))


def find_draft(connection: Connection, writer: Writer | None, bundle: Bundle) -> Draft | None:
    """What was drafted for the message of ``bundle``; nothing while no model is configured."""
    if writer is None or bundle.channel != "email" or bundle.step.say not in writer.texts:
        return None
    case = bundle.carrier.case
    return drafts.find(connection, case.id, case.round, bundle.step.name)


def _choose(connection: Connection, assessor: Assessor, writer: Writer, bundle: Bundle, facts: Facts, clock: Clock) -> _Job | None:
    case, step, customer = bundle.carrier.case, bundle.step, facts.customer
    contact = customer.contact_for("email", step.to)
    if bundle.channel != "email" or step.say not in writer.texts or step.severe or contact is None:
        return None
    if drafts.find(connection, case.id, case.round, step.name):
        return None
    now = clock()
    wording = wording_of(assessor.resolved(connection, case.playbook), language_of(contact, customer))[wording_key(step, "email")]
    sheet = fact_sheet(bundle, parties.load_seller(connection, case.invoice.seller), customer, contact, facts, frozenset(), now)
    if guard.why_not_drafted(sheet, wording):
        return None
    taken = [rung for rung in case.rungs if rung.is_contact][-_MOST_STEPS:]
    said = drafts.last_words(connection, case.id)
    wanted = Wanted(
        language=wording.language,
        purpose=f"{step.title}: a letter about one invoice that is {phrases('en').days.of(sheet.claimed[0].days_late)} late",
        facts=guard.facts_of(sheet, wording),
        example="\n\n".join(guard.prose_of(wording, sheet)),
        history=tuple(f"{write_day(facts.today(rung.at))}: {facts.playbook.step_of(rung).title}" for rung in taken),
        they_wrote=said[:_LONGEST_ANSWER],
        forms=guard.statements(wording.language),
        words=guard.words(wording.language),
    )
    return _Job(case, step.name, sheet, wording, wanted)
