"""What ``dunwell doctor`` finds: one line about one thing, how well it is, and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cli.faults import explain


class Health(StrEnum):
    """WRONG makes doctor exit with 1; LOOK is worth a look and may be as you want it."""

    WELL = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about ``what``, and the remedy where something is to be done."""

    what: str
    health: Health
    said: str
    remedy: str = ""


Findings = Iterator[Finding]


def watch(what: str, examine_it: Callable[[], Findings]) -> Findings:
    """The findings of one examination; an error that was to be expected becomes one, too."""
    try:
        yield from examine_it()
    except Exception as error:
        if said := explain(error):
            yield Finding(what, Health.WRONG, said)
        else:
            raise
