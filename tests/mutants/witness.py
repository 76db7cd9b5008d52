"""A pytest plugin that writes down how each test ended, and that it was the tree in front of it that was tested.

``python -m pytest -p mutants.witness --witness FILE ...`` in the root of a tree.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

PRODUCT = ("activities", "cli", "db", "domain", "integrations", "playbooks", "settings", "starter", "web", "worker", "workflows")

_seen: dict[str, Any] = {"passed": 0, "failed": [], "broken": []}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--witness", type=Path, required=True, help="where to write how the tests ended")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Raises UsageError when the product would be imported from elsewhere: then nothing would be proved."""
    tree = Path.cwd().resolve()
    for name in PRODUCT:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None or not Path(found.origin).resolve().is_relative_to(tree):
            raise pytest.UsageError(f"{name} is imported from {found.origin if found else 'nowhere'}, not from {tree}")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _seen["broken"].append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.passed and report.when == "call":
        _seen["passed"] += 1
    if report.failed and call.excinfo is not None:
        error = call.excinfo.value
        kinds = [kind.__name__ for kind in type(error).__mro__]
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        _seen["failed"].append({"test": item.nodeid, "when": report.when, "kinds": kinds, "said": said})
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.getoption("--witness").write_text(json.dumps(_seen), encoding="utf-8")
