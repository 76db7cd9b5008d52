"""What may be said of a failure where strangers read it: its kind and its place, and its words only where they are ours.

The text of an error that nobody expected may quote a customer's name or address. Logs and Temporal are read, copied and
kept by others than the owner of the data, so there such an error is named and not quoted.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

_OURS = frozenset({"activities", "cli", "db", "domain", "integrations", "playbooks", "settings", "starter", "web", "worker", "workflows"})
# Whose texts are known to quote no row and no value: db.engine sees to that for the first.
_DISCREET = frozenset({"sqlalchemy", "temporalio"})
_LONGEST = 500


def describe(error: BaseException) -> str:
    """One line about ``error`` that quotes nobody's data."""
    kind = type(error)
    if kind.__name__.startswith("UnableTo") or kind.__module__.partition(".")[0] in _DISCREET:
        said = str(error).partition("\n")[0][:_LONGEST]
        return said or kind.__name__
    words = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return f"{kind.__name__}{words}{_place(error.__traceback__)}"


def _place(trace: TracebackType | None) -> str:
    ours = [(frame, line) for frame, line in traceback.walk_tb(trace) if frame.f_globals.get("__name__", "").partition(".")[0] in _OURS]
    if not ours:
        return ""
    frame, line = ours[-1]
    return f" in {frame.f_globals['__name__']}.{frame.f_code.co_name}, line {line}"


class DiscreetFormatter(logging.Formatter):
    """Writes the place of an error in full, line for line, and ``describe``'s words for it and for what caused it."""

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info:  # what follows the first line tells of the error in its own words
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        return super().format(record)

    def formatException(self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]) -> str:
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            lines += ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__), f"{describe(error)}\n"]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                lines.append("which came of this:\n")
        return "".join(lines).rstrip("\n")


def keep_logs_discreet() -> None:
    """Have what libraries log of failures written to standard error without quoting anybody's data."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(DiscreetFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
