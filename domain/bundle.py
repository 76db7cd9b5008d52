"""One message for everything a customer should hear about now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain import desk, ladder, leave
from domain.case import ApprovalStanding, Case
from domain.decision import Perform, assess
from domain.facts import Facts, Mode
from domain.invoice import Invoice
from domain.owed import AnswerKind
from domain.playbook import Stage, Step
from domain.thanking import find_thanks

# What messages of thanks have in common, and share with no other.
_THANKS = "thanks"


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

    def takes(self, case: str, step: str, channel: str) -> bool:
        """Whether with this message, by ``channel``, the case with the id ``case`` takes ``step``."""
        return self.channel == channel and any((share.case.id, share.step.name) == (case, step) for share in self.shares)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``alone``: it is done for each invoice by itself, by a person of ours or because it answers about just this one.
    ``leave`` is what all in one message must have in common of the leave it needs, and ``worded_by`` the id of the case that
    worded a text people have agreed to."""

    case: Case
    step: Step
    going: bool
    channel: str
    alone: bool = False
    leave: str = ""
    worded_by: str = ""


def is_for_itself(step: Step, facts: Facts, now: datetime) -> bool:
    """Whether people of ours do ``step``, for each invoice by itself."""
    return step.do.is_internal or facts.channel_for(step, now) == "task"


def compose(wanted: str, cases: Iterable[tuple[Case, Facts]], seen: Mapping[str, Invoice], now: datetime) -> Bundle | None:
    """The message that the case with id ``wanted`` goes out in, or None when it should not go out now.

    ``cases`` are the customer's open ones, ``seen`` what their ledger says by invoice id. The firmest step due now
    carries the wording, of the oldest invoice among equals; what is planned within the bundling window rides along,
    save that a severe step never rides in a softer message and currencies and sellers are never mixed. What people must agree to
    first is asked about, and goes out, together with what the same people must agree to: in one text, or not at all.
    """
    candidates = [found for case, facts in cases if (found := _candidate(wanted, case, facts, seen, now))]
    first = next((one for one in candidates if one.case.id == wanted and one.going), None)
    if first is None:
        return None
    if first.alone:
        share = Share(first.case, first.step, True)
        return Bundle(share, first.channel, (share,))
    alike = [one for one in candidates if one is first or (not one.alone and _in_common(one) == _in_common(first))]
    carrier = max(
        (one for one in alike if one.going),
        key=lambda one: (one.case.id == one.worded_by, one.step.severe, list(Stage).index(one.step.stage), -one.case.invoice.due.toordinal(), one.case.id),
    )
    shares = [Share(one.case, one.step, one.step.stage == carrier.step.stage) for one in alike if one is carrier or desk.may_ride_along(one.step, carrier.step)]
    shares.sort(key=lambda share: (not share.leads, share.case.invoice.due, share.case.invoice.number, share.case.id))
    leader = next(share for share in shares if share.case is carrier.case)
    return Bundle(leader, carrier.channel, tuple(shares))


def _in_common(one: _Candidate) -> tuple[str, ...]:
    return one.case.invoice.balance.currency, one.case.invoice.seller, one.leave


def _candidate(wanted: str, case: Case, facts: Facts, seen: Mapping[str, Invoice], now: datetime) -> _Candidate | None:
    heard = assess(case, seen.get(case.invoice.id), (), facts, now)
    if heard.case.round != case.round:
        return None  # a new round begins with the invoice's own next look
    if isinstance(act := heard.verdict.decision, Perform):
        step = facts.playbook.step(act.step)
        thanks = step.answers_customer is AnswerKind.SETTLED
        alone = (bool(step.answers_customer) and not thanks) or is_for_itself(step, facts, now)
        if alone and heard.case.id != wanted:
            return None
        return _Candidate(heard.case, step, True, act.channel, alone, *((_THANKS, "") if thanks else _leave(heard.case, step, facts, now)))
    if heard.verdict.rule == _THANKS and (owed := find_thanks(heard.case, facts)) and (channel := facts.channel_for(owed, now)) not in ("", "task"):
        return _Candidate(heard.case, owed, False, channel, False, _THANKS)
    if heard.verdict.rule != "planned":
        return None
    due = ladder.next_due(heard.case, facts, now)
    channel = facts.channel_for(due.step, now)
    if not channel:
        return None
    if due.step.severe or due.step.do.is_internal or due.moment >= desk.bundling_horizon(facts.playbook, now):
        return None  # a severe step keeps its own day: its notice period must have gone by
    return _Candidate(heard.case, due.step, False, channel, False, *_leave(heard.case, due.step, facts, now))


def _leave(case: Case, step: Step, facts: Facts, now: datetime) -> tuple[str, str]:
    """A candidate's ``leave`` and ``worded_by``."""
    people = leave.needed(case, step, facts, now) if facts.mode is Mode.LIVE else 0
    if not people:
        return "", ""
    approval = case.approval(step.name)
    if approval is None or approval.standing not in (ApprovalStanding.OPEN, ApprovalStanding.GIVEN):
        return f"{people} to ask, {step.approve} of them by the playbook", ""
    worded_by = approval.covers[0] if approval.covers else case.id
    return f"{approval.standing} for the text {approval.text_hash} of {worded_by}", worded_by
