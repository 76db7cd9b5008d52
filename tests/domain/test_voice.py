"""How an owner writes is learned from mails the owner has written, and nothing else of them is kept."""

from __future__ import annotations

import pytest

from domain.voice import Formality, UnableToLearn, learn

CASUAL = [
    f"Hi {name},\n\nHope all is well. I've had a look at the {thing} and it's fine. Just give me a shout.\n\nCheers,\nHanna\n"
    for name, thing in (("Tom", "gate"), ("Bea", "roof"), ("Lou", "door"), ("Ada", "shed"), ("Kim", "path"), ("Joe", "fence"))
]
GERMAN = [
    f"Hallo Frau {name},\n\nich hoffe, es geht Ihnen gut. Ich habe mir das {thing} angesehen und melde mich mit einem Vorschlag.\n\nViele Grüße\nHanna Weiss\n"
    for name, thing in (("Nair", "Tor"), ("Lind", "Dach"), ("Beck", "Fenster"), ("Horn", "Regal"), ("Wolf", "Haus"))
]


def test_the_voice_of_a_casual_owner_is_found() -> None:
    voice = learn(CASUAL, "Hanna Weiss")
    assert (voice.greeting, voice.closing, voice.sign_off, voice.language) == ("Hi {first},", "Cheers", "Hanna", "en")
    assert (voice.formality, voice.contractions, voice.usual_words) == (Formality.CASUAL, True, 19)
    assert (voice.opening_phrase, voice.ending_phrase) == ("Hope all is well.", "Just give me a shout.")


def test_a_german_voice_is_found_too() -> None:
    voice = learn(GERMAN, "Hanna Weiss")
    assert (voice.language, voice.closing, voice.sign_off, voice.formality) == ("de", "Viele Grüße", "Hanna Weiss", Formality.FORMAL)
    assert voice.greeting == "Hallo {contact},"
    assert not voice.contractions


def test_a_name_is_greeted_as_the_owner_greets_names() -> None:
    voice = learn(CASUAL, "Hanna Weiss")
    assert voice.greet("Dana Whitfield") == "Hi Dana,"
    assert voice.greet("") == ""


def test_fewer_than_five_mails_are_too_few_and_copies_count_once() -> None:
    with pytest.raises(UnableToLearn, match=r"only 4 different mails.*at least 5"):
        learn([*CASUAL[:4], *CASUAL[:4]], "Hanna Weiss")


def test_no_sentence_of_fewer_than_three_mails_none_with_a_number_and_none_with_a_name_is_kept() -> None:
    mails = [
        f"Hi Tom,\n\nI am at job {place}. Call me on 0113 496. Ask Bea about it. {'See you at the gate.' if place < 2 else ''}"
        " Thanks a lot for that.\n\nBest\nHanna"
        for place in range(6)
    ]
    assert learn(mails, "Hanna Weiss").phrases == ("Thanks a lot for that.",)


def test_another_persons_sign_off_is_not_taken_for_the_owners() -> None:
    assert learn([mail.replace("Hanna", "Peter") for mail in CASUAL], "Hanna Weiss").sign_off == ""


def test_mails_without_any_habit_give_an_empty_voice() -> None:
    voice = learn([f"yes, {word}" for word in ("fine", "good", "done", "sent", "seen")], "Hanna Weiss")
    assert (voice.greeting, voice.closing, voice.sign_off, voice.phrases) == ("", "", "", ())
