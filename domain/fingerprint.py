"""The mark of a worker: a few hexadecimal digits for each thing by which it decides, so that workers whose settings differ can be told
apart without anybody being told the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

# What is compared, and where people set it. New ones come last: a mark is read by place.
PARTS = {
    "version": "the version of Dunwell",
    "limits": "when, how often and how customers may be written to (DUNWELL_CONTACT_HOURS, DUNWELL_CONTACTS_PER_WEEK, DUNWELL_CHANNELS and their like)",
    "tolerance": "what counts as paid (DUNWELL_TOLERANCE, DUNWELL_TOLERANCE_BY_CURRENCY)",
    "playbook": "what new invoices follow (DUNWELL_PLAYBOOK and its file, interest-rates.csv in DUNWELL_PLAYBOOKS_FOLDER, the owner's voice)",
    "sellers": "sellers.yaml",
    "providers": "who carries messages and reads the answers (DUNWELL_MAILER, DUNWELL_TWILIO_ACCOUNT_SID, DUNWELL_LETTERS, DUNWELL_IMAP_URL and their like)",
    "people": "who is asked, and when (DUNWELL_OWNER, DUNWELL_TEAM_CHAT_URL, DUNWELL_REVIEW_DAY, DUNWELL_REVIEW_HOUR)",
    "links": "where links lead (DUNWELL_PUBLIC_URL, DUNWELL_CLICKS)",
    "models": "which language models are asked (DUNWELL_WRITING_MODEL_URL, DUNWELL_READING_MODEL_URL and their like)",
    "ledgers": "how old what a ledger told may be (DUNWELL_CSV_MAX_AGE_HOURS)",
}
REMEDY = "Give every worker the same settings and the same files, and restart those that were started with others"
_BEGINS = " policy:"
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Difference:
    """Workers that decide by different things: their names, those that agree together, and which of PARTS differ."""

    workers: tuple[tuple[str, ...], ...]
    parts: tuple[str, ...]

    def say(self) -> str:
        who = " and ".join(", ".join(names) for names in self.workers)
        return f"{who} decide by different settings: {'; '.join(PARTS[part] for part in self.parts)}"


def mark(name: str, values: Mapping[str, object]) -> str:
    """``name`` with the mark of ``values``, which are by the names of PARTS. No value can be read from it, so secrets belong in none of them:
    the same ones give the same mark in every process. Raises KeyError for a part that is missing, TypeError for what cannot be compared."""
    return name + _BEGINS + "-".join(_digest(values[part]) for part in PARTS)


def find_difference(marked: Iterable[str]) -> Difference | None:
    """What workers by these marked names differ in; None when they agree. One without a mark, or with a shorter one, is of another version."""
    groups: dict[str, list[str]] = {}
    for one in sorted(set(marked)):
        name, _, digits = one.partition(_BEGINS)
        groups.setdefault(digits, []).append(name)
    if len(groups) < 2:
        return None
    told = [digits.split("-") for digits in groups]
    if len({len(digits) for digits in told}) > 1:
        parts: tuple[str, ...] = ("version",)
    else:
        parts = tuple(part for part, *each in zip(PARTS, *told, strict=False) if len(set(each)) > 1)
    return Difference(tuple(tuple(names) for names in groups.values()), parts)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(_plain(value)).encode()).hexdigest()[:_DIGITS]


def _plain(value: object) -> object:
    """``value`` in a form that is the same in every process, whatever the order in which its sets were made."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum() | str():
            return str(value)
        case Mapping():
            return sorted([str(key), _plain(each)] for key, each in value.items())
        case frozenset() | set():
            return sorted(json.dumps(_plain(each)) for each in value)
        case tuple() | list():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value):
            return [[field.name, _plain(getattr(value, field.name))] for field in fields(value)]
        case _ if type(value).__module__ in ("datetime", "decimal"):
            return str(value)
    raise TypeError(f"{type(value).__name__} has no form that is the same in every process")
