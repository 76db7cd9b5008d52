"""What the voice agent says, and what it takes from what it hears."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar
from domain.concluding import conclude
from domain.conversation import MOST_ANSWERS, Act, Agreed, Ask, Heard, Meaning, Sheet, State, Turn, answer, begin, fail_to_fetch, leave_message, may_mean
from domain.money import Money
from domain.spoken import hear
from playbooks import dialogue

NOW = datetime(2037, 3, 27, 10, tzinfo=UTC)  # a Friday
TODAY = NOW.date()
SHEET = Sheet(
    language="en",
    country="GB",
    seller="Brightwater Tools Ltd",
    phone="+442079460000",
    customer="Norden Logistics",
    contact="Clara Vogt",
    number="INV-1",
    count=1,
    owed=Money(Decimal("6200.00"), "EUR"),
    due=date(2037, 3, 13),
    latest=date(2037, 4, 10),
    least=Money(Decimal("3100.00"), "EUR"),
    least_percent=50,
    call_back_on=date(2037, 3, 30),
    follow_up_on=date(2037, 4, 1),
    zone="Europe/London",
)
IN_OFFICE = replace(SHEET, colleague_until=NOW + timedelta(hours=1))
SHEETS = (
    SHEET,
    IN_OFFICE,
    replace(SHEET, language="de", country="DE", contact="", number="", count=3, zone="Europe/Berlin"),
    replace(SHEET, phone="", person_decides=True, least=SHEET.owed, plan_in_writing=True),
)


def talk(*said: str, sheet: Sheet = SHEET) -> tuple[State, list[str], list[tuple[Agreed, date | None, bool]]]:
    """The state at the end of what was said or keyed in (digits), the last texts spoken, and all that was agreed."""
    turn, agreed = begin(sheet), []
    for words in said:
        keyed = words if words.isdigit() else ""
        heard = hear(turn.state.ask, keyed, "" if keyed else words, sheet.tongue, TODAY, BusinessCalendar())
        turn = answer(turn.state, heard, sheet, NOW)
        agreed += [(one.kind, one.day, one.part) for one in turn.agreements]
    return turn.state, list(turn.say), agreed


def test_the_first_words_say_who_calls_for_whom_and_that_no_human_speaks() -> None:
    for sheet in SHEETS:
        turn = begin(sheet)
        first = dialogue.speak(turn.say[0], sheet, turn.state)
        assert sheet.seller in first
        assert ("not a human being" in first) if sheet.language == "en" else ("kein Mensch" in first)


@given(said=st.lists(st.sampled_from(list(Meaning)), max_size=12), sheet=st.sampled_from(SHEETS))
def test_nothing_about_the_matter_falls_before_the_right_person_has_answered(said: list[Meaning], sheet: Sheet) -> None:
    turn = begin(sheet)
    for meaning in (None, *said):
        if meaning:
            turn = answer(turn.state, Heard(meaning, TODAY, "words"), sheet, NOW)
        spoken = " ".join(dialogue.speak(name, sheet, turn.state) for name in turn.say)
        if not turn.state.reached or meaning is Meaning.HELP:
            assert "INV-1" not in spoken
            assert not any(word in spoken.casefold() for word in ("6,200", "6.200", "invoice", "rechnung", "fällig", "was due"))
        if turn.state.reached:
            return


HEARD = st.builds(
    Heard,
    st.sampled_from(list(Meaning)),
    st.none() | st.dates(TODAY - timedelta(days=400), TODAY + timedelta(days=400)),
    st.sampled_from(["", "two boxes were missing"]),
    st.none() | st.sampled_from(list(Meaning)),
)
STATES = st.builds(
    State,
    st.sampled_from(list(Ask)),
    st.integers(1, 5),
    st.integers(0, 40),
    st.none() | st.dates(TODAY, TODAY + timedelta(days=30)),
    st.booleans(),
    st.lists(st.sampled_from(list(Agreed)), max_size=4).map(tuple),
    st.sampled_from(list(Act)),
    st.none() | st.builds(Heard, st.sampled_from(list(Meaning)), words=st.just("hm")),
)


@given(state=STATES, heard=HEARD, sheet=st.sampled_from(SHEETS))
def test_whatever_is_heard_in_whatever_state_gives_a_next_state_words_and_an_end(state: State, heard: Heard, sheet: Sheet) -> None:
    assert answer(state, heard, sheet, NOW).say or state.act is not Act.ASK, "silence on the line"
    for turn in (answer(state, heard, sheet, NOW), fail_to_fetch(state, sheet)):
        assert all(dialogue.speak(name, sheet, turn.state) for name in turn.say)
        assert conclude(turn.state).result in ("talked", "nobody", "wrong_number")
        for one in turn.agreements:
            assert one.kind in turn.state.agreed
            if one.kind is Agreed.PROMISE:
                assert one.day is not None
                assert one.day <= sheet.latest or state.day is not None


@given(heard=st.lists(HEARD, min_size=MOST_ANSWERS, max_size=MOST_ANSWERS), sheet=st.sampled_from(SHEETS))
def test_every_call_comes_to_an_end_and_promises_no_day_beyond_the_limits(heard: list[Heard], sheet: Sheet) -> None:
    turn = begin(sheet)
    days = []
    for one in heard:
        turn = answer(turn.state, one, sheet, NOW)
        days += [agreed.day for agreed in turn.agreements if agreed.kind is Agreed.PROMISE]
    assert turn.state.act is not Act.ASK
    assert len(days) <= 1
    assert all(day is not None and TODAY <= day <= sheet.latest for day in days)


def test_a_day_is_named_repeated_and_agreed_on() -> None:
    state, said, agreed = talk("yes speaking", "yes", "yes", "next Friday", "yes that's right")
    assert agreed == [(Agreed.PROMISE, date(2037, 4, 3), False)]
    assert said == ["day_noted", "good_bye"]
    assert dialogue.speak("day_noted", SHEET, state) == "Thank you. I have noted €6,200.00 by Friday 3 April. You will get that in writing."
    assert conclude(state).why == "a day was named"


def test_a_day_that_was_understood_wrongly_is_asked_for_again() -> None:
    state, said, agreed = talk("1", "1", "1", "Friday", "no, wrong", "the second of April", "1")
    assert agreed == [(Agreed.PROMISE, date(2037, 4, 2), False)]
    assert state.act is Act.HANG_UP
    assert said[-1] == "good_bye"


def test_by_keys_alone_the_same_is_agreed_on() -> None:
    assert talk("1", "1", "1", "0304", "1")[2] == [(Agreed.PROMISE, date(2037, 4, 3), False)]
    american = replace(SHEET, country="US")
    assert talk("1", "1", "1", "0403", "1", sheet=american)[2] == [(Agreed.PROMISE, date(2037, 4, 3), False)]


def test_a_day_beyond_the_limits_is_negotiated_down_to_the_latest_then_to_a_part_then_to_installments() -> None:
    far = ("yes", "yes", "yes", "on the fifteenth of May")
    assert talk(*far)[1] == ["too_late", "ask_latest"]
    assert talk(*far, "yes, that works")[2] == [(Agreed.PROMISE, SHEET.latest, False)]
    assert talk(*far, "no", "yes")[2] == [(Agreed.PROMISE, SHEET.latest, True)]
    assert talk(*far, "no", "no", "yes")[2] == [(Agreed.PLAN, None, False)]
    state, said, agreed = talk(*far, "no", "no", "no")
    assert (said, agreed, conclude(state).why) == (["no_day", "good_bye"], [], "no day was named")


def test_notices_that_did_not_arrive_are_sent_again_and_the_call_ends() -> None:
    assert talk("yes", "no")[1:] == (["copy_sent", "good_bye"], [(Agreed.COPY, None, False)])
    assert talk("yes", "we never received anything")[2] == [(Agreed.COPY, None, False)]


def test_the_link_is_sent_while_the_call_goes_on() -> None:
    state, said, agreed = talk("yes", "yes", "5")
    assert (state.act, said, agreed) == (Act.ASK, ["link_sent", "ask_when"], [(Agreed.LINK, None, False)])
    assert talk("yes", "yes", "5", "tomorrow", "yes")[2][-1] == (Agreed.PROMISE, date(2037, 3, 28), False)


@pytest.mark.parametrize(
    ("said", "agreed", "spoken"),
    [
        ("we have already paid that", Agreed.PAID, "paid"),
        ("we would like to pay in installments", Agreed.PLAN, "plan_noted"),
        ("we are insolvent", Agreed.LEGAL, "legal_noted"),
        ("stop calling us", Agreed.STOP, "stopped"),
        ("this is the wrong number", Agreed.WRONG_NUMBER, "wrong_number"),
    ],
)
def test_what_is_said_out_of_turn_counts_at_once(said: str, agreed: Agreed, spoken: str) -> None:
    state, words, kinds = talk("yes", said)
    assert ([one[0] for one in kinds], words, state.act) == ([agreed], [spoken, "good_bye"], Act.HANG_UP)


def test_what_is_wrong_is_asked_for_in_words_and_noted() -> None:
    turn = begin(SHEET)
    for words in ("yes", "there is something wrong with it", "two boxes were missing"):
        turn = answer(turn.state, hear(turn.state.ask, "", words, "en-GB", TODAY, BusinessCalendar()), SHEET, NOW)
    assert [(one.kind, one.words) for one in turn.agreements] == [(Agreed.DISPUTE, "two boxes were missing")]


def test_help_puts_through_in_office_hours_and_is_called_back_else() -> None:
    state, said, agreed = talk("can I speak to a colleague", sheet=IN_OFFICE)
    assert (state.act, said, agreed) == (Act.PUT_THROUGH, ["put_through"], [(Agreed.COLLEAGUE, None, False)])
    nobody = fail_to_fetch(state, IN_OFFICE)
    assert ([one.kind for one in nobody.agreements], nobody.say) == ([Agreed.CALL_BACK], ("no_colleague", "call_back", "good_bye"))
    assert talk("0")[1:] == (["call_back", "good_bye"], [(Agreed.CALL_BACK, None, False)])


def test_a_question_is_asked_three_times_and_then_a_person_calls_back() -> None:
    assert talk("yes", "mumble")[1] == ["not_understood", "ask_notices"]
    assert talk("yes", "mumble", "")[1] == ["not_heard", "ask_notices"]
    assert talk("yes", "mumble", "", "hum")[1:] == (["give_up", "call_back", "good_bye"], [(Agreed.CALL_BACK, None, False)])
    assert talk("", "", "")[1:] == (["nobody_there", "good_bye"], [])


def test_who_hangs_up_in_the_middle_leaves_a_call_with_a_result() -> None:
    assert conclude(talk()[0]).result == "nobody"
    assert conclude(talk("yes", "yes")[0]) == conclude(talk("yes", "yes", "yes")[0])
    assert conclude(talk("yes", "yes")[0]).why == "no day was named, and hung up"
    assert conclude(talk("yes", "yes", "yes", "Friday")[0]).why == "no day was named, and hung up", "a day that was not confirmed counts as named"


def test_somebody_else_is_asked_for_a_call_back_and_the_wrong_company_is_left_alone() -> None:
    assert talk("no", "yes")[1:] == (["ask_to_call_back", "good_bye"], [])
    assert talk("no", "no")[1:] == (["wrong_number", "good_bye"], [(Agreed.WRONG_NUMBER, None, False)])


def test_a_machine_is_told_nothing_about_the_matter() -> None:
    for sheet in SHEETS:
        (name,) = leave_message(sheet)
        said = dialogue.speak(name, sheet, State())
        assert sheet.seller in said
        assert not any(word in said.casefold() for word in ("invoice", "rechnung", "6,200", "6.200", "pay", "zahl", "debt", "overdue", "inv-1"))


def test_both_languages_have_every_text_and_name_the_same_facts() -> None:
    english, german = (dialogue.texts(language) for language in dialogue.LANGUAGES)
    assert english.keys() == german.keys()
    for name in english:
        english_facts, german_facts = (set(re.findall(r"{(\w+)}", texts[name])) for texts in (english, german))
        assert english_facts == german_facts, name


@pytest.mark.parametrize(
    ("ask", "said", "meant"),
    [
        (Ask.PERSON, "Ja, am Apparat", Meaning.YES),
        (Ask.PERSON, "Nein, der ist nicht da", Meaning.NO),
        (Ask.PERSON, "Einen Moment, ich verbinde", Meaning.REPEAT),
        (Ask.PERSON, "Da sind Sie falsch verbunden", Meaning.WRONG_NUMBER),
        (Ask.NOTICES, "Nein, wir haben nichts bekommen", Meaning.COPY),
        (Ask.NOTICES, "Das haben wir schon bezahlt", Meaning.PAID),
        (Ask.NOTICES, "Die Rechnung stimmt so nicht", Meaning.DISPUTE),
        (Ask.CAN_PAY, "Kein Problem", Meaning.YES),
        (Ask.CAN_PAY, "Nur in Raten", Meaning.PLAN),
        (Ask.CAN_PAY, "Ich möchte mit einem Mitarbeiter sprechen", Meaning.HELP),
        (Ask.WHEN, "Das weiß ich nicht", Meaning.NO),
        (Ask.WHEN, "am dritten April", Meaning.DAY),
        (Ask.CONFIRM, "Nein, das ist falsch", Meaning.NO),
        (Ask.CONFIRM, "Genau", Meaning.YES),
        (Ask.PERSON, "Rufen Sie hier nicht mehr an", Meaning.STOP),
        (Ask.NOTICES, "Wenden Sie sich an unseren Anwalt", Meaning.LEGAL),
    ],
)
def test_german_is_understood(ask: Ask, said: str, meant: Meaning) -> None:
    assert hear(ask, "", said, "de-DE", TODAY, BusinessCalendar()).meaning is meant


@given(st.sampled_from(list(Ask)), st.text(max_size=8), st.text(max_size=60), st.sampled_from(["en-GB", "en-US", "de-DE"]))
def test_nothing_that_is_heard_is_beyond_the_ear(ask: Ask, keyed: str, said: str, language: str) -> None:
    heard = hear(ask, keyed, said, language, TODAY, BusinessCalendar())
    assert (heard.day is not None) == (heard.meaning is Meaning.DAY)


def test_a_conversation_that_is_over_hears_nothing_more() -> None:
    over = State(act=Act.HANG_UP, reached=True)
    assert answer(over, Heard(Meaning.STOP), SHEET, NOW) == Turn(over, ())


GUESSES = st.builds(Heard, st.just(Meaning.UNCLEAR), st.none(), st.just("hm"), st.none() | st.sampled_from(list(Meaning)))


@given(state=STATES, guess=GUESSES, sheet=st.sampled_from(SHEETS))
def test_a_guess_never_agrees_to_anything_and_never_shows_who_speaks(state: State, guess: Heard, sheet: Sheet) -> None:
    turn, without = answer(state, guess, sheet, NOW), answer(state, replace(guess, guess=None), sheet, NOW)
    assert (turn.agreements, turn.state.agreed, turn.state.reached, turn.state.act, turn.state.day) == (
        without.agreements,
        without.state.agreed,
        without.state.reached,
        without.state.act,
        without.state.day,
    )
    if turn.state.guessed and not turn.state.reached:
        said = " ".join(dialogue.speak(name, sheet, turn.state) for name in turn.say).casefold()
        assert not any(word in said for word in ("inv-1", "6,200", "6.200", "paid", "bezahlt", "invoice", "rechnung"))


def test_a_guess_is_asked_about_and_counts_once_it_is_confirmed() -> None:
    at = State(ask=Ask.WHEN, reached=True)
    for meaning in may_mean(at):
        asked = answer(at, Heard(Meaning.UNCLEAR, words="hm", guess=meaning), SHEET, NOW)
        assert asked.say == (f"meant_{meaning.value}",)
        yes = hear(asked.state.hears_as, "1", "", "en-GB", TODAY, BusinessCalendar())
        confirmed, said_at_once = answer(asked.state, yes, SHEET, NOW), answer(at, Heard(meaning, words="hm"), SHEET, NOW)
        assert confirmed.agreements == said_at_once.agreements
        assert confirmed.state.guessed is None
        denied = answer(asked.state, hear(asked.state.hears_as, "2", "", "en-GB", TODAY, BusinessCalendar()), SHEET, NOW)
        assert (denied.say, denied.agreements) == (("not_understood", "ask_when"), ())
    friday = answer(asked.state, hear(asked.state.hears_as, "", "next Friday", "en-GB", TODAY, BusinessCalendar()), SHEET, NOW)
    assert friday.say == ("ask_confirm",), "a day that is named in place of yes or no is lost"


def test_paying_in_parts_is_proposed_in_writing_where_that_is_what_follows() -> None:
    sheet = replace(SHEET, plan_in_writing=True)
    assert talk("yes", "yes", "no", sheet=sheet)[1] == ["ask_plan_in_writing"]
    assert talk("yes", "yes", "no", "yes", sheet=sheet)[1:] == (["plan_in_writing", "good_bye"], [(Agreed.PLAN, None, False)])
