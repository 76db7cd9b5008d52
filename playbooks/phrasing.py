"""Whether the words of a speaking model are spoken on the phone. Pure, and the other way round from a filter: a line is spoken only
when it is our own texts in their order, each letter by letter or in a form that we know with exactly the facts of the call, and
before each at most a few idioms that say nothing about the matter. For whatever else it says, our own texts are spoken.

The forms and idioms of each language stand in ``wording/<language>/speaking.yaml``. A text without a form is never worded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.conversation import Act, Sheet, State
from playbooks import dialogue
from playbooks.proving import threats_in
from playbooks.reading import Fault, UnableToLoad, read_yaml

_WORDING = Path(__file__).parent / "wording"
_FACT = re.compile(r"\{([a-z_]+)\}")
_MOST_IDIOMS = 2
# So much longer than ours a line may be.
_LONGER = 160


@dataclass(frozen=True, slots=True)
class _Ways:
    idioms: tuple[str, ...]
    forms: Mapping[str, tuple[str, ...]]


def may_word(names: Sequence[str], sheet: Sheet, state: State) -> bool:
    """Whether a model is asked to word these texts at all: questions to the right person, of which we know other forms."""
    return state.act is Act.ASK and state.reached and any(name in _ways(sheet.language).forms for name in names)


def forms(names: Sequence[str], language: str) -> dict[str, tuple[str, ...]]:
    """Other forms of each of these texts, with the names of facts in braces. Raises UnableToLoad."""
    return {name: _ways(language).forms.get(name, ()) for name in names}


def idioms(language: str) -> tuple[str, ...]:
    """What may be said before a text. Raises UnableToLoad."""
    return _ways(language).idioms


def judge(said: str, names: Sequence[str], sheet: Sheet, state: State) -> str:
    """Why ``said`` may not be spoken in place of these texts; empty when it may. Raises UnableToLoad."""
    if not may_word(names, sheet, state):
        return "our own words alone are spoken here"
    ours = [flatten(dialogue.speak(name, sheet, state)) for name in names]
    whole = " ".join(ours)
    if len(said) > len(whole) + _LONGER:
        return f"has {len(said)} characters; {len(whole) + _LONGER} are taken"
    idiom = rf"(?:(?i:{'|'.join(idioms(sheet.language))})[.!,] )"
    known, others = dialogue.facts(sheet, state), forms(names, sheet.language)
    ways = [f"(?:{'|'.join((re.escape(own), *(_put_in(form, known) for form in others[name])))})" for name, own in zip(names, ours, strict=True)]
    if not re.fullmatch(" ".join(f"{idiom}{{0,{_MOST_IDIOMS}}}{way}" for way in ways), said):
        return "says something else than our own words, in a form that is not known"
    if threat := threats_in(said, sheet.language):
        return f"says {threat!r}, which announces something worse" if not threats_in(whole, sheet.language) else ""
    return ""


def flatten(text: str) -> str:
    """``text`` on one line, with single spaces: as ``judge`` takes it, and as it is spoken."""
    return " ".join(text.split())


def _put_in(form: str, known: Mapping[str, str]) -> str:
    return f"(?i:{_FACT.sub(lambda found: f'(?-i:{re.escape(flatten(known[found[1]]))})', form)})"


@cache
def _ways(language: str) -> _Ways:
    name = f"playbooks/wording/{language}/speaking.yaml"
    source = read_yaml((_WORDING / language / "speaking.yaml").read_text("utf-8"), name)
    source.refuse_faults()
    try:
        ways = _Ways(tuple(source.values["idioms"]), {text: tuple(forms) for text, forms in source.values["forms"].items()})
        for form in (*ways.idioms, *(form for forms in ways.forms.values() for form in forms)):
            re.compile(_FACT.sub("", form))
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise UnableToLoad([Fault(name, 1, f"is no list of idioms and forms: {error}; write idioms: [...] and forms: {{text: [...]}}")]) from None
    return ways
