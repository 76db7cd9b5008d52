"""A playbook is loaded whole, or refused with every fault named by file, line and remedy; what was stored never changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

import playbooks
from domain.customer import Behavior
from domain.owed import AnswerKind
from domain.playbook import CatchUp, Condition, Playbook, Stage

GOOD = """\
name: house
title: House style
language: en
steps:
  - name: reminder
    stage: reminder
    day: 3
    do: remind
    by: [email]
    say: first-reminder
  - name: last-word
    stage: final
    day: 20
    severe: true
    notice_days: 7
    do: remind
    by: [email]
    say: final-notice
afterwards:
  every_days: 30
  by: [email]
  say: statement
"""

BAD = {
    "an unknown key": ("title: House style", "titel: House style", 2, "'titel' is unknown here; did you mean 'title'?"),
    "an unknown key of a step": ("    severe: true", "    sever: true", 14, "did you mean 'severe'?"),
    "an unknown key afterwards": ("  every_days: 30", "  every_day: 30", 20, "did you mean 'every_days'?"),
    "a key that is nothing like any other": ("language: en", "language: en\nzzz: 1", 4, "choose from name, title"),
    "the hash, which is not written by hand": ("language: en", "language: en\nhash: abc", 4, "'hash' is unknown here"),
    "a missing key": ("title: House style\n", "", 1, "has no 'title'; add it"),
    "a step with an end but no day": ("    day: 20\n", "    until_day: 20\n", 11, "give exactly one of day and business_day"),
    "a step with two days": ("    day: 3\n", "    day: 3\n    business_day: 2\n", 7, "give exactly one of day and business_day"),
    "a missing key of a step": ("    day: 20\n    severe: true", "    severe: true", 11, "give exactly one of day"),
    "a step that says nothing": ("    say: first-reminder\n", "", 5, "step 1 has no 'say'; add it"),
    "a key written twice": ("    day: 3", "    day: 3\n    day: 4", 8, "key 'day' stands twice (first on line 7); remove one"),
    "on as a key, which YAML reads as true": ("language: en", "language: en\non: monday", 4, "key 'on' is not read as a word"),
    "yes for true": ("severe: true", "severe: yes", 14, "YAML reads yes as true or false; write true or false"),
    "no for a word": ("language: en", "language: no", 3, "put it in quotes if you mean the word"),
    "text for a truth": ("severe: true", 'severe: "true"', 14, "step 2: severe must be true or false"),
    "a truth for a day": ("day: 3", "day: true", 7, "step 1: day must be a whole number"),
    "text for a day": ("day: 3", "day: third", 7, "step 1: day must be a whole number"),
    "a fraction of a day": ("day: 3", "day: 2.5", 7, "2.5 is not a plain whole number"),
    "an octal number": ("day: 20", "day: 024", 13, "024 is not a plain number: write a whole one such as 14"),
    "a number of sixtieths": ("day: 20", "day: 1:30", 13, "1:30 is not a plain number"),
    "an endless number": ("day: 20", "day: 99999999999999999999", 13, "not a plain number"),
    "a calendar date": ("day: 3", "day: 2026-03-02", 7, "2026-03-02 is not a plain whole number; write for example 14"),
    "a key without a value": ("day: 3", "day:", 7, "step 1: day has no value; fill it in or remove the line"),
    "a number for a name": ("name: house", "name: 12", 1, "name must be text; put it in quotes"),
    "an unknown stage": ("stage: final", "stage: finale", 12, "stage cannot be 'finale'; did you mean 'final'?"),
    "an unknown verb": (
        "    do: remind\n    by: [email]\n    say: first",
        "    do: sue\n    by: [email]\n    say: first",
        8,
        "do cannot be 'sue'; choose from remind",
    ),
    "an unknown behavior": ("    day: 3", "    day: 3\n    not_for: [promt]", 8, "step 1: not_for 1 cannot be 'promt'; did you mean 'prompt'?"),
    "an unknown way to catch up": ("language: en", "language: en\ncatch_up: quickly", 4, "choose from fit_age, spaced"),
    "a word for a list": ("    by: [email]\n    say: first", "    by: email\n    say: first", 9, "step 1: by must be a list; write it in brackets"),
    "no channel": ("    by: [email]\n    say: first", "    by: []\n    say: first", 9, "by names no channel"),
    "a channel twice": ("    by: [email]\n    say: first", "    by: [email, email]\n    say: first", 9, "must name each channel once"),
    "a channel that is a path": ("    by: [email]\n    say: first", "    by: [../email]\n    say: first", 9, "'../email', which is no channel"),
    "a wording that is a path": ("say: statement", "say: ../../etc/passwd", 22, "must be small letters, digits and single dashes"),
    "a step name with spaces": ("name: reminder", "name: First Reminder", 5, "must be small letters"),
    "two steps of one name": ("name: last-word", "name: reminder", 11, "the name is taken"),
    "a step named like a statement": ("name: last-word", "name: statement-1", 11, "the name is taken"),
    "a severe first step": ("    day: 3", "    day: 3\n    severe: true", 8, "cannot open the ladder"),
    "a ladder that softens": ("stage: final", "stage: courtesy", 12, "a ladder only rises"),
    "days out of order": ("day: 20", "day: 2", 13, "day 2 is before 3 of step reminder"),
    "an end before the beginning": ("day: 20", "day: 20\n    until_day: 19", 14, "until_day 19 comes before"),
    "a day beyond all sense": ("day: 20", "day: 20000", 13, "use a number of days from -365 to 3650"),
    "a notice nobody needs": ("    day: 3", "    day: 3\n    notice_days: 7", 8, "no effect on a step that is not severe"),
    "a negative notice": ("notice_days: 7", "notice_days: -7", 15, "notice_days is -7"),
    "a negative gap": ("language: en", "language: en\ngap_days: -1", 4, "gap_days is too small"),
    "statements every day": ("every_days: 30", "every_days: 1", 19, "at most weekly"),
    "statements every other year": ("every_days: 30", "every_days: 700", 20, "from 0 to 365"),
    "a language that is none": ("language: en", "language: English", 3, "write for example en"),
    "an empty title": ("title: House style", 'title: " "', 2, "title is empty"),
    "a name that is not the file's": ("name: house", "name: home", 1, "give both the same name"),
    "steps that are no list": (GOOD[GOOD.index("steps:") : GOOD.index("afterwards")], "steps: none\n", 4, "steps must be a list"),
    "a step that is no block": ("  - name: last-word\n", "  - wait\n  - name: last-word\n", 11, "step 2 must be a block of keys"),
    "no steps": (GOOD[GOOD.index("steps:") : GOOD.index("afterwards")], "steps: []\n", 4, "give it at least one step"),
    "a block that repeats another": ("    by: [email]\n    say: final", "    by: &b [email]\n    say: *b #", 18, "repeats a block by *b; write it out"),
    "code in a tag": ("title: House style", "title: !!python/object/apply:os.system [ls]", 2, "remove it"),
    "a tab for indentation": ("    day: 3", "\tday: 3", 7, "is not YAML"),
    "an unclosed bracket": ("by: [email]\n    say: first", "by: [email\n    say: first", 10, "check indentation, colons and quotes"),
    "a list for the whole": (GOOD, "- name: house\n", 1, "the file must be a block of keys"),
    "nothing at all": (GOOD, "# to be written\n", 1, "has no 'name'; add it"),
    "two documents": ("steps:", "---\nsteps:", 4, "is not YAML"),
    "a day that is in no calendar": ("day: 3", "day: 2026-02-30", 7, "2026-02-30 is no day of the calendar"),
    "a moment": ("title: House style", "title: 2026-03-02 10:00:00", 2, "YAML reads 2026-03-02 10:00:00 as a timestamp; put it in quotes"),
    "a severe step without notice": ("    notice_days: 7\n", "", 14, "add notice_days, for example notice_days: 7"),
    "a severe step after nothing in writing": ("    stage: reminder", "    stage: due", 14, "put a reminder before it"),
    "a statement among the steps": ("stage: final", "stage: statement", 12, "describe it under afterwards"),
    "no gap at all": ("language: en", "language: en\ngap_days: 0", 4, "gap_days is 0; use a number of days from 1 to 365"),
    "together on another day": (
        "    severe: true",
        "    severe: true\n    together: true",
        15,
        "together means on the day of step reminder; give both the same day",
    ),
    "an approval by nobody": ("    severe: true", "    severe: true\n    approve:", 15, "step 2: approve has no value; fill it in or remove the line"),
    "an approval by a truth": ("    severe: true", "    severe: true\n    approve: true", 15, "step 2: approve must be a whole number"),
    "an approval by three people": ("    severe: true", "    severe: true\n    approve: 3", 15, "approve is how many people must agree: 0, 1 or 2"),
    "an approval by a negative number": ("    severe: true", "    severe: true\n    approve: -1", 15, "0, 1 or 2"),
    "an amount with an exponent": (
        "    day: 3",
        "    day: 3\n    least_amount: 5.0e+2",
        8,
        "5.0e+2 is not a plain number: write a whole one such as 14, or an amount",
    ),
    "an amount with too many places": ("    day: 3", "    day: 3\n    least_amount: 5.123456", 8, "or an amount such as 5000.00"),
    "an amount with a thousands mark": ("    day: 3", "    day: 3\n    least_amount: 5,000.00", 8, "least_amount must be an amount, for example 5000.00"),
    "an amount below zero": ("    day: 3", "    day: 3\n    least_amount: -5", 8, "least_amount is not negative"),
    "infinity": ("    day: 3", "    day: 3\n    least_amount: .inf", 8, ".inf is not a plain number"),
    "a share in percent": ("    day: 3", "    day: 3\n    least_share: 25", 8, "least_share is a part between 0 and 1"),
    "a call by e-mail": ("    do: remind\n    by: [email]\n    say: first", "    do: call\n    by: [email]\n    say: first", 9, "write by: [call, task]"),
    "a reminder by phone": ("    by: [email]\n    say: first", "    by: [call, task]\n    say: first", 9, "remind cannot be done by phone; write do: call"),
    "a task that is not the last resort": ("    by: [email]\n    say: first", "    by: [task, email]\n    say: first", 9, "put it last"),
    "an internal act by e-mail": (
        "    do: remind\n    by: [email]\n    say: first",
        "    do: hand_off\n    by: [email]\n    say: first",
        9,
        "write by: [task]",
    ),
    "a channel of another trade": (
        "    by: [email]\n    say: first",
        "    by: [fax]\n    say: first",
        9,
        "'fax', which is no channel; channels are email, sms",
    ),
    "somebody unknown in copy": ("    day: 3", "    day: 3\n    copy: [boss]", 8, "copy cannot be 'boss'; choose from account_manager"),
    "an unknown reader": ("    day: 3", "    day: 3\n    to: ceo", 8, "to cannot be 'ceo'"),
    "an unknown answer": ("    day: 3", "    day: 3\n    answers: [sheduled]", 8, "answers cannot be 'sheduled'; choose from scheduled"),
    "an unknown tier": ("    day: 3", "    day: 3\n    not_for_tiers: [vipp]", 8, "did you mean 'vip'?"),
    "a condition of nothing": ("    day: 3", "    day: 3\n    only_for:\n      - {}", 9, "true of everybody"),
    "a condition with an unknown key": ("    day: 3", "    day: 3\n    only_for:\n      - tier: [vip]", 9, "did you mean 'tiers'?"),
    "a promise too far away": ("language: en", "language: en\npromise: {latest_days: 90}", 4, "latest_days is 90; use a number of days from 1 to 60"),
    "a promise of more than all": ("language: en", "language: en\npromise: {least_percent: 150}", 4, "use a part in percent from 1 to 100"),
    "a write-off before it began": ("language: en", "language: en\nwrite_off_days: -90", 4, "write_off_days is too small"),
    "leave for an agency without a name": (
        "language: en",
        'language: en\nagency: {name: "", limit: 100, until: 2027-01-01, by: Ann}',
        4,
        "needs the name of the agency",
    ),
    "leave for an agency without a last day": ("language: en", "language: en\nagency: {name: A, limit: 100, by: Ann}", 4, "has no 'until'; add it"),
    "leave for an agency for ever": (
        "language: en",
        "language: en\nagency: {name: A, limit: 100, until: always, by: Ann}",
        4,
        "until must be a day, for example 2027-06-30",
    ),
    "leave for an agency without limit": (
        "language: en",
        "language: en\nagency: {name: A, limit: 0, until: 2027-01-01, by: Ann}",
        4,
        "write the most that may be open",
    ),
    "questions about nobody": ("language: en", "language: en\nask_first: {}", 4, "ask_first says for whom by nothing"),
    "a block with a name": ("    by: [email]\n    say: final", "    by: &b [email]\n    say: final", 17, "names a block by &b; remove the name"),
    "a bomb of blocks that repeat one another": (
        GOOD,
        "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n",
        3,
        "repeats a block by *b; write it out",
    ),
    "brackets in brackets without end": (GOOD, "name: " + "[" * 5000, 1, "nests more than 20 blocks or brackets"),
    "ten megabytes": (GOOD, "# " + "x" * 10_000_000, 1, "1,000,000 is the most; name the file you meant"),
    "zeros": (GOOD, "\x00\x01\x02", 1, "control character"),
    "a tab between words": ("title: House style", "title:\tHouse\n\tstyle: x", 2, "use spaces instead of tabs"),
    "an empty file": (GOOD, "", 1, "has no 'name'; add it"),
    "a merged block": ("language: en", "language: en\n<<: {gap_days: 3}", 4, "'<<' is not read as a word"),
    "a control character": ("House style", "House \x07 style", 2, "control character"),
}


def parsed(text: str) -> Playbook:
    return playbooks.parse(text, "house.yaml")


def faults_of(text: str) -> tuple[playbooks.Fault, ...]:
    with pytest.raises(playbooks.UnableToLoad) as refusal:
        parsed(text)
    assert str(refusal.value).splitlines() == [str(fault) for fault in refusal.value.faults]
    return refusal.value.faults


@pytest.mark.parametrize("before, after, line, remedy", BAD.values(), ids=BAD.keys())
def test_a_bad_playbook_is_refused_with_file_line_and_remedy(before: str, after: str, line: int, remedy: str) -> None:
    assert before in GOOD
    faults = faults_of(GOOD.replace(before, after, 1))
    assert any(fault.file == "house.yaml" and fault.line == line and remedy in fault.what for fault in faults), [str(fault) for fault in faults]


def test_a_fault_names_the_column_too_so_that_an_editor_can_jump_to_it() -> None:
    faults = faults_of(GOOD.replace("sev", "se").replace("day: 3", "day: third"))
    assert [str(fault) for fault in faults] == [
        "house.yaml:7:5: step 1: day must be a whole number, for example 14",
        "house.yaml:14:5: key 'seere' is unknown here; did you mean 'severe'?",
    ]


def test_the_good_playbook_from_which_the_bad_ones_are_made_is_read() -> None:
    playbook = parsed(GOOD)
    assert [(step.name, step.stage, step.day, step.severe) for step in playbook.steps] == [
        ("reminder", Stage.REMINDER, 3, False),
        ("last-word", Stage.FINAL, 20, True),
    ]
    assert playbook.hash == ""
    assert parsed("\ufeff" + GOOD.replace("\n", "\r\n")) == playbook


def test_every_fault_of_a_file_is_told_at_once() -> None:
    faults = faults_of(
        GOOD.replace("title", "titel")
        .replace("severe: true", "severe: yes")
        .replace("stage: final", "stage: fin")
        .replace("every_days: 30", "every_days: often")
    )
    assert [fault.line for fault in faults] == [1, 2, 12, 14, 20]


def test_the_standard_playbook_is_the_policy_that_was_promised() -> None:
    standard = playbooks.load("standard")
    assert [(step.name, str(step.stage), step.day, step.business_day) for step in standard.steps] == [
        ("early-note", "courtesy", -14, None),
        ("upcoming", "courtesy", -7, None),
        ("near-note", "courtesy", -3, None),
        ("due-today", "due", 0, None),
        ("first-reminder", "reminder", None, 3),
        ("second-reminder", "reminder", 14, None),
        ("third-reminder", "reminder", 28, None),
        ("final-notice", "final", 42, None),
    ]
    assert [(step.until_day, step.not_for, step.severe, step.notice_days) for step in standard.steps] == [
        (-8, (), False, 0),
        (-1, (Behavior.CHRONIC_LATE,), False, 0),
        (-1, (), False, 0),
        (2, (Behavior.PROMPT,), False, 0),
        *[(None, (), False, 0)] * 3,
        (None, (), True, 7),
    ]
    late_by_habit = (Condition(behaviors=(Behavior.CHRONIC_LATE,)),)
    assert {step.name for step in standard.steps if step.only_for} == {"early-note", "near-note"}
    assert all(step.only_for in ((), late_by_habit) for step in standard.steps)
    assert [step.name for step in standard.steps if step.not_for_tiers] == ["final-notice"], "strategic customers are given no notice"
    assert (standard.gap_days, standard.bundle_days, standard.courtesy_gap_days, standard.catch_up) == (3, 3, 7, CatchUp.FIT_AGE)
    assert standard.afterwards.every_days == 30


@pytest.mark.parametrize("name", playbooks.names())
def test_every_playbook_there_is_loads_and_has_wording_for_every_situation(name: str) -> None:
    playbook = playbooks.load(name)
    playbooks.check(playbook)
    assert playbook.name == name


def test_a_playbook_that_does_not_exist_is_refused_with_those_that_do() -> None:
    for name in ("gentle-giant", "../pyproject", ""):
        with pytest.raises(playbooks.UnableToLoad, match=r"does not exist; choose from .*standard"):
            playbooks.load(name)


def test_the_hash_is_that_of_the_resolved_text_and_covers_policy_and_wording() -> None:
    standard = playbooks.load("standard")
    text = playbooks.resolve(standard)

    assert standard.hash == sha256(text.encode()).hexdigest()
    assert json.loads(text).keys() == {"playbook", "wording", "wording_in"}
    said = {playbooks.wording_key(step, "email") for step in (*standard.steps, standard.afterwards.step(1))}
    answers = {key for key in json.loads(text)["wording"] if key.partition(".")[0] in list(AnswerKind)}
    assert json.loads(text)["wording"].keys() - answers == said and answers
    assert playbooks.resolve(replace(standard, gap_days=4)) != text
    assert playbooks.resolve(replace(standard, hash="")) == text


def test_a_stored_playbook_comes_back_as_the_one_that_was_stored() -> None:
    standard = playbooks.load("standard")
    text = playbooks.resolve(standard)

    assert playbooks.from_resolved(text) == standard
    assert playbooks.wording_of(text)["first-reminder.email"].name == "en/first-reminder.email"
    assert "Our books still show" in playbooks.wording_of(text)["first-reminder.email"].body


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the packages, whose files may be edited."""
    here = Path(playbooks.__file__).parent
    for package in ("playbooks", "domain"):
        shutil.copytree(here.parent / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run_in(folder: Path, code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_stored_text_is_read_back_unchanged_after_its_files_were_edited(copy: Path) -> None:
    before = playbooks.load("standard")
    (copy / "stored.json").write_text(playbooks.resolve(before), "utf-8")
    wording = copy / "playbooks" / "wording" / "en" / "first-reminder.email.md"
    wording.write_text(wording.read_text("utf-8").replace("Our books still show", "We see"), "utf-8")

    code = """
import pathlib, playbooks
stored = pathlib.Path("stored.json").read_text("utf-8")
words = playbooks.wording_of(stored)["first-reminder.email"].body
print(playbooks.load("standard").hash, playbooks.from_resolved(stored).hash, "Our books still show" in words)
"""
    edited, kept, old_words = run_in(copy, code).split()
    assert edited != before.hash
    assert (kept, old_words) == (before.hash, "True")


def test_a_wording_that_cannot_be_written_in_some_situation_is_found_by_the_check(copy: Path) -> None:
    folder = copy / "playbooks" / "wording" / "en"
    for name, flaw in (("statement", "\nP.S. {% if not one %}{{ amuont }}{% endif %}\n"), ("upcoming", "\n{% if one %}\n")):
        with (folder / f"{name}.email.md").open("a", encoding="utf-8") as file:
            file.write(flaw)
    lines = {name: (folder / f"{name}.email.md").read_text("utf-8").count("\n") for name in ("statement", "upcoming")}

    code = """
import playbooks
try:
    playbooks.check(playbooks.load("standard"))
except playbooks.UnableToLoad as error:
    print(error)
"""
    statement, upcoming = run_in(copy, code).splitlines()
    assert statement.startswith(f"playbooks/wording/en/statement.email.md:{lines['statement']}: 'amuont' is undefined; use only ")
    assert upcoming.startswith(f"playbooks/wording/en/upcoming.email.md:{lines['upcoming']}: the template does not parse")


def test_a_file_in_another_encoding_is_refused_by_line(copy: Path) -> None:
    (copy / "playbooks" / "house.yaml").write_bytes(GOOD.replace("House style", "Hausbräuche").encode("latin-1"))
    code = "import playbooks\ntry:\n    playbooks.load('house')\nexcept playbooks.UnableToLoad as error:\n    print(error)"
    assert run_in(copy, code) == "playbooks/house.yaml:2: is not UTF-8 text; save the file as UTF-8"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"playbook": {}, "wording": {}}', '{"playbook": {"language": "en", "name": 3}, "wording": {}}'])
def test_a_damaged_stored_text_is_refused(text: str) -> None:
    with pytest.raises(playbooks.UnableToLoad, match="stored playbook"):
        playbooks.from_resolved(text)


def test_a_wording_that_does_not_exist_is_named_with_the_step_that_says_it() -> None:
    playbook = parsed(GOOD.replace("say: first-reminder", "say: no-such").replace("by: [email]\n  say: statement", "by: [fax]\n  say: statement"))
    with pytest.raises(playbooks.UnableToLoad) as refusal:
        playbooks.resolve(playbook)
    assert [str(fault) for fault in refusal.value.faults] == [
        "playbooks/wording/en/no-such.email.md:1: does not exist, but reminder of playbook house says it; write it or correct say and by",
        "playbooks/wording/en/statement.fax.md:1: does not exist, but statement-1 of playbook house says it; write it or correct say and by",
    ]


def test_loading_brings_in_nothing_heavy() -> None:
    code = """
import sys, playbooks
playbooks.load("standard")
print([name for name in ("pydantic", "jinja2", "babel", "mrml", "markdown_it") if name in sys.modules])
"""
    assert run_in(Path(playbooks.__file__).parent.parent, code) == "[]"
