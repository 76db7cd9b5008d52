"""What came in on an invoice is told in the reader's language: thanked for in a reminder, listed in an account, in full to colleagues."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import playbooks.paper as paper
import playbooks.statement as statements
from domain.invoice import Booking, BookingKind, Invoice
from domain.money import Money
from playbooks import load, wording_texts
from playbooks.booked import list_account, list_all, thank
from playbooks.language import languages, phrases
from playbooks.page import FactSheet
from playbooks.phrases import locale_for
from playbooks.samples import ONE, SELLER, line
from playbooks.statement import Statement, set_statement
from playbooks.wording import render, render_text

DAY = date(2026, 2, 1)
STRANGER = "Sudwind Ltd, Ms. Canary"
THANKS = {
    "en": "We received €400.00 on February 1, 2026, thank you.",
    "de": "400,00 € haben wir am 1. Februar 2026 erhalten, vielen Dank.",
    "fr": "Nous avons reçu 400,00 € le 1er février 2026, merci.",
    "es": "Hemos recibido 400,00 € el 1 de febrero de 2026, gracias.",
}
ACCOUNT = {
    "en": ("paid €400.00 on February 1, 2026", "credited €50.00 on February 1, 2026", "€30.00 returned on February 1, 2026"),
    "de": ("400,00 € bezahlt am 1. Februar 2026", "50,00 € gutgeschrieben am 1. Februar 2026", "30,00 € zurückgebucht am 1. Februar 2026"),
    "fr": ("paiement de 400,00 € le 1er février 2026", "avoir de 50,00 € le 1er février 2026", "paiement de 30,00 € retourné le 1er février 2026"),
    "es": ("pago de 400,00 € el 1 de febrero de 2026", "abono de 50,00 € el 1 de febrero de 2026", "devolución de 30,00 € el 1 de febrero de 2026"),
}
WAYS = {"en": "by transfer", "de": "per transfer", "fr": "par transfer", "es": "por transfer"}


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def booking(id_: str, amount: str, kind: BookingKind = BookingKind.PAYMENT) -> Booking:
    return Booking(id_, DAY, euros(amount), kind, "transfer", STRANGER)


PAID, CREDITED, BACK = booking("1", "400.00"), booking("2", "50.00", BookingKind.CREDIT), booking("3", "-30.00")


def owing(balance: str, *bookings: Booking) -> Invoice:
    return replace(line("INV-104", balance, 18, total="1240.00").invoice, bookings=bookings)


def sheet(invoice: Invoice, locale: str, **fields: object) -> FactSheet:
    return replace(ONE, locale=locale, claimed=(replace(line("INV-104", "1.00", 18), invoice=invoice),), **fields)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())


def test_there_are_words_for_every_language() -> None:
    assert set(languages()) == set(THANKS) == set(ACCOUNT)


@pytest.mark.parametrize("language", sorted(THANKS))
def test_a_reminder_thanks_in_one_sentence_as_text_as_html_and_on_paper(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owed = sheet(owing("840.00", PAID), language)
    standard = wording_texts(load("standard"), None, language)
    mail = render(standard["first-reminder.email"], owed)
    assert THANKS[language] in plain(mail.text) and THANKS[language] in plain(mail.html)
    assert "Sudwind" not in mail.text + mail.html and "transfer," not in mail.text
    seen: list[str] = []
    set_ = paper.typst.compile

    def listen(source: bytes, sys_inputs: dict[str, str]) -> bytes:
        seen.append(sys_inputs["letter"])
        return set_(source, sys_inputs=sys_inputs)

    monkeypatch.setattr(paper.typst, "compile", listen)
    letter = wording_texts(load("issue-to-payment"), None, language)["formal-demand.letter"]
    assert paper.set_letter(letter, owed, ()).startswith(b"%PDF-")
    (table,) = [block for block in json.loads(seen[0])["blocks"] if block["kind"] == "invoices"]
    assert [plain(note) for note in table["rows"][0]["notes"]] == [THANKS[language]]


@pytest.mark.parametrize("language", sorted(THANKS))
def test_an_account_tells_days_and_amounts_and_colleagues_read_the_rest_as_well(language: str) -> None:
    words, locale = phrases(language), locale_for(language, language)
    whole = owing("820.00", PAID, CREDITED, BACK)
    assert tuple(map(plain, list_account(whole, words, locale))) == ACCOUNT[language]
    ours = list(map(plain, list_all(whole, words, locale)))
    assert len(ours) == 3 and all(ours[n].startswith(f"{ACCOUNT[language][n]} {WAYS[language]}, ") and ours[n].endswith(STRANGER) for n in range(3))
    for balance, difference in (("720.00", "100"), ("920.00", "100")):
        apart = owing(balance, PAID, CREDITED, BACK)
        assert list_account(apart, words, locale) == () and thank(apart, words, locale) == ""
        *lines, gap = list_all(apart, words, locale)
        assert len(lines) == 3 and difference in gap
    assert list_all(owing("720.00", PAID), words, locale)[-1] != list_all(owing("920.00", PAID), words, locale)[-1]


def test_nobody_is_thanked_for_what_went_back_for_a_credit_note_or_for_what_is_wholly_paid() -> None:
    words, locale = phrases("en"), locale_for("en", "en")
    assert thank(owing("870.00", PAID, BACK), words, locale) == thank(owing("1190.00", CREDITED), words, locale) == ""
    settled = render(wording_texts(load("standard"), None, "en")["first-reminder.email"], sheet(owing("0.00", booking("1", "1240.00")), "en"))
    assert "We received" not in settled.text


def test_what_is_asked_for_may_be_less_than_what_is_open_and_the_thanks_stay() -> None:
    told = owing("840.00", PAID)
    part = replace(ONE, claimed=(replace(line("INV-104", "540.00", 18, total="1240.00"), told=told),))
    said = render(wording_texts(load("standard"), None, "en")["first-reminder.email"], part)
    assert "€540.00" in said.text and "We received €400.00 on 1 February 2026, thank you." in plain(said.text)


def test_a_task_lists_every_line_with_the_difference_to_the_balance() -> None:
    task = wording_texts(load("b2b-three-weeks"), None, "en")["collections-handoff.task"]
    said = plain(render_text(task, sheet(owing("800.00", PAID), "en", for_colleagues=True)).text)
    assert f"paid €400.00 on February 1, 2026 by transfer, reference {STRANGER}" in said
    assert "the balance is €40.00 lower than these entries explain; the balance counts" in said and "thank you" not in said.partition("Where to start")[0]


def test_a_statement_of_account_lists_payments_below_their_invoice(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    set_ = statements.typst.compile

    def listen(source: bytes, sys_inputs: dict[str, str]) -> bytes:
        seen.append(sys_inputs["statement"])
        return set_(source, sys_inputs=sys_inputs)

    monkeypatch.setattr(statements.typst, "compile", listen)
    owed = (owing("790.00", PAID, CREDITED), replace(owing("800.00", PAID), number="INV-105"))
    told = Statement(SELLER, "Norden", "C-1", ("Quay 7",), owed, datetime(2026, 3, 4, 9, 30, tzinfo=UTC), "en_US")
    assert set_statement(told).startswith(b"%PDF-")
    assert "Sudwind" not in seen[0]
    first, second = json.loads(seen[0])["accounts"][0]["rows"]
    assert [plain(note) for note in first["notes"]] == list(ACCOUNT["en"][:2]) and second["notes"] == [], "what does not add up is not listed"
