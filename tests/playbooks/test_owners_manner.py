"""An owner who is on first names with customers, or brief, writes so in every text of the playbook, and says as much as any other."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import playbooks
from domain.seller import BankDetails
from domain.voice import PLAYBOOK as OWNER_VOICE
from domain.voice import SHORT_WORDS, Formality, Voice
from playbooks import guard
from playbooks import voice as voices
from playbooks.language import TONES, languages
from playbooks.page import FactSheet
from playbooks.proving import MANNERS, Text, prove, texts
from playbooks.samples import ONE, SHEETS
from playbooks.wording import render, render_text

PLAYBOOK = playbooks.load(OWNER_VOICE)
CLOSE = {
    "en": re.compile(r"\bHi Dana,|\b(?:I|we|you|it|there|that|what)['’](?:d|m|re|ll|ve|s)\b|\bn['’]t\b"),
    "de": re.compile(r"\b(?:du|dich|dir|deine?[mnrs]?|euch|eure?[mnrs]?|euer)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(?:tu|te|toi|ton|ta|tes|tiens?|tiennes)\b|\bt[’']", re.IGNORECASE),
    "es": re.compile(r"\b(?:tú|te|ti|tus?|tuy[oa]s?|contigo|\w+(?:aste|iste))\b", re.IGNORECASE),
}
DISTANT = {
    "en": re.compile(r"\b(?:I am|I will|I would|I have|do not|did not|cannot|has not|have not|is not|we will|you have|Dear)\b"),
    "de": re.compile(r"\b(?:Sie|Ihnen|Ihre?[mnrs]?)\b"),
    "fr": re.compile(r"\b(?:vous|votre|vos|vôtres?|[a-zé]+ez)\b(?<!\bassez)(?<!\bchez)", re.IGNORECASE),
    "es": re.compile(r"\b(?:usted(?:es)?|le|les|su|sus|suy[oa]s?|dígame|puede|tiene|responda|llame|llámeme)\b", re.IGNORECASE),
}
# Said of others than the reader.
OTHERS = {"es": re.compile(r"a cualquiera le puede|no se puede|puede (?:comentarlo|ser por)|algo puede ayudarnos|el retraso tiene|quién lo lleva")}


@cache
def shipped(language: str) -> dict[str, playbooks.Wording]:
    """What the playbook says to customers in nobody's but the owner's voice, by its key; on the customer's page as well."""
    said = {playbooks.wording_key(step, "email") for step in (*PLAYBOOK.steps, PLAYBOOK.afterwards.step(1)) if not step.severe}
    wanted = {key for key in said | set(PLAYBOOK.says) if not key.endswith(".task")}
    found = playbooks.wording_texts(PLAYBOOK, None, language)
    return {
        key: text
        for key, text in playbooks.add_portal(found).items()
        if key.replace(".portal", ".email") in wanted and key.replace(".portal", ".email") in found
    }


def voice(language: str, formality: Formality, words: int = 0) -> Voice:
    return Voice(language, formality=formality, usual_words=words)


def said(key: str, sheet: FactSheet, language: str) -> str:
    """Everything a reader sees, on one line."""
    written = (render if key.endswith(".email") else render_text)(shipped(language)[key], replace(sheet, locale=language))
    return " ".join(f"{written.subject}\n{written.text}".split())


@pytest.mark.parametrize("words", [0, SHORT_WORDS])
@pytest.mark.parametrize("formality", Formality)
@pytest.mark.parametrize("language", languages())
def test_no_text_mixes_the_two_ways_to_say_you(language: str, formality: Formality, words: int) -> None:
    wrong = (DISTANT if formality is Formality.CASUAL else CLOSE)[language]
    if language == "en" and formality is Formality.CASUAL:
        wrong = re.compile(r"\bDear\b")  # that a contraction is left out is no mistake
    # What an e-mail says is on the customer's page as well; around it stands only what the next test looks at.
    for key in (key for key in shipped(language) if not key.endswith(".email")):
        for sheet in (*SHEETS[:3], replace(ONE, seller=replace(ONE.seller, bank=BankDetails()))):
            for tone in TONES:
                about = replace(sheet, voice=voice(language, formality, words), around=replace(sheet.around, tone=tone), interest=None)
                text = said(key, about, language)
                if language in OTHERS:
                    text = OTHERS[language].sub("", text)
                found = wrong.search(text)
                assert not found, f"{key} {tone}: ...{text[max(0, found.start() - 40) : found.end() + 40]}..."


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_nothing_around_a_text_mixes_them_either(language: str) -> None:
    around = replace(ONE.around, portal_url="https://brightwater.example/p/1")
    casual, formal = (said("owner-first-note.email", replace(ONE, around=around, voice=voice(language, one)), language) for one in Formality)
    assert not DISTANT[language].search(OTHERS[language].sub("", casual) if language in OTHERS else casual)
    assert not CLOSE[language].search(formal)


@pytest.mark.parametrize("language", languages())
def test_every_note_changes_with_formality_and_with_length(language: str) -> None:
    for key in shipped(language):
        formal, casual = (said(key, replace(ONE, voice=voice(language, formality)), language) for formality in (Formality.FORMAL, Formality.CASUAL))
        if key.endswith(".sms"):
            continue  # one asks for no reply, and all are as short as can be
        assert formal != casual, key
        if key.startswith(("owner-", "plan-offer")):
            short = said(key, replace(ONE, voice=voice(language, Formality.CASUAL, SHORT_WORDS)), language)
            assert len(short.split()) < len(casual.split()), key


def test_whoever_is_casual_says_du_tu_and_tu_and_writes_contractions() -> None:
    for language, expected in (
        ("en", "Could you take a look when you've got five minutes?"),
        ("de", "Könntest du nachsehen, wenn du fünf Minuten hast?"),
        ("fr", "Pourrais-tu vérifier, quand tu auras cinq minutes\u00a0?"),
        ("es", "Échale un vistazo, por favor, cuando tengas cinco minutos."),
    ):
        assert " ".join(expected.split()) in said("owner-first-note.email", replace(ONE, voice=voice(language, Formality.CASUAL)), language)


def test_a_short_note_says_what_it_must_and_no_more() -> None:
    told = replace(ONE, locale="de_DE", voice=voice("de", Formality.CASUAL, 20))
    assert render_text(shipped("de")["owner-first-note.portal"], told).text.replace("\u00a0", " ") == (
        "Hallo Dana,\n\n"
        "von Rechnung INV-104, fällig am 12. Februar 2026, sind noch 1.240,00 € offen. Könntest du bitte nachsehen? "
        "Die Rechnung liegt noch einmal bei.\n\n"
        "INV-104 12. Feb. 2026 18 Tage überfällig 1.240,00 €\ndeine Bestellung PO-8812\n\n"
        "Bitte überweise an:\nEmpfänger: Brightwater Tools Ltd\nIBAN: GB29 NWBK 6016 1331 9268 19\nBIC: NWBKGB2L\nBank: NatWest\n"
        "Betrag: 1.240,00 €\nVerwendungszweck: INV-104\n\n"
        "Falls etwas nicht stimmt, sag es mir bitte. Und falls du schon bezahlt hast: vielen Dank.\n\n"
        "Viele Grüße\n\nHanna Weiss\nAccounts Receivable, Brightwater Tools\n+44 113 496 0182"
    )


@pytest.mark.parametrize(
    "who",
    [
        {"contact_name": "Whitfield"},
        {"contact_name": "Accounts Payable"},
        {"contact_name": "Frau Whitfield"},
        {"contact_name": "Whitfield, Dana"},
        {"contact_name": "D. Whitfield"},
        {"contact_name": ""},
        {"contact_email": "accounts.payable@holloway.example"},
        {"contact_email": "Buchhaltung@holloway.example"},
    ],
)
def test_whose_first_name_is_not_known_is_addressed_formally(who: dict[str, str]) -> None:
    sheet = replace(ONE, **who)
    casual = replace(voice("de", Formality.CASUAL), greeting="Hallo {first},")
    text = said("owner-first-note.email", replace(sheet, voice=casual), "de")
    assert text == said("owner-first-note.email", replace(sheet, voice=voice("de", Formality.FORMAL)), "de")
    assert "Könnten Sie" in text and not CLOSE["de"].search(text)


def test_a_formal_owner_calls_nobody_by_the_first_name() -> None:
    formal = replace(voice("en", Formality.FORMAL), greeting="Hello {first},")
    assert " Hello Dana Whitfield, I keep" in said("owner-first-note.email", replace(ONE, voice=formal), "en")


def test_a_sentence_of_the_owner_before_the_note_ends_a_sentence() -> None:
    opened = replace(voice("de", Formality.CASUAL), opening_phrase="ich hoffe, es geht dir gut.")
    assert "geht dir gut. Unsere Rechnungen behalte ich" in said("owner-first-note.email", replace(ONE, voice=opened), "de")


def test_the_french_closing_of_an_owner_has_its_comma() -> None:
    closed = replace(voice("fr", Formality.CASUAL), closing="Bien à toi")
    assert "Bien à toi, Hanna Weiss" in said("owner-first-note.email", replace(ONE, voice=closed), "fr")


def test_what_has_consequences_is_proven_in_nobodys_voice_and_all_else_in_every_manner() -> None:
    manners: dict[str, set[tuple[str, str]]] = {}
    for one in texts(PLAYBOOK, None, "de"):
        assert isinstance(one, Text)
        manners.setdefault(f"{one.step.name} {one.channel}", set()).add((one.formality, one.length))
    assert manners.pop("last-note email") == manners.pop("last-note letter") == manners.pop("last-note portal") == {("", "")}
    assert all(found == ({("", "")} if name.endswith(" task") else set(MANNERS)) for name, found in manners.items())


def test_a_fault_of_one_manner_alone_is_named_with_it(tmp_path: Path) -> None:
    file = tmp_path / "wording" / "en" / "owner-first-note.email.md"
    file.parent.mkdir(parents=True)
    good = "{{ greeting }}\n\nInvoice {{ number }} of {{ amount }} was due on {{ due }}, {{ tone }}.\n\n{{ invoices }}\n\n{{ payment }}\n"
    file.write_text(f'---\nsubject: "Invoice"\n---\n{{% if familiar and short %}}\nHi, {{{{ tone }}}}.\n{{% else %}}\n{good}{{% endif %}}\n', "utf-8")
    flaws, _ = prove(PLAYBOOK, tmp_path, "en")
    assert {(flaw.step, flaw.formality, flaw.length) for flaw in flaws} == {("first-note", "casual", "short")}
    assert {flaw.what.partition(",")[0] for flaw in flaws} >= {"does not say the amount", "does not say the due", "does not say the payment"}


@pytest.mark.parametrize("other", [{"formality": Formality.FORMAL}, {"usual_words": SHORT_WORDS}])
def test_what_was_approved_holds_for_no_other_formality_or_length(other: dict[str, object]) -> None:
    casual = voice("de", Formality.CASUAL)
    changed: Voice = replace(casual, **other)  # type: ignore[arg-type]
    assert voices.edition(PLAYBOOK, changed) != voices.edition(PLAYBOOK, casual)


def test_no_model_words_a_note_to_whom_the_owner_says_du() -> None:
    wording = shipped("de")["owner-second-note.email"]
    sheet = replace(ONE, locale="de_DE", voice=voice("de", Formality.CASUAL))
    assert "on first names" in guard.why_not_drafted(sheet, wording)
    assert not guard.why_not_drafted(replace(sheet, voice=voice("de", Formality.FORMAL)), wording)
