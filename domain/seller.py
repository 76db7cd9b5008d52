"""The legal entity that is owed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BankDetails:
    """Where money goes when there is no pay link."""

    holder: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""


@dataclass(frozen=True, slots=True)
class Seller:
    """A legal entity that is owed: who writes, in which name, where money goes, whose calendar counts.

    ``ledger`` names the accounting source (a file in integrations/accounting). ``sender_name`` is a person's.
    ``reply_tokens``: answers to each message go to an address of their own, ``reply_to`` with the message's id after a plus.
    ``remittance_to`` is the address of whoever posts cash; remittance advice is mailed on to it, empty: it is a task only.
    ``country`` is ISO 3166 alpha-2, ``time_zone`` an IANA name, ``address`` lines as printed on a letter.
    """

    id: str
    name: str
    legal_name: str
    sender_name: str
    sender_email: str
    ledger: str
    country: str
    time_zone: str
    language: str = "en"
    address: tuple[str, ...] = ()
    sender_title: str = ""
    reply_to: str = ""
    phone: str = ""
    brand_color: str = "#1f4b99"
    logo_url: str = ""
    bank: BankDetails = BankDetails()
    reply_tokens: bool = False
    remittance_to: str = ""
