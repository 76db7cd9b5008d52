"""``dunwell case``: one invoice: everything about it, why it waits, its diary, and every change by hand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from cli import decisions
from cli.changing import Said, change, load, said_options
from cli.session import UnableToChoose
from cli.terminal import DAY, as_json, count, day, moment, print_json, say

if TYPE_CHECKING:
    from db.stories import Decided, Story
    from domain.case import Dispute


@click.group(short_help="One invoice: show, why, diary, and changes by hand.")
def case() -> None:
    """Look at one invoice, or change by hand what happens with it. INVOICE is its number, or our id of it.

    \b
    Examples:
      dunwell case why INV-4711
      dunwell case promise INV-4711 --day 2026-12-04 --reason "on the phone with Ms. Nair"
      dunwell case hold INV-4711 --until 2026-12-10 --reason "delivery is being checked"
    """


@case.command()
@click.argument("invoice")
@as_json
def show(invoice: str, as_json: bool) -> None:
    """Show everything about an invoice: money, stage, what comes next, messages, promises, what people must do.

    \b
    Example:
      dunwell case show INV-4711 --json
    """
    story = load(invoice)
    if as_json:
        from pydantic import TypeAdapter

        from db.stories import Story

        print_json(TypeAdapter(Story).dump_python(story, mode="json"))
        return
    for line in _tell(story):
        say(line)


@case.command()
@click.argument("invoice")
@click.option("--last", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many decisions to show.")
@as_json
def why(invoice: str, last: int, as_json: bool) -> None:
    """Say why an invoice waits, or why its last message went out: the last decisions and what they were made from.

    \b
    Example:
      dunwell case why INV-4711 --last 3
    """
    story = load(invoice, last)
    if as_json:
        print_json([_decision(decided) for decided in story.decisions])
        return
    say(f"Invoice {story.line.number}, the newest first:")
    zone = story.seller.time_zone
    for (told, seen), alike in groupby(story.decisions, lambda decided: _explain(decided, zone)):
        times = list(alike)
        say(f"\n{moment(times[0].at, zone)}: {told}\n  seen: {seen}")
        if len(times) > 1:
            say(f"  the same {len(times)} times since {moment(times[-1].at, zone)}")


@case.command()
@click.argument("invoice")
@as_json
def diary(invoice: str, as_json: bool) -> None:
    """Print an invoice's diary: what happened on which day, counted from the due date.

    \b
    Example:
      dunwell case diary INV-4711
    """
    from domain.diary import write_diary

    story = load(invoice)
    if as_json:
        told = [(story.line.number, story.diary), *((one.number, one.diary) for one in story.earlier)]
        print_json([{"invoice": number, **asdict(entry)} for number, entries in reversed(told) for entry in entries])
        return
    for one in reversed(story.earlier):
        say(f"Before, as invoice {one.number}:\n\n{write_diary(one.diary)}\n")
    say(write_diary(story.diary))


@case.command()
@click.argument("invoice")
@click.option("--until", type=DAY, help="The day contact may resume; two weeks from now when left out, 90 days at most.")
@said_options
@as_json
def hold(invoice: str, until: datetime | None, said: Said, as_json: bool) -> None:
    """Be silent about an invoice until a day.

    \b
    Example:
      dunwell case hold INV-4711 --until 2026-12-10 --reason "delivery is being checked"
    """
    from domain.event import HoldPlaced

    change(invoice, HoldPlaced(until.date() if until else None), said, as_json)


@case.command()
@click.argument("invoice")
@click.option("--legal", is_flag=True, help="Lift a legal stop, too.")
@said_options
@as_json
def release(invoice: str, legal: bool, said: Said, as_json: bool) -> None:
    """Lift every hold and every open promise of an invoice; a legal stop only with --legal.

    \b
    Example:
      dunwell case release INV-4711 --reason "delivery was fine"
    """
    from domain.event import HoldReleased

    change(invoice, HoldReleased(legal=legal), said, as_json)


@case.command()
@click.argument("invoice")
@click.option("--day", "on", type=DAY, required=True, help="The day the money is to come: 14 days from now at most, unless the playbook says more.")
@click.option("--amount", help="How much; all that is open when left out.")
@click.option("--beyond-limits", is_flag=True, help="You agree to more than customers may promise by themselves; 60 days at most.")
@said_options
@as_json
def promise(invoice: str, on: datetime, amount: str | None, beyond_limits: bool, said: Said, as_json: bool) -> None:
    """Record that the customer will pay by a day; silence until then, and a check on the day after.

    \b
    Example:
      dunwell case promise INV-4711 --amount 500 --day 2026-12-04 --reason "on the phone with Ms. Nair"
    """
    from decimal import Decimal, InvalidOperation

    from domain.event import PromiseMade

    try:
        promised = Decimal(amount) if amount else None
    except InvalidOperation:
        raise click.UsageError(f"--amount: {amount!r} is no amount; write it like 1234.50, in the invoice's currency") from None
    change(invoice, PromiseMade(on.date(), promised, decided=beyond_limits), said, as_json)


@case.command()
@click.argument("invoice")
@click.option("--step", default="", help="The name of the step, to be sure; refused when another one is next.")
@said_options
@as_json
def skip(invoice: str, step: str, said: Said, as_json: bool) -> None:
    """Leave an invoice's next reminder out for good.

    \b
    Example:
      dunwell case skip INV-4711 --step second-reminder --reason "we owe them an answer first"
    """
    from domain.event import StepSkipped

    change(invoice, StepSkipped(step), said, as_json)


@case.command()
@click.argument("invoice")
@said_options
@as_json
def stop(invoice: str, said: Said, as_json: bool) -> None:
    """End it: nothing more is ever sent for this invoice.

    \b
    Example:
      dunwell case stop INV-4711 --reason "settled in person"
    """
    from domain.event import ChasingStopped

    change(invoice, ChasingStopped(), said, as_json)


@case.command()
@click.argument("invoice")
@click.option("--sent/--not-sent", "went_out", default=None, help="What the mail provider's own log says.")
@click.option("--message", default="", help="Which message, where several are in doubt.")
@said_options
@as_json
def resolve(invoice: str, went_out: bool | None, message: str, said: Said, as_json: bool) -> None:
    """Say whether a message went out of which nobody could know it, after looking into the mail provider's log.

    Until then nothing further is sent for the invoice, so that nobody is written to twice.

    \b
    Example:
      dunwell case resolve INV-4711 --not-sent --reason "not in the provider's log of that day"
    """
    from domain.event import OutreachResolved

    if went_out is None:
        raise click.UsageError("say which: --sent or --not-sent")
    doubtful = _doubtful(load(invoice), message)
    change(invoice, OutreachResolved(doubtful, went_out), said, as_json)


def _doubtful(story: Story, wanted: str) -> str:
    from domain.case import Fate

    in_steps = {rung.outreach for rung in story.case.rungs if rung.fate is Fate.UNKNOWN}
    doubtful = sorted(in_steps | {message.id for message in story.messages if message.state == "unknown"})
    if wanted in doubtful or (len(doubtful) == 1 and not wanted):
        return wanted or doubtful[0]
    if not doubtful:
        raise UnableToChoose(f"no message about invoice {story.line.number} is in doubt; dunwell case show {story.line.number} tells what became of each")
    raise UnableToChoose(f"--message: choose from {', '.join(doubtful)}")


def _tell(story: Story) -> list[str]:
    from domain.facts import Mode
    from playbooks import from_resolved
    from playbooks.booked import list_ours

    line, zone = story.line, story.seller.time_zone
    policy = from_resolved(story.playbook)
    state = f"ended: {line.ended.replace('_', ' ')}" if line.ended else line.stage
    told = [
        f"Invoice {line.number} of {line.customer_name} ({line.customer_number}), owed to {story.seller.name}",
        f"  open         {line.balance} of {line.total}",
        f"  due          {day(line.due)} ({count(abs(line.days_past_due), 'day')} {'late' if line.days_past_due > 0 else 'ahead'})",
        f"  stage        {state}",
        f"  ledger       {story.standing.replace('_', ' ')}, read {moment(story.seen_at, zone)}",
        f"  playbook     {policy.title}{', shadow mode' if story.case.mode == Mode.SHADOW else ''}",
        f"  id           {line.invoice}",
        "",
        line.waiting_because if line.ended else f"Waiting because {line.waiting_because}",
    ]
    if line.next_at:
        told.append(f"  next look {moment(line.next_at, line.zone)}, next step {line.next_step.replace('-', ' ')}, answered for by {line.owner}")
    if story.case.invoice.bookings is None and line.balance != line.total:
        told += _section("Payments", ["the ledger tells no single payments, only what is still open"])
    told += _section("Payments", list(list_ours(story.case.invoice)))
    told += _section(
        "Steps",
        [
            f"{day(rung.at.date())}  {policy.step_of(rung).title}: {rung.fate.replace('_', ' ')}{f' ({rung.why})' if rung.why else ''}"
            for rung in story.case.rungs
        ],
    )
    told += _section("Promises", [f"{made.amount} by {day(made.day)}: {made.standing.replace('_', ' ')} (told by {made.by})" for made in story.case.promises])
    told += _section("Disputes", [f"{_dispute(one)} (told by {one.by})" for one in story.case.disputes])
    told += _section("Holds", [f"until {moment(held.until, zone)}: {held.why} ({held.by})" for held in story.case.holds])
    told += _section(
        "Messages",
        [
            f"{moment(message.at, message.zone)}  {message.subject or message.step} to {message.to or 'nobody yet'}: {message.state}"
            for message in story.messages
        ],
    )
    told += _section("To do", [f"{task.title}. {task.remedy} (by {day(task.due)}, {task.owner})" for task in story.tasks])
    return told


def _dispute(one: Dispute) -> str:
    about = f"{'all of it' if one.is_whole else one.amount}{f': {one.reason}' if one.reason else ''}"
    return f"{about}; {f'{one.owner} clears it up by {day(one.due)}' if one.is_open else 'over'}"


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _decision(decided: Decided) -> dict[str, Any]:
    return {"at": decided.at, "reason": decided.rule, "verdict": decided.verdict, "why": decided.why, "until": decided.until, "facts": decided.facts}


def _explain(decided: Decided, zone: str) -> tuple[str, str]:
    """One decision in plain words, and the facts it was made from."""
    did = {"wait": "waits", "perform": "sends", "close": "ends"}.get(decided.verdict, decided.verdict)
    until = f" until {moment(decided.until, zone)}" if decided.until else ""
    because = f"{did}{until}, because {decided.why}" if decided.verdict != "perform" else f"{did} the {decided.why}"
    facts = decided.facts
    seen = [
        f"{facts.get('balance')} open",
        f"due {facts.get('due')}",
        f"customer pays: {facts.get('behavior')}",
        f"{facts.get('contacts_30_days')} contacts in 31 days",
    ]
    if facts.get("posted_through"):
        seen.append(f"books posted through {facts['posted_through']}")
    if facts.get("ledger_problem"):
        seen.append(f"ledger: {facts['ledger_problem']}")
    if facts.get("mode") == "shadow":
        seen.append("shadow mode")
    return because, ", ".join(seen)


for command in decisions.COMMANDS:
    case.add_command(command)
