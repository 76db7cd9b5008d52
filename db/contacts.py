"""The people we write to: as the ledger tells them, or as a person of ours set them, role by role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select

from db import suppressions, tasks
from db.customers import lock_customers, tell, with_payers
from db.ids import new_id
from db.schema import contacts, customers
from domain.customer import Contact, Role, spell_reach
from domain.delivery import dead_address
from domain.event import ContactSet

# Statements are made once: to make one takes longer than to run it.
_OF = select(contacts).where(contacts.c.customer_id == bindparam("customer")).order_by(contacts.c.id)
_LANGUAGE = select(customers.c.language).where(customers.c.id == bindparam("customer"))


class UnableToSetContact(Exception):
    """A contact that cannot be set so; the message names the field and the remedy."""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact in a list. ``set_by`` is who of ours set it, empty while it is the ledger's."""

    contact: Contact
    set_by: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to set of a contact; None leaves it as it is, an empty text takes it away. ``phone`` as E.164."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


def list_contacts(connection: Connection, customer: str) -> tuple[ContactLine, ...]:
    """In the order in which reminders try them."""
    lines = [_line(row) for row in connection.execute(_OF, {"customer": customer}).mappings()]
    order = list(Role)
    return tuple(sorted(lines, key=lambda line: (order.index(line.contact.role), line.contact.id)))


def set_contact(
    connection: Connection, customer: str, role: Role, wanted: Wanted, *, by: str, why: str, now: datetime, agreed: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Have this one person be the customer's contact of ``role``, whatever its ledger says of that role from now on.

    Closes the task that asked for it, and tells every running invoice it concerns: the ids of the inbox rows, to be passed
    on. The same once more changes nothing. What a person opted out of stays refused for the same address, but for the channels
    in ``agreed``: by these they have said that they may be reached again, and whatever silenced the address is lifted. Raises
    UnableToSetContact when nobody could be reached by what is wanted, or by a channel in ``agreed``.
    """
    concerned = with_payers(connection, customer)
    lock_customers(connection, concerned)
    everybody = list_contacts(connection, customer)
    before = [line for line in everybody if line.contact.role is role]
    kept = min(before, key=lambda line: (not line.set_by, line.contact.id), default=None)
    contact = _changed(kept.contact if kept else Contact(new_id("con"), role, "", language=_language(connection, customer)), wanted)
    if not (contact.email or contact.phone):
        raise UnableToSetContact(f"{role}: nobody could be reached so; give an e-mail address or a phone number")
    if unable := sorted(channel for channel in agreed if not contact.address(channel)):
        raise UnableToSetContact(f"agreed: there is no address or number to reach them at by {' or '.join(unable)}")
    refused = _refused(contact, [line.contact for line in everybody])
    contact = replace(contact, refused=refused - agreed)
    words: tuple[str, ...] = ()
    is_same = kept is not None and kept.set_by != "" and len(before) == 1 and replace(kept.contact, refused=contact.refused) == contact
    if not is_same and wanted != Wanted():
        connection.execute(contacts.delete().where(contacts.c.customer_id == customer, contacts.c.role == role.value))
        connection.execute(contacts.insert().values(**_row(contact, customer, by)))
        words = _tell(connection, concerned, role, by, why, now)
    if agreed:
        _forget_refusals(connection, [line.contact for line in everybody], contact, agreed)
        words += _lift(connection, contact, agreed & refused, agreed, by=by, why=why, now=now)
    return words


def follow_ledger(connection: Connection, customer: str, role: Role, *, by: str, why: str, now: datetime) -> tuple[str, ...]:
    """Let the ledger say again who the contact of ``role`` is: it counts from its next word.

    The ids of the inbox rows that tell it. Raises UnableToSetContact when nobody of ours had set it.
    """
    concerned = with_payers(connection, customer)
    lock_customers(connection, concerned)
    ours = contacts.update().where(contacts.c.customer_id == customer, contacts.c.role == role.value, contacts.c.set_by != "").values(set_by="")
    if connection.execute(ours).rowcount == 0:
        raise UnableToSetContact(f"{role}: this contact is the ledger's already, or there is none; dunwell contact list shows who there is")
    return _tell(connection, concerned, role, by, why, now)


def _tell(connection: Connection, concerned: Sequence[str], role: Role, by: str, why: str, now: datetime) -> tuple[str, ...]:
    # A contact that does not help makes the next look ask again.
    tasks.close_tasks(connection, [key for one in concerned for key in (f"contact/{one}", dead_address(one))], f"{by} changed whom we write to", now)
    return tell(connection, concerned, ContactSet(by, why, role=role.value), now)


def _changed(contact: Contact, wanted: Wanted) -> Contact:
    return replace(
        contact,
        name=contact.name if wanted.name is None else wanted.name,
        email=contact.email if wanted.email is None else wanted.email,
        phone=contact.phone if wanted.phone is None else wanted.phone,
    )


def _refused(contact: Contact, known: Sequence[Contact]) -> frozenset[str]:
    """The channels on which somebody at this customer refused the very address that the contact now has."""
    return frozenset(channel for other in known for channel in other.refused if other.address(channel).lower() == contact.address(channel).lower())


def _lift(connection: Connection, contact: Contact, refused: frozenset[str], agreed: frozenset[str], *, by: str, why: str, now: datetime) -> tuple[str, ...]:
    """Let what goes to the contact by the channels in ``agreed`` go again; the inbox rows that tell every invoice it concerns."""
    channels: dict[str, list[str]] = {}
    for channel in sorted(agreed):
        channels.setdefault(spell_reach(contact.address(channel)), []).append(channel)
    told: list[str] = []
    for reach, wanted in channels.items():
        freed = (*suppressions.lift(connection, reach, wanted, by=by, why=why, now=now), *(channel for channel in wanted if channel in refused))
        if freed:
            told += suppressions.tell_in(connection, reach, tuple(dict.fromkeys(freed)), by=by, why=why, now=now)
    return tuple(told)


def _forget_refusals(connection: Connection, known: Sequence[Contact], contact: Contact, agreed: frozenset[str]) -> None:
    """Others of the customer at the very same address are no more refused than ``contact`` is."""
    for other in known:
        same = {channel for channel in agreed if other.address(channel).lower() == contact.address(channel).lower()}
        if same & other.refused:
            connection.execute(contacts.update().where(contacts.c.id == other.id).values(refused=sorted(other.refused - same)))


def _language(connection: Connection, customer: str) -> str:
    language: str = connection.execute(_LANGUAGE, {"customer": customer}).scalar_one()
    return language


def _line(row: RowMapping) -> ContactLine:
    contact = Contact(row["id"], Role(row["role"]), row["name"], row["email"], row["phone"], row["language"], frozenset(row["refused"]))
    return ContactLine(contact, row["set_by"])


def _row(contact: Contact, customer: str, by: str) -> dict[str, object]:
    return {
        "id": contact.id,
        "customer_id": customer,
        "role": contact.role.value,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "language": contact.language,
        "refused": sorted(contact.refused),
        "set_by": by,
    }
