"""What a message is about: whose it is, and which watched invoices it concerns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, func, select

from db import customers, parties, people, suppressions
from db.schema import cases, incoming, incoming_cases, invoices, outreach, outreach_parts
from domain.customer import spell_reach
from domain.incoming import Incoming

# Invoices are looked for by so many of the numbers in a text: more is a list of something else.
_MOST_NUMBERS = 60

_NUMBER = re.compile(r"(?=[\w/.\-]*\d)[^\W_][\w/.\-]*")
_TOKEN = re.compile(r"\+(out_[0-9a-z]{1,60})@")

# Statements are made once: to make one takes longer than to run it.
_COVERED = select(outreach_parts.c.case_id).where(outreach_parts.c.outreach_id.in_(bindparam("messages")))
_BY_THREAD = select(outreach_parts.c.case_id).join(outreach).where(outreach.c.message_id.in_(bindparam("thread")), outreach.c.message_id != "")
_BY_TALK = select(incoming_cases.c.case_id).join(incoming).where(incoming.c.message_id.in_(bindparam("thread")), incoming.c.message_id != "")
_NUMBERED = (
    select(cases.c.id, cases.c.customer_id)
    .join(invoices, invoices.c.id == cases.c.invoice_id)
    .where(func.lower(invoices.c.number).in_(bindparam("numbers")), cases.c.ended.is_(None))
)
_RUNNING = (
    select(cases.c.id, invoices.c.number)
    .join(invoices, invoices.c.id == cases.c.invoice_id)
    .where(cases.c.customer_id.in_(bindparam("customers")), cases.c.ended.is_(None))
    .order_by(cases.c.id)
)
_OF_CASES = select(cases.c.id, cases.c.customer_id, cases.c.seller_id, cases.c.ended).where(cases.c.id.in_(bindparam("cases"))).order_by(cases.c.id)


@dataclass(frozen=True, slots=True)
class Joined:
    """Whose a message is and which watched invoices it is about. ``by`` says how that was found; empty: nobody knows.

    ``owners`` are all the customers whose invoices they are, or whose address it came from, ``customer`` the first of them.
    """

    cases: tuple[str, ...] = ()
    customer: str = ""
    seller: str = ""
    by: str = ""
    owners: tuple[str, ...] = ()


def join(connection: Connection, message: Incoming, about: Collection[str] = (), customer_id: str = "") -> Joined:
    """What a message is about: by the address it was sent to, by its thread, by who sent it, and by the numbers in it."""
    others = message.to if message.from_us else (message.sender,)
    numbered = {row.id: row.customer_id for row in connection.execute(_NUMBERED, {"numbers": _numbers(message)})}
    tokens = [found for address in message.to for found in _TOKEN.findall(address.lower())]
    thread = [one for one in (*message.references, *(bounce.message_id for bounce in message.bounced)) if one]
    # Whose it is is known better by the way it came than by anything that stands in it.
    thread, tokens = ([], []) if customer_id else (thread, tokens)
    for by, cases_ in (
        ("door", tuple(about)),
        ("token", tuple(connection.scalars(_COVERED, {"messages": tokens}))),
        ("thread", merge(connection.scalars(_BY_THREAD, {"thread": thread}), connection.scalars(_BY_TALK, {"thread": thread}))),
    ):
        if cases_ and (joined := of_cases(connection, cases_, numbered, by)):
            return joined
    senders = (customer_id,) if customer_id else merge(*(suppressions.owners(connection, spell_reach(other)) for other in others if other))
    if senders:
        everything = merge(*(running(connection, one) for one in senders))
        named = tuple(case for case in everything if case in numbered)
        owner = parties.load_customer(connection, senders[0])
        return Joined(named or everything, owner.id, owner.seller, "door" if customer_id else "sender", senders)
    if numbered and len(numbered) <= _MOST_NUMBERS // 3 and (joined := of_cases(connection, tuple(numbered), {}, "number")):
        return joined
    return Joined()


def mark_ours(connection: Connection, message: Incoming) -> Incoming:
    """The message, marked as ours when one of our people wrote it to somebody else and sent this mailbox a copy."""
    if message.from_us or message.channel != "email":
        return message
    sender = spell_reach(message.sender)
    ours = {spell_reach(one.email) for one in people.load_all(connection) if one.email}
    for seller in parties.load_sellers(connection):
        ours |= {spell_reach(address) for address in (seller.sender_email, seller.reply_to) if address}
    to_others = [address for address in message.to if spell_reach(address) not in ours]
    known = join(connection, replace(message, from_us=True)) if sender in ours and to_others else None
    return replace(message, from_us=True, to=tuple(to_others)) if known and known.customer else message


def of_cases(connection: Connection, found: Sequence[str], numbered: dict[str, str], by: str) -> Joined | None:
    """The cases that are known of these, with those of the same customers that are named by their numbers."""
    rows = connection.execute(_OF_CASES, {"cases": list(found)}).all()
    if not rows:
        return None
    owners = merge(row.customer_id for row in rows)
    named = [case for case, customer in numbered.items() if customer in owners]
    return Joined(merge([row.id for row in rows], named), rows[0].customer_id, rows[0].seller_id, by, owners)


def running(connection: Connection, customer: str) -> tuple[str, ...]:
    """The watched invoices of this customer and of all that pay through it."""
    family = customers.with_payers(connection, customer)
    return tuple(row.id for row in connection.execute(_RUNNING, {"customers": list(family)}))


def _numbers(message: Incoming) -> list[str]:
    """What may be an invoice's number in a text: words with a digit in them. One of three letters could be anything."""
    words = [word.strip(".-/").lower() for word in _NUMBER.findall(f"{message.subject}\n{message.text[:20_000]}")]
    found = dict.fromkeys(word for word in words if len(word) >= 4)
    return list(found)[:_MOST_NUMBERS]


def merge(*several: Iterable[str]) -> tuple[str, ...]:
    """All of them in order, each once."""
    return tuple(dict.fromkeys(one for some in several for one in some))
