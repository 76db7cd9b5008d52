"""One message for everything a customer should hear about now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import desk, ladder, leave
from domain.case import Case
from domain.decision import APPROVAL, Perform, assess
from domain.facts import Facts, Mode
from domain.invoice import Invoice
from domain.playbook import Stage, Step


@dataclass(frozen=True, slots=True)
class Share:
    """One invoice's share in a message: the step it takes with it. ``leads``: it is at the level of the wording."""

    case: Case
    step: Step
    leads: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """A message to be: the share that words it, and all it covers, the oldest of the leading ones first."""

    carrier: Share
    channel: str
    shares: tuple[Share, ...]

    @property
    def step(self) -> Step:
        """The step that words the message."""
        return self.carrier.step


@dataclass(frozen=True, slots=True)
class _Candidate:
    case: Case
    step: Step
    going: bool
    channel: str
    was_agreed: bool = False


def compose(wanted: str, cases: Iterable[tuple[Case, Facts]], seen: Mapping[str, Invoice], now: datetime) -> Bundle | None:
    """The message that the case with id ``wanted`` goes out in, or None when it should not go out now.

    ``cases`` are the customer's open ones, ``seen`` what their ledger says by invoice id. The firmest step due now
    carries the wording, of the oldest invoice among equals; what is planned within the bundling window rides along,
    save that a severe step never rides in a softer message and currencies and sellers are never mixed.
    """
    candidates = [found for case, facts in cases if (found := _candidate(wanted, case, facts, seen, now))]
    first = next((one for one in candidates if one.case.id == wanted and one.going), None)
    if first is None:
        return None
    if first.channel in ("task", APPROVAL) or first.was_agreed:
        share = Share(first.case, first.step, True)
        return Bundle(share, first.channel, (share,))
    alike = [one for one in candidates if _currency(one) == _currency(first) and one.case.invoice.seller == first.case.invoice.seller]
    carrier = max(
        (one for one in alike if one.going),
        key=lambda one: (one.step.severe, list(Stage).index(one.step.stage), -one.case.invoice.due.toordinal(), one.case.id),
    )
    shares = [Share(one.case, one.step, one.step.stage == carrier.step.stage) for one in alike if one is carrier or desk.may_ride_along(one.step, carrier.step)]
    shares.sort(key=lambda share: (not share.leads, share.case.invoice.due, share.case.invoice.number, share.case.id))
    leader = next(share for share in shares if share.case is carrier.case)
    return Bundle(leader, carrier.channel, tuple(shares))


def _currency(one: _Candidate) -> str:
    return one.case.invoice.balance.currency


def _candidate(wanted: str, case: Case, facts: Facts, seen: Mapping[str, Invoice], now: datetime) -> _Candidate | None:
    heard = assess(case, seen.get(case.invoice.id), (), facts, now)
    if heard.case.round != case.round:
        return None  # a new round begins with the invoice's own next look
    if isinstance(act := heard.verdict.decision, Perform):
        step = facts.playbook.step(act.step)
        was_agreed = facts.mode is Mode.LIVE and leave.needed(heard.case, step, facts, now) > 0
        if heard.case.id != wanted and (act.channel in ("task", APPROVAL) or step.do.is_internal or was_agreed):
            return None  # what a person does, or must agree to, is done for each invoice by itself
        return _Candidate(heard.case, step, True, act.channel, was_agreed)
    if heard.verdict.rule != "planned":
        return None
    due = ladder.next_due(heard.case, facts, now)
    channel = facts.channel_for(due.step, now)
    if not channel or leave.needed(heard.case, due.step, facts, now):
        return None
    if due.step.severe or due.step.do.is_internal or due.moment >= desk.bundling_horizon(facts.playbook, now):
        return None  # a severe step keeps its own day: its notice period must have gone by
    return _Candidate(heard.case, due.step, False, channel)
