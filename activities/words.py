"""What people and programs say to a case, made into news. The unreadable becomes a task, and never an error."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated
from zlib import crc32

from pydantic import Field, TypeAdapter, ValidationError

from domain.event import ChasingStopped, HoldPlaced, InvoiceChanged, News, WordUnreadable
from domain.fold import NOT_UNDERSTOOD
from domain.task import Task, TaskKind
from workflows.contract import OVERRIDE, OVERRIDES, REPORT, Said
from workflows.ports import Answer

# By its kind, so that a fault is told of the word that was meant.
_NEWS: TypeAdapter[News] = TypeAdapter(Annotated[News, Field(discriminator="kind")])
_FROM_THE_UI = "Temporal UI"
_LONGEST_WHY = 2_000
# Signals that may come twice: what they end has ended then.
_RELEASING = ("release", "dispute_resolved", "reply_handled")
# What nobody may say under a name that is only written down.
_NEEDS_A_KNOWN_PERSON = ("approval_asked", "approved", "approval_lapsed", "refused_approval")
# What is said elsewhere, and where.
_ELSEWHERE = {
    "swap": "which steps count as done is worked out from what the customer has heard: dunwell case swap NUMBER --to PLAYBOOK",
    "set_contact": "what stands in a signal stays in Temporal, and no address of a person may: dunwell contact set CUSTOMER --role ROLE --email ADDRESS",
    "reopen": "the workflow of an invoice that is over hears nothing: dunwell case reopen NUMBER",
    "agency": "who allows it must be known for certain: dunwell case authorize-agency NUMBER",
}
_ALSO_CALLED = {"contact": "set_contact", "playbook": "swap", "swap_playbook": "swap", "authorize_agency": "agency"}
_ROW = re.compile("[a-z0-9_]{1,64}")


def inbox_row(said: Said) -> str:
    """The inbox row a word stands for, or nothing when it was said to the workflow directly."""
    first = _first(said) if said.name in (REPORT, OVERRIDE) else None
    row = first.get("inbox") if isinstance(first, dict) else None
    return row if isinstance(row, str) and _ROW.fullmatch(row) else ""


def own_id(said: Said) -> str:
    """What tells a word that was said directly from every other, the same however often its history is played again.

    The number alone would not do: a reset that leaves words out gives their numbers to later ones.
    """
    return f"{said.key}/{crc32(f'{said.name} {said.words}'.encode()):08x}"


def read(said: Said) -> News:
    """The news in a word that came without an inbox row: a plain signal, an update, or the cancel button.

    A hold or a stop that cannot be read still silences the invoice: somebody wanted quiet.
    """
    first = _first(said)
    if said.name == REPORT:
        return InvoiceChanged(by=_FROM_THE_UI)
    if said.name == "cancel":
        return ChasingStopped(by=_FROM_THE_UI, why=_text(first) or "canceled")
    first = _unwrap(first)
    meant = str(first.get("kind")) if said.name == OVERRIDE and isinstance(first, dict) else said.name
    if (meant := _ALSO_CALLED.get(meant, meant)) in _ELSEWHERE:
        return WordUnreadable(meant, by=_FROM_THE_UI, why=f"not taken here: {_ELSEWHERE[meant]}")
    if said.name not in (*OVERRIDES, OVERRIDE):
        return WordUnreadable(said.words, by=_FROM_THE_UI, why=f"there is no word {said.name!r}; there are {', '.join(OVERRIDES)} and {REPORT}")
    if isinstance(first, dict) and first.get("kind") in _NEEDS_A_KNOWN_PERSON:
        return WordUnreadable(said.words, by=_FROM_THE_UI, why="who agrees must be known for certain; use dunwell case approve, or the link in the mail")
    if said.name == OVERRIDE and isinstance(first, dict) and first.get("kind") not in OVERRIDES:
        return WordUnreadable(said.words, by=_FROM_THE_UI, why=f"kind: is not one of {', '.join(OVERRIDES)}")
    fields = dict(first) if isinstance(first, dict) else {} if first is None else {"until": first} if said.name == "hold" else {"?": first}
    if said.name != OVERRIDE:
        fields["kind"] = said.name
    by = fields["by"] = _text(fields.get("by"))[:100] or _FROM_THE_UI
    if fields.get("kind") == "write_off" and by != _FROM_THE_UI:
        fields["by"] = f"{by} ({_FROM_THE_UI})"  # a name that anybody may type is not that of whoever may agree
    try:
        news: News = _NEWS.validate_python(fields, extra="forbid")
        return replace(news, why=news.why[:_LONGEST_WHY])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        why = f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'word'}: {fault['msg']}"[:_LONGEST_WHY]
    if fields.get("kind") in ("hold", "stop"):
        return HoldPlaced(by=by, why=f"said in a form that could not be read ({why})")
    return WordUnreadable(said.words, by=by, why=why)


def undone(said: Sequence[Said], answer: Answer, owner: str, today: date) -> tuple[Task, ...]:
    """A task for each signal of those just heard that was understood and not done: nobody was answered, and somebody may rely on it."""
    refused = {reply.key: reply.said for reply in answer.replies if not reply.taken and not reply.said.startswith(NOT_UNDERSTOOD)}
    case = answer.case
    return tuple(
        Task(
            key=f"undone/{case.id}/{word.name}",
            kind=TaskKind.READ_WORD,
            title=f"A {word.name} that was said for invoice {case.invoice.number} in the {_FROM_THE_UI} was not done",
            remedy=f"{refused[word.key]}. Say it again in another form, with dunwell case or on the invoice's page",
            owner=owner,
            due=today,
        )
        for word in said
        if word.key in refused and word.name in OVERRIDES and word.name not in _RELEASING and not case.ended
    )


def _first(said: Said) -> object:
    """The first of the words that were said; the text itself when it is not JSON, or not of a depth that people speak in."""
    try:
        words = json.loads(said.words or "[]")
        repr(words)
    except (ValueError, RecursionError):
        return said.words
    return words if not isinstance(words, list) else words[0] if words else None


def _unwrap(first: object) -> object:
    """The object in a signal of a name that has no handler of its own: such a one arrives as the text of its JSON."""
    try:
        inside = json.loads(first) if isinstance(first, str) else None
    except (ValueError, RecursionError):
        return first
    return inside if isinstance(inside, dict) else first


def _text(thing: object) -> str:
    return "" if thing is None else str(thing)[:_LONGEST_WHY]
