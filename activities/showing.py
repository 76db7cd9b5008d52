"""How a case is shown: in our lists, and in the Temporal UI without opening a payload."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from db.cases import Showing
from domain.calendar import start_of_day
from domain.case import Case, Fate, Outcome
from domain.decision import Close, Decision, Perform, Verdict, Wait
from domain.diary import write_day
from domain.facts import Facts
from domain.ladder import next_due, next_step
from domain.owed import TITLES
from workflows.contract import Labels

_FATES = {Fate.PASSED_OVER: "left out", Fate.PRESUMED: "presumed delivered", Fate.ACCEPTED: "sent", Fate.SHADOWED: "kept here", Fate.UNKNOWN: "in doubt"}

# What stands in Temporal is limited there, and one answer that is too large would be refused for ever.
_LONGEST_NUMBER = 200
_MOST_PROMISES = 20


def stage_of(case: Case, facts: Facts, now: datetime) -> str:
    """The stage of the last step that reached the customer; before the first, ``upcoming``, or ``overdue`` once it is late; at the
    end, the outcome."""
    if case.ended:
        return case.ended.value
    last = max((rung for rung in case.rungs if rung.is_contact or rung.fate == "shadowed"), key=lambda rung: rung.at, default=None)
    if last is None:
        return "overdue" if case.invoice.days_past_due(facts.today(now)) > 0 else "upcoming"
    return facts.playbook.step_of(last).stage.value


def show(case: Case, verdict: Verdict, facts: Facts, now: datetime) -> Showing:
    """The columns of our own lists."""
    decision = verdict.decision
    if isinstance(decision, Close):
        return Showing(stage_of(case, facts, now), verdict.rule, decision.why, "", None, "")
    why = explain(decision) if isinstance(decision, Wait) else f"{decision.summary} is going out"
    owner, until = (decision.owner, decision.until) if isinstance(decision, Wait) else (facts.owner, None)
    return Showing(stage_of(case, facts, now), verdict.rule, why, owner, until, next_step(case, facts).name, verdict.contact)


def explain(decision: Decision) -> str:
    """Why this was decided, with what people wrote about it: for our own database."""
    if isinstance(decision, Perform):
        return decision.summary
    detail = decision.detail if isinstance(decision, Wait) else ""
    return f"{decision.why}: {detail}" if detail else decision.why


def without_detail(decision: Decision) -> Decision:
    """``decision`` as Temporal may keep it: without what people wrote, and without their names."""
    match decision:
        case Wait():
            return replace(decision, detail="", owner="")
        case Close(outcome=outcome, why=why):
            return replace(decision, why=_end_in_short(outcome, why))
        case _:
            return decision


def _end_in_short(outcome: Outcome, why: str) -> str:
    """How it ended, without who said so and why."""
    if outcome is Outcome.STOPPED:
        return "stopped by a person"
    return why.partition(" by ")[0] if outcome is Outcome.WRITTEN_OFF else why.partition(", says ")[0]


def without_private_words(case: Case) -> Case:
    """``case`` as Temporal may keep it: without names, reasons people wrote, links, order and phone numbers and payments, and not too much of it."""
    return replace(
        case,
        invoice=replace(case.invoice, number=case.invoice.number[:_LONGEST_NUMBER], pay_url="", pdf_url="", purchase_order="", bookings=None),
        rungs=tuple(replace(rung, why="" if rung.fate is Fate.SKIPPED else rung.why) for rung in case.rungs),
        holds=tuple(replace(hold, why="", by="") for hold in case.holds),
        promises=tuple(replace(promise, by="") for promise in case.promises[-_MOST_PROMISES:]),
        ended_why=_end_in_short(case.ended, case.ended_why) if case.ended else "",
        disputes=tuple(replace(dispute, reason="", owner="", by="") for dispute in case.disputes),
        approvals=tuple(replace(approval, given_by=("a person",) * len(approval.given_by)) for approval in case.approvals),
        discount=replace(case.discount, by="") if case.discount else None,
        agency=replace(case.agency, name="", by="") if case.agency else None,
        answers=tuple(replace(one, about=one.about[:_LONGEST_NUMBER], ending="") for one in case.answers),
    )


def label(case: Case, verdict: Verdict, facts: Facts, now: datetime) -> Labels:
    """The search attributes and the story on the case's page. No name, no address and no word a person wrote.

    While a message goes out the attributes stay as they were when it was planned: each change of them is one more event
    and one more write for the server, and what became of the message follows within seconds.
    """
    case, decision = without_private_words(case), without_detail(verdict.decision)
    waiting, contact = verdict.rule, verdict.contact or decision.until if isinstance(decision, Wait) else None
    if isinstance(decision, Perform):
        waiting = "planned" if verdict.rule == "due" else verdict.rule
        contact = next_due(case, facts, case.opened_at).moment  # of a step that is due, the same at any moment
    return Labels(
        stage=stage_of(case, facts, now),
        waiting=waiting,
        customer=case.invoice.customer,
        seller=case.invoice.seller,
        currency=case.invoice.balance.currency,
        balance=float(case.invoice.balance.amount),
        due_on=start_of_day(case.invoice.due, ("UTC",)),
        next_contact=contact,
        details=_tell(case, decision, facts),
    )


def _way(channel: str) -> str:
    return "e-mail" if channel == "email" else channel


def _tell(case: Case, decision: Decision, facts: Facts) -> str:
    invoice = case.invoice
    match decision:
        case Wait():
            now_line = f"**Waiting because** {decision.why}. Next look: {write_day(facts.today(decision.until))}."
        case Perform():
            now_line = f"**Going out now:** {decision.summary}."
        case Close():
            now_line = f"**Ended:** {decision.why}."
    lines = [
        f"**Invoice {invoice.number}**: {invoice.balance} open of {invoice.total}, due {write_day(invoice.due)}.",
        now_line,
        f"Playbook {facts.playbook.name}, {facts.mode} mode.",
    ]
    for rung in case.rungs:
        by, why = f" by {_way(rung.channel)}" if rung.channel else "", f" ({rung.why})" if rung.why else ""
        lines.append(f"- {write_day(facts.today(rung.at))}: {facts.playbook.step_of(rung).title} {_FATES.get(rung.fate, rung.fate.value)}{by}{why}")
    for answer in case.answers:
        if answer.at and answer.fate:
            lines.append(f"- {write_day(facts.today(answer.at))}: {TITLES[answer.what]} {_FATES.get(Fate(answer.fate), answer.fate)} by {_way(answer.channel)}")
    for promise in case.promises:
        lines.append(f"- promise of {promise.amount} by {write_day(promise.day)}: {promise.standing.value.replace('_', ' ')}")
    for hold in case.holds:
        lines.append(f"- on hold until {write_day(facts.today(hold.until))} ({hold.kind.value.replace('_', ' ')})")
    return "\n\n".join(lines[:3]) + "\n\n" + "\n".join(lines[3:])
