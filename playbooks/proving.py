"""Whether every text can be sent: in each language and tone it can be written, names what it is about, and threatens nothing
that its playbook does not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import combinations
from pathlib import Path

import playbooks
from domain.owed import AnswerKind
from domain.playbook import Playbook, Step, Verb
from domain.texting import MOST_SEGMENTS, count_segments, simplify
from playbooks.language import TONES, languages, phrases
from playbooks.phrases import locale_for, long_day, money, short_day
from playbooks.reading import UnableToLoad, Wording, read_yaml
from playbooks.samples import EVERYTHING, MANY, ONE
from playbooks.wording import Rendered, UnableToRender, render, render_text

_WORDING = Path(__file__).parent / "wording"
# What a step does that a text before it may announce, by the name of the words for it.
_ANNOUNCED = {"collections": (Verb.HAND_OFF,), "agency": (Verb.REFER_TO_AGENCY,), "credit_hold": (Verb.PLACE_CREDIT_HOLD,)}
# What is asked of a customer in writing must say how much, of which invoice and, where there is room, since when.
_MUST_SAY = {"email": ("amount", "number", "due"), "letter": ("amount", "number", "due"), "portal": ("amount", "number"), "sms": ("amount", "number")}
_AGREED = replace(EVERYTHING, agency="", hold=False)
_UNPROMISED = replace(_AGREED, promised_day=None, promised_amount=None)
# A text message about one invoice is read at a glance; about several it may be as long as one can be.
_MOST_ABOUT_ONE = 2


@dataclass(frozen=True, slots=True)
class _Threats:
    collections: tuple[str, ...]
    agency: tuple[str, ...]
    credit_hold: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a text: of which step, in which language and tone, and what to do about it."""

    playbook: str
    step: str
    channel: str
    language: str
    tone: str
    what: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a step says by a channel, in one language and tone, about an invented invoice, and about several."""

    step: Step
    channel: str
    language: str
    tone: str
    said: Rendered
    of_several: Rendered


def texts(playbook: Playbook, own: Path | None = None, wanted: str = "") -> Iterator[Text | Flaw]:
    """Every text of ``playbook`` in every tone and language (or the one that is ``wanted``), or why it cannot be written; the messages
    that answer included.

    Where a language lacks a text the playbook's own is used in its place; that is a flaw too. Tasks are for colleagues,
    and are written in one tone.
    """
    answers = (playbook.step(f"{what}-1") for what in AnswerKind)
    steps = [*playbook.steps, playbook.afterwards.step(1), *answers]
    for language in (wanted,) if wanted else tuple(dict.fromkeys((playbook.language, *languages()))):
        try:
            found = playbooks.wording_texts(playbook, own, language)
        except UnableToLoad as error:
            for fault in error.faults:
                yield Flaw(playbook.name, "", "", language, "", str(fault))
            continue
        for step in steps:
            for channel in step.by:
                key = playbooks.wording_key(step, channel)
                if key not in found:
                    yield Flaw(playbook.name, step.name, channel, language, "", f"has no text; write playbooks/wording/{language}/{key}.md")
                    continue
                for tone in TONES if channel != "task" else TONES[1:2]:
                    yield _write(playbook, step, channel, found[key], tone)


def prove(playbook: Playbook, own: Path | None = None, wanted: str = "") -> tuple[tuple[Flaw, ...], int]:
    """What is wrong with the texts of ``playbook``, and how many texts were looked at."""
    flaws: list[Flaw] = []
    mails: list[Text] = []
    count = 0
    for one in texts(playbook, own, wanted):
        count += 1
        if isinstance(one, Flaw):
            flaws.append(one)
        elif one.channel != "task":
            flaws += [Flaw(playbook.name, one.step.name, one.channel, one.language, one.tone, what) for what in _look_at(playbook, one)]
            mails += [one] if one.channel == "email" else []
    return (*flaws, *_compare_tones(playbook, mails)), count


def _write(playbook: Playbook, step: Step, channel: str, wording: Wording, tone: str) -> Text | Flaw:
    written = []
    around = replace(_AGREED if step.answers_customer else _UNPROMISED, tone=tone, strategic=tone == "warm")
    for about in (MANY, replace(ONE, contact_name=""), ONE):
        sheet = replace(about, locale=wording.language, around=around)
        try:
            written.append((render if channel == "email" else render_text)(wording, sheet))
        except UnableToRender as error:
            return Flaw(playbook.name, step.name, channel, wording.language, tone, f"line {error.line}: {error.what}")
    return Text(step, channel, wording.language, tone, said=written[-1], of_several=written[0])


def _look_at(playbook: Playbook, text: Text) -> Iterator[str]:
    said = f"{text.said.subject}\n{text.said.text}"
    flat = re.sub(r"\s+", " ", said)
    locale, line = locale_for(text.language, text.language), ONE.claimed[0].invoice
    facts = {"amount": (money(line.balance, locale),), "number": (line.number,), "due": (long_day(line.due, locale), short_day(line.due, locale))}
    # A message that answers says what was agreed or asked for, which may be neither the amount nor the due date.
    for fact in () if text.step.answers_customer else _MUST_SAY.get(text.channel, ()):
        if not any(re.sub(r"\s+", " ", form) in flat for form in facts[fact]):
            yield f"does not say the {fact}, {facts[fact][0]}; use {{{{ {fact} }}}}"
    steps = [*playbook.steps, playbook.afterwards.step(1)]
    later = () if text.step.answers_customer or text.tone == "warm" else steps[steps.index(text.step) :]
    ahead = {step.do for step in later}
    threats = _threats(text.language)
    for kind, verbs in _ANNOUNCED.items():
        if not ahead.intersection(verbs):
            for word in _said(getattr(threats, kind), flat):
                whom = "is never said to customers we know best" if text.tone == "warm" else f"announces what {playbook.name} does not do from here on"
                yield f"says {word!r}, which {whom}; leave it out"
    for word in _said(threats.never, flat):
        yield f"says {word!r}, which no reminder says; leave it out"
    if text.channel == "sms":
        yield from _measure(text)


def _measure(text: Text) -> Iterator[str]:
    for said, most, about in ((text.said, _MOST_ABOUT_ONE, "one invoice"), (text.of_several, MOST_SEGMENTS, "several invoices")):
        if (segments := count_segments(simplify(said.text.strip()))) > most:
            yield f"takes {segments} segments about {about}, and {most} is the most; say less, and avoid letters that phones send at double cost"


def _compare_tones(playbook: Playbook, mails: list[Text]) -> Iterator[Flaw]:
    """Mails of one step that differ in greeting and closing alone: whoever knows us well would read what a stranger reads. Messages
    that answer are warm to everybody."""
    for one, other in combinations([mail for mail in mails if not mail.step.answers_customer], 2):
        if (one.step, one.language) == (other.step, other.language) and _body(one) == _body(other):
            what = f'says the same in {one.tone} and {other.tone}; word its request or its offer for each, as in {{% if tone == "{other.tone}" %}}'
            yield Flaw(playbook.name, one.step.name, one.channel, one.language, other.tone, what)


def _body(mail: Text) -> str:
    return mail.said.text.partition("\n\n")[2].replace(phrases(mail.language).close(mail.tone), "")


def threats_in(text: str, language: str) -> str:
    """The first word of ``text`` by which something worse is announced; empty when there is none. Raises UnableToLoad."""
    threats = _threats(language)
    said = (word for kind in fields(threats) for word in _said(getattr(threats, kind.name), text))
    return next(said, "")


def _said(words: tuple[str, ...], text: str) -> list[str]:
    return [word for word in words if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)]


@cache
def _threats(language: str) -> _Threats:
    file = _WORDING / language / "threats.yaml"
    return read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/threats.yaml").read_as(_Threats)
