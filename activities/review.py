"""The owner's weekly review made real: gathered once a week, told to its owner, and to the deputy when it stays unread.

Its mails go to people of ours, so none of them is a contact with a customer. Each leaves at most once: it is written down
as being sent before the request, and a run that finds it so never sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog
from sqlalchemy import Connection
from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.clock import start_clock
from db import installation, parties, people, playbooks, reviews, tasks
from db.engine import Database
from db.ids import lasting_id
from domain.calendar import BusinessCalendar, local_day
from domain.facts import Mode
from domain.money import Tolerance
from domain.person import Access, Duty, Person, find_bearers, find_deputy
from domain.review import DIGEST, MailState, Over, Rest, Review, Send, add_up, decide, gather, name_week, review_id, task_of, write_sums
from domain.seller import Seller
from domain.task import Task, TaskKind
from integrations.messaging import Accepted, Email, Mailer, Refused, Unknown
from integrations.reference.holidays import calendar_for
from playbooks import from_resolved
from playbooks.review_mail import ReviewSheet, write_review
from playbooks.wording import Rendered
from workflows import contract
from workflows.ports import Followed

log = structlog.get_logger()

# A mail that has been on its way for so long belongs to a worker that died.
_SENDING_LIFE = timedelta(minutes=5)
# While nothing may leave, a mail that is due is looked at again this often.
_BREATH = timedelta(hours=1)
_RPC = timedelta(seconds=10)
# What marks the mails about reviews in a provider's log, with the review and the level after it.
MARK = "review-mail "


@dataclass(frozen=True, slots=True)
class Reviews:
    """Implements ``workflows.ports.Reviews``. Reminders go at ``hour`` in the seller's zone."""

    database: Database
    mailer: Mailer
    tolerance: Tolerance = Tolerance()
    owner: str = "accounts receivable"
    hour: int = 8

    @activity.defn(name="open_review")
    def open_review(self, seller: str) -> str:
        """Raises NoResultFound when the seller is not known."""
        now = start_clock()()
        with self.database.reading() as connection:  # it may be long, and nobody should wait for it
            zone = parties.load_seller(connection, seller).time_zone
            today = local_day(now, (zone,))
            policy = {hash_: from_resolved(playbooks.load_version(connection, hash_)) for hash_ in reviews.followed_playbooks(connection, seller)}
            digest = gather(reviews.overdue(connection, seller, today, policy), self.tolerance, zone, now)
        week = name_week(today)
        with self.database.transaction() as connection:
            review = Review(review_id(seller, week), seller, week, reviews.unread_since(connection, seller) or today, now, digest)
            if reviews.save(connection, review):
                self._ask_for_it(connection, review, now)
        return review.id

    def _ask_for_it(self, connection: Connection, review: Review, now: datetime) -> None:
        """One task a seller: this week's takes the place of last week's."""
        key = task_of(review.seller)
        tasks.close_tasks(connection, [key], "the next review has taken its place", now)
        if not review.digest.items:
            return
        seller = parties.load_seller(connection, review.seller)
        owner, _ = self._readers(connection, seller, now)
        untouched = review.digest.untouched
        title = f"Review of {review.week}: nobody has touched {write_sums(untouched)}" if untouched else f"Review of {review.week}"
        stake = f"{len(review.digest.items)} invoices, {write_sums(add_up(item.balance for item in review.digest.items))}"
        remedy = f'{stake}: dunwell review show {review.week}, then dunwell review done {review.week} --by NAME --note "..."'
        due = _calendar(seller, now).add(local_day(now, (seller.time_zone,)), 3)
        tasks.open_tasks(connection, [Task(key, TaskKind.REVIEW, title, remedy, owner.name, due)], None, now)

    @activity.defn(name="follow_review")
    def follow_review(self, review: str) -> Followed:
        """A review that is not in the database any more is over."""
        clock = start_clock()
        while True:
            now = clock()
            with self.database.transaction() as connection:
                reviews.give_up_lost(connection, review, now - _SENDING_LIFE)
                kept = reviews.load(connection, review)
                if kept is None:
                    return Followed(outcome="forgotten")
                seller = parties.load_seller(connection, kept.review.seller)
                owner, deputy = self._readers(connection, seller, now)
                state = installation.load_installation(connection)
            match decide(kept.review, deputy is not None, _calendar(seller, now), seller.time_zone, self.hour, now):
                case Over(outcome=outcome):
                    self._close(kept.review, outcome, now)
                    return Followed(outcome=outcome)
                case Rest(until=until):
                    return Followed(until)
                case Send() as send:
                    if state.mode is Mode.LIVE and (state.switched_off or state.fence):
                        return Followed(now + _BREATH)
                    reader = deputy if send.to_deputy and deputy else owner
                    if not self._tell(kept.review, send, seller, reader, owner, state.mode, now):
                        return Followed(now + _SENDING_LIFE)
                case other:
                    assert_never(other)

    def _tell(self, review: Review, send: Send, seller: Seller, reader: Person, owner: Person, mode: Mode, now: datetime) -> bool:
        """Send one mail, or in shadow mode keep it. False: another run is sending it."""
        with self.database.transaction() as connection:
            sheet = _write_sheet(connection, review, send, seller, reader, owner, now)
            written = write_review(sheet)
            token = reviews.claim_mail(connection, review.id, send.level, reader.email, written.subject, written.text, written.html, now)
            if token and mode is Mode.SHADOW:
                reviews.record_mail(connection, review.id, send.level, token, MailState.SHADOWED, now)
        if not token or mode is Mode.SHADOW:
            return bool(token)
        outcome = self.mailer.send(_address(review, send, seller, reader, written, token))
        known: dict[str, object]
        match outcome:
            case Accepted(provider_id=provider_id):
                state, known = MailState.ACCEPTED, {"provider": self.mailer.name, "provider_id": provider_id}
            case Refused(reason=reason, try_again=try_again):
                state, known = MailState.REFUSED, {"reason": reason, "try_again": try_again}
            case Unknown(reason=reason):
                state, known = MailState.UNKNOWN, {"reason": reason}
            case other:
                assert_never(other)
        with self.database.transaction() as connection:
            reviews.record_mail(connection, review.id, send.level, token, state, now, **known)
        log.info("review.mail", review=review.id, level=send.level, state=state.value)
        return True

    def _close(self, review: Review, outcome: str, now: datetime) -> None:
        if outcome != "replaced":  # by then the task is the next one's
            with self.database.transaction() as connection:
                tasks.close_tasks(connection, [task_of(review.seller)], outcome, now)

    def _readers(self, connection: Connection, seller: Seller, now: datetime) -> tuple[Person, Person | None]:
        """Who reads the reviews of a seller, and who takes over what they leave lying.

        The owner among the people, or whoever stands in while they are away; where nobody with an address is, whoever the
        seller's answers go to.
        """
        known, today = people.load_all(connection), local_day(now, (seller.time_zone,))
        reachable = {person.name: person for person in known if person.email}
        bearers = find_bearers(Duty.OWNER, known, today)
        owner = next((reachable[name] for name in bearers if name in reachable), None)
        if owner is None:
            address = seller.reply_to or seller.sender_email
            return Person("", self.owner, Access.AGENT, address), None
        deputy = reachable.get(find_deputy(owner.name, known, today))
        return owner, deputy


async def keep_reviews(client: Client, sellers: Sequence[Seller], day: int, hour: int) -> None:
    """Put the weekly review of each seller on Temporal's calendar, on the weekday ``day`` (Sunday is 0, Monday 1) at ``hour``
    in the seller's own time zone; one that is there already is moved to that time."""
    for seller in sellers:
        name = f"review-{seller.id}"
        action = ScheduleActionStartWorkflow(
            contract.WEEKLY_REVIEW, seller.id, id=name, task_queue=contract.CASES_QUEUE, static_summary="open the owner's weekly review"
        )
        spec = ScheduleSpec(calendars=[ScheduleCalendarSpec(day_of_week=[ScheduleRange(day)], hour=[ScheduleRange(hour)])], time_zone_name=seller.time_zone)
        # A review that was missed because the machine was off is opened late rather than never.
        policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(days=5))
        try:
            await client.create_schedule(name, Schedule(action=action, spec=spec, policy=policy))
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(name).update(partial(_move_to, spec), rpc_timeout=_RPC)


def _move_to(spec: ScheduleSpec, found: ScheduleUpdateInput) -> ScheduleUpdate:
    return ScheduleUpdate(replace(found.description.schedule, spec=spec))


def learn(connection: Connection, covers: str, at: datetime) -> None:
    """Write down a mail about a review, marked with ``covers``, that a provider's log says was accepted at ``at``."""
    review, _, level = covers.removeprefix(MARK).partition(" ")
    reviews.note_sent(connection, review, level, at)


def _calendar(seller: Seller, now: datetime) -> BusinessCalendar:
    return calendar_for((seller.country,), now.date())


def _write_sheet(connection: Connection, review: Review, send: Send, seller: Seller, reader: Person, owner: Person, now: datetime) -> ReviewSheet:
    today = local_day(now, (seller.time_zone,))
    unread = 0 if send.level == DIGEST else _calendar(seller, now).between(review.since, today)
    for_deputy = owner.name if send.to_deputy else ""
    lines = reviews.show(connection, review.digest, today)
    return ReviewSheet(seller, review.week, reader.name, review.digest.untouched, review.at_stake, lines, unread, for_deputy)


def _address(review: Review, send: Send, seller: Seller, reader: Person, written: Rendered, token: str) -> Email:
    key = lasting_id("rev", review.id, send.level, token)
    return Email(
        key=key,
        to_name=reader.name,
        to_address=reader.email,
        from_name=f"Dunwell for {seller.name}",
        from_address=seller.sender_email,
        reply_to=seller.reply_to or seller.sender_email,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{key}@{seller.sender_email.rpartition('@')[2]}>",
        covers=f"{MARK}{review.id} {send.level}",
    )
