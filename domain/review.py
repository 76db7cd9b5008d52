"""The owner's weekly review: which open invoices it shows and why, who is told of it and when, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from domain.calendar import BusinessCalendar, local_day, zone
from domain.case import Case, Fate, PromiseStanding
from domain.money import Money, Tolerance, total
from domain.playbook import Playbook, Stage

UNTOUCHED_DAYS = 14
UNANSWERED_TIERS = 2
NEAR_WRITE_OFF_DAYS = 30
REMINDED_AFTER_BUSINESS_DAYS = 3
DEPUTY_AFTER_BUSINESS_DAYS = 7
DIGEST = "digest"
_TRY_AGAIN = timedelta(hours=1)


class Reason(StrEnum):
    """Why an invoice stands in the review, the weightiest first."""

    UNTOUCHED = "untouched"
    NEAR_WRITE_OFF = "near_write_off"
    BROKEN_PROMISE = "broken_promise"
    FLAGGED = "flagged"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Watched:
    """An open overdue invoice, and what of its story stands outside its case.

    ``answered_at``: when the customer last said something. ``task_at``: when a task about it was last opened or closed;
    ``task_due``: by when the last of its open tasks is to be done.
    """

    case: Case
    playbook: Playbook
    answered_at: datetime | None = None
    task_at: datetime | None = None
    task_due: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One invoice in the review, by our opaque ids. ``tiers``: how many steps in a row the customer has left unanswered."""

    invoice: str
    customer: str
    balance: Money
    days_late: int
    reasons: tuple[Reason, ...]
    tiers: int = 0
    touched_on: date | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What the owner should see: by the weightiest reason, then the most money first."""

    items: tuple[Item, ...]

    @property
    def untouched(self) -> tuple[Money, ...]:
        """The money nobody has touched, one sum per currency."""
        return add_up(item.balance for item in self.items if Reason.UNTOUCHED in item.reasons)

    def under(self, reason: Reason) -> tuple[Item, ...]:
        """The invoices whose weightiest reason this is: each stands in the review once."""
        return tuple(item for item in self.items if item.reasons[0] is reason)


@dataclass(frozen=True, slots=True)
class Shown:
    """An invoice of a review as it is today, in words that people know it by; ``reasons`` as in its ``Item``."""

    number: str
    customer: str
    due: date
    days_late: int
    balance: Money
    reasons: tuple[Reason, ...]
    tiers: int
    touched_on: date | None


class MailState(StrEnum):
    """SENDING was written down before anything left. REFUSED certainly did not leave, UNKNOWN may have."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SHADOWED = "shadowed"


@dataclass(frozen=True, slots=True)
class Mailed:
    """What became of the mail of one ``level``; ``try_again``: refused, and the same may be taken later."""

    level: str
    state: MailState
    at: datetime
    try_again: bool = False

    @property
    def may_go_again(self) -> bool:
        return self.state is MailState.REFUSED and self.try_again


@dataclass(frozen=True, slots=True)
class Review:
    """How a review stands. ``since`` is the day from which reviews have gone unread without a break.

    ``at_stake`` is what is still open of the invoices it shows, one sum per currency.
    """

    id: str
    seller: str
    week: str
    since: date
    opened_at: datetime
    digest: Digest
    at_stake: tuple[Money, ...] = ()
    is_reviewed: bool = False
    is_replaced: bool = False
    mailed: tuple[Mailed, ...] = ()

    def mail(self, level: str) -> Mailed | None:
        return next((one for one in self.mailed if one.level == level), None)


@dataclass(frozen=True, slots=True)
class Send:
    """Send the mail of this level, to the deputy or else to the owner."""

    level: str
    to_deputy: bool = False
    kind: Literal["send"] = "send"


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before ``until``."""

    until: datetime
    kind: Literal["rest"] = "rest"


@dataclass(frozen=True, slots=True)
class Over:
    """The end: reviewed, replaced by the next one, or nothing (left) to review."""

    outcome: Literal["reviewed", "replaced", "nothing to review"]
    kind: Literal["over"] = "over"


def name_week(day: date) -> str:
    """The ISO 8601 week of ``day``, such as ``2026-W09``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def review_id(seller: str, week: str) -> str:
    """The id of a review, and of the workflow that follows it."""
    return f"review/{seller}/{week}"


def task_of(seller: str) -> str:
    """The matter of the task that asks for the review of a seller: one, however many weeks it is about."""
    return f"review/{seller}"


def gather(watched: Iterable[Watched], tolerance: Tolerance, zone_name: str, now: datetime) -> Digest:
    """The digest of these invoices: those with at least one reason to be looked at by the owner."""
    items = [item for one in watched if (item := _look_at(one, tolerance, zone_name, now))]
    return Digest(tuple(sorted(items, key=lambda item: (list(Reason).index(item.reasons[0]), item.balance.currency, -item.balance.amount, item.invoice))))


def decide(review: Review, has_deputy: bool, calendar: BusinessCalendar, zone_name: str, hour: int, now: datetime) -> Send | Rest | Over:
    """What to do about ``review`` at ``now``: tell its owner once, then daily from the third business day on, and from the
    seventh on the deputy too. Mails go at ``hour`` on business days, except the first, which goes at once."""
    if review.is_reviewed:
        return Over("reviewed")
    if review.is_replaced:
        return Over("replaced")
    today = local_day(now, (zone_name,))
    opened = local_day(review.opened_at, (zone_name,))
    first = calendar.add(review.since, REMINDED_AFTER_BUSINESS_DAYS)
    deputy = calendar.add(review.since, DEPUTY_AFTER_BUSINESS_DAYS)
    due: list[Send] = [Send(DIGEST)]
    if calendar.is_business_day(today) and now >= _at(today, hour, zone_name) and review.at_stake:
        due += [Send(f"reminder/{today}")] if today >= first and today > opened else []
        due += [Send(f"deputy/{today}", to_deputy=True)] if today >= deputy and has_deputy else []
    wakes = []
    for send in due:
        done = review.mail(send.level)
        if done is None or (done.may_go_again and now >= done.at + _TRY_AGAIN):
            return send
        wakes += [done.at + _TRY_AGAIN] if done.may_go_again else []
    if not review.at_stake and not wakes:
        return Over("nothing to review")
    day = max(first, today)
    if day == today and (now >= _at(today, hour, zone_name) or not calendar.is_business_day(today)):
        day = calendar.on_or_after(today + timedelta(days=1))
    return Rest(min([*wakes, _at(day, hour, zone_name)]))


def add_up(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum per currency, by its code; no currency is ever added to another."""
    by_currency: dict[str, list[Money]] = {}
    for amount in amounts:
        by_currency.setdefault(amount.currency, []).append(amount)
    return tuple(total(tuple(parts)) for _, parts in sorted(by_currency.items()))


def write_sums(sums: Sequence[Money]) -> str:
    """Sums as people read them: ``1,200.00 EUR and 300.00 USD``; ``nothing`` when there are none."""
    written = [str(one) for one in sums]
    return " and ".join([", ".join(written[:-1]), written[-1]]) if len(written) > 1 else (written or ["nothing"])[0]


def _look_at(watched: Watched, tolerance: Tolerance, zone_name: str, now: datetime) -> Item | None:
    case, today = watched.case, local_day(now, (zone_name,))
    invoice, playbook = case.invoice, watched.playbook
    late = invoice.days_past_due(today)
    if late <= 0 or case.ended or invoice.is_settled(tolerance):
        return None
    spoken = max((at for at in (watched.answered_at, case.spoken_at) if at), default=None)
    paid = datetime.combine(invoice.paid_on, time(), UTC) if invoice.paid_on else None
    answered = max((at for at in (spoken, paid) if at), default=None)
    tiers = _unanswered(case, playbook, answered)
    touched = [rung.at for rung in case.rungs if rung.is_contact or rung.fate is Fate.DONE]
    touched += [at for at in (answered, watched.task_at) if at]
    last = local_day(max(touched), (zone_name,)) if touched else None
    reasons = []
    if not _is_looked_after(watched, last, today, now):
        reasons.append(Reason.UNTOUCHED)
    if playbook.write_off_days and late >= playbook.write_off_days - NEAR_WRITE_OFF_DAYS:
        reasons.append(Reason.NEAR_WRITE_OFF)
    if case.promises and case.promises[-1].standing in (PromiseStanding.BROKEN, PromiseStanding.PARTLY_KEPT):
        reasons.append(Reason.BROKEN_PROMISE)
    if playbook.review_after and tiers >= playbook.review_after:
        reasons.append(Reason.FLAGGED)
    if tiers >= UNANSWERED_TIERS:
        reasons.append(Reason.UNANSWERED)
    return Item(invoice.id, invoice.customer, invoice.balance, late, tuple(reasons), tiers, last) if reasons else None


def _is_looked_after(watched: Watched, last: date | None, today: date, now: datetime) -> bool:
    """Whether something was done about it lately, or somebody is bound to. A task or a dispute left lying is no touch."""
    case, lately = watched.case, today - timedelta(days=UNTOUCHED_DAYS)
    is_held = case.active_hold(now) is not None or case.open_promise is not None
    is_asked = watched.task_due is not None and watched.task_due >= lately
    in_dispute = case.open_dispute is not None and case.open_dispute.due >= lately
    return is_held or is_asked or in_dispute or (last is not None and last > lately)


def _unanswered(case: Case, playbook: Playbook, answered: datetime | None) -> int:
    """How many tiers reached the customer since they last answered: what goes out together is one, and a statement is none."""
    told = [rung for rung in case.rungs if rung.is_contact and (answered is None or rung.at > answered)]
    tiers = [rung for rung in told if not (step := playbook.step_of(rung)).together and step.stage is not Stage.STATEMENT]
    return len(tiers)


def _at(day: date, hour: int, zone_name: str) -> datetime:
    return datetime.combine(day, time(hour), zone(zone_name)).astimezone(UTC)
