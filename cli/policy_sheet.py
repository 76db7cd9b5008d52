"""``dunwell playbook show``: a policy as whoever signs it would read it, on the screen or as a Word document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.session import own_playbooks
from cli.terminal import DAY, as_json, day, moment, print_json, print_table, say

if TYPE_CHECKING:
    from cli.example import Line
    from domain.playbook import Playbook
    from playbooks.telling import Policy, Text

_CALENDAR = ("Step", "Planned", "Comes", "How", "Because")
_SIGN = ("Approved by", "Role", "Day", "Signature")


@click.command(short_help="Show a policy as you would read it to sign it.")
@click.argument("name")
@click.option("--due", type=DAY, help="The due date of the example; a month from now when left out.")
@click.option("--texts", is_flag=True, help="Print every text, too, written about an invented invoice.")
@click.option("--docx", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a Word document with lines to sign, texts included.")
@as_json
def show(name: str, due: datetime | None, texts: bool, docx: Path | None, as_json: bool) -> None:
    """Show the playbook NAME: every step with its day, ways, readers and conditions, the limits that hold, and an example.

    \b
    Examples:
      dunwell playbook show b2b-three-weeks
      dunwell playbook show b2b-three-weeks --texts
      dunwell playbook show b2b-three-weeks --docx policy.docx
    """
    import playbooks
    from playbooks.telling import tell

    own = own_playbooks()
    policy = playbooks.load_file(Path(name), own) if name.endswith(".yaml") else playbooks.load(name, own)
    day_due = due.date() if due else datetime.now(UTC).date() + timedelta(days=30)
    told, calendar = tell(policy), _example(policy, day_due)
    written = _texts(policy, own) if texts or docx or as_json else ()
    if docx:
        docx.write_bytes(_document(policy, told, calendar, written, day_due))
    if as_json:
        print_json(_plain(policy, told, calendar, written))
    elif docx:
        say(f"Written to {docx}.")
    else:
        _print(policy, told, calendar, written, day_due)


def _example(policy: Playbook, due: date) -> tuple[Line, ...]:
    from cli.example import run_example

    return run_example(policy, due)


def _texts(policy: Playbook, own: Path | None) -> tuple[Text, ...]:
    import playbooks
    from playbooks.telling import write_texts

    return write_texts(policy, playbooks.wording_texts(policy, own))


def _print(policy: Playbook, told: Policy, calendar: Sequence[Line], written: Sequence[Text], due: date) -> None:
    from playbooks.telling import COLUMNS

    say(f"{told.title} ({policy.name}, edition {policy.hash[:12]})")
    if told.audience:
        say(told.audience)
    say()
    print_table(COLUMNS, told.rows)
    if told.conditions:
        say("\nConditions")
        print_table(("Step", "Comes"), told.conditions)
    say("\nWhat holds for all of it")
    print_table(("About", "Rule"), told.rules)
    say(f"\n{_caption(due)}")
    print_table(_CALENDAR, [_row(line) for line in calendar])
    for text in written:
        say(f"\n--- {text.step}, {text.channel}{f': {text.subject}' if text.subject else ''}\n\n{text.text}")


def _caption(due: date) -> str:
    from cli.example import AMOUNT, COUNTRY

    return f"Example: {AMOUNT}, due {day(due)}, a standard customer in {COUNTRY} who agreed to every channel, never paid; approvals are given at once"


def _row(line: Line) -> tuple[str, ...]:
    from cli.example import ZONE

    return (line.step, day(line.planned), moment(line.at, ZONE) if line.at else "", line.how, line.why)


def _plain(policy: Playbook, told: Policy, calendar: Sequence[Line], written: Sequence[Text]) -> dict[str, Any]:
    from playbooks.telling import COLUMNS

    return {
        "name": policy.name,
        "hash": policy.hash,
        "title": told.title,
        "audience": told.audience,
        "steps": [dict(zip(COLUMNS, row, strict=True)) for row in told.rows],
        "conditions": told.conditions,
        "rules": told.rules,
        "example": [{"step": line.step, "planned": line.planned, "comes": line.at, "how": line.how, "because": line.why} for line in calendar],
        "texts": [{"step": text.step, "channel": text.channel, "subject": text.subject, "text": text.text} for text in written],
    }


def _document(policy: Playbook, told: Policy, calendar: Sequence[Line], written: Sequence[Text], due: date) -> bytes:
    from cli.word_document import Heading, Paragraph, Table, write_document
    from playbooks.telling import COLUMNS

    parts: list[Heading | Paragraph | Table] = [Paragraph(told.audience)] if told.audience else []
    parts += [Paragraph(f"Playbook {policy.name}, edition {policy.hash}"), Heading("Steps"), Table(COLUMNS, told.rows)]
    if told.conditions:
        parts += [Heading("Conditions"), Table(("Step", "Comes"), told.conditions)]
    parts += [Heading("What holds for all of it"), Table(("About", "Rule"), told.rules)]
    parts += [Heading("Example"), Paragraph(_caption(due)), Table(_CALENDAR, [_row(line) for line in calendar])]
    parts += [Heading("Texts")]
    for text in written:
        parts += [Heading(f"{text.step}, {text.channel}", 2), Paragraph(f"{text.subject}\n\n{text.text}".strip())]
    parts += [Heading("Approval"), Table(_SIGN, [("", "", "", "")] * 2)]
    return write_document(f"{told.title}: how we ask for our money", parts)
