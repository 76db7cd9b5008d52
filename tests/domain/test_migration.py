"""An invoice that moves to another playbook repeats nothing, and misses nothing that it has not heard."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

import playbooks
from domain.case import Fate, Rung
from domain.migration import counts_as_done
from domain.playbook import Stage
from support.worlds import MONDAY, a_case

FIRMNESS = list(Stage)


def behind(old: str, taken: int, new: str) -> tuple[str, ...]:
    """What counts as done in ``new`` once the first ``taken`` steps of ``old`` are."""
    policy = playbooks.load(old)
    rungs = tuple(Rung(step.name, Fate.DELIVERED, MONDAY + timedelta(days=number), "email") for number, step in enumerate(policy.steps[:taken]))
    return counts_as_done(replace(a_case(date(2026, 2, 2)), rungs=rungs), policy, playbooks.load(new))


def test_an_invoice_that_heard_nothing_begins_at_the_beginning() -> None:
    assert behind("standard", 0, "b2b-three-weeks") == ()


def test_two_reminders_count_for_two_and_the_call_still_comes() -> None:
    assert behind("standard", 6, "b2b-three-weeks") == ("account-summary", "balance-reminder")
    assert behind("standard", 5, "b2b-three-weeks") == ("account-summary",)


def test_a_playbook_moved_to_itself_goes_on_where_it_stood() -> None:
    steps = [step.name for step in playbooks.load("issue-to-payment").steps]
    assert all(behind("issue-to-payment", taken, "issue-to-payment") == tuple(steps[:taken]) for taken in range(len(steps) + 1))


@pytest.mark.parametrize("old, new", product(playbooks.names(), repeat=2))
def test_nothing_firmer_than_what_was_heard_is_ever_counted_as_done(old: str, new: str) -> None:
    steps, then = playbooks.load(old).steps, playbooks.load(new)
    for taken in range(1, len(steps) + 1):
        firmest = max(FIRMNESS.index(step.stage) for step in steps[:taken])
        names = {step.name for step in steps[:taken]}
        assert all(FIRMNESS.index(then.step(name).stage) <= firmest or name in names for name in behind(old, taken, new))
