"""Days that people name for a payment, in English and German, read on Wednesday 18 November 2026 unless a test says otherwise."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessCalendar
from domain.named_days import ORDINALS
from domain.plain_words import plain
from domain.promise_day import resolve_day
from domain.promised import find_amount, find_promise
from domain.tense import clauses

WEDNESDAY = date(2026, 11, 18)
HOLIDAYS = BusinessCalendar(frozenset({date(2026, 12, 25), date(2027, 1, 1)}))

NAMED = (
    ("en", "We'll pay on Friday", "2026-11-20"),
    ("en", "by this Friday at the latest", "2026-11-20"),
    ("en", "Payment will go out next Friday.", "2026-11-20"),
    ("en", "You'll have it Friday next week", "2026-11-27"),
    ("en", "at the end of the month", "2026-11-30"),
    ("en", "by month end", "2026-11-30"),
    ("en", "by the end of next week", "2026-11-27"),
    ("en", "within 5 business days", "2026-11-25"),
    ("en", "mid December", "2026-12-15"),
    ("en", "early next week", "2026-11-23"),
    ("de", "wir überweisen nächsten Freitag", "2026-11-20"),
    ("de", "Zahlung erfolgt am 5. Dezember", "2026-12-05"),
    ("en", "the 15th", "2026-12-15"),
    ("en", "We will pay on the fifteenth", "2026-12-15"),
    ("de", "am fünfzehnten", "2026-12-15"),
    ("de", "Wir zahlen zum 15.", "2026-12-15"),
    ("de", "Zahlung am 03.12.2026", "2026-12-03"),
    ("en-US", "will pay 12/18", "2026-12-18"),
    ("en-GB", "will pay 18/12", "2026-12-18"),
    ("en-US", "We will pay on 12/03", "2026-12-03"),
    ("en-GB", "We will pay on 03/12", "2026-12-03"),
    ("en", "3 Dec", "2026-12-03"),
    ("en", "Dec 3rd", "2026-12-03"),
    ("en", "Thursday, December 3", "2026-12-03"),
    ("en", "Thursday 3rd December 2026", "2026-12-03"),
    ("de", "Überweisung in KW 49", "2026-12-04"),
    ("de", "wird in der 49. KW überwiesen", "2026-12-04"),
    ("en", "I will pay tomorrow", "2026-11-19"),
    ("de", "Geht morgen raus", "2026-11-19"),
    ("de", "Übermorgen", "2026-11-20"),
    ("de", "Freitag nächster Woche", "2026-11-27"),
    ("de", "nächste Woche Freitag", "2026-11-27"),
    ("de", "nächste Woche", "2026-11-27"),
    ("de", "diese Woche noch", "2026-11-20"),
    ("de", "Ende des Monats", "2026-11-30"),
    ("de", "bis Monatsende", "2026-11-30"),
    ("de", "Ende Dezember", "2026-12-31"),
    ("de", "Mitte Dezember", "2026-12-15"),
    ("de", "Anfang Dezember", "2026-12-01"),
    ("de", "Anfang nächsten Monats", "2026-12-01"),
    ("de", "Mitte nächsten Monats", "2026-12-15"),
    ("de", "Ende nächsten Monats", "2026-12-31"),
    ("de", "in 14 Tagen", "2026-12-02"),
    ("de", "in zwei Wochen", "2026-12-02"),
    ("de", "in einer Woche", "2026-11-25"),
    ("de", "innerhalb von fünf Werktagen", "2026-11-25"),
    ("de", "in den nächsten 5 Arbeitstagen", "2026-11-25"),
    ("en", "in three days", "2026-11-21"),
    ("en", "in two weeks", "2026-12-02"),
    ("en", "two weeks from now", "2026-12-02"),
    ("en", "in two weeks' time", "2026-12-02"),
    ("en", "in a fortnight", "2026-12-02"),
    ("en", "after the holidays", "2027-01-04"),
    ("de", "nach den Feiertagen", "2027-01-04"),
    ("en", "in the new year", "2027-01-04"),
    ("en", "We paid on Friday", None),
    ("en", "We paid on 12 November", None),
    ("en", "it was paid on November 12", None),
    ("de", "Wurde am 12.11. bezahlt", None),
    ("de", "haben am Montag überwiesen", None),
    ("en", "We received your email of 3 December", None),
    ("en", "We paid half on Monday and will pay the rest on 27 November", "2026-11-27"),
    ("de", "Guten Morgen, die Zahlung kommt am 15.12.", "2026-12-15"),
    ("de", "bis Fr.", "2026-11-20"),
    ("de", "Wir zahlen am Fr", "2026-11-20"),
    ("de", "am 5.1.", "2027-01-05"),
    ("de", "am dritten zwölften", "2026-12-03"),
    ("de", "zum nächsten Ersten", "2026-12-01"),
    ("de", "zum Ersten", "2026-12-01"),
    ("en", "on the first", "2026-12-01"),
    ("en", "on December first", "2026-12-01"),
    ("en", "after the weekend", "2026-11-23"),
    ("en", "Monday morning", "2026-11-23"),
    ("en", "next week Monday", "2026-11-23"),
    ("en", "Wednesday next week", "2026-11-25"),
    ("en", "a week from today", "2026-11-25"),
    ("en", "a week from Friday", "2026-11-27"),
    ("en", "Friday week", "2026-11-27"),
    ("en", "by cob Friday", "2026-11-20"),
    ("en", "by end of business today", "2026-11-18"),
    ("en", "EOD", "2026-11-18"),
    ("en", "EOM", "2026-11-30"),
    ("en", "by year end", "2026-12-31"),
    ("en", "before the end of the year", "2026-12-31"),
    ("de", "noch dieses Jahr", "2026-12-31"),
    ("de", "bis Jahresende", "2026-12-31"),
    ("en", "week 49", "2026-12-04"),
    ("de", "heute in zwei Tagen", "2026-11-20"),
    ("en", "in 48 hours", "2026-11-20"),
    ("en", "in one month", "2026-12-18"),
    ("en", "first week of December", "2026-12-04"),
    ("en", "I'll call you on Friday", None),
    ("de", "Ich melde mich am Freitag", None),
    ("en", "Invoice dated 3 December", None),
    ("de", "ultimo", "2026-11-30"),
    ("de", "Am Montag", "2026-11-23"),
    ("de", "Montag", "2026-11-23"),
    ("de", "bis spätestens zum 10. Dezember 2026", "2026-12-10"),
    ("de", "bis zum 10.12.26", "2026-12-10"),
    ("en", "10.12.2026", "2026-12-10"),
    ("en", "2026-12-10", "2026-12-10"),
    ("en", "the first Friday in December", "2026-12-04"),
    ("en", "before Friday", "2026-11-19"),
    ("en", "day after tomorrow", "2026-11-20"),
    ("en", "the twelfth of December", "2026-12-12"),
    ("en", "on the twenty third", "2026-11-23"),
    ("en", "twenty-third of November", "2026-11-23"),
    ("en", "early December", "2026-12-01"),
    ("en", "end of Nov", "2026-11-30"),
    ("en", "Nov end", "2026-11-30"),
    ("en", "at the end of this week", "2026-11-20"),
    ("en", "mid next week", "2026-11-25"),
    ("de", "Mitte nächster Woche", "2026-11-25"),
    ("de", "Anfang nächster Woche", "2026-11-23"),
    ("de", "Ende nächster Woche", "2026-11-27"),
    ("de", "Ende kommender Woche", "2026-11-27"),
    ("de", "Ende der Woche", "2026-11-20"),
    ("de", "zum Wochenende hin", "2026-11-20"),
    ("de", "Nach dem Wochenende", "2026-11-23"),
    ("en", "December 15, 2026", "2026-12-15"),
    ("en", "we may have sent it", None),
    ("de", "Ich habe so viel zu tun, do you know", None),
    ("en", "10 days", "2026-11-28"),
    ("en", "within ten days", "2026-11-28"),
    ("en", "takes 3-5 business days", "2026-11-25"),
    ("en", "Our terms are 60 days", None),
    ("de", "in einem Monat", "2026-12-18"),
    ("de", "in acht Tagen", "2026-11-25"),
)


@pytest.mark.parametrize("language,text,expected", NAMED)
def test_a_day_is_read_as_people_mean_it(language: str, text: str, expected: str | None) -> None:
    found = resolve_day(text, language, WEDNESDAY, HOLIDAYS)
    assert (found.day.isoformat() if found else None) == expected


@pytest.mark.parametrize(
    "today,text,expected",
    [
        (date(2026, 12, 31), "We will pay tomorrow", date(2027, 1, 1)),
        (date(2026, 12, 31), "We will pay at the end of the month", date(2026, 12, 31)),
        (date(2026, 12, 31), "payment next week", date(2027, 1, 8)),
        (date(2028, 2, 28), "We will pay tomorrow", date(2028, 2, 29)),
        (date(2028, 1, 31), "in one month", date(2028, 2, 29)),
        (date(2027, 2, 1), "We will pay on 31 February", None),
        (date(2026, 12, 24), "within 2 business days", date(2026, 12, 29)),
        (date(2026, 11, 20), "We pay on Friday", date(2026, 11, 27)),
        (date(2026, 11, 19), "We pay next Friday", date(2026, 11, 27)),
        (date(2026, 11, 15), "by the 15th", date(2026, 12, 15)),
        (date(2026, 12, 28), "in week 1", date(2027, 1, 8)),
    ],
)
def test_the_turn_of_a_month_or_year_and_holidays_are_minded(today: date, text: str, expected: date | None) -> None:
    found = resolve_day(text, "en", today, HOLIDAYS)
    assert (found.day if found else None) == expected


@given(st.text(max_size=300), st.sampled_from(("en", "en-US", "en-GB", "de", "fr", "")), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_no_text_is_refused_and_no_promise_lies_in_the_past(text: str, language: str, today: date) -> None:
    found = resolve_day(text, language, today, HOLIDAYS)
    assert found is None or today <= found.day <= today + timedelta(days=400)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 100))
def test_a_date_written_out_in_full_is_that_date_in_every_way_of_writing(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    for language, written in (
        ("en", f"{day:%Y-%m-%d}"),
        ("en-US", f"{day:%m/%d/%Y}"),
        ("en-GB", f"{day:%d/%m/%Y}"),
        ("de", f"{day:%d.%m.%Y}"),
        ("en", f"{day.day} {day:%B %Y}"),
    ):
        found = resolve_day(f"payment {written}", language, today, HOLIDAYS)
        assert found is not None and found.day == day, written


@pytest.mark.parametrize(
    "text,expected",
    [
        ("we pay 1.500 € on friday", "1500"),
        ("EUR 1,500.00 will follow", "1500.00"),
        ("1.234,56 EUR", "1234.56"),
        ("$2,300.50", "2300.50"),
        ("£4k", "4000"),
        ("chf 1'500.-", "1500"),
        ("we pay 500 on friday", "500"),
        ("wir zahlen 12,50 euro", "12.50"),
        ("500,- €", "500"),
        ("we pay half", None),
        ("we pay 15 days later", None),
        ("we pay invoice 4711 on friday", None),
        ("we pay 3 december", None),
        ("call 0171 2345678", None),
    ],
)
def test_a_figure_is_read_in_either_way_of_writing_and_only_where_it_is_money(text: str, expected: str | None) -> None:
    assert find_amount(plain(text)) == (Decimal(expected) if expected else None)


def test_the_clause_that_promises_counts_and_not_the_one_that_tells_or_asks() -> None:
    found = find_promise("We paid 500 € on 3 November and will pay the remaining 700 € by 27 November.", "en", WEDNESDAY, HOLIDAYS)
    assert found is not None and (found.day, found.amount) == (date(2026, 11, 27), Decimal(700))
    assert find_promise("Is there a discount if I pay today?", "en", WEDNESDAY, HOLIDAYS) is None
    assert find_promise("We can not pay by Friday.", "en", WEDNESDAY, HOLIDAYS) is None
    assert find_promise("I will call you on Friday about the payment.", "en", WEDNESDAY, HOLIDAYS) is None


def test_sentences_are_cut_where_they_turn_and_not_inside_dates() -> None:
    assert clauses(plain("Am 3. Dezember zahlen wir, aber nur 500 €. Danke!")) == ("am 3. dezember zahlen wir", "nur 500 €.", "danke!")


DAYS_OF_WEEK = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
FORMS = {
    "en": (
        ("We pay on {}.", 0),
        ("{} at the latest, sorry", 0),
        ("You will have it by {}.", 0),
        ("payment this coming {}", 0),
        ("will do it {} morning", 0),
        ("We pay {} week.", 7),
        ("We pay a week on {}.", 7),
        ("two weeks from {}", 14),
    ),
    "de": (
        ("Wir zahlen am {}.", 0),
        ("spätestens {}", 0),
        ("Bis {} haben Sie das Geld.", 0),
        ("kommenden {} zahlen wir", 0),
        ("{}mittag überweise ich", 0),
        ("{} in einer Woche", 7),
        ("{} in acht Tagen", 7),
        ("{} in 14 Tagen", 14),
    ),
}


@pytest.mark.parametrize("language", ["en", "de"])
@given(today=st.dates(date(2026, 1, 1), date(2027, 12, 31)), ahead=st.integers(1, 6))
def test_every_weekday_is_the_coming_one_in_every_phrase_on_every_day(language: str, today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    for form, later in FORMS[language]:
        written = form.format(DAYS_OF_WEEK[language][day.weekday()])
        found = resolve_day(written, language, today, HOLIDAYS)
        assert found is not None and found.day == day + timedelta(days=later), written


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 90))
def test_every_day_of_the_year_is_read_without_its_year(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    for language, written in (
        ("en-US", f"will pay {day.month}/{day.day}"),
        ("en-GB", f"will pay {day.day}/{day.month}"),
        ("en", f"will pay {day:%B} {day.day}"),
        ("en", f"will pay on the {day.day}th of {day:%B}"),
        ("de", f"zahlen am {day.day}.{day.month}."),
        ("de", f"Zahlung per {day:%d.%m.}"),
    ):
        found = resolve_day(written, language, today, HOLIDAYS)
        assert found is not None and found.day == day, written


@pytest.mark.parametrize("day", range(1, 32))
def test_every_day_of_the_month_is_read_when_it_is_spoken(day: int) -> None:
    expected = date(2026, 12, day) if day <= 18 or day == 31 else date(2026, 11, day)
    for language, form in (("en", "we will pay on the {}"), ("de", "wir zahlen am {}")):
        spoken = [word for word, number in ORDINALS[language].items() if number == day and (language == "en" or word.endswith("en"))]
        assert spoken
        for word in spoken:
            found = resolve_day(form.format(word), language, WEDNESDAY, HOLIDAYS)
            assert found is not None and found.day == expected, word


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(2, 15))
def test_business_days_are_counted_over_holidays(today: date, number: int) -> None:
    for language, written in (
        ("en", f"we will pay within {number} business days"),
        ("en", f"in {number} working days"),
        ("de", f"innerhalb von {number} Werktagen"),
        ("de", f"Zahlung binnen {number} Arbeitstagen"),
        ("de", f"innert {number} Arbeitstagen"),
    ):
        found = resolve_day(written, language, today, HOLIDAYS)
        assert found is not None and found.day == HOLIDAYS.add(today, number), written


@pytest.mark.parametrize(
    "text,language,day,amount",
    [
        ("Can't do Friday, Monday it is.", "en", date(2026, 11, 23), None),
        ("Missed the cutoff on the 9th. It goes out on the 24th instead.", "en", date(2026, 11, 24), None),
        ("Our customer pays us on the 1st and we'll settle with you on the 3rd.", "en", date(2026, 12, 3), None),
        ("Der Lauf am 20. war schon zu, Sie sind jetzt am 27. dabei.", "de", date(2026, 11, 27), None),
        ("Bin Montag wieder im Büro und mache die Überweisung dann sofort.", "de", date(2026, 11, 23), None),
        ("I'm back in the office Monday and will do the bank transfer first thing.", "en", date(2026, 11, 23), None),
        ("Übermorgen ist das Geld bei Ihnen raus.", "de", date(2026, 11, 20), None),
        ("Geben Sie uns noch zwei Wochen, dann ist die Rechnung beglichen.", "de", date(2026, 12, 2), None),
        ("I get paid Saturday, i'll send 500 then", "en", date(2026, 11, 21), Decimal(500)),
        ("Sending $2,400 this Friday, and the balance of $1,100 the week after.", "en", date(2026, 11, 20), Decimal(2400)),
        ("Kann dir am Montag 600 schicken", "de", date(2026, 11, 23), Decimal(600)),
        ("Zahle am Fr 150.- per Twint", "de", date(2026, 11, 20), Decimal(150)),
        ("we transfer the nine hundred and eighty pounds on thursday", "en", date(2026, 11, 19), Decimal(980)),
    ],
)
def test_the_day_and_the_figure_of_the_payment_are_told_from_those_of_others(text: str, language: str, day: date, amount: Decimal | None) -> None:
    found = find_promise(text, language, WEDNESDAY, HOLIDAYS, is_expected=True)
    assert found is not None and (found.day, found.amount) == (day, amount)


@pytest.mark.parametrize("text", ["You took this by direct debit on the 3rd.", "The full $990 came out of our account at the start of the month."])
def test_a_day_on_which_money_was_taken_is_no_day_to_come(text: str) -> None:
    assert resolve_day(text, "en", WEDNESDAY, HOLIDAYS) is None


def test_a_day_that_is_past_one_way_and_months_off_the_other_is_the_past_one() -> None:
    assert resolve_day("Date 03/07", "en", date(2026, 7, 16), HOLIDAYS) is None
