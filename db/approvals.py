"""The exact texts that people were asked to agree to, and the links by which they answer. Of a link only a hash is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import Connection, RowMapping, bindparam, select

from db.ids import new_id
from db.schema import approval_links, approvals, people
from db.text import storable

_LINK = (
    select(approval_links, approvals, people.c.name.label("person"), approval_links.c.id.label("link"))
    .join(approvals, approvals.c.id == approval_links.c.approval_id)
    .join(people, people.c.id == approval_links.c.person_id)
    .where(approval_links.c.token_hash == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class ApprovalText:
    """What would be said in ``step`` of a case, word for word, by ``channel`` to the person named ``recipient``."""

    step: str
    text_hash: str
    subject: str
    text: str
    asked_at: datetime
    channel: str = ""
    recipient: str = ""
    id: str = ""
    case: str = ""
    round: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """One person's link to answer one question. ``answer`` is ``approve`` or ``refuse`` once it has been used."""

    id: str
    person: str
    asked: ApprovalText
    expires: datetime
    used_at: datetime | None
    answer: str


def keep(
    connection: Connection,
    case: str,
    round_: int,
    step: str,
    text_hash: str,
    subject: str,
    text: str,
    now: datetime,
    *,
    channel: str = "",
    recipient: str = "",
) -> str:
    """Keep a text as it was shown for approval; its id."""
    row = {"id": new_id("apr"), "case_id": case, "round": round_, "step": step, "text_hash": text_hash, "asked_at": now, "channel": channel}
    connection.execute(approvals.insert().values(subject=storable(subject), text=storable(text), recipient=storable(recipient), **row))
    return str(row["id"])


def load_latest(connection: Connection, case: str) -> ApprovalText | None:
    """The text a case asked for last; None: it never did."""
    query = select(approvals).where(approvals.c.case_id == case).order_by(approvals.c.asked_at.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else _text(row, row["id"])


def make_link(connection: Connection, approval: str, person: str, expires: datetime) -> str:
    """What stands in a new link by which the person with the id ``person`` may answer, once: 32 random bytes as text."""
    token = token_urlsafe(32)
    row = {"id": new_id("lnk"), "approval_id": approval, "person_id": person, "token_hash": _digest(token), "expires": expires}
    connection.execute(approval_links.insert().values(row))
    return token


def find_link(connection: Connection, token: str) -> Link | None:
    """The link in which ``token`` stands; None for anything made up."""
    row = connection.execute(_LINK, {"digest": _digest(token)}).mappings().one_or_none()
    return None if row is None else Link(row["link"], row["person"], _text(row, row["approval_id"]), row["expires"], row["used_at"], row["answer"])


def use_link(connection: Connection, link: str, answer: str, now: datetime) -> bool:
    """Use a link up; false when it has been used or has expired, whoever was first."""
    unused = approval_links.update().where(approval_links.c.id == link, approval_links.c.used_at.is_(None), approval_links.c.expires > now)
    return connection.execute(unused.values(used_at=now, answer=answer)).rowcount == 1


def give_back(connection: Connection, link: str) -> None:
    """Let a link be used again whose answer could not be passed on."""
    connection.execute(approval_links.update().where(approval_links.c.id == link).values(used_at=None, answer=""))


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="surrogateescape")).digest()


def _text(row: RowMapping, id_: str) -> ApprovalText:
    return ApprovalText(
        step=row["step"],
        text_hash=row["text_hash"],
        subject=row["subject"],
        text=row["text"],
        asked_at=row["asked_at"],
        channel=row["channel"],
        recipient=row["recipient"],
        id=id_,
        case=row["case_id"],
        round=row["round"],
    )
