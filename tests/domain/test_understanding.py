"""What an answer means: the rules pause, suppress or route, and never make anybody chase."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar
from domain.incoming import Incoming
from domain.understanding import Intent, Understood, understand
from domain.understanding.evidence import SIGNS
from domain.understanding.refining import may_be_refined

TODAY = date(2026, 11, 18)  # a Wednesday
WEEKDAYS = BusinessCalendar()


def message(text: str, **more: object) -> Incoming:
    written = Incoming("test", "1", "email", datetime(2026, 11, 18, 9, tzinfo=UTC), "a@customer.example", ("ar@seller.example",), text)
    return replace(written, **more)  # type: ignore[arg-type]


def read(text: str, language: str = "en", **more: object) -> Understood:
    return understand(message(text, **more), language, TODAY, WEEKDAYS)


def test_a_promise_carries_the_day_and_the_figure_that_stand_in_it() -> None:
    found = read("Sorry for the delay. We'll transfer $1,200.50 on Friday and the rest in December.")
    assert (found.intent, found.promise_day, found.promise_amount, found.pauses) == (Intent.PROMISE, date(2026, 11, 20), Decimal("1200.50"), True)


@pytest.mark.parametrize(
    "text,language,intent",
    [
        ("We have not paid yet, but will on Friday.", "en", Intent.PROMISE),
        ("We have paid already, it will be in your account by Friday.", "en", Intent.PAID_ALREADY),
        ("We paid half on Monday and will pay the rest on Friday.", "en", Intent.PROMISE),
        ("We will pay on Friday.", "en", Intent.PROMISE),
        ("It will have been paid by Friday.", "en", Intent.PROMISE),
        ("Has this been paid?", "en", Intent.QUESTION),
        ("Did you not get our payment?", "en", Intent.PAID_ALREADY),
        ("Wurde noch nicht überwiesen, geht aber am Freitag raus.", "de", Intent.PROMISE),
        ("Ist am Freitag rausgegangen.", "de", Intent.PAID_ALREADY),
        ("Wird am Freitag überwiesen.", "de", Intent.PROMISE),
        ("Wurde am Freitag überwiesen.", "de", Intent.PAID_ALREADY),
    ],
)
def test_tense_and_negation_tell_what_was_paid_from_what_will_be(text: str, language: str, intent: Intent) -> None:
    assert read(text, language).intent is intent


@pytest.mark.parametrize(
    "text,intent",
    [
        ("We have allready payed the invioce", Intent.PAID_ALREADY),
        ("Plese resend the invocie as pdf", Intent.COPY_PLEASE),
        ("we are bankrupct, our laywer will contact you", Intent.LEGAL),
        ("Die Rechung haben wir schon überwisen", Intent.PAID_ALREADY),
        ("The godos were damgaed", Intent.DISPUTE),
    ],
)
def test_slips_of_the_finger_do_not_hide_the_meaning(text: str, intent: Intent) -> None:
    assert read(text).intent is intent


def test_an_absence_ends_on_the_day_of_return() -> None:
    assert read("I am out of the office and will be back on Monday, 30 November.").return_day == date(2026, 11, 30)
    assert read("I'm on vacation until Friday, 27 November.").return_day == date(2026, 11, 30)
    assert read("Ich bin vom 16.11. bis 27.11. im Urlaub.", "de").return_day == date(2026, 11, 30)
    assert read("Ich bin ab dem 1.12. wieder erreichbar.", "de").return_day == date(2026, 12, 1)
    assert read("I am on parental leave.").return_day is None


def test_what_a_machine_says_is_told_by_its_headers() -> None:
    away = read("Thanks, I will answer next week. I am away.", headers=(("auto-submitted", "auto-replied"),))
    assert away.intent is Intent.OUT_OF_OFFICE and away.pauses
    ticket = read("Your request has been received. Ticket number 4711.", headers=(("auto-submitted", "auto-generated"),))
    assert (ticket.intent, ticket.pauses) == (Intent.OTHER, False)


def test_a_header_that_says_machine_hides_nothing_a_person_wrote() -> None:
    for text in ("We dispute this invoice.", "STOP", "We paid on Monday.", "Please talk to our lawyer.", "hm"):
        assert read(text, headers=(("auto-submitted", "auto-generated"), ("precedence", "bulk"))).pauses, text


@pytest.mark.parametrize("text", ["STOP", "Stop.", "stop!!!", "unsubscribe", "Stopp", "ABMELDEN", "stop please", " Stop \n\nSent from my phone"])
def test_the_word_stop_alone_is_enough(text: str) -> None:
    assert read(text).intent is Intent.STOP


@pytest.mark.parametrize("text", ["Do not hesitate to contact me.", "Please call me before you send more.", "Zögern Sie nicht, mich zu kontaktieren."])
def test_politeness_is_no_stop(text: str) -> None:
    assert read(text).intent is not Intent.STOP


def test_what_forbids_us_to_go_on_comes_before_what_is_promised() -> None:
    assert read("We will pay on Friday, but talk to our lawyer about the rest.").intent is Intent.LEGAL
    assert read("The goods were damaged. We could pay half on Friday.").intent is Intent.DISPUTE
    assert read("Never contact me again! Money comes on Friday.").intent is Intent.STOP


@given(st.text(max_size=400), st.sampled_from(("en", "de", "en-GB", "")), st.sampled_from(("email", "sms", "portal", "call")))
def test_whatever_somebody_writes_has_an_answer_and_pauses(text: str, language: str, channel: str) -> None:
    found = read(text, language, channel=channel)
    assert found.pauses and found.why
    assert found.promise_day is None or found.promise_day >= TODAY


def test_a_long_message_made_to_be_slow_is_read_in_time() -> None:
    for piece in ("we have not ", "paid ", "the invoice ", "a " * 50 + "\n", "wird nicht ", "1.1.", "(", "in 1 "):
        read(piece * (20_000 // len(piece)))


def test_no_sign_speaks_without_a_word() -> None:
    for sign in SIGNS:
        assert not sign.pattern.search("") and not sign.pattern.search("zz zz"), sign.pattern.pattern[:80]


def test_only_what_the_rules_do_not_know_is_open_to_a_guess() -> None:
    assert may_be_refined(read("The moon was full that night"))
    assert not may_be_refined(read("We dispute this invoice."))
