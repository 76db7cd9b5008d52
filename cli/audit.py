"""``dunwell audit``: whether the diaries are what was written, and one diary with its hashes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from cli.changing import find_invoice
from cli.session import open_database, read_settings
from cli.terminal import DAY, as_json, count, print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.audit import Damage
    from db.seals import Seal
    from settings import Settings

_MOST_SHOWN = 20
_EVERY = 10_000


@click.group(short_help="Prove that no diary was changed.")
def audit() -> None:
    """Prove that no diary was changed. Each line is chained to the one before it, and the ends are sealed each night.

    \b
    Examples:
      dunwell audit verify
      dunwell audit export INV-4711 > inv-4711.jsonl
    """


@audit.command()
@click.option("--since", type=DAY, help="Only what was written since that day; what was sealed before it is taken as it stands.")
@as_json
def verify(since: datetime | None, as_json: bool) -> None:
    """Check every diary and every seal. Ends with 1 when anything is not what was written, and says where it was damaged first.

    \b
    Examples:
      dunwell audit verify
      dunwell audit verify --since 2026-11-01 --json
    """
    from db import audit
    from db.seals import load_seals

    settings = read_settings()
    is_seen = not as_json and sys.stderr.isatty()
    with open_database(settings) as database, audit.holding_still(database) as connection:
        begin = audit.find_seal_before(connection, since.replace(tzinfo=UTC)) if since else None
        rows = audit.count_rows(connection, begin)

        shown = 0

        def show(done: int) -> None:
            nonlocal shown
            if is_seen and (done - shown >= _EVERY or done == rows):
                click.echo(f"\r{done:,} of {count(rows, 'line')} checked", err=True, nl=False)
                shown = done

        damages = list(audit.check(connection, begin, show))
        seals = load_seals(connection)
        outside, put_back = _look_outside(settings, connection, seals)
    if is_seen:
        click.echo(err=True)
    lost = _lost(outside, put_back)
    whole = not damages and not lost
    if as_json:
        print_json(
            {
                "whole": whole,
                "lines": rows,
                "since_seal": begin.number if begin else None,
                "seals": len(seals),
                "last_seal": asdict(seals[-1]) if seals else None,
                "damages": [asdict(damage) for damage in damages],
                "seals_only_outside": [asdict(seal) for seal in outside],
                "put_back_at": put_back,
            }
        )
    else:
        _report(rows, damages, seals, outside, lost, put_back)
    if not whole:
        sys.exit(1)


@audit.command()
@click.argument("case", metavar="INVOICE")
def export(case: str) -> None:
    """Print the diary of one invoice with its hashes, a line of JSON for each entry. INVOICE is its number, or our id of it.

    Anyone can check it without Dunwell: "hash" is the SHA-256 of "before", a line feed and "text".

    \b
    Example:
      dunwell audit export INV-4711 > inv-4711.jsonl
    """
    from db import audit
    from workflows.contract import case_id

    with open_database(read_settings()) as database, audit.holding_still(database) as connection:
        for row in audit.export(connection, case_id(find_invoice(connection, case))):
            click.echo(json.dumps(row))


def _look_outside(settings: Settings, connection: Connection, seals: tuple[Seal, ...]) -> tuple[tuple[Seal, ...], datetime | None]:
    """The seals that only the file outside knows, and when this database was put back to an earlier state, if it was."""
    from db import audit, installation
    from db.seals import read_outside

    state = installation.load_installation(connection)
    put_back = state.fence.since if state.fence else state.put_back_at
    if settings.seals_file is None or not (settings.seals_file.exists() or seals):
        return (), put_back
    return audit.compare(seals, read_outside(settings.seals_file)), put_back


def _lost(outside: tuple[Seal, ...], put_back: datetime | None) -> list[Seal]:
    """Those that a database which was put back at that moment would still have."""
    return [seal for seal in outside if put_back is None or seal.at >= put_back]


def _report(rows: int, damages: list[Damage], seals: tuple[Seal, ...], outside: tuple[Seal, ...], lost: list[Seal], put_back: datetime | None) -> None:
    say(f"{count(rows, 'line')} of the diaries and {count(len(seals), 'seal')} checked.")
    if seals:
        say(f"Last sealed {seals[-1].at:%d %b %Y, %H:%M} UTC: seal {seals[-1].number}, {seals[-1].digest}")
    else:
        say("Nothing is sealed yet; the first seal is made within an hour of a worker's start.")
    for damage in damages[:_MOST_SHOWN]:
        say(_name(damage))
    if len(damages) > _MOST_SHOWN:
        say(f"... and {count(len(damages) - _MOST_SHOWN, 'more place')}; --json lists them all.")
    for seal in lost[:_MOST_SHOWN]:
        say(f"seal {seal.number} of {seal.at:%d %b %Y}: {_kind('seal altered or missing')}: the file outside has it, this database has not")
    if (accepted := len(outside) - len(lost)) and put_back:
        say(f"{count(accepted, 'seal')} only the file outside knows: this database was put back to an earlier state, at the latest {put_back:%d %b %Y}.")
        say("If nobody restored a backup then, that is damage too.")
    say("Nothing was changed." if not damages and not lost else "Something was changed. Compare with a backup made before: see docs/how-to/audit.md")


def _name(damage: Damage) -> str:
    if damage.seal:
        return f"seal {damage.seal}: {_kind(damage.harm)}: {damage.said}"
    return f"invoice {damage.invoice or damage.case}, line {damage.row}: {_kind(damage.harm)}: {damage.said}"


def _kind(harm: Any) -> str:
    return str(harm).upper()
