"""Whatever an e-mail says can be left on the customer's own page as well: the same matter, in words that hold there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import playbooks
from playbooks.language import TONES, languages
from playbooks.proving import Text, texts
from playbooks.samples import MANY, ONE
from playbooks.wording import render_text

ABOUT_MAIL = re.compile(r"\b(e-?mails?|courriels?|correos?|attach\w*|adjunt\w*|jointe?s?|anhang|anbei|beigefügt)\b", re.IGNORECASE)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", playbooks.names())
def test_every_step_has_words_for_the_page_in_every_language_and_tone(name: str, language: str) -> None:
    playbook = playbooks.load(name)
    found = [one for one in texts(playbook, None, language) if isinstance(one, Text) and one.channel == "portal"]
    written = {step.name for step in (*playbook.steps, playbook.afterwards.step(1)) if {"email", "portal"}.intersection(step.by)}
    assert {(one.step.name, one.tone) for one in found} == {(step, tone) for step in written for tone in TONES}
    for one in found:
        for said in (one.said.text, one.of_several.text):
            assert not ABOUT_MAIL.search(said), (one.step.name, one.tone, said)
            assert "\n\n\n" not in said and not re.search(r"[{}\ue000-\uf8ff]|(?<=\S)  +", said)
        assert "INV-104" in one.said.text + one.said.subject and one.said.html == ""


def test_a_portal_text_of_its_own_goes_before_that_of_the_e_mail() -> None:
    playbook = playbooks.load("issue-to-payment")
    found = playbooks.add_portal(playbooks.wording_of(playbooks.resolve(playbook)))
    assert found["due-day.portal"].body != found["due-day.email"].body
    assert found["first-overdue.portal"].body == found["first-overdue.email"].body
    assert "first-overdue.portal" not in playbooks.wording_texts(playbook), "it is no part of the edition, and changes no hash"


def test_a_playbook_of_ones_own_may_send_any_step_to_the_page(tmp_path: Path) -> None:
    shipped = (playbooks.SHIPPED / "standard.yaml").read_text()
    (tmp_path / "standard.yaml").write_text(re.sub(r"by: \[email\]", "by: [portal]", shipped))
    playbook = playbooks.load("standard", tmp_path)
    assert all(step.by == ("portal",) for step in playbook.steps)
    playbooks.check(playbook, tmp_path)
    resolved = playbooks.resolve(playbook, tmp_path)
    assert playbooks.from_resolved(resolved).hash == playbook.hash
    final = playbooks.wording_of(resolved)["final-notice.portal"]
    assert "this e-mail" not in final.body and "this message" in final.body
    said = render_text(final, replace(ONE, claimed=tuple(replace(line, attached=False) for line in ONE.claimed))).text
    assert "reply to this message" in said and "INV-117" in render_text(final, MANY).text
