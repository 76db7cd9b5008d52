"""Whatever happens, in whatever order: the promises that no generated story may break."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.calendar import local_day, zone
from domain.case import Case, Fate
from domain.customer import Behavior
from domain.decision import Assessment, Close, Perform, Wait, assess, record_contact
from domain.event import ChasingStopped, HoldPlaced, HoldReleased, News, OutreachResolved, PaymentReported, PromiseMade, StepSkipped, WordUnreadable
from domain.facts import Contacted, InFlight, Mode
from domain.invoice import Standing
from domain.playbook import Stage
from support.worlds import STANDARD, a_case, a_customer, euros, facts

SOAK = bool(os.environ.get("DUNWELL_SOAK"))
STARTS = st.sampled_from([date(2028, 2, 29), date(2026, 12, 31), date(2026, 3, 27), date(2026, 10, 23), date(2026, 6, 10)])


class AnyStory(RuleBasedStateMachine):
    """One invoice, driven by everything that can happen to it; after every look the house rules must hold."""

    case: Case
    heard: Assessment

    @initialize(
        start=STARTS,
        due=st.integers(-90, 40),
        behavior=st.sampled_from(list(Behavior)),
        hour=st.integers(0, 23),
        mode=st.sampled_from([Mode.LIVE, Mode.LIVE, Mode.SHADOW]),
    )
    def begin(self, start: date, due: int, behavior: Behavior, hour: int, mode: Mode) -> None:
        self.now = datetime(start.year, start.month, start.day, hour, 17, tzinfo=UTC)
        self.facts = facts(customer=a_customer(behavior, ("Europe/Berlin", "America/New_York")), mode=mode)
        self.case = a_case(start + timedelta(days=due), self.now)
        self.invoice = self.case.invoice
        self.performed: list[tuple[int, str, datetime, Stage]] = []
        self.look()

    def look(self, *news: News) -> None:
        books = replace(self.facts.books, read_at=self.now)
        self.heard = assess(self.case, self.invoice, news, replace(self.facts, books=books), self.now)
        self.case = self.heard.case

    @rule()
    def time_passes_until_the_next_look(self) -> None:
        if isinstance(wait := self.heard.verdict.decision, Wait):
            self.now = wait.until
            self.look()

    @rule(hours=st.integers(1, 24 * 20))
    def the_worker_wakes_late(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.look()

    @precondition(lambda self: isinstance(self.heard.verdict.decision, Perform))
    @rule(fate=st.sampled_from([Fate.DELIVERED, Fate.DELIVERED, Fate.ACCEPTED, Fate.UNKNOWN]))
    def the_step_is_carried_out(self, fate: Fate) -> None:
        act = self.heard.verdict.decision
        assert isinstance(act, Perform)
        fate = Fate.SHADOWED if self.facts.mode is Mode.SHADOW else fate
        step = self.facts.playbook.step(act.step)
        self.check_contact(act)
        self.case, _ = record_contact(self.case, act.step, act.channel, fate, f"out-{len(self.performed)}", self.facts, self.now)
        self.performed.append((self.case.round, act.step, self.now, step.stage))
        self.facts = replace(self.facts, contacts=(*self.facts.contacts, Contacted(self.now, step.stage)))
        self.look()

    def check_contact(self, act: Perform) -> None:
        """Everything that must be true at the moment a message leaves."""
        case, zones = self.case, self.facts.customer.zones
        assert not case.invoice.is_settled(self.facts.tolerance)
        assert case.invoice.standing is Standing.OPEN
        assert case.active_hold(self.now) is None
        assert case.open_promise is None
        assert case.ended is None
        assert not self.facts.switched_off
        assert (case.round, act.step) not in {(round_, step) for round_, step, _, _ in self.performed}, "a step was repeated"
        for name in zones:
            local = self.now.astimezone(zone(name))
            assert 8 <= local.hour < 18
            assert self.facts.calendar.is_business_day(local.date())
        days = [local_day(contact.at, zones) for contact in self.facts.contacts]
        today = local_day(self.now, zones)
        assert all((today - day).days >= STANDARD.gap_days for day in days)
        assert sum((today - day).days < 7 for day in days) < 3
        if self.facts.playbook.step(act.step).severe:
            soft = [rung for rung in case.rungs if rung.is_contact or rung.fate is Fate.SHADOWED]
            notice = [rung for rung in soft if self.facts.playbook.step(rung.step).stage is Stage.REMINDER]
            assert notice, "a severe step without a reminder before it"
            assert (today - local_day(max(rung.at for rung in notice), zones)).days >= self.facts.playbook.step(act.step).notice_days

    @rule(days=st.integers(-3, 120))
    def somebody_asks_to_hold(self, days: int) -> None:
        self.look(HoldPlaced(self.now.date() + timedelta(days=days), by="Ann"))

    @rule()
    def somebody_releases(self) -> None:
        self.look(HoldReleased(by="Ann"))

    @rule(days=st.integers(-3, 80), amount=st.sampled_from([None, "100", "1200", "99999", "NaN", "-1"]))
    def a_promise_is_made(self, days: int, amount: str | None) -> None:
        self.look(PromiseMade(self.now.date() + timedelta(days=days), None if amount is None else Decimal(amount), by="Ann"))

    @rule(step=st.sampled_from(["", "final-notice", "nonsense"]))
    def a_step_is_skipped(self, step: str) -> None:
        self.look(StepSkipped(step, by="Ann"))

    @rule()
    def a_payment_is_reported(self) -> None:
        self.look(PaymentReported(by="Ann"))

    @rule(went_out=st.booleans(), number=st.integers(0, 5))
    def a_doubtful_message_is_resolved(self, went_out: bool, number: int) -> None:
        lost = next((rung for rung in self.case.rungs if rung.outreach == f"out-{number}" and rung.fate is Fate.UNKNOWN), None)
        self.look(OutreachResolved(f"out-{number}", went_out, by="Ann"))
        if lost and not went_out and not self.case.ended:
            self.performed = [(round_, step, at, stage) for round_, step, at, stage in self.performed if step != lost.step]

    @rule()
    def nonsense_is_said(self) -> None:
        self.look(WordUnreadable("{", by="x"))

    @rule(balance=st.sampled_from(["0.00", "0.50", "400.00", "1200.00", "1500.00", "-3.00"]))
    def the_balance_changes(self, balance: str) -> None:
        self.invoice = replace(self.invoice, balance=euros(balance))
        self.look()

    @rule(days=st.integers(-30, 60))
    def the_due_date_moves(self, days: int) -> None:
        self.invoice = replace(self.invoice, due=self.invoice.due + timedelta(days=days))
        self.look()

    @rule(standing=st.sampled_from([Standing.OPEN, Standing.OPEN, Standing.DISPUTED, Standing.DRAFT, Standing.VOID]))
    def the_ledger_says_something(self, standing: Standing) -> None:
        self.invoice = replace(self.invoice, standing=standing)
        self.look()

    @rule(reason=st.sampled_from(["", "bank holiday"]))
    def the_switch_is_thrown(self, reason: str) -> None:
        self.facts = replace(self.facts, switched_off=reason)
        self.look()

    @rule(problem=st.sampled_from(["", "time-out"]))
    def the_ledger_breaks_or_mends(self, problem: str) -> None:
        self.facts = replace(self.facts, books=replace(self.facts.books, problem=problem))
        self.look()

    @rule(flying=st.booleans())
    def a_message_is_on_its_way(self, flying: bool) -> None:
        self.facts = replace(self.facts, in_flight=(InFlight("first-reminder", "out-x", self.now),) if flying else ())
        self.look()

    @rule()
    def it_goes_live(self) -> None:
        if self.facts.mode is Mode.SHADOW:
            self.facts = replace(self.facts, mode=Mode.LIVE, contacts=())
            self.look()

    @rule()
    def it_is_stopped(self) -> None:
        if len(self.performed) > 3:
            self.look(ChasingStopped(by="Ann"))

    @invariant()
    def every_silence_has_a_reason_an_owner_and_an_end(self) -> None:
        decision = self.heard.verdict.decision
        if isinstance(decision, Wait):
            assert decision.why
            assert decision.owner
            assert decision.until >= self.now + timedelta(minutes=1)
            assert decision.until.date() <= max(self.now.date(), self.invoice.due) + timedelta(days=100)

    @invariant()
    def it_ends_only_settled_voided_written_off_or_stopped(self) -> None:
        if isinstance(self.heard.verdict.decision, Close):
            settled = self.invoice.is_settled(self.facts.tolerance) or self.invoice.standing is not Standing.OPEN
            assert settled or self.case.ended is not None
        else:
            assert self.case.ended is None

    @invariant()
    def deciding_twice_gives_the_same_answer(self) -> None:
        again = assess(self.case, self.invoice, (), replace(self.facts, books=replace(self.facts.books, read_at=self.now)), self.now)
        assert again.verdict.decision == self.heard.verdict.decision
        assert again.case == self.case
        assert again.entries == ()


TestAnyStory = pytest.mark.soak(AnyStory.TestCase)
TestAnyStory.settings = settings(max_examples=2000 if SOAK else 300, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck))
