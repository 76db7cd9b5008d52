"""At most one message for a step, wherever the worker dies and whatever comes between. The judge is what the provider took."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from itertools import pairwise, product
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from activities.outreach import Site
from db import installation, outreach
from db.engine import Database
from db.outreach import Part
from db.schema import contacts
from domain.decision import Wait
from domain.event import HoldPlaced, OutreachResolved
from integrations.messaging import Accepted, Refused, Unknown
from support.by_hand import DELIVERED, UNCONFIRMED, ByHand
from workflows.contract import case_id

BEFORE_THE_REQUEST = [Site.DECIDED, Site.CLAIMED, Site.FENCED]
AROUND_THE_REQUEST = [Site.SENDING, Site.ANSWERED]


@dataclass
class Elapsed:
    """The time that passes inside an activity."""

    seconds: float = 0.0

    def clock_gettime(self, clock: int) -> float:
        return self.seconds

    def spend(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def elapsed(monkeypatch: pytest.MonkeyPatch) -> Elapsed:
    spent = Elapsed()
    monkeypatch.setattr("activities.clock.time", spent)
    return spent


def test_a_step_is_posted_once_at_most_wherever_the_worker_dies_and_dies_again(database: Database) -> None:
    hand = ByHand(database)
    for number, (first, second) in enumerate([*product(BEFORE_THE_REQUEST, Site), *product(AROUND_THE_REQUEST, BEFORE_THE_REQUEST)]):
        story, address = f"killed at {first}, then at {second}", f"c-{number}@customer.example"
        invoice = hand.add(f"INV-{number}", 20, customer=f"C-{number}")
        act = hand.due(invoice)
        assert hand.kill_at(first, invoice, act)
        hand.kill_at(second, invoice, act)
        assert isinstance(hand.deliver(invoice, act).decision, Wait), story
        posted = [email for email in hand.mailer.posted if email.to_address == address]
        assert len(posted) <= 1, f"{story}: {len(posted)} messages"
        assert posted or first is Site.SENDING or second is Site.SENDING, f"{story}: the reminder was lost"
        assert list(hand.fates(invoice)) == [act.step], story


@pytest.mark.parametrize("site", BEFORE_THE_REQUEST)
def test_a_claim_whose_worker_died_before_sending_is_taken_over(database: Database, site: Site) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    assert hand.kill_at(site, invoice, act)
    assert hand.mailer.posted == []
    before = hand.rows("select id, state, token from outreach")
    assert [state for _, state, _ in before] == ([] if site is Site.DECIDED else ["claimed"])
    hand.deliver(invoice, act)
    after = hand.rows("select id, state, token from outreach")
    assert len(hand.heard()) == len(after) == 1
    assert hand.fates(invoice) == {act.step: "delivered"}
    if before:
        assert after[0][0] == before[0][0], "the retry made a message of its own"
        assert after[0][2] != before[0][2], "the token was not taken over: two runs could send"


@pytest.mark.parametrize("site", AROUND_THE_REQUEST)
def test_a_message_whose_worker_died_around_the_request_is_never_posted_again_and_a_person_is_asked(database: Database, site: Site) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    before, act = hand.day(), hand.due(invoice)
    assert hand.kill_at(site, invoice, act)
    taken = len(hand.heard())
    assert taken == (1 if site is Site.ANSWERED else 0)
    (waiting,) = {hand.deliver(invoice, act).decision}
    assert isinstance(waiting, Wait)
    assert waiting.why == "nobody knows yet whether the last message went out"
    ((message, state),) = hand.rows("select id, state from outreach")
    assert state == "unknown"
    assert hand.tasks() == [f"outreach/{message}"]
    hand.until(lambda: hand.day() > before + timedelta(days=20), invoice)
    assert len(hand.mailer.posted) == taken
    assert hand.tasks() == [f"outreach/{message}"]


def test_a_worker_that_dies_after_recording_leaves_nothing_to_do(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    assert hand.kill_at(Site.RECORDED, invoice, act)
    waiting = hand.deliver(invoice, act).decision
    assert isinstance(waiting, Wait)
    assert "planned" in waiting.why
    assert len(hand.heard()) == 1
    assert hand.states() == ["delivered"]
    assert hand.diary(invoice).count("sent by e-mail") == 1
    assert hand.tasks() == []


def test_a_claim_left_by_a_dead_worker_keeps_the_customers_other_invoices_waiting_ten_minutes_at_most(database: Database) -> None:
    hand = ByHand(database)
    first, other = hand.add("INV-1", 20), hand.add("INV-2", 20, currency="USD")
    assert hand.kill_at(Site.CLAIMED, first, hand.due(first))
    assert hand.until(hand.heard, other) < timedelta(minutes=13)
    assert hand.states() == ["released", "delivered"]


def test_a_request_that_got_no_answer_counts_as_contact_and_waits_for_a_person(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Unknown("the connection broke after the last byte")]
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    for _ in range(3):
        hand.deliver(invoice, act)
    assert len(hand.mailer.posted) == 1
    assert hand.fates(invoice) == {act.step: "unknown"}
    ((message,),) = hand.rows("select id from outreach where state = 'unknown'")
    hand.say(invoice, OutreachResolved(message, went_out=False, by="Ann", why="not in the provider's log"))
    hand.work(invoice)
    assert len(hand.mailer.posted) == 2
    assert hand.tasks() == []


def test_a_doubtful_message_about_an_invoice_that_was_paid_since_counts_as_sent_and_is_nobodys_task(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Unknown("the connection broke after the last byte")]
    invoice = hand.add("INV-1", 20)
    hand.deliver(invoice, hand.due(invoice))
    assert hand.states() == ["unknown"]
    hand.ledger.change("INV-1", balance=Decimal("0.00"))
    hand.assess(invoice)
    assert hand.states() == ["presumed"]
    assert hand.tasks() == []


def test_a_mailer_that_breaks_its_promise_and_raises_is_not_asked_twice(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [RuntimeError("no mailer may do this")]
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    with pytest.raises(RuntimeError):
        hand.deliver(invoice, act)
    hand.deliver(invoice, act)
    assert len(hand.mailer.posted) == 1
    assert hand.states() == ["unknown"]


def test_the_unique_key_forbids_a_second_claim_of_the_same_attempt(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    ((customer,),) = hand.rows("select customer_id from outreach")
    row = {"seller_id": "brightwater", "contact_id": "con", "channel": "email", "step": act.step, "stage": "reminder", "token": "t", "claimed_at": hand.now}
    again = Part(case_id(invoice), 1, act.step, "email", 1, True)
    with pytest.raises(IntegrityError), database.transaction() as connection:
        outreach.claim(connection, {"id": "out_2", "customer_id": customer, "claimed_by": case_id(invoice), **row}, [again])
    assert hand.states() == ["delivered"]


def test_two_invoices_of_one_customer_delivered_at_the_same_instant_make_one_message(database: Database) -> None:
    hand = ByHand(database)
    for number in range(20):
        invoices = [hand.add(f"{number}-{name}", 20, customer=f"C-{number}") for name in "AB"]
        acts = [hand.due(invoice) for invoice in invoices]
        barrier = Barrier(2)
        hand.on = {Site.DECIDED: _meeting(barrier)}
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(hand.deliver, invoices, acts))
        hand.on = {}
        assert all(isinstance(answer.decision, Wait) for answer in answers)
        for invoice in invoices:
            hand.work(invoice)
        assert len(hand.heard(f"c-{number}@customer.example")) == 1, f"round {number}"
        hand.nothing_unrecorded(*invoices)
        assert [hand.fates(invoice) for invoice in invoices] == [{"second-reminder": "delivered"}] * 2


def _meeting(barrier: Barrier) -> Callable[[], None]:
    def meet() -> None:
        try:
            barrier.wait(60)
        except BrokenBarrierError:
            raise AssertionError("the two never met") from None

    return meet


def test_the_same_delivery_run_twice_at_once_makes_one_message(database: Database) -> None:
    hand = ByHand(database)
    for number in range(5):
        invoice = hand.add(f"INV-{number}", 20, customer=f"C-{number}")
        act = hand.due(invoice)
        hand.on = {Site.DECIDED: _meeting(Barrier(2))}
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(hand.deliver, [invoice] * 2, [act] * 2))
        hand.on = {}
        hand.deliver(invoice, act)
        assert len(hand.heard(f"c-{number}@customer.example")) <= 1, f"round {number}"
        assert list(hand.fates(invoice)) == [act.step]


def hold(hand: ByHand, invoice: str) -> None:
    hand.say(invoice, HoldPlaced(by="Ann", why="on the phone with them"))


def stop_all_sending(hand: ByHand, invoice: str) -> None:
    with hand.database.transaction() as connection:
        installation.switch_off(connection, "wrong amounts went out", "Ann", hand.now)


def opt_out(hand: ByHand, invoice: str) -> None:
    with hand.database.transaction() as connection:
        connection.execute(contacts.update().values(refused=["email"]))


@pytest.mark.parametrize("site", [Site.CLAIMED, Site.FENCED])
@pytest.mark.parametrize("meanwhile", [hold, stop_all_sending, opt_out])
def test_what_is_said_between_claim_and_fence_stops_the_message(database: Database, meanwhile: Callable[[ByHand, str], None], site: Site) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on = {site: lambda: meanwhile(hand, invoice)}
    waiting = hand.deliver(invoice, act).decision
    assert isinstance(waiting, Wait)
    assert hand.mailer.posted == []
    assert hand.states() == ["released"]
    hand.on = {}
    hand.work(invoice)
    assert hand.mailer.posted == []


def test_a_payment_or_an_unreadable_ledger_behind_the_claim_gives_it_up(database: Database) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    hand.on = {Site.CLAIMED: lambda: setattr(hand.ledger, "broken", "it does not answer")}
    waiting = hand.deliver(invoice, act).decision
    assert isinstance(waiting, Wait)
    assert waiting.why == "the ledger cannot be read"
    hand.ledger.broken, hand.now = "", waiting.until
    act = hand.due(invoice)
    hand.on = {Site.CLAIMED: lambda: hand.ledger.change("INV-1", balance=Decimal("0.00"))}
    assert hand.deliver(invoice, act).decision.kind == "close"
    assert hand.states() == ["released", "released"]
    assert hand.mailer.posted == []


def test_a_message_held_up_between_the_ledgers_answer_and_the_request_does_not_leave(database: Database, elapsed: Elapsed) -> None:
    hand = ByHand(database)
    invoice = hand.add("INV-1", 20)
    act = hand.due(invoice)
    for site in (Site.FENCED, Site.SENDING):
        hand.on = {site: lambda: elapsed.spend(5.5)}
        waiting = hand.deliver(invoice, act).decision
        assert isinstance(waiting, Wait)
        assert waiting.why == "second reminder by email could not go out just now"
        assert hand.mailer.posted == []
        hand.now = waiting.until
    assert hand.states() == ["released"] * 6, "three tries at once, then a pause"
    hand.on = {Site.FENCED: lambda: elapsed.spend(2), Site.SENDING: lambda: elapsed.spend(2)}
    hand.work(invoice)
    assert len(hand.heard()) == 1


def test_all_documents_of_a_message_together_take_fifteen_seconds_at_most(database: Database, elapsed: Elapsed, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = ByHand(database)
    invoices = [hand.add(f"INV-{number}", 20) for number in range(5)]
    asked: list[str] = []

    def fetch_slowly(ref: str) -> bytes:
        asked.append(ref)
        elapsed.spend(8)
        return b"%PDF-1.7"

    monkeypatch.setattr(hand.ledger, "pdf", fetch_slowly)
    hand.deliver(invoices[0], hand.due(invoices[0]))
    assert len(asked) == 2
    (email,) = hand.mailer.accepted
    assert len(email.attachments) == 2
    assert all(f"INV-{number}" in email.text for number in range(5))


def test_what_was_accepted_without_a_receipt_holds_the_final_notice_back_until_it_is_presumed_delivered(database: Database) -> None:
    confirmed, unconfirmed = _days_from_third_reminder_to_final_notice(database, DELIVERED), _days_from_third_reminder_to_final_notice(database, UNCONFIRMED)
    assert (confirmed, unconfirmed) == (7, 9), "seven days' notice, from the receipt, else from the second business day without a bounce"


def _days_from_third_reminder_to_final_notice(database: Database, usual: Accepted) -> int:
    hand = ByHand(database)
    hand.mailer.usual = usual
    invoice = hand.add(f"INV-{usual.delivered}", 60, customer=f"C-{usual.delivered}")
    began = hand.day()
    hand.work(invoice)
    assert hand.fates(invoice) == {"third-reminder": "delivered" if usual.delivered else "accepted"}
    hand.until(lambda: "final-notice" in hand.fates(invoice), invoice)
    assert hand.fates(invoice)["third-reminder"] == ("delivered" if usual.delivered else "presumed_delivered")
    return (hand.day() - began).days


def test_a_provider_that_refuses_for_weeks_is_asked_ever_less_often_and_the_message_leaves_once_it_takes_it(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = Refused("401: the key must be mended", try_again=True)
    invoice = hand.add("INV-1", 20)
    hand.until(lambda: len(hand.mailer.posted) >= 24, invoice)
    moments = [parsedate_to_datetime(email.headers["Date"]) for email in hand.mailer.posted]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) > timedelta(minutes=14)
    assert min(gaps[5:]) > timedelta(hours=1)
    assert min(gaps[-10:]) > timedelta(hours=20), "away for days, it is asked once a day"
    assert hand.tasks() == ["provider/scripted"]
    hand.mailer.usual = UNCONFIRMED
    assert hand.until(hand.heard, invoice) < timedelta(days=4)
    assert len(hand.heard()) == 1
    assert hand.tasks() == [], "mail goes out again and somebody is still asked to mend it"


def test_an_address_the_provider_refuses_is_tried_once_a_day_and_its_task_closes_with_the_first_message(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.usual = Refused("550 no such user", try_again=False)
    invoice = hand.add("INV-1", 20)
    assert hand.until(lambda: len(hand.mailer.posted) == 2, invoice) > timedelta(hours=20)
    assert hand.tasks() == [f"refused/{case_id(invoice)}"]
    hand.mailer.usual = UNCONFIRMED
    hand.until(hand.heard, invoice)
    assert len(hand.heard()) == 1
    assert hand.tasks() == []


def test_whatever_a_provider_answers_can_be_written_down(database: Database) -> None:
    hand = ByHand(database)
    hand.mailer.script = [Refused("5\x0050 \ud800 go away", try_again=True)]
    invoice = hand.add("INV-1", 20)
    assert hand.work(invoice).why == "the last e-mail did not go out (scripted)"
    assert hand.states() == ["refused"]


@pytest.mark.parametrize(("site", "state"), [(Site.CLAIMED, "released"), (Site.SENDING, "presumed")])
def test_what_was_left_of_a_message_about_an_invoice_that_is_over_keeps_nobody_else_at_that_address_waiting(database: Database, site: Site, state: str) -> None:
    hand = ByHand(database)
    over = hand.add("INV-1", 1, customer="C-1", email="books@accountant.example")
    other = hand.add("INV-2", 1, customer="C-2", email="books@accountant.example")
    assert hand.kill_at(site, over, hand.due(over))
    hand.ledger.change("INV-1", balance=Decimal(0), paid_on=hand.day())
    hand.assess(over)  # its run was terminated, and the one that took its place ended with it
    assert hand.until(lambda: hand.mailer.accepted, other, days=20) >= timedelta(minutes=10)
    assert hand.states() == [state, "delivered"]


def test_an_answer_of_the_provider_is_not_lost_to_a_database_that_is_away_for_a_moment(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.outreach._RECORD_PAUSES", (0, 0))
    hand = ByHand(database)
    invoice = hand.add("INV-1", 1)
    act, record, refused = hand.due(invoice), outreach.record, iter((True, True, False))

    def sometimes_record(*about: Any, **values: Any) -> bool:
        if next(refused):
            raise OperationalError("UPDATE outreach", {}, Exception("canceling statement due to lock timeout"))
        return record(*about, **values)

    monkeypatch.setattr(outreach, "record", sometimes_record)
    hand.deliver(invoice, act)
    assert hand.states() == ["delivered"]
    assert hand.fates(invoice) == {act.step: "delivered"}
    assert len(hand.mailer.posted) == 1
