"""What a message covers, in opaque ids that travel with it: so that the provider's log alone tells which steps were taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# SendGrid takes 10,000 bytes of custom arguments in all; some 170 invoices in one message fit into this.
LONGEST = 8_000


class UnableToReadCovers(ValueError):
    """A text that ``spell`` has not written."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One invoice's share in a message: the step taken for it, in which round, and whether the wording is for that step."""

    invoice: str
    round: int
    step: str
    channel: str
    leads: bool


@dataclass(frozen=True, slots=True)
class Covers:
    """All shares of a message; ``untold`` is how many more there were than fit."""

    told: tuple[Cover, ...]
    untold: int = 0


def spell(covers: Iterable[Cover]) -> str:
    """``INVOICE:ROUND:STEP:CHANNEL:LEADS`` for each share, with spaces between; ``+N`` at the end stands for what did not fit."""
    words = [f"{one.invoice}:{one.round}:{one.step}:{one.channel}:{int(one.leads)}" for one in covers]
    room = LONGEST
    for number, word in enumerate(words):
        room -= len(word) + 1
        if room < len(f"+{len(words)}"):
            return " ".join((*words[:number], f"+{len(words) - number}"))
    return " ".join(words)


def read(text: str) -> Covers:
    """What ``spell`` has written. Raises UnableToReadCovers."""
    told = []
    untold = 0
    for word in text.split():
        if word.startswith("+") and word[1:].isdecimal():
            untold = int(word[1:])
            continue
        parts = word.split(":")
        if len(parts) != 5 or not all(parts) or not parts[1].isdecimal() or parts[4] not in ("0", "1"):
            raise UnableToReadCovers(f"{word!r} is not INVOICE:ROUND:STEP:CHANNEL:LEADS")
        told.append(Cover(parts[0], int(parts[1]), parts[2], parts[3], parts[4] == "1"))
    if not told:
        raise UnableToReadCovers("nothing is covered")
    return Covers(tuple(told), untold)
