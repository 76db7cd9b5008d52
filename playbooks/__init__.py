"""Policy as data: one YAML file for each playbook, and the wording it uses beside it.

A playbook is pinned by the hash of its resolved text, which holds the policy and every wording it uses. That text is
stored once and read back by ``from_resolved`` and ``wording_of``, so that editing a file changes nothing that runs.

A business keeps what it writes itself in a folder of its own, ``own``, laid out like this one: a file there goes before the
shipped one of that name, and no upgrade touches it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain.owed import WAYS, AnswerKind
from domain.playbook import Playbook, Step
from playbooks.contradictions import contradictions
from playbooks.language import languages
from playbooks.language import phrases as phrases_of
from playbooks.reading import Fault, Source, UnableToLoad, Wording, parse_wording, read_yaml

__all__ = [
    "Fault",
    "UnableToLoad",
    "Wording",
    "add_portal",
    "check",
    "find",
    "from_resolved",
    "load",
    "load_file",
    "names",
    "parse",
    "parse_wording",
    "resolve",
    "wording_key",
    "wording_of",
    "wording_texts",
]

SHIPPED = Path(__file__).parent
_MAIL, _PORTAL = ".email", ".portal"
_LARGEST = 1_000_000  # bytes
_OURS = frozenset({"hash", "says"})
# What is said besides the steps, where there are words for it.
_ANSWERS = frozenset(f"{what.value}.{channel}" for what in AnswerKind for channel in WAYS[what])


def names(own: Path | None = None) -> tuple[str, ...]:
    """The playbooks there are."""
    return tuple(sorted({path.stem for folder in (SHIPPED, own) if folder for path in folder.glob("*.yaml")}))


def load(name: str, own: Path | None = None) -> Playbook:
    """The playbook of that name as its files stand now, with its hash. Raises UnableToLoad with every fault found."""
    if name not in names(own):
        raise UnableToLoad([Fault(f"playbooks/{name}.yaml", 1, f"does not exist; choose from {', '.join(names(own))}, or add the file")])
    return load_file(find(f"{name}.yaml", own), own)


def load_file(path: Path, own: Path | None = None) -> Playbook:
    """The playbook in this file, with its hash. Raises UnableToLoad with every fault found, OSError when it cannot be read."""
    playbook = parse(_text_of(path), _shown(path))
    return replace(playbook, hash=_hash(resolve(playbook, own)), says=_answers_in(wording_texts(playbook, own)))


def find(file: str, own: Path | None = None) -> Path:
    """The file of a playbook or wording, by its path within the folder: the business's own, or else the shipped one."""
    return own / file if own and (own / file).is_file() else SHIPPED / file


def parse(text: str, file: str) -> Playbook:
    """The playbook written in ``text``, without its wording and so without a hash.

    ``file`` is named in faults; its stem must be the playbook's name. Raises UnableToLoad with every fault found.
    """
    source = read_yaml(text, file)
    playbook = source.read_as(Playbook, ours=_OURS)
    for path, what in contradictions(playbook, Path(file).stem):
        source.find_fault(path, what)
    source.refuse_faults()
    return playbook


def resolve(playbook: Playbook, own: Path | None = None) -> str:
    """The canonical text of everything that decides what this playbook does and says; its SHA-256 is the hash.

    Raises UnableToLoad when a wording is missing or cannot be read.
    """
    policy = asdict(playbook, dict_factory=lambda pairs: {key: value for key, value in pairs if value is not None and key not in _OURS})
    wording = _spell(wording_texts(playbook, own))
    others = {language: _spell(found) for language in languages() if language != playbook.language and (found := wording_texts(playbook, own, language))}
    whole = {"playbook": policy, "wording": wording, **({"wording_in": others} if others else {})}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _spell(found: dict[str, Wording]) -> dict[str, dict[str, str]]:
    return {key: {"subject": text.subject, "preview": text.preview, "body": text.body} for key, text in found.items()}


def from_resolved(text: str) -> Playbook:
    """The playbook of a stored resolved text, whatever its files say today. Raises UnableToLoad."""
    stored = _stored(text)
    playbook = Source(stored["playbook"], "stored playbook").read_as(Playbook, ours=_OURS)
    return replace(playbook, hash=_hash(text), says=_answers_in(stored["wording"]))


def wording_of(text: str, language: str = "") -> dict[str, Wording]:
    """The wording of a stored resolved text, by ``wording_key``: in ``language`` (two letters) where it has that, else in the
    playbook's own. Raises UnableToLoad."""
    stored = _stored(text)
    own = stored["playbook"]["language"]
    spoken = stored.get("wording_in", {}).get(language, {})
    return {
        key: Wording(name=f"{tongue}/{key}", subject=parts["subject"], body=parts["body"], preview=parts.get("preview", ""))
        for tongue, texts in ((own, stored["wording"]), (language, spoken))
        for key, parts in texts.items()
    }


def add_portal(found: dict[str, Wording]) -> dict[str, Wording]:
    """``found`` with a text for the customer's page wherever there is one for an e-mail: its own, or else what the e-mail says."""
    return {**{key.replace(_MAIL, _PORTAL): _for_portal(text) for key, text in found.items() if key.endswith(_MAIL)}, **found}


def _for_portal(mail: Wording) -> Wording:
    words = phrases_of(mail.language)
    body = re.sub(re.escape(words.this_mail).replace(r"\ ", r"\s+"), words.this_message, mail.body)
    return replace(mail, name=mail.name.replace(_MAIL, _PORTAL), body=body)


def wording_key(step: Step, channel: str) -> str:
    """Under which key ``wording_of`` holds what ``step`` says by ``channel``."""
    return f"{step.say}.{channel}"


def check(playbook: Playbook, own: Path | None = None) -> None:
    """Prove that every step's wording exists and can be written in every situation. Raises UnableToLoad."""
    faults = []
    texts = [text for language in dict.fromkeys((playbook.language, *languages())) for text in wording_texts(playbook, own, language).values()]
    for wording in texts:
        if found := _first_fault(wording):
            faults.append(Fault(_shown(find(f"wording/{wording.name}.md", own)), *found))
    if faults:
        raise UnableToLoad(faults)


@lru_cache(maxsize=2048)  # many situations, each with a page around it: a text that has not changed is not proven again
def _first_fault(wording: Wording) -> tuple[int, str] | None:
    """The line of the first thing in ``wording`` that cannot be written in some situation, and what is wrong with it."""
    from playbooks.samples import SHEETS
    from playbooks.wording import UnableToRender, render, render_text

    for sheet in SHEETS:
        try:
            (render if wording.name.endswith(".email") else render_text)(wording, sheet)
        except UnableToRender as error:
            return error.line, error.what
    return None


def wording_texts(playbook: Playbook, own: Path | None = None, language: str = "") -> dict[str, Wording]:
    """What the playbook says, by ``wording_key``, in ``language`` or else in its own. Raises UnableToLoad when a wording cannot be
    read, or a step's is missing in its own language; where another language lacks one, the playbook's own is used for that message, and
    on the customer's page the text of the e-mail where it has none of its own.
    A message that answers is left to people where it has no words."""
    steps = (*playbook.steps, playbook.afterwards.step(1))
    found, faults = {}, []
    for key in sorted({wording_key(step, channel) for step in steps for channel in step.by} | _ANSWERS):
        name = f"{language or playbook.language}/{key}"
        path = find(f"wording/{name}.md", own)
        mail = find(f"wording/{name.removesuffix(_PORTAL)}{_MAIL}.md", own)
        if not path.is_file() and key.endswith(_PORTAL) and mail.is_file():
            path = mail
        if not path.is_file():
            if key in _ANSWERS or language not in ("", playbook.language):
                continue
            users = ", ".join(step.name for step in steps if key in {wording_key(step, channel) for channel in step.by})
            faults.append(Fault(_shown(path), 1, f"does not exist, but {users} of playbook {playbook.name} says it; write it or correct say and by"))
            continue
        try:
            text = parse_wording(name, _text_of(path), _shown(path))
            found[key] = _for_portal(text) if path == mail else text
        except UnableToLoad as error:
            faults += error.faults
    if faults:
        raise UnableToLoad(faults)
    return found


def _answers_in(wording: Iterable[str]) -> tuple[str, ...]:
    """Those of these wording keys that are for messages that answer."""
    return tuple(sorted(_ANSWERS.intersection(wording)))


def _shown(path: Path) -> str:
    """A file as faults name it: one of ours by its place among the playbooks."""
    return f"playbooks/{path.relative_to(SHIPPED).as_posix()}" if path.is_relative_to(SHIPPED) else str(path)


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnableToLoad([Fault(_shown(path), 1, f"is larger than {_LARGEST:,} bytes, which no playbook is; name the file you meant")])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnableToLoad([Fault(_shown(path), line, "is not UTF-8 text; save the file as UTF-8")]) from None


def _stored(text: str) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(text)
        stored["playbook"]["language"], stored["wording"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UnableToLoad([Fault("stored playbook", 1, "is not a resolved playbook; restore it from a backup")]) from None
    return stored


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
