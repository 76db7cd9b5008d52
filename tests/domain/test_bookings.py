"""Payments that are told one by one explain a balance; they never stand in for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.invoice import Booking, BookingKind
from support.worlds import an_invoice, euros

PAID = Booking("p-1", date(2026, 3, 3), euros("400.00"))
CREDITED = Booking("c-1", date(2026, 3, 4), euros("50.00"), BookingKind.CREDIT)
BACK = Booking("p-2", date(2026, 3, 9), euros("-400.00"))


@pytest.mark.parametrize(
    ("balance", "told", "gap"),
    [
        ("1200.00", None, None),
        ("1200.00", (), "0.00"),
        ("800.00", (PAID,), "0.00"),
        ("750.00", (PAID, CREDITED), "0.00"),
        ("1200.00", (PAID, BACK), "0.00"),
        ("-100.00", (PAID,), "900.00"),
        ("700.00", (PAID,), "100.00"),
        ("900.00", (PAID,), "-100.00"),
        ("800.00", (), "400.00"),
    ],
)
def test_what_the_lines_do_not_tell_of_the_balance_is_a_difference_and_then_none_of_them_counts(
    balance: str, told: tuple[Booking, ...] | None, gap: str | None
) -> None:
    invoice = replace(an_invoice(date(2026, 3, 2)), balance=euros(balance), bookings=told)
    assert invoice.unexplained == (None if gap is None else euros(gap))
    assert invoice.account == (told if told and gap == "0.00" else ())
