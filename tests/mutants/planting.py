"""Mutants of the product: what each one damages, and how the damage is done to a copy of the tree.

A mutant is a patch in ``patches/``. Its first lines say what a developer might have done and which tests must notice::

    Story: The key that forbids a second message for a step is dropped.
    Tests: tests/activities/test_deliver.py::test_the_unique_key_forbids_a_second_claim_of_the_same_attempt[sqlite]
    --- a/db/schema.py
    +++ b/db/schema.py
    @@ -203,3 +203,2 @@
    ...

A patch is applied as strictly as can be: the lines that a hunk is about must stand in the file exactly once.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).resolve().parent / "patches"


class UnableToRead(ValueError):
    """A patch that is not in the agreed form; the message names the file and what is missing."""


class UnableToPlant(Exception):
    """The code that a mutant damages is not there any more, or stands there twice; the message names the mutant."""


class UnableToCopy(Exception):
    """The tree cannot be listed."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Whole lines ``before`` of ``file`` (a path from the root) that become ``after``."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """Damage that somebody might do (``story``), and the pytest ids of the tests of which one at least must fail then."""

    name: str
    story: str
    tests: tuple[str, ...]
    hunks: tuple[Hunk, ...]


def load_mutants(folder: Path = PATCHES) -> tuple[Mutant, ...]:
    """Every mutant, by name. Raises UnableToRead."""
    return tuple(_load(file) for file in sorted(folder.glob("*.patch")))


def _load(file: Path) -> Mutant:
    head, begins, body = file.read_text(encoding="utf-8").partition("--- a/")
    story = [line.removeprefix("Story: ") for line in head.splitlines() if line.startswith("Story: ")]
    tests = tuple(line.removeprefix("Tests: ") for line in head.splitlines() if line.startswith("Tests: "))
    hunks = tuple(_hunks(begins + body))
    for missing, what in ((len(story) != 1, "one line Story:"), (not tests, "a line Tests:"), (not hunks, "a hunk that changes something")):
        if missing:
            raise UnableToRead(f"{file.name} needs {what}")
    return Mutant(file.stem, story[0], tests, hunks)


def _hunks(diff: str) -> Iterator[Hunk]:
    for part in re.split(r"^--- a/", diff, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        for hunk in re.split(r"^@@ .*@@.*\n", rest, flags=re.MULTILINE)[1:]:
            # An editor may have taken the space off an empty line.
            lines = [" \n" if line == "\n" else line for line in hunk.splitlines(keepends=True)]
            before, after = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
            if before != after:
                yield Hunk(name, before, after)


def plant(mutant: Mutant, tree: Path) -> None:
    """Damage the files below ``tree``. Raises UnableToPlant, and changes nothing then."""
    for file, text in damage(mutant, tree).items():
        (tree / file).write_text(text, encoding="utf-8")


def damage(mutant: Mutant, tree: Path) -> dict[str, str]:
    """The damaged files and their new text. Raises UnableToPlant."""
    changed: dict[str, str] = {}
    for hunk in mutant.hunks:
        path = tree / hunk.file
        text = changed.get(hunk.file) or (path.read_text(encoding="utf-8") if path.exists() else "")
        places = [found.start() for found in re.finditer(f"^(?={re.escape(hunk.before)})", text, re.MULTILINE)]
        if len(places) != 1:
            raise UnableToPlant(f"mutant {mutant.name} no longer applies: the code it damages has changed ({hunk.file}); rewrite it")
        changed[hunk.file] = text[: places[0]] + hunk.after + text[places[0] + len(hunk.before) :]
    return changed


def copy_tree(into: Path) -> None:
    """Copy what git knows of this tree or would, were it added. Raises UnableToCopy."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if listed.returncode:
        raise UnableToCopy(f"git cannot list the files of {ROOT}: {listed.stderr.strip()}; run this in a checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
