"""Our own links to pay an invoice: each leads on to the ledger's page for it, and tells once a message that it was followed.

Each row is a fact to learn from: which message, which invoice, when it left, and when a person (or only a machine) first followed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, bindparam, func, select

from db import invoices, parties, readers
from db.schema import outreach, pay_links
from domain.invoice import Invoice
from domain.seller import Seller

# Whoever follows a link so soon after its message left is a mail scanner.
SCANNED_WITHIN = timedelta(seconds=60)

_LINK = (
    select(pay_links.c.outreach_id, pay_links.c.invoice_id, pay_links.c.made_at, outreach.c.sending_at, outreach.c.seller_id)
    .join(outreach, outreach.c.id == pay_links.c.outreach_id)
    .where(pay_links.c.token_hash == bindparam("digest"))
)
_THIS = (pay_links.c.outreach_id == bindparam("message"), pay_links.c.invoice_id == bindparam("invoice"))
_OPENED = pay_links.update().where(*_THIS, pay_links.c.opened_at.is_(None)).values(opened_at=bindparam("now"))
_SCANNED = pay_links.update().where(*_THIS, pay_links.c.machine_at.is_(None)).values(machine_at=bindparam("now"))
_LAST_OPENED = select(func.max(pay_links.c.opened_at)).where(pay_links.c.invoice_id == bindparam("about"))


@dataclass(frozen=True, slots=True)
class PayLink:
    """A link to pay ``invoice``, as it stands now, in the message ``message`` that left at ``sent_at`` to a reader of ``locale`` (``de_AT``)."""

    message: str
    invoice: Invoice
    seller: Seller
    sent_at: datetime
    locale: str


def make_link(connection: Connection, message: str, invoice: str, now: datetime) -> str:
    """What stands in the link of this message to this invoice: 32 random bytes as text."""
    token = token_urlsafe(32)
    connection.execute(pay_links.insert().values(outreach_id=message, invoice_id=invoice, token_hash=_digest(token), made_at=now))
    return token


def find_link(connection: Connection, token: str) -> PayLink | None:
    """The link in which ``token`` stands; None for anything made up."""
    row = connection.execute(_LINK, {"digest": _digest(token)}).one_or_none()
    invoice = invoices.load_invoice(connection, row.invoice_id) if row else None
    if row is None or invoice is None:
        return None
    seller, locale = parties.load_seller(connection, row.seller_id), readers.find_locale(connection, row.outreach_id)
    return PayLink(row.outreach_id, invoice, seller, row.sending_at or row.made_at, locale)


def note_followed(connection: Connection, link: PayLink, now: datetime, *, by_machine: bool) -> None:
    """Write down the first time a person followed the link, and the first time a machine did."""
    by_machine = by_machine or now - link.sent_at < SCANNED_WITHIN
    connection.execute(_SCANNED if by_machine else _OPENED, {"message": link.message, "invoice": link.invoice.id, "now": now})


def last_opened(connection: Connection, invoice: str) -> datetime | None:
    """When a person last followed, for the first time, a link to pay this invoice."""
    found: datetime | None = connection.execute(_LAST_OPENED, {"about": invoice}).scalar_one()
    return found


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()
