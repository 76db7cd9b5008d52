"""The words with which people name days: numbers, weekdays, months and holidays, in English and German."""

from __future__ import annotations

import re

WEEKDAYS = {
    "en": ("mon(?:days?)?", "tue(?:s(?:days?)?)?", "wed(?:nesdays?|s)?", "thu(?:rs?(?:days?)?)?", "fri(?:days?)?", "sat(?:urdays?)?", "sun(?:days?)?"),
    "de": ("mo(?:ntags?)?", "di(?:enstags?)?", "mi(?:ttwochs?)?", "do(?:nnerstags?)?", "fr(?:eitags?)?", "sa(?:mstags?)?|sonnabends?", "so(?:nntags?)?"),
}
TIME_OF_DAY_DE = "frueh|morgens?|vormittags?|mittags?|nachmittags?|abends?|(?:zahl(?:ungs)?)?laufs?"
# German short forms are also common words ("do", "so", "mi"): these count only behind a word that expects a day.
WEEKDAY = {
    "en": r"(?:mon(?:day)?s?|tue(?:s(?:day)?)?s?|wed(?:nesday|s)?s?|thu(?:rs?(?:day)?)?s?|fri(?:day)?s?|sat(?:urday)?s?|sun(?:day)?s?)\b\.?",
    "de": (
        rf"(?:(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)s?(?:{TIME_OF_DAY_DE})?"
        r"|(?:^|(?<=, )|(?<=\. ))(?:mo|di|mi|do|fr|sa)\b\.?+(?=$|[.,!]|,? (?:[0-9]|€|bin ich|hast|habt|haben|bekomm|krieg|kommt|ueberw|zahl|geht|ist"
        r"|is|isch|sind|gibts?|wird|werden|soll\w*|dann|schick|mach))"
        r"|(?<=\bam )(?:mo|di|mi|do|fr|sa|so)\b\.?|(?<=\bbis )(?:mo|di|mi|do|fr|sa|so)\b\.?|(?<=n )(?:mo|di|mi|do|fr|sa)\b\.(?! ?[0-9']{3})"
        r"|(?:(?<=\bspaetestens )|(?<=\bkommenden )|(?<=\bdiesen )|(?<=\bnaechsten )|(?<=\bwoche )|(?<=\boder )|(?<=/)|(?<=\bper )"
        r"|(?<=\bzum ))(?:mo|di|mi|do|fr|sa)\b\.?"
        r"|\b(?:mo|di|mi|do|fr|sa)\b\.?(?=/| ?(?:oder|bis|bzw\.?) (?:mo|di|mi|do|fr|sa)\b| (?:frueh|mittag|vormittag|nachmittag|abend|naechster woche"
        r"|naechste woche|kommende woche)\b|,? ?(?:den |dem )?[0-9]{1,2}\.[0-9])"
        r"|(?<= )(?:mo|di|mi|do|fr|sa)\b(?=[.!]*$)"
        r")(?![a-z])"
    ),
}
MONTHS = {
    "en": (
        "jan(?:uary)?",
        "feb(?:ruary)?",
        "mar(?:ch)?",
        "apr(?:il)?",
        "may",
        "june?",
        "july?",
        "aug(?:ust)?",
        "sept?(?:ember)?",
        "oct(?:ober)?",
        "nov(?:ember)?",
        "dec(?:ember)?",
    ),
    "de": (
        "jan(?:uar)?|jaenner",
        "feb(?:ruar|er)?",
        "maerz|mrz",
        "apr(?:il)?",
        "mai",
        "juni?|juno",
        "juli?",
        "aug(?:ust)?",
        "sept?(?:ember)?",
        "okt(?:ober)?",
        "nov(?:ember)?",
        "dez(?:ember)?",
    ),
}
MONTH = {language: "(?:" + "|".join(names) + r")\b\.?" for language, names in MONTHS.items()}

_ONES_EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ORDINALS_EN = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
]
_ONES_DE = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fuenf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwoelf",
    "dreizehn",
    "vierzehn",
    "fuenfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
_ORDINALS_DE = [
    "erst",
    "zweit",
    "dritt",
    "viert",
    "fuenft",
    "sechst",
    "siebt",
    "acht",
    "neunt",
    "zehnt",
    "elft",
    "zwoelft",
    "dreizehnt",
    "vierzehnt",
    "fuenfzehnt",
    "sechzehnt",
    "siebzehnt",
    "achtzehnt",
    "neunzehnt",
]


def _english() -> tuple[dict[str, int], dict[str, int]]:
    numbers = {word: n for n, word in enumerate(_ONES_EN)} | {
        "a": 1,
        "an": 1,
        "couple of": 2,
        "a couple of": 2,
        "a couple": 2,
        "thirty": 30,
        "sixty": 60,
        "few": 3,
        "a few": 3,
        "couple": 2,
        "ninety": 90,
        "twenty": 20,
    }
    ordinals = {word: n for n, word in enumerate(_ORDINALS_EN, 1)} | {"twentieth": 20, "thirtieth": 30}
    for n in range(1, 10):
        for join in ("-", " "):
            numbers[f"twenty{join}{_ONES_EN[n]}"] = 20 + n
            ordinals[f"twenty{join}{_ORDINALS_EN[n - 1]}"] = 20 + n
    return numbers, ordinals | {"thirty-first": 31, "thirty first": 31}


def _german() -> tuple[dict[str, int], dict[str, int]]:
    numbers = {word: n for n, word in enumerate(_ONES_DE)} | {"zwanzig": 20, "dreissig": 30, "sechzig": 60, "neunzig": 90, "zwo": 2}
    numbers |= dict.fromkeys(("eine", "einer", "einem", "einen", "eins"), 1) | {"ein paar": 3, "paar": 3, "den naechsten paar": 3, "zweier": 2, "dreier": 3}
    stems = dict(enumerate(_ORDINALS_DE, 1)) | {20: "zwanzigst", 30: "dreissigst", 31: "einunddreissigst"}
    for n in range(1, 10):
        numbers[f"{_ONES_DE[n]}undzwanzig"] = 20 + n
        stems[20 + n] = f"{_ONES_DE[n]}undzwanzigst"
    ordinals = {f"{stem}{ending}": n for n, stem in stems.items() for ending in ("en", "er", "em", "e")} | {"siebenten": 7, "siebenter": 7}
    return numbers, ordinals


NUMBERS, ORDINALS = {}, {}
NUMBERS["en"], ORDINALS["en"] = _english()
NUMBERS["de"], ORDINALS["de"] = _german()


def _any_of(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_TENS = {
    "en": {"thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
    "de": {"dreissig": 30, "vierzig": 40, "fuenfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90},
}
_GREAT = {
    "en": rf"(?:{'|'.join(_TENS['en'])})(?:[- ](?:{'|'.join(_ONES_EN[1:10])}))?",
    "de": rf"(?:(?:{'|'.join(_ONES_DE[1:10])})und)?(?:{'|'.join(_TENS['de'])})",
}
NUMBER = {language: rf"(?:[0-9]{{1,3}}|(?:{_any_of(words)}|{_GREAT[language]})(?![a-z]))" for language, words in NUMBERS.items()}
ORDINAL = {
    "en": rf"(?:[0-9]{{1,2}}(?:st|nd|rd|th)\b|(?:{_any_of(ORDINALS['en'])})\b)",
    "de": rf"(?:[0-9]{{1,2}}(?:\.(?![0-9])|s?te[nr]?\b)|(?:{_any_of(ORDINALS['de'])})\b)",
}


def number_of(word: str, language: str) -> int:
    """How many ``word`` is, cardinal or ordinal, in digits or letters; raises KeyError when it is no number."""
    digits = re.match(r"[0-9]+", word)
    if digits:
        return int(digits[0])
    word = word.strip(" .")
    if word in NUMBERS[language]:
        return NUMBERS[language][word]
    if word in ORDINALS[language]:
        return ORDINALS[language][word]
    tens = next((n for ten, n in _TENS[language].items() if ten in word), None)
    rest = re.sub("|".join(_TENS[language]), "", word).strip("- ").removesuffix("und")
    if tens is None:
        raise KeyError(word)
    return tens + (NUMBERS[language][rest] if rest else 0)


def month_of(word: str, language: str) -> int:
    return _place_of(word, MONTHS[language]) + 1


def weekday_of(word: str, language: str) -> int:
    """Monday is 0."""
    return _place_of(word, WEEKDAYS[language])


def _place_of(word: str, names: tuple[str, ...]) -> int:
    word = word.strip(" .")
    return next(place for place, pattern in enumerate(names) if re.fullmatch(rf"(?:{pattern})s?(?:{TIME_OF_DAY_DE})?", word))
