"""How well answers are understood, by class, on the labeled phrases that rules and weights were made with: a floor, not a score."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import dunwell
from domain.understanding import Intent, weighing
from tests.answers import learn

KNOWN = Path(__file__).with_name("known.jsonl")
# Each by another author, and scored once before it was learned from; the eleventh is not learned from.
LEARNED_FROM = tuple(Path(__file__).with_name(f"held_out{number}.jsonl") for number in ("", *(f"_{number}" for number in range(2, 11))))
HELD_OUT = Path(__file__).with_name("held_out_11.jsonl")
UNSAFE = {"paid_already", "remittance", "check_sent", "dispute", "stop", "legal"}


@dataclass(frozen=True)
class Scores:
    labeled: int
    right: int
    dates: int
    dates_right: int
    amounts_wrong: tuple[str, ...]
    unsafe: tuple[str, ...]
    wrong: tuple[str, ...]
    table: str


@cache
def score(file: Path) -> Scores:
    """What ``dunwell inbox classify`` makes of ``file``, against its labels."""
    labels = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    ran = CliRunner().invoke(dunwell, ["inbox", "classify", str(file), "--json"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    answers = {answer["id"]: answer for answer in map(json.loads, ran.stdout.splitlines())}
    pairs = [(label, answers[label["id"]]) for label in labels]
    dated = [(label, answer) for label, answer in pairs if label["promise_date"] or answer["promise_date"]]
    return Scores(
        len(pairs),
        sum(label["intent"] == answer["intent"] for label, answer in pairs),
        len(dated),
        sum(label["promise_date"] == answer["promise_date"] for label, answer in dated),
        tuple(label["text"] for label, answer in dated if label["promise_amount"] and not same_amount(label, answer)),
        tuple(label["text"] for label, answer in pairs if (label["unsafe"] or label["pauses"]) and not answer["pauses"]),
        tuple(f"{label['intent']} read as {answer['intent']}: {label['text']}" for label, answer in pairs if label["intent"] != answer["intent"]),
        write_table([(label["intent"], answer["intent"]) for label, answer in pairs]),
    )


def same_amount(label: dict[str, str], answer: dict[str, str | None]) -> bool:
    return answer["promise_amount"] is not None and float(label["promise_amount"]) == float(answer["promise_amount"])


def write_table(pairs: list[tuple[str, str]]) -> str:
    hits = Counter(wanted for wanted, got in pairs if wanted == got)
    wanted, got = Counter(wanted for wanted, _ in pairs), Counter(got for _, got in pairs)
    lines = [f"{'class':18}{'n':>5}{'precision':>11}{'recall':>8}"]
    for name in sorted(wanted | got):
        precision = f"{hits[name] / got[name]:.0%}" if got[name] else "-"
        recall = f"{hits[name] / wanted[name]:.0%}" if wanted[name] else "-"
        lines.append(f"{name:18}{wanted[name]:>5}{precision:>11}{recall:>8}")
    return "\n".join(lines)


def test_the_phrases_the_rules_were_written_with_are_understood() -> None:
    scores = score(KNOWN)
    print(f"\n{scores.table}\n{scores.right} of {scores.labeled} right; promise dates {scores.dates_right} of {scores.dates}")
    assert scores.labeled >= 220
    assert scores.right >= 0.98 * scores.labeled, "\n".join(scores.wrong)
    assert scores.dates_right >= 0.96 * scores.dates
    assert not scores.amounts_wrong


@pytest.mark.parametrize("file", LEARNED_FROM, ids=lambda file: file.stem)
def test_what_was_held_out_once_is_understood_now_that_it_is_learned_from(file: Path) -> None:
    scores = score(file)
    print(f"\n{scores.table}\n{scores.right} of {scores.labeled} right; promise dates {scores.dates_right} of {scores.dates}")
    assert scores.unsafe == ()
    assert scores.right >= 0.99 * scores.labeled, "\n".join(scores.wrong)
    assert scores.dates_right >= 0.98 * scores.dates


def test_answers_that_nothing_was_learned_from_are_understood() -> None:
    scores = score(HELD_OUT)
    print(f"\n{scores.table}\n{scores.right} of {scores.labeled} right; promise dates {scores.dates_right} of {scores.dates}")
    assert scores.labeled == 240
    assert scores.unsafe == ()
    assert scores.right >= 0.95 * scores.labeled, "\n".join(scores.wrong)
    assert scores.dates_right >= 0.95 * scores.dates


def test_the_weights_were_learned_from_the_answers_as_they_are_now() -> None:
    assert learn.MADE_FROM.read_text(encoding="ascii").strip() == learn.fingerprint(), "learn anew: python -m tests.answers.learn"


def test_the_weights_are_small_and_speak_of_every_class() -> None:
    stored = weighing.load_weights()
    assert Path(weighing.__file__).with_name("weights.json").stat().st_size < 1_000_000
    assert {place for row in stored.values() for place, _ in row} == set(range(len(Intent)))


def test_nobody_is_chased_on_after_any_known_answer() -> None:
    assert score(KNOWN).unsafe == ()


@pytest.mark.parametrize("danger", sorted(UNSAFE))
def test_the_known_phrases_hold_enough_of_what_it_would_be_unsafe_to_miss(danger: str) -> None:
    labels = [json.loads(line) for line in KNOWN.read_text(encoding="utf-8").splitlines()]
    for language in ("en", "de"):
        assert sum(label["intent"] == danger and label["lang"].startswith(language) for label in labels) >= 3
