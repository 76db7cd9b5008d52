"""From a bundle of invoices to one message: who gets it, what stands in it, which thread it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import format_datetime

from activities.accruing import find_interest
from domain import covers, leave
from domain.bundle import Bundle, Share
from domain.case import Case, Fate, PromiseStanding
from domain.confirming import SAID_ON_THE_PHONE
from domain.customer import Behavior, Contact, Customer, Role, Tier, spell_reach
from domain.facts import Facts, Mode
from domain.invoice import Invoice
from domain.ladder import find_authorization
from domain.matters import acts_done
from domain.money import Money, total
from domain.owed import AnswerKind, Owed
from domain.payment_plan import propose
from domain.person import stand_in
from domain.playbook import Step, Verb
from domain.segment import Risk
from domain.seller import Seller
from integrations.messaging import Attachment, Email, Message
from playbooks import Wording, add_portal, guard, wording_key, wording_of
from playbooks.page import Circumstances, FactSheet, Line
from playbooks.paper import set_letter
from playbooks.wording import Rendered, render, render_text

_MOST_ATTACHED = 5
_MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to go, to the contact with this id. ``shadow``: it is written and kept, and does not leave. ``paper``: what goes by
    post, or along with it, as PDF. ``undrafted``: why our own text stands in it instead of what a model drafted; empty also when
    nothing was drafted."""

    message: Email | Message
    contact: str
    shadow: bool
    paper: Attachment | None = None
    undrafted: str = ""

    @property
    def html(self) -> str:
        return self.message.html if isinstance(self.message, Email) else ""

    @property
    def reach(self) -> str:
        """The address or number it goes to, as ``spell_reach`` writes it."""
        by_post = not isinstance(self.message, Email) and self.message.channel == "letter"
        return "" if by_post else spell_reach(self.message.to_address)

    @property
    def has_documents(self) -> bool:
        return isinstance(self.message, Email) and bool(self.message.attachments)

    @property
    def message_id(self) -> str:
        return self.message.message_id if isinstance(self.message, Email) else ""

    @property
    def text_hash(self) -> str:
        """The SHA-256 of what the customer reads: what people agree to when they approve it."""
        return text_hash(self.message.subject, self.message.text)


def text_hash(subject: str, text: str) -> str:
    return hashlib.sha256(f"{subject}\n\n{text}".encode()).hexdigest()


def attach(wanted: Mapping[str, tuple[Invoice, str]], fetch: Callable[[str], bytes | None]) -> dict[str, Attachment]:
    """The invoice documents to send along, by invoice id: the first few, together of a bounded size."""
    found: dict[str, Attachment] = {}
    room = _MOST_BYTES
    for one, (invoice, ref) in list(wanted.items())[:_MOST_ATTACHED]:
        content = fetch(ref)
        if content and len(content) <= room:
            room -= len(content)
            found[one] = Attachment(f"{_as_file_name(invoice.number)}.pdf", "application/pdf", content)
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
    *,
    answers: tuple[tuple[str, str], ...] = (),
    portal_url: str = "",
    drafted: tuple[str, ...] = (),
) -> Letter | None:
    """The message for ``bundle``, worded by the playbook text its first invoice has pinned. None: nobody is reachable.

    A step that people must approve is worded as on the day they were asked, so that they agree to what is sent. ``answers`` are
    the one-tap answers an e-mail offers, as label and address, ``portal_url`` where its reader's own page is.
    A mail of which somebody else gets a copy has neither: whoever follows such a link answers as the customer.
    ``drafted`` are paragraphs of a writing model, which an e-mail says in place of our own as long as nothing speaks against it.
    """
    contact = facts.contact_for(bundle.step, bundle.channel, now)
    if contact is None:
        return None
    texts = add_portal(wording_of(resolved, language_of(contact, customer)))
    wording = texts[wording_key(bundle.step, bundle.channel)]
    sheet = fact_sheet(bundle, seller, customer, contact, facts, frozenset(attachments) if bundle.channel == "email" else frozenset(), now)
    covered = covers.spell(covers.Cover(one.case.invoice.id, one.case.round, one.step.name, bundle.channel, one.leads) for one in bundle.shares)
    shadow = facts.mode is Mode.SHADOW
    if bundle.channel != "email":
        said = render_text(wording, sheet)
        paper = _on_paper(wording, sheet, customer) if bundle.channel == "letter" else None
        enclosed = (paper,) if paper else ()
        message = Message(key, bundle.channel, contact.name, contact.address(bundle.channel), said.subject, said.text, covered, enclosed)
        return Letter(message, contact.id, shadow, paper)
    why_not = guard.judge(drafted, sheet, wording) if drafted else ""
    worded = bool(drafted) and not why_not
    copied = _copied(bundle, customer)
    if copied:
        answers, portal_url = (), ""
    written = render(
        guard.frame(wording.language) if worded else wording,
        replace(sheet, around=replace(sheet.around, answers=answers, portal_url=portal_url), drafted=drafted if worded else ()),
    )
    demand = texts.get(wording_key(bundle.step, "letter")) if bundle.step.do is Verb.FINAL_DEMAND else None
    paper = _on_paper(demand, sheet, customer) if demand else None
    domain = seller.sender_email.rpartition("@")[2]
    email = Email(
        key=key,
        to_name=contact.name,
        to_address=contact.email,
        from_name=f"{seller.sender_name}, {seller.name}",
        from_address=seller.sender_email,
        reply_to=_answers_go_to(seller, key),
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=f"<{key}@{domain}>",
        references=(*thread[:1], *thread[1:][-9:]),
        cc=copied,
        headers={"Date": format_datetime(now), "List-Unsubscribe": f"<mailto:{seller.reply_to or seller.sender_email}?subject=Please%20stop>"},
        attachments=(*filter(None, (paper,)), *_documents(bundle, attachments)),
        covers=covered,
    )
    return Letter(email, contact.id, shadow, paper, why_not)


def _documents(bundle: Bundle, attachments: Mapping[str, Attachment]) -> tuple[Attachment, ...]:
    """The invoices that go along: those it is about, unless they are paid."""
    if bundle.step.answers_customer is AnswerKind.SETTLED:
        return ()
    return tuple(attachments[one] for share in bundle.shares if share.leads and (one := share.case.invoice.id) in attachments)


def _answers_go_to(seller: Seller, key: str) -> str:
    """The address for answers; where the seller's mail allows, one that tells by itself which message is answered."""
    address = seller.reply_to or seller.sender_email
    local, _, domain = address.rpartition("@")
    return f"{local}+{key}@{domain}" if seller.reply_tokens else address


def _on_paper(wording: Wording, sheet: FactSheet, customer: Customer) -> Attachment:
    """A letter as PDF, under a name that tells what it is about."""
    about = _as_file_name("-".join(line.invoice.number for line in sheet.claimed[:3]))
    return Attachment(f"{_as_file_name(sheet.step_title)}-{about}.pdf", "application/pdf", set_letter(wording, sheet, customer.address))


def _as_file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in text)


def write_script(bundle: Bundle, seller: Seller, customer: Customer, facts: Facts, resolved: str, now: datetime) -> Rendered:
    """What a person of ours is told to do, as title and text."""
    contact = customer.contact_for("call", bundle.step.to) or customer.contact_for("email", bundle.step.to) or Contact("", Role.OTHER, "")
    sheet = fact_sheet(bundle, seller, customer, contact, facts, frozenset(), now)
    return render_text(wording_of(resolved, seller.language)[wording_key(bundle.step, "task")], replace(sheet, voice=None, for_colleagues=True))


def fact_sheet(bundle: Bundle, seller: Seller, customer: Customer, contact: Contact, facts: Facts, attached: frozenset[str], now: datetime) -> FactSheet:
    """Everything the message of ``bundle`` may say to ``contact``; what is in dispute is not asked for."""
    approval = bundle.carrier.case.approval(bundle.step.name)
    worded_at = approval.asked_at if approval and leave.needed(bundle.carrier.case, bundle.step, facts, now) else now

    def line(share: Share) -> Line:
        invoice = replace(share.case.invoice, balance=share.case.chased)
        return Line(invoice, invoice.days_past_due(facts.today(worded_at)), invoice.id in attached, share.case.invoice)

    claimed = tuple(line(share) for share in bundle.shares if share.leads)
    alone = claimed[0].invoice if len(claimed) == 1 else None
    sheet = FactSheet(
        seller=seller,
        customer_name=customer.name,
        contact_name=contact.name,
        locale=_locale(contact.language or customer.language, customer.country),
        # What has consequences is said in our own words, in full and formally, whoever the owner is on first names with. So is
        # what answers a customer before the owner has agreed to a voice: it cannot wait for that.
        voice=None if bundle.step.severe or (facts.voice_unapproved and facts.mode is Mode.LIVE) else facts.voice,
        contact_email=contact.email,
        today=facts.today(worded_at),
        step_title=bundle.step.title,
        claimed=claimed,
        also_open=tuple(line(share) for share in bundle.shares if not share.leads),
        pay_url=alone.pay_url if alone else "",
        payment_reference=alone.number if alone else f"{customer.number} {', '.join(one.invoice.number for one in claimed)}"[:140],
        around=replace(
            _circumstances(bundle.carrier.case, bundle.step, customer, facts, worded_at), plan_lines=_proposal(bundle.step, claimed, facts.today(worded_at))
        ),
    )
    if sheet.around.tone == "formal" and bundle.channel in ("email", "letter"):
        sheet = replace(sheet, interest=find_interest(tuple(share.case for share in bundle.shares if share.leads), seller, customer, facts, sheet.today))
    return _with_what_it_answers(sheet, bundle, facts)


def _with_what_it_answers(sheet: FactSheet, bundle: Bundle, facts: Facts) -> FactSheet:
    """``sheet`` with what was promised, or the installments that were agreed; each asks for no more than that."""
    case, open_now = bundle.carrier.case, sheet.total
    owed = case.owed(bundle.step.name)
    if owed is None:
        return sheet
    if owed.what is AnswerKind.SETTLED:
        return _with_what_ends(sheet, bundle, facts)
    if owed.what is AnswerKind.PROMISE_CONFIRMED and (promise := case.open_promise):
        around = replace(sheet.around, promised_amount=promise.amount, promised_day=promise.day)
        return replace(sheet, around=around, asked=min(promise.amount, open_now, key=lambda one: one.amount))
    # The invoice's own link takes all of it, which nobody is asked for now.
    lines = tuple(replace(line, invoice=replace(line.invoice, pay_url="")) for line in sheet.claimed)
    if owed.what in SAID_ON_THE_PHONE:
        return replace(sheet, claimed=lines, pay_url="", around=_what_was_said(sheet.around, owed, case, facts, sheet.today))
    if owed.what is AnswerKind.DISCOUNT_GRANTED and (off := sheet.around.discount_amount):
        return replace(sheet, claimed=lines, pay_url="", asked=max(open_now - off, open_now - open_now, key=lambda one: one.amount))
    if not owed.parts:
        return sheet
    around = replace(sheet.around, plan_lines=tuple((part.day, part.amount) for part in owed.parts), about=owed.about)
    return replace(sheet, claimed=lines, pay_url="", payment_reference=owed.about[:140] or sheet.payment_reference, around=around, asked=owed.parts[0].amount)


def _what_was_said(around: Circumstances, owed: Owed, case: Case, facts: Facts, today: date) -> Circumstances:
    """``around`` with what was agreed on the phone: for which invoices, who of ours sees to it, and by when. Only whom we know as a person
    of ours is named, and whoever stands in for them where they are away on that day."""
    dispute = case.open_dispute if owed.what is AnswerKind.DISPUTE_CONFIRMED else None
    owner, day = (dispute.owner, dispute.due) if dispute else (facts.owner, owed.day)
    doing = stand_in(owner, facts.people, day or today)
    return replace(
        around,
        about=owed.about,
        colleague=doing if any(person.name == doing for person in facts.people) else "",
        answer_day=day if (day and day > today) or owed.what is AnswerKind.CALL_BACK_CONFIRMED else None,
        number_ending=owed.ending,
        disputed_amount=None if dispute is None or dispute.is_whole else dispute.amount,
    )


def _with_what_ends(sheet: FactSheet, bundle: Bundle, facts: Facts) -> FactSheet:
    """``sheet`` with which invoices are paid, since when, and what was done about any of them that ends with it."""
    measures = {Verb(act) for share in bundle.shares for act in acts_done(share.case, facts)}
    days = [line.invoice.paid_on for line in sheet.claimed]
    around = replace(
        sheet.around,
        about=", ".join(line.invoice.number for line in sheet.claimed),
        hold=Verb.PLACE_CREDIT_HOLD in measures,
        collectors=not measures.isdisjoint((Verb.HAND_OFF, Verb.REFER_TO_AGENCY)),
        paid_day=max((day for day in days if day), default=None) if all(days) else None,
    )
    return replace(sheet, around=around)


def _proposal(step: Step, claimed: tuple[Line, ...], today: date) -> tuple[tuple[date, Money], ...]:
    """The installments that the offer of a payment plan names."""
    parts = propose(total(tuple(one.invoice.balance for one in claimed)), today) if step.do is Verb.OFFER_PLAN else ()
    return tuple((part.due, part.amount) for part in parts)


def _tone(tier: Tier, step: Step) -> str:
    """Whom we know best we write to warmly, whatever it is about, and whoever gets an answer; a step that has consequences is worded
    formally."""
    if tier in (Tier.STRATEGIC, Tier.VIP) or step.answers_customer:
        return "warm"
    return "formal" if step.severe else "firm"


def _circumstances(case: Case, step: Step, customer: Customer, facts: Facts, now: datetime) -> Circumstances:
    broken = next((one for one in reversed(case.promises) if one.standing in (PromiseStanding.BROKEN, PromiseStanding.PARTLY_KEPT)), None)
    discount = case.discount if case.discount and case.discount.last_day >= facts.today(now) else None
    strategic = customer.tier is Tier.STRATEGIC
    return Circumstances(
        tone=_tone(customer.tier, step),
        strategic=strategic,
        usual_days=customer.usual_days_late if customer.behavior is Behavior.CHRONIC_LATE else 0,
        promised_amount=broken.amount if broken else None,
        promised_day=broken.day if broken else None,
        discount_percent=f"{discount.percent:f}" if discount else "",
        discount_until=discount.last_day if discount else None,
        discount_amount=discount.off(case.invoice.total) if discount else None,
        plan=strategic or facts.risk(case.invoice.balance.amount, case.invoice.days_past_due(facts.today(now))) is Risk.HIGH,
        first_invoice=facts.only_invoice and (step.do.is_internal or not any(rung.is_contact for rung in case.rungs)),
        account_manager=customer.account_manager,
        agency=found.name if (found := find_authorization(case, facts, now)) else "",
        hold=any(rung.fate is Fate.DONE and facts.playbook.step_of(rung).do is Verb.PLACE_CREDIT_HOLD for rung in case.rungs),
    )


def _copied(bundle: Bundle, customer: Customer) -> tuple[str, ...]:
    """Strategic customers always have their account manager in CC."""
    wanted = "account_manager" in bundle.step.copy or customer.tier is Tier.STRATEGIC
    return (customer.account_manager_email,) if wanted and customer.account_manager_email else ()


def language_of(contact: Contact, customer: Customer) -> str:
    """In which language ``contact`` is written to, as two letters."""
    return (contact.language or customer.language).replace("-", "_").partition("_")[0]


def _locale(language: str, country: str) -> str:
    return f"{language}_{country}" if "_" not in language else language
