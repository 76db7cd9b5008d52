"""The refresh token that a mailbox's service handed out last. It comes sealed, and is of no use without the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from db.engine import Database
from db.schema import renewed_tokens
from db.upsert import upsert


@dataclass(frozen=True, slots=True)
class RenewedToken:
    """That of the mailbox with the name ``source``."""

    database: Database
    source: str
    clock: Callable[[], datetime]

    def load(self) -> str:
        """What was saved last; empty: nothing."""
        with self.database.reading() as connection:
            return connection.scalar(select(renewed_tokens.c.sealed).where(renewed_tokens.c.source == self.source)) or ""

    def save(self, sealed: str) -> None:
        with self.database.transaction() as connection:
            upsert(connection, renewed_tokens, ["source"], [{"source": self.source, "sealed": sealed, "renewed_at": self.clock()}])
