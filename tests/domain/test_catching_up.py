"""What a case forgot is learned again from what a message says it covers, from its run, and from the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import covers
from domain.case import Case, Fate, Hold, HoldKind, Outcome, Promise, PromiseStanding, Rung
from domain.catching_up import adopt_memory, adopt_sent, fell_due, presume_sent
from domain.covers import Cover, Covers, UnableToReadCovers
from domain.decision import Perform, Wait, decide
from support.worlds import MONDAY, STANDARD, a_case, euros, facts

WORLD = facts()
LATER = MONDAY + timedelta(hours=3)
word = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)


def late(days: int, **fields: object) -> Case:
    return replace(a_case(MONDAY.date() - timedelta(days=days)), entered=True, **fields)


def rung(step: str, fate: Fate = Fate.ACCEPTED, at: datetime = MONDAY, outreach: str = "out_1") -> Rung:
    return Rung(step, fate, at, "email", outreach)


@given(st.lists(st.builds(Cover, word, st.integers(1, 99), word, word, st.booleans()), min_size=1, max_size=400))
def test_what_a_message_says_it_covers_is_read_as_it_was_spelt_and_is_never_too_long(covered: list[Cover]) -> None:
    text = covers.spell(covered)
    assert len(text) <= covers.LONGEST
    told = covers.read(text)
    assert told.told == tuple(covered[: len(told.told)])
    assert len(told.told) + told.untold == len(covered)


@pytest.mark.parametrize("text", ["", "  ", "hello", "a:1:b:c", "a:x:b:c:1", "a:1:b:c:2", "a:1::c:1", "+3"])
def test_what_says_nothing_is_not_guessed_at(text: str) -> None:
    with pytest.raises(UnableToReadCovers):
        covers.read(text)


def test_what_did_not_fit_is_counted() -> None:
    assert covers.read("inv_1:1:first-reminder:email:1 +12") == Covers((Cover("inv_1", 1, "first-reminder", "email", True),), 12)


def test_a_step_found_in_the_log_is_behind_the_invoice_and_the_next_one_keeps_its_gap() -> None:
    case = late(20)
    adopted, (line,) = adopt_sent(case, rung("second-reminder"), 1, WORLD, LATER)
    assert line.what == "second reminder had been sent by e-mail on Mon 2 Mar 2026, found in the mail provider's log"
    before, after = decide(case, WORLD, LATER).decision, decide(adopted, WORLD, LATER).decision
    assert isinstance(before, Perform)
    assert adopted.rung(before.step) is None or isinstance(after, Wait)
    assert adopt_sent(adopted, rung("second-reminder"), 1, WORLD, LATER) == (adopted, ())


@pytest.mark.parametrize("fate", [Fate.UNKNOWN, Fate.PASSED_OVER, Fate.SKIPPED, Fate.SHADOWED])
def test_the_log_outweighs_what_was_thought_of_a_step(fate: Fate) -> None:
    adopted, _ = adopt_sent(late(20).with_rung(rung("first-reminder", fate)), rung("first-reminder"), 1, WORLD, LATER)
    assert adopted.rung("first-reminder") == rung("first-reminder")


def test_rounds_are_told_apart() -> None:
    done = late(20).with_rung(rung("first-reminder", outreach="out_0"))
    assert adopt_sent(replace(done, round=2), rung("second-reminder"), 1, WORLD, LATER)[0].rungs == done.rungs, "an earlier round is over"
    again, _ = adopt_sent(done, rung("first-reminder"), 2, WORLD, LATER)
    assert (again.round, again.rungs) == (2, (rung("first-reminder"),)), "it was owed again meanwhile"
    live, _ = adopt_sent(replace(done, mode="shadow"), rung("second-reminder"), 2, WORLD, LATER)
    assert (live.round, {one.step for one in live.rungs}) == (2, {"first-reminder", "second-reminder"}), "it went live meanwhile"
    ended, _ = adopt_sent(replace(done, ended=Outcome.SETTLED), rung("first-reminder"), 3, WORLD, LATER)
    assert (ended.round, ended.rungs) == (2, done.rungs), "its third round begins when its ledger says that it is owed again"


def test_a_step_that_the_pinned_playbook_does_not_have_changes_nothing() -> None:
    case = late(20)
    assert adopt_sent(case, rung("of-a-later-playbook"), 1, WORLD, LATER) == (case, ())
    assert adopt_memory(case, replace(case, rungs=(rung("of-a-later-playbook"),)), WORLD, LATER)[0].rungs == ()


def test_a_run_gives_back_what_it_remembers_and_takes_nothing_away() -> None:
    hold = Hold(HoldKind.MANUAL, MONDAY + timedelta(days=5), "", "", MONDAY)
    mine = Hold(HoldKind.PAYMENT_REPORTED, MONDAY + timedelta(days=3), "they called", "Ann", LATER)
    promise = Promise(euros("100"), MONDAY.date(), MONDAY, euros("1200"), "")
    stored = late(20, seq=6, holds=(mine,), rungs=(rung("first-reminder", Fate.SKIPPED),))
    remembered = late(20, seq=10, holds=(hold,), promises=(promise,), rungs=(rung("first-reminder"), rung("second-reminder", Fate.UNKNOWN)))
    case, lines = adopt_memory(stored, remembered, WORLD, LATER)
    assert {one.step: one.fate for one in case.rungs} == {"first-reminder": Fate.ACCEPTED, "second-reminder": Fate.UNKNOWN}
    assert {one.kind for one in case.holds} == {HoldKind.MANUAL, HoldKind.PAYMENT_REPORTED}
    assert mine in case.holds, "what was said since the database was put back stays said"
    assert [one.by for one in case.promises] == [WORLD.owner]
    assert case.seq == 10
    assert len(lines) == 3
    again, nothing = adopt_memory(case, remembered, WORLD, LATER)
    assert (replace(again, promises=case.promises), nothing) == (case, ())


def test_of_two_promises_the_newest_stays_open_and_what_became_of_one_is_not_undone() -> None:
    first, second = (Promise(euros("100"), MONDAY.date(), MONDAY + timedelta(hours=n), euros("1200"), "Ann") for n in range(2))
    case, _ = adopt_memory(late(20, promises=(replace(first, standing=PromiseStanding.RELEASED), second)), late(20, promises=(first,)), WORLD, LATER)
    assert [one.standing for one in case.promises] == [PromiseStanding.RELEASED, PromiseStanding.OPEN]
    case, _ = adopt_memory(late(20, promises=(second,)), late(20, promises=(first,)), WORLD, LATER)
    assert [one.standing for one in case.promises] == [PromiseStanding.REPLACED, PromiseStanding.OPEN]


def test_a_run_of_a_later_round_brings_that_round_along() -> None:
    stored = late(20, ended=Outcome.SETTLED, rungs=(rung("first-reminder"),))
    case, _ = adopt_memory(stored, late(20, round=2, rungs=(rung("second-reminder", outreach="out_2"),)), WORLD, LATER)
    assert (case.round, case.ended, [one.step for one in case.rungs]) == (2, None, ["second-reminder"])


def test_what_may_have_gone_out_is_what_fell_due_in_the_time_that_is_missing() -> None:
    opens = WORLD.opening(MONDAY.date())
    assert [one.step.name for one in fell_due(late(20), WORLD, opens - timedelta(hours=1), opens + timedelta(hours=1)) if not one.rode_along]
    quiet = late(20, rungs=tuple(rung(step.name, Fate.DELIVERED, MONDAY - timedelta(days=1)) for step in STANDARD.steps if not step.severe))
    assert fell_due(quiet, WORLD, MONDAY, MONDAY + timedelta(hours=1)) == ()
    assert fell_due(late(20, ended=Outcome.STOPPED), WORLD, MONDAY, MONDAY + timedelta(days=9)) == ()
    held = late(20, holds=(Hold(HoldKind.MANUAL, MONDAY + timedelta(days=80), "x", "Ann", MONDAY),))
    assert fell_due(held, WORLD, MONDAY, LATER), "a hold known to the backup may have been released meanwhile"


def test_a_long_time_that_is_missing_may_hide_several_steps_one_gap_apart() -> None:
    found = [one for one in fell_due(late(3), WORLD, MONDAY, MONDAY + timedelta(days=60)) if not one.rode_along]
    assert len(found) > 2
    moments = [one.at for one in found]
    assert all(later - earlier >= timedelta(days=STANDARD.gap_days - 1) for earlier, later in pairwise(moments))


def test_a_note_soon_due_may_have_ridden_along_and_a_severe_step_never() -> None:
    (note,) = fell_due(replace(a_case(MONDAY.date() + timedelta(days=9)), entered=True), WORLD, MONDAY, LATER)
    assert (note.step.name, note.rode_along) == ("upcoming", True)


def test_what_is_presumed_sent_is_left_out_and_proves_no_delivery() -> None:
    step = STANDARD.step("second-reminder")
    case, (line,) = presume_sent(late(20), [step], WORLD, LATER)
    assert line.what == "second reminder left out: it may have been sent before this copy was restored"
    left = case.rung(step.name)
    assert left is not None and left.fate is Fate.PASSED_OVER and not left.is_contact
