"""What differs between two editions of a policy: in words for its rules, line by line for its texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import unified_diff
from enum import Enum
from typing import Any

from domain.playbook import Playbook, Step
from playbooks.reading import Wording


@dataclass(frozen=True, slots=True)
class Edition:
    """A playbook with everything it says, by wording key."""

    playbook: Playbook
    wording: dict[str, Wording]


@dataclass(frozen=True, slots=True)
class Difference:
    """``policy`` has a sentence for each change of the rules, ``texts`` the changed lines of each text, by its key."""

    policy: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]


def compare(old: Edition, new: Edition) -> Difference:
    texts = []
    for key in sorted(old.wording.keys() | new.wording.keys()):
        before, after = _text(old.wording.get(key)), _text(new.wording.get(key))
        if before != after:
            texts.append((key, diff_lines(before, after)))
    return Difference((*_rules(old.playbook, new.playbook, ""), *_steps(old.playbook, new.playbook)), tuple(texts))


def diff_lines(before: str, after: str) -> str:
    """The lines that differ, each with a minus or a plus before it, and two lines around them."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("--- ", "+++ ")))


def _rules(old: Any, new: Any, within: str) -> Iterator[str]:
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        label = f"{within}{field.name.replace('_', ' ')}"
        if field.name in {"steps", "hash"} or before == after:
            continue
        if is_dataclass(before) and is_dataclass(after):
            yield from _rules(before, after, f"{label}: ")
        else:
            yield f"{label}: {_shown(before)} -> {_shown(after)}"


def _steps(old: Playbook, new: Playbook) -> Iterator[str]:
    before = {step.name: step for step in old.steps}
    after = {step.name: step for step in new.steps}
    for name, step in before.items():
        if name not in after:
            yield f"{step.title}: removed (was {_place(step)})"
    for name, step in after.items():
        if name not in before:
            yield f"{step.title}: new ({_place(step)})"
        else:
            yield from _rules(before[name], step, f"{step.title}: ")
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"the order of the steps: {', '.join(kept)} -> {', '.join(name for name in after if name in before)}"


def _place(step: Step) -> str:
    day = f"business day {step.business_day}" if step.business_day is not None else f"day {step.day}"
    return f"{day}, {step.do.value.replace('_', ' ')} by {', '.join(step.by)}"


def _text(wording: Wording | None) -> str:
    if wording is None:
        return ""
    preview = f"preview: {wording.preview}\n" if wording.preview else ""
    return f"subject: {wording.subject}\n{preview}\n{wording.body}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value)) or "nothing"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value in (None, "") else str(value)
