"""What a customer is owed in writing is sent once, the same day, and only while it is true: by the activities, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import playbooks
from activities.outreach import Site
from db import people
from db.engine import Database
from db.installation import switch_off
from db.schema import contacts
from domain.case import PromiseStanding
from domain.event import AnswerOwed, DisputeRaised, HoldReleased, LegalStop, News, OutreachResolved, PromiseMade, Replied
from domain.owed import AnswerKind, OwedStanding
from domain.person import Access, Person
from integrations.messaging import Refused
from support.by_hand import ByHand
from support.rig import standard_policy

PROMISED = "promise recorded: 1,200.00 EUR by Mon 9 Mar 2026"


def reminded(hand: ByHand, late: int = 5) -> str:
    invoice = hand.add("INV-1", late)
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 1
    return invoice


def promise(hand: ByHand, invoice: str, days: int = 7) -> None:
    hand.say(invoice, PromiseMade(hand.day(days), by="Bea"))


def test_a_promise_is_confirmed_at_once_although_the_gap_has_not_gone_by_and_the_silence_goes_on(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    wait = hand.work(invoice)
    confirmed = hand.mailer.accepted[1]
    assert confirmed.subject == "Invoice INV-1 from Brightwater Tools: thank you, 9 March 2026 is noted"
    assert "1.200,00" in confirmed.text and "reply to this e-mail" in " ".join(confirmed.text.split())
    assert "promised by Mon 9 Mar 2026" in wait.why
    assert hand.rows("select counts_as from outreach order by claimed_at") == [("contact",), ("answer",)]
    assert hand.diary(invoice).splitlines()[-1].endswith("confirmation of the promise sent by e-mail")
    hand.now += timedelta(days=1)
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2
    hand.nothing_unrecorded(invoice)


def test_what_is_promised_in_the_evening_is_confirmed_in_the_next_open_hour(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    hand.now = hand.now.replace(hour=20)
    promise(hand, invoice)
    wait = hand.work(invoice)
    assert len(hand.mailer.accepted) == 1
    assert wait.until.date() == hand.day(1) and 7 <= wait.until.hour < 8, "in the first open hour in Berlin"
    hand.now = wait.until
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2


@pytest.mark.parametrize("site", [Site.CLAIMED, Site.FENCED, Site.SENDING, Site.ANSWERED, Site.RECORDED])
def test_a_worker_that_dies_never_confirms_a_promise_twice(database: Database, site: Site) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    act = hand.due(invoice)
    assert act.step == "promise-confirmed-1"
    assert hand.kill_at(site, invoice, act)
    hand.deliver(invoice, act)
    hand.now += timedelta(hours=1)
    hand.work(invoice)
    assert len(hand.mailer.posted) <= 2
    if site is Site.SENDING:
        assert hand.states()[-1] == "unknown"
        (message,) = hand.rows("select id from outreach where state = 'unknown'")
        hand.say(invoice, OutreachResolved(message[0], went_out=False, by="Ann"))
        hand.work(invoice)
        assert "found that it did not go out" in hand.diary(invoice)
    assert len(hand.mailer.accepted) == 2
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2
    hand.nothing_unrecorded(invoice)


def test_a_doubtful_confirmation_that_did_go_out_is_written_down_and_not_sent_again(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    hand.kill_at(Site.ANSWERED, invoice, act := hand.due(invoice))
    hand.deliver(invoice, act)
    (message,) = hand.rows("select id from outreach where state = 'unknown'")
    hand.say(invoice, OutreachResolved(message[0], went_out=True, by="Ann"))
    hand.work(invoice)
    (answer,) = hand.case(invoice).answers
    assert (answer.standing, answer.fate) == (OwedStanding.DONE, "accepted") and len(hand.mailer.accepted) == 2
    assert not [rung for rung in hand.case(invoice).rungs if rung.step == act.step], "an answer is no step"


def test_what_is_paid_while_it_is_being_sent_is_not_confirmed_any_more(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: hand.ledger.change("INV-1", balance=Decimal(0))
    answer = hand.deliver(invoice, act)
    assert len(hand.mailer.posted) == 1 and answer.decision.kind == "close"
    assert hand.case(invoice).promises[0].standing is PromiseStanding.KEPT


@pytest.mark.parametrize("news", [HoldReleased(by="Ann"), LegalStop("lawyer", by="Ann")])
def test_a_promise_that_stands_no_more_is_not_confirmed_not_even_behind_the_fence(database: Database, news: HoldReleased | LegalStop) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    act = hand.due(invoice)
    hand.on[Site.CLAIMED] = lambda: hand.say(invoice, news)
    hand.deliver(invoice, act)
    del hand.on[Site.CLAIMED]
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1
    assert "confirmation of the promise not sent: " in hand.diary(invoice)


def test_a_promise_in_place_of_another_is_confirmed_in_its_place(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice, 7)
    hand.now += timedelta(seconds=5)
    promise(hand, invoice, 8)
    hand.work(invoice)
    assert [mail.subject.partition(": ")[2] for mail in hand.mailer.accepted[1:]] == ["thank you, 10 March 2026 is noted"]
    promise(hand, invoice, 9)
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2, "a person decides about the third"


def test_while_all_sending_is_stopped_nothing_is_confirmed_and_afterwards_it_is(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    with database.transaction() as connection:
        switch_off(connection, "moving house", "Ann", hand.now)
    promise(hand, invoice)
    wait = hand.work(invoice)
    assert len(hand.mailer.posted) == 1 and wait.until.date() == hand.day(1)
    with database.transaction() as connection:
        switch_off(connection, "", "Ann", hand.now)
    hand.now = wait.until
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2


def test_whoever_cannot_be_written_to_is_told_by_a_person(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    with database.transaction() as connection:
        connection.execute(contacts.update().values(refused=["email"]))
    promise(hand, invoice)
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1
    assert hand.rows("select title from tasks where closed_at is null") == [("Confirm to Customer C-1: 1.200,00\xa0€ by 9 March 2026",)]


def test_a_mailer_that_refuses_for_good_leaves_it_to_a_person(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    hand.mailer.script = [Refused("no such mailbox", try_again=False)]
    hand.work(invoice)
    hand.now += timedelta(minutes=10)
    hand.work(invoice)
    assert len(hand.mailer.posted) == 2
    assert "confirmation of the promise: given to a person of ours" in hand.diary(invoice)


def test_a_playbook_pinned_before_there_were_words_for_it_asks_a_person(database: Database) -> None:
    policy = standard_policy()
    pinned = replace(policy, playbook=replace(policy.playbook, says=()))
    hand = ByHand(database, policy=pinned)
    invoice = reminded(hand)
    promise(hand, invoice)
    hand.work(invoice)
    assert len(hand.mailer.posted) == 1 and PROMISED in hand.diary(invoice)
    assert hand.rows("select title from tasks where closed_at is null") == [("Invoice INV-1: confirmation of the promise",)]


def test_a_stored_playbook_says_what_its_stored_text_says() -> None:
    text = playbooks.resolve(playbooks.load("standard"))
    assert "promise-confirmed.email" in playbooks.from_resolved(text).says
    assert playbooks.from_resolved(text.replace('"promise-confirmed.', '"no-longer.')).says == tuple(
        key for key in playbooks.load("standard").says if not key.startswith("promise-confirmed.")
    )


def test_one_word_sends_the_way_to_pay_and_once_a_day_is_enough(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    for _ in range(3):
        hand.say(invoice, AnswerOwed(AnswerKind.PAY_LINK, by="Bea", why="asked on the phone"))
        hand.work(invoice)
    assert [mail.subject for mail in hand.mailer.accepted[1:]] == ["Invoice INV-1 from Brightwater Tools: how to pay"]
    assert "the payment link is due to the customer: asked on the phone" in hand.diary(invoice)
    hand.nothing_unrecorded(invoice)


def test_a_promise_asked_to_be_confirmed_by_hand_is_not_confirmed_twice(database: Database) -> None:
    hand = ByHand(database)
    invoice = reminded(hand)
    promise(hand, invoice)
    hand.work(invoice)
    hand.say(invoice, AnswerOwed(AnswerKind.PROMISE_CONFIRMED, by="Ann"))
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2


@pytest.mark.parametrize(
    "news",
    [
        Replied("Bea", "on the phone", call_back=True, confirmed_for=("INV-1",)),
        DisputeRaised("two boxes missing", owner="Vera Lind", by="Bea", why="on the phone", confirmed_for=("INV-1",)),
    ],
)
@pytest.mark.parametrize("is_away", [True, False])
def test_who_is_named_to_the_customer_is_there_on_the_day_that_is_named(database: Database, news: News, is_away: bool) -> None:
    hand = ByHand(database, policy=replace(standard_policy(), owner="Vera Lind"))
    invoice = reminded(hand)
    away = (hand.day(1), hand.day(20)) if is_away else (None, None)
    with database.transaction() as connection:
        for person in (Person("", "Tom Berg", Access.AGENT), Person("", "Vera Lind", Access.AGENT, deputy="Tom Berg", away_from=away[0], away_through=away[1])):
            people.add(connection, person, hand.now)
    hand.say(invoice, news)
    hand.work(invoice)
    named, other = ("Tom Berg", "Vera Lind") if is_away else ("Vera Lind", "Tom Berg")
    text = " ".join(hand.mailer.accepted[1].text.split())
    assert named in text and other not in text
    assert hand.rows("select distinct owner from tasks") == [(named,)], "the task is somebody else's"
