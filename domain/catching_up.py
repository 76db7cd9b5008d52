"""What a case forgot when its database was put back to an earlier state, learned again from those who still know it.

The provider's log knows what was sent, and the running watch remembers its case. What nobody can tell is worked out: the
steps that fell due in the time that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain import confirming, desk, ladder
from domain.case import Case, Fate, HoldKind, Promise, PromiseStanding, Rung
from domain.diary import Entry, EntryKind, write_day
from domain.facts import Facts, Mode
from domain.ladder import MAY_HAVE_BEEN_SENT
from domain.owed import Owed, answer_of
from domain.playbook import Step, UnableToFollow

_REMEMBERED = "remembered by its running watch"
# Of two words on one step the one nearer to the end of this list counts.
_CERTAINTY = (Fate.PASSED_OVER, Fate.SHADOWED, Fate.SKIPPED, Fate.UNKNOWN, Fate.ACCEPTED, Fate.PRESUMED, Fate.DELIVERED)


@dataclass(frozen=True, slots=True)
class FellDue:
    """A step that fell due at ``at`` in the time that is missing. ``rode_along``: only if another invoice's message left."""

    step: Step
    at: datetime
    rode_along: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that one message took for an invoice, by our id and the seller's number."""

    invoice: str
    number: str
    step: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A message that was sent and not known here, or not known to have been sent; ``steps`` is what it settled."""

    outreach: str
    at: datetime
    subject: str
    steps: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A message in the provider's log about invoices that are not known here, or of which nobody knows what it covered."""

    outreach: str
    at: datetime
    subject: str
    to_address: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A step that may have been taken at ``at``, for all that anybody can tell."""

    case: str
    customer: str
    number: str
    step: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a comparison with the provider's log since ``since``.

    ``problem`` says why the log does not tell everything; then what is ``uncertain`` may have been sent.
    """

    since: datetime
    looked_at: int
    learned: tuple[Learned, ...]
    unmatched: tuple[Unmatched, ...]
    problem: str
    uncertain: tuple[Uncertain, ...]


def adopt_sent(case: Case, sent: Rung, round_: int, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` once it is known that ``sent`` went out in ``round_``: that step is behind it and is never repeated.

    A round that the case has not come to yet begins with it. What belongs to an earlier round changes nothing. A case that
    has ended waits for its ledger to say that it is owed again, which then begins that round.
    """
    if case.ended:
        return replace(case, round=max(case.round, round_ - 1)), ()
    if answer_of(sent.step):
        return _adopt_answer(case, sent, facts, now)
    known = case.rung(sent.step) if round_ == case.round else None
    settled = known is not None and known.is_contact and known.fate is not Fate.UNKNOWN
    if round_ < case.round or settled or not _follows(facts, sent.step):
        return case, ()
    if round_ > case.round:
        # Going live keeps what was done before; being owed again does not.
        kept = tuple(rung for rung in case.rungs if rung.is_contact or rung.fate is Fate.SKIPPED) if case.mode == Mode.SHADOW else ()
        case = replace(case, round=round_, entered=False, rungs=kept)
    return case.with_rung(sent), (_sent_line(case, sent, "found in the mail provider's log", facts, now),)


def _adopt_answer(case: Case, sent: Rung, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """What answers the customer belongs to no round. One that nobody here knows was owed leaves its number behind, so that no
    other takes it."""
    owed = case.owed(sent.step)
    if owed is not None and owed.fate and owed.fate != Fate.UNKNOWN:
        return case, ()
    if owed is None:
        what, number = answer_of(sent.step), int(sent.step.rpartition("-")[2])
        if what is None or any(one.number == number for one in case.answers):
            return case, ()
        owed = Owed(number, what, sent.at)
        case = replace(case, answers=tuple(sorted((*case.answers, owed), key=lambda one: one.number)))
    case = confirming.record(case, owed, sent.fate.value, sent.channel, sent.outreach, sent.at)
    return case, (_sent_line(case, sent, "found in the mail provider's log", facts, now),)


def adopt_memory(case: Case, remembered: Case, facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` with everything that its running watch remembers beyond it; what has been said since the database was put
    back stays said. Names and reasons, which a watch does not keep, are taken from ``case`` where it has them."""
    entries: list[Entry] = []
    if remembered.round > case.round:
        case = replace(case, round=remembered.round, rungs=(), entered=False, ended=None, ended_why="")
    if remembered.round == case.round:
        case = replace(case, entered=case.entered or remembered.entered)
        for rung in remembered.rungs:
            known = case.rung(rung.step)
            if not _follows(facts, rung.step) or (known and _CERTAINTY.index(known.fate) >= _CERTAINTY.index(rung.fate)):
                continue
            case = case.with_rung(replace(rung, why=rung.why or _REMEMBERED) if rung.fate is Fate.SKIPPED else rung)
            if rung.is_contact:
                entries.append(_sent_line(case, rung, _REMEMBERED, facts, now))
    holds = {hold.kind: hold for hold in case.holds}
    for hold in remembered.holds:
        if hold.kind not in holds or holds[hold.kind].since < hold.since:
            holds[hold.kind] = replace(hold, why=hold.why or _REMEMBERED, by=hold.by or facts.owner)
            entries.append(_line(case, EntryKind.PERSON, f"held until {write_day(facts.today(hold.until))} ({_REMEMBERED})", facts, now))
    case = replace(
        case,
        holds=tuple(holds[kind] for kind in HoldKind if kind in holds),
        promises=_merge(case.promises, remembered.promises, facts),
        answers=_merge_answers(case.answers, remembered.answers),
        ended=case.ended or remembered.ended,
        ended_why=case.ended_why or remembered.ended_why,
        mode=case.mode or remembered.mode,
        opened_at=min(case.opened_at, remembered.opened_at),
        seq=max(case.seq, remembered.seq),
    )
    return case, tuple(entries)


def fell_due(case: Case, facts: Facts, since: datetime, until: datetime) -> tuple[FellDue, ...]:
    """The steps that may have gone out between ``since`` and ``until``, if nothing held them back; none when the case has
    ended. What may have ridden along in a message of another invoice comes last."""
    if case.ended:
        return ()
    found: list[FellDue] = []
    at = since
    while True:
        case, _ = ladder.pass_over(case, facts, at)
        due = ladder.next_due(case, facts, at)
        at = max(due.moment, at)
        if due.blocked:
            return tuple(found)
        if at > until:
            rides = not due.step.severe and due.moment < desk.bundling_horizon(facts.playbook, until)
            return (*found, FellDue(due.step, until, rode_along=True)) if rides else tuple(found)
        found.append(FellDue(due.step, at))
        case = case.with_rung(Rung(due.step.name, Fate.DELIVERED, at, due.step.by[0]))


def presume_sent(case: Case, steps: Iterable[Step], facts: Facts, now: datetime) -> tuple[Case, tuple[Entry, ...]]:
    """``case`` with ``steps`` left out, because each may have reached the customer. None of them is proof of delivery."""
    entries = []
    for step in steps:
        case = case.with_rung(Rung(step.name, Fate.PASSED_OVER, now, why=MAY_HAVE_BEEN_SENT))
        entries.append(_line(case, EntryKind.PASSED, f"{step.title} left out: {MAY_HAVE_BEEN_SENT}", facts, now))
    return case, tuple(entries)


def _merge(kept: tuple[Promise, ...], remembered: tuple[Promise, ...], facts: Facts) -> tuple[Promise, ...]:
    """Each promise once, by when it was made, and only the newest still open."""
    all_ = {promise.made_at: promise for promise in kept}
    for promise in remembered:
        known = all_.get(promise.made_at)
        if known is None or known.standing is PromiseStanding.OPEN:
            all_[promise.made_at] = replace(promise, by=promise.by or (known.by if known else facts.owner))
    newest = max((made_at for made_at, promise in all_.items() if promise.standing is PromiseStanding.OPEN), default=None)
    merged = (all_[made_at] for made_at in sorted(all_))
    return tuple(
        replace(promise, standing=PromiseStanding.REPLACED) if promise.standing is PromiseStanding.OPEN and promise.made_at != newest else promise
        for promise in merged
    )


def _merge_answers(kept: tuple[Owed, ...], remembered: tuple[Owed, ...]) -> tuple[Owed, ...]:
    """What the watch remembers happened; what has come to be owed since then under a number that it knows takes the next free one."""
    known = {one.number: one for one in remembered}
    free = 1 + max((one.number for one in (*kept, *remembered)), default=0)
    for one in kept:
        if one.number not in known:
            known[one.number] = one
        elif one.since > known[one.number].since:
            known[free] = replace(one, number=free)
            free += 1
    return tuple(known[number] for number in sorted(known))


def _follows(facts: Facts, step: str) -> bool:
    try:
        facts.playbook.step(step)
    except UnableToFollow:
        return False
    return True


def _sent_line(case: Case, sent: Rung, how: str, facts: Facts, now: datetime) -> Entry:
    title, by = facts.playbook.step(sent.step).title, {"email": "e-mail"}.get(sent.channel, sent.channel)
    return _line(case, EntryKind.CONTACT, f"{title} had been sent by {by} on {write_day(facts.today(sent.at))}, {how}", facts, now)


def _line(case: Case, kind: EntryKind, what: str, facts: Facts, now: datetime) -> Entry:
    today = facts.today(now)
    return Entry(now, today, case.invoice.days_past_due(today), kind, what)
