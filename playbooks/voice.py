"""The owner's voice as a file that people edit: written, read, and proven to add no number, no name and no threat."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

import playbooks
from domain.playbook import Playbook
from domain.seller import Seller
from domain.voice import LONGEST_PHRASE, PLAYBOOK, SHORT_WORDS, Voice
from playbooks.language import FALLBACK, languages
from playbooks.phrases import clean
from playbooks.proving import threats_in
from playbooks.reading import Fault, UnableToLoad, read_yaml

NAME = PLAYBOOK
# The tiers that an owner reads before anything of them goes out: the notes that need no decision of its own.
TIERS: Mapping[int, str] = {1: "first-note", 2: "second-note", 3: "third-note"}

_COMMENTS = {
    "language": "The language of your mails: texts in it sound like you.",
    "greeting": "How you begin: {contact} is the whole name, {first} the first name. Empty: as the playbook does.",
    "greeting_unnamed": "How you begin where no name is known.",
    "closing": "What you write above your name, without the comma.",
    "sign_off": "Your name as you sign; only words of the seller's sender_name.",
    "formality": "casual: first name and du, tu or tú, I'm and don't, where a first name is known. formal: whole name and Sie, vous, usted.",
    "usual_words": f"How long your mails are, in words. 1 to {SHORT_WORDS}: the notes leave out what need not be said. Else they are as shipped.",
    "contractions": "Whether you write I'm and don't. For you to know; the notes go by formality.",
    "opening_phrase": "A sentence of yours that stands first in the notes. Empty: none does.",
    "ending_phrase": "A sentence of yours that stands last in the notes. Empty: none does.",
    "phrases": "Sentences you use again and again, to choose the two above from.",
}
_SLOTS = ("{contact}", "{first}")
_MOST = 60
_FORBIDDEN = re.compile(
    r"\d|[{}<>\[\]@|`\\%€$£]|https?:|www\.|\b(?:zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|half|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|zwanzig|dreißig|hundert|tausend|halbe?|paid|pays?|payments?|owe[sd]?|due|debts?|money|bank|"
    r"accounts?|iban|discounts?|refund\w*|free|cancel\w*|waive\w*|settle\w*|invoices?|amounts?|interest|fees?|deadline|immediately|urgent\w*|must|now|"
    r"bezahl\w*|zahl\w*|geld|konto|rabatt\w*|skonto|storn\w*|erlass\w*|erledigt|rechnung\w*|betrag\w*|zinsen|gebühr\w*|frist\w*|sofort|müssen|schuld\w*|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|april|june|july|august|september|october|november|december|"
    r"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|januar|februar|märz|juni|juli|oktober|dezember)\b",
    re.IGNORECASE,
)
# The same in languages whose words mean something harmless in the two above.
_FORBIDDEN_IN = {
    "fr": re.compile(
        r"\b(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|vingt|trente|cinquante|cent|mille|moitié|pa(?:yer|yez|ye|ies|iement)\w*|règle\w*|régl\w*|"
        r"argent|banque|comptes?|remises?|rembours\w*|gratuit\w*|annul\w*|factures?|montants?|sommes? due|intérêts?|frais|délais?|échéance\w*|immédiat\w*|"
        r"urgent\w*|de(?:voir|vez|vons|ttes?)|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|janvier|février|avril|juin|juillet|août|octobre|décembre)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"\b(?:dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|veinte|treinta|cincuenta|cien\w*|mil|mitad|pag(?:ar|ue|uen|as?|os?|ado)|dinero|banco|"
        r"cuentas?|descuentos?|reembols\w*|gratis|anul\w*|cancel\w*|facturas?|importes?|interés|intereses|gastos|plazos?|vencimiento\w*|inmediat\w*|urgen\w*|"
        r"deb(?:e|er|es|en)|deudas?|lunes|martes|miércoles|jueves|viernes|sábado|domingo|enero|febrero|mayo|junio|julio|octubre|noviembre|diciembre)\b",
        re.IGNORECASE,
    ),
}
_GREETS = re.compile(r"[^\W\d_]+(?:[ /’'-][^\W\d_]+){0,3}")


def write(voice: Voice) -> str:
    """``voice`` as the text of its file, each line explained."""
    lines = ["# How you write, learned from your own mails. Edit it as you like; dunwell voice show proves it.", ""]
    for name, value in asdict(voice).items():
        plain = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, str) else value
        lines += [f"# {_COMMENTS[name]}", yaml.safe_dump({name: plain}, allow_unicode=True, width=200).rstrip(), ""]
    return "\n".join(lines)


def load(file: Path, seller: Seller) -> Voice:
    """The voice in ``file``, as the owner of ``seller`` writes. Raises UnableToLoad with every fault found, OSError when it cannot be read."""
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise UnableToLoad([Fault(str(file), 1, "is not UTF-8 text; save the file as UTF-8")]) from None
    return parse(text, str(file), seller)


def parse(text: str, file: str, seller: Seller) -> Voice:
    """Raises UnableToLoad with every fault found: file, line, and remedy."""
    source = read_yaml(text, file)
    voice = source.read_as(Voice)
    for name, what in _faults(voice, seller):
        source.find_fault((name,), what)
    source.refuse_faults()
    return voice


def tame(voice: Voice, seller: Seller) -> Voice:
    """``voice`` without whatever may not stand in a profile: what was learned is only habit, and habits may be anything."""
    for name, _ in tuple(_faults(voice, seller)):
        if name == "phrases":
            kept = tuple(one for one in voice.phrases if not _why_not(one, voice.language, LONGEST_PHRASE))
            voice = replace(voice, phrases=kept)
        else:
            empty: dict[str, Any] = {name: ""}
            voice = replace(voice, **empty)
    return voice


def _faults(voice: Voice, seller: Seller) -> Iterator[tuple[str, str]]:
    for name in ("greeting", "greeting_unnamed", "closing"):
        said: str = getattr(voice, name)
        for slot in _SLOTS if name == "greeting" else ():
            said = said.replace(f" {slot}", "")
        if why := _why_not(said, voice.language, _MOST):
            yield name, why
        elif said and not _GREETS.fullmatch(said.rstrip(",!.: ")):
            yield name, f"{said!r} is more than a few words; write it like Hello or Kind regards"
    if voice.greeting and not any(slot in voice.greeting for slot in _SLOTS):
        yield "greeting", "names nobody; write {contact} or {first} where the name stands, or leave it empty"
    if voice.sign_off and not set(voice.sign_off.casefold().split()) <= set(seller.sender_name.casefold().split()):
        yield "sign_off", f"{voice.sign_off!r} is not the name of the sender, {seller.sender_name}; use words of that name"
    for name in ("opening_phrase", "ending_phrase"):
        if why := _why_not(getattr(voice, name), voice.language, LONGEST_PHRASE):
            yield name, why
    for phrase in voice.phrases:
        if why := _why_not(phrase, voice.language, LONGEST_PHRASE):
            yield "phrases", why


def _why_not(said: str, language: str, most: int) -> str:
    """Why these words of the owner may not stand in every message, with the remedy; empty when they may."""
    if len(said) > most:
        return f"{said[:30]!r}... has more than {most} characters; shorten it"
    if said != clean(said) or any(unicodedata.category(letter) == "Cf" for letter in said):
        return f"{said!r} holds characters that readers cannot see, or spaces at an end; write it anew"
    if found := _FORBIDDEN.search(said) or (_FORBIDDEN_IN[language].search(said) if language in _FORBIDDEN_IN else None):
        return f"{said!r} says {found[0]!r}: numbers, days and what concerns the money come from the ledger alone; leave it out"
    if threat := threats_in(said, language if language in languages() else FALLBACK):
        return f"{said!r} says {threat!r}, which announces something worse; leave it out"
    capital = (word for word in said.split()[1:] if word[0].isupper() and not re.match(r"I\b", word))
    # In German every noun has a capital letter.
    if language == "en" and said.endswith((".", "!", "?")) and (named := next(capital, "")):
        return f"{said!r} names {named!r}; names come from the ledger alone"
    return ""


def edition(playbook: Playbook, voice: Voice | None, own: Path | None = None) -> str:
    """What tells one state of profile and wording from another: what was agreed to holds for exactly this. Raises UnableToLoad."""
    says = {step.say for step in playbook.steps if step.name in TIERS.values()}
    texts = {
        key: asdict(text)
        for key, text in playbooks.wording_texts(playbook, own, voice.language if voice else "").items()
        if key.partition(".")[0] in says and key.endswith(".email")
    }
    whole = repr((sorted((key, text["subject"], text["body"]) for key, text in texts.items()), asdict(voice) if voice else None))
    return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Edition:
    """The voice of one seller, None where none was learned, and the hash of it together with the wording."""

    voice: Voice | None
    hash: str


def file_of(folder: Path, seller: str) -> Path:
    """Where the voice of a seller stands, below the data folder."""
    return folder / "voice" / f"{seller}.yaml"


def editions(folder: Path, sellers: Iterable[Seller], own: Path | None = None) -> dict[str, Edition]:
    """The edition of each seller, by its id. Raises UnableToLoad for a voice or playbook at fault, OSError."""
    playbook = playbooks.load(NAME, own)
    found = {}
    for seller in sellers:
        file = file_of(folder, seller.id)
        voice = load(file, seller) if file.is_file() else None
        found[seller.id] = Edition(voice, edition(playbook, voice, own))
    return found


def missing(approved: Collection[int]) -> str:
    """What of the notes still waits for its owner, in the reader's words; empty once one of each has been agreed to."""
    waiting = [TIERS[tier].replace("-", " ") for tier in TIERS if tier not in approved]
    return f"the owner has not approved a draft of the {', the '.join(waiting[:-1])}{' and the ' if waiting[1:] else ''}{waiting[-1]} yet" if waiting else ""
