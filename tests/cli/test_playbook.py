"""Policies on the command line: read, checked, copied and compared by whoever answers for them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import playbooks
from cli import dunwell
from cli.word_document import Heading, Paragraph, Table, write_document
from tests.cli.installation import OURS, Installation

SHIPPED = tuple(name for name in playbooks.names() if name != "standard")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def run(*words: str) -> str:
    result = CliRunner().invoke(dunwell, ["playbook", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def parts_of(file: Path) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_is_shown_as_whoever_signs_it_would_read_it(name: str) -> None:
    policy, said = playbooks.load(name), run("show", name, "--due", "2026-12-01")
    flat = " ".join(said.split())
    assert policy.title in flat and all(step.title in flat for step in policy.steps)
    assert f"at least {policy.gap_days} days between two contacts with one customer" in flat
    assert "an unanswered reply and a legal stop all go before every step" in flat
    assert not [word for word in OURS if f" {word} " in flat]


def test_the_example_prints_the_planned_and_the_actual_moment_and_the_rule_between_them() -> None:
    told = json.loads(run("show", "multi-channel-week", "--due", "2026-12-04", "--json"))
    first = told["example"][0]
    assert first == {
        "step": "first e-mail",
        "planned": "2026-12-05",
        "comes": "2026-12-07T08:45:00+00:00",
        "how": "sent by e-mail",
        "because": "no business day",
    }


def test_the_texts_are_written_about_an_invented_invoice() -> None:
    said = run("show", "owner-voice", "--texts")
    assert "--- first note, e-mail: Invoice INV-104 from Brightwater Tools" in said
    assert "{{" not in said and "{%" not in said


def test_the_word_document_for_signing_opens_and_holds_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.docx"
    assert run("show", "issue-to-payment", "--docx", str(file)) == f"Written to {file}.\n"
    parts = parts_of(file)
    assert parts.keys() == {"[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels", "word/document.xml", "word/styles.xml"}
    named = {one.get("PartName") for one in parts["[Content_Types].xml"]} - {None}
    targets = {f"/word/{one.get('Target')}" for one in parts["word/_rels/document.xml.rels"]} | {f"/{one.get('Target')}" for one in parts["_rels/.rels"]}
    assert named == targets == {"/word/document.xml", "/word/styles.xml"}
    document, styles = parts["word/document.xml"], parts["word/styles.xml"]
    used = {one.get(f"{WORD}val") for one in document.iter(f"{WORD}pStyle")}
    assert used <= {one.get(f"{WORD}styleId") for one in styles.iter(f"{WORD}style")}
    written = " ".join(one.text or "" for one in document.iter(f"{WORD}t"))
    assert all(step.title in written for step in playbooks.load("issue-to-payment").steps)
    assert "Signature" in written and "Formal demand for payment: Invoice INV-104" in written


def test_a_word_document_bears_every_character_and_is_the_same_each_time(tmp_path: Path) -> None:
    parts = [Heading("A & <B>"), Paragraph("first\nsecond \x07\ud800 €"), Table(("x", "y"), [("1", "<2>")])]
    made = write_document("T", parts)
    assert made == write_document("T", parts)
    (tmp_path / "x.docx").write_bytes(made)
    written = [one.text for one in parts_of(tmp_path / "x.docx")["word/document.xml"].iter(f"{WORD}t")]
    assert written == ["T", "A & <B>", "first", "second  €", "x", "y", "1", "<2>"]


def test_good_playbooks_are_said_to_be_good(installation: Installation) -> None:
    assert installation.run("playbook", "check").stdout.startswith(f"{len(playbooks.names())} playbooks and all their wording are good")


def test_every_fault_of_every_file_is_told_at_once_with_line_and_column(installation: Installation, tmp_path: Path) -> None:
    one, two = tmp_path / "house.yaml", tmp_path / "other.yaml"
    text = (playbooks.SHIPPED / "standard.yaml").read_text("utf-8").replace("name: standard", "name: house")
    one.write_text(text.replace("severe: true", "sever: true").replace("gap_days: 3 ", "gap_days: x "), "utf-8")
    two.write_text(text.replace("name: house", "name: other").replace("say: statement", "say: no-such"), "utf-8")
    said = installation.run("playbook", "check", str(one), str(two), status=1).stderr.splitlines()
    assert said[0] == "Error: 3 faults:"
    assert said[1].startswith(f"{one}:6:1: gap_days must be a whole number")
    assert said[2].startswith(f"{one}:") and "did you mean 'severe'?" in said[2]
    assert "no-such.email.md:1: does not exist, but statement-1 of playbook other says it" in said[3]
    told = json.loads(installation.run("playbook", "check", str(one), "--json", status=1).stdout)
    assert (told[0]["line"], told[0]["column"]) == (6, 1)


def test_a_copied_playbook_goes_before_the_shipped_one_everywhere(installation: Installation) -> None:
    own = installation.folder / "playbooks"
    assert str(own / "standard.yaml") in installation.run("playbook", "copy", "standard").stdout
    installation.run("playbook", "copy", "en/upcoming.email")
    edited = (own / "standard.yaml").read_text("utf-8").replace("day: 14", "day: 10").replace("title: Standard", "title: House rules")
    (own / "standard.yaml").write_text(edited, "utf-8")
    assert "House rules" in installation.run("playbook", "show", "standard").stdout
    assert installation.run("preview", "standard", "--due", "2026-12-01").stdout.startswith("House rules: ")
    assert "is there already; edit it, or remove it first" in installation.run("playbook", "copy", "standard", status=1).stderr
    assert (own / "standard.yaml").read_text("utf-8") == edited
    for name in ("nothing", "../settings", "en/../../phrases"):
        assert "nothing shipped is called" in installation.run("playbook", "copy", name, status=1).stderr


def test_two_playbooks_are_compared_in_words_and_by_line(installation: Installation) -> None:
    installation.run("playbook", "copy", "standard")
    own = installation.folder / "playbooks" / "standard.yaml"
    house = own.with_name("house.yaml")
    house.write_text(own.read_text("utf-8").replace("name: standard", "name: house").replace("day: 14", "day: 10").replace("say: upcoming", "say: due-today"))
    told = json.loads(installation.run("playbook", "diff", "standard", "house", "--json").stdout)
    notes = [f"{note}: say: upcoming -> due-today" for note in ("early note", "upcoming", "note shortly before the due date")]
    assert told["policy"] == ["name: standard -> house", *notes, "second reminder: day: 14 -> 10"]
    assert list(told["texts"]) == ["upcoming.email"]
    assert installation.run("playbook", "diff", "standard", "standard").stdout == "Nothing differs.\n"
    assert "name two playbooks to compare" in installation.run("playbook", "diff", "standard", status=2).stderr


def test_after_an_upgrade_the_changes_are_told_and_the_edited_copy_is_left_alone(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "You have copied nothing" in installation.run("playbook", "diff", "--shipped").stdout
    installation.run("playbook", "copy", "standard")
    installation.run("playbook", "copy", "en/upcoming.email")
    both = json.loads(installation.run("playbook", "diff", "standard", "--shipped", "--json").stdout)
    assert [Path(one["file"]).name for one in both] == ["standard.yaml", "upcoming.email.md"]
    (text,) = json.loads(installation.run("playbook", "diff", "en/upcoming.email", "--shipped", "--json").stdout)
    assert text == both[1]
    assert "you have copied nothing of b2b-three-weeks" in installation.run("playbook", "diff", "b2b-three-weeks", "--shipped", status=1).stderr
    assert "nothing shipped is called 'nobody'" in installation.run("playbook", "diff", "nobody", "--shipped", status=1).stderr
    own = installation.folder / "playbooks"
    mine = (own / "standard.yaml").read_text("utf-8").replace("gap_days: 3 ", "gap_days: 5 ")
    (own / "standard.yaml").write_text(mine, "utf-8")
    assert "has not changed since you copied it" in installation.run("playbook", "diff", "--shipped").stdout
    released = tmp_path / "release"
    released.mkdir()
    (released / "standard.yaml").write_text((playbooks.SHIPPED / "standard.yaml").read_text("utf-8").replace("day: 28", "day: 30"), "utf-8")
    monkeypatch.setattr("playbooks.SHIPPED", released)
    told = json.loads(installation.run("playbook", "diff", "--shipped", "--json").stdout)
    (one,) = told
    assert one["words"] == ["third reminder: day: 28 -> 30"]
    assert "-    day: 28" in one["changed_in_shipped"] and "+gap_days: 5" in one["yours"]
    (named,) = json.loads(installation.run("playbook", "diff", "standard", "--shipped", "--json").stdout)
    assert named == one
    assert "third reminder: day: 28 -> 30" in installation.run("playbook", "diff", "--shipped", "--seen").stdout
    assert "has not changed since you copied it" in installation.run("playbook", "diff", "--shipped").stdout
    assert (own / "standard.yaml").read_text("utf-8") == mine


def test_playbooks_of_ones_own_travel_with_the_backup(installation: Installation, tmp_path: Path) -> None:
    installation.run("playbook", "copy", "standard")
    installation.run("playbook", "copy", "en/upcoming.email")
    own = installation.folder / "playbooks"
    (own / "standard.yaml").write_text((own / "standard.yaml").read_text("utf-8").replace("day: 14", "day: 10"), "utf-8")
    installation.run("backup", str(tmp_path / "b.tar.gz"))
    shutil.rmtree(own)
    installation.run("restore", str(tmp_path / "b.tar.gz"), "--yes")
    assert "day: 10" in (own / "standard.yaml").read_text("utf-8") and (own / "wording/en/upcoming.email.md").is_file()
