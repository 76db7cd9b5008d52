"""What follows where the playbook of an invoice, or a wording that it needs, cannot be read: it waits, and one task says what to mend."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.decision import Verdict, Wait
from domain.facts import Facts
from domain.task import Task, TaskKind

WHY = "the playbook cannot be read"
_RETRY = timedelta(hours=1)


def wait_for_playbook(fault: str, matter: str, facts: Facts, now: datetime) -> Verdict:
    """``fault`` begins with the file and the line, and ends with the remedy; ``matter`` is that of the task."""
    remedy = f"{fault}. dunwell playbook check finds every fault in your own files; a file that came with Dunwell is put right by installing it "
    remedy += "anew and restarting the worker. The invoices that need it wait, and go on by themselves within the hour"
    place = fault.partition(" ")[0].rstrip(":")
    task = Task(matter, TaskKind.INCIDENT, f"A playbook cannot be read: {place}", remedy, "operations", facts.today(now))
    return Verdict(Wait(now + _RETRY, WHY, facts.owner, detail=fault), "playbook", (task,))
