"""The last word about an invoice that has been paid: whoever heard more than plain reminders is told in writing that it is over.

It is a message that answers, owed once the ledger shows all of the money, and the invoice is watched until it has left. Who
was only reminded is not written to again: thanks for every payment would be noise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain import confirming, matters
from domain.case import Case, HoldKind, PromiseStanding
from domain.facts import Facts
from domain.invoice import Standing
from domain.owed import AnswerKind
from domain.playbook import Stage, Step

_FIRM = (Stage.FINAL, Stage.HOLD, Stage.DEMAND, Stage.REFERRAL)
_BROKEN = (PromiseStanding.BROKEN, PromiseStanding.PARTLY_KEPT)


def owe_thanks(case: Case, facts: Facts, now: datetime) -> Case:
    """``case``, just found to be paid in full, owing its customer word of that; as it is where nobody expects one, it may not be
    written to, or a person of ours has to say it."""
    if case.ended or case.invoice.standing is not Standing.OPEN or any(hold.kind is HoldKind.LEGAL for hold in case.holds):
        return case
    if not confirming.may_say(AnswerKind.SETTLED, facts) or not heard_firm_words(case, facts):
        return case
    owing = replace(confirming.owe(case, AnswerKind.SETTLED, now), settled_at=now)
    step = find_thanks(owing, facts)
    return owing if step and facts.channel_for(step, now) not in ("", "task") else case


def find_thanks(case: Case, facts: Facts) -> Step | None:
    """The word of thanks that is still owed; None: none is."""
    owed = next((one for one in case.answers if one.is_open and one.what is AnswerKind.SETTLED), None)
    return facts.playbook.step(owed.step) if owed else None


def heard_firm_words(case: Case, facts: Facts) -> bool:
    """Whether something firmer than a plain reminder was said, a promise was broken, or measures were taken, since the customer
    was last told that it is over."""
    told = max((one.at for one in case.answers if one.what is AnswerKind.SETTLED and one.at), default=None)
    if told is not None:
        rungs, promises = (rung for rung in case.rungs if rung.at > told), (one for one in case.promises if one.made_at > told)
        case = replace(case, rungs=tuple(rungs), promises=tuple(promises), acts=())
    spoken = any(rung.is_contact and facts.playbook.step_of(rung).stage in _FIRM for rung in case.rungs)
    return spoken or any(promise.standing in _BROKEN for promise in case.promises) or matters.has_felt(case, facts)
