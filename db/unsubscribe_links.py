"""The links by which the reader of a message wants no more of them. Of a link only a hash is kept; it stays good for ever."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, bindparam, select

from db import parties, readers
from db.schema import outreach, unsubscribe_links
from domain.seller import Seller

_LINK = (
    select(outreach.c.reach, outreach.c.seller_id, unsubscribe_links.c.outreach_id)
    .join(unsubscribe_links, unsubscribe_links.c.outreach_id == outreach.c.id)
    .where(unsubscribe_links.c.token_hash == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """Whom the message went to (as ``spell_reach`` writes it), from which seller, and its reader's locale (``de_AT``)."""

    reach: str
    seller: Seller
    locale: str


def make_link(connection: Connection, message: str) -> str:
    """What stands in the one link of the message with this id: 32 random bytes as text."""
    token = token_urlsafe(32)
    connection.execute(unsubscribe_links.insert().values(outreach_id=message, token_hash=_digest(token)))
    return token


def find_link(connection: Connection, token: str) -> UnsubscribeLink | None:
    """The link in which ``token`` stands; None for anything made up."""
    row = connection.execute(_LINK, {"digest": _digest(token)}).one_or_none()
    if row is None:
        return None
    return UnsubscribeLink(row.reach, parties.load_seller(connection, row.seller_id), readers.find_locale(connection, row.outreach_id))


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()
