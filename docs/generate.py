"""Writes the reference of commands and settings from what they say of themselves: ``python docs/generate.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
_NOTE = "<!-- Written by docs/generate.py; change the code instead. -->"
_WIDTH = 100


def commands_page() -> str:
    """Every command with its help, as it prints it."""
    from cli import dunwell

    parts = [_NOTE, "# Commands"]
    for path, command in _every(dunwell, ()):
        context = click.Context(
            command, info_name=" ".join(("dunwell", *path)), terminal_width=_WIDTH, max_content_width=_WIDTH, help_option_names=["-h", "--help"]
        )
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts += [f"## `{' '.join(('dunwell', *path))}`", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Every environment variable with its default and meaning."""
    from settings import Settings

    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = str(field.get_default())
        shown = "" if default in ("", "None") else f"`{default.lower() if isinstance(field.default, bool) else default}`"
        lines.append(f"| `DUNWELL_{name.upper()}` | {shown} | {field.description} |")
    intro = (
        "All are environment variables. What `dunwell up` chooses itself, such as free ports, it keeps in `running.env` in the data folder, "
        "where other commands find it. Commands that change something also read `DUNWELL_TOKEN`, your token."
    )
    return "\n\n".join((_NOTE, "# Settings", intro, "\n".join(lines))) + "\n"


def playbooks_page() -> str:
    """Every shipped policy as ``dunwell playbook show`` prints it for whoever signs it."""
    from click.testing import CliRunner

    import playbooks
    from cli import dunwell

    intro = (
        "As `dunwell playbook show NAME` prints them; `--texts` adds everything they say, `--docx FILE` makes a document to sign. "
        "To change one, see [change a playbook](../how-to/change-a-playbook.md)."
    )
    parts = [_NOTE, "# The shipped playbooks", intro]
    for name in playbooks.names():
        said = CliRunner().invoke(dunwell, ["playbook", "show", name, "--due", "2026-12-01"], catch_exceptions=False).stdout
        text = "\n".join(line.rstrip() for line in said.splitlines())
        parts += [f"## {playbooks.load(name).title}", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


PAGES = {
    "docs/reference/commands.md": commands_page,
    "docs/reference/settings.md": settings_page,
    "docs/reference/playbooks.md": playbooks_page,
}


def _every(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _every(found, (*path, name))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for file, write in PAGES.items():
        (ROOT / file).write_text(write(), encoding="utf-8")
        print(f"written: {file}")
