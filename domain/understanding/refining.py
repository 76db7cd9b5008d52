"""What a reading model may add to what the rules understood: a guess at the class of what they did not know, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.calendar import BusinessCalendar
from domain.incoming import Incoming
from domain.promised import find_promise
from domain.understanding import Understood
from domain.understanding.intent import Intent

_READER = "the reading model"
OPEN_TO_DOUBT = frozenset({Intent.OTHER, Intent.QUESTION})


def may_be_refined(read: Understood) -> bool:
    """Whether the rules left the class open. What they know stands, whatever a model says."""
    return read.intent in OPEN_TO_DOUBT and read.pauses


def was_read_again(read: Understood) -> bool:
    """Whether a model has already been asked about what was ``read``."""
    return _READER in read.why


def refine(read: Understood, suggested: Intent, incoming: Incoming, language: str, today: date, calendar: BusinessCalendar) -> Understood:
    """``read`` with the class a model ``suggested``. Reminders wait as before, and it is never sure: a person looks first.

    A day and an amount come from the words of the message, read by our own rules, never from the model. ``incoming``,
    ``language``, ``today`` and ``calendar`` as for ``understand``.
    """
    if not may_be_refined(read):
        return read
    if suggested is read.intent:
        return replace(read, why=f"{read.why}; {_READER} does not know more")
    promised = find_promise(incoming.text, language, today, calendar) if suggested is Intent.PROMISE else None
    return replace(
        read,
        intent=suggested,
        promise_day=promised.day if promised else None,
        promise_amount=promised.amount if promised else None,
        pauses=True,
        why=f"{_READER} takes it for {suggested.value.replace('_', ' ')}",
        sure=False,
    )
