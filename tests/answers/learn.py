"""Makes ``domain/understanding/weights.json`` from the labeled answers: ``python -m tests.answers.learn [--check]``.

Multinomial logistic regression by AdaGrad, in plain Python: the same phrases give the same weights everywhere. ``--check`` learns
from four fifths and scores the rest, five times, and writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.classify import guess_country, guess_language
from domain.incoming import Incoming
from domain.understanding import weighing
from domain.understanding.evidence import gather
from domain.understanding.intent import Intent
from integrations.messaging.quotes import own_words
from integrations.reference.holidays import calendar_for
from tests.answers.learn_days import learn_days, write_days

HERE = Path(__file__).parent
MADE_FROM = HERE / "weights_made_from.txt"
LEARNED_FROM = ("known.jsonl", "known_2.jsonl", *(f"held_out{part}.jsonl" for part in ("", *(f"_{number}" for number in range(2, 11)))))
WEIGHTS = Path(weighing.__file__).with_name("weights.json")
# The rules were fitted to the phrases k001-k988: there they are trusted more than they deserve, so most of those are learned without them.
SHARE_WITH_SIGNS = 0.3
ROUNDS = 8
RATE = 0.35
DECAY = 2e-4
# Marks that say little to any class, and what the others say next to nothing to, are left out: two thirds of the file for 1 answer in 600.
LEAST_MARK = 0.35
LEAST_WEIGHT = 0.1

Example = tuple[list[tuple[str, float]], int, float]


def load_examples() -> list[tuple[dict[str, Any], dict[str, float]]]:
    labels = [json.loads(line) | {"from": name} for name in LEARNED_FROM for line in (HERE / name).read_text(encoding="utf-8").splitlines()]
    return [(label, marks_of(label)) for label in labels]


def marks_of(label: dict[str, Any]) -> dict[str, float]:
    received = datetime.fromisoformat(label["received_at"])
    text = (own_words(label["text"]) or label["text"]) if label["channel"] == "email" else label["text"]
    message = Incoming("file", label["id"], label["channel"], received, "", (), text, label["subject"] or "")
    country = guess_country(label["lang"], received)
    return gather(message, guess_language(label["lang"], received), received.date(), calendar_for((country,), received.date())).marks


def fingerprint() -> str:
    """The labeled answers that are learned from, in one line."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes().replace(b"\r\n", b"\n") for name in LEARNED_FROM)).hexdigest()


def learn(examples: list[tuple[dict[str, Any], dict[str, float]]]) -> dict[str, list[float]]:
    chance = random.Random(2)
    chosen: list[tuple[dict[str, float], int, float]] = []
    for label, marks in examples:
        was_fitted = label["from"] == "known.jsonl" and label["id"].startswith("k") and int(label["id"][1:]) <= 988
        kept = marks if not was_fitted or chance.random() < SHARE_WITH_SIGNS else {name: value for name, value in marks.items() if name[:2] != "r:"}
        chosen.append((kept, weighing.INTENTS.index(Intent(label["intent"])), 1.0 if was_fitted else 1.5))
    seen = Counter(name for marks, _, _ in chosen for name in marks)
    data: list[Example] = [([(name, value) for name, value in marks.items() if seen[name] > 1], wanted, weight) for marks, wanted, weight in chosen]
    classes = range(len(weighing.INTENTS))
    weights = {name: [0.0 for _ in classes] for name, count in seen.items() if count > 1}
    steps = {name: [1e-2 for _ in classes] for name in weights}
    for _ in range(ROUNDS):
        chance.shuffle(data)
        for marks_, wanted, weight in data:
            scores = [0.0 for _ in classes]
            for name, value in marks_:
                row = weights[name]
                for place in classes:
                    scores[place] += row[place] * value
            top = max(scores)
            powers = [math.exp(score - top) for score in scores]
            total = sum(powers)
            slopes = [(place, (power / total - (place == wanted)) * weight) for place, power in enumerate(powers)]
            active = [(place, slope) for place, slope in slopes if abs(slope) > 0.005]
            for name, value in marks_:
                row, step = weights[name], steps[name]
                for place, slope in active:
                    change = slope * value + DECAY * row[place]
                    step[place] += change * change
                    row[place] -= RATE * change / math.sqrt(step[place])
    return weights


def pack(weights: dict[str, list[float]]) -> str:
    packed: dict[str, str] = {}
    for name in sorted(weights):
        if max(map(abs, weights[name])) < LEAST_MARK:
            continue
        entry = ""
        for place, weight in enumerate(weights[name]):
            if abs(weight) >= LEAST_WEIGHT:
                step = max(-weighing.MIDDLE, min(len(weighing.STEPS) - 1 - weighing.MIDDLE, round(weight / weighing.STEP)))
                entry += weighing.CLASS_LETTERS[place] + weighing.STEPS[step + weighing.MIDDLE]
        packed[name] = entry
    return json.dumps(packed, separators=(",\n", ":"), ensure_ascii=True) + "\n"


def write(weights: dict[str, list[float]]) -> None:
    text = pack(weights)
    WEIGHTS.write_text(text, encoding="ascii")
    MADE_FROM.write_text(fingerprint() + "\n", encoding="ascii")
    weighing.load_weights.cache_clear()
    print(f"{len(text):,} bytes, {text.count(chr(10)):,} marks")


def check(examples: list[tuple[dict[str, Any], dict[str, float]]]) -> None:
    order = list(range(len(examples)))
    random.Random(3).shuffle(order)
    right = 0
    for fold in range(5):
        tested = set(order[fold::5])
        weights = learn([example for place, example in enumerate(examples) if place not in tested])
        for place in tested:
            label, marks = examples[place]
            scores = [sum(weights[name][at] * value for name, value in marks.items() if name in weights) for at in range(len(weighing.INTENTS))]
            right += weighing.INTENTS[scores.index(max(scores))] == label["intent"]
    print(f"{right} of {len(examples)} right on phrases not learned from")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(load_examples())
    else:
        labeled = load_examples()
        write_days(learn_days([label for label, _ in labeled]))
        write(learn(labeled))
