"""What counts as a contact, which channel comes first, and when a customer is left alone because it is not worth a reminder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import desk
from domain.case import Case, Fate, Rung
from domain.customer import Contact, Role, spell_reach
from domain.decision import Perform, Wait, decide
from domain.diary import write_diary
from domain.facts import Contacted, CountsAs, Envelope, Facts
from domain.money import Money
from domain.playbook import Stage, Step, Verb
from domain.timeline import timeline
from support.worlds import MONDAY, STANDARD, a_case, a_customer, euros, facts

ALL = Envelope(channels=frozenset({"email", "sms", "call", "letter", "portal", "task"}))
FIRST = STANDARD.step("first-reminder")
ALONG = replace(FIRST, name="text", by=("sms",), together=True)
BOTH_WAYS = replace(a_customer(), contacts=(Contact("k", Role.BILLING, "Bea", "bea@customer.example", "+49301234567"),))


def late(days: int = 10, **fields: object) -> Case:
    case = a_case(MONDAY.date() - timedelta(days=days), **fields)
    return replace(case, entered=True, rungs=(Rung("upcoming", Fate.PASSED_OVER, MONDAY), Rung("due-today", Fate.PASSED_OVER, MONDAY)))


def heard(*days_ago: float, counts_as: CountsAs = CountsAs.CONTACT) -> tuple[Contacted, ...]:
    return tuple(Contacted(MONDAY - timedelta(days=days), Stage.REMINDER, counts_as=counts_as) for days in days_ago)


def test_all_channels_of_one_step_are_one_contact() -> None:
    eager = replace(STANDARD, gap_days=1)
    three_days = (*heard(1, 3, 5, counts_as=CountsAs.SAME), *heard(1, 3))
    assert desk.allow(FIRST, "email", facts(playbook=eager, contacts=three_days), MONDAY) is None
    third = desk.allow(FIRST, "email", facts(playbook=eager, contacts=(*three_days, *heard(5))), MONDAY)
    assert third is not None and third.rule == "caps"


def test_the_second_channel_of_a_step_follows_on_the_same_day_and_alone_it_is_a_contact_like_any_other() -> None:
    sent = facts(customer=BOTH_WAYS, envelope=ALL, contacts=heard(0.01))
    assert desk.allow(ALONG, "sms", sent, MONDAY) is None
    assert desk.is_same_contact(ALONG, "sms", sent, MONDAY)
    yesterday = facts(customer=BOTH_WAYS, envelope=ALL, contacts=heard(1))
    refusal = desk.allow(ALONG, "sms", yesterday, MONDAY)
    assert refusal is not None and refusal.rule == "gap"


def test_what_another_invoice_said_today_opens_no_way_around_the_gap_and_the_caps() -> None:
    def asked(*days_ago: float, gap: int = 3) -> desk.Refusal | None:
        playbook = replace(STANDARD, gap_days=gap)
        return desk.allow(ALONG, "sms", facts(playbook=playbook, customer=BOTH_WAYS, envelope=ALL, contacts=heard(*days_ago)), MONDAY)

    assert asked(0.01, 3) is None
    assert (refusal := asked(0.01, 2)) is not None and refusal.rule == "gap"
    assert (refusal := asked(0.01, 2, 4, 6, gap=1)) is not None and refusal.rule == "caps"


def test_a_timeline_counts_a_message_and_the_text_that_goes_with_it_once() -> None:
    named = [(step, f"{name}-{day}", day) for day in (1, 2, 3) for step, name in ((FIRST, "mail"), (ALONG, "text"))]
    steps = tuple(replace(step, name=name, title="", day=day, business_day=None) for step, name, day in named)
    daily = replace(STANDARD, steps=steps, gap_days=1)
    monday = MONDAY.date()
    told = timeline(
        replace(a_case(monday), opened_at=MONDAY),
        facts(playbook=daily, customer=BOTH_WAYS, envelope=ALL),
        (),
        MONDAY,
        MONDAY + timedelta(days=4),
    )
    days = [line.split(" sent ")[0].split("2026  ")[-1] for line in write_diary(told).splitlines() if " sent " in line]
    assert days == ["mail 1", "text 1", "mail 2", "text 2", "mail 3", "text 3"], "each second message counted would have reached the cap of three on day 2"


@pytest.mark.parametrize(("liked", "channel"), [("", "email"), ("email", "email"), ("sms", "sms"), ("call", "call"), ("letter", "email"), ("portal", "email")])
def test_the_channel_a_customer_prefers_comes_first_where_the_step_offers_it(liked: str, channel: str) -> None:
    step = Step("any", Verb.REMIND, ("email", "sms", "call", "task"), "", Stage.REMINDER, day=5)
    assert facts(customer=replace(BOTH_WAYS, preferred_channel=liked), envelope=ALL).channel_for(step, MONDAY) == channel


def test_a_preferred_channel_that_is_switched_off_or_refused_is_passed_over() -> None:
    step = Step("any", Verb.REMIND, ("email", "sms", "task"), "", Stage.REMINDER, day=5)
    liking = replace(BOTH_WAYS, preferred_channel="sms")
    assert facts(customer=liking, envelope=Envelope()).channel_for(step, MONDAY) == "email"
    refusing = replace(liking, contacts=(replace(liking.contacts[0], refused=frozenset({"sms"})),))
    assert facts(customer=refusing, envelope=ALL).channel_for(step, MONDAY) == "email"


def with_money(unapplied: str, *open_: str, currency: str = "EUR") -> Facts:
    customer = replace(a_customer(), unapplied=(Money(Decimal(unapplied), currency),))
    return facts(customer=customer, open_balances=tuple(euros(amount) for amount in open_))


@pytest.mark.parametrize(
    ("unapplied", "open_", "stops"),
    [
        ("120.00", ("1200.00",), True),  # a tenth
        ("119.99", ("1200.00",), False),
        ("119.99", ("1200.00", "119.99"), True),  # exactly what one invoice owes, though less than a tenth of all
        ("120.00", ("1200.00", "3000.00"), False),  # a tenth of one invoice is no tenth of all
        ("5000.00", ("1200.00",), True),
    ],
)
def test_unapplied_money_stops_a_reminder_only_where_it_matters(unapplied: str, open_: tuple[str, ...], stops: bool) -> None:
    verdict = decide(late(), with_money(unapplied, *open_), MONDAY)
    assert (verdict.rule == "unapplied") is stops
    assert isinstance(verdict.decision, Wait if stops else Perform)
    if stops:
        assert [task.key for task in verdict.tasks] == ["unapplied/c/EUR"]
        assert "set it against its invoices in the ledger" in verdict.tasks[0].remedy


def test_unapplied_money_of_another_currency_stops_nothing() -> None:
    assert isinstance(decide(late(), with_money("5000.00", "1200.00", currency="USD"), MONDAY).decision, Perform)


def test_an_invoice_below_the_floor_gets_statements_only_and_nobody_is_asked_to_decide_about_it() -> None:
    told = write_diary(timeline(a_case(date(2026, 3, 20), balance="24.99"), facts(), (), MONDAY, MONDAY + timedelta(days=120)))
    sent = [line for line in told.splitlines() if "sent by" in line]
    assert [line.split("  ")[1].strip() for line in sent] == ["+31", "+61", "+91"]
    assert "first reminder left out: 24.99 EUR is so little that only statements are sent" in told
    statement = replace(late(balance="24.99"), rungs=tuple(Rung(step.name, Fate.PASSED_OVER, MONDAY - timedelta(days=40)) for step in STANDARD.steps))
    statement = replace(statement, opened_at=MONDAY - timedelta(days=60), invoice=replace(statement.invoice, due=MONDAY.date() - timedelta(days=50)))
    verdict = decide(statement, facts(), MONDAY)
    assert isinstance(verdict.decision, Perform) and verdict.tasks == ()


@pytest.mark.parametrize(("balance", "currency", "reminded"), [("25.00", "EUR", True), ("24.00", "USD", False), ("24", "JPY", False), ("26", "JPY", True)])
def test_the_floor_counts_in_the_invoice_s_own_currency(balance: str, currency: str, reminded: bool) -> None:
    decision = decide(late(balance=balance, currency=currency), facts(), MONDAY).decision
    assert (isinstance(decision, Perform) and decision.step == "first-reminder") is reminded


def test_the_floor_is_what_the_installation_sets() -> None:
    everything = facts(envelope=Envelope(least_balance=Decimal(0)))
    assert isinstance(decide(late(balance="3.00"), everything, MONDAY).decision, Perform)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Bea@Customer.Example ", "bea@customer.example"),
        ("+49 30 123 45-67", "+49301234567"),
        ("0049 (30) 1234567", "+49301234567"),
        ("030 1234567", "0301234567"),
        ("", ""),
    ],
)
def test_an_address_or_number_is_known_again_however_it_is_written(written: str, same: str) -> None:
    assert spell_reach(written) == same


def test_a_letter_is_sent_to_a_house_and_not_to_a_person_s_number() -> None:
    contact = BOTH_WAYS.contacts[0]
    assert contact.reach_by("letter") == ""
    assert contact.reach_by("call") == contact.reach_by("sms") == "+49301234567"
    assert BOTH_WAYS.reach == {"bea@customer.example", "+49301234567"}
