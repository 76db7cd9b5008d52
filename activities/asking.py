"""Asking people of ours to agree to an exact text: it is written and kept, and each who may agree gets a link by mail.

Such a mail is no contact with the customer: it stands in no outreach and counts for nothing. Its links are stored with the
question, in one transaction; it leaves after that, once, and where it does not leave the question becomes a task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from sqlalchemy import Connection

from activities import answering, linking
from activities.assessor import Assessor, Policy
from activities.composing import text_hash, write_letter, write_script
from activities.drafting import find_draft
from db import approvals, parties, tasks
from db.drafts import PASSED
from db.engine import Database
from db.ids import new_id
from domain import leave
from domain.bundle import Bundle
from domain.case import Approval, Case
from domain.deciding import APPROVAL_BUSINESS_DAYS
from domain.decision import assess
from domain.diary import write_day
from domain.event import ApprovalAsked
from domain.facts import Facts
from domain.fold import fold
from domain.person import Person
from domain.playbook import Step
from domain.seller import Seller
from domain.task import Task
from integrations.messaging import Accepted, Email, Mailer
from integrations.writing import Writer
from workflows.ports import Answer

# How the keys of mails among ourselves begin, so that whoever reads a provider's log knows that they are no reminders.
AMONG_US = "ask_"


@dataclass(frozen=True, slots=True)
class Question:
    """The mails that ask, and the task in their place when none of them leaves."""

    mails: tuple[Email, ...]
    task: Task
    case: str


def ask(
    connection: Connection, assessor: Assessor, wanted: str, bundle: Bundle, facts_of: Mapping[str, Facts], now: datetime, *, writer: Writer | None = None
) -> tuple[Answer, Question]:
    """Write and keep the exact text of a step: what is used later is this text or nothing.

    A text about several invoices is asked about once, under the name of the one that words it; the others wait with it, and are
    told so. The answer is for the case with the id ``wanted``; ``facts_of`` are the facts of each by its id.
    """
    case, step, facts = bundle.carrier.case, bundle.step, facts_of[bundle.carrier.case.id]
    seller = parties.load_seller(connection, case.invoice.seller)
    resolved = assessor.resolved(connection, case.playbook)
    channel = facts.channel_for(step, now)
    covers = tuple(dict.fromkeys((case.id, *(share.case.id for share in bundle.shares)))) if len(bundle.shares) > 1 else ()
    # Worded as it will be once it is approved: with the day on which it was asked for.
    expires = facts.bank_calendar.add(facts.today(now), APPROVAL_BUSINESS_DAYS)
    asked = fold(case, ApprovalAsked(step.name, "", expires, by="Dunwell", covers=covers), facts, now).case
    carrier = replace(bundle.carrier, case=asked)
    worded = Bundle(carrier, channel, tuple(carrier if share.case is case else share for share in bundle.shares))
    recipient = ""
    if channel == "task":
        script = write_script(worded, seller, facts.customer, facts, resolved, now)
        subject, text = script.subject, script.text
    else:
        answers = answering.offer(step, assessor.policy.public_url)
        portal_url = linking.offer_portal(assessor.policy.public_url)
        drafted = find_draft(connection, writer, worded)
        paragraphs = drafted.paragraphs if drafted and drafted.verdict == PASSED else ()
        letter = write_letter("", worded, seller, facts.customer, facts, resolved, {}, (), now, answers=answers, portal_url=portal_url, drafted=paragraphs)
        assert letter is not None  # channel_for found somebody
        subject, text, recipient = letter.message.subject, letter.message.text, letter.message.to_name
    hash_ = text_hash(subject, text)
    answers_of, spoken_for = {}, ""
    for share in bundle.shares:
        own, its = share.case, facts_of[share.case.id]
        kept = approvals.keep(connection, own.id, own.round, share.step.name, hash_, subject, text, now, channel=channel, recipient=recipient)
        spoken_for = kept if own is case else spoken_for
        tasks.close_tasks(connection, [leave.key(own, share.step)], "asked again", now)
        heard = assess(own, None, (ApprovalAsked(share.step.name, hash_, expires, by="Dunwell", covers=covers),), its, now)
        answers_of[own.id] = assessor.write(connection, heard, heard.entries, its, now)
        if own.id != wanted:
            assessor.tell(connection, own.id, f"asked/{kept}", now)
    approval = next(one for one in asked.approvals if one.step == step.name)
    mails = tuple(
        _write(seller, person, approvals.make_link(connection, spoken_for, person.id, approval.expires), case, step, approval, facts, assessor.policy, now)
        for person in _asked(step, facts, assessor.policy.public_url, now)
    )
    return answers_of[wanted], Question(mails, leave.ask(case, step, expires, facts, approval), case.id)


def post(database: Database, mailer: Mailer, question: Question, now: datetime) -> None:
    """Send the mails; where none is certain to leave, whoever may agree finds the question among their tasks at once."""
    outcomes = [mailer.send(mail) for mail in question.mails]
    if not any(isinstance(outcome, Accepted) for outcome in outcomes):
        with database.transaction() as connection:
            tasks.open_tasks(connection, [question.task], question.case, now)


def _asked(step: Step, facts: Facts, public_url: str, now: datetime) -> Sequence[Person]:
    """Who is written to: of those to ask, everybody who is there today and has an address."""
    today, whom = facts.today(now), leave.whom_to_ask(step, facts)
    return [person for person in facts.people if public_url and person.email and person.name in whom and not person.is_away(today)]


def _write(seller: Seller, person: Person, token: str, case: Case, step: Step, approval: Approval, facts: Facts, policy: Policy, now: datetime) -> Email:
    key, invoice, along = new_id(AMONG_US.rstrip("_")), case.invoice, leave.along_with(approval)
    link = f"{policy.public_url.rstrip('/')}/approve/{quote(token, safe='')}"
    paragraphs = (
        f"Dear {person.name},",
        f"The {step.title} for invoice {invoice.number} of {facts.customer.name} ({invoice.balance} open, due {write_day(invoice.due)}){along} "
        "waits until somebody agrees to its exact text. Nothing is done before.",
        f"Read it and answer here, before {write_day(facts.today(approval.expires))}:",
        link,
        "The link is for you alone: do not pass it on. Opening it changes nothing, and it takes one answer.",
    )
    html = "".join(f"<p>{f'<a href={chr(34)}{escape(link)}{chr(34)}>Read the text and answer</a>' if one == link else escape(one)}</p>" for one in paragraphs)
    return Email(
        key=key,
        to_name=person.name,
        to_address=person.email,
        from_name=f"Dunwell, {seller.name}",
        from_address=seller.sender_email,
        reply_to=seller.reply_to or seller.sender_email,
        subject=f"Your approval: {step.title} for invoice {invoice.number}{along}",
        text="\n\n".join(paragraphs),
        html=f"<!doctype html><html lang=en><body>{html}</body></html>",
        message_id=f"<{key}@{seller.sender_email.rpartition('@')[2]}>",
        headers={"Date": format_datetime(now)},
    )
