"""What people and programs say to a case, made into news. The unreadable becomes a task, and never an error."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from domain.event import ChasingStopped, HoldPlaced, InvoiceChanged, News, WordUnreadable
from workflows.contract import OVERRIDE, OVERRIDES, Said

# By its kind, so that a fault is told of the word that was meant.
_NEWS: TypeAdapter[News] = TypeAdapter(Annotated[News, Field(discriminator="kind")])
_FROM_THE_UI = "Temporal UI"


def inbox_row(said: Said) -> str:
    """The inbox row a word stands for, or nothing when it was said to the workflow directly."""
    words = _words(said)
    first = words[0] if words else None
    row = first.get("inbox") if isinstance(first, dict) else None
    return row if isinstance(row, str) else ""


def read(said: Said) -> News:
    """The news in a word that came without an inbox row: a plain signal, an update, or the cancel button.

    A hold or a stop that cannot be read still silences the invoice: somebody wanted quiet.
    """
    words = _words(said)
    first = words[0] if words else None
    if said.name == "report":
        return InvoiceChanged(by=_FROM_THE_UI)
    if said.name == "cancel":
        return ChasingStopped(by=_FROM_THE_UI, why=str(first or "canceled"))
    if said.name not in (*OVERRIDES, OVERRIDE):
        return WordUnreadable(said.words, by=_FROM_THE_UI, why=f"there is no word {said.name!r}; there are {', '.join(OVERRIDES)} and report")
    fields = dict(first) if isinstance(first, dict) else {} if first is None else {"until": first} if said.name == "hold" else {"?": first}
    if said.name != OVERRIDE:
        fields["kind"] = said.name
    by = fields["by"] = str(fields.get("by") or _FROM_THE_UI)[:100]
    try:
        return _NEWS.validate_python(fields, extra="forbid")
    except ValidationError as error:
        fault = error.errors()[0]
        why = f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'word'}: {fault['msg']}"
        if fields.get("kind") in ("hold", "stop"):
            return HoldPlaced(by=by, why=f"said in a form that could not be read ({why})")
        return WordUnreadable(said.words, by=by, why=why)


def _words(said: Said) -> list[object]:
    try:
        words = json.loads(said.words or "[]")
    except (ValueError, RecursionError):
        return [said.words]
    return words if isinstance(words, list) else [words]
