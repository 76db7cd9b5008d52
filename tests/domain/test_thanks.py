"""Whoever heard firm words about an invoice is told in writing, once, that it is paid; whoever was only reminded is left in peace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import playbooks
from domain.bundle import compose
from domain.case import Case, Fate, Outcome, Promise, PromiseStanding, Rung
from domain.decision import Assessment, Close, Perform, Wait, assess, record_contact
from domain.event import AnswerOwed, ChasingStopped, HoldPlaced, LegalStop, News, PaidOutside, Reopened
from domain.facts import Facts, InFlight, Refused
from domain.invoice import Invoice, Standing
from domain.matters import overtaken
from domain.owed import AnswerKind, OwedStanding
from support.worlds import MONDAY, a_case, a_customer, euros, facts

LATE = MONDAY.date() - timedelta(days=40)
SOON = MONDAY + timedelta(minutes=20)
STAGES = playbooks.load("issue-to-payment")
WORLD = facts()


def reached_by(*steps: str, world: Facts = WORLD, number: str = "INV-1") -> Case:
    """An invoice for which these steps were taken, each by e-mail or by a person of ours."""
    taken = [world.playbook.step(step) for step in steps]
    rungs = tuple(
        Rung(one.name, Fate.DONE if one.do.is_internal else Fate.DELIVERED, MONDAY - timedelta(days=9), "task" if one.do.is_internal else "email")
        for one in taken
    )
    return replace(a_case(LATE, MONDAY - timedelta(days=60), number=number), playbook=world.playbook.hash, rungs=rungs, entered=True)


def paid(case: Case, left: str = "0.00") -> Invoice:
    return replace(case.invoice, balance=euros(left), paid_on=MONDAY.date())


def look(case: Case, *news: News, seen: Invoice | None = None, world: Facts = WORLD, at: timedelta = timedelta()) -> Assessment:
    return assess(case, seen, news, world, MONDAY + at)


def settle(case: Case, world: Facts = WORLD) -> Case:
    """``case`` when the money has come."""
    return look(case, seen=paid(case), world=world).case


def owed(case: Case) -> list[str]:
    return [one.step for one in case.answers if one.is_open]


FIRM = {
    "a final notice": (WORLD, ("first-reminder", "final-notice")),
    "a credit hold": (facts(playbook=STAGES), ("first-overdue", "credit-hold")),
    "a formal demand": (facts(playbook=STAGES), ("formal-demand",)),
    "a handover": (facts(playbook=playbooks.load("b2b-three-weeks")), ("collections-handoff",)),
}


@pytest.mark.parametrize("world, steps", FIRM.values(), ids=FIRM)
def test_after_firm_words_or_measures_the_customer_hears_that_it_is_over_and_then_the_watch_ends(world: Facts, steps: tuple[str, ...]) -> None:
    heard = look(reached_by(*steps, world=world), seen=paid(a_case(LATE)), world=world)
    assert heard.verdict.rule == "thanks" and heard.case.ended is None
    assert "paid in full" in [entry.what for entry in heard.entries]
    then = look(heard.case, world=world, at=timedelta(minutes=20))
    assert then.verdict.decision == Perform("settled-1", "email", "word that it is settled by email")
    told, line = record_contact(then.case, "settled-1", "email", Fate.DELIVERED, "out-1", world, SOON)
    assert line.what == "word that it is settled sent by e-mail"
    over = look(told, world=world, at=timedelta(minutes=21))
    assert isinstance(over.verdict.decision, Close) and over.case.ended is Outcome.SETTLED
    assert over.entries == (), "its end was told when the money came"


def test_a_broken_promise_is_answered_too_and_plain_reminders_are_not() -> None:
    plain = reached_by("first-reminder", "second-reminder", "third-reminder")
    assert isinstance(look(plain, seen=paid(plain)).verdict.decision, Close)
    made = MONDAY - timedelta(days=8)
    kept, broken = (Promise(euros("1200.00"), made.date(), made, euros("1200.00"), "Bea", how) for how in (PromiseStanding.KEPT, PromiseStanding.BROKEN))
    assert owed(settle(replace(plain, promises=(kept,)))) == []
    assert owed(settle(replace(plain, promises=(broken,)))) == ["settled-1"]


def test_a_part_of_the_money_is_no_reason_for_thanks() -> None:
    case = reached_by("final-notice")
    heard = look(case, seen=paid(case, "400.00"))
    assert owed(heard.case) == [] and heard.case.settled_at is None


SILENT = {
    "a legal stop": (WORLD, (LegalStop("lawyer", by="Ann"),)),
    "opted out": (facts(customer=replace(a_customer(), contacts=tuple(replace(one, refused=frozenset({"email"})) for one in a_customer().contacts))), ()),
    "no words for it": (facts(playbook=replace(WORLD.playbook, says=())), ()),
}


@pytest.mark.parametrize("world, news", SILENT.values(), ids=SILENT)
def test_who_may_not_be_written_to_is_not(world: Facts, news: tuple[News, ...]) -> None:
    case = reached_by("final-notice", world=world)
    heard = look(case, *news, seen=paid(case), world=world)
    assert owed(heard.case) == [] and isinstance(heard.verdict.decision, Close)


@pytest.mark.parametrize("word", [LegalStop("insolvency", by="Ann"), ChasingStopped(by="Ann"), PaidOutside(by="Ann")])
def test_what_people_say_before_it_leaves_ends_it(word: News) -> None:
    heard = look(settle(reached_by("final-notice")), word, at=timedelta(minutes=20))
    assert isinstance(heard.verdict.decision, Close)
    assert [one.standing for one in heard.case.answers] == [OwedStanding.DROPPED]


def test_a_hold_does_not_keep_it_back() -> None:
    heard = look(settle(reached_by("final-notice")), HoldPlaced(by="Ann"), at=timedelta(minutes=20))
    assert isinstance(heard.verdict.decision, Perform)


def test_money_that_goes_back_before_it_leaves_takes_the_thanks_along_and_the_measures_stand() -> None:
    world = facts(playbook=STAGES)
    case = reached_by("first-overdue", "credit-hold", world=world)
    settled = look(case, seen=paid(case), world=world)
    assert [task.title for task in settled.tasks if "Release" in task.title] == ["Release the credit hold on customer C-1"]
    bounced = look(settled.case, seen=case.invoice, world=world, at=timedelta(minutes=20))
    assert bounced.case.round == 1 and bounced.case.settled_at is None
    assert "word that it is settled not sent: it is owed again" in [entry.what for entry in bounced.entries]
    assert {task.key for task in settled.tasks if task.key.startswith("compensate/")} <= set(overtaken(bounced.case))
    again = look(bounced.case, seen=paid(case), world=world, at=timedelta(days=3))
    assert owed(again.case) == ["settled-2"]
    assert "Release the credit hold on customer C-1" in [task.title for task in again.tasks]


def test_an_invoice_that_is_owed_again_and_paid_again_is_not_thanked_for_twice() -> None:
    case = settle(reached_by("final-notice"))
    told, _ = record_contact(case, "settled-1", "email", Fate.DELIVERED, "out-1", WORLD, SOON)
    ended = look(told, at=timedelta(minutes=21)).case
    owing = replace(case.invoice, balance=euros("1200.00"))
    for back in (look(ended, seen=owing, at=timedelta(days=2)), look(ended, Reopened(by="Ann"), at=timedelta(days=2))):
        assert back.case.round == 2
        assert isinstance(look(back.case, seen=paid(case), at=timedelta(days=3)).verdict.decision, Close)
    final = Rung("final-notice", Fate.DELIVERED, MONDAY + timedelta(days=4), "email")
    firm = replace(look(ended, seen=owing, at=timedelta(days=2)).case, rungs=(final,))
    assert owed(look(firm, seen=paid(case), at=timedelta(days=5)).case) == ["settled-2"]


def test_it_keeps_the_watch_open_for_five_business_days_at_most_and_then_a_person_writes() -> None:
    away = replace(WORLD, switched_off="moving house")
    case = look(reached_by("final-notice"), seen=paid(a_case(LATE)), world=away).case
    now, looks = MONDAY, 0
    while isinstance(wait := (heard := assess(case, None, (), away, now)).verdict.decision, Wait):
        case, now, looks = heard.case, max(wait.until, now), looks + 1
        assert looks < 20
    assert isinstance(wait, Close) and timedelta(days=5) < now - MONDAY < timedelta(days=10)
    assert "word that it is settled not sent in 5 business days: a person of ours sees to it" in [entry.what for entry in heard.entries]
    assert [task.title for task in heard.tasks] == ["Invoice INV-1: word that it is settled"]


def test_it_waits_for_a_message_on_its_way_and_a_provider_that_refuses_for_good_leaves_it_to_a_person() -> None:
    case = settle(reached_by("final-notice"))
    flying = replace(WORLD, in_flight=(InFlight("final-notice", "out-9", MONDAY, round=1, channel="email"),))
    assert isinstance(look(case, world=flying, at=timedelta(minutes=20)).verdict.decision, Wait)
    refused = replace(WORLD, refused_answers=(Refused(MONDAY, "no such mailbox", try_again=False),))
    assert isinstance(act := look(case, world=refused, at=timedelta(minutes=20)).verdict.decision, Perform) and act.channel == "task"


def test_nobody_asks_for_it_by_hand() -> None:
    (reply,) = look(reached_by("final-notice"), AnswerOwed(AnswerKind.SETTLED, by="Ann")).replies
    assert not reply.taken and "told by itself" in reply.said


def test_invoices_that_are_paid_together_are_thanked_for_in_one_message_and_others_ride_in_none() -> None:
    first, second, third = (reached_by("final-notice", number=number) for number in ("INV-1", "INV-2", "INV-3"))
    both = [settle(first), assess(second, paid(second), (), WORLD, MONDAY + timedelta(minutes=5)).case]
    still_open = assess(third, None, (), WORLD, MONDAY).case
    bundle = compose(both[0].id, [(case, WORLD) for case in (*both, still_open)], {}, SOON)
    assert bundle is not None
    assert [(share.case.invoice.number, share.step.name) for share in bundle.shares] == [("INV-1", "settled-1"), ("INV-2", "settled-1")]


def test_what_a_credit_settles_or_a_full_export_drops_is_judged_by_the_balance_alone() -> None:
    case = reached_by("final-notice")
    credited = replace(case.invoice, balance=euros("0.00"))
    assert owed(look(case, seen=credited).case) == ["settled-1"]
    closed = replace(case.invoice, standing=Standing.CLOSED)
    assert isinstance(look(case, seen=closed).verdict.decision, Close)
    assert look(case, seen=closed).case.invoice.balance.amount == Decimal("1200.00")
