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
    GivenBack,
    LegalStop,
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
    """What belongs to a result: ``day`` and ``amount`` of a promise or a wait, of what a dispute is ``about``, the ``day`` a letter was
    posted.

    ``step`` and ``text_hash`` are what an approval is asked for, ``matter`` is the task's own. ``proposes_plan``: whoever asks to pay in
    parts is sent a proposal by ourselves.
    """

    kind: TaskKind
    matter: str = ""
    day: date | None = None
    amount: Decimal | None = None
    about: str = ""
    step: str = ""
    text_hash: str = ""
    proposes_plan: bool = False


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


def _posted(told: Told, posted: bool) -> tuple[News, ...]:
    return (OutreachResolved(told.matter.removeprefix("post/"), posted, day=told.day if posted else None),)


_SPOKEN_ABOUT = (TaskKind.CALL, TaskKind.HAND_OFF, TaskKind.ALERT)
_RESULTS: Mapping[str, Callable[[Told], tuple[News, ...]]] = {
    "spoke": lambda told: (Spoken(),),
    "voicemail": lambda told: (Spoken(reached=False),),
    "not-reached": lambda told: (Spoken(reached=False),),
    "promise": _promise,
    "paid": lambda told: (PaymentReported(),) if told.kind not in _SPOKEN_ABOUT else (PaymentReported(), Spoken()),
    "not-received": lambda told: (Replied(copy=True), Spoken()) if told.kind in _SPOKEN_ABOUT else (Replied(copy=True),),
    "disputed": _disputed,
    # Whoever has to approve it gets time, as a colleague who asks for a pause does.
    "in-approval": lambda told: (WaitAsked(told.day), Spoken()),
    # Reminders wait while somebody of ours sees to it.
    "wrong-person": lambda told: (Replied(), Spoken()),
    "plan": lambda told: (Spoken(),) if told.proposes_plan else (Replied(), Spoken()),
    "new-address": lambda told: (Spoken(),),
    "legal": lambda told: (LegalStop(),),
    "told": lambda told: (Spoken(wrote=True),),
    "given-back": lambda told: (GivenBack(),),
    "please-wait": lambda told: (WaitAsked(told.day),),
    "go-on": lambda told: (),
    "handled": lambda told: (ReplyHandled(),),
    "resolved": lambda told: (DisputeResolved(),),
    "approved": lambda told: (ApprovalGiven(told.step, told.text_hash),),
    "refused": lambda told: (ApprovalRefused(told.step, told.text_hash),),
    "sent": lambda told: _resolved(told, True),
    "not-sent": lambda told: _resolved(told, False),
    "posted": lambda told: _posted(told, True),
    "not-posted": lambda told: _posted(told, False),
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
    "in-approval": "says it waits for approval",
    "wrong-person": "whom we reached is the wrong person: find out who is right, then dunwell contact set",
    "plan": "asks to pay in parts: offer it with dunwell plan offer",
    "new-address": "gave another address",
    "legal": "insolvency, a lawyer or a death was named",
    "told": "was told in another way",
    "given-back": "collections gave it back",
}

_TALKS = (
    *("spoke", "voicemail", "not-reached", "promise", "paid", "not-received", "disputed"),
    *("in-approval", "wrong-person", "plan", "new-address", "legal"),
)
_BY_KIND: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.CALL: (*_TALKS, "told", "please-wait"),
    TaskKind.HAND_OFF: (*_TALKS, "given-back", "done"),
    TaskKind.ALERT: (*_TALKS, "please-wait", "go-on"),
    TaskKind.CREDIT_HOLD: ("done", "promise", "paid"),
    TaskKind.READ_REPLY: ("handled", "promise", "paid", "disputed"),
    TaskKind.DECIDE: ("promise", "go-on"),
    TaskKind.CLEAR_DISPUTE: ("resolved",),
    TaskKind.APPROVE: ("approved", "refused"),
    TaskKind.RESOLVE_OUTREACH: ("sent", "not-sent"),
    TaskKind.POST_LETTER: ("posted", "not-posted"),
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
