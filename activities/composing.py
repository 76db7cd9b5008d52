"""From a bundle of invoices to one e-mail: who gets it, what stands in it, which thread it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from domain import covers
from domain.bundle import Bundle, Share
from domain.customer import Customer
from domain.facts import Facts, Mode
from domain.invoice import Invoice
from domain.seller import Seller
from integrations.messaging import Attachment, Email
from playbooks import wording_key, wording_of
from playbooks.wording import FactSheet, Line, render

_MOST_ATTACHED = 5
_MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail ready to go, to the contact with this id. ``shadow``: it is written and kept, and does not leave."""

    email: Email
    contact: str
    shadow: bool


def attach(wanted: Mapping[str, tuple[Invoice, str]], fetch: Callable[[str], bytes | None]) -> dict[str, Attachment]:
    """The invoice documents to send along, by invoice id: the first few, together of a bounded size."""
    found: dict[str, Attachment] = {}
    room = _MOST_BYTES
    for one, (invoice, ref) in list(wanted.items())[:_MOST_ATTACHED]:
        content = fetch(ref)
        if content and len(content) <= room:
            room -= len(content)
            name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in invoice.number)
            found[one] = Attachment(f"{name}.pdf", "application/pdf", content)
    return found


def write_letter(
    key: str,
    bundle: Bundle,
    seller: Seller,
    customer: Customer,
    facts: Facts,
    resolved: str,
    attachments: Mapping[str, Attachment],
    thread: tuple[str, ...],
    now: datetime,
) -> Letter | None:
    """The e-mail for ``bundle``, worded by the playbook text its first invoice has pinned. None: nobody is reachable."""
    contact = customer.contact_for(bundle.channel)
    if contact is None:
        return None

    def line(share: Share) -> Line:
        invoice = share.case.invoice
        return Line(invoice, invoice.days_past_due(facts.today(now)), invoice.id in attachments)

    claimed = tuple(line(share) for share in bundle.shares if share.leads)
    alone = claimed[0].invoice if len(claimed) == 1 else None
    sheet = FactSheet(
        seller=seller,
        customer_name=customer.name,
        contact_name=contact.name,
        locale=_locale(contact.language or customer.language, customer.country),
        today=facts.today(now),
        step_title=bundle.step.title,
        claimed=claimed,
        also_open=tuple(line(share) for share in bundle.shares if not share.leads),
        pay_url=alone.pay_url if alone else "",
        payment_reference=alone.number if alone else f"{customer.number} {', '.join(one.invoice.number for one in claimed)}"[:140],
    )
    written = render(wording_of(resolved)[wording_key(bundle.step, bundle.channel)], sheet)
    domain = seller.sender_email.rpartition("@")[2]
    email = Email(
        key=key,
        to_name=contact.name,
        to_address=contact.email,
        from_name=f"{seller.sender_name}, {seller.name}",
        from_address=seller.sender_email,
        reply_to=seller.reply_to or seller.sender_email,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{key}@{domain}>",
        references=(*thread[:1], *thread[1:][-9:]),
        headers={"Date": format_datetime(now), "List-Unsubscribe": f"<mailto:{seller.reply_to or seller.sender_email}?subject=Please%20stop>"},
        attachments=tuple(attachments[one.invoice.id] for one in claimed if one.invoice.id in attachments),
        covers=covers.spell(covers.Cover(one.case.invoice.id, one.case.round, one.step.name, bundle.channel, one.leads) for one in bundle.shares),
    )
    return Letter(email, contact.id, facts.mode is Mode.SHADOW)


def _locale(language: str, country: str) -> str:
    return f"{language}_{country}" if "_" not in language else language
