"""Reading policy files: YAML into the domain's own values, with every fault named by file, line and remedy."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import yaml

T = TypeVar("T")
Place = tuple[str | int, ...]

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,11})\.[0-9]{1,4}")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_STORED_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_LONGEST_INTEGER = 9
_LARGEST = 1_000_000  # characters; a policy is a page or two
_DEEPEST = 20
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_ABSENT = object()
_LAX = re.compile("[\t?!\ufeff]")  # what libyaml takes where PyYAML's own reader does not
# Ten times as quick, and everything that starts reads a hundred wordings; not every build of PyYAML has it.
_FAST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a file; ``what`` ends with the remedy. Lines and columns count from 1; column 0 is the whole line."""

    file: str
    line: int
    what: str
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{f'{self.column}:' if self.column else ''} {self.what}"


class UnableToLoad(ValueError):
    """A playbook or wording that cannot be used. ``faults`` holds every fault found; the message has one line for each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Wording:
    """What one message says: Jinja templates, the body's in Markdown. ``name`` is ``<language>/<say>.<channel>``.

    ``first_line`` is the line of the file on which the body starts.
    """

    name: str
    subject: str
    body: str
    preview: str = ""
    first_line: int = 1

    @property
    def language(self) -> str:
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    subject: str
    preview: str = ""


@lru_cache(maxsize=1024)  # the texts of a playbook in every language are read again whenever anything asks for its hash
def parse_wording(name: str, text: str, file: str) -> Wording:
    """A wording file's text: front matter between two ``---`` lines, then the body. Raises UnableToLoad."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---" or "---" not in (line.strip() for line in lines[1:]):
        raise UnableToLoad([Fault(file, 1, 'has no front matter; start it with a line ---, then subject: "{{ stem }}", then a line ---')])
    for number, line in enumerate(lines, 1):
        if _PRIVATE.search(line):
            raise UnableToLoad([Fault(file, number, "holds a private-use character, which readers cannot see; remove it")])
    end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == "---")
    front = read_yaml("\n".join(["", *lines[1:end]]), file).read_as(_FrontMatter)
    start = next((number for number, line in enumerate(lines[end + 1 :], end + 1) if line.strip()), len(lines))
    body = "\n".join(line.rstrip() for line in lines[start:]).strip()
    if not body:
        raise UnableToLoad([Fault(file, end + 1, "has no text after its front matter; write what the message says")])
    return Wording(name=name, subject=front.subject, body=body, preview=front.preview, first_line=start + 1)


def read_yaml(text: str, file: str) -> Source:
    """The values written in a YAML text, with their lines. Raises UnableToLoad where it is not YAML at all."""
    text = text.removeprefix("\ufeff")
    if len(text) > _LARGEST:
        raise UnableToLoad([Fault(file, 1, f"is {len(text):,} characters long, and {_LARGEST:,} is the most; name the file you meant")])
    try:
        root = _compose(text, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        remedy = "use spaces instead of tabs" if "'\\t'" in str(error.problem) else "check indentation, colons and quotes there"
        raise UnableToLoad([Fault(file, line, f"is not YAML ({error.problem or error.context}); {remedy}", column)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise UnableToLoad([Fault(file, line, "holds a control character, which YAML does not allow; remove it", column)]) from None
    source = Source({}, file)
    if root is not None:
        source.values = source.read_node(root, ())
    return source


def _compose(text: str, file: str) -> yaml.Node | None:
    """The nodes of a YAML text, read by libyaml where it is there. What that refuses, or might let pass, PyYAML's own reader reads, so
    that a fault is the same everywhere."""
    if _FAST is not yaml.SafeLoader and not _LAX.search(text):
        with suppress(yaml.YAMLError, UnableToLoad):
            return _compose_by(_FAST, text, file)
    return _compose_by(yaml.SafeLoader, text, file)


def _compose_by(loader: type[yaml.SafeLoader], text: str, file: str) -> yaml.Node | None:
    if shortcuts := list(_shortcuts(text, file, loader)):
        raise UnableToLoad(shortcuts)
    return yaml.compose(text, Loader=loader)


def _shortcuts(text: str, file: str, loader: type[yaml.SafeLoader]) -> Iterator[Fault]:
    """What makes a small file mean a large one, or one line depend on another: blocks that are named and repeated, and depth."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        if isinstance(event, yaml.AliasEvent):
            yield Fault(file, line, f"repeats a block by *{event.anchor}; write it out", column)
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            yield Fault(file, line, f"names a block by &{event.anchor}; remove the name, and write the block out wherever it is needed", column)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            yield Fault(file, line, f"nests more than {_DEEPEST} blocks or brackets in one another; remove the surplus ones", column)
            return


class Source:
    """Plain values (dict, list, str, int, bool, date) and where in ``file`` each stands; faults gather here."""

    def __init__(self, values: Any, file: str) -> None:
        self.values = values
        self.file = file
        self.marks: dict[Place, tuple[int, int]] = {}  # line and column
        self.faults: list[Fault] = []

    def find_fault(self, path: Place, what: str) -> None:
        """Note a fault at ``path``, or at the nearest thing around it that has a line."""
        near = path
        while near and near not in self.marks:
            near = near[:-1]
        line, column = self.marks.get(near, (1, 0))
        self.faults.append(Fault(self.file, line, what, column))

    def refuse_faults(self) -> None:
        if self.faults:
            raise UnableToLoad(self.faults)

    def read_as(self, kind: type[T], *, ours: frozenset[str] = frozenset()) -> T:
        """The whole as a ``kind`` (a dataclass); keys named in ``ours`` may not be written. Raises UnableToLoad."""
        value = convert(kind, self.values, (), self, ours)
        self.refuse_faults()
        return cast(T, value)

    def read_node(self, node: yaml.Node, path: Place) -> Any:
        self.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.read_node(item, (*path, number)) for number, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self.find_fault(path, f"{_label(path)} carries the tag {node.tag}; remove it")
        return _ABSENT

    def _mapping(self, node: yaml.MappingNode, path: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if key.tag != "tag:yaml.org,2002:str":
                written = key.value if isinstance(key, yaml.ScalarNode) else "a block"
                self.faults.append(Fault(self.file, line, f"key {written!r} is not read as a word by YAML; use a plain word as key", column))
            elif key.value in found:
                before, _ = self.marks[*path, key.value]
                self.faults.append(Fault(self.file, line, f"key {key.value!r} stands twice (first on line {before}); remove one", column))
            else:
                self.marks[*path, key.value] = (line, column)
                found[key.value] = self.read_node(item, (*path, key.value))
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Place) -> Any:
        text, tag, label = node.value, node.tag.removeprefix("tag:yaml.org,2002:"), _label(path)
        if tag == "str":
            return text
        if tag == "bool" and text in {"true", "false"}:
            return text == "true"
        if tag == "bool":
            self.find_fault(path, f"{label}: YAML reads {text} as true or false; write true or false, or put it in quotes if you mean the word")
        elif tag == "null":
            self.find_fault(path, f"{label} has no value; fill it in or remove the line")
        elif tag == "int" and _INTEGER.fullmatch(text) and len(text) <= _LONGEST_INTEGER:
            return int(text)
        elif tag == "float" and _DECIMAL.fullmatch(text):
            return Decimal(text)
        elif tag == "timestamp" and _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self.find_fault(path, f"{label}: {text} is no day of the calendar; write for example 2027-06-30")
        elif tag in {"int", "float"}:
            number = "is not a plain number: write a whole one such as 14, or an amount such as 5000.00"
            self.find_fault(path, f"{label}: {text} {number}; put it in quotes if you mean text")
        else:
            self.find_fault(path, f"{label}: YAML reads {text} as a {tag}; put it in quotes")
        return _ABSENT


def convert(kind: Any, value: Any, path: Place, source: Source, ours: frozenset[str] = frozenset()) -> Any:
    """``value`` as a ``kind``: a dataclass, enum, tuple, str, int or bool. What does not fit is noted in ``source.faults``."""
    if value is _ABSENT:
        return _ABSENT
    if get_origin(kind) in (Union, types.UnionType):
        return convert(next(each for each in get_args(kind) if each is not type(None)), value, path, source)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind)[0], value, path, source)
    if is_dataclass(kind):
        return _dataclass(cast("type[Any]", kind), value, path, source, ours)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind, value, path, source)
    if kind is Decimal:
        return _decimal(value, path, source)
    if kind is date:
        return _date(value, path, source)
    if kind is int and isinstance(value, Decimal | date):
        source.find_fault(path, f"{_label(path)}: {value} is not a plain whole number; write for example 14")
        return _ABSENT
    if type(value) is not kind:
        wanted = {str: "text; put it in quotes", int: "a whole number, for example 14", bool: "true or false"}[kind]
        source.find_fault(path, f"{_label(path)} must be {wanted}")
        return _ABSENT
    return value


def _decimal(value: Any, path: Place, source: Source) -> Any:
    if isinstance(value, Decimal) or type(value) is int or (isinstance(value, str) and _STORED_DECIMAL.fullmatch(value)):
        return Decimal(value)
    source.find_fault(path, f"{_label(path)} must be an amount, for example 5000.00")
    return _ABSENT


def _date(value: Any, path: Place, source: Source) -> Any:
    if type(value) is date:
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    source.find_fault(path, f"{_label(path)} must be a day, for example 2027-06-30")
    return _ABSENT


def _tuple(kind: Any, value: Any, path: Place, source: Source) -> Any:
    if not isinstance(value, list):
        source.find_fault(path, f"{_label(path)} must be a list; write it in brackets, for example [email], or as lines that start with a dash")
        return _ABSENT
    items = [convert(kind, item, (*path, number), source) for number, item in enumerate(value)]
    return _ABSENT if _ABSENT in items else tuple(items)


def _enum(kind: type[Enum], value: Any, path: Place, source: Source) -> Any:
    for member in kind:
        if value == member.value:
            return member
    choices = [str(member.value) for member in kind]
    source.find_fault(path, f"{_label(path)} cannot be {value!r}; {_suggestion(str(value), choices)}")
    return _ABSENT


def _dataclass(kind: type[Any], value: Any, path: Place, source: Source, ours: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        source.find_fault(path, f"{_label(path)} must be a block of keys and values such as name: standard")
        return _ABSENT
    hints, known = get_type_hints(kind), [field.name for field in fields(kind) if field.name not in ours]
    for key in value.keys() - set(known):
        source.find_fault((*path, key), f"key {key!r} is unknown here; {_suggestion(key, known)}")
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in known:
            continue
        if field.name in value:
            found[field.name] = convert(hints[field.name], value[field.name], (*path, field.name), source)
        elif field.default is MISSING and field.default_factory is MISSING:
            source.find_fault(path, f"{_label(path)} has no {field.name!r}; add it")
            found[field.name] = _ABSENT
    if any(item is _ABSENT for item in found.values()):
        return _ABSENT
    try:
        return kind(**found)
    except ValueError as error:
        source.find_fault(_place_of(str(error), value, path), str(error))
        return _ABSENT


def _place_of(message: str, value: dict[str, Any], path: Place) -> Place:
    """Where in the file a contradiction told by the domain stands: at the step and key that its message names."""
    for key, items in value.items():
        if isinstance(items, list):
            # Backwards, because of two steps with one name the second is at fault.
            for number, item in reversed(list(enumerate(items))):
                if isinstance(item, dict) and "name" in item and f"step {item['name']}:" in message:
                    return _key_in(message.partition(f"step {item['name']}:")[2], item, (*path, key, number))
    return _key_in(message, value, path)


def _key_in(message: str, value: dict[str, Any], path: Place) -> Place:
    return next(((*path, key) for key in value if re.search(rf"\b{key}\b", message) and key != "name"), path)


def _label(path: Place) -> str:
    """A place in the reader's words: ``step 3: day``."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int) and words:
            words[-1] = f"{words[-1].removesuffix('s')} {part + 1}"
        else:
            words.append(str(part))
    return ": ".join(words) or "the file"


def _suggestion(wrong: str, choices: list[str]) -> str:
    close = get_close_matches(wrong, choices, n=1)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(choices)}"
