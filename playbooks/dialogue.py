"""What the voice agent says, as data: ``wording/<language>/dialogue.yaml``, each text under the name the dialogue calls it by."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_skeleton

from domain.conversation import Sheet, State
from playbooks.phrases import clean, locale_for, money
from playbooks.reading import Fault, UnableToLoad, read_yaml

_WORDING = Path(__file__).parent / "wording"
LANGUAGES = ("en", "de")


def speak(name: str, sheet: Sheet, state: State) -> str:
    """The text of that name, with what ``sheet`` and ``state`` put in."""
    return texts(sheet.language)[name].format(**facts(sheet, state))


def facts(sheet: Sheet, state: State) -> dict[str, str]:
    """What a text may have put in, by its name in braces, as it is spoken."""
    locale = locale_for(sheet.tongue, sheet.language)
    return {
        "seller": clean(sheet.seller),
        "phone": clean(sheet.phone),
        "customer": clean(sheet.customer),
        "contact": clean(sheet.contact),
        "whom": clean(sheet.contact) or clean(sheet.customer),
        "number": clean(sheet.number),
        "count": str(sheet.count),
        "amount": money(sheet.owed, locale),
        "least": money(sheet.least, locale),
        "due": _day(sheet.due, locale),
        "latest": _day(sheet.latest, locale),
        "day": _day(state.day or sheet.latest, locale),
        "call_back_on": _day(sheet.call_back_on, locale),
        "follow_up_on": _day(sheet.follow_up_on, locale),
    }


@cache
def texts(language: str) -> dict[str, str]:
    """Every text in ``language``. Raises UnableToLoad when the file is not a list of names and texts."""
    file = _WORDING / language / "dialogue.yaml"
    source = read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/dialogue.yaml")
    source.refuse_faults()
    values = source.values
    if not isinstance(values, dict) or not all(isinstance(text, str) for text in values.values()):
        raise UnableToLoad([Fault(f"playbooks/wording/{language}/dialogue.yaml", 1, "holds something other than names and texts; write name: text")])
    return {str(name): text for name, text in values.items()}


def _day(day: date, locale: Locale) -> str:
    """A day as one says it: the weekday, the day and the month."""
    said: str = format_skeleton("MMMMEEEEd", day, locale=locale)
    return said
