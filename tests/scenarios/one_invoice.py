"""Stories of one invoice. The diary is the assertion, on the pure timeline and on a server with a virtual clock."""
# The lines of a diary are as long as what they tell.
# ruff: noqa: E501

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.event import ApprovalGiven, ApprovalRefused, DiscountGranted, DisputeRaised, DisputeResolved, HoldReleased, LegalStop, PromiseMade, Replied
from support.telling import BY_HAND, Story, on

EASTER, APRIL = (datetime(2037, *day, tzinfo=UTC) for day in ((4, 5), (4, 10)))

THREE_WEEKS_WITH_E_MAIL_AND_PEOPLE_ALONE = Story(
    "three weeks with e-mail and people alone",
    "b2b-three-weeks",
    (),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  call to the decision-maker: given to a person of ours
        day  +17  Mon 30 Mar 2037  final demand sent by e-mail (planned for day +14: a colleague calls first)
        day  +17  Mon 30 Mar 2037  text about the final demand: given to a person of ours (planned for day +14: with the final demand)
        day  +25  Tue  7 Apr 2037  placement with an agency left out: no agency is authorized to take it
        day  +25  Tue  7 Apr 2037  handover to collections: given to a person of ours (planned for day +21: no business day)""",
    channels=BY_HAND,
)

A_FRIENDLY_WEEK_WITH_E_MAIL_AND_PEOPLE_ALONE = Story(
    "a friendly week with e-mail and people alone",
    "multi-channel-week",
    (),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first e-mail sent by e-mail (planned for day +1: no business day)
        day   +5  Wed 18 Mar 2037  word to the account manager left out: only for strategic customers
        day   +5  Wed 18 Mar 2037  text message sent by e-mail (planned for day +3: 2 days after the last contact)
        day   +7  Fri 20 Mar 2037  personal e-mail left out: only for balances from 5,000.00 and low risk and customers who have broken no promise; or for balances from 5,000.00 and customers who are new or prompt or standard and normal risk and customers who have answered; or for invoices 30 or more days late and customers who are new or prompt or standard and normal risk and customers who have answered; or for balances from 5,000.00 and strategic customers; or for invoices 30 or more days late and strategic customers
        day   +7  Fri 20 Mar 2037  phone call: given to a person of ours (planned for day +5: 2 days after the last contact)
        day  +10  Mon 23 Mar 2037  offer of a payment plan left out: only for strategic customers; or for high risk
        day  +10  Mon 23 Mar 2037  call by a colleague: given to a person of ours (planned for day +7: a colleague calls first)""",
    channels=BY_HAND,
    until=APRIL,
)

THE_DISPUTED_LINE = Story(
    "the disputed line",
    "b2b-three-weeks",
    (
        on(5, DisputeRaised("two boxes missing", Decimal("1200.00"), "Tom", by="Ann")),
        on(20, DisputeResolved(by="Tom", why="credit note booked"), balance="5000.00"),
    ),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +5  Wed 18 Mar 2037  in dispute: 1,200.00 EUR (two boxes missing); Tom clears it up by Wed 25 Mar 2037
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day  +12  Wed 25 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2037  final demand sent by e-mail
        day  +14  Fri 27 Mar 2037  text about the final demand sent as a text message
        day  +20  Thu  2 Apr 2037  1,200.00 EUR paid or credited, 5,000.00 EUR left
        day  +20  Thu  2 Apr 2037  dispute resolved by Tom: credit note booked
        day  +25  Tue  7 Apr 2037  placement with an agency left out: no agency is authorized to take it
        day  +25  Tue  7 Apr 2037  handover to collections: given to a person of ours (planned for day +21: no business day)""",
)

A_DISPUTE_ABOUT_ALL_OF_IT = Story(
    "a dispute about all of it",
    "b2b-three-weeks",
    (on(5, DisputeRaised("never ordered", None, "Tom", by="Ann")),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +5  Wed 18 Mar 2037  in dispute: all of it (never ordered); Tom clears it up by Wed 25 Mar 2037
        day  +12  Wed 25 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +25  Tue  7 Apr 2037  placement with an agency left out: no agency is authorized to take it""",
    until=APRIL,
)

THE_LEGAL_STOP = Story(
    "the legal stop",
    "b2b-three-weeks",
    (
        on(8, LegalStop("insolvency", by="Ann")),
        on(20, HoldReleased(by="Bo")),
        on(40, HoldReleased(by="Bo", why="withdrawn", legal=True)),
    ),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day   +8  Sat 21 Mar 2037  legal stop by Ann: insolvency; only a person releases it
        day  +20  Thu  2 Apr 2037  word to the account manager left out: only for strategic customers
        day  +20  Thu  2 Apr 2037  offer of a payment plan left out: only for strategic customers
        day  +40  Wed 22 Apr 2037  legal stop released by Bo: withdrawn
        day  +40  Wed 22 Apr 2037  placement with an agency left out: no agency is authorized to take it
        day  +40  Wed 22 Apr 2037  call to the decision-maker made by phone (planned for day +14: a legal stop)
        day  +40  Wed 22 Apr 2037  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +40  Wed 22 Apr 2037  text about the final demand sent as a text message (planned for day +14: with the final demand)
        day  +47  Wed 29 Apr 2037  handover to collections: given to a person of ours (planned for day +21: 7 days' notice)""",
)

LEAVE_REFUSED_AND_LEAVE_FORGOTTEN = Story(
    "leave refused and leave forgotten",
    "issue-to-payment",
    (on(34, ApprovalRefused("credit-hold", "", by="Ann", why="I call them tonight")),),
    """\
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
        day  +34  Thu 16 Apr 2037  credit hold refused by Ann: I call them tonight: it is left out
        day  +45  Mon 27 Apr 2037  approval asked for the formal demand
        day  +52  Mon  4 May 2037  approval asked for the formal demand
        day  +56  Fri  8 May 2037  nobody has answered twice whether the formal demand may be done: accounts receivable decides
        day  +56  Fri  8 May 2037  statement 1 sent by e-mail
        day  +87  Mon  8 Jun 2037  statement 2 sent by e-mail
        day  +90  Thu 11 Jun 2037  approval asked for the write-off
        day  +96  Wed 17 Jun 2037  approval asked for the write-off
        day +102  Tue 23 Jun 2037  nobody has answered twice whether the write-off may be done: accounts receivable decides
        day +117  Wed  8 Jul 2037  statement 3 sent by e-mail""",
    tasks=("accounts receivable: Nobody answers whether the formal demand",),
    until=datetime(2037, 7, 10, tzinfo=UTC),
)

THE_CREDIT_HOLD_THAT_LATE_MONEY_RELEASES = Story(
    "the credit hold that late money releases",
    "issue-to-payment",
    (on(33, ApprovalGiven("credit-hold", "", by="Ann")), on(36, balance="0.00")),
    """\
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
        day  +36  Sat 18 Apr 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +36  Sat 18 Apr 2037  paid in full
        day  +38  Mon 20 Apr 2037  word that it is settled sent by e-mail""",
    account_manager="Sue Park",
    tasks=("accounts receivable: Release the credit hold on customer C-1", "Sue Park: Invoice INV-1 of the credit hold that late money releases is paid"),
)

THE_BROKEN_PROMISE = Story(
    "the broken promise",
    "b2b-three-weeks",
    (on(4, PromiseMade(date(2037, 3, 24), by="Bea")),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2037  promise recorded: 6,200.00 EUR by Tue 24 Mar 2037 (told by Bea)
        day   +4  Tue 17 Mar 2037  confirmation of the promise sent by e-mail
        day  +14  Fri 27 Mar 2037  promise broken: 6,200.00 EUR by Tue 24 Mar 2037 did not come
        day  +14  Fri 27 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  second reminder sent by e-mail (planned for day +7: a promise)
        day  +17  Mon 30 Mar 2037  call to the decision-maker made by phone (planned for day +14: 3 days after the last contact)
        day  +17  Mon 30 Mar 2037  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +17  Mon 30 Mar 2037  text about the final demand sent as a text message (planned for day +14: with the final demand)""",
    until=EASTER,
)

THE_PROMISE_BEYOND_THE_LIMITS = Story(
    "the promise beyond the limits",
    "b2b-three-weeks",
    (on(4, PromiseMade(date(2037, 4, 24), by="Bea")),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2037  6,200.00 EUR by Fri 24 Apr 2037 was offered (told by Bea); a person decides, because Fri 24 Apr 2037 is later than Tue 31 Mar 2037, 14 days from today
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day  +14  Fri 27 Mar 2037  word to the account manager left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2037  final demand sent by e-mail
        day  +14  Fri 27 Mar 2037  text about the final demand sent as a text message""",
    until=EASTER,
)

AN_ANSWER_NOBODY_DEALS_WITH = Story(
    "an answer nobody deals with",
    "b2b-three-weeks",
    (on(4, Replied(by="Bea", why="asks for a copy")),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +4  Tue 17 Mar 2037  the customer answered: asks for a copy
        day  +11  Tue 24 Mar 2037  word to the account manager left out: only for strategic customers
        day  +11  Tue 24 Mar 2037  second reminder sent by e-mail (planned for day +7: the customer's answer)
        day  +14  Fri 27 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +14  Fri 27 Mar 2037  call to the decision-maker made by phone
        day  +14  Fri 27 Mar 2037  final demand sent by e-mail
        day  +14  Fri 27 Mar 2037  text about the final demand sent as a text message""",
    until=EASTER,
)

THE_DISCOUNT_TAKEN_IN_TIME = Story(
    "the discount taken in time",
    "b2b-three-weeks",
    (
        on(8, DiscountGranted(Decimal("2"), date(2037, 3, 27), by="Ann")),
        on(12, balance="124.00", paid_on=date(2037, 3, 25)),
    ),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day   +8  Sat 21 Mar 2037  2% discount until Fri 27 Mar 2037, authorized by Ann
        day  +10  Mon 23 Mar 2037  word to the account manager left out: only for strategic customers
        day  +10  Mon 23 Mar 2037  word of the discount sent by e-mail
        day  +12  Wed 25 Mar 2037  6,076.00 EUR paid or credited, 124.00 EUR left
        day  +12  Wed 25 Mar 2037  paid in time less 2% discount""",
)

STORIES = (
    THREE_WEEKS_WITH_E_MAIL_AND_PEOPLE_ALONE,
    A_FRIENDLY_WEEK_WITH_E_MAIL_AND_PEOPLE_ALONE,
    THE_DISPUTED_LINE,
    A_DISPUTE_ABOUT_ALL_OF_IT,
    THE_LEGAL_STOP,
    LEAVE_REFUSED_AND_LEAVE_FORGOTTEN,
    THE_CREDIT_HOLD_THAT_LATE_MONEY_RELEASES,
    THE_BROKEN_PROMISE,
    THE_PROMISE_BEYOND_THE_LIMITS,
    AN_ANSWER_NOBODY_DEALS_WITH,
    THE_DISCOUNT_TAKEN_IN_TIME,
)
