"""The company that owes, the people we write to, and how it has paid so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a contact does at the customer, in the order in which reminders try them."""

    BILLING = "billing"
    CFO = "cfo"
    OWNER = "owner"
    OTHER = "other"


class Behavior(StrEnum):
    NEW = "new"
    PROMPT = "prompt"
    STANDARD = "standard"
    CHRONIC_LATE = "chronic-late"


class Tier(StrEnum):
    STANDARD = "standard"
    VIP = "vip"
    STRATEGIC = "strategic"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer. ``id`` is ours and opaque. ``refused`` holds channels opted out of or found dead."""

    id: str
    role: Role
    name: str
    email: str = ""
    phone: str = ""
    language: str = ""
    refused: frozenset[str] = frozenset()

    def is_reachable_by(self, channel: str) -> bool:
        return bool(self.address(channel)) and channel not in self.refused

    def address(self, channel: str) -> str:
        """Where ``channel`` reaches this person; empty when it does not. Letters go to the company's own address."""
        return {"email": self.email, "portal": self.email, "sms": self.phone, "call": self.phone, "letter": self.name}.get(channel, "")


@dataclass(frozen=True, slots=True)
class Customer:
    """A company that owes. ``id`` is ours and opaque; ``number`` is the seller's. ``zones`` is every time zone it may be in."""

    id: str
    seller: str
    number: str
    name: str
    country: str
    zones: tuple[str, ...]
    language: str = "en"
    behavior: Behavior = Behavior.NEW
    tier: Tier = Tier.STANDARD
    contacts: tuple[Contact, ...] = ()
    account_manager: str = ""
    account_manager_email: str = ""
    usual_days_late: int = 0

    def contact_for(self, channel: str, first: Role | None = None) -> Contact | None:
        """The person to reach by ``channel``: of the role ``first`` if any, else billing, else CFO, else owner, else anyone reachable."""
        order = [role for role in (first, *Role) if role]
        reachable = [contact for contact in self.contacts if contact.is_reachable_by(channel)]
        return min(reachable, key=lambda contact: (order.index(contact.role), contact.id), default=None)


def behavior(days_late: Sequence[int]) -> Behavior:
    """How a customer pays, from the days late of the invoices it has paid (negative is early).

    Fewer than three payments say nothing. Up to a quarter late is prompt; three quarters or more is chronically late.
    """
    if len(days_late) < 3:
        return Behavior.NEW
    share_late = sum(days > 0 for days in days_late) / len(days_late)
    if share_late <= 0.25:
        return Behavior.PROMPT
    return Behavior.CHRONIC_LATE if share_late >= 0.75 else Behavior.STANDARD
