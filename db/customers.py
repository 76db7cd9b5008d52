"""Customers as people see and change them: lists with what speaks for another tier, and how each is treated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, or_, select

from db import inbox, parties
from db.invoices import from_minor
from db.schema import cases, customers, invoices
from domain.customer import Behavior, Tier
from domain.event import CustomerSet, News
from domain.invoice import Standing
from domain.money import Money
from domain.segment import suggest_tiers
from domain.treatment import Treatment, tell_difference

# Fewer than the parameters one SQLite statement may carry.
_CHUNK = 500
_YEAR = timedelta(days=365)
_REACH = ("pays_through", "preferred_channel", "region", "consents", "natural_person", "guarantor")

# Statements are made once: to make one takes longer than to run it.
_PARENTS = select(customers.c.id, customers.c.number)
_OPEN = (
    select(invoices.c.customer_id, invoices.c.currency, func.sum(invoices.c.balance_minor).label("minor"))
    .where(invoices.c.balance_minor > 0, invoices.c.standing.in_([Standing.OPEN, Standing.DISPUTED]))
    .group_by(invoices.c.customer_id, invoices.c.currency)
    .order_by(invoices.c.currency)
)
_INVOICED = (
    select(invoices.c.seller_id, invoices.c.currency, invoices.c.customer_id, func.sum(invoices.c.total_minor).label("minor"))
    .where(invoices.c.issued > bindparam("since"), invoices.c.standing.not_in([Standing.DRAFT, Standing.VOID]))
    .group_by(invoices.c.seller_id, invoices.c.currency, invoices.c.customer_id)
    .order_by(invoices.c.currency)
)
_RUNNING = select(cases.c.id).where(cases.c.customer_id.in_(bindparam("customers")), cases.c.ended.is_(None)).order_by(cases.c.id)
_PAYING_THROUGH = select(customers.c.id).where(customers.c.pays_through == bindparam("customer")).order_by(customers.c.id)
_PAYERS = select(customers.c.pays_through).where(customers.c.id.in_(bindparam("customers")), customers.c.pays_through.is_not(None))
_LOCK = select(customers.c.id).where(customers.c.id.in_(bindparam("customers"))).order_by(customers.c.id).with_for_update()


class UnableToTreat(Exception):
    """A customer, by our id, that cannot be treated so: the field at fault, what is wrong, and what to do instead."""

    def __init__(self, customer: str, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field.replace('_', ' ')}: {problem}; {remedy}")
        self.customer = customer
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tier that a person may want to give, and why. Nothing gives it by itself."""

    tier: Tier
    why: str


@dataclass(frozen=True, slots=True)
class Which:
    """Which customers to list; what is empty does not restrict. ``text`` is looked for in name and number.

    ``suggested``: only those for whom another tier than theirs is suggested.
    """

    tiers: tuple[Tier, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    text: str = ""
    seller: str = ""
    suggested: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """One customer in a list. ``open`` is what it owes, one sum a currency; ``tier_set_by`` is empty until somebody set it."""

    id: str
    seller: str
    number: str
    name: str
    country: str
    treatment: Treatment
    tier_set_by: str
    behavior: Behavior
    usual_days_late: int
    open: tuple[Money, ...]
    suggested: Suggestion | None

    @property
    def is_suggested_another(self) -> bool:
        return self.suggested is not None and self.suggested.tier is not self.treatment.tier


def list_customers(connection: Connection, which: Which, today: date) -> tuple[CustomerLine, ...]:
    """The customers that ``which`` describes, by seller and number; revenue is of the year before ``today``."""
    suggested, owed, numbers = _suggestions(connection, today), _owed(connection), _numbers(connection)
    lines = (_line(row, numbers, owed, suggested) for row in connection.execute(_narrowed(which)).mappings())
    return tuple(line for line in lines if line.is_suggested_another or not which.suggested)


def find_customers(connection: Connection, reference: str, seller: str = "") -> tuple[str, ...]:
    """The ids of the customers that ``reference`` names: our own id, or else the number, which several sellers may use."""
    exact = tuple(connection.scalars(select(customers.c.id).where(customers.c.id == reference)))
    query = select(customers.c.id).where(customers.c.number == reference).order_by(customers.c.seller_id)
    return exact or tuple(connection.scalars(query.where(customers.c.seller_id == seller) if seller else query))


def load_treatments(connection: Connection, ids: Collection[str]) -> dict[str, Treatment]:
    """How these customers are treated now, by id."""
    numbers, found = _numbers(connection), {}
    for part in _parts(sorted(ids)):
        for row in connection.execute(select(customers).where(customers.c.id.in_(part))).mappings():
            found[row["id"]] = _treatment(row, numbers)
    return found


def treat(connection: Connection, wanted: Mapping[str, Treatment], *, by: str, why: str, now: datetime) -> tuple[str, ...]:
    """Treat these customers (by id) so from now on, and tell every running invoice of theirs.

    What is as before changes nothing. Returns the ids of the inbox rows that tell it; what is passed on late counts late.
    Raises UnableToTreat, and then nothing may be committed.
    """
    changing = [customer for customer, before in load_treatments(connection, wanted).items() if before != wanted[customer]]
    lock_customers(connection, changing)
    changed = {customer: before for customer, before in load_treatments(connection, changing).items() if before != wanted[customer]}
    words: list[str] = []
    for customer, before in changed.items():
        _set_plain(connection, customer, before, wanted[customer], by)
    for customer, before in changed.items():
        _set_reach(connection, customer, before, wanted[customer])
    for customer, before in changed.items():
        # How a payer may be reached counts for all who pay through it.
        concerned = with_payers(connection, customer) if _is_reached_otherwise(before, wanted[customer]) else (customer,)
        words += tell(connection, concerned, CustomerSet(tell_difference(before, wanted[customer]), by, why), now)
    return tuple(words)


def tell(connection: Connection, concerned: Sequence[str], news: News, now: datetime) -> tuple[str, ...]:
    """Put ``news`` into the inbox of every running invoice of these customers; the ids of the rows, to be passed on."""
    running = [case for part in _parts(concerned) for case in connection.scalars(_RUNNING, {"customers": list(part)})]
    return tuple(
        inbox.receive(connection, source="person", source_id=f"{case}/{uuid4().hex}", kind=news.kind, body="", now=now, case_id=case, news=news, by=news.by)[0]
        for case in running
    )


def lock_customers(connection: Connection, ids: Collection[str]) -> None:
    """As ``parties.lock_customer``, for several: always in the same order, so that two who do it cannot wait for each other."""
    payers = [payer for part in _parts(sorted(ids)) for payer in connection.scalars(_PAYERS, {"customers": list(part)})]
    for part in _parts(sorted({*ids, *payers})):
        connection.execute(_LOCK, {"customers": list(part)}).all()


def with_payers(connection: Connection, customer: str) -> tuple[str, ...]:
    """This customer and all that pay through it."""
    return (customer, *connection.scalars(_PAYING_THROUGH, {"customer": customer}))


def _set_plain(connection: Connection, customer: str, before: Treatment, wanted: Treatment, by: str) -> None:
    values = {
        "tier": wanted.tier.value,
        "account_manager": wanted.account_manager,
        "account_manager_email": wanted.account_manager_email,
        "procurement_portal": wanted.procurement_portal,
    }
    if wanted.tier is not before.tier:
        values["tier_set_by"] = by
    freed = {"pays_through": None} if wanted.pays_through != before.pays_through else {}
    # Two that swap who pays through whom must not be taken for a circle on the way.
    connection.execute(customers.update().where(customers.c.id == customer).values(**values, **freed))


def _set_reach(connection: Connection, customer: str, before: Treatment, wanted: Treatment) -> None:
    if not _is_reached_otherwise(before, wanted):
        return
    known = parties.load_customer(connection, customer)
    parent = _parent(connection, customer, known.seller, wanted.pays_through)
    reached = {field: getattr(wanted, field) for field in _REACH if field != "pays_through"}
    try:
        parties.save_reach(connection, replace(known, pays_through=parent, **reached))
    except parties.UnableToPayThrough as error:
        problem, _, remedy = str(error).partition("; ")
        raise UnableToTreat(customer, "pays_through", problem, remedy) from None


def _is_reached_otherwise(before: Treatment, wanted: Treatment) -> bool:
    return any(getattr(before, field) != getattr(wanted, field) for field in _REACH)


def _parent(connection: Connection, customer: str, seller: str, number: str) -> str:
    if not number:
        return ""
    found: str | None = connection.scalar(select(customers.c.id).where(customers.c.seller_id == seller, customers.c.number == number))
    if found is None:
        raise UnableToTreat(customer, "pays_through", f"no customer of the seller {seller} has the number {number!r}", "write the number of one, or nothing")
    return found


def _narrowed(which: Which) -> Select[tuple[object, ...]]:
    query = select(customers).order_by(customers.c.seller_id, customers.c.number)
    if which.tiers:
        query = query.where(customers.c.tier.in_(which.tiers))
    if which.behaviors:
        query = query.where(customers.c.behavior.in_(which.behaviors))
    if which.seller:
        query = query.where(customers.c.seller_id == which.seller)
    if which.id:
        query = query.where(customers.c.id == which.id)
    if which.text:
        named = (func.lower(column).contains(which.text.lower(), autoescape=True) for column in (customers.c.name, customers.c.number))
        query = query.where(or_(*named))
    return query


def _line(row: RowMapping, numbers: Mapping[str, str], owed: Mapping[str, list[Money]], suggested: Mapping[str, Suggestion]) -> CustomerLine:
    return CustomerLine(
        row["id"],
        row["seller_id"],
        row["number"],
        row["name"],
        row["country"],
        _treatment(row, numbers),
        row["tier_set_by"],
        Behavior(row["behavior"]),
        row["usual_days_late"],
        tuple(owed.get(row["id"], ())),
        suggested.get(row["id"]),
    )


def _treatment(row: RowMapping, numbers: Mapping[str, str]) -> Treatment:
    return Treatment(
        Tier(row["tier"]),
        row["account_manager"],
        row["account_manager_email"],
        numbers.get(row["pays_through"] or "", ""),
        row["preferred_channel"],
        row["region"],
        frozenset(row["consents"]),
        row["natural_person"],
        row["guarantor"],
        row["procurement_portal"],
    )


def _numbers(connection: Connection) -> dict[str, str]:
    """The number of each customer that another one pays through, by id."""
    parents = select(customers.c.pays_through).where(customers.c.pays_through.is_not(None))
    found = connection.execute(_PARENTS.where(customers.c.id.in_(parents)))
    return {customer: number for customer, number in found}  # noqa: C416  dict() takes the result for a mapping


def _owed(connection: Connection) -> dict[str, list[Money]]:
    found: defaultdict[str, list[Money]] = defaultdict(list)
    for customer, currency, minor in connection.execute(_OPEN):
        found[customer].append(from_minor(int(minor), currency))
    return found


def _suggestions(connection: Connection, today: date) -> dict[str, Suggestion]:
    """What a year's invoices suggest, for each seller and currency by itself; of several the highest tier counts."""
    revenue: defaultdict[tuple[str, str], dict[str, Money]] = defaultdict(dict)
    for seller, currency, customer, minor in connection.execute(_INVOICED, {"since": today - _YEAR}):
        revenue[seller, currency][customer] = from_minor(int(minor), currency)
    found: dict[str, Suggestion] = {}
    order = list(Tier)
    for (_, currency), sums in revenue.items():
        for customer, tier in suggest_tiers({one: money.amount for one, money in sums.items()}).items():
            if customer not in found or order.index(tier) > order.index(found[customer].tier):
                found[customer] = Suggestion(tier, _because(tier, sums[customer], len(sums), currency))
    return found


def _because(tier: Tier, invoiced: Money, count: int, currency: str) -> str:
    place = "in the top tenth" if tier is Tier.STRATEGIC else "in the second tenth"
    return f"{invoiced} invoiced in twelve months, {place} of {count} customers invoiced in {currency}"


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
