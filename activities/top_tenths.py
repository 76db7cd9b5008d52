"""Which balances stand out: reckoned once an hour by each worker, so that no look waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from db import invoices
from domain.segment import top_tenth

_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TopTenths:
    """For each seller and currency, the least balance among the top tenth of what is open, at most an hour old."""

    _known: dict[tuple[str, str], tuple[datetime, Decimal | None]] = field(default_factory=dict)

    def find(self, connection: Connection, seller: str, currency: str, now: datetime) -> Decimal | None:
        """None where too few invoices are open, or none of them stands out."""
        known = self._known.get((seller, currency))
        if known is None or abs(now - known[0]) >= _LIFE:
            least = top_tenth([Decimal(minor) for minor in invoices.open_balances(connection, seller, currency)])
            known = now, None if least is None else invoices.from_minor(int(least), currency).amount
            self._known[seller, currency] = known
        return known[1]
