"""A voice is a file that people edit: it reads back as it was written, and may add no number, no name and no threat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import playbooks
from domain.voice import Voice
from playbooks import voice as voices
from playbooks.reading import UnableToLoad
from playbooks.samples import ONE, SELLER
from playbooks.wording import render

VOICE = Voice("en", "Hi {first},", "Hello there,", "Cheers", "Hanna", opening_phrase="Hope all is well.", ending_phrase="Just give me a shout.")
PLAYBOOK = playbooks.load("owner-voice")
RESOLVED = playbooks.resolve(PLAYBOOK)


def test_a_voice_reads_back_as_it_was_written() -> None:
    assert voices.parse(voices.write(VOICE), "voice/main.yaml", SELLER) == VOICE


@pytest.mark.parametrize("say", ["owner-first-note", "owner-second-note", "owner-third-note", "owner-vip-note"])
def test_a_note_greets_closes_and_signs_as_its_owner_does(say: str) -> None:
    wording = playbooks.wording_of(RESOLVED, "en")[f"{say}.email"]
    said = render(wording, replace(ONE, voice=VOICE)).text
    assert said.startswith("Hi Dana,\n\nHope all is well.\n")
    assert "Just give me a shout.\n\nCheers,\n\nHanna\nAccounts Receivable, Brightwater Tools" in said
    unnamed = render(wording, replace(ONE, voice=VOICE, contact_name="")).text
    assert unnamed.startswith("Hello there,\n")


def test_a_voice_speaks_only_in_its_own_language() -> None:
    wording = playbooks.wording_of(RESOLVED, "de")["owner-first-note.email"]
    sheet = replace(ONE, locale="de_DE")
    assert render(wording, replace(sheet, voice=VOICE)) == render(wording, sheet)


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("ending_phrase", "We will see you in court.", "announces something worse"),
        ("ending_phrase", "You get 10 off.", "'1'"),
        ("ending_phrase", "You owe us nothing.", "'owe'"),
        ("ending_phrase", "It is paid, forget it.", "'paid'"),
        ("ending_phrase", "See https://evil.example for more.", "'https:'"),
        ("ending_phrase", "Pay {{ amount }} here.", "'Pay'"),
        ("ending_phrase", "Hello {{ amount }}.", "'{'"),
        ("ending_phrase", "Ask Peter about it.", "names 'Peter'"),
        ("opening_phrase", "Hope \u200ball is well.", "readers cannot see"),
        ("opening_phrase", "x" * 91, "shorten it"),
        ("closing", "Best regards from the fifty of us", "'fifty'"),
        ("closing", "Yours, and do think about what I said last time", "more than a few words"),
        ("greeting", "Dear customer,", "names nobody"),
        ("greeting", "Hi {first} (account {contact}),", "'account'"),
        ("sign_off", "Peter", "not the name of the sender"),
    ],
)
def test_what_may_not_stand_in_every_message_is_named_with_file_line_and_remedy(name: str, said: str, why: str) -> None:
    text = voices.write(replace(VOICE, **{name: said}))
    line = next(number for number, one in enumerate(text.splitlines(), 1) if one.startswith(f"{name}:"))
    with pytest.raises(UnableToLoad) as error:
        voices.parse(text, "voice/main.yaml", SELLER)
    [fault] = error.value.faults
    assert str(fault).startswith(f"voice/main.yaml:{line}:")
    assert why in fault.what


def test_a_misspelled_line_is_refused() -> None:
    with pytest.raises(UnableToLoad, match=r"main\.yaml:1.*grreting"):
        voices.parse("grreting: Hi", "main.yaml", SELLER)


def test_habits_that_may_not_stand_in_every_message_are_left_out_when_a_voice_is_learned() -> None:
    wild = replace(VOICE, closing="Pay or court", sign_off="Peter", phrases=("Hope all is well.", "You owe me fifty."))
    tamed = voices.tame(wild, SELLER)
    assert (tamed.closing, tamed.sign_off, tamed.phrases) == ("", "", ("Hope all is well.",))
    assert voices.parse(voices.write(tamed), "f", SELLER) == tamed


def test_an_edition_changes_with_the_voice_and_with_the_wording_and_with_nothing_else(tmp_path: Path) -> None:
    first = voices.edition(PLAYBOOK, VOICE)
    assert voices.edition(PLAYBOOK, VOICE) == first
    assert voices.edition(replace(PLAYBOOK, gap_days=9), VOICE) == first
    assert voices.edition(PLAYBOOK, replace(VOICE, closing="Best")) != first
    own = tmp_path / "wording" / "en" / "owner-first-note.email.md"
    own.parent.mkdir(parents=True)
    own.write_text('---\nsubject: "{{ stem }}"\n---\n{{ greeting }}\n\n{{ invoices }}\n', "utf-8")
    assert voices.edition(PLAYBOOK, VOICE, tmp_path) != first
