"""``dunwell preview``: what a playbook would do, day by day, worked out by the very rules that will run. No service, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.session import own_playbooks
from cli.terminal import as_json, print_json, say
from domain.customer import Behavior
from domain.diary import Entry, EntryKind, write_day, write_diary

if TYPE_CHECKING:
    from domain.calendar import BusinessCalendar
    from domain.facts import Facts
    from domain.invoice import Invoice
    from domain.playbook import Playbook, Step

_TERMS = timedelta(days=30)
_DAY = click.DateTime(["%Y-%m-%d"])
_YEARS = range(2000, 2101)
_LONGEST = 1000  # days


class UnableToPreview(ValueError):
    """What was asked about cannot be an invoice."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step whose day is not the one the playbook names: because of ``why``, it comes on ``actual``."""

    step: str
    planned: date
    actual: date
    why: str


@click.command(short_help="Show what a playbook would do, day by day.")
@click.argument("playbook")
@click.option("--due", type=_DAY, required=True, help="The due date, as 2026-12-01.")
@click.option("--issued", type=_DAY, help="The day of issue; 30 days before the due date when left out.")
@click.option("--amount", default="1000", show_default=True, help="What is owed.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default="DE", show_default=True, help="Whose weekends and holidays count: the customer's country, and yours.")
@click.option(
    "--behavior", type=click.Choice([each.value for each in Behavior]), default=Behavior.STANDARD.value, show_default=True, help="How the customer pays."
)
@click.option("--from", "seen", type=_DAY, help="The day Dunwell first sees the invoice; the day of issue when left out.")
@as_json
def preview(
    playbook: str, due: datetime, issued: datetime | None, amount: str, currency: str, country: str, behavior: str, seen: datetime | None, as_json: bool
) -> None:
    """Show what PLAYBOOK would do about an invoice that is never paid, and where a rule moves a step off its day.

    Nothing is read, stored or sent: it runs the rules themselves, as they will run.

    \b
    Examples:
      dunwell preview standard --due 2026-12-01
      dunwell preview standard --due 2026-12-24 --country GB --behavior prompt
      dunwell preview standard --due 2026-09-01 --from 2026-10-20      an invoice first seen when it is late
    """
    import playbooks

    policy = playbooks.load(playbook, own_playbooks())
    day = due.date()
    if day.year not in _YEARS:
        raise UnableToPreview(f"--due: use a day from {_YEARS[0]} to {_YEARS[-1]}")
    begin = issued.date() if issued else day - _TERMS
    first = seen.date() if seen else begin
    owed = _invoice(amount, currency.upper(), begin, day)
    facts = _facts(policy, country.upper(), Behavior(behavior), day)
    if not -_LONGEST <= (first - day).days <= _LONGEST:
        raise UnableToPreview(f"--from: {first} is more than {_LONGEST} days away from the due date {day}")
    diary = _run(owed, policy, facts, first)
    moves = find_moves(diary, policy, owed, facts.calendar)
    if as_json:
        print_json({"playbook": policy.name, "hash": policy.hash, "diary": [_line(entry) for entry in diary], "moved": [_moved(move) for move in moves]})
        return
    say(f"{policy.title}: {owed.balance}, due {write_day(day)}, a {behavior} customer in {country.upper()}, never paid\n")
    say(write_diary(diary))
    if not facts.calendar.holidays:
        say(f"\nNo public holidays of {country.upper()} are known: only weekends count.")
    if moves:
        say("\nMoved off the day the playbook names:")
    for move in moves:
        say(f"  {move.step}: {write_day(move.planned)} -> {write_day(move.actual)}, because {move.why}")


def _invoice(amount: str, currency: str, issued: date, due: date) -> Invoice:
    from decimal import Decimal, InvalidOperation

    from domain.invoice import Invoice
    from domain.money import Money, UnableToReckon

    try:
        owed = Money(Decimal(amount), currency)
    except InvalidOperation:
        raise UnableToPreview(f"--amount: {amount!r} is no amount; write it like 1234.50") from None
    except UnableToReckon as error:
        raise UnableToPreview(f"--amount: {error}") from None
    if owed.amount <= 0:
        raise UnableToPreview("--amount: must be more than zero")
    if issued > due:
        raise UnableToPreview(f"--issued: {issued} comes after the due date {due}")
    return Invoice(id="preview", seller="preview", customer="preview", number="preview", total=owed, balance=owed, issued=issued, due=due)


def _facts(policy: Playbook, country: str, behavior: Behavior, due: date) -> Facts:
    from domain.customer import Contact, Customer, Role
    from domain.facts import Books, Facts
    from integrations.reference.holidays import calendar_for

    contact = Contact("preview", Role.BILLING, "Billing", email="billing@preview.example")
    customer = Customer("preview", "preview", "preview", "preview", country, ("UTC",), behavior=behavior, contacts=(contact,))
    calendar = calendar_for((country,), due)
    return Facts(policy, customer, Books("preview", posted_through=date.max), calendar=calendar, bank_calendar=calendar)


def _run(owed: Invoice, policy: Playbook, facts: Facts, seen: date) -> tuple[Entry, ...]:
    from domain.calendar import start_of_day
    from domain.case import Case
    from domain.timeline import timeline

    start = start_of_day(seen, ("UTC",))
    last = max([owed.due, seen, *(step.planned_day(owed.due, facts.calendar) for step in policy.steps)])
    end = start_of_day(last + timedelta(days=policy.afterwards.every_days + 14), ("UTC",))
    return timeline(Case("preview", owed, policy.hash, start), facts, (), start, end)


def find_moves(diary: Sequence[Entry], policy: Playbook, owed: Invoice, calendar: BusinessCalendar) -> tuple[Move, ...]:
    """Every step in ``diary`` that came on another day than the playbook names, with the rule that moved it."""
    moves = []
    before: date | None = None
    for entry in diary:
        if entry.kind is not EntryKind.CONTACT:
            continue
        step = next((step for step in policy.steps if entry.what.startswith(f"{step.title} ")), None)
        if step and (named := _named_day(step, owed.due, calendar)) != entry.on:
            moves.append(Move(step.title, named, entry.on, _why(step, named, entry.on, before, policy, calendar)))
        before = entry.on
    return tuple(moves)


def _named_day(step: Step, due: date, calendar: BusinessCalendar) -> date:
    return due + timedelta(days=step.day) if step.day is not None else step.planned_day(due, calendar)


def _why(step: Step, named: date, actual: date, before: date | None, policy: Playbook, calendar: BusinessCalendar) -> str:
    if before and step.severe and actual <= calendar.on_or_after(before + timedelta(days=step.notice_days)):
        return f"the reminder before it must have arrived {step.notice_days} days earlier"
    if before and before < actual <= calendar.on_or_after(before + timedelta(days=policy.gap_days)) and actual != calendar.on_or_after(named):
        return f"the customer heard from us on {write_day(before)}, and {policy.gap_days} days must pass"
    if actual == calendar.on_or_after(named):
        return "that day is no business day"
    return "the invoice was first seen late"


def _line(entry: Entry) -> dict[str, Any]:
    return {"on": entry.on, "day": entry.day, "kind": entry.kind, "what": entry.what}


def _moved(move: Move) -> dict[str, Any]:
    return {"step": move.step, "planned": move.planned, "actual": move.actual, "why": move.why}
