"""Stories that anyone in finance can read: the diary is the assertion. On the pure timeline, with the shipped playbooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from textwrap import dedent
from typing import Any

import playbooks
from domain.customer import Contact, Role
from domain.diary import write_diary
from domain.event import (
    ApprovalGiven,
    ApprovalRefused,
    DiscountGranted,
    DisputeRaised,
    DisputeResolved,
    HoldReleased,
    LegalStop,
    News,
    PromiseMade,
    Replied,
)
from domain.facts import Envelope
from domain.invoice import Invoice
from domain.timeline import Arrival, timeline
from support.worlds import a_case, a_customer, euros, facts

# Friday the 13th; Good Friday is the 3rd of April, Easter Monday the 6th.
DUE = date(2026, 3, 13)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
EASTER, APRIL, MAY, JUNE = (datetime(2026, *day, tzinfo=UTC) for day in ((4, 5), (4, 10), (5, 1), (6, 10)))
EVERY = frozenset({"email", "sms", "call", "letter", "portal", "task"})
BY_HAND = frozenset({"email", "task"})


def on(day: int, *news: News, ledger: Callable[[Invoice], Invoice] | None = None) -> Arrival:
    """Noon on the day that lies ``day`` days from the due date."""
    return Arrival(datetime(2026, 3, 13, 11, tzinfo=UTC) + timedelta(days=day), news, ledger)


def owes(amount: str, **fields: Any) -> Callable[[Invoice], Invoice]:
    return lambda invoice: replace(invoice, balance=euros(amount), **fields)


def diary(playbook: str, *arrivals: Arrival, channels: frozenset[str] = EVERY, until: datetime = JUNE) -> str:
    policy = playbooks.load(playbook)
    customer = replace(a_customer(), contacts=(Contact("k", Role.BILLING, "Bea", "bea@customer.example", "+49301234567"),))
    world = facts(playbook=policy, customer=customer, envelope=Envelope(channels=channels), approvers=("Ann",))
    case = replace(a_case(DUE, balance="6200.00"), playbook=policy.hash)
    return write_diary(timeline(case, world, arrivals, START, until))


def test_b2b_three_weeks_with_e_mail_and_people_alone() -> None:
    assert diary("b2b-three-weeks", channels=BY_HAND) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2026  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2026  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  call to the decision-maker: given to a person of ours
        day  +17  Mon 30 Mar 2026  final demand sent by e-mail (planned for day +14: a colleague calls first)
        day  +17  Mon 30 Mar 2026  text about the final demand: given to a person of ours (planned for day +14: with the final demand)
        day  +25  Tue  7 Apr 2026  handover to collections: given to a person of ours (planned for day +21: no business day)
        day  +25  Tue  7 Apr 2026  placement with an agency: given to a person of ours (planned for day +21: no business day)
        day  +47  Wed 29 Apr 2026  statement 1 sent by e-mail
        day  +77  Fri 29 May 2026  statement 2 sent by e-mail""")


def test_multi_channel_week_with_e_mail_and_people_alone() -> None:
    assert diary("multi-channel-week", channels=BY_HAND, until=APRIL) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first e-mail sent by e-mail (planned for day +1: no business day)
        day   +5  Wed 18 Mar 2026  word to the account manager left out: only for strategic customers
        day   +5  Wed 18 Mar 2026  text message sent by e-mail (planned for day +3: 2 days after the last contact)
        day   +7  Fri 20 Mar 2026  call by a colleague left out: only for balances from 5,000.00 and high risk; or for balances from 5,000.00 and customers who are chronic late; or for invoices 30 or more days late and high risk; or for invoices 30 or more days late and customers who are chronic late
        day   +7  Fri 20 Mar 2026  phone call: given to a person of ours (planned for day +5: 2 days after the last contact)
        day  +10  Mon 23 Mar 2026  personal e-mail sent by e-mail (planned for day +7: a colleague calls first)""")  # noqa: E501


def test_only_the_part_in_dispute_is_silent() -> None:
    assert diary(
        "b2b-three-weeks",
        on(5, DisputeRaised("two boxes missing", Decimal("1200.00"), "Tom", by="Ann")),
        on(20, DisputeResolved(by="Tom", why="credit note booked"), ledger=owes("5000.00")),
    ) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +5  Wed 18 Mar 2026  in dispute: 1,200.00 EUR (two boxes missing); Tom clears it up by Wed 25 Mar 2026
        day   +7  Fri 20 Mar 2026  second reminder sent by e-mail
        day  +12  Wed 25 Mar 2026  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2026  final demand sent by e-mail
        day  +14  Fri 27 Mar 2026  text about the final demand sent as a text message
        day  +20  Thu  2 Apr 2026  1,200.00 EUR paid or credited, 5,000.00 EUR left
        day  +20  Thu  2 Apr 2026  dispute resolved by Tom: credit note booked
        day  +25  Tue  7 Apr 2026  handover to collections: given to a person of ours (planned for day +21: no business day)
        day  +25  Tue  7 Apr 2026  placement with an agency: given to a person of ours (planned for day +21: no business day)
        day  +45  Mon 27 Apr 2026  statement 1 sent by e-mail
        day  +75  Wed 27 May 2026  statement 2 sent by e-mail""")


def test_an_invoice_wholly_in_dispute_is_silent_and_loses_no_step() -> None:
    assert diary("b2b-three-weeks", on(5, DisputeRaised("never ordered", None, "Tom", by="Ann")), until=APRIL) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +5  Wed 18 Mar 2026  in dispute: all of it (never ordered); Tom clears it up by Wed 25 Mar 2026
        day  +12  Wed 25 Mar 2026  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers""")


def test_only_a_person_lifts_a_legal_stop_and_by_name() -> None:
    assert diary(
        "b2b-three-weeks", on(8, LegalStop("insolvency", by="Ann")), on(20, HoldReleased(by="Bo")), on(40, HoldReleased(by="Bo", why="withdrawn", legal=True))
    ) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2026  second reminder sent by e-mail
        day   +8  Sat 21 Mar 2026  legal stop by Ann: insolvency; only a person releases it
        day  +20  Thu  2 Apr 2026  word to the account manager left out: only for strategic customers
        day  +20  Thu  2 Apr 2026  offer of a payment plan left out: only for strategic customers
        day  +40  Wed 22 Apr 2026  legal stop released by Bo: withdrawn
        day  +40  Wed 22 Apr 2026  call to the decision-maker made by phone (planned for day +14: a legal stop)
        day  +40  Wed 22 Apr 2026  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +40  Wed 22 Apr 2026  text about the final demand sent as a text message (planned for day +14: with the final demand)
        day  +47  Wed 29 Apr 2026  handover to collections: given to a person of ours (planned for day +21: 7 days' notice)
        day  +47  Wed 29 Apr 2026  placement with an agency: given to a person of ours (planned for day +21: 7 days' notice)
        day  +70  Fri 22 May 2026  statement 1 sent by e-mail""")


def test_what_is_refused_is_left_out_and_what_nobody_answers_is_asked_again() -> None:
    assert diary("issue-to-payment", on(34, ApprovalRefused("credit-hold", "", by="Ann", why="I call them tonight")), until=MAY) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   -7  Fri  6 Mar 2026  note before the due date sent by e-mail
        day   +0  Fri 13 Mar 2026  note on the due date sent by e-mail
        day   +3  Mon 16 Mar 2026  first overdue reminder sent by e-mail
        day  +10  Mon 23 Mar 2026  call by receivables: given to a person of ours
        day  +17  Mon 30 Mar 2026  word to the account manager: given to a person of ours
        day  +25  Tue  7 Apr 2026  offer of a payment plan left out: only for strategic customers
        day  +25  Tue  7 Apr 2026  final notice sent by e-mail (planned for day +24: no business day)
        day  +32  Tue 14 Apr 2026  approval asked for the credit hold
        day  +34  Thu 16 Apr 2026  credit hold refused by Ann: I call them tonight: it is left out
        day  +45  Mon 27 Apr 2026  approval asked for the formal demand
        day  +49  Fri  1 May 2026  approval asked for the formal demand""")


def test_the_credit_hold_comes_with_leave_and_the_money_ends_it() -> None:
    assert diary("issue-to-payment", on(33, ApprovalGiven("credit-hold", "", by="Ann")), on(36, ledger=owes("0.00"))) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   -7  Fri  6 Mar 2026  note before the due date sent by e-mail
        day   +0  Fri 13 Mar 2026  note on the due date sent by e-mail
        day   +3  Mon 16 Mar 2026  first overdue reminder sent by e-mail
        day  +10  Mon 23 Mar 2026  call by receivables: given to a person of ours
        day  +17  Mon 30 Mar 2026  word to the account manager: given to a person of ours
        day  +25  Tue  7 Apr 2026  offer of a payment plan left out: only for strategic customers
        day  +25  Tue  7 Apr 2026  final notice sent by e-mail (planned for day +24: no business day)
        day  +32  Tue 14 Apr 2026  approval asked for the credit hold
        day  +33  Wed 15 Apr 2026  credit hold approved by Ann
        day  +33  Wed 15 Apr 2026  credit hold: given to a person of ours (planned for day +31: approval)
        day  +36  Sat 18 Apr 2026  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +36  Sat 18 Apr 2026  paid in full""")


def test_a_broken_promise_resumes_at_the_step_it_stopped() -> None:
    assert diary("b2b-three-weeks", on(4, PromiseMade(date(2026, 3, 24), by="Bea")), until=EASTER) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2026  promise recorded: 6,200.00 EUR by Tue 24 Mar 2026 (told by Bea)
        day  +14  Fri 27 Mar 2026  promise broken: 6,200.00 EUR by Tue 24 Mar 2026 did not come
        day  +14  Fri 27 Mar 2026  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  second reminder sent by e-mail (planned for day +7: a promise)
        day  +17  Mon 30 Mar 2026  call to the decision-maker made by phone (planned for day +14: 3 days after the last contact)
        day  +17  Mon 30 Mar 2026  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +17  Mon 30 Mar 2026  text about the final demand sent as a text message (planned for day +14: with the final demand)""")


def test_a_promise_beyond_the_limits_waits_for_a_person_two_business_days() -> None:
    assert diary("b2b-three-weeks", on(4, PromiseMade(date(2026, 4, 24), by="Bea")), until=EASTER) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2026  6,200.00 EUR by Fri 24 Apr 2026 was offered (told by Bea); a person decides, because Fri 24 Apr 2026 is later than Tue 31 Mar 2026, 14 days from today
        day   +7  Fri 20 Mar 2026  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2026  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2026  final demand sent by e-mail
        day  +14  Fri 27 Mar 2026  text about the final demand sent as a text message""")  # noqa: E501


def test_an_answer_is_dealt_with_before_anything_else_is_sent() -> None:
    assert diary("b2b-three-weeks", on(4, Replied(by="Bea", why="asks for a copy")), until=EASTER) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2026  the customer answered: asks for a copy
        day  +11  Tue 24 Mar 2026  word to the account manager left out: only for strategic customers
        day  +11  Tue 24 Mar 2026  second reminder sent by e-mail (planned for day +7: the customer's answer)
        day  +14  Fri 27 Mar 2026  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2026  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2026  final demand sent by e-mail
        day  +14  Fri 27 Mar 2026  text about the final demand sent as a text message""")


def test_paid_in_time_less_the_discount_is_paid() -> None:
    assert diary(
        "b2b-three-weeks", on(8, DiscountGranted(Decimal("2"), date(2026, 3, 27), by="Ann")), on(12, ledger=owes("124.00", paid_on=date(2026, 3, 25)))
    ) == dedent("""\
        day  -11  Mon  2 Mar 2026  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2026  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2026  second reminder sent by e-mail
        day   +8  Sat 21 Mar 2026  2% discount until Fri 27 Mar 2026, authorized by Ann
        day  +12  Wed 25 Mar 2026  6,076.00 EUR paid or credited, 124.00 EUR left
        day  +12  Wed 25 Mar 2026  word to the account manager left out: only for strategic customers
        day  +12  Wed 25 Mar 2026  paid in time less 2% discount""")
