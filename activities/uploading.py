"""Invoices that a customer wants uploaded to a procurement portal of its own: a person of ours does it, once for each."""

from __future__ import annotations

from datetime import datetime

from domain.case import Case
from domain.facts import Facts, Mode
from domain.task import Task, TaskKind


def ask_to_upload(case: Case, facts: Facts, now: datetime) -> tuple[Task, ...]:
    """The task, where there is anything to do. Whoever has closed it is not asked again."""
    where = facts.customer.procurement_portal
    if not where or case.ended or facts.mode is Mode.SHADOW:
        return ()
    number, customer = case.invoice.number, facts.customer.name
    remedy = (
        f"{customer} pays what stands in {where}. Upload the invoice there with its order number"
        f"{f' ({case.invoice.purchase_order})' if case.invoice.purchase_order else ''}, then close this task"
    )
    due = facts.bank_calendar.add(facts.today(now), 1)
    return (Task(f"upload/{case.id}", TaskKind.UPLOAD, f"Upload invoice {number} to {where}", remedy, facts.owner, due, once=True),)
