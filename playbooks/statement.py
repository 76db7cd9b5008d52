"""The customer's own page in the reader's language, and the statement of account that is set from it as PDF.

The same facts give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import typst
from babel import Locale
from babel.dates import format_time
from pydantic import TypeAdapter

from domain.invoice import AgingBucket, Invoice
from domain.money import Money, total
from domain.seller import Seller
from playbooks.booked import list_account
from playbooks.language import FALLBACK, languages, phrases
from playbooks.phrases import brand, clean, locale_for, long_day, money, short_day
from playbooks.reading import read_yaml

_WORDING = Path(__file__).parent / "wording"
_TEMPLATE = Path(__file__).parent / "statement.typ"
_US_PAPER = frozenset({"US", "CA", "MX", "PR"})
_BUCKETS = {
    AgingBucket.CURRENT: "not_due",
    AgingBucket.TO_30: "days_1_30",
    AgingBucket.TO_60: "days_31_60",
    AgingBucket.TO_90: "days_61_90",
    AgingBucket.OVER_90: "days_over_90",
}
_WORDS = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement of account says. ``as_of`` is when the books were read, on the seller's clock."""

    seller: Seller
    customer_name: str
    customer_number: str
    address: tuple[str, ...]
    invoices: tuple[Invoice, ...]
    as_of: datetime
    locale: str


def reader_locale(wanted: str, country: str) -> Locale:
    """The locale of a page for somebody who reads ``wanted``: a language that the page speaks, else English."""
    code = wanted.replace("-", "_")
    language = code.partition("_")[0]
    spoken = language if language in languages() and (_WORDING / language / "portal.yaml").exists() else FALLBACK
    return locale_for(code if "_" in code else f"{code}_{country}", spoken)


@cache
def page_words(language: str) -> Mapping[str, str]:
    """The words of the customer's page by name. Raises UnableToLoad."""
    file = _WORDING / language / "portal.yaml"
    return _WORDS.validate_python(read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/portal.yaml").values)


@cache
def link_words(language: str) -> Mapping[str, str]:
    """The words of the pages behind the links of an e-mail, by name. Raises UnableToLoad."""
    file = _WORDING / language / "pages.yaml"
    return _WORDS.validate_python(read_yaml(file.read_text("utf-8"), f"playbooks/wording/{language}/pages.yaml").values)


def say_moment(moment: datetime, locale: Locale) -> str:
    """A moment as it stands, with its day in letters."""
    return f"{long_day(moment.date(), locale)}, {format_time(time(moment.hour, moment.minute), 'short', locale=locale)}"


def sums(invoices: Sequence[Invoice], today: date) -> tuple[tuple[Money, Money], ...]:
    """For each currency what is open, and what of that is overdue."""
    found = []
    for currency in sorted({one.balance.currency for one in invoices}):
        owed = [one for one in invoices if one.balance.currency == currency]
        whole = total(tuple(one.balance for one in owed))
        late = tuple(one.balance for one in owed if one.days_past_due(today) > 0)
        found.append((whole, total(late) if late else Money(whole.amount * 0, currency)))
    return tuple(found)


def set_statement(told: Statement) -> bytes:
    """The statement as PDF: every open invoice, with totals and aging for each currency by itself."""
    locale = reader_locale(told.locale, told.seller.country)
    words, around, today = page_words(locale.language), phrases(locale.language), told.as_of.date()
    seller = told.seller
    sheet: dict[str, Any] = {
        "form": "us" if seller.country in _US_PAPER else "eu",
        "language": locale.language,
        "color": brand(seller.brand_color)[0],
        "seller": clean(seller.name),
        "imprint": [line for line in (clean(seller.legal_name), *map(clean, seller.address), clean(seller.phone)) if line],
        "to": [line for line in dict.fromkeys(map(clean, (told.customer_name, *told.address))) if line],
        "customer": f"{words['customer']}: {clean(told.customer_number)}",
        "title": words["statement_title"],
        "place_and_day": long_day(today, locale),
        "note": words["statement_note"].format(moment=say_moment(told.as_of, locale)),
        "nothing": "" if told.invoices else words["nothing_open"],
        "head": [around.table.invoice, words["issued"], around.table.due, words["amount"], around.table.open],
        "head_total": around.table.total,
        "aging": words["aging"],
        "accounts": [_account(told.invoices, currency, today, locale) for currency in sorted({one.balance.currency for one in told.invoices})],
    }
    found: bytes = typst.compile(_TEMPLATE.read_bytes(), sys_inputs={"statement": json.dumps(sheet)})
    return found


def _account(invoices: Sequence[Invoice], currency: str, today: date, locale: Locale) -> dict[str, Any]:
    owed = sorted((one for one in invoices if one.balance.currency == currency), key=lambda one: (one.due, one.number))
    around, words = phrases(locale.language), page_words(locale.language)
    aged = {bucket: tuple(one.balance for one in owed if one.bucket(today) is bucket) for bucket in AgingBucket}
    return {
        "rows": [
            {
                "number": clean(one.number),
                "notes": [*([around.order.format(order=clean(one.purchase_order))] if one.purchase_order else []), *list_account(one, around, locale)],
                "issued": short_day(one.issued, locale),
                "due": short_day(one.due, locale),
                "lateness": around.lateness(one.days_past_due(today)),
                "late": one.days_past_due(today) > 0,
                "amount": money(one.total, locale),
                "open": money(one.balance, locale),
            }
            for one in owed
        ],
        "total": money(total(tuple(one.balance for one in owed)), locale),
        "aged": [[words[_BUCKETS[bucket]], money(total(amounts), locale) if amounts else "–"] for bucket, amounts in aged.items()],
    }
