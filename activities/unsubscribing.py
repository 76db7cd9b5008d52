"""The one-click way out of further e-mail (RFC 8058). What stands in its link is put in last, so that nobody but the reader's
mail program ever has it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from activities.composing import Letter
from db import unsubscribe_links
from integrations.messaging import Email
from playbooks.phrases import is_for_the_world

_HEADER = "List-Unsubscribe"
PATH = "/unsubscribe/"


def offer(connection: Connection, letter: Letter, public_url: str) -> Letter:
    """``letter`` with a link of its own, where customers can reach us by https: mail programs take no other. A mail of which
    somebody else gets a copy has none: it would silence the customer for that one's click."""
    email = letter.message
    if not isinstance(email, Email) or email.cc or not public_url.lower().startswith("https://") or not is_for_the_world(public_url):
        return letter
    link = f"<{public_url.rstrip('/')}{PATH}{unsubscribe_links.make_link(connection, email.key)}>"
    by_mail = email.headers.get(_HEADER, "")
    headers = {**email.headers, _HEADER: f"{link}, {by_mail}" if by_mail else link, f"{_HEADER}-Post": "List-Unsubscribe=One-Click"}
    return replace(letter, message=replace(email, headers=headers))
