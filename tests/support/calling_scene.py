"""An invoice for which a call is due, our listener, and whoever places calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select

import playbooks
from activities.assessor import Policy
from db import parties, schema
from db.engine import Database
from domain.customer import Role
from domain.decision import Perform, Wait
from domain.facts import Envelope
from domain.statute import Technology
from integrations.accounting import LedgerContact
from settings import Settings
from support.by_hand import ByHand
from support.office import FakeDoor
from support.switchboard import ACCOUNT, PUBLIC, TOKEN, Caller, Phone
from web.app import create_public

STEP = "decision-maker-call"
NUMBER = "+49301234567"


@dataclass
class Scene:
    """An invoice for which the call to the decision-maker is due, the listener, and whoever places calls."""

    hand: ByHand
    client: TestClient
    caller: Caller
    door: FakeDoor
    invoice: str

    def place(self) -> Phone:
        """Place the call that is due; it rings."""
        act = self.hand.due(self.invoice)
        assert (act.step, act.channel) == (STEP, "call")
        answer = self.hand.deliver(self.invoice, act)
        assert isinstance(answer.decision, Wait), answer.decision
        assert self.hand.states()[-1] == "calling"
        return Phone(self.client, self.caller.placed[-1].key)

    def look(self) -> str:
        """What the invoice does next, once it has heard everything."""
        decision = self.hand.assess(self.invoice).decision
        return f"{decision.step} by {decision.channel}" if isinstance(decision, Perform) else getattr(decision, "why", "")

    def kinds(self) -> list[str]:
        """What was told to the invoice by the voice agent, in order."""
        with self.hand.database.reading() as connection:
            return list(
                connection.scalars(select(schema.inbox.c.kind).where(schema.inbox.c.source == "voice").order_by(schema.inbox.c.received_at, schema.inbox.c.id))
            )


def set_up(database: Database, folder: Path, *, consents: bool = True, country: str = "DE", **more: object) -> tuple[ByHand, FakeDoor, TestClient, Caller, str]:
    playbook = playbooks.load("b2b-three-weeks")
    channels = frozenset({"email", "call", "task"})
    hand = ByHand(database, policy=Policy(playbook, playbooks.resolve(playbook), Envelope(channels=channels), public_url=PUBLIC))
    caller = Caller()
    hand.outreach = replace(hand.outreach, messengers={"call": caller})
    hand.ledger.add("INV-1", hand.day(-14), hand.day(-44), country=country)
    row = hand.ledger.rows["INV-1"]
    people = (LedgerContact("Bea Ling", "bea@customer.example"), LedgerContact("Clara Vogt", "clara@customer.example", NUMBER, Role.CFO))
    hand.ledger.rows["INV-1"] = replace(row, customer=replace(row.customer, contacts=people))
    invoice = hand.take_in("INV-1")
    if consents:
        with database.transaction() as connection:
            customer = parties.load_customer(connection, connection.execute(select(schema.customers.c.id)).scalar_one())
            parties.save_reach(connection, replace(customer, consents=frozenset(one.value for one in Technology)))
    door = FakeDoor(database)
    door.ledgers = hand.ledgers  # type: ignore[attr-defined]
    settings = Settings(
        data_folder=folder,
        public_url=PUBLIC,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        channels="email,call",
        call_transfer_to=str(more.get("transfer", "")),
        mailer="capture",
    )

    def clock() -> datetime:
        hand.now += timedelta(milliseconds=1)
        return hand.now

    client = TestClient(create_public(door, settings, (), clock), base_url=PUBLIC)
    return hand, door, client, caller, invoice


def wait_for_the_call(hand: ByHand, invoice: str) -> None:
    for _ in range(40):
        decision = hand.assess(invoice).decision
        if isinstance(decision, Perform) and decision.channel == "call":
            return
        if isinstance(decision, Perform):
            hand.deliver(invoice, decision)
        else:
            assert isinstance(decision, Wait)
            hand.now = max(hand.now, decision.until)
    raise AssertionError("no call is ever due")
