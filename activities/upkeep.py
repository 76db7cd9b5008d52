"""``tend`` made real: the backstop behind every webhook, signal and run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from temporalio import activity

from activities.clock import start_clock
from db import installation
from integrations.accounting import LedgerInvoice, UnableToReadLedger
from starter import Door
from workflows.ports import Tended

log = structlog.get_logger()

# Changes a ledger dates a little before it lists them are still caught.
_OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Implements ``workflows.ports.Upkeep``."""

    door: Door

    @activity.defn(name="tend")
    async def tend(self, thorough: bool) -> Tended:
        """A ledger that cannot be read is left for the next round; each case that needs it raises the incident itself."""
        clock = start_clock()
        passed_on = await self.door.pass_on(clock())
        listed = 0
        for seller in self.door.ledgers.connections:
            listed += await self._list(seller, thorough, clock())
            activity.heartbeat(seller)
        revived = await self.door.revive(clock()) if thorough else 0
        return Tended(passed_on, listed, revived)

    async def _list(self, seller: str, thorough: bool, now: datetime) -> int:
        door = self.door

        def read() -> list[LedgerInvoice]:
            with door.database.reading() as connection:
                known = installation.load_books(connection, seller).read_at
            since = None if thorough or known is None else known - _OVERLAP
            return list(door.ledgers.connections[seller].all_invoices(since))

        try:
            told = await asyncio.to_thread(read)
        except UnableToReadLedger as error:
            log.warning("upkeep.ledger_unreadable", seller=seller, error=str(error))
            return 0
        await door.take_in(seller, told, now)
        return len(told)
