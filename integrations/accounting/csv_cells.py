"""What the text of one csv cell means: amounts, dates, countries and the words ledgers use, in English and German.

Nothing is guessed: a cell that can be read in two ways is refused with UnableToReadCell.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import list_currencies

from domain.customer import Role
from domain.invoice import Standing
from domain.money import Money, UnableToReckon

_OLDEST_YEARS = 20
_FURTHEST_YEARS = 10


class UnableToReadCell(ValueError):
    """A cell that does not say what its column is for: what is wrong with it, and what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class DateOrder(StrEnum):
    """How a file writes its days, where not as 2026-03-04: declared by its owner, since 03/04/2026 cannot tell."""

    ISO = "iso"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class DecimalMark(StrEnum):
    COMMA = "comma"
    POINT = "point"


def plain(text: str) -> str:
    """``text`` without case, accents, spaces and punctuation, umlauts spelt out: "Fällig am" and "faellig_am" are one."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return "".join(letter for letter in unicodedata.normalize("NFKD", folded) if letter.isalnum())


# Amounts

_WHOLE = r"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:([{grouping}])[0-9]{{3}})(?:\1[0-9]{{3}})*)"
_WRITTEN = {
    DecimalMark.COMMA: re.compile(_WHOLE.format(grouping=".' ") + r"(?:,[0-9]+)?|,[0-9]+"),
    DecimalMark.POINT: re.compile(_WHOLE.format(grouping=",' ") + r"(?:\.[0-9]+)?|\.[0-9]+"),
}
_DRESSED = re.compile(
    r"(?P<open>\()? ?(?P<sign>[-+])? ?(?P<before>[A-Z]{3}|[€£$])? ?(?P<inner>[-+])? ?"
    r"(?P<bare>[0-9.,' ]*[0-9]) ?(?P<last>-)? ?(?P<after>[A-Z]{3}|[€£$])? ?(?P<close>\))?"
)
_SYMBOLS = {"€": ("EUR",), "£": ("GBP",), "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN")}
_LONGEST_AMOUNT = 60


def _undressed(text: str) -> tuple[str, bool, str]:
    """The digits and separators of an amount, whether it is negative, and the code or symbol written beside it (or "")."""
    match = _DRESSED.fullmatch(text.replace("−", "-").replace("’", "'")) if len(text) <= _LONGEST_AMOUNT else None
    if match is None:
        raise UnableToReadCell("is not an amount", "write it as 1234.50 or 1.234,50")
    minuses = (match["sign"], match["inner"], match["last"]).count("-") + (match["open"] is not None)
    if minuses > 1 or (match["open"] is None) != (match["close"] is None) or (match["before"] and match["after"]):
        raise UnableToReadCell("is not an amount", "write one sign, one currency and closed brackets, as in -1234.50")
    return match["bare"], minuses == 1, match["before"] or match["after"] or ""


def decimal_mark(text: str) -> DecimalMark | None:
    """The decimal mark that ``text`` proves, or None where it fits both (1.234, 1234) or is no amount at all."""
    try:
        bare, _, _ = _undressed(text)
    except UnableToReadCell:
        return None
    fitting = [mark for mark, written in _WRITTEN.items() if written.fullmatch(bare)]
    return fitting[0] if len(fitting) == 1 else None


def amount(text: str, currency: str, mark: DecimalMark | None) -> Decimal:
    """The amount, exact in ``currency``'s minor units. ``mark`` is what the file uses, None where nothing tells.

    Raises UnableToReadCell when it is no amount, has another currency beside it, or ``mark`` would be needed.
    """
    bare, is_negative, unit = _undressed(text)
    if unit and currency not in _SYMBOLS.get(unit, (unit,)):
        raise UnableToReadCell(f"is in {unit}, but the row's currency is {currency}", "correct one of the two")
    fitting = [candidate for candidate, written in _WRITTEN.items() if written.fullmatch(bare)]
    if not fitting:
        raise UnableToReadCell("is not an amount", "write it as 1234.50 or 1.234,50")
    if mark is None and len(fitting) > 1 and ("." in bare or "," in bare):
        raise UnableToReadCell("can be read in two ways, and no other amount in the file tells which", "pass --decimal comma or --decimal point")
    if mark is not None and mark not in fitting:
        raise UnableToReadCell(
            f"does not fit a file with decimal {mark}", f"write all amounts with a decimal {mark}, or pass --decimal {fitting[0]} if all mean that"
        )
    if (mark or fitting[0]) is DecimalMark.COMMA:
        number = re.sub("[.' ]", "", bare).replace(",", ".")
    else:
        number = re.sub("[,' ]", "", bare)
    try:
        return Money(-Decimal(number) if is_negative else Decimal(number), currency).amount
    except UnableToReckon as error:
        raise UnableToReadCell(f"cannot be money: {error}", "correct the amount or its currency") from error


@lru_cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - {"XXX", "XTS"}  # "no currency" and "for testing"


def currency(text: str) -> str:
    """The ISO 4217 code."""
    meant = _SYMBOLS.get(text, (text.upper(),))
    if len(meant) > 1 or meant[0] not in _currencies():
        raise UnableToReadCell("is not a currency", "write its ISO 4217 code, such as EUR, GBP or USD")
    return meant[0]


# Days

_ISO_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{2})\2([0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?")
_LOCAL_DAY = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?")


def day(text: str, order: DateOrder, today: date) -> date:
    """The calendar day: ISO always, else in the declared ``order``; two-digit years are of this century.

    Raises UnableToReadCell also for a day so far from ``today`` that no invoice can mean it.
    """
    if iso := _ISO_DAY.fullmatch(text):
        year, month, number = int(iso[1]), int(iso[3]), int(iso[4])
    elif local := _LOCAL_DAY.fullmatch(text):
        if order is DateOrder.ISO:
            raise UnableToReadCell("may start with the day or with the month", "declare which: pass --dates day-first or --dates month-first")
        first, second, year = int(local[1]), int(local[3]), int(local[4])
        number, month = (first, second) if order is DateOrder.DAY_FIRST else (second, first)
        year += 2000 if year < 100 else 0
    elif re.fullmatch("[0-9]{5}", text):
        raise UnableToReadCell("is a spreadsheet's own day number", "format the column as a date before exporting")
    else:
        raise UnableToReadCell("is not a date", "write it as 2026-03-04, or declare the order and write it in digits, as in 04.03.2026")
    try:
        found = date(year, month, number)
    except ValueError as error:
        if iso:
            raise UnableToReadCell("is not a day of the calendar", "correct it") from error
        read_as = "day, month, year" if order is DateOrder.DAY_FIRST else "month, day, year"
        raise UnableToReadCell(f"is not a day of the calendar, read as {read_as}", "correct it, or declare the other order with --dates") from error
    if not today.year - _OLDEST_YEARS <= found.year <= today.year + _FURTHEST_YEARS:
        raise UnableToReadCell(f"would be in the year {found.year}", "correct the year")
    return found


# Places, people and words

_MORE_COUNTRIES = {
    "GB": ("England", "Scotland", "Wales", "Northern Ireland", "Great Britain", "Großbritannien"),
    "US": ("United States of America", "Vereinigte Staaten von Amerika", "America", "Amerika"),
    "NL": ("Holland", "The Netherlands", "Die Niederlande"),
    "DE": ("Federal Republic of Germany", "Bundesrepublik Deutschland", "BRD"),
    "CH": ("Die Schweiz",),
    "CZ": ("Czech Republic", "Tschechische Republik"),
    "TR": ("Turkey",),
    "RU": ("Russian Federation", "Russische Föderation"),
    "KR": ("Korea", "Republic of Korea"),
}
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@lru_cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for alias, codes in get_global("territory_aliases").items():
        if len(codes) == 1 and len(codes[0]) == 2:
            found[plain(alias)] = codes[0]
    for locale in ("de", "en"):
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code not in _NO_COUNTRIES:
                found[plain(name)] = found[plain(code)] = code
    found.update({plain(name): code for code, names in _MORE_COUNTRIES.items() for name in names})
    return found


@lru_cache(maxsize=512)
def country(text: str) -> str:
    """The ISO 3166 alpha-2 code, from a code or from the English or German name."""
    code = _countries().get(plain(text))
    if code is None:
        raise UnableToReadCell("is not a country", "write its two-letter ISO 3166 code, such as DE, GB or US")
    return code


@lru_cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(text: str) -> str:
    if text not in _zones():
        raise UnableToReadCell("is not a time zone", "write its IANA name, such as Europe/Berlin")
    return text


_LANGUAGES = {"english": "en", "englisch": "en", "german": "de", "deutsch": "de"}


def language(text: str) -> str:
    """The language's two-letter code, without a region."""
    named = _LANGUAGES.get(plain(text))
    try:
        return named or str(Locale.parse(text.replace("-", "_")).language)
    except (UnknownLocaleError, ValueError) as error:
        raise UnableToReadCell("is not a language", "write its two-letter code, such as en or de") from error


_EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@(?=.{1,255}$)[^@\s,;<>\"().]+(?:\.[^@\s,;<>\"().]+)+")


def emails(text: str) -> tuple[str, ...]:
    """One or more addresses, as exports join them with commas or semicolons."""
    found = tuple(part for part in re.split("[;, ]+", text) if part)
    for address in found or (text,):
        if not _EMAIL.fullmatch(address):
            raise UnableToReadCell(f"is not an e-mail address ({address})", "write name@domain, several of them separated by semicolons")
    return found


@lru_cache(maxsize=8192)
def phone(text: str, region: str) -> str:
    """The number as E.164. ``region`` (ISO 3166 alpha-2 or "") is where a number without a country code is from."""
    remedy = "write it with its country code, as in +49 30 1234567"
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        raise UnableToReadCell("is not a phone number", remedy) from error
    if not phonenumbers.is_possible_number(number):
        raise UnableToReadCell("is too long or too short for a phone number", remedy)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def link(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/\"'<>]+[^\s\"'<>]*", text, re.IGNORECASE):
        raise UnableToReadCell("is not a web address", "write it whole, starting with https://")
    return text


_ROLES = {
    Role.BILLING: ("billing", "accounts payable", "ap", "accounting", "finance", "bookkeeping", "Buchhaltung", "Kreditorenbuchhaltung", "Rechnungswesen"),
    Role.CFO: ("cfo", "chief financial officer", "finance director", "head of finance", "Finanzleiter", "Finanzleiterin", "Finanzleitung", "Finanzvorstand"),
    Role.OWNER: ("owner", "managing director", "ceo", "Inhaber", "Inhaberin", "Geschäftsführer", "Geschäftsführerin", "Geschäftsführung"),
}
_ROLE_WORDS = {plain(word): role for role, words in _ROLES.items() for word in words}


def role(text: str) -> Role:
    """What the contact does; a title we do not know is OTHER, asked last."""
    return _ROLE_WORDS.get(plain(text), Role.OTHER)


class Status(StrEnum):
    """What a status column adds to the balance."""

    OPEN = "open"
    PARTLY_PAID = "partly paid"
    PAID = "paid"
    DRAFT = "draft"
    DISPUTED = "disputed"
    VOID = "void"
    WRITTEN_OFF = "written off"
    CLOSED = "closed"

    @property
    def standing(self) -> Standing:
        """Paid or partly paid is told by the balance, so both stand as open."""
        return _STANDINGS.get(self, Standing.OPEN)


_STANDINGS = {
    Status.DRAFT: Standing.DRAFT,
    Status.DISPUTED: Standing.DISPUTED,
    Status.VOID: Standing.VOID,
    Status.WRITTEN_OFF: Standing.WRITTEN_OFF,
    Status.CLOSED: Standing.CLOSED,
}
_STATUSES = {
    Status.OPEN: (
        *("open", "unpaid", "not paid", "sent", "posted", "authorised", "authorized", "awaiting payment", "overdue", "past due"),
        *("offen", "unbezahlt", "versendet", "gebucht", "fällig", "überfällig"),
    ),
    Status.PARTLY_PAID: ("partly paid", "partially paid", "partial", "part paid", "teilbezahlt", "teilweise bezahlt"),
    Status.PAID: ("paid", "settled", "paid in full", "bezahlt", "ausgeglichen", "beglichen"),
    Status.DRAFT: ("draft", "Entwurf"),
    Status.DISPUTED: ("disputed", "in dispute", "strittig", "reklamiert"),
    Status.VOID: ("void", "voided", "cancelled", "canceled", "deleted", "storniert", "Storno"),
    Status.WRITTEN_OFF: ("written off", "uncollectible", "bad debt", "abgeschrieben", "ausgebucht"),
    Status.CLOSED: ("closed", "geschlossen", "erledigt", "abgeschlossen"),
}
_STATUS_WORDS = {plain(word): status for status, words in _STATUSES.items() for word in words}


def status(text: str) -> Status:
    found = _STATUS_WORDS.get(plain(text))
    if found is None:
        raise UnableToReadCell("is not a status", f"write one of {', '.join(Status)}")
    return found
