"""Moving a running invoice to another playbook: which of its steps count as behind it, so that none comes twice or goes missing."""

from __future__ import annotations

from domain.case import Case, Fate
from domain.playbook import Playbook, Stage

_FIRMNESS = list(Stage)


def counts_as_done(case: Case, old: Playbook, new: Playbook) -> tuple[str, ...]:
    """The steps of ``new`` that lie behind ``case``: those it has taken under the same name, and all no firmer than the
    firmest word the customer has had, up to as many of each stage as it has heard.

    So nothing is repeated in other words, and what the customer has not heard yet still comes.
    """
    taken = [old.step(rung.step) for rung in case.rungs if rung.is_contact or rung.fate is Fate.DONE]
    if not taken:
        return ()
    names = {step.name for step in taken}
    reached = max(_FIRMNESS.index(step.stage) for step in taken)
    ours = {step.name for step in new.steps}
    heard = {stage: sum(step.stage is stage and step.name not in ours for step in taken) for stage in Stage}
    done = []
    for step in new.steps:
        level = _FIRMNESS.index(step.stage)
        if step.name in names or level < reached or (level == reached and heard[step.stage] > 0):
            done.append(step.name)
            heard[step.stage] -= level == reached and step.name not in names
    return tuple(done)
