"""What the pages say is so: commands, settings, links, rules and examples are held against the program itself."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from activities import words
from cli import dunwell
from domain.event import HoldPlaced, WordUnreadable
from integrations.accounting.csv_sheet import read_sheet
from settings import Settings, load_sellers
from web import saved_links
from workflows import contract
from workflows.contract import Said

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
# Read by the command line alone, and by the tests alone.
NOT_SETTINGS = {"DUNWELL_TOKEN", "DUNWELL_SOAK", "DUNWELL_EVIDENCE"}

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> Iterator[str]:
    yield from (content for language, content in _BLOCK.findall(text_of(page)) if language in languages)


def spans(text: str) -> list[str]:
    return _SPAN.findall(_BLOCK.sub("", text))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def rows(page: Path, first_heading: str) -> Iterator[list[str]]:
    """The cells of the table whose heading begins with that cell."""
    lines = text_of(page).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


# Commands


def commands_of(page: Path) -> Iterator[tuple[list[str], bool]]:
    """The words after ``dunwell`` of every command a page names, and whether it is one to be typed as it stands."""
    typed = [line for block in blocks(page, "sh") for line in block.splitlines()]
    typed += [line for block in blocks(page, "text") for line in block.splitlines() if line.startswith("$ ")]
    for line in typed:
        found = shlex.split(line, comments=True)
        if "dunwell" in found:
            yield found[found.index("dunwell") + 1 :], True
    for span in spans(text_of(page)):
        found = shlex.split(span) if re.match(r"([A-Z_]+=\S+ |docker compose .*)?dunwell\b", span) else []
        if "dunwell" in found:
            yield found[found.index("dunwell") + 1 :], False


def check_command(found: list[str], *, is_whole: bool) -> None:
    """Raises click.UsageError when there is no such command or option, or (``is_whole``) when it could not be run so."""
    command: click.Command = dunwell
    context = click.Context(command, info_name="dunwell", help_option_names=["-h", "--help"])
    given = list(found)
    while isinstance(command, click.Group) and given and not given[0].startswith("-"):
        name = given.pop(0)
        inner = command.get_command(context, name)
        if inner is None:
            raise click.UsageError(f"no command {name}")
        command = inner
        context = click.Context(command, parent=context, info_name=name)
    values, rest, _ = command.make_parser(context).parse_args(args=given)
    if rest and not isinstance(command, click.Group):
        raise click.UsageError(f"too many words: {rest}")
    for parameter in command.get_params(context) if is_whole and "--help" not in given else ():
        value = values.get(parameter.name or "")
        if parameter.required and value is None:
            raise click.UsageError(f"{parameter.name} is missing")
        if isinstance(value, str) and isinstance(parameter.type, (click.Choice, click.DateTime, click.IntRange)):
            parameter.type_cast_value(context, value)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_a_page_names_exists_with_its_options(page: Path) -> None:
    for found, is_whole in commands_of(page):
        try:
            check_command(found, is_whole=is_whole)
        except click.UsageError as error:
            pytest.fail(f"{named(page)}: dunwell {' '.join(found)}: {error.message}")


@pytest.mark.parametrize("wrong", ["fly", "case fly", "cases --fly", "case hold INV-1", "import --dates daily", "live now"])
def test_a_command_that_is_not_there_would_be_noticed(wrong: str) -> None:
    with pytest.raises(click.UsageError):
        check_command(shlex.split(wrong), is_whole=True)


def test_the_pages_for_people_name_commands_at_all() -> None:
    assert len(list(commands_of(ROOT / "README.md"))) >= 5
    assert sum(len(list(commands_of(page))) for page in (ROOT / "docs/how-to").glob("*.md")) >= 20


def test_the_timeline_in_the_readme_is_what_the_program_prints() -> None:
    printed = CliRunner().invoke(dunwell, ["preview", "standard", "--due", "2026-03-02"]).output
    assert f"```text\n{printed.strip()}\n```" in text_of(ROOT / "README.md")


# Settings, links


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_setting_a_page_names_is_one(page: Path) -> None:
    known = {f"DUNWELL_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    assert set(re.findall(r"DUNWELL_[A-Z_]+", text_of(page))) <= known


def test_every_setting_stands_in_the_reference() -> None:
    reference = text_of(ROOT / "docs/reference/settings.md")
    assert [name for name in Settings.model_fields if f"`DUNWELL_{name.upper()}`" not in reference] == []


def anchors(page: Path) -> set[str]:
    """The places of a page that a link may name, as code hosting sites spell them."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _BLOCK.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, place = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.is_relative_to(ROOT) and there.exists(), f"{named(page)}: {target}"
        assert not place or place in anchors(there), f"{named(page)}: {target}: there is no such heading"


# Rules


def rules_of(folder: Path) -> set[str]:
    """Every rule name that the modules of ``folder`` can give: the literals handed to whatever has a parameter or field ``rule``.

    Rules of law have ids of their own, and a page of their own.
    """
    trees = [ast.parse(text_of(file)) for file in sorted(folder.glob("*.py")) if "law" not in file.stem]
    takers: dict[str, int] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
        elif isinstance(node, ast.ClassDef):
            names = [field.target.id for field in node.body if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)]
        else:
            continue
        if "rule" in names:
            takers[node.name] = names.index("rule")
    found = set()
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name not in takers:
            continue
        by_name = [keyword.value for keyword in call.keywords if keyword.arg == "rule"]
        given = by_name[0] if by_name else call.args[takers[name]]
        if isinstance(given, ast.Constant):
            found.add(str(given.value))
        else:
            passed_on = given.id if isinstance(given, ast.Name) else given.attr if isinstance(given, ast.Attribute) else ""
            assert passed_on == "rule", f"line {call.lineno}: a rule's name must be a literal, or passed on under the name rule"
    return found


def test_every_rule_that_decides_is_explained_and_no_other() -> None:
    rules = rules_of(ROOT / "domain")
    assert {"settled", "hold", "planned", "books", "gap", "due"} <= rules, "the rules were not found"
    explained = re.findall(r"^\| `([a-z-]+)` \|", text_of(ROOT / "docs/explanation/deciding.md"), re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == rules


# Examples


def test_every_json_example_is_json() -> None:
    for page in PAGES:
        for block in blocks(page, "json"):
            json.loads(block)


UI = ROOT / "docs/how-to/operate-in-temporal-ui.md"


def test_every_signal_is_understood_as_the_page_writes_it() -> None:
    told = {spans(row[0])[0]: spans(row[1]) for row in rows(UI, "signal")}
    assert set(told) == {"hold", "release", "promise", "paid", "stop", "report"}
    for name, inputs in told.items():
        said = [json.loads(inputs[0])] if inputs else []
        news = words.read(Said("key", name, contract.spell(said)))
        assert not isinstance(news, WordUnreadable), name
        assert not (isinstance(news, HoldPlaced) and "could not be read" in news.why)


def test_the_example_of_a_change_by_hand_has_the_right_form() -> None:
    examples = [json.loads(block) for block in blocks(UI, "json")]
    assert examples
    for example in examples:
        assert contract.find_fault([example]) == ""
        assert not isinstance(words.read(Said("key", contract.OVERRIDE, contract.spell([example]))), WordUnreadable)


def test_every_saved_link_leads_somewhere() -> None:
    links = [span.removeprefix("/temporal/") for span in spans(text_of(UI)) if span.startswith("/temporal/") and "..." not in span]
    assert len(links) >= 6
    for link in links:
        assert saved_links.query(link, date(2026, 3, 2), "Europe/London")


def test_every_search_attribute_is_explained_and_no_other() -> None:
    assert {name for row in rows(UI, "attribute") for name in spans(row[0])} == set(contract.SEARCH_ATTRIBUTES)


GO_LIVE = ROOT / "docs/how-to/go-live.md"


def test_the_example_of_sellers_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "sellers.yaml"
    file.write_text(next(blocks(GO_LIVE, "yaml")), encoding="utf-8")
    (one,) = load_sellers(Settings(sellers_file=file))
    assert one.seller.id == "main"


def test_every_column_of_a_csv_file_is_known_by_the_name_the_page_gives() -> None:
    columns = [name for row in rows(GO_LIVE, "column") for name in spans(row[0])]
    assert {"invoice number", "total", "due", "balance"} <= set(columns)
    content = f"{','.join(columns)}\n{','.join('x' for _ in columns)}\n"
    assert read_sheet(content.encode(), "example.csv").ignored == ()


# The pages themselves


@pytest.mark.parametrize("page", DECISIONS, ids=named)
def test_a_decision_is_one_dated_page_with_one_line_to_quote(page: Path) -> None:
    text = text_of(page)
    assert text.count("\n") <= 50
    assert re.match(rf"# {page.name[:4]}: .+\n\nAccepted, 2026-\d\d-\d\d\.\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "Alternatives"]
    (quoted,) = re.findall(r"^> (.+)$", text, re.MULTILINE)
    index = text_of(ROOT / "docs/decisions/README.md")
    assert f"]({page.name})" in index
    assert quoted in index


def test_the_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert text_of(ROOT / "README.md").count("\n") < 150


@pytest.mark.parametrize("page", [*(ROOT / "docs/how-to").glob("*.md"), ROOT / "CHANGELOG.md"], ids=named)
def test_pages_for_people_who_run_it_speak_their_words(page: Path) -> None:
    prose = _SPAN.sub("", _BLOCK.sub("", text_of(page)))
    assert re.findall(r"\b(rungs?|desk|overrid\w+|override|suppressed|debtors?|dunn\w*ing letters?|instalments?)\b", prose, re.IGNORECASE) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_stand_by_themselves(page: Path) -> None:
    # Written in pieces, so that this file does not name them either.
    outside = re.compile("|".join((r"\bdesign" + r"\.md\b", r"\bshared" + "/", r"\bissues? " + r"#?\d", r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b")))
    assert outside.findall(text_of(page)) == []
