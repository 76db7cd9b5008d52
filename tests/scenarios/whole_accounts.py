"""Stories of accounts that matter: several invoices, plans and habits.

The diary is the assertion, on the pure timeline and on a server with a virtual clock.
"""

# The lines of a diary are as long as what they tell.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain import payment_plan
from domain.customer import Role, Tier
from domain.event import ApprovalGiven, PromiseMade, WaitAsked
from domain.installment import lay_out
from domain.money import Money
from domain.payment_plan import Covered
from domain.plan_keeping import GRACE_BUSINESS_DAYS, terms_of
from domain.plan_news import PlanAgreed, PlanOffered
from integrations.reference.holidays import calendar_for
from support.telling import BY_HAND, START, Owed, Story, Turn, on

_BANK = calendar_for(("DE",), START.date())


def _grace(day: date) -> date:
    return _BANK.add(day, GRACE_BUSINESS_DAYS)


def _march(day: int, hour: int = 11) -> datetime:
    return datetime(2037, 3, day, hour, tzinfo=UTC)


_ALL_THREE = ("INV-1", "INV-2", "INV-3")

# 127,400.00 on three invoices, 45 days late on the day Dunwell is switched on.
STRATEGIC_ACCOUNT = Story(
    "the strategic account",
    "b2b-three-weeks",
    (
        *(Turn(_march(2, 6), (WaitAsked(date(2037, 3, 9), by="Sue", why="their CFO is new"),), number=number) for number in _ALL_THREE),
        *(Turn(_march(17), (PromiseMade(date(2037, 3, 23), by="Clara", why="thanks for the offer"),), number=number) for number in _ALL_THREE),
        *(Turn(_march(23), ledger={"balance": "0.00"}, number=number) for number in _ALL_THREE),
    ),
    """\
        INV-1
        day  +45  Mon  2 Mar 2037  watching begins: 61,400.00 EUR open
        day  +45  Mon  2 Mar 2037  call to the decision-maker left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  text about the final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  placement with an agency left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  Sue asks to wait until Mon 9 Mar 2037: their CFO is new
        day  +52  Mon  9 Mar 2037  first reminder sent by e-mail (planned for day +3: a colleague asked to wait)
        day  +55  Thu 12 Mar 2037  second reminder sent by e-mail (planned for day +7: 3 days after the last contact)
        day  +56  Fri 13 Mar 2037  word to the account manager: given to a person of ours (planned for day +10: a business day after the second reminder)
        day  +59  Mon 16 Mar 2037  offer of a payment plan sent by e-mail (planned for day +14: 3 days after the last contact)
        day  +60  Tue 17 Mar 2037  promise recorded: 61,400.00 EUR by Mon 23 Mar 2037 (told by Clara): thanks for the offer
        day  +60  Tue 17 Mar 2037  confirmation of the promise sent by e-mail
        day  +66  Mon 23 Mar 2037  61,400.00 EUR paid or credited, 0.00 EUR left
        day  +66  Mon 23 Mar 2037  promise kept: 61,400.00 EUR by Mon 23 Mar 2037
        day  +66  Mon 23 Mar 2037  paid in full

        INV-2
        day  +45  Mon  2 Mar 2037  watching begins: 42,000.00 EUR open
        day  +45  Mon  2 Mar 2037  call to the decision-maker left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  text about the final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  placement with an agency left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  Sue asks to wait until Mon 9 Mar 2037: their CFO is new
        day  +52  Mon  9 Mar 2037  first reminder sent by e-mail (planned for day +3: a colleague asked to wait)
        day  +55  Thu 12 Mar 2037  second reminder sent by e-mail (planned for day +7: 3 days after the last contact)
        day  +56  Fri 13 Mar 2037  word to the account manager: given to a person of ours (planned for day +10: a business day after the second reminder)
        day  +59  Mon 16 Mar 2037  offer of a payment plan sent by e-mail (planned for day +14: 3 days after the last contact)
        day  +60  Tue 17 Mar 2037  promise recorded: 42,000.00 EUR by Mon 23 Mar 2037 (told by Clara): thanks for the offer
        day  +60  Tue 17 Mar 2037  confirmation of the promise sent by e-mail
        day  +66  Mon 23 Mar 2037  42,000.00 EUR paid or credited, 0.00 EUR left
        day  +66  Mon 23 Mar 2037  promise kept: 42,000.00 EUR by Mon 23 Mar 2037
        day  +66  Mon 23 Mar 2037  paid in full

        INV-3
        day  +45  Mon  2 Mar 2037  watching begins: 24,000.00 EUR open
        day  +45  Mon  2 Mar 2037  call to the decision-maker left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  text about the final demand left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  placement with an agency left out: not done to strategic customers
        day  +45  Mon  2 Mar 2037  Sue asks to wait until Mon 9 Mar 2037: their CFO is new
        day  +52  Mon  9 Mar 2037  first reminder sent by e-mail (planned for day +3: a colleague asked to wait)
        day  +55  Thu 12 Mar 2037  second reminder sent by e-mail (planned for day +7: 3 days after the last contact)
        day  +56  Fri 13 Mar 2037  word to the account manager: given to a person of ours (planned for day +10: a business day after the second reminder)
        day  +59  Mon 16 Mar 2037  offer of a payment plan sent by e-mail (planned for day +14: 3 days after the last contact)
        day  +60  Tue 17 Mar 2037  promise recorded: 24,000.00 EUR by Mon 23 Mar 2037 (told by Clara): thanks for the offer
        day  +60  Tue 17 Mar 2037  confirmation of the promise sent by e-mail
        day  +66  Mon 23 Mar 2037  24,000.00 EUR paid or credited, 0.00 EUR left
        day  +66  Mon 23 Mar 2037  promise kept: 24,000.00 EUR by Mon 23 Mar 2037
        day  +66  Mon 23 Mar 2037  paid in full""",
    owes=tuple(Owed(number, date(2037, 1, 16), amount) for number, amount in zip(_ALL_THREE, ("61400.00", "42000.00", "24000.00"), strict=True)),
    start=_march(2, 5),
    until=_march(30),
    tier=Tier.STRATEGIC,
    contacts=((Role.CFO, "Clara Vogt"), (Role.BILLING, "Bea Ling")),
    account_manager="Sue Park",
    tasks=("Sue Park: Invoice INV-1 of the strategic account is paid",),
)

LATE = date(2036, 12, 14)  # 78 days before the story begins
# In whole euros: 28,067 + 28,067 + 28,066.
PLAN = payment_plan.offer(
    "plan-1",
    (Covered("inv-1", Money(Decimal("84200.00"), "EUR")),),
    lay_out(Money(Decimal("84200.00"), "EUR"), 3, date(2037, 3, 13), 30, Decimal(1)),
    START.date(),
    by="Sue",
)


def _keep(plan: payment_plan.PaymentPlan) -> Iterator[Turn]:
    """Offered on the first day, agreed on the second; each installment comes on the day before it is due."""
    yield on(78, PlanOffered(plan.id, plan.answer_by, terms_of(plan), by="Sue"), due=LATE)
    agreed = payment_plan.fold(plan, payment_plan.Accepted(by="Bea"), date(2037, 3, 3), _grace).plan
    yield on(79, PlanAgreed(plan.id, payment_plan.stands_until(agreed, date(2037, 3, 3), _grace), by="Bea"), due=LATE)
    left = plan.total
    for installment in plan.installments:
        left -= installment.amount
        yield on((installment.due - LATE).days - 1, due=LATE, balance=str(left.amount))


WRITE_OFF_AVERTED = Story(
    "the write-off averted",
    "issue-to-payment",
    tuple(_keep(PLAN)),
    """\
        day  +78  Mon  2 Mar 2037  watching begins: 84,200.00 EUR open
        day  +78  Mon  2 Mar 2037  early note left out: already 78 days late when first seen
        day  +78  Mon  2 Mar 2037  note before the due date left out: already 78 days late when first seen
        day  +78  Mon  2 Mar 2037  note shortly before the due date left out: already 78 days late when first seen
        day  +78  Mon  2 Mar 2037  note on the due date left out: already 78 days late when first seen
        day  +78  Mon  2 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +78  Mon  2 Mar 2037  first overdue reminder sent by e-mail (planned for day +3: already late when first seen)
        day  +78  Mon  2 Mar 2037  offer of 3 installments of together 84,200.00 EUR (28,067.00 EUR on Fri 13 Mar 2037, 28,067.00 EUR on Sun 12 Apr 2037, 28,066.00 EUR on Tue 12 May 2037): quiet until Mon 9 Mar 2037 for an answer
        day  +79  Tue  3 Mar 2037  a payment plan covers this invoice: quiet while it is kept, until Fri 29 May 2037 at the latest
        day  +88  Thu 12 Mar 2037  28,067.00 EUR paid or credited, 56,133.00 EUR left
        day +118  Sat 11 Apr 2037  28,067.00 EUR paid or credited, 28,066.00 EUR left
        day +148  Mon 11 May 2037  28,066.00 EUR paid or credited, 0.00 EUR left
        day +148  Mon 11 May 2037  paid in full""",
    owes=(Owed(due=LATE, balance="84200.00"),),
)

# 24 invoices, 17 days late on average: the word comes before the due date, and twice. Then a dozen paid in time.
HABIT = (17, 15, 19, 16, 18, 17, 14, 20, 17, 17, 16, 18, 15, 19, 17, 17, 12, 22, 17, 17, 16, 18, 17, 17)

HABITUAL_LATE_PAYER = Story(
    "the habitual late payer",
    "issue-to-payment",
    (
        on(6, due=date(2037, 3, 20), balance="0.00"),
        Turn(datetime(2037, 4, 10, 11, tzinfo=UTC), paid_late=(-1,) * 12),
        on(-1, due=date(2037, 5, 22), number="INV-26", balance="0.00"),
    ),
    """\
        INV-25
        day  -18  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day  -14  Fri  6 Mar 2037  early note sent by e-mail
        day   -3  Tue 17 Mar 2037  note before the due date left out: not needed for a customer who pays late by habit
        day   -3  Tue 17 Mar 2037  note shortly before the due date sent by e-mail
        day   +0  Fri 20 Mar 2037  note on the due date sent by e-mail
        day   +3  Mon 23 Mar 2037  first overdue reminder sent by e-mail
        day   +6  Thu 26 Mar 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day   +6  Thu 26 Mar 2037  paid in full

        INV-26
        day  -32  Mon 20 Apr 2037  watching begins: 6,200.00 EUR open
        day   -7  Fri 15 May 2037  early note left out: only for customers who are always late
        day   -7  Fri 15 May 2037  note before the due date sent by e-mail
        day   -1  Thu 21 May 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day   -1  Thu 21 May 2037  paid in full""",
    owes=(Owed("INV-25", date(2037, 3, 20)), Owed("INV-26", date(2037, 5, 22), seen=datetime(2037, 4, 20, 9, tzinfo=UTC))),
    paid_late=HABIT,
)

_EUROS = tuple(Owed(f"INV-{place}", START.date() - timedelta(days=days), f"{place}200.00") for place, days in enumerate((41, 40, 38, 33, 31), 1))
_DOLLARS = tuple(Owed(f"INV-{place}", START.date() - timedelta(days=days), f"{place}500.00", "USD") for place, days in enumerate((39, 36, 34, 30), 6))

NINE_INVOICES_IN_TWO_CURRENCIES = Story(
    "nine overdue invoices in two currencies",
    "standard",
    tuple(Turn(datetime(2037, 3, 26, 11, tzinfo=UTC), ledger={"balance": "0.00"}, number=f"INV-{place}") for place in (1, 2, 3, 4, 5)),
    """\
        INV-1
        day  +41  Mon  2 Mar 2037  watching begins: 1,200.00 EUR open
        day  +41  Mon  2 Mar 2037  early note left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  upcoming left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  note shortly before the due date left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  due today left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  first reminder left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  second reminder left out: already 41 days late when first seen
        day  +41  Mon  2 Mar 2037  third reminder sent by e-mail (planned for day +28: already late when first seen)
        day  +48  Mon  9 Mar 2037  final notice sent by e-mail (planned for day +42: 7 days' notice)
        day  +65  Thu 26 Mar 2037  1,200.00 EUR paid or credited, 0.00 EUR left
        day  +65  Thu 26 Mar 2037  paid in full
        day  +65  Thu 26 Mar 2037  word that it is settled sent by e-mail

        INV-2
        day  +40  Mon  2 Mar 2037  watching begins: 2,200.00 EUR open
        day  +40  Mon  2 Mar 2037  early note left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  upcoming left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  note shortly before the due date left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  due today left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  first reminder left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  second reminder left out: already 40 days late when first seen
        day  +40  Mon  2 Mar 2037  third reminder sent by e-mail (planned for day +28: already late when first seen)
        day  +47  Mon  9 Mar 2037  final notice sent by e-mail (planned for day +42: 7 days' notice)
        day  +64  Thu 26 Mar 2037  2,200.00 EUR paid or credited, 0.00 EUR left
        day  +64  Thu 26 Mar 2037  paid in full
        day  +64  Thu 26 Mar 2037  word that it is settled sent by e-mail

        INV-3
        day  +38  Mon  2 Mar 2037  watching begins: 3,200.00 EUR open
        day  +38  Mon  2 Mar 2037  early note left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  upcoming left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  note shortly before the due date left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  due today left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  first reminder left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  second reminder left out: already 38 days late when first seen
        day  +38  Mon  2 Mar 2037  third reminder sent by e-mail (planned for day +28: already late when first seen)
        day  +45  Mon  9 Mar 2037  final notice sent by e-mail (planned for day +42: 7 days' notice)
        day  +62  Thu 26 Mar 2037  3,200.00 EUR paid or credited, 0.00 EUR left
        day  +62  Thu 26 Mar 2037  paid in full
        day  +62  Thu 26 Mar 2037  word that it is settled sent by e-mail

        INV-4
        day  +33  Mon  2 Mar 2037  watching begins: 4,200.00 EUR open
        day  +33  Mon  2 Mar 2037  early note left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  upcoming left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  note shortly before the due date left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  due today left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  first reminder left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  second reminder left out: already 33 days late when first seen
        day  +33  Mon  2 Mar 2037  third reminder sent by e-mail (planned for day +28: already late when first seen)
        day  +43  Thu 12 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)
        day  +57  Thu 26 Mar 2037  4,200.00 EUR paid or credited, 0.00 EUR left
        day  +57  Thu 26 Mar 2037  paid in full
        day  +57  Thu 26 Mar 2037  word that it is settled sent by e-mail

        INV-5
        day  +31  Mon  2 Mar 2037  watching begins: 5,200.00 EUR open
        day  +31  Mon  2 Mar 2037  early note left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  upcoming left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  note shortly before the due date left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  due today left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  first reminder left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  second reminder left out: already 31 days late when first seen
        day  +31  Mon  2 Mar 2037  third reminder sent by e-mail (planned for day +28: already late when first seen)
        day  +45  Mon 16 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)
        day  +55  Thu 26 Mar 2037  5,200.00 EUR paid or credited, 0.00 EUR left
        day  +55  Thu 26 Mar 2037  paid in full
        day  +55  Thu 26 Mar 2037  word that it is settled sent by e-mail

        INV-6
        day  +39  Mon  2 Mar 2037  watching begins: 6,500.00 USD open
        day  +39  Mon  2 Mar 2037  early note left out: already 39 days late when first seen
        day  +39  Mon  2 Mar 2037  upcoming left out: already 39 days late when first seen
        day  +39  Mon  2 Mar 2037  note shortly before the due date left out: already 39 days late when first seen
        day  +39  Mon  2 Mar 2037  due today left out: already 39 days late when first seen
        day  +39  Mon  2 Mar 2037  first reminder left out: already 39 days late when first seen
        day  +39  Mon  2 Mar 2037  second reminder left out: already 39 days late when first seen
        day  +42  Thu  5 Mar 2037  third reminder sent by e-mail (planned for day +28: the gap after the last contact)
        day  +56  Thu 19 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)

        INV-7
        day  +36  Mon  2 Mar 2037  watching begins: 7,500.00 USD open
        day  +36  Mon  2 Mar 2037  early note left out: already 36 days late when first seen
        day  +36  Mon  2 Mar 2037  upcoming left out: already 36 days late when first seen
        day  +36  Mon  2 Mar 2037  note shortly before the due date left out: already 36 days late when first seen
        day  +36  Mon  2 Mar 2037  due today left out: already 36 days late when first seen
        day  +36  Mon  2 Mar 2037  first reminder left out: already 36 days late when first seen
        day  +36  Mon  2 Mar 2037  second reminder left out: already 36 days late when first seen
        day  +39  Thu  5 Mar 2037  third reminder sent by e-mail (planned for day +28: the gap after the last contact)
        day  +53  Thu 19 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)

        INV-8
        day  +34  Mon  2 Mar 2037  watching begins: 8,500.00 USD open
        day  +34  Mon  2 Mar 2037  early note left out: already 34 days late when first seen
        day  +34  Mon  2 Mar 2037  upcoming left out: already 34 days late when first seen
        day  +34  Mon  2 Mar 2037  note shortly before the due date left out: already 34 days late when first seen
        day  +34  Mon  2 Mar 2037  due today left out: already 34 days late when first seen
        day  +34  Mon  2 Mar 2037  first reminder left out: already 34 days late when first seen
        day  +34  Mon  2 Mar 2037  second reminder left out: already 34 days late when first seen
        day  +37  Thu  5 Mar 2037  third reminder sent by e-mail (planned for day +28: the gap after the last contact)
        day  +51  Thu 19 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)

        INV-9
        day  +30  Mon  2 Mar 2037  watching begins: 9,500.00 USD open
        day  +30  Mon  2 Mar 2037  early note left out: already 30 days late when first seen
        day  +30  Mon  2 Mar 2037  upcoming left out: already 30 days late when first seen
        day  +30  Mon  2 Mar 2037  note shortly before the due date left out: already 30 days late when first seen
        day  +30  Mon  2 Mar 2037  due today left out: already 30 days late when first seen
        day  +30  Mon  2 Mar 2037  first reminder left out: already 30 days late when first seen
        day  +30  Mon  2 Mar 2037  second reminder left out: already 30 days late when first seen
        day  +33  Thu  5 Mar 2037  third reminder sent by e-mail (planned for day +28: the gap after the last contact)
        day  +47  Thu 19 Mar 2037  final notice sent by e-mail (planned for day +42: the gap after the last contact)""",
    owes=(*_EUROS, *_DOLLARS),
    until=datetime(2037, 4, 10, tzinfo=UTC),
    channels=BY_HAND,
)

# One text for both is asked about once, and one answer is for both.
TWO_IN_ONE_FORMAL_DEMAND = Story(
    "two invoices in one formal demand",
    "issue-to-payment",
    (
        on(33, ApprovalGiven("credit-hold", "", by="Ann")),
        on(34, ApprovalGiven("credit-hold", "", by="Ann"), number="INV-2"),
        on(46, ApprovalGiven("formal-demand", "", by="Ann")),
        *(on(55, balance="0.00", number=number) for number in ("INV-1", "INV-2")),
    ),
    """\
        INV-1
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day  -11  Mon  2 Mar 2037  early note left out: only for customers who are always late
        day   -7  Fri  6 Mar 2037  note before the due date sent by e-mail
        day   +0  Fri 13 Mar 2037  note shortly before the due date left out: only for customers who are always late
        day   +0  Fri 13 Mar 2037  note on the due date sent by e-mail
        day   +3  Mon 16 Mar 2037  first overdue reminder sent by e-mail
        day  +10  Mon 23 Mar 2037  call by receivables: given to a person of ours
        day  +17  Mon 30 Mar 2037  word to the account manager: given to a person of ours
        day  +25  Tue  7 Apr 2037  offer of a payment plan left out: only for strategic customers
        day  +25  Tue  7 Apr 2037  final notice sent by e-mail (planned for day +24: no business day)
        day  +32  Tue 14 Apr 2037  approval asked for the credit hold
        day  +33  Wed 15 Apr 2037  credit hold approved by Ann
        day  +33  Wed 15 Apr 2037  credit hold: given to a person of ours (planned for day +31: approval)
        day  +45  Mon 27 Apr 2037  approval asked for the formal demand and 1 more in the same message
        day  +46  Tue 28 Apr 2037  formal demand approved by Ann
        day  +46  Tue 28 Apr 2037  formal demand sent by e-mail (planned for day +45: approval)
        day  +55  Thu  7 May 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +55  Thu  7 May 2037  paid in full
        day  +55  Thu  7 May 2037  word that it is settled sent by e-mail

        INV-2
        day  -11  Mon  2 Mar 2037  watching begins: 900.00 EUR open
        day  -11  Mon  2 Mar 2037  early note left out: only for customers who are always late
        day   -7  Fri  6 Mar 2037  note before the due date sent by e-mail
        day   +0  Fri 13 Mar 2037  note on the due date sent by e-mail
        day   +0  Fri 13 Mar 2037  note shortly before the due date left out: only for customers who are always late
        day   +3  Mon 16 Mar 2037  first overdue reminder sent by e-mail
        day  +10  Mon 23 Mar 2037  call by receivables: given to a person of ours
        day  +17  Mon 30 Mar 2037  word to the account manager: given to a person of ours
        day  +25  Tue  7 Apr 2037  final notice sent by e-mail (planned for day +24: no business day)
        day  +25  Tue  7 Apr 2037  offer of a payment plan left out: only for strategic customers
        day  +32  Tue 14 Apr 2037  approval asked for the credit hold
        day  +34  Thu 16 Apr 2037  credit hold approved by Ann
        day  +34  Thu 16 Apr 2037  credit hold: given to a person of ours (planned for day +31: approval)
        day  +45  Mon 27 Apr 2037  approval asked for the formal demand and 1 more in the same message
        day  +46  Tue 28 Apr 2037  formal demand approved by Ann
        day  +46  Tue 28 Apr 2037  formal demand sent by e-mail (planned for day +45: approval)
        day  +55  Thu  7 May 2037  900.00 EUR paid or credited, 0.00 EUR left
        day  +55  Thu  7 May 2037  paid in full
        day  +55  Thu  7 May 2037  word that it is settled sent by e-mail""",
    owes=(Owed("INV-1"), Owed("INV-2", balance="900.00")),
    until=datetime(2037, 5, 20, tzinfo=UTC),
)

STORIES = (STRATEGIC_ACCOUNT, WRITE_OFF_AVERTED, HABITUAL_LATE_PAYER, NINE_INVOICES_IN_TWO_CURRENCIES, TWO_IN_ONE_FORMAL_DEMAND)
