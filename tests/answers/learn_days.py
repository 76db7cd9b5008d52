"""Makes ``domain/day_weights.json`` from the labeled answers; a part of ``python -m tests.answers.learn``.

Logistic regression over the days of each message and "none", by AdaGrad: the chance of all days that are right is raised.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cli.classify import guess_country, guess_language
from domain import day_weighing
from domain.plain_words import plain
from domain.promise_day import language_of_days, with_order_shown
from domain.tense import clauses
from domain.understanding.intent import Intent
from domain.understanding.signature import cut_frame
from integrations.messaging.quotes import own_words
from integrations.reference.holidays import calendar_for

WEIGHTS = Path(day_weighing.__file__).with_name("day_weights.json")
ROUNDS = 12
RATE = 0.25
DECAY = 5e-3
LEAST_SEEN = 3
LEAST_WEIGHT = 0.1

# For each day of a message, and for "none": whether it is right, and what is weighed of it.
Example = list[tuple[bool, list[tuple[str, float]]]]


def example_of(label: dict[str, Any]) -> Example | None:
    """None where nothing is promised, or where no day is found from which to choose the right one."""
    if label["intent"] not in (Intent.PROMISE, Intent.NEXT_PAYMENT_RUN):
        return None
    received = datetime.fromisoformat(label["received_at"])
    language, today = guess_language(label["lang"], received), received.date()
    text = (own_words(label["text"]) or label["text"]) if label["channel"] == "email" else label["text"]
    written = plain(cut_frame(text))
    calendar = calendar_for((guess_country(label["lang"], received),), today)
    language = with_order_shown(language, written)
    parts = tuple(clause[:600] for clause in clauses(written))
    found = day_weighing.find_candidates(parts, language, language_of_days(written, language, today, calendar), today, calendar)
    wanted = date.fromisoformat(label["promise_date"]) if label["promise_date"] else None
    if not found or (wanted and not any(one.resolved.day == wanted for one in found)):
        return None
    marked = day_weighing.mark(found, parts)
    return [((one.resolved.day if one else None) == wanted, list(marks.items())) for one, marks in marked]


def learn_days(labels: list[dict[str, Any]]) -> dict[str, float]:
    chance = random.Random(1)
    examples = [example for label in labels if (example := example_of(label))]
    seen = Counter(name for example in examples for _, marks in example for name, _ in marks)
    data = [[(right, [(name, value) for name, value in marks if seen[name] >= LEAST_SEEN]) for right, marks in example] for example in examples]
    weights = {name: 0.0 for name, count in seen.items() if count >= LEAST_SEEN}
    steps = dict.fromkeys(weights, 1e-2)
    for _ in range(ROUNDS):
        chance.shuffle(data)
        for example in data:
            scores = [sum(weights[name] * value for name, value in marks) for _, marks in example]
            top = max(scores)
            powers = [math.exp(score - top) for score in scores]
            total, right_total = sum(powers), sum(power for power, (right, _) in zip(powers, example, strict=True) if right) or 1e-9
            for power, (right, marks) in zip(powers, example, strict=True):
                slope = power / total - (power / right_total if right else 0.0)
                if abs(slope) > 0.003:
                    for name, value in marks:
                        change = slope * value + DECAY * weights[name]
                        steps[name] += change * change
                        weights[name] -= RATE * change / math.sqrt(steps[name])
    return {name: round(weight, 2) for name, weight in sorted(weights.items()) if abs(weight) >= LEAST_WEIGHT}


def write_days(weights: dict[str, float]) -> None:
    WEIGHTS.write_text(json.dumps(weights, separators=(",\n", ":"), ensure_ascii=True) + "\n", encoding="ascii")
    day_weighing.load_weights.cache_clear()
    print(f"{len(weights):,} weights for days")
