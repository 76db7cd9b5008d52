"""``dunwell cases``: the watched invoices, what comes next for each, and why it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.session import open_database, read_settings
from cli.terminal import as_json, count, day, print_json, print_table, say
from domain.calendar import local_day

if TYPE_CHECKING:
    from datetime import datetime

    from db.views import Filter, Line

STAGES = ("upcoming", "overdue", "courtesy", "due", "reminder", "final", "statement")


@click.command(short_help="List watched invoices.")
@click.option("--stage", type=click.Choice(STAGES), multiple=True, help="Only invoices that have come this far; may be repeated.")
@click.option("--customer", default="", help="Only those whose customer's name or number, or own number, has this in it.")
@click.option("--overdue", is_flag=True, help="Only those past their due date.")
@click.option("--waiting", is_flag=True, help="Only those that wait for somebody here to do something.")
@click.option("--ended", is_flag=True, help="Those no longer watched instead: paid, voided, written off or stopped.")
@as_json
def cases(stage: tuple[str, ...], customer: str, overdue: bool, waiting: bool, ended: bool, as_json: bool) -> None:
    """List watched invoices: what is open, how late it is, what comes next and why nothing goes out before.

    \b
    Examples:
      dunwell cases --overdue
      dunwell cases --customer "Harbour" --stage reminder --stage final
      dunwell cases --waiting --json
    """
    from datetime import UTC, datetime

    from db.views import Filter

    now = datetime.now(UTC)
    which = Filter(stages=stage, text=customer, days_past_due_min=1 if overdue else None, waiting_for_person=waiting, ended=ended)
    found = load(which, now)
    if as_json:
        print_json([describe(line) for line in found])
        return
    if not found:
        say("No invoice is like that. Without options all watched invoices are listed; dunwell import takes invoices in.")
        return
    print_table(("Invoice", "Customer", "Open", "Due", "Stage", "Next look", "Waiting because"), [_row(line) for line in found], right=("Open", "Due"))
    say(f"\n{count(len(found), 'invoice')}. More about one: dunwell case show {found[0].number}")
    if why := _fenced():
        say(f"Nothing goes out: {why}. Run dunwell reconcile, then dunwell unfence.")


def load(which: Filter, now: datetime) -> list[Line]:
    """All invoices that ``which`` describes, by due date."""
    from db import views

    found: list[Line] = []
    cursor = ""
    with open_database(read_settings()) as database, database.reading() as connection:
        while True:
            page = views.list_invoices(connection, which, now, limit=views.LARGEST_PAGE, cursor=cursor)
            found += page.lines
            if not (cursor := page.cursor):
                return found


def _fenced() -> str:
    from db.installation import load_installation

    with open_database(read_settings()) as database, database.reading() as connection:
        fence = load_installation(connection).fence
    return fence.why if fence else ""


def describe(line: Line) -> dict[str, Any]:
    """A watched invoice for programs, as the API tells it too."""
    return {
        "id": line.invoice,
        "number": line.number,
        "seller": line.seller,
        "customer": {"id": line.customer, "number": line.customer_number, "name": line.customer_name},
        "currency": line.balance.currency,
        "total": line.total.amount,
        "balance": line.balance.amount,
        "issued": line.issued,
        "due": line.due,
        "days_past_due": line.days_past_due,
        "stage": line.stage,
        "reason": line.rule,
        "waiting_because": line.waiting_because,
        "owner": line.owner,
        "next_contact": line.contact_at,
        "next_look": line.next_at,
        "next_step": line.next_step,
        "ended": line.ended,
        "updated_at": line.updated_at,
    }


def lateness(days: int) -> str:
    if days == 0:
        return "today"
    return f"{count(days, 'day')} late" if days > 0 else f"in {count(-days, 'day')}"


def _row(line: Line) -> tuple[str, ...]:
    """The next look falls on a day of the customer's calendar."""
    next_look = day(local_day(line.next_at, (line.zone,))) if line.next_at else ""
    stage = (line.ended or line.stage).replace("_", " ")
    return (line.number, line.customer_name, str(line.balance), lateness(line.days_past_due), stage, next_look, line.waiting_because)
