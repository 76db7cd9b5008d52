"""A letter goes into a window envelope, says what the e-mail says, and carries a code that pays exactly what is asked."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest

import playbooks
from domain.money import Money
from domain.seller import BankDetails
from playbooks.language import languages
from playbooks.paper import payment_code, set_letter
from playbooks.samples import MANY, ONE, SELLER, SHEETS

ADDRESS = ("Holloway Street 14", "10115 Berlin", "Germany")
EURO = BankDetails("Brightwater Tools GmbH", "DE89370400440532013000", "COBADEFFXXX", "Commerzbank")
LETTERS = sorted({(name, key) for name in playbooks.names() for key in playbooks.wording_texts(playbooks.load(name)) if key.endswith(".letter")})


@pytest.mark.parametrize("name, key", LETTERS)
@pytest.mark.parametrize("language", languages())
def test_every_letter_can_be_set_in_every_language_and_situation(name: str, key: str, language: str) -> None:
    playbook = playbooks.load(name)
    wording = playbooks.wording_texts(playbook, None, language).get(key) or playbooks.wording_texts(playbook)[key]
    for sheet in SHEETS:
        assert set_letter(wording, replace(sheet, locale=language), ADDRESS).startswith(b"%PDF-")


def test_the_same_facts_give_the_same_bytes_and_others_do_not() -> None:
    wording = playbooks.wording_texts(playbooks.load("b2b-three-weeks"))["final-demand.letter"]
    assert set_letter(wording, ONE, ADDRESS) == set_letter(wording, ONE, ADDRESS)
    assert set_letter(wording, ONE, ADDRESS) != set_letter(wording, MANY, ADDRESS)


def test_paper_is_as_large_as_in_the_country_of_the_seller() -> None:
    wording = playbooks.wording_texts(playbooks.load("b2b-three-weeks"))["final-demand.letter"]
    european, american = (set_letter(wording, replace(ONE, seller=replace(SELLER, country=country)), ADDRESS) for country in ("DE", "US"))
    assert b"595.2" in european and b"841.8" in european
    assert b"612 792" in american


def test_nothing_in_a_name_is_read_as_markup() -> None:
    wording = playbooks.wording_texts(playbooks.load("b2b-three-weeks"))["final-demand.letter"]
    hostile = '#panic("no") $x$ *bold* \\ "quoted" #import "x.typ": * <script>'
    assert set_letter(wording, replace(ONE, customer_name=hostile, contact_name=hostile), (hostile,)).startswith(b"%PDF-")


def test_the_payment_code_asks_for_the_open_amount_in_euro_only() -> None:
    euro = replace(ONE, seller=replace(SELLER, bank=EURO))
    assert payment_code(euro, "INV-104").startswith("<svg")
    assert payment_code(euro, "INV-104") != payment_code(euro, "INV-105")
    dollars = replace(euro, claimed=tuple(replace(one, invoice=replace(one.invoice, balance=Money(Decimal("5.00"), "USD"))) for one in euro.claimed))
    assert payment_code(dollars, "INV-104") == ""
    assert payment_code(replace(ONE, seller=replace(SELLER, bank=replace(EURO, iban="DE89370400440532013001"))), "INV-104") == "", "a wrong check digit"
    assert payment_code(replace(ONE, seller=replace(SELLER, bank=BankDetails())), "INV-104") == ""


def test_the_payment_code_holds_what_banks_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import segno

    made: list[str] = []
    real = segno.make

    def make(content: str, **more: object) -> segno.QRCode:
        made.append(content if isinstance(content, str) else bytes(content).decode())
        return real(content, **more)

    monkeypatch.setattr("segno.helpers.segno.make", make)
    payment_code(replace(ONE, seller=replace(SELLER, bank=EURO)), "INV-104")
    lines = io.StringIO(made[0]).read().splitlines()
    assert lines[:2] == ["BCD", "002"] and lines[3:8] == ["SCT", "COBADEFFXXX", "Brightwater Tools GmbH", "DE89370400440532013000", "EUR1240"]
    assert "INV-104" in lines
