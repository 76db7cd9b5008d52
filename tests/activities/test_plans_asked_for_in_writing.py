"""Who writes that they would like to pay in parts gets the proposal that the playbook offers, as whoever says so on the phone does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

import playbooks
from activities.plans import Plans
from db import incoming, schema
from db.engine import Database
from db.replies import load_message
from domain.event import HoldPlaced
from domain.incoming import Incoming
from support.by_hand import ByHand
from support.rig import standard_policy
from workflows.ports import AskPlan, PlanAnswer

SURE = "Could we please pay invoice INV-1 in three monthly installments?"


class Scene:
    """An invoice 20 days late, by a playbook that offers plans to who asks for one (or that of this name), and its customer's words."""

    def __init__(self, database: Database, playbook: str = "issue-to-payment") -> None:
        policy = playbooks.load(playbook)
        resolved = playbooks.resolve(policy)
        self.hand = ByHand(database, policy=replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved))
        self.invoice = self.hand.add("INV-1", 20)
        self.hand.work(self.invoice)

    def write(self, text: str = SURE, sender: str = "c-1@customer.example", number: int = 1) -> str:
        message = Incoming("imap:x", f"INBOX/1/{number}", "email", self.hand.now, sender, ("ar@seller.example",), text)
        with self.hand.database.transaction() as connection:
            return incoming.receive(connection, message, self.hand.now).id

    def kinds(self) -> list[str]:
        return [kind for (kind,) in self.hand.rows("select kind from inbox where source = 'incoming' order by kind")]

    def keep_plan(self) -> PlanAnswer:
        with self.hand.database.reading() as connection:
            plan = connection.execute(select(schema.inbox.c.case_id).where(schema.inbox.c.kind == "offered")).scalar_one()
        keeper = Plans(self.hand.database, self.hand.ledgers, self.hand.cases.assessor)
        answer: PlanAnswer = self.hand.run(keeper.assess_plan, AskPlan(plan.removeprefix("plan/")))  # type: ignore[arg-type, assignment]
        return answer

    def state(self, message: str) -> tuple[str, str]:
        with self.hand.database.reading() as connection:
            found = load_message(connection, message)
        return found.line.state, found.handled_as


def test_a_plan_asked_for_by_mail_is_proposed_in_writing_and_the_mail_is_dealt_with(database: Database) -> None:
    scene = Scene(database)
    message = scene.write()
    assert scene.kinds() == ["hold", "offered"]
    scene.hand.assess(scene.invoice)
    assert scene.hand.case(scene.invoice).active_hold(scene.hand.now), "the invoice was chased while its plan was made"
    answer = scene.keep_plan()
    assert answer.kept is not None and answer.kept.in_writing
    assert scene.state(message) == ("handled", "plan")
    assert scene.hand.due(scene.invoice).step == "plan-proposed-1"
    assert not any(key.startswith("reply/") for key in scene.hand.tasks())


def test_where_the_playbook_offers_no_plans_a_person_agrees_on_one(database: Database) -> None:
    scene = Scene(database, "standard")
    message = scene.write()
    scene.hand.assess(scene.invoice)
    assert scene.keep_plan().kept is None
    assert scene.state(message)[0] == "open"
    assert any(key.startswith("plan/") and key.endswith("/refused") for key in scene.hand.tasks())


def test_a_second_wish_is_for_a_person_to_answer(database: Database) -> None:
    scene = Scene(database)
    scene.write()
    scene.keep_plan()
    scene.write("Could we please pay invoice INV-1 in six monthly installments?", number=2)
    assert scene.kinds() == ["hold", "offered", "replied"]


@pytest.mark.parametrize("sender", ["somebody@elsewhere.example"])
def test_who_is_not_known_only_has_it_paused(database: Database, sender: str) -> None:
    scene = Scene(database)
    scene.write(sender=sender)
    assert "offered" not in scene.kinds()


def test_a_longer_hold_of_ours_is_not_cut_short_by_the_wish(database: Database) -> None:
    scene = Scene(database)
    scene.hand.say(scene.invoice, HoldPlaced(scene.hand.day(30), by="Ann", why="agreed"))
    scene.hand.assess(scene.invoice)
    longer = scene.hand.case(scene.invoice).holds
    scene.write()
    assert scene.kinds() == ["hold", "offered"]
    scene.hand.assess(scene.invoice)
    assert scene.hand.case(scene.invoice).holds == longer
    scene.keep_plan()
    assert longer[0] in scene.hand.case(scene.invoice).holds
