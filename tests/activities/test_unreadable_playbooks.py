"""A playbook or wording that cannot be read under a running worker is one task at once, and the invoices that need it wait and say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

import playbooks
from db import schema
from db.engine import Database
from domain.decision import Wait
from domain.event import HoldPlaced
from playbooks import Fault, UnableToLoad, page
from support.by_hand import ByHand
from support.rig import standard_policy

BROKEN = UnableToLoad([Fault("playbooks/wording/en/phrases.yaml", 7, "says greeting twice; remove one")])


def test_a_wording_that_breaks_under_a_running_worker_is_one_task_and_its_invoices_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = ByHand(database)
    found = [hand.add(number, 20, customer=f"C-{number}") for number in ("INV-1", "INV-2")]

    def broken(language: str) -> object:
        raise BROKEN

    with monkeypatch.context() as patched:
        patched.setattr(page, "phrases", broken)
        for invoice in found:
            waits = hand.deliver(invoice, hand.due(invoice)).decision
            assert isinstance(waits, Wait) and waits.why == "the playbook cannot be read"
    assert hand.tasks() == ["playbook/send"]
    ((title, remedy),) = hand.rows("select title, remedy from tasks where key = 'playbook/send'")
    assert title == "A playbook cannot be read: playbooks/wording/en/phrases.yaml:7"
    assert "says greeting twice; remove one" in remedy
    assert hand.rows("select rule, waiting_because from cases") == [("playbook", f"the playbook cannot be read: {BROKEN}")] * 2
    assert hand.mailer.posted == [] and hand.states() == ["released", "released"]
    hand.now += timedelta(hours=1)
    for invoice in found:
        hand.work(invoice)
    assert len(hand.mailer.accepted) == 2 and hand.tasks() == []


def test_an_invoice_whose_own_playbook_cannot_be_read_keeps_what_is_said_until_it_can(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 3)
    hand.work(invoice)
    other = playbooks.load("issue-to-payment")
    resolved = playbooks.resolve(other)
    hand.employ(replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved))
    pinned = schema.playbook_versions.c.hash == hand.case(invoice).playbook
    with database.transaction() as connection:
        whole = connection.execute(select(schema.playbook_versions.c.resolved).where(pinned)).scalar_one()
        newer = whole.replace('"do":"remind"', '"do":"dance"')
        connection.execute(schema.playbook_versions.update().where(pinned).values(resolved=newer))
    hand.say(invoice, HoldPlaced(by="Ann", why="agreed"))
    waits = hand.assess(invoice).decision
    assert isinstance(waits, Wait) and waits.why == "the playbook cannot be read"
    assert "playbook/look" in hand.tasks() and hand.case(invoice).holds == ()
    assert hand.rows("select waiting_because from cases")[0][0].startswith("the playbook cannot be read: stored playbook:1:")
    with database.transaction() as connection:
        connection.execute(schema.playbook_versions.update().where(pinned).values(resolved=whole))
    hand.now += timedelta(hours=1)
    assert hand.assess(invoice).decision.why.startswith("on hold")
    assert "playbook/look" not in hand.tasks() and hand.case(invoice).holds
