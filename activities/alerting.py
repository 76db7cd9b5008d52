"""An account manager who is asked to help, or whose help is not needed any more, hears of it where they are: by e-mail (with the
date for their calendar), and in the team's chat. The task stands either way; word of it goes out at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Protocol

import structlog
from sqlalchemy import Connection

from activities.asking import AMONG_US
from activities.assessor import Assessor
from db import parties, tasks
from db.ids import new_id
from domain import matters
from domain.case import Case
from domain.facts import Books, Facts
from domain.seller import Seller
from domain.task import Task
from integrations.messaging import Accepted, Attachment, Email, Mailer
from integrations.messaging.invitation import write_invitation
from integrations.messaging.team_chat import UnableToPost

log = structlog.get_logger("alerting")


class Chat(Protocol):
    """Where colleagues read along."""

    def post(self, title: str, text: str, link: str) -> None:
        """Raises UnableToPost."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Word of a task: ``mail`` to whoever has it, where we know an address, and a line for the chat."""

    task: Task
    mail: Email | None


def find_alert(connection: Connection, assessor: Assessor, case: Case, now: datetime) -> Alert | None:
    """Word for the account manager that an invoice is paid, if a look at ``now`` found that it is, and made their task."""
    told = tasks.opened_since(connection, matters.word_to_manager(case), now) if case.ended or case.settled_at else None
    if told is None:
        return None
    facts = assessor.gather(connection, case, Books(case.invoice.seller, now), now)
    return write_alert(told, parties.load_seller(connection, case.invoice.seller), facts, now)


def write_alert(task: Task, seller: Seller, facts: Facts, now: datetime, *, to_do: str = "") -> Alert:
    """The alert for ``task``, which its owner was just given; with a date for the calendar where it stands open as ``to_do``, our id of it."""
    address = next((person.email for person in facts.people if person.name == task.owner and person.email), "")
    if not address and task.owner == facts.customer.account_manager:
        address = facts.customer.account_manager_email
    if not address:
        return Alert(task, None)
    key = new_id(AMONG_US.rstrip("_"))
    date = write_invitation(to_do, task.title, task.remedy, task.due, seller.time_zone, made_at=now) if to_do else None
    mail = Email(
        key=key,
        to_name=task.owner,
        to_address=address,
        from_name=f"Dunwell, {seller.name}",
        from_address=seller.sender_email,
        reply_to=seller.reply_to or seller.sender_email,
        subject=task.title,
        text=task.remedy,
        html=f"<!doctype html><html lang=en><body>{''.join(f'<p>{escape(part)}</p>' for part in task.remedy.split(chr(10) * 2))}</body></html>",
        message_id=f"<{key}@{seller.sender_email.rpartition('@')[2]}>",
        headers={"Date": format_datetime(now)},
        attachments=(Attachment("call.ics", "text/calendar", date),) if date else (),
    )
    return Alert(task, mail)


def send_alert(alert: Alert, mailer: Mailer, chat: Chat | None, tasks_url: str) -> None:
    """Tell of it. What does not get through is logged; the task list has it all the same."""
    if alert.mail is not None and not isinstance(outcome := mailer.send(alert.mail), Accepted):
        log.warning("alert.not_mailed", task=alert.task.key, why=outcome.reason)
    if chat is not None:
        try:
            chat.post(f"{alert.task.owner}: {alert.task.title}", alert.task.remedy, tasks_url)
        except UnableToPost as error:
            log.warning("alert.not_posted", task=alert.task.key, why=str(error))
