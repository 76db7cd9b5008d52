"""A playbook carried out on an invented invoice that is never paid: when each step is planned, and when it really comes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.calendar import start_of_day
from domain.case import Authorization, Case
from domain.customer import Behavior, Contact, Customer, Role
from domain.diary import Entry, EntryKind
from domain.facts import Books, Envelope, Facts
from domain.invoice import Invoice
from domain.money import Money
from domain.playbook import CHANNELS, Playbook, Step, Verb
from domain.statute import Technology
from domain.timeline import timeline

AMOUNT = Money(Decimal("6200.00"), "EUR")
ZONE = "Europe/London"
COUNTRY = "GB"
_TERMS = timedelta(days=30)
_MOVED = re.compile(r" \(planned for day [+-][0-9]+: (.*)\)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the example. ``at`` is None when it is left out; ``why`` says why it is, or why it comes on another day."""

    step: str
    planned: date
    at: datetime | None
    how: str
    why: str


def run_example(policy: Playbook, due: date) -> tuple[Line, ...]:
    """What ``policy`` does about an invoice of ``AMOUNT`` due on ``due``: a standard customer who agreed to every channel, whose
    every approval is given at once."""
    from integrations.reference.holidays import calendar_for

    contact = Contact("example", Role.BILLING, "Dana Whitfield", "dana@example.example", "+441134960182")
    agreed = frozenset(Technology)
    customer = Customer("example", "example", "example", "Example", COUNTRY, (ZONE,), behavior=Behavior.STANDARD, contacts=(contact,), consents=agreed)
    calendar = calendar_for((COUNTRY,), due)
    # Leave is taken as given on the spot: how long people think about it is theirs to say.
    at_once = replace(policy, ask_first=None, steps=tuple(replace(step, approve=0) for step in policy.steps))
    referred = any(step.do is Verb.REFER_TO_AGENCY and step.approve for step in policy.steps)
    agency = Authorization("the agency", AMOUNT.amount, date.max, "example") if referred else None
    facts = Facts(
        at_once,
        customer,
        Books("example", posted_through=date.max),
        seller_zone=ZONE,
        calendar=calendar,
        bank_calendar=calendar,
        envelope=Envelope(channels=frozenset(CHANNELS)),
    )
    invoice = Invoice("example", "example", "example", "example", AMOUNT, AMOUNT, due - _TERMS, due)
    start = start_of_day(invoice.issued, (ZONE,))
    last = max(step.planned_day(due, calendar) for step in policy.steps)
    entries = timeline(Case("example", invoice, policy.hash, start, agency=agency), facts, (), start, start_of_day(last + timedelta(days=60), (ZONE,)))
    return tuple(_line(step, entries, due, calendar.add(due, step.business_day) if step.business_day is not None else None) for step in policy.steps)


def _line(step: Step, entries: Sequence[Entry], due: date, business_day: date | None) -> Line:
    planned = business_day or due + timedelta(days=step.day or 0)
    for entry in entries:
        if entry.kind is EntryKind.PASSED and entry.what.startswith(f"{step.title} left out: "):
            return Line(step.title, planned, None, "left out", entry.what.partition(": ")[2])
        if entry.kind is EntryKind.CONTACT and re.match(rf"{re.escape(step.title)}(:| sent| made| put| given)", entry.what):
            moved = _MOVED.search(entry.what)
            how = _MOVED.sub("", entry.what).removeprefix(step.title).removeprefix(":").strip()
            return Line(step.title, planned, entry.at, how, moved[1] if moved else "")
    return Line(step.title, planned, None, "not reached", "")
