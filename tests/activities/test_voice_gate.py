"""Nothing goes out in the owner's voice before the owner has approved one draft of each of the first three notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import playbooks
from activities.assessor import Policy
from db import voices
from db.engine import Database
from domain.decision import Perform, Wait
from domain.event import PromiseMade
from domain.facts import Mode
from domain.voice import Voice
from playbooks.voice import Edition, edition
from support.by_hand import ByHand
from support.rig import SELLER

VOICE = Voice("en", "Hi {first},", "Hello,", "Cheers", "Ann", ending_phrase="Just give me a shout.")
PLAYBOOK = playbooks.load("owner-voice")
PRESENT = Edition(VOICE, edition(PLAYBOOK, VOICE))


def installed(database: Database, mode: Mode = Mode.LIVE, present: Edition = PRESENT) -> ByHand:
    policy = Policy(PLAYBOOK, playbooks.resolve(PLAYBOOK), owner="Ann", voices={SELLER.id: present})
    return ByHand(database, mode=mode, policy=policy)


def approve(by_hand: ByHand, *tiers: int, hash_: str = PRESENT.hash) -> None:
    with by_hand.database.transaction() as connection:
        for tier in tiers:
            kept = voices.keep(connection, SELLER.id, hash_, tier, "invented", "subject", "text", by_hand.now)
            voices.approve(connection, kept, "Ann", by_hand.now)


def test_a_note_waits_with_a_reason_an_owner_and_a_task_until_each_tier_is_approved(database: Database) -> None:
    by_hand = installed(database)
    invoice = by_hand.add("INV-1", 7)
    approve(by_hand, 1, 3)
    waiting = by_hand.assess(invoice).decision
    assert isinstance(waiting, Wait)
    assert waiting.why == "the owner has not approved a draft of the second note yet"
    assert waiting.until > by_hand.now
    assert by_hand.rows("select key, owner from tasks") == [(f"voice/{SELLER.id}", "Ann")]
    approve(by_hand, 2)
    assert isinstance(by_hand.assess(invoice).decision, Perform)


def test_what_was_approved_of_another_voice_does_not_count(database: Database) -> None:
    by_hand = installed(database)
    invoice = by_hand.add("INV-1", 7)
    approve(by_hand, 1, 2, 3, hash_=edition(PLAYBOOK, replace(VOICE, closing="Best")))
    assert isinstance(by_hand.assess(invoice).decision, Wait)


def test_an_approved_note_leaves_in_the_owners_voice(database: Database) -> None:
    by_hand = installed(database)
    invoice = by_hand.add("INV-1", 7)
    approve(by_hand, 1, 2, 3)
    by_hand.work(invoice)
    [left] = by_hand.mailer.accepted
    assert left.text.startswith("Hi Bea,")
    assert "Just give me a shout.\n\nCheers,\n\nAnn\n" in left.text


def test_what_has_consequences_leaves_in_nobodys_voice_in_full_and_formally(database: Database) -> None:
    first, *others = PLAYBOOK.steps
    changed = replace(PLAYBOOK, steps=(first, *(replace(step, severe=step.name == "second-note" or step.severe) for step in others)))
    policy = Policy(changed, playbooks.resolve(changed), owner="Ann", voices={SELLER.id: Edition(replace(VOICE, usual_words=20), PRESENT.hash)})
    by_hand = ByHand(database, policy=policy)
    invoice = by_hand.add("INV-1", 7)
    approve(by_hand, 1, 2, 3)
    by_hand.until(lambda: len(by_hand.mailer.accepted) == 2, invoice)
    note, notice = [" ".join(mail.text.split()) for mail in by_hand.mailer.accepted]
    assert note.startswith("Hi Bea,") and "hasn't come in yet" in note and "Just give me a shout." in note
    assert notice.startswith("Dear Bea Ling,") and "I plan our own bills around the payments we expect, and a date would therefore help me" in notice
    assert "Yours sincerely, Ann Lee" in notice and "Just give me a shout." not in notice


def test_an_office_is_written_to_formally_by_an_owner_who_is_not(database: Database) -> None:
    by_hand = installed(database)
    invoice = by_hand.add("INV-1", 7, email="accounts@customer.example")
    approve(by_hand, 1, 2, 3)
    by_hand.work(invoice)
    [left] = by_hand.mailer.accepted
    assert left.text.startswith("Dear Bea Ling,")


def test_shadow_mode_writes_notes_that_nobody_has_approved(database: Database) -> None:
    by_hand = installed(database, Mode.SHADOW)
    invoice = by_hand.add("INV-1", 7)
    by_hand.work(invoice)
    assert by_hand.mailer.accepted == []
    assert by_hand.states() == ["shadowed"]


def test_other_playbooks_wait_for_no_voice(database: Database) -> None:
    standard = playbooks.load("standard")
    policy = Policy(standard, playbooks.resolve(standard), voices={SELLER.id: PRESENT})
    by_hand = ByHand(database, policy=policy)
    assert isinstance(by_hand.assess(by_hand.add("INV-1", 7)).decision, Perform)


def test_what_answers_a_customer_waits_for_no_approval_and_is_said_in_nobodys_voice_until_then(database: Database) -> None:
    by_hand = installed(database)
    before, after = by_hand.add("INV-1", 7), by_hand.add("INV-2", 7)
    promised = PromiseMade((by_hand.now + timedelta(days=5)).date(), by="Bea")
    by_hand.say(before, promised)
    by_hand.work(before)
    approve(by_hand, 1, 2, 3)
    by_hand.say(after, promised)
    by_hand.work(after)
    plain, own = [mail.text for mail in by_hand.mailer.accepted]
    assert "noted" in plain and not plain.startswith("Hi Bea,") and "Cheers" not in plain
    assert "noted" in own and own.startswith("Hi Bea,") and "Cheers" in own
