"""Help is there at once, teaches, and speaks the reader's language."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli import COMMANDS, dunwell
from tests.cli.installation import OURS


def every_command(command: click.Command = dunwell, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(dunwell, [*path, "--help"], prog_name="dunwell")
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_every_help_teaches_with_an_example_of_itself(path: tuple[str, ...]) -> None:
    said = help_of(path)
    examples = said[re.search("Examples?:", said).end() :]  # type: ignore[union-attr]
    assert " ".join(("dunwell", *path)) in examples


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_help_uses_the_readers_words(path: tuple[str, ...]) -> None:
    said = help_of(path).lower()
    assert not [word for word in OURS if word in said]
    assert not re.search(r"\bcases?\b", re.sub(r"dunwell cases?|dunwell case\b|\n  cases? ", "", said))


def test_every_command_of_the_list_is_there() -> None:
    asked = "up demo worker web migrate doctor import cases case plan preview playbook posted-through pause resume live tasks people token"
    asked += " quiet customers contact review audit rebuild backup restore reconcile fence unfence inbox note suppressions wording voice portal"
    assert sorted(COMMANDS) == sorted(asked.split())
    assert all(f"\n  {name} " in help_of(()) for name in COMMANDS)


def test_help_waits_for_neither_temporal_nor_the_database() -> None:
    code = "import sys; from cli import dunwell; dunwell(['--help'], standalone_mode=False); print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ("temporalio", "sqlalchemy", "pydantic", "httpx", "rich", "fastapi")
    ran = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_command_that_does_not_exist_is_a_mistake_in_use() -> None:
    ran = subprocess.run([sys.executable, "-m", "cli", "dun"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "No such command 'dun'" in ran.stderr


def test_a_command_that_used_temporal_ends_with_its_own_status(tmp_path: object) -> None:
    code = "import sys; sys.argv = ['dunwell', 'preview', 'nothing', '--due', '2026-01-01']; import temporalio.client; from cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 1
    there = "b2b-three-weeks, issue-to-payment, multi-channel-week, owner-voice, standard"
    assert ran.stderr == f"Error: playbooks/nothing.yaml:1: does not exist; choose from {there}, or add the file\n"
