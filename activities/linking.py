"""The links of an e-mail that are its reader's own: to the reader's page, and to pay. What stands in them is put in last, so that
nobody but the reader ever has it; what is kept, approved and hashed shows a placeholder, and the ledger's own link to pay."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from activities.assessor import Policy
from activities.composing import Letter
from db import pay_links, portal
from domain.bundle import Bundle
from integrations.messaging import Email
from playbooks.phrases import is_for_the_world

# Stands in the text that is kept where the reader's own stands in the mail.
_PLACE = "/portal/for-the-reader-only"
# What may follow a link in a text without being part of it: everything but these, and a dot or comma at the end of a sentence.
_GOES_ON = r"(?![\w/?&=%#~+@:;-]|[.,!][\w/?&=%#])"


def offer_portal(public_url: str) -> str:
    """Where the reader's page is, as a placeholder; empty without an address that customers can reach."""
    return f"{public_url.rstrip('/')}{_PLACE}" if is_for_the_world(public_url) else ""


def seal(connection: Connection, letter: Letter, bundle: Bundle, policy: Policy, now: datetime) -> Letter:
    """``letter`` with links of its reader's own; links to pay only where following them is counted, and nobody else gets a copy."""
    email = letter.message
    if not isinstance(email, Email):
        return letter
    if _PLACE in email.text:
        own = f"/portal/{portal.make_link(connection, letter.contact, letter.reach, now)}"
        email = replace(email, text=email.text.replace(_PLACE, own), html=email.html.replace(_PLACE, own))
    if policy.clicks and is_for_the_world(policy.public_url) and not email.cc:
        email = _lead_through_us(connection, email, bundle, policy.public_url, now)
    return replace(letter, message=email)


def _lead_through_us(connection: Connection, email: Email, bundle: Bundle, public_url: str, now: datetime) -> Email:
    to_pay = {share.case.invoice.pay_url: share.case.invoice.id for share in bundle.shares if share.case.invoice.pay_url}
    for pay_url, invoice in to_pay.items():
        plain, marked = re.compile(re.escape(pay_url) + _GOES_ON), re.compile(re.escape(html.escape(pay_url)) + _GOES_ON)
        if not (plain.search(email.text) or marked.search(email.html)):
            continue
        own = f"{public_url.rstrip('/')}/pay/{pay_links.make_link(connection, email.key, invoice, now)}"
        email = replace(email, text=plain.sub(own, email.text), html=marked.sub(own, email.html))
    return email
