"""The policy: which step comes when, how firm it is, and what follows the last one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.calendar import BusinessCalendar
from domain.case import Authorization, Rung
from domain.customer import Behavior, Role, Tier
from domain.interest import InterestLaw
from domain.owed import TITLES, WAYS, AnswerKind, answer_of
from domain.promise import Limits
from domain.segment import Risk


class Verb(StrEnum):
    """What a step does. The set is closed: a new member is a design decision."""

    REMIND = "remind"
    CALL = "call"
    OFFER_DISCOUNT = "offer_discount"
    OFFER_PLAN = "offer_plan"
    FINAL_DEMAND = "final_demand"
    REQUEST_CALL = "request_call"
    ALERT_ACCOUNT_MANAGER = "alert_account_manager"
    PLACE_CREDIT_HOLD = "place_credit_hold"
    HAND_OFF = "hand_off"
    REFER_TO_AGENCY = "refer_to_agency"
    WRITE_OFF = "write_off"

    @property
    def is_internal(self) -> bool:
        """Whether it is done among ourselves: the customer hears nothing of it, so gap, caps and hours do not count."""
        return self in _INTERNAL


_INTERNAL = frozenset({Verb.REQUEST_CALL, Verb.ALERT_ACCOUNT_MANAGER, Verb.PLACE_CREDIT_HOLD, Verb.HAND_OFF, Verb.REFER_TO_AGENCY, Verb.WRITE_OFF})

# Every way to reach somebody; a task is done by a person of ours.
CHANNELS = ("email", "sms", "call", "portal", "letter", "task")


class Stage(StrEnum):
    """A named band of the ladder, in rising firmness."""

    COURTESY = "courtesy"
    DUE = "due"
    REMINDER = "reminder"
    CALL = "call"
    ALERT = "alert"
    FINAL = "final"
    HOLD = "hold"
    DEMAND = "demand"
    REFERRAL = "referral"
    STATEMENT = "statement"


class Response(StrEnum):
    """What the customer has made so far of what it heard about an invoice."""

    NONE = "none"
    ANSWERED = "answered"  # it wrote, spoke with us, disputed or promised
    BROKEN_PROMISE = "broken-promise"


_RESPONSES = {Response.NONE: "have not answered", Response.ANSWERED: "have answered", Response.BROKEN_PROMISE: "have broken a promise"}
_SPOKEN = {"chronic-late": "always late"}


class CatchUp(StrEnum):
    """Where an invoice enters the ladder when it is already late on the day it is first seen."""

    FIT_AGE = "fit_age"  # at the highest step below the severe ones that fits its age
    SPACED = "spaced"  # at the first overdue step


_AGAIN = "-again-"


def again(step: str, number: int) -> str:
    """The name under which ``step`` is taken once more, for the ``number``-th time somebody said that nothing had come."""
    return f"{step}{_AGAIN}{number}"


def taken_again(step: str) -> int:
    """For which time the step of that name is taken once more; 0 for a first time."""
    number = step.rpartition(_AGAIN)[2]
    return int(number) if _AGAIN in step and number.isdecimal() and number.isascii() else 0


class UnableToFollow(ValueError):
    """A playbook that contradicts itself; the message names the step and the remedy."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be true of an invoice on a step's day; every part that is set must hold. Amounts are in its own currency."""

    balance_from: Decimal | None = None
    days_late_from: int | None = None
    tiers: tuple[Tier, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    risks: tuple[Risk, ...] = ()
    responses: tuple[Response, ...] = ()

    def holds(self, balance: Decimal, days_late: int, tier: Tier, behavior: Behavior, risk: Risk, response: Response = Response.NONE) -> bool:
        return (
            (self.balance_from is None or balance >= self.balance_from)
            and (self.days_late_from is None or days_late >= self.days_late_from)
            and (not self.tiers or tier in self.tiers)
            and (not self.behaviors or behavior in self.behaviors)
            and (not self.risks or risk in self.risks)
            and (not self.responses or response in self.responses)
        )

    def __str__(self) -> str:
        parts = []
        if self.balance_from is not None:
            parts.append(f"balances from {self.balance_from:,}")
        if self.days_late_from is not None:
            parts.append(f"invoices {self.days_late_from} or more days late")
        for what, values in (("{} customers", self.tiers), ("customers who are {}", self.behaviors), ("{} risk", self.risks)):
            if values:
                parts.append(what.format(" or ".join(_SPOKEN.get(value.value, value.value) for value in values)))
        if self.responses:
            no_promise_broken = set(self.responses) == {Response.NONE, Response.ANSWERED}
            parts.append(f"customers who {'have broken no promise' if no_promise_broken else ' or '.join(_RESPONSES[one] for one in self.responses)}")
        return " and ".join(parts) or "everybody"


@dataclass(frozen=True, slots=True)
class Step:
    """One planned act. Exactly one of ``day`` (calendar days from due) and ``business_day`` is set.

    ``by`` names channels in order of preference; the first that is allowed and reaches somebody is used, and the step
    counts once. ``until_day`` is the last calendar day from due on which the step still makes sense. ``severe`` steps
    need the step before them delivered, and ``notice_days`` gone since. ``not_for`` and ``not_for_tiers`` name customers
    who are spared it; of ``only_for`` one condition must hold on its day. ``approve`` is how many people must agree to
    its exact text. ``least_amount`` and ``least_share`` (of the total) are floors below which it is left out. ``to`` is
    the role asked first, ``copy`` who is in CC. ``together``: it comes right after the step before it, on the same day, and
    both are one contact.
    """

    name: str
    do: Verb
    by: tuple[str, ...]
    say: str
    stage: Stage
    day: int | None = None
    business_day: int | None = None
    until_day: int | None = None
    severe: bool = False
    notice_days: int = 0
    not_for: tuple[Behavior, ...] = ()
    title: str = ""  # as people read it; the name with spaces when left out
    not_for_tiers: tuple[Tier, ...] = ()
    only_for: tuple[Condition, ...] = ()
    approve: int = 0
    answers: tuple[str, ...] = ()
    least_amount: Decimal = Decimal(0)
    least_share: Decimal = Decimal(0)
    to: Role | None = None
    copy: tuple[str, ...] = ()
    together: bool = False

    def __post_init__(self) -> None:
        if not self.title:
            object.__setattr__(self, "title", self.name.replace("-", " "))

    @property
    def answers_customer(self) -> AnswerKind | None:
        """What it answers; None: it is a step of the ladder, or a statement after it."""
        return answer_of(self.name)

    def planned_day(self, due: date, calendar: BusinessCalendar) -> date:
        """The business day this step is meant for, given the due date."""
        if self.business_day is not None:
            return calendar.add(due, self.business_day)
        return calendar.on_or_after(due + timedelta(days=self.day or 0))

    def has_expired(self, due: date, today: date) -> bool:
        return self.until_day is not None and today > due + timedelta(days=self.until_day)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What goes on when the ladder is finished: a statement every ``every_days`` days, and a review for a person."""

    every_days: int
    by: tuple[str, ...]
    say: str

    def step(self, number: int) -> Step:
        return Step(name=f"statement-{number}", do=Verb.REMIND, by=self.by, say=self.say, stage=Stage.STATEMENT, day=0)


@dataclass(frozen=True, slots=True)
class AskFirst:
    """Whose messages the owner reads before they leave: to customers of these tiers, and about more than ``above``, in the
    invoice's own currency."""

    tiers: tuple[Tier, ...] = ()
    above: Decimal | None = None

    def applies(self, balance: Decimal, tier: Tier) -> bool:
        return tier in self.tiers or (self.above is not None and balance > self.above)


@dataclass(frozen=True, slots=True)
class Playbook:
    """One policy, whole. ``hash`` is the SHA-256 of its resolved text, by which a case pins it for life.

    ``gap_days`` is the least number of days from one contact with a customer to the next; what falls due within
    ``bundle_days`` rides along in one message. ``courtesy_gap_days`` is the least time between pre-due notes to a
    customer who pays promptly.

    Raises UnableToFollow when two steps share a name, a step has no day or two, or a severe step opens the ladder.
    """

    name: str
    title: str
    language: str
    steps: tuple[Step, ...]
    afterwards: Afterwards
    gap_days: int = 3
    bundle_days: int = 3
    courtesy_gap_days: int = 7
    catch_up: CatchUp = CatchUp.FIT_AGE
    hash: str = ""
    audience: str = ""  # one sentence: whom it is for
    write_off_days: int = 90
    review_after: int = 2
    promise: Limits = Limits()
    ask_first: AskFirst | None = None
    agency: Authorization | None = None  # standing leave to place invoices with an agency; per invoice it is given by hand
    says: tuple[str, ...] = ()  # what it has words for besides its steps, as NAME.CHANNEL: the messages that answer
    interest: InterestLaw | None = None  # by which law formal letters and e-mails name interest and a fixed sum; none: by none

    def __post_init__(self) -> None:
        if not self.steps:
            raise UnableToFollow(f"playbook {self.name}: steps is empty; give it at least one step")
        if self.ask_first and not self.ask_first.tiers and self.ask_first.above is None:
            raise UnableToFollow(f"playbook {self.name}: ask_first says for whom by nothing; write tiers: [vip], above: 10000, or remove it")
        if self.ask_first and self.ask_first.above is not None and self.ask_first.above < 0:
            raise UnableToFollow(f"playbook {self.name}: ask_first is above {self.ask_first.above}; write an amount from 0")
        seen: set[str] = set()
        for step in self.steps:
            where = f"playbook {self.name}, step {step.name}"
            if step.name in seen or step.name.startswith("statement-") or answer_of(step.name) or taken_again(step.name):
                raise UnableToFollow(f"{where}: the name is taken; every step needs a name of its own")
            if (step.day is None) == (step.business_day is None):
                raise UnableToFollow(f"{where}: give exactly one of day and business_day")
            if not step.by:
                raise UnableToFollow(f"{where}: by names no channel; give at least one, for example email")
            if unknown := [channel for channel in step.by if channel not in CHANNELS]:
                raise UnableToFollow(f"{where}: by names {unknown[0]!r}, which is no channel; channels are {', '.join(CHANNELS)}")
            if "task" in step.by[:-1]:
                raise UnableToFollow(f"{where}: task is always possible, so nothing may follow it in by; put it last")
            if step.do.is_internal and step.by != ("task",):
                raise UnableToFollow(f"{where}: {step.do} is done among ourselves; write by: [task]")
            if not 0 <= step.approve <= 2:
                raise UnableToFollow(f"{where}: approve is how many people must agree: 0, 1 or 2")
            if not 0 <= step.least_share <= 1 or step.least_amount < 0:
                raise UnableToFollow(f"{where}: least_share is a part between 0 and 1, and least_amount is not negative")
            if step.together and step is self.steps[0]:
                raise UnableToFollow(f"{where}: together with what? it is the first step")
            if step.severe and step is self.steps[0]:
                raise UnableToFollow(f"{where}: a severe step cannot open the ladder; put a reminder before it")
            seen.add(step.name)
        firmness = list(Stage)
        for before, after in zip(self.steps, self.steps[1:], strict=False):
            if firmness.index(after.stage) < firmness.index(before.stage):
                raise UnableToFollow(
                    f"playbook {self.name}, step {after.name}: stage {after.stage} is softer than {before.stage} of the step before it; a ladder only rises"
                )
        for what, value in (
            ("gap_days", self.gap_days),
            ("bundle_days", self.bundle_days),
            ("afterwards.every_days", self.afterwards.every_days - 7),
            ("write_off_days", self.write_off_days),
            ("review_after", self.review_after),
        ):
            if value < 0:
                raise UnableToFollow(f"playbook {self.name}: {what} is too small (gaps from 0 days, statements at most weekly)")

    def step(self, name: str) -> Step:
        """The step of that name, statements after the ladder, messages that answer and steps that are taken once more included.
        Raises UnableToFollow when there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        prefix, _, number = name.rpartition("-")
        if prefix == "statement" and number.isdigit():
            return self.afterwards.step(int(number))
        if what := answer_of(name):
            by = tuple(channel for channel in WAYS[what] if f"{what.value}.{channel}" in self.says)
            return Step(name, Verb.REMIND, by, what.value, Stage.COURTESY, day=0, title=TITLES[what])
        if before := next((step for step in self.steps if again(step.name, taken_again(name)) == name), None):
            return replace(before, name=name, title=f"{before.title} once more", until_day=None, together=False)
        raise UnableToFollow(f"playbook {self.name} has no step {name!r}; its steps are {', '.join(step.name for step in self.steps)}")

    def has_words_for(self, what: AnswerKind) -> bool:
        """Whether it can say that; those pinned before there were words for it cannot."""
        return any(said.partition(".")[0] == what.value for said in self.says)

    @property
    def proposes_plans(self) -> bool:
        """Whether it offers plans, to whomever by itself: who asks for one gets it."""
        return any(step.do is Verb.OFFER_PLAN for step in self.steps) and self.has_words_for(AnswerKind.PLAN_PROPOSED)

    def step_of(self, rung: Rung) -> Step:
        """The step that ``rung`` stands for, also one of a playbook the invoice followed before; of one that nobody knows
        any more, a reminder."""
        if rung.stage:
            return Step(rung.step, Verb(rung.do), (rung.channel or "task",), "", Stage(rung.stage), day=0, title=rung.title)
        try:
            return self.step(rung.step)
        except UnableToFollow:
            return Step(rung.step, Verb.REMIND, (rung.channel or "task",), "", Stage.REMINDER, day=0)
