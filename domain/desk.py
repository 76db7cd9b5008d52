"""One voice per customer: whether it may hear from us now, over all its invoices.

``allow`` is called twice with the same facts: by ``decide`` to plan and by the claim to enforce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.calendar import local_day
from domain.customer import Behavior
from domain.facts import Facts
from domain.playbook import Playbook, Stage, Step

_SOFT = (Stage.COURTESY, Stage.DUE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now: which rule says so, in a reader's words, and when to ask again."""

    until: datetime
    rule: str
    why: str


def allow(step: Step, channel: str, facts: Facts, now: datetime) -> Refusal | None:
    """None when the customer may be contacted with ``step`` by ``channel`` at ``now``, else the strictest refusal.

    Rules: the channel's contact hours in every zone the customer may be in, the playbook's least gap, the caps per day,
    week (7 days) and month (30 days), calls per week, silence after a conversation, and one pre-due note a week for
    customers who pay promptly. What we do among ourselves is no contact.
    """
    if step.do.is_internal:
        return None
    if step.together and any(facts.customer_day(contact.at) == facts.customer_day(now) for contact in facts.contacts):
        return _hours(channel, facts, now)  # one contact with the step before it
    rules = (_hours(channel, facts, now), _gap(facts, now), _caps(facts, now), _calls(channel, facts, now), _courtesy(step, facts, now))
    refusals = [refusal for refusal in rules if refusal]
    return max(refusals, key=lambda refusal: refusal.until, default=None)


def _hours(channel: str, facts: Facts, now: datetime) -> Refusal | None:
    opens = facts.envelope.hours_for(channel).next_allowed(now, facts.customer.zones, facts.calendar, facts.slot)
    if opens <= now:
        return None
    return Refusal(opens, "hours", "it is outside contact hours where the customer is")


def _gap(facts: Facts, now: datetime) -> Refusal | None:
    last = max((contact.at for contact in facts.contacts), default=None)
    if last is None:
        return None
    free = local_day(last, facts.customer.zones) + timedelta(days=facts.playbook.gap_days)
    if facts.customer_day(now) >= free:
        return None
    return Refusal(facts.opening(free), "gap", f"the customer heard from us less than {facts.playbook.gap_days} days ago")


def _caps(facts: Facts, now: datetime) -> Refusal | None:
    today = facts.customer_day(now)
    days = sorted((local_day(contact.at, facts.customer.zones) for contact in facts.contacts), reverse=True)
    free = today
    for cap, window in ((facts.envelope.per_day, 1), (facts.envelope.per_week, 7), (facts.envelope.per_month, 30)):
        free = max(free, _free_from(days, cap, window, today))
    if free <= today:
        return None
    return Refusal(facts.opening(free), "caps", "the customer has heard from us as often as is allowed for now")


def _calls(channel: str, facts: Facts, now: datetime) -> Refusal | None:
    """Reg F's figures (12 CFR 1006.14(b)), well inside them: two calls in seven days, none for a week after a conversation."""
    if channel != "call":
        return None
    today = facts.customer_day(now)
    days = sorted((local_day(contact.at, facts.customer.zones) for contact in facts.contacts if contact.channel == "call"), reverse=True)
    free = _free_from(days, facts.envelope.calls_per_week, 7, today)
    talks = [local_day(contact.at, facts.customer.zones) for contact in facts.contacts if contact.channel == "talk"]
    if talks:
        free = max(free, max(talks) + timedelta(days=facts.envelope.quiet_after_talk_days))
    return None if free <= today else Refusal(facts.opening(free, channel), "calls", "the customer has been called, or spoken to, too lately")


def _free_from(days: Sequence[date], cap: int, window: int, today: date) -> date:
    """The first day, from ``today``, with fewer than ``cap`` contacts in the ``window`` days up to it; ``days`` newest first."""
    recent = [day for day in days if day > today - timedelta(days=window)]
    return today if len(recent) < cap else recent[cap - 1] + timedelta(days=window)


def _courtesy(step: Step, facts: Facts, now: datetime) -> Refusal | None:
    if step.stage is not Stage.COURTESY or facts.customer.behavior is not Behavior.PROMPT:
        return None
    last = max((contact.at for contact in facts.contacts if contact.stage in _SOFT), default=None)
    if last is None:
        return None
    free = local_day(last, facts.customer.zones) + timedelta(days=facts.playbook.courtesy_gap_days)
    if facts.customer_day(now) >= free:
        return None
    return Refusal(facts.opening(free), "courtesy", "a customer who pays promptly gets at most one note a week before the due date")


def may_ride_along(step: Step, lead: Step) -> bool:
    """Whether ``step`` of another invoice may share the message that ``lead`` words: a severe step never rides in a softer one."""
    return lead.severe or not step.severe


def bundling_horizon(playbook: Playbook, now: datetime) -> datetime:
    """What is planned before this moment goes into the message that leaves at ``now``."""
    return now + timedelta(days=playbook.bundle_days)
