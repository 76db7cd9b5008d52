"""Stories of one customer's invoices, and how the pure timeline tells them: the diary of each invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from textwrap import dedent
from typing import Any

import playbooks
from domain import leave
from domain.bundle import Bundle, compose, is_for_itself
from domain.case import Approval, Case, Fate
from domain.customer import Behavior, Contact, Customer, Role, Tier
from domain.customer import behavior as judge
from domain.deciding import APPROVAL_BUSINESS_DAYS
from domain.decision import APPROVAL, Assessment, Close, Perform, Wait, assess, record_contact
from domain.diary import Entry, write_diary
from domain.event import ApprovalAsked, ApprovalGiven, ApprovalLapsed, ApprovalRefused, News, Spoken
from domain.facts import Books, Contacted, Envelope, Facts
from domain.fold import fold
from domain.invoice import Invoice
from domain.migration import plan_move
from domain.money import Money
from domain.person import Person, route
from domain.playbook import Playbook, Stage
from domain.statute import Technology
from domain.task import Task
from domain.timeline import During, watching_begins
from integrations.reference.holidays import calendar_for

# The days of 2037 fall as those of 2026 do, Easter included, and a server's virtual clock only goes forward.
START = datetime(2037, 3, 2, 9, tzinfo=UTC)
DUE = date(2037, 3, 13)  # a Friday; Good Friday is the 3rd of April, Easter Monday the 6th
EVERY = frozenset({"email", "sms", "call", "letter", "portal", "task"})
BY_HAND = frozenset({"email", "task"})
LONG_POSTED = date(2100, 1, 1)
# Under which numbers the customers of a country are reached, up to the last five digits.
_DIALED = {"DE": "+493012340", "GB": "+4420794", "US": "+1212736"}
# The customers of these stories have agreed to whatever needs their consent.
CONSENTS = frozenset(technology.value for technology in Technology)


@dataclass(frozen=True)
class Owed:
    """An invoice as the ledger has it when it is first seen; ``seen``: not before that moment (None: from the start)."""

    number: str = "INV-1"
    due: date = DUE
    balance: str = "6200.00"
    currency: str = "EUR"
    seen: datetime | None = None

    def invoice(self) -> Invoice:
        money = Money(Decimal(self.balance), self.currency)
        return Invoice(self.number.lower(), "s", "c", self.number, money, money, self.due - timedelta(days=30), self.due)


@dataclass(frozen=True)
class Turn:
    """Something that happens to the invoice ``number`` (none: to the first one), told to both tellers alike.

    ``ledger`` holds the fields of the invoice that change there. ``broken`` is why the ledger cannot be read from now on;
    empty: it can again. ``paid_late`` are more invoices of the customer that have been paid, so many days late each.
    ``move_to`` is the playbook that the invoice is moved to, by Ann.
    """

    at: datetime
    news: tuple[News, ...] = ()
    ledger: Mapping[str, Any] = field(default_factory=dict)
    number: str = ""
    during: During = During.REST
    broken: str | None = None
    paid_late: tuple[int, ...] = ()
    move_to: str = ""


def on(day: int, *news: News, number: str = "", during: During = During.REST, due: date = DUE, **ledger: Any) -> Turn:
    """Noon in Berlin on the day that lies ``day`` days from the due date; keywords are fields of the ledger's invoice."""
    return Turn(datetime(due.year, due.month, due.day, 11, tzinfo=UTC) + timedelta(days=day), news, ledger, number, during)


@dataclass(frozen=True)
class Story:
    """What is known of a customer and its invoices at the start, what happens, and the diary that both tellers must write.

    ``diary`` holds one invoice after the other, each under its number where there are several. ``ours`` are the people of ours
    who are known by name. ``tasks`` is what people must be asked to do on the way, each as ``OWNER: TITLE``. The customer lives in
    ``country`` and ``time_zone``, the seller in Germany.
    """

    name: str
    playbook: str
    turns: tuple[Turn, ...]
    diary: str
    owes: tuple[Owed, ...] = (Owed(),)
    start: datetime = START
    until: datetime = datetime(2037, 6, 10, tzinfo=UTC)
    channels: frozenset[str] = EVERY
    tier: Tier = Tier.STANDARD
    behavior: Behavior = Behavior.STANDARD
    paid_late: tuple[int, ...] = ()
    contacts: tuple[tuple[Role, str], ...] = ((Role.BILLING, "Bea Ling"),)
    account_manager: str = ""
    tasks: tuple[str, ...] = ()
    ours: tuple[Person, ...] = ()
    country: str = "DE"
    time_zone: str = "Europe/Berlin"

    @property
    def expected(self) -> str:
        return dedent(self.diary).strip()

    def reached(self) -> Iterable[tuple[Role, str, str, str]]:
        """Role, name, e-mail address and telephone number of each contact; nobody else has them."""
        for place, (role, name) in enumerate(self.contacts):
            yield (
                role,
                name,
                f"{name.split()[0].lower()}@{self.name.replace(' ', '-')}.example",
                f"{_DIALED[self.country]}{sum(map(ord, self.name)) % 10000:04}{place}",
            )

    def facts(self) -> Facts:
        """The world at the start, everything in order."""
        people = tuple(Contact(f"k{place}", *person) for place, person in enumerate(self.reached()))
        customer = Customer(
            "c",
            "s",
            "C-1",
            self.name,
            self.country,
            (self.time_zone,),
            tier=self.tier,
            contacts=people,
            account_manager=self.account_manager,
            consents=CONSENTS,
        )
        calendar = calendar_for((self.country, "DE"), START.date())
        return Facts(
            playbook=load(self.playbook),
            customer=judged(customer, self.behavior, self.paid_late),
            books=Books("s", posted_through=LONG_POSTED),
            seller_zone="Europe/Berlin",
            calendar=calendar,
            bank_calendar=calendar_for(("DE",), START.date()),
            envelope=Envelope(channels=self.channels),
        )


OnText = ApprovalGiven | ApprovalRefused | ApprovalLapsed


def _asked(case: Case, word: ApprovalGiven | ApprovalRefused) -> str:
    """The text that whoever answers has read: the one they were asked about."""
    approval = case.approval(word.step)
    return approval.text_hash if approval else word.text_hash


def judged(customer: Customer, behavior: Behavior, paid_late: tuple[int, ...]) -> Customer:
    """``customer`` as it has paid so far; without any payment as it was said to be."""
    if not paid_late:
        return replace(customer, behavior=behavior)
    return replace(customer, behavior=judge(paid_late), usual_days_late=max(0, sorted(paid_late)[len(paid_late) // 2]))


@cache
def load(playbook: str) -> Playbook:
    return playbooks.load(playbook)


def tell(story: Story) -> tuple[str, set[str]]:
    """The diary as the pure timeline writes it, and everything people were asked to do, each as ``OWNER: TITLE``."""
    account = _Account(story)
    account.run()
    return write_account(story, account.entries), {f"{task.owner}: {task.title}" for task in account.tasks}


def write_account(story: Story, entries: Mapping[str, Iterable[Entry]]) -> str:
    """The diaries of all invoices of a story, each under its number where there are several."""
    told = {owed.number: write_diary(entries.get(owed.number, ())) for owed in story.owes}
    return "\n\n".join(f"{number}\n{diary}" for number, diary in told.items()) if len(told) > 1 else next(iter(told.values()))


class _Account:
    """All invoices of one customer, run from one moment to the next at which something happens to any of them.

    As on the server: whatever one message covers is written into each of them, and each looks again.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self.facts = story.facts()
        self.policies = {self.facts.playbook.hash: self.facts.playbook}
        self.paid_late = story.paid_late
        self.ledger: dict[str, Invoice] = {}
        self.cases: dict[str, Case] = {}
        self.entries: dict[str, list[Entry]] = {}
        self.tasks: list[Task] = []
        self.wakes: dict[str, datetime] = {}
        self.waiting = sorted(story.turns, key=lambda turn: turn.at)

    def run(self) -> None:
        now = self.story.start
        while now <= self.story.until:
            self.open(now)
            for turn in self.landing(now, lambda turn: turn.during is During.REST):
                self.happen(turn, now)
            for number in [number for number, wake in self.wakes.items() if wake <= now]:
                if self.wakes.get(number, self.story.until) <= now:
                    self.work(number, self.hear(number, (), now), now)
            unseen = [owed.seen for owed in self.story.owes if owed.seen and owed.number not in self.cases]
            coming = [*self.wakes.values(), *unseen, *(turn.at for turn in self.waiting if turn.during is During.REST)]
            if not coming:
                return
            now = min(coming)

    def open(self, now: datetime) -> None:
        """Watch what is seen for the first time: all of it, before the first of it is acted on."""
        new = [owed for owed in self.story.owes if owed.number not in self.cases and (owed.seen or self.story.start) <= now]
        for owed in new:
            invoice = self.ledger[owed.number] = owed.invoice()
            case = self.cases[owed.number] = Case(f"invoice/{invoice.id}", invoice, load(self.story.playbook).hash, now)
            self.entries[owed.number] = [watching_begins(case, self.facts, now)]
        heard = [self.hear(owed.number, (), now) for owed in new]
        self.wakes |= {owed.number: now for owed in new[1:]}
        if new:
            self.work(new[0].number, heard[0], now)

    def landing(self, now: datetime, meant: Callable[[Turn], bool]) -> list[Turn]:
        ready = [turn for turn in self.waiting if turn.at <= now and meant(turn)]
        self.waiting = [turn for turn in self.waiting if turn not in ready]
        return ready

    def happen(self, turn: Turn, now: datetime) -> None:
        number = self.number(turn)
        self.take(turn)
        news = turn.news
        if turn.move_to:
            new = load(turn.move_to)
            self.policies[new.hash] = new
            news = (replace(plan_move(self.cases[number], new, self.facts_of(number, now), now).news, by="Ann"),)
        self.work(number, self.hear(number, news, now), now)

    def number(self, turn: Turn) -> str:
        return turn.number or self.story.owes[0].number

    def take(self, turn: Turn) -> None:
        """What a turn does to the world around the invoices."""
        number = self.number(turn)
        if turn.ledger:
            self.ledger[number] = replace(self.ledger[number], **in_the_ledger(turn.ledger, self.ledger[number].balance.currency))
        if turn.broken is not None:
            self.facts = replace(self.facts, books=replace(self.facts.books, problem=turn.broken))
        if turn.paid_late:
            self.paid_late += turn.paid_late
            self.facts = replace(self.facts, customer=judged(self.facts.customer, self.story.behavior, self.paid_late))

    def facts_of(self, number: str, now: datetime) -> Facts:
        books = replace(self.facts.books, read_at=None if self.facts.books.problem else now)
        return replace(self.facts, playbook=self.policies[self.cases[number].playbook], books=books).with_people(self.story.ours, now)

    def hear(self, number: str, news: Iterable[News], now: datetime, *, together: bool = True) -> Assessment:
        case, facts = self.cases[number], self.facts_of(number, now)
        news = tuple(replace(word, text_hash=_asked(case, word)) if isinstance(word, ApprovalGiven | ApprovalRefused) else word for word in news)
        heard = assess(case, None if facts.books.problem else self.ledger[number], news, facts, now)
        self.cases[number] = heard.case
        self.entries[number] += heard.entries
        self.tasks += [route(task, facts.people, facts.owner) for task in heard.tasks]
        for word, reply in zip(news, heard.replies, strict=True):
            if isinstance(word, Spoken) and word.reached and reply.taken:
                self.facts = replace(self.facts, contacts=(*self.facts.contacts, Contacted(now, Stage.CALL, channel="talk")))
            if together and isinstance(word, ApprovalGiven | ApprovalRefused) and reply.taken and (about := heard.case.approval(word.step)):
                self.decide_together(about, word, case.id, now)
        for about in leave.left_by(case, heard.case, now) if together else ():
            self.decide_together(about, ApprovalLapsed(about.step, by="Dunwell", why="what it says has changed since"), "", now)
        match heard.verdict.decision:
            case Close():
                self.wakes.pop(number, None)
            case Wait(until=until):
                self.wakes[number] = until
            case Perform():
                self.wakes[number] = now
        return heard

    def work(self, number: str, heard: Assessment, now: datetime) -> None:
        """What a run does between two sleeps."""
        while isinstance(act := heard.verdict.decision, Perform):
            if landed := self.landing(now, lambda turn: turn.during is During.FENCE and self.number(turn) == number):
                heard = self.hear_all(number, landed, now)
                continue
            self.carry_out(number, act, now)
            heard = self.hear_all(number, self.landing(now, lambda turn: turn.during is During.SENDING and self.number(turn) == number), now)

    def hear_all(self, number: str, turns: list[Turn], now: datetime) -> Assessment:
        for turn in turns:
            self.take(turn)
        return self.hear(number, tuple(word for turn in turns for word in turn.news), now)

    def carry_out(self, number: str, act: Perform, now: datetime) -> None:
        case, facts = self.cases[number], self.facts_of(number, now)
        others = {one.id: name for name, one in self.cases.items() if name in self.wakes}
        if act.channel == APPROVAL and is_for_itself(facts.playbook.step(act.step), facts, now):
            others = {case.id: number}
        seen = {self.cases[name].invoice.id: self.ledger[name] for name in others.values()}
        bundle = compose(case.id, [(self.cases[name], self.facts_of(name, now)) for name in others.values()], seen, now)
        assert bundle is not None, f"{act} was decided and cannot be composed"
        if act.channel == APPROVAL:
            self.ask(number, bundle, others, now)
            return
        if bundle.channel != "task" and not bundle.step.answers_customer:
            self.facts = replace(self.facts, contacts=(*self.facts.contacts, Contacted(now, bundle.step.stage, f"out-{now}", bundle.channel)))
        fate = Fate.DONE if bundle.channel == "task" else Fate.DELIVERED
        for share in bundle.shares:
            name = others[share.case.id]
            self.cases[name], line = record_contact(self.cases[name], share.step.name, bundle.channel, fate, "", self.facts_of(name, now), now)
            self.entries[name].append(line)
            if name != number:
                self.hear(name, (), now)

    def ask(self, number: str, bundle: Bundle, others: Mapping[str, str], now: datetime) -> None:
        """One text is asked about once, under the name of the invoice that words it; what it covers waits with it."""
        carrier = bundle.carrier.case.id
        facts = self.facts_of(others[carrier], now)
        expires = facts.bank_calendar.add(facts.today(now), APPROVAL_BUSINESS_DAYS)
        covers = tuple(dict.fromkeys((carrier, *(share.case.id for share in bundle.shares)))) if len(bundle.shares) > 1 else ()
        hash_ = f"the text of {carrier} at {now}"
        for share in bundle.shares:
            name = others[share.case.id]
            asked = fold(self.cases[name], ApprovalAsked(share.step.name, hash_, expires, by="Dunwell", covers=covers), self.facts_of(name, now), now)
            self.cases[name] = asked.case
            self.entries[name] += asked.entries
            self.tasks += [route(task, facts.people, facts.owner) for task in asked.tasks]
            if name != number:
                self.hear(name, (), now)

    def decide_together(self, about: Approval, told: OnText, decided: str, now: datetime) -> None:
        """What is decided about a text holds for every invoice that stands in it."""
        for name, other in list(self.cases.items()):
            if other.id in about.covers and other.id != decided and not other.ended and (its := leave.undecided(other, about)):
                self.hear(name, (replace(told, step=its.step),), now, together=False)


def in_the_ledger(fields: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The fields of a turn as those of an invoice: a balance becomes money."""
    return {name: Money(Decimal(value), currency) if name == "balance" else value for name, value in fields.items()}
