"""The one-tap answers that a message offers. What stands in its link is put in last, so that nobody but its reader ever has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from activities.composing import Letter
from db import answer_links
from db.answer_links import OneTap
from domain.playbook import Step
from integrations.messaging import Email
from playbooks.phrases import is_for_the_world

# Stands in the text that is kept, and that people agree to, where the reader's own stands in the mail.
_PLACE = "/answer/for-the-reader-only?"
_OFFERED = {"scheduled": OneTap.SCHEDULED, "send-again": OneTap.AGAIN, "something-wrong": OneTap.WRONG}


def offer(step: Step, public_url: str) -> tuple[tuple[str, str], ...]:
    """The answers that a message of ``step`` offers, as name and address; none without an address that customers can reach."""
    if not is_for_the_world(public_url):
        return ()
    return tuple((answer.value, f"{public_url.rstrip('/')}{_PLACE}a={answer}") for answer in (_OFFERED[one] for one in step.answers))


def seal(connection: Connection, letter: Letter, now: datetime) -> Letter:
    """``letter`` with a link of its own wherever it offers an answer; as it is when it offers none."""
    email = letter.message
    if not isinstance(email, Email) or _PLACE not in email.text:
        return letter
    own = f"/answer/{answer_links.make_link(connection, email.key, now)}?"
    return replace(letter, message=replace(email, text=email.text.replace(_PLACE, own), html=email.html.replace(_PLACE, own)))
