"""What is good YAML and fits the domain's types, and still cannot be meant: each with its place and its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.playbook import Condition, Playbook, Stage, Step, Verb
from domain.promise import LONGEST_PROMISE_DAYS
from playbooks.reading import Place

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_EARLIEST, _LATEST = -365, 3650
_YEAR = 365
_ANSWERS = ("scheduled", "send-again", "something-wrong")
_COPIES = ("account_manager",)
# The stages that put something in writing which a severe step can build on.
_NOTICES = (Stage.REMINDER, Stage.FINAL, Stage.HOLD, Stage.DEMAND)

Contradiction = tuple[Place, str]


def contradictions(playbook: Playbook, stem: str) -> Iterator[Contradiction]:
    """Every one in ``playbook``, whose file is called ``stem``.yaml."""
    if playbook.name != stem:
        yield ("name",), f"name is {playbook.name!r} but the file is {stem}.yaml; give both the same name"
    if not _LANGUAGE.fullmatch(playbook.language):
        yield ("language",), f"language {playbook.language!r} is not a two-letter code; write for example en"
    if not playbook.title.strip():
        yield ("title",), "title is empty; say what the playbook is called on screens"
    speakers: list[tuple[Place, str, str, tuple[str, ...]]] = [(("afterwards",), "afterwards", playbook.afterwards.say, playbook.afterwards.by)]
    speakers += [(("steps", number), step.name, step.say, step.by) for number, step in enumerate(playbook.steps)]
    for path, name, say, by in speakers:
        for key, word in (("name", name), ("say", say), *(("by", channel) for channel in by)):
            if not _SLUG.fullmatch(word):
                yield (*path, key), f"{key} {word!r} must be small letters, digits and single dashes, for example first-reminder"
        if len(set(by)) != len(by) or not by:
            yield (*path, "by"), "by must name each channel once, for example [email]"
    yield from _limits(playbook)
    latest: dict[str, tuple[int, str]] = {}
    for number, step in enumerate(playbook.steps):
        before = playbook.steps[:number]
        for place, what in (*_days(step, latest), *_severity(step, before), *_acts(step), *_audience(step)):
            yield ("steps", number, *place), what


def _limits(playbook: Playbook) -> Iterator[Contradiction]:
    promise = playbook.promise
    limits: tuple[tuple[Place, int, int, int, str], ...] = (
        (("gap_days",), playbook.gap_days, 1, _YEAR, "a number of days"),
        (("bundle_days",), playbook.bundle_days, 0, _YEAR, "a number of days"),
        (("courtesy_gap_days",), playbook.courtesy_gap_days, 0, _YEAR, "a number of days"),
        (("afterwards", "every_days"), playbook.afterwards.every_days, 0, _YEAR, "a number of days"),
        (("write_off_days",), playbook.write_off_days, 0, _LATEST, "a number of days"),
        (("review_after",), playbook.review_after, 0, 100, "a number of steps"),
        (("promise", "latest_days"), promise.latest_days, 1, LONGEST_PROMISE_DAYS, "a number of days"),
        (("promise", "least_percent"), promise.least_percent, 1, 100, "a part in percent"),
        (("promise", "per_invoice"), promise.per_invoice, 0, 10, "a number of promises"),
    )
    for path, value, least, most, what in limits:
        if not least <= value <= most:
            yield path, f"{path[-1]} is {value}; use {what} from {least} to {most}"
    if playbook.interest and not any(step.severe for step in playbook.steps):
        yield ("interest",), "interest is named by severe steps alone, and there is none; mark the formal step severe: true, or remove it"
    if agency := playbook.agency:
        if not agency.name.strip() or not agency.by.strip():
            yield ("agency",), "agency needs the name of the agency, and by: who gave leave"
        if agency.limit <= 0:
            yield ("agency", "limit"), f"limit is {agency.limit}; write the most that may be open, for example 10000.00"


def _days(step: Step, latest: dict[str, tuple[int, str]]) -> Iterator[Contradiction]:
    for key, days in (("day", step.day), ("business_day", step.business_day), ("until_day", step.until_day)):
        if days is None:
            continue
        if not _EARLIEST <= days <= _LATEST:
            yield (key,), f"{key} is {days}; use a number of days from {_EARLIEST} to {_LATEST}"
        if key == "until_day":
            if days < (step.day if step.day is not None else step.business_day or 0):
                yield (key,), f"until_day {days} comes before the step's own day; move it later or remove it"
        elif key in latest and days < latest[key][0]:
            yield (key,), f"{key} {days} is before {latest[key][0]} of step {latest[key][1]}; put the steps in the order of their days"
        else:
            latest[key] = (days, step.name)


def _severity(step: Step, before: tuple[Step, ...]) -> Iterator[Contradiction]:
    if step.stage is Stage.STATEMENT:
        yield ("stage",), "stage statement is what follows the ladder; describe it under afterwards, and give the step another stage"
    if not 0 <= step.notice_days <= _YEAR:
        yield ("notice_days",), f"notice_days is {step.notice_days}; use a number of days from 0 to {_YEAR}"
    elif step.notice_days and not step.severe:
        yield ("notice_days",), "notice_days has no effect on a step that is not severe; add severe: true or remove it"
    elif step.severe and not step.notice_days and not step.together:
        yield ("severe",), "a severe step needs time to answer what came before it; add notice_days, for example notice_days: 7"
    if step.severe and before and not any(one.stage in _NOTICES and not one.do.is_internal for one in before):
        yield ("severe",), "nothing in writing stands before this severe step, so it could never come; put a reminder before it"
    if step.together and before and (step.day, step.business_day) != (before[-1].day, before[-1].business_day):
        yield ("together",), f"together means on the day of step {before[-1].name}; give both the same day, or remove it"


def _acts(step: Step) -> Iterator[Contradiction]:
    if step.do is Verb.CALL and step.by[:1] != ("call",):
        yield ("by",), "a call is made by phone; write by: [call, task], or do: remind"
    if step.do is not Verb.CALL and "call" in step.by:
        yield ("by",), f"{step.do} cannot be done by phone; write do: call, or take call out of by"
    for answer in step.answers:
        if answer not in _ANSWERS:
            yield ("answers",), f"answers cannot be {answer!r}; choose from {', '.join(_ANSWERS)}"
    for reader in step.copy:
        if reader not in _COPIES:
            yield ("copy",), f"copy cannot be {reader!r}; choose from {', '.join(_COPIES)}"


def _audience(step: Step) -> Iterator[Contradiction]:
    for number, condition in enumerate(step.only_for):
        if condition == Condition():
            yield ("only_for", number), "this condition is true of everybody; say of whom, for example tiers: [vip], or remove it"
