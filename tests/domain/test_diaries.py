"""Ninety days of one invoice, as diaries anyone in finance can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from textwrap import dedent
from typing import Any

import pytest

from domain.case import Fate
from domain.customer import Behavior
from domain.decision import assess, record_contact
from domain.diary import write_diary
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, News, PaymentReported, PromiseMade, StepSkipped
from domain.facts import Mode
from domain.invoice import Invoice, Standing
from domain.timeline import Arrival, During, timeline
from support.worlds import MONDAY, a_case, a_customer, euros, facts

DUE = date(2026, 3, 20)


def diary(*arrivals: Arrival, due: date = DUE, days: int = 120, **world: Any) -> str:
    return write_diary(timeline(a_case(due), facts(**world), arrivals, MONDAY, MONDAY + timedelta(days=days)))


def on(day: int, *news: News, ledger: Callable[[Invoice], Invoice] | None = None, during: During = During.REST) -> Arrival:
    """Noon on the day that lies ``day`` days from the due date."""
    moment = datetime.combine(DUE + timedelta(days=day), MONDAY.timetz()) + timedelta(hours=3)
    return Arrival(moment, news, ledger, during)


def pays(amount: str) -> Callable[[Invoice], Invoice]:
    return lambda invoice: replace(invoice, balance=invoice.balance - euros(amount))


def test_the_standard_cadence_from_first_sight_to_the_monthly_statement() -> None:
    # Good Friday and Easter Monday move the second reminder, Labour Day the final notice.
    assert diary() == dedent("""\
        day  -18  Mon  2 Mar 2026  watching begins: 1,200.00 EUR open
        day   -7  Fri 13 Mar 2026  early note left out: only for customers who are always late
        day   -7  Fri 13 Mar 2026  upcoming sent by e-mail
        day   +0  Fri 20 Mar 2026  note shortly before the due date left out: only for customers who are always late
        day   +0  Fri 20 Mar 2026  due today sent by e-mail
        day   +5  Wed 25 Mar 2026  first reminder sent by e-mail
        day  +18  Tue  7 Apr 2026  second reminder sent by e-mail (planned for day +14: no business day)
        day  +28  Fri 17 Apr 2026  third reminder sent by e-mail
        day  +45  Mon  4 May 2026  final notice sent by e-mail (planned for day +42: no business day)
        day  +75  Wed  3 Jun 2026  statement 1 sent by e-mail""")


def test_a_payment_ends_it_at_once() -> None:
    assert diary(on(6, ledger=pays("1200.00"))).splitlines()[-2:] == [
        "day   +6  Thu 26 Mar 2026  1,200.00 EUR paid or credited, 0.00 EUR left",
        "day   +6  Thu 26 Mar 2026  paid in full",
    ]


def test_what_bank_charges_leave_is_not_chased() -> None:
    assert (
        diary(on(6, ledger=pays("1199.10"))).splitlines()[-1]
        == "day   +6  Thu 26 Mar 2026  0.90 EUR left over, within tolerance (bank charges or a discount taken)"
    )


def test_a_part_payment_goes_on_with_what_is_left() -> None:
    told = diary(on(6, ledger=pays("700.00")))
    assert "700.00 EUR paid or credited, 500.00 EUR left" in told
    assert "second reminder sent" in told


def test_a_kept_promise_ends_in_silence_and_a_broken_one_resumes_at_the_exact_step() -> None:
    promise = PromiseMade(DUE + timedelta(days=21), by="Ann")
    kept = diary(on(7, promise), on(20, ledger=pays("1200.00"))).splitlines()
    assert kept[-5:] == [
        "day   +7  Fri 27 Mar 2026  promise recorded: 1,200.00 EUR by Fri 10 Apr 2026 (told by Ann)",
        "day   +7  Fri 27 Mar 2026  confirmation of the promise sent by e-mail",
        "day  +20  Thu  9 Apr 2026  1,200.00 EUR paid or credited, 0.00 EUR left",
        "day  +20  Thu  9 Apr 2026  promise kept: 1,200.00 EUR by Fri 10 Apr 2026",
        "day  +20  Thu  9 Apr 2026  paid in full",
    ]
    broken = diary(on(7, promise))
    lines = broken.splitlines()
    place = next(number for number, line in enumerate(lines) if "promise broken" in line)
    assert "second reminder sent" in lines[place + 1]
    meanwhile = lines[lines.index(next(line for line in lines if "promise recorded" in line)) : place]
    assert [line.rpartition("  ")[2] for line in meanwhile if "sent by" in line] == ["confirmation of the promise sent by e-mail"]


def test_a_hold_is_silent_until_its_day_and_then_goes_on_where_it_was() -> None:
    told = diary(on(7, HoldPlaced(DUE + timedelta(days=40), by="Ann", why="new ERP")))
    lines = [line for line in told.splitlines() if "sent by" in line]
    assert [line for line in lines if "second reminder" in line] == ["day  +40  Wed 29 Apr 2026  second reminder sent by e-mail (planned for day +14: on hold)"]


def test_an_absence_that_is_heard_of_does_not_shorten_a_longer_hold_and_lengthens_a_shorter_one() -> None:
    told = diary(
        on(7, HoldPlaced(DUE + timedelta(days=40), by="Ann", why="new ERP")),
        on(8, HoldPlaced(DUE + timedelta(days=12), by="mail", why="out of office", at_least=True)),
        on(9, HoldPlaced(DUE + timedelta(days=50), by="mail", why="on leave", at_least=True)),
    )
    assert "held until Wed 29 Apr 2026 already: out of office" in told
    assert [line for line in told.splitlines() if "second reminder sent" in line] == [
        "day  +52  Mon 11 May 2026  second reminder sent by e-mail (planned for day +14: on hold)"
    ]


def test_a_release_lets_the_overdue_step_go_at_once() -> None:
    told = diary(on(7, HoldPlaced(DUE + timedelta(days=60), by="Ann")), on(20, HoldReleased(by="Ann", why="they called")))
    assert "day  +20  Thu  9 Apr 2026  second reminder sent by e-mail" in told


def test_a_skipped_step_is_left_out_for_good_and_the_next_keeps_its_day() -> None:
    told = diary(on(7, StepSkipped("second-reminder", by="Ann", why="spoke with them")))
    assert "second reminder skipped by Ann: spoke with them" in told
    assert "second reminder sent" not in told
    assert "third reminder sent" in told


def test_a_reported_payment_is_given_three_business_days() -> None:
    told = diary(on(13, PaymentReported(by="Ann", why="transfer shown")))
    assert "payment reported by Ann: quiet until Fri 10 Apr 2026 unless the ledger shows it sooner" in told
    assert "day  +21  Fri 10 Apr 2026  second reminder sent by e-mail" in told


def test_a_stop_ends_it_whatever_is_still_owed() -> None:
    assert diary(on(7, ChasingStopped(by="Ann", why="lawyer took over"))).splitlines()[-1] == "day   +7  Fri 27 Mar 2026  stopped by Ann: lawyer took over"


@pytest.mark.parametrize(
    ("standing", "end"),
    [(Standing.VOID, "voided in the ledger"), (Standing.WRITTEN_OFF, "written off in the ledger"), (Standing.CLOSED, "closed in the ledger")],
)
def test_what_the_ledger_ends_is_ended(standing: Standing, end: str) -> None:
    assert diary(on(7, ledger=lambda invoice: replace(invoice, standing=standing))).splitlines()[-1].endswith(end)


def test_a_due_date_that_moves_moves_what_is_left_and_repeats_nothing() -> None:
    told = diary(on(6, ledger=lambda invoice: replace(invoice, due=DUE + timedelta(days=30))))
    sent = [line.split("  ")[-1] for line in told.splitlines() if "sent by" in line]
    assert len(sent) == len(set(sent))
    assert "day  +15  Mon  4 May 2026  second reminder sent by e-mail" in told


def test_an_invoice_first_seen_sixty_days_late_enters_below_the_severe_steps() -> None:
    told = diary(due=date(2026, 1, 1)).splitlines()
    assert [line.split("  ")[-1] for line in told[1:7]] == [
        "early note left out: already 60 days late when first seen",
        "upcoming left out: already 60 days late when first seen",
        "note shortly before the due date left out: already 60 days late when first seen",
        "due today left out: already 60 days late when first seen",
        "first reminder left out: already 60 days late when first seen",
        "second reminder left out: already 60 days late when first seen",
    ]
    assert "third reminder sent" in told[7]
    assert told[8] == "day  +67  Mon  9 Mar 2026  final notice sent by e-mail (planned for day +42: 7 days' notice)"


def test_a_prompt_payer_is_not_nagged_on_the_due_day() -> None:
    told = diary(customer=a_customer(Behavior.PROMPT))
    assert "due today sent" not in told
    assert "due today left out: not needed for a customer who pays promptly" in told


def test_in_shadow_mode_nothing_leaves_and_the_diary_says_so() -> None:
    told = diary(mode=Mode.SHADOW)
    assert "sent by" not in told.replace("would have been sent by", "")
    assert "first reminder would have been sent by e-mail (nothing leaves yet)" in told


def test_word_that_comes_before_the_last_look_voids_the_message_and_after_it_does_not() -> None:
    hold = HoldPlaced(DUE + timedelta(days=40), by="Ann")
    before = diary(on(13, hold, during=During.FENCE))
    after = diary(on(13, hold, during=During.SENDING))
    assert "second reminder sent" in after.splitlines()[after.splitlines().index(next(line for line in after.splitlines() if "held until" in line)) - 1]
    assert "day  +40  Wed 29 Apr 2026  second reminder sent by e-mail (planned for day +14: on hold)" in before


def test_a_ladder_never_ends_by_being_finished() -> None:
    told = diary(days=400)
    statements = [line for line in told.splitlines() if "statement" in line]
    assert len(statements) >= 8


def test_severity_never_jumps_when_a_person_skips_every_reminder() -> None:
    skips = [on(day, StepSkipped(by="Ann", why="x")) for day in (1, 2, 3)]
    told = diary(*skips)
    assert "final notice sent" not in told


def test_promises_out_of_bounds_are_refused_and_change_nothing() -> None:
    wild = [
        PromiseMade(DUE - timedelta(days=30), by="A"),
        PromiseMade(DUE + timedelta(days=300), by="A"),
        PromiseMade(DUE + timedelta(days=9), Decimal("5000"), by="A"),
        PromiseMade(DUE + timedelta(days=9), Decimal("NaN"), by="A"),
    ]
    assert diary(*(on(7 + number, word) for number, word in enumerate(wild))) == diary()


def test_a_hold_for_ever_is_refused() -> None:
    assert diary(on(7, HoldPlaced(DUE + timedelta(days=500), by="A"))) == diary()


def test_what_was_accepted_and_did_not_bounce_is_presumed_delivered_and_marked_so() -> None:
    case, world = a_case(DUE), facts()
    friday = datetime(2026, 3, 27, 9, 30, tzinfo=MONDAY.tzinfo)
    case, _ = record_contact(case, "first-reminder", "email", Fate.ACCEPTED, "out-1", world, friday)
    monday, tuesday = (assess(case, case.invoice, (), world, friday + timedelta(days=days)) for days in (3, 4))
    assert [rung.fate for rung in monday.case.rungs if rung.step == "first-reminder"] == [Fate.ACCEPTED]
    assert [rung.fate for rung in tuesday.case.rungs if rung.step == "first-reminder"] == [Fate.PRESUMED]
    assert "first reminder presumed delivered: no bounce in 2 business days" in [entry.what for entry in tuesday.entries]
