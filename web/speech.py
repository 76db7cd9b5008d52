"""The pages behind the links in a mail, in the language of whoever reads them: words, days and amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel import Locale
from fastapi import Request

from domain.money import Money
from playbooks.language import languages
from playbooks.phrases import long_day, money
from playbooks.statement import link_words, reader_locale

_TAG = re.compile(r"\s*([A-Za-z]{2})(?:-([A-Za-z]{2}))?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")
_MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Speech:
    """One reader's language and country."""

    locale: Locale

    @property
    def language(self) -> str:
        language: str = self.locale.language
        return language

    @property
    def words(self) -> Mapping[str, str]:
        return link_words(self.language)

    def say(self, name: str, **put_in: object) -> str:
        """The words of that name, with what stands in braces put in."""
        return self.words[name].format(**put_in)

    def day(self, day: date) -> str:
        return long_day(day, self.locale)

    def amount(self, amount: Money) -> str:
        return money(amount, self.locale)


def speak(locale: str) -> Speech:
    """How to speak to a reader with this locale (``de_AT``): in English where there are no words in its language."""
    language, _, country = locale.partition("_")
    return Speech(reader_locale(language, country))


def speak_as_asked(request: Request) -> Speech:
    """How to speak to a stranger: in the language its browser asks for."""
    wanted: list[tuple[float, int, str]] = []
    for tag in request.headers.get("accept-language", "").split(",")[:_MOST_TAGS]:
        if (found := _TAG.fullmatch(tag)) and found[1].lower() in languages():
            wanted.append((-float(found[3] or 1), len(wanted), f"{found[1].lower()}_{(found[2] or '').upper()}"))
    return speak(min(wanted)[2] if wanted else "en_US")
