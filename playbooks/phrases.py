"""How amounts, days and bank details are written in a reader's locale. Amounts are exact, always."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import parse_pattern

from domain.money import Money, minor_units

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
# The one word of our texts that the rest of the world spells in another way.
_INSTALLMENT = re.compile(r"\b(i)nstallment", re.IGNORECASE)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_OVERRIDES_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def locale_for(wanted: str, language: str) -> Locale:
    """The locale ``wanted`` (``en_GB`` or ``en-GB``) where it speaks ``language``, else that language's own."""
    for code in (wanted.replace("-", "_"), language):
        try:
            locale = Locale.parse(code)
        except (ValueError, UnknownLocaleError):
            continue
        if locale.language == language:
            return locale
    return Locale("en")


def spell(text: str, locale: Locale) -> str:
    """``text``, which is written as Americans write, in the spelling of the reader's country."""
    if locale.language != "en" or locale.territory in (None, "US"):
        return text
    return _INSTALLMENT.sub(r"\1nstalment", text)


# The same few figures stand in several places of a message.
@lru_cache(maxsize=1024)
def money(amount: Money, locale: Locale) -> str:
    """The amount with every decimal place its currency has; never rounded, whatever the locale would do."""
    digits = minor_units(amount.currency)
    # Locale data gives some currencies fewer places than their law does; a reminder may not lose the difference.
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    written = pattern.apply(amount.amount, locale, currency=amount.currency, currency_digits=False)
    return re.sub(r"(?<=[A-Za-z])(?=[0-9])", "\u00a0", written)


def long_day(day: date, locale: Locale) -> str:
    return _with_ordinal(format_date(day, "long", locale), locale)


def short_day(day: date, locale: Locale) -> str:
    """As a table has room for, with the month in letters: 3/4 is March in one country and April in the next."""
    written = format_date(day, "medium", locale) if re.search("MMM", locale.date_formats["medium"].pattern) else format_skeleton("yMMMd", day, locale=locale)
    return _with_ordinal(written, locale)


def _with_ordinal(written: str, locale: Locale) -> str:
    # French counts the first of a month and no other day (1er mars, 2 mars); locale data writes "1 mars".
    return re.sub(r"^1(?=\s)", "1er", written) if locale.language == "fr" else written


def account(number: str) -> tuple[bool, str]:
    """Whether an account number is an IBAN, and the number as people read it: an IBAN in groups of four."""
    compact = re.sub(r"\s", "", number).upper()
    if not _IBAN.fullmatch(compact):
        return False, number
    return True, " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def clean(value: str) -> str:
    """``value`` on one line, without characters that readers cannot see or that turn the direction of what follows."""
    if value.isprintable():  # which none of those characters is
        return " ".join(word for word in value.split(" ") if word)
    visible = (" " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in value if character not in _OVERRIDES_DIRECTION)
    return " ".join(word for word in "".join(character for character in visible if unicodedata.category(character) not in {"Cs", "Co"}).split(" ") if word)


def web_address(url: str) -> str:
    """``url`` when it is a link that may stand in an e-mail (http or https, no spaces, no quotes), else an empty text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s\"'<>\\`{}|^]", url) and url.isprintable()
    return url if is_safe else ""


def is_for_the_world(public_url: str) -> bool:
    """Whether ``public_url`` may lead somewhere from another machine than this one."""
    host = (urlsplit(web_address(public_url)).hostname or "").rstrip(".")
    if host in ("", "localhost") or host.endswith(".localhost"):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


def brand(color: str) -> tuple[str, str]:
    """The brand color, and the color of text that can be read upon it (WCAG relative luminance)."""
    color = color if _COLOR.fullmatch(color) else "#1f4b99"
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    luminance = sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return color, "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.0608 else "#111827"
