"""``dunwell playbook``: what the policies say, whether they can be used, what changed in them, and moving invoices to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import moving, policy_sheet
from cli.session import UnableToChoose, open_database, own_playbooks, read_settings
from cli.terminal import as_json, count, print_json, say

if TYPE_CHECKING:
    from playbooks import Fault
    from playbooks.comparing import Difference, Edition

_BASES = "as-shipped"  # beside the business's own files: each shipped file as it was when it was copied


class UnableToUse(Exception):
    """A playbook or a wording is at fault; the message has one line for each fault."""


@click.group(short_help="The policies: show, check, compare, copy, and move invoices to another.")
def playbook() -> None:
    """Look at the playbooks, the policies that say which reminder comes when, and keep playbooks of your own.

    Your own stand in the folder playbooks of the data folder (DUNWELL_PLAYBOOKS_FOLDER), and go before the shipped ones of
    the same name. No upgrade touches them, and no edit changes what runs: an invoice keeps the edition it began with until it
    is moved.

    \b
    Examples:
      dunwell playbook show b2b-three-weeks
      dunwell playbook copy b2b-three-weeks     to edit it
      dunwell playbook check
    """


@playbook.command(short_help="Find every fault in playbooks and their wording.")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@as_json
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Find every fault in these playbooks (names or files; all of them when left out): with file, line, column and remedy.

    Every wording is written about invented invoices in every situation, so that nothing fails on the day it is sent.

    \b
    Examples:
      dunwell playbook check
      dunwell playbook check house.yaml
    """
    import playbooks
    from playbooks.rates import load_rates

    own = own_playbooks()
    faults: list[Fault] = []
    try:
        load_rates(own)
    except playbooks.UnableToLoad as error:
        faults += error.faults
    wanted = files or playbooks.names(own)
    for file in wanted:
        try:
            policy = playbooks.load_file(Path(file), own) if _is_file(file) else playbooks.load(file, own)
            playbooks.check(policy, own)
        except playbooks.UnableToLoad as error:
            faults += error.faults
    if as_json:
        print_json([{"file": fault.file, "line": fault.line, "column": fault.column, "what": fault.what} for fault in faults])
    if faults:
        raise UnableToUse(f"{count(len(faults), 'fault')}:\n" + "\n".join(map(str, dict.fromkeys(faults))))
    if not as_json:
        say(f"{count(len(wanted), 'playbook')} and all their wording are good: {', '.join(wanted)}.")


@playbook.command(short_help="Copy a shipped playbook or wording, to edit it.")
@click.argument("name")
def copy(name: str) -> None:
    """Copy the shipped playbook or wording NAME into your own folder, where you may edit it. What is there is never overwritten.

    \b
    Examples:
      dunwell playbook copy b2b-three-weeks
      dunwell playbook copy en/account-summary.email      one wording alone
    """
    import playbooks

    own = read_settings().own_playbooks
    file = f"wording/{name.removesuffix('.md')}.md" if "/" in name or name.endswith(".md") else f"{name.removesuffix('.yaml')}.yaml"
    shipped, copied = playbooks.SHIPPED / file, own / file
    if ".." in Path(file).parts or not shipped.is_file():
        raise UnableToChoose(f"NAME: nothing shipped is called {name!r}; playbooks are {', '.join(playbooks.names())}, wordings are like en/statement.email")
    if copied.exists():
        raise UnableToChoose(f"NAME: {copied} is there already; edit it, or remove it first")
    for place in (copied, own / _BASES / file):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(shipped.read_bytes())
    say(f"Copied to {copied}. Edit it, then: dunwell playbook check; new invoices follow it from the next start of the worker on.")


@playbook.command(short_help="What differs between two playbooks, or what an upgrade changed.")
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--shipped", is_flag=True, help="Compare your own files with what is shipped now.")
@click.option("--seen", is_flag=True, help="With --shipped: you have seen it; from now on only what is newer is told.")
@as_json
def diff(old: str | None, new: str | None, shipped: bool, seen: bool, as_json: bool) -> None:
    """Tell what differs from OLD to NEW: rules in words, texts line by line. Each is a name, a file, or an edition as NAME@HASH.

    With --shipped: what an upgrade changed in the playbooks and texts that you have copied and edited. Yours stay as they are.
    Then OLD alone names one of them: a playbook, with the texts it says, or one text such as en/account-summary.email.

    \b
    Examples:
      dunwell playbook diff standard b2b-three-weeks
      dunwell playbook diff standard@4afbac standard      what changed since those invoices began
      dunwell playbook diff --shipped
      dunwell playbook diff b2b-three-weeks --shipped
    """
    if shipped:
        if new:
            raise click.UsageError("--shipped compares your own with what is shipped; name one playbook or text at most")
        own = read_settings().own_playbooks
        _tell_upgrade(own, _copied(own, old or ""), seen, as_json)
        return
    if seen or not old or not new:
        raise click.UsageError("name two playbooks to compare, or give --shipped")
    from playbooks.comparing import compare

    found = compare(_edition(old), _edition(new))
    if as_json:
        print_json({"policy": found.policy, "texts": dict(found.texts)})
        return
    for line in _lines(found):
        say(line)


def _lines(found: Difference) -> Iterator[str]:
    if not found.policy and not found.texts:
        yield "Nothing differs."
    yield from found.policy
    for key, lines in found.texts:
        yield f"\n{key}\n{lines}"


def _edition(which: str) -> Edition:
    """The edition called NAME, NAME@HASH or by its file. Raises UnableToLoad and UnableToChoose."""
    import playbooks
    from playbooks.comparing import Edition

    own = own_playbooks()
    name, at, hash_ = which.partition("@")
    if not at:
        policy = playbooks.load_file(Path(which), own) if _is_file(which) else playbooks.load(which, own)
        return Edition(policy, playbooks.wording_texts(policy, own))
    from db.playbooks import load_version

    with open_database(read_settings()) as database, database.reading() as connection:
        resolved = load_version(connection, moving.find_edition(connection, name, hash_).hash)
    return Edition(playbooks.from_resolved(resolved), playbooks.wording_of(resolved))


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name


def _copied(own: Path, name: str) -> list[Path]:
    """The files of the business's own that ``name`` stands for: a playbook with what it says, or one text; all of them without a name.

    Raises UnableToChoose when nothing shipped is called so, or nothing of it was copied.
    """
    import playbooks

    files = sorted((*own.glob("*.yaml"), *own.glob("wording/*/*.md")))
    if not name:
        return files
    if "/" in name or name.endswith(".md"):
        wanted = {f"wording/{name.removesuffix('.md')}.md"}
        is_shipped = ".." not in Path(name).parts and all((playbooks.SHIPPED / one).is_file() for one in wanted)
    else:
        name = name.removesuffix(".yaml")
        is_shipped = name in playbooks.names()
        wanted = {f"{name}.yaml"}
        if is_shipped:
            policy = playbooks.parse((playbooks.SHIPPED / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
            said = {playbooks.wording_key(step, channel) for step in (*policy.steps, policy.afterwards.step(1)) for channel in step.by}
            wanted |= {f"wording/{folder.name}/{key}.md" for folder in own.glob("wording/*") for key in said}
    if not is_shipped:
        raise UnableToChoose(f"OLD: nothing shipped is called {name!r}; playbooks are {', '.join(playbooks.names())}, wordings are like en/statement.email")
    found = [file for file in files if file.relative_to(own).as_posix() in wanted]
    if not found:
        raise UnableToChoose(f"OLD: you have copied nothing of {name} into {own}: what is shipped is what you use")
    return found


def _tell_upgrade(own: Path, files: Sequence[Path], seen: bool, as_json: bool) -> None:
    """For each of these files that is shipped too: what changed there since it was copied, and what is its own."""
    import playbooks
    from playbooks.comparing import diff_lines

    told: list[dict[str, Any]] = []
    for path in files:
        file = path.relative_to(own)
        shipped, base = playbooks.SHIPPED / file, own / _BASES / file
        if not shipped.is_file():
            continue
        now, then = shipped.read_text("utf-8"), base.read_text("utf-8") if base.is_file() else ""
        mine = path.read_text("utf-8", errors="replace")
        told.append(
            {
                "file": str(path),
                "copied_from": "known" if then else "unknown",
                "changed_in_shipped": diff_lines(then, now) if then else diff_lines(mine, now),
                "words": _in_words(base, shipped) if then and file.suffix == ".yaml" else [],
                "yours": diff_lines(then, mine) if then else "",
            }
        )
        if seen:
            base.parent.mkdir(parents=True, exist_ok=True)
            base.write_text(now, "utf-8")
    if as_json:
        print_json(told)
        return
    if not told:
        say(f"You have copied nothing into {own}: what is shipped is what you use.")
    for one in told:
        for line in _upgrade_lines(one):
            say(line)


def _upgrade_lines(one: dict[str, Any]) -> Iterator[str]:
    if one["copied_from"] == "unknown":
        yield f"{one['file']}: nobody knows from which release it was copied; from yours to what is shipped now:"
        yield one["changed_in_shipped"] or "nothing"
        return
    if not one["changed_in_shipped"]:
        yield f"{one['file']}: the shipped one has not changed since you copied it."
        return
    yield f"{one['file']}: the shipped one has changed since you copied it, and yours was left alone."
    yield from (f"  {word}" for word in one["words"])
    yield one["changed_in_shipped"]
    yield f"Your own changes:\n{one['yours'] or 'none; remove the file to follow the shipped one'}"


def _in_words(base: Path, shipped: Path) -> list[str]:
    import playbooks
    from playbooks.comparing import Edition, compare

    try:
        old, new = (playbooks.parse(path.read_text("utf-8"), path.name) for path in (base, shipped))
    except playbooks.UnableToLoad:
        return []  # an older release wrote it for an older reader; the lines still tell
    return list(compare(Edition(old, {}), Edition(new, {})).policy)


playbook.add_command(policy_sheet.show)
playbook.add_command(moving.migrate)
