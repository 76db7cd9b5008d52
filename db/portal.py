"""What customers see on their own page, and the links that lead there. Of a link only a hash is kept.

A link is one contact's. It leads nowhere once it has expired or was revoked, and once the contact is gone or has another address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select, update

from db import customers, installation, invoices, letters, parties
from db.schema import cases, contacts, incoming, outreach, portal_links, receipts
from db.schema import customers as customer_rows
from db.schema import invoices as invoice_rows
from db.schema import letters as letter_rows
from domain.calendar import local_day
from domain.case import Case
from domain.customer import Contact, Customer, spell_reach
from domain.invoice import Invoice, Standing
from domain.seller import Seller

LIFE = timedelta(days=60)
MOST_MESSAGES = 60

_CASE = TypeAdapter(Case)
# What left, as far as anybody knows. A message that was left unread here counts as refused, and stays here.
_LEFT = ("accepted", "delivered", "bounced")

# Statements are made once: to make one takes longer than to run it.
_LINK = (
    select(contacts.c.id, contacts.c.customer_id, contacts.c.email, portal_links.c.reach, portal_links.c.expires)
    .join(contacts, contacts.c.id == portal_links.c.contact_id)
    .where(portal_links.c.token_hash == bindparam("digest"), portal_links.c.revoked_at.is_(None), portal_links.c.expires > bindparam("now"))
)
_OPEN = (
    select(invoice_rows, customer_rows.c.name.label("customer_name"), cases.c.body)
    .join(customer_rows, customer_rows.c.id == invoice_rows.c.customer_id)
    .outerjoin(cases, (cases.c.invoice_id == invoice_rows.c.id) & cases.c.ended.is_(None))
    .where(
        invoice_rows.c.customer_id.in_(bindparam("family")),
        invoice_rows.c.balance_minor > 0,
        invoice_rows.c.standing.in_([Standing.OPEN, Standing.DISPUTED]),
    )
    .order_by(invoice_rows.c.due, invoice_rows.c.number)
)
_MESSAGES = (
    select(outreach.c.id, outreach.c.channel, outreach.c.state, outreach.c.subject, outreach.c.text, outreach.c.sending_at, letter_rows.c.outreach_id)
    .outerjoin(letter_rows, letter_rows.c.outreach_id == outreach.c.id)
    .where(
        outreach.c.customer_id.in_(bindparam("family")),
        outreach.c.state.in_(_LEFT) | ((outreach.c.channel == "portal") & (outreach.c.state == "refused")),
        outreach.c.sending_at.is_not(None),
        outreach.c.channel.in_(["email", "letter", "portal"]),
        (outreach.c.contact_id == bindparam("contact")) | (outreach.c.reach == bindparam("reach")) | (outreach.c.channel == "letter"),
    )
    .order_by(outreach.c.sending_at.desc(), outreach.c.id)
    .limit(MOST_MESSAGES)
)
_READ = select(receipts.c.outreach_id).where(receipts.c.source == "portal", receipts.c.outreach_id.in_(bindparam("messages")), receipts.c.told == "delivered")
_TOLD = (
    select(incoming.c.received_at, incoming.c.text)
    .where(incoming.c.source == "portal", incoming.c.customer_id.in_(bindparam("family")), incoming.c.reach == bindparam("reach"))
    .order_by(incoming.c.received_at.desc(), incoming.c.id)
    .limit(20)
)
_UNREAD = (
    select(outreach.c.id, outreach.c.contact_id, outreach.c.reach, outreach.c.sending_at, outreach.c.seller_id, customer_rows.c.country, customer_rows.c.zones)
    .join(customer_rows, customer_rows.c.id == outreach.c.customer_id)
    .where(outreach.c.channel == "portal", outreach.c.provider == "portal", outreach.c.state == "accepted", outreach.c.sending_at < bindparam("before"))
    .order_by(outreach.c.sending_at)
    .limit(100)
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is. ``family`` are the customers whose invoices stand there: the contact's own, and all that pay through it."""

    contact: Contact
    customer: Customer
    seller: Seller
    family: tuple[str, ...]
    expires: datetime

    @property
    def reach(self) -> str:
        return spell_reach(self.contact.email)

    @property
    def language(self) -> str:
        return self.contact.language or self.customer.language


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that is to be paid; ``case`` is None where nobody watches it. ``seen_at`` is when its ledger last told of it."""

    invoice: Invoice
    customer_name: str
    seen_at: datetime
    case: Case | None

    @property
    def is_disputed(self) -> bool:
        """Whether all of it is in dispute."""
        return self.invoice.standing is Standing.DISPUTED or (self.case is not None and self.case.chased.amount <= 0)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left. ``text`` is there for those of the portal, which are read here; ``letter``: it can be had as PDF."""

    id: str
    on: date
    channel: str
    subject: str
    text: str
    letter: bool
    is_read: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A message in the portal whose reader has not said that it was read."""

    id: str
    contact: str
    reach: str
    since: datetime
    seller: Seller
    country: str
    zones: tuple[str, ...]


def make_link(connection: Connection, contact: str, reach: str, now: datetime) -> str:
    """What stands in a new link to the page of this contact while they are at ``reach``: 32 random bytes as text."""
    token = token_urlsafe(32)
    row = {"token_hash": _digest(token), "contact_id": contact, "reach": reach, "made_at": now, "expires": now + LIFE}
    connection.execute(portal_links.insert().values(row))
    return token


def revoke(connection: Connection, contact: str, now: datetime) -> int:
    """Let every link to the page of this contact lead nowhere from now on; how many there were."""
    return connection.execute(
        portal_links.update()
        .where(portal_links.c.contact_id == contact, portal_links.c.revoked_at.is_(None), portal_links.c.expires > now)
        .values(revoked_at=now)
    ).rowcount


def renew(connection: Connection, token: str, now: datetime) -> None:
    """Let the link in which ``token`` stands, if it still leads somewhere, do so for as long as a new one."""
    good = (portal_links.c.token_hash == _digest(token), portal_links.c.revoked_at.is_(None), portal_links.c.expires > now)
    connection.execute(portal_links.update().where(*good).values(expires=now + LIFE))


def find_reader(connection: Connection, token: str, now: datetime) -> Reader | None:
    """Whose link it is in which ``token`` stands; None for anything made up, and for what leads nowhere any more."""
    row = connection.execute(_LINK, {"digest": _digest(token), "now": now}).one_or_none()
    if row is None or spell_reach(row.email) != row.reach:
        return None
    customer = parties.load_customer(connection, row.customer_id)
    contact = next(one for one in customer.contacts if one.id == row.id)
    seller = parties.load_seller(connection, customer.seller)
    return Reader(contact, customer, seller, customers.with_payers(connection, customer.id), row.expires)


def note_used(connection: Connection, reader: Reader) -> None:
    """The reader has pressed a button on the page: messages may wait there from now on."""
    connection.execute(update(contacts).where(contacts.c.id == reader.contact.id).values(portal_reach=reader.reach))


def note_unused(connection: Connection, contact: str) -> None:
    """The contact leaves messages on the page unread: none waits there until a button is pressed again."""
    connection.execute(update(contacts).where(contacts.c.id == contact).values(portal_reach=""))


def list_open(connection: Connection, reader: Reader) -> tuple[OpenInvoice, ...]:
    """What the reader's company is to pay, by due date."""
    rows = connection.execute(_OPEN, {"family": list(reader.family)}).mappings()
    return tuple(
        OpenInvoice(invoices.read_row(row), row["customer_name"], row["seen_at"], _CASE.validate_python(row["body"]) if row["body"] else None) for row in rows
    )


def read_at(connection: Connection, reader: Reader, shown: Sequence[OpenInvoice]) -> datetime | None:
    """When the ledger was last read, as far as that concerns this page."""
    known = [one.seen_at for one in shown]
    books = installation.load_books(connection, reader.seller.id).read_at
    return max([*known, *([books] if books else [])], default=None)


def list_messages(connection: Connection, reader: Reader) -> tuple[Sent, ...]:
    """What left for the reader, and every letter to the company, newest first."""
    asked = {"family": list(reader.family), "contact": reader.contact.id, "reach": reader.reach}
    rows = connection.execute(_MESSAGES, asked).all()
    read = set(connection.scalars(_READ, {"messages": [row.id for row in rows if row.channel == "portal"]}))
    zone = (reader.seller.time_zone,)
    return tuple(
        Sent(
            row.id,
            local_day(row.sending_at, zone),
            row.channel,
            row.subject,
            row.text if row.channel == "portal" else "",
            row.outreach_id is not None,
            row.id in read,
        )
        for row in rows
    )


def list_told(connection: Connection, reader: Reader) -> tuple[tuple[date, str], ...]:
    """What the reader has told us on the page in words, newest first."""
    rows = connection.execute(_TOLD, {"family": list(reader.family), "reach": reader.reach})
    return tuple((local_day(row.received_at, (reader.seller.time_zone,)), row.text) for row in rows)


def load_letter(connection: Connection, reader: Reader, message: str) -> bytes | None:
    """The letter of a message that stands on the page, as PDF."""
    return letters.load(connection, message) if any(one.id == message and one.letter for one in list_messages(connection, reader)) else None


def find_unread(connection: Connection, before: datetime) -> tuple[Unread, ...]:
    """Messages put into the portal before this moment that nobody has said to have read, oldest first."""
    rows = connection.execute(_UNREAD, {"before": before}).all()
    return tuple(
        Unread(row.id, row.contact_id, row.reach, row.sending_at, parties.load_seller(connection, row.seller_id), row.country, tuple(row.zones)) for row in rows
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()
