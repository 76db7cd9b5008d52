"""What holds around every invoice of one customer: looked up once in a transaction, and handed to each gathering of facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from db import installation, invoices, outreach, parties, people, quiet_periods
from db.installation import Installation
from db.parties import Reached
from domain.customer import Behavior, Customer
from domain.facts import Contacted, InFlight, Mode
from domain.money import Money
from domain.person import Person
from domain.quiet import QuietPeriod
from domain.seller import Seller
from integrations.reference.zones import country_of_phone


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A customer, how we may reach it, what it has heard and is about to hear, and what holds here for everybody.

    ``on_the_way`` are the messages to its people now, whatever they are about; ``open_balances`` what its open invoices owe,
    known only where it has unapplied money; ``only_invoice``: it is new, and no other invoice of it is known.
    It holds for one transaction: what is decided in another is decided by another.
    """

    reached: Reached
    seller: Seller
    installation: Installation
    contacts: tuple[Contacted, ...]
    on_the_way: tuple[InFlight, ...]
    quiet: tuple[QuietPeriod, ...]
    people: tuple[Person, ...]
    open_balances: tuple[Money, ...]
    only_invoice: bool

    @property
    def customer(self) -> Customer:
        return self.reached.customer

    @property
    def elsewhere(self) -> frozenset[str]:
        """Places whose law may hold for the customer besides its own: the countries of the phones it is reached by, and of whom
        it pays through, as ISO codes."""
        customer, payer = self.reached.customer, self.reached.payer
        phones = {country_of_phone(contact.phone, customer.country) for contact in customer.contacts if contact.phone}
        paying = {f"{payer.country}-{payer.region}" if payer.region else payer.country} if payer else set()
        return frozenset(paying | (phones - {"", customer.country}))


def look_around(connection: Connection, customer: str, now: datetime, *, claiming: bool = False) -> Surroundings:
    """``claiming``: from here to the end of the transaction nobody else claims a message to the same people."""
    reached = parties.load_reached(connection, customer)
    if claiming:
        outreach.lock_reach(connection, reached.customer.reach)
    state = installation.load_installation(connection)
    family, reach = reached.family, reached.customer.reach
    return Surroundings(
        reached=reached,
        seller=reached.seller,
        installation=state,
        contacts=outreach.contacts_made(connection, family, reach, now - outreach.RECENT, rehearsed=state.mode is Mode.SHADOW),
        on_the_way=outreach.on_the_way(connection, family, reach),
        quiet=quiet_periods.load_quiet(connection, _keepers(reached)),
        people=people.load_all(connection),
        open_balances=invoices.balances_of(connection, customer) if reached.customer.unapplied else (),
        only_invoice=reached.customer.behavior is Behavior.NEW and not reached.has_several,
    )


def _keepers(reached: Reached) -> Collection[str]:
    """Everybody whose quiet periods a customer keeps, as ``db.quiet_periods.load_quiet`` asks for them."""
    customer, payer = reached.customer, reached.payer
    return (customer.seller, customer.id, customer.country, *((payer.id, payer.country) if payer else ()))
