"""Calls that people of ours were asked to make, while there is nothing to say: they wait with the invoice, and are asked for anew.

Nobody may ask the customer for a day that it has just named, or call whom a lawyer speaks for. So the tasks are closed when an
invoice falls silent; once it goes on, each step whose call nobody made is taken again, with a script that is true that day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.case import Case, Fate, HoldKind, Rung
from domain.facts import Facts
from domain.invoice import Standing
from domain.playbook import Verb

# Acts that stand whatever is said; all others that people of ours are asked for speak to the customer.
_KEPT = (Verb.PLACE_CREDIT_HOLD, Verb.HAND_OFF, Verb.REFER_TO_AGENCY, Verb.WRITE_OFF)


def set_aside(case: Case, facts: Facts, now: datetime) -> Case:
    """``case`` with the calls that nobody has made waiting along with it, if it is silent."""
    if not is_silent(case, facts, now):
        return case
    asked = (rung.step for rung in calls_of(case, facts) if _is_asked(rung, case, facts, now))
    return replace(case, parked=tuple(dict.fromkeys((*case.parked, *asked))))


def resume(case: Case, facts: Facts, now: datetime) -> Case:
    """``case`` with the calls that waited still to be asked for, once it goes on. A call after which the customer was spoken with, or
    after which a later step was taken, is not asked for any more."""
    if not case.parked or is_silent(case, facts, now):
        return case
    again = [rung for rung in calls_of(case, facts) if rung.step in case.parked and _still_stands(rung, case, facts)]
    # Whoever was asked to help hears that it is over, also if it is paid before they are asked anew.
    alerted = {Verb.ALERT_ACCOUNT_MANAGER.value for rung in again if facts.playbook.step_of(rung).do is Verb.ALERT_ACCOUNT_MANAGER}
    acts = tuple(dict.fromkeys((*case.acts, *alerted)))
    return replace(case, parked=(), acts=acts, rungs=tuple(rung for rung in case.rungs if rung not in again))


def is_silent(case: Case, facts: Facts, now: datetime) -> bool:
    """Whether nobody of ours is to speak to the customer about ``case`` of their own accord."""
    disputed = case.open_dispute is not None and facts.tolerance.covers(case.chased)
    unclear = case.invoice.standing in (Standing.DISPUTED, Standing.DRAFT) or bool(case.successor)
    return case.active_hold(now) is not None or case.open_promise is not None or disputed or unclear or case.settled_at is not None


def calls_of(case: Case, facts: Facts) -> tuple[Rung, ...]:
    """The steps of this round that were given to people of ours and speak to the customer."""
    return tuple(rung for rung in case.rungs if rung.fate is Fate.DONE and facts.playbook.step_of(rung).do not in _KEPT)


def key(case: Case, step: str) -> str:
    """The matter of ``step`` as it was given to a person of ours."""
    return f"act/{case.id}/{case.round}/{step}"


def waiting(case: Case) -> list[str]:
    """The matters of the calls that nobody is to make now."""
    return [key(case, step) for step in case.parked]


def _is_asked(rung: Rung, case: Case, facts: Facts, now: datetime) -> bool:
    """Whether its task is open and to be closed. A colleague who was alerted and asks to wait has answered, and may well call."""
    if facts.asked is not None and rung.step not in facts.asked:
        return False
    others = replace(case, holds=tuple(hold for hold in case.holds if hold.kind is not HoldKind.PLEASE_WAIT))
    return facts.playbook.step_of(rung).do is not Verb.ALERT_ACCOUNT_MANAGER or is_silent(others, facts, now)


def _was_made(rung: Rung, case: Case) -> bool:
    return case.spoken_at is not None and case.spoken_at >= rung.at


def _still_stands(rung: Rung, case: Case, facts: Facts) -> bool:
    names = [step.name for step in facts.playbook.steps]
    if rung.stage or rung.step not in names or _was_made(rung, case):
        return False
    later = names[names.index(rung.step) + 1 :]
    return not any(_was_taken(other, case) and other.step in later for other in case.rungs)


def _was_taken(rung: Rung, case: Case) -> bool:
    return rung.is_contact or (rung.fate is Fate.DONE and rung.step not in case.parked)
