"""What came of a task in one word, and the news that follows from it: so that a call ends with one command, not three."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.event import (
    ApprovalGiven,
    ApprovalRefused,
    DisputeRaised,
    DisputeResolved,
    News,
    OutreachResolved,
    PaymentReported,
    PromiseMade,
    Replied,
    ReplyHandled,
    Spoken,
    WaitAsked,
)
from domain.task import TaskKind


class UnableToTake(ValueError):
    """A result that does not fit the task, or lacks something; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Told:
    """What belongs to a result: ``day`` and ``amount`` of a promise or a wait, and of what a dispute is ``about``.

    ``step`` and ``text_hash`` are what an approval is asked for, ``matter`` is the task's own.
    """

    kind: TaskKind
    matter: str = ""
    day: date | None = None
    amount: Decimal | None = None
    about: str = ""
    step: str = ""
    text_hash: str = ""


def _promise(told: Told) -> tuple[News, ...]:
    if told.day is None:
        raise UnableToTake("--result promise: say which day the money is to come, with --day (and --amount for a part)")
    made = PromiseMade(told.day, told.amount, decided=told.kind is TaskKind.DECIDE)
    return (made,) if told.kind not in _SPOKEN_ABOUT else (made, Spoken())


def _disputed(told: Told) -> tuple[News, ...]:
    raised = DisputeRaised(told.about, told.amount)
    return (raised,) if told.kind not in _SPOKEN_ABOUT else (raised, Spoken())


def _resolved(told: Told, went_out: bool) -> tuple[News, ...]:
    return (OutreachResolved(told.matter.removeprefix("outreach/"), went_out),)


_SPOKEN_ABOUT = (TaskKind.CALL, TaskKind.HAND_OFF, TaskKind.ALERT)
_RESULTS: Mapping[str, Callable[[Told], tuple[News, ...]]] = {
    "spoke": lambda told: (Spoken(),),
    "voicemail": lambda told: (Spoken(reached=False),),
    "not-reached": lambda told: (Spoken(reached=False),),
    "promise": _promise,
    "paid": lambda told: (PaymentReported(),) if told.kind not in _SPOKEN_ABOUT else (PaymentReported(), Spoken()),
    "not-received": lambda told: (Replied(copy=True), Spoken()) if told.kind in _SPOKEN_ABOUT else (Replied(copy=True),),
    "disputed": _disputed,
    "please-wait": lambda told: (WaitAsked(told.day),),
    "go-on": lambda told: (),
    "handled": lambda told: (ReplyHandled(),),
    "resolved": lambda told: (DisputeResolved(),),
    "approved": lambda told: (ApprovalGiven(told.step, told.text_hash),),
    "refused": lambda told: (ApprovalRefused(told.step, told.text_hash),),
    "sent": lambda told: _resolved(told, True),
    "not-sent": lambda told: _resolved(told, False),
    "done": lambda told: (),
}

# What each result stands for in the diary, where nothing else was said.
REASONS: Mapping[str, str] = {
    "voicemail": "left a message on the voicemail",
    "not-reached": "nobody answered",
    "not-received": "says the invoice never arrived: send it again",
    "paid": "says it has been paid",
    "disputed": "does not agree",
    "please-wait": "asks to wait",
}

_TALKS = ("spoke", "voicemail", "not-reached", "promise", "paid", "not-received", "disputed")
_BY_KIND: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.CALL: _TALKS,
    TaskKind.HAND_OFF: (*_TALKS, "done"),
    TaskKind.ALERT: (*_TALKS, "please-wait", "go-on"),
    TaskKind.READ_REPLY: ("handled", "promise", "paid", "disputed"),
    TaskKind.DECIDE: ("promise", "go-on"),
    TaskKind.CLEAR_DISPUTE: ("resolved",),
    TaskKind.APPROVE: ("approved", "refused"),
    TaskKind.RESOLVE_OUTREACH: ("sent", "not-sent"),
}


def results_for(kind: TaskKind) -> tuple[str, ...]:
    """The results that a task of this kind may have."""
    return _BY_KIND.get(kind, ("done",))


def news_of(result: str, told: Told) -> tuple[News, ...]:
    """What ``result`` of a task means for its invoice, that which may be refused first. Raises UnableToTake."""
    fitting = results_for(told.kind)
    if result not in fitting:
        raise UnableToTake(f"--result: {result!r} is no result of this task; choose from {', '.join(fitting)}, or say in several words what came of it")
    return _RESULTS[result](told)
