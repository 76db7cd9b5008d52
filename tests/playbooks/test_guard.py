"""What a writing model drafts goes out only where nothing in it can be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import playbooks
from domain.money import Money
from playbooks import guard
from playbooks.page import FactSheet
from playbooks.phrases import short_day
from playbooks.reading import Wording
from playbooks.samples import EVERYTHING, MANY, ONE, line
from playbooks.wording import render

HERE = Path(__file__).parent
RESOLVED = playbooks.resolve(playbooks.load("multi-channel-week"))


def corpus(name: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in (HERE / name).read_text("utf-8").splitlines()]


ATTACKS, HONEST = corpus("attacks_on_writing.jsonl"), corpus("honest_drafts.jsonl")


def wording(language: str) -> Wording:
    return playbooks.wording_of(RESOLVED, language)["personal-note.email"]


def sheet(language: str) -> FactSheet:
    return replace(ONE, locale={"en": "en_GB", "de": "de_DE"}[language])


def filled(entry: dict[str, Any], about: FactSheet) -> tuple[str, ...]:
    """The paragraphs of an entry, with the facts of ``about`` where it names them."""
    facts = {name: values[0] for name, values in guard.facts_of(about, wording(entry["language"])).items() if values}
    facts |= {"days": facts["late"], "due_short": short_day(about.claimed[0].invoice.due, guard.locale_of(about, wording(entry["language"])))}

    def fill(text: str) -> str:
        for name, value in facts.items():
            text = text.replace(f"<{name}>", value)
        return text

    return tuple(fill(one) for one in entry["paragraphs"])


def judged(entry: dict[str, Any]) -> str:
    about = sheet(entry["language"])
    return guard.judge(filled(entry, about), about, wording(entry["language"]))


@pytest.mark.parametrize("entry", [one for one in ATTACKS if "paragraphs" in one], ids=lambda one: one["id"])
def test_no_attack_passes_the_guard(entry: dict[str, Any]) -> None:
    assert judged(entry)


@pytest.mark.parametrize("entry", HONEST, ids=lambda one: one["id"])
def test_an_honest_draft_passes_the_guard(entry: dict[str, Any]) -> None:
    assert judged(entry) == ""


@pytest.mark.parametrize("language", guard.languages())
def test_our_own_sentences_about_the_same_invoice_may_be_used_as_they_are(language: str) -> None:
    about = sheet(language)
    ours = tuple(one for one in guard.prose_of(wording(language), about)[1:4] if one.rstrip().endswith((".", "?")))
    assert ours
    assert guard.judge(ours, about, wording(language)) == ""
    assert guard.judge((*ours, ours[0].replace("INV-104", "INV-105") + " INV-105."), about, wording(language))


def test_the_corpus_is_as_large_as_it_claims() -> None:
    assert len(ATTACKS) >= 200
    assert len({one["kind"] for one in ATTACKS}) >= 15
    assert sum(one["language"] == "en" for one in HONEST) >= 12
    assert sum(one["language"] == "de" for one in HONEST) >= 6


@pytest.mark.parametrize("entry", HONEST, ids=lambda one: one["id"])
def test_an_honest_draft_is_refused_once_any_of_its_facts_has_changed(entry: dict[str, Any]) -> None:
    about = sheet(entry["language"])
    other = replace(ONE, locale=about.locale, claimed=(line("INV-999", "77.10", 19),), seller=replace(ONE.seller, phone="+44 1", name="Else", sender_name="E"))
    assert guard.judge(filled(entry, about), other, wording(entry["language"]))


@pytest.mark.parametrize(
    "about",
    [
        MANY,
        replace(ONE, claimed=(line("INV-104", "1240.00", 0),)),
        replace(ONE, claimed=(line("INV-104", "740.00", 18, total="1240.00"),)),
        replace(ONE, asked=Money(Decimal(20), "EUR")),
        replace(ONE, around=EVERYTHING),
    ],
    ids=["several invoices", "not late", "partly paid", "a part is asked for", "terms are offered"],
)
def test_only_what_is_simple_is_left_to_a_model(about: FactSheet) -> None:
    assert guard.judge(filled(HONEST[0], sheet("en")), about, wording("en"))


def test_a_language_without_rules_takes_no_draft() -> None:
    french = replace(wording("en"), name="fr/personal-note.email")
    assert "fr" in guard.why_not_drafted(ONE, french)


@pytest.mark.parametrize("language", guard.languages())
def test_the_template_keeps_greeting_table_payment_and_signature_around_a_draft(language: str) -> None:
    about = sheet(language)
    entry = next(one for one in HONEST if one["language"] == language)
    paragraphs = filled(entry, about)
    ours, drafted = render(wording(language), about), render(guard.frame(language), replace(about, drafted=paragraphs))
    flat = " ".join(drafted.text.split())
    assert all(" ".join(one.split()) in flat for one in paragraphs)
    assert drafted.text.splitlines()[0] == ours.text.splitlines()[0]
    assert drafted.subject == ours.subject
    for kept in ("GB29 NWBK 6016 1331 9268 19", "INV-104", "Hanna Weiss\nAccounts Receivable, Brightwater Tools\n+44 113 496 0182"):
        assert kept in ours.text
        assert kept in drafted.text


def test_what_a_draft_holds_is_never_template_code_nor_markup() -> None:
    hostile = ("{{ amount }} {% raw %} **bold** <b>x</b> [a](b)",)
    written = render(guard.frame("en"), replace(ONE, drafted=hostile))
    assert hostile[0] in written.text
    assert "&lt;b&gt;x&lt;/b&gt;" in written.html
    assert "<strong>bold" not in written.html


@pytest.mark.parametrize("language", guard.languages())
def test_no_word_that_a_draft_may_use_counts_names_a_day_or_speaks_of_money(language: str) -> None:
    never = {
        "en": "one two three ten half none no not never nothing pay paid payment money owe bank account free discount refund cancel settled forget ignore "
        "monday friday january may_ today tomorrow until by week month day must urgent now court lawyer interest fee link click promise will",
        "de": "eins zwei drei zehn halb kein keine nicht nie nichts zahlen zahlung bezahlt geld schulden bank konto rabatt skonto storniert erledigt montag "
        "freitag januar mai heute morgen bis woche monat tag müssen sofort gericht anwalt zinsen gebühr klicken versprechen werden raten",
    }[language].split()
    assert not set(guard.words(language)) & set(never)
