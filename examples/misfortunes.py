"""What goes wrong between a sender and a pretend provider that takes messages, and whether the message was taken all the same."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from examples.append_log import Log
from examples.faults import Order

LONGEST_DYING_SECONDS = 5.0


class Misfortune(Order):
    """What goes wrong with one message. ``request``: it was read, and is not accepted; ``accepted``: it is, and nobody has been told."""

    do: Literal["kill", "delay", "fail", "accept and fail", "drop", "truncate"]
    when: Literal["request", "accepted"] = "accepted"
    status: int = Field(default=500, ge=400, le=599)

    @model_validator(mode="after")
    def _can_be_done(self) -> Misfortune:
        if self.do == "delay" and self.seconds is None:
            raise ValueError("a delay needs its seconds")
        if self.do == "accept and fail" and self.status < 500:
            raise ValueError("only an answer of 500 and more leaves open whether the message was accepted")
        return self

    def stands_for(self) -> float | None:
        return None if self.do == "delay" else self.seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sender hears: yes; no; nothing certain (``status``); half an answer; none; none because it was killed."""

    answer: Literal["yes", "no", "error", "half", "nothing", "killed"]
    status: int = 202


async def carry_out(order: Misfortune | None, accept: Callable[[], None], sender: str, log: Log) -> Verdict:
    """Call ``accept``, or do not, as ordered. ``sender`` ends in "." and the sender's process id, else it cannot be killed."""
    if order is None:
        accept()
        return Verdict("yes")
    if order.do == "fail":
        return Verdict("no", order.status)
    if order.when == "request" and (verdict := await _disturb(order, sender, log)):
        return verdict
    accept()
    if order.when == "accepted" and (verdict := await _disturb(order, sender, log)):
        return verdict
    if order.do == "accept and fail":
        return Verdict("error", order.status)
    return Verdict("half" if order.do == "truncate" else "yes")


async def _disturb(order: Misfortune, sender: str, log: Log) -> Verdict | None:
    if order.do == "delay":
        await asyncio.sleep(order.seconds or 0)
    elif order.do == "drop":
        return Verdict("nothing")
    elif order.do == "kill" and _kill(sender, log):
        return Verdict("killed")
    return None


def _kill(sender: str, log: Log) -> bool:
    process = sender.rpartition(".")[2]
    if not re.fullmatch("[0-9]{1,9}", process) or int(process) in (0, 1, os.getpid()):
        log.write("unable to kill", sender=sender, why="its name does not end in . and its process id")
        return False
    log.write_to_disk("kill", process=int(process))
    try:
        os.kill(int(process), signal.SIGKILL)
    except OSError as error:
        log.write("unable to kill", sender=sender, why=str(error))
        return False
    return True
