"""``dunwell plan``: payment plans over one or several invoices of a customer."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

from cli.changing import Said, UnableToChange, find_invoice, said_options
from cli.session import UnableToChoose, knock, open_database, read_settings
from cli.terminal import DAY, as_json, count, day, moment, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.plans import PlanLine
    from domain.installment import Installment
    from domain.plan_keeping import PlanWord
    from settings import Settings
    from starter import Answer

_EVERY = click.option("--every", type=click.IntRange(1, 366), default=30, show_default=True, help="Days from one installment to the next.")


@click.group(short_help="Payment plans: offer, show, list, counter, accept, decline.")
def plan() -> None:
    """Agree with a customer to pay what is open in installments. PLAN is a plan's id, or the number of an invoice it covers.

    Reminders for the covered invoices are silent while an offer waits for its answer (a week at most) and while an agreed plan
    is kept. If it is not kept, they go on where they stood.

    \b
    Examples:
      dunwell plan offer INV-4711 INV-4712 --installments 3 --first 2026-12-01 --reason "asked for it by phone"
      dunwell plan accept INV-4711 --reason "agreed in writing on 24 November"
    """


@plan.command()
@click.argument("invoices", nargs=-1, required=True, metavar="INVOICE...")
@click.option("--installments", "number", type=click.IntRange(1, 36), default=3, show_default=True, help="How many.")
@click.option("--first", type=DAY, required=True, help="The day the first one is due: two weeks from now at most.")
@_EVERY
@said_options
@as_json
def offer(invoices: tuple[str, ...], number: int, first: datetime, every: int, said: Said, as_json: bool) -> None:
    """Offer to take all that is open on these invoices in installments; the last within 90 days.

    The invoices must be one customer's and in one currency. The sum is split exactly, into whole units where it is large, the larger parts first. A task asks
    for the customer's answer; without one within a week reminders go on.

    \b
    Example:
      dunwell plan offer INV-4711 INV-4712 --installments 3 --first 2026-12-01 --every 30 --reason "short of cash until spring"
    """
    from db.ids import new_id
    from domain.plan_keeping import Offered

    with open_database(read_settings()) as database, database.reading() as connection:
        ids = tuple(dict.fromkeys(find_invoice(connection, invoice) for invoice in invoices))
    _change(new_id("plan"), Offered(ids, number, first.date(), every), said, as_json)


@plan.command()
@click.argument("name", metavar="PLAN")
@click.option("--installments", "number", type=click.IntRange(1, 36), help="How many, of equal size.")
@click.option("--first", type=DAY, help="The day the first one is due.")
@_EVERY
@click.option("--pay", "parts", multiple=True, metavar="DAY=AMOUNT", help="One installment, such as 2026-12-01=500.00; repeat it for each.")
@said_options
@as_json
def counter(name: str, number: int | None, first: datetime | None, every: int, parts: tuple[str, ...], said: Said, as_json: bool) -> None:
    """Record that other installments are proposed for the same sum; twice at most, then speak with each other.

    \b
    Examples:
      dunwell plan counter INV-4711 --installments 4 --first 2026-12-01 --every 14 --reason "they asked for four"
      dunwell plan counter INV-4711 --pay 2026-12-01=500 --pay 2027-01-04=700 --reason "after their year end"
    """
    from domain.installment import UnableToPlan, lay_out, usual_unit
    from domain.payment_plan import Countered

    line = _find(name)
    owed = line.kept.plan.total
    try:
        if number and first and not parts:
            installments = lay_out(owed, number, first.date(), every, usual_unit(owed, number))
        elif parts and not number and not first:
            installments = _read_parts(parts, owed.currency)
        else:
            raise click.UsageError("say either --installments and --first, or --pay once for each installment")
    except UnableToPlan as error:
        raise click.UsageError(str(error)) from None
    _change(line.kept.plan.id, Countered(installments), said, as_json)


@plan.command()
@click.argument("name", metavar="PLAN")
@said_options
@as_json
def accept(name: str, said: Said, as_json: bool) -> None:
    """Record that both sides agree: the invoices are quiet while the plan is kept.

    \b
    Example:
      dunwell plan accept INV-4711 --reason "signed copy came today"
    """
    from domain.payment_plan import Accepted

    _change(_find(name).kept.plan.id, Accepted(), said, as_json)


@plan.command()
@click.argument("name", metavar="PLAN")
@said_options
@as_json
def decline(name: str, said: Said, as_json: bool) -> None:
    """Record a no to an offer, or call an agreed plan off: reminders go on where they stood.

    \b
    Example:
      dunwell plan decline INV-4711 --reason "they would rather pay at once"
    """
    from domain.payment_plan import Declined

    _change(_find(name).kept.plan.id, Declined(), said, as_json)


@plan.command()
@click.argument("name", metavar="PLAN")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show a plan: its installments, what has come, and what happens next.

    \b
    Example:
      dunwell plan show INV-4711 --json
    """
    from db import plans

    line = _find(name)
    if as_json:
        print_json(plans.describe(line))
        return
    for told in _tell(line):
        say(told)


@plan.command("list")
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@as_json
def list_(ended: bool, as_json: bool) -> None:
    """List payment plans: whose, how much, and what has come.

    \b
    Example:
      dunwell plan list --all
    """
    from db import plans

    with open_database(read_settings()) as database, database.reading() as connection:
        found = plans.list_plans(connection, ended=ended)
    if as_json:
        print_json([plans.describe(line) for line in found])
        return
    if not found:
        say(f"There is no payment plan{'' if ended else ' under way'}. dunwell plan offer --help says how to make one.")
        return
    print_table(("Plan", "Customer", "Invoices", "Sum", "Received", "State"), [_row(line) for line in found], right=("Sum", "Received"))
    say(f"\n{count(len(found), 'plan')}. More about one: dunwell plan show {found[0].kept.plan.id}")


def _tell(line: PlanLine) -> list[str]:
    plan = line.kept.plan
    told = [
        f"Payment plan {plan.id} of {line.customer_name} ({line.customer_number})",
        f"  state        {plan.state.value}{f', an answer is awaited until {day(plan.answer_by)}' if plan.state in ('offered', 'countered') else ''}",
        f"  sum          {plan.total}, {plan.received} received",
        f"  last word    {plan.by or 'nobody named'}: {plan.reason or 'no reason given'}",
    ]
    if line.next_at:
        told.append(f"  next look    {moment(line.next_at, line.zone)}")
    told += ["", "Invoices", *(f"  {line.numbers.get(part.invoice, part.invoice)}: {part.amount}" for part in plan.covers)]
    told += ["", "Installments", *(f"  {day(part.due):<15}  {part.amount!s:>18}  {part.standing}" for part in plan.installments)]
    return told


def _row(line: PlanLine) -> tuple[str, ...]:
    plan = line.kept.plan
    numbers = ", ".join(line.numbers.get(part.invoice, part.invoice) for part in plan.covers)
    return (plan.id, line.customer_name, numbers, str(plan.total), str(plan.received), plan.state.value)


def _find(name: str) -> PlanLine:
    """The plan with this id, or the last one that covers the invoice with this number. Raises UnableToChoose."""
    from db import plans

    with open_database(read_settings()) as database, database.reading() as connection:
        found = plans.list_plans(connection, plan=name) or _covering(connection, name)
    if not found:
        raise UnableToChoose(f"no payment plan has the id {name!r} or covers that invoice; dunwell plan list shows them")
    return found[0]


def _covering(connection: Connection, invoice: str) -> tuple[PlanLine, ...]:
    from db import plans, views

    known = views.find(connection, invoice)
    if len(known) > 1:
        raise UnableToChoose(f"several invoices have the number {invoice!r}; name one by its id: {', '.join(known)}")
    return (plans.list_plans(connection, invoice=known[0]) or plans.list_plans(connection, ended=True, invoice=known[0])) if known else ()


def _read_parts(parts: tuple[str, ...], currency: str) -> tuple[Installment, ...]:
    from domain.installment import Installment
    from domain.money import Money, UnableToReckon

    read = []
    for part in parts:
        on, _, amount = part.partition("=")
        try:
            read.append(Installment(date.fromisoformat(on), Money(Decimal(amount), currency)))
        except (ValueError, InvalidOperation, UnableToReckon):
            raise click.UsageError(f"--pay: {part!r} is not a day and an amount; write it like 2026-12-01=500.00") from None
    return tuple(sorted(read, key=lambda installment: installment.due))


def _change(plan_id: str, word: PlanWord, said: Said, as_json: bool) -> None:
    """Say ``word`` in the name of the token's person, and print the plan's answer. Raises UnableToChange."""
    why, settings = said.why, read_settings()
    with open_database(settings) as database:
        person = said.identify(database, settings)
    answer = asyncio.run(_tell_plan(settings, plan_id, word, person.name, why))
    if as_json:
        print_json({"plan": plan_id, "taken": answer.taken, "said": answer.said, "pending": answer.pending})
    if not answer.taken:
        raise UnableToChange(answer.said)
    if not as_json:
        say(f"Payment plan {plan_id}: {answer.said}.")


async def _tell_plan(settings: Settings, plan_id: str, word: PlanWord, by: str, why: str) -> Answer:
    async with knock(settings) as door:
        return await door.tell_plan(plan_id, word, by=by, why=why)
