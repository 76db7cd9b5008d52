"""Whether every text can be sent: in each language and tone it can be written, names what it is about, and threatens nothing
that its playbook does not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path

import playbooks
from domain.customer import Tier
from domain.owed import AnswerKind
from domain.playbook import Playbook, Step, Verb
from domain.texting import MOST_SEGMENTS, count_segments, fit
from domain.voice import PLAYBOOK, SHORT_WORDS, Formality, Voice
from playbooks.language import TONES, languages, phrases
from playbooks.page import FactSheet, Page
from playbooks.phrases import locale_for, long_day, money, short_day
from playbooks.reading import UnableToLoad, Wording, read_yaml
from playbooks.samples import ACCENTED, EVERYTHING, LONG_NAMED, MANY, ONE, SHEETS
from playbooks.wording import Rendered, UnableToRender, render, render_text

_WORDING = Path(__file__).parent / "wording"
_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
# What a step does that a text before it may announce, by the name of the words for it.
_ANNOUNCED = {"collections": (Verb.HAND_OFF,), "agency": (Verb.REFER_TO_AGENCY,), "credit_hold": (Verb.PLACE_CREDIT_HOLD,)}
# What is asked of a customer in writing must say how much, of which invoices and, where there is room, since when and how to pay.
_WHOLE = ("amount", "number", "due", "payment")
_MUST_SAY = {"email": _WHOLE, "letter": _WHOLE, "portal": ("amount", "number"), "sms": ("amount", "number")}
# A language is written in more ways than one: what readers of each see is looked at.
_LOCALES = {"en": ("en", "en_GB")}
_AGENCY = "Nordhaven"
_MOST_KEPT = 512
# How an owner may write, by formality and length; the first is nobody's voice.
MANNERS = (("", ""), *((formality.value, length) for formality in Formality for length in ("full", "short")))
_MOST_NAMED = {"email": 100, "letter": 100, "sms": 1}
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
    notice: tuple[str, ...] = ()
    demand: tuple[str, ...] = ()
    interest: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a text: of which step, in which language and tone, in whose manner (as in ``Text``), and what to do about it."""

    playbook: str
    step: str
    channel: str
    language: str
    tone: str
    what: str
    formality: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What a step says by a channel, in one language and tone, about an invented invoice, and about several. ``like_the_mail``: on the
    customer's page, in the words of the e-mail. ``formality`` (casual or formal) and ``length`` (full or short) are those of an owner
    who writes so, both empty in nobody's voice."""

    step: Step
    channel: str
    language: str
    tone: str
    said: Rendered
    of_several: Rendered
    wording: Wording
    like_the_mail: bool = False
    formality: str = ""
    length: str = ""

    @property
    def voice(self) -> Voice | None:
        return _voice(self.language, (self.formality, self.length))


def texts(playbook: Playbook, own: Path | None = None, wanted: str = "") -> Iterator[Text | Flaw]:
    """Every text of ``playbook`` in every tone and language (or the one that is ``wanted``), or why it cannot be written; the messages
    that answer included. What an owner says in person comes as owners of every formality and length write.

    Where a language lacks a text the playbook's own is used in its place; that is a flaw too. Tasks are for colleagues,
    and are written in one tone.
    """
    answers = (playbook.step(f"{what}-1") for what in AnswerKind)
    steps = [*playbook.steps, playbook.afterwards.step(1), *answers]
    for language in (wanted,) if wanted else tuple(dict.fromkeys((playbook.language, *languages()))):
        try:
            written = playbooks.wording_texts(playbook, own, language)
        except UnableToLoad as error:
            for fault in error.faults:
                yield Flaw(playbook.name, "", "", language, "", str(fault))
            continue
        found = playbooks.add_portal(written)
        for step in steps:
            # Whatever is written may be left on the customer's page as well, by a playbook that names portal there.
            for channel in step.by if "email" not in step.by or step.answers_customer else dict.fromkeys((*step.by, "portal")):
                key = playbooks.wording_key(step, channel)
                if key not in found:
                    yield Flaw(playbook.name, step.name, channel, language, "", f"has no text; write playbooks/wording/{language}/{key}.md")
                    continue
                for tone in TONES if channel != "task" else TONES[1:2]:
                    # What has consequences, and what colleagues read, is in nobody's voice.
                    for manner in MANNERS if playbook.name == PLAYBOOK and channel != "task" and not step.severe else MANNERS[:1]:
                        text = _write(playbook, step, channel, found[key], tone, manner)
                        yield text if isinstance(text, Flaw) else replace(text, like_the_mail=key not in written)


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
            try:
                wrong = tuple(_look_at(playbook, one))
            except UnableToRender as error:
                wrong = (f"line {error.line}: {error.what}",)
            flaws += [Flaw(playbook.name, one.step.name, one.channel, one.language, one.tone, what, one.formality, one.length) for what in wrong]
            mails += [one] if one.channel == "email" else []
    return (*flaws, *_compare_tones(playbook, mails)), count


def _write(playbook: Playbook, step: Step, channel: str, wording: Wording, tone: str, manner: tuple[str, str]) -> Text | Flaw:
    formality, length = manner
    try:
        said, of_several = _render(step.answers_customer is not None, channel, wording, tone, _voice(wording.language, manner))
    except UnableToRender as error:
        return Flaw(playbook.name, step.name, channel, wording.language, tone, f"line {error.line}: {error.what}", formality, length)
    return Text(step, channel, wording.language, tone, said, of_several, wording, formality=formality, length=length)


def _voice(language: str, manner: tuple[str, str]) -> Voice | None:
    formality, length = manner
    return Voice(language, formality=Formality(formality), usual_words=SHORT_WORDS if length == "short" else 0) if formality else None


@lru_cache(maxsize=_MOST_KEPT)
def _render(answers: bool, channel: str, wording: Wording, tone: str, voice: Voice | None) -> tuple[Rendered, Rendered]:
    about = (_sheet(answers, channel, wording, tone, replace(one, voice=voice)) for one in (MANY, replace(ONE, contact_name="")))
    of_several, _ = (render_text(wording, sheet) for sheet in about)
    return (render if channel == "email" else render_text)(wording, _sheet(answers, channel, wording, tone, replace(ONE, voice=voice))), of_several


def _sheet(answers: bool, channel: str, wording: Wording, tone: str, about: FactSheet) -> FactSheet:
    around = replace(_AGREED if answers else _UNPROMISED, tone=tone, strategic=tone == "warm")
    claimed = tuple(replace(line, attached=line.attached and channel == "email") for line in about.claimed)
    return replace(about, locale=wording.language, around=around, claimed=claimed)


def _look_at(playbook: Playbook, text: Text) -> Iterator[str]:
    found: dict[str, str] = {}
    for sheet, said in _in_every_situation(text):
        for fact, forms in () if text.step.answers_customer else _facts(text, sheet):
            if not any(_flat(form) in said for form in forms):
                placed = "invoices" if fact == "number" and len(sheet.claimed) > 1 else fact
                found.setdefault(fact, f"does not say the {fact}, {_flat(forms[0])}; use {{{{ {placed} }}}}")
        for word in _wrongly_said(playbook, text, sheet, said):
            whom = "is never said to customers we know best" if sheet.around.strategic else f"announces what {playbook.name} does not do from here on"
            found.setdefault(word, f"says {word!r}, which {whom}; leave it out")
    for word in _never_said(playbook, text):
        found.setdefault(word, f"says {word!r}, which no reminder of {playbook.name} says; leave it out")
    yield from found.values()
    if text.channel == "sms":
        yield from _measure(text)


def _in_every_situation(text: Text) -> Iterator[tuple[FactSheet, str]]:
    """What is said wherever it is put into words, as readers of this tone meet it; nothing for what was proven already, or says no more
    than what was agreed. Raises UnableToRender."""
    if text.step.answers_customer or text.like_the_mail:
        return
    for sheet, said in _situations(text.wording, text.tone, text.voice):
        # Of those whom we write to warmly some are strategic, and not every step is for these.
        if not (sheet.around.strategic and Tier.STRATEGIC in text.step.not_for_tiers):
            yield sheet, said


@lru_cache(maxsize=_MOST_KEPT)
def _situations(wording: Wording, tone: str, voice: Voice | None) -> tuple[tuple[FactSheet, str], ...]:
    """Interest is left out: it stands in a block of our own, with its law."""
    found = []
    for sheet in SHEETS:
        for strategic in (True, False) if tone == "warm" else (False,):
            around = replace(sheet.around, tone=tone, strategic=strategic, agency=_AGENCY if sheet.around.agency else "")
            for locale in _LOCALES.get(wording.language, (wording.language,)):
                situation = replace(sheet, locale=locale, around=around, interest=None, voice=voice)
                written = render_text(wording, situation)
                found.append((situation, _flat(f"{written.subject}\n{written.text}")))
    return tuple(found)


def _facts(text: Text, sheet: FactSheet) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What this text has to say, each in every form in which it may."""
    wanted, page = _MUST_SAY.get(text.channel, ()), Page(sheet, locale_for(sheet.locale, text.language))
    first = min(line.invoice.due for line in sheet.claimed)
    known = (
        ("amount", (money(sheet.total, page.locale),)),
        # A text message names the first of several, and how many there are besides; the customer's page lists them itself.
        *(("number", (line.invoice.number,)) for line in sheet.claimed[: _MOST_NAMED.get(text.channel, 1 if len(sheet.claimed) == 1 else 0)]),
        ("due", (long_day(first, page.locale), short_day(first, page.locale))),
        ("payment", (page.text_of("payment"),)),
    )
    return ((fact, forms) for fact, forms in known if fact in wanted)


def _wrongly_said(playbook: Playbook, text: Text, sheet: FactSheet, said: str) -> Iterator[str]:
    """What is announced in ``said`` that does not follow, and what follows but is not for this reader."""
    steps = [*playbook.steps, playbook.afterwards.step(1)]
    later = () if text.step.answers_customer or sheet.around.strategic else steps[steps.index(text.step) :]
    ahead = {step.do for step in later}
    threats = _threats(text.language)
    for kind, verbs in _ANNOUNCED.items():
        # A credit hold that stands is a fact, not an announcement.
        stands = kind == "credit_hold" and sheet.around.hold and not sheet.around.strategic and any(step.do in verbs for step in playbook.steps)
        if not (stands or ahead.intersection(verbs)):
            yield from _said(getattr(threats, kind), said, threats.harmless)
            if kind == "agency" and _AGENCY in said:
                yield _AGENCY
    if sheet.around.strategic:
        yield from _said((*threats.notice, *threats.demand), said, threats.harmless)


def _never_said(playbook: Playbook, text: Text) -> Iterator[str]:
    """What no text of this step may say in any situation, wherever in its source it stands."""
    threats, step = _threats(text.language), text.step
    done = {one.do for one in playbook.steps}
    words = threats.never
    # On the phone we say what follows in writing; elsewhere a notice is given by what it says.
    if not (step.severe or (text.channel == "call" and Verb.FINAL_DEMAND in done)):
        words += threats.notice
    if step.do is not Verb.FINAL_DEMAND:
        words += threats.demand
    if playbook.interest is None:
        words += threats.interest
    for kind, verbs in _ANNOUNCED.items():
        if step.answers_customer or not done.intersection(verbs):
            words += getattr(threats, kind)
    yield from _said(words, _prose(text.wording), threats.harmless)


def _prose(wording: Wording) -> str:
    """Everything a wording can say, in whatever situation: its text, and what stands in quotes in its code."""
    source = f"{wording.subject}\n{wording.preview}\n{wording.body}"
    return _flat(_CODE.sub(lambda code: " ".join(("", *(one or other for one, other in _QUOTED.findall(code[0])), "")), source))


def _flat(said: str) -> str:
    return re.sub(r"\s+", " ", said.replace("*", "")).strip()


def _measure(text: Text) -> Iterator[str]:
    for said, most, about in ((text.said, _MOST_ABOUT_ONE, "one invoice"), (text.of_several, MOST_SEGMENTS, "several invoices")):
        measured = [(said, most, about)]
        for seller in (ACCENTED, LONG_NAMED):
            written_about = replace(ONE if said is text.said else MANY, seller=seller, voice=text.voice)
            sheet = _sheet(text.step.answers_customer is not None, text.channel, text.wording, text.tone, written_about)
            measured.append((render_text(text.wording, sheet), most if seller is ACCENTED else MOST_SEGMENTS, f"{about} of a seller called {seller.name}"))
        for written, limit, whose in measured:
            if (segments := count_segments(fit(written.text.strip()))) > limit:
                yield f"takes {segments} segments about {whose}, and {limit} is the most; say less, and avoid letters that phones send at double cost"
                break


def _compare_tones(playbook: Playbook, mails: list[Text]) -> Iterator[Flaw]:
    """Mails of one step that differ in greeting and closing alone: whoever knows us well would read what a stranger reads. Messages
    that answer are warm to everybody."""
    for one, other in combinations([mail for mail in mails if not mail.step.answers_customer], 2):
        if _manner(one) == _manner(other) and _body(one) == _body(other):
            what = f'says the same in {one.tone} and {other.tone}; word its request or its offer for each, as in {{% if tone == "{other.tone}" %}}'
            yield Flaw(playbook.name, one.step.name, one.channel, one.language, other.tone, what, one.formality, one.length)


def _manner(mail: Text) -> tuple[Step, str, str, str]:
    return mail.step, mail.language, mail.formality, mail.length


def _body(mail: Text) -> str:
    return mail.said.text.partition("\n\n")[2].replace(phrases(mail.language).close(mail.tone), "")


def threats_in(text: str, language: str) -> str:
    """The first word of ``text`` by which something worse is announced; empty when there is none. Raises UnableToLoad."""
    threats = _threats(language)
    said = (word for kind in fields(threats) if kind.name != "harmless" for word in _said(getattr(threats, kind.name), text, threats.harmless))
    return next(said, "")


def _said(words: tuple[str, ...], text: str, harmless: tuple[str, ...]) -> list[str]:
    for phrase in harmless:
        text = re.sub(rf"\b{re.escape(phrase)}\b", " ", text, flags=re.IGNORECASE)
    return [word for word in words if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)] if _any_of(words).search(text) else []


@lru_cache(maxsize=_MOST_KEPT)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(word)}" for word in words) or r"(?!)", re.IGNORECASE)


@cache
def _threats(language: str) -> _Threats:
    file = _WORDING / language / "threats.yaml"
    return read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/threats.yaml").read_as(_Threats)
