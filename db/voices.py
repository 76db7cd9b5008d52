"""What the owner of a seller was shown of the texts in the owner's voice, and which of it the owner has agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select

from db.ids import new_id
from db.schema import voice_drafts
from db.text import storable

_APPROVED = (
    select(voice_drafts.c.tier)
    .where(voice_drafts.c.seller_id == bindparam("seller"), voice_drafts.c.edition == bindparam("edition"), voice_drafts.c.approved_at.is_not(None))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class VoiceDraft:
    """One note as it would be sent, of the ``tier`` 1, 2 or 3. ``about`` says about which invoice, or that it was made up."""

    id: str
    seller: str
    edition: str
    tier: int
    about: str
    subject: str
    text: str
    written_at: datetime
    approved_by: str = ""
    approved_at: datetime | None = None


def keep(connection: Connection, seller: str, edition: str, tier: int, about: str, subject: str, text: str, now: datetime) -> str:
    """Keep a draft as it is shown; its id."""
    row = {"id": new_id("vd"), "seller_id": seller, "edition": edition, "tier": tier, "written_at": now}
    connection.execute(voice_drafts.insert().values(about=storable(about), subject=storable(subject), text=storable(text), **row))
    return str(row["id"])


def find(connection: Connection, wanted: str) -> VoiceDraft | None:
    row = connection.execute(select(voice_drafts).where(voice_drafts.c.id == wanted)).mappings().first()
    return None if row is None else _draft(row)


def approve(connection: Connection, wanted: str, by: str, now: datetime) -> None:
    """Who agreed first is kept."""
    open_one = (voice_drafts.c.id == wanted) & voice_drafts.c.approved_at.is_(None)
    connection.execute(voice_drafts.update().where(open_one).values(approved_by=storable(by), approved_at=now))


def approved_tiers(connection: Connection, seller: str, edition: str) -> frozenset[int]:
    """Of which tiers the owner has agreed to a draft of this edition."""
    return frozenset(connection.scalars(_APPROVED, {"seller": seller, "edition": edition}))


def _draft(row: RowMapping) -> VoiceDraft:
    return VoiceDraft(
        row["id"],
        row["seller_id"],
        row["edition"],
        row["tier"],
        row["about"],
        row["subject"],
        row["text"],
        row["written_at"],
        row["approved_by"],
        row["approved_at"],
    )
