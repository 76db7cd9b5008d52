"""Nothing goes out in the owner's voice before the owner has approved one draft of each of the first three notes."""

from __future__ import annotations

from dataclasses import replace

import playbooks
from activities.assessor import Policy
from db import voices
from db.engine import Database
from domain.decision import Perform, Wait
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
