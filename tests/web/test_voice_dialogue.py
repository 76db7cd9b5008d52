"""What the voice agent agrees on: our own endpoints, signed requests, a real database, and the activities that follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from sqlalchemy import select

from activities.plans import Plans
from db import schema
from db.engine import Database
from support.calling_scene import STEP, Scene, set_up, wait_for_the_call
from workflows.ports import AskPlan, PlanAnswer


def test_a_day_agreed_on_the_phone_is_a_promise_and_silences_the_invoice(scene: Scene) -> None:
    phone = scene.place()
    assert "a call" in scene.look() or "on its way" in scene.look()
    first = phone.pick_up()
    assert "automated assistant" in first
    assert "INV-1" not in first
    assert "INV-1" in phone.press("1")
    phone.say("yes, they did")
    phone.say("I think so")
    assert "on Friday" in phone.said[-1] or "which day" in phone.said[-1]
    assert "Is that right?" in phone.say("next Friday")
    assert "in writing" in phone.say("yes")
    assert phone.over
    phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]
    scene.look()
    assert "promise recorded: 1,200.00 EUR" in scene.hand.diary(scene.invoice)
    assert "call to the decision-maker made by phone" in scene.hand.diary(scene.invoice)
    assert scene.hand.fates(scene.invoice)[STEP] == "delivered"
    assert scene.hand.case(scene.invoice).open_promise is not None
    assert "delivered" in scene.hand.states()


def test_a_call_that_brings_no_day_leads_to_the_final_demand_on_the_same_day(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "1", "2", "2")
    assert phone.over
    phone.hang_up()
    assert scene.look() == "final-demand by email"
    assert "no day was named" in scene.hand.diary(scene.invoice)


def test_our_messages_that_had_not_arrived_are_sent_once_more_at_once(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "once more today" in phone.press("1", "2")
    phone.hang_up()
    assert scene.kinds() == ["answer_owed", "call_ended"]
    assert scene.look() == "copy-sent-1 by email"


def test_the_link_goes_out_while_they_still_talk(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "on its way" in phone.press("1", "1", "5")
    assert scene.look().startswith("pay-link-1 by ")


def test_a_customer_who_wants_a_person_is_put_through_in_office_hours(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "0")
    assert phone.dials == "+49309999999"
    phone.follow(phone.post(phone.next, DialCallStatus="completed"))
    assert phone.over
    phone.hang_up()
    assert scene.kinds() == ["replied", "call_ended"]
    scene.look()
    assert "put through to a colleague" in scene.hand.diary(scene.invoice)


def test_when_no_colleague_is_free_one_calls_back_by_a_day_that_is_named(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "0")
    said = phone.follow(phone.post(phone.next, DialCallStatus="no-answer"))
    assert "will call you back by" in said
    phone.hang_up()
    assert scene.look() == "call-back-confirmed-1 by email"
    scene.hand.deliver(scene.invoice, scene.hand.due(scene.invoice))
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'email' order by claimed_at desc limit 1")
    assert "a colleague will call you back by" in " ".join(text.split()) and "number ending in 567" in " ".join(text.split()), text
    with scene.hand.database.reading() as connection:
        tasks = connection.execute(select(schema.tasks.c.title, schema.tasks.c.owner, schema.tasks.c.due)).all()
    assert any(title.startswith("Call the customer back about invoice INV-1") and owner and due > scene.hand.day() for title, owner, due in tasks)


def test_the_wrong_number_is_called_no_more_and_a_person_finds_the_right_one(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("2", "2")
    assert phone.over
    phone.hang_up()
    assert scene.look() == f"{STEP} by task"
    assert "it was the wrong number" in scene.hand.diary(scene.invoice)
    assert any(key.startswith("wrong-number/") for key in scene.hand.tasks())


def test_who_wants_no_more_such_calls_gets_none(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "not call you in this way again" in phone.press("8")
    phone.hang_up()
    scene.look()
    with scene.hand.database.reading() as connection:
        assert set(connection.scalars(select(schema.suppressions.c.channel))) == {"sms", "call"}


def test_what_is_wrong_becomes_a_dispute_in_the_customers_words(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "3")
    phone.say("two boxes were missing")
    phone.hang_up()
    assert scene.look() == "dispute-confirmed-1 by email"
    assert "in dispute: all of it (two boxes were missing)" in scene.hand.diary(scene.invoice)
    scene.hand.deliver(scene.invoice, scene.hand.due(scene.invoice))
    ((text, html),) = scene.hand.rows("select text, html from outreach where channel = 'email' order by claimed_at desc limit 1")
    assert "something is not right with invoice INV-1" in " ".join(text.split())
    assert "boxes" not in text + html, "what was said on the phone is nobody else's to read"
    assert "in dispute" in scene.look()


def test_who_says_that_it_is_paid_has_it_in_writing_that_we_look_for_the_payment(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "4")
    phone.hang_up()
    assert scene.look() == "payment-noted-1 by email"


def test_what_was_said_on_the_phone_stands_in_the_message(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.say("Yes, this is Clara")
    phone.hang_up()
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'call'")
    first, second, third, *_ = text.splitlines()
    assert first.startswith("Assistant: Good day. This is an automated assistant")
    assert (second[:9], third) == ("Assistant", "Customer: Yes, this is Clara")


def test_a_call_about_several_invoices_is_told_to_each_of_them(database: Database, tmp_path: Path) -> None:
    hand, door, client, caller, first = set_up(database, tmp_path)
    row = hand.ledger.rows["INV-1"]
    hand.ledger.rows["INV-2"] = replace(row, ref="INV-2", number="INV-2", balance=row.balance / 2, total=row.total)
    second = hand.take_in("INV-2")
    with client:
        wait_for_the_call(hand, first)
        scene = Scene(hand, client, caller, door, first)
        phone = scene.place()
        phone.pick_up()
        said = phone.press("1")
        assert "2 invoices" in said
        assert "1,800.00" in said
        phone.press("1", "1")
        phone.say("next Friday")
        phone.press("1")
        phone.hang_up()
    assert sorted(scene.kinds()) == ["call_ended", "promise", "promise"]
    hand.assess(first)
    hand.assess(second)
    for invoice in (first, second):
        assert hand.fates(invoice)[STEP] == "delivered"
        assert hand.case(invoice).open_promise is not None
    assert len(hand.rows("select id from outreach where channel = 'talk'")) == 1
    assert hand.case(second).open_promise.amount.amount == row.balance / 2  # type: ignore[union-attr]


def test_half_of_each_invoice_is_promised_when_no_more_can_be_paid(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    phone.press("1", "1", "1")
    phone.say("in two months", "no", "yes")
    phone.hang_up()
    scene.look()
    assert "promise recorded: 600.00 EUR" in scene.hand.diary(scene.invoice)


def test_a_german_customer_is_spoken_to_in_german(scene: Scene) -> None:
    with scene.hand.database.transaction() as connection:
        connection.execute(schema.contacts.update().values(language="de"))
    phone = scene.place()
    assert "automatischer Assistent" in phone.pick_up()
    assert "1.200,00" in phone.say("Ja, am Apparat")
    phone.say("ja", "ja")
    assert "Ist das richtig?" in phone.say("nächsten Freitag")
    phone.say("genau")
    phone.hang_up()
    assert scene.kinds() == ["promise", "call_ended"]


def test_what_is_spoken_names_its_language_and_listens_for_words_and_keys(scene: Scene) -> None:
    phone = scene.place()
    root = ElementTree.fromstring(phone.post(f"/voice/{phone.key}", AnsweredBy="human").text)
    gather = root.find("Gather")
    assert gather is not None
    assert (gather.get("input"), gather.get("actionOnEmptyResult"), gather.get("numDigits"), gather.get("language")) == ("dtmf speech", "true", "1", "en-GB")
    assert {say.get("language") for say in root.iter("Say")} == {"en-GB"}


def test_who_would_like_to_pay_in_parts_is_offered_a_plan_and_gets_the_proposal_in_writing(scene: Scene) -> None:
    phone = scene.place()
    phone.pick_up()
    assert "proposal for paying in parts in writing" in phone.press("1", "6")
    phone.hang_up()
    assert sorted(scene.kinds()) == ["call_ended", "hold", "offered"]
    scene.look()
    assert scene.hand.case(scene.invoice).active_hold(scene.hand.now), "the invoice was chased while its plan was made"
    with scene.hand.database.reading() as connection:
        plan = connection.execute(select(schema.inbox.c.case_id).where(schema.inbox.c.kind == "offered")).scalar_one()
    keeper = Plans(scene.hand.database, scene.hand.ledgers, scene.hand.cases.assessor)
    answer: PlanAnswer = scene.hand.run(keeper.assess_plan, AskPlan(plan.removeprefix("plan/")))  # type: ignore[arg-type, assignment]
    assert answer.kept is not None and answer.kept.in_writing
    assert scene.look() == "plan-proposed-1 by email"
    scene.hand.deliver(scene.invoice, scene.hand.due(scene.invoice))
    ((text,),) = scene.hand.rows("select text from outreach where channel = 'email' order by claimed_at desc limit 1")
    assert text.count("400") == 3, text
    assert "binds you to nothing" in text
    with scene.hand.database.reading() as connection:
        tasks = connection.execute(select(schema.tasks.c.title, schema.tasks.c.owner, schema.tasks.c.due)).all()
    assert any("Get an answer" in title and owner and due > scene.hand.day() for title, owner, due in tasks)


def test_where_no_playbook_offers_plans_a_person_does(scene: Scene) -> None:
    phone = scene.place()
    with scene.hand.database.transaction() as connection:
        sheet = connection.execute(select(schema.calls.c.sheet)).scalar_one()
        connection.execute(schema.calls.update().values(sheet={**sheet, "plan_in_writing": False}))
    phone.pick_up()
    assert "A colleague will get in touch" in phone.press("1", "6")
    phone.hang_up()
    assert scene.kinds() == ["replied", "call_ended"]
    scene.look()
    assert any(key.startswith("reply/") for key in scene.hand.tasks())
