"""Sellers, customers and contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, Text, bindparam, cast, func, select

from db.ids import new_id
from db.schema import contacts, customers, invoices, sellers
from db.silenced import leave_alone
from db.upsert import upsert
from domain.customer import Behavior, Contact, Customer, Role, Tier, behavior, spell_reach
from domain.law import Party
from domain.money import Money
from domain.seller import Seller

_SELLER = TypeAdapter(Seller)

# Statements are made once: to make one takes longer than to run it.
_SELLER_BODY = select(cast(sellers.c.body, Text)).where(sellers.c.id == bindparam("seller"))
_CUSTOMER = select(customers).where(customers.c.id == bindparam("customer"))
_CUSTOMER_BY_NUMBER = (
    select(customers, contacts)
    .select_from(customers.outerjoin(contacts, contacts.c.customer_id == customers.c.id))
    .where(customers.c.seller_id == bindparam("seller"), customers.c.number == bindparam("number"))
)
_PAYER = customers.alias("payer")
_OF_FAMILY = customers.alias("of_family")
_CUSTOMER_LOCK = (
    select(customers.c.id)
    .where(
        customers.c.id
        == func.coalesce(select(_PAYER.c.pays_through).where(_PAYER.c.id == bindparam("customer")).scalar_subquery(), bindparam("customer", type_=Text))
    )
    .with_for_update()
)
_LOCK_OF_INVOICE = (
    select(customers.c.id)
    .where(
        customers.c.id
        == select(func.coalesce(_PAYER.c.pays_through, _PAYER.c.id))
        .join(invoices, invoices.c.customer_id == _PAYER.c.id)
        .where(invoices.c.id == bindparam("invoice"))
        .scalar_subquery()
    )
    .with_for_update()
)
_IS_PAYER = select(_OF_FAMILY.c.id).where(_OF_FAMILY.c.pays_through == customers.c.id).exists()
_ONE, _OTHER = invoices.alias("one"), invoices.alias("other")
_HAS_SEVERAL = (
    select(_ONE.c.id)
    .join(_OTHER, (_OTHER.c.customer_id == _ONE.c.customer_id) & (_OTHER.c.id != _ONE.c.id))
    .where(_ONE.c.customer_id == customers.c.id)
    .exists()
)
_REACHED = (
    select(customers, contacts, _IS_PAYER.label("is_payer"), _HAS_SEVERAL.label("has_several"), cast(sellers.c.body, Text).label("seller_body"))
    .select_from(customers.join(sellers).outerjoin(contacts, contacts.c.customer_id == func.coalesce(customers.c.pays_through, customers.c.id)))
    .where(customers.c.id == bindparam("customer"))
    .order_by(contacts.c.id)
)
_FAMILY = select(customers.c.id).where((customers.c.id == bindparam("customer")) | (customers.c.pays_through == bindparam("customer"))).order_by(customers.c.id)
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


class UnableToPayThrough(Exception):
    """The customer named as the one to write to cannot be that one; the message says why."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as a ledger tells it, zones already worked out. ``unapplied`` None: it does not tell."""

    number: str
    name: str
    country: str
    zones: tuple[str, ...]
    language: str
    contacts: tuple[tuple[Role, str, str, str], ...]  # role, name, email, phone
    unapplied: tuple[Money, ...] | None = None
    address: tuple[str, ...] = ()  # lines of a letter below the name

    @property
    def stored_unapplied(self) -> dict[str, str]:
        return {money.currency: str(money.amount) for money in self.unapplied or () if money.amount > 0}


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
                "address": list(row.address),
                "behavior": Behavior.NEW.value,
                "tier": Tier.STANDARD.value,
            }
            for row in rows
        ],
        update=["name", "country", "zones", "language", "address"],
    )
    found = connection.execute(_CUSTOMER_IDS, {"seller": seller, "numbers": [row.number for row in rows]})
    ids = {number: customer for number, customer in found}  # noqa: C416  dict() takes the result for a mapping
    for row in rows:
        _save_contacts(connection, ids[row.number], row)
        if row.unapplied is not None:
            connection.execute(customers.update().where(customers.c.id == ids[row.number]).values(unapplied=row.stored_unapplied))
    return ids


def find_recorded(connection: Connection, seller: str, row: CustomerRow) -> str | None:
    """The id of this customer if everything the ledger tells of it is recorded already, else nothing."""
    rows = connection.execute(_CUSTOMER_BY_NUMBER, {"seller": seller, "number": row.number}).mappings().all()
    if not rows:
        return None
    known = rows[0]
    if (known["name"], known["country"], *map(tuple, (known["zones"], known["address"]))) != (row.name, row.country, row.zones, row.address):
        return None
    if known["language"] != row.language:
        return None
    if row.unapplied is not None and known["unapplied"] != row.stored_unapplied:
        return None
    people = [one for one in rows if one[contacts.c.id]]
    recorded = {(Role(one["role"]), one["email"].lower()): (one[contacts.c.name], one["email"], one["phone"]) for one in people if not one["set_by"]}
    return known["id"] if recorded == _wanted(row, people) else None


def _wanted(row: CustomerRow, known: Sequence[RowMapping]) -> dict[tuple[Role, str], tuple[str, str, str]]:
    """The contacts as the ledger tells them, without the roles that a person of ours has set."""
    ours = {Role(one["role"]) for one in known if one["set_by"]}
    return {(role, email.lower()): (name, email, phone) for role, name, email, phone in row.contacts if role not in ours}


def _save_contacts(connection: Connection, customer: str, row: CustomerRow) -> None:
    known = connection.execute(_CONTACTS, {"customer": customer}).mappings().all()
    wanted = _wanted(row, known)
    for contact in known:
        if contact["set_by"]:
            continue
        now = wanted.pop((Role(contact["role"]), contact["email"].lower()), None)
        if now is None:
            connection.execute(contacts.delete().where(contacts.c.id == contact["id"]))
        elif now != (contact["name"], contact["email"], contact["phone"]):
            connection.execute(contacts.update().where(contacts.c.id == contact["id"]).values(name=now[0], email=now[1], phone=now[2]))
    for (role, address), (name, email, phone) in wanted.items():
        # Whoever opted out stays so in whatever role the ledger lists the same address next.
        refused = {channel for one in known if one["email"].lower() == address for channel in one["refused"]}
        of = {"id": new_id("con"), "customer_id": customer, "role": role.value, "language": row.language, "refused": sorted(refused), "set_by": ""}
        connection.execute(contacts.insert().values(name=name, email=email, phone=phone, **of))


def lock_customer(connection: Connection, customer: str) -> None:
    """The first lock of every change: customer, then case, then outreach. Whoever pays through another shares its lock."""
    connection.execute(_CUSTOMER_LOCK, {"customer": customer})


def lock_customer_of(connection: Connection, invoice: str) -> None:
    """As ``lock_customer``, for whoever owes this invoice; nothing where it is not known."""
    connection.execute(_LOCK_OF_INVOICE, {"invoice": invoice})


def load_customer(connection: Connection, customer: str) -> Customer:
    row = connection.execute(_CUSTOMER, {"customer": customer}).mappings().one()
    return leave_alone(connection, _read_customer(row, connection.execute(_CONTACTS, {"customer": customer}).mappings().all()))


@dataclass(frozen=True, slots=True)
class Reached:
    """A customer as it is written to: with the people, zones and consents of the one it pays through, if any.

    ``family`` are the ids of all who share those people, its own among them; ``seller`` is whom it owes; ``payer`` is the customer
    it pays through; ``has_several``: more than one invoice of the customer itself is known, paid or not.
    """

    customer: Customer
    family: tuple[str, ...]
    seller: Seller
    payer: Customer | None = None
    has_several: bool = False


def load_reached(connection: Connection, customer: str) -> Reached:
    rows = connection.execute(_REACHED, {"customer": customer}).mappings().all()
    seller = _read_seller(rows[0]["seller_body"])
    own = leave_alone(connection, _read_customer(rows[0], [row for row in rows if row[contacts.c.id]]))
    if not own.pays_through:
        family = tuple(connection.scalars(_FAMILY, {"customer": customer})) if rows[0]["is_payer"] else (customer,)
        return Reached(own, family, seller, has_several=rows[0]["has_several"])
    payer = load_customer(connection, own.pays_through)
    together = replace(
        own,
        zones=payer.zones,
        consents=payer.consents,
        preferred_channel=payer.preferred_channel or own.preferred_channel,
        natural_person=own.natural_person or payer.natural_person,
        guarantor=own.guarantor or payer.guarantor,
    )
    return Reached(together, tuple(connection.scalars(_FAMILY, {"customer": payer.id})), seller, payer, rows[0]["has_several"])


def _read_customer(row: RowMapping, people: Sequence[RowMapping]) -> Customer:
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
        pays_through=row["pays_through"] or "",
        preferred_channel=row["preferred_channel"],
        region=row["region"],
        natural_person=row["natural_person"],
        guarantor=row["guarantor"],
        consents=frozenset(row["consents"]),
        unapplied=_read_unapplied(row["unapplied"]),
        address=tuple(row["address"]),
        procurement_portal=row["procurement_portal"],
    )


def _read_unapplied(stored: Mapping[str, str]) -> tuple[Money, ...]:
    return tuple(Money(Decimal(amount), currency) for currency, amount in sorted(stored.items()))


def save_reach(connection: Connection, customer: Customer) -> None:
    """Record how ``customer`` may be reached: whom it pays through, the channel it prefers, its region, whether a human being
    owes or guarantees, and what it consents to.

    Raises UnableToPayThrough when the customer it pays through is not known, is itself, or pays through another; and when
    others pay through ``customer`` already: one step, so that everybody sees who is written to.
    """
    if customer.pays_through:
        _check_payer(connection, customer)
    connection.execute(
        customers.update()
        .where(customers.c.id == customer.id)
        .values(
            pays_through=customer.pays_through or None,
            preferred_channel=customer.preferred_channel,
            region=customer.region,
            natural_person=customer.natural_person,
            guarantor=customer.guarantor,
            consents=sorted(customer.consents),
        )
    )


def list_parties(connection: Connection) -> tuple[tuple[frozenset[str], Party], ...]:
    """Every kind of party there is among sellers and customers: where it is (ISO codes), and what it is to the law; each kind once."""
    kinds = connection.execute(select(customers.c.country, customers.c.region, customers.c.natural_person, customers.c.guarantor).distinct())
    found = {(f"{country}-{region}" if region else country, Party(natural, guarantor)) for country, region, natural, guarantor in kinds}
    found |= {(seller.country, Party()) for seller in load_sellers(connection)}
    return tuple((frozenset({place}), party) for place, party in sorted(found, key=str))


def _check_payer(connection: Connection, customer: Customer) -> None:
    where = f"customer {customer.number} cannot pay through"
    payer = connection.execute(_CUSTOMER, {"customer": customer.pays_through}).mappings().one_or_none()
    if payer is None:
        raise UnableToPayThrough(f"{where} {customer.pays_through}: no such customer is known; import it first")
    if payer["id"] == customer.id:
        raise UnableToPayThrough(f"{where} itself; leave it empty")
    if payer["pays_through"]:
        raise UnableToPayThrough(f"{where} {payer['number']}, who pays through another; name that one")
    if connection.execute(select(customers.c.id).where(customers.c.pays_through == customer.id)).first():
        raise UnableToPayThrough(f"{where} {payer['number']}: others pay through it; have them pay through {payer['number']} first")


def _contact(row: RowMapping) -> Contact:
    of = contacts.c
    seen = uses_portal(row[of.portal_reach], row[of.email])
    return Contact(row[of.id], Role(row[of.role]), row[of.name], row[of.email], row[of.phone], row[of.language], frozenset(row[of.refused]), seen)


def uses_portal(portal_reach: str, email: str) -> bool:
    """Whether a contact uses the page we keep for them: under an address they no longer have, somebody else did."""
    return bool(portal_reach) and portal_reach == spell_reach(email)


def judge_behavior(connection: Connection, customer_ids: Sequence[str]) -> None:
    """Work out anew how these customers pay, from the invoices they have paid."""
    for customer in customer_ids:
        days = connection.execute(select(invoices.c.paid_on, invoices.c.due).where(invoices.c.customer_id == customer, invoices.c.paid_on.is_not(None)))
        late = sorted((paid_on - due).days for paid_on, due in days)
        usual = max(0, late[len(late) // 2]) if late else 0
        connection.execute(customers.update().where(customers.c.id == customer).values(behavior=behavior(late).value, usual_days_late=usual))
