"""Quiet periods: nothing leaves, and the clock runs on or stands still, as whoever set them said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import desk
from domain.decision import Wait, decide
from domain.diary import write_diary
from domain.playbook import Stage, Step, Verb
from domain.quiet import QuietPeriod, count_running, find_quiet, move
from domain.timeline import timeline
from support.worlds import MONDAY, STANDARD, a_case, facts

DUE = date(2026, 3, 20)
FIRST = STANDARD.step("first-reminder")


def quiet(first: int, last: int, stops_clock: bool = False, why: str = "stocktaking") -> QuietPeriod:
    """Days counted from the due date."""
    return QuietPeriod(DUE + timedelta(days=first), DUE + timedelta(days=last), why, stops_clock)


def diary(*periods: QuietPeriod, days: int = 75, **world: Any) -> list[str]:
    told = write_diary(timeline(a_case(DUE), facts(quiet=periods, **world), (), MONDAY, MONDAY + timedelta(days=days)))
    return [line for line in told.splitlines() if "sent by" in line or ("left out" in line and "only for" not in line)]


def test_in_a_quiet_period_sending_waits_and_the_diary_says_for_what() -> None:
    assert diary(quiet(3, 9)) == [
        "day   -7  Fri 13 Mar 2026  upcoming sent by e-mail",
        "day   +0  Fri 20 Mar 2026  due today sent by e-mail",
        "day  +10  Mon 30 Mar 2026  first reminder sent by e-mail (planned for day +5: a quiet period)",
        "day  +18  Tue  7 Apr 2026  second reminder sent by e-mail (planned for day +14: no business day)",
        "day  +28  Fri 17 Apr 2026  third reminder sent by e-mail",
        "day  +45  Mon  4 May 2026  final notice sent by e-mail (planned for day +42: no business day)",
    ]


def test_where_the_clock_stops_every_later_step_comes_later_by_the_days_of_the_period() -> None:
    assert diary(quiet(3, 9, stops_clock=True)) == [
        "day   -7  Fri 13 Mar 2026  upcoming sent by e-mail",
        "day   +0  Fri 20 Mar 2026  due today sent by e-mail",
        "day  +12  Wed  1 Apr 2026  first reminder sent by e-mail (planned for day +5: a quiet period)",
        "day  +21  Fri 10 Apr 2026  second reminder sent by e-mail (planned for day +14: a quiet period)",
        "day  +35  Fri 24 Apr 2026  third reminder sent by e-mail (planned for day +28: a quiet period)",
        "day  +49  Fri  8 May 2026  final notice sent by e-mail (planned for day +42: a quiet period)",
    ]


def test_a_note_before_the_due_date_waits_but_is_never_moved_past_it() -> None:
    told = diary(quiet(-8, -1, stops_clock=True))
    assert told[0].startswith("day   +0  Fri 20 Mar 2026  upcoming left out")
    assert told[1] == "day   +0  Fri 20 Mar 2026  due today sent by e-mail"


def test_what_a_person_wrote_about_a_quiet_period_stays_out_of_the_reason() -> None:
    case = replace(a_case(MONDAY.date() - timedelta(days=7)), entered=True)
    verdict = decide(case, facts(quiet=(QuietPeriod(MONDAY.date(), MONDAY.date(), "Bea is getting married"),)), MONDAY)
    assert verdict.rule == "quiet" and isinstance(verdict.decision, Wait)
    assert "Bea" not in verdict.decision.why
    assert verdict.decision.detail == "Bea is getting married"


def test_one_quiet_period_after_the_other_is_one_silence() -> None:
    day = MONDAY.date()
    periods = (QuietPeriod(day + timedelta(days=2), day + timedelta(days=8), "b"), QuietPeriod(day, day + timedelta(days=1), "a"))
    refusal = desk.allow(FIRST, "email", facts(quiet=periods), MONDAY)
    assert refusal is not None and refusal.rule == "quiet"
    assert refusal.until.date() == day + timedelta(days=9)


def test_our_own_work_goes_on_in_a_quiet_period() -> None:
    call = Step("call", Verb.REQUEST_CALL, ("task",), "", Stage.CALL, day=10)
    period = (QuietPeriod(MONDAY.date(), MONDAY.date(), "x"),)
    assert desk.allow(call, "task", facts(quiet=period), MONDAY) is None


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="last_day: 2026-03-01 comes before the first day 2026-03-02"):
        QuietPeriod(date(2026, 3, 2), date(2026, 3, 1), "x")


PERIODS = st.lists(st.builds(lambda first, days, stops: quiet(first, first + days, stops), st.integers(-10, 60), st.integers(0, 20), st.booleans()), max_size=5)


@given(periods=PERIODS, planned=st.integers(-10, 60))
def test_a_moved_day_lies_as_many_running_days_after_the_due_date_as_it_was_planned(periods: list[QuietPeriod], planned: int) -> None:
    day = move(DUE + timedelta(days=planned), DUE, periods)
    if planned <= 0:
        assert day == DUE + timedelta(days=planned)
        return
    assert count_running(DUE, day, periods) == planned
    assert not any(period.stops_clock and period.covers(day) for period in periods)
    between = (DUE + timedelta(days=n) for n in range(1, (day - DUE).days))
    still = sum(any(period.stops_clock and period.covers(one) for period in periods) for one in between)
    assert day == DUE + timedelta(days=planned + still)


@given(periods=PERIODS, day=st.integers(-15, 90))
def test_the_period_found_is_one_that_covers_the_day(periods: list[QuietPeriod], day: int) -> None:
    found = find_quiet(periods, DUE + timedelta(days=day))
    assert (found is not None) == any(period.covers(DUE + timedelta(days=day)) for period in periods)
    assert found is None or found.covers(DUE + timedelta(days=day))
