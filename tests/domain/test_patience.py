"""Nobody, customer or colleague, can snooze an invoice for ever: every silence has a reason, an owner and an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import Fate, HoldKind
from domain.decision import Assessment, Close, Perform, Wait, assess, record_contact
from domain.event import (
    ChasingStopped,
    DisputeRaised,
    DisputeResolved,
    HoldPlaced,
    HoldReleased,
    LegalStop,
    News,
    PaymentReported,
    PromiseMade,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
    WaitAsked,
)
from domain.facts import Contacted, Facts
from domain.invoice import Standing
from domain.patience import DISPUTE, LONGEST_SILENCE, SHARES
from domain.task import TaskKind
from support.worlds import MONDAY, a_case, facts

DAY = timedelta(days=1)
WORLD = facts(deputy="Dora", owner="Ann")


class Story:
    """One late invoice, looked at whenever it wakes; every message that is due goes out at once."""

    def __init__(self, late: int = 20, world: Facts = WORLD) -> None:
        self.now, self.world = MONDAY, world
        self.case = a_case(MONDAY.date() - timedelta(days=late))
        self.tasks: list[str] = []
        self.diary: list[str] = []
        self.contacts: list[datetime] = []
        self.silent: list[tuple[datetime, datetime, str]] = []
        self.look()

    def look(self, *news: News) -> Assessment:
        """What was answered; ``heard`` is where it stands once everything due has gone out."""
        self.heard = answered = assess(self.case, self.case.invoice, news, self.world, self.now)
        self.case = self.heard.case
        self.tasks += [task.title for task in self.heard.tasks]
        self.diary += [entry.what for entry in self.heard.entries]
        while isinstance(act := self.heard.verdict.decision, Perform):
            step = self.world.playbook.step(act.step)
            self.case, _ = record_contact(self.case, act.step, act.channel, Fate.DELIVERED, f"out-{len(self.contacts)}", self.world, self.now)
            self.world = replace(self.world, contacts=(*self.world.contacts, Contacted(self.now, step.stage)))
            self.contacts.append(self.now)
            self.heard = assess(self.case, self.case.invoice, (), self.world, self.now)
            self.case = self.heard.case
        return answered

    def wait(self) -> Wait:
        decision = self.heard.verdict.decision
        assert isinstance(decision, Wait), decision
        return decision

    def sleep(self, until: datetime) -> None:
        """Let time pass, waking up in between."""
        while self.now < until and isinstance(wait := self.heard.verdict.decision, Wait):
            then = min(wait.until, until)
            asked = bool(self.heard.verdict.tasks) or (self.case.open_dispute is not None and self.world.today(self.now) >= self.case.open_dispute.due)
            if self.heard.verdict.rule in WORDS and not asked:
                self.silent.append((self.now, then, self.heard.verdict.rule))
            self.now = then
            self.look()

    def days(self, number: float) -> None:
        self.sleep(self.now + timedelta(days=number))


# The rules by which words of people keep an invoice silent. A legal stop and a plan are not here: nobody says them by the way.
WORDS = {"hold", "reply", "please-wait", "promise", "promise-to-decide", "disputed"}


def day_of(story: Story, later: int) -> date:
    return story.now.date() + timedelta(days=later)


def longest_silence(story: Story) -> timedelta:
    """The longest time for which words kept it silent between two contacts."""
    longest, current, at = timedelta(), timedelta(), iter(sorted(story.contacts))
    contact = next(at, None)
    for begins, ends, _ in story.silent:
        while contact is not None and contact <= begins:
            current, contact = timedelta(), next(at, None)
        current += ends - begins
        longest = max(longest, current)
    return longest


@pytest.mark.parametrize("method, days", [("transfer", 3), ("abroad", 5), ("check", 7)])
def test_a_payment_said_to_be_on_its_way_is_given_its_time_and_then_remittance_advice_is_asked_for(method: str, days: int) -> None:
    story = Story()
    story.look(PaymentReported(by="Bea", method=method))  # type: ignore[arg-type]
    until = story.wait().until
    assert until.date() <= WORLD.bank_calendar.add(MONDAY.date(), days) + DAY
    assert "Invoice INV-1 was reported as paid, and the ledger shows nothing" not in story.tasks
    story.sleep(until)
    assert "Invoice INV-1 was reported as paid, and the ledger shows nothing" in story.tasks
    assert "the payment that Bea reported does not show in the ledger: remittance advice is asked for" in story.diary


def test_a_claim_that_came_true_asks_for_nothing() -> None:
    story = Story()
    story.look(PaymentReported(by="Bea"))
    story.case = replace(story.case, invoice=replace(story.case.invoice, balance=replace(story.case.invoice.balance, amount=Decimal(0))))
    story.now = story.wait().until
    assert isinstance(story.look().verdict.decision, Close)
    assert not any("reported as paid" in title for title in story.tasks)


def test_an_answer_nobody_deals_with_passes_to_the_deputy_and_answering_again_puts_nothing_off() -> None:
    story = Story()
    story.look(Replied(by="mail"))
    first = story.wait()
    assert first.owner == "Ann"
    story.days(1)
    story.look(Replied(by="mail"))
    assert story.wait().until == first.until
    story.sleep(first.until)
    assert (story.wait().owner, story.heard.verdict.rule) == ("Dora", "reply")
    assert "The customer's answer about invoice INV-1 still waits" in story.tasks
    story.days(10)
    assert story.heard.verdict.rule != "reply"


def test_please_wait_adds_up_to_a_week_whoever_says_it() -> None:
    story = Story()
    assert story.look(WaitAsked(day_of(story, 4), by="Tom")).replies[0].taken
    story.days(4.5)
    told = story.look(WaitAsked(day_of(story, 6), by="Mara")).replies[0]
    assert (told.taken, "silent for" in told.said) == (False, True)
    said = []
    for colleague in ("Tom", "Mara") * 8:
        said.append(story.look(WaitAsked(day_of(story, 1), by=colleague)).replies[0].taken)
        story.days(0.9)
    assert said[0] and False in said
    assert longest_silence(story) <= timedelta(days=7)


def test_holds_add_up_to_ninety_days_until_the_customer_hears_from_us_again() -> None:
    story = Story()
    assert story.look(HoldPlaced(day_of(story, 60), by="Tom")).replies[0].taken
    story.now += timedelta(days=59)
    told = story.look(HoldPlaced(day_of(story, 60), by="Mara")).replies[0]
    assert not told.taken
    assert "nobody can silence it for ever" in told.said
    assert story.look(HoldPlaced(day_of(story, 30), by="Mara")).replies[0].taken
    story.days(40)
    assert len(story.contacts) > 1, "the next step went out when the last hold was over"
    assert story.look(HoldPlaced(day_of(story, 80), by="Tom")).replies[0].taken


def test_what_was_released_early_is_given_back() -> None:
    story = Story()
    story.look(HoldPlaced(day_of(story, 90), by="Tom"))
    story.now += timedelta(hours=2)
    story.look(HoldReleased(by="Tom"))
    assert story.look(HoldPlaced(day_of(story, 85), by="Tom")).replies[0].taken


def test_a_reopened_invoice_remembers_how_long_it_was_silenced() -> None:
    story = Story()
    story.look(HoldPlaced(day_of(story, 89), by="Tom"))
    story.now += timedelta(days=80)
    said = story.look(ChasingStopped(by="Tom"), Reopened(by="Tom"), HoldPlaced(day_of(story, 30), by="Tom")).replies
    assert [reply.taken for reply in said] == [True, True, False]


def test_promises_one_after_another_end_in_a_plan_or_a_reminder() -> None:
    story = Story()
    said = []
    for _ in range(4):
        said.append(story.look(PromiseMade(day_of(story, 50), by="Tom", decided=True)).replies[0])
        story.now += timedelta(days=30)
    assert [reply.taken for reply in said][:3] == [True, True, False]
    assert "agree on a payment plan instead" in said[2].said


def test_a_dispute_raised_again_and_again_keeps_its_first_day_and_its_owner_is_asked_daily_from_then_on() -> None:
    story = Story()
    for _ in range(5):
        story.look(DisputeRaised("price", owner="Tom", due=day_of(story, 60), by="Bea"))
        story.days(20)
    dispute = story.case.open_dispute
    assert dispute is not None
    assert dispute.due <= MONDAY.date() + timedelta(days=90)
    assert story.wait().owner == "Tom"
    asked = len([title for title in story.tasks if "in dispute" in title])
    story.days(14)
    assert len([title for title in story.tasks if "in dispute" in title]) >= asked + 9
    assert story.contacts == [MONDAY], "what is in dispute is not chased"


def test_what_only_the_ledger_calls_disputed_has_an_owner_who_is_asked_every_week() -> None:
    case = a_case(MONDAY.date() - timedelta(days=20))
    disputed = replace(case, invoice=replace(case.invoice, standing=Standing.DISPUTED))
    heard = assess(disputed, None, (), WORLD, MONDAY)
    assert [(task.kind, task.owner) for task in heard.tasks] == [(TaskKind.CLEAR_DISPUTE, "Ann")]
    assert isinstance(heard.verdict.decision, Wait) and heard.verdict.decision.until <= MONDAY + timedelta(days=9)


def test_a_legal_stop_is_looked_at_again_every_four_weeks() -> None:
    story = Story()
    story.look(LegalStop("insolvency", by="Ann"))
    story.days(100)
    assert 4 <= len([title for title in story.tasks if title.startswith("Legal stop")]) <= 6
    assert story.contacts == [MONDAY]


def test_an_installation_is_not_fooled_by_a_hold_that_is_renewed_just_before_contact_hours() -> None:
    story = Story()
    for _ in range(200):
        story.look(HoldPlaced(day_of(story, 1), by="Tom"))
        story.sleep(story.wait().until)
    assert len(story.contacts) > 1
    assert longest_silence(story) <= LONGEST_SILENCE + DAY


WORD = st.one_of(
    st.builds(HoldPlaced, st.none() | st.integers(1, 95), st.just("Tom")),
    st.builds(WaitAsked, st.none() | st.integers(1, 8), st.just("Mara")),
    st.builds(PaymentReported, st.just("Bea"), st.just(""), st.just("paid"), st.sampled_from(["transfer", "check", "abroad"])),
    st.builds(PromiseMade, st.integers(0, 62), st.none() | st.sampled_from([Decimal(100), Decimal(700)]), st.just("Bea"), decided=st.booleans()),
    st.builds(DisputeRaised, st.just("price"), st.none() | st.just(Decimal(300)), st.just("Tom"), st.none() | st.integers(1, 61)),
    st.sampled_from([Replied(by="mail"), ReplyHandled(by="Ann"), HoldReleased(by="Tom"), DisputeResolved(by="Tom"), Spoken(by="Tom"), Spoken(False, by="Tom")]),
)


def on_days(word: News, today: date) -> News:
    """``word`` with the days it names counted from ``today``."""
    match word:
        case HoldPlaced(until=int(later)) | WaitAsked(until=int(later)):
            return replace(word, until=today + timedelta(days=later))
        case PromiseMade(day=int(later)):
            return replace(word, day=today + timedelta(days=later))
        case DisputeRaised(due=int(later)):
            return replace(word, due=today + timedelta(days=later))
        case _:
            return word


@settings(max_examples=150, deadline=None)
@given(late=st.integers(-20, 70), words=st.lists(st.tuples(WORD, st.sampled_from([0.0, 0.4, 1.0, 3.0, 6.9, 20.0, 45.0])), min_size=5, max_size=40))
def test_no_chain_of_words_keeps_an_invoice_silent_for_more_than_ninety_days_and_every_wait_has_reason_owner_and_end(
    late: int, words: Sequence[tuple[News, float]]
) -> None:
    story = Story(late)
    for word, days in words:
        story.look(on_days(word, story.now.date()))
        decision = story.heard.verdict.decision
        assert isinstance(decision, Wait | Close)
        if isinstance(decision, Wait):
            assert decision.why
            assert decision.owner
            assert story.now + timedelta(minutes=1) <= decision.until <= max(story.now, datetime(2026, 4, 1, tzinfo=UTC)) + timedelta(days=100)
        story.days(days)
    assert longest_silence(story) <= LONGEST_SILENCE + DAY


def test_a_dispute_raised_anew_every_day_is_its_owners_to_clear_up_at_once_when_the_patience_is_spent() -> None:
    story = Story()
    for _ in range(120):
        story.look(DisputeRaised("price", None, "Tom", by="Bea"))
        story.days(1)
    assert story.case.open_dispute is not None
    assert story.case.open_dispute.due == story.now.date() - DAY
    assert longest_silence(story) <= SHARES[DISPUTE] + DAY


def test_every_kind_of_hold_that_can_be_said_again_and_again_has_a_share() -> None:
    unlimited = {HoldKind.LEGAL, HoldKind.PLAN}
    assert {kind.value for kind in HoldKind} - set(SHARES) == {kind.value for kind in unlimited}
    assert all(timedelta() < share <= LONGEST_SILENCE for share in SHARES.values())
