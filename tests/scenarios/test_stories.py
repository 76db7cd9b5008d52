"""Stories that anyone in finance can read: the diary is the assertion. On the pure timeline, with the shipped playbooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from scenarios import abroad, mishaps, one_invoice, whole_accounts

from domain.case import Case
from domain.diary import write_diary
from domain.invoice import Invoice
from domain.timeline import Arrival, timeline
from support.telling import Story, Turn, in_the_ledger, tell

STORIES = {story.name: story for story in (*one_invoice.STORIES, *whole_accounts.STORIES, *mishaps.STORIES, *abroad.STORIES)}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_story_is_told_in_these_words(story: Story) -> None:
    diary, tasks = tell(story)
    assert diary == story.expected
    missing = [title for title in story.tasks if not any(task.startswith(title) for task in tasks)]
    assert not missing, f"{missing} was asked of nobody, but {sorted(tasks)}"


FOR_THE_PREVIEW = {
    name: story for name, story in STORIES.items() if len(story.owes) == 1 and not any(turn.broken is not None or turn.move_to for turn in story.turns)
}


@pytest.mark.parametrize("story", FOR_THE_PREVIEW.values(), ids=FOR_THE_PREVIEW)
def test_the_preview_of_a_single_invoice_tells_it_in_the_same_words(story: Story) -> None:
    """``dunwell preview`` knows one invoice at a time; of these stories that is all there is."""
    world, (owed,) = story.facts(), story.owes
    world = replace(world, books=replace(world.books, max_age=story.until - story.start))
    case = Case("invoice/1", owed.invoice(), world.playbook.hash, story.start)
    arrivals = [Arrival(turn.at, turn.news, _ledger(turn) if turn.ledger else None, turn.during) for turn in story.turns]
    assert write_diary(timeline(case, world, arrivals, story.start, story.until)) == story.expected


def _ledger(turn: Turn) -> Callable[[Invoice], Invoice]:
    return lambda invoice: replace(invoice, **in_the_ledger(turn.ledger, invoice.balance.currency))
