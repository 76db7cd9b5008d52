"""Damages copies of the product, one mutant each, and sees whether the tests that promise to notice do.

    .venv/bin/python -m tests.mutants.run            every mutant (make mutants)
    .venv/bin/python -m tests.mutants.run --list     what each would do, and which tests must notice
    .venv/bin/python -m tests.mutants.run --only claim-removed --only fence-life-ignored

A mutant is caught when one of its tests fails by an assertion or an error of the product at work. One that cannot be
imported, or whose tests run out of time, is not caught; neither is one whose patch no longer applies. First of all the
same tests must pass on an undamaged copy: otherwise their failing would mean nothing.

To add a mutant: damage the product, then
    git diff -U1 > tests/mutants/patches/NAME.patch    and take the damage back,
and write two kinds of lines above the diff, "Story: what a developer might have done" and, for each test that must
notice, "Tests: tests/.../test_file.py::test_name[sqlite]" (as few and as quick as possible).
The exit status is 0 when all planted mutants are caught, otherwise 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from mutants.planting import Mutant, UnableToCopy, UnableToPlant, UnableToRead, copy_tree, damage, load_mutants, plant  # noqa: E402

# These say that the mutant is no program, not that a promise is broken.
NO_PROGRAM = {"ImportError", "NameError", "SyntaxError", "AttributeError", "TypeError", "UsageError"}
PATIENCE = 180.0
_PATIENCE_ALL = 600.0


class Verdict(StrEnum):
    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    TIMED_OUT = "TIMED OUT"
    NOT_PLANTED = "NOT PLANTED"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: ``by`` is the test that noticed, ``said`` how it failed or why nothing is proved."""

    mutant: str
    story: str
    verdict: Verdict
    by: str = ""
    said: str = ""
    seconds: float = 0.0


class UnableToJudge(Exception):
    """The tests do not pass on the undamaged tree, so that nothing can be said of any mutant."""


def main() -> int:
    chosen = _arguments()
    try:
        mutants = _choose(load_mutants(), chosen.only)
        if chosen.list:
            for mutant in mutants:
                print(f"{mutant.name}: {mutant.story}", *(f"    {test}" for test in mutant.tests), sep="\n")
            return 0
        results = _run(mutants, chosen.at_once, chosen.timeout)
    except (UnableToRead, UnableToCopy, UnableToJudge) as error:
        print(error, file=sys.stderr)
        return 1
    caught = sum(result.verdict is Verdict.CAUGHT for result in results)
    if chosen.json:
        print(json.dumps({"planted": len(results), "caught": caught, "mutants": [asdict(result) for result in results]}, indent=2))
    else:
        print(_table(results))
        print(f"\ncaught/planted: {caught}/{len(results)}")
    return 0 if caught == len(results) else 1


def _arguments() -> argparse.Namespace:
    told = argparse.ArgumentParser(prog="python -m tests.mutants.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--only", action="append", default=[], metavar="NAME", help="this mutant; may be given several times")
    told.add_argument("--list", action="store_true", help="tell what there is, and do nothing")
    told.add_argument("--json", action="store_true", help="print the results as JSON; progress goes to standard error")
    told.add_argument("--at-once", type=int, choices=(1, 2), default=2, help="how many mutants are tested at the same time (default: 2)")
    told.add_argument("--timeout", type=float, default=PATIENCE, metavar="SECONDS", help=f"patience with the tests of one mutant (default: {PATIENCE:.0f})")
    return told.parse_args()


def _choose(mutants: Sequence[Mutant], only: Sequence[str]) -> list[Mutant]:
    unknown = sorted(set(only) - {mutant.name for mutant in mutants})
    if unknown:
        raise UnableToRead(f"--only: there is no mutant {', '.join(unknown)}; there are {', '.join(mutant.name for mutant in mutants)}")
    return [mutant for mutant in mutants if not only or mutant.name in only]


def _run(mutants: Sequence[Mutant], at_once: int, patience: float) -> list[Result]:
    """Raises UnableToCopy and UnableToJudge."""
    with tempfile.TemporaryDirectory(prefix="dunwell-mutants-") as temporary:
        folder = Path(temporary)
        sound = folder / "sound"
        copy_tree(sound)
        results: dict[str, Result] = {}
        fit = []
        for mutant in mutants:
            try:
                damage(mutant, sound)
                fit.append(mutant)
            except UnableToPlant as error:
                results[mutant.name] = Result(mutant.name, mutant.story, Verdict.NOT_PLANTED, said=str(error))
                _tell(str(error))
        tests = sorted({test for mutant in fit for test in mutant.tests})
        if tests:
            _tell(f"{len(tests)} tests on the undamaged tree ...")
            took = _prove_sound(sound, tests)
            _tell(f"... pass ({took:.0f} s)")

        def judge(mutant: Mutant) -> None:
            result = results[mutant.name] = _judge(mutant, sound, folder / mutant.name, patience)
            done = sum(one.verdict is not Verdict.NOT_PLANTED for one in results.values())
            _tell(f"{done:3} of {len(fit)}  {result.verdict:11}  {mutant.name} ({result.seconds:.0f} s)")

        with ThreadPoolExecutor(at_once) as pool:
            for running in [pool.submit(judge, mutant) for mutant in fit]:
                running.result()
        return [results[mutant.name] for mutant in mutants]


def _prove_sound(tree: Path, tests: Sequence[str]) -> float:
    """How long the tests took on the undamaged tree. Raises UnableToJudge."""
    began = time.monotonic()
    seen, output = _test(tree, tests, _PATIENCE_ALL, stop_at_once=False)
    if seen is None or seen["failed"] or seen["broken"] or seen["passed"] < len(tests):
        raise UnableToJudge(f"the tests that should notice mutants must all pass on the undamaged tree first:\n{output}")
    return time.monotonic() - began


def _judge(mutant: Mutant, sound: Path, tree: Path, patience: float) -> Result:
    shutil.copytree(sound, tree, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    plant(mutant, tree)
    began = time.monotonic()
    seen, output = _test(tree, mutant.tests, patience, stop_at_once=True)
    seconds = time.monotonic() - began

    def result(verdict: Verdict, by: str = "", said: str = "") -> Result:
        return Result(mutant.name, mutant.story, verdict, by, said, round(seconds, 1))

    last = output.strip().splitlines()[-1:] or [""]
    if seen is None:
        return result(Verdict.TIMED_OUT, said=f"no end within {patience:.0f} s") if seconds >= patience else result(Verdict.BROKEN, said=last[0])
    if seen["broken"]:
        return result(Verdict.BROKEN, said=seen["broken"][0])
    if not seen["failed"]:
        return result(Verdict.SURVIVED if seen["passed"] else Verdict.BROKEN, said="its tests pass" if seen["passed"] else last[0])
    failure = seen["failed"][0]
    by, said = failure["test"].rpartition("::")[2], f"{failure['kinds'][0]}: {failure['said']}"
    if failure["when"] != "call" or NO_PROGRAM & set(failure["kinds"]):
        return result(Verdict.BROKEN, by, said)
    return result(Verdict.CAUGHT, by, said)


def _test(tree: Path, tests: Sequence[str], patience: float, *, stop_at_once: bool) -> tuple[dict[str, Any] | None, str]:
    """What the witness saw (None: it wrote nothing down, for want of time or of a program) and what pytest printed."""
    seen, output = tree.parent / f"{tree.name}.json", tree.parent / f"{tree.name}.txt"
    command = [sys.executable, "-m", "pytest", "-p", "mutants.witness", "--witness", str(seen), "-p", "no:cacheprovider", "-q", "--tb=short"]
    command += [*(["-x"] if stop_at_once else []), *tests]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tree), str(tree / "tests"))), "PYTHONDONTWRITEBYTECODE": "1"}
    with output.open("w") as log:
        testing = subprocess.Popen(command, cwd=tree, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            testing.wait(patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(testing.pid, signal.SIGKILL)
            testing.wait()
    found = json.loads(seen.read_text(encoding="utf-8")) if seen.exists() else None
    return found, output.read_text(encoding="utf-8", errors="replace")


def _table(results: Sequence[Result]) -> str:
    width = max((len(result.mutant) for result in results), default=0)
    lines = [""]
    for result in results:
        lines.append(f"{result.mutant:{width}}  {result.verdict:11}  {result.by}".rstrip())
        lines.append(f"{'':{width}}  {result.said}")
    return "\n".join(lines)


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
