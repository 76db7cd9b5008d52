"""Sellers, customers and contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, Text, bindparam, cast, select

from db.ids import new_id
from db.schema import contacts, customers, invoices, sellers
from db.upsert import upsert
from domain.customer import Behavior, Contact, Customer, Role, Tier, behavior
from domain.seller import Seller

_SELLER = TypeAdapter(Seller)

# Statements are made once: to make one takes longer than to run it.
_SELLER_BODY = select(cast(sellers.c.body, Text)).where(sellers.c.id == bindparam("seller"))
_CUSTOMER = select(customers).where(customers.c.id == bindparam("customer"))
_CUSTOMER_BY_NUMBER = select(customers).where(customers.c.seller_id == bindparam("seller"), customers.c.number == bindparam("number"))
_CUSTOMER_LOCK = select(customers.c.id).where(customers.c.id == bindparam("customer")).with_for_update()
_CUSTOMER_IDS = select(customers.c.number, customers.c.id).where(customers.c.seller_id == bindparam("seller"), customers.c.number.in_(bindparam("numbers")))
_CONTACTS = select(contacts).where(contacts.c.customer_id == bindparam("customer")).order_by(contacts.c.id)


def save_seller(connection: Connection, seller: Seller) -> None:
    row = {"id": seller.id, "name": seller.name, "ledger": seller.ledger, "body": _SELLER.dump_python(seller, mode="json")}
    upsert(connection, sellers, ["id"], [row])


def load_sellers(connection: Connection) -> tuple[Seller, ...]:
    return tuple(_SELLER.validate_python(body) for body in connection.scalars(select(sellers.c.body).order_by(sellers.c.id)))


def load_seller(connection: Connection, seller: str) -> Seller:
    return _read_seller(connection.execute(_SELLER_BODY, {"seller": seller}).scalar_one())


@lru_cache(maxsize=256)
def _read_seller(body: str) -> Seller:
    return _SELLER.validate_json(body)


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
    found = connection.execute(_CUSTOMER_IDS, {"seller": seller, "numbers": [row.number for row in rows]})
    ids = {number: customer for number, customer in found}  # noqa: C416  dict() takes the result for a mapping
    for row in rows:
        _save_contacts(connection, ids[row.number], row)
    return ids


def find_recorded(connection: Connection, seller: str, row: CustomerRow) -> str | None:
    """The id of this customer if everything the ledger tells of it is recorded already, else nothing."""
    known = connection.execute(_CUSTOMER_BY_NUMBER, {"seller": seller, "number": row.number}).mappings().one_or_none()
    if known is None or (known["name"], known["country"], tuple(known["zones"]), known["language"]) != (row.name, row.country, row.zones, row.language):
        return None
    people = connection.execute(_CONTACTS, {"customer": known["id"]}).mappings().all()
    recorded = {(Role(one["role"]), one["email"].lower()): (one["name"], one["email"], one["phone"]) for one in people}
    return known["id"] if recorded == _wanted(row) or any(one["set_by"] for one in people) else None


def _wanted(row: CustomerRow) -> dict[tuple[Role, str], tuple[str, str, str]]:
    return {(role, email.lower()): (name, email, phone) for role, name, email, phone in row.contacts}


def _save_contacts(connection: Connection, customer: str, row: CustomerRow) -> None:
    known = connection.execute(_CONTACTS, {"customer": customer}).mappings().all()
    if any(contact["set_by"] for contact in known):
        return
    wanted = _wanted(row)
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
    connection.execute(_CUSTOMER_LOCK, {"customer": customer})


def load_customer(connection: Connection, customer: str) -> Customer:
    row = connection.execute(_CUSTOMER, {"customer": customer}).mappings().one()
    people = connection.execute(_CONTACTS, {"customer": customer}).mappings()
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
        account_manager=row["account_manager"],
        account_manager_email=row["account_manager_email"],
        usual_days_late=row["usual_days_late"],
    )


def _contact(row: RowMapping) -> Contact:
    return Contact(row["id"], Role(row["role"]), row["name"], row["email"], row["phone"], row["language"], frozenset(row["refused"]))


def judge_behavior(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Work out anew how these customers pay, from the invoices they have paid."""
    for customer in customer_ids:
        days = connection.execute(select(invoices.c.paid_on, invoices.c.due).where(invoices.c.customer_id == customer, invoices.c.paid_on.is_not(None)))
        late = sorted((paid_on - due).days for paid_on, due in days)
        usual = max(0, late[len(late) // 2]) if late else 0
        connection.execute(customers.update().where(customers.c.id == customer).values(behavior=behavior(late).value, usual_days_late=usual))
