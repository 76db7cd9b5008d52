"""The one-tap answers that a message offers. What stands in its link is put in last, so that nobody but its reader ever has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import Connection

from activities.composing import Letter
from db import answer_links
from db.answer_links import OneTap
from domain.playbook import Step
from integrations.messaging import Email
from playbooks.phrases import web_address

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


def is_for_the_world(public_url: str) -> bool:
    """Whether ``public_url`` may lead somewhere from another machine than this one."""
    host = (urlsplit(web_address(public_url)).hostname or "").rstrip(".")
    if host in ("", "localhost") or host.endswith(".localhost"):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)
