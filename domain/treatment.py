"""How people choose to treat a customer: what no ledger tells and only a person sets, field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.customer import Tier
from domain.playbook import CHANNELS
from domain.statute import Technology

# A task is for our own people; nobody prefers to be written to by one.
PREFERRED = tuple(channel for channel in CHANNELS if channel != "task")
LONGEST_NAME = 200

_EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@(?=.{1,255}$)[^@\s,;<>\"().]+(?:\.[^@\s,;<>\"().]+)+")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_YES = ("yes", "y", "true", "1", "x", "ja", "wahr")
_NO = ("", "no", "n", "false", "0", "nein", "falsch")


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a person may set of a customer.

    ``pays_through`` is the number of the customer of the same seller who is written to in its place (empty: none), ``region``
    what follows the hyphen in ISO 3166-2, ``consents`` the technologies it agreed to be contacted by. ``natural_person``: a
    human being owes; ``guarantor``: one answers for what it owes. ``procurement_portal`` is where it wants invoices to be uploaded.
    """

    tier: Tier = Tier.STANDARD
    account_manager: str = ""
    account_manager_email: str = ""
    pays_through: str = ""
    preferred_channel: str = ""
    region: str = ""
    consents: frozenset[str] = frozenset()
    natural_person: bool = False
    guarantor: bool = False
    procurement_portal: str = ""


FIELDS = tuple(field.name for field in fields(Treatment))


class UnableToReadTreatment(ValueError):
    """A text that does not say what its field is for: the field's name, what is wrong, and what to write instead.

    The message repeats ``text``, where one is given; ``problem`` does not.
    """

    def __init__(self, field: str, problem: str, remedy: str, text: str = "") -> None:
        super().__init__(f"{field.replace('_', ' ')}: {f'{text!r} ' if text else ''}{problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


def read(field: str, text: str) -> Tier | str | frozenset[str] | bool:
    """The value of ``field`` of a Treatment that ``text`` means; white space around and doubled counts for nothing.

    Raises UnableToReadTreatment. Whether the customer it pays through is known is not asked here.
    """
    text = " ".join(text.split())
    match field:
        case "tier":
            return _read_tier(text)
        case "consents":
            return _read_consents(text)
        case "natural_person" | "guarantor":
            return _read_answer(field, text)
        case "account_manager_email":
            return read_email(text, field)
        case "preferred_channel":
            return _read_channel(text)
        case "region":
            return _read_region(text)
        case _:
            return read_name(text, field)


def write(field: str, treatment: Treatment) -> str:
    """The text of one field, which ``read`` reads as the same again."""
    value = getattr(treatment, field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def tell_difference(before: Treatment, after: Treatment) -> str:
    """What is different ``after``, for the diary: ``tier strategic instead of standard``. Empty when nothing is."""
    changed = [field for field in FIELDS if getattr(before, field) != getattr(after, field)]
    return ", ".join(f"{field.replace('_', ' ')} {write(field, after) or 'none'} instead of {write(field, before) or 'none'}" for field in changed)


def find_detour(pays_through: Mapping[str, str], customer: str) -> str:
    """Why ``customer`` cannot pay through the one it is to, among the customers of one seller by number; empty when it can.

    One step, so that everybody sees who is written to.
    """
    payer = pays_through.get(customer, "")
    if not payer:
        return ""
    if payer == customer:
        return "a customer cannot pay through itself"
    if pays_through.get(payer):
        return f"{payer} pays through another itself"
    first = min((other for other, through in pays_through.items() if through == customer), default="")
    return f"{first} pays through this customer" if first else ""


def read_email(text: str, field: str = "email") -> str:
    """One e-mail address, or nothing. Raises UnableToReadTreatment."""
    if text and not _EMAIL.fullmatch(text):
        raise UnableToReadTreatment(field, "is not an e-mail address", "write one, as name@domain", text)
    return text


def read_name(text: str, field: str = "name") -> str:
    """A name on one line, of at most 200 letters. Raises UnableToReadTreatment."""
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise UnableToReadTreatment(field, "is too long, or holds signs that cannot be printed", f"write up to {LONGEST_NAME} letters on one line")
    return text


def _read_tier(text: str) -> Tier:
    try:
        return Tier(text.lower())
    except ValueError:
        raise UnableToReadTreatment("tier", "is not a tier", f"write one of {', '.join(Tier)}", text) from None


def _read_consents(text: str) -> frozenset[str]:
    found = frozenset(part.lower() for part in re.split("[;, ]+", text) if part)
    if unknown := sorted(found - set(Technology)):
        remedy = f"write some of {', '.join(Technology)}, separated by semicolons, or nothing"
        raise UnableToReadTreatment("consents", f"{unknown[0]!r} is nothing a customer consents to", remedy)
    return found


def _read_answer(field: str, text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise UnableToReadTreatment(field, "is neither yes nor no", "write yes or no", text)
    return text.lower() in _YES


def _read_channel(text: str) -> str:
    if text and text.lower() not in PREFERRED:
        raise UnableToReadTreatment("preferred_channel", "is no channel", f"write one of {', '.join(PREFERRED)}, or nothing", text)
    return text.lower()


def _read_region(text: str) -> str:
    if text and not _REGION.fullmatch(text.upper()):
        raise UnableToReadTreatment("region", "is no region", "write what follows the hyphen in ISO 3166-2, such as CA or BY, or nothing", text)
    return text.upper()
