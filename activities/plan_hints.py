"""What the watch of an invoice passes on to the payment plans that cover it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from db import inbox, plans
from domain.case import Case, HoldKind
from workflows.contract import plan_id


def hint_plans(connection: Connection, before: Case, after: Case, now: datetime) -> None:
    """Have the plans that cover an invoice look again when money has come for it, its standing changed, or its watch has ended."""
    if _is_as_before(before, after) or all(hold.kind is not HoldKind.PLAN for hold in before.holds):
        return
    for plan in plans.covering(connection, [after.invoice.id]):
        source_id = f"{plan_id(plan)}/{after.id}/{after.seq}"
        inbox.receive(connection, source="case", source_id=source_id, kind="changed", body="", now=now, case_id=plan_id(plan), by="ledger")


def _is_as_before(before: Case, after: Case) -> bool:
    return (before.invoice.balance, before.invoice.standing, before.ended) == (after.invoice.balance, after.invoice.standing, after.ended)
