"""The statutory interest that a formal message names, where the playbook has it named; a rate that is missing means none, and is logged."""

from __future__ import annotations

from datetime import date

import structlog

from domain.case import Case
from domain.customer import Customer
from domain.facts import Facts
from domain.interest import Interest, UnableToAccrue, debt_on, reckon
from domain.owed import AnswerKind
from domain.seller import Seller
from integrations.reference.holidays import calendar_for

log = structlog.get_logger()


def find_interest(cases: tuple[Case, ...], seller: Seller, customer: Customer, facts: Facts, today: date) -> Interest | None:
    """What the law of the playbook adds to what is asked for of ``cases``. None where nothing is to be said of it.

    A human being is never asked, and an invoice that was paid in installments by agreement is left alone with all that stand beside it:
    the days that were granted bear no interest. What was paid late bears it up to its day, where the ledger tells each payment; else what
    is open now counts from the due date, which is never more than is owed. A due date on a day without banking moves to the next with it.
    """
    law = facts.playbook.interest
    if law is None or customer.natural_person or any(_has_been_granted_time(case) for case in cases):
        return None
    # The calendar of the due date, not of today: it knows the holidays of its own years.
    debts = tuple(debt_on(case.invoice, case.chased, calendar_for((seller.country,), case.invoice.due).on_or_after(case.invoice.due), today) for case in cases)
    try:
        return reckon(law, debts, today, facts.interest_rates)
    except UnableToAccrue as error:
        log.warning("interest.not_shown", law=error.law.value, since=error.since.isoformat(), invoices=[case.invoice.id for case in cases])
        return None


def _has_been_granted_time(case: Case) -> bool:
    return any(answer.what is AnswerKind.PLAN_CONFIRMED for answer in case.answers)
