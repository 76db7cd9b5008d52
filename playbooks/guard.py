"""Whether what a writing model drafted may go out. Pure, and the other way round from a filter: a draft ships only when every
sentence is one of ours, a statement in a form that we know with a fact that stands on the sheet, or made of words that cannot tell
anything about money at all. For whatever else it says, our own text goes out in its place.

The forms and words of each language stand in ``wording/<language>/drafting.yaml``; a language without that file takes no drafts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale

from playbooks.language import FALLBACK
from playbooks.page import FactSheet, Page
from playbooks.phrases import clean, locale_for, long_day, money, short_day
from playbooks.proving import threats_in
from playbooks.reading import Fault, UnableToLoad, Wording, parse_wording, read_yaml
from playbooks.wording import UnableToRender, lay_out, shown

MOST_PARAGRAPHS = 5
SHORTEST, LONGEST = 40, 1200
_WORDING = Path(__file__).parent / "wording"
_NAMES = ("number", "amount", "due", "late", "seller", "sender", "customer", "contact", "phone")
# Each fact is one character while sentences are taken apart, so that a date or an amount is never cut in two.
_MARK = {name: chr(0xE010 + place) for place, name in enumerate(_NAMES)}
_STATED = "\ue0f0"
_SENTENCE = re.compile(r"[^.?]+[.?]?")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PUNCTUATION = re.compile(r"[\s.,;:?'’\"“”„()–-]*")
_MENTIONED = re.compile(r"\w+(?:[^\w\s]+\w+)*")


@dataclass(frozen=True, slots=True)
class _Language:
    words: str
    beside: str
    statements: tuple[str, ...]
    idioms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rules:
    words: frozenset[str]
    beside: frozenset[str]
    statements: re.Pattern[str]
    idioms: re.Pattern[str]


def languages() -> tuple[str, ...]:
    """The languages in which drafts can be judged, as two letters."""
    return tuple(sorted(path.parent.name for path in _WORDING.glob("*/drafting.yaml")))


def frame(language: str) -> Wording:
    """The message around a draft, which is placed in it as a fact: greeting, tables, payment, closing and signature. Raises UnableToLoad."""
    file = _WORDING / language / "drafted.email.md"
    return parse_wording(f"{language}/drafted.email", file.read_text("utf-8"), f"playbooks/wording/{language}/drafted.email.md")


def why_not_drafted(sheet: FactSheet, wording: Wording) -> str:
    """Why a message about this is never left to a model; empty when it may be.

    Only what is simple is: one invoice, of which all is open and late, so that each fact on the sheet can mean one thing alone.
    """
    line = sheet.claimed[0]
    if wording.language not in languages():
        return f"there are no rules for drafts in {wording.language!r}"
    if wording.language != FALLBACK and Page(sheet, locale_of(sheet, wording)).first:
        return "its reader is on first names with the owner, and the rules for drafts know only the formal address"
    if len(sheet.claimed) > 1:
        return "it is about several invoices"
    if line.days_late < 1:
        return "the invoice is not late"
    if line.invoice.balance != line.invoice.total:
        return "a part of the invoice is paid or in dispute"
    if sheet.asked is not None or sheet.around.plan_lines or sheet.around.discount_percent:
        return "it is about terms of payment"
    return ""


def facts_of(sheet: FactSheet, wording: Wording) -> dict[str, tuple[str, ...]]:
    """What a draft may name, by its name: each in every spelling that is allowed, as plain text."""
    line, locale = sheet.claimed[0], locale_of(sheet, wording)
    page = Page(sheet, locale)
    found = {
        "number": (clean(line.invoice.number),),
        "amount": (money(line.invoice.balance, locale),),
        "due": (long_day(line.invoice.due, locale), short_day(line.invoice.due, locale)),
        "late": (page.words.days.of(line.days_late),) if line.days_late > 0 else (),
        "seller": (page.seller,),
        "sender": (clean(sheet.seller.sender_name),),
        "customer": (clean(sheet.customer_name),),
        "contact": (clean(sheet.contact_name),),
        "phone": (clean(sheet.seller.phone),),
    }
    return {name: tuple(dict.fromkeys(_plain(one) for one in values if one)) for name, values in found.items()}


def locale_of(sheet: FactSheet, wording: Wording) -> Locale:
    """In which a message of ``wording`` writes its amounts and days."""
    return locale_for(sheet.locale, wording.language)


def prose_of(wording: Wording, sheet: FactSheet) -> tuple[str, ...]:
    """The stretches of a message that are neither table nor payment, each paragraph and item of a list by itself. Raises UnableToRender."""
    _, _, parts = lay_out(wording, sheet)
    return tuple(shown("".join(child.content or " " for child in token.children or ())) for part in parts for token in part.tokens if token.type == "inline")


def statements(language: str) -> tuple[str, ...]:
    """The forms in which a draft may speak of the invoice, for whoever writes one. Raises UnableToLoad."""
    found = _read(language)
    return (*found.statements, *found.idioms)


def words(language: str) -> tuple[str, ...]:
    """The words of which the rest of a draft may be made. Raises UnableToLoad."""
    return tuple(_read(language).words.split())


def judge(paragraphs: tuple[str, ...], sheet: FactSheet, wording: Wording) -> str:
    """Why this draft of the message that ``wording`` words may not go out; empty when it may. Raises UnableToLoad."""
    if why := why_not_drafted(sheet, wording) or _misshapen(paragraphs):
        return why
    marks = [(value, _MARK[name]) for name, values in facts_of(sheet, wording).items() for value in values]
    marks.sort(key=lambda one: -len(one[0]))
    try:
        ours = {sentence for text in prose_of(wording, sheet) for sentence in _sentences(_marked(text, marks))}
    except UnableToRender as error:
        return f"our own text cannot be written: {error}"
    rules = _rules(wording.language)
    for paragraph in paragraphs:
        marked = _marked(paragraph, marks)
        if unicodedata.normalize("NFKC", marked) != marked or not all(map(_is_plain, marked)):
            return f"holds letters that only look like others, in {_shown(marked, marks)!r}"
        for sentence in _sentences(marked):
            if sentence not in ours and (why := _fault(sentence, rules, wording.language, marks)):
                return why
    return ""


def _misshapen(paragraphs: tuple[str, ...]) -> str:
    if not 1 <= len(paragraphs) <= MOST_PARAGRAPHS or not all(one.strip() for one in paragraphs):
        return f"has {len(paragraphs)} paragraphs, or empty ones; 1 to {MOST_PARAGRAPHS} are taken"
    length = sum(map(len, paragraphs))
    if not SHORTEST <= length <= LONGEST:
        return f"has {length} characters; {SHORTEST} to {LONGEST} are taken"
    text = "".join(paragraphs)
    for character in text:
        if character == " " or character in ".,;:?'’\"“”„()–-" or (character.isascii() and character.isalnum()):
            continue
        # A fact may hold more, and is compared character by character; what is left over is looked at again.
        if unicodedata.category(character)[0] in "CZ" and character not in "\u00a0\u202f":
            return f"holds a character that readers cannot see (U+{ord(character):04X})"
        if character in "!<>[]{}`\\":
            return f"holds {character!r}"
    return ""


def _is_plain(letter: str) -> bool:
    """Whether what is left beside the facts is a letter as the languages of ours write it, or no letter at all."""
    return not letter.isalpha() or letter.isascii() or letter in "äöüßÄÖÜ"


def _plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()


def _marked(text: str, marks: list[tuple[str, str]]) -> str:
    """``text`` with one character in place of each fact that stands in it whole and letter by letter."""
    text = _plain(text)
    for value, mark in marks:
        text = re.sub(rf"(?<![^\s(\"“„]){re.escape(value)}(?=(?:'s|’s)?[\s.,;:?)\"”“]|$)", mark, text)
    return text


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text, case folded."""
    for found in _SENTENCE.findall(text):
        if sentence := found.strip():
            yield sentence.casefold()


def _fault(sentence: str, rules: _Rules, language: str, marks: list[tuple[str, str]]) -> str:
    """Why this sentence may not be said."""
    if threat := threats_in(sentence, language):
        return f"says {threat!r}, by which a text announces something worse"
    rest = rules.idioms.sub(" ", sentence)
    stated = rules.statements.sub(_STATED, rest)
    allowed = rules.beside if _STATED in stated else rules.words
    rest = stated.replace(_STATED, " ")
    rest = rest.removeprefix(f"{_MARK['contact']},")
    if left := next((mark for mark in _MARK.values() if mark in rest), ""):
        return f"speaks of {_shown(left, marks)!r} in a way we do not know, in {_shown(sentence, marks)!r}"
    for word in _MENTIONED.findall(rest):
        if not all(part in allowed for part in _WORD.findall(word)) or not _WORD.fullmatch(word):
            return f"says {word!r}, which is neither on the sheet nor a word that a draft may use there"
    if unknown := _PUNCTUATION.sub("", _WORD.sub("", rest)):
        return f"holds {unknown[0]!r}"
    return ""


def _shown(text: str, marks: list[tuple[str, str]]) -> str:
    for value, mark in reversed(marks):
        text = text.replace(mark, value)
    return text[:120]


@cache
def _rules(language: str) -> _Rules:
    found = _read(language)
    return _Rules(
        frozenset(found.words.casefold().split()),
        frozenset(found.beside.casefold().split()),
        _one_of(found.statements, language),
        _one_of(found.idioms, language),
    )


def _one_of(forms: tuple[str, ...], language: str) -> re.Pattern[str]:
    file = f"playbooks/wording/{language}/drafting.yaml"
    try:
        marked = [re.sub(r"\{(\w+)\}", lambda name: _MARK[name[1]], form) for form in sorted(forms, key=len, reverse=True)]
        return re.compile(rf"(?<!\w)(?:{'|'.join(marked)})(?!\w)")
    except (KeyError, re.error) as error:
        raise UnableToLoad([Fault(file, 1, f"holds a form that cannot be read ({error}); in braces stand only {', '.join(_NAMES)}")]) from None


@cache
def _read(language: str) -> _Language:
    file = _WORDING / language / "drafting.yaml"
    return read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/drafting.yaml").read_as(_Language)
