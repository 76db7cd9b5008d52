"""The situations an invoice of the town may be in: telling which, bringing it there, and what somebody may say there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from domain.case import ApprovalStanding, Fate, HoldKind, Outcome, PromiseStanding
from domain.event import (
    AgencyAuthorized,
    AnswerOwed,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalLapsed,
    ApprovalRefused,
    CallEnded,
    ChasingStopped,
    ContactSet,
    CustomerSet,
    DeliveryReported,
    DiscountGranted,
    DisputeRaised,
    DisputeResolved,
    Escalated,
    GivenBack,
    HoldPlaced,
    HoldReleased,
    InvoiceChanged,
    LegalStop,
    News,
    OptedIn,
    OptedOut,
    OutreachResolved,
    PaidOutside,
    PaymentReported,
    PlaybookSwapped,
    PromiseMade,
    Reissued,
    Reopened,
    Replied,
    ReplyHandled,
    Spoken,
    StepSkipped,
    WaitAsked,
    WordUnreadable,
    WrittenOff,
)
from domain.invoice import Standing
from domain.migration import counts_as_done
from domain.owed import AgreedPart, AnswerKind
from domain.plan_news import InstallmentMissed, PlanAgreed, PlanEnded, PlanOffered
from support.town import PLAYBOOKS, Town

KINDS: tuple[type[News], ...] = News.__args__  # type: ignore[attr-defined]
ENDS: tuple[Literal["talked", "voicemail", "nobody", "wrong_number", "stopped"], ...] = ("talked", "voicemail", "nobody", "wrong_number", "stopped")
FATES: tuple[Literal["accepted", "delivered", "failed"], ...] = ("accepted", "delivered", "failed")


def situation(town: Town, name: str) -> str:
    """Where an invoice stands, in one word or two."""
    case, now = town.cases[name], town.now
    silent = {hold.kind for hold in case.holds if hold.until > now}
    dispute = case.open_dispute
    if case.ended:
        return {Outcome.SETTLED: "settled", Outcome.VOIDED: "voided", Outcome.STOPPED: "stopped", Outcome.WRITTEN_OFF: "written off"}[case.ended]
    checks = (
        ("in doubt", bool(town.flights.get(name))),
        ("legal stop", HoldKind.LEGAL in silent),
        ("answered", HoldKind.REPLY in silent),
        ("plan", HoldKind.PLAN in silent),
        ("to decide", HoldKind.PROMISE_TO_DECIDE in silent),
        ("on hold", bool(silent)),
        ("promised", case.open_promise is not None),
        ("disputed", bool(dispute) and dispute is not None and dispute.is_whole),
        ("in part", dispute is not None),
        ("to approve", any(approval.standing is ApprovalStanding.OPEN and approval.expires > now for approval in case.approvals)),
        ("broken", any(promise.standing is PromiseStanding.BROKEN for promise in case.promises)),
        ("reminded", any(rung.is_contact for rung in case.rungs)),
    )
    return next((name for name, holds in checks if holds), "new")


SITUATIONS = (
    "new",
    "reminded",
    "broken",
    "to approve",
    "in part",
    "disputed",
    "promised",
    "on hold",
    "to decide",
    "plan",
    "answered",
    "legal stop",
    "in doubt",
    "settled",
    "voided",
    "stopped",
    "written off",
)


def bring_into(town: Town, case: str, wanted: str) -> None:
    """Do what brings an invoice there, if it can be brought there now."""
    if situation(town, case) == wanted:
        return
    town.clear(case)
    today, balance = town.now.date(), town.ledger[case].balance.amount

    def say(news: News) -> None:
        town.say(case, news)

    match wanted:
        case "new":
            say(ChasingStopped(by="Ann"))
            town.ledger[case] = replace(town.ledger[case], due=today + timedelta(days=40))
            say(Reopened(by="Ann"))
        case "reminded":
            town.ledger[case] = replace(town.ledger[case], due=min(town.ledger[case].due, today))
            town.go_on_until(case, lambda one: any(rung.is_contact for rung in one.rungs))
        case "broken":
            say(PromiseMade(today + timedelta(days=1), by="Ann", decided=True))
            town.pass_time(town.now + timedelta(days=9))
        case "to approve":
            say(ApprovalAsked(PLAYBOOKS[town.cases[case].playbook].steps[-1].name, "text", today + timedelta(days=4), by="Dunwell"))
        case "in part":
            say(DisputeRaised("two of ten missing", (balance / 4).quantize(Decimal("0.01")), by="Ann"))
        case "disputed":
            say(DisputeRaised("never ordered", by="Ann"))
        case "promised":
            say(PromiseMade(today + timedelta(days=5), by="Ann", decided=True))
        case "on hold":
            say(HoldPlaced(today + timedelta(days=5), by="Ann"))
        case "to decide":
            say(PromiseMade(today + timedelta(days=50), by="Ann"))
        case "plan":
            say(PlanAgreed("p", today + timedelta(days=20), by="Ann"))
        case "answered":
            say(Replied(by="mail"))
        case "legal stop":
            say(LegalStop("lawyer", by="Ann"))
        case "in doubt":
            town.ledger[case] = replace(town.ledger[case], due=min(town.ledger[case].due, today))
            town.fate = Fate.UNKNOWN
            town.go_on_until(case, lambda one: bool(town.flights.get(one.id)))
            town.fate = Fate.DELIVERED
        case "settled":
            town.ledger[case] = replace(town.ledger[case], balance=replace(town.ledger[case].balance, amount=Decimal(0)))
            say(InvoiceChanged())
        case "voided":
            town.ledger[case] = replace(town.ledger[case], standing=Standing.VOID)
            say(InvoiceChanged())
        case "stopped":
            say(ChasingStopped(by="Ann"))
        case "written off":
            say(WrittenOff(by="Ann"))


def compose_word(kind: type[News], town: Town, case: str, number: int) -> News:
    """A word of this kind about an invoice; ``number`` chooses among sensible and senseless ones."""
    one, today = town.cases[case], town.now.date()
    steps = [step.name for step in PLAYBOOKS[one.playbook].steps]
    asked = next((approval for approval in one.approvals if approval.standing is ApprovalStanding.OPEN), None)
    step, text = (asked.step, asked.text_hash) if asked and number % 4 else (steps[number % len(steps)], "another")
    day = today + timedelta(days=(-3, 0, 1, 4, 10, 14, 30, 75)[number % 8])
    amount = (None, one.invoice.balance.amount, one.invoice.balance.amount / 2, Decimal("0.005"), Decimal("NaN"), Decimal(-1), Decimal(10) ** 30)[number % 7]
    person = ("Ann", "Ben")[number % 2]
    other = next((hash_ for hash_ in PLAYBOOKS if hash_ != one.playbook), one.playbook) if number % 3 else one.playbook
    printed = next((rung.outreach for rung in one.rungs if rung.is_to_be_posted), "o-unheard-of")
    doubtful = next((flight.outreach for flight in town.flights.get(case, ())), printed)
    spoken = ("INV-1", "INV-2")[: number % 3]
    left = next((rung.outreach for rung in reversed(one.rungs) if rung.is_contact and rung.outreach), "o-unheard-of")
    words: dict[type[News], Callable[[], News]] = {
        InvoiceChanged: lambda: InvoiceChanged(person),
        PaymentReported: lambda: PaymentReported(person, method=("transfer", "check", "abroad")[number % 3], confirmed_for=spoken),  # type: ignore[arg-type]
        PromiseMade: lambda: PromiseMade(day, amount, person, decided=number % 5 == 0),
        HoldPlaced: lambda: HoldPlaced(day if number % 5 else None, person),
        HoldReleased: lambda: HoldReleased(person, legal=number % 2 == 0),
        StepSkipped: lambda: StepSkipped(("", steps[number % len(steps)], "nonsense")[number % 3], person),
        ChasingStopped: lambda: ChasingStopped(person),
        OutreachResolved: lambda: OutreachResolved(doubtful, number % 2 == 0, person),
        WordUnreadable: lambda: WordUnreadable("{", person),
        DisputeRaised: lambda: DisputeRaised(
            "damaged", amount, due=day if number % 3 == 0 else None, credit_note=number % 2 == 0, by=person, confirmed_for=spoken
        ),
        DisputeResolved: lambda: DisputeResolved(person),
        LegalStop: lambda: LegalStop("insolvency", person),
        WaitAsked: lambda: WaitAsked(day if number % 2 else None, person),
        Replied: lambda: Replied("mail", copy=number % 2 == 0, call_back=number % 5 == 0, confirmed_for=spoken),
        ReplyHandled: lambda: ReplyHandled(person),
        Spoken: lambda: Spoken(number % 2 == 0, person),
        ApprovalAsked: lambda: ApprovalAsked(step, text, today + timedelta(days=4), "Dunwell"),
        ApprovalGiven: lambda: ApprovalGiven(step, text, person),
        ApprovalLapsed: lambda: ApprovalLapsed(step, "Dunwell"),
        ApprovalRefused: lambda: ApprovalRefused(step, text, person),
        Escalated: lambda: Escalated((steps[number % len(steps)], "nonsense")[number % 5 == 0], person),
        PlaybookSwapped: lambda: PlaybookSwapped(other, "another", counts_as_done(one, PLAYBOOKS[one.playbook], PLAYBOOKS[other]), person),
        PaidOutside: lambda: PaidOutside(person),
        WrittenOff: lambda: WrittenOff(person),
        Reopened: lambda: Reopened(person),
        ContactSet: lambda: ContactSet(person),
        CustomerSet: lambda: CustomerSet(by=person),
        PlanOffered: lambda: PlanOffered("p", max(day, today), "3 installments", person),
        PlanAgreed: lambda: PlanAgreed("p", max(day, today), person),
        InstallmentMissed: lambda: InstallmentMissed("p", Decimal("400.00"), day, person),
        PlanEnded: lambda: PlanEnded("p", number % 2 == 0, person),
        AgencyAuthorized: lambda: AgencyAuthorized("Harbor Collections", Decimal(10_000), day, person),
        DiscountGranted: lambda: DiscountGranted((Decimal(2), Decimal(50))[number % 2], day, person),
        Reissued: lambda: Reissued(successor="inv-9", by=person),
        CallEnded: lambda: CallEnded(doubtful, ENDS[number % 5], "the voice agent"),
        GivenBack: lambda: GivenBack(person),
        AnswerOwed: lambda: AnswerOwed(tuple(AnswerKind)[number % 5], (AgreedPart(day, one.invoice.balance),) if number % 5 > 2 else (), by=person),
        DeliveryReported: lambda: DeliveryReported(doubtful if number % 2 else left, FATES[number % 3], number % 5 == 0, town.now, "the provider"),
        OptedOut: lambda: OptedOut(("email",), person),
        OptedIn: lambda: OptedIn(("sms", "call"), person),
    }
    return words[kind]()
