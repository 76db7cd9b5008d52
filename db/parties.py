"""Sellers, customers and contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, select

from db.ids import new_id
from db.schema import contacts, customers, invoices, sellers
from db.upsert import upsert
from domain.customer import Behavior, Contact, Customer, Role, Tier, behavior
from domain.seller import Seller

_SELLER = TypeAdapter(Seller)


def save_seller(connection: Connection, seller: Seller) -> None:
    row = {"id": seller.id, "name": seller.name, "ledger": seller.ledger, "body": _SELLER.dump_python(seller, mode="json")}
    upsert(connection, sellers, ["id"], [row])


def load_sellers(connection: Connection) -> tuple[Seller, ...]:
    return tuple(_SELLER.validate_python(body) for body in connection.scalars(select(sellers.c.body).order_by(sellers.c.id)))


def load_seller(connection: Connection, seller: str) -> Seller:
    return _SELLER.validate_python(connection.execute(select(sellers.c.body).where(sellers.c.id == seller)).scalar_one())


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as a ledger tells it, zones already worked out."""

    number: str
    name: str
    country: str
    zones: tuple[str, ...]
    language: str
    contacts: tuple[tuple[Role, str, str, str], ...]  # role, name, email, phone


def save_customers(connection: Connection, seller: str, rows: Sequence[CustomerRow]) -> dict[str, str]:
    """Record what the ledger tells of these customers; their ids by number. Contacts changed by a person are left alone."""
    upsert(
        connection,
        customers,
        ["seller_id", "number"],
        [
            {
                "id": new_id("cus"),
                "seller_id": seller,
                "number": row.number,
                "name": row.name,
                "country": row.country,
                "zones": list(row.zones),
                "language": row.language,
                "behavior": Behavior.NEW.value,
                "tier": Tier.STANDARD.value,
            }
            for row in rows
        ],
        update=["name", "country", "zones", "language"],
    )
    found = connection.execute(
        select(customers.c.number, customers.c.id).where(customers.c.seller_id == seller, customers.c.number.in_([row.number for row in rows]))
    )
    ids = {number: customer for number, customer in found}  # noqa: C416  dict() takes the result for a mapping
    for row in rows:
        _save_contacts(connection, ids[row.number], row)
    return ids


def _save_contacts(connection: Connection, customer: str, row: CustomerRow) -> None:
    known = connection.execute(select(contacts).where(contacts.c.customer_id == customer)).mappings().all()
    if any(contact["set_by"] for contact in known):
        return
    wanted = {(role, email.lower()): (name, email, phone) for role, name, email, phone in row.contacts}
    for contact in known:
        now = wanted.pop((Role(contact["role"]), contact["email"].lower()), None)
        if now is None:
            connection.execute(contacts.delete().where(contacts.c.id == contact["id"]))
        elif now != (contact["name"], contact["email"], contact["phone"]):
            connection.execute(contacts.update().where(contacts.c.id == contact["id"]).values(name=now[0], email=now[1], phone=now[2]))
    for (role, _), (name, email, phone) in wanted.items():
        connection.execute(
            contacts.insert().values(
                id=new_id("con"), customer_id=customer, role=role.value, name=name, email=email, phone=phone, language=row.language, refused=[], set_by=""
            )
        )


def lock_customer(connection: Connection, customer: str) -> None:
    """The first lock of every change: customer, then case, then outreach."""
    connection.execute(select(customers.c.id).where(customers.c.id == customer).with_for_update())


def load_customer(connection: Connection, customer: str) -> Customer:
    row = connection.execute(select(customers).where(customers.c.id == customer)).mappings().one()
    people = connection.execute(select(contacts).where(contacts.c.customer_id == customer).order_by(contacts.c.id)).mappings()
    return Customer(
        id=row["id"],
        seller=row["seller_id"],
        number=row["number"],
        name=row["name"],
        country=row["country"],
        zones=tuple(row["zones"]),
        language=row["language"],
        behavior=Behavior(row["behavior"]),
        tier=Tier(row["tier"]),
        contacts=tuple(_contact(person) for person in people),
    )


def _contact(row: RowMapping) -> Contact:
    return Contact(row["id"], Role(row["role"]), row["name"], row["email"], row["phone"], row["language"], frozenset(row["refused"]))


def judge_behavior(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Work out anew how these customers pay, from the invoices they have paid."""
    for customer in customer_ids:
        days = connection.execute(select(invoices.c.paid_on, invoices.c.due).where(invoices.c.customer_id == customer, invoices.c.paid_on.is_not(None)))
        judged = behavior([(paid_on - due).days for paid_on, due in days])
        connection.execute(customers.update().where(customers.c.id == customer).values(behavior=judged.value))
