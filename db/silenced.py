"""By which channels nothing may go to an address or number. What silences them is kept by ``db.suppressions``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, bindparam, select

from db.schema import suppressions
from domain.customer import Contact, Customer

# Statements are made once: to make one takes longer than to run it.
_STANDING = select(suppressions.c.reach, suppressions.c.channel).where(
    suppressions.c.open_key.is_not(None), suppressions.c.reach.in_(bindparam("reach", expanding=True))
)
# Every channel that goes to an address or number.
_CHANNELS = ("email", "portal", "sms", "call")


def find_silenced(connection: Connection, reach: Collection[str]) -> dict[str, frozenset[str]]:
    """The channels that may take nothing to each of these addresses and numbers, as ``spell_reach`` writes them; those that take
    everything are left out."""
    found: dict[str, frozenset[str]] = {}
    for one, channel in connection.execute(_STANDING, {"reach": sorted(reach)}) if reach else ():
        found[one] = found.get(one, frozenset()) | {channel}
    return found


def leave_alone(connection: Connection, customer: Customer) -> Customer:
    """``customer`` with every contact refusing the channels that may take nothing to its address."""
    if not (silent := find_silenced(connection, customer.reach)):
        return customer
    return replace(customer, contacts=tuple(_refusing(contact, silent) for contact in customer.contacts))


def _refusing(contact: Contact, silent: dict[str, frozenset[str]]) -> Contact:
    refused = {channel for channel in _CHANNELS if channel in silent.get(contact.reach_by(channel), frozenset())}
    return replace(contact, refused=contact.refused | refused)
