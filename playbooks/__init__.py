"""Policy as data: one YAML file for each playbook, and the wording it uses beside it.

A playbook is pinned by the hash of its resolved text, which holds the policy and every wording it uses. That text is
stored once and read back by ``from_resolved`` and ``wording_of``, so that editing a file changes nothing that runs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from domain.playbook import Playbook, Step
from playbooks.reading import Fault, Place, Source, UnableToLoad, Wording, parse_wording, read_yaml

__all__ = ["Fault", "UnableToLoad", "Wording", "check", "from_resolved", "load", "names", "parse", "parse_wording", "resolve", "wording_key", "wording_of"]

_HERE = Path(__file__).parent
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_EARLIEST, _LATEST = -365, 3650
_OURS = frozenset({"hash"})


def names() -> tuple[str, ...]:
    """The playbooks there are."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


def load(name: str) -> Playbook:
    """The playbook of that name as its files stand now, with its hash. Raises UnableToLoad with every fault found."""
    path = _HERE / f"{name}.yaml"
    if name not in names():
        raise UnableToLoad([Fault(f"playbooks/{name}.yaml", 1, f"does not exist; choose from {', '.join(names())}, or add the file")])
    playbook = parse(_text_of(path), f"playbooks/{path.name}")
    return replace(playbook, hash=_hash(resolve(playbook)))


def parse(text: str, file: str) -> Playbook:
    """The playbook written in ``text``, without its wording and so without a hash.

    ``file`` is named in faults; its stem must be the playbook's name. Raises UnableToLoad with every fault found.
    """
    source = read_yaml(text, file)
    playbook = source.read_as(Playbook, ours=_OURS)
    for path, what in _contradictions(playbook, Path(file).stem):
        source.find_fault(path, what)
    source.refuse_faults()
    return playbook


def resolve(playbook: Playbook) -> str:
    """The canonical text of everything that decides what this playbook does and says; its SHA-256 is the hash.

    Raises UnableToLoad when a wording is missing or cannot be read.
    """
    policy = asdict(playbook, dict_factory=lambda pairs: {key: value for key, value in pairs if value is not None and key not in _OURS})
    wording = {key: {"subject": text.subject, "preview": text.preview, "body": text.body} for key, text in _wordings(playbook).items()}
    return json.dumps({"playbook": policy, "wording": wording}, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def from_resolved(text: str) -> Playbook:
    """The playbook of a stored resolved text, whatever its files say today. Raises UnableToLoad."""
    return replace(Source(_stored(text)["playbook"], "stored playbook").read_as(Playbook, ours=_OURS), hash=_hash(text))


def wording_of(text: str) -> dict[str, Wording]:
    """The wording of a stored resolved text, by ``wording_key``. Raises UnableToLoad."""
    stored = _stored(text)
    language = stored["playbook"]["language"]
    return {
        key: Wording(name=f"{language}/{key}", subject=parts["subject"], body=parts["body"], preview=parts.get("preview", ""))
        for key, parts in stored["wording"].items()
    }


def wording_key(step: Step, channel: str) -> str:
    """Under which key ``wording_of`` holds what ``step`` says by ``channel``."""
    return f"{step.say}.{channel}"


def check(playbook: Playbook) -> None:
    """Prove that every step's wording exists and can be written in every situation. Raises UnableToLoad."""
    from playbooks.samples import SHEETS
    from playbooks.wording import UnableToRender, render, render_text

    faults = []
    for wording in _wordings(playbook).values():
        for sheet in SHEETS:
            try:
                (render if wording.name.endswith(".email") else render_text)(wording, sheet)
            except UnableToRender as error:
                faults.append(Fault(_wording_file(wording.name), error.line, error.what))
                break
    if faults:
        raise UnableToLoad(faults)


def _contradictions(playbook: Playbook, stem: str) -> Iterator[tuple[Place, str]]:
    """What the domain would accept, but no reader can mean."""
    if playbook.name != stem:
        yield ("name",), f"name is {playbook.name!r} but the file is {stem}.yaml; give both the same name"
    if not _LANGUAGE.fullmatch(playbook.language):
        yield ("language",), f"language {playbook.language!r} is not a two-letter code; write for example en"
    if not playbook.title.strip():
        yield ("title",), "title is empty; say what the playbook is called on screens"
    speakers: list[tuple[Place, str, str, tuple[str, ...]]] = [(("afterwards",), "afterwards", playbook.afterwards.say, playbook.afterwards.by)]
    speakers += [(("steps", number), step.name, step.say, step.by) for number, step in enumerate(playbook.steps)]
    for path, name, say, by in speakers:
        for key, word in (("name", name), ("say", say), *(("by", channel) for channel in by)):
            if not _SLUG.fullmatch(word):
                yield (*path, key), f"{key} {word!r} must be small letters, digits and single dashes, for example first-reminder"
        if len(set(by)) != len(by) or not by:
            yield (*path, "by"), "by must name each channel once, for example [email]"
    limits: list[tuple[Place, int]] = [(("gap_days",), playbook.gap_days), (("bundle_days",), playbook.bundle_days)]
    limits += [(("courtesy_gap_days",), playbook.courtesy_gap_days), (("afterwards", "every_days"), playbook.afterwards.every_days)]
    for path, days in limits:
        if not 0 <= days <= -_EARLIEST:
            yield path, f"{path[-1]} is {days}; use a number of days from 0 to {-_EARLIEST}"
    latest: dict[str, tuple[int, str]] = {}
    for number, step in enumerate(playbook.steps):
        for path, what in _step_contradictions(step, latest):
            yield ("steps", number, *path), what


def _step_contradictions(step: Step, latest: dict[str, tuple[int, str]]) -> Iterator[tuple[Place, str]]:
    for key, days in (("day", step.day), ("business_day", step.business_day), ("until_day", step.until_day)):
        if days is None:
            continue
        if not _EARLIEST <= days <= _LATEST:
            yield (key,), f"{key} is {days}; use a number of days from {_EARLIEST} to {_LATEST}"
        if key == "until_day":
            if days < (step.day if step.day is not None else step.business_day or 0):
                yield (key,), f"until_day {days} comes before the step's own day; move it later or remove it"
        elif key in latest and days < latest[key][0]:
            yield (key,), f"{key} {days} is before {latest[key][0]} of step {latest[key][1]}; put the steps in the order of their days"
        else:
            latest[key] = (days, step.name)
    if not 0 <= step.notice_days <= -_EARLIEST:
        yield ("notice_days",), f"notice_days is {step.notice_days}; use a number of days from 0 to {-_EARLIEST}"
    elif step.notice_days and not step.severe:
        yield ("notice_days",), "notice_days has no effect on a step that is not severe; add severe: true or remove it"


def _wordings(playbook: Playbook) -> dict[str, Wording]:
    steps = (*playbook.steps, playbook.afterwards.step(1))
    found, faults = {}, []
    for key in sorted({wording_key(step, channel) for step in steps for channel in step.by}):
        name = f"{playbook.language}/{key}"
        path = _HERE / "wording" / f"{name}.md"
        if not path.is_file():
            users = ", ".join(step.name for step in steps if key in {wording_key(step, channel) for channel in step.by})
            faults.append(Fault(_wording_file(name), 1, f"does not exist, but {users} of playbook {playbook.name} says it; write it or correct say and by"))
            continue
        try:
            found[key] = parse_wording(name, _text_of(path), _wording_file(name))
        except UnableToLoad as error:
            faults += error.faults
    if faults:
        raise UnableToLoad(faults)
    return found


def _wording_file(name: str) -> str:
    return f"playbooks/wording/{name}.md"


def _text_of(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnableToLoad([Fault(f"playbooks/{path.relative_to(_HERE)}", line, "is not UTF-8 text; save the file as UTF-8")]) from None


def _stored(text: str) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(text)
        stored["playbook"]["language"], stored["wording"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UnableToLoad([Fault("stored playbook", 1, "is not a resolved playbook; restore it from a backup")]) from None
    return stored


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
