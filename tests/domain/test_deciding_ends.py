"""What ends an invoice stays its end, whatever the ledger goes on saying."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.case import Discount
from domain.decision import assess
from domain.event import DiscountGranted, PaidOutside
from domain.ladder import why_spared
from domain.money import Money
from domain.playbook import Stage, Step, Verb
from support.worlds import MONDAY, a_case, euros, facts

DUE = date(2026, 3, 2)


def test_an_invoice_that_a_person_says_was_paid_outside_stays_ended_though_the_ledger_still_shows_it_open() -> None:
    case = a_case(DUE)
    ended = assess(case, case.invoice, (PaidOutside(by="Ann", why="cash"),), facts(), MONDAY).case
    again = assess(ended, case.invoice, (), facts(), MONDAY)
    assert again.case.ended_why == "paid outside the ledger, says Ann: cash"
    assert again.entries == ()


def test_an_invoice_paid_less_its_discount_stays_ended_though_the_ledger_still_shows_the_rest() -> None:
    case = assess(a_case(DUE), None, (DiscountGranted(Decimal(2), date(2026, 3, 10), by="Ann"),), facts(), MONDAY).case
    paid = replace(case.invoice, balance=euros("24.00"), paid_on=date(2026, 3, 2))
    ended = assess(case, paid, (), facts(), MONDAY).case
    assert ended.ended_why == "paid in time less 2% discount"
    assert assess(ended, paid, (), facts(), MONDAY).case == ended


def test_an_invoice_paid_outside_is_watched_again_when_more_is_owed_on_it() -> None:
    case = a_case(DUE)
    ended = assess(case, case.invoice, (PaidOutside(by="Ann"),), facts(), MONDAY).case
    more = replace(case.invoice, balance=Money(case.invoice.balance.amount + 5, "EUR"), total=euros("1205.00"))
    again = assess(ended, more, (), facts(), MONDAY).case
    assert (again.ended, again.round) == (None, 2)


def test_a_step_that_offers_a_discount_is_left_out_where_nobody_has_granted_one() -> None:
    step = Step("discount", Verb.OFFER_DISCOUNT, ("email",), "discount-granted", Stage.REMINDER, day=5)
    case = a_case(DUE)
    granted = replace(case, discount=Discount(Decimal(2), date(2026, 3, 10), "Ann"))
    assert (why_spared(step, case, facts()), why_spared(step, granted, facts())) == ("nobody has granted a discount", "")
