"""Every change that may be said as a plain signal, said to one running watch as the Temporal UI says it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from db import audit
from db.engine import Database
from domain.case import Outcome
from support.rig import rig, virtual_server
from workflows.contract import case_id
from workflows.dunning import InvoiceDunning

TODAY = datetime.now(UTC).date()
WHO = "Vera Lind"


def day(later: int) -> str:
    return (TODAY + timedelta(days=later)).isoformat()


SAID: list[tuple[str, dict[str, Any]]] = [
    ("paid", {"method": "check"}),
    ("promise", {"day": day(5), "amount": "700.00"}),
    ("hold", {"until": day(10)}),
    ("release", {}),
    ("dispute", {"amount": "300.00", "reason": "two boxes", "owner": "Tom"}),
    ("dispute_resolved", {}),
    ("legal", {"ground": "lawyer"}),
    ("release", {"legal": True}),
    ("please_wait", {"until": day(4)}),
    ("replied", {}),
    ("reply_handled", {}),
    ("spoke", {"reached": False}),
    ("skip", {}),
    ("discount", {"percent": "2", "last_day": day(10)}),
    ("write_off", {}),
]


def test_each_is_heard_and_the_diary_says_who_and_why(database: Database, tmp_path: Path) -> None:
    async def story() -> None:
        async with virtual_server() as environment, rig(environment.client, database, tmp_path) as made:
            invoice = made.record("INV-1", TODAY + timedelta(days=20))
            with environment.with_time_skipping_disabled():
                assert await made.door.open(invoice)
                await made.until(lambda: bool(made.diary(invoice)))
                handle = environment.client.get_workflow_handle_for(InvoiceDunning.run, case_id(invoice))
                made.ledger.change("INV-1", balance=Decimal("1100.00"))
                await handle.signal("report")
                await made.until(lambda: any("1,100.00 EUR left" in entry.what for entry in made.diary(invoice)))
                for number, (name, fields) in enumerate(SAID):
                    await handle.signal(name, fields | {"by": WHO, "why": f"reason {number}"})
                    await made.until(lambda number=number: any(f"reason {number}" in entry.what for entry in made.diary(invoice)))  # type: ignore[misc]
                assert await handle.result() == "written_off"
            told = [entry for entry in made.diary(invoice) if "reason " in entry.what]
            # Where an approver may have to say it, a name that anybody may type stands as what it is.
            assert [entry.by for entry in told] == [f"{WHO} (Temporal UI)" if name == "write_off" else WHO for name, _ in SAID]
            assert [entry.what.rpartition("reason ")[2].rstrip(")") for entry in told] == [
                f"{number}{'; only a person releases it' if name == 'legal' else ''}" for number, (name, _) in enumerate(SAID)
            ]
            assert made.case(invoice).ended is Outcome.WRITTEN_OFF
            assert not any("could not be understood" in title for title in made.tasks())
            with audit.holding_still(database) as connection:
                assert list(audit.check(connection)) == []

    asyncio.run(story())
