"""What users of other systems complain about, as promises: what an invoice does by itself. Each names the complaint it answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

import playbooks
from domain import desk
from domain.calendar import ContactHours, zone
from domain.case import ApprovalStanding, Case, Fate, HoldKind, PromiseStanding, Rung
from domain.customer import Contact, Role
from domain.decision import Assessment, Close, Perform, Wait, assess, record_contact
from domain.diary import Entry, EntryKind
from domain.event import ApprovalAsked, ApprovalGiven, HoldPlaced, News, PaymentReported, PromiseMade, Replied, Spoken, StepSkipped
from domain.facts import Facts
from domain.fold import fold
from domain.invoice import Standing
from domain.ladder import next_step
from domain.playbook import Afterwards, CatchUp, Playbook, Stage, Step, Verb
from domain.timeline import timeline
from support.worlds import MONDAY, STANDARD, a_case, a_customer, euros, facts

DUE = date(2026, 3, 20)


def at(day: int, hour: int = 10) -> datetime:
    """That hour in Berlin's winter time on the day so many days from the due date."""
    return datetime.combine(DUE + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=hour - 1)


def look(case: Case, now: datetime, *news: News, world: Facts | None = None, **ledger: Any) -> Assessment:
    """What a look at ``now`` finds, with these fields of the ledger's invoice changed."""
    world = world or facts()
    return assess(case, replace(case.invoice, **ledger), news, replace(world, books=replace(world.books, read_at=now)), now)


def watched(due: date = DUE, **fields: Any) -> Case:
    """An invoice that has been looked at once, before it was due."""
    return look(a_case(due, **fields), MONDAY).case


def sent(entries: tuple[Entry, ...]) -> list[Entry]:
    return [entry for entry in entries if entry.kind is EntryKind.CONTACT and " sent " in entry.what]


def reminded(case: Case, *steps: str, day: int = 0) -> Case:
    """``case`` after these steps were delivered on a day."""
    for step in steps:
        case, _ = record_contact(case, step, "email", Fate.DELIVERED, f"out-{step}", facts(), at(day))
    return case


def test_a_day_on_which_nothing_ran_is_made_up_for_and_no_step_is_left_out() -> None:
    # invoiceninja/invoiceninja#2183, #637
    case = watched()
    steps: list[str] = []
    now = at(20)
    while len(steps) < 3:
        heard = look(case, now)
        if isinstance(act := heard.verdict.decision, Perform):
            steps.append(act.step)
            case, _ = record_contact(heard.case, act.step, act.channel, Fate.DELIVERED, "", facts(), now)
        else:
            assert isinstance(heard.verdict.decision, Wait)
            case, now = heard.case, heard.verdict.decision.until
    assert steps == ["first-reminder", "second-reminder", "third-reminder"]


def test_after_an_import_or_an_outage_reminders_resume_one_at_a_time_and_a_gap_apart() -> None:
    # invoiceninja/invoiceninja#11854
    spaced = replace(STANDARD, catch_up=CatchUp.SPACED)
    told = sent(timeline(a_case(MONDAY.date() - timedelta(days=75)), facts(playbook=spaced), (), MONDAY, MONDAY + timedelta(days=25)))
    assert [entry.what.partition(" sent")[0] for entry in told] == ["first reminder", "second reminder", "third reminder", "final notice"]
    assert all((after.on - before.on).days >= spaced.gap_days for before, after in pairwise(told))


def test_a_due_date_that_is_edited_moves_the_next_step_and_it_says_to_when() -> None:
    # invoiceninja/invoiceninja#7460
    looked = look(reminded(watched(), "upcoming", "due-today", "first-reminder", day=5), at(6))
    heard = look(looked.case, at(6), due=DUE + timedelta(days=30))
    before, after = looked.verdict.decision, heard.verdict.decision
    assert isinstance(before, Wait) and isinstance(after, Wait)
    assert (after.until - before.until).days in range(25, 32)
    assert after.why.startswith("second reminder planned for Mon 4 May 2026")
    assert [entry.what for entry in heard.entries] == ["due date moved from Fri 20 Mar 2026 to Sun 19 Apr 2026"]


@pytest.mark.parametrize("ledger", [{"balance": euros("0.00")}, {"standing": Standing.VOID}, {"standing": Standing.CLOSED, "balance": euros("0.00")}])
def test_whatever_takes_the_debt_away_ends_it_and_money_taken_back_begins_it_anew(ledger: dict[str, Any]) -> None:
    # killbill/killbill#695
    over = look(reminded(watched(), "first-reminder"), at(6), **ledger)
    assert isinstance(over.verdict.decision, Close) and over.case.ended
    again = look(over.case, at(9), balance=euros("1200.00"), standing=Standing.OPEN)
    assert again.case.ended is None
    assert again.case.round == 2 and again.entries[-1].what.startswith(("owed again", "first reminder", "upcoming", "due today"))
    assert not any(rung.is_contact for rung in again.case.rungs)


def test_what_has_ended_is_looked_at_in_vain() -> None:
    # killbill/killbill#894
    over = look(watched(), at(6), balance=euros("0.00")).case
    for day in range(7, 400, 20):
        heard = look(over, at(day))
        assert isinstance(heard.verdict.decision, Close)
        assert (heard.case, heard.entries, heard.verdict.tasks) == (over, (), ())


def test_what_the_customer_or_a_colleague_does_uses_up_no_step() -> None:
    # polarsource/polar#10811
    before = look(reminded(watched(), "upcoming", "due-today", day=0), at(1)).case
    case = before
    words: tuple[News, ...] = (Spoken(by="Ann"), Spoken(False, by="Ann"), PaymentReported(by="Bea"), Spoken(by="Ann"), Replied(by="Bea"))
    for day, word in enumerate(words):
        case = look(case, at(2 + day), word, balance=euros(f"{1200 - 10 * day}.00")).case
    assert next_step(case, facts()).name == "first-reminder"
    assert case.rungs == before.rungs
    assert {rung.step for rung in case.rungs if rung.is_contact} == {"upcoming", "due-today"}


def test_days_before_and_after_the_due_date_are_what_they_say_and_the_preview_shows_the_dates() -> None:
    # Dolibarr/dolibarr#30771
    wednesday = date(2026, 4, 22)
    told = sent(timeline(watched(wednesday), facts(), (), MONDAY, MONDAY + timedelta(days=90)))
    planned = {step.title: step.day for step in STANDARD.steps if step.day is not None}
    assert {entry.what.partition(" sent")[0]: (entry.day, (entry.on - wednesday).days) for entry in told}.items() >= {
        "upcoming": (planned["upcoming"], -7),
        "due today": (planned["due today"], 0),
        "second reminder": (planned["second reminder"], 14),
    }.items()


def test_nobody_is_reminded_every_day_for_ever() -> None:
    # tendenci/tendenci#1382
    told = sent(timeline(watched(), facts(), (), MONDAY, MONDAY + timedelta(days=500)))
    days = [entry.on for entry in told]
    assert len(told) > 12, "chasing has stopped without a word"
    assert all((after - before).days >= 28 for before, after in pairwise(days[6:]))
    assert all(sum(0 <= (day - first).days < 30 for day in days) <= 4 for first in days)


def test_every_hold_says_who_and_why_and_ends_by_itself() -> None:
    # invoiceninja/invoiceninja#1578
    asked = fold(watched(), HoldPlaced(DUE + timedelta(days=20), by="Ann", why="their ERP is new"), facts(), at(2))
    (hold,) = asked.case.holds
    assert (hold.kind, hold.by, hold.why) == (HoldKind.MANUAL, "Ann", "their ERP is new")
    during, after = look(asked.case, at(19)).verdict, look(asked.case, at(20)).verdict
    assert (during.rule, during.decision.why if isinstance(during.decision, Wait) else "") == ("hold", "on hold until Thu 9 Apr 2026")
    assert isinstance(after.decision, Perform)
    for_ever = fold(watched(), HoldPlaced(DUE + timedelta(days=4000), by="Ann"), facts(), at(2))
    assert not for_ever.reply.taken and for_ever.case.holds == ()


def test_a_policy_has_as_many_steps_before_and_after_the_due_date_as_wanted() -> None:
    # invoiceninja/invoiceninja#925, #2865
    days = (-28, -21, -14, -7, 1, 8, 15, 22, 29, 36, 43, 50)
    stages = [Stage.COURTESY if day < 0 else Stage.REMINDER for day in days]
    steps = tuple(
        Step(f"step-{number}", Verb.REMIND, ("email",), "upcoming", stage, day=day) for number, (day, stage) in enumerate(zip(days, stages, strict=True))
    )
    long = Playbook("long", "Long", "en", steps, Afterwards(30, ("email",), "statement"))
    told = sent(timeline(a_case(date(2026, 4, 15)), facts(playbook=long), (), MONDAY, MONDAY + timedelta(days=100)))
    assert [entry.what.partition(" sent")[0] for entry in told][: len(days)] == [f"step {number}" for number in range(len(days))]


def test_nothing_is_sent_on_weekends_holidays_or_outside_hours_wherever_the_customer_may_be() -> None:
    # invoiceninja/invoiceninja#9538, #2359
    world = facts(customer=a_customer(zones=("Europe/Berlin", "America/New_York")))
    allowed = [
        moment for hours in range(24 * 21) if desk.allow(STANDARD.step("first-reminder"), "email", world, moment := at(7) + timedelta(hours=hours)) is None
    ]
    locals_ = [moment.astimezone(zone(name)) for moment in allowed for name in world.customer.zones]
    assert allowed and all(8 <= local.hour < 18 and local.weekday() < 5 for local in locals_)
    assert not {date(2026, 4, 3), date(2026, 4, 6)} & {local.date() for local in locals_}, "Good Friday and Easter Monday are holidays"


def test_a_weekend_uses_up_nobodys_time_to_answer() -> None:
    # getprobo/probo#1591
    friday_evening = datetime(2026, 3, 27, 20, tzinfo=UTC)
    answered = look(reminded(watched(), "first-reminder", day=5), friday_evening, Replied(by="Bea"), world=facts(deputy="Dana")).case
    waits = []
    for day in range(28, 32):
        decision = look(answered, datetime(2026, 3, day, 9, tzinfo=UTC), world=facts(deputy="Dana")).verdict.decision
        assert isinstance(decision, Wait)
        waits.append(decision.owner)
    assert "Dana" not in waits, "the deputy was called in before anybody had two working days"
    wednesday = look(answered, datetime(2026, 4, 1, 9, tzinfo=UTC), world=facts(deputy="Dana")).verdict.decision
    assert isinstance(wednesday, Wait) and wednesday.owner == "Dana"


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_change_of_the_clocks_moves_no_hour_and_no_zone_moves_a_due_date(change: date) -> None:
    # invoiceninja/invoiceninja#792, #8974
    hours, berlin = ContactHours(), zone("Europe/Berlin")
    week = [hours.opening(change + timedelta(days=days), ("Europe/Berlin",), facts().calendar) for days in (-3, -2, 1, 2)]
    assert {moment.astimezone(berlin).hour for moment in week} == {8}
    for place in ("Pacific/Kiritimati", "Pacific/Honolulu"):
        told = sent(timeline(watched(), facts(customer=a_customer(zones=(place,))), (), MONDAY, at(1)))
        assert [entry.what for entry in told] == ["upcoming sent by e-mail", "due today sent by e-mail"]
        assert told[-1].at.astimezone(zone(place)).date() == DUE


def test_the_billing_contact_is_written_to_before_anybody_else_and_somebody_else_rather_than_nobody() -> None:
    # Dolibarr/dolibarr#22496
    people = {role: Contact(role.value, role, role.value, f"{role}@customer.example") for role in reversed(Role)}
    customer = replace(a_customer(), contacts=tuple(people.values()))
    order = []
    while customer.contacts:
        reached = customer.contact_for("email")
        assert reached
        order.append(reached.role)
        customer = replace(customer, contacts=tuple(one for one in customer.contacts if one is not reached))
    assert order == [Role.BILLING, Role.CFO, Role.OWNER, Role.OTHER]


def test_a_severe_step_needs_a_notice_that_arrived_and_its_whole_period() -> None:
    # invoiceninja/invoiceninja#8716, #4020
    late = reminded(watched(), "upcoming", "due-today", "first-reminder", "second-reminder", day=20)
    accepted = late.with_rung(Rung("third-reminder", Fate.ACCEPTED, at(50), "email", "out-3"))
    delivered = late.with_rung(Rung("third-reminder", Fate.DELIVERED, at(50), "email", "out-3"))
    severe = STANDARD.step("final-notice")

    def first_day(case: Case) -> int:
        for day in range(51, 80):
            act = look(case, at(day)).verdict.decision
            if isinstance(act, Perform):
                assert act.step == severe.name
                return day
        raise AssertionError("never")

    assert first_day(delivered) >= 50 + severe.notice_days
    assert first_day(accepted) > first_day(delivered), "what nobody knows to have arrived counted as delivered"
    bare = reminded(watched(), "upcoming", "due-today")
    for step in ("first-reminder", "second-reminder", "third-reminder"):
        bare = fold(bare, StepSkipped(step, by="Ann"), facts(), at(2)).case
    assert look(bare, at(60)).verdict.rule == "undelivered"


def test_a_credit_hold_has_a_floor_and_needs_leave_and_is_taken_back_when_the_money_comes() -> None:
    # frappe/erpnext#37888, #52960, #37326
    policy = playbooks.load("issue-to-payment")
    world = facts(playbook=policy, approvers=("Ann",))

    def told(balance: str) -> str:
        case = replace(a_case(DUE, balance=balance), playbook=policy.hash)
        return "\n".join(entry.what for entry in timeline(case, world, (), MONDAY, at(70)))

    assert "credit hold left out: 90.00 EUR is too little for it" in told("90.00")
    assert "approval asked for the credit hold" in told("900.00") and "credit hold: given to a person" not in told("900.00")
    placed = replace(watched(), playbook=policy.hash, rungs=(Rung("credit-hold", Fate.DONE, at(33), "task"),))
    paid = look(placed, at(36), world=world, balance=euros("0.00"))
    assert "Release the credit hold on customer C-1" in [task.title for task in paid.tasks]


def test_money_that_came_is_taken_off_and_the_rest_is_asked_for_with_all_its_history() -> None:
    # OCA/credit-control#330
    case = look(reminded(watched(), "upcoming", "due-today", "first-reminder", day=5), at(6)).case
    heard = look(case, at(6), balance=euros("500.00"))
    assert [entry.what for entry in heard.entries] == ["700.00 EUR paid or credited, 500.00 EUR left"]
    assert heard.case.chased == euros("500.00") and heard.case.rungs == case.rungs
    assert isinstance(look(heard.case, at(18), balance=euros("500.00")).verdict.decision, Perform)


def test_money_sent_in_part_keeps_no_promise_and_what_was_broken_goes_on_where_it_stood() -> None:
    # killbill/killbill#2297, polarsource/polar#10811
    promised = fold(reminded(watched(), "upcoming", "due-today", "first-reminder", day=5), PromiseMade(DUE + timedelta(days=14), by="Bea"), facts(), at(6)).case
    for balance, standing in (("700.00", PromiseStanding.PARTLY_KEPT), ("1200.00", PromiseStanding.BROKEN)):
        heard = look(promised, at(20), balance=euros(balance))
        assert [one.standing for one in heard.case.promises] == [standing]
        assert next_step(heard.case, facts()).name == "second-reminder"


def test_leave_that_needs_two_is_not_given_by_one_however_often_they_say_so() -> None:
    # frappe/erpnext#37888
    policy = playbooks.load("issue-to-payment")
    two = replace(policy, steps=tuple(replace(step, approve=2) if step.name == "credit-hold" else step for step in policy.steps))
    world = facts(playbook=two)
    case = fold(replace(watched(), playbook=two.hash), ApprovalAsked("credit-hold", "text", DUE + timedelta(days=40), by="Dunwell"), world, at(33)).case
    standings = []
    for by, text in (("Ann", "another text"), ("Ann", "text"), ("Ann", "text"), ("Bo", "text")):
        case = fold(case, ApprovalGiven("credit-hold", text, by=by), world, at(34)).case
        asked = case.approval("credit-hold")
        assert asked
        standings.append((len(asked.given_by), asked.standing))
    still = ApprovalStanding.OPEN
    assert standings == [(0, still), (1, still), (1, still), (2, ApprovalStanding.GIVEN)]


def test_the_smallest_of_debts_is_never_sent_a_demand() -> None:
    # radekhulan/myinvoice#91
    policy = playbooks.load("b2b-three-weeks")
    case = replace(a_case(DUE, balance="30.00"), playbook=policy.hash)
    told = [entry.what for entry in timeline(case, facts(playbook=policy), (), MONDAY, at(40))]
    assert "first reminder sent by e-mail" in told
    assert "final demand left out: 30.00 EUR is too little for it" in told
    assert Decimal("30.00") < policy.step("final-demand").least_amount
