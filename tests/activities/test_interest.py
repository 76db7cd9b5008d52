"""Formal letters and e-mails name statutory interest where the playbook has it named, and nothing else ever does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

import playbooks
from activities.accruing import find_interest
from db.engine import Database
from db.schema import customers
from domain.case import Case, Dispute
from domain.interest import Interest, InterestLaw, Rate
from domain.owed import AnswerKind, Owed
from domain.playbook import Playbook
from integrations.messaging import Email
from playbooks.rates import load_rates
from playbooks.samples import SELLER as A_SELLER
from support.by_hand import ByHand
from support.rig import standard_policy
from support.worlds import STANDARD, a_case, a_customer, euros, facts

SELLER = replace(A_SELLER, country="DE")
RATES = (*load_rates(), *(Rate(law, date(2026, month, 1), Decimal("2.15")) for law in InterestLaw for month in (1, 7)))


def hand_over(database: Database, law: InterestLaw | None = InterestLaw.DE, rates: tuple[Rate, ...] = RATES) -> ByHand:
    playbook: Playbook = replace(playbooks.load("b2b-three-weeks"), interest=law)
    resolved = playbooks.resolve(playbook)
    return ByHand(database, policy=replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved, rates=rates))


def demand_of(hand: ByHand, invoice: str) -> Email:
    hand.until(lambda: any("Final demand" in mail.subject for mail in hand.mailer.accepted), invoice)
    return next(mail for mail in hand.mailer.accepted if "Final demand" in mail.subject)


def test_only_the_formal_step_names_it_beside_what_is_asked_for(database: Database) -> None:
    hand = hand_over(database)
    invoice = hand.add("INV-7", 2)
    demand = demand_of(hand, invoice)
    flat = " ".join(demand.text.split())
    figures = (
        r"Principal 1\.200,00 € Statutory interest to (\d+ \w+ 2026) (\d+),(\d\d) € Fixed sum for late payment 40,00 € Total with both 1\.(2\d\d),(\d\d) €"
    )
    found = re.search(figures, flat)
    assert found, demand.text
    interest = Decimal(f"{found[2]}.{found[3]}")
    # The 28th was a Saturday, so Monday, 2 March, was in time: 1,200 x 10.27 % over the days from the 3rd.
    days = (datetime.strptime(found[1], "%d %B %Y").date() - date(2026, 3, 2)).days
    assert interest == (Decimal(1200) * Decimal("10.27") * days / 36500).quantize(Decimal("0.01"), ROUND_DOWN) > 0
    assert Decimal(f"1{found[4]}.{found[5]}") == Decimal(1240) + interest
    assert "section 288(2) and (5) of the German Civil Code" in flat and "What we ask you to pay here is the principal." in flat
    assert "Amount: 1.200,00 €" in flat, "what is asked for stays what the ledger says"
    assert len([mail for mail in hand.mailer.accepted if mail is not demand]) >= 2
    assert not [mail for mail in hand.mailer.accepted if mail is not demand and "nterest" in mail.text]


def test_it_is_off_until_the_playbook_names_a_law(database: Database) -> None:
    hand = hand_over(database, None)
    demand = demand_of(hand, hand.add("INV-7", 2))
    assert "nterest" not in demand.text and "Principal" not in demand.text and "Fixed sum" not in demand.html


def test_a_human_being_is_never_told_of_it(database: Database) -> None:
    hand = hand_over(database)
    invoice = hand.add("INV-7", 2)
    with database.transaction() as connection:
        connection.execute(customers.update().values(natural_person=True))
    assert "nterest" not in demand_of(hand, invoice).text


@pytest.mark.parametrize("law", [InterestLaw.DE, InterestLaw.EU])
def test_a_missing_rate_means_none_is_named_and_that_is_logged(database: Database, law: InterestLaw) -> None:
    hand = hand_over(database, law, tuple(rate for rate in RATES if rate.since < date(2026, 1, 1)))
    invoice = hand.add("INV-7", 2)
    with capture_logs() as logs:
        demand = demand_of(hand, invoice)
    assert "nterest" not in demand.text and "1.200,00" in demand.text
    assert {"law": law.value, "since": "2026-01-01"}.items() <= next(one for one in logs if one["event"] == "interest.not_shown").items()


def test_a_law_says_nothing_about_another_currency(database: Database) -> None:
    hand = hand_over(database, InterestLaw.UK)
    assert "nterest" not in demand_of(hand, hand.add("INV-7", 2)).text


def named(case: Case, until: date, **fields: Any) -> Interest | None:
    around = facts(playbook=replace(STANDARD, interest=InterestLaw.DE), interest_rates=RATES)
    return find_interest((case,), SELLER, replace(a_customer(), **fields), around, until)


def test_what_is_in_dispute_bears_none() -> None:
    whole, until = a_case(date(2026, 3, 2)), date(2026, 4, 2)
    half = replace(whole, disputes=(Dispute(euros("600.00"), "broken", "Ann", until, datetime(2026, 3, 20, tzinfo=UTC), "Bea", is_whole=False),))
    found, less = named(whole, until), named(half, until)
    assert found and less and (found.principal, less.principal) == (euros("1200.00"), euros("600.00"))
    assert (found.accrued, less.accrued) == (euros("10.46"), euros("5.23"))


def test_the_day_on_which_a_bank_could_last_be_paid_in_time_is_the_last_without() -> None:
    good_friday = a_case(date(2026, 4, 3))
    assert named(good_friday, date(2026, 4, 7)) is None, "Easter Tuesday is the first day of banking after it"
    long_ago = a_case(date(2023, 4, 7))
    assert (first := named(long_ago, date(2026, 4, 7))) == named(
        replace(long_ago, invoice=replace(long_ago.invoice, due=date(2023, 4, 11))), date(2026, 4, 7)
    ) and first
    found = named(good_friday, date(2026, 4, 8))
    assert found and found.accrued == euros("0.33")


def test_days_that_were_granted_by_a_plan_bear_none() -> None:
    case, until = a_case(date(2026, 3, 2)), date(2026, 4, 2)
    agreed = replace(case, answers=(Owed(1, AnswerKind.PLAN_CONFIRMED, datetime(2026, 3, 9, tzinfo=UTC)),))
    assert named(case, until) and named(agreed, until) is None
    assert named(case, until, natural_person=True) is None
