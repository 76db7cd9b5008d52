"""The weekly review: what stands in it and why, and who is told when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import BusinessCalendar
from domain.case import Case, Dispute, Fate, Hold, HoldKind, Outcome, Promise, PromiseStanding, Rung
from domain.money import Tolerance
from domain.review import (
    DIGEST,
    Digest,
    Item,
    Mailed,
    MailState,
    Over,
    Reason,
    Rest,
    Review,
    Send,
    Watched,
    decide,
    gather,
    name_week,
    review_id,
    write_sums,
)
from support.worlds import MONDAY, STANDARD, a_case, euros

ZONE = "Europe/Berlin"
WEEKDAYS = BusinessCalendar()


def reasons(case: Case, **around: Any) -> tuple[Reason, ...]:
    found = gather([Watched(case, STANDARD, **around)], Tolerance(), ZONE, MONDAY).items
    return found[0].reasons if found else ()


def late(days: int, *rungs: tuple[str, int], **fields: Any) -> Case:
    """A case so many days late; ``rungs`` are steps delivered so many days ago."""
    told = tuple(Rung(step, Fate.DELIVERED, MONDAY - timedelta(days=ago), "email", f"out-{step}") for step, ago in rungs)
    return replace(a_case(MONDAY.date() - timedelta(days=days), MONDAY - timedelta(days=60)), rungs=told, **fields)


def ago(days: int) -> datetime:
    return MONDAY - timedelta(days=days)


def test_overdue_money_that_nobody_has_done_anything_about_for_two_weeks_is_untouched() -> None:
    assert reasons(late(20)) == (Reason.UNTOUCHED,)
    assert reasons(late(20, ("first-reminder", 15))) == (Reason.UNTOUCHED,)


def test_a_contact_a_task_a_hold_a_dispute_a_promise_or_an_answer_of_the_last_two_weeks_is_a_touch() -> None:
    today = MONDAY.date()
    hold = Hold(HoldKind.MANUAL, MONDAY + timedelta(days=1), "why", "Ann", ago(40))
    promise = Promise(euros("1200"), today + timedelta(days=2), ago(20), euros("1200"), "Ann")
    dispute = Dispute(euros("1200"), "price", "Tom", today - timedelta(days=3), ago(30), "Ann")
    assert reasons(late(20, ("first-reminder", 13))) == ()
    assert reasons(late(20), answered_at=ago(3)) == ()
    assert reasons(late(20), task_at=ago(3)) == ()
    assert reasons(late(20), task_at=ago(30), task_due=today) == ()
    assert reasons(late(20, holds=(hold,))) == ()
    assert reasons(late(20, promises=(promise,))) == ()
    assert reasons(late(20, disputes=(dispute,))) == ()
    assert reasons(late(20, spoken_at=ago(2))) == ()


def test_a_task_or_a_dispute_that_was_left_lying_is_no_touch() -> None:
    today = MONDAY.date()
    dispute = Dispute(euros("1200"), "price", "Tom", today - timedelta(days=15), ago(60), "Ann")
    assert reasons(late(40), task_at=ago(30), task_due=today - timedelta(days=15)) == (Reason.UNTOUCHED,)
    assert reasons(late(40, disputes=(dispute,))) == (Reason.UNTOUCHED,)


def test_two_unanswered_tiers_flag_an_invoice_and_an_answer_takes_the_flag_away() -> None:
    told = late(30, ("first-reminder", 10), ("second-reminder", 4))
    assert reasons(told) == (Reason.FLAGGED, Reason.UNANSWERED)
    assert reasons(told, answered_at=ago(2)) == ()
    assert reasons(told, answered_at=ago(7)) == ()
    assert reasons(replace(told, invoice=replace(told.invoice, paid_on=MONDAY.date() - timedelta(days=1)))) == ()


def test_a_playbook_says_itself_after_how_many_tiers_the_owner_is_to_look() -> None:
    patient = replace(STANDARD, review_after=3)
    told = late(30, ("first-reminder", 10), ("second-reminder", 4))
    assert gather([Watched(told, patient)], Tolerance(), ZONE, MONDAY).items[0].reasons == (Reason.UNANSWERED,)
    third = late(30, ("first-reminder", 12), ("second-reminder", 8), ("third-reminder", 4))
    assert gather([Watched(third, patient)], Tolerance(), ZONE, MONDAY).items[0].reasons == (Reason.FLAGGED, Reason.UNANSWERED)


def test_statements_are_no_tier() -> None:
    assert reasons(late(50, ("statement-1", 9), ("statement-2", 2))) == ()


def test_a_month_before_its_write_off_an_invoice_comes_before_the_owner() -> None:
    assert reasons(late(59, ("statement-1", 2))) == ()
    assert reasons(late(60, ("statement-1", 2))) == (Reason.NEAR_WRITE_OFF,)


@pytest.mark.parametrize("standing, shown", [(PromiseStanding.BROKEN, True), (PromiseStanding.PARTLY_KEPT, True), (PromiseStanding.KEPT, False)])
def test_a_broken_promise_comes_before_the_owner_until_a_newer_one_stands(standing: PromiseStanding, shown: bool) -> None:
    broken = Promise(euros("1200"), MONDAY.date() - timedelta(days=5), ago(10), euros("1200"), "Ann", standing)
    newer = Promise(euros("1200"), MONDAY.date() + timedelta(days=5), ago(1), euros("1200"), "Ann")
    assert (Reason.BROKEN_PROMISE in reasons(late(20, ("first-reminder", 9), promises=(broken,)))) is shown
    assert reasons(late(20, ("first-reminder", 9), promises=(broken, newer))) == ()


def test_what_is_not_late_paid_or_ended_is_nobody_s_worry() -> None:
    paid = late(40)
    assert reasons(late(0)) == ()
    assert reasons(replace(paid, invoice=replace(paid.invoice, balance=euros("0.80")))) == ()
    assert reasons(replace(paid, ended=Outcome.STOPPED)) == ()


def test_each_invoice_stands_once_under_its_weightiest_reason_and_currencies_are_never_added_together() -> None:
    dollars = a_case(MONDAY.date() - timedelta(days=70), ago(70), number="INV-2", currency="USD", balance="99.00")
    digest = gather([Watched(late(30), STANDARD), Watched(dollars, STANDARD), Watched(late(61, ("final-notice", 3)), STANDARD)], Tolerance(), ZONE, MONDAY)
    assert write_sums(digest.untouched) == "1,200.00 EUR and 99.00 USD"
    assert [len(digest.under(reason)) for reason in Reason] == [2, 1, 0, 0, 0]


def test_a_week_is_named_by_its_iso_number_whatever_the_year_says() -> None:
    assert [name_week(day) for day in (date(2026, 3, 2), date(2027, 1, 1), date(2024, 12, 30))] == ["2026-W10", "2026-W53", "2025-W01"]


# Monday 2 March 2026, opened at eight in Berlin.
OPENED = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ITEM = Item("inv_1", "cus_1", euros("1200"), 20, (Reason.UNTOUCHED,))


def a_review(**fields: Any) -> Review:
    made = Review(review_id("s", "2026-W10"), "s", "2026-W10", date(2026, 3, 2), OPENED, Digest((ITEM,)), (euros("1200"),))
    return replace(made, **fields)


def told_on(review: Review, *, deputy: bool, days: int = 14, calendar: BusinessCalendar = WEEKDAYS) -> list[str]:
    """Who is told on which day, when everything sent is accepted; each line is a day and a level."""
    now, told = OPENED, []
    while now < OPENED + timedelta(days=days):
        match decide(review, deputy, calendar, ZONE, 8, now):
            case Send(level=level, to_deputy=to_deputy):
                told.append(f"{now:%a %d %H:%M} {'deputy' if to_deputy else 'owner'}")
                review = replace(review, mailed=(*review.mailed, Mailed(level, MailState.ACCEPTED, now)))
            case Rest(until=until):
                assert until > now
                now = until
            case Over():
                break
    return told


def test_the_owner_is_told_at_once_daily_after_three_working_days_and_after_seven_the_deputy_too() -> None:
    assert told_on(a_review(), deputy=True, days=11) == [
        "Mon 02 07:00 owner",
        "Thu 05 07:00 owner",
        "Fri 06 07:00 owner",
        "Mon 09 07:00 owner",
        "Tue 10 07:00 owner",
        "Wed 11 07:00 owner",
        "Wed 11 07:00 deputy",
        "Thu 12 07:00 owner",
        "Thu 12 07:00 deputy",
    ]


def test_without_a_deputy_the_owner_alone_is_reminded() -> None:
    assert told_on(a_review(), deputy=False, days=11)[-2:] == ["Wed 11 07:00 owner", "Thu 12 07:00 owner"]


def test_a_review_that_takes_the_place_of_an_unread_one_inherits_how_long_it_has_waited() -> None:
    next_week = a_review(since=date(2026, 2, 23))
    assert told_on(next_week, deputy=True, days=3) == [
        "Mon 02 07:00 owner",
        "Tue 03 07:00 owner",
        "Wed 04 07:00 owner",
        "Wed 04 07:00 deputy",
    ]


def test_holidays_are_no_working_days() -> None:
    carnival = BusinessCalendar(frozenset({date(2026, 3, 3), date(2026, 3, 6)}))
    assert told_on(a_review(), deputy=False, days=7, calendar=carnival) == ["Mon 02 07:00 owner"]
    assert told_on(a_review(), deputy=False, days=8, calendar=carnival)[1:] == ["Mon 09 07:00 owner"]


def test_the_hour_is_the_seller_s_also_when_its_clocks_change() -> None:
    review = a_review(since=date(2026, 3, 23), opened_at=datetime(2026, 3, 23, 7, tzinfo=UTC), mailed=(Mailed(DIGEST, MailState.ACCEPTED, OPENED),))
    monday = decide(review, False, WEEKDAYS, ZONE, 8, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert monday == Rest(datetime(2026, 3, 30, 6, tzinfo=UTC))


def test_it_is_over_when_it_is_reviewed_replaced_or_all_of_it_is_paid() -> None:
    told = a_review(mailed=(Mailed(DIGEST, MailState.ACCEPTED, OPENED),))
    later = OPENED + timedelta(days=4)
    assert decide(replace(told, is_reviewed=True), True, WEEKDAYS, ZONE, 8, later) == Over("reviewed")
    assert decide(replace(told, is_replaced=True), True, WEEKDAYS, ZONE, 8, later) == Over("replaced")
    assert decide(replace(told, at_stake=()), True, WEEKDAYS, ZONE, 8, later) == Over("nothing to review")
    assert isinstance(decide(told, True, WEEKDAYS, ZONE, 8, later), Send)


def test_an_empty_review_is_told_once_and_over() -> None:
    empty = a_review(digest=Digest(()), at_stake=())
    assert told_on(empty, deputy=True) == ["Mon 02 07:00 owner"]


def test_a_mail_that_was_not_taken_is_tried_again_every_hour_and_one_whose_fate_is_unknown_never() -> None:
    refused = a_review(mailed=(Mailed(DIGEST, MailState.REFUSED, OPENED, try_again=True),))
    assert decide(refused, False, WEEKDAYS, ZONE, 8, OPENED + timedelta(minutes=5)) == Rest(OPENED + timedelta(hours=1))
    assert decide(refused, False, WEEKDAYS, ZONE, 8, OPENED + timedelta(hours=1)) == Send(DIGEST)
    for state in (MailState.UNKNOWN, MailState.SENDING, MailState.SHADOWED, MailState.REFUSED):
        known = a_review(mailed=(Mailed(DIGEST, state, OPENED),))
        assert isinstance(decide(known, False, WEEKDAYS, ZONE, 8, OPENED + timedelta(hours=1)), Rest)
