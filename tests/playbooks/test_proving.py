"""No text reaches a customer that cannot be written, leaves out what it is about, or threatens what does not follow."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import playbooks
from cli import dunwell
from playbooks.language import languages, phrases, prove
from playbooks.proving import Flaw, Text, texts, threats_in
from playbooks.proving import prove as prove_texts

SAYS = '---\nsubject: "Your invoice"\n---\n'
GOOD = "{{ greeting }}\n\nInvoice {{ number }} of {{ amount }} was due on {{ due }}.\n\n{{ invoices }}\n\n{{ payment }}\n\n"
VOICES = "{{ 'Could you have a look?' if tone == 'warm' else 'I ask you to pay it.' if tone == 'formal' else 'Please pay it.' }}\n\n"


def flaws_of(folder: Path, body: str, *, playbook: str = "multi-channel-week", key: str = "just-overdue.email") -> list[Flaw]:
    file = folder / "wording" / "en" / f"{key}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SAYS + body, encoding="utf-8")
    found, _ = prove_texts(playbooks.load(playbook, folder), folder, "en")
    return list(found)


@pytest.mark.parametrize("name", playbooks.names())
@pytest.mark.parametrize("language", languages())
def test_every_shipped_text_can_be_sent_in_every_language_and_tone(name: str, language: str) -> None:
    found, looked_at = prove_texts(playbooks.load(name), None, language)
    assert not found
    assert looked_at >= 15


def test_a_text_that_says_all_and_threatens_nothing_is_good(tmp_path: Path) -> None:
    assert not flaws_of(tmp_path, GOOD + VOICES)


@pytest.mark.parametrize(
    "body, alike",
    [
        ("", {"warm and firm", "warm and formal", "firm and formal"}),
        ("{{ closing }},\n\n{{ signature }}", {"warm and firm", "warm and formal", "firm and formal"}),
        ("{% if tone == 'warm' %}How are you?{% endif %}", {"firm and formal"}),
        ("{% if tone == 'formal' %}I ask you to pay it.{% endif %}\n\n{{ closing }},", {"warm and firm"}),
        (VOICES, set()),
    ],
)
def test_an_email_that_has_one_voice_for_two_tones_is_named(tmp_path: Path, body: str, alike: set[str]) -> None:
    told = {flaw.what.partition("; ")[0] for flaw in flaws_of(tmp_path, GOOD + body)}
    assert told == {f"says the same in {tones}" for tones in alike}


@pytest.mark.parametrize(
    "one, several, told",
    [
        ("x" * 250, "", set()),
        ("x" * 300, "", {"takes 3 segments about one invoice, and 2 is the most"}),
        ("щ" * 130, "", {"takes 3 segments about one invoice, and 2 is the most"}),
        ("", "x" * 560, set()),
        ("", "x" * 600, {"takes 5 segments about several invoices, and 4 is the most"}),
    ],
    ids=["two of plain letters", "three of plain letters", "three of other letters", "four about several", "five about several"],
)
def test_a_text_message_that_is_too_long_is_named(tmp_path: Path, one: str, several: str, told: set[str]) -> None:
    body = "{{ number }} {{ amount }} {% if one %}" + one + "{% else %}" + several + "{% endif %}"
    assert {flaw.what.partition("; ")[0] for flaw in flaws_of(tmp_path, body, key="quick-nudge.sms")} == told


def test_a_text_message_is_not_broken_into_lines_of_an_email() -> None:
    playbook = playbooks.load("multi-channel-week")
    written = [one for one in texts(playbook, None, "en") if isinstance(one, Text) and one.channel == "sms"]
    nudge = next(one for one in written if one.step.name == "quick-nudge")
    assert "\n" not in nudge.said.text and "  " not in nudge.said.text
    link = next(one for one in written if one.step.name == "pay-link-1")
    assert "IBAN: GB29 NWBK 6016 1331 9268 19\nBIC: NWBKGB2L\n" in link.said.text


@pytest.mark.parametrize(
    "body, told",
    [
        ("{{ greeting }}\n\nPlease pay invoice {{ number }}, due on {{ due }}.", "does not say the amount"),
        ("{{ greeting }}\n\nPlease pay {{ amount }}, due on {{ due }}.", "does not say the number"),
        ("{{ greeting }}\n\nPlease pay {{ amount }} of invoice {{ number }}.", "does not say the due"),
        (GOOD.replace("{{ payment }}", ""), "does not say the payment"),
        (GOOD + "{{ nonsense }}", "line 12: 'nonsense' is undefined"),
        (GOOD + "We will take you to court.", "says 'court', which no reminder of multi-channel-week says"),
        (GOOD + "It goes to our collections team next.", "says 'collections', which announces what multi-channel-week does not do"),
        (GOOD + "It goes to a debt collection\nagency.", "says 'agency', which announces what multi-channel-week does not do"),
        (GOOD + "{% if tone == 'warm' %}A lawyer will write.{% endif %}", "warm"),
    ],
)
def test_a_text_at_fault_is_named_with_what_is_wrong(tmp_path: Path, body: str, told: str) -> None:
    assert any(told in f"{flaw.tone}: {flaw.what}" for flaw in flaws_of(tmp_path, body)), flaws_of(tmp_path, body)


SEVERAL = "{{ greeting }}\n\n{% if one %}" + GOOD.partition("\n\n")[2] + "{% else %}Please pay.\n\n{% endif %}\n\n" + VOICES


@pytest.mark.parametrize(
    "body, told",
    [
        (GOOD + VOICES + "{% if not one %}We will take you to court and call the bailiff.{% endif %}", {"says 'court'", "says 'bailiff'"}),
        (GOOD + VOICES + "{% if promised_day %}A lawyer will write.{% endif %}", {"says 'lawyer'"}),
        (GOOD + VOICES + "{% if count == 77 %}A lawyer will write.{% endif %}", {"says 'lawyer'"}),
        (GOOD + VOICES + "{{ 'We will sue you.' if count == 77 }}", {"says 'sue'"}),
        (SEVERAL, {f"does not say the {fact}" for fact in ("amount", "number", "due", "payment")}),
        (GOOD + VOICES + "A fee of 40 euros will be added; deliveries stop tomorrow.", {"says 'a fee'", "says 'deliveries stop'"}),
        (GOOD + VOICES + "We add interest.", {"says 'interest'"}),
        (GOOD + VOICES + "Services will be suspended.", {"says 'services will'", "says 'suspend'"}),
        (GOOD + VOICES + "This is our final notice.", {"says 'final notice'"}),
        (GOOD + VOICES + "We formally demand payment.", {"says 'formally demand'"}),
        (GOOD + VOICES + "{% if agency %}{{ agency }} will write.{% endif %}", {"says 'Nordhaven'"}),
        (GOOD + VOICES + "I am interested in your view.", set()),
    ],
    ids=[
        "of several",
        "after a promise",
        "in a situation not thought of",
        "in its code",
        "facts of several",
        "a fee",
        "interest",
        "services",
        "notice",
        "demand",
        "agency's name",
        "harmless",
    ],
)
def test_what_is_wrong_is_found_in_whatever_situation_it_is_said(tmp_path: Path, body: str, told: set[str]) -> None:
    assert {flaw.what.partition(",")[0] for flaw in flaws_of(tmp_path, body)} == told


@pytest.mark.parametrize(
    "language, threat",
    [
        ("en", "Our bailiff calls."),
        ("en", "This is your last chance."),
        ("de", "Sonst stellen wir die Lieferung ein."),
        ("de", "Das ist Ihre letzte Chance."),
        ("de", "Wir berechnen Verzugszinsen."),
        ("fr", "Ceci vaut mise en demeure."),
        ("fr", "C’est votre dernière chance."),
        ("es", "Pediremos un embargo."),
        ("es", "Es su última oportunidad."),
    ],
)
def test_a_threat_is_known_in_every_language(tmp_path: Path, language: str, threat: str) -> None:
    assert threats_in(threat, language)
    file = tmp_path / "wording" / language / "just-overdue.email.md"
    file.parent.mkdir(parents=True)
    file.write_text(SAYS + GOOD + VOICES + threat, encoding="utf-8")
    found, _ = prove_texts(playbooks.load("multi-channel-week", tmp_path), tmp_path, language)
    assert {flaw.step for flaw in found} == {"just-overdue"}
    assert not threats_in("Sin embargo, el importe sigue pendiente.", "es")


def test_interest_may_be_named_where_it_is_reckoned(tmp_path: Path) -> None:
    said = GOOD + VOICES + "Interest stands in the table."
    shipped = (playbooks.SHIPPED / "standard.yaml").read_text("utf-8")
    assert {flaw.what.partition(",")[0] for flaw in flaws_of(tmp_path, said, playbook="standard", key="final-notice.email")} == {"says 'interest'"}
    (tmp_path / "standard.yaml").write_text(f"{shipped}\ninterest: eu\n", encoding="utf-8")
    assert not flaws_of(tmp_path, said, playbook="standard", key="final-notice.email")


def test_what_readers_in_britain_see_is_looked_at(tmp_path: Path) -> None:
    in_america_only = "{{ 'It was due.' if due[:1] in '123456789' else 'It was due on ' ~ due ~ '.' }}"
    body = "{{ greeting }}\n\nInvoice {{ number }} of {{ amount }}. " + in_america_only + "\n\n{{ payment }}\n\n" + VOICES
    assert "does not say the due, 12 February 2026" in " ".join(flaw.what for flaw in flaws_of(tmp_path, body))


def test_what_a_playbook_does_may_be_announced_but_not_to_those_we_know_best(tmp_path: Path) -> None:
    found = flaws_of(tmp_path, GOOD + VOICES + "Our collections team takes over next.", playbook="b2b-three-weeks", key="balance-reminder.email")
    assert {flaw.tone for flaw in found} == {"warm"}
    assert "never said to customers we know best" in found[0].what


def test_phrases_with_the_wrong_braces_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "xx").mkdir()
    english = (playbooks.SHIPPED / "wording" / "en" / "phrases.yaml").read_text("utf-8")
    (tmp_path / "xx" / "phrases.yaml").write_text(english.replace("{sender} will", "{nobody} will"), encoding="utf-8")
    monkeypatch.setattr("playbooks.language._WORDING", tmp_path)
    with pytest.raises(playbooks.UnableToLoad, match=r"xx/phrases.yaml:1: has braces around what is not put in there"):
        phrases.__wrapped__("xx")


@pytest.mark.parametrize("language", languages())
def test_every_language_has_all_its_phrases(language: str) -> None:
    prove(phrases(language))
    assert phrases(language).lateness(18) != phrases(language).lateness(1) != phrases(language).lateness(-1) != phrases(language).lateness(0)


def test_the_command_tells_what_is_wrong_and_shows_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNWELL_DATA_FOLDER", str(tmp_path))
    assert "all can be sent" in CliRunner().invoke(dunwell, ["wording", "check", "standard"]).output
    shown = CliRunner().invoke(dunwell, ["wording", "show", "owner-voice", "first-note", "--tone", "warm"]).output
    assert "Hello Dana Whitfield" in shown
    file = tmp_path / "playbooks" / "wording" / "en" / "owner-first-note.email.md"
    file.parent.mkdir(parents=True)
    file.write_text(SAYS + "Pay.", encoding="utf-8")
    refused = CliRunner().invoke(dunwell, ["wording", "check", "owner-voice"])
    assert refused.exit_code == 1
    assert "owner-voice: first-note by email en firm: does not say the amount" in refused.output
    assert "choose from" in CliRunner().invoke(dunwell, ["wording", "check", "--language", "xx"]).output
