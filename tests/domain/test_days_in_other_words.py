"""Days that people name by a feast, by another day, by a week or in short; and what looks like the day of a payment and is none."""

from __future__ import annotations

from datetime import date

import pytest

from domain.calendar import BusinessCalendar
from domain.promised import find_promise

WEDNESDAY = date(2026, 11, 18)
LATE_MARCH = date(2026, 3, 24)
MAY = date(2026, 5, 6)
NEW_YEAR = date(2027, 1, 1)
AMERICAN = BusinessCalendar(frozenset({date(2026, 11, 26), date(2026, 12, 25), NEW_YEAR}))
# Not Easter Monday, on which banks are open in Scotland.
BRITISH = BusinessCalendar(frozenset({date(2026, 4, 3), date(2026, 5, 4), date(2026, 5, 25), date(2026, 12, 25), date(2026, 12, 28), NEW_YEAR}))
GERMAN = BusinessCalendar(
    frozenset(
        {
            *(date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)),
            *(date(2026, 12, 25), date(2026, 12, 26), NEW_YEAR),
        }
    )
)

IN_NOVEMBER = (
    ("en-GB", "you'll have it this day week", "2026-11-25"),
    ("en-GB", "I'll pay it Friday fortnight", "2026-12-04"),
    ("en-GB", "I'll pay a fortnight on Friday", "2026-12-04"),
    ("en-GB", "paying a fortnight today", "2026-12-02"),
    ("en-GB", "I'll transfer it in a fortnight's time", "2026-12-02"),
    ("en-GB", "it will be paid within the fortnight", "2026-12-02"),
    ("en-GB", "it will be paid over the coming fortnight", "2026-12-02"),
    ("en-GB", "we'll settle a fortnight from today", "2026-12-02"),
    ("en-GB", "I'll pay you tomorrow week", "2026-11-26"),
    ("en-GB", "will pay today week", "2026-11-25"),
    ("en-GB", "I'll pay it Tuesday next", "2026-11-24"),
    ("en-GB", "payment goes week on Tuesday", "2026-12-01"),
    ("en-GB", "payment goes a week on Tuesday", "2026-12-01"),
    ("en-GB", "payment goes Tuesday week", "2026-12-01"),
    ("en-GB", "we pay you the Tuesday after next", "2026-12-01"),
    ("en-GB", "two weeks tomorrow you'll have your money", "2026-12-03"),
    ("en-GB", "I'll pay three weeks on Monday", "2026-12-14"),
    ("en-GB", "you'll be paid a month from today", "2026-12-18"),
    ("en-GB", "Payment week commencing 30 November, Friday of that week at the very latest", "2026-12-04"),
    ("en-GB", "we pay in the week of the 30th, Thursday of that week", "2026-12-03"),
    ("en-GB", "We're paying w/c 30 Nov", "2026-12-04"),
    ("en-GB", "Payment in week 49, by the Wednesday of that week", "2026-12-02"),
    ("en-GB", "paying it in ten days' time", "2026-11-28"),
    ("en-US", "The wire leaves by COB today", "2026-11-18"),
    ("en-US", "paying by noon Monday", "2026-11-23"),
    ("en-US", "paying monday by noon", "2026-11-23"),
    ("en-US", "I'll pay before the week is out", "2026-11-20"),
    ("en-US", "We'll pay by week's end", "2026-11-20"),
    ("en-US", "We'll pay this side of the weekend", "2026-11-20"),
    ("en-US", "We'll pay the other side of the weekend", "2026-11-23"),
    ("en-US", "We'll pay this side of Christmas", "2026-12-24"),
    ("en-US", "We'll pay before the weekend", "2026-11-20"),
    ("en-US", "We'll pay right after the weekend", "2026-11-23"),
    ("en-US", "payment before the month is out", "2026-11-30"),
    ("en-US", "we pay on the last business day of the month", "2026-11-30"),
    ("en-US", "we pay the last Friday before Christmas", "2026-12-18"),
    ("en-US", "we pay on the first Monday in December", "2026-12-07"),
    ("en-US", "we pay on the first working day of December", "2026-12-01"),
    ("en-US", "we pay on the second business day after Thanksgiving", "2026-11-30"),
    ("en-US", "we pay on the first business day after Thanksgiving", "2026-11-27"),
    ("en-US", "we pay the first business day after the holiday", "2026-11-27"),
    ("en-US", "we pay on the first working day after Christmas", "2026-12-28"),
    ("en-US", "we pay on the first working day after New Year", "2027-01-04"),
    ("en-US", "we pay on the first working day of the new year", "2027-01-04"),
    ("en-US", "we pay on the first working day of January", "2027-01-04"),
    ("en-US", "you'll be paid on the first Monday of the new year", "2027-01-04"),
    ("en-US", "payment two days before Thanksgiving", "2026-11-24"),
    ("en-US", "we pay the Monday after the holiday weekend", "2026-11-30"),
    ("en-US", "we pay after the long weekend", "2026-11-30"),
    ("en-US", "we pay on the last working day before Christmas", "2026-12-24"),
    ("en-US", "payment goes out the day after the holiday", "2026-11-27"),
    ("de", "Das Geld kommt Montag in acht Tagen", "2026-11-30"),
    ("de", "Das Geld kommt heute in acht Tagen", "2026-11-25"),
    ("de", "Das Geld kommt Freitag in 14 Tagen", "2026-12-04"),
    ("de", "Das Geld kommt Freitag in vierzehn Tagen", "2026-12-04"),
    ("de", "Das Geld kommt morgen in einer Woche", "2026-11-26"),
    ("de", "Ich überweise am Dienstag über acht Tage", "2026-12-01"),
    ("de", "Ich überweise Freitag in einer Woche", "2026-11-27"),
    ("de", "Wir zahlen zum Fünfzehnten", "2026-12-15"),
    ("de", "Wir zahlen am Ersten", "2026-12-01"),
    ("de", "Am Letzten überweise ich", "2026-11-30"),
    ("de", "Wir zahlen zum Letzten", "2026-11-30"),
    ("de", "Wir zahlen zum Letzten des Monats", "2026-11-30"),
    ("de", "Am Letzten des Monats haben Sie Ihr Geld", "2026-11-30"),
    ("de", "Am Letzten bekommen Sie Ihr Geld", "2026-11-30"),
    ("de", "Am Letzten dieses Monats zahlen wir", "2026-11-30"),
    ("de", "Wir zahlen immer zum Letzten, also auch diesmal.", "2026-11-30"),
    ("de", "Wir zahlen am Monatsletzten", "2026-11-30"),
    ("de", "Wir zahlen zum Monatsersten", "2026-12-01"),
    ("de", "Wir zahlen per Ultimo", "2026-11-30"),
    ("de", "Wir zahlen per Monatsultimo", "2026-11-30"),
    ("de", "Die Überweisung geht am letzten Arbeitstag des Monats raus", "2026-11-30"),
    ("de", "Die Überweisung geht am letzten Bankarbeitstag im November raus", "2026-11-30"),
    ("de", "Die Überweisung geht am letzten Werktag vor Weihnachten raus", "2026-12-23"),
    ("de", "Die Überweisung geht am ersten Werktag im neuen Jahr raus", "2027-01-04"),
    ("de", "Die Überweisung geht am ersten Werktag nach Neujahr raus", "2027-01-04"),
    ("de", "Die Überweisung geht am ersten Montag im Dezember raus", "2026-12-07"),
    ("de", "Wir überweisen vor dem Wochenende", "2026-11-20"),
    ("de", "Wir überweisen noch vor dem WE", "2026-11-20"),
    ("de", "Wir überweisen nach dem WE", "2026-11-23"),
    ("de", "Ich überweise zum Wochenschluss", "2026-11-20"),
    ("de", "Zahlung in KW 50, spätestens am Freitag jener Woche", "2026-12-11"),
    ("de", "Zahlung in KW 50, spätestens am Freitag derselben Woche", "2026-12-11"),
    ("de", "Zahlung in KW 50, Mittwoch der Woche", "2026-12-09"),
    ("de", "sry voll vergessen, überw. mrgn früh. lg Toni", "2026-11-19"),
    ("de", "überw. mrgn", "2026-11-19"),
    ("de", "zahl übermrgn", "2026-11-20"),
    ("de", "überw. Fr. früh", "2026-11-20"),
    ("de", "zahle Mo. früh", "2026-11-23"),
    ("de", "bez. morgen", "2026-11-19"),
    ("de", "Geld kommt Do", "2026-11-19"),
    ("de", "zahle Frtg", "2026-11-20"),
    ("de", "zahle Mittw.", "2026-11-25"),
    ("de", "Sg. Fr. Lang, Zahlungen laufen bei uns gesammelt, Ihre Faktura ist im kommenden Zahlungslauf enthalten.", None),
    ("de", "Hallo Fr. Meier, wir zahlen am Montag", "2026-11-23"),
    ("de", "Sehr geehrte Fr. Meier, wir zahlen in Kürze", None),
    ("de", "Die Zahlung läuft am 2. Dezember, Wertstellung bei Ihnen noch am selben Tag.", "2026-12-02"),
    ("de", "Nach Freigabe durch den Fachbereich zahlen wir binnen zehn Tagen.", None),
    ("de", "Nach Prüfung und Freigabe überweisen wir innerhalb von 5 Tagen.", None),
    ("de", "Wir zahlen zehn Tage nach Freigabe.", None),
    ("de", "Wir zahlen binnen zehn Tagen nach Freigabe.", None),
    ("de", "Nach Wareneingang zahlen wir innerhalb 14 Tagen.", None),
    ("de", "Nach Genehmigung des Budgets erfolgt die Zahlung innerhalb einer Woche.", None),
    ("de", "Nach Abnahme der Arbeiten überweisen wir in drei Werktagen", None),
    ("de", "Nach Rücksprache mit dem Chef überweise ich am Freitag", "2026-11-20"),
    ("de", "Nach Freigabe durch die GF zahlen wir am Freitag.", "2026-11-20"),
    ("en-GB", "After approval we pay within ten days.", None),
    ("en-GB", "Following sign-off, payment is made in five working days.", None),
    ("en-GB", "Upon approval we will pay within a week.", None),
    ("en-GB", "On receipt of the credit note we'll pay within 3 days.", None),
    ("en-GB", "We pay ten days after approval.", None),
    ("en-GB", "Payment is made within ten days of approval.", None),
    ("en-GB", "Payment is made within ten days after approval.", None),
    ("en-US", "Subject to approval, we'll pay within two weeks.", None),
    ("en-US", "Pending sign-off we will pay within two weeks.", None),
    ("en-US", "It's approved, we pay within ten days.", "2026-11-28"),
    ("en-US", "After speaking with my boss I can pay within ten days.", "2026-11-28"),
    ("en-US", "i'll call you back with the card monday by noon and we'll take care of the whole thing", "2026-11-23"),
    ("en-US", "I'll ring you on Monday with my card details", "2026-11-23"),
    ("en-US", "I'll call Friday to pay by card", "2026-11-20"),
    ("en-US", "I'll call you tomorrow with my credit card number", "2026-11-19"),
    (
        "en-GB",
        "Once our own client has settled up with us, which they're meant to do by 30 November but never do, I'll put yours through the same afternoon.",
        None,
    ),
    ("en-GB", "As soon as our client pays us on the 30th. We pay two days later.", None),
    ("de", "Sobald unser Kunde am 30. zahlt. Zwei Tage später überweisen wir.", None),
    ("de", "Hab am 15.11. die Lohnsteuer gezahlt und am 10. die Maschine, jetzt seid ihr dran, muss nur erst wieder was reinkommen.", None),
    ("en-US", "We paid the taxes on 11/5 and on the 12th the rent, you're next as soon as money comes in.", None),
    ("de", "Den Zahlungslauf vom Freitag hat Ihre Rechnung knapp verpasst. Sie ist jetzt im nächsten Zahlungslauf dabei.", None),
    ("en-US", "Friday's run was missed, sorry. It will be in the next one.", None),
    ("en-US", "You just missed Wednesday's run, it will be paid in the next run.", None),
    ("de", "Der Lauf vom Mittwoch war schon durch, Ihre Rechnung wird mit dem nächsten bezahlt.", None),
    (
        "en-US",
        "Per corporate policy vendor invoices are disbursed on the last business day of the month, so you can count on yours being paid in November.",
        "2026-11-30",
    ),
    ("en-US", "We'd a fight with our lawyer's invoice last month. Yours is next. I'll send it on Monday the 30th.", "2026-11-30"),
    ("en-US", "Confirmed payment date 2026-11-30, amount GBP 14,206.88, reference SI-2201.", "2026-11-30"),
    ("de", "330 hat sich mit Ihrer Gutschrift vom 04.05. erledigt. Die beiden anderen, zusammen 5.117,00 EUR, kommen Ende November.", "2026-11-30"),
)

BEFORE_EASTER = (
    ("en-GB", "I'll make the transfer on the first working day after the bank holiday weekend.", "2026-04-07"),
    ("en-GB", "I'll pay you the Tuesday after Easter", "2026-04-07"),
    ("en-GB", "I'll pay you straight after the Easter bank holiday", "2026-04-07"),
    ("en-GB", "I'll pay you straight after the bank holidays", "2026-04-07"),
    ("en-GB", "I'll pay the day after Easter Monday", "2026-04-07"),
    ("en-GB", "I'll pay the Wednesday after Easter", "2026-04-08"),
    ("en-GB", "I'll pay before the Easter weekend", "2026-04-02"),
    ("en-GB", "We'll pay on the Tuesday following the bank holiday", "2026-04-07"),
    ("en-GB", "We'll pay on the last working day before the bank holiday weekend", "2026-04-02"),
    ("en-GB", "we pay on the Thursday before Good Friday", "2026-04-02"),
    ("en-GB", "We'll pay in the week after Easter", "2026-04-10"),
    ("en-GB", "We'll pay the first Friday after Easter", "2026-04-10"),
    ("en-GB", "The boss is skiing over Easter. She's back on the Tuesday after Easter and releases it. So you have your money on that Tuesday.", "2026-04-07"),
    ("de", "Am Dienstag nach Ostern sitzt sie wieder hier und gibt die Überweisung frei. Sie bekommen Ihr Geld also an diesem Dienstag.", "2026-04-07"),
    ("de", "Ab Donnerstag, dem 2. April, ist wieder jemand da, an jenem Donnerstag überweisen wir.", "2026-04-02"),
    ("de", "Ich zahle am ersten Werktag nach Ostern", "2026-04-07"),
    ("de", "Ich zahle am ersten Arbeitstag nach den Feiertagen", "2026-04-07"),
    ("de", "Ich zahle gleich nach dem Osterwochenende", "2026-04-07"),
    ("de", "Wir überweisen am letzten Werktag vor Ostern", "2026-04-02"),
    ("de", "Wir überweisen am zweiten Werktag nach Ostern", "2026-04-08"),
    ("de", "Wir überweisen nach dem langen Wochenende", "2026-04-07"),
    ("de", "Wir überweisen am Dienstag nach den Feiertagen", "2026-04-07"),
    ("de", "Wir überweisen vor dem langen Wochenende", "2026-04-02"),
    ("de", "Wir zahlen am Mittwoch nach Pfingsten", "2026-05-27"),
    ("de", "Wir zahlen am Tag nach Christi Himmelfahrt", "2026-05-15"),
    ("de", "Wir zahlen am ersten Freitag nach Ostern", "2026-04-10"),
)

IN_MAY = (
    (
        "en-US",
        "Per corporate policy vendor invoices are disbursed on the last business day of the month, so you can count on yours being paid in May.",
        "2026-05-29",
    ),
    ("de", "Wir zahlen immer am letzten Arbeitstag des Monats, Ihre Rechnung also im Mai.", "2026-05-29"),
)


def read(text: str, language: str, today: date) -> str | None:
    calendar = {"en-US": AMERICAN, "en-GB": BRITISH, "de": GERMAN}[language]
    promised = find_promise(text, language, today, calendar, is_expected=True)
    return promised.day.isoformat() if promised else None


@pytest.mark.parametrize(("language", "text", "day"), IN_NOVEMBER)
def test_a_day_named_in_other_words_is_read(language: str, text: str, day: str | None) -> None:
    assert read(text, language, WEDNESDAY) == day


@pytest.mark.parametrize(("language", "text", "day"), BEFORE_EASTER)
def test_a_day_named_by_a_feast_is_read(language: str, text: str, day: str) -> None:
    assert read(text, language, LATE_MARCH) == day


@pytest.mark.parametrize(("language", "text", "day"), IN_MAY)
def test_a_month_named_behind_a_usual_day_means_that_day_of_it(language: str, text: str, day: str) -> None:
    assert read(text, language, MAY) == day
