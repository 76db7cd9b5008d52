"""A note before the due date offers three answers by one tap: its reader gets a link, and nobody else ever has it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs

import playbooks
from activities import answering
from activities.outreach import Site
from db import answer_links
from db.answer_links import LIFE, AnswerLink
from db.engine import Database
from domain.case import PromiseStanding
from domain.event import DisputeRaised, PromiseMade, Replied, ReplyHandled
from domain.facts import Mode
from support.by_hand import ByHand
from support.rig import standard_policy
from workflows.contract import case_id

LINKS = "https://pay.brightwater.example"
_TOKEN = re.compile(r"/answer/([A-Za-z0-9_-]{43})\?a=(\w+)")


def before_due(database: Database, *numbers: str, links: str = LINKS, mode: Mode = Mode.LIVE) -> tuple[ByHand, list[str]]:
    """Invoices due in seven days, whose note goes out today."""
    playbook = playbooks.load("issue-to-payment")
    resolved = playbooks.resolve(playbook)
    policy = replace(standard_policy(), playbook=playbooks.from_resolved(resolved), resolved=resolved, public_url=links)
    hand = ByHand(database, mode=mode, policy=policy)
    return hand, [hand.add(number, -7) for number in numbers or ("INV-1",)]


def noted(hand: ByHand, *found: str) -> None:
    for invoice in found:
        hand.work(invoice)
    assert len(hand.mailer.accepted) == 1, "one note for all"


def link_of(hand: ByHand) -> tuple[str, AnswerLink]:
    ((token, _), *_) = _TOKEN.findall(hand.mailer.accepted[0].text)
    with hand.database.reading() as connection:
        link = answer_links.find_link(connection, token)
    assert link
    return token, link


def test_the_note_carries_three_answers_in_both_of_its_parts(database: Database) -> None:
    hand, found = before_due(database)
    noted(hand, *found)
    (mail,) = hand.mailer.accepted
    token, link = link_of(hand)
    for part in (mail.text, mail.html):
        assert set(_TOKEN.findall(part)) == {(token, "scheduled"), (token, "again"), (token, "wrong")}
        for answer in ("scheduled", "again", "wrong"):
            assert f"{LINKS}/answer/{token}?a={answer}" in part
        assert "for-the-reader-only" not in part
    assert "A short reply is enough" not in mail.text
    assert [covered.case.id for covered in link.covered] == [case_id(found[0])]
    assert link.expires - hand.now > LIFE - timedelta(minutes=1)


def test_only_a_hash_of_it_is_kept_and_no_log_holds_it(database: Database) -> None:
    hand, found = before_due(database)
    with capture_logs() as logs:
        noted(hand, *found)
    token, _ = link_of(hand)
    kept = {table: hand.rows(f"select * from {table}") for table in ("answer_links", "outreach", "outreach_parts", "journal", "cases", "tasks", "inbox")}
    assert token not in str(kept) and token not in str(logs)
    assert "/answer/for-the-reader-only?a=again" in str(kept["outreach"]), "what was said is kept, without what opens it"


def test_one_link_answers_for_every_invoice_of_the_note(database: Database) -> None:
    hand, found = before_due(database, "INV-1", "INV-2")
    noted(hand, *found)
    _, link = link_of(hand)
    assert {covered.case.invoice.number for covered in link.covered} == {"INV-1", "INV-2"}


def test_without_an_address_that_customers_can_reach_a_reply_is_asked_for(database: Database) -> None:
    hand, found = before_due(database, links="http://127.0.0.1:8401")
    noted(hand, *found)
    (mail,) = hand.mailer.accepted
    assert "A short reply is enough" in mail.text and "/answer/" not in mail.text + mail.html
    assert hand.rows("select * from answer_links") == []


def test_only_an_address_that_others_can_reach_is_put_into_a_mail() -> None:
    step = playbooks.load("issue-to-payment").step("before-due")
    for unreachable in ("", "http://127.0.0.1:8401", "http://localhost:8401/", "http://[::1]:8401", "http://0.0.0.0", "ftp://pay.example", "http://["):
        assert answering.offer(step, unreachable) == (), unreachable
    for reachable in (LINKS, f"{LINKS}/", "http://192.168.1.20:8401", "https://[2001:db8::1]/dunwell"):
        assert len(answering.offer(step, reachable)) == 3, reachable
    assert answering.offer(replace(step, answers=("something-wrong",)), LINKS)[0][0] == "wrong"
    assert answering.offer(replace(step, answers=()), LINKS) == ()


def test_what_is_only_kept_here_gets_no_link(database: Database) -> None:
    hand, found = before_due(database, mode=Mode.SHADOW)
    hand.work(found[0])
    assert hand.states() == ["shadowed"] and hand.rows("select * from answer_links") == []


def test_a_worker_that_dies_before_the_request_leaves_a_link_that_nobody_has(database: Database) -> None:
    hand, found = before_due(database)
    assert hand.kill_at(Site.SENDING, found[0], hand.due(found[0]))
    assert hand.mailer.posted == [] and len(hand.rows("select * from answer_links")) == 1


def test_a_day_up_to_the_due_date_is_noted_and_changes_nothing_else(database: Database) -> None:
    hand, found = before_due(database)
    noted(hand, *found)
    planned = hand.assess(found[0]).decision
    hand.say(found[0], PromiseMade(hand.day(7), by="the customer", why="by the link in the mail", scheduled=True))
    assert hand.work(found[0]) == planned
    case = hand.case(found[0])
    assert (case.promises, case.holds, case.silences) == ((), (), ())
    assert "payment is scheduled for Mon 9 Mar 2026 (told by the customer)" in hand.diary(found[0])


def test_a_later_day_is_a_promise_within_the_limits_and_a_persons_question_beyond_them(database: Database) -> None:
    hand, found = before_due(database, "INV-1", "INV-2")
    noted(hand, *found)
    near, far = found
    hand.say(near, PromiseMade(hand.day(10), by="the customer", scheduled=True))
    hand.say(far, PromiseMade(hand.day(30), by="the customer", scheduled=True))
    for invoice in found:
        hand.work(invoice)
    (made,) = hand.case(near).promises
    assert (made.day, made.standing) == (hand.day(10), PromiseStanding.OPEN)
    assert hand.case(far).promises == () and f"promise/{case_id(far)}" in hand.tasks()


def test_a_copy_that_is_asked_for_goes_out_by_itself_with_the_document_and_gives_three_business_days_to_look(database: Database) -> None:
    hand, (invoice,) = before_due(database)
    noted(hand, invoice)
    hand.ledger.documents["INV-1"] = b"%PDF-1.7 the invoice"
    hand.say(invoice, Replied(by="the customer", copy=True))
    assert "gets time to look at it: quiet until Thu 5 Mar 2026" in hand.work(invoice).why
    assert hand.mailer.accepted[1].subject == "Invoice INV-1 from Brightwater Tools: the copy you asked for" and hand.mailer.accepted[1].attachments
    assert "the customer asks for the invoice once more" in hand.diary(invoice) and "copy of the invoice sent by e-mail" in hand.diary(invoice)
    hand.say(invoice, Replied(by="the customer", copy=True))
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 2 and "it went out today already" in hand.diary(invoice)
    hand.say(invoice, ReplyHandled(by="Ann"))
    hand.work(invoice)
    assert hand.tasks() == [] and hand.case(invoice).holds == ()


def test_a_copy_of_an_invoice_without_a_document_is_asked_of_a_person(database: Database) -> None:
    hand, (invoice,) = before_due(database)
    noted(hand, invoice)
    hand.say(invoice, Replied(by="the customer", copy=True))
    hand.work(invoice)
    hand.now += timedelta(minutes=6)
    hand.work(invoice)
    assert len(hand.mailer.accepted) == 1
    assert hand.rows("select title from tasks where closed_at is null") == [("Send invoice INV-1 to Customer C-1 once more",)]
    assert "copy of the invoice: given to a person of ours" in hand.diary(invoice)


def test_what_customers_write_stays_out_of_what_temporal_keeps(database: Database) -> None:
    hand, (invoice,) = before_due(database)
    noted(hand, invoice)
    hand.say(invoice, DisputeRaised("our order 4711 says canary", by="the customer", why="by the link in the mail"))
    answer = hand.assess(invoice)
    assert "canary" not in str(answer) and "canary" in hand.diary(invoice)
    assert "canary" in str(hand.rows("select title from tasks where closed_at is null"))
