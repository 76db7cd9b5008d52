"""Which of several days is promised: what is learned may choose among the days that the rules find, and never against a plain no."""

from __future__ import annotations

from datetime import date

import pytest

from domain import day_weighing
from domain.calendar import BusinessCalendar
from domain.promised import find_promise

TODAY = date(2026, 11, 18)
CALENDAR = BusinessCalendar(frozenset())


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Our client settles with us on Friday, so you will have your money on Monday.", date(2026, 11, 23)),
        ("en", "We had this scheduled for tomorrow. Unfortunately it has been pushed back to the 25th.", date(2026, 11, 25)),
        ("en", "The auditors are here until Friday, and you will be paid on Tuesday.", date(2026, 11, 24)),
        ("en", "I will pay you. I simply can't say when; on Friday I am at the hospital.", None),
        ("en", "Payment is coming. Please note that our office moves on December 1.", None),
        ("en", "hi we will pay it my brother handles that he is hunting till wednesday so i don't know when", None),
        ("en", "When I'm back from hospital on the 27th I'll do the transfer.", date(2026, 11, 27)),
        ("en", "It was supposed to go out tomorrow, the bank now says Tuesday.", date(2026, 11, 24)),
        ("en", "We should have this paid by the end of November at the latest.", date(2026, 11, 30)),
        ("en", "Half of it on Friday and the remainder on December 4.", date(2026, 11, 20)),
        ("de", "Zahlung folgt in Kürze. Zur Info: ab 20. Dezember haben wir Betriebsferien.", None),
        ("de", "Am 26. November überweisen wir Ihnen den Betrag von Fr. 1'077.30.", date(2026, 11, 26)),
        ("de", "Am Donnerstag ist Inventur, am Freitag bekommen Sie Ihr Geld.", date(2026, 11, 20)),
        ("de", "Wir zahlen, sobald der Kunde gezahlt hat. Er sprach vom 25., verlassen können wir uns darauf nicht.", None),
    ],
)
def test_of_several_days_the_one_on_which_money_is_to_come_is_taken(language: str, text: str, expected: date | None) -> None:
    found = find_promise(text, language, TODAY, CALENDAR, is_expected=True)
    assert (found.day if found else None) == expected


def test_no_weight_makes_a_promise_of_a_day_that_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.promised.load_weights", lambda: {"denied": 50.0, "near pay": 50.0})
    assert find_promise("We will not pay on Friday.", "en", TODAY, CALENDAR, is_expected=True) is None


def test_where_nothing_was_learned_the_rules_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.promised.load_weights", dict)
    found = find_promise("We are closed on Thursday. We will pay you on Friday.", "en", TODAY, CALENDAR, is_expected=True)
    assert found is not None
    assert found.day == date(2026, 11, 20)


def test_the_weights_of_days_are_small() -> None:
    assert 500 < len(day_weighing.load_weights()) < 4_000
