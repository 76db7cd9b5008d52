"""The mutants still fit the product they are to damage, so that ``make mutants`` never ends on a patch that lies idle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants.planting import ROOT, Hunk, Mutant, UnableToPlant, UnableToRead, damage, load_mutants, plant

MUTANTS = load_mutants()


def test_there_are_enough_mutants_for_their_number_to_mean_something() -> None:
    assert len(MUTANTS) >= 16
    assert len({mutant.story for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_to_the_product_of_today_and_is_a_program(mutant: Mutant) -> None:
    for file, text in damage(mutant, ROOT).items():
        assert not file.startswith("tests/"), "a mutant that damages its own judges proves nothing"
        ast.parse(text, file)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_a_mutant_are_there(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, name = test.partition("::")
        defined = {node.name for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
        assert name.partition("[")[0] in defined, f"{mutant.name} names {test}, which is not there"


MUTANT = Mutant("example", "Somebody is careless.", ("tests/x.py",), (Hunk("a.py", "one\n", "two\n"),))


@pytest.mark.parametrize("text", ["", "ones\n", "one\none\n", "none\n"])
def test_a_mutant_whose_place_is_gone_or_not_the_only_one_is_refused_by_name_and_nothing_is_changed(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    with pytest.raises(UnableToPlant, match=r"mutant example no longer applies: the code it damages has changed .*rewrite it"):
        plant(MUTANT, tmp_path)
    assert (tmp_path / "a.py").read_text() == text


def test_a_mutant_changes_the_lines_it_names_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("zero\none\nthree one\n")
    plant(MUTANT, tmp_path)
    assert (tmp_path / "a.py").read_text() == "zero\ntwo\nthree one\n"


HUNK = "--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,1 @@\n-one\n+two\n"


@pytest.mark.parametrize("text, missing", [(f"Tests: tests/x.py\n{HUNK}", "Story"), (f"Story: x\n{HUNK}", "Tests"), ("Story: x\nTests: tests/x.py\n", "hunk")])
def test_a_patch_that_says_too_little_is_refused_by_name(tmp_path: Path, text: str, missing: str) -> None:
    (tmp_path / "careless.patch").write_text(text)
    with pytest.raises(UnableToRead, match=rf"careless\.patch needs .*{missing}"):
        load_mutants(tmp_path)
