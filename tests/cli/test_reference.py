"""The written reference says what the program says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["PAGES"]


@pytest.mark.parametrize("file", PAGES)
def test_the_reference_is_current(file: str) -> None:
    assert (ROOT / file).read_text(encoding="utf-8") == PAGES[file](), "run: python docs/generate.py"
