"""One voice per customer: whether it may hear from us now, over all its invoices.

``allow`` is called twice with the same facts: by ``decide`` to plan and by the claim to enforce. Our own limits and the law's
hold side by side, so that the stricter one decides, whatever was configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.calendar import local_day
from domain.customer import Behavior
from domain.facts import Contacted, CountsAs, Facts
from domain.law import Limits, name_rules
from domain.money import Money
from domain.owed import AnswerKind
from domain.playbook import Playbook, Stage, Step, Verb
from domain.quiet import find_quiet
from domain.statute import Cap

_DAY = timedelta(days=1)
_MOMENT = timedelta(minutes=1)
_SOFT = (Stage.COURTESY, Stage.DUE)
# A conversation, by whatever means: as a contact it counts against every cap.
_TALK = "talk"
# Unapplied money of this part of what a customer owes is too much to remind it as if nothing had come.
_WORTH_APPLYING = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now: which rule says so, in a reader's words, and when to ask again. ``detail`` is what a person wrote about it."""

    until: datetime
    rule: str
    why: str
    detail: str = ""


def allow(step: Step, channel: str, facts: Facts, now: datetime) -> Refusal | None:
    """None when the customer may be contacted with ``step`` by ``channel`` at ``now``, else the strictest refusal.

    Rules: the channel's contact hours in every zone the customer may be in, quiet periods, the playbook's least gap, the caps
    per day, week (7 days) and month (30 days), calls per week, silence after a conversation, and one pre-due note a week for
    customers who pay promptly; and whatever the law says of these wherever the customer may be. What we do among ourselves
    is no contact; what answers the customer keeps hours, quiet periods and the law alone.
    """
    if step.do.is_internal:
        return None
    if step.answers_customer and channel == "task":
        return None
    left = facts.limits(channel, facts.customer_day(now), _offers(step))
    rules = [_hours(step, channel, facts, left, now), _quiet(channel, facts, now), _lawful_caps(channel, facts, left, now)]
    if not step.answers_customer:
        # The other channel of today's contact is held to what came before today: what is here may be another invoice's.
        before = _before_today(facts, now) if is_same_contact(step, channel, facts, now) else facts
        rules += [_gap(before, now), _caps(before, now), _calls(channel, facts, now), _courtesy(step, before, now)]
    refusals = [refusal for refusal in rules if refusal]
    return max(refusals, key=lambda refusal: refusal.until, default=None)


def count(step: Step, channel: str, facts: Facts, now: datetime) -> CountsAs:
    """What ``step`` by ``channel`` counts as for gap and caps."""
    if step.answers_customer:
        return CountsAs.ANSWER
    return CountsAs.SAME if is_same_contact(step, channel, facts, now) else CountsAs.CONTACT


def is_same_contact(step: Step, channel: str, facts: Facts, now: datetime) -> bool:
    """Whether ``step`` by ``channel`` is one contact with the step before it, by another channel of the same day."""
    today = [contact for contact in facts.contacts if facts.customer_day(contact.at) == facts.customer_day(now)]
    used = {contact.channel for contact in today if contact.counts_as is not CountsAs.FAILED}
    return step.together and bool(used) and channel not in used


def _before_today(facts: Facts, now: datetime) -> Facts:
    today = facts.customer_day(now)
    return replace(facts, contacts=tuple(contact for contact in facts.contacts if facts.customer_day(contact.at) != today))


def _offers(step: Step) -> bool:
    """Whether a message of ``step`` offers something besides asking for what is owed."""
    return step.do is Verb.OFFER_DISCOUNT or step.answers_customer is AnswerKind.DISCOUNT_GRANTED


def _hours(step: Step, channel: str, facts: Facts, left: Limits, now: datetime) -> Refusal | None:
    hours, zones = facts.hours_for(channel, facts.customer_day(now), _offers(step)), facts.customer.zones
    if hours.allows(now, zones, facts.calendar):
        return None
    why = "it is outside contact hours where the customer is"
    if facts.envelope.hours_for(channel).allows(now, zones, facts.calendar):
        why = f"the law leaves other hours only where the customer is: {name_rules(left, lambda rule: rule.hours or rule.closed_on_holidays)}"
    return Refusal(max(hours.next_allowed(now, zones, facts.calendar, facts.slot), now + _MOMENT), "hours", why)


def _quiet(channel: str, facts: Facts, now: datetime) -> Refusal | None:
    """Nothing leaves in a quiet period; the next one may begin where the first ends."""
    if (period := find_quiet(facts.quiet, facts.customer_day(now))) is None:
        return None
    until, detail = now, period.why
    for _ in facts.quiet:
        if (still := find_quiet(facts.quiet, facts.customer_day(until))) is None:
            break
        until = facts.opening(still.last_day + _DAY, channel)
    return Refusal(until, "quiet", "it is a quiet period for this customer", detail)


def _gap(facts: Facts, now: datetime) -> Refusal | None:
    last = max((contact.at for contact in facts.contacts if contact.counts_as not in (CountsAs.ATTEMPT, CountsAs.FAILED)), default=None)
    if last is None:
        return None
    free = local_day(last, facts.customer.zones) + timedelta(days=facts.playbook.gap_days)
    if facts.customer_day(now) >= free:
        return None
    return Refusal(facts.opening(free), "gap", f"the customer heard from us less than {facts.playbook.gap_days} days ago")


def _caps(facts: Facts, now: datetime) -> Refusal | None:
    today = facts.customer_day(now)
    days = _days(facts, (contact for contact in facts.contacts if contact.counts_as is CountsAs.CONTACT))
    failed = set(_days(facts, (contact for contact in facts.contacts if contact.counts_as is CountsAs.FAILED)))
    free = today
    for cap, window in ((facts.envelope.per_day, 1), (facts.envelope.per_week, 7), (facts.envelope.per_month, 30)):
        free = max(free, _free_from(days if window == 1 else sorted((*days, *failed), reverse=True), cap, window, today))
    if free <= today:
        return None
    return Refusal(facts.opening(free), "caps", "the customer has heard from us as often as is allowed for now")


def _lawful_caps(channel: str, facts: Facts, left: Limits, now: datetime) -> Refusal | None:
    """The law's own caps and silences. They count each message and call by itself; those for each invoice are kept by counting
    all that the customer hears, since none can hear more about one invoice than about all."""
    today = facts.customer_day(now)
    free = today
    for cap in left.caps:
        free = max(free, _free_from(_days(facts, (contact for contact in facts.contacts if _counts(cap, contact))), cap.count, cap.days, today))
    if free > today:
        said = name_rules(left, lambda rule: rule.caps)
        return Refusal(facts.opening(free, channel), "caps", f"the customer has heard from us as often as the law allows for now: {said}")
    talks = _days(facts, (contact for contact in facts.contacts if contact.channel == _TALK))
    if talks and left.silence_days and today < (free := talks[0] + timedelta(days=left.silence_days)):
        said = name_rules(left, lambda rule: rule.silence_days)
        return Refusal(facts.opening(free, channel), "calls", f"the customer has been spoken to too lately for the law: {said}")
    return None


def _counts(cap: Cap, contact: Contacted) -> bool:
    return contact.channel == _TALK or cap.concerns(contact.channel)


def _days(facts: Facts, contacts: Iterable[Contacted]) -> list[date]:
    """The customer's days of these contacts, newest first."""
    return sorted((local_day(contact.at, facts.customer.zones) for contact in contacts), reverse=True)


def _calls(channel: str, facts: Facts, now: datetime) -> Refusal | None:
    """Reg F's figures (12 CFR 1006.14(b)), well inside them: two calls in seven days, none for a week after a conversation."""
    if channel != "call":
        return None
    today = facts.customer_day(now)
    free = _free_from(_days(facts, (contact for contact in facts.contacts if contact.channel == "call")), facts.envelope.calls_per_week, 7, today)
    if talks := _days(facts, (contact for contact in facts.contacts if contact.channel == _TALK)):
        free = max(free, talks[0] + timedelta(days=facts.envelope.quiet_after_talk_days))
    return None if free <= today else Refusal(facts.opening(free, channel), "calls", "the customer has been called, or spoken to, too lately")


def _free_from(days: Sequence[date], cap: int, window: int, today: date) -> date:
    """The first day, from ``today``, with fewer than ``cap`` contacts in the ``window`` days up to it; ``days`` newest first."""
    if cap < 1:
        return today + timedelta(days=window)
    recent = [day for day in days if day > today - timedelta(days=window)]
    return today if len(recent) < cap else recent[cap - 1] + timedelta(days=window)


def _courtesy(step: Step, facts: Facts, now: datetime) -> Refusal | None:
    if step.stage is not Stage.COURTESY or facts.customer.behavior is not Behavior.PROMPT:
        return None
    last = max((contact.at for contact in facts.contacts if contact.stage in _SOFT and contact.counts_as is not CountsAs.FAILED), default=None)
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


def find_unapplied(facts: Facts, currency: str) -> Money | None:
    """Money of the customer in ``currency`` that waits to be set against its invoices and is enough to keep quiet for: a tenth of
    all it owes in that currency, or exactly what one of its invoices owes. None: there is none, or too little."""
    money = next((one for one in facts.customer.unapplied if one.currency == currency and one.amount > 0), None)
    if money is None:
        return None
    owed = [balance.amount for balance in facts.open_balances if balance.currency == currency and balance.amount > 0]
    return money if money.amount >= sum(owed) * _WORTH_APPLYING or money.amount in owed else None
