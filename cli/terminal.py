"""What commands print: lines and tables for people, JSON for programs. Nothing printed can steer the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import click

from domain.calendar import zone
from domain.diary import write_day

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead.")

_WIDTH_OF_A_FILE = 160


class _Day(click.DateTime):
    """A day as YYYY-MM-DD, handed on as its midnight."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a day; write it with year, month and day, as 2026-12-04", param, ctx)


DAY = _Day()


def say(line: str = "") -> None:
    """Print a line as it is, save for characters that a terminal would obey."""
    click.echo(visible(line))


def visible(text: str) -> str:
    """``text`` with control characters shown as a mark: names and reasons come from outside."""
    spaced = text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in spaced)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A table as wide as the terminal (or 160 columns in a file); the columns named in ``right`` are set flush right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold", no_wrap=column in right)
    for row in rows:
        table.add_row(*map(visible, row))
    is_seen = sys.stdout.isatty()
    Console(width=None if is_seen else _WIDTH_OF_A_FILE, markup=False, emoji=False, highlight=False).print(table)


def day(value: date) -> str:
    return " ".join(write_day(value).split())


def moment(value: datetime, zone_name: str) -> str:
    """A moment on the clocks of ``zone_name``: ``Mon 23 Nov 2026, 09:14 (Europe/Berlin)``."""
    local = value.astimezone(zone(zone_name))
    return f"{day(local.date())}, {local:%H:%M} ({zone_name})"


def count(number: int, one: str, many: str = "") -> str:
    """``1 invoice``, ``2 invoices``."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def span(passed: timedelta) -> str:
    """How long that is, in the largest unit that fits."""
    minutes = int(passed.total_seconds() // 60)
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return count(minutes // size, unit)
    return count(minutes, "minute")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
