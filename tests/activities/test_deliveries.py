"""What providers tell of a message after they took it, and what follows: nothing is used up, nothing dead is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from activities.outreach import Site
from db import inbox, receipts, suppressions, unsubscribe_links
from db.engine import Database
from db.ids import new_id
from db.schema import contacts
from domain.decision import Wait
from domain.delivery import Fault, Ground, Receipt, Told, ground_of
from domain.event import DeliveryReported
from integrations.messaging import Accepted, Refused, Unknown
from support.by_hand import ByHand

TAKEN = Accepted("provider-1", receipts=True)
BILLING, CFO = "c-1@customer.example", "cfo@customer.example"


def begin(database: Database, *, cfo: bool = True) -> tuple[ByHand, str]:
    hand = ByHand(database)
    hand.mailer.usual = TAKEN
    invoice = hand.add("INV-1", 20)
    if cfo:
        with database.transaction() as connection:
            ((customer,),) = hand.rows("select id from customers")
            row = {"id": "con_cfo", "customer_id": customer, "role": "cfo", "name": "Cleo", "email": CFO, "phone": "", "language": "en", "refused": []}
            connection.execute(contacts.insert().values(**row, set_by="Ann"))
    return hand, invoice


def last_message(hand: ByHand) -> str:
    return str(hand.mailer.posted[-1].key)


def tell(hand: ByHand, told: Told, fault: Fault | None = None, message: str = "", mark: str = "") -> None:
    key = message or last_message(hand)
    address = next(email.to_address for email in hand.mailer.posted if email.key == key)
    with hand.database.transaction() as connection:
        receipt = Receipt("sendgrid", f"{key}/{told}/{mark}", key, "provider-1", "email", address, told, hand.now, fault, "550 no such user")
        receipts.note(connection, receipt, hand.now)


def test_a_message_that_arrived_is_delivered_in_the_case_and_in_the_ledger_of_messages(database: Database) -> None:
    hand, invoice = begin(database)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    assert hand.fates(invoice) == {act.step: "accepted"}
    tell(hand, Told.DELIVERED)
    hand.assess(invoice)
    assert hand.fates(invoice) == {act.step: "delivered"}
    assert hand.states() == ["delivered"]
    assert "arrived, says sendgrid" in hand.diary(invoice)


def test_a_bounce_silences_the_address_and_another_contact_takes_the_same_step_at_once(database: Database) -> None:
    hand, invoice = begin(database)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    tell(hand, Told.FAILED, Fault.DEAD)
    again = hand.due(invoice)
    assert again.step == act.step, "the step is not used up"
    hand.deliver(invoice, again)
    assert [email.to_address for email in hand.mailer.accepted] == [BILLING, CFO]
    assert hand.states() == ["bounced", "accepted"]
    assert hand.fates(invoice) == {act.step: "accepted"}
    assert [attempt for (attempt,) in hand.rows("select attempt from outreach_parts order by attempt")] == [1, 2]
    tell(hand, Told.DELIVERED)
    hand.assess(invoice)
    assert [one.partition("/")[0] for one in hand.tasks()] == ["dead-address"], "somebody corrects it, although another contact has been reached"


def test_nothing_goes_to_an_address_that_bounced_however_long_the_invoice_stays_open(database: Database) -> None:
    hand, invoice = begin(database, cfo=False)
    hand.deliver(invoice, hand.due(invoice))
    tell(hand, Told.FAILED, Fault.DEAD)
    until = hand.work(invoice)
    for _ in range(20):
        hand.now = max(hand.now, until.until)
        until = hand.work(invoice)
    assert hand.heard() == hand.heard()[:1]
    assert "nobody at the customer can be reached" in until.why
    assert any(one.startswith("contact/") for one in hand.tasks())


def test_a_formal_notice_that_did_not_arrive_blocks_what_follows_it(database: Database) -> None:
    hand, invoice = begin(database, cfo=False)
    hand.mailer.usual = Accepted("provider-1", receipts=True)
    hand.until(lambda: "final-notice" in hand.fates(invoice), invoice, days=90)
    before = len(hand.mailer.accepted)
    tell(hand, Told.FAILED, Fault.DEAD)
    hand.until(lambda: any("reached" in why for (why,) in hand.rows("select waiting_because from cases")), invoice)
    assert "final-notice" not in hand.fates(invoice)
    assert len(hand.mailer.accepted) == before


def test_what_may_arrive_later_is_tried_again_later_at_the_same_address(database: Database) -> None:
    hand, invoice = begin(database, cfo=False)
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    tell(hand, Told.FAILED, Fault.LATER)
    wait = hand.work(invoice)
    assert wait.until - hand.now >= timedelta(minutes=5), "no hot loop"
    hand.now = wait.until
    hand.work(invoice)
    assert hand.heard() == [hand.heard()[0]] * 2
    assert hand.fates(invoice) == {act.step: "accepted"}


def test_a_bounce_that_comes_once_a_later_step_was_taken_repeats_nothing(database: Database) -> None:
    hand, invoice = begin(database)
    first = hand.due(invoice)
    hand.deliver(invoice, first)
    message = last_message(hand)
    hand.until(lambda: len([one for one in hand.fates(invoice).values() if one != "passed_over"]) >= 2, invoice)
    taken = len(hand.mailer.accepted)
    tell(hand, Told.FAILED, Fault.DEAD, message)
    hand.work(invoice)
    assert len(hand.mailer.accepted) == taken
    rung = hand.case(invoice).rung(first.step)
    assert rung is not None
    assert (rung.fate.value, "did not arrive" in rung.why) == ("passed_over", True)


@pytest.mark.parametrize("order", list(permutations([Told.ACCEPTED, Told.DELIVERED, Told.FAILED])))
def test_in_whatever_order_things_are_told_the_end_is_the_same(database: Database, order: tuple[Told, ...]) -> None:
    hand, invoice = begin(database, cfo=False)
    hand.deliver(invoice, hand.due(invoice))
    for told in order:
        for mark in ("a", "b"):
            tell(hand, told, Fault.DEAD if told is Told.FAILED else None, mark=mark)
        hand.assess(invoice)
    assert hand.states() == ["bounced"]
    assert hand.fates(invoice) == {}


@pytest.mark.parametrize(("told", "state"), [(Told.DELIVERED, "delivered"), (Told.FAILED, "bounced"), (Told.ACCEPTED, "accepted")])
def test_a_message_in_doubt_is_cleared_up_by_its_provider(database: Database, told: Told, state: str) -> None:
    hand, invoice = begin(database, cfo=False)
    hand.mailer.script = [Unknown("time-out")]
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    assert hand.fates(invoice) == {act.step: "unknown"}
    hand.assess(invoice)
    assert any(one.startswith("outreach/") for one in hand.tasks())
    tell(hand, told, Fault.DEAD if told is Told.FAILED else None)
    hand.assess(invoice)
    assert hand.states() == [state]
    assert hand.fates(invoice).get(act.step) == (None if told is Told.FAILED else state)
    if told is not Told.FAILED:
        assert not any(one.startswith("outreach/") for one in hand.tasks())


@pytest.mark.parametrize("site", [Site.SENDING, Site.ANSWERED])
@pytest.mark.parametrize("told", [Told.DELIVERED, Told.FAILED])
def test_what_is_told_before_we_have_written_down_that_it_left_is_not_lost(database: Database, site: Site, told: Told) -> None:
    hand, invoice = begin(database, cfo=False)
    act = hand.due(invoice)

    def tell_early() -> None:
        ((key,),) = hand.rows("select id from outreach")
        with hand.database.transaction() as connection:
            fault = Fault.DEAD if told is Told.FAILED else None
            receipts.note(connection, Receipt("sendgrid", "e1", str(key), "provider-1", "email", BILLING, told, hand.now, fault, "why"), hand.now)
        hand.on.clear()
        hand.assess(invoice)

    hand.on[site] = tell_early
    hand.deliver(invoice, act)
    hand.assess(invoice)
    assert hand.states() == ["delivered" if told is Told.DELIVERED else "bounced"]
    assert hand.fates(invoice) == ({act.step: "delivered"} if told is Told.DELIVERED else {})


def test_a_worker_that_died_while_sending_is_believed_by_what_the_provider_tells(database: Database) -> None:
    hand, invoice = begin(database)
    act = hand.due(invoice)
    assert hand.kill_at(Site.ANSWERED, invoice, act)
    tell(hand, Told.DELIVERED)
    hand.deliver(invoice, act)
    hand.assess(invoice)
    assert hand.states() == ["delivered"]
    assert len(hand.heard()) == 1


def test_an_address_the_provider_refuses_at_once_is_left_alone_and_another_takes_the_step(database: Database) -> None:
    hand, invoice = begin(database)
    hand.mailer.script = [Refused("no such address", try_again=False, fault=Fault.DEAD)]
    act = hand.due(invoice)
    hand.deliver(invoice, act)
    hand.work(invoice)
    assert [email.to_address for email in hand.mailer.accepted] == [CFO]
    assert hand.states() == ["bounced", "accepted"]
    with database.reading() as connection:
        (kept,) = suppressions.list_suppressions(connection)
    assert (kept.reach, kept.ground) == (BILLING, Ground.DEAD)


def test_each_invoice_of_a_message_hears_what_became_of_it(database: Database) -> None:
    hand, first = begin(database, cfo=False)
    second = hand.add("INV-2", 21)
    hand.deliver(first, hand.due(first))
    tell(hand, Told.DELIVERED)
    for invoice in (first, second):
        hand.assess(invoice)
        assert set(hand.fates(invoice).values()) == {"delivered"}, invoice


def test_a_word_about_a_message_of_no_step_changes_nothing(database: Database) -> None:
    hand, invoice = begin(database)
    assert isinstance(hand.deliver(invoice, hand.due(invoice)).decision, Wait)
    case = hand.case(invoice)
    with database.transaction() as connection:
        news = DeliveryReported("out_unheard_of", "failed", by="sendgrid")
        words = {"source": "delivery", "source_id": new_id("x"), "kind": news.kind, "body": "", "now": hand.now, "case_id": case.id, "news": news}
        inbox.receive(connection, **words)  # type: ignore[arg-type]
    hand.assess(invoice)
    assert hand.case(invoice).rungs == case.rungs


def test_every_fault_that_silences_has_a_ground() -> None:
    grounds: dict[Fault, Ground | None] = {one: ground_of(one) for one in Fault}
    assert grounds == {Fault.LATER: None, Fault.OURS: None, Fault.DEAD: Ground.DEAD, Fault.UNWANTED: Ground.ASKED, Fault.COMPLAINED: Ground.COMPLAINED}


@pytest.mark.parametrize(("public_url", "offered"), [("https://pay.example", True), ("http://pay.example", False), ("https://127.0.0.1:8401", False)])
def test_a_mail_offers_a_one_click_way_out_where_mail_programs_would_take_it(database: Database, public_url: str, offered: bool) -> None:
    hand, invoice = begin(database)
    hand.employ(replace(hand.policy, public_url=public_url))
    hand.deliver(invoice, hand.due(invoice))
    headers = hand.mailer.posted[-1].headers
    assert headers["List-Unsubscribe"].endswith("?subject=Please%20stop>"), "by mail it is always possible"
    assert (headers.get("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click") is offered
    if offered:
        token = headers["List-Unsubscribe"].partition("/unsubscribe/")[2].partition(">")[0]
        with database.reading() as connection:
            link = unsubscribe_links.find_link(connection, token)
        assert link is not None
        assert link.reach == BILLING
