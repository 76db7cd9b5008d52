"""The customer's page speaks every language with the same words, and a statement of account adds up, currency by currency."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import playbooks.statement as statements
from domain.invoice import Invoice
from domain.money import Money
from playbooks.samples import SELLER
from playbooks.statement import Statement, page_words, reader_locale, set_statement, sums

LANGUAGES = sorted(path.parent.name for path in (Path(statements.__file__).parent / "wording").glob("*/portal.yaml"))
TODAY = date(2026, 3, 4)


def owed(number: str, open_: str, currency: str, late: int) -> Invoice:
    due = TODAY - timedelta(days=late)
    return Invoice(number, "s", "c", number, Money(Decimal("2000.00"), currency), Money(Decimal(open_), currency), due - timedelta(days=30), due)


def told(*invoices: Invoice, locale: str = "en_GB") -> Statement:
    return Statement(SELLER, "Norden <b> #let x", "C-1", ("Quay 7",), invoices, datetime(2026, 3, 4, 9, 30, tzinfo=UTC), locale)


def test_it_is_there_in_four_languages() -> None:
    assert LANGUAGES == ["de", "en", "es", "fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_the_words_with_the_same_places_for_facts(language: str) -> None:
    english, found = page_words("en"), page_words(language)
    assert list(found) == list(english)
    for name, said in found.items():
        assert said.strip() and set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", english[name])), name


def test_who_reads_a_language_that_the_page_does_not_speak_gets_english() -> None:
    assert [str(reader_locale(code, "DE")) for code in ("de", "pl", "en-GB", "")] == ["de_DE", "en", "en_GB", "en"]


def test_sums_are_by_currency_and_tell_what_is_overdue() -> None:
    found = sums([owed("1", "100.00", "EUR", 5), owed("2", "50.50", "EUR", 0), owed("3", "7.00", "USD", -3)], TODAY)
    euro, dollar = found
    assert [str(one) for one in (*euro, *dollar)] == ["150.50 EUR", "100.00 EUR", "7.00 USD", "0.00 USD"]


def test_a_statement_lists_every_invoice_with_a_total_and_aging_for_each_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    set_ = statements.typst.compile

    def listen(source: bytes, sys_inputs: dict[str, str]) -> bytes:
        seen.append(sys_inputs["statement"])
        return set_(source, sys_inputs=sys_inputs)

    monkeypatch.setattr(statements.typst, "compile", listen)
    sheet = told(owed("A-2", "50.50", "EUR", 45), owed("A-1", "100.00", "EUR", 120), owed("U-1", "7.00", "USD", -3))
    pdf = set_statement(sheet)
    assert pdf.startswith(b"%PDF-") and pdf == set_statement(sheet), "the same facts give the same bytes"
    euro, dollar = statements.json.loads(seen[0])["accounts"]
    assert [row["number"] for row in euro["rows"]] == ["A-1", "A-2"] and euro["total"] == "€150.50" and dollar["total"] == "US$7.00"
    assert [amount for _, amount in euro["aged"]] == ["–", "–", "€50.50", "–", "€100.00"]
    assert [amount for _, amount in dollar["aged"]] == ["US$7.00", "–", "–", "–", "–"]


@pytest.mark.parametrize("locale", [*LANGUAGES, "en_US", "de_AT"])
def test_it_can_be_set_in_every_language_and_with_nothing_open(locale: str) -> None:
    assert set_statement(told(locale=locale)).startswith(b"%PDF-")
