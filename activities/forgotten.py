"""What the database has forgotten, because it was put back to an earlier state: noticed, and written down again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from db import installation, journal, outreach, parties
from db.outreach import Part
from domain.case import Case, Fate, Rung
from domain.playbook import Playbook, Stage, UnableToFollow
from integrations.messaging import Sent
from workflows.ports import Known

_STATES = {Fate.PRESUMED: "accepted"}


def has_lost(connection: Connection, case: Case, known: Known | None, owner: str, now: datetime) -> bool:
    """Whether the database lacks what the run of a case knows to have been written; if that is news, nothing may leave."""
    known_until = journal.lost_since(connection, case.id, known.seq, known.at) if known else None
    if known and known_until:
        _notice(connection, known.at, known_until, owner, now)
    return known_until is not None


def compare(connection: Connection, mark: str, owner: str, now: datetime) -> bool:
    """Whether the database lacks the decision with this mark, as ``has_lost``."""
    written_at, known_until = journal.read_mark(mark), journal.lost_since_mark(connection, mark)
    if known_until:
        _notice(connection, written_at, known_until, owner, now)
    return known_until is not None


def _notice(connection: Connection, written_at: datetime, known_until: datetime, owner: str, now: datetime) -> None:
    """Let nothing leave, unless what was written then has been accounted for, or is about to be, as lost."""
    state = installation.load_installation(connection)
    accounted_for = state.fence.since if state.fence else state.put_back_at
    if accounted_for is None or written_at >= accounted_for:
        installation.raise_fence(connection, installation.PUT_BACK, known_until, owner, now)


def write_share(
    connection: Connection, case: Case, rung: Rung, playbook: Playbook, now: datetime, *, reason: str, round_: int, leads: bool = True, sent: Sent | None = None
) -> None:
    """Write down that the message ``rung.outreach`` covered ``case``; ``sent`` is what a log tells of the message itself.

    It counts for gap and caps from then on, and its key forbids another for the step.
    """
    customer = parties.load_customer(connection, case.invoice.customer)
    to = sent.to_address if sent else ""
    contact = next((one.id for one in customer.contacts if to and one.email.lower() == to.lower()), "")
    row = {
        "id": rung.outreach,
        "customer_id": customer.id,
        "seller_id": case.invoice.seller,
        "contact_id": contact,
        "channel": rung.channel,
        "step": rung.step,
        "stage": _stage(playbook, rung.step).value,
        "token": "",
        "claimed_by": case.id,
        "provider": "",
        "provider_id": "",
        "message_id": sent.message_id if sent else "",
        "to_address": to,
        "subject": sent.subject if sent else "",
        "reason": reason,
        "claimed_at": rung.at,
        "sending_at": rung.at,
    }
    outreach.note_sent(connection, row, _STATES.get(rung.fate, rung.fate.value), now)
    if not outreach.has_part(connection, rung.outreach, case.id):
        attempt = 1 + outreach.last_attempt(connection, case.id, round_, rung.step, rung.channel)
        outreach.add_parts(connection, rung.outreach, [Part(case.id, round_, rung.step, rung.channel, attempt, leads)])


def _stage(playbook: Playbook, step: str) -> Stage:
    """The stage of a step; of one that the playbook does not have, because a later one had it, the middle of the ladder."""
    try:
        return playbook.step(step).stage
    except UnableToFollow:
        return Stage.REMINDER
