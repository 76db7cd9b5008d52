"""A colleague's words that somebody passes on: their days count from the day on which they were written."""

from __future__ import annotations

from datetime import date

from domain.calendar import BusinessCalendar
from domain.promised import find_promise

# A Thursday; the colleague wrote on the Tuesday before.
TODAY = date(2026, 11, 19)
CALENDAR = BusinessCalendar()


def read(text: str, language: str) -> date | None:
    promised = find_promise(text, language, TODAY, CALENDAR, is_expected=True)
    return promised.day if promised else None


def test_tomorrow_is_the_day_after_the_colleague_wrote() -> None:
    text = "hier die Antwort aus der Zentrale.\n\nGesendet: Mittwoch, 18. November 2026 12:58\nIch zahl das denen morgen."
    assert read(text, "de") == date(2026, 11, 19)
    assert read("Here is his answer.\n\nDate: Tue, Nov 17, 2026 at 10:21 AM\nPay them within a week.", "en-US") == date(2026, 11, 24)


def test_a_day_that_went_by_while_it_was_passed_on_is_no_promise() -> None:
    assert read("Here is his answer.\n\nDate: Tue, Nov 17, 2026 at 10:21 AM\nI'll pay them tomorrow.", "en-US") is None


def test_where_the_colleague_named_no_day_the_words_above_count() -> None:
    text = "Here is his answer, so I will pay you on Monday.\n\nSent: Tuesday, 17 November 2026 10:21\nYes, that is legit."
    assert read(text, "en-GB") == date(2026, 11, 23)


def test_the_date_of_a_payment_is_not_the_day_on_which_something_was_written() -> None:
    assert read("Zahlung ist eingeplant.\nDatum: 14.12.2026", "de") == date(2026, 12, 14)
    assert read("Payment is scheduled.\nDate: 12/14/2026 10:00", "en-US") == date(2026, 12, 14)
