"""An invoice that was issued anew is asked for once, under its new number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.decision import Close, Perform, Wait, assess
from domain.event import Reissued
from domain.invoice import Standing
from support.worlds import MONDAY, a_case, facts

DUE = date(2026, 2, 20)
HEARD = Reissued(successor="inv-2", by="Ann", why="wrong order number")


def test_a_replaced_invoice_is_silent_though_the_ledger_still_shows_it_open_and_a_person_is_to_void_it() -> None:
    assert isinstance(assess(a_case(DUE), None, (), facts(), MONDAY).verdict.decision, Perform)
    heard = assess(a_case(DUE), None, (HEARD,), facts(), MONDAY)
    assert isinstance(heard.verdict.decision, Wait)
    assert heard.verdict.rule == "replaced"
    assert [task.title for task in heard.verdict.tasks] == ["Invoice INV-1 was replaced, and is still open in the ledger"]


def test_a_replaced_invoice_ends_when_it_is_voided() -> None:
    case = assess(a_case(DUE), None, (HEARD,), facts(), MONDAY).case
    heard = assess(case, replace(case.invoice, standing=Standing.VOID), (), facts(), MONDAY)
    assert isinstance(heard.verdict.decision, Close)


def test_an_invoice_that_was_not_replaced_after_all_is_reminded_of_again() -> None:
    case = assess(a_case(DUE), None, (HEARD,), facts(), MONDAY).case
    again = assess(case, None, (Reissued(by="Ann", why="it was another one"),), facts(), MONDAY)
    assert isinstance(again.verdict.decision, Perform)
    assert again.replies[0].said == "not replaced after all, says Ann: it was another one"


def test_an_invoice_that_nobody_replaced_cannot_be_put_back() -> None:
    assert not assess(a_case(DUE), None, (Reissued(by="Ann"),), facts(), MONDAY).replies[0].taken
