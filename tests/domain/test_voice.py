"""How an owner writes is learned from mails the owner has written, and nothing else of them is kept."""

from __future__ import annotations

import pytest

from domain.voice import SHORT_WORDS, Formality, UnableToLearn, Voice, first_name, learn

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
    assert voice.greet("Dana Whitfield", "Dana") == "Hi Dana,"
    assert voice.greet("", "") == ""


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


def written(greeting: str, body: str, closing: str) -> list[str]:
    return [f"{greeting.format(name=name)}\n\n{body.format(thing=thing)}\n\n{closing}\nHanna\n" for name, thing in zip(NAMES, THINGS, strict=True)]


NAMES = ("Tom", "Bea", "Lou", "Ada", "Kim", "Joe")
THINGS = ("Tor", "Dach", "Haus", "Regal", "Fenster", "Bad")
MANNERS = {
    "du": (("Hallo {name},", "kannst du dir das {thing} ansehen? Ich melde mich bei dir.", "Viele Grüße"), "de", Formality.CASUAL),
    "Sie": (("Hallo {name},", "können Sie sich das {thing} ansehen? Ich melde mich bei Ihnen.", "Viele Grüße"), "de", Formality.FORMAL),
    "tu": (("Bonjour {name},", "Je pense que tu peux regarder {thing} avec les autres. Je te rappelle.", "À bientôt,"), "fr", Formality.CASUAL),
    "vous": (("Bonjour {name},", "Je pense que vous pouvez regarder {thing} avec les autres.", "Cordialement,"), "fr", Formality.FORMAL),
    "tú": (("Hola {name}:", "Te mando el {thing} para que lo mires con los demás. ¿Puedes verlo?", "Un abrazo,"), "es", Formality.CASUAL),
    "usted": (("Hola {name}:", "Le mando el {thing} para que lo mire usted con los demás.", "Un cordial saludo,"), "es", Formality.FORMAL),
    "first name": (("Dear {name},", "I have seen the {thing} and it is fine.", "Kind regards"), "en", Formality.CASUAL),
    "last name": (("Dear Ms {name},", "I have seen the {thing} and it is fine.", "Yours sincerely"), "en", Formality.FORMAL),
}


@pytest.mark.parametrize("manner", MANNERS)
def test_how_an_owner_says_you_is_found_in_every_language(manner: str) -> None:
    mails, language, formality = MANNERS[manner]
    voice = learn(written(*mails), "Hanna Weiss")
    assert (voice.language, voice.formality, voice.sign_off) == (language, formality, "Hanna")
    assert voice.greeting
    assert voice.closing == mails[2].rstrip(",")
    assert voice.is_short


def test_a_greeting_that_agrees_with_the_one_it_was_written_to_greets_nobody_else() -> None:
    assert learn(written("Liebe {name},", "kannst du dir das {thing} ansehen?", "LG"), "Hanna Weiss").greeting == ""


@pytest.mark.parametrize(
    ("name", "address", "first"),
    [
        ("Petra Meier", "petra.meier@holz.example", "Petra"),
        ("Anne-Marie O’Neill", "am@wood.example", "Anne-Marie"),
        ("Żaneta Łuc", "", "Żaneta"),
        ("Petra Meier", "rechnung@holz.example", ""),
        ("Petra Meier", "Accounts-Payable@wood.example", ""),
        ("Petra", "petra@holz.example", ""),
        ("P. Meier", "", ""),
        ("PETRA MEIER", "", ""),
        ("Meier, Petra", "", ""),
        ("Dr. Petra Meier", "", ""),
        ("Service Comptabilité", "", ""),
        ("Accounts Team", "", ""),
        ("", "petra@holz.example", ""),
    ],
)
def test_a_first_name_is_one_only_where_it_is_sure_to_be(name: str, address: str, first: str) -> None:
    assert first_name(name, address) == first


@pytest.mark.parametrize(("words", "short"), [(0, False), (1, True), (SHORT_WORDS, True), (SHORT_WORDS + 1, False)])
def test_an_owner_of_short_mails_is_brief_and_one_of_whom_nothing_is_known_is_not(words: int, short: bool) -> None:
    assert Voice(usual_words=words).is_short is short
