"""What a case asks of the world: activity signatures with their payloads, and beside each promise its patience.

Payload types only grow: new fields have defaults, and nothing is renamed or removed while a case sleeps on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig

from domain.case import Case
from domain.decision import Decision
from domain.plan_keeping import KeptPlan
from workflows.contract import CASES_QUEUE, DELIVER_QUEUE, Labels, Said


@dataclass(frozen=True, slots=True)
class Known:
    """The last that a run knows to have been written about its case: under which number, and when."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """Look at the case of ``invoice``, after hearing these words (oldest first).

    ``remembered`` is the case as the run remembers it, told once an answer has said that the database ``forgot``.
    """

    invoice: str
    said: tuple[Said, ...] = ()
    known: Known | None = None
    remembered: Case | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Carry out ``step`` of the case of ``invoice`` by ``channel``."""

    invoice: str
    step: str
    channel: str
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer to one word. ``in_flight``: a message was already on its way when the word came."""

    key: str
    taken: bool
    said: str
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The case as it now stands, what to do next, how to show it, and what to answer to each word heard.

    ``forgot``: the database lacks what the run knows to have been written, and nothing was heard or decided; ask again
    with what is remembered.
    """

    case: Case
    decision: Decision
    labels: Labels
    replies: tuple[Replied, ...] = ()
    known: Known | None = None
    forgot: bool = False


class Cases(Protocol):
    """Hears and decides. One database transaction after one look at the ledger; safe to repeat."""

    @activity.defn(name="assess")
    def assess(self, ask: Ask) -> Answer: ...

    @activity.defn(name="receive")
    def receive(self, ask: Ask) -> None:
        """Write down what was said, to be heard later: a message not yet on its way will not leave before it is."""
        ...


class Outreach(Protocol):
    """Reaches customers: claim, fence, send, record. At most one message leaves for a step, however often it runs."""

    @activity.defn(name="deliver")
    def deliver(self, delivery: Delivery) -> Answer: ...


@dataclass(frozen=True, slots=True)
class AskPlan:
    """Look at a payment plan, after hearing these words (oldest first). ``remembered`` is the plan as the run last saw it."""

    plan: str
    said: tuple[Said, ...] = ()
    remembered: KeptPlan | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """An inbox row that the watch of a covered invoice must hear."""

    case: str
    word: str


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """The plan as it now stands and when to look again; no ``until``: it has ended as ``ended``.

    ``passed`` are the words for the invoices it covers, ``labels`` how to show it.
    """

    until: datetime | None
    why: str
    ended: str = ""
    kept: KeptPlan | None = None
    labels: Labels | None = None
    replies: tuple[Replied, ...] = ()
    passed: tuple[Passed, ...] = ()


class Plans(Protocol):
    """Keeps payment plans. One database transaction after one look at the ledger; safe to repeat."""

    @activity.defn(name="assess_plan")
    def assess_plan(self, ask: AskPlan) -> PlanAnswer: ...


@dataclass(frozen=True, slots=True)
class Tended:
    """What one round of upkeep did: words passed on, invoices listed by ledgers, watches begun anew, a backup made.

    ``mark`` stands for the last decision then in the database; the next round looks whether it still is there.
    """

    passed_on: int
    listed: int
    revived: int
    backed_up: bool = False
    mark: str = ""


class Upkeep(Protocol):
    """Looks after what fell between: safe to repeat, and to run beside everything else."""

    @activity.defn(name="tend")
    async def tend(self, thorough: bool, mark: str = "") -> Tended: ...


@dataclass(frozen=True, slots=True)
class MailRead:
    """How many mails were new in one round through the mailboxes, and how many mailboxes could not be read."""

    kept: int = 0
    failed: int = 0


class Intake(Protocol):
    """Reads the mailboxes in which customers answer. Each mail is kept once, however often it runs and wherever it stops."""

    @activity.defn(name="read_mail")
    async def read_mail(self) -> MailRead: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """When to look at a review again; or, at its end, how it ended."""

    until: datetime | None = None
    outcome: str = ""


class Reviews(Protocol):
    """The owner's weekly review. Both are safe to repeat: a review is opened once a week, and each of its mails leaves at most once."""

    @activity.defn(name="open_review")
    def open_review(self, seller: str) -> str:
        """Gather and store this week's review of ``seller``; its id."""
        ...

    @activity.defn(name="follow_review")
    def follow_review(self, review: str) -> Followed: ...


def to_open_review() -> ActivityConfig:
    """Patience with ``open_review``, which reads every overdue invoice."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        summary="gather what the owner should see",
        start_to_close_timeout=timedelta(minutes=10),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=10)),
    )


def to_follow_review() -> ActivityConfig:
    """Patience with ``follow_review``: longer than the request of one mail, so that a second run never overlaps a live first."""
    return ActivityConfig(
        task_queue=DELIVER_QUEUE,
        summary="tell the owner what is due",
        start_to_close_timeout=timedelta(minutes=3),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1), maximum_attempts=10),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


def to_read_mail() -> ActivityConfig:
    """Patience with ``read_mail``: a mailbox may be full. It is not tried again; the next round comes soon."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        summary="read the mailboxes",
        start_to_close_timeout=timedelta(minutes=20),
        heartbeat_timeout=timedelta(minutes=2),
        retry_policy=RetryPolicy(maximum_attempts=1),
    )


def to_tend(thorough: bool) -> ActivityConfig:
    """Patience with ``tend``: a ledger may be long. It is not tried again; the next round comes soon."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        summary="compare everything" if thorough else "find what was missed",
        start_to_close_timeout=timedelta(minutes=50),
        heartbeat_timeout=timedelta(minutes=10),
        retry_policy=RetryPolicy(maximum_attempts=1),
    )


def to_assess(turn: int) -> ActivityConfig:
    """Patience with ``assess``; ``turn`` makes the activity's id, the same on replay."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        activity_id=f"{turn}-assess",
        summary="ask the ledger, hear the news, decide",
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=10),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


def to_assess_plan(turn: int) -> ActivityConfig:
    """Patience with ``assess_plan``; ``turn`` makes the activity's id, the same on replay."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        activity_id=f"{turn}-assess-plan",
        summary="ask the ledger what has been paid, hear the news, keep the plan",
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=10),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


def to_receive(turn: int) -> ActivityConfig:
    """Patience with ``receive``, which runs beside a delivery."""
    return ActivityConfig(
        task_queue=CASES_QUEUE,
        activity_id=f"{turn}-receive",
        summary="write down what was said",
        start_to_close_timeout=timedelta(seconds=30),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=5),
    )


def to_deliver(turn: int, summary: str) -> ActivityConfig:
    """Patience with ``deliver``: longer than all its requests together, so that a second run never overlaps a live first."""
    return ActivityConfig(
        task_queue=DELIVER_QUEUE,
        activity_id=f"{turn}-deliver",
        summary=summary,
        start_to_close_timeout=timedelta(seconds=90),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1), maximum_attempts=10),
        cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    )


# How often mailboxes are read.
READ_MAIL_EVERY = timedelta(minutes=2)
# How long a case rests when its questions could not be answered at all.
AFTER_TROUBLE = timedelta(minutes=15)
