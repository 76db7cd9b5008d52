"""How long words may keep an invoice silent before its customer hears from us again, whoever says them and however often.

Each word that silences leaves its stretch in the case, and what we do next clears them. A new word may use what is left: of its
own kind's share, and of the whole. So no chain of words lasts longer than ``LONGEST_SILENCE``. Not counted are a legal stop,
which only a person may end, and a payment plan, which has installments of its own to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.case import Case, HoldKind, Silence
from domain.diary import write_day
from domain.facts import Facts

LONGEST_SILENCE = timedelta(days=90)
PROMISE = "promise"
DISPUTE = "dispute"
# Since the customer last heard from us: a colleague's "please wait" adds up to a week, answers and claims of the customer to
# a few weeks. What people of ours decide may take up all of it.
SHARES = {
    HoldKind.PLEASE_WAIT.value: timedelta(days=7),
    HoldKind.REPLY.value: timedelta(days=21),
    HoldKind.COPY.value: timedelta(days=21),
    HoldKind.PROMISE_TO_DECIDE.value: timedelta(days=21),
    HoldKind.PAYMENT_REPORTED.value: timedelta(days=30),
    DISPUTE: timedelta(days=60),
    HoldKind.MANUAL.value: LONGEST_SILENCE,
    PROMISE: LONGEST_SILENCE,
}


def last_moment(case: Case, kind: str, now: datetime) -> datetime:
    """Until when words of this kind may keep ``case`` silent at most; ``now`` when not at all any more."""
    own = SHARES[kind] - _length((one for one in case.silences if one.kind == kind), now)
    whole = LONGEST_SILENCE - _length(case.silences, now)
    return now + max(min(own, whole), timedelta())


def note(case: Case, kind: str, until: datetime, now: datetime) -> Case:
    """``case`` after a word of this kind silenced it until then; a word that takes the place of an earlier one goes on from it."""
    kept = cut_short(case, now, kind).silences
    return replace(case, silences=(*kept, Silence(kind, now, until)))


def cut_short(case: Case, now: datetime, *kinds: str) -> Case:
    """``case`` after its silence of these kinds (all, when none is named) was ended before its time."""
    cut = (replace(one, until=min(one.until, now)) if not kinds or one.kind in kinds else one for one in case.silences)
    return replace(case, silences=tuple(one for one in cut if one.until > one.since))


def why_not(case: Case, kind: str, facts: Facts, now: datetime) -> str:
    """Why a word may not silence it for so long, and for how long it still may."""
    last = facts.today(last_moment(case, kind, now))
    spent = -(-_length(case.silences, now) // timedelta(days=1))
    room = f"until {write_day(last)} at most" if last > facts.today(now) else "and not any longer"
    return f"words have kept this invoice silent for {spent} days since the customer last heard from us; {room}: nobody can silence it for ever"


def _length(silences: Iterable[Silence], now: datetime) -> timedelta:
    """How long these silences have lasted up to ``now``; what overlaps counts once."""
    length, reached = timedelta(), None
    for one in sorted(silences, key=lambda one: one.since):
        begins = one.since if reached is None else max(one.since, reached)
        ends = min(one.until, now)
        if ends > begins:
            length += ends - begins
            reached = ends
    return length
