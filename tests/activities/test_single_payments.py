"""Single payments that a ledger tells are kept as it tells them, shown to those whom they concern, and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

import playbooks
from activities.showing import without_private_words
from db import invoices
from db.engine import Database
from domain.case import Case
from domain.interest import InterestLaw, Rate
from domain.invoice import Booking, BookingKind
from domain.money import Money
from integrations.messaging import Email
from playbooks.rates import load_rates
from support.by_hand import ByHand
from support.rig import standard_policy
from support.worlds import euros

RATES = (*load_rates(), *(Rate(law, date(2026, month, 1), Decimal("2.15")) for law in InterestLaw for month in (1, 7)))
SECRET = "Sudwind Ltd, Ms. Canary"


def booking(id_: str, day: date, amount: str, kind: BookingKind = BookingKind.PAYMENT) -> Booking:
    return Booking(id_, day, Money(Decimal(amount), "EUR"), kind, "transfer", SECRET)


def stored(hand: ByHand, invoice: str) -> tuple[Booking, ...] | None:
    with hand.database.reading() as connection:
        found = invoices.load_invoice(connection, invoice)
    assert found
    return found.bookings


def hand_over(database: Database, playbook: str, law: InterestLaw | None = None) -> ByHand:
    resolved = playbooks.resolve(replace(playbooks.load(playbook), interest=law))
    return ByHand(database, policy=replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved, rates=RATES))


def test_what_is_told_is_kept_and_what_is_corrected_taken_back_or_told_no_more_is_so_here(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 20, balance="800.00")
    assert stored(hand, invoice) is None
    day = hand.day(-5)
    paid, more = booking("p-2", day, "300.00"), booking("p-1", day - timedelta(days=2), "100.00")
    stages: Sequence[tuple[Booking, ...] | None] = ((paid, more), (more, paid), (replace(paid, amount=euros("250.00")), more), (paid,), (), None)
    for told in stages:
        hand.ledger.change("INV-7", bookings=told)
        hand.assess(invoice)
        expected = None if told is None else tuple(sorted(told, key=lambda one: one.day))
        assert stored(hand, invoice) == hand.case(invoice).invoice.bookings == expected
    assert hand.case(invoice).invoice.balance == euros("800.00")
    assert "paid or credited" not in hand.diary(invoice), "the balance has not moved"


def test_what_is_told_in_another_order_is_nothing_new(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 20, balance="800.00")
    told = (booking("p-1", hand.day(-5), "300.00"), booking("p-2", hand.day(-9), "100.00"))
    seen = []
    for bookings in (told, tuple(reversed(told))):
        hand.ledger.change("INV-7", bookings=bookings)
        hand.assess(invoice)
        seen.append(hand.case(invoice).invoice)
    assert seen[0] == seen[1] and len(seen[0].account) == 2


def test_a_ledger_that_tells_a_payment_in_another_currency_is_not_believed_about_that_invoice(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 20)
    hand.ledger.change("INV-7", bookings=(Booking("p", hand.day(-5), Money(Decimal(5), "USD")),))
    hand.work(invoice)
    assert hand.mailer.accepted == [] and stored(hand, invoice) is None


def test_the_balance_alone_decides_whether_we_write(database: Database) -> None:
    hand = ByHand(database)
    settled, owed = hand.add("INV-1", 20, balance="0.00"), hand.add("INV-2", 20, customer="C-2")
    hand.ledger.change("INV-1", bookings=())
    hand.ledger.change("INV-2", bookings=(booking("p", hand.day(-3), "1200.00"),))
    assert hand.assess(settled).decision.kind == "close"
    hand.work(owed)
    assert len(hand.mailer.accepted) == 1 and "1.200,00" in hand.mailer.accepted[0].text
    assert "received" not in hand.mailer.accepted[0].text, "what does not add up is not told"


@pytest.mark.parametrize(
    ("paid", "balance", "said"),
    [
        ((("400.00", -3),), "800.00", "We received 400,00\xa0€ on 27 February 2026, thank you."),
        ((("400.00", -3), ("100.00", -9)), "700.00", "We received 500,00\xa0€, the last part on 27 February 2026, thank you."),
    ],
)
def test_a_reminder_thanks_for_the_part_that_came_and_gives_nobody_away(database: Database, paid: tuple[tuple[str, int], ...], balance: str, said: str) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 20, balance=balance)
    hand.ledger.change("INV-7", bookings=tuple(booking(str(days), hand.day(days), amount) for amount, days in paid))
    hand.work(invoice)
    (mail,) = hand.mailer.accepted
    assert said.replace("\xa0", " ") in " ".join(mail.text.replace("\xa0", " ").split()), mail.text
    assert said.replace("\xa0", " ") in mail.html.replace("\xa0", " ")
    for body in (mail.text, mail.html):
        assert "Sudwind" not in body and "transfer," not in body


@pytest.mark.parametrize("told", ["nothing", "a credit alone", "taken back", "too little"])
def test_a_reminder_stays_as_it_was_where_there_is_nothing_to_thank_for(database: Database, told: str) -> None:
    hand = ByHand(database)
    day = hand.day(-3)
    bookings, balance = {
        "nothing": (None, "800.00"),
        "a credit alone": ((booking("c", day, "400.00", BookingKind.CREDIT),), "800.00"),
        "taken back": ((booking("p", day, "400.00"), booking("q", day, "-400.00"), booking("r", day, "400.00")), "800.00"),
        "too little": ((booking("p", day, "300.00"),), "800.00"),
    }[told]
    invoice = hand.add("INV-7", 20, balance=balance)
    hand.ledger.change("INV-7", bookings=bookings)
    hand.work(invoice)
    (mail,) = hand.mailer.accepted
    assert "800,00" in mail.text and "received" not in mail.text and "remainder of 1.200,00" in mail.text


def test_colleagues_read_each_payment_in_the_tasks_up_to_the_handover(database: Database) -> None:
    hand = hand_over(database, "b2b-three-weeks")
    invoice = hand.add("INV-7", 2, balance="700.00")
    day = date(2026, 2, 10)
    hand.ledger.change("INV-7", bookings=(booking("p", day, "400.00"), booking("c", day, "50.00", BookingKind.CREDIT)))
    hand.until(lambda: hand.rows("select 1 from tasks where kind = 'hand_off' or title like 'Take over%'"), invoice, days=90)
    found = [remedy for (remedy,) in hand.rows("select remedy from tasks where case_id is not null") if "paid 400,00" in remedy.replace("\xa0", " ")]
    assert found, hand.rows("select title, remedy from tasks")
    for remedy in (" ".join(one.replace("\xa0", " ").split()) for one in found):
        assert f"paid 400,00 € on 10 February 2026 by transfer, reference {SECRET}" in remedy
        assert f"credited 50,00 € on 10 February 2026 by transfer, reference {SECRET}" in remedy
        assert "the balance is 50,00 € lower than these entries explain; the balance counts" in remedy
    assert any("This account is now yours" in one for one in found)
    assert not any("Sudwind" in mail.text + mail.html for mail in hand.mailer.accepted if mail.to_address.endswith("customer.example"))


def demand_of(hand: ByHand, invoice: str) -> Email:
    hand.until(lambda: any("Final demand" in mail.subject for mail in hand.mailer.accepted), invoice)
    return next(mail for mail in hand.mailer.accepted if "Final demand" in mail.subject)


def test_interest_in_a_formal_letter_is_reckoned_up_to_the_day_of_each_payment(database: Database) -> None:
    found = []
    for told in (False, True):
        hand = hand_over(database, "b2b-three-weeks", InterestLaw.DE)
        number = f"INV-{told}"
        invoice = hand.add(number, 2, customer=f"C-{told}")
        hand.work(invoice)
        hand.ledger.change(number, balance=Decimal("600.00"))
        if told:
            hand.ledger.change(number, bookings=(booking("p", date(2026, 3, 10), "600.00"),))
        flat = " ".join(demand_of(hand, invoice).text.replace("\xa0", " ").split())
        assert "Principal 600,00 €" in flat and "Amount: 600,00 €" in flat
        found.append(Decimal(flat.partition("Statutory interest to ")[2].split(" €")[0].split()[-1].replace(",", ".")))
    # 600 x 10.27 % x 7 / 365 more: from the 3rd to the 9th all of it was open
    assert Decimal("1.18") - Decimal("0.01") <= found[1] - found[0] <= Decimal("1.18") + Decimal("0.01")


def test_no_payment_goes_to_temporal(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-7", 20, balance="800.00")
    hand.ledger.change("INV-7", bookings=(booking("p", hand.day(-3), "400.00"),))
    answer = hand.assess(invoice)
    assert "anary" in TypeAdapter(Case).dump_json(hand.case(invoice)).decode()
    for shown in (answer.case, without_private_words(hand.case(invoice))):
        assert "anary" not in TypeAdapter(Case).dump_json(shown).decode()
    assert "anary" not in answer.labels.details
