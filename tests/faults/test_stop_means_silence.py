"""STOP means silence: whoever wants nothing more gets nothing more, on every automated channel, wherever a message is just then.

The judge is what the provider took, on the clock of the activities: a second for each thing they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from activities.assessor import Policy
from activities.outreach import Outreach, Site
from db import parties, suppressions
from db.engine import Database
from db.schema import contacts, customers
from domain.delivery import Ground, silenced_by
from domain.facts import Envelope
from integrations.messaging import Accepted, Email, Message, Outcome
from playbooks import load, resolve
from support.by_hand import ByHand

REACH = {"email": "c-1@customer.example", "sms": "+4915112345678", "call": "+4915112345678", "portal": "c-1@customer.example"}
LIMIT = timedelta(seconds=60)


@dataclass
class Carrier:
    """Takes everything, and notes when the first byte of it could have left."""

    clock: Callable[[], datetime]
    taken: list[tuple[datetime, str, str]] = field(default_factory=list)
    name: str = "carrier"

    def send(self, email: Email) -> Outcome:
        self.taken.append((self.clock(), "email", email.to_address))
        return Accepted(f"p{len(self.taken)}", delivered=True)

    def carry(self, message: Message) -> Outcome:
        self.taken.append((self.clock(), message.channel, message.to_address))
        return Accepted(f"p{len(self.taken)}", delivered=True)


class House(ByHand):
    """A worker whose playbook uses one channel for what comes next."""

    def __init__(self, database: Database, channel: str) -> None:
        playbook = load({"portal": "issue-to-payment", "letter": "b2b-three-weeks"}.get(channel, "multi-channel-week"))
        channels = frozenset({"email", "sms", "call", "portal", "letter", "task"})
        super().__init__(database, policy=Policy(playbook, resolve(playbook), Envelope(channels=channels)))
        self.carrier, self.channel = Carrier(lambda: self.now), channel
        at: Callable[[Site], None] = lambda site: self.on.get(site, lambda: None)()  # noqa: E731
        messengers = dict.fromkeys(("sms", "call", "portal", "letter"), self.carrier)
        self.outreach = Outreach(self.database, self.ledgers, self.cases.assessor, self.carrier, at, messengers)

    def stop(self) -> None:
        with self.database.transaction() as connection:
            suppressions.suppress(
                connection, REACH[self.channel], silenced_by(self.channel), Ground.ASKED, by="the customer", reason="wrote STOP", now=self.now
            )
            told = suppressions.tell_out(connection, REACH[self.channel], silenced_by(self.channel), by="the customer", why="wrote STOP", now=self.now)
        assert told, "its invoices were told"


def begin(database: Database, channel: str) -> tuple[House, str]:
    """A house about to use ``channel``."""
    house = House(database, channel)
    invoice = house.add("INV-1", 0 if channel == "portal" else 1)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(phone=REACH["sms"], portal_reach=REACH["portal"], set_by="Ann"))
        if channel in ("portal", "letter"):
            connection.execute(customers.update().values(preferred_channel=channel))
    return house, invoice


def go_until_due(house: House, invoice: str) -> None:
    """Let the ladder run until what is due next goes by the channel."""
    for _ in range(60):
        answer = house.assess(invoice).decision
        while answer.kind == "perform":
            if answer.channel == house.channel:
                return
            answer = house.deliver(invoice, answer).decision
        house.now = max(house.now, answer.until)
    raise AssertionError(f"nothing goes by {house.channel}")


@pytest.mark.parametrize("site", list(Site))
@pytest.mark.parametrize("channel", ["email", "sms", "call", "portal"])
def test_after_stop_nothing_goes_by_that_channel_wherever_the_message_was(database: Database, channel: str, site: Site) -> None:
    house, invoice = begin(database, channel)
    go_until_due(house, invoice)
    act, stopped = house.due(invoice), []
    assert act.channel == channel

    def stop() -> None:
        if not stopped:
            stopped.append(house.now)
            house.stop()

    house.on[site] = stop
    before = len(house.carrier.taken)
    house.deliver(invoice, act)
    assert stopped, "it never came so far"
    late = [at - stopped[0] for at, by, _ in house.carrier.taken[before:] if by == channel]
    if site in (Site.DECIDED, Site.CLAIMED, Site.FENCED):
        assert late == [], "it was not on its way yet"
    assert all(delay < LIMIT for delay in late)
    for _ in range(40):
        house.now = max(house.now, house.work(invoice).until)
    after = [(at, by) for at, by, to in house.carrier.taken if by in silenced_by(channel) and at > stopped[0] + LIMIT and to == REACH[channel]]
    assert after == [], f"still heard from us: {after}"


def test_stop_by_every_way_leaves_what_must_be_in_writing_to_a_letter_and_nothing_else_goes(database: Database) -> None:
    house = House(database, "letter")
    house.ledger.add("INV-1", house.day(-1), house.day(-31))
    known = house.ledger.rows["INV-1"]
    house.ledger.rows["INV-1"] = replace(known, customer=replace(known.customer, address=("1 Main Street", "Springfield")))
    invoice = house.take_in("INV-1")
    house.until(lambda: "balance-reminder" in house.fates(invoice), invoice)
    house.channel = "email"
    house.stop()
    stopped = house.now
    house.until(lambda: "letter" in {by for at, by, _ in house.carrier.taken if at > stopped}, invoice)
    assert {by for at, by, _ in house.carrier.taken if at > stopped} == {"letter"}
    assert house.rows("select step from outreach where channel = 'letter'") == [("final-demand",)]


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_another_channel_that_nobody_refused_takes_the_step(database: Database, channel: str) -> None:
    house, invoice = begin(database, channel)
    go_until_due(house, invoice)
    house.stop()
    taken = len(house.carrier.taken)
    for _ in range(30):
        house.now = max(house.now, house.work(invoice).until)
    heard = {by for _, by, _ in house.carrier.taken[taken:]}
    assert channel not in heard
    assert heard or "unreachable" in str(house.rows("select rule from cases")), "either somebody is reached otherwise, or people are told"
    assert any(one.startswith(("contact/", "opted-out/")) for one in house.tasks())


def test_the_wish_is_written_into_the_diary_and_a_person_calls(database: Database) -> None:
    house, invoice = begin(database, "sms")
    house.assess(invoice)
    house.stop()
    house.assess(invoice)
    assert "the customer wants nothing more by text message or by phone from a machine: wrote STOP" in house.diary(invoice)
    assert any(one.startswith("opted-out/") for one in house.tasks())


def test_a_number_is_the_same_however_the_ledger_writes_it(database: Database) -> None:
    house, invoice = begin(database, "sms")
    with database.transaction() as connection:
        connection.execute(contacts.update().values(phone="+49 (151) 123-456.78", set_by="Ann"))
    house.assess(invoice)
    house.stop()
    customer = house.case(invoice).invoice.customer
    with database.transaction() as connection:
        (contact,) = parties.load_reached(connection, customer).customer.contacts
    assert {"sms", "call"} <= contact.refused
