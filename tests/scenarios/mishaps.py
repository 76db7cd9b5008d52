"""Stories of what crosses an invoice's way: payments in the wrong moment, outages, changed policies, absent people.

The diary is the assertion, on the pure timeline and on a server with a virtual clock.
"""
# The lines of a diary are as long as what they tell.

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from domain.customer import Tier
from domain.event import Reissued, Replied, ReplyHandled
from domain.invoice import Standing
from domain.person import Access, Duty, Person
from domain.timeline import During
from support.telling import BY_HAND, Owed, Story, Turn, on

PAYMENT_BEFORE_THE_LAST_LOOK = Story(
    "the payment that lands mid-send",
    "b2b-three-weeks",
    (on(6, during=During.FENCE, balance="0.00"),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day   +7  Fri 20 Mar 2037  paid in full""",
)

PAYMENT_AFTER_THE_LAST_LOOK = Story(
    "the payment that crosses a reminder",
    "b2b-three-weeks",
    (on(6, during=During.SENDING, balance="0.00"),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day   +7  Fri 20 Mar 2037  paid in full""",
)

OUTAGE_OF_TEN_DAYS = Story(
    "the outage of ten days",
    "b2b-three-weeks",
    (
        Turn(datetime(2037, 3, 15, 11, tzinfo=UTC), broken="connection refused"),
        Turn(datetime(2037, 3, 25, 11, tzinfo=UTC), broken=""),
    ),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day  +10  Mon 23 Mar 2037  word to the account manager left out: only for strategic customers
        day  +12  Wed 25 Mar 2037  first reminder sent by e-mail (planned for day +3: the ledger could not be read)
        day  +17  Mon 30 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +17  Mon 30 Mar 2037  second reminder sent by e-mail (planned for day +7: 3 days after the last contact)
        day  +20  Thu  2 Apr 2037  call to the decision-maker made by phone (planned for day +14: 3 days after the last contact)
        day  +20  Thu  2 Apr 2037  final demand sent by e-mail (planned for day +14: with the call to the decision-maker)
        day  +20  Thu  2 Apr 2037  text about the final demand sent as a text message (planned for day +14: with the final demand)
        day  +27  Thu  9 Apr 2037  placement with an agency left out: no agency is authorized to take it
        day  +27  Thu  9 Apr 2037  handover to collections: given to a person of ours (planned for day +21: 7 days' notice)""",
    tasks=("accounts receivable: The ledger",),
    until=datetime(2037, 4, 10, tzinfo=UTC),
)

POLICY_MIGRATED = Story(
    "the policy migrated mid-ladder",
    "standard",
    (replace(on(16), move_to="b2b-three-weeks"),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day  -11  Mon  2 Mar 2037  early note left out: only for customers who are always late
        day   -7  Fri  6 Mar 2037  upcoming sent by e-mail
        day   +0  Fri 13 Mar 2037  note shortly before the due date left out: only for customers who are always late
        day   +0  Fri 13 Mar 2037  due today sent by e-mail
        day   +5  Wed 18 Mar 2037  first reminder sent by e-mail
        day  +14  Fri 27 Mar 2037  second reminder sent by e-mail
        day  +16  Sun 29 Mar 2037  follows the playbook b2b-three-weeks from now on, says Ann
        day  +16  Sun 29 Mar 2037  word to the account manager left out: only for strategic customers
        day  +16  Sun 29 Mar 2037  offer of a payment plan left out: only for strategic customers
        day  +17  Mon 30 Mar 2037  call to the decision-maker: given to a person of ours (planned for day +14: 3 days after the last contact)
        day  +18  Tue 31 Mar 2037  final demand sent by e-mail (planned for day +14: a colleague calls first)
        day  +18  Tue 31 Mar 2037  text about the final demand: given to a person of ours (planned for day +14: with the final demand)
        day  +25  Tue  7 Apr 2037  placement with an agency left out: no agency is authorized to take it
        day  +25  Tue  7 Apr 2037  handover to collections: given to a person of ours (planned for day +21: no business day)""",
    channels=BY_HAND,
    until=datetime(2037, 5, 1, tzinfo=UTC),
)

REISSUED = Story(
    "the reissued invoice",
    "b2b-three-weeks",
    (
        on(9, Reissued(successor="inv-1a", by="Ann", why="the order number was wrong")),
        on(9, Reissued(predecessor="inv-1", by="Ann", why="the order number was wrong"), number="INV-1A"),
        on(9, standing=Standing.VOID),
        on(36, number="INV-1A", balance="0.00"),
    ),
    """\
        INV-1
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first reminder sent by e-mail
        day   +7  Fri 20 Mar 2037  second reminder sent by e-mail
        day   +9  Sun 22 Mar 2037  replaced by another invoice: the order number was wrong
        day   +9  Sun 22 Mar 2037  the ledger now says: void
        day   +9  Sun 22 Mar 2037  voided in the ledger

        INV-1A
        day  -19  Sun 22 Mar 2037  watching begins: 6,200.00 EUR open
        day  -19  Sun 22 Mar 2037  replaces another invoice, whose history it carries on: the order number was wrong
        day   +3  Mon 13 Apr 2037  first reminder sent by e-mail
        day   +7  Fri 17 Apr 2037  second reminder sent by e-mail
        day   +8  Sat 18 Apr 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day   +8  Sat 18 Apr 2037  paid in full""",
    owes=(Owed(), Owed("INV-1A", date(2037, 4, 10), seen=datetime(2037, 3, 22, 9, tzinfo=UTC))),
)

OWNER_ON_HOLIDAY = Story(
    "the owner on holiday",
    "owner-voice",
    (
        on(6, Replied(by="Bea", why="asks who approved the order")),
        on(12, ReplyHandled(by="Dana", why="told them on the phone")),
    ),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +5  Wed 18 Mar 2037  first note left out: not done to vip customers
        day   +5  Wed 18 Mar 2037  first note, softer sent by e-mail
        day   +6  Thu 19 Mar 2037  the customer answered: asks who approved the order
        day  +12  Wed 25 Mar 2037  the customer's answer was dealt with by Dana: told them on the phone
        day  +12  Wed 25 Mar 2037  second note sent by e-mail
        day  +25  Tue  7 Apr 2037  third note sent by e-mail (planned for day +21: no business day)
        day  +28  Fri 10 Apr 2037  the owner's call: given to a person of ours
        day  +55  Thu  7 May 2037  offer of a payment plan left out: only for strategic customers; or for high risk
        day  +55  Thu  7 May 2037  last note left out: not done to vip customers
        day  +55  Thu  7 May 2037  statement 1 sent by e-mail
        day  +87  Mon  8 Jun 2037  statement 2 sent by e-mail""",
    tier=Tier.VIP,
    ours=(
        Person("per_1", "Dana", Access.AGENT),
        Person("per_2", "Olga", Access.ADMIN, duties=(Duty.OWNER,), deputy="Dana", away_from=date(2037, 3, 16), away_through=date(2037, 3, 27)),
    ),
    tasks=("Dana: The customer answered about invoice INV-1", "Olga: Decide what happens to invoice INV-1"),
    channels=BY_HAND,
)

STORIES = (
    PAYMENT_BEFORE_THE_LAST_LOOK,
    PAYMENT_AFTER_THE_LAST_LOOK,
    OUTAGE_OF_TEN_DAYS,
    POLICY_MIGRATED,
    REISSUED,
    OWNER_ON_HOLIDAY,
)
