"""Moving a running invoice to another playbook: which of its steps count as behind it, so that none comes twice or goes missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domain import ladder
from domain.case import Case, Fate, Rung
from domain.event import PlaybookSwapped
from domain.facts import Facts
from domain.ladder import BEHIND, MAY_HAVE_BEEN_SENT
from domain.playbook import Playbook, Stage, Step, Verb

_FIRMNESS = list(Stage)
# A person of ours who calls is heard by the customer; what else we do among ourselves is not.
_UNHEARD = frozenset(verb for verb in Verb if verb.is_internal) - {Verb.REQUEST_CALL}


@dataclass(frozen=True, slots=True)
class Move:
    """What another playbook means for an invoice: the word that moves it, and its next step before and after."""

    news: PlaybookSwapped
    before: ladder.Due
    after: ladder.Due


def plan_move(case: Case, new: Playbook, facts: Facts, now: datetime) -> Move:
    """What happens to ``case``, which follows the playbook in ``facts``, when it is moved to ``new``."""
    then = replace(facts, playbook=new)
    done = counts_as_done(case, facts.playbook, new, lambda step: bool(ladder.why_spared(step, case, then)))
    news = PlaybookSwapped(new.hash, new.name, done, taken=count_taken(case))
    moved, _ = ladder.pass_over(carry_over(case, news, facts.playbook, now), then, now)
    return Move(news, ladder.next_due(case, facts, now), ladder.next_due(moved, then, now))


def counts_as_done(case: Case, old: Playbook, new: Playbook, is_spared: Callable[[Step], bool] = lambda step: False) -> tuple[str, ...]:
    """The steps of ``new`` that lie behind ``case``: nothing the customer heard is repeated in other words, and nothing it has
    not heard goes missing.

    Behind it are the steps it has taken under the same name and what stands before them; what is softer than the firmest
    word it has heard; and of that word's own stage as many as it has heard, those it ``is_spared`` not counted. What is done
    among ourselves is behind it once the same has been done, or something firmer was said. Statements are no step upward.
    """
    taken = [step for rung in case.rungs if _is_taken(rung) and (step := old.step_of(rung)).stage is not Stage.STATEMENT]
    if not taken:
        return ()
    names, ours = {step.name for step in taken}, {step.name for step in new.steps}
    heard = [step for step in taken if step.do not in _UNHEARD]
    reached = max((_FIRMNESS.index(step.stage) for step in heard), default=-1)
    furthest = max((place for place, step in enumerate(new.steps) if step.name in names), default=-1)
    unmatched = [step for step in taken if step.name not in ours]
    done = []
    for place, step in enumerate(new.steps):
        level = _FIRMNESS.index(step.stage)
        if step.name in names or level < reached or (level == reached and place < furthest):
            done.append(step.name)
        elif match := next((one for one in unmatched if _is_alike(one, step, level == reached) and not is_spared(step)), None):
            unmatched.remove(match)
            done.append(step.name)
    return tuple(done)


def carry_over(case: Case, news: PlaybookSwapped, old: Playbook, now: datetime) -> Case:
    """``case`` as it follows its new playbook. What was done keeps the title and firmness it had in ``old``.

    What was passed over is judged anew by the new playbook, and an invoice of which nothing is known but that enters it as a new one would.
    """
    kept = tuple(_remember(rung, old) for rung in case.rungs if rung.fate is not Fate.PASSED_OVER or _is_taken(rung))
    known = {rung.step for rung in kept}
    behind = tuple(Rung(step, Fate.PASSED_OVER, now, why=BEHIND) for step in news.done if step not in known)
    return replace(case, playbook=news.playbook, rungs=(*kept, *behind), approvals=(), entered=case.entered and bool(kept))


def count_taken(case: Case) -> int:
    """How many steps the invoice has taken; a plan made for another number is out of date."""
    return sum(_is_taken(rung) for rung in case.rungs)


def _is_taken(rung: Rung) -> bool:
    return rung.is_contact or rung.fate in (Fate.DONE, Fate.SHADOWED) or rung.why == MAY_HAVE_BEEN_SENT


def _is_alike(taken: Step, step: Step, is_level: bool) -> bool:
    """Whether ``taken`` makes ``step`` a repetition; ``is_level``: the step is as firm as the firmest word heard. Only an offer
    of a payment plan takes the place of one."""
    if step.do in _UNHEARD or Verb.OFFER_PLAN in (step.do, taken.do):
        return taken.do is step.do
    return is_level and taken.stage is step.stage and taken.do not in _UNHEARD


def _remember(rung: Rung, old: Playbook) -> Rung:
    step = old.step_of(rung)
    return replace(rung, title=step.title, stage=step.stage.value, do=step.do.value)
