"""Payment plans: exact installments, every word answered, every silence with an end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar
from domain.installment import Installment, InstallmentStanding, UnableToPlan, lay_out, split
from domain.money import Money, minor_units, total
from domain.payment_plan import (
    Accepted,
    Countered,
    Covered,
    Declined,
    InstallmentPaid,
    PaymentPlan,
    PlanNews,
    PlanState,
    TimePassed,
    allocate,
    fold,
    next_look,
    offer,
    reminders,
)

CALENDAR = BusinessCalendar()
MONDAY = date(2026, 3, 2)
OPEN, PAID, MISSED = InstallmentStanding


def grace(day: date) -> date:
    return CALENDAR.add(day, 3)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def days(n: int) -> date:
    return MONDAY + timedelta(days=n)


def a_plan(state: PlanState = PlanState.OFFERED, first: int = 7, every: int = 14, count: int = 3) -> PaymentPlan:
    """Three installments of 400, 400 and 400 over two invoices, on Mondays."""
    plan = offer(
        "plan/1", (Covered("a", euros("700")), Covered("b", euros("500"))), lay_out(euros("1200"), count, days(first), every), MONDAY, "Ann", "at risk"
    )
    return plan if state is PlanState.OFFERED else fold(plan, Accepted("Bea"), MONDAY, grace).plan


def hear(plan: PaymentPlan, news: PlanNews, on: int) -> PaymentPlan:
    return fold(plan, news, days(on), grace).plan


def pay(plan: PaymentPlan, amount: str, on: int, told: int | None = None) -> PaymentPlan:
    return hear(plan, InstallmentPaid(euros(amount), days(on)), on if told is None else told)


def standings(plan: PaymentPlan) -> list[InstallmentStanding]:
    return [installment.standing for installment in plan.installments]


@pytest.mark.parametrize(
    ("whole", "count", "unit", "parts"),
    [
        ("84200.00", 3, "1", ["28067.00", "28067.00", "28066.00"]),
        ("84200.00", 3, None, ["28066.67", "28066.67", "28066.66"]),
        ("84200.50", 3, "1", ["28067.00", "28067.00", "28066.50"]),
        ("100.00", 3, "10", ["40.00", "30.00", "30.00"]),
        ("0.03", 3, None, ["0.01", "0.01", "0.01"]),
        ("500.00", 1, "100", ["500.00"]),
    ],
)
def test_a_total_splits_exactly_with_the_larger_parts_first(whole: str, count: int, unit: str | None, parts: list[str]) -> None:
    assert [str(part.amount) for part in split(euros(whole), count, None if unit is None else Decimal(unit))] == parts


@given(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(1, 10**12), st.integers(1, 36), st.sampled_from([None, 1, 5, 100]))
def test_the_parts_always_add_up_and_every_one_is_positive(currency: str, units: int, count: int, whole: int | None) -> None:
    owed = Money(Decimal(units).scaleb(-minor_units(currency)), currency)
    unit = Decimal(1).scaleb(-minor_units(currency)) if whole is None else Decimal(whole)
    if owed.amount < count * unit:
        with pytest.raises(UnableToPlan, match="ask for fewer"):
            split(owed, count, unit)
        return
    parts = split(owed, count, None if whole is None else unit)
    assert len(parts) == count and total(parts) == owed
    assert all(part.amount > 0 for part in parts)
    assert abs(parts[0].amount - parts[-1].amount) <= unit
    assert list(parts[:-1]) == sorted(parts[:-1], key=lambda part: -part.amount)


@pytest.mark.parametrize(
    ("whole", "count", "unit", "said"),
    [
        ("100", 0, None, "count: 0 installments"),
        ("100", 37, None, "count: 37 installments"),
        ("100", 3, "0.003", "unit"),
        ("100", 3, "-1", "unit"),
        ("100", 3, "NaN", "unit"),
        ("100", 3, "1e40", "ask for fewer"),
        ("100", 3, "50", "ask for fewer"),
        ("-100", 3, None, "ask for fewer"),
        ("0.02", 3, None, "ask for fewer"),
    ],
)
def test_a_split_that_cannot_be_is_refused_by_name(whole: str, count: int, unit: str | None, said: str) -> None:
    with pytest.raises(UnableToPlan, match=said):
        split(euros(whole), count, None if unit is None else Decimal(unit))


def parts_of(*parts: tuple[int, str], currency: str = "EUR") -> tuple[Installment, ...]:
    return tuple(Installment(days(on), Money(Decimal(amount), currency)) for on, amount in parts)


BAD_TERMS = [
    ((), "there is none"),
    (parts_of((7, "600"), (14, "599.99")), "add up to 1,199.99 EUR, and 1,200.00 EUR is covered"),
    (parts_of((7, "600"), (14, "600"), currency="USD"), "1,200.00 USD"),
    ((*parts_of((7, "600")), *parts_of((14, "600"), currency="USD")), "cannot be reckoned"),
    (parts_of((7, "1200"), (14, "0")), "above zero"),
    (parts_of((7, "1300"), (14, "-100")), "above zero"),
    (parts_of((14, "600"), (7, "600")), "falls due after"),
    (parts_of((7, "600"), (7, "600")), "falls due after"),
    (parts_of((15, "1200")), "must fall due between 2026-03-02 and 2026-03-16"),
    (parts_of((-1, "1200")), "must fall due between"),
    (parts_of((14, "600"), (91, "600")), "must fall due by 2026-05-31"),
]


@pytest.mark.parametrize(("terms", "said"), BAD_TERMS)
def test_terms_that_make_no_plan_are_refused_by_name_and_as_a_counter_offer_too(terms: tuple[Installment, ...], said: str) -> None:
    with pytest.raises(UnableToPlan, match=said):
        offer("plan/1", (Covered("a", euros("1200")),), terms, MONDAY)
    answered = fold(a_plan(), Countered(terms), MONDAY, grace)
    assert not answered.taken and said in answered.said
    assert answered.plan == a_plan()


def test_every_invoice_is_covered_once() -> None:
    with pytest.raises(UnableToPlan, match="covers"):
        offer("plan/1", (Covered("a", euros("600")), Covered("a", euros("600"))), parts_of((7, "1200")), MONDAY)
    with pytest.raises(UnableToPlan, match="covers"):
        offer("plan/1", (), parts_of((7, "1200")), MONDAY)
    with pytest.raises(UnableToPlan, match="covers"):
        offer("plan/1", (Covered("a", euros("600")), Covered("b", Money(Decimal(600), "USD"))), parts_of((7, "1200")), MONDAY)


def test_an_offer_waits_a_week_at_most_and_never_past_its_first_installment() -> None:
    assert a_plan().answer_by == days(7)
    assert a_plan(first=2).answer_by == days(2)
    assert hear(a_plan(), TimePassed(), 7).state is PlanState.OFFERED
    late = fold(a_plan(), Accepted(), days(8), grace)
    assert not late.taken and late.plan.state is PlanState.EXPIRED
    assert "no answer by Mon 9 Mar 2026" in late.said


def test_a_counter_offer_replaces_the_installments_and_waits_anew_but_only_twice() -> None:
    plan = hear(a_plan(), Countered(parts_of((10, "200"), (40, "1000")), "Bea", "month end"), 6)
    assert (plan.state, plan.by, plan.reason, plan.answer_by) == (PlanState.COUNTERED, "Bea", "month end", days(10))
    plan = hear(plan, Countered(parts_of((12, "600"), (40, "600")), "Ann"), 10)
    third = fold(plan, Countered(parts_of((12, "500"), (40, "700"))), days(11), grace)
    assert not third.taken and "a person" in third.said
    assert hear(third.plan, Accepted(), 12).state is PlanState.ACCEPTED


def test_no_counter_offer_moves_the_end_beyond_ninety_days_from_the_first_offer() -> None:
    answered = fold(a_plan(), Countered(parts_of((10, "600"), (95, "600"))), days(6), grace)
    assert not answered.taken and "must fall due by 2026-05-31" in answered.said


def test_a_plan_met_is_kept() -> None:
    plan = a_plan(PlanState.ACCEPTED)
    for on, left in ((7, [PAID, OPEN, OPEN]), (23, [PAID, PAID, OPEN]), (35, [PAID, PAID, PAID])):
        plan = pay(plan, "400", on)
        assert standings(plan) == left
    assert plan.state is PlanState.KEPT


def test_a_large_payment_is_carried_on_to_the_next_installment() -> None:
    plan = pay(a_plan(PlanState.ACCEPTED), "900", 5)
    assert standings(plan) == [PAID, PAID, OPEN]
    assert [part.amount for part in allocate(plan, {"a": euros("700"), "b": euros("200")}).to_installments] == [400, 400, 100]
    plan = pay(plan, "310", 20)
    assert plan.state is PlanState.KEPT


def test_bank_charges_do_not_miss_an_installment() -> None:
    assert standings(pay(a_plan(PlanState.ACCEPTED), "399.20", 7)) == [PAID, OPEN, OPEN]
    assert standings(pay(a_plan(PlanState.ACCEPTED), "398.99", 7)) == [OPEN, OPEN, OPEN]


def test_an_installment_is_missed_after_three_business_days() -> None:
    plan = a_plan(PlanState.ACCEPTED)  # due on a Monday: Thursday still is in time
    assert standings(hear(plan, TimePassed(), 10)) == [OPEN, OPEN, OPEN]
    assert standings(hear(plan, TimePassed(), 11)) == [MISSED, OPEN, OPEN]
    assert hear(plan, TimePassed(), 11).state is PlanState.ACCEPTED


def test_a_missed_installment_ends_the_plan_ten_days_later() -> None:
    plan = a_plan(PlanState.ACCEPTED, every=30)
    assert hear(plan, TimePassed(), 20).state is PlanState.ACCEPTED
    assert hear(plan, TimePassed(), 21).state is PlanState.DEFAULTED


def test_a_second_miss_ends_the_plan_even_when_the_first_was_made_good() -> None:
    plan = pay(a_plan(PlanState.ACCEPTED), "400", 15)
    assert standings(plan) == [PAID, OPEN, OPEN]
    assert hear(plan, TimePassed(), 24).state is PlanState.ACCEPTED
    plan = hear(plan, TimePassed(), 25)
    assert plan.state is PlanState.DEFAULTED
    assert standings(plan) == [PAID, MISSED, OPEN]


def test_two_installments_missed_on_the_same_day_are_two_misses() -> None:
    plan = hear(offer("plan/1", (Covered("a", euros("100")),), parts_of((4, "50"), (5, "50")), MONDAY), Accepted(), 0)
    weekend = CALENDAR.on_or_after
    assert fold(plan, TimePassed(), days(7), weekend).plan.state is PlanState.ACCEPTED
    assert fold(plan, TimePassed(), days(8), lambda day: weekend(days(7))).plan.state is PlanState.DEFAULTED


def test_money_that_came_in_time_and_was_booked_late_is_no_miss() -> None:
    late_word = hear(a_plan(PlanState.ACCEPTED), TimePassed(), 12)
    assert standings(late_word) == [MISSED, OPEN, OPEN]
    assert standings(pay(late_word, "400", 10, told=12)) == [PAID, OPEN, OPEN]
    slept = a_plan(PlanState.ACCEPTED)
    assert pay(slept, "400", 9, told=22).state is PlanState.ACCEPTED


def test_a_payment_taken_back_is_waited_for_anew_and_counts_as_a_miss() -> None:
    paid = pay(a_plan(PlanState.ACCEPTED, every=30), "400", 7)
    back = pay(paid, "-400", 14)
    assert standings(back) == [OPEN, OPEN, OPEN] and back.state is PlanState.ACCEPTED
    assert hear(back, TimePassed(), 17).state is PlanState.ACCEPTED
    assert hear(back, TimePassed(), 18).state is PlanState.DEFAULTED
    again = pay(pay(back, "400", 16), "-400", 21)
    assert again.state is PlanState.DEFAULTED


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (InstallmentPaid(Money(Decimal(5), "USD"), MONDAY), "currency"),
        (InstallmentPaid(euros("5"), days(9)), "future"),
        (InstallmentPaid(euros("-5"), MONDAY), "taken back"),
        (Countered(parts_of((7, "1200"))), "call it off"),
    ],
)
def test_news_that_cannot_be_true_of_an_agreed_plan_changes_nothing(news: PlanNews, said: str) -> None:
    plan = a_plan(PlanState.ACCEPTED)
    answered = fold(plan, news, days(1), grace)
    assert (answered.taken, answered.plan) == (False, plan)
    assert said in answered.said


def test_a_plan_can_be_declined_and_called_off() -> None:
    declined = fold(a_plan(), Declined("Bea", "too dear"), days(1), grace)
    assert declined.plan.state is PlanState.DECLINED and "declined" in declined.said and declined.plan.reason == "too dear"
    assert "called off" in fold(a_plan(PlanState.ACCEPTED), Declined("Ann"), days(1), grace).said


def test_an_ended_plan_hears_nothing_more() -> None:
    kept = pay(a_plan(PlanState.ACCEPTED), "1200", 3)
    for news in (Accepted(), Declined(), Countered(parts_of((7, "1200"))), InstallmentPaid(euros("5"), days(4))):
        answered = fold(kept, news, days(5), grace)
        assert not answered.taken and answered.plan == kept and "has ended" in answered.said
    assert next_look(kept, days(5), grace) is None


def test_each_installment_is_reminded_of_three_days_before() -> None:
    plan = a_plan(PlanState.ACCEPTED)
    assert reminders(plan, days(3)) == ()
    assert next_look(plan, days(0), grace) == days(4)
    assert [part.due for part in reminders(plan, days(4))] == [days(7)]
    assert reminders(pay(plan, "400", 4), days(5)) == ()
    assert reminders(a_plan(), days(4)) == ()


def test_the_ledger_s_payments_are_allocated_to_the_oldest_installment_and_no_invoice_pays_for_another() -> None:
    plan = pay(a_plan(PlanState.ACCEPTED), "100", 2)
    seen = allocate(plan, {"a": euros("900"), "elsewhere": euros("5000")})
    assert [part.amount for part in seen.to_installments] == [400, 300, 0]
    assert (seen.unheard, seen.beyond) == (euros("600"), euros("200"))
    assert allocate(plan, {}).unheard == euros("-100")
    with pytest.raises(UnableToPlan, match="invoice a was paid in USD"):
        allocate(plan, {"a": Money(Decimal(1), "USD")})


def test_the_write_off_that_was_averted() -> None:
    """84,200 at 78 days late, three installments of whole euros a month apart, every one met."""
    terms = lay_out(euros("84200"), 3, days(10), 30, Decimal(1))
    plan = hear(offer("plan/2", (Covered("a", euros("84200")),), terms, MONDAY), Accepted(), 2)
    for part in terms:
        plan = fold(plan, InstallmentPaid(part.amount, part.due), part.due, grace).plan
    assert plan.state is PlanState.KEPT
    assert [str(part.amount) for part in plan.installments] == ["28,067.00 EUR", "28,067.00 EUR", "28,066.00 EUR"]


@st.composite
def stories(draw: st.DrawFn) -> tuple[PaymentPlan, list[tuple[int, PlanNews]]]:
    """An offer, mostly agreed to in time, and words of every kind and date, among them payments about the days they are due."""
    count, first, every = draw(st.integers(1, 4)), draw(st.integers(0, 14)), draw(st.integers(1, 25))
    plan = a_plan(first=first, every=every, count=count)
    words: list[tuple[int, PlanNews]] = []
    if draw(st.integers(0, 9)) < 8:
        words.append((draw(st.integers(0, min(first, 7))), Accepted()))
    else:
        on = draw(st.integers(0, min(first, 7)))
        words += [(on, Countered(lay_out(euros("1200"), draw(st.integers(1, 5)), days(on + 5), every))), (on + draw(st.integers(0, 5)), Accepted())]
    for n in range(count):
        if draw(st.integers(0, 9)) < 7:
            on = first + n * every + draw(st.integers(-2, 9))
            words.append((on + draw(st.integers(0, 4)), InstallmentPaid(draw(st.sampled_from(plan.installments)).amount, days(on))))
    amounts = st.sampled_from(["400", "399.50", "100", "800", "1200", "2000", "-400", "-100", "0", "999999999999999"])
    anything = st.one_of(
        st.sampled_from([Accepted(), Declined(), TimePassed(), *(Countered(terms) for terms, _ in BAD_TERMS)]),
        st.builds(lambda amount, on: InstallmentPaid(euros(amount), days(on)), amounts, st.integers(-5, 110)),
    )
    words += draw(st.lists(st.tuples(st.integers(0, 110), anything), max_size=4))
    return plan, sorted(words, key=lambda told: told[0])


@given(stories())
def test_whatever_is_said_the_installments_add_up_and_an_end_is_an_end(story: tuple[PaymentPlan, list[tuple[int, PlanNews]]]) -> None:
    plan, words = story
    for on, news in words:
        answered = fold(plan, news, days(on), grace)
        assert answered.said
        assert not plan.has_ended or answered.plan == plan
        plan = answered.plan
        assert total(tuple(part.amount for part in plan.installments)) == plan.total == euros("1200")
        assert plan.received.amount >= 0


@given(stories())
def test_every_silence_has_an_end(story: tuple[PaymentPlan, list[tuple[int, PlanNews]]]) -> None:
    plan, words = story
    today = MONDAY
    for on, news in words:
        today = days(on)
        plan = fold(plan, news, today, grace).plan
    looks = 0
    while (look := next_look(plan, today, grace)) is not None:
        assert look > today
        today, looks = look, looks + 1
        plan = fold(plan, TimePassed(), today, grace).plan
        assert looks < 30
    assert plan.has_ended
    assert today <= days(110 + 90 + 30)


@given(stories())
def test_looking_every_day_or_only_when_told_makes_no_difference(story: tuple[PaymentPlan, list[tuple[int, PlanNews]]]) -> None:
    plan, words = story
    words = [(on, InstallmentPaid(news.amount, days(on)) if isinstance(news, InstallmentPaid) else news) for on, news in words]
    daily = seldom = plan
    for day in range(140):
        daily = hear(daily, TimePassed(), day)
        for on, news in words:
            if on == day:
                daily, seldom = hear(daily, news, day), hear(seldom, news, day)
    assert daily == hear(seldom, TimePassed(), 139)


@given(stories())
def test_nothing_changes_between_two_looks(story: tuple[PaymentPlan, list[tuple[int, PlanNews]]]) -> None:
    plan, words = story
    today = MONDAY
    for on, news in words:
        today = days(on)
        plan = fold(plan, news, today, grace).plan
    while (look := next_look(plan, today, grace)) is not None:
        for n in range(1, (look - today).days):
            between = today + timedelta(days=n)
            assert fold(plan, TimePassed(), between, grace).plan == plan
            assert set(reminders(plan, between)) <= set(reminders(plan, today))
        plan, today = fold(plan, TimePassed(), look, grace).plan, look
