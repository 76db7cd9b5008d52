"""Who picks up a pretend phone, and what is said there: the script of one call, and the call itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

from examples.append_log import present
from examples.faults import Order


class Turn(BaseModel):
    """One thing that is done when the other side waits for an answer: exactly one of keys, words, silence or hanging up.

    ``heard``: only when these words were said since the last answer, whatever their letters' case.
    """

    model_config = ConfigDict(extra="forbid")
    press: str | None = Field(default=None, pattern=r"^[0-9*#]+$")
    say: str | None = None
    confidence: float = Field(default=0.92, ge=0, le=1)
    silent: bool = False
    hang_up: bool = False
    heard: str = ""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Turn:
        if [self.press is not None, self.say is not None, self.silent, self.hang_up].count(True) != 1:
            raise ValueError("a turn has exactly one of press, say, silent and hang_up")
        return self


class Script(Order):
    """How one call is taken. ``seconds``: it rings so long; ``hangs_up_after`` so many sentences; once its turns are over it is silent."""

    number: str | None = None
    picked_up_by: Literal["person", "machine", "fax", "nobody", "busy", "failed"] = "person"
    greeting: str = "You have reached our office. Please leave a message after the tone."
    beep: bool = True
    turns: tuple[Turn, ...] = ()
    hangs_up_after: int | None = Field(default=None, ge=0)
    transfer: Literal["completed", "busy", "no-answer", "failed"] = "completed"
    colleague: tuple[Turn, ...] = ()

    def stands_for(self) -> float | None:
        return None


class Phones:
    """Everybody's phones: scripts are taken one after another, by calls to their number or, when they have none, by any call."""

    def __init__(self) -> None:
        self._open: list[Script] = []

    def replace(self, scripts: list[Script]) -> None:
        self._open = list(scripts)

    def take(self, number: str) -> Script:
        for script in self._open:
            if script.number not in (None, number):
                continue
            if script.after:
                script.after -= 1
                break
            script.times -= 1
            if not script.times:
                self._open.remove(script)
            return script
        return Script()

    def remaining(self) -> list[dict[str, Any]]:
        return [script.model_dump(exclude_defaults=True) for script in self._open]


@dataclass(slots=True)
class Call:
    """A call as the provider knows it. ``seconds`` runs by what is said and waited for, not by the clock on the wall."""

    account: str
    to: str
    sender: str
    asked: dict[str, str]
    events: list[str] = field(default_factory=list)
    parent: str | None = None
    sid: str = field(default_factory=lambda: "CA" + uuid4().hex)
    status: str = "queued"
    answered_by: str = ""
    seconds: float = 0
    created: datetime = field(default_factory=present)
    words: list[dict[str, Any]] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    detour: tuple[str, str, str] | None = None  # where an update has sent it: url, method, or TwiML itself

    def form(self, **more: str) -> dict[str, str]:
        told = {
            "CallSid": self.sid,
            "AccountSid": self.account,
            "From": self.sender,
            "To": self.to,
            "Caller": self.sender,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": "2010-04-01",
            "Direction": "outbound-dial" if self.parent else "outbound-api",
        }
        return told | ({"ParentCallSid": self.parent} if self.parent else {}) | more
