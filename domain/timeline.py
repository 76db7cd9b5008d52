"""A case run through its days without Temporal: the preview, the rehearsal and the tests' yardstick.

Time jumps from one decision's ``until`` to the next, never day by day. Everything is as ``decide`` sees it, so the
diary printed here is the diary a worker writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.case import Case, Fate
from domain.deciding import APPROVAL_BUSINESS_DAYS
from domain.decision import APPROVAL, Assessment, Close, Perform, Wait, assess, record_contact
from domain.desk import count
from domain.diary import Entry, EntryKind
from domain.event import ApprovalAsked, News
from domain.facts import Contacted, CountsAs, Facts, Mode
from domain.fold import fold
from domain.invoice import Invoice
from domain.playbook import Playbook


class During(StrEnum):
    """What the worker is busy with when word arrives: nothing, assessing, or sending before or after the last check."""

    REST = "rest"
    ASSESS = "assess"
    FENCE = "fence"
    SENDING = "sending"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that happens at ``at``: the ledger changes, somebody says something, or both.

    Other than at REST it waits for the first such activity at or after ``at`` and lands in the middle of it.
    """

    at: datetime
    news: tuple[News, ...] = ()
    ledger: Callable[[Invoice], Invoice] | None = None
    during: During = During.REST


@dataclass(slots=True)
class _Run:
    case: Case
    invoice: Invoice
    facts: Facts
    playbooks: Mapping[str, Playbook]
    entries: list[Entry] = field(default_factory=list)

    def hear(self, news: Iterable[News], now: datetime) -> Assessment:
        before = self.case.playbook
        heard = assess(self.case, self.invoice, tuple(news), replace(self.facts, books=replace(self.facts.books, read_at=now)), now)
        self.case = heard.case
        self.entries += heard.entries
        if self.case.playbook != before:
            self.facts = replace(self.facts, playbook=self.playbooks[self.case.playbook])
            return self.hear((), now)
        return heard

    def carry_out(self, act: Perform, now: datetime) -> None:
        step = self.facts.playbook.step(act.step)
        if act.channel == APPROVAL:
            expires = self.facts.bank_calendar.add(self.facts.today(now), APPROVAL_BUSINESS_DAYS)
            folded = fold(self.case, ApprovalAsked(step.name, "", expires, by="Dunwell"), self.facts, now)
            self.case, self.entries = folded.case, [*self.entries, *folded.entries]
            return
        counts_as = count(step, act.channel, self.facts, now)
        fate = Fate.SHADOWED if self.facts.mode is Mode.SHADOW else Fate.DONE if act.channel == "task" else Fate.DELIVERED
        self.case, entry = record_contact(self.case, act.step, act.channel, fate, "", self.facts, now)
        self.entries.append(entry)
        if act.channel != "task" and counts_as is not CountsAs.ANSWER:
            self.facts = replace(self.facts, contacts=(*self.facts.contacts, Contacted(now, step.stage, channel=act.channel, counts_as=counts_as)))

    def take(self, arrivals: Iterable[Arrival]) -> list[News]:
        """What these arrivals say, after what they do to the ledger."""
        said: list[News] = []
        for arrival in arrivals:
            if arrival.ledger:
                self.invoice = arrival.ledger(self.invoice)
            said += arrival.news
        return said


def timeline(case: Case, facts: Facts, arrivals: Iterable[Arrival], start: datetime, until: datetime, playbooks: Iterable[Playbook] = ()) -> tuple[Entry, ...]:
    """The diary of ``case`` from ``start`` to ``until``, with the ledger always readable and each message delivered at once.

    ``playbooks`` are those it may be moved to on its way.
    """
    run = _Run(case, case.invoice, facts, {one.hash: one for one in playbooks})
    run.entries.append(watching_begins(case, facts, start))
    waiting = sorted(arrivals, key=lambda arrival: arrival.at)

    def due(now: datetime, *during: During) -> list[Arrival]:
        ready = [arrival for arrival in waiting if arrival.at <= now and arrival.during in during]
        waiting[:] = [arrival for arrival in waiting if arrival not in ready]
        return ready

    now = start
    while now <= until:
        said, landed = run.take(due(now, During.REST)), due(now, During.ASSESS)
        # What is said while the ledger is being read is heard with its answer; what moves in the ledger then, next time.
        heard = run.hear([*said, *(word for arrival in landed for word in arrival.news)], now)
        if any(arrival.ledger for arrival in landed):
            run.take(landed)
            heard = run.hear((), now)
        while isinstance(act := heard.verdict.decision, Perform):
            if landed := due(now, During.FENCE):
                heard = run.hear(run.take(landed), now)
                continue
            run.carry_out(act, now)
            heard = run.hear(run.take(due(now, During.SENDING)), now)
        match heard.verdict.decision:
            case Close():
                break
            case Wait(until=next_look):
                now = min([next_look, *(arrival.at for arrival in waiting if arrival.during is During.REST)])
    return tuple(run.entries)


def watching_begins(case: Case, facts: Facts, now: datetime) -> Entry:
    """The first line of every diary."""
    today = facts.today(now)
    return Entry(now, today, case.invoice.days_past_due(today), EntryKind.OPENED, f"watching begins: {case.invoice.balance} open")
