"""How an owner writes, learned from mails the owner has written: the words around a message, never what it says about money."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

# The one playbook that is written in its owner's voice.
PLAYBOOK = "owner-voice"
LEAST_MAILS = 5
# Whoever writes mails of up to so many words is terse; the notes as they are shipped have about twice as many.
SHORT_WORDS = 50
# A sentence is a habit once it stands in so many mails.
LEAST_USES = 3
MOST_PHRASES = 8
LONGEST_PHRASE = 90

_GREETING = re.compile(
    r"(?P<word>hi there|hello there|good (?:morning|afternoon|evening|day)|hi|hello|hey|dear|guten (?:tag|morgen|abend)|hallo|moin|servus|grüß gott|"
    r"liebe(?:r)?(?:/r)?|sehr geehrte(?:r)?|bonjour|bonsoir|salut|coucou|ch(?:er|ère)|hola|buen(?:os días|as tardes|as)|querid[oa]|estimad[oa])"
    r"(?:,? (?P<name>[^\W\d_][^\d,!:;?]{0,50}?))?(?P<end>[ ]?[,!.:]?)",
    re.IGNORECASE,
)
# These agree with whoever is greeted, and of a name nobody knows whose it is.
_AGREEING = re.compile(r"liebe.*|sehr geehrte.*|ch(?:er|ère)|querid[oa]|estimad[oa]", re.IGNORECASE)
_CLOSING = re.compile(
    r"(?:(?:many|kind|best|warm|kindest|with) )?(?:(?:kind|best|warm) )?(?:regards|wishes|thanks)|cheers|best|all the best|"
    r"yours(?: sincerely| truly| faithfully)?|sincerely(?: yours)?|take care|talk soon|warmly|"
    r"(?:mit )?(?:(?:vielen?|freundlichen?|lieben?|besten?|herzlichen?|schönen?) )?gr(?:üße?n?|uß|uss|uesse)(?: (?:aus|nach) [^\W\d_]+)?|lg|vg|mfg|"
    r"(?:bien |très )?(?:cordialement|amicalement)|bien à (?:toi|vous)|à (?:bientôt|très vite)|bonne (?:journée|soirée)|bises|"
    r"(?:un (?:cordial |fuerte )?|muchos )?(?:saludos?|abrazos?)(?: cordial(?:es)?)?|atentamente|hasta pronto",
    re.IGNORECASE,
)
_CONTRACTION = re.compile(r"\b[a-z]+['’](?:s|re|m|ll|ve|d|t)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FORMAL = re.compile(r"\b(?:dear|sincerely|faithfully)\b", re.IGNORECASE)
_LANGUAGES = {
    "en": re.compile(r"\b(?:and|i|not|you|the|is|with|for|to)\b", re.IGNORECASE),
    "de": re.compile(r"\b(?:und|ich|nicht|sie|du|die|das|ist|mit|für)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:et|je|pas|vous|tu|les|est|avec|pour|une|c[’']est)\b", re.IGNORECASE),
    "es": re.compile(r"\b(?:y|yo|usted|tú|los|las|el|que|con|para|una|por)\b", re.IGNORECASE),
}
# How each language calls those one is on first names with, and all others.
_CLOSE = {
    "de": re.compile(r"\b(?:du|dich|dir|deine?[mnrs]?|euch|euer|eure[mnrs]?)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:tu|te|toi|ton|ta|tes)\b|\bt[’']", re.IGNORECASE),
    "es": re.compile(r"\b(?:tú|te|ti|tus?|contigo|puedes|quieres|tienes|sabes|estás|dime|avísame|llámame|cuéntame)\b", re.IGNORECASE),
}
_DISTANT = {
    "de": re.compile(r"\b(?:Sie|Ihnen|Ihre?[mnrs]?|[Ss]ehr geehrte)\b"),
    "fr": re.compile(r"\b(?:vous|votre|vos)\b", re.IGNORECASE),
    "es": re.compile(r"\b(?:usted(?:es)?|les?|sus?|dígame|avíseme|llámeme|cuénteme)\b", re.IGNORECASE),
}
_TITLE = re.compile(r"mrs?|ms|mx|miss|dr|prof|sir|madame?|herrn?|frau|hr|fr|m|mme|mlle|monsieur|sra?|srta|senora?")
# Whoever is called so, or is reached there, is an office and no person; without accents.
_OFFICE = re.compile(
    r"accounts?|accounting|admin(?:istra(?:tion|cion))?|a[pr]|billing|bookkeeping|buchhaltung|bue?ro|compras|compta(?:bilite)?|contabilidad|contact|departments?|"
    r"dept|direction|einkauf|empfang|facturacion|facturas|facturation|factures|finan(?:ces?|zas|zen|zbuchhaltung)|fournisseurs|hallo|hello|hola|info|"
    r"invoic(?:es?|ing)|kontakt|kreditoren(?:buchhaltung)?|mail|office|oficina|pagos|payables?|payments?|post(?:stelle)?|procurement|proveedores|purchasing|"
    r"rechnung(?:en|swesen)?|receivables?|sales|secretariat|sekretariat|service|support|team|tesoreria|treasury|verwaltung|zentrale"
)


class Formality(StrEnum):
    """How an owner speaks to customers. CASUAL: by first name, with du, tu or tú, in English with contractions. FORMAL: by the whole
    name, with Sie, vous or usted, in English without contractions."""

    CASUAL = "casual"
    FORMAL = "formal"


class UnableToLearn(Exception):
    """There is too little to learn from; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Voice:
    """``greeting`` has ``{contact}`` for the whole name or ``{first}`` for the first; ``phrases`` are whole sentences of the owner.

    Empty where nothing was found: our own words stand there then. ``sign_off`` is the name under a message. ``language`` is
    that of the mails, as two letters: only texts in it sound like this. ``usual_words`` is how long the mails were, 0 where nobody knows.
    """

    language: str = "en"
    greeting: str = ""
    greeting_unnamed: str = ""
    closing: str = ""
    sign_off: str = ""
    formality: Formality = Formality.CASUAL
    usual_words: int = 0
    contractions: bool = False
    opening_phrase: str = ""
    ending_phrase: str = ""
    phrases: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether whatever need not be said is left out."""
        return 0 < self.usual_words <= SHORT_WORDS

    def greet(self, contact: str, first: str) -> str:
        """How a message to ``contact`` begins; empty where our own greeting stands. ``first`` is the name by which the owner may call
        them, empty where only the formal address is fit."""
        if not contact or not self.greeting:
            return "" if contact else self.greeting_unnamed
        if not first and self.formality is Formality.CASUAL and "{first}" in self.greeting:
            return ""
        return self.greeting.replace("{contact}", contact).replace("{first}", first or contact)


def first_name(name: str, address: str) -> str:
    """The first name of a contact called ``name`` who is reached at ``address``; empty where it is not sure to be one: a single word,
    an initial, a title, a family name in front, an office, or a mailbox that is an office's."""
    words = name.split()
    office = {_fold(word) for word in (*words, *re.split(r"[^\w]|_", address.partition("@")[0]))}
    if len(words) < 2 or any(map(_OFFICE.fullmatch, office)) or _TITLE.fullmatch(_fold(words[0].strip("."))):
        return ""
    first = words[0]
    return first if len(first) > 1 and re.fullmatch(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", first) and first[0].isupper() and not first.isupper() else ""


def _fold(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class _Mail:
    word: str
    name: str
    end: str
    body: tuple[str, ...]
    closing: str
    signed: str


def learn(mails: Sequence[str], sender: str) -> Voice:
    """The voice of these mails, each the owner's own words alone; ``sender`` is the name the owner writes under. Raises UnableToLearn."""
    kept = [one for one in dict.fromkeys(mail.strip() for mail in mails) if one]
    if len(kept) < LEAST_MAILS:
        raise UnableToLearn(f"only {len(kept)} different mails with words of your own were found; at least {LEAST_MAILS} are needed, better twenty")
    found = [_take_apart(mail) for mail in kept]
    text = "\n".join(kept)
    language = max(_LANGUAGES, key=lambda one: len(_LANGUAGES[one].findall(text)))
    named = Counter(_named(one) for one in found if one.name and not _AGREEING.fullmatch(one.word))
    unnamed = Counter(f"{one.word}{one.end or ','}" for one in found if one.word and not one.name)
    closing = Counter(one.closing for one in found if one.closing)
    signed = Counter(one.signed for one in found if one.signed and set(one.signed.casefold().split()) <= set(sender.casefold().split()))
    phrases = _habits(found)
    contracted = sum(bool(_CONTRACTION.search(mail)) for mail in kept)
    greeting = _most(named)
    return Voice(
        language,
        greeting=greeting,
        greeting_unnamed=_most(unnamed),
        closing=_most(closing),
        sign_off=_most(signed),
        formality=Formality.CASUAL if _is_close(text, language, greeting, len(kept)) else Formality.FORMAL,
        usual_words=round(median(sum(len(_WORD.findall(line)) for line in one.body) for one in found)),
        contractions=2 * contracted >= len(kept),
        opening_phrase=next((phrase for phrase in phrases if _stands(phrase, found, first=True)), ""),
        ending_phrase=next((phrase for phrase in phrases if _stands(phrase, found, first=False)), ""),
        phrases=phrases,
    )


def _is_close(text: str, language: str, greeting: str, mails: int) -> bool:
    """Where a language has two words for you, whether the closer one is the more frequent; in English, by the name in the greeting."""
    if language in _CLOSE:
        return len(_CLOSE[language].findall(text)) > len(_DISTANT[language].findall(text))
    return "{first}" in greeting or len(_FORMAL.findall(text)) < mails


def _take_apart(mail: str) -> _Mail:
    lines = [line.strip() for line in mail.splitlines() if line.strip()]
    word = name = end = closing = signed = ""
    if lines and (greeted := _GREETING.fullmatch(lines[0])):
        word, name, end = greeted["word"], (greeted["name"] or "").strip(), greeted["end"]
        lines = lines[1:]
    for place in range(max(0, len(lines) - 6), len(lines)):
        if _CLOSING.fullmatch(lines[place].rstrip(",.! ")):
            closing = lines[place].rstrip(",.! ")
            signed = next((line for line in lines[place + 1 : place + 2] if len(line) <= 40 and not re.search(r"\d", line)), "")
            lines = lines[:place]
            break
    return _Mail(word, name, end, tuple(lines), closing, signed)


def _named(mail: _Mail) -> str:
    slot = "{contact}" if " " in mail.name else "{first}"
    return f"{mail.word} {slot}{mail.end or ','}"


def _sentences(mail: _Mail) -> list[str]:
    return [" ".join(found.split()) for found in _SENTENCE.findall("\n".join(mail.body).replace("\n", " "))]


def _habits(mails: Iterable[_Mail]) -> tuple[str, ...]:
    """Whole sentences that stand in several mails, without numbers and without names, the most frequent first."""
    seen: Counter[str] = Counter()
    for mail in mails:
        seen.update(set(_sentences(mail)))
    fit = [(count, one) for one, count in seen.items() if count >= LEAST_USES and len(one) <= LONGEST_PHRASE and _is_nameless(one)]
    return tuple(one for _, one in sorted(fit, key=lambda found: (-found[0], found[1])))[:MOST_PHRASES]


def _is_nameless(sentence: str) -> bool:
    words = _WORD.findall(sentence)
    inner = [word for word in words[1:] if word[0].isupper() and not re.fullmatch(r"I(?:['’]\w+)?|Sie|Ihnen|Ihre?[nmrs]?", word)]
    return len(words) >= 2 and not re.search(r"\d", sentence) and not inner


def _stands(phrase: str, mails: Iterable[_Mail], *, first: bool) -> bool:
    """Whether most mails with this sentence begin, or end, with it."""
    places = [said for mail in mails if phrase in (said := _sentences(mail))]
    return 2 * sum((said[0] if first else said[-1]) == phrase and len(said) > 1 for said in places) > len(places)


def _most(counted: Counter[str]) -> str:
    return max(counted, key=lambda one: (counted[one], one)) if counted else ""
