"""``dunwell voice``: how the owner writes, learned from the owner's own mails, and agreed to before anything goes out in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.session import UnableToChoose, choose_seller, identify, open_database, read_settings, token_option
from cli.terminal import as_json, count, print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from domain.invoice import Invoice
    from domain.seller import Seller
    from playbooks.page import FactSheet
    from playbooks.voice import Edition
    from settings import Settings

seller_option = click.option("--seller", default="", help="Whose voice it is, by the id in sellers.yaml; needed where there are several.")
_EACH = 2


class UnableToKeep(Exception):
    """A voice that is there already; the message says what to do about it."""


@click.group(short_help="The owner's own way of writing: learn it, read drafts in it, approve them.")
def voice() -> None:
    """Have the notes of the playbook owner-voice sound like their owner.

    Learned are greeting, closing, sign-off and sentences the owner uses again and again, into a file you can edit. What a note says about
    the invoice never comes from there. Nothing goes out before one draft of each of the first three notes has been approved.

    \b
    Examples:
      dunwell voice learn ~/Mail/Sent
      dunwell voice calibrate
      dunwell voice approve vd_4c1d... --by "Ann Lee"
    """


@voice.command(short_help="Learn from mails the owner has written.")
@click.argument("samples", nargs=-1, required=True, type=click.Path(path_type=Path))
@seller_option
@click.option("--from", "addresses", multiple=True, metavar="ADDRESS", help="An address the owner writes from, besides the seller's own. May be repeated.")
@click.option("--replace", "anew", is_flag=True, help="Put it in place of the voice that is there.")
def learn(samples: tuple[Path, ...], seller: str, addresses: tuple[str, ...], anew: bool) -> None:
    """Read SAMPLES (.eml or .txt files, an mbox, a folder such as an exported sent folder) and write down how their owner writes.

    Only mails from the seller's addresses count, without what they quote; at least five are needed. The mails are read here and
    nothing of them is kept but habits: no name, no number, no sentence that stands in fewer than three of them.

    \b
    Examples:
      dunwell voice learn ~/Mail/Sent.mbox
      dunwell voice learn note1.txt note2.txt note3.txt note4.txt note5.txt
      dunwell voice learn ~/Mail/Sent --from ann@oldname.example --replace
    """
    from domain.voice import UnableToLearn
    from domain.voice import learn as learn_from
    from integrations.messaging.own_mail import read_mails
    from playbooks import voice as voices

    settings = read_settings()
    one = choose_seller(settings, seller).seller
    file = voices.file_of(settings.data_folder, one.id)
    if file.exists() and not anew:
        raise UnableToKeep(f"{file} holds a voice already; edit it, or add --replace to learn it anew")
    own = frozenset(address.lower() for address in (one.sender_email, one.reply_to, *addresses) if address)
    texts, others = read_mails(samples, own)
    try:
        found = voices.tame(learn_from(texts, one.sender_name), one)
    except UnableToLearn as error:
        left_out = f"; {count(others, 'mail')} from other addresses than {', '.join(sorted(own))} did not count (--from ADDRESS adds one)" if others else ""
        raise UnableToLearn(f"SAMPLES: {error}{left_out}") from None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(voices.write(found), encoding="utf-8")
    say(f"Learned from {count(len(texts), 'mail')}: {file}")
    say(f"Read and edit it, restart the worker, then: dunwell voice calibrate{f' --seller {seller}' if seller else ''}")


@voice.command(short_help="Prove the voice, and show it.")
@seller_option
@as_json
def show(seller: str, as_json: bool) -> None:
    """Show the voice of a seller's owner, and which drafts in it still wait for approval. Every fault is named by file and line.

    \b
    Example:
      dunwell voice show
    """
    from dataclasses import asdict

    from db.voices import approved_tiers
    from playbooks import voice as voices

    settings = read_settings()
    one = choose_seller(settings, seller).seller
    edition = _edition(settings, one)
    with open_database(settings) as database, database.reading() as connection:
        waiting = voices.missing(approved_tiers(connection, one.id, edition.hash))
    if as_json:
        print_json({"seller": one.id, "voice": asdict(edition.voice) if edition.voice else None, "edition": edition.hash, "waiting": waiting})
        return
    if edition.voice is None:
        say(f"No voice has been learned for {one.name}: the notes are written as they are shipped. See: dunwell voice learn --help")
    else:
        say(voices.write(edition.voice).rstrip())
    say()
    say(f"Nothing goes out yet: {waiting}." if waiting else "A draft of each note has been approved.")


@voice.command(short_help="Write six drafts for the owner to read.")
@seller_option
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to put them. Default: voice/drafts in the data folder.")
@as_json
def calibrate(seller: str, folder: Path | None, as_json: bool) -> None:
    """Write six notes in the owner's voice, two of each of the first three tiers, about the oldest open invoices of different customers,
    here and into files. Where there are too few late invoices the rest is about invented ones, and says so. Nothing is sent.

    \b
    Example:
      dunwell voice calibrate
    """
    import playbooks
    from db import parties, voices
    from playbooks.voice import NAME, TIERS
    from playbooks.wording import render

    settings, now = read_settings(), datetime.now(UTC)
    one = choose_seller(settings, seller).seller
    edition, playbook = _edition(settings, one), playbooks.load(NAME, settings.own_playbooks)
    texts = playbooks.wording_texts(playbook, settings.own_playbooks, edition.voice.language if edition.voice else "")
    folder = folder or settings.data_folder / "voice" / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with open_database(settings) as database, database.transaction() as connection:
        parties.save_seller(connection, one)
        sheets = _sheets(connection, one, edition, now)
        for place, (about, sheet) in enumerate(sheets):
            tier = place // _EACH + 1
            step = playbook.step(TIERS[tier])
            said = render(texts[playbooks.wording_key(step, "email")], replace(sheet, step_title=step.title))
            kept = voices.keep(connection, one.id, edition.hash, tier, about, said.subject, said.text, now)
            (folder / f"{tier}-{step.name}-{kept}.txt").write_text(f"{said.subject}\n\n{said.text}", encoding="utf-8")
            written.append({"draft": kept, "tier": tier, "step": step.name, "about": about, "subject": said.subject, "text": said.text})
    if as_json:
        print_json(written)
        return
    for draft in written:
        say(f"=== {draft['draft']}  {draft['step']}, {draft['about']}")
        say(str(draft["subject"]))
        say()
        say(str(draft["text"]).rstrip())
        say()
    say(f"Also in {folder}. Approve one of each note that sounds like you: dunwell voice approve DRAFT --by NAME")


@voice.command(short_help="Agree that a draft sounds like the owner.")
@click.argument("draft")
@click.option("--by", required=True, help="Who agrees: the owner in whose name the notes are written.")
@token_option
def approve(draft: str, by: str, token: str) -> None:
    """Approve DRAFT, one of those that dunwell voice calibrate wrote. It holds for the voice and the wording as they are now:
    whoever changes either calibrates again.

    \b
    Example:
      dunwell voice approve vd_4c1d... --by "Ann Lee"
    """
    from db import tasks, voices
    from db.people import Access
    from playbooks.voice import TIERS, missing

    settings, now = read_settings(), datetime.now(UTC)
    if not by.strip():
        raise UnableToChoose("--by: say who agrees")
    with open_database(settings) as database:
        identify(database, settings, token, Access.ADMIN)
        with database.reading() as connection:
            found = voices.find(connection, draft)
        if found is None:
            raise UnableToChoose(f"DRAFT: there is no draft {draft!r}; dunwell voice calibrate writes new ones")
        edition = _edition(settings, choose_seller(settings, found.seller).seller)
        if found.edition != edition.hash:
            raise UnableToChoose(f"DRAFT: the voice or the wording has changed since {draft} was written; run dunwell voice calibrate and read it again")
        with database.transaction() as connection:
            voices.approve(connection, draft, by.strip(), now)
            waiting = missing(voices.approved_tiers(connection, found.seller, edition.hash))
            if not waiting:
                tasks.close_tasks(connection, [f"voice/{found.seller}"], f"approved by {by.strip()}", now)
    say(f"Approved: {TIERS[found.tier].replace('-', ' ')}, by {by.strip()}.")
    say(f"Still waiting: {waiting}." if waiting else "All three are approved: the notes go out from the next look on.")


def _edition(settings: Settings, seller: Seller) -> Edition:
    from playbooks.voice import editions

    return editions(settings.data_folder, [seller], settings.own_playbooks)[seller.id]


def _sheets(connection: Connection, seller: Seller, edition: Edition, now: datetime) -> list[tuple[str, FactSheet]]:
    """What six drafts are about: late invoices of as many customers, the oldest first, then invented ones."""
    from db import invoices, parties
    from domain.calendar import local_day
    from playbooks.page import FactSheet, Line
    from playbooks.samples import ONE
    from playbooks.voice import TIERS

    wanted, today = _EACH * len(TIERS), local_day(now, (seller.time_zone,))
    oldest: dict[str, Invoice] = {}
    for invoice in sorted(invoices.load_open(connection, seller.id), key=lambda one: (one.due, one.number)):
        if invoice.days_past_due(today) > 0:
            oldest.setdefault(invoice.customer, invoice)
    found = []
    for invoice in list(oldest.values())[:wanted]:
        customer = parties.load_customer(connection, invoice.customer)
        contact = customer.contact_for("email")
        late = invoice.days_past_due(today)
        sheet = FactSheet(
            seller,
            customer.name,
            contact.name if contact else "",
            (contact.language if contact else "") or customer.language,
            today,
            "",
            (Line(invoice, late),),
            pay_url=invoice.pay_url,
            voice=edition.voice,
            contact_email=contact.email if contact else "",
        )
        found.append((f"about invoice {invoice.number} of {customer.name}", sheet))
    invented = replace(ONE, seller=seller, voice=edition.voice, claimed=(replace(ONE.claimed[0], attached=False),))
    return [*found, *[("about an invented invoice", invented)] * (wanted - len(found))]
