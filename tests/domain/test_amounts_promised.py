"""The figure that a promise names: in words, without a currency, in another sentence, or none at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.calendar import BusinessCalendar
from domain.promised import find_promise, find_promised_amount

WEDNESDAY = date(2026, 11, 18)
NAMED = (
    ("en-US", "I'll send 2.5k Friday", "2500"),
    ("en-US", "sending 1.5 grand tomorrow", "1500"),
    ("en-US", "you get fourteen hundred dollars friday", "1400"),
    ("en-US", "i will send you fifteen hundred on friday", "1500"),
    ("en-US", "I'll pay eight hundred and fifty on Friday", "850"),
    ("en-US", "the full 920 goes out tomorrow", "920"),
    ("en-US", "payment of 1,250.00 on Friday", "1250"),
    ("en-US", "i can get you the money friday it's twelve hundred dollars right okay", "1200"),
    ("en-US", "Scheduled via ACH for 12/02/2026. Amount: 12,904.17 USD.", "12904.17"),
    ("en-US", "Will be paid 12/11. Full balance of GBP 300.", "300"),
    ("en-US", "Relax, the money comes on Wednesday. $389.99, to the cent.", "389.99"),
    ("en-GB", "Friday. Rs. 1,25,000/- will be released", "125000"),
    ("en-GB", "Yours is included on 30 November, Rs. 1,84,500.", "184500"),
    ("de", "Ich zahle die 89,90 am Freitag", "89.90"),
    ("de", "89,90 überweise ich am Freitag", "89.90"),
    ("de", "1.250,00 gehen am Freitag raus", "1250"),
    ("de", "die restlichen 500 überweisen wir am Freitag", "500"),
    ("de", "Wir zahlen am Freitag die 2,4 T€", "2400"),
    ("de", "Wir zahlen 12 Tsd. Euro am Freitag", "12000"),
    ("de", "Ich überweise zwölfhundert am Freitag", "1200"),
    ("de", "Am Freitag überweise ich zweitausend", "2000"),
    ("de", "Am Freitag. Dann aber die vollen 3.480,00 €.", "3480"),
    ("de", "Er zahlt heute in acht Tagen. Die CHF 980.- stimmen so.", "980"),
    ("de", "Betrag: 7.735,00 EUR\nneuer Status: Zahlung terminiert\nAusführungsdatum: 14.12.2026", "7735"),
)
NOT_NAMED = (
    ("de", "Zahllauf 15.12."),
    ("de", "Tausend Dank, wir zahlen Freitag"),
    ("en-US", "I'll pay a hundred percent on Friday"),
    ("en-US", "we pay Friday, two hundred units were short"),
    ("en-US", "I'll pay 3 invoices on Friday"),
    ("en-US", "We pay Friday, less the $40 discount"),
    ("en-US", "You'll be paid Friday, they owe us like sixty grand"),
    ("en-US", "We pay Friday. $1,200 was paid to us in May and $300 in June."),
)


@pytest.mark.parametrize(("language", "text", "amount"), NAMED)
def test_the_figure_of_a_promise_is_read_wherever_it_is_named(language: str, text: str, amount: str) -> None:
    promised = find_promise(text, language, WEDNESDAY, BusinessCalendar(), is_expected=True)
    assert promised is not None
    assert promised.amount == Decimal(amount)


@pytest.mark.parametrize(("language", "text"), NOT_NAMED)
def test_what_is_no_sum_of_the_promise_is_not_taken_for_one(language: str, text: str) -> None:
    promised = find_promise(text, language, WEDNESDAY, BusinessCalendar(), is_expected=True)
    assert promised is not None
    assert promised.amount is None


def test_a_sum_to_come_is_read_without_a_day() -> None:
    assert find_promised_amount("We intend to pay this one. $1,100 will be coming once the loan funds.") == Decimal(1100)


def test_what_others_owe_the_sender_is_no_sum_he_promises() -> None:
    assert find_promised_amount("we're gonna pay it as soon as the contractor pays us, they owe us like sixty grand") is None
