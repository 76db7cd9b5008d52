from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from domain import desk
from domain.bundle import compose
from domain.case import Case, Fate, Rung
from domain.customer import Behavior
from domain.decision import Perform, Wait, decide
from domain.event import HoldPlaced
from domain.facts import Books, Contacted, Envelope, Facts
from domain.fold import fold
from domain.money import Money
from domain.playbook import Stage
from support.worlds import MONDAY, STANDARD, a_case, a_customer, facts

FIRST = STANDARD.step("first-reminder")
UPCOMING = STANDARD.step("upcoming")


def heard(*days_ago: float, stage: Stage = Stage.REMINDER) -> tuple[Contacted, ...]:
    return tuple(Contacted(MONDAY - timedelta(days=days), stage) for days in days_ago)


def test_a_customer_who_heard_nothing_lately_may_be_written_to() -> None:
    assert desk.allow(FIRST, "email", facts(), MONDAY) is None


@pytest.mark.parametrize(
    ("contacts", "rule", "until_day"),
    [
        ((1,), "gap", date(2026, 3, 4)),
        ((0.1,), "gap", date(2026, 3, 5)),
        ((3, 4, 5), "caps", date(2026, 3, 4)),
        ((*tuple(range(3, 29, 3))[:9], 29), "caps", date(2026, 3, 3)),
    ],
)
def test_the_gap_and_the_caps_say_until_when(contacts: tuple[float, ...], rule: str, until_day: date) -> None:
    refusal = desk.allow(FIRST, "email", facts(contacts=heard(*contacts)), MONDAY)
    assert refusal is not None
    assert (refusal.rule, refusal.until.date()) == (rule, until_day)
    assert desk.allow(FIRST, "email", facts(contacts=heard(*contacts)), refusal.until) is None


def test_nobody_is_written_to_on_a_sunday_night() -> None:
    sunday = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    refusal = desk.allow(FIRST, "email", facts(), sunday)
    assert refusal is not None
    assert refusal.rule == "hours"
    assert refusal.until.date() == date(2026, 3, 2)


def test_a_prompt_payer_gets_one_note_a_week_before_the_due_date() -> None:
    prompt = facts(customer=a_customer(Behavior.PROMPT), contacts=heard(4, stage=Stage.COURTESY))
    refusal = desk.allow(UPCOMING, "email", prompt, MONDAY)
    assert refusal is not None
    assert refusal.rule == "courtesy"
    assert desk.allow(FIRST, "email", prompt, MONDAY) is None


def world(case: Case, **fields: object) -> tuple[Case, Facts]:
    return case, facts(**fields)


def late(number: str, days: int, **fields: object) -> Case:
    case = a_case(MONDAY.date() - timedelta(days=days), number=number, **fields)
    return replace(case, entered=True, rungs=(Rung("upcoming", Fate.PASSED_OVER, MONDAY), Rung("due-today", Fate.PASSED_OVER, MONDAY)))


def test_everything_due_goes_out_in_one_message_worded_by_the_oldest() -> None:
    first, second = late("INV-1", 10), late("INV-2", 12)
    bundle = compose(first.id, [world(first), world(second)], {}, MONDAY)
    assert bundle is not None
    assert [share.case.invoice.number for share in bundle.shares] == ["INV-2", "INV-1"]


def test_what_falls_due_within_the_window_rides_along_and_what_is_later_does_not() -> None:
    now, soon, later = late("INV-1", 10), a_case(MONDAY.date() + timedelta(days=9), number="INV-2"), a_case(MONDAY.date() + timedelta(days=20), number="INV-3")
    bundle = compose(now.id, [world(now), world(soon), world(later)], {}, MONDAY)
    assert bundle is not None
    assert [(share.case.invoice.number, share.step.name, share.leads) for share in bundle.shares] == [
        ("INV-1", "first-reminder", True),
        ("INV-2", "upcoming", False),
    ]


def test_currencies_and_sellers_are_never_put_into_one_message() -> None:
    euros, dollars = late("INV-1", 10), late("INV-2", 10, currency="USD")
    other = late("INV-3", 10)
    other = replace(other, invoice=replace(other.invoice, seller="another"))
    bundle = compose(euros.id, [world(euros), world(dollars), world(other)], {}, MONDAY)
    assert bundle is not None
    assert [share.case.invoice.number for share in bundle.shares] == ["INV-1"]


def ready_for_final(number: str) -> Case:
    case = a_case(MONDAY.date() - timedelta(days=60), number=number)
    before = [Rung(step.name, Fate.DELIVERED, MONDAY - timedelta(days=30)) for step in STANDARD.steps if not step.severe]
    return replace(case, entered=True, rungs=tuple(before))


def test_a_final_notice_never_rides_in_a_friendly_message_but_carries_it() -> None:
    soft, severe = late("INV-1", 10), ready_for_final("INV-2")
    bundle = compose(soft.id, [world(soft), world(severe)], {}, MONDAY)
    assert bundle is not None
    assert bundle.step.name == "final-notice"
    assert [(share.case.invoice.number, share.leads) for share in bundle.shares] == [("INV-2", True), ("INV-1", False)]


def test_an_invoice_on_hold_is_left_out_of_the_message() -> None:
    first, held = late("INV-1", 10), late("INV-2", 10)
    held = fold(held, HoldPlaced(by="Ann"), facts(), MONDAY).case
    bundle = compose(first.id, [world(first), world(held)], {}, MONDAY)
    assert bundle is not None
    assert [share.case.invoice.number for share in bundle.shares] == ["INV-1"]


def test_what_the_ledger_shows_as_paid_drops_out_and_the_wording_is_chosen_again() -> None:
    soft, severe = late("INV-1", 10), ready_for_final("INV-2")
    paid = replace(severe.invoice, balance=Money(Decimal(0), "EUR"))
    bundle = compose(soft.id, [world(soft), world(severe)], {paid.id: paid}, MONDAY)
    assert bundle is not None
    assert bundle.step.name == "first-reminder"
    assert [share.case.invoice.number for share in bundle.shares] == ["INV-1"]


@pytest.mark.parametrize(
    ("books", "rule"),
    [
        (Books("s", problem="time-out", remedy="x"), "ledger"),
        (Books("s", read_at=MONDAY - timedelta(hours=30), max_age=timedelta(hours=24), posted_through=date(2100, 1, 1)), "stale"),
        (Books("s", read_at=MONDAY, posted_through=None), "books"),
        (Books("s", read_at=MONDAY, posted_through=date(2026, 2, 26)), "books"),
    ],
)
def test_a_ledger_that_cannot_be_believed_silences_and_tells_the_owner_what_to_do(books: Books, rule: str) -> None:
    verdict = decide(late("INV-1", 10), facts(books=books), MONDAY)
    assert isinstance(verdict.decision, Wait)
    assert verdict.rule == rule
    assert verdict.tasks[0].remedy


def test_books_posted_through_the_last_business_day_are_enough_after_a_weekend() -> None:
    books = Books("s", read_at=MONDAY, posted_through=date(2026, 2, 27))
    assert isinstance(decide(late("INV-1", 10), facts(books=books), MONDAY).decision, Perform)


def test_a_note_before_the_due_date_does_not_wait_for_the_books() -> None:
    soon = a_case(MONDAY.date() + timedelta(days=7))
    assert isinstance(decide(soon, facts(books=Books("s", read_at=MONDAY)), MONDAY).decision, Perform)


def test_the_switch_stops_everything_and_says_why() -> None:
    verdict = decide(late("INV-1", 10), facts(switched_off="bank migration"), MONDAY)
    assert verdict.rule == "switched-off"
    assert getattr(verdict.decision, "detail", "") == "bank migration"


def test_nobody_reachable_becomes_a_task_and_not_an_error() -> None:
    nobody = replace(a_customer(), contacts=())
    verdict = decide(late("INV-1", 10), facts(customer=nobody), MONDAY)
    assert verdict.rule == "unreachable"
    assert verdict.tasks[0].kind == "repair_contact"


def test_a_cap_for_demonstrations_can_be_wide() -> None:
    assert desk.allow(FIRST, "email", facts(envelope=Envelope(per_day=5), contacts=heard(4, 5)), MONDAY) is None
