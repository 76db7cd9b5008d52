"""What a customer who asks to pay in parts gets without waiting for anybody: the proposal that its playbook offers, in writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from db import cases, inbox, plans, playbooks
from db.ids import lasting_id
from db.schema import inbox as words
from domain.case import Case
from domain.event import HoldPlaced
from domain.payment_plan import PROPOSED_FIRST_DAYS, PROPOSED_INSTALLMENTS
from domain.plan_keeping import Offered
from domain.playbook import Playbook

# Nothing is asked for while the offer is made; the offer itself keeps an invoice quiet from then on.
WHILE_IT_IS_OFFERED = timedelta(days=4)
_PLAN = "plan/"
_MESSAGE = "incoming"


def propose(connection: Connection, source: str, key: str, ids: Sequence[str], today: date, *, by: str, why: str, now: datetime) -> str:
    """Store once, under ``key`` of ``source``, that a plan as playbooks offer it be proposed over these invoices (our ids); the inbox
    row that begins it. Whether the playbook does offer plans is judged where it begins."""
    first = today + timedelta(days=PROPOSED_FIRST_DAYS)
    word = Offered(tuple(ids), PROPOSED_INSTALLMENTS, first, by=by, why=why, in_writing=True)
    plan = f"{_PLAN}{lasting_id('plan', key)}"
    stored, _ = inbox.receive(connection, source=source, source_id=f"{key}/plan", kind=word.kind, body=plans.spell(word), now=now, case_id=plan, by=by)
    return stored


def propose_as_asked(
    connection: Connection, key: str, about: Sequence[str], today: date, *, by: str, why: str, now: datetime, source: str = _MESSAGE
) -> tuple[str, ...]:
    """Propose a plan because the message ``key`` (or whatever else is the ``source``) about these cases asks for one. The inbox rows that say
    so; none when a person decides."""
    late = find_to_cover(connection, about, today)
    if not late:
        return ()
    quiet = tuple(_keep_quiet(connection, source, key, case, today, by, why, now) for case in late)
    return (*quiet, propose(connection, source, key, [case.invoice.id for case in late], today, by=by, why=why, now=now))


def find_to_cover(connection: Connection, about: Sequence[str], today: date) -> tuple[Case, ...]:
    """Over which of these cases a plan is proposed: those that are late, or all where none is. None when a person decides, because a plan
    for one of them was on offer before."""
    watched = [case for case in cases.load_cases(connection, about).values() if not case.ended]
    late = [case for case in watched if case.invoice.due < today] or watched
    return () if any(plans.list_plans(connection, ended=True, invoice=case.invoice.id) for case in late) else tuple(late)


def are_offered(connection: Connection, about: Sequence[str], read: Callable[[str], Playbook]) -> bool:
    """Whether the playbooks that these cases follow propose plans; ``read`` makes a playbook of its stored text."""
    followed = {case.playbook for case in cases.load_cases(connection, about).values()}
    return bool(followed) and all(read(playbooks.load_version(connection, one)).proposes_plans for one in followed)


def message_behind(connection: Connection, word: str) -> str:
    """The id of the customer's message that the inbox row ``word`` of a plan came from; empty when it came from none."""
    found = connection.execute(select(words.c.source, words.c.source_id).where(words.c.id == word)).one_or_none()
    return found.source_id.removesuffix("/plan") if found and found.source == _MESSAGE else ""


def _keep_quiet(connection: Connection, source: str, asked: str, case: Case, today: date, by: str, why: str, now: datetime) -> str:
    news = HoldPlaced(today + WHILE_IT_IS_OFFERED, by, why, at_least=True)
    key = f"{asked}/{case.id}/{news.kind}"
    return inbox.receive(connection, source=source, source_id=key, kind=news.kind, body="", now=now, case_id=case.id, news=news, by=by)[0]
