"""``dunwell preview``: what a playbook would do, step by step, worked out by the very rules that will run. No service, no database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.session import own_playbooks
from cli.terminal import DAY, as_json, print_json, say
from domain.customer import Behavior, Tier
from domain.diary import Entry, EntryKind, write_day

if TYPE_CHECKING:
    from domain.facts import Facts
    from domain.invoice import Invoice
    from domain.money import Money
    from domain.playbook import Playbook, Step

_TERMS = timedelta(days=30)
_YEARS = range(2000, 2101)
_LONGEST = 1000  # days
_MOVED = re.compile(r" \(planned for day [+-][0-9]+: (?P<why>.*)\)$")


class UnableToPreview(ValueError):
    """What was asked about cannot be an invoice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An invoice and a customer to preview a playbook about. ``channels`` reach the customer, besides people of ours; ``approved``:
    whatever needs leave has it; ``at_risk``: the balance is among the highest tenth of those open."""

    amount: Money
    issued: date
    due: date
    seen: date
    country: str
    behavior: Behavior = Behavior.STANDARD
    tier: Tier = Tier.STANDARD
    channels: tuple[str, ...] = ("email",)
    approved: bool = False
    at_risk: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A step that the playbook names for the moment ``planned``: because of ``why``, as the diary has it, it comes at ``actual``."""

    step: str
    planned: datetime
    actual: datetime
    why: str


@click.command(short_help="Show what a playbook would do, step by step.")
@click.argument("playbook")
@click.option("--due", type=DAY, required=True, help="The due date, as 2026-12-01.")
@click.option("--issued", type=DAY, help="The day of issue; 30 days before the due date when left out.")
@click.option("--amount", default="1000", show_default=True, help="What is owed.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default="DE", show_default=True, help="Whose weekends, holidays, hours and laws count: the customer's country, and yours.")
@click.option(
    "--behavior", type=click.Choice([each.value for each in Behavior]), default=Behavior.STANDARD.value, show_default=True, help="How the customer pays."
)
@click.option(
    "--tier", type=click.Choice([each.value for each in Tier]), default=Tier.STANDARD.value, show_default=True, help="How the customer is to be treated."
)
@click.option(
    "--risk",
    type=click.Choice(["high", "normal"]),
    default="normal",
    show_default=True,
    help="high: as if it were among the highest tenth of open balances. A prompt payer is a low risk by itself.",
)
@click.option("--channels", default="email", show_default=True, help="What reaches the customer, with its consent: of email, sms, call, letter.")
@click.option("--approved", is_flag=True, help="As if everybody agreed at once to what needs approval, placing it with an agency included.")
@click.option("--from", "seen", type=DAY, help="The day Dunwell first sees the invoice; the day of issue when left out.")
@as_json
def preview(
    playbook: str,
    due: datetime,
    issued: datetime | None,
    amount: str,
    currency: str,
    country: str,
    behavior: str,
    tier: str,
    risk: str,
    channels: str,
    approved: bool,
    seen: datetime | None,
    as_json: bool,
) -> None:
    """Show what PLAYBOOK would do about an invoice that is never paid, hour by hour, and where a rule moves a step off its day.

    Nothing is read, stored or sent: it runs the rules themselves, as they will run.

    \b
    Examples:
      dunwell preview standard --due 2026-12-01
      dunwell preview standard --due 2026-12-24 --country GB --behavior prompt
      dunwell preview standard --due 2026-09-01 --from 2026-10-20      an invoice first seen when it is late
      dunwell preview issue-to-payment --due 2026-12-01 --tier strategic --approved
      dunwell preview multi-channel-week --due 2026-12-01 --amount 9000 --channels email,sms,call
    """
    import playbooks

    policy = playbooks.load(playbook, own_playbooks())
    day = due.date()
    if day.year not in _YEARS:
        raise UnableToPreview(f"--due: use a day from {_YEARS[0]} to {_YEARS[-1]}")
    begin = issued.date() if issued else day - _TERMS
    first = seen.date() if seen else begin
    owed = _read_amount(amount, currency.upper())
    if begin > day:
        raise UnableToPreview(f"--issued: {begin} comes after the due date {day}")
    if not -_LONGEST <= (first - day).days <= _LONGEST:
        raise UnableToPreview(f"--from: {first} is more than {_LONGEST} days away from the due date {day}")
    asked = Asked(owed, begin, day, first, country.upper(), Behavior(behavior), Tier(tier), _read_channels(channels), approved, risk == "high")
    invoice = _invoice(asked)
    facts = _facts(policy, asked)
    diary = _run(invoice, facts, asked)
    moves = find_moves(diary, policy, invoice, facts)
    zone = facts.seller_zone
    if as_json:
        told = [_line(entry, zone) for entry in diary]
        print_json({"playbook": policy.name, "hash": policy.hash, "zone": zone, "diary": told, "moved": [_moved(move) for move in moves]})
        return
    whom = f"a {behavior} customer" if asked.tier is Tier.STANDARD else f"a {behavior} {'VIP' if asked.tier is Tier.VIP else tier} customer"
    say(f"{policy.title}: {owed}, due {write_day(day)}, {whom} in {asked.country}, never paid; hours are {zone}\n")
    for entry in diary:
        if not _is_for_others(entry):
            say(_write(entry, zone))
    if not facts.calendar.holidays:
        say(f"\nNo public holidays of {asked.country} are known: only weekends count.")
    if moves:
        say("\nMoved off the moment the playbook names:")
    for move in moves:
        say(f"  {move.step}: {_write_moment(move.planned)} -> {_write_moment(move.actual)} ({move.why})")


def _read_amount(amount: str, currency: str) -> Money:
    from decimal import Decimal, InvalidOperation

    from domain.money import Money, UnableToReckon

    try:
        owed = Money(Decimal(amount), currency)
    except InvalidOperation:
        raise UnableToPreview(f"--amount: {amount!r} is no amount; write it like 1234.50") from None
    except UnableToReckon as error:
        raise UnableToPreview(f"--amount: {error}") from None
    if owed.amount <= 0:
        raise UnableToPreview("--amount: must be more than zero")
    return owed


def _read_channels(written: str) -> tuple[str, ...]:
    known = ("email", "sms", "call", "letter")
    wanted = tuple(part.strip() for part in written.split(",") if part.strip())
    if unknown := [one for one in wanted if one not in known]:
        raise UnableToPreview(f"--channels: {unknown[0]!r} is none; name some of {', '.join(known)}, with commas between")
    return wanted


def _invoice(asked: Asked) -> Invoice:
    from domain.invoice import Invoice

    amount = asked.amount
    return Invoice("preview", "preview", "preview", "preview", amount, amount, asked.issued, asked.due)


def _facts(policy: Playbook, asked: Asked) -> Facts:
    from dataclasses import replace
    from decimal import Decimal

    from domain.customer import Contact, Customer, Role
    from domain.facts import Books, Envelope, Facts
    from domain.statute import Technology
    from integrations.reference.countries import zones_by_country
    from integrations.reference.holidays import calendar_for

    zones = zones_by_country().get(asked.country, ("UTC",))
    contact = Contact("preview", Role.BILLING, "Billing", "billing@preview.example", "+10000000000")
    customer = Customer(
        *("preview", "preview", "preview", "preview", asked.country, zones),
        behavior=asked.behavior,
        tier=asked.tier,
        contacts=(contact,),
        consents=frozenset(Technology),
    )
    calendar = calendar_for((asked.country,), asked.due)
    if asked.approved:
        # How long people think about it is theirs to say.
        policy = replace(policy, ask_first=None, steps=tuple(replace(step, approve=0) for step in policy.steps))
    return Facts(
        policy,
        customer,
        Books("preview", posted_through=date.max),
        seller_zone=zones[0],
        calendar=calendar,
        bank_calendar=calendar,
        envelope=Envelope(channels=frozenset((*asked.channels, "task"))),
        top_tenth=Decimal(0) if asked.at_risk else None,
    )


def _run(owed: Invoice, facts: Facts, asked: Asked) -> tuple[Entry, ...]:
    from domain.calendar import start_of_day
    from domain.case import Authorization, Case
    from domain.timeline import timeline

    policy, zones = facts.playbook, (facts.seller_zone,)
    start = start_of_day(asked.seen, zones)
    last = max([owed.due, asked.seen, *(step.planned_day(owed.due, facts.calendar) for step in policy.steps)])
    end = start_of_day(last + timedelta(days=policy.afterwards.every_days + 14), zones)
    agency = Authorization("the agency", owed.balance.amount, date.max, "preview") if asked.approved else None
    return timeline(Case("preview", owed, policy.hash, start, agency=agency), facts, (), start, end)


def find_moves(diary: Sequence[Entry], policy: Playbook, owed: Invoice, facts: Facts) -> tuple[Move, ...]:
    """Every step in ``diary`` that came on another day than the playbook names, for the reason that stands there."""
    moves = []
    for entry in diary:
        step = _step_of(entry, policy)
        if step and (moved := _MOVED.search(entry.what)):
            moves.append(Move(step.title, _named_moment(step, entry, owed, facts), entry.at.astimezone(_zone(facts.seller_zone)), moved["why"]))
    return tuple(moves)


def _step_of(entry: Entry, policy: Playbook) -> Step | None:
    if entry.kind is not EntryKind.CONTACT:
        return None
    named = (step for step in policy.steps if entry.what.startswith((f"{step.title} ", f"{step.title}: ")))
    return max(named, key=lambda step: len(step.title), default=None)


def _named_moment(step: Step, entry: Entry, owed: Invoice, facts: Facts) -> datetime:
    """When ``step`` would come if nothing moved it: on the day the playbook names, at the hour at which such a thing is done."""
    day = owed.due + timedelta(days=step.day) if step.day is not None else step.planned_day(owed.due, facts.calendar)
    zone = _zone(facts.seller_zone)
    hour = entry.at if step.do.is_internal else facts.opening(day)
    return datetime.combine(day, hour.astimezone(zone).time(), zone)


def _is_for_others(entry: Entry) -> bool:
    """Whether it tells of a step that is meant for other customers or invoices only: --json has these lines too."""
    return entry.kind is EntryKind.PASSED and " left out: only for " in entry.what


def _zone(name: str) -> Any:
    from domain.calendar import zone

    return zone(name)


def _write(entry: Entry, zone: str) -> str:
    at = entry.at.astimezone(_zone(zone))
    weekday, _, day = write_day(entry.on).partition(" ")
    return f"day {entry.day:>+4}  {weekday} {day:>11}  {at:%H:%M}  {entry.what}"


def _write_moment(at: datetime) -> str:
    return f"{write_day(at.date())}, {at:%H:%M}"


def _line(entry: Entry, zone: str) -> dict[str, Any]:
    return {"at": entry.at.astimezone(_zone(zone)), "on": entry.on, "day": entry.day, "kind": entry.kind, "what": entry.what}


def _moved(move: Move) -> dict[str, Any]:
    return {"step": move.step, "planned": move.planned, "actual": move.actual, "why": move.why}
