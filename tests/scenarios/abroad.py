"""Stories of customers in other countries, whose law and holidays are not ours; each goes to the end of its playbook."""

from __future__ import annotations

from datetime import UTC, date, datetime

from domain.customer import Role
from domain.event import ApprovalGiven
from support.telling import BY_HAND, Owed, Story, on

# The whole way in Britain: three consents, the papers with an agency, and the money that calls it back.
TO_THE_AGENCY_AND_BACK = Story(
    "to the agency and back",
    "issue-to-payment",
    (
        on(33, ApprovalGiven("credit-hold", "", by="Ann")),
        on(47, ApprovalGiven("formal-demand", "", by="Ann")),
        on(62, ApprovalGiven("agency-referral", "", by="Ann")),
        on(75, balance="0.00"),
    ),
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
        day  +45  Mon 27 Apr 2037  approval asked for the formal demand
        day  +47  Wed 29 Apr 2037  formal demand approved by Ann
        day  +47  Wed 29 Apr 2037  formal demand sent by e-mail (planned for day +45: approval)
        day  +61  Wed 13 May 2037  approval asked for the referral to an agency or lawyer
        day  +62  Thu 14 May 2037  referral to an agency or lawyer approved by Ann
        day  +62  Thu 14 May 2037  referral to an agency or lawyer: given to a person of ours (planned for day +60: approval)
        day  +75  Wed 27 May 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +75  Wed 27 May 2037  paid in full
        day  +75  Wed 27 May 2037  word that it is settled sent by e-mail""",
    contacts=((Role.BILLING, "Bea Ling"), (Role.CFO, "Carl Frost")),
    tasks=("accounts receivable: Recall invoice INV-1 from the agency", "accounts receivable: Release the credit hold on customer C-1"),
    country="GB",
    time_zone="Europe/London",
)

# An owner in New York, and a customer like any other: softer words are for those one would not lose.
THE_OWNER_WRITES_TO_ANYBODY = Story(
    "the owner writes to anybody",
    "owner-voice",
    (on(60, balance="0.00"),),
    """\
        day  -11  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day   +3  Mon 16 Mar 2037  first note sent by e-mail
        day  +12  Wed 25 Mar 2037  first note, softer left out: only for vip or strategic customers
        day  +12  Wed 25 Mar 2037  second note sent by e-mail
        day  +25  Tue  7 Apr 2037  third note sent by e-mail (planned for day +21: no business day)
        day  +28  Fri 10 Apr 2037  the owner's call: given to a person of ours
        day  +42  Fri 24 Apr 2037  offer of a payment plan left out: only for strategic customers; or for high risk
        day  +42  Fri 24 Apr 2037  last note sent by e-mail
        day  +60  Tue 12 May 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +60  Tue 12 May 2037  paid in full
        day  +60  Tue 12 May 2037  word that it is settled sent by e-mail""",
    channels=BY_HAND,
    country="US",
    time_zone="America/New_York",
)

# Whoever always pays seventeen days late hears of it two weeks before, and once more when the day is near.
EARLY_WORD_TO_WHO_PAYS_LATE = Story(
    "early word to who pays late",
    "standard",
    (on(18, balance="0.00", due=date(2037, 4, 24)),),
    """\
        day  -53  Mon  2 Mar 2037  watching begins: 6,200.00 EUR open
        day  -14  Fri 10 Apr 2037  early note sent by e-mail
        day   -3  Tue 21 Apr 2037  upcoming left out: not needed for a customer who pays late by habit
        day   -3  Tue 21 Apr 2037  note shortly before the due date sent by e-mail
        day   +0  Fri 24 Apr 2037  due today sent by e-mail
        day   +5  Wed 29 Apr 2037  first reminder sent by e-mail
        day  +14  Fri  8 May 2037  second reminder sent by e-mail
        day  +18  Tue 12 May 2037  6,200.00 EUR paid or credited, 0.00 EUR left
        day  +18  Tue 12 May 2037  paid in full""",
    owes=(Owed(due=date(2037, 4, 24)),),
    paid_late=(17, 15, 19, 17),
    channels=BY_HAND,
    until=datetime(2037, 5, 20, tzinfo=UTC),
)

STORIES = (TO_THE_AGENCY_AND_BACK, THE_OWNER_WRITES_TO_ANYBODY, EARLY_WORD_TO_WHO_PAYS_LATE)
