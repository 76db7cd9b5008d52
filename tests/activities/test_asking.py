"""People of ours are asked for leave: whoever is there, by a mail that is no contact with the customer, for one exact text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import playbooks
from activities.outreach import Site
from activities.reconciling import Reconciler
from db import approvals, installation, people
from db.approvals import ApprovalText
from db.engine import Database
from db.schema import customers, outreach
from domain.case import ApprovalStanding
from domain.customer import Tier
from domain.event import ApprovalGiven, ApprovalRefused, HoldPlaced, News, StepSkipped
from domain.person import Access, Duty, Person
from domain.playbook import AskFirst, Playbook
from integrations.messaging import Refused, capture
from support.by_hand import ByHand
from support.rig import standard_policy
from workflows.contract import Said, case_id

LINKS = "https://pay.brightwater.example"
_LINK = re.compile(rf"{LINKS}/approve/([A-Za-z0-9_-]{{43}})")


def unsealed(text: str) -> str:
    """A mail as people agreed to it: what stands in the reader's own links is put in last."""
    return re.sub(r"/(portal|answer)/[A-Za-z0-9_-]{43}", r"/\1/for-the-reader-only", text)


def at_work(database: Database, playbook: Playbook, *, links: str = LINKS) -> ByHand:
    resolved = playbooks.resolve(playbook)
    pinned = playbooks.from_resolved(resolved)
    return ByHand(database, policy=replace(standard_policy(), playbook=pinned, resolved=resolved, public_url=links))


def employ(hand: ByHand, *names: str, **more: Mapping[str, Any]) -> None:
    """People with the duty ``approver`` and an address; ``more`` says otherwise by name."""
    with hand.database.transaction() as connection:
        for name in reversed(names):
            person = Person("", name, Access.AGENT, f"{name.lower()}@ours.example", (Duty.APPROVER,))
            people.add(connection, replace(person, **more.get(name, {})), hand.now)


def credit_hold(database: Database, *, approve: int = 1, links: str = LINKS) -> tuple[ByHand, str]:
    playbook = playbooks.load("issue-to-payment")
    steps = tuple(replace(step, approve=approve) if step.name == "credit-hold" else step for step in playbook.steps)
    hand = at_work(database, replace(playbook, steps=steps), links=links)
    return hand, hand.add("INV-1", 4)


def until_asked(hand: ByHand, invoice: str, step: str = "credit-hold") -> ApprovalText:
    hand.until(lambda: hand.case(invoice).approval(step), invoice)
    with hand.database.reading() as connection:
        text = approvals.load_latest(connection, case_id(invoice))
    assert text and text.step == step
    return text


def say(hand: ByHand, invoice: str, news: News) -> str:
    hand.say(invoice, news)
    hand.work(invoice)
    return str(hand.rows("select reply from inbox where source = 'person' order by received_at desc, id desc")[0][0])


def asked_by_mail(hand: ByHand) -> dict[str, str]:
    """What stands in the link of each person of ours who was written to."""
    return {mail.to_address: _LINK.findall(mail.text)[0] for mail in hand.mailer.accepted if mail.to_address.endswith("@ours.example")}


def test_each_who_may_agree_gets_a_link_of_their_own_and_only_its_hash_is_kept(database: Database) -> None:
    hand, invoice = credit_hold(database)
    employ(hand, "Ann", "Bob", Bob={"duties": ()})
    text = until_asked(hand, invoice)
    links = asked_by_mail(hand)
    assert list(links) == ["ann@ours.example"]
    with database.reading() as connection:
        link = approvals.find_link(connection, links["ann@ours.example"])
    assert link and (link.person, link.asked.text_hash, link.asked.case) == ("Ann", text.text_hash, case_id(invoice))
    kept = str(hand.rows("select * from approval_links") + hand.rows("select * from approvals") + hand.rows("select * from tasks"))
    assert links["ann@ours.example"] not in kept


def test_the_mail_that_asks_is_no_contact_with_the_customer(database: Database) -> None:
    hand, invoice = credit_hold(database)
    employ(hand, "Ann")
    before = until_asked(hand, invoice).asked_at
    assert asked_by_mail(hand)
    assert hand.rows("select count(*) from outreach where to_address like '%ours.example'") == [(0,)]
    with database.reading() as connection:
        assert all(claimed < before for claimed in connection.scalars(select(outreach.c.claimed_at)))


def test_a_deputy_is_asked_in_the_place_of_whoever_is_away(database: Database) -> None:
    hand, invoice = credit_hold(database)
    far = {"away_from": hand.day(), "away_through": hand.day(90)}
    employ(hand, "Ann", "Bob", Ann={**far, "deputy": "Bob"}, Bob={"duties": ()})
    text = until_asked(hand, invoice)
    assert list(asked_by_mail(hand)) == ["bob@ours.example"]
    assert hand.rows("select owner from tasks where kind = 'approve'") == [("Bob",)]
    assert "approved by Bob" in say(hand, invoice, ApprovalGiven(text.step, text.text_hash, by="Bob"))


def test_a_person_who_may_not_is_refused_in_a_sentence_that_says_who_may(database: Database) -> None:
    hand, invoice = credit_hold(database)
    employ(hand, "Ann")
    text = until_asked(hand, invoice)
    for news in (ApprovalGiven(text.step, text.text_hash, by="Mallory"), ApprovalRefused(text.step, text.text_hash, by="Mallory")):
        assert say(hand, invoice, news).startswith("Mallory may not decide about the credit hold; Ann may")
    approval = hand.case(invoice).approval("credit-hold")
    assert approval and approval.standing is ApprovalStanding.OPEN and not approval.given_by


def test_two_must_be_two_different_people(database: Database) -> None:
    hand, invoice = credit_hold(database, approve=2)
    employ(hand, "Ann", "Bob")
    text = until_asked(hand, invoice)
    assert len(asked_by_mail(hand)) == 2
    assert "one more person must agree" in say(hand, invoice, ApprovalGiven(text.step, text.text_hash, by="Ann"))
    assert "another person must" in say(hand, invoice, ApprovalGiven(text.step, text.text_hash, by="Ann"))
    assert f"approval/{case_id(invoice)}/credit-hold" in hand.tasks()
    assert "approved by Bob" in say(hand, invoice, ApprovalGiven(text.step, text.text_hash, by="Bob"))
    assert hand.fates(invoice)["credit-hold"] == "done"
    assert f"approval/{case_id(invoice)}/credit-hold" not in hand.tasks()


def test_where_nobody_has_the_duty_whoever_may_change_invoices_may_agree(database: Database) -> None:
    hand, invoice = credit_hold(database)
    employ(hand, "Ann", Ann={"duties": (Duty.AR,)})
    text = until_asked(hand, invoice)
    assert "approved by Tom" in say(hand, invoice, ApprovalGiven(text.step, text.text_hash, by="Tom"))


def asking_first(database: Database, first: AskFirst, *, links: str = LINKS, late: int = 6, balance: str = "1200.00") -> tuple[ByHand, str]:
    hand = at_work(database, replace(playbooks.load("standard"), ask_first=first), links=links)
    return hand, hand.add("INV-1", late, balance=balance)


def treat_as(hand: ByHand, tier: Tier) -> None:
    with hand.database.transaction() as connection:
        connection.execute(customers.update().values(tier=tier.value))


def test_the_owner_reads_what_a_vip_would_get_before_it_leaves(database: Database) -> None:
    hand, invoice = asking_first(database, AskFirst(tiers=(Tier.VIP, Tier.STRATEGIC)))
    employ(hand, "Olga", "Ann", Olga={"duties": (Duty.OWNER,)})
    treat_as(hand, Tier.VIP)
    step = hand.due(invoice).step
    text = until_asked(hand, invoice, step)
    assert hand.heard() == [] and list(asked_by_mail(hand)) == ["olga@ours.example"]
    assert text.channel == "email" and text.recipient
    assert "approved by Olga" in say(hand, invoice, ApprovalGiven(step, text.text_hash, by="Olga"))
    assert hand.heard() == [text.subject]


def test_nobody_is_asked_about_customers_who_are_no_vip_or_owe_little(database: Database) -> None:
    hand, invoice = asking_first(database, AskFirst(tiers=(Tier.VIP,), above=Decimal(1200)))
    hand.work(invoice)
    assert len(hand.heard()) == 1


def test_the_owner_is_asked_about_large_amounts(database: Database) -> None:
    hand, invoice = asking_first(database, AskFirst(above=Decimal("1199.99")))
    employ(hand, "Olga", Olga={"duties": (Duty.OWNER,)})
    hand.work(invoice)
    assert hand.heard() == [] and "olga@ours.example" in asked_by_mail(hand)


def test_what_the_owner_does_not_answer_in_two_working_days_becomes_a_task(database: Database) -> None:
    hand, invoice = asking_first(database, AskFirst(above=Decimal(0)))
    employ(hand, "Olga", Olga={"duties": (Duty.OWNER,)})
    asked_on = hand.now
    until_asked(hand, invoice, hand.due(invoice).step)
    key = f"approval/{case_id(invoice)}/"
    assert not [one for one in hand.tasks() if one.startswith(key)]
    waited = hand.until(lambda: [one for one in hand.tasks() if one.startswith(key)], invoice)
    assert (asked_on + waited).date() == hand.day() and timedelta(days=1) < waited <= timedelta(days=2), "asked on Monday, a task on Wednesday"
    assert hand.rows("select owner from tasks where kind = 'approve'") == [("Olga",)] and hand.heard() == []


@pytest.mark.parametrize("why", ["no address", "no links", "the mail server is down"])
def test_a_question_that_reaches_nobody_by_mail_is_a_task_at_once(database: Database, why: str) -> None:
    hand, invoice = asking_first(database, AskFirst(above=Decimal(0)), links="" if why == "no links" else LINKS)
    employ(hand, "Olga", Olga={"duties": (Duty.OWNER,), "email": "" if why == "no address" else "olga@ours.example"})
    hand.mailer.usual = Refused("down", try_again=True)
    hand.work(invoice)
    assert [one for one in hand.tasks() if one.startswith("approval/")]


def two_of_a_vip(database: Database) -> tuple[ByHand, str, str, ApprovalText]:
    """Two late invoices of one customer, about which the owner was just asked."""
    hand, first = asking_first(database, AskFirst(tiers=(Tier.VIP,)), late=9)
    employ(hand, "Olga", Olga={"duties": (Duty.OWNER,)})
    second = hand.add("INV-2", 6)
    treat_as(hand, Tier.VIP)
    hand.assess(second)
    text = until_asked(hand, first, hand.due(first).step)
    return hand, first, second, text


def standing(hand: ByHand, invoice: str) -> list[str]:
    return [one.standing.value for one in hand.case(invoice).approvals]


@pytest.mark.parametrize("by_the_second", [False, True], ids=["said to the one that words it", "said to the other"])
def test_one_text_about_several_invoices_is_asked_about_once_and_leaves_once_word_for_word(database: Database, by_the_second: bool) -> None:
    hand, first, second, text = two_of_a_vip(database)
    hand.work(second)
    assert "INV-1" in text.text and "INV-2" in text.text
    assert len([mail for mail in hand.mailer.accepted if mail.to_address == "olga@ours.example"]) == 1
    said_to = second if by_the_second else first
    with database.reading() as connection:
        shown = approvals.load_latest(connection, case_id(said_to))
    assert shown and (shown.text_hash, shown.text) == (text.text_hash, text.text)
    say(hand, said_to, ApprovalGiven(shown.step, shown.text_hash, by="Olga"))
    hand.work(first if by_the_second else second)
    assert hand.heard() == [text.subject] and unsealed(hand.mailer.accepted[-1].text) == text.text
    assert [list(hand.fates(invoice).values()) for invoice in (first, second)] == [["delivered"], ["delivered"]]


def test_the_task_about_one_text_for_several_invoices_is_one_and_names_how_many(database: Database) -> None:
    hand, first, second, _ = two_of_a_vip(database)
    hand.until(lambda: [one for one in hand.tasks() if one.startswith("approval/")], first, second)
    hand.work(first)
    hand.work(second)
    ((title,),) = hand.rows("select title from tasks where kind = 'approve' and closed_at is null")
    assert "INV-1 and 1 more in the same message" in title


@pytest.mark.parametrize("agreed", [False, True], ids=["before anybody answered", "after it was agreed to"])
@pytest.mark.parametrize("gone", ["INV-1", "INV-2"])
def test_when_one_of_several_is_paid_the_text_lapses_and_the_rest_is_asked_about_anew(database: Database, gone: str, agreed: bool) -> None:
    hand, first, second, text = two_of_a_vip(database)
    paid, left = (first, second) if gone == "INV-1" else (second, first)
    if agreed:
        hand.say(left, ApprovalGiven(hand.case(left).approvals[-1].step, text.text_hash, by="Olga"))
        hand.assess(left)
    hand.ledger.change(gone, balance=Decimal(0))
    hand.assess(paid)
    hand.work(left)
    with database.reading() as connection:
        anew = approvals.load_latest(connection, case_id(left))
    assert anew and anew.text_hash != text.text_hash and gone not in anew.text
    assert hand.heard() == [] and standing(hand, left) == ["open"]
    say(hand, left, ApprovalGiven(anew.step, anew.text_hash, by="Olga"))
    assert [unsealed(mail.text) for mail in hand.mailer.accepted if mail.to_address == "c-1@customer.example"] == [anew.text]


def test_one_of_several_that_is_paid_while_the_agreed_text_leaves_stops_it_for_all(database: Database) -> None:
    hand, first, _, text = two_of_a_vip(database)
    hand.say(first, ApprovalGiven(text.step, text.text_hash, by="Olga"))
    act = hand.due(first)
    hand.on = {Site.CLAIMED: lambda: hand.ledger.change("INV-2", balance=Decimal(0))}
    hand.deliver(first, act)
    hand.on = {}
    assert hand.heard() == [] and standing(hand, first) == ["expired"]
    hand.now += timedelta(minutes=10)
    hand.work(first)
    assert hand.heard() == [] and standing(hand, first) == ["open"]


def test_refusing_one_text_leaves_the_step_out_for_every_invoice_in_it(database: Database) -> None:
    hand, first, second, text = two_of_a_vip(database)
    say(hand, first, ApprovalRefused(text.step, text.text_hash, by="Olga"))
    hand.work(second)
    assert set(hand.fates(first).values()) == set(hand.fates(second).values()) == {"skipped"} and hand.heard() == []


def test_one_that_is_put_on_hold_takes_the_others_out_of_the_agreed_text(database: Database) -> None:
    hand, first, second, text = two_of_a_vip(database)
    say(hand, second, HoldPlaced(by="Ann", why="they called"))
    assert standing(hand, first) == ["expired"]
    hand.work(first)
    with database.reading() as connection:
        anew = approvals.load_latest(connection, case_id(first))
    assert anew and anew.text_hash != text.text_hash and "INV-2" not in anew.text


@pytest.mark.parametrize("changes", [False, True], ids=["a word that changes nothing", "a word that silences it"])
def test_an_agreed_text_waits_until_what_was_said_about_one_invoice_in_it_is_heard(database: Database, changes: bool) -> None:
    hand, first, second, text = two_of_a_vip(database)
    hand.say(first, ApprovalGiven(text.step, text.text_hash, by="Olga"))
    act = hand.due(first)
    hand.say(second, HoldPlaced(by="Ann", why="they called") if changes else StepSkipped("no-such-step", by="Ann", why="a slip of the pen"))
    hand.deliver(first, act)
    assert hand.heard() == [] and standing(hand, first) == standing(hand, second) == ["given"], "nobody has heard yet what it means"
    hand.assess(second)
    hand.now += timedelta(minutes=2)
    hand.work(first)
    if changes:
        assert hand.heard() == [] and standing(hand, first) == ["open"]
    else:
        assert hand.heard() == [text.subject] and unsealed(hand.mailer.accepted[-1].text) == text.text


def test_two_must_agree_to_one_text_for_all_invoices_in_it(database: Database) -> None:
    playbook = playbooks.load("standard")
    hand = at_work(database, replace(playbook, steps=tuple(replace(step, approve=2) for step in playbook.steps)))
    employ(hand, "Ann", "Bob")
    first, second = hand.add("INV-1", 9), hand.add("INV-2", 6)
    hand.assess(second)
    text = until_asked(hand, first, hand.due(first).step)
    assert [one for one in hand.tasks() if one.startswith("approval/")] == [f"approval/{case_id(first)}/{text.step}"]
    say(hand, first, ApprovalGiven(text.step, text.text_hash, by="Ann"))
    step = hand.case(second).approvals[-1].step
    assert "another person must" in say(hand, second, ApprovalGiven(step, text.text_hash, by="Ann")) and hand.heard() == []
    say(hand, second, ApprovalGiven(step, text.text_hash, by="Bob"))
    hand.work(first)
    assert hand.heard() == [text.subject] and not [one for one in hand.tasks() if one.startswith("approval/")]


def test_what_is_refused_is_left_out(database: Database) -> None:
    hand, invoice = asking_first(database, AskFirst(above=Decimal(0)))
    text = until_asked(hand, invoice, hand.due(invoice).step)
    assert "refused by Ann" in say(hand, invoice, ApprovalRefused(text.step, text.text_hash, by="Ann"))
    assert hand.fates(invoice)[text.step] == "skipped" and hand.heard() == []


def test_nobody_agrees_under_a_name_that_is_only_written_down(database: Database) -> None:
    """In the Temporal UI anybody may write any name."""
    hand, invoice = credit_hold(database)
    employ(hand, "Ann")
    text = until_asked(hand, invoice)
    for number, kind in enumerate(("approved", "refused_approval", "approval_lapsed")):
        words = json.dumps([{"kind": kind, "step": text.step, "text_hash": text.text_hash, "by": "Ann"}])
        (reply,) = hand.assess(invoice, Said(f"update/{number}", "override", words)).replies
        assert not reply.taken and "dunwell case approve" in reply.said
    approval = hand.case(invoice).approval("credit-hold")
    assert approval and approval.standing is ApprovalStanding.OPEN and not approval.given_by


def test_the_mail_that_asks_is_no_lost_reminder_to_whoever_reads_the_log(database: Database, tmp_path: Path) -> None:
    hand, invoice = credit_hold(database)
    employ(hand, "Ann")
    kept = capture.connect(tmp_path)
    hand.outreach = replace(hand.outreach, mailer=kept)
    until_asked(hand, invoice)
    sent = [one for one in kept.sent_since(hand.now - timedelta(days=36500)) if one.to_address == "ann@ours.example"]
    with database.transaction() as connection:
        installation.raise_fence(connection, "restored", hand.now - timedelta(days=36500), "Ann", hand.now)
    found = Reconciler(database, hand.ledgers, hand.cases.assessor, kept).compare(hand.now)
    assert len(sent) == 1 and found and found.unmatched == ()


def test_a_question_that_paid_money_answers_is_no_task_any_more(database: Database) -> None:
    hand, invoice = credit_hold(database)
    until_asked(hand, invoice)
    assert f"approval/{case_id(invoice)}/credit-hold" in hand.tasks()
    hand.ledger.change("INV-1", balance=Decimal(0))
    hand.assess(invoice)
    assert f"approval/{case_id(invoice)}/credit-hold" not in hand.tasks()
