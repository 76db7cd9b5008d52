"""The links by which customers answer a message with one tap. Of a link only a hash is kept.

What was answered by one stands in the inbox, under a key made of the message and the answer: each answer counts once an invoice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, select

from db import parties, readers
from db.schema import answer_links, cases, inbox, outreach, outreach_parts
from domain.case import Case
from domain.seller import Seller

LIFE = timedelta(days=60)

_CASE = TypeAdapter(Case)
_LINK = (
    select(answer_links.c.outreach_id, answer_links.c.expires, outreach.c.seller_id)
    .join(outreach, outreach.c.id == answer_links.c.outreach_id)
    .where(answer_links.c.token_hash == bindparam("digest"))
)
_COVERED = (
    select(outreach_parts.c.round, cases.c.id, cases.c.body)
    .join(cases, cases.c.id == outreach_parts.c.case_id)
    .where(outreach_parts.c.outreach_id == bindparam("message"), outreach_parts.c.dropped.is_(False))
    .order_by(outreach_parts.c.leads.desc(), cases.c.id)
)
_SAID = select(inbox.c.source_id).where(inbox.c.source == "person", inbox.c.source_id.in_(bindparam("keys", expanding=True)))


class OneTap(StrEnum):
    """What a customer may answer with one tap; the value stands in the link."""

    SCHEDULED = "scheduled"
    AGAIN = "again"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Covered:
    """An invoice that the message was about, as it stands now. ``round``: the one the message belongs to. ``given``: what was
    answered about it by this link."""

    case: Case
    round: int
    given: frozenset[OneTap]


@dataclass(frozen=True, slots=True)
class AnswerLink:
    """One message's link, with the invoices that stood in it, and the locale of its reader (``de_AT``)."""

    message: str
    seller: Seller
    expires: datetime
    covered: tuple[Covered, ...]
    locale: str


def make_link(connection: Connection, message: str, now: datetime) -> str:
    """What stands in the one link of the message with this id: 32 random bytes as text."""
    token = token_urlsafe(32)
    connection.execute(answer_links.insert().values(outreach_id=message, token_hash=_digest(token), expires=now + LIFE))
    return token


def find_link(connection: Connection, token: str) -> AnswerLink | None:
    """The link in which ``token`` stands; None for anything made up."""
    row = connection.execute(_LINK, {"digest": _digest(token)}).mappings().one_or_none()
    if row is None:
        return None
    message = row["outreach_id"]
    parts = connection.execute(_COVERED, {"message": message}).mappings().all()
    given = _given(connection, message, [part["id"] for part in parts])
    covered = tuple(_covered(part, given, message) for part in parts)
    return AnswerLink(message, parties.load_seller(connection, row["seller_id"]), row["expires"], covered, readers.find_locale(connection, message))


def key_of(message: str, answer: OneTap) -> str:
    """The key under which an answer is told to the invoices it is about, so that it counts once for each of them."""
    return f"answer/{message}/{answer}"


def _given(connection: Connection, message: str, found: Sequence[str]) -> frozenset[str]:
    keys = [f"{case}/{key_of(message, answer)}" for case in found for answer in OneTap]
    return frozenset(connection.scalars(_SAID, {"keys": keys}))


def _covered(part: RowMapping, given: frozenset[str], message: str) -> Covered:
    case = _CASE.validate_python(part["body"])
    return Covered(case, part["round"], frozenset(one for one in OneTap if f"{case.id}/{key_of(message, one)}" in given))


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()
