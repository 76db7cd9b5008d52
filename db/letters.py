"""Letters as they left: the PDF of each, kept with its message."""

from __future__ import annotations

from sqlalchemy import Connection, select

from db.schema import letters


def keep(connection: Connection, outreach: str, pdf: bytes) -> None:
    """Write down a letter that is about to leave."""
    connection.execute(letters.insert().values(outreach_id=outreach, pdf=pdf))


def load(connection: Connection, outreach: str) -> bytes | None:
    """The letter of this message; None: it had none."""
    found: bytes | None = connection.execute(select(letters.c.pdf).where(letters.c.outreach_id == outreach)).scalar_one_or_none()
    return found
