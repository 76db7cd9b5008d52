"""Saved views of the Temporal UI: links whose dates are worked out when they are followed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from db.views import LEAVING_RULES
from domain.calendar import start_of_day

_RUNNING = 'ExecutionStatus = "Running"'
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class UnableToFind(LookupError):
    """There is no saved view of that name."""


def query(view: str, today: date, zone: str) -> str:
    """The list filter of ``view``, for the calendar day ``today`` in ``zone``. Raises UnableToFind."""
    kind, _, value = view.partition("/")
    if value:
        attribute = {"stage": "Stage", "customer": "Customer", "waiting": "Waiting"}.get(kind)
        if attribute is None or not _PLAIN.fullmatch(value):
            raise UnableToFind(view)
        ended = kind == "stage" and value in ("settled", "voided", "written_off", "stopped")
        return f'{attribute} = "{value}"' + ("" if ended else f" AND {_RUNNING}")
    match kind:
        case "all":
            return _RUNNING
        case "going-out-today":
            rules = ", ".join(f'"{rule}"' for rule in LEAVING_RULES)
            return f"NextContact < {_moment(start_of_day(today + timedelta(days=1), (zone,)))} AND Waiting IN ({rules}) AND {_RUNNING}"
        case "overdue":
            return f"DueOn <= {_day(today, 1)} AND {_RUNNING}"
        case "overdue-30" | "overdue-60" | "overdue-90":
            return f"DueOn <= {_day(today, int(kind.removeprefix('overdue-')))} AND {_RUNNING}"
        case "stuck":
            return f"TemporalReportedProblems IS NOT NULL AND {_RUNNING}"
    raise UnableToFind(view)


def list_url(ui: str, namespace: str, filter_: str) -> str:
    return f"{_namespace(ui, namespace)}?query={quote(filter_, safe='')}"


def watch_url(ui: str, namespace: str, workflow: str) -> str:
    """The page of one running watch."""
    return f"{_namespace(ui, namespace)}/{quote(workflow, safe='')}"


def _namespace(ui: str, namespace: str) -> str:
    return f"{ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows"


def _day(today: date, days_past_due: int) -> str:
    # Due days stand in the list as midnight UTC.
    return _moment(datetime.combine(today - timedelta(days=days_past_due), datetime.min.time(), UTC))


def _moment(moment: datetime) -> str:
    return f'"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
