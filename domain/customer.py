"""The company that owes, the people we write to, and how it has paid so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.money import Money


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
    """A person at the customer. ``id`` is ours and opaque. ``refused`` holds channels opted out of or found dead. ``portal_seen``:
    they use the page we keep for them, so that a message can wait for them there."""

    id: str
    role: Role
    name: str
    email: str = ""
    phone: str = ""
    language: str = ""
    refused: frozenset[str] = frozenset()
    portal_seen: bool = False

    def is_reachable_by(self, channel: str) -> bool:
        return bool(self.address(channel)) and channel not in self.refused

    def address(self, channel: str) -> str:
        """Where ``channel`` reaches this person; empty when it does not. Letters go to the company's own address."""
        portal = self.email if self.portal_seen else ""
        return {"email": self.email, "portal": portal, "sms": self.phone, "call": self.phone, "letter": self.name}.get(channel, "")

    def reach_by(self, channel: str) -> str:
        """The address or number ``channel`` reaches this person at, as ``spell_reach`` writes it; empty where it is no such thing."""
        return "" if channel == "letter" else spell_reach(self.address(channel))


@dataclass(frozen=True, slots=True)
class Customer:
    """A company that owes. ``id`` is ours and opaque; ``number`` is the seller's. ``zones`` is every time zone it may be in.

    ``pays_through`` is the id of the customer who is written to in its place, if any; ``region`` the part of ISO 3166-2 after
    the hyphen, if known. ``guarantor``: a human being answers for what it owes. ``consents`` are the technologies
    (``domain.statute.Technology``) it has agreed to be contacted by. ``unapplied`` is money it has paid that its ledger has not
    yet set against an invoice, one amount a currency. ``address`` are the lines of a letter below the name. ``procurement_portal``
    is where it wants every invoice to be uploaded by us, as name or address; empty: nowhere.
    """

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
    pays_through: str = ""
    preferred_channel: str = ""
    region: str = ""
    natural_person: bool = False
    guarantor: bool = False
    consents: frozenset[str] = frozenset()
    unapplied: tuple[Money, ...] = ()
    address: tuple[str, ...] = ()
    procurement_portal: str = ""

    @property
    def reach(self) -> frozenset[str]:
        """Every address and number of its people, as ``spell_reach`` writes them."""
        return frozenset(spell_reach(way) for contact in self.contacts for way in (contact.email, contact.phone) if way)

    def contact_for(self, channel: str, first: Role | None = None) -> Contact | None:
        """The person to reach by ``channel``: of the role ``first`` if any, else billing, else CFO, else owner, else anyone reachable.
        At strategic customers the CFO is the first where none is named. No letter reaches anybody without a postal address."""
        return next(iter(self.contacts_for(channel, first)), None)

    def contacts_for(self, channel: str, first: Role | None = None) -> tuple[Contact, ...]:
        """Everybody who may be reached by ``channel``, in the order in which ``contact_for`` takes them."""
        first = first or (Role.CFO if self.tier is Tier.STRATEGIC else None)
        order = [role for role in (first, *Role) if role]
        if channel == "letter" and not self.address:
            return ()
        reachable = (contact for contact in self.contacts if contact.is_reachable_by(channel))
        return tuple(sorted(reachable, key=lambda contact: (order.index(contact.role), contact.id)))


def spell_reach(address: str) -> str:
    """An e-mail address or phone number written in one way, so that the same one is known again whoever's it is."""
    if "@" in address:
        return address.strip().casefold()
    digits = "".join(letter for letter in address if letter.isdecimal() and letter.isascii())
    if address.strip().startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits


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
