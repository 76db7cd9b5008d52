"""What the shipped policies say: nothing threatening to a strategic customer, and to others no more than what then follows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import playbooks
from playbooks.samples import EVERYTHING, ONE
from playbooks.wording import render, render_text

CHANNELS = ("email", "sms", "letter", "portal", "call")
HEARD = sorted(
    {
        (name, key)
        for name in playbooks.names()
        for key in playbooks.wording_texts(playbooks.load(name))
        if name != "standard" and key.rpartition(".")[2] in CHANNELS
    }
)
THREATS = (
    *("lawyer", "attorney", "legal action", "court", "agency", "collections", "credit hold", "final demand", "final notice", "formal demand"),
    *("penalty", "late fee", "interest", "consequence", "enforce", "last time", "must reach", "must be"),
)
DEADLINE = re.compile(r"(please|kindly) (pay|settle|arrange)[^.?]* by \d")


def said(playbook: str, key: str, *, strategic: bool) -> str:
    wording = playbooks.wording_texts(playbooks.load(playbook))[key]
    tone = "warm" if strategic else "firm"
    sheet = replace(ONE, around=replace(EVERYTHING, strategic=strategic, tone=tone, agency="", hold=False))
    written = (render if key.endswith(".email") else render_text)(wording, sheet)
    return " ".join(f"{written.subject} {written.text}".lower().split())


@pytest.mark.parametrize("playbook, key", HEARD)
def test_a_strategic_customer_never_reads_a_threat_or_a_deadline(playbook: str, key: str) -> None:
    text = said(playbook, key, strategic=True)
    assert not [threat for threat in THREATS if threat in text]
    assert not DEADLINE.search(text)


@pytest.mark.parametrize("playbook, key", HEARD)
def test_every_text_reads_like_a_person_wrote_it(playbook: str, key: str) -> None:
    text = said(playbook, key, strategic=False)
    for robotic in ("dear customer", "dear sir", "do not reply", "automated", "automatically generated", "system generated", "!!", "kindly be advised"):
        assert robotic not in text


@pytest.mark.parametrize(
    "playbook, key, announced",
    [
        ("b2b-three-weeks", "final-demand.email", "collections team"),
        ("b2b-three-weeks", "final-demand.letter", "collections team"),
        ("issue-to-payment", "hold-notice.email", "credit hold"),
        ("issue-to-payment", "hold-notice.letter", "credit hold"),
        ("issue-to-payment", "formal-demand.email", "collection agency or to our lawyers"),
        ("issue-to-payment", "formal-demand.letter", "collection agency or to our lawyers"),
    ],
)
def test_a_notice_announces_what_then_follows_and_an_agency_only_with_leave(playbook: str, key: str, announced: str) -> None:
    text = said(playbook, key, strategic=False)
    assert announced in text
    if playbook == "b2b-three-weeks":
        assert "may be placed" not in text


@pytest.mark.parametrize("playbook", ["multi-channel-week", "owner-voice"])
def test_policies_that_end_in_nothing_severe_announce_nothing_severe(playbook: str) -> None:
    for name, key in HEARD:
        if name == playbook:
            text = said(name, key, strategic=False)
            assert not [word for word in ("agency", "lawyer", "collections", "credit hold", "court", "legal") if word in text], key


@pytest.mark.parametrize("playbook", sorted({name for name, _ in HEARD}))
def test_every_step_ends_with_a_person_where_no_channel_works(playbook: str) -> None:
    policy = playbooks.load(playbook)
    assert all(step.by[-1] == "task" for step in (*policy.steps, policy.afterwards.step(1)))


@pytest.mark.parametrize("playbook", sorted({name for name, _ in HEARD}))
def test_severe_steps_have_floors_and_strategic_customers_are_spared_all_but_a_person(playbook: str) -> None:
    for step in playbooks.load(playbook).steps:
        if step.severe:
            assert step.least_amount > 0 and step.least_share > 0, step.name
            assert "strategic" in step.not_for_tiers or step.do == "hand_off", step.name
