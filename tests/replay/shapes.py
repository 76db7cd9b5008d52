"""The shape of everything that Temporal's histories and the database keep as JSON, and what may become of it.

    python -m tests.replay.shapes             what differs from the recorded shapes
    python -m tests.replay.shapes --write     record what has been added; refused while anything is lost

A sleeping invoice carries values that an earlier version wrote, for months. So types only grow.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from temporalio import activity, workflow

from db.people import Access
from domain.case import Case
from domain.conversation import Sheet, State
from domain.customer import Behavior, Role, Tier
from domain.diary import EntryKind
from domain.event import News
from domain.facts import Mode
from domain.invoice import Booking, Standing
from domain.payment_plan import PlanState
from domain.person import Duty
from domain.plan_keeping import KeptPlan, PlanWord
from domain.playbook import Playbook, Stage
from domain.review import Digest, MailState
from domain.seller import Seller
from domain.statute import Technology
from domain.task import TaskKind
from domain.understanding import Understood
from playbooks import Wording
from workflows import contract, ports
from workflows.dunning import InvoiceDunning
from workflows.plan import PaymentPlan
from workflows.review import OwnerReview, WeeklyReview
from workflows.upkeep import Upkeep

RECORDED = Path(__file__).parent / "payloads.json"
WRITE = "python -m tests.replay.shapes --write"

# What the database keeps: JSON columns, and the words of columns that hold a member of an enumeration.
STORED: dict[str, Any] = {
    "database: cases.body": Case,
    "database: invoices.bookings": tuple[Booking, ...],
    "database: inbox.news": News,
    "database: inbox.body, of payment plans": PlanWord,
    "database: plans.body": KeptPlan,
    "database: plans.state": PlanState,
    "database: sellers.body": Seller,
    "database: customers.zones": tuple[str, ...],
    "database: customers.consents": frozenset[Technology],
    "database: customers.unapplied": dict[str, str],
    "database: customers.address": tuple[str, ...],
    "database: calls.sheet": Sheet,
    "database: calls.state": State,
    "database: calls.lines": tuple[str, ...],
    "database: drafts.paragraphs": tuple[str, ...],
    "database: incoming.understood": Understood,
    "database: incoming.recipients": tuple[str, ...],
    "database: incoming.thread": tuple[str, ...],
    "database: people.duties": tuple[Duty, ...],
    "database: contacts.refused": frozenset[str],
    "database: playbook_versions.resolved, playbook": Playbook,
    "database: playbook_versions.resolved, wording": Wording,
    "database: invoices.standing": Standing,
    "database: customers.behavior": Behavior,
    "database: customers.tier": Tier,
    "database: contacts.role": Role,
    "database: outreach.stage": Stage,
    "database: tasks.kind": TaskKind,
    "database: journal.kind": EntryKind,
    "database: installation.mode": Mode,
    "database: reviews.body": Digest,
    "database: review_mails.state": MailState,
    "database: people.role": Access,
}
# JSON that is written for people to look at, and never read back into a value.
NEVER_READ = {"outreach.fence", "decision_records.facts", "incoming.headers"}

Shapes = dict[str, Any]
_OR = " or "


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened to the recorded shapes: ``damage`` makes old values unreadable, ``growth`` only waits to be recorded."""

    damage: tuple[str, ...]
    growth: tuple[str, ...]


def product() -> dict[str, Any]:
    """Every place where a value of ours is kept, and its type."""
    found: dict[str, Any] = {}
    for each in (InvoiceDunning, PaymentPlan, Upkeep, WeeklyReview, OwnerReview):
        described = workflow._Definition.must_from_class(each)
        found |= {f"workflow {described.name} takes {number}": kind for number, kind in enumerate(described.arg_types or [], 1)}
        found[f"workflow {described.name} gives"] = described.ret_type
        found |= {f"update {name} gives": update.ret_type for name, update in described.updates.items() if name}
        found |= {f"query {name} gives": query.ret_type for name, query in described.queries.items() if name}
    for port in (each for each in vars(ports).values() if isinstance(each, type)):
        for method in vars(port).values():
            if promised := activity._Definition.from_callable(method) if callable(method) else None:
                found |= {f"activity {promised.name} takes {number}": kind for number, kind in enumerate(promised.arg_types or [], 1)}
                found[f"activity {promised.name} gives"] = promised.ret_type
    return found | STORED


def shapes_of(places: Mapping[str, Any]) -> Shapes:
    """``places`` with their types spelt out, and the shape of each type that they lead to, by name."""
    types_found: Shapes = {}
    kept = {place: _OR.join(_spell(kind, types_found)) for place, kind in places.items()}
    return {"places": dict(sorted(kept.items())), "types": dict(sorted(types_found.items())), "search attributes": dict(contract.SEARCH_ATTRIBUTES)}


def _spell(kind: Any, found: Shapes) -> list[str]:
    """The alternatives of a type, in a fixed order; classes of ours go into ``found`` on the way."""
    if get_origin(kind) in (Union, types.UnionType):
        return sorted(name for part in get_args(kind) for name in _spell(part, found))
    if get_origin(kind) is Literal:
        return [f"the word {word}" for word in get_args(kind)]
    if get_origin(kind) in (tuple, frozenset, list, dict):
        inside = ", ".join("..." if part is Ellipsis else " | ".join(_spell(part, found)) for part in get_args(kind))
        return [f"{get_origin(kind).__name__}[{inside}]"]
    if is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, Enum)):
        _add(kind, found)
    return ["nothing" if kind in (None, type(None)) else kind.__name__]


def _add(kind: Any, found: Shapes) -> None:
    if kind.__name__ in found:
        return
    found[kind.__name__] = {}  # types may refer to one another
    if issubclass(kind, Enum):
        found[kind.__name__] = {"words": sorted(str(member.value) for member in kind)}
        return
    hints = get_type_hints(kind)
    found[kind.__name__] = {
        "fields": {
            each.name: {"type": _OR.join(_spell(hints[each.name], found)), "default": each.default is not MISSING or each.default_factory is not MISSING}
            for each in fields(kind)
        }
    }


def compare(recorded: Shapes, now: Shapes) -> Difference:
    """What ``now`` has lost or changed since it was ``recorded``, and what it has added; each with its remedy."""
    damage: list[str] = []
    growth: list[str] = []
    for place, kinds in recorded["places"].items():
        _compare_alternatives(place, kinds, now["places"].get(place), damage, growth)
    for name, shape in recorded["types"].items():
        if name not in now["types"]:
            damage.append(f"{name} is gone or was renamed. Bring it back: values of it were written, and it is by its shape that they are read.")
        elif "words" in shape:
            there = set(now["types"][name].get("words", ()))
            damage += [f"{name} has lost the word {word!r}. Bring it back, even if nothing uses it now." for word in shape["words"] if word not in there]
            growth += [f"{name} has a new word {word!r}." for word in sorted(there - set(shape["words"]))]
        else:
            _compare_fields(name, shape["fields"], now["types"][name].get("fields", {}), damage, growth)
    for attribute, kind in recorded["search attributes"].items():
        if now["search attributes"].get(attribute) != kind:
            damage.append(f"search attribute {attribute} was {kind}. Keep it so: the server of every installation knows it by that type.")
    for what in ("places", "types", "search attributes"):
        growth += [f"{name} is new." for name in now[what] if name not in recorded[what]]
    return Difference(tuple(damage), tuple(growth))


def _compare_fields(name: str, before: Shapes, after: Shapes, damage: list[str], growth: list[str]) -> None:
    for field, shape in before.items():
        if field not in after:
            damage.append(f"{name}.{field} is gone or was renamed. Bring it back; a better name is a new field beside it, with a default, and both are read.")
            continue
        _compare_alternatives(f"{name}.{field}", shape["type"], after[field]["type"], damage, growth)
        if shape["default"] and not after[field]["default"]:
            damage.append(f"{name}.{field} has lost its default. Give it back: values without it were written.")
    for field, shape in after.items():
        if field in before:
            continue
        if shape["default"]:
            growth.append(f"{name}.{field} is new.")
        else:
            damage.append(f"{name}.{field} is new and has no default. Give it one: values without it were written.")


def _compare_alternatives(where: str, was: str, is_now: str | None, damage: list[str], growth: list[str]) -> None:
    before, after = was.split(_OR), (is_now or "").split(_OR)
    if is_now is None:
        damage.append(f"{where} is gone or was renamed. Bring it back: runs that began before still come by it.")
    elif lost := [kind for kind in before if kind not in after]:
        remedy = f"Take {' and '.join(lost)} as before; what is new may stand beside it, in a union or in a new field"
        damage.append(f"{where} was {was} and is {is_now} now. {remedy}.")
    elif added := [kind for kind in after if kind not in before]:
        growth.append(f"{where} may now be {_OR.join(added)} too.")


def read_recorded() -> Shapes:
    recorded: Shapes = json.loads(RECORDED.read_text(encoding="utf-8"))
    return recorded


def main(words: list[str]) -> int:
    now = shapes_of(product())
    difference = compare(read_recorded(), now) if RECORDED.exists() else Difference((), ("everything is new.",))
    for line in (*difference.damage, *difference.growth):
        print(line)
    if difference.damage:
        print("\nNothing was recorded: what is recorded only ever grows.")
        return 1
    if "--write" in words and difference.growth:
        RECORDED.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"Recorded in {RECORDED.name}.")
        return 0
    return int(bool(difference.growth))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
