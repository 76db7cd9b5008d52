"""Keeping a payment plan: whatever is paid and said, it ends, its invoices are silent exactly while it stands, and nobody is asked twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers import Reply
from domain.case import Case, HoldKind
from domain.facts import Books, Facts
from domain.fold import fold, mature
from domain.installment import UnableToPlan, lay_out
from domain.invoice import Invoice
from domain.money import Money
from domain.payment_plan import Accepted, Countered, Declined, PlanNews, PlanState, propose
from domain.plan_keeping import KeptPlan, Offered, begin, look, words_for
from domain.plan_news import PlanAgreed, PlanEnded, PlanOffered
from support.worlds import LONG_AGO, MONDAY, a_case, facts

TODAY = MONDAY.date()
OFFER = Offered(("inv-1", "inv-2"), 3, TODAY + timedelta(days=7), 14, "Ann", "asked for it")


def two_cases() -> dict[str, Case]:
    return {name.lower(): a_case(TODAY - timedelta(days=20), balance="1200.00", number=name) for name in ("INV-1", "INV-2")}


def world(now: datetime, posted: date = LONG_AGO, problem: str = "") -> Facts:
    return facts(books=Books("s", read_at=now, posted_through=posted, problem=problem))


class Keeping:
    """A plan and its invoices, looked at whenever it asks for it, as the activity does."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.cases = two_cases()
        self.balances = dict.fromkeys(self.cases, Decimal("1200.00"))
        self.asked: Counter[str] = Counter()
        self.open: set[str] = set()
        first = begin("plan_1", OFFER, tuple(self.cases.values()), {}, world(self.now), self.now)
        self.kept: KeptPlan = first
        self.until = self.look(opening=True)

    def seen(self) -> dict[str, Invoice]:
        return {one: replace(case.invoice, balance=Money(self.balances[one], "EUR")) for one, case in self.cases.items()}

    def look(self, *news: PlanNews, opening: bool = False, problem: str = "") -> datetime | None:
        around, before = world(self.now, problem=problem), None if opening else self.kept
        made = look(self.kept, news, self.cases, self.seen(), around, self.now, opening=opening)
        assert len(made.replies) == len(news)
        self.kept, self.until = made.kept, made.until
        self.asked.update(task.key for task in made.tasks)
        self.open = (self.open | {task.key for task in made.tasks}) - set(made.over)
        for one, case in self.cases.items():
            for word in words_for(case, before, made.kept, around, self.now):
                folded = fold(case, word, around, self.now)
                assert folded.reply.taken, folded.reply
                case = folded.case
            self.cases[one], _ = mature(case, around, self.now)
        assert (made.until is None) == made.kept.plan.has_ended
        assert made.until is None or made.until > self.now, "a hot loop"
        return made.until

    def holds(self) -> set[bool]:
        return {any(hold.kind is HoldKind.PLAN for hold in case.holds) for case in self.cases.values()}


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[int, str, int]]:
    """What happens after how many days: said or paid, and how much of it."""
    return draw(
        st.lists(
            st.tuples(st.integers(0, 12), st.sampled_from(["accept", "accept", "counter", "decline", "pay", "pay", "pay", "back", "blind"]), st.integers(1, 3)),
            max_size=12,
        )
    )


@given(lives())
def test_whatever_happens_a_plan_ends_and_its_invoices_are_silent_exactly_while_it_stands(life: list[tuple[int, str, int]]) -> None:
    keeping = Keeping()
    for days, what, much in life:
        arrives = keeping.now + timedelta(days=days, hours=2)
        while keeping.until is not None and keeping.until < arrives:
            keeping.now = keeping.until
            keeping.look()
            assert keeping.holds() == {not keeping.kept.plan.has_ended}
        keeping.now = arrives
        match what:
            case "accept":
                keeping.look(Accepted("Ann", "x"))
            case "decline":
                keeping.look(Declined("Ann", "x"))
            case "counter":
                day = keeping.now.date() + timedelta(days=much)
                keeping.look(Countered(lay_out(Money(Decimal("2400.00"), "EUR"), much, day, 7), "Ann", "x"))
            case "blind":
                keeping.look(problem="it does not answer")
            case _:
                one = f"inv-{1 + much % 2}"
                change = Decimal(400 * much) * (1 if what == "back" else -1)
                keeping.balances[one] = min(max(keeping.balances[one] + change, Decimal(0)), Decimal("1200.00"))
                keeping.look()
        assert keeping.holds() == {not keeping.kept.plan.has_ended}
    began = keeping.now
    while keeping.until is not None:
        keeping.now = keeping.until
        assert keeping.now - began < timedelta(days=200), "a plan that never ends"
        keeping.look()
    assert keeping.holds() == {False}
    assert max(keeping.asked.values()) == 1, f"asked twice: {keeping.asked}"
    left = {key.removeprefix("plan/plan_1/") for key in keeping.open}
    assert left <= {"default", "limit", "confirm", "ledger/s"} - ({"confirm"} if keeping.kept.plan.state is not PlanState.KEPT else set())


def test_the_words_for_an_invoice_say_what_is_offered_agreed_and_ended() -> None:
    keeping = Keeping()
    case = two_cases()["inv-1"]
    (offered,) = words_for(case, None, keeping.kept, world(MONDAY), MONDAY)
    assert isinstance(offered, PlanOffered) and offered.terms.startswith("3 installments of together 2,400.00 EUR (800.00 EUR on Mon 9 Mar 2026")
    before = keeping.kept
    keeping.look(Accepted("Bo", "in writing"))
    (agreed,) = words_for(case, before, keeping.kept, world(MONDAY), MONDAY)
    # The last installment, three business days after it, and then ten days and one.
    assert isinstance(agreed, PlanAgreed) and (agreed.by, agreed.quiet_until) == ("Bo", date(2026, 4, 9) + timedelta(days=11))
    before = keeping.kept
    keeping.look(Declined("Ann", "no"))
    assert words_for(case, before, keeping.kept, world(MONDAY), MONDAY) == (PlanEnded("plan_1", False, "Ann", "no", ended_as="declined"),)


def test_an_offer_is_answered_with_what_follows() -> None:
    keeping = Keeping()
    made = look(keeping.kept, (Accepted("Bo", "x"), None), keeping.cases, {}, world(MONDAY), MONDAY)
    assert made.replies == (
        Reply(True, "plan agreed; 0.00 EUR of 2,400.00 EUR received; 800.00 EUR due Mon 9 Mar 2026"),
        Reply(True, "the ledger was read again"),
    )


@pytest.mark.parametrize("owed, parts", [("84200.00", ["28067.00", "28067.00", "28066.00"]), ("0.02", []), ("290.00", ["96.67", "96.67", "96.66"])])
def test_what_a_playbook_proposes_is_exact_and_nothing_is_proposed_for_too_little(owed: str, parts: list[str]) -> None:
    assert [str(part.amount.amount) for part in propose(Money(Decimal(owed), "EUR"), TODAY)] == parts


def test_a_plan_is_of_one_customer() -> None:
    one, two = two_cases().values()
    with pytest.raises(UnableToPlan, match="one customer"):
        begin("plan_1", OFFER, (one, replace(two, invoice=replace(two.invoice, customer="another"))), {}, world(MONDAY), MONDAY)
