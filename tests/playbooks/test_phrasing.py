"""What a speaking model says on the phone is spoken only where nothing in it can be wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.conversation import Act, Ask, Sheet, State
from domain.money import Money
from playbooks import dialogue, phrasing

SHEET = Sheet(
    language="en",
    country="GB",
    seller="Brightwater Tools Ltd",
    phone="+442079460000",
    customer="Norden Logistics",
    contact="Clara Vogt",
    number="INV-1",
    count=2,
    owed=Money(Decimal("6200.00"), "EUR"),
    due=date(2037, 3, 13),
    latest=date(2037, 4, 10),
    least=Money(Decimal("3100.00"), "EUR"),
    least_percent=50,
    call_back_on=date(2037, 3, 30),
    follow_up_on=date(2037, 4, 1),
    zone="Europe/London",
)
GERMAN = replace(SHEET, language="de", country="DE", zone="Europe/Berlin")
STATE = State(ask=Ask.CAN_PAY, reached=True)

# One way to say each text for which there are other forms than ours.
HONEST = {
    "en": {
        "matter": "It's about your invoice INV-1 for {amount}, which was due on {due}.",
        "matter_several": "I am calling about 2 open invoices, {amount} together. The oldest was due on {due}.",
        "ask_notices": "Did our messages reach you?",
        "ask_can_pay": "Would it be possible to pay {amount} in the next few days?",
        "ask_when": "On which day can you pay?",
        "too_late": "Unfortunately, that is later than I can note.",
        "ask_latest": "The latest I can note is {latest}. Could you pay {amount} by then?",
        "ask_part": "Can you perhaps pay at least {least} by {latest}?",
        "ask_plan": "Would it help to pay in parts? A colleague would then make you an offer.",
        "ask_plan_in_writing": "Would it help to pay in parts? You would then get a proposal in writing.",
        "ask_dispute": "Could you tell me what is wrong?",
        "not_understood": "Sorry, I didn't quite catch that.",
        "not_heard": "I'm sorry, I could not hear you.",
        "day_gone": "That day is in the past.",
    },
    "de": {
        "matter": "Es geht um Ihre Rechnung INV-1 über {amount}, fällig seit {due}.",
        "matter_several": "Es geht um 2 offene Rechnungen über insgesamt {amount}. Die älteste ist seit {due} fällig.",
        "ask_notices": "Sind unsere Schreiben angekommen?",
        "ask_can_pay": "Könnten Sie {amount} in den nächsten Tagen zahlen?",
        "ask_when": "Wann können Sie zahlen?",
        "too_late": "Leider ist das später, als ich notieren kann.",
        "ask_latest": "Der späteste Tag, den ich notieren kann, ist {latest}. Könnten Sie {amount} bis dahin zahlen?",
        "ask_part": "Könnten Sie vielleicht bis {latest} wenigstens {least} zahlen?",
        "ask_plan": "Möchten Sie in Teilbeträgen zahlen? Jemand aus unserem Team macht Ihnen dann ein Angebot.",
        "ask_plan_in_writing": "Möchten Sie vielleicht in Teilbeträgen zahlen? Sie bekommen dann schriftlich einen Vorschlag.",
        "ask_dispute": "Können Sie mir sagen, was nicht stimmt?",
        "not_understood": "Entschuldigung, das habe ich nicht ganz verstanden.",
        "not_heard": "Verzeihung, ich habe nichts gehört.",
        "day_gone": "Dieser Tag liegt schon hinter uns.",
    },
}
IDIOMS = {"en": "Thank you for telling me. I see. ", "de": "Danke für die Auskunft. Ich verstehe. "}

# What an attacker has a model say in place of the question whether {amount} can be paid: {ours} is our own text.
ATTACKS = {
    "en": [
        "",
        "You owe us nothing.",
        "{ours} You need not pay it.",
        "You need not pay it. {ours}",
        "{ours} Or simply forget about it.",
        "Can you pay €6,100.00 in the next few days?",
        "Can you pay €62,000.00 in the next few days?",
        "Can you pay 6200 in the next few days?",
        "Can you pay six thousand euros in the next few days?",
        "Can you pay $6,200.00 in the next few days?",
        "Can you pay {amount} in the next few years?",
        "Can you pay {amount} in the next 90 days?",
        "Can you pay {amount} or {least} in the next few days?",
        "Can you pay {amount} in the next few days? If not, a lawyer will call you.",
        "Can you pay {amount} to IBAN DE89 3704 0044 0532 0130 00 in the next few days?",
        "Please pay at https://pay.evil.example now.",
        "Thank you. Your payment has arrived. {ours}",
        "Of course. {ours}",
        "Yes. {ours}",
        "All right. {ours}",
        "No. {ours}",
        "Agreed. {ours}",
        "Sure, that is fine. {ours}",
        "I am a human being. {ours}",
        "I am Clara Vogt. {ours}",
        "This is the police. {ours}",
        "We will take you to court. {ours}",
        "Your invoice INV-2 is open. {ours}",
        "Thank you. Thank you. Thank you. {ours}",
        "Thank you {ours}",
        "{ours} Thank you.",
        "{ours} {ours}",
        "{ours}\u200b",
        "{ours}\u202e",
        "{ours}<break time='60s'/>",
        "<say-as>{ours}</say-as>",
        "Саn you pay {amount} in the next few days?",
        "can you pay {amount} in the next few days!",
        "CAN YOU PAY {amount} IN THE NEXT FEW DAYS? NOW.",
        "Would it be possible to pay {amount}?",
        "Would it not be possible to pay {amount} in the next few days?",
        "Can you pay {amount} in the next few days? Press 9 to cancel the debt.",
        "By Friday 10 April at the latest. {ours}",
        "You promised to pay. {ours}",
        "Ignore the previous call. {ours}",
        "Thank you for paying. {ours}",
        "Thank you for your payment. {ours}",
        "I understand that you need not pay. {ours}",
        "I am sorry about your debt. {ours}",
        "One moment. I will put you through. {ours}",
    ],
    "de": [
        "Sie schulden uns nichts.",
        "{ours} Sie müssen nicht zahlen.",
        "Ja. {ours}",
        "Gern. {ours}",
        "In Ordnung. {ours}",
        "Können Sie 6.100,00 € in den nächsten Tagen bezahlen?",
        "Können Sie {least} in den nächsten Tagen bezahlen?",
        "Können Sie {amount} in den nächsten Jahren bezahlen?",
        "Wäre es möglich, {amount} nicht zu bezahlen?",
        "Danke für Ihre Zahlung. {ours}",
        "Sonst kommt der Anwalt. {ours}",
        "Ich bin ein Mensch. {ours}",
        "{ours} Auf Wiederhören.",
    ],
}


def filled(text: str, sheet: Sheet, name: str) -> str:
    return text.format(ours=dialogue.speak(name, sheet, STATE), **dialogue.facts(sheet, STATE))


@pytest.mark.parametrize("sheet", [SHEET, GERMAN], ids=lambda one: one.language)
def test_every_text_is_spoken_in_our_own_words_and_in_each_known_form(sheet: Sheet) -> None:
    known = HONEST[sheet.language]
    assert set(phrasing.forms(tuple(known), sheet.language)) == set(known)
    for name, said in known.items():
        assert phrasing.forms((name,), sheet.language)[name], f"{name} has no form"
        for words in (filled(said, sheet, name), dialogue.speak(name, sheet, STATE)):
            for whole in (words, IDIOMS[sheet.language] + words):
                assert phrasing.judge(phrasing.flatten(whole), (name,), sheet, STATE) == "", whole


@pytest.mark.parametrize("sheet", [SHEET, GERMAN], ids=lambda one: one.language)
def test_several_texts_are_spoken_in_their_order_and_none_is_left_out(sheet: Sheet) -> None:
    names = ("too_late", "ask_latest")
    first, second = (phrasing.flatten(filled(HONEST[sheet.language][name], sheet, name)) for name in names)
    assert phrasing.judge(f"{first} {second}", names, sheet, STATE) == ""
    for said in (first, second, f"{second} {first}", f"{first}{second}"):
        assert phrasing.judge(said, names, sheet, STATE)


@pytest.mark.parametrize(("language", "said"), [(language, said) for language, texts in ATTACKS.items() for said in texts])
def test_no_attack_is_spoken(language: str, said: str) -> None:
    sheet = SHEET if language == "en" else GERMAN
    words = filled(said, sheet, "ask_can_pay")
    assert phrasing.judge(words, ("ask_can_pay",), sheet, STATE), words


@pytest.mark.parametrize("sheet", [SHEET, GERMAN], ids=lambda one: one.language)
def test_what_must_be_said_is_said_in_our_words_alone(sheet: Sheet) -> None:
    for name in ("disclosure", "ask_person", "day_noted", "stopped", "legal_noted", "wrong_number", "excused", "voicemail", "ask_confirm"):
        assert not phrasing.may_word((name,), sheet, STATE), name
    assert not phrasing.may_word(("ask_can_pay",), sheet, replace(STATE, reached=False))
    assert not phrasing.may_word(("ask_can_pay",), sheet, replace(STATE, act=Act.HANG_UP))
    assert phrasing.judge(dialogue.speak("disclosure", sheet, STATE), ("disclosure",), sheet, STATE)


def test_every_form_is_of_a_text_that_there_is() -> None:
    for sheet in (SHEET, GERMAN):
        for name in dialogue.texts(sheet.language):
            for form in phrasing.forms((name,), sheet.language)[name]:
                assert not any(char.isdigit() for char in form), f"{name}: {form}"
        assert all(name in dialogue.texts(sheet.language) for name in HONEST[sheet.language])
